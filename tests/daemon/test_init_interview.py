"""A person at a terminal is asked little, understood or asked again, and loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from daemon.bootstrap.initialising import build_knowledge, parse
from daemon.init.announced import Announced
from daemon.init.ask import ask_yes, choose, choose_many
from daemon.init.connect import Connected, Connecting, GivenUpError, Hints
from daemon.init.household import Entity, Household, PhoneFound, Place
from daemon.init.interview import Interview
from daemon.init.listen import Progress
from daemon.init.plan import BrokerPlan, HomeAssistantPlan, Plan
from daemon.init.sensors import Broker, SensorFound
from integrations.errors import IntegrationError, PermanentError, TransientError

ENTER = ""
TOKEN = "eyJhbGciOi.token"  # noqa: S105 - opens nothing
KNOWLEDGE = replace(build_knowledge(), time_zone="Europe/Paris")
PLACE = Place("Lab", 52.37, 4.89, "Europe/Amsterdam", "NL")
AC = Entity(
    "climate.ac", "AC", "off", {"hvac_modes": ["off", "cool"]}, area="Living room", platform="x"
)
PLUG = Entity("switch.plug", "Plug", "off", {})
BLIND = Entity("cover.blind", "Blind", "open", {}, area="Living room")
HOUSEHOLD = Household(
    version="2025.4.4",
    place=PLACE,
    entities=(AC, PLUG, BLIND),
    phones=(PhoneFound("notify.mobile_app_annas_phone", "iphone"),),
)


@dataclass
class ScriptedTerminal:
    """Answer in order, remember what was shown; more questions than answers fail."""

    answers: list[str]
    lines: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    width: int = 80

    def say(self, text: str = "") -> None:
        """Take a line."""
        self.lines.append(text)

    def ask(self, question: str, default: str = "", *, is_hidden: bool = False) -> str:
        """Take a question and give the next answer."""
        assert self.answers, f"one question too many: {question}"
        answer = self.answers.pop(0)
        self.asked.append(question)
        if is_hidden:
            self.hidden.append(question)
        else:
            self.lines.append(f"{question} [{default}]: {answer}")
        return answer or default

    def show_progress(self, text: str) -> None:
        """Take a line of progress."""
        self.lines.append(text)

    @property
    def shown(self) -> str:
        """Return everything that stood on the screen."""
        return "\n".join(self.lines)


@dataclass
class FakeRoads:
    """Be a broker that takes one password and a Home Assistant that takes one token."""

    password: str | None = None
    household: Household = HOUSEHOLD
    is_broker_there: bool = True
    trouble: list[IntegrationError] = field(default_factory=list)  # Home Assistant's, in turn
    tried: list[BrokerPlan] = field(default_factory=list)
    announced: Sequence[str] = ()
    heard: Sequence[tuple[str, str]] = (("zigbee2mqtt/living_room", '{"temperature": 24.5}'),)

    def new_broker(self) -> Broker:
        """Return a real collection."""
        return Broker(parse)

    def read_retained(self, plan: BrokerPlan, broker: Broker) -> None:
        """Refuse as it is told to."""
        self.tried.append(plan)
        if not self.is_broker_there:
            raise TransientError("no broker answers")
        if plan.password != self.password:
            raise PermanentError("not authorised")
        devices = [
            {"friendly_name": name, "definition": {"exposes": [{"property": "temperature"}]}}
            for name in self.announced
        ]
        broker.announce("zigbee2mqtt/bridge/devices", json.dumps(devices).encode())

    def listen(
        self, plan: BrokerPlan, broker: Broker, seconds: float, show_progress: Progress
    ) -> None:
        """Hear what is to be heard."""
        show_progress(seconds, broker)
        for topic, text in self.heard:
            broker.hear(topic, text.encode())
        show_progress(0.0, broker)

    def fetch_household(self, plan: HomeAssistantPlan) -> Household:
        """Take one token only."""
        if self.trouble:
            raise self.trouble.pop(0)
        if plan.token != TOKEN:
            raise PermanentError("token refused: make a new long-lived access token")
        return self.household


def connect(
    answers: Sequence[str], roads: FakeRoads, hints: Hints | None = None
) -> tuple[Connected, ScriptedTerminal]:
    """Go through the first three steps."""
    terminal = ScriptedTerminal(list(answers))
    found = Connecting(terminal, KNOWLEDGE.checks, roads, hints or Hints()).run(5.0)
    assert terminal.answers == []
    return found, terminal


def interview(answers: Sequence[str], found: Connected) -> tuple[Plan, ScriptedTerminal]:
    """Go through the last step."""
    terminal = ScriptedTerminal(list(answers))
    plan = Interview(terminal, KNOWLEDGE, found).run()
    assert terminal.answers == []
    return plan, terminal


def heard(*messages: tuple[str, str], household: Household | None = HOUSEHOLD) -> Connected:
    """Return what was found where these messages were heard."""
    broker = Broker(parse)
    for topic, text in messages:
        broker.hear(topic, text.encode())
    server = HomeAssistantPlan("http://ha.local:8123", TOKEN) if household else None
    return Connected(BrokerPlan(), broker, server, household)


LIVING = ("zigbee2mqtt/living_room", '{"temperature": 24.5, "humidity": 50}')
BEDROOM = ("zigbee2mqtt/bedroom", '{"temperature": 22}')
NAMELESS = ("zigbee2mqtt/0x00158d00036c1821", '{"temperature": 23}')
ANNA = ("Anna", ENTER, ENTER, ENTER, ENTER)  # name, day, night or sleep, wake, bed
NOBODY_ELSE = ("n", "none")
SHUT = FakeRoads("right")


def test_both_roads_by_enter() -> None:
    """With everything as usual, Enter and the token are enough."""
    found, terminal = connect([ENTER, ENTER, ENTER, TOKEN], FakeRoads())
    assert found.broker_plan == BrokerPlan()
    assert found.home_assistant_plan is not None
    assert found.home_assistant_plan.url == "http://homeassistant.local:8123"
    assert found.broker is not None
    assert "zigbee2mqtt/living_room" in found.broker.heard
    assert TOKEN not in terminal.shown
    assert terminal.hidden == ["Token"]


def test_wrong_password_is_said_and_asked_again() -> None:
    """A broker that refuses is explained; the second try keeps what was right."""
    answers = ["broker.lan:1884", "keepcool", "wrong", "1", ENTER, ENTER, "right", "none"]
    found, terminal = connect(answers, FakeRoads("right"))
    assert "The broker does not work: not authorised" in terminal.shown
    assert found.broker_plan == BrokerPlan("broker.lan", 1884, "keepcool", "right")
    assert "right" not in terminal.shown.replace("try again", "")


def test_password_of_the_installation_is_used() -> None:
    """The password that `make install` made is taken by Enter, for the user keepcool."""
    hints = Hints(None, "made")
    found, _ = connect([ENTER, ENTER, ENTER, "none"], FakeRoads("made"), hints)
    assert found.broker_plan == BrokerPlan("localhost", None, "keepcool", "made")


def test_typed_password_counts_before_the_file() -> None:
    """At the next attempt Enter means the password that was typed last, not an old file's."""
    roads, hints = FakeRoads(is_broker_there=False), Hints(None, "old")
    again = ["1", ENTER, ENTER]
    with pytest.raises(GivenUpError):
        connect([ENTER, ENTER, ENTER, *again, "typed", *again, ENTER, "3"], roads, hints)
    assert [plan.password for plan in roads.tried] == ["old", "typed", "typed"]


