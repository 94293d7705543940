"""Build the add-on as its Dockerfile says in a small Debian, run it there, and say what was proved.

Part of `make service`. The Dockerfile's own steps are run, so that nothing here can be right while
they are wrong. The Debian stands in for the image that it names, a Supervisor that is pretended for
Home Assistant's, and the demo's Home Assistant answers behind it. AppArmor, Docker and a real Home
Assistant OS are not part of this.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeVar

REPOSITORY = Path(__file__).resolve().parents[2]
SUITE = "bookworm"
DOWNLOADS = "/downloads"
SUPERVISOR_PORT = 80  # http://supervisor
WITHIN_S = 240.0
NSPAWN = ("systemd-nspawn", "--quiet", "--register=no", "--keep-unit")
T = TypeVar("T")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a program for the terminal


# ---------------------------------------------------------------- the Dockerfile


def read_dockerfile(text: str) -> Iterator[tuple[str, str]]:
    """Yield the instructions with their arguments, comments and line ends taken out."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", lines).splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name.upper(), rest.strip()


def build_image(context: Path, root: Path, downloads: Path) -> list[str]:
    """Run the Dockerfile's steps in a root; return the entry point. Raises: SystemExit."""
    entry: list[str] = []
    for name, rest in read_dockerfile((context / "Dockerfile").read_text()):
        since = time.monotonic()
        if name == "FROM":
            assert rest.startswith(f"debian:{SUITE}"), f"the proof has no {rest}"
        elif name == "COPY":
            _copy(context, root, rest.split())
        elif name == "RUN":
            _run_in(root, rest, downloads)
        elif name == "ENTRYPOINT":
            entry = json.loads(rest)
        else:
            sys.exit(f"the proof does not know {name}")
        say(f"  {name} {rest[:60]}: {time.monotonic() - since:.0f} s")
    return entry


def _copy(context: Path, root: Path, words: Sequence[str]) -> None:
    target = root / words[-1].lstrip("/")
    target.mkdir(parents=True, exist_ok=True)
    for pattern in words[:-1]:
        found = list(context.glob(pattern))
        assert found, f"COPY finds no {pattern}"
        for path in found:
            shutil.copy(path, target)


