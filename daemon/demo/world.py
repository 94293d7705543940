"""Let the world outside the daemon pass, step by step: flat, sensors, Home Assistant, weather."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from daemon.demo.driver import SteppedDaemon
from daemon.demo.fake_entities import Entity, air_conditioner, cover, dehumidifier, fan
from daemon.demo.fake_home_assistant import FakeHomeAssistant
from daemon.demo.flat import DeviceAction
from daemon.demo.hot_days import Outdoor
from daemon.demo.household import HOME_ID, TOKEN, Addresses, Household, write_settings
from daemon.demo.weather_server import WeatherServer
from daemon.faces import Topics

PUBLISH_TIMEOUT_S: Final = 10.0
_QOS: Final = 1
_WATTS: Final = {"unit_of_measurement": "W", "device_class": "power"}
_OUR_SURROUNDINGS: Final = (
    "CREDENTIALS_DIRECTORY",
    "NOTIFY_SOCKET",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
    "WATCHDOG_USEC",
)


class Indoors(Protocol):
    """Say how the rooms are: a simulated flat, or a recording."""

    def advance(
        self,
        to: datetime,
        outdoor_at: Callable[[datetime], Outdoor],
        devices: Mapping[str, DeviceAction],
    ) -> None:
        """Let time pass, the devices doing what they were told."""

    def zigbee2mqtt_payload(self, room_id: str) -> str:
        """Return what a room's sensor publishes now."""


