"""Decide from ages alone how far an unanswered alert climbs: second road, carers, repeats.

A critical message that does not get through, or that nobody answers, goes further; trouble that
leaves keepcool blind or powerless goes to the carers when it lasts. Every rung is taken once.
Source: DESIGN "Alerts", docs/decisions.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from policies.alert import Alert, AlertPhase, Climb, Road, Severity
from policies.blindness import CARERS_HEAR
from policies.model import Carer, Delivery, Person, PersonConditions
from policies.notification import is_answered

NOT_HANDED_OVER_AFTER = timedelta(seconds=60)
UNCONFIRMED_AFTER = timedelta(seconds=120)
CARER_AFTER = timedelta(minutes=5)
TROUBLE_TO_CARER_AFTER = timedelta(minutes=30)
REPEATS = (timedelta(minutes=10), timedelta(minutes=20), timedelta(minutes=40))
REPEAT_INTERVAL = timedelta(hours=1)  # after the last of them
CARD_POLICY = "carer"  # of the one notification that a carer has

Recipient = Person | Carer


@dataclass(frozen=True, slots=True)
class Step:
    """Name one further send that an alert calls for."""

    recipient_id: str
    road: Road
    rung: str  # part of what tells one send from another


@dataclass(frozen=True, slots=True)
class Ascent:
    """Carry an alert after the rungs it takes now, and when the next one may be due."""

    alert: Alert
    steps: tuple[Step, ...] = ()
    next_in: timedelta | None = None


def card_tag(carer_id: str) -> str:
    """Name a carer's one notification, as `AlertKey.tag` does."""
    return f"keepcool-{CARD_POLICY}-{carer_id}-1"


def is_open(alert: Alert, people: Iterable[PersonConditions]) -> bool:
    """Return whether an alert still waits for an answer: nobody pressed, drank or switched."""
    if alert.phase is not AlertPhase.FIRING:
        return False
    # Trouble is not mended by a drink: only a button answers it.
    return alert.key.policy == "trouble" or not is_answered(alert, people)


def repeats_due(since_first: timedelta) -> int:
    """Return how many repeats belong to an age since the first message.

    >>> [repeats_due(timedelta(minutes=age)) for age in (9, 10, 20, 40, 99, 100, 160)]
    [0, 1, 2, 3, 3, 4, 5]
    """
    early = sum(since_first >= moment for moment in REPEATS)
    if early < len(REPEATS):
        return early
    return early + (since_first - REPEATS[-1]) // REPEAT_INTERVAL


def until_repeat(since_first: timedelta) -> timedelta:
    """Return the time to the next repeat."""
    taken = repeats_due(since_first)
    if taken < len(REPEATS):
        return REPEATS[taken] - since_first
    hours = taken - len(REPEATS) + 1
    return REPEATS[-1] + hours * REPEAT_INTERVAL - since_first


def until_second_road(
    delivery: Delivery | None, since_first: timedelta, *, is_urgent: bool
) -> timedelta | None:
    """Return the time until somebody's phones are given up on; `None`: not as things are.

    Zero or less is now. What is not known to have been handed over counts as not handed over.
    Only what is urgent has to be confirmed by the phone.
    """
    if delivery is None:
        return NOT_HANDED_OVER_AFTER - since_first
    if delivery.is_refused:
        return timedelta(0)
    if not delivery.is_handed:
        return NOT_HANDED_OVER_AFTER - delivery.since_queued
    if delivery.is_received or not is_urgent:
        return None
    return UNCONFIRMED_AFTER - delivery.since_queued


def climb(
    alert: Alert,
    people: Iterable[PersonConditions],
    carers: Iterable[Carer],
    deliveries: Mapping[tuple[str, str], Delivery],
    *,
    is_ending: bool = False,
) -> Ascent:
    """Take the rungs that are due now.

    Args:
        alert: as the decision leaves it; the first message counts as its own rung.
        people: everybody; those whom the alert is about are looked for among them.
        carers: everybody who cares for somebody.
        deliveries: how far messages came, by tag and recipient.
        is_ending: what it warns of is over, and only its hold keeps it: nothing is then said to
            the person again, for it would be untrue; but who does not answer is still worth a
            carer's call.
    """
    people = tuple(people)
    if not is_open(alert, people):
        return Ascent(alert)
    theirs = [each.person for each in people if each.person.person_id in alert.person_ids]
    told = [carer for carer in carers if any(name in carer.people for name in alert.person_ids)]
    if alert.severity is Severity.CRITICAL:
        return _climb_critical(alert, () if is_ending else theirs, told, deliveries)
    if alert.key.policy == "trouble" and alert.message.message_id in CARERS_HEAR:
        return _climb_trouble(alert, told, deliveries)
    return Ascent(alert)


