"""State objects are read exactly, and nothing is made of what they do not say."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import PayloadError
from integrations.home_assistant_states import parse_ages, parse_state
from integrations.messages import DeviceObserved
from policies.model import DeviceState, SensorMessage


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


def raw(entity_id: str, state: str, **attributes: object) -> dict[str, Any]:
    """Return a state object as Home Assistant answers it."""
    return {
        "entity_id": entity_id,
        "state": state,
        "attributes": attributes,
        "last_changed": "2026-07-01T11:00:00.000000+00:00",
        "last_updated": "2026-07-01T14:05:00.250000+02:00",
        "context": {"id": "01J1Q", "parent_id": None, "user_id": "u"},
    }


def test_whole_state_of_an_air_conditioner() -> None:
    """Mode, setpoint, moment and context of a climate entity are taken."""
    assert parse_state(raw("climate.bedroom", "cool", temperature=23.5)) == DeviceObserved(
        entity_id="climate.bedroom",
        state=DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=23.5),
        is_available=True,
        last_updated=datetime(2026, 7, 1, 12, 5, 0, 250000, tzinfo=UTC),
        context_id="01J1Q",
        raw_state="cool",
    )


@pytest.mark.parametrize(
    ("entity_id", "state", "attributes", "expected"),
    [
        ("climate.a", "off", {}, DeviceState(is_on=False, hvac_mode="off")),
        ("climate.a", "heat_cool", {"temperature": None}, on("heat_cool")),
        ("climate.a", "dry", {"temperature": True}, on("dry")),
        ("climate.a", "cool", {"temperature": "23"}, on("cool")),
        ("climate.a", "cool", {"temperature": math.nan}, on("cool")),
        ("climate.a", "cool", {"temperature": 10**400}, on("cool")),
        ("fan.a", "on", {"percentage": 33}, on(percentage=33)),
        ("fan.a", "on", {"percentage": 33.4}, on(percentage=33)),
        ("fan.a", "on", {"percentage": None}, on()),
        ("fan.a", "off", {"percentage": False}, OFF),
        ("switch.a", "on", {"percentage": 5}, on()),
        ("switch.a", "off", {}, OFF),
        ("switch.a", "jammed", {}, None),
        ("climate.a", "unavailable", {}, None),
        ("climate.a", "unknown", {}, None),
        ("fan.a", "", {}, None),
        ("sensor.a", "on", {}, None),
    ],
)
def test_device_state(
    entity_id: str, state: str, attributes: dict[str, object], expected: DeviceState | None
) -> None:
    """On, mode, setpoint and speed are what the domain says they are; unknown stays unknown."""
    assert parse_state(raw(entity_id, state, **attributes)).state == expected


@pytest.mark.parametrize(
    ("state", "unit", "expected"),
    [
        ("812.5", "W", 812.5),
        ("1.25", "kW", 1250.0),
        ("812.5", None, 812.5),
        ("-3", "W", -3.0),
        ("1e3", "W", 1000.0),
        ("nan", "W", None),
        ("Infinity", "W", None),
        ("1e999", "W", None),
        ("1_000", "W", None),
        ("27,3", "W", None),
        ("unavailable", "W", None),
        ("", "W", None),
        ("٣", "W", None),
    ],
)
def test_numeric_value(state: str, unit: str | None, expected: float | None) -> None:
    """A sensor's number is taken in watts; everything else is no number."""
    observed = parse_state(raw("sensor.plug_power", state, unit_of_measurement=unit))
    assert observed.numeric_value == expected


@pytest.mark.parametrize(
    ("state", "is_available"),
    [("cool", True), ("off", True), ("unavailable", False), ("unknown", False), ("", False)],
)
def test_availability(state: str, *, is_available: bool) -> None:
    """Unavailable and unknown are not available, and they are not missing either."""
    observed = parse_state(raw("climate.a", state))
    assert observed.is_available is is_available
    assert not observed.is_missing


def test_fault_39_restored_state_is_marked() -> None:
    """A state that Home Assistant restored at its start is marked, only by a true `restored`."""
    assert parse_state(raw("climate.a", "unavailable", restored=True)).is_restored
    assert not parse_state(raw("climate.a", "cool", restored="yes")).is_restored


def test_fahrenheit_house_is_read_in_celsius() -> None:
    """Where Home Assistant is set to °F a setpoint of 75 is 23.89 °C."""
    state = parse_state(raw("climate.a", "cool", temperature=75), "°F").state
    assert state is not None
    assert state.target_temperature_c == pytest.approx(23.89)


