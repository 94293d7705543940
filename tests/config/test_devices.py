"""Test how blinds, dehumidifiers and MQTT plugs are set up, and what is refused about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsError
from config.home import build_plugs, build_rooms
from config.plugs import recognise_plug
from policies.model import CoolingDevice, CoolingRole, DeviceKind, PlugFamily, Window
from tests.settings_texts import HOME_ASSISTANT, MINIMAL, load


def built(folder: Path, keys: str, road: str = HOME_ASSISTANT) -> CoolingDevice:
    """Return the device that these keys of `[[room.cooling]]` make."""
    (room,) = build_rooms(load(folder, f"{MINIMAL}[[room.cooling]]\n{keys}\n{road}"))
    return room.devices[0]


def refusals(folder: Path, keys: str) -> list[str]:
    """Return what is wrong with these keys, without the place."""
    with pytest.raises(SettingsError) as caught:
        load(folder, f"{MINIMAL}[[room.cooling]]\n{keys}\n{HOME_ASSISTANT}")
    return [str(problem).split("room.cooling.", 1)[1] for problem in caught.value.problems]


def test_a_blind_is_built(tmp_path: Path) -> None:
    """A cover is a blind; where its window looks decides when it goes down."""
    blind = built(
        tmp_path,
        'entity = "cover.bedroom"\nfacing_deg = 90\nsun_within_deg = 60\nlowest_sun_deg = 10\n'
        "shaded_position_pct = 20",
    )
    assert (blind.kind, blind.role) == (DeviceKind.COVER, CoolingRole.BLIND)
    assert blind.window == Window(90.0, 60.0, 10.0)
    assert (blind.shaded_position_pct, blind.name, blind.has_own_timer) == (20, "blind", False)


def test_a_blind_takes_the_direction_of_the_only_window(tmp_path: Path) -> None:
    """A room's window says it for its blind, and is there for advice too."""
    text = f'{MINIMAL}[[room.cooling]]\nentity = "cover.a"\n[[room.window]]\nfacing_deg = 225\n'
    (room,) = build_rooms(load(tmp_path, text + HOME_ASSISTANT))
    assert room.windows == (Window(225.0),)
    assert room.devices[0].window == Window(225.0)


def test_a_dehumidifier_is_built(tmp_path: Path) -> None:
    """A humidifier entity dries, with a compressor's rests."""
    dryer = built(
        tmp_path, 'entity = "humidifier.a"\ndrying_humidity_pct = 45\ndrying_mode = "dry"'
    )
    assert (dryer.kind, dryer.role) == (DeviceKind.HUMIDIFIER, CoolingRole.DEHUMIDIFIER)
    assert (dryer.drying_humidity_pct, dryer.drying_mode) == (45, "dry")
    assert dryer.minimum_off.total_seconds() == 600


def test_a_fan_may_be_one_that_brings_air_in(tmp_path: Path) -> None:
    """A fan in a window is a fan entity with another use; a switch may have it too."""
    window_fan = built(tmp_path, 'entity = "fan.a"\nrole = "vent"\nfan_percentage = 60')
    assert (window_fan.kind, window_fan.role) == (DeviceKind.FAN, CoolingRole.VENT)
    assert (window_fan.name, window_fan.minimum_on.total_seconds()) == ("ventilation", 120)
    assert built(tmp_path, 'entity = "switch.a"\nrole = "vent"').role is CoolingRole.VENT
    (problem,) = refusals(tmp_path, 'entity = "fan.a"\nrole = "dehumidifier"')
    assert problem == (
        'role = "dehumidifier": a fan entity is always "fan" or "vent"; take role out'
    )


@pytest.mark.parametrize(
    ("role", "more", "has_own_timer"),
    [
        ("air_conditioner", "", True),
        ("dehumidifier", "", True),
        ("fan", "", False),  # it stays on when it is released
        ("air_conditioner", "own_timer = false", False),
        ("air_conditioner", 'payload_on = "1"', False),
    ],
)
def test_a_plug_needs_no_home_assistant(
    tmp_path: Path, role: str, more: str, *, has_own_timer: bool
) -> None:
    """A plug that speaks MQTT is switched without Home Assistant; its timer ends the lease."""
    keys = f'command_topic = "zigbee2mqtt/ac/set"\nrole = "{role}"\n{more}'
    plug = built(tmp_path, keys, road="")
    assert (plug.kind, plug.role.value) == (DeviceKind.PLUG, role)
    assert (plug.device_id, plug.entity_id) == ("zigbee2mqtt-ac-set", "zigbee2mqtt/ac/set")
    assert plug.has_own_timer is has_own_timer


