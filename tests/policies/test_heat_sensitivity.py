"""Prove how heat levels rise, hold and fall, and what an unseen room does to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.alert import HeatLevel
from policies.heat_sensitivity import (
    assess_room,
)
from policies.model import (
    Freshness,
    LevelMemory,
    Person,
    RoomConditions,
    Tuning,
)
from tests.builders import (
    a_bedroom,
    a_person,
    a_reading,
    hours,
    minutes,
    room_conditions,
)

TUNING = Tuning()
N, L1, L2, L3, L4 = HeatLevel


def feels(
    slow_c: float | None,
    fast_c: float | None = None,
    air_c: float | None = None,
    **overrides: Any,  # noqa: ANN401 - the fields of what is built
) -> RoomConditions:
    """Return a living room with these means; the air is as warm as the slow one unless said."""
    fields: dict[str, Any] = {
        "temperature_c": slow_c if air_c is None else air_c,
        "effective_temperature_c": slow_c,
        "mean_30_min_c": slow_c,
        "mean_10_min_c": slow_c if fast_c is None else fast_c,
    }
    return replace(room_conditions(25.0), **(fields | overrides))


def level_of(
    conditions: RoomConditions,
    memory: LevelMemory | None = None,
    person: Person | None = None,
    elapsed: timedelta = timedelta(0),
    *,
    is_night: bool = False,
) -> LevelMemory:
    """Return the memory after judging a room once."""
    _, after = assess_room(
        person or a_person(),
        conditions,
        memory or LevelMemory(),
        is_night=is_night,
        elapsed=elapsed,
        tuning=TUNING,
    )
    return after


@pytest.mark.parametrize(
    ("slow_c", "fast_c", "air_c", "expected"),
    [
        (25.99, 25.99, 25.0, N),
        (26.0, 26.0, 25.0, L1),
        (26.01, 26.01, 25.0, L1),
        (28.99, 31.99, 25.0, L1),  # levels 1 and 2 go by the half hour
        (29.0, 25.0, 25.0, L2),
        (31.99, 31.99, 30.0, L2),
        (33.0, 31.99, 30.0, L2),  # level 3 goes by ten minutes
        (25.0, 32.0, 30.0, L3),
        (36.0, 36.0, 34.99, L3),
        (36.0, 36.0, 35.0, L4),
        (36.0, 34.9, 35.5, L3),  # one hot reading does not call level 4
        (39.39, 39.39, 33.0, L3),
        (39.4, 39.4, 33.0, L4),
    ],
)
def test_levels_below_at_and_above_each_limit(
    slow_c: float, fast_c: float, air_c: float, expected: HeatLevel
) -> None:
    """A level begins exactly at its limit."""
    assert level_of(feels(slow_c, fast_c, air_c)).level is expected


@pytest.mark.parametrize(
    ("celsius", "is_night", "expected"),
    [
        (23.9, True, N),
        (24.0, True, L1),
        (25.9, True, L1),
        (26.0, True, L2),
        (25.9, False, N),
        (26.0, False, L1),
    ],
)
def test_a_bedroom_has_lower_limits_at_night(
    celsius: float,
    is_night: bool,  # noqa: FBT001 - a table column
    expected: HeatLevel,
) -> None:
    """At night a bedroom is judged by the night limits, by day like any room."""
    bedroom = replace(feels(celsius), room=a_bedroom())
    assert level_of(bedroom, is_night=is_night).level is expected
    assert level_of(feels(celsius), is_night=True).level is level_of(feels(celsius)).level


@pytest.mark.parametrize(
    ("slow_c", "clearing_for", "expected"),
    [
        (28.5, None, LevelMemory(L2)),  # within the hysteresis
        (28.5, minutes(14), LevelMemory(L2)),  # back in it: the fall starts anew
        (28.49, None, LevelMemory(L2, minutes(0))),
        (28.49, minutes(13), LevelMemory(L2, minutes(14))),
        (28.49, minutes(14), LevelMemory(L1)),
        (25.49, minutes(14), LevelMemory(N)),
        (25.5, minutes(14), LevelMemory(L1)),  # falls to what still holds
        (29.0, minutes(14), LevelMemory(L2)),
    ],
)
def test_a_level_falls_half_a_kelvin_below_for_fifteen_minutes(
    slow_c: float, clearing_for: timedelta | None, expected: LevelMemory
) -> None:
    """A level is left only after 15 minutes at more than 0.5 K under its limit."""
    memory = LevelMemory(L2, clearing_for)
    assert level_of(feels(slow_c), memory, elapsed=minutes(1)) == expected


def test_looking_costs_no_time() -> None:
    """Judging for display, with no time passed, never brings a fall nearer."""
    memory = LevelMemory(L2, minutes(14))
    for _ in range(100):
        memory = level_of(feels(20.0), memory)
    assert memory == LevelMemory(L2, minutes(14))


@pytest.mark.parametrize(
    "overrides",
    [
        {"freshness": Freshness.STALE},
        {"freshness": Freshness.WAITING},
        {"freshness": Freshness.AGE_UNKNOWN},
        {"mean_30_min_c": None, "mean_10_min_c": None, "effective_temperature_c": None},
        {
            "mean_30_min_c": float("nan"),
            "mean_10_min_c": float("nan"),
            "effective_temperature_c": float("nan"),
        },
    ],
)
def test_unknown_neither_lowers_nor_raises(overrides: dict[str, Any]) -> None:
    """A room that is not seen keeps its level for ever, and a fall that had begun starts anew."""
    for celsius in (18.0, 45.0):
        memory = LevelMemory(L2, minutes(14))
        for _ in range(20):
            memory = level_of(feels(celsius, **overrides), memory, elapsed=hours(1))
        assert memory == LevelMemory(L2)
        assert level_of(feels(celsius, **overrides)) == LevelMemory()


def test_a_suspect_sensor_may_raise_and_not_lower() -> None:
    """What a suspect sensor says counts upward only; a believed one beside it counts both ways."""
    suspect = a_reading(is_suspect=True, suspect_reason="stuck")
    assert level_of(feels(30.0, readings=(suspect,))).level is L2
    cool = feels(20.0, readings=(suspect,))
    assert level_of(cool, LevelMemory(L2, minutes(14)), elapsed=hours(9)) == LevelMemory(L2)
    both = feels(20.0, readings=(suspect, a_reading(sensor_id="other")))
    assert level_of(both, LevelMemory(L2, minutes(14)), elapsed=minutes(1)) == LevelMemory(N)
