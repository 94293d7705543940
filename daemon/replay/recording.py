"""Hold what was recorded of rooms and weather, compactly, and hand it out in the order of time."""

from __future__ import annotations

import heapq
import math
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple, Self

from daemon.room_csv import (
    INDOOR_COLUMNS,
    CsvReader,
    Means,
    RecordingError,
    check_hours,
    humidity_pct,
    read_outdoor,
    room_rows,
)
from integrations.errors import TransientError
from policies.model import Forecast, HourlyForecast

MINUTE_S: Final = 60
HOUR_S: Final = 3600
DAY_S: Final = 86_400
LONGEST_HOLD_S: Final = 1800.0  # a logger that was silent for longer says nothing,
HOLD_INTERVALS: Final = 2.5  # unless it speaks more rarely than that
FORECAST_HOURS_BACK: Final = 24
FORECAST_DAYS: Final = 3  # of forecasts, as Open-Meteo is asked for
_UNKNOWN: Final = -1.0  # of a humidity


class Sample(NamedTuple):
    """Hold one reading; a humidity of `None` was not told."""

    at_s: float  # since 1970
    temperature_c: float
    relative_humidity_pct: float | None


@dataclass(slots=True)
class Series:
    """Hold one sensor's readings, oldest first, in 16 bytes each."""

    _at_s: array[float] = field(default_factory=lambda: array("d"))
    _temperature_c: array[float] = field(default_factory=lambda: array("f"))
    _humidity_pct: array[float] = field(default_factory=lambda: array("f"))
    _hold_s: float | None = None

    def add(self, at_s: float, temperature_c: float, humidity_pct: float | None) -> None:
        """Take one more reading, in any order; `arrange` puts them in the order of time."""
        self._at_s.append(at_s)
        self._temperature_c.append(temperature_c)
        self._humidity_pct.append(_UNKNOWN if humidity_pct is None else humidity_pct)

    def arrange(self) -> Self:
        """Sort the readings; of two of one moment the one that came last counts."""
        if all(earlier < later for earlier, later in pairwise(self._at_s)):
            return self
        order = sorted(range(len(self._at_s)), key=self._at_s.__getitem__)
        last = [i for i, j in pairwise(order) if self._at_s[i] != self._at_s[j]] + order[-1:]
        for name in ("_at_s", "_temperature_c", "_humidity_pct"):
            values = getattr(self, name)
            setattr(self, name, array(values.typecode, [values[index] for index in last]))
        return self

    def __len__(self) -> int:
        """Return how many readings there are."""
        return len(self._at_s)

    def __getitem__(self, index: int) -> Sample:
        """Return a reading."""
        return _sample(self._at_s[index], self._temperature_c[index], self._humidity_pct[index])

    def __iter__(self) -> Iterator[Sample]:
        """Go through the readings."""
        for at_s, temperature_c, humidity in zip(
            self._at_s, self._temperature_c, self._humidity_pct, strict=True
        ):
            yield _sample(at_s, temperature_c, humidity)

    def between(self, start_s: float, end_s: float, apart_s: float) -> Iterator[Sample]:
        """Yield the readings of a time, none nearer to the one before than `apart_s`."""
        index, end = bisect_left(self._at_s, start_s), bisect_left(self._at_s, end_s)
        while index < end:
            yield self[index]
            index = bisect_left(self._at_s, self._at_s[index] + apart_s, index + 1)

    @property
    def hold_s(self) -> float:
        """Return how long a reading counts: half an hour, more where the sensor speaks rarely."""
        if self._hold_s is None:
            gaps = [later - earlier for earlier, later in pairwise(self._at_s)]
            usual_s = median(gaps) if gaps else 0.0
            self._hold_s = max(LONGEST_HOLD_S, HOLD_INTERVALS * usual_s)
        return self._hold_s

    def at(self, moment_s: float) -> Sample | None:
        """Return the newest reading that is not too old."""
        index = bisect_right(self._at_s, moment_s) - 1
        if index < 0 or moment_s - self._at_s[index] > self.hold_s:
            return None
        return self[index]


def _sample(at_s: float, temperature_c: float, humidity: float) -> Sample:
    """Return a reading as it was written, which four bytes hold to a thousandth."""
    known = None if humidity == _UNKNOWN else round(humidity, 2)
    return Sample(at_s, round(temperature_c, 3), known)


@dataclass(frozen=True, slots=True)
class RecordedSensor:
    """Hold what one sensor told, and of which room."""

    sensor_id: str
    room_id: str
    series: Series


