"""Judge the coming hours for people: where and when level 2 is expected, and in which rooms.

A room with a forecast of its own is judged by that, up to the end of the day that matters; every
other room by the simple outlook, within the planning horizon. Where keepcool cools by itself the
near hours go by what the room does, for the forecast knows of no cooling to come.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from policies.alert import HeatLevel
from policies.devices import DeviceControl
from policies.foresight import ForeseenHour, foresee
from policies.heat_ahead import Announced, ForetoldRoom, announced_to, day_of, has_wavered
from policies.heat_limits import Limits, every_room_of, is_night, personal_limits, rooms_of
from policies.heat_message import ExpectedRoom, cooling_state
from policies.model import CoolingRole, Forecast, HourlyValue, Person, RoomConditions, Snapshot
from policies.modes import is_quiet
from policies.outlook import NEAR_C, WITHDRAW_C, expect_simply, is_reached

EVENING: Final = timedelta(hours=2)
"""So long before their quiet hours people hear of the next day. Source: our own choice."""

SPELL: Final = timedelta(hours=12)
"""How far the highest value of a warm spell is looked for."""

RANGE: Final = timedelta(hours=6)
"""No hour further than this from the expected one is named as its earliest or latest."""

MOVED: Final = timedelta(hours=2)
"""An announced hour that moves by less stays as it was announced. Source: our own choice."""

SURE: Final = 0.3
"""Where the middle passes the limit even so much of the way down to the low end, it is likely
enough for a sound: chosen on half of the recorded rooms, see docs/how_it_decides.md.
"""

_READY: Final = frozenset({DeviceControl.READY, DeviceControl.IN_USE})


_Hour = HourlyValue | ForeseenHour  # by the simple outlook, or by the room's own forecast


def _at_most_c(hour: _Hour) -> float:
    """Return what an hour could count as at most, announced or not."""
    if isinstance(hour, HourlyValue):
        return hour.effective_temperature_c + WITHDRAW_C
    return max(hour.high_c, hour.early_c)


class Outlooks:
    """Hold what is expected of one snapshot's rooms, made on demand."""

    def __init__(
        self,
        snapshot: Snapshot,
        forecast: Forecast | None,
        users: Mapping[str, list[Person]],
        bedrooms: frozenset[str],
    ) -> None:
        """Take the snapshot, the weather's forecast if it may be used, and who uses each room."""
        self._snapshot = snapshot
        self._forecast = forecast
        self._users = users
        self._bedrooms = bedrooms
        self._rooms = {found.room.room_id: found for found in snapshot.rooms}
        self._horizon = snapshot.home.tuning.planning_horizon
        self._foreseen: dict[str, tuple[ForeseenHour, ...]] = {}
        self._known: dict[tuple[str, bool], tuple[tuple[_Hour, ...], float]] = {}
        self._places: dict[tuple[str, datetime], tuple[frozenset[str], bool]] = {}
        self._limits: dict[tuple[str, bool], Limits] = {}
        self._lowest_c: dict[str, float] = {}

    def expected(self, person: Person) -> ExpectedRoom | ForetoldRoom | None:
        """Return where and when level 2 is expected where the person will be."""
        if not self._snapshot.is_clock_synchronised:
            return None  # hours of day and forecast mean nothing yet
        announced = announced_to(person.person_id, self._snapshot.alerts)
        rooms = [room_id for room_id in every_room_of(person) if room_id in self._rooms]
        found = [
            room
            for room_id in rooms
            if (room := self._expected_in(person, room_id, announced)) is not None
        ]
        first = min(found, key=lambda room: room.at, default=None)
        if announced is None or announced.at is None:
            return first
        same = [room for room in found if room.conditions.room.name == announced.room]
        if same:
            return self._as_announced(person, announced, same[0], first)
        return self._while_unknown(person, announced) or first

    def foreseen(self, room_id: str) -> tuple[ForeseenHour, ...]:
        """Return what a room's own forecast says of the coming hours, see `foresee`."""
        if room_id not in self._foreseen:
            self._foreseen[room_id] = foresee(self._rooms[room_id], self._snapshot.now_utc)
        return self._foreseen[room_id]

    def level(self, room_id: str, now: HeatLevel) -> tuple[HeatLevel, datetime | None]:
        """Return the highest level over the present one that a room is expected at soon."""
        best, best_at = now, None
        if not self._snapshot.is_clock_synchronised:
            return best, best_at
        end, lowest_c = self._snapshot.now_utc + self._horizon, self.lowest_limit_c(room_id)
        hours, highest_c = self._hours(room_id, is_announced=False)
        for hour in hours if highest_c >= lowest_c else ():
            if hour.at > end:
                break
            if _at_most_c(hour) < lowest_c:
                continue
            level = self._level_in(room_id, hour)
            if level > best:
                best, best_at = level, hour.at
        return best, best_at

    # ------------------------------------------------------------- for one person

    def _expected_in(
        self, person: Person, room_id: str, announced: Announced | None
    ) -> ExpectedRoom | ForetoldRoom | None:
        """Return the first hour that counts; of an announced room one that is still possible."""
        is_announced = announced is not None and announced.room in {
            None,
            self._rooms[room_id].room.name,
        }
        coming, highest_c = self._hours(room_id, is_announced=is_announced)
        if highest_c < min(self._limits_of(person, night).level_2_c for night in (False, True)):
            return None  # most hours of most days
        end = self._told_until(person)
        hours = [
            (hour, limits)
            for hour in coming
            if hour.at < end and (limits := self._limits_at(person, room_id, hour.at)) is not None
        ]
        may_stand = is_announced and not self._is_over(announced)
        for stands in (False, True) if may_stand else (False,):
            for place, (hour, limits) in enumerate(hours):
                if not self._is_reached(room_id, hour, limits.level_2_c, is_announced=stands):
                    continue
                conditions = self._rooms[room_id]
                if isinstance(hour, HourlyValue):
                    return ExpectedRoom(conditions, limits.level_2_c, hour)
                room = self._foretold(conditions, hours, place, is_likely=not stands)
                return replace(room, is_sure=room.is_sure and not self._has_wavered(person, room))
        return None

    def _has_wavered(self, person: Person, room: ForetoldRoom) -> bool:
        """Return whether that day's heat was announced with a sound and taken back."""
        day = day_of(room.at, person, self._snapshot.now_local.tzinfo)
        return has_wavered(person.person_id, day, self._snapshot.alerts)

    def _is_over(self, announced: Announced | None) -> bool:
        """Return whether an announced hour has passed; another day has its own message."""
        if announced is None or announced.at is None:
            return False
        latest_at = max(announced.at, announced.latest_at or announced.at)
        return self._snapshot.now_utc >= latest_at + MOVED

    def _foretold(
        self,
        conditions: RoomConditions,
        hours: Sequence[tuple[_Hour, Limits]],
        place: int,
        *,
        is_likely: bool,
    ) -> ForetoldRoom:
        """Return the spell that begins at a place, and how early and late it may begin."""
        start, limits = hours[place]
        earliest = start.at
        for hour, then in reversed(hours[:place]):
            is_possible = isinstance(hour, ForeseenHour) and hour.high_c >= then.level_2_c
            if not is_possible or hour.at < start.at - RANGE:
                break
            earliest = hour.at
        spell = [
            (hour, then)
            for hour, then in hours[place:]
            if isinstance(hour, ForeseenHour) and hour.at < start.at + SPELL
        ]
        sure = [
            hour.at
            for hour, then in spell
            if hour.low_c >= then.level_2_c and hour.at <= start.at + RANGE
        ]
        is_sure = any(_sure_c(hour) >= then.level_2_c for hour, then in spell)
        is_high = any(self._counted_c(hour) >= then.level_3_c for hour, then in spell)
        return ForetoldRoom(
            conditions=conditions,
            limit_c=limits.level_2_c,
            level=HeatLevel.HIGH if is_high else HeatLevel.WARNING,
            at=start.at,
            earliest_at=earliest,
            latest_at=min(sure, default=None),
            peak_c=max(hour.middle_c for hour, _ in spell),
            is_likely=is_likely,
            is_sure=is_sure,
        )

    def _as_announced(
        self,
        person: Person,
        announced: Announced,
        same: ExpectedRoom | ForetoldRoom,
        first: ExpectedRoom | ForetoldRoom | None,
    ) -> ExpectedRoom | ForetoldRoom:
        """Return what was announced, or what has clearly changed of it while nobody sleeps."""
        at = announced.at
        if isinstance(same, ExpectedRoom) or at is None:
            return same
        new: ExpectedRoom | ForetoldRoom = same
        if first is not None and first.at <= at - MOVED:
            new = first
        if isinstance(new, ForetoldRoom) and new.is_likely:
            is_clearer = new.level > announced.level or new.is_sure > announced.is_sure
            is_news = is_clearer or abs(new.at - at) >= MOVED
            if is_news and not is_quiet(person, self._snapshot.now_local):
                return replace(new, is_sure=new.is_sure or announced.is_sure)
        return replace(
            same,
            at=at,
            earliest_at=announced.earliest_at or at,
            latest_at=announced.latest_at,
            peak_c=announced.peak_c,
            level=announced.level,
            is_sure=announced.is_sure,
        )

    def _while_unknown(self, person: Person, announced: Announced) -> ForetoldRoom | None:
        """Return what was announced of a room whose forecast is not known now: that ends nothing.

        Source: DESIGN, "unknown is never fine".
        """
        at = announced.at
        for room_id in every_room_of(person):
            room = self._rooms.get(room_id)
            if room is None or room.room.name != announced.room or room.ahead is not None:
                continue
            limits = None if at is None else self._limits_at(person, room_id, at)
            if at is None or limits is None or self._snapshot.now_utc >= at + MOVED:
                continue
            return ForetoldRoom(
                conditions=room,
                limit_c=limits.level_2_c,
                level=announced.level,
                at=at,
                earliest_at=announced.earliest_at or at,
                latest_at=announced.latest_at,
                peak_c=announced.peak_c,
                is_sure=announced.is_sure,
            )
        return None

    def _told_until(self, person: Person) -> datetime:
        """Return the end of the day that may be spoken of: when the person gets up after it.

        From two hours before they go to bed that is the next day; who wants a morning brief hears
        of the day in it.
        """
        sleep_at = person.bed_at if person.quiet_from is None else person.quiet_from
        up_at = person.wake_at if person.quiet_until is None else person.quiet_until
        lead = EVENING if person.brief_at is None else timedelta(0)
        zone = self._snapshot.now_local.tzinfo
        start = (self._snapshot.now_utc + lead).astimezone(zone)
        return _next(up_at, _next(sleep_at, start, zone), zone).astimezone(UTC)

    # ------------------------------------------------------------------- one room

    def _hours(self, room_id: str, *, is_announced: bool) -> tuple[tuple[_Hour, ...], float]:
        """Return the hours by which a room is judged, and what they could count as at most."""
        key = (room_id, is_announced)
        if key not in self._known:
            hours = self._make_hours(room_id, is_announced=is_announced)
            self._known[key] = hours, max(map(_at_most_c, hours), default=-math.inf)
        return self._known[key]

    def _make_hours(self, room_id: str, *, is_announced: bool) -> tuple[_Hour, ...]:
        conditions, now_utc = self._rooms[room_id], self._snapshot.now_utc
        lowest_c = self.lowest_limit_c(room_id)
        if conditions.ahead is None:
            return self._simple_hours(conditions, lowest_c)
        hours = self.foreseen(room_id) if _may_reach(conditions, lowest_c) else ()
        is_running = cooling_state(conditions)[0] == "running"
        is_cooled = is_running or (not is_announced and has_ready_cooling(conditions))
        if not is_cooled:
            return hours
        near_until = now_utc + self._horizon
        far = (hour for hour in hours if hour.at > near_until)
        return (*self._simple_hours(conditions, lowest_c), *far)

    def _simple_hours(self, conditions: RoomConditions, lowest_c: float) -> tuple[HourlyValue, ...]:
        now_c = conditions.mean_10_min_c
        if now_c is None or now_c < lowest_c - NEAR_C:
            return ()  # too cool to matter, and it costs most
        return expect_simply(conditions, self._forecast, self._snapshot.now_utc, self._horizon)

    def lowest_limit_c(self, room_id: str) -> float:
        """Return the lowest level 1, by day or night, of all who use a room."""
        if room_id not in self._lowest_c:
            kinds = {False, self._rooms[room_id].room.is_bedroom}
            self._lowest_c[room_id] = min(
                self._limits_of(person, is_night_bedroom).level_1_c
                for person in self._users[room_id]
                for is_night_bedroom in kinds
            )
        return self._lowest_c[room_id]

    def _is_reached(self, room_id: str, hour: _Hour, limit_c: float, *, is_announced: bool) -> bool:
        if isinstance(hour, HourlyValue):
            conditions, now_utc = self._rooms[room_id], self._snapshot.now_utc
            return is_reached(hour, limit_c, conditions, now_utc, is_announced=is_announced)
        counted_c = self._counted_c(hour)
        return (max(hour.high_c, counted_c) if is_announced else counted_c) >= limit_c

    def _counted_c(self, hour: ForeseenHour) -> float:
        """Return what counts against a limit: early within the horizon, beyond it even odds."""
        is_near = hour.at <= self._snapshot.now_utc + self._horizon
        return hour.early_c if is_near else hour.middle_c

    def _level_in(self, room_id: str, hour: _Hour) -> HeatLevel:
        for level in (HeatLevel.HIGH, HeatLevel.WARNING, HeatLevel.ADVISORY):
            for person in self._users[room_id]:
                limits = self._limits_at(person, room_id, hour.at)
                if limits is not None and self._is_reached(
                    room_id, hour, limits.at(level), is_announced=False
                ):
                    return level
        return HeatLevel.NORMAL

    def _limits_at(self, person: Person, room_id: str, at: datetime) -> Limits | None:
        """Return the person's limits in a room at a coming hour, or `None` when not there."""
        key = (person.person_id, at)
        if key not in self._places:
            at_local = at.astimezone(self._snapshot.now_local.tzinfo)
            rooms = frozenset(rooms_of(person, at_local, self._bedrooms))
            self._places[key] = rooms, is_night(person, at_local)
        rooms, is_in_bed = self._places[key]
        if room_id not in rooms:
            return None
        return self._limits_of(person, is_in_bed and room_id in self._bedrooms)

    def _limits_of(self, person: Person, is_night_bedroom: bool) -> Limits:  # noqa: FBT001 - two kinds
        kind = (person.person_id, is_night_bedroom)
        if kind not in self._limits:
            self._limits[kind] = personal_limits(person, is_night_bedroom)
        return self._limits[kind]


