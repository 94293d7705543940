"""Set structlog up: one event is one line; JSON under systemd, readable on a terminal."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import structlog


def configure(level: str = "info") -> None:
    """Log to stderr. Values are rendered escaped, so that no topic or payload can forge a line.

    Tracebacks come without local variables: the token and people's names are among them.
    """
    is_terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(repr_native_str=True, exception_formatter=_write_traceback)
        if is_terminal
        else structlog.processors.JSONRenderer(ensure_ascii=True)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if is_terminal else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _write_traceback(stream: TextIO, crash: structlog.typing.ExcInfo) -> None:
    """Write a traceback whose message, whatever it quotes, is neither a line nor a command."""
    written = io.StringIO()
    structlog.dev.plain_traceback(written, crash)
    for line in written.getvalue().splitlines():
        shown = "".join(letter if letter.isprintable() else "?" for letter in line)
        stream.write(f"\n    {shown}")


@contextmanager
def only_errors() -> Iterator[None]:
    """Log errors alone for a while, as `configure` does: a replay is no news of this home."""
    before = structlog.get_config()
    configure("error")
    structlog.configure(cache_logger_on_first_use=False)  # or it would last
    try:
        yield
    finally:
        structlog.configure(**before)
