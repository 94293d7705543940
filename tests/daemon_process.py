"""Run keepcool as the process that households run, on real time, for tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.canary import CANARY
from tests.waiting import wait_until

CONFIG = """
[home]
name = "Test home"
latitude_deg = 45.1
longitude_deg = 7.7
time_zone = "UTC"
country = "IT"

[mqtt]
host = "127.0.0.1"
port = {mqtt_port}
version = "{mqtt_version}"

{home_assistant}

[weather]
base_url = "{weather_url}"

[storage]
state_directory = "{state}"

[thresholds]
rolling_window_s = 0
fast_window_s = 0
resolve_hold_s = 0
max_step_c_per_min = 0
decision_interval_s = 0.05

[[person]]
id = "anna"
name = "Anna"
rooms = ["living_room"]

[[person.phone]]
service = "notify.mobile_app_annas_phone"
kind = "android"

[[room]]
id = "living_room"
name = "Living room"

[[room.sensor]]
id = "living_room"
topic = "zigbee2mqtt/living_room"
availability_topic = "zigbee2mqtt/living_room/availability"

{cooling}
"""

HOME_ASSISTANT = """
[home_assistant]
url = "{url}"
"""

AIR_CONDITIONER = """
[[room.cooling]]
id = "ac"
entity = "climate.living_room_ac"
"""

NO_WEATHER = "http://127.0.0.1:9"  # the discard port: nobody answers
TOKEN = CANARY  # of the pretended Home Assistant
START_TIMEOUT_S = 30.0
PROGRAM = (sys.executable, "-m", "daemon.cli")


class DaemonProcess:
    """Hold one keepcool process with a folder of its own; it may be killed and started again."""

    def __init__(  # noqa: PLR0913 - each names a part of the household
        self,
        folder: Path,
        mqtt_port: int,
        *,
        home_assistant_url: str | None = None,
        cooling: str = "",
        weather_url: str = NO_WEATHER,
        mqtt_version: str = "5",
        config: str = CONFIG,
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self.state = folder / "state"
        self.config_path = folder / "keepcool.toml"
        self.log_path = folder / "daemon.log"
        home_assistant = HOME_ASSISTANT.format(url=home_assistant_url) if home_assistant_url else ""
        text = config.format(
            mqtt_port=mqtt_port,
            mqtt_version=mqtt_version,
            home_assistant=home_assistant,
            weather_url=weather_url,
            state=self.state,
            cooling=cooling,
        )
        if not home_assistant_url:
            text = text.replace(
                '[[person.phone]]\nservice = "notify.mobile_app_annas_phone"\nkind = "android"\n',
                "",
            )
        self.config_path.write_text(text)
        self.environment = {
            **os.environ,
            "KEEPCOOL_HOME_ASSISTANT__TOKEN": TOKEN,
            **(environment or {}),
        }
        if not home_assistant_url:
            del self.environment["KEEPCOOL_HOME_ASSISTANT__TOKEN"]
        self.process: subprocess.Popen[bytes] | None = None
        self.program = tuple(program)

    def start(self) -> Self:
        """Start the daemon and wait until it says that it runs."""
        before = self.log().count("daemon.started")
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.program, "run", "--config", str(self.config_path)],
                stderr=log,
                stdout=log,
                env=self.environment,
                start_new_session=True,
            )
        wait_until(
            lambda: self.log().count("daemon.started") > before or self._has_ended(),
            timeout_s=START_TIMEOUT_S,
            what="the daemon to start",
        )
        assert not self._has_ended(), self.log()
        return self

    def _has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def log(self) -> str:
        """Return everything the daemon wrote so far."""
        return self.log_path.read_text() if self.log_path.exists() else ""

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log's events of one name."""
        lines = [line for line in self.log().splitlines() if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event.get("event") == name]

    def status(self) -> dict[str, Any]:
        """Return what the daemon last wrote of itself; empty before the first time."""
        path = self.state / "test-home.status.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a keepcool command with the daemon's settings."""
        name, *rest = arguments
        return subprocess.run(
            [*PROGRAM, name, *rest, "--config", str(self.config_path)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=self.environment,
        )

    def stop(self) -> int:
        """Ask the daemon to stop and return its exit code; its log must hold no traceback."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=15)
        assert "Traceback" not in self.log(), self.log()
        return code

    def kill(self) -> None:
        """Kill the daemon as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=15)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
