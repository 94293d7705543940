"""Start what is measured, each as a process of its own: keepcool, the responder, the broker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.wire import Wire

START_TIMEOUT_S = 30.0
TOKEN = "bench-token-not-a-secret-4711"  # noqa: S105 - of the pretended Home Assistant
HOME_ID = "bench"
# The broker neither logs nor drops: what waits for a slow subscriber stays in its memory.
BROKER_CONFIG = """log_type none
set_tcp_nodelay true
max_queued_messages 0
max_inflight_messages 0
sys_interval 1"""

# Holds, rolling windows, step check and budgets are off: the bench measures work, not patience.
_HOME = """
[home]
name = "Bench"
id = "bench"
latitude_deg = 45.1
longitude_deg = 7.7
time_zone = "UTC"
country = "IT"

[mqtt]
host = "127.0.0.1"
port = {port}
version = "{version}"

[weather]
base_url = "http://127.0.0.1:9"

[storage]
state_directory = "{state}"

[thresholds]
rolling_window_s = 0
fast_window_s = 0
resolve_hold_s = 0
max_step_c_per_min = 0
repeat_interval_s = 0
budgets = false
"""
_PERSON = '\n[[person]]\nid = "{id}"\nname = "{name}"\nrooms = {rooms}\n'
_PHONE = '[[person.phone]]\nservice = "notify.mobile_app_annas_phone"\nkind = "android"\n'
_ROOM = '\n[[room]]\nid = "{id}"\nname = "Room {id}"\n[[room.sensor]]\ntopic = "zigbee2mqtt/{id}"\n'
_HOME_ASSISTANT = '\n[home_assistant]\nurl = "{url}"\n'


def room_ids(rooms: int) -> list[str]:
    """Return the ids of so many rooms."""
    return [f"r{number}" for number in range(rooms)]


def reading(temperature_c: float, humidity_pct: float = 45.0) -> bytes:
    """Return what a Zigbee2MQTT sensor publishes."""
    values = {
        "battery": 90,
        "humidity": round(humidity_pct, 2),
        "linkquality": 120,
        "temperature": round(temperature_c, 2),
    }
    return json.dumps(values, separators=(",", ":")).encode()


class Subject:
    """Hold a measured process; its CPU time is read from its clock, to the nanosecond."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Take a started process."""
        self.process = process

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self.process.pid

    def cpu_s(self) -> float:
        """Return the CPU seconds of all its threads so far."""
        return time.clock_gettime((~self.pid << 3) | 2)  # Linux: the process's CPU clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def start_responder(port: int, version: str) -> Subject:
    """Start the responder; `wait_for_answer` tells when it answers."""
    program = str(Path(__file__).with_name("responder.py"))
    return Subject(subprocess.Popen([sys.executable, program, str(port), version]))


class Keepcool(Subject):
    """Hold one real daemon with settings of its own, started and ready.

    `ready_cpu_s` and `ready_wall_s` are what it took until it said READY to its supervisor.
    """

    def __init__(  # noqa: PLR0913 - each names a part of the household
        self,
        folder: Path,
        port: int,
        version: str,
        *,
        rooms: int = 1,
        is_care_home: bool = False,
        home_assistant_url: str | None = None,
        wrapper: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Start it and wait until it is ready. Raises: TimeoutError."""
        folder.mkdir(parents=True, exist_ok=True)
        self.log_path = folder / "daemon.log"
        config = folder / "keepcool.toml"
        text = _HOME.format(port=port, version=version, state=folder / "state")
        config.write_text(text + _household(rooms, home_assistant_url, is_care_home=is_care_home))
        runtime = folder / "run"
        runtime.mkdir(exist_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
            address = f"\0keepcool-bench-{os.getpid()}-{time.monotonic_ns()}"
            supervisor.bind(address)
            environment = {
                **os.environ,
                "NOTIFY_SOCKET": "@" + address[1:],
                "RUNTIME_DIRECTORY": str(runtime),
                "MALLOC_ARENA_MAX": "2",  # as in systemd/keepcool.service
                **({"KEEPCOOL_HOME_ASSISTANT__TOKEN": TOKEN} if home_assistant_url else {}),
                **(environ or {}),
            }
            program = [sys.executable, "-m", "daemon.cli", "run", "--config", str(config)]
            started = time.perf_counter()
            with self.log_path.open("wb") as log:
                super().__init__(
                    subprocess.Popen([*wrapper, *program], stderr=log, stdout=log, env=environment)
                )
            self._wait_until_ready(supervisor)
        self.ready_cpu_s = self.cpu_s()
        self.ready_wall_s = time.perf_counter() - started

    def _wait_until_ready(self, supervisor: socket.socket) -> None:
        supervisor.settimeout(0.2)
        deadline = time.perf_counter() + START_TIMEOUT_S
        while time.perf_counter() < deadline and self.process.poll() is None:
            with suppress(TimeoutError):
                if b"READY=1" in supervisor.recv(4096):
                    return
        self.process.kill()
        raise TimeoutError("keepcool did not get ready:\n" + self.log_path.read_text()[-4000:])

    def stop(self) -> list[dict[str, Any]]:
        """Stop it in order and return its log."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(START_TIMEOUT_S)
        lines = self.log_path.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def _household(rooms: int, home_assistant_url: str | None, *, is_care_home: bool) -> str:
    ids = room_ids(rooms)
    text = _HOME_ASSISTANT.format(url=home_assistant_url) if home_assistant_url else ""
    residents = [[room_id] for room_id in ids] if is_care_home else [ids]
    for number, used in enumerate(residents):
        text += _PERSON.format(id=f"p{number}", name=f"Person {number}", rooms=json.dumps(used))
        text += _PHONE if home_assistant_url else ""
    return text + "".join(_ROOM.format(id=room_id) for room_id in ids)


def wait_for_answer(wire: Wire, request: bytes, topic: str) -> None:
    """Ask until the first answer comes. Raises: TimeoutError."""
    deadline = time.perf_counter() + START_TIMEOUT_S
    while time.perf_counter() < deadline:
        wire.send(request)
        if any(heard == topic for heard, _ in wire.receive(0.2)):
            return
    message = f"nothing answers on {topic}"
    raise TimeoutError(message)
