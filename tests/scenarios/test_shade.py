"""Play a hot day in a flat whose only help are blinds with motors."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from daemon.demo.household import Household, hot_day_household
from daemon.demo.rooms import BEDROOM, EAST_DEG, LIVING_ROOM, WEST_DEG
from daemon.demo.world import World
from tests.broker import Mosquitto

STEP = timedelta(minutes=10)
FACING = {LIVING_ROOM: WEST_DEG, BEDROOM: EAST_DEG}


def a_sunny_home() -> Household:
    """Return the demo's flat with open windows to the sun, and a blind before each."""
    home = hot_day_household()
    rooms = tuple(
        replace(
            room,
            ac_entity=None,
            fan_entity=None,
            blind_entity=f"cover.{room.room_id}",
            facing_deg=FACING[room.room_id],
        )
        for room in home.rooms
    )
    flat = tuple(replace(room, window_gain=0.6, shaded_share=0.15) for room in home.flat)
    return replace(home, rooms=rooms, flat=flat, end=home.start + timedelta(hours=13))


def test_blinds_keep_a_hot_day_out(mosquitto: Mosquitto, memory_folder: Path) -> None:
    """Each blind goes down once, before its sun, and stays; the flat is clearly cooler for it."""
    home = a_sunny_home()
    without, shaded = home.build_flat(), home.build_flat()
    lowered: dict[str, datetime] = {}
    moves = dict.fromkeys(FACING, 0)
    hottest = {"without": 0.0, "shaded": 0.0}
    positions = dict.fromkeys(FACING, 100)
    broker = (mosquitto.host, mosquitto.port)
    with World(home, broker, memory_folder, shaded) as world, world.daemon() as daemon:
        while world.now < home.end:
            world.step(daemon, world.now + STEP)
            without.advance(world.now, home.outdoor_at, {})
            hottest["without"] = max(hottest["without"], without.temperature_c(LIVING_ROOM))
            hottest["shaded"] = max(hottest["shaded"], shaded.temperature_c(LIVING_ROOM))
            for room_id in FACING:
                blind = world.home_assistant.state_of(f"cover.{room_id}")
                position = blind.attributes["current_position"]
                assert isinstance(position, int)
                assert position <= positions[room_id]
                if position != positions[room_id]:
                    positions[room_id] = position
                    moves[room_id] += 1
                    lowered[room_id] = home.local(world.now)
    assert moves == {LIVING_ROOM: 1, BEDROOM: 1}
    assert f"{lowered[BEDROOM]:%H:%M}" == "07:00"  # the sun was there before Anna woke
    assert "12:00" <= f"{lowered[LIVING_ROOM]:%H:%M}" <= "14:00"
    assert hottest["shaded"] < hottest["without"] - 1.0
