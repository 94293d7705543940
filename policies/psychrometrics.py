"""Turn air temperature and humidity into heat index, humidex, wet bulb and dew point.

One rule for every function here: an input that is missing (`None`), NaN, infinite or absurd
(air outside -60..60 °C, humidity outside 0..100 %) makes the answer `None`, which means
"unknown". Nothing raises and nothing returns NaN or infinity.

Two heat indices live side by side. `heat_index_c` is the plain National Weather Service (NWS)
value, for display. `blended_heat_index_c` is the same number with the procedure's steps blended
out, for deciding levels; `effective_temperature_c` is built on it.
"""

import math
from typing import Final, TypeGuard

LOWEST_TEMPERATURE_C: Final = -60.0
HIGHEST_TEMPERATURE_C: Final = 60.0
"""Air colder or warmer than these is a broken reading, not weather; the answer is `None`."""

HIGHEST_HUMIDITY_PCT: Final = 100.0
"""Relative humidity above this, or below zero, is a broken reading; the answer is `None`."""

HEAT_INDEX_SCALE_END_C: Final = 54.0
"""Above this heat index a display says "above scale" instead of a number.

The end of the older NWS chart (130 °F); the regression is not to be extrapolated beyond
Steadman's data. Source: NWS heat index chart; Rothfusz 1990, NWS Technical Attachment SR 90-23.
"""

BLEND_START_C: Final = 25.0
"""At or below this air temperature the blended index is the plain one at every humidity."""

BLEND_SLOPE: Final = 1.5
"""How fast the blend closes the gap to the regression: kelvins per kelvin of the simple index.

Must exceed 1, or the zone would have no lower end. The largest round value that keeps the whole
zone under 5 K/K at every humidity, so that a sensor's last digit (0.1 °C) stays inside the 0.5 K
hysteresis of the levels.
"""

_SWITCH_F: Final = 80.0
_DRY_BELOW_PCT: Final = 13.0
_DRY_END_F: Final = 112.0
_HUMID_ABOVE_PCT: Final = 85.0
_HUMID_END_F: Final = 87.0

_STULL_COLDEST_C: Final = -20.0
_STULL_WARMEST_C: Final = 50.0
_STULL_DRIEST_PCT: Final = 5.0

_MAGNUS_SLOPE: Final = 17.625
_MAGNUS_OFFSET_C: Final = 243.04
_DEW_POINT_ROUNDING_C: Final = 0.5


def heat_index_c(temperature_c: float | None, relative_humidity_pct: float | None) -> float | None:
    """Return the heat index in °C by the full NWS procedure.

    A simple formula averaged with the air temperature while that average is below 80 °F
    (26.7 °C), else Rothfusz' regression with both of its corrections (under 13 % and over 85 %
    humidity). The procedure jumps where it changes formula: between -1.4 K (0 %) and +1.9 K
    (100 %) at the 80 °F average, and up to 1.2 K more at 80 °F air above 85 %. Use
    `blended_heat_index_c` wherever a threshold is compared.

    Shade and light wind; the regression itself is good to 1.3 °F (0.7 K). Above
    `HEAT_INDEX_SCALE_END_C` the number is an extrapolation: decide with it, do not display it.

    Args:
        temperature_c: air temperature, -60..60 °C.
        relative_humidity_pct: 0..100 %.

    Returns:
        The heat index in °C, or `None` when an input is missing or absurd.

    Source: NWS Weather Prediction Center, "The Heat Index Equation"; Rothfusz 1990, SR 90-23.
    The NWS chart prints 106 °F for 90 °F and 70 %, 83 °F for 80 °F and 70 %:

    >>> round(heat_index_c((90 - 32) / 1.8, 70) * 1.8 + 32)
    106
    >>> round(heat_index_c((80 - 32) / 1.8, 70) * 1.8 + 32)
    83
    """
    if not (_is_temperature(temperature_c) and _is_humidity(relative_humidity_pct)):
        return None
    temperature_f = _to_fahrenheit(temperature_c)
    average_f = _simple_average_f(temperature_f, relative_humidity_pct)
    if average_f < _SWITCH_F:
        return _to_celsius(average_f)
    regression_f = _dry_corrected_regression_f(temperature_f, relative_humidity_pct)
    if temperature_f >= _SWITCH_F:
        regression_f += _humid_correction_f(temperature_f, relative_humidity_pct)
    return _to_celsius(regression_f)


