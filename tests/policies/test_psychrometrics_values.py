"""Compare the psychrometrics with printed values, typed in here and recorded beside the project."""

import csv
import doctest
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from policies import psychrometrics
from policies.psychrometrics import (
    dew_point_c,
    heat_index_c,
    humidex,
    relative_humidity_from_dew_point_pct,
    wet_bulb_c,
)

Metric = Callable[[float | None, float | None], float | None]

# Humidity in %, then air temperature in °F: heat index in °F, as printed in whole degrees.
# Source: NWS heat index chart (weather.gov, also srh.noaa.gov/tsa/?n=heatindex). Columns over 85 %
# are left out: the chart was printed without the correction for humid air.
NWS_CHART_F = {
    40: {80: 80, 82: 81, 84: 83, 86: 85, 88: 88, 100: 109, 102: 114, 108: 130, 110: 136},
    45: {80: 80, 82: 82, 86: 87, 88: 89, 92: 96, 94: 100, 98: 109, 104: 124, 106: 130, 108: 137},
    50: {84: 85, 86: 88, 88: 91, 90: 95, 92: 99, 94: 103, 96: 108, 104: 131},
    55: {80: 81, 82: 84, 84: 86, 90: 97, 94: 106, 96: 112, 102: 130},
    60: {80: 82, 82: 84, 84: 88, 86: 91, 90: 100, 92: 105, 96: 116, 98: 123, 100: 129, 102: 137},
    65: {80: 82, 82: 85, 84: 89, 88: 98, 92: 108, 94: 114, 96: 121, 100: 136},
    70: {80: 83, 82: 86, 84: 90, 90: 106, 96: 126, 98: 134},
    75: {86: 97, 96: 132},
    80: {80: 84, 82: 89, 88: 106, 90: 113, 92: 121, 94: 129},
    85: {82: 90, 86: 102, 90: 117, 92: 126, 94: 135},
}

# Air °C, humidity %, heat index °C. Source: worked by hand from the text of the NWS Weather
# Prediction Center page "The Heat Index Equation"; the last six agree with thermofeel 2.3.0.
NWS_BRANCHES = [
    (22.0, 40.0, 21.650),  # simple formula, averaged with the air temperature
    (24.0, 60.0, 24.011),
    (27.7778, 90.0, 33.329),  # humid correction
    (28.8889, 95.0, 38.268),
    (32.2222, 5.0, 29.140),  # dry correction
    (35.0, 10.0, 31.916),
    (37.7778, 8.0, 34.118),
    (40.5556, 12.0, 37.862),
]

# Air °C, dew point °C, humidex. Source: the first two are Environment Canada's examples, the
# others cells of the humidex table on nl.wikipedia.org "Humidex"; all in whole numbers.
HUMIDEX_TABLE = [
    (30.0, 15.0, 34.0),
    (30.0, 25.0, 42.0),
    (20.0, 10.0, 21.0),
    (22.0, 12.0, 24.0),
    (24.0, 13.0, 27.0),
    (26.0, 11.0, 28.0),
    (28.0, 10.0, 29.0),
    (30.0, 12.0, 32.0),
    (34.0, 13.0, 37.0),
    (40.0, 13.0, 43.0),
]

# Air °C, humidity %, wet bulb °C, tolerance K. Source: Stull 2011 (its worked example), then a US
# psychrometric table (wet and dry bulb in whole °F, chrononhotonthologos.com/misc/hygromtr.htm),
# then PsychroLib 2.5.0 (ASHRAE) at 101325 Pa, from which Stull's fit differs by up to 0.8 K.
WET_BULBS = [
    (20.0, 50.0, 13.7, 0.05),
    (17.7778, 70.0, 14.4444, 0.35),
    (21.1111, 48.0, 14.4444, 0.35),
    (23.3333, 58.0, 17.7778, 0.35),
    (26.1111, 25.0, 14.4444, 0.35),
    (26.6667, 41.0, 17.7778, 0.35),
    (31.1111, 25.0, 17.7778, 0.35),
    (26.0, 45.0, 17.86, 0.8),
    (28.0, 70.0, 23.69, 0.8),
    (32.0, 50.0, 23.66, 0.8),
    (40.0, 50.0, 30.31, 0.8),
]

# Air °C, humidity %, dew point °C, tolerance K. Source: worked examples printed by maleco.de and
# trocknungberlin.de, then PsychroLib 2.5.0 (Hyland-Wexler saturation, independent of Magnus).
DEW_POINTS = [
    (10.0, 90.0, 8.4, 0.15),
    (22.0, 70.0, 16.3, 0.15),
    (18.0, 45.0, 5.902, 0.1),
    (20.0, 45.0, 7.719, 0.1),
    (24.0, 60.0, 15.763, 0.1),
    (26.0, 30.0, 7.101, 0.1),
    (30.0, 45.0, 16.777, 0.1),
    (34.0, 60.0, 25.133, 0.1),
    (38.0, 80.0, 33.937, 0.1),
    (40.0, 30.0, 19.125, 0.1),
]


def known(value: float | None) -> float:
    """Return the value, failing the test when it is unknown."""
    assert value is not None
    return value


