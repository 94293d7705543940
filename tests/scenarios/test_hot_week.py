"""The shipped hot week: told without cooling, and cooled beside a plain thermostat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.demo.fake_home_assistant import CalledService
from daemon.demo.flat import DeviceAction, Flat
from daemon.demo.hot_days import LATITUDE_DEG, LONGITUDE_DEG, hot_week
from daemon.demo.household import Household, HouseholdRoom, hot_day_household
from daemon.demo.rooms import LIVING_ROOM, two_room_flat
from daemon.demo.world import World
from policies.psychrometrics import heat_index_c
from tests.broker import Mosquitto
from tests.scenarios.recordings import Recording, Sample, one_room_household
from tests.scenarios.test_recorded_weeks import (
    LOGS,
    MOST_PUSHES_A_DAY,
    Resident,
    check_log,
    check_text,
    play,
)

ROME = ZoneInfo("Europe/Rome")
FIRST_DAY = date(2026, 6, 22)
DAYS = 7
START = datetime.combine(FIRST_DAY, time(0), ROME)
LEVEL_2_C = 29.0
SET_BY_HAND_AT = START + timedelta(days=2, hours=15)
OVERRIDE = timedelta(hours=2)
STEP = timedelta(minutes=5)
THERMOSTAT_ON_C, THERMOSTAT_OFF_C = 26.0, 25.0


def simulated_recording() -> Recording:
    """Return the living room of the uncooled flat through the week, every five minutes."""
    flat = Flat(two_room_flat(), 1.0, START, start_c=25.0)
    outdoor_at = hot_week(FIRST_DAY).outdoor_at
    samples = []
    while flat.now < START + timedelta(days=DAYS):
        temperature_c, humidity_pct = flat.reading(LIVING_ROOM)
        samples.append(Sample(flat.now, temperature_c, humidity_pct))
        flat.advance(flat.now + STEP, outdoor_at, {})
    return Recording(samples, START)


@pytest.mark.timeout(170)
def test_shipped_hot_week_is_told(
    start_mosquitto: Callable[..., Mosquitto], memory_folder: Path
) -> None:
    """A hot week without any cooling is told early, seldom and without loss, kill -9 included."""
    place = (LATITUDE_DEG, LONGITUDE_DEG, "IT")
    household = one_room_household(
        "Hot week", START, DAYS, ROME, hot_week(FIRST_DAY).outdoor_at, place
    )
    played = play(
        household,
        simulated_recording(),
        start_mosquitto("set_tcp_nodelay true"),
        memory_folder,
        kill_at=START + timedelta(days=3, hours=15),
    )
    check_log("shipped_week", played, ROME)
    assert played.judgement.lost == 0
    assert played.judgement.most_pushes_a_day <= MOST_PUSHES_A_DAY


@dataclass(slots=True)
class Ledger:
    """Count what a living room's week cost and spared."""

    name: str
    hot: timedelta = timedelta(0)
    cooling: timedelta = timedelta(0)
    starts: list[datetime] = field(default_factory=list)
    violations: int = 0
    _is_cooling: bool = False

    def count(self, flat: Flat, *, is_cooling: bool, step: timedelta) -> None:
        """Take one step."""
        air_c = flat.temperature_c(LIVING_ROOM)
        index_c = heat_index_c(air_c, flat.relative_humidity_pct(LIVING_ROOM)) or air_c
        self.hot += step if max(air_c, index_c) >= LEVEL_2_C else timedelta(0)
        self.cooling += step if is_cooling else timedelta(0)
        if is_cooling and not self._is_cooling:
            self.starts.append(flat.now)
        self._is_cooling = is_cooling

    def most_starts_an_hour(self) -> int:
        """Return the largest number of starts within any hour."""
        hour = timedelta(hours=1)
        return max(
            (sum(first <= at < first + hour for at in self.starts) for first in self.starts),
            default=0,
        )

    def row(self) -> str:
        """Render it."""
        return (
            f"{self.name:<28}{self.hot / timedelta(hours=1):>12.1f}"
            f"{self.cooling / timedelta(minutes=1):>14.0f}{len(self.starts):>9}"
            f"{self.most_starts_an_hour():>14}{self.violations:>12}"
        )


