"""Follow one sensor: what it said last, whether to believe it, and how old that is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.clock import Instant
from policies import freshness as fresh
from policies.model import SensorMessage, SensorReading
from policies.plausibility import (
    INDOORS,
    Bounds,
    PlausibilityState,
    Verdict,
    check_reading,
    suspect_reason,
)

# Refused for what it is, not for being wrong: such messages make no sensor suspect.
_NOT_OF_THE_ROOM = frozenset({"chip_temperature", "not_a_room_sensor"})


@dataclass(frozen=True, slots=True)
class Sensor:
    """Describe one configured sensor, heard by topics or read as entities of Home Assistant.

    `parse` is its payload parser, given by the bootstrap.
    """

    sensor_id: str
    room_id: str
    topic: str | None
    parse: Callable[[str, bytes], SensorMessage]
    entity_id: str | None = None
    humidity_entity_id: str | None = None
    humidity_topic: str | None = None  # where humidity comes in messages of its own
    availability_topic: str | None = None
    stale_after: timedelta | None = None
    bounds: Bounds = INDOORS


@dataclass(frozen=True, slots=True)
class SensorRecord:
    """Hold what the store keeps of a sensor: its last values and how often it speaks."""

    at: Instant
    temperature_c: float | None
    relative_humidity_pct: float | None
    usual_interval_s: float | None
    watched_s: float
    shortest_gap_s: float | None = None
    longest_gap_s: float = 0.0
    gaps: int = 0

    def habit(self) -> fresh.FreshnessState:
        """Return how often the sensor speaks, as far as it is learned."""
        return fresh.FreshnessState(
            usual_interval_s=self.usual_interval_s,
            watched_s=self.watched_s,
            shortest_gap_s=math.inf if self.shortest_gap_s is None else self.shortest_gap_s,
            longest_gap_s=self.longest_gap_s,
            gaps=self.gaps,
        )


class SensorTrack:
    """Follow one sensor."""

    def __init__(self, sensor: Sensor) -> None:
        """Start unheard."""
        self.sensor = sensor
        self.plausibility = PlausibilityState()
        self.freshness = fresh.FreshnessState()
        self.temperature_c: float | None = None
        self.relative_humidity_pct: float | None = None
        self.humidity_at_s = 0.0
        self.last_seen_at: datetime | None = None
        self.is_battery_low = False
        self.offline_since_s: float | None = None  # told by Home Assistant
        self.rejected = 0
        self.last_rejected: str | None = None

    def restore(self, record: SensorRecord, now: Instant) -> None:
        """Take the last values of an earlier run, with their age; the sensor is then waited for."""
        age_s = record.at.plausible_elapsed_until(now).total_seconds()
        self.temperature_c = record.temperature_c
        self.relative_humidity_pct = record.relative_humidity_pct
        self.humidity_at_s = now.boot_s - age_s
        self.last_seen_at = record.at.utc
        self.freshness = record.habit()._replace(heard_at_s=now.boot_s - age_s)

    def record(self) -> SensorRecord | None:
        """Return what the store should keep, or `None` before the first value."""
        if self.freshness.heard_at_s is None or self.last_seen_at is None:
            return None
        return SensorRecord(
            Instant("", self.freshness.heard_at_s, self.last_seen_at),
            self.temperature_c,
            self.relative_humidity_pct,
            self.freshness.usual_interval_s,
            self.freshness.watched_s,
            self.freshness.shortest_gap_s if self.freshness.gaps else None,
            self.freshness.longest_gap_s,
            self.freshness.gaps,
        )

    def receive(
        self,
        message: SensorMessage,
        now: Instant,
        *,
        is_retained: bool,
        is_clock_synchronised: bool,
    ) -> Verdict | None:
        """Judge a message; return the verdict when it may count as live, else `None`."""
        if message.is_available is not None:
            self.freshness = self.freshness._replace(is_offline=not message.is_available)
        if message.is_battery_low is not None:
            self.is_battery_low = message.is_battery_low
        if message.temperature_c is None and message.relative_humidity_pct is None:
            is_about_room = message.rejected not in _NOT_OF_THE_ROOM
            if message.rejected is not None and is_about_room and not is_retained:
                self._reject(message, now)
            return None
        measured_age = None
        if message.measured_at is not None and is_clock_synchronised:
            measured_age = now.utc - message.measured_at
        if is_retained:
            state = fresh.heard(
                self.freshness, now.boot_s, is_retained=True, measured_age=measured_age
            )
            is_live = state.heard_at_s != self.freshness.heard_at_s
            self.freshness = state
            if not is_live:
                return None
        self.plausibility, verdict = check_reading(
            self.plausibility, message, now.boot_s, self.sensor.bounds
        )
        if verdict.rejected is not None:
            self._count_rejected(verdict.rejected)
        self._accept(verdict, now, now.boot_s, measured_age, is_retained=is_retained)
        return verdict

    def take_report(
        self, message: SensorMessage, now: Instant, reported_s: float
    ) -> Verdict | None:
        """Judge what an entity of Home Assistant tells, reported at a moment of the boot clock."""
        if message.temperature_c is None and message.relative_humidity_pct is None:
            self._reject(message, now)
            return None
        self.plausibility, verdict = check_reading(
            self.plausibility, message, now.boot_s, self.sensor.bounds
        )
        if verdict.rejected is not None:
            self._count_rejected(verdict.rejected)
        self._accept(verdict, now, reported_s, None, is_retained=False)
        return verdict

    def note_offline(self, now: Instant) -> None:
        """Note that Home Assistant does not reach the sensor: its value is stale at once."""
        if not self.freshness.is_offline:
            self.offline_since_s = now.boot_s
            self.freshness = self.freshness._replace(is_offline=True)

    def note_online(self) -> None:
        """Note that Home Assistant reaches the sensor; its value is as old as it was."""
        if self.freshness.is_offline:
            self.offline_since_s = None
            self.freshness = self.freshness._replace(is_offline=False)

    def note_age_unknown(self) -> None:
        """Note that there is a value of which nobody knows when it was measured."""
        self.freshness = self.freshness._replace(is_retained_seen=True)

    def forget_humidity(self) -> None:
        """Note that the humidity is not known any more; the temperature may still be."""
        self.humidity_at_s = -math.inf

    def _reject(self, message: SensorMessage, now: Instant) -> None:
        self.plausibility, verdict = check_reading(
            self.plausibility, message, now.boot_s, self.sensor.bounds
        )
        self._count_rejected(verdict.rejected or "rejected")

    def _count_rejected(self, reason: str) -> None:
        self.rejected += 1
        self.last_rejected = str(reason)

    def _accept(
        self,
        verdict: Verdict,
        now: Instant,
        heard_s: float,
        measured_age: timedelta | None,
        *,
        is_retained: bool,
    ) -> None:
        if verdict.relative_humidity_pct is not None:
            self.relative_humidity_pct = verdict.relative_humidity_pct
            self.humidity_at_s = heard_s
        if verdict.temperature_c is not None:
            self.temperature_c = verdict.temperature_c
        elif verdict.relative_humidity_pct is None or self.temperature_c is not None:
            return  # a temperature sensor is heard when its temperature is
        self.last_seen_at = now.utc - timedelta(seconds=now.boot_s - heard_s)
        if not is_retained:
            self.freshness = fresh.heard(self.freshness, heard_s, measured_age=measured_age)

    def stale_after(self) -> timedelta:
        """Return the age at which this sensor's value turns stale."""
        return fresh.limit(self.freshness, self.sensor.stale_after)

    def reading(
        self, now_s: float, since_start: timedelta, others_range_c: float = 0.0
    ) -> SensorReading:
        """Return the sensor's state as the policies see it."""
        reason = suspect_reason(self.plausibility, now_s, others_range_c)
        if reason is None and fresh.is_clock_skewed(self.freshness, now_s):
            reason = "clock_skew"
        is_trusted = reason in (None, "clock_skew")  # a wrong clock does not make the value wrong
        return SensorReading(
            sensor_id=self.sensor.sensor_id,
            temperature_c=self.temperature_c,
            relative_humidity_pct=self.relative_humidity_pct,
            age=fresh.age(self.freshness, now_s),
            freshness=fresh.freshness(self.freshness, now_s, since_start, self.sensor.stale_after),
            is_suspect=not is_trusted,
            suspect_reason=reason,
            is_battery_low=self.is_battery_low,
            stale_after=self.stale_after(),
            last_seen_at=self.last_seen_at,
            is_offline=self.freshness.is_offline,
            offline_for=(
                None
                if self.offline_since_s is None
                else timedelta(seconds=now_s - self.offline_since_s)
            ),
            is_by_entity=self.sensor.topic is None,
        )
