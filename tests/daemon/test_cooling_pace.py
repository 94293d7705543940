"""Hold what the daemon learns of an air conditioner's pace from its own runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daemon.clock import Instant
from daemon.cooling_pace import PACE_KEY, CoolingPaces
from daemon.records import Changes
from policies.cooling_ahead import hour_curve
from policies.model import DeviceState, Freshness, Lease, RoomConditions
from tests.builders import (
    a_device,
    an_ahead,
    device_conditions,
    hours,
    minutes,
    room_conditions,
)

NOON = datetime(2026, 7, 14, 10, 30, tzinfo=UTC)
COOL_22 = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=22.0)
RISE_K_PER_H = 0.5
LONG_RUN = minutes(70)


def at(ran: timedelta) -> Instant:
    """Return a moment so long after a run began."""
    return Instant("boot", 1_000.0, NOON).shifted(ran)


def a_room_at(ran: timedelta | None, fall_k: float, **overrides: object) -> RoomConditions:
    """Return a room that would rise by half a degree an hour, cooled at a pace for so long."""
    ran_h = 0.0 if ran is None else ran / timedelta(hours=1)
    value_c = 27.0 + RISE_K_PER_H * ran_h - fall_k * hour_curve(ran_h)
    lease = None if ran is None else Lease(COOL_22, None, ran, minutes(40))
    room = room_conditions(
        value_c,
        effective_temperature_c=value_c,
        devices=(device_conditions(lease=lease),),
        ahead=an_ahead(
            NOON, lambda hour: 27.0 + RISE_K_PER_H * ((hour - NOON) / timedelta(hours=1) + 0.5)
        ),
    )
    return replace(room, **overrides)  # type: ignore[arg-type]


def run_through(paces: CoolingPaces, fall_k: float, length: timedelta = LONG_RUN) -> None:
    """Let a run be seen every five minutes, and its end."""
    ran = timedelta(0)
    while ran <= length:
        paces.seen(a_room_at(ran, fall_k), at(ran))
        ran += minutes(5)
    paces.seen(a_room_at(None, fall_k), at(ran))


def known_k(paces: CoolingPaces) -> float | None:
    """Return the pace that the plan is told."""
    return paces.seen(a_room_at(None, 1.0), at(timedelta(0))).devices[0].falls_k


def test_three_runs_tell_the_pace() -> None:
    """It is what the room's forecast at the start of each run said, less what the room was."""
    paces = CoolingPaces()
    for count, fall_k in enumerate((0.8, 1.0, 3.0)):
        assert known_k(paces) is None, count
        run_through(paces, fall_k)
    assert known_k(paces) == pytest.approx(1.0, abs=0.05)


def test_a_strong_device_tells_its_pace_when_the_room_is_at_its_target() -> None:
    """From there on its thermostat rests, and an hour would tell too little."""
    paces = CoolingPaces()
    for _ in range(3):
        run_through(paces, 9.0, minutes(25))
    assert known_k(paces) == pytest.approx(8.0, abs=1.0)


def test_a_strong_device_whose_runs_last_ten_minutes_tells_its_pace_too() -> None:
    """A room that is at its target so soon tells as much as a long run."""
    paces = CoolingPaces()
    near = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=26.0)
    for _ in range(3):
        for minute in range(11):
            ran = minutes(minute)
            room = a_room_at(ran, 5.0)
            lease = Lease(near, None, ran, minutes(40))
            cooling = replace(room.devices[0], lease=lease)
            paces.seen(replace(room, devices=(cooling,)), at(ran))
        paces.seen(a_room_at(None, 5.0), at(minutes(11)))
    assert known_k(paces) == pytest.approx(5.0, abs=0.5)


def test_short_runs_tell_nothing() -> None:
    """Within minutes a sensor's noise is larger than what an air conditioner does."""
    paces = CoolingPaces()
    for _ in range(5):
        run_through(paces, 1.0, minutes(40))
    assert known_k(paces) is None


def test_the_pace_outlives_a_restart() -> None:
    """It is written when it changes, once, and read back; what cannot be read counts as nothing."""
    paces, changes = CoolingPaces(), Changes()
    for _ in range(3):
        run_through(paces, 1.0)
    paces.store(changes)
    assert list(changes.memory) == [PACE_KEY + a_device().device_id]
    again, after = CoolingPaces(), Changes()
    again.restore(changes.memory | {PACE_KEY + "other": "[broken"})
    assert known_k(again) == known_k(paces)
    again.store(after)
    assert not after.memory


def test_a_run_of_an_earlier_life_tells_nothing() -> None:
    """After a restart nobody knows what was foretold when the run began."""
    paces = CoolingPaces()
    for _ in range(3):
        for ran in (minutes(30), minutes(61), minutes(90)):
            seen = paces.seen(a_room_at(ran, 1.0), at(ran))
            assert seen.devices[0].uncooled_c is None
        paces.seen(a_room_at(None, 1.0), at(minutes(95)))
    assert known_k(paces) is None


