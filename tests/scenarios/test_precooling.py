"""A hot day with an air conditioner too weak for it: started early, started late, and without.

The real daemon lives through ten days of a simulated flat, cooled every afternoon, and learns the
room and the device's pace. The flat is two stores of heat, sun on walls and windows, moisture, and
windows open at night: nothing of the lines that the room's model fits. Then the hot day is played
twice from the same morning: with what was learned, and by a daemon that knows nothing yet, which
starts as it does without a forecast, half a degree under the limit.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.demo.driver import SteppedDaemon
from daemon.demo.fake_home_assistant import Push
from daemon.demo.flat import DeviceAction, Flat
from daemon.demo.hot_days import hot_day
from daemon.demo.household import Household, HouseholdRoom, hot_day_household
from daemon.demo.rooms import LIVING_ROOM, AirConditioner, two_room_flat
from daemon.demo.world import World
from policies.psychrometrics import effective_temperature_c
from tests.broker import Mosquitto
from tests.scenarios.test_recorded_weeks import LOGS, check_text

ROME = ZoneInfo("Europe/Rome")
HOT_DAY = date(2026, 6, 27)
LEARNED_DAYS = 10
MORNING = datetime.combine(HOT_DAY, time(6), ROME)
START = MORNING - timedelta(days=LEARNED_DAYS)
END = MORNING + timedelta(hours=18)
LEARNING_STEP, STEP = timedelta(minutes=10), timedelta(minutes=5)
WEAK_W = 700.0
LEVEL_1_C, LEVEL_2_C = 26.0, 29.0
ENTITY = "climate.living_room"


@dataclass(slots=True)
class Ledger:
    """Count what a day was like for the person, and what it cost."""

    name: str
    over_1: timedelta = timedelta(0)
    over_2: timedelta = timedelta(0)
    over_k_h: float = 0.0
    hottest_c: float = 0.0
    cooling: timedelta = timedelta(0)
    starts: list[datetime] = field(default_factory=list)
    _is_cooling: bool = False

    def count(self, flat: Flat, *, is_cooling: bool) -> None:
        """Take a step."""
        value_c = felt_c(flat)
        self.over_1 += STEP if value_c >= LEVEL_1_C else timedelta(0)
        self.over_2 += STEP if value_c >= LEVEL_2_C else timedelta(0)
        self.over_k_h += max(value_c - LEVEL_1_C, 0.0) * (STEP / timedelta(hours=1))
        self.hottest_c = max(self.hottest_c, value_c)
        self.cooling += STEP if is_cooling else timedelta(0)
        if is_cooling and not self._is_cooling:
            self.starts.append(flat.now)
        self._is_cooling = is_cooling

    def row(self) -> str:
        """Render it."""
        first = f"{self.starts[0].astimezone(ROME):%H:%M}" if self.starts else "-"
        return (
            f"{self.name:<34}{self.over_1 / timedelta(hours=1):>10.1f}{self.over_k_h:>8.1f}"
            f"{self.over_2 / timedelta(hours=1):>10.1f}{self.hottest_c:>9.1f}"
            f"{self.cooling / timedelta(minutes=1):>9.0f}{len(self.starts):>8}{first:>8}"
        )


HEADER = (
    f"{'':<34}{'h level 1':>10}{'K h':>8}{'h level 2':>10}{'highest':>9}"
    f"{'min on':>9}{'starts':>8}{'first':>8}"
)


def felt_c(flat: Flat) -> float:
    """Return the living room's effective temperature."""
    air_c, humidity_pct = flat.temperature_c(LIVING_ROOM), flat.relative_humidity_pct(LIVING_ROOM)
    return effective_temperature_c(air_c, humidity_pct) or air_c


def a_home(start: datetime) -> Household:
    """Return Anna's flat from a moment on; the living room's air conditioner is a small one."""
    rooms = tuple(
        replace(room, ac=AirConditioner("ac", sensible_w=WEAK_W, latent_w=WEAK_W / 4))
        if room.ac
        else room
        for room in two_room_flat()
    )
    anna = replace(hot_day_household().person, rooms=(LIVING_ROOM,), stays=(), flags=frozenset())
    return replace(
        hot_day_household(),
        person=anna,
        rooms=(HouseholdRoom(LIVING_ROOM, "Living room", ac_entity=ENTITY),),
        flat=tuple(replace(room, window_gain=0.4) for room in rooms),
        outdoor_at=hot_day(HOT_DAY).outdoor_at,
        start=start,
        end=END,
    )


def air(flat: Flat) -> None:
    """Open the windows at night, as on every hot day."""
    local = flat.now.astimezone(ROME)
    flat.set_window(LIVING_ROOM, is_open=local.hour < 9 or local.hour >= 22)


def live(world: World, daemon: SteppedDaemon, until: datetime, step: timedelta) -> None:
    """Let time pass."""
    flat = world.indoors
    assert isinstance(flat, Flat)
    while world.now < until:
        air(flat)
        world.step(daemon, world.now + step)


