"""Say what every table of the settings has in common, and what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from config.lines import KeyPath

Located = tuple[KeyPath, Mapping[str, Any]]


class Table(BaseModel):
    """Refuse unknown keys, never change, and never print an input (it may be a secret)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def keys_of(table: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return a table's keys as they are written in the file."""
    return {info.alias or name: info for name, info in table.model_fields.items()}


def table_in(annotation: object) -> type[Table] | None:
    """Return the table class within an annotation such as `tuple[PersonTable, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    found = (table_in(argument) for argument in get_args(annotation))
    return next((table for table in found if table is not None), None)


def tables_at(table: Mapping[str, Any], path: KeyPath, key: str) -> Iterator[Located]:
    """Yield each table of a plain document's list of tables, with its path."""
    entries = table.get(key)
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, Mapping):
            yield (*path, key, number), entry


def text_at(table: Mapping[str, Any], key: str) -> str:
    """Return a text of a plain document without blanks around it; empty when there is none."""
    value = table.get(key)
    return value.strip() if isinstance(value, str) else ""
