"""Foretell a room's next 48 hours from its own days and the weather to come.

For each of sixteen distances a line is fitted that says by how much the room will be warmer then,
from its own last day, the way the weather goes, the sun and the hour. The lines are learned day by
day, so that a model needs no memory of the days: `step` takes one day in about the time of a blink
and may be called in a worker; `predict` uses what was learned so far. A room that the lines do not
suit, a heated one in winter, is foretold by "same as yesterday" as far as that did better on days
that the lines had not seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from operator import mul
from typing import Final

from policies.room_features import (
    HORIZON_H,
    KNOTS_H,
    OUTDOOR_DIFFERENCE,
    count_numbers,
    describe,
)
from policies.room_fit import Sums, added, solve
from policies.room_forecast import HourAhead, Predictor, RoomForecast
from policies.room_record import DAY_H, PEAK_HOURS, RoomRecord, highest_c
from policies.room_simple import LookBack
from policies.room_track import MIN_PEAK_KNOTS, Errors, Track, along, mix

FORGETTING_DAYS: Final = 30.0
"""A day so long ago counts a third of today: about a window of 60 days, without its edge."""

MIN_ROWS: Final = 96
"""Before a line has learned four days of hours, "same as yesterday" stands."""

OUTDOOR_START: Final = 0.6
"""The part of an outdoor difference of 4 K to the day before that a room takes on (12 hours on)."""

BIN_HOURS: Final = 3
_BINS: Final = DAY_H // BIN_HOURS
OTHER_HOURS_WEIGHT: Final = 0.15
NEAR_HOURS: Final = 2.0
"""A line for a time of day learns from rows of other times by 0.15 and more the nearer they are."""

LARGE_ERROR_K: Final = 0.4
"""At one hour ahead, growing with the root of the distance: larger ones count as if so large."""

CATCH_UP_DAYS: Final = 7
CATCH_UP_SOLVES: Final = 8
"""While more than a week is still to be learned the lines are drawn anew every eighth day only."""

EARLY_SHARE: Final = 0.6
EARLIER_SHARE: Final = 0.75
"""A limit counts as reached when so large a share of days would not pass it by more: for most
people, and for who prefers early notice. Source: the onset tables of docs/room_model.md."""


class RoomModel:
    """Learn one room."""

    def __init__(self, record: RoomRecord) -> None:
        """Start with nothing learned, for records of this kind (with sun or without)."""
        self._numbers = count_numbers(record)
        self._sums = {knot: [Sums(self._numbers) for _ in range(_BINS)] for knot in KNOTS_H}
        self._rows = dict.fromkeys(KNOTS_H, 0)
        self._lines: dict[tuple[int, int], list[float] | None] = {}
        self._all_hours: dict[int, Sums] = {}
        self._track = Track()
        self._open_peaks: dict[int, list[float]] = {}
        self._learned_h: int | None = None
        self._drawn_h: int | None = None  # what had been learned when the lines were last forgotten

    @property
    def learned_h(self) -> int | None:
        """Return the number of the hour behind the last learned one, `None` before the first."""
        return self._learned_h

    def errors_k(self, knot: int) -> tuple[float, float] | None:
        """Return the mean absolute errors of the forecast and of "same as yesterday" at a knot.

        On days that the lines had not seen; `None` before there are any.
        """
        return self._track.errors_k(knot)

    def shares(self, knot: int) -> Mapping[Predictor, float] | None:
        """Return how much each predictor counts at a knot; `None` before a line is learned."""
        return None if self._rows[knot] < MIN_ROWS else self._track.shares(knot)

    def step(self, record: RoomRecord, until_h: int) -> bool:
        """Learn one more whole day (UTC) of the record; say whether there was one.

        Args:
            record: holds the days to learn and, before them, a week to compare with.
            until_h: learn nothing from this hour on.
        """
        start_h = record.first_h if self._learned_h is None else self._learned_h
        end_h = (start_h // DAY_H + 1) * DAY_H
        if end_h > min(until_h, record.end_h):
            return False
        days_left = (min(until_h, record.end_h) - end_h) // DAY_H
        if days_left < CATCH_UP_DAYS or (end_h // DAY_H) % CATCH_UP_SOLVES == 0:
            self._forget_lines()
        for knot in KNOTS_H:
            self._learn(record, knot, range(start_h, end_h))
        self._close_peaks(record, end_h)
        self._track.end_day()
        self._learned_h = end_h
        if days_left == 0:
            self._forget_lines()
        return True

    def predict(self, record: RoomRecord, hour: int) -> RoomForecast | None:
        """Return the forecast behind an hour, `None` where the room is not known in it.

        Args:
            record: the room up to that hour at least, with the weather that is expected.
            hour: the number of the present hour; it is over.
        """
        now_c = record.indoor_at(hour)
        if now_c is None:
            return None
        hour_of_day = hour % DAY_H
        points = [(0, now_c)]
        shares: dict[int, Mapping[Predictor, float]] = {}
        back: LookBack | None = None
        without_line: dict[int, Errors] = {}
        tops_c: dict[int, float] = {}
        for knot in KNOTS_H:
            values_c = self._values_c(record, hour, knot)
            judge: Track | LookBack = self._track
            if Predictor.ROOM_MODEL not in values_c and Predictor.NOW in values_c:
                judge = back = back or LookBack(record, hour)
                without_line[knot] = back.errors[knot]
            tops_c[knot] = middle_c = mix(values_c, judge.shares(knot))
            if judge is back and not back.knows_peaks:  # a mean with now is lower than a day's top
                tops_c[knot] = values_c.get(Predictor.YESTERDAY, now_c)
            points.append((knot, middle_c))
            shares[knot] = _among(judge.shares(knot), values_c)
        middles_c = [along(points, ahead_h) for ahead_h in range(1, HORIZON_H + 1)]
        lows_k, highs_k = self._track.margins_k(hour_of_day, (0.1, 0.9), without_line)
        top_c, top = max((value, knot) for knot, value in tops_c.items() if knot <= PEAK_HOURS)
        peaks = back.peaks if back is not None and top in without_line else None
        margins_k = self._track.peak_margins_k(
            hour_of_day, (0.5, EARLY_SHARE, EARLIER_SHARE), peaks
        )
        peaks_c = [top_c + margin_k for margin_k in margins_k]
        return RoomForecast(
            hour,
            tuple(
                HourAhead(hour + ahead_h, middle + min(low, 0.0), middle, middle + max(high, 0.0))
                for ahead_h, middle, low, high in zip(
                    range(1, HORIZON_H + 1), middles_c, lows_k, highs_k, strict=True
                )
            ),
            shares,
            *peaks_c,
        )

    def _learn(self, record: RoomRecord, knot: int, targets: range) -> None:
        """Learn the rows whose target lies in a day, and keep score of what was expected."""
        large_k = LARGE_ERROR_K * math.sqrt(knot)
        rows: list[list[tuple[list[float], float, float]]] = [[] for _ in range(_BINS)]
        for target in targets:
            actual_c = record.indoor_at(target)
            hour = target - knot
            now_c = record.indoor_at(hour)
            if actual_c is None or now_c is None:
                continue
            numbers = describe(record, hour, knot)
            if numbers is None:
                continue
            line = self._line(knot, _bin(hour))
            weight = 1.0
            if line is not None:
                model_c = now_c + sum(map(mul, numbers, line))
                weight = large_k / max(abs(actual_c - model_c), large_k)
                together_c = self._track.add(
                    knot, hour % DAY_H, actual_c, _simple_c(record, hour, knot, now_c, model_c)
                )
                if knot <= PEAK_HOURS:
                    self._open_peaks.setdefault(hour, []).append(together_c)
            rows[_bin(hour)].append((numbers, actual_c - now_c, weight))
            self._rows[knot] += 1
        kept = math.exp(-len(targets) / DAY_H / FORGETTING_DAYS)
        for sums, new in zip(self._sums[knot], rows, strict=True):
            sums.add(new, kept)

    def _close_peaks(self, record: RoomRecord, end_h: int) -> None:
        """Compare the highest values that were expected with those that came."""
        for hour in [hour for hour in self._open_peaks if hour + PEAK_HOURS < end_h]:
            expected_c = self._open_peaks.pop(hour)
            peak_c = highest_c(record, hour)
            if peak_c is not None and len(expected_c) >= MIN_PEAK_KNOTS:
                self._track.add_peak(hour % DAY_H, peak_c - max(expected_c))

    def _values_c(self, record: RoomRecord, hour: int, knot: int) -> dict[Predictor, float]:
        """Return what each predictor says; the fitted line only where it may speak."""
        now_c = record.indoor_at(hour)
        assert now_c is not None  # noqa: S101 - for the type checker: the caller looked
        numbers = describe(record, hour, knot)
        line = self._line(knot, _bin(hour))
        if numbers is not None and line is not None:
            model_c = now_c + sum(map(mul, numbers, line))
            return _simple_c(record, hour, knot, now_c, model_c)
        values_c = _simple_c(record, hour, knot, now_c, None)
        yesterday_c = values_c.get(Predictor.YESTERDAY)
        if numbers is None or yesterday_c is None:
            return values_c
        outdoors = OUTDOOR_START * min(1.0, knot / 12) * numbers[OUTDOOR_DIFFERENCE]
        return {Predictor.YESTERDAY: yesterday_c + outdoors}

    def _forget_lines(self) -> None:
        """Have the lines drawn anew, unless they are of all that was learned."""
        if self._drawn_h != self._learned_h:
            self._drawn_h = self._learned_h
            self._lines.clear()
            self._all_hours.clear()

    def _line(self, knot: int, place: int) -> list[float] | None:
        if self._rows[knot] < MIN_ROWS:
            return None
        key = (knot, place)
        if key not in self._lines:
            start = [0.0] * self._numbers
            start[OUTDOOR_DIFFERENCE] = OUTDOOR_START * min(1.0, knot / 12)
            bins = self._sums[knot]
            if knot not in self._all_hours:
                self._all_hours[knot] = added([(sums, OTHER_HOURS_WEIGHT) for sums in bins])
            near = [(bins[(place + apart) % _BINS], weight) for apart, weight in _NEAR_BINS]
            self._lines[key] = solve(added([(self._all_hours[knot], 1.0), *near]), start)
        return self._lines[key]


def _among(
    shares: Mapping[Predictor, float], values_c: Mapping[Predictor, float]
) -> dict[Predictor, float]:
    """Return the shares of those that say something; together 1."""
    shares = {name: share for name, share in shares.items() if name in values_c}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def _simple_c(
    record: RoomRecord, hour: int, knot: int, now_c: float, model_c: float | None
) -> dict[Predictor, float]:
    values_c = {Predictor.NOW: now_c}
    before = record.same_hour_before(hour - record.first_h, knot)
    before_c = None if before is None else record.bridged_c[before]
    if before_c is not None:
        values_c[Predictor.YESTERDAY] = before_c
    if model_c is not None:
        values_c[Predictor.ROOM_MODEL] = model_c
    return values_c


def _bin(hour: int) -> int:
    """Return the number of the three hours round 0, 3, 6 ... that an hour belongs to."""
    return (hour % DAY_H + 1) // BIN_HOURS % _BINS


_NEAR_BINS = tuple(
    (apart, math.exp(-((BIN_HOURS * apart / NEAR_HOURS) ** 2) / 2)) for apart in (-1, 0, 1)
)
