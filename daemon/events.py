"""Name everything that can happen to the daemon, as frozen data posted into its one inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policies.model import DeviceState, Forecast


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """An MQTT message arrived; `received_boot_s` was read on the network thread."""

    topic: str
    payload: bytes
    is_retained: bool
    received_boot_s: float


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A road came up or went down: `mqtt`, `home_assistant`, `events` or `weather`."""

    link: str
    is_up: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeviceObserved:
    """Home Assistant told the state of an entity, by REST or WebSocket; the newest `last_updated` wins.

    `state` is `None` when the entity does not exist; `is_available` is False for unavailable,
    unknown and missing. `context_id` and `is_restored` serve the manual-override rule.
    """

    entity_id: str
    state: DeviceState | None
    is_available: bool
    last_updated: datetime | None
    context_id: str | None = None
    is_restored: bool = False
    numeric_value: float | None = None  # the state as a number, for power sensors
    raw_state: str = ""


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """A person pressed a button of a notification; `action` is the button's single-use action string."""

    action: str
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFinished:
    """A worker finished sending one outbox row; `error` is `None` when the channel accepted it."""

    outbox_id: int
    error: str | None = None
    is_permanent: bool = False
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class CommandFinished:
    """A worker finished calling Home Assistant for a device; `context_ids` are those the calls returned."""

    device_id: str
    command_id: int
    context_ids: tuple[str, ...] = ()
    error: str | None = None
    is_permanent: bool = False


@dataclass(frozen=True, slots=True)
class StatesFetched:
    """A worker read entities back over REST; `error` is set when it could not."""

    observations: tuple[DeviceObserved, ...] = ()
    error: str | None = None
    is_permanent: bool = False


@dataclass(frozen=True, slots=True)
class ForecastFetched:
    """A worker fetched a forecast, or failed with `error`."""

    forecast: Forecast | None
    error: str | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Somebody asked the daemon to stop (signal name)."""

    cause: str


Event = (
    MessageReceived
    | LinkChanged
    | DeviceObserved
    | ButtonPressed
    | DeliveryFinished
    | CommandFinished
    | StatesFetched
    | ForecastFetched
    | StopRequested
)
