"""Read a message as the settings say, where its shape does not tell by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from integrations.mqtt_payloads.fields import (
    Field,
    Found,
    Role,
    build_message,
    field_of,
    find_fields,
)
from integrations.mqtt_payloads.values import Unit
from policies.model import SensorMessage

_MISSING: Final = object()


@dataclass(frozen=True)
class PayloadMapping:
    """Hold a sensor's explicit settings, for messages that hold several sensors or tell nothing.

    A path is dotted, with numbers for list places: `BME280.Temperature`, `sensor.0.value`,
    `params.temperature:101.tC`. As soon as temperature, humidity or power has a path, only paths
    are read; a message without them says nothing (a partial update). `unit` is final for paths and
    for values whose own key names no unit; `None` takes the payload's word, and Celsius where it
    has none. `match` passes only objects whose fields equal these (rtl_433's `events`).
    `quantity` says what a bare number is.
    """

    temperature_path: str | None = None
    humidity_path: str | None = None
    power_path: str | None = None
    unit: Unit | None = None
    match: Mapping[str, str | int] = field(default_factory=dict)
    quantity: Literal["temperature", "humidity", "power"] | None = None

    @property
    def has_paths(self) -> bool:
        """Return whether temperature, humidity or power is named by a path."""
        return bool(self.temperature_path or self.humidity_path or self.power_path)

    def is_for(self, payload: object) -> bool:
        """Return whether a decoded payload carries every field of `match`."""
        for path, wanted in self.match.items():
            value = value_at(payload, path)
            if isinstance(value, bool) or str(value) != str(wanted):
                return False
        return True


def value_at(payload: object, path: str) -> object:
    """Return what stands at a dotted path, or a marker that equals nothing."""
    if isinstance(payload, Mapping):
        if path in payload:  # keys may hold dots themselves
            return payload[path]
        dots = (place for place, letter in enumerate(path) if letter == ".")
        cut = next((dot for dot in dots if path[:dot] in payload), None)
        return _MISSING if cut is None else value_at(payload[path[:cut]], path[cut + 1 :])
    if isinstance(payload, list):
        head, dot, rest = path.partition(".")
        if not (head.isascii() and head.isdigit() and len(head) <= 6 and int(head) < len(payload)):  # noqa: PLR2004
            return _MISSING
        return value_at(payload[int(head)], rest) if dot else payload[int(head)]
    return _MISSING


def read_mapped(payload: object, mapping: PayloadMapping) -> SensorMessage:
    """Return the values at the mapping's paths, judged like any other."""
    obj: Mapping[str, object] = payload if isinstance(payload, Mapping) else {}
    found: Found = {
        role: held
        for role, held in find_fields(obj).items()
        if role not in {Role.TEMPERATURE, Role.HUMIDITY, Role.POWER, Role.CHIP}
    }
    paths = (
        (Role.TEMPERATURE, mapping.temperature_path),
        (Role.HUMIDITY, mapping.humidity_path),
        (Role.POWER, mapping.power_path),
    )
    for role, path in paths:
        value = value_at(payload, path) if path else _MISSING
        if path and value is not _MISSING:
            known = field_of(path.rpartition(".")[2]) if role is Role.TEMPERATURE else None
            unit = mapping.unit or (known.unit if known else None)
            found[role] = (Field(role, unit=unit), value)
    status = obj.get("StatusSNS")
    if Role.UNIT not in found and isinstance(status, Mapping) and "TempUnit" in status:
        found[Role.UNIT] = (Field(Role.UNIT), status["TempUnit"])
    return build_message(found, obj)
