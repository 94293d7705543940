"""Drive the real loop in-process: real SQLite, clocks that tests move, ports that hold state."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from daemon.announcing import Announce, announce_nothing
from daemon.bootstrap.learning import let_learn
from daemon.check import CheckReport
from daemon.clock import Instant
from daemon.commands import CommandParser
from daemon.delivery import Crashed, Job
from daemon.demo.fake_plug import FakePlug
from daemon.events import Event
from daemon.faces import Topics
from daemon.inbox import Inbox
from daemon.loop import Daemon
from daemon.official import OfficialWarnings
from daemon.parts import Parts
from daemon.pictures import Draw, Pictures
from daemon.poller import Poller
from daemon.sensor_track import Sensor
from daemon.state import HomeState
from daemon.store import DATABASE_NAME
from daemon.supervisor import Supervisor
from daemon.writer import InlineWriter, Writer
from integrations.errors import IntegrationError, TransientError
from integrations.messages import (
    ButtonPressed,
    DeviceObserved,
    HomeMessage,
    MessageReceived,
    PhoneMessage,
    RoadMessage,
)
from integrations.mqtt_payloads import parse_message
from integrations.mqtt_plugs import Plug, Plugs
from policies.arbitrate import decide
from policies.model import (
    Carer,
    Decision,
    DeviceState,
    Forecast,
    Home,
    OfficialWarning,
    Person,
    PersonConditions,
    PlugFamily,
    Room,
    Snapshot,
    Tuning,
)
from policies.plausibility import INDOORS, Bounds
from tests.builders import a_home, a_person, a_room
from tests.opened import open_store

AFTERNOON_UTC = datetime(2026, 7, 14, 13, 0, tzinfo=UTC)
TOPICS = Topics("keepcool", "home")
READING_TOPIC = "zigbee2mqtt/living"
# Values count at once, so that a test says what it means in one reading.
PROMPT = Tuning(
    rolling_window=timedelta(0),
    fast_window=timedelta(0),
    resolve_hold=timedelta(0),
    maximum_step_c_per_min=None,
)


class TwoClocks:
    """Tell boot time and wall time, each moved by the test; a reboot changes the boot id."""

    def __init__(self, utc: datetime = AFTERNOON_UTC) -> None:
        self.boot_id = "boot-1"
        self.boot = 1000.0
        self.utc = utc
        self.is_set = True

    def now(self) -> Instant:
        """Return both."""
        return Instant(self.boot_id, self.boot, self.utc)

    def boot_s(self) -> float:
        """Return the clock that never steps."""
        return self.boot

    def is_synchronised(self) -> bool:
        """Return what the test says."""
        return self.is_set

    def pass_time(self, seconds: float) -> None:
        """Let both go on."""
        self.boot += seconds
        self.utc += timedelta(seconds=seconds)

    def step_wall(self, by: timedelta) -> None:
        """Step the wall clock alone, as NTP does."""
        self.utc += by

    def reboot(self, down_for: timedelta) -> None:
        """Start boot time anew; the wall clock goes on."""
        self.boot_id += "'"
        self.boot = 20.0
        self.utc += down_for


class FakeBroker:
    """Be the broker of a daemon without one: keep what was published."""

    def __init__(self) -> None:
        self.published: list[tuple[str, str]] = []
        self.retained: dict[str, str] = {}
        self.pictures: list[tuple[str, bytes]] = []
        self.is_alive = True
        self.dropped_messages = 0

    def start(self) -> None:
        """Connect to nothing."""

    def publish(
        self, topic: str, payload: str | bytes, *, is_retained: bool = False, qos: int = 0
    ) -> None:
        """Keep a message."""
        if isinstance(payload, bytes):
            self.pictures.append((topic, payload))
            return
        text = payload
        self.published.append((topic, text))
        if is_retained:
            self.retained[topic] = text

    def flush(self, timeout_s: float) -> bool:
        """Everything is there at once."""
        return True

    def is_thread_alive(self) -> bool:
        """Return what the test says."""
        return self.is_alive

    def stop(self) -> None:
        """Say offline, as the real one does."""
        self.publish(TOPICS.status, "offline", is_retained=True)

    def replies(self) -> list[tuple[bool, str]]:
        """Return the answers to requests, in order."""
        found = [json.loads(text) for topic, text in self.published if "/reply/" in topic]
        return [(answer["done"], answer["text"]) for answer in found]


@dataclass
class FakePhone:
    """Take pushes, or fail with `error`."""

    taken: list[PhoneMessage] = field(default_factory=list)
    error: IntegrationError | None = None

    def send(self, message: PhoneMessage) -> None:
        """Take a push."""
        if self.error is not None:
            raise self.error
        self.taken.append(message)

    @property
    def pushes(self) -> list[PhoneMessage]:
        """Return what was not a clearing."""
        return [message for message in self.taken if not message.is_clear]

    def about(self, policy: str) -> list[PhoneMessage]:
        """Return the pushes of one policy."""
        return [push for push in self.pushes if push.tag.startswith(f"keepcool-{policy}-")]

    def shown(self) -> dict[str, PhoneMessage]:
        """Return what the phone shows, by tag."""
        shown: dict[str, PhoneMessage] = {}
        for message in self.taken:
            shown.pop(message.tag, None)
            if not message.is_clear:
                shown[message.tag] = message
        return shown


@dataclass
class FakeRoad:
    """Be everybody's second road: take messages, or fail with `error`, or for some alone."""

    taken: list[RoadMessage] = field(default_factory=list)
    error: IntegrationError | None = None
    refused: tuple[str, ...] = ()  # whose messages do not get through

    def send(self, message: RoadMessage) -> None:
        """Take a message."""
        if self.error is not None:
            raise self.error
        if message.channel_id.partition(":")[0] in self.refused:
            raise TransientError("planted")
        self.taken.append(message)

    def to(self, owner_id: str) -> list[RoadMessage]:
        """Return what went to one person or carer."""
        return [each for each in self.taken if each.channel_id.startswith(f"{owner_id}:")]


