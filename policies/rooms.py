"""Define the vocabulary of sensors and rooms."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from policies.devices import CoolingDevice, DeviceConditions, Window
from policies.room_forecast import RoomForecast


class SensorMessage(NamedTuple):
    """Say what one message of a sensor tells, before any judgement of plausibility.

    (A tuple: one is made per message.)

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
    is_offline: bool = False  # its availability topic, or Home Assistant, says so
    offline_for: timedelta | None = None  # told by Home Assistant alone, whose restarts pass
    is_by_entity: bool = False  # read from Home Assistant, not heard over MQTT


@dataclass(frozen=True, slots=True)
class Room:
    """Describe one room."""

    room_id: str
    name: str
    is_bedroom: bool = False
    devices: tuple[CoolingDevice, ...] = ()
    windows: tuple[Window, ...] = ()  # without motors: their blinds become advice


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
    since_motion: timedelta | None = None  # since somebody last moved there; None: not known
    ahead: RoomForecast | None = None  # of the effective temperature, at most two hours old