def test_on_without_a_broker() -> None:
    """Without a broker it goes on with Home Assistant; nothing is listened to."""
    found, terminal = connect([ENTER, ENTER, "2", ENTER, TOKEN], FakeRoads(is_broker_there=False))
    assert (found.broker_plan, found.broker) == (None, None)
    assert found.household == HOUSEHOLD
    assert "Step 3" not in terminal.shown


def test_wrong_token_loses_nothing_of_the_broker() -> None:
    """A refused token is asked for again; without Home Assistant the broker's sensors stay."""
    found, terminal = connect([ENTER, ENTER, ENTER, "wrong-token", "1", ENTER, TOKEN], FakeRoads())
    assert "token refused" in terminal.shown
    assert found.household == HOUSEHOLD
    found, _ = connect([ENTER, ENTER, ENTER, "wrong-token", "2"], FakeRoads())
    assert found.household is None
    assert found.broker is not None
    assert found.broker.heard


@pytest.mark.parametrize(
    ("error", "asked"),
    [(PermanentError("Home Assistant answered 403"), 2), (TransientError("no host token.lan"), 1)],
)
def test_token_is_asked_again_only_when_it_was_refused(error: IntegrationError, asked: int) -> None:
    """Whoever does not answer keeps the token; who refuses it is asked for another one."""
    answers = ["none", ENTER, TOKEN, "1", ENTER, *[TOKEN] * (asked - 1)]
    found, terminal = connect(answers, FakeRoads(trouble=[error]))
    assert found.household == HOUSEHOLD
    assert terminal.hidden == ["Token"] * asked


