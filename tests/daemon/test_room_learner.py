"""The learner goes on slice by slice, keeps what it should, and survives its rooms."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.events import LearnerAdvanced
from daemon.hour_series import Series
from daemon.hour_store import HOURS_KEPT
from daemon.hours import HOUR_S, Basis, HourBatch, OutdoorHour, RoomHour, unpack_forecast
from daemon.records import HistoryRow
from daemon.room_learner import (
    DAYS_LEARNED,
    MOST_ROOMS,
    PAUSE_AFTER_CRASH_H,
    HourOver,
    LearnedRoom,
    Learner,
)
from daemon.store import DATABASE_NAME, open_read_only
from daemon.wall_clock import Step
from policies.room_cooling import uncooled
from policies.room_features import HORIZON_H
from policies.room_forecast import Predictor, RoomForecast
from policies.room_model import RoomModel
from policies.room_record import DAY_H, RoomRecord
from tests.opened import open_store
from tests.policies.test_room_model import room, weather

FIRST_H = 24 * 20_644  # a midnight in July 2026
DAYS = 20
OUTDOOR_C = weather(24 * 90 + HORIZON_H)
INDOOR_C = room(OUTDOOR_C)


def at(hour: int) -> datetime:
    """Return the beginning of an hour."""
    return datetime.fromtimestamp(hour * HOUR_S, UTC)


def rooms_of(
    hours: Iterable[int], room_id: str = "living", warmer_c: float = 0.0
) -> list[RoomHour]:
    """Return hours of the simulated room, counted from `FIRST_H`."""
    return [RoomHour(room_id, FIRST_H + hour, INDOOR_C[hour] + warmer_c, 0.0) for hour in hours]


def outdoors(hours: Iterable[int]) -> list[OutdoorHour]:
    """Return hours of its weather."""
    return [OutdoorHour(FIRST_H + hour, OUTDOOR_C[hour]) for hour in hours]


def over(
    hour: int, rooms: Sequence[RoomHour] = (), known: Iterable[int] = (), ahead_h: int = HORIZON_H
) -> HourOver:
    """Return the end of an hour, with the true weather as the forecast."""
    coming = outdoors(range(hour + 1, hour + 1 + ahead_h))
    return HourOver(FIRST_H + hour, tuple(rooms), tuple(outdoors(known)), tuple(coming))


def finish(learner: Learner, event: LearnerAdvanced) -> list[LearnerAdvanced]:
    """Let the learner come to its end; return what it said."""
    said = [event]
    while said[-1].has_more:
        said.append(learner.advance())
        assert len(said) < 10_000
    return said


def forecasts(said: Iterable[LearnerAdvanced]) -> dict[str, RoomForecast]:
    """Return what was foretold."""
    return {room_id: found for each in said for room_id, found in each.forecasts.items()}


def bases(said: Iterable[LearnerAdvanced]) -> dict[str, Basis]:
    """Return what that rests on."""
    return {room_id: found for each in said for room_id, found in each.bases.items()}


def learned(hours: int, *names: str) -> tuple[Learner, list[LearnerAdvanced]]:
    """Return a learner that was told everything of so many hours at once."""
    names = names or ("living",)
    learner = Learner([LearnedRoom(name) for name in names], 50.0, 8.0)
    rows = [row for name in names for row in rooms_of(range(hours), name)]
    return learner, finish(learner, learner.take(over(hours - 1, rows, range(hours))))


def true_mae_k(forecast: RoomForecast) -> float:
    """Return the mean absolute error against what came."""
    errors = [abs(hour.middle_c - INDOOR_C[hour.hour - FIRST_H]) for hour in forecast.hours]
    return sum(errors) / len(errors)


def test_learned_room_is_foretold_for_the_hours_that_come() -> None:
    """After three weeks the 48 hours behind the present one are told, and are right."""
    _, said = learned(24 * DAYS + 13)
    forecast = forecasts(said)["living"]
    assert forecast.hour == FIRST_H + 24 * DAYS + 12
    assert [hour.hour for hour in forecast.hours] == list(
        range(forecast.hour + 1, forecast.hour + 49)
    )
    assert true_mae_k(forecast) < 0.3
    basis = bases(said)["living"]
    assert (basis.days, basis.used, basis.is_learned) == (DAYS, Predictor.ROOM_MODEL, True)
    assert basis.error_k is not None
    assert basis.yesterday_k is not None
    assert basis.error_k < 0.5 * basis.yesterday_k


def test_slices_come_to_what_one_pass_over_the_whole_record_comes_to() -> None:
    """Learning by a window of days gives the forecast of the model that saw everything at once."""
    hours = 24 * DAYS + 5
    _, said = learned(hours)
    record = RoomRecord(
        FIRST_H, INDOOR_C[:hours], OUTDOOR_C[: hours + HORIZON_H], [None] * (hours + HORIZON_H)
    )
    model = RoomModel(record)
    while model.step(record, record.end_h):
        pass
    whole = model.predict(record, FIRST_H + hours - 1)
    assert whole is not None
    for mine, theirs in zip(forecasts(said)["living"].hours, whole.hours, strict=True):
        assert mine.middle_c == pytest.approx(theirs.middle_c, abs=0.05)


def test_hour_by_hour_comes_to_what_all_at_once_comes_to() -> None:
    """A daemon that runs through, and one that starts on its past, foretell the same."""
    hours = 24 * 8 + 3
    steady = Learner([LearnedRoom("living")], 50.0, 8.0)
    said: list[LearnerAdvanced] = []
    for hour in range(hours):
        said = finish(steady, steady.take(over(hour, rooms_of([hour]), [hour])))
    started = forecasts(learned(hours)[1])["living"]
    for mine, theirs in zip(forecasts(said)["living"].hours, started.hours, strict=True):
        assert mine.middle_c == pytest.approx(theirs.middle_c, abs=0.1)


def test_a_day_is_learned_once() -> None:
    """Each hour that follows costs one slice, the first of a new day one more."""
    hours = 24 * DAYS
    learner, _ = learned(hours)
    slices = [
        len(finish(learner, learner.take(over(hour, rooms_of([hour]), [hour])))) - 1
        for hour in range(hours, hours + 26)
    ]
    assert slices == [1] * 23 + [2] + [1] * 2


def test_two_days_are_same_as_yesterday() -> None:
    """Before five days are known "same as yesterday" is said, and says so."""
    _, said = learned(24 * 2 + 2)
    assert set(forecasts(said)["living"].shares[24]) == {Predictor.YESTERDAY}
    assert bases(said)["living"] == Basis(2, Predictor.YESTERDAY)


def test_first_day_is_not_foretold() -> None:
    """Without a day to compare with nothing is foretold, and that is said."""
    _, said = learned(23)
    assert forecasts(said) == {}
    assert bases(said)["living"] == Basis(0, None)


def test_without_any_weather_it_is_same_as_yesterday() -> None:
    """A home without a forecast is foretold by its own days."""
    hours = 24 * DAYS
    learner = Learner([LearnedRoom("living")], 50.0, 8.0)
    said = finish(learner, learner.take(over(hours - 1, rooms_of(range(hours)), ahead_h=0)))
    forecast = forecasts(said)["living"]
    assert {forecast.used(ahead_h) for ahead_h in (12, 24, 48)} == {Predictor.YESTERDAY}
    assert bases(said)["living"].days == 0


def test_room_that_is_learned_says_when_only_the_weather_is_missing() -> None:
    """An outage of the weather is not said to be missing days; the next hour rests on now."""
    hours, outage_h = 24 * DAYS, 24 * 2
    learner = Learner([LearnedRoom("living")], 50.0, 8.0)
    known = range(hours - outage_h)
    said = finish(learner, learner.take(over(hours - 1, rooms_of(range(hours)), known, ahead_h=0)))
    basis = bases(said)["living"]
    assert (basis.used, basis.is_learned, basis.lacks_weather) == (Predictor.YESTERDAY, True, True)
    assert forecasts(said)["living"].used(1) is Predictor.NOW


def test_five_days_with_weather_are_enough_whatever_was_before() -> None:
    """Of a long past without weather the model still learns from its fifth day with it."""
    hours, known = 24 * 30, 24 * 5 + 12
    learner = Learner([LearnedRoom("living")], 50.0, 8.0)
    rows = rooms_of(range(hours))
    said = finish(learner, learner.take(over(hours - 1, rows, range(hours - known, hours))))
    basis = bases(said)["living"]
    assert (basis.days, basis.is_learned) == (5, True)
    assert true_mae_k(forecasts(said)["living"]) < 1.5


def test_hours_that_the_forecast_tells_of_the_past_are_kept() -> None:
    """A source that answers past hours fills what was not known; what was known stays."""
    learner = Learner([LearnedRoom("living")], 50.0, 8.0)
    told = [OutdoorHour(FIRST_H + hour, 99.0) for hour in range(8, 12)]
    event = learner.take(HourOver(FIRST_H + 10, (), tuple(outdoors([9])), tuple(told)))
    assert event.batch is not None
    assert [row.hour - FIRST_H for row in event.batch.outdoor] == [8, 10]


def test_room_whose_model_crashes_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged and left alone for a day, then learned anew; the others go on."""
    learner, _ = learned(24 * 6, "living", "attic")
    predict = RoomModel.predict
    crashes: list[int] = []

    def crash(model: RoomModel, record: RoomRecord, hour: int) -> RoomForecast | None:
        if record.indoor_at(hour) == round(INDOOR_C[hour - FIRST_H] + 5.0, 2):
            crashes.append(hour)
            raise ZeroDivisionError
        return predict(model, record, hour)

    monkeypatch.setattr(RoomModel, "predict", crash)

    def pass_hour(hour: int) -> set[str]:
        rows = [*rooms_of([hour]), *rooms_of([hour], "attic", warmer_c=5.0)]
        return set(forecasts(finish(learner, learner.take(over(hour, rows, [hour])))))

    assert [pass_hour(24 * 6), pass_hour(24 * 6 + 1)] == [{"living"}] * 2
    assert len(crashes) == 1
    monkeypatch.setattr(RoomModel, "predict", predict)
    assert pass_hour(24 * 6 + PAUSE_AFTER_CRASH_H) == {"living", "attic"}


