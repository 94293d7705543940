"""Boot a small Debian, let it install keepcool, and print what was proved: `make service`.

Needs root, debootstrap and systemd-nspawn. What does not change from run to run (the Debian, the
downloaded dependencies) is kept in /var/tmp/keepcool-service. The Debian itself has no network.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.service import addon

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = Path("/var/tmp/keepcool-service")  # noqa: S108 - large, and root's alone (mode 0700)
SUITE = "bookworm"
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "make", "python3", "python3-venv"),
    *("mosquitto", "mosquitto-clients", "ca-certificates"),
)
BOOT_LIMIT_S = 1800.0  # 6 minutes of an idle machine
TOOLS = {"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container"}
QUIET = "systemd.show_status=0"
NSPAWN = ("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network")

SETTINGS = """
secrets_directory = "/etc/keepcool/secrets"
[home]
name = "Proof"
latitude_deg = 45.1
longitude_deg = 7.7
time_zone = "UTC"
country = "IT"
[mqtt]
host = "127.0.0.1"
username = "keepcool"
[home_assistant]
url = "http://127.0.0.1:8123"
[weather]
base_url = "http://127.0.0.1:9"
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
[[room.cooling]]
entity = "climate.living_room"
"""

# A short watchdog, so that the proof does not wait a minute; the rest is the shipped unit.
DROP_IN = """
[Service]
WatchdogSec=15
Environment=PYTHONPATH=/proof/leak
ExecStartPre=/opt/keepcool/bin/python /proof/clock.py
"""

# Asks the kernel's clock as daemon/clock.py does, and shows the answer; -1 is a refusal.
CLOCK = """
import ctypes
from daemon.clock import SystemClock
state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(256))
print("proof-clock", SystemClock().now().boot_id, state)
"""

# Python imports this module at every start: the real daemon, with a leak that can be switched on,
# and with settings that are kept after seconds instead of ten minutes.
LEAK = """
import sys, threading, time
from datetime import timedelta
from pathlib import Path

def leak():
    kept = []
    time.sleep(1.0)
    while not Path("/etc/keepcool/leak").exists():
        basic_mode = sys.modules.get("daemon.basic_mode")
        if hasattr(basic_mode, "PROVED_AFTER"):
            basic_mode.PROVED_AFTER = timedelta(seconds=5)
        time.sleep(0.2)
    while True:
        for size in 65536, 4096, 256, 16:  # the small ones fill the gaps that the large ones leave
            try:
                while True:
                    kept.append(bytes(size))
            except MemoryError:
                continue
        time.sleep(0.05)

if "run" in sys.orig_argv:
    threading.Thread(target=leak, daemon=True).start()
"""

PROOF_UNIT = """
[Unit]
After=multi-user.target mosquitto.service
[Service]
Type=oneshot
WorkingDirectory=/proof/keepcool
ExecStart=/usr/bin/python3 -B -m tests.service.proof
StandardOutput=append:/proof/times.txt
StandardError=append:/proof/times.txt
"""

# The household's own people; the rest is done by `make install` in the booted machine.
PREPARE = """
useradd --create-home carer
useradd --create-home guest
systemctl enable --quiet mosquitto.service
systemctl add-wants --quiet multi-user.target keepcool-proof.service
systemctl mask --quiet console-getty.service getty@tty1.service
"""
NOT_COPIED = shutil.ignore_patterns(
    *(".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__"),
    *("build", "dist", "demo-output", "secrets", "keepcool.toml"),
)


def run(*command: str | Path, environment: dict[str, str] | None = None) -> None:
    """Run a command; its output is shown only when it fails. Raises: SystemExit."""
    env = {**os.environ, **(environment or {})}
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, env=env
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)  # noqa: T201 - a program for the terminal


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is being done and how long it took."""
    since = time.monotonic()
    yield
    say(f"{name}: {time.monotonic() - since:.0f} s")


def inside(root: Path, script: str) -> None:
    """Run a shell script in the root, without booting it and without a network."""
    run(*NSPAWN, f"--directory={root}", "--pipe", "/bin/sh", "-ec", script)


def python_of(root: Path) -> str:
    """Return "3.11" for a root with /usr/bin/python3.11."""
    return (root / "usr/bin/python3").readlink().name.removeprefix("python")


def builder_python(version: str) -> str:
    """Return an interpreter of this machine whose wheels fit the root. Raises: SystemExit."""
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in (sys.executable, "/usr/bin/python3", f"python{version}"):
        program = shutil.which(candidate)
        if program is None:
            continue
        told = subprocess.run([program, "-c", asked], capture_output=True, text=True, check=False)
        if told.stdout.strip() == version:
            return program
    sys.exit(f"the wheels for {SUITE} need a Python {version} on this machine")


def build_debian() -> Path:
    """Return the cached Debian."""
    base = CACHE / f"debian-{SUITE}-{digest(' '.join(PACKAGES).encode())}"
    if not base.exists():
        with step(f"debootstrap {SUITE}"):
            new = CACHE / "debian.new"
            shutil.rmtree(new, ignore_errors=True)
            run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, new)
            new.rename(base)
    return base


