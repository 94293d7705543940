"""From nothing to a message on the phone: `keepcool init`, its settings, and keepcool on them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.daemon_process import DaemonProcess
from tests.e2e.home import Home
from tests.waiting import wait_until

KEEPCOOL = (sys.executable, "-m", "daemon.cli")
SOON_S = 60.0


def write_answers(home: Home, folder: Path) -> Path:
    """Write what somebody would answer in this home."""
    for name, text in (("token", home.api.token), ("road", home.annas_road.json_address)):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    path = folder / "answers.toml"
    path.write_text(f"""
listen_s = 5
test_push = true

[mqtt]
host = "127.0.0.1"
port = {home.broker.port}

[home_assistant]
url = "{home.url}"
token_file = "token"

[weather]
sources = ["home_assistant"]
entity = "weather.lab_weather"

[[person]]
name = "Anna"
second_road_file = "road"

[[person.phone]]
service = "notify.{home.android.service}"

[[room]]
name = "Living room"

[[room.cooling]]
entity = "climate.living_room_ac"
""")
    return path


def run_init(home: Home, folder: Path) -> str:
    """Run `keepcool init` while the living room's sensor reports; return what it said."""
    arguments = ("init", "--answers", str(write_answers(home, folder)), "--config", "keepcool.toml")
    process = subprocess.Popen(
        [*KEEPCOOL, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while process.poll() is None:
        home.say_room(23.5)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return said


def test_from_nothing_to_a_message_on_the_phone(home: Home, tmp_path: Path) -> None:
    """Answers become settings that are green; keepcool runs on them and reaches the phone."""
    said = run_init(home, tmp_path)
    assert " 0 red" in said
    assert "zigbee2mqtt/living_room: 23.5 °C, 45 %" in said
    assert "Climate: climate.lab_ac, climate.living_room_ac" in said
    assert home.api.token not in said
    (push,) = home.android.shown
    assert push.title == "Test: keepcool can reach you"
    text = (tmp_path / "keepcool.toml").read_text()
    assert 'country = "NL"' in text  # from Home Assistant
    assert 'kind = "android"' in text
    (tmp_path / "other").mkdir()
    state = {"STATE_DIRECTORY": str(tmp_path / "state")}
    daemon = DaemonProcess(tmp_path / "other", home.broker.port, environment=state)
    daemon.config_path = tmp_path / "keepcool.toml"
    daemon.environment.pop("KEEPCOOL_HOME_ASSISTANT__TOKEN", None)  # its file is enough
    with daemon:
        wait_until(
            lambda: "binary_sensor.keepcool_running" in home.api.states(),
            SOON_S,
            what="Home Assistant to show keepcool",
        )
        home.wait_for("binary_sensor.keepcool_running", "on")
        asked = daemon.command("test-alert", "anna")
        assert asked.returncode == 0, asked.stderr
        wait_until(lambda: len(home.android.pushes) > 1, SOON_S, what="the daemon's own push")
        assert list(home.android.pushes[-1].buttons) == ["I'm on it"]
        assert daemon.stop() == 0
