"""Hand what is due to the workers: pushes, commands, read-backs, forecasts."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from daemon import delivery
from daemon.actuation import ReadBack, SendCommand
from daemon.events import (
    CheckFinished,
    CommandFinished,
    DeliveryFinished,
    Event,
    ForecastFetched,
    StatesFetched,
    WarningsFetched,
)
from daemon.pushes import in_present_words
from integrations.messages import RoadMessage
from policies.alert import Road

if TYPE_CHECKING:
    from daemon.check import CheckReport
    from daemon.clock import Instant
    from daemon.official import OfficialWarnings
    from daemon.outbox import Outbox, OutboxRow
    from daemon.poller import Poller
    from daemon.ports import (
        HomePort,
        PhonePort,
        SecondRoadPort,
        WarningService,
        WeatherSource,
    )
    from daemon.state import HomeState

STATES_INTERVAL_S = 60.0  # how often devices are read over REST, whatever the events say
STOP_WORKERS_S = 2.0


class Dispatcher:
    """Own the workers. A port that is `None` is not configured, and nothing is due for it."""

    def __init__(
        self,
        post: Callable[[Event], None],
        phone: PhonePort | None,
        home_assistant: HomePort | None,
        weather: Sequence[WeatherSource],
        check: Callable[[], CheckReport] | None,
        warning_services: Sequence[WarningService] = (),
        second_road: SecondRoadPort | None = None,
    ) -> None:
        """Create the threads without starting them; `check` tries every road, which takes long."""
        self._phone = phone
        self._second_road = second_road
        self._home_assistant = home_assistant
        self._weather = {source.name: source for source in weather}
        self._check = check
        self._warning_services = {service.name: service for service in warning_services}
        names = ["phone", "home", "weather", "check"]
        # Warnings do not make the forecast wait, nor one road the other.
        names += ["warnings"] if warning_services else []
        names += [] if second_road is None else ["second_road"]
        self.workers = {name: delivery.Worker(name, post) for name in names}
        self._next_states_s = 0.0

    def start(self) -> None:
        """Start the workers."""
        for worker in self.workers.values():
            worker.start()

    def finish(self) -> None:
        """Take no more jobs; what is under way goes on while other things are stopped."""
        for worker in self.workers.values():
            worker.finish()

    def stop(self) -> None:
        """Give what is under way a moment to finish, all workers at the same time."""
        self.finish()
        deadline = time.monotonic() + STOP_WORKERS_S
        for worker in self.workers.values():
            worker.join(max(0.0, deadline - time.monotonic()))

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is under way and every result was posted."""
        return all(worker.is_idle for worker in self.workers.values())

    def thread_checks(self) -> Mapping[str, Callable[[], bool]]:
        """Return one health check per worker; of a check that hangs nothing depends."""
        return {
            f"worker-{name}": worker.is_alive if name == "check" else worker.is_healthy
            for name, worker in self.workers.items()
        }

    def next_due_boot_s(
        self, outbox: Outbox, poller: Poller, official: OfficialWarnings
    ) -> float | None:
        """Return when a push, a forecast or a warning is due, on the boot clock."""
        due = [
            outbox.next_due_boot_s(self._roads()),
            poller.next_due_boot_s,
            official.next_due_boot_s,
        ]
        return min((moment for moment in due if moment is not None), default=None)

    def send_pushes(self, outbox: Outbox, state: HomeState, now: Instant) -> None:
        """Submit every push that is due; one that had to wait tells what is true now."""
        for row in outbox.take_due(now, self._roads()):
            self._send(in_present_words(row, state, now))

    def _roads(self) -> tuple[Road, ...]:
        """Return the roads that are configured."""
        phone = (Road.PHONE,) if self._phone is not None else ()
        return phone if self._second_road is None else (*phone, Road.SECOND_ROAD)

    def _send(self, row: OutboxRow) -> None:
        message = row.message
        if isinstance(message, RoadMessage):
            worker, port = "second_road", self._second_road
            send = None if port is None else functools.partial(port.send, message)
        else:
            worker, phone = "phone", self._phone
            send = None if phone is None else functools.partial(phone.send, message)
        if send is not None:
            self.workers[worker].submit(
                functools.partial(delivery.deliver, row, send),
                lambda text: DeliveryFinished(row.row_id, text),
            )

    def command(self, action: SendCommand) -> None:
        """Submit a command to a device."""
        home = self._home_assistant
        if home is None:
            return
        self.workers["home"].submit(
            lambda: delivery.command(
                home, action.device_id, action.command_id, action.entity_id, action.desired
            ),
            lambda text: CommandFinished(action.device_id, action.command_id, error=text),
        )

    def read(self, action: ReadBack) -> None:
        """Submit a read-back."""
        self._read(action.entity_ids)

    def _read(self, entity_ids: Sequence[str]) -> None:
        home = self._home_assistant
        if home is not None and entity_ids:
            self.workers["home"].submit(
                lambda: delivery.read_back(home, entity_ids), lambda text: StatesFetched(error=text)
            )

    def read_all_if_due(self, entity_ids: Sequence[str], now: Instant) -> None:
        """Read every entity once a minute: events may be missed, a read is not."""
        if now.boot_s >= self._next_states_s:
            self._next_states_s = now.boot_s + STATES_INTERVAL_S
            self._read(entity_ids)

    def read_all_soon(self) -> None:
        """Read every entity at the next chance: the event stream was away."""
        self._next_states_s = 0.0

    def fetch_forecast_if_due(self, poller: Poller, now: Instant) -> None:
        """Ask the source whose turn it is for the forecast."""
        name = poller.take_due(now)
        if name is not None:
            source = self._weather[name]
            self.workers["weather"].submit(
                lambda: delivery.fetch_forecast(source, now.utc),
                lambda text: ForecastFetched(name, None, f"{name}: {text}"),
            )

    def fetch_warnings_if_due(self, official: OfficialWarnings, now: Instant) -> None:
        """Ask the services of official warnings whose time has come."""
        for name in official.take_due(now):
            self.workers["warnings"].submit(
                functools.partial(delivery.fetch_warnings, self._warning_services[name], now.utc),
                functools.partial(_warnings_crashed, name),
            )

    def check(self) -> bool:
        """Submit a check of every road, unless one is under way; return whether it was."""
        check, worker = self._check, self.workers["check"]
        if check is None or not worker.is_idle:
            return False
        worker.submit(lambda: CheckFinished(check()), lambda text: CheckFinished(None, text))
        return True


def _warnings_crashed(name: str, text: str) -> WarningsFetched:
    return WarningsFetched(name, None, f"{name}: {text}")
