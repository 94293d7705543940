"""Read recordings of rooms and weather from CSV files, hour by hour, and say what was left out."""

from __future__ import annotations

import csv
import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from policies.sunlight import clear_sky_w_m2, sine_of_elevation

INDOOR_RANGE_C: Final = (-30.0, 60.0)
INDOOR_COLUMNS: Final = ("time_utc", "room", "temperature_c")
OUTDOOR_RANGE_C: Final = (-60.0, 60.0)
HUMIDITY_RANGE_PCT: Final = (0.0, 110.0)
SUN_RANGE_W_M2: Final = (-20.0, 1600.0)
"""What instruments of homes can have measured; a cheap hygrometer reads over 100 % in fog, a
cloud's edge adds to the sun's 1361 W/m2, a pyranometer reads a little under zero at night."""

FIRST_YEAR: Final = 2000
"""A logger without a clock starts in 1970."""

LAST_YEAR: Final = 2100
"""A date that is further ahead is mistyped."""

LONGEST_YEARS: Final = 10
_HOURS_A_YEAR: Final = 8766
_CLEARNESS_HOURS: Final = 12  # with the sun up

Means = dict[int, float]


class RecordingError(Exception):
    """Say that a file cannot be used, and where."""


@dataclass
class Readings:
    """Gather the values of an hour; hours are counted since 1970, UTC."""

    values: defaultdict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def means(self) -> Means:
        """Return the mean of each hour."""
        return {hour: math.fsum(values) / len(values) for hour, values in self.values.items()}


@dataclass
class Recording:
    """Hold what a file said, and which of its lines were of no use."""

    series: dict[str, Means]
    rows: int
    faults: list[str]


def room_rows(reader: CsvReader) -> Iterator[tuple[str, float, dict[str, str | None]]]:
    """Yield room, temperature in °C and the whole row; one without either is skipped."""
    for row in reader.rows():
        value_c = reader.number(row, "temperature_c", INDOOR_RANGE_C)
        room = (row["room"] or "").strip()
        if not room:
            reader.skip("room is empty")
        elif value_c is not None:
            yield room, value_c, row


def read_indoor(path: Path) -> Recording:
    """Read rooms: `time_utc,room,temperature_c`; what else stands there is not needed.

    Raises: RecordingError.
    """
    rooms: defaultdict[str, Readings] = defaultdict(Readings)
    reader = CsvReader(path, INDOOR_COLUMNS)
    for room, value_c, row in room_rows(reader):
        if (hour := reader.hour(row)) is not None:
            rooms[room].values[hour].append(value_c)
    if not rooms:
        raise RecordingError(f"{path}: no row with a temperature of a room{reader.example()}")
    series = {room: readings.means() for room, readings in sorted(rooms.items())}
    for room, means in series.items():
        _check_span(path, f"room {room}", means)
    return Recording(series, reader.count, reader.faults)


def read_outdoor(path: Path) -> Recording:
    """Read weather: `time_utc,temperature_c` and, where known, humidity and `ghi_w_m2`.

    Raises: RecordingError.
    """
    air, humidity, sun = Readings(), Readings(), Readings()
    reader = CsvReader(path, ("time_utc", "temperature_c"))
    for row in reader.rows():
        value_c = reader.number(row, "temperature_c", OUTDOOR_RANGE_C)
        value_pct = humidity_pct(row)
        if (row.get("ghi_w_m2") or "").strip().lower() == "nan":  # written for unknown by many
            row["ghi_w_m2"] = None
        value_w_m2 = reader.number(row, "ghi_w_m2", SUN_RANGE_W_M2)
        hour = reader.hour(row)
        if hour is None:
            continue
        if value_c is not None:
            air.values[hour].append(value_c)
        if value_pct is not None:
            humidity.values[hour].append(value_pct)
        if value_w_m2 is not None:
            sun.values[hour].append(max(value_w_m2, 0.0))
    if not air.values:
        raise RecordingError(f"{path}: no row with a temperature{reader.example()}")
    series = {
        "temperature_c": air.means(),
        "relative_humidity_pct": humidity.means(),
        "ghi_w_m2": sun.means(),
    }
    _check_span(path, "the weather", series["temperature_c"])
    return Recording(series, reader.count, reader.faults)


def humidity_pct(row: Mapping[str, str | None]) -> float | None:
    """Return a row's relative humidity; what cannot be one is unknown and spoils nothing else."""
    try:
        value_pct = float(row.get("relative_humidity_pct") or "")
    except ValueError:
        return None
    low_pct, high_pct = HUMIDITY_RANGE_PCT
    return min(value_pct, 100.0) if low_pct <= value_pct <= high_pct else None


