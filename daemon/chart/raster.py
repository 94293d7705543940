"""Draw a chart as PNG without any library: for phones and dashboards, which want no SVG.

Two pixels for each unit of the SVG. Rows and marks are not in it; it is light, as a notification
has no dark version of a picture.
"""

from __future__ import annotations

from typing import Final

from daemon.chart.canvas import Canvas, Colour
from daemon.chart.labels import Places
from daemon.chart.layout import BOTTOM, LEFT, MARGIN, RIGHT, TOP, WIDTH, Frame, now_line, stretches
from daemon.chart.letters import fitting, is_known, width_of
from daemon.chart.model import Chart, Ink, Line

SCALE: Final = 2
HEIGHT: Final = 216

_INK: Final[Colour] = (34, 34, 34)
_SOFT: Final[Colour] = (85, 85, 85)
_PAPER: Final[Colour] = (255, 255, 255)
_GRID: Final[Colour] = (221, 221, 221)
_BAND: Final[Colour] = (204, 227, 240)  # a fifth of the indoors' blue
_LOOKS: Final[dict[Ink, tuple[Colour, float, tuple[float, float] | None]]] = {
    Ink.INDOORS: ((0, 114, 178), 5.0, None),
    Ink.EXPECTED: ((0, 114, 178), 4.0, (10.0, 6.0)),
    Ink.OUTDOORS: ((107, 107, 107), 2.8, (3.0, 5.0)),
    Ink.LIMIT: (_INK, 2.0, None),
    Ink.OTHER: ((213, 94, 0), 3.2, (14.0, 6.0)),
}


def draw_png(chart: Chart) -> bytes:
    """Return the picture, `WIDTH` by `HEIGHT` units of `SCALE` pixels each."""
    canvas = Canvas(WIDTH * SCALE, HEIGHT * SCALE, _PAPER)
    frame = Frame(chart)
    _draw_band(canvas, frame, chart)
    _draw_grid(canvas, frame, chart)
    for line in chart.lines:
        colour, width, dashes = _LOOKS[line.ink]
        for path in stretches(frame, line):
            canvas.line([_scaled(place) for place in path], colour, width, dashes)
    if chart.now is not None:
        x = frame.x(chart.now) * SCALE
        canvas.line([(x, TOP * SCALE), (x, BOTTOM * SCALE)], _INK, 2.0, (4.0, 4.0))
    if chart.spot is not None:
        place = _scaled((frame.x(chart.spot[0]), frame.y(chart.spot[1])))
        canvas.line([place], _INK, 18.0)
        canvas.line([place], _PAPER, 11.0)
    _draw_labels(canvas, frame, chart)
    if is_known(chart.title):  # other scripts: Home Assistant names the room beside it
        title = fitting(chart.title, (WIDTH - 2 * MARGIN) * SCALE)
        canvas.text(MARGIN * SCALE, 15 * SCALE, title, _INK, is_bold=True)
    canvas.text(MARGIN * SCALE, 32 * SCALE, chart.subtitle, _INK)
    return canvas.png()


def _scaled(place: tuple[float, float]) -> tuple[float, float]:
    return place[0] * SCALE, place[1] * SCALE


def _draw_band(canvas: Canvas, frame: Frame, chart: Chart) -> None:
    if chart.band is not None:
        points = chart.band.points
        upper = [_scaled((frame.x(at), frame.y(high))) for at, _, high in points]
        lower = [_scaled((frame.x(at), frame.y(low))) for at, low, _ in points]
        canvas.band(upper, lower, _BAND)


def _draw_grid(canvas: Canvas, frame: Frame, chart: Chart) -> None:
    for temperature_c in chart.grid_c():
        y = frame.y(temperature_c) * SCALE
        canvas.area(LEFT * SCALE, y - 1, RIGHT * SCALE, y + 1, _GRID)
        words = f"{temperature_c}°"
        canvas.text((LEFT - 4) * SCALE - width_of(words), y + 8, words, _SOFT)
    for at, words in chart.ticks():
        x = frame.x(at) * SCALE
        canvas.area(x - 1, TOP * SCALE, x + 1, BOTTOM * SCALE, _GRID)
        left = x - width_of(words) / 2
        if left >= 0 and left + width_of(words) <= WIDTH * SCALE:
            canvas.text(left, (BOTTOM + 15) * SCALE, words, _SOFT)


def _draw_labels(canvas: Canvas, frame: Frame, chart: Chart) -> None:
    """Write the lines' labels, each beside its line where it hides least."""

    def longest(line: Line) -> list[tuple[float, float]]:
        return max(stretches(frame, line), key=len, default=[])

    drawn = {id(line): longest(line) for line in chart.lines}
    places = Places([*drawn.values(), now_line(frame, chart)], (LEFT, RIGHT, TOP - 4, BOTTOM))
    for line in sorted(chart.lines, key=lambda line: list(Ink).index(line.ink)):
        wide = width_of(line.label) / SCALE
        place = places.find(drawn[id(line)], wide) if line.label else None
        if place is not None:
            x, y = _scaled(place)
            canvas.label(x, y, line.label, _LOOKS[line.ink][0], _PAPER)
