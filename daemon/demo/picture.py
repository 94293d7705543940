"""Draw a simulated day: one chart a room, with and without keepcool, and the messages below."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime

from daemon.chart import (
    STYLE,
    WIDTH,
    Chart,
    Ink,
    Line,
    Mark,
    Row,
    draw,
    height_of,
    numbered_dot,
    panel,
    pieces_of,
    text,
    wrap_file,
)
from daemon.demo.household import HouseholdRoom
from daemon.demo.record import DayRecord, RoomSample, Sample
from policies.heat_limits import is_night, personal_limits

_LINE_HEIGHT = 20.0
_MESSAGE_X = 12.0
_GAP = 8.0  # under each room
_EVERY = 2  # so many samples become one point


def draw_room(record: DayRecord, without: DayRecord, room: HouseholdRoom) -> str:
    """Return an SVG element with a room's day, without cooling beside it."""
    return draw(_chart(record, without, room))


def draw_day(record: DayRecord, without: DayRecord) -> str:
    """Return a whole SVG file, as wide as a phone: one room under the other, then the messages."""
    panels, top = [], 0.0
    for room in record.household.rooms:
        chart = _chart(record, without, room)
        panels.append(f'<g transform="translate(0 {top:g})">{panel(chart)}</g>')
        top += height_of(chart) + _GAP
    height = top + _LINE_HEIGHT * len(record.messages)
    return wrap_file("".join([*panels, *_told(record, top)]), WIDTH, height, STYLE)


def _told(record: DayRecord, top: float) -> Iterator[str]:
    """Yield the messages' titles below the panels."""
    for index, message in enumerate(record.messages):
        y = top + _LINE_HEIGHT * (index + 0.5)
        clock = f"{record.household.local(message.at):%H:%M}"
        yield numbered_dot(_MESSAGE_X, y, str(index + 1))
        yield text(_MESSAGE_X + 14, y + 4, f"{clock}  {message.title}")


def _chart(record: DayRecord, without: DayRecord, room: HouseholdRoom) -> Chart:
    household, room_id = record.household, room.room_id
    device = room.device_name(room.entity_ids[0]) if room.entity_ids else ""

    def line(ink: Ink, label: str, samples: list[Sample], value: Callable[[Sample], float]) -> Line:
        return Line(ink, label, tuple((found.at, value(found)) for found in samples[::_EVERY]))

    def row(name: str, kind: Callable[[RoomSample], str]) -> Row:
        values = [(found.at - record.step, kind(found.rooms[room_id])) for found in record.samples]
        pieces = pieces_of(values, record.samples[-1].at, is_numbered=True)
        return Row(name, tuple(piece for piece in pieces if piece.kind))

    return Chart(
        title=room.name,
        start=household.start,
        end=record.samples[-1].at,
        zone=household.zone,
        lines=(
            line(Ink.OUTDOORS, "outdoors", record.samples, lambda found: found.outdoor_c),
            line(
                Ink.LIMIT, "limit", record.samples, lambda found: _limit_c(record, room, found.at)
            ),
            line(
                Ink.OTHER, "no cooling", without.samples, lambda found: found.rooms[room_id].air_c
            ),
            line(Ink.INDOORS, "keepcool", record.samples, lambda found: found.rooms[room_id].air_c),
        ),
        rows=(
            row("level", lambda found: f"level{found.level}" if found.is_seen else "unseen"),
            row(device, lambda found: "on" if found.is_cooling else ""),
        ),
        marks=tuple(
            Mark(message.at, str(number)) for number, message in enumerate(record.messages, 1)
        ),
        range_c=_range_c(record, without),
    )


def _range_c(record: DayRecord, without: DayRecord) -> tuple[float, float]:
    """Return one scale for all rooms, so that they can be compared."""
    values = [sample.outdoor_c for sample in record.samples]
    for day in (record, without):
        values += [found.air_c for sample in day.samples for found in sample.rooms.values()]
    return math.floor(min(values) / 2) * 2, math.ceil(max(values) / 2) * 2


def _limit_c(record: DayRecord, room: HouseholdRoom, at: datetime) -> float:
    """Return where level 1 begins for the person in this room at this time of day."""
    person = record.household.person
    is_by_night = room.is_bedroom and is_night(person, record.household.local(at))
    return personal_limits(person, is_by_night).level_1_c
