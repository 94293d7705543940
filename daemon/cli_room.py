"""Offer what judges the room model on recordings."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from daemon.room_csv import Means
    from daemon.room_score import RoomScore, RoomTask

NOT_DONE, WRONG_USE, TERMINATED = 1, 2, 143
SHOWN_FAULTS = 5

_file = click.Path(path_type=Path, exists=True, dir_okay=False)
_Table = Mapping[str, Mapping[str, float | None]]


@click.group("room-model")
def room_model() -> None:
    """Judge how well rooms are foretold."""


@room_model.command()
@click.option("--indoor", required=True, type=_file, help="CSV: time_utc,room,temperature_c.")
@click.option("--outdoor", required=True, type=_file, help="CSV: time_utc,temperature_c,ghi_w_m2.")
@click.option("--latitude", type=click.FloatRange(-90, 90), help="Where it was, in degrees north.")
@click.option("--longitude", type=click.FloatRange(-180, 180), help="In degrees east.")
@click.option("--json", "is_json", is_flag=True, help="As JSON.")
@click.option(
    "--forecast-noise", is_flag=True, help="Let the weather forecast err as real ones do."
)
def score(
    *,
    indoor: Path,
    outdoor: Path,
    latitude: float | None,
    longitude: float | None,
    is_json: bool,
    forecast_noise: bool,
) -> None:
    """Compare forecasts of rooms with what was recorded, from ten days of history on.

    A forecast starts every three hours and knows nothing of later, except the recorded weather,
    which stands for its forecast. Where the place is given and some hours lack radiation, a clear
    sky under the clouds of the last day stands in.

    Exit codes: 0 done, 1 no room has ten days and more, or a process was ended from outside, 2 a
    file cannot be read, or wrong use.
    """
    from daemon.room_csv import RecordingError, fill_sun, read_indoor, read_outdoor  # noqa: PLC0415
    from daemon.room_score import RoomTask, summarize  # noqa: PLC0415 - the others start faster

    if (latitude is None) != (longitude is None):
        raise click.UsageError("--latitude and --longitude belong together")
    try:
        rooms, weather = read_indoor(indoor), read_outdoor(outdoor)
    except RecordingError as error:
        click.echo(f"keepcool: {error}", err=True)
        sys.exit(WRONG_USE)
    say_faults(indoor, rooms.faults, rooms.rows)
    say_faults(outdoor, weather.faults, weather.rows)
    sun: Means = weather.series["ghi_w_m2"]
    if latitude is not None and longitude is not None:
        if sun:
            sun = fill_sun(sun, weather.series["temperature_c"], latitude, longitude)
        else:
            click.echo(f"{outdoor} knows no ghi_w_m2: the place changes nothing", err=True)
    tasks = [
        RoomTask(room, means, weather.series["temperature_c"], sun, forecast_noise)
        for room, means in rooms.series.items()
    ]
    scores = _score_all(tasks)
    if not any(score.starts for score in scores.values()):
        most = max(score.hours for score in scores.values())
        click.echo(
            f"keepcool: {indoor}: no room has ten days of hours and one to foretell; "
            f"the longest has {most} hours",
            err=True,
        )
        sys.exit(NOT_DONE)
    summary = summarize(scores)
    click.echo(json.dumps(_rounded(summary), indent=2) if is_json else _text(summary))


def say_faults(path: Path, faults: Sequence[str], rows: int) -> None:
    """Say on stderr which rows of a file were of no use: the first few, and how many."""
    if not faults:
        return
    for fault in faults[:SHOWN_FAULTS]:
        click.echo(f"skipped {fault}", err=True)
    more = f", the first {SHOWN_FAULTS} are above" if len(faults) > SHOWN_FAULTS else ""
    click.echo(f"{path}: {len(faults)} of {rows} rows skipped{more}", err=True)


def _score_all(tasks: list[RoomTask]) -> dict[str, RoomScore]:
    """Score the rooms, on all cores where there are several of both; say how far it is."""
    scores = {}
    for number, (room, score) in enumerate(_scored(tasks), 1):
        scores[room] = score
        click.echo(
            f"scored {number} of {len(tasks)} rooms: {room}, {score.starts} starts", err=True
        )
    return {task.room: scores[task.room] for task in tasks}


def _scored(tasks: list[RoomTask]) -> Iterator[tuple[str, RoomScore]]:
    from concurrent.futures import (  # noqa: PLC0415 - see score
        BrokenExecutor,
        ProcessPoolExecutor,
        as_completed,
    )
    from multiprocessing import active_children, get_context  # noqa: PLC0415

    from daemon.room_score import score_room  # noqa: PLC0415

    workers = min(len(os.sched_getaffinity(0)), len(tasks))
    if workers == 1:
        for task in tasks:
            yield task.room, score_room(task, _teller(task.room))
        return
    tasks = sorted(tasks, key=lambda task: -len(task.indoor_c))  # the longest first
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        rooms = {pool.submit(score_room, task): task.room for task in tasks}
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
        try:
            for done in as_completed(rooms):
                yield rooms[done], done.result()
        except BrokenExecutor:
            click.echo("keepcool: a process of it was ended: is there enough memory?", err=True)
            sys.exit(NOT_DONE)
        except BaseException:  # no worker outlives Ctrl-C or SIGTERM
            for worker in active_children():
                worker.terminate()
            raise
        finally:
            signal.signal(signal.SIGTERM, before)


def _teller(room: str) -> Callable[[float], None]:
    """Return what says how far a room is, on a terminal."""

    def tell(share: float) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{room}: {share:4.0%} ", nl=share >= 1, err=True)

    return tell


def _rounded(value: object) -> object:
    """Return the same with numbers of four digits behind the point."""
    if isinstance(value, Mapping):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, float):
        assert math.isfinite(value)  # noqa: S101 - JSON knows no NaN
        return round(value, 4)
    return value


def _text(summary: Mapping[str, object]) -> str:
    rooms = cast("Mapping[str, Mapping[str, object]]", summary["rooms"])
    lines = ["mean absolute error over rooms, K", *_lines(summary), ""]
    if len(rooms) > 1:
        for room, table in rooms.items():
            note = "" if table["is_counted"] else ", too few to count among the rooms"
            lines += [f"{room}: {table['hours']} hours, {table['starts']} starts{note}"]
            lines += [*_lines(table), ""]
    return "\n".join(lines).rstrip()


def _lines(summary: Mapping[str, object]) -> Iterator[str]:
    horizons = cast("_Table", summary["horizons"])
    rows = [(f"{ahead_h} h", values) for ahead_h, values in horizons.items()]
    rows.append(("peak of 24 h", cast("_Table", summary)["peak"]))
    yield f"{'':14}{'keepcool':>10}{'persistence':>13}{'yesterday':>11}"
    for name, values in rows:
        mine, now, yesterday = (_number(value) for value in values.values())
        yield f"{name:14}{mine:>10}{now:>13}{yesterday:>11}"
    onset = cast("_Table", summary)["onset"]
    coverage = cast("float | None", summary["coverage_80_pct"])
    yield f"in the 80 % band: {'-' if coverage is None else f'{coverage:.0f} %'}"
    caught, false_share = onset["caught"], onset["false_share"]
    yield f"28 °C within 24 h: caught {_number(caught)}, false calls {_number(false_share)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
