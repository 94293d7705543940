"""Learn how fast each air conditioner cools its room, and keep that over restarts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from daemon.clock import Instant
from daemon.records import Changes, read_json, to_json
from policies.cooling_pace import RUNS_KEPT, Run, fall_k, is_telling, learned_fall_k
from policies.model import CoolingRole, DeviceConditions, Freshness, Lease, RoomConditions

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

    device_ids: frozenset[str]
    run: Run
    started: Instant
    has_told: bool = False

    def is_same(self, device_ids: frozenset[str], running_for: timedelta, now: Instant) -> bool:
        """Return whether the same devices run since the same moment."""
        ran = self.started.plausible_elapsed_until(now)
        return self.device_ids == device_ids and abs(ran - running_for) <= SAME_START


class CoolingPaces:
    """Belong to the state: follow the runs, and say what they told. One thread."""

    def __init__(self) -> None:
        """Know no device yet."""
        self._told: dict[str, Told] = {}
        self._followed: dict[str, _Followed] = {}  # by room
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

        Those that keepcool started together are followed as one, and count alike. With one that
        joins them later, ends earlier or is in other hands, nobody can tell which of them it was.
        What was learned is a help; where it crashes the home is judged without it.
        """
        try:
            return self._seen(conditions, now)
        except Exception:
            log.exception("pace.crashed", room_id=conditions.room.room_id)
            self._followed.pop(conditions.room.room_id, None)
            return conditions

    def _seen(self, conditions: RoomConditions, now: Instant) -> RoomConditions:
        coolers = [each for each in conditions.devices if _is_cooler(each)]
        if not coolers:
            return conditions
        self._follow(conditions, [each for each in coolers if _is_at_work(each)], now)
        devices = tuple(
            self._with_pace(each, conditions.room.room_id, now) if _is_cooler(each) else each
            for each in conditions.devices
        )
        return replace(conditions, devices=devices)

    def _follow(
        self, conditions: RoomConditions, team: Sequence[DeviceConditions], now: Instant
    ) -> None:
        room_id, room_c = conditions.room.room_id, conditions.effective_temperature_c
        leases = [each.lease for each in team if each.lease is not None]
        if not leases or len(leases) < len(team):
            self._followed.pop(room_id, None)
            return
        running_for = max(lease.running_for for lease in leases)
        device_ids = frozenset(each.device.device_id for each in team)
        followed = self._followed.get(room_id)
        if followed is not None and not followed.is_same(device_ids, running_for, now):
            followed = None
            del self._followed[room_id]
        if conditions.freshness is not Freshness.FRESH or room_c is None:
            return
        if followed is None:
            if conditions.ahead is not None and running_for <= JUST_STARTED:
                run = Run(conditions.ahead, now.utc.timestamp() / 3600, room_c)
                self._followed[room_id] = _Followed(device_ids, run, now.shifted(-running_for))
            return
        is_running = all(each.low_power_for is None for each in team)
        if (
            is_running
            and not followed.has_told
            and is_telling(running_for, room_c, _target_c(leases))
        ):
            followed.has_told = True
            told_k = fall_k(followed.run.uncooled_c(running_for), room_c, running_for)
            for device_id in device_ids:
                before = self._told.get(device_id, Told()).falls_k
                share_k = round(told_k / len(device_ids), 2)
                self._told[device_id] = Told((*before, share_k)[-RUNS_KEPT:])
            self._unstored |= device_ids

    def _with_pace(self, found: DeviceConditions, room_id: str, now: Instant) -> DeviceConditions:
        device_id = found.device.device_id
        followed = self._followed.get(room_id)
        uncooled_c = None
        if followed is not None and device_id in followed.device_ids:
            uncooled_c = followed.run.uncooled_c(followed.started.plausible_elapsed_until(now))
        falls_k = learned_fall_k(self._told.get(device_id, Told()).falls_k)
        return replace(found, falls_k=falls_k, uncooled_c=uncooled_c)


def _is_cooler(found: DeviceConditions) -> bool:
    return found.device.role is CoolingRole.AIR_CONDITIONER


def _is_at_work(found: DeviceConditions) -> bool:
    """Return whether one cools, or is told to: by keepcool or, without a lease, by hand."""
    if found.lease is not None:
        return not found.has_failed
    return found.is_available and found.observed is not None and found.observed.is_on


def _target_c(leases: Sequence[Lease]) -> float | None:
    """Return the highest target: from there on the first of them rests."""
    targets_c = (lease.desired.target_temperature_c for lease in leases)
    return max((each for each in targets_c if each is not None), default=None)
