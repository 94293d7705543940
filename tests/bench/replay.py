"""Measure a replayed season, 120 days of four rooms: `python -m tests.bench.replay [DAYS]`.

A reading a minute; the time of a simulated day early and late shows whether it grows with the
past. Nothing is asserted.
"""

from __future__ import annotations

import math
import os
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from config.settings import load_settings
from daemon.bootstrap import replay
from daemon.logs import only_errors
from daemon.replay.recording import RecordedSensor, Recording, read_rooms, read_weather

START = datetime(2025, 6, 1, tzinfo=UTC)
ROOMS = ("living", "bedroom", "kitchen", "study")
MINUTES_A_DAY = 1440
SETTINGS = """\
[home]
name = "Bench"
latitude_deg = 48.1
longitude_deg = 11.6
time_zone = "Europe/Berlin"
country = "DE"
[home_assistant]
url = "http://homeassistant.local:8123"
[[person]]
id = "anna"
name = "Anna"
rooms = ["living", "bedroom", "kitchen", "study"]
[[person.phone]]
service = "notify.mobile_app_annas_phone"
kind = "android"
"""


class _Weather:
    """Make warm days that differ, from a seed."""

    def __init__(self, days: int) -> None:
        chance = random.Random(1)  # noqa: S311 - the same season each time
        self._warmer_k = [0.0]
        for _ in range(days + 2):
            self._warmer_k.append(0.7 * self._warmer_k[-1] + chance.gauss(0, 2))

    def outdoor_c(self, hour: float) -> float:
        """Return the outdoor temperature at an hour after the start."""
        day, part = divmod(hour / 24, 1)
        today, tomorrow = self._warmer_k[int(day)], self._warmer_k[int(day) + 1]
        wave = 7 * math.sin(2 * math.pi * (hour - 8) / 24)
        return 23 + today + part * (tomorrow - today) + wave


def write_season(folder: Path, days: int) -> tuple[Path, Path, Path]:
    """Write settings and recordings; return their paths."""
    weather, chance = _Weather(days), random.Random(2)  # noqa: S311 - the same season each time
    config, indoor, outdoor = (folder / name for name in ("bench.toml", "in.csv", "out.csv"))
    rooms = "".join(
        f'[[room]]\nid = "{room}"\nname = "{room}"\n[[room.sensor]]\ntopic = "z/{room}"\n'
        for room in ROOMS
    )
    config.write_text(SETTINGS + rooms)
    config.chmod(0o600)
    values = [25.0] * len(ROOMS)
    with indoor.open("w") as lines:
        lines.write("time_utc,room,temperature_c,relative_humidity_pct\n")
        for minute in range(days * MINUTES_A_DAY):
            hour, at = minute / 60, START + timedelta(minutes=minute)
            sun_k = 0.35 * max(0.0, math.sin(2 * math.pi * (hour - 5) / 24)) / 60
            for number, room in enumerate(ROOMS):
                flow_k = (weather.outdoor_c(hour) - values[number]) / (60 * (20 + 4 * number))
                values[number] += flow_k + sun_k
                shown_c = values[number] + chance.gauss(0, 0.04)
                lines.write(f"{at:%Y-%m-%dT%H:%M:%SZ},{room},{shown_c:.2f},50\n")
    with outdoor.open("w") as lines:
        lines.write("time_utc,temperature_c,relative_humidity_pct,ghi_w_m2\n")
        for number in range(days * 24):
            at = START + timedelta(hours=number)
            sun_w_m2 = max(0.0, 800 * math.sin(2 * math.pi * (number - 4.5) / 24))
            outdoor_c = weather.outdoor_c(number + 0.5)
            lines.write(f"{at:%Y-%m-%dT%H:%M:%SZ},{outdoor_c:.2f},55,{sun_w_m2:.0f}\n")
    return config, indoor, outdoor


def measure(folder: Path, days: int) -> None:
    """Replay a season and print how fast it was."""
    config, indoor, outdoor = write_season(folder, days)
    settings = load_settings(config, environ={}, credentials_directory=None, require_secrets=False)
    started_s, before_s = time.perf_counter(), time.process_time()
    rooms, _ = read_rooms(indoor)
    weather, _, _ = read_weather(outdoor)
    recording = Recording([RecordedSensor(name, name, rooms[name]) for name in rooms])
    read_s = time.perf_counter() - started_s
    marks: list[tuple[float, float]] = []

    def tell(_share: float) -> None:
        rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        marks.append((time.perf_counter(), rss_mib))

    began_s = time.perf_counter()
    with only_errors():
        outcome = replay(settings, recording, weather, tell=tell)
    took_s = time.perf_counter() - started_s
    steps = [later[0] - sooner[0] for sooner, later in pairwise(marks)]
    tenth = max(1, len(steps) // 10)
    main_s = time.process_time() - before_s
    helper_s = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    for label, value in (
        ("readings", f"{recording.readings:,}"),
        ("in all", f"{took_s:.1f} s, {recording.readings / took_s:,.0f} readings/s"),
        ("CPU, main and second process", f"{main_s:.1f} s, {helper_s:.1f} s"),
        ("of it reading the files", f"{read_s:.1f} s"),
        ("of it judging at the end", f"{time.perf_counter() - marks[-1][0]:.1f} s"),
        ("first day", f"{marks[0][0] - began_s:.2f} s"),
        ("a day, of the first tenth", f"{fmean(steps[:tenth]):.2f} s"),
        ("a day, of the last tenth", f"{fmean(steps[-tenth:]):.2f} s"),
        ("peak memory after a tenth", f"{marks[tenth][1]:.0f} MiB"),
        ("peak memory at the end", f"{marks[-1][1]:.0f} MiB"),
        ("messages", f"{len(outcome.messages)}"),
        ("load of the machine", load),
    ):
        print(f"{label:30}{value}")  # noqa: T201


def main() -> None:
    """Measure as many days as the command line says."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), days)


if __name__ == "__main__":
    main()
