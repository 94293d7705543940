"""Read Open-Meteo's hourly answer into a forecast, without any I/O.

Two things are never taken on trust: units are read from the answer's own `hourly_units` block, and
a missing hour is unknown, never 0. Local times are placed by `utc_offset_seconds`, constant
over an answer, so the zone's name does not matter; where wall times jump, hours are no longer
consecutive and the horizon ends. Source: open-meteo.com/en/docs, "JSON Return Object".
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, NamedTuple

from integrations.errors import PayloadError
from policies.model import Forecast, HourlyForecast

SOURCE: Final = "open_meteo"
LOGIN_PAGE: Final = "answer is a web page, not a forecast: is there a login page on this network?"
_HOUR: Final = timedelta(hours=1)
_LARGEST_OFFSET_S: Final = 15 * 3600  # zones span UTC-12 to UTC+14
_EARLIEST_S: Final = 946_684_800  # 2000-01-01
_LATEST_S: Final = 4_102_444_800  # 2100-01-01
_LONGEST_QUOTE: Final = 200

Row = tuple[datetime, float]


class _Unit(NamedTuple):
    """Turn a provider's unit into ours: `value * factor + shift`."""

    factor: float
    shift: float = 0.0


_PERCENT: Final = {"%": _Unit(1.0)}
_KM_H: Final = _Unit(1 / 3.6)
_MPH: Final = _Unit(0.44704)
_KNOT: Final = _Unit(1852 / 3600)
_FOOT_PER_S: Final = _Unit(0.3048)


@dataclass(frozen=True, slots=True)
class _Variable:
    """Describe an hourly variable: its name, its units, and the values that can be weather."""

    name: str
    units: Mapping[str, _Unit]
    lowest: float
    highest: float


_TEMPERATURE: Final = _Variable(
    "temperature_2m",
    {"°C": _Unit(1.0), "°F": _Unit(5 / 9, -160 / 9)},
    -60.0,
    60.0,
)
_OTHERS: Final = {
    "relative_humidity_pct": _Variable("relative_humidity_2m", _PERCENT, 0.0, 100.0),
    "wind_speed_m_s": _Variable(
        "wind_speed_10m",
        {
            "m/s": _Unit(1.0),
            "km/h": _KM_H,
            "mp/h": _MPH,  # so written by Open-Meteo
            "mph": _MPH,
            "kn": _KNOT,
            "ft/s": _FOOT_PER_S,
        },
        0.0,
        120.0,
    ),
    "cloud_cover_pct": _Variable("cloud_cover", _PERCENT, 0.0, 100.0),
    "shortwave_radiation_w_m2": _Variable("shortwave_radiation", {"W/m²": _Unit(1.0)}, 0.0, 1500.0),
}
HOURLY_VARIABLES: Final = (_TEMPERATURE.name, *(variable.name for variable in _OTHERS.values()))


def parse_forecast(body: bytes | Mapping[str, Any], fetched_at: datetime) -> Forecast:
    """Read an answer into consecutive hours round `fetched_at` (aware UTC).

    An hour without a believable temperature is a gap. The horizon ends at the first gap after
    `fetched_at`; hours before an earlier gap are dropped, so that all hours are consecutive.

    Raises: PayloadError when it is not a forecast, or speaks in a unit that is not known.
    """
    answer = _load(body) if isinstance(body, bytes) else body
    if "error" in answer and answer["error"] is not False:
        raise PayloadError(f"the provider answers: {reason_text(answer)}")
    hourly, units = _block(answer, "hourly"), _block(answer, "hourly_units")
    times = _moments(_column(hourly, "time", None), units.get("time"), answer)
    temperatures = _values(hourly, units, _TEMPERATURE, len(times))
    if temperatures is None:
        raise PayloadError("hourly.temperature_2m is missing from the answer")
    others = {
        field: values
        for field, variable in _OTHERS.items()
        if (values := _values(hourly, units, variable, len(times))) is not None
    }
    runs = _runs(times, temperatures)
    if not runs:
        raise PayloadError("the answer holds no hour with a temperature")
    chosen = next((run for run in runs if times[run[-1]] + _HOUR > fetched_at), runs[0])
    hours = [
        HourlyForecast(
            at=times[row],
            temperature_c=temperature_c,
            **{field: values[row] for field, values in others.items()},
        )
        for row in chosen
        if (temperature_c := temperatures[row]) is not None
    ]
    return Forecast(source=SOURCE, fetched_at=fetched_at, hours=tuple(hours))


def reason_text(answer: object) -> str:
    """Return the provider's own words for an error, made printable and short."""
    reason = answer.get("reason") if isinstance(answer, Mapping) else None
    if not isinstance(reason, str) or not reason.strip():
        return "no reason given"
    return _quote(" ".join(reason.split()))


def load_json(body: bytes) -> object:
    """Return the document in `body`.

    Raises: PayloadError when it is no JSON, with a hint when it is a web page.
    """
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<"):
        is_xml = start.startswith(b"<?xml") and b"<html" not in start
        raise PayloadError("answer is XML, not an Open-Meteo forecast" if is_xml else LOGIN_PAGE)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"answer is not JSON ({len(body)} bytes)") from error


