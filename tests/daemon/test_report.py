"""`keepcool report` tells a day or a week from the database, in words, pictures and a page."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from daemon.chart import draw_file
from daemon.cli import main
from daemon.cli_report import Wanted, find
from daemon.report import png
from daemon.report.charts import charts
from daemon.report.model import Span
from daemon.store import DATABASE_NAME, Store, open_read_only
from tests import report_home
from tests.daemon.test_demo_page import read
from tests.report_home import HOSTILE

# `KEEPCOOL_PICTURES=docs .venv/bin/python -m pytest tests/daemon/test_report.py -k docs` makes it.
PICTURES = os.environ.get("KEEPCOOL_PICTURES")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Return a home's folder whose daemon runs: its database is open and being written."""
    with closing(report_home.fill(tmp_path)):
        report_home.write_settings(tmp_path)
        yield tmp_path


def report(folder: Path, *words: str) -> Result:
    """Ask for a report."""
    return CliRunner().invoke(main, ["report", "--config", str(folder / "keepcool.toml"), *words])


def page_of(folder: Path, *words: str) -> str:
    """Return the page."""
    found = report(folder, *words, "--html", str(folder / "out.html"))
    assert found.exit_code == 0, found.output
    assert found.output.splitlines()[-1] == str(folder / "out.html")
    return (folder / "out.html").read_text()


def test_a_day_in_words(home: Path) -> None:
    """The hottest hour, the time over the limit, messages, drinks and what was not seen."""
    found = report(home, "--day", "2026-07-14")
    assert found.exit_code == 0
    (line,) = found.output.splitlines()
    assert line.startswith("Tuesday 14 July 2026. It was hottest in Living room, at 1")
    # The means of ten minutes round six in the evening are just under 30 °C, felt a little more.
    for words in (
        "Over the limit: Living room 14 h",
        "keepcool cooled: AC in Living room 2 h.",
        "3 messages to the phone (1 silent, 1 with sound).",
        "Anna: 5 drinks logged, 1,250 ml.",
        "Bedroom was not seen for 9 h 50 min.",
    ):
        assert words in line, (words, line)


def test_longest_names_fit_their_pictures(home: Path) -> None:
    """A title that is wider than a phone is drawn narrower, whole; a short one stays as it is."""
    longest = "Wohnzimmer mit der sehr langen Bezeichnung im Erdgeschoss l"
    report_home.write_settings(home, living=longest, anna="Anna-Maria")
    page = page_of(home, "--day", "2026-07-14")
    fitted = re.findall(r'<text class="title"( textLength="350"[^>]*?)? x=[^>]*>([^<]*)<', page)
    assert [(bool(fit), name) for fit, name in fitted] == [(True, longest), (False, "Bedroom")]
    assert ">Anna…<" in page


def test_name_written_from_the_right_does_not_move_the_hours_beside_it(home: Path) -> None:
    """It stands isolated in the sentences, which name day and hour of a week in their order."""
    name = "\N{HEBREW LETTER HET}\N{HEBREW LETTER DALET}\N{HEBREW LETTER RESH}"
    report_home.write_settings(home, living=name)
    isolated = f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
    words = report(home, "--week", "2026-07-18").output
    assert f"{isolated} 14 h" in report(home, "--day", "2026-07-14").output
    assert re.search(f"It was hottest in {isolated}, on [MTW][a-z]+day at 1", words)


def test_of_restricted_fluids_no_volume_is_named(home: Path) -> None:
    """Ben's drink is counted; neither words nor page say how much it was."""
    page = page_of(home, "--day", "2026-07-14", "--person", "ben")
    assert "1 drink logged." in read(page).text
    assert "ml" not in read(page).text
    assert "150" not in read(page).text
    assert "Living room" not in page  # not a room of his


def test_the_page_shows_every_kind_of_thing(home: Path) -> None:
    """Both rooms with their lines, limits, levels, drinks, marks and the messages' list."""
    page = page_of(home, "--day", "2026-07-14")
    drawings = page.split('<div class="rooms">')[1].split("</div>")[0]
    root = ET.fromstring(f"<x>{drawings}</x>")  # noqa: S314 - our own text
    kinds = {kind for found in root.iter() for kind in found.get("class", "").split()}
    assert kinds >= {"indoors", "outdoors", "limit", "level0", "level1", "level2", "unseen"}
    assert kinds >= {"drink", "dot", "mark", "on", "band", "expected"}
    labels = [found.text for found in root.iter("text") if "label" in found.get("class", "")]
    assert "limit 26°" in labels
    assert "level 2 from 29°" in labels
    assert "prefers-color-scheme:dark" in page
    text = read(page).text
    for words in ("Living room", "Bedroom", "Anna: Have a drink", "14:00", "not a medical device"):
        assert words in text
    assert len(page) < 200_000


