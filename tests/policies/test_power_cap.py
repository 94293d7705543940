"""Test that two rooms' cooling never passes the home's limit of power, and that they take turns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import heat_sensitivity
from policies.alert import HeatLevel
from policies.arbitrate import decide
from policies.cooling import plan
from policies.model import (
    CoolingAction,
    CoolingDevice,
    CoolingRole,
    DeviceConditions,
    DeviceKind,
    DeviceState,
    Electricity,
    Lease,
    LevelMemory,
    Snapshot,
    Stay,
)
from tests.builders import (
    AFTERNOON,
    a_device,
    a_forecast,
    a_home,
    a_person,
    a_room,
    a_snapshot,
    an_ahead,
    device_conditions,
    hours,
    minutes,
    person_conditions,
    room_conditions,
)

OFF = DeviceState(is_on=False, hvac_mode="off")
COOL = DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=24.0)
LIVING = a_room()
STUDY = a_room(room_id="study", name="study")
ANNA = person_conditions(a_person(rooms=("living",)))
BEN = person_conditions(a_person(person_id="ben", rooms=("study",)))


def an_ac(room_id: str, power_w: float = 1000.0) -> CoolingDevice:
    """Return the air conditioner of a room."""
    return a_device(device_id=f"{room_id}-ac", room_id=room_id, power_w=power_w)


def off(room_id: str, **overrides: Any) -> DeviceConditions:  # noqa: ANN401 - any field
    """Return a room's air conditioner that does not run."""
    return device_conditions(an_ac(room_id), **overrides)


def on(room_id: str, ran: timedelta, **overrides: Any) -> DeviceConditions:  # noqa: ANN401
    """Return one that keepcool runs."""
    lease = Lease(COOL, OFF, running_for=ran, remaining=minutes(40))
    fields = {"observed": COOL, "lease": lease, "since_switched_on": ran} | overrides
    return device_conditions(an_ac(room_id), **fields)


def at_home(
    living: DeviceConditions,
    study: DeviceConditions,
    *,
    living_c: float = 27.0,
    study_c: float = 27.0,
    limit_w: float | None = 1500.0,
    **snapshot: Any,  # noqa: ANN401 - the fields of what is built
) -> Snapshot:
    """Return a home with two rooms over their limit, and less power than both need."""
    rooms = tuple(
        room_conditions(value_c, room, relative_humidity_pct=35.0, devices=(device,))
        for value_c, room, device in ((living_c, LIVING, living), (study_c, STUDY, study))
    )
    home = a_home(electricity=Electricity(cooling_max_w=limit_w))
    return a_snapshot(AFTERNOON, home=home, rooms=rooms, people=(ANNA, BEN), **snapshot)


def outcomes(snapshot: Snapshot) -> dict[str, tuple[str, str]]:
    """Return action and reason by room."""
    commands = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    return {
        command.device_id.removesuffix("-ac"): (
            command.action.value,
            command.message.message_id,
        )
        for command in commands
    }


RUNS = ("run", "cooling_over_limit")
WAITS = ("leave", "cooling_power_cap")
ENDS = ("release", "cooling_power_cap")


@pytest.mark.parametrize("limit_w", [None, 2000.0])
def test_without_a_limit_or_with_power_enough_both_are_cooled(limit_w: float | None) -> None:
    """A limit may be reached, not passed; and under one two do not start together."""
    first = outcomes(at_home(off("living"), off("study"), limit_w=limit_w))
    assert first["living"] == RUNS
    assert first["study"] == (WAITS if limit_w else RUNS)
    later = outcomes(at_home(on("living", minutes(2)), off("study"), limit_w=limit_w))
    assert set(later.values()) == {RUNS}


def test_a_second_one_starts_a_minute_after_the_first() -> None:
    """A compressor draws most when it starts."""
    soon = at_home(on("living", timedelta(seconds=50)), off("study"), limit_w=2000.0)
    assert outcomes(soon) == {"living": RUNS, "study": WAITS}


def test_with_too_little_power_one_is_cooled_and_the_other_waits() -> None:
    """It says which room comes first."""
    snapshot = at_home(on("living", minutes(20)), off("study"))
    assert outcomes(snapshot) == {"living": RUNS, "study": WAITS}
    (_, waits) = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
    assert waits.message.parameters["over_room"] == "living room"


