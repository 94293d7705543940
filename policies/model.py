"""Define the vocabulary: what keepcool knows, decides and says, as frozen data.

Rooms, people and devices have modules of their own; everything is imported from here.

Units are in the names. Durations are `timedelta`, moments are aware UTC `datetime`. A policy never
subtracts two wall times: whatever has an age arrives with it, measured on a clock that never steps.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from policies.alert import Alert, AlertKey, ClearNotification, HeatLevel, Notification
from policies.devices import (
    CoolingAction,
    CoolingCommand,
    CoolingDevice,
    CoolingRole,
    DearTime,
    DeviceConditions,
    DeviceControl,
    DeviceKind,
    DeviceState,
    Electricity,
    Lease,
    PlugFamily,
    Window,
)
from policies.people import (
    Announcer,
    Carer,
    Delivery,
    Flag,
    Holiday,
    HolidayEnd,
    LevelMemory,
    Person,
    PersonConditions,
    Phone,
    PhoneKind,
    RoadProof,
    Snooze,
    Stay,
)
from policies.rooms import (
    Freshness,
    HourlyValue,
    Room,
    RoomConditions,
    SensorMessage,
    SensorReading,
)

__all__ = [
    "Announcer",
    "Carer",
    "CoolingAction",
    "CoolingCommand",
    "CoolingDevice",
    "CoolingRole",
    "DearTime",
    "Decision",
    "Delivery",
    "DeviceConditions",
    "DeviceControl",
    "DeviceKind",
    "DeviceState",
    "Electricity",
    "Flag",
    "Forecast",
    "Freshness",
    "Holiday",
    "HolidayEnd",
    "Home",
    "HourlyForecast",
    "HourlyValue",
    "Lease",
    "LevelMemory",
    "LinkConditions",
    "OfficialWarning",
    "Person",
    "PersonAssessment",
    "PersonConditions",
    "Phone",
    "PhoneKind",
    "PlugFamily",
    "PolicyCrash",
    "RoadProof",
    "Room",
    "RoomAssessment",
    "RoomConditions",
    "SensorMessage",
    "SensorReading",
    "Snapshot",
    "Snooze",
    "Stay",
    "SunPosition",
    "Tuning",
    "WarningLevel",
    "Window",
]

# --------------------------------------------------------------------------- weather and links


@dataclass(frozen=True, slots=True)
class HourlyForecast:
    """Carry one forecast hour; `at` is its start, aware UTC. `None` is unknown, never 0."""

    at: datetime
    temperature_c: float
    relative_humidity_pct: float | None = None
    wind_speed_m_s: float | None = None
    cloud_cover_pct: float | None = None
    shortwave_radiation_w_m2: float | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Carry consecutive forecast hours of one source, cut at the first gap."""

    source: str
    fetched_at: datetime
    hours: tuple[HourlyForecast, ...]
    expires_at: datetime | None = None  # the source asks not to be asked again before


class WarningLevel(enum.IntEnum):
    """Order how seriously a service warns; each service has its own words and colours."""

    ADVISORY = 1  # yellow; of the NWS an advisory or a watch
    WARNING = 2  # orange; of the NWS a warning
    EXTREME = 3  # red


@dataclass(frozen=True, slots=True)
class OfficialWarning:
    """Carry one official warning of heat. It adds to what keepcool sees and takes nothing away."""

    warning_id: str
    service: str  # "nws", "meteoalarm"
    sender: str  # who warns, in their own name: "NWS Phoenix AZ"
    event: str  # in their own words: "Excessive Heat Warning"
    level: WarningLevel
    area: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class SunPosition:
    """Say where the sun stands at a moment: azimuth from north over east, height, in degrees."""

    at: datetime  # aware UTC
    azimuth_deg: float
    elevation_deg: float


@dataclass(frozen=True, slots=True)
class LinkConditions:
    """Say whether a road out of the house works: `mqtt`, `home_assistant`, `events`, `weather`.

    `is_refused`: who is there does not let keepcool in, or not to everything (then it is up).
    """

    link: str
    is_up: bool
    down_for: timedelta | None = None
    detail: str = ""
    is_refused: bool = False


# --------------------------------------------------------------------------- the decision


