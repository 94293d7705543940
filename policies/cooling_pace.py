"""Tell an air conditioner's pace in its room from its own runs, against what was foretold.

A run tells it once: after its first hour, or when the room has come near the target, from where on
the thermostat rests. Of the last ten the middle one counts, from three on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from policies.cooling_ahead import STAYS_PER_H, hour_curve
from policies.room_forecast import RoomForecast

RUNS_KEPT = 10
RUNS_NEEDED = 3
LEAST_FALL_K, MOST_FALL_K = 0.2, 8.0
WHOLE_RUN = timedelta(hours=1)
SHORTEST_RUN = timedelta(minutes=5)  # a strong device is at its target within minutes
RESTS_ABOVE_TARGET_K = 0.5
"""Source: our own choice; in the simulated flats the learned pace is within a third of the true
one."""

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Run:
    """Hold what was foretold of a room when a run of its air conditioner began.

    `began_h` is in hours since 1970; `room_c` is the effective temperature then.
    """

    ahead: RoomForecast
    began_h: float
    room_c: float

    def uncooled_c(self, ran: timedelta) -> float:
        """Return what the room would be now without the run."""
        ran_h = ran / _HOUR
        off_k = self.room_c - middle_c(self.ahead, self.began_h)
        return middle_c(self.ahead, self.began_h + ran_h) + off_k * math.pow(STAYS_PER_H, ran_h)


def middle_c(ahead: RoomForecast, hour: float) -> float:
    """Return what a room is expected to be at a moment, in hours since 1970, without cooling."""
    place = hour - ahead.hours[0].hour - 0.5  # a mean over an hour is the value in its middle
    before = min(max(math.floor(place), 0), len(ahead.hours) - 1)
    after = min(before + 1, len(ahead.hours) - 1)
    earlier_c, later_c = ahead.hours[before].middle_c, ahead.hours[after].middle_c
    return earlier_c + (later_c - earlier_c) * min(max(place - before, 0.0), 1.0)


def is_telling(ran: timedelta, room_c: float, target_c: float | None) -> bool:
    """Return whether a run tells the pace now."""
    is_near = target_c is not None and room_c <= target_c + RESTS_ABOVE_TARGET_K
    return ran >= WHOLE_RUN or (is_near and ran >= SHORTEST_RUN)


def fall_k(uncooled_c: float, room_c: float, ran: timedelta) -> float:
    """Return by how much a first hour at full power lowers the room, as this run tells it, in K.

    >>> round(fall_k(27.0, 25.0, timedelta(hours=1)), 1)
    2.0
    """
    told_k = (uncooled_c - room_c) / hour_curve(ran / _HOUR)
    return min(max(told_k, LEAST_FALL_K), MOST_FALL_K)


def learned_fall_k(told_k: Sequence[float]) -> float | None:
    """Return the pace that the last runs tell, oldest first; `None` while they are too few."""
    last = told_k[-RUNS_KEPT:]
    return median(last) if len(last) >= RUNS_NEEDED else None
