"""Offer the report of a day or a week, as sentences, a page and a picture."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from config.settings import Settings
    from daemon.report.model import Report, ReportHome, Span

TODAY = "today"
NOT_DONE, WRONG_USE = 1, 2
FIRST_YEAR, LAST_YEAR = 1970, 2100

_out = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, readable=False),  # ours says whose group to join
    envvar="KEEPCOOL_CONFIG",
    default="/etc/keepcool/keepcool.toml",
    show_default=True,
    help="The settings file.",
)
@click.option(
    "--day", "day", is_flag=False, flag_value=TODAY, metavar="[DATE]", help="A day; today without."
)
@click.option(
    "--week",
    "week",
    is_flag=False,
    flag_value=TODAY,
    metavar="[DATE]",
    help="The seven days that end with this one; today without.",
)
@click.option("--room", "room_ids", multiple=True, help="Only this room, by its id; repeatable.")
@click.option("--person", "person_id", help="Only this person, with the rooms they are in.")
@click.option("--html", type=_out, help="Write a page with the pictures there.")
@click.option("--png", type=_out, help="Write the pictures there; needs keepcool[report].")
def report(
    *,
    config_path: Path,
    day: str | None,
    week: str | None,
    room_ids: tuple[str, ...],
    person_id: str | None,
    html: Path | None,
    png: Path | None,
) -> None:
    """Tell what a day or a week was like, in words and pictures.

    It reads keepcool's own database, also while the daemon runs; readings of the last hour may
    not be in it yet. Without --html or --png it prints the sentences alone.

    Exit codes: 0 done, 1 nothing is known of that time, or something could not be written, 2 wrong
    settings or wrong use.
    """
    if day is not None and week is not None:
        raise click.UsageError("--day or --week, not both")
    found = find(config_path, Wanted(day, week, room_ids, person_id))
    from daemon.report.page import render_page  # noqa: PLC0415 - the other commands start faster
    from daemon.report.sentences import heading, sentences  # noqa: PLC0415

    click.echo(f"{heading(found)}. {' '.join(sentences(found))}")
    is_written = True
    if html is not None:
        is_written = _write(html, render_page(found).encode())
    if png is not None:
        is_written = _write_png(found, png) and is_written
    sys.exit(0 if is_written else NOT_DONE)


class Wanted:
    """Hold what was asked for on the command line. Raises: click.BadParameter."""

    def __init__(
        self, day: str | None, week: str | None, room_ids: tuple[str, ...], person_id: str | None
    ) -> None:
        self.days = 7 if week is not None else 1
        self.date = _read_date(week or day or TODAY)
        self.room_ids = room_ids
        self.person_id = person_id


def _read_date(text: str) -> date | None:
    """Read a day; `None` is today. Raises: click.BadParameter."""
    if text == TODAY:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no day: write it like 2026-07-14"
        raise click.BadParameter(message) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise click.BadParameter(
            f"{text!r} is no day that keepcool can have seen: {FIRST_YEAR} to {LAST_YEAR}"
        )
    return found


def find(config_path: Path, wanted: Wanted) -> Report:
    """Read the report, or end with what is wrong and what to do."""
    from config.errors import SettingsError  # noqa: PLC0415
    from config.settings import load_settings  # noqa: PLC0415 - pydantic is slow to import
    from daemon.report.reading import read_report  # noqa: PLC0415
    from daemon.store import DATABASE_NAME, open_read_only  # noqa: PLC0415

    try:
        settings = load_settings(
            config_path, environ=os.environ, credentials_directory=None, require_secrets=False
        )
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(WRONG_USE)
    path = settings.state_directory / DATABASE_NAME
    now = datetime.now(UTC)
    home = _home(settings, wanted)
    span = _span(wanted, home, now)
    try:
        with closing(open_read_only(path)) as connection:
            found = read_report(connection, home, span, now)
    except FileNotFoundError:
        _end(f"{path} is not there: has the daemon run yet?")
    except (sqlite3.Error, OSError) as error:
        _end(f"{path}: {error}. People who may read it are in the group keepcool.")
    if found.is_empty:
        _end(_nothing_known(found))
    return found


def _span(wanted: Wanted, home: ReportHome, now: datetime) -> Span:
    from daemon.report.model import DAY, Span  # noqa: PLC0415

    last = wanted.date or now.astimezone(home.zone).date()
    return Span(last - (wanted.days - 1) * DAY, wanted.days, home.zone)


def _nothing_known(found: Report) -> str:
    """Say that a span is empty, and from when on there is something."""
    from daemon.report.sentences import heading  # noqa: PLC0415

    if found.first_reading is None:
        since = "there is no reading yet: they are written once an hour"
    else:
        local = found.first_reading.astimezone(found.span.zone)
        since = f"the first reading kept is of {local:%Y-%m-%d %H:%M}"
    return f"nothing is known of {heading(found)}; {since}"


def _home(settings: Settings, wanted: Wanted) -> ReportHome:
    """Return the home with the rooms and people that are wanted."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from config.home import build_people, build_rooms, build_sensors  # noqa: PLC0415
    from daemon.report.model import ReportHome  # noqa: PLC0415
    from policies.heat_limits import every_room_of  # noqa: PLC0415

    rooms, people = build_rooms(settings), build_people(settings)
    if wanted.person_id is not None:
        people = tuple(each for each in people if each.person_id == wanted.person_id)
        if not people:
            known = ", ".join(each.id for each in settings.people)
            _end(f"--person {wanted.person_id}: there is {known} in the settings", WRONG_USE)
        rooms = tuple(room for room in rooms if room.room_id in every_room_of(people[0]))
    if unknown := set(wanted.room_ids) - {room.id for room in settings.rooms}:
        known = ", ".join(room.id for room in settings.rooms)
        _end(f"--room {min(unknown)}: there is {known} in the settings", WRONG_USE)
    if wanted.room_ids:
        rooms = tuple(room for room in rooms if room.room_id in wanted.room_ids)
    sensors = build_sensors(settings)
    return ReportHome(
        name=settings.home.name,
        zone=ZoneInfo(settings.home.time_zone),
        rooms=rooms,
        people=people,
        sensors={sensor.sensor_id: sensor.room_id for sensor in sensors},
        stale_after={each.sensor_id: each.stale_after for each in sensors if each.stale_after},
    )


def _write_png(found: Report, path: Path) -> bool:
    from daemon.report.png import PngError, render_png  # noqa: PLC0415

    try:
        return _write(path, render_png(found))
    except PngError as error:
        click.echo(f"keepcool: no {path}: {error}", err=True)
        return False


def _write(path: Path, content: bytes) -> bool:
    try:
        path.write_bytes(content)
    except OSError as error:
        click.echo(f"keepcool: {path} could not be written: {error.strerror}", err=True)
        return False
    click.echo(str(path))
    return True


def _end(text: str, code: int = NOT_DONE) -> NoReturn:
    click.echo(f"keepcool: {text}", err=True)
    sys.exit(code)
