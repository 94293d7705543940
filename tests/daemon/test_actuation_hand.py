"""Test who changed a device: keepcool, the device itself, or somebody's hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from daemon.actuation import NoteFailure, NoteOverride
from policies.model import DeviceKind, DeviceState
from tests.appliance import COOL_24, OFF, Bench, Manner, at, cool
from tests.builders import a_device, a_fan, hours, minutes

PLUG = a_device(kind=DeviceKind.SWITCH, entity_id="switch.ac")


def a_running_bench(seconds: float = 600) -> Bench:
    """Return an air conditioner that has run under a lease for ten minutes."""
    bench = Bench()
    bench.want()
    bench.run(seconds)
    return bench


@pytest.mark.parametrize(
    "by_hand", [OFF, cool(20.0), replace(COOL_24, hvac_mode="heat"), cool(24.6)]
)
def test_fault_41_change_by_hand_is_left_alone_for_two_hours(by_hand: DeviceState) -> None:
    """Off, another setpoint or another mode: hands off, no lease, and no command."""
    bench = a_running_bench()
    bench.by_hand(by_hand)
    conditions = bench.conditions()
    assert conditions.override_remaining == hours(2)
    assert conditions.lease is None
    assert [type(note) for note in bench.notes] == [NoteOverride]
    bench.want()
    bench.run(7199)
    assert bench.appliance.state == by_hand
    assert len(bench.sent) == 1
    bench.run(2)
    assert bench.conditions().override_remaining is None


def test_fault_39_command_that_home_assistant_forgot_is_no_hand() -> None:
    """Killed minutes after a command, it comes back with the state before, and is told again."""
    bench = a_running_bench(600)
    bench.actuation.on_away(bench.now)
    bench.run(30)
    bench.by_hand(OFF)
    assert bench.notes == []
    bench.want()
    bench.run(1800)  # the compressor rests first
    assert bench.appliance.state == COOL_24


@pytest.mark.parametrize(("cooled_s", "by_hand"), [(901, OFF), (600, cool(20.0))])
def test_fault_39_what_it_cannot_have_forgotten_is_a_hand_but_no_answer(
    cooled_s: float, by_hand: DeviceState
) -> None:
    """Found changed when Home Assistant is back: hands off, and no message counts as answered."""
    bench = a_running_bench(cooled_s)
    bench.actuation.on_away(bench.now)
    bench.run(30)
    bench.by_hand(by_hand)
    (note,) = bench.notes
    assert isinstance(note, NoteOverride)
    assert not note.is_sign
    bench.by_hand(cool(21.0))
    assert [type(each) is NoteOverride and each.is_sign for each in bench.notes] == [False, True]


def test_a_change_by_hand_without_a_lease_counts_too() -> None:
    """Somebody who switches the device on by hand keeps it so."""
    bench = Bench()
    bench.by_hand(cool(21.0))
    assert bench.conditions().override_remaining == hours(2)
    bench.want()
    assert bench.sent == []


def test_a_second_change_by_hand_starts_the_two_hours_again() -> None:
    """The last change counts."""
    bench = a_running_bench()
    bench.by_hand(OFF)
    bench.run(3600, 10)
    bench.by_hand(cool(21.0))
    assert bench.conditions().override_remaining == hours(2)


@pytest.mark.parametrize("seen", [cool(24.5), cool(23.5), cool(24.2)])
def test_rounding_is_nobodys_change(seen: DeviceState) -> None:
    """A setpoint within half a degree is what was asked for."""
    bench = a_running_bench()
    bench.by_hand(seen)
    assert bench.conditions().override_remaining is None
    bench.run(120)
    assert len(bench.sent) == 1


def test_a_fan_that_rounds_its_speed_is_nobodys_change() -> None:
    """A three-speed fan that is told 60 % and reports 67 % did as it was told."""
    bench = Bench(a_fan())
    bench.appliance.state = DeviceState(is_on=False)
    bench.observe()
    bench.want(DeviceState(is_on=True, fan_percentage=60))
    bench.by_hand(DeviceState(is_on=True, fan_percentage=67))
    bench.run(120)
    assert bench.conditions().override_remaining is None
    assert len(bench.sent) == 1


def test_an_echo_of_the_same_state_is_nobodys_change() -> None:
    """The same state again, with another context, says nothing."""
    bench = a_running_bench()
    bench.by_hand(COOL_24)
    assert bench.conditions().override_remaining is None


def test_a_setpoint_changed_on_a_device_that_is_off_is_nobodys_change() -> None:
    """Only what a running device does counts."""
    bench = Bench()
    bench.by_hand(replace(OFF, target_temperature_c=18.0))
    assert bench.conditions().override_remaining is None


def test_mode_and_setpoint_may_arrive_one_after_the_other() -> None:
    """A climate device that first reports its mode, with the old setpoint, is on its way."""
    bench = Bench()
    bench.appliance.manner = Manner.DEAF
    bench.want()
    bench.run(3)
    bench.by_hand(cool(26.0))
    assert bench.conditions().override_remaining is None
    bench.by_hand(COOL_24)
    bench.run(60)
    assert bench.conditions().override_remaining is None
    assert not bench.conditions().has_failed
    assert len(bench.sent) == 1


@pytest.mark.parametrize(("after_s", "is_ours"), [(89, True), (91, False)])
def test_the_expected_transition_is_ours_for_ninety_seconds(
    after_s: float, *, is_ours: bool
) -> None:
    """A change towards what was asked is ours within 90 s of the last command, even half way."""
    bench = Bench()
    bench.appliance.manner = Manner.DEAF
    bench.want()
    bench.run(80)
    last_s = bench.sent[-1][0]
    bench.run(last_s + after_s - bench.seconds)
    bench.actuation.tick(bench.now)
    bench.by_hand(cool(26.0))
    assert (bench.conditions().override_remaining is None) is is_ours


def test_a_context_that_our_call_returned_is_ours_however_late() -> None:
    """A device that acts minutes after our call, with our context, was not set by hand."""
    bench = Bench()
    bench.appliance.manner = Manner.DEAF
    bench.want()
    bench.run(110)
    bench.now = bench.now.shifted(minutes(5))
    bench.appliance.change(cool(26.0), bench.now, context_id="ours-1")
    bench.observe()
    assert bench.conditions().override_remaining is None


def test_switching_off_right_after_our_command_is_the_person() -> None:
    """Off is not what we asked for: within 90 s, too, the person wins."""
    bench = a_running_bench(20)
    bench.by_hand(OFF)
    assert bench.conditions().override_remaining == hours(2)
    bench.run(120)
    assert bench.appliance.state == OFF


def test_switching_on_by_hand_after_it_failed_is_the_persons_own() -> None:
    """A person who follows "please switch it on by hand" ends the failure and is left alone."""
    bench = Bench()
    bench.appliance.manner = Manner.DEAF
    bench.want()
    bench.run(300)
    assert bench.conditions().has_failed
    bench.by_hand(cool(22.0))
    conditions = bench.conditions()
    assert (conditions.has_failed, conditions.override_remaining) == (False, hours(2))


@pytest.mark.parametrize("after_s", [100, 200, 600])
def test_a_slow_device_that_becomes_just_as_asked_is_ours(after_s: float) -> None:
    """Minutes late and without our context, yet exactly as commanded: the lease goes on."""
    bench = Bench()
    bench.appliance.manner = Manner.DEAF
    bench.want()
    bench.run(after_s)
    bench.by_hand(COOL_24)
    conditions = bench.conditions()
    assert (conditions.has_failed, conditions.override_remaining) == (False, None)
    assert conditions.lease is not None
    bench.appliance.manner = Manner.OBEDIENT
    bench.release()
    bench.run(60)
    assert bench.appliance.state == OFF


def test_a_plug_that_restarts_off_is_switched_on_again_after_its_rest() -> None:
    """Gone and back in another state is a restart: commanded again, no override."""
    bench = Bench(PLUG)
    bench.appliance.state = DeviceState(is_on=False)
    bench.observe()
    bench.want(DeviceState(is_on=True))
    bench.run(1200)
    bench.appliance.is_available = False
    bench.observe()
    bench.run(30)
    bench.appliance.is_available = True
    bench.by_hand(DeviceState(is_on=False))
    assert bench.conditions().override_remaining is None
    bench.run(599)
    assert len(bench.sent) == 1
    bench.run(2)
    assert bench.desired_states() == [True, True]
    assert bench.appliance.state == DeviceState(is_on=True)


def test_a_restart_soon_after_a_start_keeps_the_starts_apart() -> None:
    """Twenty minutes lie between two starts of a compressor, whatever its plug does."""
    bench = a_running_bench(60)
    bench.appliance.is_available = False
    bench.observe()
    bench.appliance.is_available = True
    bench.by_hand(OFF)
    bench.run(1800)
    first, second = (seconds for seconds, _ in bench.sent)
    assert second - first >= 1200


def test_a_restart_that_loses_the_setpoint_is_corrected_at_once() -> None:
    """A device that is back with its own setpoint, running, need not rest."""
    bench = a_running_bench()
    bench.appliance.is_available = False
    bench.observe()
    bench.appliance.is_available = True
    bench.by_hand(cool(20.0))
    bench.run(2)
    assert bench.appliance.state == COOL_24


# ----------------------------------------------------------------------------- after a start


def test_fault_40_device_as_left_goes_on_under_its_lease() -> None:
    """Killed and started again: the same lease, no command, no override."""
    bench = a_running_bench()
    bench.restart()
    bench.act()
    bench.run(60)
    conditions = bench.conditions()
    assert conditions.lease is not None
    assert conditions.lease.running_for == timedelta(seconds=660)
    assert conditions.override_remaining is None
    assert len(bench.sent) == 1


@pytest.mark.parametrize("by_hand", [OFF, cool(20.0)])
def test_fault_41_difference_found_at_the_start_is_a_hand(by_hand: DeviceState) -> None:
    """What changed while keepcool was away was the person."""
    bench = a_running_bench()
    bench.now = bench.now.shifted(minutes(5))
    bench.appliance.change(by_hand, bench.now)
    bench.restart()
    bench.act()
    assert bench.conditions().override_remaining == hours(2)
    bench.want()
    bench.run(60)
    assert len(bench.sent) == 1


def test_fault_40_nothing_is_released_before_it_was_seen() -> None:
    """A plan that comes before the first sight waits for it, up to half a minute."""
    bench = a_running_bench()
    bench.appliance.change(cool(20.0), bench.now.shifted(minutes(1)))
    bench.restart(bench.now.shifted(minutes(2)))
    bench.actuation.leases_to_store()
    bench.actuation.take_actions()
    bench.release()
    bench.want(cool(22.0))
    assert len(bench.sent) == 1
    bench.observe()
    bench.act()
    assert bench.conditions().override_remaining == hours(2)


def test_fault_40_command_stored_but_never_sent_is_sent() -> None:
    """Killed between commit and call: not an override, but a command yet to send."""
    bench = Bench()
    bench.appliance.manner = Manner.UNREACHABLE
    bench.want()
    sends = len(bench.sent)
    bench.appliance.manner = Manner.OBEDIENT
    bench.restart()
    bench.run(2)
    assert len(bench.sent) == sends + 1
    assert bench.appliance.state == COOL_24


def test_fault_40_release_that_was_cut_short_is_finished() -> None:
    """Killed while handing back: the device still goes back to how it was."""
    bench = a_running_bench(1200)
    bench.appliance.manner = Manner.UNREACHABLE
    bench.release()
    bench.appliance.manner = Manner.OBEDIENT
    bench.restart()
    bench.run(2)
    assert bench.appliance.state == OFF


def test_fault_40_lease_that_ran_out_and_was_handed_back_is_no_hand() -> None:
    """The device's own timer or Home Assistant ended it: keepcool may cool again."""
    bench = a_running_bench()
    bench.now = bench.now.shifted(hours(3))
    bench.appliance.change(OFF, bench.now)
    bench.restart()
    bench.act()
    conditions = bench.conditions()
    assert conditions.override_remaining is None
    assert conditions.lease is None
    assert conditions.since_switched_off == timedelta(0)


