"""From messages to what is known of a room: values, ages, means, hours, and what is stored."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from daemon.clock import Instant
from daemon.records import HistoryRow
from daemon.sensing import Sensing
from daemon.sensor_track import Sensor
from integrations.mqtt_payloads import parse_message
from policies.model import Freshness, HourlyValue, RoomConditions, Tuning
from policies.plausibility import LOOKS_LIKE_FAHRENHEIT
from tests.builders import a_bedroom, a_room

START = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 10, tzinfo=UTC))
STARTED = timedelta(hours=1)


def later(seconds: float) -> Instant:
    """Return a moment so many seconds later."""
    return START.shifted(timedelta(seconds=seconds))


def sensor(name: str, room_id: str = "living", **overrides: object) -> Sensor:
    """Return a sensor that speaks on a topic of its own."""
    availability = f"z/{name}/availability"
    found = Sensor(name, room_id, f"z/{name}", parse_message, availability_topic=availability)
    return replace(found, **overrides)  # type: ignore[arg-type]


class Home:
    """Hold a sensing and feed it."""

    def __init__(self, *sensors: Sensor) -> None:
        self.sensing = Sensing([a_room(), a_bedroom()], sensors, Tuning())

    def hear(
        self,
        name: str,
        at: Instant = START,
        *,
        is_retained: bool = False,
        **fields: object,
    ) -> list[str]:
        """Have a sensor speak; return the touched rooms."""
        self.sensing.receive(
            f"z/{name}",
            json.dumps(fields).encode(),
            at,
            is_retained=is_retained,
            is_clock_synchronised=True,
        )
        return self.sensing.take_touched(at, STARTED)

    def room(self, at: Instant = START, room_id: str = "living") -> RoomConditions:
        """Return the room as the policies see it."""
        return self.sensing.rooms[room_id].conditions(at, STARTED)


def test_room_is_the_median_of_its_fresh_sensors() -> None:
    """A stale or an offline sensor leaves the median."""
    home = Home(sensor("a"), sensor("b"), sensor("c", stale_after=timedelta(minutes=1)))
    home.hear("a", temperature=20.0)
    home.hear("b", temperature=21.0)
    home.hear("c", temperature=29.0)
    assert home.room().temperature_c == 21.0
    home.hear("a", later(120), temperature=20.0)
    assert home.room(later(120)).temperature_c == 20.5
    home.hear("b/availability", later(121), state="offline")
    found = home.room(later(121))
    assert (found.temperature_c, found.freshness) == (20.0, Freshness.FRESH)


def test_partial_updates_complete_each_other() -> None:
    """Humidity and temperature may come in messages of their own."""
    home = Home(sensor("a"))
    home.hear("a", humidity=50.0)
    assert home.room().temperature_c is None
    home.hear("a", later(1), temperature=28.0)
    home.hear("a", later(2), humidity=60.0)
    found = home.room(later(2))
    assert (found.temperature_c, found.relative_humidity_pct) == (28.0, 60.0)
    assert found.effective_temperature_c is not None
    assert found.effective_temperature_c > 28.0


def test_humidity_alone_does_not_keep_a_temperature_fresh() -> None:
    """A sensor whose thermometer is silent turns stale although its hygrometer speaks."""
    home = Home(sensor("a", stale_after=timedelta(minutes=10)))
    home.hear("a", temperature=28.0, humidity=50.0)
    home.hear("a", later(601), humidity=51.0)
    assert home.room(later(601)).freshness is Freshness.STALE


def test_old_humidity_leaves_the_effective_temperature() -> None:
    """The feeling of a sultry morning is not added to the afternoon's air."""
    home = Home(sensor("a", stale_after=timedelta(minutes=10)))
    home.hear("a", temperature=30.0, humidity=80.0)
    home.hear("a", later(601), temperature=30.0)
    found = home.room(later(601))
    assert (found.relative_humidity_pct, found.effective_temperature_c) == (None, 30.0)


def test_values_leave_the_room_when_they_turn_stale() -> None:
    """Without any message the passing of time alone makes a room unseen."""
    home = Home(sensor("a", stale_after=timedelta(minutes=10)))
    home.hear("a", temperature=30.0)
    home.sensing.refresh(later(600), STARTED)
    assert home.room(later(600)).temperature_c == 30.0
    home.sensing.refresh(later(601), STARTED)
    found = home.room(later(601))
    assert (found.temperature_c, found.freshness) == (None, Freshness.STALE)
    assert found.blind_for == timedelta(seconds=601)
    assert home.sensing.rooms["living"].temperature_c is None


def test_only_the_rooms_that_spoke_are_touched() -> None:
    """A reading touches its own room, once, and a foreign topic none."""
    home = Home(sensor("a"), sensor("b", "bedroom"), sensor("outdoors", "garden"))
    assert home.hear("a", temperature=20.0) == ["living"]
    assert home.hear("b", temperature=20.0) == ["bedroom"]
    assert home.hear("outdoors", temperature=20.0) == []
    assert home.hear("nobody", temperature=20.0) == []
    assert home.sensing.take_touched(START, STARTED) == []


