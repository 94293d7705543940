"""The installer refuses in one line, touches nothing of others, and removes what it put there.

What needs packages from the network or a booted system is proved by `make service`.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPT = REPOSITORY / "systemd" / "install.sh"
SHIPPED = sorted(path for path in (REPOSITORY / "systemd").rglob("*") if path.is_file())
PUT_THERE = (
    "opt/keepcool/pyvenv.cfg",
    "opt/keepcool.new/pyvenv.cfg",
    "opt/keepcool.old/pyvenv.cfg",
    "usr/local/lib/systemd/system/keepcool.service",
    "usr/local/lib/sysusers.d/keepcool.conf",
    "usr/local/share/bash-completion/completions/keepcool",
    "usr/local/share/doc/keepcool/README.md",
    "etc/fish/completions/keepcool.fish",
    "usr/local/share/keepcool/home_assistant/blueprints/automation/keepcool/watchdog.yaml",
    "usr/local/share/keepcool/keepcool.schema.json",
    "usr/local/share/man/man1/keepcool.1",
    "usr/local/share/zsh/site-functions/_keepcool",
)
KEPT = (
    "etc/keepcool/keepcool.toml",
    "etc/keepcool/secrets/mqtt_password",
    "etc/mosquitto/keepcool.acl",
    "usr/local/bin/other",
    "usr/local/share/man/man1/other.1",
    "var/lib/keepcool/keepcool.sqlite3",
)


def run(action: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installer as make does."""
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), action],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env={"PATH": os.environ["PATH"], "PYTHON": "/usr/bin/python3"} | environment,
    )


