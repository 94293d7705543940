"""What is said in the home is said by entities that are there, and by no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from integrations.announcer import Announcer
from integrations.errors import PermanentError, TransientError
from integrations.home_assistant import HomeAssistant
from integrations.messages import HomeMessage
from policies.alert import Severity

SPEAKER, VOICE, LIGHT = "media_player.bedroom", "tts.piper", "light.hall"
DIMMABLE = {"supported_color_modes": ["color_temp", "xy"], "supported_features": 8 | 32}
PLAIN = {"supported_color_modes": ["onoff"], "supported_features": 0}


@pytest.fixture
def house() -> Iterator[FakeHomeAssistant]:
    """Return a Home Assistant with a speaker, a voice that never spoke, and a light."""
    with FakeHomeAssistant() as server:
        server.set_state(SPEAKER, "idle")
        server.set_state(VOICE, "unknown")
        server.set_state(LIGHT, "off", DIMMABLE)
        yield server


@pytest.fixture
def announcer(house: FakeHomeAssistant) -> Iterator[Announcer]:
    """Return the adapter of that house."""
    home = HomeAssistant(house.url, house.token, timeout_s=(1.0, 2.0))
    yield Announcer(home.call_service, home.read_state)
    home.close()


def message(entity_id: str, voice_id: str | None = None) -> HomeMessage:
    """Return what is to be said."""
    said = ("keepcool-heat-anna-1", "Get out of the heat", "It is 36 degrees.", Severity.CRITICAL)
    return HomeMessage(entity_id, voice_id, *said)


def test_speaker_says_what_to_do(house: FakeHomeAssistant, announcer: Announcer) -> None:
    """Title and text are spoken by the voice on the speaker."""
    announcer.send(message(SPEAKER, VOICE))
    (call,) = house.calls
    assert (call.domain, call.service) == ("tts", "speak")
    assert call.data == {
        "entity_id": VOICE,
        "media_player_entity_id": SPEAKER,
        "message": "Get out of the heat. It is 36 degrees.",
    }


@pytest.mark.parametrize(
    ("attributes", "more"),
    [
        (DIMMABLE, {"brightness_pct": 100, "flash": "long"}),
        (PLAIN, {}),
        ({}, {}),
        ({"supported_color_modes": ["brightness"]}, {"brightness_pct": 100}),
        ({"supported_features": 8}, {"flash": "long"}),
        ({"supported_color_modes": "xy", "supported_features": "8"}, {}),
    ],
)
def test_light_goes_on_as_well_as_it_can(
    house: FakeHomeAssistant,
    announcer: Announcer,
    attributes: dict[str, object],
    more: dict[str, object],
) -> None:
    """A light is switched on, at its brightest and flashing where it tells that it can."""
    house.remove(LIGHT)
    house.set_state(LIGHT, "unknown", attributes)
    announcer.send(message(LIGHT))
    (call,) = house.calls
    assert (call.domain, call.service) == ("light", "turn_on")
    assert call.data == {"entity_id": LIGHT, **more}
    assert house.state_of(LIGHT).state == "on"


@pytest.mark.parametrize("lost", [SPEAKER, VOICE, LIGHT])
def test_fault_45_speaker_that_is_not_there_did_not_speak(
    house: FakeHomeAssistant, announcer: Announcer, lost: str
) -> None:
    """Home Assistant would answer 200 all the same: nothing is called, and the entity is named."""
    wanted = message(LIGHT) if lost == LIGHT else message(SPEAKER, VOICE)
    house.set_state(lost, "unavailable")
    with pytest.raises(TransientError, match=f"{lost} is not available"):
        announcer.send(wanted)
    house.remove(lost)
    with pytest.raises(TransientError, match=f"{lost} does not exist"):
        announcer.send(wanted)
    assert house.calls == []


@pytest.mark.parametrize("entity_id", ["lock.door", "switch.siren", SPEAKER])
def test_fault_70_nothing_else_is_called(
    house: FakeHomeAssistant, announcer: Announcer, entity_id: str
) -> None:
    """Neither a foreign domain nor a speaker without a voice is called, whatever a row says."""
    house.set_state(entity_id, "off")
    with pytest.raises(PermanentError, match="nothing is said by"):
        announcer.send(message(entity_id))
    assert house.calls == []
