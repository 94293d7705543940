"""Recordings are read hour by hour; a bad row is named and left out, a bad file refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.room_csv import RecordingError, fill_sun, read_indoor, read_outdoor
from policies.sunlight import clear_sky_w_m2

INDOOR = "time_utc,room,temperature_c,relative_humidity_pct\n"
OUTDOOR = "time_utc,temperature_c,relative_humidity_pct,ghi_w_m2\n"
HOUR = 434_808  # 2019-08-09T00:00Z


def write(folder: Path, text: str) -> Path:
    """Write a file and return its path."""
    path = folder / "rooms.csv"
    path.write_text(text)
    return path


def test_hour_is_the_mean_of_its_readings_in_whatever_order_they_came(tmp_path: Path) -> None:
    """Late rows, offsets, times without one, and several readings of an hour go to their hour."""
    path = write(
        tmp_path,
        INDOOR
        + "2019-08-09T01:50:00Z,living,24,50\n"
        + "2019-08-09 00:10:00,living,22,\n"
        + "2019-08-09T02:40:00+02:00,living,23,\n"
        + "2019-08-09T00:00:00Z,bedroom,20,40\n",
    )
    recording = read_indoor(path)
    assert recording.series == {"bedroom": {HOUR: 20.0}, "living": {HOUR: 22.5, HOUR + 1: 24.0}}
    assert (recording.rows, recording.faults) == (4, [])


def test_columns_beyond_are_ignored_and_empty_values_are_unknown(tmp_path: Path) -> None:
    """Other columns, other orders, a byte order mark and empty cells are no faults."""
    path = write(
        tmp_path,
        "\ufefftemperature_c,wind,time_utc,ghi_w_m2\n"
        "20,3,2019-08-09T00:00:00Z,\n"
        ",3,2019-08-09T01:00:00Z,-2\n"
        "21,,2019-08-09T02:00:00Z,500\n",
    )
    recording = read_outdoor(path)
    assert recording.series["temperature_c"] == {HOUR: 20.0, HOUR + 2: 21.0}
    assert recording.series["ghi_w_m2"] == {HOUR + 1: 0.0, HOUR + 2: 500.0}
    assert recording.faults == []


def test_blanks_behind_commas_and_an_unknown_sun_leave_the_rest_of_a_row(tmp_path: Path) -> None:
    """Columns are found with blanks round their names; NaN for the sun spoils no temperature."""
    path = write(
        tmp_path,
        "time_utc, temperature_c, relative_humidity_pct, ghi_w_m2\n"
        "2019-08-09T00:00:00Z, 20, 50, NaN\n",
    )
    recording = read_outdoor(path)
    assert recording.series["temperature_c"] == {HOUR: 20.0}
    assert recording.series["relative_humidity_pct"] == {HOUR: 50.0}
    assert (recording.series["ghi_w_m2"], recording.faults) == ({}, [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2019-08-09T00:00:00Z,living,nan,", "temperature_c is nan, not within -30 to 60"),
        ("2019-08-09T00:00:00Z,living,inf,", "temperature_c is inf, not within -30 to 60"),
        ("2019-08-09T00:00:00Z,living,85.0,", "temperature_c is 85.0, not within -30 to 60"),
        ("2019-08-09T00:00:00Z,living,-30.1,", "temperature_c is -30.1, not within -30 to 60"),
        ("2019-08-09T00:00:00Z,living,warm,", "temperature_c is 'warm', no number"),
        ("2019-08-09T00:00:00Z,,21,", "room is empty"),
        ("yesterday,living,21,", "time_utc is 'yesterday', not a time like 2026-07-01T14:00:00Z"),
        ("1970-01-01T00:00:00Z,living,21,", "a clock that was not set"),
        ("2019-08-09T00:00:00Z", "room is empty"),
    ],
)
def test_row_that_cannot_be_believed_is_named(tmp_path: Path, row: str, reason: str) -> None:
    """The fault names file, line and value; the other rows stay."""
    good = "2019-08-09T03:00:00Z,living,22,\n"
    path = write(tmp_path, INDOOR + good + row + "\n" + good)
    recording = read_indoor(path)
    assert recording.series == {"living": {HOUR + 3: 22.0}}
    assert len(recording.faults) == 1
    assert recording.faults[0].startswith(f"{path}:3: ")
    assert reason in recording.faults[0]


def test_outdoor_row_with_an_absurd_sun_is_left_out_whole(tmp_path: Path) -> None:
    """A row with one absurd value is not believed in the others."""
    path = write(
        tmp_path,
        OUTDOOR + "2019-08-09T00:00:00Z,20,50,9999\n2019-08-09T01:00:00Z,21,50,10\n",
    )
    recording = read_outdoor(path)
    assert recording.series["temperature_c"] == {HOUR + 1: 21.0}
    assert "ghi_w_m2 is 9999, not within -20 to 1600" in recording.faults[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "rooms.csv:1: no column time_utc, room, temperature_c"),
        ("time_utc,room\n", "rooms.csv:1: no column temperature_c"),
        (INDOOR, "no row with a temperature of a room"),
        (INDOOR + "2019-08-09T00:00:00Z,living,nan,\n", "that can be used; "),
        (
            INDOOR + "2019-08-09T00:00:00Z,a,20,\n2091-08-09T00:00:00Z,a,20,\n",
            "room a reaches from 2019-08-09 to 2091-08-09: is a date wrong?",
        ),
        (INDOOR + '2019-08-09T00:00:00Z,"' + "x" * 140_000 + '",20,\n', "rooms.csv:2: "),
    ],
)
def test_file_of_no_use_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The error names the file, the line where there is one, and what is missing."""
    with pytest.raises(RecordingError, match=r"rooms\.csv") as caught:
        read_indoor(write(tmp_path, text))
    assert message in str(caught.value)


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8, a folder and an absent file are told apart in words."""
    path = tmp_path / "rooms.csv"
    path.write_bytes(INDOOR.encode() + b"\xff\xfe\n")
    with pytest.raises(RecordingError, match="is not UTF-8 text"):
        read_indoor(path)
    with pytest.raises(RecordingError, match="No such file"):
        read_outdoor(tmp_path / "absent.csv")


def test_missing_sun_is_a_clear_sky_under_the_clouds_before() -> None:
    """After a day with half of a clear sky's radiation a missing noon has half of it, too."""
    noon = HOUR + 12
    clear = fill_sun({HOUR: 0.0}, [HOUR + 48], 45.0, 0.0)
    assert clear == {HOUR: 0.0}  # nothing was known of clouds
    full = {hour: 1000.0 * max(0.0, 1 - abs(hour - noon) / 8) for hour in range(HOUR, HOUR + 24)}
    filled = fill_sun(full, [HOUR + 48], 45.0, 0.0)
    half = fill_sun({hour: value / 2 for hour, value in full.items()}, [HOUR + 48], 45.0, 0.0)
    assert half[noon + 24] == pytest.approx(filled[noon + 24] / 2, rel=0.03)
    assert filled[HOUR + 24] == 0.0  # midnight
    assert {hour: filled[hour] for hour in full} == full


@pytest.mark.parametrize(("sine", "expected_w_m2"), [(-0.1, 0.0), (0.0, 0.0), (1.0, 1037.0)])
def test_clear_sky(sine: float, expected_w_m2: float) -> None:
    """No radiation with the sun down; 1037 W/m2 with the sun overhead (Haurwitz 1945)."""
    assert clear_sky_w_m2(sine) == pytest.approx(expected_w_m2, abs=1.0)
