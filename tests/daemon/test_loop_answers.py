"""What the loop makes of answers, drinks and changed settings, over restarts too."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.events import DeviceObserved
from daemon.store import DATABASE_NAME, Store
from integrations.errors import TransientError
from integrations.messages import ButtonPressed
from policies.alert import AlertKey, AlertPhase, Severity
from policies.model import DeviceControl, DeviceState, Flag
from tests.builders import a_device, a_forecast, a_person, a_phone, a_room
from tests.loop_home import TOPICS, FakeWeather, LoopHome

AWAY = TransientError("Home Assistant is not reachable")
HEAT = AlertKey("heat", "anna", 1)


@pytest.fixture
def home(tmp_path: Path) -> LoopHome:
    """Return a home that was just switched on."""
    return LoopHome(tmp_path)


# ----------------------------------------------------------------- counters and answers


def test_ignored_nudges_survive_a_restart(home: LoopHome) -> None:
    """Backing off after ignored nudges is not forgotten."""
    home.run(4 * 3600, step_s=60)
    ignored = home.daemon.state.people["anna"].memory.nudges_ignored
    assert ignored >= 2
    home.kill()
    store = Store(home.folder / DATABASE_NAME)
    assert f'"nudges_ignored":{ignored},' in store.load_memory()["person:anna"]
    store.close()


def test_message_to_two_phones_is_one_message_also_after_a_restart(tmp_path: Path) -> None:
    """The day's budget counts messages, not phones; test alerts and late answers not at all."""
    phones = (a_phone(), a_phone(channel_id="tablet", service="mobile_app_tablet"))
    home = LoopHome(tmp_path, people=(a_person(phones=phones),))
    home.read(30.2)
    home.ask(TOPICS.test_alert_command, id="t1")
    before = home.conditions().pushes_today
    home.restart()
    assert home.conditions().pushes_today == before == 2  # the nudge and the warning


def test_restricted_fluids_meet_no_volume_anywhere(tmp_path: Path) -> None:
    """Not on the phone, not in a topic, not in a reply, not in the status: no number of ml."""
    home = LoopHome(tmp_path, people=(a_person(flags=frozenset({Flag.FLUID_RESTRICTED})),))
    home.read(30.2)
    home.hear(TOPICS.person_drink("anna"), "230")
    assert home.ask(TOPICS.log_command, id="a1", amount_ml=640) == (True, "drink recorded for Anna")
    answer = home.ask(TOPICS.log_command, id="a2", amount_ml=640)
    assert answer is not None
    assert answer[0] is False
    home.run(7200, step_s=60.0)
    state = json.loads(home.broker.retained[TOPICS.person_state("anna")])
    assert (state["drinks_today_ml"], state["drinks_goal_ml"]) == (None, None)
    (shown,) = json.loads((tmp_path / "home.status.json").read_text())["people"]
    assert (shown["drinks_today_ml"], shown["drinks_goal_ml"]) == (None, None)
    assert home.phone.about("hydration")
    said = [f"{push.title} {push.body} {push.buttons}" for push in home.phone.pushes]
    said += [text for _, text in home.broker.published]
    said.append((tmp_path / "home.status.json").read_text())
    assert not [text for text in said if re.search(r"\b(230|640|870|1,?510)\b|\d ?ml\b", text)]


def test_drink_reported_twice_counts_once(home: LoopHome) -> None:
    """The same request id is answered again and counted once, over a restart too."""
    for _ in range(2):
        assert home.ask(TOPICS.log_command, id="same", amount_ml=900) == (
            True,
            "900 ml recorded for Anna",
        )
    home.restart()
    assert home.ask(TOPICS.log_command, id="same", amount_ml=900) == (
        True,
        "900 ml recorded for Anna",
    )
    assert home.conditions().drunk_today_ml == 900


def test_answer_within_the_second_of_the_push_counts(home: LoopHome) -> None:
    """An answer is younger than the telling, however soon it came."""
    home.read(33.0)
    home.clock.pass_time(0.3)
    home.press(home.phone.about("heat")[-1])
    home.run(120)
    alert = home.daemon.state.alerts[HEAT]
    assert alert.since_answered is not None
    assert alert.since_told is not None
    assert alert.since_told - alert.since_answered == timedelta(seconds=0.3)


def test_stored_ages_are_right_after_an_answer(home: LoopHome) -> None:
    """What is stored between two decisions carries the ages of that moment."""
    home.read(33.0)
    home.clock.pass_time(9.0)
    home.press(home.phone.about("heat")[-1])
    home.restart()
    assert home.daemon.state.alerts[HEAT].since_told == timedelta(seconds=9)


def test_late_press_is_answered_and_silences_nothing(home: LoopHome) -> None:
    """A button of an ended episode gets "already over"; the new episode stays unanswered."""
    home.read(33.0)
    old = home.phone.about("heat")[-1]
    home.read(22.0)
    home.clock.pass_time(4 * 3600)
    home.read(33.0)
    home.press(old)
    home.press(home.phone.about("heat")[0])  # the same button once more
    assert home.daemon.state.alerts[AlertKey("heat", "anna", 2)].phase is AlertPhase.FIRING
    answers = [push for push in home.phone.pushes if push.tag == old.tag][1:]
    assert [answer.title for answer in answers] == ["Already over"]


