"""What happens when the forecast's source fails; named after the rows of the fault table."""

from __future__ import annotations

import gzip
import socket
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from daemon.demo.hot_days import hot_day
from daemon.demo.weather_server import WeatherServer
from integrations.errors import PayloadError, PermanentError, TransientError
from integrations.open_meteo import OpenMeteo, parse_forecast

NOW = datetime(2026, 6, 27, 9, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
MEBIBYTE = 1024 * 1024


@pytest.fixture
def server() -> Iterator[WeatherServer]:
    """Return a weather service that works until a test breaks it."""
    with WeatherServer(hot_day(date(2026, 6, 27)).outdoor_at, lambda: NOW) as running:
        yield running


@pytest.fixture
def source(server: WeatherServer) -> OpenMeteo:
    """Return the client of that service."""
    return OpenMeteo(45.0, 8.0, base_url=server.url)


def answer(first: datetime, temperatures: list[float | None]) -> dict[str, Any]:
    """Return an answer with these temperatures from `first` on."""
    times = [int((first + index * HOUR).timestamp()) for index in range(len(temperatures))]
    return {
        "utc_offset_seconds": 0,
        "hourly_units": {"time": "unixtime", "temperature_2m": "°C"},
        "hourly": {"time": times, "temperature_2m": temperatures},
    }


def test_fault_25_silent_server_is_passing(server: WeatherServer, source: OpenMeteo) -> None:
    """A service that hangs up is a passing error, and the next request works again."""
    server.is_down = True
    with pytest.raises(TransientError, match="is the internet connection up"):
        source.fetch(NOW)
    server.is_down = False
    assert len(source.fetch(NOW).hours) == 96


def test_fault_25_refused_connection_is_passing() -> None:
    """Nobody listening is a passing error."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransientError, match=r"no connection to 127\.0\.0\.1"):
        OpenMeteo(45.0, 8.0, base_url=f"http://127.0.0.1:{port}/v1/forecast").fetch(NOW)


def test_fault_25_slow_server_is_given_up(server: WeatherServer) -> None:
    """A service that accepts and then says nothing costs the time-out and no more."""
    source = OpenMeteo(45.0, 8.0, base_url=server.url, timeout_s=(0.5, 0.1))
    server.delay_s = 30.0
    with pytest.raises(TransientError, match="did not answer in time"):
        source.fetch(NOW)


def test_fault_25_captive_portal_is_named(server: WeatherServer, source: OpenMeteo) -> None:
    """A login page in place of the forecast is recognised and said."""
    server.body = b"<!DOCTYPE html><html><body>Welcome to Hotel Wi-Fi</body></html>"
    server.content_type = "text/html"
    with pytest.raises(PayloadError, match="is there a login page on this network"):
        source.fetch(NOW)


@pytest.mark.parametrize(
    ("reason", "header", "pause_s"),
    [
        ("Minutely API request limit exceeded. Please try again in one minute.", None, 60.0),
        ("Hourly API request limit exceeded.", None, 3600.0),
        ("Daily API request limit exceeded. Please try again tomorrow.", None, 21600.0),
        ("Daily API request limit exceeded.", "120", 120.0),
        ("Minutely API request limit exceeded.", "5", 60.0),
        ("Minutely API request limit exceeded.", "999999", 21600.0),
        ("Minutely API request limit exceeded.", "Sat, 27 Jun 2026 10:20:00 GMT", 3600.0),
    ],
)
def test_fault_26_rate_limit_asks_for_a_bounded_pause(
    server: WeatherServer, source: OpenMeteo, reason: str, header: str | None, pause_s: float
) -> None:
    """A 429 carries the pause asked for, or the one its words imply, within 60 s to 6 h."""
    server.status = 429
    server.headers = {} if header is None else {"Retry-After": header}
    server.body = f'{{"error":true,"reason":"{reason}"}}'.encode()
    with pytest.raises(TransientError, match="API request limit exceeded") as caught:
        source.fetch(NOW)
    assert caught.value.retry_after_s == pause_s
    assert server.requests == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_fault_27_server_errors_are_passing(
    server: WeatherServer, source: OpenMeteo, status: int
) -> None:
    """A 5xx is tried later, not before a minute."""
    server.status, server.body = status, b"<html>Bad Gateway</html>"
    with pytest.raises(TransientError, match=f"HTTP {status}") as caught:
        source.fetch(NOW)
    assert caught.value.retry_after_s == 60.0


def test_fault_27_large_body_is_cut_off(server: WeatherServer, source: OpenMeteo) -> None:
    """A body of 50 MB is given up after 2 MB."""
    server.body = b" " * (50 * MEBIBYTE)
    tracemalloc.start()
    try:
        with pytest.raises(PayloadError, match="larger than 2 MB"):
            source.fetch(NOW)
        _now, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The server in this process copies its 50 MB once; the client may add a few.
    assert peak_bytes < 60 * MEBIBYTE


def test_fault_27_gzip_bomb_is_never_unfolded(server: WeatherServer, source: OpenMeteo) -> None:
    """A body of 100 kB that unpacks to 100 MB is refused with only a few MB of memory."""
    server.body = gzip.compress(b" " * (100 * MEBIBYTE), 9)
    server.headers = {"Content-Encoding": "gzip"}
    assert len(server.body) < 200_000
    tracemalloc.start()
    try:
        with pytest.raises(PayloadError, match="larger than 2 MB"):
            source.fetch(NOW)
        _now, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 8 * MEBIBYTE


def test_fault_28_missing_field_is_refused_by_name() -> None:
    """An answer without temperatures says so instead of failing inside."""
    document = answer(NOW, [20.0, 21.0])
    del document["hourly"]["temperature_2m"]
    with pytest.raises(PayloadError, match=r"hourly\.temperature_2m is missing"):
        parse_forecast(document, NOW)


def test_fault_28_null_hour_is_unknown_and_ends_the_horizon() -> None:
    """A null hour is never 0 °C, and nothing is promised behind it."""
    forecast = parse_forecast(answer(NOW, [20.0, 21.0, None, 23.0]), NOW)
    assert [hour.temperature_c for hour in forecast.hours] == [20.0, 21.0]


def test_fault_28_unequal_arrays_are_refused() -> None:
    """Arrays of unequal length cannot be paired, so none of them is used."""
    document = answer(NOW, [20.0, 21.0, 22.0])
    document["hourly"]["temperature_2m"].pop()
    with pytest.raises(PayloadError, match=r"temperature_2m has 2 entries, hourly\.time has 3"):
        parse_forecast(document, NOW)


def test_fault_28_unknown_unit_is_refused_by_name() -> None:
    """Kelvin is not read as Celsius: the unit is named in the refusal."""
    document = answer(NOW, [293.0, 294.0])
    document["hourly_units"]["temperature_2m"] = "K"
    with pytest.raises(PayloadError, match=r"hourly_units\.temperature_2m is K"):
        parse_forecast(document, NOW)


def test_fault_30_clock_change_leaves_no_gap_and_no_repeat() -> None:
    """Across both clock changes the hours stay one true hour apart."""
    for first in (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)):
        hours = parse_forecast(answer(first, [15.0] * 48), first).hours
        assert [hour.at for hour in hours] == [first + index * HOUR for index in range(48)]


def test_fault_30_wrong_zone_name_and_date_line_do_not_matter() -> None:
    """Local times are placed by their offset alone, fourteen hours east of Greenwich too."""
    document = answer(NOW, [25.0, 26.0]) | {
        "utc_offset_seconds": 50_400,
        "timezone": "Mars/Olympus",
    }
    document["hourly_units"]["time"] = "iso8601"
    document["hourly"]["time"] = ["2026-06-27T23:00", "2026-06-28T00:00"]
    hours = parse_forecast(document, NOW).hours
    assert [hour.at.hour for hour in hours] == [9, 10]
    assert {hour.at.date() for hour in hours} == {date(2026, 6, 27)}


@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://api.open-meteo.com/v1/forecast",
        "file:///etc/passwd",
        "api.open-meteo.com/v1/forecast",
        "https://",
        "https://[::1/v1",
        "https://host:99999/",
        "http://api.open-meteo.com/v1/forecast",
        "http://8.8.8.8/v1/forecast",
        "https://169.254.169.254/latest/meta-data",
        "http://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/v1/forecast",
        "https://[::ffff:169.254.169.254]/v1/forecast",
        "http://100.100.100.200/latest/meta-data",
        "http://[fd00:ec2::254]/latest/meta-data",
        "https://224.0.0.1/v1/forecast",
        "https://0.0.0.0/v1/forecast",
        "https://user:password@api.open-meteo.com/v1/forecast",
    ],
)
def test_fault_75_forbidden_target_is_refused_at_once(base_url: str) -> None:
    """Other schemes, plain HTTP to the world, metadata services and passwords are refused."""
    with pytest.raises(PermanentError) as caught:
        OpenMeteo(45.0, 8.0, base_url=base_url)
    assert "password@" not in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("https://metadata.example.org/v1", "169.254.169.254"),
        ("https://2852039166/v1", "169.254.169.254"),
        ("https://metadata.example.org/v1", "fe80::1%eth0"),
        ("http://open-meteo.lan/v1", "93.184.216.34"),
    ],
)
def test_fault_75_name_that_leads_to_a_forbidden_address_is_refused(
    base_url: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is where a name leads when it is asked, not how it is written."""

    def resolve(*_arguments: object, **_options: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    source = OpenMeteo(45.0, 8.0, base_url=base_url)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(PermanentError, match="leads to"):
        source.fetch(NOW)


def test_fault_75_unknown_name_is_passing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not resolve now may resolve later."""

    def resolve(*_arguments: object, **_options: object) -> list[tuple[Any, ...]]:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    source = OpenMeteo(45.0, 8.0)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(TransientError, match=r"api\.open-meteo\.com cannot be resolved"):
        source.fetch(NOW)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_fault_75_redirect_is_not_followed(
    server: WeatherServer, source: OpenMeteo, status: int
) -> None:
    """A redirect is refused, wherever it leads; even to the service itself."""
    server.status, server.headers = status, {"Location": server.url}
    with pytest.raises(PayloadError, match="not followed"):
        source.fetch(NOW)
    assert server.requests == 1
