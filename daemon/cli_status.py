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

from daemon.basic_mode import SETTINGS_LINK, read_record
from daemon.faces import find_status, is_old
from daemon.status import ANNOUNCER, PHONE, SECOND_ROAD
from integrations.errors import one_line
from policies.room_forecast import Predictor

REFRESH_S = 5.0
DAYS_NEEDED = "5 to 6"  # source: docs/room_model.md
SERVICE_STATE = Path("/var/lib/keepcool")
MEND = "Mend what `keepcool check` names, then: sudo systemctl restart keepcool"
LINK_NAMES = {
    "mqtt": "MQTT broker",
    "home_assistant": "Home Assistant",
    "events": "phone's buttons",
    "weather": "weather server",
    "heartbeat": "heartbeat",
    "storage": "memory card",
    "database": "database",
    "settings": "settings",
}
AT_HOME = {True: "yes", False: "no", None: "?"}
TRIES = {0: "not tried yet", 1: "tried once"}
LEVEL_STYLES = ("green", "yellow", "dark_orange", "red", "bold white on red")


def show_status(
    home_id: str | None, state_directory: Path, *, as_json: bool, is_watching: bool
) -> int:
    """Print the status once, or again and again; return 1 when the daemon does not run.

    Without a home, because the settings are refused, it is that of any home.
    """
    console = Console(highlight=False)
    if is_watching and not as_json:
        try:
            with Live(console=console, auto_refresh=False) as live:
                while True:
                    live.update(
                        _render(_read(home_id, state_directory), state_directory), refresh=True
                    )
                    time.sleep(REFRESH_S)
        except KeyboardInterrupt:
            return 0
    status = _read(home_id, state_directory)
    if as_json:
        print(json.dumps(status))  # noqa: T201 - for other programs: no wrapping, no colour
    else:
        console.print(_render(status, state_directory))
    return 0 if status is not None and not is_old(status) else 1


def _read(home_id: str | None, state_directory: Path) -> dict[str, Any] | None:
    try:
        path = find_status(home_id, state_directory)
        text = None if path is None else path.read_text(encoding="utf-8")
    except PermissionError:  # not of the group keepcool: `_render` asks
        return None
    status: dict[str, Any] | None = None if text is None else _plain(json.loads(text))
    return status


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the same with texts that no sensor, server or feed can steer a terminal by."""
    match value:
        case str():
            return one_line(value)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value


def _render(status: dict[str, Any] | None, state_directory: Path) -> Group | Text:
    if status is None:
        return Text(
            "keepcool has not run here: no status found. Start it (sudo systemctl enable --now "
            "keepcool, or keepcool run), or ask with the same --config as the daemon. Are you in "
            "the group keepcool?" + _fast_exits(state_directory)
        )
    parts: list[Text | Table] = [_headline(status)]
    if is_old(status) and (said := _fast_exits(state_directory)):
        parts.append(Text(said.strip()))
    elif status.get("is_basic"):
        parts.append(_basic_mode(status))
    if "rooms" not in status:
        return Group(*parts)
    parts += [
        _rooms(status),
        *_foretold(status),
        _people(status),
        *_cooling(status),
        *_alerts(status),
        _roads(status),
    ]
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
        text += "; clock not set yet: reminders and advice wait, warnings speak"
    if status.get("sick_threads"):
        text += f"; parts that hang: {', '.join(status['sick_threads'])}"
    return Text(text, style="bold")


def _basic_mode(status: dict[str, Any]) -> Text:
    causes = [link["detail"] for link in status["links"] if link["link"] == SETTINGS_LINK]
    return Text(
        "BASIC MODE: warnings alone, on the last settings that ran; no cooling, no reminders. "
        f"{' '.join(causes)}. {MEND}",
        style="bold red",
    )


def _fast_exits(state_directory: Path) -> str:
    """Say that the last starts ended soon, or nothing."""
    records = [read_record(folder) for folder in (state_directory, SERVICE_STATE)]
    record = max(records, key=lambda each: each.fast_exits)
    return f" {one_line(record.describe())}. {MEND}" if record.fast_exits > 1 else ""


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


def _foretold(status: dict[str, Any]) -> list[Table]:
    """Say of each room that is learned what its forecast rests on."""
    learned = [room for room in status["rooms"] if room.get("foretold")]
    if not learned:
        return []
    table = Table("Foretold", "Highest in 24 h", "By", box=None)
    for room in learned:
        told = room["foretold"]
        table.add_row(
            Text(room["name"]), degrees(told["highest_c"]), Text(_basis(told), overflow="fold")
        )
    return [table]


def _basis(told: dict[str, Any]) -> str:
    days = f"{told['days']} day" + ("" if told["days"] == 1 else "s")
    if not told["is_learned"]:
        used = f"{told['used']}; " if told["used"] else ""
        return f"{used}the room model needs {DAYS_NEEDED} days with their weather, {days} known"
    if told.get("lacks_weather"):
        return f"{told['used']}: the weather a day ahead is not known, {days}"
    errors = ""
    if told["error_24h_k"] is not None:
        errors = (
            f", error {told['error_24h_k']:.1f} K against {told['yesterday_error_24h_k']:.1f} K of "
            f"same as yesterday (24 h)"
        )
    if told["used"] == Predictor.ROOM_MODEL.value:
        return f"room model, {days}{errors}"
    return f"{told['used']}: the room model does not win here yet, {days}{errors}"


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
        elif not note and is_on and device.get("ended_by_home_assistant"):
            note = "Home Assistant ends it if keepcool dies"
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
            Text(". ".join(filter(None, (note, device.get("plan")))), overflow="fold"),
        )
    return [table]


def _alerts(status: dict[str, Any]) -> list[Table]:
    if not status["alerts"] and not status["outbox"]:
        return []
    table = Table("Alert", "State", "Since", "Why", box=None)
    for alert in status["alerts"]:
        since = datetime.fromisoformat(alert["raised_at"]).astimezone()
        is_unheard = alert["tag"] in status.get("unheard", ())
        phase = Text("no road took it", style="bold red") if is_unheard else Text(alert["phase"])
        table.add_row(
            _tag(alert), phase, f"{since:%a %H:%M}", Text(alert["reason"], overflow="fold")
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
        is_well = link["is_up"] and not link["is_refused"]
        table.add_row(
            link_name(link["link"]),
            Text(state, style="green" if is_well else "red"),
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
    if link.startswith(PHONE):
        return f"phone {link.removeprefix(PHONE)}"
    if link.startswith(ANNOUNCER):
        return f"announcer of {link.removeprefix(ANNOUNCER)}"
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
