"""Judge heat for every person: levels 1 to 4 in their rooms, now and in the hours ahead.

Levels compare the effective temperature (the larger of air and heat index) with the person's own
limits. They rise at once with the rolling means, and fall only after the value was clearly below
for a while. What is not seen, or not believed, never lowers a level.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from policies.airing import WARM_DAY_UNDER_LIMIT_C, airing_times, weather
from policies.alert import Finding, HeatLevel
from policies.foresight import hottest
from policies.heat_ahead import ForetoldRoom, finding_foretold
from policies.heat_limits import (
    Limits,
    every_room_of,
    is_night,
    personal_limits,
    rooms_of,
    rooms_with_motion,
)
from policies.heat_message import JudgedRoom, finding_ahead, finding_now
from policies.heat_outlook import Outlooks
from policies.model import (
    Forecast,
    Freshness,
    LevelMemory,
    Person,
    RoomAssessment,
    RoomConditions,
    Snapshot,
    Tuning,
)

__all__ = [
    "HeatResult",
    "Limits",
    "assess_for_display",
    "assess_room",
    "evaluate",
    "is_believed",
    "personal_limits",
    "rooms_of",
    "usable_forecast",
]

NOBODY: Final = Person("", "", ())
"""Whose limits judge a room that nobody is configured to be in: the product's defaults."""


@dataclass(frozen=True, slots=True)
class HeatResult:
    """Carry what heat means now: at most one finding a person, and every room and level.

    `rooms` judges each room by the people who use it; its `limit_c` is `None` while nobody is
    in it. `level_memory` has a key for each person and each of their rooms.
    """

    findings: tuple[Finding, ...] = ()
    rooms: tuple[RoomAssessment, ...] = ()
    levels: Mapping[str, HeatLevel] = field(default_factory=dict)
    level_memory: Mapping[tuple[str, str], LevelMemory] = field(default_factory=dict)


def assess_room(
    person: Person,
    conditions: RoomConditions,
    memory: LevelMemory,
    *,
    is_night: bool,
    elapsed: timedelta = timedelta(0),
    tuning: Tuning,
) -> tuple[RoomAssessment, LevelMemory]:
    """Judge one room for one person, cheaply enough to be done for every reading.

    Args:
        person: whose limits count.
        conditions: of the room.
        memory: the level so far.
        is_night: whether the person is in bed at this hour (counts in a bedroom).
        elapsed: since `memory` was made; only the caller that keeps the result may count time,
            so whoever merely looks leaves it at zero.
        tuning: hysteresis and hold.

    Returns:
        The assessment, and the memory for the next call.
    """
    limits = personal_limits(person, is_night and conditions.room.is_bedroom)
    values = _values(conditions)
    memory = _next_memory(limits, conditions, values, memory, elapsed, tuning)
    assessment = RoomAssessment(
        room_id=conditions.room.room_id,
        level=memory.level,
        freshness=conditions.freshness,
        effective_temperature_c=_first_finite(conditions.effective_temperature_c),
        limit_c=limits.level_1_c,
        reason=_reason(limits, conditions, values, memory.level),
    )
    return assessment, memory


def assess_for_display(  # noqa: PLR0913 - the parts of a snapshot that matter to one room
    conditions: RoomConditions,
    people: Iterable[Person],
    level_memory: Mapping[tuple[str, str], LevelMemory],
    now_local: datetime,
    *,
    tuning: Tuning | None = None,
    bedrooms: Collection[str] | None = None,
    shown: RoomAssessment | None = None,
    is_occupied: bool = False,
) -> RoomAssessment:
    """Judge one room for all who use it, without counting time: what a reading shows at once.

    Args:
        conditions: of the room.
        people: of the home.
        level_memory: as the last decision left it.
        now_local: aware, in the home's zone.
        tuning: of the home; the defaults when left out.
        bedrooms: ids of the home's bedrooms; when left out, only this room is told apart.
        shown: the last decision's assessment, whose outlook still holds.
        is_occupied: whether motion shows the home's only person there.
    """
    room = conditions.room
    if bedrooms is None:
        bedrooms = (room.room_id,) if room.is_bedroom else ()
    judged: list[RoomAssessment] = []
    limits_c: list[float] = []
    users = [person for person in people if room.room_id in every_room_of(person)]
    for person in users or [NOBODY]:
        memory = level_memory.get((person.person_id, room.room_id), LevelMemory())
        assessment, _ = assess_room(
            person,
            conditions,
            memory,
            is_night=is_night(person, now_local),
            tuning=tuning or _DEFAULT_TUNING,
        )
        judged.append(assessment)
        here = rooms_of(person, now_local, bedrooms, (room.room_id,) if is_occupied else ())
        if room.room_id in here and assessment.limit_c is not None:
            limits_c.append(assessment.limit_c)
    return _shown_room(judged, limits_c, shown)


