"""The add-on's folder is what Home Assistant's Supervisor takes, and says what the code does.

The schema is that of supervisor/addons/validate.py of github.com/home-assistant/supervisor, for the
keys that are used here; a key that it does not know is refused.
"""

from __future__ import annotations

import fnmatch
import importlib
import re
import shutil
import struct
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.cli_addon import LOG_LEVELS
from daemon.rescue import BACKUP_NAME, RESERVE_NAME
from daemon.store import DATABASE_NAME
from tests.service.addon import read_dockerfile

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "addon"


def load(name: str) -> Any:  # noqa: ANN401 - YAML
    """Return a YAML file of the folder."""
    return importlib.import_module("yaml").safe_load((FOLDER / name).read_text())


def is_text(value: object) -> bool:
    """Return whether a value is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


def is_switch(value: object) -> bool:
    """Return whether a value is true or false."""
    return isinstance(value, bool)


def are(check: Callable[[Any], bool]) -> Callable[[object], bool]:
    """Return a check of a list of what another check takes."""
    return lambda value: isinstance(value, list) and bool(value) and all(map(check, value))


def one_of(*values: object) -> Callable[[object], bool]:
    """Return a check of a value that is one of some."""
    return lambda value: value in values


def is_map(entry: dict[str, object]) -> bool:
    """Return whether an entry of `map` names a folder that there is."""
    known = {"addon_config", "homeassistant_config", "ssl", "share", "media", "data"}
    return entry["type"] in known and isinstance(entry.get("read_only", "taken"), bool)


OPTION = re.compile(r"^(str|bool|int|float|list\([\w|]+\))\??$")
SCHEMA: dict[str, Callable[[Any], bool]] = {
    "name": is_text,
    "version": lambda value: (
        isinstance(value, str) and re.fullmatch(r"\d+\.\d+\.\d+", value) is not None
    ),
    "slug": lambda value: re.fullmatch(r"[-_.A-Za-z0-9]+", value) is not None,
    "description": is_text,
    "arch": are(one_of("aarch64", "amd64")),  # the others are gone since builder 2025.11
    "stage": one_of("stable", "experimental", "deprecated"),
    "startup": one_of("initialize", "system", "services", "application", "once"),
    "boot": one_of("auto", "manual", "manual_only"),
    "homeassistant_api": is_switch,
    "services": are(
        lambda value: re.fullmatch(r"(mqtt|mysql):(provide|want|need)", value) is not None
    ),
    "map": are(is_map),
    "tmpfs": is_switch,
    "timeout": lambda value: value in range(10, 301),
    "backup": one_of("hot", "cold"),
    "backup_pre": is_text,
    "backup_exclude": are(is_text),
    "options": lambda value: isinstance(value, dict),
    "schema": lambda value: all(OPTION.fullmatch(kind) for kind in value.values()),
}
REQUIRED = {"name", "version", "slug", "description", "arch"}


def test_the_supervisor_would_take_the_configuration() -> None:
    """Every key is known and its value allowed; what is required is there."""
    config = load("config.yaml")
    assert config.keys() >= REQUIRED
    assert config.keys() <= SCHEMA.keys()
    assert [key for key, value in config.items() if not SCHEMA[key](value)] == []


def test_it_asks_for_what_the_code_uses_and_no_more() -> None:
    """Home Assistant's interface, the broker, its own folder; no port, no privilege, no host."""
    config = load("config.yaml")
    assert config["homeassistant_api"] is True
    assert config["services"] == ["mqtt:need"]
    assert config["map"] == [{"type": "addon_config", "read_only": False}]
    assert not {"hassio_api", "ports", "privileged", "host_network", "full_access"} & config.keys()


