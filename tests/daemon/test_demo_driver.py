"""Hold the driver to what the demo, scenarios and benches rest on: time, death, nothing left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.demo.driver import DriverError, SteppedDaemon
from daemon.demo.household import hot_day_household
from daemon.demo.rooms import BEDROOM, LIVING_ROOM
from daemon.demo.world import World
from tests.broker import Mosquitto
from tests.waiting import wait_until

MINUTE = timedelta(minutes=1)


def is_alive(pid: int) -> bool:
    """Tell whether a process lives; one that has ended and waits for its parent does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def world(mosquitto: Mosquitto, tmp_path: Path) -> Iterator[World]:
    """Return the demo's home around a real broker."""
    with World(hot_day_household(), (mosquitto.host, mosquitto.port), tmp_path) as world:
        yield world


def test_a_reading_of_this_step_is_judged_in_this_step(world: World) -> None:
    """What the sensors publish before a step is in the daemon's status after it."""
    with world.daemon() as daemon:
        world.step(daemon, world.now + MINUTE)
        assert daemon.now == world.now
    said = json.loads(world.indoors.zigbee2mqtt_payload(BEDROOM))["temperature"]
    wait_until(lambda: world.room_state(BEDROOM).get("freshness") == "fresh", what="the state")
    assert world.room_state(BEDROOM)["temperature_c"] == pytest.approx(said, abs=0.2)


def test_what_the_daemon_switches_reaches_the_flat(world: World) -> None:
    """A command of the daemon changes the entity, and through it what the room's device does."""
    hot = hot_day_household()
    with world.daemon() as daemon:
        for _ in range(20):
            world.publish(world.household.rooms[0].topic, '{"temperature": 31, "humidity": 50}')
            daemon.advance(world.now + MINUTE)
            world.now += MINUTE
    action = world.device_actions()[hot.rooms[0].room_id]
    assert action.hvac_mode == "cool"
    assert any(event["event"] == "cooling.decided" for event in daemon.take_log())


def test_a_killed_daemon_goes_on_at_the_same_time_with_what_it_had_written(world: World) -> None:
    """After SIGKILL and a new start the clock goes on and a logged drink still counts."""
    with world.daemon() as daemon:
        world.publish(world.topics.person_drink("anna"), "250")
        world.step(daemon, world.now + MINUTE)
        daemon.kill()
        assert not daemon.is_running
        world.step(None, world.now + MINUTE)  # the world goes on without it
        daemon.start()
        world.step(daemon, world.now + MINUTE)
        wait_until(lambda: world.person_state().get("drinks_today_ml") == 250, what="the drink")
    assert [event["event"] for event in daemon.take_log()].count("daemon.started") == 2


def test_a_silent_sensor_turns_stale_and_nothing_else_does(world: World) -> None:
    """A room whose sensor is dead is not seen after its limit; the other one is."""
    world.dead_sensors.add(BEDROOM)
    with world.daemon() as daemon:
        for _ in range(14):
            world.step(daemon, world.now + 10 * MINUTE)
    wait_until(lambda: world.room_state(BEDROOM)["freshness"] == "stale", what="the state")
    assert world.room_state(LIVING_ROOM)["freshness"] == "fresh"


def test_a_daemon_that_cannot_start_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    """Wrong settings end the start with what the daemon said about them."""
    config = tmp_path / "keepcool.toml"
    config.write_text("[home]\nname = 3\n")
    daemon = SteppedDaemon(config, hot_day_household().start, tmp_path / "daemon.log")
    with pytest.raises(DriverError, match=r"keepcool\.toml"):
        daemon.start()
    assert not daemon.is_running


def test_a_daemon_that_does_not_answer_is_reported(world: World) -> None:
    """A frozen daemon fails the step when its time is over, and is gone after the block."""
    daemon = SteppedDaemon(
        world.config_path, world.now, world.folder / "daemon.log", answer_timeout_s=20.0
    )
    with daemon:
        pid = daemon.pid
        os.kill(pid, signal.SIGSTOP)
        daemon._answer_timeout_s = 0.3
        with pytest.raises(DriverError, match="did not answer"):
            daemon.advance(world.now + MINUTE)
        daemon.kill()
    assert not is_alive(pid)


def test_a_daemon_that_dies_in_a_step_is_reported(world: World) -> None:
    """A daemon killed by somebody else fails the next step at once."""
    with world.daemon() as daemon:
        os.kill(daemon.pid, signal.SIGKILL)
        with pytest.raises(DriverError, match="has ended"):
            daemon.advance(world.now + MINUTE)


def test_an_error_in_the_block_leaves_no_process(world: World) -> None:
    """Ctrl-C inside the block ends the daemon."""
    pids = []

    def interrupted() -> None:
        with world.daemon() as daemon:
            pids.append(daemon.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert pids
    assert not is_alive(pids[0])


def test_the_daemon_ends_by_itself_when_its_driver_is_killed(world: World) -> None:
    """SIGKILL of the driver closes the pipe, and that ends the daemon."""
    script = (
        "import sys, time\n"
        "from datetime import datetime\n"
        "from pathlib import Path\n"
        "from daemon.demo.driver import SteppedDaemon\n"
        "config, start = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])\n"
        "with SteppedDaemon(config, start, config.with_name('daemon.log')) as daemon:\n"
        "    print(daemon.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    arguments = [sys.executable, "-c", script, str(world.config_path), world.now.isoformat()]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        pid = int(driver.stdout.readline())
        assert is_alive(pid)
        driver.kill()
    wait_until(lambda: not is_alive(pid), what="the end of the daemon")
