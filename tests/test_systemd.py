"""The units say what was decided, and systemd itself finds nothing wrong with them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
SERVICE = FOLDER / "keepcool.service"
LARGEST_EXPOSURE = "15"  # in tenths; Debian's mosquitto.service has 9.6

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def directives(unit: Path) -> dict[str, list[str]]:
    """Return the values of each directive in order; no name stands in two sections here."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        name, is_directive, value = line.partition("=")
        if is_directive and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Type", "notify"),
        ("NotifyAccess", "main"),
        ("User", "keepcool"),
        ("Group", "keepcool"),
        ("Restart", "always"),
        ("RestartSec", "5"),
        ("StartLimitIntervalSec", "0"),
        ("StateDirectory", "keepcool"),
        ("StateDirectoryMode", "0750"),
        ("RuntimeDirectory", "keepcool"),
        ("LimitAS", "512M"),
        ("LimitCORE", "0"),
        ("OOMScoreAdjust", "-800"),
        ("ProtectSystem", "strict"),
        ("MemoryDenyWriteExecute", "yes"),
        ("CapabilityBoundingSet", ""),
        ("SocketBindDeny", "any"),
    ],
)
def test_directive(name: str, value: str) -> None:
    """What the design rests on stands in the unit, once."""
    assert directives(SERVICE)[name] == [value]


def test_watchdog_waits_for_several_ticks() -> None:
    """The watchdog outlives a slow tick or two (one every 10 s), and a stop has its 10 s."""
    found = directives(SERVICE)
    assert 30 <= int(found["WatchdogSec"][0]) <= 120
    assert int(found["TimeoutStopSec"][0]) > 10


def test_start_waits_for_nothing_that_may_never_come() -> None:
    """No target that waits for time or internet stands before the daemon."""
    found = directives(SERVICE)
    waited_for = " ".join(
        value for name in ("After", "Requires", "Wants", "BindsTo") for value in found.get(name, [])
    )
    assert waited_for == "network.target mosquitto.service"


def test_secrets_come_as_credentials() -> None:
    """Both secrets are handed over by systemd; an absent one does not stop the unit by itself."""
    found = directives(SERVICE)
    names = ["mqtt_password", "home_assistant_token"]
    assert found["LoadCredential"] == [f"{name}:/etc/keepcool/secrets/{name}" for name in names]
    assert found["SetCredential"] == [f"{name}:\\n" for name in names]
    assert not [value for value in found["Environment"] if "KEEPCOOL" in value]


def test_user_is_static() -> None:
    """The user has a name that people and files can refer to, and no shell."""
    lines = (FOLDER / "keepcool.sysusers").read_text(encoding="utf-8").splitlines()
    (user,) = [line.split()[:3] for line in lines if not line.startswith("#")]
    assert user == ["u", "keepcool", "-"]


@needs_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say about any unit."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/keepcool/bin/keepcool", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
        done = _analyze("verify", "--man=no", str(tmp_path / unit.name))
        about_ours = [line for line in done.stderr.splitlines() if "keepcool" in line]
        assert (done.returncode, about_ours) == (0, [])


@needs_systemd
def test_exposure_of_every_unit_is_low() -> None:
    """`systemd-analyze security` counts at most 1.5 of 10 for each unit."""
    assert UNITS
    for unit in UNITS:
        options = ("--offline=true", f"--threshold={LARGEST_EXPOSURE}", "--no-pager")
        done = _analyze("security", *options, str(unit))
        assert done.returncode == 0, done.stdout.splitlines()[-1] + done.stderr


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=30
    )
