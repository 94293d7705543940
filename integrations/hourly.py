"""Build a forecast from any service's hours: units on their word, gaps never filled.

Units are read from the answer itself, and one that is not known is refused. An hour without a
believable temperature is a gap, never 0, and the horizon ends there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from integrations.documents import quote, read_number
from integrations.errors import PayloadError
from policies.model import Forecast, HourlyForecast

HOUR: Final = timedelta(hours=1)


class Unit(NamedTuple):
    """Turn a provider's unit into ours: `value * factor + shift`."""

    factor: float
    shift: float = 0.0


_CELSIUS: Final = Unit(1.0)
_FAHRENHEIT: Final = Unit(5 / 9, -160 / 9)
_PERCENT: Final = Unit(1.0)
_MPH: Final = Unit(0.44704)
_KNOT: Final = Unit(1852 / 3600)


@dataclass(frozen=True, slots=True)
class Quantity:
    """Describe what is forecast: its units as providers write them, and what can be weather."""

    units: Mapping[str, Unit]
    lowest: float
    highest: float

    def unit(self, name: object, where: str) -> Unit:
        """Return the unit of this name. Raises: PayloadError when it is not known."""
        unit = self.units.get(name) if isinstance(name, str) else None
        if unit is None:
            raise PayloadError(f"{where} is {quote(name)}; known units: {', '.join(self.units)}")
        return unit

    def value(self, entry: object, unit: Unit, where: str) -> float | None:
        """Return an entry in our unit; None when it is unknown or cannot be weather.

        Raises: PayloadError when it is no number.
        """
        number = read_number(entry, where)
        if number is None:
            return None
        value = number * unit.factor + unit.shift
        return value if math.isfinite(value) and self.lowest <= value <= self.highest else None

    def read(self, entry: object, unit_name: object, where: str) -> float | None:
        """Return an entry of a named unit; the unit of what is unknown anyway does not matter.

        Raises: PayloadError when the entry is no number, or its unit is not known.
        """
        if entry is None:
            return None
        return self.value(entry, self.unit(unit_name, f"{where}'s unit"), where)


TEMPERATURE: Final = Quantity(
    {
        "°C": _CELSIUS,
        "celsius": _CELSIUS,
        "C": _CELSIUS,
        "wmoUnit:degC": _CELSIUS,
        "°F": _FAHRENHEIT,
        "fahrenheit": _FAHRENHEIT,
        "F": _FAHRENHEIT,
        "wmoUnit:degF": _FAHRENHEIT,
    },
    -60.0,
    60.0,
)
PERCENT: Final = Quantity(
    {"%": _PERCENT, "wmoUnit:percent": _PERCENT, "unit:percent": _PERCENT}, 0.0, 100.0
)
WIND_SPEED: Final = Quantity(
    {
        "m/s": Unit(1.0),
        "km/h": Unit(1 / 3.6),
        "wmoUnit:km_h-1": Unit(1 / 3.6),
        "mp/h": _MPH,  # so written by Open-Meteo
        "mph": _MPH,
        "kn": _KNOT,
        "kt": _KNOT,
        "ft/s": Unit(0.3048),
    },
    0.0,
    120.0,
)
RADIATION: Final = Quantity({"W/m²": Unit(1.0)}, 0.0, 1500.0)


def build_forecast(
    source: str,
    hours: Iterable[HourlyForecast],
    fetched_at: datetime,
    expires_at: datetime | None = None,
) -> Forecast:
    """Return the consecutive hours round `fetched_at`; what lies behind a gap is dropped.

    Hours before an earlier gap are dropped too, so that the forecast has no hole.

    Raises: PayloadError when there is no hour at all.
    """
    runs: list[list[HourlyForecast]] = []
    for hour in sorted(hours, key=lambda each: each.at):
        if not runs or hour.at - runs[-1][-1].at != HOUR:
            runs.append([])
        runs[-1].append(hour)
    if not runs:
        raise PayloadError("the answer holds no hour with a temperature")
    chosen = next((run for run in runs if run[-1].at + HOUR > fetched_at), runs[0])
    return Forecast(source, fetched_at, tuple(chosen), expires_at)
