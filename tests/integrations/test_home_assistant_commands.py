"""The calls for a desired state are few, in the right order, and within the device's bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import PermanentError
from integrations.home_assistant_commands import fitting_setpoint_c, plan_calls
from policies.model import DeviceState


def on(
    hvac_mode: str | None = None, setpoint_c: float | None = None, percentage: int | None = None
) -> DeviceState:
    """Return the state of a device that is on."""
    return DeviceState(
        is_on=True,
        hvac_mode=hvac_mode,
        target_temperature_c=setpoint_c,
        fan_percentage=percentage,
    )


OFF = DeviceState(is_on=False)

AC = {"hvac_modes": ["off", "cool"], "min_temp": 16, "max_temp": 30, "target_temp_step": 0.5}
SPEEDS = {"percentage_step": 25.0, "supported_features": 49}
HANDED_BACK = DeviceState(is_on=False, hvac_mode="off", target_temperature_c=24.0)
COOL_24 = on("cool", 24.0)
TO_COOL = ("set_hvac_mode", {"hvac_mode": "cool"})
TO_OFF = ("set_hvac_mode", {"hvac_mode": "off"})
TO_24 = ("set_temperature", {"temperature": 24.0})
TO_24_5 = ("set_temperature", {"temperature": 24.5})


def calls(
    entity_id: str, state: str, attributes: dict[str, Any], desired: DeviceState, unit: str = "°C"
) -> list[tuple[str, dict[str, object]]]:
    """Return service and data without the entity, which every call names."""
    raw = {"entity_id": entity_id, "state": state, "attributes": attributes}
    planned = plan_calls(raw, desired, unit)
    assert all(call.data["entity_id"] == entity_id for call in planned)
    assert all(call.domain == entity_id.partition(".")[0] for call in planned)
    return [
        (call.service, {key: value for key, value in call.data.items() if key != "entity_id"})
        for call in planned
    ]


def speed(percentage: int) -> tuple[str, dict[str, object]]:
    """Return the call that sets a fan's speed."""
    return "turn_on", {"percentage": percentage}


@pytest.mark.parametrize(
    ("state", "setpoint", "desired", "expected"),
    [
        ("off", 20.0, COOL_24, [TO_COOL, TO_24]),
        ("off", 24.0, COOL_24, [TO_COOL]),
        ("cool", 20.0, COOL_24, [TO_24]),
        ("cool", 24.0, COOL_24, []),
        ("cool", None, COOL_24, [TO_24]),
        ("cool", 20.0, on(), []),
        ("off", 20.0, on(), [TO_COOL]),
        ("cool", 20.0, OFF, [TO_OFF]),
        ("off", 20.0, OFF, []),
        ("off", 20.0, HANDED_BACK, []),
        ("cool", 20.0, HANDED_BACK, [TO_24, TO_OFF]),
        ("cool", 16.0, on("cool", 3.0), []),
        ("cool", 24.0, on("cool", 24.2), []),
        ("cool", 24.0, on("cool", 24.3), [TO_24_5]),
    ],
)
def test_air_conditioner(
    state: str, setpoint: float | None, desired: DeviceState, expected: list[object]
) -> None:
    """Mode before setpoint, setpoint before off, and nothing that is so already."""
    assert calls("climate.a", state, {**AC, "temperature": setpoint}, desired) == expected


def test_mode_that_the_device_lacks_is_refused() -> None:
    """A mode that the device does not offer is a lasting failure that names what it offers."""
    with pytest.raises(PermanentError, match="no mode dry, only off, cool"):
        calls("climate.a", "off", AC, DeviceState(is_on=True, hvac_mode="dry"))


@pytest.mark.parametrize(
    ("state", "attributes", "desired", "expected"),
    [
        ("off", SPEEDS, on(percentage=50), [speed(50)]),
        ("on", {**SPEEDS, "percentage": 50}, on(percentage=60), []),
        ("on", {**SPEEDS, "percentage": 50}, on(percentage=75), [speed(75)]),
        ("on", {**SPEEDS, "percentage": 50}, on(), []),
        ("off", {"supported_features": 48}, on(percentage=50), [("turn_on", {})]),
        ("on", {"supported_features": 48}, on(percentage=50), []),
        ("on", SPEEDS, OFF, [("turn_off", {})]),
        ("off", SPEEDS, OFF, []),
    ],
)
def test_fan(
    state: str, attributes: dict[str, Any], desired: DeviceState, expected: list[object]
) -> None:
    """A speed is sent only to a fan that has speeds, and not for less than half a step."""
    assert calls("fan.a", state, attributes, desired) == expected


@pytest.mark.parametrize("domain", ["lock", "alarm_control_panel", "light", "valve"])
def test_other_domains_are_never_commanded(domain: str) -> None:
    """No call is ever made for an entity of another domain."""
    with pytest.raises(PermanentError, match="never commanded"):
        calls(f"{domain}.a", "off", {}, on())


