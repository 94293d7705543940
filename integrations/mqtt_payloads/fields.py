"""Know which key of a JSON object means what, and make a `SensorMessage` of an object."""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from integrations.mqtt_payloads.values import (
    Rejection,
    Unit,
    humidity_pct,
    moment,
    percentage_or_none,
    power_w,
    temperature_c,
    unit_named,
)
from policies.model import SensorMessage

_LONGEST_KEY: Final = 64


class Role(enum.StrEnum):
    """Name what a key means."""

    TEMPERATURE = "temperature"
    HUMIDITY = "humidity"
    POWER = "power"
    BATTERY = "battery"
    BATTERY_LOW = "battery_low"
    BATTERY_OK = "battery_ok"
    MEASURED_AT = "measured_at"
    UNIT = "unit"
    CHIP = "chip"
    VALUE = "value"  # a number whose name is in the topic
    ERRORS = "errors"
    LINK_QUALITY = "link_quality"  # Zigbee2MQTT, which always speaks Celsius
    SHAPE = "shape"  # the object needs its family's own reader


class Place(enum.StrEnum):
    """Say where a value was taken, as far as its key tells."""

    HERE = "here"
    INDOORS = "indoors"
    OUTDOORS = "outdoors"


@dataclass(frozen=True, slots=True)
class Field:
    """Describe a known key; of several keys with one role the lowest `rank` counts."""

    role: Role
    rank: int = 0
    unit: Unit | None = None
    place: str = Place.HERE
    is_utc: bool = False


# Keys in lower case without punctuation. Order of preference: indoors, corrected by the device,
# plain Celsius, Fahrenheit, a thermostat's own sensor, outdoors, numbered channels.
_ROWS: Final[tuple[tuple[Field, str], ...]] = (
    (
        Field(Role.TEMPERATURE, 0, place=Place.INDOORS),
        (
            "tempin intemp indoortemp tempindoor indoortemperature temperatureindoor"
            " temperaturein insidetemperature temperatureinside roomtemperature roomtemp"
        ),
    ),
    (Field(Role.TEMPERATURE, 1, "c", Place.INDOORS), "tempinc intempc indoortempc"),
    (Field(Role.TEMPERATURE, 2, "f", Place.INDOORS), "tempinf intempf indoortempf"),
    (Field(Role.TEMPERATURE, 3, "c"), "atmpcompensated"),
    (
        Field(Role.TEMPERATURE, 4, "c"),
        (
            "tempc temperaturec temperaturecelsius tempcelsius celsius tc currentc"
            " airtemperaturec temperaturedegc atmp"
        ),
    ),
    (
        Field(Role.TEMPERATURE, 5),
        (
            "temperature temp tem airtemperature airtemp ambienttemperature ambienttemp"
            " currenttemperature currenttemp measuredtemperature sensortemperature temperatur"
            " lufttemperatur temperatura temperatuur"
        ),
    ),
    (
        Field(Role.TEMPERATURE, 6, "f"),
        (
            "tempf temperaturef temperaturefahrenheit tempfahrenheit fahrenheit tf"
            " airtemperaturef temperaturedegf"
        ),
    ),
    (Field(Role.TEMPERATURE, 7), "localtemperature"),
    (
        Field(Role.TEMPERATURE, 8, place=Place.OUTDOORS),
        "tempout outtemp outdoortemp outdoortemperature temperatureoutdoor outsidetemperature",
    ),
    (Field(Role.TEMPERATURE, 8, "c", Place.OUTDOORS), "outtempc tempoutc"),
    (Field(Role.TEMPERATURE, 9, "f", Place.OUTDOORS), "outtempf tempoutf"),
    (
        Field(Role.HUMIDITY, 0, place=Place.INDOORS),
        "humidityin inhumidity indoorhumidity humidityindoor insidehumidity roomhumidity humin",
    ),
    (Field(Role.HUMIDITY, 3), "rhumcompensated"),
    (
        Field(Role.HUMIDITY, 4),
        (
            "humidity hum humi rh rhum relativehumidity humiditypercent humiditypct humidityrh"
            " relhumidity currenthumidity localhumidity airhumidity feuchtigkeit"
            " luftfeuchtigkeit luftfeuchte feuchte umidità umidita humedad humidité"
            " humidite vochtigheid"
        ),
    ),
    (
        Field(Role.HUMIDITY, 8, place=Place.OUTDOORS),
        "outhumidity outdoorhumidity humidityoutdoor humidityout outsidehumidity",
    ),
    (Field(Role.POWER, 0), "activepower apower actpower powerw powerwatts watts"),
    (Field(Role.POWER, 1), "power totalactpower"),
    (Field(Role.BATTERY), "battery batterylevel batterypercentage batterypercent batterypct"),
    (Field(Role.BATTERY, 1), "batt bat"),
    (Field(Role.BATTERY_LOW), "batterylow lowbattery islowbattery"),
    (Field(Role.BATTERY_OK), "batteryok"),
    (Field(Role.MEASURED_AT), "lastseen lastseenepoch measuredat lastupdatedts"),
    (Field(Role.MEASURED_AT, 1, is_utc=True), "dateutc"),
    (Field(Role.MEASURED_AT, 2), "timestamp ts"),
    (Field(Role.MEASURED_AT, 3), "time epoch"),
    (Field(Role.UNIT), "tempunit tempunits temperatureunit temperatureunits"),
    (Field(Role.UNIT, 1), "unit units unitofmeasurement"),
    (
        Field(Role.CHIP),
        (
            "devicetemperature cputemperature cputemp chiptemperature internaltemperature"
            " internaltemp boardtemperature soctemperature mcutemperature coretemperature"
        ),
    ),
    (Field(Role.VALUE), "value"),
    (Field(Role.ERRORS), "errors"),
    (Field(Role.LINK_QUALITY), "linkquality"),
    (
        Field(Role.SHAPE),
        (
            "statussns zbreceived zbinfo params result tmp thermostats sensor nvalue"
            " exttemperature overtemperature relays"
        ),
    ),
)


