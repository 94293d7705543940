"""Arbitrate: episodes open, wait and end; policies are guarded; lesser things wait for greater."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.alert import AlertPhase, Finding, HeatLevel, Message, NotifyReason, Severity, Verb
from policies.arbitrate import POLICIES, decide
from policies.model import (
    CoolingAction,
    CoolingCommand,
    DeviceState,
    Flag,
    Lease,
    LevelMemory,
)
from tests.builders import (
    a_bedroom,
    a_device,
    a_finding,
    a_forecast,
    a_person,
    a_room,
    a_snapshot,
    an_alert,
    device_conditions,
    hours,
    local,
    minutes,
    person_conditions,
    room_conditions,
)
from tests.story import Story, scripted

HEAT = a_finding()
EXPECTED = a_finding(is_expected=True)
ADVISORY = a_finding(severity=Severity.DISPLAY, level=HeatLevel.ADVISORY)
CRITICAL = a_finding(
    severity=Severity.CRITICAL,
    level=HeatLevel.VERY_HIGH,
    message=Message("heat_level_4", {"room": "living room", "cooling": "failed", "device": "AC"}),
    carries_safety_text=True,
    verbs=(Verb.ON_IT, Verb.DRANK),
)


def trouble(message_id: str, subject: str = "device:ac", **overrides: Any) -> Finding:  # noqa: ANN401
    """Return trouble in the living room."""
    parameters = {"room": "living room", "device": "AC"}
    finding = a_finding(
        policy="trouble",
        subject=subject,
        level=HeatLevel.NORMAL,
        message=Message(message_id, parameters),
    )
    return replace(finding, **overrides)


def lease(**overrides: Any) -> Lease:  # noqa: ANN401 - the fields of what is built
    """Return the AC's lease, running for an hour."""
    running = Lease(
        desired=DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=24.0),
        state_before=DeviceState(is_on=False),
        running_for=hours(1),
        remaining=minutes(20),
    )
    return replace(running, **overrides)


# --------------------------------------------------------------------------- episodes


def test_an_episode_opens_changes_and_ends() -> None:
    """An alert lives as long as something finds it; the next time is the next episode."""
    story = Story()
    opened = story.step(HEAT).alerts[0]
    assert (opened.key.episode, opened.phase) == (1, AlertPhase.FIRING)
    changed = story.step(replace(HEAT, reason="hotter"), minutes=5).alerts[0]
    assert (changed.key, changed.reason) == (opened.key, "hotter")
    assert changed.firing_for == minutes(5)
    decision = story.step(minutes=5)
    assert [alert.phase for alert in decision.alerts] == [AlertPhase.RESOLVED]
    assert [(clear.key, clear.person_id) for clear in decision.clears] == [(opened.key, "anna")]
    assert not story.step(minutes=5).alerts
    assert story.step(HEAT, minutes=5).alerts[0].key.episode == 2


def test_an_episode_s_number_is_never_used_twice() -> None:
    """The next episode's number follows the highest ever known, even if its alert is forgotten."""
    decision = decide(a_snapshot(last_episode={("heat", "anna"): 41}), scripted(HEAT))
    assert decision.alerts[0].key.episode == 42


def test_nothing_is_cleared_that_was_never_told() -> None:
    """What only the dashboard showed leaves no trace on a phone."""
    story = Story()
    story.step(ADVISORY)
    decision = story.step(minutes=5)
    assert decision.alerts[0].phase is AlertPhase.RESOLVED
    assert not decision.clears


def test_a_told_alert_that_only_the_dashboard_shows_leaves_the_phone() -> None:
    """When level 2 has fallen to level 1, the message goes and the display stays."""
    story = Story()
    told = story.step(HEAT).alerts[0]
    decision = story.step(ADVISORY, minutes=60)
    assert [clear.key for clear in decision.clears] == [told.key]
    live = [alert for alert in decision.alerts if alert.phase is AlertPhase.FIRING]
    assert [(alert.level, alert.key.episode) for alert in live] == [(HeatLevel.ADVISORY, 2)]


