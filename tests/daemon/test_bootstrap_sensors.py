"""A sensor may speak on two topics, and is one sensor all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.home import build_home, build_rooms, build_sensors
from daemon.bootstrap.payloads import build_sensor
from daemon.clock import Instant
from daemon.sensing import Sensing
from tests.settings_texts import HOME, PERSON, load

START = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
ROOM = '[[room]]\nid = "bedroom"\nname = "Bedroom"\n[[room.sensor]]\n'


def sensing(folder: Path, lines: str) -> Sensing:
    """Return the sensing of a bedroom with one sensor."""
    settings = load(folder, HOME + PERSON + ROOM + lines)
    home = build_home(settings)
    sensors = [build_sensor(sensor, home) for sensor in build_sensors(settings)]
    return Sensing(build_rooms(settings), sensors, home.tuning)


def hear(room: Sensing, *messages: tuple[str, bytes]) -> tuple[float | None, float | None]:
    """Receive messages a minute apart; return the room's temperature and humidity."""
    now = Instant("boot", 1000.0, START)
    for number, (topic, payload) in enumerate(messages):
        now = Instant("boot", 1000.0 + 60 * number, START + timedelta(minutes=number))
        assert room.receive(topic, payload, now, is_retained=False, is_clock_synchronised=True)
    room.take_touched(now, timedelta(minutes=5))
    track = room.rooms["bedroom"]
    return track.temperature_c, track.relative_humidity_pct


@pytest.mark.parametrize(
    ("temperature", "humidity"),
    [
        ("shellies/shellyht-4A1C9E/sensor/temperature", "shellies/shellyht-4A1C9E/sensor/humidity"),
        ("bedroom/sensor/bedroom_temperature/state", "bedroom/sensor/bedroom_humidity/state"),
        ("attic/one", "attic/two"),
    ],
)
def test_two_topics_make_one_sensor(tmp_path: Path, temperature: str, humidity: str) -> None:
    """Bare numbers on two topics are the temperature and the humidity of one sensor."""
    room = sensing(tmp_path, f'topic = "{temperature}"\nhumidity_topic = "{humidity}"\n')
    assert room.topics == room.coalescible_topics == {temperature, humidity}
    assert len(room.tracks) == 1
    assert hear(room, (temperature, b"27.5"), (humidity, b"61")) == (27.5, 61.0)


def test_humidity_alone_keeps_no_sensor_fresh(tmp_path: Path) -> None:
    """A sensor whose temperature is silent turns stale, however much its humidity speaks."""
    room = sensing(tmp_path, 'topic = "a"\nhumidity_topic = "b"\nstale_after_s = 600\n')
    hear(room, ("a", b"27.5"), *[("b", b"61")] * 30)
    assert room.rooms["bedroom"].temperature_c is None


def test_humidity_topic_may_hold_an_object(tmp_path: Path) -> None:
    """A path names the humidity within the second topic's message, and only there."""
    lines = 'topic = "a"\nhumidity_topic = "b"\nhumidity_path = "rh.now"\nunit = "F"\n'
    room = sensing(tmp_path, lines)
    assert hear(room, ("a", b"77"), ("b", b'{"rh": {"now": 48}}')) == (25.0, 48.0)


def test_sensor_with_one_topic_is_as_before(tmp_path: Path) -> None:
    """Without a humidity topic one message may bring both."""
    room = sensing(tmp_path, 'topic = "zigbee2mqtt/bedroom"\n')
    assert room.topics == {"zigbee2mqtt/bedroom"}
    message = b'{"temperature": 27.5, "humidity": 61}'
    assert hear(room, ("zigbee2mqtt/bedroom", message)) == (27.5, 61.0)
