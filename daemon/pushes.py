"""Turn what was decided to say into outbox rows, one per phone, with single-use button tokens."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from daemon.clock import Instant
from daemon.outbox import OutboxRow
from daemon.records import ActionToken
from integrations.messages import PhoneButton, PhoneMessage
from policies.alert import (
    AlertPhase,
    ClearNotification,
    Message,
    Notification,
    Severity,
    Verb,
)
from policies.model import Person
from policies.wording import button_title, render

if TYPE_CHECKING:
    from daemon.state import HomeState

ACTION_PREFIX = "KEEPCOOL_"
LATE_AFTER = timedelta(minutes=2)


def push_rows(
    notification: Notification, person: Person, now: Instant
) -> tuple[list[OutboxRow], list[ActionToken]]:
    """Build the rows for every phone of the person, and the tokens that their buttons carry."""
    tokens = [
        ActionToken(
            ACTION_PREFIX + secrets.token_hex(8).upper(),
            notification.key,
            person.person_id,
            verb,
            person.portion_ml if verb is Verb.DRANK else None,
        )
        for verb in notification.verbs
    ]
    buttons = tuple(PhoneButton(token.token, button_title(token.verb, person)) for token in tokens)
    body = notification.body
    if notification.safety_text:
        body = f"{body}\n{notification.safety_text}"
    rows = [
        OutboxRow(
            row_id=uuid.uuid4().hex,
            deduplication_key=_deduplication_key(notification, phone.channel_id, now),
            person_id=person.person_id,
            channel_id=phone.channel_id,
            message=PhoneMessage(
                service=phone.service,
                kind=phone.kind,
                tag=notification.key.tag,
                title=notification.title,
                body=body,
                severity=notification.severity,
                buttons=buttons,
            ),
            created=now,
        )
        for phone in person.phones
    ]
    return rows, tokens


def clear_rows(clear: ClearNotification, person: Person, now: Instant) -> list[OutboxRow]:
    """Build the rows that take a resolved alert off every phone of the person."""
    return [
        OutboxRow(
            row_id=uuid.uuid4().hex,
            deduplication_key=f"{clear.key.tag}/clear/{phone.channel_id}/{now.utc.isoformat()}",
            person_id=person.person_id,
            channel_id=phone.channel_id,
            message=PhoneMessage(
                phone.service, phone.kind, clear.key.tag, "", "", Severity.DISPLAY, is_clear=True
            ),
            created=now,
        )
        for phone in person.phones
    ]


def in_present_words(row: OutboxRow, state: HomeState, now: Instant) -> OutboxRow:
    """Return a heat message that could not be handed over for a while as it is to be said now.

    The numbers, and whether it is only expected, are the present ones; it says when it was first
    raised. What is stored stays as it was. Source: FAULTS 44.
    """
    message, record = row.message, state.people.get(row.person_id)
    raised = row.first_raised or row.created
    alert = next((each for each in state.alerts.values() if each.key.tag == message.tag), None)
    if (
        alert is None
        or record is None
        or message.is_clear
        or alert.key.policy != "heat"
        or alert.phase is AlertPhase.RESOLVED
        or alert.severity < Severity.WARNING
        or raised.plausible_elapsed_until(now) < LATE_AFTER
    ):
        return row
    person = record.person
    raised_at = f"{state.local(raised.utc):%H:%M}"
    said = Message(
        alert.message.message_id, {**alert.message.parameters, "raised_at_local": raised_at}
    )
    words = render(said, person, state.home, (Verb.ON_IT,) if message.buttons else ())
    drank = button_title(Verb.DRANK, person)
    present = replace(
        message,
        title=words.title,
        body=f"{words.body}\n{words.safety_text}" if words.safety_text else words.body,
        severity=alert.severity,
        # No drink prompt beside the safety text.
        buttons=tuple(b for b in message.buttons if not words.safety_text or b.title != drank),
    )
    return replace(row, message=present)


def _deduplication_key(notification: Notification, channel_id: str, now: Instant) -> str:
    """Identify what is told on which channel: policy, subject, episode, level, severity.

    What may be told twice within an episode (a nudge, a reminder) is told apart by its moment.
    """
    parts = (
        notification.key.tag,
        str(int(notification.level)),
        str(int(notification.severity)),
        channel_id,
        notification.reason.value,
        now.utc.isoformat(timespec="minutes"),
    )
    return "/".join(parts)
