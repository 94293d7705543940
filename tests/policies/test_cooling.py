"""Test what the cooling plan wants of each device, at, above and below every threshold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest

from policies import heat_sensitivity
from policies.alert import AlertKey, AlertPhase, Finding, Message, Severity
from policies.cooling import plan
from policies.model import (
    CoolingAction,
    CoolingCommand,
    CoolingRole,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Flag,
    Freshness,
    Lease,
    Room,
    Snapshot,
)
from tests.builders import (
    AFTERNOON,
    a_bedroom,
    a_device,
    a_fan,
    a_forecast,
    a_person,
    a_reading,
    a_room,
    a_snapshot,
    an_alert,
    device_conditions,
    hours,
    local,
    minutes,
    person_conditions,
    room_conditions,
)

COOL_24 = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=24.0)
OFF = DeviceState(is_on=False, hvac_mode="off")


def a_lease(**overrides: Any) -> Lease:  # noqa: ANN401 - the fields of what is built
    """Return a lease that runs for an hour already."""
    lease = Lease(desired=COOL_24, state_before=OFF, running_for=hours(1), remaining=minutes(40))
    return replace(lease, **overrides)


def running(**overrides: Any) -> DeviceConditions:  # noqa: ANN401 - the fields of what is built
    """Return an air conditioner that keepcool switched on an hour ago."""
    conditions = device_conditions(observed=COOL_24, lease=a_lease(), since_switched_on=hours(1))
    return replace(conditions, **overrides)


def a_home_at(
    temperature_c: float | None,
    *devices: DeviceConditions,
    at: datetime = AFTERNOON,
    room: Room | None = None,
    snapshot: dict[str, Any] | None = None,
    **room_overrides: Any,  # noqa: ANN401 - the fields of what is built
) -> Snapshot:
    """Return a home whose one room has this temperature and these devices.

    The air is dry, so that air and effective temperature are the same.
    """
    fields: dict[str, Any] = {"relative_humidity_pct": 35.0, "devices": devices} | room_overrides
    if temperature_c is not None:
        fields = {
            "effective_temperature_c": temperature_c,
            "mean_10_min_c": temperature_c,
            "mean_30_min_c": temperature_c,
        } | fields
    conditions = room_conditions(temperature_c, room or a_room(), **fields)
    return a_snapshot(at, rooms=(conditions,), **(snapshot or {}))


def planned(snapshot: Snapshot) -> CoolingCommand:
    """Return the command for the snapshot's only device."""
    (command,) = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    return command


