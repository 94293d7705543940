"""Refuse what is asked more often than a person or a sensible automation can mean it."""

from __future__ import annotations

from collections import defaultdict, deque

from daemon.clock import Instant
from daemon.commands import RATE_WINDOW, CommandError

# Within ten minutes. A test alert rings a phone, a check opens connections, and a switch that
# flutters would write to the card and move a compressor as often as its rests allow.
MOST_TEST_ALERTS = 5
MOST_CHECKS = 5
MOST_SWITCHINGS = 20


class Rates:
    """Count what was asked in the last ten minutes, by what it is about."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self._asked: defaultdict[str, deque[float]] = defaultdict(deque)

    def check(self, subject: str, most: int, now: Instant) -> None:
        """Count one more. Raises: CommandError when it is more than `most` in ten minutes."""
        asked = self._asked[subject]
        while asked and now.boot_s - asked[0] >= RATE_WINDOW.total_seconds():
            asked.popleft()
        if len(asked) >= most:
            raise CommandError(
                f"not done: asked more than {most} times within ten minutes; "
                "is an automation doing this by mistake?"
            )
        asked.append(now.boot_s)
