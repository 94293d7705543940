"""The loop counts hours and sees ahead: over restarts, with a wrong clock, without a disk."""

from __future__ import annotations

import logging
import math
import threading
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from daemon import delivery, hour_store
from daemon.dispatch import Dispatcher
from daemon.events import LearnerAdvanced
from daemon.foresight import MOST_JOBS
from daemon.hours import OutdoorHour, RoomHour, hour_of
from daemon.loop import HISTORY_INTERVAL_S
from daemon.room_learner import Learner
from daemon.status import build_status
from daemon.store import open_read_only
from integrations.errors import TransientError
from integrations.messages import DeviceObserved
from policies.model import Decision, DeviceState, Forecast, HourlyForecast, RoomConditions
from policies.room_forecast import Predictor
from tests.builders import a_device, a_room
from tests.loop_home import AFTERNOON_UTC, FakeWeather, LoopHome
from tests.waiting import wait_until

STEP_S = 300.0


def outdoor_c(at: datetime) -> float:
    """Return a hot week's air: a wave a day, each day a little different."""
    hours = at.timestamp() / 3600
    return 26.0 + 6.0 * math.sin(2 * math.pi * (hours - 9) / 24) + 2.0 * math.sin(hours / 50)


def indoor_c(at: datetime) -> float:
    """Return a room that follows three hours later and by half."""
    return 14.0 + 0.5 * outdoor_c(at - timedelta(hours=3))


def _hours(first: datetime, count: int) -> tuple[HourlyForecast, ...]:
    start = first.replace(minute=0, second=0, microsecond=0)
    moments = [start + timedelta(hours=hour) for hour in range(count)]
    return tuple(
        HourlyForecast(at, outdoor_c(at + timedelta(minutes=30)), 40.0, 2.0, 20.0) for at in moments
    )


class HotWeather(FakeWeather):
    """Serve the hot week, from the present hour on."""

    past_h = 0

    def fetch(self, now_utc: datetime) -> Forecast:
        """Serve."""
        self.asked += 1
        first = now_utc.replace(minute=0, second=0, microsecond=0) - timedelta(hours=self.past_h)
        return Forecast(self.name, now_utc, _hours(first, 72 + self.past_h))


class KnowingWeather(HotWeather):
    """Tell past days as well, when asked."""

    asked_past = 0
    is_past_down = False

    def fetch_past(self, now_utc: datetime, days: int) -> Forecast:
        """Serve."""
        self.asked_past += 1
        if self.is_past_down:
            raise TransientError("planted")
        return replace(self.fetch(now_utc), hours=_hours(now_utc - timedelta(days=days), 24 * days))


class LearningHome(LoopHome):
    """Be a home whose sensor shows the hot week."""

    def live(self, hours: float) -> None:
        """Let time pass with a reading every quarter of an hour."""
        for _ in range(round(hours * 4)):
            self.run(900.0 - 1.0, 900.0)
            self.read(round(indoor_c(self.clock.utc), 2))

    def room(self) -> RoomConditions:
        """Return the room as the policies saw it last."""
        assert self.daemon.snapshot is not None
        return self.daemon.snapshot.rooms[0]

    def hours(self) -> tuple[list[RoomHour], list[OutdoorHour], list[int]]:
        """Return what is on the disk: rooms, weather, when forecasts were made."""
        with closing(open_read_only(self.daemon.parts.store.path)) as connection:
            return (
                list(hour_store.read_room_hours(connection, 0)),
                list(hour_store.read_outdoor_hours(connection, 0)),
                [found.hour for _, found in hour_store.read_forecasts(connection, 0)],
            )


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger().setLevel(logging.WARNING)


@pytest.fixture
def home(tmp_path: Path) -> LearningHome:
    """Return a home that learns."""
    return LearningHome(tmp_path, weather=[HotWeather()], is_learning=True)


def test_room_is_foretold_from_its_second_day_on(home: LearningHome) -> None:
    """The forecast is of the hours to come, made when an hour was over, and kept on the disk."""
    home.live(23)
    assert home.room().ahead is None, "a day must be known first"
    home.live(3.5)
    ahead = home.room().ahead
    assert ahead is not None
    present = hour_of(home.clock.utc)
    assert (ahead.hour, ahead.hours[0].hour, ahead.hours[-1].hour) == (
        *(present - 1, present),
        present + 47,
    )
    rooms, outdoor, made = home.hours()
    assert [row.hour for row in rooms] == list(range(rooms[0].hour, rooms[0].hour + len(rooms)))
    assert len(rooms) >= 24
    for row in rooms[1:]:
        middle = datetime.fromtimestamp((row.hour + 0.5) * 3600, home.clock.utc.tzinfo)
        assert row.effective_c == pytest.approx(indoor_c(middle), abs=0.35)
    known = {row.hour: row.temperature_c for row in outdoor}
    assert set(known) >= {row.hour for row in rooms}
    assert made[-1] >= present - 4, "written every three hours"


