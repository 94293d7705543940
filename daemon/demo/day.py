"""Let a simulated household live through its day, with the real daemon or without cooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from daemon.demo.flat import Flat
from daemon.demo.habits import AnnasDay, are_windows_open
from daemon.demo.household import Household
from daemon.demo.record import DayRecord, Happening, Recorder, RoomSample, Sample, true_level
from daemon.demo.rooms import BEDROOM
from daemon.demo.world import World

STEP: Final = timedelta(minutes=2)

Watch = Callable[[Sample, Sequence[Happening]], None]


def live_day(
    household: Household,
    broker: tuple[str, int],
    folder: Path,
    watch: Watch | None = None,
    step: timedelta = STEP,
) -> DayRecord:
    """Let the day pass with the real daemon, and return what happened.

    Args:
        household: who lives where.
        broker: host and port; it must accept MQTT 3.1.1 without a password.
        folder: for settings, database and log.
        watch: called after each step.
        step: how often sensors speak and people act.

    Raises: DriverError, OSError.
    """
    flat = household.build_flat()
    with World(household, broker, folder, flat) as world:
        recorder = Recorder(world, flat, step)
        world.habits.append(lambda now: _set_windows(household, flat, now))
        world.habits.append(AnnasDay(world, recorder.tell, BEDROOM).act)
        with world.daemon() as daemon:
            while world.now < household.end:
                began_at = world.now
                world.step(daemon, began_at + step)
                fresh = recorder.observe(daemon, began_at)
                if watch is not None:
                    watch(recorder.record.samples[-1], fresh)
    return recorder.record


def uncooled_day(household: Household, step: timedelta = STEP) -> DayRecord:
    """Return the same day without keepcool: no device runs, the windows as ever."""
    flat = household.build_flat()
    record = DayRecord(household, step)
    now = household.start
    while now < household.end:
        _set_windows(household, flat, now)
        now += step
        flat.advance(now, household.outdoor_at, {})
        record.samples.append(
            Sample(
                at=now,
                outdoor_c=household.outdoor_at(now).temperature_c,
                rooms={
                    room.room_id: RoomSample(
                        flat.temperature_c(room.room_id), level=0, is_seen=True, is_cooling=False
                    )
                    for room in household.rooms
                },
                person_level=true_level(household, flat, now),
            )
        )
    return record


def _set_windows(household: Household, flat: Flat, now: datetime) -> None:
    for room in household.rooms:
        flat.set_window(room.room_id, is_open=are_windows_open(household, now))
