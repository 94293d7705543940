"""Decide whether an air conditioner must start before its room is near the limit, and how early.

Cooling late costs least: with power to spare an air conditioner that starts at the limit - 0.5 K
keeps the room under it. Where the room's forecast and the device's own pace say that such a start
cannot, it starts as late as still can, three hours before at most. A room that would need cooling
while electricity is dear is cooled down to its target before. Both are asked anew with every
decision, from what the room is now, so that a plan that fails is replaced within minutes.

How a room follows an air conditioner at full power: air and furniture within the hour, walls over
the day (`CoolingResponse`). What it does for a room adds to what the room does without it, which is
the room's forecast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from policies.airing import is_worth_opening
from policies.cooling_view import (
    END_OVER_TARGET_C,
    START_BEFORE_LIMIT_C,
    CoolingAim,
    CoolingNeed,
    EarlyCooling,
    RoomView,
    aim_for,
    need_at,
)
from policies.heat_sensitivity import usable_forecast
from policies.model import CoolingRole, DeviceConditions, Snapshot
from policies.psychrometrics import dew_point_c
from policies.room_forecast import RoomForecast

LONGEST_EARLY = timedelta(hours=3)
"""How long before a late start an early one may come. Source: our choice; longer hardly helps,
because walls give back within hours what they lost (docs/how_it_decides.md, measured)."""

LONGEST_BEFORE_DEAR = timedelta(hours=2)
"""Source: our choice; what is stored for longer leaks away."""

PLANNED_AHEAD = timedelta(hours=12)

REST_WORTH_ENDING = timedelta(hours=4)
"""A room that would be warm again sooner is held at its target. Source: our choice."""

HELD_AT_LEAST = timedelta(hours=2)
"""Source: our choice; a room whose air conditioner is very strong is foretold too cool."""

_HOURS_LOOKED_AT = 15  # of a forecast that is two hours old
STEP = timedelta(minutes=15)
STEP_H = STEP / timedelta(hours=1)
_MIDDLE_H = 0.5  # a mean over an hour is the value in its middle
NEXT_STEP = 1
IN_USE_SOON_STEPS = 4  # an hour before somebody comes, as for cooling now

ASSUMED_FALL_K = 2.0
"""How much lower a room is after an hour of an unknown air conditioner at full power.

Source: the simulated flat, where a portable one of 1.8 kW reaches 5 K and one of 0.6 kW 1.6 K.
Cautious, since too little only means to start earlier, and it is learned in three runs.
"""

FAST_SHARE, FAST_H = 0.8, 0.4
SLOW_SHARE, SLOW_H = 6.2, 24.0
"""The two parts of a fall that is 1 after an hour, and their time constants.

Source: fitted to the simulated flat, six hours of cooling and the 18 hours after them, two powers,
three insulations, windows closed or open at night: within 0.05 of their mean.
"""

STAYS_PER_H = 0.9
"""How much of a difference between room and forecast is still there an hour later.

