"""Say when open windows make a room feel cooler, by its own forecast and the weather's.

Never while it is hotter or much more humid outdoors than in the room. What is not known is left
out: without the weather there is no schedule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from policies.foresight import ForeseenHour, foresee
from policies.model import Forecast, Freshness, HourlyForecast, RoomConditions
from policies.psychrometrics import dew_point_c, effective_temperature_c

OPEN_COOLER_C: Final = 2.0
"""Windows are worth opening when it feels so much cooler outdoors, and stay open until it no longer
does. Source: D; the same as for the advice to let air in."""

DAMPER_C: Final = 3.0
"""Air whose dew point is so much higher than the room's is much more humid: it carries a fifth more
water at 15 to 20 °C (Magnus form, EVIDENCE 1.1). Source: D."""

WARM_DAY_UNDER_LIMIT_C: Final = 3.0
"""While a room stays further under every limit nobody need mind its windows. Source: D."""

AHEAD: Final = timedelta(hours=36)  # to the end of the next night
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AiringTimes:
    """Say whether open windows help now, and when they next begin and cease to (aware UTC).

    `None` for a moment that does not come while the weather's forecast goes on.
    """

    is_open_now: bool
    open_at: datetime | None
    close_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outdoors:
    """Carry what an hour outdoors feels like and how much water its air holds."""

    feels_c: float
    dew_point_c: float | None


Weather = Mapping[datetime, Outdoors]


def weather(forecast: Forecast | None) -> Weather:
    """Return the forecast's hours as `airing_times` needs them, once for all rooms."""
    return {
        hour.at: outdoors
        for hour in (forecast.hours if forecast else ())
        if (outdoors := outdoor_air(hour.temperature_c, hour.relative_humidity_pct)) is not None
    }


@lru_cache(maxsize=512)
def outdoor_air(temperature_c: float, humidity_pct: float | None) -> Outdoors | None:
    """Return what air feels like; the same forecast is asked about with every decision."""
    feels_c = effective_temperature_c(temperature_c, humidity_pct)
    return None if feels_c is None else Outdoors(feels_c, dew_point_c(temperature_c, humidity_pct))


def airing_times(
    conditions: RoomConditions,
    outdoors: Weather,
    now_utc: datetime,
    hours: Sequence[ForeseenHour] | None = None,
) -> AiringTimes | None:
    """Return when to open and close a room's windows.

    Args:
        conditions: the room, with its forecast.
        outdoors: by hour, see `weather`.
        now_utc: the present, aware UTC.
        hours: what `foresee` says of the room, where it was asked already.

    Returns:
        `None` where the room is not seen, has no forecast, or nothing is known of the weather now.
    """
    hour_at = now_utc.replace(minute=0, second=0, microsecond=0)
    here = outdoors.get(hour_at)
    now_c = conditions.mean_10_min_c
    if hours is None:
        hours = foresee(conditions, now_utc) if outdoors else ()
    if here is None or now_c is None or not hours or conditions.freshness is not Freshness.FRESH:
        return None
    indoor_dew_c = dew_point_c(conditions.temperature_c, conditions.relative_humidity_pct)
    coming = _together(hours, outdoors, now_utc + AHEAD)
    # In the morning they stay open until it no longer helps; in the evening it must help enough.
    following_k = coming[0][0].middle_c - coming[0][1].feels_c if coming else -math.inf
    is_fading = following_k <= now_c - here.feels_c
    is_open = is_open_now = is_worth_opening(now_c, here, indoor_dew_c, is_open=is_fading)
    open_at = close_at = None
    for hour, outside in coming:
        is_open_then = is_worth_opening(hour.middle_c, outside, indoor_dew_c, is_open=is_open)
        if is_open_then and not is_open and open_at is None:
            open_at = hour.at
        if is_open and not is_open_then and close_at is None:
            close_at = hour.at
        is_open = is_open_then
    return AiringTimes(is_open_now, open_at, close_at)


def is_worth_opening(
    room_c: float, outside: Outdoors, room_dew_point_c: float | None, *, is_open: bool
) -> bool:
    """Say whether outdoor air makes a room feel cooler, and is not much more humid.

    Args:
        room_c: effective temperature of the room.
        outside: the air outdoors in that hour.
        room_dew_point_c: `None` where its humidity is not known: then temperature alone counts.
        is_open: windows are open already and need less of a difference.

    >>> is_worth_opening(26.0, Outdoors(23.5, 14.0), 13.0, is_open=False)
    True
    >>> is_worth_opening(26.0, Outdoors(23.5, 17.0), 13.0, is_open=False)
    False
    """
    cooler_by_c = room_c - outside.feels_c
    if cooler_by_c <= 0.0 or (not is_open and cooler_by_c < OPEN_COOLER_C):
        return False
    return not _is_damper(outside, room_dew_point_c)


def is_too_humid(hour: HourlyForecast, air_c: float, humidity_pct: float | None) -> bool:
    """Say whether air outdoors is much more humid than a room's; not where either is unknown.

    Args:
        hour: of the weather's forecast.
        air_c: the room's air, °C.
        humidity_pct: the room's relative humidity, %, `None` where it is not known.
    """
    outside = outdoor_air(hour.temperature_c, hour.relative_humidity_pct)
    return outside is not None and _is_damper(outside, dew_point_c(air_c, humidity_pct))


def _is_damper(outside: Outdoors, room_dew_point_c: float | None) -> bool:
    if room_dew_point_c is None or outside.dew_point_c is None:
        return False
    return outside.dew_point_c >= room_dew_point_c + DAMPER_C


def _together(
    hours: Sequence[ForeseenHour], outdoors: Weather, end: datetime
) -> list[tuple[ForeseenHour, Outdoors]]:
    """Return the hours of which both sides are known, up to the first gap."""
    found: list[tuple[ForeseenHour, Outdoors]] = []
    for hour in hours:
        outside = outdoors.get(hour.at)
        if outside is None or hour.at >= end:
            break
        found.append((hour, outside))
    return found
