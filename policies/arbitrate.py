"""Run every policy in a fixed order and turn what they find into one decision.

A policy that raises is reported and costs nothing but itself: its alerts stay as they were, the
cooling that runs goes on for a while, and the other policies are heard.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from policies import (
    brief,
    cooling,
    data_quality,
    digest,
    escalation,
    heat_sensitivity,
    hydration,
    modes,
    official_warnings,
    self_test,
)
from policies.alert import (
    Alert,
    Finding,
    HeatLevel,
    Message,
    Severity,
)
from policies.cooling import CoolingPlan
from policies.episodes import CRASH_MESSAGE, acknowledge, merge
from policies.escalation import Escalation
from policies.heat_sensitivity import HeatResult
from policies.hydration import HydrationResult
from policies.model import (
    CoolingAction,
    CoolingCommand,
    Decision,
    PersonAssessment,
    PolicyCrash,
    Snapshot,
)
from policies.speaking import Speaker, taken_off

__all__ = ["POLICIES", "Policies", "acknowledge", "decide"]

# Which alerts stay untouched when a policy crashes. Trouble comes from two of them, and without
# heat no cooling is planned either.
_HELD_BY_CRASH: Mapping[str, frozenset[str]] = {
    "heat_sensitivity": frozenset({"heat", "trouble", "advice"}),
    "data_quality": frozenset({"trouble"}),
    "hydration": frozenset({"hydration"}),
    "cooling": frozenset({"trouble", "advice"}),
    "official_warnings": frozenset({official_warnings.POLICY}),
    "brief": frozenset({"brief"}),
    "self_test": frozenset({self_test.POLICY, "trouble"}),
}
# Of several commands for one device: never stop on doubt.
_COMMAND_ORDER = (CoolingAction.RUN, CoolingAction.RELEASE, CoolingAction.LEAVE)


@dataclass(frozen=True, slots=True)
class Policies:
    """Name the policies that `decide` runs, in their order."""

    heat: Callable[[Snapshot], HeatResult] = heat_sensitivity.evaluate
    data_quality: Callable[[Snapshot], tuple[Finding, ...]] = data_quality.evaluate
    hydration: Callable[[Snapshot, Mapping[str, HeatLevel]], HydrationResult] = hydration.evaluate
    cooling: Callable[[Snapshot, HeatResult], CoolingPlan] = cooling.plan
    official: Callable[[Snapshot], tuple[Finding, ...]] = official_warnings.evaluate
    escalate: Callable[[Snapshot, tuple[Alert, ...]], Escalation] = escalation.escalate
    brief: Callable[[Snapshot, HeatResult, Sequence[PersonAssessment]], tuple[Finding, ...]] = (
        brief.evaluate
    )


POLICIES = Policies()
# Why a device stays off although its room is hot, by the plan's message: which phrase says it.
_PLANNED_COOLING: Mapping[str, str] = {
    "cooling_minimum_time": "resting",
    "cooling_outdoor_cold": "cold_outdoors",
    "cooling_power_cap": "waiting",
}
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Judgement:
    """Carry what all policies said."""

    heat: HeatResult
    people: tuple[PersonAssessment, ...]
    commands: tuple[CoolingCommand, ...]
    findings: tuple[Finding, ...]
    crashes: tuple[PolicyCrash, ...]

    @property
    def held_policies(self) -> frozenset[str]:
        """Name the alert policies whose alerts nothing may end now."""
        return frozenset().union(*(_HELD_BY_CRASH[crash.policy] for crash in self.crashes))


def decide(snapshot: Snapshot, policies: Policies = POLICIES) -> Decision:
    """Decide everything that follows from a snapshot: pure, and total for any snapshot."""
    judgement = _judge(snapshot, policies)
    findings = _with_plan(snapshot, _without_implied(judgement.findings), judgement.commands)
    findings = modes.for_nobody_home(snapshot, findings)
    findings += modes.evaluate(snapshot, findings)
    # The digest comes second: it tells of what the others had no room for.
    mine, digests = _apart(snapshot)
    speaker = Speaker(snapshot)
    episodes = merge(mine, findings, judgement.held_policies)
    speaker.speak(episodes)
    digest_episodes = merge(digests, digest.evaluate(snapshot, speaker.alerts), ())
    speaker.speak(digest_episodes)
    alerts = tuple(speaker.alerts)
    # The first messages are sent whatever becomes of what follows from them.
    escalated, crash = _guarded("escalation", lambda: policies.escalate(snapshot, alerts))
    climbed = escalated or Escalation(alerts)
    taken = taken_off((*episodes, *digest_episodes), speaker.notifications)
    return Decision(
        rooms=judgement.heat.rooms,
        people=judgement.people,
        alerts=climbed.alerts,
        notifications=(*speaker.notifications, *climbed.notifications),
        clears=(*taken, *climbed.clears),
        cooling=judgement.commands,
        level_memory=judgement.heat.level_memory,
        crashes=(*judgement.crashes, *crash),
        look_again_in=climbed.look_again_in,
        unheard=climbed.unheard,
        calling=climbed.calling,
    )


def _apart(snapshot: Snapshot) -> tuple[Snapshot, Snapshot]:
    """Return the snapshot without the alerts that are digests, and with them alone."""
    digests = tuple(alert for alert in snapshot.alerts if alert.key.policy == digest.POLICY)
    others = tuple(alert for alert in snapshot.alerts if alert.key.policy != digest.POLICY)
    return replace(snapshot, alerts=others), replace(snapshot, alerts=digests)


# --------------------------------------------------------------------------- the policies


def _judge(snapshot: Snapshot, policies: Policies) -> _Judgement:
    """Run the policies under their guards, each with what the earlier ones found."""
    crashes: list[PolicyCrash] = []
    heat, crash = _guarded("heat_sensitivity", lambda: policies.heat(snapshot))
    crashes += crash
    quality, crash = _guarded("data_quality", lambda: policies.data_quality(snapshot))
    crashes += crash
    levels = _remembered_levels(snapshot) if heat is None else heat.levels
    drinks, crash = _guarded("hydration", lambda: policies.hydration(snapshot, levels))
    crashes += crash
    heat_known = heat or HeatResult(levels=levels, level_memory=snapshot.level_memory)
    people = drinks.people if drinks else _plain_assessments(snapshot, levels)
    briefs, crash = _guarded("brief", lambda: policies.brief(snapshot, heat_known, people))
    crashes += crash
    plan: CoolingPlan | None = None
    if heat is not None:
        known_heat = heat
        plan, crash = _guarded("cooling", lambda: policies.cooling(snapshot, known_heat))
        crashes += crash
    official, crash = _guarded("official_warnings", lambda: policies.official(snapshot))
    crashes += crash
    tests, crash = _guarded("self_test", lambda: self_test.evaluate(snapshot))
    crashes += crash
    findings = (
        *(heat.findings if heat else ()),
        *(quality or ()),
        *(drinks.findings if drinks else ()),
        *(plan.findings if plan else ()),
        *(official or ()),
        *(briefs or ()),
        *(tests or ()),
        *(_crash_finding(snapshot, each) for each in crashes),
    )
    return _Judgement(
        heat=heat_known,
        people=people,
        commands=_one_per_device(plan.commands) if plan else _keep_cooling(snapshot),
        findings=findings,
        crashes=tuple(crashes),
    )


def _guarded(name: str, run: Callable[[], Result]) -> tuple[Result | None, list[PolicyCrash]]:
    try:
        return run(), []
    except Exception:  # noqa: BLE001 - one broken policy must not silence the others
        return None, [PolicyCrash(name, traceback.format_exc())]


def _crash_finding(snapshot: Snapshot, crash: PolicyCrash) -> Finding:
    last_line = crash.detail.strip().rsplit("\n", 1)[-1]
    return Finding(
        policy="trouble",
        subject=f"policy_crashed:{crash.policy}",
        severity=Severity.WARNING,
        person_ids=tuple(conditions.person.person_id for conditions in snapshot.people),
        message=Message(CRASH_MESSAGE, {"policy": crash.policy}),
        reason=f"{crash.policy} raised {last_line}",
    )


def _remembered_levels(snapshot: Snapshot) -> Mapping[str, HeatLevel]:
    levels: dict[str, HeatLevel] = {}
    for (person_id, _), memory in snapshot.level_memory.items():
        levels[person_id] = max(memory.level, levels.get(person_id, HeatLevel.NORMAL))
    return levels


def _plain_assessments(
    snapshot: Snapshot, levels: Mapping[str, HeatLevel]
) -> tuple[PersonAssessment, ...]:
    """Return assessments without a drinks goal, for when nobody could work one out."""
    return tuple(
        PersonAssessment(
            person_id=conditions.person.person_id,
            level=levels.get(conditions.person.person_id, HeatLevel.NORMAL),
            drinks_goal_ml=None,
            drunk_today_ml=hydration.drunk_to_show_ml(conditions),
        )
        for conditions in snapshot.people
    )


def _one_per_device(commands: Iterable[CoolingCommand]) -> tuple[CoolingCommand, ...]:
    chosen: dict[str, CoolingCommand] = {}
    for command in sorted(commands, key=lambda each: _COMMAND_ORDER.index(each.action)):
        chosen.setdefault(command.device_id, command)
    return tuple(chosen.values())


def _keep_cooling(snapshot: Snapshot) -> tuple[CoolingCommand, ...]:
    """Renew what runs, as on stale data, while no plan can be made; start and stop nothing."""
    return tuple(
        CoolingCommand(
            device_id=device.device.device_id,
            action=CoolingAction.RUN,
            message=Message(
                "cooling_blind", {"room": room.room.name, "device": device.device.name}
            ),
            desired=device.lease.desired,
            is_blind=True,
        )
        for room in snapshot.rooms
        for device in room.devices
        if device.lease is not None
        and device.override_remaining is None
        and device.lease.blind_for < device.device.blind_cooling_max
        and device.lease.running_for < device.device.longest_run
    )


def _without_implied(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Take out what another finding says better: whoever sees no room need not hear of each."""
    findings = tuple(findings)
    blind = {
        person_id
        for finding in findings
        if finding.message.message_id == "trouble_person_blind"
        for person_id in finding.person_ids
    }
    kept: list[Finding] = []
    for finding in findings:
        if finding.message.message_id != "trouble_room_blind" or not finding.person_ids:
            kept.append(finding)
            continue
        told = tuple(person_id for person_id in finding.person_ids if person_id not in blind)
        if told:
            kept.append(replace(finding, person_ids=told))
    return tuple(kept)


