"""Which starts are made in basic mode, and what is remembered of them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.basic_mode import (
    FORGIVEN_AFTER,
    LASTED_AFTER,
    PROVED_AFTER,
    RECORD_NAME,
    STILLBORN_BEFORE_NEW_DATABASE,
    Start,
    StartRecord,
    read_record,
)

JUST_UNDER = timedelta(milliseconds=1)


def begin(folder: Path, *, boot: str = "boot-1", settings: str = "one") -> Start:
    """Begin one start, with settings kept."""
    start = Start.begin(folder, boot, settings)
    start.is_basic = start.is_basic_due
    return start


def begin_many(folder: Path, count: int) -> Start:
    """Begin so many starts, each of which but the last is killed at once; return the last."""
    for _ in range(count - 1):
        begin(folder)
    return begin(folder)


@pytest.mark.parametrize(("fast_exits", "is_basic"), [(0, False), (4, False), (5, True), (9, True)])
def test_start_after_fast_exits(tmp_path: Path, fast_exits: int, *, is_basic: bool) -> None:
    """The start after the fifth fast exit is made in basic mode, and those after it."""
    start = begin_many(tmp_path, fast_exits + 1)
    assert start.is_basic is is_basic
    assert start.earlier.fast_exits == fast_exits


@pytest.mark.parametrize(
    ("lasted", "counted"),
    [
        (LASTED_AFTER - JUST_UNDER, 3),
        (LASTED_AFTER, 2),
        (FORGIVEN_AFTER - JUST_UNDER, 2),
        (FORGIVEN_AFTER, 0),
    ],
)
def test_run_that_lasted_is_no_fast_exit(tmp_path: Path, lasted: timedelta, counted: int) -> None:
    """Three minutes take back the run's own count, an hour all of it."""
    begin_many(tmp_path, 3).note_tick(lasted, is_seeing=True)
    assert read_record(tmp_path).fast_exits == counted


@pytest.mark.parametrize("change", [{"boot": "boot-2"}, {"settings": "other"}])
def test_other_settings_and_a_reboot_count_anew(tmp_path: Path, change: dict[str, str]) -> None:
    """What may have mended it gets an ordinary start."""
    begin_many(tmp_path, 7)
    start = begin(tmp_path, **change)
    assert not start.is_basic
    assert start.earlier.fast_exits == 0


def test_orderly_stop_counts_anew(tmp_path: Path) -> None:
    """After somebody stopped keepcool, also in basic mode, the next start is an ordinary one."""
    start = begin_many(tmp_path, 7)
    start.note_tick(LASTED_AFTER, is_seeing=True)
    start.note_stopped()
    assert not begin(tmp_path).is_basic


def test_basic_mode_stays_when_it_is_killed(tmp_path: Path) -> None:
    """Hours of basic mode mend nothing: only a person, a reboot or other settings end it."""
    start = begin_many(tmp_path, 6)
    start.note_failed("no such key")
    start.note_tick(FORGIVEN_AFTER, is_seeing=True)
    again = begin(tmp_path)
    assert again.is_basic
    assert again.link_trouble == {
        "settings": "keepcool ended 5 times soon after its start, last with: no such key"
    }


@pytest.mark.parametrize(
    ("lasted", "is_seeing", "is_kept"),
    [
        (PROVED_AFTER - JUST_UNDER, True, False),
        (PROVED_AFTER, False, False),
        (PROVED_AFTER, True, True),
    ],
)
def test_settings_are_kept_when_they_ran_and_saw(
    tmp_path: Path, lasted: timedelta, *, is_seeing: bool, is_kept: bool
) -> None:
    """Ten minutes and a room that is seen prove settings; they are kept once."""
    kept: list[str] = []
    start = begin(tmp_path)
    start.keep = lambda: kept.append("kept")
    for _ in range(3):
        start.note_tick(lasted, is_seeing=is_seeing)
    assert kept == ["kept"] * is_kept


@pytest.mark.parametrize(
    ("stillborn", "is_suspect"),
    [
        (STILLBORN_BEFORE_NEW_DATABASE - 1, False),
        (STILLBORN_BEFORE_NEW_DATABASE, True),
        (STILLBORN_BEFORE_NEW_DATABASE + 1, False),  # the new one did not help either
    ],
)
def test_database_is_suspect_once(tmp_path: Path, stillborn: int, *, is_suspect: bool) -> None:
    """Ten starts without one judgement, five of them in basic mode, are the database's."""
    assert begin_many(tmp_path, stillborn + 1).is_database_suspect is is_suspect


def test_database_of_starts_that_judged_is_kept(tmp_path: Path) -> None:
    """A daemon that is killed again and again, after it judged the home, keeps its database."""
    for _ in range(STILLBORN_BEFORE_NEW_DATABASE):
        begin(tmp_path).note_tick(timedelta(0), is_seeing=True)
    assert not begin(tmp_path).is_database_suspect


def test_nothing_kept_keeps_the_database(tmp_path: Path) -> None:
    """Where basic mode is not possible, no start puts the database aside."""
    start = begin_many(tmp_path, STILLBORN_BEFORE_NEW_DATABASE + 1)
    start.is_basic = False
    assert not start.is_database_suspect


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"boot_id": "boot-1"', '{"fast_exits": "9"}', '{"else": 1}', "\x00\x00"],
)
def test_broken_record_counts_for_none(tmp_path: Path, text: str) -> None:
    """A record cut off by a power cut makes an ordinary start."""
    (tmp_path / RECORD_NAME).write_text(text)
    assert read_record(tmp_path) == StartRecord()
    assert begin(tmp_path).earlier.fast_exits == 0


def test_record_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """Without a place for the record every start is an ordinary one."""
    folder = tmp_path / "gone"
    for _ in range(7):
        begin(folder).note_tick(LASTED_AFTER, is_seeing=True)
    assert not begin(folder).is_basic


def test_record_is_plain(tmp_path: Path) -> None:
    """The file holds what its reader needs, in plain JSON."""
    begin(tmp_path).note_failed("why")
    assert json.loads((tmp_path / RECORD_NAME).read_text()) == {
        "boot_id": "boot-1",
        "settings": "one",
        "fast_exits": 1,
        "stillborn": 1,
        "reason": "why",
    }
