"""What the household reads of messages that Home Assistant could not take in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.errors import TransientError
from tests.builders import a_person
from tests.loop_home import FakeRoad, LoopHome

AWAY = TransientError("Home Assistant is not reachable")


@pytest.fixture
def home(tmp_path: Path) -> LoopHome:
    """Return a home that was just switched on."""
    return LoopHome(tmp_path)


def go_away(home: LoopHome) -> None:
    """Let Home Assistant be out of reach."""
    home.phone.error = home.house.error = AWAY


def come_back(home: LoopHome, run_s: int = 0) -> None:
    """Let Home Assistant answer again, and be asked."""
    home.phone.error = home.house.error = None
    home.daemon.dispatcher.read_all_soon()
    home.turn()
    home.run(run_s)


def test_late_heat_message_tells_the_present_and_when_it_was_first_raised(home: LoopHome) -> None:
    """An hour later the phone shows the temperature of now, not that of an hour ago."""
    go_away(home)
    home.read(29.4)
    home.run(3600)
    home.read(31.4)
    come_back(home)
    (push,) = home.phone.about("heat")
    assert push.title == "Cool down now: living room 31°"
    assert "First raised at 15:00." in push.body
    assert "31.4°" in push.body


def test_message_that_goes_out_at_once_says_nothing_of_when(home: LoopHome) -> None:
    """Only what is late has to say so."""
    home.read(29.4)
    (push,) = home.phone.about("heat")
    assert "First raised" not in push.body


def test_late_heat_message_is_also_right_after_a_restart(home: LoopHome) -> None:
    """What waited through a restart carries the moment of its first raising."""
    go_away(home)
    home.read(29.4)
    home.run(1800)
    home.restart()
    home.read(30.6)
    come_back(home)
    assert [push.title for push in home.phone.about("heat")] == ["Cool down now: living room 31°"]
    assert "First raised at 15:00." in home.phone.about("heat")[0].body


def test_unheard_warning_is_not_called_unanswered(home: LoopHome) -> None:
    """Nobody is told that they did not answer what never reached them."""
    go_away(home)
    home.read(29.4)
    home.run(1200)
    home.read(33.0)
    home.run(1200)
    come_back(home)
    (push,) = home.phone.about("heat")
    assert push.title.startswith("Cool down at once")
    assert "First raised at 15:00." in push.body
    assert push.body.endswith("call 112.")
    assert all(not button.title.startswith("Drank") for button in push.buttons)


def test_trouble_with_home_assistant_does_not_arrive_once_it_is_over(home: LoopHome) -> None:
    """'I cannot reach Home Assistant' by way of Home Assistant would be untrue on arrival."""
    go_away(home)
    home.run(1800)
    assert "keepcool-trouble-link:home_assistant-1" in {
        row.message.tag for row in home.daemon.outbox.rows
    }
    come_back(home, run_s=300)
    assert not home.phone.about("trouble")
    assert not home.daemon.outbox.rows


def test_trouble_that_lasts_is_told_soon_after_home_assistant_is_back(home: LoopHome) -> None:
    """What is still true once the home has settled is said."""
    home.read(24.0)
    go_away(home)
    home.run(600)
    home.run(3 * 3600, step_s=60.0)
    come_back(home)
    assert not home.phone.about("trouble")
    home.run(60)
    assert [push.title for push in home.phone.about("trouble")] == [
        "Check the sensors: I see no room"
    ]


def test_fault_32_warning_that_nobody_heard_of_hushes_no_later_one(home: LoopHome) -> None:
    """Told in an outage and over in it: the next heat is the first that anybody can hear of."""
    go_away(home)
    home.read(29.4)
    home.run(600)
    home.read(24.0)
    home.run(1200)
    come_back(home, 600)
    assert home.phone.about("heat") == []
    home.read(29.4)
    assert [push.title for push in home.phone.about("heat")] == ["Cool down now: living room 29°"]


def test_fault_32_warning_that_was_heard_hushes_the_next_one_for_three_hours(
    home: LoopHome,
) -> None:
    """Although Home Assistant went away afterwards, and what was to put it right was dropped."""
    home.read(29.4)
    go_away(home)
    home.read(24.0)
    home.run(1200)
    come_back(home, 600)
    home.read(29.4)
    assert len(home.phone.about("heat")) == 1


def test_fault_45_second_road_is_not_told_what_is_over(tmp_path: Path) -> None:
    """Nothing can be taken back there: "get out of the heat" in a cool room would be false."""
    road = FakeRoad(error=TransientError("ntfy did not take the message"))
    anna = a_person(second_roads=("anna:second_road:1",))
    home = LoopHome(tmp_path, people=(anna,), second_road=road)
    go_away(home)
    home.read(36.0)
    home.run(300)
    home.workers["second_road"].is_held = True  # one try is under way when it is over
    home.run(60)
    home.read(24.0)
    home.run(1200)
    home.workers["second_road"].is_held = False
    home.workers["second_road"].let_go()
    home.turn()
    road.error = None
    home.run(600)
    assert [message for message in road.taken if "-heat-" in message.tag] == []
    query = "SELECT state FROM outbox WHERE channel_id LIKE '%second_road%' AND tag LIKE '%-heat-%'"
    dropped = home.rows(query)
    assert set(dropped) == {("expired",)}
