"""A month without a button: one quiet test message, one more, then trouble; over restarts too."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.messages import PhoneMessage
from tests.daemon.test_loop_ladder import anna, ben
from tests.loop_home import TOPICS, LoopHome

ASKED = "Test message: please press the button"
AGAIN = "Test once more: please press the button"
DAY = timedelta(days=1)


@pytest.fixture
def home(tmp_path: Path) -> LoopHome:
    """Return Anna's home with a carer, both with phones."""
    return LoopHome(tmp_path, people=(anna(),), carers=(ben(),))


def sleep_days(home: LoopHome, days: int) -> None:
    """Let days pass while keepcool is off, and wake in the same hour of an afternoon."""
    home.kill()
    home.clock.reboot(days * DAY)
    home.boot()
    home.read(22.0)
    home.run(60)


def asked_of(home: LoopHome, who: str) -> list[PhoneMessage]:
    """Return the test messages to one phone."""
    pushes = home.phone.about("self_test")
    return [push for push in pushes if push.tag.startswith(f"keepcool-self_test-{who}-")]


def titles(home: LoopHome, who: str) -> list[str]:
    """Return their titles."""
    return [push.title for push in asked_of(home, who)]


def state_of_anna(home: LoopHome) -> str | None:
    """Return when her phone last answered, as her state topic says."""
    found: str | None = json.loads(home.broker.retained[TOPICS.person_state("anna")])[
        "phone_answered_at"
    ]
    return found


def test_asked_twice_and_then_trouble(home: LoopHome) -> None:
    """Restarts in between forget nothing; the carer is asked to look after Anna's phone."""
    sleep_days(home, 29)
    assert titles(home, "anna") == []
    sleep_days(home, 1)
    assert titles(home, "anna") == titles(home, "ben") == [ASKED]
    assert state_of_anna(home) is None
    sleep_days(home, 2)
    assert titles(home, "anna") == [ASKED]
    home.press(asked_of(home, "ben")[-1])
    sleep_days(home, 1)
    assert titles(home, "anna") == [ASKED, AGAIN]
    sleep_days(home, 4)
    assert titles(home, "anna") == [ASKED, AGAIN]
    (trouble,) = [push for push in home.phone.about("trouble") if "phone" in push.tag]
    assert trouble.title == "Check the phone of Anna"
    home.run(1900)
    shown = {push.title for push in home.phone.about("carer")}
    assert shown == {"Call Anna: Try the phone"}
    assert titles(home, "ben") == [ASKED]
    home.press(asked_of(home, "anna")[-1])
    home.run(60)
    assert trouble.tag not in home.phone.shown()
    assert state_of_anna(home) == home.clock.utc.replace(
        microsecond=0
    ).isoformat() or state_of_anna(home)


def test_any_button_proves_the_road(home: LoopHome) -> None:
    """Whoever answered a reminder lately is not asked; the state topic says when that was."""
    sleep_days(home, 20)
    (reminder,) = [push for push in home.phone.shown().values() if push.buttons]
    home.press(reminder)
    home.run(10)
    pressed_at = state_of_anna(home)
    assert pressed_at is not None
    sleep_days(home, 20)
    assert titles(home, "anna") == []
    assert titles(home, "ben") == [ASKED]
    assert state_of_anna(home) == pressed_at
    sleep_days(home, 10)
    assert titles(home, "anna") == [ASKED]


def test_drink_by_other_means_proves_nothing(home: LoopHome) -> None:
    """A drink by wall button shows a person, not that messages reach their phone."""
    sleep_days(home, 20)
    home.ask(TOPICS.log_command, person="anna", amount_ml=200)
    sleep_days(home, 10)
    assert titles(home, "anna") == [ASKED]


def test_heat_lets_it_wait(home: LoopHome) -> None:
    """On a hot day nobody is asked for a test; on the next cool one they are."""
    home.kill()
    home.clock.reboot(31 * DAY)
    home.clock.is_set = False
    home.boot()
    home.read(30.0)
    home.clock.is_set = True
    home.run(300)
    assert titles(home, "anna") == []
    home.read(22.0)
    home.run(1200)
    assert titles(home, "anna") == [ASKED]


def test_carer_tests_their_own_phone_from_home_assistant(home: LoopHome) -> None:
    """The button of the carer's device sends a test to the carer, and its answer counts."""
    home.hear(TOPICS.person_test_alert("ben"), "PRESS")
    (test,) = [push for push in home.phone.pushes if push.service == "mobile_app_ben"]
    assert test.title == "Test: keepcool can reach you"
    home.press(test)
    sleep_days(home, 29)
    sleep_days(home, 1)
    assert titles(home, "ben") == [ASKED]


def test_fault_62_press_before_the_clock_was_set_counts_from_when_it_was(home: LoopHome) -> None:
    """A button pressed in 1970 by a wrong clock spares the next thirty days all the same."""
    right = home.clock.utc
    home.clock.is_set = False
    home.clock.step_wall(datetime(1970, 1, 1, tzinfo=UTC) - right)
    home.run(20)
    home.hear(TOPICS.person_test_alert("anna"), "PRESS")
    home.press(home.phone.pushes[-1])
    home.clock.step_wall(right - home.clock.utc)
    home.clock.is_set = True
    home.run(20)
    sleep_days(home, 20)
    assert titles(home, "anna") == []
