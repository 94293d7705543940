"""What is kept by the hour comes back from the disk as it was, and moves with the clock."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon import hour_store
from daemon.hour_series import Series
from daemon.hours import (
    MOST_FORECASTS,
    HourBatch,
    KeptForecast,
    OutdoorHour,
    RoomHour,
    hour_of,
    pack_forecast,
    unpack_forecast,
)
from daemon.records import HistoryRow
from daemon.store import DATABASE_NAME, Store, open_read_only
from daemon.wall_clock import Step
from policies.room_features import KNOTS_H
from policies.room_forecast import HourAhead, Predictor, RoomForecast
from tests.opened import open_store

NOW_UTC = datetime(2026, 7, 14, 13, 20, tzinfo=UTC)
NOW_H = hour_of(NOW_UTC)


def a_room_forecast(hour: int = NOW_H - 1) -> RoomForecast:
    """Return a forecast whose every number tells where it belongs."""
    return RoomForecast(
        hour,
        tuple(
            HourAhead(hour + ahead_h, *((base + ahead_h) / 10 for base in (200, 210, 230)))
            for ahead_h in range(1, 49)
        ),
        {
            knot: {Predictor.ROOM_MODEL: 0.75, Predictor.YESTERDAY: (25 - place) / 100}
            | ({Predictor.NOW: place / 100} if place else {})
            for place, knot in enumerate(KNOTS_H)
        },
        25.5,
        25.75,
        -0.5,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return an empty store."""
    return open_store(tmp_path / DATABASE_NAME)


def read(store: Store, since_h: int = 0) -> tuple[list[RoomHour], list[OutdoorHour], list[object]]:
    """Return what another process finds."""
    with closing(open_read_only(store.path)) as connection:
        return (
            list(hour_store.read_room_hours(connection, since_h)),
            list(hour_store.read_outdoor_hours(connection, since_h)),
            list(hour_store.read_forecasts(connection, since_h)),
        )


def test_packed_forecast_comes_back_as_it_was() -> None:
    """Every hour, peak and share is the same to a hundredth."""
    forecast = a_room_forecast()
    body = pack_forecast(forecast)
    assert unpack_forecast(forecast.hour, body) == forecast
    assert len(body) <= 200


@pytest.mark.parametrize("body", [b"", b"no zip", pack_forecast(a_room_forecast())[:-9]])
def test_damaged_forecast_is_none(body: bytes) -> None:
    """A row that is not whole is left out, and stops nobody."""
    assert unpack_forecast(NOW_H, body) is None


def test_hours_come_back_from_the_disk(store: Store) -> None:
    """Rooms, weather and forecasts are what they were; unknown stays unknown."""
    rooms = [RoomHour("living", NOW_H - 1, 25.25, 0.5), RoomHour("attic", NOW_H - 1, None)]
    outdoor = [
        OutdoorHour(NOW_H - 2, 31.5, 40.0, 800.0, 10.0),
        OutdoorHour(NOW_H - 1, -3.25),
    ]
    kept = KeptForecast("living", NOW_H - 1, pack_forecast(a_room_forecast()))
    store.write_history([], {}, HourBatch(rooms, outdoor, [kept]))
    assert read(store) == (rooms, outdoor, [("living", a_room_forecast())])
    assert read(store, NOW_H - 1)[1] == outdoor[1:]


def test_sensors_average_into_their_rooms(store: Store) -> None:
    """The readings of an hour give the median of its room's sensors, with their humidity."""
    at = NOW_UTC.replace(minute=5)
    rows = [
        HistoryRow(at, "one", 24.0, None),
        HistoryRow(at + timedelta(minutes=10), "one", 26.0, None),
        HistoryRow(at, "two", 27.0, None),
        HistoryRow(at, "elsewhere", 10.0, None),
        HistoryRow(at, "attic", 34.0, 70.0),
        HistoryRow(at - timedelta(hours=2), "one", 20.0, None),
        HistoryRow(at, "two", None, 50.0),
    ]
    names = {"one", "two", "elsewhere", "attic"}
    store.write_history(rows, dict.fromkeys(names, "{}"))
    room_of = {"one": "living", "two": "living", "attic": "attic"}
    with closing(open_read_only(store.path)) as connection:
        found = hour_store.average_history(connection, room_of, NOW_H - 1, NOW_H + 1)
    (attic, living) = found
    assert (living.room_id, living.hour, living.effective_c) == ("living", NOW_H, 26.0)
    assert attic.effective_c is not None
    assert attic.effective_c > 40.0


