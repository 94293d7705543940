"""Hold the hours of a room and of the weather around it, without gaps where a gap can be bridged.

Every number of an hour here is the count of hours since 1970, UTC. What stands for an hour is its
mean, so that the hour is known when it is over. Nothing derived from hours up to one depends on a
later one: a record may hold the future, and still be asked about the past.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

DAY_H: Final = 24

Hours = Sequence[float | None]

BRIDGED_INDOOR_GAP_H: Final = 3
"""So many missing hours of a room are drawn straight; longer gaps stay."""

BRIDGED_OUTDOOR_GAP_H: Final = 24
"""So many missing hours of weather are taken from the day before; then nothing is learned."""

ANOMALY_KEPT_PER_H: Final = 0.9
"""How much of the difference to the day before is still there an hour after the last known one."""

FILTER_HOURS: Final = (4.0, 12.0, 36.0)
"""Time constants of walls, furniture and air, for the weather's slow ways into a room.

Source: grid search on the recordings of docs/room_model.md; more of them added nothing.
"""

MIN_HOURS_FOR_MEAN: Final = 12

PEAK_HOURS: Final = 24
MIN_PEAK_HOURS: Final = 20
"""A day's highest value is known where so much of the day is, at least."""

_DAYS_BACK: Final = 7


class RoomRecord:
    """Hold hourly values from `first_h` on; the weather may reach further than the room.

    Args:
        first_h: the number of the first hour.
        indoor_c: the room's temperature; `None` where it is not known.
        outdoor_c: the outdoor temperature, with the forecast behind the present.
        sun_kw_m2: radiation on a level surface, likewise; `None` where nothing is known of the sun.
    """

    def __init__(
        self,
        first_h: int,
        indoor_c: Hours,
        outdoor_c: Hours,
        sun_kw_m2: Hours | None = None,
    ) -> None:
        self.first_h = first_h
        self.indoor_c = list(indoor_c)
        self.bridged_c = _bridged(self.indoor_c)
        self.day_mean_c = _day_means(self.bridged_c)
        self.outdoor_c, self.outdoor_age_h, self.filtered_c = _weather(tuple(outdoor_c))
        self.has_sun = sun_kw_m2 is not None
        self.sun_kw_m2, _, self.filtered_sun = _weather(tuple(sun_kw_m2 or ()))

    @property
    def end_h(self) -> int:
        """Return the number of the hour behind the room's last."""
        return self.first_h + len(self.indoor_c)

    @property
    def weather_end_h(self) -> int:
        """Return the number of the hour behind the last one whose weather is known."""
        known = len(self.outdoor_c)
        return self.first_h + (min(known, len(self.sun_kw_m2)) if self.has_sun else known)

    def indoor_at(self, hour: int) -> float | None:
        """Return the room's own temperature in an hour, `None` where unknown."""
        place = hour - self.first_h
        return self.indoor_c[place] if 0 <= place < len(self.indoor_c) else None

    def same_hour_before(self, origin: int, ahead_h: int) -> int | None:
        """Return the place of the same hour as `origin + ahead_h` on the latest known day.

        A bridge before the origin ends before it, too, since the room is known there.

        Args:
            origin: place of the present hour in the lists; the room is known in it.
            ahead_h: how far the hour lies ahead.
        """
        place = origin + ahead_h - DAY_H * math.ceil(ahead_h / DAY_H)
        for _ in range(_DAYS_BACK):
            if place < 0:
                return None
            if self.bridged_c[place] is not None:
                return place
            place -= DAY_H
        return None

    def with_weather(
        self, now_h: int, outdoor_c: Sequence[float], sun_kw_m2: Sequence[float] | None = None
    ) -> RoomRecord:
        """Return the record with other weather behind the hour `now_h`, as a forecast has it."""
        kept = now_h - self.first_h + 1
        fork = RoomRecord.__new__(RoomRecord)
        fork.__dict__.update(self.__dict__)
        fork.outdoor_c = [*self.outdoor_c[:kept], *outdoor_c]
        fork.outdoor_age_h = [*self.outdoor_age_h[:kept], *[0] * len(outdoor_c)]
        fork.filtered_c = [
            _continued(known[:kept], outdoor_c, hours)
            for known, hours in zip(self.filtered_c, FILTER_HOURS, strict=True)
        ]
        if self.has_sun and sun_kw_m2 is not None:
            fork.sun_kw_m2 = [*self.sun_kw_m2[:kept], *sun_kw_m2]
            fork.filtered_sun = [
                _continued(known[:kept], sun_kw_m2, hours)
                for known, hours in zip(self.filtered_sun, FILTER_HOURS, strict=True)
            ]
        return fork


