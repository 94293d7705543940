"""Tell a person in the morning what the day will be like: one short message, if they want one.

It is due at the time they chose, and for two hours after it (keepcool was down, or they were in
their quiet hours). It says what is known and leaves out the rest. Once told it stays as it was said
until midnight. Source: DESIGN "Alerts"; where no other is named, the numbers are our own choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from policies import digest
from policies.alert import Alert, AlertPhase, Finding, Message, Severity
from policies.heat_limits import every_room_of, personal_limits
from policies.heat_message import COOLER_OUTDOORS_C
from policies.heat_sensitivity import HeatResult, usable_forecast
from policies.hydration import plan_name
from policies.model import (
    Forecast,
    Freshness,
    HourlyForecast,
    HourlyValue,
    Person,
    PersonAssessment,
    PersonConditions,
    RoomConditions,
    Snapshot,
)
from policies.official_warnings import most_serious
from policies.outlook import expect
from policies.shade import WARM_DAY_UNDER_LIMIT_C, shade_times

POLICY = "brief"
DUE_FOR = timedelta(hours=2)
WINDOWS_AHEAD = timedelta(hours=18)  # to the cool of the next night
WALK_AHEAD = timedelta(hours=14)
WALK_UNDER_C = 27.0  # Source: EVIDENCE 8, "Outdoor forecast notice" (NWS caution, 80 °F)
_HOUR = timedelta(hours=1)

Parameters = dict[str, str | int | float | bool | None]


def evaluate(
    snapshot: Snapshot, heat: HeatResult, people: Sequence[PersonAssessment]
) -> tuple[Finding, ...]:
    """Return the brief of everybody who wants one and whose time has come today.

    Args:
        snapshot: the home now.
        heat: `heat_sensitivity.evaluate` of it: whether level 2 is there or expected.
        people: with their drinks goals.
    """
    if not snapshot.is_clock_synchronised:
        return ()
    goals = {person.person_id: person.drinks_goal_ml for person in people}
    findings = []
    for conditions in snapshot.people:
        since = _since_due(conditions.person, snapshot.now_local)
        if since is None:
            continue
        person_id = conditions.person.person_id
        known = _known_today(snapshot.alerts, person_id)
        if known is not None and known.since_told is not None:
            findings.append(_finding(person_id, known.told_severity, known.message))
            continue
        is_due = since < DUE_FOR
        if known is not None and not is_due:
            message = known.message
        else:
            message = _message(snapshot, conditions, goals.get(person_id))
        severity = _severity(heat, person_id) if is_due else Severity.DISPLAY
        findings.append(_finding(person_id, severity, message))
    return tuple(findings)


def _since_due(person: Person, now_local: datetime) -> timedelta | None:
    """Return how long ago today's brief was due, or `None` before that and without one."""
    if person.brief_at is None:
        return None
    due = datetime.combine(now_local.date(), person.brief_at, now_local.tzinfo)
    since = now_local.replace(tzinfo=None) - due.replace(tzinfo=None)  # both of one wall clock
    return since if since >= timedelta(0) else None


def _known_today(alerts: Iterable[Alert], person_id: str) -> Alert | None:
    live = [
        alert
        for alert in alerts
        if alert.key.policy == POLICY
        and alert.key.subject == person_id
        and alert.phase is not AlertPhase.RESOLVED
    ]
    return live[-1] if live else None


def _severity(heat: HeatResult, person_id: str) -> Severity:
    """Return silence, unless level 2 is there or expected."""
    is_hot = any(
        finding.severity >= Severity.WARNING and person_id in finding.person_ids
        for finding in heat.findings
    )
    return Severity.WARNING if is_hot else Severity.NUDGE


def _finding(person_id: str, severity: Severity, message: Message) -> Finding:
    return Finding(POLICY, person_id, severity, (person_id,), message, "the day ahead")


# --------------------------------------------------------------------------- what it says


def _message(snapshot: Snapshot, conditions: PersonConditions, goal_ml: int | None) -> Message:
    """Return what is known of the day, by what the text may name."""
    person = conditions.person
    rooms = [room for room in snapshot.rooms if room.room.room_id in every_room_of(person)]
    forecast = usable_forecast(snapshot)
    parameters: Parameters = {"goal_ml": goal_ml, "plan": plan_name(person)}
    parameters |= _outdoors(forecast, snapshot)
    limit_c = personal_limits(person, is_night_bedroom=False).level_1_c
    parameters |= _indoors(rooms, forecast, snapshot, limit_c)
    maximum_c = parameters.get("forecast_maximum_c")
    if isinstance(maximum_c, float) and maximum_c >= limit_c - WARM_DAY_UNDER_LIMIT_C:
        parameters |= _windows(rooms, forecast, snapshot)
        parameters |= _blinds(rooms, snapshot)
        parameters |= _walk(person, forecast, snapshot)
    waiting = digest.members(snapshot.alerts, person.person_id)
    parameters["count"] = len(waiting) or None
    official = [warning for warning in snapshot.warnings if warning.ends_at > snapshot.now_utc]
    parameters["official_event"] = most_serious(official).event if official else None
    return Message("brief", parameters)


