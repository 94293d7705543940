"""What the household reads of messages that Home Assistant could not take in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.errors import TransientError
from tests.loop_home import LoopHome

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
