"""Count what each person drank, was sent and answered; days are their local days."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from daemon.clock import Instant
from daemon.modes import Deadline, SnoozeMemory
from daemon.records import Drink, read_json, to_json
from policies.alert import HeatLevel, Severity
from policies.model import Person, PersonConditions

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PersonMemory:
    """Hold what a person's counters carry over a restart."""

    peak_day: str = ""
    peak_level: HeatLevel = HeatLevel.NORMAL
    nudges_ignored: int = 0
    sign_of_life: Instant | None = None
    snooze: SnoozeMemory | None = None
    out: Deadline | None = None


@dataclass(frozen=True, slots=True)
class _Amount:
    at: Instant
    amount: int
    name: str = ""


@dataclass(slots=True)
class PersonRecord:
    """Keep one person's counters of the last two days."""

    person: Person
    zone: tzinfo
    memory: PersonMemory = field(default_factory=PersonMemory)
    _drinks: deque[_Amount] = field(default_factory=deque)
    _pushes: deque[_Amount] = field(default_factory=deque)

    def restore(
        self,
        memory: str | None,
        drinks: Iterable[Drink],
        pushes: Iterable[tuple[Severity, datetime]],
    ) -> None:
        """Take over what the store kept."""
        if memory is not None:
            self.memory = read_json(PersonMemory, memory) or PersonMemory()
        for drink in drinks:
            self._drinks.append(_Amount(_from_wall(drink.at), drink.amount_ml, drink.drink_id))
        self._pushes.extend(_Amount(_from_wall(at), severity) for severity, at in pushes)

    def has_drink(self, drink_id: str) -> bool:
        """Return whether this drink is counted already: a report may come twice."""
        return any(drink.name == drink_id for drink in self._drinks)

    def record_drink(self, drink: Drink, now: Instant) -> None:
        """Count a drink; it is a sign of the person too."""
        self._drinks.append(_Amount(now, drink.amount_ml, drink.drink_id))
        self.record_sign(now)

    def record_push(self, severity: Severity, now: Instant) -> None:
        """Count a message; a nudge counts as ignored until the next sign of the person."""
        self._pushes.append(_Amount(now, severity))
        if severity is Severity.NUDGE:
            self.memory = replace(self.memory, nudges_ignored=self.memory.nudges_ignored + 1)

    def record_sign(self, now: Instant) -> None:
        """Note that the person is there: a button, a drink, a device changed by hand."""
        self.memory = replace(self.memory, nudges_ignored=0, sign_of_life=now)

    def record_level(self, level: HeatLevel, now: Instant) -> None:
        """Keep the highest level of the local day."""
        day = now.utc.astimezone(self.zone).date().isoformat()
        if self.memory.peak_day != day or level > self.memory.peak_level:
            self.memory = replace(self.memory, peak_day=day, peak_level=level)

    def memory_json(self) -> str:
        """Return the memory for the store."""
        return to_json(self.memory)

    def drunk_within(self, span: timedelta, now: Instant) -> int:
        """Return the millilitres of the last `span`."""
        return sum(
            drink.amount for drink in self._drinks if drink.at.plausible_elapsed_until(now) < span
        )

    def conditions(self, now: Instant, *, is_clock_synchronised: bool) -> PersonConditions:
        """Return the counters as the policies see them."""
        self._forget(now)
        memory = self.memory
        day = now.utc.astimezone(self.zone).date()
        nudges = [push.at for push in self._pushes if push.amount == Severity.NUDGE]

        def is_today(at: Instant) -> bool:
            if is_clock_synchronised:
                return at.utc.astimezone(self.zone).date() == day
            return at.plausible_elapsed_until(now) < DAY

        def age(at: Instant | None) -> timedelta | None:
            return None if at is None else at.plausible_elapsed_until(now)

        return PersonConditions(
            person=self.person,
            snooze=None if memory.snooze is None else memory.snooze.conditions(now),
            out_remaining=(memory.out and memory.out.remaining(now)) or None,
            drunk_today_ml=sum(drink.amount for drink in self._drinks if is_today(drink.at)),
            drunk_last_hour_ml=self.drunk_within(HOUR, now),
            since_last_drink=age(self._drinks[-1].at if self._drinks else None),
            nudges_today=sum(is_today(at) for at in nudges),
            pushes_today=sum(is_today(push.at) for push in self._pushes),
            since_last_nudge=age(nudges[-1] if nudges else None),
            nudges_ignored=memory.nudges_ignored,
            peak_level_today=(
                memory.peak_level if memory.peak_day == day.isoformat() else HeatLevel.NORMAL
            ),
            since_sign_of_life=age(memory.sign_of_life),
        )

    def _forget(self, now: Instant) -> None:
        for events in (self._drinks, self._pushes):
            while events and events[0].at.plausible_elapsed_until(now) > 2 * DAY:
                events.popleft()


def _from_wall(at: datetime) -> Instant:
    return Instant("", 0.0, at)  # of no boot: its age goes by the wall clock
