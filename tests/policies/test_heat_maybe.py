"""Tell possible heat apart from likely heat: the one without a sound, the other with one."""

from __future__ import annotations

from datetime import datetime, time

from policies.alert import AlertShown
from tests.builders import a_person, local
from tests.policies.test_heat_early import MILD, Days, day, heat, titles, tomorrow, until

# Of Anna's 29 degrees the middle passes a little, three of ten of the way to the low end do not.
JUST_OVER = tomorrow(day(29.35))
LESS_AT_THE_SAME_HOUR = tomorrow(day(29.35, 14.5))
HOT = tomorrow(day(31.2))
UNDER = tomorrow(day(27.5))
SILENT = "Tue 20:30 heat-anna-1 silently Maybe too warm tomorrow: living room"


def test_what_is_only_possible_is_said_without_a_sound() -> None:
    """A little over, as likely as not: the phone shows it and is quiet, and the words say "may"."""
    days = Days(actual=JUST_OVER)
    [said] = heat(days.go(local(22)))
    assert said.startswith(SILENT + " | May pass your limit from about 16:00. ")
    assert days.shown is AlertShown.WARNED


def test_false_call_what_misses_makes_no_sound_at_all() -> None:
    """Possible in the evening, cooler by the morning: taken off, and the phone never rang."""
    days = Days(actual=MILD)
    assert titles(days.go(local(22), JUST_OVER)) == [SILENT]
    assert heat(days.go(local(12, day=16), MILD)) == []
    assert days.cleared == ["Tue 22:30 keepcool-heat-anna-1"]


def test_what_is_only_possible_speaks_as_it_comes_true() -> None:
    """The silent message is no warning: the heat itself has a sound, at once."""
    days = Days(actual=JUST_OVER)
    days.go(local(22))
    assert titles(days.go(local(20, day=15))) == [
        "Wed 16:20 heat-anna-1 Cool down now: living room 29°"
    ]


def test_what_becomes_likely_is_said_with_a_sound_once() -> None:
    """As soon as it is likely, while nobody sleeps; in the place of the silent message."""
    days = Days(actual=HOT)
    days.go(local(22), JUST_OVER)
    assert titles(days.go(local(23, 50), HOT)) == [
        "Tue 22:00 heat-anna-1 Cool early tomorrow: living room 31°"
    ]
    days = Days(actual=HOT)
    days.go(local(23), JUST_OVER)
    assert titles(days.go(local(12, day=15), HOT)) == [
        "Wed 07:00 heat-anna-1 Cool early: living room 31°"
    ]


def test_false_call_heat_that_was_told_may_come_back_without_a_word() -> None:
    """Over the limit at noon and near it in the afternoon: the day is told already."""
    noon = until(local(3, day=15), MILD, day(29.7, 12.0, night_c=26.5))

    def near(moment: datetime) -> float:
        hour = moment.hour + moment.minute / 60
        return noon(moment) if hour < 15 else min(28.9 + 0.1 * (hour - 15), 29.15)

    days = Days(actual=noon)
    days.go(local(13, day=15), noon)
    assert titles(days.told)[-1] == "Wed 09:30 heat-anna-1 Cool down now: living room 29°"
    assert heat(days.go(local(17, day=15), near)) == []


def test_who_answered_the_silent_message_hears_no_more_of_what_is_expected() -> None:
    """They know that it may come; that it is there is news, however lately they answered."""
    days = Days(actual=HOT)
    days.go(local(21), JUST_OVER)
    days.story.answer()
    assert heat(days.go(local(12, day=15), HOT)) == []
    assert titles(days.go(local(20, day=15), HOT)) == [
        "Wed 13:20 heat-anna-1 Cool down now: living room 29°"
    ]


