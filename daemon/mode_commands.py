"""Understand what switches a mode: plain payloads of buttons and switches, JSON of programs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

DEFAULT_SNOOZE = timedelta(hours=1)
LONGEST_SNOOZE = timedelta(hours=12)  # source: FAULTS 49
LONGEST_HOLIDAY = timedelta(days=366)
LONGEST_PAYLOAD = 40
_ON = frozenset({"ON", "PRESS", "TRUE"})
_OFF = frozenset({"OFF", "FALSE"})
_MINUTE = timedelta(minutes=1)


class CommandError(Exception):
    """Refuse a command; the text says what is allowed."""


@dataclass(frozen=True, slots=True)
class SnoozeCommand:
    """Ask for peace for a while; `lasts` is `None` to end it."""

    person_id: str
    lasts: timedelta | None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutCommand:
    """Say that a person goes out, or is back."""

    person_id: str
    is_on: bool
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class HolidayCommand:
    """Say that nobody is home for days, until a moment or until it is taken back."""

    is_on: bool
    until: datetime | None = None
    request_id: str | None = None


ModeCommand = SnoozeCommand | OutCommand | HolidayCommand


def parse_snooze(person_id: str, text: str) -> SnoozeCommand:
    """Return the snooze of `ON` (an hour), `OFF` or a number of minutes. Raises: CommandError."""
    is_on = _read_switch(text)
    if is_on is not None:
        return SnoozeCommand(person_id, DEFAULT_SNOOZE if is_on else None)
    return SnoozeCommand(person_id, check_snooze(_number(text)))


def check_snooze(minutes: object) -> timedelta:
    """Return the length of a snooze. Raises: CommandError."""
    longest = LONGEST_SNOOZE / _MINUTE
    is_number = isinstance(minutes, int | float) and not isinstance(minutes, bool)
    if not is_number or not 1 <= minutes <= longest:  # type: ignore[operator] # a number
        raise CommandError(f"snooze: give ON, OFF or minutes from 1 to {longest:.0f}")
    return float(minutes) * _MINUTE  # type: ignore[arg-type] # a number


def parse_out(person_id: str, text: str) -> OutCommand:
    """Return what `ON` or `OFF` says. Raises: CommandError."""
    is_on = _read_switch(text)
    if is_on is None:
        raise CommandError(f"out: give ON or OFF, not {text!r}")
    return OutCommand(person_id, is_on)


def parse_holiday(text: str, now_utc: datetime, zone: tzinfo) -> HolidayCommand:
    """Return what `ON`, `OFF`, or the day or moment of coming back says. Raises: CommandError."""
    is_on = _read_switch(text)
    if is_on is not None:
        return HolidayCommand(is_on)
    return HolidayCommand(is_on=True, until=check_until(text, now_utc, zone))


def check_until(text: object, now_utc: datetime, zone: tzinfo) -> datetime:
    """Return when a holiday ends; a date is the day of coming back and ends it as it begins.

    Raises: CommandError.
    """
    if not isinstance(text, str):
        raise CommandError("until: give the day of coming back as a text, like 2026-08-14")
    try:
        if len(text) <= len("2026-08-14"):
            until = datetime.combine(date.fromisoformat(text), time(), zone)
        else:
            until = datetime.fromisoformat(text)
            until = until if until.tzinfo else until.replace(tzinfo=zone)
    except ValueError:
        shown = text[:LONGEST_PAYLOAD]
        raise CommandError(
            f"holiday: give ON, OFF, or the day of coming back like 2026-08-14, not {shown!r}"
        ) from None
    if not timedelta(0) < until - now_utc <= LONGEST_HOLIDAY:
        raise CommandError("holiday: the day of coming back must lie within the coming year")
    return until


def parse_fields(
    fields: Mapping[str, object],
    person_id: Callable[[], str],
    now_utc: datetime,
    zone: tzinfo,
    request_id: str | None,
) -> ModeCommand:
    """Return the mode that a program asks for by `kind` and `is_on`. Raises: CommandError."""
    kind, is_on = fields.get("kind"), fields.get("is_on")
    if not isinstance(is_on, bool):
        raise CommandError("is_on: give true or false")
    if kind == "snooze":
        lasts = check_snooze(fields.get("minutes", DEFAULT_SNOOZE / _MINUTE)) if is_on else None
        return SnoozeCommand(person_id(), lasts, request_id)
    if kind == "out":
        return OutCommand(person_id(), is_on, request_id)
    if kind == "holiday":
        given = fields.get("until") if is_on else None
        until = None if given is None else check_until(given, now_utc, zone)
        return HolidayCommand(is_on, until, request_id)
    raise CommandError("kind: give snooze, out or holiday")


def _read_switch(text: str) -> bool | None:
    word = text.strip().upper()
    return True if word in _ON else False if word in _OFF else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
