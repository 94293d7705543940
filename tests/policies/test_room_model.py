"""A room's forecast: what it is made of, what it does not know, and what it falls back on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random

import pytest

from policies.room_features import KNOTS_H, count_numbers, describe
from policies.room_fit import Sums, added, solve
from policies.room_forecast import Predictor, RoomForecast
from policies.room_model import MIN_ROWS, RoomModel
from policies.room_record import RoomRecord, highest_c
from policies.room_track import Track, along, mix

FIRST_H = 24 * 18_000  # a midnight in 2019
DAYS = 14


def weather(hours: int, seed: int = 1) -> list[float]:
    """Return outdoor hours: a day's wave, and days that differ."""
    random = Random(seed)  # noqa: S311 - no secret
    day_c = [random.gauss(22.0, 3.0) for _ in range(hours // 24 + 2)]
    return [
        day_c[hour // 24] * (1 - hour % 24 / 24)
        + day_c[hour // 24 + 1] * (hour % 24 / 24)
        + 6.0 * math.sin(2 * math.pi * (hour - 9) / 24)
        for hour in range(hours)
    ]


def room(outdoor_c: Sequence[float], extra: Callable[[int], float] = lambda _: 0.0) -> list[float]:
    """Return a room that follows the outdoor air slowly; `extra` is added to each hour's change."""
    value_c, hours = 22.0, []
    for hour, outside_c in enumerate(outdoor_c):
        value_c += 0.06 * (outside_c + 3.0 - value_c) + extra(hour)
        hours.append(value_c)
    return hours


def make_record(
    days: int = DAYS,
    change: Callable[[list[float | None]], None] = lambda _: None,
    seed: int = 1,
) -> RoomRecord:
    """Return whole days of a room, with two days of weather behind them."""
    outdoor_c = weather(24 * days + 48, seed)
    indoor_c: list[float | None] = [*room(outdoor_c)[: 24 * days]]
    change(indoor_c)
    return RoomRecord(FIRST_H, indoor_c, outdoor_c)


def learn(record: RoomRecord, until_h: int | None = None) -> RoomModel:
    """Return a model of all whole days of a record, or of those before an hour."""
    model = RoomModel(record)
    while model.step(record, record.end_h if until_h is None else until_h):
        pass
    return model


def predict(model: RoomModel, record: RoomRecord, hour: int | None = None) -> RoomForecast:
    """Return the forecast behind the record's last hour, or behind another."""
    forecast = model.predict(record, record.end_h - 1 if hour is None else hour)
    assert forecast is not None
    return forecast


@pytest.fixture(scope="module")
def record() -> RoomRecord:
    """Return two weeks of a room that nothing disturbs."""
    return make_record()


@pytest.fixture(scope="module")
def model(record: RoomRecord) -> RoomModel:
    """Return what was learned of them."""
    return learn(record)


# The record


def test_short_gap_is_drawn_straight_and_a_long_one_stays() -> None:
    """Three missing hours are bridged, four are not, and the own value stays unknown."""
    hours: list[float | None] = [20.0, None, None, None, 24.0, None, None, None, None, 20.0]
    record = RoomRecord(0, hours, [])
    assert record.bridged_c == [20.0, 21.0, 22.0, 23.0, 24.0, None, None, None, None, 20.0]
    assert record.indoor_at(1) is None


@pytest.mark.parametrize(
    ("ahead_h", "place"), [(1, 25), (24, 48), (25, 25), (48, 48), (7, 31), (6, 30)]
)
def test_same_hour_before_is_of_the_latest_known_day(ahead_h: int, place: int) -> None:
    """It is the latest hour of that name which is not ahead."""
    record = RoomRecord(0, [20.0] * 49, [])
    assert record.same_hour_before(48, ahead_h) == place


def test_same_hour_before_passes_over_days_that_are_not_known() -> None:
    """A day without values gives way to the one before it, for a week at most."""
    hours: list[float | None] = [*[20.0] * 24, *[None] * 47, 21.0]
    record = RoomRecord(0, hours, [])
    assert record.same_hour_before(71, 6) == 5
    assert RoomRecord(0, [None] * 71 + [21.0], []).same_hour_before(71, 6) is None


def test_missing_weather_repeats_the_day_before_with_its_difference_fading() -> None:
    """A hour that is missing is yesterday's, and the last difference to yesterday dies out."""
    known = [*[10.0] * 24, 14.0]
    record = RoomRecord(0, [], [*known, None, None, 11.0])
    assert record.outdoor_c[25:] == pytest.approx([13.6, 13.24, 11.0])
    assert record.outdoor_age_h[24:] == [0, 1, 2, 0]


def test_weather_unknown_for_more_than_a_day_is_not_believed() -> None:
    """Rows whose target lies behind a day without weather are neither learned nor foretold."""
    outdoor_c: list[float | None] = [20.0] * 48 + [None] * 48
    record = RoomRecord(0, [22.0] * 48, outdoor_c)
    assert describe(record, 47, 24) is not None
    assert describe(record, 47, 30) is None


def test_forecast_weather_replaces_only_what_lies_ahead(record: RoomRecord) -> None:
    """Other weather behind an hour changes no hour up to it; the same weather changes nothing."""
    hour = record.first_h + 100
    same = record.with_weather(hour, record.outdoor_c[101:])
    assert same.outdoor_c == record.outdoor_c
    for mine, theirs in zip(same.filtered_c, record.filtered_c, strict=True):
        assert mine == pytest.approx(theirs)
    other = record.with_weather(hour, [40.0] * 48)
    assert other.filtered_c[0][:101] == record.filtered_c[0][:101]
    assert other.filtered_c[0][101] > record.filtered_c[0][101]


# The numbers


@pytest.mark.parametrize("has_sun", [False, True])
def test_every_row_has_as_many_numbers_as_announced(*, has_sun: bool) -> None:
    """The sun adds its numbers where it is known; the last number is always 1."""
    outdoor_c = weather(24 * 4)
    record = RoomRecord(
        FIRST_H,
        [*room(outdoor_c)[:48]],
        outdoor_c,
        [0.1] * len(outdoor_c) if has_sun else None,
    )
    for knot in KNOTS_H:
        numbers = describe(record, FIRST_H + 30, knot)
        assert numbers is not None
        assert len(numbers) == count_numbers(record)
        assert numbers[-1] == 1.0
        assert all(math.isfinite(number) for number in numbers)


def test_row_of_an_unknown_hour_does_not_exist() -> None:
    """Where the room is not known, or the weather not far enough, there is no row."""
    record = RoomRecord(0, [22.0, None], [20.0] * 10)
    assert describe(record, 1, 1) is None
    assert describe(record, 0, 9) is not None
    assert describe(record, 0, 10) is None
    assert describe(record, -1, 1) is None


# The fit


def test_fit_finds_the_line_that_made_the_rows() -> None:
    """With many rows the penalty is small against what they say."""
    random = Random(3)  # noqa: S311 - no secret
    sums = Sums(3)
    line = (2.0, -1.0, 0.5)
    rows = []
    for _ in range(400):
        numbers = [random.gauss(0, 3), random.gauss(0, 3), 1.0]
        outcome = sum(a * b for a, b in zip(numbers, line, strict=True))
        rows.append((numbers, outcome, 1.0))
    sums.add(rows, 1.0)
    assert solve(sums, [0.0, 0.0, 0.0]) == pytest.approx(line, abs=0.05)


def test_fit_without_rows_says_nothing_and_with_one_row_stays_near_its_start() -> None:
    """No rows, no line; a single row hardly moves numbers that it does not hold."""
    sums = Sums(2)
    assert solve(sums, [0.6, 0.0]) is None
    sums.add([([0.0, 1.0], 0.0, 1.0)], 1.0)
    assert solve(sums, [0.6, 0.0]) == pytest.approx([0.6, 0.0])


def test_fit_forgets_and_adds_by_weight() -> None:
    """A past that counts half, and a part that counts half, are the same as half the weight."""
    row = ([1.5, 1.0], 2.0)
    past, half = Sums(2), Sums(2)
    past.add([(*row, 1.0)], 1.0)
    past.add([], 0.5)
    half.add([(*row, 0.5)], 1.0)
    assert list(past.values) == pytest.approx(list(half.values))
    assert list(added([(past, 0.5), (half, 0.5)]).values) == pytest.approx(list(half.values))


# The track


def test_unknown_room_is_left_to_the_line_more_than_to_others() -> None:
    """Without errors the fitted line counts most, and all shares together are 1."""
    shares = Track().shares(6)
    assert max(shares, key=lambda name: shares[name]) is Predictor.ROOM_MODEL
    assert sum(shares.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("better", list(Predictor))
def test_what_errs_less_is_used(better: Predictor) -> None:
    """After three days in which one predictor erred by a fifth of the others it decides."""
    track = Track()
    for _ in range(72):
        values_c = {name: 25.0 if name is better else 26.0 for name in Predictor}
        track.add(6, 12, 24.8, values_c)
    track.end_day()
    shares = track.shares(6)
    assert shares[better] > 0.9


def test_same_as_now_is_no_second_yesterday() -> None:
    """A day and two days ahead "same as now" is the same as "same as yesterday": one counts."""
    assert set(Track().shares(24)) == {Predictor.ROOM_MODEL, Predictor.YESTERDAY}
    assert set(Track().shares(48)) == {Predictor.ROOM_MODEL, Predictor.YESTERDAY}


def test_missing_predictor_leaves_its_share_to_the_others() -> None:
    """The mean is over what is there."""
    shares = {Predictor.ROOM_MODEL: 0.5, Predictor.YESTERDAY: 0.25, Predictor.NOW: 0.25}
    assert mix({Predictor.YESTERDAY: 20.0, Predictor.NOW: 22.0}, shares) == pytest.approx(21.0)
    assert mix({Predictor.NOW: 22.0}, {Predictor.YESTERDAY: 1.0}) == 22.0


@pytest.mark.parametrize(("count", "expected_k"), [(31, 1.0), (32, 0.3)])
def test_band_is_the_rooms_own_from_32_errors_on(count: int, expected_k: float) -> None:
    """Before that a usual band stands: 1.0 K at six hours."""
    track = Track()
    for _ in range(count):
        track.add(6, 12, 20.3, {Predictor.NOW: 20.0})
    assert track.margins_k(12, (0.9,))[0][5] == pytest.approx(expected_k)


def test_quantile_heeds_the_time_of_day() -> None:
    """Errors at the same time of day count four times as much as those twelve hours off."""
    track = Track()
    for _ in range(40):
        track.add(6, 0, 21.0, {Predictor.NOW: 20.0})
        track.add(6, 12, 19.0, {Predictor.NOW: 20.0})
    assert track.margins_k(0, (0.5,))[0][5] == pytest.approx(1.0)
    assert track.margins_k(12, (0.5,))[0][5] == pytest.approx(-1.0)


@pytest.mark.parametrize(("place", "value"), [(0, 1.0), (1, 1.0), (2, 2.0), (3, 3.0), (9, 3.0)])
def test_lines_between_points(place: float, value: float) -> None:
    """Between points the way is straight, beyond them level."""
    assert along([(1, 1.0), (3, 3.0)], place) == pytest.approx(value)


# The model


def test_forecast_beats_yesterday_and_now(model: RoomModel, record: RoomRecord) -> None:
    """On days that it has not seen it errs less than half as much as either."""
    longer = make_record(DAYS + 8)
    errors = dict.fromkeys(Predictor, 0.0)
    for hour in range(record.end_h - 1, record.end_h + 24 * 5, 7):
        forecast = predict(model, longer, hour)
        now_c = longer.indoor_at(hour)
        for ahead in (5, 11, 23):
            actual_c = longer.indoor_at(hour + ahead + 1)
            before = longer.same_hour_before(hour - longer.first_h, ahead + 1)
            assert actual_c is not None
            assert now_c is not None
            assert before is not None
            errors[Predictor.ROOM_MODEL] += abs(actual_c - forecast.hours[ahead].middle_c)
            errors[Predictor.NOW] += abs(actual_c - now_c)
            errors[Predictor.YESTERDAY] += abs(actual_c - (longer.bridged_c[before] or 0.0))
    assert errors[Predictor.ROOM_MODEL] < 0.5 * errors[Predictor.YESTERDAY]
    assert errors[Predictor.ROOM_MODEL] < 0.5 * errors[Predictor.NOW]


def test_forecast_has_48_hours_in_their_band(model: RoomModel, record: RoomRecord) -> None:
    """Every hour of the next two days is there, its middle within its band, nothing NaN."""
    forecast = predict(model, record)
    assert [ahead.hour for ahead in forecast.hours] == [record.end_h + hour for hour in range(48)]
    for ahead in forecast.hours:
        assert ahead.low_c <= ahead.middle_c <= ahead.high_c
        assert math.isfinite(ahead.low_c + ahead.high_c)
    assert forecast.peak_c <= forecast.peak_early_c <= forecast.peak_earlier_c
    assert forecast.used(24) is Predictor.ROOM_MODEL
    for shares in forecast.shares.values():
        assert sum(shares.values()) == pytest.approx(1.0)


def test_forecast_knows_nothing_later_than_its_start(record: RoomRecord) -> None:
    """Other rooms and other weather later change neither what is learned nor what is foretold.

    The room differs from the hour after the start on, the weather from 48 hours after it on.
    """
    start = record.first_h + 24 * 10 + 14
    expected = predict(learn(record, start + 1), record, start)

    def hotter(indoor_c: list[float | None]) -> None:
        indoor_c[start + 1 - record.first_h :] = [45.0, None, None, 44.0] * 4

    other = make_record(change=hotter)
    outdoor_c = list(record.outdoor_c)
    outdoor_c[start + 49 - record.first_h :] = [-20.0] * 30
    other = RoomRecord(FIRST_H, other.indoor_c, outdoor_c)
    assert predict(learn(other, start + 1), other, start) == expected
    nearer = list(record.outdoor_c)
    nearer[start + 48 - record.first_h] += 10.0
    heeded = RoomRecord(FIRST_H, record.indoor_c, nearer)
    assert predict(learn(heeded, start + 1), heeded, start) != expected


def test_room_that_is_not_known_now_has_no_forecast(model: RoomModel, record: RoomRecord) -> None:
    """The forecast starts at a known hour."""
    assert model.predict(record, record.end_h) is None
    assert model.predict(record, record.first_h - 1) is None


def test_first_days_are_foretold_by_yesterday_and_the_weather() -> None:
    """Before four days of rows it is yesterday plus a part of the outdoor difference to it."""
    record = make_record(3)
    model = learn(record)
    forecast = predict(model, record)
    assert {forecast.used(knot) for knot in KNOTS_H} == {Predictor.YESTERDAY}
    before = record.same_hour_before(71, 12)
    assert before is not None
    numbers = describe(record, record.end_h - 1, 12)
    assert numbers is not None
    expected_c = (record.bridged_c[before] or 0.0) + 0.6 * numbers[6]
    assert forecast.hours[11].middle_c == pytest.approx(expected_c)


def test_fifth_day_is_foretold_by_the_model() -> None:
    """From the fifth day on the lines speak, up to a day ahead."""
    record = make_record(6)
    assert MIN_ROWS == 4 * 24
    forecast = predict(learn(record), record)
    assert Predictor.ROOM_MODEL in forecast.shares[24]


def test_first_hour_of_all_stays_as_it_is() -> None:
    """A room known for one hour is expected to stay so, in a usual band."""
    record = RoomRecord(FIRST_H, [25.0], [20.0] * 49)
    forecast = predict(RoomModel(record), record)
    assert {round(ahead.middle_c, 9) for ahead in forecast.hours} == {25.0}
    assert forecast.hours[23].high_c == pytest.approx(26.2)
    assert forecast.used(6) is Predictor.NOW


def test_weather_that_ends_early_leaves_the_rest_to_yesterday(model: RoomModel) -> None:
    """Behind the end of the forecast the same hour of the last day stands."""
    full = make_record()
    short = RoomRecord(FIRST_H, full.indoor_c, full.outdoor_c[:-40])
    forecast = predict(model, short)
    assert forecast.used(6) is Predictor.ROOM_MODEL
    assert forecast.used(24) is Predictor.YESTERDAY


def test_days_are_learned_one_by_one(record: RoomRecord) -> None:
    """Each step takes one day; the last says that none is left, and a day waits to be over."""
    model = RoomModel(record)
    assert model.learned_h is None
    steps = 0
    while model.step(record, record.end_h):
        steps += 1
        assert model.learned_h == record.first_h + 24 * steps
    assert steps == DAYS
    assert not model.step(record, record.end_h + 23)


def test_model_outlives_the_record_that_it_learned_from(model: RoomModel) -> None:
    """A record that begins later serves as well: the model itself keeps no days."""
    full = make_record()
    late = RoomRecord(FIRST_H + 24, full.indoor_c[24:], full.outdoor_c[24:])
    mine, theirs = predict(model, late), predict(model, full)
    for one, other in zip(mine.hours, theirs.hours, strict=True):
        assert one.middle_c == pytest.approx(other.middle_c, abs=0.1)


def test_gap_of_days_is_survived(record: RoomRecord) -> None:
    """Three days without a reading cost little: the days behind them are foretold again."""

    def lose(indoor_c: list[float | None]) -> None:
        indoor_c[24 * 9 : 24 * 12] = [None] * 72

    broken = make_record(change=lose)
    mine, theirs = predict(learn(broken), broken), predict(learn(record), record)
    for one, other in zip(mine.hours, theirs.hours, strict=True):
        assert one.middle_c == pytest.approx(other.middle_c, abs=0.6)


def test_moved_sensor_is_forgiven(record: RoomRecord) -> None:
    """A step of 3 K five days ago, a sensor that was moved, does not bend what comes."""

    def move(indoor_c: list[float | None]) -> None:
        for place in range(24 * 9, len(indoor_c)):
            indoor_c[place] = (indoor_c[place] or 0.0) + 3.0

    moved = make_record(change=move)
    mine, theirs = predict(learn(moved), moved), predict(learn(record), record)
    for one, other in zip(mine.hours, theirs.hours, strict=True):
        assert one.middle_c - 3.0 == pytest.approx(other.middle_c, abs=1.0)


def test_heated_room_is_left_to_yesterday() -> None:
    """A room that a thermostat holds, with a heating that answers to no weather, is "yesterday"."""
    random = Random(5)  # noqa: S311 - no secret
    pulses = [random.choice((0.0, 0.0, 1.5)) for _ in range(24 * DAYS)]
    outdoor_c = weather(24 * DAYS + 48)
    usual = [19.0 + 2.0 * (7 <= hour % 24 < 21) for hour in range(24 * DAYS)]
    held = [usual_c + 0.02 * pulse for usual_c, pulse in zip(usual, pulses, strict=True)]
    record = RoomRecord(FIRST_H, held, outdoor_c)
    forecast = predict(learn(record), record)
    before = record.same_hour_before(len(held) - 1, 24)
    assert before is not None
    assert forecast.hours[23].middle_c == pytest.approx(held[before], abs=0.2)


def test_highest_value_needs_most_of_its_day() -> None:
    """With five hours of the 24 missing nobody knows how warm it became."""
    full: list[float | None] = [20.0] * 25
    full[3] = 26.0
    assert highest_c(RoomRecord(0, full, []), 0) == 26.0
    full[10:14] = [None] * 4
    assert highest_c(RoomRecord(0, full, []), 0) == 26.0
    full[14] = None
    assert highest_c(RoomRecord(0, full, []), 0) is None


@pytest.mark.parametrize(
    ("limit_above_k", "early", "earlier"), [(-0.5, True, True), (2.0, False, False)]
)
def test_limit_is_reached_with_a_margin_for_who_prefers_early_notice(
    model: RoomModel, record: RoomRecord, limit_above_k: float, *, early: bool, earlier: bool
) -> None:
    """Well under the peak both are told, well above it nobody, between them the careful."""
    forecast = predict(model, record)
    limit_c = forecast.peak_c + limit_above_k
    assert forecast.reaches(limit_c) is early
    assert forecast.reaches(limit_c, prefers_early=True) is earlier
    between_c = (forecast.peak_early_c + forecast.peak_earlier_c) / 2
    assert not forecast.reaches(between_c)
    assert forecast.reaches(between_c, prefers_early=True)
