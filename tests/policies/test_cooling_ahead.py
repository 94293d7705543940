"""Test when an air conditioner must start before its room is near the limit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from policies import heat_sensitivity
from policies.cooling import plan
from policies.cooling_ahead import ASSUMED_FALL_K, LONGEST_EARLY, CoolingResponse, hour_curve
from policies.model import (
    CoolingAction,
    CoolingCommand,
    CoolingRole,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Holiday,
    Lease,
    Room,
    Snapshot,
    Stay,
)
from tests.builders import (
    a_bedroom,
    a_device,
    a_fan,
    a_forecast,
    a_person,
    a_room,
    a_snapshot,
    an_ahead,
    device_conditions,
    hours,
    local,
    minutes,
    person_conditions,
    room_conditions,
)

OFF = DeviceState(is_on=False, hvac_mode="off")
COOL_24 = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=24.0)
WEAK = 0.8  # K in the first hour
STRONG = 5.0
ONE_HOUR = hours(1)


def hot_afternoon(at: datetime) -> float:
    """Return a room that is 25 °C at noon and 29 °C at 16:00, without cooling."""
    hour = at.hour + at.minute / 60
    return 25.0 + 4.0 * math.sin(math.pi / 2 * min(max((hour - 12.0) / 4.0, -1.0), 1.0))


def mild_day(_at: datetime) -> float:
    """Return a room that never comes near a limit."""
    return 24.9


def an_ac(falls_k: float | None = WEAK, **overrides: Any) -> DeviceConditions:  # noqa: ANN401
    """Return an air conditioner whose pace is known, reachable and off."""
    return device_conditions(falls_k=falls_k, **overrides)


def running(falls_k: float | None = WEAK, ran: timedelta = ONE_HOUR) -> DeviceConditions:
    """Return one that keepcool switched on."""
    lease = Lease(COOL_24, OFF, running_for=ran, remaining=minutes(40))
    return an_ac(falls_k, observed=COOL_24, lease=lease, since_switched_on=ran)


def a_home(
    at: datetime,
    now_c: float,
    *devices: DeviceConditions,
    path: Callable[[datetime], float] | None = hot_afternoon,
    room: Room | None = None,
    forecast_h: int = 48,
    **snapshot: Any,  # noqa: ANN401 - the fields of what is built
) -> Snapshot:
    """Return a home with one room and its forecast, and the weather known so far ahead."""
    conditions = room_conditions(
        now_c,
        room or a_room(),
        relative_humidity_pct=35.0,
        effective_temperature_c=now_c,
        mean_10_min_c=now_c,
        mean_30_min_c=now_c,
        devices=devices,
        ahead=None if path is None else an_ahead(at, path, band_k=0.0),
    )
    start = at.replace(minute=0)
    weather = a_forecast((32.0,) * forecast_h, fetched_at=start)
    weather = replace(
        weather,
        hours=tuple(
            replace(each, at=start + index * hours(1)) for index, each in enumerate(weather.hours)
        ),
    )
    fields: dict[str, Any] = {"rooms": (conditions,), "forecast": weather}
    return a_snapshot(at, **({"forecast_age": minutes(5)} | fields | snapshot))


def planned(snapshot: Snapshot) -> CoolingCommand:
    """Return the command for the air conditioner."""
    commands = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    return next(command for command in commands if command.device_id == "ac")


def outcome(command: CoolingCommand) -> tuple[str, str]:
    """Return action and reason."""
    return command.action.value, command.message.message_id


# ----------------------------------------------------------------------------- the response


def test_a_room_follows_fast_and_then_slowly() -> None:
    """The first hour brings what is called its fall, six hours not six times as much."""
    assert hour_curve(1.0) == pytest.approx(1.0, abs=0.02)
    assert hour_curve(0.25) > 0.4
    assert 1.5 < hour_curve(6.0) < 2.5


def test_response_in_quarters_is_that_at_once() -> None:
    """Four quarters at full power are an hour, and a device that rests gives it back."""
    response = CoolingResponse(2.0)
    for _ in range(4):
        response.run(without_c=40.0, target_c=20.0)
    assert response.lower_k == pytest.approx(CoolingResponse.after(2.0, 1.0).lower_k)
    before_k = response.lower_k
    response.rest()
    assert 0.0 < response.lower_k < before_k


def test_response_in_minutes_is_that_at_once() -> None:
    """At full power, at rest, and at the power that holds what there is."""
    response = CoolingResponse(2.0)
    for _ in range(60):
        response.go_on(1 / 60, 1.0)
    assert response.lower_k == pytest.approx(CoolingResponse.after(2.0, 1.0).lower_k)
    held_k = response.lower_k
    for _ in range(600):
        response.go_on(1 / 60, response.power_to_hold())
    assert response.lower_k == pytest.approx(held_k, rel=0.02)
    response.go_on(48.0, 0.0)
    assert response.lower_k < held_k / 3


def test_thermostat_holds_the_target() -> None:
    """A strong device lowers a room to its target and no further."""
    response = CoolingResponse(8.0)
    for _ in range(8):
        response.run(without_c=27.0, target_c=24.0)
        assert 27.0 - response.lower_k >= 24.0 - 1e-9
    assert 27.0 - response.lower_k == pytest.approx(24.0)


# ----------------------------------------------------------------------------- when it starts


@pytest.mark.parametrize(
    ("falls_k", "is_early"),
    [(WEAK, True), (1.2, True), (ASSUMED_FALL_K, True), (STRONG, False)],
)
def test_only_a_device_too_weak_for_the_afternoon_starts_early(
    falls_k: float | None, *, is_early: bool
) -> None:
    """At 11:45, an hour before the room is near its limit, the weak one runs already.

    One that can hold the limit from a late start waits.
    """
    command = planned(a_home(local(11, 45), 24.9 + 0.2, an_ac(falls_k)))
    early = ("run", "cooling_early")
    assert (outcome(command) == early) is is_early, outcome(command)


def test_an_unknown_device_counts_as_a_weak_one() -> None:
    """Until its pace is known it starts when a device of the cautious pace would."""
    for at in (local(9, 45), local(11, 45), local(12, 15)):
        unknown, assumed = (
            outcome(planned(a_home(at, max(hot_afternoon(at), 25.0), an_ac(falls_k))))
            for falls_k in (None, ASSUMED_FALL_K)
        )
        assert unknown == assumed


def test_an_early_start_says_when_the_limit_would_be_passed() -> None:
    """The reason names the limit and the hour."""
    parameters = planned(a_home(local(11, 45), 25.1, an_ac())).message.parameters
    assert parameters["limit_c"] == 26.0
    assert parameters["expected_at_local"] in {"12:30", "12:45", "13:00", "13:15"}


def test_it_starts_as_late_as_still_helps() -> None:
    """A device that needs only a little more time starts later than a weaker one."""

    def first_start(falls_k: float) -> datetime | None:
        for step in range(24 * 4):
            at = local(6) + step * minutes(15)
            now_c = hot_afternoon(at)
            if outcome(planned(a_home(at, now_c, an_ac(falls_k))))[0] == "run":
                return at
        return None

    starts = [first_start(falls_k) for falls_k in (0.3, 1.6, 2.2, STRONG)]
    known = [start for start in starts if start is not None]
    assert len(known) == len(starts)
    assert known == sorted(known)
    assert known[0] < known[-1]


def test_never_earlier_than_three_hours_before_a_late_start() -> None:
    """Not even for a device that will never hold the limit."""
    late = next(
        local(6) + step * minutes(5)
        for step in range(200)
        if hot_afternoon(local(6) + step * minutes(5)) >= 25.5
    )
    at = late - LONGEST_EARLY - minutes(20)
    assert (
        outcome(
            planned(a_home(at, 25.2, an_ac(0.1), path=lambda at: max(hot_afternoon(at), 25.2)))
        )[0]
        == "leave"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"path": None},
        {"path": mild_day},
        {"forecast_h": 0},
        {"forecast_age": hours(13)},
        {"is_clock_synchronised": False},
        {"holiday": Holiday(is_on=True)},
        {"people": ()},
    ],
    ids="-".join,
)
def test_without_a_forecast_or_a_need_nothing_starts_early(change: dict[str, Any]) -> None:
    """No forecast of the room or of the weather, no set clock, nobody: no early start."""
    assert outcome(planned(a_home(local(11, 45), 25.1, an_ac(), **change)))[0] == "leave"


def test_fault_29_no_plan_past_the_forecast() -> None:
    """Weather that is known for half an hour only calls for nothing."""
    snapshot = a_home(local(11, 45), 25.1, an_ac(), forecast_h=1)
    assert outcome(planned(snapshot))[0] == "leave"


@pytest.mark.parametrize(
    "device",
    [
        an_ac(is_automatic=False),
        an_ac(override_remaining=minutes(30)),
        an_ac(is_available=False),
        an_ac(has_failed=True),
        an_ac(since_switched_off=minutes(5)),
        an_ac(since_switched_on=minutes(15)),
    ],
    ids=["by hand only", "override", "gone", "failed", "minimum off", "start spacing"],
)
def test_an_early_start_keeps_every_other_rule(device: DeviceConditions) -> None:
    """It is a start like any other."""
    assert planned(a_home(local(11, 45), 25.1, device)).action is CoolingAction.LEAVE


def test_a_room_at_its_target_is_not_cooled_early() -> None:
    """There is nothing to gain a degree over the target and under."""
    falls = an_ac(0.3)
    assert outcome(planned(a_home(local(11, 45), 24.9, falls)))[0] == "leave"
    assert outcome(planned(a_home(local(11, 45), 25.0, falls)))[0] == "run"


def test_it_never_starts_early_when_it_is_cold_outside() -> None:
    """An air conditioner cools no room against the weather."""
    snapshot = a_home(local(11, 45), 25.1, an_ac())
    assert snapshot.forecast is not None
    cold = tuple(replace(hour, temperature_c=15.0) for hour in snapshot.forecast.hours)
    snapshot = replace(snapshot, forecast=replace(snapshot.forecast, hours=cold))
    assert outcome(planned(snapshot)) == ("leave", "cooling_outdoor_cold")


# ----------------------------------------------------------------------------- while it runs


def test_while_needed_it_stays_on_at_its_target() -> None:
    """Its thermostat holds the target until a late start would do."""
    assert outcome(planned(a_home(local(13), 24.4, running(), path=hot_afternoon))) == (
        "run",
        "cooling_early",
    )
    ended = a_home(local(13), 24.4, running(ran=hours(3)), path=mild_day)
    assert outcome(planned(ended)) == (
        "release",
        "cooling_reached_target",
    )


# ----------------------------------------------------------------------------- held


def warm_from(hour: int) -> Callable[[datetime], float]:
    """Return a room that is 24 °C until an hour, and 29 °C from then on, without cooling."""
    return lambda at: 29.0 if at.hour >= hour else 24.0


def held(path: Callable[[datetime], float] | None, *, at: datetime | None = None) -> Snapshot:
    """Return a room at its target, cooled by a strong device for three hours."""
    return a_home(at or local(13), 24.3, running(STRONG, hours(3)), path=path)


def outdoors(snapshot: Snapshot, temperature_c: float) -> Snapshot:
    """Return it in other weather."""
    assert snapshot.forecast is not None
    changed = tuple(replace(hour, temperature_c=temperature_c) for hour in snapshot.forecast.hours)
    return replace(snapshot, forecast=replace(snapshot.forecast, hours=changed))


def test_a_thermostat_holds_a_room_that_would_be_warm_again_soon() -> None:
    """Switched off and on it would be started thirty times on a hot day."""
    assert outcome(planned(held(lambda _at: 29.0))) == ("run", "cooling_held")
    assert outcome(planned(held(warm_from(16)))) == ("run", "cooling_held")


@pytest.mark.parametrize("path", [mild_day, warm_from(18), None], ids=["mild", "late", "unknown"])
def test_a_room_that_stays_cool_for_hours_is_not_held(
    path: Callable[[datetime], float] | None,
) -> None:
    """The air conditioner is handed back: nothing is left on without a reason."""
    assert outcome(planned(held(path))) == ("release", "cooling_reached_target")


def test_a_forecast_that_was_wrong_a_moment_ago_ends_nothing() -> None:
    """It says that the room stays cool; two hours ago, in the same heat, it was too warm."""
    begun = a_home(local(13), 24.0, running(STRONG, minutes(119)), path=mild_day)
    assert outcome(planned(begun)) == ("run", "cooling_held")
    assert planned(outdoors(begun, 24.0)).action is CoolingAction.RELEASE
    over = a_home(local(13), 24.3, running(STRONG, minutes(120)), path=mild_day)
    assert planned(over).action is CoolingAction.RELEASE


def test_a_room_is_not_held_where_outdoor_air_would_cool_it() -> None:
    """Windows and window fans come first, and never beside a running air conditioner."""
    evening = held(lambda _at: 29.0, at=local(21))
    assert planned(outdoors(evening, 23.0)).action is CoolingAction.RUN
    assert planned(outdoors(evening, 22.0)).action is CoolingAction.RELEASE


def test_a_room_far_under_its_target_is_not_held() -> None:
    """Half a degree under it the thermostat does not do what it is told."""
    hot = a_home(local(13), 23.5, running(STRONG, hours(3)), path=lambda _at: 29.0)
    assert planned(hot).action is CoolingAction.RELEASE


def test_a_device_without_a_setpoint_is_not_held() -> None:
    """A plug's air conditioner knows no target of ours, so it must not go on under it."""
    plug = a_device(kind=DeviceKind.SWITCH, entity_id="switch.ac")
    lease = Lease(DeviceState(is_on=True), OFF, hours(1), minutes(40))
    device = replace(running(), device=plug, lease=lease, observed=DeviceState(is_on=True))
    assert planned(a_home(local(13), 24.1, device)).action is CoolingAction.RUN
    assert planned(a_home(local(13), 24.0, device)).action is CoolingAction.RELEASE


