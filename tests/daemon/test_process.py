"""The daemon as a process, with a real broker and a pretended Home Assistant, on real time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from tests.broker import Mosquitto
from tests.daemon_process import AIR_CONDITIONER, TOKEN, DaemonProcess
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

CLIMATE = {
    "hvac_modes": ["off", "cool"],
    "min_temp": 16,
    "max_temp": 30,
    "temperature": 26,
    "current_temperature": 27,
}
ROOM_STATE = "keepcool/test-home/room/living_room/state"
STATUS = "keepcool/test-home/status"


@pytest.fixture
def home_assistant() -> Iterator[FakeHomeAssistant]:
    """Return a house with an air conditioner that is off."""
    with FakeHomeAssistant(token=TOKEN) as fake:
        fake.set_state("climate.living_room_ac", "off", CLIMATE)
        yield fake


def reading(temperature_c: float, humidity_pct: float = 45.0) -> str:
    """Return a Zigbee2MQTT message."""
    return json.dumps({"temperature": temperature_c, "humidity": humidity_pct, "battery": 90})


def test_hot_reading_becomes_push_answer_and_switch(
    tmp_path: Path, mosquitto: Mosquitto, home_assistant: FakeHomeAssistant
) -> None:
    """A hot room is said on the phone, cooled and read back, and an answer is taken."""
    daemon = DaemonProcess(
        tmp_path,
        mosquitto.port,
        home_assistant_url=home_assistant.url,
        cooling=AIR_CONDITIONER,
    )
    with TestClient(mosquitto.port) as mqtt, daemon:
        mqtt.subscribe("keepcool/#")
        wait_until(lambda: mqtt.last(STATUS) == "online", what="the status topic")
        mqtt.publish("zigbee2mqtt/living_room", reading(30.2))
        wait_until(lambda: home_assistant.pushes, what="a push")
        push = home_assistant.pushes[0]
        assert "Living room" in push.title + push.message
        assert "I'm on it" in push.buttons
        wait_until(
            lambda: home_assistant.state_of("climate.living_room_ac").state == "cool",
            what="the air conditioner to run",
        )
        wait_until(lambda: '"level":2' in (mqtt.last(ROOM_STATE) or ""), what="the room's level")
        home_assistant.press(push, "I'm on it")
        wait_until(lambda: daemon.events("button.pressed"), what="the answer to arrive")
        assert daemon.stop() == 0
        wait_until(lambda: mqtt.last(STATUS) == "offline", what="the status topic offline")


def test_drink_is_logged_from_the_command_line(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """`keepcool log drink` says that it was recorded, and a wrong amount that it was not."""
    with DaemonProcess(tmp_path, mosquitto.port) as daemon:
        wait_until(lambda: daemon.events("link.changed"), what="the broker")
        done = daemon.command("log", "drink", "250")
        assert (done.returncode, done.stdout) == (0, "250 ml recorded for Anna\n")
        refused = daemon.command("log", "drink", "5000")
        assert refused.returncode == 1
        assert "allowed for one drink are 10 to 1000 ml" in refused.stderr


def test_nobody_answers_the_command_line(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Without a daemon a drink counts as not recorded; one that was stopped is said at once."""
    daemon = DaemonProcess(tmp_path, mosquitto.port)
    refused = daemon.command("log", "drink", "250")
    assert refused.returncode == 1
    assert "not recorded: keepcool did not answer" in refused.stderr
    with daemon:
        wait_until(lambda: daemon.events("link.changed"), what="the broker")
    refused = daemon.command("log", "drink", "250")
    assert refused.returncode == 1
    assert "not recorded: keepcool is not running" in refused.stderr
