"""What the loop does with messages: disk first, then the road, in order, and again when needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.events import LinkChanged
from daemon.loop import HISTORY_INTERVAL_S
from daemon.outbox import STARTING_S
from daemon.records import Changes
from daemon.store import DATABASE_NAME, open_read_only
from integrations.errors import PermanentError, TransientError
from integrations.messages import PhoneMessage
from policies.alert import AlertKey, AlertPhase, Severity
from tests.builders import a_person
from tests.loop_home import TOPICS, FakePhone, LoopHome

AWAY = TransientError("Home Assistant is not reachable")
NO_SERVICE = PermanentError("Home Assistant refused notify.mobile_app_anna (400)")
HEAT = AlertKey("heat", "anna", 1)


@pytest.fixture
def home(tmp_path: Path) -> LoopHome:
    """Return a home that was just switched on."""
    return LoopHome(tmp_path)


# ----------------------------------------------------------------- written before done


class Witness(FakePhone):
    """Look into the database, as another process would, at the moment of each push."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.seen: list[tuple[str, str]] = []

    def send(self, message: PhoneMessage) -> None:
        """Note what of this push is on disk."""
        reader = open_read_only(self.path)
        query = "SELECT outbox.state, alert.phase FROM outbox, alert WHERE tag = ?"
        self.seen += [tuple(row) for row in reader.execute(query, (message.tag,)).fetchall()]
        reader.close()
        super().send(message)


def test_decision_is_on_disk_before_the_push_leaves(tmp_path: Path) -> None:
    """Alert and outbox row are committed when the phone hears of them, and marked after."""
    witness = Witness(tmp_path / DATABASE_NAME)
    home = LoopHome(tmp_path, phone=witness, people=(a_person(drinks_goal_ml=1),))
    witness.seen.clear()
    home.read(30.2)
    assert set(witness.seen) == {("due", "firing")}
    assert home.rows("SELECT state, attempts FROM outbox WHERE tag LIKE '%heat%'") == [("sent", 1)]


def test_level_is_published_before_the_decision_is_written(home: LoopHome) -> None:
    """A level is an observation: it goes out even while the disk takes nothing."""
    home.break_disk()
    home.read(30.2)
    assert home.level() == 2


def test_killed_between_decision_and_delivery_it_is_sent_once_after_the_start(
    home: LoopHome,
) -> None:
    """What was decided and not sent is sent by the next run, once."""
    home.workers["phone"].is_held = True
    home.read(30.2)
    assert not home.phone.about("heat")
    home.restart()
    home.run(120)
    assert len(home.phone.about("heat")) == 1
    home.restart()
    home.run(120)
    assert len(home.phone.about("heat")) == 1


@pytest.mark.parametrize("reboots", [False, True], ids=["restart", "reboot"])
def test_restart_tells_nothing_again(home: LoopHome, reboots: bool) -> None:  # noqa: FBT001
    """After a restart the alert lives on with its ages, and the phone hears nothing twice."""
    home.read(30.2)
    home.run(600)
    told = len(home.phone.about("heat"))
    home.kill()
    if reboots:
        home.clock.reboot(timedelta(minutes=1))
    home.boot()
    home.read(30.3)
    home.run(60)
    alert = home.daemon.state.alerts[HEAT]
    assert (len(home.phone.about("heat")), told) == (1, 1)
    assert alert.since_told is not None
    assert alert.since_told >= timedelta(minutes=10)


def test_episode_numbers_go_on_after_a_restart(home: LoopHome) -> None:
    """A second episode after a restart has a tag of its own."""
    home.read(30.2)
    home.read(22.0)
    home.restart()
    home.clock.pass_time(4 * 3600)
    home.read(30.2)
    assert home.phone.about("heat")[-1].tag == "keepcool-heat-anna-2"


# ----------------------------------------------------------------- roads


def attempt_moments(home: LoopHome, seconds: int) -> list[float]:
    """Return when pushes about heat were tried, in seconds."""
    tries: list[float] = []

    class Counting(FakePhone):
        def send(self, message: PhoneMessage) -> None:
            if "heat" in message.tag:
                tries.append(home.clock.boot - start)
            super().send(message)

    phone = Counting(error=home.phone.error)
    start = home.clock.boot + 1.0  # the reading comes a second later
    home.daemon.dispatcher._phone = phone
    home.read(30.2)
    home.run(seconds, step_s=1.0)
    return tries


def test_unreachable_home_assistant_is_tried_with_growing_pauses(home: LoopHome) -> None:
    """After 5, 10, 20, 40, 60 and then every 60 s."""
    home.phone.error = home.house.error = AWAY
    assert attempt_moments(home, 260) == [0, 5, 15, 35, 75, 135, 195, 255]


def test_refused_service_is_probed_every_five_minutes(home: LoopHome) -> None:
    """A service that does not exist is not hammered, although Home Assistant answers reads.

    One that just came up may only not have it yet, and is asked sooner.
    """
    home.run(STARTING_S)
    home.phone.error = NO_SERVICE
    assert attempt_moments(home, 700) == [0, 300, 600]


def test_server_may_ask_for_a_longer_pause(home: LoopHome) -> None:
    """A Retry-After longer than our pause counts."""
    home.phone.error = TransientError("asked too often", retry_after_s=90.0)
    assert attempt_moments(home, 200) == [0, 90, 180]


