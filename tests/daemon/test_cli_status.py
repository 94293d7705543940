"""What `keepcool status` shows a person at a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.cli_status import link_name, show_status, span
from daemon.faces import Faces
from daemon.status import build_status, second_road_link
from daemon.whereabouts import MotionSource, Whereabouts
from integrations.errors import TransientError
from integrations.home_assistant_states import parse_state
from integrations.mqtt_payloads import parse_occupancy
from tests.builders import a_device, a_forecast, a_room, a_warning
from tests.loop_home import TOPICS, FakeWarnings, FakeWeather, LoopHome

HOME_ID = "home"
CONFIG_OF_NOTHING = """
[home]
name = "Home"
country = "IT"
time_zone = "UTC"
latitude_deg = 45.1
longitude_deg = 7.7

[mqtt]
host = "127.0.0.1"

[storage]
state_directory = "{folder}"

[[person]]
id = "anna"
name = "Anna"
rooms = ["living"]

[[room]]
id = "living"
name = "Living room"

[[room.sensor]]
id = "living"
topic = "zigbee2mqtt/living"
"""


def shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Return the exit code and what was printed, at 80 columns."""
    capsys.readouterr()  # the log of the daemon that ran in this very process
    code = show_status(HOME_ID, folder, as_json=False, is_watching=False)
    return code, capsys.readouterr().out


def write_status(folder: Path, home: LoopHome, **changes: Any) -> None:  # noqa: ANN401 - JSON
    """Write what the daemon would, as of the real present."""
    faces = Faces(TOPICS, home.broker.publish, folder / f"{HOME_ID}.status.json")
    status = build_status(home.daemon, home.clock.now())
    faces.write_status(status | {"at": datetime.now(UTC).isoformat()} | changes)


@pytest.fixture(autouse=True)
def _narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_nothing_was_ever_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a status the person learns how to start, and the exit code says not done."""
    code, text = shown(tmp_path, capsys)
    assert code == 1
    assert "keepcool has not run here" in text
    assert "keepcool run" in text


def test_hot_room_is_shown_with_level_and_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hot room's level, its value and why stand in one table that fits 80 columns."""
    home = LoopHome(tmp_path, rooms=(replace(a_room(), name="Living room"),))
    home.read(30.4)
    write_status(tmp_path, home)
    code, text = shown(tmp_path, capsys)
    assert code == 0
    row = next(line for line in text.splitlines() if line.startswith(" Living room"))
    assert " 2 " in row
    assert "30.4 °C" in row
    assert max(len(line) for line in text.splitlines()) <= 80


def test_room_never_seen_has_no_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unknown is never shown as fine."""
    home = LoopHome(tmp_path, rooms=(replace(a_room(), name="Living room"),))
    write_status(tmp_path, home)
    _, text = shown(tmp_path, capsys)
    row = next(line for line in text.splitlines() if line.startswith(" Living room"))
    assert row.split()[2] == "-"


FORETOLD = {
    "made_at": "2026-07-14T13:00:00+00:00",
    "highest_c": 28.64,
    "used": "room model",
    "is_learned": True,
    "lacks_weather": False,
    "days": 31,
    "error_24h_k": 0.41,
    "yesterday_error_24h_k": 0.63,
}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {},
            "28.6 °C room model, 31 days, error 0.4 K against 0.6 K of same as yesterday (24 h)",
        ),
        (
            {"used": "same as yesterday", "error_24h_k": 0.59},
            (
                "28.6 °C same as yesterday: the room model does not win here yet, 31 days, "
                "error 0.6 K against 0.6 K of same as yesterday (24 h)"
            ),
        ),
        (
            {"lacks_weather": True, "used": "same as yesterday"},
            "28.6 °C same as yesterday: the weather a day ahead is not known, 31 days",
        ),
        (
            {"is_learned": False, "used": "same as yesterday", "days": 2, "error_24h_k": None},
            (
                "28.6 °C same as yesterday; the room model needs 5 to 6 days with their weather, "
                "2 days known"
            ),
        ),
        (
            {"is_learned": False, "used": None, "days": 0, "error_24h_k": None, "highest_c": None},
            "- the room model needs 5 to 6 days with their weather, 0 days known",
        ),
        (
            {"highest_c": None, "days": 1, "error_24h_k": None},
            "- room model, 1 day",
        ),
    ],
)
def test_what_a_forecast_rests_on_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], told: dict[str, Any], expected: str
) -> None:
    """Of each room that is learned: how warm it gets, by what, and how far that can be trusted."""
    home = LoopHome(tmp_path, rooms=(replace(a_room(), name="Living room"),))
    rooms = build_status(home.daemon, home.clock.now())["rooms"]
    assert rooms[0]["foretold"] is None, "nothing is learned here"
    write_status(tmp_path, home, rooms=[rooms[0] | {"foretold": FORETOLD | told}])
    _, text = shown(tmp_path, capsys)
    lines = text[text.index("Foretold") : text.index("Person")].splitlines()[1:]
    assert " ".join(" ".join(lines).split()) == f"Living room {expected}"
    assert max(len(line) for line in text.splitlines()) <= 80


def test_silent_daemon_counts_as_not_running(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A status older than 90 s is a daemon that does not run."""
    home = LoopHome(tmp_path)
    write_status(tmp_path, home, at=(datetime.now(UTC) - timedelta(seconds=91)).isoformat())
    code, text = shown(tmp_path, capsys)
    assert code == 1
    assert "NOT running" in text


