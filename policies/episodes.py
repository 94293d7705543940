"""Turn findings into the life of alerts: episodes open, change, wait and end.

An alert lives as long as something finds it. It outlives its finding when what would end it is
unknown: its policy crashed, or its room cannot be seen. An announcement that is no longer expected
is withdrawn after half an hour, so that a forecast may waver.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from policies.alert import Alert, AlertKey, AlertPhase, ClearNotification, Finding, Severity
from policies.heat_ahead import is_another_spell
from policies.model import Freshness, RoomConditions, Snapshot
from policies.notification import is_same_matter, presented_severity

WITHDRAW_AFTER = timedelta(minutes=30)
CRASH_MESSAGE = "trouble_policy_crashed"

Subject = tuple[str, str]  # policy, subject


@dataclass(frozen=True, slots=True)
class Episode:
    """Carry one episode through a decision: as it was, as it is, and what keeps it alive.

    `before` is `None` when it opens now; `finding` is `None` when nothing new is known of it.
    """

    alert: Alert
    before: Alert | None = None
    finding: Finding | None = None
    ended: tuple[Alert, ...] = ()  # episodes of the same subject that are over and remembered

    @property
    def is_over(self) -> bool:
        """Say whether the episode has ended."""
        return self.alert.phase is AlertPhase.RESOLVED


def merge(
    snapshot: Snapshot, findings: Iterable[Finding], held_policies: Collection[str]
) -> tuple[Episode, ...]:
    """Return every episode after these findings: live ones, and those that end now.

    Alerts of `held_policies` (a policy that crashed) stay as they are where nothing is found.
    """
    found = _strongest(findings)
    live, ended = _split(snapshot.alerts)
    episodes: list[Episode] = []
    for subject in sorted({*found, *live}):
        memory = tuple(ended.get(subject, ()))
        alerts = live.get(subject, [])
        episodes.extend(Episode(_resolved(alert), alert) for alert in alerts[:-1])
        before = alerts[-1] if alerts else None
        is_held = subject[0] in held_policies
        steps = _step(snapshot, before, found.get(subject), is_held=is_held)
        memory += tuple(step.alert for step in steps if step.is_over)
        episodes.extend(replace(step, ended=memory) for step in steps)
    return tuple(episodes)


def clears(episode: Episode) -> tuple[ClearNotification, ...]:
    """Return what must be taken off phones: all of an ended episode, or of people it left."""
    alert, before = episode.alert, episode.before
    if before is None or before.told_severity is Severity.DISPLAY:
        return ()
    left = [
        person for person in before.person_ids if episode.is_over or person not in alert.person_ids
    ]
    return tuple(ClearNotification(alert.key, person_id) for person_id in left)


def _strongest(findings: Iterable[Finding]) -> dict[Subject, Finding]:
    """Return one finding per subject: the loudest, and of those what is rather than what comes."""
    strongest: dict[Subject, Finding] = {}
    for finding in findings:
        subject = (finding.policy, finding.subject)
        known = strongest.get(subject)
        if known is None or _strength(finding) > _strength(known):
            strongest[subject] = finding
    return strongest


def _strength(finding: Finding) -> tuple[int, bool, int]:
    return (finding.severity, not finding.is_expected, finding.level)


def _split(
    alerts: Iterable[Alert],
) -> tuple[dict[Subject, list[Alert]], dict[Subject, list[Alert]]]:
    """Return live and resolved alerts by subject, by rising episode."""
    live: dict[Subject, list[Alert]] = {}
    ended: dict[Subject, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda each: each.key.episode):
        group = ended if alert.phase is AlertPhase.RESOLVED else live
        group.setdefault((alert.key.policy, alert.key.subject), []).append(alert)
    return live, ended


def _step(
    snapshot: Snapshot, before: Alert | None, finding: Finding | None, *, is_held: bool
) -> tuple[Episode, ...]:
    """Take one subject a step further; two episodes when one ends and the next opens."""
    if before is None:
        return () if finding is None else (Episode(_opened(snapshot, finding), None, finding),)
    if finding is None:
        return (Episode(_without_finding(snapshot, before, is_held=is_held), before),)
    if not finding.may_resolve:
        return (Episode(_updated(snapshot, before, _at_least(before, finding)), before, finding),)
    if _is_wavering(before, finding):
        waiting = _withdrawn(before)
        if waiting.phase is not AlertPhase.RESOLVED:
            return (Episode(waiting, before),)
    elif not _is_another_matter(before, finding, snapshot.now_utc):
        return (Episode(_updated(snapshot, before, finding), before, finding),)
    opened = _opened(snapshot, finding, after=before)
    return (Episode(_resolved(before), before), Episode(opened, None, finding))


def _is_wavering(before: Alert, finding: Finding) -> bool:
    """Return whether an announcement that was told is no longer expected."""
    return before.is_expected and _was_told(before) and _is_quieter(before, finding)


def _was_told(before: Alert) -> bool:
    """Return whether it was told; of heat that is only possible, without a sound."""
    silently = Severity.NUDGE if before.key.policy == "heat" else Severity.WARNING
    return before.told_severity >= silently


def _is_quieter(before: Alert, finding: Finding) -> bool:
    return finding.severity < min(before.told_severity, Severity.WARNING)


def _is_another_matter(before: Alert, finding: Finding, now_utc: datetime) -> bool:
    """Return whether a new episode begins: other trouble, another day's heat, or nothing loud."""
    if _was_told(before) and (
        _is_quieter(before, finding) or is_another_spell(before, finding, now_utc)
    ):
        return True
    return not is_same_matter(before, finding.message.message_id)


