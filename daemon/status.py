"""Describe the home for `keepcool status`: what is seen, judged, switched, waiting and broken."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from daemon.face_payloads import plans_in_words
from policies.alert import Alert, AlertPhase
from policies.model import (
    DeviceConditions,
    DeviceKind,
    HourlyForecast,
    LinkConditions,
    OfficialWarning,
    PersonAssessment,
    PersonConditions,
    RoomAssessment,
    RoomConditions,
    Snapshot,
)

if TYPE_CHECKING:
    from daemon.clock import Instant
    from daemon.hours import Basis
    from daemon.loop import Daemon
    from daemon.outbox import OutboxRow
    from daemon.sensor_track import SensorTrack


PHONE = "phone:"
SECOND_ROAD = "second_road:"
ANNOUNCER = "announcer:"
_TOLD_WHEN_DOWN = ("home_assistant", PHONE, SECOND_ROAD, ANNOUNCER, "heartbeat")


def announcer_link(channel_id: str) -> str:
    """Name a speaker or light among the links: "announcer:anna:light.hall"."""
    owner, _, entity_id = channel_id.partition(f":{ANNOUNCER}")
    return f"{ANNOUNCER}{owner}:{entity_id}"


def second_road_link(channel_id: str) -> str:
    """Name a second road among the links: "second_road:anna", with a number from the second on."""
    owner, _, number = channel_id.partition(f":{SECOND_ROAD}")
    return SECOND_ROAD + (owner if number == "1" else f"{owner}:{number}")


def home_state(daemon: Daemon, snapshot: Snapshot) -> dict[str, Any]:
    """Return the home's retained state topic: trouble, forecast, counts."""
    live = [alert for alert in daemon.decision.alerts if alert.phase is not AlertPhase.RESOLVED]
    forecast = snapshot.forecast
    hottest = _hottest(snapshot)
    return {
        "trouble": sorted(alert.reason for alert in live if alert.key.policy == "trouble"),
        "alerts": sorted(alert.key.tag for alert in live),
        "forecast_source": forecast.source if forecast else None,
        "forecast_fetched_at": forecast.fetched_at.isoformat() if forecast else None,
        "hottest_outdoors_c": None if hottest is None else hottest.temperature_c,
        "hottest_outdoors_at": None if hottest is None else hottest.at.isoformat(),
        "official_warning": _official_level(
            snapshot, is_complete=daemon.state.official.is_complete
        ),
        "official_warnings": [_official(warning) for warning in snapshot.warnings],
        "outbox_waiting": len(daemon.outbox),
        "unheard": sorted(key.tag for key in daemon.decision.unheard),  # urgent; no road took it
        # What was tried and does not work; what waits for it is tried again and again.
        "roads_down": _roads_down(snapshot),
        "is_basic": daemon.parts.start.is_basic,
        "version": daemon.parts.version,
    }


def _roads_down(snapshot: Snapshot) -> list[str]:
    down = {link.link for link in snapshot.links if not link.is_up}
    told = {name for name in down if name.startswith(_TOLD_WHEN_DOWN)}
    if "home_assistant" in down:  # which explains it
        told = {name for name in told if not name.startswith(PHONE)}
    return sorted(told)


def build_status(daemon: Daemon, now: Instant) -> dict[str, Any]:
    """Return the status file's content: plain JSON types only, ages in seconds."""
    own = {
        "version": daemon.parts.version,
        "pid": os.getpid(),
        "at": now.utc.isoformat(),
        "has_stopped": daemon.is_stopping,
    }
    snapshot = daemon.snapshot
    if snapshot is None or daemon.is_stopping:
        return own
    known = {found.person.person_id: found for found in snapshot.people}
    plans = plans_in_words(daemon.decision.cooling, snapshot.home)
    assessed = {room.room_id: room for room in daemon.decision.rooms}
    guarded = daemon.parts.watchdogs.guarded(now)
    return own | {
        "home": snapshot.home.name,
        "running_for_s": _seconds(snapshot.since_start),
        "is_basic": daemon.parts.start.is_basic,
        "is_clock_synchronised": snapshot.is_clock_synchronised,
        "links": [_link(link) for link in snapshot.links],
        "rooms": [
            _room(room, assessed[room.room.room_id], daemon.state.sensing.tracks, guarded, plans)
            | {"foretold": _foretold(room, daemon.state.foresight.basis(room.room.room_id))}
            for room in snapshot.rooms
            if room.room.room_id in assessed
        ],
        "rooms_foretold": sum(room.ahead is not None for room in snapshot.rooms),
        "people": [
            _person(person, known.get(person.person_id)) for person in daemon.decision.people
        ],
        "alerts": [
            _alert(alert)
            for alert in daemon.decision.alerts
            if alert.phase is not AlertPhase.RESOLVED
        ],
        "forecast": {
            "source": snapshot.forecast.source if snapshot.forecast else None,
            "age_s": _seconds(snapshot.forecast_age),
            "until": snapshot.forecast.hours[-1].at.isoformat() if snapshot.forecast else None,
            "sources": [
                {"source": schedule.name, "last_error": schedule.last_error}
                for schedule in daemon.state.poller.schedules
            ],
        },
        "official_warnings": {
            "warnings": [_official(warning) for warning in snapshot.warnings],
            "services": [
                {"service": schedule.name, "last_error": schedule.last_error}
                for schedule in daemon.state.official.schedules
            ],
        },
        "outbox": [_waiting(row) for row in daemon.outbox.rows],
        "unheard": sorted(key.tag for key in daemon.decision.unheard),
        "sick_threads": sorted(daemon.supervisor.sick_threads()),
        "internal_errors": daemon.errors,
    }


