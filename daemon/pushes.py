"""Turn what was decided to say into outbox rows, one per phone or other road, with tokens."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from daemon.clock import Instant
from daemon.outbox import OutboxRow
from daemon.records import ActionToken
from integrations.messages import HomeMessage, PhoneButton, PhoneMessage, RoadMessage
from policies.alert import (
    AlertPhase,
    ClearNotification,
    Message,
    Notification,
    Road,
    Severity,
    Verb,
)
from policies.brief_timing import POLICY as BRIEF
from policies.model import Person, PhoneKind
from policies.wording import button_title, render

if TYPE_CHECKING:
    from daemon.state import HomeState

ACTION_PREFIX = "KEEPCOOL_"
LATE_AFTER = timedelta(minutes=2)


def push_rows(
    notification: Notification, person: Person, now: Instant, image: str | None = None
) -> tuple[list[OutboxRow], list[ActionToken]]:
    """Build a row for each phone or other channel, and the tokens that their buttons carry.

    `image` is where Home Assistant serves the phones a picture.
    """
    tokens = [
        ActionToken(
            ACTION_PREFIX + secrets.token_hex(8).upper(),
            notification.key,
            person.person_id,
            verb,
            person.portion_ml if verb is Verb.DRANK else None,
            notification.covers,
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
            deduplication_key=_deduplication_key(notification, message.channel_id, now),
            person_id=person.person_id,
            channel_id=message.channel_id,
            message=message.message,
            created=now,
        )
        for message in _messages(notification, person, body, buttons, image)
    ]
    return rows, tokens


@dataclass(frozen=True, slots=True)
class _Addressed:
    channel_id: str
    message: PhoneMessage | HomeMessage | RoadMessage


def _messages(
    notification: Notification,
    person: Person,
    body: str,
    buttons: tuple[PhoneButton, ...],
    image: str | None,
) -> Iterator[_Addressed]:
    tag, title, severity = notification.key.tag, notification.title, notification.severity
    if notification.road is Road.PHONE:
        for phone in person.phones:
            words = (tag, title, body, severity, buttons)
            shown = image if _has_room_for(phone.kind, notification) else None
            push = PhoneMessage(phone.service, phone.kind, *words, image=shown)
            yield _Addressed(phone.channel_id, push)
    elif notification.road is Road.ANNOUNCER:
        for each in person.announcers:  # short: what to do, without the safety text
            said = (tag, title, notification.body, severity)
            yield _Addressed(each.channel_id, HomeMessage(each.entity_id, each.voice_id, *said))
    else:
        for channel_id in person.second_roads:
            yield _Addressed(channel_id, RoadMessage(channel_id, tag, title, body, severity))


def _has_room_for(kind: PhoneKind, notification: Notification) -> bool:
    """Return whether a phone shows a picture and the words that count.

    Beside a picture Android shows the first line alone, also when it is opened: enough for a
    warning, which says in its title what to do, and not for a brief.
    Source: home-assistant/android, pull request 393.
    """
    return kind is PhoneKind.IPHONE or notification.key.policy != BRIEF


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
        or min(alert.severity, message.severity) < Severity.WARNING
        or raised.plausible_elapsed_until(now) < LATE_AFTER
    ):
        return row
    person = record.person
    raised_at = f"{state.local(raised.wall_time(now)):%H:%M}"
    said = Message(
        alert.message.message_id, {**alert.message.parameters, "raised_at_local": raised_at}
    )
    buttons = message.buttons if isinstance(message, PhoneMessage) else ()
    words = render(said, person, state.home, (Verb.ON_IT,) if buttons else ())
    body = words.body
    if words.safety_text and not isinstance(message, HomeMessage):
        body = f"{body}\n{words.safety_text}"
    is_critical = alert.severity >= Severity.CRITICAL
    drank = button_title(Verb.DRANK, person)
    present = replace(message, title=words.title, body=body, severity=alert.severity)
    if isinstance(present, PhoneMessage) and (words.safety_text or is_critical):
        present = replace(present, image=None)
    if isinstance(present, PhoneMessage):  # no drink prompt beside the safety text
        kept = tuple(b for b in buttons if not words.safety_text or b.title != drank)
        present = replace(present, buttons=kept)
    return replace(row, message=present)


def _deduplication_key(notification: Notification, channel_id: str, now: Instant) -> str:
    """Identify what is told on which channel: policy, subject, episode, level, severity, rung.

    What may be told twice within an episode (a nudge, a reminder) is told apart by its moment,
    which no step of the wall clock repeats.
    """
    parts = (
        notification.key.tag,
        str(int(notification.level)),
        str(int(notification.severity)),
        channel_id,
        notification.reason.value,
        notification.rung,
        f"{now.boot_id}+{now.boot_s // 60:.0f}",
    )
    return "/".join(parts)
