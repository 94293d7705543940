"""Judge how far a sensor's last value may be trusted by its age, learning how often it speaks."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final, NamedTuple

from policies.model import Freshness

INTERVALS_TO_STALE: Final = 2.5
"""A sensor is stale after so many of its own usual intervals: one lost message is no trouble."""

SHORTEST_LIMIT: Final = timedelta(minutes=30)
LONGEST_LIMIT: Final = timedelta(minutes=180)
UNLEARNED_LIMIT: Final = timedelta(minutes=130)
"""Until a sensor's habit is known: twice the hour at which battery sensors speak at the latest."""

CLOCK_SKEW: Final = timedelta(minutes=5)
"""A sensor's own time may differ from arrival by this much."""

CLOCK_SKEW_HOLD: Final = timedelta(minutes=10)
"""A difference that lasts longer is worth a word."""

_SHORTEST_LIMIT_S: Final = SHORTEST_LIMIT.total_seconds()
_BURST_S: Final = 5.0  # messages closer together are one report (temperature, humidity, pressure)
_REGULAR_GAPS: Final = 12  # so many alike gaps show a sensor that speaks by a timer
_REGULAR_RATIO: Final = 2.0  # alike: the longest at most twice the shortest
_LEARNED_S: Final = 24 * 3600.0  # others, which speak on change, are watched for a day and a night
_QUANTILE: Final = 0.97  # of the time, not of the messages: nights have few messages and long gaps
_GAIN_PER_H: Final = 0.5


class FreshnessState(NamedTuple):
    """Remember when a sensor was heard and how often it speaks (a tuple: one is made per reading).

    Moments are seconds on a clock that never steps. `usual_interval_s` is the learned interval;
    the three fields after it belong to learning.
    """

    heard_at_s: float | None = (
        None  # last live value; restored from disk it may lie before the start
    )
    is_heard_since_start: bool = False
    is_retained_seen: bool = False
    is_offline: bool = False
    skewed_since_s: float | None = None
    usual_interval_s: float | None = None
    watched_s: float = 0.0
    shortest_gap_s: float = math.inf
    longest_gap_s: float = 0.0
    gaps: int = 0


def heard(
    state: FreshnessState,
    now_s: float,
    *,
    is_retained: bool = False,
    measured_age: timedelta | None = None,
) -> FreshnessState:
    """Take note of a message that carried a value.

    A live message counts from its arrival, whatever time the sensor believes it is. A retained
    one counts only when its own time says that it is fresh, and then with that age.

    Args:
        state: of the sensor.
        now_s: arrival, in seconds on a clock that never steps.
        is_retained: the broker had kept it.
        measured_age: now minus the payload's own time, negative when that lies in the future;
            `None` when there is none or our own wall clock is not synchronised.
    """
    if is_retained:
        return _heard_retained(state, now_s, measured_age)
    skewed_since_s = state.skewed_since_s
    if measured_age is not None:
        if abs(measured_age) <= CLOCK_SKEW:
            skewed_since_s = None
        elif skewed_since_s is None:
            skewed_since_s = now_s
    if state.is_heard_since_start and state.heard_at_s is not None:
        gap_s = now_s - state.heard_at_s
        if gap_s >= _BURST_S:
            return _learned(state, gap_s, now_s, skewed_since_s)
        if skewed_since_s == state.skewed_since_s:
            return state  # a burst counts from its first message
    return state._replace(
        heard_at_s=now_s, is_heard_since_start=True, skewed_since_s=skewed_since_s
    )


def limit(state: FreshnessState, configured: timedelta | None = None) -> timedelta:
    """Return the age at which the sensor's value turns stale; a configured one wins.

    Source: our own choice (FAULTS row 1): 2.5 of its own intervals, between 30 and 180 minutes.
    """
    if configured is not None:
        return configured
    usual_s = state.usual_interval_s
    if usual_s is None:
        return UNLEARNED_LIMIT
    is_regular = (
        state.gaps >= _REGULAR_GAPS
        and state.longest_gap_s <= _REGULAR_RATIO * state.shortest_gap_s
        and usual_s <= _REGULAR_RATIO * state.longest_gap_s
    )
    if is_regular:
        usual_s = state.longest_gap_s
    elif state.watched_s < _LEARNED_S:
        return UNLEARNED_LIMIT
    limit_s = INTERVALS_TO_STALE * usual_s
    if limit_s <= _SHORTEST_LIMIT_S:
        return SHORTEST_LIMIT
    return min(timedelta(seconds=limit_s), LONGEST_LIMIT)


