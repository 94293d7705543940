"""The reference household's seven hot days: few messages, each of them right, all printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon.demo.fake_home_assistant import CalledService, Push
from daemon.demo.flat import Flat
from daemon.demo.hot_days import hot_week
from daemon.demo.household import Household, HouseholdRoom, hot_day_household
from daemon.demo.rooms import BEDROOM, LIVING_ROOM, AirConditioner, two_room_flat
from daemon.demo.world import World
from policies.model import Flag, PhoneKind
from tests.broker import Mosquitto
from tests.scenarios.judge import describe
from tests.scenarios.test_recorded_weeks import MOST_PUSHES_A_DAY, check_text

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference_household.md"
PREAMBLE = """\
# The reference household's seven hot days

Anna feels heat more than others and sweats little (`heat_sensitive`, `reduced_sweating`), has an
iPhone, wants a morning brief, no reminder in the last three hours before bed, and goes to bed at
21:30. A portable air conditioner stands in the living room, on a plug with a power sensor; a fan in
the bedroom. Seven hot days of June in a simulated flat; on the third the air conditioner's tank is
full. She answers most messages ten minutes later, and every second drink reminder.

`make test` plays the week through the real daemon with a real broker and a pretended Home
Assistant, and compares every message with this page, word for word. To write it anew:
`WRITE_LOGS=1 make test PYTEST_ARGS=tests/scenarios/test_reference_household.py`. What matters: at
most eight pushes a day, warnings and trouble among them, and each of them worth it.

| day | pushes |
|---|--:|
{rows}

```
{pushes}
```
"""
ROME = ZoneInfo("Europe/Rome")
FIRST_DAY = date(2026, 6, 22)
DAYS = 7
START = datetime.combine(FIRST_DAY, time(0), ROME)
STEP = timedelta(minutes=10)
PLUG = "switch.portable_ac"
AC = "living_room_ac"
TANK_FULL_AT = START + timedelta(days=2, hours=15)
ANSWERS_AFTER = timedelta(minutes=10)
WALKS_TO_THE_TANK_AFTER = timedelta(minutes=25)
WINDOWS_OPEN = (time(22), time(7, 30))


def reference_household() -> Household:
    """Return the household of DESIGN: heat-sensitive, sweats little, iPhone, AC on a plug."""
    household = hot_day_household()
    phone = replace(household.person.phones[0], kind=PhoneKind.IPHONE)
    person = replace(
        household.person,
        flags=frozenset({Flag.HEAT_SENSITIVE, Flag.REDUCED_SWEATING}),
        bed_at=time(21, 30),
        evening_cut_off=timedelta(hours=3),
        brief_at=time(7, 30),
        phones=(phone,),
    )
    return replace(
        household,
        person=person,
        rooms=(
            HouseholdRoom(LIVING_ROOM, "Living room", plug_entity=PLUG),
            HouseholdRoom(BEDROOM, "Bedroom", is_bedroom=True, fan_entity="fan.bedroom"),
        ),
        outdoor_at=hot_week(FIRST_DAY).outdoor_at,
        start=START,
        end=START + timedelta(days=DAYS),
    )


class Anna:
    """Live through the week: answer most messages, drink now and then, empty the tank."""

    def __init__(self, household: Household, world: World, flat: Flat) -> None:
        self._household, self._world, self._flat = household, world, flat
        self._seen = 0
        self._reminders = 0
        self._later: list[tuple[datetime, Callable[[], None]]] = []
        self._is_tank_done = False

    def act(self, now: datetime) -> None:
        """Do what is due, and read what is new on the phone while awake."""
        local = self._household.local(now).time()
        is_at_night = local >= WINDOWS_OPEN[0] or local < WINDOWS_OPEN[1]
        for room_id in (LIVING_ROOM, BEDROOM):
            self._flat.set_window(room_id, is_open=is_at_night)
        if not self._is_tank_done and now >= TANK_FULL_AT:
            self._is_tank_done = True
            self._flat.stalled.add(AC)
        person = self._household.person
        if not person.wake_at <= local < person.bed_at:
            return
        if local in {time(7, 30), time(12, 30), time(18)}:
            self._world.publish(self._world.topics.person_drink(person.person_id), "PRESS")
        pushes = self._world.home_assistant.pushes
        for push in pushes[self._seen :]:
            self._read(push, now)
        self._seen = len(pushes)
        for moment, do in [item for item in self._later if item[0] <= now]:
            self._later.remove((moment, do))
            do()

    def _read(self, push: Push, now: datetime) -> None:
        if push.title.startswith("Check AC"):
            self._later.append((now + WALKS_TO_THE_TANK_AFTER, self._empty_the_tank))
        elif "I'm on it" in push.buttons:
            press = self._presses(push, "I'm on it")
            self._later.append((now + ANSWERS_AFTER, press))
        elif push.buttons and push.buttons[0].startswith("Drank"):
            self._reminders += 1
            if self._reminders % 2:
                self._later.append((now + ANSWERS_AFTER, self._presses(push, push.buttons[0])))

    def _presses(self, push: Push, words: str) -> Callable[[], None]:
        def press() -> None:
            if push in self._world.home_assistant.on_screen(push.service):
                self._world.home_assistant.press(push, words)

        return press

    def _empty_the_tank(self) -> None:
        self._flat.stalled.discard(AC)


@contextmanager
def a_week(broker: Mosquitto, folder: Path) -> Iterator[tuple[World, Flat]]:
    """Yield the world of the reference household with its people in it."""
    household = reference_household()
    flat = Flat(two_room_flat(), 1.0, START, start_c=24.0)
    with World(household, (broker.host, broker.port), folder, flat) as world:
        world.habits.append(Anna(household, world, flat).act)
        house, meter = world.home_assistant, household.rooms[0].power_entity

        def measure(power_w: float) -> None:
            house.set_state(meter, f"{power_w:.1f}")

        def start_at_once(call: CalledService) -> None:  # real plugs tell within seconds
            if call.data.get("entity_id") == PLUG and call.service == "turn_on":
                measure(1.0 if AC in flat.stalled else AirConditioner(AC).running_w)

        house.on_service_call(start_at_once)
        world.habits.append(lambda _now: measure(flat.power_w(AC)))
        yield world, flat


@pytest.mark.timeout(170)
def test_reference_household_has_few_messages(
    start_mosquitto: Callable[..., Mosquitto], memory_folder: Path
) -> None:
    """Seven hot days end with at most eight pushes each, and the full tank is told in minutes."""
    with a_week(start_mosquitto("set_tcp_nodelay true"), memory_folder) as (world, _):
        with world.daemon() as daemon:
            at = START
            while at < START + timedelta(days=DAYS):
                at += STEP
                world.step(daemon, at)
        pushes = list(world.home_assistant.pushes)
        log = (memory_folder / "daemon.log").read_text()
    assert "Traceback" not in log
    shown = [push for push in pushes if not push.is_clear]
    days = Counter(push.at.astimezone(ROME).date() for push in shown)
    rows = [f"| {day:%A %d %B} | {count} |" for day, count in sorted(days.items())]
    printed = describe(pushes, ROME).rstrip()
    check_text(PAGE, PREAMBLE.format(rows="\n".join(rows), pushes=printed))
    assert max(days.values()) <= MOST_PUSHES_A_DAY
    told = [push.at for push in shown if push.title.startswith("Check AC")]
    assert any(timedelta(0) < moment - TANK_FULL_AT <= timedelta(minutes=40) for moment in told)
