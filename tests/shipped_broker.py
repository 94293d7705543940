"""Run a real mosquitto by the rules that keepcool ships, on a free port and with passwords."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.broker import Mosquitto
from tests.canary import CANARY

FOLDER = Path(__file__).resolve().parent.parent / "systemd" / "mosquitto"
DROP_IN = FOLDER / "keepcool.conf"
RIGHTS = FOLDER / "keepcool.acl"
PASSWORD = CANARY
OURS_TO_SAY = ("listener ", "allow_anonymous ")  # the tests' broker says these itself


def users() -> list[str]:
    """Return everybody whom the rules name."""
    lines = RIGHTS.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("user ") for line in lines if line.startswith("user ")]


def start_shipped_broker(start: Callable[..., Mosquitto], folder: Path) -> Mosquitto:
    """Start a broker by the shipped drop-in and rules; everybody in them has `PASSWORD`."""
    passwords = folder / "keepcool.passwd"
    passwords.write_text("".join(f"{user}:{PASSWORD}\n" for user in users()))
    where = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    program = shutil.which("mosquitto_passwd", path=where)
    assert program is not None, "mosquitto comes with mosquitto_passwd"
    subprocess.run([program, "-U", str(passwords)], check=True, timeout=30, capture_output=True)
    shutil.copy(RIGHTS, folder)
    lines = DROP_IN.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(OURS_TO_SAY)]
    text = "\n".join(kept).replace("/etc/mosquitto/", f"{folder}/")
    return start(text, allow_anonymous=False)
