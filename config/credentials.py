"""Find passwords and tokens, refuse those that cannot be right, and never show one.

The first of these counts: the environment (`KEEPCOOL_MQTT__PASSWORD`), systemd's
`$CREDENTIALS_DIRECTORY`, the settings file (`password` or `password_file`), the folder named by
`secrets_directory`. Files are called `mqtt_password` and `home_assistant_token`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.errors import Problem
from config.fields import unreadable
from config.lines import KeyPath
from config.source import Source

LARGEST_SECRET_BYTES = 16_384
ALLOWED_MODE = 0o640
_PLACEHOLDER_WORDS = """
changeit changeme changethis dummy enterpassword entertoken example insertpassword inserttoken
longlivedaccesstoken mypassword none null passwd password passwordhere pastetokenhere placeholder
replaceme replacethis secret tbd todo token tokenhere yourlonglivedaccesstoken yourpassword
yourpasswordhere yoursecret yourtoken yourtokenhere
"""
_PLACEHOLDERS = frozenset(_PLACEHOLDER_WORDS.split())


@dataclass(frozen=True, slots=True)
class Secret:
    """Name a secret: its table and key in the settings, and its file in a folder of secrets."""

    table: str
    key: str
    file_name: str

    @property
    def path(self) -> KeyPath:
        """Return where it stands in the settings."""
        return (self.table, self.key)

    @property
    def dotted(self) -> str:
        """Return how messages call it."""
        return f"{self.table}.{self.key}"


SECRETS = (
    Secret("mqtt", "password", "mqtt_password"),
    Secret("home_assistant", "token", "home_assistant_token"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold what was found for one secret; the value stays out of every repr."""

    value: str | None = None
    origin: str = ""
    problem: Problem | None = None
    is_absent: bool = False  # `problem` then says so: a warning in `check`, refused by `run`

    def __repr__(self) -> str:
        """Show where it comes from, never what it is."""
        return f"Finding(origin={self.origin!r}, is_absent={self.is_absent})"


@dataclass(frozen=True, slots=True)
class Folders:
    """Name the folders that secrets may lie in."""

    credentials: Path | None  # systemd's own, which only the daemon can read
    secrets: Path | None  # from the settings


def find_secret(
    secret: Secret, document: Mapping[str, Any], source: Source, folders: Folders, base: Path
) -> Finding:
    """Return a secret's value, or the reason why it cannot be used.

    `base` is the folder that a relative `*_file` starts from.
    """
    table = document.get(secret.table)
    table = table if isinstance(table, dict) else {}
    file_key = f"{secret.key}_file"
    inline, named_file = table.get(secret.key), table.get(file_key)
    if inline is not None and named_file is not None:
        fix = f"keep {file_key} and take {secret.key} out"
        what = f"stands beside {file_key}"
        return Finding(problem=Problem(source.where(secret.path), secret.dotted, what, fix=fix))
    if secret.path in source.elsewhere and isinstance(inline, str):
        return _judged(secret, inline, source.elsewhere[secret.path])
    by_systemd = _file_in(folders.credentials, secret)
    if by_systemd is not None and not _is_stand_in(by_systemd):
        return _from_file(secret, by_systemd, str(by_systemd), is_private=True)
    if isinstance(inline, str):
        return _inline(secret, inline, source)
    if isinstance(named_file, str):
        where = source.where((secret.table, file_key))
        return _from_file(secret, resolve(named_file, base), where, is_private=False)
    is_malformed = inline is not None or named_file is not None  # refused by its type
    return Finding() if is_malformed else _from_folder(secret, source, folders)


def _from_folder(secret: Secret, source: Source, folders: Folders) -> Finding:
    """Read a secret from the folder of the settings, or say that it is absent."""
    file = _file_in(folders.secrets, secret)
    if file is not None:
        return _from_file(secret, file, str(file), is_private=False)
    folder = folders.secrets or Path("/etc/keepcool/secrets")  # systemd's is no place to write to
    where = source.where((secret.table,))
    fix = f"put it into {folder / secret.file_name}, or name {secret.key}_file"
    return Finding(problem=Problem(where, secret.dotted, "is not given", fix=fix), is_absent=True)


def resolve(text: str, base: Path) -> Path:
    """Return a path of the settings: `~` is the home folder, relative ones start from `base`."""
    expanded = Path(text)
    if text.startswith("~"):
        expanded = Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser may raise
    return expanded if expanded.is_absolute() else base / expanded


def weakness(value: str) -> str | None:
    """Say why a text cannot be the real secret, or `None`; one newline at its end is stripped."""
    text = strip_newline(value)
    if not text.strip():
        return "is empty"
    if (reason := unreadable(text)) is not None:
        return reason
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    is_bracketed = text.startswith("<") and text.endswith(">")
    is_unexpanded = re.fullmatch(r"\$\{?\w+\}?|\{\{.*\}\}", text) is not None
    is_repeated = len(set(text.lower())) == 1
    if is_bracketed or is_unexpanded or is_repeated or plain in _PLACEHOLDERS:
        return "is a placeholder"
    return None


