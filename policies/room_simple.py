"""Foretell a room without its weather: by "same as now" and "same as yesterday".

Near ones are closer to now, far ones to yesterday, and where the one passes the other differs from
room to room. So both are tried on the room's last days, at each distance, and count by what they
erred there; the band is made of what their mean erred. Nothing is kept for it: a source of weather
that is there needs none of it.
"""

from __future__ import annotations

from typing import Final

from policies.room_features import KNOTS_H
from policies.room_forecast import Predictor
from policies.room_record import DAY_H, PEAK_HOURS, RoomRecord, highest_c
from policies.room_track import DOUBT_K, MIN_ERRORS, MIN_PEAK_KNOTS, Errors

DAYS_BACK: Final = 9
"""So many days are looked back on: with two days ahead and a yesterday, twelve are needed."""

MIN_ROWS: Final = 96
"""Fewer than four days of hours make a band that is too narrow: the usual one stands."""

SHARPNESS: Final = 3
"""With a half of the other's errors a predictor counts eight times as much.

On docs/room_model.md's recordings 2 does as well, and the better one alone worse (6 h: by 0.1 K).
"""

EQUAL_H: Final = 6.0
"""At this distance both err alike in a room that is not known yet (Baltimore, Belgium)."""


class LookBack:
    """Hold what both simple predictors erred in a room's last days.

    Reads the room up to the hour and nothing later.
    """

    def __init__(self, record: RoomRecord, hour: int) -> None:
        """Try both on the days before an hour, whose end is the present."""
        self._shares: dict[int, dict[Predictor, float]] = {}
        self.errors: dict[int, Errors] = {}
        self.peaks = Errors()
        expected_c: dict[int, list[float]] = {}
        for knot in KNOTS_H:
            rows = _rows(record, hour, knot)
            self._shares[knot] = shares = _shares(knot, rows)
            now, yesterday = shares.get(Predictor.NOW, 0.0), shares[Predictor.YESTERDAY]
            self.errors[knot] = errors = Errors()
            if len(rows) < MIN_ROWS:
                continue
            for start, actual_c, now_c, before_c in rows:
                together_c = now * now_c + yesterday * before_c
                errors.add(start % DAY_H, actual_c - together_c)
                if knot <= PEAK_HOURS and start + PEAK_HOURS <= hour:
                    expected_c.setdefault(start, []).append(together_c)
        self._add_peaks(record, expected_c)

    def _add_peaks(self, record: RoomRecord, expected_c: dict[int, list[float]]) -> None:
        for start, values_c in sorted(expected_c.items()):
            peak_c = highest_c(record, start)
            if peak_c is not None and len(values_c) >= MIN_PEAK_KNOTS:
                self.peaks.add(start % DAY_H, peak_c - max(values_c))

    @property
    def knows_peaks(self) -> bool:
        """Return whether there are enough days to tell how far their highest values were off."""
        return len(self.peaks) >= MIN_ERRORS

    def shares(self, knot: int) -> dict[Predictor, float]:
        """Return how much each predictor counts at a knot; together 1."""
        return self._shares[knot]


def _rows(record: RoomRecord, hour: int, knot: int) -> list[tuple[int, float, float, float]]:
    """Return the hours of the last days: which, what came, and what both had said."""
    rows = []
    for start in range(max(record.first_h, hour + 1 - DAYS_BACK * DAY_H - knot), hour + 1 - knot):
        here = start - record.first_h
        now_c, actual_c = record.indoor_c[here], record.indoor_c[here + knot]
        if now_c is None or actual_c is None:
            continue
        before = record.same_hour_before(here, knot)
        before_c = None if before is None else record.bridged_c[before]
        if before_c is not None:
            rows.append((start, actual_c, now_c, before_c))
    return rows


def _shares(knot: int, rows: list[tuple[int, float, float, float]]) -> dict[Predictor, float]:
    if knot % DAY_H == 0:  # both say the same
        return {Predictor.YESTERDAY: 1.0}
    now_k = DOUBT_K * min(2.0, knot / EQUAL_H)
    yesterday_k = DOUBT_K
    for _, actual_c, now_c, before_c in rows:
        now_k += abs(actual_c - now_c)
        yesterday_k += abs(actual_c - before_c)
    now, yesterday = now_k**-SHARPNESS, yesterday_k**-SHARPNESS
    total = now + yesterday
    return {Predictor.YESTERDAY: yesterday / total, Predictor.NOW: now / total}
