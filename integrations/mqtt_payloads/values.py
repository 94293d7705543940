"""Turn what a payload holds into numbers that can be true, or say why not."""

from __future__ import annotations

import enum
import math
import re
from datetime import UTC, datetime
from typing import Final, Literal

Unit = Literal["c", "f"]

# The widest air outdoors. Source: FAULTS 4. What a room may have is judged where the room is known.
COLDEST_C: Final = -60.0
HOTTEST_C: Final = 60.0
_HOTTEST_ROOM_IN_FAHRENHEIT: Final = 130.0
_NOT_CONNECTED: Final = 999.0  # Shelly: {"R": ["-55/125", "999"]}, 999 is "no sensor"
_POWER_ON_C: Final = 85.0  # DS18B20 datasheet: content of the register before the first conversion
_LARGEST_POWER_W: Final = 100_000.0
_FIRST_YEAR: Final = 2000  # anything earlier is a clock that was never set
_LAST_YEAR: Final = 2100
_FIRST_MOMENT_S: Final = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp()
_LAST_MOMENT_S: Final = datetime(_LAST_YEAR, 1, 1, tzinfo=UTC).timestamp()
_MILLISECONDS_FROM: Final = 1e11

_QUANTITY: Final = re.compile(
    r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\W\d_]\w{0,14}|[°º℃℉%]\s?[CcFf]?)?",
)
_NOT_FINITE: Final = frozenset({"nan", "inf", "infinity"})
_UNITS: Final[dict[str, Unit]] = {
    "c": "c",
    "°c": "c",
    "ºc": "c",
    "℃": "c",
    "celsius": "c",
    "degc": "c",
    "f": "f",
    "°f": "f",
    "ºf": "f",
    "℉": "f",
    "fahrenheit": "f",
    "degf": "f",
}


class Rejection(enum.StrEnum):
    """Name why a value was refused; the words are constant, so that they can be counted."""

    TOO_LONG = "too_long"
    NOT_UTF8 = "not_utf8"
    EMPTY = "empty"
    MALFORMED = "malformed"  # neither JSON nor a number
    NON_NUMERIC = "non_numeric"  # a decimal comma, a list, true, null
    NAN = "nan"  # also the infinities
    OUT_OF_RANGE = "out_of_range"
    LOOKS_LIKE_FAHRENHEIT = "looks like Fahrenheit: set unit"
    POWER_ON_VALUE = "power_on_85"
    SENTINEL_999 = "sentinel_999"
    SENSOR_MISSING_ZERO = "sensor_missing_zero"
    MARKED_INVALID = "marked_invalid"  # the device itself says so
    CHIP_TEMPERATURE = "chip_temperature"  # of a processor or relay, not of the room
    NOT_A_ROOM_SENSOR = "not_a_room_sensor"
    AMBIGUOUS = "ambiguous"  # a number without a name
    UNKNOWN_UNIT = "unknown_unit"
    UNAVAILABLE = "unavailable"


def unit_named(value: object) -> Unit | None:
    """Return the temperature unit that a word or sign means, `None` when it means another."""
    return _UNITS.get(value.strip().lower().replace(" ", "")) if isinstance(value, str) else None


def parse_quantity(text: str) -> tuple[float, str] | Rejection:
    """Split "72.5 °F" into number and unit (empty when there is none); never infinite or NaN."""
    match = _QUANTITY.fullmatch(text)
    if match is None or not text.isprintable() or not match[1].isascii():
        word = text.lower().lstrip("+-")
        return Rejection.NAN if word in _NOT_FINITE else Rejection.NON_NUMERIC
    number = float(match[1])
    if not math.isfinite(number):
        return Rejection.NAN
    return number, match[2] or ""


def number_in(value: object) -> float | Rejection:
    """Return a finite number for a number or a numeric text; a boolean is not a number."""
    if type(value) is float:
        return value if math.isfinite(value) else Rejection.NAN
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return Rejection.NAN
    if type(value) is str:
        quantity = parse_quantity(value.strip())
        if isinstance(quantity, Rejection):
            return quantity
        return quantity[0] if not quantity[1] else Rejection.NON_NUMERIC
    return Rejection.NON_NUMERIC


