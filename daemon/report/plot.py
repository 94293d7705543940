"""Draw a report with matplotlib: reads it from standard input, writes a PNG to standard output.

Run as a process of its own, `python -m daemon.report.plot`: matplotlib is large and must not stay.
"""

from __future__ import annotations

import io
import math
import sys
import textwrap
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from daemon.chart.labels import Places
from daemon.chart.layout import MARGIN, WIDTH, title_width
from daemon.chart.model import Chart, Ink, Line, Row
from daemon.chart.svg import short
from daemon.records import from_json

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN: Final = 3.6  # inches of 100 points, so that text is as large as in the SVG
DPI: Final = 200
_LETTERS: Final = 56  # of a line of text
_LINE_IN: Final = 0.16
_PLOT_IN: Final = 1.65
_TITLE_IN: Final = 0.46
_TICKS_IN: Final = 0.26
_ROW_IN: Final = 0.2
_GAP_IN: Final = 0.18
_LEFT, _RIGHT = 0.115, 0.975
_WIDE, _TALL, _LETTER = 310.0, 165.0, 5.6  # the plot and a letter, in hundredths of an inch
_DOT: Final = 14.0
_NARROWEST_LABEL: Final = 0.04  # of the plot's width
_DAY_NAME: Final[dict[str, Any]] = {"ha": "center", "va": "top", "color": "#555555"}
_LOOKS: Final[dict[Ink, dict[str, Any]]] = {
    Ink.INDOORS: {"color": "#0072b2", "linewidth": 2.0},
    Ink.EXPECTED: {"color": "#0072b2", "linewidth": 1.6, "linestyle": (0, (4, 2))},
    Ink.OUTDOORS: {"color": "#6b6b6b", "linewidth": 1.2, "linestyle": (0, (1, 1.6))},
    Ink.LIMIT: {"color": "#222222", "linewidth": 0.9},
    Ink.OTHER: {"color": "#d55e00", "linewidth": 1.4, "linestyle": (0, (5, 2, 1, 2))},
}
_FILLS: Final = {
    "level0": "#f1f1f1",
    "level1": "#fee391",
    "level2": "#fe9929",
    "level3": "#b34700",
    "level4": "#662506",
    "unseen": "#ffffff",
    "on": "#0072b2",
    "drink": "#009e73",
    "message": "#222222",
}


@dataclass(frozen=True, slots=True)
class Plot:
    """Hold what is drawn: a heading, sentences, charts below each other, and a list."""

    heading: str
    sentences: tuple[str, ...]
    charts: tuple[Chart, ...]
    told: tuple[str, ...]


def render(plot: Plot) -> bytes:
    """Return the picture."""
    import matplotlib as mpl  # noqa: PLC0415 - only in the process that draws

    mpl.use("agg")
    from matplotlib.figure import Figure  # noqa: PLC0415

    mpl.rcParams.update({"font.size": 7.5, "text.parse_math": False, "axes.linewidth": 0.5})
    said = [line for sentence in plot.sentences for line in textwrap.wrap(sentence, _LETTERS)]
    told = [line for words in plot.told for line in textwrap.wrap(words, _LETTERS)]
    heights = [_height_in(chart) for chart in plot.charts]
    top_in = 0.38 + _LINE_IN * len(said)
    height_in = top_in + sum(heights) + (0.3 + _LINE_IN * len(told) if told else 0.1)
    figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor="#ffffff")

    def write(lines: list[str], y_in: float) -> None:
        for number, words in enumerate(lines):
            y = 1 - (y_in + _LINE_IN * number) / height_in
            figure.text(0.02, y, words, va="top", color="#222222")

    figure.text(0.02, 1 - 0.06 / height_in, plot.heading, va="top", size=10.5, weight="bold")
    write(said, 0.32)
    y_in = top_in
    for chart, chart_in in zip(plot.charts, heights, strict=True):
        _draw(figure, chart, y_in, height_in)
        y_in += chart_in
    write(told, y_in + 0.1)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": "keepcool"})
    return out.getvalue()


def _height_in(chart: Chart) -> float:
    return _TITLE_IN + _PLOT_IN + _TICKS_IN + _ROW_IN * len(chart.rows) + _GAP_IN


def _draw(figure: Figure, chart: Chart, y_in: float, height_in: float) -> None:
    def axes(top_in: float, tall_in: float) -> Axes:
        bottom = 1 - (top_in + tall_in) / height_in
        made = figure.add_axes((_LEFT, bottom, _RIGHT - _LEFT, tall_in / height_in))
        made.set_xlim(0.0, _hours(chart, chart.end))
        made.tick_params(length=0, labelcolor="#555555")
        for side in made.spines.values():
            side.set_visible(False)
        return made

    size = 9.0 * min(1.0, (WIDTH - 2 * MARGIN) / title_width(chart.title))
    y = 1 - (y_in + 0.06) / height_in
    figure.text(0.02, y, chart.title, va="top", size=size, weight="bold")
    _plot(axes(y_in + _TITLE_IN, _PLOT_IN), chart)
    row_in = y_in + _TITLE_IN + _PLOT_IN + _TICKS_IN
    for row in chart.rows:
        _row(axes(row_in, _ROW_IN * 0.8), chart, row)
        row_in += _ROW_IN