def test_two_late_presses_in_one_minute_do_not_spoil_the_commit(home: LoopHome) -> None:
    """Two buttons of one ended episode: both are marked used, the disk is not blamed."""
    home.read(30.2)
    home.read(33.0)
    old = home.phone.about("heat")
    home.read(22.0)
    for push in old:
        home.press(push)
    assert "storage" not in home.links()
    assert home.rows("SELECT count(*) FROM action_token WHERE used_utc IS NOT NULL") == [(2,)]


def test_cool_now_gives_a_device_that_was_set_by_hand_back(tmp_path: Path) -> None:
    """Asked at level 3; the compressor rests first, and a second hand is a hand again."""
    home = LoopHome(tmp_path, rooms=(a_room(devices=(a_device(),)),))
    home.read(30.0)
    home.run(120)
    off = DeviceState(is_on=False, hvac_mode="off")

    def by_hand() -> None:
        home.house.states["climate.living_room"] = off
        seen = DeviceObserved(
            "climate.living_room", off, is_available=True, last_updated=home.clock.utc, is_live=True
        )
        home.post(seen)

    def control() -> DeviceControl | None:
        now = home.clock.now()
        (living, *_) = home.daemon.state.snapshot(now, is_clock_synchronised=True).rooms
        return living.devices[0].control

    by_hand()
    home.read(33.0)
    home.run(20)
    push = home.phone.about("heat")[-1]
    assert [button.title for button in push.buttons] == ["Cool now", "I'm on it"]
    assert control() is DeviceControl.LEFT_ALONE
    home.press(push)
    assert control() is DeviceControl.READY
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.ACKNOWLEDGED
    home.run(25 * 60, step_s=60)
    assert control() is DeviceControl.IN_USE
    by_hand()
    assert control() is DeviceControl.LEFT_ALONE
    home.press(push)  # the same button once more
    assert control() is DeviceControl.LEFT_ALONE


def test_unknown_button_changes_nothing(home: LoopHome) -> None:
    """A forged action string is not carried out."""
    home.read(33.0)
    home.post(ButtonPressed("KEEPCOOL_0000000000000000"))
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.FIRING


def test_test_alert_answers_when_it_was_handed_over(home: LoopHome) -> None:
    """The one who asked hears for which phone."""
    answer = home.ask(TOPICS.test_alert_command, id="t1", person="anna")
    assert answer == (True, "handed to Home Assistant for mobile_app_anna")
    assert len(home.phone.about("test")) == 1


def test_loud_test_alert_rings_as_a_critical_message_and_once(home: LoopHome) -> None:
    """Before the first hot day one hears the loudest kind; unanswered it climbs no ladder."""
    answer = home.ask(TOPICS.test_alert_command, id="t1", person="anna", is_loud=True)
    assert answer == (True, "handed to Home Assistant for mobile_app_anna")
    (push,) = home.phone.about("test")
    assert push.severity is Severity.CRITICAL
    assert push.title == "Test: so loud is keepcool's alarm"
    assert [button.title for button in push.buttons] == ["I'm on it"]
    home.run(1300)
    assert len(home.phone.about("test")) == 1


def test_failed_test_alert_does_not_come_hours_later(home: LoopHome) -> None:
    """The one who asked hears why, and nothing is tried again."""
    home.phone.error = home.house.error = AWAY
    answer = home.ask(TOPICS.test_alert_command, id="t1", person="anna")
    assert answer == (False, "Home Assistant is not reachable")
    home.phone.error = home.house.error = None
    home.run(400)
    assert not home.phone.about("test")


# ----------------------------------------------------------------- settings that changed


def test_person_who_left_the_settings_stops_nobody(tmp_path: Path) -> None:
    """The live alert of a removed person ends quietly and the others are judged as ever."""
    bob = a_person(person_id="bob", name="Bob", phones=(a_phone(channel_id="b"),))
    home = LoopHome(tmp_path, people=(a_person(), bob))
    home.read(30.2)
    home.kill()
    home.people = (a_person(),)
    home.boot()
    home.read(20.0)
    home.run(60)
    home.read(34.0)
    assert home.daemon.errors == 0
    assert home.daemon.state.alerts[AlertKey("heat", "bob", 1)].phase is AlertPhase.RESOLVED
    assert home.level() == 3


def test_room_that_left_the_settings_stops_nobody(tmp_path: Path) -> None:
    """A remembered level of a removed room is of no use and does no harm."""
    home = LoopHome(tmp_path, rooms=(a_room(), a_room(room_id="attic", name="attic")))
    home.people = (a_person(rooms=("living", "attic")),)
    home.restart()
    home.read(30.2, "attic")
    home.kill()
    home.rooms = (a_room(),)
    home.people = (a_person(),)
    home.boot()
    home.read(22.0)
    home.run(60)
    assert home.daemon.errors == 0


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("alert", "body"),
        ("outbox", "body"),
        ("sensor", "body"),
        ("memory", "body"),
        ("forecast", "body"),
    ],
)
def test_unreadable_row_does_not_stop_the_start(tmp_path: Path, table: str, column: str) -> None:
    """A row that another version wrote is left alone; everything else is restored."""
    home = LoopHome(tmp_path, weather=[FakeWeather(a_forecast((25.0, 26.0)))])
    home.phone.error = home.house.error = AWAY
    home.read(30.2)
    home.daemon.stop()
    home.boot()
    query = f"UPDATE {table} SET {column} = '{{\"other\": 1}}'"  # noqa: S608 - from the table above
    if table == "memory":
        query += " WHERE key LIKE 'person:%'"
    changed = home.daemon.parts.store._connection.execute(query).rowcount
    assert changed
    home.restart()
    home.read(30.2)
    assert home.level() == 2
