"""Decide which room's picture is drawn next, and know where a phone finds those that were drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import structlog

from daemon.ahead_chart import Ahead, chart_ahead
from daemon.events import PictureDrawn
from policies.alert import Severity

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from daemon.chart import Chart
    from daemon.clock import Instant
    from policies.alert import Notification
    from policies.model import Decision, Person, Room, RoomConditions, Snapshot

log = structlog.get_logger()

REDRAWN_AFTER_S: Final = 3600.0  # a picture moves on with the hours
LOOKED_AT_AFTER_S: Final = 600.0  # sooner only when the room is warned of
UNDRAWN_LOOKED_AT_AFTER_S: Final = 10.0
MOST_LOOKS: Final = 5  # in one go: a thousand rooms must not hold up the loop
LARGEST_BYTES: Final = 64_000  # about twice what a picture is

# Where a message names a room, the most fitting first; those of the brief are its own.
_ROOM_PARAMETERS: Final = ("over_room", "room", "hottest_room")
# What a worker makes of a room's chart: the PNG, and where else it lies for a phone.
Draw = Callable[[str, "Chart"], tuple[bytes, str | None]]


@dataclass(slots=True)
class _Room:
    """Remember of a room's picture when it was drawn and looked at, and what it told."""

    news: tuple[str, datetime | None] | None = None
    drawn_s: float | None = None
    next_look_s: float = 0.0
    is_hurried: bool = False


class Pictures:
    """Know the rooms' pictures; only the loop touches it."""

    def __init__(
        self, paths: Mapping[str, str] = MappingProxyType({}), rooms: Iterable[Room] = ()
    ) -> None:
        """Take where Home Assistant serves each room's picture; rooms without get none."""
        self._paths = dict(paths)
        self._ids = {room.name: room.room_id for room in rooms}
        self._rooms = {room_id: _Room() for room_id in paths}
        self._served: dict[str, str] = {}

    @property
    def rooms(self) -> tuple[str, ...]:
        """Return the rooms that have a picture."""
        return tuple(self._rooms)

    def forget(self) -> None:
        """Have every picture drawn again: the broker may have forgotten it."""
        self._rooms = {room_id: _Room() for room_id in self._rooms}

    def hurry(self, decision: Decision) -> bool:
        """Have those pictures drawn anew that its messages show; return whether there are any."""
        found = {self._room_of(each, decision) for each in decision.notifications}
        for room_id in found & self._rooms.keys():
            self._rooms[str(room_id)].is_hurried = True
        return bool(found & self._rooms.keys())

    def take_due(
        self,
        snapshot: Snapshot,
        users: Mapping[str, list[Person]],
        zone: ZoneInfo,
        now: Instant,
    ) -> tuple[str, Chart] | None:
        """Return the next picture to draw: of a room that is warned of, changed or is old.

        Args:
            snapshot: the home as it was judged last.
            users: who is ever in each room.
            zone: where the home's clocks hang.
            now: the present.
        """
        due = [
            room_id
            for room_id, room in self._rooms.items()
            if room.is_hurried or now.boot_s >= room.next_look_s
        ]
        due.sort(key=self._order)
        conditions = {found.room.room_id: found for found in snapshot.rooms}
        for room_id in due[:MOST_LOOKS]:
            room, found = self._rooms[room_id], conditions.get(room_id)
            ahead = found and _look(found, users.get(room_id, ()), snapshot, zone)
            is_old = room.drawn_s is None or now.boot_s - room.drawn_s >= REDRAWN_AFTER_S
            if ahead and (room.is_hurried or is_old or ahead.news != room.news):
                self._rooms[room_id] = _Room(ahead.news, now.boot_s, now.boot_s + LOOKED_AT_AFTER_S)
                return room_id, ahead.chart
            wait_s = UNDRAWN_LOOKED_AT_AFTER_S if room.drawn_s is None else LOOKED_AT_AFTER_S
            room.next_look_s, room.is_hurried = now.boot_s + wait_s, False
        return None

    def _order(self, room_id: str) -> tuple[bool, float]:
        room = self._rooms[room_id]
        return not room.is_hurried, room.next_look_s

    def note_drawn(self, event: PictureDrawn) -> None:
        """Take that a picture is there, under its usual path or another."""
        self._served[event.room_id] = event.path or self._paths[event.room_id]

    def path_for(self, notification: Notification, decision: Decision) -> str | None:
        """Return where the picture is that belongs to a message of a decision, if there is one."""
        room_id = self._room_of(notification, decision)
        return None if room_id is None else self.served(room_id)

    def served(self, room_id: str) -> str | None:
        """Return where a room's picture is; `None` before there is one."""
        return self._served.get(room_id)

    def _room_of(self, notification: Notification, decision: Decision) -> str | None:
        """Return the room that a warning of heat or a brief is about; others have no picture.

        Nor has what is critical: the phone's app fetches the picture before it shows the message,
        for half a minute where it does not reach Home Assistant.
        Source: home-assistant/android, `MessagingManager.handleImage`.
        """
        key, severity = notification.key, notification.severity
        is_warning = key.policy == "heat" and Severity.WARNING <= severity < Severity.CRITICAL
        if notification.safety_text or not (is_warning or key.policy == "brief"):
            return None
        alert = next((each for each in decision.alerts if each.key == key), None)
        said = {} if alert is None else alert.message.parameters
        names = (said.get(parameter) for parameter in _ROOM_PARAMETERS)
        return next((self._ids[str(name)] for name in names if name in self._ids), None)


def _look(
    found: RoomConditions, people: Sequence[Person], snapshot: Snapshot, zone: ZoneInfo
) -> Ahead | None:
    """Return what a room's picture shows; one that goes wrong must not count against decisions."""
    try:
        return chart_ahead(found, people, snapshot.forecast, snapshot.now_utc, zone)
    except MemoryError:
        raise  # only a new process helps
    except Exception as error:
        log.warning("picture.not_drawn", room_id=found.room.room_id, exc_info=error)
        return None


def draw(make: Draw, room_id: str, chart: Chart) -> PictureDrawn:
    """Draw a picture on a worker."""
    payload, path = make(room_id, chart)
    if len(payload) > LARGEST_BYTES:
        return PictureDrawn(room_id, None, error=f"{len(payload)} bytes are too many")
    return PictureDrawn(room_id, payload, path)
