"""The Open-Meteo client asks politely, reads with a limit, and names every failure."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from daemon.demo.hot_days import hot_day
from daemon.demo.weather_server import WeatherServer
from daemon.ports import WeatherSource
from integrations.errors import PayloadError, PermanentError, TransientError
from integrations.open_meteo import DEFAULT_URL, OpenMeteo
from integrations.web import retry_after_s

NOW = datetime(2026, 6, 27, 9, 20, tzinfo=UTC)
GOOD = {
    "utc_offset_seconds": 0,
    "hourly_units": {"time": "unixtime", "temperature_2m": "°C"},
    "hourly": {"time": [1_782_550_800, 1_782_554_400], "temperature_2m": [29.6, 30.8]},
}


@pytest.fixture
def source() -> WeatherSource:
    """Return the client for a place with more decimals than leave the house."""
    return OpenMeteo(52.370216, 4.895168)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Return the pretended web; it refuses whatever a test did not add."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def serve_once() -> Iterator[Callable[..., str]]:
    """Return a function that serves raw bytes to one client; it gives the URL."""
    listeners: list[socket.socket] = []

    def start(raw: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer() -> None:
            with listener.accept()[0] as client, suppress(OSError):
                client.recv(65536)
                client.sendall(raw)

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1/forecast"

    yield start
    for listener in listeners:
        listener.close()


def test_request_asks_for_what_the_parser_reads(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """The request names the variables, our units, UTC epochs, yesterday, and a rounded place."""
    web.get(DEFAULT_URL, json=GOOD)
    forecast = source.fetch(NOW)
    assert [hour.temperature_c for hour in forecast.hours] == [29.6, 30.8]
    assert parse_qs(urlsplit(str(web.calls[0].request.url)).query) == {
        "latitude": ["52.37"],
        "longitude": ["4.90"],
        "hourly": [
            "temperature_2m,relative_humidity_2m,wind_speed_10m,cloud_cover,shortwave_radiation"
        ],
        "past_days": ["1"],
        "forecast_days": ["3"],
        "timeformat": ["unixtime"],
        "timezone": ["UTC"],
        "temperature_unit": ["celsius"],
        "wind_speed_unit": ["ms"],
    }


def test_session_of_the_caller_is_used_without_its_surroundings() -> None:
    """An injected session is used, and neither proxies nor .netrc of the starter's environment."""
    session = requests.Session()
    OpenMeteo(52.4, 4.9, session=session)
    assert session.trust_env is False


def test_demo_server_fulfils_the_same_contract() -> None:
    """The demo's server is read by the real client: yesterday to the day after tomorrow."""
    weather = hot_day(date(2026, 6, 27))
    with WeatherServer(weather.outdoor_at, lambda: NOW) as server:
        source = OpenMeteo(45.0, 8.0, base_url=server.url)
        forecast = source.fetch(NOW)
        assert server.requests == 1
    assert len(forecast.hours) == 4 * 24
    assert forecast.hours[0].at == datetime(2026, 6, 26, tzinfo=UTC)
    hottest = max(forecast.hours, key=lambda hour: hour.temperature_c)
    assert hottest.at.date() <= date(2026, 6, 29)
    at_three = forecast.hours[24 + 15]
    assert (at_three.temperature_c, at_three.relative_humidity_pct) == (33.7, 32)
    assert at_three.wind_speed_m_s == 1.0
    assert at_three.shortwave_radiation_w_m2 == pytest.approx((762 + 605) / 2)
    assert at_three.cloud_cover_pct is not None


def test_packed_answer_is_unpacked(web: responses.RequestsMock, source: WeatherSource) -> None:
    """A gzip answer reads as the plain one does."""
    packed = gzip.compress(json.dumps(GOOD).encode(), mtime=0)
    web.get(DEFAULT_URL, body=packed, headers={"Content-Encoding": "gzip"})
    assert len(source.fetch(NOW).hours) == 2


