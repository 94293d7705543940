"""Show on a real broker what becomes of a plug when Home Assistant, and then keepcool, is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from daemon.demo.fake_plug import FakePlug, Published
from tests.broker import Mosquitto
from tests.daemon_process import DaemonProcess
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

PLUG = """
[[room.cooling]]
id = "ac"
command_topic = "zigbee2mqtt/ac/set"
role = "air_conditioner"
"""
NOBODY_LISTENS = "http://127.0.0.1:9"


class RadioPlug:
    """Put a fake plug on a broker, as Zigbee2MQTT does; its time passes when the test says so."""

    def __init__(self, port: int) -> None:
        self.plug = FakePlug()
        self._port = port
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._is_subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._is_subscribed.set()

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        self._client.subscribe([(f"{self.plug.state_topic}/{word}", 1) for word in ("set", "get")])
        assert self._is_subscribed.wait(5.0)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        assert not message.retain
        self._tell(self.plug.take(message.topic, message.payload.decode()))

    def _tell(self, published: Published) -> None:
        for topic, payload in published:
            self._client.publish(topic, payload, qos=1, retain=True)

    def pass_time(self, seconds: float) -> None:
        """Let the plug's own clock run."""
        self._tell(self.plug.advance(seconds))


@pytest.fixture
def radio_plug(mosquitto: Mosquitto) -> Iterator[RadioPlug]:
    """Return a plug on the test's broker."""
    with RadioPlug(mosquitto.port) as radio_plug:
        yield radio_plug


def test_fault_40_a_plug_goes_off_by_itself_when_keepcool_is_killed(
    mosquitto: Mosquitto, radio_plug: RadioPlug, tmp_path: Path
) -> None:
    """Home Assistant down: the plug is switched; kill -9: it goes off when the lease ends."""
    plug = radio_plug.plug
    daemon = DaemonProcess(
        tmp_path, mosquitto.port, home_assistant_url=NOBODY_LISTENS, cooling=PLUG
    )
    with daemon, TestClient(mosquitto.port) as sensor:
        wait_until(lambda: bool(daemon.events("link.changed")), what="the broker is there")
        sensor.subscribe("keepcool/test-home/lease/ac")

        def is_on() -> bool:
            sensor.publish("zigbee2mqtt/living_room", '{"temperature": 31.0, "humidity": 40}')
            return plug.is_on

        wait_until(is_on, timeout_s=60.0, what="the plug is switched on")
        wait_until(
            lambda: '"ends_by_itself":true' in (sensor.last("keepcool/test-home/lease/ac") or ""),
            what="the lease topic says that the plug ends by itself",
        )
        daemon.kill()
    assert plug.commands == [{"state": "ON", "on_time": 3600}]
    radio_plug.pass_time(3599.0)
    assert plug.is_on
    radio_plug.pass_time(2.0)
    assert not plug.is_on


def test_check_says_whether_a_plug_is_heard(
    mosquitto: Mosquitto, radio_plug: RadioPlug, tmp_path: Path
) -> None:
    """`keepcool check --online` asks the plug itself; a silent one is red with what to do."""
    silent = PLUG.replace("/ac/", "/cellar/").replace('"ac"', '"cellar"')
    daemon = DaemonProcess(tmp_path, mosquitto.port, cooling=PLUG + silent)
    printed = " ".join(daemon.command("check", "--online").stdout.split())
    assert "ok plug ac: says that it is off" in printed
    assert "RED plug cellar: not heard within 6 s -> see that it has power" in printed
    assert radio_plug.plug.commands == []
