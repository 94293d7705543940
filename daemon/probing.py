"""Try the roads of a home once, for `keepcool check --online`."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.check_subjects import Running
from daemon.faces import find_status, is_old
from daemon.ports import HomePort, MqttLink, Post, WarningService, WeatherSource
from daemon.records import from_json
from daemon.sensor_track import SensorRecord
from daemon.store import DATABASE_NAME, open_read_only
from integrations.errors import TransientError
from integrations.messages import DeviceObserved, LinkChanged

CONNECT_TIMEOUT_S = 6.0


def connect_broker(build_link: Callable[[Post], MqttLink]) -> str:
    """Connect once. Raises: TransientError with the broker's or the network's reason."""
    events: queue.SimpleQueue[object] = queue.SimpleQueue()
    link = build_link(events.put)
    link.start()
    try:
        wait_until_up(events)
    finally:
        link.stop()
    return "connected"


def wait_until_up(events: queue.SimpleQueue[object], detail: str = "") -> None:
    """Wait for a link that posts there to come up.

    Raises: TransientError with the broker's or the network's reason, or with `detail` if none came.
    """
    detail = detail or f"no answer within {CONNECT_TIMEOUT_S:.0f} s"
    deadline = time.monotonic() + CONNECT_TIMEOUT_S
    while (left_s := deadline - time.monotonic()) > 0:
        try:
            event = events.get(timeout=left_s)
        except queue.Empty:
            break
        if isinstance(event, LinkChanged):
            if event.is_up:
                return
            detail = event.detail
            if event.is_refused:
                break
    raise TransientError(detail)


def read_sensor_ages(home_id: str, state_directory: Path) -> dict[str, timedelta | None]:
    """Return when the daemon last heard each sensor: from its status, else from its database.

    Raises: FileNotFoundError when it never ran; sqlite3.Error.
    """
    path = find_status(home_id, state_directory)
    if path is not None:
        status = json.loads(path.read_text(encoding="utf-8"))
        if "rooms" in status and not is_old(status):
            return {
                sensor["sensor_id"]: (
                    None if sensor["age_s"] is None else timedelta(seconds=sensor["age_s"])
                )
                for room in status["rooms"]
                for sensor in room["sensors"]
            }
    connection = open_read_only(state_directory / DATABASE_NAME)
    try:
        rows = connection.execute("SELECT sensor_id, body FROM sensor").fetchall()
    finally:
        connection.close()
    now = datetime.now(UTC)
    return {row["sensor_id"]: now - from_json(SensorRecord, row["body"]).at.utc for row in rows}


def read_running(home_id: str, state_directory: Path) -> Running | None:
    """Return what the running daemon tells of itself; `None` where none runs, or none can be read.

    Basic mode tells nothing of devices.
    """
    try:
        path = find_status(home_id, state_directory)
        status = None if path is None else json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if status is None or "rooms" not in status or is_old(status):
        return None
    return Running(
        timedelta(seconds=status["running_for_s"] or 0),
        frozenset(
            device["device_id"]
            for room in status["rooms"]
            for device in room["cooling"]
            if device.get("has_watchdog")
        ),
    )


def describe_forecast(source: WeatherSource) -> str:
    """Fetch a forecast and say how far it reaches. Raises: IntegrationError."""
    forecast = source.fetch(datetime.now(UTC))
    return f"{len(forecast.hours)} hours, until {forecast.hours[-1].at:%a %d %b %H:%M} UTC"


def fetch_states(home: HomePort, entity_ids: Sequence[str]) -> Mapping[str, DeviceObserved]:
    """Return each entity's state. Raises: IntegrationError."""
    return {found.entity_id: found for found in home.fetch_states(entity_ids)}


def describe_warnings(service: WarningService) -> str:
    """Fetch a service's heat warnings and say how many there are. Raises: IntegrationError."""
    found = service.fetch(datetime.now(UTC))
    if not found:
        return "answers; no heat warning now"
    return "; ".join(f"{each.sender}: {each.event}, {each.area}" for each in found)
