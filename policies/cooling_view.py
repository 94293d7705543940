"""See a room as its cooling plan needs it: whose limit counts, and what can be believed."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.airing import Outdoors, outdoor_air
from policies.heat_limits import (
    every_room_of,
    is_night,
    personal_limits,
    rooms_of,
    rooms_with_motion,
)
from policies.heat_message import fan_worth
from policies.heat_sensitivity import HeatResult, is_believed, usable_forecast
from policies.model import (
    CoolingDevice,
    CoolingRole,
    Freshness,
    HourlyForecast,
    Person,
    Room,
    RoomConditions,
    Snapshot,
)

# Source of the numbers without another: DESIGN "Cooling", EVIDENCE 8.
START_BEFORE_LIMIT_C = 0.5
TARGET_UNDER_LIMIT_C = 1.5
LOWEST_TARGET_C = 20.0
START_OVER_TARGET_C = 1.0
END_OVER_TARGET_C = 0.5
IN_USE_SOON = tuple(timedelta(minutes=minutes) for minutes in (0, 15, 30, 45, 60))
COLD_OUTDOORS_C = 16.0
FAN_WORTH = ("ok", "wet_skin", "no_help")  # see heat_message.fan_worth; source: EVIDENCE 2.6


@dataclass(frozen=True, slots=True)
class CoolingNeed:
    """Carry the strictest limit of a room's people; `is_now` when they are in it already."""

    limit_c: float
    is_night: bool
    is_now: bool


@dataclass(frozen=True, slots=True)
class CoolingAim:
    """Carry a device's thresholds for the room's effective temperature."""

    start_c: float
    target_c: float
    end_c: float


@dataclass(frozen=True, slots=True)
class EarlyCooling:
    """Carry the limit for which an air conditioner must run from now on.

    `at` is when it would be passed without any cooling, or when electricity becomes dear (aware, in
    the home's zone).
    """

    need: CoolingNeed
    at: datetime
    is_for_price: bool = False


@dataclass(frozen=True, slots=True)
class RoomView:
    """Carry a room with everything that its devices' plan rests on.

    `effective_c` is `None` when the room is not seen, or what is seen cannot be believed. `fan` is
    what a fan is worth to the person whom it helps least: `ok`, `wet_skin` or `no_help`. `early` is
    `None` unless the room must be cooled before it is near its limit, `is_failing` says that this
    was begun and does not work. `is_held` says that it would be warm again soon if what cools it
    ended at its target.
    """

    conditions: RoomConditions
    need: CoolingNeed | None
    effective_c: float | None
    outdoor_c: float | None
    is_heating: bool
    fan: str
    person_ids: tuple[str, ...]
    users: tuple[Person, ...] = ()
    outdoors: Outdoors | None = None
    early: EarlyCooling | None = None
    is_held: bool = False
    is_failing: bool = False

    @property
    def lowest_limit_c(self) -> float | None:
        """Return the lowest limit of those who use the room at some time of day, or `None`."""
        kinds = {False, self.conditions.room.is_bedroom}
        return min(
            (personal_limits(person, kind).level_1_c for person in self.users for kind in kinds),
            default=None,
        )

    @property
    def is_cold_outdoors(self) -> bool:
        """Return whether the forecast's present hour is too cold for an air conditioner."""
        return self.outdoor_c is not None and self.outdoor_c < COLD_OUTDOORS_C

    @property
    def is_over_limit(self) -> bool:
        """Return whether the room is known to be at its limit or over."""
        if self.need is None or self.effective_c is None:
            return False
        return self.effective_c >= self.need.limit_c

    def aim(self, device: CoolingDevice) -> CoolingAim | None:
        """Return where a device starts, aims and ends, or `None` while nobody needs the room.

        An air conditioner that must run early aims at what is needed then, if that is lower.
        """
        aims = [] if self.need is None else [aim_for(device, self.need)]
        if self.early is not None and device.role is CoolingRole.AIR_CONDITIONER:
            aims.append(aim_for(device, self.early.need))
        return min(aims, key=lambda aim: aim.target_c, default=None)


def aim_for(device: CoolingDevice, need: CoolingNeed) -> CoolingAim:
    """Return where a device starts, aims and ends for a limit."""
    default_c = device.target_night_c if need.is_night else device.target_day_c
    target_c = max(min(default_c, need.limit_c - TARGET_UNDER_LIMIT_C), LOWEST_TARGET_C)
    start_c = max(need.limit_c - START_BEFORE_LIMIT_C, target_c + START_OVER_TARGET_C)
    return CoolingAim(start_c, target_c, target_c + END_OVER_TARGET_C)


