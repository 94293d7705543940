"""Name what adapters hear and say, as frozen data that every adapter may import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.model import DeviceState, PhoneKind, SensorMessage


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """Say that an MQTT message arrived; `received_boot_s` was read on the network thread."""

    topic: str
    payload: bytes
    is_retained: bool
    received_boot_s: float


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """Say that a road came up or went down: `mqtt`, `home_assistant`, `events` or `weather`.

    `is_refused`: the other side is there and does not let us in, or not to everything, in which
    case the road is up all the same. Only a person can mend that.
    """

    link: str
    is_up: bool
    detail: str = ""
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class DeviceObserved:
    """Carry an entity's state as Home Assistant told it, by REST or WebSocket.

    What says how old the value is: a live change is as old as its arrival; else `reported_age`
    counts, by Home Assistant's own clock; where it is unknown, `last_updated` is all there is.

    `state` is `None` when it tells nothing about on or off: the entity is missing, unavailable or
    unknown, or it is a sensor. `is_available` is False for missing, unavailable and unknown.
    `context_id` and `is_restored` serve the manual-override rule. The newest `last_updated` wins.
    """

    entity_id: str
    state: DeviceState | None
    is_available: bool
    last_updated: datetime | None
    context_id: str | None = None
    is_restored: bool = False
    numeric_value: float | None = None  # the state as a number, in W for power sensors
    raw_state: str = ""
    unit: str | None = None  # of the state, as Home Assistant names it
    measured: SensorMessage | None = None  # what a sensor's state says of a room's air
    reported_age: timedelta | None = None  # since the device last reported, unchanged values too
    is_live: bool = False  # told as it happened, not as it stood when somebody asked

    @property
    def is_missing(self) -> bool:
        """Return whether Home Assistant does not know the entity."""
        return self.last_updated is None and not self.raw_state


@dataclass(frozen=True, slots=True)
class PlugHeard:
    """Carry what one message of an MQTT plug says; `None` is nothing about it."""

    device_id: str
    command_topic: str  # stands for the plug, as an entity's id does for an entity
    is_on: bool | None = None
    is_available: bool | None = None


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """Say that a person pressed a notification's button; `action` is its single-use string."""

    action: str
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class PushReceived:
    """Say that a push arrived on a phone; `actions` are its buttons' single-use strings."""

    actions: tuple[str, ...]


Heard = MessageReceived | LinkChanged | DeviceObserved | ButtonPressed | PushReceived


@dataclass(frozen=True, slots=True)
class PhoneButton:
    """Describe one button: its single-use action string and its words."""

    action: str
    title: str


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """Describe one push for one phone; with `is_clear` it takes the tag off the phone instead."""

    service: str  # "mobile_app_annas_phone"
    kind: PhoneKind
    tag: str
    title: str
    body: str
    severity: int  # policies.alert.Severity
    buttons: tuple[PhoneButton, ...] = ()
    is_clear: bool = False
    image: str | None = None  # a path that Home Assistant serves; the phone fetches it


@dataclass(frozen=True, slots=True)
class Announcement:
    """Carry what Home Assistant's discovery reads of one device; an empty payload removes it.

    `components` names the platform ("sensor", "button" ...) of each entity by its key.
    """

    topic: str
    payload: str
    components: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HomeMessage:
    """Describe what a speaker says or a light shows in the home; neither takes anything back."""

    entity_id: str  # "media_player.kitchen", "light.hall"
    voice_id: str | None  # "tts.piper", of a speaker
    tag: str
    title: str
    body: str
    severity: int  # policies.alert.Severity

    @property
    def is_clear(self) -> bool:
        """Return False: what was said was said."""
        return False


@dataclass(frozen=True, slots=True)
class RoadMessage:
    """Describe one message for one second road, which knows no buttons and takes nothing back."""

    channel_id: str
    tag: str
    title: str
    body: str
    severity: int  # policies.alert.Severity

    @property
    def is_clear(self) -> bool:
        """Return False: what was sent by such a road stays."""
        return False
