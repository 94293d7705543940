"""Speak to plugs over MQTT: what to publish, and what their own messages say.

A lease is written into the plug's own timer where the family has one, so that it ends by itself:

- Zigbee2MQTT: `on_time` in seconds beside `"state": "ON"`, carried by Zigbee's command "on with
  timed off", whose time is 16 bits of tenths of a second: at most 6553 s.
  Source: zigbee2mqtt.io, any plug's page, "On with timed off"; Zigbee Cluster Library 3.8.2.3.6.
- Tasmota: `PulseTime`, 112 to 64900 for seconds plus 100. It is a lasting setting that ends every
  later "on" as well, a person's too, so it is taken back to 0 with the lease. Setting it while the
  relay is on starts the time anew.
  Source: tasmota.github.io "Commands", PulseTime; `SetPulseTimer` in its source code.
- Shelly Gen2 and newer: `toggle_after` in seconds of `Switch.Set`.
  Source: examples of node-red-contrib-shelly, which call the same method.
- Shelly Gen1: none is known over MQTT, so such a plug stays on if keepcool dies.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from integrations.messages import PlugHeard
from integrations.mqtt_payloads import parse_message
from policies.model import PlugFamily

LONGEST_TIMER = timedelta(seconds=6553)
_PULSE_OFFSET_S = 100
_MINUTE_S = 60
_LONGEST_REPORT = 4096
_WORDS = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Plug:
    """Describe one plug. `reply_topic` is where a Shelly answers: it adds `/rpc` itself."""

    family: PlugFamily
    command_topic: str
    state_topics: tuple[str, ...]
    availability_topic: str | None = None
    channel: int = 0
    state_path: str = "state"
    payload_on: str = "ON"
    payload_off: str = "OFF"
    state_on: str = "ON"
    state_off: str = "OFF"
    reply_topic: str = ""

    @property
    def topics(self) -> tuple[str, ...]:
        """Return every topic to hear."""
        topics = self.state_topics
        if self.availability_topic is not None:
            topics += (self.availability_topic,)
        return (*topics, self.reply_topic) if self.family is PlugFamily.SHELLY else topics


@dataclass(frozen=True, slots=True)
class Publication:
    """Carry one message to publish, never retained."""

    topic: str
    payload: str


def build_switch(plug: Plug, *, is_on: bool, timer: timedelta | None) -> Publication:
    """Return the message that switches a plug.

    Args:
        plug: the plug.
        is_on: what it should be.
        timer: after which time an "on" ends by itself, rounded up to whole minutes; `None` for no
            timer. Off takes a Tasmota's timer away, for it would end a person's "on" as well.
    """
    timer_s = None if timer is None or not is_on else _timer_s(timer)
    match plug.family:
        case PlugFamily.ZIGBEE2MQTT:
            message: dict[str, object] = {plug.state_path: "ON" if is_on else "OFF"}
            if timer_s is not None:
                message["on_time"] = timer_s
            return Publication(plug.command_topic, json.dumps(message))
        case PlugFamily.TASMOTA:
            pulse = 0 if timer_s is None else timer_s + _PULSE_OFFSET_S
            relay = plug.channel or 1
            commands = f"PulseTime{relay} {pulse}; Power{relay} {'ON' if is_on else 'OFF'}"
            return Publication(_beside(plug.command_topic, "Backlog"), commands)
        case PlugFamily.SHELLY:
            parameters: dict[str, object] = {"id": plug.channel, "on": is_on}
            if timer_s is not None:
                parameters["toggle_after"] = timer_s
            return _shelly_call(plug, "Switch.Set", parameters)
        case PlugFamily.SHELLY_GEN1:
            return Publication(plug.command_topic, "on" if is_on else "off")
        case PlugFamily.CUSTOM:
            return Publication(plug.command_topic, plug.payload_on if is_on else plug.payload_off)


def build_question(plug: Plug) -> Publication | None:
    """Return the message that has a plug tell its state; `None`: this one cannot be asked.

    Source: as for the timers; Shelly Gen1 tells everything at "update".
    """
    match plug.family:
        case PlugFamily.ZIGBEE2MQTT:
            asked = json.dumps({plug.state_path: ""})
            return Publication(_beside(plug.command_topic, "get"), asked)
        case PlugFamily.TASMOTA:
            return Publication(plug.command_topic, "")
        case PlugFamily.SHELLY:
            return _shelly_call(plug, "Switch.GetStatus", {"id": plug.channel})
        case PlugFamily.SHELLY_GEN1:
            prefix = plug.command_topic.rsplit("/", 3)[0]
            return Publication(f"{prefix}/command", "update")
        case PlugFamily.CUSTOM:
            return None


def build_timer_end(plug: Plug) -> Publication | None:
    """Return the message that takes a lease's timer off a plug without switching it.

    `None` where the timer went with the switching by hand that ended the lease.
    """
    if plug.family is not PlugFamily.TASMOTA:
        return None
    return Publication(_beside(plug.command_topic, f"PulseTime{plug.channel or 1}"), "0")


def parse_report(plug: Plug, topic: str, payload: bytes) -> tuple[bool | None, bool | None]:
    """Return whether a plug is on and whether it is there, as far as a message tells; never raises.

    A plug that tells its state is there.
    """
    if topic == plug.availability_topic and topic not in plug.state_topics:
        return None, parse_message(topic, payload).is_available
    is_on = _state_in(plug, payload[:_LONGEST_REPORT].decode("utf-8", errors="replace").strip())
    return is_on, None if is_on is None else True


class Plugs:
    """Speak to every plug of the home (`daemon.ports.PlugPort`)."""

    def __init__(self, plugs: Mapping[str, Plug], publish: Callable[[str, str], None]) -> None:
        """Know the plugs by device id; `publish` sends at once, or not at all."""
        self._plugs = dict(plugs)
        self._publish = publish
        self._by_topic: dict[str, list[str]] = {}
        for device_id, plug in self._plugs.items():
            for topic in plug.topics:
                self._by_topic.setdefault(topic, []).append(device_id)

    @property
    def topics(self) -> frozenset[str]:
        """Name every topic on which a plug tells something."""
        return frozenset(self._by_topic)

    def switch(self, device_id: str, *, is_on: bool, timer: timedelta | None) -> None:
        """Publish a command; accepted is not happened."""
        plug = self._plugs.get(device_id)
        if plug is not None:
            self._send(build_switch(plug, is_on=is_on, timer=timer))

    def ask(self, device_id: str) -> None:
        """Have a plug tell its state, where its family can be asked."""
        plug = self._plugs.get(device_id)
        if plug is not None:
            self._send(build_question(plug))

    def end_timer(self, device_id: str) -> None:
        """Take a timer of ours off a plug without switching it."""
        plug = self._plugs.get(device_id)
        if plug is not None:
            self._send(build_timer_end(plug))

    def read(self, topic: str, payload: bytes) -> tuple[PlugHeard, ...]:
        """Return what a message says of which plugs."""
        heard = []
        for device_id in self._by_topic.get(topic, ()):
            plug = self._plugs[device_id]
            is_on, is_available = parse_report(plug, topic, payload)
            heard.append(PlugHeard(device_id, plug.command_topic, is_on, is_available))
        return tuple(heard)

    def _send(self, publication: Publication | None) -> None:
        if publication is not None:
            self._publish(publication.topic, publication.payload)


def _timer_s(timer: timedelta) -> int:
    """Return whole minutes in seconds: always the same number, so that no flash memory wears."""
    seconds = min(timer, LONGEST_TIMER).total_seconds()
    rounded = max(_MINUTE_S, math.ceil(seconds / _MINUTE_S) * _MINUTE_S)
    return min(rounded, int(LONGEST_TIMER.total_seconds()))


def _beside(topic: str, last: str) -> str:
    return f"{topic.rpartition('/')[0]}/{last}"


def _shelly_call(plug: Plug, method: str, parameters: Mapping[str, object]) -> Publication:
    call = {
        "id": 1,
        "src": plug.reply_topic.removesuffix("/rpc"),
        "method": method,
        "params": parameters,
    }
    return Publication(plug.command_topic, json.dumps(call))


def _state_in(plug: Plug, text: str) -> bool | None:
    decoded: object = text
    if text.startswith("{"):
        try:
            decoded = json.loads(text)
        except (ValueError, RecursionError):
            return None
    match plug.family:
        case PlugFamily.SHELLY:
            return _shelly_state(decoded, plug.channel)
        case PlugFamily.TASMOTA if isinstance(decoded, Mapping):
            names = {0: ("POWER", "POWER1"), 1: ("POWER1", "POWER")}.get(
                plug.channel, (f"POWER{plug.channel}",)
            )
            decoded = next((decoded[name] for name in names if name in decoded), None)
        case _ if isinstance(decoded, Mapping):
            decoded = _at(decoded, plug.state_path)
        case _:
            pass
    return _as_switch(plug, decoded)


def _shelly_state(decoded: object, channel: int) -> bool | None:
    """Return the output in a status, a notification or an answer."""
    if not isinstance(decoded, Mapping):
        return None
    notified = _at(decoded, f"params.switch:{channel}")
    for status in (notified, decoded.get("result"), decoded):
        if isinstance(status, Mapping) and status.get("id", channel) == channel:
            output = status.get("output")
            if isinstance(output, bool):
                return output
    return None


def _at(decoded: Mapping[str, object], path: str) -> object:
    found: object = decoded
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _as_switch(plug: Plug, value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    if plug.family is PlugFamily.CUSTOM:
        return {plug.state_on: True, plug.state_off: False}.get(value)
    return _WORDS.get(value.lower())