@pytest.mark.parametrize(
    "broken",
    [
        {"ahead": None},
        {"freshness": Freshness.STALE},
        {"effective_temperature_c": None},
    ],
    ids=["no forecast", "not seen", "no value"],
)
def test_without_a_forecast_or_a_sight_of_the_room_nothing_is_told(
    broken: dict[str, object],
) -> None:
    """A run whose start was not seen is not followed."""
    paces = CoolingPaces()
    for _ in range(3):
        for ran in (timedelta(0), minutes(2), minutes(30), minutes(65)):
            more = broken if ran < minutes(5) else {}
            paces.seen(a_room_at(ran, 1.0, **more), at(ran))
        paces.seen(a_room_at(None, 1.0), at(minutes(70)))
    assert known_k(paces) is None


def test_a_device_that_draws_nothing_tells_nothing() -> None:
    """Its plug is on and its tank full: that is no pace."""
    paces = CoolingPaces()
    for _ in range(3):
        for ran in (timedelta(0), minutes(30), minutes(65)):
            room = a_room_at(ran, 0.0)
            idle = replace(room.devices[0], low_power_for=ran)
            paces.seen(replace(room, devices=(idle,)), at(ran))
        paces.seen(a_room_at(None, 1.0), at(minutes(70)))
    assert known_k(paces) is None


def two_run(
    paces: CoolingPaces, fall_k: float, *, other_from: timedelta, other_until: timedelta
) -> None:
    """Let one run for 70 minutes and another one beside it for a part of that."""
    ran = timedelta(0)
    while ran <= LONG_RUN:
        room = a_room_at(ran, fall_k)
        is_on = other_from <= ran <= other_until
        lease = Lease(COOL_22, None, ran - other_from, minutes(40)) if is_on else None
        other = device_conditions(a_device(device_id="other"), lease=lease)
        paces.seen(replace(room, devices=(*room.devices, other)), at(ran))
        ran += minutes(1)
    paces.seen(a_room_at(None, fall_k), at(ran))


def both_known_k(paces: CoolingPaces) -> list[float | None]:
    """Return both paces that the plan is told."""
    room = a_room_at(None, 1.0)
    other = device_conditions(a_device(device_id="other"))
    seen = paces.seen(replace(room, devices=(*room.devices, other)), at(timedelta(0)))
    return [device.falls_k for device in seen.devices]


def test_of_two_in_a_room_the_one_that_runs_alone_tells_its_pace() -> None:
    """The other one is off: nothing else cooled the room."""
    paces = CoolingPaces()
    for _ in range(3):
        two_run(paces, 1.0, other_from=hours(9), other_until=hours(9))
    assert both_known_k(paces) == [pytest.approx(1.0, abs=0.05), None]


@pytest.mark.parametrize("apart", [minutes(0), minutes(1)])
def test_two_that_start_together_tell_what_both_do(apart: timedelta) -> None:
    """Each counts as half: only their sum is asked for. A limit of power starts them apart."""
    paces = CoolingPaces()
    for _ in range(3):
        two_run(paces, 3.0, other_from=apart, other_until=LONG_RUN)
    assert both_known_k(paces) == [pytest.approx(1.5, abs=0.15)] * 2


@pytest.mark.parametrize(
    ("other_from", "other_until"), [(minutes(20), LONG_RUN), (timedelta(0), minutes(30))]
)
def test_of_two_that_run_for_a_while_together_none_is_judged(
    other_from: timedelta, other_until: timedelta
) -> None:
    """Nobody can tell which of them it was."""
    paces = CoolingPaces()
    for _ in range(3):
        two_run(paces, 1.0, other_from=other_from, other_until=other_until)
    assert both_known_k(paces) == [None, None]


def test_beside_one_that_somebody_switched_on_none_is_judged() -> None:
    """It cools the room too."""
    paces = CoolingPaces()
    by_hand = device_conditions(a_device(device_id="other"), observed=COOL_22)
    for _ in range(3):
        for ran in (timedelta(0), minutes(30), minutes(65)):
            room = a_room_at(ran, 1.0)
            seen = paces.seen(replace(room, devices=(*room.devices, by_hand)), at(ran))
            assert all(device.uncooled_c is None for device in seen.devices)
        paces.seen(a_room_at(None, 1.0), at(minutes(70)))
    assert known_k(paces) is None


def test_what_the_room_would_be_without_the_run_is_told() -> None:
    """It goes on from what the room was when the run began, as foretold then."""
    paces = CoolingPaces()
    paces.seen(a_room_at(timedelta(0), 1.0), at(timedelta(0)))
    seen = paces.seen(a_room_at(minutes(60), 1.0), at(minutes(60)))
    assert seen.devices[0].uncooled_c == pytest.approx(27.5, abs=0.05)


def test_a_crash_of_what_is_learned_leaves_the_room_as_it_is_seen() -> None:
    """The home is judged all the same, and the next run is followed again."""
    paces = CoolingPaces()
    empty = replace(an_ahead(NOON, lambda _hour: 27.0), hours=())
    for ran in (timedelta(0), minutes(5)):
        room = a_room_at(ran, 2.0, ahead=empty)
        assert paces.seen(room, at(ran)) == room
    for _ in range(3):
        run_through(paces, 2.0)
    assert known_k(paces) == pytest.approx(2.0, abs=0.1)
