"""Prove the sensor rows of the fault list that pure policies decide.

Each test is named after its row; what needs a daemon or a broker is proven elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import freshness as fresh
from policies.alert import AlertKey, Finding, HeatLevel, Message
from policies.data_quality import evaluate as find_trouble
from policies.heat_sensitivity import evaluate as judge_heat
from policies.model import (
    Freshness,
    LevelMemory,
    RoomConditions,
    SensorMessage,
    SensorReading,
    Snapshot,
)
from policies.plausibility import PlausibilityState, Verdict, check_reading
from policies.rolling import RollingMean
from policies.wording import render
from tests.builders import (
    a_bedroom,
    a_forecast,
    a_home,
    a_person,
    a_reading,
    a_snapshot,
    an_alert,
    hours,
    local,
    minutes,
    person_conditions,
    room_conditions,
)

ANNA = person_conditions(a_person(rooms=("living", "bedroom")))
REMEMBERED = {
    ("anna", "living"): LevelMemory(HeatLevel.HIGH),
    ("anna", "bedroom"): LevelMemory(HeatLevel.NORMAL),
}


def judge(*values: float, every_s: float = 60.0) -> list[Verdict]:
    """Return the verdicts on temperatures that come at a fixed interval."""
    state, verdicts = PlausibilityState(), []
    for index, value in enumerate(values):
        state, verdict = check_reading(state, SensorMessage(value, 45.0), index * every_s)
        verdicts.append(verdict)
    return verdicts


def trouble(*rooms: RoomConditions) -> list[Finding]:
    """Return the trouble in a home with these rooms."""
    return list(find_trouble(a_snapshot(rooms=rooms, people=(ANNA,))))


def suspect(reading: SensorReading, reason: str) -> SensorReading:
    """Return a reading of a sensor that is held to be suspect."""
    return replace(reading, is_suspect=True, suspect_reason=reason)


@pytest.mark.parametrize(
    ("gap_min", "stale_after_min"), [(1.0, 30.0), (20.0, 50.0), (60.0, 150.0), (90.0, 180.0)]
)
def test_fault_01_silence_makes_a_reading_stale_by_the_sensors_own_interval(
    gap_min: float, stale_after_min: float
) -> None:
    """After 2.5 of its own intervals, within 30 to 180 minutes, a reading is stale."""
    state = fresh.FreshnessState()
    for index in range(20):
        state = fresh.heard(state, index * gap_min * 60)
    last_s = 19 * gap_min * 60
    at_limit = fresh.freshness(state, last_s + stale_after_min * 60, hours(99))
    after = fresh.freshness(state, last_s + stale_after_min * 60 + 1, hours(99))
    assert (at_limit, after) == (Freshness.FRESH, Freshness.STALE)


def test_fault_01_stale_is_trouble_and_never_cool() -> None:
    """A stale room keeps its level and its alert, and is said to be out of sight."""
    rooms = (room_conditions(None), room_conditions(22.0, a_bedroom()))
    snapshot = a_snapshot(rooms=rooms, people=(ANNA,), level_memory=REMEMBERED)
    for _ in range(50):
        result = judge_heat(replace(snapshot, since_last_decision=hours(1)))
        assert result.levels == {"anna": HeatLevel.HIGH}
        assert [finding.may_resolve for finding in result.findings] == [False]
        snapshot = replace(snapshot, level_memory=result.level_memory)
    assert [finding.subject for finding in trouble(*rooms)] == ["room:living"]


def test_fault_01_another_sensor_or_room_is_used_instead() -> None:
    """With the living room lost, the person's other room still speaks."""
    bedroom = room_conditions(33.0, a_bedroom())
    result = judge_heat(a_snapshot(rooms=(room_conditions(None), bedroom), people=(ANNA,)))
    assert result.levels["anna"] is HeatLevel.HIGH


