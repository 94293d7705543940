"""Home Assistant is told what there is: first, again when it asks, and no longer what is gone."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.check import CheckReport
from daemon.check_rows import CheckRow, Status
from integrations.discovery import Household, announcements, birth_topic
from integrations.messages import LinkChanged
from policies.alert import HeatLevel
from policies.model import DeviceState, Person, Room
from tests.broker import Mosquitto
from tests.builders import a_bedroom, a_device, a_forecast, a_person, a_room
from tests.daemon_process import CONFIG, DaemonProcess
from tests.entity_reference import HOUSEHOLD
from tests.loop_home import TOPICS, FakeWeather, LoopHome
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

BIRTH = birth_topic("homeassistant")
LIVING = a_room(devices=(a_device(),))
HOME_CONFIG = "homeassistant/device/keepcool_home/config"
ROOM_CONFIG = "homeassistant/device/keepcool_home_room_{}/config"


def household(rooms: tuple[Room, ...], people: tuple[Person, ...], **more: Any) -> Household:  # noqa: ANN401
    """Return the home of these rooms and people."""
    return replace(HOUSEHOLD, rooms=rooms, people=people, topics=TOPICS, **more)


def start(
    folder: Path,
    *,
    rooms: tuple[Room, ...] = (LIVING, a_bedroom()),
    people: tuple[Person, ...] = (a_person(),),
    **more: Any,  # noqa: ANN401 - the fields of the household
) -> LoopHome:
    """Return a home that announces itself, its broker just reached."""
    home = LoopHome(
        folder,
        rooms=rooms,
        people=people,
        weather=(FakeWeather(a_forecast((30.0,) * 24)),),
        check=lambda: CheckReport((CheckRow("broker", Status.OK, "connected"),)),
        announce=functools.partial(announcements, household(rooms, people, **more)),
        birth_topic=BIRTH,
    )
    home.house.states["climate.living_room"] = DeviceState(is_on=False, hvac_mode="off")
    home.post(LinkChanged("mqtt", is_up=True))
    return home


def configs(home: LoopHome) -> dict[str, dict[str, Any]]:
    """Return the announced devices that the broker holds."""
    return {
        topic: json.loads(text)
        for topic, text in home.broker.retained.items()
        if topic.endswith("/config") and text
    }


def emptied(home: LoopHome) -> set[str]:
    """Return the topics that were emptied, leases apart."""
    return {topic for topic, text in home.broker.published if not text and "/lease/" not in topic}


def options(home: LoopHome, ending: str) -> set[tuple[str, str]]:
    """Return entity key and topic of each option that ends so."""
    return {
        (key, value)
        for payload in configs(home).values()
        for key, entity in payload["components"].items()
        for name, value in entity.items()
        if name.endswith(ending)
    }


def test_discovery_comes_before_the_states(tmp_path: Path) -> None:
    """Home Assistant subscribes to a state when it hears of the entity."""
    home = start(tmp_path)
    home.run(10)
    topics = [topic for topic, _ in home.broker.published]
    first_state = topics.index(TOPICS.room_state("living"), topics.index(HOME_CONFIG))
    assert all(topics.index(topic) < first_state for topic in configs(home))


def test_fault_19_flood_of_births_is_answered_once_in_ten_seconds(tmp_path: Path) -> None:
    """Who says a thousand times that Home Assistant started does not have us flood the broker."""
    home = start(tmp_path)
    home.run(60)

    def introductions() -> int:
        return sum(topic == HOME_CONFIG for topic, _ in home.broker.published)

    before = introductions()
    for _ in range(1000):
        home.hear(BIRTH, "online")
    assert introductions() == before + 1
    home.run(30)
    assert introductions() == before + 2


def test_every_announced_topic_is_spoken_or_heard(tmp_path: Path) -> None:
    """No entity waits for a topic that nobody uses, and reads only keys that are there."""
    home = start(tmp_path)
    for room_id in ("living", "bedroom"):
        home.read(33.0, room_id)
    home.hear(TOPICS.home_check, "PRESS")
    home.run(60)
    spoken = {topic for topic, _ in home.broker.published} | {TOPICS.status}  # by the client
    for key, topic in options(home, "state_topic") | options(home, "attributes_topic"):
        assert topic in spoken, key
    commands = options(home, "command_topic")
    assert {topic for _, topic in commands} <= home.daemon.parts.commands.topics
    assert len(commands) == 7  # cooling, drink, test alert, snooze, out, holiday, check
    for payload in configs(home).values():
        for key, entity in payload["components"].items():
            templates = [text for name, text in entity.items() if name.endswith("template")]
            read = set(re.findall(r"value_json\.(\w+)", " ".join(templates)))
            said = home.broker.retained.get(entity.get("state_topic", ""), "{}")
            assert not read or read <= set(json.loads(said)), key
    words = configs(home)[ROOM_CONFIG.format("living")]["components"]["heat_level"]["options"]
    assert json.loads(home.broker.retained[TOPICS.room_state("living")])["heat_level"] in words
    assert len(words) == len(HeatLevel)


def test_home_assistant_that_starts_is_told_again(tmp_path: Path) -> None:
    """At its word "online" everything comes again, states after it; other words mean nothing."""
    home = start(tmp_path)
    home.run(10)
    for payload, is_retained in (("offline", False), ("online", True)):
        home.broker.published.clear()
        home.hear(BIRTH, payload, is_retained=is_retained)
        assert not [topic for topic, _ in home.broker.published if topic.endswith("/config")]
    home.broker.published.clear()
    home.hear(BIRTH, "online")
    home.run(10)
    again = [topic for topic, _ in home.broker.published]
    assert set(configs(home)) <= set(again)
    assert again.index(TOPICS.room_state("living")) > again.index(ROOM_CONFIG.format("living"))


def test_reconnecting_tells_it_again(tmp_path: Path) -> None:
    """A broker may have forgotten what it retained."""
    home = start(tmp_path)
    home.broker.retained.clear()
    home.post(LinkChanged("mqtt", is_up=False))
    assert not configs(home)
    home.post(LinkChanged("mqtt", is_up=True))
    assert len(configs(home)) == 4


def test_what_the_settings_lost_is_cleared_once(tmp_path: Path) -> None:
    """A room, a person and a device that went are taken back at the next start, and forgotten."""
    people = (a_person(), a_person(person_id="ben", name="Ben"))
    home = start(tmp_path, people=people)
    home.run(10)
    bedroom = ROOM_CONFIG.format("bedroom")
    ben = "homeassistant/device/keepcool_home_person_ben/config"
    assert {bedroom, ben} <= set(configs(home))
    home.kill()
    home = start(tmp_path, rooms=(replace(LIVING, devices=()),))
    gone = {TOPICS.room_state("bedroom"), TOPICS.person_state("ben"), TOPICS.device_state("ac")}
    gone.add(TOPICS.room_forecast("bedroom"))
    assert emptied(home) == {bedroom, ben, *gone}
    entities = configs(home)[ROOM_CONFIG.format("living")]["components"]
    assert entities["automatic_cooling"] == {"platform": "switch"}
    home.kill()
    home = start(tmp_path, rooms=(replace(LIVING, devices=()),))
    assert not emptied(home)
    assert "automatic_cooling" not in configs(home)[ROOM_CONFIG.format("living")]["components"]


def test_crash_before_clearing_forgets_nothing(tmp_path: Path) -> None:
    """Without a broker nothing counts as taken back."""
    home = start(tmp_path)
    home.kill()
    lonely = LoopHome(tmp_path, rooms=(LIVING,))  # never reaches its broker
    lonely.run(60)
    lonely.kill()
    home = start(tmp_path, rooms=(LIVING,))
    assert home.broker.retained[ROOM_CONFIG.format("bedroom")] == ""


@pytest.mark.parametrize("more", [{"prefix": None}, {"prefix": "ha"}, {"home_id": "villa"}])
def test_other_prefix_home_or_none_takes_the_old_back(tmp_path: Path, more: dict[str, Any]) -> None:
    """Nothing stays behind under a name that is no longer used."""
    home = start(tmp_path)
    old = set(configs(home))
    home.kill()
    home = start(tmp_path, **more)
    assert {topic for topic, text in home.broker.retained.items() if text == ""} >= old
    assert len(configs(home)) == (0 if more == {"prefix": None} else 4)


def test_thousand_rooms_are_announced(tmp_path: Path) -> None:
    """A care home has as many devices, each announced once."""
    rooms = tuple(Room(f"room-{number}", f"Room {number}") for number in range(1000))
    home = start(tmp_path, rooms=rooms)
    assert len(configs(home)) == 1002
    longest = max(len(json.dumps(payload)) for payload in configs(home).values())
    assert longest < 10_000


# ----------------------------------------------------------------- with a real broker


BEDROOM = """
[[room]]
id = "bedroom"
name = "Bedroom"
[[room.sensor]]
topic = "zigbee2mqtt/bedroom"
"""
HOME_DEVICE = "homeassistant/device/keepcool_test-home/config"
BEDROOM_DEVICE = "homeassistant/device/keepcool_test-home_room_bedroom/config"


def retained(broker: Mosquitto, topic: str) -> str | None:
    """Return what a newcomer gets of a topic at once, or `None`."""
    with TestClient(broker.port) as client:
        client.subscribe(topic)
        client.subscribe("end/of/retained")  # whatever was retained came before its answer
        return client.last(topic)


def test_discovery_on_a_real_broker(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Announced retained, told again when Home Assistant starts, taken back over a restart."""
    with DaemonProcess(tmp_path, mosquitto.port, config=CONFIG + BEDROOM) as daemon:
        wait_until(lambda: retained(mosquitto, BEDROOM_DEVICE), what="the bedroom's discovery")
        with TestClient(mosquitto.port) as mqtt:
            mqtt.publish("zigbee2mqtt/bedroom", json.dumps({"temperature": 22.0, "humidity": 50}))
            mqtt.subscribe("homeassistant/#")
            mqtt.subscribe("keepcool/#")
            wait_until(lambda: mqtt.last(BEDROOM_DEVICE), what="what is retained")
            mqtt.messages.clear()
            mqtt.publish(BIRTH, "online")
            wait_until(lambda: mqtt.last(BEDROOM_DEVICE), what="the discovery again")
            mqtt.publish("keepcool/test-home/home/check", "PRESS")
            result = wait_until(
                lambda: mqtt.last("keepcool/test-home/home/check_result"),
                timeout_s=60,
                what="the check",
            )
            assert result
            rows = {row["name"]: row for row in json.loads(result)["rows"]}
            assert rows[f"broker 127.0.0.1:{mosquitto.port}"]["status"] == "ok"
            assert mqtt.last("keepcool/test-home/status") in (None, "online")
        assert daemon.stop() == 0
        downs = [event for event in daemon.events("link.changed") if event["link"] == "mqtt"]
        assert [event["is_up"] for event in downs] == [True]  # the check's connection was its own
    bare = DaemonProcess(tmp_path, mosquitto.port)
    with bare:
        wait_until(lambda: retained(mosquitto, BEDROOM_DEVICE) is None, what="the clearing")
        assert retained(mosquitto, HOME_DEVICE)
        assert bare.stop() == 0
    assert retained(mosquitto, "keepcool/test-home/room/bedroom/state") is None
