"""Show what faults of blinds and dehumidifiers lead to (the rows of the fault list, by number)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from daemon.actuation import NoteFailure, NoteOverride
from daemon.lease import LeasePhase, LeaseRow
from daemon.records import from_json
from policies import cooling, heat_sensitivity
from policies.alert import Finding
from policies.model import (
    CoolingDevice,
    CoolingRole,
    DeviceKind,
    DeviceState,
    Snapshot,
    SunPosition,
    Window,
)
from tests.appliance import Bench, Manner
from tests.builders import a_device, a_room, a_snapshot, hours, local, minutes, room_conditions

UP = DeviceState(is_on=False, position_pct=100)
DOWN = DeviceState(is_on=True, position_pct=0)
DRYER_OFF = DeviceState(is_on=False, target_humidity_pct=60, mode="auto")
DRYING = DeviceState(is_on=True, target_humidity_pct=50)


def a_blind() -> CoolingDevice:
    """Return the living room's blind, on a window to the south."""
    return a_device(
        device_id="blind",
        entity_id="cover.living_room",
        kind=DeviceKind.COVER,
        role=CoolingRole.BLIND,
        window=Window(180.0),
    )


def a_dryer() -> CoolingDevice:
    """Return the living room's dehumidifier."""
    return a_device(
        device_id="dryer",
        entity_id="humidifier.living_room",
        kind=DeviceKind.HUMIDIFIER,
        role=CoolingRole.DEHUMIDIFIER,
    )


def a_bench(device: CoolingDevice) -> Bench:
    """Return the device as it was found: a blind up, a dehumidifier off."""
    bench = Bench(device)
    bench.appliance.state = UP if device.role is CoolingRole.BLIND else DRYER_OFF
    bench.observe()
    return bench


def snapshot_of(bench: Bench, room_c: float | None, humidity_pct: float = 85.0) -> Snapshot:
    """Return the home as the daemon would see it, with the sun on the window."""
    devices = (bench.conditions(room_c),)
    room = room_conditions(room_c, a_room(), devices=devices, relative_humidity_pct=humidity_pct)
    at = local(13) + minutes(bench.seconds / 60)
    sun = tuple(SunPosition(at + number * minutes(10), 180.0, 50.0) for number in range(30))
    return a_snapshot(at, rooms=(room,), sun=sun)


def decide(
    bench: Bench, room_c: float | None = 30.0, humidity_pct: float = 85.0
) -> tuple[Finding, ...]:
    """Let the plan judge the room, and the actuation carry it out; return the findings."""
    snapshot = snapshot_of(bench, room_c, humidity_pct)
    planned = cooling.plan(snapshot, heat_sensitivity.evaluate(snapshot))
    bench.actuation.apply_plan(planned.commands, bench.now)
    bench.act()
    return planned.findings


DEVICES = {"blind": (a_blind, DOWN), "dryer": (a_dryer, DRYING)}


@pytest.mark.parametrize("name", DEVICES)
def test_each_is_commanded_and_read_back(name: str) -> None:
    """One command, confirmed by what is read back."""
    build, wanted = DEVICES[name]
    bench = a_bench(build())
    decide(bench)
    bench.run(120)
    assert [command.desired for _, command in bench.sent] == [wanted]
    assert bench.appliance.state == wanted
    assert not bench.conditions().has_failed


@pytest.mark.parametrize(
    ("name", "message_id"), [("blind", "trouble_blind_failed"), ("dryer", "trouble_dryer_failed")]
)
def test_fault_35_one_out_of_reach_is_asked_for_by_hand(name: str, message_id: str) -> None:
    """Unavailable: commanded, read back, and said in its own words."""
    bench = a_bench(DEVICES[name][0]())
    bench.appliance.is_available = False
    bench.observe()
    decide(bench)
    bench.run(125)
    assert [finding.message.message_id for finding in decide(bench)] == [message_id]


@pytest.mark.parametrize("name", DEVICES)
def test_fault_36_one_that_stays_as_it_was_is_tried_twice_more(name: str) -> None:
    """Accepted but unchanged: three commands, then it counts as failed."""
    bench = a_bench(DEVICES[name][0]())
    bench.appliance.manner = Manner.DEAF
    decide(bench)
    bench.run(125)
    assert len(bench.sent) == 3
    assert bench.notes == [NoteFailure(name, None)]


