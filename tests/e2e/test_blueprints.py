"""The shipped blueprints, loaded and run by a real Home Assistant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.demo.driver import SteppedDaemon
from tests.e2e.blueprints import TELL, automation
from tests.e2e.home import Home
from tests.e2e.household import AIR_CONDITIONER, Household
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

SECOND = timedelta(seconds=1)
LEASE = timedelta(minutes=60)
HOT_C, COOL_C = 27.5, 22.0
AC = "climate.living_room_ac"
LEASE_TOPIC = "keepcool/test-home/lease/ac"
WATCHDOG_TOPIC = "keepcool/test-home/watchdog/ac"
WATCHDOG = {
    "home_topic": "keepcool/test-home",
    "device": "ac",
    "thermometer": ["sensor.living_room_temperature"],
    "patience": {"seconds": 1},
    "tell": TELL,
}


def household_with_lease_left(home: Home, folder: Path, left: timedelta) -> Household:
    """Return a household whose keepcool began to cool so long ago that its lease ends soon."""
    return Household(
        home,
        folder,
        home.android,
        cooling=AIR_CONDITIONER,
        started_at=datetime.now(UTC) - LEASE + left,
    )


def cool_and_die(home: Home, daemon: SteppedDaemon) -> None:
    """Let keepcool switch on the air conditioner, and kill it."""
    home.say_room(HOT_C)
    daemon.advance(daemon.now + SECOND)
    home.wait_for(AC, "cool")
    daemon.advance(daemon.now + SECOND)
    daemon.kill()
    home.wait_for("binary_sensor.keepcool_running", "off")


def told(ear: TestClient) -> list[str]:
    """Return the titles that the carer was told."""
    return [json.loads(text)["title"] for topic, text in ear.messages if topic == "test/told"]


def run_until(home: Home, entity_id: str, ear: TestClient, title: str) -> None:
    """Have the automation look again and again, as it does every minute, until a title is told."""

    def is_told() -> bool:
        home.api.call("automation.trigger", entity_id=entity_id)
        return title in told(ear)

    wait_until(is_told, 90.0, what=f"{title!r}, got {told(ear)}")


def test_fault_40_home_assistant_alone_ends_a_lease(home: Home, tmp_path: Path) -> None:
    """Killed with the AC on: when the lease ends in a cool room, Home Assistant switches it off."""
    with (
        TestClient(home.broker.port) as ear,
        automation(home, "watchdog", **WATCHDOG) as entity_id,
    ):
        ear.subscribe("test/told")
        household = household_with_lease_left(home, tmp_path, timedelta(seconds=45))
        with household.stepped() as daemon:
            household.wait_until_shown()
            cool_and_die(home, daemon)
            run_until(home, entity_id, ear, "keepcool has stopped")
            assert home.api.state(AC)["state"] == "cool"  # the lease still runs
            home.say_room(COOL_C)
            run_until(home, entity_id, ear, "AC is off")
            assert home.api.state(AC)["state"] == "off"
            assert told(ear) == ["keepcool has stopped", "AC is off"]
            # Switched on by hand later: the lease has been ended, and nobody interferes again.
            home.api.call("climate.set_hvac_mode", entity_id=AC, hvac_mode="cool")
            home.api.call("automation.trigger", entity_id=entity_id)
            ear.subscribe(WATCHDOG_TOPIC)
            wait_until(lambda: json.loads(ear.last(WATCHDOG_TOPIC) or "{}").get("ended"))
            assert home.api.state(AC)["state"] == "cool"


def test_fault_40_hot_room_keeps_its_air_conditioner(home: Home, tmp_path: Path) -> None:
    """Killed, and the lease over in a room over the limit: the AC stays on, and that is told."""
    with (
        TestClient(home.broker.port) as ear,
        automation(home, "watchdog", **WATCHDOG) as entity_id,
    ):
        ear.subscribe("test/told")
        household = household_with_lease_left(home, tmp_path, timedelta(seconds=-60))
        with household.stepped() as daemon:
            household.wait_until_shown()
            cool_and_die(home, daemon)
            run_until(home, entity_id, ear, "AC stays on: 27.5 °C")
            assert told(ear) == ["keepcool has stopped", "AC stays on: 27.5 °C"]
            assert home.api.state(AC)["state"] == "cool"
            # Its longest run is over: off, hot or not.
            ear.subscribe(LEASE_TOPIC)
            wait_until(lambda: ear.last(LEASE_TOPIC), what="the lease")
            lease = json.loads(ear.last(LEASE_TOPIC) or "")
            lease["run_until"] = lease["until"]
            home.mqtt.publish(LEASE_TOPIC, json.dumps(lease), is_retained=True)
            run_until(home, entity_id, ear, "AC is off")
            assert home.api.state(AC)["state"] == "off"


def test_fault_40_hand_ends_the_lease_of_the_dead(home: Home, tmp_path: Path) -> None:
    """Killed, then the AC switched off and on by hand: Home Assistant leaves it as it is."""
    with (
        TestClient(home.broker.port) as ear,
        automation(home, "watchdog", **WATCHDOG) as entity_id,
    ):
        ear.subscribe("test/told")
        ear.subscribe(WATCHDOG_TOPIC)
        household = household_with_lease_left(home, tmp_path, timedelta(seconds=-60))
        with household.stepped() as daemon:
            household.wait_until_shown()
            cool_and_die(home, daemon)
            home.api.call("climate.set_hvac_mode", entity_id=AC, hvac_mode="off")
            run_until(home, entity_id, ear, "keepcool has stopped")
            wait_until(lambda: json.loads(ear.last(WATCHDOG_TOPIC) or "{}").get("ended"))
            home.api.call("climate.set_hvac_mode", entity_id=AC, hvac_mode="cool")
            home.say_room(COOL_C)
            said = len(ear.messages)
            home.api.call("automation.trigger", entity_id=entity_id)
            wait_until(lambda: len(ear.messages) > said, 30.0, what="the watchdog to have looked")
            assert home.api.state(AC)["state"] == "cool"
            assert told(ear) == ["keepcool has stopped"]


def test_fault_40_lease_that_is_not_renewed_ends(home: Home, tmp_path: Path) -> None:
    """It says that it runs and renews nothing, as in basic mode: Home Assistant ends the lease."""
    with (
        TestClient(home.broker.port) as ear,
        automation(home, "watchdog", **WATCHDOG) as entity_id,
    ):
        ear.subscribe("test/told")
        household = household_with_lease_left(home, tmp_path, timedelta(minutes=-10))
        with household.stepped() as daemon:
            household.wait_until_shown()
            home.say_room(HOT_C)
            daemon.advance(daemon.now + SECOND)
            home.wait_for(AC, "cool")
            daemon.advance(daemon.now + SECOND)
            home.say_room(COOL_C)
            run_until(home, entity_id, ear, "AC is off")
            assert told(ear) == ["keepcool has stopped cooling", "AC is off"]
            assert home.api.state("binary_sensor.keepcool_running")["state"] == "on"


def test_status_knows_the_watchdog(home: Home, tmp_path: Path) -> None:
    """Status says that the AC would stay on if keepcool died, until a watchdog is there."""
    household = Household(home, tmp_path, home.android, cooling=AIR_CONDITIONER)
    with household.running() as daemon:
        home.say_room(HOT_C)
        home.wait_for(AC, "cool")
        wait_until(lambda: household.device()["stays_on"], 30.0, what="status to warn")
        with automation(home, "watchdog", **WATCHDOG) as entity_id:
            home.api.call("automation.trigger", entity_id=entity_id)
            wait_until(
                lambda: household.device()["ended_by_home_assistant"], 30.0, what="the watchdog"
            )
        assert not household.device()["stays_on"]
        assert daemon.stop() == 0


def test_expected_heat_runs_the_households_own_actions(home: Home, tmp_path: Path) -> None:
    """Keepcool says that a room will be too hot: the actions run, and know which and when."""
    inputs = {
        "rooms": ["binary_sensor.keepcool_living_room_too_hot_expected"],
        "actions": [publish("test/expected", "{{ room }} {{ level }} {{ expected_at }}")],
    }
    household = Household(home, tmp_path, home.android)
    with (
        TestClient(home.broker.port) as ear,
        automation(home, "hot_room_expected", **inputs),
        household.running() as daemon,
    ):
        ear.subscribe("test/expected")
        home.say_room(24.0)
        state = json.dumps(room_state(expected_level=0))
        topic = "keepcool/test-home/room/living_room/state"
        home.mqtt.publish(topic, state, is_retained=True)
        home.wait_for("binary_sensor.keepcool_living_room_too_hot_expected", "off")
        home.mqtt.publish(topic, json.dumps(room_state(expected_level=2)), is_retained=True)
        wait_until(lambda: ear.last("test/expected"), 30.0, what="the actions")
        assert ear.last("test/expected") == "Living room 2 2026-07-14T16:00:00+00:00"
        assert daemon.stop() == 0


def room_state(expected_level: int) -> dict[str, object]:
    """Return a room's state as keepcool says it when it expects a level at four."""
    return {
        "level": 0,
        "heat_level": "normal",
        "freshness": "fresh",
        "temperature_c": 24.0,
        "relative_humidity_pct": 40.0,
        "heat_index_c": 24.0,
        "effective_temperature_c": 24.0,
        "limit_c": 26.0,
        "expected_level": expected_level,
        "expected_heat_level": ["normal", "advisory", "warning"][expected_level],
        "expected_at": "2026-07-14T16:00:00+00:00" if expected_level else None,
        "is_expected_too_hot": expected_level > 1,
        "expected_maximum_c": None,
        "expected_maximum_at": None,
        "open_windows_at": None,
        "close_windows_at": None,
        "is_cooling_automatic": None,
        "motion": None,
        "reason": "",
    }


