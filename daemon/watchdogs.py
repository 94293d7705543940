"""Follow Home Assistant's watchdogs: each ends one device's lease if keepcool dies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from daemon.clock import Instant

ALIVE_FOR = timedelta(minutes=15)  # the blueprint announces itself every five minutes
LONGEST_PAYLOAD = 500


class Watchdogs:
    """Remember when each device's watchdog last said that it is there."""

    def __init__(self, devices: Mapping[str, str] = MappingProxyType({})) -> None:
        """Know the device by the topic of its watchdog; none has been heard."""
        self._devices = dict(devices)
        self._said_at: dict[str, datetime] = {}

    @property
    def topics(self) -> frozenset[str]:
        """Return every topic to subscribe."""
        return frozenset(self._devices)

    def hear(self, topic: str, payload: bytes) -> bool:
        """Take an announcement, retained or not; return whether the topic is a watchdog's."""
        device_id = self._devices.get(topic)
        if device_id is None:
            return False
        said_at = _said_at(payload)
        if said_at is None:
            self._said_at.pop(device_id, None)
        else:
            self._said_at[device_id] = said_at
        return True

    def guarded(self, now: Instant) -> frozenset[str]:
        """Return the devices whose watchdog has said within 15 min that it is there.

        The broker keeps what a removed automation said last, so its own time stamp counts.
        """
        return frozenset(
            device_id for device_id, at in self._said_at.items() if abs(now.utc - at) <= ALIVE_FOR
        )


def _said_at(payload: bytes) -> datetime | None:
    """Return the announcement's own time stamp; `None` for whatever else came."""
    try:
        at = datetime.fromisoformat(json.loads(payload[:LONGEST_PAYLOAD])["at"])
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
