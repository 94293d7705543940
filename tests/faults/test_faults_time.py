"""Clocks that are wrong, step, stand still or are never set, as the whole loop lives through it.

The real process with a clock of its own stands in `test_faults_time_process.py`.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from integrations.errors import TransientError
from policies.alert import AlertKey, AlertPhase, HeatLevel
from policies.model import Carer, Phone, PhoneKind
from tests.builders import a_forecast, a_person
from tests.loop_home import TOPICS, FakeRoad, FakeWeather, LoopHome, TwoClocks

HEAT = AlertKey("heat", "anna", 1)
EPOCH = datetime(1970, 1, 1, 0, 0, 20, tzinfo=UTC)
HOUR_S = 3600.0
MINUTE = timedelta(minutes=1)


@pytest.fixture
def home(tmp_path: Path) -> LoopHome:
    """Return a home that was just switched on, at 15:00."""
    return LoopHome(tmp_path)


def wake(home: LoopHome, down_for: timedelta, at: datetime | None = EPOCH) -> datetime:
    """Switch the Pi off and on; return what time it really is. Without `at` its clock stood still.

    Until NTP answers it believes that it is `at`.
    """
    home.kill()
    stood = home.clock.utc
    home.clock.reboot(down_for)
    truth = home.clock.utc
    home.clock.utc = stood if at is None else at
    home.clock.is_set = False
    home.boot()
    return truth


def set_clock(home: LoopHome, truth: datetime) -> None:
    """Have NTP set the clock to what it really is."""
    home.clock.utc = truth
    home.clock.is_set = True
    home.turn()


def heat_titles(home: LoopHome) -> list[str]:
    """Return the titles of the pushes about heat."""
    return [push.title for push in home.phone.about("heat")]


# ----------------------------------------------------------------- 62: before the clock is set


def test_fault_62_old_messages_take_no_room_before_the_clock_is_set(home: LoopHome) -> None:
    """What was sent and ended before a start in 1970 neither fills the day nor hushes a warning."""
    for _ in range(4):  # more episodes than the day has warnings
        home.read(30.2)
        home.run(3 * HOUR_S, step_s=60)
        home.read(22.0)
        home.run(3 * HOUR_S, step_s=60)
    told = len(heat_titles(home))
    assert told >= 4
    wake(home, timedelta(hours=1))
    found = home.daemon.state.people["anna"].conditions(
        home.clock.now(), is_clock_synchronised=False
    )
    assert found.warnings_today == 0
    home.read(30.2)
    home.run(60)
    assert len(heat_titles(home)) == told + 1


def test_fault_62_months_of_drinks_are_not_the_last_hours(home: LoopHome) -> None:
    """Drinks of before a start in 1970 are no litre within the hour; once it is set they count."""
    for _ in range(8):
        home.hear(TOPICS.person_drink("anna"), "250")
        home.run(1200, step_s=60)
    before = len(home.phone.pushes)
    truth = wake(home, timedelta(minutes=10))
    home.run(60)
    assert len(home.phone.pushes) == before
    set_clock(home, truth + MINUTE)
    assert home.conditions().drunk_today_ml == 8 * 250


def test_fault_62_an_old_sign_answers_no_alarm(tmp_path: Path) -> None:
    """A button of yesterday is no answer to today's critical: road and carer follow in time."""
    phone = Phone("carer:phone", "mobile_app_ben", PhoneKind.ANDROID)
    road = FakeRoad()
    person = a_person(second_roads=("anna:second_road:1",))
    home = LoopHome(
        tmp_path,
        people=(person,),
        carers=(Carer("ben", "Ben", ("anna",), (phone,)),),
        second_road=road,
    )
    home.hear(TOPICS.person_drink("anna"), "250")
    home.read(36.0)
    home.run(30)
    assert len(heat_titles(home)) == 1
    assert not road.taken
    wake(home, timedelta(hours=20))
    home.read(36.0)
    home.run(180)
    assert road.to("anna")
    home.run(180)
    assert [push for push in home.phone.pushes if push.service == "mobile_app_ben"]


def test_fault_62_warnings_speak_and_the_rest_waits(tmp_path: Path) -> None:
    """Before the clock is set heat speaks at any hour; nudges and brief wait, and come after it."""
    person = a_person(brief_at=time(8), wake_at=time(7))
    home = LoopHome(tmp_path, people=(person,))
    # 00:00 UTC is deep in Anna's quiet hours; the true time is 08:40 in Berlin.
    truth = wake(home, datetime(2026, 7, 15, 6, 40, tzinfo=UTC) - home.clock.utc)
    home.read(30.2)
    nudges = len(home.phone.about("hydration"))
    home.run(600)
    assert len(heat_titles(home)) == 1
    for _ in range(36):
        home.read(30.2)
        home.run(300, step_s=60)
    assert len(home.phone.about("hydration")) == nudges
    assert not home.phone.about("brief")
    home.read(30.2)
    set_clock(home, truth)
    home.run(60)
    assert len(home.phone.about("brief")) == 1
    home.run(6 * HOUR_S, step_s=60)
    assert len(home.phone.about("hydration")) > nudges


