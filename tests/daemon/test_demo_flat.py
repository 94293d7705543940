"""The simulated flat behaves as rooms and devices do, whatever the step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.demo.flat import DeviceAction, Flat
from daemon.demo.hot_days import Outdoor, hot_day
from daemon.demo.rooms import BEDROOM, LIVING_ROOM, RoomParameters, two_room_flat
from policies.psychrometrics import dew_point_c

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MORNING = datetime(2026, 6, 27, 4, tzinfo=UTC)  # 6 o'clock in summer time
AFTERNOON = MORNING + 10 * HOUR
WEATHER = hot_day(date(2026, 6, 27))
AC, FAN = "living_room_ac", "bedroom_fan"
COOL_24 = {LIVING_ROOM: DeviceAction("cool", 24.0)}
NOTHING: Mapping[str, DeviceAction] = {}


def still_air(temperature_c: float, relative_humidity_pct: float = 50.0) -> Outdoor:
    """Return a night without wind."""
    return Outdoor(temperature_c, relative_humidity_pct, 0.0, 0.0, 0.0)


def peak_c(insulation: float, actions: Mapping[str, DeviceAction] = NOTHING) -> float:
    """Return the living room's highest temperature on the hot day."""
    flat = Flat(two_room_flat(), insulation, MORNING)
    highest_c = 0.0
    for minutes in range(0, 20 * 60, 10):
        flat.advance(MORNING + minutes * MINUTE, WEATHER.outdoor_at, actions)
        highest_c = max(highest_c, flat.temperature_c(LIVING_ROOM))
    return highest_c


def hot_flat(*, start_humidity_pct: float = 50.0) -> Flat:
    """Return the flat at 30 °C in the afternoon sun."""
    return Flat(
        two_room_flat(), 1.0, AFTERNOON, start_c=30.0, start_humidity_pct=start_humidity_pct
    )


def test_hot_day_without_cooling_reaches_thirty_degrees() -> None:
    """From 25 °C in the morning the living room passes 30 °C and stays under 32 °C."""
    assert 30.0 < peak_c(1.0) < 31.5


def test_insulation_changes_the_day_clearly() -> None:
    """The worse the insulation, the hotter the afternoon."""
    bad, usual, good = peak_c(0.4), peak_c(1.0), peak_c(2.5)
    assert bad > usual + 1.0
    assert usual > good + 0.5


def test_air_conditioner_keeps_the_day_near_its_setpoint() -> None:
    """With the AC at 24 °C from the morning, the room stays under 26 °C."""
    assert peak_c(1.0, COOL_24) < 26.0


def test_air_conditioner_cools_at_a_believable_rate() -> None:
    """In full afternoon sun the room loses 2 to 4 K in the first hour."""
    flat = hot_flat()
    flat.advance(AFTERNOON + HOUR, WEATHER.outdoor_at, COOL_24)
    assert 2.0 < 30.0 - flat.temperature_c(LIVING_ROOM) < 4.0


def test_thermostat_cycles_round_the_setpoint_and_pauses() -> None:
    """At its setpoint the compressor stops, waits at least 3 minutes, and starts again."""
    flat = hot_flat()
    flat.advance(AFTERNOON + 4 * HOUR, WEATHER.outdoor_at, COOL_24)
    changes: list[tuple[datetime, bool]] = []
    lowest_c = highest_c = 24.0
    for step in range(1, 4 * 120):
        flat.advance(AFTERNOON + 5 * HOUR + step * 0.5 * MINUTE, WEATHER.outdoor_at, COOL_24)
        is_running = flat.power_w(AC) > 500
        if not changes or changes[-1][1] != is_running:
            changes.append((flat.now, is_running))
        lowest_c = min(lowest_c, flat.temperature_c(LIVING_ROOM))
        highest_c = max(highest_c, flat.temperature_c(LIVING_ROOM))
    pauses = [
        later[0] - earlier[0]
        for earlier, later in pairwise(changes)
        if later[1] and earlier is not changes[0]
    ]
    assert len(pauses) >= 2
    assert min(pauses) >= 3 * MINUTE
    assert lowest_c > 23.4
    assert highest_c < 25.0


