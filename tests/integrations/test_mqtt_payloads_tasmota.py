"""Tasmota: one sensor of several, Fahrenheit builds, plugs, chips, bridges."""

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

SENSOR = "tele/tasmota_8F2A/SENSOR"
TIME = {"Time": "2025-07-01T12:00:00"}

SENSORS = [
    row(
        "AM2301 of version 8",
        SENSOR,
        TIME
        | {"AM2301": {"Temperature": 26.4, "Humidity": 51.3, "DewPoint": 15.4}, "TempUnit": "C"},
        heard(26.4, 51.3),
    ),
    row(
        "SI7021 asked with STATUS 8",
        "stat/bath/STATUS8",
        {"StatusSNS": TIME | {"SI7021": {"Temperature": 25.1, "Humidity": 60.2}, "TempUnit": "C"}},
        heard(25.1, 60.2),
    ),
    row(
        "BME280 with pressure",
        SENSOR,
        TIME
        | {
            "BME280": {"Temperature": 24.9, "Humidity": 44.1, "Pressure": 1008.1},
            "PressureUnit": "hPa",
            "TempUnit": "C",
        },
        heard(24.9, 44.1),
    ),
    row(
        "BME680 beside the processor of version 14",
        SENSOR,
        TIME
        | {
            "ESP32": {"Temperature": 53.3},
            "BME680": {"Temperature": 27.0, "Humidity": 40.5, "Gas": 71.3},
            "TempUnit": "C",
        },
        heard(27.0, 40.5),
    ),
    row(
        "bus number in the name",
        SENSOR,
        TIME | {"SHT3X-0x44": {"Temperature": 23.4, "Humidity": 47.9}, "TempUnit": "C"},
        heard(23.4, 47.9),
    ),
    row(
        "SCD40 before BME280 whatever the order",
        SENSOR,
        TIME
        | {
            "BME280": {"Temperature": 28.0, "Humidity": 35.0},
            "SCD40": {"CarbonDioxide": 800, "Temperature": 26.0, "Humidity": 41.0},
        },
        heard(26.0, 41.0),
    ),
    row(
        "humidity before a bare probe",
        SENSOR,
        TIME
        | {
            "DS18B20": {"Id": "01", "Temperature": 31.0},
            "DHT11": {"Temperature": 24.0, "Humidity": 40.0},
        },
        heard(24.0, 40.0),
    ),
    row(
        "first of two probes",
        SENSOR,
        TIME
        | {
            "DS18B20-1": {"Id": "01", "Temperature": 22.1},
            "DS18B20-2": {"Id": "02", "Temperature": 30.0},
            "TempUnit": "C",
        },
        heard(22.1),
    ),
    row(
        "second of two probes by path",
        SENSOR,
        TIME
        | {
            "DS18B20-1": {"Id": "01", "Temperature": 22.1},
            "DS18B20-2": {"Id": "02", "Temperature": 86.0},
            "TempUnit": "F",
        },
        heard(30.0),
        PayloadMapping(temperature_path="DS18B20-2.Temperature"),
    ),
    row(
        "Fahrenheit build",
        SENSOR,
        TIME | {"SHT3X": {"Temperature": 77.0, "Humidity": 50}, "TempUnit": "F"},
        heard(25.0, 50.0),
    ),
    row(
        "probe at its power-on value",
        SENSOR,
        TIME | {"DS18B20": {"Id": "01", "Temperature": 85.0}, "TempUnit": "C"},
        refused("power_on_85"),
    ),
    row(
        "probe disconnected",
        SENSOR,
        TIME | {"DS18B20": {"Id": "01", "Temperature": -127.0}},
        refused("out_of_range"),
    ),
    row(
        "loose probe reads exactly zero",
        SENSOR,
        TIME | {"DS18B20-1": {"Id": "01", "Temperature": 0.0}},
        refused("sensor_missing_zero"),
    ),
    row(
        "frost beside a good sensor is frost",
        SENSOR,
        TIME | {"SHT3X": {"Temperature": 0.0, "Humidity": 91.0}},
        heard(0.0, 91.0),
    ),
    row(
        "sensor does not answer",
        SENSOR,
        TIME | {"AM2301": {"Temperature": None, "Humidity": None}},
        refused("non_numeric"),
    ),
    row(
        "thermistor on the analogue input",
        SENSOR,
        TIME | {"ANALOG": {"Temperature1": 23.9}, "TempUnit": "C"},
        heard(23.9),
    ),
    row(
        "German build",
        SENSOR,
        {"Zeit": "2018.01.03 19:28:30", "SI7021": {"Temperatur": 23.1, "Feuchtigkeit": 37}},
        heard(23.1, 37.0),
    ),
    row(
        "zone given with the time",
        SENSOR,
        {"Time": "2025-07-01T14:00:00+02:00", "Temperature": 25, "Humidity": 44},
        heard(25.0, 44.0, measured_at=datetime(2025, 7, 1, 12, tzinfo=UTC)),
    ),
]

