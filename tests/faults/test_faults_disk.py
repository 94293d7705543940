"""A real disk fills up, or turns read-only: alerts go out all the same, nothing is lost (root)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from daemon.rescue import RESERVE_NAME, SPARE_NAME
from tests.broker import Mosquitto
from tests.daemon_process import TOKEN
from tests.faults.kill_loop import HEAT, READING, ROOM_STATE, STATUS, ForkedDaemon
from tests.faults.loop_disk import LoopDisk, why_not
from tests.mqtt_client import TestClient
from tests.waiting import wait_until

HOME_STATE = "keepcool/test-home/home/state"


@dataclass(frozen=True, slots=True)
class Ward:
    """Hold a home whose state directory is a disk of its own."""

    disk: LoopDisk
    daemon: ForkedDaemon
    house: FakeHomeAssistant
    mqtt: TestClient
    runtime: Path

    def start(self) -> None:
        """Start the daemon and wait until it is up."""
        before = self.mqtt.count(STATUS, "online")
        self.daemon.start()
        wait_until(lambda: self.mqtt.count(STATUS, "online") > before, 30.0, what="the daemon")

    def hear(self, temperature_c: float) -> None:
        """Repeat a reading until it is shown."""
        seen = len(self.mqtt.messages)

        def is_shown() -> bool:
            payload = json.dumps({"temperature": temperature_c, "humidity": 40})
            self.mqtt.publish(READING, payload)
            return any(
                topic == ROOM_STATE and json.loads(text)["temperature_c"] == temperature_c
                for topic, text in self.mqtt.messages[seen:]
            )

        wait_until(is_shown, 20.0, what=f"{temperature_c} to be shown")

    def alerts(self) -> Counter[str]:
        """Return how often each heat message arrived, by its tag."""
        pushes = list(self.house.pushes)
        return Counter(p.tag for p in pushes if not p.is_clear and p.tag.startswith(HEAT))

    def expect_alert(self, number: int) -> None:
        """Let the room grow hot (and cool before), and wait for the alert of that number."""
        shown = self.house.on_screen("mobile_app_annas_phone")
        if any(push.tag.startswith(HEAT) for push in shown):
            self.hear(28.0)
            wait_until(
                lambda: len(set(self.clears())) >= number - 1, 20.0, what="the end of the last"
            )
        self.hear(30.2)
        wait_until(lambda: len(self.alerts()) >= number, 20.0, what=f"alert {number}")
        assert len(self.alerts()) == number
        assert max(self.alerts().values()) <= 2  # a kill may repeat one

    def clears(self) -> list[str]:
        """Return the tags that were taken off the phone."""
        return [push.tag for push in list(self.house.pushes) if push.is_clear]


@pytest.fixture
def ward(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Callable[[], Ward]]:
    """Return a function that furnishes the home."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with ExitStack() as stack:

        def furnish() -> Ward:
            house = stack.enter_context(FakeHomeAssistant(token=TOKEN))
            disk = stack.enter_context(LoopDisk(tmp_path / "disk.img", tmp_path / "state"))
            runtime = tmp_path / "run"
            runtime.mkdir()
            daemon = ForkedDaemon(tmp_path, mosquitto.port, house.url, runtime=runtime)
            stack.enter_context(daemon)
            mqtt = stack.enter_context(TestClient(mosquitto.port))
            mqtt.subscribe("keepcool/#")
            return Ward(disk, daemon, house, mqtt, runtime)

        yield furnish


def test_fault_56_full_disk(ward: Callable[[], Ward]) -> None:
    """On a full disk the reserve serves first, then memory; a kill loses nothing of either."""
    home = ward()
    home.start()
    home.hear(28.0)
    assert (home.disk.at / RESERVE_NAME).exists()
    home.disk.fill()
    home.expect_alert(1)
    number = 1
    while not (home.runtime / SPARE_NAME).exists():
        home.disk.fill()
        number += 1
        home.expect_alert(number)
        assert number < 10, "the disk is full, and yet everything fits"
    assert not (home.disk.at / RESERVE_NAME).exists()
    home.daemon.kill()
    home.start()  # on the full disk
    home.expect_alert(number + 1)
    home.daemon.kill()
    home.disk.make_room()
    home.start()
    wait_until(lambda: not (home.runtime / SPARE_NAME).exists(), what="the spare to be folded in")
    assert set(home.alerts()) <= home.daemon.decided()
    home.expect_alert(number + 2)


def test_fault_57_card_turns_read_only(ward: Callable[[], Ward]) -> None:
    """A card that takes nothing any more is said, and alerts go on; a restart knows them."""
    home = ward()
    home.start()
    home.expect_alert(1)
    home.disk.turn_read_only()
    home.expect_alert(2)
    wait_until((home.runtime / SPARE_NAME).exists, what="the spare")
    home.daemon.kill()
    home.start()
    home.expect_alert(3)
    home.daemon.kill()
    home.disk.unmount()
    home.disk.mount()
    home.start()
    wait_until(lambda: not (home.runtime / SPARE_NAME).exists(), what="the spare to be folded in")
    assert set(home.alerts()) <= home.daemon.decided()
    home.expect_alert(4)
