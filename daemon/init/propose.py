"""Propose rooms from what was found: which sensors, which cooling, where somebody sleeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from daemon.init.household import COOLING_DOMAINS, Entity, Household
from daemon.init.names import id_of, is_bedroom, is_outdoors, is_vent, room_name
from daemon.init.plan import CoolingPlan, PhonePlan, RoomPlan, WeatherPlan
from daemon.init.sensors import Fitness, SensorFound

_MOTION_KINDS = ("motion", "occupancy", "presence")
_DEHUMIDIFIER = "dehumidifier"


@dataclass(frozen=True, slots=True)
class CoolingFound:
    """Hold one device that keepcool could switch; `is_proposed` when it is plainly cooling."""

    entity: Entity
    room: str | None
    is_proposed: bool = False

    @property
    def entity_id(self) -> str:
        """Return its id in Home Assistant."""
        return self.entity.entity_id


@dataclass(frozen=True, slots=True)
class Proposal:
    """Hold what is proposed; nothing of it is written before somebody agrees."""

    rooms: tuple[RoomPlan, ...] = ()
    unplaced: tuple[SensorFound, ...] = ()  # of a room, but nothing tells of which
    outdoors: tuple[SensorFound, ...] = ()
    others: tuple[SensorFound, ...] = ()
    cooling: tuple[CoolingFound, ...] = ()
    phones: tuple[PhonePlan, ...] = ()
    weather: WeatherPlan = field(default_factory=WeatherPlan)


def propose(sensors: Sequence[SensorFound], household: Household | None) -> Proposal:
    """Propose rooms for the sensors that plausibly hang in one.

    Cooling stands beside the rooms, not in them: keepcool commands nothing that nobody chose.
    """
    fit = [sensor for sensor in sensors if sensor.fitness is Fitness.ROOM]
    grouped: dict[str, list[SensorFound]] = {}
    names: dict[str, str] = {}
    for sensor in sorted(fit, key=lambda each: not each.has_area):  # areas spell the name
        if sensor.room:
            key = id_of(sensor.room, "room")
            names.setdefault(key, sensor.room)
            grouped.setdefault(key, []).append(sensor)
    rooms = tuple(
        RoomPlan(
            room_id=key,
            name=names[key],
            is_bedroom=is_bedroom(names[key]),
            sensors=tuple(sorted(grouped[key], key=lambda each: (each.is_entity, each.key))),
            motion=_motion_in(names[key], household),
        )
        for key in sorted(grouped, key=lambda each: names[each].lower())
    )
    return Proposal(
        rooms=rooms,
        unplaced=tuple(sensor for sensor in fit if not sensor.room),
        outdoors=tuple(each for each in sensors if each.fitness is Fitness.OUTDOORS),
        others=tuple(each for each in sensors if each.fitness is Fitness.OTHER),
        cooling=_find_cooling(household),
        phones=tuple(
            PhonePlan(phone.service, phone.kind)
            for phone in (household.phones if household else ())
        ),
        weather=_propose_weather(household),
    )


def room_of(name: str, rooms: Iterable[RoomPlan]) -> RoomPlan | None:
    """Return the room of this name or id."""
    key = id_of(name, "room")
    return next((room for room in rooms if key in (room.room_id, id_of(room.name, "room"))), None)


def as_cooling(found: CoolingFound) -> CoolingPlan:
    """Return a device as it is written; what a switch switches is still to be said."""
    name = found.entity.name
    return CoolingPlan(found.entity_id, name if name != found.entity_id else "")


def presence_of(name: str, household: Household | None) -> str | None:
    """Return the person entity that tells whether somebody is at home, by their name."""
    wanted = name.strip().casefold()
    for entity in household.in_domain("person") if household else ():
        # Without a tracker it says "unknown" for ever.
        if entity.name.strip().casefold() == wanted and entity.is_known:
            return entity.entity_id
    return None


def phone_of(name: str, phones: Sequence[PhonePlan]) -> int | None:
    """Return which phone bears a person's name, or the only one there is."""
    wanted = id_of(name, "").replace("-", "_")
    for number, phone in enumerate(phones):
        words = phone.service.removeprefix("notify.mobile_app_").split("_")
        if wanted and any(word in (wanted, f"{wanted}s") for word in words):
            return number
    return 0 if len(phones) == 1 else None


def _find_cooling(household: Household | None) -> tuple[CoolingFound, ...]:
    found: list[CoolingFound] = []
    for entity in household.in_domain(*COOLING_DOMAINS) if household else ():
        kinds: Mapping[str, bool] = {
            "climate": entity.can_cool,
            "fan": True,
            "humidifier": entity.kind == _DEHUMIDIFIER,
        }
        if entity.domain == "humidifier" and not kinds["humidifier"]:
            continue  # it makes the air damper
        room = entity.area or room_name(_without_kind(entity))
        found.append(CoolingFound(entity, room, kinds.get(entity.domain, False)))
    return tuple(found)


def _without_kind(entity: Entity) -> str:
    """Return a device's name without the words that say what it is."""
    kinds = {"ac", "aircon", "conditioner", "klimaanlage", "fan", "ventilator", "blind", "shutter"}
    kinds |= {"rollo", "cover", "plug", "switch", "relay", "dryer", "dehumidifier", "conditioning"}
    words = entity.name.split()
    return " ".join(word for word in words if word.lower() not in kinds and not is_vent(word))


def _motion_in(room: str, household: Household | None) -> tuple[str, ...]:
    if household is None:
        return ()
    key = id_of(room, "room")
    return tuple(
        entity.entity_id
        for entity in household.in_domain("binary_sensor")
        if entity.kind in _MOTION_KINDS and entity.area and id_of(entity.area, "room") == key
    )


def _propose_weather(household: Household | None) -> WeatherPlan:
    """Have a weather entity of the home stand in for Open-Meteo."""
    for entity in household.in_domain("weather") if household else ():
        if entity.is_hourly_weather and not is_outdoors(entity.entity_id):
            return WeatherPlan(("open_meteo", "home_assistant"), entity.entity_id)
    return WeatherPlan()
