"""Show what faults of MQTT plugs lead to (the rows of the fault list, by number)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.demo.fake_plug import FakePlug
from daemon.status import build_status
from integrations.errors import TransientError
from integrations.messages import LinkChanged
from policies.model import CoolingDevice, CoolingRole, DeviceKind
from tests.builders import a_device, a_room
from tests.loop_home import TOPICS, LoopHome

MakeHome = Callable[..., LoopHome]
HOUR_S = 3600.0


def a_plug(**overrides: object) -> CoolingDevice:
    """Return the portable air conditioner on an MQTT plug."""
    fields: dict[str, object] = {
        "device_id": "plug",
        "entity_id": "zigbee2mqtt/ac/set",
        "kind": DeviceKind.PLUG,
        "has_own_timer": True,
    }
    return a_device(**(fields | overrides))


@pytest.fixture
def make_home(tmp_path: Path) -> MakeHome:
    """Return a function that makes a home whose air conditioner hangs on a plug, HA down."""

    def make(*, plug: FakePlug | None = None, **device: object) -> LoopHome:
        room = a_room(devices=(a_plug(**device),))
        home = LoopHome(tmp_path, rooms=(room,), plug=plug or FakePlug())
        home.house.error = TransientError("connection refused")
        home.post(LinkChanged("mqtt", is_up=True))
        return home

    return make


def plug_of(home: LoopHome) -> FakePlug:
    """Return the home's plug."""
    assert home.plug is not None
    return home.plug


def pass_time(home: LoopHome, seconds: float, temperature_c: float = 29.0) -> None:
    """Let time pass for daemon and plug, the sensor speaking every minute."""
    left_s = seconds
    while left_s > 0:
        step_s = min(60.0, left_s)
        left_s -= step_s
        home.say(*plug_of(home).advance(step_s))
        home.run(step_s - 1.0, 10.0 if seconds < HOUR_S else 30.0)
        home.read(temperature_c)  # a second later


def status_of(home: LoopHome) -> dict[str, object]:
    """Return what `keepcool status` says of the plug a moment later."""
    home.run(2.0, 1.0)
    status = build_status(home.daemon, home.clock.now())
    found: dict[str, object] = status["rooms"][0]["cooling"][0]
    return found


def trouble(home: LoopHome) -> list[str]:
    """Return the trouble that is alive."""
    alerts = home.daemon.decision.alerts
    return [alert.message.message_id for alert in alerts if alert.key.policy == "trouble"]


def test_a_plug_is_switched_while_home_assistant_is_down(make_home: MakeHome) -> None:
    """The broker is enough: the plug goes on, with the lease in its own timer."""
    home = make_home()
    home.read(29.0)
    assert plug_of(home).commands == [{"state": "ON", "on_time": 3600}]
    found = status_of(home)
    assert (found["is_on"], found["ends_by_itself"], found["stays_on"]) == (True, True, False)
    lease = json.loads(home.broker.retained[TOPICS.lease("plug")])
    assert (lease["is_on"], lease["ends_by_itself"]) == (True, True)


def test_a_cool_room_switches_the_plug_off(make_home: MakeHome) -> None:
    """Released, it goes off once, and its lease topic is empty."""
    home = make_home()
    home.read(29.0)
    pass_time(home, 1200, 22.0)
    assert plug_of(home).commands[-1] == {"state": "OFF"}
    assert not plug_of(home).is_on
    assert home.broker.retained[TOPICS.lease("plug")] == ""


def test_a_retained_state_is_current(make_home: MakeHome) -> None:
    """What a plug said last counts from the start on, retained or not."""
    home = make_home(plug=FakePlug(is_deaf=True))
    assert status_of(home)["is_on"] is None
    home.hear("zigbee2mqtt/ac", '{"state": "ON"}', is_retained=True)
    assert status_of(home)["is_on"] is True
    home.read(29.0)
    assert plug_of(home).commands == []  # it runs already, by somebody's hand


