"""Report whether keepcool could run: the settings, and every road it would use.

Exit codes of `keepcool check`: 0 fine (warnings allowed), 1 something online is red, 2 the settings
were refused. Nothing here reads settings or opens a connection: `cli` and `bootstrap` hand both in.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from daemon.check_entities import EntitySubject, EntityUse, entity_rows
from daemon.check_rows import PROBE_ERRORS, CheckRow, Status, tried, words
from daemon.check_sensors import plug_rows, sensor_rows
from daemon.check_subjects import CheckSubjects, Probes
from daemon.check_told import carer_rows, heartbeat_rows, second_road_rows, service_rows
from integrations.errors import visible
from policies.model import DeviceKind

EXIT_FINE = 0
EXIT_RED = 1
EXIT_REFUSED = 2


_NO_WARNINGS = "see [[official_warning]]; keepcool warns by your rooms without it all the same"
_NO_FORECAST = (
    "see that this machine reaches the internet; without a forecast nothing is seen ahead"
)
_NO_HOME_FORECAST = "see the rows of Home Assistant; without a forecast nothing is seen ahead"
_HOME_FORECAST = "home_assistant"  # the source that asks Home Assistant


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Hold all rows of a check."""

    rows: tuple[CheckRow, ...]
    is_refused: bool = False

    @property
    def exit_code(self) -> int:
        """Return the command's exit code, as in this module's docstring."""
        if self.is_refused:
            return EXIT_REFUSED
        has_red = any(row.status is Status.RED for row in self.rows)
        return EXIT_RED if has_red else EXIT_FINE


class SettingsProblem(Protocol):
    """Describe what the check must know of a problem or warning of the settings."""

    @property
    def where(self) -> str:
        """Name the file and line."""
        ...

    @property
    def key(self) -> str:
        """Name the key."""
        ...

    @property
    def fix(self) -> str | None:
        """Say what to do."""
        ...


def check_offline(
    path: Path | None,
    problems: Sequence[SettingsProblem],
    warnings: Sequence[SettingsProblem],
) -> CheckReport:
    """Report what was found in the settings without leaving the machine.

    `str()` of a problem or warning is its full line.
    """
    name = str(path) if path else "the environment"
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        head = CheckRow("settings", Status.RED, f"{name}: {count}; nothing is started")
        rows = [CheckRow("", Status.RED, str(problem)) for problem in problems]
        return CheckReport((head, *rows), is_refused=True)
    head = CheckRow("settings", Status.OK, f"{name}: complete and consistent")
    return CheckReport((head, *(_warning_row(warning) for warning in warnings)))


def check_online(subjects: CheckSubjects, probes: Probes) -> CheckReport:
    """Try every road and report each one; a red row says what to do."""
    rows = [
        tried(
            f"broker {subjects.broker}",
            probes.connect_broker,
            "see that mosquitto runs and that [mqtt] has the right host, port, user and password",
        )
    ]
    rows += sensor_rows(subjects, probes)
    rows += [
        tried(
            f"forecast {name}",
            fetch,
            _NO_HOME_FORECAST if name == _HOME_FORECAST else _NO_FORECAST,
        )
        for name, fetch in probes.fetch_forecasts.items()
    ]
    rows += plug_rows(probes)
    rows += [
        tried(f"heat warnings {name}", fetch, _NO_WARNINGS)
        for name, fetch in probes.fetch_warnings.items()
    ]
    rows += _home_assistant_rows(subjects, probes)
    rows += _unwatched_rows(subjects, probes)
    rows += second_road_rows(subjects, probes)
    rows += carer_rows(subjects)
    rows += heartbeat_rows(probes)
    return CheckReport(tuple(rows))


def merge_reports(offline: CheckReport, online: CheckReport) -> CheckReport:
    """Join both reports; what was tried online replaces the warning about it."""
    tried = {row.name for row in online.rows}
    kept = tuple(row for row in offline.rows if row.name not in tried)
    return CheckReport(kept + online.rows, is_refused=offline.is_refused)


