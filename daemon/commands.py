"""Understand what people and automations ask over MQTT, and refuse in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Any, TypeGuard

from daemon.clock import Instant
from daemon.faces import Topics
from daemon.mode_commands import (
    LONGEST_PAYLOAD,
    CommandError,
    ModeCommand,
    parse_fields,
    parse_holiday,
    parse_out,
    parse_snooze,
)
from policies.alert import Road
from policies.model import Carer, Person, Room

__all__ = [
    "CheckCommand",
    "Command",
    "CommandError",
    "CommandParser",
    "CoolingSwitchCommand",
    "DrinkCommand",
    "TestAlertCommand",
    "check_amount",
    "check_rate",
    "is_request_id",
]

OLDEST_COMMAND = timedelta(seconds=60)  # source: docs/decisions.md
SMALLEST_DRINK_ML = 10
LARGEST_DRINK_ML = 1000
MOST_IN_TEN_MINUTES_ML = 1000  # more cannot be meant; source: FAULTS 72
RATE_WINDOW = timedelta(minutes=10)
LONGEST_REQUEST_ID = 64
_TESTED = (Road.PHONE, Road.SECOND_ROAD)  # that a message by them arrives can be tried
LONGEST_SHOWN = 80  # of what somebody sent, in a refusal


@dataclass(frozen=True, slots=True)
class DrinkCommand:
    """Ask to log a drink; `request_id` asks for a reply and makes a repetition harmless."""

    person_id: str
    amount_ml: int
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class TestAlertCommand:
    """Ask for a test alert to somebody's phones, or by their second road, loudly or not."""

    __test__ = False  # not a test case, whatever its name

    person_id: str  # or a carer's
    request_id: str | None = None
    road: Road = Road.PHONE
    is_loud: bool = False


@dataclass(frozen=True, slots=True)
class CoolingSwitchCommand:
    """Ask that keepcool cools a room by itself, or leaves its devices alone."""

    room_id: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class CheckCommand:
    """Ask that every road is tried once."""


Command = DrinkCommand | TestAlertCommand | CoolingSwitchCommand | CheckCommand | ModeCommand


class CommandParser:
    """Parse the command topics of one home."""

    def __init__(
        self,
        topics: Topics,
        people: Iterable[Person],
        rooms: Iterable[Room],
        zone: tzinfo = UTC,
        carers: Iterable[Carer] = (),
    ) -> None:
        """Know the people, whose ids a command names, and the rooms that have devices.

        In `zone` begins the day on which a holiday ends.
        """
        self._people = {person.person_id: person for person in people}
        self._carers = frozenset(carer.carer_id for carer in carers)
        self._topics = topics
        self._zone = zone
        self._plain: dict[str, Callable[[bytes], Command]] = {topics.home_check: _parse_check}
        for person in self._people.values():
            person_id, portion_ml = person.person_id, person.portion_ml
            self._plain[topics.person_drink(person_id)] = partial(
                _parse_drink, person_id, portion_ml
            )
            self._plain[topics.person_snooze(person_id)] = partial(_parse_snooze, person_id)
            self._plain[topics.person_out(person_id)] = partial(_parse_out, person_id)
        for owner_id in (*self._people, *self._carers):
            self._plain[topics.person_test_alert(owner_id)] = partial(_parse_test, owner_id)
            second = partial(_parse_test, owner_id, road=Road.SECOND_ROAD)
            self._plain[topics.person_test_second_road(owner_id)] = second
        for room in rooms:
            if room.devices:
                topic = topics.room_cooling(room.room_id)
                self._plain[topic] = partial(_parse_cooling, room.room_id)

    @property
    def topics(self) -> frozenset[str]:
        """Return every topic to subscribe."""
        own = {
            self._topics.log_command,
            self._topics.test_alert_command,
            self._topics.mode_command,
            self._topics.home_holiday,
        }
        return frozenset(own | self._plain.keys())

    def parse(
        self, topic: str, payload: bytes, *, is_retained: bool, now: Instant
    ) -> Command | None:
        """Return the command, or `None` for a retained one, which is always old news.

        Raises: CommandError.
        """
        if is_retained or not payload:
            return None
        if topic in self._plain:
            return self._plain[topic](payload)
        if topic == self._topics.home_holiday:
            return parse_holiday(_plain(payload), now.utc, self._zone)
        return self._parse_request(topic, _parse_fields(payload, now), now)

    def _parse_request(self, topic: str, fields: dict[str, Any], now: Instant) -> Command:
        """Return the command of a program, which may wait for an answer. Raises: CommandError."""
        request_id = fields.get("id")
        if request_id is not None and not is_request_id(request_id):
            raise CommandError("id: at most 64 letters and digits")
        if topic == self._topics.mode_command:
            return parse_fields(
                fields, lambda: self._person_id(fields), now.utc, self._zone, request_id
            )
        if topic == self._topics.test_alert_command:
            reader_id, road = self._reader_id(fields), _road(fields)
            return TestAlertCommand(reader_id, request_id, road, is_loud=_is_loud(fields))
        person_id = self._person_id(fields)
        if fields.get("kind", "drink") != "drink":
            raise CommandError(f"kind = {_shown(fields['kind'])}: only drink can be logged")
        return DrinkCommand(person_id, check_amount(fields.get("amount_ml")), request_id)

    def _reader_id(self, fields: dict[str, Any]) -> str:
        """Return who is told: a person or a carer. Raises: CommandError."""
        named = fields.get("person")
        if isinstance(named, str) and named in self._carers:
            return named
        return self._person_id(fields, self._carers)

    def _person_id(self, fields: dict[str, Any], others: Iterable[str] = ()) -> str:
        person_id = fields.get("person")
        if person_id is None and len(self._people) == 1:
            return next(iter(self._people))
        if not isinstance(person_id, str) or person_id not in self._people:
            known = ", ".join(sorted({*self._people, *others}))
            raise CommandError(
                f"person = {_shown(person_id)}: nobody of that id; known are {known}"
            )
        return person_id


