"""Hold the promises of the psychrometrics: total, rising, without steps; values are beside this."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies.psychrometrics import (
    BLEND_START_C,
    HEAT_INDEX_SCALE_END_C,
    HIGHEST_TEMPERATURE_C,
    LOWEST_TEMPERATURE_C,
    blended_heat_index_c,
    dew_point_c,
    effective_temperature_c,
    heat_index_c,
    humidex,
    relative_humidity_from_dew_point_pct,
    wet_bulb_c,
)

Metric = Callable[[float | None, float | None], float | None]

METRICS: list[Metric] = [
    heat_index_c,
    blended_heat_index_c,
    humidex,
    wet_bulb_c,
    dew_point_c,
    relative_humidity_from_dew_point_pct,
]
RISING_METRICS: list[Metric] = [
    blended_heat_index_c,
    effective_temperature_c,
    humidex,
    dew_point_c,
]

TEMPERATURES = st.floats(LOWEST_TEMPERATURE_C, HIGHEST_TEMPERATURE_C)
AROUND_THE_SWITCH = st.floats(24.0, 31.0)
HUMIDITIES = st.floats(0.0, 100.0)
ANYTHING = st.none() | st.floats() | TEMPERATURES | HUMIDITIES | st.integers()


def known(value: float | None) -> float:
    """Return the value, failing the test when it is unknown."""
    assert value is not None
    return value


# --- total: an answer or None, never an exception, NaN or infinity ----------------------------


@pytest.mark.parametrize("metric", METRICS)
@given(first=ANYTHING, second=ANYTHING)
def test_any_input_gives_a_finite_number_or_unknown(
    metric: Metric, first: float | None, second: float | None
) -> None:
    """Whatever comes in, the answer is a finite number or None."""
    value = metric(first, second)
    assert value is None or math.isfinite(value)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("broken", [None, math.nan, math.inf, -math.inf, -60.1, 100.1, 10**400])
def test_broken_input_is_unknown(metric: Metric, broken: float | None) -> None:
    """A missing, non-finite or absurd input makes the result unknown, on either side."""
    assert metric(broken, 50.0) is None
    assert metric(25.0, broken) is None


@pytest.mark.parametrize("metric", [heat_index_c, blended_heat_index_c, humidex, dew_point_c])
def test_limits_of_plausible_input_belong_to_it(metric: Metric) -> None:
    """-60, 60 °C and 100 % are answered; a hair beyond is unknown."""
    for temperature_c in (LOWEST_TEMPERATURE_C, HIGHEST_TEMPERATURE_C):
        assert metric(temperature_c, 100.0) is not None
        assert metric(math.nextafter(temperature_c, temperature_c * 2), 100.0) is None
    assert metric(25.0, math.nextafter(100.0, 101.0)) is None
    assert metric(25.0, -1e-9) is None


@given(temperature_c=ANYTHING, humidity_pct=ANYTHING)
@example(temperature_c=29.0, humidity_pct=130.0)
@example(temperature_c=29.0, humidity_pct=math.nan)
def test_effective_temperature_is_known_whenever_the_air_is(
    temperature_c: float | None, humidity_pct: float | None
) -> None:
    """Unusable humidity leaves the air temperature; only unusable air makes it unknown."""
    value = effective_temperature_c(temperature_c, humidity_pct)
    if temperature_c is None or not (
        LOWEST_TEMPERATURE_C <= temperature_c <= HIGHEST_TEMPERATURE_C
    ):
        assert value is None
    elif humidity_pct is None or not 0 <= humidity_pct <= 100:
        assert value == temperature_c
    else:
        index_c = known(blended_heat_index_c(temperature_c, humidity_pct))
        assert value == max(temperature_c, index_c)


# --- the blended index ------------------------------------------------------------------------


@pytest.mark.parametrize("metric", RISING_METRICS)
@given(
    temperatures=st.tuples(TEMPERATURES, TEMPERATURES)
    | st.tuples(AROUND_THE_SWITCH, AROUND_THE_SWITCH),
    humidities=st.tuples(HUMIDITIES, HUMIDITIES),
)
def test_hotter_or_more_humid_never_feels_cooler(
    metric: Metric, temperatures: tuple[float, float], humidities: tuple[float, float]
) -> None:
    """A rise of temperature, of humidity or of both never lowers the value."""
    low = metric(min(temperatures), min(humidities))
    high = metric(max(temperatures), max(humidities))
    if low is not None:  # the dew point at 0 % humidity
        assert known(high) >= low - 1e-9


def test_blended_index_rises_on_a_fine_grid() -> None:
    """From 15 to 45 °C in 0.05 K and 1 %, no neighbour that is hotter or wetter reads lower."""
    previous: list[float] | None = None
    for step in range(15 * 20, 45 * 20 + 1):
        row = [known(blended_heat_index_c(step / 20, humidity)) for humidity in range(101)]
        assert all(wet >= dry - 1e-9 for dry, wet in pairwise(row)), f"at {step / 20} °C"
        if previous is not None:
            assert all(hot >= cool - 1e-9 for cool, hot in zip(previous, row, strict=True)), (
                f"at {step / 20} °C"
            )
        previous = row


def test_blended_index_moves_less_than_the_hysteresis_per_sensor_digit() -> None:
    """Around the switch a step of 0.1 K or of 1 % moves the blended index by less than 0.5 K."""
    steepest = 0.0
    for tenth in range(200, 281):
        for humidity_pct in range(100):
            here = known(blended_heat_index_c(tenth / 10, humidity_pct))
            warmer = known(blended_heat_index_c(tenth / 10 + 0.1, humidity_pct))
            wetter = known(blended_heat_index_c(tenth / 10, humidity_pct + 1))
            steepest = max(steepest, warmer - here, wetter - here)
    assert 0.4 < steepest < 0.5


def test_plain_heat_index_has_the_step_that_the_blend_removes() -> None:
    """At 70 % a hundredth of a degree moves the NWS value by over 1.2 K, the blended by 0.04 K."""
    plain = known(heat_index_c(26.41, 70)) - known(heat_index_c(26.40, 70))
    blended = known(blended_heat_index_c(26.41, 70)) - known(blended_heat_index_c(26.40, 70))
    assert plain > 1.2
    assert blended < 0.04


@pytest.mark.parametrize(
    ("humidity_pct", "from_c", "to_c", "most_k"),
    [
        (0, 27.28, 29.22, 1.43),
        (20, 27.02, 27.89, 0.57),
        (45, 26.53, 26.72, 0.23),
        (60, 26.01, 26.53, 0.84),
        (80, 25.64, 26.29, 1.56),
        (100, 25.06, 26.67, 3.21),
    ],
)
def test_blended_index_is_the_nws_value_outside_its_zone(
    humidity_pct: float, from_c: float, to_c: float, most_k: float
) -> None:
    """Outside the documented zone both agree; inside, the blended one is above, never below."""
    for hundredth in range(-6000, 6001):
        temperature_c = hundredth / 100
        plain = known(heat_index_c(temperature_c, humidity_pct))
        excess = known(blended_heat_index_c(temperature_c, humidity_pct)) - plain
        if from_c <= temperature_c <= to_c:
            assert -1e-9 <= excess <= most_k
        else:
            assert excess == pytest.approx(0.0, abs=1e-9), f"at {temperature_c} °C"


@given(humidity_pct=HUMIDITIES)
def test_blend_joins_the_simple_formula_without_a_step(humidity_pct: float) -> None:
    """At the lower end of the blend its two sides meet, at every humidity."""
    below = known(blended_heat_index_c(BLEND_START_C, humidity_pct))
    above = known(blended_heat_index_c(math.nextafter(BLEND_START_C, 30), humidity_pct))
    assert above == pytest.approx(below, abs=1e-9)


@given(temperature_c=TEMPERATURES, humidity_pct=HUMIDITIES)
@example(temperature_c=26.3, humidity_pct=90.0)
@example(temperature_c=27.5, humidity_pct=2.0)
def test_levels_never_act_on_less_than_the_displayed_index(
    temperature_c: float, humidity_pct: float
) -> None:
    """The effective temperature is at least the air and at least the plain NWS heat index."""
    effective = known(effective_temperature_c(temperature_c, humidity_pct))
    assert effective >= temperature_c
    assert effective >= known(heat_index_c(temperature_c, humidity_pct)) - 1e-9


@pytest.mark.parametrize("temperature_c", [24.0, 25.9, 26.0])
def test_indoor_limits_carry_over_unshifted_at_45_percent(temperature_c: float) -> None:
    """Up to 26 °C at 45 %, where the limits were measured, the air temperature itself counts."""
    assert effective_temperature_c(temperature_c, 45) == temperature_c


def test_humidity_counts_where_it_matters() -> None:
    """28 °C at 70 % acts like 30.7 °C, while dry air at 28 °C acts like 28 °C."""
    assert effective_temperature_c(28, 70) == pytest.approx(30.7, abs=0.05)
    assert effective_temperature_c(28, 20) == 28


def test_heat_index_goes_on_above_the_end_of_the_scale() -> None:
    """Above the scale's end the number is still returned, so that a level can be decided."""
    assert known(heat_index_c(40, 60)) > HEAT_INDEX_SCALE_END_C