def found(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return what the plan finds worth knowing."""
    return plan(snapshot, heat_sensitivity.evaluate(snapshot)).findings


def outcome(command: CoolingCommand) -> tuple[str, str]:
    """Return action and reason, to compare in a table."""
    return command.action.value, command.message.message_id


# ----------------------------------------------------------------------------- start, aim, end


@pytest.mark.parametrize(
    ("temperature_c", "expected"),
    [
        (25.4, ("leave", "cooling_released_no_need")),
        (25.5, ("run", "cooling_over_limit")),
        (30.0, ("run", "cooling_over_limit")),
        (None, ("leave", "cooling_unseen")),
    ],
)
def test_cooling_starts_half_a_degree_under_the_limit(
    temperature_c: float | None, expected: tuple[str, str]
) -> None:
    """With a limit of 26 °C cooling starts from 25.5 °C, and never in a room that is not seen."""
    assert outcome(planned(a_home_at(temperature_c, device_conditions()))) == expected


@pytest.mark.parametrize(
    ("level_1_c", "target_day_c", "expected_c"),
    [
        (26.0, 24.0, 24.0),
        (25.0, 24.0, 23.5),
        (28.0, 24.0, 24.0),
        (26.0, 20.0, 20.0),
        (26.0, 18.0, 20.0),
        (20.5, 24.0, 20.0),
    ],
)
def test_cooling_aims_well_under_the_limit_but_never_under_20(
    level_1_c: float, target_day_c: float, expected_c: float
) -> None:
    """The setpoint is the smaller of default target and limit - 1.5 K, and at least 20 °C."""
    person = a_person(level_1_c=level_1_c)
    snapshot = a_home_at(
        29.0,
        device_conditions(a_device(target_day_c=target_day_c)),
        snapshot={"people": (person_conditions(person),)},
    )
    assert planned(snapshot).desired == DeviceState(
        is_on=True, hvac_mode="cool", target_temperature_c=expected_c
    )


def test_a_limit_near_the_lowest_target_still_leaves_room_between_start_and_end() -> None:
    """A limit of 20.5 °C starts at 21.0 °C, because 20.0 °C would be where cooling ends."""
    people = (person_conditions(a_person(level_1_c=20.5)),)
    below = a_home_at(20.9, device_conditions(), snapshot={"people": people})
    at = a_home_at(21.0, device_conditions(), snapshot={"people": people})
    assert [planned(below).action, planned(at).action] == [CoolingAction.LEAVE, CoolingAction.RUN]


@pytest.mark.parametrize(
    ("temperature_c", "expected"),
    [
        (25.4, ("run", "cooling_over_limit")),
        (24.1, ("run", "cooling_over_limit")),
        (24.0, ("release", "cooling_reached_target")),
    ],
)
def test_running_cooling_goes_down_to_its_target(
    temperature_c: float, expected: tuple[str, str]
) -> None:
    """So that it starts less often than from half a degree over it."""
    assert outcome(planned(a_home_at(temperature_c, running()))) == expected


def test_after_two_hours_cooling_ends_half_a_degree_over_its_target() -> None:
    """An air conditioner's own sensor may rest before the room is there, and would never end."""
    for kind, wanted in (
        (DeviceKind.CLIMATE, COOL_24),
        (DeviceKind.SWITCH, DeviceState(is_on=True)),
    ):
        lease = a_lease(desired=wanted, running_for=hours(2))
        device = running(device=a_device(kind=kind), lease=lease, observed=wanted)
        outcomes = [outcome(planned(a_home_at(value_c, device))) for value_c in (24.6, 24.5)]
        assert outcomes == [("run", "cooling_over_limit"), ("release", "cooling_reached_target")]


def test_a_bedroom_at_night_is_cooled_to_the_night_target() -> None:
    """At 23:30 the bedroom's limit is 24 °C and its target the night's 22 °C."""
    device = device_conditions(a_device(room_id="bedroom"))
    snapshot = a_home_at(
        24.0,
        device,
        at=local(23, 30),
        room=a_bedroom(),
        snapshot={"people": (person_conditions(a_person(rooms=("living", "bedroom"))),)},
    )
    command = planned(snapshot)
    assert command.action is CoolingAction.RUN
    assert command.desired is not None
    assert command.desired.target_temperature_c == 22.0


@pytest.mark.parametrize(("at", "action"), [(local(21, 20), "leave"), (local(21, 35), "run")])
def test_a_bedroom_is_cooled_within_the_hour_before_bed(at: datetime, action: str) -> None:
    """A bedroom of 25 °C is under the day's start and over the night's: cooled from 21:30 on."""
    person = a_person(rooms=("living", "bedroom"), bed_at=time(22, 30))
    snapshot = a_home_at(
        25.0,
        device_conditions(a_device(room_id="bedroom")),
        at=at,
        room=a_bedroom(),
        snapshot={"people": (person_conditions(person),)},
    )
    command = planned(snapshot)
    assert command.action.value == action
    if action == "run":
        assert command.message.message_id == "cooling_ahead"


def test_a_room_that_nobody_uses_is_not_cooled() -> None:
    """Cooling of a room outside of everybody's rooms does not start, and ends when it runs."""
    people = (person_conditions(a_person(rooms=("kitchen",))),)
    off = a_home_at(30.0, device_conditions(), snapshot={"people": people})
    on = a_home_at(30.0, running(), snapshot={"people": people})
    assert outcome(planned(off)) == ("leave", "cooling_nobody_there")
    assert outcome(planned(on)) == ("release", "cooling_nobody_there")


def test_the_strictest_limit_of_a_rooms_people_counts() -> None:
    """A room of 25 °C is cooled as soon as one of its people has a limit of 24 °C."""
    people = (
        person_conditions(),
        person_conditions(a_person(person_id="ben", name="Ben", level_1_c=24.0)),
    )
    command = planned(a_home_at(25.0, device_conditions(), snapshot={"people": people}))
    assert command.action is CoolingAction.RUN
    assert command.message.parameters["limit_c"] == 24.0
    assert command.message.parameters["target_c"] == 22.5


def test_the_ten_minute_mean_decides_and_not_the_last_reading() -> None:
    """One hot reading does not start cooling while the mean is under the start."""
    snapshot = a_home_at(28.0, device_conditions(), mean_10_min_c=25.0)
    assert planned(snapshot).action is CoolingAction.LEAVE


# ----------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("since_on_min", "expected"),
    [
        (9.9, ("run", "cooling_minimum_time")),
        (10.0, ("release", "cooling_reached_target")),
    ],
)
def test_cooling_runs_for_its_minimum_time(since_on_min: float, expected: tuple[str, str]) -> None:
    """A compressor that started less than ten minutes ago goes on in a cool room."""
    since = minutes(since_on_min)
    device = running(lease=a_lease(running_for=since), since_switched_on=since)
    command = planned(a_home_at(22.0, device))
    assert outcome(command) == expected
    if command.action is CoolingAction.RUN:
        assert command.desired == COOL_24


