"""Put the ladder's rungs into words: second roads, repeats, carers, and who answered.

What carers read is in `policies.carer_card`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from policies.alert import (
    Alert,
    AlertKey,
    AlertPhase,
    ClearNotification,
    HeatLevel,
    Message,
    Notification,
    NotifyReason,
    Road,
    Severity,
    Verb,
)
from policies.carer_card import Card, card_key
from policies.ladder import Ascent, Step, climb, is_open
from policies.model import Delivery, Person, Snapshot
from policies.unheard import is_unheard
from policies.wording import render

# Trouble that a phone cannot hear of, because it is the phone's own road.
BY_SECOND_ROAD = frozenset(
    {"trouble_home_assistant_down", "trouble_token_refused", "trouble_phone"}
)


@dataclass(frozen=True, slots=True)
class Escalation:
    """Carry the alerts after the rungs they took, and what must be said for it."""

    alerts: tuple[Alert, ...]
    notifications: tuple[Notification, ...] = ()
    clears: tuple[ClearNotification, ...] = ()
    look_again_in: timedelta | None = None
    unheard: tuple[AlertKey, ...] = ()
    calling: tuple[AlertKey, ...] = ()


def escalate(snapshot: Snapshot, alerts: Iterable[Alert]) -> Escalation:
    """Take every rung that is due, tell who answered, and take back what is over."""
    deliveries: Mapping[tuple[str, str], Delivery] = {
        (delivery.tag, delivery.recipient_id): delivery for delivery in snapshot.deliveries
    }
    climbed: list[Alert] = []
    steps: list[tuple[Alert, Step]] = []
    waits: list[timedelta] = []
    answered: list[Alert] = []
    for alert in alerts:
        ascent = Ascent(alert)
        if not _can_wait(snapshot, alert):
            ascent = climb(
                alert,
                snapshot.people,
                snapshot.carers,
                deliveries,
                is_ending=_is_ending(snapshot, alert),
            )
        after = ascent.alert
        if _has_news_of_answer(snapshot, after):
            after = replace(after, is_answer_told=True)
            answered.append(after)
        climbed.append(after)
        steps += [(after, step) for step in ascent.steps]
        waits += [ascent.next_in] if ascent.next_in is not None else []
    people = {each.person.person_id: each.person for each in snapshot.people}
    notifications = [
        _again(snapshot, alert, people[step.recipient_id], step)
        for alert, step in steps
        if step.recipient_id in people
    ]
    notifications += _without_phones(snapshot, climbed, people)
    notifications += _answers(snapshot, answered, people)
    clears: list[ClearNotification] = []
    for carer in snapshot.carers:
        card = Card(snapshot, carer, climbed)
        taken = [step for _, step in steps if step.recipient_id == carer.carer_id]
        if card.is_over:
            clears.append(ClearNotification(card_key(carer.carer_id), carer.carer_id))
        notifications += card.alarms(taken) if taken else card.news(answered)
    return Escalation(
        tuple(climbed),
        tuple(notifications),
        tuple(clears),
        min(waits, default=None),
        tuple(each.key for each in climbed if is_unheard(each, snapshot.people, deliveries)),
        tuple(each.key for each in climbed if _is_calling(snapshot, each)),
    )


def _can_wait(snapshot: Snapshot, alert: Alert) -> bool:
    """Return whether it is trouble with an empty home, which the digest tells of."""
    return snapshot.holiday.is_on and alert.key.policy == "trouble"


def _is_calling(snapshot: Snapshot, alert: Alert) -> bool:
    """Return whether it is critical, true, and waits for an answer: the home may still speak."""
    return (
        alert.severity is Severity.CRITICAL
        and is_open(alert, snapshot.people)
        and not _can_wait(snapshot, alert)
        and not _is_ending(snapshot, alert)
    )


def _is_ending(snapshot: Snapshot, alert: Alert) -> bool:
    """Return whether it is heat whose rooms are all under its level again, as was last judged."""
    held = [
        memory
        for (person_id, _), memory in snapshot.level_memory.items()
        if person_id in alert.person_ids and memory.level >= alert.level
    ]
    is_heat = alert.key.policy == "heat" and not alert.is_expected
    return is_heat and bool(held) and all(each.clearing_for is not None for each in held)


def _has_news_of_answer(snapshot: Snapshot, alert: Alert) -> bool:
    is_live = alert.phase is not AlertPhase.RESOLVED
    is_waited_for = bool(alert.told_carers) and not alert.is_answer_told
    return is_live and is_waited_for and not is_open(alert, snapshot.people)


# --------------------------------------------------------------------------- to the person


def _again(snapshot: Snapshot, alert: Alert, person: Person, step: Step) -> Notification:
    """Return the alert's own message once more, or on another road."""
    message = alert.message
    is_repeat = step.rung.startswith("repeat")
    if is_repeat and alert.key.policy == "heat" and alert.climb is not None:
        since = snapshot.now_local - alert.climb.since_first
        said = {**message.parameters, "since_local": f"{since:%H:%M}"}
        message = Message("heat_critical_repeated", said)
    verbs = (Verb.ON_IT,) if step.road is Road.PHONE else ()  # other roads know no buttons
    words = render(message, person, snapshot.home, verbs)
    return Notification(
        key=alert.key,
        person_id=person.person_id,
        reason=NotifyReason.REPEATED if is_repeat else NotifyReason.NOT_CONFIRMED,
        severity=alert.severity,
        level=alert.level,
        title=words.title,
        body=words.body,
        safety_text=words.safety_text,
        verbs=verbs,
        road=step.road,
        rung=step.rung,
    )


