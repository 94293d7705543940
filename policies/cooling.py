"""Decide what each cooling device should do now, and why.

A room's limit is the strictest level 1, after offsets, of the people who are in it now or within
the hour. Judged by the 10-minute mean of the effective temperature, a room's cooling

- starts at the limit - 0.5 K, but never within 1 K of its target;
- aims at the smaller of the device's day or night target and the limit - 1.5 K, never under 20 °C;
- ends at the target, after two hours at the target + 0.5 K, so that 0.5 K or more lie between;
- changes no faster than the device's minimum on and off times, counted from our own commands, and
  starts at most every 20 minutes (three times in any hour).

An air conditioner too weak to start so late runs earlier (`cooling_ahead`). As long as that holds,
and while the room would be warm again soon, one with a thermostat stays on at its target.

Nothing starts on what cannot be believed, and nothing ends because of it either, until
`blind_cooling_max` has passed. A released air conditioner goes back to how it was, a fan stays.

Source of the numbers without another: DESIGN "Cooling", EVIDENCE 8.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from policies.alert import Finding
from policies.cooling_ahead import with_coming_hours
from policies.cooling_commands import leave, release, run
from policies.cooling_trouble import (
    device_findings,
    has_no_effect,
    heating_findings,
    known_ineffective,
)
from policies.cooling_view import (
    END_OVER_TARGET_C,
    START_OVER_TARGET_C,
    CoolingAim,
    RoomView,
    room_views,
)
from policies.drying import why_not_dry, why_stop_drying
from policies.heat_sensitivity import HeatResult
from policies.model import (
    CoolingCommand,
    CoolingRole,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Lease,
    Snapshot,
)
from policies.power_cap import Wish, within_cap
from policies.shade import shade_command
from policies.venting import why_not_vent, why_stop_vent

START_SPACING = timedelta(minutes=20)  # FAULTS 42: at most 3 starts in an hour
DOWN_TO_TARGET_WITHIN = timedelta(hours=2)  # our choice
HELD_UNDER_START_C = 0.5  # so far that a thermostat's own swing does not change the reason
_ROLE_ORDER = (
    CoolingRole.BLIND,
    CoolingRole.VENT,
    CoolingRole.FAN,
    CoolingRole.DEHUMIDIFIER,
    CoolingRole.AIR_CONDITIONER,
)


@dataclass(frozen=True, slots=True)
class CoolingPlan:
    """Carry one command per device, and what about the devices is worth knowing."""

    commands: tuple[CoolingCommand, ...]
    findings: tuple[Finding, ...]


def plan(snapshot: Snapshot, heat: HeatResult) -> CoolingPlan:
    """Return what every cooling device should do, with its reason, and trouble with devices.

    Args:
        snapshot: the home now.
        heat: `heat_sensitivity.evaluate` of the same snapshot, for the limits of those present.
    """
    wishes: list[Wish] = []
    findings: list[Finding] = []
    bedrooms = frozenset(found.room.room_id for found in snapshot.rooms if found.room.is_bedroom)
    for seen in room_views(snapshot, heat):
        view = _looking_ahead(seen, snapshot, bedrooms) if seen.conditions.devices else seen
        wishes.extend(
            Wish(view, device, _command(view, device, snapshot))
            for device in sorted(view.conditions.devices, key=_cheapest_first)
        )
        findings.extend(heating_findings(view))
    levels = {room.room_id: room.level for room in heat.rooms}
    commands = within_cap(wishes, levels, snapshot.home.electricity.cooling_max_w)
    ineffective = known_ineffective(snapshot)
    for wish, command in zip(wishes, commands, strict=True):
        was = wish.device_id in ineffective
        findings.extend(device_findings(wish.view, wish.device, command, was_ineffective=was))
    return CoolingPlan(tuple(commands), tuple(findings))


# --------------------------------------------------------------------------- one device


def _looking_ahead(seen: RoomView, snapshot: Snapshot, bedrooms: frozenset[str]) -> RoomView:
    """Return the view with what its devices must do before the room is near its limit."""
    view = with_coming_hours(seen, snapshot, bedrooms)
    return replace(view, is_failing=_is_failing(view))


def _is_failing(view: RoomView) -> bool:
    """Return whether cooling early was begun and does not work, so that other help must come."""
    return view.early is not None and any(
        device.has_failed or has_no_effect(view, device) for device in view.conditions.devices
    )


def _cheapest_first(device: DeviceConditions) -> int:
    """Order a room's devices: shade costs nothing, an air conditioner most."""
    return _ROLE_ORDER.index(device.device.role)


