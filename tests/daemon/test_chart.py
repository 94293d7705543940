"""Hold the chart: what it shows is all there, readable and harmless, whatever it is given."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from daemon.chart import (
    DARK_STYLE,
    STYLE,
    WIDTH,
    Band,
    Chart,
    Ink,
    Line,
    Mark,
    Piece,
    Row,
    draw,
    draw_file,
    height_of,
    pieces_of,
)

HOUR = timedelta(hours=1)
START = datetime(2026, 7, 1, 22, tzinfo=UTC)  # midnight in Rome
ROME = ZoneInfo("Europe/Rome")
HOSTILE = """<script>alert("1")</script>'&"""
SVG = "{http://www.w3.org/2000/svg}"


def line(ink: Ink, label: str, *values: float | None) -> Line:
    """Return a line with a value an hour."""
    return Line(ink, label, tuple((START + n * HOUR, value) for n, value in enumerate(values)))


def day(title: str = "Living room", label: str = "indoors", **more: object) -> Chart:
    """Return a day with every kind of thing on it."""
    warm = [24 + n * 0.3 for n in range(25)]
    parts: dict[str, object] = {
        "lines": (
            line(Ink.INDOORS, label, *warm[:13]),
            line(Ink.EXPECTED, "expected", *[None] * 12, *warm[12:]),
            line(Ink.OUTDOORS, "outdoors", *[20 + n % 12 for n in range(25)]),
            line(Ink.LIMIT, "limit 26°", *[26.0] * 25),
        ),
        "band": Band(tuple((START + n * HOUR, warm[n] - 1, warm[n] + 1) for n in range(12, 25))),
        "rows": (
            Row(title, pieces_of([(START, "level0"), (START + 9 * HOUR, "level3")], START + day_h)),
            Row("AC", (Piece(START + HOUR, START + 3 * HOUR, "on"),)),
            Row("drinks", (Piece(START + HOUR, START + HOUR, "drink"),)),
        ),
        "marks": (Mark(START + 10 * HOUR, "1"), Mark(START + 10.1 * HOUR, "2")),
        "now": START + 12 * HOUR,
    }
    return Chart(title, START, START + day_h, ROME, **(parts | more))  # type: ignore[arg-type]


day_h = 24 * HOUR


def read(drawing: str) -> ET.Element:
    """Return the drawing's elements."""
    return ET.fromstring(drawing)  # noqa: S314 - our own text


def paths(root: ET.Element, kind: str) -> list[str]:
    """Return the paths of one class."""
    return [found.get("d", "") for found in root.iter("path") if found.get("class") == kind]


def test_a_gap_in_a_line_stays_a_gap() -> None:
    """Unknown hours are not bridged, and a value alone between two gaps is still seen."""
    chart = day(lines=(line(Ink.INDOORS, "in", 24.0, 25.0, None, 26.0, None, 27.0, 28.0),))
    (drawn,) = paths(read(draw(chart)), "indoors")
    assert drawn.count("M") == 3
    assert drawn.count("L") == 2
    assert "h.1" in drawn


def test_fault_79_hostile_texts_stay_text() -> None:
    """Titles, labels and rows full of markup add no element."""
    hostile, harmless = read(draw(day(HOSTILE, HOSTILE))), read(draw(day()))
    assert [found.tag for found in hostile.iter()] == [found.tag for found in harmless.iter()]
    texts = [found.text for found in hostile.iter("text")]
    assert texts.count(HOSTILE) == 2


def test_everything_drawn_has_a_look_of_its_own_in_light_and_dark() -> None:
    """Each class is in the style, and each colour that is a variable has a dark value."""
    root = read(draw(day()))
    kinds = {kind for found in root.iter() for kind in found.get("class", "").split()}
    assert kinds >= {"indoors", "expected", "outdoors", "limit", "band", "now", "drink", "on"}
    for kind in kinds - {"chart"}:
        assert f".{kind}" in STYLE, kind
    assert set(re.findall(r"(--[a-z]+):", STYLE)) == set(re.findall(r"(--[a-z]+):", DARK_STYLE))


