"""Motion shows where the only person of a home is: it adds a room, and never lowers anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.alert import HeatLevel
from policies.cooling_view import room_views
from policies.heat_sensitivity import assess_for_display, evaluate
from policies.model import Snapshot, Stay
from tests.builders import (
    a_bedroom,
    a_person,
    a_room,
    a_snapshot,
    local,
    minutes,
    person_conditions,
    room_conditions,
)
from tests.strategies import snapshots

ANNA = a_person(rooms=("living", "bedroom"))
NIGHT = local(23, 30)
COOL_BEDROOM = room_conditions(22.0, a_bedroom())


def night(since_motion: timedelta | None, *others: str, living_c: float = 31.0) -> Snapshot:
    """Return a night in which Anna should be in bed and the living room is hot."""
    living = room_conditions(living_c, since_motion=since_motion)
    people = [ANNA, *(replace(ANNA, person_id=name, name=name) for name in others)]
    found = tuple(person_conditions(person) for person in people)
    return a_snapshot(NIGHT, rooms=(living, COOL_BEDROOM), people=found)


def test_hot_room_in_which_somebody_moves_is_said() -> None:
    """Awake at night in a hot living room: the usual hours are not the whole truth."""
    assert evaluate(night(None)).levels["anna"] is HeatLevel.NORMAL
    assert evaluate(night(minutes(30.1))).levels["anna"] is HeatLevel.NORMAL
    result = evaluate(night(minutes(30)))
    assert result.levels["anna"] is HeatLevel.WARNING
    assert result.findings[0].message.parameters["room"] == "living room"


def test_room_in_which_somebody_moves_has_a_limit_and_is_cooled() -> None:
    """Its limit is that of the day room, at once in what a reading shows and in the plan."""
    snapshot = night(minutes(5))
    result = evaluate(snapshot)
    assert [room.limit_c for room in result.rooms] == [26.0, 24.0]
    needs = {view.conditions.room.room_id: view.need for view in room_views(snapshot, result)}
    need = needs["living"]
    assert need is not None
    assert (need.limit_c, need.is_now, need.is_night) == (26.0, True, False)
    shown = assess_for_display(
        snapshot.rooms[0], [ANNA], {}, NIGHT, bedrooms={"bedroom"}, is_occupied=True
    )
    assert shown.limit_c == 26.0


def test_of_two_people_nobody_knows_who_moved() -> None:
    """A home of two keeps to the usual hours."""
    assert evaluate(night(minutes(5), "ben")).levels["anna"] is HeatLevel.NORMAL


def test_motion_in_a_cool_room_hides_no_hot_one_elsewhere() -> None:
    """Where the usual room is not seen, hot rooms elsewhere stand in for it, motion or not."""
    by_day = Stay("living", time(9), time(18))
    anna = a_person(rooms=("living", "bedroom", "kitchen"), stays=(by_day,))
    kitchen = room_conditions(22.0, a_room(room_id="kitchen", name="kitchen"))
    rooms = (room_conditions(None), room_conditions(31.0, a_bedroom()), kitchen)
    for since_motion in (None, minutes(1)):
        there = (*rooms[:2], replace(kitchen, since_motion=since_motion))
        snapshot = a_snapshot(rooms=there, people=(person_conditions(anna),))
        assert evaluate(snapshot).levels["anna"] is HeatLevel.WARNING


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), st.lists(st.none() | st.integers(0, 60), min_size=6, max_size=6))
def test_motion_never_lowers_a_level(snapshot: Snapshot, ages_min: list[int | None]) -> None:
    """Whatever the home, with motion every person's level is at least what it is without."""
    calm = replace(
        snapshot, rooms=tuple(replace(room, since_motion=None) for room in snapshot.rooms)
    )
    moving = replace(
        snapshot,
        rooms=tuple(
            replace(room, since_motion=None if age is None else minutes(age))
            for room, age in zip(snapshot.rooms, ages_min, strict=False)
        )
        + snapshot.rooms[len(ages_min) :],
    )
    before, after = evaluate(calm).levels, evaluate(moving).levels
    assert all(after[person_id] >= level for person_id, level in before.items())
