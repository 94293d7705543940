"""Hydration: goals, pace through the waking day, and when a drink is suggested."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.alert import Finding, HeatLevel, Severity, Verb
from policies.hydration import (
    LARGEST_GOAL_ML,
    LARGEST_SUGGESTED_PER_HOUR_ML,
    evaluate,
    goal_ml,
    is_awake,
    nudge_interval,
)
from policies.model import Flag, PersonAssessment
from tests.builders import a_person, a_snapshot, hours, local, minutes, person_conditions

L0, L1, L2, L3, L4 = HeatLevel
NOON = local(12)


def judge(
    at: datetime = NOON,
    *,
    level: HeatLevel = L0,
    person: dict[str, Any] | None = None,
    is_clock_synchronised: bool = True,
    **conditions: Any,  # noqa: ANN401 - the fields of PersonConditions
) -> tuple[Finding | None, PersonAssessment]:
    """Return what is found of one person, and their assessment."""
    someone = a_person(**(person or {}))
    snapshot = a_snapshot(
        at,
        people=(person_conditions(someone, **conditions),),
        is_clock_synchronised=is_clock_synchronised,
    )
    result = evaluate(snapshot, {"anna": level})
    assert len(result.findings) <= 1
    return (result.findings[0] if result.findings else None), result.people[0]


@pytest.mark.parametrize(
    ("own_ml", "peak", "present", "expected_ml"),
    [
        (None, L0, L0, 1_600),
        (None, L1, L0, 1_850),
        (None, L2, L0, 2_100),
        (None, L3, L0, 2_600),
        (None, L4, L0, 2_600),
        (None, L0, L2, 2_100),  # the present level counts before the day's peak knows it
        (2_000, L0, L0, 2_000),
        (3_000, L3, L0, LARGEST_GOAL_ML),
    ],
)
def test_goal_follows_the_hottest_level_of_the_day(
    own_ml: int | None, peak: HeatLevel, present: HeatLevel, expected_ml: int
) -> None:
    """The goal is the person's own or 1.6 l, plus the heat extra, and never above 3.5 l."""
    conditions = person_conditions(a_person(drinks_goal_ml=own_ml), peak_level_today=peak)
    assert goal_ml(conditions, present) == expected_ml


@pytest.mark.parametrize(
    ("at", "drunk_ml", "is_found"),
    [
        (local(6, 59), 0, False),  # asleep
        (local(8, 41), 0, False),  # 1,600 ml over 13.5 h: a portion behind after 1 h 41 min 15 s
        (local(8, 42), 0, True),
        (local(12), 400, False),  # 593 ml expected: 193 ml behind
        (local(12), 392, True),
        (local(20, 29), 0, True),
        (local(20, 30), 0, False),  # the evening cut-off, two hours before bed
        (local(22), 0, False),
        (local(3), 0, False),
    ],
)
def test_reminder_needs_a_portion_behind_the_pace_in_drinking_time(
    at: datetime, drunk_ml: int, *, is_found: bool
) -> None:
    """A reminder comes when the even pace is a portion ahead, between waking and the cut-off."""
    finding, _ = judge(at, drunk_today_ml=drunk_ml)
    assert (finding is not None) is is_found
    if finding is not None:
        assert finding.severity is Severity.NUDGE
        assert finding.verbs == (Verb.DRANK,)
        assert finding.message.message_id == "hydration_reminder"
        assert finding.message.parameters["drunk_ml"] == drunk_ml
        assert finding.message.parameters["goal_ml"] == 1_600


@pytest.mark.parametrize(
    ("level", "since_drink_min", "is_found"),
    [(L0, 119, False), (L0, 120, True), (L1, 119, False), (L2, 59, False), (L2, 60, True)],
)
def test_interval_since_the_last_drink(
    level: HeatLevel, since_drink_min: float, *, is_found: bool
) -> None:
    """Two hours pass after a drink before the next is suggested, one hour from level 2."""
    finding, _ = judge(level=level, since_last_drink=minutes(since_drink_min))
    assert (finding is not None) is is_found


@pytest.mark.parametrize(
    ("ignored", "since_nudge_min", "severity"),
    [
        (0, 119, Severity.DISPLAY),
        (0, 120, Severity.NUDGE),
        (1, 120, Severity.NUDGE),
        (2, 239, Severity.DISPLAY),
        (2, 240, Severity.NUDGE),
        (3, 479, Severity.DISPLAY),
        (3, 480, Severity.NUDGE),
    ],
)
def test_ignored_nudges_come_less_often(
    ignored: int, since_nudge_min: float, severity: Severity
) -> None:
    """From the second ignored nudge on the time to the next doubles; it shows all the while."""
    finding, _ = judge(local(19), since_last_nudge=minutes(since_nudge_min), nudges_ignored=ignored)
    assert finding is not None
    assert finding.severity is severity


