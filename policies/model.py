"""Define the vocabulary: what keepcool knows, decides and says, as frozen data.

Units are in the names. Durations are `timedelta`, moments are aware UTC `datetime`. A policy never
subtracts two wall times: whatever has an age arrives with it, measured on a clock that never steps.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from policies.alert import Alert, ClearNotification, HeatLevel, Message, Notification

# --------------------------------------------------------------------------- sensors and rooms


@dataclass(frozen=True, slots=True)
class SensorMessage:
    """Say what one message of a sensor tells, before any judgement of plausibility.

    `None` means that the message says nothing about it. `rejected` is a short constant reason
    (`nan`, `out_of_range`, `non_numeric` ...) and may stand beside a good humidity.
    """

    temperature_c: float | None = None
    relative_humidity_pct: float | None = None
    is_available: bool | None = None
    rejected: str | None = None
    battery_pct: float | None = None
    is_battery_low: bool | None = None
    power_w: float | None = None
    measured_at: datetime | None = None


class Freshness(enum.StrEnum):
    """Say how far a value may be trusted by its age."""

    FRESH = "fresh"
    WAITING = "waiting"  # not heard since the start, and its limit has not passed yet
    AGE_UNKNOWN = "age_unknown"  # only a retained message so far
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class SensorReading:
    """Carry a sensor's last accepted values with their age."""

    sensor_id: str
    temperature_c: float | None
    relative_humidity_pct: float | None
    age: timedelta | None
    freshness: Freshness
    is_suspect: bool = False
    suspect_reason: str | None = (
        None  # "stuck", "conflict", "rejected" (three in a row), "clock_skew"
    )
    is_battery_low: bool = False
    stale_after: timedelta = timedelta(minutes=130)
    last_seen_at: datetime | None = None
    is_offline: bool = False  # its availability topic says so


class DeviceKind(enum.StrEnum):
    """Name the Home Assistant domain that drives a cooling device."""

    CLIMATE = "climate"
    FAN = "fan"
    SWITCH = "switch"


class CoolingRole(enum.StrEnum):
    """Say what a device does to the room."""

    AIR_CONDITIONER = "air_conditioner"
    FAN = "fan"


@dataclass(frozen=True, slots=True)
class CoolingDevice:
    """Describe one cooling device of a room and the limits it is driven within."""

    device_id: str
    room_id: str
    entity_id: str
    kind: DeviceKind
    role: CoolingRole
    name: str = "AC"
    target_day_c: float = 24.0
    target_night_c: float = 22.0
    minimum_on: timedelta = timedelta(minutes=10)
    minimum_off: timedelta = timedelta(minutes=10)
    longest_run: timedelta = timedelta(hours=12)
    blind_cooling_max: timedelta = timedelta(hours=3)
    override: timedelta = timedelta(hours=2)
    fan_percentage: int | None = None
    has_power_sensor: bool = False
    running_power_w: float = 50.0


@dataclass(frozen=True, slots=True)
class DeviceState:
    """Describe what a device does, or should do; `None` means not said or not applicable."""

    is_on: bool
    hvac_mode: str | None = (
        None  # Home Assistant's words: off, cool, heat, dry, fan_only, auto, heat_cool
    )
    target_temperature_c: float | None = None
    fan_percentage: int | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Carry keepcool's own running command for a device, ended unless it is renewed."""

    desired: DeviceState
    state_before: DeviceState | None
    running_for: timedelta  # since keepcool switched it on in this run
    remaining: timedelta
    blind_for: timedelta = timedelta(0)  # renewed on stale data for so long


@dataclass(frozen=True, slots=True)
class DeviceConditions:
    """Carry what is known of a cooling device now."""

    device: CoolingDevice
    observed: DeviceState | None = None  # None: never seen
    is_available: bool = False
    lease: Lease | None = None
    override_remaining: timedelta | None = None  # the person changed it by hand: hands off
    since_switched_on: timedelta | None = None  # by our own commands, for compressor protection
    since_switched_off: timedelta | None = None
    has_failed: bool = False  # it did not respond to the last command
    power_w: float | None = None
    low_power_for: timedelta | None = None  # on, but drawing less than `running_power_w`
    room_cooled_by_c: float | None = (
        None  # change of the room since the start of this run (negative is cooler)
    )
    is_automatic: bool = True
    has_ended_blind: bool = False  # our last run ended because its room could not be seen