def _with_plan(
    snapshot: Snapshot, findings: Iterable[Finding], commands: Iterable[CoolingCommand]
) -> tuple[Finding, ...]:
    """Let a heat finding say what becomes of its device, off until now: nobody is asked in vain."""
    by_device = {command.device_id: command for command in commands}
    planned = {
        (room.room.name, device.device.name): command
        for room in snapshot.rooms
        for device in room.devices
        if (command := by_device.get(device.device.device_id)) is not None
    }
    changed: list[Finding] = []
    for finding in findings:
        said = finding.message.parameters
        command = planned.get((str(said.get("room")), str(said.get("device"))))
        if said.get("cooling") == "off" and command is not None:
            cooling = _planned_cooling(command, is_expected=finding.is_expected)
            message = replace(finding.message, parameters={**said, "cooling": cooling})
            changed.append(replace(finding, message=message))
        else:
            changed.append(finding)
    return tuple(changed)


def _planned_cooling(command: CoolingCommand, *, is_expected: bool) -> str:
    """Return the phrase for a device that is off: of `texts_en.PHRASES`, "cooling.*"."""
    if command.action is CoolingAction.RUN:
        return "starting"
    if command.message.message_id in {"cooling_released_no_need", "cooling_nobody_there"}:
        return "later" if is_expected else "off"
    return _PLANNED_COOLING.get(command.message.message_id, "off")
