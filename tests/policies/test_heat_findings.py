"""Prove what is found about heat: how loud, about which room, and with which facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from policies.alert import Finding, HeatLevel, Severity, Verb
from policies.heat_message import cooling_state, fan_worth
from policies.heat_sensitivity import (
    assess_for_display,
    evaluate,
)
from policies.model import (
    DeviceState,
    Flag,
    LevelMemory,
    RoomConditions,
)
from tests.builders import (
    AFTERNOON,
    a_bedroom,
    a_device,
    a_fan,
    a_person,
    a_room,
    a_snapshot,
    device_conditions,
    hours,
    local,
    minutes,
    person_conditions,
    room_conditions,
)

SWEAT, CIRCULATION, SENSITIVE, SET_POINT = (
    Flag.REDUCED_SWEATING,
    Flag.CIRCULATION,
    Flag.HEAT_SENSITIVE,
    Flag.HEAT_PRODUCTION_OR_SET_POINT,
)


N, L1, L2, L3, L4 = HeatLevel


def feels(
    slow_c: float | None,
    fast_c: float | None = None,
    air_c: float | None = None,
    **overrides: Any,  # noqa: ANN401 - the fields of what is built
) -> RoomConditions:
    """Return a living room with these means; the air is as warm as the slow one unless said."""
    fields: dict[str, Any] = {
        "temperature_c": slow_c if air_c is None else air_c,
        "effective_temperature_c": slow_c,
        "mean_30_min_c": slow_c,
        "mean_10_min_c": slow_c if fast_c is None else fast_c,
    }
    return replace(room_conditions(25.0), **(fields | overrides))


def find(*rooms: RoomConditions, at: datetime = AFTERNOON, **overrides: Any) -> Finding | None:  # noqa: ANN401
    """Return the one finding about Anna."""
    findings = evaluate(a_snapshot(at, rooms=rooms, **overrides)).findings
    assert len(findings) <= 1
    return findings[0] if findings else None


def cooled(observed: DeviceState | None, **overrides: Any) -> RoomConditions:  # noqa: ANN401
    """Return a living room at level 3 with an air conditioner in some state."""
    device = device_conditions(observed=observed, **overrides)
    return feels(32.5, devices=(device,))


COOLING = DeviceState(is_on=True, hvac_mode="cool")


@pytest.mark.parametrize(
    ("room", "cooling", "severity"),
    [
        (feels(32.5), "none", Severity.CRITICAL),
        (feels(32.5, devices=(device_conditions(a_fan()),)), "none", Severity.CRITICAL),
        (
            feels(32.5, devices=(device_conditions(a_fan(), observed=DeviceState(is_on=True)),)),
            "fan_only",
            Severity.CRITICAL,
        ),
        (cooled(COOLING), "running", Severity.LOUD_WARNING),
        (cooled(DeviceState(is_on=True)), "running", Severity.LOUD_WARNING),
        (cooled(DeviceState(is_on=True, hvac_mode="fan_only")), "off", Severity.CRITICAL),
        (cooled(DeviceState(is_on=False)), "off", Severity.CRITICAL),
        (cooled(None), "off", Severity.CRITICAL),
        (cooled(COOLING, has_failed=True), "failed", Severity.CRITICAL),
        (cooled(COOLING, is_available=False), "failed", Severity.CRITICAL),
        (cooled(COOLING, low_power_for=minutes(2.9)), "running", Severity.LOUD_WARNING),
        (cooled(COOLING, low_power_for=minutes(3)), "failed", Severity.CRITICAL),
    ],
)
def test_level_3_is_critical_without_cooling_that_runs(
    room: RoomConditions, cooling: str, severity: Severity
) -> None:
    """Level 3 is a loud warning while an air conditioner runs, else critical."""
    finding = find(room)
    assert finding is not None
    assert finding.message.message_id == "heat_level_3"
    assert (finding.message.parameters["cooling"], finding.severity) == (cooling, severity)
    assert finding.carries_safety_text
    assert finding.verbs == (Verb.ON_IT,)


def test_the_best_of_several_devices_counts() -> None:
    """One air conditioner that runs is enough, and the message names it."""
    broken = device_conditions(a_device(device_id="old", name="Old AC"), has_failed=True)
    running = device_conditions(a_device(name="New AC"), observed=COOLING)
    assert cooling_state(feels(32.5, devices=(broken, running))) == ("running", "New AC")
    assert cooling_state(feels(32.5, devices=(broken,))) == ("failed", "Old AC")


@pytest.mark.parametrize(
    ("celsius", "message_id", "severity", "limit_c"),
    [
        (26.5, "heat_level_1", Severity.DISPLAY, 26.0),
        (29.5, "heat_level_2", Severity.WARNING, 29.0),
        (32.5, "heat_level_3", Severity.CRITICAL, 32.0),
        (35.0, "heat_level_4", Severity.CRITICAL, 35.0),
    ],
)
def test_each_level_has_its_message(
    celsius: float, message_id: str, severity: Severity, limit_c: float
) -> None:
    """The finding names the level's message, its limit and how loudly it speaks."""
    finding = find(feels(celsius))
    assert finding is not None
    assert (finding.policy, finding.subject) == ("heat", "anna")
    assert (finding.message.message_id, finding.severity) == (message_id, severity)
    assert finding.message.parameters["limit_c"] == limit_c
    assert finding.message.parameters["temperature_c"] == celsius
    assert finding.carries_safety_text is (finding.level >= L3)
    assert not finding.is_expected


