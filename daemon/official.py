"""Hold the official heat warnings in force, and when each service is asked for them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from daemon.clock import Instant
from daemon.events import WarningsFetched
from daemon.records import Changes, read_json, to_json
from daemon.schedule import Schedule
from policies.model import OfficialWarning

INTERVAL_S = 30 * 60.0  # services warn a day ahead: half an hour loses nothing
OFFICIAL_KEY = "official:"


@dataclass(frozen=True, slots=True)
class _Answer:
    """Keep what one service last said, over a restart."""

    warnings: tuple[OfficialWarning, ...]


class OfficialWarnings:
    """Ask every service on its own; one that fails keeps what it last said until that is over."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        """Ask each service at once, then every half an hour."""
        self._schedules = {name: Schedule(name, INTERVAL_S) for name in names}
        self._said: dict[str, tuple[OfficialWarning, ...]] = {}
        self._silent = set(names)  # services whose last answer, if any, was none

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """Return what is known of each service."""
        return tuple(self._schedules.values())

    @property
    def is_complete(self) -> bool:
        """Return whether every service answered when it was last asked: only then none is none."""
        return bool(self._schedules) and not self._silent

    @property
    def next_due_boot_s(self) -> float | None:
        """Return when to ask one of them next; `None` while all are being asked."""
        idle = [schedule for schedule in self.schedules if not schedule.is_asking]
        return min((schedule.next_boot_s for schedule in idle), default=None)

    def hurry(self, now: Instant) -> None:
        """Ask failing services now: by a clock that was not set no certificate was valid."""
        for schedule in self.schedules:
            schedule.hurry(now)

    def take_due(self, now: Instant) -> list[str]:
        """Return the services to ask now, and note that they are being asked."""
        due = [
            schedule
            for schedule in self.schedules
            if not schedule.is_asking and schedule.next_boot_s <= now.boot_s
        ]
        for schedule in due:
            schedule.is_asking = True
        return [schedule.name for schedule in due]

    def on_fetched(self, event: WarningsFetched, now: Instant, changes: Changes) -> None:
        """Take a service's answer, and add to `changes` what of it must outlive a restart."""
        schedule = self._schedules[event.service]
        if event.warnings is None:
            schedule.fail(now, event.error or "", event.retry_after_s)
            self._silent.add(event.service)
            return
        schedule.succeed(now)
        self._silent.discard(event.service)
        if event.warnings != self._said.get(event.service, ()):
            self._said[event.service] = event.warnings
            changes.memory[OFFICIAL_KEY + event.service] = to_json(_Answer(event.warnings))

    def restore(self, memory: Mapping[str, str]) -> None:
        """Take over what the services said to an earlier run."""
        for name in self._schedules:
            body = memory.get(OFFICIAL_KEY + name)
            answer = None if body is None else read_json(_Answer, body)
            if answer is not None:
                self._said[name] = answer.warnings

    def current(self, now_utc: datetime) -> tuple[OfficialWarning, ...]:
        """Return what is warned of and not over, the most serious first, each once."""
        known = {
            (warning.service, warning.warning_id, warning.area): warning
            for said in self._said.values()
            for warning in said
            if warning.ends_at > now_utc
        }
        return tuple(sorted(known.values(), key=lambda each: (-each.level, each.starts_at)))
