"""Run a real mosquitto on a free loopback port for a test."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.waiting import wait_until

START_ATTEMPTS = 5
STOP_TIMEOUT_S = 10.0

FIRST_PORT, PORTS = 20_000, 12_000  # below 32768, where Linux begins for connections


def mosquitto_program() -> str:
    """Return the broker's path, also where Debian keeps it out of an ordinary user's PATH.

    Raises:
        FileNotFoundError: mosquitto is not installed.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    program = shutil.which("mosquitto", path=path)
    if program is None:
        message = "the tests need the mosquitto broker: sudo apt-get install mosquitto"
        raise FileNotFoundError(message)
    return program


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on at this moment.

    None of those that the system gives to outgoing connections: while a broker is down between two
    starts one of them could take its port.
    """
    while True:
        port = FIRST_PORT + secrets.randbelow(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def password_file(folder: Path, user: str, password: str) -> Path:
    """Return a mosquitto password file. Source: mosquitto_passwd(1), PBKDF2-SHA512."""
    salt, rounds = b"0123456789ab", 101
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    encoded = [base64.b64encode(part).decode() for part in (salt, digest)]
    path = folder / "passwords"
    path.write_text(f"{user}:$7${rounds}${encoded[0]}${encoded[1]}\n")
    path.chmod(0o600)
    return path


class Mosquitto:
    """Hold one broker process that can be stopped, killed, frozen and started again.

    The port stays the same over restarts. Retained messages survive `stop` and `start`
    (persistence is on), not `kill`.
    """

    host = "127.0.0.1"

    def __init__(
        self, folder: Path, extra_config: str = "", *, allow_anonymous: bool = True
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.log_path = folder / "mosquitto.log"
        self._extra_config = extra_config
        self._allow_anonymous = allow_anonymous
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Return the process id of the running broker."""
        assert self._process is not None, "the broker is not running"
        return self._process.pid

    def is_accepting(self) -> bool:
        """Tell whether a TCP connection to the broker succeeds now (it does when frozen)."""
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex((self.host, self.port)) == 0

    def log(self) -> str:
        """Return everything that the broker has logged so far."""
        return self.log_path.read_text() if self.log_path.exists() else ""

    def start(self) -> None:
        """Start the broker and wait until it accepts connections.

        Raises:
            AssertionError: it did not come up; its log is in the message.
        """
        is_first_start = not self.log_path.exists()
        for _ in range(START_ATTEMPTS):
            self._process = self._spawn()
            wait_until(lambda: self._has_ended() or self.is_accepting(), what="mosquitto")
            if not self._has_ended():
                return
            self._process = None
            if not is_first_start:
                break
            self.port = free_port()  # another process took it in between
        message = f"mosquitto did not start:\n{self.log()}"
        raise AssertionError(message)

    def stop(self) -> None:
        """Let the broker shut down in an orderly way, retained messages saved."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker at once, as a power cut would; does nothing when it is not running."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop the broker's process in its tracks: connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen broker go on."""
        os.kill(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        """Stop the broker in an orderly way and start it on the same port."""
        self.stop()
        self.start()

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _spawn(self) -> subprocess.Popen[bytes]:
        config = self.folder / "mosquitto.conf"
        lines = [
            f"listener {self.port} {self.host}",
            f"allow_anonymous {str(self._allow_anonymous).lower()}",
            "persistence true",
            f"persistence_location {self.folder}/",
            "log_type all",
            self._extra_config,
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # else it changes to a user who may not read the folder
        config.write_text("\n".join(lines) + "\n")
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                [mosquitto_program(), "-c", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _end(self, sent: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(sent)
        process.send_signal(signal.SIGCONT)  # a frozen process does not hear SIGTERM
        process.wait(STOP_TIMEOUT_S)
