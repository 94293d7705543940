"""Picture a room's last hours and its next 24, with the person's limit and when it is passed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from daemon.chart import Band, Chart, Ink, Line
from policies.foresight import foresee
from policies.heat_limits import is_night, personal_limits
from policies.model import Forecast, Freshness, Person, RoomConditions
from policies.outlook import expect
from policies.texts_en import PICTURE_WORDS

PAST: Final = timedelta(hours=12)
AHEAD: Final = timedelta(hours=24)
_STEP: Final = timedelta(minutes=15)
_HALF_HOUR: Final = timedelta(minutes=30)  # a mean over an hour stands in its middle


@dataclass(frozen=True, slots=True)
class Ahead:
    """Hold a picture, and what of it is news: whether the limit is passed, and in which hour."""

    chart: Chart
    news: tuple[str, datetime | None]


@dataclass(frozen=True, slots=True)
class _Hour:
    at: datetime
    low_c: float | None
    middle_c: float
    high_c: float | None


def chart_ahead(
    conditions: RoomConditions,
    people: Sequence[Person],
    forecast: Forecast | None,
    now_utc: datetime,
    zone: ZoneInfo,
) -> Ahead | None:
    """Return the picture of a room, or `None` where nothing is known or nobody has a limit.

    Args:
        conditions: the room; without a forecast of its own `policies.outlook` stands in.
        people: who is ever there; the lowest limit counts.
        forecast: outdoors, for `policies.outlook`.
        now_utc: the present.
        zone: where the clock on the picture hangs.
    """
    past = _past(conditions, now_utc)
    hours = _hours(conditions, forecast, now_utc)
    if not people or not (past or hours):
        return None
    person = min(people, key=lambda each: personal_limits(each, is_night_bedroom=False).level_1_c)

    def limit_c(at: datetime) -> float:
        is_by_night = conditions.room.is_bedroom and is_night(person, at.astimezone(zone))
        return personal_limits(person, is_by_night).level_1_c

    now_c = past[-1][1] if conditions.freshness is Freshness.FRESH and past else None
    if now_c is not None:
        hours = [_Hour(now_utc, None, now_c, None), *hours]
    crossing = None if now_c is None else _crossing(hours, limit_c)
    word = _word(now_c, conditions.last_seen_at, hours, limit_c(now_utc), crossing)
    local = (crossing or conditions.last_seen_at or now_utc).astimezone(zone)
    is_tomorrow = crossing is not None and local.date() != now_utc.astimezone(zone).date()
    if word == "over_from" and is_tomorrow:
        word = "over_from_tomorrow"
    limit_there_c = limit_c(crossing or now_utc)
    slots = {"limit": f"{limit_there_c:g}", "at": _clock(local)}
    start, end = now_utc - PAST, now_utc + AHEAD
    chart = Chart(
        title=conditions.room.name,
        start=start,
        end=end,
        zone=zone,
        lines=(
            Line(
                Ink.LIMIT,
                PICTURE_WORDS["limit"].format(limit=f"{limit_c(now_utc):g}"),
                tuple(_stepped(limit_c, start, end)),
            ),
            Line(
                Ink.EXPECTED,
                PICTURE_WORDS["expected"],
                tuple((hour.at, hour.middle_c) for hour in hours),
            ),
            Line(Ink.INDOORS, PICTURE_WORDS["indoors"], tuple(past)),
        ),
        band=_band(hours),
        now=now_utc,
        subtitle=PICTURE_WORDS[word].format(**slots),
        spot=None if crossing is None else (crossing, limit_there_c),
    )
    return Ahead(chart, (word, crossing and crossing.replace(minute=0, second=0, microsecond=0)))


def _past(conditions: RoomConditions, now_utc: datetime) -> list[tuple[datetime, float]]:
    points = [
        (value.at + _HALF_HOUR, value.effective_temperature_c)
        for value in conditions.history
        if now_utc - PAST <= value.at + _HALF_HOUR <= now_utc
    ]
    now_c = conditions.mean_10_min_c
    if conditions.freshness is Freshness.FRESH and now_c is not None:
        points.append((now_utc, now_c))
    return points


def _hours(conditions: RoomConditions, forecast: Forecast | None, now_utc: datetime) -> list[_Hour]:
    hours = [
        _Hour(hour.at + _HALF_HOUR, hour.low_c, hour.middle_c, hour.high_c)
        for hour in foresee(conditions, now_utc)  # moved by what is measured, as messages are
    ] or [
        _Hour(hour.at + _HALF_HOUR, None, hour.effective_temperature_c, None)
        for hour in expect(conditions, forecast, now_utc, AHEAD)
    ]
    return [hour for hour in hours if now_utc < hour.at <= now_utc + AHEAD + _HALF_HOUR]


def _crossing(hours: Sequence[_Hour], limit_c: Callable[[datetime], float]) -> datetime | None:
    """Return when the expected line first changes its side of the limit."""
    for before, after in pairwise(hours):
        was_over_c = before.middle_c - limit_c(before.at)
        is_over_c = after.middle_c - limit_c(after.at)
        if (was_over_c >= 0) != (is_over_c >= 0):
            part = min(1.0, abs(was_over_c) / (abs(was_over_c) + abs(is_over_c)))
            return before.at + (after.at - before.at) * part
    return None


def _word(
    now_c: float | None,
    last_seen_at: datetime | None,
    hours: Sequence[_Hour],
    limit_now_c: float,
    crossing: datetime | None,
) -> str:
    """Return the id of what is said of the limit."""
    if now_c is None:
        return "unknown" if last_seen_at is None else "unseen"
    if now_c >= limit_now_c:
        return "over_now" if crossing is None else "over_now_until"
    if not hours[1:]:
        return "unknown"
    return "under" if crossing is None else "over_from"


def _band(hours: Sequence[_Hour]) -> Band | None:
    points = []
    for hour in hours:
        if hour.low_c is not None and hour.high_c is not None:
            points.append((hour.at, hour.low_c, hour.high_c))
        elif hour is hours[0]:
            points.append((hour.at, hour.middle_c, hour.middle_c))
    return Band(tuple(points)) if len(points) > 1 else None


def _stepped(
    limit_c: Callable[[datetime], float], start: datetime, end: datetime
) -> list[tuple[datetime, float]]:
    """Return the limit, with steps where the person's night begins and ends."""
    points = [(start, limit_c(start))]
    at = start
    while at < end:
        at = min(end, at + _STEP)
        if limit_c(at) != points[-1][1]:
            points += [(at, points[-1][1]), (at, limit_c(at))]
    return [*points, (end, points[-1][1])]


def _clock(local: datetime) -> str:
    """Return a time to the half hour: the picture knows it no better."""
    rounded = local + timedelta(minutes=15)
    return f"{rounded.hour:02}:{'30' if rounded.minute >= 30 else '00'}"  # noqa: PLR2004
