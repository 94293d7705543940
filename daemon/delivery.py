"""Call slow outside systems on worker threads; each result comes back as an event."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import structlog

from daemon.events import (
    CommandFinished,
    DeliveryFinished,
    ForecastFetched,
    StatesFetched,
    WarningsFetched,
)
from integrations.errors import IntegrationError, PermanentError, TransientError

if TYPE_CHECKING:
    from datetime import datetime

    from daemon.events import Event
    from daemon.outbox import OutboxRow
    from daemon.ports import HomePort, WarningService, WeatherSource
    from policies.model import DeviceState

LONGEST_JOB_S = (
    120.0  # every outside call has time-outs of seconds: a longer one hangs (blocked DNS)
)
log = structlog.get_logger()
Job = Callable[[], "Event"]
Crashed = Callable[[str], "Event"]  # what to post when a job raised what it should not


class Worker:
    """Run jobs one after another on an own thread; a job returns the event to post."""

    def __init__(self, name: str, post: Callable[[Event], None]) -> None:
        """Name the thread; it starts with `start`."""
        self.name = name
        self._post = post
        self._jobs: queue.SimpleQueue[tuple[Job, Crashed] | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._busy_since: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"worker-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, job: Job, crashed: Crashed) -> None:
        """Queue a job; should it raise, `crashed` makes the event that says so."""
        with self._lock:
            self._waiting += 1
        self._jobs.put((job, crashed))

    @property
    def is_idle(self) -> bool:
        """Return whether no job waits or runs, and every result was posted."""
        with self._lock:
            return self._waiting == 0

    def is_alive(self) -> bool:
        """Return whether the thread lives, whatever its job takes."""
        return self._thread.is_alive()

    def is_healthy(self) -> bool:
        """Return whether the thread lives and does not hang in a job."""
        busy_since = self._busy_since
        is_hanging = busy_since is not None and time.monotonic() - busy_since > LONGEST_JOB_S
        return self._thread.is_alive() and not is_hanging

    def finish(self) -> None:
        """Take no more jobs; those that wait are still done."""
        self._jobs.put(None)

    def join(self, timeout_s: float) -> None:
        """Wait for the end of the thread for up to `timeout_s`, then leave it behind."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (entry := self._jobs.get()) is not None:
            job, crashed = entry
            self._busy_since = time.monotonic()
            try:
                self._post(job())
            except MemoryError:
                raise  # this thread ends and the watchdog starves: only a new process helps
            except Exception as error:
                log.exception("worker.job_crashed", worker=self.name)
                self._post(crashed(f"internal error: {error!r}"))
            finally:
                self._busy_since = None
                with self._lock:
                    self._waiting -= 1


def _describe(error: IntegrationError) -> tuple[str, bool, float | None]:
    retry_after_s = error.retry_after_s if isinstance(error, TransientError) else None
    return str(error), isinstance(error, PermanentError), retry_after_s


def deliver(row: OutboxRow, send: Callable[[], None]) -> DeliveryFinished:
    """Send one outbox row."""
    try:
        send()
    except IntegrationError as error:
        text, is_permanent, retry_after_s = _describe(error)
        return DeliveryFinished(
            row.row_id, text, is_permanent=is_permanent, retry_after_s=retry_after_s
        )
    return DeliveryFinished(row.row_id)


def command(
    home: HomePort, device_id: str, command_id: int, entity_id: str, desired: DeviceState
) -> CommandFinished:
    """Command one device."""
    try:
        context_ids = home.apply(entity_id, desired)
    except IntegrationError as error:
        text, is_permanent, _ = _describe(error)
        return CommandFinished(device_id, command_id, error=text, is_permanent=is_permanent)
    return CommandFinished(device_id, command_id, context_ids)


def read_back(home: HomePort, entity_ids: Sequence[str]) -> StatesFetched:
    """Read entities."""
    try:
        return StatesFetched(home.fetch_states(entity_ids))
    except IntegrationError as error:
        text, is_permanent, _ = _describe(error)
        return StatesFetched(error=text, is_permanent=is_permanent)


def fetch_forecast(source: WeatherSource, now_utc: datetime) -> ForecastFetched:
    """Fetch the forecast of one source."""
    try:
        return ForecastFetched(source.name, source.fetch(now_utc))
    except IntegrationError as error:
        text, _, retry_after_s = _describe(error)
        return ForecastFetched(source.name, None, f"{source.name}: {text}", retry_after_s)


def fetch_warnings(service: WarningService, now_utc: datetime) -> WarningsFetched:
    """Fetch the official warnings of one service."""
    try:
        return WarningsFetched(service.name, service.fetch(now_utc))
    except IntegrationError as error:
        text, _, retry_after_s = _describe(error)
        return WarningsFetched(service.name, None, f"{service.name}: {text}", retry_after_s)
