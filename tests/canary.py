"""One secret for all tests to plant where keepcool is given one, and how to look for it.

It may stand in what a test hands to keepcool: a secret's own file, a settings file. Nothing that
keepcool writes, prints, sends to the log or hands to another program may hold it, but for the one
file of mode 0600 in which the settings that ran are kept for basic mode.
`python -m tests.canary FOLDER` looks through a folder.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from config.kept import KEPT_NAME, MODE

CANARY = "kanarienvogel-7Hq2"
SECRETS = (CANARY, "fake-long-lived-token")  # the latter opens the demo's Home Assistant
_SECRETS_BYTES = tuple(secret.encode() for secret in SECRETS)
LONGEST_SECRET_FILE_BYTES = 400


def has_secret(output: object) -> bool:
    """Return whether a text, bytes, or what prints as a text, holds one of the secrets."""
    if isinstance(output, bytes | bytearray):
        return any(secret in output for secret in _SECRETS_BYTES)
    text = str(output)
    return any(secret in text for secret in SECRETS)


def without_secret(value: object) -> str | None:
    """Return a name for a parameter that holds a secret (`ids=`), None for any other."""
    if not isinstance(value, str) or not has_secret(value):
        return None
    for secret in SECRETS:
        value = value.replace(secret, "SECRET")
    return value


def files_with_secrets(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder that holds a secret and is none that was handed in."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if has_secret(content) and not (_is_input(path, content) or _is_kept(path)):
            yield path


def _is_input(path: Path, content: bytes) -> bool:
    """Return whether a test wrote this for keepcool: settings, or a secret and nothing else."""
    is_one_word = len(content) <= LONGEST_SECRET_FILE_BYTES and len(content.split()) <= len(SECRETS)
    return path.suffix == ".toml" or (
        is_one_word and path.suffix not in {".log", ".json", ".sqlite3"}
    )


def _is_kept(path: Path) -> bool:
    """Return whether these are the settings kept for basic mode, closed to everybody else."""
    names = (KEPT_NAME, f"{KEPT_NAME}.new")  # the latter after a kill while they were written
    return path.name in names and stat.S_IMODE(path.stat().st_mode) == MODE


def main(folder: Path) -> int:
    """Print every file of a folder that holds a secret; return 1 when there is one."""
    found = list(files_with_secrets(folder))
    for path in found:
        print(f"a planted secret stands in {path}")  # noqa: T201 - the report
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
