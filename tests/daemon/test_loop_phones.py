"""Of a phone that Home Assistant does not reach, though it is there, somebody must hear."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.errors import IntegrationError, PermanentError, TransientError
from integrations.messages import PhoneMessage
from policies.model import Carer
from tests.builders import a_person, a_phone
from tests.loop_home import FakePhone, FakeRoad, LoopHome

GONE = PermanentError("no such service")
FAILING = TransientError("Home Assistant failed at notify.mobile_app_annas_phone (it answered 5xx)")
AWAY = TransientError("Home Assistant is not reachable")
WARM_C = 29.5  # Anna's level 2
MINUTE_S = 60.0
OWN, BENS = a_phone(), a_phone(channel_id="ben:phone", service="mobile_app_ben")
TABLET = a_phone(channel_id="anna-tablet", service="mobile_app_annas_tablet")
COOL_DOWN, CHECK_PHONE = "Cool down now: living room 30°", "Check the phone of Anna"


class Phones(FakePhone):
    """Be several phones, of which some fail."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: dict[str, IntegrationError] = {}

    def send(self, message: PhoneMessage) -> None:
        """Take a push, or fail as this phone does."""
        if message.service in self.failing:
            raise self.failing[message.service]
        super().send(message)

    def titles(self, service: str) -> list[str]:
        """Return what one phone was told, but for reminders."""
        found = [push.title for push in self.pushes if push.service == service]
        return [title for title in found if not title.startswith("Have a drink")]


@pytest.fixture
def phones() -> Phones:
    """Return the phones of the home."""
    return Phones()


@pytest.fixture
def home(tmp_path: Path, phones: Phones) -> LoopHome:
    """Return a home with a carer and a second road of Anna's."""
    anna = a_person(second_roads=("anna:second_road:1",))
    ben = Carer("ben", "Ben", ("anna",), phones=(BENS,))
    road = FakeRoad()
    return LoopHome(tmp_path, people=(anna,), carers=(ben,), second_road=road, phone=phones)


def by_road(home: LoopHome) -> list[str]:
    """Return what the second road took."""
    assert home.second_road is not None
    return [message.title for message in home.second_road.taken]


def stay(home: LoopHome, minutes: float, celsius: float = WARM_C) -> None:
    """Let the room stay as it is."""
    for _ in range(round(minutes)):
        home.read(celsius)
        home.run(MINUTE_S - 1, step_s=20.0)


@pytest.mark.parametrize("error", [GONE, FAILING], ids=["gone", "failing"])
def test_fault_34_phone_that_is_not_reached_is_said_by_the_other_road(
    home: LoopHome, phones: Phones, error: IntegrationError
) -> None:
    """After ten minutes, with the warning that it never got; to the carer when it lasts."""
    phones.failing[OWN.service] = error
    stay(home, 10)
    assert by_road(home) == []
    stay(home, 2)
    assert sorted(by_road(home)) == [CHECK_PHONE, COOL_DOWN]
    stay(home, 28)
    assert phones.titles(BENS.service) == []
    stay(home, 4)
    assert phones.titles(BENS.service) == ["Call Anna: No message reaches the phone"]
    assert len(by_road(home)) == 2


def test_fault_34_phone_that_is_reached_again_is_no_trouble(home: LoopHome, phones: Phones) -> None:
    """The phone gets what waited, and what was said of it is taken back."""
    phones.failing[OWN.service] = GONE
    stay(home, 15)
    phones.failing.clear()
    stay(home, 15)
    assert COOL_DOWN in phones.titles(OWN.service)
    assert CHECK_PHONE not in {push.title for push in phones.shown().values()}
    assert home.links()["phone:anna-phone"][0]


def test_fault_34_urgent_heat_goes_by_the_other_road_once(home: LoopHome, phones: Phones) -> None:
    """The ladder tells it at once; that the phone is not reached is no second reason."""
    phones.failing[OWN.service] = GONE
    stay(home, 15)
    assert home.second_road is not None
    home.second_road.taken.clear()
    stay(home, 10, 22.0)
    home.read(36.0)
    assert by_road(home) == ["Get out of the heat: living room 39°"]
    stay(home, 5, 36.0)
    assert len(by_road(home)) == 1


def test_fault_34_what_comes_later_goes_by_the_other_road_at_once(
    home: LoopHome, phones: Phones
) -> None:
    """The air conditioner's trouble too: what is known not to arrive is not tried in vain only."""
    phones.failing[OWN.service] = GONE
    stay(home, 5)
    stay(home, 10, 22.0)
    assert by_road(home) == [CHECK_PHONE]
    stay(home, 1)
    assert by_road(home) == [CHECK_PHONE, COOL_DOWN]


@pytest.mark.parametrize("is_back", [True, False])
def test_home_assistant_away_is_no_trouble_with_phones(
    home: LoopHome,
    phones: Phones,
    is_back: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """It explains itself; after its return each phone is tried anew."""
    home.house.error = phones.failing[OWN.service] = AWAY
    stay(home, 60)
    if is_back:
        home.house.error = None
        stay(home, 5)
        phones.failing.clear()
        stay(home, 15)
    assert CHECK_PHONE not in by_road(home)
    assert CHECK_PHONE not in phones.titles(OWN.service)


def test_one_phone_of_two_is_enough(tmp_path: Path, phones: Phones) -> None:
    """Its owner has heard."""
    home = LoopHome(tmp_path, people=(a_person(phones=(OWN, TABLET)),), phone=phones)
    phones.failing[OWN.service] = GONE
    stay(home, 30)
    assert phones.titles(TABLET.service) == [COOL_DOWN]


def test_carer_who_is_not_reached_is_named_to_the_person(home: LoopHome, phones: Phones) -> None:
    """They are the ones who can tell the carer; it is no reason to warn by another road."""
    phones.failing[BENS.service] = GONE
    stay(home, 20, 36.0)
    stay(home, 20, 22.0)
    assert "Tell Ben: no message reaches you" in phones.titles(OWN.service)
