"""Simulate a flat on a hot day: heat, moisture, sun, an air conditioner, a fan. Stdlib only.

Each room is two stores of heat (air with furniture, and walls) and one of water vapour. What a
device does follows its orders like a real one: an air conditioner has its own thermostat and
compressor pause, a fan moves air and warms it a little. Nothing here knows of keepcool.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from daemon.demo.hot_days import LATITUDE_DEG, LONGITUDE_DEG, Outdoor
from daemon.demo.rooms import AirConditioner, RoomParameters
from daemon.demo.sun import SunPosition, radiation_on_wall_w_m2, sun_position

LONGEST_STEP: Final = timedelta(seconds=30)
_AIR_J_M3_K: Final = 1.2 * 1005  # density times heat capacity of air
_AIR_KG_M3: Final = 1.2
_EVAPORATION_J_KG: Final = 2.45e6  # at 20 °C
_PRESSURE_HPA: Final = 1000.0
_COMPRESSOR_PAUSE: Final = timedelta(minutes=3)  # built into such devices
_TEMPERATURE_NOISE_C: Final = 0.03
_HUMIDITY_NOISE_PCT: Final = 0.2
_COOLING_MODES: Final = frozenset({"cool", "auto", "heat_cool"})


@dataclass(frozen=True, slots=True)
class DeviceAction:
    """Say what a room's devices have been told, in Home Assistant's words.

    `hvac_mode` is `off`, `cool`, `dry`, `fan_only`, `auto` or `heat_cool`; without a setpoint the
    air conditioner keeps its own (a plain plug). `fan_percentage` is 0 to 100.
    """

    hvac_mode: str = "off"
    setpoint_c: float | None = None
    fan_percentage: int = 0
    is_shaded: bool = False
    is_drying: bool = False


@dataclass(slots=True)
class _RoomState:
    """Hold what changes in a room."""

    air_c: float
    wall_c: float
    vapour_kg_kg: float
    is_compressor_on: bool = False
    paused_until: datetime | None = None
    is_window_open: bool = False
    action: DeviceAction = field(default_factory=DeviceAction)


class Flat:
    """Let rooms warm and cool between an outdoor world and their devices.

    `insulation` scales everything that separates the rooms from outdoors: 1 is as the rooms are
    described, 0.4 is a badly insulated flat, 3 a good one. `start_c` is the air in all rooms.
    """

    def __init__(
        self,
        rooms: Sequence[RoomParameters],
        insulation: float,
        start: datetime,
        *,
        start_c: float = 25.0,
        start_humidity_pct: float = 50.0,
        latitude_deg: float = LATITUDE_DEG,
        longitude_deg: float = LONGITUDE_DEG,
    ) -> None:
        """Furnish the flat at the moment `start` (aware)."""
        self.now = start
        self.stalled: set[str] = set()  # devices with a full tank or an unplugged lead
        self.energy_in_j = 0.0  # all that ever came in less all that went out
        self._insulation = insulation
        self._place = (latitude_deg, longitude_deg)
        self._rooms = {room.room_id: room for room in rooms}
        vapour = _saturation_kg_kg(start_c) * start_humidity_pct / 100
        self._states = {
            room.room_id: _RoomState(start_c, start_c + room.wall_surplus_k, vapour)
            for room in rooms
        }

    def advance(
        self,
        to: datetime,
        outdoor_at: Callable[[datetime], Outdoor],
        devices: Mapping[str, DeviceAction],
    ) -> None:
        """Let time pass until `to`, each room's devices following `devices` all the while.

        A room that is not named keeps what it was told before. Steps of any length give the same
        day, because they are cut into pieces of at most 30 s.
        """
        for room_id, action in devices.items():
            self._states[room_id].action = action
        while self.now < to:
            step = min(LONGEST_STEP, to - self.now)
            outdoor = outdoor_at(self.now)
            self._step(step, outdoor, sun_position(self.now, *self._place))
            self.now += step

    def reading(self, room_id: str) -> tuple[float, float]:
        """Return °C and % as a sensor tells them, with its noise and two decimals."""
        noise = zlib.crc32(f"{room_id} {self.now.isoformat()}".encode())
        temperature_noise, humidity_noise = (
            (noise % 1001) / 500 - 1,
            (noise // 1001) % 1001 / 500 - 1,
        )
        humidity_pct = self.relative_humidity_pct(room_id) + _HUMIDITY_NOISE_PCT * humidity_noise
        return (
            round(self.temperature_c(room_id) + _TEMPERATURE_NOISE_C * temperature_noise, 2),
            round(min(max(humidity_pct, 0.0), 100.0), 2),
        )

    def zigbee2mqtt_payload(self, room_id: str) -> str:
        """Return the sensor's message as Zigbee2MQTT publishes it."""
        temperature_c, humidity_pct = self.reading(room_id)
        message = {
            "battery": 87,
            "humidity": humidity_pct,
            "last_seen": self.now.isoformat(timespec="milliseconds"),
            "linkquality": 96 + zlib.crc32(room_id.encode()) % 60,
            "temperature": temperature_c,
            "voltage": 2995,
        }
        return json.dumps(message)

    def temperature_c(self, room_id: str) -> float:
        """Return the true air temperature in °C."""
        return self._states[room_id].air_c

    def relative_humidity_pct(self, room_id: str) -> float:
        """Return the true relative humidity in %, 0 to 100."""
        state = self._states[room_id]
        return min(100.0 * state.vapour_kg_kg / _saturation_kg_kg(state.air_c), 100.0)

    def air_speed_m_s(self, room_id: str) -> float:
        """Return how fast the air moves at a person's place, in m/s."""
        room, state = self._rooms[room_id], self._states[room_id]
        if room.fan is None or room.fan.device_id in self.stalled:
            return 0.1
        return 0.1 + room.fan.air_speed_m_s * state.action.fan_percentage / 100

    def power_w(self, device_id: str) -> float:
        """Return what a device draws now in W, as its plug measures it."""
        for room in self._rooms.values():
            state = self._states[room.room_id]
            if room.fan is not None and room.fan.device_id == device_id:
                return self._fan_w(room, state)
            if room.ac is not None and room.ac.device_id == device_id:
                return self._ac_w(room.ac, state)
        raise KeyError(device_id)

    def set_window(self, room_id: str, *, is_open: bool) -> None:
        """Tilt or close a room's window."""
        self._states[room_id].is_window_open = is_open

    def stored_j(self) -> float:
        """Return the heat in air, furniture and walls in J, against 0 °C."""
        return math.fsum(
            room.air_capacity_j_k * state.air_c + room.wall_capacity_j_k * state.wall_c
            for room, state in self._with_state()
        )

    # ------------------------------------------------------------------ one step

    def _with_state(self) -> list[tuple[RoomParameters, _RoomState]]:
        return [(room, self._states[room_id]) for room_id, room in self._rooms.items()]

    def _step(self, step: timedelta, outdoor: Outdoor, sun: SunPosition) -> None:
        step_s = step.total_seconds()
        between_w = self._between_rooms_w()
        for room, state in self._with_state():
            self._run_thermostat(room, state)
            solar_w_m2 = radiation_on_wall_w_m2(
                outdoor.shortwave_radiation_w_m2, sun, room.facing_deg
            )
            air_w, wall_w = self._gains_w(room, state, outdoor, solar_w_m2)
            into_wall_w = room.wall_to_air_w_k * (state.air_c - state.wall_c)
            self._pass_vapour(room, state, outdoor, step_s)
            self.energy_in_j += (air_w + wall_w) * step_s
            air_w += between_w[room.room_id] - into_wall_w
            state.air_c += air_w * step_s / room.air_capacity_j_k
            state.wall_c += (wall_w + into_wall_w) * step_s / room.wall_capacity_j_k

    def _gains_w(
        self, room: RoomParameters, state: _RoomState, outdoor: Outdoor, solar_w_m2: float
    ) -> tuple[float, float]:
        """Return what comes from outside the flat into air and walls, in W (negative: leaves)."""
        window_w = solar_w_m2 * room.window_m2 * room.window_gain
        if state.action.is_shaded:
            window_w *= room.shaded_share
        to_outdoor_w_k = room.window_m2 * room.window_w_m2_k / self._insulation
        to_outdoor_w_k += self._air_change_m3_s(room, state) * _AIR_J_M3_K
        air_w = to_outdoor_w_k * (outdoor.temperature_c - state.air_c)
        air_w += window_w * room.solar_to_air + room.internal_w + self._fan_w(room, state)
        air_w -= self._sensible_cooling_w(room, state)
        if room.dryer is not None and state.action.is_drying:
            air_w += room.dryer.running_w + room.dryer.latent_w
        # Sol-air temperature: absorbed sun over the outer surface's heat transfer (ASHRAE: a/h).
        sol_air_c = outdoor.temperature_c + room.wall_absorption * solar_w_m2 / 17.0
        wall_w = room.outer_wall_m2 * room.wall_w_m2_k / self._insulation
        return air_w, window_w * (1 - room.solar_to_air) + wall_w * (sol_air_c - state.wall_c)

    def _air_change_m3_s(self, room: RoomParameters, state: _RoomState) -> float:
        per_hour = room.leak_per_h / self._insulation
        if state.is_window_open:
            per_hour += room.open_window_per_h
        return per_hour * room.volume_m3 / 3600

    def _between_rooms_w(self) -> dict[str, float]:
        """Return what each room gains from the others through inner walls and doors, in W."""
        gained = dict.fromkeys(self._rooms, 0.0)
        pairs = self._with_state()
        for index, (room, state) in enumerate(pairs):
            for other, other_state in pairs[index + 1 :]:
                flow_w = min(room.to_next_room_w_k, other.to_next_room_w_k) * (
                    other_state.air_c - state.air_c
                )
                gained[room.room_id] += flow_w
                gained[other.room_id] -= flow_w
        return gained

    def _pass_vapour(
        self, room: RoomParameters, state: _RoomState, outdoor: Outdoor, step_s: float
    ) -> None:
        """Move moisture; furniture and plaster take most of it, so it changes slowly."""
        outdoor_kg_kg = (
            _saturation_kg_kg(outdoor.temperature_c) * outdoor.relative_humidity_pct / 100
        )
        exchange_kg_s = self._air_change_m3_s(room, state) * _AIR_KG_M3
        gain_kg_s = exchange_kg_s * (outdoor_kg_kg - state.vapour_kg_kg) + room.vapour_kg_s
        gain_kg_s -= self._latent_cooling_w(room, state) / _EVAPORATION_J_KG
        if room.dryer is not None and state.action.is_drying:
            gain_kg_s -= room.dryer.latent_w / _EVAPORATION_J_KG
        held_kg = room.volume_m3 * _AIR_KG_M3 * room.moisture_buffer
        vapour = max(state.vapour_kg_kg + gain_kg_s * step_s / held_kg, 0.0005)
        state.vapour_kg_kg = min(vapour, _saturation_kg_kg(state.air_c))

    # ------------------------------------------------------------------ devices

    def _run_thermostat(self, room: RoomParameters, state: _RoomState) -> None:
        if room.ac is None:
            return
        mode = state.action.hvac_mode
        setpoint_c = state.action.setpoint_c
        setpoint_c = room.ac.own_setpoint_c if setpoint_c is None else setpoint_c
        is_wanted = mode == "dry" or (
            mode in _COOLING_MODES
            and state.air_c > setpoint_c + (-0.3 if state.is_compressor_on else 0.5)
        )
        is_wanted = is_wanted and room.ac.device_id not in self.stalled
        if state.is_compressor_on and not is_wanted:
            state.is_compressor_on = False
            state.paused_until = self.now + _COMPRESSOR_PAUSE
        elif is_wanted and (state.paused_until is None or self.now >= state.paused_until):
            state.is_compressor_on = True

    def _sensible_cooling_w(self, room: RoomParameters, state: _RoomState) -> float:
        if room.ac is None or not state.is_compressor_on:
            return 0.0
        share = 0.3 if state.action.hvac_mode == "dry" else 1.0
        return room.ac.sensible_w * share

    def _latent_cooling_w(self, room: RoomParameters, state: _RoomState) -> float:
        """Return the power spent on drying, in W; none when the coil is above the dew point."""
        if room.ac is None or not state.is_compressor_on:
            return 0.0
        excess = state.vapour_kg_kg - _saturation_kg_kg(room.ac.coil_c)
        return room.ac.latent_w * min(max(excess / 0.003, 0.0), 1.0)

    def _ac_w(self, ac: AirConditioner, state: _RoomState) -> float:
        if ac.device_id in self.stalled or state.action.hvac_mode == "off":
            return ac.standby_w
        return ac.running_w if state.is_compressor_on else ac.fan_only_w

    def _fan_w(self, room: RoomParameters, state: _RoomState) -> float:
        if room.fan is None or room.fan.device_id in self.stalled:
            return 0.0
        return room.fan.running_w * state.action.fan_percentage / 100


def _saturation_kg_kg(temperature_c: float) -> float:
    """Return the vapour that air can hold, in kg per kg. Source: Magnus form, Sonntag 1990."""
    pressure_hpa = 6.112 * math.exp(17.62 * temperature_c / (243.12 + temperature_c))
    return 0.622 * pressure_hpa / (_PRESSURE_HPA - pressure_hpa)
