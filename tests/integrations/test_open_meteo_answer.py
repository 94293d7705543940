"""Open-Meteo's answers become consecutive hours in our units, or a clear refusal."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import PayloadError
from integrations.open_meteo import parse_forecast

NOW = datetime(2026, 6, 27, 9, 20, tzinfo=UTC)
FIRST = datetime(2026, 6, 27, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
Document = dict[str, Any]


def answer(**changes: object) -> Document:
    """Return an answer of four hours round NOW; a change replaces an hourly column."""
    hourly: dict[str, Any] = {
        "time": [int((FIRST + index * HOUR).timestamp()) for index in range(4)],
        "temperature_2m": [28.2, 29.6, 30.8, 31.5],
        "relative_humidity_2m": [46, 42, 38, 37],
        "wind_speed_10m": [0.7, 0.9, 0.5, 0.3],
        "cloud_cover": [0, 5, 60, 10],
        "shortwave_radiation": [580.0, 725.0, 747.0, 821.0],
    }
    units = {
        "time": "unixtime",
        "temperature_2m": "°C",
        "relative_humidity_2m": "%",
        "wind_speed_10m": "m/s",
        "cloud_cover": "%",
        "shortwave_radiation": "W/m²",
    }
    return {"utc_offset_seconds": 0, "hourly_units": units, "hourly": hourly | changes}


def with_units(**units: object) -> Document:
    """Return the answer with other units; the numbers stay."""
    document = answer()
    document["hourly_units"] |= units
    return document


def local_answer(
    first_local: str, offset_s: int, count: int, zone: str = "Nowhere/Wrong"
) -> Document:
    """Return `count` hours as local ISO times at one constant offset, as the provider does."""
    first = datetime.fromisoformat(first_local)
    times = [(first + index * HOUR).isoformat(timespec="minutes") for index in range(count)]
    return {
        "utc_offset_seconds": offset_s,
        "timezone": zone,
        "hourly_units": {"time": "iso8601", "temperature_2m": "°C"},
        "hourly": {"time": times, "temperature_2m": [20.0 + index % 24 for index in range(count)]},
    }


def temperatures(document: Mapping[str, Any], now: datetime = NOW) -> list[float]:
    """Return the forecast's temperatures."""
    return [hour.temperature_c for hour in parse_forecast(document, now).hours]


def test_every_variable_arrives_in_our_units() -> None:
    """Each hour carries the five variables, its start in UTC and the source's name."""
    forecast = parse_forecast(json.dumps(answer()).encode(), NOW)
    assert (forecast.source, forecast.fetched_at) == ("open_meteo", NOW)
    assert [hour.at for hour in forecast.hours] == [FIRST + index * HOUR for index in range(4)]
    hour = forecast.hours[2]
    assert (hour.temperature_c, hour.relative_humidity_pct, hour.wind_speed_m_s) == (30.8, 38, 0.5)
    assert (hour.cloud_cover_pct, hour.shortwave_radiation_w_m2) == (60, 747.0)


@pytest.mark.parametrize(
    ("unit", "told", "wind_speed_m_s"),
    [
        ("m/s", 10, 10.0),
        ("km/h", 36, 10.0),
        ("mp/h", 10, 4.4704),
        ("mph", 10, 4.4704),
        ("kn", 10, 5.1444),
        ("ft/s", 10, 3.048),
    ],
)
def test_wind_is_converted_by_its_unit(unit: str, told: float, wind_speed_m_s: float) -> None:
    """Wind comes out in m/s whatever unit the block names."""
    document = with_units(wind_speed_10m=unit)
    document["hourly"]["wind_speed_10m"] = [told] * 4
    hours = parse_forecast(document, NOW).hours
    assert hours[0].wind_speed_m_s == pytest.approx(wind_speed_m_s, abs=1e-4)


def test_fahrenheit_is_converted() -> None:
    """86 °F is 30 °C and 32 °F is 0 °C."""
    document = with_units(temperature_2m="°F")
    document["hourly"]["temperature_2m"] = [86, 32, 50, 95]
    assert temperatures(document) == pytest.approx([30, 0, 10, 35])


