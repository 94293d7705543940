"""Take an air conditioner's work out of a room's past, and what is left of it into its forecast.

A room that was cooled on every hot day looks like one that never gets hot. So a room model learns
hours that were lifted by what the air conditioner did for them (`cooling_ahead.CoolingResponse`):
the room as it would have been. What it foretells is lowered by what the last cooling still does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from policies.cooling_ahead import FAST_H, FAST_SHARE, SLOW_H, SLOW_SHARE, CoolingResponse
from policies.room_forecast import HourAhead, RoomForecast

_PEAK_HOURS = 24
RESTS_UNDER_K = 0.5
"""A thermostat rests from so little over its target on. Source: our choice; it is where an ordinary
run of keepcool ends."""


class _Part:
    """Hold one part of a fall through an hour at a share of full power.

    `kept` is what of it is still there after an hour, `mean_kept` what is in the mean of that hour.
    """

    def __init__(self, share: float, hours: float) -> None:
        self.share = share
        self.kept = math.exp(-1.0 / hours)
        self.mean_kept = hours * (1.0 - self.kept)


_PARTS = (_Part(FAST_SHARE, FAST_H), _Part(SLOW_SHARE, SLOW_H))


def cooling_power(
    response: CoolingResponse,
    temperature_c: float | None,
    target_c: float | None,
    rise_k_per_h: float = 0.0,
) -> float:
    """Return at which share of full power an air conditioner that is on works now, 0 to 1.

    Near its target it only holds the room, against what the room would rise by without it.
    One whose target is not known counts as holding once it has lowered the room by an hour's fall.

    Args:
        response: what it has done so far.
        temperature_c: of the room, `None` while that is not known.
        target_c: what it is set to, `None` where nobody knows.
        rise_k_per_h: by how much the room would rise without any cooling, as foretold.
    """
    if temperature_c is None or target_c is None:
        is_holding = response.lower_k >= response.fall_k
    else:
        is_holding = temperature_c <= target_c + RESTS_UNDER_K
    return response.power_to_hold(rise_k_per_h) if is_holding else 1.0


def rise_k_per_h(ahead: RoomForecast, left: CoolingResponse) -> float:
    """Return by how much a room would rise in an hour without any cooling.

    Args:
        ahead: the room's forecast with no further cooling.
        left: what cooling had left when it was made.
    """
    left_k = (left.fast_k, left.slow_k)
    first_c, then_c = (
        ahead.hours[distance].middle_c + _left_k(left_k, distance) for distance in (0, 1)
    )
    return then_c - first_c


@dataclass(frozen=True, slots=True)
class Uncooled:
    """Hold a room's hours without its air conditioner, and what the last ones leave behind, in K.

    `left_k` has a number for each part of the fall, at the end of the last hour.
    """

    indoor_c: list[float | None]
    left_k: tuple[float, ...]


def uncooled(indoor_c: Sequence[float | None], cooling: Sequence[float], fall_k: float) -> Uncooled:
    """Return a room's hours as they would have been without its air conditioner.

    Args:
        indoor_c: the room's hourly means, `None` where unknown.
        cooling: the share of full power at which it was cooled in each hour, 0 to 1.
        fall_k: by how much a first hour at full power lowers the room, K.
    """
    left_k = [0.0] * len(_PARTS)
    if not any(cooling):
        return Uncooled(list(indoor_c), tuple(left_k))  # most rooms on most days
    lifted: list[float | None] = []
    for value_c, share in zip(indoor_c, cooling, strict=True):
        lower_k = 0.0
        for place, part in enumerate(_PARTS):
            full_k = part.share * fall_k * share
            lower_k += left_k[place] * part.mean_kept + full_k * (1.0 - part.mean_kept)
            left_k[place] = left_k[place] * part.kept + full_k * (1.0 - part.kept)
        lifted.append(None if value_c is None else value_c + lower_k)
    return Uncooled(lifted, tuple(left_k))


def with_what_is_left(forecast: RoomForecast, left_k: Sequence[float]) -> RoomForecast:
    """Return the forecast of a room with no further cooling, from that of one without any.

    Args:
        forecast: of the hours that `uncooled` returned.
        left_k: what it returned beside them.
    """
    if not any(left_k):
        return forecast
    hours = tuple(
        _lowered(hour, _left_k(left_k, distance)) for distance, hour in enumerate(forecast.hours)
    )
    by_k = _top_c(forecast.hours) - _top_c(hours)
    return replace(
        forecast,
        hours=hours,
        peak_c=forecast.peak_c - by_k,
        peak_early_c=forecast.peak_early_c - by_k,
        peak_earlier_c=forecast.peak_earlier_c - by_k,
    )


def _left_k(left_k: Sequence[float], distance: int) -> float:
    return sum(
        begun_k * math.pow(part.kept, distance) * part.mean_kept
        for begun_k, part in zip(left_k, _PARTS, strict=True)
    )


def _lowered(hour: HourAhead, by_k: float) -> HourAhead:
    return HourAhead(hour.hour, hour.low_c - by_k, hour.middle_c - by_k, hour.high_c - by_k)


def _top_c(hours: Sequence[HourAhead]) -> float:
    return max(hour.middle_c for hour in hours[:_PEAK_HOURS])