@pytest.mark.parametrize(
    ("since_off_min", "since_on_min", "expected"),
    [
        (9.9, 60, ("leave", "cooling_minimum_time")),
        (10.0, 60, ("run", "cooling_over_limit")),
        (10.0, 19.9, ("leave", "cooling_minimum_time")),
        (10.0, 20.0, ("run", "cooling_over_limit")),
    ],
)
def test_cooling_rests_between_runs(
    since_off_min: float, since_on_min: float, expected: tuple[str, str]
) -> None:
    """A start waits for ten minutes off, and for twenty minutes since the last start."""
    device = device_conditions(
        since_switched_off=minutes(since_off_min), since_switched_on=minutes(since_on_min)
    )
    assert outcome(planned(a_home_at(29.0, device))) == expected


@pytest.mark.parametrize(
    ("ran_for_h", "expected"),
    [(11.9, "cooling_over_limit"), (12.0, "cooling_rest_after_longest_run")],
)
def test_cooling_pauses_after_its_longest_run(ran_for_h: float, expected: str) -> None:
    """After twelve hours a run ends even in a hot room, and the reason says so."""
    device = running(
        lease=a_lease(running_for=hours(ran_for_h)), since_switched_on=hours(ran_for_h)
    )
    assert planned(a_home_at(29.0, device)).message.message_id == expected


# ----------------------------------------------------------------------------- what is not seen


@pytest.mark.parametrize(("blind_for_h", "action"), [(0.0, "run"), (2.9, "run"), (3.0, "release")])
def test_running_cooling_goes_on_unseen_for_three_hours(blind_for_h: float, action: str) -> None:
    """Stale readings neither end cooling at once nor let it run for ever."""
    device = running(lease=a_lease(blind_for=hours(blind_for_h)))
    command = planned(a_home_at(None, device))
    assert outcome(command) == (action, "cooling_blind")
    assert command.is_blind


@pytest.mark.parametrize("freshness", [Freshness.STALE, Freshness.WAITING, Freshness.AGE_UNKNOWN])
def test_cooling_never_starts_on_what_is_not_fresh(freshness: Freshness) -> None:
    """A last known 31 °C that is old starts nothing."""
    snapshot = a_home_at(
        31.0,
        device_conditions(),
        freshness=freshness,
        readings=(a_reading(31.0, freshness=freshness),),
    )
    assert outcome(planned(snapshot)) == ("leave", "cooling_unseen")