def test_level_4_by_heat_index_names_that_limit() -> None:
    """Humid heat below 35 °C air is level 4 from a heat index of 39.4 °C."""
    finding = find(feels(40.0, air_c=33.0))
    assert finding is not None
    assert finding.level is L4
    assert finding.message.parameters["limit_c"] == 39.4


@pytest.mark.parametrize(
    ("flags", "verbs"),
    [
        ((), (Verb.ON_IT, Verb.DRANK)),
        ((Flag.FLUID_RESTRICTED,), (Verb.ON_IT,)),
    ],
)
def test_drinks_are_offered_below_level_3_only(
    flags: tuple[Flag, ...], verbs: tuple[Verb, ...]
) -> None:
    """The drink button is there at level 2, but not for someone whose fluids are restricted."""
    people = (person_conditions(a_person(flags=frozenset(flags))),)
    finding = find(feels(29.5), people=people)
    assert finding is not None
    assert finding.verbs == verbs


@pytest.mark.parametrize(
    ("air_c", "usual", "shifted"),
    [
        (30.9, "ok", "ok"),
        (31.0, "ok", "wet_skin"),
        (32.0, "wet_skin", "wet_skin"),
        (33.9, "wet_skin", "wet_skin"),
        (34.0, "wet_skin", "no_help"),
        (35.0, "no_help", "no_help"),
        (None, None, None),
    ],
)
def test_what_a_fan_is_worth(air_c: float | None, usual: str | None, shifted: str | None) -> None:
    """A fan helps alone below 32 °C, with wet skin below 35; shifted for little sweat."""
    assert fan_worth(a_person(), air_c) == usual
    assert fan_worth(a_person(flags=frozenset({SWEAT})), air_c) == shifted


def test_the_worst_room_of_the_hour_speaks() -> None:
    """By day the hotter of the day rooms counts; the bedroom counts at night."""
    rooms = (
        feels(29.5),
        replace(feels(33.0), room=a_room(room_id="kitchen", name="kitchen")),
        replace(feels(36.0), room=a_bedroom()),
    )
    people = (person_conditions(a_person(rooms=("living", "kitchen", "bedroom"))),)
    by_day, at_night = find(*rooms, people=people), find(*rooms, people=people, at=local(2))
    assert by_day is not None
    assert by_day.message.parameters["room"] == "kitchen"
    assert at_night is not None
    assert at_night.message.parameters["room"] == "bedroom"


