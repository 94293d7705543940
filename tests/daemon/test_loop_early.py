"""An early announcement through the loop: to the phone, put right there, over a kill, come true."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from daemon.events import LearnerAdvanced
from policies.alert import Severity
from tests.builders import ZONE, an_ahead, local
from tests.loop_home import LoopHome

Course = Callable[[datetime], float]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger().setLevel(logging.WARNING)


def hot_from(hour: int) -> Course:
    """Return a course that passes Anna's level 2 tomorrow in an hour, half a degree an hour."""
    start = local(hour, day=15)

    def course(at: datetime) -> float:
        hours = (at - start) / timedelta(hours=1)
        return max(25.0, 29.1 + 0.5 * hours if hours < 4 else 31.1 - 0.5 * (hours - 4))

    return course


def live(home: LoopHome, until: datetime, foretold: Course) -> None:
    """Pass until a local moment; what is foretold is made anew as each hour begins, and right."""
    while home.clock.utc < until:
        if home.clock.utc.astimezone(ZONE).minute < 15:
            made = an_ahead(home.clock.utc, lambda at: foretold(at + timedelta(minutes=30)))
            home.daemon.state.foresight.on_advanced(LearnerAdvanced(forecasts={"living": made}))
        home.read(round(foretold(home.clock.utc), 2))
        home.run(899.0, 900.0)


def test_announced_put_right_over_a_kill_and_come_true_in_one_place(tmp_path: Path) -> None:
    """A sound in the evening, none when the hour moves, none after a kill, one when it is hot."""
    home = LoopHome(tmp_path)
    live(home, local(20, 15), hot_from(15))
    assert home.phone.about("heat") == []
    live(home, local(21), hot_from(15))
    [told] = home.phone.about("heat")
    assert told.severity is Severity.WARNING
    assert told.title == "Cool early tomorrow: living room 31°"
    assert told.body.startswith("Over your limit from about 15:00 (13:00-16:00).")
    live(home, local(22), hot_from(12))
    [_, moved] = home.phone.about("heat")
    assert (moved.tag, moved.severity) == (told.tag, Severity.NUDGE)
    assert moved.body.startswith("Over your limit from about 12:00 (10:00-13:00).")
    home.kill()
    home.boot()
    live(home, local(22, 15), hot_from(12))
    repeated = home.phone.about("heat")[2:]  # what may have been under way: once, as it was
    assert [(each.tag, each.severity, each.body) for each in repeated] in (
        [],
        [(moved.tag, moved.severity, moved.body)],
    )
    home.phone.taken.clear()
    live(home, local(11, day=15), hot_from(12))
    assert home.phone.about("heat") == []
    live(home, local(13, day=15), hot_from(12))
    [hot] = home.phone.about("heat")
    assert (hot.tag, hot.severity) == (told.tag, Severity.WARNING)
    assert hot.title == "Cool down now: living room 29°"


def test_withdrawn_announcement_is_taken_off_the_phone(tmp_path: Path) -> None:
    """When tomorrow turns cool, half an hour later nothing is left of it."""
    home = LoopHome(tmp_path)
    live(home, local(21), hot_from(15))
    [told] = home.phone.about("heat")
    live(home, local(22), lambda _: 25.0)
    assert [each.tag for each in home.phone.taken if each.is_clear][-1] == told.tag
    live(home, local(9, day=15), lambda _: 25.0)
    assert len(home.phone.about("heat")) == 1
