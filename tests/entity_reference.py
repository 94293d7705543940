"""Write docs/entities.md and the discovery snapshot: `python -m tests.entity_reference`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from config.settings import load_settings
from daemon.bootstrap import render_dashboard
from daemon.check import CheckReport
from daemon.check_rows import CheckRow, Status
from daemon.commands import CommandParser
from daemon.demo.household import Addresses, hot_day_household, write_settings
from daemon.faces import Topics
from integrations.discovery import Device, Entity, Household, announcements, devices
from policies.model import DeviceState
from policies.texts_en import ENTITY_NAMES
from tests.builders import a_device, a_person, a_room
from tests.loop_home import TOPICS, LoopHome
from tests.opened import close_everything

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCE = REPOSITORY / "docs" / "entities.md"
SNAPSHOT = REPOSITORY / "tests" / "integrations" / "discovery.json"
DASHBOARD = REPOSITORY / "config" / "home_assistant" / "dashboard.yaml"
COMMAND = ".venv/bin/python -m tests.entity_reference"

ROOM = a_room(room_id="living-room", name="Living room", devices=(a_device(room_id="living-room"),))
ANNA = a_person(rooms=("living-room",), second_roads=("anna:second_road:1",))
HOUSEHOLD = Household(
    home_id="home",
    home_name="Anna and Ben's flat",
    rooms=(ROOM,),
    people=(ANNA,),
    topics=Topics("keepcool", "home"),
    names=ENTITY_NAMES,
    version="0.1.0",
    prefix="homeassistant",
    motion_rooms=frozenset({"living-room"}),
    presence_people=frozenset({"anna"}),
    has_official_warnings=True,
    picture_rooms=frozenset({"living-room"}),
)
HEAD = f"""\
# Entities and topics

Generated from the code by `{COMMAND}`; a test says when it is out of date.

Home Assistant (2024.12 or newer) shows all of this by itself once it uses the same MQTT broker:
one device for the home, one for each room and one for each person. `mqtt.discovery = false`
switches that off, `mqtt.discovery_prefix` follows a prefix that was changed in Home Assistant. A
room or person that is taken out of the settings goes from Home Assistant at the next start; if
Home Assistant does not run at that moment, delete the device there by hand.

Ids stay the same over restarts and new names; the entity ids below are proposals that you may
change in Home Assistant. Whatever keepcool does not know is `unknown`, never a number that looks
fine; when keepcool stops, everything but *Running* is `unavailable`. `ROOM` and `PERSON` stand for
the id in the settings, `HOME` for the id of `[home]`, made from its name when none is given.
"""
CONDITIONS = {
    "home": """\
*Official heat warning* is there with `[[official_warning]]`.
""",
    "room": """\
*Expected maximum* and its time, of the next 24 hours with no further cooling, and the windows times
go by the room's own forecast: they are `unknown` until keepcool has learned the room, and while it
is not seen. The attributes of *Expected maximum* hold 48 hours from `forecast_from` on, as they
were foretold: `low_c` (one in ten is lower), `middle_c` and `high_c`. *Open windows at* and *Close
windows at* are the next moments at which outdoor air begins and ceases to make the room feel
cooler, never while it is much more humid outdoors, on days that come within 3 degrees of a limit.
*Too hot soon* is level 2 or more within the planning horizon (8 hours).

*Automatic cooling* is there for a room with `[[room.cooling]]`, *Motion lately* for one with
`[[room.motion]]`. *NAME control* is there for each cooling device, by its name and id (`DEVICE`):
what keepcool does with it. It is `left alone` after somebody, or an automation of yours, changed
it; the attribute `left_alone_until` says until when, `plan` why it runs or does not. *Next 24
hours* is a picture (PNG), there for a room that somebody uses, unless `mqtt.pictures = false`; it
rides along with warnings of heat that are not critical, and with the brief on iPhones.
""",
    "person": """\
