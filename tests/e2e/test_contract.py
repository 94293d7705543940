"""What keepcool relies on from Home Assistant: the same tests for the fake one and the real one.

The fake one runs with the fast suite; `make e2e` adds the real one. What the fake is made to do has
a row here, or tests against it would count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

import pytest

from daemon.demo.fake_entities import air_conditioner, cover, dehumidifier, fan
from daemon.demo.fake_home_assistant import FakeHomeAssistant
from daemon.init.household import read_household
from daemon.init.sensors import list_sensors
from integrations.errors import PermanentError, TransientError
from integrations.ha_events import HomeAssistantEvents
from integrations.ha_events_registries import fetch_registries
from integrations.home_assistant import HomeAssistant
from integrations.home_assistant_states import parse_state
from integrations.messages import (
    ButtonPressed,
    DeviceObserved,
    LinkChanged,
    PhoneButton,
    PhoneMessage,
    PushReceived,
)
from integrations.mobile_app import MobileApp, build_payload
from policies.alert import Severity
from policies.model import DeviceState, PhoneKind, SensorMessage
from tests.e2e.home import Home
from tests.e2e.phones import BUTTON_EVENT, RECEIPT_EVENT
from tests.waiting import wait_until

AC = "climate.lab_ac"
FAN = "fan.lab_fan"
PLUG = "switch.lab_plug"
BLIND = "cover.lab_blind"
DRYER = "humidifier.lab_dryer"
POWER = "sensor.lab_power"
TEMPERATURE = "sensor.lab_temperature"
HUMIDITY = "sensor.lab_humidity"
MOTION = "binary_sensor.lab_motion"
PERSON = "person.lab"
PHONE = "mobile_app_lab_phone"
TOPICS = {  # of the real house's devices
    PLUG: "lab/plug",
    MOTION: "lab/motion",
    PERSON: "lab/tracker",
}
CRITICAL = PhoneMessage(
    service=PHONE,
    kind=PhoneKind.ANDROID,
    tag="heat:anna:1",
    title="Cool down now: living room 29°",
    body="Over the limit you set.",
    severity=Severity.CRITICAL,
    buttons=(PhoneButton("ON_IT_x7", "I'm on it"),),
)


class House(Protocol):
    """A Home Assistant under test."""

    url: str
    token: str

    def pushes(self) -> list[Mapping[str, Any]]:
        """Return what reached the phone: title, message and data of each push."""
        ...

    def tell(self, event_type: str, data: Mapping[str, object]) -> None:
        """Fire an event as the phone's app does."""
        ...

    def lose_pushes(self) -> None:
        """Have pushes reach the phone no more, as without internet."""
        ...

    def restart(self) -> None:
        """Have Home Assistant die and start again."""
        ...

    def change(self, entity_id: str, state: str) -> None:
        """Change an entity as if by hand."""
        ...

    def report(self, entity_id: str, state: str) -> None:
        """Have an entity's device report, the same state once more too."""
        ...


class FakeHouse:
    """The fake Home Assistant as a house under test."""

    def __init__(self, server: FakeHomeAssistant) -> None:
        self.server = server
        self.url = server.url
        self.token = server.token

    def pushes(self) -> list[Mapping[str, Any]]:
        """Return what reached the phone."""
        return [
            {"title": push.title, "message": push.message, "data": push.data}
            for push in self.server.pushes
        ]

    def tell(self, event_type: str, data: Mapping[str, object]) -> None:
        """Fire an event as the phone's app does."""
        self.server.fire(event_type, data)

    def lose_pushes(self) -> None:
        """Have pushes reach the phone no more."""
        self.server.loses_pushes = True

    def restart(self) -> None:
        """Drop every connection, and serve again."""
        self.server.restart()

    def change(self, entity_id: str, state: str) -> None:
        """Change an entity as another user."""
        self.server.set_state(entity_id, state, user="somebody")

    def report(self, entity_id: str, state: str) -> None:
        """Have a device report."""
        self.server.set_state(entity_id, state)


