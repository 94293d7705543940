"""Hold the demo's own broker: it carries messages, and it never outlives the demo."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from daemon.demo.broker import EmbeddedBroker
from daemon.demo.world import HomeNetwork
from tests.waiting import wait_until


def test_a_message_comes_through() -> None:
    """A publisher is acknowledged and a subscriber hears the message, retained ones too."""
    heard: list[tuple[str, bytes]] = []
    is_subscribed = threading.Event()

    def note(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        heard.append((message.topic, bytes(message.payload)))

    with EmbeddedBroker() as broker:
        subscriber = Client(CallbackAPIVersion.VERSION2, "listener", protocol=MQTTv311)
        subscriber.on_message = note
        subscriber.on_subscribe = lambda *_: is_subscribed.set()
        subscriber.connect(broker.host, broker.port)
        subscriber.loop_start()
        subscriber.subscribe("zigbee2mqtt/#", qos=1)
        assert is_subscribed.wait(10)
        publisher = HomeNetwork(broker.host, broker.port, "keepcool/demo")
        publisher.publish(("zigbee2mqtt/bedroom", "{}"))
        wait_until(lambda: heard, what="the message")
        publisher.close()
        subscriber.disconnect()
        subscriber.loop_stop()
    assert heard == [("zigbee2mqtt/bedroom", b"{}")]


def test_it_is_gone_after_the_block() -> None:
    """Nothing listens on its port once it was stopped."""
    with EmbeddedBroker() as broker:
        port = broker.port
    with socket.socket() as probe:
        assert probe.connect_ex((broker.host, port)) != 0


def test_it_ends_when_whoever_started_it_is_killed() -> None:
    """SIGKILL of the demo closes the broker's stdin, and that ends it."""
    script = (
        "import time\n"
        "from daemon.demo.broker import EmbeddedBroker\n"
        "with EmbeddedBroker() as broker:\n"
        "    print(broker.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        os.kill(starter.pid, signal.SIGKILL)

    def is_gone() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    wait_until(is_gone, what="the end of the broker")
