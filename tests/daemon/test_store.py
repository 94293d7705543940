"""What survives: the SQLite file, written and read back by real SQLite."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daemon.clock import Instant
from daemon.migrations import StoreError
from daemon.outbox import OutboxRow, RowState
from daemon.records import (
    ActionToken,
    Changes,
    Drink,
    HistoryRow,
    PushRecord,
    from_json,
    read_json,
    to_json,
)
from daemon.store import DATABASE_NAME, Store, open_read_only
from integrations.messages import PhoneButton, PhoneMessage
from policies.alert import Alert, AlertKey, AlertPhase, Severity, Verb
from policies.model import PhoneKind
from tests.builders import a_forecast, an_alert
from tests.opened import open_store

UTC_NOW = datetime(2026, 7, 14, 13, 0, tzinfo=UTC)
NOW = Instant("boot-1", 1000.0, UTC_NOW)
LATER = NOW.shifted(timedelta(minutes=7))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a fresh store."""
    return open_store(tmp_path / DATABASE_NAME)


def a_row(row_id: str = "r1", **overrides: object) -> OutboxRow:
    """Return an unsent warning for Anna's phone."""
    message = PhoneMessage(
        "mobile_app_anna",
        PhoneKind.ANDROID,
        "keepcool-heat-anna-1",
        "Cool down now",
        "words",
        Severity.WARNING,
        (PhoneButton("KEEPCOOL_1", "I'm on it"),),
    )
    row = OutboxRow(row_id, f"key-{row_id}", "anna", "phone", message, NOW)
    return replace(row, **overrides)  # type: ignore[arg-type]


def reopened(store: Store) -> Store:
    """Return what the next run finds."""
    store.close()
    return open_store(store.path)


def test_alert_comes_back_aged(store: Store) -> None:
    """Within one boot every age goes on by the boot clock, whatever the wall clock does."""
    alert = an_alert(clearing_for=timedelta(minutes=2))
    store.commit(Changes(alerts=[alert]), NOW)
    stepped = Instant("boot-1", LATER.boot_s, UTC_NOW - timedelta(days=400))
    (found,) = reopened(store).load_alerts(stepped)
    assert found == alert.aged(timedelta(minutes=7))


def test_alert_after_a_reboot_is_aged_by_the_wall_clock_and_starts_its_hold_again(
    store: Store,
) -> None:
    """Boot time means nothing over a reboot; a fall that had begun was not seen through."""
    store.commit(Changes(alerts=[an_alert(clearing_for=timedelta(minutes=2))]), NOW)
    (found,) = store.load_alerts(Instant("boot-2", 5.0, UTC_NOW + timedelta(hours=1)))
    assert found.since_told == timedelta(minutes=65)
    assert found.clearing_for is None


def test_ended_alert_is_remembered_for_two_days_only(store: Store) -> None:
    """What was told lately counts for the repeat interval; it is not live."""
    ended = an_alert(phase=AlertPhase.RESOLVED, clearing_for=timedelta(0))
    store.commit(Changes(alerts=[ended]), NOW)
    assert store.load_alerts(LATER) == []
    assert store.load_last_told(LATER) == [ended.aged(timedelta(minutes=7))]
    assert store.load_last_told(NOW.shifted(timedelta(days=3))) == []


def test_last_episode_counts_ended_ones(store: Store) -> None:
    """Episode numbers are never used twice."""
    for episode, phase in ((1, AlertPhase.RESOLVED), (2, AlertPhase.FIRING)):
        alert = an_alert(key=AlertKey("heat", "anna", episode), phase=phase)
        store.commit(Changes(alerts=[alert]), NOW)
    assert store.load_last_episodes() == {("heat", "anna"): 2}


