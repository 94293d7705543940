"""Run the daemon as a child process, and watch it as systemd would: by its signs of life."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger()
SOCKET_NAME: Final = "notify"
LONGEST_WORD_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Patience:
    """Say how long a child may take; the defaults are those of the systemd unit."""

    start_s: float = 120.0
    beat_s: float = 60.0
    stop_s: float = 15.0
    abort_s: float = 5.0  # to write where every thread stood


class Child:
    """Hold one process at a time; it may be stopped and started again."""

    def __init__(self, folder: Path, patience: Patience | None = None) -> None:
        """Prepare; `folder` takes the socket that signs of life come by, and is in memory."""
        self._patience = patience or Patience()
        self._address = folder / SOCKET_NAME
        self._address.unlink(missing_ok=True)
        self._channel = socket.socket(
            socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        )
        self._channel.bind(str(self._address))
        self._process: subprocess.Popen[bytes] | None = None
        self._due_at = 0.0  # when the next sign of life is late

    @property
    def is_running(self) -> bool:
        """Return whether there is a process whose end was not seen yet."""
        return self._process is not None

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it; nothing may run already. Raises: OSError."""
        self._hear()
        self._process = subprocess.Popen(  # noqa: S603 - our own
            command,
            env={**environment, "NOTIFY_SOCKET": str(self._address)},
            stdin=subprocess.DEVNULL,
        )
        self._due_at = time.monotonic() + self._patience.start_s

    def poll(self) -> int | None:
        """Return the exit code once it has ended, for which one that hangs is ended."""
        if self._process is None:
            return None
        if self._hear():
            self._due_at = time.monotonic() + self._patience.beat_s
        code = self._process.poll()
        if code is None and time.monotonic() > self._due_at:
            log.error("daemon.hangs")
            self._process.send_signal(signal.SIGABRT)
            code = _end(self._process, self._patience.abort_s)
        if code is not None:
            self._process = None
        return code

    def stop(self) -> None:
        """Let it end in order, and end it when it does not."""
        if self._process is None:
            return
        self._process.terminate()
        _end(self._process, self._patience.stop_s)
        self._process = None

    def close(self) -> None:
        """Stop it, and hear nothing more."""
        self.stop()
        self._channel.close()
        self._address.unlink(missing_ok=True)

    def _hear(self) -> bool:
        """Return whether a sign of life came since the last look."""
        is_alive = False
        with suppress(BlockingIOError):
            while True:
                words = self._channel.recv(LONGEST_WORD_BYTES).split(b"\n")
                is_alive |= bool({b"READY=1", b"WATCHDOG=1"} & set(words))
        return is_alive


def _end(process: subprocess.Popen[bytes], within_s: float) -> int:
    """Wait for a process that was told to end, and end it when it does not; return its code."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(within_s)
    process.kill()
    return process.wait()


def own_environment() -> dict[str, str]:
    """Return the environment without the Supervisor's token, which only we use by this name."""
    hidden = {"SUPERVISOR_TOKEN", "HASSIO_TOKEN"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "PYTHONFAULTHANDLER": "1", "MALLOC_ARENA_MAX": "2"}
