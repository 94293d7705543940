"""Run keepcool as an add-on of Home Assistant: be to the daemon what systemd is elsewhere.

One light process stays, and has the daemon as its child. It brings the roads that the Supervisor
gives, has settings proposed where there are none, and takes changed settings when they are right;
whatever is wrong it says in Home Assistant, because nobody there has a shell.
"""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import structlog

from daemon.addon_child import Child, own_environment
from integrations.errors import IntegrationError, PermanentError

log = structlog.get_logger()

PROGRAM: Final = (sys.executable, "-P", "-m", "daemon.cli")  # "/" has folders of our names
CONFIG_NAME: Final = "keepcool.toml"
REFUSED, NOTHING_TO_PROPOSE = 2, 3  # exit codes
SETTINGS_NOTICE, BROKER_NOTICE = "keepcool_settings", "keepcool_broker"
PROPOSAL_NOTICE = "keepcool_proposal"
COMMAND_WITHIN_S: Final = 120.0
_FAST_RETRIES: Final = 6  # the sixth refused start is the one in basic mode
_LONGEST_WHY: Final = 600  # characters of a command's last words
_NO_BROKER = (
    "keepcool finds no MQTT broker. Install the **Mosquitto broker** add-on, start it, and accept "
    "the MQTT integration that Home Assistant then offers under Settings > Devices & services. "
    "Until then Home Assistant shows nothing of keepcool, and sensors that speak MQTT are not "
    "heard; keepcool sees the broker by itself once it is there."
)


class Host(Protocol):
    """Stand between us and Home Assistant (`daemon.addon_host`); all raise `IntegrationError`."""

    @property
    def home_assistant(self) -> dict[str, object]:
        """Return Home Assistant's table of the settings."""
        ...

    def fetch_broker(self) -> dict[str, object] | None:
        """Return the broker's table of the settings; `None` when there is no broker."""
        ...

    def show_notice(self, notice_id: str, title: str, message: str) -> None:
        """Show a notification."""
        ...

    def clear_notice(self, notice_id: str) -> None:
        """Take a notification away."""
        ...


@dataclass(frozen=True, slots=True)
class Places:
    """Say where settings, state and what lives in memory lie."""

    config: Path = Path("/config")
    data: Path = Path("/data")
    runtime: Path = Path("/tmp/keepcool")  # noqa: S108 - the container's own, in memory

    @property
    def settings(self) -> Path:
        """Return the settings file."""
        return self.config / CONFIG_NAME

    @property
    def secrets(self) -> Path:
        """Return the folder of secrets."""
        return self.config / "secrets"


@dataclass(frozen=True, slots=True)
class Pace:
    """Say how often to look and how long to wait, in seconds."""

    look_s: float = 1.0
    settle_s: float = 3.0  # an editor may write a file in pieces
    restart_s: float = 5.0  # as in the systemd unit
    retry_s: float = 60.0  # a start that will be refused again, a proposal, the broker


QUICK_PACE: Final = Pace(look_s=0.05, settle_s=0.3, restart_s=0.3, retry_s=1.0)


class Notices:
    """Keep Home Assistant's notifications as they should be, also when it is down meanwhile."""

    def __init__(self, host: Host) -> None:
        """Know nothing yet: what an earlier run showed is cleared by the first `clear`."""
        self._host = host
        self._wanted: dict[str, tuple[str, str] | None] = {}
        self._pending: set[str] = set()

    def show(self, notice_id: str, title: str, message: str) -> None:
        """Show a notification; one that says the same is left, also where somebody closed it."""
        self._want(notice_id, (title, message))

    def clear(self, notice_id: str) -> None:
        """Take a notification away."""
        self._want(notice_id, None)

    def send(self) -> None:
        """Tell Home Assistant what it does not know yet."""
        for notice_id in sorted(self._pending):
            wanted = self._wanted[notice_id]
            try:
                if wanted is None:
                    self._host.clear_notice(notice_id)
                else:
                    self._host.show_notice(notice_id, *wanted)
            except PermanentError as error:
                log.warning("notice.refused", error=str(error))
            except IntegrationError:
                continue
            self._pending.discard(notice_id)

    def _want(self, notice_id: str, wanted: tuple[str, str] | None) -> None:
        if notice_id not in self._wanted or self._wanted[notice_id] != wanted:
            self._wanted[notice_id] = wanted
            self._pending.add(notice_id)


