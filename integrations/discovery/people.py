"""Describe what a person shows: heat, drinks, modes, and the buttons that try the roads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.discovery.household import Household
from integrations.discovery.parts import (
    DIAGNOSTIC,
    Entity,
    button,
    choice,
    flag,
    heat_level,
    on_topic,
    switch,
    timestamp,
    volume,
)
from policies.alert import AlertShown
from policies.model import Carer, Flag, Person

_ALERT_ATTRIBUTES = (
    "{{ {'since': value_json.heat_alert_at, 'answered_by': value_json.heat_alert_answered_by}"
    " | tojson }}"
)


def person_entities(person: Person, household: Household) -> Iterator[Entity]:
    """Yield a person's entities, in the order of their page."""
    topics, person_id = household.topics, person.person_id
    state = topics.person_state(person_id)
    sensor, binary = on_topic(state)
    yield sensor("heat_level", heat_level("heat_level"))
    told = choice("heat_alert", [each.value for each in AlertShown], "mdi:bell-alert-outline")
    yield sensor("heat_alert", told, attributes=_ALERT_ATTRIBUTES)
    # No volume for someone whose fluids are restricted, and no goal where none may be named.
    if Flag.FLUID_RESTRICTED not in person.flags:
        today = {"state_class": "total_increasing", "icon": "mdi:cup-water"}
        yield sensor("drinks_today", volume("drinks_today_ml") | today)
        if Flag.FLUID_OR_SALT_LOSS not in person.flags or person.drinks_goal_ml is not None:
            yield sensor("drinks_goal", volume("drinks_goal_ml") | {"icon": "mdi:bullseye"})
        yield sensor("next_drink", timestamp("next_drink_at"))
    yield button("drink", topics.person_drink(person_id), {"icon": "mdi:cup-water"})
    snooze, out = topics.person_snooze(person_id), topics.person_out(person_id)
    snoozed = "{{ 'ON' if value_json.snoozed_until else 'OFF' }}"
    yield switch("snooze", state, snooze, snoozed, {"icon": "mdi:bell-sleep"})
    yield sensor("snoozed_until", timestamp("snoozed_until"))
    yield switch("out", state, out, flag("is_out"), {"icon": "mdi:home-export-outline"})
    yield sensor("out_until", timestamp("out_until"))
    if person_id in household.presence_people:
        at_home = {"value_template": flag("is_at_home"), "device_class": "presence"}
        yield binary("at_home", at_home)
    alert: dict[str, Any] = {
        "state_topic": topics.person_alert(person_id),
        "event_types": ["raised", "critical", "resolved"],
        "icon": "mdi:bell-ring",
    }
    yield Entity("alert", "event", alert)
    yield from tests(person, household)
    if person.phones:
        answered = timestamp("phone_answered_at") | {"entity_category": DIAGNOSTIC}
        yield sensor("phone_answered", answered)


def tests(owner: Person | Carer, household: Household) -> Iterator[Entity]:
    """Yield the buttons that try the roads to somebody."""
    topics = household.topics
    owner_id = owner.person_id if isinstance(owner, Person) else owner.carer_id
    if owner.phones:
        test = {"icon": "mdi:bell-check", "entity_category": DIAGNOSTIC}
        yield button("test_alert", topics.person_test_alert(owner_id), test)
    if owner.second_roads:
        test = {"icon": "mdi:bell-plus", "entity_category": DIAGNOSTIC}
        yield button("test_second_road", topics.person_test_second_road(owner_id), test)