def _table() -> dict[str, Field]:
    table = {key: field for field, keys in _ROWS for key in keys.split()}
    for channel in range(1, 9):  # Ecowitt's extra sensors, Tasmota's analogue inputs
        place = f"channel {channel}"
        table[f"temp{channel}f"] = Field(Role.TEMPERATURE, 10 + channel, "f", place)
        table[f"temp{channel}c"] = Field(Role.TEMPERATURE, 10 + channel, "c", place)
        table[f"temp{channel}"] = Field(Role.TEMPERATURE, 10 + channel, None, place)
        table[f"temperature{channel}"] = Field(Role.TEMPERATURE, 10 + channel, None, place)
        table[f"humidity{channel}"] = Field(Role.HUMIDITY, 10 + channel, None, place)
    return table


_FIELDS: Final = _table()


@functools.lru_cache(maxsize=2048)
def _known_field(key: str) -> Field | None:
    return _FIELDS.get("".join(letter for letter in key.lower() if letter.isalnum()))


def field_of(key: str) -> Field | None:
    """Return what a key means, whatever its spelling (`temperature_C`, `tempC`, `Temp (c)`)."""
    return _known_field(key) if len(key) <= _LONGEST_KEY else None


Found = dict[Role, tuple[Field, object]]


def find_fields(obj: Mapping[str, object]) -> Found:
    """Return the best key for each role, with its value as it stands."""
    found: Found = {}
    for key, value in obj.items():
        field = _known_field(key) if len(key) <= _LONGEST_KEY else None
        if field is None:
            continue
        held = found.get(field.role)
        if held is None or field.rank < held[0].rank:
            found[field.role] = (field, value)
    return found


def build_message(
    found: Found, obj: Mapping[str, object], *, unit: Unit | None = None
) -> SensorMessage:
    """Judge what was found and make a message of it; `unit` counts where a key does not tell."""
    temperature: float | None = None
    humidity: float | None = None
    rejected: Rejection | None = None
    held = found.get(_TEMPERATURE)
    if held is not None:
        celsius = temperature_c(held[1], held[0].unit or unit or _unit_beside(found))
        if isinstance(celsius, Rejection):
            rejected = _sharpen(celsius, held[1], found)
        else:
            temperature = celsius
    held = found.get(_HUMIDITY)
    if held is not None and _belongs_together(found, obj):
        percent = humidity_pct(held[1])
        if isinstance(percent, Rejection):
            rejected = rejected or _sharpen(percent, held[1], found)
        else:
            humidity = percent
    if humidity == 0.0:
        if rejected is not None:
            humidity = None  # a frame at its minimum: not a dry room
        elif temperature == 0.0:
            temperature, humidity, rejected = None, None, Rejection.SENSOR_MISSING_ZERO
    is_heard = temperature is not None or humidity is not None
    if not is_heard and rejected is None and _CHIP in found:
        rejected = Rejection.CHIP_TEMPERATURE
    power = _power_w(found)
    return SensorMessage(
        temperature,
        humidity,
        True if is_heard or power is not None or rejected is not None else None,
        rejected,
        _battery_pct(found, obj),
        _is_battery_low(found),
        power,
        _measured_at(found),
    )


