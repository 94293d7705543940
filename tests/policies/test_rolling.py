"""Prove that rolling means weigh by time, leave gaps out and stay small."""

from __future__ import annotations

import math
import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.rolling import MERGE_S, RollingMean

HALF_HOUR = timedelta(minutes=30)
TEN_MINUTES = timedelta(minutes=10)
HOLD = timedelta(minutes=60)


def fill(samples: list[tuple[float, float]], hold: timedelta = HOLD) -> RollingMean:
    """Return a rolling mean that has seen `(minute, value)` samples."""
    rolling = RollingMean(HALF_HOUR, hold)
    for minute, value in samples:
        rolling.add(minute * 60, value)
    return rolling


@pytest.mark.parametrize(
    ("samples", "now_min", "window", "expected"),
    [
        ([], 0, HALF_HOUR, None),
        ([(0, 20.0)], 0, HALF_HOUR, 20.0),
        ([(0, 20.0), (20, 26.0)], 30, HALF_HOUR, 22.0),
        ([(0, 20.0), (20, 26.0)], 30, TEN_MINUTES, 26.0),
        ([(0, 20.0), (20, 26.0)], 25, TEN_MINUTES, 23.0),
        ([(0, 20.0), (20, 26.0)], 20, timedelta(0), 26.0),
        ([(-300, 30.0), (0, 20.0)], 10, HALF_HOUR, 20.0),  # the gap before is unknown
        ([(0, 20.0)], 59, TEN_MINUTES, 20.0),  # still held
        ([(0, 20.0)], 65, TEN_MINUTES, 20.0),  # half of the window is known
        ([(0, 20.0)], 60, timedelta(0), None),  # no longer held
        ([(0, 20.0)], 70, TEN_MINUTES, None),
        ([(0, 20.0), (20, 26.0)], 10, TEN_MINUTES, 20.0),  # a clock behind the samples is "now"
    ],
)
def test_mean(
    samples: list[tuple[float, float]], now_min: float, window: timedelta, expected: float | None
) -> None:
    """The mean weighs each value by how long it held inside the window."""
    mean = fill(samples).mean(now_min * 60, window)
    assert mean == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers_are_ignored(value: float) -> None:
    """NaN and infinity leave the series as it was."""
    rolling = fill([(0, 20.0), (5, value)])
    assert rolling.mean(600.0) == pytest.approx(20.0)
    assert rolling.mean(600.0, timedelta(0)) == 20.0


def test_trend_of_a_steady_rise() -> None:
    """A room that warms by 1.2 K an hour has a trend of 1.2 K/h."""
    rolling = fill([(minute, 24 + 0.02 * minute) for minute in range(91)])
    assert rolling.trend_c_per_h(90 * 60) == pytest.approx(1.2, abs=1e-6)


def test_trend_is_unknown_until_half_of_the_hour_is_seen() -> None:
    """Forty minutes of samples give no trend, fifty do."""
    assert fill([(minute, 24.0) for minute in range(40)]).trend_c_per_h(40 * 60) is None
    assert fill([(minute, 24.0) for minute in range(50)]).trend_c_per_h(50 * 60) == 0.0
    assert RollingMean(HALF_HOUR, HOLD).trend_c_per_h(0.0) is None


def test_a_flood_costs_no_memory_and_ends_at_its_last_value() -> None:
    """Two hours of a hundred samples a second keep about an hour of places."""
    rolling = RollingMean(HALF_HOUR, HOLD)
    for index in range(720_000):
        rolling.add(index / 100, float(index % 7))
    places = sum(sys.getsizeof(getattr(rolling, name)) for name in ("_at", "_value", "_area"))
    assert len(rolling._at) <= 2 * 3600 / MERGE_S
    assert places < 64_000
    assert rolling.mean(7200.0, timedelta(0)) == float(719_999 % 7)


def brute_mean(samples: list[tuple[int, float]], now_s: int, window_s: int) -> float | None:
    """Return the mean by looking at every second."""
    known = []
    for second in range(now_s - window_s, now_s):
        held = [(at, value) for at, value in samples if at <= second]
        if held and second - held[-1][0] < HOLD.total_seconds():
            known.append(held[-1][1])
    return sum(known) / len(known) if known else None


def test_the_window_given_at_construction_is_the_default() -> None:
    """Asked without a window, the mean is over the constructed one; zero means the last value."""
    rolling = fill([(0, 20.0), (20, 26.0)])
    assert rolling.mean(1800.0) == rolling.mean(1800.0, HALF_HOUR)
    switched_off = RollingMean(timedelta(0), HOLD)
    switched_off.add(0.0, 20.0)
    switched_off.add(1.0, 30.0)
    assert switched_off.mean(1.0) == 30.0


@given(
    st.lists(
        st.tuples(st.integers(5, 5000), st.floats(-20, 50, allow_subnormal=False)),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 2000),
)
def test_mean_agrees_with_looking_at_every_second(
    steps: list[tuple[int, float]], after_s: int
) -> None:
    """Prefix sums give the same mean as the slow definition, and it lies among the values."""
    rolling = RollingMean(HALF_HOUR, HOLD)
    samples: list[tuple[int, float]] = []
    at_s = 0
    for step_s, value in steps:
        at_s += step_s
        samples.append((at_s, value))
        rolling.add(at_s, value)
    now_s = at_s + after_s
    for window_s in (600, 1800):
        expected = brute_mean(samples, now_s, window_s)
        mean = rolling.mean(now_s, timedelta(seconds=window_s))
        if expected is not None:
            assert mean is not None
            assert mean == pytest.approx(expected, abs=1e-6)
            values = [value for _, value in samples]
            assert min(values) - 1e-6 <= mean <= max(values) + 1e-6


@given(st.lists(st.floats(20, 40, allow_subnormal=False), min_size=1, max_size=20))
def test_hotter_samples_never_give_a_lower_mean(values: list[float]) -> None:
    """Warming every sample by one kelvin warms the mean by one kelvin."""
    cool, warm = RollingMean(HALF_HOUR, HOLD), RollingMean(HALF_HOUR, HOLD)
    for index, value in enumerate(values):
        cool.add(index * 60.0, value)
        warm.add(index * 60.0, value + 1.0)
    now_s = len(values) * 60.0
    cool_mean, warm_mean = cool.mean(now_s), warm.mean(now_s)
    assert cool_mean is not None
    assert warm_mean == pytest.approx(cool_mean + 1.0)
