"""Measure on recorded homes how far early announcements can be trusted.

`python -m tests.early_announcements SHARED_DATA` prints what docs/how_it_decides.md quotes.
Every room is foretold as if its recording was lived through, with the recorded weather as the
forecast; then `Outlooks`, as the daemon runs it, says what it would announce for limits of 25 to
31 °C at ten in the evening for the night and the next day, and at seven in the morning for the day.
"Likely" is what is said with a sound.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from statistics import mean, median

from daemon.room_score import RoomTask, build_record, foretell
from policies.heat_ahead import ForetoldRoom
from policies.heat_outlook import Outlooks
from policies.model import Freshness, Person, PersonConditions, Room, RoomConditions
from policies.room_forecast import RoomForecast
from policies.room_record import RoomRecord
from tests.builders import a_snapshot
from tests.policies.test_outlook_recordings import Record, baltimore, belgium

HOUR_S = 3600
EVENING_H, MORNING_H = 22, 7
LIMITS_C = (25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0)
NEARLY_K = 0.5
ROOM = Room("room", "room")


@dataclass
class Tally:
    """Count days and announcements at one hour of the day."""

    announced: int = 0
    came: int = 0
    nearly: int = 0  # half a kelvin or less was missing, or none
    hot_days: int = 0
    errors_h: list[float] = field(default_factory=list)
    is_in_range: list[bool] = field(default_factory=list)

    def row(self, name: str) -> str:
        """Return a line of the table."""
        return (
            f"{name:22} announced {self.announced:4d}  came {self.came / self.announced:.2f}  "
            f"within 0.5 K {self.nearly / self.announced:.2f}  of {self.hot_days} hot days "
            f"{self.came / self.hot_days:.2f}  "
            f"hour wrong by {median(self.errors_h):.0f} (mean {mean(self.errors_h):.1f})  "
            f"in the range {mean(self.is_in_range):.2f} of {len(self.is_in_range)}"
        )


Tallies = dict[int, tuple[Tally, Tally]]


def new_tallies() -> Tallies:
    """Return tallies of everything announced, and of what is likely, for both hours."""
    return {hour: (Tally(), Tally()) for hour in (EVENING_H, MORNING_H)}


def measure(record: Record, tallies: Tallies) -> None:
    """Go through one room's recording; its clock is as good as UTC."""

    def by_hour(values: dict[datetime, float]) -> dict[int, float]:
        return {int(at.timestamp()) // HOUR_S: value for at, value in values.items()}

    task = RoomTask("room", by_hour(record.indoors), by_hour(record.outdoors), {})
    lived = build_record(task)
    for forecast in foretell(task, lived):
        hour = (forecast.hour + 1) % 24
        for limit_c in LIMITS_C if hour in tallies else ():
            judge(forecast, lived, limit_c, tallies[hour])


def judge(
    forecast: RoomForecast, lived: RoomRecord, limit_c: float, tallies: tuple[Tally, Tally]
) -> None:
    """Compare what is announced behind one hour with what came: of all, and of what is likely."""
    now_c = lived.indoor_at(forecast.hour)
    now = datetime.fromtimestamp((forecast.hour + 1) * HOUR_S, UTC)
    day = now if now.hour == MORNING_H else now + timedelta(hours=24 + MORNING_H - now.hour)
    end = datetime.combine(day.date() + timedelta(days=1), time(MORNING_H), UTC)
    actual = list(known(lived, now, end))
    if now_c is None or now_c >= limit_c - NEARLY_K or any(value is None for _, value in actual):
        return
    values = [(at, value) for at, value in actual if value is not None]
    first = next((at for at, value in values if value >= limit_c), None)
    expected = announce(forecast, limit_c, now)
    is_sure = expected is not None and expected.is_sure
    for tally, is_counted in zip(tallies, (expected is not None, is_sure), strict=True):
        tally.hot_days += first is not None
        if expected is None or not is_counted:
            continue
        tally.announced += 1
        tally.nearly += max(value for _, value in values) >= limit_c - NEARLY_K
        if first is not None:
            tally.came += 1
            tally.errors_h.append(abs((first - expected.at) / timedelta(hours=1)))
            if expected.latest_at is not None:
                tally.is_in_range.append(expected.earliest_at <= first <= expected.latest_at)


def known(
    lived: RoomRecord, start: datetime, end: datetime
) -> Iterator[tuple[datetime, float | None]]:
    """Yield the hours of a time with what was measured in them."""
    for hour in range(int(start.timestamp()) // HOUR_S, int(end.timestamp()) // HOUR_S):
        yield datetime.fromtimestamp(hour * HOUR_S, UTC), lived.indoor_at(hour)


def announce(forecast: RoomForecast, limit_c: float, now: datetime) -> ForetoldRoom | None:
    """Return what would be announced to somebody with this level 2."""
    person = Person(
        *("anna", "Anna", ("room",)),
        level_1_c=limit_c - 2.0,
        level_2_c=limit_c,
        wake_at=time(MORNING_H),
        bed_at=time(23, 30),
    )
    first, second = forecast.hours[:2]  # it is as foretold now: nothing was measured since
    room = RoomConditions(
        ROOM,
        freshness=Freshness.FRESH,
        mean_10_min_c=first.middle_c - (second.middle_c - first.middle_c) / 2,
        ahead=forecast,
    )
    snapshot = a_snapshot(now, rooms=(room,), people=(PersonConditions(person),))
    found = Outlooks(snapshot, None, {"room": [person]}, frozenset()).expected(person)
    return found if isinstance(found, ForetoldRoom) else None


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1])
    tallies = new_tallies()
    for place in (baltimore, belgium):
        for record in place(folder).values():
            measure(record, tallies)
    for hour, name in ((EVENING_H, "the evening before"), (MORNING_H, "in the morning")):
        announced, likely = tallies[hour]
        print(announced.row(name))  # noqa: T201
        print(likely.row("  likely"))  # noqa: T201


if __name__ == "__main__":
    main()
