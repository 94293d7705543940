"""Test when a dehumidifier runs: only where drier air feels cooler although it is warmer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import heat_sensitivity
from policies.cooling import plan
from policies.drying import WORTH_STARTING_C, drying_gain_c
from policies.model import (
    CoolingDevice,
    CoolingRole,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Lease,
    Snapshot,
)
from policies.psychrometrics import effective_temperature_c
from tests.builders import (
    a_device,
    a_snapshot,
    device_conditions,
    hours,
    minutes,
    room_conditions,
)

DRY_50 = DeviceState(is_on=True, target_humidity_pct=50)


def a_dryer(**overrides: Any) -> CoolingDevice:  # noqa: ANN401 - the fields of what is built
    """Return the living room's dehumidifier."""
    dryer = a_device(
        device_id="dryer",
        entity_id="humidifier.living_room",
        kind=DeviceKind.HUMIDIFIER,
        role=CoolingRole.DEHUMIDIFIER,
        name="dehumidifier",
    )
    return replace(dryer, **overrides)


def idle(**overrides: Any) -> DeviceConditions:  # noqa: ANN401 - the fields of what is built
    """Return a dehumidifier that is off."""
    return replace(device_conditions(a_dryer()), **overrides)


def drying(**overrides: Any) -> DeviceConditions:  # noqa: ANN401 - the fields of what is built
    """Return a dehumidifier that keepcool switched on an hour ago."""
    lease = Lease(DRY_50, DeviceState(is_on=False), hours(1), minutes(40))
    conditions = idle(observed=DRY_50, lease=lease, since_switched_on=hours(1))
    return replace(conditions, **overrides)


def a_humid_home(
    temperature_c: float | None, humidity_pct: float | None, *devices: DeviceConditions
) -> Snapshot:
    """Return a home whose one room is so warm and humid."""
    room = room_conditions(temperature_c, relative_humidity_pct=humidity_pct, devices=devices)
    return a_snapshot(rooms=(room,))


def outcome(snapshot: Snapshot) -> tuple[str, str]:
    """Return action and reason of the dehumidifier, which comes before an air conditioner."""
    command = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands[0]
    return command.action.value, command.message.message_id


@pytest.mark.parametrize(
    ("temperature_c", "humidity_pct", "expected"),
    [
        (28.0, 85.0, ("run", "drying_feels_cooler")),
        (30.0, 75.0, ("run", "drying_feels_cooler")),
        (28.0, 60.0, ("leave", "drying_no_help")),  # feels hotter, but drying warms it as much
        (30.0, 45.0, ("leave", "drying_no_help")),
        (26.0, 80.0, ("leave", "drying_no_help")),
        (22.0, 90.0, ("leave", "cooling_released_no_need")),
        (28.0, None, ("leave", "drying_no_help")),
        (None, 85.0, ("leave", "cooling_unseen")),
    ],
)
def test_a_dryer_starts_only_where_it_helps(
    temperature_c: float | None, humidity_pct: float | None, expected: tuple[str, str]
) -> None:
    """Very humid and near the limit: drier air feels cooler although the dryer warms it."""
    assert outcome(a_humid_home(temperature_c, humidity_pct, idle())) == expected


@pytest.mark.parametrize(
    ("temperature_c", "humidity_pct", "expected"),
    [
        (30.0, 65.0, ("run", "drying_feels_cooler")),  # would not start here any more
        (30.0, 50.0, ("release", "drying_dry_enough")),
        (30.0, None, ("release", "drying_dry_enough")),
        (24.0, 60.0, ("release", "cooling_reached_target")),
        (None, None, ("run", "cooling_blind")),
    ],
)
def test_a_dryer_goes_on_until_it_is_dry(
    temperature_c: float | None, humidity_pct: float | None, expected: tuple[str, str]
) -> None:
    """What it warmed is done: it goes on while drying still brings something."""
    assert outcome(a_humid_home(temperature_c, humidity_pct, drying())) == expected


def test_starting_and_ending_lie_apart() -> None:
    """A running dryer goes on where a resting one does not start."""
    assert outcome(a_humid_home(30.0, 60.0, idle()))[0] == "leave"
    assert outcome(a_humid_home(30.0, 60.0, drying()))[0] == "run"


@pytest.mark.parametrize("conditions", [idle(), drying()])
def test_never_beside_a_running_air_conditioner(conditions: DeviceConditions) -> None:
    """An air conditioner dries too, and works against the dryer's warmth."""
    cooling = device_conditions(observed=DeviceState(is_on=True, hvac_mode="cool"))
    home = a_humid_home(30.0, 85.0, conditions, cooling)
    assert outcome(home)[1] == "drying_no_help"


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (idle(since_switched_off=minutes(9)), ("leave", "cooling_minimum_time")),
        (idle(since_switched_off=minutes(10)), ("run", "drying_feels_cooler")),
        (idle(override_remaining=hours(1)), ("leave", "cooling_manual_override")),
        (idle(observed=DRY_50), ("leave", "cooling_manual_override")),
        (
            idle(observed=replace(DRY_50, target_humidity_pct=60)),
            ("run", "drying_feels_cooler"),
        ),
    ],
)
def test_a_dryer_is_spared_like_any_compressor(
    conditions: DeviceConditions, expected: tuple[str, str]
) -> None:
    """It rests between runs, and a person's own setting is left alone."""
    assert outcome(a_humid_home(30.0, 85.0, conditions)) == expected


def test_a_dryer_is_told_its_humidity_and_mode() -> None:
    """A device that humidifies too is put into the mode in which it dries."""
    dryer = idle(device=a_dryer(drying_humidity_pct=45, drying_mode="dry"))
    home = a_humid_home(30.0, 85.0, dryer)
    (command,) = plan(home, heat_sensitivity.evaluate(home)).commands
    assert command.desired == DeviceState(is_on=True, target_humidity_pct=45, mode="dry")


def test_a_dryer_on_a_plug_is_just_switched() -> None:
    """A plain dehumidifier has no setting to reach."""
    plug = idle(device=a_dryer(kind=DeviceKind.PLUG, entity_id="zigbee2mqtt/dryer/set"))
    home = a_humid_home(30.0, 85.0, plug)
    (command,) = plan(home, heat_sensitivity.evaluate(home)).commands
    assert command.desired == DeviceState(is_on=True)


def test_a_short_run_is_finished_first() -> None:
    """Even a dryer that helps no more runs its shortest time."""
    home = a_humid_home(30.0, 50.0, drying(since_switched_on=minutes(9)))
    assert outcome(home) == ("run", "cooling_minimum_time")


@given(
    temperature_c=st.floats(min_value=-10, max_value=45),
    humidity_pct=st.floats(min_value=0, max_value=100),
)
def test_a_dryer_never_starts_where_the_room_would_feel_hotter(
    temperature_c: float, humidity_pct: float
) -> None:
    """Wherever it starts, the room dried and warmed feels at least half a degree cooler."""
    action, _ = outcome(a_humid_home(temperature_c, humidity_pct, idle()))
    after_c = effective_temperature_c(temperature_c + 2.0, min(humidity_pct, 50.0))
    now_c = effective_temperature_c(temperature_c, humidity_pct)
    assert now_c is not None
    assert after_c is not None
    assert action == "leave" or after_c <= now_c - WORTH_STARTING_C + 1e-9


def test_unknown_air_brings_no_gain() -> None:
    """Nothing is concluded from a missing value."""
    assert drying_gain_c(None, 80.0, 50.0) is None
    assert drying_gain_c(28.0, None, 50.0) is None
