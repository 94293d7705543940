"""Read Shelly's two generations: one status object, or components called `temperature:0`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from integrations.mqtt_payloads.fields import Field, Found, Role, build_message, find_fields
from integrations.mqtt_payloads.values import Rejection, moment, unit_named
from policies.model import SensorMessage

_WITH_POWER: Final = ("switch", "pm1", "em", "em1", "light", "cover", "rgbw", "cct")
_THERMOSTATS: Final = ("thermostat", "blutrv")


def read_components(status: Mapping[str, object]) -> SensorMessage:
    """Read a Gen2+ status (`NotifyStatus`, `NotifyFullStatus`, the result of `GetStatus`).

    Of several temperatures the lowest id counts, with the humidity of the same id where there is
    one (an add-on's are 100 and up); a path chooses another.
    """
    found: Found = {}
    temperatures = dict(_components(status, "temperature")) or _thermostat_temperatures(status)
    humidities = dict(_components(status, "humidity"))
    place = min(temperatures, default=min(humidities, default=0))
    if place in temperatures:
        found |= _chosen(temperatures[place], Role.TEMPERATURE)
    if place in humidities or (humidities and place == 0):
        found |= _chosen(humidities.get(place, humidities[min(humidities)]), Role.HUMIDITY)
    for kind in _WITH_POWER:
        for _, component in sorted(_components(status, kind)):
            if Role.POWER not in found:
                found |= _chosen(component, Role.POWER)
            if "temperature" in component:
                found[Role.CHIP] = (Field(Role.CHIP), None)
    return _with_rest(found, status)


def _with_rest(found: Found, status: Mapping[str, object]) -> SensorMessage:
    """Add battery and time, and say so when a Bluetooth sensor's number has no name."""
    power_supply: Mapping[str, object] = {}
    for kind in ("devicepower", "bthomedevice"):
        for _, component in sorted(_components(status, kind)):
            power_supply = component
            found |= _chosen(component, Role.BATTERY)
    message = build_message(found, power_supply)
    clock = status.get("sys")
    is_clock_unset = isinstance(clock, Mapping) and "time" in clock and clock["time"] is None
    if not is_clock_unset:
        message = message._replace(measured_at=moment(status.get("ts")))
    if message.is_available is None and any(_components(status, "bthomesensor")):
        return message._replace(is_available=True, rejected=Rejection.AMBIGUOUS)
    return message


def _components(
    status: Mapping[str, object], kind: str
) -> Iterator[tuple[int, Mapping[str, object]]]:
    for key, component in status.items():
        name, colon, number = key.partition(":")
        is_one = name == kind and colon and number.isascii() and number.isdigit()
        if is_one and len(number) < 10 and isinstance(component, dict):  # noqa: PLR2004 - ids are short
            yield int(number), component


def _thermostat_temperatures(status: Mapping[str, object]) -> dict[int, Mapping[str, object]]:
    return {
        number: component
        for kind in _THERMOSTATS
        for number, component in _components(status, kind)
        if "current_C" in component
    }


def _chosen(component: Mapping[str, object], role: Role) -> Found:
    """Return the component's value for a role, with the errors that stand beside it."""
    found = find_fields(component)
    return {kept: found[kept] for kept in (role, Role.ERRORS) if kept in found}


def read_gen1(status: Mapping[str, object]) -> SensorMessage | None:
    """Read a Gen1 status or info object, `None` when it is another's.

    A relay's `tmp` is its own heat; what its add-on measures is the room.
    """
    is_relay = "overtemperature" in status or "relays" in status
    inner = _first(status.get("thermostats")) or status
    found = find_fields(status)
    for role in (Role.TEMPERATURE, Role.HUMIDITY, Role.CHIP):
        found.pop(role, None)
    if is_relay:
        found[Role.CHIP] = (Field(Role.CHIP), None)
        meter = _first(status.get("meters")) or _first(status.get("emeters"))
        found |= _chosen(meter, Role.POWER)
    else:
        found |= _measured(inner.get("tmp"), Role.TEMPERATURE)
        found |= _measured(status.get("hum"), Role.HUMIDITY)
    found |= _chosen(_first(status.get("ext_temperature")), Role.TEMPERATURE)
    found |= _chosen(_first(status.get("ext_humidity")), Role.HUMIDITY)
    if not {Role.TEMPERATURE, Role.HUMIDITY, Role.POWER, Role.CHIP} & found.keys():
        return None
    return build_message(found, status)


def _first(value: object) -> Mapping[str, object]:
    """Return the first object of a list or of an object keyed "0", "1"; else an empty one."""
    if isinstance(value, dict) and value:
        value = [value[min(value)]]
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


def _measured(value: object, role: Role) -> Found:
    """Read {"value": 74.5, "units": "F", "tC": 23.6, "is_valid": true}."""
    if not isinstance(value, Mapping):
        return {}
    if value.get("is_valid") is False:
        return {role: (Field(role), None), Role.ERRORS: (Field(Role.ERRORS), "is_valid")}
    if role is Role.TEMPERATURE and "tC" in value:
        return {role: (Field(role, unit="c"), value["tC"])}
    return {role: (Field(role, unit=unit_named(value.get("units"))), value.get("value"))}
