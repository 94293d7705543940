"""Tell a monitoring service that keepcool lives: when it hears nothing, it tells a carer.

One plain GET of a secret address is what Healthchecks, Uptime Kuma and their like all understand.
Whoever knows the address can keep a dead keepcool alive, so that nothing here ever shows it.
"""

from __future__ import annotations

import logging
import socket
import ssl
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import certifi
import requests

from integrations.certificates import certificate_fault
from integrations.errors import PayloadError, PermanentError, TransientError
from integrations.web import Web

# Its debug messages show the path of every request, and this one's path is the secret.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

NAME: Final = "the heartbeat's server"
TIMEOUT_S: Final = (5.0, 10.0)  # connect, and between two pieces of the answer
LARGEST_ANSWER_BYTES: Final = 64 * 1024
_TAKEN: Final = frozenset(range(200, 300))
# Both services may say no with a status that says yes.
_UNKNOWN_TO_HEALTHCHECKS: Final = b"OK (not found)"
_REFUSED_BY_UPTIME_KUMA: Final = b'"ok":false'


class Heartbeat:
    """Send signs of life to one address."""

    def __init__(
        self, url: str, *, user_agent: str = "keepcool", session: requests.Session | None = None
    ) -> None:
        """Take the address; nothing is sent. Raises: PermanentError: it may not be asked."""
        self._web = Web(
            url,
            user_agent=user_agent,
            session=session,
            timeout_s=TIMEOUT_S,
            purpose="heartbeat",
            name=NAME,
        )
        self._url = urlsplit(url)

    def beat(self, now_utc: datetime) -> None:
        """Say once that keepcool lives.

        Raises: TransientError, PermanentError, PayloadError, none of which shows the address.
        """
        answer = self._web.get(now_utc, accepted=_TAKEN, limit_bytes=LARGEST_ANSWER_BYTES)
        body = answer.body.strip()
        said = body.replace(b" ", b"")
        if body.startswith(b"<"):
            raise PayloadError(
                f"{NAME} answers with a web page: is this the address for pings, or is there a "
                "login page on this network?"
            )
        if body.startswith(_UNKNOWN_TO_HEALTHCHECKS) or _REFUSED_BY_UPTIME_KUMA in said:
            raise PermanentError(f"{NAME} knows no such check: copy its address once more")

    def reach(self) -> str:
        """Connect without saying anything: only the daemon may say that it lives.

        Raises: TransientError.
        """
        is_encrypted = self._url.scheme == "https"
        host, port = self._url.hostname or "", self._url.port or (443 if is_encrypted else 80)
        try:
            with socket.create_connection((host, port), TIMEOUT_S[0]) as plain:
                if is_encrypted:
                    trusted = ssl.create_default_context(cafile=certifi.where())
                    trusted.wrap_socket(plain, server_hostname=host).close()
        except ssl.SSLError as error:
            fault = certificate_fault(error)
            what = f"the certificate of {NAME} {fault}" if fault else f"no TLS with {NAME}"
            raise TransientError(f"{what}; is there a login page on this network?") from error
        except (OSError, ValueError) as error:
            what = getattr(error, "strerror", None) or type(error).__name__
            raise TransientError(f"{NAME} does not answer: {what}") from None
        return f"{NAME} answers; `keepcool status` shows whether it takes the beats"
