"""Boot a small Debian with keepcool as its service and print what was proved: `make service`.

Needs root, debootstrap and systemd-nspawn. What does not change from run to run (the Debian, the
dependencies) is kept in /var/tmp/keepcool-service.
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

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = Path("/var/tmp/keepcool-service")  # noqa: S108 - large, and root's alone (mode 0700)
SUITE = "bookworm"
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "python3", "python3-venv"),
    *("mosquitto", "mosquitto-clients", "ca-certificates"),
)
BOOT_LIMIT_S = 240.0
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

# Python imports this module at every start: the real daemon, with a leak that can be switched on.
LEAK = """
import sys, threading, time
from pathlib import Path

def leak():
    kept = []
    time.sleep(1.0)
    while not Path("/etc/keepcool/leak").exists():
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
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /proof/proof.py
StandardOutput=append:/proof/times.txt
StandardError=append:/proof/times.txt
"""

BROKER = """
listener 1883 127.0.0.1
allow_anonymous false
password_file /etc/mosquitto/passwd
"""

INSTALL_DEPENDENCIES = """
python3 -m venv /opt/keepcool
/opt/keepcool/bin/pip install --quiet --disable-pip-version-check --no-index --no-deps /wheels/*.whl
rm -rf /wheels
"""

# What a person does by hand: see systemd/README.md.
INSTALL = """
/opt/keepcool/bin/pip install --quiet --disable-pip-version-check --no-index --no-deps /wheel/*.whl
unit=/opt/keepcool/share/keepcool/systemd
install -m 644 $unit/keepcool.service /etc/systemd/system/keepcool.service
install -m 644 $unit/keepcool.sysusers /usr/lib/sysusers.d/keepcool.conf
systemd-sysusers keepcool.conf
install -d -m 750 -o root -g keepcool /etc/keepcool /etc/keepcool/secrets
install -m 640 -o root -g keepcool /proof/keepcool.toml /etc/keepcool/keepcool.toml
install -m 640 -o root -g keepcool /proof/mqtt_password /etc/keepcool/secrets/mqtt_password
install -m 600 /proof/home_assistant_token /etc/keepcool/secrets/home_assistant_token
useradd --create-home carer && usermod -aG keepcool carer
useradd --create-home guest
mosquitto_passwd -b -c /etc/mosquitto/passwd keepcool "$(cat /proof/mqtt_password)"
chown mosquitto /etc/mosquitto/passwd
rm /proof/mqtt_password /proof/home_assistant_token
systemctl enable --quiet mosquitto.service keepcool.service
systemctl add-wants --quiet multi-user.target keepcool-proof.service
systemctl mask --quiet console-getty.service getty@tty1.service
"""


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
    base = CACHE / f"debian-{SUITE}"
    if not base.exists():
        with step(f"debootstrap {SUITE}"):
            new = CACHE / "debian.new"
            shutil.rmtree(new, ignore_errors=True)
            run("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, new)
            new.rename(base)
    return base


def build_builder(version: str) -> Path:
    """Return the cached Python environment that builds wheels."""
    lock = REPOSITORY / "requirements-build.lock"
    builder = CACHE / f"builder-{digest(lock)}"
    python = builder / "bin/python"
    if not (builder / "ready").exists():
        with step("build tools"):
            run(builder_python(version), "-m", "venv", "--clear", builder)
            pip = (python, "-m", "pip", "install", "--no-warn-script-location")
            run(*pip, "--require-hashes", "-r", lock)
            (builder / "ready").touch()
    return python


def build_dependencies(base: Path, python: Path) -> Path:
    """Return the cached Debian with keepcool's locked dependencies in /opt/keepcool."""
    lock = REPOSITORY / "requirements.lock"
    root = CACHE / f"dependencies-{digest(lock)}"
    if not root.exists():
        with step("dependencies by hash"):
            new = CACHE / "dependencies.new"
            shutil.rmtree(new, ignore_errors=True)
            run("cp", "--archive", "--reflink=auto", base, new)
            wheel = (python, "-m", "pip", "wheel", "--no-cache-dir", "--no-build-isolation")
            source = ("--require-hashes", "--no-binary", "urllib3-future", "-r", lock)
            run(
                *(*wheel, *source, "--wheel-dir", new / "wheels"),
                environment={"URLLIB3_NO_OVERRIDE": "1"},
            )
            inside(new, INSTALL_DEPENDENCIES)
            new.rename(root)
    return root


def digest(lock: Path) -> str:
    """Return a short name for a lock file's content."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:12]


def build_machine(dependencies: Path, python: Path, root: Path) -> None:
    """Install keepcool as its README says, with settings, secrets and the proof."""
    run("cp", "--archive", "--reflink=auto", dependencies, root)
    wheel = (python, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation")
    run(*wheel, "--wheel-dir", root / "wheel", REPOSITORY)
    proof = root / "proof"
    (proof / "leak").mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("proof.py"), proof)
    files = {
        "keepcool.toml": SETTINGS,
        "mqtt_password": secrets.token_urlsafe(24),
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
    (root / "etc/mosquitto/conf.d/proof.conf").write_text(BROKER, encoding="utf-8")
    inside(root, INSTALL)


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
    dependencies = build_dependencies(base, python)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="machine-") as folder:
        root = Path(folder) / "root"
        with step("keepcool installed"):
            build_machine(dependencies, python, root)
        with step("booted, proved, powered off"):
            boot(root)
        if not print_results(root / "proof"):
            sys.exit(1)


if __name__ == "__main__":
    main()
