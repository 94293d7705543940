"""Run every policy in a fixed order and turn what they find into one decision.

A policy that raises is reported and costs nothing but itself: its alerts stay as they were, the
cooling that runs goes on for a while, and the other policies are heard.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from policies import (
    cooling,
    data_quality,
    escalation,
    heat_sensitivity,
    hydration,
    official_warnings,
)
from policies.alert import (
    Alert,
    AlertPhase,
    ClearNotification,
    Climb,
    Finding,
    HeatLevel,
    Message,
    Notification,
    NotifyReason,
    Severity,
    Verb,
)
from policies.cooling import CoolingPlan
from policies.episodes import CRASH_MESSAGE, Episode, acknowledge, clears, merge
from policies.escalation import Escalation
from policies.heat_sensitivity import HeatResult
from policies.hydration import HydrationResult
from policies.ladder import is_open
from policies.model import (
    CoolingAction,
    CoolingCommand,
    Decision,
    Flag,
    Person,
    PersonAssessment,
    PersonConditions,
    PolicyCrash,
    Snapshot,
)
from policies.notification import UNCOUNTED, counted_level, is_inhibited, is_silenced, notify_reason
from policies.wording import carries_safety_text, render, safety_short

__all__ = ["POLICIES", "Policies", "acknowledge", "decide"]

UNANSWERED_MESSAGE = "heat_critical_unanswered"
# Which alerts stay untouched when a policy crashes. Trouble comes from two of them, and without
# heat no cooling is planned either.
_HELD_BY_CRASH: Mapping[str, frozenset[str]] = {
    "heat_sensitivity": frozenset({"heat", "trouble", "advice"}),
    "data_quality": frozenset({"trouble"}),
    "hydration": frozenset({"hydration"}),
    "cooling": frozenset({"trouble", "advice"}),
    "official_warnings": frozenset({official_warnings.POLICY}),
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


POLICIES = Policies()
# Why a device stays off although its room is hot, by the plan's message: which phrase says it.
_PLANNED_COOLING: Mapping[str, str] = {
    "cooling_minimum_time": "resting",
    "cooling_outdoor_cold": "cold_outdoors",
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
    episodes = merge(snapshot, findings, judgement.held_policies)
    alerts, notifications = _speak(snapshot, episodes)
    # The first messages are sent whatever becomes of what follows from them.
    escalated, crash = _guarded("escalation", lambda: policies.escalate(snapshot, alerts))
    climbed = escalated or Escalation(alerts)
    return Decision(
        rooms=judgement.heat.rooms,
        people=judgement.people,
        alerts=climbed.alerts,
        notifications=(*notifications, *climbed.notifications),
        clears=(*_clears(episodes, notifications), *climbed.clears),
        cooling=judgement.commands,
        level_memory=judgement.heat.level_memory,
        crashes=(*judgement.crashes, *crash),
        look_again_in=climbed.look_again_in,
    )


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
    plan: CoolingPlan | None = None
    if heat is not None:
        known_heat = heat
        plan, crash = _guarded("cooling", lambda: policies.cooling(snapshot, known_heat))
        crashes += crash
    official, crash = _guarded("official_warnings", lambda: policies.official(snapshot))
    crashes += crash
    findings = (
        *(heat.findings if heat else ()),
        *(quality or ()),
        *(drinks.findings if drinks else ()),
        *(plan.findings if plan else ()),
        *(official or ()),
        *(_crash_finding(snapshot, each) for each in crashes),
    )
    return _Judgement(
        heat=heat or HeatResult(levels=levels, level_memory=snapshot.level_memory),
        people=drinks.people if drinks else _plain_assessments(snapshot, levels),
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
    if command.message.message_id == "cooling_released_no_need":
        return "later" if is_expected else "off"
    return _PLANNED_COOLING.get(command.message.message_id, "off")


# --------------------------------------------------------------------------- speaking


def _speak(
    snapshot: Snapshot, episodes: tuple[Episode, ...]
) -> tuple[tuple[Alert, ...], tuple[Notification, ...]]:
    """Put out what has a reason to be said, the loudest first, and note in the alerts what was."""
    people = {conditions.person.person_id: conditions for conditions in snapshot.people}
    critical = [
        episode.alert
        for episode in episodes
        if episode.alert.severity is Severity.CRITICAL and not episode.is_over
    ]
    alerts: list[Alert] = []
    notifications: list[Notification] = []
    pushes: Counter[str] = Counter()
    for episode in sorted(episodes, key=lambda each: -each.alert.severity):
        alert, reason = episode.alert, _reason_to_speak(snapshot, episode)
        told = [
            _notification(snapshot, episode, people[person_id], reason)
            for person_id in dict.fromkeys(alert.person_ids)
            if reason is not None
            and person_id in people
            and not is_inhibited(alert, person_id, critical)
            and not is_silenced(alert, people[person_id], snapshot, pushes[person_id])
        ]
        if alert.key.policy not in UNCOUNTED:
            pushes.update(notification.person_id for notification in told)
        notifications += told
        alerts.append(_told(alert, snapshot.people) if told else alert)
    return tuple(alerts), tuple(notifications)


def _reason_to_speak(snapshot: Snapshot, episode: Episode) -> NotifyReason | None:
    """Return why to speak; never of what nothing finds now, for its words would be old."""
    if episode.finding is None:
        return None
    return notify_reason(
        episode.alert, episode.finding, episode.before, episode.ended, snapshot.home.tuning
    )


def _told(alert: Alert, people: Iterable[PersonConditions]) -> Alert:
    """Return the alert as told now; a critical one that nobody answered climbs on from before."""
    climb, is_critical = alert.climb, alert.severity is Severity.CRITICAL
    if is_critical and (climb is None or not is_open(alert, people)):
        climb = Climb()
    return replace(
        alert,
        climb=climb,
        answered_by=None,
        is_answer_told=False,
        told_severity=alert.severity,
        told_level=counted_level(alert),
        since_told=timedelta(0),
        since_answered=None,
        phase=AlertPhase.FIRING,
    )


def _notification(
    snapshot: Snapshot, episode: Episode, conditions: PersonConditions, reason: NotifyReason
) -> Notification:
    alert, person, home = episode.alert, conditions.person, snapshot.home
    message = alert.message
    if reason is NotifyReason.UNANSWERED:
        message = Message(UNANSWERED_MESSAGE, message.parameters)
    finding = episode.finding
    carries = carries_safety_text(message) or bool(finding and finding.carries_safety_text)
    verbs = _verbs(alert, person, finding.verbs if finding else (), may_drink=not carries)
    words = render(message, person, home, verbs)
    return Notification(
        key=alert.key,
        person_id=person.person_id,
        reason=reason,
        severity=alert.severity,
        level=alert.level,
        title=words.title,
        body=words.body,
        safety_text=safety_short(home) if carries else None,
        verbs=verbs,
    )


def _verbs(
    alert: Alert, person: Person, wanted: tuple[Verb, ...], *, may_drink: bool
) -> tuple[Verb, ...]:
    """Return the buttons: no drink beside the safety text or for restricted fluids.

    A loud heat warning can always be answered, for it grows louder when it is not.
    """
    is_loud_heat = alert.key.policy == "heat" and alert.severity >= Severity.LOUD_WARNING
    if is_loud_heat and Verb.ON_IT not in wanted:
        wanted = (Verb.ON_IT, *wanted)
    if may_drink and Flag.FLUID_RESTRICTED not in person.flags:
        return wanted
    return tuple(verb for verb in wanted if verb is not Verb.DRANK)


def _clears(
    episodes: Iterable[Episode], notifications: Iterable[Notification]
) -> tuple[ClearNotification, ...]:
    """Return what comes off phones, unless the same tag is being told again to the same person."""
    told = {(notification.key, notification.person_id) for notification in notifications}
    return tuple(
        clear
        for episode in episodes
        for clear in clears(episode)
        if (clear.key, clear.person_id) not in told
    )
