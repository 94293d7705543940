"""Objects of other bridges: weather stations, air monitors, home-made ones, explicit paths."""

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

STATIONS = [
    row(
        "Ecowitt indoors before outdoors",
        "ecowitt2mqtt/6B84",
        {
            "tempinf": "77.0",
            "humidityin": "51",
            "tempf": "95.0",
            "humidity": "30",
            "dateutc": "2025-07-01 12:00:00",
        },
        heard(25.0, 51.0, measured_at=datetime(2025, 7, 1, 12, tzinfo=UTC)),
    ),
    row(
        "Ecowitt outdoors only",
        "ecowitt2mqtt/6B84",
        {"tempf": "77.0", "humidity": "30"},
        heard(25.0, 30.0),
    ),
    row(
        "Ecowitt extra sensor only",
        "ecowitt2mqtt/6B84",
        {"temp2f": "77.0", "humidity2": "69"},
        heard(25.0, 69.0),
    ),
    row(
        "indoor air is not paired with outdoor humidity",
        "ecowitt2mqtt/6B84",
        {"tempinf": "77.0", "tempf": "95.0", "humidity": "30"},
        heard(25.0),
    ),
    row(
        "Ecowitt in its own imperial output",
        "ecowitt2mqtt/6B84",
        {"tempin": 79.5, "humidityin": 31},
        refused("looks like Fahrenheit: set unit", 31.0),
    ),
    row(
        "the same with the unit set",
        "ecowitt2mqtt/6B84",
        {"tempin": 77, "humidityin": 31},
        heard(25.0, 31.0),
        PayloadMapping(unit="f"),
    ),
    row(
        "WeeWX",
        "weather/loop",
        {"inTemp_C": "25.0", "inHumidity": "44", "outTemp_C": "31.0", "outHumidity": "55"},
        heard(25.0, 44.0),
    ),
    row(
        "console without an indoor group",
        "weather/console",
        {"sensor": [{"title": "Outdoor", "list": [["Temperature", "77.0", "°F"], ["x"]]}]},
        heard(25.0),
    ),
    row(
        "console's Celsius",
        "weather/console",
        {
            "sensor": [
                {"title": "Outdoor", "list": []},
                {
                    "title": "Indoor",
                    "list": [["Temperature", "24.5", "°C"], ["Humidity", "40", "%"]],
                },
            ]
        },
        heard(24.5, 40.0),
    ),
    row(
        "AirGradient corrected",
        "airgradient/readings/x",
        {
            "wifi": -46,
            "rco2": 447,
            "atmp": 25.87,
            "atmpCompensated": 24.47,
            "rhum": 43,
            "rhumCompensated": 49,
        },
        heard(24.47, 49.0),
    ),
    row(
        "AirGradient without its sensor",
        "airgradient/readings/x",
        {"rco2": 447, "atmp": 0.0, "rhum": 0},
        refused("sensor_missing_zero"),
    ),
    row(
        "Domoticz",
        "domoticz/in",
        {"idx": 7, "nvalue": 0, "svalue": "22;45;0"},
        SensorMessage(rejected="ambiguous"),
    ),
]

