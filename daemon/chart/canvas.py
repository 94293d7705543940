"""Paint lines, areas and letters on pixels, and pack them as PNG, with nothing but zlib."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from daemon.chart.letters import spell, width_of

Colour = tuple[int, int, int]
Path = Sequence[tuple[float, float]]

_LONGEST_PIECE: Final = 12.0  # pixels; a longer one would look at many that it does not touch


class Canvas:
    """Hold an opaque picture in three bytes a pixel."""

    def __init__(self, width: int, height: int, paper: Colour) -> None:
        """Begin with blank paper."""
        self.width, self.height = width, height
        self._pixels = bytearray(bytes(paper) * (width * height))

    def area(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill a rectangle of whole pixels."""
        first, behind = self._columns(left), self._columns(right)
        row = bytes(colour) * max(0, behind - first)
        for y in range(self._rows(top), self._rows(bottom)):
            start = 3 * (y * self.width + first)
            self._pixels[start : start + len(row)] = row

    def _columns(self, x: float) -> int:
        return min(max(round(x), 0), self.width)

    def _rows(self, y: float) -> int:
        return min(max(round(y), 0), self.height)

    def band(self, upper: Path, lower: Path, colour: Colour) -> None:
        """Fill what lies between two paths with the same places from left to right."""
        for (one, two), (below, below_two) in zip(pairwise(upper), pairwise(lower), strict=True):
            span = two[0] - one[0]
            for x in range(round(one[0]), round(two[0])):
                part = (x + 0.5 - one[0]) / span
                top = one[1] + (two[1] - one[1]) * part
                bottom = below[1] + (below_two[1] - below[1]) * part
                self.area(x, top, x + 1, bottom, colour)

    def line(
        self, path: Path, colour: Colour, width: float, dashes: tuple[float, float] | None = None
    ) -> None:
        """Draw a path with soft edges, where `dashes` are the lengths of ink and of gap."""
        shades: dict[int, float] = {}  # a pixel that two pieces touch is inked once
        reach = width / 2 + 0.5
        for start, end in _pieces(path, dashes):
            (x0, y0), (x1, y1) = start, end
            for y in range(math.floor(min(y0, y1) - reach), math.ceil(max(y0, y1) + reach)):
                for x in range(math.floor(min(x0, x1) - reach), math.ceil(max(x0, x1) + reach)):
                    if 0 <= x < self.width and 0 <= y < self.height:
                        shade = min(1.0, reach - _distance(x + 0.5, y + 0.5, start, end))
                        place = y * self.width + x
                        if shade > shades.get(place, 0.0):
                            shades[place] = shade
        for place, shade in shades.items():
            self._ink(place, colour, shade)

    def text(
        self, x: float, base: float, words: str, colour: Colour, *, is_bold: bool = False
    ) -> None:
        """Write words; letters beyond the edge are left out."""
        place_x = round(x)
        for letter in spell(words):
            for shift in (0, 1) if is_bold else (0,):
                left, top = place_x + letter.left + shift, round(base) + letter.top
                for index, grey in enumerate(letter.grey):
                    row, column = divmod(index, letter.width)
                    pixel_x, pixel_y = left + column, top + row
                    if grey and 0 <= pixel_x < self.width and 0 <= pixel_y < self.height:
                        self._ink(pixel_y * self.width + pixel_x, colour, grey / 15)
            place_x += letter.advance + is_bold

    def label(self, x: float, base: float, words: str, colour: Colour, paper: Colour) -> None:
        """Write words on a piece of paper of their own."""
        self.area(x - 3, base - 17, x + width_of(words) + 3, base + 5, paper)
        self.text(x, base, words, colour)

    def _ink(self, place: int, colour: Colour, shade: float) -> None:
        start = 3 * place
        for channel, value in enumerate(colour, start):
            below = self._pixels[channel]
            self._pixels[channel] = round(below + (value - below) * shade)

    def png(self) -> bytes:
        """Return the picture as a PNG file. Source: PNG specification, third edition (W3C)."""
        row = 3 * self.width
        lines = b"".join(  # 0: a line as it is, which packs best for flat colours
            b"\0" + self._pixels[start : start + row] for start in range(0, row * self.height, row)
        )
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pieces(
    path: Path, dashes: tuple[float, float] | None
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield short pieces of the path, without its gaps."""
    if len(path) == 1:
        yield path[0], path[0]
    ink, gap = dashes or (math.inf, 0.0)
    left, is_ink = ink, True
    for (x0, y0), (x1, y1) in pairwise(path):
        length = math.hypot(x1 - x0, y1 - y0)
        done = 0.0
        while done < length:
            step = min(left, length - done, _LONGEST_PIECE)
            if is_ink:
                yield (
                    (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length),
                    (
                        x0 + (x1 - x0) * (done + step) / length,
                        y0 + (y1 - y0) * (done + step) / length,
                    ),
                )
            done += step
            left -= step
            if left <= 0:
                is_ink = not is_ink
                left = ink if is_ink else gap


def _distance(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return how far a point is from a piece of a line."""
    (x0, y0), (x1, y1) = start, end
    across, down = x1 - x0, y1 - y0
    square = across * across + down * down
    part = 0.0 if not square else min(1.0, max(0.0, ((x - x0) * across + (y - y0) * down) / square))
    return math.hypot(x - x0 - part * across, y - y0 - part * down)
