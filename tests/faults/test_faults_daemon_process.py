"""Rows of the fault table that need the daemon as a process and a real broker."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.demo.fake_home_assistant import FakeHomeAssistant, Push
from tests.broker import Mosquitto
from tests.canary import CANARY, has_secret
from tests.daemon_process import AIR_CONDITIONER, CONFIG, TOKEN, DaemonProcess
from tests.mqtt_client import TestClient
from tests.road_server import RoadServer
from tests.shipped_broker import PASSWORD, start_shipped_broker
from tests.waiting import wait_until

READING = "zigbee2mqtt/living_room"
ROOM_STATE = "keepcool/test-home/room/living_room/state"
STATUS = "keepcool/test-home/status"
CLIMATE = {"hvac_modes": ["off", "cool"], "min_temp": 16, "max_temp": 30, "temperature": 26}
LISTENING = "0A"  # source: proc(5), the state column of /proc/net/tcp


@pytest.fixture
def home_assistant() -> Iterator[FakeHomeAssistant]:
    """Return a house with an air conditioner that is off."""
    with FakeHomeAssistant(token=TOKEN) as fake:
        fake.set_state("climate.living_room_ac", "off", CLIMATE)
        yield fake


def reading(temperature_c: float) -> str:
    """Return a Zigbee2MQTT message."""
    return json.dumps({"temperature": temperature_c, "humidity": 45})


def heat_pushes(home_assistant: FakeHomeAssistant) -> list[Push]:
    """Return the pushes about heat that reached the phone."""
    return [
        push
        for push in home_assistant.pushes
        if not push.is_clear and (push.tag or "").startswith("keepcool-heat-")
    ]


def room_state(mqtt: TestClient) -> dict[str, object]:
    """Return the room's last published state."""
    state: dict[str, object] = json.loads(mqtt.last(ROOM_STATE) or "{}")
    return state


def test_fault_07_retained_reading_is_not_fresh(
    tmp_path: Path, mosquitto: Mosquitto, home_assistant: FakeHomeAssistant
) -> None:
    """35 °C that the broker had kept raises nothing and cools nothing; said live it does."""
    daemon = DaemonProcess(
        tmp_path, mosquitto.port, home_assistant_url=home_assistant.url, cooling=AIR_CONDITIONER
    )
    with TestClient(mosquitto.port) as mqtt:
        mqtt.subscribe("keepcool/#")
        mqtt.publish(READING, reading(35.0), is_retained=True)
        with daemon:
            wait_until(lambda: room_state(mqtt).get("freshness") == "age_unknown", what="age")
            assert room_state(mqtt)["level"] == 0
            wait_until(lambda: home_assistant.connected, what="the event stream")
            assert not heat_pushes(home_assistant)
            assert home_assistant.state_of("climate.living_room_ac").state == "off"
            mqtt.publish(READING, reading(35.0))
            wait_until(lambda: heat_pushes(home_assistant), what="the alert")
            wait_until(lambda: room_state(mqtt)["level"] == 4, what="the level")
            assert daemon.stop() == 0


def test_fault_14_restarted_broker_duplicates_nothing(
    tmp_path: Path, mosquitto: Mosquitto, home_assistant: FakeHomeAssistant
) -> None:
    """After a restart of the broker readings are heard within 5 s, and no alert comes twice."""
    daemon = DaemonProcess(tmp_path, mosquitto.port, home_assistant_url=home_assistant.url)
    with daemon:
        with TestClient(mosquitto.port) as mqtt:
            mqtt.subscribe(STATUS)
            wait_until(lambda: mqtt.last(STATUS) == "online", what="the daemon")
            mqtt.publish(READING, reading(30.2))
            wait_until(lambda: heat_pushes(home_assistant), what="the alert")
        for temperature_c in (30.3, 30.4, 30.5):
            mosquitto.kill()  # nothing retained survives this
            mosquitto.start()
            with TestClient(mosquitto.port) as mqtt:
                mqtt.subscribe("keepcool/#")
                wait_until(lambda: mqtt.last(STATUS) == "online", timeout_s=5, what="online")
                wait_until(lambda: room_state(mqtt).get("level") == 2, what="the level again")
                mqtt.publish(READING, reading(temperature_c))
                wait_until(
                    lambda: room_state(mqtt).get("temperature_c") == temperature_c,  # noqa: B023
                    what="it to hear",
                )
        assert len(heat_pushes(home_assistant)) == 1
        assert daemon.stop() == 0


def test_fault_15_wrong_password_is_said_and_is_no_crash(tmp_path: Path) -> None:
    """The daemon runs on without the broker, the status says why, the password is nowhere."""
    with Mosquitto(tmp_path, allow_anonymous=False) as broker:
        daemon = DaemonProcess(
            tmp_path,
            broker.port,
            environment={
                "KEEPCOOL_MQTT__USERNAME": "keepcool",
                "KEEPCOOL_MQTT__PASSWORD": CANARY,
            },
        )
        with daemon:
            # A busy machine may give another reason first: a connection that timed out.
            reason = "not authorised as keepcool: check mqtt.username"
            wait_until(lambda: reason in daemon.log(), what="the reason")
            assert daemon.stop() == 0
        assert CANARY not in daemon.log()
        assert CANARY.encode() not in b"".join(
            path.read_bytes() for path in daemon.state.iterdir() if path.is_file()
        )