def test_the_loudest_finding_of_a_subject_counts() -> None:
    """Two findings about one subject make one alert: the louder, and what is before what comes."""
    assert len(decide(a_snapshot(), scripted(ADVISORY, HEAT)).alerts) == 1
    assert decide(a_snapshot(), scripted(ADVISORY, HEAT)).alerts[0].level is HeatLevel.WARNING
    assert not decide(a_snapshot(), scripted(EXPECTED, HEAT)).alerts[0].is_expected


def test_an_announcement_is_withdrawn_after_half_an_hour() -> None:
    """A forecast may waver: only after 30 minutes without it the announcement goes."""
    story = Story()
    story.step(EXPECTED)
    story.step(minutes=1)
    story.step(minutes=20)
    story.step(EXPECTED, minutes=5)  # expected again: nothing happened
    assert len(story.heard) == 1
    story.step(minutes=1)
    assert not story.step(ADVISORY, minutes=29).clears
    decision = story.step(ADVISORY, minutes=1)
    assert [clear.key for clear in decision.clears] == [story.heard[0].key]
    assert {alert.phase: alert.level for alert in decision.alerts} == {
        AlertPhase.RESOLVED: HeatLevel.WARNING,
        AlertPhase.FIRING: HeatLevel.ADVISORY,
    }


def test_stale_never_ends_an_alert() -> None:
    """What ended may be unknown: the alert stays, no lower than it was."""
    story = Story()
    story.step(HEAT)
    lower = replace(ADVISORY, may_resolve=False)
    kept = story.step(lower, minutes=60).alerts[0]
    assert (kept.phase, kept.level, kept.severity) == (
        AlertPhase.FIRING,
        HeatLevel.WARNING,
        Severity.WARNING,
    )
    assert kept.message == HEAT.message


@pytest.mark.parametrize("finding", [HEAT, EXPECTED])
def test_an_unseen_room_ends_no_heat_alert(finding: Finding) -> None:
    """While the alert's room cannot be seen, the alert stays, announced or there."""
    story = Story()
    story.step(finding)
    for _ in range(5):
        decision = story.step(minutes=60, rooms=(room_conditions(None),))
        assert [alert.phase for alert in decision.alerts] == [AlertPhase.FIRING]
        assert not decision.clears
    story.step(minutes=1)  # seen again
    story.step(minutes=31)
    assert all(alert.phase is AlertPhase.RESOLVED for alert in story.alerts)


def test_somebody_who_left_the_alert_is_cleared() -> None:
    """A person whom an alert is no longer about loses the message, the others keep it."""
    people = (person_conditions(), person_conditions(a_person(person_id="ben")))
    story = Story(people=people)
    both = trouble("trouble_room_blind", person_ids=("anna", "ben"))
    story.step(both)
    assert {told.person_id for told in story.heard} == {"anna", "ben"}
    decision = story.step(replace(both, person_ids=("ben",)), minutes=5)
    assert [clear.person_id for clear in decision.clears] == ["anna"]


def test_two_live_episodes_of_one_subject_become_one() -> None:
    """Should the store ever hold two, the older ends."""
    older = an_alert()
    newer = an_alert(key=replace(older.key, episode=2))
    decision = decide(a_snapshot(alerts=(older, newer)), scripted(HEAT))
    assert {alert.key.episode: alert.phase for alert in decision.alerts} == {
        1: AlertPhase.RESOLVED,
        2: AlertPhase.FIRING,
    }


# --------------------------------------------------------------------------- guards


POLICY_NAMES = ("heat_sensitivity", "data_quality", "hydration", "cooling")


