"""Say what a room will do in the next hours, from its own days, its trend and the weather.

Simple on purpose: it must work from the first day, on any room, without fitting. The forecast of a
model that has learned the room takes its place where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from policies.foresight import foresee
from policies.model import Forecast, Freshness, HourlyValue, RoomConditions

HORIZON: Final = timedelta(hours=12)

DAYS_BACK: Final = 7
DAY_WEIGHT: Final = 0.7
"""Each day further back counts for so much less."""

PATTERN_GAIN: Final = 0.95
TREND_GAINS: Final = (0.0, 0.4, 0.55, 0.6)
"""How much of a trend, beyond the usual one at this hour, is still there after 0, 1, 2, 3 hours."""

OUTDOOR_GAIN_PER_H: Final = 0.03
"""How much of the outdoor difference to the days before reaches the room in an hour."""

RETURN_GAIN_PER_H: Final = 0.02
"""How much of a difference to its own days a room loses in an hour when the weather is unknown."""

FIRST_DAY_TREND_GAIN: Final = 1.2
FIRST_DAY_RISE_C: Final = 1.5
"""Without a day to compare with, a trend dies out within two hours and is worth this much at most.

The gains are rounded from a robust fit on 4 + 8 + 2 recorded rooms (Baltimore 2019, Belgium 2016,
Valencia 2012), each group also judged by the fit of the others; they differ little between groups.
"""

MARGIN_C_PER_H: Final = 0.05
"""An expectation counts when it passes a limit by this much for each hour that it lies ahead.

