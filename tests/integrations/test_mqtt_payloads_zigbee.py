"""Zigbee2MQTT: states, partial updates, plugs, availability, and what the bridge says of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.mqtt_payloads import PayloadMapping
from policies.model import SensorMessage
from tests.integrations.payload_cases import (
    COLUMNS,
    OFFLINE,
    ONLINE,
    SILENT,
    assert_says,
    heard,
    refused,
    row,
)

ROOM = "zigbee2mqtt/bedroom"
NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)

STATES = [
    row(
        "full state of 2.x with nulls elsewhere",
        ROOM,
        {
            "battery": 71.5,
            "humidity": 48.2,
            "last_seen": "2025-07-01T14:00:00+02:00",
            "linkquality": 120,
            "temperature": 24.91,
            "update": {"installed_version": 1, "latest_version": 1, "state": "idle"},
            "voltage": None,
        },
        heard(24.91, 48.2, battery_pct=71.5, measured_at=NOON),
    ),
    row(
        "last seen in milliseconds",
        ROOM,
        {"temperature": 26, "linkquality": 5, "last_seen": 1751371200000},
        heard(26.0, measured_at=NOON),
    ),
    row(
        "last seen as UTC text",
        ROOM,
        {"temperature": 26, "last_seen": "2025-07-01T12:00:00.000Z"},
        heard(26.0, measured_at=NOON),
    ),
    row("only humidity changed", ROOM, {"humidity": 61.0, "linkquality": 3}, heard(None, 61.0)),
    row("only link quality", ROOM, {"linkquality": 83}, SILENT),
    row("only battery", ROOM, {"battery": 12, "linkquality": 83}, SensorMessage(battery_pct=12.0)),
    row(
        "not measured since the restart",
        ROOM,
        {"temperature": None, "humidity": None, "linkquality": 83},
        refused("non_numeric"),
    ),
    row(
        "battery low flag",
        ROOM,
        {"temperature": 22.1, "battery_low": True},
        heard(22.1, is_battery_low=True),
    ),
    row(
        "screen set to Fahrenheit but the number is Celsius",
        ROOM,
        {"temperature": 22.5, "temperature_unit": "fahrenheit", "linkquality": 70},
        heard(22.5),
    ),
    row(
        "radiator thermostat with setpoint",
        ROOM,
        {"local_temperature": 21.5, "current_heating_setpoint": 19, "linkquality": 90},
        heard(21.5),
    ),
    row(
        "motion sensor's chip",
        ROOM,
        {"device_temperature": 29, "illuminance": 20, "occupancy": False},
        refused("chip_temperature"),
    ),
    row("plug", ROOM, {"state": "ON", "power": 812.5, "linkquality": 90}, heard(power_w=812.5)),
    row("plug without a reading yet", ROOM, {"state": "OFF", "power": None}, SILENT),
    row(
        "sentinels of an empty battery",
        ROOM,
        {"temperature": -100, "humidity": 654.36, "battery": 3},
        refused("out_of_range", battery_pct=3.0),
    ),
    row("friendly name with slashes", "zigbee2mqtt/up/north", {"temperature": 20}, heard(20.0)),
    row("other base topic", "z2m-cellar/north", {"temperature": 20}, heard(20.0)),
]

OTHER_TOPICS = [
    row("availability as an object", f"{ROOM}/availability", {"state": "offline"}, OFFLINE),
    row("availability as a word", f"{ROOM}/availability", "online", ONLINE),
    row(
        "availability of a sensor with a path",
        f"{ROOM}/availability",
        {"state": "offline"},
        OFFLINE,
        PayloadMapping(temperature_path="temperature", quantity="temperature"),
    ),
    row("bridge online", "zigbee2mqtt/bridge/state", {"state": "online"}, ONLINE),
    row("bridge offline in 1.x", "zigbee2mqtt/bridge/state", "offline", OFFLINE),
    row("bridge about its devices", "zigbee2mqtt/bridge/devices", [{"a": 1}], SILENT),
    row("bridge log", "zigbee2mqtt/bridge/logging", {"level": "info", "temperature": 1}, SILENT),
    row("command to a device", f"{ROOM}/set", {"temperature": 30}, SILENT),
    row("attribute output", f"{ROOM}/temperature", "23.75", heard(23.75)),
    row("attribute that is no measurement", f"{ROOM}/linkquality", "97", SILENT),
    row("attribute nobody knows", f"{ROOM}/child_lock", "LOCK", SILENT),
    row("attribute battery", f"{ROOM}/battery", "64", SensorMessage(battery_pct=64.0)),
]


@pytest.mark.parametrize(COLUMNS, STATES)
def test_state(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """A device's state gives its measurements, its battery and when it was heard."""
    assert_says(topic, text, mapping, expected)


@pytest.mark.parametrize(COLUMNS, OTHER_TOPICS)
def test_other_topic(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """Availability is read in both forms; commands and bridge talk are never readings."""
    assert_says(topic, text, mapping, expected)
