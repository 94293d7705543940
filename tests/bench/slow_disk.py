"""Slow down one process's disk: every sync takes 20 ms longer, and nothing else changes.

A library put before libc's own `fdatasync` and `fsync` disturbs least; where there is no C
compiler, strace does the same from outside. That the delay works is measured, not believed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

DELAY_S = 0.020
INSTALL_HINT = "needs a C compiler or strace: apt-get install gcc libc6-dev (or strace)"

_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static int slowly(const char *name, int descriptor) {
    struct timespec pause = {0, %d};
    nanosleep(&pause, 0);
    return ((int (*)(int)) dlsym(RTLD_NEXT, name))(descriptor);
}
int fdatasync(int descriptor) { return slowly("fdatasync", descriptor); }
int fsync(int descriptor) { return slowly("fsync", descriptor); }
"""
_PROBE = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("PRAGMA synchronous=FULL")
connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
started = time.perf_counter()
connection.execute("INSERT INTO t VALUES (1)")
print(time.perf_counter() - started)
"""


@dataclass(frozen=True, slots=True)
class SlowDisk:
    """Say how to start a process whose syncs are slow."""

    how: str
    wrapper: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)


def find_slow_disk(folder: Path) -> SlowDisk | None:
    """Return a way that was seen to delay SQLite's commits, or `None` when there is none here."""
    for candidate in _candidates(folder):
        if _delays(candidate, folder / "probe.sqlite3"):
            return candidate
    return None


def _candidates(folder: Path) -> Iterator[SlowDisk]:
    compiler = shutil.which("cc") or shutil.which("gcc")
    library = folder / "slow_sync.so"
    if compiler is not None:
        source = folder / "slow_sync.c"
        source.write_text(_SOURCE % int(DELAY_S * 1e9))
        command = [compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            yield SlowDisk("library before libc", environ={"LD_PRELOAD": str(library)})
    if shutil.which("strace") is not None:
        inject = f"inject=fdatasync,fsync:delay_enter={int(DELAY_S * 1e6)}"
        options = ("-f", "-qq", "--seccomp-bpf", "-e", "trace=fdatasync,fsync", "-e", inject)
        yield SlowDisk("strace", ("strace", *options, "-o", os.devnull))


def _delays(candidate: SlowDisk, database: Path) -> bool:
    answer = subprocess.run(
        [*candidate.wrapper, sys.executable, "-c", _PROBE, str(database)],
        env={**os.environ, **candidate.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode == 0 and float(answer.stdout) >= DELAY_S
