"""`keepcool room-model score` prints its table, keeps to its JSON keys and names what is wrong."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from statistics import pstdev
from typing import cast

import pytest
from click.testing import CliRunner, Result

from daemon.cli import main
from daemon.room_score import (
    RoomScore,
    RoomTask,
    build_record,
    foretell,
    score_room,
    summarize,
    with_noise,
)
from policies.room_forecast import RoomForecast
from tests.waiting import wait_until

START_H = 24 * 18_000
DAYS = 14
HORIZONS = {"1", "3", "6", "12", "24", "48"}
ERRORS = {"keepcool_mae_k", "persistence_mae_k", "yesterday_mae_k"}


def outdoor_c(hour: int) -> float:
    """Return a warm day's wave, one day warmer than the other."""
    return 24.0 + 6.0 * math.sin(2 * math.pi * (hour - 9) / 24) + 2.0 * math.sin(hour / 40)


def indoor_c(hour: int, offset_c: float) -> float:
    """Return a room that follows four hours later, a third as far."""
    return 26.0 + offset_c + (outdoor_c(hour - 4) - 24.0) / 3


def write_files(folder: Path, days: int = DAYS, rooms: int = 2) -> tuple[Path, Path]:
    """Write a pair of recordings of whole days."""
    paths = (folder / "indoor.csv", folder / "outdoor.csv")
    with paths[0].open("w") as lines:
        lines.write("time_utc,room,temperature_c\n")
        for room in range(rooms):
            for hour in range(START_H, START_H + 24 * days):
                lines.write(f"{iso(hour)},room {room},{indoor_c(hour, room % 5):.3f}\n")
    with paths[1].open("w") as lines:
        lines.write("time_utc,temperature_c,relative_humidity_pct,ghi_w_m2\n")
        for hour in range(START_H, START_H + 24 * days):
            sun = max(0.0, 800 * math.sin(2 * math.pi * (hour - 6) / 24))
            lines.write(f"{iso(hour)},{outdoor_c(hour):.3f},50,{sun:.0f}\n")
    return paths


def iso(hour: int) -> str:
    """Return an hour as the files write it."""
    days, hour_of_day = divmod(hour, 24)
    day = days - 18_000
    return f"2019-04-{day + 14:02d}T{hour_of_day:02d}:00:00Z"


def score(paths: tuple[Path, Path], *options: str) -> Result:
    """Run the command."""
    indoor, outdoor = (str(path) for path in paths)
    command = ["room-model", "score", "--indoor", indoor, "--outdoor", outdoor, *options]
    return CliRunner().invoke(main, command)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a recording of two weeks."""
    return write_files(tmp_path_factory.mktemp("recording"))


def test_json_has_the_keys_that_others_read(files: tuple[Path, Path]) -> None:
    """Horizons, peak, coverage, onset and rooms are there, and the progress is on stderr."""
    result = score(files, "--json", "--latitude", "45", "--longitude", "8")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert set(found) == {"horizons", "peak", "coverage_80_pct", "onset", "rooms"}
    assert set(found["horizons"]) == HORIZONS
    assert all(set(errors) == ERRORS for errors in found["horizons"].values())
    assert set(found["peak"]) == ERRORS
    assert set(found["onset"]) == {"caught", "false_share"}
    assert set(found["rooms"]) == {"room 0", "room 1"}
    assert 0 <= found["coverage_80_pct"] <= 100
    horizon = found["horizons"]["6"]
    assert horizon["keepcool_mae_k"] < horizon["yesterday_mae_k"]
    assert horizon["keepcool_mae_k"] < horizon["persistence_mae_k"]
    assert set(found["rooms"]["room 0"]["horizons"]) == HORIZONS
    assert "scored 2 of 2 rooms" in result.stderr


def test_table_names_every_distance_and_room(files: tuple[Path, Path]) -> None:
    """Without --json a person reads a table, over rooms and for each."""
    result = score(files, "--forecast-noise")
    assert result.exit_code == 0
    for text in ("1 h ", "48 h ", "peak of 24 h", "in the 80 % band", "room 0: 336 hours"):
        assert text in result.stdout


def is_group_alive(group: int) -> bool:
    """Say whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: no workers")
