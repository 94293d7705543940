"""The morning brief: what it says, in which order, when it comes, and that it comes once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from policies.alert import AlertPhase, HeatLevel, NotifyReason, Severity
from policies.arbitrate import decide
from policies.model import (
    Flag,
    Forecast,
    Holiday,
    OfficialWarning,
    PersonConditions,
    Phone,
    PhoneKind,
    Snapshot,
    Snooze,
    SunPosition,
    WarningLevel,
    Window,
)
from policies.wording import full_text
from tests.builders import (
    a_forecast,
    a_home,
    a_person,
    a_room,
    a_snapshot,
    an_ahead,
    device_conditions,
    hours,
    local,
    person_conditions,
    room_conditions,
)
from tests.policies.test_notification import heat, trouble
from tests.story import Story, scripted

BRIEF_AT = time(7, 30)
ANNA = a_person(brief_at=BRIEF_AT)
# From 7:00: warmer outdoors than the room's 25 degrees from 10:00, cooler by 2 K from 21:00.
HOT_DAY = (19.0, 21, 23, 25, 27, 29, 31, 32, 33, 33, 32, 30, 28, 25, 23, 21, 20, 19, 18, 18, 18)


def forecast(temperatures_c: tuple[float, ...] = HOT_DAY) -> Forecast:
    """Return a forecast from seven in the morning on."""
    first = local(7).astimezone(UTC)
    made = a_forecast(temperatures_c)
    return replace(
        made,
        hours=tuple(
            replace(hour, at=first + hours(index)) for index, hour in enumerate(made.hours)
        ),
    )


def morning(at: datetime = local(7, 30), **overrides: Any) -> Snapshot:  # noqa: ANN401, B008
    """Return a hot day's morning."""
    fields: dict[str, Any] = {
        "people": (person_conditions(ANNA),),
        "rooms": (room_conditions(25.0, trend_c_per_h=2.0),),
        "forecast": forecast(),
        "forecast_age": timedelta(0),
    }
    return a_snapshot(at, **(fields | overrides))


def brief(snapshot: Snapshot) -> tuple[str, str]:
    """Return the brief that a snapshot leads to."""
    (told,) = [n for n in decide(snapshot).notifications if n.key.policy == "brief"]
    return told.title, told.body


def everything(snapshot: Snapshot) -> str:
    """Return the brief's whole text, as in the state topic."""
    (alert,) = [alert for alert in decide(snapshot).alerts if alert.key.policy == "brief"]
    return full_text(alert.message, snapshot.people[0].person, a_home())


def test_hot_day_in_a_few_words() -> None:
    """The hottest hour is the title; then what to do, the most useful first, as much as fits."""
    assert brief(morning()) == (
        "Today: up to 33° at 15:00",
        (
            "Windows closed 10:00 to 21:00. Living room: 26° by 09:00. Drinks: 1,600 ml. "
            "Coolest for a walk: 08:00."
        ),
    )


def test_everything_at_once_is_in_the_state_and_the_most_useful_on_the_phone() -> None:
    """An official warning, windows and blinds come first; the rest has room elsewhere."""
    start = local(7).astimezone(UTC)
    facing_east = a_room(windows=(Window(facing_deg=90.0),))
    sun = tuple(
        SunPosition(start + hours(index), azimuth_deg=60.0 + 15 * index, elevation_deg=5.0 + index)
        for index in range(12)
    )
    warning = OfficialWarning(
        *("1", "meteoalarm", "DWD", "Orange high temperature warning"),
        *(WarningLevel.WARNING, "Berlin", start, start + hours(20)),
    )
    fields: dict[str, Any] = {
        "rooms": (room_conditions(25.0, facing_east, trend_c_per_h=2.0),),
        "sun": sun,
        "warnings": (warning,),
    }
    said = brief(morning(**fields))[1]
    assert said == (
        "Orange high temperature warning. Windows closed 10:00 to 21:00. Blinds down by 07:00. "
        "Drinks: 1,600 ml."
    )
    assert len(said) <= 110
    assert everything(morning(**fields)) == (
        "Orange high temperature warning. Windows closed 10:00 to 21:00. Blinds down by 07:00. "
        "Living room: 26° by 09:00. Drinks: 1,600 ml. Coolest for a walk: 08:00."
    )


