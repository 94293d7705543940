"""When keepcool's hold on each device began and ended is kept beside its leases."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.clock import Instant
from daemon.lease import LeasePhase, LeaseRow
from daemon.records import Changes, to_json
from daemon.store import DATABASE_NAME, Store, open_read_only
from daemon.switchings import Runs, read_runs
from policies.model import DeviceState
from tests.builders import a_device, a_room
from tests.loop_home import LoopHome
from tests.opened import open_store

NOON = Instant("boot", 1000.0, datetime(2026, 7, 14, 12, tzinfo=UTC))
COOL = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=24.0)
ASKED = LeaseRow("ac", LeasePhase.RUNNING, COOL, until=NOON)


def running(since: float) -> LeaseRow:
    """Return a lease whose device was read back so many minutes past noon."""
    return replace(ASKED, is_confirmed=True, confirmed=after(since))


def after(minutes: float) -> Instant:
    """Return so many minutes past noon."""
    return NOON.shifted(timedelta(minutes=minutes))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a fresh store."""
    return open_store(tmp_path / DATABASE_NAME)


def write(store: Store, minutes: float, row: LeaseRow) -> None:
    """Write a lease so many minutes past noon."""
    store.commit(Changes(leases={row.device_id: to_json(row)}), after(minutes))


def runs(store: Store, now: Instant, hours: float = 12) -> Runs:
    """Return the runs of the hours from noon on."""
    with closing(open_read_only(store.path)) as connection:
        return read_runs(connection, NOON.utc, NOON.utc + timedelta(hours=hours), now.utc)


def test_a_run_counts_from_its_read_back_to_its_release(store: Store) -> None:
    """What is only asked for is no run; renewing it is no second one; the next begins anew."""
    write(store, 0, ASKED)
    write(store, 20, replace(running(1), until=after(80)))
    write(store, 31, replace(running(1), phase=LeasePhase.RELEASING, is_confirmed=False))
    write(store, 32, ASKED.idle())
    write(store, 60, running(60))
    write(store, 70, ASKED.idle())
    found = runs(store, after(100))
    assert found == {
        "ac": ((after(1).utc, after(31).utc), (after(60).utc, after(70).utc)),
    }


def test_a_run_too_short_to_be_written_while_it_lasted_is_there(store: Store) -> None:
    """The lease that hands back tells when it began."""
    write(store, 0, ASKED)
    write(store, 9, replace(running(1), phase=LeasePhase.RELEASING, is_confirmed=False))
    write(store, 10, ASKED.idle())
    assert runs(store, after(100)) == {"ac": ((after(1).utc, after(9).utc),)}


def test_a_run_that_goes_on_ends_now_or_with_its_lease(store: Store) -> None:
    """A daemon that is gone no longer renews it, whatever the device does."""
    write(store, 0, replace(running(0), until=after(60)))
    assert runs(store, after(10)) == {"ac": ((NOON.utc, after(10).utc),)}
    assert runs(store, after(600)) == {"ac": ((NOON.utc, after(60).utc),)}


def test_a_reboot_in_the_middle_is_no_end(store: Store) -> None:
    """The moment is the same but for what the clocks are apart."""
    write(store, 0, running(0))
    write(store, 20, replace(running(0.01), until=after(80)))
    write(store, 50, ASKED.idle())
    assert runs(store, after(100)) == {"ac": ((NOON.utc, after(50).utc),)}


def test_runs_are_cut_to_the_span_and_old_ones_forgotten(store: Store) -> None:
    """One over its edges keeps what is inside; after seventy days it is pruned."""
    write(store, -30, replace(running(-30), until=after(120)))
    write(store, 90, ASKED.idle())
    assert runs(store, after(100), hours=1) == {"ac": ((NOON.utc, after(60).utc),)}
    store.prune(NOON.utc + timedelta(days=71))
    assert runs(store, after(100)) == {}


def test_a_lease_that_cannot_be_read_is_no_run(store: Store) -> None:
    """What another version wrote stops nothing."""
    store.commit(Changes(leases={"ac": '{"phase":"new"}', "fan": "1"}), NOON)
    assert runs(store, after(10)) == {}


def test_the_daemon_writes_it_with_the_lease(tmp_path: Path) -> None:
    """A hot room: the AC is commanded, read back, and its run is there."""
    home = LoopHome(tmp_path, rooms=(a_room(devices=(a_device(),)),))
    home.house.states[a_device().entity_id] = DeviceState(is_on=False, hvac_mode="off")
    home.run(60)
    home.read(30.2)
    home.run(120)
    began = home.clock.utc
    home.read(22.0)
    home.run(3600)
    on, off = home.rows("SELECT device_id, is_on, at_utc FROM switching")
    assert on[:2] == (a_device().device_id, 1)
    assert off[:2] == (a_device().device_id, 0)
    assert str(on[2]) < began.isoformat() < str(off[2])
