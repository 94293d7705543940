"""Publish what the home looks like: retained MQTT states and a status file for the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog

from daemon.events import CheckFinished
from daemon.face_payloads import (
    alert_events,
    check_payload,
    device_payload,
    forecast_payload,
    lease_payload,
    person_payloads,
    room_payload,
)
from daemon.lease import LeaseRow
from policies.alert import Alert, AlertKey
from policies.model import (
    CoolingDevice,
    Decision,
    DeviceConditions,
    Freshness,
    Home,
    Person,
    RoomAssessment,
    RoomConditions,
)
from policies.room_forecast import RoomForecast

log = structlog.get_logger()
STATUS_SUFFIX = ".status.json"
OLD_AFTER_S = 90.0  # the daemon writes its status at every tick of 10 s


class Topics:
    """Name the topics of one home: `<base>/<home>/...`."""

    def __init__(self, base_topic: str, home_id: str) -> None:
        """Both parts come from the configuration, which refuses wildcards in them."""
        self.root = f"{base_topic}/{home_id}"

    @property
    def status(self) -> str:
        """Carry `online`, or `offline` (also as last will)."""
        return f"{self.root}/status"

    @property
    def home_state(self) -> str:
        """Carry trouble, alerts, holiday, the forecast's source and time, who warns, what waits."""
        return f"{self.root}/home/state"

    @property
    def home_check(self) -> str:
        """Hear `PRESS`: try every road once, as `keepcool check --online` does."""
        return f"{self.root}/home/check"

    @property
    def home_check_result(self) -> str:
        """Carry what the last check found, what is wrong first."""
        return f"{self.root}/home/check_result"

    @property
    def home_holiday(self) -> str:
        """Hear that nobody is home: `ON`, `OFF`, or the day of coming back, like `2026-08-14`.

        A day ends the holiday as it begins; a moment is understood too.
        """
        return f"{self.root}/home/holiday"

    @property
    def log_command(self) -> str:
        """Hear a drink of `keepcool log`: `{"id", "at", "kind": "drink", "person", "amount_ml"}`.

        Answered on the reply topic of its `id`.
        """
        return f"{self.root}/command/log"

    @property
    def test_alert_command(self) -> str:
        """Hear `keepcool test-alert`: `{"id", "at", "person", "road", "is_loud"}`; is answered."""
        return f"{self.root}/command/test_alert"

    @property
    def mode_command(self) -> str:
        """Hear `keepcool snooze`, `out` and `holiday`, answered likewise.

        `{"id", "at", "kind", "is_on", "person", "minutes", "until"}`: the kind names the mode.
        """
        return f"{self.root}/command/mode"

    def room_state(self, room_id: str) -> str:
        """Carry the room's level and values."""
        return f"{self.root}/room/{room_id}/state"

    def room_forecast(self, room_id: str) -> str:
        """Carry the room's next 48 hours as they were foretold, with no further cooling.

        One in ten hours is under `low_c`, one over `high_c`. `{}` while it is not known.
        """
        return f"{self.root}/room/{room_id}/forecast"

    def room_picture(self, room_id: str) -> str:
        """Carry a PNG of the room's last hours and next 24.

        A new one each hour, sooner if the limit's hour moved, at once when somebody is warned.
        """
        return f"{self.root}/room/{room_id}/picture"

    def room_cooling(self, room_id: str) -> str:
        """Hear `ON` or `OFF`: whether keepcool cools the room by itself; `OFF` hands devices back.

        It is remembered over restarts. Alerts go on.
        """
        return f"{self.root}/room/{room_id}/cooling"

    def device_state(self, device_id: str) -> str:
        """Carry what keepcool does with a cooling device, and until when it is left alone."""
        return f"{self.root}/device/{device_id}/state"

    def person_state(self, person_id: str) -> str:
        """Carry the person's level, modes and drinks, the latter `null` for restricted fluids."""
        return f"{self.root}/person/{person_id}/state"

    def person_alert(self, person_id: str) -> str:
        """Tell once, not retained, that an alert about the person came, got critical or went."""
        return f"{self.root}/person/{person_id}/alert"

    def person_test_alert(self, person_id: str) -> str:
        """Hear `PRESS`: send a test alert to the person's phones."""
        return f"{self.root}/person/{person_id}/test_alert"

    def person_test_second_road(self, person_id: str) -> str:
        """Hear `PRESS`: send a test alert by the person's road beside Home Assistant."""
        return f"{self.root}/person/{person_id}/test_second_road"

    def person_drink(self, person_id: str) -> str:
        """Hear a drink: a number of millilitres (10 to 1000), or `PRESS` for one portion."""
        return f"{self.root}/person/{person_id}/drink"

    def person_snooze(self, person_id: str) -> str:
        """Hear a wish for peace: `ON` (an hour), `OFF`, or a number of minutes (1 to 720).

        Only what is critical, or a level above 2 and above the present one, speaks to this person.
        """
        return f"{self.root}/person/{person_id}/snooze"

    def person_out(self, person_id: str) -> str:
        """Hear that the person goes out (`ON`) or is back (`OFF`).

        For four hours, or until a sign made at home: reminders, advice, level 2 and small trouble
        wait.
        """
        return f"{self.root}/person/{person_id}/out"

    def lease(self, device_id: str) -> str:
        """Carry what keepcool holds of a device, and until when; empty when it holds nothing."""
        return f"{self.root}/lease/{device_id}"

    def watchdog(self, device_id: str) -> str:
        """Hear from the watchdog blueprint that it would end this device's lease: `{"at"}`.

        Retained, and said again every five minutes; after 15 it no longer counts.
        """
        return f"{self.root}/watchdog/{device_id}"

    def plug_reply(self, device_id: str) -> str:
        """Hear a Shelly plug's answer to a question; the plug adds `/rpc` by itself."""
        return f"{self.root}/plug/{device_id}/rpc"

    def reply(self, request_id: str) -> str:
        """Answer one request of the command line."""
        return f"{self.root}/reply/{request_id}"