def strip_newline(value: str) -> str:
    """Return a secret without the one newline that editors and `echo` put at the end."""
    return value.removesuffix("\n").removesuffix("\r")


def _file_in(folder: Path | None, secret: Secret) -> Path | None:
    """Return a secret's file in a folder, if it is there; in a closed folder it is not."""
    file = folder / secret.file_name if folder else None
    return file if file is not None and os.path.lexists(file) else None


def _is_stand_in(file: Path) -> bool:
    """Return whether systemd put a bare newline where there is no secret (see the unit)."""
    try:
        return file.stat().st_size <= 1
    except OSError:
        return False


def _judged(secret: Secret, value: str, origin: str) -> Finding:
    """Return a secret that may be used, or what is wrong with it."""
    reason = weakness(value)
    text = strip_newline(value)
    if reason is None and secret.key == "token" and not text.isascii():
        reason = "holds letters that no token has"
    if reason is not None:
        fix = (
            "create one in Home Assistant: your profile > Security > Long-lived access tokens"
            if secret.key == "token"
            else "put the broker's real password there"
        )
        return Finding(problem=Problem(origin, secret.dotted, reason, fix=fix), origin=origin)
    return Finding(value=text, origin=origin)


def _inline(secret: Secret, value: str, source: Source) -> Finding:
    """Judge a secret written in the settings file itself: others must not read that file."""
    where = source.where(secret.path)
    complaint = _too_open(Path(source.file_name))
    if complaint is not None:
        what = f"stands in a file that {complaint}"
        fix = f"{_closing(source.file_name)}, or use {secret.key}_file"
        return Finding(problem=Problem(where, secret.dotted, what, fix=fix), origin=where)
    return _judged(secret, value, where)


class UnfitFileError(Exception):
    """Report a file that may not hold a secret, and what to do."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.fix = fix


def _from_file(secret: Secret, file: Path, where: str, *, is_private: bool) -> Finding:
    """Read and judge a secret's own file."""
    what, fix, is_absent = "", "name a plain file", False
    try:
        content = _read(file, is_private=is_private)
    except FileNotFoundError:
        what, is_absent = f"there is no file {file}", True
        fix = f"write it to {file}, then: {_closing(str(file))}"
    except PermissionError:
        what, is_absent = f"you may not read {file}", True
        fix = "run as a member of its group: sudo usermod -aG keepcool $USER, then log in again"
    except UnfitFileError as err:
        what, fix = f"{file} {err}", err.fix
    except (OSError, ValueError):  # ValueError: a NUL in the name
        what = f"cannot read {file}"
    else:
        return _judged(secret, content.decode("utf-8", "surrogateescape"), str(file))
    return Finding(problem=Problem(where, secret.dotted, what, fix=fix), is_absent=is_absent)


def _read(file: Path, *, is_private: bool) -> bytes:
    """Read a secret's file. Raises: UnfitFileError when it is open to others or no plain file."""
    # O_NONBLOCK: a named pipe must not hold up the start.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise UnfitFileError("is not a plain file", "name a plain file")
        complaint = None if is_private else _openness(mode)
        if complaint is not None:
            raise UnfitFileError(complaint, _closing(str(file)))
        content = os.read(descriptor, LARGEST_SECRET_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > LARGEST_SECRET_BYTES:
        raise UnfitFileError("is too large for a secret", "name another file")
    return content


def _openness(mode: int) -> str | None:
    """Say who may read or change a file that should not, or `None`."""
    shown = f"(mode {stat.S_IMODE(mode):04o}, allowed {ALLOWED_MODE:04o} or 0600)"
    if mode & (stat.S_IROTH | stat.S_IXOTH):
        return f"can be read by everyone on this machine {shown}"
    if mode & (stat.S_IWOTH | stat.S_IWGRP):
        return f"can be changed by others {shown}"
    return None


def _too_open(file: Path) -> str | None:
    """Say who may read the settings file that should not, or `None`."""
    try:
        return _openness(file.stat().st_mode)
    except (OSError, ValueError):
        return None


def _closing(file: str) -> str:
    """Return the commands that close a file to others."""
    return f"chmod 640 {file} && chgrp keepcool {file} (group keepcool)"


def needed_secrets(document: Mapping[str, Any]) -> Iterator[Secret]:
    """Yield the secrets that these settings need: a password for a user, a token for a server."""
    for secret in SECRETS:
        table = document.get(secret.table)
        table = table if isinstance(table, dict) else {}
        is_given = secret.key in table or f"{secret.key}_file" in table
        is_expected = "username" in table if secret.table == "mqtt" else secret.table in document
        if is_given or is_expected:
            yield secret
