"""The ladder by stepped time, with the real daemon, broker, Home Assistant's double and apprise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.demo.driver import SteppedDaemon
from daemon.demo.fake_home_assistant import FakeHomeAssistant, Push
from daemon.demo.household import HOME_ID, TOKEN, Addresses, hot_day_household, write_settings
from tests.broker import Mosquitto
from tests.daemon_process import NO_WEATHER
from tests.mqtt_client import TestClient
from tests.road_server import RoadServer
from tests.waiting import wait_until

START = datetime(2026, 6, 27, 12, 0, tzinfo=UTC)
READING = "zigbee2mqtt/living_room"
STATE = f"keepcool/{HOME_ID}/home/state"
HOT = '{"temperature": 36.0, "humidity": 40}'
ANNA, BEN = "mobile_app_annas_phone", "mobile_app_bens_phone"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ROADS = """
[[person.second_road]]
url_file = "annas_road"

[[carer]]
id = "ben"
name = "Ben"

[[carer.phone]]
service = "notify.mobile_app_bens_phone"
kind = "iphone"

[[carer.second_road]]
url_file = "bens_road"

"""


@dataclass
class Place:
    """Hold a household with a carer, everything of it real but Home Assistant and the clock."""

    daemon: SteppedDaemon
    house: FakeHomeAssistant
    mqtt: TestClient
    annas_road: RoadServer
    bens_road: RoadServer

    def at(self, since: timedelta) -> None:
        """Let time pass to so long after the start, with a hot reading every five minutes."""
        while self.daemon.now < START + since:
            self.daemon.advance(min(START + since, self.daemon.now + 5 * MINUTE))
            self.mqtt.publish(READING, HOT)

    def heat_up(self) -> None:
        """Have the living room read 36 °C."""
        self.mqtt.publish(READING, HOT)

    def heat(self, phone: str) -> list[Push]:
        """Return the urgent pushes to a phone."""
        return [
            push
            for push in self.house.pushes
            if push.service == phone and not push.is_clear and _is_urgent(push)
        ]

    def counts(self) -> tuple[int, int, int, int]:
        """Return how often each phone and each road was told urgently."""
        roads = (self.annas_road, self.bens_road)
        told = [sum(taken.fields["type"] == "failure" for taken in road.taken) for road in roads]
        return (len(self.heat(ANNA)), told[0], len(self.heat(BEN)), told[1])


def _is_urgent(push: Push) -> bool:
    is_critical = push.data.get("push", {}).get("interruption-level") == "critical"
    return is_critical or push.data.get("channel") == "alarm_stream"


@pytest.fixture
def place(tmp_path: Path, start_mosquitto: Callable[..., Mosquitto]) -> Iterator[Place]:
    """Return the household just before it gets hot."""
    broker = start_mosquitto("set_tcp_nodelay true")
    with ExitStack() as stack:
        house = stack.enter_context(FakeHomeAssistant(token=TOKEN, phones=(ANNA, BEN)))
        annas, bens = (stack.enter_context(RoadServer()) for _ in range(2))
        prompt = {"fast_window_s": 0, "rolling_window_s": 0, "max_step_c_per_min": 0}
        household = replace(hot_day_household(START.date()), start=START, thresholds=prompt)
        addresses = Addresses("127.0.0.1", broker.port, house.url, NO_WEATHER)
        settings = write_settings(household, addresses, tmp_path)
        text = settings.read_text()
        where = text.index("[[room]]")
        settings.write_text(text[:where] + ROADS + text[where:])
        for name, server in (("annas_road", annas), ("bens_road", bens)):
            (tmp_path / name).touch(mode=0o600)
            (tmp_path / name).write_text(server.json_address)
        daemon = SteppedDaemon(settings, START, tmp_path / "daemon.log")
        stack.enter_context(daemon)
        mqtt = stack.enter_context(TestClient(broker.port))
        yield Place(daemon, house, mqtt, annas, bens)
        log = (tmp_path / "daemon.log").read_text()
        assert "json://" not in log
        assert "Traceback" not in log


def test_fault_33_refused_token_and_the_ladder(place: Place) -> None:
    """A refused token: the second road at once, the carer after five minutes by theirs."""
    place.house.answer_status = 401
    place.heat_up()
    place.at(2 * SECOND)
    assert place.counts() == (0, 1, 0, 0)
    (taken,) = [each for each in place.annas_road.taken if each.fields["type"] == "failure"]
    assert taken.title == "Get out of the heat: Living room 39°"
    assert "call 112" in taken.fields["message"]
    place.at(5 * MINUTE - SECOND)
    assert place.counts() == (0, 1, 0, 0)
    place.at(5 * MINUTE + 5 * SECOND)
    assert place.counts() == (0, 1, 0, 1)
    assert place.bens_road.titles == ["Call Anna: Living room 39°"]


def test_fault_31_home_assistant_down_and_the_ladder(place: Place) -> None:
    """Out of reach: the second road within a minute; once it is back the phone has the rest."""
    place.house.is_down = True
    place.heat_up()
    place.at(59 * SECOND)
    assert place.counts() == (0, 0, 0, 0)
    place.at(61 * SECOND)
    assert place.counts() == (0, 1, 0, 0)
    place.house.is_down = False
    place.at(121 * SECOND)
    assert place.counts() == (1, 1, 0, 0)


def test_fault_43_accepted_and_never_answered_until_it_is(place: Place) -> None:
    """Second road 2 min, carer 5 min, repeats 10, 20 and 40; then an answer, and silence."""
    place.heat_up()
    for at, expected in [
        (119 * SECOND, (1, 0, 0, 0)),
        (122 * SECOND, (1, 1, 0, 0)),
        (299 * SECOND, (1, 1, 0, 0)),
        (302 * SECOND, (1, 1, 1, 0)),
        (422 * SECOND, (1, 1, 1, 1)),
        (599 * SECOND, (1, 1, 1, 1)),
        (602 * SECOND, (2, 2, 2, 2)),
    ]:
        place.at(at)
        assert (at, place.counts()) == (at, expected)
    place.daemon.kill()
    place.daemon.start()
    for at, expected in [
        (20 * MINUTE - SECOND, (2, 2, 2, 2)),
        (20 * MINUTE + 2 * SECOND, (3, 3, 3, 3)),
        (40 * MINUTE - SECOND, (3, 3, 3, 3)),
        (40 * MINUTE + 2 * SECOND, (4, 4, 4, 4)),
    ]:
        place.at(at)
        assert (at, place.counts()) == (at, expected)
    place.house.press(place.heat(BEN)[-1], "I'm on it")
    place.at(41 * MINUTE)
    shown = {push.title for push in place.house.on_screen(ANNA)}
    assert "Ben is on it: Living room 39°" in shown
    assert place.annas_road.titles[-1] == "Ben is on it: Living room 39°"
    place.at(180 * MINUTE)
    assert place.counts() == (4, 4, 4, 4)


def test_fault_43_receipt_spares_the_second_road(place: Place) -> None:
    """An Android phone that says it got the message leaves the second road closed."""
    place.house.sends_receipts = True
    place.heat_up()
    place.at(299 * SECOND)
    assert place.counts() == (1, 0, 0, 0)
    place.at(302 * SECOND)
    assert place.counts() == (1, 0, 1, 0)


def test_fault_37_hanging_home_assistant_does_not_hold_up_the_second_road(place: Place) -> None:
    """A Home Assistant that takes ten seconds for nothing delays the other road by nothing."""
    place.house.answer_status, place.house.delay_s = 503, 0.2
    place.heat_up()
    place.at(62 * SECOND)
    assert place.counts() == (0, 1, 0, 0)


def test_fault_45_no_road_is_said_where_it_can_be(place: Place) -> None:
    """Everything refuses: it is tried on, stands in the retained topic, and arrives in the end."""
    place.mqtt.subscribe(STATE)
    place.house.is_down = True
    place.annas_road.status = place.bens_road.status = 503
    place.heat_up()
    place.at(5 * MINUTE + 10 * SECOND)
    wait_until(lambda: '"unheard":["keepcool-heat-anna-1"]' in (place.mqtt.last(STATE) or ""))
    place.at(30 * MINUTE)
    assert place.counts() == (0, 0, 0, 0)
    place.daemon.kill()
    place.daemon.start()
    place.annas_road.status = 200
    place.at(32 * MINUTE)
    assert place.counts()[1] >= 1
    wait_until(lambda: '"unheard":[]' in (place.mqtt.last(STATE) or ""))