@pytest.mark.parametrize(
    ("living_c", "study_c", "first"),
    [(27.0, 30.0, "study"), (30.0, 27.0, "living"), (27.0, 27.0, "living")],
)
def test_the_room_with_the_higher_level_starts_first(
    living_c: float, study_c: float, first: str
) -> None:
    """Of equals, the one that is named first in the settings."""
    snapshot = at_home(off("living"), off("study"), living_c=living_c, study_c=study_c)
    assert [room for room, found in outcomes(snapshot).items() if found == RUNS] == [first]


def test_a_person_who_is_there_comes_before_one_who_will_be() -> None:
    """Nobody is in the study for another half hour."""
    coming = person_conditions(
        a_person(person_id="ben", rooms=("attic",), stays=(Stay("study", time(15, 30), time(18)),))
    )
    snapshot = at_home(off("living"), off("study"))
    snapshot = replace(snapshot, people=(coming, ANNA), rooms=tuple(reversed(snapshot.rooms)))
    assert outcomes(snapshot)["living"] == RUNS


def test_a_higher_level_takes_the_power_after_the_minimum_time() -> None:
    """What runs yields, and only when that is enough; the other starts once it is seen off."""
    early = at_home(on("living", minutes(9)), off("study"), study_c=30.0)
    assert outcomes(early) == {"living": RUNS, "study": WAITS}
    due = at_home(on("living", minutes(10)), off("study"), study_c=30.0)
    assert outcomes(due) == {"living": ENDS, "study": WAITS}
    ending = at_home(off("living", observed=COOL), off("study"), study_c=30.0)
    assert outcomes(ending)["study"] == WAITS
    ended = at_home(off("living", since_switched_off=minutes(1)), off("study"), study_c=30.0)
    assert outcomes(ended)["study"] == RUNS


def test_of_equals_each_gets_its_turn_after_an_hour() -> None:
    """The one that ran waits then for an hour itself."""
    assert outcomes(at_home(on("living", minutes(59)), off("study")))["living"] == RUNS
    over = at_home(on("living", minutes(60)), off("study"))
    assert outcomes(over) == {"living": ENDS, "study": WAITS}
    both_off = at_home(
        off("living", since_switched_off=minutes(1), since_switched_on=minutes(61)), off("study")
    )
    assert outcomes(both_off)["study"] == RUNS
    rested = off("living", since_switched_off=minutes(11), since_switched_on=minutes(71))
    assert outcomes(at_home(rested, off("study", since_switched_off=hours(5))))["study"] == RUNS
    assert outcomes(at_home(rested, on("study", minutes(30)))) == {"living": WAITS, "study": RUNS}


def test_what_only_holds_its_room_gives_way_to_any_other() -> None:
    """A room at its target can wait; one that is too warm cannot, whoever is in it."""
    ahead = an_ahead(AFTERNOON, lambda _at: 29.0)
    weather = a_forecast((32.0,) * 24)

    def held_at(living_c: float) -> dict[str, tuple[str, str]]:
        living, study = on("living", minutes(10)), off("study")
        snapshot = at_home(living, study, living_c=living_c, study_c=25.8)
        rooms = tuple(replace(each, ahead=ahead) for each in snapshot.rooms)
        stay = Stay("study", time(15, 30), time(18))
        coming = person_conditions(replace(BEN.person, rooms=("attic",), stays=(stay,)))
        more: dict[str, Any] = {
            "forecast": weather,
            "forecast_age": minutes(5),
            "people": (ANNA, coming),
        }
        return outcomes(replace(snapshot, rooms=rooms, **more))

    assert held_at(25.1) == {"living": RUNS, "study": WAITS}
    assert held_at(24.3) == {"living": ENDS, "study": WAITS}