def blended_heat_index_c(
    temperature_c: float | None, relative_humidity_pct: float | None
) -> float | None:
    """Return the NWS heat index in °C with the steps of its procedure blended out.

    Continuous, and never falling when it gets warmer or more humid. With `simple` and
    `regression` for the two NWS formulas in °F, it is

        min(max(simple, regression - 1.5 * max(0, 80 - simple)), max(80, regression))

    The first bracket replaces the upward jump of moist air by a ramp that ends where the NWS
    switches; the second replaces the downward jump of dry air by a level stretch. The correction
    for humid air is carried on below 80 °F air, where the NWS lets it begin with a step.
    Minimum and maximum of rising functions rise, hence no dip for any width of the zone.

    Measured on a grid of 0.01 K and 1 %: it equals `heat_index_c` except between these air
    temperatures, and is never below it (a level is never milder than the displayed number):

    | humidity | blended from .. to | at most above NWS | steepest in the zone |
    |---------:|--------------------|------------------:|---------------------:|
    |      0 % | 27.3 .. 29.2 °C    |             1.4 K |                  1.1 |
    |     20 % | 27.0 .. 27.9 °C    |             0.6 K |                  1.1 |
    |     45 % | 26.5 .. 26.7 °C    |             0.2 K |                  2.4 |
    |     60 % | 26.0 .. 26.5 °C    |             0.8 K |                  2.7 |
    |     80 % | 25.7 .. 26.3 °C    |             1.5 K |                  3.6 |
    |    100 % | 25.1 .. 26.7 °C    |             3.2 K |                  4.6 |

    At 26 °C and 45 %, where the evidence for indoor limits was measured, it stays 25.9 °C.

    Args:
        temperature_c: air temperature, -60..60 °C.
        relative_humidity_pct: 0..100 %.

    Returns:
        The blended index in °C, or `None` when an input is missing or absurd.

    Source: NWS Weather Prediction Center, "The Heat Index Equation"; the blend is our own.

    >>> blended_heat_index_c(32, 60) == heat_index_c(32, 60)
    True
    >>> round(blended_heat_index_c(26, 45), 1)
    25.9
    """
    if not (_is_temperature(temperature_c) and _is_humidity(relative_humidity_pct)):
        return None
    temperature_f = _to_fahrenheit(temperature_c)
    simple_f = _simple_average_f(temperature_f, relative_humidity_pct)
    if temperature_c <= BLEND_START_C:  # the regression means nothing in the cold
        return _to_celsius(simple_f)
    regression_f = _dry_corrected_regression_f(
        temperature_f, relative_humidity_pct
    ) + _humid_correction_f(temperature_f, relative_humidity_pct)
    ramp_f = regression_f - BLEND_SLOPE * max(0.0, _SWITCH_F - simple_f)
    return _to_celsius(min(max(simple_f, ramp_f), max(_SWITCH_F, regression_f)))


def effective_temperature_c(
    temperature_c: float | None, relative_humidity_pct: float | None
) -> float | None:
    """Return the temperature in °C that heat levels act on: the higher of air and heat index.

    The evidence for indoor limits is stated as air temperature near 45 % humidity, where both
    agree; humidity is added only where it makes matters worse. The heat index here is the
    blended one, so the result is continuous and never falls with temperature or humidity.

    Args:
        temperature_c: air temperature, -60..60 °C.
        relative_humidity_pct: 0..100 %; missing or absurd humidity leaves the air temperature
            (a broken humidity sensor must not hide a hot room).

    Returns:
        The effective temperature in °C, or `None` when the air temperature is missing or absurd.

    Source: Meade et al. 2024, Environ Health Perspect (limits as air temperature at 45 %); NWS
    Weather Prediction Center, "The Heat Index Equation".

    >>> effective_temperature_c(26.0, 45)
    26.0
    >>> effective_temperature_c(28.0, None)
    28.0
    >>> round(effective_temperature_c(28.0, 70), 1)
    30.7
    """
    if not _is_temperature(temperature_c):
        return None
    index_c = blended_heat_index_c(temperature_c, relative_humidity_pct)
    return temperature_c if index_c is None else max(temperature_c, index_c)


