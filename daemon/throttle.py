"""Say what may come in floods at once and then once a minute, with how many there were."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.clock import Instant

INTERVAL_S = 60.0  # one log line a minute; source: FAULTS 19


class Throttle:
    """Hold back what was said less than a minute ago, and count it."""

    def __init__(self) -> None:
        """Begin ready to speak."""
        self._next_s = 0.0
        self._held = 0

    def admit(self, now: Instant) -> int | None:
        """Return how many were held back before this one; `None` when it is held back too."""
        if now.boot_s < self._next_s:
            self._held += 1
            return None
        self._next_s = now.boot_s + INTERVAL_S
        held, self._held = self._held, 0
        return held