@pytest.mark.parametrize(
    ("temperatures_c", "words"),
    [
        ((26, *HOT_DAY[1:]), "Windows closed until 08:00."),
        ((27,) * 5 + (22,) * 10, "Windows closed until 12:00."),
        ((20,) * 5 + (30,) * 20, "Windows closed from 12:00."),
        ((20, 24.9, 24.9, 20), None),  # never warmer outdoors than in
        ((10, 15, 20, 22.9), None),  # no warm day: let in what air you like
    ],
)
def test_windows_by_outdoors_against_indoors(
    temperatures_c: tuple[float, ...], words: str | None
) -> None:
    """They close when it gets warmer outdoors and open when it is clearly cooler again."""
    said = everything(morning(forecast=forecast(temperatures_c)))
    assert words in said if words else "Windows" not in said


def test_restricted_fluids_read_no_volume() -> None:
    """The care team's plan stands where the goal would."""
    person = replace(ANNA, flags=frozenset({Flag.FLUID_RESTRICTED}))
    said = everything(morning(people=(person_conditions(person),)))
    assert "Follow the plan from your care team." in said
    assert " ml" not in said


@pytest.mark.parametrize("temperature_c", [26.9, 27.0])
def test_walk_is_named_only_when_some_hour_is_cool_enough(temperature_c: float) -> None:
    """At 27 degrees and above no hour is called cool; none at night either."""
    warm = (temperature_c,) * 16 + (15.0,) * 8
    said = everything(morning(forecast=forecast(warm)))
    assert ("Coolest for a walk" in said) is (temperature_c < 27.0)


def test_what_is_not_known_is_left_out() -> None:
    """Without a forecast and with unseen rooms there is a brief all the same."""
    snapshot = morning(forecast=None, rooms=(room_conditions(None),))
    assert brief(snapshot) == ("Your day ahead", "Drinks: 1,600 ml.")
    old = morning(forecast_age=hours(13), rooms=(room_conditions(None),))
    assert brief(old) == ("Your day ahead", "Drinks: 1,600 ml.")


@pytest.mark.parametrize(
    ("at", "is_told"),
    [
        (local(7, 29), False),
        (local(7, 30), True),
        (local(9, 29), True),
        (local(9, 30), False),
        (local(23), False),
    ],
)
def test_due_for_two_hours(at: datetime, *, is_told: bool) -> None:
    """Down at half past seven, keepcool sends it when it is up again, but not in the afternoon."""
    decision = decide(morning(at))
    assert any(n.key.policy == "brief" for n in decision.notifications) is is_told
    shown = [alert for alert in decision.alerts if alert.key.policy == "brief"]
    assert bool(shown) is (at >= local(7, 30))  # its text is in the state topic in any case


def test_without_the_key_or_a_clock_there_is_none() -> None:
    """Nobody gets what they did not ask for, nor one at an unknown hour."""
    assert not decide(morning(people=(person_conditions(),))).notifications
    assert not decide(morning(is_clock_synchronised=False)).notifications


def through_the_day(story: Story, **overrides: Any) -> list[str]:  # noqa: ANN401
    """Pass from seven to the next day's nine; return what was told when."""
    for _ in range(26 * 4):
        before = len(story.heard)
        story.step(minutes=15, **overrides)
        for each in story.heard[before:]:
            each_at = f"{story.now:%d %H:%M} {each.key.policy} {each.severity.name}"
            story_log.append(each_at)
    return story_log


story_log: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    story_log.clear()


def test_once_a_day_whatever_happens() -> None:
    """One push a day, under one tag, which goes at midnight; heat later makes it no second one."""
    story = Story(now=local(7), people=(person_conditions(ANNA),))
    assert through_the_day(story) == ["14 07:30 brief NUDGE", "15 07:30 brief NUDGE"]
    assert {each.key.tag for each in story.heard} == {"keepcool-brief-anna"}
    heard = len(story.heard)
    story.step(heat(2), minutes=30)
    assert [each.key.policy for each in story.heard[heard:]] == ["heat"]


