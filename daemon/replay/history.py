"""Read what a daemon recorded itself: its sensors' readings, and the weather as it was expected."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from daemon.hour_store import read_outdoor_hours
from daemon.packing import unpack
from daemon.records import read_json
from daemon.replay.recording import HOUR_S, RecordedWeather, Series
from daemon.room_csv import RecordingError
from daemon.store import open_read_only
from policies.model import Forecast, HourlyForecast

WRITTEN_LATE_S: Final = 2 * HOUR_S
"""Readings are written once an hour, not in the order of time. One that is so much later than the
last that was written is of a clock that ran ahead."""


def read_history(path: Path) -> tuple[dict[str, Series], RecordedWeather | None]:
    """Read a database, also while the daemon runs: readings by sensor, and the weather.

    Weather is what was expected of each hour when it came; of hours before that was kept, and of
    those to come, what the last forecasts say. `None` where there was never any.

    Raises: RecordingError.
    """
    try:
        with closing(open_read_only(path)) as connection:
            return _read_sensors(connection), _read_weather(connection)
    except FileNotFoundError as error:
        raise RecordingError(f"{path} is not there: has the daemon run yet?") from error
    except (sqlite3.Error, OSError) as error:
        raise RecordingError(
            f"{path}: {error}. People who may read it are in the group keepcool."
        ) from error


def _read_sensors(connection: sqlite3.Connection) -> dict[str, Series]:
    names = {
        row["number"]: row["sensor_id"]
        for row in connection.execute("SELECT number, sensor_id FROM sensor")
    }
    found: defaultdict[str, Series] = defaultdict(Series)
    last = connection.execute("SELECT at FROM history ORDER BY rowid DESC LIMIT 1").fetchone()
    until_s = (0 if last is None else last["at"]) + WRITTEN_LATE_S
    query = "SELECT * FROM history WHERE temperature IS NOT NULL AND at<=?"
    for row in connection.execute(query, (until_s,)):
        name, humidity = names.get(row["sensor"]), row["humidity"]
        if name is not None:
            humidity_pct = None if humidity is None else humidity / 10
            found[name].add(float(row["at"]), row["temperature"] / 100, humidity_pct)
    return {name: series.arrange() for name, series in found.items()}


def _read_weather(connection: sqlite3.Connection) -> RecordedWeather | None:
    hours: dict[int, HourlyForecast] = {}
    bodies = [row["body"] for row in connection.execute("SELECT body FROM forecast")]
    forecasts = [read_json(Forecast, unpack(body)) for body in bodies]
    for forecast in sorted((f for f in forecasts if f is not None), key=lambda f: f.fetched_at):
        hours |= {int(hour.at.timestamp()) // HOUR_S: hour for hour in forecast.hours}
    is_kept = "SELECT 1 FROM sqlite_master WHERE name='outdoor_hour'"
    if connection.execute(is_kept).fetchone():
        for row in read_outdoor_hours(connection, 0):
            hours[row.hour] = HourlyForecast(
                datetime.fromtimestamp(row.hour * HOUR_S, UTC),
                row.temperature_c,
                relative_humidity_pct=row.relative_humidity_pct,
                cloud_cover_pct=row.cloud_cover_pct,
                shortwave_radiation_w_m2=row.radiation_w_m2,
            )
    return RecordedWeather(hours) if hours else None


def preferred_sensors(
    sensors: Mapping[str, Series], rooms: Mapping[str, str], spoken: frozenset[str]
) -> dict[str, str]:
    """Return which room each sensor speaks for that counts there, as in the daemon.

    Args:
        sensors: what was recorded, by sensor.
        rooms: by sensor, those of the settings.
        spoken: those heard over MQTT, beside which no entity of Home Assistant counts in a room.
    """
    heard = {rooms[name] for name in sensors if name in rooms and name in spoken}
    return {
        name: rooms[name]
        for name in sensors
        if name in rooms and (name in spoken or rooms[name] not in heard)
    }
