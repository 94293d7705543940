"""Tell a person in the morning what the day will be like: one short message, if they want one.

It is due at the time they chose, and for two hours after it (keepcool was down, or they were in
their quiet hours). It says what is known and leaves out the rest. Once told it stays as it was said
until midnight. Source: DESIGN "Alerts"; where no other is named, the numbers are our own choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from policies import digest
from policies.airing import is_too_humid
from policies.alert import Alert, Finding, Message, Severity
from policies.brief_timing import DUE_FOR, POLICY, is_of_today, live_brief, since_due
from policies.foresight import foresee
from policies.heat_limits import every_room_of, personal_limits
from policies.heat_message import COOLER_OUTDOORS_C
from policies.heat_outlook import has_ready_cooling
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
    RoomAssessment,
    RoomConditions,
    Snapshot,
)
from policies.official_warnings import most_serious
from policies.outlook import HORIZON, expect
from policies.shade import WARM_DAY_UNDER_LIMIT_C
from policies.window_sun import shade_times

TOLD_AGAIN_AFTER = timedelta(hours=12)  # by true time, whatever the wall clock does
WINDOWS_AHEAD = timedelta(hours=18)  # to the cool of the next night
DAY_AHEAD = timedelta(hours=16)  # of a room's own forecast: to the evening
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
        person_id = conditions.person.person_id
        known = live_brief(snapshot.alerts, person_id)
        if known is not None and known.since_told is not None:
            if is_of_today(known.since_told, snapshot):
                findings.append(_finding(person_id, known.told_severity, known.message))
            continue
        since = since_due(conditions.person, snapshot.now_local)
        if since is None or _was_told(snapshot.alerts, person_id):
            continue
        is_due = since < DUE_FOR
        if known is not None and not is_due:
            message = known.message
        else:
            message = _message(snapshot, heat, conditions, goals.get(person_id))
        severity = _severity(heat, person_id) if is_due else Severity.DISPLAY
        findings.append(_finding(person_id, severity, message))
    return tuple(findings)


def _was_told(alerts: Iterable[Alert], person_id: str) -> bool:
    """Return whether the person heard a brief that this one would repeat: the clock went back."""
    return any(
        alert.key.policy == POLICY
        and alert.key.subject == person_id
        and alert.since_told is not None
        and alert.since_told < TOLD_AGAIN_AFTER
        for alert in alerts
    )


def _severity(heat: HeatResult, person_id: str) -> Severity:
    """Return silence, unless level 2 is there or likely."""
    is_hot = any(
        finding.severity >= Severity.WARNING and person_id in finding.person_ids
        for finding in heat.findings
    )
    return Severity.WARNING if is_hot else Severity.NUDGE


def _finding(person_id: str, severity: Severity, message: Message) -> Finding:
    return Finding(POLICY, person_id, severity, (person_id,), message, "the day ahead")


# --------------------------------------------------------------------------- what it says


def _message(
    snapshot: Snapshot, heat: HeatResult, conditions: PersonConditions, goal_ml: int | None
) -> Message:
    """Return what is known of the day, by what the text may name."""
    person = conditions.person
    rooms = [room for room in snapshot.rooms if room.room.room_id in every_room_of(person)]
    forecast = usable_forecast(snapshot)
    parameters: Parameters = {"goal_ml": goal_ml, "plan": plan_name(person)}
    parameters |= _outdoors(forecast, snapshot)
    limit_c = personal_limits(person, is_night_bedroom=False).level_1_c
    parameters |= _indoors(rooms, forecast, snapshot, limit_c)
    parameters |= _over_limit(heat, person.person_id, rooms)
    # Of a room over the limit its hours come first, and how hot it gets after the drinks.
    place = "hottest_room" if "over_at" in parameters else "warmest_room"
    parameters[place] = parameters.get("room")
    maximum_c = parameters.get("forecast_maximum_c")
    if isinstance(maximum_c, float) and maximum_c >= limit_c - WARM_DAY_UNDER_LIMIT_C:
        parameters |= _windows(heat, rooms, forecast, snapshot)
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
    best: tuple[HourlyValue, RoomConditions] | None = None
    for room in rooms:
        horizon = HORIZON if room.ahead is None else DAY_AHEAD
        for hour in expect(room, forecast, snapshot.now_utc, horizon):
            if best is None or hour.effective_temperature_c > best[0].effective_temperature_c:
                best = (hour, room)
    if best is None or best[0].effective_temperature_c < limit_c:
        return {}
    highest, room = best
    foreseen = {hour.at: hour for hour in foresee(room, snapshot.now_utc)}.get(highest.at)
    return {
        "room": room.room.name,
        "expected_temperature_c": round(highest.effective_temperature_c, 1),
        "expected_low_c": None if foreseen is None else round(foreseen.low_c, 1),
        "expected_high_c": None if foreseen is None else round(foreseen.high_c, 1),
        "expected_at_local": _clock(highest.at, snapshot),
    }


def _over_limit(heat: HeatResult, person_id: str, rooms: Iterable[RoomConditions]) -> Parameters:
    """Return in which room and from when level 2 is expected, so that nothing says it again."""
    for finding in heat.findings:
        if finding.is_expected and finding.subject == person_id:
            said = finding.message.parameters
            there = [room for room in rooms if room.room.name == said.get("room")]
            is_ready = said.get("cooling") == "off" and any(map(has_ready_cooling, there))
            return {
                "over_room": said.get("room"),
                "over_at": said.get("expected_at"),
                ("over_at_local" if finding.severity >= Severity.WARNING else "maybe_at_local"): (
                    said.get("expected_at_local")
                ),
                "over_range_local": said.get("expected_range_local"),
                "cooling": "later" if is_ready else said.get("cooling"),
                "device": said.get("device"),
            }
    return {}


def _windows(
    heat: HeatResult, rooms: Sequence[RoomConditions], forecast: Forecast | None, snapshot: Snapshot
) -> Parameters:
    """Return when it gets warmer outdoors than in, and when it is clearly cooler again.

    By the rooms' own forecasts where there are any. Air that is much more humid opens nothing.
    """
    room_ids = {room.room.room_id for room in rooms}
    foreseen = [
        room
        for room in heat.rooms
        if room.room_id in room_ids and room.expected_maximum_c is not None
    ]
    if foreseen:
        return _airing(foreseen, snapshot)
    indoors = [
        (room.temperature_c, room.relative_humidity_pct)
        for room in rooms
        if room.freshness is Freshness.FRESH and room.temperature_c is not None
    ]
    hours = _coming(forecast, snapshot, WINDOWS_AHEAD)
    if not indoors or not hours:
        return {}
    indoor_c, indoor_pct = max(indoors, key=lambda air: air[0])
    close = _first(hours, lambda hour: hour.temperature_c >= indoor_c)
    if close is None:
        return {}
    later = [hour for hour in hours if hour.at > close.at]
    opened = _first(
        later,
        lambda hour: (
            hour.temperature_c <= indoor_c - COOLER_OUTDOORS_C
            and not is_too_humid(hour, indoor_c, indoor_pct)
        ),
    )
    is_now = close.at <= snapshot.now_utc
    return {
        "close_at_local": None if is_now else _clock(close.at, snapshot),
        "open_at_local": None if opened is None else _clock(opened.at, snapshot),
    }


def _airing(rooms: Iterable[RoomAssessment], snapshot: Snapshot) -> Parameters:
    """Return when to close the first room's windows, and when to open the last one's, in a day."""
    known = [room for room in rooms if room.open_windows_at or room.close_windows_at]
    opens = [room.open_windows_at for room in known if room.open_windows_at is not None]
    closes = [
        room.close_windows_at
        for room in known
        if room.close_windows_at is not None
        and (room.open_windows_at is None or room.close_windows_at < room.open_windows_at)
    ]
    is_open = len(closes) == len(known)  # else one of them is to be closed by now
    end = snapshot.now_utc + WINDOWS_AHEAD
    moments = {
        "close_at_local": min(closes, default=None) if is_open else None,
        "open_at_local": max(opens, default=None),
    }
    return {
        key: None if at is None or at >= end else _clock(at, snapshot)
        for key, at in moments.items()
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
    hours: Iterable[HourlyForecast], is_it: Callable[[HourlyForecast], bool]
) -> HourlyForecast | None:
    return next((hour for hour in hours if is_it(hour)), None)


def _local(at: datetime, snapshot: Snapshot) -> datetime:
    return at.astimezone(snapshot.now_local.tzinfo)


def _clock(at: datetime, snapshot: Snapshot) -> str:
    return f"{_local(at, snapshot):%H:%M}"