def files_in(root: Path) -> set[str]:
    """Return every file and link in a tree."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


def fill(root: Path, names: tuple[str, ...]) -> None:
    """Put files there."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def pretended(folder: Path, name: str, script: str) -> str:
    """Return a PATH on which a program says what the test wants."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def assert_refused(root: Path, expected: str, **environment: str) -> None:
    """Installing ends with one line that holds these words, and changes nothing."""
    before = files_in(root)
    done = run("install", DESTDIR=str(root), **environment)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert expected in line
    assert done.stdout == ""
    assert files_in(root) == before


@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_others_than_root_are_told(tmp_path: Path, action: str) -> None:
    """Without being root one reads one line that says what to type."""
    done = run(action, PATH=pretended(tmp_path, "id", "echo 1000"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"keepcool: only root can do this: sudo make {action}\n"


@pytest.mark.parametrize("status", ["ii ", "iF "])
def test_package_is_left_alone(tmp_path: Path, status: str) -> None:
    """Where the Debian package is installed, nothing is put beside it or taken away."""
    pretended(tmp_path, "id", "echo 0")
    path = pretended(tmp_path, "dpkg-query", f"echo '{status}'")
    done = run("install", PATH=path, PYTHON=str(tmp_path / "no-python"))  # ends before it builds
    assert (done.returncode, done.stdout) == (1, "")
    assert "sudo apt-get remove keepcool (settings and data stay)" in done.stderr


def test_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    """Something else in /opt/keepcool is not replaced."""
    fill(tmp_path, ("opt/keepcool/somebody-elses",))
    assert_refused(tmp_path, "/opt/keepcool holds something else")


def test_foreign_program_is_left_alone(tmp_path: Path) -> None:
    """Another program of the same name is not replaced."""
    fill(tmp_path, ("usr/local/bin/keepcool",))
    assert_refused(tmp_path, "/usr/local/bin/keepcool is not keepcool's")


def test_python_in_a_home_is_refused(tmp_path: Path) -> None:
    """A Python that the service could not see is refused before anything is built."""
    path = pretended(tmp_path / "bin", "readlink", "echo /home/pi/.pyenv/bin/python3.13")
    root = tmp_path / "root"
    root.mkdir()
    assert_refused(root, "make install PYTHON=/usr/bin/python3", PATH=path)


def test_broker_must_be_there(tmp_path: Path) -> None:
    """Rules for a broker that is not installed are refused."""
    assert_refused(tmp_path, "apt-get install mosquitto", MOSQUITTO="1")


@pytest.mark.parametrize(
    ("name", "line", "is_refused"),
    [
        ("conf.d/mine.conf", "acl_file /etc/mosquitto/mine.acl", True),
        ("conf.d/mine.conf", "  listener 1883", True),
        ("mosquitto.conf", "password_file /etc/mosquitto/passwd", True),
        ("mosquitto.conf", "per_listener_settings true", True),
        ("mosquitto.conf", "port 1883", True),
        ("mosquitto.conf", "# acl_file /etc/mosquitto/mine.acl", False),
        ("mosquitto.conf", "persistence true", False),
        ("conf.d/keepcool.conf", "acl_file /etc/mosquitto/keepcool.acl", False),
    ],
)
def test_rules_of_the_household_win(
    tmp_path: Path, name: str, line: str, *, is_refused: bool
) -> None:
    """A broker with rules of its own is left as it is; mosquitto takes each line only once."""
    root = tmp_path / "root"
    (root / "etc/mosquitto/conf.d").mkdir(parents=True)
    (root / "etc/mosquitto" / name).write_text(line + "\n")
    fill(root, ("opt/keepcool/pyvenv.cfg",))
    nothing = {"MOSQUITTO": "1", "PYTHON": str(tmp_path / "no-python")}  # ends before it builds
    if is_refused:
        assert_refused(root, f"has rules of its own in {root}/etc/mosquitto/{name}", **nothing)
    else:
        assert "was not found" in run("install", DESTDIR=str(root), **nothing).stderr


@pytest.mark.parametrize("purge", ["", "1"])
def test_uninstall_keeps_what_is_the_households(tmp_path: Path, purge: str) -> None:
    """Uninstalling removes what was put there; settings and data only with PURGE=1."""
    fill(tmp_path, PUT_THERE + KEPT)
    (tmp_path / "usr/local/bin/keepcool").symlink_to("/opt/keepcool/bin/keepcool")
    done = run("uninstall", DESTDIR=str(tmp_path), PURGE=purge)
    assert (done.returncode, done.stderr) == (0, "")
    gone = {name for name in KEPT if purge and "/keepcool/" in name}
    assert files_in(tmp_path) == set(KEPT) - gone
    assert "mosquitto keeps the passwords and rules" in done.stdout
    assert run("uninstall", DESTDIR=str(tmp_path), PURGE=purge).returncode == 0


def test_script_knows_every_shipped_file() -> None:
    """Every file of the folder is installed or is the installer itself."""
    text = SCRIPT.read_text(encoding="utf-8")
    names = {str(path.relative_to(REPOSITORY)) for path in SHIPPED if path.parent.name != "debian"}
    names -= {"systemd/install.sh", "systemd/deb.sh"}
    assert {name for name in names if name not in text} == set()


def test_paths_agree() -> None:
    """The unit, the example and the user's file name the places that the installer fills."""
    text = SCRIPT.read_text(encoding="utf-8")
    unit = (REPOSITORY / "systemd/keepcool.service").read_text(encoding="utf-8")
    example = (REPOSITORY / "config/example.toml").read_text(encoding="utf-8")
    assert "prefix=${PREFIX:-/usr/local}" in text
    assert '[ "$prefix" = /usr ] && home=/usr/lib/keepcool || home=/opt/keepcool' in text
    assert "ExecStart=/opt/keepcool/bin/keepcool run --config /etc/keepcool/keepcool.toml" in unit
    assert "file:///usr/local/share/doc/keepcool/README.md" in unit
    assert example.startswith("#:schema /usr/local/share/keepcool/keepcool.schema.json\n")
    assert '"$share/keepcool/keepcool.schema.json"' in text