def test_a_room_that_is_not_seen_keeps_its_alert() -> None:
    """A stale room at level 3 goes on being found, may not resolve, and says when it was seen."""
    snapshot = a_snapshot(
        rooms=(room_conditions(None),), level_memory={("anna", "living"): LevelMemory(L3)}
    )
    result = evaluate(snapshot)
    assert result.level_memory == {("anna", "living"): LevelMemory(L3)}
    assert result.levels == {"anna": L3}
    [finding] = result.findings
    assert not finding.may_resolve
    assert finding.message.parameters["last_seen_local"] == "12:00"


def test_other_rooms_stand_in_for_one_that_is_not_seen() -> None:
    """When the bedroom is lost at night, the person's other room is judged instead."""
    bedroom = replace(room_conditions(None), room=a_bedroom())
    people = (person_conditions(a_person(rooms=("living", "bedroom"))),)
    finding = find(feels(30.0), bedroom, people=people, at=local(2))
    assert finding is not None
    assert finding.message.parameters["room"] == "living room"


def test_every_room_is_assessed_and_has_a_limit_only_while_someone_is_there() -> None:
    """The strictest person there counts; a room that nobody is in has a level but no limit."""
    bert = a_person(person_id="bert", rooms=("living",), offset_c=-2.0)
    people = (
        person_conditions(a_person(rooms=("living", "bedroom"))),
        person_conditions(bert),
    )
    cellar = replace(feels(30.0), room=a_room(room_id="cellar", name="cellar"))
    rooms = (feels(25.0), replace(feels(27.0), room=a_bedroom()), cellar)
    result = evaluate(a_snapshot(rooms=rooms, people=people))
    shown = {room.room_id: (room.level, room.limit_c) for room in result.rooms}
    assert shown == {"living": (L1, 24.0), "bedroom": (L1, None), "cellar": (L2, None)}
    assert result.levels == {"anna": N, "bert": L1}


OFF = DeviceState(is_on=False)
BY_HAND = {"override_remaining": minutes(90)}


@pytest.mark.parametrize(
    ("room", "is_offered"),
    [
        (cooled(OFF, **BY_HAND), True),
        (cooled(DeviceState(is_on=True, hvac_mode="fan_only"), **BY_HAND), True),
        (cooled(COOLING, **BY_HAND), False),
        (cooled(OFF), False),
        (cooled(OFF, **BY_HAND, is_automatic=False), False),
        (cooled(OFF, **BY_HAND, is_available=False), False),
        (
            feels(30.0, devices=(device_conditions(observed=OFF, override_remaining=hours(1)),)),
            False,
        ),
    ],
    ids=["off", "air only", "cooling", "not by hand", "automatic off", "gone", "level 2"],
)
def test_cool_now_is_offered_for_what_somebody_switched_off(
    room: RoomConditions, *, is_offered: bool
) -> None:
    """At level 3, where keepcool would cool and leaves the device alone."""
    finding = find(room)
    assert finding is not None
    assert (Verb.COOL in finding.verbs) is is_offered


def test_display_agrees_with_the_decision() -> None:
    """A reading's quick assessment shows what the next decision will, and keeps its outlook."""
    people = (a_person(rooms=("living", "bedroom")), a_person(person_id="bert", offset_c=-1.0))
    memory = {("bert", "living"): LevelMemory(L2, minutes(5))}
    snapshot = a_snapshot(
        rooms=(feels(26.5), replace(feels(27.0), room=a_bedroom())),
        people=tuple(person_conditions(person) for person in people),
        level_memory=memory,
        since_last_decision=timedelta(0),
    )
    for conditions, decided in zip(snapshot.rooms, evaluate(snapshot).rooms, strict=True):
        quick = assess_for_display(
            conditions, people, memory, AFTERNOON, bedrooms={"bedroom"}, shown=decided
        )
        assert quick == decided


def test_of_people_at_one_level_the_strictest_limit_is_named() -> None:
    """Who comes first in the settings does not change what a room says."""
    anna = person_conditions(a_person())
    bert = person_conditions(a_person(person_id="bert", name="Bert", level_1_c=25.0))
    for people in ((anna, bert), (bert, anna)):
        [room] = evaluate(a_snapshot(people=people)).rooms
        assert room.reason == "living room 22.0 °C over 30 min, level 1 from 25.0 °C"
