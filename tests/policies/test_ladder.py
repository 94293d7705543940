"""How far an unanswered alert climbs, from ages alone: below, at and above every rung."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.alert import Alert, AlertKey, AlertPhase, Climb, HeatLevel, Message, Road, Severity
from policies.ladder import card_tag, climb, repeats_due, until_repeat, until_second_road
from policies.model import Announcer, Carer, Delivery, Person
from tests.builders import a_person, a_phone, an_alert, minutes, person_conditions

SECOND = timedelta(seconds=1)
ANNA = a_person(second_roads=("anna:second_road:1",))
BEN = Carer("ben", "Ben", ("anna",), (a_phone(channel_id="ben:phone"),), ("ben:second_road:1",))
TAG = "keepcool-heat-anna-1"


def critical(since_first: timedelta = timedelta(0), **overrides: object) -> Alert:
    """Return a critical heat alert that was told `since_first` ago and nobody answered."""
    alert = an_alert(
        severity=Severity.CRITICAL,
        level=HeatLevel.VERY_HIGH,
        told_severity=Severity.CRITICAL,
        told_level=HeatLevel.VERY_HIGH,
        since_told=since_first,
        climb=Climb(since_first),
    )
    return replace(alert, **overrides)  # type: ignore[arg-type]


def trouble(firing_for: timedelta, message_id: str = "trouble_room_blind") -> Alert:
    """Return trouble that lasts."""
    return an_alert(
        key=AlertKey("trouble", "room:living", 1),
        severity=Severity.WARNING,
        level=HeatLevel.NORMAL,
        message=Message(message_id, {"room": "Living room"}),
        firing_for=firing_for,
        since_told=firing_for,
    )


def a_delivery(since: timedelta, tag: str = TAG, who: str = "anna", **known: Any) -> Delivery:  # noqa: ANN401
    """Return what is known of a message that was queued `since` ago."""
    return Delivery(tag, who, since, **known)


def steps(
    alert: Alert,
    *deliveries: Delivery,
    person: Person = ANNA,
    carers: tuple[Carer, ...] = (BEN,),
    **conditions: Any,  # noqa: ANN401 - the fields of PersonConditions
) -> list[tuple[str, Road, str]]:
    """Return the rungs that are taken."""
    people = (person_conditions(person=person, **conditions),)
    by_key = {(each.tag, each.recipient_id): each for each in deliveries}
    found = climb(alert, people, carers, by_key).steps
    return [(step.recipient_id, step.road, step.rung) for step in found]


# Since the message, how far it came, and whether the phones are given up on.
GIVEN_UP: list[tuple[timedelta, dict[str, Any], bool]] = [
    (59 * SECOND, {}, False),
    (60 * SECOND, {}, True),
    (61 * SECOND, {}, True),
    (0 * SECOND, {"is_refused": True}, True),
    (119 * SECOND, {"is_handed": True}, False),
    (120 * SECOND, {"is_handed": True}, True),
    (121 * SECOND, {"is_handed": True}, True),
    (minutes(4), {"is_handed": True, "is_received": True}, False),
]
OPENED = [("anna", Road.SECOND_ROAD, "second_road")]


@pytest.mark.parametrize(
    ("since", "known", "is_opened"),
    GIVEN_UP,
)
def test_second_road_of_the_person(
    since: timedelta,
    known: dict[str, Any],
    is_opened: bool,  # noqa: FBT001
) -> None:
    """Not handed over for 60 s, refused, or unconfirmed for 120 s: the second road, once."""
    alert, delivery = critical(since), a_delivery(since, **known)
    assert steps(alert, delivery) == (OPENED if is_opened else [])
    assert steps(alert, delivery, person=a_person()) == []  # there is none
    opened = replace(alert, climb=Climb(since, second_road=("anna",)))
    assert steps(opened, delivery) == []


def test_message_of_which_nothing_is_known_counts_as_not_handed_over() -> None:
    """After an update no record may be there: unknown is not fine."""
    assert steps(critical(59 * SECOND)) == []
    assert steps(critical(60 * SECOND)) == OPENED


def test_person_without_phones_had_the_first_message_by_the_second_road() -> None:
    """It is open from the start, and is not sent twice."""
    nobody = replace(ANNA, phones=())
    assert steps(critical(), person=nobody) == []
    later = replace(critical(minutes(10)), climb=Climb(minutes(10), ("anna",), is_carer_told=True))
    assert ("anna", Road.SECOND_ROAD, "repeat_1") in steps(later, person=nobody)


# ----------------------------------------------------------------- the home itself

SPEAKER = Announcer("anna:announcer:media_player.bedroom", "media_player.bedroom", "tts.piper")
HEARING = a_person(announcers=(SPEAKER,))  # no second road
SPOKEN = [("anna", Road.ANNOUNCER, "announcer")]


@pytest.mark.parametrize(
    ("since", "known", "is_said"),
    GIVEN_UP,
)
def test_fault_45_home_speaks_at_the_rung_of_the_second_road(
    since: timedelta,
    known: dict[str, Any],
    is_said: bool,  # noqa: FBT001
) -> None:
    """Not handed over for 60 s, refused, or unconfirmed for 120 s: the home speaks, once."""
    alert, delivery = critical(since), a_delivery(since, **known)
    assert steps(alert, delivery, person=HEARING) == (SPOKEN if is_said else [])
    said = replace(alert, climb=Climb(since, announced=("anna",)))
    assert steps(said, delivery, person=HEARING) == []


@pytest.mark.parametrize(
    ("since", "known", "is_said"),
    [
        (59 * SECOND, {}, False),
        (60 * SECOND, {}, True),
        (119 * SECOND, {"is_by_second_road": True}, False),
        (120 * SECOND, {"is_by_second_road": True}, True),
    ],
)
def test_home_speaks_to_whoever_has_no_phone(
    since: timedelta,
    known: dict[str, Any],
    is_said: bool,  # noqa: FBT001
) -> None:
    """Their second road confirms nothing: a minute when it failed, two when it took it."""
    nobody = replace(ANNA, phones=(), announcers=(SPEAKER,))
    opened = replace(critical(since), climb=Climb(since, second_road=("anna",)))
    found = steps(opened, a_delivery(since, **known), person=nobody)
    assert found == (SPOKEN if is_said else [])


def test_home_speaks_again_at_each_repeat_until_somebody_answers() -> None:
    """A repeat goes by the home too where it spoke before; a sign of the person ends that."""
    said = critical(minutes(10), climb=Climb(minutes(10), is_carer_told=True, announced=("anna",)))
    assert ("anna", Road.ANNOUNCER, "repeat_1") in steps(said, person=HEARING, carers=())
    assert steps(said, person=HEARING, carers=(), since_sign_of_life=minutes(1)) == []
    unsaid = replace(said, climb=Climb(minutes(10), is_carer_told=True))
    received = a_delivery(minutes(10), is_handed=True, is_received=True)
    found = steps(unsaid, received, person=HEARING, carers=())
    assert [road for _, road, _ in found] == [Road.PHONE]


@given(st.integers(0, 7200), st.sampled_from(sorted(Severity)))
def test_home_speaks_for_nothing_but_what_is_critical(age_s: int, severity: Severity) -> None:
    """Whatever its age, nothing quieter is said aloud."""
    alert = critical(age_s * SECOND, severity=severity)
    roads = {road for _, road, _ in steps(alert, person=HEARING)}
    assert Road.ANNOUNCER not in roads or severity is Severity.CRITICAL
    blind = replace(trouble(age_s * SECOND), climb=Climb(age_s * SECOND))
    assert Road.ANNOUNCER not in {road for _, road, _ in steps(blind, person=HEARING)}


# ----------------------------------------------------------------- carers


@pytest.mark.parametrize(
    ("since", "is_told"),
    [
        (minutes(5) - SECOND, False),
        (minutes(5), True),
        (minutes(5) + SECOND, True),
    ],
)
def test_carer_after_five_minutes(since: timedelta, is_told: bool) -> None:  # noqa: FBT001
    """A carer hears of it when nobody answered for five minutes, received or not."""
    received = a_delivery(since, is_handed=True, is_received=True)
    expected = [("ben", Road.PHONE, "carer")] if is_told else []
    assert steps(critical(since), received) == expected
    assert steps(critical(since), received, carers=(replace(BEN, people=("cleo",)),)) == []
    told = replace(critical(since), climb=Climb(since, is_carer_told=True), told_carers=("ben",))
    assert steps(told, received, a_delivery(0 * SECOND, card_tag("ben"), "ben")) == []


@pytest.mark.parametrize(
    ("known", "since", "is_opened"),
    [
        ({}, 59 * SECOND, False),
        ({}, 60 * SECOND, True),
        ({"is_refused": True}, 0 * SECOND, True),
        ({"is_handed": True}, 119 * SECOND, False),
        ({"is_handed": True}, 120 * SECOND, True),
    ],
)
def test_second_road_of_the_carer(
    known: dict[str, bool],
    since: timedelta,
    is_opened: bool,  # noqa: FBT001
) -> None:
    """A carer's phones are given up on as a person's are."""
    first = minutes(5) + since
    alert = critical(first, climb=Climb(first, ("anna",), is_carer_told=True), told_carers=("ben",))
    card = a_delivery(since, card_tag("ben"), "ben", **known)
    expected = [("ben", Road.SECOND_ROAD, "second_road")] if is_opened else []
    assert steps(alert, card) == expected


def test_carer_without_phones_is_told_by_the_second_road_at_once() -> None:
    """Who has only a second road is told by it."""
    roadless = replace(BEN, phones=())
    received = a_delivery(minutes(5), is_handed=True, is_received=True)
    assert steps(critical(minutes(5)), received, carers=(roadless,)) == [
        ("ben", Road.SECOND_ROAD, "carer")
    ]


@pytest.mark.parametrize(
    ("since_min", "due"),
    [(9.99, 0), (10, 1), (19.99, 1), (20, 2), (39.99, 2), (40, 3), (99.99, 3), (100, 4), (160, 5)],
)
def test_repeats(since_min: float, due: int) -> None:
    """Ten, twenty and forty minutes after the first message, then hourly."""
    since = minutes(since_min)
    assert repeats_due(since) == due
    open_ = Climb(since, second_road=("anna", "ben"), is_carer_told=True)
    alert = critical(since, climb=open_, told_carers=("ben",))
    rung = f"repeat_{due}"
    out = (Road.PHONE, Road.SECOND_ROAD)
    everywhere = [(who, road, rung) for who in ("anna", "ben") for road in out]
    assert steps(alert) == (everywhere if due else [])
    assert steps(replace(alert, climb=replace(open_, repeats=due))) == []


@pytest.mark.parametrize(
    ("first", "left"),
    [(0, 10), (10, 10), (20, 20), (40, 60), (100, 60), (99, 1), (130, 30)],
)
def test_time_to_the_next_repeat(first: float, left: float) -> None:
    """The next one is always ahead."""
    assert until_repeat(minutes(first)) == minutes(left)


@pytest.mark.parametrize(
    ("changes", "conditions"),
    [
        ({"phase": AlertPhase.ACKNOWLEDGED}, {}),
        ({"phase": AlertPhase.SNOOZED}, {}),
        ({"phase": AlertPhase.RESOLVED}, {}),
        ({"since_answered": minutes(1)}, {}),
        ({}, {"since_sign_of_life": minutes(1)}),
        ({"severity": Severity.LOUD_WARNING}, {}),
        ({"climb": None}, {}),
    ],
)
def test_nothing_climbs_without_need(changes: dict[str, Any], conditions: dict[str, Any]) -> None:
    """An answered, ended, quieter or untold alert goes nowhere."""
    assert steps(critical(minutes(12), **changes), **conditions) == []


def test_sign_before_the_message_is_no_answer() -> None:
    """Only what happened after it answers it."""
    found = steps(critical(60 * SECOND), since_sign_of_life=minutes(2))
    assert found == OPENED


@pytest.mark.parametrize(
    ("firing_min", "message_id", "is_told"),
    [
        (29.99, "trouble_room_blind", False),
        (30, "trouble_room_blind", True),
        (31, "trouble_device_failed", True),
        (31, "trouble_home_assistant_down", True),
        (600, "trouble_battery_low", False),
        (600, "trouble_forecast_old", False),
    ],
)
def test_trouble_that_lasts_goes_to_the_carer(
    firing_min: float,
    message_id: str,
    is_told: bool,  # noqa: FBT001
) -> None:
    """What makes keepcool blind or powerless goes to the carers after half an hour."""
    alert = trouble(minutes(firing_min), message_id)
    expected = [("ben", Road.PHONE, "carer")] if is_told else []
    assert steps(alert) == expected
    assert steps(alert, since_sign_of_life=minutes(1)) == expected  # a drink mends no sensor
    assert steps(replace(alert, phase=AlertPhase.ACKNOWLEDGED)) == []


def test_trouble_does_not_wait_for_receipts() -> None:
    """A carer's second road opens for trouble when the phone is not reached, not for silence."""
    alert = replace(
        trouble(minutes(40)), climb=Climb(minutes(10), is_carer_told=True), told_carers=("ben",)
    )
    tag = card_tag("ben")
    assert steps(alert, a_delivery(minutes(10), tag, "ben", is_handed=True)) == []
    assert steps(alert, a_delivery(minutes(1), tag, "ben")) == [
        ("ben", Road.SECOND_ROAD, "second_road")
    ]


