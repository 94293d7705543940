"""Place the sun and split its light, for the simulated flat and its weather. Stdlib only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from policies import sunlight
from policies.sunlight import declination_and_hour_angle, sine_of_elevation

SOLAR_CONSTANT_W_M2: Final = 1361.0  # Kopp & Lean 2011
_GROUND_REFLECTION: Final = 0.2  # the usual albedo of built-up ground
_LOWEST_SINE: Final = 0.05  # under 3 degrees the split into beam and sky is noise


@dataclass(frozen=True, slots=True)
class SunPosition:
    """Say where the sun stands: elevation above the horizon, azimuth clockwise from north."""

    elevation_deg: float
    azimuth_deg: float

    @property
    def sine(self) -> float:
        """Return the sine of the elevation; negative at night."""
        return math.sin(math.radians(self.elevation_deg))


def sun_position(at: datetime, latitude_deg: float, longitude_deg: float) -> SunPosition:
    """Return the sun's place in the sky, good to about half a degree."""
    declination, hour_angle = declination_and_hour_angle(at, longitude_deg)
    latitude = math.radians(latitude_deg)
    sine = sine_of_elevation(at, latitude_deg, longitude_deg)
    azimuth = math.atan2(
        math.sin(hour_angle),
        math.cos(hour_angle) * math.sin(latitude) - math.tan(declination) * math.cos(latitude),
    )
    elevation = math.asin(max(-1.0, min(1.0, sine)))
    return SunPosition(math.degrees(elevation), (math.degrees(azimuth) + 180) % 360)


def clear_sky_w_m2(sun: SunPosition) -> float:
    """Return the global horizontal radiation of a cloudless sky."""
    return sunlight.clear_sky_w_m2(sun.sine)


def radiation_on_wall_w_m2(global_w_m2: float, sun: SunPosition, facing_deg: float) -> float:
    """Return the radiation on a vertical surface that faces `facing_deg` (clockwise from north).

    The global horizontal radiation is split into beam and sky; the beam is turned, the sky counts
    half, and so does what the ground reflects.
    Source: Erbs, Klein & Duffie 1982, diffuse fraction; isotropic sky of Liu & Jordan 1963.
    """
    if global_w_m2 <= 0:
        return 0.0
    from_ground = global_w_m2 * _GROUND_REFLECTION / 2
    if sun.sine < _LOWEST_SINE:
        return global_w_m2 / 2 + from_ground
    clearness = min(global_w_m2 / (SOLAR_CONSTANT_W_M2 * sun.sine), 1.0)
    diffuse_w_m2 = global_w_m2 * _diffuse_fraction(clearness)
    beam_w_m2 = (global_w_m2 - diffuse_w_m2) / sun.sine
    cosine = math.cos(math.radians(sun.elevation_deg)) * math.cos(
        math.radians(sun.azimuth_deg - facing_deg)
    )
    return beam_w_m2 * max(cosine, 0.0) + diffuse_w_m2 / 2 + from_ground


def _diffuse_fraction(clearness: float) -> float:
    if clearness <= 0.22:  # noqa: PLR2004 - the pieces of Erbs' fit
        return 1.0 - 0.09 * clearness
    if clearness <= 0.80:  # noqa: PLR2004 - (same)
        k = clearness
        return 0.9511 - 0.1604 * k + 4.388 * k**2 - 16.638 * k**3 + 12.336 * k**4
    return 0.165
