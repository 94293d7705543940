"""A thousand messages a second, from a real broker into the real daemon."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from tests.broker import Mosquitto
from tests.daemon_process import CONFIG, TOKEN, DaemonProcess
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

SECONDS = float(os.environ.get("KEEPCOOL_TEST_FLOOD_S", "15"))  # 600 for the soak
PER_SECOND = 1_000
BURST = 50
GROWTH_KB = 20 * 1024
LATENCY_S = 10.0
STATUS = "keepcool/test-home/status"
CELLAR = """
[[room]]
id = "cellar"
name = "Cellar"

[[room.sensor]]
id = "cellar"
topic = "zigbee2mqtt/cellar"
"""
FLOODED = (
    ("zigbee2mqtt/cellar", '{{"temperature": {value}, "humidity": 40}}'),
    ("zigbee2mqtt/cellar", '{{"temperature": "junk {value}"}}'),
    ("keepcool/test-home/person/anna/drink", '{{"amount_ml": {value}000}}'),
    ("zigbee2mqtt/living_room/availability", "nonsense {value}"),
    ("homeassistant/status", "online"),
)


class Flood:
    """Publish at a steady pace from a thread of its own; count what went out."""

    def __init__(self, port: int) -> None:
        self.sent = 0
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        begun = time.monotonic()
        while not self._ending.is_set():
            for _ in range(BURST):
                topic, words = FLOODED[self.sent % len(FLOODED)]
                value = 20 + self.sent % 5
                self._client.publish(topic, words.format(value=value))
                self.sent += 1
            self._ending.wait(max(0.0, begun + self.sent / PER_SECOND - time.monotonic()))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ending.set()
        self._thread.join(5.0)
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def flood(port: int) -> Iterator[Flood]:
    """Have it pour while the block runs."""
    pouring = Flood(port)
    pouring.start()
    try:
        yield pouring
    finally:
        pouring.stop()


def resident_kb(pid: int) -> int:
    """Return what a process holds in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def wait_s(seconds: float) -> None:
    """Let the flood run for so long."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end, seconds + 5.0, what="the flood to run")


@dataclass(frozen=True, slots=True)
class Cost:
    """Hold what a flood cost."""

    sent: int
    latency_s: float
    growth_kb: int
    lines: Counter[str]  # of the log, by event


def measure(daemon: DaemonProcess, mqtt: TestClient, house: FakeHomeAssistant, port: int) -> Cost:
    """Flood the daemon, and in the middle of it let a room grow hot."""
    assert daemon.process is not None
    pid, known = daemon.process.pid, len(daemon.log().splitlines())
    with flood(port) as pouring:
        wait_until(lambda: pouring.sent >= 2 * PER_SECOND, 30.0, what="the flood")
        before_kb = resident_kb(pid)
        wait_s(SECONDS / 2)
        said_s = time.monotonic()
        mqtt.publish("zigbee2mqtt/living_room", '{"temperature": 30.2, "humidity": 45}')
        wait_until(
            lambda: any("heat" in push.tag for push in house.pushes), LATENCY_S, what="the alert"
        )
        latency_s = time.monotonic() - said_s
        wait_s(SECONDS / 2)
        growth_kb = resident_kb(pid) - before_kb
        lines = [json.loads(line)["event"] for line in daemon.log().splitlines()[known:]]
        return Cost(pouring.sent, latency_s, growth_kb, Counter(lines))


@pytest.mark.timeout(SECONDS + 120)
def test_fault_19_flood_delays_no_alert_and_fills_no_memory(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """1,000 messages/s: an alert within 10 s, under 20 MB more memory, one log line a minute."""
    with (
        FakeHomeAssistant(token=TOKEN) as house,
        TestClient(mosquitto.port) as mqtt,
        DaemonProcess(
            tmp_path, mosquitto.port, home_assistant_url=house.url, config=CONFIG + CELLAR
        ) as daemon,
    ):
        mqtt.subscribe(STATUS)
        wait_until(lambda: mqtt.last(STATUS) == "online", what="the daemon")
        cost = measure(daemon, mqtt, house, mosquitto.port)
        print(cost)  # noqa: T201 - the figures, with -s
        assert daemon.stop() == 0
    assert cost.sent >= PER_SECOND * SECONDS / 2  # a starved machine is no flood
    assert cost.growth_kb < GROWTH_KB
    assert 1 <= cost.lines["command.refused"] <= 2 + SECONDS / 60
    assert max(cost.lines.values()) <= 4 + SECONDS / 60, cost.lines
