"""Check what the settings say about forecasts and official warnings."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

from config.errors import refuse
from config.fields import as_text, one_of

SOURCES = ("open_meteo", "met_norway", "nws", "home_assistant")
SERVICES = ("nws", "meteoalarm")
_CONTACT = re.compile(r"[!-~]{5,100}")  # it goes into an HTTP header
_ENTITY = re.compile(r"weather\.[a-z0-9_]+")
_ZONE = re.compile(r"[A-Z]{2}[CZ][0-9]{3}")
_COUNTRY = re.compile(r"[a-z]+(-[a-z]+){0,5}")


def check_contact(value: object) -> str:
    """Return an e-mail or web address by which a weather service can reach who asks."""
    text = as_text(value)
    is_address = "@" in text or text.startswith(("https://", "http://"))
    if not _CONTACT.fullmatch(text) or not is_address:
        raise refuse(
            "is neither an e-mail nor a web address", fix='write for example "anna@example.org"'
        )
    return text


def check_weather_entity(value: object) -> str:
    """Return the id of a weather entity of Home Assistant."""
    text = as_text(value)
    if not _ENTITY.fullmatch(text):
        raise refuse("is not a weather entity's id", allowed="weather.*")
    return text


def check_zone(value: object) -> str:
    """Return the code of a zone or county of the NWS."""
    text = as_text(value).upper()
    if not _ZONE.fullmatch(text):
        raise refuse(
            "is not a zone of the NWS",
            allowed="two letters of the state, Z or C, three digits",
            fix='for example "AZZ540"; weather.gov/pimar/PubZone lists them',
        )
    return text


def check_meteoalarm_country(value: object) -> str:
    """Return a country as MeteoAlarm's feeds write it."""
    text = as_text(value)
    better = re.sub(r"[^a-z]+", "-", text.lower()).strip("-")
    if not _COUNTRY.fullmatch(text):
        raise refuse(
            "is not a country as MeteoAlarm writes it",
            allowed="English name, small letters, - between words",
            fix=f'write "{better}"' if _COUNTRY.fullmatch(better) else 'for example "germany"',
        )
    return text


WeatherSourceName = Annotated[str, BeforeValidator(one_of(*SOURCES))]
WarningServiceName = Annotated[str, BeforeValidator(one_of(*SERVICES))]
Contact = Annotated[str, BeforeValidator(check_contact)]
WeatherEntity = Annotated[str, BeforeValidator(check_weather_entity)]
NwsZone = Annotated[str, BeforeValidator(check_zone)]
MeteoalarmCountry = Annotated[str, BeforeValidator(check_meteoalarm_country)]
