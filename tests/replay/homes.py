"""Write small recordings and settings for replays."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner, Result

from daemon.cli import main

START = datetime(2025, 7, 1, tzinfo=UTC)
SETTINGS = """\
[home]
name = "Flat"
latitude_deg = 48.1
longitude_deg = 11.6
time_zone = "Europe/Berlin"
country = "DE"

[home_assistant]
url = "http://homeassistant.local:8123"

[[person]]
id = "anna"
name = "Anna"
rooms = ["living"]
[[person.phone]]
service = "notify.mobile_app_annas_phone"
kind = "android"

[[room]]
id = "living"
name = "Living room"
[[room.sensor]]
topic = "zigbee2mqtt/living"
"""
COOLING = """\
[[room.cooling]]
id = "ac"
entity = "climate.living"
[[room.cooling]]
command_topic = "zigbee2mqtt/fan/set"
id = "fan"
role = "fan"
"""


def outdoor_c(hour: float) -> float:
    """Return a warm day's wave that is warmest at 15 h UTC; each day is 1 K warmer."""
    return 23.0 + hour / 24 + 7.0 * math.sin(2 * math.pi * (hour - 9) / 24)


def indoor_c(hour: float, warming_k: float) -> float:
    """Return a room that follows three hours later, half as far.

    Each day is warmer by `warming_k`: by 1 K it is over 29 °C from the second day.
    """
    return 25.0 + warming_k * hour / 24 + 3.0 * math.sin(2 * math.pi * (hour - 12) / 24)


def write_recording(
    folder: Path, days: float = 4, room: str = "living", warming_k: float = 1.0
) -> tuple[Path, Path]:
    """Write a pair of recordings: a reading every five minutes."""
    indoor, outdoor = folder / "indoor.csv", folder / "outdoor.csv"
    with indoor.open("w") as lines:
        lines.write("time_utc,room,temperature_c,relative_humidity_pct\n")
        for step in range(int(days * 288)):
            at = START + timedelta(minutes=5 * step)
            lines.write(f"{at:%Y-%m-%dT%H:%M:%SZ},{room},{indoor_c(step / 12, warming_k):.2f},40\n")
    with outdoor.open("w") as lines:
        lines.write("time_utc,temperature_c,relative_humidity_pct,ghi_w_m2\n")
        for hour in range(24 * math.ceil(days)):
            at = START + timedelta(hours=hour)
            lines.write(f"{at:%Y-%m-%dT%H:%M:%SZ},{outdoor_c(hour + 0.5):.2f},50,\n")
    return indoor, outdoor


def write_settings(folder: Path, text: str = SETTINGS, name: str = "keepcool.toml") -> Path:
    """Write a settings file."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def replay(config: Path, files: tuple[Path, Path], *options: str) -> Result:
    """Run the command."""
    indoor, outdoor = (str(path) for path in files)
    command = ["replay", "--config", str(config), "--indoor", indoor, "--outdoor", outdoor]
    return CliRunner().invoke(main, [*command, *options])
