"""A room without its weather: as good as the better of "same as now" and "same as yesterday"."""

from __future__ import annotations

from itertools import pairwise

import pytest

from policies.room_features import KNOTS_H
from policies.room_forecast import Predictor, RoomForecast
from policies.room_model import RoomModel
from policies.room_record import RoomRecord, highest_c
from policies.room_simple import LookBack
from tests.policies.test_room_model import FIRST_H, learn, make_record, predict

DAYS = 40
OUTAGE_H = 24 * 20
AHEAD_H = (1, 3, 6, 12, 24, 48)


def lived_through(known_weather_h: int) -> tuple[RoomRecord, list[RoomForecast]]:
    """Return a room whose weather ends at an hour, and its forecasts from the second day after."""
    full = make_record(DAYS)
    record = RoomRecord(
        FIRST_H,
        full.indoor_c,
        [value if hour < known_weather_h else None for hour, value in enumerate(full.outdoor_c)],
    )
    model = RoomModel(record)
    forecasts = []
    for hour in range(FIRST_H + OUTAGE_H + 48, record.end_h - 48, 3):
        while model.step(record, hour + 1):
            pass
        forecasts.append(predict(model, record, hour))
    return record, forecasts


@pytest.fixture(scope="module", params=[OUTAGE_H, 0], ids=["since 20 days", "ever"])
def outage(request: pytest.FixtureRequest) -> tuple[RoomRecord, list[RoomForecast]]:
    """Return a room whose weather has been missing since its 20th day, or that never had any."""
    return lived_through(request.param)


def test_at_no_distance_worse_than_the_better_simple_predictor(
    outage: tuple[RoomRecord, list[RoomForecast]],
) -> None:
    """Without weather each hour ahead is at least as good as "now" and as "yesterday"."""
    record, forecasts = outage
    for ahead_h in AHEAD_H:
        mine_k = now_k = yesterday_k = 0.0
        for forecast in forecasts:
            here = forecast.hour - record.first_h
            before = record.same_hour_before(here, ahead_h)
            actual_c, now_c = record.indoor_c[here + ahead_h], record.indoor_c[here]
            assert before is not None
            before_c = record.bridged_c[before]
            assert actual_c is not None
            assert now_c is not None
            assert before_c is not None
            mine_k += abs(actual_c - forecast.hours[ahead_h - 1].middle_c)
            now_k += abs(actual_c - now_c)
            yesterday_k += abs(actual_c - before_c)
        assert mine_k <= 1.02 * min(now_k, yesterday_k), ahead_h


def test_band_is_that_of_what_is_used(outage: tuple[RoomRecord, list[RoomForecast]]) -> None:
    """Without weather the band holds about four values of five, not what a line would have."""
    record, forecasts = outage
    held = [
        ahead.low_c <= (record.indoor_at(ahead.hour) or 0.0) <= ahead.high_c
        for forecast in forecasts
        for ahead in (forecast.hours[ahead_h - 1] for ahead_h in AHEAD_H)
    ]
    assert 0.7 <= sum(held) / len(held) <= 0.9


def test_highest_value_is_passed_as_often_as_not(
    outage: tuple[RoomRecord, list[RoomForecast]],
) -> None:
    """A mean with "now" would be lower than the days' tops: its own errors put that right."""
    record, forecasts = outage
    passed = [forecast.peak_c < (highest_c(record, forecast.hour) or 0.0) for forecast in forecasts]
    assert 0.35 <= sum(passed) / len(passed) <= 0.65


def test_what_counts_goes_from_now_to_yesterday(
    outage: tuple[RoomRecord, list[RoomForecast]],
) -> None:
    """Near hours rest on now, far ones on yesterday, with no jump between; no line speaks."""
    _, forecasts = outage
    for forecast in forecasts:
        assert forecast.used(1) is Predictor.NOW
        assert forecast.used(24) is forecast.used(48) is Predictor.YESTERDAY
        for shares in forecast.shares.values():
            assert Predictor.ROOM_MODEL not in shares
            assert sum(shares.values()) == pytest.approx(1.0)
        near = [forecast.shares[knot][Predictor.NOW] for knot in KNOTS_H if knot <= 12]
        assert near == sorted(near, reverse=True)
        assert max(one - other for one, other in pairwise(near)) < 0.5


def test_looking_back_knows_nothing_later() -> None:
    """What comes changes nothing, and neither do days that are too long ago."""
    full, hour = make_record(), FIRST_H + 24 * 13 - 1
    other_c = [*[0.0] * 24, *full.indoor_c[24 : 24 * 13], *[45.0] * 24]
    one = predict(RoomModel(full), RoomRecord(FIRST_H, full.indoor_c, []), hour)
    assert predict(RoomModel(full), RoomRecord(FIRST_H, other_c, []), hour) == one


def test_few_days_keep_the_usual_band() -> None:
    """Two days make no band of their own: it would be too narrow."""
    full = make_record(2)
    record = RoomRecord(FIRST_H, full.indoor_c, [])
    forecast = predict(RoomModel(record), record)
    ahead = forecast.hours[23]
    assert ahead.high_c - ahead.middle_c == pytest.approx(1.2)
    assert forecast.peak_c == pytest.approx(
        max(full.indoor_c[24 + knot - 1] or 0.0 for knot in KNOTS_H if knot <= 24)
    )


def test_room_that_never_changes_is_foretold_to_stay() -> None:
    """Without any error both count, and nothing is divided by it."""
    record = RoomRecord(FIRST_H, [21.0] * 24 * 12, [])
    forecast = predict(RoomModel(record), record)
    assert {round(ahead.middle_c, 9) for ahead in forecast.hours} == {21.0}
    assert {round(ahead.high_c, 9) for ahead in forecast.hours} == {21.0}


def test_a_gap_leaves_what_is_known() -> None:
    """Rows that were not known count for nobody, and a day without any is passed over."""
    full = make_record()
    indoor_c = list(full.indoor_c)
    indoor_c[24 * 10 : 24 * 11] = [None] * 24
    indoor_c[24 * 11 + 5] = None
    back = LookBack(RoomRecord(FIRST_H, indoor_c, []), full.end_h - 1)
    assert sum(back.shares(6).values()) == pytest.approx(1.0)
    assert len(back.errors[6]) == 9 * 24 - 24 - 6 - 1


def test_with_weather_nobody_looks_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A room whose weather is known is foretold by what was learned, at no other cost."""
    record = make_record()
    model = learn(record)
    monkeypatch.setattr("policies.room_model.LookBack", None)
    assert predict(model, record).used(24) is Predictor.ROOM_MODEL