def build_bare_debian() -> Path:
    """Return the cached Debian that stands in for the image of the same name."""
    base = CACHE / f"debian-{SUITE}-bare"
    if not base.exists():
        with step(f"debootstrap {SUITE}, bare"):
            new = CACHE / "debian.new"
            shutil.rmtree(new, ignore_errors=True)
            run("debootstrap", "--variant=minbase", SUITE, new)
            new.rename(base)
    return base


def build_builder(version: str) -> Path:
    """Return the cached Python environment that builds wheels."""
    lock = REPOSITORY / "requirements-build.lock"
    builder = CACHE / f"builder-{digest(lock.read_bytes())}"
    python = builder / "bin/python"
    if not (builder / "ready").exists():
        with step("build tools"):
            run(builder_python(version), "-m", "venv", "--clear", builder)
            pip = (python, "-m", "pip", "install", "--no-warn-script-location")
            run(*pip, "--require-hashes", "-r", lock)
            (builder / "ready").touch()
    return python


def download_dependencies(python: Path) -> Path:
    """Return the cached folder of everything that the lock files name."""
    locks = [REPOSITORY / name for name in ("requirements-build.lock", "requirements.lock")]
    folder = CACHE / f"downloads-{digest(b''.join(lock.read_bytes() for lock in locks))}"
    if not folder.exists():
        with step("dependencies by hash"):
            new = CACHE / "downloads.new"
            shutil.rmtree(new, ignore_errors=True)
            download = (python, "-m", "pip", "download", "--require-hashes", "--no-cache-dir")
            source = ("--no-build-isolation", "--no-binary", "urllib3-future")
            for lock in locks:
                run(*download, *source, "-r", lock, "--dest", new)
            new.rename(folder)
    return folder


def digest(content: bytes) -> str:
    """Return a short name for a content."""
    return hashlib.sha256(content).hexdigest()[:12]


def build_machine(base: Path, downloads: Path, root: Path) -> None:
    """Put the clone, its dependencies, settings, secrets and the proof into a Debian."""
    run("cp", "--archive", "--reflink=auto", base, root)
    proof = root / "proof"
    (proof / "leak").mkdir(parents=True)
    shutil.copytree(REPOSITORY, proof / "keepcool", ignore=NOT_COPIED)
    shutil.copytree(downloads, proof / "downloads")
    files = {
        "keepcool.toml": SETTINGS,
        "home_assistant_token": secrets.token_urlsafe(48) + "\n",
        "leak/sitecustomize.py": LEAK,
        "clock.py": CLOCK,
    }
    for name, text in files.items():
        (proof / name).write_text(text, encoding="utf-8")
    system = root / "etc/systemd/system"
    (system / "keepcool.service.d").mkdir(parents=True)
    (system / "keepcool.service.d/proof.conf").write_text(DROP_IN, encoding="utf-8")
    (system / "keepcool-proof.service").write_text(PROOF_UNIT, encoding="utf-8")
    inside(root, PREPARE)


def boot(root: Path) -> None:
    """Boot the root until its proof powers it off; cut it off when that takes too long."""
    console = root / "proof/console.txt"
    with console.open("wb") as output:
        machine = subprocess.Popen(
            # The container's own filter would keep adjtimex(2) from everyone; without CAP_SYS_TIME
            # nothing in it can set the clock.
            [*NSPAWN, "--system-call-filter=@clock", f"--directory={root}", "--boot", QUIET],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            machine.wait(BOOT_LIMIT_S)
        except subprocess.TimeoutExpired:
            machine.terminate()  # systemd-nspawn powers the machine off
            machine.wait(30.0)


def print_results(proof: Path) -> bool:
    """Print the findings; return whether all are right and the proof came to its end."""
    path = proof / "results.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    findings = [json.loads(line) for line in lines]
    for finding in findings:
        mark = "ok    " if finding["ok"] else "FAILED"
        say(f"  {mark} {finding['name']}: {finding['detail']}")
    is_whole = bool(findings) and findings[-1]["name"] == "proof ended"
    is_right = is_whole and all(finding["ok"] for finding in findings)
    if not is_right:
        for name in ("journal.txt", "times.txt", "console.txt"):
            shown = (proof / name).read_text("utf-8", "replace") if (proof / name).exists() else ""
            say(f"--- {name}\n{shown[-6000:]}")
    return is_right


def main() -> None:
    """Prove, or say why it cannot be proved here."""
    if os.geteuid() != 0:
        sys.exit("make service boots a machine: run it as root")
    for tool, package in TOOLS.items():
        if shutil.which(tool) is None:
            sys.exit(f"make service needs {tool}: apt-get install {package}")
    CACHE.mkdir(mode=0o700, exist_ok=True)
    base = build_debian()
    python = build_builder(python_of(base))
    downloads = download_dependencies(python)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="machine-") as folder:
        root = Path(folder) / "root"
        build_machine(base, downloads, root)
        with step("booted, installed, proved, powered off"):
            boot(root)
        is_right = print_results(root / "proof")
        if not addon.run_proof(build_bare_debian(), downloads, Path(folder)) or not is_right:
            sys.exit(1)


if __name__ == "__main__":
    main()
