"""Decide when a fan in a window, or a ventilation, brings outdoor air into a room.

It runs in the night and the morning, and whenever the outdoor air makes the room feel cooler and is
not much more humid, in rooms that are near their limit or foretold to pass it; down to 5 K under
the strictest limit, never under 20 °C. While it is cold outdoors (under 16 °C) only where a room is
over that limit or foretold to pass it, else heated rooms would be aired all winter. Never beside a
running air conditioner, never on a guess.

Source of the numbers without another: our own choice.
"""

from __future__ import annotations

from policies.airing import WARM_DAY_UNDER_LIMIT_C, is_worth_opening
from policies.cooling_view import LOWEST_TARGET_C, RoomView
from policies.drying import is_air_conditioner_running
from policies.psychrometrics import dew_point_c

END_UNDER_LIMIT_C = 5.0
START_OVER_END_C = 1.0
_DAY_HOURS = 24


def why_not_vent(view: RoomView) -> str | None:
    """Return the message that says why outdoor air is not brought in, or `None`: it should."""
    if view.effective_c is None:
        return "cooling_unseen"
    if not _is_worth_it(view, view.effective_c):
        return "cooling_released_no_need"
    return _why_no_help(view, view.effective_c, is_on=False)


def why_stop_vent(view: RoomView) -> str | None:
    """Return the message that says why a running ventilation is released, or `None`."""
    if view.effective_c is None:
        return "cooling_unseen"
    if view.lowest_limit_c is None:
        return "cooling_released_no_need"
    if view.effective_c <= _end_c(view, view.lowest_limit_c):
        return "cooling_reached_target"
    return _why_no_help(view, view.effective_c, is_on=True)


def _is_worth_it(view: RoomView, effective_c: float) -> bool:
    """Return whether the room is warm, or will be, and has something to give."""
    limit_c = view.lowest_limit_c
    if limit_c is None or view.is_heating:
        return False
    if effective_c < _end_c(view, limit_c) + START_OVER_END_C:
        return False
    warm_c = limit_c if view.is_cold_outdoors else limit_c - WARM_DAY_UNDER_LIMIT_C
    return effective_c >= warm_c or _is_foretold(view, limit_c)


def _end_c(view: RoomView, limit_c: float) -> float:
    is_heated = view.is_cold_outdoors and not _is_foretold(view, limit_c)
    under_c = WARM_DAY_UNDER_LIMIT_C if is_heated else END_UNDER_LIMIT_C
    return max(limit_c - under_c, LOWEST_TARGET_C)


def _is_foretold(view: RoomView, limit_c: float) -> bool:
    """Return whether the room may pass its limit within a day, by its own forecast."""
    ahead = view.conditions.ahead
    return any(hour.high_c >= limit_c for hour in (ahead.hours[:_DAY_HOURS] if ahead else ()))


def _why_no_help(view: RoomView, effective_c: float, *, is_on: bool) -> str | None:
    if is_air_conditioner_running(view):
        return "vent_beside_cooling"
    if view.outdoors is None:
        return "vent_no_weather"
    room = view.conditions
    dew_c = dew_point_c(room.temperature_c, room.relative_humidity_pct)
    helps = is_worth_opening(effective_c, view.outdoors, dew_c, is_open=is_on)
    return None if helps else "vent_no_help"
