"""Home Assistant tells a state again and again: which of it is a sign of the sensor."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from daemon.clock import Instant
from daemon.sensing import Sensing
from daemon.sensor_track import Sensor
from integrations.home_assistant_states import missing, parse_state
from integrations.messages import DeviceObserved
from integrations.mqtt_payloads import parse_message
from policies.model import Freshness, RoomConditions, Tuning
from tests.builders import a_room, minutes

START = Instant("boot-1", 100_000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
STARTED = timedelta(hours=5)
TEMPERATURE = "sensor.living_temperature"
HUMIDITY = "sensor.living_humidity"


class House:
    """Tell one sensor's entities as Home Assistant does: changes live, the rest when asked."""

    def __init__(self, *others: Sensor, is_clock_synchronised: bool = True) -> None:
        sensor = Sensor("a", "living", None, parse_message, TEMPERATURE, HUMIDITY)
        self.sensing = Sensing([a_room()], [sensor, *others], Tuning())
        self.track = self.sensing.tracks["a"]
        self.now = START
        self.is_set = is_clock_synchronised

    def tell(  # noqa: PLR0913 - what Home Assistant tells of a state
        self,
        state: str,
        *,
        entity_id: str = TEMPERATURE,
        unit: str | None = "°C",
        after: timedelta = timedelta(0),
        updated_ago: timedelta = timedelta(0),
        reported_ago: timedelta | None = None,
        is_live: bool = False,
        is_restored: bool = False,
    ) -> RoomConditions:
        """Let time pass, tell a state and return the room as the policies see it."""
        self.now = self.now.shifted(after)
        raw = {
            "entity_id": entity_id,
            "state": state,
            "attributes": {"unit_of_measurement": unit, "restored": is_restored},
            "last_updated": (self.now.utc - updated_ago).isoformat(),
        }
        return self.observe(parse_state(raw), is_live=is_live, reported_ago=reported_ago)

    def observe(
        self,
        seen: DeviceObserved,
        *,
        is_live: bool = False,
        reported_ago: timedelta | None = None,
    ) -> RoomConditions:
        """Take an observation."""
        seen = replace(seen, is_live=is_live, reported_age=reported_ago)
        self.sensing.observe(seen, self.now, is_clock_synchronised=self.is_set)
        self.sensing.take_touched(self.now, STARTED)
        return self.room()

    def room(self, after: timedelta = timedelta(0)) -> RoomConditions:
        """Return the room, some time later."""
        now = self.now.shifted(after)
        self.sensing.refresh(now, STARTED)
        return self.sensing.rooms["living"].conditions(now, STARTED)


def test_live_change_is_fresh() -> None:
    """A change told as it happens counts from its arrival, whatever Home Assistant's clock says."""
    found = House().tell("28.5", is_live=True, updated_ago=minutes(-90))
    assert (found.freshness, found.temperature_c, found.age) == (
        Freshness.FRESH,
        28.5,
        timedelta(0),
    )


@pytest.mark.parametrize(
    ("ago", "freshness"),
    [(129.9, Freshness.FRESH), (130.0, Freshness.FRESH), (130.1, Freshness.STALE)],
)
def test_state_that_was_there_is_as_old_as_its_report(ago: float, freshness: Freshness) -> None:
    """The first full state is not fresh by itself: its own report decides, below, at and above."""
    found = House().tell("28.5", updated_ago=minutes(600), reported_ago=minutes(ago))
    assert (found.freshness, found.age) == (freshness, minutes(ago))


@pytest.mark.parametrize("ago", [10.0, 131.0])
def test_without_an_age_last_updated_counts(ago: float) -> None:
    """A first state over the WebSocket tells only when it last changed: that is its age."""
    found = House().tell("28.5", updated_ago=minutes(ago))
    assert found.age == minutes(ago)
    assert (found.freshness is Freshness.FRESH) is (ago < 130)


@pytest.mark.parametrize(
    ("is_set", "updated_ago", "reported_ago"),
    [
        (False, minutes(1), None),  # our own clock was never set, so nobody can say
        (True, minutes(-6), None),  # from the future
        (True, minutes(1), minutes(-6)),
    ],
)
def test_age_that_nobody_knows_judges_nothing(
    *, is_set: bool, updated_ago: timedelta, reported_ago: timedelta | None
) -> None:
    """A value of unknown age is neither used nor called fresh until the sensor reports."""
    house = House(is_clock_synchronised=is_set)
    house.tell("28.5", updated_ago=updated_ago, reported_ago=reported_ago)
    now = house.now
    found = house.sensing.rooms["living"].conditions(now, minutes(1))
    assert (found.freshness, found.temperature_c) == (Freshness.AGE_UNKNOWN, None)
    assert house.tell("28.5", is_live=True).freshness is Freshness.FRESH