def test_fault_50_kill_between_decision_and_delivery(
    tmp_path: Path, mosquitto: Mosquitto, home_assistant: FakeHomeAssistant
) -> None:
    """Decided while Home Assistant is down, killed with -9, started again: delivered once."""
    daemon = DaemonProcess(tmp_path, mosquitto.port, home_assistant_url=home_assistant.url)
    home_assistant.is_down = True
    with TestClient(mosquitto.port) as mqtt, daemon:
        mqtt.subscribe("keepcool/#")
        wait_until(lambda: mqtt.last(STATUS) == "online", what="the daemon")
        mqtt.publish(READING, reading(30.2))
        wait_until(lambda: daemon.events("push.failed"), what="a first attempt")
        daemon.kill()
        daemon.start()
        home_assistant.is_down = False
        wait_until(lambda: heat_pushes(home_assistant), timeout_s=30, what="the delivery")
        mqtt.publish(READING, reading(30.3))
        wait_until(lambda: room_state(mqtt).get("level") == 2, what="the level")
        assert daemon.stop() == 0
    assert len(heat_pushes(home_assistant)) == 1


def listening_sockets(pid: int) -> list[str]:
    """Return the local addresses on which a process listens, TCP over both kinds of IP."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        found = re.fullmatch(r"socket:\[(\d+)\]", str(entry.readlink()))
        if found:
            inodes.add(found[1])
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == LISTENING and row[9] in inodes]


def test_fault_78_no_port_is_open(
    tmp_path: Path, mosquitto: Mosquitto, home_assistant: FakeHomeAssistant
) -> None:
    """With every road in use the daemon listens nowhere; the broker shows that the look works."""
    daemon = DaemonProcess(
        tmp_path, mosquitto.port, home_assistant_url=home_assistant.url, cooling=AIR_CONDITIONER
    )
    with TestClient(mosquitto.port) as mqtt, daemon:
        mqtt.subscribe(STATUS)
        wait_until(lambda: mqtt.last(STATUS) == "online", what="the broker's road")
        wait_until(lambda: home_assistant.connected, what="the event stream")
        mqtt.publish(READING, reading(30.2))
        wait_until(lambda: heat_pushes(home_assistant), what="the phone's road")
        assert daemon.process is not None
        assert listening_sockets(daemon.process.pid) == []
        assert len(listening_sockets(mosquitto.pid)) == 1


def test_fault_77_secrets_go_nowhere_but_to_their_servers(
    tmp_path: Path,
    start_mosquitto: Callable[..., Mosquitto],
    home_assistant: FakeHomeAssistant,
) -> None:
    """With every secret in its file and every road in use, none is in `ps`, log, disk or MQTT."""
    broker = start_shipped_broker(start_mosquitto, tmp_path)
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700)
    with RoadServer() as road:
        address = road.json_address.replace("://", f"://anna:{CANARY}@")
        for name, text in {
            "mqtt_password": PASSWORD,
            "home_assistant_token": TOKEN,
            "second_road_anna": address,
            "heartbeat_url": f"http://127.0.0.1:{road.port}/ping/{CANARY}",
        }.items():
            (secrets / name).write_text(text)
            (secrets / name).chmod(0o600)
        config = f'secrets_directory = "{secrets}"\n' + CONFIG.replace(
            'host = "127.0.0.1"', 'host = "127.0.0.1"\nusername = "keepcool"'
        ).replace("[[room]]", "[[person.second_road]]\n\n[heartbeat]\n\n[[room]]", 1)
        daemon = DaemonProcess(
            tmp_path,
            broker.port,
            home_assistant_url=home_assistant.url,
            cooling=AIR_CONDITIONER,
            config=config,
        )
        daemon.environment.pop("KEEPCOOL_HOME_ASSISTANT__TOKEN")
        with (
            TestClient(broker.port, username="homeassistant", password=PASSWORD) as mqtt,
            TestClient(broker.port, username="sensors", password=PASSWORD) as sensor,
            daemon,
        ):
            mqtt.subscribe("#")
            wait_until(lambda: mqtt.last(STATUS) == "online", what="the broker's road")
            sensor.publish(READING, reading(36.0))
            wait_until(lambda: heat_pushes(home_assistant), what="the phone's road")
            asked = daemon.command("test-alert", "anna", "--second-road")
            wait_until(lambda: road.taken, what="the second road")
            wait_until(lambda: road.asked > len(road.taken), what="a heartbeat, which gets a 404")
            assert daemon.process is not None
            process = Path(f"/proc/{daemon.process.pid}")
            seen_by_ps = [(process / name).read_bytes() for name in ("cmdline", "environ")]
            said = [
                done.stdout + done.stderr
                for done in (
                    asked,
                    daemon.command("status"),
                    daemon.command("status", "--json"),
                    daemon.command("check", "--online"),
                )
            ]
            assert daemon.stop() == 0
        assert CANARY in b64decode(road.taken[0].headers["authorization"].split()[1]).decode()
    assert b"daemon.cli" in seen_by_ps[0]
    assert not any(has_secret(text) for text in (*seen_by_ps, *said, daemon.log(), mqtt.messages))
    written = [path for path in daemon.state.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite3" for path in written)
    assert not any(has_secret(path.read_bytes()) for path in written)