class RealHouse:
    """A real Home Assistant as a house under test."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.url = home.url
        self.token = home.api.token

    def pushes(self) -> list[Mapping[str, Any]]:
        """Return what reached the phone."""
        return [
            {"title": push.title, "message": push.message, "data": push.data}
            for push in self.home.lab_phone.pushes
        ]

    def tell(self, event_type: str, data: Mapping[str, object]) -> None:
        """Fire an event as the phone's app does."""
        self.home.lab_phone.tell(event_type, data)

    def lose_pushes(self) -> None:
        """Have the server behind the phone refuse everything."""
        self.home.phones.status = 500

    def restart(self) -> None:
        """Kill Home Assistant and start it again."""
        self.home.restart()

    def change(self, entity_id: str, state: str) -> None:
        """Change an entity as a person does."""
        self.home.api.call(f"{entity_id.partition('.')[0]}.turn_{state}", entity_id=entity_id)

    def report(self, entity_id: str, state: str) -> None:
        """Have an entity's device report, and wait until Home Assistant has it."""
        before = self._reported_at(entity_id)
        if entity_id == TEMPERATURE:
            self.home.api.fire("lab_temperature", {"value": state})
        elif state == "unavailable":
            self.home.devices.say(f"{TOPICS[entity_id]}/availability", "offline")
        else:
            self.home.devices.say(TOPICS[entity_id], state)
        wait_until(
            lambda: self._reported_at(entity_id) != before,
            what=f"Home Assistant to hear from {entity_id}",
        )

    def _reported_at(self, entity_id: str) -> str:
        return self.home.api.render(f"{{{{ states.{entity_id}.last_reported }}}}")


@contextmanager
def fake_house() -> Iterator[House]:
    """Run the fake one."""
    with FakeHomeAssistant(phones=[PHONE]) as server:
        server.set_state(AC, "off", air_conditioner())
        server.set_state(FAN, "off", fan())
        server.set_state(PLUG, "off")
        server.set_state(BLIND, "open", cover())
        server.set_state(DRYER, "off", dehumidifier())
        server.set_state(POWER, "812.5", {"unit_of_measurement": "W"})
        server.set_state(TEMPERATURE, "24.5", {"unit_of_measurement": "°C"})
        server.set_state(HUMIDITY, "55", {"unit_of_measurement": "%"})
        server.set_state(MOTION, "off", {"device_class": "motion"})
        server.set_state(PERSON, "home")
        yield FakeHouse(server)


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.e2e)])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Return a house with devices, sensors of the air, of motion and presence, and a phone."""
    if request.param == "real":
        yield RealHouse(request.getfixturevalue("home"))
        return
    with fake_house() as house:
        yield house


@pytest.fixture
def home_assistant(house: House) -> Iterator[HomeAssistant]:
    """Return the adapter, connected to the house."""
    adapter = HomeAssistant(house.url, house.token)
    yield adapter
    adapter.close()


@pytest.fixture
def heard(house: House) -> Iterator[tuple[HomeAssistantEvents, list[object]]]:
    """Return a connected event stream and what it posts, from an empty list on."""
    posted: list[object] = []
    wanted = [AC, FAN, TEMPERATURE, MOTION, PERSON]
    stream = HomeAssistantEvents(house.url, house.token, wanted, posted.append, parse_state)
    stream.start()
    wait_until(lambda: stream.flush(2.0), what="the stream connects")
    assert posted[0] == LinkChanged("events", is_up=True)
    first = [each for each in posted if isinstance(each, DeviceObserved)]
    assert {each.entity_id for each in first} == set(wanted)
    assert not any(each.is_live for each in first)  # it stood so when we came: no news by itself
    posted.clear()
    yield stream, posted
    stream.stop()
    assert not stream.is_thread_alive()


def read(adapter: HomeAssistant, entity_id: str) -> DeviceObserved:
    """Read one entity back."""
    (observed,) = adapter.fetch_states([entity_id])
    return observed


def test_version_is_told(home_assistant: HomeAssistant) -> None:
    """A right address and token give the version, as year.month.patch."""
    year, *_ = home_assistant.check_connection().split(".")
    assert int(year) >= 2025


def test_base_address_may_end_in_api(house: House) -> None:
    """The address works with and without /api and slash."""
    versions = {
        HomeAssistant(house.url + ending, house.token).check_connection()
        for ending in ("", "/", "/api", "/api/")
    }
    assert len(versions) == 1


def test_services_and_entities_are_listed(home_assistant: HomeAssistant) -> None:
    """The check can see which notify services exist."""
    services = home_assistant.fetch_services()
    assert PHONE in services["notify"]
    assert {"set_hvac_mode", "set_temperature"} <= services["climate"]


def test_air_conditioner_reaches_mode_and_setpoint(home_assistant: HomeAssistant) -> None:
    """Mode and setpoint are both reached, though set_temperature alone ignores the mode."""
    home_assistant.apply(AC, DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=23.0))
    state = read(home_assistant, AC).state
    assert state == DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=23.0)


def test_setpoint_out_of_range_is_held_within(home_assistant: HomeAssistant) -> None:
    """A setpoint under the device's lowest becomes the lowest, not a refused call."""
    home_assistant.apply(AC, DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=4.0))
    state = read(home_assistant, AC).state
    assert state is not None
    assert state.target_temperature_c == 16.0


