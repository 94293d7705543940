"""What happens when a service of official warnings fails; by the rows of the fault table."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest

from daemon.demo.hot_days import hot_day
from daemon.demo.weather_server import WeatherServer
from daemon.ports import WarningService
from integrations.errors import PayloadError, PermanentError, TransientError
from integrations.meteoalarm import Meteoalarm
from integrations.nws_alerts import NwsAlerts

NOW = datetime(2026, 6, 27, 9, 20, tzinfo=UTC)
MEBIBYTE = 1024 * 1024
Build = Callable[[str], WarningService]

SERVICES: tuple[Build, ...] = (
    lambda url: NwsAlerts(33.4, -112.1, base_url=url, user_agent="x", timeout_s=(0.5, 0.3)),
    lambda url: Meteoalarm("germany", "x", base_url=url, user_agent="x", timeout_s=(0.5, 0.3)),
)
every_service = pytest.mark.parametrize("build", SERVICES, ids=["nws", "meteoalarm"])


@pytest.fixture
def server() -> Iterator[WeatherServer]:
    """Return a server that answers as a test says."""
    with WeatherServer(hot_day(date(2026, 6, 27)).outdoor_at, lambda: NOW) as running:
        yield running


@every_service
def test_fault_25_silent_slow_or_captive_server(server: WeatherServer, build: Build) -> None:
    """A server that hangs up or says nothing passes; a login page is named."""
    server.is_down = True
    with pytest.raises(TransientError, match="is the internet connection up"):
        build(server.url).fetch(NOW)
    server.is_down = False
    server.body = b"<!DOCTYPE html><html><body>Welcome to Hotel Wi-Fi</body></html>"
    with pytest.raises(PayloadError, match="is there a login page on this network"):
        build(server.url).fetch(NOW)
    server.delay_s = 30.0
    with pytest.raises(TransientError, match="did not answer in time"):
        build(server.url).fetch(NOW)


@every_service
@pytest.mark.parametrize(("header", "pause_s"), [(None, 60.0), ("5", 60.0), ("999999", 21600.0)])
def test_fault_26_rate_limit_asks_for_a_bounded_pause(
    server: WeatherServer, build: Build, header: str | None, pause_s: float
) -> None:
    """A 429 carries the pause that is asked for, within a minute and six hours."""
    server.status = 429
    server.headers = {} if header is None else {"Retry-After": header}
    with pytest.raises(TransientError, match="HTTP 429") as caught:
        build(server.url).fetch(NOW)
    assert caught.value.retry_after_s == pause_s


@every_service
def test_fault_27_server_errors_and_bombs(server: WeatherServer, build: Build) -> None:
    """A 5xx passes; a small body that unpacks to 100 MB is refused without unfolding it."""
    server.status = 502
    with pytest.raises(TransientError, match="HTTP 502"):
        build(server.url).fetch(NOW)
    server.status, server.body = 200, gzip.compress(b" " * (100 * MEBIBYTE), 9)
    server.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(PayloadError, match=r"larger than \d MB"):
        build(server.url).fetch(NOW)


@every_service
@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://warnings.example.org",
        "http://warnings.example.org",
        "https://169.254.169.254/latest",
        "https://user:password@warnings.example.org",
    ],
)
def test_fault_75_forbidden_target_is_refused_at_once(build: Build, base_url: str) -> None:
    """Other schemes, plain HTTP to the world, metadata services and passwords are refused."""
    with pytest.raises(PermanentError) as caught:
        build(base_url)
    assert "password@" not in str(caught.value)


@every_service
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_fault_75_redirect_is_not_followed(
    server: WeatherServer, build: Build, status: int
) -> None:
    """A redirect is refused, wherever it leads."""
    server.status, server.headers = status, {"Location": server.url}
    with pytest.raises(PayloadError, match="not followed"):
        build(server.url).fetch(NOW)
    assert server.requests == 1
