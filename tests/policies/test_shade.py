"""Test when a blind goes down: the sun, the day, the person in bed, and the hand that moved it."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.demo.sun import sun_position
from policies import heat_sensitivity
from policies.cooling import plan
from policies.model import (
    CoolingCommand,
    CoolingDevice,
    CoolingRole,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Lease,
    Snapshot,
    SunPosition,
    Window,
)
from policies.window_sun import BEFORE_THE_SUN, is_sun_on, shade_times
from tests.builders import (
    AFTERNOON,
    a_bedroom,
    a_device,
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

STEP = minutes(10)
DOWN = DeviceState(is_on=True, position_pct=0)
UP = DeviceState(is_on=False, position_pct=100)
SOUTH = Window(facing_deg=180.0)
EAST = Window(facing_deg=90.0)


@functools.cache
def sun_from(at: datetime, ahead_h: int = 24) -> tuple[SunPosition, ...]:
    """Return where the sun stands in Berlin from a moment on."""
    start = at.astimezone(UTC)
    positions = []
    for number in range(ahead_h * 6 + 1):
        moment = start + number * STEP
        found = sun_position(moment, 52.52, 13.40)
        positions.append(SunPosition(moment, found.azimuth_deg, found.elevation_deg))
    return tuple(positions)


def a_blind(window: Window | None = SOUTH, **overrides: Any) -> CoolingDevice:  # noqa: ANN401
    """Return the living room's blind."""
    blind = a_device(
        device_id="blind",
        entity_id="cover.living_room",
        kind=DeviceKind.COVER,
        role=CoolingRole.BLIND,
        name="blind",
        window=window,
    )
    return replace(blind, **overrides)


def a_sunny_home(
    *devices: DeviceConditions,
    at: datetime = AFTERNOON,
    forecast_c: tuple[float, ...] | None = (30.0,) * 24,
    temperature_c: float | None = 24.0,
    **snapshot: Any,  # noqa: ANN401 - the fields of what is built
) -> Snapshot:
    """Return a home with this blind in its room, on a day with this forecast."""
    room = snapshot.pop("room", None) or a_room()
    conditions = room_conditions(temperature_c, room, devices=devices, relative_humidity_pct=35.0)
    fields: dict[str, Any] = {"rooms": (conditions,), "sun": sun_from(at)}
    if forecast_c is not None:
        start = at.astimezone(UTC).replace(minute=0)
        hourly = a_forecast(forecast_c).hours
        moved = tuple(replace(hour, at=start + hours(n)) for n, hour in enumerate(hourly))
        fields |= {"forecast": replace(a_forecast(()), hours=moved), "forecast_age": minutes(5)}
    return a_snapshot(at, **(fields | snapshot))


def planned(snapshot: Snapshot) -> CoolingCommand:
    """Return the command for the snapshot's only device."""
    (command,) = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    return command


def outcome(snapshot: Snapshot) -> tuple[str, str]:
    """Return action and reason."""
    command = planned(snapshot)
    return command.action.value, command.message.message_id


def raised(**overrides: Any) -> DeviceConditions:  # noqa: ANN401 - the fields of what is built
    """Return a blind that is up."""
    fields: dict[str, Any] = {"device": a_blind(), "observed": UP} | overrides
    return device_conditions(**fields)


@pytest.mark.parametrize(
    ("azimuth_deg", "elevation_deg", "facing_deg", "is_on"),
    [
        (180.0, 40.0, 180.0, True),
        (254.9, 40.0, 180.0, True),
        (255.1, 40.0, 180.0, False),
        (105.0, 40.0, 180.0, True),
        (104.9, 40.0, 180.0, False),
        (350.0, 40.0, 10.0, True),
        (10.0, 40.0, 350.0, True),
        (180.0, 5.0, 180.0, True),
        (180.0, 4.9, 180.0, False),
    ],
)
def test_the_sun_is_on_a_window_within_its_angles(
    azimuth_deg: float, elevation_deg: float, facing_deg: float, *, is_on: bool
) -> None:
    """The sun shines in from up to 75 degrees to either side, over north as well, from 5 up."""
    position = SunPosition(AFTERNOON, azimuth_deg, elevation_deg)
    assert is_sun_on(Window(facing_deg), position) is is_on


def test_shade_times_of_an_east_window() -> None:
    """On a July day in Berlin an east window is shaded from before six until noon by the sun."""
    times = shade_times(EAST, sun_from(local(3)))
    assert times is not None
    assert local(5, 0) <= times.close_at <= local(5, 40)
    assert times.open_at is not None
    assert local(12, 0) <= times.open_at <= local(13, 0)


