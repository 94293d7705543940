"""Show what a replay came to on a terminal: the figures, side by side, then day by day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

from daemon.replay.recorders import Sent, Switched
from daemon.replay.summary import (
    NOTE_ON_COOLING,
    Outcome,
    as_json,
    describe_state,
    recipients,
    run_hours,
)
from policies.alert import Road, Severity

REMINDERS: Final = "hydration"  # counted, for they are many and silent
_LABEL: Final = 44
_COLUMN: Final = 18
_BODY_INDENT: Final = " " * 13
_KINDS: Final = (
    ("heat", "about heat"),
    (REMINDERS, "drink reminders, silent"),
    ("trouble", "trouble, such as gaps"),
)
_ROADS: Final = {Road.SECOND_ROAD: " [second road]", Road.ANNOUNCER: " [spoken at home]"}
Columns = Sequence[tuple[str, Mapping[str, Any]]]


def render(columns: Sequence[tuple[str, Outcome]], *, shows_all: bool, settings: str = "") -> str:
    """Return the table of all outcomes, then the first one's messages and commands by day.

    Args:
        columns: each with its heading; the first is told in full.
        shows_all: whether drink reminders are written out instead of counted.
        settings: which ones were played, in words.
    """
    outcome = columns[0][1]
    zone = outcome.household.zone
    first, last = (moment.astimezone(zone) for moment in outcome.span)
    lines = [
        f"{outcome.days:.1f} days, {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} ({zone})",
        *([f"Settings: {settings}"] if settings else []),
        "",
        *_table(columns),
        "",
    ]
    if outcome.household.devices:
        lines += [f"Cooling: {NOTE_ON_COOLING}.", ""]
    lines += _days(outcome, shows_all=shows_all)
    return "\n".join(lines).rstrip()


def figures(
    columns: Sequence[tuple[str, Outcome]],
) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Return the figures of each outcome, and of a plain threshold by the first one's settings.

    Returns:
        The headings, and each row's label (indented where it is part of the one above) and cells.
    """
    found = [(name, as_json(outcome)) for name, outcome in columns]
    found.append(("plain threshold", found[0][1]["plain_threshold"]))
    lines = list(rows(found))
    for device_id, device in columns[0][1].household.devices.items():
        hours = [run_hours(outcome, device_id) for _, outcome in columns]
        cells = [f"{on_h:.1f} h, {starts} starts" for on_h, starts in hours]
        lines.append((f"{device.name} ({device_id}) on", [*cells, "-"]))
    return [name for name, _ in found], lines


def _table(columns: Sequence[tuple[str, Outcome]]) -> Iterator[str]:
    names, lines = figures(columns)
    yield _row("", names)
    for label, cells in lines:
        yield _row(label, cells)


def rows(found: Columns) -> Iterator[tuple[str, list[str]]]:
    """Yield a label and a cell for each outcome, as `summary.as_json` has it."""
    heat = [values["too_hot"] for _, values in found]
    messages = [values["messages"] for _, values in found]
    yield "messages", [f"{each['total']}" for each in messages]
    for kind, words in _KINDS:
        counts = [each.get("by_kind", {"heat": each["total"]}).get(kind, 0) for each in messages]
        yield f"  {words}", [f"{count}" for count in counts]
    yield "  a day, on average", [f"{each['mean_a_day']:.1f}" for each in messages]
    yield "  a day, at most", [f"{each['most_a_day']}" for each in messages]
    added = ", people added up" if len(found[0][1].get("people", ())) > 1 else ""
    yield f"too hot (level 2 and above){added}, h", [f"{each['hours']:.1f}" for each in heat]
    yield "  of it announced before it began", [_share(each) for each in heat]
    yield "hot spells", [f"{each['spells']}" for each in heat]
    yield "  announced before they began", [f"{each['announced_spells']}" for each in heat]
    yield "  how long before (median)", [_lead(each) for each in heat]
    yield "  nothing said in time", [f"{each['lost_spells']}" for each in heat]
    yield "announcements", [f"{each['announcements']}" for each in heat]
    yield "  of them false", [f"{each['false_announcements']}" for each in heat]
    yield "  with a sound", [f"{each['announcements_with_sound']}" for each in heat]
    yield "  of these false", [f"{each['false_announcements_with_sound']}" for each in heat]


def _share(heat: Mapping[str, Any]) -> str:
    share = heat["announced_share"]
    return "-" if share is None else f"{share:.0%}"


def _lead(heat: Mapping[str, Any]) -> str:
    lead_h = heat["median_lead_h"]
    return "-" if lead_h is None else f"{lead_h:.1f} h"


def _row(label: str, cells: Sequence[str]) -> str:
    return f"{label:<{_LABEL}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells)


def happenings(outcome: Outcome) -> Iterator[tuple[date, list[Sent | Switched]]]:
    """Yield each local day with what was sent and switched on it, in order."""
    zone = outcome.household.zone
    everything: list[Sent | Switched] = [*outcome.messages, *outcome.switched]
    everything.sort(key=lambda each: each.at)
    for day, found in groupby(everything, lambda each: each.at.astimezone(zone).date()):
        yield day, list(found)


def loudness(sent: Sent) -> str:
    """Say how loud a message is."""
    return Severity(sent.severity).name.lower().replace("_", " ")


def _days(outcome: Outcome, *, shows_all: bool) -> Iterator[str]:
    zone = outcome.household.zone
    for day, found in happenings(outcome):
        yield f"{day:%a %d %b %Y}"
        reminders = 0
        for each in found:
            at = f"{each.at.astimezone(zone):%H:%M}"
            if isinstance(each, Switched):
                yield f"  {at}  > {each.device_id} {describe_state(each.desired)}"
            elif each.policy == REMINDERS and not shows_all:
                reminders += 1
            else:
                yield from _message(at, each, outcome)
        if reminders:
            yield f"         {reminders} silent drink reminders"


def _message(at: str, sent: Sent, outcome: Outcome) -> Iterator[str]:
    names = ", ".join(recipients(sent, outcome.household))
    yield f"  {at}  {sent.title}  ({loudness(sent)}, to {names}){_ROADS.get(sent.road, '')}"
    for line in sent.body.splitlines():
        yield f"{_BODY_INDENT}{line}"