def is_request_id(value: object) -> TypeGuard[str]:
    """Return whether a value may name a request; it becomes part of the reply's topic."""
    return isinstance(value, str) and len(value) <= LONGEST_REQUEST_ID and value.isalnum()


def check_amount(value: object) -> int:
    """Return a drink's millilitres. Raises: CommandError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN
        raise CommandError(f"amount_ml = {_shown(value)}: give a number of millilitres, like 200")
    if not SMALLEST_DRINK_ML <= value <= LARGEST_DRINK_ML:
        raise CommandError(
            f"amount_ml = {_shown(value)}: allowed for one drink are "
            f"{SMALLEST_DRINK_ML} to {LARGEST_DRINK_ML} ml"
        )
    return round(value)


def check_rate(amount_ml: int, drunk_in_ten_minutes_ml: int, *, may_name: bool = True) -> None:
    """Refuse what nobody drinks so fast, naming volumes only where that is allowed.

    Raises: CommandError.
    """
    if drunk_in_ten_minutes_ml + amount_ml > MOST_IN_TEN_MINUTES_ML:
        if not may_name:
            raise CommandError("drink not recorded: more than is believed within ten minutes")
        raise CommandError(
            f"{amount_ml} ml not recorded: {drunk_in_ten_minutes_ml} ml were logged in the last "
            f"ten minutes, and more than {MOST_IN_TEN_MINUTES_ML} ml in that time is not believed"
        )


def _road(fields: Mapping[str, Any]) -> Road:
    value = fields.get("road", Road.PHONE.value)
    if value not in _TESTED:
        known = " or ".join(_TESTED)
        raise CommandError(f"road = {_shown(value)}: allowed are {known}")
    return Road(value)


def _is_loud(fields: Mapping[str, Any]) -> bool:
    value = fields.get("is_loud", False)
    if not isinstance(value, bool):
        raise CommandError(f"is_loud = {_shown(value)}: allowed are true or false")
    return value


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except RecursionError:  # JSON of a depth that could just be read
        return "(nested too deeply)"
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def _plain(payload: bytes) -> str:
    return payload[:LONGEST_PAYLOAD].decode(errors="replace").strip()


def _check_press(payload: bytes) -> None:
    text = _plain(payload)
    if text.upper() != "PRESS":
        raise CommandError(f"{text!r}: a button takes PRESS")


def _parse_drink(person_id: str, portion_ml: int, payload: bytes) -> DrinkCommand:
    return DrinkCommand(person_id, _parse_amount(payload, portion_ml))


def _parse_test(person_id: str, payload: bytes, *, road: Road = Road.PHONE) -> TestAlertCommand:
    _check_press(payload)
    return TestAlertCommand(person_id, road=road)


def _parse_snooze(person_id: str, payload: bytes) -> ModeCommand:
    return parse_snooze(person_id, _plain(payload))


def _parse_out(person_id: str, payload: bytes) -> ModeCommand:
    return parse_out(person_id, _plain(payload))


def _parse_check(payload: bytes) -> CheckCommand:
    _check_press(payload)
    return CheckCommand()


def _parse_cooling(room_id: str, payload: bytes) -> CoolingSwitchCommand:
    text = _plain(payload)
    if text.upper() not in ("ON", "OFF"):
        raise CommandError(f"{text!r}: a switch takes ON or OFF")
    return CoolingSwitchCommand(room_id, is_on=text.upper() == "ON")


def _parse_amount(payload: bytes, portion_ml: int) -> int:
    text = _plain(payload)
    if text.upper() == "PRESS":
        return portion_ml
    try:
        return check_amount(float(text))
    except ValueError:
        raise CommandError(f"{text!r}: give a number of millilitres, or PRESS") from None


def _parse_fields(payload: bytes, now: Instant) -> dict[str, Any]:
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError):
        raise CommandError("the command is not JSON") from None
    if not isinstance(fields, dict):
        raise CommandError("the command is not a JSON object")
    at = fields.get("at")
    if at is not None:
        try:
            age = now.utc - datetime.fromisoformat(at)
        except (ValueError, TypeError):
            raise CommandError(
                f"at = {_shown(at)}: give a time with its zone, like 2026-07-01T12:00:00+00:00"
            ) from None
        if abs(age) > OLDEST_COMMAND:
            raise CommandError(
                "the command is older than 60 s, or a clock is wrong: not carried out"
            )
    return fields
