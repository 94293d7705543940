"""Be a disk that answers when the test wants it to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from daemon.writer import InlineWriter

T = TypeVar("T")


class HeldWriter:
    """Do jobs at once, or, while held, when it is let go."""

    def __init__(self) -> None:
        self.is_held = False
        self.waiting: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Do a job, or keep it."""
        future: Future[T] = Future()

        def do() -> None:
            done = InlineWriter().submit(job)
            error = done.exception()
            future.set_result(done.result()) if error is None else future.set_exception(error)

        self.waiting.append(do)
        if not self.is_held:
            self.let_go()
        return future

    def let_go(self) -> None:
        """Do what waits, as slowly as it was."""
        waiting, self.waiting = self.waiting, []
        for do in waiting:
            do()

    def is_alive(self) -> bool:
        """Return True: there is no thread that could die."""
        return True
