"""What stands on the phones: a warning, an alarm, and what a carer gets; and its picture."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from tests.e2e.browser import PHONE, Browser
from tests.e2e.home import Home
from tests.e2e.household import AIR_CONDITIONER, Household
from tests.e2e.notification_page import Shown, page
from tests.e2e.phones import Push

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
# `KEEPCOOL_PICTURES=docs make e2e PYTEST_ARGS="-k notifications"` makes that of the docs.
PICTURES = os.environ.get("KEEPCOOL_PICTURES")
LARGEST_BYTES = 200_000
HIGHEST_PX = 1200
CUT = """
[...document.querySelectorAll("b, p, span")]
  .filter((each) => each.scrollWidth > each.clientWidth && each.clientWidth > 0)
  .map((each) => each.textContent)
"""


def test_notifications_fit_a_phone(home: Home, tmp_path: Path) -> None:
    """Real payloads drawn at a phone's width: no title is cut, and buttons stand side by side."""
    warning, critical, card = pushes_of_a_hot_day(home, tmp_path)
    assert critical.data["channel"] == "alarm_stream"
    assert card.data["push"]["interruption-level"] == "critical"
    assert "channel" not in warning.data or warning.data["channel"] != "alarm_stream"
    shown = (
        Shown("Anna's phone: a warning", warning, "sounds like any other notification"),
        Shown("Anna's phone: critical", critical, "loud, through do-not-disturb"),
        Shown("Ben's phone: Anna did not answer", card, "loud, through do-not-disturb"),
    )
    source = tmp_path / "notifications.html"
    source.write_text(page(shown), encoding="utf-8")
    titles = [str(each.push.title) for each in shown]
    with Browser(tmp_path, home.api, size=PHONE) as browser:
        browser.open_file(source, *titles)
        assert browser.evaluate(CUT) == []
        assert browser.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        height = int(browser.evaluate("Math.ceil(document.body.getBoundingClientRect().height)"))
        assert height <= HIGHEST_PX
        image = Path(PICTURES or tmp_path) / "notifications.png"
        browser.screenshot(image, height=height)
    assert 20_000 < image.stat().st_size < LARGEST_BYTES


def pushes_of_a_hot_day(home: Home, folder: Path) -> tuple[Push, Push, Push]:
    """Let it get too hot, then far too hot, with nobody answering; return what was pushed."""
    household = Household(home, folder, home.android, has_road=True, cooling=AIR_CONDITIONER)
    with household.stepped() as daemon:
        household.wait_until_shown()
        home.say_room(30.2)
        daemon.advance(daemon.now + SECOND)
        home.say_room(36.0)
        daemon.advance(daemon.now + SECOND)
        warning, critical = home.android.about("heat")
        daemon.advance(daemon.now + 6 * MINUTE)
        (card,) = home.carers.shown
    return warning, critical, card
