"""Say when a person's morning brief is due, whether it was told, and what it tells already."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from policies.alert import Alert, AlertPhase
from policies.model import Person, Snapshot

POLICY: Final = "brief"
DUE_FOR: Final = timedelta(hours=2)
WAITED_FOR: Final = timedelta(hours=2)
"""What is only expected waits so long for the brief that says it. Source: our own choice."""

SAME_HOUR: Final = timedelta(hours=2)
"""What the brief said of a room is still said when the hour moves by less."""


def since_due(person: Person, now_local: datetime) -> timedelta | None:
    """Return how long ago today's brief was due, or `None` before that and without one."""
    since = _since(person, now_local)
    return since if since is not None and since >= timedelta(0) else None


def is_of_today(since: timedelta, snapshot: Snapshot) -> bool:
    """Return whether what happened so long ago was on this local day."""
    at = (snapshot.now_utc - since).astimezone(snapshot.now_local.tzinfo)
    return at.date() == snapshot.now_local.date()


def live_brief(alerts: Iterable[Alert], person_id: str) -> Alert | None:
    """Return the person's brief that lives, told or not, or `None`."""
    live = [
        alert
        for alert in alerts
        if alert.key.policy == POLICY
        and alert.key.subject == person_id
        and alert.phase is not AlertPhase.RESOLVED
    ]
    return live[-1] if live else None


def is_soon(alert: Alert, person: Person, snapshot: Snapshot) -> bool:
    """Return whether what is expected can wait for the person's brief, which will say it."""
    since = _since(person, snapshot.now_local)
    if since is None or not -WAITED_FOR <= since < DUE_FOR:
        return False
    told = live_brief(snapshot.alerts, person.person_id)
    if told is not None and told.since_told is not None:
        return False
    at = alert.message.moment("expected_at")
    return at is not None and at > snapshot.now_utc - since + WAITED_FOR


def says(brief: Alert, alert: Alert) -> bool:
    """Return whether a told brief names the room and hour that an alert expects."""
    said_at, at = brief.message.moment("over_at"), alert.message.moment("expected_at")
    if brief.since_told is None or said_at is None or at is None:
        return False
    is_room = brief.message.parameters.get("over_room") == alert.message.parameters.get("room")
    return is_room and abs(said_at - at) < SAME_HOUR


def _since(person: Person, now_local: datetime) -> timedelta | None:
    """Return how long ago today's brief was due, negative before that."""
    if person.brief_at is None:
        return None
    due = datetime.combine(now_local.date(), person.brief_at, now_local.tzinfo)
    return now_local.replace(tzinfo=None) - due.replace(tzinfo=None)  # both of one wall clock
