"""One sensor as the daemon follows it: what is believed, heard and suspect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daemon.clock import Instant
from daemon.records import from_json, to_json
from daemon.sensor_track import Sensor, SensorRecord, SensorTrack
from integrations.mqtt_payloads import parse_message
from policies.model import Freshness, SensorReading

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
TOPIC = "zigbee2mqtt/bedroom"


class Listener:
    """Send messages to one track, minute by minute."""

    def __init__(self) -> None:
        self.track = SensorTrack(Sensor("bedroom", "bedroom", TOPIC, parse_message))
        self.now = Instant("boot", 1000.0, NOON)

    def hear(
        self, payload: str, *, is_retained: bool = False, minutes: float = 1.0
    ) -> SensorReading:
        """Let time pass, hear one message and return the sensor's state."""
        self.now = self.now.shifted(timedelta(minutes=minutes))
        message = parse_message(TOPIC, payload.encode())
        self.track.receive(message, self.now, is_retained=is_retained, is_clock_synchronised=True)
        return self.reading()

    def reading(self, minutes: float = 0.0) -> SensorReading:
        """Return the sensor's state so many minutes later."""
        later = self.now.shifted(timedelta(minutes=minutes))
        return self.track.reading(later.boot_s, timedelta(hours=9))


def test_reading_is_fresh_until_its_limit() -> None:
    """A believed reading is fresh for 130 minutes and stale after."""
    listener = Listener()
    assert listener.hear('{"temperature": 24.5, "humidity": 50}').freshness is Freshness.FRESH
    assert listener.reading(minutes=130).freshness is Freshness.FRESH
    assert listener.reading(minutes=130.1).freshness is Freshness.STALE


def test_what_was_learned_of_a_regular_sensor_outlives_a_restart() -> None:
    """A sensor that speaks every five minutes is missed as soon after a restart as before."""
    listener = Listener()
    for _ in range(24):
        listener.hear('{"temperature": 24.5}', minutes=5)
    learned = listener.track.stale_after()
    assert learned == timedelta(minutes=30)
    record = listener.track.record()
    assert record is not None
    restored = Listener()
    restored.track.restore(from_json(SensorRecord, to_json(record)), listener.now)
    assert restored.track.stale_after() == learned


@pytest.mark.parametrize(
    "payload",
    ['{"temperature": NaN}', '{"temperature": 1e999}', '{"temperature": Infinity}'],
)
def test_fault_03_last_good_value_is_kept(payload: str) -> None:
    """NaN and infinity are refused and counted; the last good value stays with its age."""
    listener = Listener()
    listener.hear('{"temperature": 24.5}')
    reading = listener.hear(payload, minutes=5)
    assert reading.temperature_c == 24.5
    assert reading.age == timedelta(minutes=5)
    assert (listener.track.rejected, listener.track.last_rejected) == (1, "nan")


def test_three_refused_readings_make_a_sensor_suspect() -> None:
    """Three impossible readings in a row are trouble; a good one ends it."""
    listener = Listener()
    listener.hear('{"temperature": 24.5}')
    states = [listener.hear('{"temperature": 99}').suspect_reason for _ in range(3)]
    assert states == [None, None, "rejected"]
    assert listener.hear('{"temperature": 24.6}').suspect_reason is None


def test_chip_temperature_makes_no_sensor_suspect() -> None:
    """A plug that tells its own chip's heat beside its power is not a broken room sensor."""
    listener = Listener()
    listener.hear('{"temperature": 24.5}')
    message = '{"state": "ON", "power": 800, "device_temperature": 51}'
    assert [listener.hear(message).suspect_reason for _ in range(5)] == [None] * 5
    assert listener.track.rejected == 0


def test_humidity_alone_does_not_keep_a_temperature_fresh() -> None:
    """A sensor whose temperature fell silent is stale, however often its humidity speaks."""
    listener = Listener()
    listener.hear('{"temperature": 24.5, "humidity": 50}')
    readings = [listener.hear('{"humidity": 51}', minutes=10) for _ in range(14)]
    assert readings[12].freshness is Freshness.FRESH  # 130 minutes old
    assert readings[13].freshness is Freshness.STALE
    assert readings[13].relative_humidity_pct == 51
