"""Lay out a dashboard of Home Assistant for the household, from the entities that are announced.

Built-in cards only. No name that a person chose stands in a template, which could be made of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.model import DeviceKind, Person, Room

Card = dict[str, Any]
_PRESSED = {"hide_state": True, "tap_action": {"action": "toggle"}}
_ALERT_CONTENT = {"state_content": ["state", "answered_by"]}
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./ -]*[A-Za-z0-9_])?")
_WORDS = {
    "on",
    "off",
    "yes",
    "no",
    "true",
    "false",
    "null",
    "y",
    "n",
}  # that YAML takes for something else


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold what is laid out.

    `ids` has the entity id by key of each device: "" is the home, `room:ID` and `person:ID`.
    `safety_text` is the long fixed one, with the home's emergency number.
    """

    title: str
    rooms: tuple[Room, ...]
    people: tuple[Person, ...]
    ids: Mapping[str, Mapping[str, str]]
    safety_text: str


def read_ids(announced: Iterable[Mapping[str, Any]], home_id: str) -> dict[str, dict[str, str]]:
    """Return the entity ids of discovery payloads, as `Shown.ids` has them."""
    found = {}
    for payload in announced:
        own = payload["device"]["identifiers"][0].removeprefix(f"keepcool_{home_id}")
        name = own.removeprefix("_").replace("_", ":", 1)
        components = payload["components"].items()
        found[name] = {key: entity["default_entity_id"] for key, entity in components}
    return found


def lay_out(shown: Shown) -> dict[str, Any]:
    """Return the dashboard's configuration: one view, whose sections stack on a phone."""
    sections = [
        _section(_today(shown)),
        *(_section(_room(room, shown.ids[f"room:{room.room_id}"])) for room in shown.rooms),
        *(_section(_drinks(one, shown.ids[f"person:{one.person_id}"])) for one in shown.people),
        _section(_home(shown)),
        _section(_emergency(shown)),
    ]
    view = {"title": shown.title, "path": "home", "icon": "mdi:snowflake-thermometer"}
    return {"views": [view | {"type": "sections", "max_columns": 3, "sections": sections}]}


def _section(cards: Iterable[Card]) -> Card:
    return {"type": "grid", "cards": list(cards)}


# ----------------------------------------------------------------- sections


def _today(shown: Shown) -> Iterator[Card]:
    home = shown.ids[""]
    yield _heading("Today", "mdi:white-balance-sunny")
    gone = "keepcool is not running. Look after the heat yourself, and see whether it has power."
    running = {"condition": "state", "entity": home["running"], "state_not": "on"}
    yield _markdown(_alert("error", gone)) | {"visibility": [running]}
    trouble = _list_of(home["trouble"], "texts")
    yield _markdown(_alert("warning", trouble)) | {"visibility": [_is_on(home["trouble"])]}
    unheard = "An urgent message reached nobody. Call them."
    yield _markdown(_alert("error", unheard)) | {"visibility": [_is_on(home["unheard"])]}
    for person in shown.people:
        ids = shown.ids[f"person:{person.person_id}"]
        yield _tile(ids["heat_level"], person.name, color="deep-orange")
        yield _tile(ids["heat_alert"], "Heat alert") | _ALERT_CONTENT
        yield _markdown(_last_alert(ids["alert"]))
    if "official_warning" in home:
        yield _tile(home["official_warning"], "Official heat warning")
    yield _markdown(_hottest(home))
    for room in shown.rooms:
        ids = shown.ids[f"room:{room.room_id}"]
        yield _markdown(_today_in(ids)) | {"visibility": [_is_known(ids["expected_maximum"])]}


