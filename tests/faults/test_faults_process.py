"""The daemon as a process: how it starts, hangs, is killed and stops (rows of the fault table)."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.kept import KEPT_NAME
from daemon.cli import main
from daemon.demo.fake_home_assistant import FakeHomeAssistant
from tests.beat_server import SECRET_PATH, BeatServer
from tests.broker import Mosquitto, free_port
from tests.daemon_process import CONFIG, NO_WEATHER, PROGRAM, TOKEN, DaemonProcess
from tests.mqtt_client import TestClient
from tests.service_manager import ServiceManager
from tests.waiting import wait_until

READING = "zigbee2mqtt/living_room"
ROOM_STATE = "keepcool/test-home/room/living_room/state"
STATUS = "keepcool/test-home/status"
STOP_WITHIN_S = 10.0
SILENCE_S = 2.0  # ten ticks of the unwell daemon
ADDRESS_SPACE = 512 * 1024 * 1024


def reading(temperature_c: float) -> str:
    """Return a Zigbee2MQTT message."""
    return json.dumps({"temperature": temperature_c, "humidity": 45})


def unwell(illness: str) -> tuple[str, ...]:
    """Return the program of a daemon with that illness."""
    return (sys.executable, "-m", "tests.unwell_daemon", illness)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Return the address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def query(daemon: DaemonProcess, sql: str) -> list[tuple[object, ...]]:
    """Ask the database of a daemon that has stopped."""
    path = daemon.state / "keepcool.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.execute(sql))


def stop_in_time(daemon: DaemonProcess) -> None:
    """Stop the daemon with SIGTERM: exit code 0, in time."""
    since = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - since <= STOP_WITHIN_S


def test_fault_13_broker_down_at_boot(
    tmp_path: Path, start_mosquitto: Callable[[], Mosquitto]
) -> None:
    """Without a broker the daemon is ready all the same, and connects when one comes."""
    broker = start_mosquitto()
    broker.stop()
    with ServiceManager(tmp_path) as manager:
        daemon = DaemonProcess(tmp_path, broker.port, environment=manager.environment)
        with daemon:
            wait_until(lambda: manager.count("READY=1") == 1, what="READY=1")
            wait_until(lambda: manager.count("WATCHDOG=1") >= 1, what="a first tick")
            wait_until(lambda: daemon.events("link.changed"), what="the missing broker to be said")
            down = daemon.events("link.changed")[0]
            assert (down["link"], down["is_up"]) == ("mqtt", False)
            assert "is mosquitto running?" in down["detail"]
            broker.start()
            with TestClient(broker.port) as mqtt:
                mqtt.subscribe(STATUS)
                wait_until(lambda: mqtt.last(STATUS) == "online", 35.0, what="the status topic")
            assert daemon.stop() == 0


def test_fault_17_second_daemon_is_refused(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """A second daemon on the same state says so and ends; the first one keeps its connection."""
    with TestClient(mosquitto.port) as mqtt, DaemonProcess(tmp_path, mosquitto.port) as daemon:
        mqtt.subscribe(STATUS)
        wait_until(lambda: mqtt.last(STATUS) == "online", what="the status topic")
        second = daemon.command("run")
        assert second.returncode == 1
        assert second.stderr == f"keepcool: another keepcool already runs with {daemon.state}\n"
        assert [text for topic, text in mqtt.messages if topic == STATUS] == ["online"]
        assert daemon.stop() == 0


def test_fault_24_last_will_says_offline(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """After kill -9 the broker itself says offline, also to whoever asks later."""
    daemon = DaemonProcess(tmp_path, mosquitto.port)
    with TestClient(mosquitto.port) as mqtt, daemon:
        mqtt.subscribe(STATUS)
        wait_until(lambda: mqtt.last(STATUS) == "online", what="the status topic")
        daemon.kill()
        wait_until(lambda: mqtt.last(STATUS) == "offline", what="the last will")
    with TestClient(mosquitto.port) as later:
        later.subscribe(STATUS)
        assert wait_until(lambda: later.last(STATUS) == "offline", what="the retained last will")


def test_fault_52_sigterm_stops_within_10_s(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """A stop writes the history, says offline and exits with 0; READY and STOPPING are said."""
    with ServiceManager(tmp_path) as manager, TestClient(mosquitto.port) as mqtt:
        mqtt.subscribe("keepcool/#")
        with DaemonProcess(tmp_path, mosquitto.port, environment=manager.environment) as daemon:
            wait_until(lambda: mqtt.last(STATUS) == "online", what="the status topic")
            for temperature_c in (24.0, 24.1, 24.2):
                mqtt.publish(READING, reading(temperature_c))
            wait_until(lambda: "24.2" in (mqtt.last(ROOM_STATE) or ""), what="the room's state")
            assert not query(daemon, "SELECT * FROM history")
            stop_in_time(daemon)
        wait_until(lambda: mqtt.last(STATUS) == "offline", what="the status topic offline")
        rows = query(daemon, "SELECT temperature FROM history ORDER BY at")
        assert rows[-1] == (2420,)
        assert not list(daemon.state.glob("*-wal"))
        shown = daemon.command("status")
        assert (shown.returncode, "keepcool is NOT running: last sign" in shown.stdout) == (1, True)
        assert manager.words[0] == "READY=1"
        wait_until(lambda: manager.words[-1] == "STOPPING=1", what="STOPPING=1")


def test_fault_52_sigterm_stops_within_10_s_while_everything_hangs(
    tmp_path: Path, mosquitto: Mosquitto, silent_server: str
) -> None:
    """Home Assistant and forecast that never answer, and a frozen broker, do not delay the stop.

    The push that was under way is still there and goes out after the next start.
    """
    daemon = DaemonProcess(
        tmp_path, mosquitto.port, home_assistant_url=silent_server, weather_url=silent_server
    )
    with TestClient(mosquitto.port) as mqtt:
        mqtt.subscribe("keepcool/#")
        with daemon:
            wait_until(lambda: mqtt.last(STATUS) == "online", what="the status topic")
            mqtt.publish(READING, reading(30.2))
            wait_until(lambda: daemon.events("alert.told"), what="an alert")
            mosquitto.freeze()
            stop_in_time(daemon)
        mosquitto.thaw()
        wait_until(lambda: mqtt.last(STATUS) == "offline", what="the status topic offline")
    assert len(query(daemon, "SELECT * FROM history")) == 1
    with FakeHomeAssistant(token=TOKEN) as house:
        again = DaemonProcess(tmp_path, mosquitto.port, home_assistant_url=house.url)
        with again:
            wait_until(lambda: house.pushes, what="the push after the restart")
            assert "Living room" in house.pushes[0].title + house.pushes[0].message
            assert again.stop() == 0


def test_fault_52_sigterm_stops_while_the_brokers_name_is_looked_up(tmp_path: Path) -> None:
    """A network thread that hangs in a name look-up does not delay the stop."""
    config = CONFIG.replace('host = "127.0.0.1"', 'host = "broker.local"')
    daemon = DaemonProcess(tmp_path, 1883, config=config, program=unwell("blocked_dns"))
    with daemon:
        wait_until(daemon.status, what="a first tick")
        stop_in_time(daemon)
        assert daemon.status()["has_stopped"]


@pytest.mark.parametrize("illness", ["blocked_dns", "mqtt_callback", "stuck_loop"])
def test_fault_53_hanging_daemon_starves_the_watchdog(
    tmp_path: Path, mosquitto: Mosquitto, illness: str
) -> None:
    """No more WATCHDOG=1 when a worker hangs, paho's thread dies or the loop is stuck."""
    weather = "http://forecast.local" if illness == "blocked_dns" else NO_WEATHER
    with ServiceManager(tmp_path) as manager, TestClient(mosquitto.port) as mqtt:
        mqtt.subscribe(STATUS)
        daemon = DaemonProcess(
            tmp_path,
            mosquitto.port,
            weather_url=weather,
            environment=manager.environment,
            program=unwell(illness),
        )
        with daemon:
            wait_until(lambda: manager.count("READY=1"), what="READY=1")
            wait_until(lambda: manager.count("WATCHDOG=1"), what="a first tick")
            wait_until(lambda: mqtt.last(STATUS) == "online", what="the status topic")
            mqtt.publish(READING, reading(24.0))
            wait_until(
                lambda: manager.silent_for_s("WATCHDOG=1") > SILENCE_S,
                what="the watchdog to starve",
            )
            assert daemon.process is not None
            assert daemon.process.poll() is None  # it hangs, it did not end
            sick = [
                name
                for event in daemon.events("supervisor.threads_changed")
                for name in event["sick"]
            ]
            expected = {"blocked_dns": ["worker-weather"], "mqtt_callback": ["mqtt"]}
            assert sick == expected.get(illness, [])


