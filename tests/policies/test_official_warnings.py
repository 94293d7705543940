"""Official warnings are passed on once and quietly, and change nothing else at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.alert import Alert, AlertPhase, HeatLevel, Notification, NotifyReason, Severity
from policies.arbitrate import POLICIES, decide
from policies.model import Decision, OfficialWarning, Snapshot, WarningLevel
from policies.official_warnings import POLICY, evaluate
from tests.builders import (
    a_snapshot,
    a_warning,
    hours,
    local,
    person_conditions,
    room_conditions,
)
from tests.strategies import official_warnings, snapshots

ADVISORY, WARNING, EXTREME = WarningLevel
WARM = room_conditions(25.0)


def snapshot(*warnings: OfficialWarning, alerts: tuple[Alert, ...] = ()) -> Snapshot:
    """Return an afternoon with these warnings."""
    return a_snapshot(rooms=(WARM,), warnings=warnings, alerts=alerts)


def official(decision: Decision) -> list[Alert]:
    """Return what is live of official warnings."""
    return [
        alert
        for alert in decision.alerts
        if alert.key.policy == POLICY and alert.phase is not AlertPhase.RESOLVED
    ]


def said(decision: Decision) -> list[Notification]:
    """Return the messages about official warnings."""
    return [told for told in decision.notifications if told.key.policy == POLICY]


@pytest.mark.parametrize(
    ("level", "severity", "heat_level"),
    [
        (ADVISORY, Severity.DISPLAY, HeatLevel.ADVISORY),
        (WARNING, Severity.NUDGE, HeatLevel.WARNING),
        (EXTREME, Severity.NUDGE, HeatLevel.HIGH),
    ],
)
def test_yellow_is_shown_and_orange_and_red_are_said_quietly(
    level: WarningLevel, severity: Severity, heat_level: HeatLevel
) -> None:
    """No official warning is ever louder than a nudge."""
    (finding,) = evaluate(snapshot(a_warning(level=level)))
    assert (finding.severity, finding.level) == (severity, heat_level)
    assert finding.person_ids == ("anna",)


def test_one_finding_for_each_service_about_its_most_serious_warning() -> None:
    """Several warnings of one service are one matter; two services are two."""
    findings = evaluate(
        snapshot(
            a_warning(warning_id="a", level=ADVISORY),
            a_warning(warning_id="b", level=EXTREME, event="extreme heat"),
            a_warning(warning_id="c", service="nws", sender="NWS Phoenix AZ"),
        )
    )
    assert [finding.subject for finding in findings] == ["meteoalarm", "nws"]
    assert findings[0].reason == (
        "Deutscher Wetterdienst: extreme heat for Berlin, until Wed 15 Jul 19:00"
    )


@pytest.mark.parametrize(("left", "count"), [(hours(1), 1), (timedelta(0), 0), (-hours(1), 0)])
def test_warning_that_is_over_is_nothing(left: timedelta, count: int) -> None:
    """To the minute of its end a warning holds, and not after."""
    warning = a_warning(ends_at=snapshot().now_utc + left)
    assert len(evaluate(snapshot(warning))) == count


@pytest.mark.parametrize(
    ("until", "level", "title", "body"),
    [
        (
            hours(4),
            WARNING,
            "Plan for heat: official warning",
            (
                "Deutscher Wetterdienst warns of heat until 19:00 today. "
                "I go on watching your rooms by your limits."
            ),
        ),
        (
            hours(28),
            EXTREME,
            "Plan for extreme heat: official warning",
            (
                "Deutscher Wetterdienst warns of heat until 19:00 tomorrow. "
                "I go on watching your rooms by your limits."
            ),
        ),
        (
            hours(4 * 24),
            WARNING,
            "Plan for heat: official warning",
            (
                "Deutscher Wetterdienst warns of heat until Saturday 15:00. "
                "I go on watching your rooms by your limits."
            ),
        ),
        (
            hours(8 * 24),
            WARNING,
            "Plan for heat: official warning",
            (
                "Deutscher Wetterdienst warns of heat for more than a week. "
                "I go on watching your rooms by your limits."
            ),
        ),
    ],
)
def test_message_names_who_warns_and_until_when(
    until: timedelta, level: WarningLevel, title: str, body: str
) -> None:
    """The thing to do comes first, then whose warning it is and until when, in local time."""
    ends_at = snapshot().now_utc + until
    decision = decide(snapshot(a_warning(level=level, ends_at=ends_at)))
    (told,) = said(decision)
    assert (told.title, told.body) == (title, body)
    assert (told.severity, told.reason, told.verbs) == (Severity.NUDGE, NotifyReason.NEW, ())


def test_it_is_said_once_and_again_only_when_it_rises() -> None:
    """A warning that goes on for days is one message; red after orange is another."""
    first = decide(snapshot(a_warning()))
    assert len(said(first)) == 1
    alerts = tuple(alert.aged(hours(47)) for alert in first.alerts)
    renewed = a_warning(warning_id="warning-2", ends_at=a_warning().ends_at + hours(48))
    assert said(decide(snapshot(renewed, alerts=alerts))) == []
    risen = decide(snapshot(a_warning(level=EXTREME), alerts=alerts))
    assert [told.reason for told in said(risen)] == [NotifyReason.LEVEL_ROSE]


def test_it_ends_by_itself_and_takes_its_message_with_it() -> None:
    """When nobody warns any more the alert is resolved and leaves the phone."""
    first = decide(snapshot(a_warning()))
    after = decide(snapshot(alerts=first.alerts))
    assert official(after) == []
    assert [clear.key.policy for clear in after.clears] == [POLICY]


@pytest.mark.parametrize(
    ("hour", "is_synchronised", "count"), [(15, True, 1), (3, True, 0), (15, False, 0)]
)
def test_it_waits_for_waking_hours_and_a_right_clock(
    hour: int, count: int, *, is_synchronised: bool
) -> None:
    """Nobody is woken for a warning about tomorrow; it is said in the morning."""
    night = a_snapshot(
        local(hour),
        rooms=(WARM,),
        warnings=(a_warning(),),
        is_clock_synchronised=is_synchronised,
    )
    decision = decide(night)
    assert len(said(decision)) == count
    assert len(official(decision)) == 1
    morning = a_snapshot(local(9), rooms=(WARM,), warnings=(a_warning(),), alerts=decision.alerts)
    assert len(said(decide(morning))) == 1 - count


def test_used_up_budgets_do_not_keep_it_back() -> None:
    """It has no budget and needs none: one message an episode."""
    busy = person_conditions(nudges_today=6, pushes_today=8)
    decision = decide(replace(snapshot(a_warning()), people=(busy,)))
    assert [told.key.policy for told in decision.notifications] == [POLICY]


def test_crash_of_the_policy_is_said_and_silences_nobody() -> None:
    """A broken reader of warnings is trouble; its alert stays, the others are heard."""

    def broken(_snapshot: Snapshot) -> tuple[()]:
        raise ValueError("boom")

    before = decide(snapshot(a_warning())).alerts
    hot = replace(snapshot(a_warning(), alerts=before), rooms=(room_conditions(33.5),))
    decision = decide(hot, replace(POLICIES, official=broken))
    assert [crash.policy for crash in decision.crashes] == ["official_warnings"]
    assert len(official(decision)) == 1
    told = {notification.key.policy for notification in decision.notifications}
    assert {"heat", "trouble"} <= told


def others(decision: Decision) -> Decision:
    """Return a decision without what official warnings say in it."""
    return replace(
        decision,
        alerts=tuple(each for each in decision.alerts if each.key.policy != POLICY),
        notifications=tuple(each for each in decision.notifications if each.key.policy != POLICY),
        clears=tuple(each for each in decision.clears if each.key.policy != POLICY),
    )


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), st.lists(official_warnings(), min_size=1, max_size=4).map(tuple))
def test_no_warning_ever_removes_lowers_or_replaces_anything(
    any_home: Snapshot, warnings: tuple[OfficialWarning, ...]
) -> None:
    """With any warnings added, every other alert, message, level and command is the same."""
    without = decide(replace(any_home, warnings=()))
    with_them = decide(replace(any_home, warnings=warnings))
    assert others(with_them) == others(without)


def test_warning_is_no_reason_to_cool_or_to_raise_a_level() -> None:
    """In a cool room with a red warning nothing is hot."""
    decision = decide(snapshot(a_warning(level=EXTREME)))
    assert {room.level for room in decision.rooms} == {HeatLevel.NORMAL}
    assert "heat" not in {alert.key.policy for alert in decision.alerts}
    assert decision.cooling == ()
