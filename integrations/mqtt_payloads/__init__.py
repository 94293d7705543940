"""Read other people's MQTT messages: bytes in, one `SensorMessage` out, for any bytes.

`topics` says what a topic's name tells, `fields` which key of a JSON object means what, `values`
which numbers can be true at all; `texts` reads single words and numbers; `tasmota`, `shelly` and
`stations` know shapes that keys alone do not tell; `mapping` holds what the settings say about
everything else. `parser` brings them together; `occupancy` reads whether somebody moves.
"""

from __future__ import annotations

from integrations.mqtt_payloads.mapping import PayloadMapping
from integrations.mqtt_payloads.occupancy import parse_occupancy
from integrations.mqtt_payloads.parser import MAX_PAYLOAD_BYTES, parse_message
from integrations.mqtt_payloads.values import Rejection

__all__ = ["MAX_PAYLOAD_BYTES", "PayloadMapping", "Rejection", "parse_message", "parse_occupancy"]
