"""The arithmetic of the bench: a wrong quantile would make every other number worthless."""

from __future__ import annotations

import pytest

from tests.bench.figures import Row, quantile, quantiles, ratios, render_table, spread


@pytest.mark.parametrize(
    ("count", "share", "expected"),
    [(100, 0.50, 50), (100, 0.95, 95), (100, 0.99, 99), (30, 0.95, 29), (1, 0.99, 1), (3, 0.5, 2)],
)
def test_quantile_is_a_nearest_rank(count: int, share: float, expected: float) -> None:
    """A quantile is a sample, found by its rank whatever the order of the samples."""
    samples = [float(value) for value in range(count, 0, -1)]
    assert quantile(samples, share) == expected


def test_one_slow_answer_in_fifty_shows_in_the_tail_only() -> None:
    """Two slow answers of a hundred are the p99 and leave p50 and p95 alone."""
    found = quantiles([1.0] * 98 + [40.0] * 2)
    assert (found.p50, found.p95, found.p99) == (1.0, 1.0, 40.0)
    assert found.render(1000, 0) == "1000 / 1000 / 40000"


def test_nothing_measured_is_no_number() -> None:
    """Without samples there is an error, not a zero that looks like a record."""
    with pytest.raises(ValueError, match="no samples"):
        quantile([], 0.5)
    with pytest.raises(ValueError, match="no values"):
        spread([])


def test_ratio_compares_slices_that_saw_the_same_machine() -> None:
    """A machine that turns three times slower changes both sides, and not their ratio."""
    found = ratios([[2.0, 2.0, 9.0], [6.0, 6.0, 6.0]], [[1.0, 1.0, 1.0], [3.0, 3.0, 3.0]])
    assert (found.median, found.lowest, found.highest) == (2.0, 2.0, 2.0)
    assert found.render() == "2.00 (2.00-2.00)"


def test_table_says_what_was_missed() -> None:
    """Every aim ends in met or MISSED; a heading stands alone; columns line up."""
    lines = render_table(
        [
            Row("Speed"),
            Row("latency", "0.50 ms", "0.40 ms", "1.25", "1.50", is_met=True),
            Row("memory", "70 MiB", aim="60 MiB", is_met=False),
            Row("threads", "6"),
        ]
    ).splitlines()
    assert lines[2] == "Speed"
    assert lines[3].endswith("met")
    assert lines[4].endswith("MISSED")
    assert lines[5].split() == ["threads", "6"]
    assert lines[3].index("0.50 ms") == lines[4].index("70 MiB")
