"""Be a TLS server with one certificate, and remember what clients said once they trusted it."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

WITHIN_S = 30.0


class TlsServer:
    """Serve on the loopback; `said` is what came through, empty while nobody trusted it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.said = b""
        self.connections = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self._listener.getsockname()[1])

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(WITHIN_S)
        with (
            connection,
            suppress(OSError),
            self._context.wrap_socket(connection, server_side=True) as trusted,
        ):
            self.said += trusted.recv(65536)
            trusted.sendall(b"HTTP/1.1 503 Not Now\r\ncontent-length: 0\r\n\r\n")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(WITHIN_S)
