"""What keepcool shows in a real Home Assistant: entities, switches, buttons, the devices' pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon.faces import Topics
from tests.daemon_process import DaemonProcess
from tests.e2e.browser import Browser
from tests.e2e.home import Home
from tests.e2e.household import AIR_CONDITIONER, Household
from tests.waiting import wait_until

MOTION = '[[room.motion]]\nentity = "binary_sensor.lab_motion"\n'
PRESENCE = 'presence_entity = "person.lab"\n'
WARNINGS = '[[official_warning]]\nservice = "meteoalarm"\ncountry = "netherlands"\narea = "NL001"\n'
TOPICS = Topics("keepcool", "test-home")
CONTROL = "sensor.keepcool_living_room_ac_control"
UNITS = {"temperature": "°C", "humidity": "%", "volume": "mL"}
# Numbers that count things have no unit.
COUNTS = {"sensor.keepcool_alerts", "sensor.keepcool_messages_waiting"}
# What somebody looks at every day is neither a setting nor a diagnosis.
EVERYDAY = {
    "sensor.keepcool_living_room_heat_level",
    "sensor.keepcool_living_room_feels_like",
    "sensor.keepcool_living_room_ac_control",
    "sensor.keepcool_anna_heat_alert",
    "sensor.keepcool_anna_heat_level",
    "sensor.keepcool_anna_drinks_today",
    "button.keepcool_anna_drink",
    "switch.keepcool_anna_snooze",
    "switch.keepcool_anna_out",
    "switch.keepcool_holiday",
    "binary_sensor.keepcool_trouble",
}
BESIDE = {  # for whoever looks for the reason of something, or changes how keepcool works
    "sensor.keepcool_living_room_reason": "diagnostic",
    "binary_sensor.keepcool_running": "diagnostic",
    "button.keepcool_check": "diagnostic",
    "button.keepcool_anna_test_alert": "diagnostic",
    "switch.keepcool_living_room_automatic_cooling": "config",
}


@pytest.fixture
def keepcool(home: Home, tmp_path: Path) -> Iterator[DaemonProcess]:
    """Return a keepcool that shows everything there is, in a warm room."""
    household = Household(
        home,
        tmp_path,
        home.android,
        has_road=True,
        cooling=AIR_CONDITIONER + MOTION,
        person=PRESENCE,
        more=WARNINGS,
    )
    with household.running() as daemon:
        home.say_room(30.2)
        home.wait_for("sensor.keepcool_living_room_heat_level", "warning")
        yield daemon
        assert daemon.stop() == 0


@pytest.fixture
def shown(request: pytest.FixtureRequest, home: Home) -> dict[str, dict[str, Any]]:
    """Return what the registry has of each of keepcool's entities, by id."""
    request.getfixturevalue("keepcool")
    return {
        each["entity_id"]: each
        for each in home.api.command("config/entity_registry/list")
        if each["entity_id"] in home.keepcool_entities()
    }


def test_every_entity_has_what_it_needs(home: Home, shown: dict[str, dict[str, Any]]) -> None:
    """Each entity has a name of its own, an id, an icon or class, a unit, and the right place."""
    states = home.api.states()
    devices = {each["id"]: each for each in home.api.command("config/device_registry/list")}
    complaints = []
    for entity_id, entry in shown.items():
        attributes = states[entity_id]["attributes"]
        device_class = attributes.get("device_class")
        name = attributes["friendly_name"]
        device = devices[entry["device_id"]]["name"]
        if not name.startswith(f"{device} ") or name.count(device) > 1:
            complaints.append(f"{entity_id} is called {name!r} on {device!r}")
        if not (device_class or attributes.get("icon")):
            complaints.append(f"{entity_id} has neither icon nor device class")
        if attributes.get("unit_of_measurement") != UNITS.get(device_class):
            complaints.append(f"{entity_id} ({device_class}) has another unit")
        is_number = "state_class" in attributes
        if is_number and device_class not in UNITS and entity_id not in COUNTS:
            complaints.append(f"{entity_id} is a number without a unit")
    assert complaints == []
    categories = {entity_id: entry["entity_category"] for entity_id, entry in shown.items()}
    assert {entity_id: categories[entity_id] for entity_id in EVERYDAY} == dict.fromkeys(EVERYDAY)
    assert {entity_id: categories[entity_id] for entity_id in BESIDE} == BESIDE
    assert len({states[entity_id]["attributes"]["friendly_name"] for entity_id in shown}) == len(
        shown
    )


def test_ids_are_the_proposed_ones(shown: dict[str, dict[str, Any]]) -> None:
    """Every id starts with keepcool's name, and none got a number because it was taken."""
    names = {entity_id.partition(".")[2] for entity_id in shown}
    assert all(name.startswith("keepcool_") for name in names)
    assert not any(name[-1].isdigit() for name in names)


