"""Render what the topics carry: rooms, people, checks and alerts, as JSON that people can read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from daemon.check_rows import Status
from daemon.lease import LeasePhase, LeaseRow, hand_back_state
from policies.alert import Alert, AlertKey, AlertPhase, AlertShown, HeatLevel, Severity
from policies.heat_limits import is_motion_recent
from policies.heat_sensitivity import NOBODY
from policies.model import (
    CoolingCommand,
    CoolingDevice,
    DeviceConditions,
    DeviceKind,
    Freshness,
    Home,
    Person,
    PersonAssessment,
    RoomAssessment,
    RoomConditions,
)
from policies.psychrometrics import heat_index_c
from policies.wording import full_text, render

if TYPE_CHECKING:
    from daemon.check_rows import CheckRow
    from daemon.clock import Instant
    from daemon.events import CheckFinished

LONGEST_CHECK_CHARACTERS = 12_000  # Home Assistant's recorder drops attributes over 16 KiB
ALERT_EVENTS = ("raised", "resolved", "critical")
_URGENCY = (Status.RED, Status.WARNING, Status.OK)
to_json = json.JSONEncoder(separators=(",", ":")).encode  # `dumps` would build one each time


def room_payload(
    assessment: RoomAssessment, room: RoomConditions, *, is_automatic: bool | None = None
) -> str:
    """Render a room's state topic; what a room that is not seen is like is `null`."""
    is_seen = assessment.freshness is Freshness.FRESH
    level, expected = assessment.level, assessment.expected_level
    is_level_known = is_seen or level > HeatLevel.NORMAL  # a room out of sight keeps what it was
    is_expected_known = is_seen or expected > HeatLevel.NORMAL
    expected_at = assessment.expected_at
    return to_json(
        {
            "level": int(level),
            "heat_level": level.word if is_level_known else None,
            "freshness": assessment.freshness.value,
            "temperature_c": _rounded(room.temperature_c, 2),
            "relative_humidity_pct": _rounded(room.relative_humidity_pct, 1),
            "heat_index_c": _rounded(
                heat_index_c(room.temperature_c, room.relative_humidity_pct), 1
            ),
            "effective_temperature_c": _rounded(room.effective_temperature_c, 2),
            "limit_c": assessment.limit_c,
            "expected_level": int(expected),
            "expected_heat_level": expected.word if is_expected_known else None,
            "expected_at": _iso(expected_at),
            "is_expected_too_hot": expected >= HeatLevel.WARNING if is_expected_known else None,
            "expected_maximum_c": assessment.expected_maximum_c if is_seen else None,
            "expected_maximum_at": _iso(assessment.expected_maximum_at) if is_seen else None,
            "open_windows_at": _iso(assessment.open_windows_at) if is_seen else None,
            "close_windows_at": _iso(assessment.close_windows_at) if is_seen else None,
            "is_cooling_automatic": is_automatic,
            "motion": None if room.since_motion is None else is_motion_recent(room.since_motion),
            "reason": assessment.reason,
        }
    )


def forecast_payload(room: RoomConditions) -> str:
    """Render what a room was foretold, hour by hour, as it was made; empty while that is unknown.

    Three rows of 48 numbers are about a kilobyte, once an hour.
    """
    ahead = room.ahead if room.freshness is Freshness.FRESH else None
    if ahead is None or not ahead.hours:
        return "{}"
    return to_json(
        {
            "forecast_from": ahead.hours[0].at.isoformat(),
            "low_c": [_rounded(hour.low_c, 1) for hour in ahead.hours],
            "middle_c": [_rounded(hour.middle_c, 1) for hour in ahead.hours],
            "high_c": [_rounded(hour.high_c, 1) for hour in ahead.hours],
        }
    )


def person_payloads(
    person: PersonAssessment, now_utc: datetime, more: Mapping[str, Any], *, is_seen: bool
) -> tuple[str, str]:
    """Render a person's state topic, and what of it is news: time that passes is none.

    When the next drink is due is a moment, since a countdown would be wrong a minute later.
    """
    is_level_known = is_seen or person.level > HeatLevel.NORMAL
    payload: dict[str, Any] = {
        "level": int(person.level),
        "heat_level": person.level.word if is_level_known else None,
        "drinks_today_ml": person.drunk_today_ml,
        "drinks_goal_ml": person.drinks_goal_ml,
        **more,
    }
    wait = person.next_drink_in
    # To the nearest minute: it must not change with every tick.
    due_at = None if wait is None else now_utc + wait + timedelta(seconds=30)
    shown = None if due_at is None else due_at.isoformat(timespec="minutes")
    is_due = wait is not None and not wait
    payload["next_drink_at"] = shown
    return to_json(payload), to_json(payload | {"next_drink_at": "due"} if is_due else payload)


def heat_alert(
    alerts: Iterable[Alert], person_id: str, names: Mapping[str, str]
) -> dict[str, str | None]:
    """Return what a person's state says of their heat alert; `names` are those who may answer."""
    found: dict[str, str | None] = {
        "heat_alert": AlertShown.NONE.value,
        "heat_alert_at": None,
        "heat_alert_answered_by": None,
    }
    for alert in alerts:
        is_theirs = (alert.key.policy, alert.key.subject) == ("heat", person_id)
        if not is_theirs or alert.shown is AlertShown.NONE:
            continue
        found["heat_alert"] = alert.shown.value
        found["heat_alert_at"] = alert.raised_at.isoformat(timespec="seconds")
        if alert.shown is AlertShown.ANSWERED and alert.answered_by is not None:
            found["heat_alert_answered_by"] = names.get(alert.answered_by)
    return found


