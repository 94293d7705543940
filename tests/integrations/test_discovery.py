"""What Home Assistant's discovery is told: valid for any settings, and complete."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from integrations.discovery import Household, announcements, devices
from policies.model import Flag, Person, Room
from policies.texts_en import ENTITY_NAMES
from tests import entity_reference
from tests.builders import a_device
from tests.entity_reference import ANNA, HOUSEHOLD, ROOM

# As config.fields allows them.
IDS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,39}", fullmatch=True)
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)
PEOPLE = st.lists(st.tuples(IDS, NAMES, st.frozensets(st.sampled_from(Flag))), max_size=4)
ROOMS = st.lists(st.tuples(IDS, NAMES, st.booleans()), max_size=5)


def payloads(household: Household) -> dict[str, Any]:
    """Return what is announced, by topic."""
    return {found.topic: json.loads(found.payload) for found in announcements(household, {})}


def components(household: Household) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every entity with the topic of its device and its key."""
    return [
        (topic, key, entity)
        for topic, payload in payloads(household).items()
        for key, entity in payload["components"].items()
    ]


def keys(person: Person) -> set[str]:
    """Return the keys of a person's entities."""
    alone = replace(HOUSEHOLD, rooms=(), people=(person,))
    return {key for topic, key, _ in components(alone) if "person" in topic}


@pytest.mark.parametrize(
    ("path", "made"),
    [
        (entity_reference.REFERENCE, entity_reference.reference),
        (entity_reference.SNAPSHOT, entity_reference.snapshot),
    ],
    ids=["docs/entities.md", "tests/integrations/discovery.json"],
)
def test_reference_and_snapshot_are_current(path: Any, made: Any) -> None:  # noqa: ANN401
    """What people read about entities and topics is what the code does."""
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    assert written == made(), (
        f"{path.name} is out of date: run {entity_reference.COMMAND} and read the difference"
    )


@settings(max_examples=60)
@given(IDS, NAMES, ROOMS, PEOPLE)
def test_any_settings_give_valid_ids_and_topics(
    home_id: str,
    home_name: str,
    rooms: list[tuple[str, str, bool]],
    people: list[tuple[str, str, frozenset[Flag]]],
) -> None:
    """Whatever things are called, ids and topics are allowed, and no two are the same."""
    household = replace(
        HOUSEHOLD,
        home_id=home_id,
        home_name=home_name,
        rooms=tuple(
            Room(room_id, name, devices=(a_device(),) if is_cooled else ())
            for room_id, name, is_cooled in {room[0]: room for room in rooms}.values()
        ),
        people=tuple(
            Person(person_id, name, (), flags=flags)
            for person_id, name, flags in {person[0]: person for person in people}.values()
        ),
    )
    found = components(household)
    assert len(payloads(household)) == 1 + len(household.rooms) + len(household.people)
    for topic in payloads(household):
        assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", topic)
    for option in ("unique_id", "default_entity_id"):
        values = [entity[option] for _, _, entity in found]
        assert len(values) == len(set(values))
    for _, _, entity in found:
        assert re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", entity["default_entity_id"])
        assert entity["default_entity_id"] == f"{entity['platform']}.{entity['object_id']}"
        for name, value in entity.items():
            if name.endswith("topic"):
                assert not re.search(r"[+#\0]", value)


def test_ids_survive_a_new_name() -> None:
    """A room or person that is called otherwise stays the same device with the same entities."""
    renamed = replace(
        HOUSEHOLD, rooms=(replace(ROOM, name="Parlour"),), people=(replace(ANNA, name="Ann"),)
    )
    before, after = components(HOUSEHOLD), components(renamed)
    assert [entity["unique_id"] for *_, entity in before] == [
        entity["unique_id"] for *_, entity in after
    ]
    assert list(payloads(HOUSEHOLD)) == list(payloads(renamed))