@pytest.mark.parametrize(
    ("topic", "family", "states", "availability", "channel"),
    [
        ("z2m/a/b/set", PlugFamily.ZIGBEE2MQTT, ("z2m/a/b",), "z2m/a/b/availability", 0),
        (
            "cmnd/ac/POWER",
            PlugFamily.TASMOTA,
            ("stat/ac/POWER", "stat/ac/RESULT", "tele/ac/STATE"),
            "tele/ac/LWT",
            0,
        ),
        (
            "home/ac/cmnd/power2",
            PlugFamily.TASMOTA,
            ("home/ac/stat/POWER2", "home/ac/stat/RESULT", "home/ac/tele/STATE"),
            "home/ac/tele/LWT",
            2,
        ),
        (
            "shellies/plug-1/relay/0/command",
            PlugFamily.SHELLY_GEN1,
            ("shellies/plug-1/relay/0",),
            "shellies/plug-1/online",
            0,
        ),
        (
            "shellyplus1-ab/rpc",
            PlugFamily.SHELLY,
            ("shellyplus1-ab/status/switch:0", "shellyplus1-ab/events/rpc"),
            "shellyplus1-ab/online",
            0,
        ),
        (
            "pro/command/switch:1",
            PlugFamily.SHELLY,
            ("pro/status/switch:1", "pro/events/rpc"),
            "pro/online",
            1,
        ),
        ("attic/plug/command", PlugFamily.CUSTOM, (), None, 0),
    ],
)
def test_a_plug_is_recognised_by_its_topic(
    topic: str,
    family: PlugFamily,
    states: tuple[str, ...],
    availability: str | None,
    channel: int,
) -> None:
    """The command topic tells the family, and so where the plug tells its state."""
    found = recognise_plug(topic)
    assert (found.family, found.state_topics) == (family, states)
    assert (found.availability_topic, found.channel) == (availability, channel)
    assert not any(sign in state for state in found.state_topics for sign in "+#")


def test_a_plug_of_no_family_says_everything_itself(tmp_path: Path) -> None:
    """Topics and words of the settings count; the states are the payloads unless they differ."""
    keys = (
        '[[room.cooling]]\ncommand_topic = "attic/c"\nstate_topic = "attic/s"\nrole = "fan"\n'
        'availability_topic = "attic/a"\npayload_on = "1"\npayload_off = "0"\nstate_on = "up"\n'
    )
    (plug,) = build_plugs(load(tmp_path, MINIMAL + keys))
    assert (plug.family, plug.state_topics) == (PlugFamily.CUSTOM, ("attic/s",))
    assert plug.availability_topic == "attic/a"
    assert (plug.payload_on, plug.payload_off) == ("1", "0")
    assert (plug.state_on, plug.state_off) == ("up", "0")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            'role = "fan"',
            (
                'entity: is missing; for example entity = "climate.bedroom", or for a plug that '
                'speaks MQTT command_topic = "zigbee2mqtt/plug/set"'
            ),
        ),
        (
            'entity = "fan.a"\ncommand_topic = "a/set"',
            (
                'command_topic = "a/set": stands beside an entity: a device is one or the other; '
                "take one of the two out"
            ),
        ),
        (
            'entity = "cover.a"',
            (
                "facing_deg: a blind must say which way its window looks; add facing_deg = 180 "
                "(0 north, 90 east, 180 south, 270 west)"
            ),
        ),
        (
            'entity = "switch.a"\nrole = "blind"',
            (
                'role = "blind": a switch cannot move a blind; allowed "air_conditioner" '
                'or "fan" or "vent" or "dehumidifier"'
            ),
        ),
        (
            'command_topic = "a/set"',
            (
                "role: a plug must say what it switches; "
                'add role = "air_conditioner", "fan", "vent" or "dehumidifier"'
            ),
        ),
        (
            'command_topic = "attic/plug"\nrole = "fan"',
            (
                'command_topic = "attic/plug": is of no family that keepcool knows, so where the '
                'plug tells its state is unknown; add state_topic = "...", and payload_on and '
                "state_on if they are not ON and OFF"
            ),
        ),
        (
            'command_topic = "a/set"\nstate_topic = "a/set"\nrole = "fan"',
            (
                'state_topic = "a/set": is the command topic: keepcool would hear only itself; '
                "name the topic on which the plug tells its state"
            ),
        ),
        (
            'entity = "fan.a"\nfacing_deg = 90',
            "facing_deg = 90: is for blinds only; take it out",
        ),
        (
            'entity = "fan.a"\ndrying_humidity_pct = 50',
            "drying_humidity_pct = 50: is for dehumidifiers only; take it out",
        ),
        (
            'entity = "switch.a"\nrole = "dehumidifier"\ndrying_mode = "dry"',
            'drying_mode = "dry": is for humidifier entities only; take it out',
        ),
        (
            'entity = "switch.a"\nrole = "fan"\nstate_topic = "a"',
            'state_topic = "a": is for plugs with a command_topic only; take it out',
        ),
        (
            'entity = "humidifier.a"\nrole = "fan"',
            'role = "fan": a humidifier entity is always "dehumidifier"; take role out',
        ),
        (
            'entity = "cover.a"\nfacing_deg = 360',
            "facing_deg = 360: allowed 0 to 359 °",
        ),
        (
            'command_topic = "zigbee2mqtt/+/set"\nrole = "fan"',
            (
                'command_topic = "zigbee2mqtt/+/set": holds a wildcard; allowed one exact topic '
                "without + and #; write one [[room.sensor]] for each sensor"
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_cure(tmp_path: Path, keys: str, expected: str) -> None:
    """Each refusal names the key, the value, what is allowed and what to do."""
    assert refusals(tmp_path, keys) == [expected]


def test_one_plug_in_two_rooms_is_refused(tmp_path: Path) -> None:
    """Two plans for one plug would fight."""
    keys = 'command_topic = "a/set"\nrole = "fan"\n[[room.cooling]]\nid = "b"\n'
    (found,) = refusals(tmp_path, keys + 'command_topic = "a/set"\nrole = "fan"')
    assert found.startswith('command_topic = "a/set": already cools a room (')