def _hours(chart: Chart, at: datetime) -> float:
    return (at.timestamp() - chart.start.timestamp()) / 3600


def _plot(plot: Axes, chart: Chart) -> None:
    plot.set_ylim(*chart.scale_c())
    plot.grid(color="#dddddd", linewidth=0.6)
    plot.set_axisbelow(True)
    plot.set_yticks(chart.grid_c(), [f"{grid_c}°" for grid_c in chart.grid_c()])
    _ticks(plot, chart)
    if chart.band is not None:
        hours = [_hours(chart, at) for at, _, _ in chart.band.points]
        low, high = ([point[n] for point in chart.band.points] for n in (1, 2))
        plot.fill_between(hours, low, high, color="#0072b2", alpha=0.2, linewidth=0)  # type: ignore[arg-type]
    for line in chart.lines:
        values = [math.nan if value is None else value for _, value in line.points]
        plot.plot([_hours(chart, at) for at, _ in line.points], values, **_LOOKS[line.ink])
    if chart.now is not None:
        dashes = (0, (2, 2))
        plot.axvline(_hours(chart, chart.now), color="#222222", linewidth=0.8, linestyle=dashes)
    _labels(plot, chart)
    for mark, is_raised in chart.marks_with_height(_DOT, _WIDE):
        _mark(plot, _hours(chart, mark.at), mark.number, 1.14 if is_raised else 1.05)


def _ticks(plot: Axes, chart: Chart) -> None:
    ticks = list(chart.ticks())
    hours = [_hours(chart, at) for at, _ in ticks]
    names = ["" if chart.is_of_days or at == chart.end else words for at, words in ticks]
    plot.set_xticks(hours, names)
    ends = [*hours[1:], _hours(chart, chart.end)]
    for (_, words), start, end in zip(ticks, hours, ends, strict=True):
        if chart.is_of_days and end > start:  # a day is named below itself, not below midnight
            below = plot.get_xaxis_transform()
            middle = (start + end) / 2
            plot.text(middle, -0.04, words, transform=below, **_DAY_NAME)


def _labels(plot: Axes, chart: Chart) -> None:
    """Write each line's label beside it, where it hides least."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    lowest, highest = chart.scale_c()
    # Found in the units of the SVG, with y pointing down; only the proportions count.
    scale_x, scale_y = _WIDE / _hours(chart, chart.end), _TALL / (highest - lowest)

    def places(line: Line) -> list[tuple[float, float]]:
        return [
            (_hours(chart, at) * scale_x, -(value - lowest) * scale_y)
            for at, value in line.points
            if value is not None
        ]

    drawn = {id(line): places(line) for line in chart.lines}
    finder = Places(list(drawn.values()), (0.0, _WIDE, -_TALL, 0.0))
    for line in sorted(chart.lines, key=lambda line: list(Ink).index(line.ink)):
        found = finder.find(drawn[id(line)], _LETTER * len(line.label)) if line.label else None
        if found is not None:
            plot.text(
                found[0] / scale_x,
                lowest - found[1] / scale_y,
                line.label,
                color=_LOOKS[line.ink]["color"],
                path_effects=[withStroke(linewidth=2.5, foreground="#ffffff")],
            )


def _mark(plot: Axes, hour: float, number: str, height: float) -> None:
    plot.axvline(hour, color="#999999", linewidth=0.5)
    plot.text(
        hour,
        height,
        number,
        transform=plot.get_xaxis_transform(),
        ha="center",
        color="#ffffff",
        size=6.5,
        weight="bold",
        bbox={"boxstyle": "circle,pad=0.25", "facecolor": "#222222", "linewidth": 0},
    )


def _row(plot: Axes, chart: Chart, row: Row) -> None:
    plot.set_ylim(0, 1)
    plot.set_facecolor("#f1f1f1")
    plot.set_xticks([])
    plot.set_yticks([0.5], [short(row.name)])
    for piece in row.pieces:
        start, end = _hours(chart, piece.start), _hours(chart, piece.end)
        if start == end:
            plot.plot([start], [0.5], "o", markersize=3.5, color=_FILLS[piece.kind])
            continue
        is_unseen = piece.kind == "unseen"
        plot.axvspan(
            start,
            end,
            facecolor=_FILLS[piece.kind],
            edgecolor="#777777" if is_unseen else "none",
            linewidth=0,
            hatch="////" if is_unseen else None,
        )
        if piece.label and (end - start) / _hours(chart, chart.end) >= _NARROWEST_LABEL:
            color = "#ffffff" if piece.kind >= "level3" else "#222222"
            middle = (start + end) / 2
            plot.text(middle, 0.45, piece.label, ha="center", va="center", color=color)


if __name__ == "__main__":
    sys.stdout.buffer.write(render(from_json(Plot, sys.stdin.read())))
