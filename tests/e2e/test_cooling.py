"""Cooling devices of a real Home Assistant: commanded, read back, handed back; hands and faults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.home import Home
from tests.e2e.household import AIR_CONDITIONER, FAN, Household

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
SUMMER_NOON = datetime(2026, 6, 27, 12, 0, tzinfo=UTC)
CONTROL = "sensor.keepcool_living_room_ac_control"
HOT_C, COOL_C = 27.5, 22.0
PLUG = """[[room.cooling]]
id = "plug"
name = "AC"
entity = "switch.living_room_plug"
role = "air_conditioner"
"""
BLIND = """[[room.cooling]]
id = "blind"
name = "Blind"
entity = "cover.living_room_blind"
facing_deg = 190
"""


@dataclass(frozen=True)
class Case:
    """Describe a device: its settings and states, and the attribute that tells how far it goes."""

    cooling: str
    entity_id: str
    cooling_state: str
    attribute: str
    expected: object
    released_state: str
    told: tuple[str, str]


CASES = {
    "generic thermostat": Case(
        AIR_CONDITIONER,
        "climate.living_room_ac",
        "cool",
        "temperature",
        24.0,
        "off",
        ("home/relay", "ON"),
    ),
    "mqtt fan": Case(
        FAN + "fan_percentage = 60\n",
        "fan.living_room_fan",
        "on",
        "percentage",
        60,
        "on",  # a fan stays as it is
        ("home/fan/percentage", "60"),
    ),
    "switch": Case(
        PLUG,
        "switch.living_room_plug",
        "on",
        "friendly_name",
        "Living room plug",
        "off",
        ("home/plug", "ON"),
    ),
    "cover": Case(
        BLIND,
        "cover.living_room_blind",
        "closed",
        "current_position",
        0,
        "closed",
        ("home/blind", "CLOSE"),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_device_is_commanded_read_back_and_released(home: Home, tmp_path: Path, case: Case) -> None:
    """The device does as it is told, which is read back; when it is cool it is handed back."""
    household = Household(
        home, tmp_path, home.android, cooling=case.cooling, started_at=SUMMER_NOON
    )
    with household.stepped() as daemon:
        household.wait_until_shown()
        home.say_room(HOT_C)
        daemon.advance(daemon.now + SECOND)
        home.wait_for(case.entity_id, case.cooling_state)
        household.let_pass(daemon, 15 * MINUTE, HOT_C)
        state = home.api.state(case.entity_id)
        assert (state["state"], state["attributes"][case.attribute]) == (
            case.cooling_state,
            case.expected,
        )
        assert case.told in home.devices.told
        device = household.device()
        assert (device["is_on"], device["wanted_on"], device["has_failed"]) == (True, True, False)
        household.let_pass(daemon, 70 * MINUTE, COOL_C)
        home.wait_for(case.entity_id, case.released_state)
        assert household.device()["wanted_on"] is None
    assert home.android.about("trouble") == []


def test_fault_41_hand_in_home_assistant_wins_and_is_shown(home: Home, tmp_path: Path) -> None:
    """Switched off in a real Home Assistant: left alone for two hours of heat, then not."""
    household = Household(home, tmp_path, home.android, cooling=AIR_CONDITIONER)
    with household.stepped() as daemon:
        household.wait_until_shown()
        home.say_room(HOT_C)
        daemon.advance(daemon.now + SECOND)
        home.wait_for("climate.living_room_ac", "cool")
        household.let_pass(daemon, 15 * MINUTE, HOT_C)
        home.wait_for(CONTROL, "in use")
        home.api.call("climate.set_hvac_mode", entity_id="climate.living_room_ac", hvac_mode="off")
        household.let_pass(daemon, 6 * MINUTE, HOT_C)  # status is written every five minutes
        assert 6600 < household.device()["override_remaining_s"] <= 7200
        home.wait_for(CONTROL, "left alone")
        until = datetime.fromisoformat(home.api.state(CONTROL)["attributes"]["left_alone_until"])
        assert 110 * MINUTE < until - daemon.now <= 120 * MINUTE
        told = list(home.devices.told)
        household.let_pass(daemon, 100 * MINUTE, HOT_C)
        assert home.devices.told == told
        assert home.api.state("climate.living_room_ac")["state"] == "off"
        household.let_pass(daemon, 25 * MINUTE, HOT_C)
        home.wait_for("climate.living_room_ac", "cool")
        household.let_pass(daemon, 5 * MINUTE, HOT_C)
        home.wait_for(CONTROL, "in use")
        home.wait_for_attribute(CONTROL, "left_alone_until", None)


def test_fault_35_unavailable_device_is_said(home: Home, tmp_path: Path) -> None:
    """An entity that a real Home Assistant shows as unavailable: switch it on by hand."""
    home.devices.go_offline("home/plug")
    home.wait_for("switch.living_room_plug", "unavailable")
    assert said_of_the_plug(home, tmp_path) == "Switch on by hand: AC, Living room"


def test_fault_36_device_that_does_nothing_is_said(home: Home, tmp_path: Path) -> None:
    """A real Home Assistant takes the call and the plug does nothing: switch it on by hand."""
    home.devices.deaf.add("home/plug")
    assert said_of_the_plug(home, tmp_path) == "Switch on by hand: AC, Living room"
    assert home.devices.told.count(("home/plug", "ON")) == 3


def said_of_the_plug(home: Home, folder: Path) -> str:
    """Let it be hot for some minutes and return the title of the one message about trouble."""
    household = Household(home, folder, home.android, cooling=PLUG)
    with household.stepped() as daemon:
        household.wait_until_shown()
        home.say_room(HOT_C)
        household.let_pass(daemon, 6 * MINUTE, HOT_C)
        (push,) = home.android.about("trouble")
        assert "did not respond" in push.message
        assert household.device()["has_failed"]
        home.wait_for("sensor.keepcool_living_room_plug_control", "not responding")
        home.wait_for("binary_sensor.keepcool_trouble", "on")
    return str(push.title)


def test_cooling_that_cools_nothing_is_said_within_half_an_hour(home: Home, tmp_path: Path) -> None:
    """The air conditioner says that it cools, and the room gets no cooler: look at it."""
    household = Household(home, tmp_path, home.android, cooling=AIR_CONDITIONER)
    with household.stepped() as daemon:
        household.wait_until_shown()
        home.say_room(HOT_C)
        daemon.advance(daemon.now + SECOND)
        home.wait_for("climate.living_room_ac", "cool")
        household.let_pass(daemon, 29 * MINUTE, HOT_C)
        assert home.android.about("trouble") == []
        household.let_pass(daemon, 3 * MINUTE, HOT_C)
        (push,) = home.android.about("trouble")
        assert push.title == "Check AC: Living room"
        assert "no cooler" in push.message
