"""What is critical: loud on both kinds of phone, then by the second road, then to the carer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.model import PhoneKind
from tests.e2e.home import Home
from tests.e2e.household import Household
from tests.waiting import wait_until

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
# Source: companion.home-assistant.io, "Critical notifications".
LOUD: dict[PhoneKind, dict[str, Any]] = {
    PhoneKind.ANDROID: {"ttl": 0, "priority": "high", "channel": "alarm_stream"},
    PhoneKind.IPHONE: {
        "push": {
            "sound": {"name": "default", "critical": 1, "volume": 1.0},
            "interruption-level": "critical",
        }
    },
}


@pytest.mark.parametrize("kind", PhoneKind)
def test_critical_goes_up_the_ladder_by_what_the_phone_confirms(
    home: Home, tmp_path: Path, kind: PhoneKind
) -> None:
    """Android confirms, an iPhone cannot: second road at 2 min; either way the carer at 5."""
    is_android = kind is PhoneKind.ANDROID
    phone = home.android if is_android else home.iphone
    household = Household(home, tmp_path, phone, has_road=True)
    with household.stepped() as daemon:
        household.wait_until_shown()
        home.say_room(36.0)
        daemon.advance(daemon.now + SECOND)
        (push,) = phone.about("heat")
        assert push.title == "Get out of the heat: Living room 41°"
        assert "call 112" in push.message
        assert LOUD[kind].items() <= push.data.items()
        assert list(push.buttons) == ["I'm on it"]
        home.wait_for("sensor.keepcool_anna_heat_level", "very high")
        assert home.api.state("event.keepcool_anna_alert")["attributes"]["event_type"] == "critical"
        if is_android:
            assert push.data["confirmation"] is True
            phone.confirm(push)
        daemon.advance(household.started_at + 4 * MINUTE)
        expected = [] if is_android else ["Get out of the heat: Living room 41°"]
        assert home.annas_road.titles == expected
        assert home.carers.pushes == []
        daemon.advance(household.started_at + 5 * MINUTE + 5 * SECOND)
        (card,) = home.carers.shown
        assert card.title == "Call Anna: Living room 41°"
        assert LOUD[PhoneKind.IPHONE].items() <= card.data.items()
        home.carers.tap(card, next(iter(card.buttons)))
        daemon.advance(daemon.now + 30 * MINUTE)
        # Somebody answered: it is not said again, only, without a sound, who is on it.
        _, answered = phone.about("heat")
        assert answered.title == "Ben is on it: Living room 41°"
        assert not LOUD[kind].items() <= answered.data.items()
        assert len(home.carers.about("carer")) == 1


def test_fault_33_revoked_token_is_told_by_the_second_road(home: Home, tmp_path: Path) -> None:
    """A real one takes keepcool's token back: an alarm goes the other way at once, and why."""
    token = home.api.new_token("keepcool")
    household = Household(home, tmp_path, home.android, has_road=True, token=token)
    with household.stepped() as daemon:
        household.wait_until_shown()
        home.say_room(30.2)
        daemon.advance(daemon.now + MINUTE)
        assert len(home.android.about("heat")) == 1
        home.api.revoke_token("keepcool")
        wait_until(lambda: "token refused" in daemon.log_tail(), 10.0, what="the refusal")
        daemon.advance(daemon.now + 6 * MINUTE)
        home.wait_for("binary_sensor.keepcool_trouble", "on")  # by MQTT, which needs no token
        assert home.annas_road.titles == ["Give keepcool a new token"]
        home.say_room(36.0)
        daemon.advance(daemon.now + 5 * SECOND)
        assert home.annas_road.titles[1:] == ["Get out of the heat: Living room 41°"]
        assert len(home.android.about("heat")) == 1
