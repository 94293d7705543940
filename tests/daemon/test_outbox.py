"""What is due, what waits, what is overtaken: the outbox without disk or threads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daemon.clock import Instant
from daemon.outbox import Outbox, OutboxRow, RowState
from integrations.messages import PhoneMessage, RoadMessage
from policies.alert import Severity
from policies.model import PhoneKind

NOW = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))


def later(seconds: float) -> Instant:
    """Return a moment so many seconds later."""
    return NOW.shifted(timedelta(seconds=seconds))


def a_row(
    row_id: str,
    tag: str = "heat",
    severity: Severity = Severity.WARNING,
    channel: str = "phone",
    *,
    is_clear: bool = False,
) -> OutboxRow:
    """Return a fresh row."""
    message = PhoneMessage("s", PhoneKind.ANDROID, tag, "t", "b", severity, is_clear=is_clear)
    return OutboxRow(row_id, f"key-{row_id}", "anna", channel, message, NOW)


def ids(rows: list[OutboxRow]) -> list[str]:
    """Return the rows' ids."""
    return [row.row_id for row in rows]


def finish(
    outbox: Outbox,
    row_id: str,
    at: Instant = NOW,
    error: str | None = None,
    retry_after_s: float | None = None,
    *,
    is_permanent: bool = False,
) -> OutboxRow | None:
    """Finish a row."""
    return outbox.finish(
        row_id, at, error=error, is_permanent=is_permanent, retry_after_s=retry_after_s
    )


def test_one_row_at_a_time_goes_to_a_phone_the_loudest_first() -> None:
    """Each phone has its own queue; what is louder overtakes, else the oldest comes first."""
    outbox = Outbox()
    for row in (
        a_row("nudge", "drink", Severity.NUDGE),
        a_row("first", "blind"),
        a_row("second", "broker"),
        a_row("critical", "heat", Severity.CRITICAL),
        a_row("tablet", "drink", Severity.NUDGE, "tablet"),
    ):
        outbox.add(row)
    order = []
    while taken := outbox.take_due(NOW):
        assert outbox.take_due(NOW) == []
        order.append(ids(taken))
        for row in taken:
            finish(outbox, row.row_id)
    assert order == [["critical", "tablet"], ["first"], ["second"], ["nudge"]]
    assert (len(outbox), outbox.is_idle) == (0, True)


def test_update_replaces_what_is_unsent() -> None:
    """Only the newest of a tag waits for a phone; another phone's row is its own."""
    outbox = Outbox()
    outbox.add(a_row("old"))
    outbox.add(a_row("other phone", channel="tablet"))
    changed = outbox.add(a_row("new"))
    assert [(row.row_id, row.state) for row in changed] == [
        ("new", RowState.DUE),
        ("old", RowState.SUPERSEDED),
    ]
    assert [row.row_id for row in outbox.rows] == ["other phone", "new"]


def test_what_puts_an_unsent_message_right_is_as_loud_as_that() -> None:
    """An announcement that no phone got is not made silent; one that was sent is put right so."""
    outbox = Outbox()
    outbox.add(a_row("announced", severity=Severity.WARNING))
    [moved, _] = outbox.add(a_row("moved", severity=Severity.NUDGE))
    assert moved.message.severity is Severity.WARNING
    outbox = Outbox()
    [alone] = outbox.add(a_row("moved", severity=Severity.NUDGE))
    assert alone.message.severity is Severity.NUDGE


def test_update_does_not_replace_what_is_under_way() -> None:
    """A row in flight may have arrived: it stays, and the newer one follows it."""
    outbox = Outbox()
    outbox.add(a_row("old"))
    outbox.take_due(NOW)
    assert ids(outbox.add(a_row("new"))) == ["new"]
    done = finish(outbox, "old")
    assert done is not None
    assert done.state is RowState.SENT
    assert ids(outbox.take_due(NOW)) == ["new"]


@pytest.mark.parametrize("is_clear", [False, True])
def test_failed_row_is_not_tried_again_behind_a_newer_one(is_clear: bool) -> None:  # noqa: FBT001
    """Sent after the newer one it would bring old words, or a cleared alert, back."""
    outbox = Outbox()
    outbox.add(a_row("old", severity=Severity.CRITICAL))
    outbox.take_due(NOW)
    outbox.add(a_row("new", severity=Severity.DISPLAY, is_clear=is_clear))
    done = finish(outbox, "old", error="away")
    assert done is not None
    assert (done.state, done.last_error) == (RowState.SUPERSEDED, "away")
    assert [row.row_id for row in outbox.rows] == ["new"]


def test_same_words_are_not_queued_twice() -> None:
    """A row with the key of a waiting one is left out."""
    outbox = Outbox()
    outbox.add(a_row("one"))
    assert outbox.add(replace(a_row("two", "other"), deduplication_key="key-one")) == []
    assert len(outbox) == 1


