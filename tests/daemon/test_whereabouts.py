"""Motion ages, presence is confirmed or unknown, and what is not known changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daemon.clock import Instant
from daemon.whereabouts import MotionSource, Whereabouts
from integrations.home_assistant_states import missing, parse_state
from integrations.mqtt_payloads import parse_occupancy
from tests.builders import hours, minutes

START = Instant("boot-1", 100_000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
MOTION = "binary_sensor.living_motion"
PERSON = "person.anna"
TOPIC = "zigbee2mqtt/living_motion"


class Flat:
    """Hold a home of one person with a motion sensor on each road, and let time pass."""

    def __init__(self) -> None:
        sources = [
            MotionSource("living", topic=TOPIC),
            MotionSource("bedroom", entity_id=MOTION),
        ]
        self.known = Whereabouts(sources, {PERSON: "anna"}, parse_occupancy)
        self.now = START

    def hear(self, payload: bytes, *, is_retained: bool = False) -> None:
        """Hear the living room's sensor."""
        assert self.known.receive(TOPIC, payload, self.now, is_retained=is_retained)

    def tell(
        self,
        entity_id: str,
        state: str,
        *,
        ago: timedelta | None = None,
        is_live: bool = True,
        is_restored: bool = False,
    ) -> None:
        """Tell an entity's state."""
        raw = {"entity_id": entity_id, "state": state, "attributes": {"restored": is_restored}}
        seen = replace(parse_state(raw), is_live=is_live, reported_age=ago)
        self.known.observe(seen, self.now)

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.now = self.now.shifted(time)

    def moved(self, room_id: str) -> timedelta | None:
        """Return how long ago somebody moved there."""
        return self.known.since_motion(room_id, self.now)

    def anna(self) -> tuple[bool | None, timedelta | None]:
        """Return whether Anna is at home, by all that is known in her home of one."""
        return self.known.presence_by_motion("anna", ("living", "bedroom"), self.now)


def test_motion_over_mqtt_ages_from_its_end() -> None:
    """While the sensor says yes somebody is there; after its no the time counts."""
    flat = Flat()
    assert flat.moved("living") is None
    flat.hear(b'{"occupancy": true}')
    flat.wait(minutes(40))
    assert flat.moved("living") == timedelta(0)
    flat.hear(b'{"occupancy": false}')
    flat.wait(minutes(5))
    assert flat.moved("living") == minutes(5)
    assert flat.moved("bedroom") is None


def test_no_motion_since_the_start_is_not_known() -> None:
    """A sensor that only ever said no tells nothing about when somebody moved."""
    flat = Flat()
    flat.hear(b"OFF")
    assert flat.moved("living") is None


@pytest.mark.parametrize(("age", "expected"), [(120, 0.0), (121, 1.0), (180, 60.0)])
def test_yes_is_believed_for_two_hours(age: float, expected: float) -> None:
    """A sensor that said yes and then nothing more may be dead."""
    flat = Flat()
    flat.hear(b"ON")
    flat.wait(minutes(age))
    assert flat.moved("living") == minutes(expected)


def test_retained_and_unreadable_messages_say_nothing() -> None:
    """Nobody knows when a retained message was true."""
    flat = Flat()
    flat.hear(b'{"occupancy": true}', is_retained=True)
    flat.hear(b'{"battery": 90}')
    assert flat.moved("living") is None
    assert not flat.known.receive("z/other", b"ON", flat.now, is_retained=False)


def test_motion_by_entity_is_as_old_as_its_report() -> None:
    """What stood so when somebody asked counts from its report; of unknown age it says nothing."""
    flat = Flat()
    flat.tell(MOTION, "on", is_live=False)
    assert flat.moved("bedroom") is None
    flat.tell(MOTION, "on", is_live=False, ago=minutes(150))
    assert flat.moved("bedroom") == minutes(30)
    flat.tell(MOTION, "on")
    flat.wait(minutes(3))
    flat.tell(MOTION, "off")
    flat.tell(MOTION, "on", is_live=False, ago=minutes(2))  # an answer that was overtaken
    flat.wait(minutes(7))
    assert flat.moved("bedroom") == minutes(7)


@pytest.mark.parametrize("state", ["unavailable", "unknown"])
def test_sensor_that_is_away_is_not_on(state: str) -> None:
    """While Home Assistant does not reach it, its last motion grows old."""
    flat = Flat()
    flat.tell(MOTION, "on")
    flat.tell(MOTION, state)
    flat.wait(minutes(31))
    assert flat.moved("bedroom") == minutes(31)
    flat.tell(MOTION, "on", is_restored=True)
    assert flat.moved("bedroom") == minutes(31)


# ----------------------------------------------------------------- presence


@pytest.mark.parametrize(
    ("state", "expected"), [("home", True), ("not_home", False), ("Work", False)]
)
def test_presence_is_what_home_assistant_says(state: str, expected: bool) -> None:  # noqa: FBT001
    """Any zone but home is not home."""
    flat = Flat()
    assert flat.anna() == (None, None)
    flat.tell(PERSON, state, is_live=False)
    flat.wait(minutes(30))
    assert flat.anna() == (expected, minutes(30))
    flat.wait(minutes(0.1))
    assert flat.anna() == (None, minutes(30.1))  # nobody confirmed it any more


@pytest.mark.parametrize("state", ["unavailable", "unknown"])
def test_unknown_presence_grows_old(state: str) -> None:
    """A presence that Home Assistant does not know says nothing new."""
    flat = Flat()
    flat.tell(PERSON, "not_home")
    for _ in range(4):
        flat.wait(minutes(10))
        flat.tell(PERSON, state, is_live=False)
        flat.known.observe(missing(PERSON), flat.now)
    assert flat.anna() == (None, minutes(40))


def test_motion_shows_the_only_person_at_home() -> None:
    """In a home of one, whoever moves is at home, for half an hour."""
    flat = Flat()
    flat.hear(b"ON")
    flat.hear(b"OFF")
    flat.wait(minutes(30))
    assert flat.anna() == (True, minutes(30))
    flat.wait(minutes(1))
    assert flat.anna() == (None, None)


@pytest.mark.parametrize(
    ("moved_after", "expected"),
    [(minutes(9.9), False), (minutes(10), False), (minutes(10.1), True)],
)
def test_phone_that_is_away_does_not_take_the_person_out(
    moved_after: timedelta,
    expected: bool,  # noqa: FBT001 - a table's column
) -> None:
    """Motion some time after the phone left counts more than the phone: below, at and above."""
    flat = Flat()
    flat.tell(PERSON, "home")
    flat.tell(PERSON, "not_home")
    flat.wait(moved_after)
    flat.hear(b"ON")
    flat.tell(PERSON, "not_home", is_live=False)
    assert flat.anna()[0] is expected


def test_presence_alone_counts_for_people_who_share_a_home() -> None:
    """Of two, nobody can tell who moved."""
    flat = Flat()
    flat.tell(PERSON, "not_home")
    flat.wait(hours(0.4))
    flat.hear(b"ON")
    assert flat.known.presence("anna", flat.now) == (False, hours(0.4))


def test_roads_are_named_for_subscribing_and_reading() -> None:
    """The loop hears the topics and reads the entities."""
    known = Flat().known
    assert known.topics == {TOPIC}
    assert known.entity_ids == (MOTION, PERSON)