@pytest.mark.parametrize("mode", ["off", "fan_only", "heat"])
def test_modes_that_do_not_cool_do_not_cool(mode: str) -> None:
    """Off, ventilation and heating leave the compressor alone."""
    flat, untouched = hot_flat(), hot_flat()
    flat.advance(AFTERNOON + HOUR, WEATHER.outdoor_at, {LIVING_ROOM: DeviceAction(mode, 20.0)})
    untouched.advance(AFTERNOON + HOUR, WEATHER.outdoor_at, NOTHING)
    assert flat.temperature_c(LIVING_ROOM) == untouched.temperature_c(LIVING_ROOM)


def test_device_keeps_its_orders_until_told_otherwise() -> None:
    """A room that is not named keeps cooling; told off, it stops and draws standby power."""
    flat = hot_flat()
    flat.advance(AFTERNOON + MINUTE, WEATHER.outdoor_at, COOL_24)
    flat.advance(AFTERNOON + 10 * MINUTE, WEATHER.outdoor_at, NOTHING)
    assert flat.power_w(AC) == 1100.0
    flat.advance(AFTERNOON + 11 * MINUTE, WEATHER.outdoor_at, {LIVING_ROOM: DeviceAction("off")})
    assert flat.power_w(AC) == 1.0


def test_plugged_device_follows_its_own_thermostat() -> None:
    """Switched on by a plug, without a setpoint, the AC cools to what its panel says."""
    flat = hot_flat()
    on = {LIVING_ROOM: DeviceAction("cool")}
    flat.advance(AFTERNOON + 12 * HOUR, WEATHER.outdoor_at, on)
    assert 21.5 < flat.temperature_c(LIVING_ROOM) < 23.0


def test_stalled_air_conditioner_draws_nothing_and_cools_nothing() -> None:
    """With a full tank the plug is on, the power tiny, and the room as hot as without."""
    flat, untouched = hot_flat(), hot_flat()
    flat.stalled.add(AC)
    flat.advance(AFTERNOON + HOUR, WEATHER.outdoor_at, COOL_24)
    untouched.advance(AFTERNOON + HOUR, WEATHER.outdoor_at, NOTHING)
    assert flat.power_w(AC) < 50
    assert flat.temperature_c(LIVING_ROOM) == untouched.temperature_c(LIVING_ROOM)


def test_fan_moves_air_and_never_cools_the_room() -> None:
    """A fan at full speed makes a breeze, draws 45 W and warms the room a little."""
    flat, untouched = hot_flat(), hot_flat()
    flat.advance(AFTERNOON + HOUR, WEATHER.outdoor_at, {BEDROOM: DeviceAction(fan_percentage=100)})
    untouched.advance(AFTERNOON + HOUR, WEATHER.outdoor_at, NOTHING)
    assert (flat.power_w(FAN), untouched.power_w(FAN)) == (45.0, 0.0)
    assert flat.air_speed_m_s(BEDROOM) > 1.0
    assert untouched.air_speed_m_s(BEDROOM) < 0.2
    assert flat.air_speed_m_s(LIVING_ROOM) == pytest.approx(0.1)
    warmer_k = flat.temperature_c(BEDROOM) - untouched.temperature_c(BEDROOM)
    assert 0.0 < warmer_k < 0.5


def test_open_window_brings_the_night_in() -> None:
    """On a cool night an open window cools the room faster than a closed one."""
    opened, closed = hot_flat(), hot_flat()
    opened.set_window(BEDROOM, is_open=True)
    for flat in (opened, closed):
        flat.advance(AFTERNOON + 8 * HOUR, lambda _at: still_air(18.0), NOTHING)
    assert opened.temperature_c(BEDROOM) < closed.temperature_c(BEDROOM) - 1.0


