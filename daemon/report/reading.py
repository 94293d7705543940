"""Read a report out of the database, while the daemon runs or when it does not."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from statistics import fmean, median
from typing import Final

from daemon import hour_store
from daemon.hours import HOUR, HOUR_S, hour_of
from daemon.outbox import OutboxRow
from daemon.packing import unpack
from daemon.records import read_json
from daemon.report.model import (
    Drunk,
    ExpectedHour,
    Points,
    Report,
    ReportHome,
    RoomReport,
    Span,
    Told,
)
from daemon.sensor_track import SensorRecord
from daemon.switchings import Runs, read_runs
from integrations.messages import PhoneMessage
from policies.freshness import LONGEST_LIMIT, UNLEARNED_LIMIT, FreshnessState, limit
from policies.heat_limits import every_room_of, is_night, personal_limits
from policies.model import Forecast, Person, Room
from policies.psychrometrics import effective_temperature_c
from policies.room_forecast import RoomForecast

BEFORE_MIDNIGHT_H: Final = 3  # a forecast so old is that of the beginning of the day

SLOW: Final = timedelta(minutes=30)  # what levels 1 and 2 are means of, see `policies.heat_limits`

Reading = tuple[datetime, float | None, float | None]  # temperature in °C, humidity in %
Values = list[tuple[datetime, float | None, float | None]]


def read_report(
    connection: sqlite3.Connection, home: ReportHome, span: Span, now: datetime
) -> Report:
    """Return what is known of a span, of the home's rooms and people and no others.

    Args:
        connection: of `daemon.store.open_read_only`.
        home: with the rooms and people that are asked for.
        span: the days.
        now: the present, UTC; nothing is known behind it but what is expected.

    Raises: sqlite3.Error.
    """
    limits = _read_limits(connection, home)
    readings = _read_readings(connection, home, span)
    first = _first_reading(connection)
    expected = _read_expected(connection, span, now)
    runs = read_runs(connection, span.start, span.end, now) if _has(connection, "switching") else {}
    rooms = tuple(
        room_report(
            room,
            home,
            span,
            values=values_of(
                [
                    Held(found, limits.get(number, UNLEARNED_LIMIT))  # it may have come since
                    for number, found in readings.get(room.room_id, {}).items()
                ],
                span,
                first,
                min(span.end, now),
            ),
            expected=tuple(expected.get(room.room_id, ())),
            runs=runs,
        )
        for room in home.rooms
    )
    return Report(
        home=home,
        span=span,
        now=now,
        rooms=rooms,
        outdoor_c=_read_outdoors(connection, span),
        told=tuple(_read_told(connection, home, span)),
        drinks=tuple(_read_drinks(connection, home, span)),
        first_reading=first,
    )


def _first_reading(connection: sqlite3.Connection) -> datetime | None:
    at = connection.execute("SELECT min(at) FROM history").fetchone()[0]
    return None if at is None else datetime.fromtimestamp(at, UTC)


# --------------------------------------------------------------------------- rooms


def _read_readings(
    connection: sqlite3.Connection, home: ReportHome, span: Span
) -> dict[str, dict[int, list[Reading]]]:
    """Return each room's readings by sensor, oldest first, from a little before the span on."""
    rows = connection.execute("SELECT number, sensor_id FROM sensor")
    rooms = {row["number"]: home.sensors.get(row["sensor_id"]) for row in rows}
    found: dict[str, dict[int, list[Reading]]] = defaultdict(lambda: defaultdict(list))
    since, until = (span.start - LONGEST_LIMIT).timestamp(), span.end.timestamp()
    query = "SELECT * FROM history WHERE at>=? AND at<? ORDER BY at"
    for row in connection.execute(query, (int(since), int(until))):
        room_id = rooms.get(row["sensor"])
        if room_id is not None and row["temperature"] is not None:
            humidity = row["humidity"]
            found[room_id][row["sensor"]].append(
                (
                    datetime.fromtimestamp(row["at"], UTC),
                    row["temperature"] / 100,
                    None if humidity is None else humidity / 10,
                )
            )
    return found


