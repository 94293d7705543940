"""Whoever answers byte by byte is left in time, by every client and wherever the drip begins."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from integrations import apprise_push
from integrations.apprise_push import ApprisePush
from integrations.errors import TransientError
from integrations.home_assistant import HomeAssistant
from integrations.messages import RoadMessage
from integrations.open_meteo import OpenMeteo
from policies.alert import Severity
from tests.canary import CANARY

TIMEOUT_S = (1.0, 0.2)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DRIPS = {
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "headers": (HEAD + b"X-Slow: ", b"."),
    "chunk size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "body": (HEAD + b"Content-Length: 99999\r\n\r\n", b" "),
}


class DrippingServer:
    """Answer one client with `raw` and then a byte now and then, until it leaves or the end."""

    def __init__(self, raw: bytes, drip: bytes) -> None:
        self._raw, self._drip = raw, drip
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.is_left = threading.Event()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        with suppress(OSError), self._listener.accept()[0] as client:
            client.recv(65536)
            client.sendall(self._raw)
            try:
                while not self._is_over.wait(0.05):  # a quarter of what a read may take
                    client.sendall(self._drip)
            except OSError:
                self.is_left.set()

    def close(self) -> None:
        """Stop dripping."""
        self._is_over.set()
        self._listener.close()
        self._thread.join(5.0)


def ask_home_assistant(address: str) -> None:
    """Call a service."""
    home = HomeAssistant(f"http://{address}", CANARY, timeout_s=TIMEOUT_S)
    try:
        home.call_service("notify", "mobile_app_x", {"message": "hello"})
    finally:
        home.close()


def ask_weather(address: str) -> None:
    """Fetch a forecast."""
    source = OpenMeteo(52.4, 4.9, base_url=f"http://{address}/v1/forecast", timeout_s=TIMEOUT_S)
    source.fetch(datetime(2026, 7, 14, 13, 0, tzinfo=UTC))


def ask_second_road(address: str) -> None:
    """Send a message."""
    message = RoadMessage("anna", "heat:anna:1", "Cool down now", "Hot.", Severity.CRITICAL)
    ApprisePush({"anna": f"json://{address}/x"}).send(message)


@pytest.fixture(params=list(DRIPS))
def server(request: pytest.FixtureRequest) -> Iterator[DrippingServer]:
    """Return a server that drips from one part of its answer on."""
    dripping = DrippingServer(*DRIPS[request.param])
    yield dripping
    dripping.close()


@pytest.mark.parametrize("ask", [ask_home_assistant, ask_weather, ask_second_road])
def test_fault_37_dripping_answer_is_left_in_time(
    server: DrippingServer, ask: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte now and then, which no read time-out notices, holds nobody for longer than three."""
    monkeypatch.setattr(apprise_push, "READ_TIMEOUT_S", TIMEOUT_S[1])
    failures: list[TransientError] = []

    def run() -> None:
        try:
            ask(server.address)
        except TransientError as error:
            failures.append(error)

    asking = threading.Thread(target=run, daemon=True)
    asking.start()
    asking.join(10.0)
    assert not asking.is_alive()
    assert len(failures) == 1
    assert server.is_left.wait(5.0)
