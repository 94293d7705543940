"""Bring a database of an earlier version forward: one script a version, each all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources


class StoreError(Exception):
    """Report a database that this version must not touch; the text says what to do."""


def schema_scripts() -> list[str]:
    """Return the scripts of `daemon/schema`; the first makes version 1 of an empty file."""
    folder = resources.files("daemon").joinpath("schema")
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return [entry.read_text(encoding="utf-8") for entry in entries if entry.name.endswith(".sql")]


def migrate(connection: sqlite3.Connection, scripts: Sequence[str], name: object) -> None:
    """Run what the file has not seen yet, one script after another, each in one transaction.

    Whatever stops it, the file is of one version with everything in it, and the next start goes on
    from there.

    Args:
        connection: in autocommit mode.
        scripts: of all versions, the oldest first.
        name: names the file in the error.

    Raises: StoreError for a file of a newer version; sqlite3.Error.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(scripts):
        message = (
            f"{name}: written by a newer keepcool "
            f"(schema {version}, this one knows {len(scripts)}). "
            f"Install the newer version again, or move the file away to start afresh."
        )
        raise StoreError(message)
    for number, script in enumerate(scripts[version:], start=version + 1):
        with transaction(connection):
            for statement in script.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Make what is done inside durable together, or not at all. Raises: sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")  # may fail, and then leaves the transaction open
    except BaseException:
        if connection.in_transaction:  # a failing disk may have ended it already
            connection.execute("ROLLBACK")
        raise
