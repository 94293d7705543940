"""Build the daemon from the settings: the only place that names concrete adapters."""

from __future__ import annotations

import ctypes
import fcntl
import functools
import gc
import os
import signal
import sqlite3
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from config.advice import examine_settings
from config.home import (
    MappingSettings,
    PowerMeterSettings,
    SensorSettings,
    build_home,
    build_people,
    build_power_meters,
    build_rooms,
    build_sensors,
)
from config.settings import Settings
from daemon import __version__, probing
from daemon.asking import ask
from daemon.check import (
    CheckReport,
    CheckSubjects,
    Probes,
    check_offline,
    check_online,
    merge_reports,
)
from daemon.clock import SystemClock
from daemon.commands import CommandParser
from daemon.decode import decode_line
from daemon.events import StopRequested
from daemon.faces import Topics, status_path
from daemon.inbox import Inbox
from daemon.loop import Daemon, Parts
from daemon.ports import Clock, MqttLink, Post, WeatherSource
from daemon.sensor_track import Sensor
from daemon.state import HomeState
from daemon.stepping import SteppedClock
from daemon.stepping import run_stepped as serve_driver
from daemon.store import DATABASE_NAME, Store, StoreError
from integrations import open_meteo
from integrations.errors import PermanentError
from integrations.ha_events import HomeAssistantEvents
from integrations.home_assistant import HomeAssistant
from integrations.home_assistant_states import parse_state
from integrations.mobile_app import MobileApp
from integrations.mqtt import MqttClient, MqttOptions, Subscription
from integrations.mqtt_payloads import PayloadMapping, parse_message
from policies.arbitrate import decide
from policies.model import Home, SensorMessage
from policies.plausibility import INDOORS

LOCK_NAME = "keepcool.lock"
# What the settings allow, in the parsers' words.
_UNITS: Mapping[str | None, Literal["c", "f"] | None] = {None: None, "C": "c", "F": "f"}
_QUANTITIES: Mapping[str | None, Literal["temperature", "humidity"] | None] = {
    None: None,
    "temperature": "temperature",
    "humidity": "humidity",
}
MACHINE_ID_PATH = "/etc/machine-id"


class StartError(Exception):
    """Report why the daemon cannot start; the text is for the person at the keyboard."""


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
        lock = (folder / LOCK_NAME).open("w")
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


def build_daemon(settings: Settings, clock: Clock, *, is_stepped: bool = False) -> Daemon:
    """Wire the whole daemon; nothing runs yet. Raises: StartError."""
    home, rooms, people = build_home(settings), build_rooms(settings), build_people(settings)
    topics = Topics(settings.mqtt.base_topic, home.home_id)
    inbox = Inbox()
    zone = ZoneInfo(settings.home.time_zone)
    meters = build_power_meters(settings)
    power_entities = {meter.entity_id: meter.device_id for meter in meters if meter.entity_id}
    state = HomeState(
        home,
        rooms,
        people,
        [build_sensor(sensor, home) for sensor in build_sensors(settings)],
        zone,
        timedelta(seconds=settings.weather.poll_interval_s),
        clock.now(),
    )
    commands = CommandParser(topics, people)
    power_topics = {meter.topic: meter.device_id for meter in meters if meter.topic}
    wanted = [Subscription(topic) for topic in sorted({*state.sensing.topics, *power_topics})]
    wanted += [Subscription(topic, is_command=True) for topic in sorted(commands.topics)]
    try:
        mqtt = MqttClient(_mqtt_options(settings, topics.status), wanted, inbox.post, clock.boot_s)
        store = Store(settings.state_directory / DATABASE_NAME)
    except (PermanentError, StoreError) as error:
        raise StartError(str(error)) from error
    except (sqlite3.Error, OSError) as error:
        path = settings.state_directory / DATABASE_NAME
        raise StartError(f"the database {path} cannot be opened: {error}") from error
    home_assistant = build_home_assistant(settings)
    watched = (*state.actuation.entity_ids(), *power_entities)
    return Daemon(
        Parts(
            clock=clock,
            store=store,
            inbox=inbox,
            state=state,
            topics=topics,
            commands=commands,
            mqtt=mqtt,
            weather=build_weather(settings),
            phone=MobileApp(home_assistant.call_service) if home_assistant is not None else None,
            home_assistant=home_assistant,
            events=_build_events(settings, watched, inbox.post),
            status_path=status_path(home.home_id, settings.state_directory),
            decide=decide,
            tick_interval=timedelta(seconds=300 if is_stepped else 10),
            decision_interval=timedelta(seconds=settings.thresholds.decision_interval_s),
            power_entities=power_entities,
            power_topics=power_topics,
            parse_power=build_power_parser(meters),
            version=__version__,
        )
    )


