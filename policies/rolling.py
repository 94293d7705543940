"""Average a value over time windows that share one short series."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from datetime import timedelta
from typing import Final

MERGE_S: Final = 5.0
"""Samples closer than this share one place, so that a flood of them costs no memory."""

TREND_HALF: Final = timedelta(minutes=30)
"""The trend compares the means of the last two spans of this length."""

_COMPACT_AT: Final = 64  # forgotten places at the front before they are cut off


class RollingMean:
    """Keep the time-weighted mean of a value that holds until the next one arrives.

    A value holds for at most `hold` (its stale limit); a longer gap is unknown and left out, so a
    mean is always the mean of what was known. Adding and asking cost the same however many
    samples came (amortised, but for a bisection over at most an hour at one place per 5 s).

    Moments are seconds on a clock that never steps; one that runs backwards is taken as "now".

    Args:
        window: the default window of `mean`; zero means the last value.
        hold: how long a value may stand for the present.
    """

    __slots__ = (
        "_area",
        "_at",
        "_first",
        "_hold_s",
        "_keep_s",
        "_known",
        "_last",
        "_value",
        "_window_s",
    )

    def __init__(self, window: timedelta, hold: timedelta = timedelta(minutes=130)) -> None:
        self._hold_s = hold.total_seconds()
        self._window_s = window.total_seconds()
        self._keep_s = max(window, 2 * TREND_HALF).total_seconds()
        self._at = array("d")
        self._value = array("d")
        self._area = array("d")  # value x known time up to this place
        self._known = array("d")  # known time up to this place
        self._first = 0  # places before this one are forgotten
        self._last: float | None = None

    def add(self, at_s: float, value: float) -> None:
        """Take a sample; NaN and infinity are ignored."""
        if not math.isfinite(value):
            return
        self._last = value
        at = self._at
        if not at:
            self._append(at_s, value, 0.0, 0.0)
            return
        elapsed_s = at_s - at[-1]
        if elapsed_s < MERGE_S:
            self._value[-1] = value
            return
        held_s = min(elapsed_s, self._hold_s)
        self._append(
            at_s, value, self._area[-1] + held_s * self._value[-1], self._known[-1] + held_s
        )
        self._forget(at_s - self._keep_s)

    def mean(self, now_s: float, window: timedelta | None = None) -> float | None:
        """Return the mean over the known part of the window that ends now.

        Args:
            now_s: the present, in seconds on the clock of the samples.
            window: at most the one given at construction or an hour; zero means the last value.

        Returns:
            `None` when nothing in the window is known.
        """
        if self._last is None:
            return None
        now_s = max(now_s, self._at[-1])
        last = self._last if now_s - self._at[-1] < self._hold_s else None
        window_s = self._window_s if window is None else window.total_seconds()
        if window_s <= 0:
            return last
        known_s, area = self._between(now_s - window_s, now_s)
        return area / known_s if known_s > 0 else last

    def trend_c_per_h(self, now_s: float) -> float | None:
        """Return the slope per hour over the last hour, or `None` while half of it is unknown."""
        if not self._at:
            return None
        now_s = max(now_s, self._at[-1])
        half_s = TREND_HALF.total_seconds()
        late_s, late = self._between(now_s - half_s, now_s)
        early_s, early = self._between(now_s - 2 * half_s, now_s - half_s)
        if min(late_s, early_s) < half_s / 2:
            return None
        return (late / late_s - early / early_s) / half_s * 3600.0

    def _append(self, at_s: float, value: float, area: float, known_s: float) -> None:
        self._at.append(at_s)
        self._value.append(value)
        self._area.append(area)
        self._known.append(known_s)

    def _forget(self, before_s: float) -> None:
        # The place in force at `before_s` stays, and everything after it.
        while self._first + 1 < len(self._at) and self._at[self._first + 1] <= before_s:
            self._first += 1
        if self._first >= _COMPACT_AT and 2 * self._first >= len(self._at):
            for series in (self._at, self._value, self._area, self._known):
                del series[: self._first]
            self._first = 0

    def _between(self, from_s: float, until_s: float) -> tuple[float, float]:
        from_known_s, from_area = self._until(from_s)
        known_s, area = self._until(until_s)
        return known_s - from_known_s, area - from_area

    def _until(self, at_s: float) -> tuple[float, float]:
        # Known seconds, and value x seconds, from the beginning of the series up to `at_s`.
        place = bisect_right(self._at, at_s, lo=self._first) - 1
        if place < self._first:
            return self._known[self._first], self._area[self._first]
        held_s = min(at_s - self._at[place], self._hold_s)
        return self._known[place] + held_s, self._area[place] + held_s * self._value[place]