def test_air_conditioner_is_handed_back(home_assistant: HomeAssistant) -> None:
    """The state before, setpoint included, comes back through the same call."""
    before = read(home_assistant, AC).state
    assert before is not None
    home_assistant.apply(AC, DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=20.0))
    assert read(home_assistant, AC).state != before
    home_assistant.apply(AC, before)
    assert read(home_assistant, AC).state == before


def test_fan_reaches_speed_and_stops(home_assistant: HomeAssistant) -> None:
    """A fan is switched on at a speed, and off again."""
    home_assistant.apply(FAN, DeviceState(is_on=True, fan_percentage=50))
    assert read(home_assistant, FAN).state == DeviceState(is_on=True, fan_percentage=50)
    home_assistant.apply(FAN, DeviceState(is_on=False))
    state = read(home_assistant, FAN).state
    assert state is not None
    assert not state.is_on


def test_plug_is_switched(home_assistant: HomeAssistant) -> None:
    """A plug follows on and off."""
    for is_on in (True, False):
        home_assistant.apply(PLUG, DeviceState(is_on=is_on))
        assert read(home_assistant, PLUG).state == DeviceState(is_on=is_on)


@pytest.mark.parametrize("position_pct", [0, 20])
def test_blind_goes_down_and_is_read_back(home_assistant: HomeAssistant, position_pct: int) -> None:
    """A blind goes down to its position, which is read back; it is not called again."""
    down = DeviceState(is_on=True, position_pct=position_pct)
    assert read(home_assistant, BLIND).state == DeviceState(is_on=False, position_pct=100)
    assert home_assistant.apply(BLIND, down)
    assert read(home_assistant, BLIND).state == down
    assert home_assistant.apply(BLIND, down) == ()


def test_blind_is_never_raised(home_assistant: HomeAssistant) -> None:
    """A blind that is further down stays, and "off" is refused."""
    home_assistant.apply(BLIND, DeviceState(is_on=True, position_pct=0))
    assert home_assistant.apply(BLIND, DeviceState(is_on=True, position_pct=30)) == ()
    with pytest.raises(PermanentError, match="never raises"):
        home_assistant.apply(BLIND, DeviceState(is_on=False, position_pct=100))


def test_dehumidifier_dries_and_is_handed_back(home_assistant: HomeAssistant) -> None:
    """Humidity and mode are reached, and the settings before come back with off."""
    before = read(home_assistant, DRYER).state
    assert before == DeviceState(is_on=False, target_humidity_pct=60, mode="auto")
    drying = DeviceState(is_on=True, target_humidity_pct=50, mode="dry")
    home_assistant.apply(DRYER, drying)
    assert read(home_assistant, DRYER).state == drying
    home_assistant.apply(DRYER, before)
    assert read(home_assistant, DRYER).state == before


