"""Write what must be durable before it is acted on, and keep what a failing disk refused."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from pathlib import Path

import structlog

from daemon import rescue
from daemon.clock import Instant
from daemon.records import ActionToken, Changes, HistoryRow
from daemon.store import DATABASE_NAME, Store

log = structlog.get_logger()
RETRY_S = 10.0  # a failing disk is not hammered with every reading
MOST_HISTORY_ROWS = 20_000  # kept in memory while the disk fails


class Journal:
    """Commit changes in order; a failing disk is said, and keeps no message in the house."""

    def __init__(
        self, store: Store, note_link: Callable[..., object], spare: Path | None = None
    ) -> None:
        """Write to `store`, and what it refuses to a database at `spare`, on a memory file system.

        `note_link(link, now, is_up=, detail=)` hears whether the disk takes what it is given.
        """
        self._store = store
        self._spare_path = spare if spare != store.path else None  # memory stands in already
        self._spare: Store | None = None
        self._note_link = note_link
        self._unwritten = Changes()
        self._retry_boot_s = -math.inf
        self._is_failing = False
        self._history: list[HistoryRow] = []
        self._records: dict[str, str] = {}

    def commit(self, changes: Changes, now: Instant) -> bool:
        """Write changes, after those that failed before; return whether all of it is durable."""
        if not changes and (not self._unwritten or now.boot_s < self._retry_boot_s):
            return not self._unwritten
        together = self._unwritten.followed_by(changes)
        try:
            self._commit(together, now)
        except sqlite3.IntegrityError:
            waiting, self._unwritten = self._unwritten, Changes()
            if waiting and changes:  # one by one, so that only what is refused is lost
                is_written = self.commit(waiting, now)
                return self.commit(changes, now) and is_written
            log.exception("store.changes_refused")  # they would be refused again and again
            return False
        except sqlite3.Error as error:
            self._unwritten = together
            self._retry_boot_s = now.boot_s + RETRY_S
            self._went_wrong(error, now)
            self._write_spare(together, now)
            return False
        self._unwritten = Changes()
        self._went_well(now)
        return True

    def find_token(self, token: str) -> tuple[ActionToken, bool] | None:
        """Return what a button answers and whether it was used, also when it is in memory only."""
        for waiting in self._unwritten.tokens:
            if waiting.token == token:
                return waiting, token in self._unwritten.used_tokens
        found = self._store.find_token(token)
        if found is not None and token in self._unwritten.used_tokens:
            return found[0], True
        return found

    def write_history(self, rows: list[HistoryRow], records: dict[str, str], now: Instant) -> None:
        """Append readings; while the disk fails the newest are kept for later."""
        self._history += rows
        self._records |= records
        if not self._history:
            return
        try:
            self._store.write_history(self._history, self._records)
        except sqlite3.Error as error:
            del self._history[:-MOST_HISTORY_ROWS]
            self._went_wrong(error, now)
            return
        self._history, self._records = [], {}

    def back_up(self, now: Instant) -> None:
        """Make the day's backup; one that fails is trouble with the disk, not with the day."""
        if self._store.path.name != DATABASE_NAME:
            return  # memory stands in for the disk, whose last backup is the better one
        try:
            rescue.write_backup(self._store, self._store.path.parent, now.utc)
        except (sqlite3.Error, OSError) as error:
            log.warning("store.backup_failed", error=str(error))

    def _commit(self, changes: Changes, now: Instant) -> None:
        """Write; on a full disk or an I/O error do what helps and try once more.

        After a failed sync nothing is believed of the old connection. Raises: sqlite3.Error.
        """
        try:
            self._store.commit(changes, now)
        except sqlite3.OperationalError as error:
            if rescue.is_full(error) and rescue.give_up_reserve(self._store.path.parent):
                self._store.commit(changes, now)
            elif rescue.is_io_error(error):
                self._store.reopen()
                self._store.commit(changes, now)
            else:
                raise

    def _write_spare(self, changes: Changes, now: Instant) -> None:
        """Keep what the disk refused where a crash of this process does not take it along."""
        if self._spare_path is None:
            return
        try:
            if self._spare is None:
                self._spare = Store(self._spare_path)
            self._spare.commit(changes, now)
        except (sqlite3.Error, OSError):
            log.exception("store.spare_failed")

    def _drop_spare(self) -> None:
        if self._spare is not None:
            self._spare.close()
            self._spare = None
            rescue.remove(self._spare_path)

    def _went_wrong(self, error: sqlite3.Error, now: Instant) -> None:
        if not self._is_failing:
            self._is_failing = True
            log.error("store.commit_failed", error=str(error))
        self._note_link("storage", now, is_up=False, detail=f"cannot write: {error}")

    def _went_well(self, now: Instant) -> None:
        self._drop_spare()
        if self._is_failing:
            self._is_failing = False
            log.info("store.recovered")
            self._note_link("storage", now, is_up=True)
