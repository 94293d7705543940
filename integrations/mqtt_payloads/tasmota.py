"""Choose among the sensors that one Tasmota message, or any object of objects, holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from integrations.mqtt_payloads.fields import Field, Found, Role, build_message, find_fields
from integrations.mqtt_payloads.values import Rejection, Unit, unit_named
from policies.model import SensorMessage

# Parts that measure themselves: processors, power meters, clocks, power supplies, motion chips.
_CHIPS: Final = ("ESP32", "ESP8266", "BL09", "CSE", "ADE", "DS3231", "AXP", "MPU", "CPU")
# Of several sensors with humidity, from the most to the least exact by their datasheets.
_BY_EXACTNESS: Final = ("SHT", "HDC", "SI70", "HTU", "AHT", "SCD", "AM2", "DHT22", "BME", "HYT")
_LEAST_EXACT: Final = ("DHT11", "DHT12", "MHZ")
_INDOORS: Final = frozenset({"indoor", "indoors", "inside", "in", "room"})
_PROBE: Final = "DS18"


@dataclass(frozen=True, slots=True)
class _Sensor:
    key: str
    found: Found
    obj: Mapping[str, object]


def read_nested(
    obj: Mapping[str, object], outer: Found, *, is_tasmota: bool, unit: Unit | None
) -> SensorMessage | None:
    """Return the values of one sensor among the inner objects, `None` when there is none.

    In a Tasmota message a sensor with temperature and humidity comes before a bare temperature,
    then the more exact kind, then the one named first. Two Bluetooth devices in one message, or two
    sensors in an object of unknown origin, are ambiguous: a path must be set.
    """
    is_tasmota = is_tasmota or "Time" in obj or "TempUnit" in obj
    shared = {role: held for role, held in outer.items() if role in _SHARED}
    sensors: list[_Sensor] = []
    for key, value in obj.items():
        if not isinstance(value, dict):
            continue
        inner = find_fields(value)
        if key == "ENERGY" and Role.POWER in inner:
            shared[Role.POWER] = inner[Role.POWER]
        if Role.TEMPERATURE not in inner and Role.HUMIDITY not in inner:
            continue
        if _is_chip(key, obj):
            shared[Role.CHIP] = (Field(Role.CHIP), None)
        else:
            sensors.append(_Sensor(key, inner, value))
    if not sensors:
        return build_message(shared, obj) if Role.POWER in shared or Role.CHIP in shared else None
    chosen = _choose(sensors, is_tasmota=is_tasmota)
    if chosen is None:
        return SensorMessage(is_available=True, rejected=Rejection.AMBIGUOUS)
    if unit is None and Role.UNIT in outer:
        unit = unit_named(outer[Role.UNIT][1])
    message = build_message({**shared, **chosen.found}, chosen.obj, unit=unit)
    if message.temperature_c == 0.0 and chosen.key.startswith(_PROBE):
        # A loose one-wire probe reads exactly 0.0; melting ice beside a real one passes in minutes.
        return message._replace(temperature_c=None, rejected=Rejection.SENSOR_MISSING_ZERO)
    return message


_SHARED: Final = frozenset(
    {Role.POWER, Role.CHIP, Role.BATTERY, Role.BATTERY_LOW, Role.MEASURED_AT}
)


def _is_chip(key: str, obj: Mapping[str, object]) -> bool:
    """Return whether a part measures itself, as does the analogue input of a metering relay."""
    return key.upper().startswith(_CHIPS) or (key.startswith("ANALOG") and "ENERGY" in obj)


def _choose(sensors: list[_Sensor], *, is_tasmota: bool) -> _Sensor | None:
    if len(sensors) == 1:
        return sensors[0]
    if is_tasmota:
        if sum("mac" in sensor.obj for sensor in sensors) > 1:
            return None
        return min(sensors, key=_preference)  # the first of equals
    inside = [sensor for sensor in sensors if sensor.key.lower() in _INDOORS]
    return inside[0] if len(inside) == 1 else None


def _preference(sensor: _Sensor) -> tuple[bool, int]:
    """Return a key that sorts better sensors first."""
    name = sensor.key.upper()
    exactness = len(_BY_EXACTNESS)
    for place, prefix in enumerate(_BY_EXACTNESS):
        if name.startswith(prefix):
            exactness = place
    if name.startswith(_LEAST_EXACT):
        exactness += 1
    is_complete = Role.TEMPERATURE in sensor.found and Role.HUMIDITY in sensor.found
    return not is_complete, exactness


def read_zigbee(devices: Mapping[str, object], *, unit: Unit | None) -> SensorMessage | None:
    """Read `ZbReceived` and `ZbInfo`: one device under its name, `Power` there being on and off."""
    for device in devices.values():
        if not isinstance(device, dict):
            continue
        found = find_fields(device)
        if "ActivePower" not in device:
            found.pop(Role.POWER, None)
        if "BatteryPercentage" not in device:
            found.pop(Role.BATTERY, None)
        message = build_message(found, device, unit=unit)
        if device.get("Reachable") is False:
            return message._replace(is_available=False)
        return message
    return None