Source: `room_record.ANOMALY_KEPT_PER_H`, of outdoor differences."""

STILL_NEEDED_K = 0.3
"""An early start that runs goes on until a late one would keep the limit by so much."""


@dataclass(slots=True)
class CoolingResponse:
    """Follow by how much a room is lower than without its air conditioner, in two parts, K."""

    fall_k: float  # by how much the first hour at full power lowers the room
    fast_k: float = 0.0
    slow_k: float = 0.0

    @classmethod
    def after(cls, fall_k: float, ran_h: float) -> CoolingResponse:
        """Return the response to so many hours at full power up to now."""
        fast_k = FAST_SHARE * fall_k * -math.expm1(-ran_h / FAST_H)
        return cls(fall_k, fast_k, SLOW_SHARE * fall_k * -math.expm1(-ran_h / SLOW_H))

    @property
    def lower_k(self) -> float:
        """Return by how much the room is lower now."""
        return self.fast_k + self.slow_k

    def at_most(self, lower_k: float) -> CoolingResponse:
        """Return it for a room that is no lower than so much: its thermostat rested."""
        share = min(max(lower_k, 0.0) / self.lower_k, 1.0) if self.lower_k > 0.0 else 1.0
        return CoolingResponse(self.fall_k, self.fast_k * share, self.slow_k * share)

    def power_to_hold(self, rise_k_per_h: float = 0.0) -> float:
        """Return at which share of full power the room stays as it is, 0 to 1.

        `rise_k_per_h` is what it would rise by without any cooling.
        """
        lost_k_h = max(self.fast_k / FAST_H + self.slow_k / SLOW_H + rise_k_per_h, 0.0)
        return min(lost_k_h / (self.fall_k * (FAST_SHARE / FAST_H + SLOW_SHARE / SLOW_H)), 1.0)

    def go_on(self, hours: float, power: float) -> None:
        """Let time pass, the device at a share of full power."""
        fast_part, slow_part = -math.expm1(-hours / FAST_H), -math.expm1(-hours / SLOW_H)
        self.fast_k += (power * FAST_SHARE * self.fall_k - self.fast_k) * fast_part
        self.slow_k += (power * SLOW_SHARE * self.fall_k - self.slow_k) * slow_part

    def rest(self) -> None:
        """Let a quarter of an hour pass, the device off."""
        self.fast_k *= _FAST_KEPT
        self.slow_k *= _SLOW_KEPT

    def run(self, without_c: float, target_c: float) -> None:
        """Let a quarter of an hour pass, the device on until its thermostat holds the target.

        `without_c` is what the room would be at the end of it without any cooling.
        """
        self.rest()
        fast_k = FAST_SHARE * self.fall_k * (1.0 - _FAST_KEPT)
        slow_k = SLOW_SHARE * self.fall_k * (1.0 - _SLOW_KEPT)
        missing_k = without_c - self.lower_k - target_c
        power = min(max(missing_k / (fast_k + slow_k), 0.0), 1.0)
        self.fast_k += power * fast_k
        self.slow_k += power * slow_k


_FAST_KEPT = math.exp(-STEP_H / FAST_H)
_SLOW_KEPT = math.exp(-STEP_H / SLOW_H)


def hour_curve(hours: float) -> float:
    """Return what part of its first hour's fall a room has after so many hours at full power.

    >>> [round(hour_curve(hours), 2) for hours in (0.25, 0.5, 1.0, 2.0, 6.0)]
    [0.44, 0.7, 0.99, 1.29, 2.17]
    """
    return CoolingResponse.after(1.0, hours).lower_k


@dataclass(frozen=True, slots=True)
class _Path:
    """Hold a room's next hours in quarters: what it is without cooling, and what it must keep.

    `response` is what cooling up to now has left.
    """

    without_c: Sequence[float]
    needs: Sequence[CoolingNeed | None]
    aims: Sequence[CoolingAim | None]
    response: CoolingResponse

    def late_start(self) -> int | None:
        """Return the first step at which cooling would start without any plan."""
        response = replace(self.response)
        for index, without_c in enumerate(self.without_c):
            coming = self.aims[index : index + IN_USE_SOON_STEPS + 1]
            start_c = min((aim.start_c for aim in coming if aim is not None), default=None)
            if start_c is not None and without_c - response.lower_k >= start_c:
                return index
            response.rest()
        return None

    def over(self) -> tuple[int, CoolingNeed] | None:
        """Return the first step over its limit without any further cooling, and that limit."""
        response = replace(self.response)
        for index, (without_c, need) in enumerate(zip(self.without_c, self.needs, strict=True)):
            if need is not None and without_c - response.lower_k >= need.limit_c:
                return index, need
            response.rest()
        return None

    def over_by_k(self, start: int) -> float:
        """Return how far over a limit the room gets, cooled from a step on (negative: under)."""
        response = replace(self.response)
        target_c = min(aim.target_c for aim in self.aims[start:] if aim is not None)
        worst_k = -math.inf
        for index, (without_c, need) in enumerate(zip(self.without_c, self.needs, strict=True)):
            if index > start:
                response.run(without_c, target_c)
            elif index > 0:
                response.rest()
            if need is not None and index >= start:
                worst_k = max(worst_k, without_c - response.lower_k - need.limit_c)
        return worst_k

    def needed_between(self, first: int, last: int) -> CoolingNeed | None:
        """Return the need for which cooling would start between two steps, `None` for none."""
        response = replace(self.response)
        for index, without_c in enumerate(self.without_c[: last + 1]):
            aim, is_within = self.aims[index], index >= first
            if aim is not None and is_within and without_c - response.lower_k >= aim.start_c:
                return self.needs[index]
            response.rest()
        return None

    def is_at_target(self, start: int, by: int) -> bool:
        """Return whether a room cooled from a step on is at its target by another."""
        target_c = min(aim.target_c for aim in self.aims[by:] if aim is not None)
        response = replace(self.response)
        for index in range(1, by + 1):
            if index > start:
                response.run(self.without_c[index], target_c)
            else:
                response.rest()
        return self.without_c[by] - response.lower_k <= target_c + END_OVER_TARGET_C


def with_coming_hours(view: RoomView, snapshot: Snapshot, bedrooms: frozenset[str]) -> RoomView:
    """Return a room with what its coming hours ask of an air conditioner now.

    That is what it must be cooled for from now on although it is not near its limit yet: nothing
    when nothing is known of the coming hours, when a later start will do, and while the room is so
    near its limit that cooling starts without a plan. And whether one that runs has to hold it.

    Args:
        view: the room.
        snapshot: the home now, for the time and for how far the weather is known.
        bedrooms: ids of the home's bedrooms.
    """
    devices = _usable(view)
    path = _path(view, devices, snapshot, bedrooms)
    running = [device for device in devices if device.lease is not None]
    early = None
    if path is not None:
        early = _for_the_limit(path, snapshot, STILL_NEEDED_K if running else 0.0)
        early = early or _before_it_is_dear(path, snapshot, is_running=bool(running))
    is_held = bool(running) and _is_held(view, running[0], path, snapshot)
    return replace(view, early=early, is_held=is_held)


def _is_held(
    view: RoomView, running: DeviceConditions, path: _Path | None, snapshot: Snapshot
) -> bool:
    """Return whether a room at its target would be warm again soon, so that it is held there.

    A forecast of a room that stays cool is not believed for a while after cooling had to start, if
    it is hotter outdoors. Not while electricity is dear, or outdoor air would do it, and not where
    there is no forecast: from a room that is held nothing is learned of what it would be.
    """
    aim, outside, lease = view.aim(running.device), view.outdoors, running.lease
    if aim is None or lease is None or view.conditions.ahead is None or _is_dear(snapshot):
        return False
    dew_c = dew_point_c(view.conditions.temperature_c, view.conditions.relative_humidity_pct)
    if outside is not None and is_worth_opening(aim.end_c, outside, dew_c, is_open=False):
        return False
    late = None if path is None else path.late_start()
    if late is not None and late * STEP < REST_WORTH_ENDING:
        return True
    is_hot = outside is not None and outside.feels_c > aim.target_c
    return is_hot and lease.running_for < HELD_AT_LEAST


def _is_dear(snapshot: Snapshot) -> bool:
    now = snapshot.now_local.time()
    return any(
        each.from_at <= now < each.until_at
        if each.from_at <= each.until_at
        else now >= each.from_at or now < each.until_at
        for each in snapshot.home.electricity.dear
    )


def _for_the_limit(path: _Path, snapshot: Snapshot, keeps_k: float) -> EarlyCooling | None:
    """Return what a device too weak for a late start must run for now."""
    late, over = path.late_start(), path.over()
    if not late or late * STEP > LONGEST_EARLY or over is None:
        return None
    if min(path.over_by_k(start) for start in {late, NEXT_STEP}) <= -keeps_k:
        return None  # a later start will do: an earlier one always keeps the room lower
    index, need = over
    over_at = (snapshot.now_utc + index * STEP).astimezone(snapshot.now_local.tzinfo)
    return EarlyCooling(need, _quarter(over_at))


def _before_it_is_dear(path: _Path, snapshot: Snapshot, *, is_running: bool) -> EarlyCooling | None:
    """Return what a room must be cooled for now, because it would need it while that is dear."""
    for dear in snapshot.home.electricity.dear:
        begins, ends = (
            _next(at, snapshot.now_local) - snapshot.now_local
            for at in (dear.from_at, dear.until_at)
        )
        if not ends > begins > timedelta(0) or begins > LONGEST_BEFORE_DEAR:
            continue  # it is dear now, or not soon
        first, last = math.ceil(begins / STEP), ends // STEP
        need = path.needed_between(first, last)
        if need is None:
            continue
        if is_running or not path.is_at_target(NEXT_STEP, first):
            return EarlyCooling(need, snapshot.now_local + begins, is_for_price=True)
    return None


def _next(at: time, now_local: datetime) -> datetime:
    """Return the next moment at which clocks show a time of day."""
    today = datetime.combine(now_local.date(), at, now_local.tzinfo)
    return today if today > now_local else today + timedelta(days=1)


def _path(
    view: RoomView,
    devices: Sequence[DeviceConditions],
    snapshot: Snapshot,
    bedrooms: frozenset[str],
) -> _Path | None:
    """Return the room's next hours as far as they are known, `None` where they matter to nobody."""
    ahead, now_c = view.conditions.ahead, view.effective_c
    steps = _known_ahead(snapshot) // STEP
    lowest_limit_c = view.lowest_limit_c
    if not devices or lowest_limit_c is None or ahead is None or now_c is None or steps < 1:
        return None
    now_h = snapshot.now_utc.timestamp() / 3600
    forecast_now_c = _forecast_c(ahead, now_h)
    response = _cooled_so_far(devices, now_h - ahead.hour - 1, forecast_now_c)
    off_by_k = now_c + response.lower_k - forecast_now_c
    lowest_c = lowest_limit_c - START_BEFORE_LIMIT_C
    highest_c = max(hour.high_c for hour in ahead.hours[:_HOURS_LOOKED_AT])
    if highest_c + max(off_by_k, 0.0) < lowest_c:
        return None  # asked every second of every room: what follows costs a hundred times as much
    without_c = [
        _forecast_c(ahead, now_h + index * STEP_H) + off_by_k * STAYS_PER_H ** (index * STEP_H)
        for index in range(steps + 1)
    ]
    if max(without_c) < lowest_c:
        return None
    room, zone = view.conditions.room, snapshot.now_local.tzinfo
    moments = [(snapshot.now_utc + index * STEP).astimezone(zone) for index in range(steps + 1)]
    needs = [need_at(view.users, room, at, bedrooms) for at in moments]
    kinds = {need: _lowest_aim(devices, need) for need in set(needs) if need is not None}
    aims = [None if need is None else kinds[need] for need in needs]
    return _Path(without_c, needs, aims, response)


