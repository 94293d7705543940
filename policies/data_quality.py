"""Find what keepcool cannot see or reach, and say so: it is never mixed with heat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from policies.alert import Alert, AlertPhase, Finding, Message, Severity
from policies.heat_limits import every_room_of, is_night, personal_limits
from policies.heat_message import old_forecast_hours
from policies.model import (
    Carer,
    Freshness,
    LinkConditions,
    Person,
    RoomConditions,
    SensorReading,
    Snapshot,
)

POLICY: Final = "trouble"

WARM_WITHIN_C: Final = 3.0
"""A missing forecast matters once a room is within this of somebody's level 1."""

HOME_ASSISTANT_TROUBLE_AFTER: Final = timedelta(minutes=5)
HEARTBEAT_TROUBLE_AFTER: Final = timedelta(hours=24)
"""Longer than any night without internet; its service tells a carer long before."""

SECOND_ROAD_TROUBLE_AFTER: Final = timedelta(hours=1)
PHONE_TROUBLE_AFTER: Final = timedelta(minutes=10)
"""So long Home Assistant may answer after a start before it knows its phones."""

STORAGE_TROUBLE_AFTER: Final = timedelta(minutes=1)  # it is tried again every ten seconds
BASIC_MODE_TROUBLE_AFTER: Final = timedelta(minutes=1)  # somebody at the keyboard may be mending it

RECONNECT_GRACE: Final = timedelta(minutes=30)
"""After the broker is back, sensors get this long to speak before a room counts as lost."""

RESTART_GRACE: Final = timedelta(minutes=10)
"""A sensor that Home Assistant does not reach gets this long: its restarts take some minutes."""

_REFUSED_MESSAGES: Final = {
    "mqtt": "trouble_mqtt_refused",
    "home_assistant": "trouble_token_refused",
}
_LINK_MESSAGES: Final = {
    "mqtt": "trouble_mqtt_down",
    "home_assistant": "trouble_home_assistant_down",
    "storage": "trouble_storage",
    "database": "trouble_database",
    "settings": "trouble_basic_mode",
    "heartbeat": "trouble_heartbeat",
}
SECOND_ROAD: Final = "second_road:"  # of a link's name; whose it is follows
PHONE: Final = "phone:"  # of a link's name; its channel follows
UNREACHED: Final = "unreached:"  # of a subject; who has no phone that is reached follows


