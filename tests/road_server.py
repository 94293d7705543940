"""Be the server behind a second road: take what apprise sends, or refuse, or hang."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback_server import LoopbackServer


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


class RoadServer(LoopbackServer):
    """Serve on the loopback; `status` is what every request is answered with.

    `location` is where its redirects lead, `asked` counts the requests of every kind.
    """

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.status = 200
        self.location = ""
        self.asked = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Take a message."""
                owner.asked += 1
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                owner.may_answer.wait(30.0)
                if owner.status < 300:
                    owner.taken.append(Taken(self.path, headers, body))
                with suppress(OSError):  # the sender may have left
                    self.send_response(owner.status)
                    self.send_header("content-type", "application/json")  # Home Assistant insists
                    if owner.location:
                        self.send_header("location", owner.location)
                    self.send_header("content-length", "2")
                    self.end_headers()
                    self.wfile.write(b"{}")

            def do_GET(self) -> None:
                """Note that somebody came, as after a redirect that makes a GET of a POST."""
                owner.asked += 1
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        super().__init__(Handler)

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
