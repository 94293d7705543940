"""Turn sensor messages into what is known of each room: values, ages, means, hours."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from statistics import median

import structlog

from daemon.clock import Instant
from daemon.entity_feed import EntityFeed
from daemon.records import HistoryRow, read_json, to_json
from daemon.sensor_track import Sensor, SensorRecord, SensorTrack
from daemon.wall_clock import Step
from integrations.messages import DeviceObserved
from policies import freshness as fresh
from policies.model import (
    DeviceConditions,
    Freshness,
    HourlyValue,
    Room,
    RoomConditions,
    SensorReading,
    Tuning,
)
from policies.plausibility import (
    STUCK_AFTER,
    Verdict,
    suspect_reason,
)
from policies.psychrometrics import effective_temperature_c
from policies.rolling import RollingMean
from policies.room_forecast import RoomForecast

log = structlog.get_logger()
SHOWN_BYTES = 80  # of a payload that was refused; source: FAULTS 6
HOUR = timedelta(hours=1)
HOURS_KEPT = 8 * 24  # what the outlook may look back on
EARLIEST_BELIEVABLE = datetime(2026, 1, 1, tzinfo=UTC)  # a clock before this was never set


@dataclass(slots=True)
class _Hour:
    at: datetime
    total: float = 0.0
    count: int = 0

    def holds(self, utc: datetime) -> bool:
        """Say whether a moment lies in the hour."""
        return self.at <= utc < self.at + HOUR


@dataclass(slots=True)
class RoomTrack:
    """Follow one room: the median of its fresh sensors, its means and its hours."""

    room: Room
    tuning: Tuning
    sensors: list[SensorTrack] = field(default_factory=list)
    series: RollingMean = field(init=False)
    history: deque[HourlyValue] = field(default_factory=lambda: deque(maxlen=HOURS_KEPT))
    temperature_c: float | None = None
    relative_humidity_pct: float | None = None
    effective_c: float | None = None
    earliest: datetime = EARLIEST_BELIEVABLE
    _hour: _Hour | None = None

    def __post_init__(self) -> None:
        """Start the series with the slow window; the fast one is asked for by name."""
        self.series = RollingMean(self.tuning.rolling_window, fresh.UNLEARNED_LIMIT)

    def update(self, now: Instant, since_start: timedelta) -> None:
        """Recompute the room's values after one of its sensors spoke."""
        now_s = now.boot_s
        trusted: list[SensorTrack] = []
        doubtful: list[SensorTrack] = []
        for track in self.sensors:
            state = track.freshness
            if not state.is_heard_since_start:
                continue
            if (
                fresh.freshness(state, now_s, since_start, track.sensor.stale_after)
                is Freshness.FRESH
            ):
                is_suspect = suspect_reason(track.plausibility, now_s) is not None
                (doubtful if is_suspect else trusted).append(track)
        # A doubtful sensor speaks for the room only where no other does.
        tracks = _preferred(trusted) or doubtful
        temperatures = [t.temperature_c for t in tracks if t.temperature_c is not None]
        humidities = [
            t.relative_humidity_pct
            for t in (trusted or doubtful)
            if t.relative_humidity_pct is not None
            and fresh.is_young(t.freshness, now_s - t.humidity_at_s, t.sensor.stale_after)
        ]
        self.temperature_c = _median(temperatures)
        self.relative_humidity_pct = _median(humidities)
        if self.temperature_c is None:
            self.effective_c = None
            return
        self.effective_c = effective_temperature_c(self.temperature_c, self.relative_humidity_pct)
        if self.effective_c is not None:
            self.series.add(now_s, self.effective_c)
            self._count_hour(now.utc, self.effective_c)

    def take_over(self, hour: _Hour, *, is_going_on: bool) -> None:
        """Take an hour of an earlier run; the present one is counted on."""
        if is_going_on:
            self._hour = hour
        else:
            self.history.append(HourlyValue(hour.at, hour.total / hour.count))

    def restamp(self, step: Step) -> None:
        """Move the hours that were counted by a clock that was set since."""
        hours = [
            replace(hour, at=_hour_of(step.moved(hour.at))) if step.since <= hour.at else hour
            for hour in self.history
        ]
        self.history = deque(hours, maxlen=HOURS_KEPT)
        if self._hour is not None:
            self._hour.at = _hour_of(step.moved(self._hour.at))

    def _count_hour(self, utc: datetime, value: float) -> None:
        if utc < self.earliest:
            return
        hour = self._hour
        if hour is None or not hour.holds(utc):
            if hour is not None and hour.count:
                self.history.append(HourlyValue(hour.at, hour.total / hour.count))
            self._hour = hour = _Hour(_hour_of(utc))
        hour.total += value
        hour.count += 1

    def conditions(
        self,
        now: Instant,
        since_start: timedelta,
        devices: tuple[DeviceConditions, ...] = (),
        others_range_c: float = 0.0,
        *,
        has_past: bool = True,
        since_motion: timedelta | None = None,
        ahead: RoomForecast | None = None,
    ) -> RoomConditions:
        """Return the room as the policies see it; `has_past` adds what looking ahead needs."""
        now_s = now.boot_s
        readings = tuple(
            track.reading(now_s, since_start, others_range_c) for track in self.sensors
        )
        freshness = _best_freshness(readings)
        is_fresh = freshness is Freshness.FRESH
        newest = min(
            (r for r in readings if r.age is not None),
            key=lambda r: r.age or timedelta(0),
            default=None,
        )
        age = None if newest is None else newest.age
        return RoomConditions(
            room=self.room,
            readings=readings,
            freshness=freshness,
            temperature_c=self.temperature_c if is_fresh else None,
            relative_humidity_pct=self.relative_humidity_pct if is_fresh else None,
            effective_temperature_c=self.effective_c if is_fresh else None,
            mean_10_min_c=self.series.mean(now_s, self.tuning.fast_window) if is_fresh else None,
            mean_30_min_c=self.series.mean(now_s) if is_fresh else None,
            age=age,
            last_seen_at=None if newest is None else newest.last_seen_at,
            blind_for=(age or since_start) if freshness is Freshness.STALE else None,
            trend_c_per_h=self.series.trend_c_per_h(now_s) if is_fresh and has_past else None,
            history=tuple(self.history) if has_past else (),
            devices=devices,
            since_motion=since_motion,
            ahead=ahead if is_fresh else None,
        )


