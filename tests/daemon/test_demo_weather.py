"""The demo's weather is real hours moved to a chosen day, served as Open-Meteo would."""

from __future__ import annotations

import csv
import json
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from daemon.demo.hot_days import LATITUDE_DEG, LONGITUDE_DEG, hot_day, hot_week
from daemon.demo.sun import clear_sky_w_m2, radiation_on_wall_w_m2, sun_position
from daemon.demo.weather_server import WeatherServer

DAY = date(2026, 6, 27)
HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 6, 27, tzinfo=UTC)
NOON = MIDNIGHT + 12 * HOUR


@pytest.fixture
def server() -> Iterator[WeatherServer]:
    """Return a running server at noon of the hot day."""
    with WeatherServer(hot_day(DAY).outdoor_at, lambda: NOON) as running:
        yield running


def hourly(server: WeatherServer, **query: str) -> dict[str, list[float]]:
    """Return the hourly block of an answer."""
    answer = requests.get(server.url, params={"timeformat": "unixtime"} | query, timeout=5)
    block: dict[str, list[float]] = answer.json()["hourly"]
    return block


def test_hot_day_has_its_recorded_values() -> None:
    """The typed facts stand where they belong: 19.3 °C at 4 UTC, 33.7 °C at 15 UTC."""
    weather = hot_day(DAY)
    coolest, hottest = weather.outdoor_at(MIDNIGHT + 4 * HOUR), weather.outdoor_at(NOON + 3 * HOUR)
    assert (coolest.temperature_c, coolest.relative_humidity_pct) == (19.3, 78)
    assert (hottest.temperature_c, hottest.shortwave_radiation_w_m2) == (33.7, 605)


def test_weather_between_hours_is_between_them() -> None:
    """A quarter past is a quarter of the way to the next hour."""
    weather = hot_day(DAY)
    assert weather.outdoor_at(NOON + HOUR / 4).temperature_c == pytest.approx(32.75)


def test_hot_week_is_seven_hot_days_with_weather_around() -> None:
    """Each day of the week passes 31 °C, and the days before and after exist."""
    weather = hot_week(DAY)
    for day in range(7):
        hours = [weather.outdoor_at(MIDNIGHT + (24 * day + hour) * HOUR) for hour in range(24)]
        assert max(outdoor.temperature_c for outdoor in hours) > 31
    for day in (-30, -2, 8, 30):
        assert 10 < weather.outdoor_at(MIDNIGHT + 24 * day * HOUR).temperature_c < 36


def test_every_hour_of_the_weather_is_possible() -> None:
    """Values stay in bounds and never jump, inside the recording and on both sides of it."""
    weather = hot_week(DAY)
    hours = [weather.outdoor_at(MIDNIGHT + hour * HOUR) for hour in range(-24 * 5, 24 * 14)]
    for outdoor in hours:
        assert 10 < outdoor.temperature_c < 36
        assert 10 < outdoor.relative_humidity_pct <= 100
        assert 0 <= outdoor.shortwave_radiation_w_m2 < 1100
        assert 0 <= outdoor.cloud_cover_pct <= 100
        assert 0 <= outdoor.wind_speed_m_s < 15
    steps = [abs(b.temperature_c - a.temperature_c) for a, b in pairwise(hours)]
    assert max(steps) < 9


def test_recorded_values_match_their_source(shared_data: Path) -> None:
    """The typed rows are those of the published file, rounded."""
    path = shared_data / "weather" / "turin_pvgis_tmy.csv"
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["time"].startswith("2006-06-2")]
    weather = hot_day(date(2006, 6, 27))
    for row in rows:
        day, hour = int(row["time"][8:10]), int(row["time"][11:13])
        outdoor = weather.outdoor_at(datetime(2006, 6, day, hour, tzinfo=UTC))
        assert outdoor.temperature_c == pytest.approx(float(row["temp_air"]), abs=0.051)
        assert outdoor.relative_humidity_pct == pytest.approx(
            float(row["relative_humidity"]), abs=0.51
        )
        assert outdoor.shortwave_radiation_w_m2 == pytest.approx(float(row["ghi"]), abs=0.51)
        assert outdoor.wind_speed_m_s == pytest.approx(float(row["wind_speed"]), abs=0.051)
    assert len(rows) == 240


@pytest.mark.parametrize(
    ("at", "latitude_deg", "longitude_deg", "elevation_deg", "azimuth_deg"),
    [
        # US Naval Observatory / NOAA solar calculator, geometric positions
        (datetime(2026, 6, 21, 12, tzinfo=UTC), 51.48, 0.0, 61.95, 178.9),
        (datetime(2026, 12, 21, 12, tzinfo=UTC), 51.48, 0.0, 15.08, 180.5),
        (datetime(2026, 3, 20, 12, 7, tzinfo=UTC), 0.0, 0.0, 89.9, None),
    ],
)
def test_sun_stands_where_almanacs_say(
    at: datetime,
    latitude_deg: float,
    longitude_deg: float,
    elevation_deg: float,
    azimuth_deg: float | None,
) -> None:
    """Solstice and equinox noons agree with 90° - latitude ± 23.44° within half a degree."""
    sun = sun_position(at, latitude_deg, longitude_deg)
    assert sun.elevation_deg == pytest.approx(elevation_deg, abs=0.5)
    if azimuth_deg is not None:
        assert sun.azimuth_deg == pytest.approx(azimuth_deg, abs=1.5)


