"""Count what keepcool writes to the disk in a simulated hot day with five sensors.

The real daemon on its stepped clock, the demo's flat with its air conditioner and fan, a reading a
minute from each sensor, the product's own thresholds. What counts is `write_bytes` of the kernel:
what the process made the storage write, whole pages, the write-ahead log included. The database is
on a real file system. The status file and the log are not: they belong to /run and the journal.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from daemon.demo.driver import SteppedDaemon
from daemon.demo.flat import DeviceAction
from daemon.demo.hot_days import Outdoor
from daemon.demo.household import HouseholdRoom, hot_day_household
from daemon.demo.rooms import BEDROOM, LIVING_ROOM
from daemon.demo.world import Indoors, World
from daemon.store import DATABASE_NAME
from tests.bench.figures import Row
from tests.broker import Mosquitto

DAY = timedelta(hours=24)
STEP = timedelta(minutes=1)
AIM_WRITTEN_MB = 2.0
_MB = 1e6
# Rooms without a simulation of their own: like another one, and this much warmer.
_ALIKE = {"kitchen": (LIVING_ROOM, 0.7), "bathroom": (BEDROOM, -0.4), "study": (BEDROOM, 0.3)}


class _FiveRooms:
    """Complete the flat (`daemon.demo.world.Indoors`) to five rooms."""

    def __init__(self, flat: Indoors) -> None:
        self._flat = flat

    def advance(
        self,
        to: datetime,
        outdoor_at: Callable[[datetime], Outdoor],
        devices: Mapping[str, DeviceAction],
    ) -> None:
        simulated = {name: action for name, action in devices.items() if name not in _ALIKE}
        self._flat.advance(to, outdoor_at, simulated)

    def zigbee2mqtt_payload(self, room_id: str) -> str:
        like, warmer_c = _ALIKE.get(room_id, (room_id, 0.0))
        values = json.loads(self._flat.zigbee2mqtt_payload(like))
        values["temperature"] = round(values["temperature"] + warmer_c, 2)
        return json.dumps(values)


@dataclass(frozen=True, slots=True)
class Written:
    """Hold the bytes of one day."""

    storage: int  # /proc/PID/io write_bytes
    grown: int  # database file
    log_ahead: int  # write-ahead log at the end
    journal: int  # log lines, for the journal
    readings: int
    pushes: int


def write_bytes(pid: int) -> int:
    """Return what a process has made the storage write so far."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("write_bytes:")).split()[1])


def measure(
    folder: Path,
    memory_folder: Path,
    broker: Mosquitto,
    count: Callable[[int], int] = write_bytes,
    days: int = 1,
    settle: Callable[[], object] = lambda: None,
) -> Written:
    """Let days pass and count the last one's bytes, by `count` of the process.

    `settle` is called each minute: time in which a file system writes what it had put off.

    Raises: daemon.demo.driver.DriverError.
    """
    household = hot_day_household()
    others = tuple(HouseholdRoom(room_id, room_id.title()) for room_id in _ALIKE)
    rooms = household.rooms + others
    household = replace(
        household,
        rooms=rooms,
        person=replace(household.person, rooms=tuple(room.room_id for room in rooms)),
        end=household.start + days * DAY,
    )
    log = memory_folder / "daemon.log"
    indoors = _FiveRooms(household.build_flat())
    with World(household, (broker.host, broker.port), folder, indoors) as world:
        environ = {**os.environ, "RUNTIME_DIRECTORY": str(memory_folder)}
        with SteppedDaemon(world.config_path, world.now, log, environ=environ) as daemon:
            database = folder / "state" / DATABASE_NAME
            while world.now < household.end - DAY:
                world.step(daemon, world.now + STEP)
                settle()
            before, size_before = count(daemon.pid), _size(database)
            while world.now < household.end:
                world.step(daemon, world.now + STEP)
                settle()
            return Written(
                storage=count(daemon.pid) - before,
                grown=_size(database) - size_before,
                log_ahead=_size(database.with_name(DATABASE_NAME + "-wal")),
                journal=_size(log),
                readings=len(rooms) * round(DAY / STEP),
                pushes=len(world.home_assistant.pushes),
            )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def rows(written: Written) -> list[Row]:
    """Return the table's rows of the day."""
    megabytes = written.storage / _MB
    return [
        Row(
            "  written to storage, MB/day",
            f"{megabytes:.2f}",
            aim=f"{AIM_WRITTEN_MB:g}",
            is_met=megabytes <= AIM_WRITTEN_MB,
        ),
        Row("  of it database grown by, MB", f"{written.grown / _MB:.2f}"),
        Row("  write-ahead log at its end, MB", f"{written.log_ahead / _MB:.2f}"),
        Row("  log lines, for the journal, MB", f"{written.journal / _MB:.2f}"),
        Row("  readings, messages to the phone", f"{written.readings}, {written.pushes}"),
    ]
