"""Notification: when keepcool speaks, when it stays quiet, and whom it spares."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from policies.alert import (
    Alert,
    AlertKey,
    AlertPhase,
    Finding,
    HeatLevel,
    Message,
    NotifyReason,
    Severity,
    Verb,
)
from policies.holding import Hold, why_held
from tests.builders import (
    AFTERNOON,
    a_finding,
    a_person,
    a_snapshot,
    an_alert,
    hours,
    local,
    minutes,
    person_conditions,
)
from tests.story import Story

NEW, LEVEL_ROSE, SEVERITY_ROSE = (
    NotifyReason.NEW,
    NotifyReason.LEVEL_ROSE,
    NotifyReason.SEVERITY_ROSE,
)
UNANSWERED, NUDGE, RAISED_AGAIN = (
    NotifyReason.UNANSWERED,
    NotifyReason.NUDGE,
    NotifyReason.RAISED_AGAIN,
)


def heat(level: int, severity: Severity | None = None, **overrides: Any) -> Finding:  # noqa: ANN401
    """Return Anna's heat at a level, as loud as DESIGN says with cooling running."""
    usual = [
        Severity.DISPLAY,
        Severity.DISPLAY,
        Severity.WARNING,
        Severity.LOUD_WARNING,
        Severity.CRITICAL,
    ]
    message = Message(f"heat_level_{level}", {"room": "living room", "temperature_c": 30.0})
    return a_finding(
        level=HeatLevel(level), severity=severity or usual[level], message=message, **overrides
    )


def trouble(message_id: str = "trouble_room_blind", subject: str = "room:living") -> Finding:
    """Return trouble with a room."""
    return a_finding(
        policy="trouble",
        subject=subject,
        level=HeatLevel.NORMAL,
        message=Message(message_id, {"room": "living room", "since_local": "14:05"}),
    )


def nudge(severity: Severity = Severity.NUDGE) -> Finding:
    """Return that Anna should drink."""
    return a_finding(
        policy="hydration",
        severity=severity,
        level=HeatLevel.NORMAL,
        message=Message("hydration_reminder", {"drunk_ml": 0, "goal_ml": 1600, "portion_ml": 200}),
        verbs=(Verb.DRANK,),
    )


def alert_of(policy: str, message_id: str, severity: Severity = Severity.WARNING) -> Alert:
    """Return a live alert of another policy than heat."""
    key = AlertKey(policy, "anna", 1)
    level, message = HeatLevel.NORMAL, Message(message_id, {})
    return an_alert(key=key, severity=severity, level=level, message=message)


LOUD = an_alert(severity=Severity.LOUD_WARNING, level=HeatLevel.HIGH)
SMALL_TROUBLE = alert_of("trouble", "trouble_battery_low")
BLIND = alert_of("trouble", "trouble_room_blind")
ADVICE = alert_of("advice", "advice_heating_on", Severity.NUDGE)
DIGEST = alert_of("digest", "digest", Severity.NUDGE)
EXPECTED = heat(2, is_expected=True)
FAILED = heat(3, Severity.CRITICAL)


@pytest.mark.parametrize(
    ("steps", "reasons"),
    [
        # level 1 is for the dashboard; level 2 speaks once
        ([(0, heat(1))], []),
        ([(0, heat(2)), (10, heat(2)), (600, heat(2))], [NEW]),
        ([(0, heat(1)), (10, heat(2)), (10, heat(3)), (5, heat(4))], [NEW, LEVEL_ROSE, LEVEL_ROSE]),
        # an announcement is enough for level 2, but not for level 3
        ([(0, EXPECTED), (60, heat(2))], [NEW]),
        ([(0, EXPECTED), (60, heat(2)), (60, heat(3))], [NEW, LEVEL_ROSE]),
        # unless hours have passed: announced in the evening, true in the night
        ([(0, EXPECTED), (179, heat(2)), (60, heat(2))], [NEW]),
        ([(0, EXPECTED), (180, heat(2)), (60, heat(2))], [NEW, RAISED_AGAIN]),
        # not seen is not come true: after a restart the room is waited for
        ([(0, EXPECTED), (180, heat(1, may_resolve=False)), (1, EXPECTED)], [NEW]),
        ([(0, heat(3, Severity.WARNING, is_expected=True)), (60, heat(3))], [NEW, LEVEL_ROSE]),
        ([(0, EXPECTED), (10, heat(3, Severity.WARNING, is_expected=True))], [NEW]),
        # the cooling fails at level 3: louder, at the same level; and only once
        ([(0, heat(3)), (5, FAILED), (5, heat(3)), (5, FAILED)], [NEW, SEVERITY_ROSE]),
        # unanswered at level 3: critical after a quarter of an hour, once
        ([(0, heat(3)), (14, heat(3))], [NEW]),
        ([(0, heat(3)), (15, heat(3)), (15, heat(3)), (60, heat(3))], [NEW, UNANSWERED]),
        ([(0, heat(2)), (60, heat(2))], [NEW]),
        # a heat that goes on is said once a day
        ([(0, heat(2)), (24 * 60 - 1, heat(2))], [NEW]),
        ([(0, heat(2)), (24 * 60, heat(2))], [NEW, RAISED_AGAIN]),
    ],
)  # fmt: skip
def test_reasons_within_an_episode(
    steps: list[tuple[float, Finding]], reasons: list[NotifyReason]
) -> None:
    """Within an episode keepcool speaks when it is new, rises, or went unanswered."""
    story = Story()
    for passed_min, finding in steps:
        story.step(finding, minutes=passed_min)
    assert story.reasons() == reasons