# ----------------------------------------------------------------- whatever happens

ages = st.integers(1, 400).map(lambda seconds: seconds * 5 * SECOND)
events = st.sampled_from(["", "", "handed", "refused", "received", "answer", "restart"])


@given(st.lists(st.tuples(ages, events), max_size=40))
def test_no_rung_before_its_time_each_once_and_none_after_an_answer(
    walk: list[tuple[timedelta, str]],
) -> None:
    """However time passes and whatever becomes of the messages, the ladder keeps its word."""
    alert, people = critical(), (person_conditions(person=ANNA),)
    known: dict[tuple[str, str], Delivery] = {}
    taken: set[tuple[str, Road, str]] = set()
    since, has_answered = timedelta(0), False
    for passed, event in walk:
        since += passed
        alert = alert.aged(passed)
        known = {
            key: replace(each, since_queued=each.since_queued + passed)
            for key, each in known.items()
        }
        before = known.get((TAG, "anna"), a_delivery(since))
        if event in {"handed", "received"}:
            before = replace(
                before, is_handed=True, is_received=before.is_received or event == "received"
            )
        elif event == "refused" and not before.is_handed:
            before = replace(before, is_refused=True)
        elif event == "answer":
            alert, has_answered = replace(alert, phase=AlertPhase.ACKNOWLEDGED), True
        known[TAG, "anna"] = before
        ascent = climb(alert, people, (BEN,), known)
        alert = ascent.alert
        assert ascent.next_in is None or ascent.next_in > timedelta(0)
        for step in ascent.steps:
            assert not has_answered
            key = (step.recipient_id, step.road, step.rung)
            assert key not in taken
            taken.add(key)
            _is_in_time(key, since, before)
        if not has_answered:
            assert (since >= minutes(5)) == ("ben" in alert.told_carers)
            assert alert.climb is not None
            assert alert.climb.repeats == repeats_due(since)


def _is_in_time(key: tuple[str, Road, str], since: timedelta, sent: Delivery) -> None:
    who, road, rung = key
    if rung.startswith("repeat"):
        assert repeats_due(since) >= int(rung.removeprefix("repeat_"))
    elif who == "ben":
        assert since >= minutes(5)
    else:
        assert road is Road.SECOND_ROAD
        left = until_second_road(sent, since, is_urgent=True)
        assert left is not None
        assert left <= timedelta(0)
        assert sent.is_refused or since >= 60 * SECOND
