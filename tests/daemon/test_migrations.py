"""A database of an earlier version is brought forward with everything in it, or not at all."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest

from daemon.outbox import RowState
from daemon.records import ActionToken, Changes, to_json
from daemon.store import DATABASE_NAME, Store
from policies.alert import AlertKey, Verb
from tests.builders import an_alert
from tests.daemon.test_store import NOW, a_row
from tests.opened import open_store

SCHEMA = resources.files("daemon").joinpath("schema")
HEAT = AlertKey("heat", "anna", 1)


def write_first_version(path: Path) -> None:
    """Write what the first version left behind: a live alert, an unsent push and its button."""
    with closing(sqlite3.connect(path)) as old:
        old.executescript(SCHEMA.joinpath("0001_spine.sql").read_text(encoding="utf-8"))
        body = json.loads(to_json(an_alert()))
        for newer in ("climb", "told_carers", "answered_by", "is_answer_told", "snoozed_for"):
            body.pop(newer, None)
        at = (NOW.boot_id, NOW.boot_s, NOW.utc.isoformat())
        alert = ("heat", "anna", 1, "firing", *at, json.dumps(body))
        old.execute("INSERT INTO alert VALUES (?,?,?,?,?,?,?,?)", alert)
        token = ("KEEPCOOL_1", "heat", "anna", 1, "anna", "on_it", None, at[2], None)
        old.execute("INSERT INTO action_token VALUES (?,?,?,?,?,?,?,?,?)", token)
        row = ("r1", "key-r1", "anna", "phone", "tag", 2, 0, *at, "due", 1, "away", None)
        marks = ",".join("?" * (len(row) + 1))
        old.execute(f"INSERT INTO outbox VALUES ({marks})", (*row, to_json(a_row())))  # noqa: S608
        old.execute("PRAGMA user_version=1")
        old.commit()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return the first version's database, opened by this one."""
    write_first_version(tmp_path / DATABASE_NAME)
    return open_store(tmp_path / DATABASE_NAME)


def test_everything_of_the_first_version_is_there(store: Store) -> None:
    """Alert, push and button live on, and what is new is empty."""
    assert store.load_alerts(NOW) == [an_alert()]
    (row,) = store.load_outbox()
    assert (row.attempts, row.last_error) == (1, "away")
    assert row.message == a_row().message
    assert store.find_token("KEEPCOOL_1") == (
        ActionToken("KEEPCOOL_1", HEAT, "anna", Verb.ON_IT),
        False,
    )
    assert store.load_deliveries() == {}


def test_what_is_new_can_be_written(store: Store) -> None:
    """A carer's button with what it covers, and how far a message came."""
    covers = (HEAT, AlertKey("heat", "cleo", 4))
    card = ActionToken("KEEPCOOL_2", AlertKey("carer", "ben", 1), "ben", Verb.ON_IT, None, covers)
    place = ("keepcool-heat-anna-1", "anna")
    store.commit(Changes(tokens=[card], deliveries={place: "{}"}), NOW)
    assert store.find_token("KEEPCOOL_2") == (card, False)
    assert store.load_deliveries() == {place: "{}"}
    store.commit(Changes(deliveries={place: '{"a":1}'}), NOW)
    assert store.load_deliveries() == {place: '{"a":1}'}
    store.commit(Changes(deliveries={place: None}), NOW)
    assert store.load_deliveries() == {}


def test_second_opening_changes_nothing(store: Store) -> None:
    """A migration runs once."""
    store.commit(Changes(outbox=[replace(a_row(), state=RowState.SENT)]), NOW)
    store.close()
    again = open_store(store.path)
    assert again.load_outbox() == []
    (alert,) = again.load_alerts(NOW.shifted(timedelta(minutes=1)))
    assert alert == an_alert().aged(timedelta(minutes=1))
