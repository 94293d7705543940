"""What keepcool says and does in basic mode."""

from __future__ import annotations

import pytest

from policies import arbitrate
from policies.basic_mode import decide
from policies.blindness import BLIND_OR_POWERLESS
from policies.model import RoomConditions
from tests.builders import (
    a_device,
    a_link,
    a_room,
    a_snapshot,
    a_warning,
    device_conditions,
    hours,
    minutes,
    person_conditions,
    room_conditions,
)


def a_hot_room() -> RoomConditions:
    """Return a living room at 33 degrees with an air conditioner."""
    room = a_room(devices=(a_device(),))
    return room_conditions(33.0, room=room, devices=(device_conditions(a_device()),))


def test_heat_speaks_and_nothing_is_switched() -> None:
    """The warning is that of an ordinary day, and no device is commanded."""
    snapshot = a_snapshot(rooms=(a_hot_room(),))
    usual, basic = arbitrate.decide(snapshot), decide(snapshot)
    assert usual.cooling
    assert basic.cooling == ()
    assert [each.key.policy for each in basic.notifications] == ["heat"]
    assert basic.rooms == usual.rooms


def test_no_reminder_and_no_official_warning() -> None:
    """Drinks and official warnings wait; what was drunk is shown on."""
    thirsty = person_conditions(since_last_drink=hours(6))
    snapshot = a_snapshot(people=(thirsty,), warnings=(a_warning(),))
    assert {alert.key.policy for alert in arbitrate.decide(snapshot).alerts} >= {
        "hydration",
        "official",
    }
    basic = decide(snapshot)
    assert basic.alerts == ()
    assert basic.people == arbitrate.decide(snapshot).people


@pytest.mark.parametrize(("down_for", "is_said"), [(1.0, False), (1.1, True)])
def test_basic_mode_is_said_after_a_minute(down_for: float, *, is_said: bool) -> None:
    """The trouble speaks once it has lasted a minute, and counts as being powerless."""
    link = a_link("settings", is_up=False, down_for=minutes(down_for), detail="why")
    told = [each.title for each in decide(a_snapshot(links=(link,))).notifications]
    assert told == ["Look at keepcool: basic mode only"] * is_said
    assert "trouble_basic_mode" in BLIND_OR_POWERLESS
