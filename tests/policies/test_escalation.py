"""What is said on the way up the ladder, and to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.alert import (
    Alert,
    AlertPhase,
    Finding,
    HeatLevel,
    Message,
    Notification,
    NotifyReason,
    Road,
    Severity,
)
from policies.arbitrate import decide
from policies.carer_card import card_key
from policies.model import Carer, Decision
from tests.builders import a_finding, a_person, a_phone, a_snapshot, minutes, person_conditions
from tests.policies.test_ladder import BEN, critical
from tests.story import Story, scripted

SAID: dict[str, str | int | float | bool | None] = {
    "room": "Living room",
    "temperature_c": 36.0,
    "cooling": "failed",
    "device": "AC",
}


def heat(level: int = 4, person_id: str = "anna") -> Finding:
    """Return a finding of the loudest kind."""
    return a_finding(
        subject=person_id,
        person_ids=(person_id,),
        severity=Severity.CRITICAL,
        level=HeatLevel(level),
        message=Message(f"heat_level_{level}", SAID),
    )


def to(decision: Decision, who: str) -> list[Notification]:
    """Return what one person or carer is told."""
    return [each for each in decision.notifications if each.person_id == who]


def told(since_min: float, **overrides: object) -> Alert:
    """Return a critical alert that Ben knows of."""
    since = minutes(since_min)
    alert = critical(since, told_carers=("ben",), message=Message("heat_level_4", SAID))
    assert alert.climb is not None
    alert = replace(alert, climb=replace(alert.climb, is_carer_told=True))
    return replace(alert, **overrides)  # type: ignore[arg-type]


def decided(alert: Alert, *findings: Finding, carers: tuple[Carer, ...] = (BEN,)) -> Decision:
    """Decide with that alert alive."""
    snapshot = a_snapshot(alerts=(alert,), carers=carers)
    return decide(snapshot, scripted(*findings))


def test_card_says_whom_to_call_since_when_and_what_to_do() -> None:
    """The carer reads what is asked of them, in words for somebody who is elsewhere."""
    story = Story()
    story.step(heat(), carers=(BEN,))
    (card,) = to(story.step(heat(), minutes=5, carers=(BEN,)), "ben")
    assert card.title == "Call Anna: Living room 36°"
    assert card.body == (
        "No answer since 15:00. AC did not respond: please see that it is switched on by hand. "
        "Air 36.0°."
    )
    assert card.safety_text == (
        "If Anna feels confused, faint, or worse than is usual for them, and 30 minutes of cooling "
        "has not helped, call 112."
    )
    assert card.severity is Severity.CRITICAL
    assert card.covers == (heat_key(story),)
    assert card.key == card_key("ben")


def heat_key(story: Story) -> object:
    """Return the key of the story's heat alert."""
    return next(alert.key for alert in story.alerts if alert.key.policy == "heat")


def test_crash_on_the_ladder_keeps_the_first_message() -> None:
    """Whatever becomes of the ladder, the person is told; the crash is reported."""

    def crash(*_: object) -> None:
        raise ZeroDivisionError

    broken = replace(scripted(heat()), escalate=crash)  # type: ignore[arg-type]
    decision = decide(a_snapshot(), broken)
    assert [each.title for each in decision.notifications] == [
        "Get out of the heat: Living room 36°"
    ]
    assert [each.policy for each in decision.crashes] == ["escalation"]
    assert [alert.key.subject for alert in decision.alerts] == ["anna"]


def test_level_that_rises_rings_at_the_carer_again() -> None:
    """Level 4 after level 3 is news for whoever was called for level 3."""
    before = told(6, level=HeatLevel.HIGH, told_level=HeatLevel.HIGH)
    (card,) = to(decided(before, heat(4), carers=(replace(BEN, second_roads=()),)), "ben")
    assert (card.severity, card.reason) == (Severity.CRITICAL, NotifyReason.LEVEL_ROSE)


def test_end_takes_the_card_away() -> None:
    """When nothing is left on it, the card goes."""
    decision = decided(told(6))
    assert [alert.phase for alert in decision.alerts] == [AlertPhase.RESOLVED]
    assert {(clear.key, clear.person_id) for clear in decision.clears} >= {(card_key("ben"), "ben")}
    assert to(decision, "ben") == []


@pytest.mark.parametrize(
    ("who", "title"),
    [
        ("anna", "Anna has answered"),
        (None, "Anna has answered"),
        ("eva", "Eva is on it: Anna, Living room"),
    ],
)
def test_others_see_who_answered(who: str | None, title: str) -> None:
    """Once, quietly, and the answerer is not told their own answer."""
    eva = replace(BEN, carer_id="eva", name="Eva", phones=(a_phone(),), second_roads=())
    answered = told(
        6,
        phase=AlertPhase.ACKNOWLEDGED,
        since_answered=timedelta(0),
        answered_by=who,
        told_carers=("ben", "eva"),
    )
    decision = decided(answered, heat(), carers=(BEN, eva))
    (news,) = to(decision, "ben")
    assert (news.title, news.severity, news.verbs) == (title, Severity.DISPLAY, ())
    assert len(to(decision, "eva")) == (who != "eva")
    assert [each.title for each in to(decision, "anna")] == (
        ["Eva is on it: Living room 36°"] if who == "eva" else []
    )
    (after,) = decision.alerts
    again = decided(after, heat(), carers=(BEN, eva))
    assert again.notifications == ()


def test_second_road_has_no_buttons_and_no_hint_of_them() -> None:
    """Nobody is asked to press and hold what cannot be pressed."""
    person = a_person(second_roads=("anna:second_road:1",))
    alert = critical(minutes(2), message=Message("heat_level_4", SAID))
    snapshot = a_snapshot(alerts=(alert,), people=(person_conditions(person=person),))
    (message,) = decide(snapshot, scripted(heat())).notifications
    assert (message.road, message.verbs) == (Road.SECOND_ROAD, ())
    assert "Press" not in message.body


def test_look_again_is_the_next_rung() -> None:
    """The shell is told when to decide again, though nothing may happen until then."""
    story = Story()
    assert story.step(heat(), carers=(BEN,)).look_again_in == minutes(5)  # no second road
    assert story.step(heat(), minutes=5, carers=(BEN,)).look_again_in is not None
    story.answer()
    assert story.step(heat(), minutes=1, carers=(BEN,)).look_again_in is None


def test_two_judgements_in_one_instant_say_it_once_by_the_second_road() -> None:
    """Trouble that a phone cannot hear of takes the other road when it is told, and not again."""
    refused = a_finding(
        policy="trouble",
        subject="link:home_assistant",
        person_ids=("anna",),
        severity=Severity.WARNING,
        message=Message("trouble_token_refused", {"since_local": "15:00"}),
    )
    person = a_person(second_roads=("anna:second_road:1",))
    snapshot = a_snapshot(people=(person_conditions(person),))
    first = decide(snapshot, scripted(refused))
    assert Road.SECOND_ROAD in {each.road for each in first.notifications}
    second = decide(replace(snapshot, alerts=first.alerts), scripted(refused))
    assert second.notifications == ()
