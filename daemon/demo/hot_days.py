"""Replay twelve real June days in Piedmont, among them a hot one, as the demo's outdoor air.

Stdlib only. The numbers are facts: hourly values from 19 to 30 June 2006 at 45.0 N, 8.0 E (near
Turin), rounded to 0.1 °C, 1 %, 1 W/m² and 0.1 m/s.
Source: PVGIS 5 typical meteorological year, European Commission, Joint Research Centre (free reuse
with the source named), as distributed with pvlib python 0.16.1 (BSD-3-Clause). Hours are UTC: the
radiation of that file is highest between hours 11 and 12, which is solar noon at 8° E in UTC.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final, NamedTuple

from daemon.demo.sun import clear_sky_w_m2, sun_position

LATITUDE_DEG: Final = 45.0
LONGITUDE_DEG: Final = 8.0
_RECORDED_FROM: Final = datetime(2006, 6, 19, tzinfo=UTC)
_HOT_DAY: Final = date(2006, 6, 27)  # 33.7 °C, after 31.6 °C the day before
_HOT_WEEK: Final = date(2006, 6, 21)  # seven days whose highest values average 32.6 °C
_HOUR: Final = timedelta(hours=1)
_DAY_HOURS: Final = 24
_MEASURABLE_SKY_W_M2: Final = 400.0  # under it the cloud cover cannot be told from the radiation


class Row(NamedTuple):
    """Hold one recorded hour."""

    temperature_c: float
    relative_humidity_pct: float
    shortwave_radiation_w_m2: float
    wind_speed_m_s: float


@dataclass(frozen=True, slots=True)
class Outdoor:
    """Describe the outdoor air at one moment."""

    temperature_c: float
    relative_humidity_pct: float
    shortwave_radiation_w_m2: float
    wind_speed_m_s: float
    cloud_cover_pct: float


@dataclass(frozen=True, slots=True)
class RecordedWeather:
    """Play the recorded days as if `first_day` of the recording began on `start`.

    Choose a `start` near the end of June, since the flat's sun stands where the calendar says.
    Before and after the recording its first and last day repeat, for history and forecast.
    """

    start: date
    first_day: date

    def outdoor_at(self, at: datetime) -> Outdoor:
        """Return the outdoor air at a moment (aware), linear between the hours."""
        recorded_at = at.astimezone(UTC) - _midnight(self.start) + _midnight(self.first_day)
        hours, rest = divmod(recorded_at - _RECORDED_FROM, _HOUR)
        return _between(_hour(hours), _hour(hours + 1), rest / _HOUR)


def hot_day(start: date) -> RecordedWeather:
    """Return the weather in which the day `start` is the hot day, hot days around it."""
    return RecordedWeather(start, _HOT_DAY)


def hot_week(start: date) -> RecordedWeather:
    """Return the weather in which the seven days from `start` are the hot week."""
    return RecordedWeather(start, _HOT_WEEK)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)


def _between(earlier: Outdoor, later: Outdoor, part: float) -> Outdoor:
    def mix(before: float, after: float) -> float:
        return before + (after - before) * part

    return Outdoor(
        mix(earlier.temperature_c, later.temperature_c),
        mix(earlier.relative_humidity_pct, later.relative_humidity_pct),
        mix(earlier.shortwave_radiation_w_m2, later.shortwave_radiation_w_m2),
        mix(earlier.wind_speed_m_s, later.wind_speed_m_s),
        mix(earlier.cloud_cover_pct, later.cloud_cover_pct),
    )


def _hour(index: int) -> Outdoor:
    """Return the recorded hour; outside the recording that hour of its first or last day."""
    if index < 0:
        index %= _DAY_HOURS
    elif index >= len(_ROWS):
        index = len(_ROWS) - _DAY_HOURS + index % _DAY_HOURS
    return _hours()[index]


@cache
def _hours() -> tuple[Outdoor, ...]:
    cloud_cover_pct = 0.0  # at night that of the evening before
    hours = []
    for index, row in enumerate(_ROWS):
        sun = sun_position(_RECORDED_FROM + index * _HOUR, LATITUDE_DEG, LONGITUDE_DEG)
        clear_w_m2 = clear_sky_w_m2(sun)
        if clear_w_m2 > _MEASURABLE_SKY_W_M2:
            cloud_cover_pct = _cloud_cover_pct(row.shortwave_radiation_w_m2 / clear_w_m2)
        hours.append(Outdoor(*row, cloud_cover_pct=cloud_cover_pct))
    return tuple(hours)


def _cloud_cover_pct(share_of_clear_sky: float) -> float:
    """Return the cloud cover that lets this share of the light through.

    Source: Kasten & Czeplak 1980: share = 1 - 0.75 * (eighths / 8) ** 3.4.
    """
    missing = min(max((1 - share_of_clear_sky) / 0.75, 0.0), 1.0)
    return 100 * math.pow(missing, 1 / 3.4)


# temperature_c, relative_humidity_pct, shortwave_radiation_w_m2, wind_speed_m_s; four hours a line
# fmt: off
_ROWS: Final = tuple(Row(*values) for values in (
    # 19 June
    (19.4, 66, 0, 1.9), (18.8, 68, 0, 2.0), (18.1, 73, 0, 2.0), (17.4, 78, 0, 1.8),
    (16.8, 81, 19, 1.7), (17.8, 81, 140, 1.4), (21.4, 64, 322, 1.2), (23.2, 56, 444, 1.4),
    (24.7, 51, 508, 1.2), (26.0, 48, 791, 1.0), (27.2, 43, 880, 1.0), (28.5, 41, 921, 1.0),
    (29.7, 38, 911, 1.4), (30.4, 37, 818, 1.4), (30.8, 37, 708, 1.3), (30.6, 37, 414, 2.1),
    (30.0, 38, 227, 2.4), (29.0, 41, 228, 1.4), (27.9, 45, 86, 1.2), (26.0, 51, 0, 1.7),
    (24.7, 54, 0, 2.1), (23.6, 62, 0, 1.9), (22.7, 64, 0, 1.9), (22.1, 69, 0, 2.0),
    # 20 June
    (21.5, 71, 0, 1.9), (20.6, 76, 0, 1.5), (19.9, 78, 0, 1.5), (19.3, 81, 0, 1.5),
    (18.6, 87, 3, 1.5), (19.1, 84, 74, 1.3), (22.4, 69, 248, 1.2), (23.3, 67, 424, 0.7),
    (25.4, 56, 593, 0.3), (27.2, 50, 734, 0.5), (28.7, 45, 723, 0.5), (30.1, 41, 787, 0.5),
    (31.2, 40, 793, 0.6), (31.9, 36, 421, 0.7), (32.3, 35, 229, 0.5), (32.1, 36, 315, 0.6),
    (31.6, 36, 210, 1.0), (30.6, 40, 96, 0.7), (29.6, 44, 66, 1.0), (27.5, 48, 0, 1.4),
    (25.7, 58, 0, 1.5), (24.1, 64, 0, 1.5), (23.1, 69, 0, 1.8), (22.1, 71, 0, 2.0),
    # 21 June
    (21.2, 71, 0, 1.9), (20.2, 76, 0, 1.8), (19.7, 76, 0, 1.6), (19.3, 76, 0, 1.4),
    (18.7, 78, 16, 1.5), (19.8, 78, 75, 1.2), (22.9, 64, 96, 1.2), (24.5, 56, 449, 0.4),
    (26.3, 48, 619, 0.6), (28.1, 40, 701, 0.6), (29.3, 37, 875, 0.6), (30.8, 35, 926, 1.0),
    (32.2, 29, 922, 1.9), (32.8, 28, 837, 2.2), (32.9, 28, 473, 1.9), (33.0, 28, 597, 1.5),
    (32.4, 28, 423, 1.4), (31.1, 32, 254, 1.8), (29.7, 33, 99, 1.8), (26.9, 43, 0, 1.1),
    (25.0, 54, 0, 1.0), (23.7, 56, 0, 1.2), (22.2, 60, 0, 1.5), (21.1, 66, 0, 1.8),
    # 22 June
    (20.4, 68, 0, 1.5), (19.7, 68, 0, 1.5), (18.7, 73, 0, 1.7), (18.3, 73, 0, 1.6),
    (18.7, 73, 19, 1.2), (19.9, 68, 141, 0.8), (22.4, 60, 330, 0.6), (24.9, 54, 450, 0.4),
    (27.0, 48, 370, 0.5), (28.6, 44, 265, 0.7), (30.1, 40, 375, 0.8), (31.4, 36, 675, 0.8),
    (32.5, 32, 629, 0.8), (33.0, 30, 849, 1.3), (33.2, 30, 615, 1.8), (31.7, 34, 229, 3.0),
    (31.1, 36, 237, 3.2), (30.0, 38, 269, 3.3), (28.5, 44, 108, 3.2), (27.0, 51, 0, 1.8),
    (25.7, 57, 0, 1.7), (24.5, 62, 0, 1.7), (23.7, 64, 0, 1.8), (22.8, 69, 0, 1.9),
    # 23 June
    (22.0, 73, 0, 1.7), (21.1, 81, 0, 1.4), (20.8, 81, 0, 1.2), (20.3, 84, 0, 1.2),
    (20.4, 84, 15, 1.2), (21.2, 79, 137, 0.9), (23.3, 71, 313, 0.7), (25.6, 67, 500, 0.8),
    (27.0, 57, 676, 0.6), (28.4, 48, 809, 0.7), (29.5, 45, 901, 0.7), (30.8, 41, 938, 0.7),
    (31.4, 40, 934, 0.6), (32.0, 39, 868, 0.4), (32.5, 38, 761, 0.6), (32.6, 36, 617, 0.8),
    (32.2, 36, 444, 1.2), (31.4, 37, 266, 1.4), (30.6, 40, 92, 1.4), (28.9, 42, 0, 1.4),
    (27.0, 53, 0, 1.2), (25.9, 57, 0, 1.2), (24.4, 62, 0, 1.4), (23.5, 67, 0, 1.4),
    # 24 June
    (22.7, 69, 0, 1.5), (22.3, 71, 0, 1.4), (21.9, 73, 0, 1.3), (21.9, 71, 0, 1.2),
    (21.6, 76, 4, 1.2), (22.1, 76, 113, 1.2), (24.9, 56, 271, 1.4), (25.9, 57, 367, 2.0),
    (27.4, 51, 543, 2.1), (28.6, 48, 718, 2.0), (30.0, 42, 880, 1.6), (31.0, 41, 912, 1.0),
    (31.7, 40, 897, 0.7), (32.4, 36, 812, 0.5), (32.9, 35, 648, 0.6), (32.2, 37, 55, 2.4),
    (28.6, 48, 43, 2.9), (28.0, 50, 35, 1.7), (28.0, 50, 18, 1.4), (27.1, 53, 0, 2.5),
    (26.0, 57, 0, 2.5), (24.6, 62, 0, 2.7), (23.5, 67, 0, 1.9), (22.9, 69, 0, 1.7),
    # 25 June
    (22.4, 71, 0, 1.8), (21.8, 73, 0, 1.7), (21.2, 76, 0, 1.8), (20.7, 78, 0, 1.8),
    (20.1, 81, 10, 1.7), (20.6, 84, 115, 1.3), (23.2, 67, 222, 1.3), (23.9, 64, 354, 1.9),
    (25.2, 58, 655, 1.6), (26.3, 55, 760, 1.5), (27.7, 51, 884, 1.4), (28.7, 48, 148, 0.8),
    (30.0, 42, 319, 0.4), (30.6, 41, 498, 1.0), (30.8, 41, 676, 0.6), (31.1, 40, 522, 0.2),
    (30.4, 40, 426, 1.1), (29.6, 42, 254, 1.5), (28.6, 45, 100, 1.5), (27.1, 50, 0, 2.3),
    (25.2, 56, 0, 2.4), (24.0, 64, 0, 2.4), (23.0, 69, 0, 2.4), (22.1, 73, 0, 2.3),
    # 26 June
    (21.4, 76, 0, 2.1), (21.0, 78, 0, 1.9), (20.5, 78, 0, 1.7), (19.8, 81, 0, 1.1),
    (20.5, 76, 15, 0.1), (19.9, 81, 136, 0.6), (21.4, 73, 315, 0.8), (24.5, 62, 496, 0.6),
    (25.7, 57, 672, 0.6), (26.7, 53, 808, 0.9), (27.7, 50, 901, 0.9), (29.0, 47, 939, 0.6),
    (29.8, 42, 935, 0.4), (30.8, 40, 870, 0.3), (31.5, 39, 759, 0.1), (31.6, 39, 616, 0.3),
    (31.5, 37, 444, 0.4), (31.1, 38, 265, 0.3), (29.9, 52, 104, 0.4), (28.0, 55, 0, 0.7),
    (27.1, 51, 0, 0.8), (25.4, 56, 0, 1.0), (23.7, 62, 0, 1.3), (22.6, 69, 0, 1.4),
    # 27 June
    (21.6, 69, 0, 1.4), (20.9, 73, 0, 1.5), (20.5, 76, 0, 1.4), (19.9, 76, 0, 1.5),
    (19.3, 78, 11, 1.7), (20.2, 81, 128, 1.3), (23.8, 62, 307, 1.0), (26.3, 55, 495, 0.8),
    (28.2, 46, 666, 0.7), (29.6, 42, 785, 0.9), (30.8, 38, 710, 0.5), (31.5, 37, 933, 0.3),
    (32.6, 34, 939, 0.3), (33.2, 32, 874, 0.6), (33.6, 32, 762, 0.6), (33.7, 32, 605, 1.0),
    (33.4, 31, 438, 1.3), (32.6, 35, 253, 0.8), (30.9, 54, 99, 0.5), (30.2, 40, 0, 0.4),
    (28.0, 50, 0, 0.9), (26.4, 55, 0, 1.1), (26.7, 51, 0, 0.8), (26.1, 53, 0, 0.8),
    # 28 June
    (23.6, 67, 0, 1.2), (21.9, 71, 0, 1.6), (21.8, 71, 0, 1.4), (21.6, 71, 0, 1.3),
    (21.1, 78, 17, 1.5), (21.6, 76, 92, 1.2), (24.2, 56, 271, 1.5), (24.6, 62, 467, 1.2),
    (26.2, 55, 655, 1.7), (27.7, 46, 785, 1.9), (29.0, 44, 659, 1.7), (30.1, 41, 908, 1.4),
    (31.2, 40, 889, 1.2), (31.9, 36, 864, 1.8), (32.4, 35, 558, 2.1), (32.3, 35, 417, 1.9),
    (32.0, 37, 114, 1.8), (31.6, 39, 77, 2.1), (30.7, 40, 57, 2.1), (29.3, 40, 0, 1.7),
    (27.8, 45, 0, 1.6), (26.1, 57, 0, 1.2), (25.2, 58, 0, 1.1), (25.8, 53, 0, 0.8),
    # 29 June
    (23.4, 67, 0, 1.3), (23.0, 69, 0, 1.2), (22.3, 71, 0, 1.4), (21.9, 73, 0, 1.4),
    (21.8, 73, 3, 1.2), (21.4, 76, 19, 1.3), (22.4, 71, 30, 1.4), (23.8, 64, 69, 0.2),
    (25.0, 60, 676, 1.0), (26.2, 55, 823, 1.6), (27.6, 51, 913, 2.1), (28.8, 45, 953, 2.6),
    (29.8, 41, 950, 2.3), (30.5, 38, 883, 2.2), (30.5, 33, 779, 2.9), (30.7, 32, 633, 2.5),
    (30.6, 32, 461, 2.0), (30.2, 33, 284, 2.4), (29.5, 36, 116, 2.3), (28.1, 43, 0, 1.6),
    (26.6, 48, 0, 1.9), (25.2, 53, 0, 2.1), (24.0, 60, 0, 1.9), (22.9, 66, 0, 1.9),
    # 30 June
    (21.8, 71, 0, 1.9), (20.9, 78, 0, 1.7), (20.2, 81, 0, 1.7), (19.9, 78, 0, 1.5),
    (19.9, 78, 16, 1.4), (20.7, 78, 157, 1.0), (23.4, 67, 340, 0.8), (26.3, 53, 522, 0.7),
    (28.4, 42, 695, 0.6), (29.9, 34, 829, 0.9), (31.2, 30, 919, 0.8), (32.2, 28, 965, 0.8),
    (33.1, 27, 961, 0.7), (33.8, 25, 895, 0.8), (34.2, 24, 790, 0.9), (34.3, 23, 642, 0.9),
    (33.0, 28, 466, 0.9), (31.9, 31, 288, 0.9), (30.7, 34, 118, 1.0), (29.5, 37, 0, 1.1),
    (28.3, 41, 0, 1.2), (27.1, 44, 0, 1.3), (26.0, 47, 0, 1.3), (24.8, 50, 0, 1.4)))
# fmt: on