def _read_limits(connection: sqlite3.Connection, home: ReportHome) -> dict[int, timedelta]:
    """Return how long a value of each sensor counts, by its number: as set, or as it speaks now."""
    limits = {}
    for row in connection.execute("SELECT * FROM sensor"):
        record = read_json(SensorRecord, row["body"])
        state = FreshnessState() if record is None else record.habit()
        limits[row["number"]] = limit(state, home.stale_after.get(row["sensor_id"]))
    return limits


def room_report(
    room: Room,
    home: ReportHome,
    span: Span,
    *,
    values: Values,
    expected: tuple[ExpectedHour, ...],
    runs: Runs,
) -> RoomReport:
    """Return a room over a span, judged for the home's people. `values` are of `values_of`."""
    people = tuple(person for person in home.people if room.room_id in every_room_of(person))
    air_c = tuple((at, air) for at, air, _ in values)
    felt_c = tuple((at, felt) for at, _, felt in values)
    return RoomReport(
        room=room,
        people=people,
        air_c=air_c,
        felt_c=felt_c,
        levels=tuple(_levels(room, people, span, air_c, felt_c)),
        expected=expected,
        runs={
            device.device_id: runs[device.device_id]
            for device in room.devices
            if device.device_id in runs
        },
    )


def values_of(
    sensors: Sequence[Held], span: Span, since: datetime | None, until: datetime
) -> Values:
    """Return air and effective temperature by step: the median of the sensors' means.

    What was before any reading is left out: keepcool was not there, which is not unseen.
    """
    values: Values = []
    at = span.start
    while at < until:
        if since is None or at + span.step <= since:
            at += span.step
            continue
        means = [held.mean(at, min(at + span.step, until)) for held in sensors]
        known = [mean for mean in means if mean is not None]
        air_c = median(air for air, _ in known) if known else None
        felt_c = median(felt for _, felt in known) if known else None
        values.append((at + span.step / 2, air_c, felt_c))
        at += span.step
    return values


class Held:
    """Hold one sensor's readings, each of which counts until the next, or until it is too old."""

    def __init__(self, readings: Sequence[Reading], held_for: timedelta = UNLEARNED_LIMIT) -> None:
        """Take the readings, oldest first, and how long each counts."""
        self._held_for = held_for
        self._times = [at for at, _, _ in readings]
        self._values = [
            (air, effective_temperature_c(air, humidity) or air)
            for _, air, humidity in readings
            if air is not None
        ]

    def mean(self, start: datetime, end: datetime) -> tuple[float, float] | None:
        """Return the means of air and effective temperature of what came, or of what holds."""
        first, behind = bisect_left(self._times, start), bisect_left(self._times, end)
        found = self._values[first:behind]
        if not found and first and start - self._times[first - 1] <= self._held_for:
            found = [self._values[first - 1]]
        return (fmean(a for a, _ in found), fmean(f for _, f in found)) if found else None


