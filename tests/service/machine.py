"""What every proof in the booted Debian uses: commands, the unit's state, what was found."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

UNIT = "keepcool.service"
CLONE = Path("/proof/keepcool")
CONFIG = Path("/etc/keepcool/keepcool.toml")
DATABASE = Path("/var/lib/keepcool/keepcool.sqlite3")
KEPT = Path("/var/lib/keepcool/last_good.json")
TOKEN = Path("/etc/keepcool/secrets/home_assistant_token")
PASSWORD = Path("/etc/keepcool/secrets/mqtt_password")
SENSORS_PASSWORD = "of-the-sensors"  # noqa: S105 - in a machine without a network
RESULTS = Path("/proof/results.jsonl")
BROKER = "127.0.0.1"
STATUS_TOPIC = "keepcool/proof/status"
MEMBER, STRANGER = "carer", "guest"
OFFLINE = ("env", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/proof/downloads")  # by hash all the same


def run(*command: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


def unit_value(name: str) -> str:
    """Return one property of the unit."""
    return run("systemctl", "show", "--value", "--property", name, UNIT).stdout.strip()


def main_pid() -> int:
    """Return the daemon's process id; 0 while there is none."""
    return int(unit_value("MainPID") or 0)


def wait_until(condition: Callable[[], T], timeout_s: float) -> T:
    """Return the first truthy result, or the last one when time is up."""
    deadline = time.monotonic() + timeout_s
    while not (result := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return result


def is_active() -> bool:
    """Return whether the daemon said that it is ready."""
    return unit_value("ActiveState") == "active"


def is_between_starts() -> bool:
    """Return whether the unit waits for its next start."""
    return unit_value("SubState") == "auto-restart"


def journal() -> str:
    """Return what the unit wrote."""
    return run("journalctl", "--unit", UNIT, "--output", "cat", "--no-pager").stdout


def report(name: str, detail: str, *, is_right: bool) -> None:
    """Write one finding down at once: the machine may be cut off."""
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"name": name, "ok": is_right, "detail": detail}) + "\n")


def as_user(user: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody of the household."""
    return run("runuser", "-u", user, "--", *command)


def retained_status() -> str:
    """Return the retained status topic; empty when there is none."""
    who = ("-u", "keepcool", "-P", PASSWORD.read_text(encoding="utf-8").strip())
    wanted = ("-t", STATUS_TOPIC, "-C", "1", "-W", "2")
    return run("mosquitto_sub", "-h", BROKER, *who, *wanted).stdout.strip()


def publish_reading(temperature_c: float, *options: str) -> None:
    """Publish a sensor's reading."""
    text = json.dumps({"temperature": temperature_c, "humidity": 45})
    who = ("-u", "sensors", "-P", SENSORS_PASSWORD)
    what = ("-q", "1", "-t", "zigbee2mqtt/living_room", "-m", text)
    run("mosquitto_pub", "-h", BROKER, *who, *what, *options)


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the clone, without a network: by hash from what was downloaded before."""
    quietly = ("make", "--no-print-directory", "-C", str(CLONE))
    return run(*OFFLINE, *quietly, *arguments, timeout_s=300)


def modes(*paths: Path) -> list[str]:
    """Return owner, group and mode of each."""
    return [run("stat", "-c", "%U:%G %a", str(path)).stdout.strip() for path in paths]


def household() -> dict[str, bytes]:
    """Return what belongs to the household and must survive everything but a purge."""
    places = (CONFIG, PASSWORD, TOKEN, Path("/etc/mosquitto/keepcool.acl"))
    return {str(path): path.read_bytes() for path in places}


def history_rows() -> int:
    """Return how many readings are on disk, without taking part in the write-ahead log."""
    is_live = DATABASE.with_name(DATABASE.name + "-wal").exists()
    query = "mode=ro" if is_live else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"file:{DATABASE}?{query}", uri=True)) as connection:
        count: int = connection.execute("SELECT count(*) FROM history").fetchone()[0]
    return count