def test_a_room_far_under_its_target_ends_an_early_run() -> None:
    """Half a degree under it the thermostat does not do what it is told."""
    assert planned(a_home(local(13), 23.5, running(0.2))).action is CoolingAction.RELEASE


def test_a_warmer_room_than_the_plan_expected_starts_at_once() -> None:
    """What is measured moves what was foretold: a plan that fails is replaced at once."""
    device = an_ac(2.2)
    as_expected = planned(a_home(local(11, 30), hot_afternoon(local(11, 30)), device))
    warmer = planned(a_home(local(11, 30), hot_afternoon(local(11, 30)) + 0.9, device))
    assert as_expected.action is CoolingAction.LEAVE
    assert warmer.action is CoolingAction.RUN


# ----------------------------------------------------------------------------- for whom


def test_a_bedroom_is_cooled_before_bedtime_by_a_weak_device() -> None:
    """Its night limit counts from bedtime; a weak device begins before the usual hour."""
    room = a_bedroom()
    person = person_conditions(a_person(rooms=("living", "bedroom"), bed_at=time(22, 30)))
    ac = a_device(room_id="bedroom")

    def action(falls_k: float) -> CoolingCommand:
        device = an_ac(falls_k, device=ac)
        return planned(
            a_home(local(20, 30), 26.0, device, room=room, path=lambda _at: 26.0, people=(person,))
        )

    assert outcome(action(1.0)) == ("run", "cooling_early")
    assert action(1.0).desired == DeviceState(
        is_on=True, hvac_mode="cool", target_temperature_c=22.0
    )
    assert action(STRONG).action is CoolingAction.LEAVE


