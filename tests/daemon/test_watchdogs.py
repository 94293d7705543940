"""Who would end what keepcool holds if it died: the watchdogs that Home Assistant runs."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from daemon.watchdogs import ALIVE_FOR, Watchdogs
from tests.loop_home import TOPICS, TwoClocks

TOPIC = TOPICS.watchdog("ac")


def announced(clocks: TwoClocks, ago: timedelta = timedelta(0)) -> bytes:
    """Return what the blueprint says."""
    return json.dumps({"at": (clocks.utc - ago).isoformat(), "told": True}).encode()


@pytest.mark.parametrize(
    ("ago", "is_there"),
    [
        (ALIVE_FOR - timedelta(seconds=1), True),
        (ALIVE_FOR, True),
        (ALIVE_FOR + timedelta(seconds=1), False),
        (-ALIVE_FOR - timedelta(seconds=1), False),
    ],
)
def test_fault_40_announcement_counts_for_a_quarter_of_an_hour(
    ago: timedelta, *, is_there: bool
) -> None:
    """The broker keeps what a removed automation said; by its own time stamp it is old."""
    clocks, watchdogs = TwoClocks(), Watchdogs({TOPIC: "ac"})
    assert watchdogs.hear(TOPIC, announced(clocks, ago))
    assert watchdogs.guarded(clocks.now()) == ({"ac"} if is_there else set())


@pytest.mark.parametrize(
    "payload", [b"", b"online", b"{}", b"[]", b'{"at": 5}', b'{"at": "2026-07-14T13:00:00"}']
)
def test_what_is_no_announcement_ends_the_last_one(payload: bytes) -> None:
    """A topic that was cleared, or that somebody else uses, does not count as a watchdog."""
    clocks, watchdogs = TwoClocks(), Watchdogs({TOPIC: "ac"})
    watchdogs.hear(TOPIC, announced(clocks))
    assert watchdogs.hear(TOPIC, payload)
    assert watchdogs.guarded(clocks.now()) == frozenset()


def test_other_topics_are_not_its_own() -> None:
    """What is about a device that the home does not have is left to others."""
    assert not Watchdogs({TOPIC: "ac"}).hear(TOPICS.watchdog("fan"), b"")
