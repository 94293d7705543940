"""Say in plain words what a day or a week was like."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from daemon.report.model import DAY, Report, RoomReport
from policies.alert import HeatLevel, Severity
from policies.model import Flag, Person

_LOUD = "with sound"


def heading(report: Report) -> str:
    """Name the day or the week."""
    first, last = report.span.first, report.span.first + (report.span.days - 1) * DAY
    if report.span.days == 1:
        return f"{first:%A} {first.day} {first:%B %Y}"
    return f"{first.day} {first:%B} to {last.day} {last:%B %Y}"


def sentences(report: Report) -> list[str]:
    """Return what the picture shows, most important first."""
    return [
        *_hottest(report),
        *_over_limit(report),
        *_cooling(report),
        *_messages(report),
        *_drinks(report),
        *_missing(report),
    ]


def _hottest(report: Report) -> Iterator[str]:
    best: tuple[float, datetime, RoomReport] | None = None
    for room in report.rooms:
        for at, value in room.felt_c:
            if value is not None and (best is None or value > best[0]):
                best = (value, at, room)
    if best is not None:
        value, at, room = best
        local = at.astimezone(report.span.zone)
        when = "" if report.span.days == 1 else f" on {local:%A}"
        name = isolated(room.room.name)
        yield f"It was hottest in {name},{when} at {local:%H:%M}: it felt like {value:.1f} °C."


def _over_limit(report: Report) -> Iterator[str]:
    if not any(room.people and room.is_known for room in report.rooms):
        return
    spent = []
    for room in report.rooms:
        over = report.span.step * sum(bool(level) for _, level in room.levels)
        warned = report.span.step * sum(
            (level or 0) >= HeatLevel.WARNING for _, level in room.levels
        )
        if over:
            more = f", {hours(warned)} of it at level 2 or more" if warned else ""
            spent.append(f"{isolated(room.room.name)} {hours(over)}{more}")
    if spent:
        yield f"Over the limit: {'; '.join(spent)}."
    else:
        yield "No room was over the limit."


def _cooling(report: Report) -> Iterator[str]:
    spent = []
    for room in report.rooms:
        for device in room.room.devices:
            runs = room.runs.get(device.device_id, ())
            total = sum((until - since for since, until in runs), timedelta(0))
            if total:
                device_name, name = isolated(device.name), isolated(room.room.name)
                spent.append(f"{device_name} in {name} {hours(total)}")
    if spent:
        yield f"keepcool cooled: {'; '.join(spent)}."


def _messages(report: Report) -> Iterator[str]:
    loud = sum(told.severity >= Severity.LOUD_WARNING for told in report.told)
    silent = sum(told.severity <= Severity.NUDGE for told in report.told)
    parts = [f"{silent} silent" if silent else "", f"{loud} {_LOUD}" if loud else ""]
    kinds = ", ".join(part for part in parts if part)
    text = counted(len(report.told), "message")
    yield f"{text} to the phone{f' ({kinds})' if kinds else ''}."


def _drinks(report: Report) -> Iterator[str]:
    """Say what was drunk; of somebody whose fluids are restricted no volume is named."""
    drinks = Counter(drink.person_id for drink in report.drinks)
    for person in report.home.people:
        count = drinks[person.person_id]
        who = f"{isolated(person.name)}: " if len(report.home.people) > 1 else ""
        amount = ""
        if count and not is_restricted(person):
            total = sum(d.amount_ml for d in report.drinks if d.person_id == person.person_id)
            amount = f", {total:,} ml"
        yield f"{who}{counted(count, 'drink')} logged{amount}."


def _missing(report: Report) -> Iterator[str]:
    """Say which rooms were not seen for long: the picture has holes there."""
    for room in report.rooms:
        unseen = report.span.step * sum(level is None for _, level in room.levels)
        name = isolated(room.room.name)
        if room.levels and not room.is_known:
            yield f"Nothing is known of {name}."
        elif unseen >= timedelta(hours=1):
            yield f"{name} was not seen for {hours(unseen)}."


def isolated(name: str) -> str:
    """Return a name that cannot move what stands beside it: one that is written from the right."""
    is_from_right = any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in name)
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" if is_from_right else name


def is_restricted(person: Person) -> bool:
    """Return whether no volume may be named to a person."""
    return Flag.FLUID_RESTRICTED in person.flags


def hours(span: timedelta) -> str:
    """Say how long: `40 min`, `5 h`, `5 h 20 min`."""
    whole, minutes = divmod(round(span / timedelta(minutes=1)), 60)
    if not whole:
        return f"{minutes} min"
    return f"{whole} h {minutes} min" if minutes else f"{whole} h"


def counted(count: int, noun: str) -> str:
    """Say how many: `No message`, `1 message`, `3 messages`."""
    if not count:
        return f"No {noun}"
    return f"{count} {noun}" + ("s" * (count != 1))