def test_plugs_are_asked_when_the_broker_is_there(make_home: MakeHome) -> None:
    """After each connection a plug is asked what it does."""
    home = make_home()
    assert home.broker.published[-1][0] != "zigbee2mqtt/ac/set"
    assert ("zigbee2mqtt/ac/get", '{"state": ""}') in home.broker.published
    assert status_of(home)["is_on"] is False


def test_fault_35_a_plug_out_of_reach_counts_as_failed(make_home: MakeHome) -> None:
    """Its availability says offline: three attempts, then it is said; back again, it is tried."""
    home = make_home(plug=FakePlug(is_deaf=True))
    home.hear("zigbee2mqtt/ac/availability", '{"state": "offline"}', is_retained=True)
    assert status_of(home)["is_available"] is False
    pass_time(home, 240)
    assert status_of(home)["has_failed"] is True
    assert "trouble_device_failed" in trouble(home)
    plug_of(home).is_deaf = False
    home.hear("zigbee2mqtt/ac/availability", '{"state": "online"}')
    pass_time(home, 120)
    assert plug_of(home).is_on
    assert status_of(home)["has_failed"] is False


def test_fault_36_a_deaf_plug_is_tried_twice_more_and_then_said(make_home: MakeHome) -> None:
    """Published is not happened: without its state within 30 s it is sent again, then said."""
    home = make_home()
    plug_of(home).is_deaf = True
    home.read(29.0)
    before = len(home.broker.published)
    home.run(125, 1.0)
    sent = [payload for topic, payload in home.broker.published if topic.endswith("/ac/set")]
    asked = [topic for topic, _ in home.broker.published[before:] if topic.endswith("/ac/get")]
    assert [json.loads(payload).get("on_time") for payload in sent] == [3600, 3600, None]
    assert len(asked) == 4 * 3  # 2, 5, 15 and 30 s after each of the three
    assert "trouble_device_failed" in trouble(home)


def test_fault_36_a_plug_whose_firmware_knows_no_timer_is_switched_all_the_same(
    make_home: MakeHome,
) -> None:
    """The last attempt goes without a timer, and status says what that means."""
    home = make_home(plug=FakePlug(has_timer=False))
    home.read(29.0)
    pass_time(home, 120)
    assert plug_of(home).is_on
    found = status_of(home)
    assert (found["ends_by_itself"], found["stays_on"]) == (False, True)
    pass_time(home, HOUR_S)
    assert plug_of(home).is_on
    assert status_of(home)["has_failed"] is False


def test_fault_36_a_plug_without_a_timer_that_was_away_is_reached_in_the_end(
    make_home: MakeHome,
) -> None:
    """Of the later attempts every other goes without a timer, so that one of them is obeyed."""
    home = make_home(plug=FakePlug(has_timer=False, is_deaf=True))
    home.read(29.0)
    pass_time(home, 240)
    assert status_of(home)["has_failed"] is True
    plug_of(home).is_deaf = False
    pass_time(home, 1980)
    assert ["on_time" in command for command in plug_of(home).commands] == [True, False]
    assert plug_of(home).is_on


def test_fault_36_nothing_is_sent_late_by_a_broker_that_was_down(make_home: MakeHome) -> None:
    """While the broker is down nothing is published, and the plug is commanded when it is back."""
    home = make_home()
    home.post(LinkChanged("mqtt", is_up=False, detail="connection lost"))
    home.read(29.0)
    pass_time(home, 180)
    assert plug_of(home).commands == []
    assert status_of(home)["has_failed"] is True
    home.post(LinkChanged("mqtt", is_up=True))
    pass_time(home, 120)
    assert plug_of(home).is_on


def test_fault_40_every_renewal_is_told_to_the_plug(make_home: MakeHome) -> None:
    """The timer is renewed each half hour and never runs out."""
    home = make_home()
    home.read(29.0)
    pass_time(home, 1.7 * HOUR_S)
    commands = plug_of(home).commands
    assert commands == [{"state": "ON", "on_time": 3600}] * len(commands)
    assert len(commands) == 4
    assert (plug_of(home).timer_s or 0.0) > 1700