@pytest.mark.parametrize(
    ("nudges", "pushes", "severity"),
    [
        (5, 5, Severity.NUDGE),
        (6, 5, Severity.DISPLAY),
        (0, 6, Severity.DISPLAY),  # 8 pushes a day, of which 2 are left for warnings
    ],
)
def test_nudges_keep_to_their_budget(nudges: int, pushes: int, severity: Severity) -> None:
    """Nudges end at six a day, and earlier when they would eat into what warnings need."""
    finding, _ = judge(nudges_today=nudges, pushes_today=pushes)
    assert finding is not None
    assert finding.severity is severity


@pytest.mark.parametrize(
    ("last_hour_ml", "message_id"),
    [
        (800, "hydration_reminder"),  # 1,000 ml with the portion: as much as is suggested
        (801, None),
        (1_400, None),
        (1_401, "hydration_slow_down"),
    ],
)
def test_hourly_ceiling(last_hour_ml: int, message_id: str | None) -> None:
    """Nothing is suggested past a litre an hour, and more than 1.4 l brings a caution."""
    finding, _ = judge(local(20), person={"drinks_goal_ml": 3_000}, drunk_last_hour_ml=last_hour_ml)
    assert (finding.message.message_id if finding else None) == message_id
    if message_id == "hydration_slow_down":
        assert finding is not None
        assert finding.severity is Severity.WARNING
        assert not finding.verbs


def test_nothing_is_suggested_before_the_clock_is_known() -> None:
    """Without a trusted clock keepcool cannot know whether the person is awake, so it waits."""
    finding, assessment = judge(is_clock_synchronised=False)
    assert finding is None
    assert assessment.next_drink_in is None
    finding, _ = judge(is_clock_synchronised=False, drunk_last_hour_ml=1_500)
    assert finding is not None  # a caution needs no wall clock


@pytest.mark.parametrize("level", list(HeatLevel))
@pytest.mark.parametrize("goal", [None, 2_000])
def test_restricted_fluids_have_no_volume_anywhere(level: HeatLevel, goal: int | None) -> None:
    """With restricted fluids there is no goal, no drink button and no number of millilitres."""
    for last_hour_ml in (0, 1_500):
        finding, assessment = judge(
            level=level,
            person={"flags": frozenset({Flag.FLUID_RESTRICTED}), "drinks_goal_ml": goal},
            drunk_last_hour_ml=last_hour_ml,
        )
        assert assessment.drinks_goal_ml is None
        assert assessment.next_drink_in is None
        if finding is not None:
            assert finding.message.parameters == {"plan": "restricted"}
            assert "ml" not in finding.reason
            assert not finding.verbs


def test_plan_is_said_once_on_a_hot_day() -> None:
    """A person's own plan is said once on a hot day, and only shown on a warm one."""
    restricted = {"flags": frozenset({Flag.FLUID_RESTRICTED})}
    assert judge(level=L0, person=restricted)[0] is None
    warm, _ = judge(level=L1, person=restricted)
    hot, _ = judge(level=L2, person=restricted)
    told, _ = judge(level=L2, person=restricted, nudges_today=1)
    assert [finding and finding.severity for finding in (warm, hot, told)] == [
        Severity.DISPLAY,
        Severity.NUDGE,
        Severity.DISPLAY,
    ]


def test_fluid_or_salt_loss_has_only_the_goal_that_the_person_set() -> None:
    """With fluid or salt loss no goal is made up or raised, and the text names the salt."""
    flags = frozenset({Flag.FLUID_OR_SALT_LOSS})
    without, assessment = judge(level=L2, person={"flags": flags})
    assert assessment.drinks_goal_ml is None
    assert without is not None
    assert without.message.parameters == {"plan": "salt_loss"}
    confirmed, assessment = judge(level=L3, person={"flags": flags, "drinks_goal_ml": 1_800})
    assert assessment.drinks_goal_ml == 1_800
    assert confirmed is not None
    assert confirmed.message.parameters["has_salt_caution"] is True


def test_lithium_shows_whom_to_ask_on_a_warm_day() -> None:
    """A person who has to ask their prescriber is shown that while no reminder is due."""
    flags = frozenset({Flag.LITHIUM_OR_NARROW})
    finding, _ = judge(level=L1, person={"flags": flags}, drunk_today_ml=1_600)
    assert finding is not None
    assert finding.severity is Severity.DISPLAY
    assert finding.message.parameters == {"plan": "prescriber"}
    assert judge(level=L0, person={"flags": flags}, drunk_today_ml=1_600)[0] is None