def test_fault_53_healthy_daemon_feeds_the_watchdog(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """The same daemon without an illness says WATCHDOG=1 at every tick, in trouble too."""
    with ServiceManager(tmp_path) as manager, TestClient(mosquitto.port) as mqtt:
        daemon = DaemonProcess(
            tmp_path, mosquitto.port, environment=manager.environment, program=unwell("none")
        )
        with daemon:
            wait_until(lambda: manager.count("READY=1"), what="READY=1")
            mqtt.publish(READING, reading(24.0))
            mosquitto.kill()
            fed = manager.count("WATCHDOG=1")
            wait_until(lambda: manager.count("WATCHDOG=1") >= fed + 10, what="ten more ticks")
            assert daemon.stop() == 0


@pytest.mark.parametrize("illness", ["mqtt_callback", "stuck_loop", "killed"])
def test_fault_53_silence_ends_the_heartbeat(
    tmp_path: Path, mosquitto: Mosquitto, illness: str
) -> None:
    """A daemon that hangs or is killed no longer tells a monitoring service that it lives."""
    with BeatServer() as service, TestClient(mosquitto.port) as mqtt:
        mqtt.subscribe(STATUS)
        daemon = DaemonProcess(
            tmp_path,
            mosquitto.port,
            environment={"KEEPCOOL_HEARTBEAT__URL": service.url},
            program=unwell("none" if illness == "killed" else illness),
        )
        with daemon:
            wait_until(lambda: service.beats, what="a sign of life")
            wait_until(lambda: mqtt.last(STATUS) == "online", what="the status topic")
            mqtt.publish(READING, reading(24.0))
            if illness == "killed":
                wait_until(lambda: len(service.beats) > 5, what="more signs of life")
                daemon.kill()
            wait_until(lambda: service.silent_for_s > SILENCE_S, what="silence")
        assert SECRET_PATH not in daemon.log()
        kept = tmp_path / "state" / KEPT_NAME  # basic mode's, for keepcool's eyes alone
        for file in (path for path in tmp_path.rglob("*") if path.is_file() and path != kept):
            assert SECRET_PATH.encode() not in file.read_bytes(), file


def test_hanging_monitoring_service_hinders_nothing(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """A service that never answers neither starves the watchdog nor holds up the stop."""
    with ServiceManager(tmp_path) as manager, BeatServer() as service:
        service.may_answer.clear()
        daemon = DaemonProcess(
            tmp_path,
            mosquitto.port,
            environment={**manager.environment, "KEEPCOOL_HEARTBEAT__URL": service.url},
            program=unwell("none"),
        )
        with daemon:
            wait_until(lambda: service.beats, what="a sign of life")
            fed = manager.count("WATCHDOG=1")
            wait_until(lambda: manager.count("WATCHDOG=1") >= fed + 10, what="ten more ticks")
            assert len(service.beats) == 1
            assert daemon.stop() == 0


def test_fault_54_daemon_fits_its_address_space(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Under the unit's LimitAS the daemon works and uses less than half of it."""
    daemon = DaemonProcess(
        tmp_path,
        mosquitto.port,
        environment={"MALLOC_ARENA_MAX": "2"},
        program=(_prlimit(), f"--as={ADDRESS_SPACE}", *PROGRAM),
    )
    with TestClient(mosquitto.port) as mqtt, daemon:
        mqtt.subscribe("keepcool/#")
        wait_until(lambda: mqtt.last(STATUS) == "online", what="the status topic")
        mqtt.publish(READING, reading(30.2))
        wait_until(lambda: '"level":2' in (mqtt.last(ROOM_STATE) or ""), what="the room's level")
        assert daemon.process is not None
        lines = Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
        peak_kib = next(int(line.split()[1]) for line in lines if line.startswith("VmPeak"))
        assert peak_kib * 1024 < ADDRESS_SPACE // 2
        assert daemon.stop() == 0


def test_fault_54_leak_ends_the_daemon(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """At the limit the daemon ends instead of limping on, and the next one starts on its state."""
    daemon = DaemonProcess(
        tmp_path,
        mosquitto.port,
        environment={"MALLOC_ARENA_MAX": "2"},
        program=(_prlimit(), f"--as={ADDRESS_SPACE}", *unwell("leak")),
    )
    with daemon:
        assert daemon.process is not None
        assert daemon.process.wait(timeout=30) not in (0, -signal.SIGKILL)
        assert "MemoryError" in daemon.log()
    daemon.log_path.unlink()
    again = DaemonProcess(tmp_path, mosquitto.port)
    with TestClient(mosquitto.port) as mqtt, again:
        mqtt.subscribe(STATUS)
        wait_until(lambda: mqtt.last(STATUS) == "online", what="the next daemon")
        assert again.stop() == 0


def _prlimit() -> str:
    program = shutil.which("prlimit")
    assert program is not None, "util-linux is not installed"
    return program


def test_fault_55_refused_settings_say_what_to_do(tmp_path: Path) -> None:
    """Settings that keep the daemon from starting are told in lines, with exit code 2."""
    daemon = DaemonProcess(tmp_path, free_port())
    good = daemon.config_path.read_text()

    def refusal() -> tuple[int, str]:
        done = CliRunner().invoke(main, ["run", "--config", str(daemon.config_path)])
        assert isinstance(done.exception, SystemExit)
        return done.exit_code, done.stderr.replace(str(tmp_path), "")

    daemon.config_path.write_text(good.replace("[mqtt]", "[mqqt]"))
    code, text = refusal()
    assert (code, "mqqt" in text, "nearest key mqtt" in text) == (2, True, True)
    daemon.config_path.write_text(good + "\n[home\n")
    code, text = refusal()
    assert (code, "not TOML" in text) == (2, True)
    daemon.config_path.unlink()
    code, text = refusal()
    assert (code, text.startswith("/keepcool.toml  there is no such file; ")) == (2, True)


def test_fault_55_unusable_state_says_what_to_do(tmp_path: Path) -> None:
    """A state directory that cannot be used is told in one line, with exit code 1."""
    daemon = DaemonProcess(tmp_path, free_port())
    daemon.state.write_text("a file where the folder should be")
    refused = daemon.command("run")
    assert (refused.returncode, refused.stderr) == (
        1,
        (
            f"keepcool: the state directory {daemon.state} cannot be used (File exists): "
            "set storage.state_directory to a folder that keepcool may write\n"
        ),
    )
