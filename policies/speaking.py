"""Put out what has a reason to be said now, and note in the alerts what was said and what waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from policies import brief_timing, digest, official_warnings
from policies.alert import (
    Alert,
    AlertPhase,
    ClearNotification,
    Climb,
    Finding,
    Message,
    Notification,
    NotifyReason,
    Severity,
)
from policies.buttons import choose_buttons
from policies.carer_card import as_reader
from policies.episodes import Episode, clears
from policies.holding import Hold, Tally, is_inhibited, is_small_trouble, why_held
from policies.ladder import is_open
from policies.model import PersonConditions, Snapshot
from policies.notification import counted_level, notify_reason
from policies.wording import carries_safety_text, render, safety_short

UNANSWERED_MESSAGE = "heat_critical_unanswered"


@dataclass
class Speaker:
    """Speak for one decision, the loudest first, with a tally of what each person gets."""

    snapshot: Snapshot
    alerts: list[Alert] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    grown_digests: set[str] = field(default_factory=set)
    _tallies: dict[str, Tally] = field(default_factory=dict)
    _storms: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        carers = map(as_reader, self.snapshot.carers)  # who are told of a test message alone
        self._people = {carer.person_id: PersonConditions(carer) for carer in carers}
        self._people |= {found.person.person_id: found for found in self.snapshot.people}

    def speak(self, episodes: Sequence[Episode]) -> None:
        """Say what of these episodes has a reason and is not held."""
        critical = [
            episode.alert
            for episode in episodes
            if episode.alert.severity is Severity.CRITICAL and not episode.is_over
        ]
        reasons = {episode.alert.key: self._reason(episode) for episode in episodes}
        due = Counter(
            person_id
            for episode in episodes
            if episode.alert.key.policy == "trouble"
            for person_id in episode.alert.person_ids
            if self._is_due(episode, person_id, reasons[episode.alert.key], critical)
        )
        recent = digest.recent_trouble(self.snapshot.alerts) if due else due
        self._storms = {
            person_id
            for person_id, count in due.items()
            if count + recent[person_id] >= digest.STORM_FROM
        }
        for episode in sorted(episodes, key=_order):
            self._speak_of(episode, reasons[episode.alert.key], critical)

    def _speak_of(
        self, episode: Episode, reason: NotifyReason | None, critical: Sequence[Alert]
    ) -> None:
        alert, told, waiting, digested = episode.alert, [], [], []
        briefed: list[str] = []
        for person_id in dict.fromkeys(alert.person_ids):
            conditions = self._people.get(person_id)
            theirs = self._their_reason(episode, person_id, reason)
            if conditions is None:
                continue
            if theirs is None:
                if person_id in alert.waiting_for and not episode.is_over:
                    waiting.append(person_id)
                continue
            hold = self._hold(alert, conditions, critical)
            if hold is None and self._is_for_digest(alert, person_id):
                digested.append(person_id)
            elif hold is None and self._is_in_brief(alert, person_id):
                briefed.append(person_id)
            elif hold is None:
                said = self._notification(episode, conditions, theirs)
                told.append(said)
                counted = replace(alert, severity=said.severity)
                self._tallies[person_id] = self._tally(person_id).with_one(counted)
            elif hold.leads_to_digest and _may_be_digested(alert):
                digested.append(person_id)
            elif _is_worth_waiting(alert) and theirs is not NotifyReason.MOVED:
                waiting.append(person_id)
        self.notifications += told
        self.grown_digests.update(set(digested) - set(alert.digested_for))
        # What is put right without a sound is no new telling: what comes true still speaks.
        heard = [each.person_id for each in told if each.reason is not NotifyReason.MOVED]
        self.alerts.append(self._noted(alert, heard + briefed, waiting, digested))

    def _reason(self, episode: Episode) -> NotifyReason | None:
        """Return why to speak; never of what nothing finds now, for its words would be old."""
        finding, alert = episode.finding, episode.alert
        if finding is None:
            return None
        if alert.key.policy == digest.POLICY:
            return self._digest_reason(alert)
        tuning = self.snapshot.home.tuning
        return notify_reason(alert, finding, episode.before, episode.ended, tuning)

    def _digest_reason(self, alert: Alert) -> NotifyReason | None:
        if alert.since_told is None:
            return NotifyReason.NEW
        has_grown = alert.key.subject in self.grown_digests | set(alert.waiting_for)
        return NotifyReason.DIGEST_GREW if has_grown else None

    def _their_reason(
        self, episode: Episode, person_id: str, reason: NotifyReason | None
    ) -> NotifyReason | None:
        """Return why to speak to this person: for all, or because theirs was held."""
        alert = episode.alert
        is_held = person_id in alert.waiting_for and episode.finding is not None
        if reason is None and is_held and alert.severity > Severity.DISPLAY:
            return None if episode.is_over else NotifyReason.HELD
        return reason

    def _is_due(
        self,
        episode: Episode,
        person_id: str,
        reason: NotifyReason | None,
        critical: Sequence[Alert],
    ) -> bool:
        if person_id not in self._people:
            return False
        if self._their_reason(episode, person_id, reason) is None:
            return False
        return self._hold(episode.alert, self._people[person_id], critical) is None

    def _hold(
        self, alert: Alert, conditions: PersonConditions, critical: Sequence[Alert]
    ) -> Hold | None:
        person_id = conditions.person.person_id
        if is_inhibited(alert, person_id, critical):
            return Hold.CRITICAL
        is_digest = alert.key.policy == digest.POLICY
        if is_digest and _is_within(alert.since_told, digest.TOLD_AGAIN_AFTER):
            return Hold.BUDGET
        return why_held(alert, conditions, self.snapshot, self._tally(person_id))

    def _is_for_digest(self, alert: Alert, person_id: str) -> bool:
        """Return whether a storm takes it; the first that makes keepcool blind speaks itself."""
        if alert.key.policy != "trouble" or person_id not in self._storms:
            return False
        return is_small_trouble(alert) or self._has_heard_of_blindness(person_id)

    def _is_in_brief(self, alert: Alert, person_id: str) -> bool:
        """Return whether the person's brief of today said what this alert only expects."""
        if not alert.is_expected or alert.since_told is not None:
            return False
        brief = brief_timing.live_brief(self.snapshot.alerts, person_id)
        return brief is not None and brief_timing.says(brief, alert)

    def _has_heard_of_blindness(self, person_id: str) -> bool:
        return any(
            alert.key.policy == "trouble"
            and not is_small_trouble(alert)
            and person_id in alert.person_ids
            and person_id not in {*alert.digested_for, *alert.waiting_for}
            and _is_within(alert.since_told, digest.STORM_WITHIN)
            for alert in (*self.snapshot.alerts, *self.alerts)
        )

    def _noted(
        self, alert: Alert, told: Sequence[str], waiting: Sequence[str], digested: Sequence[str]
    ) -> Alert:
        """Return the alert with what became of it noted; who reads the digest was told too.

        A critical one that nobody answered climbs on from before.
        """
        still = [
            person_id
            for person_id in (*alert.digested_for, *digested)
            if person_id in alert.person_ids and person_id not in told
        ]
        noted = replace(alert, waiting_for=tuple(waiting), digested_for=tuple(dict.fromkeys(still)))
        heard = (*told, *digested)
        if not heard:
            return noted
        # What somebody answered stays answered when it is told to one more whom it waited for.
        only_held = all(person_id in alert.waiting_for for person_id in heard)
        if only_held and alert.phase is AlertPhase.ACKNOWLEDGED:
            return replace(noted, since_told=timedelta(0))
        climb, is_critical = alert.climb, alert.severity is Severity.CRITICAL
        if is_critical and (climb is None or not is_open(alert, self.snapshot.people)):
            climb = Climb()
        return replace(
            noted,
            climb=climb,
            answered_by=None,
            is_answer_told=False,
            told_severity=alert.severity,
            told_level=counted_level(alert),
            since_told=timedelta(0),
            since_answered=None,
            phase=AlertPhase.FIRING,
            snoozed_for=None,
        )

    def _tally(self, person_id: str) -> Tally:
        return self._tallies.get(person_id, Tally())

    def _notification(
        self, episode: Episode, conditions: PersonConditions, reason: NotifyReason
    ) -> Notification:
        alert, person, home = episode.alert, conditions.person, self.snapshot.home
        message = alert.message
        if reason is NotifyReason.UNANSWERED:
            message = Message(UNANSWERED_MESSAGE, message.parameters)
        finding: Finding | None = episode.finding
        carries = carries_safety_text(message) or bool(finding and finding.carries_safety_text)
        verbs = choose_buttons(
            alert, conditions, finding.verbs if finding else (), may_drink=not carries
        )
        words = render(message, person, home, verbs)
        return Notification(
            key=alert.key,
            person_id=person.person_id,
            reason=reason,
            severity=Severity.NUDGE if reason is NotifyReason.MOVED else alert.severity,
            level=alert.level,
            title=words.title,
            body=words.body,
            safety_text=safety_short(home) if carries else None,
            verbs=verbs,
        )


def taken_off(
    episodes: Iterable[Episode], notifications: Iterable[Notification]
) -> tuple[ClearNotification, ...]:
    """Return what comes off phones, unless the same tag is being told again to the same person."""
    told = {(notification.key.tag, notification.person_id) for notification in notifications}
    return tuple(
        clear
        for episode in episodes
        for clear in clears(episode)
        if (clear.key.tag, clear.person_id) not in told
    )


def _order(episode: Episode) -> tuple[int, bool]:
    """Put the loudest first, and what makes keepcool blind before other trouble."""
    return (-episode.alert.severity, is_small_trouble(episode.alert))


def _is_worth_waiting(alert: Alert) -> bool:
    """Return whether what is held must be kept in mind: a nudge comes again by itself."""
    return alert.severity >= Severity.WARNING or alert.key.policy in {
        "advice",
        digest.POLICY,
        official_warnings.POLICY,
    }


def _may_be_digested(alert: Alert) -> bool:
    return alert.key.policy in {"trouble", "advice"} or alert.severity >= Severity.WARNING


def _is_within(since: timedelta | None, span: timedelta) -> bool:
    return since is not None and since < span
