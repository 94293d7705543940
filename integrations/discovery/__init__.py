"""Describe keepcool's rooms, people and home to Home Assistant's MQTT discovery. Pure.

One device for the home, one for each room, one for each person, all reached over the home.
What a state topic does not know is `null` there and "unknown" in Home Assistant. No entity expires
by itself: keepcool says when a value is too old, and the status topic when keepcool is gone.

Source: Home Assistant's MQTT documentation, "Device discovery payload"; works from 2024.12 on.

`rooms`, `people` and `home` say what each shows, `parts` holds what these are made of.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.discovery.home import home_entities
from integrations.discovery.household import Household
from integrations.discovery.parts import Entity
from integrations.discovery.people import person_entities, tests
from integrations.discovery.rooms import room_entities
from integrations.messages import Announcement

__all__ = ["Device", "Entity", "Household", "announcements", "birth_topic", "devices"]


@dataclass(frozen=True, slots=True)
class Device:
    """Describe one device; `kind` is home, room or person, `subject` the room's or person's id."""

    kind: str
    subject: str
    name: str
    model: str
    entities: tuple[Entity, ...]
    more: Mapping[str, Any] = field(default_factory=dict)

    def id_in(self, home_id: str) -> str:
        """Return the id that stays the same over restarts and new names."""
        own = f"_{self.kind}_{self.subject}" if self.subject else ""
        return f"keepcool_{home_id}{own}"

    def entity_name(self, entity: Entity) -> str:
        """Return the last part of the entity id that is proposed."""
        return re.sub(r"[^a-z0-9]+", "_", f"keepcool_{self.subject}_{entity.key}")


def birth_topic(prefix: str) -> str:
    """Return the topic on which Home Assistant says that it started."""
    return f"{prefix}/status"


def devices(household: Household) -> Iterator[Device]:
    """Yield the home, every room, every person, and every carer who can be reached."""
    home = tuple(home_entities(household))
    yield Device("home", "", "keepcool", household.home_name, home)
    for room in household.rooms:
        entities = tuple(room_entities(room, household))
        more = {"suggested_area": room.name}
        yield Device("room", room.room_id, room.name, "Room", entities, more)
    for person in household.people:
        entities = tuple(person_entities(person, household))
        yield Device("person", person.person_id, person.name, "Person", entities)
    for carer in household.carers:
        if buttons := tuple(tests(carer, household)):
            yield Device("person", carer.carer_id, carer.name, "Carer", buttons)


def announcements(
    household: Household, known: Mapping[str, Mapping[str, str]]
) -> Iterator[Announcement]:
    """Yield what is to be published, retained: every device, and what takes back those now gone.

    Args:
        household: the home as it is.
        known: platform by entity key, by topic, of everything announced before.
    """
    present: set[str] = set()
    if household.prefix is not None:
        taken: Counter[str] = Counter()
        via = f"keepcool_{household.home_id}"
        for device in devices(household):
            device_id = device.id_in(household.home_id)
            topic = f"{household.prefix}/device/{device_id}/config"
            present.add(topic)
            components = {
                entity.key: _component(household, device, entity, taken)
                for entity in device.entities
            }
            platforms = {entity.key: entity.platform for entity in device.entities}
            for key, platform in known.get(topic, {}).items():
                components.setdefault(key, {"platform": platform})  # alone it removes the entity
            payload = {
                "device": {
                    "identifiers": [device_id],
                    "name": device.name,
                    "manufacturer": "keepcool",
                    "model": device.model,
                    "sw_version": household.version,
                    **({"via_device": via} if device.subject else {}),
                    **device.more,
                },
                "origin": {"name": "keepcool", "sw_version": household.version},
                "availability": [{"topic": household.topics.status}],
                "qos": 1,
                "components": components,
            }
            text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
            yield Announcement(topic, text, platforms)
    for topic in known:
        if topic not in present:
            yield Announcement(topic, "", {})


def _component(
    household: Household, device: Device, entity: Entity, taken: Counter[str]
) -> dict[str, Any]:
    proposed = device.entity_name(entity)
    taken[f"{entity.platform}.{proposed}"] += 1
    count = taken[f"{entity.platform}.{proposed}"]
    if count > 1:  # rooms "a-b" and "a_b"; Home Assistant would choose as arbitrarily
        proposed = f"{proposed}_{count}"
    return {
        "platform": entity.platform,
        "name": entity.name(device.kind, household.names),
        "unique_id": f"{device.id_in(household.home_id)}.{entity.key}",
        "object_id": proposed,  # read until 2026.4
        "default_entity_id": f"{entity.platform}.{proposed}",  # read from 2025.10 on
        **entity.options,
    }
