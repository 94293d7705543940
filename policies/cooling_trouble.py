"""Find what of cooling is worth knowing: devices that fail or do not cool, heat without a cause."""

from __future__ import annotations

from datetime import timedelta

from policies.alert import AlertPhase, Finding, Message, Severity
from policies.cooling_ahead import hour_curve
from policies.cooling_commands import message
from policies.cooling_view import RoomView
from policies.heat_message import LOW_POWER_AFTER
from policies.model import (
    CoolingAction,
    CoolingCommand,
    CoolingRole,
    DeviceConditions,
    Snapshot,
)

EFFECT_EXPECTED_AFTER = timedelta(minutes=30)
NO_EFFECT_MESSAGE = "trouble_no_cooling_effect"
NO_EFFECT_ABOVE_C = -0.2  # a fall smaller than this is a sensor's noise
# What is said of a device that did not respond; without a fan, AC or plug keepcool is powerless.
_FAILED_MESSAGES = {
    CoolingRole.BLIND: "trouble_blind_failed",
    CoolingRole.DEHUMIDIFIER: "trouble_dryer_failed",
}


def known_ineffective(snapshot: Snapshot) -> frozenset[str]:
    """Return the devices of which it was found that they run and do not cool."""
    return frozenset(
        alert.key.subject.removeprefix("device:")
        for alert in snapshot.alerts
        if alert.message.message_id == NO_EFFECT_MESSAGE and alert.phase is not AlertPhase.RESOLVED
    )


def device_findings(
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
    elif lease is not None and has_no_effect(view, device):
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


def has_no_effect(view: RoomView, device: DeviceConditions) -> bool:
    """Return whether an air conditioner runs for half an hour and does not cool its room.

    That is: the room has not fallen, and where its forecast is known it is not half as much lower
    than without the device as it has been on other runs. Without a forecast it counts only in a
    room over its limit: the room may rise on a hot day, and the device do its part. With one it
    counts in any room that is not at its target yet.
    """
    lease, fallen_c = device.lease, device.room_cooled_by_c
    is_air_conditioner = device.device.role is CoolingRole.AIR_CONDITIONER
    if lease is None or fallen_c is None or not is_air_conditioner:
        return False
    if lease.running_for < EFFECT_EXPECTED_AFTER or fallen_c <= NO_EFFECT_ABOVE_C:
        return False
    if device.uncooled_c is None or view.effective_c is None:
        return view.is_over_limit
    usual_k = (device.falls_k or 0.0) * hour_curve(lease.running_for / timedelta(hours=1))
    is_lower = device.uncooled_c - view.effective_c >= max(-NO_EFFECT_ABOVE_C, usual_k / 2)
    aim = view.aim(device.device)
    is_at_target = aim is not None and view.effective_c <= aim.end_c
    return not is_lower and not is_at_target


def heating_findings(view: RoomView) -> tuple[Finding, ...]:
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
