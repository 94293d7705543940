"""Decide what has to wait, and for what: whom a message would disturb more than it helps.

A critical alert never waits. Nudges and advice wait for waking hours and their budget, small
trouble for the morning, and what is only expected lets a sleeper sleep. What was held is not lost:
it speaks when the hold ends if it still holds then, or stands in the digest.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from policies import brief_timing, modes
from policies.alert import Alert, AlertPhase, HeatLevel, Severity
from policies.blindness import BLIND_OR_POWERLESS
from policies.hydration import has_nudge_budget
from policies.model import PersonConditions, Snapshot
from policies.notification import CRITICAL_REPEAT, UNCOUNTED, counted_level

KEPT_FOR_DIGEST = 2  # of them, so that what does not fit can be said to wait

# Trouble that a heat alert says itself when its cooling has failed.
_SAID_BY_FAILED_COOLING = frozenset({"trouble_device_failed", "trouble_plug_low_power"})


class Hold(enum.StrEnum):
    """Say what a message waits for."""

    CRITICAL = "a critical alert goes first"
    CLOCK = "the time is not known"
    QUIET = "quiet hours"
    SNOOZE = "snoozed"
    OUT = "the person is out"
    HOLIDAY = "nobody is home"
    BUDGET = "enough was said today"
    BRIEF = "the morning brief says it"

    @property
    def leads_to_digest(self) -> bool:
        """Say whether what waits for this is told in the digest, for it may wait for long."""
        return self in {Hold.BUDGET, Hold.HOLIDAY}


@dataclass(frozen=True, slots=True)
class Tally:
    """Count what this very decision already sends a person."""

    nudges: int = 0
    warnings: int = 0
    trouble: int = 0
    others: int = 0  # digest, brief and what is said of the modes
    critical: int = 0
    uncounted: int = 0

    @property
    def pushes(self) -> int:
        """Return all that count."""
        return self.nudges + self.warnings + self.trouble + self.others + self.critical

    def with_one(self, alert: Alert) -> Tally:
        """Return the tally with one message more."""
        kind = push_kind(alert.key.policy, alert.severity)
        return replace(self, **{kind: getattr(self, kind) + 1})


def push_kind(policy: str, severity: Severity) -> str:
    """Return the budget that a message counts against, by the name of its field in `Tally`."""
    if severity is Severity.CRITICAL:
        return "critical"
    if policy in UNCOUNTED:
        return "uncounted"
    if policy in {"digest", "brief", modes.POLICY}:
        return "others"
    if policy == "heat" and severity is Severity.NUDGE:
        return "others"  # what was announced, put right: no reminder, and nobody ignores it
    if policy == "trouble":
        return "trouble"
    return "nudges" if severity is Severity.NUDGE else "warnings"


def is_small_trouble(alert: Alert) -> bool:
    """Return whether it is trouble that can wait for the morning."""
    return alert.key.policy == "trouble" and alert.message.message_id not in BLIND_OR_POWERLESS


def why_held(
    alert: Alert, conditions: PersonConditions, snapshot: Snapshot, now: Tally | None = None
) -> Hold | None:
    """Return what keeps this alert from this person for now, or `None`; a critical one nothing.

    `now` counts the pushes that this very decision already sends them.
    """
    if alert.severity is Severity.CRITICAL:
        return None
    wished = _why_wished(alert, conditions, snapshot)
    if wished is not None:
        return wished
    is_nudge, is_known = _is_nudge(alert), snapshot.is_clock_synchronised
    if is_nudge and not is_known:
        return Hold.CLOCK
    # What is only expected lets a sleeper sleep; what comes true wakes them.
    may_wait = is_nudge or is_small_trouble(alert) or alert.is_expected
    if may_wait and is_known and modes.is_quiet(conditions.person, snapshot.now_local):
        return Hold.QUIET
    if alert.is_expected and is_known and brief_timing.is_soon(alert, conditions.person, snapshot):
        return Hold.BRIEF
    return None if _has_budget(alert, conditions, snapshot, now or Tally()) else Hold.BUDGET


def _why_wished(alert: Alert, conditions: PersonConditions, snapshot: Snapshot) -> Hold | None:
    """Return which of the modes that people set holds it."""
    policy, snooze = alert.key.policy, conditions.snooze
    if snapshot.holiday.is_on and policy != "digest":
        return Hold.HOLIDAY
    is_about_modes = policy == modes.POLICY
    if not is_about_modes and not modes.breaks_snooze(alert, counted_level(alert), snooze):
        return Hold.SNOOZE
    is_mild_heat = policy == "heat" and alert.severity <= Severity.WARNING
    may_wait = _is_nudge(alert) or is_small_trouble(alert) or is_mild_heat
    return Hold.OUT if may_wait and modes.is_out(conditions) else None


def _is_nudge(alert: Alert) -> bool:
    return alert.severity is Severity.NUDGE or alert.key.policy == "advice"


def _has_budget(alert: Alert, conditions: PersonConditions, snapshot: Snapshot, now: Tally) -> bool:
    """Return whether the day has room for it: each kind counts for itself, and all together."""
    tuning = snapshot.home.tuning
    policy = alert.key.policy
    kind = push_kind(policy, alert.severity)
    said = conditions.pushes_today - conditions.criticals_today + now.pushes - now.critical
    kept = 0 if policy == "digest" else KEPT_FOR_DIGEST
    if said >= tuning.all_pushes_per_day - kept:
        return False
    if kind == "nudges" or policy == "advice":
        counted = replace(conditions, nudges_today=conditions.nudges_today + now.nudges)
        return has_nudge_budget(counted, tuning, now.pushes)
    if is_small_trouble(alert):
        return conditions.trouble_today + now.trouble < tuning.trouble_per_day
    if policy == "heat" and alert.level <= HeatLevel.WARNING:
        return conditions.warnings_today + now.warnings < tuning.warnings_per_day
    return True


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
