"""A cooling device's own power meter is understood in whatever message it speaks."""

from __future__ import annotations

import pytest

from config.home import PowerMeterSettings
from daemon.bootstrap.payloads import build_power_parser

ZIGBEE2MQTT = (
    b'{"state":"ON","power":812,"voltage":231,"current":3.5,"energy":12.3,"linkquality":90}'
)
TASMOTA = (
    b'{"Time":"2026-07-01T12:00:00","ENERGY":{"Total":1.2,"Today":0.2,"Power":812,'
    b'"ApparentPower":830,"ReactivePower":90,"Factor":0.97,"Voltage":231,"Current":3.5}}'
)
SHELLY_PLUS = (
    b'{"id":0,"output":true,"apower":812.0,"voltage":231.0,"aenergy":{"total":12.0},'
    b'"temperature":{"tC":48.1,"tF":118.6}}'
)


def meter(topic: str, path: str | None = None) -> PowerMeterSettings:
    """Return the settings of a meter on a topic."""
    return PowerMeterSettings("switch-ac", None, topic, path)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("zigbee2mqtt/ac_plug", ZIGBEE2MQTT),
        ("tele/ac_plug/SENSOR", TASMOTA),
        ("shellyplusplugs-4a1c9e/status/switch:0", SHELLY_PLUS),
        ("shellies/shellyplug-s-4A1C9E/relay/0/power", b"812"),
        ("ac-plug/sensor/ac_plug_power/state", b"812.0"),
        ("home/anything", b"812"),
    ],
)
def test_known_plug_needs_no_path(topic: str, payload: bytes) -> None:
    """Zigbee2MQTT, Tasmota, Shelly, ESPHome and a bare number give their watts by themselves."""
    assert build_power_parser([meter(topic)])(topic, payload) == 812.0


def test_path_reads_what_nobody_recognises() -> None:
    """A path finds the watts in a message of an unknown shape, and another one is ignored there."""
    payload = b'{"power": 3, "meter": {"w_now": 812}}'
    assert build_power_parser([meter("attic/plug", "meter.w_now")])("attic/plug", payload) == 812.0
    unknown = b'{"meter": {"w_now": 812}}'
    assert build_power_parser([meter("attic/plug")])("attic/plug", unknown) is None


def test_path_belongs_to_its_own_topic() -> None:
    """Of two meters the one without a path is still recognised."""
    parse = build_power_parser(
        [meter("a", "w"), meter("b"), PowerMeterSettings("c", "x", None, None)]
    )
    assert (parse("a", b'{"w": 1}'), parse("b", b'{"power": 2}')) == (1.0, 2.0)
    assert parse("a", b'{"power": 2}') is None


@pytest.mark.parametrize(
    "payload", [b"", b"unavailable", b"nan", b'{"state":"OFF"}', b'{"power":null}', b"\xff"]
)
def test_message_without_power_is_unknown(payload: bytes) -> None:
    """What tells no power is unknown, never zero."""
    assert build_power_parser([meter("zigbee2mqtt/ac")])("zigbee2mqtt/ac", payload) is None
