"""A failing disk: what it refused is kept, tried again, and said once."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.clock import Instant
from daemon.journal import Journal
from daemon.records import ActionToken, Changes, HistoryRow
from daemon.store import DATABASE_NAME
from policies.alert import AlertKey, Verb
from tests.builders import an_alert
from tests.opened import open_store

NOW = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
TOKEN = ActionToken("KEEPCOOL_1", AlertKey("heat", "anna", 1), "anna", Verb.ON_IT)


class Desk:
    """Hold a journal, its store and what was said of the disk."""

    def __init__(self, folder: Path) -> None:
        self.store = open_store(folder / DATABASE_NAME)
        self.said: list[bool] = []
        self.journal = Journal(self.store, self._note)

    def _note(self, link: str, _now: Instant, *, is_up: bool, detail: str = "") -> None:
        assert link == "storage"
        assert is_up or "cannot write" in detail
        self.said.append(is_up)

    def break_disk(self, *, is_broken: bool = True) -> None:
        """Refuse or take writing."""
        self.store._connection.execute(f"PRAGMA query_only={int(is_broken)}")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a journal on a disk that works."""
    return Desk(tmp_path)


def later(seconds: float) -> Instant:
    """Return a moment so many seconds later."""
    return NOW.shifted(timedelta(seconds=seconds))


def test_working_disk_needs_no_words(desk: Desk) -> None:
    """Changes are durable when `commit` returns."""
    assert desk.journal.commit(Changes(memory={"a": "1"}), NOW)
    assert desk.journal.commit(Changes(), NOW)
    assert desk.store.load_memory() == {"a": "1"}
    assert desk.said == []


def test_refused_changes_are_written_in_order_with_the_next(desk: Desk) -> None:
    """What failed goes first, the newer value wins, and the recovery is said."""
    desk.break_disk()
    assert not desk.journal.commit(Changes(memory={"a": "1", "b": "1"}), NOW)
    assert not desk.journal.commit(Changes(memory={"a": "2"}), later(1))
    desk.break_disk(is_broken=False)
    assert desk.journal.commit(Changes(memory={"c": "3"}), later(2))
    assert desk.store.load_memory() == {"a": "2", "b": "1", "c": "3"}
    assert desk.said == [False, False, True]


def test_without_news_a_failing_disk_is_tried_every_ten_seconds(desk: Desk) -> None:
    """Turns without changes do not hammer it, and still get the rest written."""
    desk.break_disk()
    desk.journal.commit(Changes(memory={"a": "1"}), NOW)
    desk.break_disk(is_broken=False)
    assert not desk.journal.commit(Changes(), later(9))
    assert desk.store.load_memory() == {}
    assert desk.journal.commit(Changes(), later(10))
    assert desk.store.load_memory() == {"a": "1"}


def test_what_waits_and_can_never_be_written_takes_nothing_with_it(desk: Desk) -> None:
    """A change that the schema refuses, kept over a failing disk, does not stop later ones."""
    refused: dict[str, Any] = {"refused": None}
    desk.break_disk()
    assert not desk.journal.commit(Changes(memory=refused), NOW)
    desk.break_disk(is_broken=False)
    assert not desk.journal.commit(Changes(memory={"a": "1"}), later(1))
    assert desk.journal.commit(Changes(memory={"b": "2"}), later(2))
    assert desk.store.load_memory() == {"a": "1", "b": "2"}


