"""Hold the demo's page: complete, harmless whatever it is given, and the same picture as a file."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from daemon.demo.day import STEP, uncooled_day
from daemon.demo.household import Household, hot_day_household
from daemon.demo.page import render_page, write_page, write_picture
from daemon.demo.picture import draw_room
from daemon.demo.record import CoolingChange, DayRecord, PhoneMessage, WorldEvent
from daemon.demo.rooms import BEDROOM, LIVING_ROOM
from daemon.demo.summary import hours

HOSTILE = """<script>alert("1")</script>'&"""
SVG = "{http://www.w3.org/2000/svg}"


def household(name: str = "Bedroom") -> Household:
    """Return the demo's household with a bedroom of any name."""
    usual = hot_day_household()
    rooms = tuple(
        replace(room, name=name) if room.room_id == BEDROOM else room for room in usual.rooms
    )
    return replace(usual, rooms=rooms, name=name)


def day_of(home: Household, words: str = "Cool down now") -> DayRecord:
    """Return a day with a level, a device that runs, a gap and one happening of every kind."""
    record = uncooled_day(home)
    changed = []
    for number, sample in enumerate(record.samples):
        rooms = {
            LIVING_ROOM: replace(sample.rooms[LIVING_ROOM], is_cooling=100 <= number < 200),
            BEDROOM: replace(
                sample.rooms[BEDROOM], level=number // 150, is_seen=not 300 <= number < 320
            ),
        }
        changed.append(replace(sample, rooms=rooms, goal_ml=1850, drunk_ml=800))
    at = home.start + timedelta(hours=5)
    message = PhoneMessage(at, "heat", "critical", words, words, words, (words,))
    near = replace(message, at=at + 3 * STEP)
    return DayRecord(
        home,
        STEP,
        changed,
        [
            WorldEvent(at, words),
            message,
            near,
            CoolingChange(at, LIVING_ROOM, words, "AC", "on", words),
        ],
    )


class Tags(HTMLParser):
    """Collect the elements and the visible text of a page, and check that they are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.names.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that the innermost element is the one that ends."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect text."""
        self.text += data

    def is_closed(self) -> bool:
        """Tell whether every element has ended."""
        return not self._open


def read(page: str) -> Tags:
    """Return what a browser finds in a page."""
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.is_closed()
    return tags


def test_fault_79_hostile_name_stays_text() -> None:
    """Names and messages full of markup add no element and can be read as they are."""
    home = household(HOSTILE)
    hostile = read(render_page(day_of(home, HOSTILE), uncooled_day(home)))
    harmless = read(render_page(day_of(household()), uncooled_day(household())))
    assert hostile.names == harmless.names
    assert "script" not in hostile.names
    assert hostile.text.count(HOSTILE) >= 10


def test_fault_79_nothing_is_loaded_from_elsewhere() -> None:
    """The page names no address and has no element or attribute that fetches."""
    home = household()
    page = render_page(day_of(home), uncooled_day(home))
    tags = read(page)
    assert "http" not in page
    assert "//" not in page
    assert not {"script", "link", "img", "iframe", "object", "embed", "use"} & set(tags.names)
    assert not {"src", "href", "onload", "onclick"} & {name for name, _ in tags.attributes}
    assert "@import" not in page
    assert set(re.findall(r"url\(([^)]*)\)", page)) == {"#hatch"}


def test_it_says_what_happened() -> None:
    """Messages with safety text and buttons, reasons of cooling and the numbers are all there."""
    home = household()
    words = "Cool down at once: Bedroom 33°"
    text = read(render_page(day_of(home, words), uncooled_day(home))).text
    assert text.count(words) == 1 + 2 * 4 + 2  # event, two messages with four texts, cooling
    for expected in (
        "11:00",
        "11:06",
        "1 action",
        "3 h 20 min",
        "800 of 1,850 ml",
        "not a medical",
    ):
        assert expected in text


def test_the_picture_shows_level_gap_cooling_and_messages() -> None:
    """Each kind of mark is in the bedroom's or the living room's drawing, inside its frame."""
    home = household()
    record, without = day_of(home), uncooled_day(home)
    for room, kinds in (
        (home.room(BEDROOM), {"level0", "level1", "level2", "level3", "unseen", "dot"}),
        (home.room(LIVING_ROOM), {"level0", "on", "indoors", "other", "outdoors", "limit"}),
    ):
        root = ET.fromstring(draw_room(record, without, room))  # noqa: S314 - our own text
        found = {kind for element in root.iter() for kind in element.get("class", "").split()}
        assert kinds <= found
        right_edges = [
            float(piece.get("x", "0")) + float(piece.get("width", "0"))
            for piece in root.iter("rect")
            if piece.get("class")
        ]
        assert max(right_edges) <= 352.1


def test_messages_close_together_do_not_hide_each_other() -> None:
    """The marks of two messages six minutes apart stand at different heights."""
    home = household()
    drawing = draw_room(day_of(home), uncooled_day(home), home.room(BEDROOM))
    root = ET.fromstring(drawing)  # noqa: S314 - our own text
    heights = {dot.get("cy") for dot in root.iter("circle")}
    assert len(heights) == 2


def test_the_files_are_small_and_the_picture_stands_alone(tmp_path: Path) -> None:
    """The page stays under 200 kB, and the picture is one well-formed SVG with all rooms."""
    home = household()
    record, without = day_of(home), uncooled_day(home)
    write_page(record, without, tmp_path / "day.html")
    write_picture(record, without, tmp_path / "day.svg")
    assert (tmp_path / "day.html").stat().st_size < 200_000
    assert (tmp_path / "day.svg").stat().st_size < 200_000
    root = ET.parse(tmp_path / "day.svg").getroot()  # noqa: S314 - our own text
    assert root.tag == f"{SVG}svg"
    titles = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "title"]
    assert titles == [room.name for room in home.rooms]


@pytest.mark.parametrize(("minutes", "words"), [(0, "0 min"), (59, "59 min"), (60, "1 h 00 min")])
def test_durations_read_as_people_say_them(minutes: int, words: str) -> None:
    """Under an hour minutes are enough."""
    assert hours(timedelta(minutes=minutes)) == words
