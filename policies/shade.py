"""Decide when a blind keeps the sun out, and say when one without a motor should.

A blind goes down half an hour before the sun reaches its window, on days when that is worth it: the
forecast is warm for those who live there, the room's own forecast may pass its limit, or it is near
it already. Never on a cold
day, while the heating runs, or in the bedroom of somebody who is still in bed. keepcool never
raises a blind: it stays where it is, and a hand that moved it wins for `override`.

Source: DESIGN "Cooling", docs/decisions.md "Switching things"; where no other is named, the numbers
are our own choice.
"""

from __future__ import annotations

from datetime import timedelta

from policies import cooling_commands
from policies.cooling_view import COLD_OUTDOORS_C, RoomView
from policies.heat_limits import every_room_of, is_night, personal_limits, rooms_of
from policies.heat_sensitivity import NOBODY, usable_forecast
from policies.model import (
    CoolingCommand,
    DeviceConditions,
    DeviceState,
    Person,
    Snapshot,
)
from policies.window_sun import shade_times

WARM_DAY_UNDER_LIMIT_C = 3.0  # sun through a window warms a room by more than this
NEAR_LIMIT_C = 1.5
DAY_AHEAD = timedelta(hours=12)
ALREADY_DOWN_WITHIN_PCT = 5  # a motor stops a little above or below


def is_shade_worth_it(view: RoomView, snapshot: Snapshot) -> bool:
    """Return whether the day is warm enough, or the room near its limit, to keep the sun out."""
    forecast = usable_forecast(snapshot)
    until = snapshot.now_utc + DAY_AHEAD
    ahead_c = [
        hour.temperature_c
        for hour in (forecast.hours if forecast else ())
        if snapshot.now_utc - timedelta(hours=1) < hour.at < until
    ]
    warmest_c = max(ahead_c, default=None)
    if view.is_heating or (warmest_c is not None and warmest_c < COLD_OUTDOORS_C):
        return False
    limit_c = _strictest_limit_c(view, snapshot)
    if view.effective_c is not None and view.effective_c >= limit_c - NEAR_LIMIT_C:
        return True
    if view.is_failing or any(
        hour.high_c >= limit_c
        for hour in (view.conditions.ahead.hours if view.conditions.ahead else ())
        if snapshot.now_utc < hour.at < until
    ):
        return True
    return warmest_c is not None and warmest_c >= limit_c - WARM_DAY_UNDER_LIMIT_C


def shade_command(view: RoomView, device: DeviceConditions, snapshot: Snapshot) -> CoolingCommand:
    """Return what a blind should do now, with its reason."""
    if not device.is_automatic:
        hands_off = cooling_commands.release if device.lease else cooling_commands.leave
        return hands_off(view, device, "cooling_automatic_off")
    if device.override_remaining is not None:
        return cooling_commands.leave(view, device, "cooling_manual_override")
    reason = _why_not(view, device, snapshot)
    if reason is None and device.lease is None and _is_down(device):
        reason = "shade_is_down"
    if reason is None:
        desired = DeviceState(is_on=True, position_pct=device.device.shaded_position_pct)
        return cooling_commands.run(view, device, desired, "shade_sun_coming")
    if device.lease is not None:
        return cooling_commands.release(view, device, reason)
    return cooling_commands.leave(view, device, reason)


def _why_not(view: RoomView, device: DeviceConditions, snapshot: Snapshot) -> str | None:
    window = device.device.window
    if window is None or not snapshot.is_clock_synchronised:
        return "shade_no_sun"  # by a wrong clock the sun stands elsewhere
    times = shade_times(window, snapshot.sun)
    if times is None or times.close_at > snapshot.now_utc:
        return "shade_no_sun"
    if not is_shade_worth_it(view, snapshot):
        return "shade_not_worth_it"
    return "shade_asleep" if _is_somebody_in_bed(view, snapshot) else None


def _is_down(device: DeviceConditions) -> bool:
    observed = device.observed
    if observed is None or not device.is_available or not observed.is_on:
        return False
    wanted_pct = device.device.shaded_position_pct + ALREADY_DOWN_WITHIN_PCT
    return observed.position_pct is None or observed.position_pct <= wanted_pct


def _users(view: RoomView, snapshot: Snapshot) -> list[Person]:
    room_id = view.conditions.room.room_id
    people = [found.person for found in snapshot.people]
    return [person for person in people if room_id in every_room_of(person)] or [NOBODY]


def _strictest_limit_c(view: RoomView, snapshot: Snapshot) -> float:
    """Return the lowest limit that the room must keep today, of a bedroom by night as well."""
    nights = {False, view.conditions.room.is_bedroom}
    return min(
        personal_limits(person, is_night_bedroom).level_1_c
        for person in _users(view, snapshot)
        for is_night_bedroom in nights
    )


def _is_somebody_in_bed(view: RoomView, snapshot: Snapshot) -> bool:
    room = view.conditions.room
    bedrooms = {found.room.room_id for found in snapshot.rooms if found.room.is_bedroom}
    return room.is_bedroom and any(
        is_night(person, snapshot.now_local)
        and room.room_id in rooms_of(person, snapshot.now_local, bedrooms)
        for person in _users(view, snapshot)
    )
