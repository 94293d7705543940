"""Rows of the fault table as the whole loop shows them, in-process and without threads."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.clock import Instant
from daemon.inbox import Inbox
from daemon.records import Changes
from daemon.sensor_track import SensorTrack
from daemon.supervisor import Supervisor
from integrations.errors import TransientError
from integrations.messages import ButtonPressed, Heard, MessageReceived
from integrations.mqtt import MqttClient, MqttOptions, Subscription
from policies.alert import AlertKey, AlertPhase
from policies.model import Freshness, Tuning
from tests.broker import Mosquitto
from tests.builders import a_home, a_person
from tests.loop_home import READING_TOPIC, TOPICS, FakeWeather, LoopHome
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

HEAT = AlertKey("heat", "anna", 1)
SECOND = AlertKey("heat", "anna", 2)
AWAY = TransientError("Home Assistant is not reachable")


@pytest.fixture
def home(tmp_path: Path) -> LoopHome:
    """Return a home that was just switched on."""
    return LoopHome(tmp_path)


def sensor_track(home: LoopHome) -> SensorTrack:
    """Return what the daemon knows of the sensor."""
    return home.daemon.state.sensing.tracks["living-sensor"]


def freshness(home: LoopHome) -> Freshness:
    """Return how the last decision saw the living room."""
    assert home.daemon.snapshot is not None
    return home.daemon.snapshot.rooms[0].freshness


# ----------------------------------------------------------------- readings


def test_fault_11_two_devices_on_one_topic_make_no_absurd_message(home: LoopHome) -> None:
    """The repeats of a critical name no 24° under a limit of 29°, but that readings disagree."""
    home.read(34.0)
    home.run(60)
    told = len(home.phone.pushes)
    for minute in range(120):
        home.read(24.0 if minute % 2 else 34.0)
        home.run(59)
    repeats = home.phone.pushes[told:]
    assert len(repeats) >= 4
    assert any("The readings there disagree." in push.body for push in repeats)
    assert not [push for push in repeats if "24" in push.title or "Air 24" in push.body]
    assert home.level() == 3


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", '"nan"'])
def test_fault_03_number_that_is_none_leaves_the_last_good_one(home: LoopHome, number: str) -> None:
    """NaN and infinity are refused and counted; the last good value keeps its age and level."""
    home.read(30.2)
    home.run(60)
    home.hear(READING_TOPIC, f'{{"temperature": {number}, "humidity": 40}}')
    home.run(60)
    track = sensor_track(home)
    assert (track.temperature_c, track.rejected) == (30.2, 1)
    assert track.reading(home.clock.boot, timedelta(hours=1)).age == timedelta(seconds=120)
    assert home.level() == 2


@pytest.mark.parametrize(
    "payload",
    ['"unknown"', '"unavailable"', '""', "null", "true", '"27,3"', "[27.3]", '{"value": {}}'],
)
def test_fault_06_what_is_no_number_is_no_reading(home: LoopHome, payload: str) -> None:
    """Words, booleans, lists and objects in a temperature's place neither warn nor clear."""
    home.read(30.2)
    home.run(60)
    home.hear(READING_TOPIC, f'{{"temperature": {payload}}}')
    home.hear(READING_TOPIC, payload)
    home.run(60)
    assert sensor_track(home).temperature_c == 30.2
    assert home.level() == 2
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.FIRING
    assert home.daemon.errors == 0


def test_fault_07_retained_reading_neither_raises_nor_clears(home: LoopHome) -> None:
    """A reading that the broker kept is of unknown age: only a live one counts."""
    home.read(35.0, is_retained=True)
    home.run(60)
    assert (freshness(home), home.level()) == (Freshness.AGE_UNKNOWN, 0)
    assert not home.phone.about("heat")
    home.read(30.2)
    home.run(60)
    assert home.level() == 2
    home.restart()
    home.read(20.0, is_retained=True)
    home.run(60)
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.FIRING
    home.read(20.0)
    home.run(60)
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.RESOLVED


