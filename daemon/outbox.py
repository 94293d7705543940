"""Hold what must reach a phone until a channel took it: what is due, back-off, order, supersession.

A row is committed before it is sent and marked after: a crash in between repeats it, never
loses it.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from daemon.clock import Instant
from integrations.messages import HomeMessage, PhoneMessage, RoadMessage
from policies.alert import Road, Severity

BACK_OFF_S = (5.0, 10.0, 20.0, 40.0, 60.0)  # then 60 s for ever; source: FAULTS 31
BROKEN_CHANNEL_RETRY_S = (
    300.0  # a refused token or missing service is probed, not hammered; FAULTS 33
)
STARTING_S = 600.0  # so long a Home Assistant that came up may not know its phones; FAULTS 32
STARTING_RETRY_S = 20.0  # then a missing service is asked for again after this
NUDGE_EXPIRES = timedelta(hours=1)  # a drink reminder from long ago is noise
SETTLING_S = 45.0  # a device is commanded anew and read back within this once the road is back
TROUBLE_TAG = "keepcool-trouble-"
LASTING_TAGS = (
    "keepcool-digest-",
    "keepcool-mode-",
    "keepcool-heat-",
)  # silent, and still true hours later


class RowState(enum.StrEnum):
    """Name the life of an outbox row."""

    DUE = "due"
    SENT = "sent"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """Carry one message for one phone, second road or announcer, or the taking off of one."""

    row_id: str  # made before the commit and kept over retries and restarts
    deduplication_key: str
    person_id: str
    channel_id: str
    message: PhoneMessage | HomeMessage | RoadMessage
    created: Instant
    state: RowState = RowState.DUE
    attempts: int = 0
    last_error: str | None = None
    finished_utc: str | None = None
    first_raised: Instant | None = None  # of the unsent row that this one took the place of

    @property
    def road(self) -> Road:
        """Name the road that it takes."""
        match self.message:
            case PhoneMessage():
                return Road.PHONE
            case HomeMessage():
                return Road.ANNOUNCER
            case RoadMessage():
                return Road.SECOND_ROAD


class Outbox:
    """Decide what to send next; holds only unfinished rows."""

    def __init__(self, rows: Iterable[OutboxRow] = ()) -> None:
        """Start with the rows that were still due when the last run ended: they are due now."""
        self._rows: dict[str, OutboxRow] = {row.row_id: row for row in rows}
        self._due_boot_s: dict[str, float] = dict.fromkeys(self._rows, 0.0)
        self._in_flight: dict[str, str] = {}  # channel -> row_id
        self._called_off: set[str] = set()  # in flight, and over: not to be tried again
        self._heard: set[str] = set()  # tags of which a channel took something in this run
        self._is_road_down = False
        self._back_boot_s: float | None = None  # when Home Assistant last came up
        self.is_road_refused = False

    def __len__(self) -> int:
        """Return how many rows wait."""
        return len(self._rows)

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is being sent this moment."""
        return not self._in_flight

    @property
    def rows(self) -> tuple[OutboxRow, ...]:
        """Return the waiting rows, oldest first."""
        return tuple(self._rows.values())

    def add(self, row: OutboxRow) -> list[OutboxRow]:
        """Queue a row; return it with the older unsent rows that it makes pointless.

        An update for the same tag on the same phone replaces an unsent one; a row in flight stays,
        since it may already have arrived. What waits already in the same words is not queued twice.
        What only puts right without a sound a message that was never sent is as loud as that one.
        """
        if any(old.deduplication_key == row.deduplication_key for old in self._rows.values()):
            return []
        outdated = []
        for old in list(self._rows.values()):
            is_same = old.channel_id == row.channel_id and old.message.tag == row.message.tag
            if is_same and self._in_flight.get(old.channel_id) != old.row_id:
                outdated.append(self._finish(old, RowState.SUPERSEDED, row.created))
        if outdated and not outdated[0].message.is_clear:
            row = replace(row, first_raised=outdated[0].first_raised or outdated[0].created)
        loudest = max((old.message.severity for old in outdated), default=Severity.DISPLAY)
        if row.message.severity is Severity.NUDGE and loudest > Severity.NUDGE:
            row = replace(row, message=replace(row.message, severity=loudest))
        self._rows[row.row_id] = row
        self._due_boot_s[row.row_id] = row.created.boot_s
        return [row, *outdated]

    def supersede_outdated(self, now: Instant) -> list[OutboxRow]:
        """Drop rows of an earlier run that a newer one of the same tag overtook; return them.

        One of them was in flight when that run ended. Sent after the newer one it would replace it.
        """
        newest = {(row.channel_id, row.message.tag): row.row_id for row in self._rows.values()}
        kept = frozenset(newest.values())
        outdated = [row for row in self._rows.values() if row.row_id not in kept]
        return [self._finish(row, RowState.SUPERSEDED, now) for row in outdated]

    def expire(self, now: Instant) -> list[OutboxRow]:
        """Drop nudges that waited too long or nobody knows how long; return them for the record."""
        late = [
            row
            for row in self._rows.values()
            if row.message.severity <= Severity.NUDGE
            and not row.message.is_clear
            and not row.message.tag.startswith(LASTING_TAGS)
            and _is_late(row.created.known_elapsed_until(now))
            and self._in_flight.get(row.channel_id) != row.row_id
        ]
        return [self._finish(row, RowState.EXPIRED, now) for row in late]

    def withdraw(self, calling: Collection[str], now: Instant) -> list[OutboxRow]:
        """Drop what the home was to say of tags that no longer call for an answer; return it.

        A phone that hears late can be read at leisure; a voice that speaks late is only wrong.
        """
        over = [
            row
            for row in self._rows.values()
            if row.road is Road.ANNOUNCER
            and row.message.tag not in calling
            and self._in_flight.get(row.channel_id) != row.row_id
        ]
        return [self._finish(row, RowState.EXPIRED, now) for row in over]

    def call_off(self, person_id: str, tag: str, now: Instant) -> list[OutboxRow]:
        """Drop what a second road was to carry of something that is over; return it.

        A phone takes back what it shows, a second road cannot: late it would be a false alarm.
        """
        over = [
            row
            for row in self._rows.values()
            if row.road is Road.SECOND_ROAD and (row.person_id, row.message.tag) == (person_id, tag)
        ]
        flying = {row.row_id for row in over} & set(self._in_flight.values())
        self._called_off |= flying
        return [
            self._finish(row, RowState.EXPIRED, now) for row in over if row.row_id not in flying
        ]

    def take_heard(self, tag: str) -> bool:
        """Return whether a channel took anything of a tag that is over now, and forget it.

        What an earlier run sent is not known here: better a warning too many than one hushed.
        """
        is_heard = tag in self._heard
        self._heard.discard(tag)
        return is_heard

    def take_due(self, now: Instant, roads: Collection[Road] = tuple(Road)) -> list[OutboxRow]:
        """Return the rows to send now: one in flight per channel, criticals first, then oldest.

        Only those of `roads`, which are the configured ones.
        """
        taken = []
        for row in sorted(self._rows.values(), key=lambda row: -row.message.severity):
            is_due = self._due_boot_s[row.row_id] <= now.boot_s and not self._is_held(row)
            if row.road not in roads:
                continue
            if row.channel_id not in self._in_flight and is_due:
                self._in_flight[row.channel_id] = row.row_id
                taken.append(row)
        return taken

    def next_due_boot_s(self, roads: Collection[Road] = tuple(Road)) -> float | None:
        """Return when the next row of these roads may be sent, on the boot clock."""
        waiting = [
            self._due_boot_s[row.row_id]
            for row in self._rows.values()
            if row.road in roads
            and row.channel_id not in self._in_flight
            and not self._is_held(row)
        ]
        return min(waiting, default=None)

    def finish(
        self,
        row_id: str,
        now: Instant,
        *,
        error: str | None,
        is_permanent: bool,
        retry_after_s: float | None,
    ) -> OutboxRow | None:
        """Mark a row sent, or schedule it again; return its new form, or `None` when it is unknown.

        A failed row waits with growing pauses, so that a server that is down is not hammered. One
        that was refused waits longer, unless Home Assistant refused it that came up a moment ago:
        it answers before its phones' services are there. A failed row is superseded when a newer
        one of its tag was queued meanwhile: sent later it would replace it.
        """
        row = self._rows.get(row_id)
        if row is None:
            return None
        self._in_flight.pop(row.channel_id, None)
        is_over = row_id in self._called_off
        self._called_off.discard(row_id)
        if error is None:
            if not row.message.is_clear:
                self._heard.add(row.message.tag)
            return self._finish(row, RowState.SENT, now)
        if is_over:
            return replace(self._finish(row, RowState.EXPIRED, now), last_error=error)
        if self._is_overtaken(row):
            return replace(self._finish(row, RowState.SUPERSEDED, now), last_error=error)
        wait_s = BACK_OFF_S[min(row.attempts, len(BACK_OFF_S) - 1)]
        if is_permanent:
            wait_s = STARTING_RETRY_S if self._may_be_starting(row, now) else BROKEN_CHANNEL_RETRY_S
        self._rows[row_id] = row = replace(row, attempts=row.attempts + 1, last_error=error)
        self._due_boot_s[row_id] = now.boot_s + max(wait_s, min(retry_after_s or 0.0, 6 * 3600.0))
        return row

    def note_road(self, now: Instant, *, is_up: bool, is_refused: bool = False) -> None:
        """Take that Home Assistant's road went down, or is back: then what waits there is due.

        Trouble is not tried while the road is down, and a little later than the rest once it is
        back: most of it is over then, and must not alarm anybody only to be taken back. While the
        road refuses us only a critical message is tried, once, so that it goes further at once.
        """
        self.is_road_refused = is_refused
        self._is_road_down = not is_up
        if not is_up:
            return
        self._back_boot_s = now.boot_s
        for row in self._rows.values():
            if row.road is Road.SECOND_ROAD:
                continue
            due_boot_s = min(self._due_boot_s[row.row_id], now.boot_s)
            is_trouble = row.message.tag.startswith(TROUBLE_TAG) and not row.message.is_clear
            if is_trouble and row.road is Road.PHONE:
                due_boot_s = now.boot_s + SETTLING_S
            self._due_boot_s[row.row_id] = due_boot_s

    def _is_held(self, row: OutboxRow) -> bool:
        if row.road is Road.SECOND_ROAD:
            return False
        if self.is_road_refused and (row.attempts or row.message.severity < Severity.CRITICAL):
            return True
        return self._is_road_down and row.message.tag.startswith(TROUBLE_TAG)

    def _may_be_starting(self, row: OutboxRow, now: Instant) -> bool:
        """Return whether what refused the row is a Home Assistant that came up a moment ago."""
        if row.road is Road.SECOND_ROAD or self.is_road_refused or self._back_boot_s is None:
            return False
        return now.boot_s - self._back_boot_s < STARTING_S

    def discard(self, row_id: str, now: Instant) -> list[OutboxRow]:
        """Give up a row that is of no use later; return it."""
        row = self._rows.get(row_id)
        return [] if row is None else [self._finish(row, RowState.EXPIRED, now)]

    def _is_overtaken(self, row: OutboxRow) -> bool:
        """Return whether a newer row of the same tag waits for the same phone."""
        following = list(self._rows.values())
        following = following[following.index(row) + 1 :]
        return any(
            newer.channel_id == row.channel_id and newer.message.tag == row.message.tag
            for newer in following
        )

    def _finish(self, row: OutboxRow, state: RowState, now: Instant) -> OutboxRow:
        del self._rows[row.row_id]
        del self._due_boot_s[row.row_id]
        return replace(
            row,
            state=state,
            attempts=row.attempts + (state is RowState.SENT),
            finished_utc=now.utc.isoformat(),
        )


def _is_late(age: timedelta | None) -> bool:
    return age is None or age > NUDGE_EXPIRES
