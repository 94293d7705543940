"""Say when the sun comes on a window, and when its blind should be down for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.model import SunPosition, Window

BEFORE_THE_SUN = timedelta(minutes=30)  # Source: our own choice


@dataclass(frozen=True, slots=True)
class ShadeTimes:
    """Say when to close a blind and when it may be opened again (aware UTC).

    `open_at` is `None` when the sun is still on the window where its positions end.
    """

    close_at: datetime
    open_at: datetime | None


def is_sun_on(window: Window, position: SunPosition) -> bool:
    """Return whether the sun shines into a window.

    >>> noon = SunPosition(datetime(2026, 7, 14, 11), azimuth_deg=180.0, elevation_deg=58.0)
    >>> is_sun_on(Window(facing_deg=135.0), noon), is_sun_on(Window(facing_deg=0.0), noon)
    (True, False)
    """
    if position.elevation_deg < window.lowest_sun_deg:
        return False
    aside_deg = abs((position.azimuth_deg - window.facing_deg + 180.0) % 360.0 - 180.0)
    return aside_deg <= window.sun_within_deg


def shade_times(window: Window, sun: Sequence[SunPosition]) -> ShadeTimes | None:
    """Return when to close and open the blind of a window for the next sun on it.

    Args:
        window: where it looks.
        sun: where the sun will stand, in order; the first counts as now.

    Returns:
        Half an hour before the sun reaches the window, or now when that has passed, and when it
        has left. `None`: no sun comes on it while its positions are known.
    """
    shining = [is_sun_on(window, position) for position in sun]
    if True not in shining:
        return None
    first = shining.index(True)
    until = shining.index(False, first) if False in shining[first:] else None
    close_at = max(sun[first].at - BEFORE_THE_SUN, sun[0].at)
    return ShadeTimes(close_at, None if until is None else sun[until].at)
