"""Test how a device is brought to what the plan wants, and handed back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from daemon.actuation import Actuation, NoteFailure, ReadBack, SendCommand
from daemon.events import DeviceObserved
from policies.alert import Message
from policies.model import (
    CoolingAction,
    CoolingCommand,
    CoolingDevice,
    CoolingRole,
    DeviceKind,
    DeviceState,
)
from tests.appliance import COOL_24, OFF, Bench, Manner, at, cool
from tests.builders import a_device, a_fan, hours, minutes

ON = DeviceState(is_on=True)
PLUG = a_device(kind=DeviceKind.SWITCH, entity_id="switch.ac", has_power_sensor=True)


def test_a_wanted_device_is_commanded_once_and_confirmed() -> None:
    """A run sends one command; once it is seen, nothing more is sent or read."""
    bench = Bench()
    bench.want()
    bench.run(120)
    assert [command.desired for _, command in bench.sent] == [COOL_24]
    assert bench.reads == []
    conditions = bench.conditions()
    assert conditions.observed == COOL_24
    assert conditions.lease is not None
    assert conditions.lease.state_before == OFF
    assert conditions.lease.running_for == timedelta(seconds=120)


def test_without_events_the_command_is_read_back() -> None:
    """A change that only reading back tells is confirmed by the first reading, after 2 s."""
    bench = Bench(hears_events=False)
    bench.want()
    bench.run(60)
    assert bench.reads == [2.0]
    assert len(bench.sent) == 1


def test_no_command_leaves_before_its_lease_was_offered_for_storing() -> None:
    """Actions taken without storing hold the command back; after storing it comes."""
    actuation = Actuation([a_device()])
    actuation.on_observed(
        DeviceObserved("climate.living_room", OFF, is_available=True, last_updated=None), at(0)
    )
    run = CoolingCommand("ac", CoolingAction.RUN, Message("test"), COOL_24)
    actuation.apply_plan((run,), at(0))
    assert actuation.take_actions() == []
    assert set(actuation.leases_to_store()) == {"ac"}
    assert [type(action) for action in actuation.take_actions()] == [SendCommand]
    assert actuation.leases_to_store() == {}


def test_a_wish_that_ended_before_it_was_sent_is_not_sent() -> None:
    """A fan wanted and released within one decision gets no command."""
    bench = Bench(a_fan())
    bench.appliance.state = DeviceState(is_on=False)
    bench.observe()
    for action, desired in ((CoolingAction.RUN, ON), (CoolingAction.RELEASE, None)):
        command = CoolingCommand("fan", action, Message("test"), desired)
        bench.actuation.apply_plan((command,), bench.now)
    bench.act()
    assert bench.sent == []


def test_a_device_that_does_it_already_gets_no_command() -> None:
    """What is already so is taken into the lease without a call."""
    bench = Bench()
    bench.by_hand(COOL_24)
    bench.run(hours(3).total_seconds(), 60)
    bench.want(cool(24.3))
    bench.run(60)
    assert bench.sent == []
    assert bench.conditions().lease is not None


def test_a_new_target_is_sent_to_a_running_device() -> None:
    """At night the setpoint follows; the run goes on."""
    bench = Bench()
    bench.want()
    bench.run(1500)
    bench.want(cool(22.0))
    bench.run(10)
    assert [command.desired.target_temperature_c for _, command in bench.sent] == [24.0, 22.0]
    conditions = bench.conditions()
    assert conditions.since_switched_on == timedelta(seconds=1510)
    assert bench.appliance.state == cool(22.0)


# ----------------------------------------------------------------------------- leases


def test_a_lease_is_renewed_at_half_time_only() -> None:
    """Renewing every second writes about twice an hour."""
    bench = Bench()
    for _ in range(120):
        bench.want()
        bench.run(60, 60)
    assert bench.conditions().lease is not None
    assert len(bench.sent) == 1
    assert bench.writes <= 6


def test_what_was_only_read_back_waits_for_another_write() -> None:
    """A command is written before it is sent; that it was obeyed follows within half an hour."""
    actuation = Actuation([a_device()])

    def observe(state: DeviceState, seconds: float) -> None:
        observed = DeviceObserved(
            "climate.living_room", state, is_available=True, last_updated=at(seconds).utc
        )
        actuation.on_observed(observed, at(seconds))

    observe(OFF, 0)
    run = CoolingCommand("ac", CoolingAction.RUN, Message("test"), COOL_24)
    actuation.apply_plan((run,), at(0))
    assert set(actuation.leases_to_store(at(0))) == {"ac"}
    assert [type(action) for action in actuation.take_actions()] == [SendCommand]
    observe(COOL_24, 1)
    assert actuation.leases_to_store(at(1)) == {}
    assert actuation.leases_to_store(at(3600)) == {}
    assert set(actuation.leases_to_store(at(3601))) == {"ac"}
    observe(OFF, 3602)  # by hand, which is written at once
    assert set(actuation.leases_to_store(at(3602))) == {"ac"}


def test_leases_are_renewed_together() -> None:
    """Two devices that were started at different times soon share each write to the card."""
    devices = a_device(), a_fan()
    actuation = Actuation(devices)
    states = {device.device_id: replace(COOL_24, is_on=True) for device in devices}
    for device in devices:
        actuation.on_observed(
            DeviceObserved(
                device.entity_id,
                states[device.device_id],
                is_available=True,
                last_updated=at(0).utc,
            ),
            at(0),
        )
    writes = []
    for minute in range(6 * 60):
        wanted = devices if minute >= 20 else devices[:1]
        actuation.apply_plan(
            [
                CoolingCommand(
                    device.device_id,
                    CoolingAction.RUN,
                    Message("cool_now"),
                    states[device.device_id],
                    lease=minutes(60),
                )
                for device in wanted
            ],
            at(60 * minute),
        )
        stored = actuation.leases_to_store()
        actuation.take_actions()
        writes += [minute] if stored else []
        assert minute < 60 or len(stored) in {0, 2}
    assert len([minute for minute in writes if minute >= 60]) <= 10


def test_a_lease_that_is_not_renewed_hands_back() -> None:
    """An hour after the last renewal the air conditioner goes back to how it was."""
    bench = Bench()
    bench.want()
    bench.run(3599)
    assert bench.appliance.state == COOL_24
    bench.run(5)
    assert bench.appliance.state == OFF
    assert bench.conditions().lease is None


@pytest.mark.parametrize(
    ("before", "after"),
    [(OFF, OFF), (cool(27.0), cool(27.0))],
)
def test_an_air_conditioner_goes_back_to_the_state_before(
    before: DeviceState, after: DeviceState
) -> None:
    """Released, it is as it was: off, or cooling to the person's own setpoint."""
    bench = Bench()
    bench.appliance.state = before
    bench.actuation = Actuation([bench.device])
    bench.observe()
    bench.want()
    bench.run(1200)
    bench.release()
    bench.run(30)
    assert bench.appliance.state == after
    assert bench.conditions().since_switched_off == timedelta(seconds=30)
    assert bench.conditions().lease is None


