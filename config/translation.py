"""Turn pydantic's errors into problems that name file, line, key, range and nearest key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from config.errors import Problem, nearest_name, printable, show_value
from config.lines import KeyPath
from config.model import Document
from config.source import Source
from config.table import Table, keys_of, table_in

_EXAMPLE_IDS = {"person": "anna", "carer": "ben"}


def key_name(path: KeyPath) -> str:
    """Return a key with its tables in dots, without the numbers of people and rooms."""
    return ".".join(printable(part) for part in path if isinstance(part, str))


def translate_errors(
    error: ValidationError,
    document: Mapping[str, Any],
    source: Source,
    root: type[Table] = Document,
) -> Iterator[Problem]:
    """Yield a problem for each of pydantic's errors; values of secrets are never in them."""
    for detail in error.errors(include_url=False, include_input=False):
        path = detail["loc"]
        if detail["type"] == "extra_forbidden":
            yield _unknown_key(path, source, root)
        elif detail["type"] == "missing":
            yield _missing_key(path, source)
        else:
            yield _wrong_value(path, detail, document, source, root)


def table_at(path: KeyPath, root: type[Table] = Document) -> type[Table] | None:
    """Return the kind of table that stands at a path, or `None` when none does."""
    table: type[Table] | None = root
    for part in path:
        if isinstance(part, str):
            info = keys_of(table).get(part) if table else None
            table = table_in(info.annotation) if info else None
    return table


def is_secret(path: KeyPath, root: type[Table] = Document) -> bool:
    """Return whether the key at a path holds a secret."""
    parent = table_at(path[:-1], root)
    info = keys_of(parent).get(str(path[-1])) if parent and path else None
    return info is not None and SecretStr in (info.annotation, *get_args(info.annotation))


def value_at(document: object, path: KeyPath) -> object:
    """Return the value as it was written, or `None`."""
    for part in path:
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and isinstance(part, int):
            document = document[part]  # pydantic only names entries that are there
        else:
            return None
    return document


def _unknown_key(path: KeyPath, source: Source, root: type[Table]) -> Problem:
    """Describe a key that does not exist; its value stays unseen, as it may be a secret."""
    key = str(path[-1])
    parent = table_at(path[:-1], root) or root
    nearest = nearest_name(key, keys_of(parent))
    fix = "" if nearest else _home_of_key(key, root)
    if not nearest and not fix:
        fix = "take it out; config/example.toml shows every key"
    return Problem(
        where=source.where(path),
        key=key_name(path),
        what="unknown key",
        nearest=f"key {nearest}" if nearest else None,
        fix=fix,
    )


def _home_of_key(key: str, root: type[Table]) -> str:
    """Say in which table a key belongs that stands in the wrong one."""
    for header, table in _all_tables(root, ""):
        if key in keys_of(table):
            return f"it belongs in {header}" if header else "it belongs at the top of the file"
    return ""


def _all_tables(table: type[Table], prefix: str) -> Iterator[tuple[str, type[Table]]]:
    """Yield every kind of table with its header."""
    yield "", table
    for key, info in keys_of(table).items():
        inner = table_in(info.annotation)
        if inner is None:
            continue
        name = f"{prefix}{key}"
        is_list = _is_list(info)
        for header, found in _all_tables(inner, f"{name}."):
            yield header or (f"[[{name}]]" if is_list else f"[{name}]"), found


def _is_list(info: FieldInfo) -> bool:
    """Return whether a field holds several tables."""
    return "tuple[" in str(info.annotation)


def _missing_key(path: KeyPath, source: Source) -> Problem:
    """Describe a key or table that must be there."""
    where = source.where(path)
    if len(path) == 1:
        return Problem(where, f"[{path[0]}]", "is missing", fix="config/example.toml shows it")
    return Problem(where, key_name(path), "is missing", fix=_example_of(path))


def _example_of(path: KeyPath) -> str:
    """Show how a missing key is written."""
    examples = {
        "id": f'id = "{_EXAMPLE_IDS.get(str(path[0]), "bedroom")}"',
        "name": 'name = "Bedroom"' if path[0] == "room" else 'name = "Anna"',
        "latitude_deg": "latitude_deg = 52.5",
        "longitude_deg": "longitude_deg = 13.4",
        "time_zone": 'time_zone = "Europe/Berlin"',
        "country": 'country = "DE"',
        "url": 'url = "http://homeassistant.local:8123"',
        "topic": 'topic = "zigbee2mqtt/bedroom"',
        "entity": 'entity = "climate.bedroom"',
        "service": 'service = "notify.mobile_app_annas_phone"',
        "kind": 'kind = "android" or kind = "iphone"',
        "room": 'room = "bedroom"',
        "from": 'from = "22:00"',
        "until": 'until = "07:00"',
    }
    return f"for example {examples[str(path[-1])]}" if str(path[-1]) in examples else ""


def _wrong_value(
    path: KeyPath,
    detail: ErrorDetails,
    document: Mapping[str, Any],
    source: Source,
    root: type[Table],
) -> Problem:
    """Describe a value that its key does not allow."""
    context = detail.get("ctx", {})
    shown = None if is_secret(path, root) else show_value(value_at(document, path))
    place = source.where(path)
    if detail["type"] == "refused":
        return Problem(
            where=place,
            key=key_name(path),
            what=context["what"],
            value=shown,
            allowed=context["allowed"] or None,
            nearest=context["nearest"] or None,
            fix=context["fix"] or None,
        )
    what, fix = _shape(path, str(detail["type"]), root)
    return Problem(where=place, key=key_name(path), what=what, value=shown, fix=fix)


def _shape(path: KeyPath, kind: str, root: type[Table]) -> tuple[str, str]:
    """Say what shape a value should have: table, list of tables, list or text."""
    header, key = key_name(path), path[-1]
    if table_at(path, root) is not None and kind == "tuple_type":
        return "is a list of tables", f"write [[{header}]] with double brackets"
    brackets = f"[[{header}]]" if isinstance(key, int) else f"[{header}]"
    shapes = {
        "model_type": ("is not a table", f"write {brackets}, its keys below"),
        "tuple_type": ("is not a list", f'write {key} = ["...", "..."]'),
        "dict_type": ("is not a table", f'write {key} = {{ id = "42" }}'),
        "string_type": ("is not text", 'write it in quotes, "like this"'),
        "string_sub_type": ("is not text", 'write it in quotes, "like this"'),
        "string_unicode": ("is not UTF-8 text", "write it in UTF-8"),
    }
    return shapes.get(kind, ("has a value of the wrong kind", "config/example.toml shows it"))