def test_recorded_radiation_agrees_with_the_sun() -> None:
    """The recording's hours are UTC: its sky is never far brighter than a clear one."""
    weather = hot_week(DAY)
    for hour in range(24 * 7):
        at = MIDNIGHT - 6 * 24 * HOUR + hour * HOUR
        clear_w_m2 = clear_sky_w_m2(sun_position(at, LATITUDE_DEG, LONGITUDE_DEG))
        assert weather.outdoor_at(at).shortwave_radiation_w_m2 <= 1.12 * clear_w_m2 + 30


def test_west_window_has_its_sun_in_the_afternoon() -> None:
    """A west wall gets more than twice an east wall's sun at 16 UTC, and the reverse at 7 UTC."""
    for hour, bright_deg, dim_deg in ((7, 90.0, 270.0), (16, 270.0, 90.0)):
        at = MIDNIGHT + hour * HOUR
        sun = sun_position(at, LATITUDE_DEG, LONGITUDE_DEG)
        global_w_m2 = hot_day(DAY).outdoor_at(at).shortwave_radiation_w_m2
        bright_w_m2 = radiation_on_wall_w_m2(global_w_m2, sun, bright_deg)
        assert bright_w_m2 > 2 * radiation_on_wall_w_m2(global_w_m2, sun, dim_deg)
        assert bright_w_m2 < 900
    assert radiation_on_wall_w_m2(0.0, sun_position(MIDNIGHT, 45, 8), 90) == 0


def test_days_round_the_clock_are_served(server: WeatherServer) -> None:
    """Past and forecast days are counted from the clock's UTC day."""
    times = hourly(server, past_days="2", forecast_days="3", hourly="temperature_2m")["time"]
    assert times[0] == (MIDNIGHT - 48 * HOUR).timestamp()
    assert times[-1] == (MIDNIGHT + 71 * HOUR).timestamp()


def test_defaults_are_those_of_the_real_service(server: WeatherServer) -> None:
    """Without wishes: seven days, local ISO times of GMT, wind in km/h."""
    answer = requests.get(server.url, params={"hourly": "wind_speed_10m"}, timeout=5).json()
    assert answer["hourly_units"] == {"time": "iso8601", "wind_speed_10m": "km/h"}
    assert answer["hourly"]["time"][0] == "2026-06-27T00:00"
    assert len(answer["hourly"]["time"]) == 7 * 24
    assert answer["hourly"]["wind_speed_10m"][12] == pytest.approx(0.3 * 3.6)


def test_forecast_error_touches_the_future_only(server: WeatherServer) -> None:
    """A forecast that errs by 2 K does so from the next hour on."""
    true = hourly(server, forecast_days="1", hourly="temperature_2m")["temperature_2m"]
    server.error_c = 2.0
    wrong = hourly(server, forecast_days="1", hourly="temperature_2m")["temperature_2m"]
    errors = [round(b - a, 1) for a, b in zip(true, wrong, strict=True)]
    assert errors == [0.0] * 13 + [2.0] * 11


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"latitude": "99"}, "Latitude must be in range of -90 to 90. Given: 99."),
        ({"latitude": "north"}, "required for key 'latitude'"),
        ({"hourly": "mood"}, "invalid String value mood"),
        ({"timezone": "Europe/Rome"}, "Invalid timezone"),
        ({"past_days": "1000"}, "Past_days must be in range"),
        ({"forecast_days": "nan"}, "Forecast_days must be in range"),
    ],
)
def test_senseless_requests_get_400_and_a_reason(
    server: WeatherServer, query: dict[str, str], reason: str
) -> None:
    """Like the real service, the server says what it dislikes."""
    answer = requests.get(server.url, params=query, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"] is True
    assert reason in answer.json()["reason"]


def test_other_paths_are_not_found(server: WeatherServer) -> None:
    """Only the forecast is served."""
    assert requests.get(server.url + "/more", timeout=5).status_code == 404


def test_answer_leaves_in_one_piece(server: WeatherServer) -> None:
    """Header and body arrive together, so no delayed acknowledgement can part them."""
    url = urlsplit(server.url)
    with socket.create_connection((str(url.hostname), url.port or 0), timeout=5) as client:
        client.sendall(b"GET /v1/forecast?forecast_days=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = client.recv(65536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert json.loads(body)["timezone"] == "GMT"


def test_stop_frees_the_port_at_once() -> None:
    """After stopping nobody answers, even with an answer still held back."""
    server = WeatherServer(hot_day(DAY).outdoor_at, lambda: NOON)
    with server:
        server.delay_s = 60
        with pytest.raises(requests.Timeout):
            requests.get(server.url, timeout=0.1)
    assert server.requests == 1
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=1)


def test_server_that_never_started_can_be_stopped() -> None:
    """Stopping without starting neither hangs nor raises."""
    server = WeatherServer(hot_day(DAY).outdoor_at, lambda: NOON)
    server.stop()
    assert server.requests == 0
