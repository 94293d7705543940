"""Render the daemon's status for a person at a terminal."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from daemon.faces import find_status, is_old
from daemon.status import SECOND_ROAD

REFRESH_S = 5.0
LINK_NAMES = {
    "mqtt": "MQTT broker",
    "home_assistant": "Home Assistant",
    "events": "phone's buttons",
    "weather": "weather server",
    "storage": "memory card",
    "database": "database",
}
AT_HOME = {True: "yes", False: "no", None: "?"}
TRIES = {0: "not tried yet", 1: "tried once"}
LEVEL_STYLES = ("green", "yellow", "dark_orange", "red", "bold white on red")


def show_status(home_id: str, state_directory: Path, *, as_json: bool, is_watching: bool) -> int:
    """Print the status once, or again and again; return 1 when the daemon does not run."""
    console = Console(highlight=False)
    if is_watching and not as_json:
        try:
            with Live(console=console, auto_refresh=False) as live:
                while True:
                    live.update(_render(_read(home_id, state_directory)), refresh=True)
                    time.sleep(REFRESH_S)
        except KeyboardInterrupt:
            return 0
    status = _read(home_id, state_directory)
    if as_json:
        print(json.dumps(status))  # noqa: T201 - for other programs: no wrapping, no colour
    else:
        console.print(_render(status))
    return 0 if status is not None and not is_old(status) else 1


def _read(home_id: str, state_directory: Path) -> dict[str, Any] | None:
    try:
        path = find_status(home_id, state_directory)
        text = None if path is None else path.read_text(encoding="utf-8")
    except PermissionError:  # not of the group keepcool: `_render` asks
        return None
    status: dict[str, Any] | None = None if text is None else json.loads(text)
    return status


def _render(status: dict[str, Any] | None) -> Group | Text:
    if status is None:
        return Text(
            "keepcool has not run here: no status found. Start it with `keepcool run`, or ask with "
            "the same --config as the daemon. Are you in the group keepcool?"
        )
    parts: list[Text | Table] = [_headline(status)]
    if "rooms" not in status:
        return Group(*parts)
    parts += [_rooms(status), _people(status), *_cooling(status), *_alerts(status), _roads(status)]
    return Group(*parts)


def _headline(status: dict[str, Any]) -> Text:
    at = datetime.fromisoformat(status["at"])
    if is_old(status):
        return Text(
            f"keepcool is NOT running: last sign {at.astimezone():%a %Y-%m-%d %H:%M:%S}. Start it "
            "with `keepcool run`; as a service, see `journalctl -u keepcool`",
            style="bold red",
        )
    text = f"keepcool {status['version']} has been running for {span(status.get('running_for_s'))}"
    if status.get("is_clock_synchronised") is False:
        text += "; the clock is not synchronised: reminders wait"
    if status.get("sick_threads"):
        text += f"; parts that hang: {', '.join(status['sick_threads'])}"
    return Text(text, style="bold")


def _rooms(status: dict[str, Any]) -> Table:
    has_motion = any(room.get("since_motion_s") is not None for room in status["rooms"])
    moved = ["Moved"] if has_motion else []
    table = Table(
        "Room", "Level", "Feels like", "Air", "Humidity", "Heard", *moved, "Why", box=None
    )
    for room in status["rooms"]:
        is_seen = room["freshness"] == "fresh" or room["level"] > 0  # unseen keeps what it was
        style = LEVEL_STYLES[room["level"]] if room["freshness"] == "fresh" else "dim"
        table.add_row(
            Text(room["name"]),
            Text(str(room["level"]) if is_seen else "-", style=style),
            degrees(room["effective_temperature_c"]),
            degrees(room["temperature_c"]),
            "-"
            if room["relative_humidity_pct"] is None
            else f"{room['relative_humidity_pct']:.0f} %",
            f"{span(room['age_s'])} ago" if room["age_s"] is not None else room["freshness"],
            *([_ago(room.get("since_motion_s"))] if has_motion else []),
            Text(room["reason"]),
        )
    return table


def _people(status: dict[str, Any]) -> Table:
    has_presence = any(person.get("is_at_home") is not None for person in status["people"])
    at_home = ["At home"] if has_presence else []
    table = Table("Person", "Level", *at_home, "Drinks today", "Next drink", box=None)
    for person in status["people"]:
        goal = person["drinks_goal_ml"]
        drunk = f"{person['drinks_today_ml']} of {goal} ml" if goal else "as your care team says"
        due = person["next_drink_in_s"]
        table.add_row(
            Text(person["person_id"]),
            Text(str(person["level"]), style=LEVEL_STYLES[person["level"]]),
            *([AT_HOME[person.get("is_at_home")]] if has_presence else []),
            drunk,
            f"in {span(due)}" if due else "-",
        )
    return table


def _cooling(status: dict[str, Any]) -> list[Table]:
    devices = [device for room in status["rooms"] for device in room["cooling"]]
    if not devices:
        return []
    table = Table("Cooling", "Is", "keepcool wants", "Note", box=None)
    for device in devices:
        is_on = device["is_on"]
        wanted = device["wanted_on"]
        note = "did not respond" if device["has_failed"] else ""
        if not note and is_on and device.get("stays_on"):
            note = "stays on if keepcool dies"
        elif not note and is_on and device.get("ends_by_itself"):
            note = f"goes off by itself in {span(device['lease_remaining_s'])} unless renewed"
        if device["override_remaining_s"]:
            note = f"set by hand, left alone for {span(device['override_remaining_s'])}"
        elif not device["is_available"]:
            note = "not reachable"
        table.add_row(
            Text(device["entity_id"]),
            "?" if is_on is None else ("on" if is_on else "off"),
            "-" if wanted is None else ("on" if wanted else "off"),
            note,
        )
    return [table]


def _alerts(status: dict[str, Any]) -> list[Table]:
    if not status["alerts"] and not status["outbox"]:
        return []
    table = Table("Alert", "State", "Since", "Why", box=None)
    for alert in status["alerts"]:
        since = datetime.fromisoformat(alert["raised_at"]).astimezone()
        table.add_row(
            _tag(alert), alert["phase"], f"{since:%a %H:%M}", Text(alert["reason"], overflow="fold")
        )
    for row in status["outbox"]:
        attempts = row["attempts"]
        tries = TRIES.get(attempts, f"tried {attempts} times")
        error = f": {row['last_error']}" if row["last_error"] else ""
        table.add_row(_tag(row), "not sent", "", Text(tries + error, overflow="fold"))
    return [table]


def _tag(row: dict[str, Any]) -> Text:
    return Text(row["tag"].removeprefix("keepcool-"), overflow="fold")


def _roads(status: dict[str, Any]) -> Table:
    table = Table("Road", "State", "Detail", box=None)
    for link in status["links"]:
        state = "up" if link["is_up"] else f"down for {span(link['down_for_s'])}"
        table.add_row(
            link_name(link["link"]),
            Text(state, style="green" if link["is_up"] else "red"),
            Text(link["detail"]),
        )
    forecast = status["forecast"]
    age = forecast["age_s"]
    errors = [source["last_error"] for source in forecast["sources"] if source["last_error"]]
    told = [f"from {forecast['source']}"] if forecast["source"] else []
    table.add_row(
        "forecast",
        "none yet" if age is None else f"{span(age)} old",
        Text("; ".join([*told, *errors])),
    )
    for warning in status["official_warnings"]["warnings"]:
        ends = datetime.fromisoformat(warning["ends_at"]).astimezone()
        words = f"{warning['event']}, {warning['area']}, until {ends:%a %H:%M}"
        table.add_row(
            "heat warning", warning["level"], Text(f"{warning['sender']}: {words}", overflow="fold")
        )
    for service in status["official_warnings"]["services"]:
        if service["last_error"]:
            table.add_row("heat warnings", "no answer", Text(service["last_error"]))
    return table


def _ago(seconds: float | None) -> str:
    return "-" if seconds is None else f"{span(seconds)} ago"


def link_name(link: str) -> str:
    """Name a road for a person: the second road of somebody, or what it leads to."""
    if link.startswith(SECOND_ROAD):
        return f"second road of {link.removeprefix(SECOND_ROAD)}"
    return LINK_NAMES.get(link, link)


def degrees(value: float | None) -> str:
    """Render a temperature."""
    return "-" if value is None else f"{value:.1f} °C"


def span(seconds: float | None) -> str:
    """Render a duration in its largest fitting unit."""
    if seconds is None:
        return "-"
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.0f} s"
    if seconds < 7200:  # noqa: PLR2004 - two hours
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
