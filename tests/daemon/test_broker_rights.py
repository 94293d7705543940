"""The broker's shipped rules let everybody do their part and nobody speak for keepcool."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt import MQTTException, publish
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from daemon.commands import CommandParser
from daemon.faces import Topics
from tests.broker import Mosquitto
from tests.builders import a_device, a_person, a_room
from tests.daemon_process import CONFIG, DaemonProcess
from tests.mqtt_client import TestClient
from tests.shipped_broker import DROP_IN, PASSWORD, RIGHTS, start_shipped_broker, users
from tests.waiting import wait_until

BURST = 5_000
HOME, PERSON, THING = "test-home", "anna", "bedroom"
TOPICS = Topics("keepcool", HOME)


def all_topics() -> set[str]:
    """Return one topic of every kind that keepcool has, in a home with one of everything."""
    found = set()
    for name in dir(TOPICS):
        part = getattr(TOPICS, name)
        if callable(part) and not name.startswith("_"):
            thing = PERSON if name.startswith("person") else THING
            part = part(*[thing] * len(inspect.signature(part).parameters))
        if isinstance(part, str) and part.startswith(f"{TOPICS.root}/"):
            found.add(part)
    return found


PEOPLE = [a_person(person_id=PERSON)]
ROOMS = [a_room(room_id=THING, devices=(a_device(),))]
COMMANDS = frozenset(CommandParser(TOPICS, PEOPLE, ROOMS).topics)
STATES = frozenset(all_topics() - COMMANDS)
FOR_PEOPLE = {topic for topic in COMMANDS if topic.startswith(f"{TOPICS.root}/command/")}
DEVICES = {"zigbee2mqtt/plug/set", "cmnd/plug/POWER", "shellies/plug/relay/0/command", "plug/rpc"}
READINGS = {"zigbee2mqtt/bedroom", "tele/a/SENSOR", "b/sensor/t/state", "homeassistant/sensor/c"}
DISCOVERY = {"homeassistant/device/keepcool/config"}
EVERYTHING = COMMANDS | STATES | DEVICES | READINGS | DISCOVERY
MAY_PUBLISH = {
    "keepcool": COMMANDS | STATES | DEVICES | DISCOVERY,
    "keepcool-cli": FOR_PEOPLE,
    "homeassistant": COMMANDS | {TOPICS.watchdog(THING)} | DEVICES | DISCOVERY,
    "sensors": DEVICES | READINGS | DISCOVERY,
    "guest": set(),
}
MAY_HEAR = {
    "keepcool": EVERYTHING,
    "keepcool-cli": {TOPICS.status, TOPICS.reply(THING)},
    "homeassistant": EVERYTHING,
    "sensors": DEVICES | READINGS | DISCOVERY,
    "guest": {TOPICS.status, TOPICS.room_state(THING)},
}


@pytest.fixture
def broker(start_mosquitto: Callable[..., Mosquitto], tmp_path: Path) -> Mosquitto:
    """Return a broker that runs by the shipped rules."""
    return start_shipped_broker(start_mosquitto, tmp_path)


def connected(broker: Mosquitto, user: str) -> TestClient:
    """Return a client of one of the users."""
    return TestClient(broker.port, username=user, password=PASSWORD)


def heard(client: TestClient, until: str) -> set[str]:
    """Return the topics that a client heard before its last one."""
    wait_until(lambda: client.last(until), what="the last message")
    return {topic for topic, _ in client.messages} - {until}


def test_everybody_is_tested() -> None:
    """The tables of this file name everybody whom the rules name, and keepcool has commands."""
    assert list(MAY_PUBLISH) == list(MAY_HEAR) == users()
    assert {TOPICS.person_drink(PERSON), TOPICS.room_cooling(THING)} <= COMMANDS
    assert {TOPICS.status, TOPICS.person_state(PERSON), TOPICS.reply(THING)} <= STATES
    assert FOR_PEOPLE


@pytest.mark.parametrize("user", MAY_PUBLISH)
def test_fault_71_only_what_is_allowed_arrives(broker: Mosquitto, user: str) -> None:
    """A state from anybody but keepcool is dropped, and so is a command from a guest or sensor."""
    with connected(broker, "keepcool") as ear, connected(broker, user) as speaker:
        ear.subscribe("#")
        for topic in sorted(EVERYTHING):
            speaker.publish(topic, "1")
        with connected(broker, "sensors") as last:
            last.publish("the/end", "1")
        arrived = heard(ear, "the/end")
    missing, unwanted = MAY_PUBLISH[user] - arrived, arrived - MAY_PUBLISH[user]
    assert not unwanted & (COMMANDS | STATES), f"{RIGHTS.name} lets {user} write {unwanted}"
    assert not missing, f"{RIGHTS.name} keeps {user} from writing {missing}"


@pytest.mark.parametrize("user", MAY_HEAR)
def test_fault_71_only_what_is_allowed_is_heard(broker: Mosquitto, user: str) -> None:
    """A guest hears how the rooms are, nothing about people; sensors nothing of keepcool."""
    end = TOPICS.status
    with connected(broker, user) as ear:
        ear.subscribe("#")
        with connected(broker, "keepcool") as keepcool, connected(broker, "sensors") as sensors:
            for topic in sorted(EVERYTHING - {end}):
                (keepcool if topic in MAY_PUBLISH["keepcool"] else sensors).publish(topic, "1")
            keepcool.publish(end, "1")
            sensors.publish("zigbee2mqtt/end", "1")
        ear_end = "zigbee2mqtt/end" if user == "sensors" else end
        found = heard(ear, ear_end) | ({end} if user != "sensors" else set())
    assert found - {"zigbee2mqtt/end"} == MAY_HEAR[user]


@pytest.mark.parametrize("auth", [None, {"username": "guest", "password": "wrong"}])
def test_fault_71_nobody_is_let_in_without_a_password(
    broker: Mosquitto, auth: dict[str, str] | None
) -> None:
    """Whoever gives no password, or a wrong one, is not let in."""
    with pytest.raises(MQTTException, match=r"[Nn]ot authori[sz]ed"):
        publish.single("a", b"1", hostname=broker.host, port=broker.port, auth=auth)  # type: ignore[arg-type]


@pytest.fixture
def daemon(broker: Mosquitto, tmp_path: Path) -> Iterator[DaemonProcess]:
    """Return a running daemon that knows the broker's password."""
    config = CONFIG.replace('host = "127.0.0.1"', 'host = "127.0.0.1"\nusername = "keepcool"')
    environment = {"KEEPCOOL_MQTT__PASSWORD": PASSWORD}
    with DaemonProcess(tmp_path, broker.port, config=config, environment=environment) as process:
        yield process


