"""The loop in-process: real SQLite, fake ports, clocks moved by hand, no threads."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.events import ForecastFetched, StopRequested
from integrations.errors import TransientError
from integrations.messages import ButtonPressed, MessageReceived
from policies.alert import AlertKey, AlertPhase
from policies.model import Decision, Snapshot
from tests.builders import a_device, a_forecast, a_person, a_room
from tests.loop_home import TOPICS, FakeWeather, LoopHome

AWAY = TransientError("Home Assistant is not reachable")
HEAT = AlertKey("heat", "anna", 1)


@pytest.fixture
def home(tmp_path: Path) -> LoopHome:
    """Return a home that was just switched on."""
    return LoopHome(tmp_path)


# ----------------------------------------------------------------- guards


def test_crash_in_one_event_does_not_stop_the_next(home: LoopHome) -> None:
    """A handler that raises is counted, and the loop goes on."""
    home.post(ForecastFetched("nobody", None, "a source that there is not"))
    assert home.daemon.errors == 1
    home.read(30.2)
    assert home.level() == 2


def test_daemon_that_cannot_decide_does_not_feed_the_watchdog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ticks alone are no sign of life: a decision that crashes starves the watchdog."""
    home = LoopHome(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)  # noqa: FBT003
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        home.run(10)
        assert manager.recv(100) == b"WATCHDOG=1"

        def crash(_snapshot: Snapshot) -> Decision:
            raise ZeroDivisionError

        good, home.decide = home.decide, crash
        home.run(10)
        with pytest.raises(BlockingIOError):
            manager.recv(100)
        home.decide = good
        home.broker.is_alive = False
        home.run(10)
        with pytest.raises(BlockingIOError):
            manager.recv(100)
        home.broker.is_alive = True
        home.run(10)
        assert manager.recv(100) == b"WATCHDOG=1"


