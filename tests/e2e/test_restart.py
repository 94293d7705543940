"""Home Assistant dies in the middle of a hot spell and comes back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.daemon_process import DaemonProcess
from tests.e2e.home import Home
from tests.e2e.household import AIR_CONDITIONER, Household
from tests.waiting import wait_until

SOON_S = 90.0  # the event stream tries again after a minute at the latest


def test_fault_32_killed_in_a_hot_spell_nothing_is_lost_or_doubled(
    home: Home, tmp_path: Path
) -> None:
    """A real one dies: the alarm of the outage arrives, entities and states are back, once."""
    household = Household(home, tmp_path, home.android)
    with household.running() as daemon:
        home.say_room(30.2)
        wait_until(lambda: home.android.about("heat"), SOON_S, what="the warning")
        home.wait_for("sensor.keepcool_living_room_heat_level", "warning")
        home.android.tap(home.android.about("heat")[0], "Drank 200 ml")
        home.wait_for("sensor.keepcool_anna_drinks_today", "200")
        before = home.keepcool_entities()
        home.process.kill()
        home.say_room(36.0)
        wait_until(lambda: daemon.events("push.postponed") or daemon.events("push.failed"), SOON_S)
        home.process.start()
        home.api.wait_until_running()
        wait_until(lambda: len(home.android.about("heat")) > 1, SOON_S, what="the alarm")
        warning, alarm = home.android.about("heat")
        assert alarm.tag == warning.tag
        assert alarm.data["channel"] == "alarm_stream"
        home.wait_for("sensor.keepcool_living_room_heat_level", "very high")
        home.wait_for("sensor.keepcool_anna_drinks_today", "200")
        wait_until(lambda: home.keepcool_entities() == before, SOON_S, what="all entities")

        def is_all_there() -> bool:
            states = home.api.states()
            return all(states[each]["state"] != "unavailable" for each in before)

        wait_until(is_all_there, SOON_S, what="all states")
        wait_until(lambda: len(daemon.events("event_stream.connected")) > 1, SOON_S, what="events")
        home.android.tap(alarm, "I'm on it")
        wait_until(lambda: len(daemon.events("button.pressed")) > 1, SOON_S, what="the tap")
        home.say_room(22.0)
        wait_until(lambda: not home.android.shown, SOON_S, what="the notification to go")
        assert len(home.android.about("heat")) == 2
        assert daemon.stop() == 0


def test_fault_39_command_that_a_killed_home_assistant_forgot_is_no_hand(
    home: Home, tmp_path: Path
) -> None:
    """The thermostat comes back as before keepcool's command: it is waited for, not left alone."""
    household = Household(home, tmp_path, home.android, cooling=AIR_CONDITIONER)

    def device(daemon: DaemonProcess) -> dict[str, Any]:
        found: dict[str, Any] = daemon.status()["rooms"][0]["cooling"][0]
        return found

    with household.running() as daemon:
        home.say_room(30.2)
        home.wait_for("climate.living_room_ac", "cool")
        home.restart()
        wait_until(lambda: len(daemon.events("event_stream.connected")) > 1, SOON_S, what="events")
        wait_until(lambda: device(daemon)["is_on"] is False, SOON_S, what="the forgetful state")
        assert daemon.events("device.overridden") == []
        assert device(daemon)["wanted_on"]  # again after the compressor's rest