def temperature_c(value: object, unit: Unit | None) -> float | Rejection:
    """Return degrees Celsius, or why not; `unit=None` is Celsius that nobody has confirmed.

    The range is that of air outdoors, -60 to 60 °C. Source: FAULTS 3 to 6.
    """
    number = number_in(value)
    if isinstance(number, Rejection):
        number, unit = _quantity_with_unit(value, unit, number)
        if isinstance(number, Rejection):
            return number
    celsius = number if unit != "f" else round((number - 32.0) * 5.0 / 9.0, 6)
    if COLDEST_C <= celsius <= HOTTEST_C:
        return celsius
    if number == _NOT_CONNECTED:
        return Rejection.SENTINEL_999
    if celsius == _POWER_ON_C:
        return Rejection.POWER_ON_VALUE
    if unit is None and HOTTEST_C < celsius <= _HOTTEST_ROOM_IN_FAHRENHEIT:
        return Rejection.LOOKS_LIKE_FAHRENHEIT
    return Rejection.OUT_OF_RANGE


def _quantity_with_unit(
    value: object, unit: Unit | None, why_not: Rejection
) -> tuple[float | Rejection, Unit | None]:
    """Read "22.5 °C" in a place where a bare number is usual."""
    quantity = parse_quantity(value.strip()) if isinstance(value, str) else why_not
    if isinstance(quantity, Rejection):
        return quantity, unit
    written = unit_named(quantity[1])
    return (quantity[0], written) if written is not None else (why_not, unit)


def humidity_pct(value: object) -> float | Rejection:
    """Return relative humidity, 0 to 100 %, or why not."""
    if isinstance(value, str):
        value = value.strip().removesuffix("%").rstrip()
    number = number_in(value)
    if isinstance(number, Rejection):
        return number
    if 0.0 <= number <= 100.0:  # noqa: PLR2004 - the ends of a percentage
        return number
    return Rejection.SENTINEL_999 if number == _NOT_CONNECTED else Rejection.OUT_OF_RANGE


def power_w(value: object) -> float | Rejection:
    """Return watts, or why not; several channels in a list are added up."""
    if isinstance(value, list) and value:
        channels = [power_w(channel) for channel in value if not isinstance(channel, list)]
        numbers = [channel for channel in channels if not isinstance(channel, Rejection)]
        return math.fsum(numbers) if len(numbers) == len(value) else Rejection.NON_NUMERIC
    number = number_in(value)
    if isinstance(number, Rejection):
        return number
    return number if abs(number) <= _LARGEST_POWER_W else Rejection.OUT_OF_RANGE


def percentage_or_none(value: object) -> float | None:
    """Return a percentage where the value is one (a battery's may also be volts or words)."""
    percentage = humidity_pct(value)
    return None if isinstance(percentage, Rejection) else percentage


def moment(value: object, *, is_utc: bool = False) -> datetime | None:
    """Return an aware UTC moment of seconds, milliseconds or ISO 8601; `None` without a zone.

    `is_utc` says that a text without a zone is UTC.
    """
    if isinstance(value, str) and "-" in value:
        return _moment_in_text(value, is_utc=is_utc)
    seconds = number_in(value)
    if isinstance(seconds, Rejection):
        return None
    if seconds >= _MILLISECONDS_FROM:
        seconds /= 1000.0
    if not _FIRST_MOMENT_S <= seconds <= _LAST_MOMENT_S:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _moment_in_text(text: str, *, is_utc: bool) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text.strip())
        if parsed.tzinfo is None:
            if not is_utc:
                return None
            parsed = parsed.replace(tzinfo=UTC)
        parsed = parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return parsed if _FIRST_YEAR <= parsed.year < _LAST_YEAR else None
