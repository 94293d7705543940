"""kill -9 at any moment: nothing that was decided is lost, and little comes twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from tests.broker import Mosquitto
from tests.daemon_process import TOKEN
from tests.faults.kill_loop import ForkedDaemon, KillLoop
from tests.faults.loop_disk import LoopDisk, why_not
from tests.faults.strace import why_no_strace
from tests.mqtt_client import TestClient

CUTS = int(os.environ.get("KEEPCOOL_TEST_CUTS", "3"))  # CI asks for 20
KILLS = int(os.environ.get("KEEPCOOL_TEST_KILLS", "12"))  # CI asks for 200
CALLS = ("fdatasync", "pwrite64") if KILLS >= 200 else ("fdatasync",)  # the second takes minutes


@pytest.mark.timeout(KILLS * 10 + 60)
def test_fault_50_kill_between_decision_and_delivery(
    memory_folder: Path, mosquitto: Mosquitto
) -> None:
    """Killed at random moments, keepcool loses no decided alert and repeats one at most once."""
    with (
        FakeHomeAssistant(token=TOKEN) as house,
        ForkedDaemon(memory_folder, mosquitto.port, house.url) as daemon,
        TestClient(mosquitto.port) as mqtt,
    ):
        toll = KillLoop(daemon, house, mqtt, seed=7).run(KILLS)
        daemon.kill()
        assert "Traceback" not in daemon.log(), daemon.log()[-3000:]
    print(toll.row())  # noqa: T201 - the figures, with -s
    assert toll.decided >= toll.kills * 0.9
    assert toll.lost == []
    assert max(toll.duplicates) <= 1
    assert toll.mean_duplicates <= 0.5


@pytest.mark.timeout(KILLS * 10 + 60)
def test_fault_50_without_a_crash_nothing_comes_twice(
    memory_folder: Path, mosquitto: Mosquitto
) -> None:
    """As many alerts without any kill: each arrives exactly once."""
    with (
        FakeHomeAssistant(token=TOKEN) as house,
        ForkedDaemon(memory_folder, mosquitto.port, house.url) as daemon,
        TestClient(mosquitto.port) as mqtt,
    ):
        toll = KillLoop(daemon, house, mqtt, seed=7).run_unhurt(KILLS)
    print(toll.row())  # noqa: T201 - the figures, with -s
    assert (toll.decided, toll.lost, set(toll.duplicates)) == (KILLS, [], {0})


@pytest.mark.timeout(300)
@pytest.mark.parametrize("call", CALLS)
def test_fault_51_killed_at_every_sync_of_a_decision(
    memory_folder: Path, mosquitto: Mosquitto, call: str
) -> None:
    """Killed at each sync of an alert, its answer and its end: nothing is lost."""
    reason = why_no_strace()
    if reason is not None:
        pytest.skip(reason)
    with (
        FakeHomeAssistant(token=TOKEN) as house,
        ForkedDaemon(memory_folder, mosquitto.port, house.url) as daemon,
        TestClient(mosquitto.port) as mqtt,
    ):
        toll = KillLoop(daemon, house, mqtt, seed=7).sweep(call)
        assert "Traceback" not in daemon.log(), daemon.log()[-3000:]
    print(f"each {call}: {toll.row()}")  # noqa: T201 - the figures, with -s
    assert toll.kills >= 4  # decision, mark, answer, end
    assert toll.lost == []
    assert max(toll.duplicates) <= 1
    assert toll.mean_duplicates <= 0.5


@pytest.mark.timeout(CUTS * 15 + 60)
def test_fault_59_power_cut(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """With the power cut at random moments everything that was sent is known, and all arrives."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with (
        FakeHomeAssistant(token=TOKEN) as house,
        LoopDisk(tmp_path / "disk.img", tmp_path / "state") as disk,
        ForkedDaemon(tmp_path, mosquitto.port, house.url) as daemon,
        TestClient(mosquitto.port) as mqtt,
    ):

        def cut() -> None:
            disk.cut_power()
            daemon.kill()
            disk.unmount()
            disk.mount()

        toll = KillLoop(daemon, house, mqtt, seed=11, end=cut).run(CUTS)
        daemon.kill()
    print(toll.row().replace("kill", "cut"))  # noqa: T201 - the figures, with -s
    assert toll.decided >= toll.kills * 0.9
    assert toll.lost == []
    assert max(toll.duplicates) <= 1