@pytest.mark.parametrize("finding", [heat(2), heat(2, is_expected=True)])
def test_sound_only_when_level_2_is_there_or_expected(finding: Any) -> None:  # noqa: ANN401
    """The brief of a day that needs action may be heard."""
    snapshot = morning()
    (told,) = [
        n for n in decide(snapshot, scripted(finding)).notifications if n.key.policy == "brief"
    ]
    assert told.severity is Severity.WARNING
    assert told.level is HeatLevel.NORMAL


HELD: dict[str, tuple[PersonConditions, dict[str, Any]]] = {
    "quiet": (person_conditions(replace(ANNA, quiet_until=time(9))), {}),
    "snoozed": (replace(person_conditions(ANNA), snooze=Snooze(hours(1))), {}),
    "out": (replace(person_conditions(ANNA), out_remaining=hours(1)), {}),
    "holiday": (person_conditions(ANNA), {"holiday": Holiday(is_on=True)}),
}


@pytest.mark.parametrize("mode", HELD)
def test_modes_hold_it_and_it_comes_when_they_end_in_time(mode: str) -> None:
    """Quiet hours until nine make it nine; what still holds at half past nine drops the push."""
    conditions, overrides = HELD[mode]
    story = Story(now=local(7, 30), people=(conditions,))
    story.step(**overrides)
    assert not story.heard
    free = story.now + hours(1.5)
    late = Story(now=local(7, 30), people=(conditions,))
    late.step(**overrides)
    for told in (story, late):
        told.people = (person_conditions(ANNA),)
    story.step(minutes=(free - story.now) / timedelta(minutes=1))
    assert story.reasons() == [NotifyReason.NEW]
    late.step(minutes=120)
    assert not late.heard
    assert [a.phase for a in late.alerts] == [AlertPhase.FIRING]  # to be read in the state topic


def test_digest_is_mentioned() -> None:
    """What waits to be looked at is counted, so that the night's storm is not forgotten."""
    story = Story(now=local(6), people=(person_conditions(replace(ANNA, quiet_from=time(0))),))
    some = [trouble("trouble_battery_low", f"battery:{number}") for number in range(3)]
    story.step(*some, minutes=60)
    story.step(*some, minutes=30)
    assert [each.key.policy for each in story.heard] == ["digest", "brief"]
    assert "To look at: 3." in story.heard[-1].body


def test_iphone_and_long_names_keep_to_the_lengths() -> None:
    """Whatever the room is called, title and body fit."""
    phone = Phone("anna", "mobile_app_anna", PhoneKind.IPHONE)
    person = replace(ANNA, phones=(phone,), rooms=("living",))
    room = room_conditions(31.0, a_room(name="The very large living room upstairs"))
    title, body = brief(morning(people=(person_conditions(person),), rooms=(room,)))
    assert len(title) <= 40
    assert len(body) <= 110


def foretold(peak_c: float, **overrides: Any) -> Snapshot:  # noqa: ANN401
    """Return the same morning in a room with a forecast of its own: hottest at 17:00."""

    def course(at: datetime) -> float:
        return peak_c - abs(at.hour - 17) * (peak_c - 25.0) / 10

    room = room_conditions(25.0, ahead=an_ahead(local(7).astimezone(UTC), course))
    return morning(**({"rooms": (replace(room, trend_c_per_h=0.5),)} | overrides))


def test_room_forecast_says_which_room_how_hot_when_and_how_sure() -> None:
    """Over level 1 the day's highest with its range; windows by the room's own hours."""
    assert everything(foretold(27.0)) == (
        "Windows closed 11:00 to 21:00. Living room: 27° (26-28°) by 17:00. Drinks: 1,600 ml. "
        "Coolest for a walk: 08:00."
    )


def test_an_early_brief_sees_the_evening() -> None:
    """At five in the morning a room that is hottest at seven in the evening is named with that."""

    def course(at: datetime) -> float:
        return 28.0 - abs(at.hour - 19) * 0.2

    early = local(5).astimezone(UTC)
    room = room_conditions(25.0, ahead=an_ahead(early, course), mean_10_min_c=25.2)
    people = (person_conditions(replace(ANNA, brief_at=time(5), wake_at=time(5))),)
    said = everything(morning(at=local(5), rooms=(room,), people=people))
    assert "by 19:00." in said


