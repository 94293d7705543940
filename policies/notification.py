"""Decide whether there is a reason to speak now; who is spared for now, `holding` says.

An alert speaks when it is new, when it rises, and when it went unanswered; not because it is still
there. What an ended episode told counts for the next one of the same subject, so that a value that
swings round its limit does not become a row of messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from policies import heat_ahead, official_warnings, self_test
from policies.alert import Alert, AlertPhase, Finding, HeatLevel, NotifyReason, Severity
from policies.model import PersonConditions, Tuning
from policies.modes import SNOOZE_LENGTH

ONCE_A_DAY = timedelta(hours=24)  # trouble, advice, and what simply goes on
CRITICAL_REPEAT = timedelta(
    hours=1
)  # a critical that fell and rose again. Source: DESIGN, "hourly"
ANNOUNCED_AGAIN_AFTER = timedelta(hours=12)
"""The same day's heat, announced and withdrawn, is not announced anew within this. Source: our own
choice: a forecast that wavers must not become a row of messages."""

SHORTEST_BETWEEN_NUDGES = timedelta(minutes=45)  # Source: EVIDENCE 8, the range's lower end

# Whose messages count against no budget: an official warning, said once, takes nobody's place.
UNCOUNTED = frozenset({official_warnings.POLICY})


def notify_reason(
    alert: Alert,
    finding: Finding,
    before: Alert | None,
    ended: Iterable[Alert],
    tuning: Tuning,
) -> NotifyReason | None:
    """Return why to speak of `alert` now, or `None` to stay quiet.

    `finding` is what keeps the alert alive, `before` the same episode as the last decision left it
    (`None`: it opens now), `ended` the resolved episodes of the same policy and subject that are
    still remembered.
    """
    if alert.phase is AlertPhase.RESOLVED or alert.severity is Severity.DISPLAY:
        return None
    if alert.key.policy == "hydration" and alert.severity is Severity.NUDGE:
        is_due = alert.since_told is None or alert.since_told >= SHORTEST_BETWEEN_NUDGES
        return NotifyReason.NUDGE if is_due else None
    if alert.key.policy in {"brief", self_test.POLICY}:  # once, however the day goes on
        return NotifyReason.NEW if alert.since_told is None else None
    if alert.since_told is None or alert.told_severity is Severity.DISPLAY:
        return _reason_for_untold(alert, ended, tuning)
    if alert.phase is AlertPhase.SNOOZED and counted_level(alert) <= alert.told_level:
        return _reason_after_snooze(alert)
    before = before or alert
    return _reason_for_change(alert, before) or _reason_for_told(alert, finding, before, tuning)


def presented_severity(
    before: Alert | None, finding: Finding, people: Iterable[PersonConditions], tuning: Tuning
) -> Severity:
    """Return the finding's severity, or CRITICAL for a loud heat warning that nobody answered.

    It stays critical until somebody answers or the finding gets quieter.
    """
    is_escalating = (
        before is not None
        and finding.policy == "heat"
        and finding.severity is Severity.LOUD_WARNING
        and before.phase is AlertPhase.FIRING
        and before.severity >= Severity.LOUD_WARNING
        and before.told_severity >= Severity.LOUD_WARNING
        and not is_answered(before, people)
    )
    if not is_escalating or before is None:
        return finding.severity
    has_waited = (before.since_told or timedelta(0)) >= tuning.unanswered_critical
    is_critical_already = before.severity is before.told_severity is Severity.CRITICAL
    return Severity.CRITICAL if has_waited or is_critical_already else finding.severity


def is_answered(alert: Alert, people: Iterable[PersonConditions]) -> bool:
    """Return whether anybody it was told to gave a sign since: a button, a drink, a switch."""
    if alert.since_told is None:
        return False
    signs = [
        conditions.since_sign_of_life
        for conditions in people
        if conditions.person.person_id in alert.person_ids
    ]
    return any(
        since is not None and since < alert.since_told for since in [alert.since_answered, *signs]
    )


def counted_level(alert: Alert) -> HeatLevel:
    """Return the level that telling of this alert counts as: an announcement is at most level 2.

    So a level 3 that was announced still speaks when it is there.
    """
    return min(alert.level, HeatLevel.WARNING) if alert.is_expected else alert.level


def is_same_matter(alert: Alert, message_id: str) -> bool:
    """Return whether a message id is about what the alert is about: trouble differs by its id.

    So does a test message that is sent once more.
    """
    return (
        alert.key.policy not in {"trouble", self_test.POLICY}
        or alert.message.message_id == message_id
    )


def _reason_for_untold(alert: Alert, ended: Iterable[Alert], tuning: Tuning) -> NotifyReason | None:
    """Return why an episode that has not spoken yet should, minding what earlier ones told."""
    told = [
        earlier
        for earlier in ended
        if earlier.since_told is not None
        and earlier.told_severity >= alert.severity
        and earlier.told_level >= counted_level(alert)
        and is_same_matter(earlier, alert.message.message_id)
        and not heat_ahead.is_news_of_later(alert, earlier)
    ]
    ages = [earlier.since_told for earlier in told if earlier.since_told is not None]
    if any(
        age < ANNOUNCED_AGAIN_AFTER and heat_ahead.announces_same_spell(earlier, alert)
        for earlier, age in zip(told, ages, strict=True)
    ):
        return None
    if any(age < _repeat_interval(alert, tuning) for age in ages):
        return None
    return NotifyReason.RAISED_AGAIN if ages else NotifyReason.NEW


def _reason_for_change(alert: Alert, before: Alert) -> NotifyReason | None:
    """Return why to put an early announcement right: a higher level is news, another hour is not.

    An hour that moved takes the place of what was said without a sound, while nobody has answered.
    What has become likely speaks for itself, see `_reason_for_told`.
    """
    if heat_ahead.has_risen(before, alert):
        return NotifyReason.LEVEL_ROSE
    is_open = alert.phase is AlertPhase.FIRING and alert.severity <= alert.told_severity
    return NotifyReason.MOVED if is_open and heat_ahead.has_changed(before, alert) else None


def _reason_for_told(
    alert: Alert, finding: Finding, before: Alert, tuning: Tuning
) -> NotifyReason | None:
    """Return why an episode that has spoken should speak again.

    A level or severity that fell and rose again within the episode counts only after the repeat
    interval. An acknowledged episode speaks again for a higher level; once a day when it lasts; and
    when an announcement comes true that was made longer ago than a warning looks ahead: the bedroom
    speaks at night, whatever was said at breakfast.
    """
    since_told = alert.since_told or timedelta(0)
    if counted_level(alert) > alert.told_level:
        return NotifyReason.LEVEL_ROSE
    if alert.key.policy == official_warnings.POLICY:
        return None  # however long it lasts; the dashboard and the brief go on showing it
    is_repeat_due = since_told >= _repeat_interval(alert, tuning)
    has_level_risen = counted_level(alert) > counted_level(before)
    has_come_true = before.is_expected and not alert.is_expected
    if alert.phase is not AlertPhase.FIRING:
        is_forgotten = has_come_true and since_told >= tuning.planning_horizon
        # Who answered a silent "may" knows of no heat.
        is_unheard = alert.told_severity is Severity.NUDGE and not alert.is_expected
        is_risen = (has_level_risen and is_repeat_due) or is_unheard
        is_due = is_risen or is_forgotten or since_told >= ONCE_A_DAY
        return NotifyReason.RAISED_AGAIN if is_due else None
    if alert.severity > alert.told_severity:
        is_escalated = alert.severity > finding.severity
        return NotifyReason.UNANSWERED if is_escalated else NotifyReason.SEVERITY_ROSE
    # What was announced hours ago and is true now is news: the bedroom at night, most of all.
    has_risen = has_level_risen or alert.severity > before.severity or has_come_true
    if (has_risen and is_repeat_due) or since_told >= ONCE_A_DAY:
        return NotifyReason.RAISED_AGAIN
    return None


def _reason_after_snooze(alert: Alert) -> NotifyReason | None:
    """Return why a snoozed episode speaks: its hour is over, or it has become critical."""
    if alert.severity is Severity.CRITICAL and alert.told_severity < Severity.CRITICAL:
        return NotifyReason.SEVERITY_ROSE
    is_over = alert.snoozed_for is None or alert.snoozed_for >= SNOOZE_LENGTH
    return NotifyReason.SNOOZE_OVER if is_over else None


def _repeat_interval(alert: Alert, tuning: Tuning) -> timedelta:
    if alert.key.policy in {"trouble", "advice", official_warnings.POLICY}:
        return ONCE_A_DAY
    if alert.key.policy in {"mode", "digest", "brief"}:
        return timedelta(0)  # each one is another matter
    if alert.key.policy == "heat" and alert.severity is Severity.NUDGE:
        return ANNOUNCED_AGAIN_AFTER  # that it may come back so soon after it was there
    return CRITICAL_REPEAT if alert.severity is Severity.CRITICAL else tuning.repeat_interval
