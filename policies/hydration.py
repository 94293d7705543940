"""Pace a person's drinks through their waking day, and never past what is wise in an hour.

Drinks only are counted, not the water in food. Someone whose fluids are restricted never reads a
volume: their care team's plan counts. Counters such as `drunk_today_ml` are of the local calendar
day, so the pace of someone who stays up past midnight ends at midnight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from policies.alert import Finding, HeatLevel, Message, Severity, Verb
from policies.model import Flag, Person, PersonAssessment, PersonConditions, Snapshot, Tuning

# Source of all numbers: EVIDENCE 3 and 8.
DEFAULT_GOAL_ML = 1_600  # EFSA 2010 and ESPEN: drinks, unspecified adult
HEAT_EXTRA_ML: Mapping[HeatLevel, int] = {
    HeatLevel.NORMAL: 0,
    HeatLevel.ADVISORY: 250,
    HeatLevel.WARNING: 500,
    HeatLevel.HIGH: 1_000,
    HeatLevel.VERY_HIGH: 1_000,
}
LARGEST_GOAL_ML = 3_500
LARGEST_SUGGESTED_PER_HOUR_ML = 1_000
SLOW_DOWN_PER_HOUR_ML = 1_400  # NIOSH 2017-126: never more than 1.42 l in an hour
HOT_INTERVAL = timedelta(minutes=60)  # GHHIN: a cup each hour in hot weather, from level 2
IGNORED_BEFORE_BACK_OFF = 2
LONGEST_BACK_OFF = 6  # doublings: beyond this the day is over anyway
RESERVED_PUSHES = 2  # of the day's pushes, left for warnings
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class HydrationResult:
    """Carry at most one finding per person, and every person's assessment."""

    findings: tuple[Finding, ...]
    people: tuple[PersonAssessment, ...]


@dataclass(frozen=True, slots=True)
class _Pace:
    """Carry where in the drinking day a person is: its length, and how much of it has passed."""

    length: timedelta
    elapsed: timedelta  # 0 before waking
    is_drinking_time: bool

    def expected_ml(self, goal_ml: int) -> float:
        """Return what an even pace would have drunk by now."""
        return goal_ml * min(1.0, self.elapsed / self.length) if self.length else 0.0


def evaluate(snapshot: Snapshot, levels: Mapping[str, HeatLevel] | None = None) -> HydrationResult:
    """Judge every person's drinking; `levels` are the present heat levels by person.

    A finding of severity NUDGE is due to be said now; of severity DISPLAY it is true, but held back
    by the time since the last drink or nudge, or by the day's budgets.
    """
    levels = levels or {}
    findings: list[Finding] = []
    people: list[PersonAssessment] = []
    for conditions in snapshot.people:
        level = levels.get(conditions.person.person_id, HeatLevel.NORMAL)
        finding = _find(conditions, level, snapshot)
        if finding is not None:
            findings.append(finding)
        people.append(_assess(conditions, level, snapshot))
    return HydrationResult(tuple(findings), tuple(people))


def goal_ml(conditions: PersonConditions, level: HeatLevel) -> int | None:
    """Return today's drinks goal in ml at the day's peak level, or `None` when none may be named.

    Nobody but the care team sets one for `fluid_restricted`. With `fluid_or_salt_loss` it is the
    person's own number or none, and nothing is added to it. Source: EVIDENCE 3 and 7.
    """
    person = conditions.person
    if Flag.FLUID_RESTRICTED in person.flags:
        return None
    if Flag.FLUID_OR_SALT_LOSS in person.flags:
        own = person.drinks_goal_ml
        return None if own is None else min(own, LARGEST_GOAL_ML)
    base = DEFAULT_GOAL_ML if person.drinks_goal_ml is None else person.drinks_goal_ml
    return min(base + HEAT_EXTRA_ML[max(level, conditions.peak_level_today)], LARGEST_GOAL_ML)


def plan_name(person: Person) -> str | None:
    """Return whose advice counts for drinking (of `texts_en.PHRASES`, "plan.*"), or `None`."""
    if Flag.FLUID_RESTRICTED in person.flags:
        return "restricted"
    if Flag.FLUID_OR_SALT_LOSS in person.flags:
        return "salt_loss"
    return "prescriber" if Flag.LITHIUM_OR_NARROW in person.flags else None


def drunk_to_show_ml(conditions: PersonConditions) -> int | None:
    """Return what was drunk today, or `None` for restricted fluids: no volume is ever named."""
    is_restricted = Flag.FLUID_RESTRICTED in conditions.person.flags
    return None if is_restricted else conditions.drunk_today_ml


