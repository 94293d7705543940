"""Say which limits are a person's own, and in which rooms they are at what time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from policies.alert import HeatLevel
from policies.model import Flag, Person, PersonConditions, RoomConditions

FLAG_OFFSET_C: Final = -1.0
LARGEST_FLAG_OFFSET_C: Final = -2.0
"""What flags take off together. Source: EVIDENCE 7 and 8 (our own choice, thin evidence)."""

LOWEST_OFFSET_C: Final = -3.0
HIGHEST_OFFSET_C: Final = 2.0

NIGHT_FLOOR_C: Final = 22.0
"""A bedroom's night limits never go under this, whatever the offsets. Source: EVIDENCE 8."""

LEVEL_GAP_C: Final = 1.0
"""Level 2 stays at least this far above level 1."""

LEVEL_4_AIR_C: Final = 35.0
LEVEL_4_HEAT_INDEX_C: Final = 39.4
"""Level 4 is its own test. Source: older WHO heat advice (35 °C air); NWS band of 103 °F."""

MOTION_COUNTS: Final = timedelta(minutes=30)
"""Who moved so recently counts as being in the room. Source: our own choice; as long as the mean
that levels 1 and 2 look at."""

FLAGS_ON_LEVEL_1: Final = frozenset(
    {
        Flag.HEAT_SENSITIVE,
        Flag.REDUCED_SWEATING,
        Flag.CIRCULATION,
        Flag.HEAT_PRODUCTION_OR_SET_POINT,
    }
)
FLAGS_ON_LEVEL_2: Final = FLAGS_ON_LEVEL_1 - {Flag.HEAT_PRODUCTION_OR_SET_POINT}
"""Which flags move which level. Source: EVIDENCE 7, column "default effect"."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Hold where each level begins, in °C of effective temperature (level 4: see `level`)."""

    level_1_c: float
    level_2_c: float
    level_3_c: float
    level_4_air_c: float = LEVEL_4_AIR_C
    level_4_heat_index_c: float = LEVEL_4_HEAT_INDEX_C

    def level(self, slow_c: float, fast_c: float, air_c: float | None) -> HeatLevel:
        """Return the highest level that is reached.

        Args:
            slow_c: effective temperature, 30-minute mean: for levels 1 and 2.
            fast_c: the same, 10-minute mean: for levels 3 and 4.
            air_c: air temperature; level 4 by air also needs the mean to be as high, so that no
                single reading calls it.
        """
        is_air_very_hot = air_c is not None and min(air_c, fast_c) >= self.level_4_air_c
        if is_air_very_hot or fast_c >= self.level_4_heat_index_c:
            return HeatLevel.VERY_HIGH
        if fast_c >= self.level_3_c:
            return HeatLevel.HIGH
        if slow_c >= self.level_2_c:
            return HeatLevel.WARNING
        return HeatLevel.ADVISORY if slow_c >= self.level_1_c else HeatLevel.NORMAL

    def at(self, level: HeatLevel) -> float:
        """Return where a level begins (level 1 for none; level 4 by air)."""
        limits_c = (self.level_1_c, self.level_1_c, self.level_2_c, self.level_3_c)
        return limits_c[level] if level < HeatLevel.VERY_HIGH else self.level_4_air_c


def personal_limits(person: Person, is_night_bedroom: bool) -> Limits:  # noqa: FBT001 - two kinds
    """Return a person's limits, by day or for a bedroom at night.

    Their own offset and their flags move levels 1 and 2, never 3 and 4. Flags count -1 K each,
    together at most -2; with the personal offset the sum stays within -3..+2.

    Source: EVIDENCE 7 and 8 (Meade et al. 2024; CIBSE TM59; WHO Europe for the night).

    >>> anna = Person("anna", "Anna", ("living",), flags=frozenset({Flag.CIRCULATION}))
    >>> limits = personal_limits(anna, False)
    >>> limits.level_1_c, limits.level_2_c, limits.level_3_c
    (25.0, 28.0, 32.0)
    """
    level_1_c = person.night_level_1_c if is_night_bedroom else person.level_1_c
    level_2_c = person.night_level_2_c if is_night_bedroom else person.level_2_c
    level_1_c += _offset_c(person, FLAGS_ON_LEVEL_1)
    level_2_c += _offset_c(person, FLAGS_ON_LEVEL_2)
    if is_night_bedroom:
        level_1_c = max(level_1_c, NIGHT_FLOOR_C)
    level_2_c = min(max(level_2_c, level_1_c + LEVEL_GAP_C), person.level_3_c)
    return Limits(min(level_1_c, level_2_c - LEVEL_GAP_C), level_2_c, person.level_3_c)


def is_night(person: Person, now_local: datetime) -> bool:
    """Say whether the person is in bed at this local time, by their own hours."""
    return _is_between(now_local.time(), person.bed_at, person.wake_at)


def is_motion_recent(since_motion: timedelta | None) -> bool:
    """Say whether somebody moved so recently that they count as being there."""
    return since_motion is not None and since_motion <= MOTION_COUNTS


def rooms_with_motion(
    rooms: Iterable[RoomConditions], people: Collection[PersonConditions]
) -> frozenset[str]:
    """Return the rooms in which motion shows where a person is.

    Only in a home of one person: of two, nobody can tell who moved.
    """
    if len(people) != 1:
        return frozenset()
    return frozenset(room.room.room_id for room in rooms if is_motion_recent(room.since_motion))


def rooms_of(
    person: Person,
    now_local: datetime,
    bedrooms: Collection[str] = (),
    moving: Collection[str] = (),
) -> tuple[str, ...]:
    """Return the rooms where a person is at this local time, as far as anybody knows.

    A stay that covers the time wins. Else, from bed to wake, the bedrooms among their rooms, and
    by day the others; all of their rooms when that leaves none. Motion adds a room of theirs and
    takes none away.

    Args:
        person: whose rooms.
        now_local: aware, in the home's zone.
        bedrooms: ids of the home's bedrooms; without them, no room is told apart.
        moving: rooms in which the person moves now, see `rooms_with_motion`.
    """
    usual = _usual_rooms(person, now_local, bedrooms)
    if not moving:
        return usual
    seen = (room_id for room_id in every_room_of(person) if room_id in moving)
    return tuple(dict.fromkeys((*usual, *seen)))


def _usual_rooms(person: Person, now_local: datetime, bedrooms: Collection[str]) -> tuple[str, ...]:
    now = now_local.time()
    stays = [stay.room_id for stay in person.stays if _is_between(now, stay.from_at, stay.until_at)]
    if stays:
        return tuple(dict.fromkeys(stays))
    is_in_bed = is_night(person, now_local)
    rooms = tuple(room_id for room_id in person.rooms if (room_id in bedrooms) is is_in_bed)
    return rooms or person.rooms


def every_room_of(person: Person) -> tuple[str, ...]:
    """Return every room that a person uses at some time of day."""
    return tuple(dict.fromkeys((*person.rooms, *(stay.room_id for stay in person.stays))))


def _offset_c(person: Person, counted: frozenset[Flag]) -> float:
    if not person.flags and not person.offset_c:  # the usual case, asked for with every reading
        return 0.0
    flags_c = max(FLAG_OFFSET_C * len(person.flags & counted), LARGEST_FLAG_OFFSET_C)
    return min(max(person.offset_c + flags_c, LOWEST_OFFSET_C), HIGHEST_OFFSET_C)


def _is_between(now: time, start: time, end: time) -> bool:
    if start <= end:
        return start <= now < end
    return now >= start or now < end