_TEMPERATURE: Final = Role.TEMPERATURE  # looked up once, not with every message
_HUMIDITY: Final = Role.HUMIDITY
_POWER: Final = Role.POWER
_BATTERY: Final = Role.BATTERY
_BATTERY_LOW: Final = Role.BATTERY_LOW
_BATTERY_OK: Final = Role.BATTERY_OK
_MEASURED_AT: Final = Role.MEASURED_AT
_UNIT: Final = Role.UNIT
_CHIP: Final = Role.CHIP
_LINK_QUALITY: Final = Role.LINK_QUALITY


def _unit_beside(found: Found) -> Unit | None:
    """Return the unit that the object names in a field of its own.

    Zigbee2MQTT's `temperature_unit` is the unit on the device's screen; its numbers are Celsius.
    """
    if _LINK_QUALITY in found:
        return "c" if _UNIT in found else None
    return unit_named(found[_UNIT][1]) if _UNIT in found else None


def _sharpen(rejection: Rejection, raw: object, found: Found) -> Rejection:
    """Say more exactly what is wrong where the object tells."""
    if rejection is not Rejection.NON_NUMERIC:
        return rejection
    if (
        isinstance(raw, Mapping) and "tC" in raw
    ):  # Shelly: a relay's own temperature, beside its power
        return Rejection.CHIP_TEMPERATURE
    if Role.ERRORS in found and found[Role.ERRORS][1]:
        return Rejection.MARKED_INVALID
    return rejection


def _belongs_together(found: Found, obj: Mapping[str, object]) -> bool:
    """Return whether humidity was taken where the temperature was; alone it always counts."""
    if _TEMPERATURE not in found:
        return True
    temperature_place = found[_TEMPERATURE][0].place
    humidity_place = found[_HUMIDITY][0].place
    if temperature_place is humidity_place or temperature_place == humidity_place:
        return True
    if Place.HERE not in (temperature_place, humidity_place):
        return False
    fields = (field_of(key) for key in obj)
    places = {field.place for field in fields if field and field.role is Role.TEMPERATURE}
    return len(places) == 1


def _battery_pct(found: Found, obj: Mapping[str, object]) -> float | None:
    held = found.get(_BATTERY)
    if held is None:
        return None
    value = held[1]
    if isinstance(value, Mapping):  # Shelly: {"V": 5.2, "percent": 80} beside {"present": false}
        external = obj.get("external")
        if isinstance(external, Mapping) and external.get("present") is True:
            return None
        value = value.get("percent", value.get("value"))
    elif "model" in obj and "time" in obj:
        return None  # old rtl_433: 0 and 1 are flags here, and models differ in what they mean
    return percentage_or_none(value)


def _is_battery_low(found: Found) -> bool | None:
    if _BATTERY_LOW in found:
        value = found[_BATTERY_LOW][1]
        return value if isinstance(value, bool) else _flag(value)
    if _BATTERY_OK in found:
        is_ok = _flag(found[_BATTERY_OK][1])
        return None if is_ok is None else not is_ok
    if _BATTERY in found:
        value = found[_BATTERY][1]
        if isinstance(value, str):
            return {"low": True, "ok": False}.get(value.strip().lower())
    return None


def _flag(value: object) -> bool | None:
    """Read rtl_433's 0 and 1 (newer models send shares between)."""
    if isinstance(value, bool):
        return value
    share = percentage_or_none(value)
    return None if share is None else share >= 0.5  # noqa: PLR2004 - nearer to 1 than to 0


def _power_w(found: Found) -> float | None:
    held = found.get(_POWER)
    watts = None if held is None else power_w(held[1])
    return None if isinstance(watts, Rejection) else watts


def _measured_at(found: Found) -> datetime | None:
    held = found.get(_MEASURED_AT)
    return None if held is None else moment(held[1], is_utc=held[0].is_utc)
