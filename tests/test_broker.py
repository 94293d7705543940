"""The tests' own broker and waiting behave as the tests believe."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import paho.mqtt.client as paho
import pytest
from paho.mqtt import MQTTException, publish, subscribe
from paho.mqtt.enums import CallbackAPIVersion
from pytest_socket import SocketConnectBlockedError

from tests.broker import Mosquitto
from tests.waiting import wait_until


def retained(broker: Mosquitto, topic: str) -> bytes:
    """Return the payload that the broker keeps for a topic."""
    message = subscribe.simple(  # type: ignore[no-untyped-call]
        topic, hostname=broker.host, port=broker.port, keepalive=5
    )
    assert isinstance(message, paho.MQTTMessage)
    return bytes(message.payload)


def test_broker_delivers(session_mosquitto: Mosquitto) -> None:
    """A message published to the session's broker reaches a subscriber."""
    broker = session_mosquitto
    publish.single(
        "test_broker/t", b"23.4", qos=1, retain=True, hostname=broker.host, port=broker.port
    )
    assert retained(broker, "test_broker/t") == b"23.4"


def test_broker_restarts_with_retained(mosquitto: Mosquitto) -> None:
    """After an orderly restart the broker listens on the same port with its retained messages."""
    port = mosquitto.port
    publish.single("room/t", b"1", qos=1, retain=True, hostname=mosquitto.host, port=port)
    mosquitto.stop()
    assert not mosquitto.is_accepting()
    mosquitto.start()
    assert mosquitto.port == port
    assert retained(mosquitto, "room/t") == b"1"


def test_broker_frozen_keeps_connections(mosquitto: Mosquitto) -> None:
    """A frozen broker keeps its connections and answers nothing until it thaws."""
    connected = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: connected.set()
    mosquitto.freeze()
    client.connect_async(mosquitto.host, mosquitto.port)
    client.loop_start()
    try:
        assert not connected.wait(0.3)
        mosquitto.thaw()
        wait_until(connected.is_set)
    finally:
        client.disconnect()
        client.loop_stop()


def test_broker_takes_configuration(start_mosquitto: Callable[..., Mosquitto]) -> None:
    """A broker that wants a password refuses a client without one."""
    broker = start_mosquitto(allow_anonymous=False)
    with pytest.raises(MQTTException, match=r"[Nn]ot authori[sz]ed"):
        publish.single("room/t", b"1", hostname=broker.host, port=broker.port)


def test_waiting_returns_the_result() -> None:
    """Waiting hands back what the condition found."""
    results = iter([0, 0, 7])
    assert wait_until(lambda: next(results)) == 7


def test_waiting_fails_at_the_deadline() -> None:
    """Waiting for something that never happens fails and names it."""
    with pytest.raises(AssertionError, match=r"the sun did not come true within 0\.02 s"):
        wait_until(lambda: False, 0.02, what="the sun")


def test_network_is_loopback_only() -> None:
    """A test that reaches for the internet is refused before a packet leaves."""
    with (
        socket.socket() as probe,
        pytest.warns(UserWarning, match=r"socket\.connect"),
        pytest.raises(SocketConnectBlockedError),
    ):
        probe.connect(("192.0.2.1", 80))
