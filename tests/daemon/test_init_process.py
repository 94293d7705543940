"""`keepcool init` as a whole, with a real broker, a pretended Home Assistant, a terminal."""

from __future__ import annotations

import json
import re
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.cli import main
from daemon.demo.fake_home_assistant import FakeHomeAssistant
from daemon.demo.hot_days import hot_day
from daemon.demo.weather_server import WeatherServer
from integrations.errors import PermanentError, TransientError
from integrations.ha_events_registries import fetch_registries
from tests.broker import Mosquitto, free_port, password_file
from tests.lab_home import furnish
from tests.mqtt_client import TestClient
from tests.road_server import RoadServer
from tests.terminal import Person

PHONE = "mobile_app_annas_phone"
DAY = date(2026, 7, 1)
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Lab:
    """Hold a home: what answers there, and a folder to work in."""

    folder: Path
    broker: Mosquitto
    home_assistant: FakeHomeAssistant
    weather: WeatherServer
    road: RoadServer

    def answers(self, **changed: str) -> Path:
        """Write answers for this home; `changed` replaces tables by name."""
        road = self.folder / "road"
        road.touch(mode=0o600)
        road.write_text(self.road.json_address)
        tables = {
            "top": "listen_s = 1\ntest_push = true",
            "mqtt": f'[mqtt]\nhost = "127.0.0.1"\nport = {self.broker.port}',
            "home_assistant": (
                f'[home_assistant]\nurl = "{self.home_assistant.url}"\n'
                f'token = "{self.home_assistant.token}"'
            ),
            "weather": f'[weather]\nbase_url = "{self.weather.url}"',
            "person": (
                '[[person]]\nname = "Anna"\nsecond_road_file = "road"\n'
                f'[[person.phone]]\nservice = "notify.{PHONE}"'
            ),
            "room": (
                '[[room]]\nname = "Living room"\n[[room.cooling]]\nentity = "climate.living_room"'
            ),
        }
        path = self.folder / "answers.toml"
        path.touch(mode=0o600)
        path.write_text("\n".join((tables | changed).values()))
        return path

    def run(self, answers: Path) -> Result:
        """Run `keepcool init` so that it writes into this folder."""
        config = str(self.folder / "keepcool.toml")
        return CliRunner().invoke(main, ["init", "--answers", str(answers), "--config", config])

    @property
    def written(self) -> set[str]:
        """Return what stands in the folder besides what the test put there."""
        kept = {"answers.toml", "road"}
        return {
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file() and path.name not in kept
        }


@pytest.fixture
def lab(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Lab]:
    """Return a home with a room by MQTT, a room by entity, an AC and a phone."""
    devices = [
        {
            "friendly_name": name,
            "definition": {"exposes": [{"property": "temperature"}], "notes": "x" * 20_000},
        }
        for name in ("living_room", "attic", "cellar", "fridge")
    ]
    with (
        FakeHomeAssistant(phones=(PHONE,)) as home_assistant,
        WeatherServer(hot_day(DAY).outdoor_at, lambda: datetime.now(UTC)) as weather,
        RoadServer() as road,
        TestClient(mosquitto.port) as client,
    ):
        furnish(home_assistant)
        modes = {"hvac_modes": ["off", "cool"], "friendly_name": "AC", "temperature": 24}
        home_assistant.set_state("climate.living_room", "off", modes)
        client.publish("zigbee2mqtt/bridge/devices", json.dumps(devices), is_retained=True)
        reading = json.dumps({"temperature": 24.25, "humidity": 48, "linkquality": 5})
        client.publish("zigbee2mqtt/living_room", reading, is_retained=True)
        folder = tmp_path / "home"
        folder.mkdir()
        yield Lab(folder, mosquitto, home_assistant, weather, road)


def test_answers_become_settings_that_work(lab: Lab) -> None:
    """A file of answers ends in settings that the online check finds green, and in a test push."""
    done = lab.run(lab.answers())
    assert done.exit_code == 0, done.output
    assert " 0 red" in done.stdout
    (push,) = lab.home_assistant.pushes
    assert (push.service, push.title) == (PHONE, "Test: keepcool can reach you")
    assert lab.written == {
        "keepcool.toml",
        "secrets/home_assistant_token",
        "secrets/second_road_anna",
    }
    # The list of Zigbee devices is longer than any sensor's message may be.
    assert "zigbee2mqtt/attic: waiting: not heard yet" in done.stdout
    assert "zigbee2mqtt/living_room: 24.2 °C, 48 %" in done.stdout
    assert "zigbee2mqtt/fridge: waiting: not heard yet (by its name: fridge)" in done.stdout
    assert lab.home_assistant.token not in done.output
    assert 'entity = "climate.living_room"' in (lab.folder / "keepcool.toml").read_text()
    assert {call.domain for call in lab.home_assistant.calls} <= {"notify"}  # nothing is commanded


