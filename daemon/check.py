"""Report whether keepcool could run: the settings, and every road it would use.

Exit codes of `keepcool check`: 0 fine (warnings allowed), 1 something online is red, 2 the settings
were refused. Nothing here reads settings or opens a connection: `cli` and `bootstrap` hand both in.
"""

from __future__ import annotations

import sqlite3
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol

from daemon.check_entities import EntitySubject, EntityUse, entity_rows
from daemon.check_rows import CheckRow, Status
from daemon.probing_plugs import PlugFound
from integrations.errors import IntegrationError
from integrations.messages import DeviceObserved
from policies.freshness import UNLEARNED_LIMIT
from policies.model import Carer, DeviceKind, Person, Phone, Room

EXIT_FINE = 0
EXIT_RED = 1
EXIT_REFUSED = 2
_PROBE_ERRORS = (IntegrationError, OSError, sqlite3.Error)


_NO_WARNINGS = "see [[official_warning]]; keepcool warns by your rooms without it all the same"
_NO_FORECAST = (
    "see that this machine reaches the internet; without a forecast nothing is seen ahead"
)


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


class SensorSubject(Protocol):
    """Describe what the check must know of a sensor."""

    @property
    def sensor_id(self) -> str:
        """Name it as the database does."""
        ...

    @property
    def room_name(self) -> str:
        """Name its room for a person."""
        ...

    @property
    def topic(self) -> str | None:
        """Name its MQTT topic; `None` when it is an entity."""
        ...

    @property
    def entity_id(self) -> str | None:
        """Name its entity; `None` when it is heard over MQTT."""
        ...

    @property
    def stale_after(self) -> timedelta | None:
        """Say how old a reading may be; `None` when it is learned."""
        ...


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


@dataclass(frozen=True, slots=True)
class CheckSubjects:
    """Name what the online check looks at."""

    broker: str  # "localhost:1883"
    sensors: Sequence[SensorSubject]
    rooms: Sequence[Room]
    people: Sequence[Person]
    carers: Sequence[Carer]
    home_assistant: str | None  # its address; None when there is none
    entities: Sequence[EntitySubject] = ()  # that are read only

    @property
    def told(self) -> tuple[Person | Carer, ...]:
        """Return everybody who may be told something."""
        return (*self.people, *self.carers)


@dataclass(frozen=True, slots=True)
class Probes:
    """Hold the calls that try each road; each returns what it found, or raises IntegrationError.

    `read_sensor_ages` reads the running daemon's database and answers per sensor id; `None`, or no
    entry, means never heard. `fetch_entity_states` answers per entity id. `try_second_road`
    tries the server behind a second road, by its channel id, and alarms nobody.
    """

    connect_broker: Callable[[], str]
    read_sensor_ages: Callable[[], Mapping[str, timedelta | None]]
    fetch_forecasts: Mapping[str, Callable[[], str]]  # by source, the most wanted first
    fetch_warnings: Mapping[str, Callable[[], str]]  # by service of official warnings
    greet_home_assistant: Callable[[], str]
    fetch_entity_states: Callable[[Sequence[str]], Mapping[str, DeviceObserved]]
    fetch_services: Callable[[], Mapping[str, frozenset[str]]]
    hear_plugs: Callable[[], Sequence[PlugFound]]
    try_second_road: Callable[[str], str]


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
        _tried(
            f"broker {subjects.broker}",
            probes.connect_broker,
            "see that mosquitto runs and that [mqtt] has the right host, port, user and password",
        )
    ]
    rows += _sensor_rows(subjects, probes)
    rows += [
        _tried(f"forecast {name}", fetch, _NO_FORECAST)
        for name, fetch in probes.fetch_forecasts.items()
    ]
    rows += _plug_rows(probes)
    rows += [
        _tried(f"heat warnings {name}", fetch, _NO_WARNINGS)
        for name, fetch in probes.fetch_warnings.items()
    ]
    rows += _home_assistant_rows(subjects, probes)
    rows += _second_road_rows(subjects, probes)
    rows += _carer_rows(subjects)
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
        text,
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


def _tried(name: str, probe: Callable[[], str], fix: str) -> CheckRow:
    """Call a probe and report how it went."""
    try:
        return CheckRow(name, Status.OK, probe())
    except _PROBE_ERRORS as err:
        return CheckRow(name, Status.RED, _words(err), fix)


def _words(error: Exception) -> str:
    """Return an error's text, never empty."""
    return str(error) or type(error).__name__


def _sensor_rows(subjects: CheckSubjects, probes: Probes) -> Iterator[CheckRow]:
    """Report when each sensor was last heard."""
    if not subjects.sensors:
        fix = "add a [[room.sensor]] to a [[room]]"
        yield CheckRow("sensors", Status.RED, "there are none: keepcool sees no room", fix)
        return
    try:
        ages = probes.read_sensor_ages()
    except _PROBE_ERRORS as err:
        what = (
            "keepcool has not run here yet, so none was heard"
            if isinstance(err, FileNotFoundError)
            else f"the daemon's database cannot be read: {_words(err)}"
        )
        fix = (
            "start it (keepcool run, or sudo systemctl start keepcool), wait a minute, check again"
        )
        yield CheckRow("sensors", Status.RED, what, fix)
        return
    for sensor in subjects.sensors:
        name = f"sensor {sensor.sensor_id} ({sensor.room_name})"
        age = ages.get(sensor.sensor_id)
        if age is None:
            yield CheckRow(name, Status.RED, "never heard", _where_to_look(sensor))
        elif age > (sensor.stale_after or UNLEARNED_LIMIT):
            fix = "see to its battery and its distance from the hub"
            yield CheckRow(name, Status.RED, f"last heard {_ago(age)}", fix)
        else:
            yield CheckRow(name, Status.OK, f"last heard {_ago(age)}")


