"""`keepcool init` as a person sees it on a narrow terminal, and the picture of it in the docs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from daemon.demo.hot_days import hot_day
from daemon.demo.weather_server import WeatherServer
from tests.broker import Mosquitto
from tests.mqtt_client import TestClient
from tests.road_server import RoadServer
from tests.terminal import Person
from tests.terminal_picture import COLUMNS, GAP, between, draw_terminal, screen

# `KEEPCOOL_PICTURES=docs .venv/bin/python -m pytest tests/daemon/test_init_picture.py` makes it.
PICTURES = os.environ.get("KEEPCOOL_PICTURES")
LARGEST_BYTES = 200_000
PHONES = ("mobile_app_annas_phone", "mobile_app_bens_phone")
USUAL_URL = "http://home.lan:8123"
SENSORS = {"living_room": (27.4, 52), "bedroom": (25.1, 55), "fridge": (4.5, 60)}
PLACE = {
    "location_name": "Anna's flat",
    "latitude": 52.371,
    "longitude": 4.89,
    "time_zone": "Europe/Amsterdam",
    "country": "NL",
}


@dataclass(frozen=True)
class Flat:
    """Hold a flat with two rooms, and a folder to work in."""

    folder: Path
    broker: Mosquitto
    home_assistant: FakeHomeAssistant
    road: RoadServer


@pytest.fixture
def flat(tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flat]:
    """Return a flat in which everything answers."""
    with (
        FakeHomeAssistant(phones=PHONES) as home_assistant,
        WeatherServer(hot_day(date(2026, 7, 1)).outdoor_at, lambda: datetime.now(UTC)) as weather,
        RoadServer() as road,
        TestClient(mosquitto.port) as client,
    ):
        home_assistant.place = PLACE
        home_assistant.registries["area"] = [{"area_id": "living", "name": "Living room"}]
        in_area = {"area_id": "living"}
        home_assistant.registries["entity"] = [in_area | {"entity_id": "climate.living_room"}]
        devices = [
            {"friendly_name": name, "definition": {"exposes": [{"property": "temperature"}]}}
            for name in SENSORS
        ]
        client.publish("zigbee2mqtt/bridge/devices", json.dumps(devices), is_retained=True)
        for name, (temperature_c, humidity_pct) in SENSORS.items():
            reading = json.dumps({"temperature": temperature_c, "humidity": humidity_pct})
            client.publish(f"zigbee2mqtt/{name}", reading, is_retained=True)
        modes = {"hvac_modes": ["off", "cool"], "friendly_name": "AC", "temperature": 24}
        home_assistant.set_state("climate.living_room", "off", modes)
        monkeypatch.setenv("KEEPCOOL_WEATHER__BASE_URL", weather.url)
        monkeypatch.setenv("COLUMNS", str(COLUMNS))
        yield Flat(tmp_path, mosquitto, home_assistant, road)


def talk(person: Person, flat: Flat) -> None:
    """Answer what is asked, by Enter wherever that does."""
    person.answer("Broker, as host or host:port")
    person.answer("Its user name")
    person.answer("Home Assistant's address", flat.home_assistant.url)
    person.answer("Token", flat.home_assistant.token, is_hidden=True)
    person.answer("What do you call this home?")
    person.answer("Which ones shall keepcool watch?")
    person.answer("Which ones cool a room?", "1")
    person.answer("First name", "Anna")
    for question in ("by day", "sleep", "gets up", "goes to bed"):
        person.answer(question)
    person.answer("Which ones", "1")
    person.answer("Which phone")
    person.answer("Its kind")
    person.answer("Address", flat.road.json_address, is_hidden=True)
    person.answer("somebody else")
    person.answer("Who is told when Anna", "Ben")
    person.answer("Which phone")
    person.answer("Its kind")
    person.answer("Write it?", "y")
    person.answer("Send a test message to Anna", "y")
    person.answer("Did it arrive?", "y")


def test_conversation_fits_a_narrow_terminal(flat: Flat, tmp_path: Path) -> None:
    """From nothing to a test message: what is said is broken before the terminal's edge."""
    with Person(flat, "--broker", f"localhost:{flat.broker.port}", "--listen", "1") as person:
        talk(person, flat)
        assert person.wait_for_end() == 0
        text = person.text
    said = [line.partition("]: ")[0] for line in text.splitlines()]  # without what was typed
    assert [line for line in said if len(line) > COLUMNS and "s left:" not in line] == []
    for pretended, usual in (
        (flat.home_assistant.url, USUAL_URL),
        (f":{flat.broker.port}", ":1883"),
    ):
        text = text.replace(pretended, usual)
    lines = screen(text)
    picture = draw_terminal(
        [
            "$ keepcool init",
            GAP,
            *between(lines, "Found 3 temperature", "Which ones cool a room?"),
            GAP,
            *between(lines, "Write it?", "Did it arrive?"),
        ]
    )
    path = Path(PICTURES or tmp_path) / "init.svg"
    path.write_text(picture, encoding="utf-8")
    assert 2_000 < path.stat().st_size < LARGEST_BYTES
