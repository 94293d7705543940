"""Judge the room model on recordings, as if every hour of them had been lived through.

Every three hours the room's next two days are foretold from what was known then, with the weather
that was recorded as the forecast, and compared with what came.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from policies.room_features import HORIZON_H
from policies.room_forecast import Predictor, RoomForecast
from policies.room_model import RoomModel
from policies.room_record import DAY_H, RoomRecord, highest_c

HORIZONS_H: Final = (1, 3, 6, 12, 24, 48)
PREDICTORS: Final = ("keepcool", "persistence", "yesterday")

START_EVERY_H: Final = 3
KNOWN_HOURS_BEFORE: Final = 240
"""Ten days of history before the first start."""

WEATHER_BEFORE_H: Final = 96
"""So much weather before a room's first hour, for the slow filters."""

MIN_STARTS: Final = 24
"""A room with fewer starts, three days of them, is shown but counts only where no room has more."""

ONSET_C: Final = 28.0
ONSET_FROM_C: Final = 27.5

NOISE_FIRST_K: Final = 0.9
NOISE_LAST_K: Final = 1.9
NOISE_SUN: Final = 0.25
NOISE_KEPT_PER_H: Final = 0.9
"""A realistic forecast error: 0.9 K in the next hour, 1.9 K after 48 h, the sun by a quarter; each
hour's error keeps nine tenths of the hour's before."""

Means = Mapping[int, float]


@dataclass(slots=True)
class Tally:
    """Add up the absolute errors of the three predictors."""

    count: int = 0
    sums_k: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PREDICTORS, 0.0))

    def add(self, actual_c: float, **expected_c: float) -> None:
        """Take what was expected and what came."""
        self.count += 1
        for name, value_c in expected_c.items():
            self.sums_k[name] += abs(actual_c - value_c)

    def mae_k(self) -> dict[str, float | None]:
        """Return the mean absolute errors."""
        return {
            f"{name}_mae_k": total / self.count if self.count else None
            for name, total in self.sums_k.items()
        }


@dataclass(slots=True)
class RoomScore:
    """Hold what the starts of one room came to."""

    hours: int
    starts: int = 0
    horizons: dict[int, Tally] = field(
        default_factory=lambda: {ahead_h: Tally() for ahead_h in HORIZONS_H}
    )
    peak: Tally = field(default_factory=Tally)
    covered: Counter[int] = field(default_factory=Counter)
    onset: Counter[str] = field(default_factory=Counter)
    used: dict[int, dict[str, float]] = field(
        default_factory=lambda: {
            ahead_h: {predictor.value: 0.0 for predictor in Predictor} for ahead_h in HORIZONS_H
        }
    )


@dataclass(frozen=True)
class RoomTask:
    """Hold all that is needed to judge one room, in a process of its own."""

    room: str
    indoor_c: Means
    outdoor_c: Means
    sun_w_m2: Means
    has_noise: bool = False


def score_room(task: RoomTask, tell: Callable[[float], None] | None = None) -> RoomScore:
    """Go through a room's recording.

    Args:
        task: the room and its weather.
        tell: is told each day how large a share is done.
    """
    score = RoomScore(len(task.indoor_c))
    record = build_record(task)
    for forecast in foretell(task, record, tell):
        _judge(score, record, forecast)
    return score


def foretell(
    task: RoomTask, record: RoomRecord, tell: Callable[[float], None] | None = None
) -> Iterator[RoomForecast]:
    """Yield the forecast of every start; it holds what was known at that hour."""
    model = RoomModel(record)
    known = 0
    for hour in range(record.first_h, record.end_h):
        if tell is not None and (hour % DAY_H == 0 or hour == record.end_h - 1):
            tell((hour + 1 - record.first_h) / (record.end_h - record.first_h))
        if record.indoor_at(hour) is None:
            continue
        known += 1
        if hour % START_EVERY_H or known < KNOWN_HOURS_BEFORE:
            continue
        while model.step(record, hour + 1):
            pass
        forecast = model.predict(with_noise(record, hour) if task.has_noise else record, hour)
        if forecast is not None:
            yield forecast


def build_record(task: RoomTask) -> RoomRecord:
    """Return the room's hours, with weather from before its first to behind its last."""
    first_h = min(task.indoor_c) - WEATHER_BEFORE_H
    last_h = max(task.indoor_c)
    weather = range(first_h, last_h + HORIZON_H + 1)
    sun = [task.sun_w_m2.get(hour) for hour in weather]
    return RoomRecord(
        first_h,
        [task.indoor_c.get(hour) for hour in range(first_h, last_h + 1)],
        [task.outdoor_c.get(hour) for hour in weather],
        [None if value is None else value / 1000 for value in sun] if any(sun) else None,
    )


