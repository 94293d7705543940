"""Say what is wrong with the settings so that a person can mend it, everything at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """Describe one thing that is wrong, or worth a warning, with its place and its cure.

    `value` is already rendered and `None` where it must not be shown (secrets, unknown keys).
    """

    where: str  # "keepcool.toml:12", an environment variable or a secret's file
    key: str  # "mqtt.port", without the number of the person or room: the line tells which
    what: str = ""
    value: str | None = None
    allowed: str | None = None
    nearest: str | None = None
    fix: str | None = None

    def __str__(self) -> str:
        """Return the problem as one line."""
        subject = self.key if self.value is None else f"{self.key} = {self.value}"
        clauses = [
            self.what,
            f"allowed {self.allowed}" if self.allowed else "",
            f"nearest {self.nearest}" if self.nearest else "",
            self.fix or "",
        ]
        text = "; ".join(clause for clause in clauses if clause)
        place = f"{self.where}  " if self.where else ""
        return escape(f"{place}{subject}: {text}" if subject else f"{place}{text}")


class SettingsError(Exception):
    """Report every problem of the settings at once; nothing was started."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def refuse(what: str, *, allowed: str = "", nearest: str = "", fix: str = "") -> Exception:
    """Build the exception by which a field's check refuses its value."""
    context = {"what": what, "allowed": allowed, "nearest": nearest, "fix": fix}
    return PydanticCustomError("refused", "refused", context)


def show_value(value: object) -> str | None:
    """Render a value as TOML would write it: short, printable, never a table's contents.

    `None` means that it must not be shown: an address may carry a password before its `@`, or a
    key after its `?`.
    """
    if isinstance(value, str):
        is_address = "@" in value or ("?" in value and "/" in value)
        return None if is_address else f'"{printable(value)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    is_huge = isinstance(value, int) and value.bit_length() > SHOWN_CHARACTERS
    return "a very large number" if is_huge else printable(str(value))


def printable(text: str) -> str:
    """Shorten a text, and escape what a terminal would act on instead of showing it."""
    return escape(text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "...")


def escape(text: str) -> str:
    """Escape every character that is not printable."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def nearest_name(name: str, names: Iterable[str]) -> str | None:
    """Return the known name that a mistyped one most likely means, or `None`."""
    close = difflib.get_close_matches(name[:SHOWN_CHARACTERS], list(names), n=1, cutoff=0.6)
    return close[0] if close else None
