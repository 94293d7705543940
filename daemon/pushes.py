"""Turn what was decided to say into outbox rows, one per phone, with single-use button tokens."""

from __future__ import annotations

import secrets
import uuid

from daemon.clock import Instant
from daemon.outbox import OutboxRow
from daemon.store import ActionToken
from integrations.messages import PhoneButton, PhoneMessage
from policies.alert import ClearNotification, Notification, Severity, Verb
from policies.model import Person
from policies.wording import button_title

ACTION_PREFIX = "KEEPCOOL_"


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
