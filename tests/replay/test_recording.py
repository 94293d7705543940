"""Recorded readings are kept in the order of time and handed out minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.replay.recording import (
    RecordedSensor,
    RecordedWeather,
    Recording,
    Sample,
    Series,
    read_rooms,
)
from daemon.room_csv import RecordingError
from integrations.errors import TransientError

NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)
NOON_S = NOON.timestamp()


def series(*samples: tuple[float, float, float | None]) -> Series:
    """Return readings by seconds after noon."""
    found = Series()
    for after_s, temperature_c, humidity_pct in samples:
        found.add(NOON_S + after_s, temperature_c, humidity_pct)
    return found.arrange()


def test_readings_are_sorted_and_the_last_word_of_a_moment_counts() -> None:
    """A file may be in any order; of two lines of one moment the later one is right."""
    found = series((60, 22.5, 50), (0, 21.0, None), (60, 23.0, 51))
    assert list(found) == [Sample(NOON_S, 21.0, None), Sample(NOON_S + 60, 23.0, 51.0)]


@pytest.mark.parametrize(
    ("after_s", "expected"), [(-1, None), (0, 21.0), (1800, 21.0), (1801, None), (7200, 22.0)]
)
def test_silent_logger_says_nothing(after_s: float, expected: float | None) -> None:
    """A reading counts for half an hour where the sensor usually speaks more often."""
    found = series(*((-60 * n, 21.0, None) for n in range(20)), (7200, 22.0, None))
    sample = found.at(NOON_S + after_s - (0 if after_s >= 0 else 60 * 20))
    assert (None if sample is None else sample.temperature_c) == expected


def test_hourly_logger_is_believed_for_longer() -> None:
    """Where a sensor speaks once an hour, a reading counts for two and a half."""
    found = series(*((3600 * n, 20.0 + n, None) for n in range(5)))
    last = found.at(NOON_S + 4 * 3600 + 2.5 * 3600)
    assert last is not None
    assert found.at(NOON_S + 4 * 3600 + 2.5 * 3600 + 1) is None


def test_minutes_bring_what_was_heard_by_then() -> None:
    """A reading arrives at the end of its minute, of several in one the last; rooms together."""
    one = RecordedSensor("one", "living", series((0, 20, None), (61, 21, None), (119, 22, None)))
    two = RecordedSensor("two", "bedroom", series((90, 23, None)))
    noon = int(NOON_S) // 60
    told = [
        (minute - noon, [(sensor.sensor_id, sample.temperature_c) for sensor, sample in heard])
        for minute, heard in Recording([one, two]).minutes()
    ]
    assert told == [(0, [("one", 20.0)]), (2, [("one", 22.0), ("two", 23.0)])]


def test_room_is_the_median_of_its_sensors() -> None:
    """A room with three sensors is what the middle one says; humidity where it is known."""
    values = [(20.0, None), (22.0, 40.0), (30.0, 50.0)]
    sensors = [
        RecordedSensor(str(number), "living", series((0, *value)))
        for number, value in enumerate(values)
    ]
    recording = Recording(sensors)
    assert recording.at("living", NOON_S + 60) == (22.0, 45.0)
    assert recording.room_ids == ("living",)
    assert (recording.start, recording.end) == (NOON, NOON.replace(minute=1))


def test_forecast_is_cut_at_the_first_gap() -> None:
    """It holds yesterday and the two days to come, as far as the hours are all there."""
    first = int(NOON_S) // 3600 - 60
    air_c = {hour: 20.0 for hour in range(first, first + 200) if hour != first + 100}
    weather = RecordedWeather.build(air_c, {}, {first + 60: 800.0})
    forecast = weather.fetch(NOON)
    assert forecast.hours[0].at == datetime(2025, 6, 30, tzinfo=UTC)
    assert len(forecast.hours) == 24 + 12 + 40
    noon = forecast.hours[36]
    assert (noon.at, noon.shortwave_radiation_w_m2) == (NOON, 800.0)
    with pytest.raises(TransientError, match="nothing was recorded"):
        weather.fetch(datetime.fromtimestamp((first + 100) * 3600, UTC))


def test_faults_of_a_file_are_named(tmp_path: Path) -> None:
    """A line of no use is skipped with its reason; an odd humidity spoils no temperature."""
    path = tmp_path / "indoor.csv"
    path.write_text(
        "time_utc,room,temperature_c,relative_humidity_pct\n"
        "2025-07-01T12:00:00Z,living,21,-999\n"
        "2025-07-01T12:01:00Z,living,warm,40\n"
        "2025-07-01T12:02:00Z,,22,40\n"
        "2025-07-01T14:03:00+02:00,living,22,104\n"
    )
    rooms, reader = read_rooms(path)
    assert list(rooms["living"]) == [
        Sample(NOON_S, 21.0, None),
        Sample(NOON_S + 180, 22.0, 100.0),
    ]
    assert [fault.partition(": ")[2] for fault in reader.faults] == [
        "temperature_c is 'warm', no number",
        "room is empty",
    ]
    path.write_text("time_utc,room,temperature_c\n2025-07-01T12:00:00Z,living,\n")
    with pytest.raises(RecordingError, match="no row with a temperature of a room"):
        read_rooms(path)
