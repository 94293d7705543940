"""Build the roads out of the house: broker, Home Assistant, forecast."""

from __future__ import annotations

import os

from config.home import (
    build_home,
)
from config.settings import Settings
from daemon.bootstrap.errors import StartError
from daemon.ports import Post, WeatherSource
from integrations import open_meteo
from integrations.errors import PermanentError
from integrations.ha_events import HomeAssistantEvents
from integrations.home_assistant import HomeAssistant
from integrations.home_assistant_states import parse_state
from integrations.mqtt import MqttOptions

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


def build_weather(settings: Settings) -> WeatherSource:
    """Build the forecast's source. Raises: StartError."""
    home = settings.home
    base_url = settings.weather.base_url or open_meteo.DEFAULT_URL
    try:
        return open_meteo.OpenMeteo(home.latitude_deg, home.longitude_deg, base_url=base_url)
    except PermanentError as error:
        raise StartError(str(error)) from error


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
