"""The MQTT client against a real mosquitto, and against brokers that do what none should."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from integrations.messages import MessageReceived
from integrations.mqtt import Subscription
from tests.broker import Mosquitto, password_file
from tests.canary import CANARY
from tests.ear import STATUS, Ear, options
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

VERSIONS = ("5", "3.1.1")
PASSWORD = CANARY


# ----------------------------------------------------------------- hearing and speaking


@pytest.mark.parametrize("version", VERSIONS)
def test_reading_is_heard_with_its_retained_flag(mosquitto: Mosquitto, version: str) -> None:
    """A message kept by the broker is marked, one that comes now is not."""
    with TestClient(mosquitto.port) as sensor:
        sensor.publish("home/bedroom", "old", is_retained=True)
        with Ear(options(mosquitto.port, version=version), Subscription("home/bedroom")) as ear:
            wait_until(lambda: ear.messages, what="the retained message")
            sensor.publish("home/bedroom", "new", is_retained=True)
            wait_until(lambda: len(ear.messages) == 2, what="the live message")
    assert ear.messages == [
        MessageReceived("home/bedroom", b"old", True, 42.0),  # noqa: FBT003
        MessageReceived("home/bedroom", b"new", False, 42.0),  # noqa: FBT003
    ]


@pytest.mark.parametrize(("version", "heard"), [("5", []), ("3.1.1", [True])])
def test_retained_command_is_not_even_sent_with_mqtt_5(
    mosquitto: Mosquitto, version: str, heard: list[bool]
) -> None:
    """MQTT 5 spares us old commands; with 3.1.1 the flag tells."""
    with TestClient(mosquitto.port) as somebody:
        somebody.publish("command/drink", "200", is_retained=True)
    command = Subscription("command/drink", is_command=True)
    with Ear(options(mosquitto.port, version=version), command) as ear:
        ear.wait_for_link(is_up=True)
        assert ear.client.flush(5.0)
        assert [message.is_retained for message in ear.messages] == heard


@pytest.mark.parametrize("version", VERSIONS)
def test_status_is_online_then_offline(mosquitto: Mosquitto, version: str) -> None:
    """The status topic is retained, and says offline at an orderly stop."""
    with TestClient(mosquitto.port) as watcher:
        watcher.subscribe(STATUS)
        with Ear(options(mosquitto.port, version=version)):
            wait_until(lambda: watcher.last(STATUS) == "online", what="online")
        wait_until(lambda: watcher.last(STATUS) == "offline", what="offline")
    with TestClient(mosquitto.port) as latecomer:
        latecomer.subscribe(STATUS)
        assert wait_until(lambda: latecomer.last(STATUS) == "offline", what="the retained status")


def texts(client: TestClient) -> list[str]:
    """Return what a client heard."""
    return [text for _, text in client.messages]


def _without_repeats(messages: list[tuple[str, str]]) -> list[str]:
    """Return the texts; one whose acknowledgement was lost with the connection comes twice."""
    return [text for text, _ in itertools.groupby(text for _, text in messages)]


@pytest.mark.parametrize("version", VERSIONS)
def test_last_will_says_offline_for_a_connection_that_broke(
    mosquitto: Mosquitto, version: str
) -> None:
    """The broker says offline in our place; the client comes back and says online again."""
    with TestClient(mosquitto.port) as watcher:
        watcher.subscribe(STATUS)
        ear = Ear(options(mosquitto.port, version=version))
        ear.client.start()
        wait_until(lambda: watcher.last(STATUS) == "online", what="online")
        connection = ear.client._client.socket()
        assert connection is not None
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # type: ignore[arg-type]
        wait_until(lambda: "offline" in texts(watcher), what="offline")
        wait_until(lambda: watcher.last(STATUS) == "online", what="online again")
        ear.client.stop()
    assert [link.is_up for link in ear.links][:3] == [True, False, True]


def test_publishing_reaches_the_broker(mosquitto: Mosquitto) -> None:
    """A state is published retained, a reply is not."""
    with Ear(options(mosquitto.port)) as ear:
        ear.wait_for_link(is_up=True)
        ear.client.publish("keepcool/home/room", "state", is_retained=True)
        ear.client.publish("keepcool/home/reply", "answer", qos=1)
        assert ear.client.flush(5.0)
        with TestClient(mosquitto.port) as latecomer:
            latecomer.subscribe("keepcool/#")
            wait_until(lambda: latecomer.last("keepcool/home/room") == "state", what="the state")
            assert latecomer.last("keepcool/home/reply") is None


def test_flush_returns_after_what_was_published_before_it_is_posted(mosquitto: Mosquitto) -> None:
    """The echo of our own message comes behind everything that the broker had."""
    with (
        TestClient(mosquitto.port) as sensor,
        Ear(options(mosquitto.port), Subscription("home/#")) as ear,
    ):
        ear.wait_for_link(is_up=True)
        assert ear.client.flush(5.0)  # the broker knows what we want to hear
        for number in range(500):
            sensor.publish("home/bedroom", str(number))
        assert ear.client.flush(5.0)
        assert len(ear.messages) == 500


def test_flush_gives_up_without_a_broker() -> None:
    """Without a connection, and without a topic of its own, there is no echo."""
    with Ear(options(9)) as ear:
        assert not ear.client.flush(0.05)
    with Ear(options(9, status_topic=None)) as ear:
        assert not ear.client.flush(0.05)


# ----------------------------------------------------------------- a link that fails


def test_absent_broker_is_said_and_waited_for(tmp_path: Path) -> None:
    """A broker that starts later is found without any help."""
    broker = Mosquitto(tmp_path)
    with Ear(options(broker.port), Subscription("home/#")) as ear:
        assert ear.wait_for_link(is_up=False).detail == (
            f"no broker answers at 127.0.0.1:{broker.port}: is mosquitto running?"
        )
        with broker, TestClient(broker.port) as sensor:
            ear.wait_for_link(is_up=True)
            assert ear.client.flush(5.0)
            sensor.publish("home/bedroom", "21")
            wait_until(lambda: ear.messages, what="the reading")
    assert [link.is_up for link in ear.links[:2]] == [False, True]


def test_name_that_no_host_can_have_is_said_and_ends_nothing() -> None:
    """A slip in the host's name is told with the setting, and the thread lives on."""
    with Ear(replace(options(1883), host="broker..home")) as ear:
        detail = ear.wait_for_link(is_up=False).detail
        assert detail == "there is no host broker..home: check mqtt.host and the name server"
        assert ear.client.is_thread_alive()


