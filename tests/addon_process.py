"""Run `keepcool addon` as the process that an add-on is, with a Supervisor that is pretended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.supervisor import FakeSupervisor

PROGRAM = (sys.executable, "-m", "daemon.cli", "addon")
STOP_WITHIN_S = 30.0


class AddonProcess:
    """Hold one add-on with folders of its own; it may be stopped and started again."""

    def __init__(
        self, folder: Path, supervisor: FakeSupervisor, options: Mapping[str, str] | None = None
    ) -> None:
        self.config, self.data, self.runtime = (
            folder / name for name in ("config", "data", "runtime")
        )
        for each in (self.config, self.data, self.runtime):
            each.mkdir(exist_ok=True)
        (self.data / "options.json").write_text(json.dumps(options or {}))
        self.settings = self.config / "keepcool.toml"
        self.log_path = folder / "addon.log"
        self._supervisor = supervisor
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it; its log goes on where it was."""
        kept = {name: value for name, value in os.environ.items() if "KEEPCOOL_" not in name}
        environment = {
            **kept,
            "SUPERVISOR_TOKEN": self._supervisor.token,
            "ADDON_SUPERVISOR": self._supervisor.url,
            "ADDON_CONFIG": str(self.config),
            "ADDON_DATA": str(self.data),
            "ADDON_RUNTIME": str(self.runtime),
            "ADDON_QUICK": "1",
        }
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                PROGRAM, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self

    @property
    def log(self) -> str:
        """Return what it has printed."""
        return self.log_path.read_text(errors="replace")

    @property
    def daemon_pid(self) -> int | None:
        """Return the daemon's process; `None` while none runs."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for pid in children.read_text().split():
            if b"\0run\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return int(pid)
        return None

    def stop(self) -> int:
        """Stop it as the Supervisor does, and return its exit code."""
        assert self._process is not None
        process, self._process = self._process, None
        process.send_signal(signal.SIGTERM)
        return process.wait(STOP_WITHIN_S)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_WITHIN_S)
