"""Topics named after entities: ESPHome, HA statestream, ESPurna, plain numbers."""

from __future__ import annotations

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

ESPHOME = [
    row("temperature", "bedroom-node/sensor/bedroom_temperature/state", "26.53", heard(26.53)),
    row("short name", "node/sensor/bedroom_temp/state", "26.5", heard(26.5)),
    row("humidity", "node/sensor/bedroom_humidity/state", "51.0", heard(None, 51.0)),
    row("power of a plug", "node/sensor/ac_power/state", "812.3", heard(power_w=812.3)),
    row("name does not tell", "node/sensor/bedroom/state", "26.5", refused("ambiguous")),
    row(
        "name told by the settings",
        "node/sensor/bedroom/state",
        "26.5",
        heard(26.5),
        PayloadMapping(quantity="temperature"),
    ),
    row(
        "Fahrenheit told by the settings",
        "node/sensor/bedroom_temperature/state",
        "77",
        heard(25.0),
        PayloadMapping(unit="f"),
    ),
    row(
        "the processor",
        "node/sensor/esp32_internal_temperature/state",
        "51.1",
        refused("chip_temperature"),
    ),
    row("dew point is not temperature", "node/sensor/bedroom_dew_point/state", "14.1", SILENT),
    row("absolute humidity is not relative", "node/sensor/absolute_humidity/state", "11", SILENT),
    row("signal", "node/sensor/wifi_signal/state", "-60", SILENT),
    row("sensor lost", "node/sensor/bedroom_temperature/state", "nan", refused("nan")),
    row("switch", "node/switch/fan/state", "ON", SILENT),
    row("log line", "node/debug", "[D][sensor:094]: 'T': 22.5 C", SILENT),
    row("thermostat measures", "node/climate/ac/current_temperature/state", "24.5", heard(24.5)),
    row("thermostat wishes", "node/climate/ac/target_temperature/state", "22.0", SILENT),
    row("node is here", "node/status", "online", ONLINE),
    row("node is gone", "node/status", "offline", OFFLINE),
    row(
        "node with a mapping is gone",
        "node/status",
        "offline",
        OFFLINE,
        PayloadMapping(quantity="temperature"),
    ),
]

STATESTREAM = [
    row("state", "homeassistant/sensor/bedroom_temperature/state", "23.4", heard(23.4)),
    row("quoted", "homeassistant/sensor/bedroom_temperature/state", '"23.4"', heard(23.4)),
    row("other base topic", "ha/stream/sensor/bedroom_humidity/state", "44", heard(None, 44.0)),
    row(
        "unavailable",
        "homeassistant/sensor/bedroom_temperature/state",
        "unavailable",
        SensorMessage(is_available=False, rejected="unavailable"),
    ),
    row(
        "unit on its own topic",
        "homeassistant/sensor/bedroom_temperature/unit_of_measurement",
        '"°C"',
        SILENT,
    ),
    row(
        "when it changed",
        "homeassistant/sensor/bedroom_temperature/last_changed",
        '"2025-07-01T12:00:00+00:00"',
        SILENT,
    ),
    row(
        "battery of a temperature sensor",
        "homeassistant/sensor/bedroom_temperature_sensor_battery/state",
        "87",
        SensorMessage(battery_pct=87.0),
    ),
    row(
        "air conditioner measures",
        "homeassistant/climate/ac/current_temperature",
        "25.2",
        heard(25.2),
    ),
    row("air conditioner wishes", "homeassistant/climate/ac/temperature", "22", SILENT),
    row("air conditioner's mode", "homeassistant/climate/ac/state", "cool", SILENT),
    row("weather", "homeassistant/weather/home/temperature", "31.5", heard(31.5)),
    row("weather in a word", "homeassistant/weather/home/state", "sunny", SILENT),
    row("discovery", "homeassistant/sensor/x/config", {"device_class": "temperature"}, SILENT),
    row("Home Assistant's own will", "homeassistant/status", "offline", SILENT),
]

PLAIN = [
    row("bare number is Celsius", "home/bedroom", "22.5", heard(22.5)),
    row("with Celsius sign", "home/bedroom", "22.5 °C", heard(22.5)),
    row("with Fahrenheit sign", "home/bedroom", "72.5 °F", heard(22.5)),
    row("Fahrenheit in the topic", "home/bedroom/temp_f", "72.5", heard(22.5)),
    row("humidity in the topic", "home/bedroom/humidity", "55", heard(None, 55.0)),
    row("humidity sign", "home/bedroom", "55 %", heard(None, 55.0)),
    row("kilowatts", "home/ac/power", "1.2 kW", heard(power_w=1200.0)),
    row("quantity before the room", "home/temperature/bedroom", "22.5", heard(22.5)),
    row("pressure", "home/bedroom", "1013 hPa", refused("unknown_unit")),
    row("carbon dioxide", "home/bedroom/co2", "800", SILENT),
    row("decimal comma", "home/bedroom", "22,5", refused("non_numeric")),
    row("truth", "home/bedroom", "true", refused("non_numeric")),
    row("nothing", "home/bedroom", "null", refused("non_numeric")),
    row("empty", "home/bedroom", "", SensorMessage(rejected="empty")),
    row("a sentence", "home/bedroom", "warm today", SensorMessage(rejected="malformed")),
    row("NUL", "home/bedroom", "22.5\x00", SensorMessage(rejected="malformed")),
    row("Arabic digits", "home/bedroom", "٢٢", SensorMessage(rejected="malformed")),
    row("underscore", "home/bedroom", "2_2", SensorMessage(rejected="malformed")),
    row("infinite by exponent", "home/bedroom", "1e999", refused("nan")),
    row("ESPurna temperature", "Sonoff_TH/temperature/0", "22.3", heard(22.3)),
    row("ESPurna humidity", "Sonoff_TH/humidity/0", "51", heard(None, 51.0)),
    row("ESPurna status", "Sonoff_TH/status", "0", OFFLINE),
]


@pytest.mark.parametrize(COLUMNS, ESPHOME)
def test_esphome(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """The entity's name says what a number is; without a name it is not guessed."""
    assert_says(topic, text, mapping, expected)


@pytest.mark.parametrize(COLUMNS, STATESTREAM)
def test_statestream(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """States are read quoted or not; attributes and wishes are never readings."""
    assert_says(topic, text, mapping, expected)


@pytest.mark.parametrize(COLUMNS, PLAIN)
def test_plain(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """A plain value is read by its sign, its topic, else as Celsius, or refused with the reason."""
    assert_says(topic, text, mapping, expected)
