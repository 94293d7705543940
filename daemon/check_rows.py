"""Describe one line of what `keepcool check` prints, and try what it tells of."""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from integrations.errors import IntegrationError

PROBE_ERRORS = (IntegrationError, OSError, sqlite3.Error)


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


def tried(name: str, probe: Callable[[], str], fix: str) -> CheckRow:
    """Call a probe and report how it went."""
    try:
        return CheckRow(name, Status.OK, probe())
    except PROBE_ERRORS as err:
        return CheckRow(name, Status.RED, words(err), fix)


def words(error: Exception) -> str:
    """Return an error's text, never empty."""
    return str(error) or type(error).__name__
