"""What the loop does with an alarm that nobody answers: each rung once, over restarts too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.events import PushReceived
from integrations.errors import PermanentError, TransientError
from integrations.messages import ButtonPressed, PhoneMessage
from policies.alert import AlertKey, AlertPhase, Severity
from policies.model import Carer, Person
from tests.builders import a_home, a_person, a_phone
from tests.loop_home import PROMPT, TOPICS, FakeRoad, LoopHome

AWAY = TransientError("Home Assistant is not reachable")
REFUSED = PermanentError("token refused: make a new long-lived access token")
ROAD_DOWN = TransientError("ntfy did not take the message")
VERY_HOT_C = 36.0  # feels like 39
HEAT = AlertKey("heat", "anna", 1)


def anna() -> Person:
    """Return Anna, with a phone and a second road."""
    return a_person(second_roads=("anna:second_road:1",))


def ben(**overrides: object) -> Carer:
    """Return Ben, who cares for everybody and has both roads."""
    phone = a_phone(channel_id="ben:mobile_app_ben", service="mobile_app_ben")
    fields: dict[str, object] = {
        "carer_id": "ben",
        "name": "Ben",
        "people": ("anna",),
        "phones": (phone,),
        "second_roads": ("ben:second_road:1",),
    }
    return Carer(**(fields | overrides))  # type: ignore[arg-type]


@pytest.fixture
def road() -> FakeRoad:
    """Return the second roads."""
    return FakeRoad()


@pytest.fixture
def home(tmp_path: Path, road: FakeRoad) -> LoopHome:
    """Return a home with a carer and second roads."""
    return LoopHome(tmp_path, people=(anna(),), carers=(ben(),), second_road=road)


def to(home: LoopHome, service: str) -> list[PhoneMessage]:
    """Return the urgent pushes to one phone."""
    found = [push for push in home.phone.pushes if push.service == service]
    return [push for push in found if push.severity == Severity.CRITICAL]


def counts(home: LoopHome, road: FakeRoad) -> tuple[int, int, int, int]:
    """Return how often Anna's phone and road, and Ben's, were told urgently."""
    return (
        len(to(home, anna().phones[0].service)),
        len(road.to("anna")),
        len(to(home, "mobile_app_ben")),
        len(road.to("ben")),
    )


def receipt(home: LoopHome, message: PhoneMessage) -> None:
    """Have the phone say that it got a message."""
    home.post(PushReceived(tuple(button.action for button in message.buttons)))


# ----------------------------------------------------------------- the way up


def test_fault_43_accepted_is_not_received(home: LoopHome, road: FakeRoad) -> None:
    """Second road after two minutes, the carer after five, repeats after 10, 20, 40 and 100."""
    home.read(VERY_HOT_C)
    expected = [
        (0, (1, 0, 0, 0)),
        (119, (1, 0, 0, 0)),
        (121, (1, 1, 0, 0)),
        (299, (1, 1, 0, 0)),
        (301, (1, 1, 1, 0)),
        (419, (1, 1, 1, 0)),
        (421, (1, 1, 1, 1)),  # Ben's phone confirmed nothing either
        (599, (1, 1, 1, 1)),
        (601, (2, 2, 2, 2)),
        (1201, (3, 3, 3, 3)),
        (2401, (4, 4, 4, 4)),
        (5999, (4, 4, 4, 4)),
        (6001, (5, 5, 5, 5)),
    ]
    passed = 0
    for at_s, found in expected:
        home.run(at_s - passed)
        passed = at_s
        assert (at_s, counts(home, road)) == (at_s, found)
        if at_s % 600 < 200:
            home.read(VERY_HOT_C)
            passed += 1


def test_fault_46_restart_at_every_rung_takes_none_twice_and_loses_none(
    home: LoopHome, road: FakeRoad
) -> None:
    """A daemon that is killed again and again climbs as one that runs."""
    home.read(VERY_HOT_C)
    for _ in range(70):
        home.run(20)
        home.restart()
        home.read(VERY_HOT_C)
    home.run(1)
    assert counts(home, road) == (3, 3, 3, 3)  # 24.5 minutes on


def test_rung_that_fell_due_while_it_was_off_is_taken_once(home: LoopHome, road: FakeRoad) -> None:
    """After half an hour without power the carer is told, and everything is said again once."""
    home.read(VERY_HOT_C)
    home.kill()
    home.clock.reboot(timedelta(minutes=30))
    home.boot()
    home.read(VERY_HOT_C)
    home.run(5)
    assert counts(home, road) == (2, 1, 1, 0)


@pytest.mark.parametrize(("error", "within_s"), [(AWAY, 61), (REFUSED, 2)])
def test_home_assistant_that_takes_nothing(
    home: LoopHome, road: FakeRoad, error: Exception, within_s: int
) -> None:
    """Out of reach, the second road opens after 60 s; refused, at once."""
    home.phone.error = home.house.error = error  # type: ignore[assignment]
    home.read(VERY_HOT_C)
    home.run(within_s - 1.5)
    assert len(road.taken) == (error is REFUSED)
    home.run(1.5)
    (message,) = road.taken
    assert message.title == "Get out of the heat: living room 39°"
    assert "call 112" in message.body
    assert message.severity == Severity.CRITICAL


def test_carer_is_reached_by_their_second_road(home: LoopHome, road: FakeRoad) -> None:
    """With Home Assistant down the carer hears a minute after their rung, by their own road."""
    home.phone.error = home.house.error = AWAY
    home.read(VERY_HOT_C)
    home.run(358)
    assert road.to("ben") == []
    home.run(5)
    assert [message.title for message in road.to("ben")] == ["Call Anna: living room 39°"]


def test_fault_43_receipt_spares_the_second_road_but_not_the_carer(
    home: LoopHome, road: FakeRoad
) -> None:
    """A phone that says it got the message is no answer of its owner."""
    home.read(VERY_HOT_C)
    receipt(home, to(home, anna().phones[0].service)[0])
    home.restart()
    home.run(290)
    assert counts(home, road) == (1, 0, 0, 0)
    home.run(20)
    assert counts(home, road) == (1, 0, 1, 0)


def test_unknown_receipt_changes_nothing(home: LoopHome, road: FakeRoad) -> None:
    """A receipt of somebody else's push confirms nothing."""
    home.read(VERY_HOT_C)
    home.post(PushReceived(("KEEPCOOL_FOREIGN",)))
    home.run(125)
    assert counts(home, road) == (1, 1, 0, 0)


