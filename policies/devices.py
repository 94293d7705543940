"""Define the vocabulary of cooling devices: what they are, do, should do, and hold."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import time, timedelta

from policies.alert import Message


class DeviceKind(enum.StrEnum):
    """Name what drives a cooling device: a domain of Home Assistant, or a plug's own MQTT topic."""

    CLIMATE = "climate"
    FAN = "fan"
    SWITCH = "switch"
    COVER = "cover"
    HUMIDIFIER = "humidifier"
    PLUG = "mqtt"


class CoolingRole(enum.StrEnum):
    """Say what a device does to the room."""

    AIR_CONDITIONER = "air_conditioner"
    FAN = "fan"
    BLIND = "blind"
    DEHUMIDIFIER = "dehumidifier"
    VENT = "vent"  # brings outdoor air in

    @property
    def has_compressor(self) -> bool:
        """Return whether its machine must neither start too often nor run for ever."""
        return self in {CoolingRole.AIR_CONDITIONER, CoolingRole.DEHUMIDIFIER}


class PlugFamily(enum.StrEnum):
    """Name whose words a plug speaks over MQTT."""

    ZIGBEE2MQTT = "zigbee2mqtt"
    TASMOTA = "tasmota"
    SHELLY = "shelly"  # Gen2 and newer
    SHELLY_GEN1 = "shelly_gen1"
    CUSTOM = "custom"

    @property
    def has_timer(self) -> bool:
        """Return whether plugs of this family can be told over MQTT when to go off."""
        return self in {PlugFamily.ZIGBEE2MQTT, PlugFamily.TASMOTA, PlugFamily.SHELLY}


@dataclass(frozen=True, slots=True)
class Window:
    """Describe a window by where the sun must stand to shine in.

    Args:
        facing_deg: compass direction that it looks to, 0 to 359; 90 is east, 180 south.
        sun_within_deg: the sun shines in when it stands no further than this to either side.
        lowest_sun_deg: and at least so high: what stands opposite keeps a lower sun away.
    """

    facing_deg: float
    sun_within_deg: float = 75.0
    lowest_sun_deg: float = 5.0


@dataclass(frozen=True, slots=True)
class CoolingDevice:
    """Describe one cooling device of a room and the limits it is driven within.

    `entity_id` is the entity in Home Assistant, or the command topic of an MQTT plug.
    """

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
    window: Window | None = None  # what a blind shades
    shaded_position_pct: int = 0  # where a blind keeps the sun out; 0 is closed, 100 open
    drying_humidity_pct: int = 50  # what a dehumidifier is set to
    drying_mode: str | None = None  # the mode in which it dries, where it has several
    power_w: float | None = None  # what it draws while it runs; counts against the home's limit
    has_own_timer: bool = False  # it can end a lease by itself, whatever becomes of keepcool


@dataclass(frozen=True, slots=True)
class DearTime:
    """Name a time of day at which electricity is dear; it may pass midnight."""

    from_at: time
    until_at: time


@dataclass(frozen=True, slots=True)
class Electricity:
    """Describe the electricity that cooling may use."""

    cooling_max_w: float | None = None  # all devices together, never passed; None: no limit
    dear: tuple[DearTime, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceState:
    """Describe what a device does, or should do; `None` means not said or not applicable.

    A blind is "on" while it keeps the sun out: at half or further down.
    """

    is_on: bool
    hvac_mode: str | None = (
        None  # Home Assistant's words: off, cool, heat, dry, fan_only, auto, heat_cool
    )
    target_temperature_c: float | None = None
    fan_percentage: int | None = None
    position_pct: int | None = None  # of a blind, in Home Assistant's words: 0 closed, 100 open
    target_humidity_pct: int | None = None
    mode: str | None = None  # of a humidifier


@dataclass(frozen=True, slots=True)
class Lease:
    """Carry keepcool's own running command for a device, ended unless it is renewed."""

    desired: DeviceState
    state_before: DeviceState | None
    running_for: timedelta  # since keepcool switched it on in this run
    remaining: timedelta
    blind_for: timedelta = timedelta(0)  # renewed on stale data for so long


class DeviceControl(enum.StrEnum):
    """Name for the household what keepcool does with a cooling device."""

    READY = "ready"  # it may be used
    IN_USE = "in use"
    LEFT_ALONE = "left alone"  # somebody changed it by hand
    NOT_RESPONDING = "not responding"
    AUTOMATIC_OFF = "automatic off"


@dataclass(frozen=True, slots=True)
class DeviceConditions:
    """Carry what is known of a cooling device now."""

    device: CoolingDevice
    observed: DeviceState | None = None  # None: never seen
    is_available: bool = False
    unseen_for: timedelta | None = None  # it was seen once and is out of sight since
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
    uncooled_c: float | None = None  # what its room would be now without this run, as foretold
    falls_k: float | None = None  # how much lower its room is after an hour of it; None: unknown
    is_automatic: bool = True
    has_ended_blind: bool = False  # our last run ended because its room could not be seen
    ends_by_itself: bool = False  # the running lease stands in the device's own timer too

    @property
    def control(self) -> DeviceControl | None:
        """Say in one word what keepcool does with it; `None` when nobody can say."""
        if self.override_remaining is not None:
            return DeviceControl.LEFT_ALONE
        if self.has_failed:
            return DeviceControl.NOT_RESPONDING
        if not self.is_available:
            return None
        if self.lease is not None:
            return DeviceControl.IN_USE
        return DeviceControl.READY if self.is_automatic else DeviceControl.AUTOMATIC_OFF


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