def test_call_returns_the_context_of_its_change(home_assistant: HomeAssistant) -> None:
    """The context id of our own change is returned, and nothing is called a second time."""
    context_ids = home_assistant.apply(PLUG, DeviceState(is_on=True))
    assert context_ids == (read(home_assistant, PLUG).context_id,)
    assert home_assistant.apply(PLUG, DeviceState(is_on=True)) == ()


def test_power_sensor_is_a_number(home_assistant: HomeAssistant) -> None:
    """A power sensor has a number and is neither on nor off."""
    observed = read(home_assistant, POWER)
    assert (observed.numeric_value, observed.state, observed.is_available) == (812.5, None, True)


def test_sensor_tells_its_value_by_its_unit(home_assistant: HomeAssistant) -> None:
    """Temperature and humidity come with their units, and with the time since their report."""
    temperature, humidity = home_assistant.fetch_states([TEMPERATURE, HUMIDITY])
    assert temperature.measured == SensorMessage(temperature_c=24.5, is_available=True)
    assert humidity.measured == SensorMessage(relative_humidity_pct=55.0, is_available=True)
    for found in (temperature, humidity):
        assert found.reported_age is not None
        assert timedelta(0) <= found.reported_age < timedelta(minutes=5)


def test_unchanged_report_is_seen_by_its_age_alone(
    house: House, home_assistant: HomeAssistant, heard: tuple[HomeAssistantEvents, list[object]]
) -> None:
    """The same value once more is told to nobody; only the time since the report starts anew."""
    before = read(home_assistant, TEMPERATURE)
    assert before.reported_age is not None
    wait_until(
        lambda: (
            (read(home_assistant, TEMPERATURE).reported_age or timedelta(0)).total_seconds() > 0.05
        ),
        what="the report to be a little older",
    )
    house.report(TEMPERATURE, "24.5")
    after = read(home_assistant, TEMPERATURE)
    stream, posted = heard
    assert stream.flush(2.0)
    assert posted == []
    assert after.last_updated == before.last_updated
    assert after.reported_age is not None
    assert after.reported_age < timedelta(seconds=0.05) or after.reported_age < before.reported_age


def test_missing_sensor_has_no_age(home_assistant: HomeAssistant) -> None:
    """A sensor that does not exist is missing, and those beside it keep their ages."""
    nowhere, temperature = home_assistant.fetch_states(["sensor.nowhere", TEMPERATURE])
    assert (nowhere.is_missing, nowhere.reported_age) == (True, None)
    assert temperature.reported_age is not None


@pytest.mark.parametrize(
    ("entity_id", "state"),
    [(TEMPERATURE, "25.1"), (TEMPERATURE, "unavailable"), (MOTION, "on"), (PERSON, "not_home")],
)
def test_change_of_a_sensor_is_heard_as_it_happens(
    house: House,
    heard: tuple[HomeAssistantEvents, list[object]],
    entity_id: str,
    state: str,
) -> None:
    """A change of air, motion or presence is posted live, and so is becoming unavailable."""
    stream, posted = heard
    house.report(entity_id, state)
    assert stream.flush(2.0)
    (observed,) = posted
    assert isinstance(observed, DeviceObserved)
    assert (observed.entity_id, observed.raw_state, observed.is_live) == (entity_id, state, True)
    assert observed.is_available is (state != "unavailable")


def test_missing_entity_is_seen_and_never_called(home_assistant: HomeAssistant) -> None:
    """An entity that does not exist reads as missing, and commanding it fails by name."""
    observed = read(home_assistant, "switch.nowhere")
    assert observed.is_missing
    assert observed.state is None
    with pytest.raises(TransientError, match=r"switch\.nowhere does not exist"):
        home_assistant.apply("switch.nowhere", DeviceState(is_on=True))


