"""Write what must be durable before it is acted on, and keep what the disk did not take (yet)."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from daemon import rescue
from daemon.clock import Instant
from daemon.hours import HourBatch
from daemon.records import ActionToken, Changes, HistoryRow
from daemon.store import DATABASE_NAME, Store
from daemon.wall_clock import Step
from daemon.writer import InlineWriter, Writer, Written, write_changes
from policies.model import Forecast

log = structlog.get_logger()
PATIENCE_S: Final = 2.0  # how long a message waits for the disk; source: docs/decisions.md
CLOSING_S: Final = 2.0  # how long a stop waits for the disk
RETRY_S: Final = 10.0  # a failing disk is not hammered with every reading
SETTLED_S: Final = 60.0  # a disk that was slow is well again when it was quick for so long
MOST_HISTORY_ROWS = 20_000  # kept in memory while the disk fails
MOST_TOKENS: Final = 1000  # known without asking the disk: the buttons of the last weeks


@dataclass(frozen=True, slots=True)
class _Write:
    """Hold what the writer is writing, or has just written."""

    changes: Changes
    future: Future[Written]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Hold the readings that the writer is writing, or has just written."""

    rows: list[HistoryRow]
    records: dict[str, str]
    hours: HourBatch
    forecasts: dict[str, Forecast]
    future: Future[None]


