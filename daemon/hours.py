"""Name what is kept by the hour: a room's mean, the weather, and what was foretold of a room.

An hour is the count of hours since 1970, UTC, as in `policies.room_record`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate, chain
from typing import Final, NamedTuple

from policies.model import HourlyForecast
from policies.room_features import HORIZON_H, KNOTS_H
from policies.room_forecast import HourAhead, Predictor, RoomForecast

HOUR: Final = timedelta(hours=1)
HOUR_S: Final = 3600

MOST_ROWS: Final = 20_000
"""So many hours wait in memory while the disk does not take them."""

MOST_FORECASTS: Final = 1_000

_COUNT: Final = 3 * HORIZON_H + 3
_NUMBERS: Final = struct.Struct(f"<{_COUNT}h")
_LARGEST: Final = 16_000  # hundredths of a degree: a step between two of them is a short


def hour_of(at: datetime) -> int:
    """Return the number of the hour that a moment (aware UTC) lies in."""
    return int(at.timestamp() // HOUR_S)


@dataclass(frozen=True, slots=True)
class RoomHour:
    """Hold a room's mean effective temperature, and the share of the hour in which it was cooled.

    `None` is unknown.
    """

    room_id: str
    hour: int
    effective_c: float | None
    cooling: float | None = None


class OutdoorHour(NamedTuple):
    """Hold the weather of an hour, as the forecast had it in that hour.

    (A tuple: a forecast is a hundred of them, every hour.)
    """

    hour: int
    temperature_c: float
    relative_humidity_pct: float | None = None
    radiation_w_m2: float | None = None
    cloud_cover_pct: float | None = None

    @classmethod
    def of(cls, forecast: HourlyForecast) -> OutdoorHour:
        """Return an hour of a forecast."""
        return cls(
            hour_of(forecast.at),
            forecast.temperature_c,
            forecast.relative_humidity_pct,
            forecast.shortwave_radiation_w_m2,
            forecast.cloud_cover_pct,
        )


@dataclass(frozen=True, slots=True)
class KeptForecast:
    """Hold what was foretold of a room, packed."""

    room_id: str
    hour: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Basis:
    """Say what a room's forecast rests on, a day ahead.

    Args:
        days: how many days of hours are known, of the room and of the weather.
        used: the predictor that counts most; `None` while the room is not foretold.
        is_learned: whether a line is fitted to the room yet.
        lacks_weather: whether it cannot speak because the weather a day ahead is not known.
        error_k: mean absolute error of the forecast on days that it had not seen; `None` before
            there are any.
        yesterday_k: that of "same as yesterday" for the same hours.
    """

    days: int
    used: Predictor | None
    is_learned: bool = False
    lacks_weather: bool = False
    error_k: float | None = None
    yesterday_k: float | None = None


@dataclass(slots=True)
class HourBatch:
    """Collect what is to be written of hours."""

    rooms: list[RoomHour] = field(default_factory=list)
    outdoor: list[OutdoorHour] = field(default_factory=list)
    forecasts: list[KeptForecast] = field(default_factory=list)

    def followed_by(self, newer: HourBatch) -> HourBatch:
        """Return both together, the newest where they are too many to keep."""
        return HourBatch(
            [*self.rooms, *newer.rooms][-MOST_ROWS:],
            [*self.outdoor, *newer.outdoor][-MOST_ROWS:],
            [*self.forecasts, *newer.forecasts][-MOST_FORECASTS:],
        )

    def __bool__(self) -> bool:
        """Return whether there is anything to write."""
        return bool(self.rooms or self.outdoor or self.forecasts)


def pack_forecast(forecast: RoomForecast) -> bytes:
    """Return a forecast in some 150 bytes: steps of hundredths of a degree, shares in percent."""
    lows, middles, highs, peaks = (
        _hundredths(values_c)
        for values_c in (
            [hour.low_c for hour in forecast.hours],
            [hour.middle_c for hour in forecast.hours],
            [hour.high_c for hour in forecast.hours],
            [forecast.peak_c, forecast.peak_early_c, forecast.peak_earlier_c],
        )
    )
    below, above = map(int.__sub__, middles, lows), map(int.__sub__, highs, middles)
    numbers = [*middles, *below, *above, *peaks]
    steps = _NUMBERS.pack(*map(int.__sub__, numbers, [0, *numbers[:-1]]))
    shares = [
        round(100 * forecast.shares[knot].get(predictor, 0.0))
        for knot in KNOTS_H
        for predictor in Predictor
    ]
    return zlib.compress(steps[::2] + steps[1::2] + bytes(shares))  # alike beside alike packs best


def _hundredths(values_c: Sequence[float]) -> list[int]:
    numbers = [round(100 * value_c) for value_c in values_c]
    if min(numbers) >= -_LARGEST and max(numbers) <= _LARGEST:  # always, but for nonsense
        return numbers
    return [max(-_LARGEST, min(_LARGEST, number)) for number in numbers]


def unpack_forecast(hour: int, body: bytes) -> RoomForecast | None:
    """Return what was packed, made when `hour` was over; `None` when it is damaged."""
    try:
        plain = zlib.decompress(body)
        low_bytes, high_bytes = plain[:_COUNT], plain[_COUNT : 2 * _COUNT]
        steps = _NUMBERS.unpack(bytes(chain.from_iterable(zip(low_bytes, high_bytes, strict=True))))
    except (zlib.error, struct.error, ValueError):
        return None
    shares = iter(plain[2 * _COUNT :])
    if len(plain) != 2 * _COUNT + len(KNOTS_H) * len(Predictor):
        return None
    numbers = list(accumulate(steps))
    bands = (numbers[place * HORIZON_H : (place + 1) * HORIZON_H] for place in range(3))
    return RoomForecast(
        hour,
        tuple(
            HourAhead(hour + ahead_h, (middle - below) / 100, middle / 100, (middle + above) / 100)
            for ahead_h, (middle, below, above) in enumerate(zip(*bands, strict=True), 1)
        ),
        {knot: _shares(shares) for knot in KNOTS_H},
        *(number / 100 for number in numbers[3 * HORIZON_H :]),
    )


def _shares(percents: Iterator[int]) -> Mapping[Predictor, float]:
    found = {predictor: next(percents) / 100 for predictor in Predictor}
    return {predictor: share for predictor, share in found.items() if share > 0.0}
