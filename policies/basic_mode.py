"""Decide in basic mode: alerts and what keepcool cannot see; no reminders, no cooling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from policies import arbitrate, hydration
from policies.alert import HeatLevel
from policies.cooling import CoolingPlan
from policies.hydration import HydrationResult
from policies.model import Decision, Snapshot


def _no_reminders(snapshot: Snapshot, levels: Mapping[str, HeatLevel]) -> HydrationResult:
    return replace(hydration.evaluate(snapshot, levels), findings=())


BASIC_POLICIES = replace(
    arbitrate.POLICIES,
    hydration=_no_reminders,
    cooling=lambda _snapshot, _heat: CoolingPlan((), ()),
    official=lambda _snapshot: (),
    brief=lambda _snapshot, _heat, _people: (),
)


def decide(snapshot: Snapshot) -> Decision:
    """Decide what follows from a snapshot in basic mode."""
    return arbitrate.decide(snapshot, BASIC_POLICIES)
