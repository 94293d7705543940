"""Keep the database tidy: forget what is old, and correct what a clock that was wrong wrote."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Final

from daemon import hour_store
from daemon.hours import hour_of
from daemon.wall_clock import Step

HISTORY_KEPT: Final = timedelta(days=70)  # the longest past that anything looks at is 60 days
HISTORY_SPARED: Final = timedelta(days=14)  # not even a full disk takes these
# Other tables hold one row a device, sensor, weather source, person or room and do not grow; how
# far a message came (delivery) goes with its alert.
RECORD_KEPT: Final = timedelta(days=400)  # ended alerts, sent messages, drinks: a year and a bit
_BATCHED: Final = ("history", *hour_store.TABLES, "sqlite_stat1")
_DURABLE_TABLES: Final = (  # all that cannot be measured again
    "SELECT name FROM sqlite_master WHERE type='table' "  # noqa: S608 - names from above
    f"AND name NOT IN ({','.join(map(repr, _BATCHED))})"
)
_WALL_TIMES: Final = (  # table, column, and which boot wrote it, where that is known
    ("alert", "saved_utc", "saved_boot_id"),
    ("outbox", "created_utc", "created_boot_id"),
    ("outbox", "finished_utc", None),
    ("action_token", "created_utc", None),
    ("action_token", "used_utc", None),
    ("drink", "at_utc", None),
    ("switching", "at_utc", None),
)


def latest_utc(connection: sqlite3.Connection) -> datetime | None:
    """Return the latest wall time that anything was written at; `None` in an empty database."""
    newest = connection.execute(
        "SELECT max(at) FROM (SELECT max(saved_utc) AS at FROM alert "
        "UNION ALL SELECT max(created_utc) FROM outbox "
        "UNION ALL SELECT max(at_utc) FROM drink)"
    ).fetchone()[0]
    last = connection.execute("SELECT at FROM history ORDER BY rowid DESC LIMIT 1")
    found = [datetime.fromtimestamp(row["at"], UTC) for row in last]
    found += [] if newest is None else [datetime.fromisoformat(newest)]
    return max(found, default=None)


def take_over(
    connection: sqlite3.Connection, found: sqlite3.Connection, since_utc: datetime | None
) -> None:
    """Copy all rows but history's from a database of the same schema; they win over ours.

    With `since_utc` ended alerts and sent messages from before it are left out.
    """
    for (table,) in found.execute(_DURABLE_TABLES).fetchall():
        columns = [row[1] for row in found.execute(f"PRAGMA table_info({table})")]
        where = _not_ended(columns) if since_utc is not None else ""
        limits = (since_utc.isoformat(),) if since_utc is not None and where else ()
        names, marks = ",".join(columns), ",".join("?" * len(columns))
        connection.executemany(
            f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})",  # noqa: S608
            found.execute(f"SELECT {names} FROM {table}{where}", limits),  # noqa: S608
        )


def _not_ended(columns: list[str]) -> str:
    """Return the condition that leaves out what ended before a moment; empty: all rows count."""
    if "phase" in columns:
        return " WHERE phase<>'resolved' OR saved_utc>=?"
    if "state" in columns:
        return " WHERE state='due' OR created_utc>=?"
    return " WHERE created_utc>=?" if "created_utc" in columns else ""


def prune(connection: sqlite3.Connection, now_utc: datetime) -> None:
    """Delete what is older than it is kept for; what lives, and its buttons, stays."""
    execute, limit = connection.execute, ((now_utc - RECORD_KEPT).isoformat(),)
    execute("DELETE FROM history WHERE at < ?", (int((now_utc - HISTORY_KEPT).timestamp()),))
    execute("DELETE FROM alert WHERE phase='resolved' AND saved_utc < ?", limit)
    execute("DELETE FROM outbox WHERE state<>'due' AND created_utc < ?", limit)
    execute(
        "DELETE FROM action_token WHERE created_utc < ? AND NOT EXISTS (SELECT 1 FROM alert "
        "WHERE phase<>'resolved' AND alert.policy=action_token.policy "
        "AND alert.subject=action_token.subject AND alert.episode=action_token.episode)",
        limit,
    )
    execute("DELETE FROM drink WHERE at_utc < ?", limit)
    execute("DELETE FROM switching WHERE at_utc < ?", ((now_utc - HISTORY_KEPT).isoformat(),))
    hour_store.prune(connection, hour_of(now_utc))


def shed_history(connection: sqlite3.Connection, now_utc: datetime) -> None:
    """Delete the oldest tenth of the readings, but none of the last two weeks."""
    oldest_tenth = "(SELECT min(rowid) + (max(rowid) - min(rowid)) / 10 FROM history)"
    connection.execute(
        f"DELETE FROM history WHERE rowid <= {oldest_tenth} AND at < ?",  # noqa: S608
        (int((now_utc - HISTORY_SPARED).timestamp()),),
    )


def restamp(connection: sqlite3.Connection, step: Step, boot_id: str) -> None:
    """Correct what this boot wrote by a wall clock that was set since then.

    Else a drink from before the clock was set would be of 1970, and its row pruned as old.
    """
    connection.create_function("moved", 1, lambda text: _moved(text, step))
    for table, column, boot in _WALL_TIMES:
        own = "" if boot is None else f" AND {boot}=:boot"
        connection.execute(
            f"UPDATE {table} SET {column}=moved({column}) "  # noqa: S608 - names from above
            f"WHERE {column} BETWEEN :since AND :until{own}",
            {"since": step.since.isoformat(), "until": step.until.isoformat(), "boot": boot_id},
        )
    span = int(step.since.timestamp()), int(step.until.timestamp())
    seconds = round(step.by.total_seconds())
    connection.execute("UPDATE history SET at=at+? WHERE at BETWEEN ? AND ?", (seconds, *span))
    hour_store.restamp(connection, step)


def _moved(text: str, step: Step) -> str:
    return step.moved(datetime.fromisoformat(text)).isoformat()
