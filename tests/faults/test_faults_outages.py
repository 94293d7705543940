"""Home Assistant away, refusing, slow or half there, with the real daemon in a process of its own.

Time is stepped, but for what a time-out takes: those of `tests.impatient_daemon` are tenths of a
second.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from daemon.demo.driver import SteppedDaemon
from daemon.demo.fake_entities import air_conditioner
from daemon.demo.fake_home_assistant import FakeHomeAssistant, Push
from daemon.demo.household import TOKEN, Addresses, hot_day_household, write_settings
from daemon.store import DATABASE_NAME
from integrations.errors import PermanentError, RefusedError, TransientError
from integrations.messages import LinkChanged
from policies.alert import Severity
from tests.broker import Mosquitto
from tests.builders import a_person
from tests.daemon_process import NO_WEATHER
from tests.loop_home import FakeRoad, LoopHome
from tests.mqtt_client import TestClient
from tests.proxy import Mode, Proxy
from tests.road_server import RoadServer
from tests.waiting import wait_until

START = datetime(2026, 6, 27, 15, 0, tzinfo=UTC)  # 17:00: Anna is in the living room
READING = "zigbee2mqtt/living_room"
AC = "climate.living_room"
LEASE = "keepcool/demo/lease/climate-living_room"
PHONE = "mobile_app_annas_phone"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
WITHIN = MINUTE  # FAULTS 31 and 32: the second road, and everything once it is back
WARM_C, VERY_HOT_C = 30.2, 36.0
ROAD = """
[[person.second_road]]
url_file = "annas_road"

"""


@dataclass
class Place:
    """Hold a household, everything of it real but Home Assistant and the clock."""

    daemon: SteppedDaemon
    house: FakeHomeAssistant
    proxy: Proxy
    mqtt: TestClient
    road: RoadServer
    folder: Path
    room_c: float = WARM_C
    _events: list[dict[str, Any]] | None = None

    def read(self, celsius: float) -> None:
        """Have the living room's sensor speak; it goes on with this value."""
        self.room_c = celsius
        self.mqtt.publish(READING, json.dumps({"temperature": celsius, "humidity": 40}))

    def pass_time(self, span: timedelta, step: timedelta = 5 * MINUTE) -> None:
        """Let time pass; the sensor speaks at every step."""
        end = self.daemon.now + span
        while self.daemon.now < end:
            self.daemon.advance(min(end, self.daemon.now + step))
            self.read(self.room_c)

    def pushes(self, kind: str) -> list[Push]:
        """Return the pushes about one thing ("heat", "trouble") that reached the phone."""
        found = [push for push in self.house.pushes if not push.is_clear]
        return [push for push in found if push.tag.startswith(f"keepcool-{kind}-")]

    def shown(self) -> set[str]:
        """Return the titles on the phone."""
        return {push.title for push in self.house.on_screen(PHONE)}

    def urgent_by_road(self) -> int:
        """Return how many urgent messages the second road carried."""
        return sum(taken.fields["type"] == "failure" for taken in self.road.taken)

    def waiting(self) -> list[str]:
        """Return what is still to be sent, by the database."""
        path = self.folder / "state" / DATABASE_NAME
        query = "SELECT tag FROM outbox WHERE state = 'due'"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute(query)]

    def lease(self) -> dict[str, Any]:
        """Return what is said of the hold on the air conditioner."""
        found: dict[str, Any] = json.loads(self.mqtt.last(LEASE) or "{}")
        return found

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the daemon's log events of one name so far."""
        self._events = (self._events or []) + self.daemon.take_log()
        return [event for event in self._events if event.get("event") == name]

    def switched(self) -> int:
        """Return how often the air conditioner's mode was commanded."""
        return sum(call.service == "set_hvac_mode" for call in self.house.calls)

    def is_cooling(self) -> bool:
        """Return whether the air conditioner runs."""
        return self.house.state_of(AC).state == "cool"


def build(stack: ExitStack, folder: Path, broker: Mosquitto, module: str = "daemon.cli") -> Place:
    """Build the household; its daemon is not started."""
    daemons: list[SteppedDaemon] = []
    house = FakeHomeAssistant(
        token=TOKEN, phones=(PHONE,), clock=lambda: daemons[0].now if daemons else START
    )
    stack.enter_context(house)
    house.set_state(AC, "off", air_conditioner())
    house.set_state("fan.bedroom", "off", {"percentage": 0})
    proxy = stack.enter_context(Proxy(int(house.url.rpartition(":")[2])))
    road = stack.enter_context(RoadServer())
    prompt = {"fast_window_s": 0, "rolling_window_s": 0, "max_step_c_per_min": 0}
    household = replace(hot_day_household(START.date()), start=START, thresholds=prompt)
    addresses = Addresses("127.0.0.1", broker.port, proxy.url, NO_WEATHER)
    settings = write_settings(household, addresses, folder)
    text = settings.read_text()
    where = text.index("[[room]]")
    settings.write_text(text[:where] + ROAD + text[where:])
    (folder / "annas_road").touch(mode=0o600)
    (folder / "annas_road").write_text(road.json_address)
    daemon = SteppedDaemon(settings, START, folder / "daemon.log", module=module)
    daemons.append(daemon)
    mqtt = stack.enter_context(TestClient(broker.port))
    mqtt.subscribe("keepcool/#")
    return Place(daemon, house, proxy, mqtt, road, folder)


