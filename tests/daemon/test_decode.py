"""`keepcool decode` says on one line what keepcool understood of one message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.decode import decode_line
from integrations.mqtt_payloads import parse_message


def decoded(line: str) -> dict[str, object]:
    """Return the answer to a line, checked to be one line with the four keys."""
    answer = decode_line(line, parse_message)
    assert "\n" not in answer
    found: dict[str, object] = json.loads(answer)
    assert list(found) == ["temperature_c", "humidity_pct", "available", "rejected"]
    return found


def line_of(topic: str, payload: object) -> str:
    """Return an input line."""
    return json.dumps({"topic": topic, "payload": payload})


def test_reading() -> None:
    """A good message gives its values, rounded to thousandths of a degree."""
    text = '{"temperature_F": 80.0, "humidity": 51.25}'
    assert decoded(line_of("rtl_433/x/events", text)) == {
        "temperature_c": 26.667,
        "humidity_pct": 51.25,
        "available": True,
        "rejected": None,
    }


def test_refused_value_beside_a_good_one() -> None:
    """A refused temperature gives its reason and leaves the humidity."""
    text = '{"temperature": 42949572, "humidity": 69.4}'
    assert decoded(line_of("home/x", text)) == {
        "temperature_c": None,
        "humidity_pct": 69.4,
        "available": True,
        "rejected": "out_of_range",
    }


def test_availability() -> None:
    """An availability message gives only that."""
    assert decoded(line_of("tele/x/LWT", "Offline")) == {
        "temperature_c": None,
        "humidity_pct": None,
        "available": False,
        "rejected": None,
    }


def test_payload_as_json() -> None:
    """A payload given as JSON, not as its text, is understood alike."""
    as_object = decoded(line_of("home/x", {"temperature": 22.5}))
    assert as_object == decoded(line_of("home/x", '{"temperature": 22.5}'))
    assert decoded(line_of("home/x", 22.5))["temperature_c"] == 22.5


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        ('{"topic": "x", "payload": ', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not a JSON object"),
        ("22.5", "not a JSON object"),
        ('{"payload": "22"}', '"topic" is missing'),
        ('{"topic": "x"}', '"payload" is missing'),
        ('{"topic": 5, "payload": "22"}', '"topic" must be a text'),
        ('{"topic": "", "payload": "22"}', '"topic" must be a text'),
    ],
)
def test_bad_line_says_what_is_wrong(line: str, words: str) -> None:
    """A line that is no message is answered with what is wrong, and no values."""
    found = decoded(line)
    assert words in str(found.pop("rejected"))
    assert set(found.values()) == {None}


def test_half_a_character_is_refused() -> None:
    """A lone surrogate, which JSON can write and UTF-8 cannot, is broken text."""
    assert decoded(r'{"topic": "x", "payload": "\ud800"}')["rejected"] == "not_utf8"


@given(st.text() | st.builds(line_of, st.text(), st.text() | st.floats() | st.booleans()))
def test_any_line_gets_an_answer(line: str) -> None:
    """Any line at all is answered with one line of strict JSON."""
    found = decoded(line)
    assert "NaN" not in json.dumps(found)


def test_samples_of_the_field(shared_data: Path) -> None:
    """Every recorded message is refused or accepted as noted, with its values."""
    for line in (shared_data / "mqtt_samples.jsonl").read_text().splitlines():
        sample = json.loads(line)
        expected = sample["expected"]
        found = decoded(line_of(sample["topic"], sample["payload"]))
        assert (found["rejected"] is None) is (sample["reject"] is None), sample["device"]
        assert found["temperature_c"] == expected["temperature_c"], sample["device"]
        assert found["humidity_pct"] == expected["humidity_pct"], sample["device"]
        assert found["available"] is expected["available"], sample["device"]