@dataclass(frozen=True, slots=True)
class RoomAssessment:
    """Carry a room's judged state for display."""

    room_id: str
    level: HeatLevel
    freshness: Freshness
    effective_temperature_c: float | None
    limit_c: float | None  # the strictest level 1 of the people in the room at this time of day
    reason: str
    expected_level: HeatLevel = HeatLevel.NORMAL
    expected_at: datetime | None = None
    expected_maximum_c: float | None = None  # within 24 hours, by the room's own forecast
    expected_maximum_at: datetime | None = None
    open_windows_at: datetime | None = None  # when open windows next begin to help
    close_windows_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonAssessment:
    """Carry a person's judged state for display."""

    person_id: str
    level: HeatLevel
    drinks_goal_ml: int | None  # None: fluid restricted, no volume is ever named
    drunk_today_ml: int | None
    next_drink_in: timedelta | None = None


@dataclass(frozen=True, slots=True)
class PolicyCrash:
    """Report a policy that raised; its alerts stay as they were."""

    policy: str
    detail: str  # traceback text


@dataclass(frozen=True, slots=True)
class Tuning:
    """Hold the home's policy constants. Source of every default: EVIDENCE 8."""

    rolling_window: timedelta = timedelta(minutes=30)  # levels 1 and 2
    fast_window: timedelta = timedelta(minutes=10)  # level 3 and above
    resolve_hold: timedelta = timedelta(minutes=15)
    hysteresis_c: float = 0.5
    unanswered_critical: timedelta = timedelta(minutes=15)
    planning_horizon: timedelta = timedelta(hours=8)
    nudges_per_day: int = 6
    pushes_per_day: int = 8  # what nudges leave room in
    warnings_per_day: int = 8
    trouble_per_day: int = 4
    all_pushes_per_day: int = 20  # of those that are not critical. Source: FAULTS 47
    maximum_step_c_per_min: float | None = 10.0
    repeat_interval: timedelta = timedelta(hours=3)  # the same warning about the same person again
    mqtt_trouble_after: timedelta = timedelta(minutes=5)
    forecast_usable: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Home:
    """Describe the home: place, emergency number, policy constants."""

    home_id: str
    name: str
    latitude_deg: float
    longitude_deg: float
    emergency_number: str = "112"
    tuning: Tuning = field(default_factory=Tuning)
    electricity: Electricity = field(default_factory=Electricity)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold everything that `decide` may know, at one moment."""

    home: Home
    now_utc: datetime
    now_local: datetime  # the same moment in the home's zone (aware)
    is_clock_synchronised: bool
    since_last_decision: timedelta
    since_start: timedelta
    rooms: tuple[RoomConditions, ...]
    people: tuple[PersonConditions, ...]
    forecast: Forecast | None = None
    forecast_age: timedelta | None = None
    warnings: tuple[OfficialWarning, ...] = ()  # of heat, none of them over
    sun: tuple[SunPosition, ...] = ()  # from now on in steps of minutes, a day ahead
    links: tuple[LinkConditions, ...] = ()
    alerts: tuple[Alert, ...] = ()
    carers: tuple[Carer, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    proofs: tuple[RoadProof, ...] = ()
    level_memory: Mapping[tuple[str, str], LevelMemory] = field(
        default_factory=dict
    )  # (person, room)
    last_episode: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (policy, subject)
    holiday: Holiday = field(default_factory=Holiday)


@dataclass(frozen=True, slots=True)
class Decision:
    """Hold everything that follows from one snapshot; the shell commits it before acting."""

    rooms: tuple[RoomAssessment, ...] = ()
    people: tuple[PersonAssessment, ...] = ()
    alerts: tuple[Alert, ...] = ()  # all live ones and those resolved just now
    notifications: tuple[Notification, ...] = ()
    clears: tuple[ClearNotification, ...] = ()
    cooling: tuple[CoolingCommand, ...] = ()
    level_memory: Mapping[tuple[str, str], LevelMemory] = field(default_factory=dict)
    crashes: tuple[PolicyCrash, ...] = ()
    look_again_in: timedelta | None = None  # when an unanswered alert may climb further
    unheard: tuple[AlertKey, ...] = ()  # urgent, and no road took it
    calling: tuple[AlertKey, ...] = ()  # critical, true and unanswered: the home may still speak
