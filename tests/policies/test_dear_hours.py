"""Test that rooms are cooled before electricity is dear, and never suffer for its price."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest

from policies.cooling_ahead import LONGEST_BEFORE_DEAR
from policies.model import CoolingAction, DearTime, DeviceConditions, Electricity, Snapshot
from tests.builders import a_home as a_house
from tests.builders import hours, local, minutes
from tests.policies.test_cooling_ahead import (
    STRONG,
    WEAK,
    a_home,
    an_ac,
    mild_day,
    outcome,
    planned,
    running,
)

EVENING = DearTime(time(17), time(20))


def warm_evening(at: datetime) -> float:
    """Return a room that comes near its limit of 26 °C at 18:00 and no further."""
    return 25.1 if at.hour < 17 else 25.8


def at_price(
    at: datetime,
    now_c: float,
    device: DeviceConditions,
    dear: tuple[DearTime, ...] = (EVENING,),
    path: Callable[[datetime], float] | None = warm_evening,
) -> Snapshot:
    """Return a home where electricity is dear in the evening."""
    house = a_house(electricity=Electricity(dear=dear))
    return a_home(at, now_c, device, path=path, home=house)


def test_a_room_that_would_need_cooling_then_is_cooled_before() -> None:
    """And says why; without the price nothing would happen."""
    command = planned(at_price(local(16, 30), 25.2, an_ac(1.2)))
    assert outcome(command) == ("run", "cooling_before_dear")
    assert command.message.parameters["expected_at_local"] == "17:00"
    assert planned(at_price(local(16, 30), 25.2, an_ac(1.2), ())).action is CoolingAction.LEAVE


def test_it_begins_as_late_as_gets_it_to_its_target() -> None:
    """A strong device later than a weak one, and none more than two hours before."""

    def first_start(falls_k: float) -> timedelta:
        return next(
            local(17) - at
            for at in (local(14) + step * minutes(15) for step in range(12))
            if planned(at_price(at, 25.2, an_ac(falls_k))).action is CoolingAction.RUN
        )

    assert first_start(STRONG) < first_start(1.2) <= LONGEST_BEFORE_DEAR
    assert first_start(0.3) == LONGEST_BEFORE_DEAR


@pytest.mark.parametrize(
    "path", [None, mild_day, lambda at: 25.8 if at.hour >= 21 else 25.1], ids=["-", "mild", "late"]
)
def test_a_room_that_needs_no_cooling_then_is_left(
    path: Callable[[datetime], float] | None,
) -> None:
    """Nothing is cooled in advance for a mild evening, for one after it, or on a guess."""
    assert planned(at_price(local(16, 45), 25.2, an_ac(WEAK), path=path)).action is (
        CoolingAction.LEAVE
    )


def test_what_runs_for_the_price_stays_on_at_its_target_until_it_is_dear() -> None:
    """Then the usual rules end it."""
    before = planned(at_price(local(16, 50), 24.3, running(STRONG)))
    assert outcome(before) == ("run", "cooling_before_dear")
    dear = planned(at_price(local(17, 1), 24.3, running(STRONG, hours(2))))
    assert outcome(dear) == ("release", "cooling_reached_target")


def test_a_room_is_not_held_at_its_target_while_that_is_dear() -> None:
    """It may rise to where cooling starts, over midnight too; when it is cheap again it is held."""
    night = (DearTime(time(23), time(6)),)
    warm = running(STRONG, hours(3))

    def at(moment: datetime, dear: tuple[DearTime, ...]) -> str:
        return planned(at_price(moment, 24.3, warm, dear, lambda _at: 28.0)).action.value

    assert at(local(18), (EVENING,)) == at(local(23), night) == at(local(2), night) == "release"
    assert at(local(20), (EVENING,)) == at(local(10), night) == "run"


def test_a_limit_is_never_given_up_for_a_price() -> None:
    """While it is dear cooling starts where it always does, and early where it must."""
    assert outcome(planned(at_price(local(18), 25.5, an_ac(STRONG)))) == (
        "run",
        "cooling_over_limit",
    )
    assert planned(at_price(local(18), 25.4, an_ac(STRONG))).action is CoolingAction.LEAVE
    hot = planned(
        at_price(local(17, 30), 25.2, an_ac(0.5), path=lambda at: 25.2 if at.hour < 18 else 28.0)
    )
    assert outcome(hot) == ("run", "cooling_early")


def test_dear_hours_may_pass_midnight() -> None:
    """From 23:00 to 06:00, for a room that is warm all night."""
    night = (DearTime(time(23), time(6)),)
    warm = planned(at_price(local(22, 30), 25.2, an_ac(1.2), night, lambda _at: 25.8))
    assert outcome(warm) == ("run", "cooling_before_dear")
    within = planned(at_price(local(23, 30), 25.2, an_ac(1.2), night, lambda _at: 25.4))
    assert within.action is CoolingAction.LEAVE


def test_weather_that_is_known_for_minutes_only_is_no_reason() -> None:
    """Nothing is cooled for hours of which nothing is known."""
    house = a_house(electricity=Electricity(dear=(EVENING,)))
    snapshot = a_home(local(15, 10), 25.2, an_ac(WEAK), path=warm_evening, home=house, forecast_h=1)
    assert planned(snapshot).action is CoolingAction.LEAVE
