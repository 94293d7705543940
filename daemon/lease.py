"""Describe keepcool's hold on one device: what it wants, since when, and what it hands back to."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from datetime import timedelta

from daemon.clock import Instant
from policies.model import CoolingDevice, CoolingRole, DeviceKind, DeviceState

SETPOINT_ROUNDING_C = 0.5  # devices round setpoints to their own steps
POSITION_ROUNDING_PCT = 5  # a blind's motor stops a little above or below
HUMIDITY_ROUNDING_PCT = 5  # dehumidifiers know steps of five
FAN_ROUNDING_PCT = 17  # a three-speed fan knows 33, 67 and 100 only
RECONCILE_GRACE = timedelta(minutes=5)  # time for the first plan after a start


class LeasePhase(enum.StrEnum):
    """Name what keepcool is doing with a device."""

    IDLE = "idle"
    RUNNING = "running"
    RELEASING = "releasing"


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """Carry what must survive a crash about one device; stored before any command is sent.

    `desired` is the wanted state while running and the state handed back to while releasing.
    `is_confirmed` says that it was read back. `until` is when the lease ends, or when handing back
    is given up. `timer_until` is when the device's own timer ends it, as it was last told; it stays
    until the timer is known to be gone. `last_command` and `command_id` belong to the last command
    sent. `switched_on` and `switched_off` are of our own commands only.
    """

    device_id: str
    phase: LeasePhase = LeasePhase.IDLE
    desired: DeviceState | None = None
    state_before: DeviceState | None = None
    is_confirmed: bool = False
    command_id: int = 0
    started: Instant | None = None
    until: Instant | None = None
    timer_until: Instant | None = None
    last_command: Instant | None = None
    switched_on: Instant | None = None
    switched_off: Instant | None = None
    override_until: Instant | None = None
    blind_since: Instant | None = None
    has_ended_blind: bool = False
    room_at_start_c: float | None = None
    confirmed: Instant | None = None  # when it was read back; kept while it is handed back

    def idle(self) -> LeaseRow:
        """Return the row without a hold on the device; what protects compressors stays."""
        return replace(
            self,
            phase=LeasePhase.IDLE,
            desired=None,
            state_before=None,
            is_confirmed=False,
            started=None,
            until=None,
            blind_since=None,
            room_at_start_c=None,
            confirmed=None,
        )

    def is_read_back_of(self, before: LeaseRow) -> bool:
        """Return whether a row says no more than that a device did what the earlier one wants."""
        told = replace(
            before,
            is_confirmed=self.is_confirmed,
            started=self.started,
            room_at_start_c=self.room_at_start_c,
            confirmed=self.confirmed,
        )
        was_handing_back = before.phase is LeasePhase.RELEASING
        return self == told or (was_handing_back and self == before.idle())

    def is_run_out(self, now: Instant) -> bool:
        """Return whether the lease ended before `now`, over a reboot by the wall clock."""
        return self.until is not None and remaining(self.until, now) <= timedelta(0)


def remaining(until: Instant, now: Instant) -> timedelta:
    """Return the time left, negative when over; across a reboot by the wall clock."""
    elapsed = until.elapsed_until(now)
    return until.utc - now.utc if elapsed is None else -elapsed


def hand_back_state(device: CoolingDevice, row: LeaseRow) -> DeviceState | None:
    """Return what a released device goes back to; `None`: it stays as it is.

    A fan is never switched off without something better, and a blind never raised; a plug goes
    off; any other gets its settings from before, and goes off when those were never seen.
    """
    if device.role in {CoolingRole.FAN, CoolingRole.BLIND}:
        return None
    if device.kind in {DeviceKind.SWITCH, DeviceKind.PLUG}:
        return DeviceState(is_on=False)
    if row.state_before is not None:
        return row.state_before
    return DeviceState(is_on=False, hvac_mode="off" if device.kind is DeviceKind.CLIMATE else None)


def restored(row: LeaseRow, device: CoolingDevice, now: Instant) -> LeaseRow:
    """Return a stored row as it counts after a start: the plan gets time to look before it ends.

    Within one boot its moments stand. After a reboot how long it ran counts by the wall clock, and
    the pauses that protect a compressor start again.
    """
    if row.until is not None and row.phase is LeasePhase.RUNNING:
        left = min(max(remaining(row.until, now), RECONCILE_GRACE), timedelta(hours=1))
        row = replace(row, until=now.shifted(left))
    left_of_override = remaining(row.override_until, now) if row.override_until else timedelta(0)
    has_override = left_of_override > timedelta(0)
    row = replace(
        row,
        override_until=(
            now.shifted(min(left_of_override, device.override)) if has_override else None
        ),
    )
    return replace(
        row,
        started=row.started and row.started.carried_to(now),
        confirmed=row.confirmed and row.confirmed.carried_to(now),
        blind_since=row.blind_since and row.blind_since.carried_to(now),
        last_command=row.last_command if _is_of_this_boot(row.last_command, now) else None,
        switched_on=_restarted(row.switched_on, now),
        switched_off=_restarted(row.switched_off, now),
    )


def _is_of_this_boot(moment: Instant | None, now: Instant) -> bool:
    return moment is not None and moment.boot_id == now.boot_id


def _restarted(moment: Instant | None, now: Instant) -> Instant | None:
    return moment if moment is None or _is_of_this_boot(moment, now) else now


def are_alike(one: DeviceState, other: DeviceState) -> bool:
    """Return whether two states are the same but for rounding and for what either does not say."""
    if one.is_on != other.is_on:
        return False
    if not one.is_on:
        return True
    return (
        _is_same_mode(one.hvac_mode, other.hvac_mode)
        and _is_near(one.target_temperature_c, other.target_temperature_c, SETPOINT_ROUNDING_C)
        and _is_near(one.fan_percentage, other.fan_percentage, FAN_ROUNDING_PCT)
        and _is_near(one.position_pct, other.position_pct, POSITION_ROUNDING_PCT)
        and _is_near(one.target_humidity_pct, other.target_humidity_pct, HUMIDITY_ROUNDING_PCT)
        and _is_same_mode(one.mode, other.mode)
    )


def is_on_the_way(before: DeviceState, seen: DeviceState, desired: DeviceState) -> bool:
    """Return whether everything that changed from `before` to `seen` became as desired.

    A device may report its mode and its setpoint one after the other, and a blind passes every
    position between the two.
    """
    if seen.is_on not in {before.is_on, desired.is_on}:
        return False
    if not _is_between(seen.position_pct, before.position_pct, desired.position_pct):
        return False
    if not seen.is_on:
        return True
    return (
        (
            _is_same_mode(seen.hvac_mode, desired.hvac_mode)
            or (before.is_on and _is_same_mode(seen.hvac_mode, before.hvac_mode))
        )
        and any(
            _is_near(seen.target_temperature_c, state.target_temperature_c, SETPOINT_ROUNDING_C)
            for state in (before, desired)
        )
        and any(
            _is_near(seen.fan_percentage, state.fan_percentage, FAN_ROUNDING_PCT)
            for state in (before, desired)
        )
        and any(
            _is_near(seen.target_humidity_pct, state.target_humidity_pct, HUMIDITY_ROUNDING_PCT)
            for state in (before, desired)
        )
        and any(_is_same_mode(seen.mode, state.mode) for state in (before, desired))
    )


def _is_between(seen: float | None, before: float | None, desired: float | None) -> bool:
    if seen is None or before is None or desired is None:
        return True
    low, high = sorted((before, desired))
    return low - POSITION_ROUNDING_PCT <= seen <= high + POSITION_ROUNDING_PCT


def _is_same_mode(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def _is_near(one: float | None, other: float | None, tolerance: float) -> bool:
    return one is None or other is None or abs(one - other) <= tolerance + 1e-9
