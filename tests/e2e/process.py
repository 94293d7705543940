"""Run a real Home Assistant on a free loopback port, from a configuration folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import requests

from tests.broker import free_port
from tests.waiting import wait_until

START_TIMEOUT_S = 240.0  # a first boot on a loaded machine makes a database and byte code
STOP_TIMEOUT_S = 60.0
CONFIGURATION = Path(__file__).with_name("configuration.yaml")
# What the setup assistant would ask, answered: its own way to the answers asks the internet.
ONBOARDING = {
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config", "integration", "analytics"]},
}


class HomeAssistantProcess:
    """Hold one Home Assistant; it may be killed and started again on the same port.

    Args:
        venv: the virtual environment that has it.
        folder: an empty folder, which becomes its configuration.
    """

    def __init__(self, venv: Path, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.log_path = folder / "output.log"
        self._venv = venv
        self._process: subprocess.Popen[bytes] | None = None
        text = CONFIGURATION.read_text()
        text = text.replace("FOLDER", str(folder)).replace("PORT", str(self.port))
        (folder / "configuration.yaml").write_text(text)
        for name in ("automations", "scripts", "dashboards", ".storage", "www"):
            (folder / name).mkdir()
        (folder / ".storage" / "onboarding").write_text(json.dumps(ONBOARDING))

    @property
    def url(self) -> str:
        """Return its address, without `/api`."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers HTTP. Raises: AssertionError with its log."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._venv / "bin" / "hass"), "-c", str(self.folder), "--skip-pip"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": "", "PYTHONWARNINGS": "ignore"},
                start_new_session=True,
            )
        try:
            wait_until(
                lambda: self._has_ended() or self._answers(),
                START_TIMEOUT_S,
                what="Home Assistant to answer",
            )
        except AssertionError:
            self.kill()
            raise
        assert not self._has_ended(), f"Home Assistant did not start:\n{self.log()}"

    def stop(self) -> None:
        """Let it shut down in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def log(self) -> str:
        """Return what it has printed so far: warnings and worse."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/manifest.json", timeout=2.0).ok
        except requests.RequestException:
            return False

    def _end(self, sent: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        os.killpg(process.pid, sent)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_TIMEOUT_S)