def test_gaps_and_a_room_that_is_gone() -> None:
    """An hour that is not known is not foretold; after the gap the room is again."""
    hours = 24 * DAYS
    learner, _ = learned(hours)
    silent = finish(learner, learner.take(over(hours + 1, [], [hours, hours + 1])))
    assert forecasts(silent) == {}
    assert bases(silent)["living"].used is Predictor.ROOM_MODEL, "it is learned all the same"
    back = hours + 30
    known = range(hours + 2, back + 1)
    again = finish(learner, learner.take(over(back, rooms_of([back]), known)))
    assert true_mae_k(forecasts(again)["living"]) < 1.0


def test_hour_that_was_lost_is_made_up_for_by_the_one_before() -> None:
    """After a power cut the last hour may be gone: the forecast begins an hour earlier, once."""
    hours = 24 * DAYS
    started = Learner([LearnedRoom("living")], 50.0, 8.0)
    rows = rooms_of(range(hours))
    said = finish(started, started.take(over(hours, rows, range(hours + 1))))
    forecast = forecasts(said)["living"]
    assert forecast.hour == FIRST_H + hours - 1
    assert true_mae_k(forecast) < 0.3
    again = finish(started, started.take(over(hours, [], [])))
    assert forecasts(again) == {}


def test_hours_of_other_rooms_and_other_times_are_ignored() -> None:
    """A room that the settings do not know, or a row of 1970 or 2090, does no harm."""
    learner, _ = learned(24 * 3)
    rows = [
        RoomHour("gone", FIRST_H, 25.0),
        RoomHour("living", 5, 25.0),
        RoomHour("living", FIRST_H * 3, 25.0),
    ]
    said = finish(learner, learner.take(over(24 * 3, [*rows, *rooms_of([24 * 3])], [24 * 3])))
    assert set(forecasts(said)) == {"living"}


