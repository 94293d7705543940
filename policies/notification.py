"""Decide whether to speak now: a reason, not a bool, and who is spared.

An alert speaks when it is new, when it rises, and when it went unanswered; not because it is still
there. What an ended episode told counts for the next one of the same subject, so that a value that
swings round its limit does not become a row of messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from policies import official_warnings
from policies.alert import Alert, AlertPhase, Finding, HeatLevel, NotifyReason, Severity
from policies.hydration import has_nudge_budget, is_awake
from policies.model import PersonConditions, Snapshot, Tuning

ONCE_A_DAY = timedelta(hours=24)  # trouble, advice, and what simply goes on
CRITICAL_REPEAT = timedelta(
    hours=1
)  # a critical that fell and rose again. Source: DESIGN, "hourly"
SHORTEST_BETWEEN_NUDGES = timedelta(minutes=45)  # Source: EVIDENCE 8, the range's lower end
MOST_PUSHES_PER_DAY = 20  # of those that are not critical. Source: FAULTS 47

# Whose messages count against no budget: an official warning, said once, takes nobody's place.
UNCOUNTED = frozenset({official_warnings.POLICY})

# Trouble that leaves the person without keepcool's eyes or hands: it speaks beside a critical
# alert, at night, and when the day's budget is used up. All other trouble waits.
BLIND_OR_POWERLESS = frozenset(
    {
        "trouble_room_blind",
        "trouble_person_blind",
        "trouble_mqtt_down",
        "trouble_home_assistant_down",
        "trouble_policy_crashed",
        "trouble_device_failed",
        "trouble_plug_low_power",
        "trouble_no_cooling_effect",
        "trouble_blind_cooling_ended",
    }
)
# Trouble that a heat alert says itself when its cooling has failed.
_SAID_BY_FAILED_COOLING = frozenset({"trouble_device_failed", "trouble_plug_low_power"})


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
    if alert.since_told is None or alert.told_severity is Severity.DISPLAY:
        return _reason_for_untold(alert, ended, tuning)
    return _reason_for_told(alert, finding, before or alert, tuning)


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
    """Return whether a message id is about what the alert is about: trouble differs by its id."""
    return alert.key.policy != "trouble" or alert.message.message_id == message_id


def is_silenced(
    alert: Alert, conditions: PersonConditions, snapshot: Snapshot, pushes_now: int = 0
) -> bool:
    """Return whether this person is spared this alert for now; a critical one always gets through.

    `pushes_now` are the pushes that this very decision already sends them.
    """
    if alert.severity is Severity.CRITICAL:
        return False
    pushes_today = conditions.pushes_today + pushes_now
    if pushes_today >= MOST_PUSHES_PER_DAY:
        return True
    is_asleep = not is_awake(conditions.person, snapshot.now_local)
    if alert.key.policy in UNCOUNTED:
        return is_asleep or not snapshot.is_clock_synchronised
    tuning = snapshot.home.tuning
    if alert.severity is Severity.NUDGE or alert.key.policy == "advice":
        has_budget = has_nudge_budget(conditions, tuning, pushes_now)
        return is_asleep or not has_budget or not snapshot.is_clock_synchronised
    if alert.key.policy == "trouble" and alert.message.message_id not in BLIND_OR_POWERLESS:
        is_night = is_asleep and snapshot.is_clock_synchronised
        return is_night or pushes_today >= tuning.pushes_per_day
    # What is only expected lets a sleeper sleep; what comes true wakes them.
    return alert.is_expected and is_asleep and snapshot.is_clock_synchronised


def is_inhibited(alert: Alert, person_id: str, critical: Iterable[Alert]) -> bool:
    """Return whether a critical heat alert for the same person makes this one wait.

    Trouble that leaves keepcool blind or powerless is not inhibited, unless the critical alert
    says the same: its cooling has failed, in the same room. Nor is a caution about drinking.
    """
    theirs = [
        other for other in critical if person_id in other.person_ids and other.key.policy == "heat"
    ]
    if not theirs or alert.severity is Severity.CRITICAL:
        return False
    if alert.key.policy != "trouble":
        if alert.severity is Severity.NUDGE:
            # A heat wave lasts days, and drinks matter most then: only a fresh critical goes first.
            return any(_is_fresh(other) for other in theirs)
        return alert.key.policy in {"heat", "advice"}
    if alert.message.message_id in _SAID_BY_FAILED_COOLING:
        return any(_says_that_cooling_failed(other, alert) for other in theirs)
    return alert.message.message_id not in BLIND_OR_POWERLESS


def _is_fresh(alert: Alert) -> bool:
    """Return whether a critical alert was told within the last hour and nobody answered yet."""
    is_unanswered = alert.phase is AlertPhase.FIRING and alert.since_answered is None
    return is_unanswered and (alert.since_told or timedelta(0)) < CRITICAL_REPEAT


def _says_that_cooling_failed(heat: Alert, trouble: Alert) -> bool:
    said, meant = heat.message.parameters, trouble.message.parameters
    return said.get("cooling") == "failed" and said.get("room") == meant.get("room")


def _reason_for_untold(alert: Alert, ended: Iterable[Alert], tuning: Tuning) -> NotifyReason | None:
    """Return why an episode that has not spoken yet should, minding what earlier ones told."""
    told = [
        earlier
        for earlier in ended
        if earlier.since_told is not None
        and earlier.told_severity >= alert.severity
        and earlier.told_level >= counted_level(alert)
        and is_same_matter(earlier, alert.message.message_id)
    ]
    ages = [earlier.since_told for earlier in told if earlier.since_told is not None]
    if any(age < _repeat_interval(alert, tuning) for age in ages):
        return None
    return NotifyReason.RAISED_AGAIN if ages else NotifyReason.NEW


def _reason_for_told(
    alert: Alert, finding: Finding, before: Alert, tuning: Tuning
) -> NotifyReason | None:
    """Return why an episode that has spoken should speak again.

    A level or severity that fell and rose again within the episode counts only after the repeat
    interval. An acknowledged episode speaks again for a higher level, or when it lasts, once a day.
    """
    since_told = alert.since_told or timedelta(0)
    if counted_level(alert) > alert.told_level:
        return NotifyReason.LEVEL_ROSE
    if alert.key.policy == official_warnings.POLICY:
        return None  # however long it lasts; the dashboard and the brief go on showing it
    is_repeat_due = since_told >= _repeat_interval(alert, tuning)
    has_level_risen = counted_level(alert) > counted_level(before)
    if alert.phase is not AlertPhase.FIRING:
        is_due = (has_level_risen and is_repeat_due) or since_told >= ONCE_A_DAY
        return NotifyReason.RAISED_AGAIN if is_due else None
    if alert.severity > alert.told_severity:
        is_escalated = alert.severity > finding.severity
        return NotifyReason.UNANSWERED if is_escalated else NotifyReason.SEVERITY_ROSE
    # What was announced hours ago and is true now is news: the bedroom at night, most of all.
    has_come_true = before.is_expected and not alert.is_expected
    has_risen = has_level_risen or alert.severity > before.severity or has_come_true
    if (has_risen and is_repeat_due) or since_told >= ONCE_A_DAY:
        return NotifyReason.RAISED_AGAIN
    return None


def _repeat_interval(alert: Alert, tuning: Tuning) -> timedelta:
    if alert.key.policy in {"trouble", "advice", official_warnings.POLICY}:
        return ONCE_A_DAY
    return CRITICAL_REPEAT if alert.severity is Severity.CRITICAL else tuning.repeat_interval
