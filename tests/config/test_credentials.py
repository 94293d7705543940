"""Secrets come from where they should, are judged, and are never seen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.credentials import weakness
from config.model import Document
from config.source import Loading, Source
from tests.canary import CANARY
from tests.settings_texts import HOME_ASSISTANT, MINIMAL, load, refusal, warnings_of

BOTH = MINIMAL + '[mqtt]\nusername = "keepcool"\n' + HOME_ASSISTANT


def put(folder: Path, name: str, text: str, mode: int = 0o640) -> Path:
    """Write a secret's file."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(mode)
    return path


def test_credentials_directory_wins_over_the_file(tmp_path: Path) -> None:
    """What systemd hands over counts before what the settings say."""
    put(tmp_path / "creds", "mqtt_password", CANARY)
    put(tmp_path / "creds", "home_assistant_token", f"{CANARY}\n")
    text = BOTH.replace('"keepcool"\n', '"keepcool"\npassword = "in the file"\n')
    settings = load(tmp_path, text, credentials=tmp_path / "creds", require_secrets=True)
    assert settings.mqtt_password == CANARY
    assert settings.home_assistant_token == CANARY


def test_stand_in_of_the_unit_is_no_secret(tmp_path: Path) -> None:
    """Where the unit's file is absent systemd hands over a newline: other places count then."""
    put(tmp_path / "creds", "mqtt_password", "\n")
    put(tmp_path / "creds", "home_assistant_token", "\n")
    put(tmp_path / "secrets", "mqtt_password", CANARY)
    text = 'secrets_directory = "secrets"\n' + BOTH
    found = refusal(tmp_path, text, credentials=tmp_path / "creds", require_secrets=True)
    assert found == [
        (
            "keepcool.toml:19  home_assistant.token: is not given; "
            "put it into secrets/home_assistant_token, or name token_file"
        )
    ]


def test_secrets_directory_beside_the_settings(tmp_path: Path) -> None:
    """A folder of secrets may be named relative to the settings file."""
    put(tmp_path / "secrets", "mqtt_password", CANARY)
    put(tmp_path / "secrets", "home_assistant_token", CANARY)
    settings = load(tmp_path, 'secrets_directory = "secrets"\n' + BOTH, require_secrets=True)
    assert (settings.mqtt_password, settings.home_assistant_token) == (CANARY, CANARY)


def test_file_keys(tmp_path: Path) -> None:
    """A secret's own file may be named, and a password may hold blanks."""
    put(tmp_path, "pw", "two words \n")
    text = MINIMAL + '[mqtt]\nusername = "keepcool"\npassword_file = "pw"\n'
    assert repr(load(tmp_path, text, require_secrets=True).mqtt_password) == "'two words '"


def test_secret_and_its_file_together(tmp_path: Path) -> None:
    """Two sources in one table are a contradiction."""
    text = MINIMAL + f'[mqtt]\nusername = "a"\npassword = "{CANARY}"\npassword_file = "pw"\n'
    assert refusal(tmp_path, text) == [
        (
            "keepcool.toml:18  mqtt.password: stands beside password_file; "
            "keep password_file and take password out"
        )
    ]


def test_password_without_a_user(tmp_path: Path) -> None:
    """A password without a user name is a forgotten line."""
    assert refusal(tmp_path, MINIMAL + f'[mqtt]\npassword = "{CANARY}"\n') == [
        'keepcool.toml:17  mqtt.password: stands without a username; add username = "..." to [mqtt]'
    ]


def test_absent_secrets_warn_in_check_and_stop_run(tmp_path: Path) -> None:
    """`check` warns of absent secrets, `run` refuses them, in the same words."""
    words = [
        (
            "keepcool.toml:16  mqtt.password: is not given; "
            "put it into /etc/keepcool/secrets/mqtt_password, or name password_file"
        ),
        (
            "keepcool.toml:18  home_assistant.token: is not given; "
            "put it into /etc/keepcool/secrets/home_assistant_token, or name token_file"
        ),
    ]
    assert refusal(tmp_path, BOTH, require_secrets=True) == words
    assert warnings_of(tmp_path, BOTH)[:2] == words


def test_named_file_that_is_not_there(tmp_path: Path) -> None:
    """A named file that is absent says where to put the secret."""
    text = MINIMAL + HOME_ASSISTANT + 'token_file = "tok"\n'
    assert refusal(tmp_path, text, require_secrets=True) == [
        (
            "keepcool.toml:18  home_assistant.token: there is no file tok; "
            "write it to tok, then: chmod 600 tok (as a service: chmod 640, and chgrp keepcool)"
        )
    ]


