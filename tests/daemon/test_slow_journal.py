"""A slow disk: what it has not taken yet counts as not durable, and its late answer is heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daemon.clock import Instant
from daemon.journal import Journal
from daemon.records import ActionToken, Changes, HistoryRow
from daemon.store import DATABASE_NAME, Store
from daemon.writer import WriterThread
from policies.alert import AlertKey, Verb
from tests.held_writer import HeldWriter
from tests.opened import open_store
from tests.waiting import wait_until

NOW = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
TOKEN = ActionToken("KEEPCOOL_1", AlertKey("heat", "anna", 1), "anna", Verb.ON_IT)


class Desk:
    """Hold a journal on a disk that may be slow, and what was said of it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.store = open_store(folder / DATABASE_NAME)
        self.spare = folder / "spare.sqlite3"
        self.said: list[bool] = []
        self.writer = HeldWriter()
        self.journal = Journal(self.store, self._note, self.spare, self.writer)

    def _note(self, _link: str, _now: Instant, *, is_up: bool, detail: str = "") -> None:
        self.said.append(is_up)

    def slow_down(self) -> None:
        """Let no write end from now on, and each be slow when it does."""
        self.writer.is_held = True
        self._patch.setattr("daemon.journal.PATIENCE_S", 0.0)

    def speed_up(self) -> None:
        """Be as quick as ever from now on; what waits was slow."""
        self.writer.is_held = False
        self.writer.let_go()
        self.journal.commit(Changes(), NOW)  # takes it in
        self._patch.setattr("daemon.journal.PATIENCE_S", 2.0)

    def refuse(self, *, is_refusing: bool = True) -> None:
        """Have the database refuse, or take again, what is written."""
        self.store._connection.execute(f"PRAGMA query_only={int(is_refusing)}")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return a journal on a quick disk."""
    return Desk(tmp_path, monkeypatch)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long the journal was ready to wait for its disk, each time."""
    waited: list[float] = []

    def note(_futures: object, timeout_s: float) -> None:
        waited.append(timeout_s)

    monkeypatch.setattr("daemon.journal.wait", note)
    return waited


def later(seconds: float) -> Instant:
    """Return a moment so many seconds later."""
    return NOW.shifted(timedelta(seconds=seconds))


def test_slow_write_is_not_durable_until_it_has_ended(desk: Desk) -> None:
    """What the disk has not taken in time is in the spare; what comes meanwhile follows it."""
    desk.slow_down()
    assert not desk.journal.commit(Changes(memory={"a": "1", "b": "1"}), NOW)
    assert not desk.journal.commit(Changes(memory={"a": "2"}), NOW)
    spare = open_store(desk.spare)
    assert spare.load_memory() == {"a": "2", "b": "1"}
    assert len(desk.writer.waiting) == 1
    desk.writer.let_go()
    assert not desk.journal.commit(Changes(), NOW)  # the second is being written now
    assert desk.store.load_memory() == {"a": "1", "b": "1"}
    desk.writer.let_go()
    assert not desk.journal.commit(Changes(memory={"c": "3"}), NOW)
    desk.speed_up()
    assert desk.journal.commit(Changes(), NOW)
    assert desk.store.load_memory() == {"a": "2", "b": "1", "c": "3"}
    assert not desk.spare.exists()


def test_slow_disk_is_said_until_it_was_quick_for_a_minute(desk: Desk) -> None:
    """One slow write is said at once; quick ones take it back after 60 s without another."""
    desk.slow_down()
    desk.journal.commit(Changes(memory={"a": "1"}), NOW)
    assert desk.said == [False]
    desk.speed_up()
    desk.journal.commit(Changes(), later(10))  # a try, without news
    assert desk.journal.commit(Changes(memory={"a": "2"}), later(59.9))
    assert desk.said == [False]
    desk.journal.commit(Changes(), later(60))
    assert desk.said == [False, True]


def test_slow_disk_is_waited_for_once(desk: Desk, waits: list[float]) -> None:
    """The loop waits 2 s for the first slow write, then not at all, and again when it is quick."""
    desk.writer.is_held = True
    for number in range(3):
        desk.journal.commit(Changes(memory={"a": str(number)}), NOW)
    assert waits == [2.0]
    desk.writer.is_held = False
    desk.writer.let_go()
    desk.journal.commit(Changes(memory={"a": "4"}), NOW)
    desk.journal.commit(Changes(memory={"a": "5"}), NOW)
    assert waits == [2.0, 2.0, 2.0]