@dataclass(slots=True)
class _Seen:
    """Hold what was last seen of the settings, since when, and what was done about it."""

    print_: str = ""
    since: float = 0.0
    taken: str | None = None  # what was checked; "" is no file


def run_command(
    command: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run one of keepcool's commands and return what it said; one that cannot run has failed."""
    try:
        return subprocess.run(  # noqa: S603 - our own
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", f"{type(error).__name__}\n")


class Keeper(Protocol):
    """Hold the daemon's process (`daemon.addon_child.Child`)."""

    @property
    def is_running(self) -> bool:
        """Return whether there is a process whose end was not seen yet."""
        ...

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it. Raises: OSError."""
        ...

    def poll(self) -> int | None:
        """Return the exit code once it has ended."""
        ...

    def stop(self) -> None:
        """Let it end in order."""
        ...


def run_addon(host: Host, places: Places, log_level: str, pace: Pace) -> int:
    """Look after one daemon until SIGTERM or SIGINT; return the exit code."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    for folder in (places.config, places.data, places.runtime):
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    child = Child(places.runtime)
    addon = Addon(host, places, child, log_level=log_level, pace=pace)
    try:
        while not stop.is_set():
            addon.look()
            stop.wait(pace.look_s)
    finally:
        child.close()
    log.info("addon.stopped")
    return 0


class Addon:
    """Do what is due at each look."""

    def __init__(
        self,
        host: Host,
        places: Places,
        child: Keeper,
        *,
        log_level: str = "info",
        pace: Pace | None = None,
        run: Callable[[Sequence[str], Mapping[str, str]], subprocess.CompletedProcess[str]] = (
            run_command
        ),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is looked at before `look`."""
        self._host, self._places, self._child = host, places, child
        self._log_level, self._pace, self._run = log_level, pace or Pace(), run
        self._clock_s = clock_s
        self._notices = Notices(host)
        self._provided: dict[str, object] = {"home_assistant": host.home_assistant}
        self._seen = _Seen()
        self._broker_at = self._proposal_at = self._start_at = 0.0  # when each is due
        self._may_start = False
        self._refused_starts = 0

    def look(self) -> None:
        """Look once at everything, and do what follows from it."""
        if self._is_due(self._broker_at):
            self._look_for_broker()
        self._look_at_settings()
        self._tend_child()
        self._notices.send()

    # ---------------------------------------------------------------- broker

    def _look_for_broker(self) -> None:
        try:
            broker = self._host.fetch_broker()
        except IntegrationError as error:
            log.warning("broker.not_known", error=str(error))
            self._broker_at = self._in(self._pace.restart_s)
            return
        self._broker_at = self._in(self._pace.retry_s)
        known = self._provided.get("mqtt")
        if broker is None and known is None:
            self._notices.show(BROKER_NOTICE, "keepcool finds no MQTT broker", _NO_BROKER)
        elif broker is not None:
            self._notices.clear(BROKER_NOTICE)
            if broker != known:  # its password changes when the broker is installed again
                self._provided["mqtt"] = broker
                self._restart()

    # ---------------------------------------------------------------- settings

    def _look_at_settings(self) -> None:
        found, now = fingerprint(self._places), self._clock_s()
        if found != self._seen.print_ or self._seen.since == 0:
            is_first = self._seen.since == 0
            self._seen.print_, self._seen.since = found, now
            if not is_first:
                return
        elif found == self._seen.taken or now - self._seen.since < self._pace.settle_s:
            return
        if not found:
            if self._is_due(self._proposal_at):
                self._propose()
            return
        self._seen.taken = found
        self._check()

    def _propose(self) -> None:
        """Have settings written; they are taken at the next look."""
        done = self._command("addon", "propose")
        if done.returncode == 0:
            self._notices.show(
                PROPOSAL_NOTICE, "keepcool: please look at its settings", done.stdout
            )
            self._notices.clear(SETTINGS_NOTICE)
            self._seen = _Seen()
            return
        log.warning(
            "addon.nothing_proposed", why=(done.stdout or done.stderr).strip()[-_LONGEST_WHY:]
        )
        self._proposal_at = self._in(self._pace.restart_s)  # nobody answers yet
        if done.returncode == NOTHING_TO_PROPOSE:
            self._proposal_at = self._in(self._pace.retry_s)
            self._notices.show(SETTINGS_NOTICE, "keepcool cannot begin yet", done.stdout)

    def _check(self) -> None:
        """Take the settings if they are right; a daemon that runs is not stopped for wrong ones."""
        close_secrets(self._places)
        done = self._command("addon", "examine")
        self._may_start = True
        if done.returncode == REFUSED:
            sys.stderr.write(done.stdout)
            log.error("settings.refused")
            told = _refusal(done.stdout, is_running=self._child.is_running)
            self._notices.show(SETTINGS_NOTICE, "keepcool: the settings are wrong", told)
            return
        self._notices.clear(SETTINGS_NOTICE)
        self._restart()

    # ---------------------------------------------------------------- the daemon

    def _restart(self) -> None:
        """Have the daemon run with what is there now."""
        if self._child.is_running:
            log.info("daemon.restarted")
            self._child.stop()
        self._start_at = 0.0
        self._refused_starts = 0

    def _tend_child(self) -> None:
        code = self._child.poll()
        if code is not None:
            log.warning("daemon.ended", exit_code=code)
            self._refused_starts += code == REFUSED
            is_hopeless = self._refused_starts > _FAST_RETRIES
            pause_s = self._pace.retry_s if is_hopeless else self._pace.restart_s
            self._start_at = self._in(pause_s)
        if not self._may_start or self._child.is_running or not self._is_due(self._start_at):
            return
        arguments = ("run", "--config", str(self._places.settings), "--log-level", self._log_level)
        try:
            self._child.start((*PROGRAM, *arguments), self._environment())
        except OSError as error:  # no memory just now
            log.warning("daemon.not_started", error=str(error))
            self._start_at = self._in(self._pace.restart_s)

    def _is_due(self, at: float) -> bool:
        return self._clock_s() >= at

    def _in(self, pause_s: float) -> float:
        return self._clock_s() + pause_s

    def _environment(self) -> Mapping[str, str]:
        return {
            **own_environment(),
            "ADDON_PROVIDES": json.dumps(self._provided),
            "STATE_DIRECTORY": str(self._places.data),
            "RUNTIME_DIRECTORY": str(self._places.runtime),
        }

    def _command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run((*PROGRAM, *arguments), self._environment())


def _refusal(report: str, *, is_running: bool) -> str:
    what = (
        "keepcool goes on with the settings that it had."
        if is_running
        else "keepcool starts with the last settings that ran, if there are any, and warns only; "
        "it switches nothing."
    )
    cure = "Mend the file and save it: keepcool takes it at once."
    return f"{what} {cure}\n\n```\n{report.strip()}\n```"


def fingerprint(places: Places) -> str:
    """Return what tells one state of settings and secrets from another; empty without settings."""
    try:
        told = hashlib.sha256(places.settings.read_bytes())
    except OSError:
        return ""
    with suppress(OSError):
        for path in sorted(places.secrets.iterdir()):
            known = path.stat()
            told.update(f"\0{path.name}\0{known.st_mtime_ns}\0{known.st_size}".encode())
    return told.hexdigest()


def close_secrets(places: Places) -> None:
    """Close settings and secrets to others, as keepcool demands: editors write them open."""
    secrets = places.secrets.iterdir() if places.secrets.is_dir() else ()
    for path in (places.settings, *secrets):
        with suppress(OSError):
            if path.is_file() and not path.is_symlink():
                path.chmod(0o600)