@pytest.mark.parametrize(
    "bad",
    [
        None,
        [],
        "cool",
        3,
        {},
        {"entity_id": "a.b"},
        {"entity_id": "a.b", "state": None},
        {"entity_id": 3, "state": "on"},
        {"entity_id": "", "state": "on"},
    ],
)
def test_what_is_no_state_is_refused(bad: object) -> None:
    """Anything without entity id and state is a payload error, never a guess."""
    with pytest.raises(PayloadError):
        parse_state(bad)


@pytest.mark.parametrize(
    "moment", [None, 3, "", "yesterday", "2026-07-01T14:05:00", "0001-01-01T00:00:00+23:59"]
)
def test_unreadable_moment_is_unknown(moment: object) -> None:
    """A moment that is absent, local or absurd is unknown."""
    assert parse_state(raw("fan.a", "on") | {"last_updated": moment}).last_updated is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
attribute_names = st.sampled_from(
    ["temperature", "percentage", "restored", "unit_of_measurement", "min_temp", "other"]
)
state_objects = st.fixed_dictionaries(
    {},
    optional={
        "entity_id": st.sampled_from(["climate.a", "fan.a", "switch.a", "sensor.a", "x"])
        | json_values,
        "state": st.sampled_from(["on", "off", "cool", "unavailable", "1e999", "21"]) | json_values,
        "attributes": st.dictionaries(attribute_names, json_values, max_size=6) | json_values,
        "last_updated": st.datetimes().map(str)
        | st.datetimes(timezones=st.timezones()).map(str)
        | json_values,
        "context": st.fixed_dictionaries({"id": json_values}) | json_values,
    },
)


@given(value=state_objects | json_values, unit=st.sampled_from(["°C", "°F"]))
def test_any_json_is_read_or_refused(value: object, unit: str) -> None:
    """Whatever JSON comes, it is an observation of finite numbers and aware UTC, or refused."""
    try:
        observed = parse_state(value, unit)
    except PayloadError:
        return
    numbers = [observed.numeric_value]
    if observed.state is not None:
        numbers += [observed.state.target_temperature_c, observed.state.fan_percentage]
        assert observed.is_available
    assert all(number is None or math.isfinite(number) for number in numbers)
    assert not any(isinstance(number, bool) for number in numbers)
    assert observed.last_updated is None or observed.last_updated.tzinfo is UTC


@pytest.mark.parametrize(
    ("state", "unit", "expected"),
    [
        ("24.5", "°C", SensorMessage(temperature_c=24.5, is_available=True)),
        ("76.1", "°F", SensorMessage(temperature_c=24.5, is_available=True)),
        ("-3", "°C", SensorMessage(temperature_c=-3.0, is_available=True)),
        ("55", "%", SensorMessage(relative_humidity_pct=55.0, is_available=True)),
        ("24.5", None, SensorMessage(is_available=True, rejected="unknown_unit")),
        ("297.6", "K", SensorMessage(is_available=True, rejected="unknown_unit")),
        ("27,3", "°C", SensorMessage(is_available=True, rejected="non_numeric")),
        ("true", "°C", SensorMessage(is_available=True, rejected="non_numeric")),
        ("[24.5]", "°C", SensorMessage(is_available=True, rejected="non_numeric")),
        ("nan", "°C", SensorMessage(is_available=True, rejected="nan")),
        ("-Infinity", "°C", SensorMessage(is_available=True, rejected="nan")),
        ("1e999", "°C", SensorMessage(is_available=True, rejected="nan")),
        ("unavailable", "°C", SensorMessage(is_available=False)),
        ("unknown", "°C", SensorMessage(is_available=False)),
        ("", "°C", SensorMessage(is_available=False)),
    ],
)
def test_fault_05_06_measured_by_the_named_unit(
    state: str, unit: str | None, expected: SensorMessage
) -> None:
    """A sensor's value is what its unit says, never guessed; everything else has a reason."""
    attributes = {} if unit is None else {"unit_of_measurement": unit}
    assert parse_state(raw("sensor.a", state, **attributes)).measured == expected


def test_only_sensors_measure() -> None:
    """A climate entity's or a switch's state is no measurement."""
    assert parse_state(raw("switch.a", "on")).measured is None


def test_ages_are_read_line_by_line() -> None:
    """Seconds since the last report; a line that cannot be read leaves its entity's age unknown."""
    text = "sensor.a 12.5\nsensor.b 1e-05\nsensor.c nan\nsensor.d\n\nsensor.e 1e308\nsensor.f -3\n"
    assert parse_ages(text) == {
        "sensor.a": timedelta(seconds=12.5),
        "sensor.b": timedelta(microseconds=10),
        "sensor.f": timedelta(seconds=-3),
    }
    assert parse_ages(["sensor.a 12"]) == {}


@given(st.text())
def test_any_answer_to_the_ages_is_read(text: str) -> None:
    """Whatever a template renders, no exception leaves the parser."""
    assert all(isinstance(age, timedelta) for age in parse_ages(text).values())
