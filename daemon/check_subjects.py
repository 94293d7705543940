"""Name what `keepcool check --online` looks at, and the calls that try it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from daemon.check_entities import EntitySubject
from daemon.probing_plugs import PlugFound
from integrations.messages import DeviceObserved
from policies.model import Carer, Person, Room


class SensorSubject(Protocol):
    """Describe what the check must know of a sensor."""

    @property
    def sensor_id(self) -> str:
        """Name it as the database does."""
        ...

    @property
    def room_name(self) -> str:
        """Name its room for a person."""
        ...

    @property
    def topic(self) -> str | None:
        """Name its MQTT topic; `None` when it is an entity."""
        ...

    @property
    def entity_id(self) -> str | None:
        """Name its entity; `None` when it is heard over MQTT."""
        ...

    @property
    def stale_after(self) -> timedelta | None:
        """Say how old a reading may be; `None` when it is learned."""
        ...


@dataclass(frozen=True, slots=True)
class CheckSubjects:
    """Name what the online check looks at."""

    broker: str  # "localhost:1883"
    sensors: Sequence[SensorSubject]
    rooms: Sequence[Room]
    people: Sequence[Person]
    carers: Sequence[Carer]
    home_assistant: str | None  # its address; None when there is none
    entities: Sequence[EntitySubject] = ()  # that are read only

    @property
    def told(self) -> tuple[Person | Carer, ...]:
        """Return everybody who may be told something."""
        return (*self.people, *self.carers)


@dataclass(frozen=True, slots=True)
class Running:
    """Hold what the running daemon tells of itself.

    `watched`: ids of the devices that Home Assistant ends if keepcool dies.
    """

    since_start: timedelta
    watched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Probes:
    """Hold the calls that try each road; each returns what it found, or raises IntegrationError.

    `read_sensor_ages` reads the running daemon's database and answers per sensor id; `None`, or no
    entry, means never heard. `read_running` reads what it tells of itself; `None` where none runs.
    `fetch_entity_states` answers per entity id. `try_second_road`
    tries the server behind a second road, by its channel id, and alarms nobody.
    """

    connect_broker: Callable[[], str]
    read_sensor_ages: Callable[[], Mapping[str, timedelta | None]]
    read_running: Callable[[], Running | None]
    fetch_forecasts: Mapping[str, Callable[[], str]]  # by source, the most wanted first
    fetch_warnings: Mapping[str, Callable[[], str]]  # by service of official warnings
    greet_home_assistant: Callable[[], str]
    fetch_entity_states: Callable[[Sequence[str]], Mapping[str, DeviceObserved]]
    fetch_services: Callable[[], Mapping[str, frozenset[str]]]
    hear_plugs: Callable[[], Sequence[PlugFound]]
    try_second_road: Callable[[str], str]
    try_heartbeat: Callable[[], str] | None = None  # None: nobody is told when keepcool is silent
