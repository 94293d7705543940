"""Judge values by the parts of JSON schema that the settings' schema uses; others are an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Shape = Mapping[str, Any]
SILENT = {"$schema", "$defs", "title", "description", "default", "format", "writeOnly"}


def fits(value: object, shape: Shape, root: Shape) -> bool:
    """Return whether a value is allowed. Raises: KeyError for a keyword that is not known here."""
    return all(
        _CHECKS[keyword](value, asked, shape, root)
        for keyword, asked in shape.items()
        if keyword not in SILENT
    )


def _has_type(value: object, asked: str | list[str], _shape: Shape, _root: Shape) -> bool:
    names = [asked] if isinstance(asked, str) else asked
    if isinstance(value, bool):
        return "boolean" in names
    types = {"object": dict, "array": list, "string": str, "integer": int, "number": int | float}
    return any(isinstance(value, types[name]) for name in names if name != "boolean")


def _have_properties(value: object, asked: Shape, shape: Shape, root: Shape) -> bool:
    if not isinstance(value, dict):
        return True
    others = shape.get("additionalProperties", {})
    rules = {key: asked.get(key, others) for key in value}
    return all(rule is not False and fits(value[key], rule, root) for key, rule in rules.items())


def _have_others(value: object, _asked: object, shape: Shape, root: Shape) -> bool:
    return "properties" in shape or _have_properties(value, {}, shape, root)


def _is_long(value: object, most: int) -> bool:
    return isinstance(value, str) and len(value) > most


def _is_above(value: object, limit: float) -> bool:
    return isinstance(value, int | float) and value > limit


def _is_below(value: object, limit: float) -> bool:
    return isinstance(value, int | float) and value < limit


_CHECKS: Mapping[str, Callable[[Any, Any, Shape, Shape], bool]] = {
    "$ref": lambda value, asked, _, root: fits(value, root["$defs"][asked.split("/")[-1]], root),
    "type": _has_type,
    "properties": _have_properties,
    "additionalProperties": _have_others,
    "required": lambda value, asked, *_: set(asked) <= set(value),
    "items": lambda value, asked, _, root: all(fits(item, asked, root) for item in value),
    "anyOf": lambda value, asked, _, root: any(fits(value, option, root) for option in asked),
    "enum": lambda value, asked, *_: value in asked,
    "const": lambda value, asked, *_: value == asked,
    "pattern": lambda value, asked, *_: not isinstance(value, str) or bool(re.search(asked, value)),
    "minimum": lambda value, asked, *_: not _is_below(value, asked),
    "maximum": lambda value, asked, *_: not _is_above(value, asked),
    "minLength": lambda value, asked, *_: _is_long(value, asked - 1),
    "maxLength": lambda value, asked, *_: not _is_long(value, asked),
}