class Faces:
    """Publish states when they change, and keep the status file current."""

    def __init__(self, topics: Topics, publish: Callable[..., None], status_path: Path) -> None:
        """`publish` is the MQTT link's; the status file belongs on a memory file system."""
        self._topics = topics
        self._publish = publish
        self._status_path = status_path
        self._published: dict[str, str] = {}
        self._foretold: dict[str, RoomForecast | None] = {}
        self._is_status_failing = False

    def forget(self) -> None:
        """Publish everything again at the next chance: the broker may have forgotten it."""
        self._published.clear()
        self._foretold.clear()

    def publish_room(
        self, assessment: RoomAssessment, room: RoomConditions, *, is_automatic: bool | None = None
    ) -> None:
        """Publish a room now, if anything changed."""
        payload = room_payload(assessment, room, is_automatic=is_automatic)
        self._publish_changed(self._topics.room_state(assessment.room_id), payload)

    def publish_forecasts(self, rooms: Iterable[RoomConditions]) -> None:
        """Publish what rooms were foretold, where that changed; also that it is not known."""
        for room in rooms:
            room_id, ahead = room.room.room_id, room.ahead
            known = ahead if room.freshness is Freshness.FRESH else None
            if room_id not in self._foretold or self._foretold[room_id] is not known:
                self._foretold[room_id] = known
                self._publish_changed(self._topics.room_forecast(room_id), forecast_payload(room))

    def publish_picture(self, room_id: str, payload: bytes) -> None:
        """Publish a room's picture."""
        self._publish(self._topics.room_picture(room_id), payload, is_retained=True)

    def publish_decision(
        self,
        decision: Decision,
        home_state: dict[str, Any],
        unseen: Collection[str],
        now_utc: datetime,
        more: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        """Publish people, with what `more` says of each, and the home as a whole.

        `unseen` people are in no room that is seen.
        """
        for person in decision.people:
            is_seen = person.person_id not in unseen
            payload, news = person_payloads(
                person, now_utc, more.get(person.person_id, {}), is_seen=is_seen
            )
            self._publish_changed(self._topics.person_state(person.person_id), payload, news)
        self._publish_changed(
            self._topics.home_state, json.dumps(home_state, separators=(",", ":"), sort_keys=True)
        )

    def publish_alerts(
        self,
        before: Mapping[AlertKey, Alert],
        after: Iterable[Alert],
        people: Iterable[Person],
        home: Home,
        now_utc: datetime,
    ) -> None:
        """Tell of each alert that came, got critical or went, once; it waits for the broker."""
        for person_id, payload in alert_events(before, after, people, home, now_utc):
            self._publish(self._topics.person_alert(person_id), payload, qos=1)

    def publish_check(self, finished: CheckFinished, now_utc: datetime) -> None:
        """Publish what a check found."""
        payload = check_payload(finished, now_utc)
        self._publish(self._topics.home_check_result, payload, is_retained=True, qos=1)

    def publish_devices(
        self,
        devices: Iterable[DeviceConditions],
        rows: Iterable[LeaseRow],
        plans: Mapping[str, str],
    ) -> None:
        """Publish what keepcool does with each cooling device, and why in words."""
        until = {row.device_id: row.override_until for row in rows}
        for conditions in devices:
            device_id = conditions.device.device_id
            payload = device_payload(conditions, until.get(device_id), plans.get(device_id))
            self._publish_changed(self._topics.device_state(device_id), payload)

    def publish_leases(
        self,
        rows: Iterable[LeaseRow],
        devices: Mapping[str, CoolingDevice],
        limits_c: Mapping[str, float | None],
    ) -> None:
        """Publish what keepcool holds and until when, for whoever must end it if keepcool dies.

        `limits_c` is the temperature by room from which it counts as too warm.
        """
        for row in rows:
            device = devices[row.device_id]
            payload = lease_payload(row, device, limits_c.get(device.room_id))
            # Empty too: an earlier run may have left one at the broker.
            self._publish_changed(self._topics.lease(row.device_id), payload)

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


def find_status(home_id: str | None, state_directory: Path) -> Path | None:
    """Return the newest status file of this home's daemon, or `None` when it never ran here.

    Without a home, because the settings are refused, it is that of any home.
    """
    own = status_path(home_id or "", state_directory).parent
    folders = {Path("/run/keepcool"), state_directory, own}
    if home_id is None:
        existing = [path for folder in folders for path in folder.glob(f"*{STATUS_SUFFIX}")]
    else:
        found = [folder / f"{home_id}{STATUS_SUFFIX}" for folder in folders]
        existing = [path for path in found if path.exists()]
    return max(existing, key=lambda path: path.stat().st_mtime, default=None)


def is_old(status: dict[str, Any]) -> bool:
    """Return whether the daemon stopped, or stopped writing its status."""
    if status.get("has_stopped"):
        return True
    age = datetime.now(UTC) - datetime.fromisoformat(status["at"])
    return age > timedelta(seconds=OLD_AFTER_S)