def test_fault_45_both_roads_down_keeps_trying_and_says_so(home: LoopHome, road: FakeRoad) -> None:
    """Nothing is given up: every minute at the latest both roads are tried, and it is shown."""
    home.phone.error = home.house.error = AWAY
    road.error = ROAD_DOWN
    home.read(VERY_HOT_C)
    home.run(3600)
    state = home.broker.retained[TOPICS.home_state]
    assert '"roads_down":["home_assistant","second_road:anna","second_road:ben"]' in state
    assert home.links()["second_road:anna"] == (False, str(ROAD_DOWN))
    home.read(VERY_HOT_C)
    road.error = None
    home.run(61)
    (late,) = [message for message in road.to("anna") if message.tag == HEAT.tag]
    assert "First raised at" in late.body  # the latest state, once
    assert home.rows("SELECT count(*) FROM outbox WHERE state='expired'") == [(0,)]
    assert '"roads_down":["home_assistant"]' in home.broker.retained[TOPICS.home_state]


# ----------------------------------------------------------------- while it ends


@pytest.fixture
def slow_home(tmp_path: Path, road: FakeRoad) -> LoopHome:
    """Return a home in which an alert is held for a quarter of an hour after its heat."""
    tuning = replace(PROMPT, resolve_hold=timedelta(minutes=15))
    people, carers = (anna(),), (ben(),)
    return LoopHome(
        tmp_path, people=people, carers=carers, second_road=road, home=a_home(tuning=tuning)
    )


def test_fault_43_cooler_room_is_not_called_too_hot_again(
    slow_home: LoopHome, road: FakeRoad
) -> None:
    """Under its level again nothing is repeated to the person; heat that returns is."""
    home = slow_home
    home.read(VERY_HOT_C)
    home.run(60)
    home.read(24.0)
    home.run(600)
    assert counts(home, road)[:2] == (1, 0)
    home.read(VERY_HOT_C)
    home.run(20)
    assert counts(home, road)[:2] == (2, 1)


