"""Wait for something to become true, with a deadline instead of a sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_INTERVAL_S = 0.005


def wait_until(
    condition: Callable[[], T], timeout_s: float = 10.0, *, what: str | None = None
) -> T:
    """Return the first truthy result of the condition, polled on the monotonic clock.

    Args:
        condition: called again and again; must be quick and without side effects.
        timeout_s: seconds after which the test fails; generous, because a loaded machine is slow.
        what: what was waited for, in the message of the failure.

    Raises:
        AssertionError: the condition stayed falsy until the deadline.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= deadline:
            name = what or getattr(condition, "__name__", repr(condition))
            message = f"{name} did not come true within {timeout_s:g} s (last result: {result!r})"
            raise AssertionError(message)
        time.sleep(POLL_INTERVAL_S)
