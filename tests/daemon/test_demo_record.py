"""Hold the numbers of the demo's summary to small days that can be counted by hand."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from config.settings import load_settings
from daemon.demo.day import uncooled_day
from daemon.demo.household import Addresses, hot_day_household, write_settings
from daemon.demo.record import DayRecord, RoomSample, Sample, true_level
from daemon.demo.rooms import BEDROOM, LIVING_ROOM
from daemon.demo.summary import summary_rows

STEP = timedelta(minutes=10)
ADDRESSES = Addresses("127.0.0.1", 1883, "http://127.0.0.1:8123", "http://127.0.0.1:8080")


def day(levels: str, cooling: str) -> DayRecord:
    """Return a day from the person's level and whether the AC ran, a character a step."""
    home = hot_day_household()
    record = DayRecord(home, STEP)
    for number, (level, device) in enumerate(zip(levels, cooling, strict=True)):
        room = RoomSample(20.0 + number, 0, is_seen=True, is_cooling=device == "x")
        rooms = {LIVING_ROOM: room, BEDROOM: replace(room, is_cooling=False)}
        record.samples.append(Sample(home.start + number * STEP, 30.0, rooms, int(level)))
    return record


@pytest.mark.parametrize(
    ("cooling", "starts", "minutes"),
    [("....", 0, 0), ("x...", 1, 10), (".xx.", 1, 20), ("x.x.", 2, 20), ("xxxx", 1, 40)],
)
def test_starts_and_time_of_cooling_are_counted(cooling: str, starts: int, minutes: int) -> None:
    """A device that already runs at the first moment has started once; a pause starts it anew."""
    record = day("0000", cooling)
    assert record.cooling_starts(LIVING_ROOM) == starts
    assert record.cooling_time(LIVING_ROOM) == timedelta(minutes=minutes)
    assert record.cooling_time(BEDROOM) == timedelta(0)


def test_time_at_a_level_counts_the_higher_ones_too() -> None:
    """Level 3 is also level 2, level 1 is not."""
    record = day("0123", "....")
    assert record.time_at_level(2) == timedelta(minutes=20)
    assert record.highest_c(BEDROOM) == 23.0


def test_the_summary_puts_both_days_side_by_side() -> None:
    """Each row has a value of its own for the day without cooling."""
    rows = summary_rows(day("0123", ".xx."), day("2222", "...."))
    assert ("Anna at level 2 or above", "20 min", "40 min") in rows
    assert ("AC in the living room", "20 min, 1 start", "none") in rows


def test_the_true_level_follows_the_room_where_the_person_is() -> None:
    """By day the hot bedroom does not count, in the rest after lunch it does."""
    home = hot_day_household()
    hot_bedroom = replace(home.flat[1], internal_w=4000.0)
    hot_home = replace(home, flat=(home.flat[0], hot_bedroom))
    flat = hot_home.build_flat()
    at_noon = home.start + timedelta(hours=6)
    flat.advance(at_noon, home.outdoor_at, {})
    assert flat.temperature_c(BEDROOM) > 35.0
    assert true_level(hot_home, flat, at_noon) < 4
    assert true_level(hot_home, flat, at_noon + timedelta(hours=3)) == 4


def test_the_day_without_cooling_is_hot_for_this_person() -> None:
    """The demo's story holds: without cooling the living room passes the limit for hours."""
    record = uncooled_day(hot_day_household())
    assert record.time_at_level(2) > timedelta(hours=6)
    assert record.highest_c(LIVING_ROOM) > 29.0


@pytest.mark.parametrize("name", ['Anna\'s "den"', "Küche 🌞", "back\\slash", "<b>"])
def test_settings_are_written_for_any_name(tmp_path: Path, name: str) -> None:
    """Quotes, other alphabets and markup in a room's name arrive as they are."""
    home = hot_day_household()
    named = replace(home, rooms=(replace(home.rooms[0], name=name), home.rooms[1]))
    path = write_settings(named, ADDRESSES, tmp_path)
    assert tomllib.loads(path.read_text(encoding="utf-8"))["room"][0]["name"] == name
    settings = load_settings(path, environ={}, credentials_directory=None, require_secrets=True)
    assert settings.rooms[0].name == name
    assert settings.people[0].stays[0].room == BEDROOM