def test_the_version_is_that_of_the_package() -> None:
    """The Supervisor shows, and compares, the version of what it builds."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert load("config.yaml")["version"] == project["version"]


def test_every_option_is_explained_and_read() -> None:
    """The options have a name and a description on the Configuration tab; the code reads them."""
    config, words = load("config.yaml"), load("translations/en.yaml")["configuration"]
    assert set(config["schema"]) == set(words)
    assert all(is_text(each["name"]) and is_text(each["description"]) for each in words.values())
    code = (REPOSITORY / "daemon/cli_addon.py").read_text()
    assert all(f'"{option}"' in code for option in config["schema"])
    assert config["schema"]["log_level"] == f"list({'|'.join(LOG_LEVELS)})"
    assert set(config["options"]) == {
        name for name, kind in config["schema"].items() if "?" not in kind
    }


@pytest.mark.parametrize(
    ("name", "fate"),
    [
        (DATABASE_NAME, "left out"),
        (f"{DATABASE_NAME}-wal", "left out"),
        (f"{DATABASE_NAME}-shm", "left out"),
        (RESERVE_NAME, "left out"),
        ("corrupt-20260701T120000Z.sqlite3", "left out"),
        (BACKUP_NAME, "taken"),
        ("last_good.json", "taken"),
        ("options.json", "taken"),
    ],
)
def test_the_backup_takes_the_copy_and_leaves_what_is_being_written(name: str, fate: str) -> None:
    """A database copied while it is written may be torn; its copy is whole."""
    config = load("config.yaml")
    is_left_out = any(fnmatch.fnmatchcase(name, pattern) for pattern in config["backup_exclude"])
    assert is_left_out is (fate == "left out")
    assert config["backup"] == "hot"  # somebody stays watched meanwhile


def test_no_other_file_is_taken_for_an_add_on() -> None:
    """The Supervisor looks for configurations in the whole repository."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    ).stdout.split()
    names = {f"config.{kind}" for kind in ("yaml", "yml", "json")}
    assert [path for path in listed if Path(path).name in names] in ([], ["addon/config.yaml"])


def test_the_image_is_a_debian_with_everything_by_hash() -> None:
    """The Dockerfile installs both lock files by hash and starts the add-on's own command."""
    steps = list(read_dockerfile((FOLDER / "Dockerfile").read_text()))
    assert steps[0][0] == "FROM"
    assert steps[0][1].startswith("debian:")
    assert steps[-1] == ("ENTRYPOINT", '["/opt/keepcool/bin/keepcool", "addon"]')
    script = " ".join(rest for name, rest in steps if name == "RUN")
    for lock in ("requirements-build.lock", "requirements.lock"):
        assert re.search(rf"--require-hashes[^&]* -r /opt/build/{lock}", script), lock
    assert "URLLIB3_NO_OVERRIDE=1" in script
    assert load("config.yaml")["backup_pre"].startswith("/opt/keepcool/bin/keepcool addon backup")


@pytest.mark.parametrize(("name", "size"), [("icon.png", (128, 128)), ("logo.png", (250, 100))])
def test_pictures_have_the_size_that_is_asked_for(name: str, size: tuple[int, int]) -> None:
    """Icon and logo are PNG of the recommended size, and small."""
    content = (FOLDER / name).read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == size
    assert len(content) < 10_000


def test_the_apparmor_profile_has_the_one_name() -> None:
    """The Supervisor renames the one profile in the file; two or none it refuses."""
    text = (FOLDER / "apparmor.txt").read_text()
    names = re.findall(r"^profile ([^ ]+).*$", text, re.MULTILINE)
    assert names == [load("config.yaml")["slug"]]


@pytest.mark.skipif(shutil.which("apparmor_parser") is None, reason="apparmor is not installed")
def test_the_apparmor_profile_compiles() -> None:
    """AppArmor's own compiler takes the profile; nothing is loaded."""
    done = subprocess.run(
        [
            "apparmor_parser",
            "--skip-kernel-load",
            "--skip-cache",
            "--stdout",
            FOLDER / "apparmor.txt",
        ],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
