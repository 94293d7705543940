"""Whether somebody moves is read from the messages of the usual families, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.mqtt_payloads import parse_occupancy


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        # Zigbee2MQTT
        (b'{"battery":100,"illuminance":12,"linkquality":90,"occupancy":true}', True),
        (b'{"battery":100,"occupancy":false,"tamper":false,"voltage":3000}', False),
        (b'{"presence":true,"motion_state":"static","illuminance_lux":4}', True),
        # Tasmota
        (b'{"Switch1":{"Action":"ON"}}', True),
        (b'{"Time":"2026-07-01T12:00:00","Switch1":"OFF"}', False),
        (b'{"ZbReceived":{"0x1A2B":{"Device":"0x1A2B","Occupancy":1,"Endpoint":1}}}', True),
        # Shelly
        (b'{"motion":true,"timestamp":1782907200,"active":true,"vibration":false}', True),
        (b'{"sensor":{"motion":false,"vibration":false},"bat":{"value":80}}', False),
        # BTHome by Theengs and OpenMQTTGateway, rtl_433, ESPHome, Home Assistant's statestream
        (b'{"model_id":"SBMO-003Z","motion":1,"batt":99}', True),
        (b'{"model":"Kerui-Security","id":1,"state":"motion"}', True),
        (b"ON", True),
        (b"off", False),
        (b"true", True),
        (b"0", False),
        (b' "on" ', True),
        (b"No motion", False),
        # one part that says yes is enough
        (b'{"occupancy":false,"presence":true}', True),
        # what says nothing
        (b'{"battery":100,"linkquality":90}', None),
        (b'{"occupancy":null}', None),
        (b'{"occupancy":"unknown"}', None),
        (b'{"occupancy":7}', None),
        (b'{"occupancy_timeout":90,"motion_sensitivity":"high"}', None),
        (b"unavailable", None),
        (b"online", None),
        (b"", None),
        (b"{", None),
        (b"[1]", None),
        (b"\xff\xfe", None),
        (b"[" * 50_000, None),
        (b'"' + b"1" * 70_000 + b'"', None),
    ],
)
def test_family(payload: bytes, expected: bool | None) -> None:  # noqa: FBT001 - a table's column
    """Captured messages of each family say yes, no or nothing."""
    assert parse_occupancy(payload) is expected


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_are_read(payload: bytes) -> None:
    """Whatever arrives, no exception leaves the parser."""
    assert parse_occupancy(payload) in (True, False, None)
