"""Settings become the sources and services that they name, and each says who asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon import __version__
from daemon.bootstrap.errors import StartError
from daemon.bootstrap.weather import build_sources, build_warning_services, user_agent
from integrations.home_assistant import HomeAssistant
from tests.settings_texts import HOME_ASSISTANT, MINIMAL, load

CHAIN = """\
[weather]
sources = ["home_assistant", "nws", "met_norway", "open_meteo"]
contact = "anna@example.org"
entity = "weather.home"
"""
SERVICES = """\
[[official_warning]]
service = "meteoalarm"
country = "germany"
area = "Berlin"
[[official_warning]]
service = "nws"
zone = "AZZ540"
[[official_warning]]
service = "nws"
"""


def test_sources_are_built_in_their_order(tmp_path: Path) -> None:
    """Each name is its own adapter; Home Assistant's goes over the road that is there."""
    settings = load(tmp_path, MINIMAL + HOME_ASSISTANT + CHAIN)
    home = HomeAssistant("http://home.test:8123", "a-token")
    names = [source.name for source in build_sources(settings, home)]
    home.close()
    assert names == ["home_assistant", "nws", "met_norway", "open_meteo"]


def test_source_without_its_road_is_a_start_error(tmp_path: Path) -> None:
    """Home Assistant's forecast without its token stops the start in words."""
    settings = load(tmp_path, MINIMAL + HOME_ASSISTANT + CHAIN)
    with pytest.raises(StartError, match="needs its token"):
        build_sources(settings, None)


def test_warning_services_have_names_of_their_own(tmp_path: Path) -> None:
    """Two areas of one service are asked, and told apart, by their names."""
    settings = load(tmp_path, MINIMAL + SERVICES)
    names = [service.name for service in build_warning_services(settings)]
    assert names == ["meteoalarm germany Berlin", "nws AZZ540", "nws"]


def test_who_asks_is_named_with_version_and_contact(tmp_path: Path) -> None:
    """The contact is the household's own choice and goes to the services that want it."""
    text = MINIMAL + '[weather]\ncontact = "anna@example.org"\n'
    assert user_agent(load(tmp_path, text)) == f"keepcool/{__version__} anna@example.org"
    assert user_agent(load(tmp_path, MINIMAL)) == f"keepcool/{__version__}"