def build_home_assistant(settings: Settings) -> HomeAssistant | None:
    """Build the road to Home Assistant; `None` when none is set. Raises: StartError."""
    if settings.home_assistant is None or settings.home_assistant_token is None:
        return None
    try:
        return HomeAssistant(settings.home_assistant.url, settings.home_assistant_token)
    except PermanentError as error:
        raise StartError(str(error)) from error


def _build_events(
    settings: Settings, entity_ids: tuple[str, ...], post: Post
) -> HomeAssistantEvents | None:
    token = settings.home_assistant_token
    if settings.home_assistant is None or token is None:
        return None
    return HomeAssistantEvents(settings.home_assistant.url, token, entity_ids, post, parse_state)


def build_weather(settings: Settings) -> WeatherSource:
    """Build the forecast's source. Raises: StartError."""
    home = settings.home
    base_url = settings.weather.base_url or open_meteo.DEFAULT_URL
    try:
        return open_meteo.OpenMeteo(home.latitude_deg, home.longitude_deg, base_url=base_url)
    except PermanentError as error:
        raise StartError(str(error)) from error


def check(path: Path, *, is_online: bool) -> CheckReport:
    """Check the settings, and with `is_online` every road that they name."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    examined = examine_settings(
        path,
        environ=os.environ,
        credentials_directory=Path(credentials) if credentials else None,
    )
    report = check_offline(path, examined.problems, examined.warnings)
    settings = examined.settings
    if settings is None or not is_online:
        return report
    meters = build_power_meters(settings)
    subjects = CheckSubjects(
        broker=f"{settings.mqtt.host}:{settings.mqtt_port}",
        forecast_source=settings.weather.source,
        sensors=build_sensors(settings),
        rooms=build_rooms(settings),
        people=build_people(settings),
        home_assistant=settings.home_assistant.url if settings.home_assistant else None,
        power_entities=tuple(meter.entity_id for meter in meters if meter.entity_id),
    )
    return merge_reports(report, check_online(subjects, _build_probes(settings)))


def _build_probes(settings: Settings) -> Probes:
    home_id = build_home(settings).home_id

    def home_assistant() -> HomeAssistant:
        built = build_home_assistant(settings)
        if built is None:
            raise PermanentError("there is no token: see home_assistant.token_file")
        return built

    def build_link(post: Post) -> MqttLink:
        return MqttClient(_mqtt_options(settings, None), (), post, SystemClock().boot_s)

    return Probes(
        connect_broker=lambda: probing.connect_broker(build_link),
        read_sensor_ages=lambda: probing.read_sensor_ages(home_id, settings.state_directory),
        fetch_forecast=lambda: probing.describe_forecast(build_weather(settings)),
        greet_home_assistant=lambda: home_assistant().check_connection(),
        fetch_entity_states=lambda names: probing.describe_states(home_assistant(), names),
        fetch_services=lambda: home_assistant().fetch_services(),
    )


def ask_daemon(
    settings: Settings, command: str, fields: Mapping[str, object], timeout_s: float
) -> tuple[bool, str]:
    """Ask the running daemon over MQTT. Raises: daemon.asking.NoAnswerError."""
    home = build_home(settings)
    topics = Topics(settings.mqtt.base_topic, home.home_id)

    def build_link(post: Post, heard: Sequence[str]) -> MqttLink:
        options = _mqtt_options(settings, None)
        wanted = [Subscription(topic) for topic in heard]
        return MqttClient(options, wanted, post, SystemClock().boot_s)

    command_topic = {"log": topics.log_command, "test_alert": topics.test_alert_command}[command]
    return ask(build_link, topics, command_topic, fields, timeout_s)


def build_sensor(sensor: SensorSettings, home: Home) -> Sensor:
    """Build one sensor with its parser and its plausible range."""
    return Sensor(
        sensor_id=sensor.sensor_id,
        room_id=sensor.room_id,
        topic=sensor.topic,
        parse=_build_sensor_parser(sensor),
        humidity_topic=sensor.humidity_topic,
        availability_topic=sensor.availability_topic,
        stale_after=sensor.stale_after,
        bounds=replace(INDOORS, maximum_step_c_per_min=home.tuning.maximum_step_c_per_min),
    )


def _build_sensor_parser(sensor: SensorSettings) -> Callable[[str, bytes], SensorMessage]:
    """Return a sensor's parser; on its humidity topic a bare number is humidity."""
    mapping, topic = sensor.mapping, sensor.humidity_topic
    if topic is None:
        return build_parser(mapping)
    quantity = None if mapping.humidity_path else "humidity"
    parse_humidity = build_parser(replace(mapping, temperature_path=None, quantity=quantity))
    parse_other = build_parser(replace(mapping, humidity_path=None))

    def parse(on_topic: str, payload: bytes) -> SensorMessage:
        return (parse_humidity if on_topic == topic else parse_other)(on_topic, payload)

    return parse


