"""Parse Home Assistant's state objects, in the shape in which REST and WebSocket both tell them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from integrations.errors import PayloadError
from integrations.messages import DeviceObserved
from policies.model import DeviceState

CELSIUS = "°C"
FAHRENHEIT = "°F"

_WITHOUT_VALUE = frozenset({"unavailable", "unknown", ""})
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WATTS = {"W": 1.0, "kW": 1000.0, "mW": 0.001}


def parse_state(raw: object, temperature_unit: str = CELSIUS) -> DeviceObserved:
    """Parse one state object as `GET /api/states/<entity_id>` answers it.

    Args:
        raw: the decoded JSON.
        temperature_unit: the unit of Home Assistant's configuration; a climate entity tells its
            temperatures in it, without naming it.

    Returns:
        The observation; temperatures in °C, a power in W, the moment in UTC. What is absent,
        not finite or of another type is `None`, and no number is ever made of a bool.

    Raises:
        PayloadError: it is not a state object (no entity id, or no state).
    """
    if not isinstance(raw, Mapping):
        raise PayloadError(f"a state is an object, not {type(raw).__name__}")
    entity_id, state = raw.get("entity_id"), raw.get("state")
    if not isinstance(entity_id, str) or not entity_id or not isinstance(state, str):
        raise PayloadError("a state has an entity_id and a state, both texts")
    attributes = raw.get("attributes")
    if not isinstance(attributes, Mapping):
        attributes = {}
    context = raw.get("context")
    context_id = context.get("id") if isinstance(context, Mapping) else None
    return DeviceObserved(
        entity_id=entity_id,
        state=_device_state(entity_id.partition(".")[0], state, attributes, temperature_unit),
        is_available=state not in _WITHOUT_VALUE,
        last_updated=_moment(raw.get("last_updated")),
        context_id=context_id if isinstance(context_id, str) and context_id else None,
        is_restored=attributes.get("restored") is True,
        numeric_value=_numeric_value(state, attributes),
        raw_state=state,
    )


def missing(entity_id: str) -> DeviceObserved:
    """Return what is observed of an entity that Home Assistant does not know."""
    return DeviceObserved(entity_id, None, is_available=False, last_updated=None)


def number(value: object) -> float | None:
    """Return a finite number, or `None` for anything else; a bool is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        as_float = float(value)
    except OverflowError:
        return None
    return as_float if math.isfinite(as_float) else None


def to_celsius(value: float | None, temperature_unit: str) -> float | None:
    """Return a temperature of Home Assistant's unit in °C."""
    if value is None or temperature_unit != FAHRENHEIT:
        return value
    return round((value - 32) * 5 / 9, 2)


def from_celsius(value_c: float, temperature_unit: str) -> float:
    """Return a temperature in °C in Home Assistant's unit."""
    return value_c if temperature_unit != FAHRENHEIT else round(value_c * 9 / 5 + 32, 1)


def _device_state(
    domain: str, state: str, attributes: Mapping[str, object], temperature_unit: str
) -> DeviceState | None:
    if state in _WITHOUT_VALUE:
        return None
    if domain == "climate":
        setpoint = to_celsius(number(attributes.get("temperature")), temperature_unit)
        return DeviceState(is_on=state != "off", hvac_mode=state, target_temperature_c=setpoint)
    if domain == "sensor" or state not in {"on", "off"}:
        return None
    percentage = number(attributes.get("percentage")) if domain == "fan" else None
    return DeviceState(
        is_on=state == "on", fan_percentage=None if percentage is None else round(percentage)
    )


def _numeric_value(state: str, attributes: Mapping[str, object]) -> float | None:
    if not _NUMBER.fullmatch(state):
        return None
    unit = attributes.get("unit_of_measurement")
    return number(float(state) * _WATTS.get(unit if isinstance(unit, str) else "", 1.0))


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
