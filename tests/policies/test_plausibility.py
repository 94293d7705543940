"""Prove which readings are believed, refused or held against the sensor."""

from __future__ import annotations

import csv
import gzip
import math
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import SensorMessage
from policies.plausibility import (
    INDOORS,
    LOOKS_LIKE_FAHRENHEIT,
    Bounds,
    PlausibilityState,
    Verdict,
    check_reading,
    suspect_reason,
)

HOUR_S = 3600.0


def judge(
    *readings: tuple[float, float | None] | tuple[float, float | None, float | None],
    bounds: Bounds = INDOORS,
) -> tuple[PlausibilityState, list[Verdict]]:
    """Return the last state and every verdict for `(second, temperature[, humidity])` readings."""
    state, verdicts = PlausibilityState(), []
    for at_s, temperature_c, *humidity in readings:
        message = SensorMessage(temperature_c, humidity[0] if humidity else None)
        state, verdict = check_reading(state, message, at_s, bounds)
        verdicts.append(verdict)
    return state, verdicts


@pytest.mark.parametrize(
    ("temperature_c", "rejected"),
    [
        (-10.01, "out_of_range"),
        (-10.0, None),
        (45.0, None),
        (45.01, "out_of_range"),
        (50.0, LOOKS_LIKE_FAHRENHEIT),
        (80.6, LOOKS_LIKE_FAHRENHEIT),
        (122.1, "out_of_range"),
        (-100.0, "out_of_range"),
        (math.nan, "nan"),
        (math.inf, "nan"),
    ],
)
def test_bounds(temperature_c: float, rejected: str | None) -> None:
    """A temperature that no room has is refused with a reason."""
    _, [verdict] = judge((0, temperature_c))
    assert verdict.rejected == rejected
    assert verdict.temperature_c == (temperature_c if rejected is None else None)


@pytest.mark.parametrize(
    ("humidity_pct", "is_believed"),
    [(-0.1, False), (0.0, True), (100.0, True), (100.1, False), (math.nan, False), (654.0, False)],
)
def test_a_refused_humidity_leaves_the_temperature(
    humidity_pct: float,
    is_believed: bool,  # noqa: FBT001 - a table column
) -> None:
    """Humidity outside 0..100 % is refused and the temperature beside it stands."""
    _, [verdict] = judge((0, 25.0, humidity_pct))
    assert verdict.temperature_c == 25.0
    assert verdict.relative_humidity_pct == (humidity_pct if is_believed else None)
    assert verdict.rejected == (None if is_believed else "humidity_out_of_range")


def test_a_parser_refusal_keeps_the_good_humidity() -> None:
    """What the parser refused stays refused, and a good humidity beside it is used."""
    message = SensorMessage(None, 50.0, rejected="nan")
    _, verdict = check_reading(PlausibilityState(), message, 0.0)
    assert verdict == Verdict(None, 50.0, "nan", None)


@pytest.mark.parametrize(
    ("after_s", "temperature_c", "is_believed"),
    [
        (1, 34.0, True),  # a whole minute's step is always allowed
        (1, 34.1, False),
        (60, 34.1, False),
        (90, 39.0, False),  # a pause between two readings makes no leap believable
        (1799, 34.0, True),
        (1799, 44.9, False),
        (1800, 44.9, True),
    ],
)
def test_a_step_is_refused_above_ten_kelvin_a_minute(
    after_s: float,
    temperature_c: float,
    is_believed: bool,  # noqa: FBT001 - a table column
) -> None:
    """More than 10 K within half an hour, or 10 K a minute after that, is a jump."""
    _, verdicts = judge((0, 24.0), (after_s, temperature_c))
    assert (verdicts[1].temperature_c is not None) is is_believed
    assert verdicts[1].rejected == (None if is_believed else "step")


def test_a_jump_is_believed_after_two_confirmations() -> None:
    """A jump counts from its third agreeing reading; one that does not agree begins anew."""
    _, verdicts = judge((0, 20.0), (60, 36.0), (120, 36.5), (180, 37.0))
    assert [verdict.temperature_c for verdict in verdicts] == [20.0, None, None, 37.0]
    assert not verdicts[-1].is_suspect
    _, verdicts = judge((0, 10.0), (5, 30.0), (10, 40.0), (15, 40.0), (20, 40.0))
    assert [verdict.temperature_c for verdict in verdicts] == [10.0, None, None, None, 40.0]


def test_a_spike_does_not_count_towards_a_later_jump() -> None:
    """A reading near the old value ends the waiting jump."""
    _, verdicts = judge((0, 20.0), (60, 36.0), (120, 20.1), (125, 36.0), (130, 36.0))
    assert [verdict.rejected for verdict in verdicts] == [None, "step", None, "step", "step"]


def test_the_step_check_can_be_switched_off() -> None:
    """Bounds without a step believe any reading in range."""
    _, verdicts = judge((0, 20.0), (1, 44.0), bounds=Bounds(-10.0, 45.0, None))
    assert verdicts[1].temperature_c == 44.0


def test_three_refused_in_a_row_make_a_sensor_suspect() -> None:
    """The third refusal in a row is trouble, and one good reading ends it."""
    _, verdicts = judge((0, 25.0), (60, 99.0), (120, 99.0), (180, 99.0), (240, 25.0))
    reasons = [verdict.suspect_reason for verdict in verdicts]
    assert reasons == [None, None, None, "rejected", None]


