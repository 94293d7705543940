"""Describe keepcool's rooms, people and home to Home Assistant's MQTT discovery. Pure.

One device for the home, one for each room, one for each person, all reached over the home.
What a state topic does not know is `null` there and "unknown" in Home Assistant. No entity expires
by itself: keepcool says when a value is too old, and the status topic when keepcool is gone.

Source: Home Assistant's MQTT documentation, "Device discovery payload"; works from 2024.12 on.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from integrations.messages import Announcement
from policies.alert import HeatLevel
from policies.model import Flag, Person, Room, WarningLevel

_DIAGNOSTIC, _CONFIG = "diagnostic", "config"


class HomeTopics(Protocol):
    """Name the topics of a home."""

    @property
    def status(self) -> str:
        """Say whether keepcool runs."""
        ...

    @property
    def home_state(self) -> str:
        """Carry the home's state."""
        ...

    @property
    def home_check(self) -> str:
        """Hear that a check is wanted."""
        ...

    @property
    def home_check_result(self) -> str:
        """Carry what the last check found."""
        ...

    @property
    def home_holiday(self) -> str:
        """Hear whether the home is empty for days."""
        ...

    def room_state(self, room_id: str) -> str:
        """Carry a room's state."""
        ...

    def room_cooling(self, room_id: str) -> str:
        """Hear whether a room is cooled automatically."""
        ...

    def person_state(self, person_id: str) -> str:
        """Carry a person's state."""
        ...

    def person_drink(self, person_id: str) -> str:
        """Hear a drink."""
        ...

    def person_snooze(self, person_id: str) -> str:
        """Hear a wish for peace."""
        ...

    def person_out(self, person_id: str) -> str:
        """Hear that a person goes out or is back."""
        ...

    def person_alert(self, person_id: str) -> str:
        """Tell of alerts."""
        ...

    def person_test_second_road(self, person_id: str) -> str:
        """Hear that a test alert by the second road is wanted."""
        ...

    def person_test_alert(self, person_id: str) -> str:
        """Hear that a test alert is wanted."""
        ...


@dataclass(frozen=True, slots=True)
class Household:
    """Hold what is announced, under which prefix; `names` are the entities' names by kind and key.

    Without a prefix nothing is announced, and what was is taken back.
    """

    home_id: str
    home_name: str
    rooms: tuple[Room, ...]
    people: tuple[Person, ...]
    topics: HomeTopics
    names: Mapping[str, str]
    version: str
    prefix: str | None
    motion_rooms: frozenset[str] = frozenset()  # rooms with a motion sensor
    presence_people: frozenset[str] = frozenset()  # people whose presence an entity tells
    has_official_warnings: bool = False


@dataclass(frozen=True, slots=True)
class Entity:
    """Describe one entity of a device; `options` are Home Assistant's own words."""

    key: str
    platform: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Device:
    """Describe one device; `kind` is home, room or person, `subject` the room's or person's id."""

    kind: str
    subject: str
    name: str
    model: str
    entities: tuple[Entity, ...]
    more: Mapping[str, Any] = field(default_factory=dict)

    def id_in(self, home_id: str) -> str:
        """Return the id that stays the same over restarts and new names."""
        own = f"_{self.kind}_{self.subject}" if self.subject else ""
        return f"keepcool_{home_id}{own}"

    def entity_name(self, entity: Entity) -> str:
        """Return the last part of the entity id that is proposed."""
        return re.sub(r"[^a-z0-9]+", "_", f"keepcool_{self.subject}_{entity.key}")


def birth_topic(prefix: str) -> str:
    """Return the topic on which Home Assistant says that it started."""
    return f"{prefix}/status"


def devices(household: Household) -> Iterator[Device]:
    """Yield the home, every room and every person, in this order."""
    home = tuple(_home_entities(household))
    yield Device("home", "", "keepcool", household.home_name, home)
    for room in household.rooms:
        entities = tuple(_room_entities(room, household))
        more = {"suggested_area": room.name}
        yield Device("room", room.room_id, room.name, "Room", entities, more)
    for person in household.people:
        entities = tuple(_person_entities(person, household))
        yield Device("person", person.person_id, person.name, "Person", entities)