def _where_to_look(sensor: SensorSubject) -> str:
    if sensor.topic is None:
        return f"see {sensor.entity_id} in Home Assistant: Developer tools > States"
    return f"watch it: mosquitto_sub -v -t '{sensor.topic}'; is the topic the right one?"


def _plug_rows(probes: Probes) -> Iterator[CheckRow]:
    """Report whether each MQTT plug was heard."""
    try:
        found = probes.hear_plugs()
    except _PROBE_ERRORS as err:
        yield CheckRow("plugs", Status.RED, _words(err), "see the broker's row above")
        return
    for plug in found:
        status = Status.RED if plug.fix else Status.OK
        yield CheckRow(f"plug {plug.device_id}", status, plug.what, plug.fix)


def _ago(age: timedelta) -> str:
    """Return an age in words."""
    minutes = int(age.total_seconds()) // 60
    if minutes < 1:
        return "just now"
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago"


def _home_assistant_rows(subjects: CheckSubjects, probes: Probes) -> Iterator[CheckRow]:
    """Report Home Assistant itself, then every entity and notify service of the settings."""
    if subjects.home_assistant is None:
        fix = "add [home_assistant] with url and token"
        what = "not set up: no phone is told and only plugs on MQTT are switched"
        yield CheckRow("Home Assistant", Status.RED, what, fix)
        return
    row = _tried(
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
    yield from _service_rows(subjects, probes)


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
    except _PROBE_ERRORS as err:
        yield CheckRow("entities", Status.RED, _words(err), "check again in a minute")
        return
    yield from entity_rows(entities, states)


def _service_rows(subjects: CheckSubjects, probes: Probes) -> Iterator[CheckRow]:
    """Report every phone's notify service."""
    phones: list[tuple[str, str, Phone]] = [
        (f"phone of {owner.name}", _id_of(owner), phone)
        for owner in subjects.told
        for phone in owner.phones
    ]
    for person in subjects.people:
        if not person.phones:
            fix = f"add a [[person.phone]] for {person.name}"
            yield CheckRow(f"phone of {person.name}", Status.RED, "there is none", fix)
    if not phones:
        return
    try:
        known = probes.fetch_services().get("notify", frozenset())
    except _PROBE_ERRORS as err:
        yield CheckRow("phones", Status.RED, _words(err), "check again in a minute")
        return
    for name, owner_id, phone in phones:
        if phone.service in known:
            what = f"notify.{phone.service} is there; try it: keepcool test-alert {owner_id}"
            yield CheckRow(name, Status.OK, what)
            continue
        close = get_close_matches(phone.service, sorted(known), n=1)
        fix = (
            f"did you mean notify.{close[0]}?"
            if close
            else "open the Home Assistant app on the phone and allow notifications there"
        )
        what = f"Home Assistant has no notify.{phone.service}"
        yield CheckRow(name, Status.RED, what, fix)


def _id_of(owner: Person | Carer) -> str:
    return owner.person_id if isinstance(owner, Person) else owner.carer_id


def _second_road_rows(subjects: CheckSubjects, probes: Probes) -> Iterator[CheckRow]:
    """Report each road that is left when Home Assistant is down; a person without one is red."""
    for owner in subjects.told:
        name = f"second road of {owner.name}"
        for channel_id in owner.second_roads:
            yield _tried_road(name, _id_of(owner), channel_id, probes)
        if isinstance(owner, Person) and not owner.second_roads:
            what = "there is none: if Home Assistant is down nothing reaches them"
            fix = f"add a [[person.second_road]] for {owner.name}; until then agree a daily call"
            yield CheckRow(name, Status.RED, what, fix)


def _tried_road(name: str, owner_id: str, channel_id: str, probes: Probes) -> CheckRow:
    """Try one second road; that its server answers does not mean that a message arrives."""
    row = _tried(
        name,
        lambda: probes.try_second_road(channel_id),
        "see that this machine reaches the internet and that the address in its file is right",
    )
    if row.status is not Status.OK:
        return row
    hint = f"{row.what}; try it: keepcool test-alert {owner_id} --second-road"
    return CheckRow(row.name, row.status, hint)


def _carer_rows(subjects: CheckSubjects) -> Iterator[CheckRow]:
    """Report who is told when a person does not answer."""
    people = {person.person_id: person.name for person in subjects.people}
    for person_id, name in people.items():
        carers = [carer for carer in subjects.carers if person_id in carer.people]
        if not carers:
            what = "there is none: nobody else is told when they do not answer"
            fix = "add a [[carer]] with a phone or a second road"
            yield CheckRow(f"carer of {name}", Status.WARNING, what, fix)
    for carer in subjects.carers:
        if not carer.phones and not carer.second_roads:
            fix = "add a [[carer.phone]] or a [[carer.second_road]]"
            yield CheckRow(f"carer {carer.name}", Status.RED, "keepcool cannot reach them", fix)
        else:
            names = ", ".join(people[person_id] for person_id in carer.people)
            what = f"is told when {names} does not answer"
            yield CheckRow(f"carer {carer.name}", Status.OK, what)
