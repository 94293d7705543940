"""Signs of life come from finished work alone, and end when nobody can be told what is urgent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.errors import PermanentError, TransientError
from policies.model import Decision, Snapshot
from tests.daemon.test_loop_ladder import AWAY, ROAD_DOWN, VERY_HOT_C, anna, ben
from tests.loop_home import TOPICS, FakeHeartbeat, FakeRoad, LoopHome

OFFLINE = TransientError("no connection to the heartbeat's server: is the internet connection up?")
HOUR_S = 3600.0


@pytest.fixture
def beat() -> FakeHeartbeat:
    """Return the monitoring service."""
    return FakeHeartbeat()


@pytest.fixture
def road() -> FakeRoad:
    """Return the second roads."""
    return FakeRoad()


@pytest.fixture
def home(tmp_path: Path, beat: FakeHeartbeat, road: FakeRoad) -> LoopHome:
    """Return a home with a carer, second roads and a heartbeat."""
    return LoopHome(tmp_path, people=(anna(),), carers=(ben(),), second_road=road, heartbeat=beat)


def state_of(home: LoopHome) -> dict[str, Any]:
    """Return the home's retained state."""
    found: dict[str, Any] = json.loads(home.broker.retained[TOPICS.home_state])
    return found


def test_beats_come_every_two_minutes(home: LoopHome, beat: FakeHeartbeat) -> None:
    """The first at the start, then one each interval, whatever else happens."""
    home.run(600)
    assert beat.beats == 6


def test_fault_53_what_starves_the_watchdog_ends_the_beats(
    home: LoopHome, beat: FakeHeartbeat
) -> None:
    """A dead thread, or decisions that crash, and nobody beats for it."""
    home.broker.is_alive = False
    home.run(600)
    assert beat.beats == 1
    home.broker.is_alive = True
    home.run(10)
    assert beat.beats == 2

    def crash(_snapshot: Snapshot) -> Decision:
        raise ValueError("planted")

    home.decide = crash
    home.run(130, step_s=130)
    assert beat.beats == 2


def test_fault_45_beats_end_while_nobody_can_be_told(
    home: LoopHome, beat: FakeHeartbeat, road: FakeRoad
) -> None:
    """Five minutes without any road: the last resort is silence; one that works ends it."""
    home.phone.error = home.house.error = AWAY
    road.error = ROAD_DOWN
    home.read(VERY_HOT_C)
    home.run(290)
    assert state_of(home)["unheard"] == []
    before = beat.beats
    home.run(30)
    assert state_of(home)["unheard"] == ["keepcool-heat-anna-1"]
    home.run(600)
    assert beat.beats == before
    road.error = None
    home.run(70)
    assert state_of(home)["unheard"] == []
    assert beat.beats == before + 1


def test_answer_brings_the_beats_back(home: LoopHome, beat: FakeHeartbeat, road: FakeRoad) -> None:
    """A drink by MQTT shows that somebody is there, although no road took the message."""
    home.phone.error = home.house.error = AWAY
    road.error = ROAD_DOWN
    home.read(VERY_HOT_C)
    home.run(900)
    before = beat.beats
    home.ask(TOPICS.log_command, person="anna", amount_ml=200)
    home.run(120)
    assert beat.beats > before


def test_carer_who_was_told_is_enough(home: LoopHome, beat: FakeHeartbeat, road: FakeRoad) -> None:
    """Once a carer's own road took it, somebody knows: the beats go on."""
    home.phone.error = home.house.error = AWAY
    road.refused = ("anna",)
    home.read(VERY_HOT_C)
    home.run(900)
    assert len(road.to("ben")) > 0
    assert state_of(home)["unheard"] == []
    before = beat.beats
    home.run(240)
    assert beat.beats == before + 2


def test_night_without_internet_nags_nobody(home: LoopHome, beat: FakeHeartbeat) -> None:
    """It is shown at once, told quietly after a day, and over with the next beat."""
    beat.error = OFFLINE
    home.run(130)
    assert home.links()["heartbeat"] == (False, str(OFFLINE))
    assert state_of(home)["roads_down"] == ["heartbeat"]
    for _ in range(48):
        assert home.phone.about("trouble") == []
        home.read(22.0)
        home.run(HOUR_S / 2, step_s=HOUR_S / 2)
    home.run(300)
    (told,) = home.phone.about("trouble")
    assert told.title == "Check the internet: no heartbeat"
    beat.error = None
    home.run(1200)
    assert home.links()["heartbeat"] == (True, "")
    assert told.tag not in home.phone.shown()


def test_wrong_address_is_shown(home: LoopHome, beat: FakeHeartbeat) -> None:
    """What the service does not know is a road that is down, in its own words."""
    beat.error = PermanentError("the heartbeat's server knows no such check")
    home.run(130)
    assert home.links()["heartbeat"] == (False, str(beat.error))


def test_failing_second_road_is_told_to_the_phone(home: LoopHome, road: FakeRoad) -> None:
    """What failed when it was needed is trouble after an hour, until a message gets through."""
    road.error = ROAD_DOWN
    home.ask(TOPICS.test_alert_command, person="ben", road="second_road")
    home.run(HOUR_S - 60)
    assert home.phone.about("trouble") == []
    home.run(120)
    (told,) = home.phone.about("trouble")
    assert told.title == "Check the second road of Ben"
    road.error = None
    home.ask(TOPICS.test_alert_command, person="ben", road="second_road")
    home.run(1200)
    assert told.tag not in home.phone.shown()
