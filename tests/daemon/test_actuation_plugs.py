"""Test what the actuation asks of MQTT plugs beside commands: states, renewals, timers' ends."""

from __future__ import annotations

from datetime import timedelta

from daemon.actuation import Action, AskPlugs, EndTimer, ReadBack, SendCommand
from daemon.clock import Instant
from policies.alert import Message
from policies.model import CoolingAction, CoolingCommand, DeviceKind, DeviceState
from tests.appliance import Bench, at
from tests.builders import a_device, minutes

ON = DeviceState(is_on=True)
OFF = DeviceState(is_on=False)


class PlugBench(Bench):
    """Run an actuation whose one device is a plug with a timer, behind a broker that is up."""

    def __init__(self, *, has_own_timer: bool = True) -> None:
        self.others: list[Action] = []
        super().__init__(
            a_device(
                device_id="plug",
                entity_id="zigbee2mqtt/ac/set",
                kind=DeviceKind.PLUG,
                has_own_timer=has_own_timer,
            )
        )
        self.appliance.change(OFF, self.now)
        self.observe()
        self.actuation.on_broker(self.now, is_up=True)
        self.act()

    def _perform(self, action: Action) -> None:
        if isinstance(action, AskPlugs | EndTimer):
            self.others.append(action)
        else:
            assert not isinstance(action, ReadBack)  # Home Assistant knows nothing of it
            super()._perform(action)

    def timers(self) -> list[timedelta | None]:
        """Return the timer of each command."""
        return [command.timer for _, command in self.sent]


def test_a_plug_is_never_read_through_home_assistant() -> None:
    """It is asked over MQTT at the times at which an entity would be read."""
    bench = PlugBench()
    bench.appliance.is_available = False
    assert bench.actuation.entity_ids() == ()
    bench.want(ON)
    bench.others.clear()
    bench.run(38)
    assert bench.others == [AskPlugs(("plug",))] * 4


def test_the_timer_is_the_lease_and_renewed_with_it() -> None:
    """Each command and each renewal carries what is left of the lease."""
    bench = PlugBench()
    for _ in range(70):
        bench.want(ON)
        bench.run(60, 10.0)
    hour = timedelta(hours=1)
    assert bench.timers() == [hour] * 3
    assert [at_s for at_s, _ in bench.sent] == [0.0, 1860.0, 3720.0]
    assert bench.conditions().ends_by_itself


def test_a_renewal_is_no_start() -> None:
    """Sent again while it runs, a compressor's clock goes on."""
    bench = PlugBench()
    for _ in range(40):
        bench.want(ON)
        bench.run(60, 10.0)
    assert len(bench.sent) == 2
    assert bench.conditions().since_switched_on == minutes(40)


def test_switching_off_takes_no_timer() -> None:
    """A release goes without a timer, and none is left to end."""
    bench = PlugBench()
    bench.want(ON)
    bench.run(700, 10.0)
    bench.release()
    bench.run(60)
    assert bench.timers() == [timedelta(hours=1), None]
    assert not any(isinstance(action, EndTimer) for action in bench.others)


def test_a_hand_at_the_plug_ends_the_timer_too() -> None:
    """Else it would end the person's own "on" an hour later; it is asked for once."""
    bench = PlugBench()
    bench.want(ON)
    bench.run(300, 10.0)
    bench.by_hand(OFF)
    bench.run(300, 10.0)
    assert bench.others.count(EndTimer("plug")) == 1


def test_a_timer_waits_for_the_broker_to_be_ended() -> None:
    """While the broker is away nothing can be taken off; once it is back, it is."""
    bench = PlugBench()
    bench.want(ON)
    bench.run(300, 10.0)
    bench.actuation.on_broker(bench.now, is_up=False)
    bench.by_hand(OFF)
    bench.run(60, 10.0)
    assert EndTimer("plug") not in bench.others
    bench.actuation.on_broker(bench.now, is_up=True)
    bench.run(10)
    assert bench.others.count(EndTimer("plug")) == 1


def test_a_plug_without_a_timer_gets_none() -> None:
    """What cannot end by itself is said not to."""
    bench = PlugBench(has_own_timer=False)
    for _ in range(40):
        bench.want(ON)
        bench.run(60, 10.0)
    assert bench.timers() == [None]
    assert not bench.conditions().ends_by_itself


def test_a_stored_timer_survives_a_restart() -> None:
    """After a restart it is still known that the plug ends by itself, and when."""
    bench = PlugBench()
    bench.want(ON)
    bench.run(300, 10.0)
    bench.restart(bench.now.shifted(minutes(1)))
    bench.act()
    assert bench.conditions().ends_by_itself
    (row,) = bench.actuation.rows()
    assert row.timer_until == at(3600)


def test_an_answer_of_home_assistant_retries_no_plug() -> None:
    """Each road has its own news: a failed plug waits for the broker."""
    bench = PlugBench()
    bench.appliance.is_available = False
    bench.want(ON)
    bench.run(130)
    assert len(bench.sent) == 3
    bench.actuation.on_reachable(bench.now)
    bench.run(70)
    assert len(bench.sent) == 3
    bench.actuation.on_broker(bench.now, is_up=False)
    bench.actuation.on_broker(bench.now, is_up=True)
    bench.run(70)
    assert len(bench.sent) >= 4


def test_a_command_for_a_plug_names_its_topic() -> None:
    """The command topic stands for the plug, as an entity's id does for an entity."""
    bench = PlugBench()
    moment: Instant = bench.now
    command = CoolingCommand("plug", CoolingAction.RUN, _message(), ON)
    bench.actuation.apply_plan((command,), moment)
    bench.actuation.leases_to_store()
    (action,) = [
        action for action in bench.actuation.take_actions() if isinstance(action, SendCommand)
    ]
    assert (action.entity_id, action.desired) == ("zigbee2mqtt/ac/set", ON)
    assert bench.actuation.is_plug(action.device_id)


def _message() -> Message:
    return Message("test")