@pytest.mark.parametrize(
    ("headers", "body", "complaint"),
    [
        ({"Content-Encoding": "gzip"}, b"not gzip at all", "cannot be unpacked"),
        ({"Content-Encoding": "gzip"}, gzip.compress(b"x" * 999, mtime=0)[:-9], "cut off"),
        ({"Content-Encoding": "gzip, gzip"}, b"", "only gzip was asked for"),
        ({"Content-Encoding": "br"}, b"", "only gzip was asked for"),
    ],
)
def test_answer_that_cannot_be_unpacked_is_refused(
    web: responses.RequestsMock,
    source: WeatherSource,
    headers: dict[str, str],
    body: bytes,
    complaint: str,
) -> None:
    """Broken, cut or unexpected packing is a PayloadError, not a traceback of zlib."""
    web.get(DEFAULT_URL, body=body, headers=headers)
    with pytest.raises(PayloadError, match=complaint):
        source.fetch(NOW)


@pytest.mark.parametrize(
    ("raised", "kind", "words"),
    [
        (requests.ConnectTimeout(), TransientError, "did not answer in time"),
        (requests.ReadTimeout(), TransientError, "did not answer in time"),
        (requests.ConnectionError(), TransientError, "is the internet connection up"),
        (requests.exceptions.ChunkedEncodingError(), TransientError, "no connection"),
        (requests.exceptions.InvalidURL(), PermanentError, "cannot be asked: InvalidURL"),
        (requests.exceptions.SSLError("certificate has expired"), TransientError, "expired"),
        (requests.exceptions.SSLError("self-signed"), TransientError, "login page"),
        (requests.exceptions.SSLError("is not yet valid"), TransientError, "clock not set"),
        (OSError(101, "unreachable"), TransientError, "no connection"),
        (UnicodeError("label too long"), PayloadError, "does not follow HTTP"),
    ],
)
def test_foreign_exceptions_are_translated(
    web: responses.RequestsMock,
    source: WeatherSource,
    raised: Exception,
    kind: type[Exception],
    words: str,
) -> None:
    """Whatever goes wrong below arrives as one of our errors, in words, with its cause."""
    web.get(DEFAULT_URL, body=raised)
    with pytest.raises(kind, match=words) as caught:
        source.fetch(NOW)
    assert caught.value.__cause__ is raised
    assert "latitude" not in str(caught.value)


def test_unset_clock_is_named_as_the_likely_cause(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """A certificate that fails in 1970 is the clock's fault, not the provider's."""
    web.get(DEFAULT_URL, body=requests.exceptions.SSLError("certificate verify failed"))
    with pytest.raises(TransientError, match=r"clock not set\? This machine says 1970-01-01"):
        source.fetch(datetime(1970, 1, 1, tzinfo=UTC))


def test_refused_request_quotes_the_providers_reason(
    web: responses.RequestsMock, source: WeatherSource
) -> None:
    """A 400 is permanent and says what the provider dislikes."""
    reason = "Latitude must be in range of -90 to 90°. Given: 99.0."
    web.get(DEFAULT_URL, status=400, json={"error": True, "reason": reason})
    with pytest.raises(PermanentError, match=r"HTTP 400: Latitude must be in range"):
        source.fetch(NOW)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, PayloadError),
        (301, PayloadError),
        (302, PayloadError),
        (401, PermanentError),
        (404, PermanentError),
        (408, TransientError),
        (500, TransientError),
        (502, TransientError),
        (503, TransientError),
        (504, TransientError),
    ],
)
def test_status_decides_the_kind_of_error(
    web: responses.RequestsMock, source: WeatherSource, status: int, kind: type[Exception]
) -> None:
    """Every status but 200 is an error of the right kind, with an unreadable body too."""
    web.get(DEFAULT_URL, status=status, body=b"\x00", headers={"Content-Encoding": "gzip"})
    with pytest.raises(kind, match=str(status)):
        source.fetch(NOW)