def _judge(score: RoomScore, record: RoomRecord, forecast: RoomForecast) -> None:
    hour = forecast.hour
    here = hour - record.first_h
    now_c = record.indoor_at(hour)
    if now_c is None:
        return
    score.starts += 1
    for ahead_h, tally in score.horizons.items():
        actual_c = record.indoor_at(hour + ahead_h)
        before = record.same_hour_before(here, ahead_h)
        yesterday_c = None if before is None else record.bridged_c[before]
        if actual_c is None or yesterday_c is None:
            continue
        ahead = forecast.hours[ahead_h - 1]
        tally.add(actual_c, keepcool=ahead.middle_c, persistence=now_c, yesterday=yesterday_c)
        score.covered[ahead_h] += ahead.low_c <= actual_c <= ahead.high_c
        for predictor, share in forecast.shares[ahead_h].items():
            score.used[ahead_h][predictor.value] += share
    top_c, before_c = highest_c(record, hour), highest_c(record, hour - DAY_H)
    if top_c is None or before_c is None:
        return
    score.peak.add(top_c, keepcool=forecast.peak_c, persistence=now_c, yesterday=before_c)
    if now_c < ONSET_FROM_C:
        is_called, is_reached = forecast.reaches(ONSET_C), top_c >= ONSET_C
        score.onset["called"] += is_called
        score.onset["reached"] += is_reached
        score.onset["caught"] += is_called and is_reached


def with_noise(record: RoomRecord, hour: int) -> RoomRecord:
    """Return the record with a weather forecast that errs as real ones do; the same every time."""
    random = Random(hour)  # noqa: S311 - no secret; all rooms of a home have the same forecast
    here = hour - record.first_h + 1
    outdoor_c = record.outdoor_c[here : here + HORIZON_H]
    growth_k = (NOISE_LAST_K - NOISE_FIRST_K) / HORIZON_H
    errors = _wandering(random, len(outdoor_c))
    noisy_c = [
        value + error * (NOISE_FIRST_K + growth_k * ahead_h)
        for ahead_h, (value, error) in enumerate(zip(outdoor_c, errors, strict=True), 1)
    ]
    if not record.has_sun:
        return record.with_weather(hour, noisy_c)
    sun = record.sun_kw_m2[here : here + HORIZON_H]
    errors = _wandering(random, len(sun))
    noisy_sun = [
        max(0.0, value * (1.0 + NOISE_SUN * error))
        for value, error in zip(sun, errors, strict=True)
    ]
    return record.with_weather(hour, noisy_c, noisy_sun)


def _wandering(random: Random, count: int) -> list[float]:
    """Return errors with a mean of 0 and a spread of 1, each much like the one before."""
    errors: list[float] = []
    for _ in range(count):
        new = random.gauss(0.0, 1.0)
        if errors:
            new *= math.sqrt(1.0 - NOISE_KEPT_PER_H**2)
            new += NOISE_KEPT_PER_H * errors[-1]
        errors.append(new)
    return errors


def summarize(scores: Mapping[str, RoomScore]) -> dict[str, object]:
    """Return the table over rooms and each room's own, ready for JSON; unknown is `None`."""
    least = MIN_STARTS if any(score.starts >= MIN_STARTS for score in scores.values()) else 1
    counted = [score for score in scores.values() if score.starts >= least]
    rooms = {
        room: _room_table(score, is_counted=score.starts >= least) for room, score in scores.items()
    }
    return {**_table(counted), "rooms": rooms}


def _room_table(score: RoomScore, *, is_counted: bool) -> dict[str, object]:
    used = {
        str(ahead_h): {
            name: _share(total, score.horizons[ahead_h].count) for name, total in totals.items()
        }
        for ahead_h, totals in score.used.items()
    }
    return {
        "hours": score.hours,
        "starts": score.starts,
        "is_counted": is_counted,
        **_table([score]),
        "used": used,
    }


def _table(scores: Sequence[RoomScore]) -> dict[str, object]:
    onset: Counter[str] = sum((score.onset for score in scores), Counter())
    coverages = [
        _mean(
            score.covered[ahead_h] / score.horizons[ahead_h].count
            for score in scores
            if score.horizons[ahead_h].count
        )
        for ahead_h in HORIZONS_H
    ]
    return {
        "horizons": {
            str(ahead_h): _mean_errors([score.horizons[ahead_h] for score in scores])
            for ahead_h in HORIZONS_H
        },
        "peak": _mean_errors([score.peak for score in scores]),
        "coverage_80_pct": _percent(_mean(value for value in coverages if value is not None)),
        "onset": {
            "caught": _share(onset["caught"], onset["reached"]),
            "false_share": _share(onset["called"] - onset["caught"], onset["called"])
            if onset["reached"]
            else None,
        },
    }


def _mean_errors(tallies: Iterable[Tally]) -> dict[str, float | None]:
    """Return the mean over rooms of their mean absolute errors."""
    rooms = [tally.mae_k() for tally in tallies if tally.count]
    keys = Tally().mae_k()
    return {key: _mean(value for room in rooms if (value := room[key]) is not None) for key in keys}


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return math.fsum(known) / len(known) if known else None


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None
