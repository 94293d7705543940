"""Measure keepcool and print one table: `make bench`, about four minutes.

Beside it runs a 40-line paho responder, which shows what broker, client library and machine cost
by themselves; on a busy machine only the ratios mean something. Nothing here is a test: a time is
never asserted.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import alerts, burst, day, footprint, latency, slow_disk
from tests.bench.figures import Row, render_table
from tests.bench.subjects import BROKER_CONFIG
from tests.broker import Mosquitto

VERSIONS = ("3.1.1", "5")
MEMORY = Path("/dev/shm")  # noqa: S108 - for what does not belong on a disk
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})

NOTES = """
Latencies are p50 / p95 / p99 in ms. Ratios are of medians, by slices taken in turns, with their
lowest and highest; readings/s and start are median (lowest-highest) of repeated runs. Holds,
rolling windows, step check and budgets are off through the settings; the day runs with the
product's own. Written: the kernel's write_bytes of the process, whole pages; status file and log
are not in it, they belong to memory (/run) and the journal.

Known on the same kind of machine: AppDaemon 437 / 940 / 969 ms paced, 435 readings/s, 70 MiB;
Node-RED 1.04 / 1.35 / 2.0 ms, 22,200 readings/s, 94 MiB; Home Assistant itself
2.65 / 4.70 / 7.19 ms, 200 MiB."""


def main() -> int:
    """Measure everything; return the exit code, which does not depend on the numbers."""
    if not sys.platform.startswith("linux"):
        print("make bench reads /proc: it needs Linux")  # noqa: T201
        return 1
    started_s = time.perf_counter()
    with _folder_on_disk() as folder, tempfile.TemporaryDirectory(dir=MEMORY) as memory:
        (folder / "broker").mkdir()
        with Mosquitto(folder / "broker", BROKER_CONFIG) as broker:
            rows = _measure(folder, Path(memory), broker)
    took_s = time.perf_counter() - started_s
    when = datetime.now(UTC).date().isoformat()
    machine = f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print()  # noqa: T201
    print(render_table(rows))  # noqa: T201
    print(NOTES)  # noqa: T201
    print(f"\n{when}, {machine}, load {load}, took {took_s:.0f} s")  # noqa: T201
    return 0


def _measure(folder: Path, memory: Path, broker: Mosquitto) -> list[Row]:
    cpu_rows: list[Row] = []
    rows = [Row("Reading -> level on MQTT, ms")]
    for version in VERSIONS:
        _say(f"latency, MQTT {version}")
        latencies = latency.measure(folder / f"latency-{version}", broker, version)
        rows += latencies.rows
        cpu_rows.append(_cpu_row(f"  MQTT {version}, paced, us a reading", latencies.cpu_us))
    rows.append(Row(f"Burst of {burst.READINGS} readings over {burst.ROOMS} rooms"))
    for version in VERSIONS:
        _say(f"burst, MQTT {version}")
        bursts = burst.measure(folder / f"burst-{version}", broker, version)
        rows += bursts.rows
        cpu_rows.append(_cpu_row(f"  MQTT {version}, burst, us a reading", bursts.cpu_us))
    rows += [Row("CPU"), *cpu_rows]
    rows.append(Row("Reading -> alert handed to Home Assistant, ms"))
    _say("alerts")
    rows += alerts.rows("this disk", alerts.measure(folder / "alerts", broker))
    slow = slow_disk.find_slow_disk(folder)
    if slow is None:
        rows.append(
            Row("  alert handed over, slow disk", f"not measured: {slow_disk.INSTALL_HINT}")
        )
    else:
        _say(f"alerts, {slow_disk.DELAY_S * 1000:.0f} ms a sync ({slow.how})")
        found = alerts.measure(folder / "alerts-slow", broker, slow.wrapper, slow.environ)
        rows += alerts.rows("20 ms a sync", found)
    _say("starts")
    starts = footprint.measure_starts(folder / "starts", broker)
    _say("a simulated day, and an idle daemon beside it")
    idle = footprint.IdleWatch(folder / "idle", broker)
    idle.start()
    written = day.measure(_made(folder / "day"), memory, broker)
    rows += [Row("At rest, 5 rooms"), *footprint.idle_rows(idle.result()), *starts]
    return [*rows, Row("A simulated hot day, 5 sensors"), *day.rows(written)]


def _cpu_row(name: str, cpu_us: dict[str, float]) -> Row:
    ratio = cpu_us["keepcool"] / cpu_us["responder"]
    return Row(name, f"{cpu_us['keepcool']:.0f}", f"{cpu_us['responder']:.0f}", f"{ratio:.2f}")


@contextmanager
def _folder_on_disk() -> Iterator[Path]:
    """Give a temporary folder on a real disk, whose writes count."""
    places = [Path(tempfile.gettempdir()), Path("/var/tmp"), Path.cwd()]  # noqa: S108
    on_disk = [place for place in places if _file_system(place) not in _IN_MEMORY]
    with tempfile.TemporaryDirectory(prefix="keepcool-bench-", dir=(on_disk or places)[0]) as name:
        yield Path(name)


def _file_system(path: Path) -> str:
    """Return the type of the file system that a path is on."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    holding = [(m[1], m[2]) for m in mounts if path.resolve().is_relative_to(m[1])]
    return max(holding, key=lambda mount: len(mount[0]))[1]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _say(what: str) -> None:
    print(f"... {what}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