@pytest.mark.parametrize("name", POLICY_NAMES)
def test_a_crashing_policy_is_said_and_silences_no_other(name: str) -> None:
    """A policy that raises becomes trouble; the others are heard, and its own alerts stay."""
    findings = (
        HEAT,
        trouble("trouble_no_cooling_effect"),
        a_finding(policy="hydration", message=Message("hydration_slow_down")),
        a_finding(policy="advice", message=Message("advice_heating_on")),
    )
    story = Story()
    before = {alert.key: alert for alert in story.step(*findings).alerts}
    decision = story.step(minutes=1, policies=scripted(*findings, crashing=[name]))
    assert [crash.policy for crash in decision.crashes] == [name]
    assert "ZeroDivisionError" in decision.crashes[0].detail
    live = {alert.key for alert in decision.alerts if alert.phase is AlertPhase.FIRING}
    assert live >= set(before)
    (told,) = decision.notifications
    assert told.title == "Look at keepcool: a part has failed"
    recovered = story.step(*findings, minutes=1)
    assert told.key in {clear.key for clear in recovered.clears}


def test_a_crash_is_over_when_its_own_policy_works_again() -> None:
    """The trouble of one policy does not wait for another one that crashes now."""
    story = Story()
    first = story.step(policies=scripted(crashing=["hydration"])).alerts[0].key
    decision = story.step(minutes=1, policies=scripted(crashing=["data_quality"]))
    phases = {alert.key: alert.phase for alert in decision.alerts}
    assert phases.pop(first) is AlertPhase.RESOLVED
    assert list(phases.values()) == [AlertPhase.FIRING]


def test_when_every_policy_crashes_each_is_said_and_nothing_else_changes() -> None:
    """Even then there is a decision: every alert as it was, and trouble for all that were asked."""
    decision = decide(a_snapshot(alerts=(an_alert(),)), scripted(crashing=POLICY_NAMES))
    assert {crash.policy for crash in decision.crashes} == set(POLICY_NAMES) - {"cooling"}
    assert an_alert() in decision.alerts
    crashed, digest = decision.notifications
    assert crashed.title == "Look at keepcool: a part has failed"
    assert digest.title == "2 things to look at"


@pytest.mark.parametrize("name", ["heat_sensitivity", "cooling"])
@pytest.mark.parametrize(
    ("conditions", "is_renewed"),
    [
        ({"lease": lease()}, True),
        ({"lease": lease(blind_for=hours(3))}, False),
        ({"lease": lease(running_for=hours(12))}, False),
        ({"lease": lease(), "override_remaining": minutes(5)}, False),
        ({}, False),
    ],
)
def test_cooling_goes_on_for_a_while_when_no_plan_can_be_made(
    name: str, conditions: dict[str, Any], *, is_renewed: bool
) -> None:
    """A crash stops no cooling that runs, as stale data would not, and starts none."""
    device = device_conditions(**conditions)
    snapshot = a_snapshot(rooms=(room_conditions(31.0, devices=(device,)),))
    commands = decide(snapshot, scripted(crashing=[name])).cooling
    if is_renewed:
        assert commands[0].action is CoolingAction.RUN
        assert commands[0].is_blind
        assert commands[0].desired == lease().desired
    else:
        assert not commands


def test_levels_are_remembered_when_heat_crashes() -> None:
    """The level memory survives a crash, and people keep the level they had."""
    memory = {("anna", "living"): LevelMemory(HeatLevel.HIGH)}
    snapshot = a_snapshot(level_memory=memory)
    decision = decide(snapshot, scripted(crashing=["heat_sensitivity", "hydration"]))
    assert decision.level_memory == memory
    assert [assessed.level for assessed in decision.people] == [HeatLevel.HIGH]
    assert decision.people[0].drinks_goal_ml is None


# --------------------------------------------------------------------------- what waits for what


