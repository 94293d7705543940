"""Notice that the wall clock was set, also while keepcool did not run, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from daemon.clock import Instant
from daemon.records import Changes, read_json, to_json

CLOCK_KEY: Final = "clock"
STEP_FROM: Final = timedelta(minutes=1)  # less moves nothing that is stored to another day
_WRITTEN_FROM: Final = timedelta(seconds=10)  # what slewing adds up to before it is written down

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """Say by how much the wall clock was set, and which of its times were wrong before."""

    by: timedelta  # negative: back
    since: datetime  # the boot, by the clock as it was
    until: datetime  # the step, by the clock as it was

    def moved(self, at: datetime) -> datetime:
        """Return a wall time of this boot as it would have been by the clock as it is now."""
        return at + self.by if self.since <= at <= self.until else at


@dataclass(frozen=True, slots=True)
class _Boot:
    boot_id: str
    at: datetime  # by the wall clock


class WallClock:
    """Compare the wall clock with the one that never steps; a slow drift is no step."""

    def __init__(self, memory: Mapping[str, str]) -> None:
        """Take over what an earlier run saw."""
        body = memory.get(CLOCK_KEY)
        self._written = None if body is None else read_json(_Boot, body)
        self._boot = self._written

    def look(self, now: Instant, changes: Changes) -> Step | None:
        """Return the step since the last look, and have written down how the clocks stand."""
        booted = now.utc - timedelta(seconds=now.boot_s)
        known, self._boot = self._boot, _Boot(now.boot_id, booted)
        written = self._written
        is_same_boot = written is not None and written.boot_id == now.boot_id
        if written is None or not is_same_boot or abs(booted - written.at) >= _WRITTEN_FROM:
            self._written = self._boot
            changes.memory[CLOCK_KEY] = to_json(self._boot)
        if known is None or known.boot_id != now.boot_id or abs(booted - known.at) < STEP_FROM:
            return None
        return Step(booted - known.at, known.at, known.at + timedelta(seconds=now.boot_s))


def restamped(found: T, now: Instant) -> T:
    """Return a frozen dataclass with the wall time of each moment of this boot as it is now."""
    if isinstance(found, Instant):
        return replace(found, utc=found.wall_time(now))
    if not is_dataclass(found):
        return found
    values: dict[str, Any] = {field.name: getattr(found, field.name) for field in fields(found)}
    changed = {name: restamped(value, now) for name, value in values.items()}
    return replace(found, **changed)  # type: ignore[type-var] # is one: asked above