def test_old_hours_are_forgotten(store: Store) -> None:
    """Hours are kept for 70 days, forecasts for eight."""
    ages_h = (0, 8 * 24 - 1, 8 * 24 + 1, 70 * 24 - 1, 70 * 24 + 1)
    body = pack_forecast(a_room_forecast())
    store.write_history(
        [],
        {},
        HourBatch(
            [RoomHour("living", NOW_H - age_h, 25.0) for age_h in ages_h],
            [OutdoorHour(NOW_H - age_h, 25.0) for age_h in ages_h],
            [KeptForecast("living", NOW_H - age_h, body) for age_h in ages_h],
        ),
    )
    store.prune(NOW_UTC)
    rooms, outdoor, forecasts = read(store)
    assert (len(rooms), len(outdoor), len(forecasts)) == (4, 4, 2)


def test_fault_62_hours_of_a_wrong_clock_move_with_it(store: Store) -> None:
    """What this boot counted by a clock three hours slow is moved; older hours stay."""
    boot_id = "boot-1"
    step = Step(timedelta(hours=3), NOW_UTC - timedelta(hours=2), NOW_UTC)
    rooms = [RoomHour("living", NOW_H - age_h, 25.0) for age_h in (5, 1)]
    outdoor = [OutdoorHour(NOW_H - age_h, 20.0) for age_h in (5, 1)]
    kept = [
        KeptForecast("living", NOW_H - age_h, pack_forecast(a_room_forecast())) for age_h in (5, 1)
    ]
    store.write_history([], {}, HourBatch(rooms, outdoor, kept))
    store.restamp(step, boot_id, {})
    found, weather, forecasts = read(store)
    assert [row.hour for row in found] == [NOW_H - 5, NOW_H + 2]
    assert [row.hour for row in weather] == [NOW_H - 5, NOW_H + 2]
    assert len(forecasts) == 1, "what was foretold by a wrong clock is void"


def test_batch_that_is_refused_leaves_nothing_behind(store: Store) -> None:
    """Readings and hours are written together or not at all."""
    wrong = KeptForecast("living", NOW_H, None)  # type: ignore[arg-type] # the schema refuses it
    batch = HourBatch([RoomHour("living", NOW_H, 25.0)], [], [wrong])
    with pytest.raises(sqlite3.IntegrityError):
        store.write_history([HistoryRow(NOW_UTC, "one", 20.0, None)], {"one": "{}"}, batch)
    assert read(store) == ([], [], [])
    assert not list(store.load_history(NOW_UTC - timedelta(days=1)))


def test_newest_forecasts_wait_for_the_disk() -> None:
    """A disk that takes nothing for long costs the oldest forecasts, not the memory."""
    rows = [KeptForecast("living", hour, b"") for hour in range(MOST_FORECASTS)]
    batch = HourBatch(forecasts=rows).followed_by(
        HourBatch(forecasts=[KeptForecast("living", MOST_FORECASTS, b"")])
    )
    assert len(batch.forecasts) == MOST_FORECASTS
    assert batch.forecasts[-1].hour == MOST_FORECASTS


def test_backup_leaves_the_hours_out(store: Store, tmp_path: Path) -> None:
    """A backup holds what cannot be measured again: the hours are as large as history."""
    store.write_history([], {}, HourBatch([RoomHour("living", NOW_H, 25.0)]))
    store.copy_durable(tmp_path / "copy.sqlite3", NOW_UTC)
    copy = open_store(tmp_path / "copy.sqlite3")
    assert read(copy) == ([], [], [])


def test_writing_goes_on_after_a_restart(store: Store) -> None:
    """Rooms keep their numbers: rows of two runs belong to the same room."""
    store.write_history(
        [], {}, HourBatch([RoomHour("living", 1, 20.0), RoomHour("attic", 1, 30.0)])
    )
    store.close()
    again = open_store(store.path)
    again.write_history([], {}, HourBatch([RoomHour("bath", 2, 22.0), RoomHour("living", 2, 21.0)]))
    rows = read(again)[0]
    assert [(row.room_id, row.hour, row.effective_c) for row in rows] == [
        *(("living", 1, 20.0), ("attic", 1, 30.0)),
        *(("bath", 2, 22.0), ("living", 2, 21.0)),
    ]


@pytest.mark.parametrize(
    ("start_h", "end_h", "expected"),
    [(100, 103, True), (101, 102, True), (99, 102, False), (102, 105, False), (103, 104, False)],
)
def test_series_is_whole_without_a_gap(start_h: int, end_h: int, *, expected: bool) -> None:
    """A span is whole when each of its hours is known; one without hours always is."""
    series = Series()
    for hour in (100, 101, 102, 104):
        series.put(hour, 2000)
    assert series.is_whole(start_h, end_h) is expected
    assert series.is_whole(end_h, end_h)
