"""Make the letters that keepcool draws without a font: `python -m tests.glyphs`.

They are DejaVu Sans, 22 pixels high, as grey of 16 steps; matplotlib brings the font.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import matplotlib as mpl
from PIL import Image, ImageDraw, ImageFont

TARGET = Path(__file__).resolve().parent.parent / "daemon" / "chart" / "glyphs.bin"
SIZE_PX = 22
# Basic Latin, Latin-1, Latin Extended-A, Greek and Cyrillic; dashes, quotes, dots and an arrow.
RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x386, 0x3CE), (0x400, 0x45F), (0x490, 0x491))
MORE = "\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u2192"


def render() -> bytes:
    """Return all letters, packed."""
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    font = ImageFont.truetype(str(path), SIZE_PX)
    letters = [chr(code) for first, last in RANGES for code in range(first, last + 1)]
    out = bytearray()
    for letter in [*letters, *MORE]:
        left, top, right, bottom = map(int, font.getbbox(letter, anchor="ls"))
        width, height = max(0, right - left), max(0, bottom - top)
        image = Image.new("L", (max(1, width), max(1, height)), 0)
        ImageDraw.Draw(image).text((-left, -top), letter, fill=255, font=font, anchor="ls")
        grey = [value >> 4 for value in image.tobytes()][: width * height]
        grey += [0] * (len(grey) % 2)
        advance = round(font.getlength(letter))
        out += struct.pack("<HBbbBB", ord(letter), advance, left, top, width, height)
        out += bytes(grey[n] << 4 | grey[n + 1] for n in range(0, len(grey), 2))
    return zlib.compress(bytes(out), 9)


if __name__ == "__main__":
    TARGET.write_bytes(render())
