"""What happens when sources of the forecast fail, beyond Open-Meteo; by rows of the fault table."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.demo.hot_days import hot_day
from daemon.demo.weather_server import WeatherServer
from daemon.ports import WeatherSource
from integrations.errors import PayloadError, PermanentError, TransientError
from integrations.met_norway import MetNorway
from integrations.met_norway import parse_forecast as parse_met_norway
from integrations.nws import NationalWeatherService
from integrations.nws import parse_forecast as parse_nws
from policies.alert import Severity
from tests.builders import a_forecast, a_room
from tests.loop_home import FakeWeather, LoopHome

NOW = datetime(2026, 6, 27, 9, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
MEBIBYTE = 1024 * 1024
AGENT = "keepcool/0.1.0 anna@example.org"
Build = Callable[[str], WeatherSource]

SOURCES: tuple[Build, ...] = (
    lambda url: MetNorway(59.91, 10.75, base_url=url, user_agent=AGENT, timeout_s=(0.5, 0.3)),
    lambda url: NationalWeatherService(
        39.7, -97.0, base_url=url, user_agent=AGENT, timeout_s=(0.5, 0.3)
    ),
)
every_source = pytest.mark.parametrize("build", SOURCES, ids=["met_norway", "nws"])


@pytest.fixture
def server() -> Iterator[WeatherServer]:
    """Return a server that answers as a test says."""
    with WeatherServer(hot_day(date(2026, 6, 27)).outdoor_at, lambda: NOW) as running:
        yield running


@every_source
def test_fault_25_silent_slow_or_absent_server_is_passing(
    server: WeatherServer, build: Build
) -> None:
    """A server that hangs up, says nothing, or is not there, is tried again later."""
    server.is_down = True
    with pytest.raises(TransientError, match="is the internet connection up"):
        build(server.url).fetch(NOW)
    server.is_down, server.delay_s = False, 30.0
    with pytest.raises(TransientError, match="did not answer in time"):
        build(server.url).fetch(NOW)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransientError, match=r"no connection to 127\.0\.0\.1"):
        build(f"http://127.0.0.1:{port}").fetch(NOW)


@every_source
def test_fault_25_captive_portal_is_named(server: WeatherServer, build: Build) -> None:
    """A login page in place of the forecast is recognised and said."""
    server.body = b"<!DOCTYPE html><html><body>Welcome to Hotel Wi-Fi</body></html>"
    with pytest.raises(PayloadError, match="is there a login page on this network"):
        build(server.url).fetch(NOW)


def test_fault_25_next_source_then_the_kept_forecast(tmp_path: Path) -> None:
    """While nobody answers the forecast ages; the next source serves; heat indoors is told."""
    first = FakeWeather(a_forecast((25.0,), source="open_meteo"), name="open_meteo")
    second = FakeWeather(a_forecast((26.0,), source="nws"), name="nws")
    home = LoopHome(tmp_path, rooms=(a_room(),), weather=[first, second])
    first.error = second.error = TransientError("no network")
    home.run(7200, step_s=60)
    snapshot = home.daemon.snapshot
    assert snapshot is not None
    assert snapshot.forecast is not None
    assert snapshot.forecast.source == "open_meteo"
    assert snapshot.forecast_age == timedelta(hours=2)
    second.error = None
    home.run(3 * 3600, step_s=60)
    snapshot = home.daemon.snapshot
    assert snapshot is not None
    assert snapshot.forecast is not None
    assert snapshot.forecast.source == "nws"
    home.read(30.2)
    assert [push.severity for push in home.phone.about("heat")] == [Severity.WARNING]


@every_source
@pytest.mark.parametrize(
    ("header", "pause_s"),
    [(None, 60.0), ("120", 120.0), ("5", 60.0), ("999999", 21600.0), ("soon", 60.0)],
)
def test_fault_26_rate_limit_asks_for_a_bounded_pause(
    server: WeatherServer, build: Build, header: str | None, pause_s: float
) -> None:
    """A 429 carries the pause that is asked for, within a minute and six hours."""
    server.status = 429
    server.headers = {} if header is None else {"Retry-After": header}
    with pytest.raises(TransientError, match="HTTP 429") as caught:
        build(server.url).fetch(NOW)
    assert caught.value.retry_after_s == pause_s
    assert server.requests == 1


@every_source
def test_fault_27_server_errors_large_bodies_and_bombs(server: WeatherServer, build: Build) -> None:
    """A 5xx passes, a body over 2 MB is refused, packed or not."""
    server.status, server.body = 503, b"<html>Bad Gateway</html>"
    with pytest.raises(TransientError, match="HTTP 503"):
        build(server.url).fetch(NOW)
    server.status, server.body = 200, b" " * (50 * MEBIBYTE)
    with pytest.raises(PayloadError, match="larger than 2 MB"):
        build(server.url).fetch(NOW)
    server.body = gzip.compress(b" " * (100 * MEBIBYTE), 9)
    server.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(PayloadError, match="larger than 2 MB"):
        build(server.url).fetch(NOW)


def nws_period(hour: int, temperature: float | None) -> dict[str, Any]:
    """Return one hour as the NWS tells it."""
    start = datetime(2026, 6, 27, tzinfo=UTC) + hour * HOUR
    return {
        "startTime": start.isoformat(),
        "endTime": (start + HOUR).isoformat(),
        "temperature": temperature,
        "temperatureUnit": "C",
    }


def test_fault_28_null_hour_is_unknown_and_ends_the_horizon() -> None:
    """A null hour is never 0 °C, and nothing is promised behind it."""
    periods = [nws_period(hour, value) for hour, value in ((9, 20.0), (10, None), (11, 22.0))]
    forecast = parse_nws({"properties": {"periods": periods}}, NOW)
    assert [hour.temperature_c for hour in forecast.hours] == [20.0]


def test_fault_28_missing_field_and_unknown_unit_are_refused_by_name() -> None:
    """What the answer lacks, or says in a unit that is not known, is named."""
    with pytest.raises(PayloadError, match="'periods' is missing"):
        parse_nws({"properties": {}}, NOW)
    units = {"air_temperature": "K"}
    properties = {"meta": {"units": units}, "timeseries": []}
    with pytest.raises(PayloadError, match=r"units\.air_temperature is K"):
        parse_met_norway({"properties": properties}, NOW)


def test_fault_30_local_times_are_placed_by_their_offset() -> None:
    """Across a clock change, and across the date line, hours stay one true hour apart."""
    starts = ["2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00", "2026-11-01T02:00:00-05:00"]
    ends = [*starts[1:], "2026-11-01T03:00:00-05:00"]
    periods = [
        nws_period(0, 10.0) | {"startTime": start, "endTime": end}
        for start, end in zip(starts, ends, strict=True)
    ]
    hours = parse_nws(
        {"properties": {"periods": periods}}, datetime(2026, 11, 1, 5, tzinfo=UTC)
    ).hours
    assert [hour.at.hour for hour in hours] == [5, 6, 7]
    guam = nws_period(0, 30.0) | {
        "startTime": "2026-06-28T00:00:00+10:00",
        "endTime": "2026-06-28T01:00:00+10:00",
    }
    (hour,) = parse_nws({"properties": {"periods": [guam]}}, NOW).hours
    assert hour.at == datetime(2026, 6, 27, 14, tzinfo=UTC)


@every_source
@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://weather.example.org",
        "file:///etc/passwd",
        "http://weather.example.org",
        "https://169.254.169.254/latest/meta-data",
        "https://user:password@weather.example.org",
    ],
)
def test_fault_75_forbidden_target_is_refused_at_once(build: Build, base_url: str) -> None:
    """Other schemes, plain HTTP to the world, metadata services and passwords are refused."""
    with pytest.raises(PermanentError) as caught:
        build(base_url)
    assert "password@" not in str(caught.value)


@every_source
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_fault_75_redirect_is_not_followed(
    server: WeatherServer, build: Build, status: int
) -> None:
    """A redirect is refused, wherever it leads; even to the service itself."""
    server.status, server.headers = status, {"Location": server.url}
    with pytest.raises(PayloadError, match="not followed"):
        build(server.url).fetch(NOW)
    assert server.requests == 1