class Recording:
    """Hold every sensor's readings of one home."""

    def __init__(self, sensors: Sequence[RecordedSensor]) -> None:
        """Take the sensors; one without any reading is left out."""
        self.sensors = [sensor for sensor in sensors if len(sensor.series)]
        self.readings = sum(len(sensor.series) for sensor in self.sensors)
        self._by_room: defaultdict[str, list[Series]] = defaultdict(list)
        for sensor in self.sensors:
            self._by_room[sensor.room_id].append(sensor.series)

    @property
    def room_ids(self) -> tuple[str, ...]:
        """Return the rooms of which there is a recording."""
        return tuple(self._by_room)

    @property
    def start(self) -> datetime:
        """Return the minute of the first reading."""
        first_s = min(sensor.series[0].at_s for sensor in self.sensors)
        return datetime.fromtimestamp(first_s // MINUTE_S * MINUTE_S, UTC)

    @property
    def end(self) -> datetime:
        """Return the minute after the last reading."""
        last_s = max(sensor.series[-1].at_s for sensor in self.sensors)
        return datetime.fromtimestamp((last_s // MINUTE_S + 1) * MINUTE_S, UTC)

    def at(self, room_id: str, moment_s: float) -> tuple[float, float | None] | None:
        """Return a room's temperature and humidity: the median of its sensors that count then."""
        sensors = self._by_room[room_id]
        if len(sensors) == 1:
            only = sensors[0].at(moment_s)
            return None if only is None else only[1:]
        found = [each for series in sensors if (each := series.at(moment_s))]
        if not found:
            return None
        humidity = [
            each.relative_humidity_pct for each in found if each.relative_humidity_pct is not None
        ]
        temperature_c = median(each.temperature_c for each in found)
        return temperature_c, median(humidity) if humidity else None

    def minutes(self) -> Iterator[tuple[int, list[tuple[RecordedSensor, Sample]]]]:
        """Yield each full minute (since 1970) that something was heard by, with the readings.

        Of a sensor that spoke several times within a minute the last word counts.
        """
        merged = heapq.merge(*(_by_minute(number, s) for number, s in enumerate(self.sensors)))
        minute, heard = -1, list[tuple[RecordedSensor, Sample]]()
        for heard_by, number, sample in merged:
            if heard_by != minute and heard:
                yield minute, heard
                heard = []
            minute = heard_by
            heard.append((self.sensors[number], sample))
        if heard:
            yield minute, heard


def _by_minute(number: int, sensor: RecordedSensor) -> Iterator[tuple[int, int, Sample]]:
    """Yield a sensor's last reading of each minute, with the end of that minute."""
    waiting: tuple[int, int, Sample] | None = None
    for sample in sensor.series:
        minute = math.ceil(sample.at_s / MINUTE_S)
        if waiting is not None and waiting[0] != minute:
            yield waiting
        waiting = (minute, number, sample)
    if waiting is not None:
        yield waiting


class RecordedWeather:
    """Serve the recorded weather as the forecast that there was (`daemon.ports.WeatherSource`).

    A real forecast errs; this one does not.
    """

    name = "recording"

    def __init__(self, hours: Mapping[int, HourlyForecast]) -> None:
        """Take the hours by their number since 1970."""
        self._hours = hours

    @classmethod
    def build(cls, air_c: Means, humidity_pct: Means, sun_w_m2: Means) -> RecordedWeather:
        """Put hourly means together."""
        return cls(
            {
                hour: HourlyForecast(
                    datetime.fromtimestamp(hour * HOUR_S, UTC),
                    round(value_c, 2),
                    relative_humidity_pct=humidity_pct.get(hour),
                    shortwave_radiation_w_m2=sun_w_m2.get(hour),
                )
                for hour, value_c in air_c.items()
            }
        )

    def outdoor_c(self, hour: int) -> float | None:
        """Return the mean temperature of an hour."""
        found = self._hours.get(hour)
        return None if found is None else found.temperature_c

    def fetch(self, now_utc: datetime) -> Forecast:
        """Return the hours from yesterday to the day after tomorrow, up to the first gap.

        Raises: TransientError where nothing was recorded.
        """
        present = int(now_utc.timestamp()) // HOUR_S
        if present not in self._hours:
            raise TransientError("nothing was recorded of the weather at this time")
        midnight = present - present % 24
        first, last = present, present
        while first - 1 >= midnight - FORECAST_HOURS_BACK and first - 1 in self._hours:
            first -= 1
        while last + 1 < midnight + 24 * FORECAST_DAYS and last + 1 in self._hours:
            last += 1
        hours = tuple(self._hours[hour] for hour in range(first, last + 1))
        return Forecast(self.name, now_utc, hours)


def read_rooms(path: Path) -> tuple[dict[str, Series], CsvReader]:
    """Read every reading by the room's name in the file, and what was of no use.

    Raises: RecordingError.
    """
    rooms: defaultdict[str, Series] = defaultdict(Series)
    reader = CsvReader(path, INDOOR_COLUMNS)
    for room, value_c, row in room_rows(reader):
        if (at_s := reader.moment_s(row)) is not None:
            rooms[room].add(at_s, value_c, humidity_pct(row))
    if not rooms:
        raise RecordingError(f"{path}: no row with a temperature of a room{reader.example()}")
    for room, series in rooms.items():
        series.arrange()
        first, last = (int(series[index].at_s) // HOUR_S for index in (0, -1))
        check_hours(path, f"room {room}", first, last)
    return dict(sorted(rooms.items())), reader


def read_weather(path: Path) -> tuple[RecordedWeather, list[str], int]:
    """Read the weather; also what was of no use, and how many rows there were.

    Raises: RecordingError.
    """
    found = read_outdoor(path)
    series = found.series
    weather = RecordedWeather.build(
        series["temperature_c"], series["relative_humidity_pct"], series["ghi_w_m2"]
    )
    return weather, found.faults, found.rows