def test_cut_body_is_passing(serve_once: Callable[..., str]) -> None:
    """A body shorter than its stated length is a broken connection."""
    url = serve_once(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b'{"hourly":')
    with pytest.raises(TransientError, match="no connection"):
        OpenMeteo(52.4, 4.9, base_url=url).fetch(NOW)


def test_chunked_body_is_read(serve_once: Callable[..., str]) -> None:
    """A body in chunks, as the real service sends it, is read to its end."""
    body = json.dumps(GOOD).encode()
    chunks = b"".join(
        f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in (body[:7], body[7:])
    )
    url = serve_once(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    )
    assert len(OpenMeteo(52.4, 4.9, base_url=url).fetch(NOW).hours) == 2


def test_garbage_on_the_wire_is_passing(serve_once: Callable[..., str]) -> None:
    """A server that does not speak HTTP is a failed connection, not a traceback."""
    url = serve_once(b"SSH-2.0-OpenSSH_9.2\r\n")
    with pytest.raises(TransientError, match="no connection"):
        OpenMeteo(52.4, 4.9, base_url=url).fetch(NOW)


@pytest.mark.parametrize(
    ("header", "pause_s"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("0", 60.0),
        ("59", 60.0),
        ("61", 61.0),
        ("21600", 21600.0),
        ("21601", 21600.0),
        ("9" * 400, 21600.0),
        ("Sat, 27 Jun 2026 09:25:00 GMT", 300.0),
        ("Sat, 27 Jun 2026 09:20:10 GMT", 60.0),
        ("Sat, 27 Jun 2020 09:20:10 GMT", 60.0),
        ("Sun, 27 Jun 2027 09:20:10 GMT", 21600.0),
        ("Sat, 27 Jun 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_kept_within_bounds(header: str | None, pause_s: float | None) -> None:
    """Seconds and dates are obeyed, never under a minute and never over six hours."""
    assert retry_after_s(header, NOW) == pause_s


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.open-meteo.com/v1/forecast",
        "https://weather.example.org:8443/v1/forecast",
        "http://localhost:8080/v1/forecast",
        "http://127.0.0.1:8080/v1/forecast",
        "http://[::1]:8080/v1/forecast",
        "http://192.168.1.7/v1/forecast",
        "http://open-meteo.lan/v1/forecast",
    ],
)
def test_own_server_may_be_asked(base_url: str) -> None:
    """HTTPS anywhere, and plain HTTP inside the home, are accepted."""
    assert OpenMeteo(52.4, 4.9, base_url=base_url).name == "open_meteo"


def test_past_days_are_told_when_asked() -> None:
    """Up to 92 days and today, each hour once, as the usual forecast tells them."""
    weather = hot_day(date(2026, 6, 27))
    with WeatherServer(weather.outdoor_at, lambda: NOW) as server:
        source = OpenMeteo(45.0, 8.0, base_url=server.url)
        past, usual = source.fetch_past(NOW, 60), source.fetch(NOW)
        longest = source.fetch_past(NOW, 1000)
    assert len(past.hours) == 24 * 61
    assert len(longest.hours) == 24 * 93
    assert set(usual.hours[:48]) <= set(past.hours)


def test_reading_across_days_keeps_the_same_answer() -> None:
    """Asking again later moves the days with the clock, as the real service does."""
    weather = hot_day(date(2026, 6, 27))
    now = [NOW]
    with WeatherServer(weather.outdoor_at, lambda: now[0]) as server:
        source = OpenMeteo(45.0, 8.0, base_url=server.url, past_days=0, forecast_days=1)
        today = source.fetch(now[0])
        now[0] += timedelta(days=1)
        tomorrow = source.fetch(now[0])
    assert [today.hours[0].at.day, tomorrow.hours[0].at.day] == [27, 28]
    assert len(today.hours) == len(tomorrow.hours) == 24
