"""Slow down the card of a daemon that runs: each sync takes longer, or none of them ever ends."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.waiting import wait_until

_HANGS = "CARD_HANGS"
_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
static int answer(const char *name, int descriptor) {
    struct timespec pause = {0, 10000000};
    while (access(getenv("%s"), F_OK) == 0) nanosleep(&pause, 0);
    return ((int (*)(int)) dlsym(RTLD_NEXT, name))(descriptor);
}
int fdatasync(int descriptor) { return answer("fdatasync", descriptor); }
int fsync(int descriptor) { return answer("fsync", descriptor); }
"""


def why_no_strace() -> str | None:
    """Return why no running process can be traced here, or `None`."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    if os.geteuid() != 0:
        return "only root may trace a process that runs already"
    done = subprocess.run(["strace", "-qq", "true"], capture_output=True, check=False)
    return None if done.returncode == 0 else "this machine lets nobody trace"


class SlowCard:
    """Delay each sync of a process inside `with`, by strace; afterwards it goes on at once.

    strace holds a delayed thread so fast that its process can neither end nor be killed.
    """

    def __init__(self, pid: int, delay_s: float, log: Path) -> None:
        self._pid = pid
        self._log = log
        aim = f"inject=fdatasync,fsync:delay_enter={int(delay_s * 1e6)}"
        self._tracer = subprocess.Popen(
            [
                *("strace", "-f", "-qq", "-p", str(pid), "-o", str(log)),
                *("-e", "trace=fdatasync,fsync", "-e", "signal=none", "-e", aim),
            ],
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        tracer = f"TracerPid:\t{self._tracer.pid}\n"
        tasks = Path(f"/proc/{self._pid}/task")
        wait_until(
            lambda: all(tracer in (task / "status").read_text() for task in tasks.iterdir()),
            what="the tracer",
        )
        return self

    def syncs(self) -> int:
        """Return how many syncs were delayed so far, or are."""
        return self._log.read_text().count("sync(")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tracer.kill()
        self._tracer.wait()


class HangingCard:
    """Keep the syncs of a process from ending, inside `with`, by a library before libc's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._flag = folder / "the-card-hangs"

    def build(self) -> Mapping[str, str] | None:
        """Return what the process must find in its environment; `None`: there is no compiler."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            return None
        source, library = self._folder / "card.c", self._folder / "card.so"
        source.write_text(_SOURCE % _HANGS)
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True
        )
        return {"LD_PRELOAD": str(library), _HANGS: str(self._flag)}

    def __enter__(self) -> Self:
        self._flag.touch()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._flag.unlink()
