"""Check what the keys of one cooling device say together: what it is, and what it can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from config.errors import Problem
from config.lines import KeyPath
from config.plugs import recognise_plug

Located = tuple[KeyPath, Mapping[str, Any]]
NATURAL_ROLES = {
    "climate": "air_conditioner",
    "fan": "fan",
    "cover": "blind",
    "humidifier": "dehumidifier",
}
PLUG = "plug"
_PLUG_KEYS = (
    *("state_topic", "availability_topic", "state_path", "own_timer"),
    *("payload_on", "payload_off", "state_on", "state_off"),
)
_BLIND_KEYS = ("facing_deg", "sun_within_deg", "lowest_sun_deg", "shaded_position_pct")


class ProblemAt(Protocol):
    """Build a problem at a key."""

    def __call__(self, path: KeyPath, what: str, *, allowed: str = "", **more: str) -> Problem:
        """Return the problem with its place and the value that stands there."""
        ...


def device_problems(
    devices: Iterable[Located], windows_of: Mapping[KeyPath, int], problem: ProblemAt
) -> Iterator[Problem]:
    """Yield what is wrong with each device.

    Args:
        devices: every `[[room.cooling]]` with its path.
        windows_of: number of `[[room.window]]` by the room's path.
        problem: builds a problem.
    """
    for path, device in devices:
        entity, topic = _text(device, "entity"), _text(device, "command_topic")
        if entity and topic:
            what = "stands beside an entity: a device is one or the other"
            yield problem((*path, "command_topic"), what, fix="take one of the two out")
        elif not ("entity" in device or "command_topic" in device):
            fix = (
                'for example entity = "climate.bedroom", or for a plug that speaks MQTT '
                'command_topic = "zigbee2mqtt/plug/set"'
            )
            yield problem((*path, "entity"), "is missing", fix=fix)
        else:
            kind = PLUG if topic else entity.partition(".")[0]
            yield from _role_problems(path, device, kind, problem)
            yield from _foreign_keys(path, device, kind, problem)
            if topic:
                yield from _plug_problems(path, device, topic, problem)
            has_direction = "facing_deg" in device or windows_of.get(path[:2]) == 1
            if kind == "cover" and not has_direction:
                what = "a blind must say which way its window looks"
                fix = "add facing_deg = 180 (0 north, 90 east, 180 south, 270 west)"
                yield problem((*path, "facing_deg"), what, fix=fix)


def _role_problems(
    path: KeyPath, device: Mapping[str, Any], kind: str, problem: ProblemAt
) -> Iterator[Problem]:
    at = (*path, "role")
    role = device.get("role")
    if kind in {"switch", PLUG}:
        if "role" not in device:
            fix = 'add role = "air_conditioner", "fan", "vent" or "dehumidifier"'
            yield problem(at, f"a {kind} must say what it switches", fix=fix)
        elif role == "blind":
            allowed = '"air_conditioner" or "fan" or "vent" or "dehumidifier"'
            yield problem(at, f"a {kind} cannot move a blind", allowed=allowed)
    natural = NATURAL_ROLES.get(kind)
    if natural and role not in (None, natural) and (kind, role) != ("fan", "vent"):
        words = f'"{natural}"' if kind != "fan" else '"fan" or "vent"'
        yield problem(at, f"a {kind} entity is always {words}", fix="take role out")


def _foreign_keys(
    path: KeyPath, device: Mapping[str, Any], kind: str, problem: ProblemAt
) -> Iterator[Problem]:
    """Yield keys that belong to another kind of device."""
    if "power_path" in device and "power_topic" not in device:
        fix = "name the topic whose message it is a path in, or take power_path out"
        yield problem((*path, "power_path"), "stands without power_topic", fix=fix)
    if "fan_percentage" in device and kind not in {"fan", ""}:
        what = f"a {kind}{'' if kind == PLUG else ' entity'} has no percentage"
        yield problem((*path, "fan_percentage"), what, fix="take it out")
    is_dryer = device.get("role", NATURAL_ROLES.get(kind)) == "dehumidifier"
    for keys, is_fitting, owner in (
        (_PLUG_KEYS, kind == PLUG, "plugs with a command_topic"),
        (_BLIND_KEYS, kind == "cover", "blinds"),
        (("drying_humidity_pct",), is_dryer, "dehumidifiers"),
        (("drying_mode",), kind == "humidifier", "humidifier entities"),
    ):
        for key in keys:
            if key in device and not is_fitting:
                yield problem((*path, key), f"is for {owner} only", fix="take it out")


def _plug_problems(
    path: KeyPath, device: Mapping[str, Any], topic: str, problem: ProblemAt
) -> Iterator[Problem]:
    if _text(device, "state_topic") == topic:
        what = "is the command topic: keepcool would hear only itself"
        fix = "name the topic on which the plug tells its state"
        yield problem((*path, "state_topic"), what, fix=fix)
    if "state_topic" not in device and not recognise_plug(topic).state_topics:
        what = "is of no family that keepcool knows, so where the plug tells its state is unknown"
        fix = 'add state_topic = "...", and payload_on and state_on if they are not ON and OFF'
        yield problem((*path, "command_topic"), what, fix=fix)


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value.strip() if isinstance(value, str) else ""
