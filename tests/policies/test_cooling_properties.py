"""Prove over whole days of any weather that the plan keeps a compressor's and a person's limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from policies import heat_sensitivity
from policies.cooling import plan
from policies.model import (
    CoolingAction,
    CoolingCommand,
    CoolingDevice,
    DeviceKind,
    DeviceState,
    Freshness,
    Lease,
)
from policies.room_forecast import RoomForecast
from tests.builders import (
    AFTERNOON,
    a_device,
    a_forecast,
    a_person,
    a_reading,
    a_room,
    a_snapshot,
    an_ahead,
    device_conditions,
    local,
    minutes,
    person_conditions,
    room_conditions,
)

STEP = minutes(3)
STEPS_A_DAY = 480
OFF = DeviceState(is_on=False)
FRESH = Freshness.FRESH
LIVING_ROOM = a_room()
WEATHER = a_forecast((33.0,) * 72, fetched_at=local(0))
WEATHER = replace(
    WEATHER,
    hours=tuple(replace(hour, at=hour.at - timedelta(hours=15)) for hour in WEATHER.hours),
)
ANNA = person_conditions(a_person(level_1_c=25.0))


@dataclass(slots=True)
class Plant:
    """Obey every command at once, and keep the times at which the compressor was switched."""

    device: CoolingDevice
    coming_k: float | None = None  # how much hotter the room is expected to get; None: unknown
    clock: timedelta = timedelta(0)
    starts: list[timedelta] = field(default_factory=list)
    ends: list[timedelta] = field(default_factory=list)
    setpoints_c: list[float] = field(default_factory=list)
    blind_starts: int = 0
    lease: Lease | None = None

    def step(self, temperature_c: float, freshness: Freshness, *, is_suspect: bool) -> None:
        """Let the plan see the room once and do what it says."""
        conditions = device_conditions(
            self.device,
            observed=self.lease.desired if self.lease else OFF,
            lease=self.lease,
            since_switched_on=self.clock - self.starts[-1] if self.starts else None,
            since_switched_off=self.clock - self.ends[-1] if self.ends else None,
            falls_k=1.0,
        )
        at = local(0) + self.clock
        room = room_conditions(
            temperature_c,
            LIVING_ROOM,
            freshness=freshness,
            readings=(a_reading(temperature_c, freshness=freshness, is_suspect=is_suspect),),
            devices=(conditions,),
            ahead=self.ahead(at, temperature_c),
        )
        snapshot = a_snapshot(
            at, rooms=(room,), people=(ANNA,), forecast=WEATHER, forecast_age=minutes(5)
        )
        (command,) = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
        is_believable = freshness is Freshness.FRESH and not is_suspect
        self.obey(command, is_believable=is_believable)
        self.clock += STEP

    def ahead(self, at: datetime, temperature_c: float) -> RoomForecast | None:
        """Return what is expected of the room: a peak in two hours, on and on."""
        if self.coming_k is None:
            return None
        coming_k = self.coming_k
        peak_at = at + minutes(120)
        return an_ahead(at, lambda hour: temperature_c + coming_k * (hour >= peak_at))

    def obey(self, command: CoolingCommand, *, is_believable: bool) -> None:
        """Do what the command says."""
        if command.action is CoolingAction.RUN:
            assert command.desired is not None
            if command.desired.target_temperature_c is not None:
                self.setpoints_c.append(command.desired.target_temperature_c)
            if self.lease is None:
                self.starts.append(self.clock)
                self.blind_starts += not is_believable
                self.lease = Lease(command.desired, OFF, timedelta(0), minutes(60))
            self.lease = replace(
                self.lease,
                desired=command.desired,
                running_for=self.clock + STEP - self.starts[-1],
                blind_for=self.lease.blind_for + STEP if command.is_blind else timedelta(0),
            )
        elif command.action is CoolingAction.RELEASE:
            assert self.lease is not None
            self.ends.append(self.clock)
            self.lease = None


minima = st.sampled_from([3, 10, 30]).map(minutes)
devices = st.builds(
    a_device,
    kind=st.sampled_from([DeviceKind.CLIMATE, DeviceKind.SWITCH, DeviceKind.PLUG]),
    minimum_on=minima,
    minimum_off=minima,
    longest_run=st.sampled_from([timedelta(hours=4), timedelta(hours=12)]),
    blind_cooling_max=st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(hours=3)]),
    target_day_c=st.floats(min_value=15, max_value=26),
)
# `None` is the worst room there is: hot while nothing runs, cold as soon as something does.
stretches_of_time = st.tuples(
    st.none() | st.floats(min_value=15, max_value=40),
    st.sampled_from([Freshness.FRESH] * 5 + [Freshness.STALE, Freshness.AGE_UNKNOWN]),
    st.sampled_from([False, False, False, True]),
    st.sampled_from([1, 3, 20, 100]),  # steps for which it stays so
)


@settings(
    max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)  # shrinking whole days takes minutes
@example(
    device=a_device(longest_run=timedelta(hours=4)),
    stretches=[(38.0, FRESH, False, 20)],
    coming_k=None,
)
@example(
    device=a_device(minimum_on=minutes(3), minimum_off=minutes(3)),
    stretches=[(None, FRESH, False, 20)],
    coming_k=None,
)
@example(
    device=a_device(minimum_on=minutes(30), minimum_off=minutes(30)),
    stretches=[(None, FRESH, False, 20)],
    coming_k=None,
)
@example(
    device=a_device(longest_run=timedelta(hours=4)),
    stretches=[(24.4, FRESH, False, 100), (24.4, Freshness.STALE, False, 20)],
    coming_k=4.0,
)
@given(
    device=devices,
    stretches=st.lists(stretches_of_time, min_size=1, max_size=20),
    coming_k=st.sampled_from([None, 0.5, 2.0, 6.0]),
)
def test_fault_42_whatever_the_room_does_the_compressor_is_spared(
    device: CoolingDevice,
    stretches: list[tuple[float | None, Freshness, bool, int]],
    coming_k: float | None,
) -> None:
    """Nothing makes the plan switch faster, colder, longer or blinder than allowed.

    Whatever is expected of the room, and however often cooling early begins and ends.
    """
    plant = Plant(device, coming_k)
    steps = 0
    while steps < STEPS_A_DAY:
        for temperature_c, freshness, is_suspect, length in stretches:
            for _ in range(length):
                contrary_c = 15.0 if plant.lease else 40.0
                seen_c = contrary_c if temperature_c is None else temperature_c
                plant.step(seen_c, freshness, is_suspect=is_suspect)
            steps += length
    ends = plant.ends
    for start, end in zip(plant.starts, ends, strict=False):
        assert device.minimum_on <= end - start <= max(device.longest_run, device.minimum_on) + STEP
    for end, start in zip(ends, plant.starts[1:], strict=False):
        assert start - end >= device.minimum_off
    for first, fourth in zip(plant.starts, plant.starts[3:], strict=False):
        assert fourth - first >= timedelta(hours=1)
    assert bool(plant.setpoints_c) <= (device.kind is DeviceKind.CLIMATE)
    assert all(setpoint_c >= 20.0 for setpoint_c in plant.setpoints_c)
    assert plant.blind_starts == 0


@settings(max_examples=60, deadline=None)
@given(
    cooler_c=st.floats(min_value=15, max_value=40),
    hotter_c=st.floats(min_value=15, max_value=40),
    is_running=st.booleans(),
    peak_c=st.none() | st.floats(min_value=20, max_value=40),
    falls_k=st.sampled_from([0.3, 1.0, 2.0, 5.0]),
)
def test_a_hotter_room_never_gets_less_cooling(
    cooler_c: float, hotter_c: float, *, is_running: bool, peak_c: float | None, falls_k: float
) -> None:
    """Where the cooler room is cooled, now or for later, the hotter one is too."""
    expected = None if peak_c is None else an_ahead(AFTERNOON, rising_to(peak_c))
    cooler_c, hotter_c = sorted((cooler_c, hotter_c))
    lease = Lease(
        DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=24.0),
        OFF,
        timedelta(hours=1),
        minutes(30),
    )
    actions = []
    for temperature_c in (cooler_c, hotter_c):
        device = device_conditions(
            lease=lease if is_running else None,
            observed=lease.desired if is_running else OFF,
            since_switched_on=timedelta(hours=1),
            falls_k=falls_k,
        )
        room = room_conditions(temperature_c, devices=(device,), ahead=expected)
        snapshot = a_snapshot(rooms=(room,), forecast=WEATHER, forecast_age=minutes(5))
        (command,) = plan(snapshot, heat_sensitivity.evaluate(snapshot)).commands
        actions.append(command.action is CoolingAction.RUN)
    assert actions[0] <= actions[1]


def rising_to(peak_c: float) -> Callable[[datetime], float]:
    """Return a room that comes from 24 °C and reaches its peak within four hours."""

    def expected_c(at: datetime) -> float:
        return 24.0 + (peak_c - 24.0) * min(max((at - AFTERNOON) / timedelta(hours=4), 0.0), 1.0)

    return expected_c