def is_awake(person: Person, now_local: datetime) -> bool:
    """Return whether the local time lies between the person's waking and going to bed."""
    since_waking = _until(person.wake_at, _time_of(now_local))
    return since_waking < (_until(person.wake_at, person.bed_at) or DAY)


def drink_interval(person: Person, level: HeatLevel) -> timedelta:
    """Return the time between drinks: the person's own, at most an hour from level 2."""
    if level >= HeatLevel.WARNING:
        return min(person.drink_interval, HOT_INTERVAL)
    return person.drink_interval


def nudge_interval(conditions: PersonConditions, level: HeatLevel) -> timedelta:
    """Return the time between nudges: doubled by each ignored one, from the second in a row."""
    doublings = max(0, conditions.nudges_ignored - IGNORED_BEFORE_BACK_OFF + 1)
    return drink_interval(conditions.person, level) * (1 << min(doublings, LONGEST_BACK_OFF))


def has_nudge_budget(conditions: PersonConditions, tuning: Tuning, pushes_now: int = 0) -> bool:
    """Return whether another nudge today leaves the warnings their share.

    `pushes_now` are those being sent at this moment and not counted yet.
    """
    pushes_today = conditions.pushes_today + pushes_now
    return (
        conditions.nudges_today < tuning.nudges_per_day
        and pushes_today < tuning.pushes_per_day - RESERVED_PUSHES
    )


# --------------------------------------------------------------------------- findings


def _find(conditions: PersonConditions, level: HeatLevel, snapshot: Snapshot) -> Finding | None:
    if conditions.drunk_last_hour_ml > SLOW_DOWN_PER_HOUR_ML:
        return _slow_down(conditions)
    goal = goal_ml(conditions, level)
    if goal is None:
        return _plan(conditions, level, snapshot)
    return _reminder(conditions, level, goal, snapshot) or _prescriber(conditions, level)


def _reminder(
    conditions: PersonConditions, level: HeatLevel, goal: int, snapshot: Snapshot
) -> Finding | None:
    """Find a person behind their pace by a portion, in a moment when a drink may be suggested."""
    person = conditions.person
    portion = _portion_ml(person)
    pace = _pace(person, snapshot.now_local)
    behind_ml = pace.expected_ml(goal) - conditions.drunk_today_ml
    is_thirst_due = _has_passed(conditions.since_last_drink, drink_interval(person, level))
    may_suggest = (
        snapshot.is_clock_synchronised
        and pace.is_drinking_time
        and conditions.drunk_last_hour_ml + portion <= LARGEST_SUGGESTED_PER_HOUR_ML
    )
    if not may_suggest or not is_thirst_due or behind_ml < portion:
        return None
    return _finding(
        conditions,
        Severity.NUDGE if _may_nudge(conditions, level, snapshot) else Severity.DISPLAY,
        Message(
            "hydration_reminder",
            {
                "drunk_ml": conditions.drunk_today_ml,
                "goal_ml": goal,
                "portion_ml": portion,
                "has_salt_caution": Flag.FLUID_OR_SALT_LOSS in person.flags,
            },
        ),
        f"{conditions.drunk_today_ml} of {goal} ml, {behind_ml:.0f} ml behind an even pace",
        verbs=(Verb.DRANK,),
    )


def _slow_down(conditions: PersonConditions) -> Finding:
    """Find too much drunk within an hour: a caution in place of praise."""
    person = conditions.person
    is_restricted = Flag.FLUID_RESTRICTED in person.flags
    parameters: dict[str, str | int | float | bool | None] = {"plan": plan_name(person)}
    if not is_restricted:
        parameters["drunk_last_hour_ml"] = conditions.drunk_last_hour_ml
    return _finding(
        conditions,
        Severity.WARNING,
        Message("hydration_slow_down", parameters),
        "a lot was logged within an hour"
        if is_restricted
        else f"{conditions.drunk_last_hour_ml} ml within an hour, over {SLOW_DOWN_PER_HOUR_ML} ml",
    )