def is_young(state: FreshnessState, age_s: float, configured: timedelta | None = None) -> bool:
    """Say whether a value of that age is within the limit; most are younger than any is."""
    if configured is None and age_s <= _SHORTEST_LIMIT_S:
        return True
    # To the microsecond, as the limit is.
    return round(age_s, 6) <= limit(state, configured).total_seconds()


def age(state: FreshnessState, now_s: float) -> timedelta | None:
    """Return the age of the last live value, or `None` when there was none."""
    if state.heard_at_s is None:
        return None
    return timedelta(seconds=max(0.0, now_s - state.heard_at_s))


def freshness(
    state: FreshnessState,
    now_s: float,
    since_start: timedelta,
    configured: timedelta | None = None,
) -> Freshness:
    """Return how far the last value may be trusted now.

    Args:
        state: of the sensor.
        now_s: seconds on a clock that never steps.
        since_start: how long the daemon has been listening.
        configured: the stale limit from the settings, instead of the learned one.
    """
    if state.is_offline:
        return Freshness.STALE
    if state.is_heard_since_start:
        heard_at_s = state.heard_at_s
        is_fresh = heard_at_s is not None and is_young(state, now_s - heard_at_s, configured)
        return Freshness.FRESH if is_fresh else Freshness.STALE
    if since_start > limit(state, configured):
        return Freshness.STALE
    return Freshness.AGE_UNKNOWN if state.is_retained_seen else Freshness.WAITING


def is_clock_skewed(state: FreshnessState, now_s: float) -> bool:
    """Say whether the sensor's own clock has been wrong for longer than the hold."""
    skewed_since_s = state.skewed_since_s
    return skewed_since_s is not None and now_s - skewed_since_s > CLOCK_SKEW_HOLD.total_seconds()


def _heard_retained(
    state: FreshnessState, now_s: float, measured_age: timedelta | None
) -> FreshnessState:
    state = state._replace(is_retained_seen=True)
    if measured_age is None or not -CLOCK_SKEW <= measured_age <= limit(state):
        return state
    measured_at_s = now_s - max(0.0, measured_age.total_seconds())
    if state.is_heard_since_start and state.heard_at_s is not None:
        measured_at_s = max(measured_at_s, state.heard_at_s)
    return state._replace(heard_at_s=measured_at_s, is_heard_since_start=True)


def _learned(
    state: FreshnessState, gap_s: float, now_s: float, skewed_since_s: float | None
) -> FreshnessState:
    """Follow the gap within which the sensor speaks for nearly all of the time; it is heard now.

    A running quantile in the logarithm of the gap, each gap weighed by its length. A gap past the
    limit is an outage: it pulls no more than an hour does (a factor of 1.6), and it counts as a
    habit only when it comes again and again.
    """
    is_outage = not is_young(state, gap_s)
    gap_s = min(gap_s, LONGEST_LIMIT.total_seconds())
    usual_s = state.usual_interval_s
    hours = gap_s / 3600.0
    if usual_s is None:
        usual_s = gap_s
    elif gap_s > usual_s:
        hours = min(hours, 1.0) if is_outage else hours
        usual_s = min(gap_s, usual_s * math.exp(_GAIN_PER_H * _QUANTILE * hours))
    else:
        usual_s = max(gap_s, usual_s * math.exp(-_GAIN_PER_H * (1.0 - _QUANTILE) * hours))
    return FreshnessState(  # with every reading: with names it takes three times as long
        now_s,
        True,  # noqa: FBT003
        state.is_retained_seen,
        state.is_offline,
        skewed_since_s,
        usual_s,
        state.watched_s + gap_s,
        min(state.shortest_gap_s, gap_s),
        state.longest_gap_s if is_outage else max(state.longest_gap_s, gap_s),
        state.gaps + 1,
    )