def _levels(
    room: Room, people: Sequence[Person], span: Span, air_c: Points, felt_c: Points
) -> Iterator[tuple[datetime, int | None]]:
    """Yield the highest level of these people by the limits that they have now."""
    slow_steps = max(1, SLOW // span.step)
    for index, ((middle, felt), (_, air)) in enumerate(zip(felt_c, air_c, strict=True)):
        at = middle - span.step / 2
        if felt is None:
            yield at, None
            continue
        past = [value for _, value in felt_c[max(0, index + 1 - slow_steps) : index + 1]]
        slow_c = fmean(value for value in past if value is not None)
        levels = [0]
        for person in people:
            is_by_night = room.is_bedroom and is_night(person, middle.astimezone(span.zone))
            levels.append(int(personal_limits(person, is_by_night).level(slow_c, felt, air)))
        yield at, max(levels)


# --------------------------------------------------------------------------- what was foretold


def _read_expected(
    connection: sqlite3.Connection, span: Span, now: datetime
) -> dict[str, list[ExpectedHour]]:
    """Return what rooms were foretold at the beginning of each day, and what they are from now on.

    A day that began before there was a forecast shows its first one.
    """
    if not _has(connection, "room_forecast"):
        return {}
    made: dict[str, list[RoomForecast]] = defaultdict(list)
    since_h = hour_of(span.start) - BEFORE_MIDNIGHT_H
    for room_id, forecast in hour_store.read_forecasts(connection, since_h):
        if forecast.hour < hour_of(span.end):
            made[room_id].append(forecast)
    return {room_id: list(_expected(found, span, now)) for room_id, found in made.items()}


def _expected(forecasts: list[RoomForecast], span: Span, now: datetime) -> Iterator[ExpectedHour]:
    forecasts.sort(key=lambda forecast: forecast.hour)
    ends = [*span.midnights[1:], span.end]
    for midnight, end in zip(span.midnights, ends, strict=True):
        first_h, end_h, now_h = hour_of(midnight), hour_of(end), hour_of(now)
        before = [each for each in forecasts if first_h - BEFORE_MIDNIGHT_H <= each.hour < first_h]
        within = [each for each in forecasts if first_h <= each.hour < end_h]
        used = before[-1] if before else within[0] if within else None
        hours = {} if used is None else {hour.hour: hour for hour in used.hours}
        if first_h <= now_h < end_h and forecasts:
            newest = {hour.hour: hour for hour in forecasts[-1].hours if hour.hour > now_h}
            hours |= newest
        for number in sorted(hours):
            if first_h <= number < end_h:
                hour = hours[number]
                yield ExpectedHour(hour.at + HOUR / 2, hour.low_c, hour.middle_c, hour.high_c)


def _has(connection: sqlite3.Connection, table: str) -> bool:
    """Return whether there is such a table: the daemon may be of an earlier version."""
    query = "SELECT 1 FROM sqlite_master WHERE type='table' AND name=?"
    return connection.execute(query, (table,)).fetchone() is not None


# --------------------------------------------------------------------------- weather


def _read_outdoors(connection: sqlite3.Connection, span: Span) -> Points:
    """Return the outdoor temperature of each hour, as the forecasts knew it in that hour."""
    hours: dict[datetime, float] = {}
    bodies = [row["body"] for row in connection.execute("SELECT body FROM forecast")]
    forecasts = [read_json(Forecast, unpack(body)) for body in bodies]
    known = sorted((f for f in forecasts if f is not None), key=lambda f: f.fetched_at)
    for forecast in known:  # the newest last
        hours |= {hour.at: hour.temperature_c for hour in forecast.hours}
    if _has(connection, "outdoor_hour"):
        for hour in hour_store.read_outdoor_hours(connection, hour_of(span.start)):
            hours[datetime.fromtimestamp(hour.hour * HOUR_S, UTC)] = hour.temperature_c
    return _hourly({at: c for at, c in hours.items() if span.start <= at <= span.end})


def _hourly(hours: Mapping[datetime, float]) -> Points:
    """Return hourly values with a gap where hours are missing."""
    points: list[tuple[datetime, float | None]] = []
    for at in sorted(hours):
        if points and at - points[-1][0] > timedelta(hours=1):
            points.append((points[-1][0] + timedelta(hours=1), None))
        points.append((at, hours[at]))
    return tuple(points)


# --------------------------------------------------------------------------- people


def _read_told(connection: sqlite3.Connection, home: ReportHome, span: Span) -> Iterator[Told]:
    """Yield the messages that went to phones, one for all phones of a person."""
    query = (
        "SELECT created_utc, body FROM outbox WHERE is_clear=0 AND severity>0 AND state='sent' "
        "AND created_utc>=? AND created_utc<? AND tag NOT LIKE 'keepcool-test-%' "
        "ORDER BY created_utc"
    )
    people = {person.person_id for person in home.people}
    known: set[tuple[str, str, str]] = set()
    for row in connection.execute(query, (span.start.isoformat(), span.end.isoformat())):
        found = read_json(OutboxRow, row["body"])
        if found is None or found.person_id not in people:
            continue
        message = found.message
        key = (found.person_id, message.tag, row["created_utc"])
        if not isinstance(message, PhoneMessage) or key in known:
            continue
        known.add(key)
        at = datetime.fromisoformat(row["created_utc"])
        yield Told(at, found.person_id, message.title, message.body, message.severity)


def _read_drinks(connection: sqlite3.Connection, home: ReportHome, span: Span) -> Iterator[Drunk]:
    people = {person.person_id for person in home.people}
    query = "SELECT * FROM drink WHERE at_utc>=? AND at_utc<? ORDER BY at_utc"
    for row in connection.execute(query, (span.start.isoformat(), span.end.isoformat())):
        if row["person_id"] in people:
            at = datetime.fromisoformat(row["at_utc"])
            yield Drunk(at, row["person_id"], row["amount_ml"])