def test_drinks_from_a_button_and_a_bottle_arrive(home: Home, tmp_path: Path) -> None:
    """A button is a portion; of a bottle's litres of today only what is more counts."""
    inputs = {
        "home_topic": "keepcool/test-home",
        "person": "anna",
        "buttons": [
            {"trigger": "event", "event_type": "tag_scanned", "event_data": {"tag_id": "glass"}}
        ],
        "bottles": ["sensor.lab_temperature"],
    }
    household = Household(home, tmp_path, home.android)
    with automation(home, "drink", **inputs), household.running() as daemon:
        home.wait_for("sensor.keepcool_anna_drinks_today", "0")
        home.api.fire("tag_scanned", {"tag_id": "glass"})
        home.wait_for("sensor.keepcool_anna_drinks_today", "200")
        home.api.fire("tag_scanned", {"tag_id": "door"})
        for value in ("unavailable", 24.5, 174.5, 0, 100):  # 150 more, a new day, 100 more
            home.api.fire("lab_temperature", {"value": value})
        home.wait_for("sensor.keepcool_anna_drinks_today", "450")
        assert daemon.stop() == 0


def test_critical_is_said_aloud(home: Home, tmp_path: Path) -> None:
    """A critical alert is spoken on the speaker as often as wished; one that is less is not."""
    inputs = {"speakers": ["media_player.speaker"], "voice": "tts.lab", "times": 2}
    listening = {
        "alias": "test ear",
        "triggers": [
            {"trigger": "event", "event_type": "call_service", "event_data": {"domain": "tts"}}
        ],
        "actions": [publish("test/said", "{{ trigger.event.data.service_data | to_json }}")],
    }
    household = Household(home, tmp_path, home.android)
    with (
        TestClient(home.broker.port) as ear,
        automation(home, "say_critical", listening, **inputs),
        household.running() as daemon,
    ):
        ear.subscribe("test/said")
        home.say_room(30.2)
        home.wait_for("sensor.keepcool_living_room_heat_level", "warning")
        home.say_room(36.0)
        wait_until(lambda: len(said(ear)) == 2, 60.0, what="it to be said twice")
        assert daemon.stop() == 0
    for each in said(ear):
        assert each["media_player_entity_id"] == ["media_player.speaker"]
        assert str(each["message"]).startswith("Get out of the heat: Living room 41°. ")


def said(ear: TestClient) -> list[dict[str, object]]:
    """Return what text-to-speech was asked to say."""
    return [json.loads(text) for topic, text in ear.messages if topic == "test/said"]


def publish(topic: str, payload: str) -> dict[str, object]:
    """Return an action that publishes."""
    return {"action": "mqtt.publish", "data": {"topic": topic, "payload": payload}}