def test_nothing_is_overwritten(lab: Lab) -> None:
    """Settings that are there end it with exit code 2 before anything else is done."""
    (lab.folder / "keepcool.toml").write_text("mine")
    done = lab.run(lab.answers())
    assert done.exit_code == 2
    assert "is there already, and is not overwritten" in " ".join(done.stdout.split())
    assert (lab.folder / "keepcool.toml").read_text() == "mine"
    assert not lab.home_assistant.pushes


@pytest.mark.parametrize(
    ("changed", "code", "expected"),
    [
        ({"mqtt": '[mqtt]\nhost = "127.0.0.1"\nport = 1'}, 1, "no broker answers at 127.0.0.1:1"),
        (
            {"home_assistant": '[home_assistant]\nurl = "{url}"\ntoken = "wr.ong"'},
            1,
            "token refused",
        ),
        (
            {"home_assistant": '[home_assistant]\nurl = "http://127.0.0.1:1"\ntoken = "wr.ong"'},
            1,
            "Home Assistant is not reachable",
        ),
        (
            {"room": '[[room]]\nname = "Kitchen"'},
            2,
            "room.name: no sensor was found there",
        ),
        (
            {"room": '[[room]]\nname = "Bedroom"\n[[room.cooling]]\nentity = "climate.x"'},
            2,
            "room.cooling.entity: Home Assistant does not show it; allowed climate.living_room",
        ),
        (
            {"person": '[[person]]\nname = "Anna"\nrooms_by_day = ["Attic"]'},
            2,
            'person.rooms_by_day: there is no room Attic; allowed "Living room"',
        ),
        (
            {"person": '[[person]]\nname = "A"\n[[person.phone]]\nservice = "notify.mobile_app_x"'},
            2,
            "person.phone.service: Home Assistant has no such phone",
        ),
    ],
)
def test_wrong_answers_write_nothing(
    lab: Lab, changed: Mapping[str, str], code: int, expected: str
) -> None:
    """What is wrong or does not answer is told in a line, and nothing is left behind."""
    told = {name: text.replace("{url}", lab.home_assistant.url) for name, text in changed.items()}
    done = lab.run(lab.answers(top="listen_s = 0", **told))
    assert done.exit_code == code, done.output
    assert expected in done.stderr
    assert "Nothing was written." in done.stderr
    assert "wr.ong" not in done.output
    assert lab.written == set()


def test_wrong_password_is_told(tmp_path: Path, start_mosquitto: Callable[..., Mosquitto]) -> None:
    """A broker that wants a password and gets none says so; nothing is written."""
    broker = start_mosquitto(allow_anonymous=False)
    path = tmp_path / "answers.toml"
    path.write_text(f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n[[person]]\nname = "A"\n')
    config = str(tmp_path / "keepcool.toml")
    done = CliRunner().invoke(main, ["init", "--answers", str(path), "--config", config])
    assert done.exit_code == 1
    assert "not authorised as anonymous" in done.stderr
    assert not (tmp_path / "keepcool.toml").exists()


def test_password_file_counts_before_the_kept_one(
    tmp_path: Path, start_mosquitto: Callable[..., Mosquitto]
) -> None:
    """`--password-file` alone is enough, and it counts before the one that was kept."""
    broker = start_mosquitto(
        f"password_file {password_file(tmp_path, 'keepcool', 'right')}", allow_anonymous=False
    )
    (tmp_path / "secrets").mkdir()
    files = {tmp_path / "given": "right", tmp_path / "secrets" / "mqtt_password": "old"}
    for file, text in files.items():
        file.touch(mode=0o600)
        file.write_text(text)
    options = ["--config", str(tmp_path / "keepcool.toml"), "--password-file"]
    answers = f"127.0.0.1:{broker.port}\n\n\nnone\n"  # Enter: the user and the password
    done = CliRunner().invoke(main, ["init", *options, str(tmp_path / "given")], input=answers)
    assert "Connected. 0 temperature sensors" in done.stdout, done.output
    assert "Enter: the one in the file" in done.stdout


@pytest.mark.parametrize("is_allowed", [False, True])
def test_no_secret_is_sent_in_the_clear_before_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_allowed: bool
) -> None:
    """A public address without encryption is not even looked up, unless somebody allowed it."""
    asked_for: set[str] = set()

    def look_up(host: str, *_rest: object, **_more: object) -> list[object]:
        asked_for.add(host)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    allowed = f"allow_plaintext = {str(is_allowed).lower()}"
    path = tmp_path / "answers.toml"
    path.touch(mode=0o600)
    broker = f'[mqtt]\nhost = "mqtt.example.org"\nusername = "k"\npassword = "hunter22"\n{allowed}'
    server = f'[home_assistant]\nurl = "http://ha.example.org"\ntoken = "abc.def"\n{allowed}'
    roads = (server,) if is_allowed else (broker, server)  # the first that fails ends it
    path.write_text("\n".join((*roads, '[[person]]\nname = "Anna"')))
    config = str(tmp_path / "keepcool.toml")
    done = CliRunner().invoke(main, ["init", "--answers", str(path), "--config", config])
    assert asked_for == ({"ha.example.org"} if is_allowed else set())
    assert done.exit_code == (1 if is_allowed else 2), done.output
    assert "abc.def" not in done.output
    assert "hunter22" not in done.output


