"""Tell a story to `decide`, step by step, as the shell would: ages grow, and decisions are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from policies.alert import Alert, AlertPhase, Finding, Notification, NotifyReason
from policies.arbitrate import Policies, acknowledge, decide
from policies.cooling import CoolingPlan
from policies.heat_sensitivity import HeatResult
from policies.holding import push_kind
from policies.hydration import HydrationResult
from policies.model import CoolingCommand, Decision, PersonConditions, Snapshot
from tests.builders import AFTERNOON, a_snapshot, person_conditions

RESOLVED_KEPT = timedelta(days=2)


def scripted(
    *findings: Finding, commands: Iterable[CoolingCommand] = (), crashing: Iterable[str] = ()
) -> Policies:
    """Return policies that find exactly this, some of them broken."""

    def or_crash(name: str, result: Any) -> Callable[..., Any]:  # noqa: ANN401
        def run(*_: object) -> Any:  # noqa: ANN401
            if name in crashing:
                raise ZeroDivisionError(name)
            return result

        return run

    def of(*policies: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in findings if finding.policy in policies)

    return Policies(
        heat=or_crash("heat_sensitivity", HeatResult(findings=of("heat"))),
        data_quality=or_crash("data_quality", of("trouble")),
        hydration=or_crash("hydration", HydrationResult(of("hydration"), ())),
        cooling=or_crash("cooling", CoolingPlan(tuple(commands), of("advice"))),
    )


@dataclass
class Story:
    """Hold what one decision hands to the next."""

    now: datetime = AFTERNOON
    people: tuple[PersonConditions, ...] = (person_conditions(),)
    alerts: tuple[Alert, ...] = ()
    heard: list[Notification] = field(default_factory=list)
    last: Decision = field(default_factory=Decision)

    def step(
        self,
        *findings: Finding,
        minutes: float = 0,
        policies: Policies | None = None,
        **overrides: Any,  # noqa: ANN401 - the fields of Snapshot
    ) -> Decision:
        """Let time pass, then decide; return the decision."""
        self._pass(timedelta(minutes=minutes))
        snapshot = self.snapshot(**overrides)
        self.last = decide(snapshot, policies or scripted(*findings))
        ended = {alert.key: alert for alert in self.alerts if alert.phase is AlertPhase.RESOLVED}
        kept = ended | {alert.key: alert for alert in self.last.alerts}
        self.alerts = tuple(kept.values())
        self.heard += self.last.notifications
        self.people = tuple(self._counted(conditions) for conditions in self.people)
        return self.last

    def snapshot(self, **overrides: Any) -> Snapshot:  # noqa: ANN401 - the fields of Snapshot
        """Return what the next decision would see."""
        fields: dict[str, Any] = {"people": self.people, "alerts": self.alerts}
        return a_snapshot(self.now, **(fields | overrides))

    def answer(self, person_id: str = "anna") -> None:
        """Press "I'm on it" on everything that lives."""
        for alert in self.alerts:
            self.alerts = acknowledge(self.alerts, alert.key, person_id)

    def reasons(self) -> list[NotifyReason]:
        """Return why keepcool spoke, in order, without the ladder's repeats."""
        reasons = [notification.reason for notification in self.heard]
        return [reason for reason in reasons if reason is not NotifyReason.REPEATED]

    def _pass(self, elapsed: timedelta) -> None:
        self.now += elapsed
        self.alerts = tuple(
            aged
            for alert in self.alerts
            if (aged := alert.aged(elapsed)).phase is not AlertPhase.RESOLVED
            or (aged.clearing_for or timedelta(0)) < RESOLVED_KEPT
        )
        self.people = tuple(
            replace(
                conditions,
                since_last_drink=_later(conditions.since_last_drink, elapsed),
                since_last_nudge=_later(conditions.since_last_nudge, elapsed),
                since_sign_of_life=_later(conditions.since_sign_of_life, elapsed),
            )
            for conditions in self.people
        )

    def _counted(self, conditions: PersonConditions) -> PersonConditions:
        theirs = [
            notification
            for notification in self.last.notifications
            if notification.person_id == conditions.person.person_id
        ]
        kinds = Counter(push_kind(each.key.policy, each.severity) for each in theirs)
        nudges = kinds["nudges"]
        return replace(
            conditions,
            pushes_today=conditions.pushes_today + len(theirs),
            warnings_today=conditions.warnings_today + kinds["warnings"],
            trouble_today=conditions.trouble_today + kinds["trouble"],
            criticals_today=conditions.criticals_today + kinds["critical"],
            nudges_today=conditions.nudges_today + nudges,
            nudges_ignored=conditions.nudges_ignored + nudges,
            since_last_nudge=timedelta(0) if nudges else conditions.since_last_nudge,
        )


def _later(age: timedelta | None, elapsed: timedelta) -> timedelta | None:
    return None if age is None else age + elapsed
