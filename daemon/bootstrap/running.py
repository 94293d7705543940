"""Run the daemon, by the machine's clock or by a driver's."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import functools
import gc
import os
import signal
import types
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from config.home import (
    build_carers,
    build_home,
    build_motion,
    build_people,
    build_plugs,
    build_power_meters,
    build_presence,
    build_rooms,
    build_sensors,
)
from config.kept import basic
from config.settings import Settings
from daemon import __version__, rescue
from daemon.basic_mode import Start
from daemon.bootstrap.checking import try_roads
from daemon.bootstrap.errors import StartError
from daemon.bootstrap.learning import let_learn
from daemon.bootstrap.payloads import (
    build_plug_words,
    build_power_parser,
    build_sensor,
    build_whereabouts,
)
from daemon.bootstrap.picturing import build_draw, picture_paths
from daemon.bootstrap.roads import (
    build_announcer,
    build_events,
    build_heartbeat,
    build_home_assistant,
    build_second_roads,
    heartbeat_interval,
    mqtt_options,
)
from daemon.bootstrap.showing import build_household
from daemon.bootstrap.weather import build_sources, build_warning_services
from daemon.clock import Instant
from daemon.commands import CommandParser
from daemon.events import StopRequested
from daemon.faces import Topics, status_path
from daemon.inbox import Inbox
from daemon.loop import Daemon
from daemon.migrations import StoreError
from daemon.official import OfficialWarnings
from daemon.parts import Parts
from daemon.pictures import Pictures
from daemon.poller import Poller
from daemon.ports import Clock, WarningService
from daemon.state import HomeState
from daemon.stepping import SteppedClock
from daemon.stepping import run_stepped as serve_driver
from daemon.watchdogs import Watchdogs
from daemon.writer import InlineWriter, WriterThread
from integrations import discovery
from integrations.discovery import Household
from integrations.errors import PermanentError
from integrations.mobile_app import MobileApp
from integrations.mqtt import MqttClient, Subscription
from integrations.mqtt_plugs import Plugs
from policies import basic_mode
from policies.arbitrate import decide
from policies.model import Room

LOCK_NAME = "keepcool.lock"


def run(settings: Settings, clock: Clock, start: Start) -> None:
    """Run until SIGTERM or SIGINT. Raises: StartError."""
    daemon = build_daemon(settings, clock, start=start)

    def request_stop(number: int, _frame: types.FrameType | None) -> None:
        daemon.parts.inbox.post(StopRequested(signal.Signals(number).name))

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, request_stop)
    _settle_memory()
    daemon.run()


def _settle_memory() -> None:
    """Give back what only the start needed; the rest stays, so the collector need not look at it.

    Looking at all of it again and again would hold up a reading for milliseconds.
    """
    gc.collect()
    gc.freeze()
    with suppress(AttributeError, OSError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def run_stepped(settings: Settings, reads: int, writes: int, start_at: str) -> None:
    """Run by a driver's clock over two inherited pipes. Raises: StartError."""
    clock = SteppedClock(datetime.fromisoformat(start_at))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the driver, which ends us
    with (
        only_instance(settings.state_directory),
        os.fdopen(reads) as requests,
        os.fdopen(writes, "w") as answers,
    ):
        serve_driver(build_daemon(settings, clock, is_stepped=True), clock, requests, answers)


