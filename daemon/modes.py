"""Keep the modes that people set (snooze, out, holiday), with ends that survive a restart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from daemon.clock import Instant
from daemon.mode_commands import HolidayCommand, ModeCommand, OutCommand, SnoozeCommand
from daemon.records import Changes, read_json, to_json
from policies import brief_timing
from policies.alert import Alert, AlertPhase, HeatLevel
from policies.model import Holiday, HolidayEnd, Snooze
from policies.wording import full_text

if TYPE_CHECKING:
    from daemon.state import HomeState

log = structlog.get_logger()

OUT_LASTS = timedelta(hours=4)  # source: DESIGN "Alerts"
HOLIDAY_KEY = "holiday"


@dataclass(frozen=True, slots=True)
class Deadline:
    """Mark an end that holds over clock steps, restarts and reboots (docs/decisions.md, "Time")."""

    since: Instant
    until: Instant

    @classmethod
    def after(cls, lasts: timedelta, now: Instant) -> Deadline:
        """Return the end of what begins now."""
        return cls(now, now.shifted(lasts))

    def remaining(self, now: Instant) -> timedelta:
        """Return the time left, 0 when it has passed.

        After a reboot the wall clock counts, but since it may be wrong no longer than the whole
        length from that boot on: a snooze must end although the time is never known again.
        """
        if self.until.boot_id == now.boot_id:
            left = timedelta(seconds=self.until.boot_s - now.boot_s)
        else:
            length = self.until.utc - self.since.utc
            left = min(self.until.utc - now.utc, length - timedelta(seconds=now.boot_s))
        return max(left, timedelta(0))


@dataclass(frozen=True, slots=True)
class SnoozeMemory:
    """Hold a person's snooze, with the level at which the home was when it began."""

    deadline: Deadline
    level: HeatLevel = HeatLevel.NORMAL

    def conditions(self, now: Instant) -> Snooze | None:
        """Return the snooze as the policies see it, or `None` when it is over."""
        remaining = self.deadline.remaining(now)
        if not remaining:
            return None
        since = self.deadline.since
        return Snooze(remaining, since.plausible_elapsed_until(now), self.level)


@dataclass(frozen=True, slots=True)
class HolidayMemory:
    """Hold whether the home is empty for days, and how that ended last."""

    is_on: bool = False
    deadline: Deadline | None = None  # None: until it is switched off
    ended: Instant | None = None
    ended_by: HolidayEnd | None = None

    def conditions(self, now: Instant) -> Holiday:
        """Return the mode as the policies see it."""
        return Holiday(
            is_on=self.is_on,
            remaining=self.deadline.remaining(now) if self.is_on and self.deadline else None,
            ended_for=None if self.ended is None else self.ended.known_elapsed_until(now),
            ended_by=self.ended_by,
        )


def restore_holiday(memory: dict[str, str]) -> HolidayMemory:
    """Return what the store kept."""
    text = memory.get(HOLIDAY_KEY)
    return (None if text is None else read_json(HolidayMemory, text)) or HolidayMemory()


# --------------------------------------------------------------------------- what people ask


def carry_out(command: ModeCommand, state: HomeState, now: Instant, changes: Changes) -> str:
    """Switch a mode; return what became of it, in words for whoever asked."""
    match command:
        case SnoozeCommand():
            return _snooze(command, state, now, changes)
        case OutCommand():
            set_out(state, command.person_id, now, changes, is_out=command.is_on)
            name = state.people[command.person_id].person.name
            if not command.is_on:
                return f"{name} is back: everything speaks again"
            until = f"{state.local(now.utc + OUT_LASTS):%H:%M}"
            return f"{name} is out, until {until} at the latest: only what is urgent speaks"
        case HolidayCommand():
            return _set_holiday(command, state, now, changes)


def _snooze(command: SnoozeCommand, state: HomeState, now: Instant, changes: Changes) -> str:
    record = state.people[command.person_id]
    if command.lasts is None:
        record.memory = replace(record.memory, snooze=None)
        words = f"{record.person.name} is not snoozed: everything speaks again"
    else:
        deadline = Deadline.after(command.lasts, now)
        level = state.level_of(command.person_id)
        record.memory = replace(record.memory, snooze=SnoozeMemory(deadline, level))
        until = f"{state.local(deadline.until.utc):%H:%M}"
        words = f"{record.person.name} is snoozed until {until}: only what is urgent speaks"
    log.info("mode.snoozed", person_id=command.person_id, is_on=command.lasts is not None)
    state.remember(command.person_id, changes)
    return words


