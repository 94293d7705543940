"""Hear the broker for a bounded time: first what is retained, then what sensors say."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from daemon.init.announced import DISCOVERY_TOPICS
from daemon.init.sensors import Broker
from daemon.ports import MqttLink, Post
from daemon.probing import wait_until_up
from integrations.messages import LinkChanged, MessageReceived

QUIET_S = 1.0  # nothing retained for so long: that was all
RETAINED_WITHIN_S = 10.0

# Builds a link that hears some topics and posts what it hears.
BuildLink = Callable[[Sequence[str], Post], MqttLink]
Progress = Callable[[float, Broker], None]  # seconds that are left, and what was heard
Events = queue.SimpleQueue[object]


def read_retained(build_link: BuildLink, broker: Broker) -> None:
    """Read what others announce. Raises: TransientError when no broker lets us in."""
    with _connected(build_link, DISCOVERY_TOPICS) as events:
        ends_at = time.monotonic() + RETAINED_WITHIN_S
        while time.monotonic() < ends_at:
            try:
                event = events.get(timeout=QUIET_S)
            except queue.Empty:
                return
            if isinstance(event, MessageReceived):
                broker.announce(event.topic, event.payload)
            else:
                _mind_link(event, events, broker)


def listen(build_link: BuildLink, broker: Broker, seconds: float, show_progress: Progress) -> None:
    """Hear everything for so long, and show each second how far it is.

    Raises: TransientError when the broker does not let us in any more, or goes and stays away.
    """
    if seconds <= 0:
        return
    with _connected(build_link, ["#"]) as events:
        ends_at = time.monotonic() + seconds
        shown_at = 0.0
        while (left_s := ends_at - time.monotonic()) > 0:
            if time.monotonic() - shown_at >= 1.0:
                shown_at = time.monotonic()
                show_progress(left_s, broker)
            try:
                event = events.get(timeout=min(left_s, 0.5))
            except queue.Empty:
                continue
            if isinstance(event, MessageReceived):
                broker.hear(event.topic, event.payload)
            else:
                _mind_link(event, events, broker)
        show_progress(0.0, broker)


@contextmanager
def _connected(build_link: BuildLink, topics: Sequence[str]) -> Iterator[Events]:
    """Give what a link to the broker posts. Raises: TransientError when it does not come up."""
    events: Events = queue.SimpleQueue()
    link = build_link(topics, events.put)
    link.start()
    try:
        wait_until_up(events)
        yield events
    finally:
        link.stop()


def _mind_link(event: object, events: Events, broker: Broker) -> None:
    """Note what we may not hear; wait for a link that broke. Raises: TransientError."""
    if not isinstance(event, LinkChanged):
        return
    if not event.is_up:
        wait_until_up(events, event.detail)
    elif event.is_refused:
        broker.refusal = event.detail
