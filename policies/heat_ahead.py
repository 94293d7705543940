"""Put what a room's own forecast says into one early finding, and remember what was announced.

An announcement keeps its hour, its range and its temperature until they clearly change: a forecast
that is made anew every hour must not make a new message every hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
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
MAYBE, MAYBE_TOMORROW = "heat_maybe", "heat_maybe_tomorrow"
_EARLY: Final = frozenset({TODAY, TOMORROW, MAYBE, MAYBE_TOMORROW})

SAME_SPELL: Final = timedelta(hours=6)
"""Two expected hours of different days, so far apart, are each announced for themselves."""

TOLD_LONG_AGO: Final = timedelta(hours=12)
"""What is expected so long after a room's heat was told is news, however soon it comes."""

FAR: Final = timedelta(hours=6)
"""What is expected so much later than a room that is hot now is news of another spell."""


@dataclass(frozen=True, slots=True)
class ForetoldRoom:
    """Carry where, from when and how hot a person's level 2 is expected (moments aware UTC).

    `level` is the highest expected of that spell. `latest_at` is `None` where it may not come at
    all. `is_likely` is `False` while it has become less likely than not; `is_sure` says that it is
    likely enough for a sound.
    """

    conditions: RoomConditions
    limit_c: float
    level: HeatLevel
    at: datetime
    earliest_at: datetime
    latest_at: datetime | None
    peak_c: float
    is_likely: bool = True
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Announced:
    """Carry what a live alert announces; `at` is `None` of one without a room's own forecast."""

    room: str | None = None
    at: datetime | None = None
    earliest_at: datetime | None = None
    latest_at: datetime | None = None
    peak_c: float = 0.0
    level: HeatLevel = HeatLevel.WARNING
    is_sure: bool = True


def day_of(at: datetime, person: Person, zone: tzinfo | None) -> date:
    """Return the day to which a moment belongs for somebody: the night belongs to the day before.

    Args:
        at: aware.
        person: whose day it is, from getting up to getting up.
        zone: the home's.
    """
    local = at.astimezone(zone)
    return local.date() - timedelta(days=local.time() < person.wake_at)


def announced_to(person_id: str, alerts: Iterable[Alert]) -> Announced | None:
    """Return what is announced to a person, or `None`."""
    for alert in alerts:
        is_theirs = (alert.key.policy, alert.key.subject) == (POLICY, person_id)
        if is_theirs and alert.is_expected and alert.phase is not AlertPhase.RESOLVED:
            return _read(alert.message)
    return None


def spell_at(message: Message) -> datetime | None:
    """Return the hour that an early announcement names (aware UTC), else `None`."""
    return message.moment("expected_at") if message.message_id in _EARLY else None


def has_wavered(person_id: str, day: date, alerts: Iterable[Alert]) -> bool:
    """Return whether a day's heat was announced to a person with a sound, and taken back."""
    return any(
        (alert.key.policy, alert.key.subject) == (POLICY, person_id)
        and alert.is_expected
        and alert.phase is AlertPhase.RESOLVED
        and alert.told_severity >= Severity.WARNING
        and alert.message.parameters.get("expected_day") == day.isoformat()
        for alert in alerts
    )


def is_another_spell(before: Alert, finding: Finding, now_utc: datetime) -> bool:
    """Return whether a finding announces another day's heat than what was told."""
    at = spell_at(finding.message)
    if at is None:
        return False
    if before.is_expected:
        is_early = spell_at(before.message) is not None
        return is_early and not _is_same_spell(before.message, finding.message)
    is_old = before.since_told is not None and before.since_told >= TOLD_LONG_AGO
    return is_old or at - now_utc >= FAR


def is_news_of_later(alert: Alert, earlier: Alert) -> bool:
    """Return whether an alert announces heat of a later day than what an ended one told of."""
    at = spell_at(alert.message)
    if at is None or not alert.is_expected:
        return False
    if spell_at(earlier.message) is not None and earlier.is_expected:
        return not _is_same_spell(earlier.message, alert.message)
    return at - alert.raised_at >= FAR


def announces_same_spell(earlier: Alert, alert: Alert) -> bool:
    """Return whether both announce the same day's heat early."""
    is_expected = alert.is_expected and earlier.is_expected
    return is_expected and _is_same_spell(earlier.message, alert.message)


def _is_same_spell(told: Message, message: Message) -> bool:
    """Return whether two early announcements are of one day, or of hours near each other."""
    at, told_at = spell_at(message), spell_at(told)
    if at is None or told_at is None:
        return False
    day, told_day = (each.parameters.get("expected_day") for each in (message, told))
    return (day is not None and day == told_day) or abs(at - told_at) < SAME_SPELL


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
    day_ahead = day_of(room.at, person, now_local.tzinfo)
    is_tomorrow = day_ahead > now_local.date()
    range_local = _range(room, now_local)
    parameters: Parameters = room_parameters(person, room.conditions, now_local.tzinfo) | {
        "limit_c": room.limit_c,
        "expected_at": room.at.isoformat(),
        "earliest_at": room.earliest_at.isoformat(),
        "latest_at": None if room.latest_at is None else room.latest_at.isoformat(),
        "expected_day": day_ahead.isoformat(),
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
    verb = "expected" if room.is_sure else "may get"
    today, tomorrow = (TODAY, TOMORROW) if room.is_sure else (MAYBE, MAYBE_TOMORROW)
    return Finding(
        policy=POLICY,
        subject=person.person_id,
        severity=Severity.WARNING if room.is_sure else Severity.NUDGE,
        person_ids=(person.person_id,),
        message=Message(tomorrow if is_tomorrow else today, parameters),
        reason=(
            f"{room.conditions.room.name} {verb} over {room.limit_c:.1f} °C {day}from about "
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
        is_sure=message.message_id in {TODAY, TOMORROW},
    )