def announcements(
    household: Household, known: Mapping[str, Mapping[str, str]]
) -> Iterator[Announcement]:
    """Yield what is to be published, retained: every device, and what takes back those now gone.

    Args:
        household: the home as it is.
        known: platform by entity key, by topic, of everything announced before.
    """
    present: set[str] = set()
    if household.prefix is not None:
        taken: Counter[str] = Counter()
        via = f"keepcool_{household.home_id}"
        for device in devices(household):
            device_id = device.id_in(household.home_id)
            topic = f"{household.prefix}/device/{device_id}/config"
            present.add(topic)
            components = {
                entity.key: _component(household, device, entity, taken)
                for entity in device.entities
            }
            platforms = {entity.key: entity.platform for entity in device.entities}
            for key, platform in known.get(topic, {}).items():
                components.setdefault(key, {"platform": platform})  # alone it removes the entity
            payload = {
                "device": {
                    "identifiers": [device_id],
                    "name": device.name,
                    "manufacturer": "keepcool",
                    "model": device.model,
                    "sw_version": household.version,
                    **({"via_device": via} if device.subject else {}),
                    **device.more,
                },
                "origin": {"name": "keepcool", "sw_version": household.version},
                "availability": [{"topic": household.topics.status}],
                "qos": 1,
                "components": components,
            }
            text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
            yield Announcement(topic, text, platforms)
    for topic in known:
        if topic not in present:
            yield Announcement(topic, "", {})


def _component(
    household: Household, device: Device, entity: Entity, taken: Counter[str]
) -> dict[str, Any]:
    proposed = device.entity_name(entity)
    taken[f"{entity.platform}.{proposed}"] += 1
    count = taken[f"{entity.platform}.{proposed}"]
    if count > 1:  # rooms "a-b" and "a_b"; Home Assistant would choose as arbitrarily
        proposed = f"{proposed}_{count}"
    return {
        "platform": entity.platform,
        "name": household.names[f"{device.kind}.{entity.key}"],
        "unique_id": f"{device.id_in(household.home_id)}.{entity.key}",
        "object_id": proposed,  # read until 2026.4
        "default_entity_id": f"{entity.platform}.{proposed}",  # read from 2025.10 on
        **entity.options,
    }


# ----------------------------------------------------------------- rooms


def _room_entities(room: Room, household: Household) -> Iterator[Entity]:
    topics = household.topics
    sensor, binary = _on_topic(topics.room_state(room.room_id))
    yield sensor("heat_level", _heat_level("heat_level"), attributes=_ROOM_ATTRIBUTES)
    yield sensor("feels_like", _temperature("effective_temperature_c"))
    yield sensor("temperature", _temperature("temperature_c"))
    humidity = _measured("relative_humidity_pct", "humidity", "%")
    yield sensor("humidity", humidity | {"suggested_display_precision": 0})
    yield sensor("expected_heat_level", _heat_level("expected_heat_level"))
    yield sensor("expected_at", _timestamp("expected_at"))
    hot = {"value_template": _flag("is_expected_too_hot"), "device_class": "heat"}
    yield binary("too_hot_expected", hot)
    yield sensor("limit", _temperature("limit_c") | {"entity_category": _DIAGNOSTIC})
    reason = {"value_template": "{{ value_json.reason[:255] }}"}  # no state may be longer
    yield sensor("reason", reason | {"icon": "mdi:comment-text", "entity_category": _DIAGNOSTIC})
    unseen = "{{ {'fresh': 'OFF', 'stale': 'ON'}.get(value_json.freshness, 'None') }}"
    problem = {"value_template": unseen, "device_class": "problem"}
    yield binary("unseen", problem | {"entity_category": _DIAGNOSTIC})
    if room.room_id in household.motion_rooms:
        seen = {"value_template": _flag("motion"), "device_class": "occupancy"}
        yield binary("motion", seen)
    if room.devices:
        template = _flag("is_cooling_automatic")
        look = {"icon": "mdi:air-conditioner", "entity_category": _CONFIG}
        state, command = topics.room_state(room.room_id), topics.room_cooling(room.room_id)
        yield _switch("automatic_cooling", state, command, template, look)


# ----------------------------------------------------------------- people