def evaluate(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return every trouble with seeing and reaching, each about one subject.

    A room whose sensors are all stale is lost; when that takes a person's last room, one message
    about the person replaces those about rooms; when the broker is down, that is said instead.
    Waiting for a first reading is no trouble, but it does not end one either.
    """
    return (
        *_links(snapshot),
        *_phones(snapshot),
        *_blindness(snapshot),
        *(finding for room in snapshot.rooms for finding in _sensors(snapshot, room)),
        *_forecast(snapshot),
    )


# --------------------------------------------------------------------------- rooms and people


def _blindness(snapshot: Snapshot) -> Iterator[Finding]:
    is_broker_to_blame = _is_broker_to_blame(snapshot)
    lost = {
        room.room.room_id: room
        for room in snapshot.rooms
        if _is_lost(room, is_broker_to_blame=is_broker_to_blame) or _is_still_lost(snapshot, room)
    }
    named: set[str] = set()
    sighted: set[str] = set()
    known = {room.room.room_id for room in snapshot.rooms}
    for conditions in snapshot.people:
        person = conditions.person
        rooms = [room_id for room_id in every_room_of(person) if room_id in known]
        if rooms and all(room_id in lost for room_id in rooms):
            named.update(rooms)
            yield _person_blind(snapshot, person, [lost[room_id] for room_id in rooms])
        else:
            sighted.update(rooms)
    for room_id, room in lost.items():
        if room_id not in named or room_id in sighted:
            yield _room_blind(snapshot, room)


def _is_lost(room: RoomConditions, *, is_broker_to_blame: bool) -> bool:
    """Say whether a room cannot be seen, and neither the broker nor a restart explains it."""
    if room.freshness is not Freshness.STALE:
        return False
    if any(_may_come_back(reading) for reading in room.readings):
        return False
    return not (is_broker_to_blame and any(not reading.is_by_entity for reading in room.readings))


def _may_come_back(reading: SensorReading) -> bool:
    """Say whether only a restart may have taken a sensor away whose value is young enough."""
    is_away_for_short = reading.offline_for is not None and reading.offline_for < RESTART_GRACE
    return is_away_for_short and reading.age is not None and reading.age <= reading.stale_after


def _is_still_lost(snapshot: Snapshot, room: RoomConditions) -> bool:
    """Say whether a room that was lost has not been seen since: waiting does not end trouble."""
    if room.freshness is Freshness.FRESH:
        return False
    users = [
        found.person.person_id
        for found in snapshot.people
        if room.room.room_id in every_room_of(found.person)
    ]
    subjects = [f"room:{room.room.room_id}", *(f"person:{person_id}" for person_id in users)]
    return any(_live_alert(snapshot, subject) is not None for subject in subjects)


def _is_broker_to_blame(snapshot: Snapshot) -> bool:
    for link in snapshot.links:
        if link.link == "mqtt" and _is_down_too_long(snapshot, link):
            return True
    return any(
        alert.key.policy == POLICY
        and alert.key.subject == "link:mqtt"
        and alert.phase is AlertPhase.RESOLVED
        and (alert.clearing_for or timedelta(0)) < RECONNECT_GRACE
        for alert in snapshot.alerts
    )


def _room_blind(snapshot: Snapshot, room: RoomConditions) -> Finding:
    since = _clock_time(snapshot, room.last_seen_at)
    return _finding(
        f"room:{room.room.room_id}",
        Message("trouble_room_blind", {"room": room.room.name, "since_local": since}),
        f"{room.room.name} not seen since {since or 'the start'}",
        _users(snapshot, room),
        may_resolve=room.freshness is Freshness.STALE,
    )


def _person_blind(snapshot: Snapshot, person: Person, rooms: list[RoomConditions]) -> Finding:
    since = _clock_time(
        snapshot, max((r.last_seen_at for r in rooms if r.last_seen_at is not None), default=None)
    )
    hours = [] if snapshot.forecast is None else snapshot.forecast.hours
    end = snapshot.now_utc + timedelta(hours=24)
    coming = [hour for hour in hours if snapshot.now_utc <= hour.at <= end]
    hottest = max(coming, key=lambda hour: hour.temperature_c, default=None)
    parameters = {
        "room": rooms[0].room.name,
        "since_local": since,
        "forecast_maximum_c": None if hottest is None else round(hottest.temperature_c, 1),
        "forecast_maximum_at_local": _clock_time(snapshot, hottest.at if hottest else None),
        "age_hours": old_forecast_hours(snapshot.forecast, snapshot.forecast_age),
    }
    return _finding(
        f"person:{person.person_id}",
        Message("trouble_person_blind", parameters),
        f"none of {len(rooms)} room(s) seen since {since or 'the start'}",
        (person.person_id,),
        may_resolve=all(room.freshness is Freshness.STALE for room in rooms),
    )


# --------------------------------------------------------------------------- sensors


def _sensors(snapshot: Snapshot, room: RoomConditions) -> Iterator[Finding]:
    if not any(_is_troubled(reading) for reading in room.readings):
        return
    people = _users(snapshot, room)
    for reading in room.readings:
        is_fresh = reading.freshness is Freshness.FRESH
        # A person knows their rooms; a sensor's id tells only where a room has several.
        name = room.room.name if len(room.readings) == 1 else reading.sensor_id
        parameters = {"room": room.room.name, "sensor": name}
        suspicion = reading.suspect_reason
        if suspicion is None and not is_fresh:  # what is not heard has not recovered
            known = _live_alert(snapshot, f"sensor:{reading.sensor_id}")
            suspicion = None if known is None else str(known.message.parameters.get("reason"))
        if suspicion is not None:
            yield _finding(
                f"sensor:{reading.sensor_id}",
                Message("trouble_sensor_suspect", parameters | {"reason": suspicion}),
                f"{reading.sensor_id} is suspect: {suspicion}",
                people,
                may_resolve=is_fresh,
            )
        battery = f"battery:{reading.sensor_id}"
        if reading.is_battery_low or (not is_fresh and _live_alert(snapshot, battery) is not None):
            yield _finding(
                battery,
                Message("trouble_battery_low", parameters),
                f"{reading.sensor_id} has a low battery",
                people,
                may_resolve=is_fresh,
            )
        if _is_silent_beside_others(reading, room):
            since = _clock_time(snapshot, reading.last_seen_at)
            yield _finding(
                f"silent:{reading.sensor_id}",
                Message("trouble_sensor_silent", parameters | {"since_local": since}),
                f"{reading.sensor_id} not heard since {since or 'the start'}; others see the room",
                people,
                severity=Severity.DISPLAY,
            )


def _is_troubled(reading: SensorReading) -> bool:
    is_fresh = reading.freshness is Freshness.FRESH
    return not is_fresh or reading.suspect_reason is not None or reading.is_battery_low


def _is_silent_beside_others(reading: SensorReading, room: RoomConditions) -> bool:
    return reading.freshness is Freshness.STALE and room.freshness is Freshness.FRESH


# --------------------------------------------------------------------------- links and forecast


def _links(snapshot: Snapshot) -> Iterator[Finding]:
    for link in snapshot.links:
        message_id = _link_message(snapshot, link)
        if message_id is not None:
            down_for = link.down_for or timedelta(0)
            since = None if link.is_up else _clock_time(snapshot, snapshot.now_utc - down_for)
            parameters: dict[str, str | None] = {"since_local": since, "detail": link.detail}
            if link.link == "mqtt" and _has_entities(snapshot):
                parameters["other_road"] = "Home Assistant"
            if message_id == "trouble_second_road":
                parameters["who"] = _owner(snapshot, link)
            yield _finding(
                f"link:{link.link}",
                Message(message_id, parameters),
                _link_reason(link, since),
                _everybody(snapshot),
            )


def _phones(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield trouble with people none of whose phones Home Assistant reaches while it is there."""
    if not any(link.link == "home_assistant" and _works(link) for link in snapshot.links):
        return  # that is said, and explains it
    down = {
        link.link.removeprefix(PHONE): link
        for link in snapshot.links
        if link.link.startswith(PHONE)
        and link.down_for is not None
        and link.down_for > PHONE_TROUBLE_AFTER
    }
    people = [found.person for found in snapshot.people]
    told: list[tuple[Person | Carer, tuple[str, ...], str]] = [
        (person, (person.person_id,), "trouble_phone") for person in people
    ]
    told += [(carer, carer.people, "trouble_carer_phone") for carer in snapshot.carers]
    for owner, person_ids, message_id in told:
        links = [down.get(phone.channel_id) for phone in owner.phones]
        if not links or (first := links[0]) is None or None in links:
            continue
        owner_id = owner.person_id if isinstance(owner, Person) else owner.carer_id
        since = _clock_time(snapshot, snapshot.now_utc - (first.down_for or timedelta(0)))
        said = {"who": owner.name, "since_local": since, "detail": first.detail}
        reason = f"no phone of {owner.name} is reached since {since}: {first.detail}"
        yield _finding(f"{UNREACHED}{owner_id}", Message(message_id, said), reason, person_ids)


def _works(link: LinkConditions) -> bool:
    return link.is_up and not link.is_refused


def _link_message(snapshot: Snapshot, link: LinkConditions) -> str | None:
    """Return what to say of a road; a refusal is said at once, since it does not pass by itself."""
    if link.is_refused:
        return _REFUSED_MESSAGES.get(link.link)
    if not _is_down_too_long(snapshot, link):
        return None
    is_second_road = link.link.startswith(SECOND_ROAD)  # of phones `_phones` tells
    return "trouble_second_road" if is_second_road else _LINK_MESSAGES.get(link.link)


def _link_reason(link: LinkConditions, since: str | None) -> str:
    how = "refuses" if link.is_refused else "down"
    when = f" since {since}" if since else ""
    return f"{link.link} {how}{when}" + (f": {link.detail}" if link.detail else "")


def _owner(snapshot: Snapshot, link: LinkConditions) -> str:
    """Return whose second road it is."""
    owner_id = link.link.removeprefix(SECOND_ROAD).partition(":")[0]
    names = {found.person.person_id: found.person.name for found in snapshot.people}
    names |= {carer.carer_id: carer.name for carer in snapshot.carers}
    return names.get(owner_id, owner_id)


def _has_entities(snapshot: Snapshot) -> bool:
    return any(reading.is_by_entity for room in snapshot.rooms for reading in room.readings)


def _is_down_too_long(snapshot: Snapshot, link: LinkConditions) -> bool:
    if link.is_up or link.down_for is None:
        return False
    limits = {
        "mqtt": snapshot.home.tuning.mqtt_trouble_after,
        "storage": STORAGE_TROUBLE_AFTER,
        "database": STORAGE_TROUBLE_AFTER,
        "settings": BASIC_MODE_TROUBLE_AFTER,
        "heartbeat": HEARTBEAT_TROUBLE_AFTER,
    }
    if link.link.startswith(SECOND_ROAD):
        return link.down_for > SECOND_ROAD_TROUBLE_AFTER
    return link.down_for > limits.get(link.link, HOME_ASSISTANT_TROUBLE_AFTER)


def _forecast(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield trouble with an old forecast, in warm weather or when nothing else is left to see by.

    Source: FAULTS 25 ("trouble at 12 h in the warm season").
    """
    has_source = snapshot.forecast is not None or any(
        link.link == "weather" for link in snapshot.links
    )
    age = snapshot.since_start if snapshot.forecast is None else snapshot.forecast_age
    if not has_source or age is None or age <= snapshot.home.tuning.forecast_usable:
        return
    if any(_is_warm_or_lost(snapshot, room) for room in snapshot.rooms):
        hours = age / timedelta(hours=1)
        yield _finding(
            "weather",
            Message("trouble_forecast_old", {"age_hours": round(hours)}),
            f"the forecast is {hours:.0f} h old",
            _everybody(snapshot),
        )


def _is_warm_or_lost(snapshot: Snapshot, room: RoomConditions) -> bool:
    if room.freshness is Freshness.STALE:
        return True
    value_c = room.effective_temperature_c
    if value_c is None:
        return False
    limits_c = [
        personal_limits(
            found.person, room.room.is_bedroom and is_night(found.person, snapshot.now_local)
        ).level_1_c
        for found in snapshot.people
        if room.room.room_id in every_room_of(found.person)
    ]
    return value_c >= min(limits_c, default=Person("", "", ()).level_1_c) - WARM_WITHIN_C


# --------------------------------------------------------------------------- common parts


def _finding(
    subject: str,
    message: Message,
    reason: str,
    person_ids: tuple[str, ...],
    *,
    severity: Severity = Severity.WARNING,
    may_resolve: bool = True,
) -> Finding:
    return Finding(
        policy=POLICY,
        subject=subject,
        severity=severity,
        person_ids=person_ids,
        message=message,
        reason=reason,
        may_resolve=may_resolve,
    )


def _live_alert(snapshot: Snapshot, subject: str) -> Alert | None:
    for alert in snapshot.alerts:
        key = alert.key
        if (key.policy, key.subject) == (POLICY, subject) and alert.phase != AlertPhase.RESOLVED:
            return alert
    return None


def _users(snapshot: Snapshot, room: RoomConditions) -> tuple[str, ...]:
    """Return who uses the room; a room that nobody is configured to be in concerns everybody."""
    users = tuple(
        found.person.person_id
        for found in snapshot.people
        if room.room.room_id in every_room_of(found.person)
    )
    return users or _everybody(snapshot)


def _everybody(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(found.person.person_id for found in snapshot.people)


def _clock_time(snapshot: Snapshot, at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(snapshot.now_local.tzinfo):%H:%M}"
