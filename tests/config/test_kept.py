"""The settings that ran are kept whole, and basic mode takes from them what it may."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.home import build_people, build_rooms, build_tuning
from config.kept import KEPT_NAME, Kept, basic, capture, load_kept, read_kept, write_kept
from config.settings import Settings, find_state_directory, load_settings
from policies.model import Tuning
from tests.canary import CANARY
from tests.config.test_credentials import put
from tests.settings_texts import HOME, HOME_ASSISTANT, MINIMAL, PERSON, ROOM, load, write

COOLING = '[[room.cooling]]\nentity = "climate.ac"\n'
FULL = (
    HOME
    + HOME_ASSISTANT
    + '[mqtt]\nusername = "keepcool"\npassword_file = "password"\n'
    + PERSON
    + '[[person.second_road]]\nurl_file = "road"\n'
    + ROOM
    + COOLING
)
ROAD = f"ntfys://ntfy.example.com/{CANARY}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with three secrets in files, one of them systemd's, and a variable."""
    for name, text in (("password", CANARY), ("road", ROAD)):
        put(tmp_path, name, text)
    given = tmp_path / "given"
    given.mkdir()
    put(given, "home_assistant_token", f"token-{CANARY}")
    return load_settings(
        write(tmp_path, FULL),
        environ={"KEEPCOOL_MQTT__PORT": "1884"},
        credentials_directory=given,
        require_secrets=True,
    )


def test_kept_settings_load_without_any_other_file(tmp_path: Path, settings: Settings) -> None:
    """What was kept loads as it was, however the file, secrets and variables look now."""
    assert settings.path is not None
    captured = capture(settings, FULL, {"KEEPCOOL_MQTT__PORT": "1884", "HOME": "/root"})
    write_kept(tmp_path, captured)
    for name in ("password", "road", "given/home_assistant_token", settings.path.name):
        (tmp_path / name).unlink()
    kept = read_kept(tmp_path)
    assert kept == captured
    loaded = load_kept(kept, settings.path, {"KEEPCOOL_MQTT__PORT": "wrong"})
    assert loaded.mqtt_password == settings.mqtt_password == CANARY
    assert loaded.home_assistant_token == settings.home_assistant_token == f"token-{CANARY}"
    assert loaded.mqtt_port == 1884
    [road] = loaded.second_roads
    assert road.url is not None
    assert road.url.get_secret_value() == ROAD
    assert replace(loaded, source=settings.source) == settings


def test_kept_settings_are_for_their_owner_alone(tmp_path: Path, settings: Settings) -> None:
    """The file with the secrets has mode 0600 whatever the umask, and is not shown."""
    kept = capture(settings, FULL, {})
    before = os.umask(0)
    try:
        write_kept(tmp_path, kept)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / KEPT_NAME).stat().st_mode) == 0o600
    assert CANARY not in repr(kept)
    assert [path.name for path in tmp_path.glob("last_good*")] == [KEPT_NAME]


def test_same_settings_are_not_written_again(tmp_path: Path, settings: Settings) -> None:
    """A start with unchanged settings costs the card nothing."""
    write_kept(tmp_path, capture(settings, FULL, {}))
    first = (tmp_path / KEPT_NAME).stat().st_ino
    write_kept(tmp_path, capture(settings, FULL, {}))
    assert (tmp_path / KEPT_NAME).stat().st_ino == first
    write_kept(tmp_path, capture(settings, FULL + "# changed\n", {}))
    assert (tmp_path / KEPT_NAME).stat().st_ino != first


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"text": "", "variables": 1}', "\x00"])
def test_broken_kept_file_counts_for_none(tmp_path: Path, text: str) -> None:
    """What cannot be read is no settings."""
    (tmp_path / KEPT_NAME).write_text(text)
    assert read_kept(tmp_path) is None


def test_kept_settings_that_this_version_refuses_are_refused(tmp_path: Path) -> None:
    """An update may refuse what ran before it; that is an error like any other."""
    with pytest.raises(SettingsError, match="unknown"):
        load_kept(Kept("[homes]\n", {}, {}), tmp_path / "keepcool.toml", {})


def test_basic_settings_switch_nothing(settings: Settings) -> None:
    """In basic mode no room has a device, and no number of the settings tunes the policies."""
    tuned = replace(
        settings, thresholds=settings.thresholds.model_copy(update={"rolling_window_s": 60.0})
    )
    reduced = basic(tuned)
    assert [room.devices for room in build_rooms(reduced)] == [()]
    assert build_tuning(reduced) == Tuning()
    assert build_rooms(settings)[0].devices


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("", "level_2_c", 29.0),
        ("level_2_c = 30.0", "level_2_c", 29.0),  # the built-in one is lower
        ("level_2_c = 27.0", "level_2_c", 27.0),  # the person's own is
        ("night_level_1_c = 22.0", "night_level_1_c", 22.0),
        ("offset_c = 1.5", "offset_c", 0.0),
        ("offset_c = -1.5", "offset_c", -1.5),
    ],
)
def test_basic_limits_are_never_looser(
    tmp_path: Path, line: str, name: str, expected: float
) -> None:
    """Of the built-in limit and the person's own the lower one counts."""
    text = MINIMAL.replace(PERSON, f'{PERSON}{line}\nbrief_at = "07:30"\n')
    [person] = build_people(basic(load(tmp_path, text)))
    assert getattr(person, name) == expected
    assert person.brief_at is None


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        (
            '[storage]\nstate_directory = "here"\n[homes]\n',
            {"STATE_DIRECTORY": "/s"},
            "{base}/here",
        ),
        ("[homes]\n", {"STATE_DIRECTORY": "/s"}, "/s"),
        ('[storage]\nstate_directory = "here"\n[home', {"STATE_DIRECTORY": "/s"}, "/s"),
        ("storage = 1\n", {"STATE_DIRECTORY": "/s:/t"}, "/s"),
        ("[storage]\nstate_directory = 1\n", {"HOME": "/h"}, "/h/.local/state/keepcool"),
        ("", {"KEEPCOOL_STORAGE__STATE_DIRECTORY": "/v", "STATE_DIRECTORY": "/s"}, "/v"),
    ],
)
def test_state_is_found_with_refused_settings(
    tmp_path: Path, text: str, environ: dict[str, str], expected: str
) -> None:
    """What still can be read of a refused file says where the state lies, then systemd does."""
    path = tmp_path / "keepcool.toml"
    path.write_text(text)
    found = find_state_directory(path, environ)
    assert str(found) == expected.format(base=tmp_path)
