"""A card that takes long over a write, or hangs: alerts go out, the loop goes on (strace)."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from daemon.demo.fake_home_assistant import FakeHomeAssistant, Push
from daemon.rescue import SPARE_NAME
from daemon.store import DATABASE_NAME, open_read_only
from tests.broker import Mosquitto
from tests.daemon_process import TOKEN, DaemonProcess
from tests.faults.slow_card import HangingCard, SlowCard, why_no_strace
from tests.held_writer import HeldWriter
from tests.loop_home import LoopHome
from tests.mqtt_client import TestClient
from tests.service_manager import ServiceManager
from tests.waiting import wait_until

READING = "zigbee2mqtt/living_room"
ROOM_STATE = "keepcool/test-home/room/living_room/state"
STATUS = "keepcool/test-home/status"
DELAY_S = 30.0  # a sync; far longer than anything below may take
STOP_WITHIN_S = 10.0
FEW_S = 10.0  # the patience with the disk, and what a busy machine adds


@dataclass(frozen=True, slots=True)
class Ward:
    """Hold a running home with a quick tick and a place in memory for the spare."""

    daemon: DaemonProcess
    house: FakeHomeAssistant
    mqtt: TestClient
    manager: ServiceManager
    runtime: Path

    @property
    def pid(self) -> int:
        """Return the daemon's process."""
        assert self.daemon.process is not None
        return self.daemon.process.pid

    def wait_for_start(self, starts: int = 1) -> None:
        """Wait until the daemon is up and hears everybody."""
        wait_until(lambda: self.mqtt.count(STATUS, "online") >= starts, 30.0, what="the daemon")
        wait_until(lambda: self.house.connected, 20.0, what="the event stream")

    def hear(self, temperature_c: float) -> None:
        """Have the sensor speak, and wait until the room shows it."""
        self.mqtt.publish(READING, json.dumps({"temperature": temperature_c, "humidity": 40}))
        shown = f'"temperature_c":{temperature_c}'
        wait_until(lambda: shown in (self.mqtt.last(ROOM_STATE) or ""), FEW_S, what=shown)

    def alerts(self) -> list[Push]:
        """Return the heat messages that arrived."""
        pushes = list(self.house.pushes)
        return [
            push for push in pushes if not push.is_clear and push.tag.startswith("keepcool-heat-")
        ]

    def storage(self) -> dict[str, object]:
        """Return what the daemon says of its disk; empty when it says nothing."""
        path = self.runtime / "test-home.status.json"
        links = json.loads(path.read_text())["links"] if path.exists() else []
        return next((link for link in links if link["link"] == "storage"), {})

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what the database holds."""
        with closing(open_read_only(self.daemon.state / DATABASE_NAME)) as connection:
            return [tuple(row) for row in connection.execute(query)]

    def expect_to_be_known(self) -> None:
        """Start the daemon once more: it knows its alert and opens no other."""
        (tag,) = {push.tag for push in self.alerts()}
        assert (self.runtime / SPARE_NAME).exists()
        self.daemon.start()
        self.wait_for_start(2)
        assert not (self.runtime / SPARE_NAME).exists()
        self.hear(36.2)
        query = "SELECT DISTINCT state FROM outbox WHERE tag LIKE 'keepcool-heat-%'"
        wait_until(lambda: self.rows(query) == [("sent",)], FEW_S, what="the record")
        assert self.rows("SELECT phase FROM alert WHERE policy='heat'") == [("firing",)]
        assert {push.tag for push in self.alerts()} == {tag}


@pytest.fixture
def furnish(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Callable[..., Ward]]:
    """Return a function that furnishes a home whose daemon runs on a quick card."""
    runtime = tmp_path / "run"
    runtime.mkdir()
    with ExitStack() as stack:

        def start(environment: Mapping[str, str] | None = None) -> Ward:
            manager = stack.enter_context(ServiceManager(tmp_path))
            house = stack.enter_context(FakeHomeAssistant(token=TOKEN))
            mqtt = stack.enter_context(TestClient(mosquitto.port))
            mqtt.subscribe("keepcool/#")
            own = {**manager.environment, "RUNTIME_DIRECTORY": str(runtime)}
            daemon = DaemonProcess(
                tmp_path,
                mosquitto.port,
                home_assistant_url=house.url,
                environment={**own, **(environment or {})},
                program=(sys.executable, "-m", "tests.unwell_daemon", "none"),
            )
            stack.enter_context(daemon)
            home = Ward(daemon, house, mqtt, manager, runtime)
            home.wait_for_start()
            home.hear(24.0)
            # They are synced by a thread of their own, which is not what these tests are about.
            wait_until(lambda: daemon.events("settings.kept"), FEW_S, what="the kept settings")
            return home

        yield start


@pytest.fixture
def ward(furnish: Callable[..., Ward], tmp_path: Path) -> Ward:
    """Return a home whose card may hang."""
    environment = HangingCard(tmp_path).build()
    if environment is None:
        pytest.skip("needs a C compiler")
    return furnish(environment)


def test_fault_57_slow_card_delays_no_alert(furnish: Callable[..., Ward], tmp_path: Path) -> None:
    """While each sync takes 30 s a hot room is told at once, trouble is said, the loop goes on."""
    reason = why_no_strace()
    if reason is not None:
        pytest.skip(reason)
    home = furnish()
    with SlowCard(home.pid, DELAY_S, tmp_path / "strace.log") as card:
        since = time.monotonic()
        home.hear(36.0)
        wait_until(home.alerts, FEW_S, what="the alert")
        assert card.syncs()  # begun, and none can have ended yet
        for temperature_c in (36.1, 36.2, 36.3):
            home.hear(temperature_c)
        wait_until(lambda: home.storage().get("is_up") is False, FEW_S, what="the trouble")
        fed = home.manager.count("WATCHDOG=1")
        wait_until(lambda: home.manager.count("WATCHDOG=1") >= fed + 10, FEW_S, what="ten ticks")
        assert time.monotonic() - since < DELAY_S, "the machine is too busy to tell anything"
    query = "SELECT state FROM outbox WHERE tag LIKE 'keepcool-heat-%'"
    wait_until(lambda: home.rows(query) == [("sent",)], FEW_S, what="what was slow to be written")
    assert home.daemon.stop() == 0
    assert len(home.alerts()) == 1


def test_fault_57_hanging_card_holds_up_no_stop(ward: Ward, tmp_path: Path) -> None:
    """A card that never answers starves no watchdog and no stop; the next start knows it all."""
    with HangingCard(tmp_path):
        ward.hear(36.0)
        wait_until(ward.alerts, FEW_S, what="the alert")
        ward.hear(36.1)
        fed = ward.manager.count("WATCHDOG=1")
        wait_until(lambda: ward.manager.count("WATCHDOG=1") >= fed + 10, FEW_S, what="ten ticks")
        assert ward.rows("SELECT 1 FROM alert") == []
        since = time.monotonic()
        assert ward.daemon.stop() == 0
        assert time.monotonic() - since <= STOP_WITHIN_S
        assert ward.daemon.events("store.left_behind")
    ward.expect_to_be_known()
    assert len(ward.alerts()) == 1


def test_fault_57_killed_while_the_card_hangs_loses_nothing(ward: Ward, tmp_path: Path) -> None:
    """After kill -9 during a write without end the alert is known, and repeated at most once."""
    with HangingCard(tmp_path):
        ward.hear(36.0)
        wait_until(ward.alerts, FEW_S, what="the alert")
        ward.daemon.kill()
    ward.expect_to_be_known()
    assert len(ward.alerts()) <= 2


def test_fault_57_start_on_a_hanging_card(ward: Ward, tmp_path: Path) -> None:
    """A start does not wait for ever for its card: with what memory kept, warnings go on."""
    with HangingCard(tmp_path):
        ward.hear(36.0)
        wait_until(ward.alerts, FEW_S, what="the alert")
        ward.daemon.kill()
        ward.daemon.start()
        ward.wait_for_start(2)
        ward.hear(36.2)
        assert ward.storage()["detail"] == "the disk takes nothing: no answer within 2 s"
        ward.house.press(ward.alerts()[0], 0)
        wait_until(lambda: ward.daemon.events("button.pressed"), FEW_S, what="the answer")
        ward.hear(36.3)
        ward.daemon.kill()
    ward.daemon.start()
    ward.wait_for_start(3)
    assert not (ward.runtime / SPARE_NAME).exists()
    assert ward.rows("SELECT phase FROM alert WHERE policy='heat'") == [("acknowledged",)]
    assert len({push.tag for push in ward.alerts()}) == 1


def test_fault_57_slow_card_is_said_after_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person hears of the slow card as of a failing one, and that it is well again."""
    writer = HeldWriter()
    home = LoopHome(tmp_path, writer=writer)
    monkeypatch.setattr("daemon.journal.PATIENCE_S", 0.0)
    writer.is_held = True
    home.read(30.0)
    assert len(home.phone.about("heat")) == 1
    home.run(120)
    (trouble,) = home.phone.about("trouble")
    assert trouble.title == "Check keepcool's memory card"
    writer.is_held = False
    writer.let_go()
    home.turn()
    monkeypatch.setattr("daemon.journal.PATIENCE_S", 2.0)
    home.run(150)
    assert not [tag for tag in home.phone.shown() if tag.startswith("keepcool-trouble")]
    assert home.rows("SELECT count(*) FROM outbox WHERE tag LIKE 'keepcool-heat-%'") == [(1,)]