def hot_day_lived(world: World, daemon: SteppedDaemon, name: str) -> Ledger:
    """Let the hot day pass and count it."""
    flat, ledger = world.indoors, Ledger(name)
    assert isinstance(flat, Flat)
    while world.now < END:
        live(world, daemon, world.now + STEP, STEP)
        is_cooling = world.home_assistant.state_of(ENTITY).state == "cool"
        ledger.count(flat, is_cooling=is_cooling)
    return ledger


def hot_day_without(flat: Flat) -> Ledger:
    """Let the hot day pass without any cooling."""
    ledger = Ledger("without cooling")
    outdoor_at = a_home(MORNING).outdoor_at
    while flat.now < END:
        air(flat)
        flat.advance(flat.now + STEP, outdoor_at, {LIVING_ROOM: DeviceAction()})
        ledger.count(flat, is_cooling=False)
    return ledger


@pytest.mark.timeout(240)
def test_a_weak_air_conditioner_started_early_keeps_the_room_lower(
    start_mosquitto: Callable[..., Mosquitto], memory_folder: Path
) -> None:
    """Fewer hours over the limit than from a late start, for little more cooling."""
    folders = [memory_folder / name for name in ("learned", "new")]
    for folder in folders:
        folder.mkdir()
    broker = start_mosquitto("set_tcp_nodelay true")
    learned = World(a_home(START), (broker.host, broker.port), folders[0])
    with learned as world, world.daemon() as daemon:
        live(world, daemon, MORNING, LEARNING_STEP)
        morning = copy.deepcopy(world.indoors)
        early = hot_day_lived(world, daemon, "early, after ten learned days")
        failed = morning_with_a_full_tank(world, daemon)
    assert isinstance(morning, Flat)
    assert felt_c(morning) < LEVEL_1_C - 0.5  # no air conditioner runs at the parting
    uncooled = hot_day_without(copy.deepcopy(morning))
    broker = start_mosquitto("set_tcp_nodelay true")
    new = World(a_home(MORNING), (broker.host, broker.port), folders[1], morning)
    with new as world, world.daemon() as daemon:
        late = hot_day_lived(world, daemon, "late, at the limit - 0.5 K")
    assert failed.told_at - failed.started_at <= timedelta(minutes=40)
    assert failed.felt_c < LEVEL_1_C  # before the room is too warm, not after
    assert failed.messages == 1
    rows = [HEADER, *(ledger.row() for ledger in (early, late, uncooled))]
    check_text(LOGS / "precooling.txt", "\n".join(rows) + "\n")
    assert early.starts[0] <= late.starts[0]
    assert early.over_k_h < late.over_k_h / 2 < uncooled.over_k_h / 20
    assert early.over_1 < late.over_1
    assert early.cooling < late.cooling * 1.3
    assert len(early.starts) <= len(late.starts)
    assert "cooling_early" in reasons_to_cool(folders[0])
    assert "cooling_early" not in reasons_to_cool(folders[1])
    assert max(map(most_starts_an_hour, (early, late))) <= 3


@dataclass(frozen=True, slots=True)
class Failure:
    """Hold when an air conditioner that does nothing was started and told of, and how often."""

    started_at: datetime
    told_at: datetime
    felt_c: float
    messages: int


def morning_with_a_full_tank(world: World, daemon: SteppedDaemon) -> Failure:
    """Let the next morning pass; the air conditioner is on then and does not cool."""
    flat = world.indoors
    assert isinstance(flat, Flat)
    live(world, daemon, MORNING + timedelta(days=1), LEARNING_STEP)
    flat.stalled.add("ac")
    started_at, found = None, None
    told: list[Push] = []
    before = len(world.home_assistant.pushes)
    while world.now < MORNING + timedelta(days=1, hours=6):
        live(world, daemon, world.now + STEP, STEP)
        if started_at is None and world.home_assistant.state_of(ENTITY).state == "cool":
            started_at = world.now
        told = [
            push for push in world.home_assistant.pushes[before:] if push.title.startswith("Check")
        ]
        if told and started_at is not None and found is None:
            found = Failure(started_at, world.now, felt_c(flat), len(told))
    assert found is not None
    return replace(found, messages=len(told))


def reasons_to_cool(folder: Path) -> set[str]:
    """Return why the daemon let the air conditioner run, by its log."""
    lines = map(json.loads, (folder / "daemon.log").read_text().splitlines())
    return {
        line["reason"]
        for line in lines
        if line["event"] == "cooling.decided" and line["action"] == "run"
    }


def most_starts_an_hour(ledger: Ledger) -> int:
    """Return the largest number of starts within any hour."""
    hour = timedelta(hours=1)
    return max(sum(at <= each < at + hour for each in ledger.starts) for at in ledger.starts)