@pytest.mark.parametrize(
    ("steps", "reasons"),
    [
        # FAULTS 9: round the limit, again and again
        ([(0, 2), (30, None), (30, 2), (30, None), (30, 2)], [NEW]),
        ([(0, 2), (30, 1), (30, 2), (30, 1), (30, 2)], [NEW]),
        # three hours after it was told, it is worth saying again
        ([(0, 2), (30, None), (30, 2), (119, 2)], [NEW]),
        ([(0, 2), (30, None), (30, 2), (120, 2), (60, 2)], [NEW, RAISED_AGAIN]),
        ([(0, 2), (30, 1), (30, 2), (120, 2), (60, 2)], [NEW, RAISED_AGAIN]),
        # higher than what was told is not a repetition
        ([(0, 2), (30, None), (30, 3)], [NEW, NEW]),
        ([(0, 3), (10, None), (30, 2)], [NEW]),
        # within an episode: down and up again at level 3
        ([(0, 3), (10, 2), (10, 3), (10, 2), (10, 3)], [NEW]),
        ([(0, 3), (10, 2), (170, 3)], [NEW, RAISED_AGAIN]),
        # a critical one comes again after an hour
        ([(0, 4), (30, None), (29, 4)], [NEW]),
        ([(0, 4), (30, None), (30, 4)], [NEW, RAISED_AGAIN]),
        ([(0, 4), (30, 3), (29, 4)], [NEW]),
        # the next day is another day
        ([(0, 2), (180, None), (20 * 60, 2)], [NEW, RAISED_AGAIN]),
        ([(0, 2), (180, None), (60 * 60, 2)], [NEW, NEW]),  # longer ago than is remembered
    ],
)
def test_fault_09_flapping_is_not_a_row_of_messages(
    steps: list[tuple[float, int | None]], reasons: list[NotifyReason]
) -> None:
    """What ends and begins again at no higher level is not said again for three hours."""
    story = Story()
    for passed_min, level in steps:
        story.step(*([] if level is None else [heat(level)]), minutes=passed_min)
    assert story.reasons() == reasons


@pytest.mark.parametrize(
    ("steps", "reasons"),
    [
        ([(60, heat(3))], [NEW]),  # no escalation: somebody knows
        ([(5, heat(3, Severity.CRITICAL))], [NEW]),  # louder is not higher
        ([(5, heat(4))], [NEW, LEVEL_ROSE]),
        ([(23 * 60, heat(3))], [NEW]),
        ([(24 * 60, heat(3))], [NEW, RAISED_AGAIN]),  # a heat wave lasts: once a day
        ([(5, heat(1)), (200, heat(3))], [NEW, RAISED_AGAIN]),  # that was another episode
    ],
)
def test_acknowledged_speaks_again_only_for_a_higher_level(
    steps: list[tuple[float, Finding]], reasons: list[NotifyReason]
) -> None:
    """After "I'm on it" the episode is quiet for a day, unless the level rises."""
    story = Story()
    story.step(heat(3))
    story.answer()
    for passed_min, finding in steps:
        story.step(finding, minutes=passed_min)
    assert story.reasons() == reasons


@pytest.mark.parametrize(("passed_h", "reasons"), [(7.9, [NEW]), (8, [NEW, RAISED_AGAIN])])
def test_announcement_of_the_morning_is_said_again_when_it_comes_true(
    passed_h: float, reasons: list[NotifyReason]
) -> None:
    """An answered announcement that is older than a warning looks ahead is news when it is true."""
    story = Story()
    story.step(heat(2, is_expected=True))
    story.answer()
    story.step(heat(2, is_expected=True), minutes=60)
    story.step(heat(2), minutes=60 * (passed_h - 1))
    assert story.reasons() == reasons