def _plan(conditions: PersonConditions, level: HeatLevel, snapshot: Snapshot) -> Finding | None:
    """Point at the person's own plan on warm days; said once on a day that reached level 2."""
    person = conditions.person
    peak = max(level, conditions.peak_level_today)
    if peak < HeatLevel.ADVISORY:
        return None
    is_hot_day = peak >= HeatLevel.WARNING
    is_due = (
        is_hot_day
        and conditions.nudges_today == 0
        and snapshot.is_clock_synchronised
        and _pace(person, snapshot.now_local).is_drinking_time
        and _may_nudge(conditions, level, snapshot)
    )
    message_id = "hydration_reminder_restricted" if is_hot_day else "hydration_plan"
    return _finding(
        conditions,
        Severity.NUDGE if is_due else Severity.DISPLAY,
        Message(message_id, {"plan": plan_name(person)}),
        "drinks follow the person's own plan",
    )


def _prescriber(conditions: PersonConditions, level: HeatLevel) -> Finding | None:
    """Show on warm days that a medicine needs its prescriber's word on drinking."""
    is_warm_day = max(level, conditions.peak_level_today) >= HeatLevel.ADVISORY
    if not is_warm_day or Flag.LITHIUM_OR_NARROW not in conditions.person.flags:
        return None
    return _finding(
        conditions,
        Severity.DISPLAY,
        Message("hydration_plan", {"plan": "prescriber"}),
        "warm day, and the prescriber's word on drinking counts",
    )


def _finding(
    conditions: PersonConditions,
    severity: Severity,
    message: Message,
    reason: str,
    verbs: tuple[Verb, ...] = (),
) -> Finding:
    person_id = conditions.person.person_id
    return Finding("hydration", person_id, severity, (person_id,), message, reason, verbs=verbs)


def _may_nudge(conditions: PersonConditions, level: HeatLevel, snapshot: Snapshot) -> bool:
    return has_nudge_budget(conditions, snapshot.home.tuning) and _has_passed(
        conditions.since_last_nudge, nudge_interval(conditions, level)
    )


def _has_passed(since: timedelta | None, interval: timedelta) -> bool:
    return since is None or since >= interval


def _portion_ml(person: Person) -> int:
    return max(1, min(person.portion_ml, LARGEST_SUGGESTED_PER_HOUR_ML))


# --------------------------------------------------------------------------- the day


def _assess(conditions: PersonConditions, level: HeatLevel, snapshot: Snapshot) -> PersonAssessment:
    goal = goal_ml(conditions, level)
    return PersonAssessment(
        person_id=conditions.person.person_id,
        level=level,
        drinks_goal_ml=goal,
        drunk_today_ml=drunk_to_show_ml(conditions),
        next_drink_in=None if goal is None else _next_drink_in(conditions, level, goal, snapshot),
    )


def _next_drink_in(
    conditions: PersonConditions, level: HeatLevel, goal: int, snapshot: Snapshot
) -> timedelta | None:
    """Return when the next drink is due, or `None` when none is before the evening cut-off."""
    person = conditions.person
    pace = _pace(person, snapshot.now_local)
    wanted_ml = conditions.drunk_today_ml + _portion_ml(person)
    has_day_left = pace.is_drinking_time or pace.elapsed == timedelta(0)
    if not snapshot.is_clock_synchronised or not has_day_left or wanted_ml > goal:
        return None
    by_pace = pace.length * (wanted_ml / goal) - pace.elapsed
    if not pace.is_drinking_time:  # still asleep
        by_pace += _until(_time_of(snapshot.now_local), person.wake_at)
    since = conditions.since_last_drink
    by_interval = timedelta(0) if since is None else drink_interval(person, level) - since
    wait = max(by_pace, by_interval, timedelta(0))
    is_too_late = pace.is_drinking_time and pace.elapsed + wait >= pace.length
    return None if is_too_late else wait


def _pace(person: Person, now_local: datetime) -> _Pace:
    """Return the person's drinking day: from waking to the cut-off before bed, or to midnight."""
    awake = _until(person.wake_at, person.bed_at) or DAY
    to_midnight = DAY - _since_midnight(person.wake_at)
    length = max(timedelta(0), min(awake - max(person.evening_cut_off, timedelta(0)), to_midnight))
    since_waking = _since_midnight(_time_of(now_local)) - _since_midnight(person.wake_at)
    is_drinking_time = timedelta(0) <= since_waking < length
    return _Pace(length, max(timedelta(0), since_waking), is_drinking_time)


def _time_of(now_local: datetime) -> time:
    return now_local.time().replace(tzinfo=None)


def _since_midnight(at: time) -> timedelta:
    return timedelta(
        hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond
    )


def _until(start: time, end: time) -> timedelta:
    """Return the time from one time of day to the next other, at least 0 and under a day."""
    return (_since_midnight(end) - _since_midnight(start)) % DAY
