"""Check single values of the settings, each with words that say what is allowed."""

from __future__ import annotations

import math
import re
import unicodedata
import zoneinfo
from collections.abc import Collection
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from config.addresses import read_address
from config.emergency import country_code
from config.errors import nearest_name, refuse

LONGEST_NAME = 60
LONGEST_TOPIC_BYTES = 512
COOLING_DOMAINS = ("climate", "fan", "switch", "cover", "humidifier")
PRESENCE_DOMAINS = ("person", "device_tracker")
ANNOUNCER_DOMAINS = ("light", "media_player")
FAHRENHEIT = range(50, 121)  # a room's temperature as a Fahrenheit house would write it
_ROOM_TEMPERATURE_C = 15.0  # limits from here up are temperatures, those below are differences
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_ENTITY = re.compile(r"([a-z0-9_]+)\.([a-z0-9_]+)")
_SERVICE = re.compile(r"notify\.mobile_app_[a-z0-9_]+")
_CLOCK_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_HOST = re.compile(r"[A-Za-z0-9_.:%\[\]-]{1,253}")
_EMERGENCY_NUMBER = re.compile(r"\+?[0-9][0-9 ]{1,14}")
_MQTT_SPECIAL = "+#"


def slug_of(text: str) -> str:
    """Return a text as an id: lower case letters, digits, `-` and `_`, at most 40; may be empty."""
    plain = re.sub(r"['\N{RIGHT SINGLE QUOTATION MARK}]", "", text.lower())
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:40].rstrip("-_")


