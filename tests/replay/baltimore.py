"""Write a recorded home of Baltimore (75 s, 2019) as the files and settings of a replay.

`python -m tests.replay.baltimore HOME OUT_FOLDER`, for docs/replay.md.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

from tests.replay.homes import SETTINGS, write_settings
from tests.room_recordings import EDT, RECORDINGS, rows, utc, write_recording

HERE = (
    ("latitude_deg = 48.1", "latitude_deg = 39.3"),
    ("longitude_deg = 11.6", "longitude_deg = -76.6"),
    ('time_zone = "Europe/Berlin"', 'time_zone = "America/New_York"'),
    ('country = "DE"', 'country = "US"'),
)


def write_home(
    home: str, shared_data: Path, folder: Path, first: str = "2019-06-01", last: str = "2019-12-31"
) -> tuple[Path, tuple[Path, Path]]:
    """Write settings and recordings; return their paths. Both days, local, are part of it."""
    text = SETTINGS
    for elsewhere, here in HERE:
        text = text.replace(elsewhere, here)
    folder.mkdir(parents=True, exist_ok=True)
    _, outdoor = write_recording(RECORDINGS[0], shared_data, folder)
    indoor = folder / "indoor.csv"
    with indoor.open("w") as lines:
        lines.write("time_utc,room,temperature_c,relative_humidity_pct\n")
        for row in rows(shared_data / "indoor" / "baltimore_2019_raw_75s.csv.gz"):
            is_whole = row["home"] == home and row["t_in_f"] and row["rh_in_pct"]
            day = datetime.fromisoformat(row["time_local"]).date().isoformat()
            if is_whole and first <= day <= last:
                celsius = (float(row["t_in_f"]) - 32.0) / 1.8
                at = utc(row["time_local"], EDT)
                lines.write(f"{at},living,{celsius:.2f},{row['rh_in_pct']}\n")
    return write_settings(folder, text), (indoor, outdoor)


def main() -> None:
    """Write the home that the command line names into the folder that it names."""
    repository = Path(__file__).resolve().parent.parent.parent
    shared = Path(os.environ.get("KEEPCOOL_SHARED_DATA", repository.parent / "shared" / "data"))
    config, files = write_home(sys.argv[1], shared, Path(sys.argv[2]))
    print(config, *files)  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