def test_outbox_returns_what_no_channel_took(store: Store) -> None:
    """Unsent rows come back oldest first, with their attempts; finished ones do not."""
    store.commit(Changes(outbox=[a_row("r1"), a_row("r2"), a_row("r3")]), NOW)
    store.commit(Changes(outbox=[a_row("r2", state=RowState.SENT, attempts=1)]), NOW)
    store.commit(Changes(outbox=[a_row("r3", attempts=2, last_error="away")]), NOW)
    found = reopened(store).load_outbox()
    assert [(row.row_id, row.attempts, row.last_error) for row in found] == [
        ("r1", 0, None),
        ("r3", 2, "away"),
    ]
    assert found[0] == a_row("r1")


def test_same_words_twice_do_not_spoil_the_transaction(store: Store) -> None:
    """A second row with the key of a first is left out; what came with it is written."""
    store.commit(Changes(outbox=[a_row("r1", deduplication_key="same")]), NOW)
    again = a_row("r2", deduplication_key="same")
    store.commit(Changes(outbox=[again], memory={"k": "v"}), NOW)
    assert [row.row_id for row in store.load_outbox()] == ["r1"]
    assert store.load_memory() == {"k": "v"}


def test_pushes_are_counted_once_for_all_phones(store: Store) -> None:
    """Clears, dropped rows, test alerts and answers (severity 0) use up no budget."""
    rows = [
        a_row("one"),
        a_row("same-on-the-tablet", channel_id="tablet"),
        a_row("dropped", state=RowState.SUPERSEDED, created=LATER),
    ]
    for name, severity, tag, is_clear in (
        ("clear", 2, "keepcool-heat-anna-1", True),
        ("answer", 0, "keepcool-heat-anna-1", False),
        ("test", 2, "keepcool-test-anna-77", False),
    ):
        message = PhoneMessage("s", PhoneKind.IPHONE, tag, "", "", severity, is_clear=is_clear)
        rows.append(a_row(name, message=message))
    store.commit(Changes(outbox=rows), NOW)
    since = UTC_NOW - timedelta(days=1)
    assert store.load_pushes(since) == [PushRecord("anna", "heat", Severity.WARNING, UTC_NOW)]
    assert store.load_pushes(UTC_NOW + timedelta(seconds=1)) == []


def test_token_is_found_with_whether_it_was_used(store: Store) -> None:
    """A button's string leads to what it answers, once."""
    token = ActionToken("KEEPCOOL_1", AlertKey("heat", "anna", 1), "anna", Verb.DRANK, 200)
    store.commit(Changes(tokens=[token]), NOW)
    assert store.find_token("KEEPCOOL_1") == (token, False)
    store.commit(Changes(used_tokens=["KEEPCOOL_1"]), NOW)
    assert reopened(store).find_token("KEEPCOOL_1") == (token, True)
    assert open_store(store.path).find_token("KEEPCOOL_2") is None


def test_drinks_are_kept_by_id(store: Store) -> None:
    """A drink reported twice is one drink; only those since a moment come back, in order."""
    old = Drink("d0", "anna", UTC_NOW - timedelta(days=5), 100, "button")
    late = Drink("d2", "anna", UTC_NOW, 250, "command")
    early = Drink("d1", "anna", UTC_NOW - timedelta(hours=1), 200, "button")
    store.commit(Changes(drinks=[old, late, early]), NOW)
    store.commit(Changes(drinks=[late]), NOW)
    assert store.load_drinks(UTC_NOW - timedelta(days=2)) == [early, late]


def test_leases_memory_and_forecasts_are_replaced(store: Store) -> None:
    """Of each there is one, the newest."""
    for value in ("1", "2"):
        store.commit(Changes(leases={"ac": value}, memory={"level:anna/living": value}), NOW)
        store.write_history([], {}, forecasts=[a_forecast((20.0 + float(value), 21.0))])
    store = reopened(store)
    assert store.load_leases() == {"ac": "2"}
    assert store.load_memory() == {"level:anna/living": "2"}
    assert store.load_forecasts() == [a_forecast((22.0, 21.0))]


