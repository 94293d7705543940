"""Prove what must hold for any heat, any memory and any order: the invariants of the levels."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.alert import HeatLevel
from policies.data_quality import evaluate as find_trouble
from policies.heat_sensitivity import assess_room, evaluate, personal_limits
from policies.model import (
    Flag,
    Freshness,
    HourlyValue,
    LevelMemory,
    Person,
    RoomConditions,
    SensorReading,
    Snapshot,
    Tuning,
)
from policies.psychrometrics import effective_temperature_c
from policies.rolling import RollingMean
from tests.builders import (
    a_bedroom,
    a_device,
    a_person,
    a_reading,
    a_room,
    a_snapshot,
    device_conditions,
    local,
    minutes,
    person_conditions,
    room_conditions,
)

TUNING = Tuning()
celsius = st.floats(15, 50, allow_nan=False)
offsets = st.floats(-5, 5, allow_nan=False)
flags = st.frozensets(st.sampled_from(Flag))
levels = st.sampled_from(HeatLevel)
durations = st.timedeltas(timedelta(0), timedelta(hours=2))
memories = st.builds(LevelMemory, levels, st.none() | durations)
people = st.builds(
    lambda offset_c, marked: a_person(rooms=("living", "bedroom"), offset_c=offset_c, flags=marked),
    offsets,
    flags,
)


def room_at(slow_c: float, fast_c: float, air_c: float, **overrides: Any) -> RoomConditions:  # noqa: ANN401
    """Return a seen living room with these means."""
    return replace(
        room_conditions(25.0),
        temperature_c=air_c,
        effective_temperature_c=fast_c,
        mean_30_min_c=slow_c,
        mean_10_min_c=fast_c,
        **overrides,
    )


@given(
    person=people,
    memory=memories,
    heat=st.tuples(celsius, celsius, celsius),
    more=st.tuples(*[st.floats(0, 10)] * 3),
    elapsed=durations,
    is_night=st.booleans(),
)
def test_hotter_never_lowers_a_level(
    person: Person,
    memory: LevelMemory,
    heat: tuple[float, float, float],
    more: tuple[float, float, float],
    elapsed: timedelta,
    is_night: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever the level before, more heat gives at least the same level, and falls no sooner."""
    after = []
    for values in (heat, tuple(a + b for a, b in zip(heat, more, strict=True))):
        _, memory_after = assess_room(
            person, room_at(*values), memory, is_night=is_night, elapsed=elapsed, tuning=TUNING
        )
        after.append(memory_after)
    assert after[1].level >= after[0].level


@given(
    memory=memories,
    freshness=st.sampled_from([f for f in Freshness if f is not Freshness.FRESH]),
    values=st.lists(st.tuples(celsius, durations), min_size=1, max_size=20),
)
def test_what_is_not_seen_never_changes_a_level(
    memory: LevelMemory, freshness: Freshness, values: list[tuple[float, timedelta]]
) -> None:
    """However long and whatever the last value, a room out of sight keeps its level."""
    level = memory.level
    for value, elapsed in values:
        conditions = room_at(value, value, value, freshness=freshness)
        _, memory = assess_room(
            a_person(), conditions, memory, is_night=False, elapsed=elapsed, tuning=TUNING
        )
        assert memory == LevelMemory(level)


@given(person=people, is_night_bedroom=st.booleans())
def test_offsets_never_move_levels_3_and_4(
    person: Person,
    is_night_bedroom: bool,  # noqa: FBT001 - drawn
) -> None:
    """Nothing personal moves levels 3 and 4, and the limits stay in order and above the floor."""
    limits = personal_limits(person, is_night_bedroom)
    assert (limits.level_3_c, limits.level_4_air_c, limits.level_4_heat_index_c) == (32, 35, 39.4)
    assert limits.level_1_c < limits.level_2_c <= limits.level_3_c
    assert not is_night_bedroom or limits.level_1_c >= 22.0
    usual = personal_limits(a_person(), is_night_bedroom)
    assert -3.0 <= limits.level_1_c - usual.level_1_c <= 2.0


def follow(
    values: list[float], person: Person | None = None, step: timedelta | None = None
) -> list[HeatLevel]:
    """Return the level after each of the means, a minute apart unless said."""
    memory, seen = LevelMemory(), []
    for value in values:
        _, memory = assess_room(
            person or a_person(),
            room_at(value, value, min(value, 34.0)),
            memory,
            is_night=False,
            elapsed=step or minutes(1),
            tuning=TUNING,
        )
        seen.append(memory.level)
    return seen


def swings(values: list[float], limit_c: float) -> int:
    """Count how often the values come from under the hysteresis up to the limit."""
    count, is_armed = 0, True
    for value in values:
        if value < limit_c - TUNING.hysteresis_c:
            is_armed = True
        elif value >= limit_c and is_armed:
            count, is_armed = count + 1, False
    return count


@given(st.lists(st.floats(25, 34), min_size=1, max_size=300))
def test_a_level_rises_no_more_often_than_the_room_does(values: list[float]) -> None:
    """Raises of each level are at most the swings through its hysteresis, and falls take a hold."""
    seen = [HeatLevel.NORMAL, *follow(values)]
    for level, limit_c in ((1, 26.0), (2, 29.0), (3, 32.0)):
        raises = sum(before < level <= after for before, after in pairwise(seen))
        assert raises <= swings(values, limit_c)
        assert raises <= 1 + len(values) // 15


def step_c(humidity_pct: float) -> float:
    """Return the air temperature at which the plain NWS procedure jumps (its average is 80 °F)."""
    return ((170.3 - 0.047 * humidity_pct) / 2.1 - 32.0) / 1.8


