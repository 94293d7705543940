"""Write and read what is kept by the hour; the callers own connection and transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import Final

from daemon.hours import (
    HOUR_S,
    HourBatch,
    OutdoorHour,
    RoomHour,
    hour_of,
    unpack_forecast,
)
from daemon.wall_clock import Step
from policies.psychrometrics import effective_temperature_c
from policies.room_forecast import RoomForecast

HOURS_KEPT: Final = 70 * 24  # the longest past that is learned from is 60 days
FORECASTS_KEPT: Final = 8 * 24
TABLES: Final = ("room_hour", "outdoor_hour", "room_forecast")


def write(connection: sqlite3.Connection, batch: HourBatch) -> None:
    """Append hours and forecasts."""
    room_ids = {row.room_id for row in batch.rooms} | {row.room_id for row in batch.forecasts}
    numbers = _numbers(connection, room_ids)
    connection.executemany(
        "INSERT INTO room_hour VALUES (?,?,?,?)",
        [
            (
                *(numbers[row.room_id], row.hour),
                *(_scaled(row.effective_c, 100), _scaled(row.cooling, 100)),
            )
            for row in batch.rooms
        ],
    )
    connection.executemany(
        "INSERT INTO outdoor_hour VALUES (?,?,?,?,?)",
        [
            (
                *(row.hour, _scaled(row.temperature_c, 100)),
                *(_scaled(row.relative_humidity_pct), _scaled(row.radiation_w_m2)),
                _scaled(row.cloud_cover_pct),
            )
            for row in batch.outdoor
        ],
    )
    connection.executemany(
        "INSERT INTO room_forecast VALUES (?,?,?)",
        [(numbers[row.room_id], row.hour, row.body) for row in batch.forecasts],
    )


def _numbers(connection: sqlite3.Connection, room_ids: Iterable[str]) -> dict[str, int]:
    rows = [(room_id,) for room_id in sorted(room_ids)]
    known = {row["room_id"] for row in connection.execute("SELECT room_id FROM room")}
    connection.executemany(
        "INSERT INTO room (room_id) VALUES (?)", [row for row in rows if row[0] not in known]
    )
    return {row["room_id"]: row["number"] for row in connection.execute("SELECT * FROM room")}


def read_room_hours(connection: sqlite3.Connection, since_h: int) -> Iterator[RoomHour]:
    """Yield the hours of all rooms since then, as they were written. Raises: sqlite3.Error."""
    query = "SELECT room_id, hour, temperature, cooling FROM room_hour JOIN room ON room=number"
    for row in connection.execute(f"{query} WHERE hour>=? ORDER BY room_hour.rowid", (since_h,)):
        yield RoomHour(
            *(row["room_id"], row["hour"]),
            *(_value(row["temperature"], 100), _value(row["cooling"], 100)),
        )


def read_outdoor_hours(connection: sqlite3.Connection, since_h: int) -> Iterator[OutdoorHour]:
    """Yield the weather since then, as it was written. Raises: sqlite3.Error."""
    query = "SELECT * FROM outdoor_hour WHERE hour>=? ORDER BY rowid"
    for row in connection.execute(query, (since_h,)):
        yield OutdoorHour(
            *(row["hour"], row["temperature"] / 100, row["humidity"]),
            *(row["radiation"], row["cloud"]),
        )


def read_forecasts(
    connection: sqlite3.Connection, since_h: int
) -> Iterator[tuple[str, RoomForecast]]:
    """Yield what was foretold since then, by room, as it was written. Raises: sqlite3.Error."""
    query = "SELECT room_id, hour, body FROM room_forecast JOIN room ON room=number"
    for row in connection.execute(
        f"{query} WHERE hour>=? ORDER BY room_forecast.rowid", (since_h,)
    ):
        found = unpack_forecast(row["hour"], row["body"])
        if found is not None:
            yield row["room_id"], found


def average_history(
    connection: sqlite3.Connection, room_of: Mapping[str, str], since_h: int, until_h: int
) -> list[RoomHour]:
    """Return the hours of rooms from the readings of their sensors: the median of the sensors.

    Args:
        connection: rows by name.
        room_of: which room each sensor stands in; other sensors do not count.
        since_h: from which hour on.
        until_h: up to which hour, that one left out.

    Raises: sqlite3.Error.
    """
    # Readings have no index; the newest stand last, one a minute and sensor at most.
    sensors = connection.execute("SELECT count(*) FROM sensor").fetchone()[0]
    last = connection.execute("SELECT max(rowid) FROM history").fetchone()[0] or 0
    first = last - (until_h - since_h + 24) * 60 * sensors
    query = (
        "SELECT sensor_id, at/3600 AS hour, avg(temperature) AS temperature, "
        "avg(humidity) AS humidity FROM history JOIN sensor ON sensor=number "
        "WHERE history.rowid>=? AND at>=? AND at<? AND temperature IS NOT NULL "
        "GROUP BY sensor, at/3600"
    )
    values_c: dict[tuple[str, int], list[float]] = {}
    for row in connection.execute(query, (first, since_h * HOUR_S, until_h * HOUR_S)):
        room_id = room_of.get(row["sensor_id"])
        value_c = effective_temperature_c(
            _value(row["temperature"], 100), _value(row["humidity"], 10)
        )
        if room_id is not None and value_c is not None:
            values_c.setdefault((room_id, row["hour"]), []).append(value_c)
    return [
        RoomHour(room_id, hour, median(values))
        for (room_id, hour), values in sorted(values_c.items())
    ]


def prune(connection: sqlite3.Connection, now_h: int) -> None:
    """Delete what is older than it is kept for."""
    connection.execute("DELETE FROM room_hour WHERE hour < ?", (now_h - HOURS_KEPT,))
    connection.execute("DELETE FROM outdoor_hour WHERE hour < ?", (now_h - HOURS_KEPT,))
    connection.execute("DELETE FROM room_forecast WHERE hour < ?", (now_h - FORECASTS_KEPT,))


def restamp(connection: sqlite3.Connection, step: Step) -> None:
    """Move the hours that this boot counted by a wall clock that was set since.

    What was foretold by it is of no use.
    """
    span = hour_of(step.since), hour_of(step.until)
    connection.execute("DELETE FROM room_forecast WHERE hour BETWEEN ? AND ?", span)
    for table in ("room_hour", "outdoor_hour"):
        connection.execute(
            f"UPDATE {table} SET hour=hour+? WHERE hour BETWEEN ? AND ?",  # noqa: S608 - from above
            (hours_moved(step), *span),
        )


def hours_moved(step: Step) -> int:
    """Return by how many whole hours a step moves what was counted by the hour."""
    return round(step.by.total_seconds() / HOUR_S)


def _scaled(value: float | None, factor: int = 1) -> int | None:
    return None if value is None else round(value * factor)


def _value(number: float | None, factor: int) -> float | None:
    return None if number is None else number / factor