@pytest.mark.parametrize(
    ("bed_at", "at", "is_found"),
    [
        (time(1, 0), local(22, 59), True),  # cut-off at 23:00
        (time(1, 0), local(23, 1), False),
        (time(1, 0), local(0, 30), False),
        (time(4, 0), local(23, 59), True),  # cut-off at 02:00, but the day's counters end at 24:00
        (time(4, 0), local(0, 30), False),
        (time(7, 0), local(12), True),  # waking and bed at the same time: awake all day
    ],
)
def test_bed_time_past_midnight(bed_at: time, at: datetime, *, is_found: bool) -> None:
    """A bed time past midnight moves the cut-off, but no drink is paced on the new day's count."""
    finding, _ = judge(at, person={"bed_at": bed_at})
    assert (finding is not None) is is_found


@pytest.mark.parametrize(("drunk_ml", "is_found"), [(1_390, True), (1_400, False)])
def test_pace_reaches_the_goal_at_midnight(drunk_ml: int, *, is_found: bool) -> None:
    """Someone who stays up until 4 is paced to the goal by midnight, where the count ends."""
    person = {"bed_at": time(4, 0)}
    finding, _ = judge(local(23, 59), person=person, drunk_today_ml=drunk_ml)
    assert (finding is not None) is is_found


@pytest.mark.parametrize(
    ("bed_at", "at", "expected"),
    [
        (time(22, 30), local(7), True),
        (time(22, 30), local(22, 29), True),
        (time(22, 30), local(22, 30), False),
        (time(22, 30), local(6, 59), False),
        (time(1, 0), local(0, 59), True),
        (time(1, 0), local(1), False),
        (time(7, 0), local(3), True),
    ],
)
def test_is_awake(bed_at: time, at: datetime, *, expected: bool) -> None:
    """A person is awake from waking to bed time, over midnight too."""
    assert is_awake(a_person(bed_at=bed_at), at) is expected


@pytest.mark.parametrize(
    ("at", "conditions", "expected_min"),
    [
        (local(7), {}, 101.25),  # a portion of 1,600 ml over 13.5 h
        (local(5), {}, 221.25),
        (local(5), {"drunk_today_ml": 1_500}, None),
        (local(12), {}, 0),
        (local(12), {"since_last_drink": minutes(30)}, 90),
        (local(12), {"drunk_today_ml": 1_500}, None),  # the goal is as good as reached
        (local(20), {"since_last_drink": minutes(10)}, None),  # that would be in the evening
        (local(21), {}, None),
    ],
)
def test_next_drink_is_foretold(
    at: datetime, conditions: dict[str, Any], expected_min: float | None
) -> None:
    """The assessment says in how long the next drink is due, or nothing when none is today."""
    _, assessment = judge(at, **conditions)
    expected = None if expected_min is None else minutes(expected_min)
    assert assessment.next_drink_in == expected


@given(
    at=st.builds(local, st.integers(0, 23), st.integers(0, 59)),
    level=st.sampled_from(list(HeatLevel)),
    person=st.fixed_dictionaries(
        {
            "drinks_goal_ml": st.none() | st.integers(0, 10_000),
            "portion_ml": st.integers(-10, 5_000),
            "wake_at": st.times(),
            "bed_at": st.times(),
            "evening_cut_off": st.builds(hours, st.floats(-5, 30)),
        }
    ),
    conditions=st.fixed_dictionaries(
        {
            "drunk_today_ml": st.integers(0, 10_000),
            "drunk_last_hour_ml": st.integers(0, 3_000),
            "nudges_ignored": st.integers(0, 1_000),
        }
    ),
)
def test_whatever_the_person_the_suggestion_stays_within_the_ceilings(
    at: datetime, level: HeatLevel, person: dict[str, Any], conditions: dict[str, Any]
) -> None:
    """No suggestion brings an hour over a litre, and no goal a day over 3.5 l."""
    finding, assessment = judge(at, level=level, person=person, **conditions)
    assert assessment.drinks_goal_ml is not None
    assert assessment.drinks_goal_ml <= LARGEST_GOAL_ML
    if finding is not None and finding.message.message_id == "hydration_reminder":
        suggested_ml = finding.message.parameters["portion_ml"]
        assert isinstance(suggested_ml, int)
        assert suggested_ml + conditions["drunk_last_hour_ml"] <= LARGEST_SUGGESTED_PER_HOUR_ML
        assert suggested_ml + conditions["drunk_today_ml"] <= assessment.drinks_goal_ml


def test_back_off_has_an_end() -> None:
    """However many nudges were ignored, the interval stays a time that can be computed with."""
    conditions = person_conditions(nudges_ignored=10_000)
    assert nudge_interval(conditions, L0) == minutes(120) * 64
