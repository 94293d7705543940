"""Offer the replay of what was recorded."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.cli_room import say_faults

if TYPE_CHECKING:
    from config.settings import Settings
    from daemon.replay.recording import RecordedWeather, Recording, Series
    from daemon.replay.summary import Outcome

DONE, NOT_DONE, WRONG_USE = 0, 1, 2

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(short_help="Let keepcool live through recorded weeks.")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, readable=False),
    envvar="KEEPCOOL_CONFIG",
    default="/etc/keepcool/keepcool.toml",
    show_default=True,
    help="The settings file.",
)
@click.option(
    "--indoor",
    type=_file,
    help="CSV: time_utc,room,temperature_c,relative_humidity_pct; the room is an id or a name.",
)
@click.option(
    "--outdoor", type=_file, help="CSV: time_utc,temperature_c,relative_humidity_pct,ghi_w_m2."
)
@click.option(
    "--from-history",
    is_flag=True,
    help="What keepcool itself recorded, instead of files; it may run meanwhile.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change a setting for this replay: person.anna.level_1_c=25. May be given several times.",
)
@click.option(
    "--compare",
    type=click.Path(path_type=Path, readable=False),
    help="Other settings for the same recording, as they stand in their file, side by side.",
)
@click.option("--unanswered", is_flag=True, help="Nobody ever presses a button.")
@click.option("--all", "shows_all", is_flag=True, help="Write drink reminders out too.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page with pictures there.",
)
@click.option("--json", "is_json", is_flag=True, help="As JSON.")
def replay(  # noqa: PLR0913 - one for each option
    *,
    config_path: Path,
    indoor: Path | None,
    outdoor: Path | None,
    from_history: bool,
    changes: tuple[str, ...],
    compare: Path | None,
    unanswered: bool,
    shows_all: bool,
    html: Path | None,
    is_json: bool,
) -> None:
    """Let keepcool live through recorded weeks: what it would have said and switched.

    The daemon's own loop and policies run by a clock of their own; nothing is sent and no device
    is touched. The recorded weather stands for its forecast. Somebody answers: alarms after five
    minutes, other messages after ten when awake, every second drink reminder.

    A recording cannot get cooler: cooling is shown as what keepcool would have switched.

    Exit codes: 0 done, 1 something went wrong inside, 2 wrong settings, files or use.
    """
    from config.errors import SettingsError  # noqa: PLC0415 - the other commands start faster
    from daemon.room_csv import RecordingError  # noqa: PLC0415

    if (indoor is None) is not from_history or (outdoor is not None and from_history):
        raise click.UsageError("give --indoor with --outdoor, or --from-history alone")
    try:
        settings = [_load(config_path, changes)]
        settings += [] if compare is None else [_load(compare, ())]
        if indoor is None:
            recordings, weather = _recall(settings)
        else:
            recordings, weather = _read(settings, indoor, outdoor)
    except (SettingsError, RecordingError) as error:
        click.echo(f"keepcool: {error}" if isinstance(error, RecordingError) else error, err=True)
        sys.exit(WRONG_USE)
    outcomes = _play(settings, recordings, weather, is_answered=not unanswered)
    names = _headings(config_path, changes, compare)
    columns = list(zip(names, outcomes, strict=True))
    played = _described(config_path, changes, compare)
    _show(columns, played, shows_all=shows_all, is_json=is_json)
    is_written = html is None or _write_page(html, columns, recordings[0], weather, played)
    crashes = [crash for outcome in outcomes for crash in outcome.crashes]
    for crash in crashes:
        click.echo(f"keepcool: went wrong inside: {crash}", err=True)
    sys.exit(DONE if is_written and not crashes else NOT_DONE)


def _load(path: Path, changes: Sequence[str]) -> Settings:
    from config.settings import load_settings  # noqa: PLC0415 - pydantic is slow to import

    return load_settings(
        path,
        environ=os.environ,
        credentials_directory=None,
        require_secrets=False,
        changes=changes,
    )


def _read(
    settings: Sequence[Settings], indoor: Path, outdoor: Path | None
) -> tuple[list[Recording], RecordedWeather | None]:
    """Read both files. Raises: RecordingError."""
    from daemon.replay.recording import read_rooms, read_weather  # noqa: PLC0415

    rooms, reader = read_rooms(indoor)
    say_faults(indoor, reader.faults, reader.count)
    recordings = [_assign(rooms, each, indoor) for each in settings]
    if outdoor is None:
        click.echo("without --outdoor there is no forecast in the replay", err=True)
        return recordings, None
    weather, faults, count = read_weather(outdoor)
    say_faults(outdoor, faults, count)
    return recordings, weather


def _recall(settings: Sequence[Settings]) -> tuple[list[Recording], RecordedWeather | None]:
    """Read the database of the first settings. Raises: RecordingError."""
    from daemon.replay.history import read_history  # noqa: PLC0415
    from daemon.store import DATABASE_NAME  # noqa: PLC0415

    path = settings[0].state_directory / DATABASE_NAME
    sensors, weather = read_history(path)
    if weather is None:
        click.echo(f"{path} holds no weather: there is no forecast in the replay", err=True)
    return [_match(sensors, each, path) for each in settings], weather


def _match(sensors: Mapping[str, Series], settings: Settings, path: Path) -> Recording:
    """Give each recorded sensor to its room. Raises: RecordingError when none has one."""
    from config.home import build_sensors  # noqa: PLC0415 - pydantic is slow to import
    from daemon.replay.history import preferred_sensors  # noqa: PLC0415
    from daemon.replay.recording import RecordedSensor, Recording  # noqa: PLC0415
    from daemon.room_csv import RecordingError  # noqa: PLC0415

    known = build_sensors(settings)
    rooms = {sensor.sensor_id: sensor.room_id for sensor in known}
    spoken = frozenset(sensor.sensor_id for sensor in known if sensor.topic is not None)
    found = preferred_sensors(sensors, rooms, spoken)
    unknown = [name for name in sensors if name not in rooms]
    unheard = [room.id for room in settings.rooms if room.id not in found.values()]
    lists = (
        f"sensors in {path} that the settings do not name: {_listed(unknown)}; "
        f"rooms of which nothing was recorded: {_listed(unheard)}"
    )
    if not found:
        raise RecordingError(
            f"no reading of any room: {lists}. Readings are written once an hour, and kept for ten "
            "weeks"
        )
    if unknown or unheard:
        click.echo(f"left out: {lists}", err=True)
    return Recording([RecordedSensor(name, found[name], sensors[name]) for name in found])


def _assign(rooms: Mapping[str, Series], settings: Settings, indoor: Path) -> Recording:
    """Give each recorded room to the room of the settings that has its id, or its name.

    Raises: RecordingError when there is none in common.
    """
    from daemon.replay.recording import RecordedSensor, Recording  # noqa: PLC0415
    from daemon.room_csv import RecordingError  # noqa: PLC0415

    by_name = {room.name.casefold(): room.id for room in settings.rooms}
    ids = {room.id for room in settings.rooms}
    found = {name: name if name in ids else by_name.get(name.casefold()) for name in rooms}
    unknown = [name for name, room_id in found.items() if room_id is None]
    unheard = [room.id for room in settings.rooms if room.id not in found.values()]
    lists = (
        f"in {indoor} but not in the settings: {_listed(unknown)}; "
        f"in the settings but not in {indoor}: {_listed(unheard)}"
    )
    if len(unknown) == len(rooms):
        raise RecordingError(
            f"no recorded room is one of the settings: {lists}. The column room must hold a "
            "room's id or name, as in the settings"
        )
    if unknown or unheard:
        click.echo(f"these rooms are left out: {lists}", err=True)
    return Recording(
        [
            RecordedSensor(f"{room_id}-recorded", room_id, series)
            for name, series in rooms.items()
            if (room_id := found[name]) is not None
        ]
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _play(
    settings: Sequence[Settings],
    recordings: Sequence[Recording],
    weather: RecordedWeather | None,
    *,
    is_answered: bool,
) -> list[Outcome]:
    """Play each of the settings; of two each on a core of its own."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - see replay
    from multiprocessing import get_context  # noqa: PLC0415

    is_alone = len(settings) == 1
    started_s = time.monotonic()
    with ExitStack() as stack:
        if is_alone:
            others = []
        else:
            pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
            stack.enter_context(pool)
            others = [
                pool.submit(play_one, each, recording, weather, is_answered=is_answered)
                for each, recording in zip(settings[1:], recordings[1:], strict=True)
            ]
        tell = _progress(stack, "replay")
        first = play_one(
            settings[0],
            recordings[0],
            weather,
            is_answered=is_answered,
            may_have_help=is_alone,
            tell=tell,
        )
        outcomes = [first, *(other.result() for other in others)]
    took_s = time.monotonic() - started_s
    for recording, outcome in zip(recordings, outcomes, strict=True):
        length = f"{recording.readings:,} readings of {outcome.days:.1f} days"
        click.echo(f"{length} in {took_s:.1f} s", err=True)
    return outcomes


