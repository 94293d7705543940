"""Follow one command from its sending to its reading back: when to read, send again, give up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from daemon.clock import Instant
from daemon.lease import remaining

# Source of the times: DESIGN "Cooling", docs/decisions.md "Switching things".
READ_BACK_AFTER = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 30))
ANSWER_TIME = timedelta(seconds=10)  # the longest that a read takes
SENDS = 3
RETRY_INTERVAL = timedelta(minutes=15)


@dataclass(slots=True)
class Pursuit:
    """Carry the way to a desired state that was not read back yet."""

    send_at: Instant  # while `sent` is None
    sent: Instant | None = None
    sends: int = 0
    reads: int = 0  # of `READ_BACK_AFTER`
    last_read: Instant | None = None
    is_waiting_for_sight: bool = False

    def is_send_due(self, now: Instant) -> bool:
        """Return whether the command is to be sent now."""
        return self.sent is None and remaining(self.send_at, now) <= timedelta(0)

    @property
    def goes_plain(self) -> bool:
        """Return whether the next send goes without extras: the third one, then every other."""
        return self.sends >= SENDS - 1 and self.sends % 2 == 0

    def note_sent(self, now: Instant) -> None:
        """Count the command as sent; it is read back from here."""
        self.sends += 1
        self.is_waiting_for_sight = False
        self.note_answered(now)

    def note_answered(self, now: Instant) -> None:
        """Take that the call was answered: reading back counts from here."""
        self.sent, self.reads, self.last_read = now, 0, None

    def is_read_back_due(self, now: Instant) -> bool:
        """Return whether to read the device now, and count it as read."""
        if self.sent is None:
            return False
        elapsed = self.sent.plausible_elapsed_until(now)
        due = sum(elapsed >= after for after in READ_BACK_AFTER)
        if due <= self.reads:
            return False
        self.reads, self.last_read = due, now
        return True

    def is_unanswered(self, now: Instant) -> bool:
        """Return whether the last reading back had time to show the command, and did not."""
        if self.sent is None or self.last_read is None or self.reads < len(READ_BACK_AFTER):
            return False
        return self.last_read.plausible_elapsed_until(now) >= ANSWER_TIME

    def send_again(self, now: Instant) -> bool:
        """Prepare the next send; False when there were enough of them."""
        if self.sends >= SENDS:
            return False
        self.sent, self.send_at = None, now
        return True

    def give_up(self, now: Instant) -> None:
        """Rest, then try again: somebody may have mended it."""
        self.sends = max(self.sends, SENDS)
        self.sent, self.send_at = None, now.shifted(RETRY_INTERVAL)

    def next_due(self, now: Instant) -> timedelta:
        """Return how long until this needs attention."""
        if self.sent is None:
            due = self.send_at
        elif self.reads < len(READ_BACK_AFTER):
            due = self.sent.shifted(READ_BACK_AFTER[self.reads])
        else:
            due = (self.last_read or now).shifted(ANSWER_TIME)
        return max(remaining(due, now), timedelta(0))
