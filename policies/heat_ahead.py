"""Put what a room's own forecast says into one early finding, and remember what was announced.

An announcement keeps its hour, its range and its temperature until they clearly change: a forecast
that is made anew every hour must not make a new message every hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policies.airing import Weather, airing_times
from policies.alert import Alert, AlertPhase, Finding, HeatLevel, Message, Severity, Verb
from policies.heat_message import (
    POLICY,
    Parameters,
    old_forecast_hours,
    rests_on,
    room_parameters,
    verbs_of,
)
from policies.model import Forecast, Person, RoomConditions, Snapshot, SunPosition
from policies.window_sun import shade_times

TODAY, TOMORROW = "heat_ahead", "heat_ahead_tomorrow"

SAME_SPELL: Final = timedelta(hours=12)
"""Two expected hours further apart are two days' heat, and each is announced for itself."""

FAR: Final = timedelta(hours=6)
"""What is expected so much later than a room that is hot now is news of another spell."""


@dataclass(frozen=True, slots=True)
class ForetoldRoom:
    """Carry where, from when and how hot a person's level 2 is expected (moments aware UTC).

    `level` is the highest expected of that spell. `latest_at` is `None` where it may not come at
    all. `is_likely` is `False` while it has become less likely than not.
    """

    conditions: RoomConditions
    limit_c: float
    level: HeatLevel
    at: datetime
    earliest_at: datetime
    latest_at: datetime | None
    peak_c: float
    is_likely: bool = True


@dataclass(frozen=True, slots=True)
class Announced:
    """Carry what a live alert announces; `at` is `None` of one without a room's own forecast."""

    room: str | None = None
    at: datetime | None = None
    earliest_at: datetime | None = None
    latest_at: datetime | None = None
    peak_c: float = 0.0
    level: HeatLevel = HeatLevel.WARNING


def announced_to(person_id: str, alerts: Iterable[Alert]) -> Announced | None:
    """Return what is announced to a person, or `None`."""
    for alert in alerts:
        is_theirs = (alert.key.policy, alert.key.subject) == (POLICY, person_id)
        if is_theirs and alert.is_expected and alert.phase is not AlertPhase.RESOLVED:
            return _read(alert.message)
    return None


def spell_at(message: Message) -> datetime | None:
    """Return the hour that an early announcement names (aware UTC), else `None`."""
    return message.moment("expected_at") if message.message_id in {TODAY, TOMORROW} else None


def is_another_spell(before: Alert, finding: Finding, now_utc: datetime) -> bool:
    """Return whether a finding announces another day's heat than what was told."""
    at, before_at = spell_at(finding.message), spell_at(before.message)
    if at is None:
        return False
    if before.is_expected:
        return before_at is not None and abs(at - before_at) >= SAME_SPELL
    return at - now_utc >= FAR


def is_news_of_later(alert: Alert, earlier: Alert) -> bool:
    """Return whether an alert announces heat of a later day than what an ended one told of."""
    at, told_at = spell_at(alert.message), spell_at(earlier.message)
    if at is None or not alert.is_expected:
        return False
    if told_at is not None and earlier.is_expected:
        return abs(at - told_at) >= SAME_SPELL
    return at - alert.raised_at >= FAR


def announces_same_spell(earlier: Alert, alert: Alert) -> bool:
    """Return whether both announce the same day's heat early."""
    at, told_at = spell_at(alert.message), spell_at(earlier.message)
    if at is None or told_at is None or not (alert.is_expected and earlier.is_expected):
        return False
    return abs(at - told_at) < SAME_SPELL


def has_changed(before: Alert, after: Alert) -> bool:
    """Return whether an early announcement names another hour, room or level than before."""
    if spell_at(before.message) is None or spell_at(after.message) is None:
        return False
    old, new = before.message.parameters, after.message.parameters
    return any(old.get(key) != new.get(key) for key in ("expected_at", "room", "expected_level"))


def has_risen(before: Alert, after: Alert) -> bool:
    """Return whether an early announcement names a higher level than before."""
    return has_changed(before, after) and _read(after.message).level > _read(before.message).level