def _climb_critical(
    alert: Alert,
    people: Collection[Person],
    carers: Collection[Carer],
    deliveries: Mapping[tuple[str, str], Delivery],
) -> Ascent:
    if alert.climb is None:
        return Ascent(alert)  # not told yet
    start = alert.climb
    walk = _Walk(alert, start, deliveries)
    for person in people:
        walk.open_second_road(person, person.person_id, alert.key.tag, start.since_first)
        walk.announce(person, alert.key.tag, start.since_first)
    due = repeats_due(start.since_first)
    if people and due > start.repeats:
        for person in people:
            walk.repeat(person, person.person_id, due)
        for carer in carers if start.is_carer_told else ():
            walk.repeat(carer, carer.carer_id, due)
        walk.climb = replace(walk.climb, repeats=due)
    walk.waits.append(until_repeat(start.since_first))
    walk.tell_carers(carers, CARER_AFTER - start.since_first)
    since_told = start.since_first - CARER_AFTER
    for carer in carers if start.is_carer_told else ():
        walk.open_second_road(carer, carer.carer_id, card_tag(carer.carer_id), since_told)
    return walk.ascent()


def _climb_trouble(
    alert: Alert, carers: Collection[Carer], deliveries: Mapping[tuple[str, str], Delivery]
) -> Ascent:
    start = alert.climb or Climb()
    walk = _Walk(alert, start, deliveries)
    walk.tell_carers(carers, TROUBLE_TO_CARER_AFTER - alert.firing_for)
    for carer in carers if start.is_carer_told else ():
        walk.open_second_road(carer, carer.carer_id, card_tag(carer.carer_id), start.since_first)
    return walk.ascent()


class _Walk:
    """Collect the rungs that one alert takes in one decision."""

    def __init__(
        self, alert: Alert, start: Climb, deliveries: Mapping[tuple[str, str], Delivery]
    ) -> None:
        self.climb = start
        self.waits: list[timedelta] = []
        self._alert = alert
        self._start = start
        self._told_carers = alert.told_carers
        self._deliveries = deliveries
        self._steps: list[Step] = []

    def open_second_road(
        self, recipient: Recipient, recipient_id: str, tag: str, since_first: timedelta
    ) -> None:
        """Open somebody's second road when it is time; without phones it is the first message's."""
        if not recipient.second_roads or recipient_id in self.climb.second_road:
            return
        if recipient.phones:
            is_urgent = self._alert.severity is Severity.CRITICAL
            delivery = self._deliveries.get((tag, recipient_id))
            left = until_second_road(delivery, since_first, is_urgent=is_urgent)
            if left is None:
                return
            if left > timedelta(0):
                self.waits.append(left)
                return
            self._steps.append(Step(recipient_id, Road.SECOND_ROAD, "second_road"))
        self._open(recipient_id)

    def announce(self, person: Person, tag: str, since_first: timedelta) -> None:
        """Have the home itself tell a person, when their second road is due or would be."""
        if not person.announcers or person.person_id in self.climb.announced:
            return
        delivery = self._deliveries.get((tag, person.person_id))
        if delivery is not None and not person.phones and delivery.is_by_second_road:
            delivery = replace(delivery, is_handed=True)  # their first road, which confirms nothing
        left = until_second_road(delivery, since_first, is_urgent=True)
        if left is None:
            return
        if left > timedelta(0):
            self.waits.append(left)
            return
        self._steps.append(Step(person.person_id, Road.ANNOUNCER, "announcer"))
        self.climb = replace(self.climb, announced=(*self.climb.announced, person.person_id))

    def repeat(self, recipient: Recipient, recipient_id: str, number: int) -> None:
        """Say it again on every road that was taken."""
        rung = f"repeat_{number}"
        if recipient.phones:
            self._steps.append(Step(recipient_id, Road.PHONE, rung))
        if recipient_id in self._start.second_road:
            self._steps.append(Step(recipient_id, Road.SECOND_ROAD, rung))
        if recipient_id in self._start.announced:
            self._steps.append(Step(recipient_id, Road.ANNOUNCER, rung))

    def tell_carers(self, carers: Collection[Carer], left: timedelta) -> None:
        """Tell the carers when it is time, on their phones or else their second road."""
        if self.climb.is_carer_told or not carers:
            return
        if left > timedelta(0):
            self.waits.append(left)
            return
        self.climb = replace(self.climb, is_carer_told=True)
        for carer in carers:
            if carer.phones:
                self._steps.append(Step(carer.carer_id, Road.PHONE, "carer"))
            elif carer.second_roads:
                self._steps.append(Step(carer.carer_id, Road.SECOND_ROAD, "carer"))
                self._open(carer.carer_id)
            if carer.carer_id not in self._told_carers:
                self._told_carers = (*self._told_carers, carer.carer_id)

    def _open(self, recipient_id: str) -> None:
        opened = (*self.climb.second_road, recipient_id)
        self.climb = replace(self.climb, second_road=opened)

    def ascent(self) -> Ascent:
        """Return what became of it."""
        has_climbed = self._alert.climb is not None or self.climb != self._start
        alert = replace(
            self._alert,
            climb=self.climb if has_climbed else None,
            told_carers=self._told_carers,
        )
        return Ascent(alert, tuple(self._steps), min(self._soon(), default=None))

    def _soon(self) -> Iterator[timedelta]:
        return (wait for wait in self.waits if wait > timedelta(0))
