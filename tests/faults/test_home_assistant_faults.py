"""What the adapters do when Home Assistant fails; named after the rows of the fault table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daemon.demo.fake_entities import air_conditioner
from daemon.demo.fake_home_assistant import FakeHomeAssistant
from integrations.errors import PermanentError, TransientError
from integrations.home_assistant import HomeAssistant
from integrations.messages import PhoneMessage
from integrations.mobile_app import MobileApp
from policies.alert import Severity
from policies.model import DeviceState, PhoneKind

AC = "climate.bedroom"
COOL = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=23.0)
CRITICAL = PhoneMessage(
    service="mobile_app_annas_phone",
    kind=PhoneKind.ANDROID,
    tag="heat:anna:1",
    title="Cool down now",
    body="Over the limit you set.",
    severity=Severity.CRITICAL,
)


@pytest.fixture
def house() -> Iterator[FakeHomeAssistant]:
    """Return a Home Assistant with an air conditioner."""
    with FakeHomeAssistant() as server:
        server.set_state(AC, "off", air_conditioner())
        yield server


@pytest.fixture
def adapter(house: FakeHomeAssistant) -> Iterator[HomeAssistant]:
    """Return the adapter of that house, with little patience."""
    adapter = HomeAssistant(house.url, house.token, timeout_s=(1.0, 0.3))
    yield adapter
    adapter.close()


def test_fault_31_refused_connection_is_passing(
    house: FakeHomeAssistant, adapter: HomeAssistant
) -> None:
    """A Home Assistant that is not there is passing, and surely nothing was carried out."""
    house.is_down = True
    with pytest.raises(TransientError, match="not reachable") as raised:
        MobileApp(adapter.call_service).send(CRITICAL)
    assert not raised.value.is_outcome_unknown


def test_fault_32_first_call_after_a_restart_succeeds(
    house: FakeHomeAssistant, adapter: HomeAssistant
) -> None:
    """A kept connection that the restart broke does not cost the next push."""
    MobileApp(adapter.call_service).send(CRITICAL)
    house.restart()
    MobileApp(adapter.call_service).send(CRITICAL)
    assert len(house.pushes) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_fault_33_refused_token_is_lasting(
    house: FakeHomeAssistant, adapter: HomeAssistant, status: int
) -> None:
    """A refused token is not a thing to try again, and it is named."""
    house.answer_status = status
    with pytest.raises(PermanentError, match="token refused"):
        MobileApp(adapter.call_service).send(CRITICAL)
    with pytest.raises(PermanentError, match="token refused"):
        adapter.apply(AC, COOL)
    with pytest.raises(PermanentError, match="token refused"):
        adapter.check_connection()


def test_fault_34_missing_service_is_lasting_and_named(
    house: FakeHomeAssistant,
) -> None:
    """A phone that Home Assistant does not know is a lasting failure naming its service."""
    adapter = HomeAssistant(house.url, house.token)
    push = PhoneMessage("mobile_app_bobs_phone", PhoneKind.IPHONE, "t", "x", "y", 4)
    with pytest.raises(PermanentError, match=r"notify\.mobile_app_bobs_phone"):
        MobileApp(adapter.call_service).send(push)
    adapter.close()


def test_fault_35_unavailable_entity_is_not_commanded(
    house: FakeHomeAssistant, adapter: HomeAssistant
) -> None:
    """An unavailable device gets no call, which Home Assistant would accept; it fails by name."""
    house.set_state(AC, "unavailable")
    with pytest.raises(TransientError, match=r"climate\.bedroom is not available"):
        adapter.apply(AC, COOL)
    assert house.calls == []
    (observed,) = adapter.fetch_states([AC])
    assert (observed.is_available, observed.state) == (False, None)


def test_fault_36_accepted_command_without_effect_shows_in_the_read_back(
    house: FakeHomeAssistant, adapter: HomeAssistant
) -> None:
    """A call that was accepted and changed nothing returns no context and reads back as before."""
    house.ignore_commands = True
    assert adapter.apply(AC, COOL) == ()
    assert [call.service for call in house.calls] == ["set_hvac_mode", "set_temperature"]
    (observed,) = adapter.fetch_states([AC])
    assert observed.state == DeviceState(is_on=False, hvac_mode="off", target_temperature_c=24.0)


def test_fault_37_slow_push_has_an_unknown_outcome_and_repeats_harmlessly(
    house: FakeHomeAssistant, adapter: HomeAssistant
) -> None:
    """After our time-out the push may have gone; the repeat replaces it on the phone."""
    house.delay_s = 0.6
    with pytest.raises(TransientError, match="in time") as raised:
        MobileApp(adapter.call_service).send(CRITICAL)
    assert raised.value.is_outcome_unknown
    house.delay_s = 0.0
    MobileApp(adapter.call_service).send(CRITICAL)
    assert len(house.on_screen(CRITICAL.service)) == 1


def test_fault_43_lost_push_is_accepted_all_the_same(
    house: FakeHomeAssistant, adapter: HomeAssistant
) -> None:
    """Home Assistant accepts a push that never arrives, so accepted cannot count as received."""
    house.loses_pushes = True
    MobileApp(adapter.call_service).send(CRITICAL)
    assert len(house.lost_pushes) == 1
    assert house.on_screen(CRITICAL.service) == ()
