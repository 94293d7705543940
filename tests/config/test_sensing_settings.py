"""Sensors, motion and presence each have one road, and none is there twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.home import build_motion, build_presence, build_sensors
from tests.settings_texts import HOME, HOME_ASSISTANT, PERSON, load, refusal

BEDROOM = '[[room]]\nid = "bedroom"\nname = "Bedroom"\n'
STUDY = '[[room]]\nid = "study"\nname = "Study"\n'
SENSOR = '[[room.sensor]]\nentity = "sensor.bedroom_temperature"\n'
MOTION = '[[room.motion]]\nentity = "binary_sensor.bedroom_motion"\n'
BEN = '[[person]]\nid = "ben"\nname = "Ben"\nrooms = ["bedroom"]\n'
PRESENCE = 'presence_entity = "person.anna"\n'


def test_home_without_mqtt_sensors_is_complete(tmp_path: Path) -> None:
    """Sensors, motion and presence may all be entities; an entity gives a sensor its id."""
    humidity = 'humidity_entity = "sensor.bedroom_humidity"\nstale_after_s = 3600\n'
    text = HOME + HOME_ASSISTANT + PERSON + PRESENCE + BEDROOM + SENSOR + humidity + MOTION
    settings = load(tmp_path, text)
    (sensor,) = build_sensors(settings)
    assert (sensor.sensor_id, sensor.topic) == ("sensor-bedroom_temperature", None)
    assert (sensor.entity_id, sensor.humidity_entity_id) == (
        "sensor.bedroom_temperature",
        "sensor.bedroom_humidity",
    )
    (motion,) = build_motion(settings)
    assert (motion.room_id, motion.entity_id, motion.topic) == (
        "bedroom",
        "binary_sensor.bedroom_motion",
        None,
    )
    (presence,) = build_presence(settings)
    assert (presence.person_id, presence.entity_id) == ("anna", "person.anna")


def test_motion_over_mqtt_needs_no_home_assistant(tmp_path: Path) -> None:
    """A topic is enough for motion, and nobody needs a presence."""
    sensor, motion = '[[room.sensor]]\ntopic = "z/b"\n', '[[room.motion]]\ntopic = "z/m"\n'
    settings = load(tmp_path, HOME + PERSON + BEDROOM + sensor + motion)
    assert [each.topic for each in build_motion(settings)] == ["z/m"]
    assert build_presence(settings) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            HOME_ASSISTANT + PERSON + BEDROOM + '[[room.sensor]]\nid = "a"\n',
            (
                'room.sensor.topic: is missing; for example topic = "zigbee2mqtt/bedroom" or '
                'entity = "sensor.bedroom_temperature"'
            ),
        ),
        (
            HOME_ASSISTANT + PERSON + BEDROOM + "[[room.motion]]\n",
            (
                "room.motion.topic: is missing; for example topic = "
                '"zigbee2mqtt/bedroom_motion" or '
                'entity = "binary_sensor.bedroom_motion"'
            ),
        ),
        (
            HOME_ASSISTANT + PERSON + BEDROOM + SENSOR + 'topic = "z/b"\n',
            (
                'room.sensor.entity = "sensor.bedroom_temperature": stands '
                "beside a topic; take one "
                "out: keepcool hears it by its topic or reads it from Home Assistant"
            ),
        ),
        (
            HOME_ASSISTANT + PERSON + BEDROOM + SENSOR + 'unit = "F"\n',
            (
                'room.sensor.unit = "F": is for topics, and this sensor is an entity; take it out: '
                "Home Assistant tells an entity's value with its unit"
            ),
        ),
        (
            HOME_ASSISTANT
            + PERSON
            + BEDROOM
            + '[[room.sensor]]\ntopic = "z/b"\nhumidity_entity = "sensor.h"\n',
            (
                'room.sensor.humidity_entity = "sensor.h": stands without entity; name the '
                "temperature's entity, or use humidity_topic"
            ),
        ),
        (
            PERSON + BEDROOM + SENSOR,
            (
                'room.sensor.entity = "sensor.bedroom_temperature": needs '
                "[home_assistant]: entities "
                "are read from it; add [home_assistant] with url = "
                '"http://homeassistant.local:8123"'
            ),
        ),
        (
            PERSON + BEDROOM + MOTION,
            (
                'room.motion.entity = "binary_sensor.bedroom_motion": needs '
                "[home_assistant]: entities "
                "are read from it; add [home_assistant] with url = "
                '"http://homeassistant.local:8123"'
            ),
        ),
        (
            PERSON + PRESENCE + BEDROOM,
            (
                'person.presence_entity = "person.anna": needs [home_assistant]: entities '
                "are read from it; add [home_assistant] with url = "
                '"http://homeassistant.local:8123"'
            ),
        ),
        (
            HOME_ASSISTANT
            + PERSON
            + BEDROOM
            + SENSOR
            + STUDY
            + '[[room.sensor]]\nentity = "sensor.t"\n'
            + 'humidity_entity = "sensor.bedroom_temperature"\n',
            (
                'room.sensor.humidity_entity = "sensor.bedroom_temperature": is used already '
                "(keepcool.toml:17); keep it where it belongs"
            ),
        ),
        (
            HOME_ASSISTANT + PERSON + BEDROOM + MOTION + STUDY + MOTION,
            (
                'room.motion.entity = "binary_sensor.bedroom_motion": is used already '
                "(keepcool.toml:17); keep it where it belongs"
            ),
        ),
        (
            HOME_ASSISTANT + PERSON + PRESENCE + BEN + PRESENCE + BEDROOM,
            (
                'person.presence_entity = "person.anna": is used already '
                "(keepcool.toml:13); keep it "
                "where it belongs"
            ),
        ),
        (
            HOME_ASSISTANT + PERSON + BEDROOM + SENSOR.replace("sensor.b", "binary_sensor.b"),
            (
                'room.sensor.entity = "binary_sensor.bedroom_temperature": is '
                "not a sensor's entity "
                "id; allowed sensor.*"
            ),
        ),
        (
            HOME_ASSISTANT + PERSON + BEDROOM + MOTION.replace("binary_sensor", "switch"),
            (
                'room.motion.entity = "switch.bedroom_motion": is not a motion '
                "sensor's entity id; "
                'allowed binary_sensor.*; for example "binary_sensor.living_room_motion"'
            ),
        ),
        (
            HOME_ASSISTANT + PERSON + PRESENCE.replace("person.", "zone.") + BEDROOM,
            (
                'person.presence_entity = "zone.anna": does not tell where a person is; allowed '
                'person.*, device_tracker.*; for example "person.anna"'
            ),
        ),
    ],
)
def test_refused(tmp_path: Path, text: str, expected: str) -> None:
    """What cannot be meant is refused at its line, with what to do."""
    found = [line.partition("  ")[2] for line in refusal(tmp_path, HOME + text)]
    assert found == [expected]


def test_same_entity_in_two_sensors_is_told_once(tmp_path: Path) -> None:
    """Two tables for one entity are one mistake, not also two equal ids."""
    text = HOME + HOME_ASSISTANT + PERSON + BEDROOM + SENSOR + STUDY + SENSOR
    (line,) = refusal(tmp_path, text)
    assert 'entity = "sensor.bedroom_temperature": is used already (keepcool.toml:17)' in line