def set_out(
    state: HomeState, person_id: str, now: Instant, changes: Changes, *, is_out: bool
) -> None:
    """Note that a person goes out, or is back."""
    record = state.people[person_id]
    out = Deadline.after(OUT_LASTS, now) if is_out else None
    if record.memory.out != out:
        log.info("mode.out", person_id=person_id, is_on=is_out)
        record.memory = replace(record.memory, out=out)
        state.remember(person_id, changes)


def _set_holiday(command: HolidayCommand, state: HomeState, now: Instant, changes: Changes) -> str:
    if not command.is_on:
        end_holiday(state, HolidayEnd.SWITCH, now, changes)
        return "holiday mode is off: keepcool looks after everybody again"
    deadline = None
    if command.until is not None:
        deadline = Deadline.after(command.until - now.utc, now)
    state.holiday = HolidayMemory(is_on=True, deadline=deadline)
    _remember_holiday(state, changes)
    log.info("mode.holiday", is_on=True)
    end = "it is switched off or somebody is back"
    if command.until is not None:
        end = f"{state.local(command.until):%Y-%m-%d %H:%M} or somebody is back"
    return f"holiday mode is on until {end}: no reminders, no cooling"


def end_holiday(state: HomeState, by: HolidayEnd, now: Instant, changes: Changes) -> None:
    """End the holiday mode, if it is on, and remember why, so that it is said once."""
    if state.holiday.is_on:
        state.holiday = HolidayMemory(ended=now, ended_by=by)
        _remember_holiday(state, changes)
        log.info("mode.holiday", is_on=False, cause=by.value)


def _remember_holiday(state: HomeState, changes: Changes) -> None:
    changes.memory[HOLIDAY_KEY] = to_json(state.holiday)


# --------------------------------------------------------------------------- what ends by itself


def note_at_home(
    state: HomeState, person_ids: Iterable[str], by: HolidayEnd, now: Instant, changes: Changes
) -> None:
    """Take a sign made at home: whoever gave it is not out, and nobody is on holiday."""
    for person_id in person_ids:
        if state.people[person_id].memory.out is not None:
            set_out(state, person_id, now, changes, is_out=False)
    end_holiday(state, by, now, changes)


def settle(state: HomeState, now: Instant, changes: Changes) -> None:
    """End the holiday whose date has come, and what somebody's coming home ends."""
    for person_id, record in state.people.items():
        is_at_home = state.presence_of(record.person, now)[0]
        was_away = record.memory.was_away
        if is_at_home is None or is_at_home is not was_away:
            continue  # as it was
        record.memory = replace(record.memory, was_away=not is_at_home)
        state.remember(person_id, changes)
        if is_at_home:
            note_at_home(state, [person_id], HolidayEnd.PRESENCE, now, changes)
    deadline = state.holiday.deadline
    if state.holiday.is_on and deadline is not None and not deadline.remaining(now):
        end_holiday(state, HolidayEnd.DATE, now, changes)


# --------------------------------------------------------------------------- for the state topics


def person_modes(state: HomeState, now: Instant) -> dict[str, dict[str, Any]]:
    """Return what each person's state topic says of their modes."""
    shown = {}
    for person_id, record in state.people.items():
        snooze, out = record.memory.snooze, record.memory.out
        is_snoozed = snooze is not None and bool(snooze.deadline.remaining(now))
        is_told_out = out is not None and bool(out.remaining(now))
        pressed = state.proofs.pressed(person_id)
        shown[person_id] = {
            "snoozed_until": _shown(snooze.deadline.until.utc) if snooze and is_snoozed else None,
            "is_out": is_told_out or state.presence_of(record.person, now)[0] is False,
            "out_until": _shown(out.until.utc) if out and is_told_out else None,
            "brief": _brief_of(state, person_id),
            "phone_answered_at": _shown(pressed.utc) if pressed else None,
        }
    return shown


def home_modes(state: HomeState) -> dict[str, Any]:
    """Return what the home's state topic says of its modes."""
    deadline = state.holiday.deadline
    return {
        "holiday": state.holiday.is_on,
        "holiday_until": None if deadline is None else _shown(deadline.until.utc),
        "to_look_at": sorted({alert.reason for alert in _in_digests(state)}),
    }


def _in_digests(state: HomeState) -> list[Alert]:
    """Return all that any digest tells of, which may be more than its message holds."""
    alerts = state.alerts.values()
    return [a for a in alerts if a.digested_for and a.phase is not AlertPhase.RESOLVED]


def _brief_of(state: HomeState, person_id: str) -> str | None:
    """Return today's brief with everything that it has to say."""
    for alert in state.alerts.values():
        is_theirs = alert.key.policy == brief_timing.POLICY and alert.key.subject == person_id
        if is_theirs and alert.phase is not AlertPhase.RESOLVED:
            return full_text(alert.message, state.people[person_id].person, state.home)
    return None


def _shown(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
