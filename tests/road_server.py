"""Be the server behind a second road: take what apprise sends, or refuse, or hang."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Taken:
    """Hold one message as it arrived."""

    path: str
    headers: Mapping[str, str]  # names in small letters
    body: str

    @property
    def fields(self) -> dict[str, Any]:
        """Return the body of a `json://` message."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def title(self) -> str:
        """Return the title of a `json://` message."""
        return str(self.fields["title"])


class RoadServer:
    """Serve on the loopback; `status` is what every request is answered with."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.status = 200
        self.may_answer = threading.Event()
        self.may_answer.set()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Take a message."""
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                owner.may_answer.wait(30.0)
                if owner.status < 300:
                    owner.taken.append(Taken(self.path, headers, body))
                with suppress(OSError):  # the sender may have left
                    self.send_response(owner.status)
                    self.send_header("content-length", "2")
                    self.end_headers()
                    self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self._server.server_address[1])

    @property
    def json_address(self) -> str:
        """Return its address for apprise's plain JSON."""
        return f"json://127.0.0.1:{self.port}/road"

    @property
    def ntfy_address(self) -> str:
        """Return its address for apprise's ntfy."""
        return f"ntfy://127.0.0.1:{self.port}/alarms"

    @property
    def titles(self) -> list[str]:
        """Return the titles of what was taken."""
        return [taken.title for taken in self.taken]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)
