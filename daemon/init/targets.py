"""Aim air conditioners under the limits of everybody who is in their rooms."""

from __future__ import annotations

from dataclasses import replace

from daemon.init.plan import CoolingPlan, PersonPlan, Plan, RoomPlan
from policies.cooling_view import LOWEST_TARGET_C, TARGET_UNDER_LIMIT_C
from policies.heat_limits import personal_limits
from policies.model import Flag, Person

USUAL_DAY_C, USUAL_NIGHT_C = 24.0, 22.0  # Source: EVIDENCE 8, the settings' defaults


def with_targets(plan: Plan) -> Plan:
    """Return the plan with a lower target wherever the usual one would not keep a limit."""
    return replace(plan, rooms=tuple(_aimed(room, plan.people) for room in plan.rooms))


def _aimed(room: RoomPlan, people: tuple[PersonPlan, ...]) -> RoomPlan:
    there = [_as_person(person) for person in people if room.room_id in person.rooms]
    if not there:
        return room
    day_c = min(personal_limits(person, False).level_1_c for person in there)  # noqa: FBT003
    night_c = min(personal_limits(person, True).level_1_c for person in there)  # noqa: FBT003
    target_day_c = _under(day_c, USUAL_DAY_C)
    target_night_c = _under(night_c, USUAL_NIGHT_C) if room.is_bedroom else None
    return replace(
        room,
        cooling=tuple(
            replace(device, target_day_c=target_day_c, target_night_c=target_night_c)
            if is_air_conditioner(device)
            else device
            for device in room.cooling
        ),
    )


def _under(limit_c: float, usual_c: float) -> float | None:
    """Return a target under a limit; `None` where the usual one is."""
    return None if usual_c < limit_c else max(LOWEST_TARGET_C, limit_c - TARGET_UNDER_LIMIT_C)


def is_air_conditioner(device: CoolingPlan) -> bool:
    """Return whether a device cools the air."""
    return device.entity.startswith("climate.") or device.role == "air_conditioner"


def _as_person(person: PersonPlan) -> Person:
    flags = frozenset(Flag(flag) for flag in person.flags)
    return Person(person.person_id, person.name, person.rooms, flags=flags)