def test_fault_62_what_happened_before_counts_for_the_day_that_it_was(home: LoopHome) -> None:
    """A drink, a push and the day's peak from before the clock was set belong to today after."""
    truth = wake(home, timedelta(hours=1))
    home.hear(TOPICS.person_drink("anna"), "250")
    home.read(30.2)
    home.run(600)
    home.read(22.0)
    home.run(60)
    set_clock(home, truth + 11 * MINUTE)
    found = home.conditions()
    assert (found.drunk_today_ml, found.warnings_today) == (250, 1)
    assert found.peak_level_today is HeatLevel.WARNING
    home.restart()
    assert home.conditions().drunk_today_ml == 250
    assert home.conditions().warnings_today == 1


def test_fault_62_forecast_of_before_is_neither_new_nor_waited_for(tmp_path: Path) -> None:
    """In 1970 a kept forecast is of unknown age; its source is asked within its own hour."""
    weather = FakeWeather()
    home = LoopHome(tmp_path, weather=[weather])
    weather.forecast = a_forecast(
        (30.0,) * 48,
        source="fake",
        fetched_at=home.clock.utc,
        expires_at=home.clock.utc + timedelta(minutes=30),
    )
    home.run(2 * HOUR_S, step_s=60)
    asked = weather.asked
    truth = wake(home, timedelta(days=2))
    assert home.daemon.snapshot is not None
    assert home.daemon.snapshot.forecast_age is None
    set_clock(home, truth)
    home.run(1900, step_s=60)
    assert weather.asked == asked + 1


def test_fault_62_clock_of_the_last_shutdown(home: LoopHome) -> None:
    """Started with the time of the last shutdown: one episode, and its sums, over the step."""
    home.hear(TOPICS.person_drink("anna"), "250")
    home.read(30.2)
    home.run(60)
    truth = wake(home, timedelta(hours=5), at=None)
    home.read(30.2)
    home.run(60)
    set_clock(home, truth + MINUTE)
    home.run(60)
    assert len(heat_titles(home)) == 1
    assert home.conditions().drunk_today_ml == 250
    assert home.daemon.state.alerts[HEAT].phase is AlertPhase.FIRING


def test_fault_62_an_old_wait_goes_on(tmp_path: Path) -> None:
    """A critical that no phone took before a start in 1970 takes the second road after it."""
    road = FakeRoad()
    person = a_person(second_roads=("anna:second_road:1",))
    home = LoopHome(tmp_path, people=(person,), second_road=road)
    home.phone.error = TransientError("away")
    home.read(36.0)
    home.run(20)
    assert not road.taken
    wake(home, timedelta(hours=1))
    home.run(90)
    assert road.to("anna")


def test_fault_62_nothing_is_pruned_by_a_jump(home: LoopHome) -> None:
    """Soon after a jump of years nothing is deleted, and set back a live alert has its button."""
    home.hear(TOPICS.person_drink("anna"), "250")
    home.read(30.2)
    home.run(60)
    push = home.phone.about("heat")[0]
    home.kill()
    home.clock.reboot(timedelta(minutes=1))  # what the boot before wrote keeps its time
    home.boot()
    home.clock.step_wall(timedelta(days=3650))
    home.run(40 * 60, step_s=60)  # past the first pruning, but not an hour after the jump
    assert home.rows("SELECT count(*) FROM drink") == [(1,)]
    home.clock.step_wall(-timedelta(days=3650))
    home.run(2 * HOUR_S, step_s=60)
    home.press(push)
    assert home.daemon.state.alerts[HEAT].since_answered is not None


# ----------------------------------------------------------------- 63: steps while running


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(days=1)], ids=["back", "forth"])
def test_fault_63_steps_leave_sums_brief_and_snooze(tmp_path: Path, step: timedelta) -> None:
    """A step, and the one back, resets no sum, ends no snooze, and tells no second brief."""
    home = LoopHome(tmp_path, people=(a_person(brief_at=time(15, 0)),))
    home.hear(TOPICS.person_drink("anna"), "250")
    home.read(30.2)
    home.run(300)
    home.hear(TOPICS.person_snooze("anna"), "120")
    before = home.conditions()
    assert (before.drunk_today_ml, before.warnings_today) == (250, 1)
    assert len(home.phone.about("brief")) == 1
    for each in (step, -step):
        home.clock.step_wall(each)
        home.run(20 * 60, step_s=60)
        found = home.conditions()
        assert (found.drunk_today_ml, found.warnings_today) == (250, 1)
        assert found.snooze is not None
        assert len(home.phone.about("brief")) == 1
        home.restart()
        assert home.conditions().drunk_today_ml == 250
    snooze = home.conditions().snooze
    assert snooze is not None
    assert snooze.remaining == timedelta(minutes=80)
    assert len(heat_titles(home)) == 1


