"""Place moments and temperatures on the paper, the same for every way of drawing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from daemon.chart.model import Chart, Line

WIDTH: Final = 360  # as many pixels as a phone has, so that text keeps its size there
MARGIN: Final = 5.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 352.0, 44.0, 194.0  # the plot
LETTER: Final = 5.9  # the usual width of a letter of 11 px


_TITLE_LETTER: Final = 8.5  # of 14 px, bold; Chinese letters and pictures are as wide as high
_TITLE_WIDE: Final = 14.5


def title_width(title: str) -> float:
    """Return how wide a title comes out at most, in the units of the picture."""
    return sum(
        _TITLE_WIDE if unicodedata.east_asian_width(letter) in "WF" else _TITLE_LETTER
        for letter in title
    )


class Frame:
    """Place moments and temperatures in the plot."""

    def __init__(self, chart: Chart) -> None:
        """Take the chart's span and scale."""
        # Seconds: two times of one zone differ by its wall clock, also where that was set.
        self._start_s = chart.start.timestamp()
        self._span_s = chart.end.timestamp() - self._start_s
        self._lowest_c, self._highest_c = chart.scale_c()

    def x(self, at: datetime) -> float:
        """Return where a moment is; one beyond the edges is at the edge."""
        part = min(max((at.timestamp() - self._start_s) / self._span_s, 0.0), 1.0)
        return LEFT + (RIGHT - LEFT) * part

    def y(self, temperature_c: float) -> float:
        """Return where a temperature is, likewise."""
        part = (temperature_c - self._lowest_c) / (self._highest_c - self._lowest_c)
        return BOTTOM - (BOTTOM - TOP) * min(max(part, 0.0), 1.0)


def now_line(frame: Frame, chart: Chart) -> list[tuple[float, float]]:
    """Return where the past ends as places close together, which labels keep away from."""
    if chart.now is None:
        return []
    return [(frame.x(chart.now), y) for y in range(int(TOP), int(BOTTOM), 4)]


def stretches(frame: Frame, line: Line) -> Iterator[list[tuple[float, float]]]:
    """Yield the parts of a line between its gaps, as places."""
    found: list[tuple[float, float]] = []
    for at, value in line.points:
        if value is None:
            if found:
                yield found
            found = []
        else:
            found.append((frame.x(at), frame.y(value)))
    if found:
        yield found
