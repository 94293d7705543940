"""Prove what is announced ahead of time, where, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from policies.alert import AlertPhase, Finding, HeatLevel, Severity
from policies.heat_sensitivity import (
    evaluate,
)
from policies.model import (
    Freshness,
    HourlyValue,
    RoomConditions,
    Snapshot,
)
from tests.builders import (
    AFTERNOON,
    a_bedroom,
    a_forecast,
    a_person,
    a_snapshot,
    an_alert,
    hours,
    local,
    minutes,
    person_conditions,
    room_conditions,
)

N, L1, L2, L3, L4 = HeatLevel


def feels(
    slow_c: float | None,
    fast_c: float | None = None,
    air_c: float | None = None,
    **overrides: Any,  # noqa: ANN401 - the fields of what is built
) -> RoomConditions:
    """Return a living room with these means; the air is as warm as the slow one unless said."""
    fields: dict[str, Any] = {
        "temperature_c": slow_c if air_c is None else air_c,
        "effective_temperature_c": slow_c,
        "mean_30_min_c": slow_c,
        "mean_10_min_c": slow_c if fast_c is None else fast_c,
    }
    return replace(room_conditions(25.0), **(fields | overrides))


def find(*rooms: RoomConditions, at: datetime = AFTERNOON, **overrides: Any) -> Finding | None:  # noqa: ANN401
    """Return the one finding about Anna."""
    findings = evaluate(a_snapshot(at, rooms=rooms, **overrides)).findings
    assert len(findings) <= 1
    return findings[0] if findings else None


def warming(now_c: float, trend_c_per_h: float = 0.0, **overrides: Any) -> RoomConditions:  # noqa: ANN401
    """Return a living room on its third hot day: 25 °C at night, 31 °C at 17:00 each day."""
    start = AFTERNOON.astimezone(UTC) - hours(72)
    history = tuple(
        HourlyValue(start + hours(index), 28.0 + 3.0 * _shape((15 + index) % 24))
        for index in range(72)
    )
    return feels(now_c, trend_c_per_h=trend_c_per_h, history=history, **overrides)


def _shape(hour: int) -> float:
    return 1.0 - abs(((hour - 17) + 12) % 24 - 12) / 6.0


def test_level_2_is_announced_ahead() -> None:
    """A room that reached its limit each afternoon is announced in the morning, with an hour."""
    finding = find(warming(27.5, 0.5), at=local(12))
    assert finding is not None
    assert finding.message.message_id == "heat_expected"
    assert finding.is_expected
    assert (finding.severity, finding.level) == (Severity.WARNING, L2)
    parameters = finding.message.parameters
    assert parameters["expected_at_local"] == "15:00"
    assert parameters["limit_c"] == 29.0
    assert not finding.carries_safety_text


@pytest.mark.parametrize(
    "overrides",
    [
        {"is_clock_synchronised": False},
        {"rooms": (warming(26.4),)},  # still too far from it
        {"rooms": (warming(27.5, freshness=Freshness.STALE),)},
    ],
)
def test_nothing_is_announced_on_a_guess(overrides: dict[str, Any]) -> None:
    """Without a right clock, a near room or a fresh value nothing is announced."""
    snapshot = a_snapshot(local(12), **({"rooms": (warming(27.5, 0.5),)} | overrides))
    assert not any(finding.is_expected for finding in evaluate(snapshot).findings)


def test_a_room_that_heats_up_fast_is_not_announced_cooler_than_it_is() -> None:
    """While its mean lags behind, the number said is at least that of now."""
    room = warming(28.6, 1.0, effective_temperature_c=30.1, temperature_c=30.1)
    finding = find(room)
    assert finding is not None
    assert finding.is_expected
    assert finding.message.parameters["expected_temperature_c"] == 30.1


def test_what_is_there_is_not_announced() -> None:
    """At level 2 the finding is about now."""
    finding = find(warming(29.2), at=local(14))
    assert finding is not None
    assert not finding.is_expected
    assert finding.message.message_id == "heat_level_2"


def test_a_warm_bedroom_is_announced_for_bedtime() -> None:
    """A bedroom at 27 °C in the evening is announced for bedtime, with its night limit."""
    people = (person_conditions(a_person(rooms=("living", "bedroom"))),)
    bedroom = replace(feels(27.0), room=a_bedroom())
    finding = find(feels(24.0), bedroom, people=people, at=local(20))
    assert finding is not None
    assert finding.message.parameters["room"] == "bedroom"
    assert finding.message.parameters["expected_at_local"] == "23:00"
    assert finding.message.parameters["limit_c"] == 26.0


def test_an_announcement_stands_until_it_misses_clearly() -> None:
    """Once announced, an expectation that sinks a little under the limit is not withdrawn."""
    rooms = (warming(25.9),)
    announced = an_alert(is_expected=True)
    over = replace(announced, phase=AlertPhase.RESOLVED)

    def is_found(alerts: tuple[Any, ...]) -> bool:
        snapshot = a_snapshot(local(12), rooms=rooms, alerts=alerts)
        return any(finding.is_expected for finding in evaluate(snapshot).findings)

    assert is_found((announced,))
    assert not is_found((over,))
    assert not is_found(())


def test_the_room_shows_what_is_expected() -> None:
    """The room's assessment carries the highest level expected and when."""
    [room] = evaluate(a_snapshot(local(12), rooms=(warming(27.5, 0.5),))).rooms
    assert room.expected_level is L2
    assert room.expected_at == local(15).astimezone(UTC)


