"""Tell the time: a clock that never steps for ages and time-outs, the wall clock for texts."""

from __future__ import annotations

import ctypes
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

BOOT_ID_PATH = Path("/proc/sys/kernel/random/boot_id")
SYNCHRONISED_PATH = Path("/run/systemd/timesync/synchronized")
_ASK_AGAIN_S = 10.0  # it is asked for every message
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


@dataclass(frozen=True, slots=True)
class Instant:
    """Mark a moment so that its age is right after a clock step and after a reboot."""

    boot_id: str
    boot_s: float
    utc: datetime

    def elapsed_until(self, now: Instant) -> timedelta | None:
        """Return the time from this moment to `now`, or `None` when a reboot lies between them."""
        if self.boot_id != now.boot_id:
            return None
        return timedelta(seconds=now.boot_s - self.boot_s)

    def known_elapsed_until(self, now: Instant) -> timedelta | None:
        """Return the time to `now`; over a reboot by the wall clock, unless that is plainly wrong.

        `None`: by the wall clock this moment has not come yet, as after a start in 1970.
        """
        elapsed = self.elapsed_until(now)
        if elapsed is None and self.utc <= now.utc:
            return now.utc - self.utc
        return elapsed

    def plausible_elapsed_until(self, now: Instant) -> timedelta:
        """Return the time to `now`; over a reboot by the wall clock, never negative."""
        elapsed = self.elapsed_until(now)
        return elapsed if elapsed is not None else max(now.utc - self.utc, timedelta(0))

    def wall_time(self, now: Instant) -> datetime:
        """Return when it was by the wall clock as that is set now: it may have been set since."""
        elapsed = self.elapsed_until(now)
        return self.utc if elapsed is None else now.utc - elapsed

    def carried_to(self, now: Instant) -> Instant:
        """Return the moment on the clock of this boot, so that its age goes on growing."""
        if self.boot_id == now.boot_id:
            return self
        return now.shifted(-self.plausible_elapsed_until(now))

    def shifted(self, by: timedelta) -> Instant:
        """Return the moment `by` later (earlier when negative), on all its clocks."""
        return Instant(self.boot_id, self.boot_s + by.total_seconds(), self.utc + by)


class SystemClock:
    """Read the machine's clocks (`daemon.ports.Clock`)."""

    def __init__(self) -> None:
        """Read the boot id once; it cannot change under a running process."""
        self._synchronised = (-math.inf, False)
        self._boot_id = (
            BOOT_ID_PATH.read_text(encoding="ascii").strip() if BOOT_ID_PATH.exists() else "unknown"
        )

    def boot_s(self) -> float:
        """Return seconds since boot, suspend included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def is_synchronised(self) -> bool:
        """Return whether kernel or systemd-timesyncd say that wall time is synchronised."""
        asked_s, answer = self._synchronised
        if self.boot_s() - asked_s > _ASK_AGAIN_S:
            answer = SYNCHRONISED_PATH.exists() or _kernel_clock_state() != _TIME_ERROR
            self._synchronised = (self.boot_s(), answer)
        return answer

    def now(self) -> Instant:
        """Return both clocks at once."""
        return Instant(self._boot_id, self.boot_s(), datetime.now(UTC))


def _kernel_clock_state() -> int:
    """Return adjtimex(2)'s clock state without changing anything; 0 when it cannot be asked."""
    buffer = ctypes.create_string_buffer(
        256
    )  # struct timex is 208 bytes or less; modes = 0 only reads
    try:
        state: int = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    except (OSError, AttributeError):
        return 0
    return max(state, 0)
