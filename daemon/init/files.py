"""Put the settings and the secrets down: whole or not at all, over nothing, closed to others."""

from __future__ import annotations

import grp
import os
import secrets as chance
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SERVICE_CONFIG = Path("/etc/keepcool/keepcool.toml")
GROUP = "keepcool"
TOKEN = "home_assistant_token"  # noqa: S105 - a file's name
PASSWORD = "mqtt_password"  # noqa: S105
SHARES = (Path("/usr/share/keepcool"), Path("/usr/local/share/keepcool"))  # package, make install


@dataclass(frozen=True, slots=True)
class Places:
    """Say where the settings and the secrets go, and who may read them.

    With a group they are a service's: root's own, and the group's to read.
    """

    config: Path
    group_id: int | None = None

    @property
    def secrets(self) -> Path:
        """Return the folder of secrets: beside the settings."""
        return self.config.parent / "secrets"

    @property
    def named_secrets(self) -> str:
        """Return how the settings name it: a service's in full, else from where they lie."""
        return str(self.secrets.absolute()) if self.group_id is not None else "secrets"


class FileThereError(Exception):
    """Report that a file is there already; it was not touched."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is there already, and is not overwritten")
        self.path = path


def find_places(config: Path | None) -> Places:
    """Return where things go: a service's folder for root, else the present one."""
    group_id = _group_id() if os.geteuid() == 0 else None
    if config is None:
        config = SERVICE_CONFIG if group_id is not None else Path("keepcool.toml")
    is_service = config.parent.absolute() == SERVICE_CONFIG.parent
    return Places(config, group_id if is_service else None)


def find_share() -> str:
    """Return where the example and its schema are: the package's folder, else make install's."""
    return str(next((folder for folder in SHARES if folder.is_dir()), SHARES[-1]))


def _group_id() -> int | None:
    try:
        return grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return None


def free_name(places: Places, name: str, content: str) -> str:
    """Return a secret's file name that is free, or that of a file that says the same already.

    A file with another secret stays; `name_2` is taken then.
    """
    number, found = 1, name
    while os.path.lexists(places.secrets / found):
        try:
            if (places.secrets / found).read_text(encoding="utf-8").strip() == content:
                return found
        except (OSError, UnicodeDecodeError):
            pass  # it cannot be ours
        number += 1
        found = f"{name}_{number}"
    return found


def write(places: Places, text: str, secrets: Mapping[str, str]) -> None:
    """Write the secrets, by file name, then the settings; take all back if anything goes wrong.

    Raises: FileThereError, OSError.
    """
    if os.path.lexists(places.config):
        raise FileThereError(places.config)
    done: list[Path] = []
    made: list[Path] = []
    try:
        wanted = [(places.config.parent, 0o755)]
        wanted += [(places.secrets, 0o700)] if secrets else []
        for folder, mode in wanted:
            if not folder.is_dir():
                folder.mkdir(parents=True)
                made.append(folder)
                _own(folder, places, 0o750 if places.group_id is not None else mode)
        for name, content in secrets.items():
            is_roots = name == TOKEN  # systemd hands it to the daemon
            path = places.secrets / name
            _put(path, f"{content}\n", places, is_shared=not is_roots, done=done)
        _put(places.config, text, places, is_shared=True, done=done)
    except BaseException:  # Ctrl-C too: nothing half-written stays
        for path in done:
            path.unlink(missing_ok=True)
        for folder in reversed(made):
            folder.rmdir()
        raise


def _put(path: Path, text: str, places: Places, *, is_shared: bool, done: list[Path]) -> None:
    """Write a file beside its place, then give it its name if nobody has that meanwhile."""
    draft = path.with_name(f".{path.name}.{chance.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _own(draft, places, 0o640 if is_shared and places.group_id is not None else 0o600)
        try:
            os.link(draft, path)
        except FileExistsError:
            raise FileThereError(path) from None
        done.append(path)
    finally:
        draft.unlink()


def _own(path: Path, places: Places, mode: int) -> None:
    if places.group_id is not None and mode & 0o070:
        os.chown(path, 0, places.group_id)
    path.chmod(mode)
