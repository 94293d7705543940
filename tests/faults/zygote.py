"""Be the daemon again and again without importing it anew: fork it, on request, from one process.

In: lines `start CONFIG LOG` or `open-stopped DATABASE DONE`; out: one line with the new process's
id each. What is stopped waits for SIGCONT, so that a tracer can come first. A start by fork takes a
tenth of one from nothing, so that hundreds of kills fit into a test.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from daemon import cli, logs
from daemon.bootstrap import running
from daemon.store import Store

_LOADED = (logs, running)  # what `keepcool run` would import only then


def be_keepcool(config: str, log: str) -> None:
    """Run the daemon in this process, as the command line does."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    cli.main(["run", "--config", config], prog_name="keepcool")


def open_later(database: str, done: str) -> None:
    """Open a database, which brings its schema up to date, once somebody lets us go on.

    The file `done` says that we came to the end.
    """
    os.kill(os.getpid(), signal.SIGSTOP)
    store = Store(Path(database))
    store.check()
    store.close()
    Path(done).touch()
    os._exit(0)


DEEDS: Mapping[str, Callable[..., None]] = MappingProxyType(
    {"start": be_keepcool, "open-stopped": open_later}
)


def main() -> None:
    """Serve until the end of the input."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    for line in sys.stdin:
        deed, *arguments = line.split()
        child = os.fork()
        if child == 0:
            DEEDS[deed](*arguments)
        print(child, flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
