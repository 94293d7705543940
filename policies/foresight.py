"""Read a room's forecast as of now: what is measured since it was made moves what it says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from policies.model import Freshness, RoomConditions
from policies.room_forecast import HourAhead, RoomForecast, moment_of

DAY: Final = timedelta(hours=24)

STILL_TRUE: Final = ((6.0, 1.0), (12.0, 0.6), (24.0, 0.35))
"""How much of what a room is off its forecast by is still there after so many hours.

Rounded from the forecasts of 8 recorded rooms (Baltimore 2019, Belgium 2016): the slope of later
errors on that of the first hour was 1.0, 1.2, 1.1, 1.0 and 0.9 after 1, 2, 3, 4 and 6 hours, then
0.75, 0.62 and 0.35 after 9, 12 and 24. Further off it was not measured; it stays at the last.
"""

_STILL_TRUE_STEPS: Final = tuple(
    (*before, *after) for before, after in pairwise(((0.0, 1.0), *STILL_TRUE))
)
_HOUR_S: Final = 3600.0
_MIDDLE_H: Final = 0.5  # a mean over an hour is the value in its middle


class ForeseenHour(NamedTuple):
    """Say what a room is expected to be in the hour that starts `at` (aware UTC), in °C.

    One in ten is under `low_c`, one over `high_c`. `early_c` is what counts for a warning: the
    limits that it passes are passed by the day's highest value in four of ten cases. (A tuple: a
    hundred are made with every decision.)
    """

    at: datetime
    low_c: float
    middle_c: float
    high_c: float
    early_c: float


def foresee(conditions: RoomConditions, now_utc: datetime) -> tuple[ForeseenHour, ...]:
    """Return what the room's own forecast says of the coming hours, with no further cooling.

    Empty where no forecast is known, or the room is not seen now. Never NaN.

    Args:
        conditions: the room.
        now_utc: the present, aware UTC.
    """
    ahead, now_c = conditions.ahead, conditions.mean_10_min_c
    is_seen = conditions.freshness is Freshness.FRESH
    if ahead is None or not is_seen or now_c is None or not math.isfinite(now_c):
        return ()
    now_h = now_utc.timestamp() / _HOUR_S
    foretold_c = _foretold_now_c(ahead.hours, now_h)
    off_k = 0.0 if foretold_c is None else now_c - foretold_c
    margin_k = _early_margin_k(ahead)
    found = []
    for hour in ahead.hours:  # with every decision, of every room: one loop, and no more in it
        after_h = hour.hour - now_h
        if after_h <= 0.0:
            continue
        moved_k = off_k * _still_true(after_h)
        low_c, middle_c, high_c = hour.low_c, hour.middle_c + moved_k, hour.high_c
        if math.isfinite(low_c + middle_c + high_c):  # only where all of them are
            found.append(
                ForeseenHour(
                    moment_of(hour.hour),
                    low_c + moved_k,
                    middle_c,
                    high_c + moved_k,
                    middle_c + margin_k,
                )
            )
    return tuple(found)


def hottest(
    conditions: RoomConditions, now_utc: datetime, hours: Sequence[ForeseenHour] | None = None
) -> tuple[float, datetime] | None:
    """Return the highest value expected within 24 hours, in °C, and the hour (aware UTC).

    With no further cooling. `None` where no forecast is known, or the room is not seen now.

    Args:
        conditions: the room.
        now_utc: the present, aware UTC.
        hours: what `foresee` says of it, where it was asked already.
    """
    if hours is None:
        hours = foresee(conditions, now_utc)
    end = now_utc + DAY
    best: ForeseenHour | None = None
    for hour in hours:
        if hour.at > end:
            break
        if best is None or hour.middle_c > best.middle_c:
            best = hour
    return None if best is None else (round(best.middle_c, 1), best.at)


def _foretold_now_c(hours: tuple[HourAhead, ...], now_h: float) -> float | None:
    """Return what was foretold for this very moment, between the middles of two hours."""
    for hour, following in pairwise(hours):
        part = now_h - hour.hour - _MIDDLE_H
        if part < 1.0:
            # Before the middle of the first hour it comes from further down the same line.
            part = max(part, -_MIDDLE_H)
            value_c = hour.middle_c + part * (following.middle_c - hour.middle_c)
            return value_c if math.isfinite(value_c) else None
    return None


@lru_cache(maxsize=256)
def _still_true(hours: float) -> float:  # of all rooms the same
    for before_h, before, after_h, after in _STILL_TRUE_STEPS:
        if hours <= after_h:
            return before + (hours - before_h) / (after_h - before_h) * (after - before)
    return STILL_TRUE[-1][1]


def _early_margin_k(ahead: RoomForecast) -> float:
    """Return by how much the highest value of a day may count as higher, for a warning in time."""
    if not ahead.hours:
        return 0.0
    margin_k = ahead.peak_early_c - max(hour.middle_c for hour in ahead.hours[:24])
    return margin_k if math.isfinite(margin_k) else 0.0
