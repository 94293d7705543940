"""Keep score of a room's forecasts on days that they had not seen, and learn from it what to use.

Two things follow: how much a fitted line, "same as yesterday" and "same as now" count at each
distance, and how wide a band has to be to hold four values of five.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from operator import mul
from types import MappingProxyType
from typing import Final

from policies.room_features import HORIZON_H, KNOTS_H
from policies.room_forecast import Predictor
from policies.room_record import DAY_H

REMEMBERED_DAYS: Final = 14
"""An error of so many days ago counts a third of one today in the choice of a predictor."""

BAND_DAYS: Final = 28
MAX_ERRORS: Final = BAND_DAYS * DAY_H
MIN_ERRORS: Final = 32
BAND_REMEMBERED_DAYS: Final = 7.0
"""In the band an error so many days ago counts a third of one today: rooms change with the season,
and a line gets better while it learns. In the day's highest value all count alike."""

FAR_HOUR_WEIGHT: Final = 0.3
"""What an error at another time of day counts at least, one at the same time being 1.3."""

NEAR_HOURS: Final = 3.0

FIRST_BANDS_C: Final = ((0, 0.0), (1, 0.4), (3, 0.8), (6, 1.0), (12, 1.2), (24, 1.2), (48, 1.5))
"""Half the band by hours ahead, before a room has errors of its own (recordings' own errors)."""

FIRST_PEAK_MARGINS_C: Final = ((0.0, -0.6), (0.5, 0.0), (0.6, 0.3), (0.75, 0.5), (1.0, 1.2))
"""What to add to the highest forecast value, by share of cases, before a room has its own."""

MIN_PEAK_KNOTS: Final = 10
"""A day's highest value counts where it was expected from so many knots, at least."""

ADVANTAGE_GAIN: Final = 10.0
HEAD_START: Final = 1.0
"""How fast the better predictor takes over, and what the fitted line has in advance.

Chosen on docs/room_model.md's recordings: there no room is then worse than "yesterday" by 5 % a day
ahead, and rooms that the line suits lose nothing.
"""

DOUBT_K: Final = 5.0
"""Errors that are added up over so little say nothing yet."""


class Errors:
    """Hold the last errors of one kind, at most so many as four weeks have hours."""

    def __init__(self, remembered_days: float = math.inf) -> None:
        self._age_weights = _age_weights(remembered_days)
        self._errors_k = array("d")
        self._hours = bytearray()  # of the day, in which each was foretold
        self._order: array[int] | None = None  # their places, the smallest first,
        self._hours_in_order = b""  # and the hours in which those were foretold

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._hours)

    def add(self, hour_of_day: int, error_k: float) -> None:
        """Take one error: actual minus forecast."""
        self._errors_k.append(error_k)
        self._hours.append(hour_of_day)
        if len(self._hours) > MAX_ERRORS:
            del self._errors_k[:DAY_H], self._hours[:DAY_H]
        self._order = None

    def quantiles(self, hour_of_day: int, shares: Sequence[float]) -> list[float] | None:
        """Return the errors that so large shares of them do not pass, near that time of day.

        `None` while there are too few.
        """
        count = len(self._hours)
        if count < MIN_ERRORS:
            return None
        if self._order is None:
            self._order = array("H", sorted(range(count), key=self._errors_k.__getitem__))
            self._hours_in_order = bytes(map(self._hours.__getitem__, self._order))
        by_hour, by_age = _HOUR_WEIGHTS[hour_of_day], self._age_weights[MAX_ERRORS - count :]
        hour_weights = map(by_hour.__getitem__, self._hours_in_order)
        age_weights = map(by_age.__getitem__, self._order)
        reached = list(accumulate(map(mul, hour_weights, age_weights)))
        last = count - 1
        return [
            self._errors_k[self._order[min(bisect_left(reached, share * reached[-1]), last)]]
            for share in shares
        ]