def test_fahrenheit_house_gets_fahrenheit() -> None:
    """Where Home Assistant is set to °F, 24 °C goes out as the nearest whole 75 °F."""
    attributes = {"min_temp": 61, "max_temp": 86, "target_temp_step": 1, "temperature": 68}
    assert calls("climate.a", "cool", attributes, COOL_24, "°F") == [
        ("set_temperature", {"temperature": 75.0})
    ]
    assert calls("climate.a", "cool", {**attributes, "temperature": 75}, COOL_24, "°F") == []


bounds = st.none() | st.floats(-50, 120) | st.booleans() | st.just("16")


@given(
    desired_c=st.floats(-100, 200),
    lowest=bounds,
    highest=bounds,
    step=bounds,
    unit=st.sampled_from(["°C", "°F"]),
)
def test_setpoint_is_always_within_bounds(
    desired_c: float, lowest: object, highest: object, step: object, unit: str
) -> None:
    """Whatever the entity tells of its bounds, the setpoint keeps them, or 16 to 30 °C."""
    attributes = {"min_temp": lowest, "max_temp": highest, "target_temp_step": step}
    setpoint_c = fitting_setpoint_c(desired_c, attributes, unit)
    told = [each for each in (lowest, highest) if isinstance(each, float)]
    if len(told) == 2 and told[0] <= told[1]:
        if unit == "°F":
            told = [round((each - 32) * 5 / 9, 2) for each in told]
        assert told[0] <= setpoint_c <= told[1]
    else:
        assert 16.0 <= setpoint_c <= 30.0


@pytest.mark.parametrize(
    ("state", "attributes", "desired", "expected"),
    [
        ("open", {"current_position": 100}, (True, 0), [("close_cover", {})]),
        (
            "open",
            {"current_position": 100, "supported_features": 15},
            (True, 20),
            [("set_cover_position", {"position": 20})],
        ),
        ("open", {"current_position": 20, "supported_features": 15}, (True, 20), []),
        ("closed", {"current_position": 0, "supported_features": 15}, (True, 20), []),
        ("open", {}, (True, 0), [("close_cover", {})]),
        ("closed", {}, (True, 0), []),
        ("opening", {}, (True, None), [("close_cover", {})]),
    ],
)
def test_blind(
    state: str,
    attributes: dict[str, Any],
    desired: tuple[bool, int | None],
    expected: list[object],
) -> None:
    """A blind is lowered, left where it is low enough, and needs no position to be closed."""
    is_on, position_pct = desired
    wanted = DeviceState(is_on=is_on, position_pct=position_pct)
    assert calls("cover.a", state, attributes, wanted) == expected


def test_blind_that_cannot_stop_half_way() -> None:
    """Without positions a gap cannot be left, and the cure is named."""
    with pytest.raises(PermanentError, match="shaded_position_pct = 0"):
        calls(
            "cover.a", "open", {"supported_features": 3}, DeviceState(is_on=True, position_pct=20)
        )


@pytest.mark.parametrize(
    ("state", "attributes", "desired", "expected"),
    [
        ("off", {"humidity": 50}, (True, 50, None), [("turn_on", {})]),
        ("off", {}, (True, 50, None), [("turn_on", {}), ("set_humidity", {"humidity": 50})]),
        (
            "on",
            {"humidity": 60, "min_humidity": 55, "mode": "auto", "available_modes": ["dry"]},
            (True, 50, "dry"),
            [("set_mode", {"mode": "dry"}), ("set_humidity", {"humidity": 55})],
        ),
        ("on", {"humidity": 50, "mode": "dry"}, (True, 50, "dry"), []),
        (
            "on",
            {"humidity": 50},
            (False, 60, None),
            [("set_humidity", {"humidity": 60}), ("turn_off", {})],
        ),
        ("off", {"humidity": 50}, (False, 60, None), []),
    ],
)
def test_dehumidifier(
    state: str,
    attributes: dict[str, Any],
    desired: tuple[bool, int, str | None],
    expected: list[object],
) -> None:
    """On first, then what differs; handing back, the settings before off."""
    is_on, humidity_pct, mode = desired
    wanted = DeviceState(is_on=is_on, target_humidity_pct=humidity_pct, mode=mode)
    assert calls("humidifier.a", state, attributes, wanted) == expected


def test_dehumidifier_without_the_mode() -> None:
    """A mode that it does not have is a lasting error that names those it has."""
    attributes = {"available_modes": ["auto", "boost"], "mode": "auto"}
    with pytest.raises(PermanentError, match="no mode dry, only auto, boost"):
        calls("humidifier.a", "off", attributes, DeviceState(is_on=True, mode="dry"))
