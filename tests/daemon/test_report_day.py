"""The report of a day that the real daemon lived through tells what the world around it saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.chart import draw_file
from daemon.cli_report import Wanted, find
from daemon.demo.day import live_day
from daemon.demo.household import Household, hot_day_household
from daemon.demo.record import DayRecord, Happening, Sample
from daemon.demo.rooms import BEDROOM, LIVING_ROOM
from daemon.report.charts import charts
from daemon.report.model import Report
from daemon.report.sentences import sentences
from tests.broker import Mosquitto

MINUTE = timedelta(minutes=1)


def _unwatched(_sample: Sample, _happenings: Sequence[Happening]) -> None:
    pass


@pytest.fixture(scope="module")
def home() -> Household:
    """Return the demo's household."""
    return hot_day_household()


@pytest.fixture
def lived(mosquitto: Mosquitto, home: Household, tmp_path: Path) -> tuple[DayRecord, Report]:
    """Return what the world saw of the hot day, and the report of it."""
    record = live_day(home, ("127.0.0.1", mosquitto.port), tmp_path, _unwatched)
    day = f"{home.local(home.start):%Y-%m-%d}"
    return record, find(tmp_path / "keepcool.toml", Wanted(day, None, (), None))


def test_it_tells_what_the_world_saw(lived: tuple[DayRecord, Report]) -> None:
    """Messages, drinks, cooling, the rooms' temperatures and the gap are those of the day."""
    record, report = lived
    assert [each.title for each in report.told] == [each.title for each in record.messages]
    assert sum(drink.amount_ml for drink in report.drinks) == record.samples[-1].drunk_ml
    living, bedroom = report.rooms
    assert (living.room.room_id, bedroom.room.room_id) == (LIVING_ROOM, BEDROOM)
    (runs,) = living.runs.values()
    ran = sum((end - start for start, end in runs), timedelta(0))
    assert len(runs) == record.cooling_starts(LIVING_ROOM)
    assert abs(ran - record.cooling_time(LIVING_ROOM)) < 30 * MINUTE
    real_c = {sample.at: sample.rooms[LIVING_ROOM].air_c for sample in record.samples}
    for at, value in living.air_c:
        near = [each for moment, each in real_c.items() if abs(moment - at) <= 5 * MINUTE]
        if value is not None and near:
            assert abs(value - sum(near) / len(near)) < 0.5
    assert any(level is None for _, level in bedroom.levels)
    text = " ".join(sentences(report))
    assert "It was hottest in Bedroom" in text
    assert "keepcool cooled: AC in Living room" in text
    picture = draw_file(charts(report))
    assert len(picture) < 100_000
