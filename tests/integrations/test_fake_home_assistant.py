"""The fake Home Assistant does what the real one was seen to do, so that tests against it count."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests

from daemon.demo.fake_entities import air_conditioner, fan
from daemon.demo.fake_home_assistant import CalledService, FakeHomeAssistant
from integrations.ha_events import HomeAssistantEvents
from integrations.home_assistant_states import parse_state
from integrations.messages import ButtonPressed
from tests.waiting import wait_until

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
AC = "climate.a"
FAN = "fan.a"
PHONE = "mobile_app_annas_phone"


@pytest.fixture
def house() -> Iterator[FakeHomeAssistant]:
    """Return a fake house at a noon that stands still."""
    with FakeHomeAssistant(clock=lambda: NOON) as server:
        server.set_state(AC, "off", air_conditioner())
        server.set_state(FAN, "off", fan())
        server.set_state("switch.a", "off")
        server.set_state("switch.gone", "unavailable")
        yield server


def post(house: FakeHomeAssistant, service: str, data: object) -> requests.Response:
    """Call a service over plain HTTP."""
    return requests.post(
        f"{house.url}/api/services/{service}",
        json=data,
        headers={"Authorization": f"Bearer {house.token}"},
        timeout=5,
    )


@pytest.mark.parametrize(
    ("service", "data", "status", "changed"),
    [
        ("climate/set_hvac_mode", {"entity_id": AC, "hvac_mode": "cool"}, 200, ["cool"]),
        ("climate/set_hvac_mode", {"entity_id": AC, "hvac_mode": "off"}, 200, []),
        ("climate/set_hvac_mode", {"entity_id": AC, "hvac_mode": "dry"}, 500, None),
        ("climate/set_hvac_mode", {"entity_id": AC}, 400, None),
        ("climate/set_temperature", {"entity_id": AC, "temperature": 16}, 200, ["off"]),
        ("climate/set_temperature", {"entity_id": AC, "temperature": 15.9}, 500, None),
        ("climate/set_temperature", {"entity_id": AC, "temperature": "x"}, 400, None),
        (
            "climate/set_temperature",
            {"entity_id": AC, "temperature": 20, "hvac_mode": "cool"},
            200,
            ["off"],
        ),
        ("climate/turn_on", {"entity_id": AC}, 200, ["cool"]),
        ("climate/turn_off", {"entity_id": AC}, 200, []),
        ("fan/turn_on", {"entity_id": FAN}, 200, ["on"]),
        ("fan/turn_on", {"entity_id": [FAN, "fan.nowhere"], "percentage": 25}, 200, ["on"]),
        ("fan/set_percentage", {"entity_id": FAN, "percentage": 0}, 200, []),
        ("switch/turn_on", {"entity_id": "switch.a"}, 200, ["on"]),
        ("switch/turn_on", {"entity_id": "switch.gone"}, 200, []),
        ("switch/turn_on", {"entity_id": "switch.nowhere"}, 200, []),
        ("switch/turn_on", {"entity_id": FAN}, 200, []),
        ("switch/turn_on", {}, 400, None),
        ("switch/explode", {"entity_id": "switch.a"}, 400, None),
        ("lock/unlock", {"entity_id": "lock.a"}, 400, None),
        (f"notify/{PHONE}", {"message": "x"}, 200, []),
        (f"notify/{PHONE}", {"title": "x"}, 400, None),
        ("notify/mobile_app_nobody", {"message": "x"}, 400, None),
    ],
)
def test_service(
    house: FakeHomeAssistant,
    service: str,
    data: dict[str, object],
    status: int,
    changed: list[str] | None,
) -> None:
    """Each call has the status of the real one and returns the states that it changed."""
    answer = post(house, service, data)
    assert answer.status_code == status
    if changed is not None:
        assert [state["state"] for state in answer.json()] == changed
    assert len(house.calls) == (status == 200)


def test_mode_in_set_temperature_is_ignored(house: FakeHomeAssistant) -> None:
    """A mode beside the temperature changes nothing, as in 2025.4, and the setpoint is taken."""
    post(
        house, "climate/set_temperature", {"entity_id": AC, "temperature": 20, "hvac_mode": "cool"}
    )
    entity = house.state_of(AC)
    assert (entity.state, entity.attributes["temperature"]) == ("off", 20.0)


def test_token_is_checked(house: FakeHomeAssistant) -> None:
    """Every path but the WebSocket's greeting needs the token."""
    for path in ("", "config", "states", "states/fan.a", "services"):
        assert requests.get(f"{house.url}/api/{path}", timeout=5).status_code == 401


