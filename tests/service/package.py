"""Prove the Debian package: built without root, installed, upgraded, removed and purged."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

from tests.service.machine import (
    CLONE,
    CONFIG,
    DATABASE,
    KEPT,
    MEMBER,
    OFFLINE,
    PASSWORD,
    SENSORS_PASSWORD,
    UNIT,
    as_user,
    history_rows,
    is_active,
    main_pid,
    make,
    modes,
    publish_reading,
    report,
    run,
    unit_value,
    wait_until,
)

FOLDER = Path("/proof/package")
PROGRAM = "/usr/bin/keepcool"
STATE = DATABASE.parent
ARCHITECTURE = subprocess.check_output(["dpkg", "--print-architecture"], text=True).strip()
FIRST, SECOND = (FOLDER / f"keepcool_{version}_{ARCHITECTURE}.deb" for version in ("1.0", "1.1"))
EXTRAS = (
    "/usr/share/man/man1/keepcool.1.gz",
    "/usr/share/bash-completion/completions/keepcool",
    "/usr/share/zsh/site-functions/_keepcool",
    "/usr/share/fish/vendor_completions.d/keepcool.fish",
    "/usr/share/keepcool/keepcool.schema.json",
    "/usr/share/keepcool/mosquitto/keepcool.acl",
    "/usr/share/doc/keepcool/examples/keepcool.toml",
    *(f"/usr/share/doc/keepcool/{name}" for name in ("copyright", "changelog.gz", "LICENSE")),
)
RULES = re.compile(r"```sh\n(cd /usr/share/keepcool/mosquitto\n.*?)```", re.DOTALL)
ANSWERS = """
listen_s = 5
[mqtt]
host = "127.0.0.1"
username = "keepcool"
password_file = "password"
[home]
name = "Proof"
latitude_deg = 45.1
longitude_deg = 7.7
time_zone = "UTC"
country = "IT"
[weather]
base_url = "http://127.0.0.1:9"
[[person]]
name = "Anna"
[[room]]
name = "Living room"
sensors = ["zigbee2mqtt/living_room"]
"""


def apt(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run apt-get without questions."""
    quietly = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2", "--yes")
    plainly = "--option=Dpkg::Use-Pty=0"
    return run(*quietly, plainly, *map(str, arguments), timeout_s=300)


