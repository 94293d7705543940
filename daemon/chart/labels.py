"""Find a place beside each line for its label, where it hides as little as possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

Points = Sequence[tuple[float, float]]

HEIGHT: Final = 11.0  # of a label's text, in the units of the picture
_ABOVE, _BELOW = -4.0, 12.0  # from the line to the text's base
_STEP: Final = 6.0
_CROWDED: Final = 1000.0
_STEEP: Final = 2.0
_FAR: Final = 0.02  # of two equal places the later one: it is nearer to the present


class Places:
    """Give labels places in a plot, one after the other."""

    def __init__(self, lines: Sequence[Points], edges: tuple[float, float, float, float]) -> None:
        """Take all lines, and the plot's left, right, top and bottom edges."""
        self._lines = lines
        self._left, self._right, self._top, self._bottom = edges
        self._taken: list[tuple[float, float, float, float]] = []

    def find(self, line: Points, width: float) -> tuple[float, float] | None:
        """Return where a label so wide begins and its base, or `None` without a line."""
        best: tuple[float, float, float] | None = None
        for x, y, cost in self._candidates(line, width):
            if best is None or cost <= best[2]:
                best = (x, y, cost)
        if best is None:
            return None
        x, y, _ = best
        self._taken.append((x, y - HEIGHT, x + width, y + 2))
        return x, y

    def _candidates(self, line: Points, width: float) -> Iterator[tuple[float, float, float]]:
        x = self._left + 2
        while x + width <= self._right - 2:
            along = _heights(line, x, x + width)
            if along:
                lowest, highest = max(along), min(along)
                for y in (highest + _ABOVE, lowest + _BELOW):
                    yield (
                        x,
                        y,
                        self._cost(line, (x, y - HEIGHT, x + width, y + 2), lowest - highest),
                    )
            x += _STEP

    def _cost(self, own: Points, box: tuple[float, float, float, float], steepness: float) -> float:
        left, top, right, bottom = box
        cost = _STEEP * steepness - _FAR * left
        if top < self._top or bottom > self._bottom:
            cost += _CROWDED
        cost += sum(_CROWDED for taken in self._taken if _overlap(box, taken))
        for line in self._lines:
            if line is not own:
                inside = [y for y in _heights(line, left - 2, right + 2) if top <= y <= bottom]
                cost += _CROWDED / 4 if inside else 0.0
        return cost


def _heights(line: Points, left: float, right: float) -> list[float]:
    """Return how high a line is between two places, at its points and at both ends."""
    found = [y for x, y in line if left <= x <= right]
    for place in (left, right):
        for (x, y), (next_x, next_y) in pairwise(line):
            if x <= place < next_x:
                found.append(y + (next_y - y) * (place - x) / (next_x - x))
    return found


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