@dataclass(frozen=True, slots=True)
class Room:
    """Describe one room."""

    room_id: str
    name: str
    is_bedroom: bool = False
    devices: tuple[CoolingDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class HourlyValue:
    """Carry a room's mean effective temperature over the hour that starts `at` (aware UTC)."""

    at: datetime
    effective_temperature_c: float


@dataclass(frozen=True, slots=True)
class RoomConditions:
    """Carry what is known of a room now.

    Temperatures are the median of its fresh sensors; the effective temperature is the larger of air
    temperature and the blended heat index. The means are time-weighted over the last 10 and 30
    minutes (over the part of the window that is known). `None` means unknown, never fine.
    """

    room: Room
    readings: tuple[SensorReading, ...] = ()
    freshness: Freshness = Freshness.WAITING
    temperature_c: float | None = None
    relative_humidity_pct: float | None = None
    effective_temperature_c: float | None = None
    mean_10_min_c: float | None = None
    mean_30_min_c: float | None = None
    age: timedelta | None = None
    last_seen_at: datetime | None = None
    blind_for: timedelta | None = None  # no fresh sensor for so long; None while it sees
    trend_c_per_h: float | None = None  # of the effective temperature, over the last hour or so
    history: tuple[HourlyValue, ...] = ()  # hourly, oldest first, up to eight days
    devices: tuple[DeviceConditions, ...] = ()


# --------------------------------------------------------------------------- people


class Flag(enum.StrEnum):
    """Name what a person may set about themselves. Source: EVIDENCE 7 and 8."""

    HEAT_SENSITIVE = "heat_sensitive"
    REDUCED_SWEATING = "reduced_sweating"
    FLUID_OR_SALT_LOSS = "fluid_or_salt_loss"
    CIRCULATION = "circulation"
    HEAT_PRODUCTION_OR_SET_POINT = "heat_production_or_set_point"
    LITHIUM_OR_NARROW = "lithium_or_narrow"
    FLUID_RESTRICTED = "fluid_restricted"


class PhoneKind(enum.StrEnum):
    """Name the companion app; it decides payload and wording."""

    ANDROID = "android"
    IPHONE = "iphone"


@dataclass(frozen=True, slots=True)
class Phone:
    """Describe a phone reached through Home Assistant's `notify.mobile_app_*` service."""

    channel_id: str
    service: str  # "mobile_app_annas_phone", without "notify."
    kind: PhoneKind


@dataclass(frozen=True, slots=True)
class Stay:
    """Say that a person is usually in a room between two local times, over midnight too."""

    room_id: str
    from_at: time
    until_at: time


@dataclass(frozen=True, slots=True)
class Person:
    """Describe a person: where they are, their own limits, flags and drinking."""

    person_id: str
    name: str
    rooms: tuple[str, ...]
    stays: tuple[Stay, ...] = ()  # wins over the bedroom rule when one covers the present time
    level_1_c: float = 26.0
    level_2_c: float = 29.0
    level_3_c: float = 32.0
    night_level_1_c: float = 24.0
    night_level_2_c: float = 26.0
    offset_c: float = 0.0
    flags: frozenset[Flag] = frozenset()
    wake_at: time = time(7, 0)
    bed_at: time = time(22, 30)
    drinks_goal_ml: int | None = None  # None: the default of 1,600 ml; set by the person: confirmed
    portion_ml: int = 200
    drink_interval: timedelta = timedelta(minutes=120)
    evening_cut_off: timedelta = timedelta(hours=2)
    phones: tuple[Phone, ...] = ()


@dataclass(frozen=True, slots=True)
class LevelMemory:
    """Remember a level for hysteresis; `clearing_for` counts the time under it."""

    level: HeatLevel = HeatLevel.NORMAL
    clearing_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class PersonConditions:
    """Carry what is known of a person now. Days are the person's local days."""

    person: Person
    drunk_today_ml: int = 0
    drunk_last_hour_ml: int = 0
    since_last_drink: timedelta | None = None
    nudges_today: int = 0
    pushes_today: int = 0  # every message that lights up the phone, nudges included
    since_last_nudge: timedelta | None = None
    nudges_ignored: int = 0  # in a row, since the last sign of the person
    peak_level_today: HeatLevel = HeatLevel.NORMAL
    since_sign_of_life: timedelta | None = None  # any button, drink or hand-made change


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


@dataclass(frozen=True, slots=True)
class LinkConditions:
    """Say whether a road out of the house works: `mqtt`, `home_assistant`, `events`, `weather`."""

    link: str
    is_up: bool
    down_for: timedelta | None = None
    detail: str = ""


# --------------------------------------------------------------------------- the decision


class CoolingAction(enum.StrEnum):
    """Name what the plan wants of a device."""

    RUN = "run"  # reach `desired`, lease renewed
    RELEASE = "release"  # hand back: an AC to the state before, a fan stays
    LEAVE = "leave"  # nothing to do, hands off


@dataclass(frozen=True, slots=True)
class CoolingCommand:
    """Say what one device should do now, why, and for how long at most."""

    device_id: str
    action: CoolingAction
    message: Message  # the reason as text id and parameters
    desired: DeviceState | None = None
    lease: timedelta = timedelta(minutes=60)
    is_blind: bool = False  # renewed on stale data


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
    pushes_per_day: int = 8
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
    links: tuple[LinkConditions, ...] = ()
    alerts: tuple[Alert, ...] = ()
    level_memory: Mapping[tuple[str, str], LevelMemory] = field(
        default_factory=dict
    )  # (person, room)
    last_episode: Mapping[tuple[str, str], int] = field(default_factory=dict)  # (policy, subject)


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
