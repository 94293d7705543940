"""What the home looks like from outside: retained states, and the status for a terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.check_subjects import Running
from daemon.cli_status import show_status, span
from daemon.clock import Instant
from daemon.faces import Faces, Topics, find_status, is_old, status_path
from daemon.lease import LeasePhase, LeaseRow
from daemon.probing import read_running, read_sensor_ages
from daemon.status import build_status
from daemon.watchdogs import Watchdogs
from integrations.errors import TransientError
from policies.alert import HeatLevel
from policies.model import Decision, DeviceState, Freshness, PersonAssessment, RoomAssessment
from tests.builders import a_device, a_room, an_ahead, room_conditions
from tests.loop_home import TOPICS, FakeBroker, LoopHome, TwoClocks

NOW = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
ROOM = RoomAssessment("living", HeatLevel.WARNING, Freshness.FRESH, 30.58, 26.0, "warm")
ANNA = PersonAssessment("anna", HeatLevel.WARNING, 2000, 400, timedelta(minutes=20))


@pytest.fixture
def broker() -> FakeBroker:
    """Return a broker that keeps what it gets."""
    return FakeBroker()


@pytest.fixture
def faces(broker: FakeBroker, tmp_path: Path) -> Faces:
    """Return faces on that broker."""
    return Faces(TOPICS, broker.publish, tmp_path / "home.status.json")


def test_room_is_published_retained_and_only_when_it_changed(
    faces: Faces, broker: FakeBroker
) -> None:
    """The same state twice is one message; after the broker forgot it, it comes again."""
    room = room_conditions(30.234)
    for _ in range(3):
        faces.publish_room(ROOM, room)
    faces.publish_room(replace(ROOM, level=HeatLevel.HIGH), room)
    assert [json.loads(text)["level"] for _, text in broker.published] == [2, 3]
    state = json.loads(broker.retained["keepcool/home/room/living/state"])
    assert state["temperature_c"] == 30.23
    assert state["expected_at"] is None
    faces.forget()
    faces.publish_room(replace(ROOM, level=HeatLevel.HIGH), room)
    assert len(broker.published) == 3


def test_what_a_room_is_foretold_is_published_with_its_state(
    faces: Faces, broker: FakeBroker
) -> None:
    """The highest value, its time and the windows' times; the hours once, until they change."""
    moment = NOW.utc + timedelta(hours=3)
    assessment = replace(
        ROOM,
        expected_maximum_c=31.2,
        expected_maximum_at=moment,
        open_windows_at=moment + timedelta(hours=6),
        close_windows_at=None,
    )
    room = room_conditions(30.0, ahead=an_ahead(NOW.utc, lambda _: 28.3))
    faces.publish_room(assessment, room)
    state = json.loads(broker.retained[TOPICS.room_state("living")])
    assert state["expected_maximum_c"] == 31.2
    assert state["expected_maximum_at"] == "2026-07-14T16:00:00+00:00"
    assert state["open_windows_at"] == "2026-07-14T22:00:00+00:00"
    assert state["close_windows_at"] is None
    topic = TOPICS.room_forecast("living")
    for _ in range(3):
        faces.publish_forecasts([room])
    assert [name for name, _ in broker.published].count(topic) == 1
    foretold = json.loads(broker.retained[topic])
    assert foretold["forecast_from"] == "2026-07-14T13:00:00+00:00"
    assert foretold["low_c"] == [27.5] * 48
    assert len(foretold["middle_c"]) == len(foretold["high_c"]) == 48
    assert len(broker.retained[topic]) < 1_500
    faces.forget()
    faces.publish_forecasts([room])
    assert [name for name, _ in broker.published].count(topic) == 2


@pytest.mark.parametrize("change", [{"ahead": None}, {"freshness": Freshness.STALE}])
def test_what_is_no_longer_known_is_taken_back(
    faces: Faces, broker: FakeBroker, change: dict[str, Any]
) -> None:
    """No number from before stays at the broker, not even one of an earlier run."""
    known = room_conditions(30.0, ahead=an_ahead(NOW.utc, lambda _: 28.0))
    unknown = replace(known, **change)
    for rooms in ([unknown], [known], [unknown]):
        faces.publish_forecasts(rooms)
    topic = TOPICS.room_forecast("living")
    said = [text for name, text in broker.published if name == topic]
    assert [said[0], said[2]] == ["{}", "{}"]
    stale = replace(ROOM, freshness=Freshness.STALE, expected_maximum_c=31.2)
    faces.publish_room(stale, unknown)
    assert json.loads(broker.retained[TOPICS.room_state("living")])["expected_maximum_c"] is None


@pytest.mark.parametrize("wait_min", [20, 0])
def test_time_that_passes_is_no_news_of_a_person(
    faces: Faces, broker: FakeBroker, wait_min: int
) -> None:
    """A person's state names the moment of the next drink, and is published when that changes."""
    for passed_s in (0, 10, 20):
        waiting = replace(ANNA, next_drink_in=timedelta(minutes=wait_min))
        if wait_min:
            waiting = replace(waiting, next_drink_in=timedelta(minutes=20, seconds=-passed_s))
        at = NOW.utc + timedelta(seconds=passed_s)
        faces.publish_decision(Decision(people=(waiting,)), {"trouble": []}, (), at)
    topic = TOPICS.person_state("anna")
    assert [name for name, _ in broker.published].count(topic) == 1
    due_at = f"2026-07-14T13:{wait_min:02}+00:00"
    assert json.loads(broker.retained[topic])["next_drink_at"] == due_at
    drunk = replace(ANNA, drunk_today_ml=600)
    faces.publish_decision(Decision(people=(drunk,)), {"trouble": []}, (), NOW.utc)
    assert json.loads(broker.retained[topic])["drinks_today_ml"] == 600


@pytest.mark.parametrize(
    ("since_motion", "expected"),
    [(None, None), (timedelta(minutes=30), True), (timedelta(minutes=31), False)],
)
def test_motion_and_presence_are_published(
    faces: Faces,
    broker: FakeBroker,
    since_motion: timedelta | None,
    expected: bool | None,  # noqa: FBT001 - a table's column
) -> None:
    """Whether somebody moved in the last half hour, and who is at home; unknown is null."""
    faces.publish_room(ROOM, room_conditions(30.0, since_motion=since_motion))
    assert json.loads(broker.retained[TOPICS.room_state("living")])["motion"] is expected
    for is_at_home in (True, False, None):
        decision = Decision(people=(ANNA,))
        faces.publish_decision(decision, {}, (), NOW.utc, {"anna": {"is_at_home": is_at_home}})
        state = json.loads(broker.retained[TOPICS.person_state("anna")])
        assert state["is_at_home"] is is_at_home


def test_lease_is_published_while_it_runs_and_taken_off_after(
    faces: Faces, broker: FakeBroker
) -> None:
    """Whoever must end it if keepcool dies reads until when, and what it goes back to."""
    running = LeaseRow(
        "ac",
        phase=LeasePhase.RUNNING,
        desired=DeviceState(is_on=True, hvac_mode="cool"),
        state_before=DeviceState(is_on=True, hvac_mode="heat", target_temperature_c=21.0),
        started=NOW,
        until=NOW.shifted(timedelta(minutes=60)),
    )
    devices = {"ac": a_device()}
    faces.publish_leases([running], devices, {"living": 26.0})
    assert json.loads(broker.retained[TOPICS.lease("ac")]) == {
        "device": "ac",
        "name": "AC",
        "entity": "climate.living_room",
        "until": "2026-07-14T14:00:00+00:00",
        "run_until": "2026-07-15T01:00:00+00:00",
        "limit_c": 26.0,
        "is_on": True,
        "ends_by_itself": False,
        "release_to": {"is_on": True, "hvac_mode": "heat", "temperature_c": 21.0},
    }
    faces.publish_leases([LeaseRow("ac")], devices, {})
    assert broker.retained[TOPICS.lease("ac")] == ""


def test_status_that_cannot_be_written_is_no_crash(tmp_path: Path, broker: FakeBroker) -> None:
    """A full or missing folder costs the status alone."""
    (tmp_path / "file").write_text("in the way")
    faces = Faces(TOPICS, broker.publish, tmp_path / "file" / "home.status.json")
    faces.write_status({"at": "now"})
    faces = Faces(TOPICS, broker.publish, tmp_path / "new" / "home.status.json")
    faces.write_status({"at": "now"})
    path = tmp_path / "new" / "home.status.json"
    assert json.loads(path.read_text()) == {"at": "now"}
    assert path.stat().st_mode & 0o777 == 0o640
    assert not list(path.parent.glob("*.new"))


