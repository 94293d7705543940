"""Describe the settings file as a JSON schema, so that editors complete and check while one types.

Made from `config.model`, so that a new key is in it by itself. What people read beside a key comes
from its comment in the example, or else from the one in the model. An editor judges each value;
relations between keys are told by `keepcool check` alone.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import time
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from config import fields, weather_fields
from config.model import Document
from config.source import EXAMPLE
from config.table import keys_of, table_in

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TablePath = tuple[str, ...]

_DOMAINS = "|".join(fields.COOLING_DOMAINS)
_PRESENCE = "|".join(fields.PRESENCE_DOMAINS)
_ANNOUNCERS = "|".join(fields.ANNOUNCER_DOMAINS)
# What the checks ask for, as far as a pattern can say it; a check that is not here asks for text.
_SHAPES: dict[Callable[..., object], JsonSchemaValue] = {
    fields.check_name: {"minLength": 1, "maxLength": fields.LONGEST_NAME},
    fields.check_id: {"pattern": "^[a-z0-9][a-z0-9_-]{0,39}$"},
    fields.check_topic: {"pattern": "^[^$+#][^+#]*$", "maxLength": fields.LONGEST_TOPIC_BYTES},
    fields.check_cooling_entity: {"pattern": f"^({_DOMAINS})\\.[a-z0-9_]+$"},
    fields.check_sensor_entity: {"pattern": "^sensor\\.[a-z0-9_]+$"},
    fields.check_motion_entity: {"pattern": "^binary_sensor\\.[a-z0-9_]+$"},
    fields.check_presence_entity: {"pattern": f"^({_PRESENCE})\\.[a-z0-9_]+$"},
    fields.check_announcer_entity: {"pattern": f"^({_ANNOUNCERS})\\.[a-z0-9_]+$"},
    fields.check_voice_entity: {"pattern": "^tts\\.[a-z0-9_]+$"},
    fields.check_notify_service: {"pattern": "^notify\\.mobile_app_[a-z0-9_]+$"},
    fields.check_clock_time: {"pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]"},
    fields.check_url: {"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"},
    fields.check_home_assistant_url: {"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"},
    fields.check_country: {"pattern": "^[A-Za-z]{2}$"},
    fields.check_match_value: {"type": ["string", "number"]},
    weather_fields.check_weather_entity: {"pattern": "^weather\\.[a-z0-9_]+$"},
    weather_fields.check_zone: {"pattern": "^[A-Za-z]{2}[CZcz][0-9]{3}$"},
    weather_fields.check_meteoalarm_country: {"pattern": "^[a-z]+(-[a-z]+)*$"},
}
_HEADER = re.compile(r"(?:# )?\[+(?P<path>[a-z_.]+)\]+")
_KEY = re.compile(r"(?:# )?(?P<key>[a-z][a-z0-9_]*) = .*?(?: {2,}# (?P<said>.*))?")
_CONTINUED = re.compile(r"# {8,}(?:# *)?(?P<said>\S.*)")
_MODEL_KEY = re.compile(r" {4}(?P<name>[a-z][a-z0-9_]*): .*  # (?P<said>.*)")


class _Generator(GenerateJsonSchema):
    """Describe what may be written in a TOML file: it has no null, and times look like "07:30"."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Describe a key that may be left out like one that may not."""
        return self.generate_inner(schema["schema"])

    def function_before_schema(
        self, schema: core_schema.BeforeValidatorFunctionSchema
    ) -> JsonSchemaValue:
        """Describe what the checks of `config.fields` allow."""
        inner = self.generate_inner(schema["schema"])
        check = schema["function"]["function"]
        if isinstance(check, fields.OneOf):
            return inner | _words(check)
        shape = _SHAPES.get(check, {})
        return {key: inner[key] for key in inner if key != "format"} | shape if shape else inner

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Show a default that could be written in the file, and no other."""
        shape = self.generate_inner(schema["schema"])
        default = schema.get("default")
        if isinstance(default, time):
            return shape | {"default": default.strftime("%H:%M")}
        is_shown = isinstance(default, bool | int | float | str)
        return shape | {"default": default} if is_shown else shape

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's own
        """Leave out titles, which would repeat the keys."""
        return False


def _words(check: fields.OneOf) -> JsonSchemaValue:
    """List the words that a key may have; a version may also be written as a number."""
    words = [*check.choices, *(spelling for spelling, _ in check.spellings)]
    numbers = [int(word) for word in words if word.isdecimal()]
    listed: JsonSchemaValue = {"enum": [*words, *numbers]}
    return listed | {"type": ["string", "integer"]} if numbers else listed


def build_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of the settings file; it holds nobody's values."""
    schema = Document.model_json_schema(schema_generator=_Generator)
    said = _said_in_example(EXAMPLE.read_text(encoding="utf-8"))
    for path, table in tables():
        shape = schema if table is Document else schema["$defs"][table.__name__]
        shape.pop("title", None)
        shape["description"] = inspect.cleandoc(table.__doc__ or "").split("\n")[0].replace("`", "")
        for key, comment in (_said_in_model(table) | said.get(path, {})).items():
            if key in shape["properties"]:
                shape["properties"][key]["description"] = comment
    title = {"$schema": DIALECT, "title": "keepcool.toml"}
    return title | schema | {"description": "The settings of one home for keepcool."}


def tables(
    table: type[BaseModel] = Document, path: TablePath = ()
) -> Iterator[tuple[TablePath, type[BaseModel]]]:
    """Yield every table with its path, `("room", "sensor")` for `[[room.sensor]]`."""
    yield path, table
    for key, info in keys_of(table).items():
        inner = table_in(info.annotation)
        if inner is not None:
            yield from tables(inner, (*path, key))


def _said_in_example(text: str) -> dict[TablePath, dict[str, str]]:
    """Return the comments beside the example's keys, by table and key; the first of several counts.

    A comment goes on in the lines below it that hold nothing else and are indented.
    """
    found: dict[TablePath, dict[str, str]] = {}
    path: TablePath = ()
    key = None
    for line in text.splitlines():
        if (header := _HEADER.fullmatch(line.partition("  #")[0].rstrip())) is not None:
            path, key = tuple(header["path"].split(".")), None
        elif (more := _CONTINUED.fullmatch(line)) is not None and key is not None:
            found[path][key] += f" {more['said']}"
        elif (match := _KEY.fullmatch(line)) is not None and match["said"] is not None:
            is_new = match["key"] not in found.setdefault(path, {})
            key = match["key"] if is_new else None
            found[path].setdefault(match["key"], match["said"])
        else:
            key = None
    return found


def _said_in_model(table: type[BaseModel]) -> dict[str, str]:
    """Return the comments beside the keys of a table's class."""
    keys = {name: info.alias or name for name, info in table.model_fields.items()}
    lines = map(_MODEL_KEY.fullmatch, inspect.getsource(table).splitlines())
    return {
        keys[found["name"]]: found["said"] for found in lines if found and found["name"] in keys
    }