@pytest.mark.parametrize("version", VERSIONS)
def test_restarted_broker_is_subscribed_again(mosquitto: Mosquitto, version: str) -> None:
    """After a restart of the broker readings are heard as before."""
    with Ear(options(mosquitto.port, version=version), Subscription("home/#")) as ear:
        ear.wait_for_link(is_up=True)
        mosquitto.restart()
        wait_until(lambda: [link.is_up for link in ear.links].count(True) == 2, what="up again")
        assert ear.client.flush(5.0)
        with TestClient(mosquitto.port) as sensor:
            sensor.publish("home/bedroom", "21")
            wait_until(lambda: ear.messages, what="the reading")
    assert ear.links[1].detail.startswith("connection lost")


@pytest.mark.parametrize("version", VERSIONS)
def test_fault_15_wrong_password_names_the_user_and_the_setting(
    start_mosquitto: Callable[..., Mosquitto], tmp_path: Path, version: str
) -> None:
    """The person reads what to check; the password is nowhere."""
    file = password_file(tmp_path, "keepcool", PASSWORD)
    broker = start_mosquitto(f"password_file {file}", allow_anonymous=False)
    wanted = options(broker.port, version=version, username="keepcool")
    with Ear(replace(wanted, password=PASSWORD + "!")) as ear:
        link = ear.wait_for_link(is_up=False)
        assert link.detail == "not authorised as keepcool: check mqtt.username and mqtt_password"
        assert link.is_refused
        asked = broker.log().count("New connection")
        later = time.monotonic() + 2.5  # a broken connection would be tried again twice by then
        wait_until(lambda: time.monotonic() >= later)
        assert broker.log().count("New connection") == asked
        assert ear.client.is_thread_alive()
    with Ear(replace(wanted, password=PASSWORD)) as ear:
        ear.wait_for_link(is_up=True)


# ----------------------------------------------------------------- what no message may do