def test_a_new_episode_that_is_higher_or_louder_is_no_repetition() -> None:
    """After level 3 with failed cooling, level 4 is news; after a warning, a critical one is."""
    higher, louder = Story(), Story()
    for finding in (FAILED, None, heat(4)):
        higher.step(*([finding] if finding else []), minutes=10)
    for finding in (heat(3), None, FAILED):
        louder.step(*([finding] if finding else []), minutes=10)
    assert higher.reasons() == louder.reasons() == [NEW, NEW]


def test_a_higher_level_opens_the_question_again() -> None:
    """A message for a higher level waits for an answer of its own."""
    story = Story()
    story.step(heat(3))
    story.step(heat(3), minutes=1)
    story.answer()
    risen = story.step(heat(4), minutes=1).alerts[0]
    assert risen.phase is AlertPhase.FIRING
    assert risen.since_answered is None


def test_any_sign_of_the_person_is_an_answer() -> None:
    """A drink or a switch after the message is an answer; one before it is not."""
    answered, ignored = Story(), Story()
    ignored.people = (person_conditions(since_sign_of_life=minutes(1)),)
    for story in (answered, ignored):
        story.step(heat(3))
        story.step(heat(3), minutes=1)
    answered.people = (replace(answered.people[0], since_sign_of_life=timedelta(0)),)
    for story in (answered, ignored):
        story.step(heat(3), minutes=20)
    assert answered.reasons() == [NEW]
    assert ignored.reasons() == [NEW, UNANSWERED]


def test_unanswered_is_critical_says_so_and_can_be_answered() -> None:
    """The escalated message is critical, names the silence and has the button to answer it."""
    story = Story()
    story.step(heat(3))
    decision = story.step(heat(3), minutes=15)
    (notification,) = decision.notifications
    assert notification.severity is Severity.CRITICAL
    assert notification.title == "Please answer: living room 30°"
    assert notification.body.startswith("No answer for 15 minutes.")
    assert notification.verbs == (Verb.ON_IT,)
    assert notification.safety_text is not None
    assert story.step(heat(3), minutes=5).alerts[0].severity is Severity.CRITICAL
    story.answer()
    assert story.step(heat(3), minutes=5).alerts[0].severity is Severity.LOUD_WARNING


def test_trouble_is_one_message_per_episode_and_at_most_one_a_day() -> None:
    """Trouble that comes and goes is said once a day; other trouble beside it is said too."""
    story = Story()
    for passed_min, finding in [(0, trouble()), (10, None), (10, trouble()), (600, trouble())]:
        story.step(*([finding] if finding else []), minutes=passed_min)
    assert story.reasons() == [NEW]
    story.step(trouble("trouble_no_cooling_effect"), minutes=10)
    assert story.reasons() == [NEW, NEW]
    story.step(trouble(), minutes=24 * 60)
    assert story.reasons() == [NEW, NEW, RAISED_AGAIN]


def test_nudge_is_replaced_in_place_and_taken_off_by_a_drink() -> None:
    """A due nudge speaks again under the same tag; after the drink it is cleared."""
    story = Story()
    story.step(nudge())
    story.step(nudge(Severity.DISPLAY), minutes=60)  # true, but not due
    story.step(nudge(), minutes=60)
    assert story.reasons() == [NUDGE, NUDGE]
    assert len({notification.key.tag for notification in story.heard}) == 1
    decision = story.step(minutes=1)
    assert [clear.key for clear in decision.clears] == [story.heard[0].key]


@pytest.mark.parametrize("at", [local(3), local(6, 59), local(23)])
@pytest.mark.parametrize("policy", ["hydration", "advice"])
def test_nudges_and_advice_wait_for_waking_hours(at: datetime, policy: str) -> None:
    """Nobody is woken for a drink or for advice; it comes when the person is up."""
    finding = replace(nudge(), policy=policy)
    story = Story(now=at)
    story.step(finding)
    assert not story.heard
    story.now = local(9, day=15)
    story.step(finding)
    assert len(story.heard) == 1


def test_until_the_clock_is_known_only_warnings_and_trouble_speak() -> None:
    """Without a trusted clock nudges and advice wait, warnings and trouble do not."""
    story = Story(now=local(3))
    findings = [heat(2), trouble(), nudge(), replace(nudge(), policy="advice", subject="x")]
    decision = story.step(*findings, is_clock_synchronised=False)
    assert {notification.key.policy for notification in decision.notifications} == {
        "heat",
        "trouble",
    }


def test_small_trouble_waits_for_the_morning_but_blindness_does_not() -> None:
    """A low battery wakes nobody; a bedroom that cannot be seen does."""
    story = Story(now=local(3))
    story.step(trouble("trouble_battery_low", "battery:1"), trouble())
    assert [told.title for told in story.heard] == ["Check the sensor: living room"]
    story.step(trouble("trouble_battery_low", "battery:1"), trouble(), minutes=5 * 60)
    assert story.heard[-1].title == "Change the battery: living room"


