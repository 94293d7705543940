"""The monthly test message: for whom, when, how often, and what follows when nobody presses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from policies.alert import Alert, AlertKey, AlertPhase, HeatLevel, Message, Severity
from policies.arbitrate import decide
from policies.model import Carer, Decision, Holiday, RoadProof, Snapshot
from policies.self_test import ASKED, ASKED_AGAIN, PROVED_FOR, evaluate
from tests.builders import AFTERNOON, a_person, a_phone, a_snapshot, an_alert, person_conditions

DAY = timedelta(days=1)
BEN = Carer("ben", "Ben", ("anna",), (a_phone(channel_id="ben:phone", service="mobile_app_ben"),))


def home(unproved_for: timedelta = PROVED_FOR, who: str = "anna", **overrides: Any) -> Snapshot:  # noqa: ANN401 - the fields of what is built
    """Return Anna's home, in which somebody pressed no button for so long."""
    proofs = (RoadProof(who, unproved_for),)
    return a_snapshot(**{"carers": (BEN,), "proofs": proofs} | overrides)


def asked(message_id: str, told_ago: timedelta | None, who: str = "anna") -> Alert:
    """Return the alert of a test message that was told so long ago."""
    return an_alert(
        key=AlertKey("self_test", who, 1),
        phase=AlertPhase.FIRING,
        severity=Severity.NUDGE,
        level=HeatLevel.NORMAL,
        person_ids=(who,),
        message=Message(message_id),
        told_severity=Severity.NUDGE,
        told_level=HeatLevel.NORMAL,
        since_told=told_ago,
    )


def ids(snapshot: Snapshot) -> list[str]:
    """Return what is found."""
    return [finding.message.message_id for finding in evaluate(snapshot)]


@pytest.mark.parametrize("who", ["anna", "ben"])
@pytest.mark.parametrize(
    ("age", "found"),
    [(PROVED_FOR - timedelta(seconds=1), []), (PROVED_FOR, [ASKED]), (90 * DAY, [ASKED])],
)
def test_asked_after_a_month(who: str, age: timedelta, found: list[str]) -> None:
    """A press of the last thirty days spares the message, of people and of carers."""
    assert ids(home(age, who)) == found


@pytest.mark.parametrize(
    ("before", "found"),
    [
        (asked(ASKED, None), [ASKED]),
        (asked(ASKED, 3 * DAY - timedelta(seconds=1)), [ASKED]),
        (asked(ASKED, 3 * DAY), [ASKED_AGAIN]),
        (asked(ASKED_AGAIN, None), [ASKED_AGAIN]),
        (asked(ASKED_AGAIN, 3 * DAY - timedelta(seconds=1)), [ASKED_AGAIN]),
        (asked(ASKED_AGAIN, 3 * DAY), [ASKED_AGAIN, "trouble_phone_unproved"]),
    ],
)
def test_once_more_and_then_trouble(before: Alert, found: list[str]) -> None:
    """Three days after the first message a second one, three days after that it is trouble."""
    assert ids(home(40 * DAY, alerts=(before,))) == found


def test_carers_phone_is_told_to_those_they_care_for() -> None:
    """The carer would not hear of it: the people do."""
    snapshot = home(40 * DAY, "ben", alerts=(asked(ASKED_AGAIN, 3 * DAY, "ben"),))
    trouble = evaluate(snapshot)[-1]
    assert trouble.message.message_id == "trouble_carer_unproved"
    assert trouble.person_ids == ("anna",)


def hot() -> Alert:
    """Return heat at level 2."""
    return an_alert(key=AlertKey("heat", "anna", 1), level=HeatLevel.WARNING)


@pytest.mark.parametrize(
    "overrides",
    [
        {"is_clock_synchronised": False},
        {"holiday": Holiday(is_on=True)},
        {"alerts": (hot(),)},
        {"proofs": ()},
        {"people": (person_conditions(person=a_person(phones=())),)},
        {"proofs": (RoadProof("eva", 90 * DAY),)},
    ],
)
def test_nothing_new_begins_in_a_bad_moment(overrides: dict[str, Any]) -> None:
    """In heat, with nobody home, by a wrong clock, or without a phone nothing is asked."""
    assert ids(home(90 * DAY, **overrides)) == []


