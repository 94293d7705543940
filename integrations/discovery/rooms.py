"""Describe what a room shows: how warm it is, what is expected, and its cooling."""

from __future__ import annotations

from collections.abc import Iterator

from integrations.discovery.household import Household
from integrations.discovery.parts import (
    CONFIG,
    DIAGNOSTIC,
    Entity,
    choice,
    flag,
    heat_level,
    measured,
    on_topic,
    switch,
    temperature,
    timestamp,
    value,
)
from policies.model import CoolingDevice, DeviceControl, Room

_ROOM_ATTRIBUTES = (
    "{{ {'level': value_json.level, 'freshness': value_json.freshness,"
    " 'limit_c': value_json.limit_c, 'expected_level': value_json.expected_level,"
    " 'expected_at': value_json.expected_at} | tojson }}"
)
_DEVICE_ATTRIBUTES = (
    "{{ ({'device': value_json.name, 'left_alone_until': value_json.left_alone_until,"
    " 'plan': value_json.plan} if value_json is defined else {}) | tojson }}"
)
# No state class: what is foretold is no measurement to keep statistics of.
_FORETOLD_C = {
    "device_class": "temperature",
    "unit_of_measurement": "°C",
    "suggested_display_precision": 0,
}
# In basic mode the topic is emptied, and nothing is known.
_CONTROL = "{{ value_json.control if value_json is defined else 'None' }}"


def room_entities(room: Room, household: Household) -> Iterator[Entity]:
    """Yield a room's entities, in the order of its page."""
    topics = household.topics
    sensor, binary = on_topic(topics.room_state(room.room_id))
    yield sensor("heat_level", heat_level("heat_level"), attributes=_ROOM_ATTRIBUTES)
    yield sensor("feels_like", temperature("effective_temperature_c"))
    yield sensor("temperature", temperature("temperature_c"))
    humidity = measured("relative_humidity_pct", "humidity", "%")
    yield sensor("humidity", humidity | {"suggested_display_precision": 0})
    yield sensor("expected_heat_level", heat_level("expected_heat_level"))
    yield sensor("expected_at", timestamp("expected_at"))
    hot = {"value_template": flag("is_expected_too_hot"), "device_class": "heat"}
    yield binary("too_hot_expected", hot)
    attributes = {
        "json_attributes_topic": topics.room_forecast(room.room_id),
        "json_attributes_template": "{{ value_json | tojson }}",
    }
    peak = {"value_template": value("expected_maximum_c"), **_FORETOLD_C, **attributes}
    yield sensor("expected_maximum", peak)
    yield sensor("expected_maximum_at", timestamp("expected_maximum_at"))
    for key, icon in (("open", "mdi:window-open"), ("close", "mdi:window-closed")):
        name = f"{key}_windows_at"
        yield sensor(name, timestamp(name) | {"icon": icon})
    if room.room_id in household.picture_rooms:
        image = {"image_topic": topics.room_picture(room.room_id), "content_type": "image/png"}
        image["icon"] = "mdi:chart-line"
        yield Entity("next_24_hours", "image", image)
    yield sensor("limit", temperature("limit_c") | {"entity_category": DIAGNOSTIC})
    reason = {"value_template": "{{ value_json.reason[:255] }}"}  # no state may be longer
    yield sensor("reason", reason | {"icon": "mdi:comment-text", "entity_category": DIAGNOSTIC})
    unseen = "{{ {'fresh': 'OFF', 'stale': 'ON'}.get(value_json.freshness, 'None') }}"
    problem = {"value_template": unseen, "device_class": "problem"}
    yield binary("unseen", problem | {"entity_category": DIAGNOSTIC})
    if room.room_id in household.motion_rooms:
        seen = {"value_template": flag("motion"), "device_class": "occupancy"}
        yield binary("motion", seen)
    if room.devices:
        template = flag("is_cooling_automatic")
        look = {"icon": "mdi:air-conditioner", "entity_category": CONFIG}
        state, command = topics.room_state(room.room_id), topics.room_cooling(room.room_id)
        yield switch("automatic_cooling", state, command, template, look)
    for device in room.devices:
        yield _control(device, topics.device_state(device.device_id))


def _control(device: CoolingDevice, topic: str) -> Entity:
    """Say what keepcool does with a device, and until when it leaves it to who changed it."""
    words = [control.value for control in DeviceControl]
    options = {
        **choice("control", words, "mdi:hand-back-right-outline"),
        "state_topic": topic,
        "value_template": _CONTROL,
        "json_attributes_topic": topic,
        "json_attributes_template": _DEVICE_ATTRIBUTES,
    }
    key = f"{device.device_id}_control"
    return Entity(key, "sensor", options, text="device_control", about=device.name)
