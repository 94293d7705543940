"""Queue what a decision says: rows for the outbox, tokens, counters, and what is followed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from daemon.outbox import RowState
from daemon.pushes import clear_rows, push_rows
from policies.alert import Alert, AlertPhase, HeatLevel, Notification, Road, Severity
from policies.ladder import CARD_POLICY
from policies.notification import UNCOUNTED

if TYPE_CHECKING:
    from daemon.clock import Instant
    from daemon.outbox import Outbox
    from daemon.records import Changes
    from daemon.state import HomeState
    from policies.model import Decision

log = structlog.get_logger()
_DROPPED = frozenset({RowState.SUPERSEDED, RowState.EXPIRED})


def queue_messages(
    decision: Decision, state: HomeState, outbox: Outbox, now: Instant, changes: Changes
) -> Decision:
    """Put every message and clearing into the outbox, and what must be stored into `changes`.

    Return the decision as it is to be remembered: what was told in vain was not told.
    """
    changes.outbox.extend(outbox.withdraw({key.tag for key in decision.calling}, now))
    for clear in decision.clears:
        changes.outbox.extend(outbox.call_off(clear.person_id, clear.key.tag, now))
        person = state.readers.get(clear.person_id)  # None: no longer in the settings
        for row in () if person is None else clear_rows(clear, person, now):
            changes.outbox.extend(outbox.add(row))
    for notification in decision.notifications:
        person = state.readers[notification.person_id]
        image = state.pictures.path_for(notification, decision)
        rows, tokens = push_rows(notification, person, now, image)
        changes.tokens.extend(tokens)
        for row in rows:
            changes.outbox.extend(outbox.add(row))
        if rows:
            _count(notification, state, now, changes)
            channels = [row.channel_id for row in rows]
            is_first = _is_first(notification, decision)
            state.deliveries.note_queued(notification, channels, now, changes, is_first=is_first)
        log.info(
            "alert.told",
            tag=notification.key.tag,
            severity=notification.severity.name.lower(),
            level=int(notification.level),
            reason=notification.reason.value,
            road=notification.road.value,
            channels=len(rows),
        )
    cleared = {clear.key for clear in decision.clears}
    unsent = {row.message.tag for row in changes.outbox if row.state in _DROPPED}
    unsent |= {row.message.tag for row in outbox.rows if not row.message.is_clear}
    alerts = tuple(
        _as_heard(alert, outbox, unsent) if alert.key in cleared else alert
        for alert in decision.alerts
    )
    return replace(decision, alerts=alerts)


def _as_heard(alert: Alert, outbox: Outbox, unsent: Collection[str]) -> Alert:
    """Return an alert without what was told of it, if it is over and no channel ever took any.

    Else it would hush the next episode for hours, the first one that anybody can hear of.
    """
    tag = alert.key.tag
    if alert.phase is not AlertPhase.RESOLVED or outbox.take_heard(tag) or tag not in unsent:
        return alert
    return replace(
        alert, since_told=None, told_severity=Severity.DISPLAY, told_level=HeatLevel.NORMAL
    )


def _count(notification: Notification, state: HomeState, now: Instant, changes: Changes) -> None:
    """Count a push against the person's budgets; answers and other roads are not in them."""
    record = state.people.get(notification.person_id)
    is_push = notification.road is Road.PHONE and notification.severity > Severity.DISPLAY
    is_push = is_push and notification.key.policy not in UNCOUNTED
    if record is not None and is_push:
        record.record_push(notification.key.policy, notification.severity, now)
        state.remember(notification.person_id, changes)


def _is_first(notification: Notification, decision: Decision) -> bool:
    """Return whether nobody waits for an answer to an earlier message of this tag."""
    if notification.key.policy == CARD_POLICY:
        return "carer" in notification.rung and len(notification.covers) <= 1
    return any(
        alert.key == notification.key
        and alert.climb is not None
        and alert.climb.since_first == timedelta(0)
        for alert in decision.alerts
    )
