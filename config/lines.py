"""Find the line on which each key of a TOML text stands, because `tomllib` does not tell."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

KeyPath = tuple[str | int, ...]  # ("person", 0, "level_1_c")

_QUOTED = r""""(?:[^"\\\n]|\\.)*"|'[^'\n]*'"""
_HEADER = re.compile(rf"(\[\[?)((?:{_QUOTED}|[^\]\"'\n])*)\]")
_KEY = re.compile(rf"((?:{_QUOTED}|[^=\"'\n])+)=")
_VALUE_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' + r"|'''.*?'{3,5}" + rf"|{_QUOTED}|\#[^\n]*|[\[\]{{}}]|\n",
    re.DOTALL,
)


def locate_keys(text: str) -> dict[KeyPath, int]:
    """Return the line, counted from 1, of every table and key of a valid TOML text.

    Keys inside inline tables are not listed: they stand where their outer key stands.
    """
    newlines = [found.start() for found in re.finditer("\n", text)]
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    position = 0
    while position < len(text):
        line = bisect_right(newlines, position - 1) + 1
        first = text[position]
        if first in " \t\n":
            position += 1
        elif first == "#":
            position = _end_of_line(text, position)
        elif first == "[" and (header := _HEADER.match(text, position)):
            table = _enter_table(header[1] == "[[", _parse_key(header[2]), counts)
            lines.setdefault(table, line)
            lines.setdefault(table[:-1] if header[1] == "[[" else table, line)
            position = _end_of_line(text, position)
        elif first != "[" and (key := _KEY.match(text, position)):
            path = table + _parse_key(key[1])
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], line)
            position = _end_of_value(text, key.end())
        else:
            break  # not TOML as we know it; what was found so far still helps
    return lines


def _parse_key(text: str) -> tuple[str, ...]:
    """Return the parts of a dotted key, quotes resolved."""
    try:
        inner: object = tomllib.loads(f"{text}=0")
    except tomllib.TOMLDecodeError:
        return ()
    parts = []
    while isinstance(inner, dict) and inner:
        part, inner = next(iter(inner.items()))
        parts.append(part)
    return tuple(parts)


def _enter_table(is_array: bool, parts: tuple[str, ...], counts: dict[KeyPath, int]) -> KeyPath:  # noqa: FBT001 - private
    """Return the full path of a header, with the index of each array of tables on the way."""
    path: KeyPath = ()
    for number, part in enumerate(parts, start=1):
        path = (*path, part)
        if is_array and number == len(parts):
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, counts[path] - 1)
    return path


def _end_of_line(text: str, position: int) -> int:
    """Return the place after the next newline."""
    found = text.find("\n", position)
    return len(text) if found < 0 else found + 1


def _end_of_value(text: str, position: int) -> int:
    """Return the place after a value's last line, strings and brackets over lines included."""
    depth = 0
    for token in _VALUE_TOKEN.finditer(text, position):
        if token[0] in ("[", "{"):
            depth += 1
        elif token[0] in ("]", "}"):
            depth -= 1
        elif token[0] == "\n" and depth <= 0:
            return token.end()
    return len(text)