def test_fault_08_sensors_wrong_clock_changes_no_age(home: LoopHome) -> None:
    """A reading counts from its arrival, whatever time its sensor believes it is."""
    for _ in range(70):
        home.hear(READING_TOPIC, '{"temperature": 30.2, "last_seen": "2019-01-01T00:00:00Z"}')
        home.run(10)
    track = sensor_track(home)
    reading = track.reading(home.clock.boot, timedelta(hours=1))
    assert (reading.age, reading.suspect_reason) == (timedelta(seconds=10), "clock_skew")
    assert home.level() == 2


def test_fault_10_offline_is_stale_at_once(home: LoopHome) -> None:
    """The availability topic wins over the age, retained too, and takes nothing back."""
    home.read(30.2)
    home.run(60)
    home.hear(f"{READING_TOPIC}/availability", '{"state": "offline"}', is_retained=True)
    home.run(1)
    assert freshness(home) is Freshness.STALE
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.FIRING
    home.hear(f"{READING_TOPIC}/availability", "online")
    home.read(20.0)
    home.run(1)
    assert freshness(home) is Freshness.FRESH


@pytest.mark.parametrize("payload", [b"\xff\xfe\x00", b"\x00" * 100, b"", b"{" * 60_000])
def test_fault_22_bytes_that_are_no_text_are_dropped(home: LoopHome, payload: bytes) -> None:
    """No payload on any topic that is heard makes the loop stumble."""
    topics = (
        READING_TOPIC,
        f"{READING_TOPIC}/availability",
        TOPICS.log_command,
        TOPICS.test_alert_command,
        TOPICS.person_drink("anna"),
    )
    for topic in topics:
        home.hear(topic, payload)
        home.hear(topic, payload, is_retained=True)
    assert home.daemon.errors == 0
    assert home.rows("SELECT * FROM drink") == []


# ----------------------------------------------------------------- the network thread


def test_fault_20_blocked_loop_loses_no_message(mosquitto: Mosquitto) -> None:
    """While nobody takes from the inbox, 5,000 messages of QoS 1 are taken off the broker."""
    inbox = Inbox()
    options = MqttOptions("127.0.0.1", mosquitto.port, "keepcool-20", "keepcool/status")
    client = MqttClient(options, [Subscription("home/#")], inbox.post, lambda: 0.0)
    client.start()
    with TestClient(mosquitto.port) as sensor:
        wait_until(lambda: len(inbox) == 1, what="the link")
        for sent in range(500, 5001, 500):  # the broker itself queues 1,000 for each client
            for number in range(500):
                sensor._client.publish(f"home/{number % 50}", str(number), qos=1)
            wait_until(lambda: len(inbox) == sent + 1, what="every message")  # noqa: B023
    client.stop()
    events = inbox.take(0.0, limit=10_000)
    heard = [int(event.payload) for event in events if isinstance(event, MessageReceived)]
    assert sorted(heard) == sorted([*range(500)] * 10)  # each one, once


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_fault_21_death_of_the_network_thread_starves_the_watchdog(mosquitto: Mosquitto) -> None:
    """What ends paho's thread, which still says it is connected, is seen from outside."""

    def post(_event: Heard) -> None:
        raise SystemExit  # what no callback may catch

    options = MqttOptions("127.0.0.1", mosquitto.port, "keepcool-21", "keepcool/status")
    client = MqttClient(options, (), post, lambda: 0.0)
    client.start()
    wait_until(lambda: not client.is_thread_alive(), what="the thread's end")
    assert Supervisor({"mqtt": client.is_thread_alive}).sick_threads() == {"mqtt"}
    client.stop()


# ----------------------------------------------------------------- messages


def test_fault_44_one_message_per_tag_waits_for_the_phone(home: LoopHome) -> None:
    """After hours without Home Assistant the phone gets the latest of each alert, not a stack."""
    home.phone.error = home.house.error = AWAY
    for temperature_c in (29.5, 32.5, 34.0, 36.0):
        home.read(temperature_c)
        home.run(1800, step_s=60)
    waiting = [row.message.tag for row in home.daemon.outbox.rows]
    assert len(waiting) == len(set(waiting))
    assert HEAT.tag in waiting
    home.phone.error = home.house.error = None
    home.run(70)
    (push,) = home.phone.about("heat")
    assert push.title == "Get out of the heat: living room 39°"  # 36° and its humidity