def test_fault_40_lease_that_ran_out_waits_for_the_plan() -> None:
    """Still on after the lease's end: the plan gets five minutes to say otherwise."""
    bench = a_running_bench()
    bench.restart(bench.now.shifted(hours(3)))
    bench.run(299)
    assert bench.conditions().lease is not None
    bench.run(3)
    assert bench.appliance.state == OFF


@pytest.mark.parametrize("away", [minutes(10), hours(3)])
@pytest.mark.parametrize("is_missing", [True, False])
def test_fault_40_device_gone_at_the_start_is_handed_back_when_it_returns(
    away: timedelta, *, is_missing: bool
) -> None:
    """Removed or unplugged meanwhile, its lease run out or not: no hand, and not forgotten."""
    bench = a_running_bench()
    bench.appliance.manner = Manner.DEAF
    if is_missing:
        bench.appliance.state = None
    bench.appliance.is_available = False
    bench.restart(bench.now.shifted(away))
    bench.run(40)
    conditions = bench.conditions()
    assert (conditions.is_available, conditions.override_remaining) == (False, None)
    assert conditions.lease is not None
    bench.release()
    bench.run(130)
    assert [type(note) for note in bench.notes] == [NoteFailure]
    bench.appliance.manner = Manner.OBEDIENT
    bench.appliance.is_available = True
    bench.appliance.change(COOL_24, bench.now)
    bench.observe()
    bench.run(70)
    assert bench.appliance.state == OFF
    assert bench.conditions().override_remaining is None