Measured on the rooms above with limits of 26 to 31 °C: 0.5 K or less is missing in 92 of 100
announcements (in 75 the limit is passed), and seven of ten warm spells are announced before they
begin.
"""

NEAR_C: Final = 2.0
"""A room further than this below a limit is not yet expected to reach it (same measurement)."""

WITHDRAW_C: Final = 1.0
"""An announcement stands while the expectation stays within this below the limit."""

_HOUR: Final = timedelta(hours=1)
_MIDDLE_H: Final = 0.5  # a mean over an hour is the value in its middle
_ANOMALY_DAYS: Final = 3

Hours = Mapping[int, float]


def expect(
    conditions: RoomConditions,
    forecast: Forecast | None,
    now_utc: datetime,
    horizon: timedelta = HORIZON,
) -> tuple[HourlyValue, ...]:
    """Return the effective temperature that is most likely in each of the coming hours.

    By the room's own forecast where there is one (48 hours at most, with no further cooling), else
    by `expect_simply`, whose arguments these are. Never NaN.
    """
    foreseen = foresee(conditions, now_utc)
    if not foreseen:
        return expect_simply(conditions, forecast, now_utc, horizon)
    return tuple(
        HourlyValue(hour.at, hour.middle_c) for hour in foreseen if hour.at <= now_utc + horizon
    )


def expect_simply(
    conditions: RoomConditions,
    forecast: Forecast | None,
    now_utc: datetime,
    horizon: timedelta = HORIZON,
) -> tuple[HourlyValue, ...]:
    """Return the same without a forecast of the room's own.

    Its value now, plus what the hours to come added on the last days, plus what is left of a
    trend that is steeper than usual at this hour, plus the outdoor difference to those days where
    the forecast knows both (it may carry past hours). A missing part is left out; on a room that
    is not seen now the answer is empty.

    Args:
        conditions: the room; its history holds whole hours, in UTC.
        forecast: outdoors, or `None`. Hours beyond its end are expected without it.
        now_utc: the present, aware UTC.
        horizon: how far to look.

    Returns:
        Hours from the next full one on. Never NaN.
    """
    now_c = _finite(conditions.mean_10_min_c)
    if conditions.freshness is not Freshness.FRESH or now_c is None:
        return ()
    hour_at = now_utc.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    room = _Room(
        now_h=(now_utc - hour_at) / _HOUR,
        now_c=now_c,
        trend_c_per_h=_finite(conditions.trend_c_per_h),
        history=_by_hour(
            ((value.at, value.effective_temperature_c) for value in conditions.history), hour_at
        ),
        outdoors=_by_hour(
            ((hour.at, hour.temperature_c) for hour in (forecast.hours if forecast else ())),
            hour_at,
        ),
    )
    return tuple(
        HourlyValue(hour_at + index * _HOUR, room.expected_c(index + _MIDDLE_H))
        for index in range(1, 1 + int(horizon / _HOUR))
    )


def is_reached(
    expected: HourlyValue,
    limit_c: float,
    conditions: RoomConditions,
    now_utc: datetime,
    *,
    is_announced: bool,
) -> bool:
    """Say whether an expected hour is worth announcing as reaching a limit.

    Careful before it is announced: the room is near and getting warmer, or over that limit
    already (a bedroom before bedtime), and the expectation passes it by a margin. Afterwards it
    stands until it misses the limit clearly, so that it does not come and go with every reading.

    Args:
        expected: one hour of `expect`.
        limit_c: the limit in that hour.
        conditions: the room now.
        now_utc: the present.
        is_announced: an announcement was made and is not over.
    """
    now_c, trend = _finite(conditions.mean_10_min_c), _finite(conditions.trend_c_per_h)
    if now_c is None:
        return False
    if is_announced:
        return expected.effective_temperature_c >= limit_c - WITHDRAW_C
    is_warming = trend is not None and trend > 0 and now_c >= limit_c - NEAR_C
    if not is_warming and now_c < limit_c:
        return False
    hours_ahead = max(0.0, (expected.at - now_utc) / _HOUR)
    return expected.effective_temperature_c >= limit_c + MARGIN_C_PER_H * hours_ahead


class _Room:
    """Hold what the coming hours are derived from; moments are hours from the present full hour."""

    def __init__(
        self,
        now_h: float,
        now_c: float,
        trend_c_per_h: float | None,
        history: Hours,
        outdoors: Hours,
    ) -> None:
        self.now_h = now_h
        self.now_c = now_c
        self.trend_c_per_h = trend_c_per_h
        self.history = history
        self.outdoors = outdoors
        # The same moment on the days before, with that day's value and weight.
        self.days = [
            (now_h - 24 * days, then_c, DAY_WEIGHT ** (days - 1))
            for days in range(1, DAYS_BACK + 1)
            if (then_c := _at(history, now_h - 24 * days)) is not None
        ]
        self.unusual_trend = 0.0
        if trend_c_per_h is not None:
            self.unusual_trend = trend_c_per_h - self._usual_trend()
        recent = [then_c for at_h, then_c, _ in self.days if now_h - at_h <= 24 * _ANOMALY_DAYS]
        self.anomaly_c = now_c - sum(recent) / len(recent) if recent else 0.0

    def expected_c(self, at_h: float) -> float:
        hours = at_h - self.now_h
        added_c = _weighted(
            [
                (later_c - then_c, weight)
                for day_h, then_c, weight in self.days
                if (later_c := _at(self.history, day_h + hours)) is not None
            ]
        )
        if added_c is None:
            return self.now_c + self._first_day_rise_c(hours)
        outdoor_c = self._outdoor_anomaly_c(at_h)
        if outdoor_c is None:
            pull_c = -RETURN_GAIN_PER_H * hours * self.anomaly_c
        else:
            pull_c = OUTDOOR_GAIN_PER_H * hours * (outdoor_c - self.anomaly_c)
        trend_c = _trend_gain(hours) * self.unusual_trend
        return self.now_c + PATTERN_GAIN * added_c + trend_c + pull_c

    def _usual_trend(self) -> float:
        steps = [
            (then_c - before_c, weight)
            for day_h, then_c, weight in self.days
            if (before_c := _at(self.history, day_h - 1)) is not None
        ]
        return _weighted(steps) or 0.0

    def _first_day_rise_c(self, hours: float) -> float:
        rise_c = FIRST_DAY_TREND_GAIN * (self.trend_c_per_h or 0.0) * (1.0 - math.pow(0.5, hours))
        return max(-FIRST_DAY_RISE_C, min(FIRST_DAY_RISE_C, rise_c))

    def _outdoor_anomaly_c(self, until_h: float) -> float | None:
        """Return how much warmer it is outdoors until then than in the same hours yesterday."""
        warmer_c = 0.0
        hours = range(1 + int(until_h))
        for hour in hours:
            coming_c, yesterday_c = self.outdoors.get(hour), self.outdoors.get(hour - 24)
            if coming_c is None or yesterday_c is None:
                return None
            warmer_c += coming_c - yesterday_c
        return warmer_c / len(hours)


def _by_hour(values: Iterable[tuple[datetime, float]], hour_at: datetime) -> Hours:
    """Return finite values by how many hours they begin after `hour_at`."""
    return {(at - hour_at) // _HOUR: value for at, value in values if math.isfinite(value)}


def _at(hours: Hours, at_h: float) -> float | None:
    """Return the value at a moment, between the middles of two hours, or of the one known."""
    middle_h = at_h - _MIDDLE_H
    hour = math.floor(middle_h)
    before_c, after_c = hours.get(hour), hours.get(hour + 1)
    part = middle_h - hour
    if before_c is None or after_c is None:
        return before_c if part < _MIDDLE_H else after_c  # the nearer one
    return before_c + part * (after_c - before_c)


def _trend_gain(hours: float) -> float:
    place = min(int(hours), len(TREND_GAINS) - 1)
    following = min(place + 1, len(TREND_GAINS) - 1)
    return TREND_GAINS[place] + (hours - int(hours)) * (TREND_GAINS[following] - TREND_GAINS[place])


def _weighted(values: Sequence[tuple[float, float]]) -> float | None:
    total = sum(weight for _, weight in values)
    return sum(value * weight for value, weight in values) / total if total else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