@pytest.mark.parametrize(
    ("variable", "unit"),
    [
        ("temperature_2m", "K"),
        ("wind_speed_10m", "furlong/fortnight"),
        ("relative_humidity_2m", "g/kg"),
        ("shortwave_radiation", "MJ/m²"),
        ("cloud_cover", "oktas"),
        ("time", "stardate"),
    ],
)
def test_unknown_unit_is_refused_by_name(variable: str, unit: str) -> None:
    """An unknown unit is named in the refusal, because a guess would be a wrong number."""
    with pytest.raises(PayloadError, match=rf"hourly_units\.{variable} is {unit}"):
        parse_forecast(with_units(**{variable: unit}), NOW)


def test_missing_unit_is_refused() -> None:
    """A variable without a unit is not read as if it were in ours."""
    document = answer()
    del document["hourly_units"]["temperature_2m"]
    with pytest.raises(PayloadError, match="temperature_2m is missing"):
        parse_forecast(document, NOW)


def test_null_temperature_ends_the_horizon() -> None:
    """Hours after the first gap are not offered, even if they are known."""
    assert temperatures(answer(temperature_2m=[28.2, 29.6, None, 31.5])) == [28.2, 29.6]


def test_leading_nulls_are_skipped() -> None:
    """Unknown hours at the beginning do not hide the known ones."""
    assert temperatures(answer(temperature_2m=[None, 29.6, 30.8, 31.5])) == [29.6, 30.8, 31.5]


def test_gap_in_the_past_costs_the_past_only() -> None:
    """A gap before now leaves the forecast whole; only what lay before the gap is dropped."""
    now = NOW + 2 * HOUR
    assert temperatures(answer(temperature_2m=[28.2, None, 30.8, 31.5]), now) == [30.8, 31.5]


def test_other_nulls_are_unknown_not_zero() -> None:
    """A null humidity is None and its hour stays."""
    hours = parse_forecast(answer(relative_humidity_2m=[46, None, 38, 37]), NOW).hours
    assert [hour.relative_humidity_pct for hour in hours] == [46, None, 38, 37]


def test_variable_that_was_not_sent_is_unknown() -> None:
    """An answer without radiation is a forecast whose radiation is unknown."""
    document = answer()
    del document["hourly"]["shortwave_radiation"]
    hours = parse_forecast(document, NOW).hours
    assert [hour.shortwave_radiation_w_m2 for hour in hours] == [None] * 4