HOME_MADE = [
    row("usual keys", "home/x", {"temperature": 22.5, "humidity": 40}, heard(22.5, 40.0)),
    row("other spelling", "home/x", {"Temp_C": 22.5, "RH": 40}, heard(22.5, 40.0)),
    row("hyphens", "home/x", {"temp-c": 22.5, "relative-humidity": 40}, heard(22.5, 40.0)),
    row("Fahrenheit key", "home/x", {"temperature_f": 77, "humidity": 40}, heard(25.0, 40.0)),
    row("Fahrenheit beside it", "home/x", {"temperature": 77, "unit": "°F"}, heard(25.0)),
    row("both units", "home/x", {"temp_f": 77, "temp_c": 25.1}, heard(25.1)),
    row("number as text", "home/x", {"temperature": "22.5"}, heard(22.5)),
    row("unit in the text", "home/x", {"temperature": "77 °F"}, heard(25.0)),
    row("decimal comma", "home/x", {"temperature": "27,3"}, refused("non_numeric")),
    row("boolean", "home/x", {"temperature": True, "humidity": 40}, refused("non_numeric", 40.0)),
    row("nested value", "home/x", {"temperature": {"value": 22}}, refused("non_numeric")),
    row("word", "home/x", {"temperature": "unavailable"}, refused("non_numeric")),
    row("not a number", "home/x", '{"temperature": NaN}', refused("nan")),
    row(
        "infinite humidity",
        "home/x",
        '{"temperature": 22, "humidity": -Infinity}',
        heard(22.0, rejected="nan"),
    ),
    row("huge integer", "home/x", '{"temperature": 1' + "0" * 400 + "}", refused("nan")),
    row("value named by the topic", "home/x/temperature", {"value": 22.5}, heard(22.5)),
    row("value named by its unit", "home/x", {"value": 77, "unit": "F"}, heard(25.0)),
    row("value without a name", "home/x", {"value": 22.5}, refused("ambiguous")),
    row(
        "inside one object",
        "home/x",
        {"dht": {"temperature": 22, "humidity": 40}},
        heard(22.0, 40.0),
    ),
    row(
        "indoors of two",
        "home/x",
        {"outdoor": {"temperature": 31}, "indoor": {"temperature": 22}},
        heard(22.0),
    ),
    row(
        "two of unknown place",
        "home/x",
        {"a": {"temperature": 31}, "b": {"temperature": 22}},
        refused("ambiguous"),
    ),
    row("truncated", "home/x", '{"temperature": 22.5', SensorMessage(rejected="malformed")),
    row("nested too deeply", "home/x", "[" * 60000, SensorMessage(rejected="malformed")),
]

MAPPED = [
    row(
        "path",
        "home/x",
        {"a": {"b.c": [{"t": 22.5}]}, "h": 40},
        heard(22.5, 40.0),
        PayloadMapping(temperature_path="a.b.c.0.t", humidity_path="h"),
    ),
    row(
        "path into a list",
        "home/x",
        [21.5, 40],
        heard(21.5, 40.0),
        PayloadMapping(temperature_path="0", humidity_path="1"),
    ),
    row(
        "path that is not in this message",
        "home/x",
        {"h": 40},
        SILENT,
        PayloadMapping(temperature_path="a.0.t"),
    ),
    row(
        "only what has a path is read",
        "home/x",
        {"temperature": 30, "t": 22.5},
        heard(22.5),
        PayloadMapping(temperature_path="t"),
    ),
    row(
        "Fahrenheit by the setting",
        "home/x",
        {"t": 77},
        heard(25.0),
        PayloadMapping(temperature_path="t", unit="f"),
    ),
    row(
        "Fahrenheit by the key",
        "home/x",
        {"in": {"temperature_F": 77}},
        heard(25.0),
        PayloadMapping(temperature_path="in.temperature_F"),
    ),
    row(
        "a chip that was asked for",
        "tele/x/SENSOR",
        {"ESP32": {"Temperature": 41.7}},
        heard(41.7),
        PayloadMapping(temperature_path="ESP32.Temperature"),
    ),
    row(
        "power, and the battery beside it",
        "home/x",
        {"p": 640, "battery": 55},
        heard(power_w=640.0, battery_pct=55.0),
        PayloadMapping(power_path="p"),
    ),
    row(
        "a path still judges",
        "home/x",
        {"t": 850},
        refused("out_of_range"),
        PayloadMapping(temperature_path="t"),
    ),
    row(
        "path but no object",
        "home/x",
        "{",
        SensorMessage(rejected="malformed"),
        PayloadMapping(temperature_path="t"),
    ),
    row("match but no object", "home/x", "{", SILENT, PayloadMapping(match={"id": 5})),
    row(
        "a topic that is ignored otherwise",
        "home/x/config",
        {"t": 22},
        heard(22.0),
        PayloadMapping(temperature_path="t"),
    ),
    row(
        "away word on the mapped topic",
        "home/x",
        "offline",
        OFFLINE,
        PayloadMapping(temperature_path="t"),
    ),
]


@pytest.mark.parametrize(COLUMNS, STATIONS)
def test_station(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """A station's indoor pair is read in its unit, and never mixed with outdoors."""
    assert_says(topic, text, mapping, expected)


@pytest.mark.parametrize(COLUMNS, HOME_MADE)
def test_home_made(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """Usual key names are read in any spelling; what is no finite number is refused."""
    assert_says(topic, text, mapping, expected)


@pytest.mark.parametrize(COLUMNS, MAPPED)
def test_mapped(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """Explicit paths, unit, match and quantity decide, and values are judged all the same."""
    assert_says(topic, text, mapping, expected)
