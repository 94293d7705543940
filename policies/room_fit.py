"""Fit straight lines to rows that come day by day, without keeping the rows.

What is kept are the sums of products of each line: forgetting them slowly stands for a window over
the last days, and a day is learned in the time that its own rows take.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from itertools import repeat
from operator import add, mul
from typing import Final

PENALTY: Final = 0.1
CONSTANT_PENALTY: Final = 0.01
"""How strongly a line is drawn to its start, for each unit of weight (ridge)."""


class Sums:
    """Hold the weighted sums of products of rows `(x1 ... xn, y)`: the lower triangle by rows."""

    def __init__(self, numbers: int) -> None:
        self.width = numbers + 1
        self.values = array("d", bytes(8 * (self.width * (self.width + 1) // 2)))

    def add(self, rows: Sequence[tuple[Sequence[float], float, float]], kept: float) -> None:
        """Add rows of numbers, what came of them, and weight; the past counts `kept` times."""
        values = [kept * value for value in self.values] if kept != 1.0 else list(self.values)
        for numbers, outcome, weight in rows:
            row = [*numbers, outcome]
            products: list[float] = []
            for end, number in enumerate(row, 1):
                products += map(mul, repeat(weight * number, end), row)
            values = list(map(add, values, products))
        self.values = array("d", values)


def added(parts: Sequence[tuple[Sums, float]]) -> Sums:
    """Return the sums of several parts together, each counted by its weight."""
    (first, first_weight), *others = parts
    together = Sums(first.width - 1)
    values = [first_weight * value for value in first.values]
    for sums, weight in others:
        values = list(map(add, values, map(mul, repeat(weight), sums.values)))
    together.values = array("d", values)
    return together


def solve(sums: Sums, start: Sequence[float]) -> list[float] | None:
    """Return the line that fits weighted sums best and stays near the start.

    Args:
        sums: what was learned.
        start: the line that stands where nothing was learned.

    Returns:
        A factor for each number; `None` without any rows.
    """
    numbers = len(start)
    triangle = list(sums.values)
    rows = [triangle[end * (end + 1) // 2 : (end + 1) * (end + 2) // 2] for end in range(numbers)]
    outcomes = triangle[numbers * (numbers + 1) // 2 :][:numbers]
    weight = rows[-1][-1]  # the last number of a row is 1
    if weight <= 0.0:
        return None
    for place, row in enumerate(rows):
        penalty = PENALTY if place < numbers - 1 else CONSTANT_PENALTY
        row[-1] += penalty * weight
        outcomes[place] += penalty * weight * start[place]
    return _solved(rows, outcomes)


def _solved(rows: list[list[float]], outcomes: list[float]) -> list[float]:
    """Solve a symmetric positive system by Cholesky; its rows end at the diagonal."""
    size = len(rows)
    lower: list[list[float]] = []
    for place, row in enumerate(rows):
        mine: list[float] = []
        for other, value in enumerate(row[:place]):
            factor = lower[other]
            mine.append((value - sum(map(mul, mine, factor))) / factor[other])
        mine.append(math.sqrt(row[place] - sum(map(mul, mine, mine))))
        lower.append(mine)
    middle: list[float] = []
    for mine, outcome in zip(lower, outcomes, strict=True):
        middle.append((outcome - sum(map(mul, mine, middle))) / mine[-1])
    line = [0.0] * size
    for place in range(size - 1, -1, -1):
        line[place] = middle[place] / lower[place][place]
        value = line[place]
        for other, part in enumerate(lower[place][:place]):
            middle[other] -= part * value
    return line
