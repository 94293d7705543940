"""Prove when windows are worth opening: never while it is hotter or much more humid outdoors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.airing import Outdoors, airing_times, is_worth_opening, weather
from policies.model import Forecast, Freshness, HourlyForecast, RoomConditions
from policies.psychrometrics import dew_point_c
from tests.builders import ZONE, an_ahead, hours, local, room_conditions


def outdoors(
    temperature_c: Callable[[int], float], *, at: datetime, humidity_pct: float | None = 45.0
) -> Forecast:
    """Return two days of weather by local hour, from an hour before."""
    start = at.astimezone(UTC).replace(minute=0) - hours(1)
    moments = [start + hours(index) for index in range(50)]
    return Forecast(
        "open_meteo",
        start,
        tuple(
            HourlyForecast(each, temperature_c(each.astimezone(ZONE).hour), humidity_pct)
            for each in moments
        ),
    )


def a_day(hour: int) -> float:
    """Return a hot day's air: under 25 degrees until nine, under 23 from eleven at night."""
    return 33.0 - abs((hour - 16 + 12) % 24 - 12) * 1.3


def a_seen_room(at: datetime, **overrides: Any) -> RoomConditions:  # noqa: ANN401
    """Return a room at 25 degrees and 45 % that stays there."""
    conditions = room_conditions(25.0, ahead=an_ahead(at.astimezone(UTC), lambda _: 25.0))
    return replace(conditions, effective_temperature_c=25.0, mean_10_min_c=25.0, **overrides)


def clock(at: datetime | None) -> str | None:
    """Return a moment as the home's clock shows it."""
    return None if at is None else f"{at.astimezone(ZONE):%a %H:%M}"


@pytest.mark.parametrize(
    ("at", "is_open_now", "open_at", "close_at"),
    [
        (local(5), True, "Wed 00:00", "Tue 10:00"),
        (local(9, 30), True, "Wed 00:00", "Tue 10:00"),  # less than 2 K, but it still helps
        (local(10, 30), False, "Wed 00:00", None),
        (local(15), False, "Wed 00:00", "Wed 10:00"),
        (local(23, 10), False, "Wed 00:00", "Wed 10:00"),  # cooler, but not by 2 K yet
        (local(0, 10, day=15), True, "Thu 00:00", "Wed 10:00"),
    ],
)
def test_windows_close_when_it_no_longer_helps_and_open_when_it_clearly_does(
    at: datetime, open_at: str | None, close_at: str | None, *, is_open_now: bool
) -> None:
    """The next times to come stay the same all day, so that automations can wait for them."""
    times = airing_times(a_seen_room(at), weather(outdoors(a_day, at=at)), at.astimezone(UTC))
    assert times is not None
    assert times.is_open_now is is_open_now
    assert clock(times.open_at) == open_at
    if close_at is not None:
        assert clock(times.close_at) == close_at


def test_a_damp_night_opens_no_window() -> None:
    """Air that is cooler by day's end but holds much more water is no help."""
    at = local(20)
    damp = weather(outdoors(lambda _: 22.0, at=at, humidity_pct=95.0))
    dry = weather(outdoors(lambda _: 22.0, at=at, humidity_pct=60.0))
    unknown = weather(outdoors(lambda _: 22.0, at=at, humidity_pct=None))
    room = a_seen_room(at)
    now = at.astimezone(UTC)
    is_open = {}
    for name, air in (("damp", damp), ("dry", dry), ("unknown", unknown)):
        times = airing_times(room, air, now)
        assert times is not None
        is_open[name] = times.is_open_now
        assert times.open_at is None
    assert is_open == {"damp": False, "dry": True, "unknown": True}


@pytest.mark.parametrize(
    "change",
    [
        {"ahead": None},
        {"freshness": Freshness.STALE},
        {"mean_10_min_c": None},
    ],
)
def test_what_is_not_known_has_no_schedule(change: dict[str, Any]) -> None:
    """Neither a room without a forecast, nor one that is not seen; nor unknown weather."""
    at = local(20)
    now = at.astimezone(UTC)
    air = weather(outdoors(a_day, at=at))
    assert airing_times(replace(a_seen_room(at), **change), air, now) is None
    assert airing_times(a_seen_room(at), weather(None), now) is None
    assert airing_times(a_seen_room(at), air, now + hours(60)) is None


celsius = st.floats(-20.0, 45.0)


@given(
    room_c=celsius,
    air_c=celsius,
    humidity_pct=st.floats(1.0, 100.0),
    room_humidity_pct=st.floats(1.0, 100.0),
    is_open=st.booleans(),
)
def test_never_while_it_is_hotter_or_much_more_humid(
    room_c: float, air_c: float, humidity_pct: float, room_humidity_pct: float, *, is_open: bool
) -> None:
    """Whatever else holds: hotter outdoors, or air with a dew point 3 K higher, opens nothing."""
    at = local(12).astimezone(UTC)
    [outside] = weather(Forecast("test", at, (HourlyForecast(at, air_c, humidity_pct),))).values()
    room_dew_c = dew_point_c(room_c, room_humidity_pct)
    is_worth = is_worth_opening(room_c, outside, room_dew_c, is_open=is_open)
    if air_c >= room_c or outside.feels_c >= room_c:
        assert not is_worth
    assert room_dew_c is not None
    assert outside.dew_point_c is not None
    if outside.dew_point_c >= room_dew_c + 3.0:
        assert not is_worth


@pytest.mark.parametrize(
    ("feels_c", "is_open", "is_worth"),
    [(23.0, False, True), (23.1, False, False), (23.1, True, True), (25.0, True, False)],
)
def test_two_degrees_open_and_none_closes(feels_c: float, *, is_open: bool, is_worth: bool) -> None:
    """Opening needs 2 K; open windows stay open until it is no cooler outdoors."""
    assert is_worth_opening(25.0, Outdoors(feels_c, None), None, is_open=is_open) is is_worth