def test_fault_02_a_stuck_sensor_is_suspect_and_counts_upward_only() -> None:
    """A value stuck while humidity moves is trouble; it may raise a level and never lower one."""
    state, verdict = PlausibilityState(), Verdict()
    for minute in range(0, 13 * 60, 5):
        message = SensorMessage(24.37, 40.0 + minute / 60)
        state, verdict = check_reading(state, message, minute * 60.0)
    assert verdict.suspect_reason == "stuck"
    assert verdict.temperature_c == 24.37
    stuck = room_conditions(24.37, readings=(suspect(a_reading(24.37), "stuck"),))
    assert [finding.subject for finding in trouble(stuck)] == ["sensor:living-sensor"]
    snapshot = a_snapshot(rooms=(stuck,), level_memory=REMEMBERED, since_last_decision=hours(1))
    for _ in range(5):
        result = judge_heat(snapshot)
        snapshot = replace(snapshot, level_memory=result.level_memory)
        assert result.levels == {"anna": HeatLevel.HIGH}
    hot = replace(stuck, mean_10_min_c=36.0, mean_30_min_c=36.0, temperature_c=36.0)
    assert judge_heat(replace(snapshot, rooms=(hot,))).levels == {"anna": HeatLevel.VERY_HIGH}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_fault_03_numbers_that_are_none_are_refused_and_the_last_good_one_kept(
    value: float,
) -> None:
    """NaN and infinity are refused with a reason, and no mean ever contains them."""
    state, _ = check_reading(PlausibilityState(), SensorMessage(25.0, 45.0), 0.0)
    state, verdict = check_reading(state, SensorMessage(value, value), 60.0)
    assert verdict == Verdict(None, None, "nan", None)
    assert (state.temperature_c, state.believed_at_s) == (25.0, 0.0)
    rolling = RollingMean(minutes(30), hours(1))
    rolling.add(0.0, 25.0)
    rolling.add(60.0, value)
    assert rolling.mean(120.0) == 25.0


@pytest.mark.parametrize(
    ("values", "reasons"),
    [
        ((25.0, -10.1), [None, "out_of_range"]),
        ((25.0, 45.1), [None, "out_of_range"]),
        ((25.0, 36.0), [None, "step"]),
        ((25.0, 36.0, 36.2, 36.4), [None, "step", "step", None]),
    ],
)
def test_fault_04_out_of_range_and_jumps_are_refused(
    values: tuple[float, ...], reasons: list[str | None]
) -> None:
    """A value out of range is refused; a jump is believed after two confirming readings."""
    assert [verdict.rejected for verdict in judge(*values)] == reasons


def test_fault_04_three_refused_in_a_row_are_trouble() -> None:
    """After the third refusal the sensor is suspect, and that is said."""
    verdicts = judge(25.0, -50.0, -50.0, -50.0)
    assert [verdict.is_suspect for verdict in verdicts] == [False, False, False, True]
    room = room_conditions(25.0, readings=(suspect(a_reading(25.0), "rejected"),))
    [finding] = trouble(room)
    assert finding.message.parameters["reason"] == "rejected"


@given(st.lists(st.floats(-60, 90), min_size=1, max_size=50), st.floats(1, 600))
def test_fault_04_nothing_out_of_range_is_ever_believed(
    values: list[float], every_s: float
) -> None:
    """Whatever a sensor sends, what is believed lies within the bounds of a room."""
    for verdict in judge(*values, every_s=every_s):
        assert verdict.temperature_c is None or -10 <= verdict.temperature_c <= 45


@pytest.mark.parametrize("value_f", [64.4, 71.6, 80.6, 95.0])
def test_fault_05_fahrenheit_taken_for_celsius_is_refused_with_the_fix(value_f: float) -> None:
    """A room's Fahrenheit number read as Celsius is refused, and the reason says what to set."""
    [verdict] = judge(value_f)
    assert verdict.temperature_c is None
    assert verdict.rejected == "looks like Fahrenheit: set unit"


def test_fault_05_a_unit_is_never_guessed_from_a_plausible_value() -> None:
    """A value that is possible in Celsius is taken as it is."""
    [verdict] = judge(44.0)
    assert (verdict.temperature_c, verdict.rejected) == (44.0, None)


def test_fault_07_retained_reading_is_not_fresh() -> None:
    """A retained reading has an unknown age and moves no level until a live one comes."""
    state = fresh.heard(fresh.FreshnessState(), 1000.0, is_retained=True)
    assert fresh.freshness(state, 1000.0, minutes(1)) is Freshness.AGE_UNKNOWN
    hot = replace(room_conditions(36.0), freshness=Freshness.AGE_UNKNOWN)
    assert judge_heat(a_snapshot(rooms=(hot,))).levels == {"anna": HeatLevel.NORMAL}
    cool = replace(room_conditions(18.0), freshness=Freshness.AGE_UNKNOWN)
    snapshot = a_snapshot(rooms=(cool,), level_memory=REMEMBERED, since_last_decision=hours(5))
    assert judge_heat(snapshot).levels == {"anna": HeatLevel.HIGH}
    live = fresh.heard(state, 1060.0)
    assert fresh.freshness(live, 1060.0, minutes(2)) is Freshness.FRESH


