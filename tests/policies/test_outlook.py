"""Prove what a room's next hours are derived from, part by part."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import (
    Forecast,
    Freshness,
    HourlyForecast,
    HourlyValue,
    RoomConditions,
)
from policies.outlook import NEAR_C, expect, is_reached
from tests.builders import a_room

HOUR = timedelta(hours=1)
NOW = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)


def wave(at: datetime) -> float:
    """Return a daily pattern of 24 to 28 °C."""
    return 26.0 + 2.0 * math.sin((at.hour + at.minute / 60 - 10) * math.pi / 12)


def a_day_pattern(days: int) -> tuple[HourlyValue, ...]:
    """Return so many whole days of history before now."""
    starts = [NOW - (days * 24 - index) * HOUR for index in range(days * 24)]
    return tuple(HourlyValue(start, wave(start + HOUR / 2)) for start in starts)


def a_room_at(
    now_c: float | None,
    history: tuple[HourlyValue, ...] = (),
    trend: float | None = None,
    freshness: Freshness = Freshness.FRESH,
) -> RoomConditions:
    """Return a room with a value, a past and a trend."""
    return RoomConditions(
        room=a_room(),
        freshness=freshness,
        mean_10_min_c=now_c,
        trend_c_per_h=trend,
        history=history,
    )


def outdoors(yesterday_c: float, today_c: float) -> Forecast:
    """Return a forecast that knows yesterday's hours too."""
    return Forecast(
        "test",
        NOW,
        tuple(
            HourlyForecast(NOW + index * HOUR, yesterday_c if index < 0 else today_c)
            for index in range(-24, 13)
        ),
    )


def test_the_hours_start_with_the_next_full_one() -> None:
    """Half past twelve, the first hour expected is the one from one o'clock."""
    values = expect(a_room_at(25.0), None, NOW + HOUR / 2, timedelta(hours=8))
    assert [value.at for value in values] == [NOW + index * HOUR for index in range(1, 9)]


def test_a_room_repeats_its_days() -> None:
    """With nothing unusual a room does nearly what it did on the days before."""
    usual_trend = wave(NOW) - wave(NOW - HOUR)
    for value in expect(a_room_at(wave(NOW), a_day_pattern(5), usual_trend), None, NOW):
        assert value.effective_temperature_c == pytest.approx(wave(value.at + HOUR / 2), abs=0.25)


def test_an_unusual_trend_goes_on_for_some_hours_and_then_stays() -> None:
    """A rise of 1 K/h more than usual adds at most 0.6 K."""
    usual_trend = wave(NOW) - wave(NOW - HOUR)
    room = a_room_at(wave(NOW), a_day_pattern(5), usual_trend)
    rising = a_room_at(wave(NOW), a_day_pattern(5), usual_trend + 1.0)
    added = [
        more.effective_temperature_c - less.effective_temperature_c
        for more, less in zip(expect(rising, None, NOW), expect(room, None, NOW), strict=True)
    ]
    assert added == sorted(added)
    assert 0.4 < added[0] < 0.6
    assert added[-1] == pytest.approx(0.6, abs=0.01)


def test_hotter_weather_than_yesterday_warms_the_room() -> None:
    """Eight kelvins more outdoors add a quarter kelvin an hour; the same weather adds nothing."""
    room = a_room_at(wave(NOW), a_day_pattern(5))
    same = expect(room, outdoors(20.0, 20.0), NOW)
    hotter = expect(room, outdoors(20.0, 28.0), NOW)
    first, sixth = (
        hotter[index].effective_temperature_c - same[index].effective_temperature_c
        for index in (0, 5)
    )
    assert 0.2 < first < 0.5
    assert 1.0 < sixth < 1.7


def test_hours_beyond_the_forecast_are_expected_without_it() -> None:
    """A forecast of six hours changes nothing past its end."""
    room = a_room_at(wave(NOW), a_day_pattern(5))
    whole = outdoors(20.0, 28.0)
    short = Forecast("test", NOW, whole.hours[:30])
    assert expect(room, short, NOW)[:4] == expect(room, whole, NOW)[:4]
    assert expect(room, short, NOW)[8:] == expect(room, None, NOW)[8:]


