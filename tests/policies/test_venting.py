"""Test when a window fan brings outdoor air in: cooler, not much more humid, where it matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import heat_sensitivity
from policies.cooling import plan
from policies.model import (
    CoolingAction,
    CoolingDevice,
    CoolingRole,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Holiday,
    HourlyForecast,
    Lease,
    Snapshot,
)
from policies.psychrometrics import dew_point_c, effective_temperature_c
from tests.builders import (
    a_device,
    a_fan,
    a_forecast,
    a_snapshot,
    an_ahead,
    device_conditions,
    hours,
    local,
    minutes,
    room_conditions,
)

EVENING = local(22)
ON = DeviceState(is_on=True)


def a_vent(**overrides: Any) -> CoolingDevice:  # noqa: ANN401 - the fields of what is built
    """Return the living room's window fan."""
    return replace(a_fan(device_id="vent", role=CoolingRole.VENT, name="Window fan"), **overrides)


def off(**overrides: Any) -> DeviceConditions:  # noqa: ANN401 - the fields of what is built
    """Return it, off."""
    return device_conditions(a_vent(), **overrides)


def on() -> DeviceConditions:
    """Return it, switched on an hour ago."""
    lease = Lease(ON, DeviceState(is_on=False), hours(1), minutes(40))
    return device_conditions(a_vent(), observed=ON, lease=lease, since_switched_on=hours(1))


def at_home(
    device: DeviceConditions,
    room_c: float | None = 25.5,
    outdoor_c: float | None = 19.0,
    outdoor_pct: float = 60.0,
    *others: DeviceConditions,
    at: datetime = EVENING,
    room_pct: float = 50.0,
    peak_c: float | None = None,
    **snapshot: Any,  # noqa: ANN401 - the fields of what is built
) -> Snapshot:
    """Return a home on a summer evening, with air that is cooler outdoors."""
    ahead = None if peak_c is None else an_ahead(at, lambda _at: peak_c, band_k=0.0)
    room = room_conditions(
        room_c, relative_humidity_pct=room_pct, devices=(device, *others), ahead=ahead
    )
    fields: dict[str, Any] = {"rooms": (room,)}
    if outdoor_c is not None:
        hour = HourlyForecast(at.replace(minute=0), outdoor_c, outdoor_pct)
        fields |= {"forecast": a_forecast((), hours=(hour,)), "forecast_age": minutes(5)}
    return a_snapshot(at, **(fields | snapshot))


def outcome(snapshot: Snapshot) -> tuple[str, str]:
    """Return action and reason for the window fan."""
    commands = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    (command,) = [each for each in commands if each.device_id == "vent"]
    return command.action.value, command.message.message_id


RUNS = ("run", "vent_outdoor_air")


@pytest.mark.parametrize(
    ("room_c", "outdoor_c", "outdoor_pct", "expected"),
    [
        (25.5, 19.0, 60.0, RUNS),
        (25.5, 23.5, 45.0, RUNS),
        (25.5, 23.6, 45.0, ("leave", "vent_no_help")),
        (25.5, 30.0, 30.0, ("leave", "vent_no_help")),
        (25.5, 21.0, 99.0, ("leave", "vent_no_help")),  # dew point 20.8 against the room's 14.4
        (23.0, 17.0, 60.0, RUNS),
        (22.9, 17.0, 60.0, ("leave", "cooling_released_no_need")),
        (25.5, None, 60.0, ("leave", "vent_no_weather")),
        (None, 19.0, 60.0, ("leave", "cooling_unseen")),
    ],
)
def test_outdoor_air_comes_in_where_it_makes_the_room_feel_cooler(
    room_c: float | None, outdoor_c: float | None, outdoor_pct: float, expected: tuple[str, str]
) -> None:
    """Two degrees cooler, not much more humid, in a room within 3 degrees of its limit of 26."""
    assert outcome(at_home(off(), room_c, outdoor_c, outdoor_pct)) == expected


def test_a_room_foretold_to_pass_its_limit_is_aired_further() -> None:
    """What a night can take out is not there the next day; one degree over the end at least."""
    assert outcome(at_home(off(), 22.9, 17.0, peak_c=26.0)) == RUNS
    assert outcome(at_home(off(), 22.9, 17.0, peak_c=25.9))[0] == "leave"
    assert outcome(at_home(off(), 21.9, 17.0, peak_c=26.0))[0] == "leave"


def test_it_goes_on_while_it_helps_at_all_and_ends_cool_enough() -> None:
    """Five degrees under the lowest limit is enough, and never under 20 °C."""
    assert outcome(at_home(on(), 24.0, 23.5, 45.0)) == RUNS
    assert outcome(at_home(on(), 24.0, 24.5, 45.0)) == ("release", "vent_no_help")
    assert outcome(at_home(on(), 21.1, 17.0)) == RUNS
    assert outcome(at_home(on(), 21.0, 17.0)) == ("release", "cooling_reached_target")
    assert outcome(at_home(on(), 24.0, None)) == ("release", "vent_no_weather")
    assert outcome(at_home(on(), None, 17.0)) == ("release", "cooling_unseen")


