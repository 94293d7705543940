"""Work out which service calls bring an entity from the state it tells to the desired one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.errors import PermanentError
from integrations.home_assistant_states import from_celsius, number, parse_state, to_celsius
from policies.model import DeviceState

# Used where the entity does not tell its own bounds.
# Source: the range that household air conditioners offer; EVIDENCE names no other.
LOWEST_SETPOINT_C = 16.0
HIGHEST_SETPOINT_C = 30.0

COMMANDED_DOMAINS = ("climate", "fan", "switch", "cover", "humidifier")

_Calls = list[tuple[str, dict[str, object]]]  # service and data, in order

_FAN_SET_SPEED = 1  # Home Assistant's FanEntityFeature.SET_SPEED
_COVER_SET_POSITION = 4  # Home Assistant's CoverEntityFeature.SET_POSITION
_LOWEST_HUMIDITY_PCT, _HIGHEST_HUMIDITY_PCT = 0, 100  # Home Assistant's own defaults
_SMALLEST_STEP = 0.01
_SAME_SETPOINT_C = 0.05  # less than any device's step, more than a rounding of °F


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """Describe one call: `climate.set_hvac_mode` with its data."""

    domain: str
    service: str
    data: Mapping[str, object]


def plan_calls(
    raw: Mapping[str, object], desired: DeviceState, temperature_unit: str
) -> tuple[ServiceCall, ...]:
    """Return the calls that bring an available entity to `desired`, in order.

    What the state already satisfies is not called again; `None` in `desired` means "as it is".

    Args:
        raw: the entity's state object as Home Assistant answers it.
        desired: what it should do.
        temperature_unit: the unit of Home Assistant's configuration.

    Raises:
        PermanentError: the entity has no such mode, or is of a domain that is never commanded.
        PayloadError: `raw` is no state object.
    """
    observed = parse_state(raw, temperature_unit)
    state = observed.state or DeviceState(is_on=not desired.is_on)
    attributes = raw.get("attributes")
    if not isinstance(attributes, Mapping):
        attributes = {}
    match observed.entity_id.partition(".")[0]:
        case "climate":
            calls = _climate_calls(state, desired, attributes, temperature_unit)
        case "fan":
            calls = _fan_calls(state, desired, attributes)
        case "switch":
            is_same = state.is_on == desired.is_on
            calls = [] if is_same else [("turn_on" if desired.is_on else "turn_off", {})]
        case "cover":
            calls = _cover_calls(state, desired, attributes)
        case "humidifier":
            calls = _humidifier_calls(state, desired, attributes)
        case domain:
            raise PermanentError(f"{domain} entities are never commanded")
    domain = observed.entity_id.partition(".")[0]
    return tuple(
        ServiceCall(domain, service, {"entity_id": observed.entity_id, **data})
        for service, data in calls
    )


def fitting_setpoint_c(
    desired_c: float, attributes: Mapping[str, object], temperature_unit: str
) -> float:
    """Return the setpoint nearest to the desired one that the entity offers, in °C.

    Bounds and step are the entity's own where it tells them, else 16 to 30 °C without a step.
    """
    lowest_c = to_celsius(number(attributes.get("min_temp")), temperature_unit)
    highest_c = to_celsius(number(attributes.get("max_temp")), temperature_unit)
    if lowest_c is None or highest_c is None or lowest_c > highest_c:
        lowest_c, highest_c = LOWEST_SETPOINT_C, HIGHEST_SETPOINT_C
    setpoint_c = min(max(desired_c, lowest_c), highest_c)
    step = number(attributes.get("target_temp_step"))
    if step is None or step < _SMALLEST_STEP:
        return setpoint_c
    native = round(from_celsius(setpoint_c, temperature_unit) / step) * step
    rounded_c = to_celsius(native, temperature_unit)
    return setpoint_c if rounded_c is None else min(max(rounded_c, lowest_c), highest_c)


def _climate_calls(
    state: DeviceState,
    desired: DeviceState,
    attributes: Mapping[str, object],
    temperature_unit: str,
) -> _Calls:
    # Two calls, because Home Assistant 2025.4 ignores `hvac_mode` inside set_temperature.
    setpoint: _Calls = []
    if desired.target_temperature_c is not None:
        wanted_c = fitting_setpoint_c(desired.target_temperature_c, attributes, temperature_unit)
        now_c = state.target_temperature_c
        if now_c is None or abs(now_c - wanted_c) > _SAME_SETPOINT_C:
            native = round(from_celsius(wanted_c, temperature_unit), 2)
            setpoint = [("set_temperature", {"temperature": native})]
    mode = _wanted_mode(state, desired)
    change: _Calls = [] if mode == state.hvac_mode else [("set_hvac_mode", {"hvac_mode": mode})]
    offered = attributes.get("hvac_modes")
    if change and isinstance(offered, list) and offered and mode not in offered:
        raise PermanentError(f"it has no mode {mode}, only {', '.join(map(str, offered))}")
    if desired.is_on:
        return [*change, *setpoint]
    # Handing back: the person's setpoint returns while the device still takes it, then off.
    return [*(setpoint if state.is_on else []), *change]


def _wanted_mode(state: DeviceState, desired: DeviceState) -> str:
    if not desired.is_on:
        return "off"
    if desired.hvac_mode is not None:
        return desired.hvac_mode
    return state.hvac_mode if state.is_on and state.hvac_mode else "cool"


def _fan_calls(
    state: DeviceState, desired: DeviceState, attributes: Mapping[str, object]
) -> _Calls:
    if not desired.is_on:
        return [("turn_off", {})] if state.is_on else []
    wanted = desired.fan_percentage
    features = attributes.get("supported_features")
    if isinstance(features, int) and not features & _FAN_SET_SPEED:
        wanted = None
    if wanted is None:
        return [] if state.is_on else [("turn_on", {})]
    half_a_step = (number(attributes.get("percentage_step")) or 0.0) / 2
    now = state.fan_percentage
    is_same = now is not None and abs(now - wanted) <= max(1.0, half_a_step)
    return [] if state.is_on and is_same else [("turn_on", {"percentage": wanted})]


def _cover_calls(
    state: DeviceState, desired: DeviceState, attributes: Mapping[str, object]
) -> _Calls:
    """Return the call that lowers a blind; one that is down as far is left, and none is raised."""
    if not desired.is_on:
        raise PermanentError("keepcool never raises a blind")
    wanted, now = desired.position_pct or 0, state.position_pct
    if (now is not None and now <= wanted) or (now is None and state.is_on):
        return []
    if wanted == 0:
        return [("close_cover", {})]
    features = attributes.get("supported_features")
    if not isinstance(features, int) or not features & _COVER_SET_POSITION:
        raise PermanentError(f"it cannot stop at {wanted} %: set shaded_position_pct = 0")
    return [("set_cover_position", {"position": wanted})]


def _humidifier_calls(
    state: DeviceState, desired: DeviceState, attributes: Mapping[str, object]
) -> _Calls:
    change: _Calls = []
    if desired.mode is not None and desired.mode != state.mode:
        offered = attributes.get("available_modes")
        if isinstance(offered, list) and desired.mode not in offered:
            raise PermanentError(
                f"it has no mode {desired.mode}, only {', '.join(map(str, offered))}"
            )
        change.append(("set_mode", {"mode": desired.mode}))
    if desired.target_humidity_pct is not None:
        lowest = number(attributes.get("min_humidity"))
        highest = number(attributes.get("max_humidity"))
        wanted = round(
            min(
                max(desired.target_humidity_pct, lowest or _LOWEST_HUMIDITY_PCT),
                highest or _HIGHEST_HUMIDITY_PCT,
            )
        )
        if wanted != state.target_humidity_pct:
            change.append(("set_humidity", {"humidity": wanted}))
    if desired.is_on:
        return [*([] if state.is_on else [("turn_on", {})]), *change]
    # Handing back: the person's settings return while the device still takes them, then off.
    return [*change, ("turn_off", {})] if state.is_on else []