def _without_finding(snapshot: Snapshot, before: Alert, *, is_held: bool) -> Alert:
    """Return an alert that nothing finds any more: resolved, unless that is not known."""
    is_crash = before.message.message_id == CRASH_MESSAGE
    if is_held and not is_crash:
        return before
    if before.key.policy == "heat" and _is_out_of_sight(snapshot, before):
        return replace(before, clearing_for=None)
    return _withdrawn(before) if before.is_expected else _resolved(before)


def _is_out_of_sight(snapshot: Snapshot, alert: Alert) -> bool:
    """Return whether the room that the alert names cannot be seen now, so nothing clears it."""
    named = alert.message.parameters.get("room")
    rooms = [room for room in snapshot.rooms if room.room.name == named] or _rooms_of(
        snapshot, alert
    )
    return any(
        room.freshness is not Freshness.FRESH or room.effective_temperature_c is None
        for room in rooms
    )


def _rooms_of(snapshot: Snapshot, alert: Alert) -> list[RoomConditions]:
    room_ids = {
        room_id
        for conditions in snapshot.people
        if conditions.person.person_id in alert.person_ids
        for room_id in conditions.person.rooms
    }
    return [room for room in snapshot.rooms if room.room.room_id in room_ids]


# --------------------------------------------------------------------------- one alert


def _opened(snapshot: Snapshot, finding: Finding, after: Alert | None = None) -> Alert:
    subject = (finding.policy, finding.subject)
    numbers = [snapshot.last_episode.get(subject, 0)]
    numbers += [alert.key.episode for alert in snapshot.alerts if _subject(alert) == subject]
    numbers += [after.key.episode] if after else []
    return Alert(
        key=AlertKey(*subject, max(numbers) + 1),
        phase=AlertPhase.FIRING,
        severity=finding.severity,
        level=finding.level,
        person_ids=finding.person_ids,
        message=finding.message,
        reason=finding.reason,
        raised_at=snapshot.now_utc,
        is_expected=finding.is_expected,
    )


def _updated(snapshot: Snapshot, before: Alert, finding: Finding) -> Alert:
    is_pending = before.phase is AlertPhase.PENDING
    return replace(
        before,
        phase=AlertPhase.FIRING if is_pending else before.phase,
        severity=presented_severity(before, finding, snapshot.people, snapshot.home.tuning),
        level=finding.level,
        person_ids=finding.person_ids,
        message=finding.message,
        reason=finding.reason,
        is_expected=finding.is_expected,
        clearing_for=None,
    )


def _at_least(before: Alert, finding: Finding) -> Finding:
    """Return a finding on stale data, never quieter or lower than the alert it keeps."""
    is_lower = finding.severity < before.severity or finding.level < before.level
    return replace(
        finding,
        severity=max(finding.severity, before.severity),
        level=max(finding.level, before.level),
        # What is only quieter because it is not seen has not come true either.
        is_expected=before.is_expected and (finding.is_expected or is_lower),
        message=before.message if is_lower else finding.message,
        reason=before.reason if is_lower else finding.reason,
    )


def _withdrawn(before: Alert) -> Alert:
    """Return an announcement on its way out; `clearing_for` arrives aged in the snapshot."""
    if before.clearing_for is None:
        return replace(before, clearing_for=timedelta(0))
    return _resolved(before) if before.clearing_for >= WITHDRAW_AFTER else before


def _resolved(alert: Alert) -> Alert:
    """Return the alert ended now; from here `clearing_for` counts the time since."""
    return replace(alert, phase=AlertPhase.RESOLVED, clearing_for=timedelta(0))


def _subject(alert: Alert) -> Subject:
    return (alert.key.policy, alert.key.subject)


def acknowledge(alerts: Iterable[Alert], key: AlertKey, who: str) -> tuple[Alert, ...]:
    """Return the alerts after a person, or a carer who was told, answered one of them.

    The key binds the answer to its episode: a late one, a repeated one, and one by somebody whom
    the alert is not about, change nothing.
    """
    return tuple(
        replace(
            alert,
            phase=AlertPhase.ACKNOWLEDGED,
            since_answered=timedelta(0),
            answered_by=who,
        )
        if alert.key == key
        and who in (*alert.person_ids, *alert.told_carers)
        and _may_be_answered(alert)
        else alert
        for alert in alerts
    )


def snooze(alerts: Iterable[Alert], key: AlertKey, person_id: str) -> tuple[Alert, ...]:
    """Return the alerts after a person snoozed one of them; bound as `acknowledge` is."""
    return tuple(
        replace(alert, phase=AlertPhase.SNOOZED, snoozed_for=timedelta(0))
        if alert.key == key and person_id in alert.person_ids and _may_be_answered(alert)
        else alert
        for alert in alerts
    )


def _may_be_answered(alert: Alert) -> bool:
    return alert.phase in {AlertPhase.PENDING, AlertPhase.FIRING, AlertPhase.SNOOZED}