def test_a_week_names_days_and_dots_what_was_told(home: Path) -> None:
    """It ends with the day that is named; messages are dots and listed with their day."""
    page = page_of(home, "--week", "2026-07-15")
    text = read(page).text
    assert "9 July to 15 July 2026" in text
    assert "Tue 14" in text
    assert 'class="message"' in page
    assert 'class="dot"' not in page
    assert "Tue 14 14:00" in text


def test_fault_79_hostile_names_stay_text(tmp_path: Path) -> None:
    """Names and messages full of markup add no element and can be read as they are."""
    with closing(report_home.fill(tmp_path, HOSTILE)):
        report_home.write_settings(tmp_path)
        harmless = read(page_of(tmp_path, "--day", "2026-07-14"))
        report_home.write_settings(tmp_path, home=HOSTILE, anna=HOSTILE, living=HOSTILE)
        page = page_of(tmp_path, "--day", "2026-07-14")
    assert read(page).names == harmless.names
    assert "<b onload" not in page
    assert read(page).text.count(HOSTILE) >= 5
    assert not {"src", "href", "onload"} & {name for name, _ in read(page).attributes}


def test_it_reads_a_database_at_rest_and_changes_nothing(home: Path) -> None:
    """After the daemon stopped there is no -wal file; the report makes none and writes nothing."""
    path = home / DATABASE_NAME
    Store(path).close()
    before = path.read_bytes()
    assert report(home, "--day", "2026-07-14").exit_code == 0
    assert path.read_bytes() == before
    with closing(open_read_only(path)) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM drink")


def test_half_a_day_ends_where_it_is_known(home: Path) -> None:
    """A sensor that stopped counts for 130 minutes more, then the line ends."""
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        noon = (report_home.FIRST + timedelta(hours=36)).timestamp()
        connection.execute("DELETE FROM history WHERE at>?", (noon,))
        connection.commit()
    found = report(home, "--day", "2026-07-14", "--room", "living")
    assert found.exit_code == 0
    assert "Living room was not seen for 9 h 40 min." in found.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("--day", "2026-07-01"),
            1,
            "nothing is known of Wednesday 1 July 2026; the first reading",
        ),
        (("--day", "14.7.2026"), 2, "write it like 2026-07-14"),
        (("--day", "2026-07-14", "--week"), 2, "not both"),
        (("--room", "cellar"), 2, "--room cellar: there is living, bedroom in the settings"),
        (("--person", "eve"), 2, "--person eve: there is anna, ben in the settings"),
        (("--day", "2026-07-14", "--html", "/nowhere/x.html"), 1, "could not be written: No such"),
    ],
)
def test_what_is_wrong_is_said(home: Path, words: tuple[str, ...], code: int, said: str) -> None:
    """Each with its exit code and what to do."""
    found = report(home, *words)
    assert found.exit_code == code, found.output
    assert said in found.output


def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    """Nothing has run yet: no traceback, exit code 1; the same for a database without a reading."""
    report_home.write_settings(tmp_path)
    found = report(tmp_path)
    assert (found.exit_code, "has the daemon run yet?" in found.output) == (1, True)
    Store(tmp_path / DATABASE_NAME).close()
    found = report(tmp_path)
    assert (found.exit_code, "there is no reading yet" in found.output) == (1, True)


def test_days_of_23_and_25_hours_are_whole() -> None:
    """A span is from midnight to midnight by the home's clock."""
    berlin = ZoneInfo("Europe/Berlin")
    lengths = [Span(day, 1, berlin) for day in (date(2026, 3, 29), date(2026, 10, 25))]
    assert [span.end - span.start for span in lengths] == [
        timedelta(hours=23),
        timedelta(hours=25),
    ]
    assert len(Span(date(2026, 3, 26), 7, berlin).midnights) == 7