def test_age_by_home_assistants_clock_needs_no_clock_of_ours() -> None:
    """An age that Home Assistant itself tells counts while our wall clock is not set."""
    house = House(is_clock_synchronised=False)
    assert house.tell("28.5", reported_ago=minutes(3)).age == minutes(3)


def test_unchanged_value_that_is_reported_keeps_the_room_seen() -> None:
    """A calm night: the value stays, its reports go on, and the room does not turn stale."""
    house = House()
    house.tell("23.0", is_live=True)
    for passed in range(1, 10):
        found = house.tell(
            "23.0", after=minutes(60), updated_ago=minutes(60 * passed), reported_ago=minutes(5)
        )
        assert (found.freshness, found.age) == (Freshness.FRESH, minutes(5))


def test_unchanged_value_that_is_not_reported_grows_old() -> None:
    """Read once a minute for hours, a state that its sensor never touched again turns stale."""
    house = House()
    house.tell("23.0", is_live=True)
    for passed in range(1, 132):
        age = minutes(passed)
        house.tell("23.0", after=minutes(1), updated_ago=age, reported_ago=age)
    found = house.room()
    assert (found.freshness, found.temperature_c) == (Freshness.STALE, None)
    assert house.track.freshness.gaps == 0  # reads are not taken for the sensor's habit


def test_reads_teach_how_often_the_sensor_speaks() -> None:
    """A sensor that reports every five minutes is missed after half an hour, as one over MQTT."""
    house = House()
    for passed in range(1, 31):
        written = minutes(5 * passed)
        house.tell("23.0", after=minutes(5), updated_ago=written, reported_ago=minutes(1))
    assert house.track.stale_after() == minutes(30)


@pytest.mark.parametrize("state", ["unavailable", "unknown"])
def test_unavailable_is_stale_at_once_and_back_with_its_age(state: str) -> None:
    """What Home Assistant does not reach is not used; back again it is as old as it was."""
    house = House()
    house.tell("28.5", is_live=True)
    found = house.tell(state, after=minutes(1), is_live=True)
    assert (found.freshness, found.temperature_c) == (Freshness.STALE, None)
    (reading,) = house.room(minutes(4)).readings
    assert (reading.is_offline, reading.offline_for) == (True, minutes(4))
    found = house.tell("28.5", after=minutes(4), is_live=True)
    assert (found.freshness, found.age) == (Freshness.FRESH, minutes(5))


def test_missing_entity_is_offline() -> None:
    """An entity that was taken out of Home Assistant is not seen."""
    house = House()
    house.tell("28.5", is_live=True)
    assert house.observe(missing(TEMPERATURE)).freshness is Freshness.STALE


def test_value_kept_over_a_restart_counts_from_its_next_report() -> None:
    """Fault 39: a value that comes back unchanged may be a remembered one; a report is new."""
    house = House()
    house.tell("28.5", is_live=True)
    written = minutes(0.3)
    found = house.tell("28.5", after=minutes(120), updated_ago=written, reported_ago=written)
    assert found.age == minutes(120)
    found = house.tell("28.5", after=minutes(11), updated_ago=minutes(11.3), reported_ago=written)
    assert (found.freshness, found.age) == (Freshness.FRESH, written)


def test_another_value_after_a_restart_is_believed() -> None:
    """A value that differs was measured since."""
    house = House()
    house.tell("28.5", is_live=True)
    written = minutes(0.3)
    found = house.tell("28.7", after=minutes(120), updated_ago=written, reported_ago=written)
    assert (found.temperature_c, found.age) == (28.7, written)


def test_restored_state_is_of_unknown_age() -> None:
    """What Home Assistant marks as restored was seen by nobody since its start."""
    house = House()
    house.tell("28.5", is_live=True)
    found = house.tell("31.0", after=minutes(120), is_restored=True, reported_ago=minutes(0))
    assert (found.temperature_c, found.age) == (28.5, minutes(120))