@pytest.mark.parametrize(
    ("finding", "is_heard"),
    [
        (a_finding(policy="hydration", severity=Severity.NUDGE), False),
        (a_finding(policy="hydration", message=Message("hydration_slow_down")), True),
        (a_finding(policy="advice", severity=Severity.NUDGE), False),
        (a_finding(subject="living"), False),  # another, lesser heat alert
        (trouble("trouble_battery_low"), False),
        (trouble("trouble_forecast_old"), False),
        (trouble("trouble_room_blind"), True),
        (trouble("trouble_home_assistant_down"), True),
        (trouble("trouble_device_failed"), False),  # the critical alert says it
        (trouble("trouble_device_failed", message=Message("trouble_device_failed")), True),
    ],
)
def test_a_critical_alert_inhibits_what_is_lesser(finding: Finding, *, is_heard: bool) -> None:
    """Beside a critical heat alert only blindness, powerlessness and the caution are said."""
    decision = decide(a_snapshot(), scripted(CRITICAL, finding))
    heard = {notification.key for notification in decision.notifications}
    other = next(alert.key for alert in decision.alerts if alert.severity is not Severity.CRITICAL)
    assert (other in heard) is is_heard
    assert decision.notifications[0].severity is Severity.CRITICAL


def test_a_critical_alert_inhibits_for_its_own_person_only() -> None:
    """Ben may be told to drink while Anna is too hot."""
    people = (person_conditions(), person_conditions(a_person(person_id="ben")))
    ben = a_finding(policy="hydration", subject="ben", person_ids=("ben",), severity=Severity.NUDGE)
    decision = decide(a_snapshot(people=people), scripted(CRITICAL, ben))
    assert {told.person_id for told in decision.notifications} == {"anna", "ben"}


def test_what_was_inhibited_is_said_when_it_still_holds() -> None:
    """After the critical alert the lesser one speaks."""
    story = Story()
    battery = trouble("trouble_battery_low")
    story.step(CRITICAL, battery)
    story.step(battery, minutes=30)
    assert [told.severity for told in story.heard] == [Severity.CRITICAL, Severity.WARNING]


def test_person_blind_replaces_room_blind() -> None:
    """Who sees no room at all is told so once, not room by room; others still hear of the room."""
    people = (person_conditions(), person_conditions(a_person(person_id="ben")))
    rooms = trouble("trouble_room_blind", "room:living", person_ids=("anna", "ben"))
    own = trouble("trouble_room_blind", "room:bedroom")
    everything = trouble("trouble_person_blind", "person:anna")
    decision = decide(a_snapshot(people=people), scripted(rooms, own, everything))
    told = {(told.person_id, told.key.subject) for told in decision.notifications}
    assert told == {("anna", "person:anna"), ("ben", "room:living")}


def test_one_command_per_device_and_never_off_on_doubt() -> None:
    """Of several commands for a device the one that keeps it running counts."""
    message = Message("cooling_over_limit")
    commands = [
        CoolingCommand("ac", CoolingAction.RELEASE, message),
        CoolingCommand("ac", CoolingAction.RUN, message),
        CoolingCommand("fan", CoolingAction.LEAVE, message),
    ]
    decided = decide(a_snapshot(), scripted(commands=commands)).cooling
    assert {command.device_id: command.action for command in decided} == {
        "ac": CoolingAction.RUN,
        "fan": CoolingAction.LEAVE,
    }


# --------------------------------------------------------------------------- words


def test_a_message_with_the_safety_text_prompts_no_drink() -> None:
    """The short safety text comes with its number, and no drink button beside it."""
    (told,) = decide(a_snapshot(), scripted(CRITICAL)).notifications
    assert told.safety_text is not None
    assert told.safety_text.endswith("call 112.")
    assert told.verbs == (Verb.ON_IT,)


def test_a_loud_heat_warning_can_always_be_answered() -> None:
    """Level 3 has the button whose absence would make it critical."""
    loud = a_finding(severity=Severity.LOUD_WARNING, level=HeatLevel.HIGH, verbs=())
    (told,) = decide(a_snapshot(), scripted(loud)).notifications
    assert told.verbs == (Verb.ON_IT, Verb.SNOOZE)


