"""Kill a process at the very moment of a system call, by strace (FAULTS: `inject ... when=N`)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.waiting import wait_until


def why_no_strace() -> str | None:
    """Return why no process can be traced here, or `None`."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    if os.geteuid() != 0 and scope.exists() and scope.read_text().strip() != "0":
        return "only root may trace what is no child of the tracer (yama)"
    done = subprocess.run(["strace", "-qq", "true"], capture_output=True, check=False)
    return None if done.returncode == 0 else "this machine lets nobody trace"


class KilledAt:
    """Have a process killed, inside `with`, at the `number`th `call` of any of its threads.

    One that waits stopped goes on; its threads to come count too.
    """

    def __init__(self, pid: int, call: str, number: int) -> None:
        self._pid = pid
        aim = f"inject={call}:signal=KILL:when={number}"
        self._tracer = subprocess.Popen(
            [
                *("strace", "-f", "-qq", "-p", str(pid), "-o", os.devnull),
                *("-e", f"trace={call}", "-e", "signal=none", "-e", aim),
            ],
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        wait_until(self._is_traced, 30.0, what="the tracer")
        os.kill(self._pid, signal.SIGCONT)
        return self

    def _is_traced(self) -> bool:
        word = f"TracerPid:\t{self._tracer.pid}\n"
        threads = Path(f"/proc/{self._pid}/task").glob("*/status")
        return all(word in thread.read_text() for thread in threads)

    def is_over(self) -> bool:
        """Return whether the process has ended, killed or not."""
        return not Path(f"/proc/{self._pid}").exists()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        self._tracer.wait()
