"""Wrong, set and missing clocks with the daemon as a process and a real broker."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.demo.fake_home_assistant import FakeHomeAssistant, Push
from daemon.store import DATABASE_NAME, open_read_only
from tests.broker import Mosquitto
from tests.daemon_process import PROGRAM, TOKEN, DaemonProcess
from tests.faults.clock_shim import ShiftedClock
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

READING = "zigbee2mqtt/living_room"
PERSON_DRINK = "keepcool/test-home/person/anna/drink"
ROOM_STATE = "keepcool/test-home/room/living_room/state"
STATUS = "keepcool/test-home/status"
NOON = datetime(2026, 7, 15, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def home_assistant() -> Iterator[FakeHomeAssistant]:
    """Return a house that takes pushes."""
    with FakeHomeAssistant(token=TOKEN) as fake:
        yield fake


def heat_pushes(home_assistant: FakeHomeAssistant) -> list[Push]:
    """Return the pushes about heat that reached the phone."""
    return [
        push
        for push in home_assistant.pushes
        if not push.is_clear and (push.tag or "").startswith("keepcool-heat-")
    ]


def read(mqtt: TestClient, temperature_c: float) -> None:
    """Have the sensor speak, and wait until the daemon shows it."""
    mqtt.publish(READING, json.dumps({"temperature": temperature_c, "humidity": 45}))
    wait_until(
        lambda: json.loads(mqtt.last(ROOM_STATE) or "{}").get("temperature_c") == temperature_c,
        what=f"{temperature_c} °C",
    )


def wait_for(mqtt: TestClient, status: str) -> None:
    """Wait for the status topic, which the broker sets when a daemon is killed."""
    wait_until(lambda: mqtt.last(STATUS) == status, timeout_s=20, what=f"the daemon {status}")


def rows(daemon: DaemonProcess, query: str) -> list[tuple[object, ...]]:
    """Return what the daemon's database holds."""
    with closing(open_read_only(daemon.state / DATABASE_NAME)) as database:
        return [tuple(row) for row in database.execute(query)]


def test_fault_62_started_in_1970_then_set(
    tmp_path: Path, mosquitto: Mosquitto, home_assistant: FakeHomeAssistant
) -> None:
    """The process warns in 1970; set to today it tells nothing twice and its rows are of today."""
    clock = ShiftedClock(tmp_path)
    clock.set_wall(datetime(1970, 1, 1, 0, 0, 30, tzinfo=UTC), is_set=False)
    daemon = DaemonProcess(
        tmp_path,
        mosquitto.port,
        home_assistant_url=home_assistant.url,
        environment=clock.environment,
    )
    with TestClient(mosquitto.port) as mqtt, daemon:
        mqtt.subscribe("keepcool/#")
        wait_for(mqtt, "online")
        read(mqtt, 30.2)
        wait_until(lambda: heat_pushes(home_assistant), what="the alert")
        mqtt.publish(PERSON_DRINK, "250")
        wait_until(lambda: rows(daemon, "SELECT * FROM drink"), what="the drink")
        assert str(rows(daemon, "SELECT at_utc FROM drink")[0][0]).startswith("1970")
        wait_until(lambda: daemon.status().get("is_clock_synchronised") is False, what="status")
        clock.set_wall(NOON, is_set=True)
        wait_until(lambda: daemon.events("clock.stepped"), timeout_s=20, what="the step")
        wait_until(
            lambda: str(rows(daemon, "SELECT at_utc FROM drink")[0][0]).startswith("2026-07-15"),
            what="the corrected row",
        )
        read(mqtt, 30.3)
        assert not rows(daemon, "SELECT * FROM outbox WHERE created_utc < '2026'")
        assert not rows(daemon, "SELECT * FROM action_token WHERE created_utc < '2026'")
        daemon.kill()
        wait_for(mqtt, "offline")
        daemon.start()
        wait_for(mqtt, "online")
        read(mqtt, 30.4)
        state = json.loads(mqtt.last("keepcool/test-home/person/anna/state") or "{}")
        assert state["drinks_today_ml"] == 250
        assert daemon.stop() == 0
    assert len(heat_pushes(home_assistant)) == 1