def _person_entities(person: Person, household: Household) -> Iterator[Entity]:
    topics, person_id = household.topics, person.person_id
    state = topics.person_state(person_id)
    sensor, binary = _on_topic(state)
    yield sensor("heat_level", _heat_level("heat_level"))
    # No volume for someone whose fluids are restricted, and no goal where none may be named.
    if Flag.FLUID_RESTRICTED not in person.flags:
        today = {"state_class": "total_increasing", "icon": "mdi:cup-water"}
        yield sensor("drinks_today", _volume("drinks_today_ml") | today)
        if Flag.FLUID_OR_SALT_LOSS not in person.flags or person.drinks_goal_ml is not None:
            yield sensor("drinks_goal", _volume("drinks_goal_ml") | {"icon": "mdi:bullseye"})
        yield sensor("next_drink", _timestamp("next_drink_at"))
    yield _button("drink", topics.person_drink(person_id), {"icon": "mdi:cup-water"})
    snooze, out = topics.person_snooze(person_id), topics.person_out(person_id)
    snoozed = "{{ 'ON' if value_json.snoozed_until else 'OFF' }}"
    yield _switch("snooze", state, snooze, snoozed, {"icon": "mdi:bell-sleep"})
    yield sensor("snoozed_until", _timestamp("snoozed_until"))
    yield _switch("out", state, out, _flag("is_out"), {"icon": "mdi:home-export-outline"})
    yield sensor("out_until", _timestamp("out_until"))
    if person_id in household.presence_people:
        at_home = {"value_template": _flag("is_at_home"), "device_class": "presence"}
        yield binary("at_home", at_home)
    alert: dict[str, Any] = {
        "state_topic": topics.person_alert(person_id),
        "event_types": ["raised", "critical", "resolved"],
        "icon": "mdi:bell-ring",
    }
    yield Entity("alert", "event", alert)
    if person.phones:
        test = {"icon": "mdi:bell-check", "entity_category": _DIAGNOSTIC}
        yield _button("test_alert", topics.person_test_alert(person_id), test)
    if person.second_roads:
        test = {"icon": "mdi:bell-plus", "entity_category": _DIAGNOSTIC}
        yield _button("test_second_road", topics.person_test_second_road(person_id), test)


# ----------------------------------------------------------------- the home


def _home_entities(household: Household) -> Iterator[Entity]:
    topics = household.topics
    running: dict[str, Any] = {
        "state_topic": topics.status,
        "payload_on": "online",
        "payload_off": "offline",
        "device_class": "connectivity",
        "entity_category": _DIAGNOSTIC,
        "availability": [],  # it says that keepcool is gone, so it stays when keepcool goes
    }
    yield Entity("running", "binary_sensor", running)
    sensor, binary = _on_topic(topics.home_state)
    trouble = {
        "value_template": "{{ 'ON' if value_json.trouble else 'OFF' }}",
        "device_class": "problem",
    }
    yield binary("trouble", trouble, attributes=_TROUBLE_ATTRIBUTES)
    alerts = {"value_template": "{{ value_json.alerts | count }}", "state_class": "measurement"}
    alerts |= {"icon": "mdi:bell-alert"}
    yield sensor("alerts", alerts, attributes="{{ {'tags': value_json.alerts[:20]} | tojson }}")
    holiday = {"icon": "mdi:bag-suitcase"}
    yield _switch("holiday", topics.home_state, topics.home_holiday, _flag("holiday"), holiday)
    yield sensor("holiday_until", _timestamp("holiday_until"))
    diagnostic = {"entity_category": _DIAGNOSTIC}
    if household.has_official_warnings:
        levels = ["none", *(level.name.lower() for level in WarningLevel)]
        warning = _enum("official_warning", levels, "mdi:sun-thermometer-outline")
        told = "{{ {'warnings': value_json.official_warnings[:5]} | tojson }}"
        yield sensor("official_warning", warning, attributes=told)
    source = {"value_template": _value("forecast_source"), "icon": "mdi:weather-partly-cloudy"}
    yield sensor("forecast_source", source | diagnostic)
    yield sensor("forecast_at", _timestamp("forecast_fetched_at") | diagnostic)
    down = {"value_template": "{{ 'ON' if value_json.roads_down else 'OFF' }}"}
    down |= {"device_class": "problem"}
    roads = "{{ {'roads': value_json.roads_down[:20]} | tojson }}"
    yield binary("road_down", down | diagnostic, attributes=roads)
    waiting = {"value_template": _value("outbox_waiting"), "state_class": "measurement"}
    yield sensor("messages_waiting", waiting | {"icon": "mdi:tray-full"} | diagnostic)
    version = {"value_template": _value("version"), "icon": "mdi:tag"}
    yield sensor("version", version | diagnostic)
    yield _button("check", topics.home_check, {"icon": "mdi:stethoscope"} | diagnostic)
    sensor, _ = _on_topic(topics.home_check_result)
    result = _enum("result", ["ok", "warning", "red"], "mdi:clipboard-check")
    yield sensor("check_result", result | diagnostic, attributes=_CHECK_ATTRIBUTES)
    yield sensor("checked_at", _timestamp("at") | diagnostic)


