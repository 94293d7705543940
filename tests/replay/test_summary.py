"""Announcements are matched with the hot spells of the recording."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daemon.replay.judge import HalfHour, Judgement, Spell, Told, Where, find_spells, judge
from daemon.replay.recorders import Sent
from daemon.replay.summary import heat_json, told_of
from policies.alert import Road, Severity

NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    """Return a moment by hours after noon."""
    return NOON + timedelta(hours=hours)


def spell(start_h: float, end_h: float) -> Spell:
    """Return a hot spell without a pause."""
    return Spell(((at(start_h), at(end_h)),))


def sent(
    hours: float,
    tag: str,
    named_h: float | None,
    severity: Severity = Severity.WARNING,
    *,
    is_announcement: bool = True,
) -> Sent:
    """Return a message about heat."""
    named_at = None if named_h is None else at(named_h)
    return Sent(at(hours), Road.PHONE, tag, "Cool early", "", severity, is_announcement, named_at)


def test_announcement_that_is_put_right_is_one() -> None:
    """Its hour moves; heat of another day under the same tag is announced for itself."""
    told = told_of(
        [
            sent(0, "keepcool-heat-anna-1", 4),
            sent(1, "keepcool-heat-anna-1", 6),
            sent(7, "keepcool-heat-anna-1", None, is_announcement=False),
            sent(8, "keepcool-heat-anna-1", 28),
            sent(9, "keepcool-heat-anna-2", 9.5),
        ]
    )
    assert told == [
        Told(at(0), is_announcement=True, named_at=at(6)),
        Told(at(7), is_announcement=False),
        Told(at(8), is_announcement=True, named_at=at(28)),
        Told(at(9), is_announcement=True, named_at=at(9.5)),
    ]


def test_announcements_with_a_sound_are_counted_apart() -> None:
    """One that is silent first and likely later has a sound; one that is only moved has none."""
    silent = Severity.NUDGE
    told = told_of(
        [
            sent(-30, "keepcool-heat-anna-1", -28, silent),
            sent(-29, "keepcool-heat-anna-1", -27, silent),
            sent(-9, "keepcool-heat-anna-2", -2, silent),
            sent(-6, "keepcool-heat-anna-2", -1),
            sent(12, "keepcool-heat-anna-3", 14),
        ]
    )
    found = judge([spell(0, 5)], told)
    assert (found.announcements, found.false_announcements) == (3, 2)
    assert (found.with_sound, found.false_with_sound) == (2, 1)
    assert found.leads == (timedelta(hours=9),)


@pytest.mark.parametrize(
    ("told_h", "named_h", "is_announced"),
    [
        (-1, None, True),
        (-10, None, True),
        (-11, None, False),  # too long before for one that names no hour
        (-20, -2, True),  # it names an hour, and the heat came soon after that
        (-20, -4, False),
        (0, None, False),  # not before
    ],
)
def test_announcement_must_come_before_and_name_the_time(
    told_h: float, named_h: float | None, *, is_announced: bool
) -> None:
    """What is told when it is hot already announces nothing; what missed the time neither."""
    named_at = None if named_h is None else at(named_h)
    found = judge([spell(0, 5)], [Told(at(told_h), is_announcement=True, named_at=named_at)])
    assert bool(found.leads) is is_announced
    assert found.announced_hot == timedelta(hours=5 if is_announced else 0)
    assert found.false_announcements == (told_h < 0 and not is_announced)


def test_spell_without_a_word_is_lost() -> None:
    """A warning within 15 minutes of its beginning is in time, one later is not."""

    def lost(told_h: float) -> Judgement:
        return judge([spell(0, 5)], [Told(at(told_h), is_announcement=False)])

    assert lost(0.25).lost == 0
    assert lost(0.3).lost == 1
    assert lost(0.25).leads == ()


def test_short_pauses_belong_to_the_spell_but_are_not_hot() -> None:
    """Two hot hours, two cooler ones, one hot: one spell of five hours, three of them hot."""
    over_k = [1.0] * 24 + [-1.0] * 24 + [0.5] * 12 + [-0.4] * 3 + [-0.6] * 60
    steps = [
        Where(NOON + timedelta(minutes=5 * n), value_k, value_k) for n, value_k in enumerate(over_k)
    ]
    (found,) = find_spells(steps, at(24))
    assert (found.start, found.end) == (NOON, NOON + timedelta(hours=5, minutes=15))
    assert found.hot == timedelta(hours=3, minutes=15)


def test_gap_of_days_in_the_recording_is_not_hot() -> None:
    """Hot before and behind two days of silence: two spells, and none of those days counts."""
    before, silence, after = [1.0] * 12, [None] * (12 * 48), [1.0] * 12
    steps = [
        Where(NOON + timedelta(minutes=5 * n), value_k, value_k)
        for n, value_k in enumerate([*before, *silence, *after])
    ]
    assert find_spells(steps, at(50)) == [spell(0, 1), spell(49, 50)]


def test_mean_over_half_an_hour_knows_nothing_from_before_a_gap() -> None:
    """A hot hour, a gap of an hour, a cool value: the mean is the cool value's."""
    window = HalfHour()
    for _ in range(12):
        window.mean_c(35.0)
    assert [window.mean_c(None) for _ in range(12)] == [None] * 12
    assert window.mean_c(20.0) == 20.0
    assert window.mean_c(22.0) == 21.0


def test_median_of_two_leads_lies_between_them() -> None:
    """Announced two and six hours before: four hours, and the shortest and longest of them."""
    told = [Told(at(-2), is_announcement=True), Told(at(94), is_announcement=True)]
    found = heat_json([judge([spell(0, 5), spell(100, 101)], told)])
    assert (found["shortest_lead_h"], found["median_lead_h"], found["longest_lead_h"]) == (2, 4, 6)


def test_spell_goes_on_to_the_end_of_the_recording() -> None:
    """What is hot at the end is hot until the end."""
    (found,) = find_spells([Where(NOON, None, None), Where(at(1), 0.0, 0.0)], at(3))
    assert found == spell(1, 3)