def test_hundred_rooms_are_learned_those_first_that_are_wanted_first() -> None:
    """A home of a thousand rooms learns as many as the memory takes."""
    learner = Learner([LearnedRoom(f"room-{number}") for number in range(1000)], 50.0, 8.0)
    assert learner.room_ids == tuple(f"room-{number}" for number in range(MOST_ROOMS))


def test_room_that_is_nearly_done_is_foretold_before_one_that_has_weeks_to_learn() -> None:
    """A room that was added with a long past holds up no other."""
    hours = 24 * 10
    learner = Learner([LearnedRoom("new"), LearnedRoom("living")], 50.0, 8.0)
    finish(learner, learner.take(over(hours - 1, rooms_of(range(hours)), range(hours))))
    rows = [*rooms_of(range(hours + 1), "new"), *rooms_of([hours])]
    said = finish(learner, learner.take(over(hours, rows, [hours])))
    foretold = [place for place, each in enumerate(said) if each.forecasts]
    assert [set(said[place].forecasts) for place in foretold] == [{"living"}, {"new"}]
    assert foretold[0] <= 2
    assert foretold[1] >= 10


def test_memory_is_flat() -> None:
    """What is older than it is kept for is forgotten, also in memory."""
    learner = Learner([LearnedRoom("living")], 50.0, 8.0)
    for hour in range(0, HOURS_KEPT + 24 * 10, 24):
        learner.take(over(hour, rooms_of(range(hour, hour + 1)), [hour]))
    sizes = {len(series.between(series.first_h, series.end_h, 1)) for series in _series(learner)}
    assert max(sizes) <= HOURS_KEPT + 1


