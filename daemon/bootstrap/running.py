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
from config.settings import Settings
from daemon import __version__, rescue
from daemon.bootstrap.checking import try_roads
from daemon.bootstrap.errors import StartError
from daemon.bootstrap.payloads import (
    build_plug_words,
    build_power_parser,
    build_sensor,
    build_whereabouts,
)
from daemon.bootstrap.roads import (
    build_events,
    build_home_assistant,
    build_second_roads,
    mqtt_options,
)
from daemon.bootstrap.showing import build_household
from daemon.bootstrap.weather import build_sources, build_warning_services
from daemon.clock import Instant, SystemClock
from daemon.commands import CommandParser
from daemon.events import StopRequested
from daemon.faces import Topics, status_path
from daemon.inbox import Inbox
from daemon.loop import Daemon
from daemon.official import OfficialWarnings
from daemon.parts import Parts
from daemon.poller import Poller
from daemon.ports import Clock
from daemon.state import HomeState
from daemon.stepping import SteppedClock
from daemon.stepping import run_stepped as serve_driver
from daemon.store import StoreError
from integrations import discovery
from integrations.errors import PermanentError
from integrations.mobile_app import MobileApp
from integrations.mqtt import MqttClient, Subscription
from integrations.mqtt_plugs import Plugs
from policies.arbitrate import decide

LOCK_NAME = "keepcool.lock"


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises: StartError."""
    with _only_instance(settings):
        daemon = build_daemon(settings, SystemClock())

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
    with _only_instance(settings), os.fdopen(reads) as requests, os.fdopen(writes, "w") as answers:
        serve_driver(build_daemon(settings, clock, is_stepped=True), clock, requests, answers)


@contextmanager
def _only_instance(settings: Settings) -> Iterator[None]:
    """Hold a lock on the state directory: two daemons would throw each other off the broker."""
    folder = settings.state_directory
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


def _build_state(settings: Settings, now: Instant, warning_services: Sequence[str]) -> HomeState:
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
    state.official = OfficialWarnings(warning_services)
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


def build_daemon(settings: Settings, clock: Clock, *, is_stepped: bool = False) -> Daemon:
    """Wire the whole daemon; nothing runs yet. Raises: StartError."""
    home, rooms, people = build_home(settings), build_rooms(settings), build_people(settings)
    topics = Topics(settings.mqtt.base_topic, home.home_id)
    inbox = Inbox()
    zone = ZoneInfo(settings.home.time_zone)
    meters = build_power_meters(settings)
    power_entities = {meter.entity_id: meter.device_id for meter in meters if meter.entity_id}
    warning_services = build_warning_services(settings)
    state = _build_state(settings, clock.now(), [service.name for service in warning_services])
    commands = CommandParser(topics, people, rooms, zone, state.carers)
    power_topics = {meter.topic: meter.device_id for meter in meters if meter.topic}
    plugs = build_plug_words(build_plugs(settings), topics)
    plug_topics = [topic for plug in plugs.values() for topic in plug.topics]
    household = build_household(settings)
    birth = discovery.birth_topic(household.prefix) if household.prefix else None
    wanted = _subscriptions(
        heard=[*state.topics(), *power_topics, *plug_topics],
        commanding=[*commands.topics, *([birth] if birth else [])],
    )
    spare = rescue.spare_path(os.environ.get("RUNTIME_DIRECTORY"))
    mqtt, opened = _open_roads(settings, topics, wanted, inbox, clock, spare)
    home_assistant = build_home_assistant(settings)
    watched = (*state.entity_ids(), *power_entities)
    return Daemon(
        Parts(
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
            events=build_events(settings, watched, inbox.post),
            status_path=status_path(home.home_id, settings.state_directory),
            decide=decide,
            tick_interval=timedelta(seconds=300 if is_stepped else 10),
            decision_interval=timedelta(seconds=settings.thresholds.decision_interval_s),
            power_entities=power_entities,
            power_topics=power_topics,
            parse_power=build_power_parser(meters),
            check=functools.partial(try_roads, settings),
            announce=functools.partial(discovery.announcements, household),
            birth_topic=birth,
            plugs=Plugs(plugs, mqtt.publish) if plugs else None,
            second_road=build_second_roads(settings),
            version=__version__,
            spare_path=spare,
            storage_trouble=opened.link_trouble,
        )
    )


def _subscriptions(heard: Iterable[str], commanding: Iterable[str]) -> list[Subscription]:
    """Return each topic once: states and readings, also retained, then commands."""
    return [Subscription(topic) for topic in sorted(set(heard))] + [
        Subscription(topic, is_command=True) for topic in sorted(set(commanding))
    ]


def _open_roads(
    settings: Settings,
    topics: Topics,
    wanted: Sequence[Subscription],
    inbox: Inbox,
    clock: Clock,
    spare: Path | None,
) -> tuple[MqttClient, rescue.Opened]:
    """Prepare the broker's client and open the database. Raises: StartError."""
    try:
        options = mqtt_options(settings, topics.status)
        mqtt = MqttClient(options, wanted, inbox.post, clock.boot_s)
        return mqtt, rescue.open_database(settings.state_directory, spare, clock.now().utc)
    except (PermanentError, StoreError) as error:
        raise StartError(str(error)) from error