LEDGER_HEADER = (
    f"{'':<28}{'h level 2+':>12}{'min cooling':>14}{'starts':>9}"
    f"{'most an hour':>14}{'violations':>12}"
)


def cooled_household() -> Household:
    """Return the demo's home through the whole week; the AC may do as it is told."""
    return replace(
        hot_day_household(),
        outdoor_at=hot_week(FIRST_DAY).outdoor_at,
        start=START,
        end=START + timedelta(days=DAYS),
        rooms=(HouseholdRoom(LIVING_ROOM, "Living room", ac_entity="climate.living_room"),),
        person=replace(
            hot_day_household().person, rooms=(LIVING_ROOM,), stays=(), flags=frozenset()
        ),
        start_c=25.0,
    )


def live_with_keepcool(broker: Mosquitto, folder: Path) -> Ledger:
    """Let the week pass with keepcool; on the third day somebody switches the AC off by hand."""
    household = cooled_household()
    ledger = Ledger("keepcool")
    commands: list[CalledService] = []
    with World(household, (broker.host, broker.port), folder) as world:
        flat = world.indoors
        assert isinstance(flat, Flat)
        world.habits.append(Resident(household, world.home_assistant).act)
        world.home_assistant.on_service_call(
            lambda call: commands.append(call) if call.domain == "climate" else None
        )
        with world.daemon() as daemon:
            at = household.start
            while at < household.end:
                if at == SET_BY_HAND_AT:
                    assert world.home_assistant.state_of("climate.living_room").state == "cool"
                    world.home_assistant.set_state("climate.living_room", "off", user="anna")
                at += STEP
                world.step(daemon, at)
                is_cooling = world.home_assistant.state_of("climate.living_room").state == "cool"
                ledger.count(flat, is_cooling=is_cooling, step=STEP)
    ledger.violations = sum(
        # The house's clock shows when a step began; the command came when it ended.
        SET_BY_HAND_AT <= call.at + STEP < SET_BY_HAND_AT + OVERRIDE
        for call in commands
    )
    return ledger


def live_with_thermostat(*, has_ac: bool) -> Ledger:
    """Let the week pass with a plain thermostat (on at 26, off at 25 °C), or with nothing."""
    flat = Flat(two_room_flat(), 1.0, START, start_c=25.0)
    ledger = Ledger("plain thermostat 26/25 °C" if has_ac else "no cooling")
    outdoor_at = hot_week(FIRST_DAY).outdoor_at
    is_cooling = False
    while flat.now < START + timedelta(days=DAYS):
        air_c = flat.temperature_c(LIVING_ROOM)
        threshold_c = THERMOSTAT_OFF_C if is_cooling else THERMOSTAT_ON_C
        is_cooling = has_ac and air_c > threshold_c
        action = DeviceAction("cool", 20.0) if is_cooling else DeviceAction()
        flat.advance(flat.now + STEP, outdoor_at, {LIVING_ROOM: action})
        ledger.count(flat, is_cooling=is_cooling, step=STEP)
    return ledger


@pytest.mark.timeout(170)
def test_cooled_week_beside_a_plain_thermostat(
    start_mosquitto: Callable[..., Mosquitto], memory_folder: Path
) -> None:
    """Keepcool keeps the room under level 2, starts the compressor seldom, and obeys a hand."""
    ours = live_with_keepcool(start_mosquitto("set_tcp_nodelay true"), memory_folder)
    plain = live_with_thermostat(has_ac=True)
    nothing = live_with_thermostat(has_ac=False)
    rows = [LEDGER_HEADER, *(ledger.row() for ledger in (ours, plain, nothing))]
    check_text(LOGS / "cooled_week.txt", "\n".join(rows) + "\n")
    assert ours.violations == 0
    assert ours.most_starts_an_hour() <= 3
    assert ours.hot < nothing.hot / 4
