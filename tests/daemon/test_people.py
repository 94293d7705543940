"""A person's counters: days are their local days, ages never step, restarts forget nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daemon.clock import Instant
from daemon.people import PersonRecord
from daemon.records import Drink, PushRecord
from policies.alert import HeatLevel, Severity
from policies.model import PersonConditions
from tests.builders import a_person

ZONE = ZoneInfo("Europe/Berlin")
EVENING = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 21, 30, tzinfo=UTC))  # 23:30 local


def later(**duration: float) -> Instant:
    """Return a moment after the evening."""
    return EVENING.shifted(timedelta(**duration))


def a_drink(drink_id: str, at: Instant, amount_ml: int = 200) -> Drink:
    """Return one drink."""
    return Drink(drink_id, "anna", at.utc, amount_ml, "button")


def seen(
    record: PersonRecord, now: Instant, *, is_clock_synchronised: bool = True
) -> PersonConditions:
    """Return the counters."""
    return record.conditions(now, is_clock_synchronised=is_clock_synchronised)


@pytest.fixture
def record() -> PersonRecord:
    """Return the counters of a person of whom nothing is known."""
    return PersonRecord(a_person(), ZONE)


def test_day_begins_at_local_midnight(record: PersonRecord) -> None:
    """What was drunk and told at 23:30 belongs to yesterday half an hour later."""
    record.record_drink(a_drink("d", EVENING), EVENING)
    record.record_push("hydration", Severity.NUDGE, EVENING)
    record.record_push("hydration", Severity.WARNING, EVENING)
    record.record_level(HeatLevel.HIGH, EVENING)
    today, tomorrow = seen(record, later(minutes=29)), seen(record, later(minutes=31))
    assert (today.drunk_today_ml, today.nudges_today, today.pushes_today) == (200, 1, 2)
    assert (tomorrow.drunk_today_ml, tomorrow.nudges_today, tomorrow.pushes_today) == (0, 0, 0)
    assert today.peak_level_today is HeatLevel.HIGH
    assert tomorrow.peak_level_today is HeatLevel.NORMAL
    assert tomorrow.since_last_drink == tomorrow.since_last_nudge == timedelta(minutes=31)


@pytest.mark.parametrize(
    ("zone", "changes_at"),
    [
        ("Africa/Cairo", datetime(2024, 4, 25, 22, tzinfo=UTC)),  # there is no midnight
        ("America/Havana", datetime(2024, 11, 3, 5, tzinfo=UTC)),  # there are two
        ("Asia/Beirut", datetime(2024, 10, 26, 21, tzinfo=UTC)),  # the hour before comes twice
    ],
)
def test_day_begins_when_the_date_changes_also_where_clocks_change_at_midnight(
    zone: str, changes_at: datetime
) -> None:
    """A drink is of today when the local date of it is today's, in each quarter of an hour."""
    local = ZoneInfo(zone)
    for quarters in range(-12, 12):
        drunk_at = changes_at + timedelta(minutes=15 * quarters)
        record = PersonRecord(a_person(), local)
        record.record_drink(a_drink("d", Instant("b", 0.0, drunk_at)), Instant("b", 0.0, drunk_at))
        for later_min in range(0, 180, 15):
            now = Instant("b", later_min * 60.0, drunk_at + timedelta(minutes=later_min))
            is_today = drunk_at.astimezone(local).date() == now.utc.astimezone(local).date()
            assert bool(seen(record, now).drunk_today_ml) is is_today


def test_day_is_24_hours_while_the_clock_is_not_set(record: PersonRecord) -> None:
    """Without a wall clock to believe, a day is the last 24 h of boot time."""
    record.record_drink(a_drink("d", EVENING), EVENING)
    late = Instant("boot-1", EVENING.boot_s + 3600.0, EVENING.utc + timedelta(days=400))
    assert seen(record, late, is_clock_synchronised=False).drunk_today_ml == 200
    assert seen(record, later(hours=25), is_clock_synchronised=False).drunk_today_ml == 0


def test_last_hour_is_counted_by_the_clock_that_never_steps(record: PersonRecord) -> None:
    """A wall clock that jumps does not make room for more."""
    record.record_drink(a_drink("d", EVENING), EVENING)
    jumped = Instant("boot-1", EVENING.boot_s + 60.0, EVENING.utc + timedelta(hours=3))
    assert seen(record, jumped).drunk_last_hour_ml == 200
    assert record.drunk_within(timedelta(minutes=10), later(minutes=10)) == 0


def test_any_sign_ends_the_row_of_ignored_nudges(record: PersonRecord) -> None:
    """Nudges count as ignored until the person shows; warnings never do."""
    for severity in (Severity.NUDGE, Severity.WARNING, Severity.NUDGE):
        record.record_push("hydration", severity, EVENING)
    assert seen(record, EVENING).nudges_ignored == 2
    record.record_drink(a_drink("d", EVENING), later(minutes=1))
    found = seen(record, later(minutes=3))
    assert (found.nudges_ignored, found.since_sign_of_life) == (0, timedelta(minutes=2))


def test_peak_of_the_day_only_rises(record: PersonRecord) -> None:
    """The evening's coolness does not hide the afternoon's heat."""
    record.record_level(HeatLevel.HIGH, EVENING)
    record.record_level(HeatLevel.NORMAL, EVENING)
    assert seen(record, EVENING).peak_level_today is HeatLevel.HIGH
    record.record_level(HeatLevel.ADVISORY, later(hours=1))
    assert seen(record, later(hours=1)).peak_level_today is HeatLevel.ADVISORY


def test_counters_are_the_same_after_a_reboot(record: PersonRecord) -> None:
    """What the store kept gives the same counters, by the wall clock over a reboot."""
    record.record_drink(a_drink("d", EVENING), EVENING)
    record.record_push("hydration", Severity.NUDGE, later(minutes=1))
    record.record_level(HeatLevel.HIGH, EVENING)
    after = PersonRecord(a_person(), ZONE)
    after.restore(
        record.memory_json(),
        [a_drink("d", EVENING)],
        [PushRecord("anna", "hydration", Severity.NUDGE, later(minutes=1).utc)],
        rebooted := Instant("boot-2", 10.0, later(minutes=20).utc),
    )
    moment = later(minutes=20)
    assert seen(after, rebooted) == seen(record, moment)
    assert after.has_drink("d")
    assert not after.has_drink("e")


def test_two_days_are_kept(record: PersonRecord) -> None:
    """Counters do not grow for ever."""
    for hour in range(100):
        record.record_drink(a_drink(str(hour), later(hours=hour)), later(hours=hour))
        record.record_push("hydration", Severity.NUDGE, later(hours=hour))
        seen(record, later(hours=hour))
    assert len(record._drinks) == len(record._pushes) == 49