@pytest.mark.parametrize(("version", "dropped"), [("5", 0), ("3.1.1", 1)])
def test_fault_18_huge_payload_is_dropped_and_the_link_stays(
    mosquitto: Mosquitto, version: str, dropped: int
) -> None:
    """With MQTT 5 the broker keeps 1.5 MB to itself, with 3.1.1 we drop and count it."""
    with (
        TestClient(mosquitto.port) as somebody,
        Ear(options(mosquitto.port, version=version), Subscription("home/#")) as ear,
    ):
        ear.wait_for_link(is_up=True)
        somebody.publish("home/bedroom", b"x" * 1_500_000)
        somebody.publish("home/bedroom", b"x" * 65_536)
        somebody.publish("home/bedroom", "21")
        assert ear.client.flush(5.0)
        assert [len(message.payload) for message in ear.messages] == [65_536, 2]
        assert ear.client.dropped_messages == dropped
        assert [link.is_up for link in ear.links] == [True]


def test_exception_in_the_inbox_does_not_end_the_thread(mosquitto: Mosquitto) -> None:
    """What goes wrong with one message is counted, and the next one is heard."""
    with (
        TestClient(mosquitto.port) as sensor,
        Ear(options(mosquitto.port), Subscription("home/#")) as ear,
    ):
        ear.wait_for_link(is_up=True)
        ear.fails_on = b"poison"
        sensor.publish("home/bedroom", "poison")
        sensor.publish("home/bedroom", "21")
        wait_until(lambda: ear.messages, what="the next reading")
        assert ear.client.dropped_messages == 1
        assert ear.client.is_thread_alive()
    assert not ear.client.is_thread_alive()


class RudeBroker:
    """Answer each connection with given bytes to CONNECT and to SUBSCRIBE."""

    def __init__(self, connack: bytes, after_subscribe: bytes = b"") -> None:
        self._connack = connack
        self._after_subscribe = after_subscribe
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._speak(connection)

    def _speak(self, connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(self._connack)
        while data := connection.recv(4096):
            if data[0] == 0x82:  # SUBSCRIBE, answered with its own number
                connection.sendall(b"\x90\x03" + data[2:4] + b"\x01" + self._after_subscribe)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def publish_packet(topic: bytes, payload: bytes) -> bytes:
    """Return a PUBLISH packet of QoS 0. Source: MQTT 3.1.1, section 3.3."""
    body = len(topic).to_bytes(2, "big") + topic + payload
    return bytes([0x30, len(body)]) + body


def test_topic_that_is_not_utf_8_is_dropped() -> None:
    """A broken topic is counted, and the message behind it is heard."""
    packets = publish_packet(b"home/\xff\xfe", b"1") + publish_packet(b"home/bedroom", b"\xff\x00")
    with (
        RudeBroker(b"\x20\x02\x00\x00", packets) as broker,
        Ear(
            options(broker.port, version="3.1.1", status_topic=None), Subscription("home/#")
        ) as ear,
    ):
        wait_until(lambda: ear.messages, what="the second message")
        assert ear.messages[0].payload == b"\xff\x00"
        assert ear.client.dropped_messages == 1


@pytest.mark.parametrize("connack", [b"\x20\x03\x00\x84\x00", b"\x20\x02\x00\x01"])
def test_broker_that_knows_no_mqtt_5_is_said_with_the_setting(connack: bytes) -> None:
    """A refusal of the version names the line to change."""
    with RudeBroker(connack) as broker, Ear(options(broker.port)) as ear:
        assert wait_until(lambda: 'set mqtt.version = "3.1.1"' in str(ear.links), what="the advice")


@pytest.mark.parametrize("version", VERSIONS)
def test_burst_is_heard_whole_and_answered_in_order(mosquitto: Mosquitto, version: str) -> None:
    """Thousands of messages at once arrive in order, while as many leave in order."""
    count = 2000
    published = [str(number) for number in range(count)]
    with (
        TestClient(mosquitto.port) as other,
        Ear(options(mosquitto.port, version=version), Subscription("in/#")) as ear,
    ):
        other.subscribe("out/#")
        ear.wait_for_link(is_up=True)
        for text in published:
            other._client.publish("in/x", text)
            ear.client.publish("out/x", text)
        wait_until(lambda: len(ear.messages) == count, what="all to arrive")
        wait_until(lambda: len(other.messages) == count, what="all to leave")
    assert [message.payload.decode() for message in ear.messages] == published
    assert [text for _, text in other.messages] == published
