"""Feed the watchdog only while every thread lives and ticks are finished."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from daemon.sdnotify import notify

log = structlog.get_logger()


class Supervisor:
    """Ask each thread whether it lives; a dead one starves the watchdog: systemd restarts us."""

    def __init__(self, checks: Mapping[str, Callable[[], bool]]) -> None:
        """Take one check per thread, by name."""
        self._checks = dict(checks)
        self._sick: frozenset[str] = frozenset()

    def sick_threads(self) -> frozenset[str]:
        """Return the names of threads that died or hang; changes are logged once."""
        sick = frozenset(name for name, is_healthy in self._checks.items() if not is_healthy())
        if sick != self._sick:
            log.error("supervisor.threads_changed", sick=sorted(sick))
            self._sick = sick
        return sick

    def on_tick_finished(self) -> bool:
        """Feed the watchdog if all is well, and say whether it is; by the loop, after a tick."""
        is_well = not self.sick_threads()
        if is_well:
            notify("WATCHDOG=1")
        return is_well