def test_slow_write_that_fails_is_tried_again(desk: Desk) -> None:
    """What was slow and then refused is written with what came later, in order."""
    desk.slow_down()
    desk.journal.commit(Changes(memory={"a": "1", "b": "1"}), NOW)
    desk.journal.commit(Changes(memory={"a": "2"}), NOW)
    desk.refuse()
    desk.writer.let_go()
    desk.refuse(is_refusing=False)
    desk.writer.is_held = False
    assert not desk.journal.commit(Changes(), later(9))
    assert desk.store.load_memory() == {}
    assert desk.journal.commit(Changes(), later(19))
    assert desk.store.load_memory() == {"a": "2", "b": "1"}


def test_button_works_on_a_slow_disk(desk: Desk) -> None:
    """A button of the last weeks is known without the disk, also whether it was used."""
    desk.journal.commit(Changes(tokens=[TOKEN]), NOW)
    again = Journal(desk.store, desk._note, None, desk.writer)
    desk.slow_down()
    again.commit(Changes(memory={"a": "1"}), NOW)
    assert again.find_token("KEEPCOOL_1") == (TOKEN, False)
    again.commit(Changes(used_tokens=["KEEPCOOL_1"]), NOW)
    assert again.find_token("KEEPCOOL_1") == (TOKEN, True)
    assert again.find_token("KEEPCOOL_2") is None


def test_old_button_is_asked_of_the_disk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A button that is not in memory any more is found on a disk that answers, and is used once."""
    desk.journal.commit(Changes(tokens=[TOKEN]), NOW)
    monkeypatch.setattr("daemon.journal.MOST_TOKENS", 0)
    again = Journal(desk.store, desk._note)
    assert again.find_token("KEEPCOOL_1") == (TOKEN, False)
    assert again.commit(Changes(used_tokens=["KEEPCOOL_1"]), NOW)
    assert again.find_token("KEEPCOOL_1") == (TOKEN, True)


def test_history_waits_for_a_slow_disk(desk: Desk) -> None:
    """Readings come to the disk once each, whatever it took for the batch before."""
    desk.slow_down()
    for number in range(3):
        row = HistoryRow(NOW.utc, "a", float(number), None)
        desk.journal.write_history([row], {"a": "{}"}, NOW)
    assert len(desk.writer.waiting) == 1
    desk.speed_up()
    desk.journal.write_history([], {}, NOW)
    kept = [row.temperature_c for row in desk.store.load_history(NOW.utc)]
    assert kept == [0.0, 1.0, 2.0]


def test_slow_disk_is_spared_what_can_wait(desk: Desk) -> None:
    """No backup and no pruning while the disk is slow."""
    desk.slow_down()
    desk.journal.commit(Changes(memory={"a": "1"}), NOW)
    desk.journal.back_up(NOW)
    desk.journal.prune(NOW)
    assert len(desk.writer.waiting) == 1


def test_failing_upkeep_is_logged(desk: Desk) -> None:
    """A prune that the disk refuses is a line in the log and nothing more."""
    desk.refuse()
    with capture_logs() as logs:
        desk.journal.prune(NOW)
    assert [(log["event"], log["task"]) for log in logs] == [("store.upkeep_failed", "prune")]


def test_stop_writes_what_waits(desk: Desk) -> None:
    """A stop waits for a slow write and adds what came after it."""
    desk.slow_down()
    desk.journal.commit(Changes(memory={"a": "1"}), NOW)
    desk.journal.commit(Changes(memory={"a": "2"}), NOW)
    desk.writer.is_held = False
    desk.writer.let_go()
    desk.journal.close(NOW)
    with_both = open_store(desk.store.path)
    assert with_both.load_memory() == {"a": "2"}
    assert not desk.spare.exists()


def test_thread_does_jobs_in_order_and_outlives_what_they_raise(tmp_path: Path) -> None:
    """A job's error is its own: the next one is done, on the same thread."""
    writer = WriterThread()
    done: list[int] = []
    assert writer.is_alive()
    failing = writer.submit(lambda: Store(tmp_path / "absent" / "\0" / DATABASE_NAME))
    futures = [writer.submit(lambda number=number: done.append(number)) for number in range(3)]  # type: ignore[misc]
    wait_until(lambda: all(future.done() for future in futures), what="the jobs")
    assert failing.exception() is not None
    assert done == [0, 1, 2]
    assert writer.is_alive()
