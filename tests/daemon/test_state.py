"""What of a decision is durable, and how ages in memory go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daemon.clock import Instant
from daemon.poller import Poller
from daemon.records import Changes
from daemon.state import HomeState
from daemon.store import IN_MEMORY, Store
from policies.alert import Alert, AlertPhase, HeatLevel, Severity
from policies.model import Decision, LevelMemory
from tests.builders import a_home, a_person, a_room, an_alert

NOW = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
ALERT = an_alert()


@pytest.fixture
def state() -> HomeState:
    """Return a home that decided on one alert."""
    zone, hour = ZoneInfo("Europe/Berlin"), timedelta(hours=1)
    state = HomeState(a_home(), [a_room()], [a_person()], [], zone, Poller(hour, ()), NOW)
    state.adopt(Decision(alerts=(ALERT,)), NOW, Changes())
    return state


def later(seconds: float) -> Instant:
    """Return a moment so many seconds later."""
    return NOW.shifted(timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("changed", "is_durable"),
    [
        (replace(ALERT, reason="30.1 °C"), False),
        (replace(ALERT, firing_for=timedelta(hours=1)), False),
        (replace(ALERT, phase=AlertPhase.ACKNOWLEDGED), True),
        (replace(ALERT, phase=AlertPhase.RESOLVED), True),
        (replace(ALERT, level=HeatLevel.HIGH), True),
        (replace(ALERT, severity=Severity.CRITICAL), True),
        (replace(ALERT, told_level=HeatLevel.HIGH), True),
        (replace(ALERT, since_told=timedelta(0)), True),
        (replace(ALERT, since_answered=timedelta(0)), True),
        (replace(ALERT, is_expected=True), True),
        (replace(ALERT, person_ids=("anna", "bob")), True),
        (replace(ALERT, clearing_for=timedelta(0)), True),
    ],
)
def test_alert_is_written_when_its_face_changes(
    state: HomeState,
    changed: Alert,
    is_durable: bool,  # noqa: FBT001
) -> None:
    """Numbers that follow every reading are no write; what a restart must know is."""
    changes = Changes()
    state.adopt(Decision(alerts=(changed,)), later(10), changes)
    assert bool(changes.alerts) is is_durable


def test_ages_go_on_between_decisions(state: HomeState) -> None:
    """A snapshot shows every alert as old as it is, however often one is taken."""
    for seconds in (10, 10, 25):
        snapshot = state.snapshot(later(seconds), is_clock_synchronised=True)
        assert snapshot.alerts == (ALERT.aged(timedelta(seconds=seconds)),)
        assert snapshot.since_last_decision == timedelta(seconds=seconds)


def test_ended_alert_is_forgotten_after_two_days(state: HomeState) -> None:
    """Until then it counts for the repeat interval; memory does not grow for ever."""
    ended = replace(ALERT, phase=AlertPhase.RESOLVED, clearing_for=timedelta(0))
    state.adopt(Decision(alerts=(ended,)), NOW, Changes())
    state.adopt(Decision(), NOW.shifted(timedelta(hours=47)), Changes())
    assert list(state.alerts) == [ALERT.key]
    state.adopt(Decision(), NOW.shifted(timedelta(hours=49)), Changes())
    assert state.alerts == {}
    assert state.last_episode == {("heat", "anna"): 1}


def test_unreadable_rows_do_not_stop_a_start(state: HomeState) -> None:
    """A level or a setting of a room that another version wrote otherwise is left out."""
    store = Store(IN_MEMORY, synchronous="OFF")
    rows = {
        "level:anna/living_room": "2",
        "level:anna/bedroom": "warm",
        "level:anna/kitchen": "17",
        "level:": "1",
        "cooling:bedroom": "no",
    }
    store.commit(Changes(memory=rows), NOW)
    state.restore(store, NOW, is_clock_synchronised=True)
    store.close()
    assert state.level_memory["anna", "living_room"] == LevelMemory(HeatLevel(2))
    assert ("anna", "bedroom") not in state.level_memory
    assert ("anna", "kitchen") not in state.level_memory


def test_level_is_written_when_it_changes(state: HomeState) -> None:
    """The memory for hysteresis is stored by level, not by every second of a hold."""
    written = []
    for memory in (
        LevelMemory(HeatLevel.WARNING),
        LevelMemory(HeatLevel.WARNING, timedelta(minutes=3)),
        LevelMemory(HeatLevel.NORMAL),
    ):
        changes = Changes()
        state.adopt(Decision(level_memory={("anna", "living"): memory}), NOW, changes)
        written.append(changes.memory.get("level:anna/living"))
    assert written == ["2", None, "0"]


def test_link_is_news_when_it_changes(state: HomeState) -> None:
    """Down counts from the first word of it; the newest detail is kept."""
    assert state.set_link("mqtt", NOW, is_up=False, detail="refused")
    assert not state.set_link("mqtt", later(60), is_up=False, detail="no broker")
    (link,) = state.links(later(90))
    assert (link.is_up, link.down_for, link.detail) == (False, timedelta(seconds=90), "no broker")
    assert state.set_link("mqtt", later(100), is_up=True)
    (link,) = state.links(later(200))
    assert (link.is_up, link.down_for) == (True, None)