def test_home_assistant_is_left_out(lab: Lab) -> None:
    """Without Home Assistant the rooms of the broker are written, and the check says what lacks."""
    place = '[home]\nlatitude_deg = 52\nlongitude_deg = 4\ntime_zone = "UTC"\ncountry = "NL"'
    bare = {"home_assistant": place, "room": "", "person": '[[person]]\nname = "Anna"'}
    done = lab.run(lab.answers(top="listen_s = 0", **bare))
    assert done.exit_code == 1
    assert "RED      Home Assistant: not set up" in done.stdout
    text = (lab.folder / "keepcool.toml").read_text()
    assert 'topic = "zigbee2mqtt/attic"' in text
    assert not lab.home_assistant.pushes


def test_messages_of_the_field_are_listed(lab: Lab, shared_data: Path) -> None:
    """With everything retained that was recorded in the field, the good sensors are listed."""
    lines = (shared_data / "mqtt_samples.jsonl").read_text().splitlines()
    with TestClient(lab.broker.port) as client:
        for row in map(json.loads, lines):
            client.publish(row["topic"], row["payload"], is_retained=True)
    place = '[home]\nlatitude_deg = 52\nlongitude_deg = 4\ntime_zone = "UTC"\ncountry = "NL"'
    keys = '["ecowitt2mqtt/6B84", "ble2mqtt/0C58", "shellies/shellyht-3CBD1F/sensor/temperature"]'
    changed = {"home_assistant": place, "person": '[[person]]\nname = "Anna"'}
    room = f'[[room]]\nname = "Hall"\nsensors = {keys}'
    done = lab.run(lab.answers(room=room, **changed))
    for expected in (
        "ecowitt2mqtt/6B84: 19.7 °C, 71 %",
        "ble2mqtt/0C58: 23.9 °C, 59 %",
        "shellies/shellyht-3CBD1F/sensor/temperature: 22.6 °C",
    ):
        assert expected in done.output
    assert " ".join(done.output.split()).count("(Hall): last heard just now") == 3
    assert done.exit_code == 1  # neither phone nor second road


def test_registries_are_fetched() -> None:
    """One connection brings everything; a wrong token is permanent, nobody there is transient."""
    with FakeHomeAssistant() as home_assistant:
        answers = fetch_registries(home_assistant.url, home_assistant.token)
        assert sorted(answers) == [
            "areas",
            "config",
            "devices",
            "entities",
            "services",
            "states",
            "user",
        ]
        with pytest.raises(PermanentError, match="token refused"):
            fetch_registries(home_assistant.url, "another")
        with pytest.raises(PermanentError, match="no token has"):
            fetch_registries(home_assistant.url, "two words")
    with pytest.raises(TransientError, match="connection refused"):
        fetch_registries(f"http://127.0.0.1:{free_port()}", "token")


# --------------------------------------------------------------------- at a terminal