def test_nobody_yields_where_it_would_not_be_enough() -> None:
    """A device that somebody switched on by hand takes the rest."""
    by_hand = device_conditions(
        a_device(device_id="bath-ac", room_id="living", power_w=1000.0), observed=COOL
    )
    snapshot = at_home(on("living", hours(2)), off("study"), study_c=30.0, limit_w=2500.0)
    living, study = snapshot.rooms
    living = replace(living, devices=(*living.devices, by_hand))
    study = replace(study, devices=(device_conditions(an_ac("study", 2000.0)),))
    told = outcomes(replace(snapshot, rooms=(living, study)))
    assert told["living"] == RUNS
    assert told["study"] == WAITS


def test_what_somebody_switches_on_by_hand_ends_ours() -> None:
    """Nothing passes the limit, not even for a minimum time: a fuse asks nobody."""
    by_hand = off("study", observed=COOL, override_remaining=hours(1))
    told = outcomes(at_home(on("living", minutes(3)), by_hand))
    assert told == {"living": ENDS, "study": ("leave", "cooling_manual_override")}


def test_what_somebody_switches_off_again_gives_its_power_back_at_once() -> None:
    """Hands off lasts for two hours; the power that it does not draw is free."""
    by_hand = off("study", observed=OFF, override_remaining=hours(1))
    told = outcomes(at_home(off("living"), by_hand))
    assert told == {"living": RUNS, "study": ("leave", "cooling_manual_override")}


@pytest.mark.parametrize("level", [HeatLevel.HIGH, HeatLevel.VERY_HIGH])
def test_no_level_overrides_the_limit_and_the_message_says_so(level: HeatLevel) -> None:
    """Who waits is told that both cannot be cooled, and as loudly as without any cooling."""
    memory = {
        ("anna", "living"): LevelMemory(level),
        ("ben", "study"): LevelMemory(level),
    }
    snapshot = at_home(
        on("living", minutes(30)),
        off("study"),
        living_c=33.0,
        study_c=33.0,
        level_memory=memory,
    )
    decision = decide(snapshot)
    told = {
        command.device_id: (command.action.value, command.message.message_id)
        for command in decision.cooling
    }
    assert told["study-ac"] == WAITS
    heat = [alert for alert in decision.alerts if alert.key.policy == "heat"]
    (alert,) = [alert for alert in heat if alert.key.subject == "ben"]
    assert alert.message.parameters["cooling"] == "waiting"
    told_ben = [found for found in decision.notifications if found.key == alert.key]
    assert ["cannot cool both" in found.body for found in told_ben] == [True]


def test_fans_and_blinds_are_not_counted() -> None:
    """They draw next to nothing."""
    fan = device_conditions(
        a_device(device_id="study-ac", room_id="study", kind=DeviceKind.FAN, role=CoolingRole.FAN)
    )
    assert outcomes(at_home(on("living", hours(1)), fan))["study"][0] == "run"


@dataclass(slots=True)
class Plant:
    """Obey every command at once, and a minute later is what it is told."""

    clock: timedelta = timedelta(0)
    leases: dict[str, Lease] = field(default_factory=dict)
    started: dict[str, timedelta] = field(default_factory=dict)
    ended: dict[str, timedelta] = field(default_factory=dict)
    cooled: dict[str, int] = field(default_factory=dict)

    def conditions(self, room_id: str, *, is_by_hand: bool) -> DeviceConditions:
        """Return what is seen of a room's device."""
        lease = self.leases.get(room_id)
        is_on = lease is not None or is_by_hand
        return off(
            room_id,
            observed=COOL if is_on else OFF,
            lease=lease and replace(lease, running_for=self.clock - self.started[room_id]),
            override_remaining=hours(1) if is_by_hand else None,
            since_switched_on=self._since(self.started, room_id),
            since_switched_off=self._since(self.ended, room_id),
        )

    def _since(self, moments: dict[str, timedelta], room_id: str) -> timedelta | None:
        return self.clock - moments[room_id] if room_id in moments else None

    def step(self, living_c: float, study_c: float, *, is_by_hand: bool) -> int:
        """Let a minute pass; return how many devices draw power now."""
        snapshot = at_home(
            self.conditions("living", is_by_hand=False),
            self.conditions("study", is_by_hand=is_by_hand),
            living_c=living_c,
            study_c=study_c,
        )
        for command in plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands:
            room_id = command.device_id.removesuffix("-ac")
            if command.action is CoolingAction.RUN and room_id not in self.leases:
                assert command.desired is not None
                self.leases[room_id] = Lease(command.desired, OFF, timedelta(0), hours(1))
                self.started[room_id] = self.clock
            elif command.action is CoolingAction.RELEASE:
                del self.leases[room_id]
                self.ended[room_id] = self.clock
        if is_by_hand:
            self.leases.pop("study", None)
        for room_id in self.leases:
            self.cooled[room_id] = self.cooled.get(room_id, 0) + 1
        self.clock += minutes(1)
        return len(self.leases) + is_by_hand


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(22, 36), st.floats(22, 36), st.booleans(), st.integers(1, 90)),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_happens_two_devices_never_draw_together(
    stretches: list[tuple[float, float, bool, int]],
) -> None:
    """But for the one decision in which somebody switches the second one on by hand."""
    plant = Plant()
    was_by_hand = False
    for living_c, study_c, is_by_hand, length in stretches:
        for number in range(length):
            drawing = plant.step(living_c, study_c, is_by_hand=is_by_hand)
            assert drawing <= 1 or (number == 0 and is_by_hand and not was_by_hand)
        was_by_hand = is_by_hand


