"""Stand where the adapters stand: what would go out is written down, and counts as having arrived.

Phones take every push, devices do as they are told at once, the broker is there and nobody reads
what is published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from daemon.hours import HourBatch
from daemon.ports import Post
from daemon.records import HistoryRow
from daemon.stepping import SteppedClock
from daemon.store import IN_MEMORY, Store
from integrations.messages import (
    DeviceObserved,
    HomeMessage,
    LinkChanged,
    MessageReceived,
    PhoneButton,
    PhoneMessage,
    PlugHeard,
    RoadMessage,
)
from policies.alert import Road, Severity, policy_of
from policies.model import CoolingDevice, Decision, DeviceKind, DeviceState, Forecast, Snapshot

OFF_WORD = "off"
_HEAT = "heat"


@dataclass(slots=True)
class Sent:
    """Hold one message; the same words on several phones are one message."""

    at: datetime
    road: Road
    tag: str
    title: str
    body: str
    severity: int  # policies.alert.Severity
    is_announcement: bool  # of heat that is expected and not there yet,
    named_at: datetime | None  # and when
    buttons: tuple[PhoneButton, ...] = ()
    channels: list[str] = field(default_factory=list)

    @property
    def policy(self) -> str:
        """Return what it is about: "heat", "hydration", "trouble" ..."""
        return policy_of(self.tag)

    @property
    def heat_person(self) -> str | None:
        """Return whose heat it is about, by their id; `None` for anything else."""
        if self.policy != _HEAT:
            return None
        return self.tag.removeprefix(f"keepcool-{_HEAT}-").rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Switched:
    """Hold one command to a device."""

    at: datetime
    device_id: str
    desired: DeviceState


class Notebook:
    """Write down what goes out, and when. Also stands for every phone, second road and speaker."""

    def __init__(self, clock: SteppedClock) -> None:
        """Begin empty."""
        self._clock = clock
        self._ahead: dict[str, datetime | None] = {}  # of heat alerts of what is only expected
        self.messages: list[Sent] = []
        self.switched: list[Switched] = []
        self.crashes: dict[str, str] = {}  # by policy
        self.decisions = 0

    def watch(self, decide: Callable[[Snapshot], Decision]) -> Callable[[Snapshot], Decision]:
        """Return the same judgement; what is needed to tell an announcement is noted."""

        def noting(snapshot: Snapshot) -> Decision:
            decision = decide(snapshot)
            self.decisions += 1
            for alert in decision.alerts:
                if alert.key.policy == _HEAT and alert.is_expected:
                    self._ahead[alert.key.tag] = alert.message.moment("expected_at")
                else:
                    self._ahead.pop(alert.key.tag, None)
            for crash in decision.crashes:
                self.crashes.setdefault(crash.policy, crash.detail)
            return decision

        return noting

    def send(self, message: PhoneMessage | RoadMessage | HomeMessage) -> None:
        """Take a message (`PhonePort`, `SecondRoadPort`, `AnnouncerPort`)."""
        if message.is_clear:
            return
        buttons: tuple[PhoneButton, ...] = ()
        if isinstance(message, PhoneMessage):
            road, channel, buttons = Road.PHONE, message.service, message.buttons
        elif isinstance(message, RoadMessage):
            road, channel = Road.SECOND_ROAD, message.channel_id
        else:
            road, channel = Road.ANNOUNCER, message.entity_id
        now = self._clock.now().utc
        last = self.messages[-1] if self.messages else None
        words = (now, road, message.tag, message.title, message.body)
        if last is not None and (last.at, last.road, last.tag, last.title, last.body) == words:
            last.channels.append(channel)
            return
        ahead, named_at = message.tag in self._ahead, self._ahead.get(message.tag)
        ahead = ahead and message.severity > Severity.DISPLAY  # "already over" announces nothing
        self.messages.append(Sent(*words, message.severity, ahead, named_at, buttons, [channel]))

    def note_switch(self, device_id: str, desired: DeviceState) -> None:
        """Note a command."""
        self.switched.append(Switched(self._clock.now().utc, device_id, desired))


class StoreWithoutPast(Store):
    """Keep what a daemon must remember, in memory; readings, which nobody reads again, are not."""

    def __init__(self) -> None:
        """Open an empty database."""
        super().__init__(IN_MEMORY, synchronous="OFF")

    def write_history(
        self,
        rows: Iterable[HistoryRow],
        sensors: Mapping[str, str],
        hours: HourBatch | None = None,
        forecasts: Iterable[Forecast] = (),
    ) -> None:
        """Let the past go: a season of it would only fill the memory."""


class RecordedHome:
    """Be Home Assistant's entities: each is at first off, and then as it was told (`HomePort`)."""

    def __init__(
        self, devices: Sequence[CoolingDevice], notebook: Notebook, clock: SteppedClock
    ) -> None:
        """Know the devices."""
        self._by_entity = {device.entity_id: device for device in devices}
        self._states = {device.entity_id: _at_rest(device) for device in devices}
        self._changed = {device.entity_id: clock.now().utc for device in devices}
        self._notebook = notebook
        self._clock = clock
        self._calls = 0

    def apply(self, entity_id: str, desired: DeviceState) -> tuple[str, ...]:
        """Obey."""
        self._calls += 1
        self._notebook.note_switch(self._by_entity[entity_id].device_id, desired)
        self._states[entity_id] = desired
        self._changed[entity_id] = self._clock.now().utc
        return (f"replay-{self._calls}",)

    def fetch_states(self, entity_ids: Sequence[str]) -> tuple[DeviceObserved, ...]:
        """Tell what every known entity does."""
        return tuple(
            DeviceObserved(
                entity_id,
                self._states[entity_id],
                is_available=True,
                last_updated=self._changed[entity_id],
                raw_state="on" if self._states[entity_id].is_on else OFF_WORD,
            )
            for entity_id in entity_ids
            if entity_id in self._states
        )

    def fetch_services(self) -> Mapping[str, frozenset[str]]:
        """Offer nothing by name: nobody asks."""
        return {}