def _series(learner: Learner) -> list[Series]:
    return list(learner._all_series())


def test_clock_that_was_set_moves_the_hours() -> None:
    """Hours that were counted by a clock a day slow are of the next day, and learned as such."""
    hours = 24 * 12
    right = forecasts(learned(hours)[1])["living"]
    learner = Learner([LearnedRoom("living")], 50.0, 8.0)
    late = range(24 * 8, hours)
    rows = rooms_of(range(24 * 8))
    rows += [
        RoomHour("living", FIRST_H + hour - 24, INDOOR_C[hour]) for hour in late if hour >= 24 * 9
    ]
    finish(learner, learner.take(over(hours - 25, rows, range(hours - 24))))
    since, until = FIRST_H + 24 * 8, FIRST_H + hours - 25
    step = Step(timedelta(days=1), at(since), at(until))
    assert not learner.restamp(step).has_more
    missing = rooms_of(range(24 * 8, 24 * 9))
    said = finish(learner, learner.take(over(hours - 1, missing, range(hours))))
    for mine, theirs in zip(forecasts(said)["living"].hours, right.hours, strict=True):
        assert mine.middle_c == pytest.approx(theirs.middle_c, abs=0.05)


# ----------------------------------------------------------------- what earlier runs kept


def test_restart_foretells_what_it_would_have_without(tmp_path: Path) -> None:
    """From the hours on the disk the same is learned again; the last forecast stands at once."""
    store = open_store(tmp_path / DATABASE_NAME)
    hours = 24 * 12 + 7
    before, said = learned(hours)
    batch = HourBatch(rooms_of(range(hours)), outdoors(range(hours)))
    for each in said:
        batch = batch.followed_by(each.batch or HourBatch())
    store.write_history([], {}, batch)
    after = Learner([LearnedRoom("living")], 50.0, 8.0, partial(open_read_only, store.path))
    event = after.take(over(hours))
    assert event.forecasts["living"].hour == FIRST_H + hours - 1
    last = forecasts(said)["living"]
    assert event.forecasts["living"].hours[20].middle_c == pytest.approx(
        last.hours[20].middle_c, abs=0.006
    )
    finish(after, event)
    both = [
        forecasts(finish(each, each.take(over(hours, rooms_of([hours]), [hours]))))["living"]
        for each in (before, after)
    ]
    for mine, theirs in zip(both[1].hours, both[0].hours, strict=True):
        assert mine.middle_c == pytest.approx(theirs.middle_c, abs=0.01)