@pytest.mark.parametrize(
    ("hours", "temperature_c", "humidity_range_pct", "expected"),
    [
        (12.0, 24.37, 10.0, None),
        (12.1, 24.37, 10.0, "stuck"),
        (12.1, 24.37, 5.0, "stuck"),
        (12.1, 24.37, 4.9, None),  # nothing moved, so nothing is proven
        (36.0, 24.5, 10.0, None),  # a sensor of half degrees may stay for long
        (36.1, 24.5, 10.0, "stuck"),
    ],
)
def test_stuck(
    hours: float, temperature_c: float, humidity_range_pct: float, expected: str | None
) -> None:
    """The same temperature to the bit for half a day while humidity moves is a stuck sensor."""
    readings = [
        (hours * HOUR_S * part / 100, temperature_c, 40.0 + humidity_range_pct * (part % 2))
        for part in range(101)
    ]
    state, verdicts = judge(*readings)
    assert verdicts[-1].suspect_reason == expected
    moved, verdict = check_reading(
        state, SensorMessage(temperature_c + 0.01, 40.0), (hours + 0.1) * HOUR_S
    )
    assert verdict.suspect_reason is None
    assert suspect_reason(moved, (hours + 0.2) * HOUR_S) is None


def test_other_rooms_show_a_stuck_sensor_without_humidity() -> None:
    """Other rooms that moved by two kelvins prove it too, and silence alone is not being stuck."""
    state, _ = judge(*[(hour * HOUR_S, 24.37) for hour in range(14)])
    assert suspect_reason(state, 13 * HOUR_S, others_range_c=2.0) == "stuck"
    assert suspect_reason(state, 13 * HOUR_S, others_range_c=1.9) is None
    silent, _ = judge((0, 24.37, 40.0), (60, 24.37, 50.0))
    assert suspect_reason(silent, 20 * HOUR_S, others_range_c=9.0) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([24.0, 28.0, 24.0, 28.0], "conflict"),
        ([24.0, 27.0, 24.0, 27.0], None),  # 3 K is not more than 3 K
        ([24.0, 27.1, 24.0, 27.1], "conflict"),
        ([24.0, 24.1, 28.0, 24.1, 24.0, 28.1], "conflict"),  # one source speaks more often
        ([24.0, 28.0, 28.1, 28.0], None),  # moved once
        ([24.0, 28.0, 24.0, 24.1], None),  # one spike
        ([24.0, 28.0, 32.0, 36.0], None),  # an oven, not two sources
        ([20.0, 36.0, 20.0, 36.0], "conflict"),  # although every second one is refused as a jump
    ],
)
def test_two_sources_on_one_topic(values: list[float], expected: str | None) -> None:
    """Readings that go to and fro between two values more than 3 K apart are two sources."""
    state, verdicts = judge(*[(index * 60.0, value) for index, value in enumerate(values)])
    assert verdicts[-1].suspect_reason == expected
    assert suspect_reason(state, len(values) * 60.0 + HOUR_S + 1) is None


def test_slow_swings_are_no_conflict() -> None:
    """An air conditioner that swings the room by 4 K within quarter hours is no second source."""
    _, verdicts = judge(*[(index * 900.0, 24.0 + 4.0 * (index % 2)) for index in range(20)])
    assert not any(verdict.is_suspect for verdict in verdicts)


numbers = st.one_of(st.none(), st.floats(), st.floats(-20, 60), st.floats(20, 30))


@given(st.lists(st.tuples(st.floats(0.0, 7200.0), numbers, numbers), max_size=40))
def test_nothing_absurd_gets_through(
    readings: list[tuple[float, float | None, float | None]],
) -> None:
    """Every believed number is finite and in range, and a refusal always has a reason."""
    state, now_s = PlausibilityState(), 0.0
    for gap_s, temperature_c, humidity_pct in readings:
        now_s += gap_s
        state, verdict = check_reading(state, SensorMessage(temperature_c, humidity_pct), now_s)
        believed = verdict.temperature_c
        assert believed is None or -10.0 <= believed <= 45.0
        assert believed in {None, temperature_c}
        pct = verdict.relative_humidity_pct
        assert pct is None or 0.0 <= pct <= 100.0
        lost = (temperature_c is not None and believed is None) or (
            humidity_pct is not None and pct is None
        )
        assert lost == (verdict.rejected is not None)


def test_recorded_rooms_are_believed(shared_data: Path) -> None:
    """None of 154,000 readings of five working loggers is refused or held against them."""
    states: dict[str, PlausibilityState] = {}
    refused = suspect = 0
    with gzip.open(shared_data / "indoor" / "baltimore_2019_raw_75s.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            celsius = (float(row["t_in_f"]) - 32) / 1.8
            message = SensorMessage(celsius, float(row["rh_in_pct"]))
            now_s = datetime.fromisoformat(row["time_local"]).timestamp()
            state = states.get(row["home"], PlausibilityState())
            states[row["home"]], verdict = check_reading(state, message, now_s)
            refused += verdict.rejected is not None
            suspect += verdict.is_suspect
    assert len(states) == 5
    assert (refused, suspect) == (0, 0)