def _tell_nobody(_share: float) -> None:
    """Have nobody to tell."""


def play_one(
    settings: Settings,
    recording: Recording,
    weather: RecordedWeather | None,
    *,
    is_answered: bool,
    may_have_help: bool = False,
    tell: Callable[[float], None] = _tell_nobody,
) -> Outcome:
    """Play one of the settings, perhaps in a process of its own."""
    from daemon import logs  # noqa: PLC0415 - the other commands start faster
    from daemon.bootstrap import replay as play  # noqa: PLC0415

    with logs.only_errors():
        return play(
            settings,
            recording,
            weather,
            is_answered=is_answered,
            may_have_help=may_have_help,
            tell=tell,
        )


def _progress(stack: ExitStack, label: str) -> Callable[[float], None]:
    """Return what shows how far a replay is, on a terminal."""
    if not sys.stderr.isatty():
        return lambda _share: None
    bar = stack.enter_context(click.progressbar(length=1000, label=label, file=sys.stderr))

    def tell(share: float) -> None:
        bar.update(round(1000 * share) - bar.pos)

    return tell


def _write_page(
    path: Path,
    columns: Sequence[tuple[str, Outcome]],
    recording: Recording,
    weather: RecordedWeather | None,
    played: str,
) -> bool:
    from daemon.replay.page import render_page  # noqa: PLC0415 - see replay

    try:
        path.write_text(render_page(columns, recording, weather, played), encoding="utf-8")
    except OSError as error:
        click.echo(f"keepcool: {path} could not be written: {error.strerror}", err=True)
        return False
    click.echo(f"the page is {path}", err=True)
    return True


def _headings(config: Path, changes: Sequence[str], compare: Path | None) -> list[str]:
    name = config.stem + ("*" if changes else "")
    return ["keepcool"] if compare is None else [name[:17], compare.stem[:17]]


def _described(config: Path, changes: Sequence[str], compare: Path | None) -> str:
    """Say which settings were played, where they are not simply those of the file."""
    if compare is None and not changes:
        return ""
    name = _headings(config, changes, compare)[0]
    return f"{name} is {config.name}{' with ' if changes else ''}{', '.join(changes)}"


def _show(
    columns: Sequence[tuple[str, Outcome]], played: str, *, shows_all: bool, is_json: bool
) -> None:
    from daemon.replay.summary import as_json  # noqa: PLC0415
    from daemon.replay.text import render  # noqa: PLC0415

    if not is_json:
        click.echo(render(columns, shows_all=shows_all, settings=played))
        return
    found: dict[str, Any] = as_json(columns[0][1])
    found["compare"] = as_json(columns[1][1]) if columns[1:] else None
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))