# ----------------------------------------------------------------- parts of entities

_ROOM_ATTRIBUTES = (
    "{{ {'level': value_json.level, 'freshness': value_json.freshness,"
    " 'limit_c': value_json.limit_c, 'expected_level': value_json.expected_level,"
    " 'expected_at': value_json.expected_at} | tojson }}"
)
_TROUBLE_ATTRIBUTES = (  # the recorder drops what is over 16 KiB
    "{{ {'texts': value_json.trouble[:20], 'count': value_json.trouble | count} | tojson }}"
)
_CHECK_ATTRIBUTES = (
    "{{ {'rows': value_json.rows, 'rows_left_out': value_json.rows_left_out,"
    " 'error': value_json.error} | tojson }}"
)
Build = Callable[..., Entity]


def _on_topic(topic: str) -> tuple[Build, Build]:
    """Return what builds sensors, and binary sensors, that read one JSON topic."""

    def build(
        platform: str, key: str, options: Mapping[str, Any], attributes: str | None = None
    ) -> Entity:
        more: dict[str, Any] = {}
        if attributes is not None:
            more = {"json_attributes_topic": topic, "json_attributes_template": attributes}
        return Entity(key, platform, {"state_topic": topic, **options, **more})

    def sensor(key: str, options: Mapping[str, Any], attributes: str | None = None) -> Entity:
        return build("sensor", key, options, attributes)

    def binary(key: str, options: Mapping[str, Any], attributes: str | None = None) -> Entity:
        return build("binary_sensor", key, options, attributes)

    return sensor, binary


def _button(key: str, topic: str, options: Mapping[str, Any]) -> Entity:
    return Entity(key, "button", {"command_topic": topic, "payload_press": "PRESS", **options})


def _switch(
    key: str, state: str, command: str, template: str, options: Mapping[str, Any]
) -> Entity:
    topics = {"state_topic": state, "value_template": template, "command_topic": command}
    return Entity(key, "switch", {**topics, **options})


def _value(name: str) -> str:
    return "{{ value_json." + name + " }}"


def _flag(name: str) -> str:
    value = f"value_json.{name}"
    return "{{ 'None' if " + value + " is none else 'ON' if " + value + " else 'OFF' }}"


def _enum(name: str, options: list[str], icon: str) -> dict[str, Any]:
    return {
        "value_template": _value(name),
        "device_class": "enum",
        "options": options,
        "icon": icon,
    }


def _heat_level(name: str) -> dict[str, Any]:
    return _enum(name, [level.word for level in HeatLevel], "mdi:thermometer-alert")


def _temperature(name: str) -> dict[str, Any]:
    return _measured(name, "temperature", "°C") | {"suggested_display_precision": 1}


def _measured(name: str, device_class: str, unit: str) -> dict[str, Any]:
    return {
        "value_template": _value(name),
        "device_class": device_class,
        "unit_of_measurement": unit,
        "state_class": "measurement",
    }


def _volume(name: str) -> dict[str, Any]:
    unit = {"device_class": "volume", "unit_of_measurement": "mL"}
    return {"value_template": _value(name), "suggested_display_precision": 0, **unit}


def _timestamp(name: str) -> dict[str, Any]:
    return {"value_template": _value(name), "device_class": "timestamp"}
