"""Recognise a plug's family by its command topic, and fill in what the family always does."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from config.model import CoolingTable
from policies.model import PlugFamily

_SHELLY = re.compile(r"(?P<prefix>.+)/(?:rpc|command/switch:(?P<channel>[0-9]))")
_SHELLY_GEN1 = re.compile(r"(?P<prefix>shellies/.+)/relay/(?P<channel>[0-9])/command")
_TASMOTA_POWER = re.compile(r"POWER(?P<channel>[1-8]?)", re.IGNORECASE)
_ZIGBEE = re.compile(r"(?P<prefix>.+)/set")


@dataclass(frozen=True, slots=True)
class PlugSettings:
    """Describe a plug that is switched over MQTT: its topics and its words."""

    device_id: str
    family: PlugFamily
    command_topic: str
    state_topics: tuple[str, ...]  # empty: unknown, which the settings refuse
    availability_topic: str | None = None
    channel: int = 0  # of a Shelly, from 0; of a Tasmota, from 1, or 0 for its only one
    state_path: str = "state"
    payload_on: str = "ON"
    payload_off: str = "OFF"
    state_on: str = "ON"
    state_off: str = "OFF"


def recognise_plug(topic: str) -> PlugSettings:
    """Return what a command topic alone tells; a topic of no known shape is of a custom plug.

    Source of the shapes: zigbee2mqtt.io "MQTT topics and messages"; tasmota.github.io "MQTT"; for
    Shelly what others' settings show (docs.thinger.io "Shelly Plug S" for Gen1, a Plus 1 in Home
    Assistant for Gen2), not the maker's own pages.
    """
    if match := _SHELLY_GEN1.fullmatch(topic):
        prefix, channel = match["prefix"], int(match["channel"])
        family, states = PlugFamily.SHELLY_GEN1, (f"{prefix}/relay/{channel}",)
        return PlugSettings("", family, topic, states, f"{prefix}/online", channel)
    if match := _SHELLY.fullmatch(topic):
        prefix, channel = match["prefix"], int(match["channel"] or 0)
        told = (f"{prefix}/status/switch:{channel}", f"{prefix}/events/rpc")
        call = f"{prefix}/rpc"
        return PlugSettings("", PlugFamily.SHELLY, call, told, f"{prefix}/online", channel)
    segments = topic.split("/")
    if "cmnd" in segments and (power := _TASMOTA_POWER.fullmatch(segments[-1])):
        place = segments.index("cmnd")
        before, after = segments[:place], segments[place + 1 : -1]
        stat, tele = ("/".join([*before, word, *after]) for word in ("stat", "tele"))
        heard = (f"{stat}/{segments[-1].upper()}", f"{stat}/RESULT", f"{tele}/STATE")
        channel = int(power["channel"] or 0)
        return PlugSettings("", PlugFamily.TASMOTA, topic, heard, f"{tele}/LWT", channel)
    if match := _ZIGBEE.fullmatch(topic):
        prefix = match["prefix"]
        available = f"{prefix}/availability"
        return PlugSettings("", PlugFamily.ZIGBEE2MQTT, topic, (prefix,), available)
    return PlugSettings("", PlugFamily.CUSTOM, topic, ())


def build_plug(device_id: str, device: CoolingTable) -> PlugSettings:
    """Build one plug; what the settings say counts more than what the topic tells.

    A payload of its own makes a plug a custom one, which has no timer that keepcool knows.
    """
    topic = device.command_topic or ""
    found = recognise_plug(topic)
    if device.payload_on or device.payload_off:
        found = replace(found, family=PlugFamily.CUSTOM, command_topic=topic)
    on, off = device.payload_on or found.payload_on, device.payload_off or found.payload_off
    return replace(
        found,
        device_id=device_id,
        state_topics=(device.state_topic,) if device.state_topic else found.state_topics,
        availability_topic=device.availability_topic or found.availability_topic,
        state_path=device.state_path or found.state_path,
        payload_on=on,
        payload_off=off,
        state_on=device.state_on or on,
        state_off=device.state_off or off,
    )
