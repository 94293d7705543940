"""Judge messages about heat by the recorded temperatures, apart from keepcool's policies.

Whoever judges knows a person's limits and where they are by their own hours; what is hot is the
larger of air temperature and the plain NWS heat index, over half an hour.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from statistics import median
from typing import Final

from policies.heat_limits import is_night, personal_limits, rooms_of
from policies.model import Person
from policies.psychrometrics import heat_index_c

WINDOW: Final = timedelta(minutes=30)
STEP: Final = timedelta(minutes=5)
RESOLVE_K: Final = 0.5  # cooler than the limit by this much ends a hot spell
SAME_SPELL: Final = timedelta(hours=3)  # a shorter pause belongs to the same hot spell
ANNOUNCED_WITHIN: Final = timedelta(hours=10)
NAMED_HOUR_SLACK: Final = timedelta(hours=3)  # it was right if the heat came by then
TOLD_WITHIN: Final = timedelta(minutes=15)

Air = tuple[float, float | None]  # temperature in °C, relative humidity in %
Stretch = tuple[datetime, datetime]
AirAt = Callable[[str, datetime], Air | None]  # by room


@dataclass(frozen=True, slots=True)
class Spell:
    """Hold one time in which it was at level 2 or above; pauses lie between its parts."""

    parts: tuple[Stretch, ...]

    @property
    def start(self) -> datetime:
        """Return when it became too hot."""
        return self.parts[0][0]

    @property
    def end(self) -> datetime:
        """Return when it was no longer too hot."""
        return self.parts[-1][1]

    @property
    def hot(self) -> timedelta:
        """Return how long it was too hot, without the pauses."""
        return sum((end - start for start, end in self.parts), timedelta(0))


@dataclass(frozen=True, slots=True)
class Told:
    """Hold that something was said of a person's heat, and by when an announcement names it."""

    at: datetime
    is_announcement: bool
    named_at: datetime | None = None
    has_sound: bool = True

    @property
    def holds_until(self) -> datetime:
        """Return until when the heat must have come for the announcement to be right."""
        until = self.at + ANNOUNCED_WITHIN
        return until if self.named_at is None else max(until, self.named_at + NAMED_HOUR_SLACK)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Say how the hot spells and what was said of them go together."""

    spells: tuple[Spell, ...]
    announced_at: tuple[datetime | None, ...]  # for each spell; `None`: not before it began
    announced_hot: timedelta
    announcements: int
    false_announcements: int
    with_sound: int  # of the announcements
    false_with_sound: int
    lost: int  # spells of which nothing was said before they had lasted for 15 minutes

    @property
    def leads(self) -> tuple[timedelta, ...]:
        """Return how long before they began the announced spells were announced."""
        pairs = zip(self.spells, self.announced_at, strict=True)
        return tuple(spell.start - at for spell, at in pairs if at is not None)

    @property
    def hot(self) -> timedelta:
        """Return how long it was too hot."""
        return sum((spell.hot for spell in self.spells), timedelta(0))

    @property
    def median_lead_h(self) -> float | None:
        """Return how long before, in the middle, what was announced was announced."""
        if not self.leads:
            return None
        return median(lead / timedelta(hours=1) for lead in self.leads)


def feels_like_c(air: Air | None) -> float | None:
    """Return the larger of air temperature and the plain NWS heat index."""
    if air is None:
        return None
    temperature_c, humidity_pct = air
    index_c = heat_index_c(temperature_c, humidity_pct)
    return max(temperature_c, temperature_c if index_c is None else index_c)


class HalfHour:
    """Take a room's values every five minutes and return their mean over half an hour."""

    def __init__(self) -> None:
        """Begin without a value."""
        self._values: deque[float | None] = deque(maxlen=WINDOW // STEP)

    def mean_c(self, value_c: float | None) -> float | None:
        """Take a value; where it is unknown there is no mean, and behind a gap it begins anew."""
        self._values.append(value_c)
        if value_c is None:
            return None
        known_c = [value for value in self._values if value is not None]
        return sum(known_c) / len(known_c)


@dataclass(frozen=True, slots=True)
class Where:
    """Say how far over a person's level 2 the rooms are where they are; under it is negative."""

    at: datetime
    mean_k: float | None  # of what it feels like, over half an hour; `None`: not recorded
    air_k: float | None  # of the air, at this moment


def follow(
    person: Person,
    air_at: AirAt,
    rooms: Sequence[str],
    bedrooms: frozenset[str],
    span: tuple[datetime, datetime],
    zone: tzinfo,
) -> Iterator[Where]:
    """Follow a person through the rooms that were recorded, in steps of five minutes."""
    windows = {room_id: HalfHour() for room_id in rooms}
    limits_c = {night: personal_limits(person, night).level_2_c for night in (False, True)}
    at, end = span
    while at < end:
        local = at.astimezone(zone)
        is_in_bed = is_night(person, local)
        here = frozenset(rooms_of(person, local, bedrooms))
        means, airs = [], []
        for room_id, window in windows.items():
            air = air_at(room_id, at)
            mean_c = window.mean_c(feels_like_c(air))
            if air is None or mean_c is None or room_id not in here:
                continue
            limit_c = limits_c[is_in_bed and room_id in bedrooms]
            means.append(mean_c - limit_c)
            airs.append(air[0] - limit_c)
        yield Where(at, max(means, default=None), max(airs, default=None))
        at += STEP


def find_spells(steps: Iterable[Where], end: datetime) -> list[Spell]:
    """Return when the mean over half an hour was over the limit, short pauses joined.

    What was not recorded is a pause, too.
    """
    parts: list[Stretch] = []
    hot_since: datetime | None = None
    for step in steps:
        if hot_since is None and step.mean_k is not None and step.mean_k >= 0.0:
            hot_since = step.at
        elif hot_since is not None and (step.mean_k is None or step.mean_k < -RESOLVE_K):
            parts.append((hot_since, step.at))
            hot_since = None
    if hot_since is not None:
        parts.append((hot_since, end))
    spells: list[Spell] = []
    for part in parts:
        if spells and part[0] - spells[-1].end < SAME_SPELL:
            spells[-1] = Spell((*spells[-1].parts, part))
        else:
            spells.append(Spell((part,)))
    return spells


def judge(
    spells: Sequence[Spell], told: Sequence[Told], told_before: timedelta = ANNOUNCED_WITHIN
) -> Judgement:
    """Compare what was said with what happened.

    Args:
        spells: when it was too hot.
        told: everything that was said of heat.
        told_before: how long before a spell something said still tells of it.
    """
    announcements = [each for each in told if each.is_announcement]
    announced_at: list[datetime | None] = []
    announced_hot = timedelta(0)
    lost = 0
    for spell in spells:
        before = [each.at for each in announcements if each.at < spell.start <= each.holds_until]
        announced_at.append(min(before, default=None))
        if before:
            announced_hot += spell.hot
        elif not any(
            spell.start - told_before <= each.at <= spell.start + TOLD_WITHIN for each in told
        ):
            lost += 1
    false = [
        each
        for each in announcements
        if not any(spell.start <= each.holds_until and spell.end >= each.at for spell in spells)
    ]
    return Judgement(
        tuple(spells),
        tuple(announced_at),
        announced_hot,
        len(announcements),
        len(false),
        with_sound=sum(each.has_sound for each in announcements),
        false_with_sound=sum(each.has_sound for each in false),
        lost=lost,
    )


def threshold_messages(steps: Iterable[Where]) -> list[datetime]:
    """Return when the usual automation speaks: whenever the air rises above the limit."""
    crossings = []
    was_above = False
    for step in steps:
        if step.air_k is None:
            continue
        is_above = step.air_k > 0.0
        if is_above and not was_above:
            crossings.append(step.at)
        was_above = is_above
    return crossings


def most_a_day(moments: Iterable[datetime], zone: tzinfo) -> int:
    """Return the largest number within one local day."""
    return max(Counter(at.astimezone(zone).date() for at in moments).values(), default=0)
