"""Talk to Home Assistant's Supervisor, which starts us there as systemd does elsewhere.

The process that does so stays for ever beside the daemon, so it is written for little memory: with
the standard library alone.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from integrations.errors import PayloadError, PermanentError, TransientError

TIMEOUT_S: Final = 10.0
LARGEST_ANSWER_BYTES: Final = 256 * 1024
SUPERVISOR_URL: Final = "http://supervisor"
_NOT_THERE: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})


@dataclass(frozen=True, slots=True)
class Host:
    """Reach the Supervisor and, through it, Home Assistant; either may be down at any time."""

    token: str = field(repr=False)
    url: str = SUPERVISOR_URL

    @property
    def home_assistant(self) -> dict[str, object]:
        """Return Home Assistant's table of the settings."""
        return {"url": f"{self.url}/core", "token": self.token}

    def fetch_broker(self) -> dict[str, object] | None:
        """Return the broker's table of the settings; `None` when there is no broker add-on.

        Raises: TransientError, PermanentError, PayloadError.
        """
        status, answer = self._ask("GET", "/services/mqtt")
        if status in _NOT_THERE:
            return None
        if status != HTTPStatus.OK:
            raise _refused("the MQTT service", status)
        match answer:
            case {"data": {"host": str(host), "port": int(port), **rest}} if host:
                pass
            case _:
                raise PayloadError("the Supervisor tells no host and port of the broker")
        table: dict[str, object] = {"host": host, "port": port}
        username, password = rest.get("username"), rest.get("password")
        if isinstance(username, str) and username:
            table["username"] = username
            if isinstance(password, str) and password:
                table["password"] = password
        return table | ({"tls": True} if rest.get("ssl") is True else {})

    def show_notice(self, notice_id: str, title: str, message: str) -> None:
        """Show a notification in Home Assistant, in place of an older one of this id.

        Raises: TransientError, PermanentError.
        """
        told = {"notification_id": notice_id, "title": title, "message": message}
        self._call_notification("create", told)

    def clear_notice(self, notice_id: str) -> None:
        """Take a notification away; none of this id is fine. Raises: as `show_notice`."""
        self._call_notification("dismiss", {"notification_id": notice_id})

    def _call_notification(self, service: str, data: Mapping[str, str]) -> None:
        path = f"/core/api/services/persistent_notification/{service}"
        status, _ = self._ask("POST", path, data)
        if status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            raise _refused("a notification", status)

    def _ask(
        self, method: str, path: str, data: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Return status and decoded answer, `None` for what is no JSON. Raises: TransientError."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port or http.client.HTTP_PORT, timeout=TIMEOUT_S
        )
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = None if data is None else json.dumps(data).encode()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read(LARGEST_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(
                f"the Supervisor does not answer ({type(error).__name__})"
            ) from error
        finally:
            connection.close()
        try:
            return response.status, json.loads(text)
        except (ValueError, RecursionError):
            return response.status, None


def _refused(what: str, status: int) -> PermanentError | TransientError:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # 502: Home Assistant is not up
        return TransientError(f"the Supervisor failed at {what} ({status})")
    return PermanentError(f"the Supervisor refused {what} ({status})")
