"""Rooms' pictures: drawn when they are news, by a worker, shown with warnings, never in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from daemon import pictures
from daemon.bootstrap.picturing import PictureFolder
from daemon.chart import Chart
from daemon.chart.raster import draw_png
from daemon.events import LinkChanged
from daemon.pictures import LARGEST_BYTES
from integrations.errors import TransientError
from policies.alert import Severity
from policies.model import Forecast, HourlyForecast, Person, PhoneKind, RoomConditions
from tests.builders import ZONE, a_person, a_phone, a_room, hours
from tests.loop_home import AFTERNOON_UTC, TOPICS, FakeWeather, LoopHome

PATH = "/api/image_proxy/image.keepcool_living_next_24_hours"


@dataclass
class Painter:
    """Draw for real and keep what was asked for; fail, or lay it elsewhere, when told."""

    charts: list[Chart] = field(default_factory=list)
    error: Exception | None = None
    size: int = 0
    path: str | None = None

    def draw(self, _room_id: str, chart: Chart) -> tuple[bytes, str | None]:
        """Draw."""
        self.charts.append(chart)
        if self.error is not None:
            raise self.error
        return (b"x" * self.size if self.size else draw_png(chart)), self.path


def a_home(folder: Path, painter: Painter, people: Sequence[Person] | None = None) -> LoopHome:
    """Return a home whose living room is drawn; the forecast is a hot evening."""
    weather = [
        HourlyForecast(AFTERNOON_UTC.replace(hour=0) + hours(n), 30.0 + (n > 12)) for n in range(48)
    ]
    return LoopHome(
        folder,
        people=people or (a_person(drinks_goal_ml=1),),
        rooms=(a_room(), a_room(room_id="cellar", name="cellar")),
        weather=(FakeWeather(Forecast("fake", AFTERNOON_UTC, tuple(weather))),),
        draw=painter.draw,
        picture_paths={"living": PATH},
    )


@pytest.fixture
def painter() -> Painter:
    """Return one who draws."""
    return Painter()


@pytest.fixture
def home(tmp_path: Path, painter: Painter) -> LoopHome:
    """Return a home with a picture of its living room."""
    return a_home(tmp_path, painter)


def test_a_picture_comes_with_the_first_reading_and_each_hour(
    home: LoopHome, painter: Painter
) -> None:
    """Nothing before anything is known; then one, and one more an hour later, as PNG."""
    home.run(60)
    assert painter.charts == []
    home.read(24.0)
    home.run(20)
    assert len(painter.charts) == 1
    for _ in range(11):
        home.run(300)
        home.read(24.0)
    assert len(painter.charts) == 1
    for _ in range(3):
        home.run(300)
        home.read(24.0)
    assert len(painter.charts) == 2
    assert [topic for topic, _ in home.broker.pictures] == [TOPICS.room_picture("living")] * 2
    assert all(payload.startswith(b"\x89PNG") for _, payload in home.broker.pictures)
    assert painter.charts[-1].title == "living room"


def test_a_changed_outlook_is_drawn_within_ten_minutes(home: LoopHome, painter: Painter) -> None:
    """A room that passes the limit is another picture, before the hour is over."""
    home.read(24.0)
    home.run(20)
    home.read(26.4)
    home.run(620)
    assert len(painter.charts) == 2
    assert painter.charts[0].subtitle == "expected to stay under 26°"
    assert painter.charts[1].subtitle.startswith("over 26° now")


def test_a_warning_shows_the_picture_and_has_it_drawn_anew_at_once(
    home: LoopHome, painter: Painter
) -> None:
    """The push carries the path; in the same turn the worker draws what is true now."""
    home.read(24.0)
    home.run(20)
    home.read(30.2)
    (push,) = home.phone.about("heat")
    assert push.image == PATH
    assert len(painter.charts) == 2
    assert painter.charts[-1].subtitle.startswith("over 26° now")


def test_before_there_is_a_picture_a_warning_names_none(home: LoopHome) -> None:
    """A phone would look for what is not there."""
    home.read(30.2)
    (push,) = home.phone.about("heat")
    assert push.image is None


def test_only_warnings_of_heat_and_the_brief_have_a_picture(
    tmp_path: Path, painter: Painter
) -> None:
    """Drink reminders and trouble come without."""
    brief = a_person(brief_at=time(15, 0), drinks_goal_ml=4000)
    home = a_home(tmp_path, painter, (brief,))
    home.read(26.5)
    home.run(600)
    home.run(3 * 3600, step_s=60)
    assert {push.tag.split("-")[1] for push in home.phone.pushes} >= {"brief", "hydration"}
    with_picture = {push.tag.split("-")[1] for push in home.phone.pushes if push.image}
    assert with_picture <= {"brief", "heat"}


def test_the_brief_comes_with_the_picture_of_its_hottest_room(
    tmp_path: Path, painter: Painter
) -> None:
    """It names a room that is expected over the limit; the phone shows that room's hours."""
    phones = (a_phone(), a_phone(channel_id="anna-iphone", kind=PhoneKind.IPHONE))
    early = a_person(brief_at=time(15, 10), drinks_goal_ml=1, phones=phones)
    home = a_home(tmp_path, painter, (early,))
    home.read(26.5)
    home.run(900)
    android, iphone = sorted(home.phone.about("brief"), key=lambda push: push.kind)
    assert "living room" in f"{iphone.title} {iphone.body}".lower()
    assert iphone.image == PATH
    assert android.image is None  # it would show the first line alone