def test_stopping_is_an_answer() -> None:
    """Where a road does not work, one may stop."""
    with pytest.raises(GivenUpError):
        connect([ENTER, ENTER, "3"], FakeRoads(is_broker_there=False))


def test_wrong_addresses_are_asked_again() -> None:
    """Addresses that cannot be, or that would be readable on the internet, come with the reason."""
    answers = ["a:b", "mqtt://x", "test.mosquitto.org", "test.mosquitto.org:8883", ENTER]
    answers += ["http://example.org", "ftp://x", "ha.local", TOKEN]
    found, terminal = connect(answers, FakeRoads())
    assert found.broker_plan == BrokerPlan("test.mosquitto.org", 8883, tls=True)
    assert found.home_assistant_plan is not None
    assert found.home_assistant_plan.url == "http://ha.local:8123"
    assert terminal.shown.count("That does not work") == 5


def test_announcements_are_read_once_for_all_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many sensors are waiting is shown each second, and the long lists are read only once."""
    reads: list[int] = []
    read = Broker.sensors

    def counted(broker: Broker) -> dict[str, Announced]:
        reads.append(1)
        return read(broker)

    monkeypatch.setattr(Broker, "sensors", counted)
    _, terminal = connect([ENTER, ENTER, "none"], FakeRoads(announced=("living_room", "attic")))
    assert "5 s left: 0 messages, 2 sensors still waiting" in terminal.shown
    assert "0 s left: 1 messages, 1 sensors still waiting" in terminal.shown
    assert len(reads) == 2  # once to greet, once to count


def test_ordinary_token_is_warned_about() -> None:
    """A token of somebody who is no administrator works, and what it cannot do is said."""
    roads = FakeRoads(household=replace(HOUSEHOLD, is_administrator=False))
    _, terminal = connect([ENTER, ENTER, ENTER, TOKEN], roads)
    assert "no administrator's" in terminal.shown


def test_interview_by_enter() -> None:
    """Enter takes the proposal: rooms, the AC of its area, the person's own phone."""
    answers = [ENTER, ENTER, ENTER, *ANNA, ENTER, ENTER, ENTER, ENTER, *NOBODY_ELSE]
    plan, terminal = interview(answers, heard(LIVING, BEDROOM))
    assert [(room.name, room.is_bedroom) for room in plan.rooms] == [
        ("Bedroom", True),
        ("Living room", False),
    ]
    assert [device.entity for device in plan.rooms[1].cooling] == ["climate.ac"]
    (anna,) = plan.people
    assert (anna.rooms, anna.wake_at, anna.bed_at) == (("bedroom", "living-room"), "07:00", "22:30")
    assert [(phone.service, phone.kind) for phone in anna.phones] == [
        ("notify.mobile_app_annas_phone", "iphone")
    ]
    assert plan.home.country == "NL"
    assert "Messages name the emergency number of NL: 112" in terminal.shown
    assert "24.5 °C, 50 %" in terminal.shown


def test_switch_and_blind_are_asked_about() -> None:
    """A switch must say what hangs on it and where; a blind which way its window looks."""
    cooling = ["all", "3", "2", "1"]  # the blind looks east; the plug: living room, an AC
    answers = [ENTER, ENTER, *cooling, *ANNA, ENTER, ENTER, ENTER, ENTER, *NOBODY_ELSE]
    plan, _ = interview(answers, heard(LIVING, BEDROOM))
    devices = {device.entity: device for room in plan.rooms for device in room.cooling}
    assert devices["cover.blind"].facing_deg == 90
    assert devices["switch.plug"].role == "air_conditioner"
    assert plan.rooms[1].cooling[-1].entity == "switch.plug"