@dataclass(frozen=True, slots=True)
class Between:
    """Allow numbers from `low` to `high`, and `off` (usually 0) where it switches a rule off."""

    low: float
    high: float
    unit: str = ""
    off: float | None = None

    def __get_pydantic_core_schema__(
        self,
        source: Any,  # noqa: ANN401 - pydantic's own signature
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        """Run this check before the type's own."""
        is_whole = source is int

        def check(value: object) -> float:
            return self.check(value, is_whole=is_whole)

        return core_schema.no_info_before_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, source: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe this check to editors."""
        shape = handler(source)
        shape["description"] = f"Allowed: {self.allowed}."
        limits = {"minimum": self.low, "maximum": self.high}
        if self.off is None or self.low <= self.off <= self.high:
            return shape | limits
        return shape | {"anyOf": [{"const": self.off}, limits]}

    @property
    def allowed(self) -> str:
        """Describe the range in words."""
        unit = f" {self.unit}" if self.unit else ""
        off = "" if self.off is None else f", or {self.off:g} to switch it off"
        return f"{self.low:g} to {self.high:g}{unit}{off}"

    def check(self, value: object, *, is_whole: bool) -> float:
        """Return the number. Raises: PydanticCustomError when it is none or out of range."""
        number = _as_number(value)
        if number is None:
            raise refuse("is not a number", allowed=self.allowed, fix=_number_hint(value))
        if number == self.off:
            return number
        if not self.low <= number <= self.high:  # False for NaN, which is therefore refused
            raise refuse("", allowed=self.allowed, fix=self._unit_hint(number))
        if is_whole and number != int(number):
            raise refuse("is not a whole number", allowed=self.allowed)
        return int(number) if is_whole else number

    def _unit_hint(self, number: float) -> str:
        """Recognise Fahrenheit, and hours or minutes where seconds are asked for."""
        if self.unit == "°C" and self.low > _ROOM_TEMPERATURE_C and int(number) in FAHRENHEIT:
            celsius = (number - 32) / 1.8
            return f"that looks like Fahrenheit: {number:g} °F is {celsius:.1f} °C"
        if self.unit == "s" and 0 < number < self.low:
            for factor, name in ((60, "minutes"), (3600, "hours")):
                if self.low <= number * factor <= self.high:
                    return f"that looks like {name}: {number:g} {name} is {number * factor:g} s"
        return ""


def _as_number(value: object) -> float | None:
    """Return a finite number, also from an environment variable's text; a bool is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _number_hint(value: object) -> str:
    """Recognise a decimal comma."""
    if isinstance(value, str) and (point := value.strip().replace(",", ".")) != value.strip():
        return f"write {point}" if _as_number(point) is not None else ""
    return ""


def unreadable(text: str) -> str | None:
    """Say what makes a text unfit for a person or a protocol, or `None`."""
    kinds = {unicodedata.category(sign) for sign in text}
    if "Cs" in kinds:  # half a character: an environment variable or file in another encoding
        return "is not UTF-8 text"
    return "holds a newline or another control character" if "Cc" in kinds else None


def as_text(value: object) -> str:
    """Return a text that a person can read: no control characters, no broken Unicode."""
    if not isinstance(value, str):
        raise refuse("is not text", fix='write it in quotes, "like this"')
    text = value.strip()
    if not text:
        raise refuse("is empty", fix="write something or take the key out")
    if (reason := unreadable(text)) is not None:
        raise refuse(reason, fix="write it in one line of plain UTF-8 text")
    return text


def check_name(value: object) -> str:
    """Return a name for people to read, without the signs that mean something in MQTT topics."""
    text = as_text(value)
    if len(text) > LONGEST_NAME:
        raise refuse(f"is {len(text)} characters long", allowed=f"1 to {LONGEST_NAME} characters")
    if text.startswith("$") or any(sign in text for sign in "+#/"):
        raise refuse(
            "holds a sign that means something in MQTT topics",
            allowed="names without + # / and without $ in front",
        )
    return text


def check_id(value: object) -> str:
    """Return an id that is safe in topics, file names and logs."""
    text = as_text(value)
    if not _SLUG.fullmatch(text):
        better = slug_of(text)
        raise refuse(
            "is not an id",
            allowed="small letters a to z, digits, - and _, at most 40",
            fix=f'write "{better}"' if better else "",
        )
    return text


def check_topic(value: object) -> str:
    """Return one exact MQTT topic: no wildcards, no broker internals."""
    text = as_text(value)
    if any(sign in text for sign in _MQTT_SPECIAL):
        raise refuse(
            "holds a wildcard",
            allowed="one exact topic without + and #",
            fix="write one [[room.sensor]] for each sensor",
        )
    if text.startswith("$"):
        raise refuse("is the broker's own", allowed="topics that do not start with $")
    if len(text.encode()) > LONGEST_TOPIC_BYTES:
        raise refuse("is too long", allowed=f"at most {LONGEST_TOPIC_BYTES} bytes")
    return text


def check_base_topic(value: object) -> str:
    """Return a topic that others are put under."""
    text = check_topic(value)
    if text.startswith("/") or text.endswith("/"):
        raise refuse("starts or ends with /", fix=f'write "{text.strip("/") or "keepcool"}"')
    return text


def check_cooling_entity(value: object) -> str:
    """Return a Home Assistant entity of a domain that keepcool commands."""
    text = as_text(value)
    allowed = ", ".join(f"{domain}.*" for domain in COOLING_DOMAINS)
    match = _ENTITY.fullmatch(text)
    if match is None:
        raise refuse("is not an entity id", allowed=allowed, fix='for example "climate.bedroom"')
    if match[1] not in COOLING_DOMAINS:
        raise refuse(f"{match[1]}.* is never commanded as cooling", allowed=allowed)
    return text


def check_sensor_entity(value: object) -> str:
    """Return the Home Assistant entity of a sensor that tells a number."""
    text = as_text(value)
    match = _ENTITY.fullmatch(text)
    if match is None or match[1] != "sensor":
        raise refuse("is not a sensor's entity id", allowed="sensor.*")
    return text


def check_motion_entity(value: object) -> str:
    """Return the Home Assistant entity of a motion or occupancy sensor."""
    text = as_text(value)
    match = _ENTITY.fullmatch(text)
    if match is None or match[1] != "binary_sensor":
        raise refuse(
            "is not a motion sensor's entity id",
            allowed="binary_sensor.*",
            fix='for example "binary_sensor.living_room_motion"',
        )
    return text


def check_presence_entity(value: object) -> str:
    """Return the Home Assistant entity that tells whether a person is at home."""
    text = as_text(value)
    match = _ENTITY.fullmatch(text)
    if match is None or match[1] not in PRESENCE_DOMAINS:
        raise refuse(
            "does not tell where a person is",
            allowed=", ".join(f"{domain}.*" for domain in PRESENCE_DOMAINS),
            fix='for example "person.anna"',
        )
    return text


def check_announcer_entity(value: object) -> str:
    """Return the Home Assistant entity of a light or a speaker."""
    text = as_text(value)
    match = _ENTITY.fullmatch(text)
    if match is None or match[1] not in ANNOUNCER_DOMAINS:
        raise refuse(
            "neither lights nor speaks",
            allowed=", ".join(f"{domain}.*" for domain in ANNOUNCER_DOMAINS),
            fix='for example "media_player.bedroom"',
        )
    return text


def check_voice_entity(value: object) -> str:
    """Return the Home Assistant entity that makes speech of a text."""
    text = as_text(value)
    match = _ENTITY.fullmatch(text)
    if match is None or match[1] != "tts":
        raise refuse("is not a voice", allowed="tts.*", fix='for example "tts.piper"')
    return text


def check_notify_service(value: object) -> str:
    """Return the notify service of a phone with the Home Assistant app."""
    text = as_text(value)
    if not _SERVICE.fullmatch(text):
        raise refuse(
            "is not a phone's notify service",
            allowed="notify.mobile_app_<phone>",
            fix="Home Assistant lists it under Developer tools > Actions",
        )
    return text


def is_host(text: str) -> bool:
    """Return whether a text has the shape of a host name or of an address in numbers."""
    return text.count(":") != 1 and _HOST.fullmatch(text) is not None


def check_host(value: object) -> str:
    """Return a host name or address without scheme, port and path."""
    text = as_text(value)
    if "://" in text or "/" in text or "@" in text:
        raise refuse("is more than a host name", fix='write the name alone, "mqtt.local"')
    if text.count(":") == 1:
        name, _, port = text.partition(":")
        better = f'write host = "{name}" and port = {port}' if port.isdecimal() else ""
        raise refuse("holds a port", fix=better)
    if not is_host(text):
        raise refuse("is not a host name", fix='for example "mqtt.local" or "192.168.1.5"')
    return text


def check_url(value: object) -> str:
    """Return an http(s) address as `scheme://host[:port][/path]`, without a slash at the end."""
    text = as_text(value)
    address = read_address(text)
    if address is None:
        raise refuse(
            "is not an address", fix='write "http://" or "https://", the host and its port'
        )
    if address.has_secrets:
        raise refuse(
            "holds a user name, a question mark or a #", fix="write scheme, host and port only"
        )
    return address.text


def check_home_assistant_url(value: object) -> str:
    """Return Home Assistant's address without the `/api` that its interface adds."""
    return check_url(value).removesuffix("/api")


def check_clock_time(value: object) -> time:
    """Return a time of day written as "07:30"."""
    if isinstance(value, time):
        return value.replace(tzinfo=None)
    match = _CLOCK_TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise refuse("is not a time of day", allowed='"00:00" to "23:59"', fix='write "07:30"')
    return time(int(match[1]), int(match[2]))


def check_time_zone(value: object) -> str:
    """Return the name of a time zone that this machine knows."""
    text = as_text(value)
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        close = nearest_name(text, zoneinfo.available_timezones())
        raise refuse(
            "is not a time zone",
            nearest=f'"{close}"' if close else "",
            fix="" if close else 'for example "Europe/Berlin"',
        ) from None
    return text


def check_country(value: object) -> str:
    """Return a two-letter country code."""
    text = as_text(value)
    code = country_code(text)
    if code is None:
        raise refuse("is not a country code", allowed='two letters, for example "DE" or "US"')
    return code


def check_emergency_number(value: object) -> str:
    """Return a telephone number."""
    text = as_text(value)
    if not _EMERGENCY_NUMBER.fullmatch(text):
        raise refuse("is not a telephone number", fix='write it in quotes, "112"')
    return text


def check_flag(value: object) -> bool:
    """Return true or false; words are understood from environment variables."""
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    answer = words.get(value.strip().lower()) if isinstance(value, str) else None
    if answer is None:
        raise refuse("is neither true nor false", allowed="true or false, without quotes")
    return answer


def check_match_value(value: object) -> str:
    """Return what a message's own field must say for a sensor's messages, as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return as_text(value)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Allow some words, and other spellings of them."""

    choices: tuple[str, ...]
    spellings: tuple[tuple[str, str], ...] = ()

    def __call__(self, value: object) -> str:
        """Return the word that is meant. Raises: PydanticCustomError when it is none of them."""
        known = {choice: choice for choice in self.choices} | dict(self.spellings)
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        answer = known.get(text.strip()) if isinstance(text, str) else None
        if answer is None:
            close = nearest_name(text.lower(), self.choices) if isinstance(text, str) else None
            raise refuse(
                "is not one of the choices",
                allowed=" or ".join(f'"{choice}"' for choice in self.choices),
                nearest=f'"{close}"' if close else "",
            )
        return answer


def one_of(*choices: str, spellings: Collection[tuple[str, str]] = ()) -> OneOf:
    """Return a check that allows these words, and other spellings of them."""
    return OneOf(choices, tuple(spellings))


Name = Annotated[str, BeforeValidator(check_name)]
Id = Annotated[str, BeforeValidator(check_id)]
Topic = Annotated[str, BeforeValidator(check_topic)]
BaseTopic = Annotated[str, BeforeValidator(check_base_topic)]
Text = Annotated[str, BeforeValidator(as_text)]
CoolingEntity = Annotated[str, BeforeValidator(check_cooling_entity)]
SensorEntity = Annotated[str, BeforeValidator(check_sensor_entity)]
MotionEntity = Annotated[str, BeforeValidator(check_motion_entity)]
PresenceEntity = Annotated[str, BeforeValidator(check_presence_entity)]
AnnouncerEntity = Annotated[str, BeforeValidator(check_announcer_entity)]
VoiceEntity = Annotated[str, BeforeValidator(check_voice_entity)]
NotifyService = Annotated[str, BeforeValidator(check_notify_service)]
Host = Annotated[str, BeforeValidator(check_host)]
Url = Annotated[str, BeforeValidator(check_url)]
HomeAssistantUrl = Annotated[str, BeforeValidator(check_home_assistant_url)]
ClockTime = Annotated[time, BeforeValidator(check_clock_time)]
TimeZone = Annotated[str, BeforeValidator(check_time_zone)]
Country = Annotated[str, BeforeValidator(check_country)]
EmergencyNumber = Annotated[str, BeforeValidator(check_emergency_number)]
Switch = Annotated[bool, BeforeValidator(check_flag)]
MatchValue = Annotated[str, BeforeValidator(check_match_value)]
