"""Give every HTTP answer an end: a read time-out alone is begun anew by each byte of a drip.

The answer's own reader counts, below HTTP, so that a drip of the status line, of headers and of
chunk sizes ends as well, whatever library asks.
"""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any, Final

from urllib3.connection import HTTPConnection

LONGEST_ANSWER: Final = 3.0  # in read time-outs


def limit_answers() -> None:
    """End each answer that urllib3 reads after so many of its read time-outs.

    For the whole process: of the libraries that ask, some open connections where nobody else
    reaches them.
    """
    HTTPConnection.response_class = _LimitedResponse


class _LimitedResponse(HTTPResponse):
    """Read from a socket for a limited time."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *args, **kwargs)
        read_s = sock.gettimeout()
        if read_s is not None:
            self.fp = io.BufferedReader(_LimitedReader(self.fp.detach(), sock, read_s))


class _LimitedReader(io.RawIOBase):
    """Read a socket until a deadline, and each piece within its time-out."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, read_s: float) -> None:
        self._raw, self._sock, self._read_s = raw, sock, read_s
        self._ends_s = time.monotonic() + read_s * LONGEST_ANSWER

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - as the base class has it
        """Read what is there. Raises: TimeoutError."""
        left_s = self._ends_s - time.monotonic()
        if left_s <= 0.0:
            raise TimeoutError("the answer did not end in time")
        self._sock.settimeout(min(self._read_s, left_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let the socket go."""
        self._raw.close()
        super().close()
