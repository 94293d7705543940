"""Put what was judged about heat into findings: how loud, and the facts for its words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from policies.airing import is_too_humid
from policies.alert import Finding, HeatLevel, Message, Severity, Verb
from policies.heat_limits import Limits
from policies.model import (
    CoolingRole,
    DeviceConditions,
    Flag,
    Forecast,
    Freshness,
    HourlyForecast,
    HourlyValue,
    Person,
    RoomConditions,
)

POLICY: Final = "heat"

Parameters = dict[str, str | int | float | bool | None]

FAN_ALONE_UNDER_C: Final = 32.0
FAN_NO_HELP_FROM_C: Final = 35.0
REDUCED_SWEATING_SHIFT_C: Final = -1.0
"""Fan limits of air temperature. Source: EVIDENCE 2.6 (CDC; Morris 2021; JAMA 2024)."""

LOW_POWER_AFTER: Final = timedelta(minutes=3)
"""A device that is on and draws too little for so long does not run. Source: DESIGN "Cooling"."""

COOLER_OUTDOORS_C: Final = 2.0
SOON: Final = timedelta(hours=1)
NIGHT_AHEAD: Final = timedelta(hours=16)
OLD_FORECAST: Final = timedelta(hours=3)
"""Services renew their hours every hour or so: an older forecast missed several. Source: D."""

_UNNAMED: Final[Parameters] = dict.fromkeys(
    ("temperature_c", "effective_temperature_c", "relative_humidity_pct", "fan")
)
"""What a message leaves out where the room's readings speak against its level, not believed."""

_COOLING_MODES: Final = frozenset({"cool", "auto", "heat_cool", "dry"})


@dataclass(frozen=True, slots=True)
class JudgedRoom:
    """Carry one room as one person finds it."""

    conditions: RoomConditions
    limits: Limits
    level: HeatLevel
    is_trusted: bool  # seen now, by a sensor that is believed
    reason: str


@dataclass(frozen=True, slots=True)
class ExpectedRoom:
    """Carry where and when a person's level 2 is expected."""

    conditions: RoomConditions
    limit_c: float
    hour: HourlyValue

    @property
    def at(self) -> datetime:
        """Return when, aware UTC."""
        return self.hour.at


def severity(level: HeatLevel, cooling: str) -> Severity:
    """Return how loudly a level speaks. Source: DESIGN "Who speaks how loudly"."""
    if level >= HeatLevel.VERY_HIGH:
        return Severity.CRITICAL
    if level is HeatLevel.HIGH:
        return Severity.LOUD_WARNING if cooling == "running" else Severity.CRITICAL
    return Severity.WARNING if level is HeatLevel.WARNING else Severity.DISPLAY


def cooling_state(conditions: RoomConditions) -> tuple[str, str | None]:
    """Return what the room's cooling does, and the device's name.

    "running", "failed" (it did not respond, cannot be reached, or draws no power), "off", or
    without an air conditioner "fan_only" (a fan is on) or "none".
    """
    best: tuple[int, str, str | None] = (0, "none", None)
    for device in conditions.devices:
        state = _device_state(device)
        rank = ("none", "fan_only", "off", "failed", "running").index(state)
        if rank > best[0]:
            best = (rank, state, device.device.name)
    return best[1], best[2]


def fan_worth(person: Person, air_c: float | None) -> str | None:
    """Return what a fan does at an air temperature: ok, wet_skin or no_help; `None` is unknown."""
    if air_c is None:
        return None
    shift_c = REDUCED_SWEATING_SHIFT_C if Flag.REDUCED_SWEATING in person.flags else 0.0
    if air_c < FAN_ALONE_UNDER_C + shift_c:
        return "ok"
    return "wet_skin" if air_c < FAN_NO_HELP_FROM_C + shift_c else "no_help"


