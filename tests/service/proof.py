"""Prove, inside a booted Debian, that keepcool is installed, lives and is removed as promised.

Runs as root, as a oneshot unit, with the standard library only. Writes one JSON line per finding
to /proof/results.jsonl and powers the machine off.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.service import package
from tests.service.machine import (
    CONFIG,
    DATABASE,
    KEPT,
    MEMBER,
    PASSWORD,
    SENSORS_PASSWORD,
    STRANGER,
    TOKEN,
    UNIT,
    as_user,
    history_rows,
    household,
    is_active,
    is_between_starts,
    journal,
    main_pid,
    make,
    modes,
    publish_reading,
    report,
    retained_status,
    run,
    unit_value,
    wait_until,
)

PROGRAM = "/usr/local/bin/keepcool"
LEAK_SWITCH = Path("/etc/keepcool/leak")
EXTRAS = (
    *("/usr/local/share/man/man1/keepcool.1", "/usr/local/share/zsh/site-functions/_keepcool"),
    "/usr/local/share/bash-completion/completions/keepcool",
    "/etc/fish/completions/keepcool.fish",
    *(f"/usr/local/share/keepcool/{name}" for name in ("example.toml", "keepcool.schema.json")),
    "/usr/local/share/doc/keepcool/README.md",
)
RESTART_S, STOP_WITHIN_S, MARGIN_S = 5.0, 10.0, 2.0
ADDRESS_SPACE = 512 * 1024 * 1024
BOOT_ID_LENGTH = 36
WRONG_SETTINGS = 2  # the exit code
LISTENING = "0A"  # in /proc/net/tcp

heard_authorisations: set[str] = set()
called: list[str] = []  # services, while Home Assistant answers
is_answering = threading.Event()


class HomeAssistantStub(BaseHTTPRequestHandler):
    """Refuse everything until it may answer, and remember by which token it was asked."""

    def do_GET(self) -> None:
        """Note the token; tell of an air conditioner that is off."""
        configuration = {"version": "2025.4.4", "unit_system": {"temperature": "°C"}}
        state = {"entity_id": self.path.rpartition("/")[2], "state": "off", "attributes": {}}
        self._answer(configuration if self.path == "/api/config" else state)

    def do_POST(self) -> None:
        """Note the token and the service."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if is_answering.is_set():
            called.append(self.path)
        self._answer([])

    def _answer(self, answer: object) -> None:
        heard_authorisations.add(self.headers.get("Authorization", ""))
        if not is_answering.is_set():
            self.send_error(503)
            return
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Stay quiet."""


# --------------------------------------------------------------------- the proofs


def prove_install() -> None:
    """`make install` sets everything up, starts nothing, and says which steps are left."""
    done = make("install", "MOSQUITTO=1")
    said = (done.stdout + done.stderr).strip()
    is_right = done.returncode == 0 and "installed, and not started" in said
    report("make install", " ".join(said.split())[-200:], is_right=is_right)
    states = [run("systemctl", verb, UNIT).stdout.strip() for verb in ("is-enabled", "is-active")]
    report("nothing is started", str(states), is_right=states == ["disabled", "inactive"])
    found = modes(CONFIG.parent, PASSWORD.parent, PASSWORD)
    wanted = ["root:keepcool 750"] * 2 + ["root:keepcool 640"]
    report("settings closed to others", str(found), is_right=found == wanted)
    missing = [path for path in EXTRAS if not Path(path).is_file() or not Path(path).stat().st_size]
    report("manual, completion, schema", str(missing or "all there"), is_right=not missing)
    shells = run("bash", "-c", "source " + EXTRAS[2] + " && complete -p keepcool").stdout.strip()
    report("bash completes keepcool", shells, is_right="_keepcool_completion" in shells)


def prove_steps() -> None:
    """Settings with the permissions that init gives, and a start, lead to a running service."""
    run("install", "-m", "640", "-g", "keepcool", "/proof/keepcool.toml", str(CONFIG))
    run("install", "-m", "600", "/proof/home_assistant_token", str(TOKEN))
    Path("/proof/home_assistant_token").unlink()
    passwords = ("mosquitto_passwd", "-b", "/etc/mosquitto/keepcool.passwd")
    for user in ("sensors", "guest"):
        run(*passwords, user, SENSORS_PASSWORD)
    restarted = run("systemctl", "restart", "mosquitto.service")
    report("broker takes the rules", restarted.stderr.strip(), is_right=restarted.returncode == 0)
    run("usermod", "-aG", "keepcool", MEMBER)
    checked = run(PROGRAM, "check")
    last = (checked.stdout.strip().splitlines() or [checked.stderr])[-1]
    report("keepcool check", last, is_right=checked.returncode == 0)
    started = run("systemctl", "enable", "--now", UNIT, timeout_s=120)
    detail = started.stderr.strip().splitlines()[-1:]
    report("enable --now", str(detail), is_right=started.returncode == 0)


def prove_start() -> None:
    """Type=notify: active means that the daemon said READY=1."""
    is_up = wait_until(is_active, 60.0)
    kind = unit_value("Type")
    report("becomes active", f"Type={kind}", is_right=is_up and kind == "notify")
    exposure = run("systemd-analyze", "security", "--offline=true", "--threshold=15", UNIT)
    line = exposure.stdout.strip().splitlines()[-1]
    report("exposure at most 1.5", line.lstrip("→ "), is_right=exposure.returncode == 0)


def prove_confinement() -> None:
    """The process runs as its own user, without capabilities, filtered and limited."""
    pid = main_pid()
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    user = pwd.getpwuid(int(status["Uid"].split()[0])).pw_name
    report("runs as keepcool", user, is_right=user == "keepcool")
    confined = {name: status[name] for name in ("CapEff", "NoNewPrivs", "Seccomp")}
    wanted = {"CapEff": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}
    report("no capabilities, system calls filtered", str(confined), is_right=confined == wanted)
    limits = Path(f"/proc/{pid}/limits").read_text(encoding="utf-8").splitlines()
    space = next(line.split()[3] for line in limits if line.startswith("Max address space"))
    core = next(line.split()[4] for line in limits if line.startswith("Max core file size"))
    used_kib = int(status["VmPeak"].split()[0])
    rss_kib = int(status["VmRSS"].split()[0])
    detail = f"limit {space}, address space at most {used_kib // 1024} MiB, RSS {rss_kib // 1024}"
    is_roomy = used_kib * 1024 < ADDRESS_SPACE // 2
    report("address space capped", detail, is_right=space == str(ADDRESS_SPACE) and is_roomy)
    report("no core dumps", core, is_right=core == "0")
    links = (str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir())
    sockets = {link for link in links if link.startswith("socket:")}
    rows = [
        line.split()
        for name in ("tcp", "tcp6", "udp", "udp6")
        for line in Path(f"/proc/{pid}/net/{name}").read_text(encoding="utf-8").splitlines()[1:]
    ]
    listening = [row for row in rows if row[3] == LISTENING and f"socket:[{row[9]}]" in sockets]
    report("listens on no port", f"{len(sockets)} sockets", is_right=not listening)


def prove_secrets() -> None:
    """Secrets reach the daemon and nobody else."""
    status = wait_until(lambda: retained_status() == "online", 30.0)
    report("broker password reached the daemon", retained_status(), is_right=status)
    token = TOKEN.read_text(encoding="utf-8").strip()
    publish_reading(30.5)  # hot: a push
    is_heard = wait_until(lambda: f"Bearer {token}" in heard_authorisations, 30.0)
    report("token reached Home Assistant", f"{len(heard_authorisations)} seen", is_right=is_heard)
    places = (str(TOKEN), f"/run/credentials/{UNIT}/home_assistant_token")
    readers = [
        f"{user} reads {place}"
        for user in (MEMBER, STRANGER)
        for place in places
        if as_user(user, "cat", place).returncode == 0
    ]
    report("token closed to people", "; ".join(readers) or "nobody reads it", is_right=not readers)
    leaked = [name for name in ("environ", "cmdline") if _is_in(token, name)]
    is_logged = token in journal()
    detail = f"in {leaked}, logged: {is_logged}"
    report("token not in environment or log", detail, is_right=not leaked and not is_logged)


def _is_in(secret: str, name: str) -> bool:
    return secret.encode() in Path(f"/proc/{main_pid()}/{name}").read_bytes()


def prove_group() -> None:
    """A member of the group sees the status and logs a drink; others see nothing."""
    wait_until(lambda: list(Path("/run/keepcool").glob("*.json")), 20.0)
    seen = as_user(MEMBER, PROGRAM, "status", "--json")
    is_json = seen.returncode == 0 and "rooms" in json.loads(seen.stdout)
    said = seen.stderr.strip()[:200] or f"{len(seen.stdout)} bytes of JSON"
    report("status for the group", said, is_right=is_json)
    drink = as_user(MEMBER, PROGRAM, "log", "drink", "250")
    said = (drink.stdout + drink.stderr).strip()[:200]
    report("drink logged by the group", said, is_right=drink.returncode == 0)
    refused = as_user(STRANGER, PROGRAM, "status", "--json")
    said = refused.stderr.strip()[:200]
    report("status closed to strangers", said, is_right=refused.returncode != 0)
    folders = {
        path: run("stat", "-c", "%U:%G %a", path).stdout.strip()
        for path in ("/var/lib/keepcool", "/run/keepcool", str(DATABASE))
    }
    wanted = ["keepcool:keepcool 750", "keepcool:keepcool 750", "keepcool:keepcool 640"]
    report("state for owner and group", str(folders), is_right=list(folders.values()) == wanted)


def prove_clock() -> None:
    """In its sandbox keepcool may ask whether the clock is synchronised, and sees the boot id.

    The unit's drop-in asks before every start, in the same sandbox; -1 would be a refusal.
    """
    said = [line.split() for line in journal().splitlines() if line.startswith("proof-clock ")]
    _, boot_id, state = (said or [["", "nothing", "-1"]])[-1]
    is_right = len(boot_id) == BOOT_ID_LENGTH and int(state) >= 0
    report("clock may be asked", f"boot id {boot_id}, state {state}", is_right=is_right)


def _prove_restart(
    name: str,
    cause: Callable[[int], object],
    within_s: float,
    undo: Callable[[], object] = lambda: None,
) -> None:
    """The cause ends the daemon; another process is there in time, and then ready."""
    wait_until(is_active, 30.0)
    pid, since = main_pid(), time.monotonic()
    cause(pid)
    new_pid = wait_until(lambda: main_pid() not in (0, pid) and main_pid(), within_s + 30.0)
    took_s = time.monotonic() - since
    undo()
    is_up = wait_until(is_active, 30.0)
    ready_s = time.monotonic() - since
    detail = f"new process after {took_s:.1f} s, ready after {ready_s:.1f} s"
    is_right = bool(new_pid) and is_up and took_s <= within_s + MARGIN_S
    report(name, detail, is_right=is_right)


def prove_restarts() -> None:
    """A hanging, a killed and a leaking daemon come back by themselves."""
    watchdog_s = int(unit_value("WatchdogUSec").removesuffix("s"))
    _prove_restart(
        f"hangs (watchdog {watchdog_s} s)",
        lambda pid: os.kill(pid, signal.SIGSTOP),
        watchdog_s + RESTART_S,
    )
    is_traced = "Current thread" in journal() or "Thread 0x" in journal()
    report("stacks in the journal", "after the watchdog's abort", is_right=is_traced)
    _prove_restart("killed with -9", lambda pid: os.kill(pid, signal.SIGKILL), RESTART_S)
    leak, end_leak = (lambda _pid: LEAK_SWITCH.touch()), LEAK_SWITCH.unlink
    _prove_restart("leaks memory", leak, 30.0 + RESTART_S, end_leak)
    report("leak ended as MemoryError", "in the journal", is_right="MemoryError" in journal())
    wait_until(is_active, 30.0)


def prove_stop() -> None:
    """SIGTERM: history on disk, status offline, exit 0, in time."""
    wait_until(lambda: retained_status() == "online", 30.0)
    before = history_rows()
    publish_reading(27.5)
    wait_until(lambda: "27.5" in as_user(MEMBER, PROGRAM, "status", "--json").stdout, 20.0)
    since = time.monotonic()
    run("systemctl", "stop", UNIT)
    took_s = time.monotonic() - since
    result = unit_value("Result"), unit_value("ExecMainStatus")
    is_right = result == ("success", "0") and took_s <= STOP_WITHIN_S
    report("stops on SIGTERM", f"{took_s:.1f} s, {result}", is_right=is_right)
    status = retained_status()
    report("status topic after the stop", status, is_right=status == "offline")
    rows = history_rows() - before
    report("history flushed", f"{rows} new rows", is_right=rows >= 1)
    old = as_user(MEMBER, PROGRAM, "status")
    said = " ".join(old.stdout.split())[:120]
    report(
        "status says that it does not run",
        said,
        is_right=old.returncode == 1 and "NOT running" in said,
    )


def prove_broken_settings() -> None:
    """Wrong settings are said and retried for ever; once mended, the daemon starts by itself."""
    good = CONFIG.read_text(encoding="utf-8")
    CONFIG.write_text(good.replace("latitude_deg", "lattitude_deg"), encoding="utf-8")
    run("systemctl", "start", "--no-block", UNIT)
    restarts = wait_until(lambda: int(unit_value("NRestarts")) >= 2 and unit_value("NRestarts"), 60)
    wait_until(is_between_starts, 20)
    code = unit_value("ExecMainStatus")
    is_said = "lattitude_deg" in journal()
    detail = f"exit {code}, {restarts} restarts, key named: {is_said}"
    report("broken settings are retried", detail, is_right=code == "2" and is_said)
    away = TOKEN.with_suffix(".away")
    TOKEN.rename(away)
    CONFIG.write_text(good, encoding="utf-8")
    is_missed = wait_until(lambda: "home_assistant.token" in journal(), 30)
    lines = [line for line in journal().splitlines() if "home_assistant.token" in line]
    report("absent secret is named", (lines or ["nothing said"])[-1], is_right=is_missed)
    wait_until(is_between_starts, 20)
    away.rename(TOKEN)
    is_up = wait_until(is_active, 30.0)
    report("mended settings start by themselves", unit_value("SubState"), is_right=is_up)


def prove_basic_mode() -> None:
    """After five refusals the last settings that ran warn on and switch nothing, until mended."""
    good = CONFIG.read_text(encoding="utf-8")
    is_answering.set()

    def has_kept() -> bool:
        publish_reading(22.0)
        time.sleep(1.0)
        return "settings.kept" in journal()

    is_kept = wait_until(has_kept, 180.0)
    found = modes(KEPT) if KEPT.exists() else ["nothing"]
    is_closed = found == ["keepcool:keepcool 600"]
    report("settings that ran are kept", str(found), is_right=is_kept and is_closed)
    CONFIG.write_text(good.replace("latitude_deg", "lattitude_deg"), encoding="utf-8")
    since = time.monotonic()
    run("systemctl", "restart", "--no-block", UNIT)
    is_basic = wait_until(lambda: is_active() and "daemon.basic_mode" in journal(), 120.0)
    detail = f"{time.monotonic() - since:.0f} s after the wrong settings"
    report("basic mode after five fast exits", detail, is_right=is_basic)
    called.clear()
    wait_until(lambda: retained_status() == "online", 30.0)
    publish_reading(36.0)
    is_told = wait_until(lambda: any("/notify/" in path for path in called), 60.0)
    switched = [path for path in called if "/notify/" not in path]
    is_right = bool(is_told) and not any("/climate/" in path for path in switched)
    report("basic mode warns and switches nothing", str(called), is_right=is_right)
    shown = as_user(MEMBER, PROGRAM, "status")
    said = " ".join((shown.stderr + shown.stdout).split())
    is_right = shown.returncode == WRONG_SETTINGS and "BASIC MODE" in said
    report("status says so", said[:300], is_right=is_right and "lattitude_deg" in said)
    CONFIG.write_text(good, encoding="utf-8")
    pid = main_pid()
    run("systemctl", "restart", UNIT, timeout_s=60)
    is_up = wait_until(lambda: is_active() and main_pid() not in (0, pid), 30.0)
    wait_until(lambda: "BASIC MODE" not in as_user(MEMBER, PROGRAM, "status").stdout, 30.0)
    shown = as_user(MEMBER, PROGRAM, "status")
    is_right = is_up and shown.returncode == 0 and "BASIC MODE" not in shown.stdout
    report("mended settings end basic mode", f"exit {shown.returncode}", is_right=is_right)
    is_answering.clear()


def prove_upgrade() -> None:
    """Installing again keeps the household's files and restarts, unless settings are refused."""
    before, pid = household(), main_pid()
    good = CONFIG.read_text(encoding="utf-8")
    CONFIG.write_text(good.replace("latitude_deg", "lattitude_deg"), encoding="utf-8")
    refused = make("install")
    is_same = (main_pid(), is_active()) == (pid, True)
    said = refused.stderr.strip().splitlines()
    is_right = refused.returncode != 0 and is_same and "lattitude_deg" in refused.stderr
    report("upgrade refused with the settings", str(said[-2:]), is_right=is_right)
    CONFIG.write_text(good, encoding="utf-8")
    done = make("install")
    is_new = wait_until(lambda: is_active() and main_pid() not in (0, pid), 60.0)
    last = (done.stdout.strip().splitlines() or [done.stderr])[-1]
    report("upgrade restarts", last, is_right=done.returncode == 0 and is_new)
    report("upgrade keeps what is yours", "", is_right=household() == before)


