"""Write keepcool's settings for the home of the e2e tests, and start it as its own process."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from daemon.demo.driver import SteppedDaemon
from daemon.hours import HourBatch, OutdoorHour, RoomHour, hour_of
from daemon.store import DATABASE_NAME, Store
from policies.model import PhoneKind
from tests.daemon_process import NO_WEATHER, DaemonProcess
from tests.e2e.home import Home
from tests.e2e.phones import Phone
from tests.waiting import wait_until

NO_FORECAST: Final = f'[weather]\nbase_url = "{NO_WEATHER}"\n'
FORECAST_OF_HOME_ASSISTANT: Final = (
    '[weather]\nsources = ["home_assistant"]\nentity = "weather.lab_weather"\n'
)
AIR_CONDITIONER: Final = (
    '[[room.cooling]]\nid = "ac"\nname = "AC"\nentity = "climate.living_room_ac"\n'
)
FAN: Final = '[[room.cooling]]\nid = "fan"\nname = "Fan"\nentity = "fan.living_room_fan"\n'
NOON_H: Final = 13  # the household's hour when a test starts, whatever the machine's clock says


@dataclass(frozen=True)
class Household:
    """Describe Anna's home in Home Assistant, and run keepcool for it.

    Args:
        home: where it is.
        folder: an empty one for settings, state and log.
        phone: Anna's.
        has_road: Anna and her carer Ben have a second road, and Ben has a phone.
        cooling: TOML of the living room's devices.
        weather: TOML of the forecast.
        token: Home Assistant's; the tests' own when empty.
        thresholds: more lines of that table.
        person: more lines about Anna.
        picture_folder: a folder of Home Assistant for pictures.
        more: more tables.
    """

    home: Home
    folder: Path
    phone: Phone
    has_road: bool = False
    cooling: str = ""
    weather: str = NO_FORECAST
    token: str = ""
    thresholds: str = ""
    person: str = ""
    more: str = ""
    picture_folder: str = ""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @contextmanager
    def running(self) -> Iterator[DaemonProcess]:
        """Run keepcool on the real clock, from the moment on at which Home Assistant shows it."""
        with self.process() as daemon:
            self.wait_until_shown()
            yield daemon

    def live_before(self, days: int) -> None:
        """Let keepcool have lived here on warm days: it foretells the living room at its start."""
        now_h = hour_of(datetime.now(UTC))
        hours = range(now_h - 24 * days, now_h)
        waves = [math.cos(2 * math.pi * (hour - now_h - 4) / 24) for hour in hours]  # to 17:00
        store = Store(self.folder / "state" / DATABASE_NAME)
        rooms = [
            RoomHour("living_room", hour, 28.5 + 3.0 * wave)
            for hour, wave in zip(hours, waves, strict=True)
        ]
        weather = [
            OutdoorHour(hour, 28.0 + 6.0 * wave, 40.0)
            for hour, wave in zip(hours, waves, strict=True)
        ]
        store.write_history([], {}, HourBatch(rooms, weather))
        store.close()

    def wait_until_shown(self) -> None:
        """Wait until Home Assistant shows that keepcool runs, and the room of it."""
        wait_until(self._is_shown, 60.0, what="Home Assistant to show keepcool")

    def _is_shown(self) -> bool:
        states = self.home.api.states()
        running = states.get("binary_sensor.keepcool_running", {}).get("state")
        return running == "on" and "sensor.keepcool_living_room_heat_level" in states

    def process(self) -> DaemonProcess:
        """Return keepcool on the real clock, not yet started."""
        return DaemonProcess(
            self.folder,
            self.home.broker.port,
            home_assistant_url=self.home.url,
            config=self._settings().replace("{", "{{").replace("}", "}}"),
            environment={"KEEPCOOL_HOME_ASSISTANT__TOKEN": self.token or self.home.api.token},
        )

    def let_pass(self, daemon: SteppedDaemon, duration: timedelta, room_c: float) -> None:
        """Let time pass minute by minute, with the room's sensor reporting the same each time."""
        end = daemon.now + duration
        while daemon.now < end:
            daemon.advance(min(daemon.now + timedelta(minutes=1), end))
            self.home.say_room(room_c)

    def device(self) -> dict[str, Any]:
        """Return what `keepcool status` knows of the living room's only cooling device."""
        (room,) = self.status()["rooms"]
        (found,) = room["cooling"]
        return dict(found)

    def status(self) -> dict[str, Any]:
        """Return what `keepcool status` knows; stepped, it is written every five minutes."""
        path = self.folder / "state" / "test-home.status.json"
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def stepped(self) -> SteppedDaemon:
        """Return keepcool on a clock that passes only in `advance`, from this moment on."""
        process = self.process()
        return SteppedDaemon(
            process.config_path,
            self.started_at,
            process.log_path,
            environ=process.environment,
        )

    def _settings(self) -> str:
        kind = "android" if self.phone.kind is PhoneKind.ANDROID else "iphone"
        offset_h = NOON_H - self.started_at.hour
        return f"""
[home]
name = "Test home"
latitude_deg = 52.37
longitude_deg = 4.89
time_zone = "Etc/GMT{-offset_h:+d}"
country = "NL"

[mqtt]
host = "127.0.0.1"
port = {self.home.broker.port}

[home_assistant]
url = "{self.home.url}"
{f'picture_folder = "{self.picture_folder}"' if self.picture_folder else ""}

{self.weather}

[storage]
state_directory = "{self.folder / "state"}"

[thresholds]
rolling_window_s = 0
fast_window_s = 0
resolve_hold_s = 0
max_step_c_per_min = 0
decision_interval_s = 0.05
{self.thresholds}

[[person]]
id = "anna"
name = "Anna"
rooms = ["living_room"]
{self.person}

[[person.phone]]
service = "notify.{self.phone.service}"
kind = "{kind}"

{self._roads() if self.has_road else ""}

[[room]]
id = "living_room"
name = "Living room"

[[room.sensor]]
id = "living_room"
topic = "zigbee2mqtt/living_room"

{self.cooling}

{self.more}
"""

    def _roads(self) -> str:
        roads = {"annas_road": self.home.annas_road, "bens_road": self.home.bens_road}
        for name, server in roads.items():
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_text(server.json_address)
        return f"""
[[person.second_road]]
url_file = "{self.folder / "annas_road"}"

[[carer]]
id = "ben"
name = "Ben"

[[carer.phone]]
service = "notify.{self.home.carers.service}"
kind = "iphone"

[[carer.second_road]]
url_file = "{self.folder / "bens_road"}"
"""
