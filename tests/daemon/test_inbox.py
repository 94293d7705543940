"""The one way into the loop: in order, bounded, and deaf to nobody."""

from __future__ import annotations

import threading

import pytest

from daemon.events import ButtonPressed, Event, LinkChanged, MessageReceived
from daemon.inbox import COALESCE_ABOVE_BYTES, DROP_ABOVE, Inbox


def message(topic: str, number: int, *, is_retained: bool = False) -> MessageReceived:
    """Return the message of that number."""
    return MessageReceived(topic, str(number).encode(), is_retained, 0.0)


def texts(events: list[Event]) -> list[str]:
    """Return topic and payload of messages, and the names of other events."""
    return [
        f"{event.topic} {event.payload.decode()}"
        if isinstance(event, MessageReceived)
        else type(event).__name__
        for event in events
    ]


def test_events_come_in_their_order() -> None:
    """First in, first out, at most as many as asked for."""
    inbox = Inbox()
    for number in range(5):
        inbox.post(message("t", number))
    assert texts(inbox.take(0.0, limit=3)) == ["t 0", "t 1", "t 2"]
    assert texts(inbox.take(0.0)) == ["t 3", "t 4"]
    assert inbox.take(0.0) == []


def test_fault_19_under_a_flood_only_the_newest_reading_of_a_topic_waits() -> None:
    """Above the mark readings coalesce and are counted; answers and commands never do."""
    inbox = Inbox(coalesce_above=4)
    inbox.allow_coalescing(frozenset({"a", "b"}))
    inbox.post(message("a", 0))
    inbox.post(ButtonPressed("x"))
    inbox.post(message("command", 1))
    inbox.post(message("b", 2))
    for number in range(3, 103):
        inbox.post(message("a", number))
    inbox.post(message("command", 103))
    inbox.post(message("command", 104))
    assert texts(inbox.take(0.0)) == [
        "ButtonPressed",
        "command 1",
        "b 2",
        "a 102",
        "command 103",
        "command 104",
    ]
    assert (inbox.take_coalesced(), inbox.take_coalesced()) == (100, 0)


def test_fault_19_large_readings_coalesce_before_they_fill_the_memory() -> None:
    """A few large messages are a flood too: the newest of each topic waits."""
    inbox = Inbox()
    inbox.allow_coalescing(frozenset({"a"}))
    large = bytes(COALESCE_ABOVE_BYTES // 4)
    for _ in range(40):
        inbox.post(MessageReceived("a", large, False, 0.0))  # noqa: FBT003
    assert len(inbox) == 4
    assert inbox.take_coalesced() == 36
    assert len(inbox.take(0.0)) == 4
    inbox.post(MessageReceived("a", large, False, 0.0))  # noqa: FBT003
    inbox.post(MessageReceived("a", large, False, 0.0))  # noqa: FBT003
    assert len(inbox) == 2  # what was taken counts no more


def test_fault_19_flood_of_commands_is_bounded_and_drops_no_answer() -> None:
    """Far above the mark messages that are no readings are dropped and counted, nothing else."""
    inbox = Inbox(coalesce_above=2)
    inbox.allow_coalescing(frozenset({"a"}))
    for number in range(100):
        inbox.post(message("command", number))
    inbox.post(ButtonPressed("x"))
    inbox.post(message("a", 1))
    assert (inbox.take_dropped(), inbox.take_dropped()) == (100 - 2 * DROP_ABOVE, 0)
    taken = texts(inbox.take(0.0))
    assert len(taken) == 2 * DROP_ABOVE + 2
    assert taken[-2:] == ["ButtonPressed", "a 1"]


def test_below_the_mark_every_reading_counts() -> None:
    """Without a flood nothing is merged."""
    inbox = Inbox(coalesce_above=4)
    inbox.allow_coalescing(frozenset({"a"}))
    for number in range(4):
        inbox.post(message("a", number))
    assert len(inbox) == 4


def test_retained_reading_replaces_nothing() -> None:
    """An old value from the broker does not push a live one out."""
    inbox = Inbox(coalesce_above=1)
    inbox.allow_coalescing(frozenset({"a"}))
    inbox.post(message("a", 0))
    inbox.post(message("a", 1, is_retained=True))
    assert texts(inbox.take(0.0)) == ["a 0", "a 1"]


def test_taken_reading_is_not_replaced_any_more() -> None:
    """What the loop has is its own; the next reading of the topic waits anew."""
    inbox = Inbox(coalesce_above=1)
    inbox.allow_coalescing(frozenset({"a"}))
    inbox.post(message("a", 0))
    inbox.take(0.0)
    inbox.post(message("a", 1))
    inbox.post(message("a", 2))
    assert texts(inbox.take(0.0)) == ["a 2"]


def test_many_threads_lose_nothing() -> None:
    """Events of each poster arrive in its order, none twice, none lost."""
    inbox = Inbox()

    def post_many(name: str) -> None:
        for number in range(500):
            inbox.post(message(name, number))

    threads = [threading.Thread(target=post_many, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    taken: list[Event] = []
    while any(thread.is_alive() for thread in threads) or len(inbox):
        taken += inbox.take(0.01)
    for name in "abcd":
        own = [text for text in texts(taken) if text.startswith(name)]
        assert own == [f"{name} {number}" for number in range(500)]


@pytest.mark.parametrize("timeout_s", [0.0, 0.01])
def test_empty_inbox_is_waited_for_no_longer_than_asked(timeout_s: float) -> None:
    """The loop gets its turn without any event."""
    assert Inbox().take(timeout_s) == []


def test_waiting_loop_is_woken() -> None:
    """An event ends the wait at once."""
    inbox = Inbox()
    waker = threading.Timer(0.02, inbox.post, [LinkChanged("mqtt", is_up=True)])
    waker.start()
    assert texts(inbox.take(30.0)) == ["LinkChanged"]
    waker.join()