def test_fault_46_restarts_repeat_nothing(home: LoopHome) -> None:
    """Ten crashes in a hot episode cost no second push."""
    home.read(30.2)
    for _ in range(10):
        home.restart()
        home.read(30.2)
        home.run(20)
    assert len(home.phone.about("heat")) == 1
    keys = home.rows("SELECT deduplication_key FROM outbox")
    assert len(keys) == len(set(keys))


def test_fault_48_answer_counts_once_for_its_own_episode(home: LoopHome) -> None:
    """A second press, a late press and a stranger's press change nothing."""
    home.read(33.0)
    first = home.phone.about("heat")[0]
    home.press(first)
    home.press(first)
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.ACKNOWLEDGED
    answered = home.daemon.state.alerts[HEAT]
    home.read(22.0)
    home.clock.pass_time(4 * 3600)
    home.read(33.0)
    home.press(first)
    home.post(ButtonPressed("KEEPCOOL_FORGED"))
    home.post(ButtonPressed(""))
    assert answered.key == HEAT
    assert home.daemon.state.alerts[SECOND].phase is AlertPhase.FIRING
    assert home.daemon.state.alerts[SECOND].since_answered is None


def test_fault_48_answer_outlives_a_kill(home: LoopHome) -> None:
    """What was answered once stays answered, and its button stays used."""
    home.read(33.0)
    push = home.phone.about("heat")[0]
    home.press(push)
    home.restart()
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.ACKNOWLEDGED
    before = home.rows("SELECT * FROM alert")
    home.press(push)
    assert home.rows("SELECT * FROM alert") == before


class KilledError(BaseException):
    """Stand for kill -9: nothing catches it."""