def test_daemon_lives_with_the_rules(broker: Mosquitto, daemon: DaemonProcess) -> None:
    """By these rules the daemon hears sensors, says states, takes drinks, and guests cannot."""
    state = TOPICS.person_state(PERSON)
    with connected(broker, "homeassistant") as home_assistant:
        home_assistant.subscribe("keepcool/#")
        wait_until(lambda: home_assistant.last(TOPICS.status) == "online")
        with connected(broker, "sensors") as sensors:
            sensors.publish("zigbee2mqtt/living_room", '{"temperature": 23.5, "humidity": 40}')
        wait_until(lambda: "23.5" in (home_assistant.last(TOPICS.room_state("living_room")) or ""))
        with connected(broker, "guest") as guest:
            guest.publish(TOPICS.person_drink(PERSON), "300")
            guest.publish(TOPICS.status, "offline", is_retained=True)
        home_assistant.publish(TOPICS.person_drink(PERSON), "200")
        wait_until(lambda: '"drinks_today_ml":200' in (home_assistant.last(state) or ""))
        daemon.environment["KEEPCOOL_MQTT__USERNAME"] = "keepcool-cli"
        said = daemon.command("log", "drink", "150")
        assert said.returncode == 0, said.stderr
        wait_until(lambda: '"drinks_today_ml":350' in (home_assistant.last(state) or ""))
        said_of_status = {text for topic, text in home_assistant.messages if topic == TOPICS.status}
        assert said_of_status == {"online"}
    assert daemon.stop() == 0


def sleeper(user: str | None) -> Client:
    """Return a client that the broker keeps messages for while it is away."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="sleeper", clean_session=False)
    if user is not None:
        client.username_pw_set(user, PASSWORD)
    return client


def burst_that_arrives(broker: Mosquitto, user: str | None) -> int:
    """Send a burst to a client that is away, and return how much of it the broker keeps."""
    away = sleeper(user)
    subscribed = threading.Event()
    away.on_connect = lambda client, *_: client.subscribe("burst/#", qos=1)
    away.on_subscribe = lambda *_: subscribed.set()
    away.connect(broker.host, broker.port)
    away.loop_start()
    assert subscribed.wait(5.0)
    away.disconnect()
    away.loop_stop()
    with TestClient(broker.port, username=user, password=PASSWORD) as sensors:
        sensors.publish_many("burst/a", BURST)
        back, came = sleeper(user), []
        back.on_message = lambda _client, _userdata, message: came.append(message.topic)
        back.connect(broker.host, broker.port)
        back.loop_start()
        wait_until(lambda: len(came) > 0)
        sensors.publish("burst/end", "1")
        wait_until(lambda: came[-1] == "burst/end", timeout_s=30.0)
        back.disconnect()
        back.loop_stop()
    return len(came) - 1


def test_burst_is_kept(broker: Mosquitto, mosquitto: Mosquitto) -> None:
    """A burst of 5,000 messages waits whole for a slow client; without the drop-in most is lost."""
    assert burst_that_arrives(broker, "sensors") == BURST
    assert burst_that_arrives(mosquitto, None) < BURST / 2


def test_huge_message_is_refused(broker: Mosquitto) -> None:
    """A message of 1 MiB passes, one above the limit does not, and the others go on."""
    with connected(broker, "keepcool") as ear, connected(broker, "sensors") as sensors:
        ear.subscribe("#")
        sensors.publish("size/fits", b"x" * 1_048_576)
        with connected(broker, "sensors") as careless:
            careless.publish_unheard("size/huge", b"x" * 5_000_000)
            sensors.publish("the/end", "1")
            assert heard(ear, "the/end") == {"size/fits"}


def test_drop_in_is_complete() -> None:
    """The drop-in names the files that the installer puts there, and the limits decided on."""
    lines = DROP_IN.read_text(encoding="utf-8").splitlines()
    said = dict(line.split() for line in lines if line and not line.startswith("#"))
    assert said == {
        "listener": "1883",
        "allow_anonymous": "false",
        "password_file": "/etc/mosquitto/keepcool.passwd",
        "acl_file": "/etc/mosquitto/keepcool.acl",
        "max_queued_messages": "10000",
        "set_tcp_nodelay": "true",
        "max_packet_size": "4194304",
    }
