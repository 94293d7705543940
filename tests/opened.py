"""Close what tests open: from Python 3.13 on, a database that nobody closed is a warning."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from daemon.store import Store

_OPENED = ExitStack()


def open_store(path: Path) -> Store:
    """Open a store that is closed after the test, as its process would close it by ending."""
    store = Store(path)
    _OPENED.callback(store.close)
    return store


def close_everything() -> None:
    """Close what was opened and is not closed yet."""
    _OPENED.close()
