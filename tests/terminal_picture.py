"""Draw what stood in a terminal as SVG, readable on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

COLUMNS: Final = 54  # as many as are read well on a phone that is held upright
GAP: Final = "⋮"  # a line where some are left out
_FONT_SIZE: Final = 11.0
_CHARACTER: Final = 0.602 * _FONT_SIZE  # of DejaVu Sans Mono and Menlo; others are narrower
_LINE: Final = 15.0
_MARGIN: Final = 10.0
_STYLE: Final = (
    f"text{{font:{_FONT_SIZE:g}px 'DejaVu Sans Mono',Menlo,Consolas,monospace;"
    "fill:#e6e6e6;white-space:pre}"
)


def screen(text: str) -> list[str]:
    """Return the lines that a terminal shows of what was written to it."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        shown = line.rsplit("\r", maxsplit=1)[-1].rstrip()
        parts = [shown[at : at + COLUMNS] for at in range(0, len(shown), COLUMNS)]
        lines.extend(parts or [""])
    return lines


def between(lines: list[str], first: str, last: str) -> Iterator[str]:
    """Yield the lines from the one that begins with a text to the one that begins with another.

    Raises: StopIteration: there is no such line.
    """
    start = next(at for at, line in enumerate(lines) if line.startswith(first))
    end = next(at for at, line in enumerate(lines[start:], start) if line.startswith(last))
    yield from lines[start : end + 1]


def draw_terminal(lines: Iterable[str]) -> str:
    """Return an SVG file with these lines."""
    shown = list(lines)
    width = round(COLUMNS * _CHARACTER + 2 * _MARGIN)
    height = round(len(shown) * _LINE + 2 * _MARGIN)
    texts = "".join(
        f'<text x="{_MARGIN:g}" y="{_MARGIN + (number + 0.75) * _LINE:g}">{escape(line)}</text>\n'
        for number, line in enumerate(shown)
        if line
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"><style>{_STYLE}</style>\n'
        f'<rect width="{width}" height="{height}" rx="6" fill="#1e1e1e"/>\n{texts}</svg>\n'
    )