def test_over_level_2_the_hours_come_first() -> None:
    """From about when, with its range, and the highest where there is room for it."""
    snapshot = foretold(31.0)
    assert brief(snapshot)[1] == (
        "Living room over your limit from about 14:00 (13:00-15:00). "
        "Windows closed 12:00 to 20:00. Drinks: 1,600 ml."
    )
    assert "Living room: 31° (30-32°) by 17:00." in everything(snapshot)
    told = [n.key.policy for n in decide(snapshot).notifications]
    assert told == ["brief"]  # and no second message that says the same


@pytest.mark.parametrize(("humidity_pct", "is_opened"), [(60.0, True), (98.0, False)])
def test_windows_stay_closed_while_it_is_much_more_humid_outdoors(
    humidity_pct: float, *, is_opened: bool
) -> None:
    """A cool but damp evening is none to open windows in."""
    damp = replace(
        forecast(),
        hours=tuple(
            replace(hour, relative_humidity_pct=humidity_pct if hour.at.hour > 15 else 45.0)
            for hour in forecast().hours
        ),
    )
    said = everything(foretold(27.0, forecast=damp))
    assert ("11:00 to" in said) is is_opened
    assert "Windows closed" in said


def test_cooling_that_starts_by_itself_is_said() -> None:
    """Nobody needs to switch it on; where it is left alone, the person does."""
    ac = device_conditions()
    room = foretold(31.0).rooms[0]
    for is_automatic, words in (
        (True, "I will switch AC on in time."),
        (False, "Please switch AC on before then."),
    ):
        # Beyond the planning horizon, where the forecast counts for a cooled room as well.
        device = replace(ac, is_automatic=is_automatic)
        late = replace(room, devices=(device,))
        people = (person_conditions(replace(ANNA, brief_at=time(5), wake_at=time(5))),)
        snapshot = foretold(31.0, rooms=(late,), people=people)
        early = replace(snapshot, now_local=local(5), now_utc=local(5).astimezone(UTC))
        assert words in everything(early)


def test_windows_close_for_the_first_room_and_open_for_the_last() -> None:
    """Air that is cooler than the hottest room may still be too hot for another."""
    hot, mild = foretold(31.0).rooms[0], foretold(26.0).rooms[0]
    other = replace(mild, room=a_room(room_id="study", name="Study"))
    people = (person_conditions(replace(ANNA, rooms=("living", "study"))),)
    for rooms, words in (
        ((hot,), "Windows closed 12:00 to 20:00."),
        ((other,), "Windows closed 11:00 to 21:00."),
        ((hot, other), "Windows closed 11:00 to 21:00."),
    ):
        assert words in everything(foretold(31.0, rooms=rooms, people=people))


def test_without_a_rooms_forecast_a_damp_night_opens_no_windows_either() -> None:
    """At 95 % the evening air holds much more water than the room's, however cool it is."""
    dry = forecast()
    damp = replace(
        dry, hours=tuple(replace(hour, relative_humidity_pct=95.0) for hour in dry.hours)
    )
    rooms = (room_conditions(25.0, relative_humidity_pct=35.0, trend_c_per_h=2.0),)
    assert "Windows closed 10:00 to" in everything(morning(rooms=rooms))
    words = everything(morning(rooms=rooms, forecast=damp))
    assert "Windows closed from 10:00" in words
    assert " to 21:00" not in words


@pytest.mark.parametrize("name", ["living room", "The very large living room upstairs"])
def test_what_counts_as_told_by_the_brief_stands_on_the_phone(name: str) -> None:
    """However much else there is to say, for no other message says it."""
    start = local(7).astimezone(UTC)
    sun = (
        SunPosition(start, azimuth_deg=0.0, elevation_deg=5.0),
        SunPosition(start + hours(2), azimuth_deg=90.0, elevation_deg=30.0),
    )
    warning = OfficialWarning(
        *("1", "meteoalarm", "DWD", "Orange high temperature warning"),
        *(WarningLevel.WARNING, "Berlin", start, start + hours(20)),
    )
    at = local(7, 30)
    ahead = an_ahead(at, lambda then: 31.0 if 13 <= then.hour < 18 else 25.0)
    room = room_conditions(25.0, a_room(name=name, windows=(Window(facing_deg=90.0),)), ahead=ahead)
    _, body = brief(morning(at, rooms=(room,), sun=sun, warnings=(warning,)))
    assert "over your limit from about 13:00" in body
    assert len(body) <= 110