def _expected_with(snapshot: Snapshot) -> dict[str, Any]:
    [finding] = evaluate(snapshot).findings
    return dict(finding.message.parameters)


def test_a_short_or_old_forecast_is_said_or_left_out() -> None:
    """A forecast that ends within the horizon is said so; one over 12 h old is not used."""
    start = local(12).astimezone(UTC)
    forecast = a_forecast((30.0, 31.0, 18.0))
    forecast = replace(
        forecast,
        hours=tuple(
            replace(hour, at=start + index * hours(1)) for index, hour in enumerate(forecast.hours)
        ),
    )
    snapshot = a_snapshot(
        local(12), rooms=(warming(27.5, 0.5),), forecast=forecast, forecast_age=hours(12)
    )
    parameters = _expected_with(snapshot)
    assert parameters["forecast_until_local"] == "15:00"
    assert parameters["outdoors"] == "cooler_at_night"
    old = _expected_with(replace(snapshot, forecast_age=hours(12.1)))
    assert old["forecast_until_local"] is None
    assert old["outdoors"] is None


@pytest.mark.parametrize(
    ("age_hours", "told", "reason"),
    [
        (2.9, None, ", by open_meteo"),
        (3.0, 3, ", by open_meteo, 3 h old"),
        (11.0, 11, ", by open_meteo, 11 h old"),
    ],
)
def test_old_forecast_is_said_where_a_message_rests_on_it(
    age_hours: float, told: int | None, reason: str
) -> None:
    """The announcement names its source, and from three hours on how old the forecast is."""
    finding = find(
        warming(27.5, 0.5),
        at=local(12),
        forecast=a_forecast((30.0,) * 12),
        forecast_age=hours(age_hours),
    )
    assert finding is not None
    assert finding.message.parameters["age_hours"] == told
    assert finding.reason.endswith(reason)


def test_announcement_without_a_forecast_says_so() -> None:
    """What rests on the room's own past alone names no source."""
    finding = find(warming(27.5, 0.5), at=local(12))
    assert finding is not None
    assert finding.message.parameters["age_hours"] is None
    assert finding.reason.endswith(", without a forecast")


@pytest.mark.parametrize(
    ("humidity_pct", "indoor_pct", "expected"),
    [(45.0, 45.0, "cooler_now"), (95.0, 45.0, "warmer"), (95.0, 90.0, "cooler_now")],
)
def test_windows_are_not_to_be_opened_to_much_more_humid_air(
    humidity_pct: float, indoor_pct: float, expected: str
) -> None:
    """At 24 °C and 95 % it is cooler outdoors by the thermometer alone."""
    made = a_forecast((24.0,) * 24)
    damp = replace(
        made, hours=tuple(replace(hour, relative_humidity_pct=humidity_pct) for hour in made.hours)
    )
    room = warming(27.9, 1.0, relative_humidity_pct=indoor_pct)
    finding = find(room, forecast=damp, forecast_age=minutes(5))
    assert finding is not None
    assert finding.message.message_id == "heat_expected"
    assert finding.message.parameters["outdoors"] == expected
