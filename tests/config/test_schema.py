"""The JSON schema for editors allows what keepcool allows, and knows every key by itself."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from click.testing import CliRunner
from pydantic import BeforeValidator

from config.credentials import SECRETS
from config.fields import Between, OneOf
from config.model import Document
from config.schema import DIALECT, TablePath, build_schema, tables
from config.source import EXAMPLE
from config.table import keys_of, table_in
from daemon.cli import main
from tests.json_schema import fits

SCHEMA = build_schema()
TABLES = dict(tables())
KEYS = [
    (path, key, info)
    for path, table in TABLES.items()
    for key, info in keys_of(table).items()
    if table_in(info.annotation) is None
]
# Secrets belong into files of their own, so the example shows the files and never a secret.
UNSHOWN = {((secret.table,), key) for secret in SECRETS for key in (secret.key, secret.file_key)}


def shape_of(path: TablePath) -> dict[str, Any]:
    """Return a table's shape."""
    table = TABLES[path]
    shape: dict[str, Any] = SCHEMA if table is Document else SCHEMA["$defs"][table.__name__]
    return shape


def allows(path: TablePath, key: str, value: object) -> bool:
    """Return whether a key may have a value."""
    return fits(value, shape_of(path)["properties"][key], SCHEMA)


def checks_of(annotation: object, metadata: list[object]) -> Iterator[object]:
    """Yield the checks of a key, also those within `Annotated[...] | None` and tuples."""
    yield from metadata
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__  # type: ignore[attr-defined]
    for part in get_args(annotation):
        yield from checks_of(part, [])


def example_values() -> Iterator[tuple[TablePath, str, object]]:
    """Yield every key of the example with its value, those that are switched off too."""
    path: TablePath = ()
    for line in EXAMPLE.read_text().splitlines():
        try:
            found = tomllib.loads(line.removeprefix("# "))
        except tomllib.TOMLDecodeError:
            continue  # prose
        for key, value in found.items():
            if "[" in line.split("=")[0]:
                path = header(found)
            elif path in TABLES and key in keys_of(TABLES[path]):
                yield path, key, value


def header(found: dict[str, Any]) -> TablePath:
    """Return the path of a table's header: `{"room": [{"sensor": [{}]}]}` is `room.sensor`."""
    if not found:
        return ()
    ((key, inner),) = found.items()
    return (key, *header(inner[0] if isinstance(inner, list) else inner))


def test_schema_is_printed() -> None:
    """`keepcool schema` prints the schema as JSON, in the draft that it names."""
    done = CliRunner().invoke(main, ["schema"])
    assert done.exit_code == 0
    printed = json.loads(done.output)
    assert printed == SCHEMA
    assert printed["$schema"] == DIALECT


def test_example_fits() -> None:
    """The shipped example is allowed as it stands."""
    assert fits(tomllib.loads(EXAMPLE.read_text()), SCHEMA, SCHEMA)


def test_example_shows_every_key() -> None:
    """Every key stands in the example, and its value there is allowed, switched on or off."""
    shown = list(example_values())
    refused = [(path, key, value) for path, key, value in shown if not allows(path, key, value)]
    assert refused == []
    named = {(path, key) for path, key, _ in shown}
    assert {(path, key) for path, key, _ in KEYS} - named <= UNSHOWN


@pytest.mark.parametrize("path", TABLES, ids=lambda path: ".".join(path) or "top")
def test_table_has_exactly_its_keys(path: TablePath) -> None:
    """A table allows its own keys and no others, asks for the same ones, and says what it is."""
    keys, shape = keys_of(TABLES[path]), shape_of(path)
    assert set(shape["properties"]) == set(keys)
    assert shape["additionalProperties"] is False
    asked_for = {key for key, info in keys.items() if info.is_required()}
    assert set(shape.get("required", [])) == asked_for
    assert shape["description"]


