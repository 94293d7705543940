"""Write the rows of the payload tables shortly, and compare what was parsed with a row."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TypedDict, Unpack

import pytest

from integrations.mqtt_payloads import PayloadMapping, parse_message
from policies.model import SensorMessage

SILENT = SensorMessage()
ONLINE = SensorMessage(is_available=True)
OFFLINE = SensorMessage(is_available=False)


class More(TypedDict, total=False):
    """What a message may say besides temperature and humidity."""

    rejected: str | None
    battery_pct: float | None
    is_battery_low: bool | None
    power_w: float | None
    measured_at: datetime | None


def heard(
    temperature_c: float | None = None, humidity_pct: float | None = None, **more: Unpack[More]
) -> SensorMessage:
    """Return what a message with good measurements says."""
    return SensorMessage(temperature_c, humidity_pct, is_available=True, **more)


def refused(reason: str, humidity_pct: float | None = None, **more: Unpack[More]) -> SensorMessage:
    """Return what a message with a refused temperature says."""
    return heard(None, humidity_pct, **more)._replace(rejected=reason)


def row(
    situation: str,
    topic: str,
    payload: object,
    expected: SensorMessage,
    mapping: PayloadMapping | None = None,
) -> object:
    """Return one row of a table; a payload that is not a text is written as JSON."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return pytest.param(topic, text, mapping, expected, id=situation.replace(" ", "_"))


def assert_says(
    topic: str, text: str, mapping: PayloadMapping | None, expected: SensorMessage
) -> None:
    """Compare everything that a message said, temperatures to a thousandth of a degree."""
    found = parse_message(topic, text.encode(), mapping)
    assert found.temperature_c == pytest.approx(expected.temperature_c, abs=0.0005)
    assert found._replace(temperature_c=None) == expected._replace(temperature_c=None)


COLUMNS = ("topic", "text", "mapping", "expected")
