"""An Android phone says that it got an urgent push, and keepcool hears which one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from integrations.ha_events import HomeAssistantEvents
from integrations.home_assistant import HomeAssistant
from integrations.home_assistant_states import parse_state
from integrations.messages import Heard, PhoneButton, PhoneMessage, PushReceived
from integrations.mobile_app import MobileApp, build_payload
from policies.alert import Severity
from policies.model import PhoneKind
from tests.waiting import wait_until


def a_push(kind: PhoneKind = PhoneKind.ANDROID, severity: int = Severity.CRITICAL) -> PhoneMessage:
    """Return an urgent push with one button."""
    button = PhoneButton("KEEPCOOL_A1", "I'm on it")
    service = "mobile_app_annas_phone"
    return PhoneMessage(service, kind, "keepcool-heat-anna-1", "title", "body", severity, (button,))


@pytest.fixture
def house() -> Iterator[FakeHomeAssistant]:
    """Return a Home Assistant whose phones are Android's."""
    with FakeHomeAssistant() as server:
        server.sends_receipts = True
        yield server


def test_receipt_is_heard_with_the_button_of_its_push(house: FakeHomeAssistant) -> None:
    """What was asked for is told by the string of its button; what was not is not told."""
    heard: list[Heard] = []
    stream = HomeAssistantEvents(house.url, house.token, (), heard.append, parse_state)
    stream.start()
    wait_until(lambda: house.connected == 1 and heard, what="the stream to connect")
    adapter = HomeAssistant(house.url, house.token)
    MobileApp(adapter.call_service).send(a_push(severity=Severity.LOUD_WARNING))
    MobileApp(adapter.call_service).send(a_push())
    wait_until(lambda: PushReceived(("KEEPCOOL_A1",)) in heard, what="the receipt")
    house.loses_pushes = True
    MobileApp(adapter.call_service).send(a_push())
    assert stream.flush(5.0)
    assert sum(isinstance(each, PushReceived) for each in heard) == 1
    adapter.close()
    stream.stop()


@pytest.mark.parametrize("severity", list(Severity))
def test_only_an_urgent_push_to_android_asks_for_a_receipt(severity: Severity) -> None:
    """A receipt crosses the home's bus with the whole message in it: only where it is needed."""
    android = build_payload(a_push(severity=severity))["data"]
    iphone = build_payload(a_push(PhoneKind.IPHONE, severity))["data"]
    assert isinstance(android, dict)
    assert isinstance(iphone, dict)
    assert ("confirmation" in android) is (severity is Severity.CRITICAL)
    assert "confirmation" not in iphone
