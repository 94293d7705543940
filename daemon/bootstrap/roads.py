"""Build the roads out of the house: broker and Home Assistant."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from config.addresses import is_private
from config.errors import Problem
from config.home import (
    build_home,
)
from config.model import HeartbeatTable
from config.second_roads import CURE
from config.settings import Settings
from daemon import __version__
from daemon.bootstrap.errors import StartError
from daemon.ports import Post
from integrations.announcer import Announcer
from integrations.errors import PermanentError
from integrations.ha_events import HomeAssistantEvents
from integrations.heartbeat import Heartbeat
from integrations.home_assistant import HomeAssistant
from integrations.home_assistant_states import parse_state
from integrations.mqtt import MqttOptions

if TYPE_CHECKING:
    from integrations.apprise_push import ApprisePush

MACHINE_ID_PATH = "/etc/machine-id"


def build_home_assistant(settings: Settings) -> HomeAssistant | None:
    """Build the road to Home Assistant; `None` when none is set. Raises: StartError."""
    if settings.home_assistant is None or settings.home_assistant_token is None:
        return None
    try:
        return HomeAssistant(settings.home_assistant.url, settings.home_assistant_token)
    except PermanentError as error:
        raise StartError(str(error)) from error


def build_events(
    settings: Settings, entity_ids: tuple[str, ...], post: Post
) -> HomeAssistantEvents | None:
    """Build the stream of Home Assistant's events; `None` when none is set."""
    token = settings.home_assistant_token
    if settings.home_assistant is None or token is None:
        return None
    return HomeAssistantEvents(settings.home_assistant.url, token, entity_ids, post, parse_state)


def build_second_roads(settings: Settings) -> ApprisePush | None:
    """Build the roads beside Home Assistant; `None` when none is set. Raises: StartError."""
    problems = [str(problem) for problem in examine_second_roads(settings)]
    if problems:
        raise StartError("\n".join(problems))
    addresses = {road.channel_id: road.url for road in settings.second_roads if road.url}
    if not addresses:
        return None
    from integrations.apprise_push import ApprisePush  # noqa: PLC0415 - 14 MB, for this alone

    return ApprisePush({name: url.get_secret_value() for name, url in addresses.items()})


def build_announcer(settings: Settings, home_assistant: HomeAssistant | None) -> Announcer | None:
    """Build what speaks in the home; `None` when nothing there may."""
    if home_assistant is None or not any(person.announcers for person in settings.people):
        return None
    return Announcer(home_assistant.call_service, home_assistant.read_state)


def build_heartbeat(settings: Settings) -> Heartbeat | None:
    """Build the signs of life; `None` when none are set. Raises: StartError."""
    if settings.heartbeat_url is None:
        return None
    try:
        return Heartbeat(settings.heartbeat_url, user_agent=f"keepcool/{__version__}")
    except PermanentError as error:
        raise StartError(str(error)) from error


def heartbeat_interval(settings: Settings) -> timedelta:
    """Return how often a sign of life is sent."""
    return timedelta(seconds=(settings.heartbeat or HeartbeatTable()).interval_s)


def examine_second_roads(settings: Settings) -> Iterator[Problem]:
    """Yield what is wrong with the addresses of second roads, without showing any."""
    roads = [(road, road.url) for road in settings.second_roads if road.url is not None]
    if not roads:
        return
    try:
        from integrations.apprise_push import find_destination  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        what = f"a second road needs {error.name}, which is not installed"
        yield Problem(roads[0][0].where, "second_road", what, fix="pip install 'keepcool[push]'")
        return
    for road, url in roads:
        key = f"second road of {road.owner_name}"
        try:
            found = find_destination(url.get_secret_value())
        except PermanentError as error:
            yield Problem(road.where, key, f"what {road.file} holds {error}", fix=CURE)
            continue
        if not found.is_encrypted and found.host is not None and not is_private(found.host):
            what = (
                f"what {road.file} holds leads to a public address, and without encryption "
                "everyone on the way can read along"
            )
            yield Problem(
                road.where, key, what, fix="use the service's encrypted form, as ntfys://"
            )


def mqtt_options(settings: Settings, status_topic: str | None) -> MqttOptions:
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
