"""Build the daemon from the settings: the only place that names concrete adapters."""

from daemon.bootstrap.checking import ask_daemon, check
from daemon.bootstrap.errors import StartError
from daemon.bootstrap.payloads import decode
from daemon.bootstrap.replaying import replay
from daemon.bootstrap.running import build_daemon, run_stepped
from daemon.bootstrap.showing import render_dashboard
from daemon.bootstrap.starting import run

__all__ = [
    "StartError",
    "ask_daemon",
    "build_daemon",
    "check",
    "decode",
    "render_dashboard",
    "replay",
    "run",
    "run_stepped",
]
