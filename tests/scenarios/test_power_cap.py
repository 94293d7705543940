"""Two air conditioners behind a fuse for one, on a hot day: the daemon lets them take turns."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from daemon.demo.fake_home_assistant import CalledService
from daemon.demo.flat import Flat
from daemon.demo.household import Household, HouseholdRoom, hot_day_household
from daemon.demo.rooms import BEDROOM, LIVING_ROOM, AirConditioner
from daemon.demo.world import World
from tests.broker import Mosquitto

STEP = timedelta(minutes=5)
ENTITIES = {LIVING_ROOM: "climate.living_room", BEDROOM: "climate.bedroom"}
LIMIT = "\n[electricity]\nmax_cooling_power_w = 1500\n"


def two_air_conditioners() -> Household:
    """Return the demo's flat with an air conditioner in each room, and Anna in both all day."""
    home = hot_day_household()
    return replace(
        home,
        person=replace(home.person, stays=()),
        rooms=tuple(
            HouseholdRoom(room.room_id, room.name, ac_entity=ENTITIES[room.room_id])
            for room in home.rooms
        ),
        flat=tuple(
            replace(room, fan=None, window_gain=0.5, ac=AirConditioner(f"{room.room_id}_ac"))
            for room in home.flat
        ),
        start_c=28.0,
        end=home.start + timedelta(hours=14),
    )


def allow_for_one(path: Path) -> None:
    """Write into the settings what each device draws, and what the fuse carries."""
    lines = path.read_text(encoding="utf-8").splitlines()
    with_power = [
        f"{line}\npower_w = 1000" if line.startswith('entity = "climate.') else line
        for line in lines
    ]
    path.write_text("\n".join(with_power) + LIMIT, encoding="utf-8")


def test_two_air_conditioners_never_run_together_and_both_rooms_are_cooled(
    mosquitto: Mosquitto, memory_folder: Path
) -> None:
    """Whatever the daemon sends and whenever: the second one starts when the first is seen off."""
    home = two_air_conditioners()
    running: set[str] = set()
    together: list[datetime] = []
    starts = dict.fromkeys(ENTITIES.values(), 0)
    with World(home, (mosquitto.host, mosquitto.port), memory_folder) as world:

        def watch(call: CalledService) -> None:
            if call.domain != "climate":
                return
            for entity_id in ENTITIES.values():
                is_on = world.home_assistant.state_of(entity_id).state == "cool"
                if is_on and entity_id not in running:
                    starts[entity_id] += 1
                (running.add if is_on else running.discard)(entity_id)
            if len(running) > 1:
                together.append(world.now)

        world.home_assistant.on_service_call(watch)
        allow_for_one(world.config_path)
        flat = world.indoors
        assert isinstance(flat, Flat)
        with world.daemon() as daemon:
            while world.now < home.end:
                world.step(daemon, world.now + STEP)
                watch_now = [
                    world.home_assistant.state_of(each).state for each in ENTITIES.values()
                ]
                assert watch_now.count("cool") <= 1
        hot = [flat.temperature_c(room_id) for room_id in ENTITIES]
    assert together == []
    assert min(starts.values()) >= 2, starts
    assert max(hot) < 29.0