# --- wet bulb, dew point ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("temperature_c", "humidity_pct", "is_known"),
    [
        (50.0, 50.0, True),
        (50.1, 50.0, False),
        (-20.0, 80.0, True),
        (-20.1, 80.0, False),
        (30.0, 5.0, True),
        (30.0, 4.9, False),
        (30.0, 100.0, True),
        (0.0, 27.8, True),
        (0.0, 27.6, False),  # cold and dry together
    ],
)
def test_wet_bulb_is_unknown_outside_the_fit(
    temperature_c: float, humidity_pct: float, *, is_known: bool
) -> None:
    """Stull's fit answers inside its published range only."""
    assert (wet_bulb_c(temperature_c, humidity_pct) is not None) is is_known


@given(
    temperatures=st.tuples(st.floats(10, 50), st.floats(10, 50)),
    humidities=st.tuples(st.floats(5, 100), st.floats(5, 100)),
)
def test_wet_bulb_rises_and_stays_below_the_air(
    temperatures: tuple[float, float], humidities: tuple[float, float]
) -> None:
    """Indoors the wet bulb rises with both inputs and never exceeds the air temperature."""
    low = known(wet_bulb_c(min(temperatures), min(humidities)))
    high = known(wet_bulb_c(max(temperatures), max(humidities)))
    assert low <= high + 1e-9
    assert high <= max(temperatures)


