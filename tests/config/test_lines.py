"""Every key of a TOML text is found on the line on which it stands."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.lines import KeyPath, locate_keys
from config.source import EXAMPLE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\nb = 2", {("a",): 1, ("b",): 2}),
        ("\n# x = 1\n[t] # y\na = 1", {("t",): 3, ("t", "a"): 4}),
        (
            "[[r]]\na = 1\n[[r]]\na = 2",
            {("r",): 1, ("r", 0): 1, ("r", 0, "a"): 2, ("r", 1): 3, ("r", 1, "a"): 4},
        ),
        (
            "[[r]]\n[[r.s]]\na = 1\n[r.t]\nb = 1",
            {
                ("r",): 1,
                ("r", 0): 1,
                ("r", 0, "s"): 2,
                ("r", 0, "s", 0): 2,
                ("r", 0, "s", 0, "a"): 3,
                ("r", 0, "t"): 4,
                ("r", 0, "t", "b"): 5,
            },
        ),
        ('a = """\nb = 1\n"""\nc = 1', {("a",): 1, ("c",): 4}),
        ("a = '''\nb = \"\"\"\n'''\nc = 1", {("a",): 1, ("c",): 4}),
        ('a = """x""""\nc = 1', {("a",): 1, ("c",): 2}),
        ("a = [\n 1, # ]\n 2,\n]\nc = 1", {("a",): 1, ("c",): 5}),
        ('a = "# = ["\nc = 1', {("a",): 1, ("c",): 2}),
        ('a = "\\""\nc = 1', {("a",): 1, ("c",): 2}),
        ('"a=b" . c = 1\n"#" = 2', {("a=b",): 1, ("a=b", "c"): 1, ("#",): 2}),
        ('["]"]\na = 1', {("]",): 1, ("]", "a"): 2}),
        ("a = { b = 1 }", {("a",): 1}),
    ],
)
def test_keys_are_located(text: str, expected: dict[KeyPath, int]) -> None:
    """Comments, quotes, texts over lines and nested tables do not mislead."""
    tomllib.loads(text)
    assert locate_keys(text) == expected


def test_every_key_of_the_example_is_on_its_line() -> None:
    """In the long example each line that is found really holds its key."""
    text = EXAMPLE.read_text()
    lines = text.split("\n")
    located = locate_keys(text)
    leaves = list(_leaves(tomllib.loads(text), ()))
    assert len(leaves) > 30
    for path in leaves:
        assert lines[located[path] - 1].startswith(f"{path[-1]} ="), path


def _leaves(value: object, path: KeyPath) -> list[KeyPath]:
    """Return the path of every plain value."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, (*path, key))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [leaf for n, inner in enumerate(value) for leaf in _leaves(inner, (*path, n))]
    return [path]


@given(st.text(alphabet="a=[]{}\"'#\n., 1\\", max_size=60))
def test_no_text_breaks_the_search(text: str) -> None:
    """Whatever the text, the search ends and names lines that there are."""
    assert all(1 <= line <= text.count("\n") + 1 for line in locate_keys(text).values())
