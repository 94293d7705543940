"""Build databases as earlier versions left them, from the dumps in `databases/`.

Each dump is what a hot afternoon of the demo left behind when that version was killed: a critical
alert that nobody answered, its push unsent, buttons, leases, drinks; cut to a few rows of each
table. A new script in `daemon/schema` needs the dump of the version before it (`sqlite3 FILE
.dump`, and its `PRAGMA user_version` as the last line): `test_fault_61_every_version_is_stored`.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

FOLDER = Path(__file__).with_name("databases")
Rows = dict[str, list[tuple[object, ...]]]


def versions() -> list[int]:
    """Return the versions that are stored."""
    return sorted(int(path.stem) for path in FOLDER.glob("*.sql"))


def build(version: int, path: Path) -> None:
    """Leave the file as a killed process does, all of it still in its write-ahead log.

    Version 0 is an empty file.
    """
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    if version == 0:
        path.touch()
        return
    alive = path.with_name("alive.sqlite3")
    with closing(sqlite3.connect(alive)) as connection:
        for pragma in ("page_size=1024", "journal_mode=WAL", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript((FOLDER / f"{version:04}.sql").read_text(encoding="utf-8"))
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{alive}{suffix}", f"{path}{suffix}")
    alive.unlink()


def look(path: Path) -> tuple[int, Rows]:
    """Return a database's version and all rows of its tables, after a look whether it is whole."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        return version, {
            name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)  # noqa: S608
            for (name,) in tables
        }
