"""Describe what the home shows: trouble, weather, roads, checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.discovery.household import Household
from integrations.discovery.parts import (
    DIAGNOSTIC,
    Entity,
    button,
    choice,
    flag,
    on_topic,
    switch,
    temperature,
    timestamp,
    value,
)
from policies.model import WarningLevel

_TROUBLE_ATTRIBUTES = (  # the recorder drops what is over 16 KiB
    "{{ {'texts': value_json.trouble[:20], 'count': value_json.trouble | count} | tojson }}"
)
_CHECK_ATTRIBUTES = (
    "{{ {'rows': value_json.rows, 'rows_left_out': value_json.rows_left_out,"
    " 'error': value_json.error} | tojson }}"
)


def home_entities(household: Household) -> Iterator[Entity]:
    """Yield the home's entities, in the order of its page."""
    topics = household.topics
    running: dict[str, Any] = {
        "state_topic": topics.status,
        "payload_on": "online",
        "payload_off": "offline",
        "device_class": "connectivity",
        "entity_category": DIAGNOSTIC,
        "availability": [],  # it says that keepcool is gone, so it stays when keepcool goes
    }
    yield Entity("running", "binary_sensor", running)
    sensor, binary = on_topic(topics.home_state)
    trouble = {"value_template": "{{ 'ON' if value_json.trouble else 'OFF' }}"}
    trouble |= {"device_class": "problem"}
    yield binary("trouble", trouble, attributes=_TROUBLE_ATTRIBUTES)
    alerts = {"value_template": "{{ value_json.alerts | count }}", "state_class": "measurement"}
    alerts |= {"icon": "mdi:bell-alert"}
    yield sensor("alerts", alerts, attributes="{{ {'tags': value_json.alerts[:20]} | tojson }}")
    holiday = {"icon": "mdi:bag-suitcase"}
    yield switch("holiday", topics.home_state, topics.home_holiday, flag("holiday"), holiday)
    yield sensor("holiday_until", timestamp("holiday_until"))
    diagnostic = {"entity_category": DIAGNOSTIC}
    if household.has_official_warnings:
        levels = ["none", *(level.name.lower() for level in WarningLevel)]
        warning = choice("official_warning", levels, "mdi:sun-thermometer-outline")
        told = "{{ {'warnings': value_json.official_warnings[:5]} | tojson }}"
        yield sensor("official_warning", warning, attributes=told)
    source = {"value_template": value("forecast_source"), "icon": "mdi:weather-partly-cloudy"}
    yield sensor("hottest_outdoors", temperature("hottest_outdoors_c"))
    yield sensor("hottest_at", timestamp("hottest_outdoors_at"))
    yield sensor("forecast_source", source | diagnostic)
    yield sensor("forecast_at", timestamp("forecast_fetched_at") | diagnostic)
    down = {"value_template": "{{ 'ON' if value_json.roads_down else 'OFF' }}"}
    down |= {"device_class": "problem"}
    roads = "{{ {'roads': value_json.roads_down[:20]} | tojson }}"
    yield binary("road_down", down | diagnostic, attributes=roads)
    unheard = {"value_template": "{{ 'ON' if value_json.unheard else 'OFF' }}"}
    unheard |= {"device_class": "problem"}  # for the household's own lights and speakers
    tags = "{{ {'tags': value_json.unheard[:20]} | tojson }}"
    yield binary("unheard", unheard, attributes=tags)
    waiting = {"value_template": value("outbox_waiting"), "state_class": "measurement"}
    yield sensor("messages_waiting", waiting | {"icon": "mdi:tray-full"} | diagnostic)
    version = {"value_template": value("version"), "icon": "mdi:tag"}
    yield sensor("version", version | diagnostic)
    yield button("check", topics.home_check, {"icon": "mdi:stethoscope"} | diagnostic)
    sensor, _ = on_topic(topics.home_check_result)
    result = choice("result", ["ok", "warning", "red"], "mdi:clipboard-check")
    yield sensor("check_result", result | diagnostic, attributes=_CHECK_ATTRIBUTES)
    yield sensor("checked_at", timestamp("at") | diagnostic)
