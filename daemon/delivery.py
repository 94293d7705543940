"""Call slow outside systems on worker threads; each result comes back as an event."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import structlog

from daemon.events import (
    CommandFinished,
    DeliveryFinished,
    ForecastFetched,
    HeartbeatFinished,
    PastFetched,
    StatesFetched,
    WarningsFetched,
)
from integrations.errors import IntegrationError, PermanentError, RefusedError, TransientError

if TYPE_CHECKING:
    from datetime import datetime

    from daemon.events import Event
    from daemon.outbox import OutboxRow
    from daemon.ports import (
        HeartbeatPort,
        HomePort,
        PastWeatherSource,
        WarningService,
        WeatherSource,
    )
    from policies.model import DeviceState

LONGEST_JOB_S = (
    120.0  # every outside call has time-outs of seconds: a longer one hangs (blocked DNS)
)
log = structlog.get_logger()
Job = Callable[[], "Event"]
Crashed = Callable[[str], "Event"]  # what to post when a job raised what it should not


class JobTaker(Protocol):
    """Do jobs; each returns the event to post."""

    @property
    def is_idle(self) -> bool:
        """Return whether no job waits or runs, and every result was posted."""
        ...

    def start(self) -> None:
        """Start what does them."""
        ...

    def submit(self, job: Job, crashed: Crashed) -> None:
        """Take a job; should it raise, `crashed` makes the event that says so."""
        ...

    def is_alive(self) -> bool:
        """Return whether jobs are still done, whatever the present one takes."""
        ...

    def is_healthy(self) -> bool:
        """Return whether jobs are still done and the present one does not hang."""
        ...

    def finish(self) -> None:
        """Take no more jobs; those that wait are still done."""
        ...

    def join(self, timeout_s: float) -> None:
        """Wait for the end for up to `timeout_s`."""
        ...


class InlineWorker:
    """Do each job at once on the caller's thread, for whoever moves the clock (`JobTaker`)."""

    is_idle = True

    def __init__(self, name: str, post: Callable[[Event], None]) -> None:
        """Need no thread to be named."""
        self.name = name
        self._post = post

    def start(self) -> None:
        """Need no thread."""

    def submit(self, job: Job, crashed: Crashed) -> None:
        """Do a job."""
        try:
            self._post(job())
        except Exception as error:
            log.exception("worker.job_crashed", worker=self.name)
            self._post(crashed(f"internal error: {error!r}"))

    def is_alive(self) -> bool:
        """Return True: there is no thread that could die."""
        return True

    def is_healthy(self) -> bool:
        """Return True: there is no thread that could hang."""
        return True

    def finish(self) -> None:
        """End nothing."""

    def join(self, timeout_s: float) -> None:
        """Wait for nothing."""


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
        return StatesFetched(error=str(error), is_refused=isinstance(error, RefusedError))


def fetch_forecast(source: WeatherSource, now_utc: datetime) -> ForecastFetched:
    """Fetch the forecast of one source."""
    try:
        return ForecastFetched(source.name, source.fetch(now_utc))
    except IntegrationError as error:
        text, _, retry_after_s = _describe(error)
        return ForecastFetched(source.name, None, f"{source.name}: {text}", retry_after_s)


def fetch_past(source: PastWeatherSource, now_utc: datetime, days: int) -> PastFetched:
    """Fetch the weather of past days."""
    try:
        return PastFetched(source.fetch_past(now_utc, days))
    except IntegrationError as error:
        return PastFetched(None, str(error))


def fetch_warnings(service: WarningService, now_utc: datetime) -> WarningsFetched:
    """Fetch the official warnings of one service."""
    try:
        return WarningsFetched(service.name, service.fetch(now_utc))
    except IntegrationError as error:
        text, _, retry_after_s = _describe(error)
        return WarningsFetched(service.name, None, f"{service.name}: {text}", retry_after_s)


def beat(heartbeat: HeartbeatPort, now_utc: datetime) -> HeartbeatFinished:
    """Send one sign of life."""
    try:
        heartbeat.beat(now_utc)
    except IntegrationError as error:
        return HeartbeatFinished(str(error))
    return HeartbeatFinished()