def test_fault_63_no_second_brief(tmp_path: Path) -> None:
    """Set over midnight and back, and back over the brief's time, the same brief is not told."""
    home = LoopHome(tmp_path, people=(a_person(brief_at=time(15, 0)),))
    home.run(600)
    assert len(home.phone.about("brief")) == 1
    over_midnight = timedelta(hours=8, minutes=55)  # it is over for the day that this seems to be
    for step in (over_midnight, -over_midnight):
        home.clock.step_wall(step)
        home.run(60)
        assert len(home.phone.about("brief")) == 1
    home.clock.step_wall(-timedelta(hours=8))
    home.run(9 * HOUR_S, step_s=60)
    assert len(home.phone.about("brief")) == 1
    home.clock.step_wall(-timedelta(hours=16))
    home.run(10 * HOUR_S, step_s=60)
    home.run(14 * HOUR_S, step_s=60)
    assert len(home.phone.about("brief")) == 2


def test_fault_63_quiet_hours_go_by_the_new_wall_time(home: LoopHome) -> None:
    """Set on to the night, the nudge waits; set back to the afternoon, it comes."""
    home.read(22.0)
    home.run(60)
    told = len(home.phone.about("hydration"))
    home.clock.step_wall(timedelta(hours=9))  # midnight in Berlin
    home.run(3 * HOUR_S, step_s=60)
    assert len(home.phone.about("hydration")) == told
    home.clock.step_wall(-timedelta(hours=9))
    home.run(600, step_s=60)
    assert len(home.phone.about("hydration")) == told + 1


# ----------------------------------------------------------------- 65: never set


def test_fault_65_never_set_it_warns_for_weeks(home: LoopHome) -> None:
    """Without internet every hot day is said, and the status says why the rest waits."""
    wake(home, timedelta(minutes=1))
    for _ in range(3):
        home.read(30.2)
        home.run(6 * HOUR_S, step_s=300)
        home.read(22.0)
        home.run(18 * HOUR_S, step_s=300)
    assert len(heat_titles(home)) == 3
    status = json.loads((home.folder / "home.status.json").read_text())
    assert status["is_clock_synchronised"] is False


# ----------------------------------------------------------------- 30: days of 23 and 25 hours


@pytest.mark.parametrize(
    ("zone", "day", "length_h"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/Toronto", date(2026, 3, 8), 23),
        ("America/Toronto", date(2026, 11, 1), 25),
        ("Asia/Tokyo", date(2026, 10, 25), 24),
    ],
)
def test_fault_30_day_on_which_the_clocks_change(
    tmp_path: Path, zone: str, day: date, length_h: int
) -> None:
    """Brief once at its time, no nudge in quiet hours, and every drink of the day in its sum."""
    local = ZoneInfo(zone)
    start = datetime.combine(day, time(), local).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), local).astimezone(UTC)
    assert end - start == timedelta(hours=length_h)
    person = a_person(brief_at=time(7, 30))
    home = LoopHome(tmp_path, people=(person,), zone=local, clock=TwoClocks(start))
    nudged: list[time] = []
    briefed: list[time] = []
    drunk = told = 0
    while home.clock.utc < end - MINUTE:
        now = home.clock.utc.astimezone(local)
        if now.minute == 30 and now.hour in {1, 2, 12}:  # in the repeated hour twice
            home.hear(TOPICS.person_drink("anna"), "100")
            drunk += 100
        home.run(60, step_s=60)
        if now.minute % 10 == 0:
            home.read(22.0)
            home.clock.utc -= timedelta(seconds=1)  # readings take one; the day shall end sharp
            home.clock.boot -= 1
        for push in home.phone.pushes[told:]:
            at = home.clock.utc.astimezone(local).time()
            if push.tag.startswith("keepcool-hydration-"):
                nudged.append(at)
            elif push.tag.startswith("keepcool-brief-"):
                briefed.append(at)
        told = len(home.phone.pushes)
        assert home.conditions().drunk_today_ml == drunk
    assert drunk == {23: 200, 24: 300, 25: 400}[length_h]
    assert briefed == [time(7, 30)]
    assert nudged
    assert all(time(7) <= at < time(22, 30) for at in nudged)
    assert len(nudged) <= 6
    home.run(120, step_s=60)
    assert home.conditions().drunk_today_ml == 0
    assert home.daemon.errors == 0