def test_shade_times_while_the_sun_is_on_it() -> None:
    """With the sun on the window already, the time to close is now."""
    times = shade_times(SOUTH, sun_from(AFTERNOON))
    assert times is not None
    assert times.close_at == AFTERNOON
    assert shade_times(SOUTH, sun_from(AFTERNOON, 0)) == replace(times, open_at=None)


def test_a_window_that_the_sun_never_reaches_has_no_times() -> None:
    """A north window with a high horizon needs no shade."""
    assert shade_times(Window(0.0, lowest_sun_deg=30.0), sun_from(local(3))) is None
    assert shade_times(SOUTH, ()) is None


@given(
    facing_deg=st.floats(min_value=0, max_value=359),
    day=st.integers(min_value=1, max_value=28),
    hour=st.integers(min_value=0, max_value=23),
)
def test_shade_times_cover_the_sun(facing_deg: float, day: int, hour: int) -> None:
    """Whatever the window and the day, no sun is on it before closing or at opening."""
    window, sun = Window(facing_deg), sun_from(local(hour, day=day))
    times = shade_times(window, sun)
    shining = [position.at for position in sun if is_sun_on(window, position)]
    if times is None:
        assert shining == []
        return
    assert times.close_at in {sun[0].at, shining[0] - BEFORE_THE_SUN}
    if times.open_at is not None:
        assert times.open_at not in shining
        assert times.close_at < times.open_at


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (local(9, 0), ("leave", "shade_no_sun")),
        (local(10, 10), ("run", "shade_sun_coming")),
        (local(15), ("run", "shade_sun_coming")),
        (local(19), ("leave", "shade_no_sun")),
        (local(23), ("leave", "shade_no_sun")),
    ],
)
def test_a_blind_goes_down_before_the_sun(at: datetime, expected: tuple[str, str]) -> None:
    """On a warm day it goes down half an hour before the sun, and not without sun."""
    assert outcome(a_sunny_home(raised(), at=at)) == expected


def test_a_blind_goes_down_before_the_sun_is_on_the_window() -> None:
    """The command comes while the window is still in the shade."""
    first = next(
        at
        for at in (local(8) + number * minutes(5) for number in range(60))
        if planned(a_sunny_home(raised(), at=at)).desired is not None
    )
    (now, *_) = sun_from(first, 0)
    assert not is_sun_on(SOUTH, now)
    assert is_sun_on(SOUTH, sun_from(first + minutes(30), 0)[0])
    assert planned(a_sunny_home(raised(), at=first)).desired == DOWN


@pytest.mark.parametrize(
    ("forecast_c", "temperature_c", "expected"),
    [
        ((23.0,) * 12, 22.0, "shade_sun_coming"),  # the limit is 26
        ((22.9,) * 12, 22.0, "shade_not_worth_it"),
        ((20.0,) * 12, 24.5, "shade_sun_coming"),
        ((20.0,) * 12, 24.4, "shade_not_worth_it"),
        ((15.9,) * 12, 27.0, "shade_not_worth_it"),
        (None, 24.5, "shade_sun_coming"),
        (None, 24.4, "shade_not_worth_it"),
        (None, None, "shade_not_worth_it"),
        ((30.0,) * 12, None, "shade_sun_coming"),
    ],
)
def test_shade_only_on_days_that_are_worth_it(
    forecast_c: tuple[float, ...] | None, temperature_c: float | None, expected: str
) -> None:
    """A warm forecast or a warm room, never a cold day; without a forecast the room decides."""
    home = a_sunny_home(raised(), forecast_c=forecast_c, temperature_c=temperature_c)
    assert outcome(home)[1] == expected


@pytest.mark.parametrize(
    ("peak_c", "expected"), [(25.4, "shade_sun_coming"), (25.1, "shade_not_worth_it")]
)
def test_a_room_foretold_to_pass_its_limit_is_shaded_on_a_mild_day(
    peak_c: float, expected: str
) -> None:
    """A glass room needs no warm weather; the high end of its forecast counts (limit 26 °C)."""
    home = a_sunny_home(raised(), forecast_c=(20.0,) * 24, temperature_c=23.0)
    ahead = an_ahead(home.now_utc, lambda at: 23.0 if at.hour < 17 else peak_c)
    home = replace(home, rooms=(replace(home.rooms[0], ahead=ahead),))
    assert outcome(home)[1] == expected


