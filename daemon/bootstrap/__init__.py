"""Build the daemon from the settings: the only place that names concrete adapters."""

from daemon.bootstrap.checking import ask_daemon, check
from daemon.bootstrap.errors import StartError
from daemon.bootstrap.payloads import decode
from daemon.bootstrap.running import build_daemon, run, run_stepped

__all__ = ["StartError", "ask_daemon", "build_daemon", "check", "decode", "run", "run_stepped"]
