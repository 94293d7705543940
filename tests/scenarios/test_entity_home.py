"""A home whose only sensors are entities of Home Assistant, on the real daemon's stepped clock."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.demo.driver import SteppedDaemon
from daemon.demo.fake_home_assistant import FakeHomeAssistant
from tests.broker import Mosquitto

START = datetime(2026, 7, 14, 11, 0, tzinfo=UTC)
STEP = timedelta(minutes=5)
LIMIT = timedelta(minutes=30)
TEMPERATURE = "sensor.living_temperature"
HUMIDITY = "sensor.living_humidity"
MOTION = "binary_sensor.living_motion"
PERSON = "person.anna"
CONFIG = """
[home]
name = "Test home"
latitude_deg = 45.1
longitude_deg = 7.7
time_zone = "UTC"
country = "IT"
[mqtt]
host = "{host}"
port = {port}
[home_assistant]
url = "{url}"
[weather]
base_url = "http://127.0.0.1:9"
[storage]
state_directory = "{state}"
[thresholds]
rolling_window_s = 600
resolve_hold_s = 300
[[person]]
id = "anna"
name = "Anna"
rooms = ["living_room"]
presence_entity = "{person}"
[[person.phone]]
service = "notify.mobile_app_annas_phone"
kind = "android"
[[room]]
id = "living_room"
name = "Living room"
[[room.sensor]]
entity = "{temperature}"
humidity_entity = "{humidity}"
stale_after_s = 1800
[[room.motion]]
entity = "{motion}"
"""


class EntityHome:
    """Hold the home, its daemon and its time."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        self.now = START
        self.house = FakeHomeAssistant(clock=lambda: self.now)
        self.house.start()
        self.measure(26.0)
        self.house.set_state(HUMIDITY, "40", {"unit_of_measurement": "%"})
        self.house.set_state(MOTION, "off")
        self.house.set_state(PERSON, "home")
        config = folder / "keepcool.toml"
        text = CONFIG.format(
            host=broker.host,
            port=broker.port,
            url=self.house.url,
            state=folder,
            temperature=TEMPERATURE,
            humidity=HUMIDITY,
            motion=MOTION,
            person=PERSON,
        )
        config.write_text(text)
        environ = {**os.environ, "KEEPCOOL_HOME_ASSISTANT__TOKEN": self.house.token}
        self._status_path = folder / "test-home.status.json"
        self.daemon = SteppedDaemon(config, START, folder / "daemon.log", environ=environ)

    def measure(self, temperature_c: float) -> None:
        """Have the sensor report."""
        attributes = {"unit_of_measurement": "°C"}
        self.house.set_state(TEMPERATURE, f"{temperature_c:.1f}", attributes)

    def step(self, count: int = 1, *temperatures_c: float) -> None:
        """Let five minutes pass, so many times; the sensor reports after each while it has values.

        The daemon is asked to a little past each tick, so that its minute's read has happened.
        """
        values = list(temperatures_c)
        for _ in range(count):
            self.now += STEP
            if values:
                self.measure(values.pop(0))
            self.daemon.advance(self.now)

    @property
    def status(self) -> dict[str, Any]:
        """Return what the daemon last wrote of itself."""
        found: dict[str, Any] = json.loads(self._status_path.read_text())
        return found

    @property
    def room(self) -> dict[str, Any]:
        """Return the room in the status."""
        (room,) = self.status["rooms"]
        assert isinstance(room, dict)
        return room

    def alerts(self) -> set[str]:
        """Return the policies and subjects of everything that fires."""
        return {alert["tag"].rsplit("-", 1)[0] for alert in self.status["alerts"]}

    def heat(self) -> list[tuple[str, bool]]:
        """Return every push about heat: its title, and whether it clears."""
        pushes = [push for push in self.house.pushes if push.tag.startswith("keepcool-heat")]
        return [(push.title, push.is_clear) for push in pushes]


@pytest.fixture
def home(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[EntityHome]:
    """Return the home with its daemon running."""
    home = EntityHome(tmp_path, mosquitto)
    try:
        with home.daemon:
            yield home
    finally:
        home.house.stop()


def test_hot_room_is_said_and_home_assistant_that_goes_away_clears_nothing(
    home: EntityHome,
) -> None:
    """Hot room, one push; Home Assistant away, the room turns stale and heat stays; back, seen."""
    home.step(2, 27.0, 28.0)
    assert (home.room["freshness"], home.room["temperature_c"]) == ("fresh", 28.0)
    assert home.room["relative_humidity_pct"] == 40.0
    assert home.heat() == []
    home.step(5, 29.5, 30.5, 31.2, 31.4, 31.5)
    (push,) = home.heat()
    assert not push[1]
    assert home.room["level"] == 2

    home.house.is_down = True
    home.step(5)  # 25 minutes without a word: within the sensor's own limit
    assert (home.room["freshness"], home.room["level"]) == ("fresh", 2)
    home.step(2)
    assert (home.room["freshness"], home.room["level"]) == ("stale", 2)
    assert home.alerts() >= {
        "keepcool-heat-anna",
        "keepcool-trouble-link:home_assistant",
        "keepcool-trouble-person:anna",
    }
    home.step(24)  # two hours more: what is not seen is never fine
    assert home.room["level"] == 2
    assert any(tag.startswith("keepcool-heat") for tag in home.alerts())

    home.house.is_down = False
    home.step(3, 31.3, 31.2, 31.2)
    assert (home.room["freshness"], home.room["temperature_c"]) == ("fresh", 31.2)
    assert not any("trouble" in tag for tag in home.alerts())
    assert [clears for _, clears in home.heat()] == [False] * len(home.heat())
    shown = [push.tag.split("-")[1] for push in home.house.on_screen("mobile_app_annas_phone")]
    assert "heat" in shown
    assert "trouble" not in shown
    home.step(6, 25.0, 24.5, 24.0, 23.8, 23.7, 23.6)
    assert home.room["level"] == 0
    assert home.heat()[-1][1]  # cooler for long enough: taken off the phone


def test_calm_room_that_reports_the_same_value_stays_seen(home: EntityHome) -> None:
    """For two hours nothing but repeated reports, which no event tells: no trouble, no message."""
    for _ in range(24):
        home.step(1, 24.0)
        assert home.room["freshness"] == "fresh"
    assert not any("trouble" in tag for tag in home.alerts())
    assert not any("trouble" in push.tag for push in home.house.pushes)
    home.step(7)  # and when the reports stop, the same value grows old
    assert home.room["freshness"] == "stale"


def test_presence_and_motion_are_in_the_status(home: EntityHome) -> None:
    """Who is at home and where somebody moved is read, heard live, and confirmed every minute."""
    home.step()
    (anna,) = home.status["people"]
    assert (anna["is_at_home"], home.room["since_motion_s"]) == (True, None)
    home.house.set_state(MOTION, "on")
    home.house.set_state(MOTION, "off")
    home.house.set_state(PERSON, "not_home")
    home.step(2)
    (anna,) = home.status["people"]
    assert anna["is_at_home"] is False
    assert 300 <= home.room["since_motion_s"] <= 600