def test_a_plug_is_switched_off_when_released() -> None:
    """A plug has no state before but off."""
    bench = Bench(PLUG)
    bench.appliance.state = DeviceState(is_on=False)
    bench.observe()
    bench.want(ON)
    bench.run(600)
    bench.release()
    assert bench.desired_states() == [True, False]
    assert bench.appliance.state == DeviceState(is_on=False)


@pytest.mark.parametrize("device", [a_fan(), a_device(role=CoolingRole.FAN)])
def test_a_released_fan_stays(device: CoolingDevice) -> None:
    """A fan is never switched off without something better."""
    bench = Bench(device)
    bench.appliance.state = DeviceState(is_on=False)
    bench.observe()
    bench.want(ON)
    bench.run(600)
    bench.release()
    bench.run(120)
    assert bench.desired_states() == [True]
    assert bench.appliance.state == ON
    assert bench.conditions().lease is None


def test_blind_renewals_are_counted_and_remembered() -> None:
    """The time on stale data counts from the first blind renewal, and its end is remembered."""
    bench = Bench()
    bench.want()
    bench.run(600)
    bench.want(is_blind=True)
    bench.run(600)
    bench.want(is_blind=True)
    lease = bench.conditions().lease
    assert lease is not None
    assert lease.blind_for == minutes(10)
    bench.release(is_blind=True)
    bench.run(10)
    assert bench.conditions().has_ended_blind
    bench.run(1200)
    bench.want()
    assert not bench.conditions().has_ended_blind


def test_seeing_again_ends_the_blind_time() -> None:
    """A renewal on fresh data forgets how long it was blind."""
    bench = Bench()
    bench.want(is_blind=True)
    bench.run(600)
    bench.want()
    lease = bench.conditions().lease
    assert lease is not None
    assert lease.blind_for == timedelta(0)


def test_the_room_is_compared_with_the_start_of_the_run() -> None:
    """How much a room cooled counts from the temperature of the snapshot before the start."""
    bench = Bench()
    bench.conditions(27.0)
    bench.want()
    assert bench.conditions(26.5).room_cooled_by_c == -0.5
    assert bench.conditions(None).room_cooled_by_c is None