def finding_foretold(
    person: Person, room: ForetoldRoom, snapshot: Snapshot, forecast: Forecast | None, air: Weather
) -> Finding:
    """Return the finding that a room's own forecast passes level 2 where the person will be."""
    now_local = snapshot.now_local
    at_local = room.at.astimezone(now_local.tzinfo)
    # The night that follows today is still called by its hour alone.
    is_tomorrow = at_local.date() > now_local.date() and at_local.time() >= person.wake_at
    range_local = _range(room, now_local)
    parameters: Parameters = room_parameters(person, room.conditions, now_local.tzinfo) | {
        "limit_c": room.limit_c,
        "expected_at": room.at.isoformat(),
        "earliest_at": room.earliest_at.isoformat(),
        "latest_at": None if room.latest_at is None else room.latest_at.isoformat(),
        "expected_level": int(room.level),
        "expected_at_local": f"{at_local:%H:%M}",
        "expected_range_local": range_local,
        "expected_temperature_c": round(room.peak_c, 1),
        "blinds_at_local": _blinds_at(person, room, snapshot),
        "close_at_local": _close_at(room, snapshot, air),
        "age_hours": old_forecast_hours(forecast, snapshot.forecast_age),
    }
    day = "tomorrow " if is_tomorrow else ""
    span = f" ({range_local})" if range_local else ""
    return Finding(
        policy=POLICY,
        subject=person.person_id,
        severity=Severity.WARNING,
        person_ids=(person.person_id,),
        message=Message(TOMORROW if is_tomorrow else TODAY, parameters),
        reason=(
            f"{room.conditions.room.name} expected over {room.limit_c:.1f} °C {day}from about "
            f"{at_local:%H:%M}{span}, up to {room.peak_c:.1f} °C, by its own forecast"
            f"{rests_on(forecast, snapshot.forecast_age)}"
        ),
        level=HeatLevel.WARNING,
        is_expected=True,
        # A drink now does nothing about tomorrow.
        verbs=(Verb.ON_IT,) if is_tomorrow else verbs_of(person, HeatLevel.WARNING),
    )


def _range(room: ForetoldRoom, now_local: datetime) -> str | None:
    """Return between which hours it is expected to begin, where both are known and differ."""
    if room.latest_at is None or room.latest_at <= room.earliest_at:
        return None
    first, last = (at.astimezone(now_local.tzinfo) for at in (room.earliest_at, room.latest_at))
    return f"{first:%H:%M}-{last:%H:%M}"


def _blinds_at(person: Person, room: ForetoldRoom, snapshot: Snapshot) -> str | None:
    """Return when the first blind without a motor should be down for that spell."""
    zone = snapshot.now_local.tzinfo
    day = room.at.astimezone(zone).date()
    sun: Sequence[SunPosition] = [
        position
        for position in snapshot.sun
        if position.at.astimezone(zone).date() == day
        and position.at.astimezone(zone).time() >= person.wake_at
    ]
    times = [shade_times(window, sun) for window in room.conditions.room.windows]
    closing = min((found.close_at for found in times if found is not None), default=None)
    if closing is None or closing >= room.at:
        return None
    return f"{closing.astimezone(zone):%H:%M}"


def _close_at(room: ForetoldRoom, snapshot: Snapshot, air: Weather) -> str | None:
    """Return when windows cease to help, if that comes before the heat."""
    times = airing_times(room.conditions, air, snapshot.now_utc)
    if times is None or times.close_at is None or times.close_at > room.at:
        return None
    return f"{times.close_at.astimezone(snapshot.now_local.tzinfo):%H:%M}"


def _read(message: Message) -> Announced:
    at = spell_at(message)
    said = message.parameters
    if at is None:
        room = said.get("room")
        return Announced(room=None if room is None else str(room))
    peak_c, level = said.get("expected_temperature_c"), said.get("expected_level")
    return Announced(
        room=str(said.get("room")),
        at=at,
        earliest_at=message.moment("earliest_at"),
        latest_at=message.moment("latest_at"),
        peak_c=float(peak_c) if isinstance(peak_c, int | float) else 0.0,
        level=HeatLevel.HIGH if level == HeatLevel.HIGH else HeatLevel.WARNING,
    )
