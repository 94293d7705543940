"""Describe a room at one hour in the numbers from which its later temperature follows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from policies.room_record import BRIDGED_OUTDOOR_GAP_H, DAY_H, RoomRecord

KNOTS_H: Final = (1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21, 24, 30, 36, 42, 48)
"""How far ahead a line of its own is fitted; between them the forecast runs straight."""

HORIZON_H: Final = KNOTS_H[-1]

PATH_HOURS: Final = 8.0
"""How long an hour outdoors on the way to the target keeps counting."""

WEATHER_SCALE_C: Final = 4.0
SUN_SCALE_KW_M2: Final = 0.2
"""A usual size of each kind of number, so that one penalty fits all (search as for filters)."""

STEP_DAYS: Final = 7

BASE_NUMBERS: Final = 17
SUN_NUMBERS: Final = 3
OUTDOOR_DIFFERENCE: Final = 6
"""The place of the outdoor difference to the known day, filtered over 12 hours."""

_KEPT = math.exp(-1.0 / PATH_HOURS)
_PATH_WEIGHTS = tuple(
    sum(_KEPT**hour for hour in range(ahead_h)) for ahead_h in range(HORIZON_H + 1)
)
_TURNS = tuple(
    tuple(
        wave(2 * math.pi * cycles * hour / DAY_H)
        for cycles in (1, 2)
        for wave in (math.sin, math.cos)
    )
    for hour in range(DAY_H)
)


def count_numbers(record: RoomRecord) -> int:
    """Return how many numbers `describe` gives for a record."""
    return BASE_NUMBERS + (SUN_NUMBERS if record.has_sun else 0)


def describe(record: RoomRecord, hour: int, ahead_h: int) -> list[float] | None:
    """Return the numbers for an hour and how far to look ahead; the last is 1.

    Reads the room up to `hour` and the weather up to `hour + ahead_h`, nothing later.

    Args:
        record: the room and its weather.
        hour: the present; the room is known in it.
        ahead_h: 1 to 48.

    Returns:
        `None` where the room is not known in that hour, or the weather not far enough.
    """
    here, there = hour - record.first_h, hour - record.first_h + ahead_h
    now_c = record.indoor_at(hour)
    if now_c is None or hour + ahead_h >= record.weather_end_h:
        return None
    if record.outdoor_age_h[there] > BRIDGED_OUTDOOR_GAP_H:
        return None
    before = record.same_hour_before(here, ahead_h)
    day_mean_c = record.day_mean_c[here]
    numbers = [
        _rise(record, here, 1, now_c),
        _rise(record, here, 3, now_c),
        0.0 if day_mean_c is None else now_c - day_mean_c,
        0.0 if before is None else (record.bridged_c[before] or 0.0) - now_c,
        _usual_step(record, here, ahead_h),
    ]
    if before is None:
        numbers += (0.0, 0.0, 0.0)
    else:
        numbers += [
            (filtered[there] - filtered[before]) / WEATHER_SCALE_C for filtered in record.filtered_c
        ]
    numbers.append((record.outdoor_c[there] - now_c) / WEATHER_SCALE_C)
    numbers.append((record.filtered_c[1][there] - now_c) / WEATHER_SCALE_C)
    numbers += _paths(record.outdoor_c[here + 1 : there + 1], now_c)
    numbers += _TURNS[(hour + ahead_h) % DAY_H]
    if record.has_sun:
        numbers += [
            0.0 if before is None else (filtered[there] - filtered[before]) / SUN_SCALE_KW_M2
            for filtered in record.filtered_sun
        ]
    numbers.append(1.0)
    return numbers


def _rise(record: RoomRecord, here: int, hours: int, now_c: float) -> float:
    before_c = record.bridged_c[here - hours] if here >= hours else None
    return 0.0 if before_c is None else now_c - before_c


def _usual_step(record: RoomRecord, here: int, ahead_h: int) -> float:
    """Return the mean of the same step on the last seven days, 0 where none is known."""
    bridged = record.bridged_c
    end = here + ahead_h - DAY_H * math.ceil(ahead_h / DAY_H)
    total, known = 0.0, 0
    for _ in range(STEP_DAYS):
        if end < ahead_h:
            break
        end_c, start_c = bridged[end], bridged[end - ahead_h]
        if end_c is not None and start_c is not None:
            total, known = total + end_c - start_c, known + 1
        end -= DAY_H
    return total / known if known else 0.0


def _paths(outdoor_c: Sequence[float], now_c: float) -> tuple[float, float]:
    """Return by how much the way is colder than the room and warmer, the end counting most."""
    colder, warmer = 0.0, 0.0
    for value in outdoor_c:
        difference = value - now_c
        colder *= _KEPT
        warmer *= _KEPT
        if difference < 0.0:
            colder += difference
        else:
            warmer += difference
    weight = _PATH_WEIGHTS[len(outdoor_c)] * WEATHER_SCALE_C
    return colder / weight, warmer / weight
