"""Signs of life, to a monitoring service on this machine."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations import heartbeat
from integrations.errors import (
    IntegrationError,
    PayloadError,
    PermanentError,
    TransientError,
)
from integrations.heartbeat import Heartbeat
from tests.beat_server import SECRET_PATH, BeatServer
from tests.certificates import ELSEWHERE, EXPIRED, HERE, SELF_SIGNED

NOW = datetime(2026, 7, 14, 13, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[BeatServer]:
    """Return a service that takes signs of life."""
    with BeatServer() as running:
        yield running


@pytest.mark.parametrize(("status", "body"), [(200, b"OK"), (200, b'{"ok":true}'), (204, b"")])
def test_beat_is_one_plain_request(server: BeatServer, status: int, body: bytes) -> None:
    """One GET of the address as it is; Healthchecks and Uptime Kuma both take it."""
    server.status, server.body = status, body
    url = f"{server.url}?status=up&msg=OK&ping="
    Heartbeat(url, user_agent="keepcool/1").beat(NOW)
    assert server.paths == [f"{SECRET_PATH}?status=up&msg=OK&ping="]
    assert server.agents == ["keepcool/1"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"OK (not found)", PermanentError),
        (200, b'{"ok": false, "msg": "Monitor not found or not active."}', PermanentError),
        (404, b'{"ok":false,"msg":"Monitor not found or not active."}', PermanentError),
        (200, b"<!DOCTYPE html><title>Sign in</title>", PayloadError),
        (200, b"x" * 70_000, PayloadError),
        (429, b"", TransientError),
        (500, b"", TransientError),
    ],
)
def test_beat_that_was_not_taken(
    server: BeatServer, status: int, body: bytes, error: type[IntegrationError]
) -> None:
    """A check that does not exist, a login page, an endless answer: none of them counts."""
    server.status, server.body = status, body
    with pytest.raises(error) as caught:
        Heartbeat(server.url).beat(NOW)
    assert_secret_is_kept(str(caught.value))


def test_fault_75_redirect_of_a_heartbeat_is_not_followed(server: BeatServer) -> None:
    """The secret path never goes where a redirect points."""
    with BeatServer() as other:
        server.status, server.location = 302, other.url
        with pytest.raises(PayloadError, match="sends us elsewhere"):
            Heartbeat(server.url).beat(NOW)
        assert other.beats == []


def test_silent_or_absent_server_is_passing(
    server: BeatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that says nothing costs the time-out and no more; so does one that is not there."""
    monkeypatch.setattr(heartbeat, "TIMEOUT_S", (0.2, 0.2))
    server.may_answer.clear()
    with pytest.raises(TransientError, match="did not answer in time"):
        Heartbeat(server.url).beat(NOW)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}{SECRET_PATH}"
        with pytest.raises(TransientError, match="no connection"):
            Heartbeat(url).beat(NOW)
        with pytest.raises(TransientError, match="does not answer"):
            Heartbeat(url).reach()


@pytest.mark.parametrize("name", [HERE, ELSEWHERE, SELF_SIGNED, EXPIRED])
def test_fault_74_untrusted_certificate_is_refused(authority: Path, name: str) -> None:
    """A server that nobody vouches for, whatever its name, never hears the secret path."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / f"{name}.pem", authority / f"{name}.key")
    with BeatServer(tls=context) as server:
        for attempt in (lambda: Heartbeat(server.url).beat(NOW), Heartbeat(server.url).reach):
            with pytest.raises(
                TransientError, match="the certificate of the heartbeat's server "
            ) as caught:
                attempt()
            assert_secret_is_kept(str(caught.value))
        assert server.paths == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hc-ping.com/secret",
        "http://169.254.169.254/latest",
        "https://user:word@hc-ping.com/secret",
        "ftp://hc-ping.com/secret",
    ],
)
def test_fault_75_address_that_may_not_be_asked(url: str) -> None:
    """In the clear over the internet, metadata services, passwords: refused before anything."""
    with pytest.raises(PermanentError) as caught:
        Heartbeat(url)
    assert "secret" not in str(caught.value)


def test_reach_connects_and_says_nothing(server: BeatServer) -> None:
    """A check sends no sign of life: only the daemon may say that it lives."""
    assert Heartbeat(server.url).reach().startswith("the heartbeat's server answers")
    assert server.beats == []


def test_fault_77_address_is_in_no_log(
    server: BeatServer, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative log level the address is still not written."""
    caplog.set_level(logging.DEBUG)
    Heartbeat(server.url).beat(NOW)
    server.status = 500
    with pytest.raises(TransientError) as caught:
        Heartbeat(server.url).beat(NOW)
    assert_secret_is_kept(caplog.text + str(caught.value))


def assert_secret_is_kept(text: str) -> None:
    """Have neither path nor server in a text."""
    assert SECRET_PATH not in text
    assert "127.0.0.1" not in text