def test_refused_service_is_not_home_assistant_being_away(home: LoopHome) -> None:
    """One broken phone service leaves the link up, and the other phone is reached."""
    home.phone.error = NO_SERVICE
    home.read(30.2)
    home.run(180)
    assert home.links()["home_assistant"] == (True, "")


def test_refused_token_is_home_assistant_being_away_even_without_devices(home: LoopHome) -> None:
    """A home without cooling devices still reads something every minute."""
    home.house.error = home.phone.error = PermanentError("token refused")
    home.run(61)
    assert home.links()["home_assistant"] == (False, "token refused")


def test_what_waits_leaves_when_home_assistant_is_back(home: LoopHome) -> None:
    """The first success sends everything that waits, whatever its pause."""
    home.phone.error = home.house.error = AWAY
    home.read(30.2)
    home.run(300)
    assert home.links()["home_assistant"][0] is False
    home.phone.error = home.house.error = None
    home.daemon.dispatcher.read_all_soon()
    home.turn()
    assert len(home.phone.about("heat")) == 1
    assert home.links()["home_assistant"] == (True, "")


def test_link_changes_are_said_once_and_states_published_again(home: LoopHome) -> None:
    """A broker that comes back gets every retained state anew."""
    home.read(30.2)
    home.broker.retained.clear()
    home.post(LinkChanged("mqtt", is_up=False, detail="connection lost"))
    home.post(LinkChanged("mqtt", is_up=True))
    home.run(1)
    assert home.level() == 2
    assert TOPICS.home_state in home.broker.retained
    assert TOPICS.person_state("anna") in home.broker.retained


# ----------------------------------------------------------------- order on the phone


def test_alert_that_ends_while_its_push_is_under_way_leaves_no_trace(home: LoopHome) -> None:
    """A push that failed after its clearing was queued is not tried again behind it."""
    home.workers["phone"].is_held = True
    home.read(30.2)
    home.read(22.0)
    home.phone.error = AWAY
    home.workers["phone"].let_go()
    home.phone.error = None
    home.workers["phone"].is_held = False
    home.run(200)
    assert not [tag for tag in home.phone.shown() if "heat" in tag]
    states = home.rows("SELECT state FROM outbox WHERE tag LIKE '%heat%' ORDER BY rowid")
    assert states == [("superseded",), ("sent",)]


def test_after_a_kill_the_newest_of_a_tag_is_what_the_phone_shows(home: LoopHome) -> None:
    """A newer row that was unsent at the kill is not preceded by the louder one in flight."""
    home.phone.error = home.house.error = AWAY
    home.read(33.0)
    (newer,) = [row for row in home.daemon.outbox.rows if row.message.tag == HEAT.tag]
    louder = replace(
        newer,
        row_id="older",
        deduplication_key="older",
        message=replace(newer.message, title="older", severity=Severity.CRITICAL),
    )
    store = home.daemon.parts.store
    store._connection.execute("DELETE FROM outbox")
    store.commit(Changes(outbox=[louder, newer]), home.clock.now())
    home.phone.error = home.house.error = None
    home.restart()
    home.run(200)
    assert [push.title for push in home.phone.about("heat")] == [newer.message.title]
    states = home.rows("SELECT id, state FROM outbox WHERE tag LIKE '%heat%' ORDER BY rowid")
    assert states == [("older", "superseded"), (newer.row_id, "sent")]


# ----------------------------------------------------------------- a failing disk


def test_failing_disk_keeps_no_message_in_the_house(home: LoopHome) -> None:
    """The push leaves, the trouble is said, and once the disk recovers nothing is repeated."""
    home.break_disk()
    home.read(30.2)
    assert len(home.phone.about("heat")) == 1
    assert home.links()["storage"][0] is False
    assert not home.rows("SELECT tag FROM outbox WHERE tag LIKE '%heat%'")
    home.break_disk(is_broken=False)
    home.run(30)
    assert home.links()["storage"][0] is True
    assert home.rows("SELECT state FROM outbox WHERE tag LIKE '%heat%'") == [("sent",)]
    home.restart()
    home.read(30.2)
    home.run(60)
    assert len(home.phone.about("heat")) == 1


def test_answer_to_a_push_of_a_failing_disk_counts(home: LoopHome) -> None:
    """A button whose token is in memory only is understood."""
    home.break_disk()
    home.read(33.0)
    home.press(home.phone.about("heat")[-1])
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.ACKNOWLEDGED


def test_drink_on_a_failing_disk_is_not_said_to_be_recorded(home: LoopHome) -> None:
    """The command line hears that it is in memory only, and the drink is written later."""
    home.break_disk()
    answer = home.ask(TOPICS.log_command, id="a1", amount_ml=250)
    assert answer is not None
    assert answer[0] is False
    assert "until keepcool restarts" in answer[1]
    refusal = home.ask(TOPICS.log_command, id="a2", amount_ml=5000)
    assert refusal is not None
    assert "allowed for one drink" in refusal[1]
    home.break_disk(is_broken=False)
    home.run(30)
    assert home.rows("SELECT amount_ml FROM drink") == [(250,)]


def test_history_of_a_failing_disk_is_written_later(home: LoopHome) -> None:
    """Readings that could not be written are kept until they can."""
    home.break_disk()
    home.read(24.0)
    home.run(HISTORY_INTERVAL_S + 100)
    home.break_disk(is_broken=False)
    home.read(25.0)
    home.run(HISTORY_INTERVAL_S + 100)
    assert home.rows("SELECT temperature FROM history") == [(2400,), (2500,)]
