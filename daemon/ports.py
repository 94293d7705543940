"""State what the shell needs from the outside world, as protocols that adapters and fakes fulfil.

Adapters raise only `integrations.errors`; they never retry and never block without a time-out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from daemon.clock import Instant
from integrations.messages import (
    DeviceObserved,
    Heard,
    HomeMessage,
    PhoneButton,
    PhoneMessage,
    PlugHeard,
    RoadMessage,
)
from policies.model import DeviceState, Forecast, OfficialWarning

# Puts what an adapter heard into the daemon's inbox; never blocks, never raises.
Post = Callable[[Heard], None]


class Clock(Protocol):
    """Tell the time twice: on a clock that never steps, and on the wall."""

    def now(self) -> Instant:
        """Return boot clock and wall clock together."""
        ...

    def boot_s(self) -> float:
        """Return seconds on a clock that never steps and counts suspend (CLOCK_BOOTTIME)."""
        ...

    def is_synchronised(self) -> bool:
        """Return whether the wall time can be believed."""
        ...


class MqttLink(Protocol):
    """Carry messages to and from the broker; it connects, reconnects and subscribes by itself.

    `dropped_messages` counts those that were too large, or whose topic is no text.
    """

    dropped_messages: int

    def start(self) -> None:
        """Start connecting in the background; an absent broker is normal."""
        ...

    def publish(
        self, topic: str, payload: str | bytes, *, is_retained: bool = False, qos: int = 0
    ) -> None:
        """Hand a message to the network thread; lost while disconnected at QoS 0."""
        ...

    def flush(self, timeout_s: float) -> bool:
        """Return once everything that the broker had accepted before this call was posted."""
        ...

    def is_thread_alive(self) -> bool:
        """Return whether the network thread lives (`is_connected` alone does not tell)."""
        ...

    def stop(self) -> None:
        """Publish what is queued, say offline, disconnect and end the thread, within 3 s."""
        ...


class PhonePort(Protocol):
    """Push to a phone."""

    def send(self, message: PhoneMessage) -> None:
        """Hand a message over. Raises: TransientError, PermanentError."""
        ...


class HeartbeatPort(Protocol):
    """Tell a monitoring service that keepcool lives."""

    def beat(self, now_utc: datetime) -> None:
        """Say so once. Raises: TransientError, PermanentError, PayloadError."""
        ...


class SecondRoadPort(Protocol):
    """Send by the roads beside Home Assistant."""

    def send(self, message: RoadMessage) -> None:
        """Hand a message over. Raises: TransientError."""
        ...


class AnnouncerPort(Protocol):
    """Say something in the home."""

    def send(self, message: HomeMessage) -> None:
        """Say it once. Raises: TransientError, PermanentError."""
        ...


class HomePort(Protocol):
    """Command and read Home Assistant's entities."""

    def apply(self, entity_id: str, desired: DeviceState) -> tuple[str, ...]:
        """Call the services that bring a device's entity to `desired`; return context ids.

        Accepted is not happened: read back. Raises: TransientError, PermanentError.
        """
        ...

    def fetch_states(self, entity_ids: Sequence[str]) -> tuple[DeviceObserved, ...]:
        """Read entities; a missing one comes back with `state=None`.

        Raises: TransientError, PermanentError.
        """
        ...

    def fetch_services(self) -> Mapping[str, frozenset[str]]:
        """Return the services per domain, for `check`. Raises: TransientError, PermanentError."""
        ...


class PlugPort(Protocol):
    """Switch plugs that speak MQTT, and understand what they tell; unknown ids are ignored."""

    @property
    def topics(self) -> frozenset[str]:
        """Name every topic on which a plug tells something."""
        ...

    def switch(self, device_id: str, *, is_on: bool, timer: timedelta | None) -> None:
        """Publish a command, never retained; accepted is not happened."""
        ...

    def ask(self, device_id: str) -> None:
        """Have a plug tell its state, where its family can be asked."""
        ...

    def end_timer(self, device_id: str) -> None:
        """Take a timer of ours off a plug without switching it."""
        ...

    def read(self, topic: str, payload: bytes) -> tuple[PlugHeard, ...]:
        """Return what a message says of which plugs; never raises."""
        ...


class EventStream(Protocol):
    """Hear Home Assistant's events on its own thread and post them."""

    def start(self) -> None:
        """Start the thread; it rebuilds its connection after any error, with back-off 1 to 60 s."""
        ...

    def flush(self, timeout_s: float) -> bool:
        """Return once everything that the server had sent before this call was posted."""
        ...

    def is_thread_alive(self) -> bool:
        """Return whether the thread lives."""
        ...

    def stop(self) -> None:
        """End the thread within 3 s."""
        ...


@runtime_checkable
class PastWeatherSource(Protocol):
    """Fetch also what the weather was on past days."""

    def fetch_past(self, now_utc: datetime, days: int) -> Forecast:
        """Fetch the hours of so many days, up to today.

        Raises: TransientError (with `retry_after_s`), PermanentError, PayloadError.
        """
        ...


class WeatherSource(Protocol):
    """Fetch the hourly forecast of one provider."""

    @property
    def name(self) -> str:
        """Name the provider, for texts and the store."""
        ...

    def fetch(self, now_utc: datetime) -> Forecast:
        """Fetch and parse.

        Raises: TransientError (with `retry_after_s`), PermanentError, PayloadError.
        """
        ...


class WarningService(Protocol):
    """Fetch one service's official heat warnings for one area."""

    @property
    def name(self) -> str:
        """Name the service and its area, for texts and the store."""
        ...

    def fetch(self, now_utc: datetime) -> tuple[OfficialWarning, ...]:
        """Fetch and parse what is warned of now.

        Raises: TransientError (with `retry_after_s`), PermanentError, PayloadError.
        """
        ...


__all__ = [
    "AnnouncerPort",
    "Clock",
    "DeviceObserved",
    "EventStream",
    "HomePort",
    "MqttLink",
    "PhoneButton",
    "PhoneMessage",
    "PhonePort",
    "PlugHeard",
    "PlugPort",
    "Post",
    "SecondRoadPort",
    "WarningService",
    "WeatherSource",
]