def test_fault_59_hours_that_a_power_cut_took_come_from_the_readings(tmp_path: Path) -> None:
    """What was counted since the last write is there as readings; what is kept stays as it is."""
    store = open_store(tmp_path / DATABASE_NAME)
    hours = 24 * 3
    rows = [
        HistoryRow(at(FIRST_H + hour) + timedelta(minutes=30), name, INDOOR_C[hour] + 1.0, None)
        for hour in range(hours)
        for name in ("sensor", "other")
    ]
    store.write_history(
        rows, {"sensor": "{}", "other": "{}"}, HourBatch(rooms_of(range(hours - 3)), [])
    )
    rooms = [LearnedRoom("living", ("sensor",)), LearnedRoom("silent", ("none",))]
    learner = Learner(rooms, 50.0, 8.0, partial(open_read_only, store.path))
    event = learner.take(over(hours - 2))
    assert event.batch is not None
    assert [(row.room_id, row.hour - FIRST_H) for row in event.batch.rooms] == [
        ("living", hours - 3),
        ("living", hours - 2),
    ]


def test_old_forecast_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    """After a day without keepcool the last forecast says nothing any more."""
    store = open_store(tmp_path / DATABASE_NAME)
    _, said = learned(24 * 3)
    batch = said[-1].batch
    assert batch is not None
    assert unpack_forecast(0, batch.forecasts[0].body) is not None
    store.write_history([], {}, batch)
    after = Learner([LearnedRoom("living")], 50.0, 8.0, partial(open_read_only, store.path))
    assert after.take(over(24 * 4)).forecasts == {}


def test_forecast_of_a_clock_that_was_ahead_keeps_no_room_from_being_foretold(
    tmp_path: Path,
) -> None:
    """What an earlier boot foretold by a wrong clock, of hours to come, is not taken over."""
    store = open_store(tmp_path / DATABASE_NAME)
    hours = 24 * 3
    batch = learned(hours + 24 * 2)[1][-1].batch
    assert batch is not None
    told = HourBatch(rooms_of(range(hours)), outdoors(range(hours)), batch.forecasts)
    store.write_history([], {}, told)
    after = Learner([LearnedRoom("living")], 50.0, 8.0, partial(open_read_only, store.path))
    event = after.take(over(hours - 1))
    assert event.forecasts == {}
    assert forecasts(finish(after, event))["living"].hour == FIRST_H + hours - 1


def test_first_start_learns_from_the_readings_that_are_there(tmp_path: Path) -> None:
    """A database from before the hours were kept: they are taken from its readings, and written."""
    store = open_store(tmp_path / DATABASE_NAME)
    hours = 24 * 6
    rows = [
        HistoryRow(at(FIRST_H + hour) + timedelta(minutes=minute), "sensor", INDOOR_C[hour], None)
        for hour in range(hours)
        for minute in (10, 40)
    ]
    store.write_history(rows, {"sensor": "{}"})
    rooms = [LearnedRoom("living", ("sensor",)), LearnedRoom("attic", ("other",))]
    learner = Learner(rooms, 50.0, 8.0, partial(open_read_only, store.path))
    event = learner.take(over(hours - 1, [], range(hours)))
    assert event.batch is not None
    assert [(row.room_id, row.hour) for row in event.batch.rooms] == [
        ("living", FIRST_H + hour) for hour in range(hours)
    ]
    said = finish(learner, event)
    assert bases(said)["living"].days == 6
    assert bases(said)["attic"].days == 0


