"""Read passwords and tokens from files, and refuse those that cannot be right.

`config.sources` says where they may lie, and which place counts first.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationInfo

from config.addresses import is_private, read_address
from config.errors import refuse
from config.fields import unreadable
from config.lines import KeyPath

LARGEST_SECRET_BYTES = 16_384
ALLOWED_MODE = 0o640
USUAL_FOLDER = Path("/etc/keepcool/secrets")
_PLACEHOLDER_WORDS = """
changeit changeme changethis dummy enterpassword entertoken example insertpassword inserttoken
longlivedaccesstoken mypassword none null passwd password passwordhere pastetokenhere placeholder
replaceme replacethis secret tbd todo token tokenhere yourlonglivedaccesstoken yourpassword
yourpasswordhere yoursecret yourtoken yourtokenhere
"""
_PLACEHOLDERS = frozenset(_PLACEHOLDER_WORDS.split())
_PROFILE = "your profile > Security > Long-lived access tokens"
_CURES = {
    "password": "put the broker's real password there",
    "token": f"create one in Home Assistant: {_PROFILE}",
    "second_road": "put one address of apprise there, such as ntfys://ntfy.sh/a-long-secret-name",
    "url": "put the address there that the monitoring service shows for pings or pushes",
}


@dataclass(frozen=True, slots=True)
class Secret:
    """Name a secret by its table and key in the settings."""

    table: str
    key: str

    @property
    def path(self) -> KeyPath:
        """Return where it stands in the settings."""
        return (self.table, self.key)

    @property
    def dotted(self) -> str:
        """Return how messages call it."""
        return f"{self.table}.{self.key}"

    @property
    def file_name(self) -> str:
        """Return what its file is called in a folder of secrets."""
        return f"{self.table}_{self.key}"

    @property
    def file_key(self) -> str:
        """Return the key that names another file."""
        return f"{self.key}_file"

    def table_in(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return its table, empty when there is none."""
        table = document.get(self.table)
        return table if isinstance(table, Mapping) else {}

    def is_needed(self, *documents: Mapping[str, Any]) -> bool:
        """Return whether settings need it: a password for a user, a token for a server."""
        tables = [document.get(self.table) for document in documents]
        signs = {"username", self.key, self.file_key}
        return any(
            isinstance(table, Mapping) and (self.table != "mqtt" or signs & table.keys())
            for table in tables
        )


SECRETS = (
    Secret("mqtt", "password"),
    Secret("home_assistant", "token"),
    Secret("heartbeat", "url"),
)


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


def file_in(folder: Path | None, secret: Secret) -> Path | None:
    """Return a secret's file in a folder, if it is there; in a closed folder it is not."""
    file = folder / secret.file_name if folder else None
    return file if file is not None and os.path.lexists(file) else None


def is_stand_in(file: Path) -> bool:
    """Return whether systemd put a bare newline where there is no secret (see the unit)."""
    try:
        return file.stat().st_size <= 1
    except OSError:
        return False


def check_secret(value: object, info: ValidationInfo) -> object:
    """Return a secret that may be the real one; what is no text is refused by its type."""
    if not isinstance(value, str):
        return value
    reason = weakness(value)
    if reason is None and info.field_name == "token" and not value.isascii():
        reason = "holds letters that no token has"
    if reason is None and info.field_name == "url":
        reason = _no_beat_address(strip_newline(value))
    if reason is not None:
        raise refuse(reason, fix=_CURES[info.field_name or ""])
    return strip_newline(value)


def _no_beat_address(text: str) -> str | None:
    """Say why heartbeats cannot go to an address, without showing it."""
    address = read_address(text)
    if address is None or not text.isascii() or "#" in text:
        return "is no address that begins with https:// (or http:// inside the home)"
    if "@" in text:
        return "holds a user name or password, which keepcool does not send"
    if not address.is_encrypted and not is_private(address.host):
        return "leads over the internet in the clear: use https://"
    return None


class UnfitFileError(Exception):
    """Report a file that holds no secret for us, and what to do."""

    def __init__(self, what: str, fix: str, *, is_absent: bool = False) -> None:
        super().__init__(what)
        self.fix = fix
        self.is_absent = is_absent  # a warning in `check`, refused by `run`


def read_secret(file: Path, *, is_private: bool) -> str:
    """Read a secret's own file; unless `is_private` it must be closed to others.

    Raises: UnfitFileError when it is absent, unreadable, too open or no plain file.
    """
    try:
        content = _read(file, is_private=is_private)
    except FileNotFoundError:
        fix = f"write it to {file}, then: {closing(file)}"
        raise UnfitFileError(f"there is no file {file}", fix, is_absent=True) from None
    except PermissionError:
        fix = "run as a member of its group: sudo usermod -aG keepcool $USER, then log in again"
        raise UnfitFileError(f"you may not read {file}", fix, is_absent=True) from None
    except (OSError, ValueError):  # ValueError: a NUL in the name
        raise UnfitFileError(f"cannot read {file}", "name a plain file") from None
    return content.decode("utf-8", "surrogateescape")


def read_real_secret(file: Path) -> str:
    """Read a secret's own file, closed to others, without the newline at its end.

    Raises: UnfitFileError, also when what stands there cannot be the real secret.
    """
    text = read_secret(file, is_private=False)
    if (reason := weakness(text)) is not None:
        raise UnfitFileError(f"{file} {reason}", "write the real one there")
    return strip_newline(text)


def _read(file: Path, *, is_private: bool) -> bytes:
    """Read a small plain file. Raises: UnfitFileError, OSError, ValueError."""
    # O_NONBLOCK: a named pipe must not hold up the start.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise UnfitFileError(f"{file} is not a plain file", "name a plain file")
        if not is_private and (complaint := _openness(mode)):
            raise UnfitFileError(f"{file} {complaint}", closing(file))
        content = os.read(descriptor, LARGEST_SECRET_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > LARGEST_SECRET_BYTES:
        raise UnfitFileError(f"{file} is too large for a secret", "name another file")
    return content


def _openness(mode: int) -> str | None:
    """Say who may read or change a file that should not, or `None`."""
    shown = f"(mode {stat.S_IMODE(mode):04o}, allowed {ALLOWED_MODE:04o} or 0600)"
    if mode & (stat.S_IROTH | stat.S_IXOTH):
        return f"can be read by everyone on this machine {shown}"
    if mode & (stat.S_IWOTH | stat.S_IWGRP):
        return f"can be changed by others {shown}"
    return None


def openness_of(file: Path) -> str | None:
    """Say who may read or change a file that should not, or `None`."""
    try:
        return _openness(file.stat().st_mode)
    except (OSError, ValueError):
        return None


def closing(file: Path | str) -> str:
    """Return the command that closes a file to others; the group exists only beside a service."""
    return f"chmod 600 {file} (as a service: chmod 640, and chgrp keepcool)"