@pytest.mark.parametrize(
    ("column", "values", "field", "expected"),
    [
        ("temperature_2m", [60.0, 60.1, 30, 30], "temperature_c", [60.0]),
        ("temperature_2m", [-60.0, -60.1, 30, 30], "temperature_c", [-60.0]),
        ("temperature_2m", [20, 10**400, 30, 30], "temperature_c", [20]),
        ("temperature_2m", [20, math.nan, 30, 30], "temperature_c", [20]),
        ("relative_humidity_2m", [100, 101, -1, 0], "relative_humidity_pct", [100, None, None, 0]),
        ("wind_speed_10m", [0, -1, 121, 120], "wind_speed_m_s", [0, None, None, 120]),
        ("shortwave_radiation", [0, -5, 1501, 9], "shortwave_radiation_w_m2", [0, None, None, 9]),
        ("cloud_cover", [0, 100, 101, math.inf], "cloud_cover_pct", [0, 100, None, None]),
    ],
)
def test_impossible_values_are_unknown(
    column: str, values: list[float], field: str, expected: list[float | None]
) -> None:
    """What cannot be weather is treated like null: the bound itself still counts."""
    hours = parse_forecast(answer(**{column: values}), FIRST).hours
    assert [getattr(hour, field) for hour in hours] == expected


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (answer(temperature_2m=[1, 2, 3]), "temperature_2m has 3 entries, hourly.time has 4"),
        (answer(cloud_cover=[1, 2, 3, 4, 5]), "cloud_cover has 5 entries, hourly.time has 4"),
        (answer(temperature_2m=None), "hourly.temperature_2m is missing"),
        (answer(temperature_2m=["28.2", 1, 2, 3]), "temperature_2m holds 28.2, not a number"),
        (answer(temperature_2m=[True, 1, 2, 3]), "temperature_2m holds True, not a number"),
        (answer(temperature_2m=[None] * 4), "no hour with a temperature"),
        (answer(temperature_2m=28.2), "hourly.temperature_2m is not a list"),
        (answer(time=None), "hourly.time is not a list"),
        (answer(time=["08:00"] * 4), "hourly.time holds 08:00, not a unix time"),
        (answer(time=[1_782_547_200_000] * 4), "outside the years 2000 to 2100"),
        ({"hourly_units": {}}, "'hourly' is missing"),
        ({"hourly": [], "hourly_units": {}}, "'hourly' is not an object"),
        ({"error": True, "reason": "Daily\n limit"}, "the provider answers: Daily limit"),
        (b"[1, 2]", "a JSON list, not an object"),
        (b'{"hourly": ', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"", "not JSON"),
        (b"\n <!DOCTYPE html><html>Welcome", "is there a login page on this network"),
        (b'<?xml version="1.0"?><html>', "is there a login page on this network"),
        (b'<?xml version="1.0"?><feed/>', "XML, not JSON"),
    ],
)
def test_what_is_no_forecast_is_refused_in_words(
    document: bytes | Document, complaint: str
) -> None:
    """Each wrong shape is one PayloadError that says what is wrong with it."""
    with pytest.raises(PayloadError) as caught:
        parse_forecast(document, NOW)
    assert complaint in str(caught.value)


def test_foreign_words_cannot_flood_or_forge_a_line() -> None:
    """A provider's reason is cut, and control characters do not survive."""
    document = {"error": True, "reason": "a\x1b[31m" + "x" * 5000}
    with pytest.raises(PayloadError) as caught:
        parse_forecast(document, NOW)
    assert len(str(caught.value)) < 260
    assert str(caught.value).isprintable()


def test_hours_are_put_in_order() -> None:
    """An answer out of order gives the same forecast as one in order."""
    times = answer()["hourly"]["time"]
    shuffled = answer(time=times[::-1], temperature_2m=[31.5, 30.8, 29.6, 28.2])
    assert temperatures(shuffled) == [28.2, 29.6, 30.8, 31.5]


def test_jump_in_time_ends_the_horizon() -> None:
    """A missing hour is a gap as much as a null one, and so is a three-hourly tail."""
    times = answer()["hourly"]["time"]
    assert temperatures(answer(time=[*times[:3], times[3] + 7200])) == [28.2, 29.6, 30.8]


@pytest.mark.parametrize("step_s", [0, 900, 1800, 3599, 3601, 7200])
def test_only_true_hours_are_hours(step_s: int) -> None:
    """A repeated, shorter or longer step ends the horizon, since each entry stands for one hour."""
    times = answer()["hourly"]["time"]
    assert temperatures(answer(time=[*times[:3], times[2] + step_s])) == [28.2, 29.6, 30.8]


@pytest.mark.parametrize(
    ("first_local", "offset_s", "first_utc"),
    [
        ("2026-06-27T00:00", 7200, datetime(2026, 6, 26, 22, tzinfo=UTC)),
        ("2026-06-27T00:00", 19800, datetime(2026, 6, 26, 18, 30, tzinfo=UTC)),  # Kolkata
        ("2026-06-27T00:00", 20700, datetime(2026, 6, 26, 18, 15, tzinfo=UTC)),  # Kathmandu
        ("2026-06-27T00:00", 37800, datetime(2026, 6, 26, 13, 30, tzinfo=UTC)),  # Lord Howe
        ("2026-06-27T00:00", 50400, datetime(2026, 6, 26, 10, tzinfo=UTC)),  # Kiritimati
        ("2026-06-27T00:00", -43200, datetime(2026, 6, 27, 12, tzinfo=UTC)),  # Baker Island
        ("2026-06-27T00:00", -12600, datetime(2026, 6, 27, 3, 30, tzinfo=UTC)),  # Newfoundland
    ],
)
def test_local_times_are_placed_by_their_offset(
    first_local: str, offset_s: int, first_utc: datetime
) -> None:
    """Half-hour zones and both sides of the date line come out right, whatever the zone's name."""
    hours = parse_forecast(local_answer(first_local, offset_s, 48), NOW).hours
    assert hours[0].at == first_utc
    assert hours[-1].at == first_utc + 47 * HOUR


