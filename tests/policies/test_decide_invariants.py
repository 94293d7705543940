"""What holds for every decision, whatever the home: found by search, not by example."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.alert import Alert, AlertPhase, Finding, HeatLevel, NotifyReason, Severity
from policies.arbitrate import POLICIES, Policies, decide
from policies.holding import push_kind
from policies.model import Decision, Flag, Forecast, Freshness, Snapshot
from tests.builders import (
    a_bedroom,
    a_finding,
    a_person,
    a_snapshot,
    minutes,
    person_conditions,
    room_conditions,
)
from tests.story import Story, scripted
from tests.strategies import findings, forecasts, moments, snapshots

few = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
found = st.lists(findings(), max_size=4)


def assert_well_formed(snapshot: Snapshot, decision: Decision) -> None:
    """Check what every decision owes its reader."""
    assert not decision.crashes
    told = Counter((each.key, each.person_id) for each in decision.notifications)
    assert all(count == 1 for count in told.values())
    keys = [alert.key for alert in decision.alerts]
    assert len(keys) == len(set(keys))
    live = Counter(
        (alert.key.policy, alert.key.subject)
        for alert in decision.alerts
        if alert.phase is not AlertPhase.RESOLVED
    )
    assert all(count == 1 for count in live.values())
    flags = {each.person.person_id: each.person.flags for each in snapshot.people}
    for each in decision.notifications:
        assert 0 < len(each.title) <= 40
        assert len(each.body) <= 110
        assert each.severity > Severity.DISPLAY
        if each.safety_text is not None:
            assert "drank" not in each.verbs
        if Flag.FLUID_RESTRICTED in flags[each.person_id]:
            assert " ml" not in each.title + each.body
    devices = [command.device_id for command in decision.cooling]
    assert len(devices) == len(set(devices))


@few
@given(snapshots())
def test_decide_is_total_and_well_formed(snapshot: Snapshot) -> None:
    """Any snapshot at all gives a decision, without a crash of any policy."""
    assert_well_formed(snapshot, decide(snapshot))


@few
@given(snapshots(), found)
def test_decide_takes_any_finding(snapshot: Snapshot, some: list[Finding]) -> None:
    """Findings that no real policy would make are taken too."""
    assert_well_formed(snapshot, decide(snapshot, scripted(*some)))


@few
@given(snapshots(), st.none() | found)
def test_deciding_twice_says_nothing_the_second_time(
    snapshot: Snapshot, some: list[Finding] | None
) -> None:
    """With nothing changed in between, a second decision is silent and changes no alert."""
    policies = POLICIES if some is None else scripted(*some)
    first = decide(snapshot, policies)
    again = decide(after(snapshot, first), policies)
    assert not again.notifications
    assert not again.clears


def after(snapshot: Snapshot, decision: Decision) -> Snapshot:
    """Return the snapshot of the same moment, with the decision taken and counted."""
    ended = {alert.key: alert for alert in snapshot.alerts if alert.phase is AlertPhase.RESOLVED}
    alerts = ended | {alert.key: alert for alert in decision.alerts}
    people = []
    for conditions in snapshot.people:
        theirs = Counter(
            push_kind(each.key.policy, each.severity)
            for each in decision.notifications
            if each.person_id == conditions.person.person_id
        )
        nudges = theirs["nudges"]
        people.append(
            replace(
                conditions,
                pushes_today=conditions.pushes_today + theirs.total(),
                warnings_today=conditions.warnings_today + theirs["warnings"],
                trouble_today=conditions.trouble_today + theirs["trouble"],
                criticals_today=conditions.criticals_today + theirs["critical"],
                nudges_today=conditions.nudges_today + nudges,
                since_last_nudge=timedelta(0) if nudges else conditions.since_last_nudge,
            )
        )
    return replace(
        snapshot,
        since_last_decision=timedelta(0),
        alerts=tuple(alerts.values()),
        people=tuple(people),
        level_memory=decision.level_memory,
    )


@few
@given(
    moments,
    st.floats(18, 40),
    st.floats(0, 10),
    forecasts(),
    st.sampled_from([frozenset(), frozenset({Flag.REDUCED_SWEATING})]),
)
def test_hotter_never_lowers_severity(
    at: datetime,
    temperature_c: float,
    hotter_by_c: float,
    forecast: Forecast | None,
    flags: frozenset[Flag],
) -> None:
    """The same home, only hotter, is never spoken of more quietly, nor at a lower level."""
    person = a_person(rooms=("living", "bedroom"), flags=flags)

    def heat_at(value_c: float) -> tuple[Severity, HeatLevel]:
        rooms = (room_conditions(value_c), room_conditions(value_c, a_bedroom()))
        snapshot = a_snapshot(
            at, people=(person_conditions(person),), rooms=rooms, forecast=forecast
        )
        decision = decide(snapshot)
        heat = [alert for alert in decision.alerts if alert.key.policy == "heat"]
        severity = max((alert.severity for alert in heat), default=Severity.DISPLAY)
        return severity, decision.people[0].level

    cooler, hotter = heat_at(temperature_c), heat_at(temperature_c + hotter_by_c)
    assert hotter[0] >= cooler[0]
    assert hotter[1] >= cooler[1]


@few
@given(snapshots(), st.none() | found)
def test_stale_resolves_no_heat_alert(snapshot: Snapshot, some: list[Finding] | None) -> None:
    """When no room is seen any more, every heat alert lives on, no quieter and no lower."""
    blind = replace(
        snapshot,
        rooms=tuple(
            replace(
                room,
                freshness=Freshness.STALE,
                temperature_c=None,
                effective_temperature_c=None,
                readings=(),
                mean_10_min_c=None,
                mean_30_min_c=None,
            )
            for room in snapshot.rooms
        ),
    )
    live = current(snapshot.alerts)
    policies = POLICIES if some is None else unseen(some)
    kept = {alert.key: alert for alert in decide(blind, policies).alerts}
    for alert in live:
        assert kept[alert.key].phase is not AlertPhase.RESOLVED
        assert kept[alert.key].level >= alert.level


def unseen(some: Iterable[Finding]) -> Policies:
    """Return policies that find this, and say that what would end it is unknown."""
    return scripted(*(replace(finding, may_resolve=False) for finding in some))


def current(alerts: Iterable[Alert]) -> list[Alert]:
    """Return the live heat alerts, the newest of each subject."""
    newest: dict[str, Alert] = {}
    for alert in sorted(alerts, key=lambda each: each.key.episode):
        if alert.key.policy == "heat" and alert.phase is not AlertPhase.RESOLVED:
            newest[alert.key.subject] = alert
    return list(newest.values())


@few
@given(st.lists(st.tuples(st.sampled_from([0, 1, 2, 3]), st.integers(1, 40)), max_size=30))
def test_fault_09_any_swinging_level_is_told_at_most_once_per_interval(
    steps: list[tuple[int, int]],
) -> None:
    """However a level swings, no level is told twice within an hour, the ladder's repeats apart."""
    story = Story()
    told_at: dict[tuple[HeatLevel, Severity], timedelta] = {}
    elapsed = timedelta(0)
    for level, passed_min in steps:
        elapsed += minutes(passed_min)
        decision = story.step(*heat(level), minutes=passed_min)
        for notification in decision.notifications:
            if notification.reason is NotifyReason.REPEATED:
                continue
            key = (notification.level, notification.severity)
            assert key not in told_at or elapsed - told_at[key] >= minutes(60)
            told_at[key] = elapsed


def heat(level: int) -> list[Finding]:
    """Return heat at a level, with cooling running."""
    severity = [None, Severity.DISPLAY, Severity.WARNING, Severity.LOUD_WARNING][level]
    if severity is None:
        return []
    return [a_finding(level=HeatLevel(level), severity=severity)]
