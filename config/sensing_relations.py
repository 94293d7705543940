"""Check what the keys of sensors, motion and presence say together: one road each, none twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from config.fields import slug_of
from config.lines import KeyPath
from config.table import Located, tables_at, text_at

Found = tuple[KeyPath, str, str]  # where, what is wrong, what to do

_NEEDS_HOME_ASSISTANT = "needs [home_assistant]: entities are read from it"
_ADD_HOME_ASSISTANT = 'add [home_assistant] with url = "http://homeassistant.local:8123"'
# What says how to read a topic; an entity tells its unit itself.
_ABOUT_TOPICS = (
    "humidity_topic",
    "availability_topic",
    "temperature_path",
    "humidity_path",
    "unit",
    "match",
    "quantity",
)
_EXAMPLES = {
    "sensor": 'topic = "zigbee2mqtt/bedroom" or entity = "sensor.bedroom_temperature"',
    "motion": 'topic = "zigbee2mqtt/bedroom_motion" or entity = "binary_sensor.bedroom_motion"',
}


def sensing_problems(
    document: Mapping[str, Any], where: Callable[[KeyPath], str]
) -> Iterator[Found]:
    """Yield what is wrong with the roads of sensors, motion and presence.

    Args:
        document: the plain document.
        where: tells the file and line of a key.
    """
    sensors = list(_inside_rooms(document, "sensor"))
    motions = list(_inside_rooms(document, "motion"))
    for kind, tables in (("sensor", sensors), ("motion", motions)):
        for path, table in tables:
            yield from _road(kind, path, table)
    yield from _duplicate_sensors(sensors, where)
    yield from _duplicate_motion(motions, where)
    yield from _duplicate_presence(document, where)
    if "home_assistant" not in document:
        yield from _without_home_assistant(document, [*sensors, *motions])


def sensor_id(sensor: Mapping[str, Any]) -> str:
    """Return a sensor's id, made from its topic or entity when none is given."""
    road = text_at(sensor, "topic") or text_at(sensor, "entity")
    return text_at(sensor, "id") or slug_of(road)


def are_same_sensor(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two tables describe one sensor's value."""
    return _identity(one) == _identity(other)


def _identity(sensor: Mapping[str, Any]) -> str:
    """Return what makes a sensor's value its own."""
    keys = ("topic", "match", "temperature_path", "humidity_path", "quantity", "entity")
    return repr([sensor.get(key) for key in keys])


def _inside_rooms(document: Mapping[str, Any], key: str) -> Iterator[Located]:
    for path, room in tables_at(document, (), "room"):
        yield from tables_at(room, path, key)


def _road(kind: str, path: KeyPath, table: Mapping[str, Any]) -> Iterator[Found]:
    """Find a sensor on no road or on two, and keys that belong to the other road."""
    if "topic" not in table and "entity" not in table:
        yield (*path, "topic"), "is missing", f"for example {_EXAMPLES[kind]}"
    elif "topic" in table and "entity" in table:
        fix = "take one out: keepcool hears it by its topic or reads it from Home Assistant"
        yield (*path, "entity"), "stands beside a topic", fix
    elif "entity" in table:
        for key in _ABOUT_TOPICS:
            if key in table:
                fix = "take it out: Home Assistant tells an entity's value with its unit"
                yield (*path, key), "is for topics, and this sensor is an entity", fix
    if "humidity_entity" in table and "entity" not in table:
        fix = "name the temperature's entity, or use humidity_topic"
        yield (*path, "humidity_entity"), "stands without entity", fix


def _duplicate_sensors(sensors: list[Located], where: Callable[[KeyPath], str]) -> Iterator[Found]:
    """Find sensors whose value would count twice in a median."""
    seen: dict[str, KeyPath] = {}
    entities: dict[str, KeyPath] = {}
    for path, sensor in sensors:
        identity = _identity(sensor)
        topic = text_at(sensor, "topic")
        if topic and text_at(sensor, "humidity_topic") == topic:
            fix = "take it out: one topic may bring both"
            yield (*path, "humidity_topic"), "is the same as topic", fix
        if topic and identity in seen:
            what = f"another sensor has this topic ({where((*seen[identity], 'topic'))})"
            fix = "take one out, or tell them apart by match, temperature_path or quantity"
            yield (*path, "topic"), what, fix
        seen.setdefault(identity, path)
        for key in ("entity", "humidity_entity"):
            yield from _again((*path, key), text_at(sensor, key), entities, where)


def _duplicate_motion(motions: list[Located], where: Callable[[KeyPath], str]) -> Iterator[Found]:
    """Find a motion sensor that would put people into two rooms at once."""
    seen: dict[str, KeyPath] = {}
    for path, motion in motions:
        for key in ("topic", "entity"):
            yield from _again((*path, key), text_at(motion, key), seen, where)


def _duplicate_presence(
    document: Mapping[str, Any], where: Callable[[KeyPath], str]
) -> Iterator[Found]:
    """Find two people who would always be at home together."""
    seen: dict[str, KeyPath] = {}
    for path, person in tables_at(document, (), "person"):
        key = "presence_entity"
        yield from _again((*path, key), text_at(person, key), seen, where)


def _again(
    path: KeyPath, name: str, seen: dict[str, KeyPath], where: Callable[[KeyPath], str]
) -> Iterator[Found]:
    if name and name in seen:
        yield path, f"is used already ({where(seen[name])})", "keep it where it belongs"
    elif name:
        seen[name] = path


def _without_home_assistant(document: Mapping[str, Any], tables: list[Located]) -> Iterator[Found]:
    """Find entities without the Home Assistant that tells them."""
    for path, person in tables_at(document, (), "person"):
        if "presence_entity" in person:
            yield (*path, "presence_entity"), _NEEDS_HOME_ASSISTANT, _ADD_HOME_ASSISTANT
    for path, table in tables:
        if "entity" in table:
            yield (*path, "entity"), _NEEDS_HOME_ASSISTANT, _ADD_HOME_ASSISTANT
