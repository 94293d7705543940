"""However a settings file is damaged, keepcool answers with a SettingsError and shows no secret."""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from config.advice import find_warnings
from config.errors import SettingsError
from config.settings import load_settings
from config.source import EXAMPLE
from tests.canary import CANARY
from tests.settings_texts import HOME, HOME_ASSISTANT, PERSON, ROOM

TOUR = EXAMPLE.read_text()
LINES = [line for line in TOUR.split("\n") if line and not line.startswith("#")]
LITERALS = st.sampled_from(
    ["0", "-1", "1e400", "nan", "inf", "true", '""', '"x"', '"+"', '"$SYS/x"', '"\\u0000"', "[]",
     "[1]", '[["a"]]', "{}", "{ a = 1 }", "07:00:00", "2026-07-01", "2026-07-01T00:00:00Z",
     "9" * 30,
     "0xff", "80", '"26,5"', '"\\u202e"', "[{}]", '"' + "x" * 600 + '"', "'''\na\n'''"]
)  # fmt: skip
SECRET_LINES = {
    "mqtt": '[mqtt]\nusername = "u"\n',
    "home_assistant": HOME_ASSISTANT,
}


def outcome(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Load a text, and return everything that anybody could get to see of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "keepcool.toml"
        path.write_text(text, errors="surrogatepass")
        path.chmod(0o600)
        try:
            settings = load_settings(
                path, environ=environ or {}, credentials_directory=None, require_secrets=False
            )
        except SettingsError as err:
            return f"{err}\n{err!r}\n{err.problems!r}" + "".join(traceback.format_exception(err))
        return f"{settings}\n{settings!r}\n" + "\n".join(map(str, find_warnings(settings)))


@given(
    st.integers(0, len(TOUR)),
    st.integers(0, 200),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=20) | st.sampled_from("[]{}=\"'\n#,."),
)
def test_any_edit_of_the_example_is_answered(start: int, length: int, inserted: str) -> None:
    """Text cut out of the example, or typed into it, never ends in a traceback."""
    assert outcome(TOUR[:start] + inserted + TOUR[start + length :])


@given(st.integers(0, len(LINES) - 1), LITERALS)
def test_any_value_in_the_example_is_answered(number: int, literal: str) -> None:
    """Any key of the example with a value of any kind never ends in a traceback."""
    key, equals, _ = LINES[number].partition(" = ")
    line = f"{key}{equals}{literal}" if equals else f"x = {literal}"
    assert outcome("\n".join([*LINES[:number], line, *LINES[number + 1 :]]))


@given(st.permutations(range(len(LINES))), st.integers(0, len(LINES)))
def test_any_order_of_lines_is_answered(order: list[int], count: int) -> None:
    """Lines in the wrong tables never end in a traceback."""
    assert outcome("\n".join(LINES[number] for number in order[:count]))


@given(
    st.dictionaries(
        st.sampled_from(["HOME", "MQTT", "PERSON", "ROOM", "SECRETS_DIRECTORY", "X", "WEATHER"]),
        st.tuples(
            st.sampled_from(["", "__HOST", "__PORT", "__NAME", "__ID", "__TLS", "__COUNTRY", "__"]),
            st.text(max_size=20),
        ),
    )
)
def test_any_environment_is_answered(parts: dict[str, tuple[str, str]]) -> None:
    """Variables of any name and value never end in a traceback."""
    environ = {f"KEEPCOOL_{head}{tail}": value for head, (tail, value) in parts.items()}
    assert outcome(TOUR, environ)


@given(
    st.sampled_from(
        ["mqtt.password", "mqtt.pasword", "mqtt.password_", "mqtt.secret", "home_assistant.token",
         "home_assistant.tokn", "home_assistant.api_key", "home.password", "token"]
    ),
    st.sampled_from(['"{}"', "'{}'", '["{}"]', '{{ value = "{}" }}', '"""\n{}"""', '"{}\\n{}"',
                     '"{}\\u0000"', "{}", '"{}', '"<{}>"', '[["{}"]]']),
    st.sampled_from(["", "level_1_c = 80\n", "mqtt = 5\n", "[[room]]\n", "]\n", "= 5\n"]),
)  # fmt: skip
def test_secret_is_never_seen_again(key: str, shape: str, damage: str) -> None:
    """A secret under a right or mistyped key, in any shape, beside any mistake, is not shown."""
    table, _, name = key.rpartition(".")
    head = SECRET_LINES.get(table, f"[{table}]\n" if table and table != "home" else "")
    secret = f"{name} = {shape.replace('{}', CANARY).replace('{{', '{').replace('}}', '}')}\n"
    rest = PERSON + ROOM + damage
    home = HOME + secret if table == "home" else HOME
    text = secret + home + rest if not table else home + rest + head + (secret if head else "")
    assert CANARY in text
    assert CANARY not in outcome(text)


def test_thousand_rooms_load_quickly() -> None:
    """A care home of a thousand rooms is read, judged and advised on without waiting."""
    rooms = "".join(
        f'[[room]]\nid = "r{number}"\nname = "Room {number}"\n'
        f'[[room.sensor]]\ntopic = "z/{number}"\n'
        f'[[room.cooling]]\nentity = "climate.r{number}"\n'
        f'[[person]]\nid = "p{number}"\nname = "P"\nrooms = ["r{number}"]\n'
        for number in range(1000)
    )
    started = time.process_time()
    assert outcome(HOME + HOME_ASSISTANT + rooms).count("has no phone") == 1000
    assert "another room has the id" in outcome(HOME + HOME_ASSISTANT + rooms * 2)
    assert time.process_time() - started < 12.0  # a few seconds; squared work takes minutes
