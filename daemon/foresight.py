"""Count the rooms' hours, have them learned when one is over, and hold what is foretold."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from daemon.clock import Instant
from daemon.events import LearnerAdvanced
from daemon.hour_store import hours_moved
from daemon.hours import HOUR_S, Basis, HourBatch, OutdoorHour, RoomHour, hour_of
from daemon.room_learner import HourOver, Learner
from daemon.sensing import EARLIEST_BELIEVABLE
from daemon.wall_clock import Step
from policies.cooling_ahead import ASSUMED_FALL_K, CoolingResponse
from policies.devices import CoolingRole, DeviceConditions
from policies.model import Forecast, RoomConditions
from policies.room_cooling import cooling_power, rise_k_per_h
from policies.room_forecast import RoomForecast

log = structlog.get_logger()

LONGEST_NOTE_S: Final = 900.0
"""A room that was not looked at for longer is not known in between."""

MIN_KNOWN_S: Final = 60.0
"""An hour of which less is known counts as unknown."""

OLDEST: Final = timedelta(hours=2)
"""A forecast that is older says nothing any more."""

"""Few small rows would cost a page each. What a power cut takes is in the readings, but for an hour
of them and for the cooling. Source: docs/decisions.md"""

PAST_INTERVAL_S: Final = 6 * 3600.0
"""A source that does not tell the weather of past days is asked again so much later."""

MOST_JOBS: Final = 100
"""So many hours wait for a learner that hangs, the newest of them."""

_NOT_COOLING: Final = frozenset({"off", "heat", "fan_only"})

Job = Callable[[], LearnerAdvanced]


@dataclass(slots=True)
class _Tally:
    """Add up what is known of a room in the present hour."""

    total_c_s: float = 0.0
    known_s: float = 0.0
    cooled_s: float = 0.0

    def close(self, room_id: str, hour: int) -> RoomHour | None:
        if self.known_s < MIN_KNOWN_S:
            return None
        return RoomHour(
            room_id, hour, self.total_c_s / self.known_s, min(1.0, self.cooled_s / self.known_s)
        )


@dataclass(slots=True)
class _Open:
    """Hold the present hour."""

    hour: int
    rooms: dict[str, _Tally] = field(default_factory=dict)
    outdoor: OutdoorHour | None = None


class Foresight:
    """Belong to the loop: count hours, give the learner its work one job at a time, keep results.

    Without a learner it does nothing.
    """

    def __init__(self, learner: Learner | None = None) -> None:
        """Know nothing yet."""
        self._learner = learner
        self._room_ids = () if learner is None else learner.room_ids
        self._earliest = EARLIEST_BELIEVABLE
        self._open: _Open | None = None
        self._noted: Instant | None = None
        self._values_c: Mapping[str, float | None] = {}
        self._powers: Mapping[str, float] = {}  # shares of full power, by room
        self._responses: dict[str, CoolingResponse] = {}
        self._left: Mapping[str, CoolingResponse] = {}  # of them when the last hour was over
        self._falls_k: Mapping[str, float] = {}
        self._counted = HourBatch()  # for the learner
        self._to_write = HourBatch()
        self._jobs: deque[Job] = deque(maxlen=MOST_JOBS)
        self._is_begun = False
        self._is_asked = False
        self._has_more = False
        self._wants_past = self._has_past = False
        self._next_past_s = 0.0
        self._forecasts: dict[str, RoomForecast] = {}
        self._bases: dict[str, Basis] = {}

    @property
    def is_on(self) -> bool:
        """Return whether there is a learner."""
        return self._learner is not None

    @property
    def is_at_work(self) -> bool:
        """Return whether the learner works on something."""
        return self._is_asked

    def believe_clock(self) -> None:
        """Take the wall clock's word whatever year it says: it tells recorded time."""
        self._earliest = datetime.min.replace(tzinfo=UTC)

    # ----------------------------------------------------------------- counting

    def note(
        self,
        now: Instant,
        values_c: Mapping[str, float | None],
        rooms: Collection[RoomConditions],
        forecast: Forecast | None,
        *,
        is_clock_synchronised: bool,
    ) -> None:
        """Count the time since the last note; once an hour is over it goes to the learner.

        Args:
            now: the present.
            values_c: effective temperature by room, `None` where it is not known.
            rooms: with their devices, as they were last judged.
            forecast: the weather as it is expected.
            is_clock_synchronised: what is counted before waits: its hours may be others.
        """
        if self._learner is None or now.utc < self._earliest:
            return
        hour = hour_of(now.utc)
        middle_h, seconds = self._since_noted(now)
        is_over = self._open is None or self._open.hour != hour
        if self._open is None or is_over:
            if self._open is not None:
                self._count(self._open, middle_h, seconds)
                self._close(self._open)
            self._open = _Open(hour)
        self._count(self._open, middle_h, seconds)
        self._open.outdoor = _outdoors_in(hour, forecast) or self._open.outdoor
        if is_clock_synchronised and (is_over or not self._is_begun):
            weather = () if forecast is None else tuple(map(OutdoorHour.of, forecast.hours))
            self._hand_over(hour - 1, weather)
        self._noted = now
        self._values_c = {room_id: values_c.get(room_id) for room_id in self._room_ids}
        paces = {found.room.room_id: _fall_k(found.devices) for found in rooms}
        self._falls_k = {room_id: fall_k for room_id, fall_k in paces.items() if fall_k}
        self._follow_cooling(rooms, seconds)

    def _follow_cooling(self, rooms: Collection[RoomConditions], seconds: float) -> None:
        """Note how hard each room is cooled from now on."""
        powers: dict[str, float] = {}
        for found in rooms:
            room_id = found.room.room_id
            fall_k = self._falls_k.get(room_id)
            if fall_k is None:
                continue
            response = self._responses.setdefault(room_id, CoolingResponse(fall_k))
            response.fall_k = fall_k
            response.go_on(seconds / HOUR_S, self._powers.get(room_id, 0.0))
            at_work = [each for each in found.devices if _cools(each)]
            if at_work:
                target_c, most = _target_c(at_work[0]), (_fall_k(at_work) or 0.0) / fall_k
                left, ahead = self._left.get(room_id), found.ahead
                rises = rise_k_per_h(ahead, left) if ahead is not None and left is not None else 0.0
                power = cooling_power(response, found.temperature_c, target_c, rises)
                powers[room_id] = min(power, most)  # one of two that are there
        self._powers = powers

    def _since_noted(self, now: Instant) -> tuple[int, float]:
        """Return how long ago the last note was, and the hour that the middle lies in."""
        elapsed = None if self._noted is None else self._noted.elapsed_until(now)
        if elapsed is None or not 0.0 < elapsed.total_seconds() <= LONGEST_NOTE_S:
            return hour_of(now.utc), 0.0
        return hour_of(now.utc - elapsed / 2), elapsed.total_seconds()

    def _count(self, present: _Open, middle_h: int, seconds: float) -> None:
        if middle_h != present.hour or not seconds:
            return
        for room_id, value_c in self._values_c.items():
            if value_c is not None:
                tally = present.rooms.setdefault(room_id, _Tally())
                tally.total_c_s += value_c * seconds
                tally.known_s += seconds
                tally.cooled_s += seconds * self._powers.get(room_id, 0.0)

    def _close(self, over: _Open) -> None:
        """Keep an hour that is over, for the learner and for the disk."""
        self._left = {room_id: replace(each) for room_id, each in self._responses.items()}
        rows = (tally.close(room_id, over.hour) for room_id, tally in over.rooms.items())
        closed = HourBatch(
            [row for row in rows if row is not None],
            [] if over.outdoor is None else [over.outdoor],
        )
        self._counted = self._counted.followed_by(closed)
        self._to_write = self._to_write.followed_by(closed)

    def _hand_over(self, hour: int, weather: tuple[OutdoorHour, ...]) -> None:
        assert self._learner is not None  # noqa: S101 - for the type checker: `note` looked
        counted, self._counted = self._counted, HourBatch()
        over = HourOver(hour, tuple(counted.rooms), tuple(counted.outdoor), weather, self._falls_k)
        self._jobs.append(functools.partial(self._learner.take, over))
        self._is_begun = True

    def restamp(self, step: Step) -> None:
        """Move what was counted by a clock that was set since; what was foretold by it is void."""
        if self._learner is None:
            return
        by_h = hours_moved(step)
        since_h, until_h = hour_of(step.since), hour_of(step.until)

        def moved(hour: int) -> int:
            return hour + by_h if since_h <= hour <= until_h else hour

        def move(batch: HourBatch) -> HourBatch:
            return HourBatch(
                [replace(row, hour=moved(row.hour)) for row in batch.rooms],
                [row._replace(hour=moved(row.hour)) for row in batch.outdoor],
            )

        self._counted, self._to_write = move(self._counted), move(self._to_write)
        if self._open is not None and by_h:
            self._open.hour = moved(self._open.hour)
            self._open.outdoor = None
        self._forecasts.clear()
        self._jobs.append(functools.partial(self._learner.restamp, step))

    # ----------------------------------------------------------------- the learner's work

    def take_job(self) -> Job | None:
        """Return what the learner is to do next; `None` while it is at work, or without any."""
        if self._is_asked or self._learner is None:
            return None
        job = self._learner.advance if self._has_more and not self._jobs else None
        if self._jobs:
            job = self._jobs.popleft()
        self._is_asked = job is not None
        return job

    def on_advanced(self, event: LearnerAdvanced) -> None:
        """Take in what the learner found; after a crash it waits for the next hour."""
        self._is_asked = False
        self._has_more = event.has_more
        self._wants_past = (self._wants_past or event.wants_past) and not self._has_past
        self._forecasts |= event.forecasts
        self._bases |= event.bases
        if event.batch is not None:
            self._to_write = self._to_write.followed_by(event.batch)

    def take_past_wish(self, now: Instant) -> bool:
        """Say whether to ask for the weather of past days; a failing source not too often."""
        if not self._wants_past or now.boot_s < self._next_past_s:
            return False
        self._next_past_s = now.boot_s + PAST_INTERVAL_S
        return True

    def on_past(self, past: Forecast) -> None:
        """Take the weather of past days; it is asked for once in a run."""
        if self._learner is not None:
            self._wants_past, self._has_past = False, True
            rows = tuple(map(OutdoorHour.of, past.hours))
            self._jobs.append(functools.partial(self._learner.take_past, rows))

    def take_batch(self) -> HourBatch:
        """Return what was not written yet."""
        batch, self._to_write = self._to_write, HourBatch()
        return batch

    # ----------------------------------------------------------------- what is known of it

    def ahead(
        self, room_id: str, now_utc: datetime, *, is_clock_synchronised: bool
    ) -> RoomForecast | None:
        """Return what is foretold of a room, while that is not old."""
        forecast = self._forecasts.get(room_id)
        if forecast is None or not is_clock_synchronised:
            return None
        age_s = now_utc.timestamp() - (forecast.hour + 1) * HOUR_S
        return forecast if 0.0 <= age_s <= OLDEST.total_seconds() else None

    def basis(self, room_id: str) -> Basis | None:
        """Return what a room's forecasts rest on."""
        return self._bases.get(room_id)


