"""Read payloads that are one word or one number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from integrations.mqtt_payloads.fields import Field, Found, Role, build_message
from integrations.mqtt_payloads.topics import Quantity, Topic
from integrations.mqtt_payloads.values import Rejection, Unit, parse_quantity, unit_named
from policies.model import SensorMessage

_NOTHING: Final = SensorMessage()
_LONGEST_NUMBER: Final = 40
_NUMBER_LIKE: Final = frozenset("0123456789.,+-' °%CFeE")
_LITERALS: Final = frozenset({"true", "false", "null", "none", "on", "off"})
_AWAY: Final = frozenset({"unknown", "unavailable"})
_PRESENCE: Final[dict[str, bool]] = {
    **dict.fromkeys(("online", "true", "1", "on", "connected", "available", "up", "alive"), True),
    **dict.fromkeys(("ready", "sleeping", "yes"), True),  # Homie's $state
    **dict.fromkeys(("offline", "false", "0", "off", "disconnected", "unavailable"), False),
    **dict.fromkeys(("not_available", "down", "dead", "lost", "no"), False),
}
_ROLES: Final = {
    Quantity.TEMPERATURE: Role.TEMPERATURE,
    Quantity.HUMIDITY: Role.HUMIDITY,
    Quantity.POWER: Role.POWER,
    Quantity.BATTERY: Role.BATTERY,
    Quantity.BATTERY_OK: Role.BATTERY_OK,
    Quantity.CHIP: Role.CHIP,
}


def availability_in(obj: Mapping[str, object]) -> bool | None:
    """Return what {"state": "online"} says, `None` when the object is about something else."""
    for key in ("state", "status", "availability", "online", "available", "connected"):
        value = obj.get(key)
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in _PRESENCE:
            return _PRESENCE[value.strip().lower()]
    return None


def read_text(text: str, kind: Topic) -> SensorMessage:
    """Read a word or a number with or without a unit; the topic's name says what it is."""
    word = text.lower()
    if kind.is_availability or kind.is_status:
        if word in _PRESENCE:
            return SensorMessage(is_available=_PRESENCE[word])
        return _NOTHING if kind.is_status else SensorMessage(rejected=_why_not(text))
    if word in {"online", "offline"}:
        return SensorMessage(is_available=_PRESENCE[word])
    if not kind.may_be_ours:
        return _NOTHING
    if word in _AWAY:
        return SensorMessage(is_available=False, rejected=Rejection.UNAVAILABLE)
    return _read_number(text, kind)


def _read_number(text: str, kind: Topic) -> SensorMessage:
    quantity = parse_quantity(text) if len(text) <= _LONGEST_NUMBER else Rejection.NON_NUMERIC
    if isinstance(quantity, Rejection):
        if quantity is Rejection.NON_NUMERIC and (not kind.is_told or not text):
            quantity = _why_not(text)
        if kind.quantity not in _MEASURED:
            return _NOTHING  # a switch's "on", a battery's "unknown": nothing to refuse
        is_heard = quantity in {Rejection.NAN, Rejection.NON_NUMERIC}
        return SensorMessage(is_available=True if is_heard else None, rejected=quantity)
    return _read_quantity(quantity[0], quantity[1], kind)


_MEASURED: Final = frozenset(
    {Quantity.TEMPERATURE, Quantity.HUMIDITY, Quantity.UNKNOWN, Quantity.UNTOLD}
)


def _why_not(text: str) -> Rejection:
    """Tell an empty payload, a number written wrongly and anything else apart."""
    if not text:
        return Rejection.EMPTY
    if text.lower() in _LITERALS:
        return Rejection.NON_NUMERIC
    is_number_like = len(text) <= _LONGEST_NUMBER and _NUMBER_LIKE.issuperset(text)
    return Rejection.NON_NUMERIC if is_number_like else Rejection.MALFORMED


def _read_quantity(number: float, unit_text: str, kind: Topic) -> SensorMessage:
    """Read a finite number by its own unit first, then by the topic's name."""
    unit = unit_named(unit_text)
    name = kind.quantity
    if unit is not None:
        name = Quantity.TEMPERATURE if name in _OPEN else name
    elif unit_text == "%":
        name = Quantity.HUMIDITY if name is Quantity.UNKNOWN else name
    elif unit_text.lower() in {"w", "kw"}:
        number *= 1000.0 if unit_text.lower() == "kw" else 1.0
        name = Quantity.POWER
    elif unit_text:
        return SensorMessage(is_available=True, rejected=Rejection.UNKNOWN_UNIT)
    if name is Quantity.UNKNOWN:
        name = Quantity.TEMPERATURE
    if name is Quantity.UNTOLD:
        return SensorMessage(is_available=True, rejected=Rejection.AMBIGUOUS)
    role = _ROLES[name]
    return build_message({role: (Field(role, unit=unit or kind.unit), number)}, {})


_OPEN: Final = frozenset({Quantity.UNKNOWN, Quantity.UNTOLD})


def read_value(
    obj: Mapping[str, object], found: Found, kind: Topic, unit: Unit | None
) -> SensorMessage:
    """Read {"value": 21.5}: what it is stands in the topic, or in a unit beside it."""
    value = found[Role.VALUE][1]
    named = unit_named(found[Role.UNIT][1]) if Role.UNIT in found else None
    name = kind.quantity
    if name in _OPEN:
        if named is None:
            return SensorMessage(is_available=True, rejected=Rejection.AMBIGUOUS)
        name = Quantity.TEMPERATURE
    if name not in _ROLES:
        return _NOTHING
    role = _ROLES[name]
    told = {role: (Field(role, unit=kind.unit or unit or named), value)}
    if Role.MEASURED_AT in found:
        told[Role.MEASURED_AT] = found[Role.MEASURED_AT]
    return build_message(told, obj)
