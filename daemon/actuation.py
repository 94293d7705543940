"""Compare what each cooling device should do with what it does, and say what to send next.

No thread and no I/O: the loop feeds plans, observations, results and ticks. It commits what
`leases_to_store` returns, and only then performs what `take_actions` returns; a command whose lease
was not offered for storing is held back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from daemon.clock import Instant
from daemon.device_track import DeviceTrack
from daemon.events import CommandFinished, DeviceObserved
from daemon.lease import LeasePhase, LeaseRow, remaining
from daemon.records import from_json, to_json
from daemon.wall_clock import restamped
from policies.model import (
    CoolingAction,
    CoolingCommand,
    CoolingDevice,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Lease,
)

READ_BACK_WAITS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SendCommand:
    """Ask the loop to have an entity brought to `desired`; answered by `CommandFinished`."""

    device_id: str
    entity_id: str
    desired: DeviceState
    command_id: int
    timer: timedelta | None = None  # after it an MQTT plug should go off by itself


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Ask the loop to read entities over REST; answered by `DeviceObserved`."""

    entity_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskPlugs:
    """Ask the loop to have MQTT plugs tell their state; answered by `DeviceObserved`."""

    device_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndTimer:
    """Ask the loop to take a lease's timer off an MQTT plug that a person uses now."""

    device_id: str


@dataclass(frozen=True, slots=True)
class NoteOverride:
    """Tell the loop that somebody set a device by hand: hands off.

    A sign of the person only where it happened under our eyes: what is found changed when Home
    Assistant is back may be Home Assistant's doing, and must not answer a message.
    """

    device_id: str
    until: Instant
    is_sign: bool = True


@dataclass(frozen=True, slots=True)
class NoteFailure:
    """Tell the loop that a device did not respond to three commands, once per failure."""

    device_id: str
    error: str | None


Action = SendCommand | ReadBack | AskPlugs | EndTimer | NoteOverride | NoteFailure


