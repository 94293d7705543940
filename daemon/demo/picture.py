"""Draw a simulated day as SVG: one panel a room, readable on a phone and without seeing colours.

With and without keepcool differ by line style, levels by number and by lightness, and everything
that is text is escaped. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from itertools import groupby
from typing import Final

from daemon.demo.household import HouseholdRoom
from daemon.demo.record import DayRecord, Sample
from policies.heat_limits import is_night, personal_limits

WIDTH: Final = 360  # as many pixels as a phone has, so that text keeps its size there
HEIGHT: Final = 280
_MARGIN: Final = 5.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 36.0, 352.0, 66.0, 216.0  # the plot
_LEVEL_ROW, _COOLING_ROW = 239.0, 259.0
_ROW_HEIGHT: Final = 15.0
_MARK_RADIUS: Final = 7.0
_GRID_STEP_C: Final = 4
_TICK_HOURS: Final = 3
_NARROWEST_LABEL: Final = 12.0  # a narrower piece of a row carries no number
_LINE_HEIGHT: Final = 20.0
_UNSEEN: Final = -1

STYLE: Final = """
.day text{font:11px system-ui,sans-serif;fill:#222}
.day .title{font-size:14px;font-weight:600}
.day .grid{stroke:#ddd;stroke-width:1}
.day .tick{fill:#555}
.day .with{fill:none;stroke:#0072b2;stroke-width:2.4}
.day .without{fill:none;stroke:#d55e00;stroke-width:1.6;stroke-dasharray:6 3}
.day .outdoors{fill:none;stroke:#767676;stroke-width:1.2;stroke-dasharray:1.5 2.5}
.day .limit{fill:none;stroke:#222;stroke-width:1}
.day .mark{stroke:#999;stroke-width:.7}
.day .dot{fill:#222}
.day .number{fill:#fff;font-size:10px;font-weight:600;text-anchor:middle}
.day .row{text-anchor:end;fill:#555}
.day .end{text-anchor:end}
.day .middle{text-anchor:middle}
.day .level0{fill:#f1f1f1}
.day .level1{fill:#fee391}
.day .level2{fill:#fe9929}
.day .level3{fill:#b34700}
.day .level4{fill:#662506}
.day .unseen{fill:url(#hatch)}
.day .on{fill:#0072b2}
.day .pale{fill:#fff}
"""
_HATCH: Final = (
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="5" height="5" fill="#fff"/>'
    '<rect width="2" height="5" fill="#777"/></pattern></defs>'
)
_LEGEND: Final = (
    ("with", "with keepcool"),
    ("without", "without cooling"),
    ("outdoors", "outdoors"),
    ("limit", "limit"),
)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Place moments and temperatures in the plot."""

    start: datetime
    end: datetime
    lowest_c: float
    highest_c: float

    def x(self, at: datetime) -> float:
        """Return where a moment is."""
        return _LEFT + (_RIGHT - _LEFT) * ((at - self.start) / (self.end - self.start))

    def y(self, temperature_c: float) -> float:
        """Return where a temperature is."""
        part = (temperature_c - self.lowest_c) / (self.highest_c - self.lowest_c)
        return _BOTTOM - (_BOTTOM - _TOP) * part


def draw_room(record: DayRecord, without: DayRecord, room: HouseholdRoom) -> str:
    """Return an SVG element with a room's day, without cooling beside it."""
    name = escape(room.name)
    return (
        f'<svg class="day" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="Temperatures in {name} through the day">'
        f"{_HATCH}{_panel(record, without, room)}</svg>"
    )


def draw_day(record: DayRecord, without: DayRecord) -> str:
    """Return a whole SVG file with every room side by side."""
    rooms = record.household.rooms
    panels = "".join(
        f'<g transform="translate({index * WIDTH} 0)">{_panel(record, without, room)}</g>'
        for index, room in enumerate(rooms)
    )
    width = WIDTH * len(rooms)
    lines = math.ceil(len(record.messages) / len(rooms))
    height = HEIGHT + _LINE_HEIGHT * (lines + 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="day" viewBox="0 0 {width} {height:.0f}" '
        f'width="{width}" height="{height:.0f}"><style>{STYLE}</style>{_HATCH}'
        f'<rect width="{width}" height="{height:.0f}" fill="#fff"/>{panels}'
        f"{''.join(_told(record, lines))}</svg>\n"
    )


def _told(record: DayRecord, lines: int) -> Iterator[str]:
    """Yield the messages' titles below the panels, in as many columns as there are rooms."""
    for index, message in enumerate(record.messages):
        column, line = divmod(index, lines)
        x = column * WIDTH + _MARGIN + _MARK_RADIUS
        y = HEIGHT + _LINE_HEIGHT * (line + 0.5)
        yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{_MARK_RADIUS}"/>'
        yield _text(x, y + 3.5, str(index + 1), "number")
        clock = f"{record.household.local(message.at):%H:%M}"
        yield _text(x + 14, y + 4, f"{clock}  {message.title}")


def _panel(record: DayRecord, without: DayRecord, room: HouseholdRoom) -> str:
    frame = _frame(record, without)
    room_id = room.room_id
    parts = [
        _text(_MARGIN, 15, room.name, "title"),
        *_legend(),
        *_grid(frame, record),
        _line(frame, record.samples, lambda sample: sample.outdoor_c, "outdoors"),
        _line(frame, record.samples, lambda sample: _limit_c(record, room, sample), "limit"),
        _line(frame, without.samples, lambda sample: sample.rooms[room_id].air_c, "without"),
        _line(frame, record.samples, lambda sample: sample.rooms[room_id].air_c, "with"),
        *_marks(frame, record),
        *_level_row(frame, record, room),
        *_cooling_row(frame, record, room),
    ]
    return "".join(parts)


def _frame(record: DayRecord, without: DayRecord) -> _Frame:
    """Return one scale for all rooms, so that they can be compared."""
    values = [sample.outdoor_c for sample in record.samples]
    for day in (record, without):
        values += [found.air_c for sample in day.samples for found in sample.rooms.values()]
    household = record.household
    return _Frame(
        household.start,
        record.samples[-1].at,
        math.floor(min(values) / 2) * 2,
        math.ceil(max(values) / 2) * 2,
    )


def _limit_c(record: DayRecord, room: HouseholdRoom, sample: Sample) -> float:
    """Return where level 1 begins for the person in this room at this time of day."""
    person = record.household.person
    is_by_night = room.is_bedroom and is_night(person, record.household.local(sample.at))
    return personal_limits(person, is_by_night).level_1_c


def _legend() -> Iterator[str]:
    x = _MARGIN
    for kind, words in _LEGEND:
        yield f'<path class="{kind}" d="M{x:.0f} 28h16"/>'
        yield _text(x + 19, 32, words)
        x += 28 + 5.6 * len(words)


def _grid(frame: _Frame, record: DayRecord) -> Iterator[str]:
    first_c = math.ceil(frame.lowest_c / _GRID_STEP_C) * _GRID_STEP_C
    for temperature_c in range(first_c, int(frame.highest_c) + 1, _GRID_STEP_C):
        y = frame.y(temperature_c)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>'
        yield _text(_LEFT - 4, y + 4, f"{temperature_c}°", "row")
    at = frame.start
    while at <= frame.end:
        yield f'<path class="grid" d="M{frame.x(at):.1f} {_TOP}V{_BOTTOM}"/>'
        words = f"{record.household.local(at):%H:%M}"
        yield _text(max(frame.x(at), _LEFT + 8), _BOTTOM + 14, words, "tick middle")
        at += timedelta(hours=_TICK_HOURS)


def _line(
    frame: _Frame, samples: Sequence[Sample], value: Callable[[Sample], float], kind: str
) -> str:
    points = (f"{frame.x(sample.at):.1f} {frame.y(value(sample)):.1f}" for sample in samples[::2])
    return f'<path class="{kind}" d="M{"L".join(points)}"/>'


def _marks(frame: _Frame, record: DayRecord) -> Iterator[str]:
    """Yield a numbered mark for each message, in two heights where they come close together."""
    last_x, is_raised = -math.inf, False
    for number, message in enumerate(record.messages, start=1):
        x = frame.x(message.at)
        is_raised = x - last_x < 2 * _MARK_RADIUS + 1 and not is_raised
        last_x = x
        y = _TOP - _MARK_RADIUS - (2 * _MARK_RADIUS if is_raised else 0)
        yield f'<path class="mark" d="M{x:.1f} {y:.1f}V{_BOTTOM}"/>'
        yield f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{_MARK_RADIUS}"/>'
        yield _text(x, y + 3.5, str(number), "number")


def _level_row(frame: _Frame, record: DayRecord, room: HouseholdRoom) -> Iterator[str]:
    """Yield what keepcool judged, one piece for each stretch of the same level."""

    def judged(sample: Sample) -> int:
        found = sample.rooms[room.room_id]
        return found.level if found.is_seen else _UNSEEN

    yield _text(_LEFT - 4, _LEVEL_ROW + 11, "level", "row")
    for level, x, width in _pieces(frame, record, judged):
        kind = "unseen" if level == _UNSEEN else f"level{level}"
        yield _piece(_LEVEL_ROW, x, width, kind)
        if level != _UNSEEN and width >= _NARROWEST_LABEL:
            pale = " pale" if level > 2 else ""  # noqa: PLR2004 - on the dark ones
            yield _text(x + width / 2, _LEVEL_ROW + 11, str(level), f"middle{pale}")


def _cooling_row(frame: _Frame, record: DayRecord, room: HouseholdRoom) -> Iterator[str]:
    device = room.device_name(room.entity_ids[0]) if room.entity_ids else ""
    yield _text(_LEFT - 4, _COOLING_ROW + 11, device, "row")
    yield _piece(_COOLING_ROW, _LEFT, _RIGHT - _LEFT, "level0")
    for is_on, x, width in _pieces(
        frame, record, lambda sample: int(sample.rooms[room.room_id].is_cooling)
    ):
        if is_on:
            yield _piece(_COOLING_ROW, x, width, "on")


def _pieces(
    frame: _Frame, record: DayRecord, value: Callable[[Sample], int]
) -> Iterator[tuple[int, float, float]]:
    """Yield (value, x, width) for each stretch of the same value."""
    for found, stretch in groupby(record.samples, key=value):
        samples: Iterable[Sample] = list(stretch)
        moments = [sample.at for sample in samples]
        left = frame.x(moments[0] - record.step)
        yield found, left, frame.x(moments[-1]) - left


def _piece(y: float, x: float, width: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_ROW_HEIGHT}"/>'


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'