@pytest.fixture
def place(tmp_path: Path, start_mosquitto: Callable[..., Mosquitto]) -> Iterator[Place]:
    """Return a household whose daemon is not started yet."""
    with ExitStack() as stack:
        found = build(stack, tmp_path, start_mosquitto("set_tcp_nodelay true"))
        stack.callback(found.daemon.kill)
        yield found
        assert "Traceback" not in found.daemon.log_path.read_text()


def assert_settled(place: Place, *, may_repeat: bool = False) -> None:
    """Assert that within a minute everything was delivered once, and the room is cooled."""
    place.pass_time(WITHIN, step=10 * SECOND)
    assert place.waiting() == []
    assert "Get out of the heat: Living room 39°" in place.shown()
    assert place.is_cooling()
    assert place.lease()["is_on"]
    told = Counter((push.tag, push.message) for push in place.pushes("heat"))
    assert may_repeat or max(told.values()) == 1
    assert not place.events("device.overridden")


@pytest.mark.parametrize("away", [5 * MINUTE, 30 * MINUTE])
def test_fault_31_away_at_boot_loses_and_repeats_nothing(place: Place, away: timedelta) -> None:
    """Decided at once, by the second road within a minute, all on the phone a minute after."""
    place.proxy.mode = Mode.REFUSE
    place.daemon.start()
    place.read(VERY_HOT_C)
    place.daemon.advance(START + SECOND)
    assert any(tag.startswith("keepcool-heat-") for tag in place.waiting())
    place.pass_time(WITHIN)
    assert place.urgent_by_road() == 1
    place.pass_time(away - WITHIN)
    assert place.house.pushes == []
    place.proxy.mode = Mode.PASS
    assert_settled(place)
    assert place.pushes("trouble") == []  # over, when the phone could hear of it


@pytest.mark.parametrize("away", [5 * MINUTE, 30 * MINUTE])
def test_fault_32_away_in_a_hot_hour_loses_and_repeats_nothing(
    place: Place, away: timedelta
) -> None:
    """A critical goes out by the second road within a minute; the cooling goes on as it was."""
    place.daemon.start()
    place.read(WARM_C)
    place.pass_time(2 * MINUTE, step=10 * SECOND)
    assert place.is_cooling()
    switched = place.switched()
    place.proxy.mode = Mode.REFUSE
    place.read(VERY_HOT_C)
    place.pass_time(WITHIN + SECOND)
    assert place.urgent_by_road() == 1
    place.pass_time(away - WITHIN)
    assert "Get out of the heat: Living room 39°" not in place.shown()
    place.proxy.mode = Mode.PASS
    assert_settled(place)
    assert place.switched() == switched
    told = {push.title for push in place.pushes("trouble")}
    assert told <= {"Check AC: Living room"}  # after half an hour at 36 degrees it is right


@pytest.mark.parametrize(("cooled_for", "is_hand"), [(2 * MINUTE, False), (16 * MINUTE, True)])
def test_fault_32_device_that_went_off_meanwhile(
    place: Place, cooled_for: timedelta, *, is_hand: bool
) -> None:
    """Off when Home Assistant is back: a hand, unless it may have forgotten a recent command."""
    place.daemon.start()
    place.read(WARM_C)
    place.pass_time(cooled_for, step=10 * SECOND)
    assert place.is_cooling()
    place.proxy.mode = Mode.REFUSE
    place.pass_time(5 * MINUTE)
    place.house.set_state(AC, "off")
    place.proxy.mode = Mode.PASS
    place.pass_time(2 * MINUTE, step=10 * SECOND)
    assert bool(place.events("device.overridden")) is is_hand
    assert (place.lease() == {}) is is_hand
    assert not place.is_cooling()  # a compressor rests before it is started again


def test_fault_32_phones_that_a_starting_home_assistant_does_not_know_yet(tmp_path: Path) -> None:
    """It refuses the phone's service for its first minute: the alarm comes within 20 s of that."""
    home = LoopHome(tmp_path)
    home.run(60)
    home.house.error = home.phone.error = TransientError("no answer")
    home.read(VERY_HOT_C)
    home.run(60)
    home.house.error, home.phone.error = None, PermanentError("no such service")
    home.run(60)
    assert home.phone.about("heat") == []
    home.phone.error = None
    home.run(21)
    (alarm,) = home.phone.about("heat")
    assert alarm.severity is Severity.CRITICAL