def test_silent_person_is_worth_a_call_although_it_cooled(
    slow_home: LoopHome, road: FakeRoad
) -> None:
    """Nobody answered: the carer is told after five minutes, once, with what is true now."""
    home = slow_home
    home.read(VERY_HOT_C)
    home.run(200)
    home.read(24.0)
    home.run(110)
    (card,) = to(home, "mobile_app_ben")
    assert card.title == "Call Anna: living room 24°"
    home.run(500)
    assert counts(home, road) == (1, 1, 1, 1)


# ----------------------------------------------------------------- answers


def answer_by_button(home: LoopHome) -> None:
    """Press "I'm on it"."""
    home.press(to(home, anna().phones[0].service)[-1])


def answer_by_drink(home: LoopHome) -> None:
    """Log a drink."""
    home.ask(TOPICS.log_command, person="anna", amount_ml=200)


@pytest.mark.parametrize("answer", [answer_by_button, answer_by_drink])
def test_fault_43_any_sign_of_the_person_ends_it(
    home: LoopHome, road: FakeRoad, answer: Callable[[LoopHome], None]
) -> None:
    """After any sign of the person nothing more is sent for this alarm."""
    home.read(VERY_HOT_C)
    home.run(130)
    answer(home)
    home.run(7200)
    home.restart()
    home.run(600)
    assert counts(home, road) == (1, 1, 0, 0)


def test_everyone_who_was_told_sees_who_answered(tmp_path: Path, road: FakeRoad) -> None:
    """Ben answers: Anna and Eva see it where they were told, quietly, and the repeats end."""
    eva = ben(
        carer_id="eva",
        name="Eva",
        phones=(a_phone(channel_id="eva:mobile_app_eva", service="mobile_app_eva"),),
        second_roads=(),
    )
    home = LoopHome(tmp_path, people=(anna(),), carers=(ben(), eva), second_road=road)
    home.read(VERY_HOT_C)
    home.run(310)
    before = len(home.phone.pushes)
    (card,) = to(home, "mobile_app_ben")
    assert card.title == "Call Anna: living room 39°"
    assert card.body.startswith("No answer since 15:00.")
    home.press(card)
    home.run(2)
    news = home.phone.pushes[before:]
    assert {push.service: push.title for push in news} == {
        anna().phones[0].service: "Ben is on it: living room 39°",
        "mobile_app_eva": "Ben is on it: Anna, living room",
    }
    assert {push.severity for push in news} == {Severity.DISPLAY}
    assert {push.tag for push in news} == {HEAT.tag, "keepcool-carer-eva-1"}
    assert road.to("anna")[-1].title == "Ben is on it: living room 39°"
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.ACKNOWLEDGED
    home.restart()
    home.run(7200)
    later = home.phone.pushes[before + len(news) :]
    assert {push.severity for push in later} <= {Severity.NUDGE}


def test_carer_sees_that_the_person_answered(home: LoopHome) -> None:
    """Anna answers after all: Ben's notification says so, and is taken away when it is over."""
    home.read(VERY_HOT_C)
    home.run(310)
    answer_by_button(home)
    home.run(2)
    shown = {tag: push.title for tag, push in home.phone.shown().items()}
    assert shown["keepcool-carer-ben-1"] == "Anna has answered"
    home.read(20.0)
    home.run(30)
    assert "keepcool-carer-ben-1" not in home.phone.shown()


def test_late_press_of_a_carer_does_not_silence_the_next_episode(home: LoopHome) -> None:
    """The carer's button answers what the card showed, and nothing newer."""
    home.read(VERY_HOT_C)
    home.run(310)
    (old,) = to(home, "mobile_app_ben")
    home.read(20.0)
    home.clock.pass_time(2 * 3600)
    home.read(VERY_HOT_C)
    home.run(310)
    home.post(ButtonPressed(old.buttons[0].action))
    assert home.phone.pushes[-1].title == "Already over"
    assert home.daemon.state.alerts[AlertKey("heat", "anna", 2)].phase is AlertPhase.FIRING


def test_button_of_a_carer_works_once(home: LoopHome) -> None:
    """A second press is no second answer."""
    home.read(VERY_HOT_C)
    home.run(310)
    (card,) = to(home, "mobile_app_ben")
    home.press(card)
    home.run(2)
    told = len(home.phone.pushes)
    home.press(card)
    home.run(2)
    assert len(home.phone.pushes) == told


# ----------------------------------------------------------------- several people, trouble, tests


