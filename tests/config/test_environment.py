"""Environment variables lie over the settings file."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from config.settings import load_settings
from tests.canary import CANARY, without_secret
from tests.settings_texts import HOME_ASSISTANT, MINIMAL, load, refusal


def test_variable_wins_over_the_file(tmp_path: Path) -> None:
    """A variable replaces the file's value and is converted as the key needs it."""
    environ = {"KEEPCOOL_MQTT__HOST": "10.0.0.5", "KEEPCOOL_MQTT__PORT": "1884"}
    settings = load(tmp_path, MINIMAL + '[mqtt]\nhost = "localhost"\ntls = true\n', environ=environ)
    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.tls) == ("10.0.0.5", 1884, True)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (
            "KEEPCOOL_MQTT__PORT",
            "many",
            '$KEEPCOOL_MQTT__PORT  mqtt.port = "many": is not a number; allowed 1 to 65535',
        ),
        (
            "KEEPCOOL_MQTT_HOST",
            "x",
            (
                "$KEEPCOOL_MQTT_HOST  unknown environment variable; "
                "nearest variable KEEPCOOL_MQTT__HOST"
            ),
        ),
        (
            "KEEPCOOL_MQTT__PASWORD",
            CANARY,
            (
                "$KEEPCOOL_MQTT__PASWORD  unknown environment variable; "
                "nearest variable KEEPCOOL_MQTT__PASSWORD"
            ),
        ),
        (
            "KEEPCOOL_PERSON__0__NAME",
            "x",
            (
                "$KEEPCOOL_PERSON__0__NAME  people, carers, rooms and warnings come from the file; "
                "[[person]] can only be written in the settings file"
            ),
        ),
        ("KEEPCOOL_", "x", "$KEEPCOOL_  unknown environment variable; unset it"),
        (
            "KEEPCOOL_HOME__NAME",
            "caf\udce9",
            (
                '$KEEPCOOL_HOME__NAME  home.name = "caf\\udce9": is not UTF-8 text; '
                "write it in one line of plain UTF-8 text"
            ),
        ),
    ],
    ids=without_secret,
)
def test_wrong_variable_says(tmp_path: Path, name: str, value: str, expected: str) -> None:
    """A variable that sets nothing, or nonsense, is refused by its name."""
    assert refusal(tmp_path, MINIMAL, environ={name: value}) == [expected]


def test_other_programs_variables_are_left_alone(tmp_path: Path) -> None:
    """Only KEEPCOOL_ variables count, and the one that names the file is no setting."""
    environ = {"MQTT__HOST": "x", "KEEPCOOL_CONFIG": "x", "keepcool_mqtt__host": "x"}
    assert load(tmp_path, MINIMAL, environ=environ).mqtt.host == "localhost"


def test_secret_from_the_environment(tmp_path: Path) -> None:
    """A token may come from a variable, and then replaces the file that the settings name."""
    text = MINIMAL + HOME_ASSISTANT + 'token_file = "nowhere"\n'
    environ = {"KEEPCOOL_HOME_ASSISTANT__TOKEN": CANARY}
    settings = load(tmp_path, text, environ=environ, require_secrets=True)
    assert settings.home_assistant_token == CANARY


def test_variable_hides_no_mistake_of_the_file(tmp_path: Path) -> None:
    """A table that the file writes wrongly is told, even where variables would replace it."""
    environ = {"KEEPCOOL_MQTT__HOST": "10.0.0.5"}
    assert refusal(tmp_path, "mqtt = 5\n" + MINIMAL, environ=environ) == [
        "keepcool.toml:1  mqtt: is not a table; write [mqtt], its keys below"
    ]


def test_wrong_table_is_told_once_beside_a_secret(tmp_path: Path) -> None:
    """A secret that systemd hands over makes no table out of what is none."""
    (tmp_path / "home_assistant_token").write_text(CANARY)
    assert refusal(tmp_path, "home_assistant = 5\n" + MINIMAL, credentials=tmp_path) == [
        (
            "keepcool.toml:1  home_assistant = 5: is not a table; "
            "write [home_assistant], its keys below"
        )
    ]