def test_a_suspect_sensor_alone_neither_starts_nor_ends_cooling() -> None:
    """A stuck sensor that says hot starts nothing; one that says cool ends nothing."""
    hot = a_home_at(31.0, device_conditions(), readings=(a_reading(31.0, is_suspect=True),))
    cool = a_home_at(20.0, running(), readings=(a_reading(20.0, is_suspect=True),))
    assert planned(hot).action is CoolingAction.LEAVE
    assert outcome(planned(cool)) == ("run", "cooling_blind")


def test_a_sensor_of_humidity_vouches_for_no_temperature() -> None:
    """A suspect temperature is not believed because a fresh sensor tells the humidity."""
    readings = (a_reading(31.0, is_suspect=True), a_reading(None, sensor_id="humidity"))
    snapshot = a_home_at(31.0, device_conditions(), readings=readings)
    assert outcome(planned(snapshot)) == ("leave", "cooling_unseen")


def test_a_believable_second_sensor_lets_cooling_start() -> None:
    """One suspect sensor beside a good one does not stop the plan."""
    readings = (a_reading(31.0, is_suspect=True), a_reading(31.0, sensor_id="second"))
    assert (
        planned(a_home_at(31.0, device_conditions(), readings=readings)).action is CoolingAction.RUN
    )


# ----------------------------------------------------------------------------- person, weather


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"override_remaining": minutes(30)}, "cooling_manual_override"),
        ({"is_automatic": False}, "cooling_automatic_off"),
    ],
)
def test_the_person_wins(overrides: dict[str, Any], expected: str) -> None:
    """A device set by hand, or whose automatic is off, is left alone however hot it is."""
    command = planned(a_home_at(33.0, device_conditions(**overrides)))
    assert outcome(command) == ("leave", expected)


@pytest.mark.parametrize(
    ("on_for_min", "expected"),
    [
        (9, ("run", "cooling_minimum_time")),
        (10, ("release", "cooling_automatic_off")),
        (60, ("release", "cooling_automatic_off")),
    ],
)
def test_automatic_switched_off_hands_a_running_device_back(
    on_for_min: float, expected: tuple[str, str]
) -> None:
    """However hot it is, the device is released; only its compressor's minimum time is kept."""
    lease = Lease(COOL_24, None, minutes(on_for_min), minutes(30))
    device = device_conditions(
        observed=COOL_24, lease=lease, since_switched_on=minutes(on_for_min), is_automatic=False
    )
    assert outcome(planned(a_home_at(33.0, device))) == expected


@pytest.mark.parametrize(
    ("setpoint_c", "action"), [(22.0, "leave"), (24.0, "leave"), (26.0, "run")]
)
def test_a_persons_cooler_setting_is_left_alone(setpoint_c: float, action: str) -> None:
    """An air conditioner that already cools as much is not touched, a warmer one is set."""
    observed = replace(COOL_24, target_temperature_c=setpoint_c)
    assert planned(a_home_at(29.0, device_conditions(observed=observed))).action.value == action


@pytest.mark.parametrize(("outdoor_c", "action"), [(15.9, "leave"), (16.0, "run")])
def test_no_air_conditioner_while_it_is_cold_outside(outdoor_c: float, action: str) -> None:
    """Under 16 °C outside no air conditioner starts, and one advice says why."""
    forecast = {"forecast": a_forecast((outdoor_c, 30.0)), "forecast_age": hours(1)}
    snapshot = a_home_at(28.0, device_conditions(), snapshot=forecast)
    assert planned(snapshot).action.value == action
    advice = [finding.message.message_id for finding in found(snapshot)]
    assert advice == (["advice_heating_on"] if action == "leave" else [])


@pytest.mark.parametrize("temperature_c", [25.9, 26.0])
def test_advice_about_heating_needs_a_room_over_its_limit(temperature_c: float) -> None:
    """The advice to turn the heating down comes from the limit on, not before."""
    forecast = {"forecast": a_forecast((5.0,)), "forecast_age": hours(1)}
    findings = found(a_home_at(temperature_c, device_conditions(), snapshot=forecast))
    assert bool(findings) is (temperature_c >= 26.0)
    for finding in findings:
        assert (finding.policy, finding.subject) == ("advice", "room:living")
        assert finding.severity is Severity.NUDGE
        assert finding.person_ids == ("anna",)