def _room(room: Room, ids: Mapping[str, str]) -> Iterator[Card]:
    yield _heading(room.name, "mdi:sofa-outline")
    yield _tile(ids["heat_level"], "Now", color="deep-orange")
    yield _tile(ids["feels_like"], "Feels like", color="deep-orange")
    yield _tile(ids["temperature"], "Temperature", color="blue")
    yield _tile(ids["humidity"], "Humidity", color="blue")
    yield _markdown(_soon(ids)) | {"visibility": [_is_on(ids["too_hot_expected"])]}
    for key, name in (
        ("expected_maximum", "Up to"),
        ("expected_maximum_at", "At"),
        ("close_windows_at", "Close windows"),
        ("open_windows_at", "Open windows"),
    ):
        yield _tile(ids[key], name) | {"visibility": [_is_known(ids[key])]}
    if "next_24_hours" in ids:
        yield _picture(ids["next_24_hours"])
    reason = "{{ states('" + ids["reason"] + "') }}"
    yield _markdown(reason) | {"visibility": [_is_known(ids["reason"])]}
    for device in room.devices:
        if device.kind is not DeviceKind.PLUG:
            yield _tile(device.entity_id, device.name)
        control = ids[f"{device.device_id}_control"]
        yield _tile(control, f"{device.name}: keepcool")
        left_alone = {"condition": "state", "entity": control, "state": "left alone"}
        yield _markdown(_left_alone(control)) | {"visibility": [left_alone]}
    if "automatic_cooling" in ids:
        yield _tile(ids["automatic_cooling"], "Automatic")
    graph = [
        {"entity": ids["feels_like"], "name": "Feels like"},
        {"entity": ids["limit"], "name": "Limit"},
    ]
    yield {"type": "history-graph", "hours_to_show": 24, "entities": graph}


def _picture(entity_id: str) -> Card:
    """Show a picture once there is one."""
    look = {"show_name": False, "show_state": False, "visibility": [_is_known(entity_id)]}
    return {"type": "picture-entity", "entity": entity_id, **look}


def _drinks(person: Person, ids: Mapping[str, str]) -> Iterator[Card]:
    yield _heading(person.name, "mdi:cup-water")
    yield {
        "type": "button",
        "entity": ids["drink"],
        "name": "Had a drink",
        "icon": "mdi:cup-water",
        "show_state": False,
        "tap_action": {
            "action": "perform-action",
            "perform_action": "button.press",
            "target": {"entity_id": ids["drink"]},
        },
        "grid_options": {"columns": 12, "rows": 2},
    }
    for key, name in (("drinks_today", "Today"), ("drinks_goal", "Goal")):
        if key in ids:
            yield _tile(ids[key], name, color="blue")
    if "next_drink" in ids:
        yield _tile(ids["next_drink"], "Next drink", color="blue", columns=12)
    yield _tile(ids["snooze"], "Snooze")
    yield _tile(ids["out"], "I'm out")
    if "at_home" in ids:
        yield _tile(ids["at_home"], "At home")


def _home(shown: Shown) -> Iterator[Card]:
    home = shown.ids[""]
    yield _heading("Alerts and trouble", "mdi:bell-outline")
    yield _tile(home["alerts"], "Alerts")
    yield _tile(home["trouble"], "Trouble")
    yield _tile(home["running"], "keepcool")
    yield _tile(home["road_down"], "Roads")
    yield _tile(home["messages_waiting"], "Waiting")
    yield _tile(home["check"], "Check now") | _PRESSED
    yield _tile(home["check_result"], "Check result")
    yield _tile(home["holiday"], "Holiday")


def _emergency(shown: Shown) -> Iterator[Card]:
    yield _heading("When to call for help", "mdi:phone-alert-outline")
    yield _markdown(shown.safety_text)


# ----------------------------------------------------------------- cards


def _heading(text: str, icon: str) -> Card:
    return {"type": "heading", "heading": text, "heading_style": "title", "icon": icon}


def _tile(entity_id: str, name: str, *, color: str = "", columns: int = 6) -> Card:
    tile: Card = {"type": "tile", "entity": entity_id, "name": name}
    if color:
        tile["color"] = color
    return tile | ({"grid_options": {"columns": columns}} if columns != 6 else {})  # noqa: PLR2004


def _markdown(content: str) -> Card:
    return {"type": "markdown", "content": content}


def _is_on(entity_id: str) -> Card:
    return {"condition": "state", "entity": entity_id, "state": "on"}


def _is_known(entity_id: str) -> Card:
    return {"condition": "state", "entity": entity_id, "state_not": ["unavailable", "unknown"]}


def _alert(kind: str, text: str) -> str:
    return f'<ha-alert alert-type="{kind}">{text}</ha-alert>'


def _list_of(entity_id: str, attribute: str) -> str:
    return "{{ (state_attr('" + entity_id + "', '" + attribute + "') or []) | join('. ') }}"


def _clock(entity_id: str) -> str:
    return "{{ as_timestamp(states('" + entity_id + "')) | timestamp_custom('%H:%M') }}"


