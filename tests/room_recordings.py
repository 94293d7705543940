"""Turn the recordings of ../shared/data/indoor into the files that `room-model score` reads.

`python -m tests.room_recordings OUT_FOLDER` writes a pair of files for each recording.
"""

from __future__ import annotations

import csv
import gzip
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

INDOOR_COLUMNS = ("time_utc", "room", "temperature_c", "relative_humidity_pct")
OUTDOOR_COLUMNS = ("time_utc", "temperature_c", "relative_humidity_pct", "ghi_w_m2")

EDT = timedelta(hours=-4)
CET = timedelta(hours=1)  # all year: whether these loggers kept summer time is not known

BELGIAN_ROOMS = (
    *("kitchen", "living", "laundry", "office"),
    *("bathroom", "ironing", "teen_room", "parents_room"),
)

SUMMER_MONTHS = range(6, 9)

Row = dict[str, str]


@dataclass(frozen=True)
class Recording:
    """Name a recording: its file, its rooms by column or row, and where it was made."""

    name: str
    indoor: Callable[[Path], Iterator[Row]]
    outdoor: Callable[[Path], Iterator[Row]]


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV file, packed or not."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        yield from csv.DictReader(lines)


def utc(text: str, offset: timedelta) -> str:
    """Return a local time as the files want it."""
    local = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return (local - offset).strftime("%Y-%m-%dT%H:%M:%SZ")


def _baltimore_indoor(folder: Path) -> Iterator[Row]:
    for row in rows(folder / "baltimore_2019_hourly.csv"):
        yield {
            "time_utc": utc(row["time_local"], EDT),
            "room": row["home"],
            "temperature_c": row["t_in_c"],
            "relative_humidity_pct": row["rh_in_pct"],
        }


def _baltimore_outdoor(folder: Path) -> Iterator[Row]:
    seen: dict[str, str] = {}
    for row in rows(folder / "baltimore_2019_hourly.csv"):
        seen.setdefault(row["time_local"], row["t_out_c"])
    for time_local, temperature_c in sorted(seen.items()):
        yield {"time_utc": utc(time_local, EDT), "temperature_c": temperature_c}


def _belgium_rows(folder: Path, months: Iterable[int]) -> Iterator[Row]:
    kept = set(months)
    for row in rows(folder / "belgium_2016_house_hourly.csv.gz"):
        if int(row["time_local"][5:7]) in kept:
            yield row


def _belgium_indoor(months: Iterable[int]) -> Callable[[Path], Iterator[Row]]:
    def convert(folder: Path) -> Iterator[Row]:
        for row in _belgium_rows(folder, months):
            for room in BELGIAN_ROOMS:
                if row[f"t_{room}_c"]:
                    yield {
                        "time_utc": utc(row["time_local"], CET),
                        "room": room,
                        "temperature_c": row[f"t_{room}_c"],
                        "relative_humidity_pct": row[f"rh_{room}_pct"],
                    }

    return convert


def _belgium_outdoor(months: Iterable[int]) -> Callable[[Path], Iterator[Row]]:
    def convert(folder: Path) -> Iterator[Row]:
        for row in _belgium_rows(folder, months):
            if row["t_out_c"]:
                yield {
                    "time_utc": utc(row["time_local"], CET),
                    "temperature_c": row["t_out_c"],
                    "relative_humidity_pct": row["rh_out_pct"],
                }

    return convert


def _sml_indoor(folder: Path) -> Iterator[Row]:
    for row in rows(folder / "sml2010_15min.csv.gz"):
        for room in ("dining", "bedroom"):
            yield {
                "time_utc": utc(row["time_local"], CET),
                "room": room,
                "temperature_c": row[f"t_{room}_c"],
                "relative_humidity_pct": row[f"rh_{room}_pct"],
            }


def _sml_outdoor(folder: Path) -> Iterator[Row]:
    for row in rows(folder / "sml2010_15min.csv.gz"):
        yield {
            "time_utc": utc(row["time_local"], CET),
            "temperature_c": row["t_out_c"],
            "relative_humidity_pct": row["rh_out_pct"],
            "ghi_w_m2": str(max(0.0, float(row["ghi_wm2"]))),
        }


def _darkgreybox_indoor(folder: Path) -> Iterator[Row]:
    for row in rows(folder / "darkgreybox_demo.csv"):
        yield {"time_utc": utc(row[""], timedelta()), "room": "house", "temperature_c": row["Ti"]}


def _darkgreybox_outdoor(folder: Path) -> Iterator[Row]:
    for row in rows(folder / "darkgreybox_demo.csv"):
        yield {"time_utc": utc(row[""], timedelta()), "temperature_c": row["Ta"]}


ALL_YEAR = range(1, 13)

RECORDINGS = (
    Recording("baltimore", _baltimore_indoor, _baltimore_outdoor),
    Recording("belgium", _belgium_indoor(SUMMER_MONTHS), _belgium_outdoor(SUMMER_MONTHS)),
    Recording("sml2010", _sml_indoor, _sml_outdoor),
    Recording("darkgreybox", _darkgreybox_indoor, _darkgreybox_outdoor),
    # The whole year of the same house, most of it heated: not to be worse than "yesterday".
    Recording("belgium_year", _belgium_indoor(ALL_YEAR), _belgium_outdoor(ALL_YEAR)),
)


def write_recording(recording: Recording, shared_data: Path, out: Path) -> tuple[Path, Path]:
    """Write the pair of files of one recording; return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    paths = (out / f"{recording.name}_indoor.csv", out / f"{recording.name}_outdoor.csv")
    sources = (recording.indoor, recording.outdoor)
    for path, columns, source in zip(
        paths, (INDOOR_COLUMNS, OUTDOOR_COLUMNS), sources, strict=True
    ):
        with path.open("w", newline="") as lines:
            writer = csv.DictWriter(lines, columns, restval="")
            writer.writeheader()
            writer.writerows(source(shared_data / "indoor"))
    return paths


def main() -> None:
    """Write every recording into the folder that the command line names."""
    repository = Path(__file__).resolve().parent.parent
    shared = Path(os.environ.get("KEEPCOOL_SHARED_DATA", repository.parent / "shared" / "data"))
    for recording in RECORDINGS:
        for path in write_recording(recording, shared, Path(sys.argv[1])):
            print(path)  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
