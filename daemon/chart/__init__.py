"""Draw temperatures over time: what a picture shows (`model`), as SVG (`svg`) and PNG (`raster`).

Every line has a style and a label of its own besides its colour, levels carry their number, and the
colours are those of Okabe and Ito, which most people tell apart however they see colours.
Source: Okabe and Ito, "Color Universal Design" (2008).
"""

from daemon.chart.layout import WIDTH
from daemon.chart.model import Band, Chart, Ink, Line, Mark, Piece, Row, pieces_of
from daemon.chart.svg import (
    DARK_STYLE,
    STYLE,
    draw,
    draw_file,
    height_of,
    numbered_dot,
    panel,
    text,
    wrap_file,
)

__all__ = [
    "DARK_STYLE",
    "STYLE",
    "WIDTH",
    "Band",
    "Chart",
    "Ink",
    "Line",
    "Mark",
    "Piece",
    "Row",
    "draw",
    "draw_file",
    "height_of",
    "numbered_dot",
    "panel",
    "pieces_of",
    "text",
    "wrap_file",
]