def test_topics_of_several_sensors_are_not_coalesced() -> None:
    """A receiver that passes several sensors on one topic loses none of them in a flood."""
    shared = (sensor("a", topic="rtl"), sensor("b", "bedroom", topic="rtl"))
    home = Home(*shared, sensor("c"))
    assert home.sensing.coalescible_topics == {"z/c"}
    assert home.sensing.topics == {"rtl", "z/c", *(f"z/{name}/availability" for name in "abc")}


# ----------------------------------------------------------------- what is stored


def test_one_row_a_minute_is_stored_and_completed() -> None:
    """Of a sensor's messages within a minute the last values make one row."""
    home = Home(sensor("a"))
    home.hear("a", START, temperature=20.0)
    home.hear("a", later(10), humidity=50.0)
    home.hear("a", later(20), temperature=21.0)
    home.hear("a", later(70), temperature=22.0, humidity=51.0)
    home.hear("a", later(80), is_retained=True, temperature=35.0)
    rows, records = home.sensing.take_history()
    assert rows == [
        HistoryRow(later(20).utc, "a", 21.0, 50.0),
        HistoryRow(later(70).utc, "a", 22.0, 51.0),
    ]
    assert list(records) == ["a"]
    assert home.sensing.take_history() == ([], {})


def test_nothing_is_dated_by_a_clock_that_was_never_set() -> None:
    """A reading of 1970 would spoil the history; its room is judged all the same."""
    home = Home(sensor("a"))
    home.hear("a", replace(START, utc=datetime(1970, 1, 1, tzinfo=UTC)), temperature=30.0)
    assert home.sensing.take_history()[0] == []
    assert home.room().temperature_c == 30.0


def test_restart_shows_the_last_values_and_waits_for_the_sensor() -> None:
    """Values of an earlier run have their age and judge nothing until the sensor speaks."""
    before = Home(sensor("a"))
    before.hear("a", temperature=30.0, humidity=50.0)
    _, records = before.sensing.take_history()
    after = Home(sensor("a"))
    rebooted = Instant("boot-2", 20.0, START.utc + timedelta(minutes=20))
    after.sensing.restore(records | {"removed": records["a"]}, [], rebooted)
    found = after.sensing.rooms["living"].conditions(rebooted, timedelta(0))
    assert (found.freshness, found.temperature_c) == (Freshness.WAITING, None)
    assert (found.age, found.last_seen_at) == (timedelta(minutes=20), START.utc)
    (reading,) = found.readings
    assert reading.temperature_c == 30.0


def test_hours_of_an_earlier_run_are_taken_over_and_the_present_one_goes_on() -> None:
    """Each hour is there once, as the mean of all its readings."""
    home = Home(sensor("a"))
    hour = START.utc.replace(minute=0)
    rows = [
        HistoryRow(hour - timedelta(minutes=30), "a", 20.0, None),
        HistoryRow(hour - timedelta(minutes=20), "a", 22.0, None),
        HistoryRow(hour + timedelta(minutes=5), "a", 24.0, None),
        HistoryRow(hour, "removed", 99.0, None),
    ]
    home.sensing.restore({}, rows, START)
    home.hear("a", START, temperature=26.0)
    assert home.room().history == (HourlyValue(hour - timedelta(hours=1), 21.0),)
    home.hear("a", later(3600), temperature=20.0)
    assert home.room(later(3600)).history[-1] == HourlyValue(hour, 25.0)


@pytest.mark.parametrize(
    ("payload", "reason"), [('{"temperature": "unknown"}', "non_numeric"), ("{", None)]
)
def test_refused_message_is_counted_and_changes_nothing(payload: str, reason: str | None) -> None:
    """Counts per sensor tell which one speaks nonsense."""
    home = Home(sensor("a"))
    home.hear("a", temperature=25.0)
    home.sensing.receive(
        "z/a", payload.encode(), later(1), is_retained=False, is_clock_synchronised=True
    )
    track = home.sensing.tracks["a"]
    assert (track.rejected, track.temperature_c) == (1, 25.0)
    assert reason is None or track.last_rejected == reason


def test_refused_reading_is_said_once_for_each_reason() -> None:
    """The log names sensor, topic, reason and the first bytes; what goes on is only counted."""
    home = Home(sensor("a"))
    with capture_logs() as logged:
        home.hear("a", temperature=80.6)
        home.hear("a", later(60), temperature=80.6)
        home.hear("a", later(120), temperature="27,3" + 100 * "x")
    assert [entry["reason"] for entry in logged] == [LOOKS_LIKE_FAHRENHEIT, "non_numeric"]
    assert all(entry["event"] == "reading.rejected" for entry in logged)
    assert (logged[0]["sensor_id"], logged[0]["topic"]) == ("a", "z/a")
    assert "80.6" in logged[0]["payload"]
    assert len(logged[1]["payload"]) < 90
    assert home.sensing.tracks["a"].rejected == 3