def _outdoors_in(hour: int, forecast: Forecast | None) -> OutdoorHour | None:
    """Return an hour of a forecast, whose hours are consecutive."""
    if forecast is None or not forecast.hours:
        return None
    place = hour - hour_of(forecast.hours[0].at)
    return OutdoorHour.of(forecast.hours[place]) if 0 <= place < len(forecast.hours) else None


def _fall_k(devices: Collection[DeviceConditions]) -> float | None:
    """Return how much lower a room is after an hour of its air conditioners, `None` without any."""
    coolers = [each for each in devices if each.device.role is CoolingRole.AIR_CONDITIONER]
    return sum(each.falls_k or ASSUMED_FALL_K for each in coolers) or None


def _target_c(found: DeviceConditions) -> float | None:
    """Return what an air conditioner is set to, `None` where nobody knows."""
    state = found.observed or (None if found.lease is None else found.lease.desired)
    return None if state is None else state.target_temperature_c


def _cools(found: DeviceConditions) -> bool:
    """Return whether an air conditioner cools now, by whoever's wish."""
    if found.device.role is not CoolingRole.AIR_CONDITIONER:
        return False
    if found.observed is None:
        return found.lease is not None and found.lease.desired.is_on
    is_idle = found.power_w is not None and found.power_w < found.device.running_power_w
    return found.observed.is_on and found.observed.hvac_mode not in _NOT_COOLING and not is_idle