def _next(at: time, after: datetime, zone: tzinfo | None) -> datetime:
    """Return when the wall clock next shows a time, later than a local moment."""
    moment = datetime.combine(after.date(), at, zone)
    if moment <= after:  # both on one wall clock
        moment = datetime.combine(after.date() + timedelta(days=1), at, zone)
    return moment


def _sure_c(hour: ForeseenHour) -> float:
    """Return what an hour counts as where a sound depends on it."""
    return hour.middle_c - SURE * (hour.middle_c - hour.low_c)


def _may_reach(conditions: RoomConditions, lowest_c: float) -> bool:
    """Return whether a room's forecast matters at all, cheaply."""
    ahead, now_c = conditions.ahead, conditions.mean_10_min_c
    if ahead is None or not ahead.hours or now_c is None:
        return False
    _, _, middles_c, highs_c = zip(*ahead.hours, strict=True)
    highest_c: float = max(highs_c) + max(now_c - min(middles_c), 0.0)
    return highest_c >= lowest_c


def has_ready_cooling(conditions: RoomConditions) -> bool:
    """Return whether keepcool would cool the room by itself."""
    return any(
        device.device.role is CoolingRole.AIR_CONDITIONER
        and device.control in _READY
        and (device.is_automatic or device.lease is not None)
        for device in conditions.devices
    )
