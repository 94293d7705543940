"""Try the settings and every road that they name, and ask the running daemon."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from config.advice import examine_settings
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
from config.model import OfficialWarningTable
from config.settings import Settings
from daemon import probing, probing_plugs
from daemon.asking import ask
from daemon.bootstrap.payloads import build_plug_words
from daemon.bootstrap.roads import (
    build_heartbeat,
    build_home_assistant,
    build_second_roads,
    examine_second_roads,
    mqtt_options,
)
from daemon.bootstrap.weather import build_source, build_warning_service
from daemon.check import (
    CheckReport,
    check_offline,
    check_online,
    merge_reports,
)
from daemon.check_entities import EntitySubject, EntityUse
from daemon.check_subjects import CheckSubjects, Probes, Running
from daemon.clock import SystemClock
from daemon.faces import Topics
from daemon.ports import MqttLink, Post
from integrations.errors import PermanentError
from integrations.home_assistant import HomeAssistant
from integrations.mqtt import MqttClient, Subscription
from integrations.mqtt_plugs import Plugs


def check(path: Path, *, is_online: bool, heard: Collection[str] | None = None) -> CheckReport:
    """Check the settings, and with `is_online` every road that they name.

    `heard`: the topics and entities that somebody heard just now, where no daemon has run yet.
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    examined = examine_settings(
        path,
        environ=os.environ,
        credentials_directory=Path(credentials) if credentials else None,
    )
    settings = examined.settings
    roads = () if settings is None else tuple(examine_second_roads(settings))
    report = check_offline(path, examined.problems + roads, examined.warnings)
    if settings is None or roads or not is_online:
        return report
    return merge_reports(report, try_roads(settings, heard))


def try_roads(settings: Settings, heard: Collection[str] | None = None) -> CheckReport:
    """Try every road that the settings name, each with a connection of its own; takes seconds."""
    subjects = CheckSubjects(
        broker=f"{settings.mqtt.host}:{settings.mqtt_port}",
        sensors=build_sensors(settings),
        rooms=build_rooms(settings),
        people=build_people(settings),
        carers=build_carers(settings),
        home_assistant=settings.home_assistant.url if settings.home_assistant else None,
        entities=tuple(_read_entities(settings)),
    )
    probes = _build_probes(settings)
    if heard is not None:
        now = timedelta(0)
        ages = {
            sensor.sensor_id: now
            for sensor in build_sensors(settings)
            if {sensor.topic, sensor.entity_id} & set(heard)
        }
        probes = replace(
            probes, read_sensor_ages=lambda: ages, read_running=lambda: Running(timedelta(0))
        )
    return check_online(subjects, probes)


def _read_entities(settings: Settings) -> Iterator[EntitySubject]:
    """Yield the entities that are read and never commanded."""
    for meter in build_power_meters(settings):
        if meter.entity_id:
            yield EntitySubject(meter.entity_id, EntityUse.POWER)
    for sensor in build_sensors(settings):
        if sensor.entity_id:
            yield EntitySubject(sensor.entity_id, EntityUse.TEMPERATURE, sensor.room_name)
        if sensor.humidity_entity_id:
            yield EntitySubject(sensor.humidity_entity_id, EntityUse.HUMIDITY, sensor.room_name)
    for motion in build_motion(settings):
        if motion.entity_id:
            yield EntitySubject(motion.entity_id, EntityUse.MOTION, motion.room_name)
    names = {person.person_id: person.name for person in build_people(settings)}
    for presence in build_presence(settings):
        yield EntitySubject(presence.entity_id, EntityUse.PRESENCE, names[presence.person_id])
    yield from _announcers(settings)


def _announcers(settings: Settings) -> Iterator[EntitySubject]:
    for person in build_people(settings):
        for each in person.announcers:
            yield EntitySubject(each.entity_id, EntityUse.ANNOUNCER, person.name)
            if each.voice_id:
                yield EntitySubject(each.voice_id, EntityUse.VOICE, person.name)


def _build_probes(settings: Settings) -> Probes:
    home_id = build_home(settings).home_id
    topics = Topics(settings.mqtt.base_topic, home_id)

    def home_assistant() -> HomeAssistant:
        built = build_home_assistant(settings)
        if built is None:
            raise PermanentError("there is no token: see home_assistant.token_file")
        return built

    def forecast(name: str) -> Callable[[], str]:
        return lambda: probing.describe_forecast(build_source(settings, name, home_assistant))

    def warnings(wanted: OfficialWarningTable) -> Callable[[], str]:
        return lambda: probing.describe_warnings(build_warning_service(settings, wanted))

    def build_link(post: Post) -> MqttLink:
        return MqttClient(mqtt_options(settings, None), (), post, SystemClock().boot_s)

    words = build_plug_words(build_plugs(settings), topics)
    heard = sorted({topic for plug in words.values() for topic in plug.topics})

    def build_plug_link(post: Post) -> MqttLink:
        wanted = [Subscription(topic) for topic in heard]
        return MqttClient(mqtt_options(settings, None), wanted, post, SystemClock().boot_s)

    def try_second_road(channel_id: str) -> str:
        roads = build_second_roads(settings)
        if roads is None:
            raise PermanentError("its address is not given")
        return roads.reach(channel_id)

    return Probes(
        connect_broker=lambda: probing.connect_broker(build_link),
        read_sensor_ages=lambda: probing.read_sensor_ages(home_id, settings.state_directory),
        read_running=lambda: probing.read_running(home_id, settings.state_directory),
        fetch_forecasts={name: forecast(name) for name in settings.weather.sources},
        fetch_warnings={
            " ".join(filter(None, (each.service, each.country, each.zone or each.area))): (
                warnings(each)
            )
            for each in settings.official_warnings
        },
        greet_home_assistant=lambda: home_assistant().check_connection(),
        fetch_entity_states=lambda names: probing.fetch_states(home_assistant(), names),
        fetch_services=lambda: home_assistant().fetch_services(),
        hear_plugs=lambda: probing_plugs.hear_plugs(
            build_plug_link, functools.partial(Plugs, words), words
        ),
        try_second_road=try_second_road,
        try_heartbeat=_heartbeat_probe(settings),
    )


def _heartbeat_probe(settings: Settings) -> Callable[[], str] | None:
    if settings.heartbeat is None:
        return None

    def reach() -> str:
        heartbeat = build_heartbeat(settings)
        if heartbeat is None:
            raise PermanentError("its address is not given: see heartbeat.url_file")
        return heartbeat.reach()

    return reach


def ask_daemon(
    settings: Settings, command: str, fields: Mapping[str, object], timeout_s: float
) -> tuple[bool, str]:
    """Ask the running daemon over MQTT. Raises: daemon.asking.NoAnswerError."""
    home = build_home(settings)
    topics = Topics(settings.mqtt.base_topic, home.home_id)

    def build_link(post: Post, heard: Sequence[str]) -> MqttLink:
        options = mqtt_options(settings, None)
        wanted = [Subscription(topic) for topic in heard]
        return MqttClient(options, wanted, post, SystemClock().boot_s)

    command_topic = {
        "log": topics.log_command,
        "test_alert": topics.test_alert_command,
        "mode": topics.mode_command,
    }[command]
    return ask(build_link, topics, command_topic, fields, timeout_s)