def render_report(report: CheckReport, *, width: int = 80) -> str:
    """Return the report as a table of plain text that fits `width` columns, without colour."""
    indent = " " * 9
    lines = []
    for row in report.rows:
        text = f"{row.name}: {row.what}" if row.name else row.what
        lines += _wrapped(text, width, f"{row.status:<9}", indent)
        lines += _wrapped(row.fix, width, f"{indent}-> ", f"{indent}   ")
    counts = [
        f"{sum(row.status is status for row in report.rows)} {status.lower()}" for status in Status
    ]
    return "\n".join([*lines, "", ", ".join(counts)])


def _wrapped(text: str, width: int, first: str, following: str) -> list[str]:
    """Break a text into lines; paths and addresses stay whole, so that they can be copied."""
    return textwrap.wrap(
        visible(text),
        width,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _warning_row(warning: SettingsProblem) -> CheckRow:
    """Return a warning of the settings as a row: its place in the text, its cure as the fix."""
    fix = warning.fix or ""
    text = str(warning).removesuffix(f"; {fix}") if fix else str(warning)
    place = f"{warning.where}  " if warning.where else ""
    what = text.removeprefix(place).removeprefix(f"{warning.key}: ")
    return CheckRow(
        name=warning.key or "settings",
        status=Status.WARNING,
        what=f"{what} ({warning.where})" if warning.where else what,
        fix=fix,
    )


def _home_assistant_rows(subjects: CheckSubjects, probes: Probes) -> Iterator[CheckRow]:
    """Report Home Assistant itself, then every entity and notify service of the settings."""
    if subjects.home_assistant is None:
        fix = "add [home_assistant] with url and token"
        what = "not set up: no phone is told and only plugs on MQTT are switched"
        yield CheckRow("Home Assistant", Status.RED, what, fix)
        return
    row = tried(
        f"Home Assistant {subjects.home_assistant}",
        probes.greet_home_assistant,
        "see that the url opens in a browser; if it does, create a new token: profile > Security",
    )
    yield row
    if row.status is Status.RED:
        what = "not tried, because Home Assistant did not answer"
        yield CheckRow("entities and phones", Status.WARNING, what, "mend the row above first")
        return
    yield from _entity_rows(subjects, probes)
    yield from service_rows(subjects, probes)


def _entity_rows(subjects: CheckSubjects, probes: Probes) -> Iterator[CheckRow]:
    """Report every entity that is commanded or read."""
    commanded = [
        EntitySubject(device.entity_id, EntityUse.DEVICE)
        for room in subjects.rooms
        for device in room.devices
        if device.kind is not DeviceKind.PLUG
    ]
    entities = [*commanded, *subjects.entities]
    if not entities:
        return
    try:
        states = probes.fetch_entity_states([entity.entity_id for entity in entities])
    except PROBE_ERRORS as err:
        yield CheckRow("entities", Status.RED, words(err), "check again in a minute")
        return
    yield from entity_rows(entities, states)


def _unwatched_rows(subjects: CheckSubjects, probes: Probes) -> Iterator[CheckRow]:
    """Report once what would stay on if keepcool died: nothing else there ends it.

    Of a plug on MQTT its own row tells; a fan or blind stays as it is, and may.
    """
    running = probes.read_running()
    if running is None:
        return
    unwatched = [
        device.entity_id
        for room in subjects.rooms
        for device in room.devices
        if device.kind is not DeviceKind.PLUG
        and device.role.has_compressor
        and device.device_id not in running.watched
    ]
    if unwatched:
        what = f"if keepcool dies these stay on: {', '.join(unwatched)}"
        fix = "give each the blueprint Watchdog in Home Assistant: docs/blueprints.md"
        yield CheckRow("watchdog", Status.WARNING, what, fix)
