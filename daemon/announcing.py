"""Announce the home to Home Assistant, and take back what the settings no longer have.

Home Assistant keeps a device until somebody says that it is gone, so what was announced is
remembered: before it is sent, and until it was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from daemon.records import Changes, read_json, to_json
from integrations.messages import Announcement

MEMORY_KEY = "announced"
# Device topic -> entity key -> platform, of everything that was announced before.
Known = Mapping[str, Mapping[str, str]]
Announce = Callable[[Known], Iterable[Announcement]]


def announce_nothing(_known: Known) -> Iterable[Announcement]:
    """Announce nothing, for a home that nobody shows."""
    return ()


@dataclass(frozen=True, slots=True)
class Announced:
    """Remember which devices stand at the broker, and the state topics that may speak there."""

    devices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    states: frozenset[str] = frozenset()

    def and_also(self, other: Announced) -> Announced:
        """Return both together."""
        topics = {**self.devices, **other.devices}
        devices = {
            topic: {**self.devices.get(topic, {}), **other.devices.get(topic, {})}
            for topic in topics
        }
        return Announced(devices, self.states | other.states)


class Announcer:
    """Say what there is, each time that somebody may not know it."""

    def __init__(
        self,
        announce: Announce,
        memory: Mapping[str, str],
        states: frozenset[str],
        publish: Callable[..., None],
    ) -> None:
        """Take over what earlier runs announced; `states` are the topics that speak in this run."""
        stored = memory.get(MEMORY_KEY)
        known = read_json(Announced, stored) if stored is not None else None
        self._known = known or Announced()
        self._announce = announce
        self._states = states
        self._publish = publish

    def announce(self, commit: Callable[[Changes], object]) -> None:
        """Publish every device, and empty what earlier runs left of those that are gone.

        The broker must be there: what was emptied is forgotten.
        """
        announcements = list(self._announce(self._known.devices))
        present = Announced(
            {found.topic: found.components for found in announcements if found.components},
            self._states,
        )
        gone = self._known.states - self._states
        self._remember(self._known.and_also(present), commit)
        for announcement in announcements:
            # Not QoS 1, of which the client keeps no more than a thousand: it is sent again anyway.
            qos = 0 if announcement.payload else 1
            self._publish(announcement.topic, announcement.payload, is_retained=True, qos=qos)
        for topic in sorted(gone):
            self._publish(topic, "", is_retained=True, qos=1)
        self._remember(present, commit)

    def _remember(self, known: Announced, commit: Callable[[Changes], object]) -> None:
        if known != self._known:
            self._known = known
            commit(Changes(memory={MEMORY_KEY: to_json(known)}))
