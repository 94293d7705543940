"""Show what a cooling device's faults lead to (the rows of the fault list, by number)."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from daemon.actuation import NoteFailure, NoteOverride
from daemon.lease import LeasePhase, LeaseRow
from daemon.records import from_json
from policies import cooling, heat_sensitivity
from policies.alert import Finding
from policies.model import Snapshot
from tests.appliance import COOL_24, OFF, Bench, Manner
from tests.builders import (
    a_room,
    a_snapshot,
    hours,
    local,
    minutes,
    room_conditions,
)


def snapshot_of(bench: Bench, room_c: float | None) -> Snapshot:
    """Return the home as the daemon would see it, with the bench's device in its room."""
    room = room_conditions(room_c, a_room(), devices=(bench.conditions(room_c),))
    return a_snapshot(local(8) + minutes(bench.seconds / 60), rooms=(room,))


def decide(bench: Bench, room_c: float | None) -> tuple[Finding, ...]:
    """Let the plan judge the room, and the actuation carry it out; return the findings."""
    snapshot = snapshot_of(bench, room_c)
    planned = cooling.plan(snapshot, heat_sensitivity.evaluate(snapshot))
    bench.actuation.apply_plan(planned.commands, bench.now)
    bench.act()
    return planned.findings


def message_ids(findings: tuple[Finding, ...]) -> list[str]:
    """Return what the findings say."""
    return [finding.message.message_id for finding in findings]


def test_fault_34_a_missing_entity_is_found_by_reading_back() -> None:
    """Home Assistant answers 200 for an entity that does not exist: reading back tells."""
    bench = Bench()
    bench.appliance.state = None
    bench.appliance.manner = Manner.DEAF
    bench.observe()
    decide(bench, 29.0)
    bench.run(125)
    assert bench.conditions().has_failed
    assert message_ids(decide(bench, 29.0)) == ["trouble_device_failed"]


def test_fault_35_an_unavailable_entity_counts_as_failed() -> None:
    """A device out of reach is commanded, read back, and said to have failed."""
    bench = Bench()
    bench.appliance.is_available = False
    bench.observe()
    decide(bench, 29.0)
    bench.run(125)
    conditions = bench.conditions()
    assert (conditions.is_available, conditions.has_failed) == (False, True)
    assert message_ids(decide(bench, 29.0)) == ["trouble_device_failed"]


def test_fault_36_accepted_but_unchanged_is_tried_twice_more_and_then_said() -> None:
    """A call that Home Assistant took is no success until the state is read back."""
    bench = Bench()
    bench.appliance.manner = Manner.DEAF
    decide(bench, 29.0)
    bench.run(119)
    assert len(bench.sent) == 3
    assert not bench.conditions().has_failed
    bench.run(6)
    assert bench.conditions().has_failed
    assert bench.notes == [NoteFailure("ac", None)]
    assert message_ids(decide(bench, 29.0)) == ["trouble_device_failed"]


def test_fault_39_a_restored_state_is_not_believed() -> None:
    """What Home Assistant remembers from before its start is neither a change nor a success."""
    bench = Bench()
    decide(bench, 29.0)
    bench.run(600)
    bench.appliance.change(OFF, bench.now, context_id="restored")
    bench.appliance.is_restored = True
    bench.observe()
    bench.act()
    conditions = bench.conditions()
    assert not conditions.is_available
    assert conditions.observed == COOL_24
    assert conditions.override_remaining is None
    bench.appliance.is_restored = False
    bench.appliance.change(COOL_24, bench.now)
    bench.observe()
    bench.run(60)
    assert bench.conditions().is_available
    assert len(bench.sent) == 1


def test_fault_39_a_restored_state_does_not_confirm_a_command() -> None:
    """A restored "on" is no reading back: the attempts go on."""
    bench = Bench()
    bench.appliance.manner = Manner.DEAF
    decide(bench, 29.0)
    bench.appliance.change(COOL_24, bench.now, context_id="restored")
    bench.appliance.is_restored = True
    bench.observe()
    bench.run(125)
    assert len(bench.sent) == 3
    assert bench.conditions().has_failed