@pytest.mark.parametrize("skew", [hours(-5), hours(5), timedelta(days=-20_000)])
def test_fault_08_a_sensors_wrong_clock_changes_no_age_and_is_said(skew: timedelta) -> None:
    """A live reading counts from its arrival; a clock wrong for ten minutes is trouble."""
    state = fresh.FreshnessState()
    for minute in range(12):
        state = fresh.heard(state, minute * 60.0, measured_age=skew)
        assert fresh.age(state, minute * 60.0) == timedelta(0)
        assert fresh.freshness(state, minute * 60.0, hours(1)) is Freshness.FRESH
    assert not fresh.is_clock_skewed(state, 600.0)
    assert fresh.is_clock_skewed(state, 601.0)
    wrong = replace(a_reading(25.0), suspect_reason="clock_skew")
    [finding] = trouble(room_conditions(25.0, readings=(wrong,)))
    assert finding.message.parameters["reason"] == "clock_skew"


def follow(snapshot: Snapshot, values: list[float]) -> list[HeatLevel]:
    """Return Anna's level after each value, a minute apart."""
    seen = []
    for value in values:
        room = replace(
            room_conditions(value),
            effective_temperature_c=value,
            mean_10_min_c=value,
            mean_30_min_c=value,
        )
        result = judge_heat(replace(snapshot, rooms=(room,)))
        snapshot = replace(snapshot, level_memory=result.level_memory)
        seen.append(result.levels["anna"])
    return seen


@pytest.mark.parametrize("low_c", [28.6, 28.4, 27.0])
def test_fault_09_flapping_round_a_limit_is_one_episode(low_c: float) -> None:
    """A hundred swings an hour through level 2 raise it once and clear it once."""
    values = [29.1, low_c] * 60 + [27.0] * 20
    seen = follow(a_snapshot(), values)
    changes = [level for before, level in zip([None, *seen], seen, strict=False) if level != before]
    assert changes == [HeatLevel.WARNING, HeatLevel.ADVISORY]


@given(st.lists(st.sampled_from([27.9, 28.6, 29.1]), min_size=1, max_size=120))
def test_fault_09_raises_are_at_most_the_quarter_hours_under_the_limit(
    values: list[float],
) -> None:
    """However the value jumps, a second raise needs a quarter of an hour clearly under it."""
    seen = follow(a_snapshot(), values)
    is_raised = [level >= HeatLevel.WARNING for level in seen]
    raises = sum(
        now and not before for before, now in zip([False, *is_raised], is_raised, strict=False)
    )
    longest = longest_run(values, below_c=28.5)
    assert raises <= (1 if longest <= 15 else 1 + len(values) // 16)


def longest_run(values: list[float], below_c: float) -> int:
    """Return the length of the longest run of values under a limit."""
    best = run = 0
    for value in values:
        run = run + 1 if value < below_c else 0
        best = max(best, run)
    return best


def test_fault_10_offline_is_stale_at_once_and_a_low_battery_is_said() -> None:
    """An availability topic that says offline counts before any limit; a low battery is trouble."""
    state = fresh.heard(fresh.FreshnessState(), 0.0)
    assert fresh.freshness(state, 1.0, hours(1)) is Freshness.FRESH
    offline = state._replace(is_offline=True)
    assert fresh.freshness(offline, 1.0, hours(1)) is Freshness.STALE
    low = a_reading(22.0, is_battery_low=True)
    [finding] = trouble(room_conditions(22.0, readings=(low,)))
    assert finding.message.message_id == "trouble_battery_low"


@given(
    st.floats(18, 30),
    st.floats(3.2, 15),
    st.lists(st.booleans(), min_size=12, max_size=40),
    st.floats(1, 120),
)
def test_fault_11_two_devices_on_one_topic_are_suspect(
    first_c: float, apart_c: float, order: list[bool], every_s: float
) -> None:
    """Readings of two places more than 3 K apart are found out, in whatever order they come."""
    # At least four changes of speaker: A, B, A, B and on.
    speakers = [False, True, False, True, *order]
    verdicts = judge(*[first_c + apart_c * speaker for speaker in speakers], every_s=every_s)
    assert "conflict" in {verdict.suspect_reason for verdict in verdicts}


def test_fault_11_a_conflict_is_trouble() -> None:
    """The conflict is said, and the sensor may no longer lower a level."""
    room = room_conditions(22.0, readings=(suspect(a_reading(22.0), "conflict"),))
    [finding] = trouble(room)
    assert finding.message.parameters["reason"] == "conflict"
    snapshot = a_snapshot(rooms=(room,), level_memory=REMEMBERED, since_last_decision=hours(9))
    assert judge_heat(snapshot).levels == {"anna": HeatLevel.HIGH}


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("conflict", "The readings there disagree."),
        ("stuck", "The reading there has not changed for hours."),
        ("rejected", "The last readings there cannot be right."),
    ],
)
@pytest.mark.parametrize("level", [HeatLevel.WARNING, HeatLevel.HIGH, HeatLevel.VERY_HIGH])
def test_fault_11_a_level_is_not_explained_by_a_reading_that_is_not_believed(
    reason: str, said: str, level: HeatLevel
) -> None:
    """Not "cool down now: 24°, your limit: 29°": a number that speaks against it is left out."""
    room = room_conditions(24.0, readings=(suspect(a_reading(24.0), reason),))
    memory = {("anna", "living"): LevelMemory(level)}
    snapshot = a_snapshot(rooms=(room,), level_memory=memory, since_last_decision=hours(9))
    result = judge_heat(snapshot)
    [finding] = result.findings
    words = render(finding.message, a_person(), a_home())
    assert "24" not in words.title + words.body
    assert said in words.body
    assert "not believed" in finding.reason
    assert "24" not in finding.reason
    card = Message("carer_heat", {**finding.message.parameters, "person": "Anna"})
    told = render(card, a_person(), a_home())
    assert "24" not in told.title + told.body
    assert said in told.body


