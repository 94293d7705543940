"""Hold what is going to be written, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from daemon.init.sensors import SensorFound


@dataclass(frozen=True, slots=True)
class BrokerPlan:
    """Say how to reach the broker."""

    host: str = "localhost"
    port: int | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: str | None = None
    version: str = "5"
    allow_plaintext: bool = False

    @property
    def address(self) -> str:
        """Return host and port for a person."""
        return f"{self.host}:{self.port or (8883 if self.tls else 1883)}"


@dataclass(frozen=True, slots=True)
class HomeAssistantPlan:
    """Say how to reach Home Assistant."""

    url: str
    token: str = field(repr=False)
    allow_plaintext: bool = False


@dataclass(frozen=True, slots=True)
class HomePlan:
    """Say where the home is."""

    name: str
    latitude_deg: float
    longitude_deg: float
    time_zone: str
    country: str
    emergency_number: str | None = None


@dataclass(frozen=True, slots=True)
class WeatherPlan:
    """Name the sources of the forecast, the most wanted first."""

    sources: tuple[str, ...] = ("open_meteo",)
    entity: str | None = None
    contact: str | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class CoolingPlan:
    """Name a device that keepcool may switch; `role` is for switches and window fans."""

    entity: str
    name: str = ""
    role: str | None = None
    facing_deg: int | None = None
    target_day_c: float | None = None  # None: the usual one
    target_night_c: float | None = None


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """Describe a room with what is in it."""

    room_id: str
    name: str
    is_bedroom: bool = False
    sensors: tuple[SensorFound, ...] = ()
    cooling: tuple[CoolingPlan, ...] = ()
    motion: tuple[str, ...] = ()  # entities
    offered: tuple[str, ...] = ()  # devices that could cool it, which nobody chose yet


@dataclass(frozen=True, slots=True)
class PhonePlan:
    """Name a phone."""

    service: str
    kind: str


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """Describe a person; `rooms` are ids."""

    person_id: str
    name: str
    rooms: tuple[str, ...]
    wake_at: str = "07:00"
    bed_at: str = "22:30"
    flags: frozenset[str] = frozenset()
    phones: tuple[PhonePlan, ...] = ()
    presence_entity: str | None = None
    second_road: str | None = field(default=None, repr=False)  # apprise's address


@dataclass(frozen=True, slots=True)
class CarerPlan:
    """Describe somebody who hears of it when nobody answers."""

    carer_id: str
    name: str
    phones: tuple[PhonePlan, ...] = ()
    second_road: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """Hold everything that the settings will say."""

    home: HomePlan
    broker: BrokerPlan | None
    home_assistant: HomeAssistantPlan | None
    weather: WeatherPlan = field(default_factory=WeatherPlan)
    people: tuple[PersonPlan, ...] = ()
    carers: tuple[CarerPlan, ...] = ()
    rooms: tuple[RoomPlan, ...] = ()
    is_addon: bool = False  # broker and Home Assistant are given by its Supervisor

    @property
    def told(self) -> tuple[PersonPlan | CarerPlan, ...]:
        """Return everybody who may be told something."""
        return (*self.people, *self.carers)


# The flags of a person: each with what it changes, in one line.
FLAGS: Mapping[str, str] = {
    "heat_sensitive": "heat makes me feel worse: tell me earlier",
    "reduced_sweating": "I sweat little, or take something that lists less sweating: earlier",
    "circulation": "I get dizzy in the heat, or take something for blood pressure: earlier",
    "heat_production_or_set_point": "I take something that can make me run warm: earlier",
    "fluid_or_salt_loss": "I lose fluid or salt easily (water tablets): name no amounts to drink",
    "lithium_or_narrow": "my medicine needs steady drinking: remind me to ask before a heat wave",
    "fluid_restricted": "my care team gave me a fluid plan: never name an amount",
}
