"""Read the sensors that others announce on the broker, before any of them speaks.

Zigbee2MQTT lists its devices (`<base>/bridge/devices`), Tasmota its own (`tasmota/discovery/#`),
and whatever speaks Home Assistant's discovery its entities, one by one
(`homeassistant/<component>/<...>/config`) or by device (`homeassistant/device/<id>/config`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from daemon.init.names import fitting_name

DISCOVERY_TOPICS = (
    "+/bridge/devices",
    "homeassistant/+/+/config",
    "homeassistant/+/+/+/config",
    "tasmota/discovery/#",
)
KEEPCOOL = "keepcool/"
# What a temperature is not a room's: a chip's, a soil's, one that is only set.
_FOREIGN = re.compile(
    r"device_temp|cpu|chip|soc\b|processor|internal|soil|target|set_?point|dew|_min\b|_max\b"
    r"|external|probe|occupied_(heating|cooling)",
    re.IGNORECASE,
)
_LONG = {
    "stat_t": "state_topic",
    "dev_cla": "device_class",
    "unit_of_meas": "unit_of_measurement",
    "uniq_id": "unique_id",
    "avty_t": "availability_topic",
    "avty": "availability",
    "val_tpl": "value_template",
    "dev": "device",
    "cmps": "components",
    "p": "platform",
    "sa": "suggested_area",
    "t": "topic",
}
_DEVICE_TOPIC_PARTS = 4
_TASMOTA_TOPIC_PARTS = 4


@dataclass(frozen=True, slots=True)
class Announced:
    """Hold one announced sensor: the topic on which its temperature comes, and what is told of it.

    `unique_ids` are those under which Home Assistant knows it.
    """

    topic: str
    name: str
    area: str | None = None
    unit: str | None = None  # "°C", "°F"
    availability_topic: str | None = None
    unique_ids: frozenset[str] = frozenset()
    has_temperature: bool = True


def read_announcements(retained: Mapping[str, bytes]) -> dict[str, Announced]:
    """Return every announced temperature sensor by its topic.

    Args:
        retained: payloads by topic; what is no announcement is passed over.
    """
    found: dict[str, Announced] = {}
    for topic, payload in sorted(retained.items()):
        for sensor in _read(topic, payload):
            found[sensor.topic] = _joined(found.get(sensor.topic), sensor)
    return {
        topic: sensor
        for topic, sensor in found.items()
        if sensor.has_temperature
        and topic.isprintable()
        and not topic.startswith("$")  # the broker's own
        and not set(topic) & set("+#")
    }


def is_announcement(topic: str) -> bool:
    """Return whether a topic holds announcements and no readings."""
    return (
        topic.startswith(("tasmota/discovery/", KEEPCOOL))
        or "/bridge/" in topic
        or topic.endswith("/config")
    )


def _joined(known: Announced | None, more: Announced) -> Announced:
    """Return what two announcements of one topic tell together; the device's own name counts."""
    if known is None:
        return more
    first, second = (known, more) if known.has_temperature else (more, known)
    return replace(
        first,
        area=first.area or second.area,
        unit=first.unit or second.unit,
        availability_topic=first.availability_topic or second.availability_topic,
        unique_ids=first.unique_ids | second.unique_ids,
        has_temperature=first.has_temperature or second.has_temperature,
    )


def _read(topic: str, payload: bytes) -> Iterator[Announced]:
    try:
        content = json.loads(payload) if payload else None
    except (ValueError, RecursionError):
        return
    parts = topic.split("/")
    if topic.endswith("/bridge/devices") and isinstance(content, list):
        base = topic.removesuffix("/bridge/devices")
        for device in content:
            yield from _zigbee_device(base, device)
    elif parts[:2] == ["tasmota", "discovery"] and parts[-1] == "config":
        yield from _tasmota_device(content)
    elif parts[0] == "homeassistant" and parts[-1] == "config" and isinstance(content, dict):
        yield from _discovered(parts, _spelled_out(content))


def _zigbee_device(base: str, device: object) -> Iterator[Announced]:
    match device:
        case {"friendly_name": str(name), "definition": {"exposes": list(exposes)}, **rest} if name:
            properties = set(_properties(exposes))
            if properties & {"temperature", "local_temperature"} and not rest.get("disabled"):
                topic = f"{base}/{name}"
                yield Announced(topic, name, availability_topic=f"{topic}/availability")


