"""Name everything that can happen to the daemon, as frozen data posted into its one inbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from integrations.messages import (
    ButtonPressed,
    DeviceObserved,
    LinkChanged,
    MessageReceived,
    PushReceived,
)

if TYPE_CHECKING:
    from daemon.check import CheckReport
    from policies.model import Forecast, OfficialWarning


@dataclass(frozen=True, slots=True)
class DeliveryFinished:
    """A worker finished sending one outbox row; `error` is `None` when the channel accepted it."""

    outbox_id: str
    error: str | None = None
    is_permanent: bool = False
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class CommandFinished:
    """A worker finished commanding a device; `context_ids` are those the calls returned."""

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
    """A worker asked `source` for a forecast, or failed with `error`."""

    source: str
    forecast: Forecast | None
    error: str | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """A worker tried every road, or failed to with `error`."""

    report: CheckReport | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class WarningsFetched:
    """A worker asked a service for official warnings, or failed with `error`."""

    service: str
    warnings: tuple[OfficialWarning, ...] | None
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
    | PushReceived
    | DeliveryFinished
    | CommandFinished
    | StatesFetched
    | ForecastFetched
    | CheckFinished
    | StopRequested
    | WarningsFetched
)

__all__ = [
    "ButtonPressed",
    "CheckFinished",
    "CommandFinished",
    "DeliveryFinished",
    "DeviceObserved",
    "Event",
    "ForecastFetched",
    "LinkChanged",
    "MessageReceived",
    "PushReceived",
    "StatesFetched",
    "StopRequested",
    "WarningsFetched",
]
