"""Define what a report holds: a home, a span of whole days, and what happened in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from policies.model import Person, Room

DAY: Final = timedelta(days=1)
DAYS_IN_A_WEEK: Final = 7
DAY_STEP: Final = timedelta(minutes=10)  # what a day's points are means of
WEEK_STEP: Final = timedelta(hours=1)

Points = tuple[tuple[datetime, float | None], ...]


@dataclass(frozen=True, slots=True)
class ReportHome:
    """Hold whose report it is: rooms with their sensors' ids, people, and where the clock hangs."""

    name: str
    zone: ZoneInfo
    rooms: tuple[Room, ...]
    people: tuple[Person, ...]
    sensors: Mapping[str, str]  # sensor_id -> room_id
    # sensor_id -> how long a value counts, where it is set
    stale_after: Mapping[str, timedelta] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """Hold whole local days from `first` on, and how long each point of a line is."""

    first: date
    days: int
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """Return the first midnight, UTC."""
        return self._midnight(self.first)

    @property
    def end(self) -> datetime:
        """Return the midnight behind the last day, UTC."""
        return self._midnight(self.first + self.days * DAY)

    @property
    def step(self) -> timedelta:
        """Return how long each point of a line is."""
        return DAY_STEP if self.days == 1 else WEEK_STEP

    @property
    def midnights(self) -> tuple[datetime, ...]:
        """Return where each day begins, UTC."""
        return tuple(self._midnight(self.first + n * DAY) for n in range(self.days))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class ExpectedHour:
    """Hold what was foretold of an hour: one in ten is lower than `low_c`, one higher."""

    at: datetime  # its middle
    low_c: float
    middle_c: float
    high_c: float


@dataclass(frozen=True, slots=True)
class RoomReport:
    """Hold a room over the span: points stand in the middle of what they are means of.

    `levels` are those of `people`, each point's from its moment to the next; `None` is unseen.
    """

    room: Room
    people: tuple[Person, ...]  # those looked at who are ever there
    air_c: Points
    felt_c: Points  # the effective temperature, which limits are compared with
    levels: tuple[tuple[datetime, int | None], ...]
    expected: tuple[ExpectedHour, ...]
    runs: Mapping[str, tuple[tuple[datetime, datetime], ...]]  # device_id -> on from, until

    @property
    def is_known(self) -> bool:
        """Return whether there was any reading."""
        return any(value is not None for _, value in self.air_c)


@dataclass(frozen=True, slots=True)
class Told:
    """Hold a message that was sent to somebody's phone."""

    at: datetime
    person_id: str
    title: str
    body: str
    severity: int


@dataclass(frozen=True, slots=True)
class Drunk:
    """Hold a drink."""

    at: datetime
    person_id: str
    amount_ml: int


@dataclass(frozen=True, slots=True)
class Report:
    """Hold everything about a span; `now` is when it was asked, perhaps in its middle."""

    home: ReportHome
    span: Span
    now: datetime
    rooms: tuple[RoomReport, ...]
    outdoor_c: Points
    told: tuple[Told, ...]
    drinks: tuple[Drunk, ...]
    first_reading: datetime | None  # of all that is known, also outside the span

    @property
    def is_empty(self) -> bool:
        """Return whether nothing at all is known of the span."""
        return not (any(room.is_known for room in self.rooms) or self.told or self.drinks)