def test_ranges_are_those_of_the_settings() -> None:
    """Each number is allowed to the edge of its range and at its off value, and nowhere beyond."""
    seen = 0
    for path, key, info in KEYS:
        for check in checks_of(info.annotation, list(info.metadata)):
            if isinstance(check, Between):
                seen += 1
                step = 1 if "integer" in shape_of(path)["properties"][key]["type"] else 0.001
                inside = [check.low, check.high, *([] if check.off is None else [check.off])]
                outside = {check.low - step, check.high + step} - set(inside)
                assert [value for value in inside if not allows(path, key, value)] == [], key
                assert [value for value in outside if allows(path, key, value)] == [], key
                assert not allows(path, key, "warm"), key
    assert seen > 30


def test_words_are_those_of_the_settings() -> None:
    """A key with a choice of words allows each of them, in every spelling, and no other."""
    seen = 0
    for path, key, info in KEYS:
        for found in checks_of(info.annotation, list(info.metadata)):
            check = found.func if isinstance(found, BeforeValidator) else None
            if isinstance(check, OneOf):
                seen += 1
                words = [*check.choices, *(spelling for spelling, _ in check.spellings)]
                shape = shape_of(path)["properties"][key]
                shape = shape.get("items", shape)
                assert [word for word in words if not fits(word, shape, SCHEMA)] == [], key
                assert not fits("nonsense", shape, SCHEMA), key
    assert seen > 5


@pytest.mark.parametrize(
    ("path", "key", "right", "wrong"),
    [
        (("person",), "id", "anna-2", "Anna"),
        (("person",), "wake_at", "7:30", "half past seven"),
        (("person",), "rooms", ["bedroom"], ["Bed room"]),
        (("person",), "heat_sensitive", True, 1),
        (("person",), "portion_ml", 200, True),
        (("person", "phone"), "service", "notify.mobile_app_x", "notify.x"),
        (("home",), "country", "DE", "Germany"),
        (("home_assistant",), "url", "http://homeassistant.local:8123", "homeassistant.local"),
        (("room", "sensor"), "topic", "zigbee2mqtt/bedroom", "zigbee2mqtt/#"),
        (("room", "sensor"), "match", {"id": 42}, {"id": [42]}),
        (("room", "cooling"), "entity", "fan.bedroom", "light.bedroom"),
        (("mqtt",), "version", 5, 4),
    ],
)
def test_value_is_judged(path: TablePath, key: str, right: object, wrong: object) -> None:
    """What the settings refuse for its form the editor underlines, too."""
    assert allows(path, key, right)
    assert not allows(path, key, wrong)


def test_comments_of_the_example_become_descriptions() -> None:
    """What is written beside a key in the example shows in the editor, over several lines."""
    person = shape_of(("person",))["properties"]
    assert person["level_2_c"]["description"] == "26 to 31: one warning"
    assert person["reduced_sweating"]["description"].endswith("something that lists less sweating")
    assert "#" not in json.dumps([text["description"] for text in descriptions(person)])


def descriptions(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the shapes that say something."""
    return [shape for shape in properties.values() if "description" in shape]


def test_nothing_but_toml() -> None:
    """The schema offers no null, no infinite number and no default for a secret."""
    text = json.dumps(SCHEMA)
    assert "null" not in text
    assert "Infinity" not in text
    for secret in SECRETS:
        shape = shape_of((secret.table,))["properties"][secret.key]
        assert (shape["writeOnly"], "default" in shape) == (True, False)


def test_judge_knows_no_infinity() -> None:
    """The judge of this file is itself able to refuse: a range, a type and a missing key."""
    assert not fits(math.inf, {"maximum": 5}, {})
    assert not fits("5", {"type": "number"}, {})
    assert not fits({}, {"required": ["a"]}, {})
    assert not fits({"b": 1}, {"properties": {"a": {}}, "additionalProperties": False}, {})
    with pytest.raises(KeyError):
        fits(1, {"multipleOf": 2}, {})
