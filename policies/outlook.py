"""Say what a room will do in the next hours, from its own days, its trend and the weather.

Simple on purpose: it must work from the first day, on any room, without fitting. A model fitted
to the room takes its place where one is known to be better.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

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

Measured on the rooms above with limits of 26 to 31 °C: of what is announced 0.5 K or less is
missing in 88 of 100 cases (in 70 the limit is passed), and two of three warm spells are announced
before they begin.
"""

NEAR_C: Final = 2.0
"""A room further than this below a limit is not yet expected to reach it (same measurement)."""

WITHDRAW_C: Final = 1.0
"""An announcement stands while the expectation stays within this below the limit."""

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_HALF_HOUR: Final = timedelta(minutes=30)
_ANOMALY_DAYS: Final = 3

Hours = Mapping[datetime, float]


def expect(
    conditions: RoomConditions,
    forecast: Forecast | None,
    now_utc: datetime,
    horizon: timedelta = HORIZON,
) -> tuple[HourlyValue, ...]:
    """Return the effective temperature that is most likely in each of the coming hours.

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
    history = {
        value.at: value.effective_temperature_c
        for value in conditions.history
        if math.isfinite(value.effective_temperature_c)
    }
    outdoors = {
        hour.at: hour.temperature_c
        for hour in (forecast.hours if forecast is not None else ())
        if math.isfinite(hour.temperature_c)
    }
    room = _Room(now_utc, now_c, _finite(conditions.trend_c_per_h), history, outdoors)
    first_at = now_utc.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + _HOUR
    count = int(horizon / _HOUR)
    return tuple(
        HourlyValue(at, room.expected_c(at + _HALF_HOUR))
        for at in (first_at + index * _HOUR for index in range(count))
    )


def is_reached(
    expected: HourlyValue, limit_c: float, now_c: float, now_utc: datetime, *, is_announced: bool
) -> bool:
    """Say whether an expected hour is worth announcing as reaching a limit.

    Careful before it is announced; afterwards it stands until it misses the limit clearly, so
    that it does not come and go with every reading.

    Args:
        expected: one hour of `expect`.
        limit_c: the limit in that hour.
        now_c: the room's effective temperature now.
        now_utc: the present.
        is_announced: an announcement was made and is not over.
    """
    if is_announced:
        return expected.effective_temperature_c >= limit_c - WITHDRAW_C
    hours_ahead = max(0.0, (expected.at - now_utc) / _HOUR)
    margin_c = MARGIN_C_PER_H * hours_ahead
    return expected.effective_temperature_c >= limit_c + margin_c and now_c >= limit_c - NEAR_C


class _Room:
    """Hold what the coming hours are derived from."""

    def __init__(
        self,
        now: datetime,
        now_c: float,
        trend_c_per_h: float | None,
        history: Hours,
        outdoors: Hours,
    ) -> None:
        self.now = now
        self.now_c = now_c
        self.trend_c_per_h = trend_c_per_h
        self.history = history
        self.outdoors = outdoors
        # The same moment on the days before, with that day's value and weight.
        self.days = [
            (now - days * _DAY, then_c, DAY_WEIGHT ** (days - 1))
            for days in range(1, DAYS_BACK + 1)
            if (then_c := _at(history, now - days * _DAY)) is not None
        ]
        self.unusual_trend = 0.0
        if trend_c_per_h is not None:
            self.unusual_trend = trend_c_per_h - self._usual_trend()
        recent = [then_c for at, then_c, _ in self.days if now - at <= _ANOMALY_DAYS * _DAY]
        self.anomaly_c = now_c - sum(recent) / len(recent) if recent else 0.0

    def expected_c(self, at: datetime) -> float:
        hours = (at - self.now) / _HOUR
        added_c = _weighted(
            [
                (later_c - then_c, weight)
                for day_at, then_c, weight in self.days
                if (later_c := _at(self.history, day_at + (at - self.now))) is not None
            ]
        )
        if added_c is None:
            return self.now_c + self._first_day_rise_c(hours)
        outdoor_c = self._outdoor_anomaly_c(at)
        if outdoor_c is None:
            pull_c = -RETURN_GAIN_PER_H * hours * self.anomaly_c
        else:
            pull_c = OUTDOOR_GAIN_PER_H * hours * (outdoor_c - self.anomaly_c)
        trend_c = _trend_gain(hours) * self.unusual_trend
        return self.now_c + PATTERN_GAIN * added_c + trend_c + pull_c

    def _usual_trend(self) -> float:
        steps = [
            (then_c - before_c, weight)
            for day_at, then_c, weight in self.days
            if (before_c := _at(self.history, day_at - _HOUR)) is not None
        ]
        return _weighted(steps) or 0.0

    def _first_day_rise_c(self, hours: float) -> float:
        rise_c = FIRST_DAY_TREND_GAIN * (self.trend_c_per_h or 0.0) * (1.0 - math.pow(0.5, hours))
        return max(-FIRST_DAY_RISE_C, min(FIRST_DAY_RISE_C, rise_c))

    def _outdoor_anomaly_c(self, until: datetime) -> float | None:
        """Return how much warmer it is outdoors until then than in the same hours yesterday."""
        start = self.now.replace(minute=0, second=0, microsecond=0)
        coming: list[float] = []
        yesterday: list[float] = []
        for index in range(1 + int((until - start) / _HOUR)):
            at = start + index * _HOUR
            if at not in self.outdoors or at - _DAY not in self.outdoors:
                return None
            coming.append(self.outdoors[at])
            yesterday.append(self.outdoors[at - _DAY])
        return sum(coming) / len(coming) - sum(yesterday) / len(yesterday)


def _at(hours: Hours, at: datetime) -> float | None:
    """Return the value at a moment, between the middles of two hours, or of the one known."""
    middle = at - _HALF_HOUR
    hour_at = middle.replace(minute=0, second=0, microsecond=0)
    before, after = hours.get(hour_at), hours.get(hour_at + _HOUR)
    part = (middle - hour_at) / _HOUR
    if before is None or after is None:
        return before if part < 0.5 else after  # noqa: PLR2004 - the nearer one
    return before + part * (after - before)


def _trend_gain(hours: float) -> float:
    place = min(int(hours), len(TREND_GAINS) - 1)
    following = min(place + 1, len(TREND_GAINS) - 1)
    return TREND_GAINS[place] + (hours - int(hours)) * (TREND_GAINS[following] - TREND_GAINS[place])


def _weighted(values: Sequence[tuple[float, float]]) -> float | None:
    total = sum(weight for _, weight in values)
    return sum(value * weight for value, weight in values) / total if total else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