def build_parser(mapping: MappingSettings) -> Callable[[str, bytes], SensorMessage]:
    """Return the payload parser of one sensor."""
    if mapping == MappingSettings():
        return parse_message
    explicit = PayloadMapping(
        temperature_path=mapping.temperature_path,
        humidity_path=mapping.humidity_path,
        unit=_UNITS[mapping.unit],
        match=mapping.match,
        quantity=_QUANTITIES[mapping.quantity],
    )
    return functools.partial(parse_message, mapping=explicit)


def decode(line: str) -> str:
    """Answer one line of `keepcool decode`."""
    return decode_line(line, parse_message)


def build_power_parser(
    meters: Iterable[PowerMeterSettings],
) -> Callable[[str, bytes], float | None]:
    """Return the parser of all power topics: in watts, `None` where a message tells no power."""
    paths = {meter.topic: meter.path for meter in meters if meter.topic and meter.path}
    recognised = PayloadMapping(quantity="power")
    mappings = {topic: PayloadMapping(power_path=path) for topic, path in paths.items()}

    def parse(topic: str, payload: bytes) -> float | None:
        return parse_message(topic, payload, mappings.get(topic, recognised)).power_w

    return parse


def _mqtt_options(settings: Settings, status_topic: str | None) -> MqttOptions:
    """Return the broker's options; without a status topic those of a command, not of the daemon."""
    mqtt = settings.mqtt
    daemon_id = mqtt.client_id or f"keepcool-{build_home(settings).home_id}-{_machine_name()}"
    return MqttOptions(
        host=mqtt.host,
        port=settings.mqtt_port,
        client_id=daemon_id if status_topic else f"keepcool-command-{os.getpid()}",
        status_topic=status_topic,
        version=mqtt.version,
        username=mqtt.username,
        password=settings.mqtt_password,
        uses_tls=mqtt.tls,
        ca_file=str(settings.ca_file) if settings.ca_file else None,
        keepalive_s=mqtt.keepalive_s,
    )


def _machine_name() -> str:
    """Return a short name that differs from machine to machine and stays the same over restarts."""
    try:
        with open(MACHINE_ID_PATH, encoding="ascii") as file:  # noqa: PTH123 - three bytes of a file
            return file.read(8) or "0"
    except OSError:
        return f"{os.getuid()}"