@pytest.mark.parametrize(
    ("failures", "is_permanent", "retry_after_s", "wait_s"),
    [
        (1, False, None, 5),
        (2, False, None, 10),
        (3, False, None, 20),
        (4, False, None, 40),
        (5, False, None, 60),
        (50, False, None, 60),
        (1, False, 2.0, 5),
        (1, False, 33.0, 33),
        (1, False, 1e9, 6 * 3600),
        (1, True, None, 300),
        (7, True, None, 300),
    ],
)
def test_pause_after_a_failure(
    failures: int,
    is_permanent: bool,  # noqa: FBT001
    retry_after_s: float | None,
    wait_s: float,
) -> None:
    """Pauses grow to a minute; a refusal waits five; the server may ask for more, up to 6 h."""
    outbox = Outbox()
    outbox.add(replace(a_row("r"), attempts=failures - 1))
    outbox.take_due(NOW)
    row = finish(outbox, "r", NOW, "no", retry_after_s, is_permanent=is_permanent)
    assert row is not None
    assert (row.state, row.attempts, row.last_error) == (RowState.DUE, failures, "no")
    assert outbox.next_due_boot_s() == NOW.boot_s + wait_s
    assert outbox.take_due(later(wait_s - 0.01)) == []
    assert ids(outbox.take_due(later(wait_s))) == ["r"]


def test_fault_32_what_a_starting_home_assistant_refused_is_soon_sent() -> None:
    """It answers before its phones' services are there: what it refused then waits seconds."""
    outbox = Outbox()
    outbox.add(a_row("early", "a"))
    outbox.take_due(NOW)
    finish(outbox, "early", error="no such service", is_permanent=True)
    outbox.note_road(later(1), is_up=True)
    assert ids(outbox.take_due(later(1))) == ["early"]
    finish(outbox, "early", later(1), error="no such service", is_permanent=True)
    assert outbox.take_due(later(20)) == []
    assert ids(outbox.take_due(later(21))) == ["early"]
    finish(outbox, "early", later(600), error="no such service", is_permanent=True)
    assert ids(outbox.take_due(later(620))) == ["early"]
    finish(outbox, "early", later(601), error="no such service", is_permanent=True)
    assert outbox.take_due(later(900)) == []  # it is missing: no longer asked for all the time
    assert ids(outbox.take_due(later(901))) == ["early"]


def test_fault_33_refused_token_is_not_tried_as_if_home_assistant_started() -> None:
    """Tokens that are refused again and again get an address banned."""
    outbox = Outbox()
    outbox.note_road(NOW, is_up=True)
    outbox.add(a_row("r", severity=Severity.CRITICAL))
    outbox.take_due(NOW)
    outbox.note_road(NOW, is_up=False, is_refused=True)
    finish(outbox, "r", error="token refused", is_permanent=True)
    assert outbox.next_due_boot_s() is None
    assert outbox.take_due(later(299)) == []


def test_fault_32_second_road_has_nothing_to_do_with_a_start() -> None:
    """A service outside the home that refuses its message is not asked every 20 s."""
    outbox = Outbox()
    outbox.note_road(NOW, is_up=True)
    message = RoadMessage("anna:second_road:1", "heat", "t", "b", Severity.CRITICAL)
    outbox.add(replace(a_row("away", channel="anna:second_road:1"), message=message))
    outbox.take_due(NOW)
    finish(outbox, "away", error="no such topic", is_permanent=True)
    assert outbox.next_due_boot_s() == later(300).boot_s


def test_nudge_of_an_hour_ago_is_dropped() -> None:
    """Old reminders are noise; warnings and clears never expire; nor does what is under way."""
    outbox = Outbox()
    for row in (
        a_row("under way", "x", Severity.NUDGE, "tablet"),
        a_row("warning", "a"),
        a_row("nudge", "b", Severity.NUDGE),
        a_row("clear", "c", Severity.DISPLAY, is_clear=True),
        a_row("digest", "keepcool-digest-anna", Severity.NUDGE),  # silent, and still true
        a_row("mode", "keepcool-mode-holiday-1", Severity.NUDGE),
    ):
        outbox.add(row)
    outbox.take_due(replace(NOW, boot_s=NOW.boot_s))
    assert outbox.expire(later(3600)) == []
    expired = outbox.expire(later(3601))
    assert [(row.row_id, row.state) for row in expired] == [("nudge", RowState.EXPIRED)]


def test_nudge_from_before_a_reboot_expires_too() -> None:
    """Over a reboot the wall clock tells how old it is."""
    outbox = Outbox([a_row("nudge", "b", Severity.NUDGE)])
    morning = Instant("boot-2", 30.0, NOW.utc + timedelta(hours=9))
    assert ids(outbox.expire(morning)) == ["nudge"]


def test_rows_of_an_earlier_run_are_due_at_once_and_the_newest_of_a_tag_counts() -> None:
    """An older row that was in flight at the kill is dropped for the record."""
    rows = [a_row("critical", severity=Severity.CRITICAL), a_row("newer"), a_row("other", "b")]
    outbox = Outbox(rows)
    dropped = outbox.supersede_outdated(NOW)
    assert [(row.row_id, row.state) for row in dropped] == [("critical", RowState.SUPERSEDED)]
    assert outbox.next_due_boot_s() == 0.0
    assert ids(outbox.take_due(Instant("boot-2", 1.0, NOW.utc))) == ["newer"]


def test_unknown_row_is_ignored() -> None:
    """An answer that nobody waits for changes nothing."""
    outbox = Outbox()
    assert finish(outbox, "ghost") is None
    assert outbox.discard("ghost", NOW) == []
    assert outbox.next_due_boot_s() is None
