"""Drive the real daemon by somebody else's clock: for the demo and process tests.

The driver writes one JSON line `{"advance_to": "<ISO time>"}` into an inherited pipe and reads
one line `{"idle": "<ISO time>"}` when the inbox and the workers are empty; `{"stop": true}` or the
end of the pipe stops the daemon. What the driver published before the line is handled at the old
time, then time passes timer by timer. A compressed day takes seconds, and no read-back races real
milliseconds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TextIO

from daemon.clock import Instant

if TYPE_CHECKING:
    from daemon.loop import Daemon

FLUSH_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 10.0
SETTLE_TIMEOUT_S = 60.0
WAIT_S = 0.05  # for the result of a worker that is under way
BOOT_ID = "stepped"


class SteppedClock:
    """Be both clocks (`daemon.ports.Clock`), moved only by `set`; it goes on over a restart."""

    def __init__(self, utc: datetime) -> None:
        """Start at a moment, aware UTC."""
        self._now = Instant(BOOT_ID, utc.timestamp(), utc)

    def now(self) -> Instant:
        """Return the moment."""
        return self._now

    def boot_s(self) -> float:
        """Return the moment as seconds."""
        return self._now.boot_s

    def is_synchronised(self) -> bool:
        """Return True: this clock is the truth."""
        return True

    def set(self, utc: datetime) -> None:
        """Move on; never back."""
        if utc > self._now.utc:
            self._now = Instant(BOOT_ID, utc.timestamp(), utc)


def run_stepped(daemon: Daemon, clock: SteppedClock, requests: TextIO, answers: TextIO) -> None:
    """Serve one driver until it says stop or goes away."""
    daemon.start()
    _wait_for_link(daemon)
    _answer(answers, clock)
    for line in requests:
        request = json.loads(line)
        if "advance_to" not in request:
            break
        advance(daemon, clock, datetime.fromisoformat(request["advance_to"]))
        _answer(answers, clock)
        if daemon.is_stopping:
            break
    daemon.stop()


def advance(daemon: Daemon, clock: SteppedClock, to: datetime) -> None:
    """Handle what was sent by now, then pass time to `to`, moment by moment of what is due."""
    _hear_everything(daemon)
    settle(daemon)
    pass_time(daemon, clock, to, settle)
    settle(daemon)


def pass_time(
    daemon: Daemon, clock: SteppedClock, to: datetime, settle: Callable[[Daemon], None]
) -> None:
    """Pass time to `to`, moment by moment of what is due before; what is due then is left to do.

    `settle` has the daemon come to rest.
    """
    while (due_s := daemon.next_due_boot_s()) < to.timestamp():
        before = clock.boot_s()
        clock.set(_not_before(due_s) if due_s > before else clock.now().utc)
        settle(daemon)
        if daemon.next_due_boot_s() <= clock.boot_s():  # nothing can be done about it now
            clock.set(datetime.fromtimestamp(clock.boot_s() + 1.0, UTC))
    clock.set(to)


def _not_before(moment_s: float) -> datetime:
    """Return a moment that a wall clock of whole microseconds can show, never an earlier one."""
    shown = datetime.fromtimestamp(moment_s, UTC)
    return shown if shown.timestamp() >= moment_s else shown + timedelta(microseconds=1)


def settle(daemon: Daemon) -> None:
    """Turn until the inbox is empty, every worker is idle and the answers of both were handled."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_S
    while time.monotonic() < deadline:
        is_idle = daemon.dispatcher.is_idle
        has_happened = daemon.turn(0.0 if is_idle else WAIT_S)
        if daemon.state.foresight.is_at_work:  # it comes to an end, slice by slice
            deadline = time.monotonic() + SETTLE_TIMEOUT_S
        if is_idle and not has_happened and not len(daemon.parts.inbox):
            return
    message = f"the daemon did not come to rest within {SETTLE_TIMEOUT_S:.0f} s"
    raise TimeoutError(message)


def _hear_everything(daemon: Daemon) -> None:
    """Wait until what others sent before this moment is in the inbox."""
    is_up = {link.link: link.is_up for link in daemon.state.links(daemon.clock.now())}
    if is_up.get("mqtt"):
        daemon.parts.mqtt.flush(FLUSH_TIMEOUT_S)
    if daemon.parts.events is not None and is_up.get("events"):
        daemon.parts.events.flush(FLUSH_TIMEOUT_S)


def _wait_for_link(daemon: Daemon) -> None:
    """Give broker and event stream a real moment to connect; going on without them is allowed."""
    wanted = {"mqtt"} | ({"events"} if daemon.parts.events is not None else set())
    deadline = time.monotonic() + CONNECT_TIMEOUT_S
    while time.monotonic() < deadline:
        daemon.turn(WAIT_S)
        links = {link.link: link.is_up for link in daemon.state.links(daemon.clock.now())}
        if (
            wanted <= links.keys() and links["mqtt"]
        ):  # an event stream may be down, and is said to be
            break
    settle(daemon)


def _answer(answers: TextIO, clock: SteppedClock) -> None:
    answers.write(json.dumps({"idle": clock.now().utc.isoformat()}) + "\n")
    answers.flush()
