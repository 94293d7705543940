"""A hot day on Anna's phone, with every mode in it: read as a story, and the same over restarts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from policies.alert import Severity
from policies.model import Forecast, HourlyForecast, Tuning
from tests.builders import ZONE, a_bedroom, a_home, a_person, a_room, local
from tests.loop_home import PROMPT, TOPICS, FakeWeather, LoopHome, TwoClocks

STEP = timedelta(minutes=5)
DAY_START, DAY_END = local(6), local(22, 50)
ANNA = a_person(
    rooms=("living", "bedroom"),
    brief_at=time(7, 30),
    quiet_from=time(13),
    quiet_until=time(14, 30),  # her nap
    drink_interval=timedelta(hours=3),
)
# What the living room's sensor says from each hour on.
BATTERY_LOW_FROM = local(13, 20)
LIVING_C = {6: 23.5, 9: 25.0, 11: 27.0, 13: 29.4, 15: 30.2, 17: 32.4, 19: 29.0, 21: 26.0}


def forecast() -> Forecast:
    """Return the day outdoors: 20 degrees at six, 33 at three."""
    start = datetime(2026, 7, 14, 6, tzinfo=ZONE)
    temperatures_c = (20, 21, 23, 25, 27, 29, 31, 32, 33, 33, 32, 31, 29, 27, 25, 23, 21, 20, 19)
    hours = tuple(
        HourlyForecast((start + timedelta(hours=index)).astimezone(UTC), float(value))
        for index, value in enumerate(temperatures_c)
    )
    return Forecast("fake", start.astimezone(UTC), hours)


def press(words: str) -> Callable[[LoopHome], None]:
    """Press a button of the newest message that has it."""

    def act(home: LoopHome) -> None:
        for push in reversed(home.phone.pushes):
            titles = [button.title for button in push.buttons]
            if words in titles:
                home.press(push, titles.index(words))
                return
        raise AssertionError(f"no message has a button {words}")

    return act


EVENTS: dict[datetime, Callable[[LoopHome], None]] = {
    local(9, 10): press("Drank 200 ml"),
    local(12): lambda home: home.hear(TOPICS.person_out("anna"), "ON"),
    local(12, 50): lambda home: home.hear(TOPICS.person_drink("anna"), "400"),
    local(15, 20): press("Snooze 1 h"),
    local(16, 40): lambda home: home.hear(TOPICS.person_snooze("anna"), "120"),
    local(17, 15): press("I'm on it"),
    local(20): lambda home: home.hear(TOPICS.home_holiday, "ON"),
    local(20, 30): lambda home: home.hear(TOPICS.person_drink("anna"), "PRESS"),
}


def live(home: LoopHome, restart_at: frozenset[datetime] = frozenset()) -> list[str]:
    """Let the day pass; return what came to the phone."""
    story: list[str] = []
    while home.clock.utc < DAY_END:
        now = home.clock.utc.astimezone(ZONE)
        if now in restart_at:
            home.restart()
        before = len(home.phone.pushes)
        for room_id, celsius in (("living", living_c(now)), ("bedroom", 24.5)):
            is_low = room_id == "living" and now >= BATTERY_LOW_FROM
            values = {"temperature": celsius, "humidity": 40, "battery_low": is_low}
            home.hear(f"zigbee2mqtt/{room_id}", json.dumps(values))
        if now in EVENTS:
            EVENTS[now](home)
        home.run(STEP.total_seconds(), step_s=60)
        for push in home.phone.pushes[before:]:
            buttons = "".join(f" [{button.title}]" for button in push.buttons)
            loudness = Severity(push.severity).name.lower()
            story.append(f"{now:%H:%M} ({loudness}) {push.title}{buttons}")
    return story


def living_c(now: datetime) -> float:
    """Return what the living room's sensor says."""
    return LIVING_C[max(hour for hour in LIVING_C if hour <= now.hour)]


@pytest.fixture
def home(tmp_path: Path) -> LoopHome:
    """Return Anna's home at six in the morning."""
    return LoopHome(
        tmp_path,
        people=(ANNA,),
        rooms=(a_room(name="Living room"), a_bedroom(name="Bedroom")),
        home=a_home(tuning=replace(PROMPT, repeat_interval=Tuning().repeat_interval)),
        weather=(FakeWeather(forecast()),),
        clock=TwoClocks(DAY_START.astimezone(UTC)),
    )


STORY = """
07:25 (nudge) Today: up to 33° at 14:00
08:25 (nudge) Have a drink: 0 of 1,850 ml [Drank 200 ml] [I'm out]
13:00 (warning) Cool down now: Living room 29° [I'm on it] [Drank 200 ml] [Snooze 1 h]
14:25 (warning) Change the battery: Living room
14:25 (nudge) Have a drink: 600 of 2,100 ml [Drank 200 ml] [I'm out]
15:25 (nudge) Have a drink: 600 of 2,100 ml [Drank 200 ml] [I'm out]
16:15 (warning) Cool down now: Living room 30° [I'm on it] [Drank 200 ml] [Snooze 1 h]
17:00 (critical) Cool down at once: Living room 33° [I'm on it]
17:05 (critical) Please answer: Living room 33° [I'm on it]
20:30 (warning) Cool down now: Living room 29° [I'm on it] [Drank 200 ml] [Snooze 1 h]
20:30 (nudge) Holiday mode is over
"""


@pytest.mark.timeout(120)
def test_a_hot_day_reads_like_this(home: LoopHome) -> None:
    """Each mode holds what it should, and what still holds comes when it ends.

    Out at noon no drink is asked for. The battery waits for the end of the nap; level 2 does not.
    The snoozed warning speaks again after its hour; level 3 breaks through the person's snooze,
    and is said again until it is answered.
    An empty home says nothing, and a drink at the wall button ends the holiday.
    """
    assert live(home) == STORY.strip().splitlines()


@pytest.mark.timeout(120)
def test_restarts_in_the_middle_of_each_mode_change_nothing(home: LoopHome) -> None:
    """Killed while quiet, out, snoozed, snoozing an alert and on holiday, the day is the same."""
    moments = (local(6, 30), local(12, 30), local(13, 30), local(15, 40), local(17, 30))
    restarts = frozenset({*moments, local(20, 10), local(21)})
    assert live(home, restarts) == STORY.strip().splitlines()