@pytest.mark.parametrize(("answer", "role"), [(ENTER, "vent"), ("n", None)])
def test_a_fan_named_after_a_window_is_asked_about(answer: str, role: str | None) -> None:
    """It would be run as a fan that cools people; any other fan is one, and is not asked about."""
    fans = (
        Entity("fan.bedroom_window_fan", "Bedroom window fan", "off", {}),
        Entity("fan.bedroom", "Bedroom fan", "off", {}, area="Bedroom"),
    )
    answers = [ENTER, ENTER, "all", answer, *ANNA, *[ENTER] * 4, *NOBODY_ELSE]
    household = replace(HOUSEHOLD, entities=fans)
    plan, _ = interview(answers, heard(LIVING, BEDROOM, household=household))
    devices = {device.entity: device for room in plan.rooms for device in room.cooling}
    assert {entity: device.role for entity, device in devices.items()} == {
        "fan.bedroom_window_fan": role,
        "fan.bedroom": None,
    }


def test_a_switch_may_be_a_window_fan() -> None:
    """As the last of its choices, so that the others keep their numbers."""
    answers = [ENTER, ENTER, "3", "2", "4", *ANNA, *[ENTER] * 4, *NOBODY_ELSE]
    plan, _ = interview(answers, heard(LIVING, BEDROOM))
    devices = {device.entity: device for room in plan.rooms for device in room.cooling}
    assert devices["switch.plug"].role == "vent"


def test_nothing_is_commanded_unasked() -> None:
    """Who says none gets rooms that are only watched."""
    answers = [ENTER, ENTER, "none", *ANNA, "1 7", ENTER, ENTER, ENTER, *NOBODY_ELSE]
    plan, _ = interview(answers, heard(LIVING, BEDROOM))
    assert all(room.cooling == () for room in plan.rooms)
    assert plan.people[0].flags == {"heat_sensitive", "fluid_restricted"}


def test_nameless_sensor_gets_the_room_that_is_told() -> None:
    """A sensor whose name tells nothing is placed by hand, into a room that may be new."""
    answers = [ENTER, ENTER, "1", "Chambre d'Anna", "none", "Anna", ENTER, ENTER, ENTER, ENTER]
    answers += [ENTER, ENTER, ENTER, ENTER, *NOBODY_ELSE]
    plan, _ = interview(answers, heard(LIVING, NAMELESS))
    assert [room.room_id for room in plan.rooms] == ["living-room", "chambre-danna"]
    assert plan.rooms[1].is_bedroom


def test_without_home_assistant_the_place_is_asked() -> None:
    """Without Home Assistant one types the place; wrong numbers come back with the range."""
    place = [ENTER, "91", "48,85", "x", "2.35", ENTER, "XX9", "KE", "999"]
    answers = [*place, ENTER, "Anna", "y", "25:00", ENTER, ENTER, ENTER, ENTER, *NOBODY_ELSE]
    plan, terminal = interview(answers, heard(LIVING, household=None))
    assert (plan.home.latitude_deg, plan.home.longitude_deg) == (48.85, 2.35)
    assert (plan.home.time_zone, plan.home.country) == ("Europe/Paris", "KE")
    assert plan.home.emergency_number == "999"
    assert "-90 to 90" in terminal.shown
    assert plan.people[0].phones == ()
    assert plan.rooms[0].is_bedroom


def test_sensor_is_typed_where_none_was_found() -> None:
    """Without any sensor one types a topic or an entity, and a room for it."""
    answers = [ENTER, "sensor.Bad", "a/#", "attic/temperature", "Attic"]
    answers += ["none", "Anna", ENTER, ENTER, ENTER, ENTER, ENTER, ENTER, ENTER, *NOBODY_ELSE]
    plan, terminal = interview(answers, heard())
    (room,) = plan.rooms
    assert (room.name, room.sensors[0].topic) == ("Attic", "attic/temperature")
    assert terminal.shown.count("That does not work") == 2


