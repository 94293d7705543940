"""Show what keepcool understands of one message: the pure function behind `keepcool decode`."""

from __future__ import annotations

import json
from collections.abc import Callable

from policies.model import SensorMessage

ParseMessage = Callable[[str, bytes], SensorMessage]


def decode_line(line: str, parse: ParseMessage) -> str:
    """Return one line of JSON for one line of JSON; never raises.

    In: `{"topic": ..., "payload": ...}`, where a payload that is not a text stands for its own JSON
    (`mosquitto_sub -F %J` writes it so). Out: `temperature_c` (°C, three decimals), `humidity_pct`,
    `available`, and `rejected`: `null`, why a value was refused, or what is wrong with the line.
    """
    try:
        topic, payload = _message_in(line)
    except ValueError as err:
        return _line(SensorMessage(), rejected=str(err))
    message = parse(topic, payload)
    return _line(message, rejected=message.rejected)


def _message_in(line: str) -> tuple[str, bytes]:
    """Return topic and payload of a line. Raises: ValueError with a text for a person."""
    try:
        decoded = json.loads(line)
    except (ValueError, RecursionError) as err:
        raise ValueError('the line is not JSON: expected {"topic": ..., "payload": ...}') from err
    if not isinstance(decoded, dict):
        raise ValueError('the line is not a JSON object: expected {"topic": ..., "payload": ...}')  # noqa: TRY004 - a bad line, not a wrong call
    for key in ("topic", "payload"):
        if key not in decoded:
            raise ValueError(f'"{key}" is missing: expected {{"topic": ..., "payload": ...}}')
    topic, payload = decoded["topic"], decoded["payload"]
    if not isinstance(topic, str) or not topic:
        raise ValueError('"topic" must be a text that is not empty')
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return topic, text.encode("utf-8", "surrogatepass")


def _line(message: SensorMessage, *, rejected: str | None) -> str:
    temperature_c = message.temperature_c
    return json.dumps(
        {
            "temperature_c": None if temperature_c is None else round(temperature_c, 3),
            "humidity_pct": message.relative_humidity_pct,
            "available": message.is_available,
            "rejected": None if rejected is None else str(rejected),
        },
        allow_nan=False,
    )
