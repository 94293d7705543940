"""Tell a hot day the evening before: one message, put right when it matters, withdrawn, come true.

The room's own forecast is foretold anew every hour; the whole of `decide` runs on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from policies.alert import AlertPhase, AlertShown, Notification, NotifyReason, Severity
from policies.arbitrate import POLICIES
from policies.devices import Lease
from policies.model import (
    DeviceState,
    Freshness,
    Person,
    Phone,
    PhoneKind,
    Room,
    RoomConditions,
    SunPosition,
    Window,
)
from tests.builders import (
    ZONE,
    a_device,
    a_person,
    a_room,
    an_ahead,
    device_conditions,
    hours,
    local,
    person_conditions,
    room_conditions,
)
from tests.story import Story

Course = Callable[[datetime], float]


def day(peak_c: float, at: float = 17.0, *, night_c: float = 24.0) -> Course:
    """Return a course that is coolest twelve hours from its peak, every day the same."""

    def course(moment: datetime) -> float:
        hour = moment.hour + moment.minute / 60
        away_h = abs((hour - at + 12) % 24 - 12)
        return night_c + (peak_c - night_c) * (1 - away_h / 12)

    return course


def until(change: datetime, before: Course, after: Course) -> Course:
    """Return the first course up to a moment, then the other."""
    return lambda moment: before(moment) if moment < change else after(moment)


MILD = day(25.5, night_c=23.0)  # under her level 1 of 26 degrees


def tomorrow(course: Course) -> Course:
    """Return a mild day, then one of another course, then mild days again."""
    return until(local(3, day=15), MILD, until(local(3, day=16), course, MILD))


# Passes Anna's level 2, 29 degrees, at 13:20.
HOT_TOMORROW = tomorrow(day(31.2))


@dataclass
class Days:
    """Live through days in steps of ten minutes, with a forecast that may be changed."""

    person: Person = field(default_factory=a_person)
    room: Room = field(default_factory=a_room)
    actual: Course = HOT_TOMORROW
    more: dict[str, Any] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.story = Story(now=local(12), people=(person_conditions(self.person),))
        self.cleared: list[str] = []

    def go(self, end: datetime, foretold: Course | None = None, **overrides: Any) -> list[str]:  # noqa: ANN401
        """Pass until a moment; return what was told meanwhile, as people read it."""
        before = len(self.told)
        while self.story.now < end:
            self.step(foretold or self.actual, **overrides)
        return self.told[before:]

    def step(self, foretold: Course, **overrides: Any) -> None:  # noqa: ANN401
        """Decide once, then let ten minutes pass."""
        story = self.story
        heard = len(story.heard)
        conditions = seen(self.room, story.now, self.actual, foretold)
        story.step(
            policies=POLICIES,
            **(self.more | {"rooms": (conditions,), "sun": sun(story.now)} | overrides),
        )
        for said in story.heard[heard:]:
            self.told.append(f"{story.now:%a %H:%M} {line(said)}")
        self.cleared += [
            f"{story.now:%a %H:%M} {clear.key.tag}"
            for clear in story.last.clears
            if clear.key.policy == "heat"
        ]
        story._pass(timedelta(minutes=10))

    @property
    def shown(self) -> AlertShown:
        """Return what the household sees of the heat alert."""
        live = [
            alert.shown
            for alert in self.story.last.alerts
            if alert.key.policy == "heat" and alert.phase is not AlertPhase.RESOLVED
        ]
        return live[-1] if live else AlertShown.NONE


def seen(room: Room, now: datetime, actual: Course, foretold: Course) -> RoomConditions:
    """Return a room as it is, with what is foretold of it."""
    now_c = actual(now)
    made = now.replace(minute=0)
    ahead = an_ahead(made.astimezone(UTC), lambda at: foretold(at + hours(0.5)))
    return room_conditions(
        now_c,
        room,
        effective_temperature_c=now_c,
        mean_10_min_c=now_c,
        mean_30_min_c=now_c,
        ahead=ahead,
    )


def sun(now: datetime) -> tuple[SunPosition, ...]:
    """Return where the sun will stand on a window to the east: on it from 08:30 to 14:00."""
    start = now.replace(minute=now.minute // 10 * 10).astimezone(UTC)
    found = []
    for number in range(24 * 6 + 1):
        at = start + timedelta(minutes=10 * number)
        clock = at.astimezone(ZONE)
        hour = clock.hour + clock.minute / 60
        azimuth_deg = 15.0 * hour - 112.5
        found.append(SunPosition(at, azimuth_deg % 360, 30.0 if 5 <= hour <= 21 else -10.0))
    return tuple(found)


def line(said: Notification) -> str:
    """Return a message as one line: its kind, how loud, what it says."""
    sound = "" if said.severity > Severity.NUDGE else "silently "
    return f"{said.key.tag.removeprefix('keepcool-')} {sound}{said.title} | {said.body}"


def heat(told: list[str]) -> list[str]:
    """Return what was told of heat."""
    return [each for each in told if " heat-" in each]


EVENING = (
    "Tue 20:30 heat-anna-1 Cool early tomorrow: living room 31° | "
    "Over your limit from about 13:00 (12:00-15:00). Blinds closed in the sun keep it cooler. "
    "Your limit: 29°."
)


def titles(told: list[str]) -> list[str]:
    """Return what was told of heat without the bodies."""
    return [each.split(" | ")[0] for each in heat(told)]


def test_one_message_the_evening_before_and_one_when_it_comes_true() -> None:
    """Two hours before bed; nothing in the night or the morning; the event under the same tag."""
    days = Days()
    assert heat(days.go(local(20, 30))) == []
    assert heat(days.go(local(21))) == [EVENING]
    assert heat(days.go(local(12, day=15))) == []
    assert days.shown is AlertShown.WARNED
    assert titles(days.go(local(12, day=16))) == [
        "Wed 13:20 heat-anna-1 Cool down now: living room 29°"
    ]
    assert [tag for _, _, tag in map(str.split, days.cleared)] == ["keepcool-heat-anna-1"]


def test_the_day_itself_is_announced_when_people_wake() -> None:
    """What shows only in the night is not told before quiet hours end."""
    days = Days()
    assert heat(days.go(local(23), MILD)) == []
    assert titles(days.go(local(12, day=15))) == [
        "Wed 07:00 heat-anna-1 Cool early: living room 31°"
    ]


@pytest.mark.parametrize(
    ("peak_at", "told"),
    [
        (18.0, []),
        (16.0, []),
        (20.0, ["Tue 21:30 heat-anna-1 silently Cool early tomorrow: living room 31°"]),
        (14.0, ["Tue 21:30 heat-anna-1 silently Cool early tomorrow: living room 31°"]),
    ],
)
def test_only_a_clear_move_is_put_right_and_without_a_sound(
    peak_at: float, told: list[str]
) -> None:
    """An hour sooner or later changes nothing; three hours replace the message silently."""
    days = Days()
    days.go(local(21, 30))
    assert titles(days.go(local(22, 30), tomorrow(day(31.2, peak_at)))) == told


def test_nothing_is_put_right_while_people_sleep() -> None:
    """A move in the night is told in the morning, still without a sound."""
    days = Days()
    days.go(local(23))
    later = tomorrow(day(31.2, 20.0))
    days.actual = later
    assert titles(days.go(local(12, day=15), later)) == [
        "Wed 07:00 heat-anna-1 silently Cool early: living room 31°"
    ]


def test_a_higher_level_is_news() -> None:
    """Level 3 where level 2 was announced is said with a sound, once."""
    days = Days()
    days.go(local(21, 30))
    assert titles(days.go(local(22, 30), tomorrow(day(34.0)))) == [
        "Tue 21:30 heat-anna-1 Cool early tomorrow: living room 34°"
    ]


def test_what_no_longer_holds_is_withdrawn_and_does_not_flap() -> None:
    """A cooler forecast takes it off the phone after half an hour; the next swing says nothing."""
    days = Days()
    days.go(local(21))
    assert heat(days.go(local(22), tomorrow(day(27.5)))) == []
    assert days.cleared == ["Tue 21:30 keepcool-heat-anna-1"]
    assert days.shown is AlertShown.NONE
    assert heat(days.go(local(8, day=15))) == []


def test_a_forecast_just_under_the_limit_is_no_reason_to_withdraw() -> None:
    """While one in ten would still pass the limit the announcement stands as it was said."""
    days = Days()
    days.go(local(21))
    assert heat(days.go(local(23), tomorrow(day(28.5)))) == []
    assert days.cleared == []
    assert days.shown is AlertShown.WARNED


def test_the_next_day_is_another_matter() -> None:
    """Of a heat wave each day is announced for itself; what was told before is taken off."""
    wave = until(local(3, day=15), MILD, day(31.2))
    days = Days(actual=wave)
    told = titles(days.go(local(12, day=17)))
    assert told == [
        "Tue 20:30 heat-anna-1 Cool early tomorrow: living room 31°",
        "Wed 13:20 heat-anna-1 Cool down now: living room 29°",
        "Wed 20:50 heat-anna-2 Cool early tomorrow: living room 31°",
        "Thu 13:20 heat-anna-2 Cool down now: living room 29°",
        "Thu 20:50 heat-anna-3 Cool early tomorrow: living room 31°",
    ]


def test_the_brief_says_it_for_who_wants_one() -> None:
    """With a brief there is no evening message and no second one beside it; the event speaks."""
    person = a_person(brief_at=time(7, 30))
    days = Days(person=person)
    assert heat(days.go(local(7, 30, day=15))) == []
    [brief] = [each for each in days.go(local(12, day=15)) if " brief-" in each]
    assert "Living room over your limit from about 13:00 (12:00-15:00)." in brief
    assert heat(days.told) == []
    assert days.shown is AlertShown.WARNED
    assert titles(days.go(local(20, day=15))) == [
        "Wed 13:20 heat-anna-1 Cool down now: living room 29°"
    ]


def test_what_comes_before_the_brief_does_not_wait_for_it() -> None:
    """A room that is over its limit within two hours of the brief is announced at once."""
    early = tomorrow(day(33.0, 15.0))
    days = Days(person=a_person(brief_at=time(9)), actual=early)
    assert titles(days.go(local(9, day=15))) == [
        "Wed 07:00 heat-anna-1 Cool early: living room 33°"
    ]


def test_blinds_are_the_one_thing_to_do_where_the_home_has_them() -> None:
    """The title says until when; the sun comes on this window at half past eight."""
    days = Days(room=a_room(windows=(Window(facing_deg=90.0),)))
    [told] = heat(days.go(local(22)))
    assert "Blinds by 08:00 tomorrow: living room" in told


AC = a_device()


def cooled(now: datetime, *, is_on: bool) -> RoomConditions:
    """Return the air-conditioned room: cool, but for its forecast, which knows no cooling."""
    conditions = seen(a_room(devices=(AC,)), now, HOT_TOMORROW, HOT_TOMORROW)
    held_c = conditions.mean_10_min_c or 0.0
    if now >= local(10, day=15):
        held_c = min(held_c, 25.4)
    device = device_conditions(AC)
    if is_on:
        state = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=24.0)
        lease = Lease(state, None, running_for=hours(1), remaining=hours(1))
        device = replace(device, observed=state, lease=lease)
    return replace(
        conditions,
        temperature_c=held_c,
        effective_temperature_c=held_c,
        mean_10_min_c=held_c,
        mean_30_min_c=held_c,
        devices=(device,),
    )


def test_a_cooled_room_is_announced_once_and_taken_back_when_the_cooling_does_it() -> None:
    """The message says that cooling starts by itself; as it comes and goes nothing more is said."""
    days = Days()

    def go(end: datetime, *, is_on: bool) -> list[str]:
        told: list[str] = []
        while days.story.now < end:
            told += days.go(
                days.story.now + timedelta(minutes=10),
                rooms=(cooled(days.story.now, is_on=is_on),),
            )
        return heat(told)

    [told] = go(local(22), is_on=False)
    assert "I will switch AC on in time." in told
    assert go(local(10, day=15), is_on=False) == []
    assert days.cleared == []
    for hour in range(11, 20):
        assert go(local(hour, day=15), is_on=hour % 2 == 1) == []
    assert [each.split()[-1] for each in days.cleared] == ["keepcool-heat-anna-1"]


@pytest.mark.parametrize(
    "change",
    [
        {"ahead": None},
        {"freshness": Freshness.STALE, "mean_10_min_c": None},
        {"mean_10_min_c": float("nan")},
    ],
)
def test_without_a_forecast_or_a_room_that_is_seen_nothing_is_told_early(
    change: dict[str, Any],
) -> None:
    """Unknown is no reason to announce anything."""
    days = Days()
    while days.story.now < local(22):
        now = days.story.now
        rooms = (replace(seen(a_room(), now, HOT_TOMORROW, HOT_TOMORROW), **change),)
        days.go(now + timedelta(minutes=10), rooms=rooms)
    assert heat(days.told) == []


def test_a_forecast_that_is_not_known_for_a_while_ends_nothing() -> None:
    """After a restart, or without a learner, what was announced stands until its hour is over."""
    days = Days()
    days.go(local(21))

    def blind(end: datetime) -> list[str]:
        while days.story.now < end:
            now = days.story.now
            rooms = (replace(seen(a_room(), now, MILD, MILD), ahead=None),)
            days.go(now + timedelta(minutes=10), rooms=rooms)
        return heat(days.told)[1:]

    assert blind(local(14, 30, day=15)) == []
    assert days.cleared == []
    assert days.shown is AlertShown.WARNED
    blind(local(16, day=15))
    assert days.cleared == ["Wed 15:30 keepcool-heat-anna-1"]


def test_by_an_unknown_clock_nothing_is_told_early() -> None:
    """Hours of the day mean nothing then."""
    days = Days(more={"is_clock_synchronised": False})
    assert heat(days.go(local(22))) == []


@pytest.mark.parametrize("name", ["Bath", "living room", "The very large living room upstairs"])
@pytest.mark.parametrize("kind", PhoneKind)
def test_early_words_fit_a_phone(name: str, kind: PhoneKind) -> None:
    """Title and body keep to their lengths, and the hours are never what is left out."""
    phone = Phone("anna", "mobile_app_anna", kind)
    for windows in ((), (Window(facing_deg=90.0),)):
        days = Days(person=a_person(phones=(phone,)), room=a_room(name=name, windows=windows))
        days.go(local(22))
        [said] = [each for each in days.story.heard if each.key.policy == "heat"]
        assert len(said.title) <= 40
        assert len(said.body) <= 110
        assert "Over your limit from about 13:00 (12:00-15:00)." in said.body


@pytest.mark.parametrize("seed", range(8))
def test_a_restless_forecast_makes_no_row_of_messages(seed: int) -> None:
    """However an hourly forecast jumps about, a day is told of thrice at most, never at night."""
    random = Random(seed)  # noqa: S311 - no secret
    days = Days(actual=MILD)
    start = len(days.story.heard)
    for hour in range(12, 12 + 48):
        foretold = tomorrow(day(random.uniform(27.0, 33.0), random.uniform(13.0, 20.0)))
        days.go(local(12) + hours(hour - 11), foretold)
    said = [each for each in days.story.heard[start:] if each.key.policy == "heat"]
    assert len([each for each in said if each.severity > Severity.NUDGE]) <= 3
    assert all("nan" not in each.title + each.body for each in said)
    assert {each.reason for each in said} <= {
        NotifyReason.NEW,
        NotifyReason.MOVED,
        NotifyReason.LEVEL_ROSE,
        NotifyReason.HELD,
        NotifyReason.RAISED_AGAIN,
    }
    for each in days.told:
        hour = int(each.split()[1][:2])
        assert 7 <= hour < 23, each


def test_an_announced_hour_that_passed_does_not_stand_for_the_next_day() -> None:
    """Days that may just pass the limit keep no announcement of a day that is over."""
    near = until(local(3, day=15), MILD, day(28.8, 20.0))
    days = Days(actual=near)
    assert len(heat(days.go(local(21), tomorrow(day(31.2, 20.0))))) == 1
    assert heat(days.go(local(16, day=15), near)) == []
    assert days.cleared == []  # it still may
    assert heat(days.go(local(23, day=15), near)) == []
    assert days.cleared == ["Wed 20:30 keepcool-heat-anna-1"]
    assert heat(days.go(local(12, day=17), near)) == []
    assert days.shown is AlertShown.NONE
