"""Open the database whatever became of it: what is broken is neither used nor deleted.

Three files stand by: the backup of the durable tables beside the database, made once a day; a
reserve that is given up when the disk is full; and, on a memory file system, the spare, which takes
what the disk refuses and is folded back in once it takes it again.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import structlog

from daemon.store import DATABASE_NAME, IN_MEMORY, Store, open_read_only

log = structlog.get_logger()
BACKUP_NAME: Final = "keepcool.backup.sqlite3"
RESERVE_NAME: Final = "keepcool.reserve"
RESERVE_BYTES: Final = 1024 * 1024  # a day of messages and answers
BACKED_UP: Final = timedelta(days=14)  # of what has ended; what lives is all in the backup
SPARE_NAME: Final = "keepcool.spare.sqlite3"
BROKEN_KEPT: Final = 3  # databases moved aside, or a dying card would fill with them
OPENING_S = 40.0  # how long a start waits for the disk, twice at worst; systemd gives it 120 s
T = TypeVar("T")
_BROKEN: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY: Final = 0xFF  # the extended codes carry more in the bytes above


@dataclass(frozen=True, slots=True)
class Opened:
    """Hold the store that the daemon runs on, and in words what was wrong; `None`: all is well."""

    store: Store
    trouble: str | None = None
    is_in_memory: bool = False

    @property
    def link_trouble(self) -> dict[str, str]:
        """Return the trouble by the link it belongs to: the disk, or the file that was broken."""
        if self.trouble is None:
            return {}
        return {"storage" if self.is_in_memory else "database": self.trouble}


def spare_path(runtime_directory: str | None) -> Path | None:
    """Return where the spare lies; `None` where no memory file system was given to us."""
    folder = (runtime_directory or "").partition(":")[0]
    return Path(folder) / SPARE_NAME if folder else None


def open_database(folder: Path, spare: Path | None, now_utc: datetime) -> Opened:
    """Open the database of a state directory, rescue it, or run in memory.

    Args:
        folder: the state directory.
        spare: where to go when the disk takes nothing; `None`: into this process's memory.
        now_utc: names what is moved aside.

    Raises: StoreError for a file that a newer version wrote.
    """
    path = folder / DATABASE_NAME
    try:
        opened = _left_behind_if_late(lambda: _open_checked(path, now_utc))
        if spare is not None and spare.exists():
            _left_behind_if_late(lambda: _fold_in(opened.store, spare))
            remove(spare)
    except (sqlite3.Error, OSError) as error:
        log.exception("store.in_memory")
        return Opened(
            _open_spare(path, spare), f"the disk takes nothing: {error}", is_in_memory=True
        )
    _keep_reserve(folder)
    return opened


def _left_behind_if_late(job: Callable[[], T]) -> T:
    """Do a job on a thread of its own, which a hanging disk may keep for ever.

    What is left behind must harm nothing if it goes on later. Raises: what the job raises, and
    TimeoutError, an OSError, after `OPENING_S`.
    """
    future: Future[T] = Future()

    def do() -> None:
        try:
            future.set_result(job())
        except Exception as error:  # noqa: BLE001 - the thread's guard; raised where it is waited
            future.set_exception(error)

    threading.Thread(target=do, name="opening", daemon=True).start()
    try:
        return future.result(OPENING_S)
    except TimeoutError:
        message = f"no answer within {OPENING_S:g} s"
        raise TimeoutError(message) from None


def begin_anew(folder: Path, spare: Path | None, now_utc: datetime) -> Opened:
    """Set a database aside that keepcool ends with again and again, and open a new one.

    Raises: StoreError.
    """
    path = folder / DATABASE_NAME
    try:
        moved = _move_aside(path, now_utc, "suspect").name
        if spare is not None and spare.exists():
            _move_aside(spare, now_utc, "suspect")
    except OSError:
        log.exception("store.not_moved_aside")
        return open_database(folder, spare, now_utc)
    log.error("store.set_aside", to=moved)
    opened = open_database(folder, spare, now_utc)
    text = f"keepcool could not work with its database (now {moved}); a new one was begun"
    return replace(opened, trouble=opened.trouble or text)


def is_broken(error: sqlite3.Error) -> bool:
    """Return whether an error says that the file itself is no database any more."""
    return _code(error) in _BROKEN


def is_full(error: sqlite3.Error) -> bool:
    """Return whether an error says that the disk is full."""
    return _code(error) == sqlite3.SQLITE_FULL


def is_io_error(error: sqlite3.Error) -> bool:
    """Return whether an error says that the disk itself failed."""
    return _code(error) == sqlite3.SQLITE_IOERR


def give_up_reserve(folder: Path) -> bool:
    """Free the reserve for a full disk; return whether there was one."""
    try:
        (folder / RESERVE_NAME).unlink()
    except OSError:
        return False
    log.warning("store.reserve_given_up", bytes=RESERVE_BYTES)
    return True


def write_backup(store: Store, folder: Path, now_utc: datetime) -> None:
    """Replace the backup in one step. Raises: sqlite3.Error, OSError."""
    new = folder / f"{BACKUP_NAME}.new"
    remove(new)
    try:
        store.copy_durable(new, now_utc - BACKED_UP)
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(folder / BACKUP_NAME)
    except (sqlite3.Error, OSError):
        remove(new)  # half a backup would only fill the disk
        raise


def copy_whole(folder: Path) -> None:
    """Replace the backup by a copy of the whole database, while the daemon may write it.

    Home Assistant's backups take this file and leave the database out: copied while it is written
    that may be torn. Raises: sqlite3.Error, OSError.
    """
    new = folder / f"{BACKUP_NAME}.new"
    remove(new)
    with (
        closing(open_read_only(folder / DATABASE_NAME)) as source,
        closing(sqlite3.connect(new)) as target,
    ):
        source.backup(target)
    new.replace(folder / BACKUP_NAME)


def restore_copy(folder: Path) -> bool:
    """Begin with the backup where there is no database, as after a restore; return whether so.

    Raises: OSError.
    """
    path, backup = folder / DATABASE_NAME, folder / BACKUP_NAME
    if path.exists() or not backup.exists():
        return False
    new = folder / f"{DATABASE_NAME}.new"
    shutil.copyfile(backup, new)
    new.chmod(0o640)
    new.replace(path)
    return True


def _open_checked(path: Path, now_utc: datetime) -> Opened:
    try:
        return Opened(_sound(path))
    except sqlite3.DatabaseError as error:
        if not is_broken(error):
            raise
        moved = _move_aside(path, now_utc)
        log.exception("store.moved_aside", to=moved.name)
    backup = path.with_name(BACKUP_NAME)
    if backup.exists():
        try:
            shutil.copyfile(backup, path)
            path.chmod(0o640)
            at = datetime.fromtimestamp(backup.stat().st_mtime, UTC).astimezone()
            text = f"the database was broken (now {moved}); the backup of {at:%d %b %H:%M} is used"
            return Opened(_sound(path), text)
        except sqlite3.DatabaseError:
            log.exception("store.backup_broken")
            remove(path)
    text = f"the database was broken (now {moved}); a new one was begun"
    return Opened(_sound(path), text)


def _sound(path: Path) -> Store:
    """Open a database and look whether it is whole; once more after an I/O error that may pass.

    Raises: sqlite3.DatabaseError.
    """
    try:
        return _looked_through(path)
    except sqlite3.OperationalError as error:
        if not is_io_error(error):
            raise
        log.warning("store.io_error", error=str(error))
        return _looked_through(path)


def _looked_through(path: Path, synchronous: str = "FULL") -> Store:
    store = Store(path, synchronous)
    try:
        store.check()
    except sqlite3.Error:
        store.close()
        raise
    return store


def _move_aside(path: Path, now_utc: datetime, why: str = "corrupt") -> Path:
    aside = path.with_name(f"{why}-{now_utc:%Y%m%dT%H%M%SZ}.sqlite3")
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.replace(aside.with_name(aside.name + suffix))
    for old in sorted(path.parent.glob("corrupt-*.sqlite3"))[:-BROKEN_KEPT]:
        remove(old)
    return aside


def remove(path: Path | None) -> None:
    """Remove a database with its write-ahead log; `None` or an absent one is fine."""
    if path is None:
        return
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _keep_reserve(folder: Path) -> None:
    reserve = folder / RESERVE_NAME
    if reserve.exists():
        return
    try:
        with reserve.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
    except OSError as error:
        reserve.unlink(missing_ok=True)
        log.warning("store.no_reserve", error=str(error))


def _open_spare(path: Path, spare: Path | None) -> Store:
    """Open the spare, with what can be read of the database under it; what the spare has wins."""
    if spare is None:
        return Store(IN_MEMORY)
    merged = spare.with_name(f"merged-{spare.name}")
    for source in (path, path.with_name(BACKUP_NAME)):
        store = _copied(source, merged)
        if store is not None:
            break
    else:
        store = Store(merged, "OFF")
    if spare.exists():
        _fold_in(store, spare)
    store.close()  # folds its write-ahead log in, so that one file is all there is
    merged.replace(spare)
    return Store(spare, "OFF")


def _copied(source: Path, target: Path) -> Store | None:
    """Copy a database that cannot be written where it is, and open the copy; `None`: it is broken.

    With its write-ahead log, which a reader of a disk that takes nothing could not use.
    """
    remove(target)
    try:
        for suffix in ("", "-wal"):
            file = source.with_name(source.name + suffix)
            if file.exists():
                shutil.copyfile(file, target.with_name(target.name + suffix))
        return _looked_through(target, "OFF") if target.exists() else None
    except (sqlite3.Error, OSError):
        remove(target)
        return None


def _fold_in(store: Store, spare: Path) -> None:
    """Take over what was written while the disk refused.

    Raises: sqlite3.Error when `store` takes nothing either; it is closed then.
    """
    try:
        Store(spare, "OFF").close()  # brings its schema up to date
    except sqlite3.Error:
        log.exception("store.spare_unreadable")
        spare.replace(spare.with_suffix(".unread"))
        return
    with closing(sqlite3.connect(IN_MEMORY)) as rows:
        with closing(sqlite3.connect(spare)) as file:
            file.backup(rows)  # so that nobody holds the spare while the disk may hang
        try:
            store.take_over(rows)
        except sqlite3.Error:
            store.close()
            raise
    log.info("store.spare_folded_in")


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY
