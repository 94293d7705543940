"""Build the parsers of sensors and power meters from their settings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Literal

from config.home import (
    MappingSettings,
    MotionSettings,
    PowerMeterSettings,
    PresenceSettings,
    SensorSettings,
)
from config.plugs import PlugSettings
from daemon.decode import decode_line
from daemon.faces import Topics
from daemon.sensor_track import Sensor
from daemon.whereabouts import MotionSource, Whereabouts
from integrations.mqtt_payloads import PayloadMapping, parse_message, parse_occupancy
from integrations.mqtt_plugs import Plug
from policies.model import Home, SensorMessage
from policies.plausibility import INDOORS

# What the settings allow, in the parsers' words.
_UNITS: Mapping[str | None, Literal["c", "f"] | None] = {None: None, "C": "c", "F": "f"}
_QUANTITIES: Mapping[str | None, Literal["temperature", "humidity"] | None] = {
    None: None,
    "temperature": "temperature",
    "humidity": "humidity",
}


def build_sensor(sensor: SensorSettings, home: Home) -> Sensor:
    """Build one sensor with its parser and its plausible range."""
    return Sensor(
        sensor_id=sensor.sensor_id,
        room_id=sensor.room_id,
        topic=sensor.topic,
        parse=_build_sensor_parser(sensor),
        entity_id=sensor.entity_id,
        humidity_entity_id=sensor.humidity_entity_id,
        humidity_topic=sensor.humidity_topic,
        availability_topic=sensor.availability_topic,
        stale_after=sensor.stale_after,
        bounds=replace(INDOORS, maximum_step_c_per_min=home.tuning.maximum_step_c_per_min),
    )


def _build_sensor_parser(sensor: SensorSettings) -> Callable[[str, bytes], SensorMessage]:
    """Return a sensor's parser; on its humidity topic a bare number is humidity."""
    mapping, topic = sensor.mapping, sensor.humidity_topic
    if topic is None:
        return build_parser(mapping)
    quantity = None if mapping.humidity_path else "humidity"
    parse_humidity = build_parser(replace(mapping, temperature_path=None, quantity=quantity))
    parse_other = build_parser(replace(mapping, humidity_path=None))

    def parse(on_topic: str, payload: bytes) -> SensorMessage:
        return (parse_humidity if on_topic == topic else parse_other)(on_topic, payload)

    return parse


def build_parser(mapping: MappingSettings) -> Callable[[str, bytes], SensorMessage]:
    """Return the payload parser of one sensor."""
    if mapping == MappingSettings():
        return parse_message
    explicit = PayloadMapping(
        temperature_path=mapping.temperature_path,
        humidity_path=mapping.humidity_path,
        unit=_UNITS[mapping.unit],
        match=mapping.match,
        quantity=_QUANTITIES[mapping.quantity],
    )
    return functools.partial(parse_message, mapping=explicit)


def build_plug_words(plugs: Iterable[PlugSettings], topics: Topics) -> dict[str, Plug]:
    """Build how each plug is spoken to, by device id."""
    return {
        plug.device_id: Plug(
            family=plug.family,
            command_topic=plug.command_topic,
            state_topics=plug.state_topics,
            availability_topic=plug.availability_topic,
            channel=plug.channel,
            state_path=plug.state_path,
            payload_on=plug.payload_on,
            payload_off=plug.payload_off,
            state_on=plug.state_on,
            state_off=plug.state_off,
            reply_topic=topics.plug_reply(plug.device_id),
        )
        for plug in plugs
    }


def build_whereabouts(
    motion: Iterable[MotionSettings], presence: Iterable[PresenceSettings]
) -> Whereabouts:
    """Build what follows where people are."""
    return Whereabouts(
        [MotionSource(each.room_id, each.topic, each.entity_id) for each in motion],
        {each.entity_id: each.person_id for each in presence},
        parse_occupancy,
    )


def decode(line: str) -> str:
    """Answer one line of `keepcool decode`."""
    return decode_line(line, parse_message)


def build_power_parser(
    meters: Iterable[PowerMeterSettings],
) -> Callable[[str, bytes], float | None]:
    """Return the parser of all power topics: in watts, `None` where a message tells no power."""
    paths = {meter.topic: meter.path for meter in meters if meter.topic and meter.path}
    recognised = PayloadMapping(quantity="power")
    mappings = {topic: PayloadMapping(power_path=path) for topic, path in paths.items()}

    def parse(topic: str, payload: bytes) -> float | None:
        return parse_message(topic, payload, mappings.get(topic, recognised)).power_w

    return parse
