"""Read from a message whether somebody moves: occupancy, motion or presence of the usual families.

Zigbee2MQTT `{"occupancy": true}`, Tasmota `{"Switch1": {"Action": "ON"}}` and
`{"ZbReceived": {"0x1A2B": {"Occupancy": 1}}}`, Shelly `{"sensor": {"motion": true}}` and
`{"id": 0, "motion": true}`, BTHome by Theengs `{"motion": 1}`, rtl_433 `{"state": "motion"}`, and
plain words as ESPHome and Home Assistant's statestream write them.
"""

from __future__ import annotations

import json
from typing import Final

from integrations.mqtt_payloads.parser import MAX_PAYLOAD_BYTES

_KEYS: Final = frozenset(
    [
        "occupancy",
        "presence",
        "motion",
        "occupied",
        "pir",
        "pirstate",
        "movement",
        "moving",
        "motiondetected",
        "humanpresence",
        "presencestate",
        "motionstatus",
    ]
)
# What only a topic that was named for motion can mean.
_PLAIN_KEYS: Final = frozenset(["state", "value", "switch", "switch1", "action"])
_YES: Final = frozenset(
    ["on", "true", "1", "yes", "detected", "motion", "occupied", "presence", "present", "active"]
)
_NO: Final = frozenset(
    [
        "off",
        "false",
        "0",
        "no",
        "clear",
        "cleared",
        "none",
        "no_motion",
        "nomotion",
        "unoccupied",
        "absent",
        "inactive",
    ]
)
_DEEPEST: Final = 4


def parse_occupancy(payload: bytes) -> bool | None:
    """Return whether somebody moves; `None` when a message says nothing about it.

    Where several parts of a message speak, one that says yes is enough. Never raises.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        return None
    try:
        text = str(payload, "utf-8").strip()
        decoded: object = json.loads(text) if text[:1] in ("{", "[", '"') else text
    except (ValueError, RecursionError):
        return None
    if not isinstance(decoded, dict):
        return _flag(decoded)
    told = [*_told(decoded, _KEYS, _DEEPEST)] or [*_told(decoded, _PLAIN_KEYS, _DEEPEST)]
    return any(told) if told else None


def _told(value: object, keys: frozenset[str], depth: int) -> list[bool]:
    """Return what every known key at any depth says."""
    if not isinstance(value, dict) or not depth:
        return []
    told: list[bool] = []
    for key, inner in value.items():
        is_known = "".join(filter(str.isalnum, str(key).lower())) in keys
        flag = _flag(inner) if is_known else None
        told += _told(inner, keys, depth - 1) if flag is None else [flag]
    return told


def _flag(value: object) -> bool | None:
    """Read a word, a boolean, or 0 and 1; anything else says nothing."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    if not isinstance(value, str):
        return None
    word = value.strip().lower().replace(" ", "_")
    return True if word in _YES else False if word in _NO else None
