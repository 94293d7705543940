"""Values and clocks that cannot be must not keep the learner from the rooms that are well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon import room_learner
from daemon.hour_series import Series
from daemon.hours import RoomHour, pack_forecast
from policies.room_forecast import RoomForecast
from tests.daemon.test_room_learner import (
    FIRST_H,
    finish,
    forecasts,
    learned,
    over,
    rooms_of,
)

HOURS = 24 * 6


def test_an_hour_that_is_too_hot_for_its_two_bytes_is_cut() -> None:
    """A broken sensor at 60 °C and 100 % feels like 339 °C: the other room is foretold still."""
    learner, _ = learned(HOURS, "living", "attic")
    rows = [*rooms_of([HOURS]), RoomHour("attic", FIRST_H + HOURS, 339.0, 0.0)]
    said = finish(learner, learner.take(over(HOURS, rows, [HOURS])))
    assert "living" in forecasts(said)


def test_a_forecast_that_cannot_be_packed_stops_its_room_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It counts as a crash of that room's model; whoever waits behind it is still foretold."""
    learner, _ = learned(HOURS, "living", "attic")
    pack = pack_forecast
    packed: list[int] = []

    def fail_once(forecast: RoomForecast) -> bytes:
        packed.append(forecast.hour)
        broken = replace(forecast, peak_c=float("nan"))
        return pack(broken if len(packed) == 1 else forecast)

    monkeypatch.setattr(room_learner, "pack_forecast", fail_once)
    rows = [*rooms_of([HOURS]), *rooms_of([HOURS], "attic")]
    said = finish(learner, learner.take(over(HOURS, rows, [HOURS])))
    assert len(packed) == 2
    assert len(forecasts(said)) == 1


def test_hours_of_a_clock_that_was_a_century_off_leave_no_gap_in_memory() -> None:
    """A set clock moves hours by any distance; a hundred rooms would take a quarter gigabyte."""
    series = Series()
    century_h = 24 * 36_525
    for hour in range(5):
        series.put(FIRST_H + century_h + hour, hour)
    series.move(FIRST_H + century_h, FIRST_H + century_h + 4, -century_h)
    assert series.known() == [FIRST_H + hour for hour in range(5)]
    assert series.end_h - series.first_h == 5
