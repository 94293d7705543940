"""Build the sources of the forecast and the services of official warnings."""

from __future__ import annotations

from collections.abc import Callable

from config.model import OfficialWarningTable
from config.settings import Settings
from daemon import __version__
from daemon.bootstrap.errors import StartError
from daemon.ports import WarningService, WeatherSource
from integrations.errors import PermanentError
from integrations.ha_weather import HomeAssistantWeather
from integrations.home_assistant import HomeAssistant
from integrations.met_norway import MetNorway
from integrations.meteoalarm import Meteoalarm
from integrations.nws import NationalWeatherService
from integrations.nws_alerts import NwsAlerts
from integrations.open_meteo import DEFAULT_URL, OpenMeteo


def build_sources(
    settings: Settings, home_assistant: HomeAssistant | None
) -> tuple[WeatherSource, ...]:
    """Build every source of the forecast, the most wanted first. Raises: StartError."""
    try:
        return tuple(
            build_source(settings, name, lambda: home_assistant)
            for name in settings.weather.sources
        )
    except PermanentError as error:
        raise StartError(str(error)) from error


def build_source(
    settings: Settings, name: str, home_assistant: Callable[[], HomeAssistant | None]
) -> WeatherSource:
    """Build one source. Raises: PermanentError: its address may not be asked."""
    home, weather = settings.home, settings.weather
    place = home.latitude_deg, home.longitude_deg
    if name == "met_norway":
        return MetNorway(*place, user_agent=user_agent(settings))
    if name == "nws":
        return NationalWeatherService(*place, user_agent=user_agent(settings))
    if name == "home_assistant":
        road = home_assistant()
        if road is None:
            raise PermanentError("the forecast of Home Assistant needs its token")
        return HomeAssistantWeather(weather.entity or "", road.read_state, road.call_for_answer)
    return OpenMeteo(*place, base_url=weather.base_url or DEFAULT_URL)


def build_warning_services(settings: Settings) -> tuple[WarningService, ...]:
    """Build every service of official warnings. Raises: StartError."""
    try:
        return tuple(build_warning_service(settings, each) for each in settings.official_warnings)
    except PermanentError as error:
        raise StartError(str(error)) from error


def build_warning_service(settings: Settings, wanted: OfficialWarningTable) -> WarningService:
    """Build one service of official warnings."""
    agent = user_agent(settings)
    if wanted.service == "meteoalarm":
        return Meteoalarm(wanted.country or "", wanted.area or "", user_agent=agent)
    home = settings.home
    return NwsAlerts(home.latitude_deg, home.longitude_deg, user_agent=agent, zone=wanted.zone)


def user_agent(settings: Settings) -> str:
    """Say who asks, with a contact where the household gives one."""
    return " ".join(filter(None, (f"keepcool/{__version__}", settings.weather.contact)))
