"""Hold a home that is real but for its phones and devices: broker, Home Assistant, roads."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from policies.model import PhoneKind
from tests.broker import Mosquitto
from tests.e2e.api import HomeAssistantApi
from tests.e2e.devices import Devices
from tests.e2e.phones import Phone
from tests.e2e.process import HomeAssistantProcess
from tests.mqtt_client import TestClient
from tests.road_server import RoadServer
from tests.waiting import wait_until

SETTLES_WITHIN_S = 30.0
READING: Final = "zigbee2mqtt/living_room"
# What must stand in Home Assistant before a test; the rest follows from the same messages.
_CLEAN: Final = {
    "sensor.lab_temperature": "24.5",
    "sensor.lab_humidity": "55",
    "sensor.lab_power": "812.5",
    "binary_sensor.lab_motion": "off",
    "person.lab": "home",
    "switch.lab_plug": "off",
    "fan.lab_fan": "off",
    "cover.lab_blind": "open",
    "humidifier.lab_dryer": "off",
    "climate.lab_ac": "off",
    "climate.living_room_ac": "off",
    "fan.living_room_fan": "off",
    "cover.living_room_blind": "open",
    "switch.living_room_plug": "off",
    "input_number.forecast": "21.0",
}


class Home:
    """Hold it all; one for the whole run, put in order by `clean` before each test.

    Attributes:
        broker: the broker that Home Assistant, keepcool and the devices share.
        process: Home Assistant, which a test may kill and start.
        api: what a person and the frontend ask of Home Assistant.
        devices: what is behind Home Assistant's entities.
        phones: the server that pushes arrive at; another `status` refuses them.
        android, iphone: phones of Anna's; `carers` is an iPhone of her carer Ben.
        lab_phone: the phone of the contract.
        annas_road, bens_road: servers behind second roads.
        mqtt: a client of the test's own.
    """

    def __init__(self, venv: Path, folder: Path) -> None:
        (folder / "broker").mkdir()
        (folder / "home_assistant").mkdir()
        self.broker = Mosquitto(folder / "broker", "set_tcp_nodelay true")
        self.process = HomeAssistantProcess(venv, folder / "home_assistant")
        self.api = HomeAssistantApi(self.process.url)
        self.phones, self.annas_road, self.bens_road = RoadServer(), RoadServer(), RoadServer()
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        """Return Home Assistant's address."""
        return self.process.url

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.broker)
            for server in (self.phones, self.annas_road, self.bens_road):
                stack.enter_context(server)
            self.devices = stack.enter_context(Devices(self.broker.port))
            self.mqtt = stack.enter_context(TestClient(self.broker.port))
            stack.callback(self.process.kill)
            self.devices.reset()
            self.process.start()
            self.api.onboard()
            self.api.wait_until_running()
            self.api.add_mqtt(self.broker.port)
            self.android = self._phone("Annas Android", PhoneKind.ANDROID)
            self.iphone = self._phone("Annas iPhone", PhoneKind.IPHONE)
            self.carers = self._phone("Bens phone", PhoneKind.IPHONE)
            self.lab_phone = self._phone("Lab phone", PhoneKind.ANDROID)
            self.clean()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def clean(self) -> None:
        """Put everything where it stands before a test, and take away what keepcool announced."""
        self._forget_keepcool()
        self.devices.reset()
        self.say_room(22.0)
        self.api.fire("lab_temperature", {"value": 24.5})
        self.api.call("input_number.set_value", entity_id="input_number.forecast", value=21)
        for entity_id in ("climate.lab_ac", "climate.living_room_ac"):
            self.api.call("climate.set_temperature", entity_id=entity_id, temperature=24)
            self.api.call("climate.set_hvac_mode", entity_id=entity_id, hvac_mode="off")
        wait_until(self._is_clean, SETTLES_WITHIN_S, what="Home Assistant to be as before a test")
        for server in (self.phones, self.annas_road, self.bens_road):
            server.taken.clear()
            server.status = 200

    def say_room(self, temperature_c: float, humidity_pct: float = 45.0) -> None:
        """Have the living room's sensor report; keepcool and Home Assistant both hear it."""
        reading = {"temperature": temperature_c, "humidity": humidity_pct, "battery": 90}
        self.mqtt.publish(READING, json.dumps(reading))

    def wait_for(self, entity_id: str, state: str) -> None:
        """Wait until Home Assistant shows an entity in a state."""
        wait_until(
            lambda: self.api.state(entity_id)["state"] == state,
            SETTLES_WITHIN_S,
            what=f"{entity_id} to be {state}",
        )

    def wait_for_attribute(self, entity_id: str, name: str, value: object) -> None:
        """Wait until Home Assistant shows an entity with an attribute."""
        wait_until(
            lambda: self.api.state(entity_id)["attributes"].get(name) == value,
            SETTLES_WITHIN_S,
            what=f"{name} of {entity_id} to be {value}",
        )

    def restart(self) -> None:
        """Kill Home Assistant and start it again."""
        self.process.kill()
        self.process.start()
        self.api.wait_until_running()

    def keepcool_entities(self) -> set[str]:
        """Return the ids of keepcool's entities that Home Assistant shows."""
        states = self.api.states()
        return {
            entity_id
            for entity_id in self._registered()
            if entity_id in states and not states[entity_id]["attributes"].get("restored")
        }

    def _registered(self) -> set[str]:
        return {
            each["entity_id"]
            for each in self.api.command("config/entity_registry/list")
            if each["platform"] == "mqtt" and each["unique_id"].startswith("keepcool_")
        }

    def _phone(self, name: str, kind: PhoneKind) -> Phone:
        return Phone(self.api, self.phones, name, kind)

    def _forget_keepcool(self) -> None:
        with TestClient(self.broker.port) as client:
            for root in ("homeassistant/device/#", "keepcool/#"):
                client.subscribe(root)
            client.publish("keepcool/last", "")  # what was retained came before it
            wait_until(lambda: ("keepcool/last", "") in client.messages, what="what is retained")
            retained = {topic for topic, text in client.messages if text}
            devices = {topic for topic in retained if topic.startswith("homeassistant/")}
            for topic in devices:
                client.publish(topic, "", is_retained=True)
            # Entities that are still there would complain of an empty state.
            wait_until(lambda: not self.keepcool_entities(), SETTLES_WITHIN_S, what="them to go")
            for topic in retained - devices:
                client.publish(topic, "", is_retained=True)
        # The registry is written late: what went just before a kill is back in it, and stays.
        for entity_id in self._registered():
            self.api.command("config/entity_registry/remove", entity_id=entity_id)

    def _is_clean(self) -> bool:
        states = self.api.states()
        return all(
            entity_id in states and states[entity_id]["state"] == state
            for entity_id, state in _CLEAN.items()
        )