class Journal:
    """Commit changes in order; a failing or slow disk is said, and keeps no message in the house.

    The loop's own: only the jobs that it gives to the writer touch the database.
    """

    def __init__(
        self,
        store: Store,
        note_link: Callable[..., object],
        spare: Path | None = None,
        writer: Writer | None = None,
    ) -> None:
        """Write to `store`, and what it refuses to a database at `spare`, on a memory file system.

        `note_link(link, now, is_up=, detail=)` hears whether the disk takes what it is given.
        `writer` does the writing; without one, the caller of each method.
        """
        self._store = store
        self._spare_path = spare if spare != store.path else None  # memory stands in already
        self._spare: Store | None = None
        self._note_link = note_link
        self._writer = writer or InlineWriter()
        self._write: _Write | None = None
        self._waiting = Changes()  # for the write under way, or for the next attempt
        self._retry_boot_s = -math.inf
        self._is_failing = False
        self._is_slow = False  # then nothing waits for it
        self._settled_boot_s = -math.inf
        self._well_from_boot_s = math.inf  # while failing: from when on it is said to be well
        self._batch: _Batch | None = None
        self._history: list[HistoryRow] = []
        self._records: dict[str, str] = {}
        self._hours = HourBatch()
        self._forecasts: dict[str, Forecast] = {}
        self._has_forecast = False  # of this run
        self._tokens = {each[0].token: each for each in store.load_tokens(MOST_TOKENS)}

    # ----------------------------------------------------------------- durable at once

    def commit(self, changes: Changes, now: Instant) -> bool:
        """Write changes, after those that wait; return whether all of it is durable.

        A disk that does not answer within `PATIENCE_S` is waited for no longer: what it was given
        counts as not durable until it says so. Until it is quick again it is not waited for at all.
        """
        self._remember_tokens(changes)
        self._take_in_history(now)
        is_complete = self._take_in(now)
        if self._write is None and (changes or self._is_attempt_due(now)):
            self._begin(changes, now)
            is_complete = self._await(now) and is_complete
        elif changes:
            self._waiting = self._waiting.followed_by(changes)
        unwritten = self._unwritten()
        if changes and unwritten:
            self._write_spare(unwritten, now)
        if self._is_failing and now.boot_s >= self._well_from_boot_s:
            self._went_well(now)
        return is_complete and not unwritten

    def find_token(self, token: str) -> tuple[ActionToken, bool] | None:
        """Return what a button answers and whether it was used.

        On a slow disk a button of many weeks ago is unknown: its message is long over.
        """
        if token not in self._tokens and not self._is_slow:
            future = self._writer.submit(lambda: self._store.find_token(token))
            wait((future,), PATIENCE_S)
            found = future.result() if future.done() else None
            if found is not None:
                self._tokens[token] = found
        return self._tokens.get(token)

    def _remember_tokens(self, changes: Changes) -> None:
        for token in changes.tokens:
            self._tokens[token.token] = (token, False)
        for used in changes.used_tokens:
            if used in self._tokens:
                self._tokens[used] = (self._tokens[used][0], True)
        while len(self._tokens) > MOST_TOKENS:
            del self._tokens[next(iter(self._tokens))]

    def _is_attempt_due(self, now: Instant) -> bool:
        is_in_doubt = self._is_failing and math.isinf(self._well_from_boot_s)
        return (bool(self._waiting) or is_in_doubt) and now.boot_s >= self._retry_boot_s

    def _begin(self, changes: Changes, now: Instant) -> None:
        older, self._waiting = self._waiting, Changes()
        future = self._writer.submit(lambda: write_changes(self._store, older, changes, now))
        self._write = _Write(older.followed_by(changes), future)

    def _await(self, now: Instant) -> bool:
        """Wait for the write under way, if the disk is worth it; return as `_take_in`."""
        if self._write is not None and not self._is_slow:
            wait((self._write.future,), PATIENCE_S)
            if not self._write.future.done():
                self._is_slow = True
                self._settled_boot_s = now.boot_s + SETTLED_S
                self._went_wrong(f"a write takes longer than {PATIENCE_S:g} s", now)
        return self._take_in(now)

    def _take_in(self, now: Instant) -> bool:
        """Take in what a write came to, once it has ended; return False if it was refused."""
        if self._write is None or not self._write.future.done():
            return True
        write, self._write = self._write, None
        try:
            written = write.future.result()
        except (sqlite3.Error, OSError) as error:
            self._waiting = write.changes.followed_by(self._waiting)
            self._retry_boot_s = now.boot_s + RETRY_S
            self._went_wrong(f"cannot write: {error}", now)
            return True
        if self._is_slow and written.took_s > PATIENCE_S:
            self._settled_boot_s = now.boot_s + SETTLED_S
            self._retry_boot_s = now.boot_s
        else:
            self._is_slow = False
            self._well_from_boot_s = max(now.boot_s, self._settled_boot_s)
        if not self._waiting:
            self._drop_spare()
        return written.is_complete

    def _unwritten(self) -> Changes:
        if self._write is None:
            return self._waiting
        return self._write.changes.followed_by(self._waiting)

    # ----------------------------------------------------------------- batched, and upkeep

    def write_history(
        self,
        rows: list[HistoryRow],
        records: dict[str, str],
        now: Instant,
        hours: HourBatch | None = None,
    ) -> None:
        """Append readings and hours, and the last forecasts, soon; kept while the disk fails."""
        self._take_in_history(now)
        self._history += rows
        self._records |= records
        del self._history[:-MOST_HISTORY_ROWS]
        if hours is not None:
            self._hours = self._hours.followed_by(hours)
        is_empty = not (self._history or self._hours or self._forecasts)
        if is_empty or self._batch is not None:
            return
        rows, records, written = self._history, self._records, self._hours
        forecasts, self._forecasts = self._forecasts, {}
        self._history, self._records, self._hours = [], {}, HourBatch()
        future = self._writer.submit(
            lambda: self._store.write_history(rows, records, written, forecasts.values())
        )
        self._batch = _Batch(rows, records, written, forecasts, future)
        self._take_in_history(now)

    def _take_in_history(self, now: Instant) -> None:
        if self._batch is None or not self._batch.future.done():
            return
        batch, self._batch = self._batch, None
        try:
            batch.future.result()
        except (sqlite3.Error, OSError) as error:
            self._history = (batch.rows + self._history)[-MOST_HISTORY_ROWS:]
            self._records = batch.records | self._records
            self._hours = batch.hours.followed_by(self._hours)
            self._forecasts = batch.forecasts | self._forecasts
            self._retry_boot_s = now.boot_s + RETRY_S
            self._went_wrong(f"cannot write: {error}", now)
        except MemoryError:
            raise
        except Exception:
            log.exception("store.history_refused", rows=len(batch.rows))  # and always would be

    def keep_forecast(self, forecast: Forecast, now: Instant) -> None:
        """Write the last good forecast of its source with the next readings; the first at once."""
        self._forecasts[forecast.source] = forecast
        if not self._has_forecast:
            self._has_forecast = True
            self.write_history([], {}, now)

    def prune(self, now: Instant) -> None:
        """Delete what is older than it is kept for, soon."""
        self._keep_up("prune", lambda: self._store.prune(now.utc))

    def restamp(self, step: Step, now: Instant, memory: Mapping[str, str]) -> None:
        """Correct the wall times of this boot, and note with them how the clocks stand now."""
        boot_id, memory = now.boot_id, dict(memory)
        self._do_soon("restamp", lambda: self._store.restamp(step, boot_id, memory))

    def back_up(self, now: Instant) -> None:
        """Make the day's backup, soon; one that fails is logged, and tried the next day."""
        if self._store.path.name != DATABASE_NAME:
            return  # memory stands in for the disk, whose last backup is the better one
        folder = self._store.path.parent
        self._keep_up("backup", lambda: rescue.write_backup(self._store, folder, now.utc))

    def _keep_up(self, task: str, job: Callable[[], None]) -> None:
        """Have done what another day will do as well; a slow disk is spared it."""
        if self._is_slow:
            log.warning("store.upkeep_left_out", task=task)
            return
        self._do_soon(task, job)

    def _do_soon(self, task: str, job: Callable[[], None]) -> None:
        """Have done after what waits already; a failure is logged."""

        def tell(future: Future[None]) -> None:
            error = future.exception()
            if error is not None:
                log.warning("store.upkeep_failed", task=task, error=str(error))

        self._writer.submit(job).add_done_callback(tell)

    # ----------------------------------------------------------------- the end

    def close(self, now: Instant) -> None:
        """Write what waits and close the database; a disk that does not answer is left behind.

        What it did not take is in the spare, for the next start.
        """
        until_s = time.monotonic() + CLOSING_S
        if self._write is not None:
            wait((self._write.future,), CLOSING_S)
            self._take_in(now)
        if self._write is None and self._waiting:
            self._begin(Changes(), now)
        closing = self._writer.submit(self._store.close)
        wait((closing,), max(0.0, until_s - time.monotonic()))
        self._take_in(now)
        if self._spare is not None:
            self._spare.close()
        if closing.done():
            closing.result()
        else:
            log.error("store.left_behind")

    # ----------------------------------------------------------------- what is said and kept of it

    def _write_spare(self, changes: Changes, now: Instant) -> None:
        """Keep what the disk refused where a crash of this process does not take it along."""
        if self._spare_path is None:
            return
        try:
            if self._spare is None:
                self._spare = Store(
                    self._spare_path, synchronous="OFF"
                )  # memory knows no power cut
            self._spare.commit(changes, now)
        except (sqlite3.Error, OSError):
            log.exception("store.spare_failed")

    def _drop_spare(self) -> None:
        if self._spare is not None:
            self._spare.close()
            self._spare = None
            rescue.remove(self._spare_path)

    def _went_wrong(self, detail: str, now: Instant) -> None:
        self._well_from_boot_s = math.inf
        if not self._is_failing:
            self._is_failing = True
            log.error("store.commit_failed", error=detail)
        self._note_link("storage", now, is_up=False, detail=detail)

    def _went_well(self, now: Instant) -> None:
        self._is_failing = False
        log.info("store.recovered")
        self._note_link("storage", now, is_up=True)
