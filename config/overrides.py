"""Change single settings from the command line: `person.me.level_1_c=25` as the file would hold it.

Where the file has several tables of a kind, the id tells which. What a key allows is checked as
ever, after the change.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from config.errors import Problem, nearest_name, printable
from config.fields import slug_of
from config.lines import KeyPath
from config.model import Document
from config.source import Source
from config.table import Table, keys_of, table_in

_NAMES = ("id", "service", "entity", "topic", "command_topic", "name")  # what may tell tables apart
_PLAIN = (bool, int, float, str, list)


class _WrongError(Exception):
    """Say what is wrong with one change."""

    def __init__(self, what: str, *, nearest: str | None = None, fix: str | None = None) -> None:
        super().__init__(what)
        self.nearest = nearest
        self.fix = fix


def override(
    document: Mapping[str, Any], source: Source, changes: Sequence[str]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the document with the changes made, and what is wrong with those that were not.

    Args:
        document: the settings file as plain values; it stays as it is.
        source: learns which keys come from the command line.
        changes: each `KEY=VALUE`, the key with its tables in dots.
    """
    changed = copy.deepcopy(dict(document))
    problems = []
    for change in changes:
        key, sign, text = change.partition("=")
        where = f"--set {printable(key.strip())}"
        try:
            if not sign:
                raise _WrongError("says no value", fix="write KEY=VALUE")  # noqa: TRY301 - as below
            path = _set(changed, key.strip().split("."), _value(text.strip()))
        except _WrongError as wrong:
            problem = Problem(where, "", str(wrong), nearest=wrong.nearest, fix=wrong.fix)
            problems.append(problem)
        else:
            source.elsewhere[path] = where
    return changed, problems


def _value(text: str) -> object:
    """Read a value as TOML has it; what is none is a text without its quotes."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, _PLAIN) else text


def _set(document: dict[str, Any], parts: Sequence[str], value: object) -> KeyPath:
    """Put a value where the parts lead; return its place."""
    table: dict[str, Any] = document
    kind: type[Table] = Document
    path: KeyPath = ()
    rest = list(parts)
    while True:
        name = rest.pop(0)
        info = keys_of(kind).get(name)
        if info is None:
            raise _unknown(name, path, kind)
        inner = table_in(info.annotation)
        if inner is None:
            if rest:
                raise _WrongError(f"{name} is no table", fix=f"end the key at {name}")
            table[name] = value
            return (*path, name)
        if not rest:
            raise _WrongError(f"{name} is a table", fix=f"name a key in it: {_some_keys(inner)}")
        path, kind = (*path, name), inner
        if "tuple[" in str(info.annotation):
            number = _find(table.get(name), name, rest.pop(0))
            table, path = table[name][number], (*path, number)
            if not rest:
                raise _WrongError("names no key", fix=f"name a key in it: {_some_keys(inner)}")
        else:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise _WrongError(f"{name} is not a table in the file")


def _find(entries: object, kind: str, wanted: str) -> int:
    """Return the number of the table that an id names."""
    tables = entries if isinstance(entries, list) else []
    known: dict[str, int] = {}
    for number, table in enumerate(tables):
        texts = (table.get(name) for name in _NAMES) if isinstance(table, dict) else ()
        given = next((text for text in texts if isinstance(text, str)), None)
        if given is not None:
            known.setdefault(given if "." not in given else slug_of(given), number)
    if wanted in known:
        return known[wanted]
    if not known:
        raise _WrongError(f"there is no [[{kind}]] in the file")
    near = nearest_name(wanted, known)
    raise _WrongError(
        f"there is no {kind} {printable(wanted)!r}; there is {', '.join(map(printable, known))}",
        nearest=f"{kind} {near}" if near else None,
    )


def _unknown(name: str, path: KeyPath, kind: type[Table]) -> _WrongError:
    place = ".".join(str(part) for part in path if isinstance(part, str)) or "the settings"
    near = nearest_name(name, keys_of(kind))
    fix = None if near else f"allowed there: {_some_keys(kind)}"
    shown = f"unknown key {printable(name)!r} in {place}"
    return _WrongError(shown, nearest=f"key {near}" if near else None, fix=fix)


def _some_keys(kind: type[Table]) -> str:
    return ", ".join(sorted(keys_of(kind)))