def test_false_call_possible_heat_is_taken_back_though_it_is_warm() -> None:
    """In a room that stays near the limit, at level 1, it is not carried from day to day."""
    warm = day(27.5, night_c=26.5)
    days = Days(actual=warm)
    just_over = until(local(3, day=15), warm, day(29.35, night_c=26.5))
    days.go(local(21), until(local(3, day=16), just_over, warm))
    assert heat(days.go(local(20, day=15), warm)) == []
    assert days.cleared == ["Tue 21:30 keepcool-heat-anna-1"]
    again = until(local(3, day=16), warm, day(29.35, night_c=26.5))
    assert titles(days.go(local(22, day=15), again)) == [
        "Wed 20:30 heat-anna-2 silently Maybe too warm tomorrow: living room"
    ]


def test_what_was_said_with_a_sound_does_not_get_quieter() -> None:
    """While it may still come the announcement stands in its words, neither taken off nor said."""
    days = Days(actual=LESS_AT_THE_SAME_HOUR)
    days.go(local(22), HOT)
    assert heat(days.go(local(12, day=15), LESS_AT_THE_SAME_HOUR)) == []
    assert days.cleared == []


def test_one_day_is_one_announcement_however_far_its_hour_moves() -> None:
    """From the night to the morning of one day, more than 12 hours: put right without a sound."""
    night = until(local(18, day=15), MILD, day(31.2, 2.0))
    morning = until(local(10, day=15), MILD, day(31.2, 12.0))
    days = Days(actual=MILD)
    told = days.go(local(7, 30, day=15), MILD)
    told += days.go(local(8, day=15), night)
    told += days.go(local(9, day=15), morning)
    assert titles(told) == [
        "Wed 07:30 heat-anna-1 Cool early: living room 31°",
        "Wed 08:00 heat-anna-1 silently Cool early: living room 31°",
    ]


def test_likely_taken_back_and_likely_again_is_said_without_a_sound() -> None:
    """A forecast that wavered for 12 hours is not trusted with a second sound for the same day."""
    days = Days(actual=HOT)
    assert titles(days.go(local(21), HOT)) == [
        "Tue 20:30 heat-anna-1 Cool early tomorrow: living room 31°"
    ]
    days.go(local(22), UNDER)
    assert days.cleared == ["Tue 21:30 keepcool-heat-anna-1"]
    assert heat(days.go(local(8, day=15), UNDER)) == []
    assert titles(days.go(local(13, day=15), HOT)) == [
        "Wed 08:30 heat-anna-2 silently May get too warm: living room 31°"
    ]
    assert titles(days.go(local(15, day=15), HOT)) == [
        "Wed 13:20 heat-anna-2 Cool down now: living room 29°"
    ]


def test_after_a_hot_night_the_day_is_announced_however_soon_it_comes() -> None:
    """The room fell under its limit at dawn and is hot again four hours later: news of a day."""

    def dawn(moment: datetime) -> float:
        hour = moment.hour + moment.minute / 60
        if not 5 <= hour < 15:
            return 31.0
        return 31.0 - (hour - 5) if hour < 8 else 28.0 + (hour - 8) * 3 / 7

    days = Days(actual=until(local(12, day=15), day(31.2), dawn))
    days.go(local(20, day=15))
    assert titles(days.told)[-1] == "Wed 12:00 heat-anna-2 Cool down now: living room 30°"
    assert titles(days.go(local(12, day=16))) == [
        "Thu 07:10 heat-anna-3 Cool early: living room 31°",
        "Thu 10:20 heat-anna-3 Cool down now: living room 29°",
    ]


def test_the_brief_says_what_is_only_possible_and_is_silent() -> None:
    """One message in the morning, without a sound, and none beside it."""
    days = Days(person=a_person(brief_at=time(7, 30)), actual=JUST_OVER)
    told = days.go(local(12, day=15))
    [brief] = [each for each in told if " brief-" in each]
    assert "silently" in brief
    assert "Living room may pass your limit from about 16:00" in brief
    assert heat(told) == []
