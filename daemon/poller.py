"""Decide when to ask for the forecast again."""

from __future__ import annotations

import random
from datetime import timedelta

from daemon.clock import Instant
from daemon.events import ForecastFetched
from policies.model import Forecast

SHORTEST_WAIT_S = 60.0  # whatever a server says; source: FAULTS 26
LONGEST_WAIT_S = 6 * 3600.0
FIRST_BACK_OFF_S = 120.0
KEEP_EVERY_S = 2 * 3600.0


class Poller:
    """Hold the last good forecast and the moment of the next request."""

    def __init__(self, interval: timedelta, last: Forecast | None = None) -> None:
        """Ask at once, then every `interval`; `last` is what the store kept."""
        self._interval_s = interval.total_seconds()
        self._next_boot_s = 0.0
        self._failures = 0
        self._is_asking = False
        self._fetched: Instant | None = None
        self._kept_boot_s: float | None = None
        self.forecast = last
        self.last_error: str | None = None

    @property
    def next_due_boot_s(self) -> float | None:
        """Return when to ask next, or `None` while asking."""
        return None if self._is_asking else self._next_boot_s

    def start_asking(self) -> None:
        """Note that a request is under way."""
        self._is_asking = True

    def age(self, now: Instant) -> timedelta | None:
        """Return the forecast's age; of one kept from an earlier run, by the wall clock."""
        if self.forecast is None:
            return None
        if self._fetched is not None:
            return self._fetched.plausible_elapsed_until(now)
        return max(now.utc - self.forecast.fetched_at, timedelta(0))

    def is_worth_keeping(self, now: Instant) -> bool:
        """Return whether to write the forecast down, every two hours; what is asked for is done.

        After a restart an hour-old forecast serves until the next answer, and cards wear out.
        """
        if self._kept_boot_s is not None and now.boot_s - self._kept_boot_s < KEEP_EVERY_S:
            return False
        self._kept_boot_s = now.boot_s
        return True

    def on_fetched(self, event: ForecastFetched, now: Instant) -> None:
        """Take a result and plan the next request; failures back off, with jitter, to 6 h."""
        self._is_asking = False
        if event.forecast is not None:
            self.forecast = event.forecast
            self._fetched = now
            self._failures = 0
            self.last_error = None
            self._next_boot_s = now.boot_s + self._interval_s
            return
        self.last_error = event.error
        wait_s = min(FIRST_BACK_OFF_S * 2**self._failures, self._interval_s)
        self._failures = min(self._failures + 1, 10)
        wait_s = max(wait_s, event.retry_after_s or 0.0) * random.uniform(1.0, 1.2)  # noqa: S311 - jitter, not a secret
        self._next_boot_s = now.boot_s + min(max(wait_s, SHORTEST_WAIT_S), LONGEST_WAIT_S)
