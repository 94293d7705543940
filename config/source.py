"""Read the settings file and remember where every value came from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.errors import Problem, SettingsError
from config.lines import KeyPath, locate_keys

EXAMPLE = Path(__file__).with_name("example.toml")
LARGEST_FILE_BYTES = 4 * 1024 * 1024  # a thousand rooms take about half a megabyte
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Source:
    """Know the file, the line or the environment variable behind each key; it holds no values."""

    file_name: str
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    elsewhere: dict[KeyPath, str] = field(default_factory=dict)  # "$KEEPCOOL_MQTT__PORT"

    def where(self, path: KeyPath) -> str:
        """Return the place of a key, or of the nearest table around it when it is absent."""
        if path in self.elsewhere:
            return self.elsewhere[path]
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return f"{self.file_name}:{self.lines[path[:length]]}"
        return self.file_name


@dataclass(slots=True)
class Loading:
    """Hold what one loading starts from, and what its sources find on the way."""

    document: Mapping[str, Any] = field(repr=False)  # the settings file
    source: Source
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    credentials_directory: Path | None = None  # systemd's own, which only the daemon can read
    base: Path = field(default_factory=Path.cwd)  # where relative paths start
    merged: Mapping[str, Any] = field(default_factory=dict, repr=False)  # before the secrets' files
    problems: list[Problem] = field(default_factory=list)
    absent: list[Problem] = field(default_factory=list)  # secrets: `check` warns, `run` refuses
    second_roads: Mapping[str, str] = field(default_factory=dict, repr=False)  # kept addresses

    def note(self, path: KeyPath, what: str, fix: str) -> None:
        """Note a problem of a key."""
        key = ".".join(map(str, path))
        self.problems.append(Problem(self.source.where(path), key, what, fix=fix))


def read_document(path: Path, text: str | None = None) -> tuple[dict[str, Any], Source]:
    """Read a TOML file into plain values; a `text` that was read before counts instead.

    Raises: SettingsError when it is absent, unreadable or not TOML (with line and column).
    """
    text = read_text(path) if text is None else text
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise _refused(str(path), "nested too deeply", "use the tables of the example") from None
    except ValueError as err:
        raise _not_toml(path, text, str(err)) from None  # its context would show the whole text
    return document, Source(str(path), locate_keys(text))


def read_text(path: Path) -> str:
    """Return the file's text with Unix line ends. Raises: SettingsError."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except FileNotFoundError:
        raise _refused(
            str(path),
            "there is no such file",
            "keepcool init makes one; or name another file with --config",
        ) from None
    except PermissionError:
        raise _refused(
            str(path),
            "you may not read this file",
            "put sudo before it, or join its group: sudo usermod -aG keepcool $USER, "
            "then log in again",
        ) from None
    except IsADirectoryError:
        raise _refused(
            str(path), "this is a folder", f"name the file in it: {path / 'keepcool.toml'}"
        ) from None
    except (OSError, ValueError) as err:  # ValueError: a NUL in the name
        reason = err.strerror if isinstance(err, OSError) and err.strerror else "no usable name"
        raise _refused(str(path), f"cannot read this file: {reason}", "name another") from None
    if len(content) > LARGEST_FILE_BYTES:
        raise _refused(str(path), "larger than 4 MiB", "this is hardly a settings file")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as err:
        line = content.count(b"\n", 0, err.start) + 1
        column = err.start - (content.rfind(b"\n", 0, err.start) + 1) + 1
        raise _refused(
            f"{path}:{line}:{column}", "not UTF-8 text", "save the file as UTF-8 in your editor"
        ) from None


def _not_toml(path: Path, text: str, message: str) -> SettingsError:
    """Build the error for a text that is not TOML, with its line and column."""
    place = _TOML_PLACE.search(message)
    if place is None:  # a number of thousands of digits is a bare ValueError
        return _refused(str(path), "not TOML: a number is too long", "shorten it")
    reason = message[: place.start()]
    line, column = place[1], place[2]
    if line is None:
        lines = text.split("\n")
        line, column = str(len(lines)), str(len(lines[-1]) + 1)
    what = f"not TOML: {reason}"
    return _refused(f"{path}:{line}:{column}", what, "texts stand in quotes, tables in [brackets]")


def _refused(where: str, what: str, fix: str) -> SettingsError:
    """Build the error of a file that cannot be used at all."""
    return SettingsError([Problem(where=where, key="", what=what, fix=fix)])