def test_fault_40_a_lease_ends_by_itself_at_most_an_hour_later() -> None:
    """When nobody plans any more the device is handed back, because the lease ran out."""
    bench = Bench()
    decide(bench, 29.0)
    bench.run(3605)
    assert bench.appliance.state == OFF


def test_fault_40_killed_after_switching_on_the_lease_is_reconciled_first() -> None:
    """After kill -9 the stored lease is known, so a cool room's cooling is handed back."""
    bench = Bench()
    decide(bench, 29.0)
    bench.run(1200)
    bench.restart(bench.now.shifted(minutes(10)))
    bench.act()
    assert bench.conditions().lease is not None
    assert bench.conditions().override_remaining is None
    decide(bench, 22.0)
    bench.run(5)
    assert bench.appliance.state == OFF


def test_fault_40_the_lease_is_stored_before_the_device_hears_of_it() -> None:
    """At the moment of the command, what was stored already says what is wanted."""
    bench = Bench()
    decide(bench, 29.0)
    (row,) = [from_json(LeaseRow, body) for body in bench.stored_when_sent]
    assert (row.phase, row.desired, row.is_confirmed) == (LeasePhase.RUNNING, COOL_24, False)
    assert row.command_id == bench.sent[0][1].command_id


def test_fault_41_a_change_by_hand_wins_and_alerts_go_on() -> None:
    """Switched off by hand: two hours hands off, while the heat is still judged."""
    bench = Bench()
    decide(bench, 29.5)
    bench.run(600)
    bench.by_hand(OFF)
    assert [type(note) for note in bench.notes] == [NoteOverride]
    for _ in range(119):
        decide(bench, 29.5)
        bench.run(60, 10)
    assert bench.appliance.state == OFF
    findings = heat_sensitivity.evaluate(snapshot_of(bench, 29.5)).findings
    assert message_ids(findings) == ["heat_level_2"]
    bench.run(120, 10)
    decide(bench, 29.5)
    bench.run(5)
    assert bench.appliance.state == COOL_24


def test_fault_42_a_rest_counts_from_the_last_command_to_switch_off() -> None:
    """A device that went off only at the second call rests from then, not from the first."""
    bench = Bench()
    decide(bench, 29.0)
    bench.run(1200)
    bench.appliance.manner = Manner.DEAF
    decide(bench, 22.0)
    bench.run(35)
    bench.appliance.manner = Manner.OBEDIENT
    bench.run(10)
    assert bench.appliance.state == OFF
    assert bench.conditions().since_switched_off == timedelta(seconds=5)


@settings(
    max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)  # shrinking takes a minute
@given(
    events=st.lists(
        st.tuples(
            st.sampled_from(["hot", "cool", "worst", "blind", "power_cut", "killed", "deaf"]),
            st.integers(min_value=1, max_value=30),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_fault_42_the_compressor_starts_at_most_three_times_an_hour(
    events: list[tuple[str, int]],
) -> None:
    """Whatever room, power, device and daemon do, our starts are spaced and the rests are kept."""
    bench = Bench()
    for event, length in events:
        bench.appliance.manner = Manner.DEAF if event == "deaf" else Manner.OBEDIENT
        if event == "killed":
            bench.restart()
            bench.act()
        if event == "power_cut" and bench.appliance.state == COOL_24:
            bench.appliance.is_available = False
            bench.observe()
            bench.appliance.is_available = True
            bench.by_hand(OFF)
        for _ in range(length):
            is_on = bench.conditions().lease is not None
            worst_c = 20.0 if is_on else 31.0
            room_c = {"cool": 20.0, "blind": None, "worst": worst_c}.get(event, 31.0)
            decide(bench, room_c)
            bench.run(60, 10)
    starts, ends = bench.appliance.starts, bench.appliance.ends
    for first, fourth in zip(starts, starts[3:], strict=False):
        assert fourth.boot_s - first.boot_s >= hours(1).total_seconds()
    for start in starts:
        rests_s = [start.boot_s - end.boot_s for end in ends if end.boot_s < start.boot_s]
        assert min(rests_s, default=1e9) >= bench.device.minimum_off.total_seconds()