def test_what_is_asked_stays_in_a_bad_moment() -> None:
    """Heat does not take the question back, nor ask it once more."""
    snapshot = home(90 * DAY, alerts=(asked(ASKED, 9 * DAY), hot()))
    assert ids(snapshot) == [ASKED]


def told(decision: Decision) -> list[tuple[str, str, Severity]]:
    """Return who is told what, how loudly."""
    return [
        (each.person_id, each.title, each.severity)
        for each in decision.notifications
        if each.key.policy == "self_test"
    ]


@pytest.mark.parametrize(("who", "name"), [("anna", "Anna"), ("ben", "Ben")])
def test_message_is_quiet_and_has_one_button(who: str, name: str) -> None:
    """It rings nowhere, and its one button is the answer."""
    decision = decide(home(who=who))
    assert told(decision) == [(who, "Test message: please press the button", Severity.NUDGE)]
    (message,) = [each for each in decision.notifications if each.key.policy == "self_test"]
    assert [verb.value for verb in message.verbs] == ["on_it"], name


@pytest.mark.parametrize(
    ("at", "conditions"),
    [
        (AFTERNOON.replace(hour=6), {}),
        (AFTERNOON.replace(hour=23), {}),
        (AFTERNOON, {"out_remaining": timedelta(hours=1)}),
        (AFTERNOON, {"nudges_today": 6, "pushes_today": 6}),
    ],
)
def test_held_as_any_reminder(at: datetime, conditions: dict[str, Any]) -> None:
    """Quiet hours, an outing and the day's number of reminders hold it back."""
    people = (person_conditions(**conditions),)
    assert told(decide(replace(home(people=people), now_local=at))) == []


def test_carers_are_not_asked_at_night() -> None:
    """Somebody who cares from afar sleeps at night, too."""
    assert told(decide(replace(home(who="ben"), now_local=AFTERNOON.replace(hour=23)))) == []


def test_told_once_however_long_it_stays() -> None:
    """Two days later nothing is repeated."""
    decision = decide(home(alerts=(asked(ASKED, 2 * DAY),)))
    assert told(decision) == []
    assert not [clear for clear in decision.clears if clear.key.policy == "self_test"]


def test_second_message_takes_the_place_of_the_first() -> None:
    """The first leaves the phone as the second comes."""
    decision = decide(home(alerts=(asked(ASKED, 3 * DAY),)))
    assert [title for _, title, _ in told(decision)] == ["Test once more: please press the button"]
    assert [clear.key.tag for clear in decision.clears] == ["keepcool-self_test-anna-1"]


def test_press_ends_it() -> None:
    """Whoever pressed hears no more of it, and the message leaves the phone."""
    decision = decide(home(timedelta(0), alerts=(asked(ASKED, 2 * DAY),)))
    assert told(decision) == []
    assert [clear.key.tag for clear in decision.clears] == ["keepcool-self_test-anna-1"]


def test_trouble_names_the_phone_and_reaches_the_carer() -> None:
    """The person's phone says what to try; half an hour later the carer is asked to call."""
    again = asked(ASKED_AGAIN, 3 * DAY)
    first = decide(home(40 * DAY, alerts=(again,)))
    (trouble,) = [each for each in first.notifications if each.key.policy == "trouble"]
    assert trouble.title == "Check the phone of Anna"
    alerts = [alert.aged(timedelta(minutes=31)) for alert in first.alerts]
    later = decide(home(40 * DAY, alerts=tuple(alerts)))
    (card,) = [each for each in later.notifications if each.key.policy == "carer"]
    assert (card.person_id, card.title) == ("ben", "Call Anna: Try the phone")
    assert "since" in card.body
