"""Sit at a terminal in front of `keepcool init`."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path
from typing import Protocol, Self

import pytest

from tests.waiting import wait_until

INIT = (sys.executable, "-m", "daemon.cli", "init")
WITHIN_S = 60.0
REPOSITORY = Path(__file__).resolve().parents[1]


class HasFolder(Protocol):
    """Say where the command runs."""

    @property
    def folder(self) -> Path:
        """Return the folder."""
        ...


class Person:
    """Sit at a dumb terminal: read what stands there, type answers, press Ctrl-C.

    `program`: an installed keepcool; without it that of this repository.
    """

    def __init__(self, lab: HasFolder, *arguments: str, program: Path | None = None) -> None:
        try:
            self._master, slave = os.openpty()
        except OSError:
            pytest.skip("there are no pseudo-terminals here: mount -t devpts devpts /dev/pts")
        self.text = ""
        self._read_to = 0
        command = INIT if program is None else (str(program), "init")
        path = "" if program else str(REPOSITORY)
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *command, *arguments],
            cwd=lab.folder,
            env=os.environ | {"PYTHONPATH": path, "TERM": "dumb"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def wait_for(self, words: str) -> None:
        """Read until something new stands there."""
        wait_until(lambda: self._sees(words), WITHIN_S, what=f"{words!r} after\n{self.text}")

    def answer(self, question: str, answer: str = "", *, is_hidden: bool = False) -> None:
        """Wait for a question and type the answer."""
        self.wait_for(question)
        if is_hidden:  # typed before the echo is off it would be seen
            wait_until(lambda: not termios.tcgetattr(self._master)[3] & termios.ECHO, WITHIN_S)
        os.write(self._master, f"{answer}\n".encode())

    def press_ctrl_c(self) -> None:
        """Interrupt it, and again until it ends: the first may fall between prompt and reading."""
        while self._process.poll() is None:
            os.write(self._master, b"\x03")
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(2.0)

    def wait_for_end(self) -> int:
        """Return its exit code."""
        wait_until(lambda: self._drained() and self._process.poll() is not None, WITHIN_S)
        return self._process.returncode

    def _sees(self, words: str) -> bool:
        self._drained()
        found = self.text.find(words, self._read_to)
        if found >= 0:
            self._read_to = found + len(words)
        return found >= 0

    def _drained(self) -> bool:
        while select.select([self._master], [], [], 0)[0]:
            try:
                self.text += os.read(self._master, 65_536).decode(errors="replace")
            except OSError:  # the other end is closed
                break
        return True