def evaluate(snapshot: Snapshot) -> HeatResult:
    """Judge every person and room of the home."""
    house = _House(snapshot)
    findings: list[Finding] = []
    levels: dict[str, HeatLevel] = {}
    for conditions in snapshot.people:
        person = conditions.person
        worst = house.worst_room(person)
        level = HeatLevel.NORMAL if worst is None else worst.level
        levels[person.person_id] = level
        ahead = house.finding_ahead(person) if level < HeatLevel.WARNING else None
        if ahead is not None:
            findings.append(ahead)
        elif worst is not None and level > HeatLevel.NORMAL:
            findings.append(finding_now(person, worst, snapshot.now_local.tzinfo))
    return HeatResult(tuple(findings), house.assessments(), levels, house.memory)


# --------------------------------------------------------------------------- one room

_Values = tuple[float, float, float | None]  # the slow mean, the fast mean, the air


def _next_memory(
    limits: Limits,
    conditions: RoomConditions,
    values: _Values | None,
    memory: LevelMemory,
    elapsed: timedelta,
    tuning: Tuning,
) -> LevelMemory:
    if values is None:
        # Unknown is never fine: the level stays, and a fall that had begun starts anew.
        return replace(memory, clearing_for=None) if memory.clearing_for is not None else memory
    slow_c, fast_c, air_c = values
    reached = limits.level(slow_c, fast_c, air_c)
    if reached >= memory.level:
        return LevelMemory(reached)
    slack_c = tuning.hysteresis_c
    held = limits.level(
        slow_c + slack_c, fast_c + slack_c, None if air_c is None else air_c + slack_c
    )
    if held >= memory.level or not is_believed(conditions):
        return LevelMemory(memory.level)
    clearing_for = timedelta(0) if memory.clearing_for is None else memory.clearing_for + elapsed
    if clearing_for >= tuning.resolve_hold:
        return LevelMemory(held)
    return LevelMemory(memory.level, clearing_for)


def _values(conditions: RoomConditions) -> _Values | None:
    """Return the slow mean, the fast mean and the air temperature of a room that is seen now."""
    if conditions.freshness is not Freshness.FRESH:
        return None
    fast_c = _first_finite(conditions.mean_10_min_c, conditions.effective_temperature_c)
    slow_c = _first_finite(conditions.mean_30_min_c, fast_c)
    if slow_c is None:
        return None
    return slow_c, slow_c if fast_c is None else fast_c, _first_finite(conditions.temperature_c)


def _first_finite(*values: float | None) -> float | None:
    for value in values:
        if value is not None and math.isfinite(value):
            return value
    return None


def is_believed(conditions: RoomConditions) -> bool:
    """Say whether a fresh sensor speaks that is not suspect; without one a level may only rise."""
    fresh = [
        reading
        for reading in conditions.readings
        if reading.freshness is Freshness.FRESH and reading.temperature_c is not None
    ]
    return not fresh or any(not reading.is_suspect for reading in fresh)


def _reason(
    limits: Limits, conditions: RoomConditions, values: _Values | None, level: HeatLevel
) -> str:
    name = conditions.room.name
    if values is None:
        kept = f"level {int(level)} kept" if level else "no level known"
        return f"{name} is not seen ({conditions.freshness}), {kept}"
    slow_c, fast_c, air_c = values
    if not is_believed(conditions) and limits.level(slow_c, fast_c, air_c) < level:
        return f"{name} is seen but not believed, level {int(level)} kept"
    value_c, span = (fast_c, 10) if level >= HeatLevel.HIGH else (slow_c, 30)
    following = level or HeatLevel.ADVISORY
    return (
        f"{name} {value_c:.1f} °C over {span} min, "
        f"level {int(following)} from {limits.at(following):.1f} °C"
    )


def _worst(judged: list[RoomAssessment]) -> RoomAssessment:
    # Of several at the same level the strictest limit speaks, whoever comes first in the settings.
    return max(judged, key=lambda found: (found.level, -(found.limit_c or 0.0), found.reason))


def _shown_room(
    judged: list[RoomAssessment], limits_c: list[float], shown: RoomAssessment | None
) -> RoomAssessment:
    worst = _worst(judged)
    ahead = worst if shown is None else shown
    return replace(
        worst,
        limit_c=min(limits_c, default=None),
        expected_level=ahead.expected_level,
        expected_at=ahead.expected_at,
        expected_maximum_c=ahead.expected_maximum_c,
        expected_maximum_at=ahead.expected_maximum_at,
        open_windows_at=ahead.open_windows_at,
        close_windows_at=ahead.close_windows_at,
    )


_DEFAULT_TUNING: Final = Tuning()


# --------------------------------------------------------------------------- the whole home