def test_moments_rise_though_the_clock_stands(house: FakeHomeAssistant) -> None:
    """Two changes at one simulated moment still show their order."""
    house.set_state("switch.a", "on")
    first = house.state_of("switch.a").last_updated
    house.set_state("switch.a", "off")
    assert first < house.state_of("switch.a").last_updated
    assert (house.state_of("switch.a").last_updated - NOON).total_seconds() < 0.001


def test_change_to_the_same_is_none(house: FakeHomeAssistant) -> None:
    """Setting what is so already keeps moment and context."""
    before = house.state_of("switch.a")
    house.set_state("switch.a", "off", {})
    assert house.state_of("switch.a") is before


def test_flat_reacts_to_a_call(house: FakeHomeAssistant) -> None:
    """A listener hears each accepted call, on the server's thread, and may change entities."""
    threads: list[str] = []

    def react(called: CalledService) -> None:
        threads.append(threading.current_thread().name)
        house.set_state("sensor.power", "900" if called.service == "turn_on" else "0")

    house.on_service_call(react)
    post(house, "switch/turn_on", {"entity_id": "switch.a"})
    assert house.state_of("sensor.power").state == "900"
    assert threads == ["fake-home-assistant"]
    assert house.calls[-1] == CalledService("switch", "turn_on", {"entity_id": "switch.a"}, NOON)


def test_phone_shows_the_last_push_of_each_tag(house: FakeHomeAssistant) -> None:
    """On the screen a tag replaces itself, a clear removes it, and the untagged pile up."""
    for message, data in (
        ("heat 1", {"tag": "heat"}),
        ("drink", {"tag": "drink"}),
        ("heat 2", {"tag": "heat"}),
        ("clear_notification", {"tag": "drink"}),
        ("hello", {}),
        ("hello", {}),
    ):
        post(house, f"notify/{PHONE}", {"message": message, "data": data})
    assert [push.message for push in house.on_screen(PHONE)] == ["heat 2", "hello", "hello"]
    assert len(house.pushes) == 6
    assert house.on_screen("mobile_app_other") == ()


@pytest.mark.parametrize("button", [1, "Drank 200 ml"])
def test_pressed_button_fires_its_action(house: FakeHomeAssistant, button: int | str) -> None:
    """A button is pressed by position or by its words, and its action and tag are sent."""
    actions = [{"action": "A1", "title": "I'm on it"}, {"action": "A2", "title": "Drank 200 ml"}]
    post(house, f"notify/{PHONE}", {"message": "x", "data": {"tag": "t", "actions": actions}})
    posted: list[object] = []
    stream = HomeAssistantEvents(house.url, house.token, [], posted.append, parse_state)
    stream.start()
    try:
        wait_until(lambda: stream.flush(2.0), what="the stream connects")
        house.press(house.pushes[0], button)
        assert stream.flush(2.0)
    finally:
        stream.stop()
    assert posted[-1] == ButtonPressed("A2", "t")


def test_unknown_button_is_a_mistake(house: FakeHomeAssistant) -> None:
    """Pressing a button that the push does not have fails in the test, not silently."""
    data = {"actions": [{"action": "A1", "title": "I'm on it"}]}
    post(house, f"notify/{PHONE}", {"message": "x", "data": data})
    with pytest.raises(LookupError, match="no button 'Snooze', only I'm on it"):
        house.press(house.pushes[0], "Snooze")


def test_unknown_entity_is_a_mistake(house: FakeHomeAssistant) -> None:
    """Asking for an entity that does not exist raises."""
    with pytest.raises(KeyError):
        house.state_of("fan.nowhere")


def test_address_stays_over_a_restart(house: FakeHomeAssistant) -> None:
    """After a restart the same address serves the same entities."""
    url = house.url
    house.restart()
    assert house.url == url
    assert post(house, "switch/turn_on", {"entity_id": "switch.a"}).status_code == 200
