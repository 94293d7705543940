"""A real broker that is frozen, taken over, restarted for ever, or lets keepcool in half."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from integrations.messages import LinkChanged
from integrations.mqtt import Subscription
from integrations.mqtt_access import HOLD_OFF_S, TAKEOVERS, WINDOW_S, Access
from tests.broker import Mosquitto
from tests.ear import Ear, options
from tests.mqtt_client import TestClient
from tests.proxy import Mode, Proxy
from tests.waiting import wait_until

VERSIONS = ["5", "3.1.1"]
KEEPALIVE_S = 2
CHECKS_S = 2.0  # paho looks about once a second, at either end
LOADED_S = 6.0  # what a busy machine may add
TOPIC = "home/bedroom"


def down(ear: Ear) -> LinkChanged | None:
    """Return the newest word about the link when it says that it is down."""
    return ear.links[-1] if ear.links and not ear.links[-1].is_up else None


def assert_hears(ear: Ear, broker: Mosquitto, payload: str) -> None:
    """Assert that a message reaches the ear, said again and again until it does."""
    with TestClient(broker.port) as sensor:

        def is_heard() -> bool:
            sensor.publish(TOPIC, payload)
            return any(message.payload == payload.encode() for message in ear.messages)

        wait_until(is_heard, 35.0, what=f"{payload} to be heard")


# ----------------------------------------------------------------- restarts and silence


@pytest.mark.parametrize("version", VERSIONS)
def test_fault_14_restart_loop_is_no_takeover(mosquitto: Mosquitto, version: str) -> None:
    """A broker that dies again and again is an outage each time, and heard again afterwards."""
    with Ear(options(mosquitto.port, version=version), Subscription(TOPIC)) as ear:
        for _ in range(TAKEOVERS + 1):
            ear.wait_for_link(is_up=True)
            mosquitto.kill()
            ear.wait_for_link(is_up=False)
            mosquitto.start()
        assert_hears(ear, mosquitto, "21")
        assert not any(link.is_refused for link in ear.links)


def test_fault_16_frozen_broker_is_seen_and_heard_again(mosquitto: Mosquitto) -> None:
    """SIGSTOP is noticed within twice the keepalive; after SIGCONT readings are heard again."""
    settings = options(mosquitto.port, keepalive_s=KEEPALIVE_S)
    with Ear(settings, Subscription(TOPIC)) as ear:
        ear.wait_for_link(is_up=True)
        mosquitto.freeze()
        since = time.monotonic()
        wait_until(lambda: down(ear), 2 * KEEPALIVE_S + CHECKS_S + LOADED_S, what="the silence")
        assert time.monotonic() - since >= KEEPALIVE_S  # it was silence that gave it away
        mosquitto.thaw()
        assert_hears(ear, mosquitto, "22")


def test_fault_16_half_open_connection_is_seen(mosquitto: Mosquitto) -> None:
    """A connection that only swallows is given up by keepalive, and so is one that never opens."""
    with Proxy(mosquitto.port) as proxy:
        settings = options(proxy.port, keepalive_s=KEEPALIVE_S)
        with Ear(settings, Subscription(TOPIC)) as ear:
            ear.wait_for_link(is_up=True)
            proxy.mode = Mode.SILENT
            wait_until(lambda: down(ear), 2 * KEEPALIVE_S + CHECKS_S + LOADED_S, what="the silence")
            proxy.mode = Mode.RESET
            assert ear.client.is_thread_alive()
            proxy.mode = Mode.PASS
            assert_hears(ear, mosquitto, "23")


# ----------------------------------------------------------------- rights


def closed_broker(start: Callable[..., Mosquitto], folder: Path, **allowed: list[str]) -> Mosquitto:
    """Start a broker whose security plugin grants only some topics; skip where there is none."""
    found = sorted(Path("/usr/lib").rglob("mosquitto_dynamic_security.so"))
    if not found:
        pytest.skip("mosquitto's dynamic security plugin is not installed here")
    acls = [
        {"acltype": kind, "topic": topic, "priority": 0, "allow": True}
        for kind, topics in allowed.items()
        for topic in topics
    ]
    rules: dict[str, Any] = {
        "defaultACLAccess": {
            "publishClientSend": "publishClientSend" not in allowed,
            "publishClientReceive": True,
            "subscribe": False,
            "unsubscribe": True,
        },
        "clients": [],
        "groups": [{"groupname": "all", "clients": [], "roles": [{"rolename": "some"}]}],
        "roles": [{"rolename": "some", "acls": acls}],
        "anonymousGroup": "all",
    }
    file = folder / "dynamic-security.json"
    file.write_text(json.dumps(rules))
    return start(f"plugin {found[0]}\nplugin_opt_config_file {file}")


@pytest.mark.parametrize("version", VERSIONS)
def test_fault_15_refused_subscription_is_said(
    start_mosquitto: Callable[..., Mosquitto], tmp_path: Path, version: str
) -> None:
    """What the broker does not let keepcool read is named; the rest is heard."""
    broker = closed_broker(start_mosquitto, tmp_path, subscribePattern=["home/#", "keepcool/#"])
    wanted = [Subscription("zigbee2mqtt/kitchen"), Subscription(TOPIC)]
    with Ear(options(broker.port, version=version), *wanted) as ear:
        wait_until(lambda: ear.links and ear.links[-1].is_refused, what="the refusal")
        link = ear.links[-1]
        assert link.is_up
        assert link.detail == "no right to read zigbee2mqtt/kitchen: see the broker's ACL"
        assert_hears(ear, broker, "24")


@pytest.mark.parametrize("version", VERSIONS)
def test_fault_15_dead_broker_is_said_after_a_refusal(
    start_mosquitto: Callable[..., Mosquitto], tmp_path: Path, version: str
) -> None:
    """A missing right does not hide that the broker died, and is said again once it is back."""
    broker = closed_broker(start_mosquitto, tmp_path, subscribePattern=["keepcool/#"])
    with Ear(options(broker.port, version=version), Subscription(TOPIC)) as ear:
        wait_until(lambda: ear.links and ear.links[-1].is_refused, what="the refusal")
        broker.stop()
        wait_until(lambda: "no broker answers" in ear.links[-1].detail, what="the broker's death")
        assert not ear.links[-1].is_up
        assert not ear.links[-1].is_refused
        broker.start()
        wait_until(lambda: "no right to read" in ear.links[-1].detail, 35.0, what="the refusal")
        assert ear.links[-1].is_up


def test_fault_15_missing_rights_end_with_the_connection() -> None:
    """What the broker forbade is forgotten when the connection ends, whatever was forbidden."""
    access = Access("keepcool-home")
    access.note_connected(0.0)
    access.note_subscribed([TOPIC], [True])
    access.note_said("keepcool/home/status", is_refused=True)
    assert "no right to read" in access.trouble
    assert "no right to write" in access.trouble
    assert access.note_lost(1.0, is_taken_over=False) == 0.0
    assert access.trouble == ""


def test_fault_15_refused_publishing_is_said(
    start_mosquitto: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    """Where keepcool may not write its status it says so; MQTT 3.1.1 does not tell it."""
    rights = {"subscribePattern": ["#"], "publishClientSend": ["home/#"]}
    broker = closed_broker(start_mosquitto, tmp_path, **rights)
    with Ear(options(broker.port), Subscription(TOPIC)) as ear:
        wait_until(lambda: ear.links and ear.links[-1].is_refused, what="the refusal")
        assert ear.links[-1].detail.startswith("no right to write keepcool/home/status")
        assert_hears(ear, broker, "25")


# ----------------------------------------------------------------- another one with our name


@contextmanager
def stranger(port: int, client_id: str, version: str) -> Iterator[Client]:
    """Be somebody else with keepcool's name, who comes back a second after each fall."""
    protocol = MQTTv5 if version == "5" else MQTTv311
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol)
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_fault_17_stranger_with_our_name_is_said_and_left_alone(
    mosquitto: Mosquitto, version: str
) -> None:
    """Thrown out three times in a minute keepcool says why and stays away for a minute."""
    settings = options(mosquitto.port, version=version)
    with (
        Ear(settings, Subscription(TOPIC)) as ear,
        stranger(mosquitto.port, settings.client_id, version) as other,
    ):
        wait_until(lambda: ear.links and ear.links[-1].is_refused, 30.0, what="the takeover said")
        link = ear.links[-1]
        assert not link.is_up
        assert f"another program use the name {settings.client_id}?" in link.detail
        losses = [each for each in ear.links if not each.is_up]
        assert len(losses) == TAKEOVERS
        wait_until(other.is_connected, what="the stranger back in")
        fought_s = time.monotonic() + 3.0  # with two that retry each second it went six times so
        wait_until(lambda: time.monotonic() >= fought_s or len(ear.links) > 2 * TAKEOVERS)
        assert ear.links[-1] is link
        assert ear.client.is_thread_alive()