def test_carer_has_one_notification_for_several_people(tmp_path: Path) -> None:
    """Two people in need are one card with both names; one answer covers both."""
    cleo = a_person(
        person_id="cleo",
        name="Cleo",
        phones=(a_phone(channel_id="cleo:phone", service="mobile_app_cleo"),),
    )
    carer = ben(people=("anna", "cleo"), second_roads=())
    home = LoopHome(tmp_path, people=(a_person(), cleo), carers=(carer,))
    home.read(VERY_HOT_C)
    home.run(310)
    (card,) = [push for push in home.phone.shown().values() if push.service == "mobile_app_ben"]
    assert card.title == "Call Anna and Cleo"
    assert card.body == (
        "Anna: living room 39°. Cleo: living room 39°.\nIf one of them feels confused, faint, "
        "or worse than is usual for them, and 30 minutes of cooling has not helped, call 112."
    )
    home.press(card)
    assert {
        alert.phase for alert in home.daemon.state.alerts.values() if alert.key.policy == "heat"
    } == {AlertPhase.ACKNOWLEDGED}


def test_lasting_blindness_goes_to_the_carer(home: LoopHome) -> None:
    """Half an hour without any reading, and the carer is asked to look."""
    home.read(24.0)
    home.run(130 * 60 + 20, step_s=60)
    assert to(home, "mobile_app_ben") == []
    home.run(29 * 60, step_s=60)
    cards = [push for push in home.phone.pushes if push.service == "mobile_app_ben"]
    assert cards == []
    home.run(120, step_s=10)
    (card,) = [push for push in home.phone.pushes if push.service == "mobile_app_ben"]
    assert card.title == "Call Anna: I see no room"
    assert card.severity == Severity.WARNING
    home.run(3600, step_s=60)
    home.read(24.0)
    assert "keepcool-carer-ben-1" not in home.phone.shown()


def test_home_assistant_down_is_told_by_the_second_road(home: LoopHome, road: FakeRoad) -> None:
    """The phone cannot hear that its own road is down: Anna after 5 min, Ben when it lasts."""
    home.phone.error = home.house.error = AWAY
    home.run(60)
    home.run(290)
    assert road.taken == []
    home.run(80)
    assert [message.title for message in road.to("anna")] == ["Check Home Assistant"]
    home.run(30 * 60)
    assert len(road.to("anna")) == 1
    home.run(120)
    assert [message.title for message in road.to("ben")] == ["Call Anna: Home Assistant is down"]


def test_person_with_only_a_second_road_gets_warnings_by_it(tmp_path: Path) -> None:
    """Without a phone warnings take the other road, nudges take none."""
    road = FakeRoad()
    nobody = a_person(phones=(), second_roads=("anna:second_road:1",))
    home = LoopHome(tmp_path, people=(nobody,), second_road=road)
    home.read(30.2)
    assert [message.title for message in road.taken] == ["Cool down now: living room 30°"]
    home.run(2 * 3600, step_s=60)
    assert len(road.taken) == 1


@pytest.mark.parametrize(
    ("fields", "is_done", "text"),
    [
        ({"person": "ben"}, True, "handed to Home Assistant for mobile_app_ben"),
        ({"person": "anna", "road": "second_road"}, True, "handed to the second road"),
        ({"person": "ben", "road": "second_road"}, True, "handed to the second road"),
        ({"person": "eva"}, False, "nobody of that id; known are anna, ben"),
        ({"person": "anna", "road": "pigeon"}, False, "allowed are phone or second_road"),
    ],
)
def test_test_alert_over_each_road(
    home: LoopHome,
    fields: dict[str, str],
    is_done: bool,  # noqa: FBT001
    text: str,
) -> None:
    """A test goes to a person or carer by the road that was named, and says what became of it."""
    answer = home.ask(TOPICS.test_alert_command, id="a1", **fields)
    assert answer is not None
    assert answer[0] is is_done
    assert text in answer[1]


def test_hanging_home_assistant_does_not_hold_up_the_second_road(
    home: LoopHome, road: FakeRoad
) -> None:
    """Each road has a worker of its own."""
    home.workers["phone"].is_held = home.workers["home"].is_held = True
    home.read(VERY_HOT_C)
    home.run(62)
    assert len(road.to("anna")) == 1


def test_hanging_second_road_does_not_hold_up_the_phone(home: LoopHome) -> None:
    """The other way round it is the same."""
    home.workers["second_road"].is_held = True
    home.read(VERY_HOT_C)
    home.run(610)
    assert len(to(home, anna().phones[0].service)) == 2
