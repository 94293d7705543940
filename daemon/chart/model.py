"""Define what a picture shows: lines over time, a band, rows below them, and numbered marks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

GRID_C: Final = (2, 4, 8)  # distances of grid lines in °C, the first with at most _MOST_GRID_LINES
_MOST_GRID_LINES: Final = 6
_TICKS_H: Final = ((6, 1), (12, 2), (27, 3), (54, 6))  # up to so many hours, a tick every so many
_NIGHT: Final = timedelta(days=1)
_MOST_NAMED_DAYS: Final = 9  # as many as have room for their names
_DAYS_APART: Final = (1, 2, 7, 14, 28, 91)


class Ink(StrEnum):
    """Name what a line tells; each has its own colour, thickness and dashes."""

    INDOORS = "indoors"
    EXPECTED = "expected"
    OUTDOORS = "outdoors"
    LIMIT = "limit"
    OTHER = "other"  # what it is compared with


@dataclass(frozen=True, slots=True)
class Line:
    """Hold values in °C over time, oldest first; `None` is a gap."""

    ink: Ink
    label: str
    points: tuple[tuple[datetime, float | None], ...]


@dataclass(frozen=True, slots=True)
class Band:
    """Hold lowest and highest values in °C over time."""

    points: tuple[tuple[datetime, float, float], ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold a stretch of a row; `kind` is level0 to level4, unseen, on or drink.

    One that ends as it starts is a dot.
    """

    start: datetime
    end: datetime
    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Hold what stands below the lines, on the same time: levels, a device, drinks."""

    name: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Hold a moment that is marked over the whole height, with its number."""

    at: datetime
    number: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Hold one picture. Times are UTC; `zone` is where the clock on it hangs."""

    title: str
    start: datetime
    end: datetime
    zone: ZoneInfo
    lines: tuple[Line, ...] = ()
    band: Band | None = None
    rows: tuple[Row, ...] = ()
    marks: tuple[Mark, ...] = ()
    now: datetime | None = None  # where the past ends
    range_c: tuple[float, float] | None = None  # the scale, where it is not the chart's own
    subtitle: str = ""  # in a picture without marks, which would stand there
    spot: tuple[datetime, float] | None = None  # a moment and its temperature, ringed

    def scale_c(self) -> tuple[float, float]:
        """Return the lowest and the highest temperature of the scale, in °C."""
        if self.range_c is not None:
            return self.range_c
        values = [value for line in self.lines for _, value in line.points if value is not None]
        if self.band is not None:
            values += [value for _, low, high in self.band.points for value in (low, high)]
        lowest, highest = min(values, default=18.0), max(values, default=30.0)
        lowest, highest = math.floor(lowest / 2) * 2, math.ceil(highest / 2) * 2
        return (lowest, highest) if highest > lowest else (lowest - 2, highest + 2)

    def grid_c(self) -> list[int]:
        """Return where the grid's lines are, in °C."""
        lowest, highest = self.scale_c()
        step = next((s for s in GRID_C if (highest - lowest) / s <= _MOST_GRID_LINES), GRID_C[-1])
        return list(range(math.ceil(lowest / step) * step, math.floor(highest) + 1, step))

    def marks_with_height(self, dot: float, width: float) -> Iterator[tuple[Mark, bool]]:
        """Yield the marks, and whether each stands higher because it would hide the one before.

        Args:
            dot: how wide a mark is.
            width: how wide the whole picture is, in the same unit.
        """
        last, is_raised = -math.inf, False
        span_s = self.end.timestamp() - self.start.timestamp()
        for mark in self.marks:
            x = (mark.at.timestamp() - self.start.timestamp()) / span_s * width
            is_raised = x - last < dot and not is_raised
            last = x
            yield mark, is_raised

    @property
    def is_of_days(self) -> bool:
        """Return whether it spans so many days that each is named instead of hours."""
        return timedelta(hours=_TICKS_H[-1][0]) < self.end - self.start <= _NIGHT * _MOST_NAMED_DAYS

    def ticks(self) -> Iterator[tuple[datetime, str]]:
        """Yield moments on the time axis, with the local clock or, over several days, the day."""
        hours = (self.end - self.start) / timedelta(hours=1)
        apart = next((days for days in _DAYS_APART if hours / 24 / days <= _MOST_NAMED_DAYS), 365)
        step = next(
            (timedelta(hours=h) for most, h in _TICKS_H if hours <= most + 1e-6), apart * _NIGHT
        )
        local = self.start.astimezone(self.zone)
        # Steps of the wall clock, so that a day of 23 hours has its 12:00 too.
        wall = datetime.combine(local.date(), datetime.min.time())
        while (at := wall.replace(tzinfo=self.zone).astimezone(UTC)) <= self.end:
            if at >= self.start:
                yield at, _tick_words(wall, step)
            wall += step


def _tick_words(wall: datetime, step: timedelta) -> str:
    """Name a moment as exactly as the ticks are far apart."""
    if step < _NIGHT:
        return f"{wall:%H:%M}"
    return f"{wall:%a} {wall.day}" if step == _NIGHT else f"{wall.day} {wall:%b}"


def pieces_of(
    values: Sequence[tuple[datetime, str]], end: datetime, *, is_numbered: bool = False
) -> tuple[Piece, ...]:
    """Return the stretches of equal kinds; each value holds from its moment to the next one's.

    With `is_numbered` levels carry their number.
    """
    pieces: list[Piece] = []
    for (at, kind), (until, _) in pairwise([*values, (end, "")]):
        if pieces and pieces[-1].kind == kind and pieces[-1].end == at:
            at = pieces.pop().start  # noqa: PLW2901 - the same stretch goes on
        label = kind.removeprefix("level") if is_numbered and kind.startswith("level") else ""
        pieces.append(Piece(at, until, kind, label))
    return tuple(pieces)