class Sensing:
    """Route messages to sensors, and remember which rooms they touched."""

    def __init__(self, rooms: Iterable[Room], sensors: Iterable[Sensor], tuning: Tuning) -> None:
        """Arrange the sensors by topic, entity and room."""
        self.rooms: dict[str, RoomTrack] = {room.room_id: RoomTrack(room, tuning) for room in rooms}
        self.tracks: dict[str, SensorTrack] = {}
        self._by_topic: dict[str, list[SensorTrack]] = {}
        self._by_availability: dict[str, list[SensorTrack]] = {}
        self._by_entity: dict[str, EntityFeed] = {}
        self._touched: set[str] = set()
        self._rows: dict[tuple[str, int], HistoryRow] = {}
        self._earliest = EARLIEST_BELIEVABLE
        for sensor in sensors:
            track = SensorTrack(sensor)
            self.tracks[sensor.sensor_id] = track
            for topic in {sensor.topic, sensor.humidity_topic} - {None}:
                self._by_topic.setdefault(str(topic), []).append(track)
            if sensor.entity_id is not None:
                self._by_entity[sensor.entity_id] = EntityFeed(track, is_humidity=False)
            if sensor.humidity_entity_id is not None:
                self._by_entity[sensor.humidity_entity_id] = EntityFeed(track, is_humidity=True)
            if sensor.availability_topic is not None:
                self._by_availability.setdefault(sensor.availability_topic, []).append(track)
            if sensor.room_id in self.rooms:
                self.rooms[sensor.room_id].sensors.append(track)

    @property
    def topics(self) -> frozenset[str]:
        """Return every topic to subscribe."""
        return frozenset(self._by_topic) | frozenset(self._by_availability)

    @property
    def entity_ids(self) -> tuple[str, ...]:
        """Return every entity to read from Home Assistant."""
        return tuple(self._by_entity)

    @property
    def coalescible_topics(self) -> frozenset[str]:
        """Return the topics of one sensor alone, whose older messages a newer one replaces."""
        return frozenset(topic for topic, tracks in self._by_topic.items() if len(tracks) == 1)

    def believe_clock(self) -> None:
        """Take the wall clock's word whatever year it says: it tells recorded time."""
        self._earliest = datetime.min.replace(tzinfo=UTC)
        for room in self.rooms.values():
            room.earliest = self._earliest

    def restore(
        self, records: Mapping[str, str], history: Iterable[HistoryRow], now: Instant
    ) -> None:
        """Take over the last values and the hours of earlier runs."""
        for sensor_id, body in records.items():
            record = read_json(SensorRecord, body) if sensor_id in self.tracks else None
            if record is not None:
                self.tracks[sensor_id].restore(record, now)
        hours: dict[tuple[str, datetime], _Hour] = {}
        for row in history:
            track = self.tracks.get(row.sensor_id)
            value = effective_temperature_c(row.temperature_c, row.relative_humidity_pct)
            if track is None or value is None:
                continue
            at = row.at.replace(minute=0, second=0, microsecond=0)
            hour = hours.setdefault((track.sensor.room_id, at), _Hour(at))
            hour.total += value
            hour.count += 1
        present = now.utc.replace(minute=0, second=0, microsecond=0)
        for (room_id, at), hour in sorted(hours.items(), key=lambda item: item[0][1]):
            if room_id in self.rooms:
                self.rooms[room_id].take_over(hour, is_going_on=at == present)

    def receive(
        self,
        topic: str,
        payload: bytes,
        now: Instant,
        *,
        is_retained: bool,
        is_clock_synchronised: bool,
    ) -> bool:
        """Take one message; return whether the topic belongs to a sensor.

        Its room is brought up to date by `take_touched`, once for all messages of a batch.
        """
        tracks = self._by_topic.get(topic, ())
        for track in tracks:
            message = track.sensor.parse(topic, payload)
            known = track.last_rejected
            verdict = track.receive(
                message, now, is_retained=is_retained, is_clock_synchronised=is_clock_synchronised
            )
            _log_refusal(track, known, topic=topic, payload=repr(payload[:SHOWN_BYTES]))
            self._touched.add(track.sensor.room_id)
            if verdict is not None:
                self._keep(track, verdict, now)
        waiting = self._by_availability.get(topic, ())
        for track in waiting:  # availability is a state: also a retained one is current
            message = track.sensor.parse(topic, payload)
            if message.is_available is not None:
                track.freshness = track.freshness._replace(is_offline=not message.is_available)
            self._touched.add(track.sensor.room_id)
        return bool(tracks or waiting)

    def observe(self, seen: DeviceObserved, now: Instant, *, is_clock_synchronised: bool) -> bool:
        """Take what Home Assistant tells of an entity; return whether it changes what is known."""
        feed = self._by_entity.get(seen.entity_id)
        if feed is None:
            return False
        track = feed.track
        known, was_offline = track.last_rejected, track.freshness.is_offline
        verdict = feed.take(seen, now, is_clock_synchronised=is_clock_synchronised)
        state = repr(seen.raw_state[:SHOWN_BYTES])
        _log_refusal(track, known, entity_id=seen.entity_id, state=state, unit=seen.unit)
        if verdict is not None:
            self._keep(track, verdict, now)
        is_news = verdict is not None or track.freshness.is_offline != was_offline
        if is_news:
            self._touched.add(track.sensor.room_id)
        return is_news

    def _keep(self, track: SensorTrack, verdict: Verdict, now: Instant) -> None:
        """Keep one row a minute and sensor; a partial update completes it."""
        values = (verdict.temperature_c, verdict.relative_humidity_pct)
        if values == (None, None) or now.utc < self._earliest:
            return
        key = (track.sensor.sensor_id, int(now.utc.timestamp() // 60))
        kept = self._rows.get(key)
        if kept is not None and None in values:
            values = (
                kept.temperature_c if values[0] is None else values[0],
                kept.relative_humidity_pct if values[1] is None else values[1],
            )
        self._rows[key] = HistoryRow(now.utc, track.sensor.sensor_id, *values)

    def restamp(self, step: Step) -> None:
        """Correct what was measured by a wall clock that was set since."""
        for room in self.rooms.values():
            room.restamp(step)
        rows = [row._replace(at=step.moved(row.at)) for row in self._rows.values()]
        self._rows = {_row_key(row): row for row in rows}

    def take_touched(self, now: Instant, since_start: timedelta) -> list[str]:
        """Bring the rooms that were touched since the last call up to date, and return them."""
        touched = [room_id for room_id in self._touched if room_id in self.rooms]
        self._touched.clear()
        for room_id in touched:
            self.rooms[room_id].update(now, since_start)
        return touched

    def others_range_c(self, room_id: str, now: Instant) -> float:
        """Return how far any other room moved while a sensor of this one repeated one value.

        In K; 0 while no sensor repeated itself for long enough to matter.
        """
        repeated_s = max(
            (
                now.boot_s - track.plausibility.unchanged_since_s
                for track in self.rooms[room_id].sensors
                if track.plausibility.temperature_c is not None
            ),
            default=0.0,
        )
        if repeated_s < STUCK_AFTER.total_seconds():
            return 0.0
        since = now.utc - timedelta(seconds=repeated_s)
        ranges = [0.0]
        for other_id, other in self.rooms.items():
            values = [hour.effective_temperature_c for hour in other.history if hour.at >= since]
            if other_id != room_id and values:
                ranges.append(max(values) - min(values))
        return max(ranges)

    def refresh(self, now: Instant, since_start: timedelta) -> None:
        """Let time pass: values that turned stale leave their rooms."""
        for room in self.rooms.values():
            if room.temperature_c is not None and not any(
                fresh.freshness(t.freshness, now.boot_s, since_start, t.sensor.stale_after)
                is Freshness.FRESH
                for t in room.sensors
            ):
                room.update(now, since_start)

    def take_history(self) -> tuple[list[HistoryRow], dict[str, str]]:
        """Return the readings since the last call, and each sensor's record, for the store."""
        rows, self._rows = list(self._rows.values()), {}
        names = {row.sensor_id for row in rows}
        records = {
            name: to_json(record)
            for name, track in self.tracks.items()
            if name in names and (record := track.record()) is not None
        }
        return rows, records


def _hour_of(utc: datetime) -> datetime:
    return utc.replace(minute=0, second=0, microsecond=0)


def _row_key(row: HistoryRow) -> tuple[str, int]:
    return row.sensor_id, int(row.at.timestamp() // 60)


def _log_refusal(track: SensorTrack, known: str | None, **told: str | None) -> None:
    """Log a sensor's refused value once for each reason; each further one is counted only."""
    if track.last_rejected != known:
        sensor_id = track.sensor.sensor_id
        log.warning("reading.rejected", sensor_id=sensor_id, reason=track.last_rejected, **told)


def _preferred(tracks: list[SensorTrack]) -> list[SensorTrack]:
    """Return the tracks that tell a temperature: those heard over MQTT, else the entities.

    An entity is often the same sensor once more, by Home Assistant's own way to the broker.
    """
    with_value = [track for track in tracks if track.temperature_c is not None]
    return [track for track in with_value if track.sensor.topic is not None] or with_value


def _median(values: list[float]) -> float | None:
    if not values:
        return None
    return values[0] if len(values) == 1 else median(values)


def _best_freshness(readings: tuple[SensorReading, ...]) -> Freshness:
    """Return the best freshness of the room's temperature sensors: one fresh one is enough."""
    ages = {r.freshness for r in readings if r.temperature_c is not None or r.age is None}
    for candidate in (Freshness.FRESH, Freshness.WAITING, Freshness.AGE_UNKNOWN):
        if candidate in ages:
            return candidate
    return Freshness.STALE if readings else Freshness.WAITING