def test_both_rooms_are_cooled_by_turns_all_day() -> None:
    """Neither gets more than two thirds of the time."""
    plant = Plant()
    for _ in range(12 * 60):
        assert plant.step(27.5, 27.5, is_by_hand=False) <= 1
    shares = [cooled / (12 * 60) for cooled in plant.cooled.values()]
    assert len(shares) == 2
    assert min(shares) > 0.35
    assert max(shares) < 0.65


def test_a_device_that_did_not_respond_keeps_no_power_from_another_room() -> None:
    """It is known to be off: a room that it cannot cool makes no other one wait."""
    dead = on("living", minutes(20), observed=OFF, has_failed=True)
    found = outcomes(at_home(dead, off("study"), living_c=30.0))
    assert found == {"living": RUNS, "study": RUNS}
    back = on("living", minutes(20), has_failed=True)
    assert outcomes(at_home(back, off("study"), living_c=30.0))["study"] == WAITS


@pytest.mark.parametrize("by_hand_w", [1200.0, 500.0])
def test_nobody_waits_for_what_cannot_start_anyway(by_hand_w: float) -> None:
    """A small device that fits starts, while somebody's own leaves too little for a large one."""
    by_hand = device_conditions(
        a_device(device_id="bath-ac", room_id="living", power_w=by_hand_w), observed=COOL
    )
    snapshot = at_home(off("living"), off("study"), study_c=30.0, limit_w=2000.0)
    living, study = snapshot.rooms
    small = device_conditions(an_ac("living", 600.0))
    living = replace(living, devices=(small, by_hand))
    study = replace(study, devices=(device_conditions(an_ac("study", 1200.0)),))
    told = outcomes(replace(snapshot, rooms=(living, study)))
    assert (told["study"], told["living"]) == (
        (WAITS, RUNS) if by_hand_w > 1000.0 else (RUNS, WAITS)
    )


@pytest.mark.parametrize("ended_for", [minutes(59), hours(1)])
def test_what_nobody_sees_for_an_hour_holds_no_power_back(ended_for: timedelta) -> None:
    """Seen on last and unplugged since, it would else keep the other room hot for ever."""
    gone = off("living", observed=COOL, is_available=False, unseen_for=ended_for)
    found = outcomes(at_home(gone, off("study")))
    assert found["study"] == (RUNS if ended_for >= hours(1) else WAITS)


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_device_out_of_sight_never_takes_the_power_of_one_that_runs(
    is_ours: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """However hot its room gets; and it would not start beside the other one if it came back."""
    gone = {"is_available": False, "has_failed": True, "unseen_for": hours(1)}
    lost = on("living", hours(2), **gone) if is_ours else off("living", **gone)
    for study in (off("study"), on("study", hours(3))):
        found = outcomes(at_home(lost, study, living_c=31.0))
        assert found == {"living": ENDS if is_ours else WAITS, "study": RUNS}
    for more in ({"limit_w": 2000.0}, {"study_c": 22.0}):
        found = outcomes(at_home(lost, off("study"), living_c=31.0, **more))
        assert found["living"][0] == "run"
