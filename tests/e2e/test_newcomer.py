"""A newcomer follows README alone: the installed program, its questions, a message on the phone."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.e2e.home import Home
from tests.terminal import REPOSITORY, Person
from tests.waiting import wait_until

SOON_S = 60.0
DEVICES = "zigbee2mqtt/bridge/devices"
# README's own words for whoever does not install: the questions, then the daemon.
COMMANDS = re.findall(
    r"`\.venv/bin/keepcool ([a-z][^`]*)`", (REPOSITORY / "README.md").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Newcomer:
    """Hold an empty folder, and keepcool as pip installs it."""

    folder: Path
    program: Path

    def environment(self) -> dict[str, str]:
        """Return an environment without this repository, in a home of one's own."""
        return os.environ | {"PYTHONPATH": "", "HOME": str(self.folder)}

    def type(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Type a command and wait for its end."""
        return subprocess.run(
            [str(self.program), *arguments, "--config", "keepcool.toml"],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=SOON_S,
            check=False,
        )

    @contextmanager
    def running(self, command: str) -> Iterator[None]:
        """Have a command of README's run until the end, which Ctrl-C brings."""
        process = subprocess.Popen(
            [str(self.program), *command.split()],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(SOON_S) == 0
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def program() -> Iterator[Path]:
    """Return the program of the wheel, in an environment of its own."""
    with TemporaryDirectory(prefix="keepcool-") as folder:
        yield install(Path(folder))


def install(folder: Path) -> Path:
    """Build the wheel and install it; return its program."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([*pip, *build, str(REPOSITORY)], check=True, timeout=120)
    (wheel,) = folder.glob("keepcool-*.whl")
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (packages,) = venv.glob("lib/python*/site-packages")
    # There is no network here: what keepcool stands on is that of the tests, keepcool is not.
    (packages / "of-the-tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    into = ["--python", str(venv / "bin" / "python"), "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, *into, str(wheel)], check=True, timeout=120)
    found = subprocess.run(
        [str(venv / "bin" / "python"), "-c", "import daemon; print(daemon.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
    )
    assert found.stdout.startswith(str(packages))
    return venv / "bin" / "keepcool"


@pytest.fixture
def newcomer(tmp_path: Path, program: Path, home: Home) -> Iterator[Newcomer]:
    """Return somebody whose two thermometers Zigbee2MQTT announces."""
    devices = [
        {"friendly_name": name, "definition": {"exposes": [{"property": "temperature"}]}}
        for name in ("living_room", "bedroom")
    ]
    home.mqtt.publish(DEVICES, json.dumps(devices), is_retained=True)
    yield Newcomer(tmp_path, program)
    home.mqtt.publish(DEVICES, "", is_retained=True)


def answer_everything(person: Person, home: Home) -> None:
    """Answer as little as one can: addresses, the token, a name; Enter to all the rest."""
    person.answer("Broker, as host or host:port", f"127.0.0.1:{home.broker.port}")
    person.answer("Its user name")
    person.answer("Home Assistant's address", home.url)
    person.answer("Token", "not-a-token", is_hidden=True)
    person.answer("What now?")
    person.answer("Home Assistant's address")
    person.answer("Token", home.api.token, is_hidden=True)
    person.wait_for("s left")
    home.say_room(23.5)
    person.answer("What do you call this home?", "Anna's flat")
    person.answer("Which ones shall keepcool watch?")
    person.answer("Which ones cool a room?", "none")
    person.answer("First name", "Anna")
    for question in ("by day", "sleep", "gets up", "goes to bed", "Which ones", "Which phone"):
        person.answer(question)
    person.answer("Its kind")
    person.answer("Address", home.annas_road.json_address, is_hidden=True)
    person.answer("somebody else")
    person.answer("Who is told when Anna")
    person.answer("Write it?")


def test_from_readme_to_a_message_on_the_phone(home: Home, newcomer: Newcomer) -> None:
    """README's two commands and its questions lead to a push, and to keepcool in Home Assistant."""
    asking, running = COMMANDS
    with Person(newcomer, *asking.split()[1:], program=newcomer.program) as person:
        answer_everything(person, home)
        person.answer("Send a test message")
        wait_until(lambda: home.android.shown, SOON_S, what="the test message")
        person.answer("Did it arrive?")
        person.wait_for_end()
        text = person.text
    assert home.android.shown[0].title == "Test: keepcool can reach you"
    assert "zigbee2mqtt/living_room: 23.5 °C" in text
    assert "zigbee2mqtt/bedroom: waiting: not heard yet" in text
    red = [line for line in text.splitlines() if line.startswith("RED")]
    assert [line.split(":")[0] for line in red] == ["RED      forecast open_meteo"]  # no internet
    assert home.api.token not in text
    with newcomer.running(running):
        home.wait_for("binary_sensor.keepcool_running", "on")
        home.say_room(23.5)
        asked = newcomer.type("test-alert", "anna")
        assert (asked.returncode, asked.stderr) == (0, "")
        wait_until(lambda: len(home.android.shown) > 1, SOON_S, what="the daemon's own message")
        home.android.tap(home.android.shown[-1], "I'm on it")
        assert newcomer.type("test-alert", "anna", "--loud").returncode == 0
        wait_until(lambda: len(home.android.shown) > 2, SOON_S, what="the loud message")
        assert home.android.shown[-1].data["channel"] == "alarm_stream"
        wait_until(
            lambda: re.search(r"Living room +0 .*23\.5 °C", newcomer.type("status").stdout),
            SOON_S,
            what="status to show the room",
        )


def test_first_mistakes_are_named_with_their_line(home: Home, newcomer: Newcomer) -> None:
    """A slip in the settings, a broker that is not there: what, where and what to do."""
    options = ("--config", "keepcool.toml", "--listen", "5")
    with Person(newcomer, *options, program=newcomer.program) as person:
        answer_everything(person, home)
        person.answer("Send a test message", "n")
        person.wait_for_end()
    settings = newcomer.folder / "keepcool.toml"
    right = settings.read_text(encoding="utf-8")
    line = right.splitlines().index('wake_at = "07:00"') + 1
    settings.write_text(right.replace("wake_at =", "wake_up ="), encoding="utf-8")
    done = newcomer.type("check")
    assert done.returncode == 2
    assert f"keepcool.toml:{line}  person.wake_up: unknown key; nearest" in done.stdout
    wrong = right.replace(f"port = {home.broker.port}", "port = 1")
    settings.write_text(wrong, encoding="utf-8")
    done = newcomer.type("check", "--online")
    assert done.returncode == 1
    assert "no broker answers at 127.0.0.1:1" in " ".join(done.stdout.split())