@pytest.mark.parametrize("offset_s", [None, "7200", True, 10**30, 86400, -86400])
def test_local_times_without_a_sane_offset_are_refused(offset_s: object) -> None:
    """Local times that cannot be placed are not taken for UTC."""
    document = local_answer("2026-06-27T00:00", 0, 4) | {"utc_offset_seconds": offset_s}
    with pytest.raises(PayloadError, match="utc_offset_seconds"):
        parse_forecast(document, NOW)


@pytest.mark.parametrize("entry", ["yesterday", 5, "0001-01-01T00:00", "9999-12-31T23:00", None])
def test_senseless_local_times_are_refused(entry: object) -> None:
    """Text that is no time, or a time outside two centuries, is refused without a traceback."""
    document = local_answer("2026-06-27T00:00", 3600, 2)
    document["hourly"]["time"][0] = entry
    with pytest.raises(PayloadError, match=r"hourly\.time holds"):
        parse_forecast(document, NOW)


@pytest.mark.parametrize(
    ("zone", "day", "hours_in_day"),
    [
        ("Europe/Amsterdam", date(2026, 3, 29), 23.0),
        ("Europe/Amsterdam", date(2026, 10, 25), 25.0),
        ("Europe/Amsterdam", date(2026, 6, 27), 24.0),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Asia/Kolkata", date(2026, 3, 29), 24.0),
    ],
)
def test_local_day_has_its_true_number_of_hours(zone: str, day: date, hours_in_day: float) -> None:
    """Hours asked for as epoch cover a day of 23, 23.5, 24.5 or 25 hours without gap or repeat."""
    middle = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    first = int((middle - 36 * HOUR).timestamp())
    document = answer(time=[first + 3600 * index for index in range(72)])
    for name in document["hourly"].keys() - {"time"}:
        document["hourly"][name] = [1] * 72
    hours = parse_forecast(document, middle).hours
    begin, end = (
        datetime(day.year, day.month, number, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for number in (day.day, day.day + 1)
    )
    assert (end - begin) / HOUR == hours_in_day
    # An hour of the forecast belongs to the local day of its start.
    on_the_day = [hour for hour in hours if begin <= hour.at < end]
    assert len(on_the_day) in {math.floor(hours_in_day), math.ceil(hours_in_day)}
    assert all(hour.at.astimezone(ZoneInfo(zone)).date() == day for hour in on_the_day)


def test_true_wall_times_are_never_shifted_by_the_clock_change() -> None:
    """Wall times with the spring gap end the horizon at the gap instead of going on an hour off."""
    document = local_answer("2026-03-29T00:00", 3600, 2)  # 00:00 and 01:00, then 03:00 follows
    document["hourly"]["time"] += ["2026-03-29T03:00", "2026-03-29T04:00"]
    document["hourly"]["temperature_2m"] = [5.0, 4.0, 3.0, 2.0]
    forecast = parse_forecast(document, datetime(2026, 3, 28, 23, 10, tzinfo=UTC))
    assert [hour.temperature_c for hour in forecast.hours] == [5.0, 4.0]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["time", "temperature_2m", "relative_humidity_2m", "wind_speed_10m"])
numbers = st.none() | st.integers(-80, 80) | st.floats() | anything
epochs = st.integers(0, 12).map(lambda index: 1_782_540_000 + 1800 * index)
moments = epochs | st.sampled_from(["2026-06-27T00:00", "2026-06-27T01:00Z", ""]) | anything


