"""Stand in for systemd's notification socket."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self


class ServiceManager:
    """Receive what a service says to its manager (sd_notify(3)), with the moment of each word."""

    def __init__(self, folder: Path) -> None:
        self.address = folder / "notify"
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._channel.bind(str(self.address))
        self._channel.settimeout(0.1)
        self._heard: list[tuple[float, str]] = []
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="service-manager")

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment that a service finds it by."""
        return {"NOTIFY_SOCKET": str(self.address)}

    @property
    def words(self) -> list[str]:
        """Return everything that was said, in order."""
        return [word for _, word in self._heard]

    def count(self, word: str) -> int:
        """Return how often a word was said."""
        return self.words.count(word)

    def silent_for_s(self, word: str) -> float:
        """Return how long ago a word was last said; since ever when it never was."""
        said_at = [at for at, said in self._heard if said == word]
        return time.monotonic() - said_at[-1] if said_at else float("inf")

    def _listen(self) -> None:
        while not self._is_ending.is_set():
            try:
                text = self._channel.recv(4096).decode()
            except TimeoutError:
                continue
            self._heard += [(time.monotonic(), line) for line in text.splitlines()]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_ending.set()
        self._thread.join()
        self._channel.close()
