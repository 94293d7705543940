"""Tell who changed a device: keepcool, a restart, its own timer, or a person's hand."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterable
from datetime import timedelta

from daemon.clock import Instant
from daemon.events import DeviceObserved
from daemon.lease import LeaseRow, are_alike, is_on_the_way, remaining
from policies.model import DeviceState

EXPECTED_WITHIN = timedelta(seconds=90)  # source: docs/decisions.md "Switching things"
TIMER_EARLY = timedelta(seconds=60)  # a plug's clock runs a percent fast
TIMER_LATE = timedelta(minutes=3)  # it is told whole minutes, and its word may take a while


class Cause(enum.Enum):
    """Name who changed a device."""

    NOBODY = enum.auto()  # the same but for rounding, or not known before
    OURS = enum.auto()
    RESTART = enum.auto()  # it came back otherwise, or its own timer ended a lease
    MANUAL = enum.auto()


class Authorship:
    """Remember what of a device's changes will have been ours."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._contexts: deque[str] = deque(maxlen=32)
        self._commands: deque[tuple[Instant, DeviceState]] = deque(maxlen=8)
        self._timers: deque[Instant] = deque(maxlen=8)

    def note_command(self, desired: DeviceState, now: Instant) -> None:
        """Take that a command goes out, or was answered."""
        self._commands.append((now, desired))

    def note_timer(self, until: Instant) -> None:
        """Take that the device was told to go off by itself at a moment."""
        self._timers.append(until)

    def note_contexts(self, context_ids: Iterable[str]) -> None:
        """Take the context ids that a call returned."""
        self._contexts.extend(context_ids)

    def cause(
        self,
        before: DeviceState | None,
        seen: DeviceObserved,
        row: LeaseRow,
        now: Instant,
        *,
        was_gone: bool,
        is_pursued: bool,
    ) -> Cause:
        """Return who made what is seen of what was before.

        Args:
            before: what was observed last; `None`: nothing yet.
            seen: what is observed now.
            row: keepcool's hold on the device.
            now: the present moment.
            was_gone: it was out of reach in between.
            is_pursued: a command of ours was sent and not read back yet.
        """
        state = seen.state
        reference = row.desired if row.is_confirmed else before
        if state is None or reference is None or are_alike(reference, state):
            return Cause.NOBODY
        if seen.context_id is not None and seen.context_id in self._contexts:
            return Cause.OURS
        origin = before or reference
        if any(is_on_the_way(origin, state, wanted) for wanted in self._recent(row, now)):
            return Cause.OURS
        if is_pursued and row.desired is not None and are_alike(row.desired, state):
            return Cause.OURS  # a slow device, or somebody who did for us what we could not
        has_ended_itself = not state.is_on and self._is_timer_over(row, now)
        has_restarted = was_gone and before is not None
        return Cause.RESTART if has_restarted or has_ended_itself else Cause.MANUAL

    def _is_timer_over(self, row: LeaseRow, now: Instant) -> bool:
        """Return whether the device's own timer ended the lease; a renewal may have been lost."""
        if row.timer_until is not None and remaining(row.timer_until, now) <= TIMER_EARLY:
            return True
        return any(-TIMER_LATE <= remaining(told, now) <= TIMER_EARLY for told in self._timers)

    def _recent(self, row: LeaseRow, now: Instant) -> list[DeviceState]:
        commands = list(self._commands)
        if row.last_command is not None and row.desired is not None:
            commands.append((row.last_command, row.desired))
        return [
            desired
            for sent, desired in commands
            if sent.plausible_elapsed_until(now) <= EXPECTED_WITHIN
        ]
