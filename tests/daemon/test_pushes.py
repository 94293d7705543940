"""From what is to be said to rows for phones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daemon.clock import Instant
from daemon.outbox import OutboxRow
from daemon.pushes import clear_rows, push_rows
from integrations.messages import PhoneMessage
from policies.alert import (
    AlertKey,
    ClearNotification,
    HeatLevel,
    Notification,
    NotifyReason,
    Severity,
    Verb,
)
from tests.builders import a_person, a_phone

NOW = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
KEY = AlertKey("heat", "anna", 3)
TABLET = a_phone(channel_id="tablet", service="mobile_app_tablet")
PERSON = a_person(phones=(a_phone(), TABLET), portion_ml=150)


def a_notification(**overrides: object) -> Notification:
    """Return a warning with two buttons."""
    fields = {
        "key": KEY,
        "person_id": "anna",
        "reason": NotifyReason.NEW,
        "severity": Severity.WARNING,
        "level": HeatLevel.WARNING,
        "title": "Cool down now",
        "body": "words",
        "verbs": (Verb.ON_IT, Verb.DRANK),
    }
    return Notification(**(fields | overrides))  # type: ignore[arg-type]


def pushes_of(rows: list[OutboxRow]) -> list[PhoneMessage]:
    """Return the messages of rows that go to phones."""
    return [row.message for row in rows if isinstance(row.message, PhoneMessage)]


def test_every_phone_gets_the_same_message() -> None:
    """Tag and buttons are the same on each, so an answer on one counts for all."""
    rows, tokens = push_rows(a_notification(), PERSON, NOW)
    messages = pushes_of(rows)
    assert [message.service for message in messages] == ["mobile_app_anna", "mobile_app_tablet"]
    assert {row.message.tag for row in rows} == {"keepcool-heat-anna-3"}
    assert messages[0].buttons == messages[1].buttons
    assert len({row.row_id for row in rows} | {row.deduplication_key for row in rows}) == 4
    assert [(token.verb, token.key, token.amount_ml) for token in tokens] == [
        (Verb.ON_IT, KEY, None),
        (Verb.DRANK, KEY, 150),
    ]
    assert [token.token for token in tokens] == [button.action for button in messages[0].buttons]


def test_buttons_are_of_one_message_only() -> None:
    """The next message carries other strings, which nobody can guess."""
    first, second = (push_rows(a_notification(), PERSON, NOW)[1] for _ in range(2))
    strings = {token.token for token in first + second}
    assert len(strings) == 4
    assert all(len(string) >= len("KEEPCOOL_") + 16 for string in strings)


def test_safety_text_stands_on_its_own_line() -> None:
    """The fixed words follow the message's own."""
    rows, _ = push_rows(a_notification(safety_text="If you feel faint, call 112."), PERSON, NOW)
    assert rows[0].message.body == "words\nIf you feel faint, call 112."


@pytest.mark.parametrize(
    ("overrides", "minutes", "is_same"),
    [
        ({}, 0, True),
        ({"level": HeatLevel.HIGH}, 0, False),
        ({"severity": Severity.CRITICAL}, 0, False),
        ({"key": AlertKey("heat", "anna", 4)}, 0, False),
        ({"reason": NotifyReason.UNANSWERED}, 0, False),
        ({}, 61, False),
    ],
)
def test_key_tells_what_may_be_told_twice(
    overrides: dict[str, object],
    minutes: int,
    is_same: bool,  # noqa: FBT001
) -> None:
    """Policy, subject, episode, level, severity, channel, reason and minute make the key."""
    (first, tablet), _ = push_rows(a_notification(), PERSON, NOW)
    (second, _), _ = push_rows(
        a_notification(**overrides), PERSON, NOW.shifted(timedelta(minutes=minutes))
    )
    assert (first.deduplication_key == second.deduplication_key) is is_same
    assert first.deduplication_key != tablet.deduplication_key


def test_clear_takes_the_tag_off_every_phone() -> None:
    """A clear is quiet and carries the tag alone."""
    rows = clear_rows(ClearNotification(KEY, "anna"), PERSON, NOW)
    assert [(row.channel_id, row.message.tag, row.message.is_clear) for row in rows] == [
        ("anna-phone", KEY.tag, True),
        ("tablet", KEY.tag, True),
    ]
    assert all(row.message.severity == Severity.DISPLAY for row in rows)


def test_person_without_a_phone_gets_no_row() -> None:
    """Nothing is queued that could never leave."""
    nobody = a_person(phones=())
    assert push_rows(a_notification(), nobody, NOW)[0] == []
    assert clear_rows(ClearNotification(KEY, "anna"), nobody, NOW) == []