def test_the_band_is_what_was_foretold_before_the_day_began(home: Path) -> None:
    """Of the 14th every hour is there; of the 13th, before any forecast, none."""
    for day, hours in (("2026-07-14", 24), ("2026-07-13", 0)):
        found = find(home / "keepcool.toml", Wanted(day, None, (), None))
        living, bedroom = found.rooms
        assert len(living.expected) == hours
        assert bedroom.expected == ()
        for hour in living.expected:
            assert hour.middle_c == pytest.approx(report_home.air_c(hour.at) + 0.5, abs=0.02)
            assert hour.low_c < hour.middle_c < hour.high_c


def test_outdoors_is_the_weather_kept_by_the_hour_then_the_forecast(home: Path) -> None:
    """Sixty hours are kept; what comes after is foretold; together a line without a gap."""
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        connection.execute("UPDATE outdoor_hour SET temperature=temperature+300")
        connection.commit()
    found = find(home / "keepcool.toml", Wanted("2026-07-15", None, (), None))
    foretold = {hour.at: hour.temperature_c for hour in report_home.forecast().hours}
    warmer = [value - foretold[at] for at, value in found.outdoor_c if value is not None]
    assert [round(each) for each in warmer] == [3] * 12 + [0] * 13


def test_a_database_of_the_version_before_is_read_too(home: Path) -> None:
    """The daemon brings it forward when it starts; until then there is neither band nor run."""
    with closing(sqlite3.connect(home / DATABASE_NAME)) as connection:
        for table in ("room_forecast", "outdoor_hour", "switching"):
            connection.execute(f"DROP TABLE {table}")
        connection.commit()
    found = report(home, "--day", "2026-07-14")
    assert found.exit_code == 0
    assert "keepcool cooled" not in found.output


def test_what_was_before_the_first_reading_is_no_gap(home: Path) -> None:
    """A week that began before keepcool did says nothing of those days."""
    assert "not seen for 7 h" not in (output := report(home, "--week", "2026-07-15").output)
    assert "Living room was not seen" not in output
    assert "Bedroom was not seen for 9 h." in output


def test_the_png_is_as_wide_as_two_phones_and_shows_the_lines(home: Path) -> None:
    """It has the colours of the lines and of level 2, and text below that is not cut off."""
    image = pytest.importorskip("matplotlib.image")
    found = report(home, "--day", "2026-07-14", "--png", str(home / "out.png"))
    assert found.exit_code == 0, found.output
    assert (home / "out.png").stat().st_size < 400_000
    pixels = image.imread(home / "out.png")
    assert pixels.shape[1] == 720
    colours = {tuple(row) for row in (pixels[::2, ::2, :3] * 255).astype(int).reshape(-1, 3)}
    for wanted in ((0, 114, 178), (254, 153, 41), (0, 158, 115), (34, 34, 34)):
        assert any(all(abs(a - b) <= 2 for a, b in zip(wanted, c, strict=True)) for c in colours)
    assert pixels[-4:].min() == 1.0  # a white edge below the last line


def test_without_matplotlib_the_page_still_comes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The PNG is refused with how to get it; sentences and page are there."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    out = ("--html", str(home / "out.html"), "--png", str(home / "out.png"))
    found = report(home, "--day", "2026-07-14", *out)
    assert found.exit_code == 1
    assert "pip install 'keepcool[report]'" in found.output
    assert (home / "out.html").stat().st_size > 5000
    assert not (home / "out.png").exists()


def test_a_png_that_takes_too_long_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small machine under load: it says so, and what else there is."""
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(png, "LONGEST_S", 0.01)
    found = report(home, "--day", "2026-07-14", "--png", str(home / "out.png"))
    assert found.exit_code == 1
    assert "took longer than" in found.output
    assert "--html" in found.output


@pytest.mark.parametrize(
    "words", [("--day", "0001-01-01"), ("--week", "0001-01-03"), ("--day", "9999-12-31")]
)
def test_a_day_that_no_calendar_reaches_is_wrong_use(home: Path, words: tuple[str, str]) -> None:
    """It is refused like one that is mistyped."""
    found = report(home, *words)
    assert found.exit_code == 2
    assert "is no day that keepcool can have seen" in found.output


def test_the_picture_of_the_docs(tmp_path: Path) -> None:
    """A hot day as one file, light and dark in itself, small enough for a page."""
    with closing(report_home.fill(tmp_path)):
        path = report_home.write_settings(tmp_path)
        found = find(path, Wanted("2026-07-14", None, (), None))
    picture = draw_file(charts(found))
    assert picture.count('class="title"') == 2
    assert len(picture) < 100_000
    if PICTURES:
        (Path(PICTURES) / "report.svg").write_text(picture)