def prove_uninstall() -> None:
    """`make uninstall` leaves nothing but settings and data, and with PURGE=1 not those either."""
    before, pid = household(), main_pid()
    done = make("uninstall")
    places = (PROGRAM, "/opt/keepcool", "/usr/local/lib/systemd/system/keepcool.service", *EXTRAS)
    left = [path for path in places if os.path.lexists(path)]
    is_gone = not Path(f"/proc/{pid}").exists() and not left
    detail = " ".join(done.stdout.split())[-160:] + done.stderr + str(left or "")
    report("make uninstall", detail, is_right=done.returncode == 0 and is_gone)
    is_kept = household() == before and DATABASE.exists()
    report("settings and data stay", "", is_right=is_kept)
    done = make("uninstall", "PURGE=1")
    left = [str(folder) for folder in (CONFIG.parent, DATABASE.parent) if folder.exists()]
    known = [run("getent", kind, "keepcool").stdout.strip() for kind in ("passwd", "group")]
    detail = f"left: {left}, user and group: {known} {done.stderr.strip()}"
    is_right = done.returncode == 0 and not left and known == ["", ""]
    report("make uninstall PURGE=1", detail, is_right=is_right)


PROOFS = (
    prove_install,
    prove_steps,
    prove_start,
    prove_confinement,
    prove_secrets,
    prove_group,
    prove_clock,
    prove_restarts,
    prove_stop,
    prove_broken_settings,
    prove_basic_mode,
    prove_upgrade,
    package.prove_build,
    package.prove_refusal,
    prove_uninstall,
    *package.PROOFS,
)


def main() -> None:
    """Run every proof; one that breaks is a finding too."""
    server = ThreadingHTTPServer(("127.0.0.1", 8123), HomeAssistantStub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for proof in PROOFS:
        since = time.monotonic()
        try:
            proof()
        except Exception as error:  # noqa: BLE001 - the other proofs still count
            report(proof.__name__, repr(error), is_right=False)
        print(f"{proof.__name__}: {time.monotonic() - since:.1f} s", flush=True)  # noqa: T201
    Path("/proof/journal.txt").write_text(journal(), encoding="utf-8")
    report("proof ended", "", is_right=True)


if __name__ == "__main__":
    try:
        main()
    finally:
        run("systemctl", "poweroff", "--force")
        sys.exit(0)
