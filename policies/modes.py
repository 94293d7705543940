"""Mind what people told keepcool of their day: quiet hours, snooze, out, and a home left empty.

Sources: DESIGN "Alerts"; FAULTS 49; docs/decisions.md, "Speaking".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from policies.alert import Alert, AlertPhase, Finding, HeatLevel, Message, Severity
from policies.model import Person, PersonConditions, Snapshot, Snooze

SNOOZE_LENGTH = timedelta(hours=1)  # of one alert, by its button
KNOWN_FOR = timedelta(hours=1)  # what was told before the snooze needs no reminder for so long
HOLIDAY_OVER_SHOWN = timedelta(hours=12)
POLICY = "mode"
HOLIDAY_SUBJECT = "holiday"


def is_quiet(person: Person, now_local: datetime) -> bool:
    """Return whether the local time lies in the person's quiet hours; from bed to wake by default.

    >>> anna = Person("anna", "Anna", ())
    >>> [is_quiet(anna, datetime(2026, 7, 14, hour)) for hour in (6, 7, 22, 23)]
    [True, False, False, True]
    """
    start = person.bed_at if person.quiet_from is None else person.quiet_from
    end = person.wake_at if person.quiet_until is None else person.quiet_until
    now = now_local.time().replace(tzinfo=None)
    if start <= end:
        return start <= now < end
    return now >= start or now < end


def is_out(conditions: PersonConditions) -> bool:
    """Return whether the person said so, or their presence does."""
    return conditions.out_remaining is not None or conditions.is_at_home is False


def breaks_snooze(alert: Alert, level: HeatLevel, snooze: Snooze | None) -> bool:
    """Return whether an alert is more than what the person wanted peace from.

    `level` is what it counts as. Of heat that is a level above the one the home was at when the
    snooze began, and above 2, which a snooze is for.
    """
    if snooze is None or alert.severity is Severity.CRITICAL:
        return True
    return alert.key.policy == "heat" and level > max(snooze.level, HeatLevel.WARNING)


def for_nobody_home(snapshot: Snapshot, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings as they matter to an empty home: trouble, and heat at level 4.

    Level 3 without cooling is critical because a person is in it. Here nobody is, and keepcool
    itself has stopped the cooling. Level 4 stays critical: it harms what was left behind, and is
    the last chance to be heard by somebody whom a forgotten switch hides. docs/decisions.md.
    """
    if not snapshot.holiday.is_on:
        return tuple(findings)
    return tuple(
        finding
        if finding.policy in {"trouble", POLICY} or finding.level >= HeatLevel.VERY_HIGH
        else replace(finding, severity=Severity.DISPLAY)
        for finding in findings
    )


def evaluate(snapshot: Snapshot, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what is worth knowing about the modes themselves."""
    findings = tuple(findings)
    return (*_reminders(snapshot, findings), *_holiday_over(snapshot))


def _reminders(snapshot: Snapshot, findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """Find people whose snooze hides heat: said once a snooze. Source: FAULTS 49."""
    for conditions in snapshot.people:
        person_id, snooze = conditions.person.person_id, conditions.snooze
        if snooze is None or snapshot.holiday.is_on:
            continue
        live = {
            (alert.key.policy, alert.key.subject): alert
            for alert in snapshot.alerts
            if alert.phase is not AlertPhase.RESOLVED
        }
        reminder = live.get((POLICY, person_id))
        for finding in findings:
            if not _is_hidden_heat(finding, person_id, snooze):
                continue
            if reminder is None and _is_known(live.get(("heat", finding.subject)), snooze):
                continue
            until = f"{snapshot.now_local + snooze.remaining:%H:%M}"
            said = finding.message.parameters
            parameters = {"until_local": until, "room": said.get("room")}
            parameters["temperature_c"] = said.get("temperature_c")
            parameters["effective_temperature_c"] = said.get("effective_temperature_c")
            yield _finding(
                person_id,
                (person_id,),
                Message("snooze_reminder", parameters),
                f"snoozed until {until} while {finding.reason}",
            )
            break
        else:
            if reminder is not None:  # it stays until the snooze ends, or it would come again
                yield _finding(person_id, (person_id,), reminder.message, reminder.reason)


def _is_hidden_heat(finding: Finding, person_id: str, snooze: Snooze) -> bool:
    return (
        finding.policy == "heat"
        and person_id in finding.person_ids
        and HeatLevel.WARNING <= finding.level <= max(snooze.level, HeatLevel.WARNING)
        and finding.severity < Severity.CRITICAL
        and not finding.is_expected
    )


def _is_known(heat: Alert | None, snooze: Snooze) -> bool:
    """Return whether the person heard of this heat and has been snoozed only a while since."""
    was_told = heat is not None and heat.told_severity >= Severity.WARNING
    return was_told and snooze.running_for < KNOWN_FOR


def _holiday_over(snapshot: Snapshot) -> Iterator[Finding]:
    holiday = snapshot.holiday
    if holiday.is_on or holiday.ended_for is None or holiday.ended_by is None:
        return
    if holiday.ended_for < HOLIDAY_OVER_SHOWN:
        everybody = tuple(conditions.person.person_id for conditions in snapshot.people)
        message = Message("holiday_over", {"cause": holiday.ended_by.value})
        reason = f"holiday mode ended by {holiday.ended_by.value}"
        yield _finding(HOLIDAY_SUBJECT, everybody, message, reason)


def _finding(subject: str, person_ids: tuple[str, ...], message: Message, reason: str) -> Finding:
    return Finding(POLICY, subject, Severity.NUDGE, person_ids, message, reason)