def test_a_run_counts_from_when_the_device_draws_power() -> None:
    """What stood idle on a plug that was on has half an hour from then on to show an effect."""
    bench = Bench(PLUG)
    bench.appliance.state = DeviceState(is_on=False)
    bench.observe()
    bench.conditions(27.0)
    bench.want(DeviceState(is_on=True))
    bench.actuation.on_power("ac", 2.0, bench.now)
    bench.run(1500)
    bench.actuation.on_power("ac", 700.0, bench.now)
    bench.conditions(28.0)
    bench.want(DeviceState(is_on=True))
    bench.run(300)
    found = bench.conditions(27.4)
    assert found.lease is not None
    assert found.lease.running_for == minutes(5)
    assert found.room_cooled_by_c == pytest.approx(-0.6)


def test_low_power_counts_while_the_plug_is_on() -> None:
    """Under the running power counts from when both are so, and ends with either."""
    bench = Bench(PLUG)
    bench.appliance.state = DeviceState(is_on=False)
    bench.observe()
    bench.actuation.on_power("ac", 1.5, bench.now)
    bench.run(600)
    assert bench.conditions().low_power_for is None
    bench.want(ON)
    bench.run(180)
    assert bench.conditions().low_power_for == minutes(3)
    bench.actuation.on_power("ac", 800.0, bench.now)
    assert bench.conditions().low_power_for is None
    bench.actuation.on_power("ac", None, bench.now)
    assert bench.conditions().low_power_for is None


# ----------------------------------------------------------------------------- reading back


def test_a_deaf_device_is_read_four_times_after_each_of_three_commands() -> None:
    """Reading back comes 2, 5, 15 and 30 s after a command; then the next attempt."""
    bench = Bench()
    bench.appliance.manner = Manner.DEAF
    bench.want()
    bench.run(121)
    assert [seconds for seconds, _ in bench.sent] == [0.0, 40.0, 80.0]
    assert bench.reads == [2, 5, 15, 30, 42, 45, 55, 70, 82, 85, 95, 110]
    assert bench.conditions().has_failed


def test_coarse_ticks_still_read_before_they_judge() -> None:
    """With a tick a minute each attempt is read back before the next one starts."""
    bench = Bench(hears_events=False)
    bench.want()
    bench.run(180, 60)
    assert len(bench.sent) == 1
    assert bench.reads == [60.0]
    assert not bench.conditions().has_failed


def test_the_next_due_time_follows_the_attempt() -> None:
    """The loop learns when to come back, and that nothing is under way."""
    bench = Bench()
    assert bench.actuation.next_due(bench.now) is None
    bench.appliance.manner = Manner.DEAF
    bench.want()
    assert bench.actuation.next_due(bench.now) == timedelta(seconds=2)
    bench.run(30)
    assert bench.actuation.next_due(bench.now) == timedelta(seconds=10)
    bench.now = bench.now.shifted(timedelta(seconds=10))
    assert bench.actuation.next_due(bench.now) == timedelta(0)


def test_devices_that_are_due_together_are_read_in_one_call() -> None:
    """One reading covers every device under way."""
    devices = [a_device(), a_fan()]
    actuation = Actuation(devices)
    for device in devices:
        off = DeviceState(is_on=False)
        observed = DeviceObserved(device.entity_id, off, is_available=True, last_updated=None)
        actuation.on_observed(observed, at(0))
    commands = [
        CoolingCommand("ac", CoolingAction.RUN, Message("test"), COOL_24),
        CoolingCommand("fan", CoolingAction.RUN, Message("test"), ON),
    ]
    actuation.apply_plan(commands, at(0))
    actuation.leases_to_store()
    actuation.take_actions()
    actuation.tick(at(2))
    actuation.leases_to_store()
    assert actuation.take_actions() == [ReadBack(("climate.living_room", "fan.living_room"))]
    assert actuation.entity_ids() == ("climate.living_room", "fan.living_room")


def test_a_permanent_refusal_fails_at_once() -> None:
    """A refused token is not tried three times."""
    bench = Bench()
    bench.appliance.manner = Manner.REFUSED
    bench.want()
    bench.run(1)
    assert len(bench.sent) == 1
    assert bench.conditions().has_failed
    assert bench.notes == [NoteFailure("ac", "401: token refused")]


def test_a_failed_device_is_tried_again_every_quarter_of_an_hour() -> None:
    """While it is still wanted, one command every 15 minutes; success ends the failure."""
    bench = Bench()
    bench.appliance.manner = Manner.DEAF
    for _ in range(60):
        bench.want()
        bench.run(60)
    later = [seconds for seconds, _ in bench.sent if seconds > 120]
    assert 3 <= len(later) <= 4
    assert all(b - a >= 900 for a, b in pairwise(later))
    assert [type(note) for note in bench.notes] == [NoteFailure]
    bench.appliance.manner = Manner.OBEDIENT
    bench.run(1000)
    conditions = bench.conditions()
    assert not conditions.has_failed
    assert conditions.lease is not None
    assert conditions.lease.running_for < minutes(17)  # the run counts from when it really began


