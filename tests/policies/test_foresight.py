"""Prove what is read of a room's forecast: hours to come, moved by what is measured now."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.foresight import foresee, hottest
from policies.model import Freshness
from policies.outlook import expect
from tests.builders import an_ahead, hours, local, room_conditions

NOW = local(15, 30).astimezone(UTC)  # the middle of an hour


def a_room_at(now_c: float, **overrides: Any) -> Any:  # noqa: ANN401
    """Return a room that was foretold at 25 degrees, at some other value now."""
    fields: dict[str, Any] = {
        "mean_10_min_c": now_c,
        "ahead": an_ahead(NOW, lambda _: 25.0, band_k=1.0, early_k=0.3),
    }
    return room_conditions(now_c, **(fields | overrides))


def test_as_foretold_it_is_read_as_it_stands() -> None:
    """The hours that begin after now, with their band and what counts for a warning."""
    hours_ahead = foresee(a_room_at(25.0), NOW)
    assert [hour.at for hour in hours_ahead] == [
        local(16).astimezone(UTC) + hours(index) for index in range(47)
    ]
    first = hours_ahead[0]
    assert (first.low_c, first.middle_c, first.high_c) == (24.0, 25.0, 26.0)
    assert first.early_c == pytest.approx(25.3)


@pytest.mark.parametrize(
    ("hour", "moved_k"),
    [(0, 1.0), (5, 1.0), (11, 0.633), (17, 0.485), (23, 0.36), (40, 0.35)],
)
def test_what_is_measured_since_moves_it(hour: int, moved_k: float) -> None:
    """Two degrees off now are two degrees off for six hours, and a third of it a day later."""
    warmer, cooler = foresee(a_room_at(27.0), NOW)[hour], foresee(a_room_at(23.0), NOW)[hour]
    assert warmer.middle_c - 25.0 == pytest.approx(2 * moved_k, abs=0.03)
    assert 25.0 - cooler.middle_c == pytest.approx(2 * moved_k, abs=0.03)
    assert warmer.high_c - warmer.low_c == pytest.approx(2.0)


@pytest.mark.parametrize("minute", [0, 10, 30, 50])
def test_a_room_that_warms_as_foretold_moves_nothing(minute: int) -> None:
    """Early in its hour a room is under that hour's mean, as it should be."""
    at = local(15, minute).astimezone(UTC)

    def line(moment: datetime) -> float:  # half a degree an hour; an hour's mean is its middle
        return 20.0 + 0.5 * (moment.hour + 24 * moment.day - 24 * 14 + 0.5)

    now_c = 20.0 + 0.5 * (15 + minute / 60)
    room = a_room_at(now_c, ahead=an_ahead(at, line))
    assert foresee(room, at)[0].middle_c == pytest.approx(28.25)


def test_the_hottest_hour_is_of_the_next_day() -> None:
    """It is looked for within 24 hours; the first of several alike counts."""
    course = {16: 27.0, 17: 28.0, 18: 28.0}
    ahead = an_ahead(NOW, lambda at: course.get(at.hour, 25.0) + (at.day == 16) * 3)
    found = hottest(a_room_at(25.0, ahead=ahead), NOW)
    assert found == (28.0, local(17).astimezone(UTC))


@pytest.mark.parametrize(
    "change",
    [
        {"ahead": None},
        {"freshness": Freshness.STALE},
        {"freshness": Freshness.WAITING},
        {"mean_10_min_c": None},
        {"mean_10_min_c": float("nan")},
    ],
)
def test_unknown_says_nothing(change: dict[str, Any]) -> None:
    """No forecast, or a room that is not seen: no hours, and no number from before."""
    conditions = replace(a_room_at(25.0), **change)
    assert foresee(conditions, NOW) == ()
    assert hottest(conditions, NOW) is None


def test_a_forecast_whose_hours_are_over_says_nothing() -> None:
    """Whatever happens to be left in memory."""
    assert foresee(a_room_at(25.0), NOW + hours(48)) == ()
    assert hottest(a_room_at(25.0), NOW + hours(48)) is None


def test_expectations_rest_on_it_where_it_is_known() -> None:
    """The outlook of a room is that of its own forecast, up to the horizon."""
    expected = expect(a_room_at(25.0), None, NOW, hours(40))
    assert len(expected) == 40
    assert {value.effective_temperature_c for value in expected} == {25.0}
    simple = expect(a_room_at(25.0, ahead=None), None, NOW, hours(40))
    assert len(simple) == 40


any_number = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])


@given(
    values=st.lists(any_number, min_size=48, max_size=48),
    now_c=any_number,
)
def test_never_a_number_that_is_none(values: list[float], now_c: float) -> None:
    """Whatever a broken forecast holds, what is read of it is finite or left out."""
    drawn = iter(values)
    ahead = an_ahead(NOW, lambda _: next(drawn), early_k=0.2)
    for hour in foresee(a_room_at(now_c, ahead=ahead), NOW):
        values_c = (hour.low_c, hour.middle_c, hour.high_c, hour.early_c)
        assert all(math.isfinite(value_c) for value_c in values_c)
