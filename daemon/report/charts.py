"""Turn a report into pictures, one a room."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from daemon.chart import Band, Chart, Ink, Line, Mark, Piece, Row, pieces_of
from daemon.report.model import Report, RoomReport
from policies.heat_limits import Limits, every_room_of, is_night, personal_limits
from policies.model import Person

_NEAR_LEVEL_2_C: Final = 2.0  # a line further off would only press the others together


def charts(report: Report) -> list[Chart]:
    """Return a picture of each room of which something is known."""
    shown = [room for room in report.rooms if room.is_known or room.expected]
    return [_chart(report, room) for room in shown]


def _chart(report: Report, room: RoomReport) -> Chart:
    span = report.span
    expected = [hour for hour in room.expected if span.start <= hour.at <= span.end]
    band = Band(tuple((hour.at, hour.low_c, hour.high_c) for hour in expected))
    lines = [
        Line(Ink.OUTDOORS, "outdoors", report.outdoor_c),
        *_limits(report, room),
        Line(Ink.EXPECTED, "expected", tuple((hour.at, hour.middle_c) for hour in expected)),
        Line(Ink.INDOORS, "indoors", room.felt_c),
    ]
    is_running = span.start < report.now < span.end
    return Chart(
        title=room.room.name,
        start=span.start,
        end=span.end,
        zone=span.zone,
        lines=tuple(line for line in lines if line.points),
        band=band if band.points else None,
        rows=tuple(_rows(report, room)),
        marks=_marks(report) if span.days == 1 else (),
        now=report.now if is_running else None,
    )


def _marks(report: Report) -> tuple[Mark, ...]:
    return tuple(Mark(told.at, str(number)) for number, told in enumerate(report.told, 1))


def _limits(report: Report, room: RoomReport) -> Iterator[Line]:
    """Yield where level 1, and where it matters level 2, begins for who has the lowest limits."""
    if not room.people:
        return
    person = min(
        room.people, key=lambda each: personal_limits(each, is_night_bedroom=False).level_1_c
    )
    hottest = max((value for _, value in room.felt_c if value is not None), default=0.0)
    hottest = max([hottest, *(hour.high_c for hour in room.expected)])
    by_day = personal_limits(person, is_night_bedroom=False)
    yield _limit_line(report, room, person, 1, f"limit {by_day.level_1_c:g}°")
    if hottest >= by_day.level_2_c - _NEAR_LEVEL_2_C:
        yield _limit_line(report, room, person, 2, f"level 2 from {by_day.level_2_c:g}°")


def _limit_line(report: Report, room: RoomReport, person: Person, level: int, label: str) -> Line:
    """Return a line with steps where the person's night begins and ends."""
    span = report.span
    points: list[tuple[datetime, float]] = []
    at = span.start
    while at <= span.end:
        is_by_night = room.room.is_bedroom and is_night(person, at.astimezone(span.zone))
        value = _begins_c(personal_limits(person, is_by_night), level)
        if points and points[-1][1] != value:
            points.append((at, points[-1][1]))
        if not points or points[-1][1] != value or at == span.end:
            points.append((at, value))
        at += span.step
    return Line(Ink.LIMIT, label, tuple(points))


def _begins_c(limits: Limits, level: int) -> float:
    return limits.level_1_c if level == 1 else limits.level_2_c


def _rows(report: Report, room: RoomReport) -> Iterator[Row]:
    until = min(report.now, report.span.end)
    values = [(at, "unseen" if level is None else f"level{level}") for at, level in room.levels]
    yield Row("level", pieces_of(values, until, is_numbered=True))
    for device in room.room.devices:
        runs = room.runs.get(device.device_id, ())
        yield Row(device.name, tuple(Piece(since, end, "on") for since, end in runs))
    if report.span.days > 1:
        told = tuple(Piece(each.at, each.at, "message") for each in report.told)
        yield Row("told", told)
    for person in report.home.people:
        if _first_room_of(person, report) is room:
            several = len(report.home.people) > 1
            drinks = [each for each in report.drinks if each.person_id == person.person_id]
            dots = tuple(Piece(each.at, each.at, "drink") for each in drinks)
            yield Row(person.name if several else "drinks", dots)


def _first_room_of(person: Person, report: Report) -> RoomReport | None:
    """Return the picture that shows a person's drinks: of the room that they are mostly in."""
    rooms = {room.room.room_id: room for room in report.rooms if room.is_known}
    return next((rooms[each] for each in every_room_of(person) if each in rooms), None)