def test_weather_of_the_past_is_wanted_once_a_day_of_it_is_missing() -> None:
    """Hours of a room without their weather teach nothing: what a source tells of them does."""
    hours = 24 * 12
    learner = Learner([LearnedRoom("living")], 50.0, 8.0)
    known = range(hours - 24 * 2, hours)
    event = learner.take(over(hours - 1, rooms_of(range(hours)), known))
    assert event.wants_past
    assert not bases(finish(learner, event))["living"].is_learned
    told = learner.take_past(tuple(outdoors(range(hours + 24))))
    assert told.batch is not None
    assert [row.hour - FIRST_H for row in told.batch.outdoor] == list(range(hours - 48))
    said = finish(learner, told)
    assert bases(said)["living"].is_learned
    assert true_mae_k(forecasts(said)["living"]) < 0.5
    assert not learner.take(over(hours, rooms_of([hours]), [hours])).wants_past


def test_no_past_weather_is_wanted_for_hours_that_are_known() -> None:
    """Neither for a home that runs through nor for one that has just begun."""
    learner, _ = learned(24 * 6)
    assert not learner.take(over(24 * 6, rooms_of([24 * 6]), [24 * 6])).wants_past
    new = Learner([LearnedRoom("living")], 50.0, 8.0)
    assert not new.take(over(0, rooms_of([0]), ahead_h=0)).wants_past


def test_unreadable_past_is_tried_again(tmp_path: Path) -> None:
    """A disk that answers later is read then; until that the learner goes on without."""
    store = open_store(tmp_path / DATABASE_NAME)
    hours = 24 * 3
    store.write_history([], {}, HourBatch(rooms_of(range(hours)), outdoors(range(hours))))
    answers: list[Callable[[], sqlite3.Connection]] = [partial(open_read_only, store.path)]

    def fail() -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    def open_past() -> sqlite3.Connection:
        return answers.pop()()

    answers.append(fail)
    learner = Learner([LearnedRoom("living")], 50.0, 8.0, open_past)
    said = finish(learner, learner.take(over(hours, rooms_of([hours]), [hours])))
    assert forecasts(said) == {}
    later = finish(learner, learner.take(over(hours + 1, rooms_of([hours + 1]), [hours + 1])))
    assert set(forecasts(later)) == {"living"}
    assert DAYS_LEARNED * DAY_H < HOURS_KEPT


# ----------------------------------------------------------------- hours in memory


@given(
    st.lists(st.tuples(st.integers(-500, 500), st.integers(-300, 300)), max_size=40),
    st.integers(-600, 600),
    st.integers(0, 200),
    st.integers(-600, 600),
)
def test_series_holds_what_a_dictionary_holds(
    puts: list[tuple[int, int]], start_h: int, length: int, oldest_h: int
) -> None:
    """Whatever the order and the gaps, each window shows the last value of each hour."""
    series, known = Series(), {}
    for hour, number in puts:
        series.put(hour, number)
        known[hour] = number
    series.forget_before(oldest_h)
    known = {hour: number for hour, number in known.items() if hour >= oldest_h}
    window = range(start_h, start_h + length)
    assert series.between(start_h, start_h + length, 1) == [known.get(hour) for hour in window]
    assert series.known() == sorted(known)
    assert all(series.knows(hour) == (hour in known) for hour in window)


# ----------------------------------------------------------------- rooms that keepcool cools