def test_fault_40_killed_the_daemon_leaves_a_plug_that_ends_by_itself(
    make_home: MakeHome,
) -> None:
    """The daemon dies: an hour after the last renewal the plug is off, with nobody's help."""
    home = make_home()
    home.read(29.0)
    pass_time(home, 600)
    home.kill()
    assert plug_of(home).advance(HOUR_S - 660) == ()
    assert plug_of(home).is_on
    assert plug_of(home).advance(120) == (("zigbee2mqtt/ac", plug_of(home).state()[1]),)
    assert not plug_of(home).is_on
    home.clock.pass_time(HOUR_S)
    home.boot()
    home.post(LinkChanged("mqtt", is_up=True))
    assert home.conditions().since_sign_of_life is None  # nobody's hand did it
    assert status_of(home)["override_remaining_s"] is None


def test_fault_40_a_lost_renewal_is_no_hand_at_the_plug(make_home: MakeHome) -> None:
    """The plug's timer ran out unrenewed: it rests as after a power cut and goes on again."""
    home = make_home()
    home.read(29.0)
    plug_of(home).is_deaf = True  # renewals are lost, and so is that it went off
    pass_time(home, HOUR_S + 120)
    plug_of(home).is_deaf = False
    assert not plug_of(home).is_on
    home.say(plug_of(home).state())
    home.turn()
    assert status_of(home)["override_remaining_s"] is None
    pass_time(home, 540)
    assert not plug_of(home).is_on  # ten minutes of rest for its compressor
    pass_time(home, 180)
    assert plug_of(home).is_on


def test_fault_40_a_fan_on_a_plug_has_no_timer(make_home: MakeHome) -> None:
    """A fan that is released stays on, so nothing may end it."""
    home = make_home(role=CoolingRole.FAN, has_own_timer=False)
    home.read(29.0)
    assert plug_of(home).commands == [{"state": "ON"}]
    found = status_of(home)
    assert (found["ends_by_itself"], found["stays_on"]) == (False, False)


def test_fault_41_the_button_on_the_plug_wins(make_home: MakeHome) -> None:
    """Switched off at the plug: hands off for its time, and it is a sign of the person."""
    home = make_home(override=timedelta(minutes=30))
    home.read(29.0)
    pass_time(home, 300)
    home.say(*plug_of(home).press())
    home.turn()
    sent = len(plug_of(home).commands)
    assert home.conditions().since_sign_of_life == timedelta(0)
    pass_time(home, 1680)
    assert len(plug_of(home).commands) == sent
    pass_time(home, 240)
    assert plug_of(home).is_on


def test_fault_41_switched_off_while_keepcool_was_away(make_home: MakeHome) -> None:
    """Before its timer could have ended it, an "off" found after a restart is a hand."""
    home = make_home()
    home.read(29.0)
    pass_time(home, 1900)  # what was read back is on disk then: docs/decisions.md
    home.kill()
    plug_of(home).press()
    home.clock.pass_time(300)
    home.boot()
    home.post(LinkChanged("mqtt", is_up=True))
    assert status_of(home)["override_remaining_s"] is not None
    home.read(29.0)
    assert not plug_of(home).is_on


def test_the_power_of_the_plug_comes_in_the_same_message(make_home: MakeHome) -> None:
    """One message of a plug may bring its state and its power."""
    home = make_home()
    home.daemon.parts.power_topics["zigbee2mqtt/ac"] = "plug"  # type: ignore[index] # a dict here
    object.__setattr__(
        home.daemon.parts, "parse_power", lambda _topic, payload: json.loads(payload)["power"]
    )
    home.read(29.0)
    found = status_of(home)
    assert (found["is_on"], found["power_w"]) == (True, 900.0)