def test_lines_differ_without_colours() -> None:
    """No two lines have the same thickness and dashes."""
    looks = set()
    for ink in Ink:
        found = re.search(rf"\.chart \.{ink}{{stroke:[^;]*;(.*?)}}", STYLE)
        assert found, ink
        looks.add(found[1])
    assert len(looks) == len(Ink)


def test_labels_stand_apart_inside_the_picture() -> None:
    """Every label is there once, inside, and none lies on another."""
    root = read(draw(day()))
    boxes = []
    for found in root.iter("text"):
        if "label" in found.get("class", "").split():
            x, y = float(found.get("x", "")), float(found.get("y", ""))
            boxes.append((x, y - 9, x + 5.9 * len(found.text or ""), y))
    assert len(boxes) == 4
    for index, one in enumerate(boxes):
        assert one[0] >= 36
        assert one[2] <= 352
        for other in boxes[index + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0]
            assert apart or one[3] <= other[1] or other[3] <= one[1]


def test_marks_close_together_do_not_hide_each_other() -> None:
    """The dots of two moments six minutes apart stand at different heights."""
    dots = [found for found in read(draw(day())).iter("circle") if found.get("class") == "dot"]
    assert len({dot.get("cy") for dot in dots}) == 2


def test_ticks_of_many_days_name_some_of_them() -> None:
    """A week names each day, a season every second week, and no more than have room."""
    week = Chart("", START, START + 7 * day_h, ROME)
    assert [words for _, words in week.ticks()][:3] == ["Thu 2", "Fri 3", "Sat 4"]
    assert week.is_of_days
    season = Chart("", START, START + 120 * day_h, ROME)
    assert [words for _, words in season.ticks()] == [
        *("2 Jul", "16 Jul", "30 Jul", "13 Aug", "27 Aug"),
        *("10 Sep", "24 Sep", "8 Oct", "22 Oct"),
    ]
    assert not season.is_of_days


def test_ticks_are_hours_of_the_wall_clock_also_when_it_is_set() -> None:
    """On the day of 23 hours each tick is at a whole hour of the clock, three apart."""
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Rome, the clock is set at 2
    chart = Chart("", start, start + 23 * HOUR, ROME)
    ticks = list(chart.ticks())
    assert [words for _, words in ticks] == [f"{hour:02}:00" for hour in (*range(0, 24, 3), 0)]
    assert ticks[1][0] - ticks[0][0] == 2 * HOUR


def test_days_of_a_week_are_named_below_the_days() -> None:
    """Seven days have seven names, each between its midnights."""
    chart = day(lines=(), band=None, rows=(), marks=(), now=None)
    week = Chart("", START, START + 7 * day_h, ROME)
    names = [found for found in read(draw(week)).iter("text") if found.text]
    assert [found.text for found in names if found.get("class") == "tick middle"] == [
        *("Thu 2", "Fri 3", "Sat 4", "Sun 5", "Mon 6", "Tue 7", "Wed 8")
    ]
    assert draw(chart)  # nothing known at all is a picture too


def test_stretches_of_the_same_kind_become_one_piece() -> None:
    """Levels carry their number; the last stretch ends with the picture."""
    values = [(START + n * HOUR, kind) for n, kind in enumerate(("level0", "level0", "unseen"))]
    pieces = pieces_of(values, START + 5 * HOUR, is_numbered=True)
    assert pieces == (
        Piece(START, START + 2 * HOUR, "level0", "0"),
        Piece(START + 2 * HOUR, START + 5 * HOUR, "unseen"),
    )


def test_a_file_holds_its_charts_below_each_other() -> None:
    """It is one well-formed SVG, as high as both, with light and dark in itself."""
    root = read(draw_file([day(), day("Bedroom")]))
    assert root.tag == f"{SVG}svg"
    assert float(root.get("height", "0")) == round(2 * height_of(day()))
    assert root.get("width") == str(WIDTH)
    assert "prefers-color-scheme:dark" in (root.findtext(f"{SVG}style") or "")
