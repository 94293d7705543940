"""The add-on's parts, each by itself: proposal, notices, the daemon's keeper, the backup."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from config.emergency import emergency_number
from daemon.addon import (
    BROKER_NOTICE,
    NOTHING_TO_PROPOSE,
    PROPOSAL_NOTICE,
    REFUSED,
    SETTINGS_NOTICE,
    Addon,
    Notices,
    Places,
    close_secrets,
    fingerprint,
)
from daemon.addon_child import Child, Patience, own_environment
from daemon.addon_host import Host
from daemon.init.addon import NOBODY, NothingToProposeError, Wishes, describe, propose_settings
from daemon.init.connect import Connected
from daemon.init.household import read_household
from daemon.init.write import SecretFiles, render
from daemon.rescue import BACKUP_NAME, copy_whole, restore_copy
from daemon.store import DATABASE_NAME
from integrations.errors import PermanentError, TransientError
from tests.canary import CANARY
from tests.lab_home import PLACE
from tests.supervisor import FakeSupervisor
from tests.waiting import wait_until

NOTIFY = """
import os, socket, sys, time, signal
channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def say(word): channel.sendto(word.encode(), os.environ["NOTIFY_SOCKET"])
"""


def state(entity_id: str, value: str, **attributes: object) -> dict[str, object]:
    """Return a state as Home Assistant tells it."""
    return {"entity_id": entity_id, "state": value, "attributes": attributes}


def thermometer(entity_id: str, name: str = "T") -> dict[str, object]:
    """Return a thermometer's state."""
    kind = {"device_class": "temperature", "unit_of_measurement": "°C"}
    return state(entity_id, "21.5", friendly_name=name, **kind)


def home(**changed: object) -> Connected:
    """Return a home with two areas, one of them with a thermometer and an AC, and one person."""
    answers: dict[str, object] = {
        "config": PLACE,
        "areas": [{"area_id": "bed", "name": "Bedroom"}, {"area_id": "attic", "name": "Attic"}],
        "entities": [
            {"entity_id": "sensor.bed", "area_id": "bed"},
            {"entity_id": "climate.bed", "area_id": "bed"},
        ],
        "states": [
            thermometer("sensor.bed"),
            thermometer("sensor.hall", "Hall"),
            state("climate.bed", "off", hvac_modes=["off", "cool"], friendly_name="AC"),
            state("person.ben", "home", friendly_name="Ben"),
            state(
                "person.anna",
                "home",
                friendly_name="Anna",
                device_trackers=["device_tracker.pixel_8"],
            ),
        ],
        "services": {"notify": {"mobile_app_pixel_8": {}, "mobile_app_tablet": {}}},
        **changed,
    }
    return Connected(household=read_household(answers))


def knows(country: str) -> bool:
    """Return whether the emergency number is known."""
    return emergency_number(country) is not None


# ---------------------------------------------------------------- the proposal


def test_areas_become_rooms_and_the_tracked_phone_the_persons() -> None:
    """Rooms are areas with a thermometer; who has a phone is looked after; the rest is told."""
    proposal = propose_settings(home(), Wishes(), knows)
    (room,), (person,) = proposal.plan.rooms, proposal.plan.people
    assert (room.name, room.is_bedroom, room.cooling) == ("Bedroom", True, ())
    assert room.offered == ("climate.bed",)
    assert (person.name, person.rooms) == ("Anna", ("bedroom",))
    assert [phone.service for phone in person.phones] == ["notify.mobile_app_pixel_8"]
    assert (proposal.others, proposal.left_out) == (("Ben",), ("Hall",))
    told = describe(proposal, "the file")
    for part in ("Anna", "If it should be Ben", "Not watched**: Hall", "climate.bed", "`the file`"):
        assert part in told


def test_nothing_is_switched_and_no_amount_is_named_unasked() -> None:
    """What nobody was asked is chosen the careful way, and stands in the file to be changed."""
    text = render(propose_settings(home(), Wishes(), knows).plan, SecretFiles("secrets"))
    assert "\nfluid_restricted = true" in text
    assert '# [[room.cooling]]\n# entity = "climate.bed"' in text
    assert "\n[[room.cooling]]" not in text
    assert "\n[mqtt]" not in text
    assert "\n[home_assistant]" not in text


@pytest.mark.parametrize(
    ("wished", "name", "phones"),
    [("", "Anna", 1), ("ben", "ben", 0), ("Anna", "Anna", 1), ("Clara", "Clara", 0)],
)
def test_whom_the_options_name_is_looked_after(wished: str, name: str, phones: int) -> None:
    """The option decides; a phone is only taken from whom it tracks, or whose name it bears."""
    (person,) = propose_settings(home(), Wishes(person=wished), knows).plan.people
    assert (person.name, len(person.phones)) == (name, phones)
    if not phones:
        told = describe(propose_settings(home(), Wishes(person=wished), knows), "the file")
        assert "nobody is told anything yet" in told