class Track:
    """Hold the errors of one room's forecasts."""

    def __init__(self) -> None:
        self._absolute_k = {knot: dict.fromkeys(Predictor, 0.0) for knot in KNOTS_H}
        self._errors = {knot: Errors(BAND_REMEMBERED_DAYS) for knot in KNOTS_H}
        self._together_k = dict.fromkeys(KNOTS_H, 0.0)
        self._counts = dict.fromkeys(KNOTS_H, 0.0)
        self._peaks = Errors()
        self._shares: dict[int, dict[Predictor, float]] = {}

    def add(
        self, knot: int, hour_of_day: int, actual_c: float, values_c: dict[Predictor, float]
    ) -> float:
        """Take what the predictors said and what came; return what was said together."""
        together_c = mix(values_c, self.shares(knot))
        self._errors[knot].add(hour_of_day, actual_c - together_c)
        self._together_k[knot] += abs(actual_c - together_c)
        self._counts[knot] += 1.0
        sums = self._absolute_k[knot]
        for predictor in Predictor:
            value_c = values_c.get(predictor, together_c)
            sums[predictor] += abs(actual_c - value_c)
        return together_c

    def add_peak(self, hour_of_day: int, error_k: float) -> None:
        """Take by how much the highest value of a day was above the highest forecast."""
        self._peaks.add(hour_of_day, error_k)

    def end_day(self) -> None:
        """Let a day pass: older errors count less, and what is used is chosen anew."""
        kept = math.exp(-1.0 / REMEMBERED_DAYS)
        for sums in self._absolute_k.values():
            for predictor in sums:
                sums[predictor] *= kept
        for knot in KNOTS_H:
            self._together_k[knot] *= kept
            self._counts[knot] *= kept
        self._shares.clear()

    def errors_k(self, knot: int) -> tuple[float, float] | None:
        """Return the mean absolute errors of the forecast and of "same as yesterday".

        Those of the last weeks, at a knot; `None` before there are any.
        """
        count = self._counts[knot]
        if not count:
            return None
        yesterday_k = self._absolute_k[knot][Predictor.YESTERDAY]
        return self._together_k[knot] / count, yesterday_k / count

    def shares(self, knot: int) -> dict[Predictor, float]:
        """Return how much each predictor counts at a knot; together 1."""
        if knot not in self._shares:
            sums = self._absolute_k[knot]
            mine = sums[Predictor.ROOM_MODEL]
            weights = {Predictor.ROOM_MODEL: 1.0}
            for simple in (Predictor.YESTERDAY, Predictor.NOW):
                theirs = sums[simple]
                advantage = (theirs - mine) / (theirs + mine + DOUBT_K)
                weights[simple] = math.exp(-HEAD_START - ADVANTAGE_GAIN * advantage)
            if knot % DAY_H == 0:  # both say the same
                del weights[Predictor.NOW]
            total = sum(weights.values())
            self._shares[knot] = {name: weight / total for name, weight in weights.items()}
        return self._shares[knot]

    def margins_k(
        self,
        hour_of_day: int,
        shares: Sequence[float],
        others: Mapping[int, Errors] = MappingProxyType({}),
    ) -> list[list[float]]:
        """Return, for each share, what to add 1 to 48 hours ahead so that it stays under.

        Args:
            hour_of_day: of the present.
            shares: of the values, between 0 and 1; 0.1 and 0.9 are the band.
            others: errors to take at some knots instead of the track's own.
        """
        knots_k = [
            others.get(knot, self._errors[knot]).quantiles(hour_of_day, shares)
            or [along(FIRST_BANDS_C, knot) * (share - 0.5) / 0.4 for share in shares]  # 80 %
            for knot in KNOTS_H
        ]
        found = []
        for margins_k in zip(*knots_k, strict=True):
            points = [(0, 0.0), *zip(KNOTS_H, margins_k, strict=True)]
            found.append([along(points, ahead_h) for ahead_h in range(1, HORIZON_H + 1)])
        return found

    def peak_margins_k(
        self, hour_of_day: int, shares: Sequence[float], others: Errors | None = None
    ) -> list[float]:
        """Return, for each share, what to add to the highest forecast value."""
        peaks = self._peaks if others is None else others
        return peaks.quantiles(hour_of_day, shares) or [
            along(FIRST_PEAK_MARGINS_C, share) for share in shares
        ]


def mix(values_c: dict[Predictor, float], shares: dict[Predictor, float]) -> float:
    """Return the mean of what the predictors say; a missing one leaves its share to the others."""
    weights = [(shares.get(predictor, 0.0), value) for predictor, value in values_c.items()]
    total = sum(weight for weight, _ in weights)
    if total <= 0.0:
        return next(iter(values_c.values()))
    return sum(weight * value for weight, value in weights) / total


def along(points: Sequence[tuple[float, float]], place: float) -> float:
    """Return the value at a place on straight lines between points, the outer ones beyond."""
    before = points[0]
    for point in points:
        if point[0] >= place:
            width = point[0] - before[0]
            part = (place - before[0]) / width if width else 0.0
            return before[1] + part * (point[1] - before[1])
        before = point
    return before[1]


def _hour_weight(hour: int, other: int) -> float:
    apart = abs(hour - other)
    apart = min(apart, DAY_H - apart)
    return FAR_HOUR_WEIGHT + math.exp(-((apart / NEAR_HOURS) ** 2) / 2)


@cache
def _age_weights(remembered_days: float) -> tuple[float, ...]:
    """Return what each of the last errors counts, the oldest first."""
    return tuple(
        math.exp(-(MAX_ERRORS - place) / DAY_H / remembered_days) for place in range(MAX_ERRORS)
    )


_HOUR_WEIGHTS = tuple(
    tuple(_hour_weight(hour, other) for other in range(DAY_H)) for hour in range(DAY_H)
)