def test_model_of_the_week_is_right_and_survives_a_kill(home: LearningHome) -> None:
    """After nine days the room model is used; killed, it stands again from the first minute on."""
    home.live(24 * 9)
    ahead = home.room().ahead
    assert ahead is not None
    assert ahead.used(24) is Predictor.ROOM_MODEL
    errors = [
        abs(hour.middle_c - indoor_c(hour.at + timedelta(minutes=30))) for hour in ahead.hours
    ]
    assert sum(errors) / len(errors) < 0.5
    home.run(HISTORY_INTERVAL_S)  # what was foretold is written with the readings
    home.live(0.2)
    before = home.room().ahead
    assert before is not None
    home.restart()
    home.live(0.2)
    after = home.room().ahead
    assert after is not None
    assert 0 <= after.hour - (before.hour - 1) <= 1
    basis = home.daemon.state.foresight.basis("living")
    assert basis is not None
    assert (basis.is_learned, basis.used) == (True, Predictor.ROOM_MODEL)
    home.live(2)
    later = home.room().ahead
    assert later is not None
    assert later.hour == hour_of(home.clock.utc) - 1
    assert later.used(24) is Predictor.ROOM_MODEL


def test_old_forecast_is_none(home: LearningHome) -> None:
    """A learner that hangs leaves the last forecast, which says nothing after two hours."""
    home.live(26.2)
    home.workers["learner"].is_held = True
    home.live(1.5)
    assert home.room().ahead is not None
    home.live(1)
    assert home.room().ahead is None
    home.workers["learner"].is_held = False
    home.workers["learner"].let_go()
    home.live(1)
    assert home.room().ahead is not None


def test_fault_53_learner_that_hangs_starves_no_watchdog(
    home: LearningHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing urgent waits for it; one that died is told apart, as any other thread."""
    monkeypatch.setattr(delivery, "LONGEST_JOB_S", 0.0)
    dispatcher = Dispatcher(home.daemon.parts)
    is_over = threading.Event()

    def hang() -> LearnerAdvanced:
        assert is_over.wait(30)
        return LearnerAdvanced()

    for name in ("learner", "weather"):
        dispatcher.workers[name].submit(hang, lambda text: LearnerAdvanced(error=text))
    checks = dispatcher.thread_checks()
    assert not checks["worker-learner"](), "it was not started yet"
    dispatcher.start()
    wait_until(lambda: not checks["worker-weather"](), what="a job that takes long")
    assert checks["worker-learner"]()
    is_over.set()
    dispatcher.stop()


def test_room_that_is_not_fresh_has_no_forecast(home: LearningHome) -> None:
    """A silent sensor: nothing is foretold from what nobody knows."""
    home.live(26)
    home.run(3 * 3600.0, STEP_S)
    assert home.room().effective_temperature_c is None
    assert home.room().ahead is None


def test_clock_that_is_not_set_foretells_nothing(home: LearningHome) -> None:
    """While the clock is not synchronised the hours are counted, and wait for it."""
    home.live(26)
    home.clock.is_set = False
    home.live(0.5)
    assert home.room().ahead is None
    home.live(3)
    home.clock.is_set = True
    home.live(1.2)
    ahead = home.room().ahead
    assert ahead is not None
    assert ahead.hour == hour_of(home.clock.utc) - 1
    rooms, _, _ = home.hours()
    assert [row.hour for row in rooms] == list(range(rooms[0].hour, rooms[0].hour + len(rooms)))


def test_fault_62_hours_of_a_clock_that_was_set_are_moved(home: LearningHome) -> None:
    """Started two days back, the clock is set: the hours move along, on the disk and in memory."""
    home.clock.is_set = False
    home.live(6.5)
    home.clock.step_wall(timedelta(days=2))
    home.clock.is_set = True
    home.live(3)
    home.run(HISTORY_INTERVAL_S, STEP_S)
    rooms, _, _ = home.hours()
    boot = hour_of(AFTERNOON_UTC + timedelta(days=2))
    assert {row.hour for row in rooms} <= set(range(boot, hour_of(home.clock.utc) + 1))
    assert {row.hour for row in rooms} >= set(range(boot, boot + 8))


def test_crash_of_the_learner_is_survived(
    home: LearningHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again the next hour; the loop does not notice."""
    home.live(26)
    take = Learner.take
    monkeypatch.setattr(Learner, "take", lambda *_: 1 / 0)
    home.live(1)
    assert home.daemon.errors == 0
    monkeypatch.setattr(Learner, "take", take)
    home.live(1.2)
    ahead = home.room().ahead
    assert ahead is not None
    assert ahead.hour == hour_of(home.clock.utc) - 1


def test_hours_in_which_the_air_conditioner_ran_are_known(tmp_path: Path) -> None:
    """The share of the hour counts, by whoever's wish it runs; heating is no cooling."""
    device = a_device()
    room = replace(a_room(), devices=(device,))
    home = LearningHome(tmp_path, rooms=(room,), is_learning=True, decide=lambda _: Decision())

    def set_mode(mode: str) -> None:
        state = DeviceState(is_on=mode != "off", hvac_mode=mode)
        home.house.states[device.entity_id] = state
        home.post(
            DeviceObserved(device.entity_id, state, is_available=True, last_updated=home.clock.utc)
        )
        home.run(10.0)

    home.live(0.5)
    set_mode("cool")
    home.live(2)
    set_mode("heat")
    home.live(2.25)
    home.run(HISTORY_INTERVAL_S, STEP_S)
    rooms, _, _ = home.hours()
    first, second, third, fourth = (row.cooling for row in rooms[:4])
    assert first == pytest.approx(1.0, abs=0.1)  # of what is known of it: half an hour
    assert second == pytest.approx(1.0, abs=0.05)
    assert third == pytest.approx(0.5, abs=0.1)
    assert fourth == 0.0


def test_an_air_conditioner_that_only_holds_its_target_counts_little(tmp_path: Path) -> None:
    """Left on all day in a room that is cool enough it takes nothing out of the past."""
    device = a_device()
    room = replace(a_room(), devices=(device,))
    home = LearningHome(tmp_path, rooms=(room,), is_learning=True, decide=lambda _: Decision())

    def set_target(target_c: float) -> None:
        state = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=target_c)
        home.house.states[device.entity_id] = state
        home.post(
            DeviceObserved(device.entity_id, state, is_available=True, last_updated=home.clock.utc)
        )
        home.run(10.0)

    home.live(0.5)
    set_target(35.0)
    home.live(2.5)
    set_target(16.0)
    home.live(2)
    home.run(HISTORY_INTERVAL_S, STEP_S)
    rooms, _, _ = home.hours()
    powers = [row.cooling for row in rooms[:4]]
    assert powers[:3] == [0.0, 0.0, 0.0]
    assert powers[3] == pytest.approx(1.0, abs=0.05)


