"""Decide what each cooling device should do now, and why.

A room's limit is the strictest level 1, after offsets, of the people who are in it now or within
the hour. Judged by the 10-minute mean of the effective temperature, a room's cooling

- starts at the limit - 0.5 K, but never within 1 K of its target;
- aims at the smaller of the device's day or night target and the limit - 1.5 K, never under 20 °C;
- ends at the target + 0.5 K or under, so that at least 0.5 K lie between start and end;
- changes no faster than the device's minimum on and off times, counted from our own commands, and
  starts at most every 20 minutes (three times in any hour).

Nothing starts on what cannot be believed, and nothing ends because of it either, until
`blind_cooling_max` has passed. A released air conditioner goes back to how it was, a fan stays.

Source of the numbers without another: DESIGN "Cooling", EVIDENCE 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from policies.alert import AlertPhase, Finding, Message, Severity
from policies.cooling_commands import leave, message, release, run
from policies.cooling_view import RoomView, room_views
from policies.drying import why_not_dry, why_stop_drying
from policies.heat_message import LOW_POWER_AFTER
from policies.heat_sensitivity import HeatResult
from policies.model import (
    CoolingAction,
    CoolingCommand,
    CoolingRole,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Lease,
    Snapshot,
)
from policies.shade import shade_command

START_SPACING = timedelta(minutes=20)  # FAULTS 42: at most 3 starts in an hour
EFFECT_EXPECTED_AFTER = timedelta(minutes=30)
NO_EFFECT_MESSAGE = "trouble_no_cooling_effect"
NO_EFFECT_ABOVE_C = -0.2  # a fall smaller than this is a sensor's noise
_ROLE_ORDER = (
    CoolingRole.BLIND,
    CoolingRole.FAN,
    CoolingRole.DEHUMIDIFIER,
    CoolingRole.AIR_CONDITIONER,
)
# What is said of a device that did not respond; without a fan, AC or plug keepcool is powerless.
_FAILED_MESSAGES = {
    CoolingRole.BLIND: "trouble_blind_failed",
    CoolingRole.DEHUMIDIFIER: "trouble_dryer_failed",
}


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
    commands: list[CoolingCommand] = []
    findings: list[Finding] = []
    ineffective = _known_ineffective(snapshot)
    for view in room_views(snapshot, heat):
        for device in sorted(view.conditions.devices, key=_cheapest_first):
            command = _command(view, device, snapshot)
            commands.append(command)
            was_ineffective = device.device.device_id in ineffective
            findings.extend(
                _device_findings(view, device, command, was_ineffective=was_ineffective)
            )
        findings.extend(_heating_findings(view))
    return CoolingPlan(tuple(commands), tuple(findings))


# --------------------------------------------------------------------------- one device


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
    if aim is None or view.effective_c < aim.start_c:
        return "cooling_released_no_need"
    return _why_useless(view, device)


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
    if view.effective_c is None and lease.blind_for >= device.device.blind_cooling_max:
        return "cooling_blind" if view.need else "cooling_released_no_need"
    if device.device.role is CoolingRole.DEHUMIDIFIER:
        return why_stop_drying(view, device)
    return _why_cool_enough(view, device)


def _why_cool_enough(view: RoomView, device: DeviceConditions) -> str | None:
    aim = view.aim(device.device)
    if aim is None:
        return "cooling_released_no_need"
    is_cool = view.effective_c is not None and view.effective_c <= aim.end_c
    # A fan that is too hot to help stays on, and is no longer called cooling.
    return "cooling_reached_target" if is_cool else _why_useless(view, device)


def _running_reason(view: RoomView, device: DeviceConditions) -> str:
    if device.device.role is CoolingRole.FAN:
        return "cooling_fan"
    if device.device.role is CoolingRole.DEHUMIDIFIER:
        return "drying_feels_cooler"
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


# --------------------------------------------------------------------------- trouble and advice


def _known_ineffective(snapshot: Snapshot) -> frozenset[str]:
    """Return the devices of which it was found that they run and do not cool."""
    return frozenset(
        alert.key.subject.removeprefix("device:")
        for alert in snapshot.alerts
        if alert.message.message_id == NO_EFFECT_MESSAGE and alert.phase is not AlertPhase.RESOLVED
    )


def _device_findings(
    view: RoomView, device: DeviceConditions, command: CoolingCommand, *, was_ineffective: bool
) -> tuple[Finding, ...]:
    """Return the gravest trouble with a device, if any: one finding for one device.

    That it does not cool is not over because the room is not seen any more.
    """
    described, lease = device.device, device.lease
    name, room = described.name, view.conditions.room.name
    aim = view.aim(described)
    is_cool = aim is not None and view.effective_c is not None and view.effective_c <= aim.end_c
    is_unseen = view.effective_c is None
    is_ending = command.action is CoolingAction.RELEASE and command.is_blind
    if device.has_failed:
        message_id = _FAILED_MESSAGES.get(described.role, "trouble_device_failed")
        reason = f"{name} in {room} did not respond"
    elif lease is not None and not is_cool and _draws_too_little(device):
        message_id = "trouble_plug_low_power"
        reason = f"{name} in {room} is on but draws under {described.running_power_w:.0f} W"
    elif lease is not None and view.is_over_limit and _has_no_effect(device, lease):
        message_id = NO_EFFECT_MESSAGE
        changed_c, ran_min = device.room_cooled_by_c or 0.0, lease.running_for.total_seconds() / 60
        reason = f"{room} changed by {changed_c:+.1f} K in {ran_min:.0f} min of cooling by {name}"
    elif lease is not None and is_unseen and was_ineffective and not is_ending:
        message_id, reason = NO_EFFECT_MESSAGE, f"{room} was no cooler when it was last seen"
    elif is_unseen and described.role is CoolingRole.AIR_CONDITIONER:
        if not (is_ending or (device.has_ended_blind and lease is None)):
            return ()
        message_id = "trouble_blind_cooling_ended"
        longest_min = described.blind_cooling_max.total_seconds() / 60
        reason = f"{name} stopped after {longest_min:.0f} min without seeing {room}"
    else:
        return ()
    finding = Finding(
        policy="trouble",
        subject=f"device:{described.device_id}",
        severity=Severity.WARNING,
        person_ids=view.person_ids,
        message=message(message_id, view, device, is_wanted_on=lease is not None),
        reason=reason,
        may_resolve=not (is_unseen and message_id == NO_EFFECT_MESSAGE),
    )
    return (finding,)


def _draws_too_little(device: DeviceConditions) -> bool:
    is_on = device.observed is not None and device.observed.is_on
    if not (is_on and device.device.has_power_sensor and device.low_power_for is not None):
        return False
    return device.low_power_for >= LOW_POWER_AFTER


def _has_no_effect(device: DeviceConditions, lease: Lease) -> bool:
    is_air_conditioner = device.device.role is CoolingRole.AIR_CONDITIONER
    if not is_air_conditioner or device.room_cooled_by_c is None:
        return False
    has_had_time = lease.running_for >= EFFECT_EXPECTED_AFTER
    return has_had_time and device.room_cooled_by_c > NO_EFFECT_ABOVE_C


def _heating_findings(view: RoomView) -> tuple[Finding, ...]:
    """Return the advice for a room that is over its limit without heat outside."""
    if not view.is_over_limit or not (view.is_cold_outdoors or view.is_heating):
        return ()
    room, need = view.conditions.room, view.need
    cause = "the heating is on" if view.is_heating else f"{view.outdoor_c:.1f} °C outside"
    finding = Finding(
        policy="advice",
        subject=f"room:{room.room_id}",
        severity=Severity.NUDGE,
        person_ids=view.person_ids,
        message=Message(
            "advice_heating_on",
            {
                "room": room.name,
                "temperature_c": view.conditions.temperature_c,
                "effective_temperature_c": view.effective_c,
                "limit_c": need.limit_c if need else None,
                "outdoor_c": view.outdoor_c,
            },
        ),
        reason=f"{room.name} is over its limit although {cause}",
    )
    return (finding,)