*Heat alert* says how far the present one is: `warned` until somebody taps *I'm on it* (`answered`;
the attribute `answered_by` says who) or snoozes it; `held back` while quiet hours or a snooze of
the person keep it from the phone. The volumes are not there for `fluid_restricted`, nor a goal for
`fluid_or_salt_loss` without one of their own; *Test alert* is there for a person with a phone,
*Test second road* for one with a second road, *At home* with `presence_entity`.
""",
}
NOTES = """\
Topics start with `keepcool`, or `mqtt.base_topic`. States are retained JSON. Commands are never
accepted retained, nor with a time stamp older than 60 s, nor more often than a person means them:
in ten minutes a litre of drinks, 5 test alerts, 5 checks, 20 switchings of a room's cooling. A
room's level is published with each reading, before anything is written to disk. `level` is 0 to 4;
`heat_level` says it in words, and nothing while the room is not seen.
"""


def reference() -> str:
    """Return docs/entities.md."""
    lines = [HEAD]
    for device in devices(HOUSEHOLD):
        lines += [f"## {_heading(device)}\n", "| entity | id | shows or does | topic |"]
        lines += ["|---|---|---|---|"]
        lines += [_row(device, entity) for entity in device.entities]
        lines += ["", CONDITIONS[device.kind]]
    lines += ["## Topics\n", NOTES, "| topic | direction | what |", "|---|---|---|"]
    lines += [f"| `{topic}` | {direction} | {what} |" for topic, direction, what in topics()]
    lines += ["", "What they carry, on a warm afternoon on which Anna asked for peace:", ""]
    for topic, payload in examples().items():
        lines += [
            f"`{topic}`",
            "",
            "```json",
            json.dumps(json.loads(payload), indent=1, ensure_ascii=False),
            "```",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def _heading(device: Device) -> str:
    return {"home": "The home", "room": "Each room", "person": "Each person"}[device.kind]


def _placeholder(text: str) -> str:
    for name, example in (("ROOM", "living-room"), ("ROOM", "living_room"), ("PERSON", "anna")):
        text = text.replace(example, name)
    return text.replace("keepcool/home/", "keepcool/HOME/", 1)


def _row(device: Device, entity: Entity) -> str:
    options = entity.options
    entity_id = _placeholder(f"{entity.platform}.{device.entity_name(entity)}")
    kind = entity.platform.replace("_", " ")
    details = [
        str(options[key]) for key in ("device_class", "unit_of_measurement") if key in options
    ]
    words = [options[key] for key in ("options", "event_types") if key in options]
    details += [", ".join(f"`{word}`" for word in choices) for choices in words]
    shown = f"{kind}: {'; '.join(details)}" if details else kind
    topic = options.get("command_topic") or options.get("state_topic") or options["image_topic"]
    name = entity.name(device.kind, ENTITY_NAMES)
    if entity.about:  # one of several: "AC control" of the device "ac"
        name = name.replace(entity.about, "NAME")
        entity_id = entity_id.replace(f"_{entity.key}", f"_{entity.key}".replace("ac", "DEVICE"))
        topic = topic.replace("/ac/", "/DEVICE/")
    return f"| {name} | `{entity_id}` | {shown} | `{_placeholder(topic)}` |"


def topics() -> Iterator[tuple[str, str, str]]:
    """Yield every topic of a home: its pattern, direction and what it is for."""
    named = Topics("keepcool", "HOME")
    examples_of = {"room_id": "ROOM", "person_id": "PERSON", "device_id": "DEVICE"}
    heard = CommandParser(Topics("keepcool", "home"), [ANNA], [ROOM]).topics
    for name, member in vars(Topics).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            topic, known = getattr(named, name), getattr(HOUSEHOLD.topics, name)
        else:
            (parameter,) = list(inspect.signature(member).parameters)[1:]
            topic = getattr(named, name)(examples_of.get(parameter, "ID"))
            known = getattr(HOUSEHOLD.topics, name)(
                {"room_id": "living-room", "person_id": "anna"}.get(parameter, "x")
            )
        what = " ".join((inspect.getdoc(member) or "").split())
        yield topic, "in" if known in heard or what.startswith("Hear ") else "out", what


def examples() -> Mapping[str, str]:
    """Return what each topic carries, by its pattern, in a home that is played for a while."""
    row = CheckRow("phone of Anna", Status.RED, "there is none", "add a [[person.phone]] for Anna")
    report = CheckReport((CheckRow("broker localhost:1883", Status.OK, "connected"), row))
    with TemporaryDirectory() as folder:
        home = LoopHome(Path(folder), rooms=(ROOM,), people=(ANNA,), check=lambda: report)
        home.house.states["climate.living_room"] = DeviceState(is_on=False, hvac_mode="off")
        home.run(60)
        home.hear(TOPICS.person_drink("anna"), "PRESS")
        home.hear(TOPICS.person_snooze("anna"), "ON")
        home.read(30.2, "living-room")
        home.run(60)
        home.hear(TOPICS.home_check, "PRESS")
        said = dict(home.broker.published)
        close_everything()
    patterns = [topic for topic, direction, _ in topics() if direction == "out"]
    wanted = {TOPICS.root + pattern.removeprefix("keepcool/HOME"): pattern for pattern in patterns}
    ids = (("ROOM", "living-room"), ("PERSON", "anna"), ("DEVICE", "ac"))
    found = {}
    for topic, pattern in wanted.items():
        spoken = topic
        for name, example in ids:
            spoken = spoken.replace(name, example)
        if said.get(spoken, "").startswith("{"):
            found[pattern] = said[spoken]
    return found


def snapshot() -> str:
    """Return every discovery payload of a small household, to be read."""
    found: dict[str, Any] = {
        announcement.topic: json.loads(announcement.payload)
        for announcement in announcements(HOUSEHOLD, {})
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def dashboard() -> str:
    """Return what `keepcool dashboard` prints for the household of the demo."""
    addresses = Addresses("localhost", 1883, "http://localhost:8123", "http://localhost")
    with TemporaryDirectory() as folder:
        path = write_settings(hot_day_household(), addresses, Path(folder))
        settings = load_settings(
            path, environ={}, credentials_directory=None, require_secrets=False
        )
    return render_dashboard(settings) + "\n"


if __name__ == "__main__":
    DASHBOARD.write_text(dashboard(), encoding="utf-8")
    REFERENCE.write_text(reference(), encoding="utf-8")
    SNAPSHOT.write_text(snapshot(), encoding="utf-8")
