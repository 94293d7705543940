"""Hold what is announced: a home with its topics, rooms, people and carers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from policies.model import Carer, Person, Room


class HomeTopics(Protocol):
    """Name the topics of a home."""

    @property
    def status(self) -> str:
        """Say whether keepcool runs."""
        ...

    @property
    def home_state(self) -> str:
        """Carry the home's state."""
        ...

    @property
    def home_check(self) -> str:
        """Hear that a check is wanted."""
        ...

    @property
    def home_check_result(self) -> str:
        """Carry what the last check found."""
        ...

    @property
    def home_holiday(self) -> str:
        """Hear whether the home is empty for days."""
        ...

    def room_state(self, room_id: str) -> str:
        """Carry a room's state."""
        ...

    def room_forecast(self, room_id: str) -> str:
        """Carry what a room was foretold, hour by hour."""
        ...

    def room_picture(self, room_id: str) -> str:
        """Carry a picture of a room's next hours."""
        ...

    def room_cooling(self, room_id: str) -> str:
        """Hear whether a room is cooled automatically."""
        ...

    def device_state(self, device_id: str) -> str:
        """Carry what keepcool does with a cooling device."""
        ...

    def person_state(self, person_id: str) -> str:
        """Carry a person's state."""
        ...

    def person_drink(self, person_id: str) -> str:
        """Hear a drink."""
        ...

    def person_snooze(self, person_id: str) -> str:
        """Hear a wish for peace."""
        ...

    def person_out(self, person_id: str) -> str:
        """Hear that a person goes out or is back."""
        ...

    def person_alert(self, person_id: str) -> str:
        """Tell of alerts."""
        ...

    def person_test_second_road(self, person_id: str) -> str:
        """Hear that a test alert by the second road is wanted."""
        ...

    def person_test_alert(self, person_id: str) -> str:
        """Hear that a test alert is wanted."""
        ...


@dataclass(frozen=True, slots=True)
class Household:
    """Hold what is announced, under which prefix; `names` are the entities' names by kind and key.

    Without a prefix nothing is announced, and what was is taken back.
    """

    home_id: str
    home_name: str
    rooms: tuple[Room, ...]
    people: tuple[Person, ...]
    topics: HomeTopics
    names: Mapping[str, str]
    version: str
    prefix: str | None
    motion_rooms: frozenset[str] = frozenset()  # rooms with a motion sensor
    presence_people: frozenset[str] = frozenset()  # people whose presence an entity tells
    has_official_warnings: bool = False
    carers: tuple[Carer, ...] = ()
    picture_rooms: frozenset[str] = frozenset()  # rooms whose next 24 hours are drawn