def test_changes_that_can_never_be_written_block_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the schema refuses is logged and left out: later changes are written."""

    def refuse(_changes: Changes, _now: Instant) -> None:
        raise sqlite3.IntegrityError

    with monkeypatch.context() as broken:
        broken.setattr(desk.store, "commit", refuse)
        assert not desk.journal.commit(Changes(memory={"a": "1"}), NOW)
    assert desk.journal.commit(Changes(memory={"b": "1"}), NOW)
    assert desk.store.load_memory() == {"b": "1"}


def test_token_in_memory_is_found(desk: Desk) -> None:
    """A button works whose token, or whose use, the disk refused."""
    desk.break_disk()
    desk.journal.commit(Changes(tokens=[TOKEN]), NOW)
    assert desk.journal.find_token("KEEPCOOL_1") == (TOKEN, False)
    desk.journal.commit(Changes(used_tokens=["KEEPCOOL_1"]), NOW)
    assert desk.journal.find_token("KEEPCOOL_1") == (TOKEN, True)
    assert desk.journal.find_token("KEEPCOOL_2") is None
    desk.break_disk(is_broken=False)
    desk.journal.commit(Changes(), later(10))
    assert desk.journal.find_token("KEEPCOOL_1") == (TOKEN, True)


def test_use_in_memory_of_a_token_on_disk_counts(desk: Desk) -> None:
    """A second press is a second press although the disk refused the first."""
    desk.journal.commit(Changes(tokens=[TOKEN]), NOW)
    desk.break_disk()
    desk.journal.commit(Changes(used_tokens=["KEEPCOOL_1"]), NOW)
    assert desk.journal.find_token("KEEPCOOL_1") == (TOKEN, True)


def test_history_waits_with_its_sensors(desk: Desk) -> None:
    """Readings that were refused come later, with their sensors' records, once each."""
    desk.break_disk()
    desk.journal.write_history([HistoryRow(NOW.utc, "a", 20.0, None)], {"a": "{}"}, NOW)
    desk.break_disk(is_broken=False)
    desk.journal.write_history([HistoryRow(NOW.utc, "b", 21.0, None)], {"b": "{}"}, later(900))
    desk.journal.write_history([], {}, later(1800))
    assert [row.sensor_id for row in desk.store.load_history(NOW.utc)] == ["a", "b"]
    assert desk.store.load_sensors() == {"a": "{}", "b": "{}"}


def test_history_in_memory_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that never recovers only the newest readings are kept."""
    monkeypatch.setattr("daemon.journal.MOST_HISTORY_ROWS", 3)
    desk.break_disk()
    for number in range(10):
        row = HistoryRow(NOW.utc, "a", float(number), None)
        desk.journal.write_history([row], {"a": "{}"}, later(number))
    desk.break_disk(is_broken=False)
    desk.journal.write_history([], {}, later(100))
    kept = [row.temperature_c for row in desk.store.load_history(NOW.utc)]
    assert kept == [7.0, 8.0, 9.0]


@pytest.mark.parametrize("refused", [None, "\ud800", 2**70], ids=["none", "surrogate", "large"])
def test_what_can_never_be_written_costs_no_alert(desk: Desk, refused: Any) -> None:  # noqa: ANN401
    """Neither an alert of the same decision nor one that waits for a failing disk."""
    older, newer = AlertKey("heat", "anna", 1), AlertKey("heat", "anna", 2)
    desk.break_disk()
    assert not desk.journal.commit(Changes(alerts=[an_alert(key=older)]), NOW)
    desk.break_disk(is_broken=False)
    changes = Changes(alerts=[an_alert(key=newer)], memory={"refused": refused, "kept": "1"})
    assert not desk.journal.commit(changes, later(1))
    assert {alert.key for alert in desk.store.load_alerts(later(1))} == {older, newer}
    assert desk.store.load_memory() == {"kept": "1"}
    assert desk.journal.commit(Changes(memory={"b": "2"}), later(2))


def test_history_that_can_never_be_written_holds_up_no_alert(desk: Desk) -> None:
    """It is logged and left out; what was to be written with it, and later, is written."""
    desk.journal.write_history([], {"sensor": "\ud800"}, NOW)
    row = HistoryRow(NOW.utc, "sensor", 25.0, 40.0)
    desk.journal.write_history([row], {"sensor": "\ud800"}, NOW)
    alert = an_alert(key=AlertKey("heat", "anna", 1))
    assert desk.journal.commit(Changes(alerts=[alert]), NOW)
    desk.journal.write_history([row], {"sensor": "{}"}, NOW)
    assert desk.store.load_alerts(NOW) == [alert]
    assert desk.store.load_sensors() == {"sensor": "{}"}


def test_a_switching_that_cannot_be_noted_costs_no_alert(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is for reports alone, and is written beside what must be durable."""

    def crash(*_arguments: object) -> None:
        raise ValueError

    monkeypatch.setattr("daemon.switchings.note", crash)
    alert = an_alert()
    assert not desk.journal.commit(Changes(alerts=[alert], leases={"ac": "{}"}), NOW)
    assert desk.store.load_alerts(NOW) == [alert]
