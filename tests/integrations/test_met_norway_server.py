"""Against a real server: asked for news only, and by the poller never before an answer expires."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from daemon.clock import Instant
from daemon.delivery import fetch_forecast
from daemon.poller import Poller
from integrations.met_norway import MetNorway

START = Instant("boot-1", 5000.0, datetime(2026, 6, 27, 9, 20, tzinfo=UTC))
HALF_HOUR = timedelta(minutes=31)
MINUTE = timedelta(minutes=1)


@dataclass
class Norway:
    """Serve a forecast that changes every two hours and may be asked for every 31 minutes."""

    now: datetime = START.utc
    seen: list[tuple[datetime, str | None, int]] = field(default_factory=list)
    too_early: int = 0
    expires: datetime = START.utc

    def answer(self, since: str | None) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body."""
        self.too_early += self.now < self.expires
        self.expires = self.now + HALF_HOUR
        made = self.now.replace(hour=self.now.hour // 2 * 2, minute=0)
        modified = format_datetime(made, usegmt=True)
        headers = {
            "Expires": format_datetime(self.expires, usegmt=True),
            "Last-Modified": modified,
            "Date": format_datetime(self.now, usegmt=True),
        }
        status = 304 if since == modified else 200
        self.seen.append((self.now, since, status))
        return status, headers, b"" if status == 304 else self._body(made)

    def _body(self, made: datetime) -> bytes:
        steps = [
            {
                "time": (made + timedelta(hours=index)).isoformat(),
                "data": {"instant": {"details": {"air_temperature": 20.0 + made.hour}}},
            }
            for index in range(24)
        ]
        meta = {"units": {"air_temperature": "celsius"}}
        return json.dumps({"properties": {"meta": meta, "timeseries": steps}}).encode()


@pytest.fixture
def norway() -> Norway:
    """Return the service's state."""
    return Norway()


@pytest.fixture
def url(norway: Norway) -> Iterator[str]:
    """Return the address of a real server of it."""

    class Handler(BaseHTTPRequestHandler):
        """Answer from the service's state."""

        def do_GET(self) -> None:
            """Answer."""
            status, headers, body = norway.answer(self.headers.get("If-Modified-Since"))
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/compact"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_terms_of_service_are_kept_over_a_morning(norway: Norway, url: str) -> None:
    """Polled every minute for four hours, with a wish for news every 60 s, it asks as it may."""
    source = MetNorway(59.91, 10.75, base_url=url, user_agent="keepcool/0.1.0 anna@example.org")
    poller = Poller(MINUTE, ["met_norway"])
    temperatures = set()
    for minute in range(240):
        now = START.shifted(minute * MINUTE)
        norway.now = now.utc
        if poller.take_due(now) is not None:
            poller.on_fetched(fetch_forecast(source, now.utc), now)
            assert poller.age(now) == timedelta(0)
        assert poller.forecast is not None
        temperatures.add(poller.forecast.hours[0].temperature_c)
    assert norway.too_early == 0
    assert [status for _, _, status in norway.seen] == [200, 304, 200, 304, 304, 304, 200, 304]
    assert norway.seen[0][1] is None
    assert all(since is not None for _, since, _ in norway.seen[1:])
    assert temperatures == {28.0, 30.0, 32.0}
