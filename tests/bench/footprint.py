"""Measure what keepcool costs while nothing happens: memory, threads, idle CPU, its start."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from tests.bench.figures import Row, spread
from tests.bench.subjects import HOME_ID, TOKEN, Keepcool, reading, room_ids, wait_for_answer
from tests.bench.wire import Wire
from tests.broker import Mosquitto
from tests.waiting import wait_until

IDLE_S = 45.0
STARTS = 5
ROOMS = 5
AIM_RSS_MIB = 60.0
AIM_READY_CPU_S = 1.5
_VERSION = "5"
_KIB_A_MIB = 1024


@dataclass(frozen=True, slots=True)
class Idle:
    """Hold an idle daemon's figures, of a home with Home Assistant."""

    rss_mib: float
    pss_mib: float
    threads: int
    cpu_s_per_min: float


class IdleWatch:
    """Hold an idle daemon for a while, beside other work: only its own CPU time counts."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        """Prepare; `start` begins."""
        self._folder = folder
        self._broker = broker
        self._result: Idle | BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="idle-watch")

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def result(self) -> Idle:
        """Wait for the end and return the figures. Raises whatever went wrong."""
        self._thread.join()
        if isinstance(self._result, Idle):
            return self._result
        raise RuntimeError("the idle daemon could not be watched") from self._result

    def _run(self) -> None:
        try:
            self._result = _watch(self._folder, self._broker)
        except BaseException as error:  # noqa: BLE001 - raised again by `result`
            self._result = error


def _watch(folder: Path, broker: Mosquitto) -> Idle:
    with (
        FakeHomeAssistant(token=TOKEN) as home_assistant,
        Keepcool(
            folder, broker.port, _VERSION, rooms=ROOMS, home_assistant_url=home_assistant.url
        ) as daemon,
        Wire(broker.port, _VERSION, "bench-idle") as wire,
    ):
        state = f"keepcool/{HOME_ID}/room/%s/state"
        wire.subscribe(state % "+")
        for room_id in room_ids(ROOMS):
            packet = wire.message(f"zigbee2mqtt/{room_id}", reading(22.0))
            wait_for_answer(wire, packet, state % room_id)
        # One push, so that the road to the phone counts too.
        wire.send(wire.message("zigbee2mqtt/r0", reading(31.0)))
        wait_until(lambda: home_assistant.pushes, what="a push")
        time.sleep(2.0)  # what that left to do
        cpu_before_s, started_s = daemon.cpu_s(), time.perf_counter()
        time.sleep(IDLE_S)
        cpu_s, wall_s = daemon.cpu_s() - cpu_before_s, time.perf_counter() - started_s
        memory = _read_sizes(Path(f"/proc/{daemon.pid}/smaps_rollup"))
        threads = len(list(Path(f"/proc/{daemon.pid}/task").iterdir()))
        return Idle(
            memory["Rss"] / _KIB_A_MIB, memory["Pss"] / _KIB_A_MIB, threads, cpu_s / wall_s * 60
        )


def _read_sizes(path: Path) -> dict[str, int]:
    """Return the `Name: number kB` lines of a file under /proc."""
    fields = (line.split() for line in path.read_text().splitlines())
    return {f[0].rstrip(":"): int(f[1]) for f in fields if len(f) == 3 and f[2] == "kB"}


def idle_rows(idle: Idle) -> list[Row]:
    """Return the table's rows of an idle daemon."""
    return [
        Row(
            "  memory idle, RSS, MiB",
            f"{idle.rss_mib:.1f}",
            aim=f"{AIM_RSS_MIB:g}",
            is_met=idle.rss_mib <= AIM_RSS_MIB,
        ),
        Row("  memory idle, PSS, MiB", f"{idle.pss_mib:.1f}"),
        Row("  threads", str(idle.threads)),
        Row("  CPU idle, s/min", f"{idle.cpu_s_per_min:.2f}"),
    ]


def measure_starts(folder: Path, broker: Mosquitto) -> list[Row]:
    """Start it several times with the same state; the first writes its database."""
    cpu_s: list[float] = []
    wall_s: list[float] = []
    with FakeHomeAssistant(token=TOKEN) as home_assistant:
        for _ in range(STARTS):
            with Keepcool(
                folder, broker.port, _VERSION, rooms=ROOMS, home_assistant_url=home_assistant.url
            ) as daemon:
                cpu_s.append(daemon.ready_cpu_s)
                wall_s.append(daemon.ready_wall_s)
                daemon.stop()
    cpu = spread(cpu_s)
    return [
        Row(
            "  cold start until READY, CPU s",
            cpu.render(),
            aim=f"{AIM_READY_CPU_S:g}",
            is_met=cpu.median <= AIM_READY_CPU_S,
        ),
        Row("  cold start until READY, wall s", spread(wall_s).render()),
    ]
