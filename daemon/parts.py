"""Hold what the bootstrap builds for the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from daemon.announcing import Announce, announce_nothing
from daemon.basic_mode import Start
from daemon.check import CheckReport
from daemon.commands import CommandParser
from daemon.delivery import JobTaker, Worker
from daemon.events import Event
from daemon.faces import Topics
from daemon.inbox import Inbox
from daemon.pictures import Draw
from daemon.ports import (
    AnnouncerPort,
    Clock,
    EventStream,
    HeartbeatPort,
    HomePort,
    MqttLink,
    PhonePort,
    PlugPort,
    SecondRoadPort,
    WarningService,
    WeatherSource,
)
from daemon.state import HomeState
from daemon.store import Store
from daemon.watchdogs import Watchdogs
from daemon.writer import InlineWriter, Writer
from policies.model import Decision, Snapshot


@dataclass(frozen=True, slots=True)
class Parts:
    """Hold everything that the bootstrap built for the loop; `None` ports are not configured."""

    clock: Clock
    store: Store
    inbox: Inbox
    state: HomeState
    topics: Topics
    commands: CommandParser
    mqtt: MqttLink
    weather: Sequence[WeatherSource]  # the most wanted first; empty: no forecast
    phone: PhonePort | None
    home_assistant: HomePort | None
    events: EventStream | None
    status_path: Path
    decide: Callable[[Snapshot], Decision]
    tick_interval: timedelta = timedelta(seconds=10)
    decision_interval: timedelta = timedelta(seconds=1)
    # How often devices are read over REST, whatever the events say.
    states_interval: timedelta = timedelta(minutes=1)
    power_entities: Mapping[str, str] = field(default_factory=dict)  # entity_id -> device_id
    power_topics: Mapping[str, str] = field(default_factory=dict)  # MQTT topic -> device_id
    parse_power: Callable[[str, bytes], float | None] = lambda _topic, _payload: None
    check: Callable[[], CheckReport] | None = None  # tries every road once; takes seconds
    announce: Announce = announce_nothing  # what Home Assistant is told to show
    birth_topic: str | None = None  # where Home Assistant says that it started
    plugs: PlugPort | None = None
    watchdogs: Watchdogs = field(default_factory=Watchdogs)  # what Home Assistant would end
    warning_services: Sequence[WarningService] = ()
    second_road: SecondRoadPort | None = None
    announcer: AnnouncerPort | None = None
    heartbeat: HeartbeatPort | None = None
    heartbeat_interval: timedelta = timedelta(seconds=120)
    hire: Callable[[str, Callable[[Event], None]], JobTaker] = Worker  # who calls the ports
    is_watched: bool = True  # False: nobody looks at states and status, as in a replay
    draw: Draw | None = None  # makes a room's picture; takes a tenth of a second and more
    version: str = ""
    writer: Writer = field(default_factory=InlineWriter)  # does what is written to `store`
    spare_path: Path | None = None  # takes what the disk refuses; on a memory file system
    start_trouble: Mapping[str, str] = field(default_factory=dict)  # link -> what was wrong
    start: Start = field(default_factory=Start)  # follows whether this run lasts
