"""Learn how fast each air conditioner cools its room, and keep that over restarts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from daemon.clock import Instant
from daemon.records import Changes, read_json, to_json
from policies.cooling_pace import RUNS_KEPT, Run, fall_k, is_telling, learned_fall_k
from policies.model import CoolingRole, DeviceConditions, Freshness, RoomConditions

log = structlog.get_logger()
PACE_KEY = "pace:"
JUST_STARTED = timedelta(minutes=3)
SAME_START = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Told:
    """Hold what the last runs of a device told, in K in the first hour, oldest first."""

    falls_k: tuple[float, ...] = ()


@dataclass(slots=True)
class _Followed:
    """Hold a run that is under way; a run that has told its pace is followed for its effect."""

    run: Run
    started: Instant
    has_told: bool = False


class CoolingPaces:
    """Belong to the state: follow the runs, and say what they told. One thread."""

    def __init__(self) -> None:
        """Know no device yet."""
        self._told: dict[str, Told] = {}
        self._followed: dict[str, _Followed] = {}
        self._unstored: set[str] = set()

    def restore(self, memory: Mapping[str, str]) -> None:
        """Take over what earlier runs of the daemon learned."""
        for key, body in memory.items():
            told = read_json(Told, body) if key.startswith(PACE_KEY) else None
            if told is not None:
                self._told[key.removeprefix(PACE_KEY)] = told

    def forget_runs(self) -> None:
        """Stop following what runs: the clock by which its room was foretold has been set."""
        self._followed.clear()

    def ride_along(self, changes: Changes) -> None:
        """Add to `changes`, if any, what was learned: it is worth no commit of its own."""
        if changes:
            self.store(changes)

    def store(self, changes: Changes) -> None:
        """Add to `changes` what was learned and not stored yet."""
        for device_id in sorted(self._unstored):
            changes.memory[PACE_KEY + device_id] = to_json(self._told[device_id])
        self._unstored.clear()

    def seen(self, conditions: RoomConditions, now: Instant) -> RoomConditions:
        """Return a room with what is known of its air conditioners' pace and effect.

        Only the one air conditioner of a room is followed: of two, nobody can tell which it was.
        What was learned is a help; where it crashes the home is judged without it.
        """
        try:
            return self._seen(conditions, now)
        except Exception:
            log.exception("pace.crashed", room_id=conditions.room.room_id)
            for each in conditions.devices:
                self._followed.pop(each.device.device_id, None)
            return conditions

    def _seen(self, conditions: RoomConditions, now: Instant) -> RoomConditions:
        coolers = [each for each in conditions.devices if _is_cooler(each)]
        if not coolers:
            return conditions
        if len(coolers) == 1:
            self._follow(conditions, coolers[0], now)
        devices = tuple(
            self._with_pace(each, now) if _is_cooler(each) else each for each in conditions.devices
        )
        return replace(conditions, devices=devices)

    def _follow(self, conditions: RoomConditions, found: DeviceConditions, now: Instant) -> None:
        device_id, lease = found.device.device_id, found.lease
        room_c = conditions.effective_temperature_c
        if lease is None or found.has_failed:
            self._followed.pop(device_id, None)
            return
        followed = self._followed.get(device_id)
        if followed is not None and not _is_same(followed, lease.running_for, now):
            followed = None
            del self._followed[device_id]
        if conditions.freshness is not Freshness.FRESH or room_c is None:
            return
        if followed is None:
            if conditions.ahead is not None and lease.running_for <= JUST_STARTED:
                run = Run(conditions.ahead, now.utc.timestamp() / 3600, room_c)
                self._followed[device_id] = _Followed(run, now.shifted(-lease.running_for))
            return
        target_c = lease.desired.target_temperature_c
        is_running = found.low_power_for is None
        if is_running and not followed.has_told and is_telling(lease.running_for, room_c, target_c):
            followed.has_told = True
            uncooled_c = followed.run.uncooled_c(lease.running_for)
            told_k = round(fall_k(uncooled_c, room_c, lease.running_for), 2)
            before = self._told.get(device_id, Told()).falls_k
            self._told[device_id] = Told((*before, told_k)[-RUNS_KEPT:])
            self._unstored.add(device_id)

    def _with_pace(self, found: DeviceConditions, now: Instant) -> DeviceConditions:
        device_id = found.device.device_id
        followed = self._followed.get(device_id)
        uncooled_c = None
        if followed is not None:
            uncooled_c = followed.run.uncooled_c(followed.started.plausible_elapsed_until(now))
        falls_k = learned_fall_k(self._told.get(device_id, Told()).falls_k)
        return replace(found, falls_k=falls_k, uncooled_c=uncooled_c)


def _is_cooler(found: DeviceConditions) -> bool:
    return found.device.role is CoolingRole.AIR_CONDITIONER


def _is_same(followed: _Followed, running_for: timedelta, now: Instant) -> bool:
    ran = followed.started.plausible_elapsed_until(now)
    return abs(ran - running_for) <= SAME_START
