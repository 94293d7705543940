"""A hot room, from the sensor's message to the tap on the phone, through a real Home Assistant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.home import Home
from tests.e2e.household import Household
from tests.waiting import wait_until

SOON_S = 30.0
HEAT_ALERT = "sensor.keepcool_anna_heat_alert"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def test_hot_room_is_said_answered_and_over(home: Home, tmp_path: Path) -> None:
    """A warning with reason and buttons; the tap is taken, entities follow, the end clears it."""
    with Household(home, tmp_path, home.android).running() as daemon:
        home.say_room(30.2)
        wait_until(lambda: home.android.shown, SOON_S, what="a push")
        (push,) = home.android.shown
        assert push.title == "Cool down now: Living room 31°"
        assert "Your limit: 29°" in push.message
        assert list(push.buttons) == ["I'm on it", "Drank 200 ml", "Snooze 1 h"]
        home.wait_for("sensor.keepcool_living_room_heat_level", "warning")
        home.wait_for("sensor.keepcool_anna_heat_level", "warning")
        home.wait_for("sensor.keepcool_alerts", "1")
        alert = home.api.state("event.keepcool_anna_alert")["attributes"]
        assert (alert["event_type"], alert["title"]) == ("raised", push.title)
        home.wait_for(HEAT_ALERT, "warned")
        home.android.tap(push, "I'm on it")
        home.wait_for(HEAT_ALERT, "answered")
        home.wait_for_attribute(HEAT_ALERT, "answered_by", "Anna")
        home.android.tap(push, "Drank 200 ml")
        home.wait_for("sensor.keepcool_anna_drinks_today", "200")
        assert daemon.events("button.pressed")
        home.say_room(22.0)
        wait_until(lambda: not home.android.shown, SOON_S, what="the warning to go")
        assert [each.tag for each in home.android.pushes] == [push.tag, push.tag]
        home.wait_for("sensor.keepcool_living_room_heat_level", "normal")
        home.wait_for("sensor.keepcool_alerts", "0")
        home.wait_for(HEAT_ALERT, "none")
        assert daemon.stop() == 0
    home.wait_for("binary_sensor.keepcool_running", "off")
    home.wait_for("sensor.keepcool_living_room_heat_level", "unavailable")


@pytest.mark.parametrize(("button", "expected"), [("I'm on it", 1), (None, 4)])
def test_answered_alarm_is_not_said_again(
    home: Home, tmp_path: Path, button: str | None, expected: int
) -> None:
    """What is critical is said again after 10, 20 and 40 minutes, until somebody taps."""
    household = Household(home, tmp_path, home.android)
    with household.stepped() as daemon:
        household.wait_until_shown()
        home.say_room(33.5)
        daemon.advance(daemon.now + SECOND)
        (push,) = home.android.about("heat")
        if button is not None:
            home.android.tap(push, button)
        for _ in range(9):
            daemon.advance(daemon.now + 5 * MINUTE)
            home.say_room(33.5)
            home.wait_for(HEAT_ALERT, "warned" if button is None else "answered")
    assert len(home.android.about("heat")) == expected
