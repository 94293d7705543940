"""Every number accepts its published range to the very edge and nothing beyond."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.model import CoolingTable, PersonTable, ThresholdsTable
from config.table import Table
from tests.settings_texts import HOME, HOME_ASSISTANT, MINIMAL, PERSON, ROOM, load, refusal

# lowest, default, highest; one step outside is refused. Source: EVIDENCE 8.
PERSON_RANGES = {
    "level_1_c": (23, 26, 28),
    "level_2_c": (26, 29, 31),
    "level_3_c": (29, 32, 33),
    "night_level_1_c": (20, 24, 26),
    "night_level_2_c": (20, 26, 26),
    "offset_c": (-3, 0, 2),
    "drinks_goal_ml": (1000, None, 3000),
    "portion_ml": (100, 200, 300),
    "drink_interval_s": (2700, 7200, 10_800),
    "evening_cut_off_s": (0, 7200, 14_400),
}
COOLING_RANGES = {
    "target_day_c": (20, 24, 26),
    "target_night_c": (20, 22, 26),
    "minimum_on_s": (120, None, 1800),
    "minimum_off_s": (120, None, 1800),
    "max_run_s": (14_400, 43_200, 86_400),
    "blind_cooling_max_s": (0, 10_800, 21_600),
    "override_s": (1800, 7200, 43_200),
    "fan_percentage": (1, None, 100),
    "running_power_w": (1, 50, 3000),
}
THRESHOLD_RANGES = {
    "rolling_window_s": (60, 1800, 3600),
    "fast_window_s": (60, 600, 1800),
    "resolve_hold_s": (0, 900, 3600),
    "hysteresis_c": (0, 0.5, 2),
    "nudges_per_day": (0, 6, 24),
    "pushes_per_day": (1, 8, 24),
    "planning_horizon_h": (1, 8, 24),
}
# Neighbours of a level at its edge, so that the order of levels does not interfere.
NEIGHBOURS: dict[tuple[str, float], str | None] = {
    ("level_1_c", 28): "level_2_c = 29\n",
    ("level_2_c", 26): "level_1_c = 25\n",
    ("level_3_c", 29): "level_2_c = 28\n",
    ("night_level_1_c", 26): None,
    ("night_level_2_c", 20): None,
}


def person(line: str) -> str:
    """Return settings with a line in the person."""
    return HOME + PERSON + line + ROOM


def cooling(line: str) -> str:
    """Return settings with a line in a fan."""
    return MINIMAL + '[[room.cooling]]\nentity = "fan.a"\n' + line + HOME_ASSISTANT


def thresholds(line: str) -> str:
    """Return settings with a threshold."""
    return MINIMAL + "[thresholds]\n" + line


BUILDERS = {"person": person, "cooling": cooling, "thresholds": thresholds}
MODELS: dict[str, type[Table]] = {
    "person": PersonTable,
    "cooling": CoolingTable,
    "thresholds": ThresholdsTable,
}
CASES = [
    (table, key, *limits)
    for table, ranges in (
        ("person", PERSON_RANGES),
        ("cooling", COOLING_RANGES),
        ("thresholds", THRESHOLD_RANGES),
    )
    for key, limits in ranges.items()
]


@pytest.mark.parametrize(("table", "key", "low", "default", "high"), CASES)
def test_range(
    tmp_path: Path, table: str, key: str, low: float, default: float | None, high: float
) -> None:
    """The edges are accepted, a step beyond is refused with the range, the default is ours."""
    build = BUILDERS[table]
    for value in (low, high):
        neighbour = NEIGHBOURS.get((key, value), "")
        if neighbour is not None:
            load(tmp_path, build(f"{key} = {value}\n{neighbour}"))
    step = 0.01 if key.endswith("_c") else 1
    for value in (low - step, high + step):
        if (key, value) == ("planning_horizon_h", 0):
            continue  # switches it off
        (problem,) = refusal(tmp_path, build(f"{key} = {value}\n"))
        assert f"{key} = {value}: allowed {low:g} to {high:g}" in problem
    assert MODELS[table].model_fields[key].default == default
