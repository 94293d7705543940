"""What somebody without a shell sees and does: switches, buttons, alert events, checks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.check import CheckReport
from daemon.check_rows import CheckRow, Status
from daemon.events import CheckFinished
from daemon.face_payloads import check_payload, device_payload
from daemon.probing import read_sensor_ages
from integrations.messages import DeviceObserved
from policies.model import DeviceState, Flag, Lease
from tests.builders import a_bedroom, a_device, a_person, a_room, device_conditions, hours
from tests.loop_home import TOPICS, LoopHome, TwoClocks

COOLING = TOPICS.room_cooling("living")
ALERT = TOPICS.person_alert("anna")
LEASE = Lease(DeviceState(is_on=True), None, hours(0), hours(1))
FINE = CheckRow("broker", Status.OK, "connected")
RED = CheckRow("phone of Anna", Status.RED, "there is none", "add a phone")


@pytest.fixture
def home(tmp_path: Path) -> LoopHome:
    """Return a home with an air conditioner that is off, and a bedroom without devices."""
    home = LoopHome(tmp_path, rooms=(a_room(devices=(a_device(),)), a_bedroom()))
    home.house.states["climate.living_room"] = DeviceState(is_on=False, hvac_mode="off")
    home.run(60)
    return home


def state(home: LoopHome, topic: str) -> dict[str, Any]:
    """Return what a retained topic says."""
    found: dict[str, Any] = json.loads(home.broker.retained[topic])
    return found


def room(home: LoopHome, room_id: str = "living") -> dict[str, Any]:
    """Return a room's state."""
    return state(home, TOPICS.room_state(room_id))


def events(home: LoopHome) -> list[dict[str, Any]]:
    """Return Anna's alert events, in order."""
    return [json.loads(text) for topic, text in home.broker.published if topic == ALERT]


def is_cooling(home: LoopHome) -> bool:
    """Return whether the air conditioner runs."""
    return home.house.states["climate.living_room"].is_on


# ----------------------------------------------------------------- automatic cooling


def test_automatic_cooling_off_hands_the_device_back_and_stays_off(home: LoopHome) -> None:
    """OFF releases what runs and starts nothing more, over a restart too, until it is ON."""
    home.read(30.0)
    home.run(60)
    assert is_cooling(home)
    assert room(home)["is_cooling_automatic"] is True
    home.run(660, step_s=60)  # a compressor runs ten minutes at least
    home.hear(COOLING, "OFF")
    home.run(60)
    assert room(home)["is_cooling_automatic"] is False
    assert not is_cooling(home)
    home.restart()
    commands = len(home.house.commands)
    for _ in range(30):
        home.read(31.0)
        home.run(60)
    assert len(home.house.commands) == commands
    assert room(home)["is_cooling_automatic"] is False
    home.hear(COOLING, "ON")
    home.run(60)
    assert is_cooling(home)
    home.restart()
    home.run(10)
    assert room(home)["is_cooling_automatic"] is True


def test_alerts_say_what_automatic_off_means(home: LoopHome) -> None:
    """Nobody is promised a device that keepcool leaves alone."""
    home.hear(COOLING, "OFF")
    home.read(30.0)
    home.run(20)
    assert "AC is off: please switch it on" in home.phone.about("heat")[-1].body


def test_room_without_devices_has_no_switch(home: LoopHome) -> None:
    """There is nothing to switch, and no topic for it."""
    home.read(22.0, "bedroom")
    assert room(home, "bedroom")["is_cooling_automatic"] is None
    home.hear(TOPICS.room_cooling("bedroom"), "OFF")
    assert home.daemon.state.is_automatic("bedroom") is None


def test_retained_or_fluttering_switch_is_refused(home: LoopHome) -> None:
    """What an earlier day retained does nothing, nor does an automation that runs wild."""
    home.hear(COOLING, "OFF", is_retained=True)
    assert home.daemon.state.is_automatic("living") is True
    for number in range(21):
        home.hear(COOLING, "OFF" if number % 2 == 0 else "ON")
    assert home.daemon.state.is_automatic("living") is True  # the 21st, OFF, was too much
    home.run(600)
    home.hear(COOLING, "OFF")
    assert home.daemon.state.is_automatic("living") is False


# ----------------------------------------------------------------- what is not known


def test_room_out_of_sight_is_not_called_normal(home: LoopHome) -> None:
    """A room never seen, or no longer seen, has no level in words; one that was hot keeps it."""
    assert room(home, "bedroom")["level"] == 0
    for key in ("heat_level", "expected_heat_level", "is_expected_too_hot", "temperature_c"):
        assert room(home, "bedroom")[key] is None
    assert state(home, TOPICS.person_state("anna"))["heat_level"] is None
    home.read(22.0)
    home.run(20)
    assert room(home)["heat_level"] == "normal"
    assert room(home)["is_expected_too_hot"] is False
    assert state(home, TOPICS.person_state("anna"))["heat_level"] == "normal"
    home.run(3 * 3600, step_s=60)
    assert room(home)["heat_level"] is None
    home.read(33.0)
    home.run(3 * 3600, step_s=60)
    assert (room(home)["freshness"], room(home)["heat_level"]) == ("stale", "high")


