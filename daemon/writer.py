"""Write to the disk on a thread of its own: a card that answers late or never holds up no loop."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from daemon import rescue
from daemon.clock import Instant
from daemon.records import Changes
from daemon.store import Store

log = structlog.get_logger()
T = TypeVar("T")


class Writer(Protocol):
    """Do jobs one after another, in the order in which they were submitted."""

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Queue a job; the future holds what it returned or raised."""
        ...

    def is_alive(self) -> bool:
        """Return whether jobs are still taken; one that hangs is trouble, not a dead writer."""
        ...


class WriterThread:
    """Do the jobs on a thread; it ends with the process, whatever its job waits for."""

    def __init__(self) -> None:
        """Create the thread; the first job starts it."""
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Queue a job."""
        future: Future[T] = Future()
        self._jobs.put(lambda: _do(job, future))
        if self._thread.ident is None:
            self._thread.start()
        return future

    def is_alive(self) -> bool:
        """Return whether the thread lives, or was not needed yet."""
        return self._thread.ident is None or self._thread.is_alive()

    def _run(self) -> None:
        while True:
            self._jobs.get()()


class InlineWriter:
    """Do the jobs at once, for whoever moves the clock: no real time can change a result."""

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Do a job."""
        future: Future[T] = Future()
        _do(job, future)
        return future

    def is_alive(self) -> bool:
        """Return True: there is no thread that could die."""
        return True


def _do(job: Callable[[], T], future: Future[T]) -> None:
    try:
        result = job()
    except MemoryError as error:
        future.set_exception(error)
        raise  # the thread ends and the watchdog starves: only a new process helps
    except (sqlite3.Error, OSError) as error:  # the disk's: whoever asked knows what to do
        future.set_exception(error)
    except Exception as error:
        log.exception("writer.job_crashed")
        future.set_exception(error)
    else:
        future.set_result(result)


@dataclass(frozen=True, slots=True)
class Written:
    """Say that the disk took something, how long that took, and whether all of it was legal."""

    took_s: float
    is_complete: bool = True  # False: the schema refused some of it, and always would


def write_changes(store: Store, older: Changes, newer: Changes, now: Instant) -> Written:
    """Write both in one transaction, or nothing new when both are empty, to try the disk.

    Where something in it can never be written, all else is, entry by entry, and that is logged.
    Raises: sqlite3.Error, OSError when the disk takes nothing.
    """
    started_s = time.monotonic()
    changes, is_complete = older.followed_by(newer), True
    try:
        _write(store, changes, now)
    except Exception as error:
        if _is_of_the_disk(error):
            raise
        is_complete = False
        for entry in changes.one_by_one():
            _write_unless_refused(store, entry, now)
    return Written(time.monotonic() - started_s, is_complete)


def _write_unless_refused(store: Store, changes: Changes, now: Instant) -> None:
    """Write, or log that it is refused now and always. Raises: as `write_changes`."""
    try:
        _write(store, changes, now)
    except Exception as error:
        if _is_of_the_disk(error):
            raise
        log.exception("store.changes_refused")


def _is_of_the_disk(error: Exception) -> bool:
    """Return whether another try may do, or memory is short: else what is to be written is wrong.

    A text that cannot be encoded is no error of SQLite's.
    """
    if isinstance(error, (sqlite3.IntegrityError, sqlite3.DataError)):
        return False
    return isinstance(error, (sqlite3.Error, OSError, MemoryError))


def _write(store: Store, changes: Changes, now: Instant) -> None:
    """Write; on a full disk or an I/O error do what helps and try once more.

    After a failed sync nothing is believed of the old connection. Raises: sqlite3.Error.
    """
    try:
        _write_once(store, changes, now)
    except sqlite3.OperationalError as error:
        if rescue.is_full(error):
            _write_on_a_full_disk(store, changes, now)
        elif rescue.is_io_error(error):
            store.reopen()
            _write_once(store, changes, now)
        else:
            raise


def _write_on_a_full_disk(store: Store, changes: Changes, now: Instant) -> None:
    """Give up the oldest readings, then the reserve, and with it readings once more.

    Raises: sqlite3.Error when that is not enough.
    """
    _shed_history(store, now)
    try:
        _write_once(store, changes, now)
    except sqlite3.OperationalError:
        if not rescue.give_up_reserve(store.path.parent):
            raise
        _shed_history(store, now)  # without the reserve there may have been no room to do so
        _write_once(store, changes, now)


def _shed_history(store: Store, now: Instant) -> None:
    try:
        store.shed_history(now.utc)
    except sqlite3.Error as error:
        log.warning("store.no_room_to_make_room", error=str(error))
    else:
        log.warning("store.history_shed")


def _write_once(store: Store, changes: Changes, now: Instant) -> None:
    if changes:
        store.commit(changes, now)
    else:
        store.try_writing()