def test_newest_status_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under systemd it is in memory, else in the state folder; the newer one counts."""
    assert find_status("home", tmp_path / "state") is None
    state, runtime = tmp_path / "state", tmp_path / "run"
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{runtime}:/other")
    assert status_path("home", state) == runtime / "home.status.json"
    for folder, written_at in ((state, 100), (runtime, 200)):
        folder.mkdir()
        path = folder / "home.status.json"
        path.write_text("{}")
        os.utime(path, (written_at, written_at))
    assert find_status("home", state) == runtime / "home.status.json"
    os.utime(state / "home.status.json", (300, 300))
    assert find_status("home", state) == state / "home.status.json"


# ----------------------------------------------------------------- for a terminal


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LoopHome]:
    """Return a hot home, today, whose phone is out of reach."""
    room = a_room(devices=(a_device(),))
    home = LoopHome(tmp_path, rooms=(room,), clock=TwoClocks(datetime.now(UTC)))
    home.house.states["climate.living_room"] = DeviceState(is_on=False, hvac_mode="off")
    home.phone.error = TransientError("Home Assistant is not reachable")
    home.read(33.0)
    home.clock.utc = datetime.now(UTC)
    home.run(20)
    yield home
    home.kill()


def test_status_shows_what_a_person_wants_to_know(
    home: LoopHome, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rooms, people, cooling, alerts, what waits and every road are on the page."""
    monkeypatch.setenv("COLUMNS", "200")
    assert show_status("home", home.folder, as_json=False, is_watching=False) == 0
    page = capsys.readouterr().out
    for words in (
        "has been running for",
        "living room",
        "33.0 °C",
        "climate.living_room",
        "heat-anna-1",
        "not sent",
        "tried",
        ": Home Assistant is not reachable",
        "Home Assistant    up",
        "phone anna-phone  down",
        "forecast",
    ):
        assert words in page


def test_status_for_programs_is_json(home: LoopHome, capsys: pytest.CaptureFixture[str]) -> None:
    """One line of JSON, whatever the width of the terminal."""
    assert show_status("home", home.folder, as_json=True, is_watching=False) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["rooms"][0]["level"] == 3
    assert status["outbox"][0]["last_error"] == "Home Assistant is not reachable"
    assert status["internal_errors"] == 0
    assert status["people"][0]["person_id"] == "anna"


def test_status_of_a_dead_daemon_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A status that is no longer written is not shown as the present."""
    assert show_status("home", tmp_path, as_json=False, is_watching=False) == 1
    assert "no status found" in capsys.readouterr().out
    at = datetime.now(UTC) - timedelta(hours=1)
    (tmp_path / "home.status.json").write_text(json.dumps({"at": at.isoformat()}))
    assert show_status("home", tmp_path, as_json=False, is_watching=False) == 1
    assert "NOT running" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h")],
)
def test_span_is_read_in_its_largest_unit(seconds: float | None, text: str) -> None:
    """Durations are for people."""
    assert span(seconds) == text


def test_age_of_a_status_decides_whether_the_daemon_runs() -> None:
    """Nine missed ticks are too many."""
    fresh, old = (
        {"at": (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat()} for age_s in (60, 120)
    )
    assert (is_old(fresh), is_old(old)) == (False, True)


def test_sensor_ages_come_from_the_status_or_the_database(home: LoopHome) -> None:
    """`check --online` says when each sensor was heard, also after the daemon stopped."""
    ages = read_sensor_ages("home", home.folder)
    assert ages == {"living-sensor": timedelta(seconds=20)}
    home.daemon.stop()
    (home.folder / "home.status.json").unlink()
    age = read_sensor_ages("home", home.folder)["living-sensor"]
    assert age is not None
    assert abs(age) < timedelta(minutes=1)
    home.boot()
    with pytest.raises(FileNotFoundError):
        read_sensor_ages("elsewhere", home.folder / "missing")


def test_what_runs_tells_for_how_long_and_what_is_watched(home: LoopHome) -> None:
    """`check --online` knows which devices Home Assistant would end; of a stopped one nothing."""
    young = read_running("home", home.folder)
    assert young is not None
    assert young.watched == frozenset()
    topic = TOPICS.watchdog("ac")
    parts = replace(home.daemon.parts, watchdogs=Watchdogs({topic: "ac"}))
    parts.watchdogs.hear(topic, json.dumps({"at": home.clock.utc.isoformat()}).encode())
    home.daemon.parts = parts
    status = build_status(home.daemon, home.clock.now()) | {"at": datetime.now(UTC).isoformat()}
    path = home.folder / "home.status.json"
    path.write_text(json.dumps(status))
    assert read_running("home", home.folder) == Running(young.since_start, frozenset({"ac"}))
    for is_useless in ('{"at": "2026-07-14T13:00:00+00:00", "rooms": []}', "{", ""):
        path.write_text(is_useless)
        assert read_running("home", home.folder) is None
    path.unlink()
    assert read_running("home", home.folder) is None


def test_topics_of_a_home() -> None:
    """Every topic begins with the base and the home."""
    topics = Topics("keepcool", "villa")
    assert topics.status == "keepcool/villa/status"
    assert topics.person_drink("anna") == "keepcool/villa/person/anna/drink"
    assert topics.reply("abc") == "keepcool/villa/reply/abc"
