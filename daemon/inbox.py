"""Queue what happened, in order and bounded: under a flood readings coalesce, answers never do.

Far above that, what is no reading and comes over MQTT is dropped: somebody floods commands, and who
waits for an answer gets none. What phones and workers answer is never dropped.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from integrations.messages import MessageReceived

if TYPE_CHECKING:
    from daemon.events import Event

COALESCE_ABOVE = 4096  # source: docs/decisions.md
COALESCE_ABOVE_BYTES = 4 * 1024 * 1024  # of payload; a flood may cost 20 MB in all: FAULTS 19
DROP_ABOVE = 4  # times that much, messages that are no readings are dropped


class Inbox:
    """Be the one way into the loop. `post` may be called from any thread and never blocks."""

    def __init__(self, coalesce_above: int = COALESCE_ABOVE) -> None:
        """Start empty; with more waiting only the newest reading of a topic is kept."""
        self._coalesce_above = coalesce_above
        self._events: OrderedDict[int, Event] = OrderedDict()
        self._newest: dict[str, int] = {}  # topic -> its newest waiting reading
        self._next = 0
        self._coalesced = 0
        self._dropped = 0
        self._waiting_bytes = 0
        self._readings: frozenset[str] = frozenset()
        self._condition = threading.Condition()

    def allow_coalescing(self, topics: frozenset[str]) -> None:
        """Name the topics whose messages are readings: only those may be replaced by newer ones."""
        self._readings = topics

    def post(self, event: Event) -> None:
        """Append an event."""
        with self._condition:
            number = self._next
            self._next += 1
            if isinstance(event, MessageReceived):
                if event.topic in self._readings:
                    older = self._newest.get(event.topic)
                    if older is not None and not event.is_retained and self._is_above(1):
                        self._forget(self._events.pop(older))
                        self._coalesced += 1
                    self._newest[event.topic] = number
                elif self._is_above(DROP_ABOVE):
                    self._dropped += 1
                    return
                self._waiting_bytes += len(event.payload)
            self._events[number] = event
            self._condition.notify()

    def _is_above(self, times: int) -> bool:
        return (
            len(self._events) >= times * self._coalesce_above
            or self._waiting_bytes >= times * COALESCE_ABOVE_BYTES
        )

    def _forget(self, event: Event) -> None:
        if isinstance(event, MessageReceived):
            self._waiting_bytes -= len(event.payload)

    def take(self, timeout_s: float, limit: int = 256) -> list[Event]:
        """Return up to `limit` events in order; wait up to `timeout_s` for the first."""
        with self._condition:
            if not self._events and timeout_s > 0:
                self._condition.wait(timeout_s)
            taken: list[Event] = []
            while self._events and len(taken) < limit:
                number, event = self._events.popitem(last=False)
                if isinstance(event, MessageReceived) and self._newest.get(event.topic) == number:
                    del self._newest[event.topic]
                self._forget(event)
                taken.append(event)
            return taken

    def __len__(self) -> int:
        """Return how many events wait."""
        return len(self._events)

    def take_dropped(self) -> int:
        """Return how many other messages were dropped since the last call."""
        with self._condition:
            count, self._dropped = self._dropped, 0
        return count

    def take_coalesced(self) -> int:
        """Return how many readings were replaced since the last call."""
        with self._condition:
            count, self._coalesced = self._coalesced, 0
        return count