def _without_phones(
    snapshot: Snapshot, alerts: Iterable[Alert], people: Mapping[str, Person]
) -> list[Notification]:
    """Tell by the second road what was told just now and cannot reach a phone."""
    step = Step("", Road.SECOND_ROAD, "second_road")
    alerts = tuple(alerts)
    # By a stepped clock the home may be judged twice in one instant.
    known = {alert.key for alert in snapshot.alerts if alert.since_told == timedelta(0)}
    new = {alert.key for alert in alerts if alert.since_told == timedelta(0)} - known
    unreached, newly = _unreached(alerts), _unreached(each for each in alerts if each.key in new)
    return [
        _again(snapshot, alert, people[person_id], step)
        for alert in alerts
        if alert.told_severity >= Severity.WARNING and alert.phase is not AlertPhase.RESOLVED
        for person_id in dict.fromkeys(alert.person_ids)
        if person_id in people
        and person_id not in alert.waiting_for
        and not _can_wait(snapshot, alert)
        and people[person_id].second_roads
        and (alert.key in new or (person_id in newly and _is_still_to_do(snapshot, alert)))
        and (
            alert.message.message_id in BY_SECOND_ROAD
            or not people[person_id].phones
            or (person_id in unreached and alert.severity < Severity.CRITICAL)  # else it climbs
        )
        and not _opened(alert, person_id)
    ]


def _unreached(alerts: Iterable[Alert]) -> frozenset[str]:
    """Return the people of whom keepcool knows that no phone of theirs is reached."""
    return frozenset(
        person_id
        for alert in alerts
        if alert.message.message_id == "trouble_phone" and alert.phase is not AlertPhase.RESOLVED
        for person_id in alert.person_ids
    )


def _is_still_to_do(snapshot: Snapshot, alert: Alert) -> bool:
    """Return whether heat that a phone was told of in vain still waits for somebody."""
    return alert.key.policy == "heat" and is_open(alert, snapshot.people)


def _answers(
    snapshot: Snapshot, answered: Iterable[Alert], people: Mapping[str, Person]
) -> list[Notification]:
    """Show the person that a carer is on it, on every road by which they were told."""
    carers = {carer.carer_id: carer.name for carer in snapshot.carers}
    told: list[Notification] = []
    for alert in answered:
        who = carers.get(alert.answered_by or "")
        if who is None:
            continue  # they answered themselves
        message_id = "answered_heat" if alert.key.policy == "heat" else "answered_trouble"
        message = Message(message_id, {**alert.message.parameters, "who": who})
        for person_id in dict.fromkeys(alert.person_ids):
            person = people.get(person_id)
            if person is not None:
                told += _to(snapshot, alert.key, person, message, _opened(alert, person_id))
    return told


def _opened(alert: Alert, recipient_id: str) -> bool:
    return alert.climb is not None and recipient_id in alert.climb.second_road


def _to(
    snapshot: Snapshot,
    key: AlertKey,
    person: Person,
    message: Message,
    is_opened: bool,  # noqa: FBT001 - private
) -> list[Notification]:
    """Return a quiet message on each road by which somebody was told."""
    words = render(message, person, snapshot.home)
    plain = Notification(
        key=key,
        person_id=person.person_id,
        reason=NotifyReason.ANSWERED,
        severity=Severity.DISPLAY,  # an answer: it rings nowhere and counts against no budget
        level=HeatLevel.NORMAL,
        title=words.title,
        body=words.body,
        safety_text=words.safety_text,
        rung="answered",
    )
    by_second = [replace(plain, road=Road.SECOND_ROAD)] if is_opened else []
    return ([plain] if person.phones else []) + by_second
