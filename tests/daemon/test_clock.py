"""Two clocks: ages that never step, texts that may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daemon.clock import Instant, SystemClock
from daemon.stepping import SteppedClock

MOMENT = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("boot_id", "boot_s", "wall", "elapsed", "plausible"),
    [
        ("boot-1", 1060.0, timedelta(minutes=1), timedelta(minutes=1), timedelta(minutes=1)),
        ("boot-1", 1060.0, -DAY, timedelta(minutes=1), timedelta(minutes=1)),
        ("boot-1", 1060.0, DAY, timedelta(minutes=1), timedelta(minutes=1)),
        ("boot-2", 5.0, timedelta(hours=2), None, timedelta(hours=2)),
        ("boot-2", 5000.0, -DAY, None, timedelta(0)),
    ],
)
def test_age_of_a_moment(
    boot_id: str, boot_s: float, wall: timedelta, elapsed: timedelta | None, plausible: timedelta
) -> None:
    """Within a boot the boot clock counts; over one the wall clock, and never backwards."""
    now = Instant(boot_id, boot_s, MOMENT.utc + wall)
    assert MOMENT.elapsed_until(now) == elapsed
    assert MOMENT.plausible_elapsed_until(now) == plausible


def test_shift_moves_both_clocks() -> None:
    """A moment later is later on every clock."""
    later = MOMENT.shifted(timedelta(seconds=90))
    assert later == Instant("boot-1", 1090.0, MOMENT.utc + timedelta(seconds=90))


def test_system_clock_reads_the_machine() -> None:
    """Boot time goes on, wall time is aware UTC, and being synchronised is known either way."""
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert second.boot_s >= first.boot_s > 0
    assert first.utc.tzinfo is UTC
    assert first.boot_id == second.boot_id != ""
    assert clock.is_synchronised() in {True, False}


def test_stepped_clock_is_moved_by_its_driver_only_and_never_back() -> None:
    """Both clocks are the scenario's."""
    clock = SteppedClock(MOMENT.utc)
    clock.set(MOMENT.utc + DAY)
    clock.set(MOMENT.utc)
    assert clock.now().utc == MOMENT.utc + DAY
    assert clock.boot_s() == clock.now().boot_s == (MOMENT.utc + DAY).timestamp()
    assert clock.is_synchronised()