def test_an_empty_room_is_not_cooled_for_hours_in_which_nobody_comes() -> None:
    """Who is elsewhere all afternoon needs no cool living room."""
    person = a_person(stays=(Stay("bedroom", time(10), time(22)),))
    snapshot = a_home(local(11, 45), 25.1, an_ac(), people=(person_conditions(person),))
    assert planned(snapshot).action is CoolingAction.LEAVE


def test_other_devices_of_the_room_do_not_run_early() -> None:
    """A fan cools people, not rooms: it waits until somebody is warm."""
    fan = device_conditions(a_fan())
    snapshot = a_home(local(11, 45), 25.1, an_ac(), fan)
    commands = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    roles = {found.device.device_id: found.device.role for found in (an_ac(), fan)}
    told = {roles[command.device_id]: command.action for command in commands}
    assert told == {
        CoolingRole.AIR_CONDITIONER: CoolingAction.RUN,
        CoolingRole.FAN: CoolingAction.LEAVE,
    }


# ----------------------------------------------------------------------------- when it fails


def failing(**overrides: Any) -> DeviceConditions:  # noqa: ANN401 - the fields of what is built
    """Return one that has run for half an hour, its room no lower than was foretold without it."""
    device = running(ran=minutes(30))
    return replace(device, **({"room_cooled_by_c": 0.3, "uncooled_c": 25.4} | overrides))


