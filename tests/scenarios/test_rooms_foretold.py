"""A recorded home through the real daemon: its room is learned, foretold, and survives kill -9."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from daemon import hour_store
from daemon.demo.driver import SteppedDaemon
from daemon.demo.hot_days import Outdoor
from daemon.demo.world import World
from daemon.hours import hour_of
from daemon.records import HistoryRow
from daemon.store import DATABASE_NAME, Store, open_read_only
from policies.room_forecast import Predictor, RoomForecast
from policies.room_record import DAY_H
from tests.broker import Mosquitto
from tests.scenarios.recordings import (
    BALTIMORE,
    Recording,
    baltimore_recording,
    baltimore_weather,
    one_room_household,
)

STEP = timedelta(minutes=10)
LATER = timedelta(days=7 * 365 + 2)  # the same days of 2026: a clock of 2019 was never set
START = datetime(2026, 6, 14, tzinfo=BALTIMORE)
DAYS = 13
LEARNED_AFTER = timedelta(days=7)
KILLED_AFTER = timedelta(days=9, hours=15, minutes=20)
SENSOR_ID = "zigbee2mqtt-living_room"
PLACE = (39.3, -76.6, "US")


class Home:
    """Hold a home whose recording is played by a daemon of its own."""

    def __init__(
        self, folder: Path, broker: Mosquitto, shared_data: Path, start: datetime = START
    ) -> None:
        recorded = baltimore_recording(shared_data, "B", START - LATER)
        samples = [replace(sample, at=sample.at + LATER) for sample in recorded.samples]
        outdoor_then = baltimore_weather(shared_data)

        def outdoor_at(at: datetime) -> Outdoor:
            return outdoor_then(at - LATER)

        household = one_room_household("Home B", start, DAYS, BALTIMORE, outdoor_at, PLACE)
        self.recording = Recording(samples, start)
        self.folder = folder
        self.world = World(household, (broker.host, broker.port), folder, self.recording)

    def live(self, daemon: SteppedDaemon, until: datetime) -> None:
        """Let time pass."""
        at = self.world.now
        while at < until:
            at += STEP
            self.world.step(daemon, at)

    def room(self) -> dict[str, Any]:
        """Return what the status says of the room's forecast."""
        (path,) = self.folder.rglob("*.status.json")
        room: dict[str, Any] = json.loads(path.read_text())["rooms"][0]["foretold"]
        return room

    def kept(self) -> tuple[dict[int, float], list[RoomForecast]]:
        """Return the room's hours and its forecasts, as another process reads them."""
        with closing(open_read_only(self.folder / "state" / DATABASE_NAME)) as connection:
            hours = {
                row.hour: row.effective_c
                for row in hour_store.read_room_hours(connection, 0)
                if row.effective_c is not None
            }
            return hours, [found for _, found in hour_store.read_forecasts(connection, 0)]


def mae_k(pairs: list[tuple[float, float]]) -> float:
    """Return the mean absolute difference."""
    assert len(pairs) > 48
    return sum(abs(one - other) for one, other in pairs) / len(pairs)


@pytest.mark.timeout(170)
def test_recorded_home_is_learned_and_foretold_over_a_kill(
    shared_data: Path, start_mosquitto: Callable[..., Mosquitto], memory_folder: Path
) -> None:
    """Every hour is foretold, from the second day on; better than by yesterday; also after a kill.

    What is compared are the hours that the daemon itself counted, and the forecasts that it kept.
    """
    home = Home(memory_folder, start_mosquitto("set_tcp_nodelay true"), shared_data)
    with home.world:
        daemon = home.world.daemon()
        daemon.start()
        try:
            home.live(daemon, START + KILLED_AFTER)
            before = home.room()
            daemon.kill()
            daemon.start()
            home.live(daemon, START + KILLED_AFTER + STEP)
            after = home.room()
            home.live(daemon, START + timedelta(days=DAYS))
            daemon.stop()
        finally:
            daemon.kill()
    assert "Traceback" not in (memory_folder / "daemon.log").read_text()

    assert before["is_learned"]
    assert after["is_learned"], "sixty days are learned again from the disk, before it speaks"
    assert after["days"] >= before["days"] - 1
    assert after["highest_c"] == pytest.approx(before["highest_c"], abs=0.5)

    hours, forecasts = home.kept()
    first_h, last_h = hour_of(START), hour_of(START + timedelta(days=DAYS)) - 2
    assert len(hours) >= 0.97 * (last_h - first_h)
    made = [forecast.hour for forecast in forecasts]
    assert made == sorted(made)
    gaps = [later - earlier for earlier, later in pairwise(made)]
    assert max(gaps) <= 5, "a kill takes what was foretold since the last write"
    assert sum(gap > 1 for gap in gaps) <= 1
    assert all(found.hours[0].hour == found.hour + 1 for found in forecasts)

    learned = [one for one in forecasts if one.hour >= hour_of(START + LEARNED_AFTER)]
    foretold, yesterdays, within = [], [], []
    for forecast in learned:
        for ahead_h in (6, 12, 24):
            ahead = forecast.hours[ahead_h - 1]
            came_c, yesterday_c = hours.get(ahead.hour), hours.get(ahead.hour - DAY_H)
            if came_c is not None and yesterday_c is not None:
                foretold.append((ahead.middle_c, came_c))
                yesterdays.append((yesterday_c, came_c))
                within.append(ahead.low_c <= came_c <= ahead.high_c)
    print(f"{mae_k(foretold):.2f} K against {mae_k(yesterdays):.2f} K of yesterday")  # noqa: T201
    assert mae_k(foretold) <= 0.8 * mae_k(yesterdays)
    assert 0.6 <= sum(within) / len(within) <= 0.97
    assert {one.used(24) for one in learned[-24:]} <= {Predictor.ROOM_MODEL, Predictor.YESTERDAY}


@pytest.mark.timeout(100)
def test_home_that_was_there_before_is_foretold_within_minutes(
    shared_data: Path, start_mosquitto: Callable[..., Mosquitto], memory_folder: Path
) -> None:
    """Two weeks of readings by an earlier version: their hours and weather are made up for."""
    start = START + timedelta(days=14)
    home = Home(memory_folder, start_mosquitto("set_tcp_nodelay true"), shared_data, start)
    with home.world:
        (room,) = home.world.household.rooms
        rows = [
            HistoryRow(
                at.astimezone(UTC), SENSOR_ID, found.temperature_c, found.relative_humidity_pct
            )
            for at in (START + step * STEP for step in range(14 * 24 * 6))
            if (found := home.recording.at(at)) is not None
        ]
        with closing(Store(memory_folder / "state" / DATABASE_NAME)) as store:
            store.write_history(rows, {SENSOR_ID: "{}"})
        with home.world.daemon() as daemon:
            home.live(daemon, start + 3 * STEP)
            told = home.room()
        hours, forecasts = home.kept()
    assert room.topic.endswith(SENSOR_ID.removeprefix("zigbee2mqtt-"))
    assert (told["is_learned"], told["days"]) == (True, pytest.approx(14, abs=1))
    assert told["highest_c"] is not None
    assert len(hours) >= 13 * 24
    assert {forecast.hour for forecast in forecasts} == {hour_of(start) - 1}
