"""Prove once a month that messages arrive and answers come back, by a press of any button.

Whoever pressed a button lately, on whatever message, has proved the whole road and hears nothing.
Everybody else, carers too, gets one quiet test message, and one more some days later. What then is
still not proved is trouble. Whether a phone rings, only its owner knows. Source: our own choice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from policies.alert import Alert, AlertPhase, Finding, HeatLevel, Message, Severity, Verb
from policies.model import RoadProof, Snapshot

POLICY: Final = "self_test"
PROVED_FOR: Final = timedelta(days=30)
AGAIN_AFTER: Final = timedelta(days=3)
ASKED: Final = "self_test"
ASKED_AGAIN: Final = "self_test_again"


def evaluate(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return a test message for everybody with a phone who pressed no button for a month.

    It begins at a calm moment only: nothing hot, somebody home, the clock right. Quiet hours, a
    snooze, an outing and the budget hold it as any nudge.
    """
    names = {
        found.person.person_id: found.person.name
        for found in snapshot.people
        if found.person.phones
    }
    carers = {carer.carer_id: carer for carer in snapshot.carers if carer.phones}
    names |= {carer_id: carer.name for carer_id, carer in carers.items()}
    is_calm = _is_calm(snapshot)
    findings: list[Finding] = []
    for proof in snapshot.proofs:
        name = names.get(proof.recipient_id)
        if name is None or proof.unproved_for < PROVED_FOR:
            continue
        asked = _live(snapshot, proof.recipient_id)
        message_id = _message_id(asked, is_calm=is_calm)
        if message_id is None:
            continue
        findings.append(_question(proof, message_id))
        if (
            asked is not None
            and message_id == asked.message.message_id == ASKED_AGAIN
            and _is_old(asked)
        ):
            carer = carers.get(proof.recipient_id)
            people = (proof.recipient_id,) if carer is None else carer.people
            findings.append(_trouble(snapshot, proof, name, people, is_carer=carer is not None))
    return tuple(findings)


def _message_id(asked: Alert | None, *, is_calm: bool) -> str | None:
    """Return what to ask: nothing new in a moment that is not calm."""
    if asked is None:
        return ASKED if is_calm else None
    is_second_due = asked.message.message_id == ASKED and _is_old(asked) and is_calm
    return ASKED_AGAIN if is_second_due else asked.message.message_id


def _is_calm(snapshot: Snapshot) -> bool:
    is_hot = any(
        alert.key.policy == "heat"
        and alert.phase is not AlertPhase.RESOLVED
        and alert.level >= HeatLevel.WARNING
        for alert in snapshot.alerts
    )
    return snapshot.is_clock_synchronised and not snapshot.holiday.is_on and not is_hot


def _is_old(asked: Alert) -> bool:
    return asked.since_told is not None and asked.since_told >= AGAIN_AFTER


def _live(snapshot: Snapshot, recipient_id: str) -> Alert | None:
    for alert in snapshot.alerts:
        is_theirs = (alert.key.policy, alert.key.subject) == (POLICY, recipient_id)
        if is_theirs and alert.phase is not AlertPhase.RESOLVED:
            return alert
    return None


def _question(proof: RoadProof, message_id: str) -> Finding:
    days = proof.unproved_for // timedelta(days=1)
    return Finding(
        policy=POLICY,
        subject=proof.recipient_id,
        severity=Severity.NUDGE,
        person_ids=(proof.recipient_id,),
        message=Message(message_id),
        reason=f"no button pressed for {days} days",
        verbs=(Verb.ON_IT,),
    )


def _trouble(
    snapshot: Snapshot, proof: RoadProof, name: str, people: tuple[str, ...], *, is_carer: bool
) -> Finding:
    since = _day(snapshot.now_local - proof.unproved_for)
    return Finding(
        policy="trouble",
        subject=f"phone:{proof.recipient_id}",
        severity=Severity.WARNING,
        person_ids=people,
        message=Message(
            "trouble_carer_unproved" if is_carer else "trouble_phone_unproved",
            {"who": name, "since_day": since},
        ),
        reason=f"the phone of {name} was not proved since {since}",
    )


def _day(at_local: datetime) -> str:
    return f"{at_local.day} {at_local:%b}"
