"""The picture of a room's next 24 hours: what was, what is expected, and when it is too much."""

from __future__ import annotations

import math
import os
import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.ahead_chart import Ahead, chart_ahead
from daemon.chart import Ink
from daemon.chart.letters import fitting, letters, width_of
from daemon.chart.raster import draw_png
from policies.foresight import foresee
from policies.model import Freshness, HourlyValue, RoomConditions
from policies.room_features import KNOTS_H
from policies.room_forecast import HourAhead, Predictor, RoomForecast
from tests.builders import ZONE, a_person, a_room

# `KEEPCOOL_PICTURES=docs .venv/bin/python -m pytest tests/daemon/test_ahead_chart.py` makes it.
PICTURES = os.environ.get("KEEPCOOL_PICTURES")
NOW = datetime(2026, 7, 14, 8, 20, tzinfo=UTC)  # 10:20 in Berlin
HOUR = timedelta(hours=1)
NOW_H = int(NOW.timestamp() // 3600)


def room_c(hour: float) -> float:
    """Return 23 °C early in the morning, 28 °C at five in the afternoon, in Berlin; UTC hours."""
    return 25.5 + 2.5 * math.sin(2 * math.pi * (hour - 9) / 24)


def ahead(shift_c: float = 0.0) -> RoomForecast:
    """Return a forecast whose band grows."""
    hours = tuple(
        HourAhead(
            NOW_H + n,
            room_c((NOW_H + n + 0.5) % 24) + shift_c - 0.05 * n,
            room_c((NOW_H + n + 0.5) % 24) + shift_c,
            room_c((NOW_H + n + 0.5) % 24) + shift_c + 0.05 * n,
        )
        for n in range(48)
    )
    shares = {knot: {Predictor.ROOM_MODEL: 1.0} for knot in KNOTS_H}
    return RoomForecast(NOW_H - 1, hours, shares, 28.0, 28.5, 27.5)


def conditions(**more: Any) -> RoomConditions:  # noqa: ANN401 - the fields of what is built
    """Return a room that is seen, with two days of history."""
    history = tuple(
        HourlyValue(datetime.fromtimestamp((NOW_H - n) * 3600, UTC), room_c((NOW_H - n + 0.5) % 24))
        for n in range(48, 0, -1)
    )
    now_c = room_c(8 + 20 / 60)
    found = RoomConditions(
        a_room(),
        freshness=Freshness.FRESH,
        temperature_c=now_c,
        effective_temperature_c=now_c,
        mean_10_min_c=now_c,
        mean_30_min_c=now_c,
        last_seen_at=NOW,
        trend_c_per_h=0.3,
        history=history,
        ahead=ahead(),
    )
    return replace(found, **more)


def picture(room: RoomConditions, **person: Any) -> Ahead:  # noqa: ANN401 - the person's fields
    """Return the room's picture for Anna."""
    found = chart_ahead(room, [a_person(**person)], None, NOW, ZONE)
    assert found is not None
    return found


def test_it_shows_past_and_coming_hours_with_the_band_and_where_the_limit_is_passed() -> None:
    """Twelve hours back, 24 ahead; the ring lies on the limit when the expected line crosses it."""
    found = picture(conditions())
    chart = found.chart
    assert (chart.start, chart.now, chart.end) == (NOW - 12 * HOUR, NOW, NOW + 24 * HOUR)
    by_ink = {line.ink: line for line in chart.lines}
    assert by_ink[Ink.INDOORS].points[-1][0] == NOW == by_ink[Ink.EXPECTED].points[0][0]
    assert len(by_ink[Ink.EXPECTED].points) == 25
    assert by_ink[Ink.LIMIT].label == "limit 26°"
    assert chart.band is not None
    assert chart.band.points[0][1] == chart.band.points[0][2]  # what is measured has no band
    assert chart.spot is not None
    assert chart.spot[1] == 26.0
    # 25.5 + 2.5 sin = 26 at 45 minutes after nine UTC: 11:45 in Berlin.
    assert abs(chart.spot[0] - NOW.replace(hour=9, minute=46)) < timedelta(minutes=15)
    assert chart.subtitle == "26° expected from about 12:00"
    assert found.news == ("over_from", NOW.replace(hour=9, minute=0))


@pytest.mark.parametrize(
    ("change", "person", "words"),
    [
        ({"ahead": ahead(-3.0), "mean_10_min_c": 22.3}, {}, "expected to stay under 26°"),
        ({"mean_10_min_c": 27.0}, {"level_1_c": 22.0}, "over 22° now"),
        ({"mean_10_min_c": 26.4}, {}, "over 26° now, until about 23:30"),
        ({}, {"level_1_c": 27.9}, "27.9° expected from about 16:00"),
        (
            {"freshness": Freshness.STALE, "last_seen_at": NOW - 5 * HOUR, "ahead": None},
            {},
            "not seen since 05:30",
        ),
        ({"history": (), "ahead": None, "trend_c_per_h": 0.0}, {}, "expected to stay under 26°"),
    ],
)
def test_it_says_in_words_what_the_line_does(
    change: dict[str, Any], person: dict[str, Any], words: str
) -> None:
    """Each case of the limit, to the half hour."""
    if words.startswith("over 22"):
        change |= {"ahead": ahead(1.0)}
    assert picture(conditions(**change), **person).chart.subtitle == words


def test_the_line_goes_on_from_what_is_measured_as_the_messages_do() -> None:
    """A room a degree warmer than was foretold an hour ago is drawn so, as `foresee` says it."""
    room = conditions(mean_10_min_c=room_c(8 + 20 / 60) + 1.0)
    (line,) = (found for found in picture(room).chart.lines if found.ink is Ink.EXPECTED)
    foreseen = {hour.at + HOUR / 2: hour.middle_c for hour in foresee(room, NOW)}
    assert line.points[1:] == tuple((at, foreseen[at]) for at, _ in line.points[1:])
    at, value_c = line.points[2]
    assert value_c == pytest.approx(room_c(at.hour + at.minute / 60) + 1.0, abs=0.1)


def test_tomorrow_is_said() -> None:
    """A limit that is passed after midnight names the day."""
    found = picture(conditions(ahead=ahead(-0.9), mean_10_min_c=23.0), level_1_c=24.6)
    assert found.chart.subtitle.startswith("24.6° expected from about")
    early = chart_ahead(
        conditions(ahead=ahead(-3.0), mean_10_min_c=22.0),
        [a_person(level_1_c=24.9)],
        None,
        NOW + 10 * HOUR,
        ZONE,
    )
    assert early is not None
    assert early.chart.subtitle.endswith(("tomorrow", "24.9°"))


def test_the_bedrooms_limit_is_that_of_the_night_at_night() -> None:
    """It steps at bedtime and at waking."""
    bedroom = conditions(room=a_room(is_bedroom=True))
    (limit,) = (line for line in picture(bedroom).chart.lines if line.ink is Ink.LIMIT)
    assert {value for _, value in limit.points} == {24.0, 26.0}


def test_nobody_or_nothing_has_no_picture() -> None:
    """A room without people has no limit; one that was never seen has no line."""
    assert chart_ahead(conditions(), [], None, NOW, ZONE) is None
    unseen = conditions(history=(), ahead=None, freshness=Freshness.WAITING, mean_10_min_c=None)
    assert chart_ahead(unseen, [a_person()], None, NOW, ZONE) is None


def read_png(data: bytes) -> tuple[int, int, bytes]:
    """Return width, height and the rows of a PNG with checked sums; each row starts with 0."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, chunks = 8, {}
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack_from(">I", data, place + 8 + length)[0]
        chunks[kind] = body
        place += 12 + length
    width, height, depth, colour = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    assert (depth, colour) == (8, 2)
    return width, height, zlib.decompress(chunks[b"IDAT"])


def test_the_png_is_whole_small_and_shows_line_band_limit_and_words() -> None:
    """Two pixels a unit; its colours are there; the words are ink in their place."""
    data = draw_png(picture(conditions()).chart)
    assert len(data) < 40_000
    width, height, rows = read_png(data)
    assert (width, height) == (720, 432)
    assert len(rows) == height * (1 + 3 * width)
    pixels = [
        rows[y * (1 + 3 * width) + 1 + 3 * x :][:3] for y in range(height) for x in range(width)
    ]
    for colour in ((0, 114, 178), (204, 227, 240), (34, 34, 34), (221, 221, 221)):
        assert pixels.count(bytes(colour)) > 200, colour
    title = [pixels[y * width + x] for y in range(10, 32) for x in range(10, 200)]
    assert title.count(bytes((34, 34, 34))) > 100


def test_names_of_other_scripts_do_not_break_it() -> None:
    """A name without letters of ours is left out; accents, Greek and Cyrillic are written."""
    assert {"é", "ł", "Ω", "ж", "°", "…"} <= set(letters())
    for name in ("寝室", "Спальня", "Salle à manger" * 9, ""):
        chart = picture(conditions(room=a_room(name=name))).chart
        assert read_png(draw_png(chart))[0] == 720


def test_a_title_that_is_wider_than_the_picture_ends_in_dots() -> None:
    """Of sixty wide letters as many are drawn as fit; a short name stays whole."""
    cut = fitting("W" * 60, 700)
    assert cut.endswith("W...")
    assert 650 < width_of(cut) < 700
    assert fitting("Living room", 700) == "Living room"


def test_the_picture_of_the_docs() -> None:
    """A morning with a hot afternoon ahead."""
    data = draw_png(picture(conditions()).chart)
    assert data
    if PICTURES:
        (Path(PICTURES) / "next_24_hours.png").write_bytes(data)