# ----------------------------------------------------------------- alert events


def test_alert_is_told_once_for_each_step(home: LoopHome) -> None:
    """It comes, gets critical and goes: three events, and none from a restart in between."""
    home.read(30.0)
    home.restart()
    home.read(36.0)
    home.run(30)
    home.restart()
    home.read(22.0)
    home.run(30)
    told = [(event["event_type"], event["about"], event["level"]) for event in events(home)]
    heat = [event for event in told if event[1] == "heat"]
    assert heat == [("raised", "heat", 2), ("critical", "heat", 4), ("resolved", "heat", 4)]
    words = {event["event_type"]: event["title"] for event in events(home)}
    assert words["critical"] == "Get out of the heat: living room 39°"
    assert words["resolved"] is None  # an automation that reads it aloud would say "get out"
    assert ALERT not in home.broker.retained


def test_level_that_is_only_shown_is_no_alert(home: LoopHome) -> None:
    """Level 1 is for the dashboard."""
    home.read(26.8)
    home.run(30)
    assert room(home)["heat_level"] == "advisory"
    assert not [event for event in events(home) if event["about"] == "heat"]


def test_alert_event_of_restricted_fluids_names_no_volume(tmp_path: Path) -> None:
    """The words are those of the phone."""
    restricted = a_person(flags=frozenset({Flag.FLUID_RESTRICTED}))
    home = LoopHome(tmp_path, people=(restricted,))
    home.read(30.2)
    home.run(4 * 3600, step_s=60)
    drinks = [event for event in events(home) if event["about"] == "hydration"]
    assert drinks
    assert not [event for event in drinks if "ml" in json.dumps(event)]


# ----------------------------------------------------------------- what became of it


def heat_alert(home: LoopHome) -> tuple[str, str | None]:
    """Return how far Anna's heat alert is, and who answered."""
    anna = state(home, TOPICS.person_state("anna"))
    return anna["heat_alert"], anna["heat_alert_answered_by"]


@pytest.mark.parametrize(
    ("button", "expected"),
    [("I'm on it", ("answered", "Anna")), ("Snooze 1 h", ("snoozed", None))],
)
def test_answer_is_shown_until_the_alert_is_over(
    home: LoopHome, button: str, expected: tuple[str, str | None]
) -> None:
    """Warned, then answered by somebody or snoozed, over a restart too, and none in the end."""
    home.read(22.0)
    home.run(20)
    assert heat_alert(home) == ("none", None)
    home.read(30.2)
    home.run(20)
    assert heat_alert(home) == ("warned", None)
    push = home.phone.about("heat")[-1]
    home.press(push, [each.title for each in push.buttons].index(button))
    home.run(20)
    assert heat_alert(home) == expected
    home.restart()
    home.run(20)
    assert heat_alert(home) == expected
    home.read(22.0)
    home.run(20)
    assert heat_alert(home) == ("none", None)
    assert state(home, TOPICS.person_state("anna"))["heat_alert_at"] is None


def test_alert_that_waits_is_not_shown_as_told(home: LoopHome) -> None:
    """Somebody who asked for peace was not warned, and that is what is shown."""
    home.hear(TOPICS.person_snooze("anna"), "ON")
    home.read(30.2)
    home.run(20)
    assert not home.phone.about("heat")
    assert heat_alert(home) == ("held back", None)


def test_fault_41_hand_is_shown_until_it_is_over(home: LoopHome) -> None:
    """Ready, in use, then left alone until a moment that does not move, and in use again."""
    device = TOPICS.device_state("ac")
    home.read(22.0)
    home.run(20)
    assert state(home, device)["control"] == "ready"
    home.read(30.0)
    home.run(60)
    assert state(home, device) == {
        "device": "ac",
        "name": "AC",
        "control": "in use",
        "left_alone_until": None,
        "plan": "Cooling: near or over your limit of 26°. Aim: 24°.",
    }
    home.run(60)
    off = DeviceState(is_on=False, hvac_mode="off")
    home.house.states["climate.living_room"] = off
    seen = DeviceObserved(
        "climate.living_room", off, is_available=True, last_updated=home.clock.utc, is_live=True
    )
    home.post(seen)
    home.run(20)
    found = state(home, device)
    assert found["control"] == "left alone"
    assert found["plan"] == "AC was set by hand, so I leave it alone for now."
    left = datetime.fromisoformat(found["left_alone_until"]) - home.clock.utc
    assert timedelta(minutes=119) < left < timedelta(hours=2)
    for _ in range(11):
        home.read(30.0)
        home.run(600, step_s=60)
    home.restart()
    home.run(20)
    assert state(home, device) == found
    for _ in range(2):
        home.read(30.0)
        home.run(600, step_s=60)
    assert state(home, device)["control"] == "in use"