class _House:
    """Hold one snapshot's rooms as each person finds them, and expectations made on demand."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.tuning = snapshot.home.tuning
        self.rooms = {found.room.room_id: found for found in snapshot.rooms}
        self.bedrooms = frozenset(
            room_id for room_id, found in self.rooms.items() if found.room.is_bedroom
        )
        self.moving = rooms_with_motion(snapshot.rooms, snapshot.people)
        self.forecast = usable_forecast(snapshot)
        self.memory: dict[tuple[str, str], LevelMemory] = {}
        self.judged: dict[tuple[str, str], RoomAssessment] = {}
        self.air = weather(self.forecast)
        self._users: dict[str, list[Person]] = {}
        for found in snapshot.people:
            for room_id in self._known(every_room_of(found.person)):
                self._users.setdefault(room_id, []).append(found.person)
        for room_id in self.rooms:
            for person in self._users.setdefault(room_id, [NOBODY]):
                self._judge(person, room_id)
        self._outlooks = Outlooks(snapshot, self.forecast, self._users, self.bedrooms)

    def _judge(self, person: Person, room_id: str) -> None:
        key = (person.person_id, room_id)
        self.judged[key], self.memory[key] = assess_room(
            person,
            self.rooms[room_id],
            self.snapshot.level_memory.get(key, LevelMemory()),
            is_night=is_night(person, self.snapshot.now_local),
            elapsed=self.snapshot.since_last_decision,
            tuning=self.tuning,
        )

    def worst_room(self, person: Person) -> JudgedRoom | None:
        """Return the worst of the rooms where the person is; seen ones elsewhere if those are not.

        Rooms that are not seen keep their level, so they may still be the worst.
        """
        here = self._known(rooms_of(person, self.snapshot.now_local, self.bedrooms))
        if not any(_values(self.rooms[room_id]) for room_id in here):
            elsewhere = self._known(every_room_of(person))
            here += [r for r in elsewhere if r not in here and _values(self.rooms[r])]
        # Added last: a cool room in which somebody moves must not hide one that is not seen.
        here += [r for r in every_room_of(person) if r in self.moving and r not in here]
        return max(
            (self._judged_room(person, room_id) for room_id in here),
            key=lambda room: (room.level, _first_finite(room.conditions.mean_10_min_c, 0.0)),
            default=None,
        )

    def finding_ahead(self, person: Person) -> Finding | None:
        """Return the finding that level 2 is expected where the person will be, or `None`."""
        room, snapshot = self._outlooks.expected(person), self.snapshot
        if room is None:
            return None
        if isinstance(room, ForetoldRoom):
            return finding_foretold(person, room, snapshot, self.forecast, self.air)
        horizon = self.tuning.planning_horizon
        age = snapshot.forecast_age
        return finding_ahead(person, room, self.forecast, age, snapshot.now_local, horizon)

    def assessments(self) -> tuple[RoomAssessment, ...]:
        """Return every room, judged for all who use it."""
        return tuple(self._assessment(room_id) for room_id in self.rooms)

    def _assessment(self, room_id: str) -> RoomAssessment:
        users = self._users[room_id]
        judged = [self.judged[person.person_id, room_id] for person in users]
        here = [
            limit_c
            for person, assessment in zip(users, judged, strict=True)
            if room_id in rooms_of(person, self.snapshot.now_local, self.bedrooms, self.moving)
            and (limit_c := assessment.limit_c) is not None
        ]
        worst = _worst(judged)
        expected, expected_at = self._outlooks.level(room_id, worst.level)
        outlook: dict[str, Any] = {}
        if expected_at is not None:
            outlook = {"expected_level": expected, "expected_at": expected_at}
        limit_c = min(here, default=None)
        return replace(worst, limit_c=limit_c, **outlook, **self._foretold(room_id))

    def _foretold(self, room_id: str) -> dict[str, Any]:
        """Return what the room's own forecast says of the day ahead, for its assessment."""
        conditions, now_utc = self.rooms[room_id], self.snapshot.now_utc
        is_clock_set = self.snapshot.is_clock_synchronised
        hours = self._outlooks.foreseen(room_id) if is_clock_set else ()
        peak = hottest(conditions, now_utc, hours)
        if peak is None:
            return {}
        is_warm = peak[0] >= self._outlooks.lowest_limit_c(room_id) - WARM_DAY_UNDER_LIMIT_C
        airing = airing_times(conditions, self.air, now_utc, hours) if is_warm else None
        return {
            "expected_maximum_c": peak[0],
            "expected_maximum_at": peak[1],
            "open_windows_at": None if airing is None else airing.open_at,
            "close_windows_at": None if airing is None else airing.close_at,
        }

    def _known(self, room_ids: Iterable[str]) -> list[str]:
        return [room_id for room_id in room_ids if room_id in self.rooms]

    def _judged_room(self, person: Person, room_id: str) -> JudgedRoom:
        conditions = self.rooms[room_id]
        assessment = self.judged[person.person_id, room_id]
        in_bed = is_night(person, self.snapshot.now_local)
        return JudgedRoom(
            conditions=conditions,
            limits=personal_limits(person, in_bed and conditions.room.is_bedroom),
            level=assessment.level,
            is_trusted=_values(conditions) is not None and is_believed(conditions),
            reason=assessment.reason,
        )


def usable_forecast(snapshot: Snapshot) -> Forecast | None:
    """Return the forecast unless it is too old, or of unknown age."""
    age = snapshot.forecast_age
    is_young = age is not None and age <= snapshot.home.tuning.forecast_usable
    return snapshot.forecast if is_young else None
