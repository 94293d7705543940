"""Radio and Bluetooth gateways: rtl_433, Theengs, OpenMQTTGateway, Ruuvi."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.mqtt_payloads import PayloadMapping
from policies.model import SensorMessage
from tests.integrations.payload_cases import (
    COLUMNS,
    OFFLINE,
    SILENT,
    assert_says,
    heard,
    refused,
    row,
)

EVENTS = "rtl_433/attic/events"
DEVICES = "rtl_433/attic/devices/Nexus-TH/1/45"
BLE = "home/OpenMQTTGateway/BTtoMQTT/A4C138AABBCC"
NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)

RTL_433 = [
    row(
        "LaCrosse",
        EVENTS,
        {
            "time": "2025-07-01 12:00:00",
            "model": "LaCrosse-TX141THBv2",
            "id": 23,
            "channel": 0,
            "battery_ok": 1,
            "temperature_C": 26.6,
            "humidity": 51,
            "test": "No",
        },
        heard(26.6, 51.0, is_battery_low=False),
    ),
    row(
        "Nexus with an empty battery",
        EVENTS,
        {
            "time": "2025-07-01T14:00:00+0200",
            "model": "Nexus-TH",
            "id": 45,
            "battery_ok": 0,
            "temperature_C": 27.1,
            "humidity": 40,
        },
        heard(27.1, 40.0, is_battery_low=True, measured_at=NOON),
    ),
    row(
        "Acurite in Fahrenheit",
        EVENTS,
        {"time": "1751371200", "model": "Acurite-Tower", "id": 5, "temperature_F": 77.0},
        heard(25.0, measured_at=NOON),
    ),
    row(
        "Fineoffset without humidity",
        EVENTS,
        {"model": "Fineoffset-WN34", "id": 1, "battery_ok": 0.8, "temperature_C": -4.3},
        heard(-4.3, is_battery_low=False),
    ),
    row(
        "old battery words",
        EVENTS,
        {"time": "x", "model": "Prologue", "battery": "LOW", "temperature_C": 20.0},
        heard(20.0, is_battery_low=True),
    ),
    row(
        "old battery number says nothing",
        EVENTS,
        {"time": "x", "model": "Acurite tower sensor", "battery": 0, "temperature_C": 20.0},
        heard(20.0),
    ),
    row(
        "tyre of a passing car",
        EVENTS,
        {"time": "x", "model": "Toyota", "type": "TPMS", "temperature_C": 35.0},
        refused("not_a_room_sensor"),
    ),
    row(
        "humidity overflow",
        EVENTS,
        {"model": "Nexus-TH", "temperature_C": 21.0, "humidity": 127},
        heard(21.0, rejected="out_of_range"),
    ),
    row(
        "ours among the neighbours'",
        EVENTS,
        {"model": "Nexus-TH", "id": 45, "temperature_C": 21},
        heard(21.0),
        PayloadMapping(match={"model": "Nexus-TH", "id": "45"}),
    ),
    row(
        "the neighbours' own",
        EVENTS,
        {"model": "Nexus-TH", "id": 46, "temperature_C": 35},
        SILENT,
        PayloadMapping(match={"model": "Nexus-TH", "id": 45}),
    ),
    row("field topic Celsius", f"{DEVICES}/temperature_C", "26.400", heard(26.4)),
    row("field topic Fahrenheit", f"{DEVICES}/temperature_F", "77", heard(25.0)),
    row("field topic humidity", f"{DEVICES}/humidity", "45", heard(None, 45.0)),
    row("field topic battery", f"{DEVICES}/battery_ok", "0", SensorMessage(is_battery_low=True)),
    row("field topic identity", f"{DEVICES}/id", "45", SILENT),
    row("field topic time", f"{DEVICES}/time", "2025-07-01 12:00:00", SILENT),
    row("receiver gone", "rtl_433/attic/availability", "offline", OFFLINE),
]

BLUETOOTH = [
    row(
        "OpenMQTTGateway",
        BLE,
        {"id": "A4:C1", "rssi": -70, "tempc": 26.9, "tempf": 80.42, "hum": 50.1, "batt": 88},
        heard(26.9, 50.1, battery_pct=88.0),
    ),
    row("OpenMQTTGateway of old", BLE, {"id": "A4", "tem": 26.9, "hum": 50}, heard(26.9, 50.0)),
    row("only Fahrenheit", BLE, {"id": "A4", "tempf": 77.0}, heard(25.0)),
    row("not decoded", BLE, {"id": "A4", "rssi": -70, "servicedata": "5020aa"}, SILENT),
    row(
        "the gateway's own board",
        "home/OpenMQTTGateway/SYStoMQTT",
        {"uptime": 33, "tempc": 53.3, "rssi": -50},
        refused("chip_temperature"),
    ),
    row("the gateway is gone", "home/TheengsGateway/LWT", "offline", OFFLINE),
    row(
        "wired sensor of the gateway",
        "home/OpenMQTTGateway/CLIMAtoMQTT/bme",
        {"tempc": 24.0, "hum": 40, "pa": 100100},
        heard(24.0, 40.0),
    ),
    row(
        "pressed by radio",
        "home/OpenMQTTGateway/RTL_433toMQTT/Nexus-TH/1/45",
        {"model": "Nexus-TH", "temperature_C": 24.0},
        heard(24.0),
    ),
    row(
        "Theengs frame at its minimum",
        "home/TheengsGateway/BTtoMQTT/A4",
        {"model_id": "RuuviTag_RAWv1", "tempc": -127.99, "hum": 0},
        refused("out_of_range"),
    ),
    row(
        "RuuviBridge",
        "ruuvi/bedroom",
        {
            "mac": "DA77",
            "rssi": -60,
            "temperature": 27.44,
            "humidity": 44.2,
            "pressure": 100100,
            "batteryVoltage": 2.9,
            "measurementSequenceNumber": 3,
        },
        heard(27.44, 44.2),
    ),
    row(
        "battery in millivolts",
        "ruuvi/bedroom",
        {"temperature": 27.44, "humidity": 44.2, "battery": 2870},
        heard(27.44, 44.2),
    ),
    row(
        "Ruuvi Gateway decoded",
        "ruuvi/C8:25/DA:77",
        {
            "gw_mac": "C8:25",
            "rssi": -60,
            "ts": "1751371200",
            "data": "0201061B",
            "dataFormat": 5,
            "temperature": 22.4,
            "humidity": 44.1,
        },
        heard(22.4, 44.1, measured_at=NOON),
    ),
    row(
        "Ruuvi Gateway raw",
        "ruuvi/C8:25/DA:77",
        {"gw_mac": "C8:25", "rssi": -60, "ts": "1751371200", "data": "0201061B"},
        SensorMessage(measured_at=NOON),
    ),
    row("Ruuvi Gateway connected", "ruuvi/C8:25/gw_status", {"state": "online"}, SILENT),
]


@pytest.mark.parametrize(COLUMNS, RTL_433)
def test_rtl_433(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """A radio sensor is read by its units; other senders on the shared topic are left alone."""
    assert_says(topic, text, mapping, expected)


@pytest.mark.parametrize(COLUMNS, BLUETOOTH)
def test_bluetooth(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """A Bluetooth sensor is read through its gateway; the gateway's own board is not a room."""
    assert_says(topic, text, mapping, expected)