def humidex(temperature_c: float | None, relative_humidity_pct: float | None) -> float | None:
    """Return the Canadian humidex, a number on the scale of °C.

    Environment Canada's dew-point form, with the dew point from `dew_point_c`. Canada reports it
    only from 20 °C air and when it exceeds the air temperature by 1 or more; the number is
    returned outside that range as well, and is then below the air temperature in dry air.

    Args:
        temperature_c: air temperature, -60..60 °C.
        relative_humidity_pct: 0..100 %.

    Returns:
        The humidex, or `None` when an input is missing or absurd.

    Source: Masterton and Richardson 1979, Environment Canada CLI 1-79; Environment Canada's
    example gives 34 for 30 °C with a dew point of 15 °C:

    >>> round(humidex(30, relative_humidity_from_dew_point_pct(30, 15)))
    34
    """
    if not (_is_temperature(temperature_c) and _is_humidity(relative_humidity_pct)):
        return None
    dew_c = dew_point_c(temperature_c, relative_humidity_pct)
    # Bone-dry air has no dew point; its vapour pressure is simply zero.
    vapour_hpa = (
        0.0 if dew_c is None else 6.11 * math.exp(5417.7530 * (1 / 273.16 - 1 / (273.15 + dew_c)))
    )
    return temperature_c + 0.5555 * (vapour_hpa - 10.0)


def wet_bulb_c(temperature_c: float | None, relative_humidity_pct: float | None) -> float | None:
    """Return the wet-bulb temperature in °C at sea-level pressure by Stull's fit.

    Fitted for -20..50 °C and 5..99 %, not for cold and dry air together; errors there are -1.0
    to +0.65 K, under 0.3 K on average. Outside, the answer is `None`, except from 99 to 100 %
    where the fit still holds (within 0.3 K of the psychrometer equation). A wet bulb is never
    warmer than the air, so the result is capped there. "Cold and dry" is taken as below the
    straight line from 5 % at 10 °C to 73 % at -20 °C; under it the fit was found to be up to
    4 K too high against the psychrometer equation.

    Args:
        temperature_c: air temperature, -20..50 °C.
        relative_humidity_pct: 5..100 %.

    Returns:
        The wet-bulb temperature in °C, or `None` when an input is missing or outside the fit.

    Source: Stull 2011, J Appl Meteorol Climatol 50:2267; its worked example is 13.7 °C for 20 °C
    and 50 %:

    >>> round(wet_bulb_c(20, 50), 1)
    13.7
    """
    if not (_is_temperature(temperature_c) and _is_humidity(relative_humidity_pct)):
        return None
    driest_pct = max(_STULL_DRIEST_PCT, 27.7 - 2.27 * temperature_c)
    if (
        not _STULL_COLDEST_C <= temperature_c <= _STULL_WARMEST_C
        or relative_humidity_pct < driest_pct
    ):
        return None
    fitted_c = (
        temperature_c * math.atan(0.151977 * math.sqrt(relative_humidity_pct + 8.313659))
        + math.atan(temperature_c + relative_humidity_pct)
        - math.atan(relative_humidity_pct - 1.676331)
        + 0.00391838
        * math.pow(relative_humidity_pct, 1.5)
        * math.atan(0.023101 * relative_humidity_pct)
        - 4.686035
    )
    return min(fitted_c, temperature_c)