def _load(body: bytes) -> Mapping[str, Any]:
    answer = load_json(body)
    if not isinstance(answer, dict):
        raise PayloadError(f"answer is a JSON {type(answer).__name__}, not an object")
    return answer


def _block(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    block = answer.get(name)
    if not isinstance(block, Mapping):
        what = "is missing" if name not in answer else "is not an object"
        raise PayloadError(f"'{name}' {what}: not an hourly answer of Open-Meteo")
    return block


def _column(hourly: Mapping[str, Any], name: str, length: int | None) -> Sequence[Any]:
    column = hourly.get(name)
    if not isinstance(column, list | tuple):
        raise PayloadError(f"hourly.{name} is not a list")
    if length is not None and len(column) != length:
        raise PayloadError(f"hourly.{name} has {len(column)} entries, hourly.time has {length}")
    return column


def _moments(column: Sequence[Any], unit: object, answer: Mapping[str, Any]) -> list[datetime]:
    """Return the hours' starts in UTC, ordered as in the answer."""
    read: Callable[[Any], datetime]
    if unit == "unixtime":  # in UTC whatever the zone of the answer
        read = _read_epoch
    elif unit == "iso8601":
        zone = timezone(timedelta(seconds=_offset_s(answer)))
        read = lambda entry: _read_iso(entry, zone)  # noqa: E731 - one line beside its sibling
    else:
        raise PayloadError(f"hourly_units.time is {_quote(unit)}, not unixtime or iso8601")
    return [read(entry) for entry in column]


def _read_epoch(entry: object) -> datetime:
    if isinstance(entry, bool) or not isinstance(entry, int | float):
        raise PayloadError(f"hourly.time holds {_quote(entry)}, not a unix time")
    if not _EARLIEST_S <= entry <= _LATEST_S:  # also refuses NaN and milliseconds
        raise PayloadError(f"hourly.time holds {_quote(entry)}, outside the years 2000 to 2100")
    return datetime.fromtimestamp(int(entry), UTC)


def _read_iso(entry: object, zone: timezone) -> datetime:
    if not isinstance(entry, str):
        raise PayloadError(f"hourly.time holds {_quote(entry)}, not an ISO time")
    try:
        moment = datetime.fromisoformat(entry)
    except ValueError as error:
        raise PayloadError(f"hourly.time holds {_quote(entry)}, not an ISO time") from error
    if not 2000 <= moment.year < 2100:  # noqa: PLR2004 - also keeps the arithmetic in range
        raise PayloadError(f"hourly.time holds {_quote(entry)}, outside the years 2000 to 2100")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _offset_s(answer: Mapping[str, Any]) -> int:
    offset_s = answer.get("utc_offset_seconds")
    if isinstance(offset_s, bool) or not isinstance(offset_s, int):
        raise PayloadError("utc_offset_seconds is missing: local times cannot be placed")
    if abs(offset_s) > _LARGEST_OFFSET_S:
        raise PayloadError(f"utc_offset_seconds is {_quote(offset_s)}, more than 15 hours")
    return offset_s


def _values(
    hourly: Mapping[str, Any], units: Mapping[str, Any], variable: _Variable, length: int
) -> list[float | None] | None:
    """Return a variable in our unit, None for each unknown hour; None when it is not there."""
    if hourly.get(variable.name) is None:
        return None
    column = _column(hourly, variable.name, length)
    name = units.get(variable.name)
    unit = variable.units.get(name) if isinstance(name, str) else None
    if unit is None:
        known = ", ".join(variable.units)
        raise PayloadError(f"hourly_units.{variable.name} is {_quote(name)}; known units: {known}")
    return [_value(entry, unit, variable) for entry in column]


def _value(entry: object, unit: _Unit, variable: _Variable) -> float | None:
    if entry is None:
        return None
    if isinstance(entry, bool) or not isinstance(entry, int | float):
        raise PayloadError(f"hourly.{variable.name} holds {_quote(entry)}, not a number")
    try:
        value = entry * unit.factor + unit.shift
    except OverflowError:
        return None
    if not math.isfinite(value) or not variable.lowest <= value <= variable.highest:
        return None
    return value


def _runs(times: Sequence[datetime], temperatures: Sequence[float | None]) -> list[list[int]]:
    """Return the rows in order of time, as runs of consecutive hours with a known temperature."""
    runs: list[list[int]] = []
    previous: datetime | None = None
    for row in sorted(range(len(times)), key=times.__getitem__):
        if temperatures[row] is None:
            continue
        if previous is None or times[row] - previous != _HOUR:
            runs.append([])
        runs[-1].append(row)
        previous = times[row]
    return runs


def _quote(value: object) -> str:
    """Return a foreign value in a form that cannot forge or flood a line."""
    if isinstance(value, str):
        text = value[:_LONGEST_QUOTE]
    elif isinstance(value, bool | int | float) and not _is_huge(value):
        text = repr(value)
    elif value is None:
        text = "missing"
    else:
        text = f"a {type(value).__name__}"
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _is_huge(value: float) -> bool:
    return isinstance(value, int) and value.bit_length() > 64  # noqa: PLR2004 - digits, not a limit