def test_empty_variable_is_no_value(tmp_path: Path) -> None:
    """A variable that is set to nothing is told, instead of being taken for an absent one."""
    assert refusal(tmp_path, MINIMAL, environ={"KEEPCOOL_MQTT__HOST": ""}) == [
        '$KEEPCOOL_MQTT__HOST  mqtt.host = "": is empty; write something or take the key out'
    ]


def test_whole_table_cannot_come_from_a_variable(tmp_path: Path) -> None:
    """The library would take JSON for a table; keepcool knows single keys only."""
    (found,) = refusal(tmp_path, MINIMAL, environ={"KEEPCOOL_MQTT": '{"host": "10.0.0.5"}'})
    assert found.startswith("$KEEPCOOL_MQTT  unknown environment variable")


def test_own_variables_of_the_process_do_not_leak_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the variables that are passed count, not those of the process."""
    monkeypatch.setenv("KEEPCOOL_MQTT__HOST", "10.0.0.5")
    monkeypatch.setenv("PERSON", "[]")
    assert load(tmp_path, MINIMAL).mqtt.host == "localhost"


def test_library_logs_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The settings library's debugging, which prints every value, stays silent."""
    monkeypatch.setenv("PYDANTIC_SETTINGS_DEBUG", "1")
    caplog.set_level(logging.DEBUG)
    text = MINIMAL + f'[mqtt]\nusername = "keepcool"\npassword = "{CANARY}"\n'
    assert load(tmp_path, text).mqtt_password == CANARY
    assert CANARY not in caplog.text


def test_secret_and_its_file_both_as_variables(tmp_path: Path) -> None:
    """A variable for the password and one for its file are a contradiction."""
    environ = {"KEEPCOOL_MQTT__PASSWORD": CANARY, "KEEPCOOL_MQTT__PASSWORD_FILE": "pw"}
    assert refusal(tmp_path, MINIMAL + '[mqtt]\nusername = "a"\n', environ=environ) == [
        (
            "$KEEPCOOL_MQTT__PASSWORD  mqtt.password: stands beside password_file; "
            "keep password_file and take password out"
        )
    ]


def test_variable_naming_a_file_replaces_a_password_of_the_file(tmp_path: Path) -> None:
    """Where a variable names the password's file, the settings file's own password is past."""
    (tmp_path / "pw").write_text(CANARY)
    (tmp_path / "pw").chmod(0o600)
    text = MINIMAL + '[mqtt]\nusername = "a"\npassword = "the old one"\n'
    environ = {"KEEPCOOL_MQTT__PASSWORD_FILE": "pw"}
    assert load(tmp_path, text, environ=environ).mqtt_password == CANARY


def test_environment_without_a_file() -> None:
    """A home can come from variables alone; it then has no people and rooms."""
    environ = {
        "KEEPCOOL_HOME__NAME": "Flat",
        "KEEPCOOL_HOME__LATITUDE_DEG": "52.5",
        "KEEPCOOL_HOME__LONGITUDE_DEG": "13.4",
        "KEEPCOOL_HOME__TIME_ZONE": "Europe/Berlin",
        "KEEPCOOL_HOME__COUNTRY": "de",
        "STATE_DIRECTORY": "/var/lib/keepcool:/var/lib/other",
    }
    settings = load_settings(
        None, environ=environ, credentials_directory=None, require_secrets=True
    )
    assert settings.home.country == "DE"
    assert settings.state_directory == Path("/var/lib/keepcool")


def test_state_directory_in_order(tmp_path: Path) -> None:
    """The settings name the state directory, else systemd, else it is in the user's home."""
    environ = {"HOME": "/home/anna"}
    assert load(tmp_path, MINIMAL, environ=environ).state_directory == Path(
        "/home/anna/.local/state/keepcool"
    )
    text = MINIMAL + '[storage]\nstate_directory = "state"\n'
    environ = {"STATE_DIRECTORY": "/var/lib/keepcool"}
    assert load(tmp_path, text, environ=environ).state_directory == tmp_path / "state"
