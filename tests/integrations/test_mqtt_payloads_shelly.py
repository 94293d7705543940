"""Shelly: Gen1's topics and status objects, Gen2's components, and a relay's own heat."""

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

HT = "shellies/shellyht-3CBD1F"
PLUG = "shellies/shellyplug-s-6A1B"
RPC = "shellyplusht-c049ef8bc088/events/rpc"
NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)


def notify(method: str = "NotifyStatus", **components: object) -> dict[str, object]:
    """Return an RPC frame; `temperature_0` stands for the component `temperature:0`."""
    params = {name.replace("_", ":"): value for name, value in components.items()}
    return {
        "src": "shelly",
        "dst": "shelly/events",
        "method": method,
        "params": {"ts": 1751371200.0, **params},
    }


GEN1 = [
    row("temperature", f"{HT}/sensor/temperature", "26.25", heard(26.25)),
    row(
        "temperature of a device set to Fahrenheit",
        f"{HT}/sensor/temperature",
        "77.0",
        heard(25.0),
        PayloadMapping(unit="f"),
    ),
    row(
        "the same without the setting",
        f"{HT}/sensor/temperature",
        "77.0",
        refused("looks like Fahrenheit: set unit"),
    ),
    row("humidity", f"{HT}/sensor/humidity", "48.5", heard(None, 48.5)),
    row("battery", f"{HT}/sensor/battery", "91", SensorMessage(battery_pct=91.0)),
    row("no sensor", f"{HT}/sensor/temperature", "999", refused("sentinel_999")),
    row("why it woke up", f"{HT}/sensor/act_reasons", ["sensor"], SILENT),
    row("on power", f"{HT}/sensor/ext_power", "false", SILENT),
    row("gone", f"{HT}/online", "false", OFFLINE),
    row("relay's own heat", f"{PLUG}/temperature", "41.3", refused("chip_temperature")),
    row(
        "relay's own heat in Fahrenheit",
        f"{PLUG}/temperature_f",
        "106",
        refused("chip_temperature"),
    ),
    row("plug's power", f"{PLUG}/relay/0/power", "712.31", heard(power_w=712.31)),
    row("plug's energy", f"{PLUG}/relay/0/energy", "81273", SILENT),
    row("relay state", f"{PLUG}/relay/0", "on", SILENT),
    row("probe of the add-on", "shellies/shelly1-1/ext_temperature/0", "24.6", heard(24.6)),
    row("probe in Fahrenheit", "shellies/shelly1-1/ext_temperature_f/0", "77", heard(25.0)),
    row(
        "status with the value marked invalid",
        f"{HT}/status",
        {
            "tmp": {"value": 0, "units": "C", "is_valid": False},
            "hum": {"value": 50, "is_valid": True},
        },
        refused("marked_invalid", 50.0),
    ),
    row(
        "status in Fahrenheit without Celsius beside it",
        f"{HT}/info",
        {"tmp": {"value": 77.0, "units": "F", "is_valid": True}, "bat": {"value": 9}},
        heard(25.0, battery_pct=9.0),
    ),
    row(
        "relay with a probe",
        "shellies/shelly1pm-1/info",
        {
            "relays": [{"ison": True}],
            "meters": [{"power": 12.5}],
            "overtemperature": False,
            "tmp": {"tC": 45.2, "tF": 113.4, "is_valid": True},
            "ext_temperature": {"0": {"hwID": "28ff", "tC": 22.1, "tF": 71.8}},
        },
        heard(22.1, power_w=12.5),
    ),
    row(
        "relay without a probe",
        "shellies/shelly1pm-1/info",
        {"relays": [{"ison": True}], "meters": [{"power": 12.5}], "tmp": {"tC": 45.2}},
        refused("chip_temperature", power_w=12.5),
    ),
    row(
        "radiator valve",
        "shellies/shellytrv-1/info",
        {
            "thermostats": [
                {
                    "pos": 0,
                    "target_t": {"value": 19},
                    "tmp": {"value": 21.4, "units": "C", "is_valid": True},
                }
            ]
        },
        heard(21.4),
    ),
]

