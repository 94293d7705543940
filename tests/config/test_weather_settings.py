"""What the settings may say about forecasts and official warnings, and what is said otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.weather_fields import SOURCES
from tests.settings_texts import HOME_ASSISTANT, MINIMAL, load, refusal

CONTACT = 'contact = "anna@example.org"\n'
ENTITY = 'entity = "weather.home"\n'
METEOALARM = '[[official_warning]]\nservice = "meteoalarm"\ncountry = "germany"\narea = "DE045"\n'


def test_open_meteo_alone_is_asked_without_a_word(tmp_path: Path) -> None:
    """Without [weather] there is one source and no warning service."""
    settings = load(tmp_path, MINIMAL)
    assert settings.weather.sources == ("open_meteo",)
    assert settings.official_warnings == ()


def test_every_source_can_be_named_in_any_order(tmp_path: Path) -> None:
    """The order of the file is the order of asking."""
    names = ", ".join(f'"{name}"' for name in reversed(SOURCES))
    text = f"{MINIMAL}{HOME_ASSISTANT}[weather]\nsources = [{names}]\n{CONTACT}{ENTITY}"
    weather = load(tmp_path, text).weather
    assert weather.sources == tuple(reversed(SOURCES))
    assert (weather.contact, weather.entity) == ("anna@example.org", "weather.home")


def test_sources_come_from_the_environment_as_a_list(tmp_path: Path) -> None:
    """A container can name the chain in one variable."""
    environ = {
        "KEEPCOOL_WEATHER__SOURCES": '["met_norway", "open_meteo"]',
        "KEEPCOOL_WEATHER__CONTACT": "https://example.org/anna",
    }
    weather = load(tmp_path, MINIMAL, environ=environ).weather
    assert weather.sources == ("met_norway", "open_meteo")


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (
            'source = "open_meteo"',
            "keepcool.toml:17  weather.source: unknown key; nearest key sources",
        ),
        (
            'sources = "open_meteo"',
            (
                'keepcool.toml:17  weather.sources = "open_meteo": is not a list; '
                'write sources = ["...", "..."]'
            ),
        ),
        (
            "sources = []",
            (
                "keepcool.toml:17  weather.sources: names no source of the forecast; "
                'write sources = ["open_meteo"], or take the line out'
            ),
        ),
        (
            'sources = ["open_meteo", "open_meteo"]',
            (
                'keepcool.toml:17  weather.sources = "open_meteo": is there twice; '
                "each source is asked once"
            ),
        ),
        (
            'sources = ["open_meteo", "met_norway"]',
            (
                "keepcool.toml:17  weather.sources: MET Norway wants to know who asks; "
                'add contact = "your e-mail address" to [weather]'
            ),
        ),
        (
            'contact = "anna"',
            (
                'keepcool.toml:17  weather.contact = "anna": is neither an e-mail nor a web '
                'address; write for example "anna@example.org"'
            ),
        ),
        (
            'contact = "a@b\\r\\nX-Evil: 1"',
            (
                "keepcool.toml:17  weather.contact: holds a newline or another "
                "control character; write it in one line of plain UTF-8 text"
            ),
        ),
    ],
)
def test_wrong_forecast_settings_are_told_with_their_cure(
    tmp_path: Path, lines: str, complaint: str
) -> None:
    """Each mistake names file, line, key, and what to write instead."""
    assert refusal(tmp_path, f"{MINIMAL}[weather]\n{lines}\n") == [complaint]


def test_home_assistant_as_a_source_needs_home_assistant(tmp_path: Path) -> None:
    """Entity and road are missed both at once."""
    text = f'{MINIMAL}[weather]\nsources = ["home_assistant"]\n'
    assert refusal(tmp_path, text) == [
        (
            "keepcool.toml:17  weather.sources: home_assistant needs a weather entity; "
            'add entity = "weather.home" to [weather]'
        ),
        (
            "keepcool.toml:17  weather.sources: home_assistant needs [home_assistant]; "
            'add [home_assistant] with url = "http://homeassistant.local:8123"'
        ),
    ]
    text += 'entity = "sensor.outdoors"\n'
    assert (
        'keepcool.toml:18  weather.entity = "sensor.outdoors": is not a weather entity\'s id; '
        "allowed weather.*"
    ) in refusal(tmp_path, text)


def test_warning_services_are_read(tmp_path: Path) -> None:
    """Several services and areas stand beside each other; a zone may be written small."""
    text = (
        f"{MINIMAL}{METEOALARM}"
        '[[official_warning]]\nservice = "nws"\nzone = "azz540"\n'
        '[[official_warning]]\nservice = "nws"\n'
    )
    found = load(tmp_path, text).official_warnings
    assert [(each.service, each.zone, each.country, each.area) for each in found] == [
        ("meteoalarm", None, "germany", "DE045"),
        ("nws", "AZZ540", None, None),
        ("nws", None, None, None),
    ]


@pytest.mark.parametrize(
    ("lines", "complaints"),
    [
        (
            'service = "dwd"',
            [
                (
                    'keepcool.toml:17  official_warning.service = "dwd": is not one of the '
                    'choices; allowed "nws" or "meteoalarm"'
                )
            ],
        ),
        (
            'service = "meteoalarm"',
            [
                (
                    "keepcool.toml:16  official_warning.country: is missing; "
                    'for example country = "germany"'
                ),
                (
                    "keepcool.toml:16  official_warning.area: is missing; "
                    'for example area = "DE045" or the name of the area'
                ),
            ],
        ),
        (
            'service = "nws"\narea = "Phoenix"',
            [
                (
                    'keepcool.toml:18  official_warning.area = "Phoenix": "nws" knows no area; '
                    "take it out"
                )
            ],
        ),
        (
            'service = "nws"\nzone = "Phoenix"',
            [
                (
                    'keepcool.toml:18  official_warning.zone = "Phoenix": is not a zone of the '
                    "NWS; allowed two letters of the state, Z or C, three digits; "
                    'for example "AZZ540"; weather.gov/pimar/PubZone lists them'
                )
            ],
        ),
        (
            'service = "meteoalarm"\ncountry = "United Kingdom"\narea = "Wales"',
            [
                (
                    'keepcool.toml:18  official_warning.country = "United Kingdom": is not a '
                    "country as MeteoAlarm writes it; allowed English name, small letters, "
                    '- between words; write "united-kingdom"'
                )
            ],
        ),
        (
            'service = "nws"\n[[official_warning]]\nservice = "nws"',
            [
                (
                    'keepcool.toml:19  official_warning.service = "nws": is there twice for the '
                    "same area; take one out"
                )
            ],
        ),
    ],
)
def test_wrong_warning_services_are_told_with_their_cure(
    tmp_path: Path, lines: str, complaints: list[str]
) -> None:
    """What a service lacks, does not know, or is asked twice, is told with the line."""
    assert refusal(tmp_path, f"{MINIMAL}[[official_warning]]\n{lines}\n") == complaints


def test_warning_service_cannot_come_from_the_environment(tmp_path: Path) -> None:
    """A list of tables is written in the file."""
    environ = {"KEEPCOOL_OFFICIAL_WARNING__0__SERVICE": "nws"}
    (said,) = refusal(tmp_path, MINIMAL, environ=environ)
    assert "can only be written in the settings file" in said