@pytest.mark.parametrize(
    ("alert", "counts", "hold"),
    [
        (an_alert(), {"pushes_today": 17}, None),
        (an_alert(), {"pushes_today": 18}, Hold.BUDGET),
        (an_alert(), {"pushes_today": 30, "criticals_today": 20}, None),
        (an_alert(severity=Severity.CRITICAL), {"pushes_today": 500}, None),
        (an_alert(), {"warnings_today": 7}, None),
        (an_alert(), {"warnings_today": 8}, Hold.BUDGET),
        (LOUD, {"warnings_today": 8}, None),
        (LOUD, {"pushes_today": 18}, Hold.BUDGET),
        (SMALL_TROUBLE, {"trouble_today": 3}, None),
        (SMALL_TROUBLE, {"trouble_today": 4}, Hold.BUDGET),
        (BLIND, {"trouble_today": 4}, None),
        # nudges displace neither of them
        (SMALL_TROUBLE, {"pushes_today": 16, "nudges_today": 16}, None),
        (an_alert(), {"pushes_today": 16, "nudges_today": 16}, None),
        (ADVICE, {"pushes_today": 5}, None),
        (ADVICE, {"pushes_today": 6}, Hold.BUDGET),
        (ADVICE, {"nudges_today": 6}, Hold.BUDGET),
        (DIGEST, {"pushes_today": 19, "nudges_today": 6, "trouble_today": 4}, None),
        (DIGEST, {"pushes_today": 20}, Hold.BUDGET),
    ],
)
def test_fault_47_budgets_never_hold_a_critical_back(
    alert: Alert, counts: dict[str, Any], hold: Hold | None
) -> None:
    """Each kind keeps to its own number and all to 20 a day, but a critical always speaks."""
    conditions = replace(person_conditions(), **counts)
    assert why_held(alert, conditions, a_snapshot()) is hold


def test_fault_47_a_storm_in_one_moment_keeps_to_the_budget_too() -> None:
    """Of a storm the first blindness speaks and the rest is one silent digest; a critical first."""
    story = Story()
    rooms = [trouble(subject=f"room:{number}") for number in range(40)]
    decision = story.step(*rooms, heat(4))
    critical, blind, digest = decision.notifications
    assert critical.severity is Severity.CRITICAL
    assert (blind.key.policy, blind.severity) == ("trouble", Severity.WARNING)
    assert (digest.key.policy, digest.severity) == ("digest", Severity.NUDGE)
    assert digest.title == "39 things to look at"


def test_fault_48_late_repeated_and_foreign_answers_change_nothing() -> None:
    """An answer counts once, for its own episode, from somebody whom the alert is about."""
    story = Story()
    first = story.step(heat(3)).alerts[0].key
    story.answer("a stranger")
    assert story.alerts[0].phase is AlertPhase.FIRING
    story.answer()
    answered = story.alerts
    story.answer()
    assert story.alerts == answered
    story.step(minutes=10)
    story.answer()
    assert {alert.phase for alert in story.alerts} == {AlertPhase.RESOLVED}
    story.step(heat(4), minutes=60)
    before = [alert for alert in story.alerts if alert.key != first]
    story.answer("a stranger")
    assert [alert for alert in story.alerts if alert.key != first] == before
    assert [alert.phase for alert in before] == [AlertPhase.FIRING]
    assert before[0].key.episode == first.episode + 1


def test_the_day_s_own_person_is_asked() -> None:
    """A person's own hours count, not the home's: an early riser hears of a drink at six."""
    early = person_conditions(a_person(wake_at=(AFTERNOON - hours(10)).time()))
    story = Story(now=local(6), people=(early,))
    story.step(nudge())
    assert story.reasons() == [NUDGE]


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "warned"),
        ({"told_severity": Severity.DISPLAY}, "held back"),
        ({"told_severity": Severity.DISPLAY, "phase": AlertPhase.ACKNOWLEDGED}, "answered"),
        ({"phase": AlertPhase.ACKNOWLEDGED}, "answered"),
        ({"phase": AlertPhase.SNOOZED}, "snoozed"),
        ({"phase": AlertPhase.RESOLVED}, "none"),
        ({"severity": Severity.DISPLAY}, "none"),
    ],
)
def test_alert_says_in_a_word_how_far_it_is(changes: dict[str, Any], shown: str) -> None:
    """What was never told is not called a warning; what is only displayed is no alert."""
    alert = replace(an_alert(told_severity=Severity.WARNING), **changes)
    assert alert.shown.value == shown
