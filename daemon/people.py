"""Count what each person drank, was sent and answered; days are their local days."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from daemon.clock import Instant
from daemon.modes import Deadline, SnoozeMemory
from daemon.records import Drink, PushRecord, read_json, to_json
from policies.alert import HeatLevel, Severity
from policies.holding import push_kind
from policies.model import Person, PersonConditions

DAY = timedelta(days=1)
COUNTED = 2 * DAY  # how long what was drunk and sent is held in memory
HOUR = timedelta(hours=1)
NUDGES = "nudges"  # of the kinds of `push_kind`


@dataclass(frozen=True, slots=True)
class PersonMemory:
    """Hold what a person's counters carry over a restart."""

    peak_day: str = ""
    peak_level: HeatLevel = HeatLevel.NORMAL
    nudges_ignored: int = 0
    sign_of_life: Instant | None = None
    snooze: SnoozeMemory | None = None
    out: Deadline | None = None
    was_away: bool = False  # by their presence; so that coming home is seen, over restarts too


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
    _pushes: deque[tuple[str, Instant]] = field(default_factory=deque)  # kind, when
    _undated: tuple[HeatLevel, Instant] | None = None  # the peak while the clock was not set

    def restore(
        self,
        memory: str | None,
        drinks: Iterable[Drink],
        pushes: Iterable[PushRecord],
        now: Instant,
    ) -> None:
        """Take over what the store kept."""
        if memory is not None:
            self.memory = read_json(PersonMemory, memory) or PersonMemory()
        for drink in drinks:
            at = _from_wall(drink.at, now)
            self._drinks.append(_Amount(at, drink.amount_ml, drink.drink_id))
        self._pushes.extend(
            (push_kind(push.policy, push.severity), _from_wall(push.at, now)) for push in pushes
        )

    def has_drink(self, drink_id: str) -> bool:
        """Return whether this drink is counted already: a report may come twice."""
        return any(drink.name == drink_id for drink in self._drinks)

    def record_drink(self, drink: Drink, now: Instant) -> None:
        """Count a drink; it is a sign of the person too."""
        self._drinks.append(_Amount(now, drink.amount_ml, drink.drink_id))
        self.record_sign(now)

    def record_push(self, policy: str, severity: Severity, now: Instant) -> None:
        """Count a message; a nudge counts as ignored until the next sign of the person."""
        kind = push_kind(policy, severity)
        self._pushes.append((kind, now))
        if kind == NUDGES:
            self.memory = replace(self.memory, nudges_ignored=self.memory.nudges_ignored + 1)

    def record_sign(self, now: Instant) -> None:
        """Note that the person is there: a button, a drink, a device changed by hand."""
        self.memory = replace(self.memory, nudges_ignored=0, sign_of_life=now)

    def record_level(
        self, level: HeatLevel, now: Instant, *, is_clock_synchronised: bool = True
    ) -> None:
        """Keep the highest level of the local day; of which day it is may show only later."""
        undated = self._undated
        if not is_clock_synchronised:
            if undated is None or level >= undated[0] or not _is_within(undated[1], DAY, now):
                self._undated = level, now
            return
        today = self._local_day(now.utc)
        if undated is not None and self._local_day(undated[1].wall_time(now)) == today:
            level = max(level, undated[0])
        self._undated = None
        day = today.isoformat()
        if self.memory.peak_day != day or level > self.memory.peak_level:
            self.memory = replace(self.memory, peak_day=day, peak_level=level)

    def memory_json(self) -> str:
        """Return the memory for the store."""
        return to_json(self.memory)

    def drunk_within(self, span: timedelta, now: Instant) -> int:
        """Return the millilitres of the last `span`."""
        return sum(drink.amount for drink in self._drinks if _is_within(drink.at, span, now))

    def conditions(self, now: Instant, *, is_clock_synchronised: bool) -> PersonConditions:
        """Return the counters as the policies see them."""
        self._forget(now)
        memory = self.memory
        day = self._local_day(now.utc)
        begins_at, ends_at = (
            datetime.combine(each, time.min, self.zone).astimezone(UTC) for each in (day, day + DAY)
        )
        nudges = [at for kind, at in self._pushes if kind == NUDGES]

        def is_today(at: Instant) -> bool:
            if is_clock_synchronised:
                return begins_at <= at.wall_time(now) < ends_at
            return _is_within(at, DAY, now)

        peak = memory.peak_level if memory.peak_day == day.isoformat() else HeatLevel.NORMAL
        if self._undated is not None and is_today(self._undated[1]):
            peak = max(peak, self._undated[0])
        today = Counter(kind for kind, at in self._pushes if is_today(at))
        return PersonConditions(
            person=self.person,
            snooze=None if memory.snooze is None else memory.snooze.conditions(now),
            out_remaining=(memory.out and memory.out.remaining(now)) or None,
            drunk_today_ml=sum(drink.amount for drink in self._drinks if is_today(drink.at)),
            drunk_last_hour_ml=self.drunk_within(HOUR, now),
            since_last_drink=_youngest((drink.at for drink in self._drinks), now),
            nudges_today=today[NUDGES],
            pushes_today=today.total(),
            warnings_today=today["warnings"],
            trouble_today=today["trouble"],
            criticals_today=today["critical"],
            since_last_nudge=_youngest(nudges, now),
            nudges_ignored=memory.nudges_ignored,
            peak_level_today=peak,
            since_sign_of_life=_youngest(filter(None, [memory.sign_of_life]), now),
        )

    def _local_day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _forget(self, now: Instant) -> None:
        while self._drinks and (self._drinks[0].at.known_elapsed_until(now) or DAY) > COUNTED:
            self._drinks.popleft()
        while self._pushes and (self._pushes[0][1].known_elapsed_until(now) or DAY) > COUNTED:
            self._pushes.popleft()


def _youngest(moments: Iterable[Instant], now: Instant) -> timedelta | None:
    """Return the age of the latest of those whose age is known."""
    ages = (at.known_elapsed_until(now) for at in moments)
    return min((age for age in ages if age is not None), default=None)


def _is_within(at: Instant, span: timedelta, now: Instant) -> bool:
    elapsed = at.known_elapsed_until(now)
    return elapsed is not None and elapsed < span


def _from_wall(at: datetime, now: Instant) -> Instant:
    """Return a stored moment: of this boot when it is no older, else its age goes by the wall."""
    age = now.utc - at
    if timedelta(0) <= age <= timedelta(seconds=now.boot_s):
        return now.shifted(-age)
    return Instant("", 0.0, at)