def test_entity_is_complete_by_home_assistants_rules() -> None:
    """Each has a picture, statistics only where the class allows them, and nothing expires."""
    for _, key, entity in components(HOUSEHOLD):
        assert "icon" in entity or "device_class" in entity, key
        if entity.get("device_class") in ("enum", "timestamp"):
            assert not {"state_class", "unit_of_measurement"} & set(entity), key
        if entity.get("device_class") == "volume":
            assert entity.get("state_class") in (None, "total_increasing"), key
        assert "expire_after" not in entity
        assert "retain" not in entity  # a retained command would be carried out again


def test_every_name_is_used_and_every_entity_has_one() -> None:
    """Texts and entities are the same list."""
    used = {
        f"{device.kind}.{entity.text or entity.key}"
        for device in devices(HOUSEHOLD)
        for entity in device.entities
    }
    assert used == set(ENTITY_NAMES)


def test_each_cooling_device_says_what_is_done_with_it() -> None:
    """One entity a device, called by its name, that keeps its id when the name is another."""
    fan = a_device(room_id="living-room", device_id="fan", name="Tall {fan}")
    several = replace(HOUSEHOLD, rooms=(replace(ROOM, devices=(*ROOM.devices, fan)),))
    found = {key: entity for _, key, entity in components(several) if key.endswith("_control")}
    assert {key: entity["name"] for key, entity in found.items()} == {
        "ac_control": "AC control",
        "fan_control": "Tall {fan} control",
    }
    assert found["fan_control"]["state_topic"] == "keepcool/home/device/fan/state"
    assert found["fan_control"]["default_entity_id"] == "sensor.keepcool_living_room_fan_control"


def test_restricted_fluids_have_no_volume_entity() -> None:
    """Nobody is shown a goal that their care team did not set."""
    volumes = {"drinks_today", "drinks_goal", "next_drink"}
    assert volumes <= keys(ANNA)
    assert not volumes & keys(replace(ANNA, flags=frozenset({Flag.FLUID_RESTRICTED})))
    loses = frozenset({Flag.FLUID_OR_SALT_LOSS})
    assert volumes & keys(replace(ANNA, flags=loses)) == {"drinks_today", "next_drink"}
    assert volumes <= keys(replace(ANNA, flags=loses, drinks_goal_ml=1500))


def test_only_what_can_work_is_offered() -> None:
    """Without a device there is nothing to switch, without a phone nothing to test."""
    assert "test_alert" not in keys(replace(ANNA, phones=()))
    assert "test_second_road" not in keys(replace(ANNA, second_roads=()))
    bare = replace(HOUSEHOLD, rooms=(replace(ROOM, devices=()),))
    assert "automatic_cooling" not in [key for _, key, _ in components(bare)]
    nothing: frozenset[str] = frozenset()
    blind = replace(
        HOUSEHOLD, motion_rooms=nothing, presence_people=nothing, has_official_warnings=False
    )
    found = {key for _, key, _ in components(HOUSEHOLD)} - {key for _, key, _ in components(blind)}
    assert found == {"motion", "at_home", "official_warning"}


def test_what_is_gone_is_taken_back() -> None:
    """A device of an earlier run gets an empty payload, an entity nothing but its platform."""
    topic = "homeassistant/device/keepcool_home_room_living-room/config"
    known = {topic: {"old": "sensor", "limit": "sensor"}, "hass/device/x/config": {"a": "switch"}}
    found = {each.topic: each for each in announcements(HOUSEHOLD, known)}
    assert found["hass/device/x/config"].payload == ""
    assert not found["hass/device/x/config"].components
    entities = json.loads(found[topic].payload)["components"]
    assert entities["old"] == {"platform": "sensor"}
    assert len(entities["limit"]) > 1
    assert "old" not in found[topic].components


def test_discovery_switched_off_takes_everything_back() -> None:
    """Only what was announced before is mentioned, to empty it."""
    topics = list(payloads(HOUSEHOLD))
    known = {topic: {"a": "sensor"} for topic in topics}
    found = list(announcements(replace(HOUSEHOLD, prefix=None), known))
    assert [(each.topic, each.payload) for each in found] == [(topic, "") for topic in topics]
    assert not list(announcements(replace(HOUSEHOLD, prefix=None), {}))