@settings(max_examples=60)
@given(
    humidity_pct=st.floats(40, 99),
    below_c=st.floats(0.0, 0.1),
    offset_c=st.floats(-1.0, 2.0),
    period_min=st.integers(90, 200),
)
def test_no_flapping_on_the_step_of_the_heat_index(
    humidity_pct: float, below_c: float, offset_c: float, period_min: int
) -> None:
    """A sensor whose last digit wavers across the step raises each level at most once in a day."""
    rolling = RollingMean(TUNING.rolling_window, timedelta(hours=1))
    means: list[float] = []
    for minute in range(0, 24 * 60, 5):
        is_up = (minute // (period_min // 2)) % 2
        value = effective_temperature_c(step_c(humidity_pct) - below_c + 0.1 * is_up, humidity_pct)
        assert value is not None
        rolling.add(minute * 60.0, value)
        mean = rolling.mean(minute * 60.0)
        assert mean is not None
        means.append(mean)
    seen = [HeatLevel.NORMAL, *follow(means, a_person(offset_c=offset_c), minutes(5))]
    for level in (1, 2, 3):
        assert sum(before < level <= after for before, after in pairwise(seen)) <= 1


# --------------------------------------------------------------------------- any snapshot

broken = st.none() | st.sampled_from([math.nan, math.inf, -math.inf]) | celsius
readings = st.builds(
    a_reading,
    broken,
    freshness=st.sampled_from(Freshness),
    is_suspect=st.booleans(),
    suspect_reason=st.none() | st.just("stuck"),
    is_battery_low=st.booleans(),
    last_seen_at=st.none() | st.just(local(13)),
)


@st.composite
def rooms(draw: st.DrawFn, room_id: str) -> RoomConditions:
    """Draw a room in any state, numbers that are none included."""
    room = a_bedroom() if room_id == "bedroom" else a_room()
    sensors: list[SensorReading] = draw(st.lists(readings, max_size=3))
    return RoomConditions(
        room=room,
        readings=tuple(replace(s, sensor_id=f"{room_id}-{i}") for i, s in enumerate(sensors)),
        freshness=draw(st.sampled_from(Freshness)),
        temperature_c=draw(broken),
        relative_humidity_pct=draw(broken),
        effective_temperature_c=draw(broken),
        mean_10_min_c=draw(broken),
        mean_30_min_c=draw(broken),
        trend_c_per_h=draw(broken),
        history=tuple(
            HourlyValue(local(h, day=13), draw(celsius)) for h in draw(st.sets(st.integers(0, 23)))
        ),
        devices=tuple(
            device_conditions(a_device(), has_failed=draw(st.booleans()))
            for _ in range(draw(st.integers(0, 1)))
        ),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw a home of two rooms and two people at any hour."""
    return a_snapshot(
        local(draw(st.integers(0, 23)), draw(st.sampled_from([0, 30]))),
        rooms=(draw(rooms("living")), draw(rooms("bedroom"))),
        people=(
            person_conditions(draw(people)),
            person_conditions(a_person(person_id="bert", rooms=("living",))),
        ),
        level_memory={
            (who, where): draw(memories)
            for who in ("anna", "bert")
            for where in ("living", "bedroom")
        },
        since_last_decision=draw(durations),
    )


def is_clean(value: object) -> bool:
    """Return whether a value is not NaN or infinite."""
    return not isinstance(value, float) or math.isfinite(value)


@given(snapshots())
def test_no_nan_gets_through_and_nothing_raises(snapshot: Snapshot) -> None:
    """Whatever the snapshot holds, every number in the results is finite or unknown."""
    result = evaluate(snapshot)
    for finding in (*result.findings, *find_trouble(snapshot)):
        assert all(is_clean(value) for value in finding.message.parameters.values())
        assert "nan" not in finding.reason.split()
    for room in result.rooms:
        assert is_clean(room.effective_temperature_c)
        assert is_clean(room.limit_c)
    assert len({finding.subject for finding in result.findings}) == len(result.findings)


@given(snapshots(), st.randoms(use_true_random=False))
def test_the_order_of_sensors_rooms_and_people_does_not_matter(
    snapshot: Snapshot,
    random: Any,  # noqa: ANN401 - hypothesis' own Random
) -> None:
    """Shuffling what the snapshot lists changes no level, no memory and no trouble."""
    shuffled = []
    for conditions in snapshot.rooms:
        sensors = list(conditions.readings)
        random.shuffle(sensors)
        shuffled.append(replace(conditions, readings=tuple(sensors)))
    random.shuffle(shuffled)
    other = replace(snapshot, rooms=tuple(shuffled), people=snapshot.people[::-1])
    first, second = evaluate(snapshot), evaluate(other)
    assert first.levels == second.levels
    assert first.level_memory == second.level_memory
    assert {room.room_id: room for room in first.rooms} == {r.room_id: r for r in second.rooms}

    def told(found: Snapshot) -> set[tuple[str, str, bool]]:
        return {(f.subject, f.message.message_id, f.may_resolve) for f in find_trouble(found)}

    assert told(snapshot) == told(other)


@given(snapshots())
def test_a_person_is_never_better_than_an_unseen_room_remembers(snapshot: Snapshot) -> None:
    """A person's level never falls below what a room of this hour keeps while out of sight."""
    hidden = replace(
        snapshot,
        rooms=tuple(replace(room, freshness=Freshness.STALE) for room in snapshot.rooms),
    )
    result = evaluate(hidden)
    assert result.levels["bert"] == snapshot.level_memory["bert", "living"].level
    assert all(not finding.may_resolve for finding in result.findings)