def test_what_is_critical_has_no_picture(home: LoopHome) -> None:
    """The phone would fetch it before it rings; and the safety text needs the room."""
    home.read(24.0)
    home.run(20)
    home.read(36.5)
    (push,) = home.phone.about("heat")
    assert push.severity == Severity.CRITICAL
    assert push.image is None


def test_a_warning_that_waited_and_became_critical_loses_its_picture(home: LoopHome) -> None:
    """It goes out in present words, and as what is critical does."""
    home.read(24.0)
    home.run(20)
    home.phone.error = TransientError("away")
    home.read(30.2)
    home.run(180)
    home.read(36.5)
    home.phone.error = None
    home.run(300)
    pushes = home.phone.about("heat")
    assert pushes
    assert all(push.severity == Severity.CRITICAL for push in pushes)
    assert all(push.image is None for push in pushes)


@pytest.mark.parametrize(
    "broken", [Painter(error=OSError("planted")), Painter(size=LARGEST_BYTES + 1)]
)
def test_a_picture_that_fails_delays_no_warning(tmp_path: Path, broken: Painter) -> None:
    """It is logged; nothing too large goes to the broker; the push is there without it."""
    home = a_home(tmp_path, broken)
    with capture_logs() as logs:
        home.read(24.0)
        home.run(20)
        home.read(30.2)
    (push,) = home.phone.about("heat")
    assert push.image is None
    assert home.broker.pictures == []
    assert {log["event"] for log in logs} >= {"picture.not_drawn", "alert.told"}


def test_a_chart_that_crashes_counts_as_no_failed_decision(
    home: LoopHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warning goes out, the beat and the watchdog go on, and it is not tried every turn."""
    home.read(24.0)
    home.run(20)
    crashes: list[str] = []

    def crash(conditions: RoomConditions, *_: object) -> None:
        crashes.append(conditions.room.room_id)
        raise ZeroDivisionError

    monkeypatch.setattr(pictures, "chart_ahead", crash)
    with capture_logs() as logs:
        home.read(30.2)
        home.run(60)
    assert len(home.phone.about("heat")) == 1
    assert crashes == ["living"]
    events = [log["event"] for log in logs]
    assert events.count("picture.not_drawn") == 1
    assert "loop.action_crashed" not in events


def test_a_worker_that_hangs_delays_no_warning(home: LoopHome, painter: Painter) -> None:
    """While a picture is being drawn the push goes out, and no second one is begun."""
    home.workers["pictures"].is_held = True
    home.workers["pictures"].is_idle = False
    home.read(24.0)
    home.run(20)
    home.read(30.2)
    assert len(home.phone.about("heat")) == 1
    assert painter.charts == []


def test_a_broker_that_came_back_gets_the_pictures_again(home: LoopHome) -> None:
    """It may have forgotten what was retained."""
    home.read(24.0)
    home.run(20)
    home.post(LinkChanged("mqtt", is_up=False))
    home.post(LinkChanged("mqtt", is_up=True))
    home.run(20)
    assert len(home.broker.pictures) == 2


def test_a_picture_in_home_assistants_folder_is_shown_from_there(
    home: LoopHome, painter: Painter
) -> None:
    """Where it was laid counts, as long as it could be laid there."""
    painter.path = "/media/local/keepcool_living.png?v=1"
    home.read(24.0)
    home.run(20)
    painter.path = None
    home.read(30.2)
    (push,) = home.phone.about("heat")
    assert push.image == "/media/local/keepcool_living.png?v=1"
    assert home.daemon.state.pictures.served("living") == PATH


def test_the_folder_takes_whole_pictures_that_others_may_read(tmp_path: Path) -> None:
    """A new one replaces the old in one step; a folder that is gone is said once."""
    folder = tmp_path / "www" / "keepcool"
    folder.mkdir(parents=True)
    chart = Chart("x", AFTERNOON_UTC, AFTERNOON_UTC + hours(24), ZONE)
    keeper = PictureFolder(folder)
    data, path = keeper.draw("living", chart)
    assert path is not None
    assert path.startswith("/local/keepcool/keepcool_living.png?v=")
    (only,) = folder.iterdir()
    assert only.read_bytes() == data
    assert only.stat().st_mode & 0o777 == 0o644
    only.unlink()
    folder.rmdir()
    with capture_logs() as logs:
        assert keeper.draw("living", chart)[1] is None
        assert keeper.draw("living", chart)[1] is None
    assert [log["event"] for log in logs] == ["picture.not_written"]


def test_what_lies_in_the_folder_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    """Others may write there: a link under the name of a new picture leads nowhere."""
    folder, mine = tmp_path / "www", tmp_path / "keepcool.db"
    folder.mkdir()
    mine.write_bytes(b"database")
    (folder / ".keepcool_living.png.new").symlink_to(mine)
    chart = Chart("x", AFTERNOON_UTC, AFTERNOON_UTC + hours(24), ZONE)
    data, path = PictureFolder(folder).draw("living", chart)
    assert mine.read_bytes() == b"database"
    assert path is not None
    assert not (folder / "keepcool_living.png").is_symlink()
    assert (folder / "keepcool_living.png").read_bytes() == data
