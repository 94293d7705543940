"""Play the devices behind Home Assistant's MQTT entities: each does as told, and says so."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.waiting import wait_until

SET: Final = "/set"
_POSITIONS = {"OPEN": "100", "CLOSE": "0"}
# Where everything stands before a test: `lab/` for the contract, `home/` for the household.
AT_FIRST: Final = {
    "lab/humidity": "55",
    "lab/power": "812.5",
    "lab/motion": "off",
    "lab/tracker": "home",
    "lab/plug/availability": "online",
    "lab/plug": "OFF",
    "lab/relay": "OFF",
    "lab/fan": "OFF",
    "lab/fan/percentage": "0",
    "lab/blind/position": "100",
    "lab/dryer": "OFF",
    "lab/dryer/target": "60",
    "lab/dryer/mode": "auto",
    **{f"home/{name}/availability": "online" for name in ("relay", "plug", "fan", "blind")},
    "home/relay": "OFF",
    "home/plug": "OFF",
    "home/fan": "OFF",
    "home/fan/percentage": "0",
    "home/blind/position": "100",
}


class Devices:
    """Hold the devices.

    Attributes:
        deaf: devices (`home/fan`) that do nothing of what they are told.
        told: what each device was told, in order: topic without `/set`, payload.
    """

    def __init__(self, port: int) -> None:
        self.deaf: set[str] = set()
        self.told: list[tuple[str, str]] = []
        self._port = port
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._take
        self._client.on_connect = lambda client, *_: client.subscribe("home/#", qos=1)

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        wait_until(self._client.is_connected, what="the devices to connect")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def reset(self) -> None:
        """Put everything where it stands before a test."""
        self.deaf.clear()
        for topic, payload in AT_FIRST.items():
            self.say(topic, payload)
        self.told.clear()

    def say(self, topic: str, payload: str) -> None:
        """Have a device report, retained."""
        self._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(5.0)

    def go_offline(self, device: str) -> None:
        """Take a device (`home/fan`) out of the network."""
        self.say(f"{device}/availability", "offline")

    def _take(self, client: Client, _userdata: object, message: MQTTMessage) -> None:
        if not message.topic.endswith(SET):
            return
        topic, payload = message.topic.removesuffix(SET), message.payload.decode()
        self.told.append((topic, payload))
        if any(topic == each or topic.startswith(f"{each}/") for each in self.deaf):
            return
        if payload in _POSITIONS:
            topic, payload = f"{topic}/position", _POSITIONS[payload]
        client.publish(topic, payload, qos=1, retain=True)