def _usable(view: RoomView) -> list[DeviceConditions]:
    """Return the air conditioners that keepcool may use now."""
    return [
        device
        for device in view.conditions.devices
        if device.device.role is CoolingRole.AIR_CONDITIONER
        and device.is_automatic
        and device.override_remaining is None
        and (device.lease is not None or (device.is_available and not device.has_failed))
    ]


def _lowest_aim(devices: Sequence[DeviceConditions], need: CoolingNeed) -> CoolingAim:
    return min((aim_for(each.device, need) for each in devices), key=lambda aim: aim.target_c)


def _known_ahead(snapshot: Snapshot) -> timedelta:
    """Return how far ahead the weather is known, twelve hours at most."""
    forecast = usable_forecast(snapshot)
    if forecast is None or not forecast.hours or not snapshot.is_clock_synchronised:
        return timedelta(0)
    until = forecast.hours[-1].at + timedelta(hours=1)
    return min(until - snapshot.now_utc, PLANNED_AHEAD)


def _cooled_so_far(
    devices: Sequence[DeviceConditions], forecast_age_h: float, forecast_now_c: float
) -> CoolingResponse:
    """Return by how much the devices lowered the room since its forecast was made."""
    together = CoolingResponse(0.0)
    for device in devices:
        fall_k = device.falls_k or ASSUMED_FALL_K
        lease = device.lease
        ran_h = 0.0 if lease is None else lease.running_for / timedelta(hours=1)
        one = CoolingResponse.after(fall_k, max(min(ran_h, forecast_age_h), 0.0))
        target_c = None if lease is None else lease.desired.target_temperature_c
        if target_c is not None:
            one = one.at_most(forecast_now_c - target_c)
        together.fall_k += fall_k
        together.fast_k += one.fast_k
        together.slow_k += one.slow_k
    return together


def _forecast_c(ahead: RoomForecast, hour: float) -> float:
    """Return what a room will hardly pass at a moment, in hours since 1970, without cooling.

    The high end of the forecast, which one hour in ten passes. Source: five simulated flats with
    weak devices; against the middle it takes 6 to 52 % off the degree-hours over the limit, for 0.1
    to 0.3 hours more of cooling a day. A strong device starts no earlier by either.
    """
    place = hour - ahead.hours[0].hour - _MIDDLE_H
    before = min(max(math.floor(place), 0), len(ahead.hours) - 1)
    after = min(before + 1, len(ahead.hours) - 1)
    part = min(max(place - before, 0.0), 1.0)
    earlier_c, later_c = ahead.hours[before].high_c, ahead.hours[after].high_c
    return earlier_c + (later_c - earlier_c) * part


def _quarter(at: datetime) -> datetime:
    """Return a moment as one says it, to the quarter of an hour."""
    past = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at - past + (STEP if past >= STEP / 2 else timedelta(0))
