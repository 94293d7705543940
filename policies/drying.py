"""Decide whether drying the air makes a room feel cooler, although the dryer itself warms it.

A dehumidifier gives all its power and the vapour's heat to the room. It runs only while the room is
near its limit and the drier, warmer air would still feel clearly cooler, which is so in very humid
rooms alone; never beside a running air conditioner, which dries and does not warm.
"""

from __future__ import annotations

from policies.cooling_view import RoomView
from policies.model import CoolingRole, DeviceConditions
from policies.psychrometrics import effective_temperature_c

START_UNDER_LIMIT_C = 1.0
END_UNDER_LIMIT_C = 1.5
WORTH_STARTING_C = 0.5
WORTH_GOING_ON_C = 0.2
WARMED_BY_C = 2.0
"""What a dehumidifier warms a closed room by.

Source: our estimate. 10 l a day are 0.42 l/h: 280 W of vapour's heat and some 200 W of power, into
a room that loses 100 to 250 W per kelvin to its walls and by its air.
"""


def drying_gain_c(
    temperature_c: float | None,
    relative_humidity_pct: float | None,
    dry_pct: float,
    warmed_by_c: float = WARMED_BY_C,
) -> float | None:
    """Return how much cooler the room would feel when dried, in K; negative is hotter.

    Args:
        temperature_c: air temperature, °C.
        relative_humidity_pct: 0..100 %.
        dry_pct: relative humidity after drying.
        warmed_by_c: what drying adds to the air temperature yet, in K.

    Returns:
        The fall of the effective temperature; `None` when temperature or humidity is unknown.

    >>> round(drying_gain_c(28.0, 85.0, 50.0), 1) > 0, round(drying_gain_c(26.0, 70.0, 50.0), 1) < 0
    (True, True)
    """
    if temperature_c is None or relative_humidity_pct is None:
        return None
    now_c = effective_temperature_c(temperature_c, relative_humidity_pct)
    then_c = effective_temperature_c(
        temperature_c + warmed_by_c, min(relative_humidity_pct, dry_pct)
    )
    return None if now_c is None or then_c is None else now_c - then_c


def why_not_dry(view: RoomView, device: DeviceConditions) -> str | None:
    """Return the message that says why a dehumidifier does not start, or `None`: it should."""
    if view.effective_c is None:
        return "cooling_unseen"
    if view.need is None or view.effective_c < view.need.limit_c - START_UNDER_LIMIT_C:
        return "cooling_released_no_need"
    if is_air_conditioner_running(view):
        return "drying_no_help"
    gain_c = _gain_c(view, device)
    return None if gain_c is not None and gain_c >= WORTH_STARTING_C else "drying_no_help"


def why_stop_drying(view: RoomView, device: DeviceConditions) -> str | None:
    """Return the message that says why a running dehumidifier is released, or `None`.

    It has warmed the room already: what counts now is what more drying would bring.
    """
    if view.need is None:
        return "cooling_released_no_need"
    if view.effective_c is None:
        return None  # unseen: the plan's rule for cooling without sight counts
    if view.effective_c < view.need.limit_c - END_UNDER_LIMIT_C:
        return "cooling_reached_target"
    if is_air_conditioner_running(view):
        return "drying_no_help"
    gain_c = _gain_c(view, device, warmed_by_c=0.0)
    return None if gain_c is not None and gain_c >= WORTH_GOING_ON_C else "drying_dry_enough"


def _gain_c(
    view: RoomView, device: DeviceConditions, warmed_by_c: float = WARMED_BY_C
) -> float | None:
    room = view.conditions
    return drying_gain_c(
        room.temperature_c,
        room.relative_humidity_pct,
        device.device.drying_humidity_pct,
        warmed_by_c,
    )


def is_air_conditioner_running(view: RoomView) -> bool:
    """Return whether a room's air conditioner runs, by whoever's wish."""
    return any(
        device.device.role is CoolingRole.AIR_CONDITIONER
        and (
            device.lease is not None
            or (device.is_available and device.observed is not None and device.observed.is_on)
        )
        and not device.has_failed
        for device in view.conditions.devices
    )
