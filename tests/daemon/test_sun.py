"""Test the sun's way that the policies are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.demo.sun import sun_position
from daemon.sun import AHEAD, STEP, SunPath

NOON = datetime(2026, 7, 14, 11, 3, 20, tzinfo=UTC)


def test_a_day_ahead_in_even_steps() -> None:
    """The first position is of the ten minutes that it is now, the last a day later."""
    positions = SunPath(52.52, 13.40).positions(NOON)
    assert positions[0].at == datetime(2026, 7, 14, 11, 0, tzinfo=UTC)
    assert positions[-1].at - positions[0].at == AHEAD
    assert {b.at - a.at for a, b in pairwise(positions)} == {STEP}


def test_within_ten_minutes_nothing_is_computed_anew() -> None:
    """The same positions are returned until the next ten minutes begin."""
    path = SunPath(52.52, 13.40)
    first = path.positions(NOON)
    assert path.positions(NOON + timedelta(minutes=6)) is first
    later = path.positions(NOON + timedelta(minutes=7))
    assert later[:-1] == first[1:]


@pytest.mark.parametrize(
    ("at", "azimuth_deg", "elevation_deg"),
    [
        (datetime(2026, 6, 21, 11, 10, tzinfo=UTC), 180.0, 60.9),  # solstice noon in Berlin
        (datetime(2026, 12, 21, 11, 0, tzinfo=UTC), 180.0, 14.1),
    ],
)
def test_noon_at_the_solstices(at: datetime, azimuth_deg: float, elevation_deg: float) -> None:
    """At true noon the sun is south, 90 degrees less latitude plus declination high."""
    position = SunPath(52.52, 13.40).positions(at)[0]
    assert position.azimuth_deg == pytest.approx(azimuth_deg, abs=3.0)
    assert position.elevation_deg == pytest.approx(elevation_deg, abs=0.5)


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    latitude_deg=st.floats(min_value=-65, max_value=65),
    longitude_deg=st.floats(min_value=-180, max_value=180),
)
def test_it_agrees_with_another_formula(
    at: datetime, latitude_deg: float, longitude_deg: float
) -> None:
    """Astral and Spencer's series agree within a degree and a half of height."""
    path = SunPath(latitude_deg, longitude_deg)
    position = path._position(at)
    other = sun_position(at, latitude_deg, longitude_deg)
    assert position.elevation_deg == pytest.approx(other.elevation_deg, abs=1.5)