PLUGS_AND_BRIDGES = [
    row(
        "plug with its processor",
        SENSOR,
        TIME
        | {"ENERGY": {"Total": 3.1, "Power": 640, "Voltage": 231}, "ESP32": {"Temperature": 49}},
        refused("chip_temperature", power_w=640.0),
    ),
    row("plug alone", SENSOR, TIME | {"ENERGY": {"Power": 1}}, heard(power_w=1.0)),
    row(
        "two metered channels", SENSOR, TIME | {"ENERGY": {"Power": [10, 32]}}, heard(power_w=42.0)
    ),
    row(
        "metering relay's own thermistor",
        SENSOR,
        TIME | {"ANALOG": {"Temperature": 51.0}, "ENERGY": {"Power": 5}},
        refused("chip_temperature", power_w=5.0),
    ),
    row(
        "processor alone",
        SENSOR,
        TIME | {"ESP32": {"Temperature": 41.7}},
        refused("chip_temperature"),
    ),
    row(
        "state of the relay",
        "tele/plug/STATE",
        TIME | {"POWER": "ON", "Wifi": {"RSSI": 80, "Signal": -60}},
        SILENT,
    ),
    row("relay switched", "stat/plug/POWER", "ON", SILENT),
    row("last will", "tele/plug/LWT", "Offline", OFFLINE),
    row("back again", "tele/plug/LWT", "Online", ONLINE),
    row("command", "cmnd/plug/TelePeriod", "30", SILENT),
    row(
        "Zigbee device with temperature only",
        SENSOR,
        {"ZbReceived": {"0x4F2E": {"Device": "0x4F2E", "Temperature": 26.2, "LinkQuality": 34}}},
        heard(26.2),
    ),
    row(
        "Zigbee switch is not watts",
        SENSOR,
        {"ZbReceived": {"0x4F2E": {"Device": "0x4F2E", "Power": 1}}},
        SILENT,
    ),
    row(
        "Zigbee device out of reach",
        SENSOR,
        {
            "ZbInfo": {
                "Bath": {
                    "Temperature": 26.2,
                    "Humidity": 50,
                    "Reachable": False,
                    "BatteryPercentage": 24,
                    "LastSeenEpoch": 1751371200,
                }
            }
        },
        SensorMessage(
            26.2,
            50.0,
            is_available=False,
            battery_pct=24.0,
            measured_at=datetime(2025, 7, 1, 12, tzinfo=UTC),
        ),
    ),
    row(
        "one Bluetooth thermometer",
        SENSOR,
        TIME
        | {
            "ATC1a2b3c": {
                "mac": "a4c1381a2b3c",
                "Temperature": 25.6,
                "Humidity": 48.8,
                "Battery": 81,
                "RSSI": -70,
            },
            "TempUnit": "C",
        },
        heard(25.6, 48.8, battery_pct=81.0),
    ),
    row(
        "two Bluetooth thermometers in one message",
        SENSOR,
        TIME
        | {
            "ATC1": {"mac": "a1", "Temperature": 25.6, "Humidity": 48.8},
            "ATC2": {"mac": "a2", "Temperature": 31.6, "Humidity": 40.8},
        },
        refused("ambiguous"),
    ),
]


@pytest.mark.parametrize(COLUMNS, SENSORS)
def test_sensor(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """The room's sensor is found among others, in its unit, and its error values are refused."""
    assert_says(topic, text, mapping, expected)


@pytest.mark.parametrize(COLUMNS, PLUGS_AND_BRIDGES)
def test_plug_or_bridge(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """Plugs give watts, bridges their device, and a chip's heat is never the room's."""
    assert_says(topic, text, mapping, expected)
