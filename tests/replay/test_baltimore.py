"""A recorded home is replayed with numbers that make sense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.replay.baltimore import write_home
from tests.replay.homes import replay

MOST_A_DAY = 9  # eight, and one that tells of a gap


@pytest.mark.timeout(170)
def test_recorded_home_gets_hot_and_is_told(tmp_path: Path, shared_data: Path) -> None:
    """Home B, 13 to 20 June: hot spells that were told before, few messages, fewer by threshold."""
    config, files = write_home("B", shared_data, tmp_path, "2019-06-13", "2019-06-20")
    result = replay(config, files, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    heat, plain = found["too_hot"], found["plain_threshold"]
    assert found["days"] == pytest.approx(7.5, abs=0.6)
    assert 100 < heat["hours"] < 160
    # The other one's day was announced for the morning, and answered; it came in the evening.
    assert (heat["spells"], heat["announced_spells"]) == (2, 1)
    assert heat["announced_share"] > 0.9
    assert heat["lost_spells"] == 0
    assert heat["shortest_lead_h"] > 1.0
    assert found["messages"]["most_a_day"] <= MOST_A_DAY
    # What is humid rather than hot is missed by a thermometer.
    assert plain["too_hot"]["lost_spells"] == 2
    assert plain["messages"]["total"] < found["messages"]["by_kind"]["heat"]
