"""Read Open-Meteo's hourly answer into a forecast, without any I/O.

Two things are never taken on trust: units are read from the answer's own `hourly_units` block, and
a missing hour is unknown, never 0. Local times are placed by `utc_offset_seconds`, constant
over an answer, so the zone's name does not matter; where wall times jump, hours are no longer
consecutive and the horizon ends. Source: open-meteo.com/en/docs, "JSON Return Object".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from integrations.documents import block, load_object, quote, read_moment, reason_text
from integrations.errors import PayloadError
from integrations.hourly import (
    PERCENT,
    RADIATION,
    TEMPERATURE,
    WIND_SPEED,
    Quantity,
    build_forecast,
)
from policies.model import Forecast, HourlyForecast

SOURCE: Final = "open_meteo"
_WHAT: Final = "an hourly answer of Open-Meteo"
_LARGEST_OFFSET_S: Final = 15 * 3600  # zones span UTC-12 to UTC+14
_EARLIEST_S: Final = 946_684_800  # 2000-01-01
_LATEST_S: Final = 4_102_444_800  # 2100-01-01
_TEMPERATURE: Final = "temperature_2m"
_OTHERS: Final[Mapping[str, tuple[str, Quantity]]] = {
    "relative_humidity_pct": ("relative_humidity_2m", PERCENT),
    "wind_speed_m_s": ("wind_speed_10m", WIND_SPEED),
    "cloud_cover_pct": ("cloud_cover", PERCENT),
    "shortwave_radiation_w_m2": ("shortwave_radiation", RADIATION),
}
HOURLY_VARIABLES: Final = (_TEMPERATURE, *(name for name, _ in _OTHERS.values()))


def parse_forecast(body: bytes | Mapping[str, Any], fetched_at: datetime) -> Forecast:
    """Read an answer into consecutive hours round `fetched_at` (aware UTC).

    An hour without a believable temperature is a gap. The horizon ends at the first gap after
    `fetched_at`; hours before an earlier gap are dropped, so that all hours are consecutive.

    Raises: PayloadError when it is not a forecast, or speaks in a unit that is not known.
    """
    answer = load_object(body) if isinstance(body, bytes) else body
    if "error" in answer and answer["error"] is not False:
        raise PayloadError(f"the provider answers: {reason_text(answer)}")
    hourly, units = block(answer, "hourly", _WHAT), block(answer, "hourly_units", _WHAT)
    times = _moments(_column(hourly, "time", None), units.get("time"), answer)
    temperatures = _values(hourly, units, _TEMPERATURE, TEMPERATURE, len(times))
    if temperatures is None:
        raise PayloadError("hourly.temperature_2m is missing from the answer")
    others = {
        field: values
        for field, (name, quantity) in _OTHERS.items()
        if (values := _values(hourly, units, name, quantity, len(times))) is not None
    }
    hours = [
        HourlyForecast(
            at=at,
            temperature_c=temperature_c,
            **{field: values[row] for field, values in others.items()},
        )
        for row, (at, temperature_c) in enumerate(zip(times, temperatures, strict=True))
        if temperature_c is not None
    ]
    return build_forecast(SOURCE, hours, fetched_at)


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
        read = lambda entry: read_moment(entry, "hourly.time", zone)  # noqa: E731 - beside its sibling
    else:
        raise PayloadError(f"hourly_units.time is {quote(unit)}, not unixtime or iso8601")
    return [read(entry) for entry in column]


def _read_epoch(entry: object) -> datetime:
    if isinstance(entry, bool) or not isinstance(entry, int | float):
        raise PayloadError(f"hourly.time holds {quote(entry)}, not a unix time")
    if not _EARLIEST_S <= entry <= _LATEST_S:  # also refuses NaN and milliseconds
        raise PayloadError(f"hourly.time holds {quote(entry)}, outside the years 2000 to 2100")
    return datetime.fromtimestamp(int(entry), UTC)


def _offset_s(answer: Mapping[str, Any]) -> int:
    offset_s = answer.get("utc_offset_seconds")
    if isinstance(offset_s, bool) or not isinstance(offset_s, int):
        raise PayloadError("utc_offset_seconds is missing: local times cannot be placed")
    if abs(offset_s) > _LARGEST_OFFSET_S:
        raise PayloadError(f"utc_offset_seconds is {quote(offset_s)}, more than 15 hours")
    return offset_s


def _values(
    hourly: Mapping[str, Any], units: Mapping[str, Any], name: str, quantity: Quantity, length: int
) -> list[float | None] | None:
    """Return a variable in our unit, None for each unknown hour; None when it is not there."""
    if hourly.get(name) is None:
        return None
    column = _column(hourly, name, length)
    unit = quantity.unit(units.get(name), f"hourly_units.{name}")
    return [quantity.value(entry, unit, f"hourly.{name}") for entry in column]