def test_killed_worker_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that the kernel kills, as for want of memory, ends the command with exit 1."""
    monkeypatch.setattr("daemon.room_score.score_room", end_at_once)
    result = score(write_files(tmp_path, days=12))
    assert result.exit_code == 1
    assert "a process of it was ended: is there enough memory?" in result.stderr


def end_at_once(task: RoomTask) -> RoomScore:
    """End the process, as a kill does."""
    del task
    os._exit(signal.SIGKILL)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: no workers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_the_command(number: signal.Signals, tmp_path: Path) -> None:
    """Ended in the middle it takes its workers with it, and says nothing of their insides."""
    indoor, outdoor = map(str, write_files(tmp_path, days=16, rooms=90))
    command = [sys.executable, "-m", "daemon.cli", "room-model", "score"]
    scoring = subprocess.Popen(
        [*command, "--indoor", indoor, "--outdoor", outdoor],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert scoring.stderr is not None
    assert "scored 1 of 90 rooms" in scoring.stderr.readline()
    scoring.send_signal(number)
    _, rest = scoring.communicate(timeout=30)  # workers hold the pipe open
    assert scoring.returncode != 0
    assert "scored 90 of 90" not in rest
    assert "Traceback" not in rest
    wait_until(lambda: not is_group_alive(scoring.pid), what="the last process to end")


def test_short_recording_is_said_to_be_short(tmp_path: Path) -> None:
    """Nine days are not enough: exit 1, and how many hours there are."""
    result = score(write_files(tmp_path, days=9, rooms=1))
    assert result.exit_code == 1
    assert "no room has ten days of hours" in result.stderr
    assert "216 hours" in result.stderr


def test_skipped_rows_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    """Seven absurd rows: five of them named, all of them counted, on stderr."""
    paths = write_files(tmp_path, rooms=1, days=12)
    with paths[0].open("a") as lines:
        lines.writelines(f"{iso(START_H)},room 0,nan\n" for _ in range(7))
    result = score(paths, "--json")
    assert result.exit_code == 0
    assert set(json.loads(result.stdout)["rooms"]) == {"room 0"}
    assert result.stderr.count("temperature_c is nan") == 5
    assert "indoor.csv:290: temperature_c is nan" in result.stderr
    assert "7 of 295 rows skipped, the first 5 are above" in result.stderr


def test_place_without_any_radiation_is_said_to_change_nothing(tmp_path: Path) -> None:
    """Where no hour knows the sun there is no sky to fill from, and nobody believes there was."""
    indoor, outdoor = write_files(tmp_path, rooms=1, days=11)
    lines = outdoor.read_text().splitlines()
    outdoor.write_text("\n".join(line.rpartition(",")[0] + "," for line in lines[1:]))
    outdoor.write_text(f"{lines[0]}\n{outdoor.read_text()}\n")
    result = score((indoor, outdoor), "--latitude", "45", "--longitude", "8")
    assert result.exit_code == 0
    assert "outdoor.csv knows no ghi_w_m2: the place changes nothing" in result.stderr


def test_wrong_file_is_exit_2(tmp_path: Path) -> None:
    """A file without the columns is named with its line; an absent one by click."""
    paths = write_files(tmp_path, days=1)
    paths[1].write_text("when,what\n")
    result = score(paths)
    assert result.exit_code == 2
    assert "outdoor.csv:1: no column time_utc, temperature_c" in result.stderr
    paths[1].unlink()
    assert score(paths).exit_code == 2


@pytest.mark.parametrize(
    "options", [("--latitude", "45"), ("--longitude", "8"), ("--latitude", "91"), ("--noise",)]
)
def test_wrong_use_is_exit_2(files: tuple[Path, Path], options: tuple[str, ...]) -> None:
    """Half a place, a place off the earth and an unknown option are refused."""
    assert score(files, *options).exit_code == 2


# What is counted


def task(days: int = 12, offset_c: float = 0.0, **changes: object) -> RoomTask:
    """Return a room to score."""
    hours = range(START_H, START_H + 24 * days)
    return RoomTask(
        "living",
        {hour: indoor_c(hour, offset_c) for hour in hours},
        {hour: outdoor_c(hour) for hour in hours},
        {},
        **changes,  # type: ignore[arg-type]
    )


def test_score_starts_every_three_hours_after_ten_known_days() -> None:
    """Of twelve days the last two count: 16 starts, each with what is left of its future."""
    score = score_room(task())
    assert score.hours == 288
    assert score.starts == 16
    assert score.horizons[1].count == 16
    assert score.horizons[24].count == 8
    assert score.horizons[48].count == 0


@pytest.mark.parametrize("start_h", [START_H + 24 * 10 + 12, START_H + 24 * 11 + 21])
def test_score_never_looks_past_its_start(start_h: int) -> None:
    """Neither other rooms after a start nor other weather 48 h after it change a forecast by then.

    Weather within the 48 hours does: it stands for the forecast.
    """
    whole = task(14)
    indoor = {
        hour: value if hour <= start_h else 45.0 - hour % 7
        for hour, value in whole.indoor_c.items()
        if hour <= start_h or hour % 5
    }
    outdoor = {
        hour: value if hour <= start_h + 48 else -30.0 for hour, value in whole.outdoor_c.items()
    }
    expected = forecasts(whole, start_h)
    assert len(expected) >= 5
    assert forecasts(RoomTask("living", indoor, outdoor, {}), start_h) == expected
    outdoor[start_h + 47] = -30.0
    assert forecasts(RoomTask("living", indoor, outdoor, {}), start_h) != expected


def forecasts(task: RoomTask, until_h: int) -> list[RoomForecast]:
    """Return the forecasts that start up to an hour."""
    return [forecast for forecast in foretell(task, build_record(task)) if forecast.hour <= until_h]


def test_room_with_few_starts_does_not_count_among_rooms() -> None:
    """A room of less than three days of starts is shown, and the mean is over the others."""
    few, many = score_room(task(11)), score_room(task(14, offset_c=1.0))
    summary = summarize({"few": few, "many": many})
    rooms = cast("dict[str, dict[str, object]]", summary["rooms"])
    assert [room["is_counted"] for room in rooms.values()] == [False, True]
    assert summary["horizons"] == summarize({"many": many})["horizons"]


def test_short_recording_has_its_figures_although_no_room_has_many_starts(
    tmp_path: Path,
) -> None:
    """Of twelve days there are few starts; without a longer room they are what there is."""
    result = score(write_files(tmp_path, days=12), "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert all(room["is_counted"] for room in found["rooms"].values())
    assert found["horizons"]["24"]["keepcool_mae_k"] is not None
    assert found["coverage_80_pct"] is not None


def test_onset_is_null_where_28_degrees_never_occur() -> None:
    """A cool home has no onset to catch; a home that is always hot has none either."""
    for offset_c in (-6.0, 8.0):
        assert summarize({"living": score_room(task(12, offset_c))})["onset"] == {
            "caught": None,
            "false_share": None,
        }


def test_noise_is_the_same_every_time_and_for_the_room_alone() -> None:
    """Two runs have the same errors, others than without noise; "yesterday" knows no weather."""
    clear, noisy = score_room(task()), score_room(task(has_noise=True))
    assert noisy.horizons == score_room(task(has_noise=True)).horizons
    assert noisy.horizons[24].sums_k["keepcool"] != clear.horizons[24].sums_k["keepcool"]
    assert noisy.horizons[24].sums_k["yesterday"] == clear.horizons[24].sums_k["yesterday"]


@pytest.mark.parametrize(("ahead_h", "spread_k"), [(1, 0.9), (48, 1.9)])
def test_noise_is_as_large_as_forecast_errors(ahead_h: int, spread_k: float) -> None:
    """0.9 K in the next hour, 1.9 K in two days, the sun by a quarter of its value."""
    hours = range(START_H, START_H + 600)
    sun = dict.fromkeys(hours, 400.0)
    record = build_record(RoomTask("living", dict.fromkeys(hours, 25.0), {hours[0]: 20.0}, sun))
    errors_k, errors_sun = [], []
    for hour in hours[:500]:
        noisy = with_noise(record, hour)
        place = hour + ahead_h - record.first_h
        errors_k.append(noisy.outdoor_c[place] - record.outdoor_c[place])
        errors_sun.append(noisy.sun_kw_m2[place] / record.sun_kw_m2[place] - 1.0)
    assert pstdev(errors_k) == pytest.approx(spread_k, rel=0.1)
    assert pstdev(errors_sun) == pytest.approx(0.25, rel=0.1)
