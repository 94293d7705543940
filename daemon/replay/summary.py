"""Sum up what a replay sent and switched, and how that goes with what was recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final
from zoneinfo import ZoneInfo

from daemon.replay.judge import (
    WINDOW,
    Air,
    Judgement,
    Told,
    Where,
    find_spells,
    follow,
    judge,
    most_a_day,
    threshold_messages,
)
from daemon.replay.recorders import Sent, Switched
from daemon.replay.recording import Recording
from policies.alert import Severity
from policies.model import CoolingDevice, DeviceState, Person, Room

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)

ANNOUNCED: Final = -1  # where a tag's present announcement is kept
SAME_HEAT: Final = timedelta(hours=12)  # what lies further apart is another day's

NOTE_ON_COOLING: Final = (
    "what it would have switched; the recording cannot get cooler, so that cooling runs on and "
    "heat is told as if it had not helped, which is told too"
)


@dataclass(frozen=True, slots=True)
class Household:
    """Describe who and what was replayed."""

    name: str
    people: tuple[Person, ...]
    rooms: tuple[Room, ...]  # of which there is a recording
    readers: dict[str, str]  # channel -> name
    zone: ZoneInfo

    @property
    def bedrooms(self) -> frozenset[str]:
        """Return the ids of the bedrooms."""
        return frozenset(room.room_id for room in self.rooms if room.is_bedroom)

    @property
    def devices(self) -> dict[str, CoolingDevice]:
        """Return the cooling devices by id."""
        return {device.device_id: device for room in self.rooms for device in room.devices}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold what one replay came to: plain values, which another process may hand over."""

    household: Household
    messages: tuple[Sent, ...]
    switched: tuple[Switched, ...]
    judged: dict[str, Judgement]  # by person
    plain: dict[str, Judgement]  # of a plain threshold, likewise
    plain_messages: tuple[datetime, ...]
    span: tuple[datetime, datetime]
    crashes: tuple[str, ...] = ()

    @property
    def days(self) -> float:
        """Return how long the recording is, in days."""
        return (self.span[1] - self.span[0]) / _DAY


def sum_up(
    household: Household,
    recording: Recording,
    messages: Sequence[Sent],
    switched: Sequence[Switched],
    crashes: Sequence[str] = (),
) -> Outcome:
    """Judge a replay person by person."""
    span = recording.start, recording.end

    def air_at(room_id: str, at: datetime) -> Air | None:
        return recording.at(room_id, at.timestamp())

    judged, plain = {}, {}
    plain_messages: list[datetime] = []
    rooms = [room.room_id for room in household.rooms]
    for person in household.people:
        person_id = person.person_id
        steps: list[Where] = list(
            follow(person, air_at, rooms, household.bedrooms, span, household.zone)
        )
        spells = find_spells(steps, span[1])
        told = told_of(
            sent
            for sent in messages
            if sent.heat_person == person_id and sent.severity > Severity.DISPLAY
        )
        judged[person_id] = judge(spells, told)
        crossings = threshold_messages(steps)
        crossed = [Told(at, is_announcement=False) for at in crossings]
        plain[person_id] = judge(spells, crossed, WINDOW)
        plain_messages += crossings
    return Outcome(
        household,
        tuple(messages),
        tuple(switched),
        judged,
        plain,
        tuple(sorted(plain_messages)),
        span,
        tuple(crashes),
    )


def told_of(heat: Iterable[Sent]) -> list[Told]:
    """Return what a person's messages tell; an announcement put right in its place is one."""
    told: dict[tuple[str, int], Told] = {}
    for number, sent in enumerate(heat):
        if not sent.is_announcement:
            told[sent.tag, number] = Told(sent.at, is_announcement=False)
            continue
        first = told.get((sent.tag, ANNOUNCED))
        has_sound = sent.severity >= Severity.WARNING
        if first is not None and is_same_heat(first.named_at, sent.named_at):
            had_sound = first.has_sound or has_sound
            told[sent.tag, ANNOUNCED] = replace(first, named_at=sent.named_at, has_sound=had_sound)
            continue
        if first is not None:
            told[sent.tag, number] = first
        told[sent.tag, ANNOUNCED] = Told(
            sent.at, is_announcement=True, named_at=sent.named_at, has_sound=has_sound
        )
    return sorted(told.values(), key=lambda each: each.at)


def is_same_heat(named_at: datetime | None, later_at: datetime | None) -> bool:
    """Return whether two announcements of one tag speak of the same day's heat."""
    return named_at is None or later_at is None or abs(later_at - named_at) < SAME_HEAT