def test_room_that_cannot_be_assessed_does_not_end_the_loop(
    home: LoopHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a crash while rooms are brought up to date is only counted."""

    def crash(*_: object) -> list[str]:
        raise ZeroDivisionError

    monkeypatch.setattr(home.daemon.state.sensing, "take_touched", crash)
    home.read(30.2)
    assert home.daemon.errors > 0


# ----------------------------------------------------------------- stopping


def test_stop_takes_what_arrived_last(home: LoopHome) -> None:
    """Answers and drinks that wait in the inbox at the end are carried out, and all is written."""
    home.read(33.0)
    push = home.phone.about("heat")[-1]
    inbox = home.daemon.parts.inbox
    inbox.post(StopRequested("SIGTERM"))
    inbox.post(ButtonPressed(push.buttons[0].action, push.tag))
    inbox.post(MessageReceived(TOPICS.person_drink("anna"), b"300", False, home.clock.boot))  # noqa: FBT003
    home.daemon.handle(inbox.take(0.0, limit=1)[0], home.clock.now())
    assert home.daemon.is_stopping
    home.daemon.stop()
    assert home.broker.retained[TOPICS.status] == "offline"
    home.boot()
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.ACKNOWLEDGED
    assert home.conditions().drunk_today_ml == 300
    assert home.rows("SELECT temperature FROM history") == [(3300,)]


def test_stop_leaves_a_push_under_way_to_the_next_run(home: LoopHome) -> None:
    """A push that hangs at the end is repeated at worst, never lost."""
    home.workers["phone"].is_held = True
    home.read(30.2)
    home.daemon.stop()
    home.boot()
    assert len(home.phone.about("heat")) == 1


# ----------------------------------------------------------------- housekeeping


def test_old_records_are_pruned_soon_after_the_start(home: LoopHome) -> None:
    """A daemon that restarts every day prunes too; what is still kept stays."""
    home.read(24.0)
    home.daemon.stop()
    home.clock.reboot(timedelta(days=100))
    home.boot()
    home.run(1100)
    assert home.rows("SELECT * FROM history") == []


def test_nothing_is_pruned_by_a_clock_that_is_not_set(home: LoopHome) -> None:
    """A wall clock that runs years ahead does not delete the home's history."""
    home.read(24.0)
    home.daemon.stop()
    home.clock.is_set = False
    home.clock.utc += timedelta(days=4000)
    home.boot()
    home.run(1100)
    assert len(home.rows("SELECT * FROM history")) == 1


def test_lease_of_an_earlier_run_is_taken_off_the_broker(tmp_path: Path) -> None:
    """A retained lease that no longer holds is cleared by the next run."""
    home = LoopHome(tmp_path, rooms=(a_room(devices=(a_device(),)),))
    topic = TOPICS.lease("ac")
    home.broker.retained[topic] = '{"device": "ac"}'
    home.restart()
    assert home.broker.retained[topic] == ""


def test_forecast_is_asked_for_again_after_its_interval(tmp_path: Path) -> None:
    """At the start and once an hour; a failure is said once and asked again sooner."""
    weather = FakeWeather(a_forecast((25.0, 26.0)))
    home = LoopHome(tmp_path, weather=[weather])
    assert weather.asked == 1
    home.run(3590)
    assert weather.asked == 1
    weather.error = TransientError("the network is gone")
    home.run(20)
    assert weather.asked == 2
    assert home.links()["weather"] == (False, "fake: the network is gone")
    home.run(200)
    assert weather.asked == 3


def test_next_source_stands_in_and_everything_says_which(tmp_path: Path) -> None:
    """One failing source costs nothing: snapshot, home state and status name who answered."""
    first = FakeWeather(error=TransientError("out of order"), name="open_meteo")
    second = FakeWeather(a_forecast((25.0, 26.0), source="met_norway"), name="met_norway")
    home = LoopHome(tmp_path, weather=[first, second])
    home.run(20)
    assert (first.asked, second.asked) == (1, 1)
    assert home.links()["weather"] == (True, "")
    told = json.loads(home.broker.retained[TOPICS.home_state])
    assert (told["forecast_source"], told["trouble"]) == ("met_norway", [])
    status = json.loads(home.daemon.faces._status_path.read_text())["forecast"]
    assert (status["source"], status["age_s"]) == ("met_norway", 20)
    assert status["sources"] == [
        {"source": "open_meteo", "last_error": "open_meteo: out of order"},
        {"source": "met_norway", "last_error": None},
    ]


def test_road_is_down_only_when_every_source_fails(tmp_path: Path) -> None:
    """The trouble names both, and ends with the first answer of either."""
    sources = [
        FakeWeather(error=TransientError("away"), name=name) for name in ("open_meteo", "nws")
    ]
    home = LoopHome(tmp_path, weather=sources)
    assert home.links()["weather"] == (False, "open_meteo: away; nws: away")
    sources[0].error, sources[0].forecast = None, a_forecast((25.0,))
    home.run(200)
    assert home.links()["weather"] == (True, "")


def test_forecast_outlives_a_restart(tmp_path: Path) -> None:
    """The last good forecast comes from the database, with its age."""
    weather = FakeWeather(a_forecast((25.0, 26.0)))
    home = LoopHome(tmp_path, weather=[weather])
    weather.error = TransientError("the network is gone")
    home.restart()
    home.run(3600, step_s=60)
    assert home.daemon.snapshot is not None
    assert home.daemon.snapshot.forecast == weather.forecast
    assert home.daemon.snapshot.forecast_age == timedelta(hours=1)


def test_loop_wakes_for_what_is_due(home: LoopHome) -> None:
    """A changed reading is decided within a second, a rise at once, and a tick comes anyway."""
    home.read(24.0)
    now_s = home.clock.boot
    home.clock.pass_time(0.2)
    home.daemon.parts.inbox.post(
        MessageReceived("zigbee2mqtt/living", b'{"temperature": 24.1}', False, now_s)  # noqa: FBT003
    )
    home.daemon.turn(0.0)
    assert home.daemon.next_due_boot_s() == pytest.approx(now_s + 1.0)
    home.run(1)
    assert now_s + 1.0 < home.daemon.next_due_boot_s() <= now_s + 11.0


def test_status_file_says_what_is_seen_and_waits(home: LoopHome) -> None:
    """The status carries rooms, links, alerts and what could not be sent yet."""
    home.phone.error = home.house.error = AWAY
    home.read(30.2)
    home.run(20)
    status = home.daemon.faces._status_path.read_text()
    for expected in ('"keepcool-heat-anna-1"', '"Home Assistant is not reachable"', '"level": 2'):
        assert expected in status


def test_muted_person_is_no_reason_to_decide_for_ever(tmp_path: Path) -> None:
    """A person without a phone is judged all the same, and nothing is queued for them."""
    home = LoopHome(tmp_path, people=(replace(a_person(), phones=()),))
    home.read(30.2)
    home.run(60)
    assert home.level() == 2
    assert home.rows("SELECT * FROM outbox") == []
