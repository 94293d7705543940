"""Follow one cooling device: its lease, what it was seen doing, and the command under way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from daemon.authorship import Authorship, Cause
from daemon.clock import Instant
from daemon.events import CommandFinished, DeviceObserved
from daemon.lease import (
    LeasePhase,
    LeaseRow,
    are_alike,
    hand_back_state,
    remaining,
    restored,
)
from daemon.pursuit import Pursuit
from policies.cooling import START_SPACING
from policies.heat_message import LOW_POWER_AFTER
from policies.model import CoolingDevice, DeviceState

# Source of the times: DESIGN "Cooling", docs/decisions.md "Switching things".
SOONEST_RETRY = timedelta(seconds=20)  # once a device or its road is back
FIRST_SIGHT = timedelta(seconds=30)  # how long a command waits for a first observation
JUST_STARTED = timedelta(minutes=2)
# Home Assistant writes down what it will remember every 15 min. Source: its restore_state.py.
REMEMBERED_WITHIN = timedelta(minutes=15)
CLOCK_STEPPED_AFTER = timedelta(seconds=60)  # longer than any read that was overtaken


@dataclass(frozen=True, slots=True)
class Command:
    """Carry what to send; `timer` is after what time the device should end it by itself."""

    desired: DeviceState
    timer: timedelta | None = None


class DeviceTrack:
    """Hold what is wanted of one device against what is observed."""

    def __init__(self, device: CoolingDevice) -> None:
        """Start with nothing wanted and nothing seen."""
        self.device = device
        self.row = LeaseRow(device.device_id)
        self.observed: DeviceState | None = None
        self.is_available = False
        self.unseen_since: Instant | None = None
        self.has_failed = False
        self.last_error: str | None = None
        self.power_w: float | None = None
        self.low_power_since: Instant | None = None
        self._last_updated: datetime | None = None
        self._heard: Instant | None = None
        self._was_gone = False
        self._away_since: Instant | None = None  # Home Assistant, and nothing was seen since
        self._restored: Instant | None = None
        self._has_run_out_away = False
        self._pursuit: Pursuit | None = None
        self._authorship = Authorship()
        self._is_override_new = False
        self._is_override_a_sign = False
        self._is_failure_new = False
        self._is_timer_due = False  # the lease was renewed: the device's own timer must hear of it

    # ----------------------------------------------------------------- what is wanted

    def restore(self, row: LeaseRow, now: Instant) -> None:
        """Take over a stored row; a command that was never confirmed is sent again."""
        self._restored = now
        self._has_run_out_away = row.phase is LeasePhase.RUNNING and row.is_run_out(now)
        self.row = restored(row, self.device, now)
        if row.phase is not LeasePhase.IDLE and not row.is_confirmed:
            self._pursue(now, wait=FIRST_SIGHT, is_waiting_for_sight=True)

    def run(
        self,
        desired: DeviceState,
        lease: timedelta,
        now: Instant,
        room_c: float | None,
        *,
        is_blind: bool,
        is_renewal: bool = False,
    ) -> None:
        """Want a state until the lease ends; `is_renewal` makes a running lease whole again."""
        row = self.row
        if self.override_remaining(now) is not None:
            return
        if row.phase is not LeasePhase.RUNNING:
            self._start(desired, now.shifted(lease), now, room_c)
        else:
            if row.until is None or is_renewal:
                self.row = replace(self.row, until=now.shifted(lease))
                self._is_timer_due = row.timer_until is not None
            if row.desired != desired and not self._must_look_first(now):
                self.row = replace(self.row, desired=desired, is_confirmed=False)
                self._pursue(now)
        self._note_room_at_start(now, room_c)
        blind_since = (self.row.blind_since or now) if is_blind else None
        if self.row.blind_since != blind_since:
            self.row = replace(self.row, blind_since=blind_since)

    def is_renewal_due(self, lease: timedelta, now: Instant) -> bool:
        """Return whether half of a running lease is over."""
        row = self.row
        if row.phase is not LeasePhase.RUNNING or row.until is None:
            return False
        is_in_other_hands = self.override_remaining(now) is not None
        return not is_in_other_hands and remaining(row.until, now) < lease / 2

    def _note_room_at_start(self, now: Instant, room_c: float | None) -> None:
        row = self.row  # where the cooling began only after the command
        if room_c is None or row.room_at_start_c is not None or row.started is None:
            return
        if row.started.plausible_elapsed_until(now) <= JUST_STARTED:
            self.row = replace(row, room_at_start_c=room_c)

    def _start(
        self, desired: DeviceState, until: Instant, now: Instant, room_c: float | None
    ) -> None:
        was_releasing = self.row.phase is LeasePhase.RELEASING
        is_done = not was_releasing and self._is_seen(desired)
        self.row = replace(
            self.row,
            phase=LeasePhase.RUNNING,
            desired=desired,
            state_before=self.row.state_before if was_releasing else self.observed,
            is_confirmed=is_done,
            confirmed=now if is_done else None,
            started=now,
            until=until,
            switched_on=now,
            has_ended_blind=False,
            room_at_start_c=room_c,
        )
        self._has_run_out_away = False
        if is_done:
            self._stop_pursuing()
        elif self.observed is None and not was_releasing:
            self._pursue(now, wait=FIRST_SIGHT, is_waiting_for_sight=True)
        else:
            self._pursue(now)

    def release(self, now: Instant, *, is_blind: bool = False) -> None:
        """End the lease: hand back what was before; a fan stays as it is."""
        if self.row.phase is not LeasePhase.RUNNING or self._must_look_first(now):
            return
        is_settled = self._pursuit is None
        handed_back = hand_back_state(self.device, self.row)
        self._stop_pursuing()
        if handed_back is None:
            self.row = replace(self.row.idle(), has_ended_blind=is_blind)
            return
        self.row = replace(
            self.row,
            phase=LeasePhase.RELEASING,
            desired=handed_back,
            is_confirmed=False,
            until=now.shifted(self.device.longest_run),
            blind_since=None,
            switched_off=now,
            has_ended_blind=is_blind,
        )
        if is_settled and self._is_seen(handed_back):
            self.row = self.row.idle()
        else:
            self._pursue(now)

    def take_command(self, now: Instant) -> Command | None:
        """Return what to send when a command is due, and count it as sent.

        The last of the attempts, and of those later every other, goes without a timer: some plugs
        refuse the two together. A renewed lease is sent again where the device's own timer ends it.
        """
        pursuit, desired = self._pursuit, self.row.desired
        if desired is None:
            return None
        is_renewal = pursuit is None and self._is_timer_due
        may_time = pursuit is None or not pursuit.goes_plain
        if pursuit is not None and pursuit.is_send_due(now):
            pursuit.note_sent(now)
        elif not is_renewal:
            return None
        self._is_timer_due = False
        timer_until = self._timer_until(desired) if may_time else None
        is_start = self.row.phase is LeasePhase.RUNNING and not (
            self.observed is not None and self.observed.is_on
        )
        self.row = replace(
            self.row,
            command_id=self.row.command_id + 1,
            last_command=now,
            timer_until=timer_until,
            switched_on=now if is_start else self.row.switched_on,
            switched_off=now if not desired.is_on else self.row.switched_off,
        )
        self._authorship.note_command(desired, now)
        if timer_until is None:
            return Command(desired)
        self._authorship.note_timer(timer_until)
        return Command(desired, max(remaining(timer_until, now), timedelta(0)))

    def _timer_until(self, desired: DeviceState) -> Instant | None:
        is_leased = self.device.has_own_timer and self.row.phase is LeasePhase.RUNNING
        return self.row.until if is_leased and desired.is_on else None

    def take_timer_end(self) -> bool:
        """Return once whether a timer of ours is left in a device that keepcool holds no more."""
        if self.row.phase is not LeasePhase.IDLE or self.row.timer_until is None:
            return False
        self.row = replace(self.row, timer_until=None)
        return True

    # ----------------------------------------------------------------- what happens

    def note_answer(self, finished: CommandFinished, now: Instant) -> None:
        """Take a call's answer; only a permanent refusal ends the attempts at once."""
        self._authorship.note_contexts(finished.context_ids)
        pursuit = self._pursuit
        if finished.command_id != self.row.command_id or pursuit is None or pursuit.sent is None:
            return
        self.last_error = finished.error
        if finished.error is not None and finished.is_permanent:
            self._fail(pursuit, now)
            return
        pursuit.note_answered(now)
        if self.row.desired is not None:
            self._authorship.note_command(self.row.desired, now)

    def note_power(self, power_w: float | None, now: Instant) -> None:
        """Take what the device draws, in watts."""
        self.power_w = power_w
        self._update_low_power(now)

    def note_away(self, now: Instant) -> None:
        """Take that Home Assistant is out of reach: what is seen next may be a memory of its."""
        self._away_since = self._away_since or now
        self._note_unseen(now)

    def observe(self, seen: DeviceObserved, now: Instant) -> None:
        """Take a state that Home Assistant told, unless a newer one is known."""
        if self._is_overtaken(seen, now):
            return
        self._last_updated = seen.last_updated or self._last_updated
        self._heard = now
        if seen.state is None or not seen.is_available or seen.is_restored:
            # Restored: Home Assistant remembers it from before its own start; nobody saw it.
            self.is_available = False
            self._was_gone = True
            self._note_unseen(now)
            return
        self.unseen_since = None
        before, self.observed = self.observed, seen.state
        was_gone, self._was_gone = self._was_gone, False
        away_since, self._away_since = self._away_since, None
        was_gone |= away_since is not None and self._is_remembered(seen.state, away_since)
        self.is_available = True
        self._update_low_power(now)
        if self._was_handed_back_while_away(seen.state):
            self.row = replace(self.row.idle(), switched_off=now)
            self._stop_pursuing()
            return
        is_pursued = self._pursuit is not None and self._pursuit.sends > 0
        cause = self._authorship.cause(
            before, seen, self.row, now, was_gone=was_gone, is_pursued=is_pursued
        )
        if cause is Cause.MANUAL:
            self._yield_to_hand(now, is_sign=away_since is None)
        else:
            self._compare(seen.state, cause, now, was_gone=was_gone)

    def _note_unseen(self, now: Instant) -> None:
        if self.observed is not None:
            self.unseen_since = self.unseen_since or now

    def tick(self, now: Instant) -> None:
        """Let leases, overrides and attempts end that are over."""
        row = self.row
        if row.override_until is not None and self.override_remaining(now) is None:
            self.row = replace(row, override_until=None)
        if row.phase is LeasePhase.RUNNING and row.is_run_out(now):
            self.release(now)
        elif row.phase is LeasePhase.RELEASING and row.is_run_out(now):
            # Long out of reach: whoever brings it back decides what it does.
            self.row = row.idle()
            self._stop_pursuing()
        pursuit = self._pursuit
        if pursuit is not None and pursuit.is_unanswered(now) and not pursuit.send_again(now):
            self._fail(pursuit, now)

    def is_read_back_due(self, now: Instant) -> bool:
        """Return whether to read the device now, and count it as read."""
        return self._pursuit is not None and self._pursuit.is_read_back_due(now)

    def next_due(self, now: Instant) -> timedelta | None:
        """Return how long until the command under way needs attention; `None`: there is none."""
        return None if self._pursuit is None else self._pursuit.next_due(now)

    def override_remaining(self, now: Instant) -> timedelta | None:
        """Return how long the person's own setting is left alone yet, or `None`."""
        until = self.row.override_until
        left = remaining(until, now) if until is not None else timedelta(0)
        return left if left > timedelta(0) else None

    def end_override(self) -> None:
        """End hands off before its time; what protects the compressor stays."""
        self.row = replace(self.row, override_until=None)

    def retry_soon(self, now: Instant) -> None:
        """Try a failed command again, 20 s after the last one at the earliest."""
        pursuit = self._pursuit
        if pursuit is None or pursuit.sent is not None or not self.has_failed:
            return
        soonest = self.row.last_command.shifted(SOONEST_RETRY) if self.row.last_command else now
        pursuit.send_at = now if remaining(soonest, now) <= timedelta(0) else soonest

    def take_override(self) -> tuple[bool, bool]:
        """Return once whether somebody set the device by hand, and whether as we looked on."""
        is_new, self._is_override_new = self._is_override_new, False
        return is_new, self._is_override_a_sign

    def take_failure(self) -> bool:
        """Return once whether the device turned out not to respond."""
        is_new, self._is_failure_new = self._is_failure_new, False
        return is_new

    # ----------------------------------------------------------------- inside

    def _is_seen(self, state: DeviceState) -> bool:
        return self.is_available and self.observed is not None and are_alike(self.observed, state)

    def _must_look_first(self, now: Instant) -> bool:
        """Return whether a lease of an earlier run waits to be compared with the device."""
        if self._restored is None or self.observed is not None or not self.row.is_confirmed:
            return False
        return self._restored.plausible_elapsed_until(now) < FIRST_SIGHT

    def _is_overtaken(self, seen: DeviceObserved, now: Instant) -> bool:
        if seen.last_updated is None or self._last_updated is None:
            return False
        if seen.last_updated >= self._last_updated:
            return False
        # A minute later it is no read that was overtaken: Home Assistant's clock stepped back.
        silence = self._heard.plausible_elapsed_until(now) if self._heard else None
        return silence is not None and silence < CLOCK_STEPPED_AFTER

    def _was_handed_back_while_away(self, state: DeviceState) -> bool:
        """Return whether the device's own timer or Home Assistant ended a lease that ran out."""
        has_run_out, self._has_run_out_away = self._has_run_out_away, False
        handed_back = hand_back_state(self.device, self.row) if has_run_out else None
        return handed_back is not None and are_alike(state, handed_back)

    def _compare(self, state: DeviceState, cause: Cause, now: Instant, *, was_gone: bool) -> None:
        """Go on after a change that was not made by hand: reached, drifted, or still under way."""
        row, pursuit = self.row, self._pursuit
        if row.phase is LeasePhase.IDLE or row.desired is None:
            return
        if are_alike(state, row.desired):
            self._reached(now)
        elif row.is_confirmed:
            self.row = replace(row, is_confirmed=False)
            self._pursue(now, wait=self._rest_after(cause, state, now))
        elif pursuit is not None and pursuit.sent is None:
            if pursuit.is_waiting_for_sight:
                if row.state_before is None and row.phase is LeasePhase.RUNNING:
                    self.row = replace(row, state_before=state)
                pursuit.send_at, pursuit.is_waiting_for_sight = now, False
            elif was_gone:
                self.retry_soon(now)

    def _rest_after(self, cause: Cause, state: DeviceState, now: Instant) -> timedelta:
        """Return how long a compressor rests that went off by a restart."""
        if cause is not Cause.RESTART or state.is_on or not self.device.role.has_compressor:
            return timedelta(0)
        spacing = timedelta(0)
        if self.row.switched_on is not None:
            spacing = START_SPACING - self.row.switched_on.plausible_elapsed_until(now)
        return max(self.device.minimum_off, spacing)

    def _reached(self, now: Instant) -> None:
        if self.row.phase is LeasePhase.RELEASING:
            self.row = self.row.idle()
        elif not self.row.is_confirmed:
            is_late = self.has_failed and self.row.phase is LeasePhase.RUNNING
            self.row = replace(
                self.row,
                is_confirmed=True,
                confirmed=now,
                started=now if is_late else self.row.started,
                room_at_start_c=None if is_late else self.row.room_at_start_c,
            )
        self._stop_pursuing()

    def _is_remembered(self, state: DeviceState, away_since: Instant) -> bool:
        """Return whether a Home Assistant that was killed may have forgotten our command."""
        row = self.row
        if row.state_before is None or row.last_command is None:
            return False
        is_recent = row.last_command.plausible_elapsed_until(away_since) <= REMEMBERED_WITHIN
        return is_recent and are_alike(row.state_before, state)

    def _yield_to_hand(self, now: Instant, *, is_sign: bool) -> None:
        until = now.shifted(self.device.override)
        self.row = replace(self.row.idle(), override_until=until, has_ended_blind=False)
        self._stop_pursuing()
        self._is_override_new, self._is_override_a_sign = True, is_sign

    def _pursue(
        self, now: Instant, *, wait: timedelta = timedelta(0), is_waiting_for_sight: bool = False
    ) -> None:
        self._pursuit = Pursuit(now.shifted(wait), is_waiting_for_sight=is_waiting_for_sight)

    def _stop_pursuing(self) -> None:
        self._pursuit = None
        self.has_failed = False
        self.last_error = None

    def _fail(self, pursuit: Pursuit, now: Instant) -> None:
        pursuit.give_up(now)
        self._is_failure_new = not self.has_failed
        self.has_failed = True

    def _update_low_power(self, now: Instant) -> None:
        is_low = (
            self.observed is not None
            and self.observed.is_on
            and self.power_w is not None
            and self.power_w < self.device.running_power_w
        )
        if not is_low and (self.power_w or 0.0) >= self.device.running_power_w:
            self._note_power_is_there(now)
        self.low_power_since = (self.low_power_since or now) if is_low else None

    def _note_power_is_there(self, now: Instant) -> None:
        """Count a run from here when the device was on all the while without running."""
        row, since = self.row, self.low_power_since
        if since is None or row.started is None or row.phase is not LeasePhase.RUNNING:
            return
        was_idle = since.plausible_elapsed_until(now) >= LOW_POWER_AFTER
        if was_idle and row.started.plausible_elapsed_until(since) <= JUST_STARTED:
            self.row = replace(row, started=now, room_at_start_c=None)
