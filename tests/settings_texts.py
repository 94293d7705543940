"""Write settings files for tests, and load them the way the daemon does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from config.advice import find_warnings
from config.errors import SettingsError
from config.settings import Settings, load_settings

HOME = """\
[home]
name = "Flat"
latitude_deg = 52.5
longitude_deg = 13.4
time_zone = "Europe/Berlin"
country = "DE"
"""
HOME_ASSISTANT = """\
[home_assistant]
url = "https://ha.example.com"
"""
PERSON = """\
[[person]]
id = "anna"
name = "Anna"
rooms = ["bedroom"]
"""
ROOM = """\
[[room]]
id = "bedroom"
name = "Bedroom"
[[room.sensor]]
topic = "zigbee2mqtt/bedroom"
"""
MINIMAL = HOME + PERSON + ROOM


def write(folder: Path, text: str) -> Path:
    """Write a settings file that only its owner may read."""
    path = folder / "keepcool.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def load(
    folder: Path,
    text: str,
    *,
    environ: Mapping[str, str] | None = None,
    credentials: Path | None = None,
    require_secrets: bool = False,
) -> Settings:
    """Load a text as settings."""
    return load_settings(
        write(folder, text),
        environ={"HOME": str(folder)} | dict(environ or {}),
        credentials_directory=credentials,
        require_secrets=require_secrets,
    )


def refusal(
    folder: Path,
    text: str,
    *,
    environ: Mapping[str, str] | None = None,
    credentials: Path | None = None,
    require_secrets: bool = False,
) -> list[str]:
    """Return what is said about settings that must be refused, the folder's name left out."""
    with pytest.raises(SettingsError) as refused:
        load(
            folder,
            text,
            environ=environ,
            credentials=credentials,
            require_secrets=require_secrets,
        )
    return [str(problem).replace(f"{folder}/", "") for problem in refused.value.problems]


def warnings_of(folder: Path, text: str) -> list[str]:
    """Return the warnings about settings that are accepted, the folder's name left out."""
    return [str(warning).replace(f"{folder}/", "") for warning in find_warnings(load(folder, text))]