def test_an_old_forecast_does_not_hold_cooling_back() -> None:
    """A forecast older than twelve hours says nothing about the outdoor air."""
    forecast = {"forecast": a_forecast((5.0,)), "forecast_age": hours(12.1)}
    assert (
        planned(a_home_at(28.0, device_conditions(), snapshot=forecast)).action is CoolingAction.RUN
    )


def test_the_outdoor_air_is_the_present_hours() -> None:
    """A cold next hour does not count yet."""
    forecast = {"forecast": a_forecast((20.0, 5.0)), "forecast_age": hours(1)}
    snapshot = a_home_at(28.0, device_conditions(), at=local(15, 59), snapshot=forecast)
    assert planned(snapshot).action is CoolingAction.RUN


def test_running_cooling_ends_when_it_gets_cold_outside() -> None:
    """An air conditioner that runs is released when the outdoor air falls under 16 °C."""
    forecast = {"forecast": a_forecast((12.0,)), "forecast_age": hours(1)}
    snapshot = a_home_at(27.0, running(), snapshot=forecast)
    assert outcome(planned(snapshot)) == ("release", "cooling_outdoor_cold")


def test_a_device_that_heats_is_left_alone_and_said() -> None:
    """An air conditioner seen in heat mode is not turned round, but the heating is mentioned."""
    heating = DeviceState(is_on=True, hvac_mode="heat", target_temperature_c=24.0)
    snapshot = a_home_at(28.0, device_conditions(observed=heating))
    assert outcome(planned(snapshot)) == ("leave", "cooling_outdoor_cold")
    assert [finding.message.message_id for finding in found(snapshot)] == ["advice_heating_on"]


# ----------------------------------------------------------------------------- fans


@pytest.mark.parametrize(
    ("air_c", "flags", "action", "fan"),
    [
        (31.9, (), "run", "ok"),
        (32.0, (), "run", "wet_skin"),
        (34.9, (), "run", "wet_skin"),
        (35.0, (), "leave", "no_help"),
        (30.9, (Flag.REDUCED_SWEATING,), "run", "ok"),
        (31.0, (Flag.REDUCED_SWEATING,), "run", "wet_skin"),
        (34.0, (Flag.REDUCED_SWEATING,), "leave", "no_help"),
    ],
)
def test_a_fan_is_used_only_where_it_helps(
    air_c: float, flags: tuple[Flag, ...], action: str, fan: str
) -> None:
    """Freely under 32 °C, with wet skin to 35 °C, never from there; with the flag 31 and 34."""
    people = (person_conditions(a_person(flags=frozenset(flags))),)
    snapshot = a_home_at(air_c, device_conditions(a_fan()), snapshot={"people": people})
    command = planned(snapshot)
    assert (command.action.value, command.message.parameters["fan"]) == (action, fan)


def test_a_fan_gets_its_speed() -> None:
    """A fan is commanded at its configured percentage."""
    command = planned(a_home_at(27.0, device_conditions(a_fan(fan_percentage=60))))
    assert command.desired == DeviceState(is_on=True, fan_percentage=60)
    assert command.message.message_id == "cooling_fan"


def test_a_fan_that_runs_already_is_left_alone() -> None:
    """A fan that somebody switched on keeps its speed."""
    fan = device_conditions(a_fan(fan_percentage=60), observed=DeviceState(is_on=True))
    assert planned(a_home_at(27.0, fan)).action is CoolingAction.LEAVE


def test_a_fan_is_not_held_back_by_cold_air_outside() -> None:
    """A fan does no harm while it is cold outside."""
    forecast = {"forecast": a_forecast((10.0,)), "forecast_age": hours(1)}
    snapshot = a_home_at(28.0, device_conditions(a_fan()), snapshot=forecast)
    assert planned(snapshot).action is CoolingAction.RUN


def test_an_air_conditioner_in_fan_role_only_blows() -> None:
    """A climate device that serves as fan is set to fan_only, without a setpoint."""
    device = a_device(role=CoolingRole.FAN)
    command = planned(a_home_at(28.0, device_conditions(device)))
    assert command.desired == DeviceState(is_on=True, hvac_mode="fan_only")