def test_fault_11_a_doubtful_reading_that_raises_a_level_is_named() -> None:
    """What a suspect sensor says counts upward, and so it is said: with the doubt beside it."""
    room = room_conditions(31.0, readings=(suspect(a_reading(31.0), "conflict"),))
    [finding] = judge_heat(a_snapshot(rooms=(room,))).findings
    words = render(finding.message, a_person(), a_home())
    assert "32°" in words.title  # as it feels
    assert "The readings there disagree." in words.body


def test_fault_12_losing_every_room_is_said_once_with_what_the_forecast_knows() -> None:
    """All rooms of a person lost: one message about them, with the forecast's hottest hour."""
    lost = (room_conditions(None), room_conditions(None, a_bedroom()))
    snapshot = a_snapshot(
        rooms=lost, people=(ANNA,), forecast=a_forecast((30.0, 34.0, 33.0)), forecast_age=hours(1)
    )
    [finding] = find_trouble(snapshot)
    assert finding.message.message_id == "trouble_person_blind"
    assert finding.person_ids == ("anna",)
    assert finding.message.parameters["forecast_maximum_c"] == 34.0
    # Still said while the sensors are only waited for after a restart.
    waiting = tuple(replace(room, freshness=Freshness.WAITING) for room in lost)
    alert = an_alert(key=AlertKey("trouble", "person:anna", 1))
    [held] = find_trouble(replace(snapshot, rooms=waiting, alerts=(alert,)))
    assert (held.subject, held.may_resolve) == ("person:anna", False)


def test_fault_29_a_short_forecast_is_said_where_it_ends() -> None:
    """A warning ahead on a forecast shorter than the horizon says how far it goes."""
    bedroom = room_conditions(27.0, a_bedroom())
    forecast = a_forecast((30.0,) * 6)  # from 15:00
    snapshot = a_snapshot(
        local(20),
        rooms=(room_conditions(22.0), bedroom),
        people=(ANNA,),
        forecast=forecast,
        forecast_age=hours(1),
    )
    [finding] = judge_heat(snapshot).findings
    assert finding.is_expected
    assert finding.message.parameters["forecast_until_local"] == "21:00"


def test_fault_64_after_a_suspend_every_reading_is_stale() -> None:
    """Six hours asleep make what was fresh stale, and no level falls by the gap."""
    state = fresh.FreshnessState()
    for index in range(20):
        state = fresh.heard(state, index * 60.0)
    woken_s = 20 * 60.0 + 6 * 3600
    assert fresh.freshness(state, woken_s, hours(7)) is Freshness.STALE
    asleep = a_snapshot(
        rooms=(room_conditions(None),), level_memory=REMEMBERED, since_last_decision=hours(6)
    )
    assert judge_heat(asleep).levels == {"anna": HeatLevel.HIGH}
    again = fresh.heard(state, woken_s)
    assert fresh.limit(again) == fresh.limit(state) == minutes(30)