@dataclass
class FakeAnnouncer:
    """Be the speakers and lights: say messages, or fail with `error`."""

    said: list[HomeMessage] = field(default_factory=list)
    error: IntegrationError | None = None

    def send(self, message: HomeMessage) -> None:
        """Say a message."""
        if self.error is not None:
            raise self.error
        self.said.append(message)


@dataclass
class FakeHeartbeat:
    """Be the monitoring service: count the signs of life, or refuse them with `error`."""

    beats: int = 0
    error: IntegrationError | None = None

    def beat(self, now_utc: datetime) -> None:
        """Take one."""
        if self.error is not None:
            raise self.error
        self.beats += 1


@dataclass
class FakeHouse:
    """Be Home Assistant's entities; every command is obeyed at once."""

    states: dict[str, DeviceState] = field(default_factory=dict)
    commands: list[tuple[str, DeviceState]] = field(default_factory=list)
    reads: list[tuple[str, ...]] = field(default_factory=list)
    error: IntegrationError | None = None
    clock: TwoClocks = field(default_factory=TwoClocks)

    def apply(self, entity_id: str, desired: DeviceState) -> tuple[str, ...]:
        """Obey."""
        self._fail_if_told()
        self.commands.append((entity_id, desired))
        self.states[entity_id] = desired
        return (f"context-{len(self.commands)}",)

    def fetch_states(self, entity_ids: Sequence[str]) -> tuple[DeviceObserved, ...]:
        """Tell what is known."""
        self._fail_if_told()
        self.reads.append(tuple(entity_ids))
        return tuple(
            DeviceObserved(
                entity_id,
                self.states.get(entity_id),
                is_available=entity_id in self.states,
                last_updated=self.clock.utc if entity_id in self.states else None,
            )
            for entity_id in entity_ids
        )

    def fetch_services(self) -> Mapping[str, frozenset[str]]:
        """Offer nothing by name."""
        return {}

    def _fail_if_told(self) -> None:
        if self.error is not None:
            raise self.error


@dataclass
class FakeWeather:
    """Serve one forecast, or fail with `error`."""

    forecast: Forecast | None = None
    error: IntegrationError | None = None
    name: str = "fake"
    asked: int = 0

    def fetch(self, now_utc: datetime) -> Forecast:
        """Serve."""
        self.asked += 1
        if self.error is not None:
            raise self.error
        assert self.forecast is not None
        return self.forecast


@dataclass
class FakeWarnings:
    """Serve official warnings, or fail with `error`."""

    warnings: tuple[OfficialWarning, ...] = ()
    error: Exception | None = None
    name: str = "nws"

    def fetch(self, now_utc: datetime) -> tuple[OfficialWarning, ...]:
        """Serve."""
        if self.error is not None:
            raise self.error
        return self.warnings