def _run_in(root: Path, script: str, downloads: Path) -> None:
    offline = (
        "--setenv=PIP_NO_INDEX=1",
        f"--setenv=PIP_FIND_LINKS={DOWNLOADS}",
    )  # by hash all the same
    done = subprocess.run(
        [
            *(*NSPAWN, "--pipe", "--resolv-conf=replace-host", f"--directory={root}"),
            *(f"--bind-ro={downloads}:{DOWNLOADS}", *offline, "/bin/sh", "-c", script),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"RUN {script}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


# ---------------------------------------------------------------- the running add-on


class Container:
    """Hold the add-on's container as the Supervisor starts it."""

    def __init__(self, folder: Path, root: Path, entry: Sequence[str], token: str) -> None:
        self.config, self.data = folder / "config", folder / "data"
        for each in (self.config, self.data):
            each.mkdir(exist_ok=True)
        (self.data / "options.json").write_text('{"log_level": "info"}')
        hosts = folder / "hosts"
        hosts.write_text("127.0.0.1 localhost\n127.0.0.1 supervisor\n")
        self.log_path = folder / "log.txt"
        self._command = [
            *(*NSPAWN, "--as-pid2", "--pipe", f"--directory={root}", "--resolv-conf=off"),
            *(f"--bind={self.config}:/config", f"--bind={self.data}:/data"),
            *("--tmpfs=/tmp", f"--bind-ro={hosts}:/etc/hosts"),
            *(f"--setenv=SUPERVISOR_TOKEN={token}", f"--setenv=HASSIO_TOKEN={token}"),
            *("--setenv=TZ=Europe/Amsterdam", *entry),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self) -> int:
        """Send SIGTERM to the entry point, as Docker's init hands it on; return the exit code."""
        assert self._process is not None
        os.kill(self.pid("addon"), signal.SIGTERM)
        return self._process.wait(60.0)

    def end(self) -> None:
        """End it, whatever it does."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def pid(self, word: str) -> int:
        """Return the process of this container that runs `keepcool <word>`; 0 without one."""
        assert self._process is not None
        for pid in _descendants(self._process.pid):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if word.encode() in words and b"systemd-nspawn" not in words[0]:
                return pid
        return 0

    def run_inside(self, command: str) -> int:
        """Run a command in the running container, as `docker exec` does."""
        target = ("--target", str(self.pid("addon")), "--mount", "--pid", "--root", "--wd")
        return subprocess.run(["nsenter", *target, *shlex.split(command)], check=False).returncode

    @property
    def log(self) -> str:
        """Return what it has printed."""
        return self.log_path.read_text(errors="replace")


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield int(child)
        yield from _descendants(int(child))


class Findings:
    """Print what was proved, and remember whether all of it was."""

    def __init__(self) -> None:
        self.is_right = True

    def add(self, name: str, is_right: object, detail: object = "") -> None:
        """Take one finding."""
        self.is_right &= bool(is_right)
        say(f"  {'ok    ' if is_right else 'FAILED'} {name}: {detail}")

    def wait(self, name: str, condition: Callable[[], T]) -> T:
        """Wait for something, and take it as a finding with the time that it took."""
        since = time.monotonic()
        while not (result := condition()) and time.monotonic() - since < WITHIN_S:
            time.sleep(0.2)
        self.add(name, result, f"after {time.monotonic() - since:.0f} s")
        return result


@contextmanager
def home(folder: Path) -> Iterator[tuple[object, object]]:
    """Run a broker with a password, the demo's Home Assistant and the Supervisor between them."""
    from daemon.demo.fake_home_assistant import FakeHomeAssistant  # noqa: PLC0415
    from tests.broker import Mosquitto  # noqa: PLC0415
    from tests.supervisor import FakeSupervisor  # noqa: PLC0415

    (folder / "broker").mkdir()
    with ExitStack() as stack:
        broker = stack.enter_context(Mosquitto(folder / "broker"))
        core = stack.enter_context(FakeHomeAssistant(phones=("mobile_app_annas_phone",)))
        core.place = {
            "location_name": "Proof",
            "latitude": 52.37,
            "longitude": 4.89,
            "time_zone": "Europe/Amsterdam",
            "country": "NL",
        }
        core.registries["area"] = [{"area_id": "bed", "name": "Bedroom"}]
        core.registries["entity"] = [{"entity_id": "sensor.bed", "area_id": "bed"}]
        celsius = {"device_class": "temperature", "unit_of_measurement": "°C"}
        core.set_state("sensor.bed", "22.5", celsius)
        core.set_state("person.anna", "home", {"friendly_name": "Anna"})
        offered = {"host": "127.0.0.1", "port": broker.port}
        supervisor = FakeSupervisor(core.url, core.token, offered, port=SUPERVISOR_PORT)
        yield core, stack.enter_context(supervisor)


def prove(root: Path, entry: Sequence[str]) -> bool:
    """Start the add-on for the first time and for the second; return whether all was right."""
    found = Findings()
    backup_command = re.search(
        r"^backup_pre: (.*)$", (REPOSITORY / "addon/config.yaml").read_text(), re.MULTILINE
    )
    assert backup_command is not None
    with tempfile.TemporaryDirectory(prefix="addon-") as name, home(Path(name)) as (_, supervisor):
        container = Container(Path(name), root, entry, supervisor.token)  # type: ignore[attr-defined]
        notices: dict[str, tuple[str, str]] = supervisor.notices  # type: ignore[attr-defined]
        try:
            _first_start(found, container, notices)
            _changes(found, container, notices)
            _backup(found, container, backup_command[1])
            found.add("SIGTERM ends it in order", container.stop() == 0)
            _second_start(found, container, notices)
        finally:
            container.end()
        if not found.is_right:
            say(container.log[-6000:])
    return found.is_right


def _first_start(
    found: Findings, container: Container, notices: dict[str, tuple[str, str]]
) -> None:
    settings = container.config / "keepcool.toml"
    container.start()
    found.wait("settings are proposed", settings.exists)
    found.wait("Home Assistant says so", lambda: "keepcool_proposal" in notices)
    found.wait("the daemon runs", lambda: container.pid("run"))
    found.wait(
        "it is at the Supervisor's broker",
        lambda: '"link": "mqtt", "is_up": true' in container.log,
    )
    found.wait(
        "it hears Home Assistant's events", lambda: "event_stream.connected" in container.log
    )
    for word in ("addon", "run"):
        pid = container.pid(word)
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        found.add(f"memory of {word}", pid, re.search(r"Pss: +(\d+ kB)", rollup)[1])  # type: ignore[index]


def _changes(found: Findings, container: Container, notices: dict[str, tuple[str, str]]) -> None:
    settings = container.config / "keepcool.toml"
    right, before = settings.read_text(), container.pid("run")
    settings.write_text(right.replace('wake_at = "07:00"', 'wake_at = "soon"'))
    found.wait("a wrong change is said", lambda: "keepcool_settings" in notices)
    told = notices.get("keepcool_settings", ("", ""))[1]
    found.add("with file and line", re.search(r"/config/keepcool.toml:\d+", told), told[-200:])
    found.add("and not taken", container.pid("run") == before)
    settings.write_text(right.replace('wake_at = "07:00"', 'wake_at = "08:00"'))
    found.wait("a right one is taken", lambda: container.pid("run") not in {0, before})
    found.wait("and the notification goes", lambda: "keepcool_settings" not in notices)


def _backup(found: Findings, container: Container, command: str) -> None:
    code = container.run_inside(command)
    copy = container.data / "keepcool.backup.sqlite3"
    found.add("Home Assistant's backup gets a copy", code == 0 and copy.exists(), command)
    with closing(sqlite3.connect(copy)) as rows:
        whole = rows.execute("PRAGMA integrity_check").fetchone()
    found.add("which is whole", whole == ("ok",), whole)


def _second_start(
    found: Findings, container: Container, notices: dict[str, tuple[str, str]]
) -> None:
    notices.clear()
    settings = (container.config / "keepcool.toml").read_text()
    for path in container.data.glob("keepcool.sqlite3*"):
        path.unlink()  # as after a restore on another machine
    container.start()
    found.wait("a second start runs", lambda: container.pid("run"))
    found.wait("on the backup's database", (container.data / "keepcool.sqlite3").exists)
    unchanged = settings == (container.config / "keepcool.toml").read_text()
    found.add("with the settings of the first", unchanged and "keepcool_proposal" not in notices)
    found.add("and ends in order", container.stop() == 0)
    from tests.canary import has_secret  # noqa: PLC0415

    secrets = [
        str(path)
        for path in container.data.rglob("*")
        if path.is_file() and has_secret(path.read_bytes())
    ]
    found.add(
        "the token is in no file and no log", not secrets and not has_secret(container.log), secrets
    )


def build(base: Path, downloads: Path, root: Path) -> list[str]:
    """Make the add-on's folder whole and build its image in a root; return the entry point."""
    with tempfile.TemporaryDirectory(prefix="context-") as name:
        context = Path(name) / "addon"
        made = subprocess.run(
            ["make", "--no-print-directory", "--old-file=.venv/.installed-dev", "addon"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            sys.exit(f"make addon\n{made.stdout}{made.stderr}")
        shutil.copytree(REPOSITORY / "addon", context)
        subprocess.run(["cp", "--archive", "--reflink=auto", base, root], check=True)
        return build_image(context, root, downloads)


def run_proof(base: Path, downloads: Path, folder: Path) -> bool:
    """Build and prove, in a network that has a loopback alone; return whether all was right."""
    root = folder / "addon-root"
    say("the add-on, built by its Dockerfile's steps:")
    entry = build(base, downloads, root)
    script = f'ip link set lo up; exec {shlex.quote(sys.executable)} -m tests.service.addon "$@"'
    done = subprocess.run(
        ["unshare", "--net", "sh", "-euc", script, "sh", root, *entry],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=False,
    )
    return done.returncode == 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("entry", nargs="+")
    asked = parser.parse_args()
    sys.exit(not prove(asked.root, asked.entry))
