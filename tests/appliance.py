"""Stand in for an appliance behind Home Assistant, and drive it second by second."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from daemon.actuation import Action, Actuation, NoteFailure, NoteOverride, ReadBack, SendCommand
from daemon.clock import Instant
from daemon.events import CommandFinished, DeviceObserved
from policies.alert import Message
from policies.model import (
    CoolingAction,
    CoolingCommand,
    CoolingDevice,
    DeviceConditions,
    DeviceState,
)
from tests.builders import a_device

START_UTC = datetime(2026, 7, 14, 13, 0, tzinfo=UTC)
OFF = DeviceState(is_on=False, hvac_mode="off", target_temperature_c=26.0)
COOL_24 = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=24.0)


def at(seconds: float, boot_id: str = "boot-1", *, wall_s: float | None = None) -> Instant:
    """Return a moment so many seconds after the start; the wall clock may be elsewhere."""
    wall = START_UTC + timedelta(seconds=seconds if wall_s is None else wall_s)
    return Instant(boot_id, 1000.0 + seconds, wall)


class Manner(enum.Enum):
    """Say how the appliance takes a command."""

    OBEDIENT = enum.auto()
    DEAF = enum.auto()  # Home Assistant accepts the call, nothing happens
    UNREACHABLE = enum.auto()  # the call fails: Home Assistant is away
    REFUSED = enum.auto()  # the call fails for good


@dataclass(slots=True)
class Appliance:
    """Hold one entity's state as Home Assistant would."""

    entity_id: str
    state: DeviceState | None = OFF
    manner: Manner = Manner.OBEDIENT
    is_available: bool = True
    is_restored: bool = False
    context_id: str = "context-of-the-start"
    last_updated: datetime = START_UTC
    obeyed: int = 0
    starts: list[Instant] = field(default_factory=list)  # by our commands
    ends: list[Instant] = field(default_factory=list)  # by whatever

    def take(self, desired: DeviceState, now: Instant) -> tuple[tuple[str, ...], str | None, bool]:
        """Take a command; return context ids, error, and whether the error is permanent."""
        if self.manner is Manner.UNREACHABLE:
            return (), "connection refused", False
        if self.manner is Manner.REFUSED:
            return (), "401: token refused", True
        self.obeyed += 1
        context_id = f"ours-{self.obeyed}"
        if self.manner is Manner.OBEDIENT and self.is_available:
            if desired.is_on and not (self.state and self.state.is_on):
                self.starts.append(now)
            self.change(desired, now, context_id)
        return (context_id,), None, False

    def change(self, state: DeviceState, now: Instant, context_id: str = "somebody") -> None:
        """Change the state, as a person at the device or a command does."""
        if self.state is not None and self.state.is_on and not state.is_on:
            self.ends.append(now)
        self.state, self.context_id, self.last_updated = state, context_id, now.utc

    def observation(self) -> DeviceObserved:
        """Return what Home Assistant tells of it."""
        return DeviceObserved(
            self.entity_id,
            self.state if self.is_available else None,
            is_available=self.is_available and self.state is not None,
            last_updated=self.last_updated if self.state is not None else None,
            context_id=self.context_id,
            is_restored=self.is_restored,
        )


@dataclass(slots=True)
class Bench:
    """Run an actuation as the loop does: store the leases, then act, then read back."""

    device: CoolingDevice = field(default_factory=a_device)
    appliance: Appliance = field(init=False)
    actuation: Actuation = field(init=False)
    now: Instant = field(default_factory=lambda: at(0))
    stored: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[float, SendCommand]] = field(default_factory=list)
    stored_when_sent: list[str] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    notes: list[Action] = field(default_factory=list)
    writes: int = 0
    hears_events: bool = True  # the WebSocket tells changes at once; else only reading back does

    def __post_init__(self) -> None:
        """Start with the appliance seen once."""
        self.appliance = Appliance(self.device.entity_id)
        self.actuation = Actuation([self.device])
        self.actuation.on_observed(self.appliance.observation(), self.now)

    # ----------------------------------------------------------------- time

    def act(self) -> None:
        """Commit, then do what there is to do; an answer is there at once."""
        for _ in range(4):
            leases = self.actuation.leases_to_store()
            self.writes += bool(leases)
            self.stored |= leases
            actions = self.actuation.take_actions()
            if not actions:
                return
            for action in actions:
                self._perform(action)

    def _perform(self, action: Action) -> None:
        match action:
            case SendCommand():
                self.sent.append((self.seconds, action))
                self.stored_when_sent.append(self.stored[action.device_id])
                before = self.appliance.observation()
                contexts, error, is_permanent = self.appliance.take(action.desired, self.now)
                if self.hears_events and self.appliance.observation() != before:
                    self.observe()
                self.actuation.on_finished(
                    CommandFinished(
                        action.device_id, action.command_id, contexts, error, is_permanent
                    ),
                    self.now,
                )
            case ReadBack():
                self.reads.append(self.seconds)
                if self.appliance.manner not in {Manner.UNREACHABLE, Manner.REFUSED}:
                    self.observe()
            case NoteOverride() | NoteFailure():
                self.notes.append(action)

    def run(self, seconds: float, step_s: float = 1.0) -> None:
        """Let time pass in steps."""
        end = self.seconds + seconds
        while self.seconds < end:
            self.now = self.now.shifted(timedelta(seconds=step_s))
            self.actuation.tick(self.now)
            self.act()

    @property
    def seconds(self) -> float:
        """Return the seconds since the start of this boot."""
        return self.now.boot_s - 1000.0

    # ----------------------------------------------------------------- what happens

    def observe(self, observed: DeviceObserved | None = None) -> None:
        """Tell the actuation what Home Assistant tells."""
        self.actuation.on_observed(observed or self.appliance.observation(), self.now)

    def by_hand(self, state: DeviceState) -> None:
        """Change the appliance by hand; Home Assistant tells it at once."""
        self.appliance.change(state, self.now)
        self.observe()
        self.act()

    def want(self, desired: DeviceState = COOL_24, *, is_blind: bool = False) -> None:
        """Plan that the device runs."""
        self._plan(CoolingAction.RUN, desired, is_blind=is_blind)

    def release(self, *, is_blind: bool = False) -> None:
        """Plan that the device is released."""
        self._plan(CoolingAction.RELEASE, None, is_blind=is_blind)

    def _plan(self, action: CoolingAction, desired: DeviceState | None, *, is_blind: bool) -> None:
        command = CoolingCommand(
            self.device.device_id, action, Message("test"), desired, is_blind=is_blind
        )
        self.actuation.apply_plan((command,), self.now)
        self.act()

    def restart(self, now: Instant | None = None) -> None:
        """Kill the daemon and start it again; only what was stored is left."""
        self.now = now or self.now
        self.actuation = Actuation([self.device])
        self.actuation.restore(self.stored, self.now)

    # ----------------------------------------------------------------- what is known

    def conditions(self, room_c: float | None = 27.0) -> DeviceConditions:
        """Return what the snapshot would carry."""
        (found,) = self.actuation.conditions(self.now, {self.device.room_id: room_c})
        return found

    def desired_states(self) -> list[bool]:
        """Return for each command sent whether it switched on."""
        return [command.desired.is_on for _, command in self.sent]


def cool(target_c: float) -> DeviceState:
    """Return a climate device that cools to a setpoint."""
    return replace(COOL_24, target_temperature_c=target_c)
