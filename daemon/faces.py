"""Publish what the home looks like: retained MQTT states and a status file for the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from daemon.lease import LeasePhase, LeaseRow
from policies.model import Decision, RoomAssessment, RoomConditions
from policies.psychrometrics import heat_index_c

log = structlog.get_logger()
STATUS_SUFFIX = ".status.json"
OLD_AFTER_S = 90.0  # the daemon writes its status at every tick of 10 s
_to_json = json.JSONEncoder(separators=(",", ":")).encode  # `dumps` would build one each time


class Topics:
    """Name the topics of one home: `<base>/<home>/...`."""

    def __init__(self, base_topic: str, home_id: str) -> None:
        """Both parts come from the configuration, which refuses wildcards in them."""
        self.root = f"{base_topic}/{home_id}"
        self.status = f"{self.root}/status"
        self.home_state = f"{self.root}/home/state"
        self.log_command = f"{self.root}/command/log"
        self.test_alert_command = f"{self.root}/command/test_alert"

    def room_state(self, room_id: str) -> str:
        """Carry the room's level and values."""
        return f"{self.root}/room/{room_id}/state"

    def person_state(self, person_id: str) -> str:
        """Carry the person's level and drinks."""
        return f"{self.root}/person/{person_id}/state"

    def person_drink(self, person_id: str) -> str:
        """Hear a drink: a number of millilitres, or `PRESS` for one portion."""
        return f"{self.root}/person/{person_id}/drink"

    def lease(self, device_id: str) -> str:
        """Carry what keepcool holds of a device, and until when; empty when it holds nothing."""
        return f"{self.root}/lease/{device_id}"

    def reply(self, request_id: str) -> str:
        """Answer one request of the command line."""
        return f"{self.root}/reply/{request_id}"


def room_payload(assessment: RoomAssessment, room: RoomConditions) -> str:
    """Render a room's state topic."""
    return _to_json(
        {
            "level": int(assessment.level),
            "freshness": assessment.freshness.value,
            "temperature_c": _rounded(room.temperature_c, 2),
            "relative_humidity_pct": _rounded(room.relative_humidity_pct, 1),
            "heat_index_c": _rounded(
                heat_index_c(room.temperature_c, room.relative_humidity_pct), 1
            ),
            "effective_temperature_c": _rounded(room.effective_temperature_c, 2),
            "limit_c": assessment.limit_c,
            "expected_level": int(assessment.expected_level),
            "expected_at": assessment.expected_at.isoformat() if assessment.expected_at else None,
            "reason": assessment.reason,
        }
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


class Faces:
    """Publish states when they change, and keep the status file current."""

    def __init__(self, topics: Topics, publish: Callable[..., None], status_path: Path) -> None:
        """`publish` is the MQTT link's; the status file belongs on a memory file system."""
        self._topics = topics
        self._publish = publish
        self._status_path = status_path
        self._published: dict[str, str] = {}
        self._is_status_failing = False

    def forget(self) -> None:
        """Publish everything again at the next chance: the broker may have forgotten it."""
        self._published.clear()

    def publish_room(self, assessment: RoomAssessment, room: RoomConditions) -> None:
        """Publish a room now, if anything changed."""
        self._publish_changed(
            self._topics.room_state(assessment.room_id), room_payload(assessment, room)
        )

    def publish_decision(
        self, decision: Decision, home_state: dict[str, Any], now_utc: datetime
    ) -> None:
        """Publish people and the home as a whole.

        When the next drink is due is a moment, since a countdown would be wrong a minute later.
        """
        for person in decision.people:
            payload: dict[str, Any] = {
                "level": int(person.level),
                "drinks_today_ml": person.drunk_today_ml,
                "drinks_goal_ml": person.drinks_goal_ml,
            }
            wait = person.next_drink_in
            # To the nearest minute: it must not change with every tick.
            due_at = None if wait is None else now_utc + wait + timedelta(seconds=30)
            shown = None if due_at is None else due_at.isoformat(timespec="minutes")
            is_due = wait is not None and not wait
            self._publish_changed(
                self._topics.person_state(person.person_id),
                json.dumps(payload | {"next_drink_at": shown}, separators=(",", ":")),
                json.dumps(payload | {"next_drink_at": "due" if is_due else shown}),
            )
        self._publish_changed(
            self._topics.home_state, json.dumps(home_state, separators=(",", ":"), sort_keys=True)
        )

    def publish_leases(self, rows: Iterable[LeaseRow]) -> None:
        """Publish what keepcool holds and until when, for whoever must end it if keepcool dies."""
        for row in rows:
            topic = self._topics.lease(row.device_id)
            if row.phase is not LeasePhase.RUNNING or row.until is None or row.desired is None:
                self._publish_changed(topic, "")  # an earlier run may have left one at the broker
                continue
            before = row.state_before
            lease = {
                "device": row.device_id,
                "until": row.until.utc.isoformat(timespec="minutes"),
                "is_on": row.desired.is_on,
                "release_to": None if before is None else before.hvac_mode or before.is_on,
            }
            self._publish_changed(topic, json.dumps(lease, separators=(",", ":")))

    def _publish_changed(self, topic: str, payload: str, compared: str | None = None) -> None:
        compared = payload if compared is None else compared
        if self._published.get(topic) != compared:
            self._published[topic] = compared
            self._publish(topic, payload, is_retained=True)

    def write_status(self, status: dict[str, Any]) -> None:
        """Replace the status file in one step; readers see the old or the new one, never half."""
        try:
            self._replace_status(json.dumps(status, indent=1))
            self._is_status_failing = False
        except OSError as error:
            if not self._is_status_failing:  # it is tried at every tick, and said once
                log.warning("status.not_written", error=str(error))
            self._is_status_failing = True

    def _replace_status(self, text: str) -> None:
        new = self._status_path.with_suffix(".new")
        self._status_path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(self._status_path)


def status_path(home_id: str, state_directory: Path) -> Path:
    """Return where this home's daemon keeps its status: in memory where there is such a place."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(runtime or state_directory) / f"{home_id}{STATUS_SUFFIX}"


def find_status(home_id: str, state_directory: Path) -> Path | None:
    """Return the newest status file of this home's daemon, or `None` when it never ran here."""
    folders = {Path("/run/keepcool"), state_directory, status_path(home_id, state_directory).parent}
    found = [folder / f"{home_id}{STATUS_SUFFIX}" for folder in folders]
    existing = [path for path in found if path.exists()]
    return max(existing, key=lambda path: path.stat().st_mtime, default=None)


def is_old(status: dict[str, Any]) -> bool:
    """Return whether the daemon stopped, or stopped writing its status."""
    if status.get("has_stopped"):
        return True
    age = datetime.now(UTC) - datetime.fromisoformat(status["at"])
    return age > timedelta(seconds=OLD_AFTER_S)
