"""Run the demo's MQTT broker (amqtt, 3.1.1 only) in a process of its own.

`EmbeddedBroker` starts this module as a program. It prints its port on stdout and ends when its
stdin is closed, hence also when whoever started it was killed.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from types import TracebackType
from typing import Self

STOP_TIMEOUT_S = 5.0
_HOST = "127.0.0.1"


class EmbeddedBrokerError(Exception):
    """Report that the demo's broker did not start."""


class EmbeddedBroker:
    """Hold the broker's process; it listens on a free loopback port inside `with`."""

    host = _HOST

    def __init__(self) -> None:
        """Start nothing yet."""
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start the broker and wait until it listens. Raises: EmbeddedBrokerError."""
        # A session of its own: Ctrl-C is for the demo, which ends the broker after the daemon.
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon.demo.broker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._process = process
        try:
            line = process.stdout.readline() if process.stdout else ""
            self.port = int(line)
        except ValueError:
            self.stop()
            message = "the demo's MQTT broker did not start: is keepcool[demo] installed?"
            raise EmbeddedBrokerError(message) from None
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Return the broker's process id while it runs."""
        return self._process.pid if self._process is not None else None

    def stop(self) -> None:
        """End the broker, by force when it does not end by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT_S)
        except BaseException as error:
            process.kill()
            process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
        finally:
            if process.stdout is not None:
                process.stdout.close()


async def serve() -> None:
    """Serve until stdin is closed."""
    from amqtt.broker import Broker  # noqa: PLC0415 - an optional extra, and slow to import

    anonymous = "amqtt.plugins.authentication.AnonymousAuthPlugin"
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{_HOST}:0"}},
            "plugins": {anonymous: {"allow_anonymous": True}},
        }
    )
    await broker.start()
    # amqtt tells nobody which port it got.
    listener = broker._servers["default"].instance  # noqa: SLF001
    port = listener.sockets[0].getsockname()[1]
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await broker.shutdown()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(serve())