def test_cooling_dries_the_air() -> None:
    """While the AC runs in humid air, the dew point falls."""
    flat, untouched = hot_flat(start_humidity_pct=65), hot_flat(start_humidity_pct=65)
    flat.advance(AFTERNOON + 2 * HOUR, WEATHER.outdoor_at, COOL_24)
    untouched.advance(AFTERNOON + 2 * HOUR, WEATHER.outdoor_at, NOTHING)
    dew_points_c = [
        dew_point_c(one.temperature_c(LIVING_ROOM), one.relative_humidity_pct(LIVING_ROOM)) or 99.0
        for one in (flat, untouched)
    ]
    assert dew_points_c[0] < dew_points_c[1] - 1.0


def test_cold_humid_night_never_exceeds_saturation() -> None:
    """Warm damp rooms under cold air end at 100 % at most, and the sensor agrees."""
    flat = Flat(two_room_flat(), 0.4, MORNING, start_c=30.0, start_humidity_pct=100.0)
    for hour in range(1, 24):
        flat.advance(MORNING + hour * HOUR, lambda _at: still_air(5.0, 100.0), NOTHING)
        for room_id in (LIVING_ROOM, BEDROOM):
            assert 0.0 < flat.relative_humidity_pct(room_id) <= 100.0
            assert 0.0 <= flat.reading(room_id)[1] <= 100.0


def test_condensed_moisture_is_gone() -> None:
    """What condensed in a cold room does not come back when the room is warmed."""
    tight = RoomParameters("room", vapour_kg_s=0.0, leak_per_h=0.0)
    flat = Flat([tight], 0.4, MORNING, start_humidity_pct=100.0)
    flat.advance(MORNING + 24 * HOUR, lambda _at: still_air(5.0, 100.0), NOTHING)
    coldest_c = flat.temperature_c("room")
    flat.advance(MORNING + 48 * HOUR, lambda _at: still_air(30.0, 0.0), NOTHING)
    humidity_pct = flat.relative_humidity_pct("room")
    dew_point = dew_point_c(flat.temperature_c("room"), humidity_pct)
    assert dew_point is not None
    assert dew_point < coldest_c + 0.5
    assert humidity_pct < 90


@pytest.mark.parametrize("insulation", [0.5, 1.0, 2.0])
def test_first_half_minute_follows_the_formulas(insulation: float) -> None:
    """Window, leaks, walls and gains together change the air, by its heat capacity."""
    room = RoomParameters("room")
    flat = Flat([room], insulation, MORNING, start_c=25.0)
    flat.advance(MORNING + MINUTE / 2, lambda _at: still_air(15.0), NOTHING)
    leak_w_k = room.leak_per_h / insulation * room.volume_m3 / 3600 * 1206
    loss_w = (room.window_m2 * 2.8 / insulation + leak_w_k) * 10.0
    power_w = room.internal_w + room.wall_surplus_k * room.wall_to_air_w_k - loss_w
    warmed_k = flat.temperature_c("room") - 25.0
    assert warmed_k == pytest.approx(30 * power_w / room.air_capacity_j_k, rel=1e-6)


def test_energy_is_conserved() -> None:
    """What the rooms hold changes by exactly what came in less what went out."""
    flat = Flat(two_room_flat(), 1.0, MORNING)
    before_j = flat.stored_j()
    flat.advance(MORNING + 12 * HOUR, WEATHER.outdoor_at, COOL_24)
    assert flat.stored_j() - before_j == pytest.approx(flat.energy_in_j, abs=1.0)
    assert abs(flat.energy_in_j) > 1e6


def test_closed_box_keeps_its_heat_and_comes_to_rest() -> None:
    """Cut off from everything, the rooms only share their heat until they are equal."""
    sealed = [
        replace(
            room,
            window_m2=0.0,
            outer_wall_m2=0.0,
            leak_per_h=0.0,
            internal_w=0.0,
            wall_surplus_k=surplus_k,
        )
        for room, surplus_k in zip(two_room_flat(), (4.0, -1.0), strict=True)
    ]
    flat = Flat(sealed, 1.0, MORNING)
    before_j = flat.stored_j()
    flat.advance(MORNING + 10 * 24 * HOUR, lambda _at: still_air(40.0), NOTHING)
    assert flat.stored_j() == pytest.approx(before_j, rel=1e-9)
    assert flat.temperature_c(BEDROOM) == pytest.approx(flat.temperature_c(LIVING_ROOM), abs=0.01)


