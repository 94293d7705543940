"""Tell where the sun stands from now on, for the policies, which know no astronomy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from astral import Observer
from astral.sun import zenith_and_azimuth

from policies.model import SunPosition

STEP = timedelta(minutes=10)  # the sun moves 2.5 degrees in it
AHEAD = timedelta(hours=24)
_STEPS = AHEAD // STEP
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class SunPath:
    """Keep the sun's places for the day ahead of one home; each is computed once."""

    def __init__(self, latitude_deg: float, longitude_deg: float) -> None:
        """Know the place; nothing is computed before it is asked for."""
        self._observer = Observer(latitude_deg, longitude_deg)
        self._positions: tuple[SunPosition, ...] = ()

    def positions(self, now_utc: datetime) -> tuple[SunPosition, ...]:
        """Return a day of positions; the first is of the ten minutes that it is now."""
        start = _EPOCH + (now_utc - _EPOCH) // STEP * STEP
        if not self._positions or self._positions[0].at != start:
            known = {position.at: position for position in self._positions}
            moments = (start + number * STEP for number in range(_STEPS + 1))
            self._positions = tuple(known.get(at) or self._position(at) for at in moments)
        return self._positions

    def _position(self, at: datetime) -> SunPosition:
        zenith_deg, azimuth_deg = zenith_and_azimuth(self._observer, at)
        return SunPosition(at, azimuth_deg, 90.0 - zenith_deg)