def test_json_is_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints the file's content on one line."""
    home = LoopHome(tmp_path)
    write_status(tmp_path, home)
    capsys.readouterr()
    assert show_status(HOME_ID, tmp_path, as_json=True, is_watching=False) == 0
    assert json.loads(capsys.readouterr().out)["internal_errors"] == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "-"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h")],
)
def test_span_uses_the_largest_fitting_unit(seconds: float | None, words: str) -> None:
    """Durations are told as a person would."""
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("said", "note"),
    [
        ({"stays_on": True}, "stays on if keepcool dies"),
        ({"ended_by_home_assistant": True}, "Home Assistant ends it if keepcool dies"),
        ({"ends_by_itself": True, "lease_remaining_s": 3480}, "goes off by itself in 58 min"),
        ({"stays_on": True, "is_on": False}, ""),
        ({"stays_on": True, "has_failed": True}, "did not respond"),
    ],
)
def test_status_says_what_ends_without_keepcool(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: dict[str, Any], note: str
) -> None:
    """For each running device: does it end by itself, or stay on if keepcool dies."""
    home = LoopHome(tmp_path, rooms=(a_room(devices=(a_device(),)),))
    home.read(22.0)
    rooms = build_status(home.daemon, home.clock.now())["rooms"]
    device = rooms[0]["cooling"][0]
    device |= {"is_on": True, "wanted_on": True, "is_available": True, "plan": None} | said
    write_status(tmp_path, home, rooms=rooms)
    _, text = shown(tmp_path, capsys)
    line = next(line for line in text.splitlines() if "climate.living_room" in line)
    assert note in " ".join(text.split()) if note else line.rstrip().endswith("on")


def test_status_says_why_a_device_runs_or_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan's own words, behind what else is worth knowing of the device."""
    home = LoopHome(tmp_path, rooms=(a_room(devices=(a_device(),)),))
    home.read(22.0)
    home.run(20)
    write_status(tmp_path, home)
    _, text = shown(tmp_path, capsys)
    assert "No cooling is needed now." in " ".join(text.split())


def test_sources_and_warnings_are_on_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who forecast, who could not, who warns until when, and which service is silent."""
    monkeypatch.setenv("COLUMNS", "200")
    home = LoopHome(
        tmp_path,
        weather=[
            FakeWeather(error=TransientError("out of order"), name="open_meteo"),
            FakeWeather(a_forecast((25.0,), source="met_norway"), name="met_norway"),
        ],
        warnings=[
            FakeWarnings((a_warning(ends_at=datetime(2099, 1, 1, 12, tzinfo=UTC)),), name="nws"),
            FakeWarnings(error=TransientError("away"), name="meteoalarm germany x"),
        ],
    )
    home.run(20)
    write_status(tmp_path, home)
    _, text = shown(tmp_path, capsys)
    for words in (
        "from met_norway; open_meteo: out of order",
        "Deutscher Wetterdienst: strong heat, Berlin, until Thu",
        "meteoalarm germany x: away",
    ):
        assert words in text


def test_motion_and_presence_have_columns_where_they_are_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who is at home and where somebody moved is shown; a home without either has no columns."""
    home = LoopHome(tmp_path, rooms=(replace(a_room(), name="Living room"),))
    home.read(24.0)
    write_status(tmp_path, home)
    _, text = shown(tmp_path, capsys)
    assert "Moved" not in text
    assert "At home" not in text
    sources = [MotionSource("living", topic="z/motion")]
    home.daemon.state.whereabouts = Whereabouts(sources, {"person.anna": "anna"}, parse_occupancy)
    home.hear("z/motion", b"ON")
    seen = {"entity_id": "person.anna", "state": "not_home", "attributes": {}}
    home.post(parse_state(seen))
    home.run(10)
    write_status(tmp_path, home)
    _, text = shown(tmp_path, capsys)
    assert all(word in text for word in ("Moved", "0 s ago", "At home"))
    assert " no " in next(line for line in text.splitlines() if line.startswith(" anna"))


def test_home_with_whereabouts_reads_their_entities(tmp_path: Path) -> None:
    """Presence and motion entities are among those that are read once a minute."""
    home = LoopHome(tmp_path)
    sources = [MotionSource("living", entity_id="binary_sensor.living_motion")]
    home.daemon.state.whereabouts = Whereabouts(sources, {"person.anna": "anna"})
    home.run(70)
    assert {"binary_sensor.living_motion", "person.anna"} <= set(home.house.reads[-1])


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("mqtt", "MQTT broker"),
        ("second_road:anna", "second road of anna"),
        ("second_road:anna:2", "second road of anna:2"),
        ("storage", "memory card"),
    ],
)
def test_roads_have_names(link: str, name: str) -> None:
    """Each road is named by what it leads to, and a second road by whom."""
    assert link_name(link) == name


@pytest.mark.parametrize(
    ("channel_id", "link"),
    [
        ("anna:second_road:1", "second_road:anna"),
        ("anna:second_road:2", "second_road:anna:2"),
    ],
)
def test_second_roads_are_links_of_their_own(channel_id: str, link: str) -> None:
    """Each second road may be up or down by itself."""
    assert second_road_link(channel_id) == link


@pytest.mark.parametrize("arguments", [["schema"], ["--help"], ["decode"], ["status", "--json"]])
def test_output_on_a_full_disk_is_said_in_one_line(arguments: list[str], tmp_path: Path) -> None:
    """No traceback, and never "done", when what a command says is lost."""
    settings = tmp_path / "keepcool.toml"
    settings.write_text(CONFIG_OF_NOTHING.format(folder=tmp_path))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "daemon.cli", *arguments],
            env={**os.environ, "KEEPCOOL_CONFIG": str(settings)},
            input='{"topic": "a/b", "payload": "{}"}\n',
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    said = "keepcool: the output takes nothing: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, said)
