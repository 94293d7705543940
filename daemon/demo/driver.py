"""Drive the real daemon, in a process of its own, by the stepped clock of `daemon.stepping`."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

ANSWER_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 15.0
_TAIL_LINES: Final = 20
_CHUNK_BYTES: Final = 4096


class DriverError(Exception):
    """Report that the daemon ended or fell silent; the text holds the end of its log."""


class SteppedDaemon:
    """Hold one daemon whose time passes only in `advance`; it may be killed and started again.

    Inside `with` it runs; leaving the block stops it, after an error by force. Whatever becomes of
    the process that holds this, the daemon ends by itself when its pipe is closed.

    Args:
        config: the settings file.
        start: the moment (aware) at which its clock starts.
        log_path: where its stderr goes; one JSON object a line, appended to over restarts.
        environ: the daemon's environment; the present one when `None`.
        answer_timeout_s: real seconds for one step.
        module: what is run; a test may run the daemon with other time-outs.
    """

    def __init__(
        self,
        config: Path,
        start: datetime,
        log_path: Path,
        *,
        environ: Mapping[str, str] | None = None,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        module: str = "daemon.cli",
    ) -> None:
        """Start nothing yet."""
        self.now = start.astimezone(UTC)
        self.log_path = log_path
        self._config = config
        self._environ = environ
        self._answer_timeout_s = answer_timeout_s
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._to_daemon = -1
        self._from_daemon = -1
        self._unread = b""
        self._log_read_to = 0

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.stop()
        else:
            self.kill()

    @property
    def pid(self) -> int:
        """Return its process id. Raises: DriverError when it does not run."""
        if self._process is None:
            raise DriverError("the daemon does not run")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Return whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it at `now` and wait until it has come to rest. Raises: DriverError."""
        if self._process is not None:
            raise DriverError("the daemon runs already")
        daemon_reads, self._to_daemon = os.pipe()
        self._from_daemon, daemon_writes = os.pipe()
        self._unread = b""
        program = [sys.executable, "-m", self._module, "run", "--config", str(self._config)]
        program += ["--stepped", f"{daemon_reads},{daemon_writes}", "--start", self.now.isoformat()]
        try:
            with self.log_path.open("ab") as log:
                # A session of its own: Ctrl-C is for the driver, which ends the daemon.
                self._process = subprocess.Popen(  # noqa: S603 - this very program
                    program,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=None if self._environ is None else dict(self._environ),
                    pass_fds=(daemon_reads, daemon_writes),
                    start_new_session=True,
                )
        finally:
            os.close(daemon_reads)
            os.close(daemon_writes)
            if self._process is None:
                self._close_pipes()
        try:
            self._wait_until_idle()
        except BaseException:
            self.kill()
            raise

    def advance(self, to: datetime) -> None:
        """Let it handle what was sent by now, then let its time pass to `to` (aware).

        Raises: DriverError.
        """
        if self._process is None:
            raise DriverError("the daemon does not run")
        to = to.astimezone(UTC)
        self._ask({"advance_to": to.isoformat()})
        self._wait_until_idle()
        self.now = to

    def stop(self) -> None:
        """Let it stop in order; by force when that takes longer than 15 s."""
        process = self._process
        if process is None:
            return
        with suppress(DriverError):
            self._ask({"stop": True})
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise DriverError(f"the daemon did not stop\n{self.log_tail()}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill it (SIGKILL), as a power cut does; `start` begins anew at the same time."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        self._close_pipes()

    def take_log(self) -> list[dict[str, Any]]:
        """Return the log events since the last call; lines that are not JSON are passed over."""
        if not self.log_path.exists():
            return []
        with self.log_path.open("rb") as log:
            log.seek(self._log_read_to)
            complete, separator, _ = log.read().rpartition(b"\n")
        self._log_read_to += len(complete) + len(separator)
        events = []
        for line in complete.splitlines():
            with suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict):
                    events.append(event)
        return events

    def log_tail(self) -> str:
        """Return the end of its log, for a person to read."""
        if not self.log_path.exists():
            return "(no log)"
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-_TAIL_LINES:])

    # ------------------------------------------------------------------ pipes

    def _ask(self, request: Mapping[str, object]) -> None:
        try:
            os.write(self._to_daemon, json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise DriverError(f"the daemon has ended\n{self.log_tail()}") from error

    def _wait_until_idle(self) -> None:
        """Wait for the answer that it has come to rest. Raises: DriverError."""
        deadline = time.monotonic() + self._answer_timeout_s
        while b"\n" not in self._unread:
            left_s = deadline - time.monotonic()
            readable, _, _ = select.select([self._from_daemon], [], [], max(left_s, 0.0))
            if not readable:
                raise DriverError(
                    f"the daemon did not answer for {self._answer_timeout_s:.0f} s\n"
                    + self.log_tail()
                )
            chunk = os.read(self._from_daemon, _CHUNK_BYTES)
            if not chunk:
                raise DriverError(f"the daemon has ended\n{self.log_tail()}")
            self._unread += chunk
        line, _, self._unread = self._unread.partition(b"\n")
        if "idle" not in json.loads(line):
            raise DriverError(f"the daemon answered {line.decode(errors='replace')!r}")

    def _close_pipes(self) -> None:
        for descriptor in (self._to_daemon, self._from_daemon):
            if descriptor >= 0:
                os.close(descriptor)
        self._to_daemon = self._from_daemon = -1