# ----------------------------------------------------------------- test alert and check


def test_test_alert_button_rings_the_phone_and_not_for_ever(home: LoopHome) -> None:
    """A button does what the command line does; the sixth within ten minutes is refused."""
    for _ in range(6):
        home.clock.pass_time(1)
        home.hear(TOPICS.person_test_alert("anna"), "PRESS")
    assert len(home.phone.about("test")) == 5
    answer = home.ask(TOPICS.test_alert_command, id="t1")
    assert answer is not None
    assert (answer[0], "more than 5 times" in answer[1]) == (False, True)
    home.run(600)
    home.hear(TOPICS.person_test_alert("anna"), "PRESS")
    assert len(home.phone.about("test")) == 6


def test_check_is_published_when_it_is_done(tmp_path: Path) -> None:
    """The roads are tried on a worker while the loop goes on; a second press does nothing."""
    asked: list[str] = []

    def check() -> CheckReport:
        asked.append("check")
        return CheckReport((FINE, RED))

    home = LoopHome(tmp_path, check=check)
    home.workers["check"].is_held = True
    home.hear(TOPICS.home_check, "PRESS")
    home.workers["check"].is_idle = False
    home.hear(TOPICS.home_check, "PRESS")
    home.read(30.0)
    assert home.level() == 2
    assert TOPICS.home_check_result not in home.broker.retained
    home.workers["check"].let_go()
    home.turn()
    assert asked == ["check"]
    assert state(home, TOPICS.home_check_result) == {
        "result": "red",
        "at": "2026-07-14T13:00:01+00:00",
        "error": None,
        "rows": [
            {
                "name": "phone of Anna",
                "status": "red",
                "what": "there is none",
                "fix": "add a phone",
            },
            {"name": "broker", "status": "ok", "what": "connected"},
        ],
        "rows_left_out": 0,
    }


def test_check_knows_what_was_heard_a_moment_ago(tmp_path: Path) -> None:
    """The status that it reads is not the one of the last tick."""
    found: list[Any] = []

    def check() -> CheckReport:
        found.append(read_sensor_ages("home", tmp_path))
        return CheckReport((FINE,))

    home = LoopHome(tmp_path, check=check, clock=TwoClocks(datetime.now(UTC)))
    home.read(22.0)
    home.hear(TOPICS.home_check, "PRESS")
    assert found == [{"living-sensor": timedelta(0)}]


def test_check_that_crashes_is_red(tmp_path: Path) -> None:
    """A check that could not be done is not fine."""

    def check() -> CheckReport:
        raise RuntimeError("no more files")

    home = LoopHome(tmp_path, check=check)
    home.hear(TOPICS.home_check, "PRESS")
    found = state(home, TOPICS.home_check_result)
    assert (found["result"], found["error"]) == ("red", "RuntimeError('no more files')")


@pytest.mark.parametrize(
    ("rows", "result"),
    [
        ((FINE,), "ok"),
        ((FINE, replace(FINE, status=Status.WARNING)), "warning"),
        ((RED, FINE, replace(FINE, status=Status.WARNING)), "red"),
        ((), "red"),
    ],
)
def test_worst_row_is_the_result(home: LoopHome, rows: tuple[CheckRow, ...], result: str) -> None:
    """Nothing that was tried is nothing that is fine."""
    payload = check_payload(CheckFinished(CheckReport(rows)), home.clock.utc)
    assert json.loads(payload)["result"] == result


def test_long_check_keeps_what_is_wrong(home: LoopHome) -> None:
    """Home Assistant drops attributes over 16 KiB: what is fine makes room for what is not."""
    rows = [replace(FINE, name=f"sensor {number}") for number in range(1000)]
    payload = check_payload(CheckFinished(CheckReport((*rows, RED))), home.clock.utc)
    found = json.loads(payload)
    assert len(payload) < 14_000
    assert found["rows"][0]["name"] == "phone of Anna"
    assert len(found["rows"]) + found["rows_left_out"] == 1001


@pytest.mark.parametrize(
    ("changes", "control"),
    [
        ({}, "ready"),
        ({"lease": LEASE}, "in use"),
        ({"is_automatic": False}, "automatic off"),
        ({"is_automatic": False, "lease": LEASE}, "in use"),  # a compressor runs ten minutes
        ({"has_failed": True, "lease": LEASE}, "not responding"),
        ({"has_failed": True, "is_available": False}, "not responding"),
        ({"override_remaining": hours(1)}, "left alone"),
        ({"override_remaining": hours(1), "is_available": False}, "left alone"),
        ({"is_available": False}, None),
        ({"is_available": False, "lease": LEASE}, None),
    ],
)
def test_what_keepcool_does_with_a_device(changes: dict[str, Any], control: str | None) -> None:
    """One word for the household, and none where nobody can say."""
    found = json.loads(device_payload(device_conditions(**changes), None, None))
    assert found["control"] == control