def plans_in_words(commands: Iterable[CoolingCommand], home: Home) -> dict[str, str]:
    """Return by device why it runs or does not, as the household reads it."""
    return {each.device_id: full_text(each.message, NOBODY, home) for each in commands}


def device_payload(
    conditions: DeviceConditions, override_until: Instant | None, plan: str | None
) -> str:
    """Render what keepcool does with a device and why, for the household."""
    until = None if conditions.override_remaining is None else override_until
    control = conditions.control
    return to_json(
        {
            "device": conditions.device.device_id,
            "name": conditions.device.name,
            "control": None if control is None else control.value,
            "left_alone_until": until and until.utc.isoformat(timespec="seconds"),
            "plan": plan,
        }
    )


def check_payload(finished: CheckFinished, now_utc: datetime) -> str:
    """Render what a check found: what is wrong first, cut where Home Assistant would drop it."""
    report = finished.report
    rows = list(report.rows) if report is not None else []
    result = next(
        (status for status in _URGENCY if any(row.status is status for row in rows)), Status.RED
    )
    found: dict[str, Any] = {
        "result": result.value.lower(),
        "at": now_utc.isoformat(timespec="seconds"),
        "error": finished.error,
        "rows": [],
        "rows_left_out": 0,
    }
    length = 0
    for row in sorted(rows, key=lambda row: _URGENCY.index(row.status)):
        shown = _check_row(row)
        length += len(to_json(shown))
        if length <= LONGEST_CHECK_CHARACTERS:
            found["rows"].append(shown)
        else:
            found["rows_left_out"] += 1
    return to_json(found)


def _check_row(row: CheckRow) -> dict[str, str]:
    shown = {"name": row.name, "status": row.status.value.lower(), "what": row.what}
    return shown | ({"fix": row.fix} if row.fix else {})


def alert_events(
    before: Mapping[AlertKey, Alert],
    after: Iterable[Alert],
    people: Iterable[Person],
    home: Home,
    now_utc: datetime,
) -> Iterator[tuple[str, str]]:
    """Yield person and payload of each alert that came, got critical, or went.

    What is only displayed is no alert here. Words are those of the phone, so that nobody whose
    fluids are restricted meets a volume; what is over has none, since it asks for nothing.
    """
    by_id = {person.person_id: person for person in people}
    for alert in after:
        known = before.get(alert.key)
        for person_id in alert.person_ids:
            was, now = _urgency(known, person_id), _urgency(alert, person_id)
            if was == now or person_id not in by_id:
                continue
            if now is None:
                event = "resolved"
            elif now >= Severity.CRITICAL:
                event = "critical"
            elif was is None:
                event = "raised"
            else:
                continue  # from critical back to a warning, or a louder warning
            words = None if now is None else render(alert.message, by_id[person_id], home)
            yield (
                person_id,
                to_json(
                    {
                        "event_type": event,
                        "about": alert.key.policy,
                        "title": words.title if words else None,
                        "text": words.body if words else None,
                        "level": int(alert.level),
                        "severity": alert.severity.name.lower(),
                        "is_expected": alert.is_expected,
                        "tag": alert.key.tag,
                        "at": now_utc.isoformat(timespec="seconds"),
                    }
                ),
            )


def _urgency(alert: Alert | None, person_id: str) -> Severity | None:
    """Return how urgent an alert is for a person, or `None` while it is none."""
    if alert is None or alert.phase in (AlertPhase.PENDING, AlertPhase.RESOLVED):
        return None
    if person_id not in alert.person_ids or alert.severity is Severity.DISPLAY:
        return None
    return alert.severity


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def lease_payload(row: LeaseRow, device: CoolingDevice, limit_c: float | None) -> str:
    """Render what keepcool holds of a device; empty when it holds nothing.

    A plug that speaks MQTT has no entity; `release_to` is `null` for what stays as it is.
    """
    if row.phase is not LeasePhase.RUNNING or row.until is None or row.desired is None:
        return ""
    released = hand_back_state(device, row)
    parts: dict[str, Any] = {}
    if released is not None:
        parts = {"is_on": released.is_on, "hvac_mode": released.hvac_mode}
    if released is not None and released.is_on:
        parts["temperature_c"] = released.target_temperature_c
        parts["humidity_pct"] = released.target_humidity_pct
        parts["mode"] = released.mode
    run_until = None if row.started is None else row.started.utc + device.longest_run
    return to_json(
        {
            "device": row.device_id,
            "name": device.name,
            "entity": None if device.kind is DeviceKind.PLUG else device.entity_id,
            "until": row.until.utc.isoformat(timespec="seconds"),
            "run_until": None if run_until is None else run_until.isoformat(timespec="seconds"),
            "limit_c": limit_c,
            "is_on": row.desired.is_on,
            "ends_by_itself": row.timer_until is not None,
            "release_to": {key: value for key, value in parts.items() if value is not None} or None,
        }
    )