@given(temperature_c=TEMPERATURES, humidity_pct=st.floats(0.01, 100))
def test_dew_point_and_humidity_are_inverse(temperature_c: float, humidity_pct: float) -> None:
    """The dew point is at most the air temperature and leads back to the humidity."""
    dew_c = known(dew_point_c(temperature_c, humidity_pct))
    assert dew_c <= temperature_c
    if dew_c >= LOWEST_TEMPERATURE_C:
        back = relative_humidity_from_dew_point_pct(temperature_c, dew_c)
        assert back == pytest.approx(humidity_pct, rel=1e-9)


def test_bone_dry_air_has_no_dew_point_but_a_humidex() -> None:
    """At 0 % the dew point is unknown and the humidex is that of air without vapour."""
    assert dew_point_c(30, 0) is None
    assert humidex(30, 0) == pytest.approx(30 - 5.555)
    assert humidex(30, 1e-12) == pytest.approx(30 - 5.555)


@pytest.mark.parametrize(
    ("dew_c", "expected_pct"), [(20.0, 100.0), (20.4, 100.0), (20.5, 100.0), (20.6, None)]
)
def test_dew_point_above_the_air_is_rounding_or_impossible(
    dew_c: float, expected_pct: float | None
) -> None:
    """Up to half a kelvin too much is saturation, more is an impossible pair."""
    assert relative_humidity_from_dew_point_pct(20.0, dew_c) == expected_pct
