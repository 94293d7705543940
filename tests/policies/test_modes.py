"""Modes: what quiet hours, a snooze, being out and a holiday hold back, and what they never do."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.alert import (
    Alert,
    AlertPhase,
    Finding,
    HeatLevel,
    NotifyReason,
    Severity,
    Verb,
)
from policies.arbitrate import decide
from policies.episodes import snooze
from policies.holding import why_held
from policies.model import (
    Carer,
    CoolingAction,
    DeviceState,
    Holiday,
    HolidayEnd,
    Lease,
    PersonConditions,
    Snooze,
)
from policies.modes import is_quiet
from tests.builders import (
    a_device,
    a_person,
    a_phone,
    a_room,
    a_snapshot,
    device_conditions,
    hours,
    local,
    minutes,
    person_conditions,
    room_conditions,
)
from tests.policies.test_decide_invariants import few, found
from tests.policies.test_notification import FAILED, heat, nudge, trouble
from tests.story import Story, scripted
from tests.strategies import snapshots

BATTERY = trouble("trouble_battery_low", "battery:1")
ADVICE = replace(nudge(), policy="advice", subject="room:living", verbs=())
EXPECTED = heat(2, is_expected=True)
HOLIDAY = Holiday(is_on=True)


def anna(**overrides: Any) -> PersonConditions:  # noqa: ANN401 - the fields of what is built
    """Return Anna in some mode."""
    return replace(person_conditions(), **overrides)


def snoozed(level: int = 0, **overrides: Any) -> PersonConditions:  # noqa: ANN401
    """Return Anna, snoozed for an hour more."""
    return anna(snooze=replace(Snooze(hours(1), level=HeatLevel(level)), **overrides))


MODES: dict[str, dict[str, Any]] = {
    "quiet": {"now": local(3)},
    "snoozed": {"people": (snoozed(),)},
    "out": {"people": (anna(out_remaining=hours(3)),)},
    "away": {"people": (anna(is_at_home=False),)},
    "holiday": {},
}


def told(mode: str, *findings: Finding) -> list[str]:
    """Return what is told of findings in a mode, by policy and severity."""
    story = Story(**MODES[mode])
    story.step(*findings, holiday=HOLIDAY if mode == "holiday" else Holiday())
    return [each.key.policy for each in story.heard]


@pytest.mark.parametrize(
    ("finding", "speaks_in"),
    [
        (nudge(), set()),
        (ADVICE, set()),
        (BATTERY, set()),
        (trouble(), {"quiet", "out", "away"}),  # blind: it cannot wait for the morning
        (EXPECTED, set()),
        (heat(2), {"quiet"}),
        (heat(3), {"quiet", "snoozed", "out", "away"}),
        (FAILED, {"quiet", "snoozed", "out", "away"}),  # level 3 without cooling
        (heat(4), {"quiet", "snoozed", "out", "away", "holiday"}),
    ],
)
def test_each_mode_holds_what_can_wait(finding: Finding, speaks_in: set[str]) -> None:
    """Quiet hours, a snooze, being out and a holiday: what speaks in each, told at once."""
    assert {mode for mode in MODES if finding.policy in told(mode, finding)} == speaks_in


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"),
    [(12, 59, False), (13, 0, True), (14, 59, True), (15, 0, False), (3, 0, False)],
)
def test_quiet_hours_of_one_s_own_replace_the_night(hour: int, minute: int, *, quiet: bool) -> None:
    """Whoever names hours is asked to be left in peace in those, and in no others."""
    person = a_person(quiet_from=time(13), quiet_until=time(15))
    assert is_quiet(person, local(hour, minute)) is quiet


def test_quiet_hours_may_keep_one_end_of_the_night() -> None:
    """A late riser names the end alone."""
    person = a_person(quiet_until=time(9, 30))
    assert [is_quiet(person, local(hour)) for hour in (22, 23, 7, 9, 10)] == [
        False, True, True, True, False,
    ]  # fmt: skip


def test_what_the_night_held_is_told_in_the_morning_if_it_still_holds() -> None:
    """Of two troubles of the night the one that is over is not told, the other at waking."""
    story = Story(now=local(3))
    other = trouble("trouble_forecast_old", "forecast")
    story.step(BATTERY, other)
    story.step(BATTERY, minutes=239)
    assert not story.heard
    story.step(BATTERY, minutes=1)
    assert [each.title for each in story.heard] == ["Change the battery: living room"]
    story.step(BATTERY, minutes=60)
    assert len(story.heard) == 1


def test_what_one_of_two_people_slept_through_reaches_them_too() -> None:
    """Ben is up and hears of it at night; Anna hears of it when she wakes, Ben not again."""
    ben = a_person(person_id="ben", name="Ben", bed_at=time(4), wake_at=time(12))
    story = Story(now=local(3), people=(person_conditions(), person_conditions(ben)))
    both = replace(BATTERY, person_ids=("anna", "ben"))
    for passed in (0, 120, 120, 60):
        story.step(both, minutes=passed)
    assert [(each.person_id, each.reason) for each in story.heard] == [
        ("ben", NotifyReason.NEW),
        ("anna", NotifyReason.HELD),
    ]


# ----------------------------------------------------------------- snooze


def test_snooze_lets_a_higher_level_through_and_wakes_by_itself() -> None:
    """Snoozed at level 2, level 3 speaks; what was held speaks when the snooze is over."""
    story = Story(people=(snoozed(2),))
    story.step(trouble(), heat(2))
    assert [each.key.policy for each in story.heard] == ["mode"]
    story.people = (replace(story.people[0], snooze=None),)
    story.step(trouble(), heat(2), minutes=60)
    assert {each.key.policy for each in story.heard[1:]} == {"heat", "trouble"}


def test_snooze_at_level_3_is_a_snooze_of_level_3() -> None:
    """The level that the person knows of stays quiet, the next one does not."""
    story = Story(people=(snoozed(3),))
    story.step(heat(3))
    assert "heat" not in [each.key.policy for each in story.heard]
    story.step(heat(4), minutes=1)
    assert story.heard[-1].key.policy == "heat"


def test_fault_49_one_reminder_that_a_snooze_hides_heat() -> None:
    """Heat that came during the snooze is mentioned once, silently, however it swings."""
    story = Story(people=(snoozed(remaining=hours(4)),))
    for finding in (None, heat(2), heat(1), heat(2), heat(2)):
        story.step(*([finding] if finding else []), minutes=30)
    (reminder,) = story.heard
    assert reminder.severity is Severity.NUDGE
    assert reminder.title == "Snoozed until 20:00: living room 30°"
    story.people = (replace(story.people[0], snooze=None),)
    decision = story.step(minutes=30)
    assert [clear.key for clear in decision.clears] == [reminder.key]


def test_fault_49_no_reminder_of_what_the_person_just_snoozed() -> None:
    """Whoever read the warning and then asked for an hour of peace gets that hour."""
    story = Story()
    story.step(heat(2))
    story.people = (replace(story.people[0], snooze=Snooze(hours(3))),)
    story.step(heat(2), minutes=5)
    assert len(story.heard) == 1
    story.people = (replace(story.people[0], snooze=Snooze(hours(2), running_for=hours(1))),)
    story.step(heat(2), minutes=55)
    assert story.heard[-1].key.policy == "mode"


def press_snooze(story: Story) -> None:
    """Press `Snooze 1 h` on the last message."""
    story.alerts = snooze(story.alerts, story.heard[-1].key, "anna")


@pytest.mark.parametrize(
    ("steps", "reasons"),
    [
        ([(59, heat(2))], []),
        ([(60, heat(2)), (60, heat(2))], [NotifyReason.SNOOZE_OVER]),
        ([(60, None)], []),
        ([(5, heat(3))], [NotifyReason.LEVEL_ROSE]),
        ([(5, heat(2, Severity.CRITICAL))], [NotifyReason.SEVERITY_ROSE]),
    ],
)
def test_snoozed_alert_speaks_again_after_an_hour_or_when_it_is_more(
    steps: list[tuple[float, Finding | None]], reasons: list[NotifyReason]
) -> None:
    """The button quietens this episode for an hour; it ends, rises, or is said again."""
    story = Story()
    story.step(heat(2))
    assert Verb.SNOOZE in story.heard[0].verbs
    press_snooze(story)
    assert story.alerts[0].phase is AlertPhase.SNOOZED
    for passed, finding in steps:
        story.step(*([finding] if finding else []), minutes=passed)
    assert story.reasons()[1:] == reasons


def test_snoozed_level_3_does_not_become_critical_for_want_of_an_answer() -> None:
    """The button was the answer; after the hour it is asked anew."""
    story = Story()
    story.step(heat(3))
    press_snooze(story)
    for passed in (15, 15, 15, 15, 14, 1):
        story.step(heat(3), minutes=passed)
    assert story.reasons() == [
        NotifyReason.NEW,
        NotifyReason.SNOOZE_OVER,
        NotifyReason.UNANSWERED,
    ]


# ----------------------------------------------------------------- buttons


@pytest.mark.parametrize(
    ("finding", "verbs"),
    [
        (heat(2), "on_it drank snooze"),
        (EXPECTED, "on_it snooze out"),
        (heat(3), "on_it snooze"),
        (heat(4), "on_it"),
        (nudge(), "drank out"),
        (trouble(), ""),
    ],
)
def test_three_buttons_at_most_that_fit_the_situation(finding: Finding, verbs: str) -> None:
    """What is critical cannot be snoozed, and out is offered where it quietens something."""
    wanted = finding.verbs or ((Verb.ON_IT, Verb.DRANK) if finding.policy == "heat" else ())
    story = Story()
    story.step(replace(finding, verbs=wanted))
    assert " ".join(story.heard[0].verbs) == verbs


# ----------------------------------------------------------------- holidays


def test_holiday_starts_no_cooling_and_releases_what_runs() -> None:
    """A flat at 33 degrees with nobody in it is not cooled; what a hand switched on stays."""
    room = a_room(devices=(a_device(),))
    running = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=23.0)
    lease = Lease(running, None, hours(1), minutes(30))
    for conditions, action in (
        (device_conditions(), CoolingAction.LEAVE),
        (device_conditions(lease=lease, observed=running), CoolingAction.RELEASE),
        (device_conditions(lease=lease, since_switched_on=minutes(5)), CoolingAction.RUN),
        (device_conditions(observed=running), CoolingAction.LEAVE),
    ):
        rooms = (room_conditions(33.0, room, devices=(conditions,)),)
        (command,) = decide(a_snapshot(rooms=rooms, holiday=HOLIDAY)).cooling
        assert command.action is action


def test_holiday_puts_trouble_into_the_digest_and_takes_heat_off_the_phone() -> None:
    """Whoever is away reads one silent message; the warning of before is taken back."""
    story = Story()
    story.step(FAILED)
    decision = story.step(FAILED, trouble(), BATTERY, minutes=5, holiday=HOLIDAY)
    (digest,) = decision.notifications
    assert (digest.title, digest.severity) == ("2 things to look at", Severity.NUDGE)
    assert digest.body == "Check the sensor: living room; Change the battery: living room."
    assert [clear.key.policy for clear in decision.clears] == ["heat"]
    story.step(FAILED, trouble(), BATTERY, minutes=24 * 60, holiday=HOLIDAY)
    assert len(story.heard) == 2
    over = Holiday(ended_for=minutes(1), ended_by=HolidayEnd.PRESENCE)
    story.step(FAILED, trouble(), BATTERY, minutes=1, holiday=over)
    assert [each.key.policy for each in story.heard[2:]] == ["heat"]  # the rest follows calmly


def test_trouble_of_an_empty_home_alarms_no_carer_but_level_4_does() -> None:
    """Nobody is called to a flat because its sensor is silent while everybody is away."""
    carer = Carer("ben", "Ben", ("anna",), phones=(a_phone(channel_id="ben-phone"),))
    for finding, heard_by in ((trouble(), set()), (heat(4), {"anna", "ben"})):
        story = Story()
        for passed in (0, 10, 25):
            story.step(finding, minutes=passed, holiday=HOLIDAY, carers=(carer,))
        alarmed = [each for each in story.heard if each.key.policy in {"heat", "carer", "trouble"}]
        assert {each.person_id for each in alarmed} == heard_by


@pytest.mark.parametrize("by", HolidayEnd)
def test_end_of_a_holiday_is_said_once_with_its_cause(by: HolidayEnd) -> None:
    """Everybody reads once that keepcool looks after them again, and why; by day."""
    story = Story(now=local(3))
    for ended in (hours(0), hours(3), hours(4), hours(5), hours(12)):
        story.now = local(3)
        story.step(minutes=ended / minutes(1), holiday=Holiday(ended_for=ended, ended_by=by))
    (message,) = story.heard
    assert message.title == "Holiday mode is over"
    assert message.body.endswith("Reminders, warnings and cooling are back.")
    assert not any(alert.phase is AlertPhase.FIRING for alert in story.alerts)


# ----------------------------------------------------------------- digest


def test_storm_of_trouble_is_one_silent_digest_that_is_replaced_in_place() -> None:
    """Three troubles at once are one message; a fourth makes it four, and the last takes it off."""
    story = Story()
    some = [trouble("trouble_battery_low", f"battery:{number}") for number in range(4)]
    story.step(*some[:3])
    story.step(*some, minutes=1)
    story.step(*some, minutes=9)
    assert [each.title for each in story.heard] == ["3 things to look at", "4 things to look at"]
    assert story.heard[0].key.tag == story.heard[1].key.tag == "keepcool-digest-anna"
    assert {each.severity for each in story.heard} == {Severity.NUDGE}
    assert story.heard[1].body == (
        "Change the battery: living room; Change the battery: living room; "
        "Change the battery: living room; 1 more."
    )
    decision = story.step(*some[:1], minutes=60)
    assert not decision.notifications
    decision = story.step(minutes=60)
    assert "digest" in [clear.key.policy for clear in decision.clears]


def test_trickle_of_trouble_joins_the_digest_from_the_third_on() -> None:
    """Two messages within minutes are two messages; the third is one too many."""
    story = Story()
    some = [trouble("trouble_battery_low", f"battery:{number}") for number in range(3)]
    for count in (1, 2, 3):
        story.step(*some[:count], minutes=3)
    assert [each.key.policy for each in story.heard] == ["trouble", "trouble", "digest"]
    assert story.heard[-1].title == "One thing to look at"


def test_warning_beyond_the_budget_is_in_the_digest_and_louder_ones_still_speak() -> None:
    """The ninth warning of a day is one line of the digest; level 3 is none."""
    story = Story(people=(anna(pushes_today=8, warnings_today=8),))
    story.step(heat(2))
    assert [each.title for each in story.heard] == ["One thing to look at"]
    assert story.heard[0].body == "Cool down now: living room 30°."
    story.step(heat(3), minutes=5)
    assert story.heard[-1].key.policy == "heat"


# ----------------------------------------------------------------- what holds for every mode

snoozes = st.none() | st.builds(
    Snooze, remaining=st.just(hours(1)), level=st.sampled_from(list(HeatLevel))
)
holidays = st.sampled_from(
    [Holiday(), HOLIDAY, Holiday(ended_for=hours(1), ended_by=HolidayEnd.DATE)]
)


@few
@given(snapshots(), st.none() | found, snoozes, st.booleans(), holidays)
def test_no_mode_ever_silences_a_critical(
    snapshot: Any,  # noqa: ANN401 - made by the strategy
    some: list[Finding] | None,
    wish: Snooze | None,
    is_out: bool,  # noqa: FBT001
    holiday: Holiday,
) -> None:
    """Whatever people set, what is critical and has a reason to speak is told to each of them."""
    people = tuple(
        replace(each, snooze=wish, out_remaining=hours(1) if is_out else None)
        for each in snapshot.people
    )
    moded = replace(snapshot, people=people, holiday=holiday)
    decision = decide(moded) if some is None else decide(moded, scripted(*some))
    known = {each.person.person_id: each for each in people}
    heard = {(each.key, each.person_id) for each in decision.notifications}
    for alert in decision.alerts:
        if alert.severity is not Severity.CRITICAL:
            continue
        for person_id in set(alert.person_ids) & known.keys():
            assert why_held(alert, known[person_id], moded) is None
            assert person_id not in {*alert.waiting_for, *alert.digested_for}
            if alert.since_told == timedelta(0) and not alert.digested_for:
                assert (alert.key, person_id) in heard


day_steps = st.lists(
    st.tuples(
        st.sampled_from(["", "quiet", "snoozed", "out", "holiday"]),
        st.lists(
            st.sampled_from([BATTERY, trouble(), heat(2), EXPECTED, ADVICE]),
            max_size=4,
            unique_by=lambda finding: finding.subject + finding.policy,
        ),
        st.integers(1, 90),
    ),
    max_size=10,
)


@few
@given(day_steps)
def test_every_held_message_appears_later_or_is_resolved(
    steps: list[tuple[str, list[Finding], int]],
) -> None:
    """When every mode has ended, whatever still holds was told itself or stands in the digest."""
    story = Story(now=local(8))
    last: list[Finding] = []
    for mode, last, passed in steps:
        fields: dict[str, Any] = {
            "snooze": Snooze(hours(1)) if mode == "snoozed" else None,
            "out_remaining": hours(1) if mode == "out" else None,
            "person": a_person(
                quiet_from=time(0) if mode == "quiet" else None,
                quiet_until=time(23) if mode == "quiet" else None,
            ),
        }
        story.people = (replace(story.people[0], **fields),)
        story.step(*last, minutes=passed, holiday=HOLIDAY if mode == "holiday" else Holiday())
    story.people = (person_conditions(),)
    to_noon = local(12, day=18) - story.now
    story.step(*last, minutes=to_noon / minutes(1))
    story.step(*last, minutes=15)
    for alert in live(story):
        assert not alert.waiting_for
        assert alert.told_severity >= alert.severity
        shown = [each.key for each in story.heard]
        assert alert.key in shown or "anna" in alert.digested_for


def live(story: Story) -> list[Alert]:
    """Return what is worth a message and not over."""
    return [
        alert
        for alert in story.alerts
        if alert.phase is not AlertPhase.RESOLVED and alert.severity > Severity.DISPLAY
    ]
