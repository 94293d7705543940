"""Storage goes wrong: broken, full, read-only, and yet nothing is lost and keepcool starts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.clock import Instant
from daemon.records import Changes, Drink
from daemon.rescue import (
    BACKUP_NAME,
    RESERVE_NAME,
    give_up_reserve,
    open_database,
    write_backup,
)
from daemon.store import DATABASE_NAME, Store, StoreError
from policies.alert import AlertPhase
from tests.builders import an_alert

UTC_NOW = datetime(2026, 7, 14, 13, 0, tzinfo=UTC)
NOW = Instant("boot-1", 1000.0, UTC_NOW)
HEADER_BYTES = 100


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a state directory that is writable again afterwards."""
    state = tmp_path / "state"
    state.mkdir()
    yield state
    state.chmod(0o750)


def fill(folder: Path, drinks: int = 200) -> None:
    """Leave a database with an alert and drinks, and its backup."""
    store = Store(folder / DATABASE_NAME)
    store.commit(Changes(alerts=[an_alert()], drinks=[a_drink(n) for n in range(drinks)]), NOW)
    write_backup(store, folder, UTC_NOW)
    store.close()


def a_drink(number: int) -> Drink:
    """Return a drink of 200 ml."""
    return Drink(f"d{number}", "anna", UTC_NOW - timedelta(minutes=number), 200, "command")


def break_pages(path: Path) -> None:
    """Write nonsense over everything but the header, as a dying card does."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(HEADER_BYTES)
        file.write(b"\xa5" * (size - HEADER_BYTES))


@pytest.mark.parametrize("damage", ["pages", "no_database", "one_index_page"])
def test_fault_60_broken_database_is_moved_aside_and_the_backup_used(
    folder: Path, damage: str
) -> None:
    """A broken file is kept under another name, the backup serves, and its alerts live on."""
    fill(folder)
    path = folder / DATABASE_NAME
    if damage == "pages":
        break_pages(path)
    elif damage == "no_database":
        path.write_bytes(b"these are somebody's holiday pictures" * 50)
    else:
        data = bytearray(path.read_bytes())
        data[5 * 1024 : 6 * 1024] = b"\x0d" + b"\xff" * 1023
        path.write_bytes(bytes(data))
    opened = open_database(folder, None, UTC_NOW)
    with closing(opened.store):
        assert [alert.key for alert in opened.store.load_alerts(NOW)] == [an_alert().key]
        assert len(opened.store.load_drinks(UTC_NOW - timedelta(days=1))) == 200
    assert "backup of" in (opened.trouble or "")
    assert (folder / "corrupt-20260714T130000Z.sqlite3").exists()


def test_fault_60_without_a_backup_a_new_database_is_begun(folder: Path) -> None:
    """Keepcool never refuses to start; what was broken can still be looked at."""
    (folder / DATABASE_NAME).write_bytes(b"x" * 5000)
    (folder / BACKUP_NAME).write_bytes(b"y" * 5000)
    opened = open_database(folder, None, UTC_NOW)
    with closing(opened.store):
        opened.store.commit(Changes(alerts=[an_alert()]), NOW)
        assert opened.store.load_alerts(NOW)
    assert "a new one was begun" in (opened.trouble or "")


def test_fault_61_newer_database_is_refused_and_left_alone(folder: Path) -> None:
    """A newer file is no broken one: it is not moved, and the words say what to do."""
    fill(folder)
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError, match="newer keepcool"):
        open_database(folder, None, UTC_NOW)
    assert not list(folder.glob("corrupt-*"))


def test_fault_56_reserve_is_kept_and_given_up_once(folder: Path) -> None:
    """A megabyte stands by for a full disk; it is made again at the next start."""
    open_database(folder, None, UTC_NOW).store.close()
    assert (folder / RESERVE_NAME).stat().st_size == 1024 * 1024
    assert give_up_reserve(folder)
    assert not give_up_reserve(folder)
    open_database(folder, None, UTC_NOW).store.close()
    assert (folder / RESERVE_NAME).exists()


def test_backup_leaves_out_history_and_what_ended_long_ago(folder: Path) -> None:
    """A backup holds what cannot be measured again, and stays small."""
    store = Store(folder / DATABASE_NAME)
    old = Instant("boot-1", 1.0, UTC_NOW - timedelta(days=30))
    ended = an_alert(phase=AlertPhase.RESOLVED, clearing_for=timedelta(0))
    store.commit(Changes(alerts=[ended]), old)
    store.commit(Changes(drinks=[a_drink(1)]), NOW)
    write_backup(store, folder, UTC_NOW)
    store.close()
    with closing(sqlite3.connect(folder / BACKUP_NAME)) as backup:
        assert backup.execute("SELECT count(*) FROM alert").fetchone() == (0,)
        assert backup.execute("SELECT count(*) FROM drink").fetchone() == (1,)
    assert not (folder / f"{BACKUP_NAME}.new").exists()