GEN2 = [
    row(
        "Plus H and T on battery",
        RPC,
        notify(
            "NotifyFullStatus",
            temperature_0={"id": 0, "tC": 26.5, "tF": 79.7},
            humidity_0={"id": 0, "rh": 51.0},
            devicepower_0={"battery": {"V": 5.1, "percent": 77}, "external": {"present": False}},
            sys={"time": "14:00", "unixtime": 1751371200},
        ),
        heard(26.5, 51.0, battery_pct=77.0, measured_at=NOON),
    ),
    row(
        "clock not set",
        RPC,
        notify(temperature_0={"id": 0, "tC": 26.5}, sys={"time": None, "unixtime": None}),
        heard(26.5),
    ),
    row(
        "humidity changed",
        RPC,
        notify(humidity_0={"id": 0, "rh": 66}),
        heard(None, 66.0, measured_at=NOON),
    ),
    row(
        "add-on",
        "shellyplus1-1/events/rpc",
        notify(
            temperature_100={"id": 100, "tC": 24.4},
            humidity_100={"id": 100, "rh": 40},
            switch_0={"id": 0, "apower": 3.5, "temperature": {"tC": 51.0}},
        ),
        heard(24.4, 40.0, power_w=3.5, measured_at=NOON),
    ),
    row(
        "two probes",
        RPC,
        notify(temperature_101={"tC": 30.0}, temperature_100={"tC": 24.4}),
        heard(24.4, measured_at=NOON),
    ),
    row(
        "the second of two probes by path",
        RPC,
        notify(temperature_101={"tC": 30.0}, temperature_100={"tC": 24.4}),
        heard(30.0),
        PayloadMapping(temperature_path="params.temperature:101.tC"),
    ),
    row(
        "plug",
        "shellyplusplugs-1/events/rpc",
        notify(switch_0={"id": 0, "apower": 640.2}),
        heard(power_w=640.2, measured_at=NOON),
    ),
    row(
        "button",
        RPC,
        notify("NotifyEvent", events=[{"event": "single_push"}]),
        SensorMessage(measured_at=NOON),
    ),
    row(
        "Bluetooth sensor without a name",
        RPC,
        notify(bthomesensor_202={"id": 202, "value": 17.2}),
        refused("ambiguous", measured_at=NOON),
    ),
    row(
        "component's topic",
        "shellyhtg3-1/status/temperature:0",
        {"id": 0, "tC": 25.2, "tF": 77.4},
        heard(25.2),
    ),
    row(
        "humidity's topic",
        "shellyhtg3-1/status/humidity:0",
        {"id": 0, "rh": 49.9},
        heard(None, 49.9),
    ),
    row(
        "sensor cannot be read",
        "shellyplus1-1/status/temperature:100",
        {"id": 100, "tC": None, "tF": None, "errors": ["read"]},
        refused("marked_invalid"),
    ),
    row(
        "switch's topic",
        "shellyplus1pm-1/status/switch:0",
        {"id": 0, "output": True, "apower": 8.9, "temperature": {"tC": 49.2, "tF": 120.5}},
        refused("chip_temperature", power_w=8.9),
    ),
    row(
        "power supply's topic",
        "shellyhtg3-1/status/devicepower:0",
        {"id": 0, "battery": {"V": 5.1, "percent": 12}, "external": {"present": False}},
        SensorMessage(battery_pct=12.0),
    ),
    row(
        "empty battery on the mains",
        "shellyhtg3-1/status/devicepower:0",
        {"id": 0, "battery": {"V": 0.4, "percent": 0}, "external": {"present": True}},
        SILENT,
    ),
    row(
        "Bluetooth sensor told by the settings",
        "shelly2pm/status/bthomesensor:202",
        {"id": 202, "value": 17.2, "last_updated_ts": 1751371200},
        heard(17.2, measured_at=NOON),
        PayloadMapping(quantity="temperature"),
    ),
    row(
        "Bluetooth humidity told by the settings",
        "shelly2pm/status/bthomesensor:203",
        {"id": 203, "value": 55},
        heard(None, 55.0),
        PayloadMapping(quantity="humidity"),
    ),
    row("here", "shellyhtg3-1/online", "true", ONLINE),
    row("gone", "shellyhtg3-1/online", "false", OFFLINE),
]


@pytest.mark.parametrize(COLUMNS, GEN1)
def test_gen1(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """Gen1's topics and status objects give the room, and a relay's own heat is refused."""
    assert_says(topic, text, mapping, expected)


@pytest.mark.parametrize(COLUMNS, GEN2)
def test_gen2(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """Gen2's components give the room, the battery and the plug, with the device's time."""
    assert_says(topic, text, mapping, expected)