def test_history_keeps_hundredths_and_unknowns(store: Store) -> None:
    """Readings come back oldest first, rounded to what a sensor can tell."""
    rows = [
        HistoryRow(UTC_NOW, "bedroom", 21.236, None),
        HistoryRow(UTC_NOW - timedelta(hours=1), "living", -3.5, 44.44),
    ]
    store.write_history(rows, {"bedroom": "{}", "living": "{}"})
    store = reopened(store)
    assert list(store.load_history(UTC_NOW - timedelta(days=1))) == [
        HistoryRow(UTC_NOW - timedelta(hours=1), "living", -3.5, 44.4),
        HistoryRow(UTC_NOW, "bedroom", 21.24, None),
    ]
    assert store.load_sensors() == {"bedroom": "{}", "living": "{}"}


def test_number_of_a_sensor_is_not_given_away_by_a_failed_write(store: Store) -> None:
    """A sensor whose first row was refused gets its own number later, not another's."""
    store._connection.execute("PRAGMA query_only=1")
    with pytest.raises(sqlite3.Error):
        store.write_history([HistoryRow(UTC_NOW, "lost", 20.0, None)], {"lost": "{}"})
    store._connection.execute("PRAGMA query_only=0")
    store.write_history([HistoryRow(UTC_NOW, "bedroom", 21.0, None)], {"bedroom": "{}"})
    store = reopened(store)
    store.write_history([HistoryRow(UTC_NOW, "lost", 22.0, None)], {"lost": "{}"})
    found = {row.sensor_id: row.temperature_c for row in store.load_history(UTC_NOW)}
    assert found == {"bedroom": 21.0, "lost": 22.0}


def test_prune_takes_only_what_is_old_and_done(store: Store) -> None:
    """Live alerts and unsent rows stay however old they are."""
    done = an_alert(key=AlertKey("heat", "anna", 1), phase=AlertPhase.RESOLVED)
    live = an_alert(key=AlertKey("heat", "anna", 2))
    sent = a_row("sent", state=RowState.SENT)
    changes = Changes(alerts=[done, live], outbox=[sent, a_row("due")])
    changes.drinks = [Drink("d", "anna", UTC_NOW, 200, "button")]
    store.commit(changes, NOW)
    store.write_history([HistoryRow(UTC_NOW, "bedroom", 21.0, None)], {"bedroom": "{}"})
    store.prune(UTC_NOW + timedelta(days=69))
    assert len(list(store.load_history(UTC_NOW))) == 1
    store.prune(UTC_NOW + timedelta(days=401))
    assert list(store.load_history(UTC_NOW)) == []
    assert store.load_drinks(UTC_NOW) == []
    assert [row.row_id for row in store.load_outbox()] == ["due"]
    assert [alert.key for alert in store.load_alerts(NOW)] == [live.key]
    assert store.load_last_told(NOW) == []


# ----------------------------------------------------------------- transactions and versions


def test_transaction_is_all_or_nothing(store: Store) -> None:
    """What comes before a refused part is not written either."""
    broken = a_row("r1", person_id=None)
    with pytest.raises(sqlite3.IntegrityError):
        store.commit(Changes(alerts=[an_alert()], outbox=[broken]), NOW)
    assert store.load_alerts(NOW) == []
    store.commit(Changes(alerts=[an_alert()]), NOW)
    assert len(store.load_alerts(NOW)) == 1


def test_failing_commit_leaves_no_transaction_open(store: Store) -> None:
    """When COMMIT itself fails the next commit works all the same."""
    store._connection.executescript(
        "PRAGMA foreign_keys=ON;"
        "CREATE TABLE parent (id INTEGER PRIMARY KEY);"
        "CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED);"
        "CREATE TRIGGER refuse AFTER INSERT ON lease BEGIN INSERT INTO child VALUES (1); END;"
    )
    with pytest.raises(sqlite3.Error):
        store.commit(Changes(leases={"ac": "{}"}), NOW)
    store.commit(Changes(memory={"k": "v"}), NOW)
    assert (store.load_leases(), store.load_memory()) == ({}, {"k": "v"})