def highest_c(record: RoomRecord, hour: int) -> float | None:
    """Return the highest value of the 24 hours behind one, `None` where too few are known."""
    start = hour + 1 - record.first_h
    known = [value for value in record.indoor_c[start : start + PEAK_HOURS] if value is not None]
    return max(known) if len(known) >= MIN_PEAK_HOURS else None


def _bridged(values: Hours) -> list[float | None]:
    """Draw a straight line over short gaps."""
    bridged = list(values)
    before: int | None = None
    for place, value in enumerate(values):
        if value is None:
            continue
        if before is not None and 1 < place - before <= BRIDGED_INDOOR_GAP_H + 1:
            start = values[before]
            assert start is not None  # noqa: S101 - for the type checker: `before` is a known place
            step = (value - start) / (place - before)
            for missing in range(before + 1, place):
                bridged[missing] = start + step * (missing - before)
        before = place
    return bridged


def _day_means(values: Hours) -> list[float | None]:
    """Return for each hour the mean of the 24 up to it, `None` where fewer than 12 are known."""
    means: list[float | None] = []
    total, known = 0.0, 0
    for place, value in enumerate(values):
        if value is not None:
            total, known = total + value, known + 1
        if place >= DAY_H and (left := values[place - DAY_H]) is not None:
            total, known = total - left, known - 1
        means.append(total / known if known >= MIN_HOURS_FOR_MEAN else None)
    return means


@lru_cache(maxsize=4)
def _weather(
    values: tuple[float | None, ...],
) -> tuple[Sequence[float], Sequence[int], Sequence[Sequence[float]]]:
    """Return what `_repeated` does and its filters; a home's rooms have the same weather."""
    filled, ages_h = _repeated(values)
    return filled, ages_h, [_filtered(filled, hours) for hours in FILTER_HOURS]


def _repeated(values: Hours) -> tuple[list[float], list[int]]:
    """Fill gaps from the day before; return also how long ago each hour was last known.

    Before the first known hour nothing is known, and its value stands there.
    """
    first = next((value for value in values if value is not None), 0.0)
    filled: list[float] = []
    ages_h: list[int] = []
    anomaly, age_h = 0.0, BRIDGED_OUTDOOR_GAP_H + 1
    for place, value in enumerate(values):
        before = filled[place - DAY_H] if place >= DAY_H else None
        if value is not None:
            anomaly, age_h = (0.0 if before is None else value - before), 0
            filled.append(value)
        else:
            anomaly, age_h = anomaly * ANOMALY_KEPT_PER_H, age_h + 1
            if before is None:
                before = filled[-1] if filled else first
            filled.append(before + anomaly)
        ages_h.append(age_h)
    return filled, ages_h


def _filtered(values: Sequence[float], time_constant_h: float) -> list[float]:
    if not values:
        return []
    return _continued([values[0]], values[1:], time_constant_h)


def _continued(
    filtered: Sequence[float], values: Sequence[float], time_constant_h: float
) -> list[float]:
    """Carry a first-order filter on over more values."""
    gain = 1.0 - math.exp(-1.0 / time_constant_h)
    longer = list(filtered)
    level = longer[-1]
    for value in values:
        level += gain * (value - level)
        longer.append(level)
    return longer
