"""Describe one line of what `keepcool check` prints."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Status(enum.StrEnum):
    """Say how a row of the table ended, as it is printed."""

    OK = "ok"
    WARNING = "warning"
    RED = "RED"


@dataclass(frozen=True, slots=True)
class CheckRow:
    """Describe one thing that was checked; `fix` says what to do when it is not fine.

    A row without a name is a complete line of its own.
    """

    name: str
    status: Status
    what: str
    fix: str = ""
