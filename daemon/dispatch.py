"""Hand what is due to the workers: pushes, commands, read-backs, forecasts."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from daemon import delivery, pictures
from daemon.actuation import ReadBack, SendCommand
from daemon.events import (
    CheckFinished,
    CommandFinished,
    DeliveryFinished,
    ForecastFetched,
    HeartbeatFinished,
    LearnerAdvanced,
    PastFetched,
    PictureDrawn,
    StatesFetched,
    WarningsFetched,
)
from daemon.ports import PastWeatherSource
from daemon.pushes import in_present_words
from daemon.room_learner import DAYS_LEARNED
from integrations.messages import HomeMessage, RoadMessage
from policies.alert import Road

if TYPE_CHECKING:
    from daemon.clock import Instant
    from daemon.foresight import Foresight
    from daemon.official import OfficialWarnings
    from daemon.outbox import Outbox, OutboxRow
    from daemon.parts import Parts
    from daemon.poller import Poller
    from daemon.state import HomeState
    from policies.model import Snapshot

AWAY_INTERVAL_S = 10.0  # while Home Assistant is away: what waits for it must go soon after
REFUSED_INTERVAL_S = 300.0  # it may ban an address that keeps trying; source: FAULTS 33
STOP_WORKERS_S = 2.0
MAY_HANG = frozenset({"check", "heartbeat", "learner", "pictures"})


class Dispatcher:
    """Own the workers. A port that is `None` is not configured, and nothing is due for it."""

    def __init__(self, parts: Parts) -> None:
        """Create the threads without starting them."""
        self._phone = parts.phone
        self._second_road = parts.second_road
        self._announcer = parts.announcer
        ports = {
            Road.PHONE: parts.phone,
            Road.SECOND_ROAD: parts.second_road,
            Road.ANNOUNCER: parts.announcer,
        }
        self._roads = tuple(road for road, port in ports.items() if port is not None)
        self._home_assistant = parts.home_assistant
        self._weather = {source.name: source for source in parts.weather}
        self._past_weather = next(
            (source for source in parts.weather if isinstance(source, PastWeatherSource)), None
        )
        self._check = parts.check  # tries every road, which takes long
        self._warning_services = {service.name: service for service in parts.warning_services}
        self._heartbeat = parts.heartbeat
        self._draw = parts.draw
        self._beat_interval_s = parts.heartbeat_interval.total_seconds()
        names = ["phone", "home", "weather", "check"]
        # Warnings do not make the forecast wait, nor one road the other.
        names += ["warnings"] if parts.warning_services else []
        names += [] if parts.second_road is None else ["second_road"]
        names += [] if parts.announcer is None else ["announcer"]
        names += [] if parts.heartbeat is None else ["heartbeat"]
        names += ["learner"] if parts.state.foresight.is_on else []
        names += [] if parts.draw is None else ["pictures"]
        self.workers = {name: parts.hire(name, parts.inbox.post) for name in names}
        self._next_states_s = 0.0
        self._usual_states_interval_s = parts.states_interval.total_seconds()
        self._states_interval_s = self._usual_states_interval_s
        self._next_beat_s = 0.0

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
        """Return one health check per worker; on what hangs in `MAY_HANG` nothing depends."""
        return {
            f"worker-{name}": worker.is_alive if name in MAY_HANG else worker.is_healthy
            for name, worker in self.workers.items()
        }

    def next_due_boot_s(
        self, outbox: Outbox, poller: Poller, official: OfficialWarnings
    ) -> float | None:
        """Return when a push, a forecast or a warning is due, on the boot clock."""
        due = [
            outbox.next_due_boot_s(self._roads),
            poller.next_due_boot_s,
            official.next_due_boot_s,
        ]
        return min((moment for moment in due if moment is not None), default=None)

    def send_pushes(self, outbox: Outbox, state: HomeState, now: Instant) -> None:
        """Submit every push that is due; one that had to wait tells what is true now."""
        for row in outbox.take_due(now, self._roads):
            self._send(in_present_words(row, state, now))

    def _send(self, row: OutboxRow) -> None:
        message = row.message
        if isinstance(message, RoadMessage):
            worker, port = "second_road", self._second_road
            send = None if port is None else functools.partial(port.send, message)
        elif isinstance(message, HomeMessage):
            worker, announcer = "announcer", self._announcer
            send = None if announcer is None else functools.partial(announcer.send, message)
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
        """Read every entity once a minute or so: events may be missed, a read is not.

        While Home Assistant is away this is also how its return is noticed.
        """
        if now.boot_s >= self._next_states_s:
            self._next_states_s = math.inf  # until it is answered: slow answers must not pile up
            self._read(entity_ids)

    def note_home_assistant(self, now: Instant, *, is_up: bool, is_refused: bool) -> None:
        """Take how Home Assistant answered last: away it is asked more often, refusing less."""
        if is_refused:
            self._states_interval_s = REFUSED_INTERVAL_S
        else:
            usual_s = self._usual_states_interval_s
            self._states_interval_s = usual_s if is_up else AWAY_INTERVAL_S
        soonest_s = now.boot_s + self._states_interval_s
        self._next_states_s = soonest_s if is_refused else min(self._next_states_s, soonest_s)

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

    def learn(self, foresight: Foresight, now: Instant) -> None:
        """Give the learner its next slice of work, once it has finished the last.

        Where it misses the weather of rooms' hours, a source that knows the past is asked for it.
        """
        source = self._past_weather
        if source is not None and foresight.take_past_wish(now):
            self.workers["weather"].submit(
                lambda: delivery.fetch_past(source, now.utc, DAYS_LEARNED),
                lambda text: PastFetched(None, text),
            )
        job = foresight.take_job()
        if job is not None:
            self.workers["learner"].submit(job, lambda text: LearnerAdvanced(error=text))

    def beat_if_due(self, now: Instant) -> None:
        """Say that keepcool lives; call this only when it does. One that hangs is not joined."""
        heartbeat = self._heartbeat
        if heartbeat is None or now.boot_s < self._next_beat_s:
            return
        if self.workers["heartbeat"].is_idle:
            self._next_beat_s = now.boot_s + self._beat_interval_s
            self.workers["heartbeat"].submit(
                lambda: delivery.beat(heartbeat, now.utc), HeartbeatFinished
            )

    def draw_if_due(self, state: HomeState, snapshot: Snapshot | None, now: Instant) -> None:
        """Have the next room's picture drawn, unless one is being drawn."""
        make = self._draw
        if make is None or snapshot is None or not self.workers["pictures"].is_idle:
            return
        due = state.pictures.take_due(snapshot, state.users_by_room(), state.zone, now)
        if due is not None:
            room_id, chart = due
            self.workers["pictures"].submit(
                lambda: pictures.draw(make, room_id, chart),
                lambda text: PictureDrawn(room_id, None, error=text),
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
