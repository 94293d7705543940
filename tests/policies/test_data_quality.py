"""Prove what counts as trouble with seeing and reaching, about whom, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policies.alert import Alert, AlertKey, AlertPhase, Message, Severity
from policies.data_quality import evaluate
from policies.model import Freshness, LinkConditions, RoomConditions, SensorReading
from policies.wording import render
from tests.builders import (
    ZONE,
    a_bedroom,
    a_forecast,
    a_link,
    a_person,
    a_reading,
    a_snapshot,
    an_alert,
    hours,
    minutes,
    person_conditions,
    room_conditions,
)

ANNA = person_conditions(a_person(rooms=("living", "bedroom")))
SEEN = room_conditions(22.0)
LOST_BEDROOM = room_conditions(None, a_bedroom())


def trouble(subject: str, **overrides: Any) -> Alert:  # noqa: ANN401 - the fields of what is built
    """Return a live trouble alert."""
    return an_alert(key=AlertKey("trouble", subject, 1), **overrides)


def subjects(**overrides: Any) -> list[str]:  # noqa: ANN401 - the fields of what is built
    """Return the subjects of all trouble that is worth a message."""
    return [
        finding.subject
        for finding in evaluate(a_snapshot(**overrides))
        if finding.severity > Severity.DISPLAY
    ]


def test_a_home_without_trouble() -> None:
    """A seen room, roads that work and a fresh forecast are no trouble."""
    links = (a_link("mqtt"), a_link("home_assistant"), a_link("weather"))
    assert evaluate(a_snapshot(links=links, forecast=a_forecast((25.0,)))) == ()


# --------------------------------------------------------------------------- rooms and people


@pytest.mark.parametrize(
    ("freshness", "expected"),
    [
        (Freshness.FRESH, []),
        (Freshness.WAITING, []),
        (Freshness.AGE_UNKNOWN, []),
        (Freshness.STALE, ["room:bedroom"]),
    ],
)
def test_a_lost_room_is_trouble_and_waiting_is_not(
    freshness: Freshness, expected: list[str]
) -> None:
    """A room counts as lost only when all of its sensors are stale."""
    bedroom = replace(LOST_BEDROOM, freshness=freshness)
    assert subjects(rooms=(SEEN, bedroom), people=(ANNA,)) == expected


def test_a_lost_room_says_since_when_and_to_whom() -> None:
    """The message names the room and the time it was last seen; those who use it are told."""
    bert = person_conditions(a_person(person_id="bert", rooms=("living",)))
    [finding] = evaluate(a_snapshot(rooms=(SEEN, LOST_BEDROOM), people=(ANNA, bert)))
    assert finding.message == Message(
        "trouble_room_blind", {"room": "bedroom", "since_local": "12:00"}
    )
    assert finding.person_ids == ("anna",)
    assert finding.severity is Severity.WARNING


def test_losing_all_rooms_of_a_person_is_one_message_about_the_person() -> None:
    """The person's message replaces those about rooms, except where others still need them."""
    living = room_conditions(None)
    [finding] = evaluate(
        a_snapshot(
            rooms=(living, LOST_BEDROOM),
            people=(ANNA,),
            forecast=a_forecast((31.0, 33.5, 32.0)),
        )
    )
    assert finding.subject == "person:anna"
    assert finding.message.message_id == "trouble_person_blind"
    assert finding.message.parameters["forecast_maximum_c"] == 33.5
    assert finding.message.parameters["forecast_maximum_at_local"] == "16:00"
    bert = person_conditions(a_person(person_id="bert", rooms=("living", "kitchen")))
    kitchen = replace(SEEN, room=replace(SEEN.room, room_id="kitchen", name="kitchen"))
    rooms = (living, LOST_BEDROOM, kitchen)
    assert subjects(rooms=rooms, people=(ANNA, bert)) == ["person:anna", "room:living"]


@pytest.mark.parametrize("freshness", [Freshness.WAITING, Freshness.AGE_UNKNOWN])
def test_waiting_does_not_end_trouble(freshness: Freshness) -> None:
    """After a restart a lost room stays lost until it is seen; only a fresh value ends it."""
    bedroom = replace(LOST_BEDROOM, freshness=freshness)
    alerts = (trouble("room:bedroom"),)
    [finding] = evaluate(a_snapshot(rooms=(SEEN, bedroom), people=(ANNA,), alerts=alerts))
    assert (finding.subject, finding.may_resolve) == ("room:bedroom", False)
    seen = replace(LOST_BEDROOM, freshness=Freshness.FRESH)
    assert subjects(rooms=(SEEN, seen), people=(ANNA,), alerts=alerts) == []