def test_past_hours_of_the_forecast_are_kept(tmp_path: Path) -> None:
    """A source that answers the day before gives it to the model, once."""
    source = HotWeather()
    source.past_h = 24
    home = LearningHome(tmp_path, weather=[source], is_learning=True)
    home.live(1)
    home.run(4 * HISTORY_INTERVAL_S, STEP_S)
    _, outdoor, _ = home.hours()
    hours = [row.hour for row in outdoor]
    assert min(hours) <= hour_of(AFTERNOON_UTC) - 23
    assert len(hours) == len(set(hours))


def test_first_start_on_kept_readings_asks_for_their_weather(tmp_path: Path) -> None:
    """A home that has run for two weeks is foretold by its model within the first minutes.

    A source that fails is asked again later, one that answered is not.
    """
    past = LearningHome(tmp_path, is_learning=False)  # as a version before this one
    past.live(24 * 14)
    past.run(HISTORY_INTERVAL_S, STEP_S)
    past.read(25.0)
    past.kill()
    source = KnowingWeather()
    source.is_past_down = True
    home = LearningHome(tmp_path, clock=past.clock, weather=[source], is_learning=True)
    home.live(7)
    assert source.asked_past == 2
    ahead = home.room().ahead
    assert ahead is not None
    assert ahead.used(24) is Predictor.YESTERDAY
    source.is_past_down = False
    home.live(6)
    ahead = home.room().ahead
    assert ahead is not None
    assert ahead.used(24) is Predictor.ROOM_MODEL
    home.live(20)
    assert source.asked_past == 3
    assert len(home.hours()[1]) > 24 * 14


def test_refused_database_costs_the_past_alone(home: LearningHome) -> None:
    """While the disk takes nothing the hours stay in memory, and are written later."""
    home.live(20)
    home.break_disk()
    home.live(6)
    assert home.room().ahead is not None
    home.break_disk(is_broken=False)
    home.live(4)
    rooms, _, _ = home.hours()
    assert [row.hour for row in rooms] == list(range(rooms[0].hour, rooms[0].hour + len(rooms)))
    assert len(rooms) >= 27


def test_status_says_what_a_forecast_rests_on(home: LearningHome) -> None:
    """Day by day: not enough yet, same as yesterday, the room model with its error."""
    home.live(2)
    status = build_status(home.daemon, home.clock.now())
    assert status["rooms_foretold"] == 0
    assert status["rooms"][0]["foretold"]["is_learned"] is False
    home.live(24 * 8)
    status = build_status(home.daemon, home.clock.now())
    told = status["rooms"][0]["foretold"]
    assert status["rooms_foretold"] == 1
    assert (told["used"], told["is_learned"]) == ("room model", True)
    assert told["error_24h_k"] < told["yesterday_error_24h_k"]
    assert told["days"] in {7, 8}


def test_hours_do_not_pile_up_before_a_learner_that_hangs(home: LearningHome) -> None:
    """The newest hundred wait; the others are on the disk all the same."""
    home.workers["learner"].is_held = True
    home.live(MOST_JOBS + 30)
    assert len(home.daemon.state.foresight._jobs) == MOST_JOBS
    assert len(home.hours()[0]) >= MOST_JOBS + 25
    home.workers["learner"].is_held = False
    home.workers["learner"].let_go()
    home.live(0.5)
    assert home.room().ahead is not None