def _at_rest(device: CoolingDevice) -> DeviceState:
    match device.kind:
        case DeviceKind.CLIMATE:
            return DeviceState(is_on=False, hvac_mode=OFF_WORD)
        case DeviceKind.COVER:
            return DeviceState(is_on=False, position_pct=100)
        case _:
            return DeviceState(is_on=False)


class RecordedPlugs:
    """Be the plugs that speak MQTT (`PlugPort`)."""

    def __init__(self, devices: Sequence[CoolingDevice], notebook: Notebook, post: Post) -> None:
        """Know the plugs."""
        self._topics = {f"replay/plug/{device.device_id}": device for device in devices}
        self._is_on = {device.device_id: False for device in devices}
        self._notebook = notebook
        self._post = post

    @property
    def topics(self) -> frozenset[str]:
        """Name every topic on which a plug tells something."""
        return frozenset(self._topics)

    def switch(self, device_id: str, *, is_on: bool, timer: timedelta | None) -> None:
        """Obey; the timer matters to a dead keepcool only."""
        del timer
        if self._is_on[device_id] != is_on:
            self._notebook.note_switch(device_id, DeviceState(is_on=is_on))
        self._is_on[device_id] = is_on
        self.ask(device_id)

    def ask(self, device_id: str) -> None:
        """Have a plug tell its state."""
        self._post(MessageReceived(f"replay/plug/{device_id}", b"", False, 0.0))  # noqa: FBT003

    def end_timer(self, device_id: str) -> None:
        """Have no timer to end."""

    def read(self, topic: str, payload: bytes) -> tuple[PlugHeard, ...]:
        """Return what a plug's topic tells."""
        del payload
        device = self._topics[topic]
        is_on = self._is_on[device.device_id]
        return (PlugHeard(device.device_id, device.entity_id, is_on=is_on, is_available=True),)


class SilentBroker:
    """Be a broker to whom nobody listens (`MqttLink`)."""

    dropped_messages = 0

    def __init__(self, post: Post) -> None:
        """Be away before `start`."""
        self._post = post

    def start(self) -> None:
        """Be there."""
        self._post(LinkChanged("mqtt", is_up=True))

    def publish(
        self, topic: str, payload: str | bytes, *, is_retained: bool = False, qos: int = 0
    ) -> None:
        """Take a message; nobody reads it."""

    def flush(self, timeout_s: float) -> bool:
        """Return True: everything was posted."""
        del timeout_s
        return True

    def is_thread_alive(self) -> bool:
        """Return True: there is no thread that could die."""
        return True

    def stop(self) -> None:
        """Be away again."""