def test_service_on_missing_entity_is_accepted(home_assistant: HomeAssistant) -> None:
    """Home Assistant takes a call for a missing entity without a word: accepted means nothing."""
    assert home_assistant.call_service("switch", "turn_on", {"entity_id": "switch.nowhere"}) == ()


def test_service_on_unavailable_entity_is_accepted(
    house: House, home_assistant: HomeAssistant
) -> None:
    """A call for an unavailable entity is taken and does nothing; commanding it fails by name."""
    house.report(PLUG, "unavailable")
    assert home_assistant.call_service("switch", "turn_on", {"entity_id": PLUG}) == ()
    observed = read(home_assistant, PLUG)
    assert (observed.is_available, observed.state) == (False, None)
    with pytest.raises(TransientError, match=r"switch\.lab_plug is not available"):
        home_assistant.apply(PLUG, DeviceState(is_on=True))


def test_unknown_service_is_refused_by_name(home_assistant: HomeAssistant) -> None:
    """An unknown service is a lasting failure whose text names it."""
    with pytest.raises(PermanentError, match=r"notify\.mobile_app_nobody"):
        home_assistant.call_service("notify", "mobile_app_nobody", {"message": "x"})


def test_setpoint_out_of_range_is_an_error(home_assistant: HomeAssistant) -> None:
    """Home Assistant does refuse a setpoint out of range, so holding it within is needed."""
    with pytest.raises((TransientError, PermanentError)):
        home_assistant.call_service(
            "climate", "set_temperature", {"entity_id": AC, "temperature": 90}
        )


def test_many_entities_are_read_at_once(home_assistant: HomeAssistant) -> None:
    """A long list comes back in the order asked, missing ones among it."""
    wanted = [AC, "fan.a", FAN, "fan.b", PLUG, "fan.c", POWER, "fan.d", "fan.e", "fan.f"]
    observed = home_assistant.fetch_states(wanted)
    assert [each.entity_id for each in observed] == wanted
    assert [each.entity_id for each in observed if not each.is_missing] == [AC, FAN, PLUG, POWER]


@pytest.mark.parametrize("kind", PhoneKind)
def test_push_arrives_untouched(
    house: House, home_assistant: HomeAssistant, kind: PhoneKind
) -> None:
    """The nested data of a push reach the phone as they were built."""
    message = replace(CRITICAL, kind=kind)
    MobileApp(home_assistant.call_service).send(message)
    assert house.pushes() == [build_payload(message)]
    assert house.pushes()[0]["data"]["actions"] == [{"action": "ON_IT_x7", "title": "I'm on it"}]


def test_clear_arrives_as_a_push_without_title(house: House, home_assistant: HomeAssistant) -> None:
    """What takes a notification off the phone comes through as the app wants it."""
    MobileApp(home_assistant.call_service).send(replace(CRITICAL, is_clear=True))
    (push,) = house.pushes()
    assert not push["title"]
    assert push["message"] == "clear_notification"
    assert push["data"]["tag"] == CRITICAL.tag


def test_fault_43_lost_push_is_taken_by_a_real_one_too(
    house: House, home_assistant: HomeAssistant
) -> None:
    """Home Assistant, real or not, takes a push that never arrives: accepted means nothing."""
    house.lose_pushes()
    MobileApp(home_assistant.call_service).send(CRITICAL)
    assert house.pushes() == []


def test_receipt_is_heard(house: House, heard: tuple[HomeAssistantEvents, list[object]]) -> None:
    """What an Android phone fires for a push that asked for it names the push's buttons."""
    stream, posted = heard
    flat = {"tag": CRITICAL.tag, "confirmation": "true", "action_1_key": "ON_IT_x7"}
    house.tell(RECEIPT_EVENT, flat)
    assert stream.flush(2.0)
    assert posted == [PushReceived(("ON_IT_x7",))]


def test_button_is_heard(house: House, heard: tuple[HomeAssistantEvents, list[object]]) -> None:
    """A button pressed on the phone is posted with its action and tag."""
    stream, posted = heard
    house.tell(BUTTON_EVENT, {"action": "DRANK_x7", "tag": "hydration:anna:2"})
    assert stream.flush(2.0)
    assert posted == [ButtonPressed("DRANK_x7", "hydration:anna:2")]