def _command(view: RoomView, device: DeviceConditions, snapshot: Snapshot) -> CoolingCommand:
    if device.device.role is CoolingRole.BLIND:
        return shade_command(view, device, snapshot)
    if not device.is_automatic and device.lease is None:
        return leave(view, device, "cooling_automatic_off")
    if device.override_remaining is not None:
        return leave(view, device, "cooling_manual_override")
    is_holiday = snapshot.holiday.is_on
    if device.lease is not None:
        return _renewed(view, device, device.lease, is_holiday=is_holiday)
    refused = "cooling_holiday" if is_holiday else _why_not_start(view, device)
    if refused is not None:
        return leave(view, device, refused)
    return run(view, device, _desired(view, device), _running_reason(view, device))


def _why_not_start(view: RoomView, device: DeviceConditions) -> str | None:
    """Return the message that says why a device does not start, or `None` when it should."""
    if device.device.role is CoolingRole.DEHUMIDIFIER:
        refused = why_not_dry(view, device)
    elif device.device.role is CoolingRole.VENT:
        refused = why_not_vent(view)
    else:
        refused = _why_not_cool(view, device)
    if refused is not None:
        return refused
    if _is_within(device.since_switched_off, device.device.minimum_off) or _is_within(
        device.since_switched_on, START_SPACING
    ):
        return "cooling_minimum_time"
    if _does_it_already(device, _desired(view, device)):
        return "cooling_fan" if device.device.role is CoolingRole.FAN else "cooling_manual_override"
    return None


def _why_not_cool(view: RoomView, device: DeviceConditions) -> str | None:
    aim = view.aim(device.device)
    if view.effective_c is None:
        return "cooling_unseen"
    if aim is None:
        return "cooling_nobody_there"
    if view.effective_c < _start_c(view, device, aim):
        return "cooling_released_no_need"
    return _why_useless(view, device)


def _start_c(view: RoomView, device: DeviceConditions, aim: CoolingAim) -> float:
    """Return from where on a device starts: well over its target if it must run early.

    A fan must while cooling early does not work, if somebody is there.
    """
    is_fan, is_there = device.device.role is CoolingRole.FAN, view.need and view.need.is_now
    is_early = view.is_failing and is_there if is_fan else view.early is not None
    return min(aim.start_c, aim.target_c + START_OVER_TARGET_C) if is_early else aim.start_c


def _why_useless(view: RoomView, device: DeviceConditions) -> str | None:
    """Return the message that says why a device would not help, whatever the room's limit."""
    if device.device.role is CoolingRole.FAN:
        return "cooling_fan" if view.fan == "no_help" else None
    return "cooling_outdoor_cold" if view.is_cold_outdoors or view.is_heating else None


def _renewed(
    view: RoomView, device: DeviceConditions, lease: Lease, *, is_holiday: bool
) -> CoolingCommand:
    """Return a running lease renewed, or released: nobody needs it while the home is empty."""
    is_blind = view.effective_c is None
    ended = _why_end(view, device, lease) if device.is_automatic else "cooling_automatic_off"
    ended = "cooling_holiday" if is_holiday else ended
    if ended is None:
        if is_blind:
            return run(view, device, lease.desired, "cooling_blind", is_blind=True)
        return run(view, device, _desired(view, device), _running_reason(view, device))
    running_for = device.since_switched_on
    if running_for is None:
        running_for = lease.running_for
    if running_for < device.device.minimum_on:
        return run(view, device, lease.desired, "cooling_minimum_time", is_blind=is_blind)
    return release(view, device, ended, is_blind=ended == "cooling_blind")