def test_a_person_at_a_terminal(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Enter, a token and a name one comes from nothing to a message on the phone."""
    monkeypatch.setenv("KEEPCOOL_WEATHER__BASE_URL", lab.weather.url)  # for the check
    with Person(lab, "--broker", f"127.0.0.1:{lab.broker.port}", "--listen", "1") as person:
        person.answer("Broker, as host or host:port")
        person.answer("Its user name")
        person.answer("Home Assistant's address", lab.home_assistant.url)
        person.answer("Token", lab.home_assistant.token, is_hidden=True)
        person.answer("What do you call this home?", "Anna's flat")
        person.answer("Which ones shall keepcool watch?", "7")
        person.answer("Please type numbers", "all")
        person.answer("Which ones cool a room?")
        person.answer("First name", "Anna")
        for question in ("by day", "sleep", "gets up", "goes to bed", "Which ones", "Which phone"):
            person.answer(question)
        person.answer("Its kind")
        person.answer("Address", is_hidden=True)
        person.answer("somebody else")
        person.answer("Who is told when Anna")
        person.answer("Write it?")
        person.answer("Send a test message")
        person.answer("Did it arrive?")
        assert person.wait_for_end() == 1  # no second road: that is red
        assert lab.home_assistant.token not in person.text
    assert re.search(r"Bedroom \(bedroom\): sensor.t", person.text)
    assert lab.home_assistant.pushes
    assert lab.written == {"keepcool.toml", "secrets/home_assistant_token"}
    assert stat.S_IMODE((lab.folder / "secrets").stat().st_mode) == 0o700


@pytest.mark.parametrize("question", ["Broker, as host", "s left", "Write it?"])
def test_ctrl_c_leaves_nothing(lab: Lab, question: str) -> None:
    """Ctrl-C at any moment, also while it listens, writes nothing and says so."""
    token = lab.folder.parent / "token"
    token.touch(mode=0o600)
    token.write_text(lab.home_assistant.token)
    listen = "30" if question == "s left" else "1"
    options = ("--broker", f"127.0.0.1:{lab.broker.port}", "--token-file", str(token))
    with Person(
        lab, *options, "--home-assistant", lab.home_assistant.url, "--listen", listen
    ) as person:
        steps = {"Broker, as host": 0, "s left": 3, "Write it?": 99}[question]
        before = (
            "Broker, as host",
            "Its user name",
            "Home Assistant's address",
            "What do you call this home?",
            "Which ones shall keepcool watch?",
            "Which ones cool a room?",
        )
        for each in before[:steps]:
            person.answer(each)
        if question == "Write it?":
            person.answer("First name", "Anna")
            for each in ("by day", "sleep", "gets up", "to bed", "Which ones", "Which phone"):
                person.answer(each)
            person.answer("Its kind")
            person.answer("Address", is_hidden=True)
            person.answer("somebody else")
            person.answer("Who is told")
        person.wait_for(question)
        person.press_ctrl_c()
        assert person.wait_for_end() == 1
    assert "Stopped: nothing was written." in person.text
    assert lab.written == set()


def test_ctrl_c_after_writing_says_so(lab: Lab) -> None:
    """Who stops once the settings are there is told that they are, and where."""
    place = {"Latitude": "52", "Longitude": "4", "Time zone": "UTC", "Country": "NL"}
    with Person(lab, "--broker", f"127.0.0.1:{lab.broker.port}", "--listen", "0") as person:
        person.answer("Broker, as host")
        person.answer("Its user name")
        person.answer("Home Assistant's address", "none")
        person.answer("What do you call this home?")
        for question, answer in place.items():
            person.answer(question, answer)
        person.answer("Which ones shall keepcool watch?", "1")
        person.answer("First name", "Anna")
        for question in ("Does Anna sleep", "gets up", "to bed", "Which ones"):
            person.answer(question)
        person.answer("Address", is_hidden=True)
        person.answer("somebody else")
        person.answer("Who is told")
        person.answer("Write it?")
        person.wait_for("Written: keepcool.toml")
        person.press_ctrl_c()
        assert person.wait_for_end() == 1
    assert "Stopped; keepcool.toml is written." in person.text
    assert lab.written == {"keepcool.toml"}


def test_other_file_is_asked_for(lab: Lab) -> None:
    """Where settings are there already a person may name another file, or stop by Enter."""
    (lab.folder / "keepcool.toml").write_text("mine")
    with Person(lab) as person:
        person.answer("Another file to write")
        assert person.wait_for_end() == 2
    with Person(lab) as person:
        person.answer("Another file to write", "other.toml")
        person.wait_for("Step 1 of 4")
    assert (lab.folder / "keepcool.toml").read_text() == "mine"
