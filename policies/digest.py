"""Gather what would be too many messages into one: silent, replaced in place, gone when all is.

A storm is several troubles within minutes; it becomes the digest, with what the day's budgets have
no room for and what an empty home can wait with. Source: DESIGN "Alerts"; FAULTS 47.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from policies.alert import Alert, AlertPhase, Finding, Message, Severity
from policies.holding import is_small_trouble
from policies.model import Snapshot
from policies.wording import LONGEST_BODY, render

POLICY = "digest"
STORM_WITHIN = timedelta(minutes=10)
STORM_FROM = 3  # messages
TOLD_AGAIN_AFTER = timedelta(minutes=10)  # it grows in place, but not with every minute


def recent_trouble(alerts: Iterable[Alert]) -> Counter[str]:
    """Count the troubles that each person was told of within minutes."""
    return Counter(
        person_id
        for alert in alerts
        if alert.key.policy == "trouble"
        and alert.since_told is not None
        and alert.since_told < STORM_WITHIN
        for person_id in alert.person_ids
    )


def members(alerts: Iterable[Alert], person_id: str) -> list[Alert]:
    """Return the live alerts that stand in a person's digest, the gravest first."""
    found = [
        alert
        for alert in alerts
        if person_id in alert.digested_for and alert.phase is not AlertPhase.RESOLVED
    ]
    return sorted(found, key=_gravity)


def _gravity(alert: Alert) -> tuple[int, bool, datetime, str]:
    return (-alert.severity, is_small_trouble(alert), alert.raised_at, alert.key.subject)


def evaluate(snapshot: Snapshot, alerts: Iterable[Alert]) -> tuple[Finding, ...]:
    """Return the digest of everybody who has one."""
    digested = [alert for alert in alerts if alert.digested_for]
    findings = []
    for conditions in snapshot.people if digested else ():
        person = conditions.person
        theirs = members(digested, person.person_id)
        if theirs:
            titles = [render(alert.message, person, snapshot.home).title for alert in theirs]
            findings.append(
                Finding(
                    policy=POLICY,
                    subject=person.person_id,
                    severity=Severity.NUDGE,
                    person_ids=(person.person_id,),
                    message=_message(titles),
                    reason="; ".join(titles),
                )
            )
    return tuple(findings)


def _message(titles: list[str]) -> Message:
    """Return the message that names as many as fit, and how many more there are."""
    shown = len(titles)
    while shown > 1 and len(_listed(titles, shown)) > LONGEST_BODY:
        shown -= 1
    message_id = "digest" if len(titles) > 1 else "digest_one"
    return Message(message_id, {"count": len(titles), "things": _listed(titles, shown)})


def _listed(titles: list[str], shown: int) -> str:
    more = len(titles) - shown
    return "; ".join([*titles[:shown], *([f"{more} more"] if more else [])]) + "."
