"""Keep what must survive: alerts, outbox, answers, leases, drinks and history, in one SQLite file.

One thread at a time: the start, then the writer. Others open short connections of their own with
`open_read_only`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon import hour_store, switchings, upkeep
from daemon.clock import Instant
from daemon.hours import HourBatch
from daemon.migrations import StoreError, migrate, schema_scripts, transaction
from daemon.outbox import OutboxRow
from daemon.packing import pack, unpack
from daemon.records import ActionToken, Changes, Drink, HistoryRow, PushRecord, read_json, to_json
from daemon.wall_clock import Step
from policies.alert import Alert, AlertKey, Severity, Verb, policy_of
from policies.model import Forecast

DATABASE_NAME = "keepcool.sqlite3"
IN_MEMORY = Path(":memory:")  # SQLite's own name for a database of this process alone
_UPSERT_SENSOR = (  # leaves the index on `number` alone
    "INSERT INTO sensor VALUES (?,?,?) ON CONFLICT (sensor_id) DO UPDATE SET body=excluded.body"
)


TOLD_KEPT = timedelta(days=2)  # how long an ended episode counts for the repeat interval


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open the database for a short look from another process.

    Raises: FileNotFoundError when there is none; sqlite3.Error.
    """
    if not path.exists():
        raise FileNotFoundError(path)
    # Without a -wal file a reader of the group cannot create one: then the file is at rest.
    query = "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{query}", uri=True, timeout=2.0)
    connection.row_factory = sqlite3.Row
    return connection