def test_read_that_was_overtaken_changes_nothing() -> None:
    """An answer that left before a change arrives after it: the change stays."""
    house = House()
    house.tell("28.5", is_live=True)
    house.tell("29.5", after=minutes(1), is_live=True)
    found = house.tell("28.5", updated_ago=minutes(1), reported_ago=timedelta(seconds=5))
    assert found.temperature_c == 29.5


def test_clock_of_home_assistant_that_stepped_back_blinds_for_a_minute_at_most() -> None:
    """Moments that lie before known ones are believed again once no read can be so late."""
    house = House()
    house.tell("28.5", is_live=True, updated_ago=minutes(-200))
    found = house.tell("29.0", after=minutes(1), updated_ago=minutes(0), reported_ago=minutes(0))
    assert found.temperature_c == 29.0


@pytest.mark.parametrize(
    ("state", "unit", "reason"),
    [
        ("27,3", "°C", "non_numeric"),
        ("nan", "°C", "nan"),
        ("28.5", None, "unknown_unit"),
        ("28.5", "%", "unknown_unit"),
        ("80.6", "°C", "looks like Fahrenheit: set unit"),
        ("-40", "°C", "out_of_range"),
    ],
)
def test_fault_03_to_06_refused_with_a_counted_reason(
    state: str, unit: str | None, reason: str
) -> None:
    """What cannot be is refused once per report, said once, and the last good value stays."""
    house = House()
    house.tell("24.0", is_live=True)
    with capture_logs() as logged:
        house.tell(state, unit=unit, after=minutes(2), is_live=True)
        for passed in range(1, 6):
            house.tell(
                state,
                unit=unit,
                after=minutes(1),
                updated_ago=minutes(passed),
                reported_ago=minutes(passed),
            )
    found = house.room()
    assert (found.temperature_c, found.age) == (24.0, minutes(7))
    assert (house.track.rejected, house.track.last_rejected) == (1, reason)
    (entry,) = logged
    assert (entry["event"], entry["reason"]) == ("reading.rejected", reason)
    assert (entry["entity_id"], entry["state"]) == (TEMPERATURE, repr(state))


def test_fahrenheit_is_converted_by_its_unit() -> None:
    """A house in Fahrenheit is understood by the unit that Home Assistant names."""
    assert House().tell("83.3", unit="°F", is_live=True).temperature_c == 28.5


def test_humidity_is_an_entity_of_its_own() -> None:
    """Humidity joins the temperature, and leaves with its own entity."""
    house = House()
    house.tell("30.0", is_live=True)
    found = house.tell("70", entity_id=HUMIDITY, unit="%", is_live=True)
    assert (found.temperature_c, found.relative_humidity_pct) == (30.0, 70.0)
    found = house.tell("unavailable", entity_id=HUMIDITY, unit="%", is_live=True)
    house.tell("30.1", is_live=True)
    found = house.room()
    assert (found.freshness, found.relative_humidity_pct) == (Freshness.FRESH, None)


def test_mqtt_comes_first_while_it_is_fresh() -> None:
    """An entity may be the MQTT sensor once more: it counts only where that one is not heard."""
    house = House(Sensor("b", "living", "z/b", parse_message, stale_after=minutes(10)))
    house.tell("31.0", is_live=True)
    house.sensing.receive(
        "z/b",
        b'{"temperature": 27.0}',
        house.now,
        is_retained=False,
        is_clock_synchronised=True,
    )
    house.sensing.take_touched(house.now, STARTED)
    assert house.room().temperature_c == 27.0
    assert house.tell("31.5", after=minutes(11), is_live=True).temperature_c == 31.5


def test_rows_of_an_entity_are_stored_as_any_others() -> None:
    """History and the record for a restart know no difference."""
    house = House()
    house.tell("28.5", is_live=True)
    rows, records = house.sensing.take_history()
    assert [(row.sensor_id, row.temperature_c) for row in rows] == [("a", 28.5)]
    assert list(records) == ["a"]


def test_strange_entity_is_no_news() -> None:
    """An entity of a device leaves the rooms alone."""
    house = House()
    seen = parse_state({"entity_id": "sensor.other", "state": "5", "attributes": {}})
    assert not house.sensing.observe(seen, house.now, is_clock_synchronised=True)
    assert house.sensing.entity_ids == (TEMPERATURE, HUMIDITY)
    assert house.sensing.topics == frozenset()