def test_the_broker_is_named_instead_of_the_rooms_behind_it() -> None:
    """While MQTT is down, and shortly after, no new room is called lost; a known one stays."""
    down = a_link("mqtt", is_up=False, down_for=hours(3))
    rooms = (SEEN, LOST_BEDROOM)
    assert subjects(rooms=rooms, people=(ANNA,), links=(down,)) == ["link:mqtt"]
    over = trouble("link:mqtt", phase=AlertPhase.RESOLVED, clearing_for=minutes(29))
    assert subjects(rooms=rooms, people=(ANNA,), alerts=(over,)) == []
    long_over = replace(over, clearing_for=minutes(30))
    assert subjects(rooms=rooms, people=(ANNA,), alerts=(long_over,)) == ["room:bedroom"]
    known = (trouble("room:bedroom"),)
    found = subjects(rooms=rooms, people=(ANNA,), links=(down,), alerts=known)
    assert found == ["link:mqtt", "room:bedroom"]


AWAY = a_reading(
    26.0,
    freshness=Freshness.STALE,
    age=minutes(20),
    is_offline=True,
    offline_for=minutes(9.9),
    is_by_entity=True,
)


@pytest.mark.parametrize(
    ("reading", "is_lost"),
    [
        (AWAY, False),
        (replace(AWAY, offline_for=minutes(10)), True),
        (replace(AWAY, age=minutes(130)), False),
        (replace(AWAY, age=minutes(130.1)), True),  # it would be stale anyway
        (replace(AWAY, age=None), True),
        (replace(AWAY, offline_for=None), True),  # an availability topic does not flap
    ],
)
def test_restart_of_home_assistant_is_not_said(*, reading: SensorReading, is_lost: bool) -> None:
    """An entity that is away for some minutes is not used, and not worth a message yet."""
    bedroom = replace(LOST_BEDROOM, readings=(reading,))
    assert subjects(rooms=(SEEN, bedroom), people=(ANNA,)) == (["room:bedroom"] if is_lost else [])


def test_broker_does_not_explain_a_lost_entity() -> None:
    """While MQTT is down a room that Home Assistant watched is lost for its own reason."""
    down = a_link("mqtt", is_up=False, down_for=hours(3))
    reading = replace(AWAY, offline_for=None, age=hours(3))
    bedroom = replace(LOST_BEDROOM, readings=(reading,))
    snapshot = a_snapshot(rooms=(SEEN, bedroom), people=(ANNA,), links=(down,))
    found = {finding.subject: finding for finding in evaluate(snapshot)}
    assert sorted(found) == ["link:mqtt", "room:bedroom"]
    words = render(found["link:mqtt"].message, ANNA.person, snapshot.home)
    assert words.body.startswith("Only sensors in Home Assistant reach me since 12:00.")
    assert "I cannot see rooms without one in Home Assistant." in words.body


# --------------------------------------------------------------------------- sensors


def with_reading(**overrides: Any) -> RoomConditions:  # noqa: ANN401 - the fields of what is built
    """Return a seen living room with one good sensor and another one."""
    return replace(SEEN, readings=(a_reading(), a_reading(sensor_id="other", **overrides)))


@pytest.mark.parametrize("reason", ["stuck", "conflict", "rejected", "clock_skew"])
def test_a_suspect_sensor_is_trouble(reason: str) -> None:
    """The message carries the room, the sensor and why it is not believed."""
    room = with_reading(is_suspect=True, suspect_reason=reason)
    [finding] = evaluate(a_snapshot(rooms=(room,)))
    assert finding.subject == "sensor:other"
    assert finding.message.message_id == "trouble_sensor_suspect"
    assert finding.message.parameters == {
        "room": "living room",
        "sensor": "other",
        "reason": reason,
    }


def test_a_low_battery_and_a_suspicion_are_two_subjects() -> None:
    """One sensor may have both, and neither hides the other."""
    room = with_reading(is_suspect=True, suspect_reason="stuck", is_battery_low=True)
    assert subjects(rooms=(room,)) == ["sensor:other", "battery:other"]


def test_a_sensor_that_fell_silent_has_not_recovered() -> None:
    """Known trouble with a sensor stays while it is not heard, whatever is forgotten meanwhile."""
    alerts = (
        trouble("sensor:other", message=Message("trouble_sensor_suspect", {"reason": "conflict"})),
        trouble("battery:other"),
    )
    silent = with_reading(freshness=Freshness.STALE)
    findings = evaluate(a_snapshot(rooms=(silent,), alerts=alerts))
    held = {finding.subject: finding.may_resolve for finding in findings}
    assert held == {"sensor:other": False, "battery:other": False, "silent:other": True}
    assert subjects(rooms=(with_reading(),), alerts=alerts) == []