def test_a_plug_is_only_switched_on() -> None:
    """A plug has neither mode nor setpoint."""
    device = a_device(kind=DeviceKind.SWITCH, entity_id="switch.ac")
    assert planned(a_home_at(28.0, device_conditions(device))).desired == DeviceState(is_on=True)


# ----------------------------------------------------------------------------- trouble

PLUG = a_device(kind=DeviceKind.SWITCH, entity_id="switch.ac", has_power_sensor=True)
PLUG_ON = DeviceState(is_on=True)


@pytest.mark.parametrize(
    ("device", "temperature_c", "expected"),
    [
        (running(has_failed=True), 28.0, ["trouble_device_failed"]),
        (running(device=PLUG, observed=PLUG_ON, low_power_for=minutes(2.9)), 28.0, []),
        (
            running(device=PLUG, observed=PLUG_ON, low_power_for=minutes(3)),
            28.0,
            ["trouble_plug_low_power"],
        ),
        (running(observed=COOL_24, low_power_for=minutes(3)), 28.0, []),
        (
            running(device=PLUG, observed=DeviceState(is_on=False), low_power_for=minutes(3)),
            28.0,
            [],
        ),
        (
            device_conditions(PLUG, observed=PLUG_ON, low_power_for=hours(5)),
            22.0,
            [],
        ),
        (running(room_cooled_by_c=-0.2), 28.0, []),
        (running(room_cooled_by_c=-0.1), 28.0, ["trouble_no_cooling_effect"]),
        (running(room_cooled_by_c=0.5), 25.9, []),
        (
            running(room_cooled_by_c=0.5, lease=a_lease(running_for=minutes(29))),
            28.0,
            [],
        ),
        (running(room_cooled_by_c=None), 28.0, []),
        (running(lease=a_lease(blind_for=hours(3))), None, ["trouble_blind_cooling_ended"]),
        (device_conditions(has_ended_blind=True), None, ["trouble_blind_cooling_ended"]),
        (device_conditions(has_ended_blind=True), 22.0, []),
        (running(has_failed=True, room_cooled_by_c=0.5), 28.0, ["trouble_device_failed"]),
    ],
)
def test_trouble_with_a_device_is_found_once(
    device: DeviceConditions, temperature_c: float | None, expected: list[str]
) -> None:
    """The gravest trouble of a device is one warning to the people of its room."""
    findings = found(a_home_at(temperature_c, device))
    assert [finding.message.message_id for finding in findings] == expected
    for finding in findings:
        assert (finding.policy, finding.subject) == ("trouble", "device:ac")
        assert (finding.severity, finding.person_ids) == (Severity.WARNING, ("anna",))


def test_a_device_that_does_not_cool_is_not_well_because_its_room_is_not_seen() -> None:
    """Stale never clears: the trouble that was found lives on until the room is seen again."""
    known = an_alert(
        key=AlertKey("trouble", "device:ac", 1), message=Message("trouble_no_cooling_effect")
    )
    blind = a_home_at(None, running(room_cooled_by_c=None))
    assert found(blind) == ()
    (finding,) = found(replace(blind, alerts=(known,)))
    assert (finding.message.message_id, finding.may_resolve) == (known.message.message_id, False)
    ended = replace(known, phase=AlertPhase.RESOLVED)
    assert found(replace(blind, alerts=(ended,))) == ()
    cool = a_home_at(24.0, running(room_cooled_by_c=-3.0))
    assert found(replace(cool, alerts=(known,))) == ()


def test_every_command_says_room_device_and_numbers() -> None:
    """The reason carries what its words need."""
    parameters = planned(a_home_at(28.0, device_conditions())).message.parameters
    expected = {
        "room": "living room",
        "device": "AC",
        "temperature_c": 28.0,
        "effective_temperature_c": 28.0,
        "limit_c": 26.0,
        "target_c": 24.0,
    }
    assert parameters == expected