def fill_sun(
    sun_w_m2: Means, hours: Iterable[int], latitude_deg: float, longitude_deg: float
) -> Means:
    """Return the radiation with its missing hours as a sky like that of the day before has it.

    Uses nothing later than the hour that it fills.
    """
    filled: Means = {}
    recent: deque[tuple[float, float]] = deque(maxlen=_CLEARNESS_HOURS)
    for hour in range(min(sun_w_m2), max(hours) + 1):
        middle = datetime.fromtimestamp(3600 * hour + 1800, UTC)
        clear_w_m2 = clear_sky_w_m2(sine_of_elevation(middle, latitude_deg, longitude_deg))
        known_w_m2 = sun_w_m2.get(hour)
        if known_w_m2 is not None:
            filled[hour] = known_w_m2
            if clear_w_m2 > 0.0:
                recent.append((known_w_m2, clear_w_m2))
        elif recent:
            possible_w_m2 = math.fsum(clear for _, clear in recent)
            share = math.fsum(known for known, _ in recent) / possible_w_m2
            filled[hour] = clear_w_m2 * min(share, 1.0)
    return filled


class CsvReader:
    """Go through one file and keep count of what cannot be believed."""

    def __init__(self, path: Path, needed: tuple[str, ...]) -> None:
        """Need these columns; nothing is read before `rows`."""
        self.path = path
        self.needed = needed
        self.count = 0
        self.faults: list[str] = []
        self._line = 0
        self._is_skipped = False

    def rows(self) -> Iterator[dict[str, str | None]]:
        """Yield the rows by the names of their columns."""
        try:
            with self.path.open(newline="", encoding="utf-8-sig") as lines:
                reader = csv.DictReader(lines)
                reader.fieldnames = names = [name.strip() for name in reader.fieldnames or ()]
                absent = [name for name in self.needed if name not in names]
                if absent:
                    raise RecordingError(
                        f"{self.path}:1: no column {', '.join(absent)}; there must be "
                        f"{', '.join(self.needed)} in the first line"
                    )
                self._line = reader.line_num
                for row in reader:
                    self.count += 1
                    self._line, self._is_skipped = reader.line_num, False
                    yield row
        except OSError as error:
            raise RecordingError(f"{self.path}: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise RecordingError(f"{self.path}: is not UTF-8 text: {error}") from error
        except csv.Error as error:
            raise RecordingError(f"{self.path}:{self._line + 1}: {error}") from error

    def skip(self, reason: str) -> None:
        """Leave the present row out, and say why; once a row."""
        if not self._is_skipped:
            self._is_skipped = True
            self.faults.append(f"{self.path}:{self._line}: {reason}")

    def number(
        self, row: dict[str, str | None], name: str, limits: tuple[float, float]
    ) -> float | None:
        """Return a value; an empty one is unknown and no fault."""
        text = (row.get(name) or "").strip()
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            self.skip(f"{name} is {text!r}, no number")
            return None
        if not limits[0] <= value <= limits[1]:  # NaN is not, either
            self.skip(f"{name} is {text}, not within {limits[0]:g} to {limits[1]:g}")
            return None
        return value

    def hour(self, row: dict[str, str | None]) -> int | None:
        """Return the number of the row's hour; see `moment_s`."""
        at_s = self.moment_s(row)
        return None if at_s is None else int(at_s) // 3600

    def moment_s(self, row: dict[str, str | None]) -> float | None:
        """Return the row's time in seconds since 1970; a time without an offset is UTC."""
        if self._is_skipped:
            return None
        text = (row["time_utc"] or "").strip()
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            self.skip(f"time_utc is {text!r}, not a time like 2026-07-01T14:00:00Z")
            return None
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        if at.year < FIRST_YEAR:
            self.skip(f"time_utc is {text}: before {FIRST_YEAR}, a clock that was not set")
            return None
        if at.year > LAST_YEAR:
            self.skip(f"time_utc is {text}: after {LAST_YEAR}, a wrong date")
            return None
        return at.timestamp()

    def example(self) -> str:
        """Return the first fault, for a message about the whole file."""
        return f" that can be used; {self.faults[0]}" if self.faults else ""


def _check_span(path: Path, name: str, means: Means) -> None:
    if means:
        check_hours(path, name, min(means), max(means))


def check_hours(path: Path, name: str, first_hour: int, last_hour: int) -> None:
    """Refuse a series that is too long to be one. Raises: RecordingError."""
    hours = last_hour - first_hour
    if hours > LONGEST_YEARS * _HOURS_A_YEAR:
        first, last = (
            datetime.fromtimestamp(3600 * hour, UTC).date() for hour in (first_hour, last_hour)
        )
        raise RecordingError(
            f"{path}: {name} reaches from {first} to {last}: is a date wrong? "
            f"{LONGEST_YEARS} years are the most"
        )
