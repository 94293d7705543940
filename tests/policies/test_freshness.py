"""Prove that a value is trusted by its age, and that the limit follows the sensor's own habit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.freshness import (
    LONGEST_LIMIT,
    SHORTEST_LIMIT,
    UNLEARNED_LIMIT,
    FreshnessState,
    age,
    freshness,
    heard,
    is_clock_skewed,
    is_young,
    limit,
)
from policies.model import Freshness

HOUR = timedelta(hours=1)
MINUTE_S = 60.0


def listen(*gaps_min: float) -> tuple[FreshnessState, float]:
    """Return the state after a first message and one more after each gap, and the present."""
    now_s = 1000.0
    state = heard(FreshnessState(), now_s)
    for gap_min in gaps_min:
        now_s += gap_min * MINUTE_S
        state = heard(state, now_s)
    return state, now_s


@pytest.mark.parametrize(
    ("after_min", "expected"),
    [(0, Freshness.FRESH), (130, Freshness.FRESH), (130.1, Freshness.STALE)],
)
def test_an_unknown_habit_allows_130_minutes(after_min: float, expected: Freshness) -> None:
    """Until its interval is learned, a sensor is stale after 130 minutes."""
    state, now_s = listen()
    assert freshness(state, now_s + after_min * MINUTE_S, HOUR * 9) is expected


def test_a_configured_limit_wins() -> None:
    """A stale limit from the settings is used instead of the learned one."""
    state, now_s = listen(*[1.0] * 50)
    ten = timedelta(minutes=10)
    assert limit(state, ten) == ten
    assert freshness(state, now_s + 601, HOUR * 9, ten) is Freshness.STALE
    assert freshness(state, now_s + 600, HOUR * 9, ten) is Freshness.FRESH


@pytest.mark.parametrize("gaps_min", [[], [1.0] * 50, [20.0] * 12, [90.0] * 12])
@pytest.mark.parametrize("configured", [None, timedelta(minutes=10), timedelta(minutes=240)])
@pytest.mark.parametrize("apart_s", [-0.001, 0.0, 0.001])
def test_the_quick_answer_is_the_one_of_the_limit(
    gaps_min: list[float], configured: timedelta | None, apart_s: float
) -> None:
    """A value is young up to the limit, where the limit itself is asked for and where it is not."""
    state, _ = listen(*gaps_min)
    for edge in (SHORTEST_LIMIT, limit(state, configured)):
        age_s = edge.total_seconds() + apart_s
        is_within = timedelta(seconds=age_s) <= limit(state, configured)
        assert is_young(state, age_s, configured) is is_within


@pytest.mark.parametrize(
    ("gaps_min", "expected_min"),
    [
        ([1.0] * 11, 130),  # not yet enough to be sure
        ([1.0] * 12, 30),  # a timer, clamped from below
        ([20.0] * 12, 50),
        ([72.0] * 12, 180),
        ([90.0] * 12, 180),  # clamped from above
        ([20.0, 30.0] * 6, 75),  # alike enough
    ],
)
def test_a_regular_sensor_is_learned_quickly(gaps_min: list[float], expected_min: float) -> None:
    """Twelve alike gaps make the limit 2.5 of them, between 30 and 180 minutes."""
    state, _ = listen(*gaps_min)
    assert limit(state) == timedelta(minutes=expected_min)


def test_a_sensor_that_speaks_on_change_is_not_called_stale_at_night() -> None:
    """Busy days (every 5 min) and quiet nights (every 55 min) learn the night's gap."""
    day = [5.0, 3.0, 8.0, 4.0] * 48
    night = [55.0, 48.0] * 5
    state, _ = listen(*(day + night) * 3)
    assert limit(state) >= timedelta(minutes=60)
    state, _ = listen(*(day + night) * 3, *day)
    assert limit(state) >= timedelta(minutes=60)


def test_one_outage_does_not_spoil_what_was_learned() -> None:
    """A single gap of eight hours moves the limit of a quick sensor only little."""
    state, now_s = listen(*[10.0] * 400)
    before = limit(state)
    state = heard(state, now_s + 8 * 3600)
    assert before <= limit(state) < timedelta(minutes=130)
    assert limit(state) <= LONGEST_LIMIT


def test_an_outage_leaves_a_regular_sensor_regular_but_a_new_interval_is_learned() -> None:
    """One night off does not loosen a quick sensor's limit; a slower setting does, in time."""
    state, now_s = listen(*[1.0] * 20, 600.0, *[1.0] * 20)
    assert limit(state) == timedelta(minutes=30)
    for _ in range(40):
        now_s += 3600
        state = heard(state, now_s)
    assert limit(state) >= timedelta(minutes=140)