class Actuation:
    """Drive every cooling device of the home. One instance, one thread."""

    def __init__(self, devices: Iterable[CoolingDevice]) -> None:
        """Know the devices; nothing of them was seen yet."""
        self._tracks = {device.device_id: DeviceTrack(device) for device in devices}
        self._by_entity = {track.device.entity_id: track for track in self._tracks.values()}
        self._room_c: dict[str, float] = {}
        self._stored: dict[str, LeaseRow] = {
            device_id: track.row for device_id, track in self._tracks.items()
        }
        self._offered: dict[str, LeaseRow] = {}
        self._actions: list[Action] = []
        self._read_back: Instant | None = None  # since when a row waits that only tells of that
        self.is_broker_up = False

    def is_plug(self, device_id: str) -> bool:
        """Return whether a device is a plug that speaks MQTT."""
        return _is_plug(self._tracks[device_id])

    def entity_ids(self) -> tuple[str, ...]:
        """Return every entity of Home Assistant, which the loop reads once a minute."""
        tracks = self._tracks.values()
        return tuple(track.device.entity_id for track in tracks if not _is_plug(track))

    # ----------------------------------------------------------------- what comes in

    def restore(self, stored: Mapping[str, str], now: Instant) -> None:
        """Take over the leases of an earlier run, as JSON by device; a broken one counts as none.

        Nothing is decided before each device was seen, or 30 s have passed.
        """
        for device_id, body in stored.items():
            track = self._tracks.get(device_id)
            if track is None:
                continue
            try:
                row = from_json(LeaseRow, body)
            except ValueError:
                continue
            self._stored[device_id] = row
            track.restore(row, now)
        if self.entity_ids():
            self._actions.append(ReadBack(self.entity_ids()))

    def restamp(self, now: Instant) -> None:
        """Correct the leases' wall times after a step; how long they run stays."""
        for track in self._tracks.values():
            track.row = restamped(track.row, now)

    def apply_plan(self, commands: Iterable[CoolingCommand], now: Instant) -> None:
        """Take over what the plan wants of each device.

        When half of one lease is over all that run are renewed: one commit then serves them all.
        """
        commands = list(commands)
        is_renewal = any(
            command.device_id in self._tracks
            and command.action is CoolingAction.RUN
            and self._tracks[command.device_id].is_renewal_due(command.lease, now)
            for command in commands
        )
        for command in commands:
            track = self._tracks.get(command.device_id)
            if track is None:
                continue
            if command.action is CoolingAction.RUN and command.desired is not None:
                room_c = self._room_c.get(track.device.room_id)
                track.run(
                    command.desired,
                    command.lease,
                    now,
                    room_c,
                    is_blind=command.is_blind,
                    is_renewal=is_renewal,
                )
            elif command.action is CoolingAction.RELEASE:
                track.release(now, is_blind=command.is_blind)
            self._collect(track, now)

    def on_observed(self, observed: DeviceObserved, now: Instant) -> None:
        """Take an entity's state, from REST or WebSocket; an older one than known is ignored."""
        track = self._by_entity.get(observed.entity_id)
        if track is not None:
            track.observe(observed, now)
            self._collect(track, now)

    def on_finished(self, finished: CommandFinished, now: Instant) -> None:
        """Take the answer to a command; accepted is not happened, so reading back starts now."""
        track = self._tracks.get(finished.device_id)
        if track is not None:
            track.note_answer(finished, now)
            self._collect(track, now)

    def on_power(self, device_id: str, power_w: float | None, now: Instant) -> None:
        """Take what a device's plug measures; `None` is unknown."""
        track = self._tracks.get(device_id)
        if track is not None:
            track.note_power(power_w, now)

    def end_override(self, device_id: str, now: Instant) -> None:
        """Take that somebody wants a device of theirs used again."""
        track = self._tracks[device_id]
        track.end_override()
        self._collect(track, now)

    def on_away(self, now: Instant) -> None:
        """Take that Home Assistant is out of reach."""
        for track in self._tracks.values():
            if not _is_plug(track):
                track.note_away(now)

    def on_reachable(self, now: Instant) -> None:
        """Take that Home Assistant is back: what failed without it is tried again soon."""
        self._retry([track for track in self._tracks.values() if not _is_plug(track)], now)

    def on_broker(self, now: Instant, *, is_up: bool) -> None:
        """Take whether the broker answers: back again, every plug is asked what it does."""
        is_back, self.is_broker_up = is_up and not self.is_broker_up, is_up
        plugs = [track for track in self._tracks.values() if _is_plug(track)]
        if is_back and plugs:
            self._actions.append(AskPlugs(tuple(track.device.device_id for track in plugs)))
            self._retry(plugs, now)

    def _retry(self, tracks: Iterable[DeviceTrack], now: Instant) -> None:
        for track in tracks:
            track.retry_soon(now)
            self._collect(track, now)

    def tick(self, now: Instant) -> None:
        """Let time pass: reading back, trying again, leases and overrides that end."""
        due = []
        for track in self._tracks.values():
            track.tick(now)
            if track.is_read_back_due(now):
                due.append(track)
            self._collect(track, now)
        entity_ids = tuple(track.device.entity_id for track in due if not _is_plug(track))
        if entity_ids:
            self._actions.append(ReadBack(entity_ids))
        plugs = tuple(track.device.device_id for track in due if _is_plug(track))
        if plugs:
            self._actions.append(AskPlugs(plugs))

    # ----------------------------------------------------------------- what goes out

    def leases_to_store(self, now: Instant | None = None) -> dict[str, str]:
        """Return leases that changed since they were last returned, as JSON by device.

        They count as stored at `take_actions`. With `now`, what was only read back waits for
        another write, an hour at most: it saves a third of a day's writes, and costs a look at
        the device, or one command too many, after a crash.
        """
        known = self._stored | self._offered
        changed = {
            device_id: track.row
            for device_id, track in self._tracks.items()
            if track.row != known[device_id]
        }
        if now is not None and changed:
            self._read_back = self._read_back or now
            is_read_back = all(row.is_read_back_of(known[each]) for each, row in changed.items())
            if is_read_back and self._read_back.plausible_elapsed_until(now) < READ_BACK_WAITS:
                return {}
        self._read_back = None
        self._offered |= changed
        return {device_id: to_json(row) for device_id, row in changed.items()}

    def take_actions(self) -> list[Action]:
        """Return what may be done now that the leases are committed, and forget it."""
        self._stored.update(self._offered)
        self._offered = {}
        held = [action for action in self._actions if self._is_ahead_of_its_lease(action)]
        ready = [action for action in self._actions if action not in held]
        self._actions = held
        return ready

    def rows(self) -> tuple[LeaseRow, ...]:
        """Return every device's row, for the retained lease topics and `status`."""
        return tuple(track.row for track in self._tracks.values())

    def devices(self) -> dict[str, CoolingDevice]:
        """Return every device by id."""
        return {device_id: track.device for device_id, track in self._tracks.items()}

    def conditions(
        self, now: Instant, room_c: Mapping[str, float | None]
    ) -> tuple[DeviceConditions, ...]:
        """Return what is known of every device, for the snapshot.

        Args:
            now: the present moment.
            room_c: effective temperature by room; what a run started from is kept from here.
        """
        self._room_c = {room_id: value for room_id, value in room_c.items() if value is not None}
        return tuple(self._conditions(track, now) for track in self._tracks.values())

    def next_due(self, now: Instant) -> timedelta | None:
        """Return how long `tick` has nothing to do, at least; `None` while nothing is under way."""
        waits = (track.next_due(now) for track in self._tracks.values())
        return min((wait for wait in waits if wait is not None), default=None)

    # ----------------------------------------------------------------- inside

    def _collect(self, track: DeviceTrack, now: Instant) -> None:
        """Turn what a device's track calls for into actions."""
        device_id = track.device.device_id
        is_overridden, is_sign = track.take_override()
        if is_overridden and track.row.override_until is not None:
            self._actions.append(NoteOverride(device_id, track.row.override_until, is_sign))
        if track.take_failure():
            self._actions.append(NoteFailure(device_id, track.last_error))
        command = track.take_command(now)
        if command is not None or track.row.phase is LeasePhase.IDLE:
            # What was about to be sent is overtaken, by a newer wish or by the person's hand.
            self._actions = [a for a in self._actions if not _is_command_for(a, device_id)]
        if command is not None:
            command_id = track.row.command_id
            entity_id, desired = track.device.entity_id, command.desired
            self._actions.append(
                SendCommand(device_id, entity_id, desired, command_id, command.timer)
            )
        if self.is_broker_up and track.take_timer_end():
            self._actions.append(EndTimer(device_id))

    def _is_ahead_of_its_lease(self, action: Action) -> bool:
        if not isinstance(action, SendCommand):
            return False
        return self._tracks[action.device_id].row != self._stored[action.device_id]

    def _conditions(self, track: DeviceTrack, now: Instant) -> DeviceConditions:
        row = track.row
        lease = None
        if row.phase is LeasePhase.RUNNING and row.desired and row.started and row.until:
            lease = Lease(
                desired=row.desired,
                state_before=row.state_before,
                running_for=row.started.plausible_elapsed_until(now),
                remaining=max(remaining(row.until, now), timedelta(0)),
                blind_for=_elapsed(row.blind_since, now) or timedelta(0),
            )
        cooled_by_c = None
        room_c = self._room_c.get(track.device.room_id)
        if lease is not None and room_c is not None and row.room_at_start_c is not None:
            cooled_by_c = room_c - row.room_at_start_c
        return DeviceConditions(
            device=track.device,
            observed=track.observed,
            is_available=track.is_available,
            unseen_for=_elapsed(track.unseen_since, now),
            lease=lease,
            override_remaining=track.override_remaining(now),
            since_switched_on=_elapsed(row.switched_on, now),
            since_switched_off=_elapsed(row.switched_off, now),
            has_failed=track.has_failed,
            power_w=track.power_w,
            low_power_for=_elapsed(track.low_power_since, now),
            room_cooled_by_c=cooled_by_c,
            has_ended_blind=row.has_ended_blind,
            ends_by_itself=lease is not None and row.timer_until is not None,
        )


def _is_plug(track: DeviceTrack) -> bool:
    return track.device.kind is DeviceKind.PLUG


def _is_command_for(action: Action, device_id: str) -> bool:
    return isinstance(action, SendCommand) and action.device_id == device_id


def _elapsed(moment: Instant | None, now: Instant) -> timedelta | None:
    return None if moment is None else moment.plausible_elapsed_until(now)