def test_a_home_without_people_gets_somebody() -> None:
    """Without a person in Home Assistant somebody without a name is looked after."""
    alone = home(states=[thermometer("sensor.bed")])
    (person,) = propose_settings(alone, Wishes(), knows).plan.people
    assert (person.name, person.person_id) == (NOBODY, "somebody")


@pytest.mark.parametrize(
    ("changed", "wishes", "said"),
    [
        ({"config": {**PLACE, "latitude": 0, "longitude": 0}}, Wishes(), "Edit location"),
        ({"config": {**PLACE, "country": None}}, Wishes(), "Country"),
        ({"config": {**PLACE, "country": "IN"}}, Wishes(), "emergency number in IN"),
        (
            {"states": [state("sensor.power", "3", unit_of_measurement="W")]},
            Wishes(),
            "no thermometer",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_cure(
    changed: Mapping[str, object], wishes: Wishes, said: str
) -> None:
    """Each thing without which settings cannot be proposed is said with where to set it."""
    with pytest.raises(NothingToProposeError, match=said):
        propose_settings(home(**changed), wishes, knows)


def test_a_number_in_the_options_makes_any_country_do() -> None:
    """Where keepcool does not know the emergency number, the option's is written."""
    found = home(config={**PLACE, "country": "IN"})
    plan = propose_settings(found, Wishes(emergency_number="108"), knows).plan
    assert plan.home.emergency_number == "108"


# ---------------------------------------------------------------- notices and the Supervisor


class NoticeBoard:
    """Be a Home Assistant that shows notifications, when it is up."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}
        self.calls = 0
        self.is_up = True
        self.home_assistant: dict[str, object] = {}
        self.broker: dict[str, object] | None = None

    def fetch_broker(self) -> dict[str, object] | None:
        """Return the broker that the test has set."""
        return self.broker

    def show_notice(self, notice_id: str, title: str, message: str) -> None:
        """Show one."""
        self._answer()
        self.shown[notice_id] = f"{title}: {message}"

    def clear_notice(self, notice_id: str) -> None:
        """Take one away."""
        self._answer()
        self.shown.pop(notice_id, None)

    def _answer(self) -> None:
        self.calls += 1
        if not self.is_up:
            raise TransientError("down")


def test_notices_wait_for_home_assistant_and_are_said_once() -> None:
    """What could not be shown is shown later; the same words again are no new notification."""
    board = NoticeBoard()
    notices = Notices(board)
    board.shown["a"] = "from an earlier run"
    board.is_up = False
    notices.show("b", "Title", "text")
    notices.clear("a")
    notices.send()
    assert board.shown == {"a": "from an earlier run"}
    board.is_up = True
    notices.send()
    assert board.shown == {"b": "Title: text"}
    calls = board.calls
    notices.show("b", "Title", "text")
    notices.send()
    assert board.calls == calls


def test_the_supervisor_is_asked_for_broker_and_notifications() -> None:
    """The broker's table, its absence, Home Assistant's absence and a refusal are told apart."""
    offered = {"host": "core-mosquitto", "port": 1883, "username": "addons", "password": CANARY}
    with FakeSupervisor("http://127.0.0.1:9", "t", offered) as supervisor:
        host = Host(supervisor.token, supervisor.url)
        assert host.fetch_broker() == offered
        supervisor.broker = {**offered, "ssl": True}
        assert host.fetch_broker() == {**offered, "tls": True}
        supervisor.broker = None
        assert host.fetch_broker() is None
        host.show_notice("a", "Title", "Text")
        assert supervisor.notices == {"a": ("Title", "Text")}
        host.clear_notice("a")
        assert supervisor.notices == {}
        supervisor.is_core_up = False
        with pytest.raises(TransientError):
            host.show_notice("a", "Title", "Text")
        with pytest.raises(PermanentError):
            Host("another", supervisor.url).fetch_broker()
        assert CANARY not in repr(host)
    with pytest.raises(TransientError):
        host.fetch_broker()


# ---------------------------------------------------------------- what is looked after


class Script:
    """Be keepcool's commands: what each answers is set, and what is asked is kept."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.refused = ""
        self.missing = ""
        self.asked: list[str] = []

    def __call__(
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Answer as `keepcool addon propose` or `examine` would."""
        assert "ADDON_PROVIDES" in environment
        job = command[-1]
        self.asked.append(job)
        code, said = 0, ""
        if job == "propose":
            code, said = (NOTHING_TO_PROPOSE, self.missing) if self.missing else (0, "proposed")
            if not self.missing:
                self.places.settings.write_text("[home]\n")
        elif self.refused:
            code, said = REFUSED, self.refused
        return subprocess.CompletedProcess(list(command), code, said, "")


class Process:
    """Be the daemon's process, which ends when the test says so."""

    def __init__(self) -> None:
        self.is_running = False
        self.starts: list[Mapping[str, str]] = []
        self.exit_code: int | None = None

    def start(self, _command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start."""
        assert not self.is_running
        self.starts.append(environment)
        self.is_running = True

    def poll(self) -> int | None:
        """Return the exit code that the test has set, once."""
        code, self.exit_code = self.exit_code, None
        self.is_running &= code is None
        return code

    def stop(self) -> None:
        """End."""
        self.is_running = False


class Care:
    """Hold an add-on with everything around it pretended, and its clock."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder, folder / "data", folder / "run")
        self.board, self.script, self.process = NoticeBoard(), Script(self.places), Process()
        self.now_s = 1000.0
        self.addon = Addon(
            self.board, self.places, self.process, run=self.script, clock_s=lambda: self.now_s
        )

    def look(self, seconds: float = 10.0) -> None:
        """Let time pass, looking every second."""
        for _ in range(int(seconds)):
            self.now_s += 1.0
            self.addon.look()

    def save(self, text: str) -> None:
        """Write the settings."""
        self.places.settings.write_text(text)


@pytest.fixture
def care(tmp_path: Path) -> Care:
    """Return an add-on in an empty folder."""
    return Care(tmp_path)


def test_nothing_becomes_a_running_daemon(care: Care) -> None:
    """Without settings they are proposed, said, examined and run, in this order."""
    care.look(3)
    assert care.script.asked == ["propose", "examine"]
    assert care.process.is_running
    assert "proposed" in care.board.shown[PROPOSAL_NOTICE]


def test_settings_that_are_there_are_examined_and_run(care: Care) -> None:
    """A second start proposes nothing."""
    care.save("[home]\n")
    care.look(3)
    assert care.script.asked == ["examine"]
    assert care.process.is_running
    assert PROPOSAL_NOTICE not in care.board.shown


def test_a_proposal_is_tried_again_until_there_is_one(care: Care) -> None:
    """What is missing is said once, and asked for each minute."""
    care.script.missing = "Give a sensor an area."
    care.look(130)
    assert care.script.asked == ["propose"] * 3
    assert "Give a sensor an area." in care.board.shown[SETTINGS_NOTICE]
    assert care.process.starts == []
    care.script.missing = ""
    care.look(70)
    assert care.process.is_running
    assert SETTINGS_NOTICE not in care.board.shown


def test_wrong_settings_never_stop_a_daemon_that_runs(care: Care) -> None:
    """A wrong change is told and not taken; the daemon goes on; a right one restarts it."""
    care.save("[home]\n")
    care.look()
    care.script.refused = "keepcool.toml:3: wake_at"
    care.save("wrong")
    care.look()
    assert "keepcool.toml:3: wake_at" in care.board.shown[SETTINGS_NOTICE]
    assert "goes on with the settings that it had" in care.board.shown[SETTINGS_NOTICE]
    assert (len(care.process.starts), care.process.is_running) == (1, True)
    care.script.refused = ""
    care.save("right")
    care.look()
    assert SETTINGS_NOTICE not in care.board.shown
    assert (len(care.process.starts), care.process.is_running) == (2, True)


def test_wrong_settings_at_the_start_lead_to_basic_mode(care: Care) -> None:
    """The daemon is started with them all the same: the sixth time it warns on in basic mode."""
    care.save("wrong")
    care.script.refused = "keepcool.toml:3: wake_at"
    for _ in range(5):
        care.look(6)
        care.process.exit_code = REFUSED
    care.look(6)
    assert len(care.process.starts) == 6
    assert care.process.is_running
    assert "last settings that ran" in care.board.shown[SETTINGS_NOTICE]


def test_a_hopeless_start_is_not_tried_every_second(care: Care) -> None:
    """Without settings that ran it is tried each minute, and at once when the file is mended."""
    care.save("wrong")
    care.script.refused = "keepcool.toml:3: wake_at"
    for _ in range(600):
        care.look(1)
        care.process.exit_code = REFUSED if care.process.is_running else None
    assert 7 < len(care.process.starts) < 20
    care.script.refused = ""
    care.save("right")
    tried = len(care.process.starts)
    care.look(6)
    assert (len(care.process.starts), care.process.is_running) == (tried + 1, True)


def test_a_file_that_is_being_written_is_left_alone(care: Care) -> None:
    """While the file changes from look to look nothing is examined."""
    care.save("[home]\n")
    care.look()
    for number in range(20):
        care.save(f"half {number}")
        care.look(1)
    assert care.script.asked == ["examine"]
    care.look(5)
    assert care.script.asked == ["examine", "examine"]


@pytest.mark.parametrize("exit_code", [-9, -6, 1])
def test_a_daemon_that_ended_is_started_again(care: Care, exit_code: int) -> None:
    """However it ended, it is started again five seconds later, as by systemd."""
    care.save("[home]\n")
    care.look()
    care.process.exit_code = exit_code
    care.look(4)
    assert not care.process.is_running
    care.look(3)
    assert care.process.is_running


def test_a_missing_broker_is_said_and_found_later(care: Care) -> None:
    """The daemon runs without; when there is one, or another password, it is given that."""
    care.save("[home]\n")
    care.look()
    assert BROKER_NOTICE in care.board.shown
    assert "mqtt" not in care.process.starts[-1]["ADDON_PROVIDES"]
    care.board.broker = {"host": "core-mosquitto", "port": 1883}
    care.look(61)
    assert BROKER_NOTICE not in care.board.shown
    assert "core-mosquitto" in care.process.starts[-1]["ADDON_PROVIDES"]
    care.board.broker = {"host": "core-mosquitto", "port": 1883, "username": "addons"}
    care.look(61)
    assert len(care.process.starts) == 3
    care.board.broker = None  # it is being installed again: what was known may still do
    care.look(61)
    assert (len(care.process.starts), care.process.is_running) == (3, True)


# ---------------------------------------------------------------- the daemon's keeper


def start(child: Child, script: str) -> None:
    """Start a small program that may speak to its keeper."""
    child.start([sys.executable, "-c", NOTIFY + script], own_environment())


def ended(child: Child) -> int:
    """Wait until the child has ended, and return its exit code."""
    return wait_until(lambda: (code := child.poll()) is not None and (code or 100), 20.0)


def test_a_daemon_that_hangs_is_ended_and_one_that_lives_is_not(tmp_path: Path) -> None:
    """Signs of life keep a child; when they stop it is aborted, as systemd's watchdog would."""
    child = Child(tmp_path, Patience(start_s=20.0, beat_s=0.6, abort_s=0.2))
    start(child, "for _ in range(8):\n    say('WATCHDOG=1'); time.sleep(0.2)\nsys.exit(7)")
    assert ended(child) == 7
    since = time.monotonic()
    start(child, "say('READY=1'); signal.signal(signal.SIGABRT, signal.SIG_IGN); time.sleep(60)")
    assert ended(child) == -9
    assert time.monotonic() - since < 30.0
    child.close()
    assert not child.is_running


def test_the_supervisors_token_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children find neither name of the token in their environment."""
    monkeypatch.setenv("SUPERVISOR_TOKEN", CANARY)
    monkeypatch.setenv("HASSIO_TOKEN", CANARY)
    assert CANARY not in own_environment().values()


# ---------------------------------------------------------------- files


def test_a_changed_secret_is_noticed_and_closed(tmp_path: Path) -> None:
    """Settings and secrets that an editor left open to others are closed; a change is seen."""
    places = Places(tmp_path, tmp_path / "data", tmp_path / "run")
    assert fingerprint(places) == ""
    places.settings.write_text("[home]\n")
    first = fingerprint(places)
    places.secrets.mkdir()
    secret = places.secrets / "second_road_anna"
    secret.write_text("ntfys://x/y")
    assert fingerprint(places) != first
    before = fingerprint(places)
    close_secrets(places)
    assert {path.stat().st_mode & 0o777 for path in (places.settings, secret)} == {0o600}
    assert fingerprint(places) == before  # closing them is no change


def test_a_backup_taken_while_written_comes_back_whole(tmp_path: Path) -> None:
    """The copy for Home Assistant's backup has all rows, and stands in for a lost database."""
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / DATABASE_NAME)) as rows:
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("CREATE TABLE t (x)")
        rows.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(100)])
        rows.commit()
        copy_whole(data)
    assert not restore_copy(data)  # there is a database
    for path in data.glob(f"{DATABASE_NAME}*"):
        path.unlink()
    assert restore_copy(data)
    with closing(sqlite3.connect(data / DATABASE_NAME)) as rows:
        assert rows.execute("SELECT count(*) FROM t").fetchone() == (100,)
    assert (data / BACKUP_NAME).exists()
    assert not list(data.glob("*.new"))
