"""Name everything that can happen to the daemon, as frozen data posted into its one inbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    from daemon.hours import Basis, HourBatch
    from policies.model import Forecast, OfficialWarning
    from policies.room_forecast import RoomForecast


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
    is_refused: bool = False


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
class PictureDrawn:
    """A worker drew a room's picture (PNG), which also lies at `path`, or failed with `error`."""

    room_id: str
    payload: bytes | None
    path: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class HeartbeatFinished:
    """A worker sent a sign of life; `error` is `None` when the service took it."""

    error: str | None = None


@dataclass(frozen=True, slots=True)
class LearnerAdvanced:
    """The learner finished a slice of its work, or failed with `error`.

    Args:
        forecasts: what it foretells, by room.
        bases: what that rests on, by room.
        batch: what is to be kept of it.
        has_more: whether it waits for being called again.
        wants_past: whether hours of rooms are known without their weather, a day of them or more.
        error: what went wrong.
    """

    forecasts: Mapping[str, RoomForecast] = field(default_factory=dict)
    bases: Mapping[str, Basis] = field(default_factory=dict)
    batch: HourBatch | None = None
    has_more: bool = False
    wants_past: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PastFetched:
    """A worker asked a source for the weather of past days, or failed with `error`."""

    past: Forecast | None
    error: str | None = None


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
    | HeartbeatFinished
    | LearnerAdvanced
    | PastFetched
    | PictureDrawn
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
    "HeartbeatFinished",
    "LearnerAdvanced",
    "LinkChanged",
    "MessageReceived",
    "PastFetched",
    "PictureDrawn",
    "PushReceived",
    "StatesFetched",
    "StopRequested",
    "WarningsFetched",
]
