"""Announce the home to Home Assistant, and take back what the settings no longer have.

What was ever announced is remembered: Home Assistant keeps a device until somebody says that it is
gone, and whoever should hear it may be away for any number of runs. The list grows only when
somebody changes the settings.
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
    """Remember what this home ever announced, and on which state topics it ever spoke."""

    devices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    states: frozenset[str] = frozenset()


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

    def prepare(self, changes: Changes) -> list[Announcement]:
        """Return what to send once `changes` are written: what is announced is known before."""
        announcements = list(self._announce(self._known.devices))
        devices = {topic: dict(found) for topic, found in self._known.devices.items()}
        for announcement in announcements:
            if announcement.components:
                devices.setdefault(announcement.topic, {}).update(announcement.components)
        known = Announced(devices, self._known.states | self._states)
        if known != self._known:
            self._known = known
            changes.memory[MEMORY_KEY] = to_json(known)
        return announcements

    def send(self, announcements: Iterable[Announcement]) -> None:
        """Publish, and empty the state topics of rooms and people that are gone."""
        for announcement in announcements:
            self._publish(announcement.topic, announcement.payload, is_retained=True)
        for topic in sorted(self._known.states - self._states):
            self._publish(topic, "", is_retained=True)