def test_fault_17_takeovers_count_within_a_minute() -> None:
    """Two in a minute, or three in more, are chance; a connection that lasts ends the trouble."""
    access = Access("keepcool-home")
    assert access.note_lost(0.0, is_taken_over=True) == 0.0
    assert access.note_lost(30.0, is_taken_over=True) == 0.0
    assert access.note_lost(61.0, is_taken_over=True) == 0.0
    assert access.trouble == ""
    assert access.note_lost(89.0, is_taken_over=True) == HOLD_OFF_S
    assert "another program" in access.trouble
    access.note_connected(150.0)
    assert access.note_lost(151.0, is_taken_over=True) == HOLD_OFF_S  # still there
    access.note_connected(211.0)
    access.note_time(211.0 + WINDOW_S)
    assert access.trouble != ""
    access.note_time(211.1 + WINDOW_S)
    assert access.trouble == ""
    assert access.note_lost(300.0, is_taken_over=True) == 0.0
    assert access.note_lost(301.0, is_taken_over=True) == 0.0
    access.note_no_connection()  # nobody there: the broker itself was away
    assert access.note_lost(302.0, is_taken_over=True) == 0.0


def test_fault_17_takeovers_do_not_hide_a_dead_broker() -> None:
    """Where no broker answers any more, nobody is blamed for taking our name."""
    access = Access("keepcool-home")
    for moment_s in range(TAKEOVERS):
        access.note_lost(float(moment_s), is_taken_over=True)
    assert "another program" in access.trouble
    access.note_no_connection()
    assert access.trouble == ""
