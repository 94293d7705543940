"""Decide which source is asked for the forecast, and when; hold the last good answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from daemon.clock import Instant
from daemon.events import ForecastFetched
from daemon.schedule import Schedule
from policies.model import Forecast


class Poller:
    """Hold the last good forecast, and for each source, the most wanted first, when to ask it.

    A source is asked while every source before it fails: at once when the one before it failed,
    and no more as soon as that works again. Each keeps its own back-off and its own wishes.
    """

    def __init__(self, interval: timedelta, names: Sequence[str]) -> None:
        """Ask the first source at once, then every `interval`."""
        self._schedules = tuple(Schedule(name, interval.total_seconds()) for name in names)
        self._fetched: Instant | None = None
        self.forecast: Forecast | None = None

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """Return what is known of each source, in the order of their wanting."""
        return self._schedules

    @property
    def last_error(self) -> str | None:
        """Return why there is no news, once every source has failed."""
        if not self._schedules or not all(schedule.is_failing for schedule in self._schedules):
            return None
        return "; ".join(schedule.last_error or "" for schedule in self._schedules)

    @property
    def next_due_boot_s(self) -> float | None:
        """Return when to ask next; `None` while asking, or without any source."""
        wanted = self._wanted()
        return min((schedule.next_boot_s for schedule in wanted), default=None)

    def take_due(self, now: Instant) -> str | None:
        """Return the source to ask now, if it is time, and note that it is being asked."""
        for schedule in self._wanted():
            if schedule.next_boot_s <= now.boot_s:
                schedule.is_asking = True
                return schedule.name
        return None

    def _wanted(self) -> list[Schedule]:
        if any(schedule.is_asking for schedule in self._schedules):
            return []
        wanted: list[Schedule] = []
        for schedule in self._schedules:
            wanted.append(schedule)
            if not schedule.is_failing:
                break
        return wanted

    def restore(self, forecast: Forecast, now: Instant) -> None:
        """Take over what an earlier run kept; its source is not asked before it wishes to be."""
        self.forecast = forecast
        for schedule in self._schedules:
            if schedule.name == forecast.source:
                self._heed_expiry(schedule, forecast, now)

    def hurry(self, now: Instant) -> None:
        """Ask failing sources now: by a clock that was not set no certificate was valid."""
        for schedule in self._schedules:
            schedule.hurry(now)

    def age(self, now: Instant) -> timedelta | None:
        """Return the forecast's age; of one kept from an earlier run, by the wall clock.

        `None` without a forecast, and while the wall clock is plainly wrong.
        """
        if self.forecast is None:
            return None
        if self._fetched is not None:
            return self._fetched.plausible_elapsed_until(now)
        age = now.utc - self.forecast.fetched_at
        return None if age < timedelta(0) else age

    def on_fetched(self, event: ForecastFetched, now: Instant) -> None:
        """Take a source's result and plan its next request."""
        schedule = next(each for each in self._schedules if each.name == event.source)
        if event.forecast is None:
            schedule.fail(now, event.error or "", event.retry_after_s)
            return
        schedule.succeed(now)
        self._heed_expiry(schedule, event.forecast, now)
        self.forecast = event.forecast
        self._fetched = now

    def _heed_expiry(self, schedule: Schedule, forecast: Forecast, now: Instant) -> None:
        if forecast.expires_at is not None:
            # No longer than it was to be good for: the wall clock may not have been set yet.
            known_from = max(now.utc, forecast.fetched_at)
            schedule.wait(now, (forecast.expires_at - known_from).total_seconds())