def test_never_beside_a_running_air_conditioner() -> None:
    """What one brings in the other throws out."""
    cooling = device_conditions(
        a_device(), observed=DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=22.0)
    )
    assert outcome(at_home(off(), 25.5, 19.0, 60.0, cooling))[1] == "vent_beside_cooling"
    assert outcome(at_home(on(), 25.5, 19.0, 60.0, cooling)) == ("release", "vent_beside_cooling")


def test_never_while_the_heating_runs_nor_for_an_empty_home() -> None:
    """Nor where nobody lives."""
    heater = device_conditions(observed=DeviceState(is_on=True, hvac_mode="heat"))
    assert outcome(at_home(off(), 25.5, 19.0, 60.0, heater))[0] == "leave"
    assert outcome(at_home(off(), holiday=Holiday(is_on=True)))[1] == "cooling_holiday"
    assert outcome(at_home(on(), holiday=Holiday(is_on=True)))[0] == "release"
    assert outcome(at_home(off(), people=()))[0] == "leave"


def test_the_persons_hand_wins() -> None:
    """As with every device."""
    assert outcome(at_home(off(override_remaining=hours(1))))[1] == "cooling_manual_override"
    assert outcome(at_home(off(is_automatic=False)))[1] == "cooling_automatic_off"


def test_a_fan_entity_keeps_its_speed_and_a_switch_is_only_on() -> None:
    """What it is set to follows what it is."""
    fast = device_conditions(a_vent(fan_percentage=70))
    snapshot = at_home(fast)
    (command,) = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    assert command.desired == DeviceState(is_on=True, fan_percentage=70)
    plug = device_conditions(a_vent(kind=DeviceKind.SWITCH, entity_id="switch.vent"))
    snapshot = at_home(plug)
    (command,) = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    assert command.desired == DeviceState(is_on=True)


@given(
    room_c=st.floats(15, 40),
    room_pct=st.floats(10, 90),
    outdoor_c=st.floats(5, 42),
    outdoor_pct=st.floats(10, 100),
    is_on=st.booleans(),
)
def test_it_never_runs_while_it_is_hotter_or_much_more_humid_outside(
    room_c: float, room_pct: float, outdoor_c: float, outdoor_pct: float, *, is_on: bool
) -> None:
    """Whatever the room and the weather."""
    device = on() if is_on else off()
    snapshot = at_home(device, room_c, outdoor_c, outdoor_pct, room_pct=room_pct, peak_c=35.0)
    commands = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    if commands[0].action is not CoolingAction.RUN:
        return
    feels_c = effective_temperature_c(outdoor_c, outdoor_pct)
    inside_c = effective_temperature_c(room_c, room_pct)
    dew_c, room_dew_c = dew_point_c(outdoor_c, outdoor_pct), dew_point_c(room_c, room_pct)
    assert feels_c is not None
    assert inside_c is not None
    assert feels_c < inside_c
    assert dew_c is not None
    assert room_dew_c is not None
    assert dew_c < room_dew_c + 3.0
    assert inside_c > 20.0


@pytest.mark.parametrize("device", [off(), on()])
def test_by_an_unknown_clock_no_outdoor_air_is_brought_in(device: DeviceConditions) -> None:
    """Which hour of the forecast is now is not known: it may be a hot noon."""
    found = outcome(at_home(device, is_clock_synchronised=False))
    assert found == ("release" if device.lease else "leave", "vent_no_weather")


@pytest.mark.parametrize(
    ("room_c", "outdoor_c", "peak_c", "expected"),
    [
        (23.5, 5.0, None, "leave"),
        (25.9, 5.0, 25.9, "leave"),
        (25.9, 15.9, None, "leave"),
        (25.9, 16.0, None, "run"),
        (23.5, 12.0, 26.0, "run"),  # a cool night before a hot day
        (26.0, 5.0, None, "run"),  # over its limit, whatever the season
    ],
)
def test_a_heated_room_is_not_aired_all_winter(
    room_c: float, outdoor_c: float, peak_c: float | None, expected: str
) -> None:
    """Under 16 °C outdoors only a room that is over its limit, or is foretold to be, needs it."""
    assert outcome(at_home(off(), room_c, outdoor_c, peak_c=peak_c))[0] == expected


def test_a_heated_room_is_not_cooled_down_in_winter() -> None:
    """There it ends three degrees under the limit."""
    assert outcome(at_home(on(), 23.1, 5.0)) == RUNS
    assert outcome(at_home(on(), 23.0, 5.0)) == ("release", "cooling_reached_target")
    assert outcome(at_home(on(), 23.0, 5.0, peak_c=26.0)) == RUNS