def test_no_shade_while_the_heating_runs() -> None:
    """A room that is heated may have its sun."""
    heater = device_conditions(observed=DeviceState(is_on=True, hvac_mode="heat"))
    home = a_sunny_home(raised(), heater, temperature_c=25.5)
    commands = plan(home, heat_sensitivity.evaluate(home)).commands
    assert next(command.message.message_id for command in commands) == "shade_not_worth_it"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (local(6, 30), ("leave", "shade_asleep")),
        (local(7, 0), ("run", "shade_sun_coming")),
    ],
)
def test_nobody_is_woken_by_a_motor(at: datetime, expected: tuple[str, str]) -> None:
    """The bedroom's blind waits for the time at which its person gets up."""
    blind = raised(device=a_blind(EAST, room_id="bedroom"))
    anna = person_conditions(a_person(rooms=("bedroom",)))
    home = a_sunny_home(blind, at=at, room=a_bedroom(), people=(anna,))
    assert outcome(home) == expected


def test_a_sleeper_elsewhere_keeps_no_blind_up() -> None:
    """The living room's blind need not wait for somebody in the bedroom."""
    blind = raised(device=a_blind(EAST))
    anna = person_conditions(a_person(rooms=("living", "bedroom")))
    assert outcome(a_sunny_home(blind, at=local(6, 30), people=(anna,)))[0] == "run"


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (raised(override_remaining=hours(1)), ("leave", "cooling_manual_override")),
        (raised(is_automatic=False), ("leave", "cooling_automatic_off")),
        (raised(observed=DOWN), ("leave", "shade_is_down")),
        (raised(observed=replace(DOWN, position_pct=5)), ("leave", "shade_is_down")),
        (raised(observed=replace(DOWN, position_pct=6)), ("run", "shade_sun_coming")),
        (raised(observed=None, is_available=False), ("run", "shade_sun_coming")),
        (raised(device=a_blind(window=None)), ("leave", "shade_no_sun")),
    ],
)
def test_a_blind_that_needs_nothing_is_left_alone(
    conditions: DeviceConditions, expected: tuple[str, str]
) -> None:
    """Down already, raised by hand a while ago, or not automatic: hands off."""
    assert outcome(a_sunny_home(conditions)) == expected


def test_by_a_wrong_clock_no_blind_moves() -> None:
    """Where the sun stands is only known with the time."""
    home = replace(a_sunny_home(raised()), is_clock_synchronised=False)
    assert outcome(home) == ("leave", "shade_no_sun")


def test_a_blind_is_released_when_the_sun_has_gone() -> None:
    """The lease ends; the hand-back of a blind is to stay where it is."""
    lease = Lease(DOWN, UP, hours(6), minutes(40))
    home = a_sunny_home(raised(observed=DOWN, lease=lease), at=local(19))
    assert outcome(home) == ("release", "shade_no_sun")


def test_shade_comes_before_the_air_conditioner() -> None:
    """The cheapest help is first in the plan's order."""
    ac = device_conditions()
    home = a_sunny_home(ac, raised(), temperature_c=29.0)
    commands = plan(home, heat_sensitivity.evaluate(home)).commands
    assert [command.device_id for command in commands] == ["blind", "ac"]
    assert [command.action.value for command in commands] == ["run", "run"]


def test_a_blind_that_did_not_respond_is_asked_for() -> None:
    """The person is asked to close it by hand."""
    home = a_sunny_home(raised(has_failed=True))
    (finding,) = plan(home, heat_sensitivity.evaluate(home)).findings
    assert finding.message.message_id == "trouble_blind_failed"


@given(
    hour=st.integers(min_value=0, max_value=23),
    position_pct=st.integers(min_value=0, max_value=100),
    temperature_c=st.none() | st.floats(min_value=10, max_value=40),
    has_lease=st.booleans(),
)
def test_a_blind_is_never_raised(
    hour: int, position_pct: int, temperature_c: float | None, *, has_lease: bool
) -> None:
    """Whatever the hour and the room, no command wants a blind further up than it is told down."""
    lease = Lease(DOWN, UP, hours(1), minutes(30)) if has_lease else None
    observed = DeviceState(is_on=position_pct <= 50, position_pct=position_pct)
    home = a_sunny_home(
        raised(observed=observed, lease=lease), at=local(hour), temperature_c=temperature_c
    )
    assert planned(home).desired in {None, DOWN}