def said_by(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a command said, on one line."""
    return " ".join((done.stdout + done.stderr).split())


def state_of_unit() -> list[str]:
    """Return whether the unit is enabled, and whether it runs."""
    return [run("systemctl", verb, UNIT).stdout.strip() for verb in ("is-enabled", "is-active")]


def ours() -> dict[Path, bytes]:
    """Return what the household wrote."""
    return {path: path.read_bytes() for path in (CONFIG, PASSWORD)}


def restarts_from(pid: int) -> bool:
    """Return whether another process is ready within a minute."""
    return wait_until(lambda: is_active() and main_pid() not in (0, pid), 60.0)


# --------------------------------------------------------------------- the proofs


def prove_build() -> None:
    """`make deb` builds the package as somebody of the household, without root."""
    clone = Path("/home") / MEMBER / "keepcool"
    shutil.copytree(CLONE, clone)
    run("chown", "--recursive", f"{MEMBER}:{MEMBER}", str(clone))
    quietly = (*OFFLINE, f"HOME=/home/{MEMBER}", "make", "--no-print-directory", "-C", str(clone))
    as_member = ("runuser", "-u", MEMBER, "--", *quietly)
    since = time.monotonic()
    done = run(*as_member, "deb", "DEB_VERSION=1.0", timeout_s=600)
    took_s = time.monotonic() - since
    built = clone / "dist" / FIRST.name
    size_mib = built.stat().st_size / 2**20 if built.exists() else 0.0
    detail = f"{took_s:.0f} s, {size_mib:.1f} MiB, {said_by(done)[-160:]}"
    report("make deb", detail, is_right=done.returncode == 0 and size_mib > 0)
    FOLDER.mkdir()
    shutil.move(built, FIRST)
    tree = FOLDER / "tree"
    run("dpkg-deb", "--raw-extract", str(FIRST), str(tree), timeout_s=120)
    owners = run("find", str(tree), "-not", "-user", "root").stdout.split()
    named = run("grep", "-rlE", f"{clone}|keepcool\\.new", str(tree)).stdout.split()
    detail = f"not root's: {owners[:3]}, naming the clone: {named[:3]}"
    report("package knows nothing of its build", detail, is_right=not owners and not named)
    run("sed", "-i", "s/^Version: .*/Version: 1.1/", str(tree / "DEBIAN/control"))
    fast = ("dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "--build")
    run(*fast, str(tree), str(SECOND), timeout_s=120)


def prove_refusal() -> None:
    """Where `make install` was used, the package changes nothing and says what to do."""
    pid = main_pid()
    done = apt("install", FIRST)
    is_same = (main_pid(), is_active()) == (pid, True) and not Path(PROGRAM).exists()
    is_right = done.returncode != 0 and is_same and "sudo make uninstall" in said_by(done)
    report("package beside make install refused", said_by(done)[:160], is_right=is_right)


def prove_install() -> None:
    """Without settings the package sets everything up, starts nothing and says the next step."""
    shutil.rmtree("/etc/systemd/system/keepcool.service.d")  # the proof's own, of the first half
    since = time.monotonic()
    done = apt("install", FIRST)
    took_s = time.monotonic() - since
    is_right = done.returncode == 0 and "sudo keepcool init" in said_by(done)
    report("apt install", f"{took_s:.0f} s, {said_by(done)[-120:]}", is_right=is_right)
    found = state_of_unit()
    report("package starts nothing", str(found), is_right=found == ["disabled", "inactive"])
    found = modes(CONFIG.parent, PASSWORD.parent, STATE)
    wanted = ["root:keepcool 750"] * 2 + ["keepcool:keepcool 750"]
    report("package closes the settings", str(found), is_right=found == wanted)
    missing = [path for path in EXTRAS if not Path(path).is_file() or not Path(path).stat().st_size]
    report("package has manual, completion", str(missing or "all there"), is_right=not missing)
    sums = run("dpkg", "--verify", "keepcool").stdout.strip()
    report("dpkg --verify", sums or "every file as packed", is_right=not sums)
    done = make("install")
    is_right = done.returncode != 0 and "sudo apt-get remove keepcool" in said_by(done)
    report("make install beside the package refused", said_by(done)[:160], is_right=is_right)


def prove_start() -> None:
    """The broker's rules by the manual's commands, `keepcool init`, and the service runs."""
    for path in Path("/etc/mosquitto").rglob("keepcool.*"):
        path.unlink()
    manual = Path("/usr/share/doc/keepcool/systemd/README.md").read_text(encoding="utf-8")
    (rules,) = RULES.findall(manual)
    typed = re.sub(
        r"mosquitto_passwd (\S+) (\S+)", rf"mosquitto_passwd -b \1 \2 {SENSORS_PASSWORD}", rules
    )
    done = run("sh", "-euc", typed)
    report("broker's rules by hand", said_by(done), is_right=done.returncode == 0)
    publish_reading(22.0, "--retain")
    answers = FOLDER / "answers.toml"
    answers.write_text(ANSWERS, encoding="utf-8")
    (FOLDER / "password").write_text(SENSORS_PASSWORD, encoding="utf-8")
    (FOLDER / "password").chmod(0o600)
    done = run(PROGRAM, "init", "--answers", str(answers), timeout_s=120)
    is_written = CONFIG.exists() and "/usr/share/keepcool/example.toml" in CONFIG.read_text()
    report(
        "keepcool init", said_by(done)[-200:], is_right=is_written and "enable --now" in done.stdout
    )
    run("systemctl", "enable", "--now", UNIT, timeout_s=120)
    is_up = wait_until(is_active, 60.0)
    unit = unit_value("FragmentPath")
    is_right = is_up and Path(unit).resolve().parent == Path("/usr/lib/systemd/system")
    report("package's unit becomes active", unit, is_right=is_right)
    run("usermod", "-aG", "keepcool", MEMBER)
    seen = wait_until(lambda: as_user(MEMBER, PROGRAM, "status").returncode == 0, 30.0)
    report("status from the package", as_user(MEMBER, PROGRAM, "status").stderr, is_right=seen)


def prove_upgrade() -> None:
    """An upgrade keeps what is yours and restarts; refused settings leave the old daemon alone."""
    before, pid = ours(), main_pid()
    done = apt("install", SECOND)
    is_right = done.returncode == 0 and restarts_from(pid)
    report("apt upgrade restarts", said_by(done)[-100:], is_right=is_right)
    report("apt upgrade keeps what is yours", "", is_right=ours() == before)
    pid = main_pid()
    good = CONFIG.read_text(encoding="utf-8")
    CONFIG.write_text(good.replace("latitude_deg", "lattitude_deg"), encoding="utf-8")
    done = apt("install", "--allow-downgrades", FIRST)
    is_same = (main_pid(), is_active()) == (pid, True)
    is_said = "lattitude_deg" in said_by(done) and "sudo dpkg --configure keepcool" in said_by(done)
    is_right = done.returncode != 0 and is_same and is_said
    report("refused settings: the old one runs on", said_by(done)[:240], is_right=is_right)
    CONFIG.write_text(good, encoding="utf-8")
    done = run("dpkg", "--configure", "keepcool", timeout_s=120)
    is_right = done.returncode == 0 and restarts_from(pid)
    report("mended settings: dpkg --configure restarts", said_by(done), is_right=is_right)
    run("systemctl", "disable", "--now", UNIT)
    apt("install", SECOND)
    found = state_of_unit()
    is_right = found == ["disabled", "inactive"]
    report("switched off stays off in an upgrade", str(found), is_right=is_right)
    run("systemctl", "enable", "--now", UNIT, timeout_s=120)


def prove_remove() -> None:
    """`apt remove` leaves settings and data alone; installed again, the service runs again."""
    before, pid, rows = ours(), main_pid(), history_rows()
    done = apt("remove", "keepcool")
    places = (PROGRAM, "/usr/lib/keepcool", "/usr/lib/systemd/system/keepcool.service", *EXTRAS)
    left = [path for path in places if Path(path).exists()]
    is_gone = not Path(f"/proc/{pid}").exists() and not left
    detail = f"left: {left} {done.stderr.strip()}"
    report("apt remove", detail, is_right=done.returncode == 0 and is_gone)
    is_kept = ours() == before and history_rows() >= rows
    report("apt remove keeps settings and data", "", is_right=is_kept)
    done = apt("install", SECOND)
    is_up = wait_until(is_active, 30.0)
    report("installed again it runs", said_by(done)[-100:], is_right=done.returncode == 0 and is_up)


def prove_purge() -> None:
    """`apt purge` leaves the data, as root's and without a secret, and says how to remove them."""
    rows = history_rows()
    KEPT.touch()
    done = apt("purge", "keepcool")
    users = [run("getent", kind, "keepcool").stdout.strip() for kind in ("passwd", "group")]
    links = list(Path("/etc/systemd/system").rglob(UNIT))
    left = [path for path in (CONFIG.parent, KEPT, *links) if path.exists() or path.is_symlink()]
    is_right = done.returncode == 0 and not left and users == ["", ""]
    report("apt purge", f"left: {left}, user and group: {users}", is_right=is_right)
    is_kept = modes(STATE) == ["root:root 700"] and history_rows() >= rows
    is_said = f"sudo rm -rf {STATE}" in said_by(done)
    report(
        "apt purge keeps the data and says so", said_by(done)[-160:], is_right=is_kept and is_said
    )
    apt("install", SECOND)
    found = modes(STATE, DATABASE)
    wanted = ["keepcool:keepcool 750", "keepcool:keepcool 640"]
    report("installed again it owns the data", str(found), is_right=found == wanted)
    apt("purge", "keepcool")
    shutil.rmtree(STATE)


PROOFS = (
    prove_install,
    prove_start,
    prove_upgrade,
    prove_remove,
    prove_purge,
)
