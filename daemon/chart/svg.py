"""Draw a chart as SVG: as wide as a phone, light and dark, no script, nothing from elsewhere.

Everything that is text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from daemon.chart.labels import Places
from daemon.chart.layout import (
    BOTTOM,
    LEFT,
    LETTER,
    MARGIN,
    RIGHT,
    TOP,
    WIDTH,
    Frame,
    now_line,
    stretches,
    title_width,
)
from daemon.chart.model import Band, Chart, Ink, Line, Piece

_FIRST_ROW: Final = 217.0
_ROW_STEP: Final = 20.0
_ROW_HEIGHT: Final = 15.0
_MARK_RADIUS: Final = 7.0
_DOT_RADIUS: Final = 4.0
_NARROWEST_LABEL: Final = 12.0  # a narrower piece of a row carries no text
_PALE_FROM: Final = "level3"  # on it and above, text is white
_LONGEST_NAME: Final = 6  # letters of a row's name beside the plot,
_KEPT_LETTERS: Final = 4  # and what is kept of a longer one: its ellipsis is wide

STYLE: Final = """
.chart{--ink:#222;--soft:#555;--paper:#fff;--grid:#ddd;--indoors:#0072b2;--other:#d55e00;
--outdoors:#6b6b6b;--calm:#f1f1f1;--drink:#009e73}
.chart text{font:11px system-ui,sans-serif;fill:var(--ink)}
.chart .title{font-size:14px;font-weight:600}
.chart .grid{stroke:var(--grid);stroke-width:1}
.chart .tick{fill:var(--soft)}
.chart .indoors,.chart .expected,.chart .other,.chart .outdoors,.chart .limit{fill:none}
.chart .indoors{stroke:var(--indoors);stroke-width:2.4}
.chart .expected{stroke:var(--indoors);stroke-width:2;stroke-dasharray:5 3}
.chart .other{stroke:var(--other);stroke-width:1.6;stroke-dasharray:7 3 1.5 3}
.chart .outdoors{stroke:var(--outdoors);stroke-width:1.4;stroke-dasharray:1.5 2.5}
.chart .limit{stroke:var(--ink);stroke-width:1}
.chart .band{fill:var(--indoors);fill-opacity:.2}
.chart .now{stroke:var(--ink);stroke-width:1;stroke-dasharray:2 2}
.chart .mark{stroke:var(--soft);stroke-width:.7;stroke-opacity:.6}
.chart .spot{fill:var(--paper);stroke:var(--ink);stroke-width:1.6}
.chart .dot{fill:var(--ink)}
.chart .number{fill:var(--paper);font-size:10px;font-weight:600;text-anchor:middle}
.chart .row{text-anchor:end;fill:var(--soft)}
.chart .middle{text-anchor:middle}
.chart .label{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.chart .label-indoors,.chart .label-expected{fill:var(--indoors);font-weight:600}
.chart .label-other{fill:var(--other)}
.chart .label-outdoors{fill:var(--outdoors)}
.chart .label-limit{fill:var(--ink)}
.chart .level0{fill:var(--calm)}
.chart .level1{fill:#fee391}
.chart .level2{fill:#fe9929}
.chart .level3{fill:#b34700}
.chart .level4{fill:#662506}
.chart .unseen{fill:url(#hatch)}
.chart .on{fill:var(--indoors)}
.chart .drink{fill:var(--drink)}
.chart .message{fill:var(--ink)}
.chart .dark{fill:#222}
.chart .pale{fill:#fff}
"""
DARK_STYLE: Final = """
@media(prefers-color-scheme:dark){.chart{--ink:#eee;--soft:#b8b8b8;--paper:#16181b;--grid:#34383d;
--indoors:#56b4e9;--other:#e69f00;--outdoors:#a8a8a8;--calm:#2b2f34;--drink:#2fc79b}}
"""
DEFS: Final = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="5" height="5" fill="#fff"/>'
    '<rect width="2" height="5" fill="#777"/></pattern></defs>'
)


def height_of(chart: Chart) -> float:
    """Return how high a chart's picture is, in the units in which it is `WIDTH` wide."""
    return _FIRST_ROW + _ROW_STEP * len(chart.rows) + 2


def draw(chart: Chart) -> str:
    """Return an SVG element for a page that holds `STYLE`, and `DARK_STYLE` if it may be dark."""
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height_of(chart):.0f}" role="img" '
        f'aria-label="{escape(f"Temperatures over time: {chart.title}")}">'
        f"{DEFS}{panel(chart)}</svg>"
    )


def draw_file(charts: Sequence[Chart]) -> str:
    """Return a whole SVG file with the charts one below the other, light and dark."""
    heights = [height_of(chart) for chart in charts]
    parts = []
    top = 0.0
    for chart, height in zip(charts, heights, strict=True):
        parts.append(f'<g transform="translate(0 {top:.0f})">{panel(chart)}</g>')
        top += height
    return wrap_file("".join(parts), WIDTH, top, STYLE + DARK_STYLE)


def wrap_file(inner: str, width: float, height: float, style: str) -> str:
    """Return a whole SVG file round what is drawn, on paper of its own."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 {width} {height:.0f}" '
        f'width="{width}" height="{height:.0f}"><style>{style}</style>{DEFS}'
        f'<rect width="{width}" height="{height:.0f}" fill="var(--paper)"/>{inner}</svg>\n'
    )


def panel(chart: Chart) -> str:
    """Return what is inside the picture, for a file with several beside each other."""
    frame = Frame(chart)
    return "".join(
        (
            _title(chart.title),
            text(MARGIN, 32, chart.subtitle) if chart.subtitle else "",
            *_grid(frame, chart),
            _band(frame, chart.band),
            *(_path(frame, line) for line in chart.lines),
            *_marks(frame, chart),
            _spot(frame, chart),
            *_labels(frame, chart),
            *_rows(frame, chart),
        )
    )


def _title(title: str) -> str:
    """Return the title; one that is wider than the picture is drawn narrower."""
    room = WIDTH - 2 * MARGIN
    fitted = f' textLength="{room:.0f}" lengthAdjust="spacingAndGlyphs"'
    fit = fitted if title_width(title) > room else ""
    return f'<text class="title"{fit} x="{MARGIN:.1f}" y="15.0">{escape(title)}</text>'


def _grid(frame: Frame, chart: Chart) -> Iterator[str]:
    for temperature_c in chart.grid_c():
        y = frame.y(temperature_c)
        yield f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        yield text(LEFT - 4, y + 4, f"{temperature_c}°", "row")
    ticks = list(chart.ticks())
    for index, (at, words) in enumerate(ticks):
        x = frame.x(at)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{BOTTOM}"/>'
        if chart.is_of_days:  # the name stands below the day, not below midnight
            following = frame.x(ticks[index + 1][0]) if index + 1 < len(ticks) else RIGHT
            if following - x >= LETTER * len(words):
                yield text((x + following) / 2, BOTTOM + 14, words, "tick middle")
        elif x + LETTER * len(words) / 2 <= WIDTH:
            yield text(x, BOTTOM + 14, words, "tick middle")
    if chart.now is not None:
        yield f'<path class="now" d="M{frame.x(chart.now):.1f} {TOP}V{BOTTOM}"/>'


def _band(frame: Frame, band: Band | None) -> str:
    if band is None or not band.points:
        return ""
    upper = [f"{frame.x(at):.1f} {frame.y(high):.1f}" for at, _, high in band.points]
    lower = [f"{frame.x(at):.1f} {frame.y(low):.1f}" for at, low, _ in reversed(band.points)]
    return f'<path class="band" d="M{"L".join(upper + lower)}Z"/>'


def _path(frame: Frame, line: Line) -> str:
    parts = [
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in stretch) + ("h.1" * (len(stretch) == 1))
        for stretch in stretches(frame, line)
    ]
    return f'<path class="{line.ink}" d="{"".join(parts)}"/>' if parts else ""


def _spot(frame: Frame, chart: Chart) -> str:
    if chart.spot is None:
        return ""
    x, y = frame.x(chart.spot[0]), frame.y(chart.spot[1])
    return f'<circle class="spot" cx="{x:.1f}" cy="{y:.1f}" r="{_DOT_RADIUS}"/>'


def _labels(frame: Frame, chart: Chart) -> Iterator[str]:
    """Yield the lines' labels, each beside its line where it hides least."""
    drawn = {id(line): max(stretches(frame, line), key=len, default=[]) for line in chart.lines}
    places = Places([*drawn.values(), now_line(frame, chart)], (LEFT, RIGHT, TOP - 4, BOTTOM))
    order = sorted(chart.lines, key=lambda line: list(Ink).index(line.ink))
    for line in order:
        place = places.find(drawn[id(line)], LETTER * len(line.label)) if line.label else None
        if place is not None:
            yield text(*place, line.label, f"label label-{line.ink}")


def _marks(frame: Frame, chart: Chart) -> Iterator[str]:
    """Yield a numbered mark for each moment, in two heights where they come close together."""
    for mark, is_raised in chart.marks_with_height(2 * _MARK_RADIUS + 1, RIGHT - LEFT):
        x = frame.x(mark.at)
        y = TOP - _MARK_RADIUS - (2 * _MARK_RADIUS if is_raised else 0)
        yield f'<path class="mark" d="M{x:.1f} {y:.1f}V{BOTTOM}"/>'
        yield numbered_dot(x, y, mark.number)


def numbered_dot(x: float, y: float, number: str) -> str:
    """Return a mark's dot with its number, for lists too."""
    dot = f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{_MARK_RADIUS}"/>'
    return dot + text(x, y + 3.5, number, "number")


def _rows(frame: Frame, chart: Chart) -> Iterator[str]:
    y = _FIRST_ROW
    for row in chart.rows:
        yield text(LEFT - 4, y + 11, short(row.name), "row")
        yield from _row(frame, row.pieces, y)
        y += _ROW_STEP


def _row(frame: Frame, pieces: Sequence[Piece], y: float) -> Iterator[str]:
    if all(not piece.kind.startswith(("level", "unseen")) for piece in pieces):
        yield _box(LEFT, y, RIGHT - LEFT, "level0")
    for piece in pieces:
        x = frame.x(piece.start)
        width = frame.x(piece.end) - x
        if piece.start == piece.end:
            middle = y + _ROW_HEIGHT / 2
            yield f'<circle class="{piece.kind}" cx="{x:.1f}" cy="{middle}" r="{_DOT_RADIUS}"/>'
            continue
        yield _box(x, y, width, piece.kind)
        if piece.label and width >= max(_NARROWEST_LABEL, LETTER * len(piece.label)):
            shade = "" if piece.kind == "level0" else " dark"
            shade = " pale" if piece.kind >= _PALE_FROM else shade
            yield text(x + width / 2, y + 11, piece.label, f"middle{shade}")


def _box(x: float, y: float, width: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_ROW_HEIGHT}"/>'


def short(name: str) -> str:
    """Return a name as it fits beside the plot."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_KEPT_LETTERS]}…"


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Return a text whose base begins there."""
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'