def test_fault_33_token_revoked_is_said_at_once_and_hardly_tried(place: Place) -> None:
    """Second road at once, with what to do; Home Assistant is asked each 5 min, not hammered."""
    place.daemon.start()
    place.read(24.0)
    place.pass_time(2 * MINUTE)
    place.house.token = "another"  # noqa: S105 - opens nothing
    place.house.restart()
    place.pass_time(MINUTE)  # the next read finds out
    assert "Give keepcool a new token" in place.road.titles
    place.read(VERY_HOT_C)
    place.daemon.advance(place.daemon.now + 2 * SECOND)
    assert place.urgent_by_road() == 1
    place.pass_time(MINUTE)
    asked = place.house.refused
    place.pass_time(30 * MINUTE, step=10 * SECOND)
    assert 4 <= place.house.refused - asked <= 20
    assert place.road.titles.count("Give keepcool a new token") == 1
    place.house.token = TOKEN
    place.pass_time(5 * MINUTE)  # the next probe finds out
    assert_settled(place)


def test_fault_33_what_was_refused_last_goes_out_with_the_rest(tmp_path: Path) -> None:
    """A message refused a moment before the token counted again does not wait five minutes more."""
    road = FakeRoad()
    anna = a_person(second_roads=("anna:second_road:1",))
    home = LoopHome(tmp_path, people=(anna,), second_road=road)
    home.house.error = home.phone.error = RefusedError("token refused")
    home.run(340)  # asked and refused after a minute, and asked again five minutes later
    home.read(VERY_HOT_C)
    assert "Get out of the heat: living room 39°" in {message.title for message in road.taken}
    home.house.error = home.phone.error = None
    home.run(40)
    assert [push.title for push in home.phone.about("heat")] == [
        "Get out of the heat: living room 39°"
    ]


def test_fault_34_entity_gone_is_said_and_comes_back(place: Place) -> None:
    """A missing air conditioner is switched by hand, says the phone; back again it is commanded."""
    place.daemon.start()
    place.house.remove(AC)
    place.read(WARM_C)
    place.pass_time(3 * MINUTE, step=10 * SECOND)
    assert [push.title for push in place.pushes("trouble")] == [
        "Switch on by hand: AC, Living room"
    ]
    place.house.set_state(AC, "off", air_conditioner())
    place.pass_time(3 * MINUTE, step=10 * SECOND)
    assert place.is_cooling()
    assert "Switch on by hand: AC, Living room" not in place.shown()


def test_fault_35_unavailable_entity_is_said_and_comes_back(place: Place) -> None:
    """Not reachable: no call is made that Home Assistant would swallow, and the phone says so."""
    place.daemon.start()
    place.house.set_state(AC, "unavailable")
    place.read(WARM_C)
    place.pass_time(3 * MINUTE, step=10 * SECOND)
    assert place.switched() == 0
    assert [push.title for push in place.pushes("trouble")] == [
        "Switch on by hand: AC, Living room"
    ]
    place.house.set_state(AC, "off")
    place.pass_time(3 * MINUTE, step=10 * SECOND)
    assert place.is_cooling()


def test_fault_36_accepted_but_unchanged_is_said(place: Place) -> None:
    """Three commands without effect, and the phone asks for a hand; none is taken for a success."""
    place.daemon.start()
    place.house.ignore_commands = True
    place.read(WARM_C)
    place.pass_time(3 * MINUTE, step=10 * SECOND)
    assert place.switched() == 3
    assert [push.title for push in place.pushes("trouble")] == [
        "Switch on by hand: AC, Living room"
    ]


@pytest.mark.parametrize("is_up", [True, False])
def test_fault_15_refusal_of_the_broker_is_told_at_once(tmp_path: Path, *, is_up: bool) -> None:
    """Wrong password, a missing right, a second program: said within ten seconds, and once."""
    home = LoopHome(tmp_path)
    home.read(24.0)
    detail = "not authorised as keepcool: check mqtt.username and mqtt_password"
    home.post(LinkChanged("mqtt", is_up, detail, is_refused=True))
    home.run(10)
    assert [push.title for push in home.phone.about("trouble")] == [
        "Check keepcool's MQTT settings"
    ]
    home.post(LinkChanged("mqtt", is_up=False, detail="no broker answers", is_refused=False))
    home.post(LinkChanged("mqtt", is_up=False, detail=detail, is_refused=True))
    home.run(600)
    assert len(home.phone.about("trouble")) == 1