def test_fault_41_hands_off_survives_a_restart_and_a_reboot() -> None:
    """Two hours stay two hours, by the boot clock, and over a reboot by the wall clock."""
    bench = a_running_bench()
    bench.by_hand(OFF)
    bench.restart(bench.now.shifted(minutes(30)))
    assert bench.conditions().override_remaining == minutes(90)
    bench.restart(at(10, "boot-2", wall_s=bench.seconds + 1800))
    assert bench.conditions().override_remaining == minutes(60)


def test_after_a_reboot_a_clock_in_the_past_cannot_stretch_an_override() -> None:
    """A Pi without a battery clock may think it is last year: at most the configured time."""
    bench = a_running_bench()
    bench.by_hand(OFF)
    bench.restart(at(10, "boot-2", wall_s=-86400 * 200))
    assert bench.conditions().override_remaining == hours(2)


def test_fault_40_after_a_reboot_the_run_goes_on_and_rests_start_again() -> None:
    """How long it ran counts by the wall clock; minimum times count from the start."""
    bench = a_running_bench(1200)
    bench.restart(at(30, "boot-2", wall_s=1500))
    bench.act()
    bench.run(60)
    conditions = bench.conditions()
    assert conditions.lease is not None
    assert conditions.lease.running_for == timedelta(seconds=1560)
    assert conditions.since_switched_on == timedelta(seconds=60)
    assert conditions.override_remaining is None
    assert len(bench.sent) == 1