def test_folder_pipe_and_giant_are_no_secrets(tmp_path: Path) -> None:
    """What is no small plain file is refused at once, without waiting for a pipe."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "folder").mkdir(mode=0o700)
    put(tmp_path, "giant", "x" * 20_000)
    for name, what in (
        ("pipe", "is not a plain file; name a plain file"),
        ("folder", "is not a plain file; name a plain file"),
        ("giant", "is too large for a secret; name another file"),
    ):
        text = MINIMAL + HOME_ASSISTANT + f'token_file = "{name}"\n'
        assert refusal(tmp_path, text) == [f"keepcool.toml:18  home_assistant.token: {name} {what}"]


@pytest.mark.parametrize(
    "value",
    ["changeme", "CHANGE_ME", "change-me", "<token>", "<your token here>", "xxx", "XXXXXXXX", "***",
     "...", "password", "your-token-here", "${MQTT_PASSWORD}", "$TOKEN", "{{ token }}", "TODO"],
)  # fmt: skip
def test_placeholder_is_recognised(value: str) -> None:
    """Words that stand for a secret are none."""
    assert weakness(value) == "is a placeholder"


@pytest.mark.parametrize("value", ["", "\n", "  ", "\r\n"])
def test_empty_is_recognised(value: str) -> None:
    """Nothing but blanks is no secret."""
    assert weakness(value) == "is empty"


@pytest.mark.parametrize("value", ["a\nb", "\nabc", "abc\n\n", "a\tb", "a\0b", "abc\r"])
def test_newline_inside_is_recognised(value: str) -> None:
    """A secret is one line; only one newline at its end is forgiven."""
    expected = None if value == "abc\r" else "holds a newline or another control character"
    assert weakness(value) == expected


@pytest.mark.parametrize("value", ["hunter2", "two words", "eyJhbGciOi.J9.x-_", "päss", "secret7"])
def test_real_secrets_pass(value: str) -> None:
    """Ordinary secrets are accepted, also with blanks and other letters."""
    assert weakness(value) is None


def test_token_of_other_letters(tmp_path: Path) -> None:
    """A token that no HTTP header can carry is refused."""
    put(tmp_path, "tok", "tökén-7654321")
    text = MINIMAL + HOME_ASSISTANT + 'token_file = "tok"\n'
    assert refusal(tmp_path, text) == [
        (
            "tok  home_assistant.token: holds letters that no token has; create one in "
            "Home Assistant: your profile > Security > Long-lived access tokens"
        )
    ]


def test_file_with_an_impossible_name(tmp_path: Path) -> None:
    """A name that no file can have, and a link in a circle, are plain refusals."""
    (tmp_path / "circle").symlink_to("circle")
    for name, shown in (("a\\u0000b", "a\\x00b"), ("circle", "circle")):
        found = refusal(tmp_path, MINIMAL + HOME_ASSISTANT + f'token_file = "{name}"\n')
        assert found[0] == (
            f"keepcool.toml:18  home_assistant.token: cannot read {shown}; name a plain file"
        )


def test_link_to_nowhere_in_the_credentials(tmp_path: Path) -> None:
    """A broken link counts as an absent secret, with its place."""
    (tmp_path / "mqtt_password").symlink_to("nowhere")
    text = MINIMAL + '[mqtt]\nusername = "keepcool"\n'
    (found,) = refusal(tmp_path, text, credentials=tmp_path, require_secrets=True)
    assert found.startswith("mqtt_password  mqtt.password: there is no file mqtt_password; ")


def test_secret_is_in_no_repr(tmp_path: Path) -> None:
    """Settings with secrets can be printed and show none."""
    put(tmp_path / "secrets", "mqtt_password", CANARY)
    put(tmp_path / "secrets", "home_assistant_token", CANARY)
    settings = load(tmp_path, 'secrets_directory = "secrets"\n' + BOTH, require_secrets=True)
    assert settings.mqtt_password == CANARY
    for text in (
        repr(settings),
        str(settings),
        str(settings.mqtt),
        repr(settings.mqtt.model_dump()),
    ):
        assert CANARY not in text


def test_secret_written_as_a_number_is_not_shown(tmp_path: Path) -> None:
    """A password of digits without quotes is refused by its type, unseen."""
    text = MINIMAL + '[mqtt]\nusername = "keepcool"\npassword = 7151923\n'
    assert refusal(tmp_path, text) == [
        'keepcool.toml:18  mqtt.password: is not text; write it in quotes, "like this"'
    ]


def test_library_error_shows_no_input() -> None:
    """Even pydantic's own error, should it ever be logged, names no value."""
    document = {"mqtt": {"password": [CANARY], "pasword": CANARY}, "home": CANARY}
    with pytest.raises(ValidationError) as refused:
        Document(Loading(document, Source("keepcool.toml")))
    assert refused.value.error_count() > 2
    assert CANARY not in str(refused.value)
