"""Feed one entity of Home Assistant into its sensor, and judge how old what it tells is.

Home Assistant tells a state again and again, so most of what comes is no news. What counts as a
sign of the sensor: a change told as it happens; and otherwise a report that is newer than the last
one known, with its own age. A value that only comes back unchanged, after its device was away or
Home Assistant restarted, may be one that was kept from before: it counts from its next report on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from daemon.clock import Instant
from daemon.sensor_track import SensorTrack
from integrations.messages import DeviceObserved
from policies.freshness import CLOCK_SKEW
from policies.model import SensorMessage
from policies.plausibility import Verdict

UNKNOWN_UNIT = "unknown_unit"
SAME_REPORT_S = 2.0  # ages of one report differ by the time that the answer took
OVERTAKEN_WITHIN_S = 60.0  # longer ago than any read takes: then Home Assistant's clock stepped


class EntityFeed:
    """Follow one entity, the temperature's or the humidity's, for its sensor's track."""

    def __init__(self, track: SensorTrack, *, is_humidity: bool) -> None:
        """Start with nothing told."""
        self.track = track
        self._is_humidity = is_humidity
        self._value: str | None = None  # as Home Assistant wrote it
        self._last_updated: datetime | None = None
        self._told_s: float | None = None
        self._reported_s: float | None = None  # boot clock, of the newest report known
        self._was_gone = False

    def take(
        self, seen: DeviceObserved, now: Instant, *, is_clock_synchronised: bool
    ) -> Verdict | None:
        """Take what Home Assistant tells; return the verdict when it is a sign of the sensor."""
        if self._is_overtaken(seen, now):
            return None
        is_same_value, known = seen.raw_state == self._value, self._last_updated
        is_written_anew = known is not None and seen.last_updated != known
        self._told_s, self._last_updated = now.boot_s, seen.last_updated or known
        if not seen.is_available:
            self._was_gone = True
            self._lose(now)
            return None
        was_gone, self._was_gone = self._was_gone, seen.is_restored
        if not self._is_humidity:
            self.track.note_online()
        reported_s = None if seen.is_restored else _reported_s(seen, now, is_clock_synchronised)
        if reported_s is None:
            self.track.note_age_unknown()
            return None
        if self._reported_s is not None and reported_s <= self._reported_s + SAME_REPORT_S:
            return None if is_same_value else self._count(seen, now, reported_s)
        self._reported_s = reported_s
        if is_same_value and (was_gone or (is_written_anew and not seen.is_live)):
            return None
        return self._count(seen, now, reported_s)

    def _count(self, seen: DeviceObserved, now: Instant, reported_s: float) -> Verdict | None:
        self._value = seen.raw_state
        message = self._of_its_kind(seen.measured)
        return None if message is None else self.track.take_report(message, now, reported_s)

    def _of_its_kind(self, message: SensorMessage | None) -> SensorMessage | None:
        """Return what belongs to this entity's role; another unit than its own is refused."""
        if message is None or message.rejected is not None:
            return message
        value = message.relative_humidity_pct if self._is_humidity else message.temperature_c
        return message if value is not None else SensorMessage(rejected=UNKNOWN_UNIT)

    def _lose(self, now: Instant) -> None:
        if self._is_humidity:
            self.track.forget_humidity()
        else:
            self.track.note_offline(now)

    def _is_overtaken(self, seen: DeviceObserved, now: Instant) -> bool:
        """Return whether a read was answered before something newer that was told already."""
        if seen.is_live or seen.last_updated is None or self._last_updated is None:
            return False
        is_older = seen.last_updated < self._last_updated
        return is_older and now.boot_s - (self._told_s or 0.0) < OVERTAKEN_WITHIN_S


def _reported_s(
    seen: DeviceObserved,
    now: Instant,
    is_clock_synchronised: bool,  # noqa: FBT001 - private
) -> float | None:
    """Return when the value was reported, on the boot clock; `None` when nobody can say."""
    if seen.is_live:
        return now.boot_s
    age = seen.reported_age
    if age is None and seen.last_updated is not None and is_clock_synchronised:
        age = now.utc - seen.last_updated
    if age is None or age < -CLOCK_SKEW:
        return None
    return now.boot_s - max(age, timedelta(0)).total_seconds()
