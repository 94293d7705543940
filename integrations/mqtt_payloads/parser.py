"""Turn one MQTT message into one `SensorMessage`, whatever its bytes.

Recognised without configuration: Zigbee2MQTT, Tasmota, ESPHome, Shelly Gen1 and Gen2+, rtl_433,
Theengs and OpenMQTTGateway, Ruuvi, HA statestream, Ecowitt, AirGradient, ESPurna, plain numbers
with or without a unit, and objects with usual key names.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from integrations.mqtt_payloads.fields import Field, Found, Role, build_message, find_fields
from integrations.mqtt_payloads.mapping import PayloadMapping, read_mapped
from integrations.mqtt_payloads.shelly import read_components, read_gen1
from integrations.mqtt_payloads.stations import read_console
from integrations.mqtt_payloads.tasmota import read_nested, read_zigbee
from integrations.mqtt_payloads.texts import availability_in, read_text, read_value
from integrations.mqtt_payloads.topics import Topic, topic_of
from integrations.mqtt_payloads.values import Rejection, Unit
from policies.model import SensorMessage

MAX_PAYLOAD_BYTES: Final = 64 * 1024
_MAX_TOPIC_CHARACTERS: Final = 1024

_NOTHING: Final = SensorMessage()
_MALFORMED: Final = SensorMessage(rejected=Rejection.MALFORMED)
_NON_NUMERIC: Final = SensorMessage(is_available=True, rejected=Rejection.NON_NUMERIC)


def parse_message(
    topic: str, payload: bytes, mapping: PayloadMapping | None = None
) -> SensorMessage:
    """Parse one message; what cannot be read comes back with `rejected`, and nothing ever raises.

    Values are those that outdoor air may have (-60 to 60 °C, 0 to 100 %); what a room may have is
    for the caller, who knows the room. `is_available` is true when a measurement was in the message
    (good or refused), false when sensor or bridge said that they are away, else `None`. A refused
    chip temperature is no fault of the sensor: plugs send one with every power reading.
    """
    if len(payload) > MAX_PAYLOAD_BYTES or len(topic) > _MAX_TOPIC_CHARACTERS:
        return SensorMessage(rejected=Rejection.TOO_LONG)
    try:
        text = str(payload, "utf-8").strip()
    except UnicodeDecodeError:
        return SensorMessage(rejected=Rejection.NOT_UTF8)
    kind = topic_of(topic)
    if mapping is not None:
        return _parse_mapped(kind, text, mapping)
    if kind.is_ignored:
        return _NOTHING
    return _parse_json(text, kind, None) if text[:1] in _JSON_STARTS else read_text(text, kind)


_JSON_STARTS: Final = ("{", "[", '"')


def _decode(text: str) -> object:
    """Decode JSON. Raises: ValueError, also for what nests too deeply."""
    try:
        decoded: object = json.loads(text)
    except RecursionError as err:
        raise ValueError("nested too deeply") from err
    return decoded


def _parse_json(text: str, kind: Topic, mapping: PayloadMapping | None) -> SensorMessage:
    try:
        decoded = _decode(text)
    except ValueError:
        return _MALFORMED
    if isinstance(decoded, dict):
        if kind.is_availability:
            is_available = availability_in(decoded)
            if is_available is not None:
                return SensorMessage(is_available=is_available)
        return _read_object(decoded, kind, mapping.unit if mapping else None)
    if isinstance(decoded, str):
        return read_text(decoded.strip(), kind)
    return _NON_NUMERIC if kind.may_be_ours else _NOTHING


def _parse_mapped(kind: Topic, text: str, mapping: PayloadMapping) -> SensorMessage:
    """Parse with explicit settings, which also speak for topics that are ignored otherwise."""
    is_json = text.startswith(_JSON_STARTS)
    if kind.is_availability or (kind.is_status and not is_json):  # the same sensor's other topic
        presence = _parse_json(text, kind, None) if is_json else read_text(text, kind)
        if presence.is_available is not None:
            return presence
    kind = kind.told(mapping.quantity, mapping.unit)
    if mapping.match or (mapping.has_paths and is_json):
        try:
            decoded = _decode(text)
        except ValueError:
            return _NOTHING if mapping.match else _MALFORMED
        if mapping.has_paths or not mapping.is_for(decoded):
            return read_mapped(decoded, mapping) if mapping.is_for(decoded) else _NOTHING
    return _parse_told(kind, text, mapping)


def _parse_told(kind: Topic, text: str, mapping: PayloadMapping) -> SensorMessage:
    """Parse as without settings, with what they add to the topic's name."""
    if kind.is_ignored:
        return _NOTHING
    if not text.startswith(_JSON_STARTS):
        return read_text(text, kind)
    return _parse_json(text, kind, mapping)


def _read_object(obj: dict[str, object], kind: Topic, unit: Unit | None) -> SensorMessage:
    found = find_fields(obj)
    if Role.SHAPE in found:
        message = _read_shape(obj, kind, unit)
        if message is not None:
            return message
    if kind.is_ignored:
        return _NOTHING
    if Role.TEMPERATURE in found or Role.HUMIDITY in found:
        return _read_flat(obj, found, kind, unit)
    if Role.VALUE in found:
        return read_value(obj, found, kind, unit)
    nested = read_nested(obj, found, is_tasmota=kind.is_tasmota, unit=unit)
    return nested if nested is not None else build_message(found, obj)


def _read_flat(
    obj: dict[str, object], found: Found, kind: Topic, unit: Unit | None
) -> SensorMessage:
    if kind.is_chip:
        found.pop(Role.TEMPERATURE, None)
        found[Role.CHIP] = (Field(Role.CHIP), None)
    elif "type" in obj and obj["type"] == "TPMS":  # rtl_433 hears the tyres of passing cars
        return SensorMessage(is_available=True, rejected=Rejection.NOT_A_ROOM_SENSOR)
    return build_message(found, obj, unit=unit)


def _read_shape(obj: dict[str, object], kind: Topic, unit: Unit | None) -> SensorMessage | None:
    """Read an object that only its family can explain; `None` when it is not of that family."""
    status = obj.get("StatusSNS")
    if isinstance(status, dict):
        return _read_object(status, replace(kind, is_tasmota=True), unit)
    for name in ("ZbReceived", "ZbInfo"):
        devices = obj.get(name)
        if isinstance(devices, dict):
            return read_zigbee(devices, unit=unit)
    for name in ("params", "result"):
        components = obj.get(name)
        if isinstance(components, dict) and ("src" in obj or "method" in obj):
            return read_components(components)
    console = obj.get("sensor")
    if isinstance(console, list):
        return read_console(console)
    if "idx" in obj and "nvalue" in obj:  # Domoticz: what a number means is known to Domoticz only
        return SensorMessage(rejected=Rejection.AMBIGUOUS)
    return read_gen1(obj)