@contextmanager
def only_instance(folder: Path) -> Iterator[None]:
    """Hold a lock on the state directory: two daemons would throw each other off the broker.

    Raises: StartError.
    """
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        lock = _open_lock(folder / LOCK_NAME)
    except OSError as error:
        raise StartError(
            f"the state directory {folder} cannot be used ({error.strerror}): "
            "set storage.state_directory to a folder that keepcool may write"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartError(f"another keepcool already runs with {folder}") from error
        yield


def _build_state(
    settings: Settings, household: Household, now: Instant, services: Sequence[WarningService]
) -> HomeState:
    home = build_home(settings)
    state = HomeState(
        home,
        build_rooms(settings),
        build_people(settings),
        [build_sensor(sensor, home) for sensor in build_sensors(settings)],
        ZoneInfo(settings.home.time_zone),
        Poller(timedelta(seconds=settings.weather.poll_interval_s), settings.weather.sources),
        now,
        build_carers(settings),
    )
    state.official = OfficialWarnings([service.name for service in services])
    state.pictures = Pictures(picture_paths(household), household.rooms)
    state.whereabouts = build_whereabouts(build_motion(settings), build_presence(settings))
    return state


def _open_lock(path: Path) -> IO[str]:
    """Open the lock; on a disk that takes nothing any more, the one that is there."""
    try:
        return path.open("w")
    except OSError as error:
        if error.errno not in {errno.EROFS, errno.ENOSPC, errno.EIO}:
            raise
        return path.open()


def build_daemon(
    settings: Settings, clock: Clock, *, is_stepped: bool = False, start: Start | None = None
) -> Daemon:
    """Wire the whole daemon; nothing runs yet. Raises: StartError."""
    start = start or Start()
    household = build_household(settings)  # whole in basic mode too: Home Assistant forgets nothing
    used = basic(settings) if start.is_basic else settings
    parts = _build_parts(used, household, clock, start, is_stepped=is_stepped)
    if not start.is_basic:
        let_learn(parts.state, parts.store)
    return Daemon(parts)


def _build_parts(
    settings: Settings, household: Household, clock: Clock, start: Start, *, is_stepped: bool
) -> Parts:
    home, rooms, people = build_home(settings), build_rooms(settings), build_people(settings)
    topics = Topics(settings.mqtt.base_topic, home.home_id)
    inbox = Inbox()
    meters = build_power_meters(settings)
    power_entities = {meter.entity_id: meter.device_id for meter in meters if meter.entity_id}
    warning_services = build_warning_services(settings)
    state = _build_state(settings, household, clock.now(), warning_services)
    commands = CommandParser(topics, people, rooms, state.zone, state.carers)
    power_topics = {meter.topic: meter.device_id for meter in meters if meter.topic}
    plugs = build_plug_words(build_plugs(settings), topics)
    plug_topics = [topic for plug in plugs.values() for topic in plug.topics]
    watchdogs = _build_watchdogs(topics, rooms)
    birth = discovery.birth_topic(household.prefix) if household.prefix else None
    wanted = _subscriptions(
        heard=[*state.topics(), *power_topics, *plug_topics, *watchdogs.topics],
        commanding=[*commands.topics, *([birth] if birth else [])],
    )
    spare = rescue.spare_path(os.environ.get("RUNTIME_DIRECTORY"))
    mqtt = _build_mqtt(settings, topics, wanted, inbox, clock)
    opened = _open_database(settings, spare, clock, start)
    home_assistant = build_home_assistant(settings)
    return Parts(
        clock=clock,
        store=opened.store,
        inbox=inbox,
        state=state,
        topics=topics,
        commands=commands,
        mqtt=mqtt,
        weather=build_sources(settings, home_assistant),
        warning_services=warning_services,
        phone=MobileApp(home_assistant.call_service) if home_assistant is not None else None,
        home_assistant=home_assistant,
        events=build_events(settings, (*state.entity_ids(), *power_entities), inbox.post),
        status_path=status_path(home.home_id, settings.state_directory),
        decide=basic_mode.decide if start.is_basic else decide,
        tick_interval=timedelta(seconds=300 if is_stepped else 10),
        decision_interval=timedelta(seconds=settings.thresholds.decision_interval_s),
        power_entities=power_entities,
        power_topics=power_topics,
        parse_power=build_power_parser(meters),
        check=functools.partial(try_roads, settings),
        announce=functools.partial(discovery.announcements, household),
        birth_topic=birth,
        plugs=Plugs(plugs, mqtt.publish) if plugs else None,
        watchdogs=watchdogs,
        second_road=build_second_roads(settings),
        announcer=build_announcer(settings, home_assistant),
        heartbeat=build_heartbeat(settings),
        heartbeat_interval=heartbeat_interval(settings),
        draw=None if start.is_basic else build_draw(settings, household),
        version=__version__,
        writer=InlineWriter() if is_stepped else WriterThread(),
        spare_path=spare,
        start_trouble=opened.link_trouble | start.link_trouble,
        start=start,
    )


def _build_watchdogs(topics: Topics, rooms: Iterable[Room]) -> Watchdogs:
    devices = [device for room in rooms for device in room.devices]
    return Watchdogs({topics.watchdog(one.device_id): one.device_id for one in devices})


def _subscriptions(heard: Iterable[str], commanding: Iterable[str]) -> list[Subscription]:
    """Return each topic once: states and readings, also retained, then commands."""
    return [Subscription(topic) for topic in sorted(set(heard))] + [
        Subscription(topic, is_command=True) for topic in sorted(set(commanding))
    ]


def _build_mqtt(
    settings: Settings,
    topics: Topics,
    wanted: Sequence[Subscription],
    inbox: Inbox,
    clock: Clock,
) -> MqttClient:
    """Prepare the broker's client. Raises: StartError."""
    try:
        options = mqtt_options(settings, topics.status)
        return MqttClient(options, wanted, inbox.post, clock.boot_s)
    except PermanentError as error:
        raise StartError(str(error)) from error


def _open_database(
    settings: Settings, spare: Path | None, clock: Clock, start: Start
) -> rescue.Opened:
    """Open the database, or a new one when keepcool ended with the old again and again.

    Raises: StartError.
    """
    open_it = rescue.begin_anew if start.is_database_suspect else rescue.open_database
    try:
        return open_it(settings.state_directory, spare, clock.now().utc)
    except StoreError as error:
        raise StartError(str(error)) from error