def _properties(exposes: list[object]) -> Iterator[str]:
    for expose in exposes:
        match expose:
            case {"features": list(features)}:
                yield from _properties(features)
            case {"property": str(name)}:
                yield name


def _tasmota_device(content: object) -> Iterator[Announced]:
    """Read where a Tasmota device sends its sensors; whether it has any tells its first message."""
    match content:
        case {"t": str(topic), "ft": str(full), "tp": [_, _, str(prefix), *_], **rest}:
            name = rest.get("dn")
            base = full.replace("%prefix%", prefix).replace("%topic%", topic)
            base = base if base.endswith("/") else f"{base}/"
            if "%" not in base:
                yield Announced(
                    f"{base}SENSOR",
                    name if isinstance(name, str) and name else topic,
                    availability_topic=f"{base}LWT",
                    has_temperature="sn" in rest,  # see merge_tasmota
                )


def merge_tasmota(retained: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the same with each Tasmota device's sensors in its configuration.

    They stand under `tasmota/discovery/<mac>/sensors`; a device without a temperature among them
    (most plugs) is none of ours.
    """
    merged = dict(retained)
    for topic, payload in retained.items():
        parts = topic.split("/")
        if len(parts) == _TASMOTA_TOPIC_PARTS and topic.endswith("/sensors"):
            if b"Temperature" not in payload:
                continue
            place = topic.removesuffix("sensors") + "config"
            try:
                config = json.loads(retained.get(place, b"null"))
            except (ValueError, RecursionError):
                continue
            if isinstance(config, dict):
                merged[place] = json.dumps({**config, "sn": {}}).encode()
    return merged


def _spelled_out(content: Mapping[str, object]) -> dict[str, object]:
    """Return a discovery message with its abbreviations and its `~` written out."""
    base = content.get("~")
    spelled: dict[str, object] = {}
    for key, value in content.items():
        held: object = value
        if isinstance(value, dict):
            held = _spelled_out({**value, "~": base} if isinstance(base, str) else value)
        elif isinstance(value, str) and isinstance(base, str) and key != "~":
            held = re.sub(r"^~|~$", lambda _: base, value)
        spelled[_LONG.get(key, key)] = held
    return spelled


def _discovered(parts: list[str], content: Mapping[str, object]) -> Iterator[Announced]:
    if parts[1] == "device" and len(parts) == _DEVICE_TOPIC_PARTS:
        components = content.get("components")
        for component in components.values() if isinstance(components, dict) else ():
            if isinstance(component, dict) and component.get("platform") == "sensor":
                yield from _discovered_sensor({**content, **component})
    elif parts[1] == "sensor":
        yield from _discovered_sensor(content)


def _discovered_sensor(content: Mapping[str, object]) -> Iterator[Announced]:
    topic, kind = content.get("state_topic"), content.get("device_class")
    if not isinstance(topic, str) or not topic or topic.startswith(KEEPCOOL):
        return
    template = content.get("value_template")
    is_foreign = _FOREIGN.search(f"{template} {content.get('unique_id')}") is not None
    if kind not in ("temperature", "humidity") or is_foreign:
        return
    device = content.get("device")
    told = device if isinstance(device, dict) else {}
    area, name, unit = (
        told.get("suggested_area"),
        told.get("name"),
        content.get("unit_of_measurement"),
    )
    unique_id = content.get("unique_id")
    own_name = content.get("name")
    named = name if isinstance(name, str) and name else own_name
    yield Announced(
        topic,
        named if isinstance(named, str) and named else topic,
        area=(fitting_name(area) or None) if isinstance(area, str) else None,
        unit=unit if kind == "temperature" and isinstance(unit, str) else None,
        availability_topic=_availability(content),
        unique_ids=frozenset([unique_id] if isinstance(unique_id, str) else []),
        has_temperature=kind == "temperature",
    )


def _availability(content: Mapping[str, object]) -> str | None:
    """Return the topic that tells whether the device itself is there, not its bridge."""
    single = content.get("availability_topic")
    topics = [single] if isinstance(single, str) else []
    several = content.get("availability")
    for entry in several if isinstance(several, list) else [several]:
        if isinstance(entry, dict):
            topic = _spelled_out(entry).get("topic")
            topics += [topic] if isinstance(topic, str) else []
    return next((topic for topic in topics if "/bridge/" not in topic), None)
