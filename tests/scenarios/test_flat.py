"""Show that nothing in the demo's day is scripted but the outside world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.demo.day import live_day, uncooled_day
from daemon.demo.household import Household, hot_day_household
from daemon.demo.record import CoolingChange, DayRecord
from daemon.demo.rooms import LIVING_ROOM
from tests.broker import Mosquitto

STEP = timedelta(minutes=10)
LONG_ENOUGH = pytest.mark.timeout(240)


def until_evening(insulation: float) -> Household:
    """Return the demo's household, watched for twelve hours."""
    home = hot_day_household(insulation=insulation)
    return replace(home, end=home.start + timedelta(hours=12))


def told(record: DayRecord) -> list[tuple[str, str]]:
    """Return what the phone showed, and when."""
    return [
        (f"{record.household.local(message.at):%H:%M}", message.title)
        for message in record.messages
    ]


@LONG_ENOUGH
def test_another_flat_gets_other_messages(
    start_mosquitto: Callable[..., Mosquitto], memory_folder: Path
) -> None:
    """The same weather and the same person in a badly insulated flat: told earlier, cooled more."""
    records = {}
    for name, insulation in (("usual", 1.0), ("bad", 0.3)):
        folder = memory_folder / name
        folder.mkdir()
        broker = start_mosquitto()
        home = until_evening(insulation)
        records[name] = live_day(home, (broker.host, broker.port), folder, step=STEP)
    usual, bad = records["usual"], records["bad"]
    heat = {
        name: [message for message in record.messages if message.kind == "heat"]
        for name, record in records.items()
    }
    assert told(usual) != told(bad)
    assert heat["bad"][0].at < heat["usual"][0].at
    assert bad.cooling_time(LIVING_ROOM) > usual.cooling_time(LIVING_ROOM)
    for record in (usual, bad):
        reasons = [found for found in record.happenings if isinstance(found, CoolingChange)]
        assert reasons
        assert all(change.reason for change in reasons)
        assert len(record.messages) <= 8


def test_without_cooling_the_flat_is_hotter_the_worse_it_is_insulated() -> None:
    """The world itself differs before any daemon looks at it."""
    highest = [
        uncooled_day(until_evening(insulation)).highest_c(LIVING_ROOM)
        for insulation in (0.3, 1.0, 3.0)
    ]
    assert highest == sorted(highest, reverse=True)
    assert highest[0] > highest[-1] + 1.0