def celsius(temperature_f: float) -> float:
    """Convert from °F."""
    return (temperature_f - 32) / 1.8


def test_examples_in_the_docstrings_are_true() -> None:
    """The numbers that the docstrings quote from their sources come out of the code."""
    result = doctest.testmod(psychrometrics)
    assert result.attempted >= 10
    assert result.failed == 0


@pytest.mark.parametrize("humidity_pct", NWS_CHART_F)
def test_heat_index_prints_the_nws_chart(humidity_pct: int) -> None:
    """Rounded to whole °F, the heat index is what the NWS chart prints."""
    row = NWS_CHART_F[humidity_pct]
    computed = {t: round(known(heat_index_c(celsius(t), humidity_pct)) * 1.8 + 32) for t in row}
    assert computed == row


@pytest.mark.parametrize(("temperature_c", "humidity_pct", "expected_c"), NWS_BRANCHES)
def test_heat_index_takes_every_branch_of_the_nws_procedure(
    temperature_c: float, humidity_pct: float, expected_c: float
) -> None:
    """The simple formula and both corrections agree with the procedure worked by hand."""
    assert heat_index_c(temperature_c, humidity_pct) == pytest.approx(expected_c, abs=0.002)


@pytest.mark.parametrize(("temperature_c", "dew_c", "expected"), HUMIDEX_TABLE)
def test_humidex_prints_the_published_table(
    temperature_c: float, dew_c: float, expected: float
) -> None:
    """Through a humidity made from the dew point, the humidex is the printed whole number."""
    humidity_pct = relative_humidity_from_dew_point_pct(temperature_c, dew_c)
    assert humidex(temperature_c, humidity_pct) == pytest.approx(expected, abs=0.6)


def test_humidex_of_the_indoor_trial_condition_is_29() -> None:
    """26 °C at 45 % is a humidex of 29, as the trial registry NCT07189507 says."""
    assert humidex(26, 45) == pytest.approx(29, abs=0.5)


@pytest.mark.parametrize(("temperature_c", "humidity_pct", "expected_c", "tolerance"), WET_BULBS)
def test_wet_bulb_matches_published_values(
    temperature_c: float, humidity_pct: float, expected_c: float, tolerance: float
) -> None:
    """The wet bulb is within the fit's error of printed tables and of ASHRAE."""
    assert wet_bulb_c(temperature_c, humidity_pct) == pytest.approx(expected_c, abs=tolerance)


@pytest.mark.parametrize(("temperature_c", "humidity_pct", "expected_c", "tolerance"), DEW_POINTS)
def test_dew_point_matches_published_values(
    temperature_c: float, humidity_pct: float, expected_c: float, tolerance: float
) -> None:
    """The dew point is within rounding of printed examples and of ASHRAE."""
    assert dew_point_c(temperature_c, humidity_pct) == pytest.approx(expected_c, abs=tolerance)


def shared_misses(
    shared_data: Path, metrics: Iterable[str], compute: Callable[[dict[str, str]], float | None]
) -> tuple[int, list[str]]:
    """Return how many shared rows these metrics have, and those that are out of tolerance."""
    wanted = set(metrics)
    with (shared_data / "reference_values.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] in wanted]
    misses = []
    for row in rows:
        value = known(compute(row))
        # Humidex tables are whole numbers of a neighbouring form: at least 1 is allowed.
        least = 1.0 if row["metric"] == "humidex_dewpoint_form" else 0.0
        if abs(value - float(row["expected"])) > max(float(row["tolerance"]), least):
            misses.append(f"{row['metric']} {row['input_t_c']} {row['input_rh']}: {value}")
    return len(rows), misses


def of_temperature_and_humidity(
    metric: Metric,
) -> Callable[[dict[str, str]], float | None]:
    """Return a function that applies the metric to a row of the shared file."""
    return lambda row: metric(float(row["input_t_c"]), float(row["input_rh"]))


def humidex_of_row(row: dict[str, str]) -> float | None:
    """Return the humidex of a shared row that gives humidity or else a dew point."""
    temperature_c = float(row["input_t_c"])
    if row["input_rh"]:
        return humidex(temperature_c, float(row["input_rh"]))
    dew_c = float(row["other"].removeprefix("dew_point_c="))
    return humidex(temperature_c, relative_humidity_from_dew_point_pct(temperature_c, dew_c))


@pytest.mark.parametrize(
    ("metrics", "compute"),
    [
        (["heat_index"], of_temperature_and_humidity(heat_index_c)),
        (["humidex", "humidex_dewpoint_form"], humidex_of_row),
        (["wet_bulb_stull", "wet_bulb_psychrometric"], of_temperature_and_humidity(wet_bulb_c)),
        (["dew_point"], of_temperature_and_humidity(dew_point_c)),
    ],
    ids=["heat_index", "humidex", "wet_bulb", "dew_point"],
)
def test_recorded_reference_values_are_within_their_tolerance(
    shared_data: Path, metrics: list[str], compute: Callable[[dict[str, str]], float | None]
) -> None:
    """Every row of the recorded reference values comes out within the row's own tolerance."""
    count, misses = shared_misses(shared_data, metrics, compute)
    assert count >= 30
    assert misses == []
