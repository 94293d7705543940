"""The dashboard of `keepcool dashboard` in a real Home Assistant, on every screen."""

from __future__ import annotations

import os
import re
from pathlib import Path

from daemon.clock import SystemClock
from tests.e2e.browser import PHONE, TABLET, Browser
from tests.e2e.home import Home
from tests.e2e.household import AIR_CONDITIONER, FORECAST_OF_HOME_ASSISTANT, Household
from tests.e2e.phones import Push
from tests.waiting import wait_until

# `KEEPCOOL_PICTURES=docs make e2e PYTEST_ARGS="-k dashboard"` makes those of the docs.
PICTURES = os.environ.get("KEEPCOOL_PICTURES")
LARGEST_BYTES = 300_000
PAGES = {
    "phone": (PHONE, False),
    "phone_dark": (PHONE, True),
    "tablet": (TABLET, False),
    "tablet_dark": (TABLET, True),
}
SOON_S = 30.0
PEAK = "sensor.keepcool_living_room_expected_maximum"
CONTROL = "sensor.keepcool_living_room_ac_control"
PAGE = "/keepcool-home/home"
TAP = """
(() => {
  const find = (node) => node.localName === "hui-button-card" ? node
    : [...(node.shadowRoot?.children ?? []), ...node.children].map(find).find(Boolean);
  find(document.body).shadowRoot.querySelector("ha-card").click();
})()
"""
ID = re.compile(r"\b[a-z_]+\.(?:keepcool|living_room)_[a-z0-9_]+")
BROKEN = ("Configuration error", "Entity not", "Custom element", "Error", "undefined")


def test_dashboard_looks_right(home: Home, tmp_path: Path) -> None:
    """What the command prints is loaded as it is, shows every entity, and fits each screen."""
    home.api.call("input_number.set_value", entity_id="input_number.forecast", value=34)
    home.wait_for_attribute("weather.lab_weather", "temperature", 34)
    household = Household(
        home,
        tmp_path,
        home.android,
        cooling=AIR_CONDITIONER,
        weather=FORECAST_OF_HOME_ASSISTANT,
    )
    household.live_before(days=8)
    with household.running() as daemon:
        home.say_room(30.2)
        home.wait_for("sensor.keepcool_living_room_heat_level", "warning")
        is_foretold = SystemClock().is_synchronised()  # by an unknown hour nothing is
        if is_foretold:
            wait_until(lambda: is_number(home, PEAK), SOON_S, what="what the room is foretold")
            assert len(home.api.state(PEAK)["attributes"]["middle_c"]) == 48
        home.wait_for("climate.living_room_ac", "cool")
        home.wait_for("sensor.keepcool_hottest_outdoors", "34.0")
        push = wait_until(lambda: heat_push(home), SOON_S, what="a push about heat")
        assert push is not None
        home.android.tap(push, "I'm on it")
        home.wait_for("sensor.keepcool_anna_heat_alert", "answered")
        home.wait_for(CONTROL, "in use")
        printed = daemon.command("dashboard")
        assert printed.returncode == 0, printed.stderr
        (home.process.folder / "dashboards" / "keepcool.yaml").write_text(printed.stdout)
        named = set(ID.findall(printed.stdout)) - {"sensor.keepcool_home"}
        states = home.api.states()
        assert [each for each in sorted(named) if each not in states] == []
        for name, (size, is_dark) in PAGES.items():
            foretold = ("Living room: up to", "Up to") if is_foretold else ()
            look(home, tmp_path / name, size, foretold, is_dark=is_dark)
        with Browser(tmp_path, home.api) as browser:
            browser.open(PAGE, "Had a drink")
            browser.evaluate(TAP)
            home.wait_for("sensor.keepcool_anna_drinks_today", "200")
            turn_off(home)
            until = home.api.state(CONTROL)["attributes"]["left_alone_until"]
            clock = home.api.render(
                f"{{{{ as_timestamp('{until}') | timestamp_custom('%H:%M') }}}}"
            )
            browser.open(PAGE, "AC was changed by hand", f"leaves it alone until {clock}")
            assert daemon.stop() == 0
            browser.open(PAGE, "keepcool is not running", "Alerts and trouble")


def heat_push(home: Home) -> Push | None:
    """Return the push that can be answered, whatever else is shown."""
    return next((push for push in home.android.shown if "I'm on it" in push.buttons), None)


def is_number(home: Home, entity_id: str) -> bool:
    """Return whether an entity has a number."""
    state: str = home.api.states()[entity_id]["state"]
    return state.replace(".", "", 1).isdecimal()


def turn_off(home: Home) -> None:
    """Switch the air conditioner off by hand, and wait until keepcool leaves it alone."""
    home.api.call("climate.set_hvac_mode", entity_id="climate.living_room_ac", hvac_mode="off")
    home.wait_for(CONTROL, "left alone")


def look(
    home: Home,
    folder: Path,
    size: tuple[int, int],
    foretold: tuple[str, ...],
    *,
    is_dark: bool,
) -> None:
    """Open the dashboard and keep a picture of all of it."""
    folder.mkdir()
    with Browser(folder, home.api, size=size, is_dark=is_dark, scale=1.25) as browser:
        wanted = (
            "Today",
            "Living room",
            "Had a drink",
            "Alerts and trouble",
            "Outdoors up to",
            "When to call",
        )
        text = browser.open(PAGE, *wanted, *foretold, "34 °C", "warning", "answered", "in use")
        assert [each for each in BROKEN if each in text] == []
        assert browser.evaluate("document.documentElement.scrollWidth") <= size[0]
        image = Path(PICTURES or folder.parent) / f"dashboard_{folder.name}.png"
        browser.screenshot(image, height=browser.height())
        assert 20_000 < image.stat().st_size < LARGEST_BYTES
