"""Understand what people and automations ask over MQTT, and refuse in plain words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from daemon.clock import Instant
from daemon.faces import Topics
from policies.model import Person

OLDEST_COMMAND = timedelta(seconds=60)  # source: docs/decisions.md
SMALLEST_DRINK_ML = 10
LARGEST_DRINK_ML = 1000
MOST_IN_TEN_MINUTES_ML = 1000  # more cannot be meant; source: FAULTS 72
RATE_WINDOW = timedelta(minutes=10)
LONGEST_REQUEST_ID = 64
LONGEST_SHOWN = 80  # of what somebody sent, in a refusal


class CommandError(Exception):
    """Refuse a command; the text says what is allowed."""


@dataclass(frozen=True, slots=True)
class DrinkCommand:
    """Ask to log a drink; `request_id` asks for a reply and makes a repetition harmless."""

    person_id: str
    amount_ml: int
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class TestAlertCommand:
    """Ask for a test alert to a person's phones."""

    __test__ = False  # not a test case, whatever its name

    person_id: str
    request_id: str | None = None


Command = DrinkCommand | TestAlertCommand


class CommandParser:
    """Parse the command topics of one home."""

    def __init__(self, topics: Topics, people: Iterable[Person]) -> None:
        """Know the people, whose ids a command names."""
        self._people = {person.person_id: person for person in people}
        self._topics = topics
        self._drink_topics = {
            topics.person_drink(person_id): person_id for person_id in self._people
        }

    @property
    def topics(self) -> frozenset[str]:
        """Return every topic to subscribe."""
        own = {self._topics.log_command, self._topics.test_alert_command}
        return frozenset(self._drink_topics) | own

    def parse(
        self, topic: str, payload: bytes, *, is_retained: bool, now: Instant
    ) -> Command | None:
        """Return the command, or `None` for a retained one, which is always old news.

        Raises: CommandError.
        """
        if is_retained or not payload:
            return None
        if topic in self._drink_topics:
            person = self._people[self._drink_topics[topic]]
            return DrinkCommand(person.person_id, _parse_amount(payload, person.portion_ml))
        fields = _parse_fields(payload, now)
        request_id = fields.get("id")
        if request_id is not None and not is_request_id(request_id):
            raise CommandError("id: at most 64 letters and digits")
        person_id = self._person_id(fields)
        if topic == self._topics.test_alert_command:
            return TestAlertCommand(person_id, request_id)
        if fields.get("kind", "drink") != "drink":
            raise CommandError(f"kind = {_shown(fields['kind'])}: only drink can be logged")
        return DrinkCommand(person_id, check_amount(fields.get("amount_ml")), request_id)

    def _person_id(self, fields: dict[str, Any]) -> str:
        person_id = fields.get("person")
        if person_id is None and len(self._people) == 1:
            return next(iter(self._people))
        if not isinstance(person_id, str) or person_id not in self._people:
            known = ", ".join(sorted(self._people))
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


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "..."


def _parse_amount(payload: bytes, portion_ml: int) -> int:
    text = payload[:40].decode(errors="replace").strip()
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
            age = now.utc - datetime.fromisoformat(str(at))
        except (ValueError, TypeError):
            raise CommandError(
                f"at = {_shown(at)}: give a time with its zone, like 2026-07-01T12:00:00+00:00"
            ) from None
        if abs(age) > OLDEST_COMMAND:
            raise CommandError(
                "the command is older than 60 s, or a clock is wrong: not carried out"
            )
    return fields
