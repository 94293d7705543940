"""Learn the rooms from their hours, and foretell them: on a worker, a slice at a time.

Only one thread at a time may call a `Learner`; what it found goes back to the loop as an event.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog

from daemon import hour_store
from daemon.events import LearnerAdvanced
from daemon.hour_series import Series
from daemon.hour_store import HOURS_KEPT, hours_moved
from daemon.hours import (
    HOUR_S,
    Basis,
    HourBatch,
    KeptForecast,
    OutdoorHour,
    RoomHour,
    hour_of,
    pack_forecast,
)
from daemon.wall_clock import Step
from policies.cooling_ahead import ASSUMED_FALL_K
from policies.room_cooling import Uncooled, uncooled, with_what_is_left
from policies.room_features import HORIZON_H
from policies.room_forecast import Predictor, RoomForecast
from policies.room_model import RoomModel
from policies.room_record import DAY_H, RoomRecord
from policies.sunlight import believed_w_m2

log = structlog.get_logger()

DAYS_LEARNED: Final = 60
MOST_ROOMS: Final = 100
"""A room takes about 0.4 MB; in a home with more of them those that people use come first."""

WINDOW_H: Final = 12 * DAY_H
"""What is looked at before an hour: a week to compare with, and the slowest filter's past."""

WEATHER_BEFORE_H: Final = 96
MIN_KNOWN_H: Final = DAY_H
"""A room that is known for less is not foretold: there is no day to compare with."""

SAME_PACE: Final = 0.25
"""A pace of cooling that differs by no more is the same: learning a season anew takes seconds."""

PAUSE_AFTER_CRASH_H: Final = DAY_H
_DAY_AHEAD_H: Final = 24


@dataclass(frozen=True, slots=True)
class LearnedRoom:
    """Describe a room that is learned."""

    room_id: str
    sensor_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HourOver:
    """Say that an hour is over: what was counted since the last one, and what is expected.

    Args:
        hour: the last one that is over.
        rooms: hours that were counted, this one and earlier ones.
        outdoor: the weather of such hours.
        weather: the forecast as it stands; it may hold hours of the past.
        falls_k: by room, how much lower it is after an hour of its air conditioner.
    """

    hour: int
    rooms: tuple[RoomHour, ...] = ()
    outdoor: tuple[OutdoorHour, ...] = ()
    weather: tuple[OutdoorHour, ...] = ()
    falls_k: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Room:
    """Hold what is known of a room."""

    plan: LearnedRoom
    effective: Series
    cooling: Series
    model: RoomModel | None = None
    fall_k: float = ASSUMED_FALL_K  # by which an hour of cooling is taken out of its past
    skipped_until_h: int = 0  # its model crashed
    foretold_h: int = 0