def _hottest(snapshot: Snapshot) -> HourlyForecast | None:
    """Return the hottest hour outdoors of the next 24; `None` without a forecast."""
    hours = snapshot.forecast.hours if snapshot.forecast else ()
    first = snapshot.now_utc - timedelta(hours=1)  # the present hour began within the last
    near = [hour for hour in hours if first < hour.at <= first + timedelta(hours=24)]
    return max(near, key=lambda hour: hour.temperature_c, default=None)


def _official_level(snapshot: Snapshot, *, is_complete: bool) -> str | None:
    level = max((warning.level for warning in snapshot.warnings), default=None)
    if level is None:
        return "none" if is_complete else None
    return level.name.lower()


def _official(warning: OfficialWarning) -> dict[str, Any]:
    return {
        "service": warning.service,
        "sender": warning.sender,
        "event": warning.event,
        "level": warning.level.name.lower(),
        "area": warning.area,
        "starts_at": warning.starts_at.isoformat(),
        "ends_at": warning.ends_at.isoformat(),
    }


def _link(link: LinkConditions) -> dict[str, Any]:
    return {
        "link": link.link,
        "is_up": link.is_up,
        "down_for_s": _seconds(link.down_for),
        "detail": link.detail,
        "is_refused": link.is_refused,
    }


def _person(person: PersonAssessment, known: PersonConditions | None) -> dict[str, Any]:
    return {
        "is_at_home": None if known is None else known.is_at_home,
        "presence_age_s": None if known is None else _seconds(known.presence_age),
        "person_id": person.person_id,
        "level": int(person.level),
        "drinks_today_ml": person.drunk_today_ml,
        "drinks_goal_ml": person.drinks_goal_ml,
        "next_drink_in_s": _seconds(person.next_drink_in),
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "tag": alert.key.tag,
        "phase": alert.phase.value,
        "severity": alert.severity.name.lower(),
        "level": int(alert.level),
        "raised_at": alert.raised_at.isoformat(),
        "told_s_ago": _seconds(alert.since_told),
        "reason": alert.reason,
    }


def _waiting(row: OutboxRow) -> dict[str, Any]:
    return {
        "tag": row.message.tag,
        "channel": row.channel_id,
        "attempts": row.attempts,
        "last_error": row.last_error,
        "waiting_since": row.created.utc.isoformat(),
    }


def _room(
    room: RoomConditions,
    assessed: RoomAssessment,
    tracks: Mapping[str, SensorTrack],
    guarded: Collection[str],
    plans: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "room_id": room.room.room_id,
        "name": room.room.name,
        "level": int(assessed.level),
        "limit_c": assessed.limit_c,
        "reason": assessed.reason,
        "freshness": room.freshness.value,
        "temperature_c": room.temperature_c,
        "relative_humidity_pct": room.relative_humidity_pct,
        "effective_temperature_c": room.effective_temperature_c,
        "age_s": _seconds(room.age),
        "since_motion_s": _seconds(room.since_motion),
        "sensors": [
            {
                "sensor_id": reading.sensor_id,
                "road": "home_assistant" if reading.is_by_entity else "mqtt",
                "freshness": reading.freshness.value,
                "age_s": _seconds(reading.age),
                "stale_after_s": _seconds(reading.stale_after),
                "suspect": reading.suspect_reason,
                "battery_low": reading.is_battery_low,
                "rejected": tracks[reading.sensor_id].rejected,
                "last_rejected": tracks[reading.sensor_id].last_rejected,
            }
            for reading in room.readings
        ],
        "cooling": [
            _device(conditions, guarded) | {"plan": plans.get(conditions.device.device_id)}
            for conditions in room.devices
        ],
    }


def _foretold(room: RoomConditions, basis: Basis | None) -> dict[str, Any] | None:
    """Say what a room's forecast rests on; `None` for a room that is not learned."""
    if basis is None:
        return None
    ahead = room.ahead
    return {
        "made_at": None if ahead is None else ahead.hours[0].at.isoformat(),
        "highest_c": None if ahead is None else round(ahead.peak_c, 2),
        "used": None if basis.used is None else basis.used.value,
        "is_learned": basis.is_learned,
        "lacks_weather": basis.lacks_weather,
        "days": basis.days,
        "error_24h_k": _rounded(basis.error_k),
        "yesterday_error_24h_k": _rounded(basis.yesterday_k),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _device(conditions: DeviceConditions, guarded: Collection[str]) -> dict[str, Any]:
    """Tell of a device; those that are `guarded` are ended by Home Assistant if keepcool dies."""
    lease = conditions.lease
    observed = conditions.observed
    is_ours_to_end = lease is not None and conditions.device.role.has_compressor
    is_by_entity = conditions.device.kind is not DeviceKind.PLUG
    is_guarded = is_by_entity and conditions.device.device_id in guarded
    return {
        "device_id": conditions.device.device_id,
        "entity_id": conditions.device.entity_id,
        "is_available": conditions.is_available,
        "is_on": None if observed is None else observed.is_on,
        "wanted_on": None if lease is None else lease.desired.is_on,
        "has_watchdog": is_guarded,  # at this moment, whether it runs or not
        "ends_by_itself": conditions.ends_by_itself,
        "ended_by_home_assistant": is_ours_to_end and is_guarded,
        "stays_on": is_ours_to_end and not (conditions.ends_by_itself or is_guarded),
        "lease_remaining_s": None if lease is None else _seconds(lease.remaining),
        "override_remaining_s": _seconds(conditions.override_remaining),
        "has_failed": conditions.has_failed,
        "power_w": conditions.power_w,
    }


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else round(duration.total_seconds())