class HomeNetwork:
    """Publish to the broker as sensors and buttons do, and hear what keepcool says of the home.

    Publishing is QoS 1 and waits for the acknowledgement.
    """

    def __init__(self, host: str, port: int, keepcool_root: str) -> None:
        """Connect and subscribe to everything below `keepcool_root`.

        Raises: TimeoutError, OSError.
        """
        self._heard: dict[str, bytes] = {}
        self._is_subscribed = threading.Event()
        self._root = keepcool_root
        self._client = Client(CallbackAPIVersion.VERSION2, "demo-home", protocol=MQTTv311)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._is_subscribed.set()
        self._client.on_message = self._on_message
        self._client.on_socket_open = _send_at_once
        self._client.connect(host, port)
        self._client.loop_start()
        if not self._is_subscribed.wait(PUBLISH_TIMEOUT_S):
            self.close()
            message = f"the broker at {host}:{port} does not answer"
            raise TimeoutError(message)

    def publish(self, *messages: tuple[str, str]) -> None:
        """Publish (topic, payload) pairs and return once the broker has them all.

        Raises: TimeoutError.
        """
        sent = [self._client.publish(topic, payload, qos=_QOS) for topic, payload in messages]
        for info in sent:
            info.wait_for_publish(PUBLISH_TIMEOUT_S)
            if not info.is_published():
                raise TimeoutError("the broker does not acknowledge what was published")

    def state(self, topic: str) -> dict[str, Any]:
        """Return the last JSON object heard on a topic; empty when there was none."""
        payload = self._heard.get(topic, b"")
        found = json.loads(payload) if payload else {}
        return found if isinstance(found, dict) else {}

    def close(self) -> None:
        """Disconnect and end the network thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe(f"{self._root}/#")

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self._heard[message.topic] = bytes(message.payload)


def _send_at_once(_client: Client, _userdata: object, connection: object) -> None:
    """Switch Nagle's algorithm off, which holds small messages back."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class World:
    """Own everything outside the daemon; inside `with` its servers run and its settings exist.

    The broker is given: the demo brings its own, tests a real mosquitto.

    Attributes:
        now: the moment that the fakes believe it is.
        config_path: the settings file of this home.
        dead_sensors: rooms whose sensor is silent.
        habits: called at the start of each step with the moment: what people do.
        reflexes: called in the middle and at the end of each step: what they do at once.
    """

    def __init__(
        self,
        household: Household,
        broker: tuple[str, int],
        folder: Path,
        indoors: Indoors | None = None,
    ) -> None:
        """Furnish it; nothing runs yet. Without `indoors` the rooms are the household's flat."""
        self.household = household
        self.now = household.start
        self.folder = folder
        self.config_path = folder / "keepcool.toml"
        self.topics = Topics("keepcool", HOME_ID)
        self.dead_sensors: set[str] = set()
        self.habits: list[Callable[[datetime], None]] = []
        self.reflexes: list[Callable[[datetime], None]] = []
        self.indoors: Indoors = indoors if indoors is not None else household.build_flat()
        self.home_assistant = FakeHomeAssistant(
            token=TOKEN,
            clock=lambda: self.now,
            phones=[phone.service for phone in household.person.phones],
        )
        self.weather = WeatherServer(household.outdoor_at, lambda: self.now)
        self._broker = broker
        self._network: HomeNetwork | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start the servers, connect the sensors, write the settings."""
        with ExitStack() as stack:
            stack.enter_context(self.home_assistant)
            stack.enter_context(self.weather)
            self._network = HomeNetwork(*self._broker, self.topics.root)
            stack.callback(self._network.close)
            for room in self.household.rooms:
                if room.ac_entity is not None:
                    self.home_assistant.set_state(room.ac_entity, "off", air_conditioner())
                if room.fan_entity is not None:
                    self.home_assistant.set_state(room.fan_entity, "off", fan())
                if room.blind_entity is not None:
                    self.home_assistant.set_state(room.blind_entity, "open", cover())
                if room.dryer_entity is not None:
                    self.home_assistant.set_state(room.dryer_entity, "off", dehumidifier())
                if room.plug_entity is not None:
                    self.home_assistant.set_state(room.plug_entity, "off")
                    self.home_assistant.set_state(room.power_entity, "1.0", _WATTS)
            urls = (self.home_assistant.url, self.weather.url)
            write_settings(self.household, Addresses(*self._broker, *urls), self.folder)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def daemon(self) -> SteppedDaemon:
        """Return this home's daemon, not started, with its log beside the settings."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if name not in _OUR_SURROUNDINGS and not name.startswith("KEEPCOOL_")
        }
        return SteppedDaemon(
            self.config_path, self.now, self.folder / "daemon.log", environ=environ
        )

    def publish(self, topic: str, payload: str) -> None:
        """Publish one message as a device of the home would."""
        self._connected().publish((topic, payload))

    def step(self, daemon: SteppedDaemon | None, to: datetime) -> None:
        """Let people act, sensors speak and time pass until `to`.

        Without a daemon (it was killed) the rest of the world goes on. What the daemon switches in
        this step counts for the whole of it.
        """
        for habit in self.habits:
            habit(self.now)
        self._connected().publish(
            *(
                (room.topic, self.indoors.zigbee2mqtt_payload(room.room_id))
                for room in self.household.rooms
                if room.room_id not in self.dead_sensors
            )
        )
        if daemon is not None:
            half = [self.now + (to - self.now) / 2] if self.reflexes else []
            for moment in (*half, to):
                daemon.advance(moment)
                for reflex in self.reflexes:
                    reflex(moment)
        self.indoors.advance(to, self.household.outdoor_at, self.device_actions())
        self.now = to

    def device_actions(self) -> dict[str, DeviceAction]:
        """Return what the devices of each room are told now, from their entities."""
        actions = {}
        for room in self.household.rooms:
            action = DeviceAction()
            if room.ac_entity is not None:
                entity = self.home_assistant.state_of(room.ac_entity)
                action = DeviceAction(entity.state, _number(entity, "temperature"))
            if room.fan_entity is not None:
                entity = self.home_assistant.state_of(room.fan_entity)
                percentage = _number(entity, "percentage") if entity.state == "on" else 0.0
                action = replace(action, fan_percentage=round(percentage or 0.0))
            if room.plug_entity is not None:
                is_on = self.home_assistant.state_of(room.plug_entity).state == "on"
                action = replace(action, hvac_mode="cool" if is_on else "off")
            if room.blind_entity is not None:
                blind = self.home_assistant.state_of(room.blind_entity)
                action = replace(action, is_shaded=blind.state == "closed")
            if room.dryer_entity is not None:
                is_on = self.home_assistant.state_of(room.dryer_entity).state == "on"
                action = replace(action, is_drying=is_on)
            actions[room.room_id] = action
        return actions

    def room_state(self, room_id: str) -> dict[str, Any]:
        """Return what the daemon last published about a room; empty before that.

        It travels by MQTT, so that what was decided at the very end of a step may still be under
        way.
        """
        return self._connected().state(self.topics.room_state(room_id))

    def person_state(self) -> dict[str, Any]:
        """Return what the daemon last published about the person; see `room_state`."""
        return self._connected().state(self.topics.person_state(self.household.person.person_id))

    def _connected(self) -> HomeNetwork:
        if self._network is None:
            raise RuntimeError("the world is only there inside `with`")
        return self._network


def _number(entity: Entity, attribute: str) -> float | None:
    value = entity.attributes.get(attribute)
    return float(value) if isinstance(value, int | float) else None