def _why_end(view: RoomView, device: DeviceConditions, lease: Lease) -> str | None:
    """Return the message that says why a running device is released, or `None`."""
    if lease.running_for >= device.device.longest_run:
        return "cooling_rest_after_longest_run"
    if device.device.role is CoolingRole.VENT:
        return why_stop_vent(view)
    if view.effective_c is None and lease.blind_for >= device.device.blind_cooling_max:
        return "cooling_blind" if view.need else "cooling_released_no_need"
    if device.device.role is CoolingRole.DEHUMIDIFIER:
        return why_stop_drying(view, device)
    return _why_cool_enough(view, device, lease)


def _why_cool_enough(view: RoomView, device: DeviceConditions, lease: Lease) -> str | None:
    aim = view.aim(device.device)
    if aim is None:
        return "cooling_nobody_there"
    is_cool = view.effective_c is not None and view.effective_c <= _end_c(view, device, lease, aim)
    # A fan that is too hot to help stays on, and is no longer called cooling.
    return "cooling_reached_target" if is_cool else _why_useless(view, device)


def _end_c(view: RoomView, device: DeviceConditions, lease: Lease, aim: CoolingAim) -> float:
    """Return where a device ends: its own thermostat holds the target while that is needed.

    An air conditioner that is not held goes down to the target, so that it starts less often; after
    a while it ends over it as any other: its own sensor may never let the room get there.
    """
    holds = view.early is not None or view.is_held
    if holds and _desired(view, device).target_temperature_c is not None:
        return aim.target_c - END_OVER_TARGET_C
    is_fresh = lease.running_for < DOWN_TO_TARGET_WITHIN
    is_cooler = device.device.role is CoolingRole.AIR_CONDITIONER
    return aim.target_c if is_cooler and is_fresh else aim.end_c


def _running_reason(view: RoomView, device: DeviceConditions) -> str:
    if device.device.role is CoolingRole.FAN:
        return "cooling_fan"
    if device.device.role is CoolingRole.DEHUMIDIFIER:
        return "drying_feels_cooler"
    if device.device.role is CoolingRole.VENT:
        return "vent_outdoor_air"
    if view.early is not None:
        return "cooling_before_dear" if view.early.is_for_price else "cooling_early"
    aim, now_c = view.aim(device.device), view.effective_c
    is_under = aim is not None and now_c is not None and now_c < aim.start_c - HELD_UNDER_START_C
    if view.is_held and is_under:
        return "cooling_held"
    is_now = view.need is None or view.need.is_now
    return "cooling_over_limit" if is_now else "cooling_ahead"


def _desired(view: RoomView, device: DeviceConditions) -> DeviceState:
    described = device.device
    match described.kind:
        case DeviceKind.CLIMATE if described.role is CoolingRole.AIR_CONDITIONER:
            aim = view.aim(described)
            target_c = aim.target_c if aim else None
            return DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=target_c)
        case DeviceKind.CLIMATE:
            return DeviceState(is_on=True, hvac_mode="fan_only")
        case DeviceKind.FAN:
            return DeviceState(is_on=True, fan_percentage=described.fan_percentage)
        case DeviceKind.HUMIDIFIER:
            return DeviceState(
                is_on=True,
                target_humidity_pct=described.drying_humidity_pct,
                mode=described.drying_mode,
            )
        case DeviceKind.SWITCH | DeviceKind.PLUG | DeviceKind.COVER:
            return DeviceState(is_on=True)


def _does_it_already(device: DeviceConditions, desired: DeviceState) -> bool:
    """Return whether a person's own setting cools at least as much."""
    observed = device.observed
    if observed is None or not device.is_available or not observed.is_on:
        return False
    if desired.hvac_mode is not None and observed.hvac_mode != desired.hvac_mode:
        return False
    if desired.mode is not None and observed.mode != desired.mode:
        return False
    return _is_at_most(observed.target_temperature_c, desired.target_temperature_c) and _is_at_most(
        observed.target_humidity_pct, desired.target_humidity_pct
    )


def _is_at_most(value: float | None, wanted: float | None) -> bool:
    return wanted is None or (value is not None and value <= wanted)


def _is_within(elapsed: timedelta | None, minimum: timedelta) -> bool:
    return elapsed is not None and elapsed < minimum