class Store:
    """Own the database. Methods raise sqlite3.Error when the disk fails."""

    def __init__(self, path: Path, synchronous: str = "FULL") -> None:
        """Open or create the file and bring its schema up to date.

        `synchronous` is SQLite's; "OFF" is for files in memory.

        Raises: StoreError for a file of a newer version; sqlite3.Error.
        """
        self.path = path
        if path != IN_MEMORY:
            path.parent.mkdir(parents=True, exist_ok=True)
        if path != IN_MEMORY and not path.exists():
            path.touch(mode=0o640)  # health-related entries; -wal and -shm get the same mode
        self._synchronous = synchronous
        self._connection = _connect(path, synchronous)
        try:
            migrate(self._connection, schema_scripts(), path)
        except (StoreError, sqlite3.Error):
            self._connection.close()
            raise
        self._sensor_numbers = self._load_sensor_numbers()

    def _load_sensor_numbers(self) -> dict[str, int]:
        rows = self._connection.execute("SELECT sensor_id, number FROM sensor")
        return {row["sensor_id"]: row["number"] for row in rows}

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        self._connection.close()

    def check(self) -> None:
        """Look whether the file is whole and takes writing.

        SQLite opens one that can only be read without a word. Raises: sqlite3.DatabaseError.
        """
        found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            error = sqlite3.DatabaseError(found)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        self.try_writing()

    def try_writing(self) -> None:
        """Write what stands there already, synced as everything else. Raises: sqlite3.Error."""
        with self._transaction():
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            self._connection.execute(f"PRAGMA user_version={version}")

    def reopen(self) -> None:
        """Begin a new connection: after an I/O error the old one may go on failing.

        The old one stays while there is no new one. Raises: sqlite3.Error.
        """
        old, self._connection = self._connection, _connect(self.path, self._synchronous)
        with suppress(sqlite3.Error):
            old.close()

    def copy_durable(self, target: Path, since_utc: datetime) -> None:
        """Write a database of its own with everything but history, and ended records since then.

        Raises: sqlite3.Error, OSError.
        """
        copy = Store(
            target, synchronous="OFF"
        )  # whoever wants it durable syncs the whole file once
        try:
            copy.take_over(self._connection, since_utc)
        finally:
            copy.close()

    def take_over(self, found: sqlite3.Connection, since_utc: datetime | None = None) -> None:
        """Take over all rows but history's from a database of the same schema; they win over ours.

        With `since_utc` ended alerts and sent messages from before it are left out.
        """
        with self._transaction():
            upkeep.take_over(self._connection, found, since_utc)
        self._sensor_numbers = self._load_sensor_numbers()

    def _transaction(self) -> AbstractContextManager[None]:
        return transaction(self._connection)

    # ----------------------------------------------------------------- durable at once

    def commit(self, changes: Changes, now: Instant) -> None:
        """Write everything of one decision or event in one transaction, synced to disk."""
        execute = self._connection.execute
        now_utc = now.utc.isoformat()
        with self._transaction():
            for alert in changes.alerts:
                key = alert.key
                execute(
                    "INSERT OR REPLACE INTO alert VALUES (?,?,?,?,?,?,?,?)",
                    (
                        *(key.policy, key.subject, key.episode, alert.phase.value),
                        *(now.boot_id, now.boot_s, now_utc, to_json(alert)),
                    ),
                )
            for row in changes.outbox:
                self._write_outbox_row(row)
            for token in changes.tokens:
                execute(
                    "INSERT OR IGNORE INTO action_token VALUES (?,?,?,?,?,?,?,?,NULL,?)",
                    (
                        *(token.token, token.key.policy, token.key.subject, token.key.episode),
                        *(token.person_id, token.verb.value, token.amount_ml, now_utc),
                        json.dumps([astuple(key) for key in token.covers]),
                    ),
                )
            for used in changes.used_tokens:
                execute("UPDATE action_token SET used_utc=? WHERE token=?", (now_utc, used))
            for device_id, body in changes.leases.items():
                switchings.note(self._connection, device_id, body, now.utc)
                execute("INSERT OR REPLACE INTO lease VALUES (?,?)", (device_id, body))
            for drink in changes.drinks:
                execute(
                    "INSERT OR IGNORE INTO drink VALUES (?,?,?,?,?)",
                    (
                        *(drink.drink_id, drink.person_id),
                        *(drink.at.isoformat(), drink.amount_ml, drink.source),
                    ),
                )
            for key_text, body in changes.memory.items():
                execute("INSERT OR REPLACE INTO memory VALUES (?,?)", (key_text, body))
            for place, record in changes.deliveries.items():
                execute("DELETE FROM delivery WHERE tag=? AND recipient_id=?", place)
                if record is not None:
                    execute("INSERT INTO delivery VALUES (?,?,?)", (*place, record))

    def _write_outbox_row(self, row: OutboxRow) -> None:
        self._connection.execute(
            "INSERT INTO outbox VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
            "ON CONFLICT (id) DO UPDATE SET "
            "state=excluded.state, attempts=excluded.attempts, last_error=excluded.last_error, "
            "finished_utc=excluded.finished_utc "
            # The same words twice are no reason to lose the rest of the transaction.
            "ON CONFLICT (deduplication_key) DO NOTHING",
            (
                *(row.row_id, row.deduplication_key, row.person_id, row.channel_id),
                *(row.message.tag, row.message.severity, row.message.is_clear),
                *(row.created.boot_id, row.created.boot_s, row.created.utc.isoformat()),
                *(row.state.value, row.attempts, row.last_error, row.finished_utc, to_json(row)),
            ),
        )

    # ----------------------------------------------------------------- batched

    def write_history(
        self,
        rows: Iterable[HistoryRow],
        sensors: Mapping[str, str],
        hours: HourBatch | None = None,
        forecasts: Iterable[Forecast] = (),
    ) -> None:
        """Append readings and hours, in one transaction with what replaces an earlier one.

        That is each sensor's state (`sensor_id` -> JSON) and each source's forecast.
        """
        numbers = dict(self._sensor_numbers)  # counts only once it is written
        with self._transaction():
            for sensor_id, body in sensors.items():
                number = numbers.setdefault(sensor_id, len(numbers) + 1)
                self._connection.execute(_UPSERT_SENSOR, (sensor_id, number, body))
            self._connection.executemany(
                "INSERT INTO history VALUES (?,?,?,?)",
                [
                    (
                        int(row.at.timestamp()),
                        numbers[row.sensor_id],
                        _scaled(row.temperature_c, 100),
                        _scaled(row.relative_humidity_pct, 10),
                    )
                    for row in rows
                ],
            )
            if hours:
                hour_store.write(self._connection, hours)
            self._connection.executemany(
                "INSERT OR REPLACE INTO forecast VALUES (?,?)",
                [(forecast.source, pack(to_json(forecast))) for forecast in forecasts],
            )
        self._sensor_numbers = numbers

    def restamp(self, step: Step, boot_id: str, memory: Mapping[str, str]) -> None:
        """Correct what this boot wrote by a wall clock that was set since, and write `memory`."""
        with self._transaction():
            upkeep.restamp(self._connection, step, boot_id)
            for key, body in memory.items():
                self._connection.execute("INSERT OR REPLACE INTO memory VALUES (?,?)", (key, body))

    def prune(self, now_utc: datetime) -> None:
        """Delete what is older than it is kept for."""
        with self._transaction():
            upkeep.prune(self._connection, now_utc)

    def shed_history(self, now_utc: datetime) -> None:
        """Make room in the file of a full disk: the oldest tenth of the readings goes.

        The write-ahead log is begun anew, before and after, so that it need not grow either.
        Raises: sqlite3.Error.
        """
        self._begin_log_anew()
        with self._transaction():
            upkeep.shed_history(self._connection, now_utc)
        self._begin_log_anew()

    def _begin_log_anew(self) -> None:
        with suppress(sqlite3.Error):  # while somebody reads, or nothing fits: another time
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    # ----------------------------------------------------------------- reading back

    def load_alerts(self, now: Instant) -> list[Alert]:
        """Return the live alerts, aged to now; after a reboot their clearing holds restart."""
        alerts = []
        for row in self._connection.execute("SELECT * FROM alert WHERE phase<>'resolved'"):
            saved = _instant(row, "saved")
            alert = read_json(Alert, row["body"])
            if alert is None:
                continue
            if saved.boot_id != now.boot_id:
                alert = replace(alert, clearing_for=None)
            alerts.append(alert.aged(saved.plausible_elapsed_until(now)))
        return alerts

    def load_last_episodes(self) -> dict[tuple[str, str], int]:
        """Return the highest episode number per policy and subject."""
        rows = self._connection.execute(
            "SELECT policy, subject, max(episode) AS last FROM alert GROUP BY policy, subject"
        )
        return {(row["policy"], row["subject"]): row["last"] for row in rows}

    def load_last_told(self, now: Instant) -> list[Alert]:
        """Return the alerts resolved in the last two days, aged, for the repeat interval.

        Those of unknown age do not count: better a warning too many than one hushed by last month.
        """
        rows = self._connection.execute(
            "SELECT * FROM alert WHERE phase='resolved' "
            "AND (saved_boot_id=? OR saved_utc BETWEEN ? AND ?)",
            (now.boot_id, (now.utc - TOLD_KEPT).isoformat(), now.utc.isoformat()),
        )
        aged = ((row["body"], _instant(row, "saved").known_elapsed_until(now)) for row in rows)
        return [
            alert.aged(age)
            for body, age in aged
            if age is not None and age <= TOLD_KEPT and (alert := read_json(Alert, body))
        ]

    def latest_utc(self) -> datetime | None:
        """Return the latest wall time that anything was written at: it is later now."""
        return upkeep.latest_utc(self._connection)

    def load_outbox(self) -> list[OutboxRow]:
        """Return the rows that no channel took yet, oldest first."""
        query = "SELECT body, attempts, last_error FROM outbox WHERE state='due' ORDER BY rowid"
        return [
            replace(found, attempts=row["attempts"], last_error=row["last_error"])
            for row in self._connection.execute(query)
            if (found := read_json(OutboxRow, row["body"])) is not None
        ]

    def load_pushes(self, since_utc: datetime) -> list[PushRecord]:
        """Return the messages since then, one for all phones.

        What was dropped unsent, what answers the person (test alerts, "already over": severity 0),
        official warnings, and what went by another road does not count against any budget.
        """
        rows = self._connection.execute(
            "SELECT DISTINCT person_id, severity, created_utc, tag FROM outbox "
            "WHERE is_clear=0 AND severity>0 AND tag NOT LIKE 'keepcool-test-%' "
            "AND tag NOT LIKE 'keepcool-official-%' "
            "AND channel_id NOT LIKE '%:second_road:%' AND channel_id NOT LIKE '%:announcer:%' "
            "AND state IN ('due','sent') AND created_utc >= ? ORDER BY created_utc",
            (since_utc.isoformat(),),
        )
        return [
            PushRecord(
                row["person_id"],
                policy_of(row["tag"]),
                Severity(row["severity"]),
                datetime.fromisoformat(row["created_utc"]),
            )
            for row in rows
        ]

    def find_token(self, token: str) -> tuple[ActionToken, bool] | None:
        """Return what a button's action string answers and whether it was used, or `None`."""
        row = self._connection.execute(
            "SELECT * FROM action_token WHERE token=?", (token,)
        ).fetchone()
        return None if row is None else _token(row)

    def load_tokens(self, most: int) -> list[tuple[ActionToken, bool]]:
        """Return the newest buttons and whether each was used, oldest first."""
        query = "SELECT * FROM action_token ORDER BY created_utc DESC LIMIT ?"
        return [_token(row) for row in self._connection.execute(query, (most,))][::-1]

    def load_leases(self) -> dict[str, str]:
        """Return each device's stored lease as JSON."""
        return {
            row["device_id"]: row["body"] for row in self._connection.execute("SELECT * FROM lease")
        }

    def load_drinks(self, since_utc: datetime) -> list[Drink]:
        """Return the drinks since then, oldest first."""
        rows = self._connection.execute(
            "SELECT * FROM drink WHERE at_utc>=? ORDER BY at_utc", (since_utc.isoformat(),)
        )
        return [
            Drink(
                *(row["id"], row["person_id"], datetime.fromisoformat(row["at_utc"])),
                *(row["amount_ml"], row["source"]),
            )
            for row in rows
        ]

    def load_memory(self) -> dict[str, str]:
        """Return the small state that policies and counters carry from run to run."""
        return {row["key"]: row["body"] for row in self._connection.execute("SELECT * FROM memory")}

    def load_deliveries(self) -> dict[tuple[str, str], str]:
        """Return how far urgent messages came, as JSON by tag and recipient."""
        rows = self._connection.execute("SELECT * FROM delivery")
        return {(row["tag"], row["recipient_id"]): row["body"] for row in rows}

    def load_sensors(self) -> dict[str, str]:
        """Return each sensor's stored state as JSON."""
        return {
            row["sensor_id"]: row["body"]
            for row in self._connection.execute("SELECT sensor_id, body FROM sensor")
        }

    def load_forecasts(self) -> list[Forecast]:
        """Return the last good forecast of each source."""
        return [
            forecast
            for row in self._connection.execute("SELECT body FROM forecast")
            if (forecast := read_json(Forecast, unpack(row["body"]))) is not None
        ]

    def load_history(self, since_utc: datetime) -> Iterator[HistoryRow]:
        """Yield the readings since then, oldest first."""
        names = {number: sensor_id for sensor_id, number in self._sensor_numbers.items()}
        query = "SELECT * FROM history WHERE at>=? ORDER BY at"
        for row in self._connection.execute(query, (int(since_utc.timestamp()),)):
            if row["sensor"] in names:
                yield HistoryRow(
                    datetime.fromtimestamp(row["at"], UTC),
                    names[row["sensor"]],
                    None if row["temperature"] is None else row["temperature"] / 100,
                    None if row["humidity"] is None else row["humidity"] / 10,
                )


def _connect(path: Path, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        for pragma in (f"synchronous={synchronous}", "page_size=1024", "journal_mode=WAL"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _token(row: sqlite3.Row) -> tuple[ActionToken, bool]:
    key = AlertKey(row["policy"], row["subject"], row["episode"])
    covers = tuple(AlertKey(*parts) for parts in json.loads(row["covers"]))
    person_id, verb = row["person_id"], Verb(row["verb"])
    found = ActionToken(row["token"], key, person_id, verb, row["amount_ml"], covers)
    return found, row["used_utc"] is not None


def _scaled(value: float | None, factor: int) -> int | None:
    return None if value is None else round(value * factor)


def _instant(row: sqlite3.Row, prefix: str) -> Instant:
    return Instant(
        row[f"{prefix}_boot_id"],
        row[f"{prefix}_boot_s"],
        datetime.fromisoformat(row[f"{prefix}_utc"]),
    )
