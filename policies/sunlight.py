"""Estimate the sun's radiation where no forecast tells it: a clear sky, and what clouds leave."""

from __future__ import annotations

import math
from datetime import UTC, datetime


def declination_and_hour_angle(at: datetime, longitude_deg: float) -> tuple[float, float]:
    """Return where the sun stands over the earth and how far past noon it is, in radians.

    Source: Spencer 1971, Fourier series for declination and equation of time.
    """
    utc = at.astimezone(UTC)
    hour = utc.hour + utc.minute / 60 + utc.second / 3600
    day = 2 * math.pi * (utc.timetuple().tm_yday - 1 + (hour - 12) / 24) / 365
    declination = (
        0.006918
        - 0.399912 * math.cos(day)
        + 0.070257 * math.sin(day)
        - 0.006758 * math.cos(2 * day)
        + 0.000907 * math.sin(2 * day)
    )
    equation_min = 229.18 * (
        0.000075
        + 0.001868 * math.cos(day)
        - 0.032077 * math.sin(day)
        - 0.014615 * math.cos(2 * day)
        - 0.040849 * math.sin(2 * day)
    )
    return declination, math.radians(15 * (hour + equation_min / 60 - 12) + longitude_deg)


def sine_of_elevation(at: datetime, latitude_deg: float, longitude_deg: float) -> float:
    """Return the sine of the sun's elevation, good to about half a degree; negative at night."""
    declination, hour_angle = declination_and_hour_angle(at, longitude_deg)
    latitude = math.radians(latitude_deg)
    return math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(
        declination
    ) * math.cos(hour_angle)


def clear_sky_w_m2(sine: float) -> float:
    """Return the global horizontal radiation of a cloudless sky. Source: Haurwitz 1945."""
    return 1098 * sine * math.exp(-0.057 / sine) if sine > 0 else 0.0


def believed_w_m2(
    at: datetime, latitude_deg: float, longitude_deg: float, cloud_cover_pct: float
) -> float:
    """Return the global horizontal radiation under clouds. Source: Kasten and Czeplak 1980.

    >>> from datetime import datetime, UTC
    >>> noon = datetime(2026, 6, 21, 12, tzinfo=UTC)
    >>> round(believed_w_m2(noon, 50.0, 0.0, 0.0)), round(believed_w_m2(noon, 50.0, 0.0, 100.0))
    (920, 230)
    """
    clear_w_m2 = clear_sky_w_m2(sine_of_elevation(at, latitude_deg, longitude_deg))
    return clear_w_m2 * (1.0 - 0.75 * math.pow(cloud_cover_pct / 100, 3.4))
