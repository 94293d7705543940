"""Be a monitoring service: note each sign of life, or refuse, redirect, pour, or say nothing."""

from __future__ import annotations

import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.loopback_server import LoopbackServer

SECRET_PATH = "/ping/7c1e8d1e-canary-of-the-heartbeat"  # noqa: S105 - of a pretended service


@dataclass
class BeatServer(LoopbackServer):
    """Serve on the loopback; what it answers may be changed at any time."""

    status: int = 200
    body: bytes = b"OK"
    location: str | None = None
    beats: list[float] = field(default_factory=list)  # when each came, on the monotonic clock
    paths: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Take a sign of life."""
                owner.beats.append(time.monotonic())
                owner.paths.append(self.path)
                owner.agents.append(self.headers.get("user-agent", ""))
                owner.may_answer.wait(30.0)
                with suppress(OSError):  # the sender may have left
                    self.send_response(owner.status)
                    if owner.location is not None:
                        self.send_header("location", owner.location)
                    self.send_header("content-length", str(len(owner.body)))
                    self.end_headers()
                    self.wfile.write(owner.body)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        super().__init__(Handler, self.tls)

    @property
    def url(self) -> str:
        """Return the secret address."""
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}{SECRET_PATH}"

    @property
    def silent_for_s(self) -> float:
        """Return how long ago the last sign of life came."""
        return time.monotonic() - self.beats[-1]
