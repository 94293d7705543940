"""Lay environment variables over the settings file: `KEEPCOOL_MQTT__HOST` is `host` of `[mqtt]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from config.errors import Problem, nearest_name, printable
from config.lines import KeyPath
from config.model import Document
from config.translation import keys_of, table_at

PREFIX = "KEEPCOOL_"
SEPARATOR = "__"
# Variables of the command line and of the test suite, which are no settings.
RESERVED = frozenset({"KEEPCOOL_CONFIG", "KEEPCOOL_SHARED_DATA"})
_LISTS = ("person", "room")


@dataclass(frozen=True, slots=True)
class Overlay:
    """Hold the settings with the environment laid over them, and what was not understood."""

    document: dict[str, Any] = field(repr=False)  # may hold secrets
    origins: Mapping[KeyPath, str]
    problems: tuple[Problem, ...]


def overlay_environment(document: Mapping[str, Any], environ: Mapping[str, str]) -> Overlay:
    """Return a document in which `KEEPCOOL_*` variables replace the file's values.

    A password in the environment also replaces a `password_file` of the file, and the reverse.
    """
    merged = dict(document)
    origins: dict[KeyPath, str] = {}
    problems = []
    known = known_variables()
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in RESERVED:
            continue
        path = known.get(name)
        if path is None:
            problems.append(_unknown_variable(name, known))
            continue
        origins[path] = f"${name}"
        _put(merged, path, environ[name])
    return Overlay(merged, origins, tuple(problems))


def known_variables() -> dict[str, KeyPath]:
    """Return every environment variable that is a setting, with the key that it sets."""
    known: dict[str, KeyPath] = {}
    for key in keys_of(Document):
        table = table_at((key,))
        if table is None:
            known[PREFIX + key.upper()] = (key,)
        elif key not in _LISTS:
            for inner in keys_of(table):
                known[f"{PREFIX}{key.upper()}{SEPARATOR}{inner.upper()}"] = (key, inner)
    return known


def _put(merged: dict[str, Any], path: KeyPath, value: str) -> None:
    """Set one value without changing the tables of the original document."""
    if len(path) == 1:
        merged[str(path[0])] = value
        return
    key, inner = str(path[0]), str(path[1])
    table = merged.get(key, {})
    if isinstance(table, dict):  # anything else is refused later, with its line
        twin = inner.removesuffix("_file") if inner.endswith("_file") else f"{inner}_file"
        kept = {name: old for name, old in table.items() if name != twin or name == "ca_file"}
        merged[key] = {**kept, inner: value}


def _unknown_variable(name: str, known: Mapping[str, KeyPath]) -> Problem:
    """Describe a variable that sets nothing; its value may be a mistyped secret."""
    head = name.removeprefix(PREFIX).partition(SEPARATOR)[0].lower()
    if head in _LISTS:
        fix = f"[[{head}]] can only be written in the settings file"
        return Problem(f"${printable(name)}", "", "people and rooms come from the file", fix=fix)
    tails = {tail.removeprefix(PREFIX): tail for tail in known}
    nearest = tails.get(nearest_name(name.removeprefix(PREFIX), tails) or "")
    return Problem(
        where=f"${printable(name)}",
        key="",
        what="unknown environment variable",
        nearest=f"variable {nearest}" if nearest else None,
        fix=None if nearest else "unset it",
    )