@pytest.mark.parametrize("step", [-HOUR, 24 * HOUR], ids=["back", "forth"])
def test_fault_63_wall_clock_steps_under_the_process(
    tmp_path: Path,
    mosquitto: Mosquitto,
    home_assistant: FakeHomeAssistant,
    step: timedelta,
) -> None:
    """Stepped, and killed and started again, the process loses no alert and repeats none."""
    clock = ShiftedClock(tmp_path)
    clock.set_wall(NOON, is_set=True)
    daemon = DaemonProcess(
        tmp_path,
        mosquitto.port,
        home_assistant_url=home_assistant.url,
        environment=clock.environment,
    )
    with TestClient(mosquitto.port) as mqtt, daemon:
        mqtt.subscribe("keepcool/#")
        wait_for(mqtt, "online")
        read(mqtt, 30.2)
        wait_until(lambda: len(heat_pushes(home_assistant)) == 1, what="the alert")
        clock.step(wall=step)
        read(mqtt, 30.3)
        wait_until(lambda: daemon.events("clock.stepped"), timeout_s=20, what="the step")
        daemon.kill()
        wait_for(mqtt, "offline")
        clock.step(wall=-step)  # seen at the start, by what was stored
        daemon.start()
        wait_for(mqtt, "online")
        read(mqtt, 30.4)
        read(mqtt, 33.5)  # a rise is said
        wait_until(lambda: len(heat_pushes(home_assistant)) == 2, what="the rise")
        assert daemon.stop() == 0
    assert len(heat_pushes(home_assistant)) == 2
    day = f"{NOON:%Y-%m-%d}"
    stamps = [str(row[0]) for row in rows(daemon, "SELECT created_utc FROM outbox")]
    assert all(stamp.startswith(day) for stamp in stamps), stamps


def test_fault_64_process_that_was_suspended(
    tmp_path: Path, mosquitto: Mosquitto, home_assistant: FakeHomeAssistant
) -> None:
    """Six hours of boot time pass at once: the room is out of sight, and heard again it is not."""
    clock = ShiftedClock(tmp_path)
    daemon = DaemonProcess(
        tmp_path,
        mosquitto.port,
        home_assistant_url=home_assistant.url,
        environment=clock.environment,
    )

    def freshness(mqtt: TestClient) -> object:
        return json.loads(mqtt.last(ROOM_STATE) or "{}").get("freshness")

    with TestClient(mosquitto.port) as mqtt, daemon:
        mqtt.subscribe("keepcool/#")
        wait_for(mqtt, "online")
        read(mqtt, 30.2)
        wait_until(lambda: heat_pushes(home_assistant), what="the alert")
        clock.step(wall=6 * HOUR, boot=6 * HOUR)
        wait_until(lambda: freshness(mqtt) == "stale", timeout_s=20, what="the age")
        assert not daemon.events("clock.stepped")
        read(mqtt, 30.3)
        wait_until(lambda: freshness(mqtt) == "fresh", what="the room in sight")
        assert daemon.stop() == 0
    assert len(heat_pushes(home_assistant)) == 1


def test_fault_64_started_again_in_another_time_namespace(
    tmp_path: Path, mosquitto: Mosquitto, home_assistant: FakeHomeAssistant
) -> None:
    """By the kernel's own boot clock six hours on, same boot: one episode, told once."""
    inside = ["unshare", "--time", "--boottime", "21600", "--fork", "--kill-child"]
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("needs unshare and the right to make a time namespace")
    daemon = DaemonProcess(tmp_path, mosquitto.port, home_assistant_url=home_assistant.url)
    with TestClient(mosquitto.port) as mqtt:
        mqtt.subscribe("keepcool/#")
        with daemon:
            wait_for(mqtt, "online")
            read(mqtt, 30.2)
            wait_until(lambda: heat_pushes(home_assistant), what="the alert")
            assert daemon.stop() == 0  # a kill might cost a repeat
        wait_for(mqtt, "offline")
        later = DaemonProcess(
            tmp_path,
            mosquitto.port,
            home_assistant_url=home_assistant.url,
            program=(*inside, *PROGRAM),
        )
        with later:
            wait_for(mqtt, "online")
            read(mqtt, 30.3)
            boots = rows(later, "SELECT DISTINCT saved_boot_id FROM alert")
            assert len(boots) == 1
    assert len(heat_pushes(home_assistant)) == 1
