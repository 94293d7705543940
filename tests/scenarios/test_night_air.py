"""Two hot days in a flat whose only help is a fan in the window: night air in, hot air never."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from daemon.demo.flat import Flat
from daemon.demo.hot_days import hot_week
from daemon.demo.household import Household, HouseholdRoom, hot_day_household
from daemon.demo.rooms import LIVING_ROOM
from daemon.demo.world import World
from policies.psychrometrics import dew_point_c, effective_temperature_c
from tests.broker import Mosquitto

STEP = timedelta(minutes=10)
FIRST_DAY = date(2026, 6, 22)
ENTITY = "fan.window"


def a_home() -> Household:
    """Return Anna's flat with a fan in the living room's window."""
    home = hot_day_household()
    start = datetime.combine(FIRST_DAY, time(12), ZoneInfo("Europe/Rome"))
    return replace(
        home,
        person=replace(home.person, rooms=(LIVING_ROOM,), stays=(), flags=frozenset()),
        rooms=(HouseholdRoom(LIVING_ROOM, "Living room", fan_entity=ENTITY),),
        outdoor_at=hot_week(FIRST_DAY).outdoor_at,
        start=start,
        end=start + timedelta(hours=48),
        start_c=26.0,
    )


def felt_c(flat: Flat) -> float:
    """Return what the living room feels like."""
    air_c, humidity_pct = flat.temperature_c(LIVING_ROOM), flat.relative_humidity_pct(LIVING_ROOM)
    return effective_temperature_c(air_c, humidity_pct) or air_c


def test_a_window_fan_brings_the_night_in_and_keeps_the_day_out(
    mosquitto: Mosquitto, memory_folder: Path
) -> None:
    """The flat is clearly cooler than with closed windows, and no hot or wet air came in."""
    home = a_home()
    closed, aired = home.build_flat(), home.build_flat()
    hours_on, mean_c, wrong = 0.0, {"closed": 0.0, "aired": 0.0}, []
    with World(home, (mosquitto.host, mosquitto.port), memory_folder, aired) as world:
        text = world.config_path.read_text(encoding="utf-8")
        vent = text.replace(f'entity = "{ENTITY}"', f'entity = "{ENTITY}"\nrole = "vent"')
        world.config_path.write_text(vent, encoding="utf-8")
        world.reflexes.append(
            lambda _now: aired.set_window(
                LIVING_ROOM, is_open=world.home_assistant.state_of(ENTITY).state == "on"
            )
        )
        with world.daemon() as daemon:
            steps = (home.end - home.start) // STEP
            for _ in range(steps):
                world.step(daemon, world.now + STEP)
                closed.advance(world.now, home.outdoor_at, {})
                mean_c["closed"] += felt_c(closed) / steps
                mean_c["aired"] += felt_c(aired) / steps
                if world.home_assistant.state_of(ENTITY).state != "on":
                    continue
                hours_on += STEP / timedelta(hours=1)
                air = home.outdoor_at(world.now)
                room_dew_c = dew_point_c(
                    aired.temperature_c(LIVING_ROOM), aired.relative_humidity_pct(LIVING_ROOM)
                )
                dew_c = dew_point_c(air.temperature_c, air.relative_humidity_pct)
                assert dew_c is not None
                assert room_dew_c is not None
                # The forecast's hour stands for the moment: half a degree of grace.
                is_hotter = air.temperature_c > felt_c(aired) + 0.5
                if is_hotter or dew_c > room_dew_c + 3.5:
                    wrong.append(world.now)
    assert 6.0 < hours_on < 30.0
    assert wrong == []
    assert mean_c["aired"] < mean_c["closed"] - 1.0