def test_when_home_assistant_is_back_the_command_comes_soon() -> None:
    """What failed because Home Assistant was away is tried within a minute of its return."""
    bench = Bench()
    bench.appliance.manner = Manner.UNREACHABLE
    bench.want()
    bench.run(300)
    assert bench.conditions().has_failed
    bench.appliance.manner = Manner.OBEDIENT
    bench.actuation.on_reachable(bench.now)
    bench.run(1)
    assert bench.appliance.state == COOL_24
    assert not bench.conditions().has_failed


def test_a_device_that_cannot_be_released_is_given_up_in_the_end() -> None:
    """Whoever brings a long unreachable device back decides what it does."""
    bench = Bench()
    bench.want()
    bench.run(1200)
    bench.appliance.manner = Manner.DEAF
    bench.release()
    bench.run(600)
    assert bench.conditions().has_failed
    bench.run(hours(12).total_seconds(), 30)
    assert not bench.conditions().has_failed
    sends = len(bench.sent)
    bench.run(hours(2).total_seconds(), 30)
    assert len(bench.sent) == sends


def test_an_unseen_device_is_commanded_after_half_a_minute() -> None:
    """A command waits for the first sight of its device, but not for ever."""
    actuation = Actuation([a_device()])
    run = CoolingCommand("ac", CoolingAction.RUN, Message("test"), COOL_24)
    actuation.apply_plan((run,), at(0))
    sends = []
    for second in range(40):
        actuation.tick(at(second))
        actuation.leases_to_store()
        sends += [second for action in actuation.take_actions() if isinstance(action, SendCommand)]
    assert sends == [30]


def test_the_first_sight_of_a_device_becomes_its_state_before() -> None:
    """A device seen only after it was wanted is handed back to what was seen."""
    bench = Bench()
    bench.actuation = Actuation([bench.device])
    bench.appliance.state = cool(27.0)
    bench.want()
    assert bench.sent == []
    bench.observe()
    bench.act()
    assert len(bench.sent) == 1
    bench.run(1200)
    bench.release()
    assert bench.appliance.state == cool(27.0)


# ----------------------------------------------------------------------------- newest wins


def test_an_older_answer_does_not_replace_a_newer_event() -> None:
    """A slow REST answer from before the change is ignored."""
    bench = Bench()
    old = bench.appliance.observation()
    bench.run(10)
    bench.want()
    bench.observe(old)
    bench.act()
    assert bench.conditions().observed == COOL_24
    assert bench.conditions().override_remaining is None


def test_a_clock_that_stepped_back_in_home_assistant_does_not_blind_us() -> None:
    """After a minute without anything newer an earlier stamp is believed."""
    bench = Bench()
    bench.run(120)
    stepped = replace(bench.appliance.observation(), last_updated=at(-3600).utc, state=COOL_24)
    bench.observe(stepped)
    assert bench.conditions().observed == COOL_24


def test_an_unknown_device_is_ignored() -> None:
    """Plans, states and answers for what is not configured change nothing."""
    actuation = Actuation([a_device()])
    command = CoolingCommand("other", CoolingAction.RUN, Message("test"), COOL_24)
    actuation.apply_plan((command,), at(0))
    door = DeviceObserved("lock.door", ON, is_available=True, last_updated=None)
    actuation.on_observed(door, at(0))
    actuation.on_power("other", 5.0, at(0))
    actuation.restore({"other": "{}", "ac": "no json"}, at(0))
    assert actuation.leases_to_store() == {}
    assert actuation.take_actions() == [ReadBack(("climate.living_room",))]


def test_how_long_a_device_is_out_of_sight_is_known() -> None:
    """Itself or with Home Assistant; what was never seen is not out of sight, and sight ends it."""
    assert Actuation([a_device()]).conditions(at(0), {})[0].unseen_for is None
    bench = Bench()
    bench.run(60)
    assert bench.conditions().unseen_for is None
    bench.appliance.is_available = False
    bench.observe()
    bench.run(600)
    bench.observe()
    assert bench.conditions().unseen_for == timedelta(seconds=600)
    bench.appliance.is_available = True
    bench.observe()
    assert bench.conditions().unseen_for is None
    bench.actuation.on_away(bench.now)
    bench.run(60)
    bench.actuation.on_away(bench.now)
    assert bench.conditions().unseen_for == timedelta(seconds=60)
