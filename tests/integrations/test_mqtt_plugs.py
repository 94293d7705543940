"""Test the words of each family of plugs: switching, timers, questions, and what they tell."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.mqtt_plugs import (
    Plug,
    Publication,
    build_question,
    build_switch,
    build_timer_end,
    parse_report,
)
from policies.model import PlugFamily

HOUR = timedelta(hours=1)
ZIGBEE = Plug(PlugFamily.ZIGBEE2MQTT, "z2m/ac/set", ("z2m/ac",), "z2m/ac/availability")
TASMOTA = Plug(
    PlugFamily.TASMOTA, "cmnd/ac/POWER", ("stat/ac/POWER", "stat/ac/RESULT"), "tele/ac/LWT"
)
SHELLY = Plug(
    PlugFamily.SHELLY,
    "plus/rpc",
    ("plus/status/switch:0", "plus/events/rpc"),
    "plus/online",
    reply_topic="keepcool/home/plug/ac/rpc",
)
OLD_SHELLY = Plug(
    PlugFamily.SHELLY_GEN1,
    "shellies/s/relay/1/command",
    ("shellies/s/relay/1",),
    "shellies/s/online",
)
CUSTOM = Plug(
    PlugFamily.CUSTOM,
    "a/c",
    ("a/s",),
    payload_on="1",
    payload_off="0",
    state_on="up",
    state_off="dn",
)
PLUGS = {
    "zigbee": ZIGBEE,
    "tasmota": TASMOTA,
    "shelly": SHELLY,
    "old shelly": OLD_SHELLY,
    "custom": CUSTOM,
}


def call(method: str, **parameters: object) -> str:
    """Return a call of a newer Shelly."""
    return json.dumps(
        {"id": 1, "src": "keepcool/home/plug/ac", "method": method, "params": parameters}
    )


@pytest.mark.parametrize(
    ("plug", "is_on", "timer", "expected"),
    [
        (ZIGBEE, True, HOUR, Publication("z2m/ac/set", '{"state": "ON", "on_time": 3600}')),
        (ZIGBEE, True, None, Publication("z2m/ac/set", '{"state": "ON"}')),
        (ZIGBEE, False, HOUR, Publication("z2m/ac/set", '{"state": "OFF"}')),
        (TASMOTA, True, HOUR, Publication("cmnd/ac/Backlog", "PulseTime1 3700; Power1 ON")),
        (TASMOTA, True, None, Publication("cmnd/ac/Backlog", "PulseTime1 0; Power1 ON")),
        (TASMOTA, False, None, Publication("cmnd/ac/Backlog", "PulseTime1 0; Power1 OFF")),
        (
            SHELLY,
            True,
            HOUR,
            Publication("plus/rpc", call("Switch.Set", id=0, on=True, toggle_after=3600)),
        ),
        (SHELLY, False, None, Publication("plus/rpc", call("Switch.Set", id=0, on=False))),
        (OLD_SHELLY, True, HOUR, Publication("shellies/s/relay/1/command", "on")),
        (OLD_SHELLY, False, None, Publication("shellies/s/relay/1/command", "off")),
        (CUSTOM, True, HOUR, Publication("a/c", "1")),
        (CUSTOM, False, None, Publication("a/c", "0")),
    ],
)
def test_switching(
    plug: Plug, timer: timedelta | None, expected: Publication, *, is_on: bool
) -> None:
    """Each family is switched in its own words, with the lease in its timer where it has one."""
    assert build_switch(plug, is_on=is_on, timer=timer) == expected


@pytest.mark.parametrize(
    ("seconds", "told_s"),
    [(1, 60), (60, 60), (61, 120), (3541, 3600), (3600, 3600), (6553, 6553), (90_000, 6553)],
)
def test_a_timer_is_told_in_whole_minutes(seconds: int, told_s: int) -> None:
    """Rounded up, so that a renewed lease is always the same number; 16 bits of tenths at most."""
    switch = build_switch(ZIGBEE, is_on=True, timer=timedelta(seconds=seconds))
    assert json.loads(switch.payload)["on_time"] == told_s
    switch = build_switch(TASMOTA, is_on=True, timer=timedelta(seconds=seconds))
    assert switch.payload == f"PulseTime1 {told_s + 100}; Power1 ON"


def test_only_a_tasmota_needs_its_timer_taken_back() -> None:
    """Its PulseTime is a setting that would end a person's own "on" as well."""
    assert build_timer_end(TASMOTA) == Publication("cmnd/ac/PulseTime1", "0")
    others = [plug for plug in PLUGS.values() if plug is not TASMOTA]
    assert [build_timer_end(plug) for plug in others] == [None] * 4


