"""A database of an earlier version is brought forward whole, whatever happens meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.clock import Instant
from daemon.migrations import migrate, schema_scripts
from daemon.rescue import open_database
from daemon.store import DATABASE_NAME, Store
from policies.alert import AlertPhase, Severity, Verb
from tests.faults.forking import Zygote
from tests.faults.old_databases import Rows, build, look, versions
from tests.faults.strace import KilledAt, why_no_strace
from tests.waiting import wait_until

NEWEST = len(schema_scripts())
KILLED_AT_UTC = datetime(2026, 6, 27, 13, 30, tzinfo=UTC)
NOW = Instant("boot-2", 5.0, KILLED_AT_UTC)
MOST_CALLS = 200


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """Return what forks processes that open a database."""
    reason = why_no_strace()
    if reason is not None:
        pytest.skip(reason)
    with Zygote() as forking:
        yield forking


def after_opening(version: int, path: Path) -> Rows:
    """Return what an undisturbed opening makes of a version's database."""
    build(version, path)
    Store(path).close()
    found, rows = look(path)
    assert found == NEWEST
    return rows


def test_fault_61_every_version_is_stored() -> None:
    """Of every version before this one there is a database with rows in each of its tables."""
    assert versions()[: NEWEST - 1] == list(range(1, NEWEST))


@pytest.mark.parametrize("version", versions())
def test_fault_61_everything_of_an_old_database_lives_on(tmp_path: Path, version: int) -> None:
    """Of each stored version every row is kept, and what was under way goes on."""
    path = tmp_path / DATABASE_NAME
    build(version, path)
    _, before = look(path)
    assert all(before.values()), "a table without rows shows nothing"
    build(version, path)
    with closing(open_database(tmp_path, None, KILLED_AT_UTC).store) as store:
        (heat,) = (alert for alert in store.load_alerts(NOW) if alert.key.policy == "heat")
        assert (heat.phase, heat.severity) == (AlertPhase.FIRING, Severity.CRITICAL)
        (waiting,) = store.load_outbox()
        assert waiting.message.title.endswith(": Bedroom 32°")
        found = store.find_token(waiting.message.buttons[0].action)  # type: ignore[union-attr]
        assert found is not None
        assert (found[0].verb, found[1]) == (Verb.ON_IT, False)
        assert set(store.load_leases()) == {"fan-bedroom", "fan-living"}
        assert store.load_drinks(KILLED_AT_UTC - timedelta(days=1))
        assert {"person:anna", "announced"} <= set(store.load_memory())
        assert len(store.load_forecasts()[0].hours) > 24
        assert len(list(store.load_history(KILLED_AT_UTC - timedelta(days=1)))) == 12
        assert len(store.load_sensors()) == 2
        store.check()
    version_now, after = look(path)
    assert version_now == NEWEST
    for table, rows in before.items():
        kept = [row[: len(rows[0])] for row in after[table]]  # columns may have been added
        assert sorted(kept, key=repr) == rows, table


@pytest.mark.parametrize("version", [0, *versions()])
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64", "ftruncate", "unlink"])
def test_fault_61_killed_at_every_write_of_a_migration(
    tmp_path: Path, zygote: Zygote, version: int, call: str
) -> None:
    """Killed at any write, the file is of one version or another, whole, and goes on from there."""
    path = tmp_path / DATABASE_NAME
    build(version, path)
    before = look(path)
    expected = after_opening(version, path)
    done, seen = tmp_path / "done", set()
    for number in range(1, MOST_CALLS):
        build(version, path)
        child = zygote.fork("open-stopped", path, done)
        with KilledAt(child, call, number) as ending:
            wait_until(ending.is_over, 30.0, what="the end")
        if done.exists():
            break
        at_version, rows = look(path)
        seen.add(at_version)
        if at_version == version:
            assert rows == before[1]
        Store(path).close()
        assert look(path) == (NEWEST, expected)
    else:
        pytest.fail("it never ran to its end unhurt")
    if call == "pwrite64":
        assert seen == set(range(version, NEWEST + 1))  # every step was seen half-way


def test_fault_61_steps_of_several_versions_run_one_after_another(tmp_path: Path) -> None:
    """Who left out versions gets all their steps, each on what the one before made."""
    path = tmp_path / DATABASE_NAME
    build(1, path)
    steps = [
        *schema_scripts(),
        "CREATE TABLE cramp (id TEXT);\nINSERT INTO cramp SELECT tag FROM delivery;\n",
        "ALTER TABLE cramp ADD COLUMN severity INTEGER;\nUPDATE cramp SET severity=3;\n",
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, steps, path)
        connection.execute("INSERT INTO cramp (id) VALUES ('c')")
        migrate(connection, steps, path)  # a second time changes nothing
        assert connection.execute("SELECT * FROM cramp").fetchall() == [("c", None)]
    assert look(path)[0] == NEWEST + 2


def test_fault_61_failing_script_leaves_the_version_before(tmp_path: Path) -> None:
    """Of a script that fails in its middle nothing stays; those before it count."""
    path = tmp_path / DATABASE_NAME
    expected = after_opening(1, path)
    build(1, path)
    broken = "DELETE FROM drink;\nCREATE TABLE cramp (id TEXT);\nINSERT INTO nowhere VALUES (1);\n"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as connection,
        pytest.raises(sqlite3.OperationalError, match="nowhere"),
    ):
        migrate(connection, [*schema_scripts(), broken], path)
    assert look(path) == (NEWEST, expected)
    Store(path).close()  # and this version works on it