def test_a_blind_on_its_way_is_nobodys_hand() -> None:
    """It tells every position that it passes; none of them is a change by hand."""
    bench = a_bench(a_blind())
    bench.appliance.manner = Manner.DEAF
    decide(bench)
    for position_pct in (80, 60, 40, 20, 0):
        state = DeviceState(is_on=position_pct <= 50, position_pct=position_pct)
        bench.appliance.change(state, bench.now, "its motor")
        bench.observe()
        bench.run(5)
    assert bench.notes == []
    assert [command.desired for _, command in bench.sent] == [DOWN]


def test_fault_40_a_blind_stays_and_a_dryer_is_handed_back() -> None:
    """When the daemon plans no more, the lease runs out; a blind is not raised by that."""
    blind, dryer = a_bench(a_blind()), a_bench(a_dryer())
    for bench in (blind, dryer):
        decide(bench)
        bench.run(3605, 5.0)
    assert blind.appliance.state == DOWN
    assert dryer.appliance.state == DRYER_OFF


@pytest.mark.parametrize("name", DEVICES)
def test_fault_40_killed_the_lease_is_reconciled_first(name: str) -> None:
    """After kill -9 the stored lease is known, and nothing is mistaken for a hand."""
    build, wanted = DEVICES[name]
    bench = a_bench(build())
    decide(bench)
    bench.run(600, 5.0)
    bench.restart(bench.now.shifted(minutes(10)))
    bench.act()
    row = from_json(LeaseRow, bench.stored[name])
    assert (row.phase, row.desired) == (LeasePhase.RUNNING, wanted)
    assert bench.conditions().lease is not None
    assert bench.conditions().override_remaining is None


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [
        ("blind", UP),
        ("blind", replace(UP, position_pct=60)),
        ("dryer", DRYER_OFF),
        ("dryer", replace(DRYING, target_humidity_pct=70)),
    ],
)
def test_fault_41_a_hand_wins_for_two_hours(name: str, by_hand: DeviceState) -> None:
    """Raised, switched off or set otherwise by hand: hands off, then tried again."""
    bench = a_bench(DEVICES[name][0]())
    decide(bench)
    bench.run(300, 5.0)
    bench.by_hand(by_hand)
    assert [type(note) for note in bench.notes] == [NoteOverride]
    sent = len(bench.sent)
    for _ in range(118):
        decide(bench)
        bench.run(60, 30.0)
    assert len(bench.sent) == sent
    assert bench.appliance.state == by_hand


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    events=st.lists(
        st.tuples(
            st.sampled_from(["humid", "dry", "worst", "blind", "killed"]),
            st.integers(min_value=1, max_value=30),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_fault_42_a_dryer_starts_at_most_three_times_an_hour(events: list[tuple[str, int]]) -> None:
    """Whatever the air does, its compressor is started rarely and gets its rests."""
    bench = a_bench(a_dryer())
    for event, length in events:
        if event == "killed":
            bench.restart()
            bench.act()
        for _ in range(length):
            is_on = bench.conditions().lease is not None
            worst_pct = 45.0 if is_on else 90.0
            humidity_pct = {"dry": 45.0, "worst": worst_pct}.get(event, 90.0)
            decide(bench, None if event == "blind" else 30.0, humidity_pct)
            bench.run(60, 20.0)
    starts, ends = bench.appliance.starts, bench.appliance.ends
    for first, fourth in zip(starts, starts[3:], strict=False):
        assert fourth.boot_s - first.boot_s >= hours(1).total_seconds()
    for start in starts:
        rests_s = [start.boot_s - end.boot_s for end in ends if end.boot_s < start.boot_s]
        assert min(rests_s, default=1e9) >= bench.device.minimum_off.total_seconds()
        runs_s = [end.boot_s - start.boot_s for end in ends if end.boot_s > start.boot_s]
        assert min(runs_s, default=1e9) >= timedelta(minutes=10).total_seconds()
