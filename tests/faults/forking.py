"""Fork processes that have everything imported, for tests that start hundreds of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.waiting import wait_until


class Zygote:
    """Hold the process of `tests.faults.zygote`, inside `with`."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=None if environment is None else dict(environment),
        )

    def fork(self, deed: str, *arguments: object) -> int:
        """Have it fork a process for a deed, and stop first if so called; return its id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join([deed, *map(str, arguments)]) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        if deed.endswith("-stopped"):
            status = Path(f"/proc/{pid}/status")
            wait_until(lambda: "State:\tT" in status.read_text(), 30.0, what="it to have stopped")
        return pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