def finding_now(person: Person, room: JudgedRoom, zone: tzinfo | None) -> Finding:
    """Return the finding that a room is at level 1 or above for a person."""
    cooling, _ = cooling_state(room.conditions)
    limit_c = room.limits.at(room.level)
    if room.level is HeatLevel.VERY_HIGH and (_air_c(room.conditions) or 0.0) < limit_c:
        limit_c = room.limits.level_4_heat_index_c
    parameters = room_parameters(person, room.conditions, zone) | {"limit_c": limit_c}
    if (doubt := _doubt(room)) is not None:
        parameters["doubt"] = doubt
        if (room.conditions.effective_temperature_c or 0.0) < limit_c:
            parameters |= _UNNAMED  # it neither raised the level nor may lower it
    return Finding(
        policy=POLICY,
        subject=person.person_id,
        severity=severity(room.level, cooling),
        person_ids=(person.person_id,),
        message=Message(f"heat_level_{int(room.level)}", parameters),
        reason=room.reason,
        level=room.level,
        verbs=(*_cool_now(room), *verbs_of(person, room.level)),
        carries_safety_text=room.level >= HeatLevel.HIGH,
        may_resolve=room.is_trusted,
    )


def finding_ahead(
    person: Person,
    room: ExpectedRoom,
    forecast: Forecast | None,
    forecast_age: timedelta | None,
    now_local: datetime,
    horizon: timedelta,
) -> Finding:
    """Return the finding that level 2 is expected where the person will be."""
    at_local = room.hour.at.astimezone(now_local.tzinfo)
    value_c, now_c = room.hour.effective_temperature_c, room.conditions.effective_temperature_c
    if now_c is not None and room.hour.at - now_local <= SOON:
        value_c = max(value_c, now_c)  # hotter already, only its mean has not followed yet
    parameters = room_parameters(person, room.conditions, now_local.tzinfo) | {
        "limit_c": room.limit_c,
        "expected_at": room.hour.at.isoformat(),
        "expected_at_local": f"{at_local:%H:%M}",
        "expected_temperature_c": round(value_c, 1),
        "outdoors": _outdoors(room.conditions, forecast, now_local.astimezone(UTC)),
        "forecast_until_local": _forecast_until(forecast, now_local, horizon),
        "age_hours": old_forecast_hours(forecast, forecast_age),
    }
    return Finding(
        policy=POLICY,
        subject=person.person_id,
        severity=Severity.WARNING,
        person_ids=(person.person_id,),
        message=Message("heat_expected", parameters),
        reason=(
            f"{room.conditions.room.name} expected at {value_c:.1f} °C about {at_local:%H:%M}, "
            f"level 2 from {room.limit_c:.1f} °C{rests_on(forecast, forecast_age)}"
        ),
        level=HeatLevel.WARNING,
        is_expected=True,
        verbs=verbs_of(person, HeatLevel.WARNING),
    )


def room_parameters(person: Person, conditions: RoomConditions, zone: tzinfo | None) -> Parameters:
    """Return the facts about a room that every message about it may name."""
    air_c = _air_c(conditions)
    cooling, device = cooling_state(conditions)
    is_seen = conditions.freshness is Freshness.FRESH
    last_seen = None if is_seen else conditions.last_seen_at
    return {
        "room": conditions.room.name,
        "temperature_c": _rounded(air_c, 1),
        "effective_temperature_c": _rounded(conditions.effective_temperature_c, 1),
        "relative_humidity_pct": _rounded(conditions.relative_humidity_pct, 0),
        "cooling": cooling,
        "device": device,
        "fan": fan_worth(person, air_c),
        "last_seen_local": None if last_seen is None else f"{last_seen.astimezone(zone):%H:%M}",
    }


def _doubt(room: JudgedRoom) -> str | None:
    """Return why a room that is seen now is not believed; `None` when it is, or is not seen."""
    if room.is_trusted or room.conditions.freshness is not Freshness.FRESH:
        return None
    reasons = (each.suspect_reason for each in room.conditions.readings if each.is_suspect)
    return next(reasons, None)


def _air_c(conditions: RoomConditions) -> float | None:
    """Return the air temperature, or the last one known of a room that is not seen now."""
    if conditions.temperature_c is not None and math.isfinite(conditions.temperature_c):
        return conditions.temperature_c
    last = [reading.temperature_c for reading in conditions.readings]
    return max((c for c in last if c is not None and math.isfinite(c)), default=None)


