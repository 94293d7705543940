"""Word what the plan wants of a device as a command with its reason."""

from __future__ import annotations

from policies.alert import Message
from policies.cooling_view import RoomView
from policies.model import (
    CoolingAction,
    CoolingCommand,
    CoolingRole,
    DeviceConditions,
    DeviceState,
)


def run(
    view: RoomView,
    device: DeviceConditions,
    desired: DeviceState,
    message_id: str,
    *,
    is_blind: bool = False,
) -> CoolingCommand:
    """Return the command to reach a state, or to keep it, with its lease renewed."""
    return CoolingCommand(
        device_id=device.device.device_id,
        action=CoolingAction.RUN,
        message=message(message_id, view, device),
        desired=desired,
        is_blind=is_blind,
    )


def leave(
    view: RoomView, device: DeviceConditions, message_id: str, **more: str | float | bool | None
) -> CoolingCommand:
    """Return the command to do nothing, with what keeps keepcool from it."""
    reason = message(message_id, view, device, **more)
    return CoolingCommand(device.device.device_id, CoolingAction.LEAVE, reason)


def release(
    view: RoomView,
    device: DeviceConditions,
    message_id: str,
    *,
    is_blind: bool = False,
    **more: str | float | bool | None,
) -> CoolingCommand:
    """Return the command to end the lease."""
    return CoolingCommand(
        device_id=device.device.device_id,
        action=CoolingAction.RELEASE,
        message=message(message_id, view, device, **more),
        is_blind=is_blind,
    )


def message(
    message_id: str, view: RoomView, device: DeviceConditions, **more: str | float | bool | None
) -> Message:
    """Return a text about a device with what is known of its room."""
    aim = view.aim(device.device)
    parameters: dict[str, str | int | float | bool | None] = {
        "room": view.conditions.room.name,
        "device": device.device.name,
        "temperature_c": view.conditions.temperature_c,
        "effective_temperature_c": view.effective_c,
        "limit_c": view.need.limit_c if view.need else None,
        "target_c": aim.target_c if aim else None,
    }
    if message_id in {"cooling_early", "cooling_before_dear"} and view.early is not None:
        parameters["limit_c"] = view.early.need.limit_c
        parameters["expected_at_local"] = f"{view.early.at:%H:%M}"
    if device.device.role is CoolingRole.FAN:
        parameters["fan"] = view.fan
    return Message(message_id, parameters | more)