@pytest.mark.parametrize(
    ("plug", "expected"),
    [
        (ZIGBEE, Publication("z2m/ac/get", '{"state": ""}')),
        (TASMOTA, Publication("cmnd/ac/POWER", "")),
        (SHELLY, Publication("plus/rpc", call("Switch.GetStatus", id=0))),
        (OLD_SHELLY, Publication("shellies/s/command", "update")),
        (CUSTOM, None),
    ],
)
def test_asking(plug: Plug, expected: Publication | None) -> None:
    """Each family is asked for its state in its own words."""
    assert build_question(plug) == expected


@pytest.mark.parametrize(
    ("plug", "topic", "payload", "is_on"),
    [
        (ZIGBEE, "z2m/ac", b'{"state": "ON", "power": 812, "linkquality": 90}', True),
        (ZIGBEE, "z2m/ac", b'{"state": "OFF"}', False),
        (ZIGBEE, "z2m/ac", b'{"power": 812}', None),
        (ZIGBEE, "z2m/ac", b'{"state": null}', None),
        (ZIGBEE, "z2m/ac", b'{"state": 1}', None),
        (ZIGBEE, "z2m/ac", b"", None),
        (TASMOTA, "stat/ac/POWER", b"ON", True),
        (TASMOTA, "stat/ac/POWER", b"OFF", False),
        (TASMOTA, "stat/ac/RESULT", b'{"POWER":"ON"}', True),
        (TASMOTA, "stat/ac/RESULT", b'{"POWER1":"OFF"}', False),
        (TASMOTA, "stat/ac/RESULT", b'{"POWER2":"OFF"}', None),
        (TASMOTA, "stat/ac/RESULT", b'{"PulseTime1":{"Set":3700,"Remaining":0}}', None),
        (SHELLY, "plus/status/switch:0", b'{"id":0,"output":true,"apower":3.1}', True),
        (SHELLY, "plus/status/switch:0", b'{"id":1,"output":true}', None),
        (
            SHELLY,
            "plus/events/rpc",
            b'{"src":"plus","method":"NotifyStatus","params":{"switch:0":{"id":0,"output":false}}}',
            False,
        ),
        (
            SHELLY,
            "plus/events/rpc",
            b'{"src":"plus","method":"NotifyStatus","params":{"switch:0":{"id":0,"apower":4}}}',
            None,
        ),
        (
            SHELLY,
            "keepcool/home/plug/ac/rpc",
            b'{"id":1,"src":"plus","result":{"id":0,"output":true}}',
            True,
        ),
        (SHELLY, "keepcool/home/plug/ac/rpc", b'{"id":1,"result":{"was_on":false}}', None),
        (OLD_SHELLY, "shellies/s/relay/1", b"on", True),
        (OLD_SHELLY, "shellies/s/relay/1", b"overpower", None),
        (CUSTOM, "a/s", b"up", True),
        (CUSTOM, "a/s", b"dn", False),
        (CUSTOM, "a/s", b"ON", None),
    ],
)
def test_what_a_plug_tells(plug: Plug, topic: str, payload: bytes, *, is_on: bool | None) -> None:
    """On, off, or nothing about it, from the family's own messages."""
    assert topic in plug.topics
    assert parse_report(plug, topic, payload) == (is_on, None if is_on is None else True)


@pytest.mark.parametrize(
    ("plug", "topic", "payload", "is_available"),
    [
        (ZIGBEE, "z2m/ac/availability", b'{"state":"offline"}', False),
        (ZIGBEE, "z2m/ac/availability", b"online", True),
        (TASMOTA, "tele/ac/LWT", b"Offline", False),
        (SHELLY, "plus/online", b"true", True),
        (OLD_SHELLY, "shellies/s/online", b"false", False),
        (ZIGBEE, "z2m/ac/availability", b"what", None),
    ],
)
def test_whether_a_plug_is_there(
    plug: Plug, topic: str, payload: bytes, *, is_available: bool | None
) -> None:
    """The availability topic tells it, and never whether it is on."""
    assert parse_report(plug, topic, payload) == (None, is_available)


def test_one_socket_of_several() -> None:
    """A double Zigbee plug has a state for each socket."""
    left = Plug(PlugFamily.ZIGBEE2MQTT, "z/p/set", ("z/p",), state_path="state_l1")
    assert json.loads(build_switch(left, is_on=True, timer=HOUR).payload) == {
        "state_l1": "ON",
        "on_time": 3600,
    }
    told = b'{"state_l1": "ON", "state_l2": "OFF"}'
    assert parse_report(left, "z/p", told) == (True, True)


@given(
    name=st.sampled_from(sorted(PLUGS)),
    payload=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["state", "POWER", "params", "switch:0", "output", "id"]), inner
            )
        ),
    ).map(lambda value: json.dumps(value).encode()),
)
def test_no_message_of_a_plug_raises(name: str, payload: bytes) -> None:
    """Whatever arrives, on, off or nothing is concluded."""
    plug = PLUGS[name]
    for topic in plug.topics:
        is_on, _ = parse_report(plug, topic, payload)
        assert is_on in {True, False, None}
