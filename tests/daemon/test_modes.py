"""Snooze, "I'm out" and holidays: switched over MQTT, shown, and ended in time whatever happens."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.modes import Deadline
from daemon.whereabouts import Whereabouts
from integrations.messages import DeviceObserved
from policies.model import CoolingDevice, DeviceState, HolidayEnd
from tests.builders import a_device, a_person, a_room, hours, minutes
from tests.loop_home import TOPICS, LoopHome, TwoClocks

SNOOZE, OUT = TOPICS.person_snooze("anna"), TOPICS.person_out("anna")
HOUR_S = 3600.0


@pytest.fixture
def home(tmp_path: Path) -> LoopHome:
    """Return a home that was just switched on, at 15:00."""
    return LoopHome(tmp_path)


def person_state(home: LoopHome) -> dict[str, Any]:
    """Return what Anna's state topic says of her modes."""
    state = json.loads(home.broker.retained[TOPICS.person_state("anna")])
    return {key: state[key] for key in ("snoozed_until", "is_out", "out_until")}


def home_state(home: LoopHome) -> tuple[bool, str | None]:
    """Return what the home's state topic says of holidays."""
    state = json.loads(home.broker.retained[TOPICS.home_state])
    return state["holiday"], state["holiday_until"]


def test_switches_are_shown_and_end_by_themselves(home: LoopHome) -> None:
    """A plain switch snoozes for an hour and lets out for four; both are shown with their end."""
    nothing = {"snoozed_until": None, "is_out": False, "out_until": None}
    assert person_state(home) == nothing
    home.hear(SNOOZE, "ON")
    home.hear(OUT, "ON")
    home.run(10)
    assert person_state(home) == {
        "snoozed_until": "2026-07-14T14:00:00+00:00",
        "is_out": True,
        "out_until": "2026-07-14T17:00:00+00:00",
    }
    home.run(HOUR_S - 10, step_s=60)
    assert person_state(home)["snoozed_until"] is None
    assert person_state(home)["is_out"]
    home.run(3 * HOUR_S, step_s=60)
    assert person_state(home) == nothing


def test_switching_off_ends_a_mode_at_once(home: LoopHome) -> None:
    """OFF is OFF, whatever was left."""
    for topic, payload in ((SNOOZE, "90"), (OUT, "ON"), (TOPICS.home_holiday, "ON")):
        home.hear(topic, payload)
        home.run(10)
    assert person_state(home)["snoozed_until"] == "2026-07-14T14:30:00+00:00"
    assert home_state(home) == (True, None)
    for topic in (SNOOZE, OUT, TOPICS.home_holiday):
        home.hear(topic, "OFF")
        home.run(10)
    assert person_state(home) == {"snoozed_until": None, "is_out": False, "out_until": None}
    assert home_state(home) == (False, None)


def test_retained_commands_switch_nothing(home: LoopHome) -> None:
    """FAULTS 72: what lies at the broker from another day is no wish of today."""
    for topic in (SNOOZE, OUT, TOPICS.home_holiday):
        home.hear(topic, "ON", is_retained=True)
    home.run(10)
    assert person_state(home) == {"snoozed_until": None, "is_out": False, "out_until": None}
    assert home_state(home) == (False, None)


def test_programs_are_answered(home: LoopHome) -> None:
    """The command line hears until when, or why not."""

    def ask(**fields: object) -> tuple[bool, str] | None:
        return home.ask(TOPICS.mode_command, id="m1", **fields)

    assert ask(kind="snooze", is_on=True, minutes=90) == (
        True,
        "Anna is snoozed until 16:30: only what is urgent speaks",
    )
    assert ask(kind="snooze", is_on=False) == (
        True,
        "Anna is not snoozed: everything speaks again",
    )
    assert ask(kind="out", is_on=True) == (
        True,
        "Anna is out, until 19:00 at the latest: only what is urgent speaks",
    )
    assert ask(kind="out", is_on=False) == (True, "Anna is back: everything speaks again")
    until = "until 2026-07-20 00:00 or somebody is back: no reminders, no cooling"
    assert ask(kind="holiday", is_on=True, until="2026-07-20") == (
        True,
        f"holiday mode is on {until}",
    )
    assert ask(kind="holiday", is_on=False) == (
        True,
        "holiday mode is off: keepcool looks after everybody again",
    )
    assert ask(kind="snooze", is_on=True, minutes=721) == (
        False,
        "snooze: give ON, OFF or minutes from 1 to 720",
    )


