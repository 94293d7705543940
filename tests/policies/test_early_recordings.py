"""Prove on a recorded summer that an early announcement can be trusted."""

from __future__ import annotations

from pathlib import Path
from statistics import mean, median

from tests.early_announcements import EVENING_H, MORNING_H, measure, new_tallies
from tests.policies.test_outlook_recordings import belgium


def test_what_is_announced_early_comes_true(shared_data: Path) -> None:
    """Four rooms, one summer: most come true, nearly all within half a degree, hours are right."""
    tallies = new_tallies()
    for record in belgium(shared_data).values():
        measure(record, tallies)
    (evening, likely_in_evening), (morning, likely) = tallies[EVENING_H], tallies[MORNING_H]
    print(f"\n{evening.row('the evening before')}\n{morning.row('in the morning')}")  # noqa: T201
    for tally, caught in ((evening, 0.4), (morning, 0.65)):
        assert tally.announced >= 40
        assert tally.came / tally.announced >= 0.75
        assert tally.nearly / tally.announced >= 0.88
        assert tally.came / tally.hot_days >= caught
        assert median(tally.errors_h) <= 2
    assert mean(morning.is_in_range) >= 0.75
    for tally, came in ((likely_in_evening, 0.8), (likely, 0.9)):  # what has a sound
        assert tally.announced >= 15
        assert tally.came / tally.announced >= came