def test_on_the_first_day_a_trend_dies_out() -> None:
    """Without a day to compare with, a rise of 1 K/h is worth 1.2 K, and never more than 1.5."""
    values = [v.effective_temperature_c for v in expect(a_room_at(25.0, trend=1.0), None, NOW)]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(26.2, abs=0.01)
    steep = expect(a_room_at(25.0, trend=9.0), None, NOW)
    assert max(v.effective_temperature_c for v in steep) == 26.5
    still = expect(a_room_at(25.0), None, NOW)
    assert {v.effective_temperature_c for v in still} == {25.0}


@pytest.mark.parametrize("freshness", [f for f in Freshness if f is not Freshness.FRESH])
def test_a_room_that_is_not_seen_has_no_outlook(freshness: Freshness) -> None:
    """Nothing is expected of a room whose present is unknown."""
    assert expect(a_room_at(25.0, freshness=freshness), None, NOW) == ()
    assert expect(a_room_at(None), None, NOW) == ()
    assert expect(a_room_at(math.nan), None, NOW) == ()


@pytest.mark.parametrize(
    ("expected_c", "hours_ahead", "now_c", "trend", "expected"),
    [
        (29.04, 1, 28.0, 0.5, False),
        (29.05, 1, 28.0, 0.5, True),
        (29.39, 8, 28.0, 0.5, False),
        (29.4, 8, 28.0, 0.5, True),
        (31.0, 1, 29.0 - NEAR_C, 0.5, True),
        (31.0, 1, 29.0 - NEAR_C - 0.01, 0.5, False),
        (31.0, 1, 28.9, 0.0, False),  # not getting warmer
        (31.0, 1, 28.9, None, False),
        (29.5, 1, 29.0, -0.5, True),  # over it already, as a bedroom before bedtime
    ],
)
def test_an_announcement_is_careful(
    expected_c: float,
    hours_ahead: int,
    now_c: float,
    trend: float | None,
    expected: bool,  # noqa: FBT001 - a table column
) -> None:
    """An hour must pass the limit by more the further it lies, in a room that is on its way."""
    hour = HourlyValue(NOW + hours_ahead * HOUR, expected_c)
    room = a_room_at(now_c, trend=trend)
    assert is_reached(hour, 29.0, room, NOW, is_announced=False) is expected


@pytest.mark.parametrize(("expected_c", "expected"), [(28.0, True), (27.99, False)])
def test_an_announcement_stands_within_a_kelvin(
    expected_c: float,
    expected: bool,  # noqa: FBT001 - a table column
) -> None:
    """Once announced it may fall a kelvin short, but not with nothing known of the room."""
    hour = HourlyValue(NOW + HOUR, expected_c)
    room = a_room_at(25.0, trend=-1.0)
    assert is_reached(hour, 29.0, room, NOW, is_announced=True) is expected
    assert not is_reached(hour, 29.0, a_room_at(None), NOW, is_announced=True)


celsius = st.floats(-20, 50) | st.sampled_from([math.nan, math.inf])


@given(
    now_c=celsius | st.none(),
    trend=celsius | st.none(),
    history=st.lists(st.tuples(st.integers(-200, -1), celsius), max_size=40),
    hours=st.lists(celsius, max_size=40),
    minute=st.integers(0, 59),
)
def test_no_nan_gets_through(
    now_c: float | None,
    trend: float | None,
    history: list[tuple[int, float]],
    hours: list[float],
    minute: int,
) -> None:
    """Whatever is known or broken, every expected value is a finite number."""
    room = a_room_at(
        now_c, tuple(HourlyValue(NOW + at * HOUR, value) for at, value in history), trend
    )
    forecast = Forecast(
        "test",
        NOW,
        tuple(HourlyForecast(NOW + (i - 24) * HOUR, value) for i, value in enumerate(hours)),
    )
    for value in expect(room, forecast, NOW + timedelta(minutes=minute)):
        assert math.isfinite(value.effective_temperature_c)


@given(st.floats(15, 35), st.floats(0.01, 5), st.integers(0, 5))
def test_a_hotter_room_is_never_expected_cooler(now_c: float, more_c: float, days: int) -> None:
    """Raising the present value raises every expected one."""
    history = a_day_pattern(days)
    cooler = expect(a_room_at(now_c, history), None, NOW)
    hotter = expect(a_room_at(now_c + more_c, history), None, NOW)
    for low, high in zip(cooler, hotter, strict=True):
        assert low.effective_temperature_c < high.effective_temperature_c
