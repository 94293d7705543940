"""Write a carer's one notification: whom to call and why, or who is on it already.

It is replaced in place and taken back when everything in it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from policies.alert import (
    Alert,
    AlertKey,
    AlertPhase,
    HeatLevel,
    Message,
    Notification,
    NotifyReason,
    Road,
    Severity,
    Verb,
)
from policies.ladder import CARD_POLICY, Step, is_open
from policies.model import Carer, Person, Snapshot
from policies.wording import Words, render, summarise


def as_reader(carer: Carer) -> Person:
    """Return a carer as somebody for whom texts and pushes can be made."""
    return Person(
        carer.carer_id, carer.name, (), phones=carer.phones, second_roads=carer.second_roads
    )


def card_key(carer_id: str) -> AlertKey:
    """Return the key of a carer's one notification."""
    return AlertKey(CARD_POLICY, carer_id, 1)


class Card:
    """Hold what a carer was told of, as one decision leaves it."""

    def __init__(self, snapshot: Snapshot, carer: Carer, alerts: Iterable[Alert]) -> None:
        """Take those of the alerts that the carer was told of."""
        self._snapshot = snapshot
        self._carer = carer
        told = [alert for alert in alerts if carer.carer_id in alert.told_carers]
        self._live = [alert for alert in told if alert.phase is not AlertPhase.RESOLVED]
        self._ended = [alert for alert in told if alert.phase is AlertPhase.RESOLVED]
        self._waiting = [alert for alert in self._live if is_open(alert, snapshot.people)]

    @property
    def is_over(self) -> bool:
        """Say whether nothing is left of what was shown."""
        return bool(self._ended) and not self._live

    def alarms(self, steps: Sequence[Step]) -> list[Notification]:
        """Return the card as it must ring now, on the roads that the steps name."""
        roads = dict.fromkeys(step.road for step in steps)
        rung = "+".join(dict.fromkeys(step.rung for step in steps))
        is_urgent = any(alert.severity is Severity.CRITICAL for alert in self._waiting)
        severity = Severity.CRITICAL if is_urgent else Severity.WARNING
        reason = NotifyReason.REPEATED if "repeat" in rung else NotifyReason.NOT_ANSWERED
        return [self._written(road, severity, reason, rung) for road in roads]

    def news(self, answered: Iterable[Alert]) -> list[Notification]:
        """Return the card as it changed: somebody answered, something rose or ended."""
        news = [alert for alert in answered if alert in self._live]
        if any(alert.since_told == timedelta(0) for alert in self._waiting):
            severity, reason = Severity.CRITICAL, NotifyReason.LEVEL_ROSE
        elif self._live and (self._ended or any(self._is_news(alert) for alert in news)):
            severity, reason = Severity.DISPLAY, NotifyReason.ANSWERED
        else:
            return []
        is_second = any(
            alert.climb is not None and self._carer.carer_id in alert.climb.second_road
            for alert in self._live
        )
        roads = [Road.PHONE] if self._carer.phones else []
        roads += [Road.SECOND_ROAD] if is_second else []
        return [self._written(road, severity, reason, reason.value) for road in roads]

    def _is_news(self, alert: Alert) -> bool:
        return alert.answered_by != self._carer.carer_id or bool(self._waiting)

    def _written(
        self, road: Road, severity: Severity, reason: NotifyReason, rung: str
    ) -> Notification:
        verbs = (Verb.ON_IT,) if self._waiting and road is Road.PHONE else ()
        words = self._words(verbs)
        return Notification(
            key=card_key(self._carer.carer_id),
            person_id=self._carer.carer_id,
            reason=reason,
            severity=severity,
            level=max((alert.level for alert in self._live), default=HeatLevel.NORMAL),
            title=words.title,
            body=words.body,
            safety_text=words.safety_text,
            verbs=verbs,
            road=road,
            rung=rung,
            covers=tuple(alert.key for alert in self._waiting),
        )

    # ----------------------------------------------------------------- words

    def _words(self, verbs: tuple[Verb, ...]) -> Words:
        home, reader = self._snapshot.home, as_reader(self._carer)
        if not self._waiting:
            return render(self._answered(self._live[-1]), reader, home)
        if len(self._waiting) == 1:
            return render(self._waited_for(self._waiting[0]), reader, home, verbs)
        names = list(dict.fromkeys(each for alert in self._waiting for each in self._names(alert)))
        lines = [(self._name(alert), self._waited_for(alert)) for alert in self._waiting]
        summary = summarise(lines, home)
        is_hot = any(alert.key.policy == "heat" for alert in self._waiting)
        message_id = "carer_several_heat" if is_hot else "carer_several"
        people = " and ".join(names)
        said = {"people": people, "person": people, "summary": summary}
        several = Message(message_id, {**said, "is_several": len(names) > 1})
        return render(several, reader, home, verbs)

    def _waited_for(self, alert: Alert) -> Message:
        snapshot = self._snapshot
        since_first = alert.firing_for if alert.climb is None else alert.climb.since_first
        is_heat = alert.key.policy == "heat"
        if not is_heat:
            since_first = alert.firing_for
        said = {
            **alert.message.parameters,
            "person": self._name(alert),
            "is_several": len(self._names(alert)) > 1,
            "trouble": alert.message.message_id,
            "since_local": f"{snapshot.now_local - since_first:%H:%M}",
        }
        return Message("carer_heat" if is_heat else "carer_trouble", said)

    def _answered(self, alert: Alert) -> Message:
        carers = {carer.carer_id: carer.name for carer in self._snapshot.carers}
        who = carers.get(alert.answered_by or "")
        said = {**alert.message.parameters, "person": self._name(alert), "who": who}
        return Message("carer_answered" if who else "carer_answered_by_person", said)

    def _name(self, alert: Alert) -> str:
        return " and ".join(self._names(alert))

    def _names(self, alert: Alert) -> list[str]:
        return [
            each.person.name
            for each in self._snapshot.people
            if each.person.person_id in alert.person_ids
            and each.person.person_id in self._carer.people
        ]
