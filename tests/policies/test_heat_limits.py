"""Prove whose limits count, and in which rooms a person is at what time."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from policies.heat_limits import rooms_with_motion
from policies.heat_sensitivity import (
    personal_limits,
    rooms_of,
)
from policies.model import (
    Flag,
    Stay,
)
from tests.builders import (
    a_person,
    local,
    minutes,
    person_conditions,
    room_conditions,
)

SWEAT, CIRCULATION, SENSITIVE, SET_POINT = (
    Flag.REDUCED_SWEATING,
    Flag.CIRCULATION,
    Flag.HEAT_SENSITIVE,
    Flag.HEAT_PRODUCTION_OR_SET_POINT,
)


@pytest.mark.parametrize(
    ("offset_c", "flags", "day", "night"),
    [
        (0, (), (26, 29), (24, 26)),
        (0, (SENSITIVE,), (25, 28), (23, 25)),
        (0, (SWEAT, CIRCULATION), (24, 27), (22, 24)),
        (0, (SWEAT, CIRCULATION, SENSITIVE), (24, 27), (22, 24)),  # together at most -2
        (0, (SET_POINT,), (25, 29), (23, 26)),  # moves level 1 only
        (
            0,
            (Flag.FLUID_OR_SALT_LOSS, Flag.LITHIUM_OR_NARROW, Flag.FLUID_RESTRICTED),
            (26, 29),
            (24, 26),
        ),
        (-1, (SWEAT, CIRCULATION), (23, 26), (22, 23)),
        (-2, (SWEAT, CIRCULATION), (23, 26), (22, 23)),  # the sum at most -3
        (-9, (), (23, 26), (22, 23)),
        (2, (), (28, 31), (26, 28)),
        (9, (), (28, 31), (26, 28)),  # the sum at most +2
        (4, (SWEAT,), (28, 31), (26, 28)),
    ],
)
def test_offsets_and_flags_move_levels_1_and_2_only(
    offset_c: float,
    flags: tuple[Flag, ...],
    day: tuple[float, float],
    night: tuple[float, float],
) -> None:
    """Each flag counts -1 K within the caps, and a bedroom's night limit is never under 22 °C."""
    person = a_person(offset_c=float(offset_c), flags=frozenset(flags))
    for is_night_bedroom, expected in ((False, day), (True, night)):
        limits = personal_limits(person, is_night_bedroom)
        assert (limits.level_1_c, limits.level_2_c) == expected
        assert limits.level_3_c == 32.0
        assert (limits.level_4_air_c, limits.level_4_heat_index_c) == (35.0, 39.4)


def test_limits_stay_in_order_whatever_is_set() -> None:
    """Level 2 keeps a kelvin above level 1, and neither passes a level 3 set low."""
    odd = a_person(level_1_c=28.0, level_2_c=31.0, level_3_c=29.0, offset_c=2.0)
    limits = personal_limits(odd, is_night_bedroom=False)
    assert (limits.level_1_c, limits.level_2_c, limits.level_3_c) == (28.0, 29.0, 29.0)


# --------------------------------------------------------------------------- rooms


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (local(7, 0), ("living", "kitchen")),
        (local(22, 29), ("living", "kitchen")),
        (local(22, 30), ("bedroom",)),
        (local(3), ("bedroom",)),
        (local(6, 59), ("bedroom",)),
        (local(13), ("bedroom",)),  # the midday rest
        (local(13, 59), ("bedroom",)),
        (local(14), ("living", "kitchen")),
    ],
)
def test_rooms_by_time_of_day(at: datetime, expected: tuple[str, ...]) -> None:
    """Bedrooms from bed to wake, the others by day, and a stay wins over both."""
    rest = Stay("bedroom", time(13), time(14))
    person = a_person(rooms=("living", "bedroom", "kitchen"), stays=(rest,))
    assert rooms_of(person, at, {"bedroom"}) == expected


def test_rooms_when_the_rule_leaves_none() -> None:
    """Someone with one room is always there, and a stay may run over midnight."""
    assert rooms_of(a_person(rooms=("living",)), local(3), {"bedroom"}) == ("living",)
    assert rooms_of(a_person(rooms=("bedroom",)), local(12), {"bedroom"}) == ("bedroom",)
    late = Stay("study", time(22), time(2))
    person = a_person(rooms=("living", "bedroom"), stays=(late,))
    assert rooms_of(person, local(1, 59), {"bedroom"}) == ("study",)
    assert rooms_of(person, local(2), {"bedroom"}) == ("bedroom",)


def test_motion_adds_a_room_of_the_person_and_takes_none_away() -> None:
    """Whoever moves in the kitchen at night is there too; another's room stays another's."""
    person = a_person(rooms=("living", "bedroom", "kitchen"))
    assert rooms_of(person, local(3), {"bedroom"}, {"kitchen"}) == ("bedroom", "kitchen")
    assert rooms_of(person, local(3), {"bedroom"}, {"bedroom", "attic"}) == ("bedroom",)


@pytest.mark.parametrize(
    ("since_motion", "is_there"),
    [(None, False), (minutes(0), True), (minutes(30), True), (minutes(30.1), False)],
)
def test_motion_counts_for_half_an_hour(*, since_motion: timedelta | None, is_there: bool) -> None:
    """Unknown and old motion change nothing."""
    room = room_conditions(22.0, since_motion=since_motion)
    assert rooms_with_motion([room], [person_conditions()]) == ({"living"} if is_there else set())


def test_motion_says_nothing_in_a_home_of_two() -> None:
    """Of two people nobody can tell who moved, and without anybody it is nobody's."""
    room = room_conditions(22.0, since_motion=minutes(1))
    ben = person_conditions(a_person(person_id="ben"))
    assert rooms_with_motion([room], [person_conditions(), ben]) == frozenset()
    assert rooms_with_motion([room], []) == frozenset()
