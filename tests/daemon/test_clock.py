"""Two clocks: ages that never step, texts that may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daemon.clock import Instant, SystemClock
from daemon.records import Changes
from daemon.stepping import SteppedClock
from daemon.wall_clock import WallClock

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


@pytest.mark.parametrize(
    ("boot_id", "wall", "known"),
    [
        ("boot-1", -DAY, timedelta(minutes=1)),
        ("boot-2", timedelta(hours=2), timedelta(hours=2)),
        ("boot-2", timedelta(0), timedelta(0)),
        ("boot-2", -timedelta(seconds=1), None),
    ],
)
def test_age_over_a_reboot_is_known_unless_the_clock_is_behind(
    boot_id: str, wall: timedelta, known: timedelta | None
) -> None:
    """A moment that has not come yet by the wall clock has no age; within a boot it always has."""
    assert MOMENT.known_elapsed_until(Instant(boot_id, 1060.0, MOMENT.utc + wall)) == known


def test_moments_of_this_boot_go_by_the_wall_clock_as_it_is_set_now() -> None:
    """What was stamped in 1970 was ten minutes ago; what another boot stamped stays."""
    now = Instant("boot-1", 1600.0, datetime(2026, 7, 14, 13, 10, tzinfo=UTC))
    wrong = Instant("boot-1", 1000.0, datetime(1970, 1, 1, tzinfo=UTC))
    assert wrong.wall_time(now) == MOMENT.utc
    assert Instant("boot-0", 1000.0, MOMENT.utc - DAY).wall_time(now) == MOMENT.utc - DAY
    assert wrong.carried_to(now) is wrong
    assert Instant("boot-0", 7.0, MOMENT.utc + DAY).carried_to(now) == now


def test_step_is_seen_once_and_over_a_restart_and_a_drift_never() -> None:
    """A minute at once is a step; the same minute in small pieces is none."""
    changes = Changes()
    clock = WallClock({})
    assert clock.look(MOMENT, changes) is None
    set_on = Instant("boot-1", 1060.0, MOMENT.utc + timedelta(minutes=2))
    restarted = WallClock(changes.memory)
    for each in (clock, restarted):
        step = each.look(set_on, Changes())
        assert step is not None
        assert step.by == timedelta(minutes=1)
        assert each.look(set_on, Changes()) is None
    for second in range(1, 300):
        drifted = Instant("boot-1", 1060.0, set_on.utc + timedelta(seconds=second))
        assert clock.look(drifted, Changes()) is None
    assert WallClock(changes.memory).look(Instant("boot-2", 5.0, MOMENT.utc), Changes()) is None


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
