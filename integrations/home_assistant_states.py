"""Parse Home Assistant's state objects, in the shape in which REST and WebSocket both tell them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from integrations.errors import PayloadError
from integrations.messages import DeviceObserved
from policies.model import DeviceState, SensorMessage

CELSIUS = "°C"
FAHRENHEIT = "°F"

HALF_DOWN_PCT = 50  # a blind so far down keeps the sun out

_WITHOUT_VALUE = frozenset({"unavailable", "unknown", ""})
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_PERCENT = "%"
# Words of the MQTT parsers too, so that refusals are counted under the same names.
NON_NUMERIC = "non_numeric"
NOT_A_NUMBER = "nan"
UNKNOWN_UNIT = "unknown_unit"
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})
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
        unit=_unit(attributes),
        measured=_measured(state, attributes) if entity_id.startswith("sensor.") else None,
    )


def parse_ages(text: object) -> dict[str, timedelta]:
    """Parse what `AGES_TEMPLATE` renders: seconds since each entity was last reported.

    A line that cannot be read is passed over: its entity's age is unknown then.
    """
    ages: dict[str, timedelta] = {}
    for line in text.splitlines() if isinstance(text, str) else ():
        entity_id, _, seconds = line.strip().partition(" ")
        if _NUMBER.fullmatch(seconds) and (age_s := number(float(seconds))) is not None:
            with suppress(OverflowError):
                ages[entity_id] = timedelta(seconds=age_s)
    return ages


AGES_TEMPLATE = (
    "{% for name in names %}{% if states[name] %}"
    "{{ name }} {{ (now() - states[name].last_reported).total_seconds() }}\n"
    "{% endif %}{% endfor %}"
)
"""Ask how long ago entities were reported, by Home Assistant's own clock.

Only a template sees it. `subscribe_entities` tells changes alone, `state_reported` cannot be
subscribed to from outside, and the `last_reported` of `/api/states` stands still from the first
time it is asked for until the value changes: the state object is rendered once and kept.
Source: Home Assistant 2025.4, `core.py` (`async_set_internal`, `State.as_dict_json`).
"""


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
    if domain == "cover":
        return _cover_state(state, attributes)
    if domain == "sensor" or state not in {"on", "off"}:
        return None
    if domain == "humidifier":
        humidity, mode = number(attributes.get("humidity")), attributes.get("mode")
        return DeviceState(
            is_on=state == "on",
            target_humidity_pct=None if humidity is None else round(humidity),
            mode=mode if isinstance(mode, str) else None,
        )
    percentage = number(attributes.get("percentage")) if domain == "fan" else None
    return DeviceState(
        is_on=state == "on", fan_percentage=None if percentage is None else round(percentage)
    )


def _cover_state(state: str, attributes: Mapping[str, object]) -> DeviceState | None:
    """Return how far a blind is down: the position where it tells one, else closed or not."""
    if state not in {"open", "opening", "closed", "closing"}:
        return None
    position = number(attributes.get("current_position"))
    if position is None:
        return DeviceState(is_on=state == "closed")
    return DeviceState(is_on=position <= HALF_DOWN_PCT, position_pct=round(position))


def _numeric_value(state: str, attributes: Mapping[str, object]) -> float | None:
    if not _NUMBER.fullmatch(state):
        return None
    return number(float(state) * _WATTS.get(_unit(attributes) or "", 1.0))


def _unit(attributes: Mapping[str, object]) -> str | None:
    unit = attributes.get("unit_of_measurement")
    return unit if isinstance(unit, str) and unit else None


def _measured(state: str, attributes: Mapping[str, object]) -> SensorMessage:
    """Read a temperature or a humidity by the unit that is named, never by the value."""
    if state in _WITHOUT_VALUE:
        return SensorMessage(is_available=False)
    if not _NUMBER.fullmatch(state):
        is_infinite = state.lower().lstrip("+-") in _NOT_FINITE
        return SensorMessage(
            is_available=True, rejected=NOT_A_NUMBER if is_infinite else NON_NUMERIC
        )
    value, unit = number(float(state)), _unit(attributes)
    if value is None:
        return SensorMessage(is_available=True, rejected=NOT_A_NUMBER)
    if unit in {CELSIUS, FAHRENHEIT}:
        return SensorMessage(temperature_c=to_celsius(value, unit), is_available=True)
    if unit == _PERCENT:
        return SensorMessage(relative_humidity_pct=value, is_available=True)
    return SensorMessage(is_available=True, rejected=UNKNOWN_UNIT)


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
