"""`keepcool check --online` looks at every entity that is read, and names the cure."""

from __future__ import annotations

import pytest

from daemon.check_entities import EntitySubject, EntityUse, entity_rows
from daemon.check_rows import Status
from integrations.home_assistant_states import missing, parse_state
from integrations.messages import DeviceObserved


def state(entity_id: str, text: str, unit: str | None = None) -> DeviceObserved:
    """Return a state as Home Assistant tells it."""
    attributes = {} if unit is None else {"unit_of_measurement": unit}
    return parse_state({"entity_id": entity_id, "state": text, "attributes": attributes})


@pytest.mark.parametrize(
    ("use", "entity_id", "text", "unit", "status", "what"),
    [
        (EntityUse.TEMPERATURE, "sensor.t", "24.5", "°C", Status.OK, "24.5 °C"),
        (EntityUse.TEMPERATURE, "sensor.t", "76.1", "°F", Status.OK, "76.1 °F"),
        (
            EntityUse.TEMPERATURE,
            "sensor.t",
            "24.5",
            None,
            Status.RED,
            "has no unit, so it is no temperature",
        ),
        (
            EntityUse.TEMPERATURE,
            "sensor.t",
            "55",
            "%",
            Status.RED,
            "has the unit %, so it is no temperature",
        ),
        (
            EntityUse.HUMIDITY,
            "sensor.h",
            "24.5",
            "°C",
            Status.RED,
            "has the unit °C, so it is no humidity",
        ),
        (EntityUse.HUMIDITY, "sensor.h", "55", "%", Status.OK, "55 %"),
        (
            EntityUse.TEMPERATURE,
            "sensor.t",
            "24,5",
            "°C",
            Status.RED,
            "says '24,5', which is no number",
        ),
        (
            EntityUse.TEMPERATURE,
            "sensor.t",
            "unavailable",
            "°C",
            Status.RED,
            "Home Assistant says unavailable",
        ),
        (EntityUse.MOTION, "binary_sensor.m", "off", None, Status.OK, "off"),
        (
            EntityUse.MOTION,
            "binary_sensor.m",
            "unknown",
            None,
            Status.RED,
            "Home Assistant says unknown",
        ),
        (EntityUse.PRESENCE, "person.anna", "not_home", None, Status.OK, "not_home"),
        (EntityUse.POWER, "sensor.p", "812", "W", Status.OK, "812 W"),
        (EntityUse.ANNOUNCER, "light.hall", "off", None, Status.OK, "off"),
        (EntityUse.VOICE, "tts.piper", "unknown", None, Status.OK, "unknown"),  # never spoke yet
        (
            EntityUse.ANNOUNCER,
            "light.hall",
            "unavailable",
            None,
            Status.RED,
            "Home Assistant says unavailable",
        ),
    ],
)
def test_entity(
    use: EntityUse, entity_id: str, text: str, unit: str | None, status: Status, what: str
) -> None:
    """A unit, a number or a state that cannot serve is red with a cure."""
    (row,) = entity_rows(
        [EntitySubject(entity_id, use, "Bedroom")], {entity_id: state(entity_id, text, unit)}
    )
    assert (row.status, row.what) == (status, what)
    assert bool(row.fix) is (status is Status.RED)


def test_row_names_use_entity_and_owner() -> None:
    """A person reading the table knows which line of the settings is meant."""
    entities = [
        EntitySubject("sensor.t", EntityUse.TEMPERATURE, "Bedroom"),
        EntitySubject("person.anna", EntityUse.PRESENCE, "Anna"),
        EntitySubject("switch.ac", EntityUse.DEVICE),
    ]
    rows = list(entity_rows(entities, {"sensor.t": missing("sensor.t")}))
    assert [row.name for row in rows] == [
        "temperature sensor.t (Bedroom)",
        "presence person.anna (Anna)",
        "switch.ac",
    ]
    assert {row.what for row in rows} == {"Home Assistant does not know this entity"}