def _rounded(value: float | None, digits: int) -> float | None:
    return round(value, digits) if value is not None and math.isfinite(value) else None


def _device_state(conditions: DeviceConditions) -> str:
    observed = conditions.observed
    is_on = observed is not None and observed.is_on and conditions.is_available
    if conditions.device.role is CoolingRole.FAN:
        return "fan_only" if is_on and not conditions.has_failed else "none"
    if conditions.device.role is not CoolingRole.AIR_CONDITIONER:
        return "none"  # a blind keeps heat out and a dryer adds some: neither is cooling
    is_idle = (conditions.low_power_for or timedelta(0)) >= LOW_POWER_AFTER
    if conditions.has_failed or not conditions.is_available or (is_on and is_idle):
        return "failed"
    is_cooling = observed is not None and (observed.hvac_mode or "cool") in _COOLING_MODES
    return "running" if is_on and is_cooling else "off"


def _cool_now(room: JudgedRoom) -> tuple[Verb, ...]:
    """Return the button that gives an air conditioner that somebody switched off back to keepcool.

    Source: DESIGN "Cooling": asked again at level 3.
    """
    is_asked = room.level >= HeatLevel.HIGH and any(
        device.device.role is CoolingRole.AIR_CONDITIONER
        and device.is_automatic
        and device.override_remaining is not None
        and _device_state(device) == "off"
        for device in room.conditions.devices
    )
    return (Verb.COOL,) if is_asked else ()


def verbs_of(person: Person, level: HeatLevel) -> tuple[Verb, ...]:
    """Return the buttons that fit a level."""
    # No drink prompt beside the safety text, and no volume for someone whose fluids are restricted.
    if level >= HeatLevel.HIGH or Flag.FLUID_RESTRICTED in person.flags:
        return (Verb.ON_IT,)
    return (Verb.ON_IT, Verb.DRANK)


def _outdoors(
    conditions: RoomConditions, forecast: Forecast | None, now_utc: datetime
) -> str | None:
    """Return whether open windows help now ("cooler_now"), only later, or ("warmer") not at all."""
    air_c = _air_c(conditions)
    if forecast is None or air_c is None:
        return None
    hour = timedelta(hours=1)
    present = [each for each in forecast.hours if each.at <= now_utc < each.at + hour]
    if present and _is_cooler(present[0], air_c, conditions):
        return "cooler_now"
    end = now_utc + NIGHT_AHEAD
    coming = [each for each in forecast.hours if now_utc <= each.at <= end]
    is_night_cool = any(_is_cooler(each, air_c, conditions) for each in coming)
    return "cooler_at_night" if is_night_cool else "warmer"


def _is_cooler(hour: HourlyForecast, air_c: float, conditions: RoomConditions) -> bool:
    """Return whether outdoor air is clearly cooler, and feels so: not much more humid."""
    if hour.temperature_c > air_c - COOLER_OUTDOORS_C:
        return False
    return not is_too_humid(hour, air_c, conditions.relative_humidity_pct)


def rests_on(forecast: Forecast | None, age: timedelta | None) -> str:
    """Name the source of the forecast, and its age where it is old, for status and logs."""
    if forecast is None:
        return ", without a forecast"
    hours = old_forecast_hours(forecast, age)
    return f", by {forecast.source}" + (f", {hours} h old" if hours else "")


def old_forecast_hours(forecast: Forecast | None, age: timedelta | None) -> int | None:
    """Return the age in hours of a forecast that is old enough to be mentioned, else `None`."""
    if forecast is None or age is None or age < OLD_FORECAST:
        return None
    return round(age / timedelta(hours=1))


def _forecast_until(
    forecast: Forecast | None, now_local: datetime, horizon: timedelta
) -> str | None:
    """Return where a forecast ends that is shorter than the horizon. Source: FAULTS 29."""
    if forecast is None or not forecast.hours:
        return None
    until = forecast.hours[-1].at + timedelta(hours=1)
    if until >= now_local.astimezone(UTC) + horizon:  # in local time, days of 23 hours differ
        return None
    return f"{until.astimezone(now_local.tzinfo):%H:%M}"