def test_steady_state_is_the_outdoor_temperature() -> None:
    """Without sun and gains a room ends at the outdoor temperature."""
    room = RoomParameters("room", internal_w=0.0)
    flat = Flat([room], 1.0, MORNING, start_c=30.0)
    flat.advance(MORNING + 30 * 24 * HOUR, lambda _at: still_air(12.0), NOTHING)
    assert flat.temperature_c("room") == pytest.approx(12.0, abs=0.01)


@given(
    steps=st.lists(st.integers(10, 600), min_size=20, max_size=40),
    insulation=st.sampled_from([0.2, 1.0, 5.0]),
)
@settings(max_examples=20)
def test_steps_of_any_length_give_the_same_day(steps: list[int], insulation: float) -> None:
    """From 10 s to 10 min the step changes the temperature by less than the sensor's noise."""
    end = AFTERNOON + timedelta(seconds=sum(steps))
    stepped, at_once = (
        Flat(two_room_flat(), insulation, AFTERNOON, start_c=30.0) for _ in range(2)
    )
    at_once.advance(end, WEATHER.outdoor_at, NOTHING)
    at = AFTERNOON
    for seconds in steps:
        at += timedelta(seconds=seconds)
        stepped.advance(at, WEATHER.outdoor_at, NOTHING)
    for room_id in (LIVING_ROOM, BEDROOM):
        difference_k = stepped.temperature_c(room_id) - at_once.temperature_c(room_id)
        assert abs(difference_k) < 0.03
    assert stepped.now == at_once.now == end


def test_time_never_runs_backwards() -> None:
    """Advancing to a moment that has passed changes nothing."""
    flat = hot_flat()
    before_j = flat.stored_j()
    flat.advance(AFTERNOON - HOUR, WEATHER.outdoor_at, NOTHING)
    assert (flat.now, flat.stored_j()) == (AFTERNOON, before_j)


def test_sensor_reads_near_the_truth_and_repeats_itself() -> None:
    """Readings have noise and two decimals, and the same moment gives the same reading."""
    flat, twin = hot_flat(), hot_flat()
    readings = []
    for minute in range(60):
        for one in (flat, twin):
            one.advance(AFTERNOON + minute * MINUTE, WEATHER.outdoor_at, NOTHING)
        temperature_c, humidity_pct = flat.reading(LIVING_ROOM)
        assert (temperature_c, humidity_pct) == twin.reading(LIVING_ROOM)
        assert temperature_c == round(temperature_c, 2)
        error_c = temperature_c - flat.temperature_c(LIVING_ROOM)
        assert abs(error_c) <= 0.036
        assert abs(humidity_pct - flat.relative_humidity_pct(LIVING_ROOM)) <= 0.206
        readings.append(error_c)
    assert max(readings) > 0.015
    assert min(readings) < -0.015


def test_sensor_speaks_as_zigbee2mqtt_does() -> None:
    """The message holds the keys of a Zigbee temperature sensor, in its order and units."""
    flat = hot_flat()
    message = json.loads(flat.zigbee2mqtt_payload(BEDROOM))
    assert (message["temperature"], message["humidity"]) == flat.reading(BEDROOM)
    assert message["last_seen"] == "2026-06-27T14:00:00.000+00:00"
    assert list(message) == sorted(message)
    assert 0 < message["battery"] <= 100
    assert 0 < message["linkquality"] <= 255


def test_unknown_device_is_our_mistake() -> None:
    """Asking for the power of a device that is not there is an error, not 0 W."""
    with pytest.raises(KeyError):
        hot_flat().power_w("garage_ac")


def test_a_day_is_simulated_quickly() -> None:
    """The flat's day is cut into pieces of 30 s, no more, so that a demo stays quick."""
    asked = []

    def outdoor_at(at: datetime) -> Outdoor:
        asked.append(at)
        return still_air(25.0)

    Flat(two_room_flat(), 1.0, MORNING).advance(MORNING + 24 * HOUR, outdoor_at, NOTHING)
    assert len(asked) == 2880