def need_at(
    users: Iterable[Person], room: Room, at_local: datetime, bedrooms: Collection[str]
) -> CoolingNeed | None:
    """Return the strictest limit of those who usually are in a room at a moment, or `None`.

    Args:
        users: who uses the room at some time of day.
        room: the room.
        at_local: aware, in the home's zone.
        bedrooms: ids of the home's bedrooms.
    """
    needs = []
    for person in users:
        if room.room_id in rooms_of(person, at_local, bedrooms):
            is_night_bedroom = room.is_bedroom and is_night(person, at_local)
            limit_c = personal_limits(person, is_night_bedroom).level_1_c
            needs.append(CoolingNeed(limit_c, is_night=is_night_bedroom, is_now=False))
    return min(needs, key=lambda need: need.limit_c, default=None)


def room_views(snapshot: Snapshot, heat: HeatResult) -> Iterator[RoomView]:
    """Yield every room as its cooling plan needs it.

    Args:
        snapshot: the home now.
        heat: `heat_sensitivity.evaluate` of the same snapshot, for the limits of those present.
    """
    needs = _needs(snapshot, heat)
    hour, air = _outdoors(snapshot), None
    if hour is not None and snapshot.is_clock_synchronised:  # else it may be another hour's
        air = outdoor_air(hour.temperature_c, hour.relative_humidity_pct)
    everybody = [found.person for found in snapshot.people]
    people: dict[str, list[Person]] = {}
    for person in everybody:
        for room_id in every_room_of(person):
            people.setdefault(room_id, []).append(person)
    for conditions in snapshot.rooms:
        at_home = people.get(conditions.room.room_id, [])
        worths = {fan_worth(person, conditions.temperature_c) or "ok" for person in at_home}
        yield RoomView(
            conditions=conditions,
            need=needs.get(conditions.room.room_id),
            effective_c=_believed_c(conditions),
            outdoor_c=None if hour is None else hour.temperature_c,
            outdoors=air,
            is_heating=any(
                device.is_available and device.observed and device.observed.hvac_mode == "heat"
                for device in conditions.devices
            ),
            fan=max(worths, key=FAN_WORTH.index, default="ok"),
            person_ids=tuple(person.person_id for person in at_home or everybody),
            users=tuple(at_home),
        )


def _needs(snapshot: Snapshot, heat: HeatResult) -> Mapping[str, CoolingNeed]:
    """Return the strictest limit per room that is in use now or within the hour."""
    bedrooms = {found.room.room_id for found in snapshot.rooms if found.room.is_bedroom}
    people = [found.person for found in snapshot.people]
    moving = rooms_with_motion(snapshot.rooms, snapshot.people)
    nights = {
        room_id
        for person in people
        if is_night(person, snapshot.now_local)
        for room_id in rooms_of(person, snapshot.now_local, bedrooms, moving)
        if room_id in bedrooms
    }
    needs = {
        room.room_id: CoolingNeed(room.limit_c, is_night=room.room_id in nights, is_now=True)
        for room in heat.rooms
        if room.limit_c is not None
    }
    limits_c = [{k: personal_limits(each, k).level_1_c for k in (False, True)} for each in people]
    for ahead in IN_USE_SOON:
        at = (snapshot.now_utc + ahead).astimezone(snapshot.now_local.tzinfo)
        for person, own_c in zip(people, limits_c, strict=True):
            is_persons_night = is_night(person, at)
            for room_id in rooms_of(person, at, bedrooms):
                is_night_bedroom = is_persons_night and room_id in bedrooms
                limit_c = own_c[is_night_bedroom]
                known = needs.get(room_id)
                if known is None or limit_c < known.limit_c:
                    needs[room_id] = CoolingNeed(
                        limit_c, is_night=is_night_bedroom, is_now=not ahead
                    )
    return needs


def _outdoors(snapshot: Snapshot) -> HourlyForecast | None:
    """Return the forecast's present hour, or `None` when there is none."""
    forecast = usable_forecast(snapshot)
    hours = forecast.hours if forecast else ()
    place = bisect_right(hours, snapshot.now_utc, key=lambda hour: hour.at) - 1
    is_there = place >= 0 and snapshot.now_utc < hours[place].at + timedelta(hours=1)
    return hours[place] if is_there else None


def _believed_c(conditions: RoomConditions) -> float | None:
    """Return the 10-minute mean when a fresh sensor that is not suspect stands behind it."""
    if conditions.freshness is not Freshness.FRESH or not is_believed(conditions):
        return None
    means_c = (conditions.mean_10_min_c, conditions.effective_temperature_c)
    return next((c for c in means_c if c is not None and math.isfinite(c)), None)