def _hottest(home: Mapping[str, str]) -> str:
    hottest = home["hottest_outdoors"]
    value = "{{ states('" + hottest + "') | float | round | int }}"
    unit = "{{ state_attr('" + hottest + "', 'unit_of_measurement') }}"
    return (
        "{% if states('" + hottest + "') | is_number %}\n"
        f"Outdoors up to **{value} {unit}** at {_clock(home['hottest_at'])}.\n"
        "{% else %}\nNo forecast of the weather at present.\n{% endif %}"
    )


def _today_in(ids: Mapping[str, str]) -> str:
    """Say how hot a room gets and when, and when to mind its windows; Home Assistant names it."""
    peak = ids["expected_maximum"]
    name = "{{ device_attr('" + peak + "', 'name') }}"
    value = "{{ states('" + peak + "') | float(0) | round | int }}"
    unit = "{{ state_attr('" + peak + "', 'unit_of_measurement') }}"
    at = ids["expected_maximum_at"]
    lines = [f"{name}: up to **{value} {unit}**{_if_known(at, f' at {_clock(at)}')}."]
    for word, key in (("Close", "close_windows_at"), ("Open", "open_windows_at")):
        lines.append(_if_known(ids[key], f" {word} the windows at {_clock(ids[key])}."))
    return "".join(lines)


def _if_known(entity_id: str, text: str) -> str:
    return "{% if has_value('" + entity_id + "') %}" + text + "{% endif %}"


def _soon(ids: Mapping[str, str]) -> str:
    level = "{{ states('" + ids["expected_heat_level"] + "') }}"
    at = _if_known(ids["expected_at"], f" at {_clock(ids['expected_at'])}")
    return _alert("warning", f"Too hot soon: {level}{at}.")


def _left_alone(entity_id: str) -> str:
    device = "{{ state_attr('" + entity_id + "', 'device') }}"
    until = "as_timestamp(state_attr('" + entity_id + "', 'left_alone_until'))"
    clock = "{{ " + until + " | timestamp_custom('%H:%M') }}"
    return _alert("info", f"{device} was changed by hand: keepcool leaves it alone until {clock}.")


def _last_alert(entity_id: str) -> str:
    return (
        "{% if has_value('" + entity_id + "') %}\n"
        "**{{ state_attr('" + entity_id + "', 'title') }}**\n\n"
        "{{ state_attr('" + entity_id + "', 'text') }}\n\n"
        "{{ relative_time(as_datetime(states('" + entity_id + "'))) }} ago, "
        "{{ state_attr('" + entity_id + "', 'event_type') }}\n"
        "{% else %}\nNo alert since Home Assistant has known keepcool.\n{% endif %}"
    )


# ----------------------------------------------------------------- text


def describe(shown: Shown, home_topic: str) -> Iterator[str]:
    """Yield the comments that stand above: how to use it, and what the blueprints ask for."""
    yield "# A dashboard for Home Assistant 2024.12 or newer, made by `keepcool dashboard`."
    yield "# Settings, Dashboards, Add dashboard, New from scratch; open it, Edit, Raw"
    yield "# configuration editor: put this there. Entities that you renamed need their new ids."
    yield "#"
    yield f"# What keepcool's blueprints ask for: the topic of the home is {home_topic},"
    people = ", ".join(person.person_id for person in shown.people)
    devices = ", ".join(device.device_id for room in shown.rooms for device in room.devices)
    yield f"# people: {people}; cooling devices: {devices or 'none'}."


def to_yaml(value: Any, indent: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the lines of a value made of dicts, lists and scalars."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(f"{indent}{key}:", item, indent + "  ")
    elif isinstance(value, list):
        for item in value:
            first, *rest = to_yaml(item, indent + "  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest
    else:
        yield indent + _scalar(value)


def _entry(head: str, item: Any, indent: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(item, str) and "\n" in item:
        yield f"{head} |-"
        yield from (f"{indent}{line}".rstrip() for line in item.splitlines())
    elif isinstance(item, Mapping | list) and item:
        yield head
        yield from to_yaml(item, indent)
    else:
        yield f"{head} {_scalar(item)}"


def _scalar(value: object) -> str:
    is_plain = isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return str(value) if is_plain else json.dumps(value, ensure_ascii=False)
