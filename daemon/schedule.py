"""Decide when one outside service is asked again: its interval, its wishes, and its failures."""

from __future__ import annotations

import random

from daemon.clock import Instant

SHORTEST_WAIT_S = 60.0  # whatever a server says; source: FAULTS 26
LONGEST_WAIT_S = 6 * 3600.0
FIRST_BACK_OFF_S = 120.0


class Schedule:
    """Hold the moment before which one service is not asked, on the boot clock."""

    def __init__(self, name: str, interval_s: float) -> None:
        """Ask at once, then every `interval_s` seconds."""
        self.name = name
        self._interval_s = interval_s
        self._failures = 0
        self._is_asked_to_wait = False
        self.next_boot_s = 0.0
        self.is_asking = False
        self.last_error: str | None = None

    @property
    def is_failing(self) -> bool:
        """Return whether the last request failed."""
        return self._failures > 0

    def hurry(self, now: Instant) -> None:
        """Ask now what failed, unless the service itself asked to wait: the clock was set."""
        if self.is_failing and not self._is_asked_to_wait:
            self.next_boot_s = min(self.next_boot_s, now.boot_s)

    def wait(self, now: Instant, wait_s: float) -> None:
        """Do not ask for at least so long (at most 6 h), as the service wishes."""
        self.next_boot_s = max(self.next_boot_s, now.boot_s + min(wait_s, LONGEST_WAIT_S))

    def succeed(self, now: Instant) -> None:
        """Take a good answer: earlier failures are forgotten."""
        self.is_asking = False
        self._failures = 0
        self.last_error = None
        self.next_boot_s = now.boot_s + self._interval_s

    def fail(self, now: Instant, error: str, retry_after_s: float | None = None) -> None:
        """Back off with jitter, up to the interval; longer where the service asks for it."""
        self.is_asking = False
        self.last_error = error
        self._is_asked_to_wait = retry_after_s is not None
        wait_s = min(FIRST_BACK_OFF_S * 2**self._failures, self._interval_s)
        self._failures = min(self._failures + 1, 10)
        wait_s = max(wait_s, retry_after_s or 0.0) * random.uniform(1.0, 1.2)  # noqa: S311 - jitter, not a secret
        self.next_boot_s = now.boot_s + min(max(wait_s, SHORTEST_WAIT_S), LONGEST_WAIT_S)