def dew_point_c(temperature_c: float | None, relative_humidity_pct: float | None) -> float | None:
    """Return the dew point in °C over liquid water by the Magnus formula.

    Within 0.04 K of the ASHRAE formula for 10..45 °C from 20 % humidity.

    Args:
        temperature_c: air temperature, -60..60 °C (the formula was fitted for -40..50 °C).
        relative_humidity_pct: above 0, up to 100 %.

    Returns:
        The dew point in °C, or `None` when an input is missing or absurd, or at 0 % humidity,
        where there is none.

    Source: Alduchov and Eskridge 1996, J Appl Meteorol 35:601; a worked example printed by
    trocknungberlin.de gives 16.3 °C for 22 °C and 70 %:

    >>> round(dew_point_c(22, 70), 1)
    16.3
    """
    if not (_is_temperature(temperature_c) and _is_humidity(relative_humidity_pct)):
        return None
    if relative_humidity_pct == 0:
        return None
    # The logarithm of a quotient would fail where the smallest humidities divide to zero.
    ratio_log = math.log(relative_humidity_pct) - math.log(HIGHEST_HUMIDITY_PCT)
    gamma = ratio_log + _magnus_exponent(temperature_c)
    return min(temperature_c, _MAGNUS_OFFSET_C * gamma / (_MAGNUS_SLOPE - gamma))


def relative_humidity_from_dew_point_pct(
    temperature_c: float | None, dew_point_c: float | None
) -> float | None:
    """Return the relative humidity in percent of air with this dew point.

    The inverse of the function `dew_point_c`, for sources that give a dew point only. A dew
    point up to 0.5 K above the air temperature counts as rounding and gives 100 %.

    Args:
        temperature_c: air temperature, -60..60 °C.
        dew_point_c: dew point, -60..60 °C, at most the air temperature plus 0.5.

    Returns:
        The humidity, 0..100 %, or `None` when an input is missing, absurd or impossible.

    Source: Alduchov and Eskridge 1996, J Appl Meteorol 35:601.

    >>> round(relative_humidity_from_dew_point_pct(22, 16.3))
    70
    """
    if not (_is_temperature(temperature_c) and _is_temperature(dew_point_c)):
        return None
    if dew_point_c > temperature_c + _DEW_POINT_ROUNDING_C:
        return None
    ratio = math.exp(_magnus_exponent(dew_point_c) - _magnus_exponent(temperature_c))
    return min(100.0, 100.0 * ratio)


def _is_temperature(temperature_c: float | None) -> TypeGuard[float]:
    # A comparison with NaN is False, so NaN and infinity fall out here as well.
    return (
        temperature_c is not None and LOWEST_TEMPERATURE_C <= temperature_c <= HIGHEST_TEMPERATURE_C
    )


def _is_humidity(relative_humidity_pct: float | None) -> TypeGuard[float]:
    return (
        relative_humidity_pct is not None and 0.0 <= relative_humidity_pct <= HIGHEST_HUMIDITY_PCT
    )


def _to_fahrenheit(temperature_c: float) -> float:
    return temperature_c * 1.8 + 32.0


def _to_celsius(temperature_f: float) -> float:
    return (temperature_f - 32.0) / 1.8


def _simple_average_f(temperature_f: float, relative_humidity_pct: float) -> float:
    simple_f = 0.5 * (
        temperature_f + 61.0 + (temperature_f - 68.0) * 1.2 + relative_humidity_pct * 0.094
    )
    return (simple_f + temperature_f) / 2


def _dry_corrected_regression_f(temperature_f: float, relative_humidity_pct: float) -> float:
    t, rh = temperature_f, relative_humidity_pct
    regression_f = (
        -42.379
        + 2.04901523 * t
        + 10.14333127 * rh
        - 0.22475541 * t * rh
        - 0.00683783 * t * t
        - 0.05481717 * rh * rh
        + 0.00122874 * t * t * rh
        + 0.00085282 * t * rh * rh
        - 0.00000199 * t * t * rh * rh
    )
    if rh < _DRY_BELOW_PCT and _SWITCH_F <= t <= _DRY_END_F:
        regression_f -= (_DRY_BELOW_PCT - rh) / 4 * math.sqrt((17 - abs(t - 95)) / 17)
    return regression_f


def _humid_correction_f(temperature_f: float, relative_humidity_pct: float) -> float:
    above_pct = max(0.0, relative_humidity_pct - _HUMID_ABOVE_PCT)
    return above_pct / 10 * max(0.0, _HUMID_END_F - temperature_f) / 5


def _magnus_exponent(temperature_c: float) -> float:
    return _MAGNUS_SLOPE * temperature_c / (_MAGNUS_OFFSET_C + temperature_c)
