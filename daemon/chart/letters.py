"""Hold letters to draw without a font: DejaVu Sans, 22 pixels high, made by tests/glyphs.py.

Latin, Greek and Cyrillic; LICENSE_DEJAVU is the font's licence.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

_HEAD: Final = struct.Struct("<HBbbBB")
_UNKNOWN: Final = "?"
_DOTS: Final = "..."


@dataclass(frozen=True, slots=True)
class Letter:
    """Hold a letter's pixels, row by row, 0 to 15; `top` is relative to the base, down is more."""

    advance: int
    left: int
    top: int
    width: int
    grey: bytes


@cache
def letters() -> Mapping[str, Letter]:
    """Return every letter there is."""
    packed = resources.files("daemon.chart").joinpath("glyphs.bin").read_bytes()
    found: dict[str, Letter] = {}
    data, place = zlib.decompress(packed), 0
    while place < len(data):
        code, advance, left, top, width, height = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        half = data[place : place + (width * height + 1) // 2]
        place += len(half)
        grey = bytes(value for pair in half for value in (pair >> 4, pair & 15))
        found[chr(code)] = Letter(advance, left, top, width, grey[: width * height])
    return found


def spell(text: str) -> list[Letter]:
    """Return the letters of a text; one that is not known becomes a question mark."""
    known = letters()
    return [known.get(sign) or known[_UNKNOWN] for sign in text]


def is_known(text: str) -> bool:
    """Return whether a text can be written as it is."""
    return all(sign in letters() for sign in text)


def width_of(text: str) -> int:
    """Return how many pixels wide a text is."""
    return sum(letter.advance for letter in spell(text))


def fitting(text: str, width: float) -> str:
    """Return as much of a text, bold, as fits into so many pixels."""
    cut = text
    while len(cut) > len(_DOTS) and width_of(cut) + len(cut) > width:
        cut = f"{cut.removesuffix(_DOTS)[:-1].rstrip()}{_DOTS}"
    return cut
