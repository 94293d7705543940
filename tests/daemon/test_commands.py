"""What people and automations ask over MQTT: understood, or refused in plain words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from daemon.clock import Instant
from daemon.commands import (
    CheckCommand,
    Command,
    CommandError,
    CommandParser,
    CoolingSwitchCommand,
    DrinkCommand,
    TestAlertCommand,
    check_rate,
)
from daemon.mode_commands import HolidayCommand, OutCommand, SnoozeCommand
from policies.alert import Road
from tests.builders import ZONE, a_bedroom, a_device, a_person, a_room
from tests.loop_home import TOPICS

NOW = Instant("boot-1", 1000.0, datetime(2026, 7, 14, 13, 0, tzinfo=UTC))
ANNA = a_person(portion_ml=150)
ROOMS = (a_room(devices=(a_device(),)), a_bedroom())  # the bedroom has nothing to switch
BOB = a_person(person_id="bob", name="Bob")
DRINK = TOPICS.person_drink("anna")
SNOOZE, OUT, MODE = TOPICS.person_snooze("anna"), TOPICS.person_out("anna"), TOPICS.mode_command
HOUR = timedelta(hours=1)
AUGUST = datetime(2026, 8, 1, tzinfo=ZONE)


def parse(
    topic: str, payload: object, *, is_retained: bool = False, is_alone: bool = True
) -> Command | None:
    """Parse a command of a household of one or two."""
    parser = CommandParser(TOPICS, [ANNA] if is_alone else [ANNA, BOB], ROOMS, ZONE)
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return parser.parse(topic, text.encode(), is_retained=is_retained, now=NOW)


@pytest.mark.parametrize(
    ("topic", "payload", "command"),
    [
        (DRINK, "PRESS", DrinkCommand("anna", 150)),
        (DRINK, " press\n", DrinkCommand("anna", 150)),
        (DRINK, "250", DrinkCommand("anna", 250)),
        (DRINK, "249.6", DrinkCommand("anna", 250)),
        (DRINK, "10", DrinkCommand("anna", 10)),
        (DRINK, "1000", DrinkCommand("anna", 1000)),
        (TOPICS.log_command, {"amount_ml": 200}, DrinkCommand("anna", 200)),
        (TOPICS.log_command, {"amount_ml": 200, "id": "r1"}, DrinkCommand("anna", 200, "r1")),
        (
            TOPICS.log_command,
            {"kind": "drink", "person": "anna", "amount_ml": 200.4, "at": NOW.utc.isoformat()},
            DrinkCommand("anna", 200),
        ),
        (TOPICS.test_alert_command, {"person": "anna"}, TestAlertCommand("anna")),
        (TOPICS.test_alert_command, {"id": "t1"}, TestAlertCommand("anna", "t1")),
        (TOPICS.test_alert_command, {"is_loud": True}, TestAlertCommand("anna", is_loud=True)),
        (TOPICS.person_test_alert("anna"), "PRESS", TestAlertCommand("anna")),
        (
            TOPICS.person_test_second_road("anna"),
            "PRESS",
            TestAlertCommand("anna", road=Road.SECOND_ROAD),
        ),
        (TOPICS.home_check, "PRESS", CheckCommand()),
        (TOPICS.room_cooling("living"), "OFF", CoolingSwitchCommand("living", is_on=False)),
        (TOPICS.room_cooling("living"), " on\n", CoolingSwitchCommand("living", is_on=True)),
        (SNOOZE, "ON", SnoozeCommand("anna", HOUR)),
        (SNOOZE, "press", SnoozeCommand("anna", HOUR)),
        (SNOOZE, "off", SnoozeCommand("anna", None)),
        (SNOOZE, "1", SnoozeCommand("anna", HOUR / 60)),
        (SNOOZE, "720", SnoozeCommand("anna", 12 * HOUR)),
        (OUT, "ON", OutCommand("anna", is_on=True)),
        (OUT, " OFF ", OutCommand("anna", is_on=False)),
        (TOPICS.home_holiday, "ON", HolidayCommand(is_on=True)),
        (TOPICS.home_holiday, "OFF", HolidayCommand(is_on=False)),
        (TOPICS.home_holiday, "2026-08-01", HolidayCommand(is_on=True, until=AUGUST)),
        (TOPICS.home_holiday, "2026-08-01T00:00+02:00", HolidayCommand(is_on=True, until=AUGUST)),
        (TOPICS.home_holiday, "2026-08-01T00:00:00", HolidayCommand(is_on=True, until=AUGUST)),
        (MODE, {"kind": "snooze", "is_on": True}, SnoozeCommand("anna", HOUR)),
        (MODE, {"kind": "snooze", "is_on": False, "id": "s1"}, SnoozeCommand("anna", None, "s1")),
        (MODE, {"kind": "out", "is_on": True, "person": "anna"}, OutCommand("anna", is_on=True)),
        (MODE, {"kind": "holiday", "is_on": False}, HolidayCommand(is_on=False)),
        (
            MODE,
            {"kind": "holiday", "is_on": True, "until": "2026-08-01", "id": "h1"},
            HolidayCommand(is_on=True, until=AUGUST, request_id="h1"),
        ),
    ],
)
def test_command_is_understood(topic: str, payload: object, command: Command) -> None:
    """Plain payloads of buttons and JSON of programs mean the same."""
    assert parse(topic, payload) == command
    assert parse(topic, payload, is_retained=True) is None


@pytest.mark.parametrize(
    ("topic", "payload", "words"),
    [
        (DRINK, "9", "allowed for one drink are 10 to 1000 ml"),
        (DRINK, "1001", "allowed for one drink"),
        (DRINK, "nan", "give a number"),
        (DRINK, "inf", "allowed for one drink"),
        (DRINK, "a glass", "give a number of millilitres, or PRESS"),
        (TOPICS.log_command, "250", "not a JSON object"),
        (TOPICS.log_command, "{", "not JSON"),
        (TOPICS.log_command, "[" * 20_000, "not JSON"),
        (TOPICS.log_command, {}, "amount_ml = None: give a number"),
        (TOPICS.log_command, {"amount_ml": True}, "amount_ml = True"),
        (TOPICS.log_command, {"amount_ml": "x" * 5000}, "x..."),
        (TOPICS.log_command, {"amount_ml": 200, "kind": "food"}, "only drink can be logged"),
        (TOPICS.log_command, {"amount_ml": 200, "person": "eve"}, "known are anna"),
        (TOPICS.log_command, {"amount_ml": 200, "person": {}}, "known are anna"),
        (TOPICS.log_command, {"amount_ml": 200, "id": "a/b"}, "letters and digits"),
        (TOPICS.log_command, {"amount_ml": 200, "id": "a" * 65}, "letters and digits"),
        (TOPICS.log_command, {"amount_ml": 200, "at": "2026-07-14T13:00:00"}, "with its zone"),
        (TOPICS.log_command, {"amount_ml": 200, "at": "noon"}, "with its zone"),
        (TOPICS.test_alert_command, {"person": "eve"}, "known are anna"),
        (TOPICS.test_alert_command, {"is_loud": "yes"}, "allowed are true or false"),
        (TOPICS.person_test_alert("anna"), "ON", "a button takes PRESS"),
        (TOPICS.home_check, "true", "a button takes PRESS"),
        (TOPICS.room_cooling("living"), "PRESS", "a switch takes ON or OFF"),
        (SNOOZE, "0", "minutes from 1 to 720"),
        (SNOOZE, "721", "minutes from 1 to 720"),
        (SNOOZE, "nan", "minutes from 1 to 720"),
        (SNOOZE, "an hour", "minutes from 1 to 720"),
        (OUT, "60", "give ON or OFF"),
        (TOPICS.home_holiday, "soon", "the day of coming back like 2026-08-14"),
        (TOPICS.home_holiday, "2026-02-30", "the day of coming back like"),
        (TOPICS.home_holiday, "2026-07-14", "within the coming year"),
        (TOPICS.home_holiday, "2027-08-14", "within the coming year"),
        (MODE, {"kind": "snooze"}, "is_on: give true or false"),
        (MODE, {"kind": "snooze", "is_on": "yes"}, "is_on: give true or false"),
        (MODE, {"kind": "snooze", "is_on": True, "minutes": True}, "minutes from 1 to 720"),
        (MODE, {"kind": "sleep", "is_on": True}, "kind: give snooze, out or holiday"),
        (MODE, {"kind": "out", "is_on": True, "person": "eve"}, "known are anna"),
    ],
)
def test_refusal_says_what_is_allowed(topic: str, payload: object, words: str) -> None:
    """Whoever asked reads what to change, in a few words."""
    with pytest.raises(CommandError) as refused:
        parse(topic, payload)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    ("seconds", "is_taken"), [(0, True), (60, True), (-60, True), (61, False), (-61, False)]
)
def test_command_of_another_minute_is_refused(seconds: float, is_taken: bool) -> None:  # noqa: FBT001
    """What was asked more than 60 s ago, or by a clock that runs ahead, is not carried out."""
    at = (NOW.utc - timedelta(seconds=seconds)).isoformat()
    fields = {"amount_ml": 200, "at": at}
    if is_taken:
        assert parse(TOPICS.log_command, fields) == DrinkCommand("anna", 200)
    else:
        with pytest.raises(CommandError, match="older than 60 s"):
            parse(TOPICS.log_command, fields)


def test_of_several_people_one_must_be_named() -> None:
    """A drink is never booked to a guess."""
    with pytest.raises(CommandError, match="known are anna, bob"):
        parse(TOPICS.log_command, {"amount_ml": 200}, is_alone=False)
    fields = {"amount_ml": 200, "person": "bob"}
    assert parse(TOPICS.log_command, fields, is_alone=False) == DrinkCommand("bob", 200)


def test_empty_payload_is_nothing() -> None:
    """Clearing a retained topic is no command."""
    assert parse(DRINK, "") is None


def test_topics_are_those_of_the_home_and_its_people() -> None:
    """Nothing else is subscribed for commands."""
    assert CommandParser(TOPICS, [ANNA, BOB], ROOMS).topics == {
        "keepcool/home/home/check",
        "keepcool/home/room/living/cooling",
        "keepcool/home/person/anna/test_alert",
        "keepcool/home/person/anna/test_second_road",
        "keepcool/home/person/bob/test_second_road",
        "keepcool/home/person/bob/test_alert",
        "keepcool/home/command/log",
        "keepcool/home/command/mode",
        "keepcool/home/command/test_alert",
        "keepcool/home/home/holiday",
        "keepcool/home/person/anna/drink",
        "keepcool/home/person/anna/out",
        "keepcool/home/person/anna/snooze",
        "keepcool/home/person/bob/drink",
        "keepcool/home/person/bob/out",
        "keepcool/home/person/bob/snooze",
    }


def test_most_in_ten_minutes_is_a_litre() -> None:
    """Exactly a litre is believed, a sip more is not."""
    check_rate(200, 800)
    with pytest.raises(CommandError, match="more than 1000 ml in that time is not believed"):
        check_rate(200, 801)