def test_a_burst_is_one_report() -> None:
    """Temperature, humidity and pressure within a second teach nothing about the interval."""
    state, now_s = listen(*[20.0] * 12)
    for _ in range(50):
        now_s += 0.02
        state = heard(state, now_s)
    assert limit(state) == timedelta(minutes=50)
    assert age(state, now_s) == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("is_retained_seen", "since_start", "expected"),
    [
        (False, timedelta(0), Freshness.WAITING),
        (False, UNLEARNED_LIMIT, Freshness.WAITING),
        (False, UNLEARNED_LIMIT + timedelta(seconds=1), Freshness.STALE),
        (True, timedelta(0), Freshness.AGE_UNKNOWN),
        (True, UNLEARNED_LIMIT, Freshness.AGE_UNKNOWN),
        (True, UNLEARNED_LIMIT + timedelta(seconds=1), Freshness.STALE),
    ],
)
def test_a_sensor_not_heard_since_the_start_waits(
    is_retained_seen: bool,  # noqa: FBT001 - a table column
    since_start: timedelta,
    expected: Freshness,
) -> None:
    """Before the first live message a sensor waits, or has an unknown age, until its limit."""
    state = FreshnessState(heard_at_s=900.0)  # restored from disk
    if is_retained_seen:
        state = heard(state, 1000.0, is_retained=True)
    assert freshness(state, 1000.0, since_start) is expected


def test_the_availability_topic_wins() -> None:
    """Offline is stale at once, and back online the age counts again."""
    state, now_s = listen(*[1.0] * 20)
    assert freshness(state._replace(is_offline=True), now_s, HOUR) is Freshness.STALE
    assert freshness(state._replace(is_offline=False), now_s, HOUR) is Freshness.FRESH


@pytest.mark.parametrize(
    ("measured_age", "expected"),
    [
        (None, Freshness.AGE_UNKNOWN),
        (timedelta(minutes=-6), Freshness.AGE_UNKNOWN),  # from the future
        (timedelta(minutes=-5), Freshness.FRESH),
        (timedelta(0), Freshness.FRESH),
        (timedelta(minutes=130), Freshness.FRESH),
        (timedelta(minutes=131), Freshness.AGE_UNKNOWN),
    ],
)
def test_a_retained_reading_needs_its_own_fresh_time(
    measured_age: timedelta | None, expected: Freshness
) -> None:
    """A retained reading counts only when its payload says that it is fresh."""
    state = heard(FreshnessState(), 9e5, is_retained=True, measured_age=measured_age)
    assert freshness(state, 9e5, timedelta(minutes=1)) is expected
    if expected is Freshness.FRESH and measured_age is not None:
        assert age(state, 9e5) == max(timedelta(0), measured_age)


def test_a_retained_reading_never_makes_a_live_one_older_or_younger() -> None:
    """After a reconnect the age still counts from the last live message."""
    state, now_s = listen()
    later = heard(state, now_s + 3600, is_retained=True)
    assert age(later, now_s + 3600) == HOUR
    older = heard(state, now_s + 3600, is_retained=True, measured_age=HOUR * 2)
    assert age(older, now_s + 3600) == HOUR


@pytest.mark.parametrize("off", [timedelta(minutes=6), timedelta(minutes=-6), timedelta(days=400)])
def test_a_wrong_clock_is_said_after_ten_minutes_and_never_used(off: timedelta) -> None:
    """A live reading counts from its arrival; its skewed clock is noted after ten minutes."""
    state = heard(FreshnessState(), 0.0, measured_age=off)
    assert age(state, 0.0) == timedelta(0)
    assert not is_clock_skewed(state, 600.0)
    assert is_clock_skewed(state, 601.0)
    right = heard(state, 700.0, measured_age=timedelta(minutes=5))
    assert not is_clock_skewed(right, 9999.0)


@given(st.lists(st.floats(0.0, 600.0), max_size=60), st.floats(0, 2000))
def test_limits_stay_in_range_and_age_only_grows(gaps_min: list[float], later_min: float) -> None:
    """Whatever the gaps, the limit lies in its range, and waiting never makes a value fresher."""
    state, now_s = listen(*gaps_min)
    assert SHORTEST_LIMIT <= limit(state) <= LONGEST_LIMIT
    now = freshness(state, now_s, HOUR)
    later = freshness(state, now_s + later_min * MINUTE_S, HOUR)
    assert (now, later) != (Freshness.STALE, Freshness.FRESH)