def trouble(snapshot: Snapshot) -> list[str]:
    """Return what is said of devices."""
    findings = plan(snapshot, heat_sensitivity.evaluate(snapshot)).findings
    return [found.message.message_id for found in findings]


@pytest.mark.parametrize(
    ("device", "is_said"),
    [
        (failing(), True),
        (failing(uncooled_c=25.6), True),
        (failing(uncooled_c=25.75), False),
        (failing(falls_k=3.0, uncooled_c=26.3), True),
        (failing(falls_k=3.0, uncooled_c=26.8), False),
        (failing(room_cooled_by_c=-0.3), False),
        (failing(uncooled_c=None), False),
        (failing(room_cooled_by_c=None), False),
        (replace(failing(), lease=Lease(COOL_24, OFF, minutes(29), minutes(40))), False),
    ],
    ids=[
        "no lower at all",
        "hardly lower",
        "half as much as usual",
        "a strong one too little",
        "a strong one half",
        "fallen",
        "nothing foretold",
        "start not seen",
        "a minute early",
    ],
)
def test_within_half_an_hour_an_early_run_without_effect_is_said_once(
    device: DeviceConditions, *, is_said: bool
) -> None:
    """The room is as warm as it would be without it: one message, as for any run."""
    snapshot = a_home(local(11, 45), 25.4, device)
    assert trouble(snapshot) == ["trouble_no_cooling_effect"] * is_said
    assert planned(snapshot).action is CoolingAction.RUN