# --------------------------------------------------------------------------- as JSON


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as what JSON can hold; times are UTC and local, lengths in hours."""
    return {
        "from": _iso(outcome.span[0]),
        "until": _iso(outcome.span[1]),
        "days": round(outcome.days, 3),
        "messages": _counts([sent.at for sent in outcome.messages], outcome)
        | {
            "by_kind": dict(sorted(Counter(sent.policy for sent in outcome.messages).items())),
            "pushes_that_make_a_sound_or_light": sum(
                sent.severity >= Severity.WARNING for sent in outcome.messages
            ),
        },
        "too_hot": heat_json(outcome.judged.values()),
        "plain_threshold": {
            "messages": _counts(outcome.plain_messages, outcome),
            "too_hot": heat_json(outcome.plain.values()),
        },
        "people": {
            person_id: heat_json([judgement]) for person_id, judgement in outcome.judged.items()
        },
        "hot_spells": list(_spells(outcome)),
        "cooling": _cooling(outcome),
        "sent": [_sent(sent, outcome.household) for sent in outcome.messages],
        "switched": [_switched(each, outcome.household) for each in outcome.switched],
    }


def heat_json(judged: Iterable[Judgement]) -> dict[str, Any]:
    """Return how the hot spells of some people were announced, all together."""
    judged = list(judged)
    hot = sum((each.hot for each in judged), timedelta(0))
    announced = sum((each.announced_hot for each in judged), timedelta(0))
    leads_h = sorted(lead / _HOUR for each in judged for lead in each.leads)
    return {
        "hours": _hours(hot),
        "announced_hours": _hours(announced),
        "announced_share": round(announced / hot, 4) if hot else None,
        "spells": sum(len(each.spells) for each in judged),
        "announced_spells": len(leads_h),
        "median_lead_h": round(median(leads_h), 2) if leads_h else None,
        "shortest_lead_h": round(leads_h[0], 2) if leads_h else None,
        "longest_lead_h": round(leads_h[-1], 2) if leads_h else None,
        "announcements": sum(each.announcements for each in judged),
        "false_announcements": sum(each.false_announcements for each in judged),
        "announcements_with_sound": sum(each.with_sound for each in judged),
        "false_announcements_with_sound": sum(each.false_with_sound for each in judged),
        "lost_spells": sum(each.lost for each in judged),
    }


def _spells(outcome: Outcome) -> Iterator[dict[str, Any]]:
    for person_id, found in outcome.judged.items():
        for spell, announced_at in zip(found.spells, found.announced_at, strict=True):
            yield {
                "person": person_id,
                "from": _iso(spell.start),
                "until": _iso(spell.end),
                "hours": _hours(spell.hot),
                "announced_at": None if announced_at is None else _iso(announced_at),
            }


def describe_state(state: DeviceState) -> str:
    """Say what a device is told, in words."""
    if state.position_pct is not None:
        return f"to {state.position_pct} % open"
    if not state.is_on:
        return "off"
    parts = ["on"]
    if state.hvac_mode not in {None, "cool"}:
        parts.append(str(state.hvac_mode))
    if state.target_temperature_c is not None:
        parts.append(f"aim {state.target_temperature_c:g} °C")
    if state.fan_percentage is not None:
        parts.append(f"{state.fan_percentage} %")
    if state.target_humidity_pct is not None:
        parts.append(f"aim {state.target_humidity_pct} % humidity")
    return ", ".join(parts)


def run_hours(outcome: Outcome, device_id: str) -> tuple[float, int]:
    """Return how long a device would have been on, in hours, and how often it was switched on."""
    total, starts, since = timedelta(0), 0, None
    for each in outcome.switched:
        if each.device_id != device_id:
            continue
        if each.desired.is_on and since is None:
            since, starts = each.at, starts + 1
        elif not each.desired.is_on and since is not None:
            total, since = total + (each.at - since), None
    if since is not None:
        total += outcome.span[1] - since
    return _hours(total), starts


def _cooling(outcome: Outcome) -> dict[str, Any]:
    found = {}
    for device_id, device in outcome.household.devices.items():
        hours, starts = run_hours(outcome, device_id)
        found[device_id] = {"room": device.room_id, "hours_on": hours, "starts": starts}
    return {"note": NOTE_ON_COOLING, "devices": found}


def _counts(moments: Sequence[datetime], outcome: Outcome) -> dict[str, Any]:
    return {
        "total": len(moments),
        "mean_a_day": round(len(moments) / outcome.days, 2) if outcome.days else 0.0,
        "most_a_day": most_a_day(moments, outcome.household.zone),
    }


def _sent(sent: Sent, household: Household) -> dict[str, Any]:
    return {
        "at": _iso(sent.at),
        "at_local": sent.at.astimezone(household.zone).isoformat(timespec="minutes"),
        "kind": sent.policy,
        "severity": Severity(sent.severity).name.lower(),
        "road": sent.road.value,
        "to": recipients(sent, household),
        "is_announcement": sent.is_announcement,
        "expected_at": None if sent.named_at is None else _iso(sent.named_at),
        "title": sent.title,
        "body": sent.body,
    }


def recipients(sent: Sent, household: Household) -> list[str]:
    """Return who gets a message, by name, or the thing that says it."""
    return list(dict.fromkeys(household.readers.get(channel, channel) for channel in sent.channels))


def _switched(each: Switched, household: Household) -> dict[str, Any]:
    device = household.devices[each.device_id]
    return {
        "at": _iso(each.at),
        "at_local": each.at.astimezone(household.zone).isoformat(timespec="minutes"),
        "device": each.device_id,
        "room": device.room_id,
        "state": describe_state(each.desired),
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _hours(length: timedelta) -> float:
    return round(length / _HOUR, 2)