def test_restricted_fluids_get_no_drink_button() -> None:
    """Whatever a policy asks for, no volume reaches a person whose fluids are restricted."""
    person = a_person(flags=frozenset({Flag.FLUID_RESTRICTED}))
    snapshot = a_snapshot(people=(person_conditions(person),))
    finding = a_finding(verbs=(Verb.ON_IT, Verb.DRANK))
    (told,) = decide(snapshot, scripted(finding)).notifications
    assert told.verbs == (Verb.ON_IT, Verb.SNOOZE, Verb.OUT)


def test_heat_says_that_its_cooling_is_being_switched_on() -> None:
    """A device that this very decision switches on is not asked of the person."""
    room = room_conditions(29.5, a_room(devices=(a_device(),)))
    told = decide(a_snapshot(rooms=(room,))).notifications[0]
    assert told.body.startswith("I am switching AC on.")


def test_heat_asks_for_nothing_that_keepcool_does_itself_a_little_later() -> None:
    """An AC that rests, or whose room is not in use yet, is not asked of the person."""
    room = a_room(devices=(a_device(),))
    resting = device_conditions(since_switched_off=minutes(3))
    hot = room_conditions(29.5, room, devices=(resting,))
    told = decide(a_snapshot(rooms=(hot,))).notifications[0]
    assert told.body.startswith("AC has to rest for a few minutes, then I switch it on.")
    bedroom = a_bedroom(devices=(a_device(room_id="bedroom"),))
    person = a_person(rooms=("living", "bedroom"))
    warm = room_conditions(25.9, bedroom, trend_c_per_h=0.3)
    evening = a_snapshot(
        local(20, 30),
        rooms=(room_conditions(22.0), warm),
        people=(person_conditions(person, drunk_today_ml=5_000),),
    )
    (told,) = decide(evening).notifications
    assert told.title.startswith("Cool early: bedroom")
    assert told.body.startswith("I will switch AC on in time.")


@pytest.mark.parametrize(
    ("temperature_c", "words"),
    [(28.9, "Please turn any heating down."), (29.5, "It is cool outside: let air in")],
)
def test_heat_does_not_ask_for_an_ac_on_a_cold_day(temperature_c: float, words: str) -> None:
    """Under 16 °C outside the AC stays off, and nobody is told to switch it on."""
    room = room_conditions(temperature_c, a_room(devices=(a_device(),)), trend_c_per_h=1.0)
    snapshot = a_snapshot(
        rooms=(room,), forecast=a_forecast((12.0,) * 24), forecast_age=minutes(20)
    )
    told = next(each for each in decide(snapshot).notifications if each.key.policy == "heat")
    assert told.body.startswith(words)
    assert "switch" not in told.body


# --------------------------------------------------------------------------- with the real policies


def test_a_hot_afternoon_from_cool_to_hot_and_back() -> None:
    """With the real policies a day's heat is announced or told once per level, and then cleared."""
    story = Story(now=local(12), people=(person_conditions(drunk_today_ml=5_000),))
    memory: dict[tuple[str, str], LevelMemory] = {}
    for step, temperature_c in enumerate([24, 26.5, 28, 29.5, 31, 32.5, 31, 29.5, 28, 26, 24, 24]):
        room = room_conditions(float(temperature_c), trend_c_per_h=0.0)
        story.now = local(12) + timedelta(minutes=30 * step)
        decision = story.step(
            policies=POLICIES,
            rooms=(room,),
            level_memory=memory,
            since_last_decision=minutes(30),
        )
        memory = dict(decision.level_memory)
    assert story.reasons() == [NotifyReason.NEW, NotifyReason.LEVEL_ROSE]
    assert [told.level for told in story.heard] == [HeatLevel.WARNING, HeatLevel.HIGH]
    assert all(alert.phase is AlertPhase.RESOLVED for alert in story.alerts)