def _outdoors(forecast: Forecast | None, snapshot: Snapshot) -> Parameters:
    """Return today's hottest hour."""
    today = snapshot.now_local.date()
    hours = [
        hour
        for hour in _coming(forecast, snapshot, timedelta(days=1))
        if _local(hour.at, snapshot).date() == today
    ]
    if not hours:
        return {}
    hottest = max(hours, key=lambda hour: hour.temperature_c)
    return {
        "forecast_maximum_c": float(hottest.temperature_c),
        "forecast_maximum_at_local": _clock(hottest.at, snapshot),
    }


def _indoors(
    rooms: Iterable[RoomConditions],
    forecast: Forecast | None,
    snapshot: Snapshot,
    limit_c: float,
) -> Parameters:
    """Return the hottest hour of the room that gets hottest, if it is expected at the limit."""
    best: tuple[HourlyValue, str] | None = None
    for room in rooms:
        for hour in expect(room, forecast, snapshot.now_utc):
            if best is None or hour.effective_temperature_c > best[0].effective_temperature_c:
                best = (hour, room.room.name)
    if best is None or best[0].effective_temperature_c < limit_c:
        return {}
    return {
        "room": best[1],
        "expected_temperature_c": round(best[0].effective_temperature_c, 1),
        "expected_at_local": _clock(best[0].at, snapshot),
    }


def _windows(
    rooms: Iterable[RoomConditions], forecast: Forecast | None, snapshot: Snapshot
) -> Parameters:
    """Return when it gets warmer outdoors than in, and when it is clearly cooler again."""
    indoors = [
        room.temperature_c
        for room in rooms
        if room.freshness is Freshness.FRESH and room.temperature_c is not None
    ]
    hours = _coming(forecast, snapshot, WINDOWS_AHEAD)
    if not indoors or not hours:
        return {}
    indoor_c = max(indoors)
    close = _first(hours, lambda outdoor_c: outdoor_c >= indoor_c)
    if close is None:
        return {}
    later = [hour for hour in hours if hour.at > close.at]
    opened = _first(later, lambda outdoor_c: outdoor_c <= indoor_c - COOLER_OUTDOORS_C)
    is_now = close.at <= snapshot.now_utc
    return {
        "close_at_local": None if is_now else _clock(close.at, snapshot),
        "open_at_local": None if opened is None else _clock(opened.at, snapshot),
    }


def _blinds(rooms: Iterable[RoomConditions], snapshot: Snapshot) -> Parameters:
    """Return when the first blind without a motor should be down."""
    times = [shade_times(window, snapshot.sun) for room in rooms for window in room.room.windows]
    closing = min((found.close_at for found in times if found is not None), default=None)
    return {} if closing is None else {"blinds_at_local": _clock(closing, snapshot)}


def _walk(person: Person, forecast: Forecast | None, snapshot: Snapshot) -> Parameters:
    """Return the coolest hour to be outdoors before bed, if it is cool enough."""
    hours = [
        hour
        for hour in _coming(forecast, snapshot, WALK_AHEAD)
        if hour.at > snapshot.now_utc
        and person.wake_at <= _local(hour.at, snapshot).time() < person.bed_at
    ]
    coolest = min(hours, key=lambda hour: hour.temperature_c, default=None)
    if coolest is None or coolest.temperature_c >= WALK_UNDER_C:
        return {}
    return {"walk_at_local": _clock(coolest.at, snapshot)}


def _coming(
    forecast: Forecast | None, snapshot: Snapshot, ahead: timedelta
) -> list[HourlyForecast]:
    """Return the present hour and those that begin within `ahead`."""
    now = snapshot.now_utc.astimezone(UTC)
    hours = forecast.hours if forecast else ()
    return [hour for hour in hours if now - _HOUR < hour.at < now + ahead]


def _first(
    hours: Iterable[HourlyForecast], is_it: Callable[[float], bool]
) -> HourlyForecast | None:
    return next((hour for hour in hours if is_it(hour.temperature_c)), None)


def _local(at: datetime, snapshot: Snapshot) -> datetime:
    return at.astimezone(snapshot.now_local.tzinfo)


def _clock(at: datetime, snapshot: Snapshot) -> str:
    return f"{_local(at, snapshot):%H:%M}"