def test_file_of_a_newer_version_is_refused_with_what_to_do(store: Store) -> None:
    """A downgrade says what to do and touches nothing."""
    store._connection.execute("PRAGMA user_version=99")
    store.close()
    with pytest.raises(StoreError, match="Install the newer version again"):
        Store(store.path)


def test_settings_of_the_file_are_durable_and_small(store: Store) -> None:
    """A commit is synced to the disk, and small pages keep an SD card alive."""
    settings = {
        name: store._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("synchronous", "journal_mode", "page_size", "user_version")
    }
    assert settings == {
        "synchronous": 2,  # FULL
        "journal_mode": "wal",
        "page_size": 1024,
        "user_version": 4,
    }


def test_file_is_closed_to_others_whatever_the_umask_says(tmp_path: Path) -> None:
    """What people drank and answered is readable by the user and its group alone."""
    umask = os.umask(0)
    try:
        opened = open_store(tmp_path / "new" / DATABASE_NAME)
        opened.commit(Changes(memory={"key": "body"}), NOW)
    finally:
        os.umask(umask)
    files = sorted((tmp_path / "new").iterdir())
    assert len(files) == 3  # -shm and -wal beside it
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o640}


def test_reader_finds_a_file_in_a_folder_of_any_name(tmp_path: Path) -> None:
    """Signs that mean something in an address are plain signs in a path."""
    path = tmp_path / "50 % of it? #1" / DATABASE_NAME
    Store(path).close()
    with closing(open_read_only(path)) as reader:
        assert reader.execute("SELECT count(*) FROM alert").fetchone()[0] == 0


def test_unreadable_row_is_passed_over_without_showing_it() -> None:
    """A row that another version wrote otherwise is named in the log, and none of its words."""
    with capture_logs() as logged:
        assert read_json(Alert, '{"reason": 7, "message": "Anna\'s room"}') is None
    assert [entry["event"] for entry in logged] == ["store.row_unreadable"]
    assert "Anna" not in str(logged)


def test_reader_of_a_running_and_of_a_stopped_daemon(store: Store) -> None:
    """Another process may read, with or without a write-ahead log, and may not write."""
    store.commit(Changes(memory={"k": "v"}), NOW)
    for _ in range(2):
        reader = open_read_only(store.path)
        assert reader.execute("SELECT body FROM memory").fetchone()["body"] == "v"
        with pytest.raises(sqlite3.OperationalError):
            reader.execute("DELETE FROM memory")
        reader.close()
        store.close()
    with pytest.raises(FileNotFoundError):
        open_read_only(store.path.with_name("missing"))


def test_alert_is_the_same_after_json() -> None:
    """Every field of an alert survives its text."""
    alert = an_alert(since_answered=timedelta(seconds=-0.5), is_expected=True)
    assert from_json(Alert, to_json(alert)) == alert


def test_changes_together_hold_the_newer_of_each() -> None:
    """Of what two hold in common the newer counts; drinks and tokens add up."""
    older = Changes(alerts=[an_alert()], outbox=[a_row("r1")], leases={"ac": "1"})
    older.drinks = [Drink("d1", "anna", UTC_NOW, 200, "button")]
    newer = Changes(
        alerts=[an_alert(phase=AlertPhase.RESOLVED)],
        outbox=[a_row("r1", attempts=1), a_row("r2")],
        leases={"fan": "2"},
        used_tokens=["t"],
    )
    together = older.followed_by(newer)
    assert [alert.phase for alert in together.alerts] == [AlertPhase.RESOLVED]
    assert [(row.row_id, row.attempts) for row in together.outbox] == [("r1", 1), ("r2", 0)]
    assert together.leases == {"ac": "1", "fan": "2"}
    assert (len(together.drinks), together.used_tokens) == (1, ["t"])
    assert not Changes()
    assert together
