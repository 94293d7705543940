"""Open a WebSocket to Home Assistant, log in, and name what goes wrong on it."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Protocol

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from integrations.certificates import certificate_fault
from integrations.errors import PayloadError, PermanentError, TransientError

# At DEBUG the library writes every message to its log, the token among them.
_wire_log = logging.getLogger("keepcool.websocket")
_wire_log.setLevel(logging.WARNING)
_NO_HOME_ASSISTANT = "what answered does not speak as Home Assistant does"


class Wire(Protocol):
    """Carry texts both ways; `send` and `close` may be called from any thread."""

    def send(self, message: str) -> None:
        """Send one text."""
        ...

    def recv(self, timeout: float | None = None) -> str | bytes:
        """Return the next message. Raises: TimeoutError."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def open_websocket(url: str, within_s: float, maximum_bytes: int) -> ClientConnection:
    """Open the connection; a longer message than `maximum_bytes` ends it."""
    return connect(
        url,
        compression=None,  # a home's network is fast, a small computer is not
        proxy=None,  # none from the environment
        open_timeout=within_s,
        ping_interval=None,  # own pings: they pass through Home Assistant, not only its socket
        close_timeout=1.0,
        max_size=maximum_bytes,
        logger=_wire_log,
    )


def log_in(wire: Wire, token: str, deadline: float) -> None:
    """Show the token; `deadline` is of the monotonic clock.

    Raises:
        PermanentError: the token is refused.
        TransientError: the other side does not speak this protocol.
        TimeoutError: no answer.
    """
    _expect("auth_required", receive(wire, deadline))
    wire.send(json.dumps({"type": "auth", "access_token": token}))
    answer = receive(wire, deadline)
    if answer.get("type") == "auth_invalid":
        raise PermanentError("token refused: make a new long-lived access token")
    _expect("auth_ok", answer)


def receive(wire: Wire, deadline: float) -> Mapping[str, object]:
    """Return the next message before the deadline. Raises: TransientError, TimeoutError."""
    try:
        return read_message(wire.recv(timeout=max(0.0, deadline - time.monotonic())))
    except PayloadError as err:
        raise TransientError(_NO_HOME_ASSISTANT) from err


def read_message(text: str | bytes) -> Mapping[str, object]:
    """Return a message as the object that it is. Raises: PayloadError."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise PayloadError("a message that is not JSON") from err
    if not isinstance(message, dict):
        raise PayloadError(f"a message that is no object but a {type(message).__name__}")
    return message


def _expect(kind: str, message: Mapping[str, object]) -> None:
    if message.get("type") != kind:
        raise TransientError(_NO_HOME_ASSISTANT)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the library raises into `TransientError` and `PermanentError`."""
    try:
        yield
    except ConnectionClosed as err:
        raise TransientError("Home Assistant closed the connection") from err
    except TimeoutError as err:
        raise TransientError("Home Assistant did not answer in time") from err
    except ConnectionRefusedError as err:
        raise TransientError("Home Assistant is not reachable: connection refused") from err
    except socket.gaierror as err:
        raise TransientError("Home Assistant is not reachable: there is no such host") from err
    except InvalidStatus as err:
        status = err.response.status_code
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise PermanentError(f"token refused: Home Assistant answered {status}") from err
        raise TransientError(f"Home Assistant opens no WebSocket ({status})") from err
    except (OSError, WebSocketException) as err:
        if (fault := certificate_fault(err)) is not None:
            raise TransientError(f"the certificate of Home Assistant {fault}") from err
        raise TransientError(f"no connection to Home Assistant ({type(err).__name__})") from err


def websocket_url(base_url: str) -> str:
    """Return the address of the WebSocket for the address of Home Assistant.

    >>> websocket_url("https://home.example/api/")
    'wss://home.example/api/websocket'

    Home Assistant's Supervisor hands on what comes to its `/core`, but has another path for this.

    >>> websocket_url("http://supervisor/core")
    'ws://supervisor/core/websocket'
    """
    scheme, separator, rest = base_url.strip().partition("://")
    if not separator or scheme not in {"http", "https"}:
        raise PermanentError("the address of Home Assistant must begin with http:// or https://")
    path = rest.rstrip("/").removesuffix("/api")
    own = "websocket" if path.endswith("/core") else "api/websocket"
    return f"{'wss' if scheme == 'https' else 'ws'}://{path}/{own}"
