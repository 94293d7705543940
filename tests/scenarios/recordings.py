"""Play recorded homes as the indoors of a simulated household."""

from __future__ import annotations

import csv
import gzip
import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from daemon.demo.flat import DeviceAction
from daemon.demo.hot_days import Outdoor
from daemon.demo.household import Household, HouseholdRoom
from policies.model import Person, Phone, PhoneKind

BALTIMORE = ZoneInfo("America/New_York")
LONGEST_HOLD = timedelta(minutes=30)  # a logger that was silent for longer says nothing


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold one recorded reading."""

    at: datetime
    temperature_c: float
    relative_humidity_pct: float


class Recording:
    """Play one logger as the sensor of the only room (`daemon.demo.world.Indoors`)."""

    def __init__(self, samples: Sequence[Sample], start: datetime) -> None:
        self.samples = samples
        self._moments = [sample.at for sample in samples]
        self._now = start

    def at(self, moment: datetime) -> Sample | None:
        """Return the newest sample that is not too old."""
        index = bisect_right(self._moments, moment) - 1
        if index < 0 or moment - self._moments[index] > LONGEST_HOLD:
            return None
        return self.samples[index]

    def advance(
        self,
        to: datetime,
        outdoor_at: Callable[[datetime], Outdoor],
        devices: Mapping[str, DeviceAction],
    ) -> None:
        """Let time pass; a recording minds no device."""
        self._now = to

    def zigbee2mqtt_payload(self, room_id: str) -> str:
        """Return what the logger shows now; nothing of a temperature in a gap."""
        sample = self.at(self._now)
        if sample is None:
            return json.dumps({"linkquality": 90})
        return json.dumps(
            {
                "temperature": round(sample.temperature_c, 2),
                "humidity": round(sample.relative_humidity_pct, 1),
                "battery": 80,
            }
        )


def baltimore_recording(folder: Path, home: str, start: datetime) -> Recording:
    """Read one home of the Baltimore recordings (every 75 s or so, Fahrenheit, local time)."""
    samples = []
    with gzip.open(folder / "indoor" / "baltimore_2019_raw_75s.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            if row["home"] == home and row["t_in_f"] and row["rh_in_pct"]:
                at = datetime.fromisoformat(row["time_local"]).replace(tzinfo=BALTIMORE)
                celsius = (float(row["t_in_f"]) - 32.0) / 1.8
                samples.append(Sample(at, celsius, float(row["rh_in_pct"])))
    samples.sort(key=lambda sample: sample.at)
    return Recording(samples, start)


def baltimore_weather(folder: Path) -> Callable[[datetime], Outdoor]:
    """Return the outdoor air that was measured, linear between the hours; humidity was not kept."""
    known: dict[datetime, float] = {}
    with (folder / "indoor" / "baltimore_2019_hourly.csv").open() as file:
        for row in csv.DictReader(file):
            if row["t_out_c"]:
                at = datetime.fromisoformat(row["time_local"]).replace(tzinfo=BALTIMORE)
                known[at] = float(row["t_out_c"])
    moments = sorted(known)

    def outdoor_at(at: datetime) -> Outdoor:
        index = min(max(bisect_right(moments, at), 1), len(moments) - 1)
        before, after = moments[index - 1], moments[index]
        part = min(max((at - before) / (after - before), 0.0), 1.0)
        temperature_c = known[before] + (known[after] - known[before]) * part
        return Outdoor(temperature_c, 55.0, 0.0, 2.0, 30.0)

    return outdoor_at


def one_room_household(
    name: str,
    start: datetime,
    days: int,
    zone: ZoneInfo,
    outdoor_at: Callable[[datetime], Outdoor],
    place: tuple[float, float, str],
) -> Household:
    """Describe a home of one person and one room, without any cooling."""
    latitude_deg, longitude_deg, country = place
    person = Person(
        person_id="anna",
        name="Anna",
        rooms=("living_room",),
        wake_at=time(7, 0),
        bed_at=time(22, 30),
        phones=(Phone("anna:mobile_app_annas_phone", "mobile_app_annas_phone", PhoneKind.ANDROID),),
    )
    return Household(
        person=person,
        rooms=(HouseholdRoom("living_room", "Living room"),),
        flat=(),
        outdoor_at=outdoor_at,
        start=start,
        end=start + timedelta(days=days),
        zone=zone,
        name=name,
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        country=country,
    )
