"""Compare the psychrometrics with two independent libraries, where the extra `oracle` is there.

What differs on purpose is left out: pythermalcomfort's heat index is the bare regression, and
thermofeel's simple branch is not averaged with the air temperature. Ours caps the wet bulb at the
air temperature, which matters by 0.01 K at 99 %.
"""

import warnings
from itertools import product

import pytest

from policies.psychrometrics import (
    dew_point_c,
    heat_index_c,
    humidex,
    relative_humidity_from_dew_point_pct,
    wet_bulb_c,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    numpy = pytest.importorskip("numpy")
    thermofeel = pytest.importorskip("thermofeel")
    models = pytest.importorskip("pythermalcomfort.models")
    their_psychrometrics = pytest.importorskip("pythermalcomfort.psychrometrics")

KELVIN = 273.15
GRID = [(t / 2, float(rh)) for t, rh in product(range(20, 91), range(5, 100, 2))]


def worst(pairs: list[tuple[float | None, float]]) -> float:
    """Return the largest difference between ours and theirs; ours must be known."""
    assert pairs
    return max(abs(ours - theirs) for ours, theirs in pairs if ours is not None)


def test_thermofeel_agrees_on_heat_index_humidex_and_wet_bulb() -> None:
    """Over 10-45 °C thermofeel has the same regression, corrections, humidex and wet bulb."""
    air_k = numpy.array([t + KELVIN for t, _ in GRID])
    dew_k = numpy.array([(dew_point_c(t, rh) or 0.0) + KELVIN for t, rh in GRID])
    their_rh = thermofeel.calculate_relative_humidity_percent(air_k, dew_k)
    index_k = thermofeel.calculate_heat_index_adjusted(air_k, dew_k)
    # Feed ours the humidity that theirs made of the dew point, to compare the index alone.
    heat_index = worst(
        [
            (heat_index_c(t, float(rh)), float(theirs) - KELVIN)
            for (t, _), rh, theirs in zip(GRID, their_rh, index_k, strict=True)
            if t >= 27.5 and rh <= 100
        ]
    )
    humidexes = thermofeel.calculate_humidex(air_k, dew_k)
    their_humidex = worst(
        [
            (humidex(t, rh), float(theirs) - KELVIN)
            for (t, rh), theirs in zip(GRID, humidexes, strict=True)
        ]
    )
    wet_k = thermofeel.calculate_wbt(air_k, numpy.array([rh for _, rh in GRID]))
    wet_bulb = worst(
        [
            (wet_bulb_c(t, rh), min(t, float(theirs) - KELVIN))
            for (t, rh), theirs in zip(GRID, wet_k, strict=True)
        ]
    )
    print(f"thermofeel: {heat_index=:.2e} {their_humidex=:.3f} {wet_bulb=:.2e}")  # noqa: T201
    assert heat_index < 1e-6
    assert their_humidex < 0.06  # 273.15 K in both places of the vapour pressure, ours 273.16
    assert wet_bulb < 1e-6


def test_pythermalcomfort_agrees_on_regression_humidex_wet_bulb_and_dew_point() -> None:
    """Where the NWS applies no correction, pythermalcomfort has the same values."""
    heat_index = worst(
        [
            (
                heat_index_c(t, rh),
                float(models.heat_index_rothfusz(t, rh, round_output=False).hi),
            )
            for t, rh in GRID
            if 27.5 <= t <= 38 and 20 <= rh <= 80
        ]
    )
    their_humidex = worst(
        [
            (
                humidex(t, rh),
                float(models.humidex(t, rh, model="masterson", round_output=False).humidex),
            )
            for t, rh in GRID
        ]
    )
    wet_bulb = worst(
        [
            (wet_bulb_c(t, rh), min(t, float(their_psychrometrics.wet_bulb_tmp(t, rh))))
            for t, rh in GRID
        ]
    )
    dew_point = worst(
        [(dew_point_c(t, rh), float(their_psychrometrics.dew_point_tmp(t, rh))) for t, rh in GRID]
    )
    humidity = worst(
        [
            (
                relative_humidity_from_dew_point_pct(
                    t, float(their_psychrometrics.dew_point_tmp(t, rh))
                ),
                rh,
            )
            for t, rh in GRID
        ]
    )
    print(  # noqa: T201
        f"pythermalcomfort: {heat_index=:.2e} {their_humidex=:.3f} {wet_bulb=:.2e} "
        f"{dew_point=:.3f} {humidity=:.3f}"
    )
    assert heat_index < 1e-4  # its coefficients are rounded in °C
    assert their_humidex < 0.06
    assert wet_bulb < 1e-6
    assert dew_point < 0.05  # other Magnus coefficients
    assert humidity < 0.05
