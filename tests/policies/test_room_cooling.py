"""Test what a room would have been without its air conditioner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from daemon.demo.flat import DeviceAction, Flat
from daemon.demo.hot_days import hot_week
from daemon.demo.household import hot_day_household
from daemon.demo.rooms import LIVING_ROOM, AirConditioner
from policies.cooling_ahead import CoolingResponse
from policies.room_cooling import cooling_power, rise_k_per_h, uncooled, with_what_is_left
from tests.builders import AFTERNOON, ZONE, an_ahead, local

FALL_K = 2.0


def test_an_uncooled_room_stays_what_it_was() -> None:
    """Nothing is added, and nothing left behind; what is unknown stays unknown."""
    found = uncooled([25.0, None, 26.0], [0.0, 0.0, 0.0], FALL_K)
    assert found.indoor_c == [25.0, None, 26.0]
    assert found.left_k == (0.0, 0.0)


def test_a_cooled_hour_is_lifted_and_the_next_ones_less_and_less() -> None:
    """An hour's fall of 2 K is a mean of somewhat more than half of it, and dies out."""
    found = uncooled([25.0] * 12, [0.0, 1.0, *[0.0] * 10], FALL_K)
    lifted_k = [value - 25.0 for value in found.indoor_c if value is not None]
    assert lifted_k[0] == 0.0
    assert 1.0 < lifted_k[1] < 2.0
    assert lifted_k[1:] == sorted(lifted_k[1:], reverse=True)
    assert 0.0 < lifted_k[-1] < lifted_k[1] / 3


def test_half_an_hour_counts_half_and_unknown_hours_count_too() -> None:
    """The response is linear, and cooling goes on while nobody looks."""
    whole = uncooled([25.0, 25.0], [1.0, 1.0], FALL_K)
    half = uncooled([25.0, 25.0], [0.5, 0.5], FALL_K)
    unseen = uncooled([None, 25.0], [1.0, 1.0], FALL_K)
    assert whole.indoor_c[1] is not None
    assert half.indoor_c[1] is not None
    assert half.indoor_c[1] - 25.0 == pytest.approx((whole.indoor_c[1] - 25.0) / 2)
    assert unseen.indoor_c[1] == whole.indoor_c[1]


def test_the_forecast_is_lowered_by_what_the_last_cooling_leaves() -> None:
    """Most of it at first, hardly anything a day later; the day's peaks move with it."""
    forecast = an_ahead(local(12), lambda _at: 27.0)
    left = uncooled([25.0] * 3, [1.0] * 3, FALL_K).left_k
    lowered = with_what_is_left(forecast, left)
    falls_k = [
        before.middle_c - after.middle_c
        for before, after in zip(forecast.hours, lowered.hours, strict=True)
    ]
    assert falls_k == sorted(falls_k, reverse=True)
    assert 1.0 < falls_k[0] < sum(left)
    assert falls_k[-1] < falls_k[0] / 4
    assert forecast.peak_c - lowered.peak_c == pytest.approx(falls_k[23])


@pytest.mark.parametrize(
    ("temperature_c", "target_c", "is_full"),
    [(24.6, 24.0, True), (24.5, 24.0, False), (23.0, 24.0, False), (None, 24.0, True)],
)
def test_near_its_target_a_thermostat_only_holds(
    temperature_c: float | None, target_c: float, *, is_full: bool
) -> None:
    """Half a degree over it and below, whatever the device could do."""
    begun = CoolingResponse.after(FALL_K, 0.5)
    power = cooling_power(begun, temperature_c, target_c)
    assert power == 1.0 if is_full else 0.0 < power < 1.0


def test_a_room_that_is_held_all_day_is_lifted_by_no_more_than_it_was_lowered() -> None:
    """An air conditioner that somebody leaves on in a mild summer makes no heat wave of it."""
    response, shares = CoolingResponse(5.0), []
    for minute in range(24 * 60):
        power = cooling_power(response, 26.0 if minute < 20 else 24.0, 24.0)
        response.go_on(1 / 60, power)
        shares.append(power)
    hourly = [sum(shares[hour * 60 : hour * 60 + 60]) / 60 for hour in range(24)]
    lifted_k = [value or 0.0 for value in uncooled([0.0] * 24, hourly, 5.0).indoor_c]
    lowered_k = CoolingResponse.after(5.0, 1 / 3).lower_k
    assert response.lower_k == pytest.approx(lowered_k, rel=0.02)
    assert max(lifted_k) < lowered_k * 1.2


def test_a_room_that_is_held_is_lifted_by_what_it_was_foretold_to_rise() -> None:
    """One held from the morning on would otherwise be learned as one that has no hot afternoon."""
    left = CoolingResponse.after(5.0, 0.5)
    rising = an_ahead(AFTERNOON, lambda at: 26.0 + (at - AFTERNOON) / timedelta(hours=1))
    lowered = with_what_is_left(rising, (left.fast_k, left.slow_k))
    assert rise_k_per_h(lowered, left) == pytest.approx(1.0)
    holding = replace(left)
    for _ in range(120):
        holding.go_on(1 / 60, cooling_power(holding, 24.0, 24.0, 1.0))
    assert holding.lower_k == pytest.approx(left.lower_k + 2.0, rel=0.05)
    assert cooling_power(left, 24.0, 24.0, -100.0) == 0.0


def test_a_device_without_a_known_target_is_bounded_too() -> None:
    """It counts as holding once the room is an hour's fall lower."""
    response = CoolingResponse(3.0)
    for _ in range(24 * 60):
        response.go_on(1 / 60, cooling_power(response, 25.0, None))
    assert response.lower_k == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("watts", [700.0, 1400.0])
def test_a_cooled_flat_is_lifted_to_what_it_is_without(watts: float) -> None:
    """In a simulated flat three afternoons of cooling are taken out to within a third."""
    start = datetime.combine(date(2026, 6, 22), time(0), ZONE)
    outdoor_at = hot_week(start.date()).outdoor_at
    rooms = tuple(
        replace(room, ac=AirConditioner("ac", sensible_w=watts)) if room.ac else room
        for room in hot_day_household().flat
    )
    without, cooled = Flat(rooms, 1.0, start), Flat(rooms, 1.0, start)
    indoor_c, shares, true_c = [], [], []
    while cooled.now < start + timedelta(days=3):
        is_cooled = 13 <= cooled.now.hour < 19
        action = DeviceAction("cool", 16.0) if is_cooled else DeviceAction()
        for flat, told in ((without, DeviceAction()), (cooled, action)):
            flat.advance(flat.now + timedelta(minutes=30), outdoor_at, {LIVING_ROOM: told})
        indoor_c.append(cooled.temperature_c(LIVING_ROOM))
        true_c.append(without.temperature_c(LIVING_ROOM))
        for flat, told in ((without, DeviceAction()), (cooled, action)):
            flat.advance(flat.now + timedelta(minutes=30), outdoor_at, {LIVING_ROOM: told})
        shares.append(float(is_cooled))
    fall_k = 2.5 * watts / 1000  # what this flat does in an hour, of the air alone
    lifted = uncooled(indoor_c, shares, fall_k).indoor_c
    missing_k = [true - cold for true, cold in zip(true_c, indoor_c, strict=True)]
    left_k = [
        abs(true - value) for true, value in zip(true_c, lifted, strict=True) if value is not None
    ]
    assert max(missing_k) > 2.0
    assert sum(left_k) < sum(missing_k) / 3
