"""Read the answers to `keepcool init` from a file, instead of asking for them.

Whatever is left out is taken as found or as usual; only a person's name must be there. Tables that
the settings have as well have the same keys and ranges here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError

from config import credentials
from config.credentials import UnfitFileError
from config.errors import Problem, SettingsError
from config.fields import (
    Between,
    ClockTime,
    CoolingEntity,
    Country,
    EmergencyNumber,
    Name,
    NotifyService,
    Switch,
    Text,
    TimeZone,
)
from config.lines import KeyPath
from config.model import CoolingUse, HomeAssistantTable, MqttTable, PhoneApp, Secret, WeatherTable
from config.relations import Relations
from config.source import Source, read_document
from config.table import Table
from config.translation import translate_errors


class HomeAnswers(Table):
    """`[home]`: where the home is; from Home Assistant when it is left out."""

    name: Name | None = None
    latitude_deg: Annotated[float, Between(-90, 90, "°")] | None = None
    longitude_deg: Annotated[float, Between(-180, 180, "°")] | None = None
    time_zone: TimeZone | None = None
    country: Country | None = None
    emergency_number: EmergencyNumber | None = None


class PhoneAnswers(Table):
    """`[[person.phone]]`: a phone; its kind is guessed when it is left out."""

    service: NotifyService
    kind: PhoneApp | None = None


class PersonAnswers(Table):
    """`[[person]]`: somebody to look after; rooms by their names."""

    name: Name
    rooms_by_day: tuple[Name, ...] | None = None  # every room when it is left out
    rooms_by_night: tuple[Name, ...] | None = None  # the bedrooms when it is left out
    wake_at: ClockTime = time(7, 0)
    bed_at: ClockTime = time(22, 30)
    heat_sensitive: Switch = False
    reduced_sweating: Switch = False
    circulation: Switch = False
    heat_production_or_set_point: Switch = False
    fluid_or_salt_loss: Switch = False
    lithium_or_narrow: Switch = False
    fluid_restricted: Switch = False
    phones: tuple[PhoneAnswers, ...] = Field(default=(), alias="phone")
    second_road: Secret = None  # an address of apprise
    second_road_file: Text | None = None


class CarerAnswers(Table):
    """`[[carer]]`: somebody who is told when nobody answers."""

    name: Name
    phones: tuple[PhoneAnswers, ...] = Field(default=(), alias="phone")
    second_road: Secret = None
    second_road_file: Text | None = None


class CoolingAnswers(Table):
    """`[[room.cooling]]`: a device that keepcool may switch; none is taken unasked."""

    entity: CoolingEntity
    name: Name | None = None
    role: CoolingUse | None = None
    facing_deg: Annotated[int, Between(0, 359, "°")] | None = None


class RoomAnswers(Table):
    """`[[room]]`: a room; its sensors are those that are found for its name when left out."""

    name: Name
    sensors: tuple[Text, ...] | None = None  # topics and entities, as `keepcool init` lists them
    cooling: tuple[CoolingAnswers, ...] = ()


class Answers(Table):
    """The whole file. A road that is named must work; one that is left out is not taken."""

    listen_s: Annotated[float, Between(1, 600, "s", off=0)] = 20.0
    test_push: Switch = False
    home: HomeAnswers = Field(default_factory=HomeAnswers)
    mqtt: MqttTable | None = None
    home_assistant: HomeAssistantTable | None = None
    weather: WeatherTable | None = None
    people: tuple[PersonAnswers, ...] = Field(alias="person")
    carers: tuple[CarerAnswers, ...] = Field(default=(), alias="carer")
    rooms: tuple[RoomAnswers, ...] | None = Field(default=None, alias="room")


@dataclass(frozen=True, slots=True)
class LoadedAnswers:
    """Hold the answers, with what is needed to complain about them."""

    answers: Answers
    source: Source
    base: Path

    def problem(self, path: KeyPath, what: str, **more: str) -> Problem:
        """Build a problem of a key."""
        key = ".".join(part for part in path if isinstance(part, str))
        return Problem(self.source.where(path), key, what, **more)

    def secret(self, path: KeyPath, value: SecretStr | None, file: str | None) -> str | None:
        """Return a secret in the clear, from the file itself or from the one that it names.

        Raises: SettingsError.
        """
        if value is not None:
            return value.get_secret_value()
        if file is None:
            return None
        try:
            return credentials.read_real_secret(credentials.resolve(file, self.base))
        except UnfitFileError as error:
            raise SettingsError([self.problem(path, str(error), fix=error.fix)]) from None


def load_answers(path: Path) -> LoadedAnswers:
    """Read and check the file. Raises: SettingsError with everything that is wrong."""
    if not path.exists():
        fix = "docs/init.md shows such a file"
        raise SettingsError([Problem(str(path), "", "there is no such file", fix=fix)])
    document, source = read_document(path)
    problems: list[Problem] = []
    answers = None
    try:
        answers = Answers.model_validate(document)
    except ValidationError as error:
        problems += translate_errors(error, document, source, Answers)
    problems += Relations(document, source).roads()  # before anything is sent to anybody
    loaded = None if answers is None else LoadedAnswers(answers, source, path.parent.absolute())
    if loaded is not None:
        problems += _related(loaded)
        problems += _open_secrets(loaded, document, path)
    if problems or loaded is None:
        raise SettingsError(dict.fromkeys(problems))
    return loaded


def _related(loaded: LoadedAnswers) -> Iterator[Problem]:
    answers = loaded.answers
    if not answers.people:
        yield loaded.problem(("person",), "is missing", fix='add a [[person]] with name = "Anna"')
    if answers.mqtt is None and answers.home_assistant is None:
        fix = "add [mqtt] with host, or [home_assistant] with url and token_file"
        yield Problem(loaded.source.file_name, "", "neither broker nor Home Assistant", fix=fix)
    table = answers.home_assistant
    if table is not None and table.token is None and table.token_file is None:
        path: KeyPath = ("home_assistant",)
        yield loaded.problem(path, "has no token", fix='add token_file = "..."')
    broker = answers.mqtt
    has_password = broker is not None and (broker.password or broker.password_file)
    if broker is not None and broker.username and not has_password:
        yield loaded.problem(
            ("mqtt", "username"), "has no password", fix='add password_file = "..."'
        )


def _open_secrets(loaded: LoadedAnswers, document: Any, path: Path) -> Iterator[Problem]:  # noqa: ANN401 - TOML
    """Refuse secrets in a file that others can read."""
    tables: list[tuple[KeyPath, Any]] = [(("mqtt",), document.get("mqtt"))]
    tables.append((("home_assistant",), document.get("home_assistant")))
    for kind in ("person", "carer"):
        tables += [((kind, number), table) for number, table in enumerate(document.get(kind, []))]
    for place, table in tables:
        for key in ("password", "token", "second_road"):
            complaint = credentials.openness_of(path)
            if isinstance(table, dict) and key in table and complaint:
                fix = f"chmod 600 {path}, or name a file: {key}_file"
                what = f"is a secret, and this file {complaint}"
                yield loaded.problem((*place, key), what, fix=fix)


def usual_text(moment: time) -> str:
    """Return a time of day as the settings write it."""
    return f"{moment:%H:%M}"