@st.composite
def near_answers(draw: st.DrawFn) -> Document:
    """Draw answers whose columns mostly have one length and mostly hold weather."""
    length = draw(st.integers(0, 8))
    others = st.lists(numbers, min_size=length, max_size=length) | anything
    rows = st.lists(st.none() | st.floats(-65, 65), min_size=length, max_size=length)
    times = st.lists(epochs, min_size=length, max_size=length) | st.lists(moments, max_size=8)
    units = st.dictionaries(names, st.sampled_from(["°C", "%", "iso8601", "unixtime", "K"]))
    hourly = draw(st.dictionaries(names, others))
    return {
        "utc_offset_seconds": draw(st.integers(-60_000, 60_000) | anything),
        "hourly_units": answer()["hourly_units"] | draw(st.just({}) | units),
        "hourly": {"temperature_2m": draw(rows)} | hourly | {"time": draw(times)},
    }


def assert_is_sound_or_refused(document: bytes | Document) -> None:
    """Fail unless the document is refused by PayloadError or gives consecutive, finite hours."""
    try:
        forecast = parse_forecast(document, NOW)
    except PayloadError:
        return
    starts = [hour.at for hour in forecast.hours]
    assert starts
    assert starts == [starts[0] + index * HOUR for index in range(len(starts))]
    for hour in forecast.hours:
        assert -60 <= hour.temperature_c <= 60
        known = [hour.relative_humidity_pct, hour.wind_speed_m_s, hour.cloud_cover_pct]
        assert all(math.isfinite(value) for value in known if value is not None)


@given(near_answers())
def test_nearly_right_answers_are_read_soundly_or_refused(document: Document) -> None:
    """Whatever the columns hold, the hours are consecutive and finite, or it is a PayloadError."""
    assert_is_sound_or_refused(document)


@given(anything)
def test_any_json_is_read_soundly_or_refused(document: object) -> None:
    """Any JSON document at all raises nothing but PayloadError."""
    assert_is_sound_or_refused(json.dumps(document).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_soundly_or_refused(body: bytes) -> None:
    """Any bytes at all raise nothing but PayloadError."""
    assert_is_sound_or_refused(body)


def test_error_without_words_is_refused() -> None:
    """A provider that gives no reason is quoted as giving none."""
    with pytest.raises(PayloadError, match="no reason given"):
        parse_forecast({"error": True}, NOW)


def test_recorded_answers_are_read(shared_data: Path) -> None:
    """Real answers in UTC and in Fahrenheit give days of hours in °C and m/s."""
    folder = shared_data / "fixtures" / "open_meteo"
    for name in ("melbourne_hourly_utc", "newjersey_hourly", "toronto_fahrenheit"):
        body = (folder / f"{name}.json").read_bytes()
        document = json.loads(body)
        hourly = document["hourly"]
        hours = parse_forecast(body, NOW).hours
        first_local = datetime.fromisoformat(hourly["time"][0]).replace(tzinfo=UTC)
        assert hours[0].at == first_local - timedelta(seconds=document["utc_offset_seconds"])
        told = float(hourly["temperature_2m"][0])
        is_fahrenheit = document["hourly_units"]["temperature_2m"] == "°F"
        expected = (told - 32) / 1.8 if is_fahrenheit else told
        assert hours[0].temperature_c == pytest.approx(expected)
        assert len(hours) == len(hourly["time"])


def test_recorded_answers_of_others_are_refused(shared_data: Path) -> None:
    """Every other service's recorded answer is refused in words."""
    accepted = {"melbourne_hourly_utc", "newjersey_hourly", "toronto_fahrenheit"}
    others = [
        path
        for path in (shared_data / "fixtures").rglob("*.*")
        if path.is_file() and path.stem not in accepted
    ]
    assert len(others) > 15
    for path in others:
        with pytest.raises(PayloadError) as caught:
            parse_forecast(path.read_bytes(), NOW)
        assert len(str(caught.value)) > 10, path.name