@pytest.mark.usefixtures("keepcool")
def test_devices_hang_together(home: Home) -> None:
    """One device for the home, one for the room, in its area, one for each person, below it."""
    devices = {
        each["name"]: each
        for each in home.api.command("config/device_registry/list")
        if each["manufacturer"] == "keepcool"
    }
    assert set(devices) == {"keepcool", "Living room", "Anna", "Ben"}
    areas = {
        each["area_id"]: each["name"] for each in home.api.command("config/area_registry/list")
    }
    area = areas[devices["Living room"]["area_id"]]
    assert area.casefold() == "living room"  # "Living Room" is there from Home Assistant's set-up
    for name in ("Living room", "Anna", "Ben"):
        assert devices[name]["via_device_id"] == devices["keepcool"]["id"]
    assert devices["keepcool"]["sw_version"]


def test_home_assistant_has_nothing_to_complain(request: pytest.FixtureRequest, home: Home) -> None:
    """Discovery and every state pass without a warning in Home Assistant's log or a repair."""
    before = len(home.process.log())
    request.getfixturevalue("keepcool")
    home.api.call("button.press", entity_id="button.keepcool_anna_drink")
    home.wait_for("sensor.keepcool_anna_drinks_today", "200")
    home.wait_for(CONTROL, "in use")
    # As basic mode does, in which no device is known.
    home.mqtt.publish(TOPICS.device_state("ac"), "", is_retained=True)
    home.wait_for(CONTROL, "unknown")
    complaints = [
        line
        for line in home.process.log()[before:].splitlines()
        if ("WARNING" in line or "ERROR" in line)
        and ("keepcool" in line or "components.mqtt" in line)
    ]
    assert complaints == []
    issues = home.api.command("repairs/list_issues")["issues"]
    assert [each for each in issues if each["domain"] == "mqtt"] == []


@pytest.mark.usefixtures("keepcool")
def test_switches_and_buttons_do_what_they_say(home: Home) -> None:
    """A drink, peace, going out, a holiday, a room's cooling, a test alert and a check, by tap."""
    call = home.api.call
    call("button.press", entity_id="button.keepcool_anna_drink")
    home.wait_for("sensor.keepcool_anna_drinks_today", "200")
    for switch in (
        "switch.keepcool_anna_snooze",
        "switch.keepcool_anna_out",
        "switch.keepcool_living_room_automatic_cooling",
        "switch.keepcool_holiday",
    ):
        is_on = home.api.state(switch)["state"] == "on"
        for turned in (not is_on, is_on):
            call(f"switch.turn_{'on' if turned else 'off'}", entity_id=switch)
            home.wait_for(switch, "on" if turned else "off")
    call("button.press", entity_id="button.keepcool_anna_test_alert")
    wait_until(lambda: home.android.about("test"), 30.0, what="the test alert")
    call("button.press", entity_id="button.keepcool_check")
    # The forecast's server is not there; everything else is.
    wait_until(
        lambda: home.api.state("sensor.keepcool_check_result")["state"] in {"warning", "red"},
        60.0,
        what="the check's result",
    )
    rows = home.api.state("sensor.keepcool_check_result")["attributes"]["rows"]
    by_name = {row["name"]: row["status"] for row in rows}
    assert by_name["phone of Anna"] == "ok", by_name


def test_first_state_counts_when_it_is_retained(home: Home) -> None:
    """Home Assistant subscribes a moment after an announcement: only what is retained is sure."""
    topic = "homeassistant/device/keepcool_lab_first/config"
    component = {"platform": "sensor", "unique_id": "keepcool_lab_first", "name": "First"}
    component["state_topic"] = "keepcool/lab/first"
    announced = {
        "device": {"identifiers": ["keepcool_lab_first"], "name": "Lab"},
        "origin": {"name": "keepcool"},
        "components": {"first": component},
    }
    home.mqtt.publish(topic, json.dumps(announced), is_retained=True)
    home.mqtt.publish("keepcool/lab/first", "here", is_retained=True)
    home.wait_for("sensor.lab_first", "here")
    assert home.keepcool_entities() == {"sensor.lab_first"}


@pytest.mark.usefixtures("keepcool")
def test_device_pages_look_right_on_a_phone(home: Home, tmp_path: Path) -> None:
    """Each device's page shows its entities at phone width, and nothing is wider than the page."""
    home.api.call("button.press", entity_id="button.keepcool_anna_drink")
    home.wait_for("sensor.keepcool_anna_drinks_today", "200")
    devices = {
        each["name"]: each["id"]
        for each in home.api.command("config/device_registry/list")
        if each["manufacturer"] == "keepcool"
    }
    wanted = {
        "keepcool": ("Trouble", "Holiday", "Check"),
        "Living room": ("Heat level", "warning", "Automatic cooling", "AC control"),
        "Anna": ("Heat alert", "Drinks today", "200 mL", "Snooze"),
    }
    with Browser(tmp_path, home.api) as browser:
        for name, texts in wanted.items():
            browser.open(f"/config/devices/device/{devices[name]}", *texts)
            image = tmp_path / f"{name.lower().replace(' ', '_')}.png"
            browser.screenshot(image, height=1800)
            assert image.stat().st_size > 50_000
            assert browser.evaluate("document.documentElement.scrollWidth") <= 390
