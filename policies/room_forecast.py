"""Define what a room's forecast says: 48 hours with a band, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from policies.room_features import KNOTS_H


class Predictor(Enum):
    """Name what a forecast rests on."""

    ROOM_MODEL = "room model"
    YESTERDAY = "same as yesterday"
    NOW = "same as now"

    __hash__ = object.__hash__  # there is one of each, and this one is not written in Python


class HourAhead(NamedTuple):
    """Say what a room will be in an hour: one in ten is lower than `low_c`, one higher.

    (A tuple: there are 48 of each room, every hour.)
    """

    hour: int
    low_c: float
    middle_c: float
    high_c: float

    @property
    def at(self) -> datetime:
        """Return when the hour begins, aware UTC."""
        return moment_of(self.hour)


@lru_cache(maxsize=256)
def moment_of(hour: int) -> datetime:
    """Return when an hour begins; asked for with every decision, of the same few days."""
    return datetime.fromtimestamp(hour * 3600, UTC)


@dataclass(frozen=True, slots=True)
class RoomForecast:
    """Hold the 48 hours behind one hour, with no further cooling, and what they rest on.

    `shares` names by distance how much each predictor counts; `peak_c` is the highest of the next
    24 hours that is as often passed as not.
    """

    hour: int
    hours: tuple[HourAhead, ...]
    shares: Mapping[int, Mapping[Predictor, float]]
    peak_c: float
    peak_early_c: float
    peak_earlier_c: float

    def used(self, ahead_h: int) -> Predictor:
        """Return the predictor that counts most at a distance."""
        knot = next(knot for knot in KNOTS_H if knot >= ahead_h)
        shares = self.shares[knot]
        return max(shares, key=lambda predictor: shares[predictor])

    def reaches(self, limit_c: float, *, prefers_early: bool = False) -> bool:
        """Say whether the limit is expected to be reached within 24 hours."""
        return (self.peak_earlier_c if prefers_early else self.peak_early_c) >= limit_c