@pytest.mark.parametrize("down_s", [2, 120])
def test_fault_15_restart_tells_a_missing_right_once(tmp_path: Path, down_s: int) -> None:
    """A broker that still refuses the same after each of its restarts rings nobody again."""
    home = LoopHome(tmp_path)
    home.read(24.0)
    for _ in range(3):
        home.post(LinkChanged("mqtt", is_up=True))
        home.post(LinkChanged("mqtt", is_up=True, detail="no right to read x", is_refused=True))
        home.run(600)
        home.post(LinkChanged("mqtt", is_up=False, detail="connection lost"))
        home.run(down_s)
    assert len(home.phone.about("trouble")) == 1


def test_fault_37_slow_answers_do_not_pile_up(tmp_path: Path) -> None:
    """While one reading of the devices is under way no second one is asked for."""
    home = LoopHome(tmp_path)
    home.run(120)
    worker = home.workers["home"]
    worker.is_held = True
    home.run(600)
    assert len(worker._waiting) == 1
    worker.is_held = False
    worker.let_go()
    before = len(home.house.reads)
    home.run(130)
    assert len(home.house.reads) == before + 2


# ----------------------------------------------------------------- no internet

SPEAKER, VOICE = "media_player.bedroom", "tts.piper"
ANNOUNCER = f"""
[[person.announcer]]
entity = "{SPEAKER}"
tts = "{VOICE}"

"""


def test_fault_45_speaker_in_the_home_when_no_message_gets_out(place: Place) -> None:
    """Pushes are accepted and lost, the second road refuses: the speaker says it in two minutes."""
    (settings,) = place.folder.glob("*.toml")
    settings.write_text(settings.read_text().replace(ROAD, ROAD + ANNOUNCER))
    place.house.set_state(SPEAKER, "unavailable")  # Home Assistant would answer 200
    place.house.set_state(VOICE, "unknown")
    place.house.loses_pushes = True
    place.road.status = 503

    def spoken() -> list[str]:
        return [call.data["message"] for call in place.house.calls if call.domain == "tts"]

    place.daemon.start()
    place.read(VERY_HOT_C)
    place.pass_time(110 * SECOND, step=10 * SECOND)
    assert spoken() == []
    place.pass_time(15 * SECOND, step=5 * SECOND)
    assert place.house.lost_pushes
    assert place.house.pushes == []
    assert place.road.asked
    assert spoken() == []
    (failed,) = [each for each in place.events("push.failed") if each["road"] == "announcer"]
    assert failed["error"] == f"{SPEAKER} is not available in Home Assistant"
    place.house.set_state(SPEAKER, "idle")
    place.pass_time(10 * SECOND, step=5 * SECOND)
    (first,) = spoken()
    assert first.startswith("Get out of the heat: Living room 39°. ")
    place.pass_time(10 * MINUTE, step=MINUTE)
    assert len(spoken()) == 2  # again at the repeat


# ----------------------------------------------------------------- slow, and half there


@pytest.fixture
def hasty(tmp_path: Path, start_mosquitto: Callable[..., Mosquitto]) -> Iterator[Place]:
    """Return a household whose daemon waits 0.8 s for an answer, instead of 10 s; it runs."""
    with ExitStack() as stack:
        broker = start_mosquitto("set_tcp_nodelay true")
        found = build(stack, tmp_path, broker, "tests.impatient_daemon")
        stack.callback(found.daemon.kill)
        found.daemon.start()
        found.read(24.0)
        found.daemon.advance(START + SECOND)
        yield found
        assert "Traceback" not in found.daemon.log_path.read_text()


def test_fault_37_slow_home_assistant_gets_one_alert_and_the_road_the_other(hasty: Place) -> None:
    """Three time-outs long each: second road in a minute; what arrived anyway is replaced."""
    hasty.house.delay_s = 2.4
    hasty.read(VERY_HOT_C)
    hasty.pass_time(WITHIN + SECOND)
    assert hasty.urgent_by_road() == 1
    hasty.house.delay_s = 0.0
    assert_settled(hasty, may_repeat=True)
    (alert,) = [push for push in hasty.house.on_screen(PHONE) if push.tag.endswith("heat-anna-1")]
    assert alert.title == "Get out of the heat: Living room 39°"


@pytest.mark.parametrize("mode", [Mode.SILENT, Mode.RESET])
def test_fault_38_half_open_connections_are_given_up(hasty: Place, mode: Mode) -> None:
    """Accepting and saying nothing, or throwing off: WebSocket and REST both notice and return."""
    hasty.proxy.mode = mode
    wait_until(lambda: hasty.events("event_stream.disconnected"), what="the silence to be noticed")
    hasty.read(VERY_HOT_C)
    hasty.pass_time(WITHIN + SECOND)
    assert hasty.urgent_by_road() == 1
    assert not hasty.pushes("heat")
    hasty.proxy.mode = Mode.PASS
    wait_until(lambda: hasty.house.connected, what="the WebSocket again")
    assert_settled(hasty)