class Learner:
    """Own the rooms' hours and models."""

    def __init__(
        self,
        rooms: Sequence[LearnedRoom],
        latitude_deg: float,
        longitude_deg: float,
        open_past: Callable[[], sqlite3.Connection] | None = None,
    ) -> None:
        """Learn nothing yet.

        Args:
            rooms: the most wanted first; at most `MOST_ROOMS` are learned.
            latitude_deg: where the sun is looked up.
            longitude_deg: likewise, east positive.
            open_past: opens the database to read what earlier runs kept; `None`: nothing was.
        """
        self._rooms = {room.room_id: _Room(room, Series(), Series()) for room in rooms[:MOST_ROOMS]}
        self._place = latitude_deg, longitude_deg
        self._open_past = open_past
        self._outdoor, self._sun = Series(), Series()
        self._expected: Mapping[int, OutdoorHour] = {}
        self._now_h = 0
        self._waiting: list[str] = []

    @property
    def room_ids(self) -> tuple[str, ...]:
        """Return the rooms that are learned."""
        return tuple(self._rooms)

    # ----------------------------------------------------------------- what the loop asks for

    def take(self, over: HourOver) -> LearnerAdvanced:
        """Take that an hour is over; then every room waits for `advance`."""
        self._now_h = over.hour
        for room_id, fall_k in over.falls_k.items():
            self._take_pace(room_id, fall_k)
        batch = HourBatch()
        forecasts = self._load(batch)
        for row in over.rooms:
            self._put_room(row)
        for weather in over.outdoor:
            self._put_outdoor(weather)
        for weather in over.weather:
            if weather.hour <= over.hour and not self._outdoor.knows(weather.hour):
                self._put_outdoor(weather)
                batch.outdoor.append(weather)
        self._expected = {row.hour: row for row in over.weather if row.hour > over.hour}
        for series in self._all_series():
            series.forget_before(over.hour - HOURS_KEPT)
        self._let_all_wait()
        return LearnerAdvanced(
            forecasts=forecasts,
            batch=batch or None,
            has_more=bool(self._waiting),
            wants_past=self._misses_weather(),
        )

    def take_past(self, weather: tuple[OutdoorHour, ...]) -> LearnerAdvanced:
        """Take the weather of hours that it was not known of; then every room is learned anew."""
        new = [
            row for row in weather if row.hour <= self._now_h and not self._outdoor.knows(row.hour)
        ]
        for row in new:
            self._put_outdoor(row)
        if new:
            for room in self._rooms.values():
                room.model, room.foretold_h = None, 0
            self._let_all_wait()
        return LearnerAdvanced(batch=HourBatch(outdoor=new), has_more=bool(self._waiting))

    def _let_all_wait(self) -> None:
        rooms = self._rooms.items()
        waiting = [name for name, room in rooms if room.skipped_until_h <= self._now_h]
        self._waiting = sorted(waiting, key=self._hours_to_learn)

    def _misses_weather(self) -> bool:
        start_h, end_h = self._now_h - DAYS_LEARNED * DAY_H, self._now_h + 1
        first_h = min((room.effective.first_h for room in self._rooms.values()), default=end_h)
        if self._outdoor.is_whole(max(start_h, first_h), end_h):
            return False
        outdoor_c = self._outdoor.between(start_h, end_h, 1)
        return any(
            sum(
                outdoor is None and indoor is not None
                for outdoor, indoor in zip(
                    outdoor_c, room.effective.between(start_h, end_h, 1), strict=True
                )
            )
            >= DAY_H
            for room in self._rooms.values()
        )

    def _take_pace(self, room_id: str, fall_k: float) -> None:
        """Take how fast a room is cooled; by a very different pace its past is learned anew."""
        room = self._rooms.get(room_id)
        if room is None or abs(fall_k - room.fall_k) <= SAME_PACE * room.fall_k:
            return
        room.fall_k = fall_k
        room.model = None

    def advance(self) -> LearnerAdvanced:
        """Learn one day of one room, or foretell it when nothing is left to learn."""
        if not self._waiting:
            return LearnerAdvanced()
        room_id = self._waiting[0]
        room = self._rooms[room_id]
        try:
            if self._step(room):
                return LearnerAdvanced(has_more=True)
            forecast = self._foretell(room)
            basis = self._basis(room, forecast)
            body = None if forecast is None else pack_forecast(forecast)
        except MemoryError:
            raise  # only a new process helps
        except Exception:
            log.exception("learner.room_crashed", room_id=room_id)
            room.model = None
            room.skipped_until_h = self._now_h + PAUSE_AFTER_CRASH_H
            self._waiting.remove(room_id)
            return LearnerAdvanced(has_more=bool(self._waiting))
        self._waiting.remove(room_id)
        if forecast is None or body is None:
            return LearnerAdvanced(bases={room_id: basis}, has_more=bool(self._waiting))
        kept = KeptForecast(room_id, forecast.hour, body)
        return LearnerAdvanced(
            {room_id: forecast},
            {room_id: basis},
            HourBatch(forecasts=[kept]),
            has_more=bool(self._waiting),
        )

    def restamp(self, step: Step) -> LearnerAdvanced:
        """Move the hours that were counted by a clock that was set since; learn anew from them."""
        first_h, last_h, by_h = hour_of(step.since), hour_of(step.until), hours_moved(step)
        if by_h:
            for series in self._all_series():
                series.move(first_h, last_h, by_h)
            for room in self._rooms.values():
                room.model, room.foretold_h = None, 0
        self._waiting = []
        return LearnerAdvanced()

    # ----------------------------------------------------------------- the past

    def _load(self, batch: HourBatch) -> dict[str, RoomForecast]:
        """Read what earlier runs kept, once; return what they foretold last, and is not old.

        Hours that are missing are taken from the readings.
        """
        if self._open_past is None:
            return {}
        since_h = self._now_h - HOURS_KEPT
        try:
            with closing(self._open_past()) as connection:
                for row in hour_store.read_room_hours(connection, since_h):
                    self._put_room(row)
                for weather in hour_store.read_outdoor_hours(connection, since_h):
                    self._put_outdoor(weather)
                forecasts = dict(hour_store.read_forecasts(connection, self._now_h - 2))
                batch.rooms += self._average_readings(connection, since_h)
        except (sqlite3.Error, OSError) as error:
            log.warning("learner.past_unreadable", error=str(error))
        else:
            self._open_past = None
            for row in batch.rooms:
                self._put_room(row)
            found = {  # those of later hours were made by a clock that was wrong
                name: each
                for name, each in forecasts.items()
                if name in self._rooms and each.hour <= self._now_h
            }
            for name, forecast in found.items():
                self._rooms[name].foretold_h = forecast.hour
            return found
        return {}

    def _average_readings(self, connection: sqlite3.Connection, since_h: int) -> list[RoomHour]:
        """Return the hours of rooms that the readings know and the kept hours do not.

        All of rooms that have none; of others those since the last one, which a power cut took.
        """
        end_h = self._now_h + 1
        ends_h = {room_id: room.effective.end_h for room_id, room in self._rooms.items()}
        missing = [max(since_h, known_h) for known_h in ends_h.values() if known_h < end_h]
        if not missing:
            return []
        room_of = {
            sensor_id: room_id
            for room_id, room in self._rooms.items()
            for sensor_id in room.plan.sensor_ids
        }
        found = hour_store.average_history(connection, room_of, min(missing), end_h)
        return [row for row in found if row.hour >= ends_h[row.room_id]]

    def _put_room(self, row: RoomHour) -> None:
        room = self._rooms.get(row.room_id)
        if room is None or not self._is_of_now(row.hour):
            return
        if row.effective_c is not None:
            room.effective.put(row.hour, round(100 * row.effective_c))
        if row.cooling is not None:
            room.cooling.put(row.hour, round(100 * row.cooling))

    def _put_outdoor(self, row: OutdoorHour) -> None:
        if not self._is_of_now(row.hour):
            return
        self._outdoor.put(row.hour, round(100 * row.temperature_c))
        sun_w_m2 = self._sun_w_m2(row)
        if sun_w_m2 is not None:
            self._sun.put(row.hour, round(sun_w_m2))

    def _is_of_now(self, hour: int) -> bool:
        """Return whether an hour is of the past that counts: a row of a wrong clock may not be."""
        return self._now_h - HOURS_KEPT <= hour <= self._now_h + DAY_H

    def _sun_w_m2(self, row: OutdoorHour) -> float | None:
        if row.radiation_w_m2 is not None:
            return row.radiation_w_m2
        if row.cloud_cover_pct is None:
            return None
        middle = datetime.fromtimestamp((row.hour + 0.5) * HOUR_S, UTC)
        return believed_w_m2(middle, *self._place, row.cloud_cover_pct)

    def _all_series(self) -> Iterable[Series]:
        for room in self._rooms.values():
            yield room.effective
            yield room.cooling
        yield self._outdoor
        yield self._sun

    # ----------------------------------------------------------------- learning

    def _hours_to_learn(self, room_id: str) -> int:
        """Return how far a room's model is behind; who is nearly done comes first."""
        room = self._rooms[room_id]
        learned_h = None if room.model is None else room.model.learned_h
        known_h = self._first_h(room) if learned_h is None else learned_h
        return max(0, self._now_h - known_h)

    def _first_h(self, room: _Room) -> int:
        known = room.effective.known()
        first_h = known[0] if known else self._now_h
        return max(first_h, self._now_h - DAYS_LEARNED * DAY_H) - WEATHER_BEFORE_H

    def _step(self, room: _Room) -> bool:
        """Learn one day; return whether there was one."""
        learned_h = None if room.model is None else room.model.learned_h
        if learned_h is None:
            if not room.effective.known():
                return False
            start_h = self._first_h(room)
            end_h = (start_h // DAY_H + 1) * DAY_H
        else:
            start_h, end_h = learned_h - WINDOW_H, learned_h + DAY_H
        if end_h > self._now_h + 1:
            return False
        record = self._record(room, start_h, end_h)
        if room.model is None:
            room.model = RoomModel(record)
        return room.model.step(record, self._now_h + 1)

    def _foretell(self, room: _Room) -> RoomForecast | None:
        if len(room.effective.known()) < MIN_KNOWN_H:
            return None
        for hour in (self._now_h, self._now_h - 1):  # the last may be lost, as by a power cut
            if hour > room.foretold_h and room.effective.knows(hour):
                room.foretold_h = hour
                return self._foretell_from(room, hour)
        return None

    def _foretell_from(self, room: _Room, hour: int) -> RoomForecast | None:
        start_h, end_h = hour + 1 - WINDOW_H, hour + 1
        record = self._record(room, start_h, end_h, ahead_h=HORIZON_H)
        model = room.model or RoomModel(record)
        forecast = model.predict(record, hour)
        left_k = self._uncooled(room, start_h, end_h).left_k
        return None if forecast is None else with_what_is_left(forecast, left_k)

    def _record(self, room: _Room, start_h: int, end_h: int, ahead_h: int = 0) -> RoomRecord:
        """Return a room's hours as they would have been uncooled, with their weather.

        Behind them comes the weather that is expected.
        """
        known_h = max(end_h, min(end_h + ahead_h, self._now_h + 1))
        coming = [self._expected.get(hour) for hour in range(known_h, end_h + ahead_h)]
        outdoor_c = self._outdoor.between(start_h, known_h, 100)
        outdoor_c += [None if row is None else row.temperature_c for row in coming]
        sun = self._sun.between(start_h, known_h, 1000)
        for row in coming:
            sun_w_m2 = None if row is None else self._sun_w_m2(row)
            sun.append(None if sun_w_m2 is None else sun_w_m2 / 1000)
        return RoomRecord(start_h, self._uncooled(room, start_h, end_h).indoor_c, outdoor_c, sun)

    def _uncooled(self, room: _Room, start_h: int, end_h: int) -> Uncooled:
        """Return a room's hours without what its air conditioner did."""
        cooling = [share or 0.0 for share in room.cooling.between(start_h, end_h, 100)]
        return uncooled(room.effective.between(start_h, end_h, 100), cooling, room.fall_k)

    def _known_h(self, room: _Room, start_h: int, end_h: int) -> int:
        """Return in how many hours both the room and the weather are known."""
        both = room.effective, self._outdoor
        first_h = max(start_h, *(series.first_h for series in both))
        if all(series.is_whole(first_h, end_h) for series in both):
            return max(0, end_h - first_h)
        hours = zip(*(series.between(start_h, end_h, 1) for series in both), strict=True)
        return sum(None not in hour for hour in hours)

    def _basis(self, room: _Room, forecast: RoomForecast | None) -> Basis:
        learned = DAYS_LEARNED * DAY_H
        since_h = self._now_h + 1 - learned
        days = self._known_h(room, since_h, self._now_h + 1) // DAY_H
        shares: Mapping[Predictor, float] = {}
        if forecast is not None:
            shares = forecast.shares[_DAY_AHEAD_H]
        elif room.model is not None:  # the room was not known in that hour
            shares = room.model.shares(_DAY_AHEAD_H) or {}
        is_learned = room.model is not None and room.model.shares(_DAY_AHEAD_H) is not None
        errors_k = None if room.model is None else room.model.errors_k(_DAY_AHEAD_H)
        return Basis(
            days,
            max(shares, key=lambda predictor: shares[predictor], default=None),
            is_learned=is_learned,
            lacks_weather=is_learned and Predictor.ROOM_MODEL not in shares,
            error_k=None if errors_k is None else errors_k[0],
            yesterday_k=None if errors_k is None else errors_k[1],
        )