FALL_K = 2.0
COOLED_HOURS = range(12, 20)


def lowered_k(hours: int, cooled_until: int, fall_k: float) -> list[float]:
    """Return by how much the room is lower in each hour, cooled on afternoons until then."""
    shares = [float(hour < cooled_until and hour % DAY_H in COOLED_HOURS) for hour in range(hours)]
    return [value or 0.0 for value in uncooled([0.0] * hours, shares, fall_k).indoor_c]


def cooled_rows(hours: int, fall_k: float = FALL_K) -> list[RoomHour]:
    """Return hours of the room, cooled on every afternoon at a pace."""
    return [
        RoomHour(
            "living",
            FIRST_H + hour,
            INDOOR_C[hour] - lower_k,
            float(hour % DAY_H in COOLED_HOURS),
        )
        for hour, lower_k in enumerate(lowered_k(hours, hours, fall_k))
    ]


def coming_c(hours: int, fall_k: float = FALL_K) -> list[float]:
    """Return what the room will be when it is cooled no more."""
    lower_k = lowered_k(hours + HORIZON_H, hours, fall_k)
    return [INDOOR_C[hour] - lower_k[hour] for hour in range(hours, hours + HORIZON_H)]


def cooled(hours: int, told_k: float = FALL_K, true_k: float = FALL_K) -> RoomForecast:
    """Return what is foretold of it, the learner being told a pace."""
    learner = Learner([LearnedRoom("living")], 50.0, 8.0)
    told = over(hours - 1, cooled_rows(hours, true_k), range(hours))
    event = learner.take(replace(told, falls_k={"living": told_k}))
    return forecasts(finish(learner, event))["living"]


@pytest.mark.parametrize("hour_of_day", [10, 20])
def test_a_room_cooled_on_every_day_is_foretold_without_further_cooling(hour_of_day: int) -> None:
    """In the morning as hot as it would get, in the evening as it comes back from being cooled."""
    hours = 24 * DAYS + hour_of_day
    forecast, true_c = cooled(hours), coming_c(hours)
    errors_k = [
        abs(hour.middle_c - true) for hour, true in zip(forecast.hours, true_c, strict=True)
    ]
    assert sum(errors_k) / len(errors_k) < 0.35
    assert forecast.peak_c == pytest.approx(max(true_c[:DAY_H]), abs=0.6)
    before_c = max(row.effective_c or 0.0 for row in cooled_rows(hours)[-DAY_H:])
    assert forecast.peak_c > before_c + 0.5


def test_a_pace_that_turns_out_very_different_lets_the_past_be_learned_anew() -> None:
    """Else what was taken out by the first guess would stay wrong for weeks."""
    hours = 24 * DAYS + 10
    learner = Learner([LearnedRoom("living")], 50.0, 8.0)
    told = over(hours - 1, cooled_rows(hours, 5.0), range(hours))
    finish(learner, learner.take(told))
    slight = over(hours, cooled_rows(hours + 1, 5.0)[-1:], [hours])
    said = finish(learner, learner.take(replace(slight, falls_k={"living": 2.2})))
    assert len(said) < 5
    wide = over(hours + 1, cooled_rows(hours + 2, 5.0)[-1:], [hours + 1])
    said = finish(learner, learner.take(replace(wide, falls_k={"living": 5.0})))
    assert len(said) > DAYS
    assert forecasts(said)["living"].peak_c == pytest.approx(
        cooled(hours + 2, 5.0, 5.0).peak_c, abs=0.05
    )


def test_a_pace_of_a_room_that_is_not_learned_is_no_matter() -> None:
    """A room without a sensor may have an air conditioner."""
    learner = Learner([LearnedRoom("living")], 50.0, 8.0)
    told = over(30, rooms_of(range(31)), range(31))
    said = finish(learner, learner.take(replace(told, falls_k={"attic": 3.0})))
    assert set(forecasts(said)) == {"living"}
