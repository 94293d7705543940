"""Describe the rooms of the simulated flat and what stands in them, with plausible sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LIVING_ROOM: Final = "living_room"
BEDROOM: Final = "bedroom"
WEST_DEG: Final = 270.0
EAST_DEG: Final = 90.0


@dataclass(frozen=True, slots=True)
class AirConditioner:
    """Describe a portable air conditioner with one hose.

    Cooling powers are net of the warm air that the hose draws in. Source: US DOE 10 CFR 430,
    seasonally adjusted cooling capacity: a device sold as 12,000 BTU/h gives 2.0-2.4 kW, about a
    fifth of it as drying; makers' data sheets for the power drawn.
    """

    device_id: str
    sensible_w: float = 1800.0
    latent_w: float = 450.0
    coil_c: float = 11.0
    own_setpoint_c: float = 22.0  # what its own panel says, when it is only a plug to us
    running_w: float = 1100.0
    fan_only_w: float = 55.0
    standby_w: float = 1.0


@dataclass(frozen=True, slots=True)
class Fan:
    """Describe a pedestal fan; it cools people, never the room. Source: makers' data sheets."""

    device_id: str
    running_w: float = 45.0
    air_speed_m_s: float = 1.5  # two metres away at full speed


@dataclass(frozen=True, slots=True)
class Dehumidifier:
    """Describe a room dehumidifier: all its power and the vapour's heat stay in the room.

    Source: makers' data sheets of devices sold as 10 l a day, which give 0.4 l/h in a warm room.
    """

    device_id: str
    latent_w: float = 280.0
    running_w: float = 200.0


@dataclass(frozen=True, slots=True)
class RoomParameters:
    """Describe a room. Defaults: 20 m² in an uninsulated European block of flats of the 1960s.

    Source, by field: U-values TABULA typology, Italy, 1961-1975 (walls 1.1-1.3, double glazing
    2.8 W/m²K); window gain EN 14501 (g 0.75, shutters two thirds closed);
    wall capacity EN ISO 13790 table 12, medium (165 kJ/K per m² of floor); inner surface transfer
    EN ISO 13790 7.2.2.2 (3.45 W/m²K on 4.5 m² per m² of floor, less what furniture covers);
    air and furniture 20-25 kJ/K per m²; air change EN 12831 for closed but leaky windows; internal
    gains EN ISO 13790 annex G (a person and devices); vapour of one resting person 50 g/h;
    moisture buffer 10-20 times the air's own, EnergyPlus "effective moisture capacitance".
    """

    room_id: str
    facing_deg: float = EAST_DEG  # where its window looks, clockwise from north
    floor_m2: float = 20.0
    window_m2: float = 3.0
    window_gain: float = 0.25
    shaded_share: float = 0.3  # of that gain with the shutter closed, EN 14501
    window_w_m2_k: float = 2.8
    outer_wall_m2: float = 11.0
    wall_w_m2_k: float = 1.1
    wall_absorption: float = 0.4
    leak_per_h: float = 0.4
    open_window_per_h: float = 3.0
    solar_to_air: float = 0.3  # the rest is absorbed by floor and walls
    internal_w: float = 100.0
    vapour_kg_s: float = 0.050 / 3600
    to_next_room_w_k: float = 15.0
    moisture_buffer: float = 12.0
    wall_surplus_k: float = 0.3  # walls at the start against the air: the days before were hot
    ac: AirConditioner | None = None
    fan: Fan | None = None
    dryer: Dehumidifier | None = None

    @property
    def volume_m3(self) -> float:
        """Return the air in the room, 2.6 m high."""
        return self.floor_m2 * 2.6

    @property
    def air_capacity_j_k(self) -> float:
        """Return the heat capacity of air and furniture in J/K."""
        return self.floor_m2 * 23_000.0

    @property
    def wall_capacity_j_k(self) -> float:
        """Return the heat capacity of walls, floor and ceiling in J/K."""
        return self.floor_m2 * 165_000.0

    @property
    def wall_to_air_w_k(self) -> float:
        """Return the heat transfer between walls and air in W/K."""
        return self.floor_m2 * 4.5 * 3.45 * 0.85


def two_room_flat() -> tuple[RoomParameters, RoomParameters]:
    """Return the demo's flat: a living room to the west with an AC, a bedroom to the east."""
    return (
        RoomParameters(
            LIVING_ROOM,
            facing_deg=WEST_DEG,
            floor_m2=24.0,
            window_m2=3.2,
            ac=AirConditioner("living_room_ac"),
        ),
        RoomParameters(
            BEDROOM,
            floor_m2=14.0,
            window_m2=1.3,
            outer_wall_m2=6.0,
            internal_w=40.0,
            fan=Fan("bedroom_fan"),
        ),
    )