def test_fault_51_killed_right_after_the_commit(
    home: LoopHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that is durable although its writer never heard so is sent once, with its own id."""
    store = home.daemon.parts.store
    commit = store.commit

    def commit_and_die(changes: Changes, now: Instant) -> None:
        commit(changes, now)
        if changes.outbox:
            raise KilledError

    monkeypatch.setattr(store, "commit", commit_and_die)
    with pytest.raises(KilledError):
        home.read(30.2)
    assert not home.phone.about("heat")
    (row_id,) = home.rows("SELECT id FROM outbox WHERE tag LIKE '%heat%'")
    home.restart()
    home.read(30.2)
    home.run(60)
    assert len(home.phone.about("heat")) == 1
    assert home.rows("SELECT id FROM outbox WHERE tag LIKE '%heat%'") == [row_id]
    assert home.rows("SELECT episode FROM alert WHERE policy = 'heat'") == [(1,)]


# ----------------------------------------------------------------- clocks


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(days=1)], ids=["back", "forth"])
def test_fault_63_step_of_the_wall_clock(tmp_path: Path, step: timedelta) -> None:
    """No alert is lost or sent again, a hold of 15 min lasts 15 min, a repeat comes after 10."""
    tuning = Tuning(
        rolling_window=timedelta(0), fast_window=timedelta(0), maximum_step_c_per_min=None
    )
    home = LoopHome(tmp_path, home=a_home(tuning=tuning))
    home.read(30.2)
    home.run(60)
    home.clock.step_wall(step)
    home.run(60)
    home.read(33.0)  # a rise is said all the same
    assert len(home.phone.about("heat")) == 2
    home.run(400)
    home.clock.step_wall(-step)
    home.run(300)  # ten minutes without an answer by the clock that never steps
    repeats = [each for each in home.phone.about("heat") if each.title.startswith("Please answer")]
    assert len(repeats) == 1
    home.read(22.0)
    home.run(400)
    home.clock.step_wall(step)
    home.run(400)
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.FIRING
    home.run(120)
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.RESOLVED
    assert len(home.phone.about("heat")) == 3
    assert home.daemon.errors == 0


def test_fault_64_suspended_for_six_hours(tmp_path: Path) -> None:
    """Every reading is stale at once, the alert stays, and nothing comes in a burst."""
    weather = FakeWeather(error=TransientError("no network yet"))
    home = LoopHome(tmp_path, weather=[weather])
    home.read(30.2)
    home.run(60)
    asked, pushed, reads = weather.asked, len(home.phone.pushes), len(home.house.reads)
    home.clock.pass_time(6 * 3600)
    home.turn()
    assert freshness(home) is Freshness.STALE
    home.run(50)
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.FIRING
    assert weather.asked == asked + 1
    assert len(home.house.reads) == reads + 1
    assert [push.tag.split("-")[1] for push in home.phone.pushes[pushed:]] in (
        ["trouble"],
        ["hydration", "trouble"],
        ["trouble", "hydration"],
    )


# ----------------------------------------------------------------- forged commands


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (TOPICS.person_drink("anna"), "PRESS"),
        (TOPICS.person_drink("anna"), "250"),
        (TOPICS.log_command, json.dumps({"id": "a", "amount_ml": 250})),
        (TOPICS.test_alert_command, json.dumps({"id": "a"})),
    ],
)
def test_fault_72_retained_command_is_dropped(home: LoopHome, topic: str, payload: str) -> None:
    """A command that the broker kept is old news or a trick, and gets no answer either."""
    home.hear(topic, payload, is_retained=True)
    assert home.rows("SELECT * FROM drink") == []
    assert not home.phone.about("test")
    assert home.broker.replies() == []
    home.hear(topic, payload)
    assert home.rows("SELECT count(*) FROM drink") == [(1,)] or home.phone.about("test")


@pytest.mark.parametrize(
    "amount", [0, -200, 5000, 1e300, True, "200", None, [200], {"ml": 200}, 10**30]
)
def test_fault_72_implausible_drink_is_refused(home: LoopHome, amount: object) -> None:
    """What nobody can have drunk is refused with the allowed range."""
    answer = home.ask(TOPICS.log_command, id="a1", amount_ml=amount)
    assert answer is not None
    assert answer[0] is False
    assert "amount_ml" in answer[1]
    assert home.rows("SELECT * FROM drink") == []
    assert home.daemon.errors == 0


def test_fault_72_a_litre_in_ten_minutes_is_the_most(home: LoopHome) -> None:
    """More is refused until the ten minutes are over."""
    for number, expected in enumerate([True, True, False]):
        answer = home.ask(TOPICS.log_command, id=f"a{number}", amount_ml=400)
        assert answer is not None
        assert answer[0] is expected
    home.run(601)
    answer = home.ask(TOPICS.log_command, id="later", amount_ml=400)
    assert answer == (True, "400 ml recorded for Anna")


def test_fault_72_drinks_never_quieten_a_heat_alert(tmp_path: Path) -> None:
    """Whoever forges drinks lowers reminders only."""
    home = LoopHome(tmp_path, people=(a_person(drinks_goal_ml=800),))
    home.read(33.0)
    home.hear(TOPICS.person_drink("anna"), "1000")
    home.run(60)
    alert = home.daemon.state.alerts[HEAT]
    assert (alert.phase, int(alert.level)) == (AlertPhase.FIRING, 3)
    assert home.level() == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"person": ["anna"]},
        {"person": "bob"},
        {"kind": "insulin"},
        {"at": "2020-01-01T00:00:00+00:00"},
        {"at": "yesterday"},
        {"at": 5},
        {"id": "x" * 5000},
        {"id": "a/b"},
    ],
)
def test_fault_72_odd_command_is_refused_in_short_words(
    home: LoopHome, fields: dict[str, object]
) -> None:
    """Nothing that a stranger sends is carried out, crashes, or comes back at length."""
    home.ask(TOPICS.log_command, **{"id": "a1", "amount_ml": 200, **fields})
    assert home.rows("SELECT * FROM drink") == []
    assert home.daemon.errors == 0
    assert all(len(text) < 300 and not is_done for is_done, text in home.broker.replies())