def test_over_the_limit_a_weak_device_on_a_hot_day_is_not_accused() -> None:
    """The room rises, but by half of what was foretold without it."""
    weak = failing(room_cooled_by_c=0.4, uncooled_c=28.0)
    assert trouble(a_home(local(15), 27.2, weak)) == []
    idle = failing(room_cooled_by_c=0.8, uncooled_c=27.5)
    assert trouble(a_home(local(15), 27.4, idle)) == ["trouble_no_cooling_effect"]


@pytest.mark.parametrize(
    ("device", "is_on"),
    [(failing(), True), (failing(uncooled_c=26.0), False), (running(), False)],
    ids=["failing", "working", "not judged yet"],
)
def test_the_fan_helps_where_cooling_early_fails(device: DeviceConditions, *, is_on: bool) -> None:
    """The next help comes at once, not only near the limit."""
    fan = device_conditions(a_fan())
    snapshot = a_home(local(11, 45), 25.4, device, fan)
    commands = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    (of_fan,) = (command for command in commands if command.device_id == "fan")
    assert (of_fan.action is CoolingAction.RUN) is is_on


def test_a_device_that_does_not_respond_brings_the_fan_too() -> None:
    """It failed before the room was near its limit."""
    failed = replace(running(ran=minutes(10)), has_failed=True)
    fan = device_conditions(a_fan())
    snapshot = a_home(local(11, 45), 25.4, failed, fan)
    commands = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    (of_fan,) = (command for command in commands if command.device_id == "fan")
    assert of_fan.action is CoolingAction.RUN
    assert trouble(snapshot) == ["trouble_device_failed"]


@pytest.mark.parametrize(("now_c", "is_said"), [(25.7, True), (24.6, True), (24.5, False)])
def test_a_run_without_effect_is_said_wherever_the_room_is_over_its_target(
    now_c: float, *, is_said: bool
) -> None:
    """Also between the usual start and the limit; at its target a thermostat may rest."""
    snapshot = a_home(local(12, 45), now_c, failing(uncooled_c=now_c + 0.1))
    assert trouble(snapshot) == ["trouble_no_cooling_effect"] * is_said
