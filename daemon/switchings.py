"""Keep when keepcool's hold on each device began and ended, and read it back as runs."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from daemon.lease import LeasePhase, LeaseRow
from daemon.records import read_json

Runs = dict[str, tuple[tuple[datetime, datetime], ...]]

LONGEST_RUN: Final = timedelta(hours=24)  # twice the usual longest; one from before counts no more


def note(connection: sqlite3.Connection, device_id: str, body: str, now_utc: datetime) -> None:
    """Note a lease that is about to be written, if a hold began or ended since the one before.

    That a device did what was wanted is no reason to write a lease; it comes with the next one, and
    with its time.
    Raises: sqlite3.Error.
    """
    before, after = _lease(connection, device_id), read_json(LeaseRow, body)
    began = None if after is None or after.confirmed is None else after.confirmed.utc
    known = None if before is None or before.confirmed is None else before.confirmed.utc
    is_new = began is not None and began != known
    if began is not None and is_new:
        _write(connection, min(began, now_utc), device_id, is_on=True)
    if (is_new or _is_running(before)) and not _is_running(after):
        _write(connection, now_utc, device_id, is_on=False)


def _write(
    connection: sqlite3.Connection, at_utc: datetime, device_id: str, *, is_on: bool
) -> None:
    row = at_utc.isoformat(), device_id, int(is_on)
    connection.execute("INSERT INTO switching VALUES (?,?,?)", row)


def _lease(connection: sqlite3.Connection, device_id: str) -> LeaseRow | None:
    query = "SELECT body FROM lease WHERE device_id=?"
    row = connection.execute(query, (device_id,)).fetchone()
    return None if row is None else read_json(LeaseRow, row["body"])


def _is_running(lease: LeaseRow | None) -> bool:
    """Return whether a lease says that a device does what is wanted."""
    if lease is None or lease.phase is not LeasePhase.RUNNING:
        return False
    return lease.confirmed is not None


def read_runs(
    connection: sqlite3.Connection, since_utc: datetime, until_utc: datetime, now_utc: datetime
) -> Runs:
    """Return from when until when each device ran for keepcool, cut to the span.

    One that runs still ends now, or with its lease where the daemon is gone.
    Raises: sqlite3.Error.
    """
    query = "SELECT * FROM switching WHERE at_utc>=? AND at_utc<? ORDER BY at_utc, rowid"
    span = (since_utc - LONGEST_RUN).isoformat(), until_utc.isoformat()
    began: dict[str, datetime] = {}
    runs: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in connection.execute(query, span):
        device_id, at = row["device_id"], datetime.fromisoformat(row["at_utc"])
        if row["is_on"]:
            began.setdefault(device_id, at)
        elif device_id in began:
            runs[device_id].append((began.pop(device_id), at))
    for device_id, at in began.items():
        lease = _lease(connection, device_id)
        until = now_utc if lease is None or lease.until is None else lease.until.utc
        runs[device_id].append((at, min(now_utc, until)))
    cut = {
        device_id: [(max(at, since_utc), min(end, until_utc)) for at, end in found]
        for device_id, found in runs.items()
    }
    return {
        device_id: tuple((at, end) for at, end in found if at < end)
        for device_id, found in cut.items()
    }