def test_a_silent_sensor_beside_others_is_shown_and_not_pushed() -> None:
    """A stale sensor in a room that another one sees is for the dashboard."""
    [finding] = evaluate(a_snapshot(rooms=(with_reading(freshness=Freshness.STALE),)))
    assert (finding.subject, finding.severity) == ("silent:other", Severity.DISPLAY)


# --------------------------------------------------------------------------- links and forecast


def test_since_when_a_link_is_down_over_the_change_of_clocks() -> None:
    """The time said is the one that clocks showed, in the night in which an hour comes twice."""
    at = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(ZONE)  # 02:30, the second time
    link = a_link("mqtt", is_up=False, down_for=hours(2))
    [finding] = evaluate(a_snapshot(at, links=(link,)))
    assert finding.message.parameters["since_local"] == "01:30"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (a_link("mqtt", is_up=False, down_for=minutes(5)), []),
        (a_link("storage", is_up=False, down_for=minutes(1)), []),
        (a_link("storage", is_up=False, down_for=minutes(1.1)), ["link:storage"]),
        (a_link("database", is_up=False, down_for=minutes(1.1)), ["link:database"]),
        (a_link("settings", is_up=False, down_for=minutes(1)), []),
        (a_link("settings", is_up=False, down_for=minutes(1.1)), ["link:settings"]),
        (a_link("mqtt", is_up=False, down_for=minutes(5.1)), ["link:mqtt"]),
        (a_link("mqtt", is_up=True, down_for=minutes(9)), []),
        (a_link("home_assistant", is_up=False, down_for=minutes(5)), []),
        (a_link("home_assistant", is_up=False, down_for=minutes(5.1)), ["link:home_assistant"]),
        (a_link("mqtt", is_up=True, is_refused=True), ["link:mqtt"]),
        (a_link("mqtt", is_up=False, down_for=minutes(0), is_refused=True), ["link:mqtt"]),
        (
            a_link("home_assistant", is_up=False, down_for=minutes(0), is_refused=True),
            ["link:home_assistant"],
        ),
        (a_link("events", is_up=False, down_for=hours(5), is_refused=True), []),  # REST tells
        (a_link("events", is_up=False, down_for=hours(5)), []),  # REST still reads the house
        (a_link("weather", is_up=False, down_for=hours(5)), []),  # its age is what counts
    ],
)
def test_links_down_for_longer_than_their_limit(link: LinkConditions, expected: list[str]) -> None:
    """MQTT and Home Assistant are trouble after five minutes, the disk after one, refusals now."""
    assert subjects(links=(link,)) == expected


@pytest.mark.parametrize(
    ("age", "celsius", "expected"),
    [
        (hours(12), 30.0, []),
        (hours(12.1), 30.0, ["weather"]),
        (hours(12.1), 23.0, ["weather"]),
        (hours(12.1), 22.9, []),  # not within 3 K of level 1
        (None, 30.0, []),
    ],
)
def test_an_old_forecast_matters_when_it_is_warm(
    age: timedelta | None, celsius: float, expected: list[str]
) -> None:
    """A forecast older than 12 h is trouble once a room is within 3 K of level 1."""
    found = subjects(
        rooms=(room_conditions(celsius),), forecast=a_forecast((30.0,)), forecast_age=age
    )
    assert found == expected


def test_no_forecast_at_all_is_trouble_only_where_one_is_configured() -> None:
    """Without a weather source nothing is missed; with one, trouble begins 12 h after the start."""
    warm = (room_conditions(30.0),)
    weather = (a_link("weather", is_up=False),)
    assert subjects(rooms=warm, since_start=hours(13)) == []
    assert subjects(rooms=warm, since_start=hours(13), links=weather) == ["weather"]
    assert subjects(rooms=warm, since_start=hours(11), links=weather) == []


def test_an_old_forecast_matters_when_a_room_is_lost() -> None:
    """When a room is not seen, the forecast is what is left, however cool the rest."""
    found = subjects(
        rooms=(room_conditions(18.0), LOST_BEDROOM),
        people=(ANNA,),
        forecast=a_forecast((30.0,)),
        forecast_age=hours(13),
    )
    assert found == ["room:bedroom", "weather"]