class InlineWorker:
    """Do a job at once on the caller's thread; while `is_held` jobs wait for `let_go`."""

    def __init__(self, post: Callable[[Event], None]) -> None:
        self._post = post
        self._waiting: list[tuple[Job, Crashed]] = []
        self.is_held = False
        self.is_idle = True

    def start(self) -> None:
        """Need no thread."""

    def submit(self, job: Job, crashed: Crashed) -> None:
        """Do a job, or keep it."""
        self._waiting.append((job, crashed))
        if not self.is_held:
            self.let_go()

    def let_go(self) -> None:
        """Do what waits."""
        waiting, self._waiting = self._waiting, []
        for job, crashed in waiting:
            try:
                self._post(job())
            except Exception as error:  # noqa: BLE001 - as the real worker
                self._post(crashed(repr(error)))

    def is_alive(self) -> bool:
        """Return True: there is no thread that could die."""
        return True

    def is_healthy(self) -> bool:
        """Return True: there is no thread that could die."""
        return True

    def finish(self) -> None:
        """End nothing."""

    def join(self, timeout_s: float) -> None:
        """Wait for nothing."""


@dataclass
class LoopHome:
    """Hold a daemon with its surroundings; `kill` and `boot` leave only what SQLite holds."""

    folder: Path
    people: Sequence[Person] = field(default_factory=lambda: (a_person(),))
    rooms: Sequence[Room] = field(default_factory=lambda: (a_room(),))
    home: Home = field(default_factory=lambda: a_home(tuning=PROMPT))
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    decide: Callable[[Snapshot], Decision] = decide
    carers: Sequence[Carer] = ()
    second_road: FakeRoad | None = None
    announcer: FakeAnnouncer | None = None
    heartbeat: FakeHeartbeat | None = None
    weather: Sequence[FakeWeather] = ()
    warnings: Sequence[FakeWarnings] = ()
    check: Callable[[], CheckReport] | None = None
    announce: Announce = announce_nothing
    birth_topic: str | None = None
    maximum_step_c_per_min: float | None = None
    clock: TwoClocks = field(default_factory=TwoClocks)
    phone: FakePhone = field(default_factory=FakePhone)
    broker: FakeBroker = field(default_factory=FakeBroker)
    house: FakeHouse = field(default_factory=FakeHouse)
    plug: FakePlug | None = None  # the device "plug"; it hears the broker while that is up
    writer: Writer = field(default_factory=InlineWriter)
    is_learning: bool = False
    draw: Draw | None = None
    picture_paths: Mapping[str, str] = field(default_factory=dict)
    daemon: Daemon = field(init=False)
    workers: dict[str, InlineWorker] = field(init=False)

    def __post_init__(self) -> None:
        self.house.clock = self.clock
        self.boot()

    def boot(self) -> None:
        """Start a daemon on what the database holds."""
        now = self.clock.now()
        inbox = Inbox()
        sensors = [
            Sensor(
                f"{room.room_id}-sensor",
                room.room_id,
                f"zigbee2mqtt/{room.room_id}",
                parse_message,
                availability_topic=f"zigbee2mqtt/{room.room_id}/availability",
                bounds=Bounds(INDOORS.lowest_c, INDOORS.highest_c, self.maximum_step_c_per_min),
            )
            for room in self.rooms
        ]
        zone = self.zone
        poller = Poller(timedelta(hours=1), [source.name for source in self.weather])
        state = HomeState(
            self.home, self.rooms, self.people, sensors, zone, poller, now, self.carers
        )
        state.pictures = Pictures(self.picture_paths, self.rooms)
        state.official = OfficialWarnings([service.name for service in self.warnings])
        store = open_store(self.folder / DATABASE_NAME)
        if self.is_learning:
            let_learn(state, store)
        self.daemon = Daemon(
            Parts(
                clock=self.clock,
                store=store,
                inbox=inbox,
                state=state,
                topics=TOPICS,
                commands=CommandParser(TOPICS, self.people, self.rooms, zone, self.carers),
                mqtt=self.broker,
                weather=self.weather,
                warning_services=self.warnings,
                phone=self.phone,
                home_assistant=self.house,
                events=None,
                status_path=self.folder / "home.status.json",
                decide=self._decide,
                plugs=self._plugs(),
                check=self.check,
                announce=self.announce,
                birth_topic=self.birth_topic,
                second_road=self.second_road,
                announcer=self.announcer,
                writer=self.writer,
                heartbeat=self.heartbeat,
                draw=self.draw,
            )
        )
        names = {"phone", "home", "weather", "warnings", "check", *self.daemon.dispatcher.workers}
        self.workers = {name: InlineWorker(inbox.post) for name in names}
        self.daemon.dispatcher.workers = self.workers  # type: ignore[assignment] # the same methods
        self.daemon.supervisor = Supervisor({"mqtt": self.broker.is_thread_alive})
        self.turn()

    def _plugs(self) -> Plugs | None:
        if self.plug is None:
            return None
        topic = self.plug.state_topic
        words = Plug(
            PlugFamily.ZIGBEE2MQTT, self.plug.command_topic, (topic,), f"{topic}/availability"
        )
        return Plugs({"plug": words}, self._publish_to_plug)

    def _publish_to_plug(self, topic: str, payload: str) -> None:
        assert self.plug is not None
        self.broker.publish(topic, payload)
        self.say(*self.plug.take(topic, payload))

    def say(self, *messages: tuple[str, str]) -> None:
        """Have devices publish; the daemon hears it at its next turn."""
        for topic, payload in messages:
            message = MessageReceived(topic, payload.encode(), False, self.clock.boot)  # noqa: FBT003
            self.daemon.parts.inbox.post(message)

    def _decide(self, snapshot: Snapshot) -> Decision:
        return self.decide(snapshot)  # a test may exchange it while the daemon runs

    def kill(self) -> None:
        """End the daemon as a power cut does."""
        self.daemon.parts.store._connection.close()

    def restart(self) -> None:
        """Kill and boot."""
        self.kill()
        self.boot()

    def turn(self) -> None:
        """Turn until nothing happens any more."""
        for _ in range(1000):
            has_happened = self.daemon.turn(0.0)
            if not has_happened and not len(self.daemon.parts.inbox):
                return
        raise AssertionError("the daemon does not come to rest")

    def run(self, seconds: float, step_s: float = 10.0) -> None:
        """Let time pass, tick by tick."""
        left_s = seconds
        while left_s > 0:
            self.clock.pass_time(min(step_s, left_s))
            left_s -= step_s
            self.turn()

    def hear(self, topic: str, payload: str | bytes, *, is_retained: bool = False) -> None:
        """Have a message arrive."""
        data = payload.encode() if isinstance(payload, str) else payload
        self.post(MessageReceived(topic, data, is_retained, self.clock.boot))

    def read(
        self, temperature_c: float, room_id: str = "living", *, is_retained: bool = False
    ) -> None:
        """Have a sensor speak, a second later."""
        self.clock.pass_time(1.0)
        payload = json.dumps({"temperature": temperature_c, "humidity": 40.0})
        self.hear(f"zigbee2mqtt/{room_id}", payload, is_retained=is_retained)

    def press(self, message: PhoneMessage, button: int = 0) -> None:
        """Press a button of a push."""
        self.post(ButtonPressed(message.buttons[button].action, message.tag))

    def ask(self, topic: str, **fields: object) -> tuple[bool, str] | None:
        """Send a command; return the answer to it, if one came."""
        before = len(self.broker.replies())
        self.hear(topic, json.dumps(fields))
        answers = self.broker.replies()[before:]
        return answers[0] if answers else None

    def post(self, event: Event) -> None:
        """Have something happen."""
        self.daemon.parts.inbox.post(event)
        self.turn()

    def break_disk(self, *, is_broken: bool = True) -> None:
        """Have the database refuse, or take again, what is written."""
        self.daemon.parts.store._connection.execute(f"PRAGMA query_only={int(is_broken)}")

    def links(self) -> dict[str, tuple[bool, str]]:
        """Return whether each road works, and what is said of it."""
        found = self.daemon.state.links(self.clock.now())
        return {link.link: (link.is_up, link.detail) for link in found}

    def conditions(self, person_id: str = "anna") -> PersonConditions:
        """Return a person's counters."""
        record = self.daemon.state.people[person_id]
        return record.conditions(self.clock.now(), is_clock_synchronised=True)

    def level(self, room_id: str = "living") -> int | None:
        """Return the published level of a room."""
        text = self.broker.retained.get(TOPICS.room_state(room_id))
        return None if text is None else int(json.loads(text)["level"])

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what the database holds."""
        return [tuple(row) for row in self.daemon.parts.store._connection.execute(query)]