@pytest.mark.parametrize("is_reboot", [False, True])
def test_fault_49_modes_survive_a_restart_and_end_while_keepcool_is_down(
    home: LoopHome, *, is_reboot: bool
) -> None:
    """A restart or a reboot changes nothing of a mode; what ended meanwhile is over."""
    home.hear(SNOOZE, "90")
    home.hear(OUT, "ON")
    home.hear(TOPICS.home_holiday, "2026-07-20")
    home.run(10)
    before, days = person_state(home), home_state(home)

    def go_on(down_for: timedelta) -> None:
        home.kill()
        home.broker.retained.clear()
        if is_reboot:
            home.clock.reboot(down_for)
        else:
            home.clock.pass_time(down_for.total_seconds())
        home.boot()

    go_on(minutes(30))
    assert person_state(home) == before
    assert home_state(home) == days
    go_on(hours(2))
    assert person_state(home)["snoozed_until"] is None
    assert person_state(home)["is_out"]
    go_on(timedelta(days=6))
    assert person_state(home) == {"snoozed_until": None, "is_out": False, "out_until": None}
    assert home_state(home) == (False, None)
    assert home.daemon.state.holiday.ended_by is HolidayEnd.DATE


def test_fault_63_a_clock_that_steps_moves_no_end(home: LoopHome) -> None:
    """Within a boot only the clock that never steps counts."""
    home.hear(SNOOZE, "60")
    home.clock.step_wall(timedelta(days=1))
    home.run(10)
    assert home.conditions().snooze is not None
    home.clock.step_wall(-timedelta(days=2))
    home.run(HOUR_S, step_s=60)
    assert home.conditions().snooze is None


def test_without_a_known_time_a_mode_ends_by_its_length_after_a_reboot() -> None:
    """A Pi that wakes in 1970 without internet must not keep quiet for 56 years."""
    clock = TwoClocks()
    deadline = Deadline.after(hours(1), clock.now())
    clock.reboot(minutes(5))
    clock.step_wall(datetime(1970, 1, 1, tzinfo=clock.utc.tzinfo) - clock.utc)
    assert deadline.remaining(clock.now()) == hours(1) - timedelta(seconds=20)
    clock.pass_time(HOUR_S)
    assert deadline.remaining(clock.now()) == timedelta(0)


def test_drink_at_home_ends_out_and_holiday_but_one_by_phone_does_not(home: LoopHome) -> None:
    """A wall button is pressed at home; the phone's button may be pressed anywhere."""
    home.run(2 * HOUR_S, step_s=60)
    nudge = home.phone.about("hydration")[-1]
    home.hear(OUT, "ON")
    home.hear(TOPICS.home_holiday, "ON")
    home.press(nudge)
    home.run(10)
    assert person_state(home)["is_out"]
    assert home_state(home) == (True, None)
    home.hear(TOPICS.person_drink("anna"), "PRESS")
    home.run(10)
    assert not person_state(home)["is_out"]
    assert home_state(home) == (False, None)
    assert home.daemon.state.holiday.ended_by is HolidayEnd.DRINK


def test_device_changed_by_hand_ends_out_and_holiday(tmp_path: Path) -> None:
    """Whoever switches the AC by hand is there; of people who use other rooms nothing is known."""
    device: CoolingDevice = a_device()
    people = (a_person(), a_person(person_id="ben", name="Ben", rooms=("attic",)))
    rooms = (a_room(devices=(device,)), a_room(room_id="attic", name="attic"))
    home = LoopHome(tmp_path, people=people, rooms=rooms)
    home.house.states[device.entity_id] = DeviceState(is_on=False, hvac_mode="off")
    home.read(22.0)
    home.run(90)
    home.hear(OUT, "ON")
    home.hear(TOPICS.person_out("ben"), "ON")
    home.hear(TOPICS.home_holiday, "ON")
    home.run(90)
    home.house.states[device.entity_id] = DeviceState(is_on=True, hvac_mode="cool")
    home.run(90)
    assert home.conditions("anna").out_remaining is None
    assert home.conditions("ben").out_remaining is not None
    assert home.daemon.state.holiday.ended_by is HolidayEnd.DEVICE


def presence(home: LoopHome, state: str) -> None:
    """Have Home Assistant tell where Anna is, twice, as a phone does."""
    for _ in range(2):
        home.clock.pass_time(60)
        told = DeviceObserved(
            "person.anna", None, is_available=True, last_updated=home.clock.utc, raw_state=state
        )
        home.post(told)
    home.run(10)


def test_coming_home_ends_out_and_holiday_also_when_a_restart_lies_between(home: LoopHome) -> None:
    """Who was away and is home is back; who has not left yet is not, whatever the switch says."""
    home.daemon.state.whereabouts = Whereabouts((), {"person.anna": "anna"})
    presence(home, "home")
    home.hear(TOPICS.home_holiday, "ON")
    home.hear(OUT, "ON")
    presence(home, "home")
    assert home_state(home) == (True, None)
    assert person_state(home)["is_out"]
    presence(home, "not_home")
    home.hear(OUT, "OFF")
    home.run(10)
    assert person_state(home)["is_out"]  # by presence alone
    home.restart()
    home.daemon.state.whereabouts = Whereabouts((), {"person.anna": "anna"})
    presence(home, "home")
    assert home_state(home) == (False, None)
    assert not person_state(home)["is_out"]
    assert home.daemon.state.holiday.ended_by is HolidayEnd.PRESENCE