@pytest.mark.parametrize(
    ("typed", "topic"),
    [
        ("sensor.attic_temperature", ""),
        ("sensor.attic/temperature", "sensor.attic/temperature"),
        ("sensors/attic", "sensors/attic"),
    ],
)
def test_typed_sensor_is_an_entity_or_a_topic(typed: str, topic: str) -> None:
    """What has a slash is a topic, however it begins: everywhere in the same way."""
    answers = [ENTER, typed, "Attic"]
    answers += ["none", "Anna", ENTER, ENTER, ENTER, ENTER, ENTER, ENTER, ENTER, *NOBODY_ELSE]
    plan, _ = interview(answers, heard())
    assert plan.rooms[0].sensors == (SensorFound(typed, typed, None, topic=topic),)


def test_second_person_and_carer() -> None:
    """Somebody else may follow; a carer without a phone may have a second road."""
    road = "ntfys://ntfy.sh/nobody-knows-this"
    anna = [*ANNA, ENTER, ENTER, ENTER, road, "y"]
    bob = ["Anna", "2", "1", ENTER, ENTER, ENTER, "2", "bogus", ENTER, "n"]
    answers = [ENTER, ENTER, "none", *anna, *bob, "Ben", ENTER]
    plan, terminal = interview(answers, heard(LIVING, BEDROOM))
    assert [person.person_id for person in plan.people] == ["anna", "anna-2"]
    assert plan.people[0].second_road == road
    assert plan.people[1].second_road is None
    assert [carer.name for carer in plan.carers] == ["Ben"]
    assert road not in terminal.shown


@pytest.mark.parametrize(
    ("ask", "answers", "expected"),
    [
        (lambda t: choose(t, "?", ("a", "b"), 1), [""], 1),
        (lambda t: choose(t, "?", ("a", "b")), ["0", "3", "x", "2"], 1),
        (lambda t: choose_many(t, "?", ("a", "b", "c"), (0, 2)), [""], [0, 2]),
        (lambda t: choose_many(t, "?", ("a", "b", "c")), ["4", "1 x", "3,1"], [0, 2]),
        (lambda t: choose_many(t, "?", ("a", "b")), ["all"], [0, 1]),
        (lambda t: choose_many(t, "?", ("a", "b"), (0, 1)), [""], [0, 1]),
        (lambda t: choose_many(t, "?", ("a", "b"), (0, 1)), ["none"], []),
        (lambda t: ask_yes(t, "?", default=True), ["maybe", "n"], False),
        (lambda t: ask_yes(t, "?", default=True), [""], True),
    ],
)
def test_numbered_questions(
    ask: Callable[[ScriptedTerminal], object], answers: list[str], expected: object
) -> None:
    """Numbers, all, none and Enter are understood; anything else is asked again."""
    terminal = ScriptedTerminal(answers)
    assert ask(terminal) == expected
    assert terminal.answers == []


def test_broker_that_wants_a_login_says_whose_will_do() -> None:
    """Nobody at a terminal is told of settings; who gave no user hears whose would do."""
    _, terminal = connect([ENTER, ENTER, "1", ENTER, "keepcool", "wrong", "2", "none"], SHUT)
    assert "  The broker does not work: not authorised.\n  It asks for a user" in terminal.shown
    assert "not authorised as keepcool.\n  User name and password do not fit" in terminal.shown
    assert "mqtt." not in terminal.shown


@pytest.mark.parametrize(
    ("typed", "meant"), [("7", "07:00"), ("7:30", "07:30"), ("22.15", "22:15"), ("07:00", "07:00")]
)
def test_time_of_day_is_understood_as_people_type_it(typed: str, meant: str) -> None:
    """Nobody is asked again for a leading zero."""
    assert KNOWLEDGE.checks["clock"](typed) == meant


@pytest.mark.parametrize("typed", ["24", "7:60", "7 o'clock", "", "730"])
def test_what_is_no_time_of_day_is_asked_again(typed: str) -> None:
    """What may mean anything is refused with an example."""
    with pytest.raises(ValueError, match="07:30"):
        KNOWLEDGE.checks["clock"](typed)
