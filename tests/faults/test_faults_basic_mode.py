"""Starts that end again and again: the sixth is made in basic mode (row 55 of the fault table)."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from daemon.basic_mode import (
    FAST_EXITS_BEFORE_BASIC,
    STILLBORN_BEFORE_NEW_DATABASE,
    Start,
)
from daemon.clock import SystemClock
from daemon.demo.fake_home_assistant import FakeHomeAssistant
from tests.broker import Mosquitto, free_port
from tests.daemon_process import AIR_CONDITIONER, TOKEN, DaemonProcess
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

READING = "zigbee2mqtt/living_room"
STATUS = "keepcool/test-home/status"
HOME_STATE = "keepcool/test-home/home/state"
ROOM_STATE = "keepcool/test-home/room/living_room/state"
AC = "climate.living_room_ac"
HOT, COOL = '{"temperature": 36, "humidity": 45}', '{"temperature": 22, "humidity": 45}'
UNWELL = (sys.executable, "-m", "tests.unwell_daemon")
pytestmark = pytest.mark.timeout(180)  # several starts of a process each
WRONG_KEY = ("[mqtt]", "[mqqt]")


def wait_for_end(daemon: DaemonProcess) -> int:
    """Start the daemon once and return the exit code with which it ends by itself."""
    with daemon.log_path.open("ab") as log:
        command = [*daemon.program, "run", "--config", str(daemon.config_path)]
        done = subprocess.run(
            command, stdout=log, stderr=log, env=daemon.environment, timeout=30, check=False
        )
    return done.returncode


def count_starts(daemon: DaemonProcess, times: int) -> None:
    """Count so many starts as the daemon does before anything else; they take no time."""
    fingerprint = hashlib.sha256(daemon.config_path.read_bytes()).hexdigest()
    for _ in range(times):
        Start.begin(daemon.state, SystemClock().now().boot_id, fingerprint)


def end_fast(daemon: DaemonProcess, times: int = FAST_EXITS_BEFORE_BASIC) -> int:
    """Let so many starts end; the last is made, those before are just counted."""
    count_starts(daemon, times - 1)
    return wait_for_end(daemon)


def edit(daemon: DaemonProcess, old: str, new: str) -> None:
    """Change the settings file."""
    text = daemon.config_path.read_text()
    assert old in text
    daemon.config_path.write_text(text.replace(old, new))


@pytest.fixture
def house() -> Iterator[FakeHomeAssistant]:
    """Return a Home Assistant with an air conditioner that is off."""
    with FakeHomeAssistant(token=TOKEN) as house:
        house.set_state(AC, "off", {"hvac_modes": ["off", "cool"], "temperature": 24.0})
        yield house


@pytest.fixture
def daemon(
    tmp_path: Path, mosquitto: Mosquitto, house: FakeHomeAssistant
) -> Iterator[DaemonProcess]:
    """Return a daemon that ran well for a while, so that its settings are kept."""
    daemon = DaemonProcess(
        tmp_path,
        mosquitto.port,
        home_assistant_url=house.url,
        cooling=AIR_CONDITIONER,
        environment={"STATE_DIRECTORY": str(tmp_path / "state")},  # as systemd says
        program=(*UNWELL, "none"),
    )
    with TestClient(mosquitto.port) as mqtt, daemon:
        mqtt.subscribe(STATUS)
        wait_until(lambda: mqtt.last(STATUS) == "online", what="the status topic")
        mqtt.publish(READING, COOL)
        wait_until(lambda: daemon.events("settings.kept"), what="the settings to be kept")
        assert daemon.stop() == 0
    daemon.log_path.unlink()
    yield daemon
    daemon.kill()


def prove_basic(daemon: DaemonProcess, house: FakeHomeAssistant, port: int) -> str:
    """Run the sixth start: warnings arrive, nothing is switched, it is said; return `status`."""
    with TestClient(port) as mqtt, daemon:
        mqtt.subscribe("keepcool/#")
        assert len(daemon.events("daemon.basic_mode")) == 1
        wait_until(lambda: '"is_basic":true' in (mqtt.last(HOME_STATE) or ""), what="basic mode")

        def is_hot() -> bool:
            mqtt.publish(READING, HOT)  # again and again, as a sensor does
            return '"level":4' in (mqtt.last(ROOM_STATE) or "")

        wait_until(is_hot, 30.0, what="the level")
        wait_until(lambda: "Living room" in str(house.pushes), 30.0, what="the heat alert")
        wait_until(lambda: "basic mode" in str(house.pushes), 30.0, what="the trouble")
        shown = daemon.command("status")
        assert "BASIC MODE" in shown.stdout
        assert daemon.stop() == 0
    assert sum("basic mode" in str(push) for push in house.pushes) == 1
    assert [call for call in house.calls if call.domain == "climate"] == []
    assert house.state_of(AC).state == "off"
    assert not daemon.events("settings.kept")
    return " ".join((shown.stdout + shown.stderr).split())


def test_fault_55_wrong_settings_end_in_basic_mode(
    daemon: DaemonProcess, house: FakeHomeAssistant, mosquitto: Mosquitto
) -> None:
    """After five refusals the last settings that ran warn on; mended ones end basic mode."""
    good = daemon.config_path.read_text()
    kept = daemon.state / "last_good.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    edit(daemon, *WRONG_KEY)
    assert end_fast(daemon) == 2
    shown = prove_basic(daemon, house, mosquitto.port)
    assert "ended 5 times soon after its start" in shown
    assert "nearest key mqtt" in shown
    assert "keepcool check" in shown
    assert TOKEN not in daemon.log() + shown
    daemon.config_path.write_text(good)
    daemon.log_path.unlink()
    with daemon:
        wait_until(lambda: daemon.status().get("is_basic") is False, what="an ordinary tick")
        assert not daemon.events("daemon.basic_mode")
        assert daemon.stop() == 0


def test_fault_55_settings_that_are_no_toml_end_in_basic_mode(
    daemon: DaemonProcess, house: FakeHomeAssistant, mosquitto: Mosquitto
) -> None:
    """A file that cannot be read at all does not hide what was kept."""
    edit(daemon, "[mqtt]", "[mqtt")
    assert end_fast(daemon) == 2
    assert "not TOML" in prove_basic(daemon, house, mosquitto.port)


def test_fault_55_crash_at_the_start_ends_in_basic_mode(
    daemon: DaemonProcess, house: FakeHomeAssistant, mosquitto: Mosquitto
) -> None:
    """Settings that pass and crash the start are left alone after five crashes."""
    edit(daemon, 'name = "Anna"', 'name = "Annabel"')
    daemon.program = (*UNWELL, "broken_start")
    assert end_fast(daemon) == 1
    daemon.log_path.unlink()  # with the tracebacks
    assert "last with: RuntimeError" in prove_basic(daemon, house, mosquitto.port)


def test_fault_55_killed_starts_end_in_basic_mode(
    daemon: DaemonProcess, house: FakeHomeAssistant, mosquitto: Mosquitto
) -> None:
    """A daemon that is killed soon after each start says nothing, and is counted all the same."""
    count_starts(daemon, FAST_EXITS_BEFORE_BASIC - 2)
    for _ in range(2):
        with daemon:
            assert not daemon.events("daemon.basic_mode")
    assert "ended 5 times soon after its start." in prove_basic(daemon, house, mosquitto.port)


def test_fault_55_missing_secret_ends_in_basic_mode(
    daemon: DaemonProcess, house: FakeHomeAssistant, mosquitto: Mosquitto
) -> None:
    """A token that has gone is replaced by the one that worked."""
    del daemon.environment["KEEPCOOL_HOME_ASSISTANT__TOKEN"]
    assert end_fast(daemon) == 2
    assert "home_assistant.token" in prove_basic(daemon, house, mosquitto.port)


def test_fault_55_database_that_ends_basic_mode_too_is_set_aside(
    daemon: DaemonProcess, house: FakeHomeAssistant, mosquitto: Mosquitto
) -> None:
    """What crashes every start whatever the settings is not taken over; it is kept and said."""
    with closing(sqlite3.connect(daemon.state / "keepcool.sqlite3")) as database, database:
        database.execute("INSERT INTO drink VALUES ('d', 'anna', 'poison', 200, 'log')")
    assert end_fast(daemon, STILLBORN_BEFORE_NEW_DATABASE) == 1
    assert len(list(daemon.state.glob("suspect-*"))) == 0
    daemon.log_path.unlink()
    shown = prove_basic(daemon, house, mosquitto.port)
    assert "could not work with its database" in shown
    assert len(list(daemon.state.glob("suspect-*.sqlite3"))) == 1


def test_fault_55_nothing_kept_says_what_to_do(tmp_path: Path) -> None:
    """Without settings that ran each start is tried as ever, and says what to do."""
    daemon = DaemonProcess(tmp_path, free_port(), program=(*UNWELL, "none"))
    with daemon:  # it hears no sensor
        wait_until(daemon.status, what="a first tick")
        assert daemon.stop() == 0
    daemon.log_path.unlink()
    edit(daemon, *WRONG_KEY)
    assert end_fast(daemon, FAST_EXITS_BEFORE_BASIC + 2) == 2
    said = daemon.events("daemon.no_basic_mode")
    assert len(said) == 1
    assert "keepcool check" in said[0]["cure"]
    shown = daemon.command("status")
    assert shown.returncode == 2
    assert "nearest key mqtt" in shown.stderr
    assert "NOT running" in shown.stdout
    assert "ended 7 times soon after its start" in " ".join(shown.stdout.split())


def test_fault_55_stop_begins_the_count_anew(daemon: DaemonProcess) -> None:
    """Somebody who restarts keepcool after a change gets their settings tried."""
    edit(daemon, *WRONG_KEY)
    assert end_fast(daemon) == 2
    with daemon:
        daemon.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
        assert daemon.process.wait(timeout=15) == 0  # type: ignore[union-attr]
    assert wait_for_end(daemon) == 2
    record = json.loads((daemon.state / "starts.json").read_text())
    assert record["fast_exits"] == 1