def test_change_by_hand_is_heard(
    house: House, heard: tuple[HomeAssistantEvents, list[object]]
) -> None:
    """A change by hand is posted with a context that no call of ours returned; others are not."""
    stream, posted = heard
    house.change(FAN, "on")
    house.change(PLUG, "on")
    assert stream.flush(2.0)
    (observed,) = posted
    assert isinstance(observed, DeviceObserved)
    assert (observed.entity_id, observed.raw_state) == (FAN, "on")
    assert observed.context_id


def test_own_change_is_heard_as_rest_tells_it(
    home_assistant: HomeAssistant, heard: tuple[HomeAssistantEvents, list[object]]
) -> None:
    """The last event of our own change equals the state read back, its context is one returned."""
    stream, posted = heard
    desired = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=22.5)
    context_ids = home_assistant.apply(AC, desired)
    assert stream.flush(2.0)
    last = posted[-1]
    assert isinstance(last, DeviceObserved)
    read_back = read(home_assistant, AC)
    assert (last.state, last.context_id) == (desired, read_back.context_id)
    assert {each.context_id for each in posted if isinstance(each, DeviceObserved)} == set(
        context_ids
    )
    assert last.last_updated is not None
    assert read_back.last_updated is not None
    assert abs((last.last_updated - read_back.last_updated).total_seconds()) < 0.001


def test_wrong_token_is_refused_on_both_roads(house: House) -> None:
    """Calls and the event stream both say that the token is refused, which is no passing thing."""
    adapter = HomeAssistant(house.url, "not-the-token")
    with pytest.raises(PermanentError, match="token refused"):
        adapter.check_connection()
    with pytest.raises(PermanentError, match="token refused"):
        adapter.call_service("switch", "turn_on", {"entity_id": PLUG})
    adapter.close()
    posted: list[object] = []
    stream = HomeAssistantEvents(house.url, "not-the-token", [AC], posted.append, parse_state)
    stream.start()
    wait_until(lambda: posted, what="the refusal")
    stream.stop()
    (link,) = posted
    assert isinstance(link, LinkChanged)
    assert (link.is_up, "token refused" in link.detail) == (False, True)


def test_registries_are_read_as_keepcool_init_reads_them(house: House) -> None:
    """One connection tells areas, devices, entities, states and phones; a wrong token does not."""
    answers = fetch_registries(house.url, house.token)
    assert set(answers) == {"user", "config", "areas", "devices", "entities", "states", "services"}
    found = read_household(answers)
    assert (found.is_administrator, found.version) == (True, answers["config"]["version"])  # type: ignore[index]
    assert {AC, FAN, PLUG, BLIND, DRYER} <= {entity.entity_id for entity in found.entities}
    assert f"notify.{PHONE}" in {phone.service for phone in found.phones}
    sensors = {sensor.key: sensor for sensor in list_sensors(None, found)}
    assert sensors[TEMPERATURE].temperature_c == 24.5
    with pytest.raises(PermanentError, match="token refused"):
        fetch_registries(house.url, "not-the-token")


def test_restart_is_heard_and_got_over(
    house: House, home_assistant: HomeAssistant, heard: tuple[HomeAssistantEvents, list[object]]
) -> None:
    """After a restart the stream comes back by itself, with every state anew, and calls go on."""
    stream, posted = heard
    house.restart()
    wait_until(
        lambda: LinkChanged("events", is_up=True) in posted and stream.flush(2.0),
        60.0,
        what="the stream to come back",
    )
    links = [each.is_up for each in posted if isinstance(each, LinkChanged)]
    assert links == [False, True]
    observed = {each.entity_id for each in posted if isinstance(each, DeviceObserved)}
    assert observed == {AC, FAN, TEMPERATURE, MOTION, PERSON}
    MobileApp(home_assistant.call_service).send(CRITICAL)
    assert len(house.pushes()) == 1
