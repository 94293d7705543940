"""Describe a simulated household: its rooms and devices, who lives there, and its settings file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from daemon.demo.flat import Flat
from daemon.demo.hot_days import LATITUDE_DEG, LONGITUDE_DEG, Outdoor, hot_day
from daemon.demo.rooms import BEDROOM, LIVING_ROOM, RoomParameters, two_room_flat
from policies.model import Flag, Home, Person, Phone, PhoneKind, Stay

TOKEN = "demo-long-lived-token"  # noqa: S105 - opens only the pretended Home Assistant
HOME_ID = "demo"
WEATHER_SOURCE = (
    "Weather: 27 June 2006 near Turin, hourly. PVGIS typical meteorological year, "
    "European Commission, Joint Research Centre."
)


@dataclass(frozen=True, slots=True)
class HouseholdRoom:
    """Describe a room as its household knows it; the entities are Home Assistant's."""

    room_id: str
    name: str
    is_bedroom: bool = False
    ac_entity: str | None = None
    fan_entity: str | None = None
    fan_percentage: int = 60
    plug_entity: str | None = None  # a plain plug with a power sensor, an air conditioner on it
    blind_entity: str | None = None
    facing_deg: float = 0.0  # where the window behind the blind looks
    dryer_entity: str | None = None

    @property
    def topic(self) -> str:
        """Return where its Zigbee sensor publishes."""
        return f"zigbee2mqtt/{self.room_id}"

    @property
    def entity_ids(self) -> tuple[str, ...]:
        """Return the entities of its cooling devices."""
        cooling = (self.ac_entity, self.fan_entity, self.plug_entity)
        return tuple(filter(None, (*cooling, self.blind_entity, self.dryer_entity)))

    @property
    def power_entity(self) -> str:
        """Return the entity of its plug's power sensor. Raises: ValueError without a plug."""
        if self.plug_entity is None:
            message = f"{self.room_id} has no plug"
            raise ValueError(message)
        return f"sensor.{self.plug_entity.partition('.')[2]}_power"

    def device_name(self, entity_id: str) -> str:
        """Return what the household calls a device."""
        names = {self.fan_entity: "Fan", self.blind_entity: "Blind", self.dryer_entity: "Dryer"}
        return names.get(entity_id, "AC")

    @staticmethod
    def device_id(entity_id: str) -> str:
        """Return a device's id in the settings and the log."""
        return entity_id.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Household:
    """Hold everything about a home that keepcool does not decide.

    `insulation` and `start_c` are the flat's (`daemon.demo.flat.Flat`); `thresholds` goes into the
    settings' table of that name as it is.
    """

    person: Person
    rooms: tuple[HouseholdRoom, ...]
    flat: tuple[RoomParameters, ...]
    outdoor_at: Callable[[datetime], Outdoor]
    start: datetime
    end: datetime
    zone: ZoneInfo
    name: str = "Anna's flat"
    insulation: float = 1.0
    start_c: float = 25.0
    latitude_deg: float = LATITUDE_DEG
    longitude_deg: float = LONGITUDE_DEG
    country: str = "IT"
    thresholds: Mapping[str, float | int | bool] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        """Return the home as the policies know it, for wording."""
        return Home(HOME_ID, self.name, self.latitude_deg, self.longitude_deg)

    def room(self, room_id: str) -> HouseholdRoom:
        """Return a room. Raises: KeyError."""
        for room in self.rooms:
            if room.room_id == room_id:
                return room
        raise KeyError(room_id)

    def build_flat(self) -> Flat:
        """Furnish the flat at the start of the day."""
        return Flat(
            self.flat,
            self.insulation,
            self.start,
            start_c=self.start_c,
            latitude_deg=self.latitude_deg,
            longitude_deg=self.longitude_deg,
        )

    def local(self, at: datetime) -> datetime:
        """Return a moment by the household's clocks."""
        return at.astimezone(self.zone)


def hot_day_household(day: date = date(2026, 6, 27), *, insulation: float = 1.0) -> Household:
    """Return the demo's household on its hot day: Anna, a living room with an AC, a bedroom.

    Args:
        day: when it happens; near the end of June, for the sun's sake.
        insulation: 1 is the flat as described, 0.4 a bad one, 3 a good one.
    """
    zone = ZoneInfo("Europe/Rome")
    anna = Person(
        person_id="anna",
        name="Anna",
        rooms=(LIVING_ROOM, BEDROOM),
        stays=(Stay(BEDROOM, time(14, 30), time(16, 30)),),  # her rest after lunch
        flags=frozenset({Flag.HEAT_SENSITIVE}),
        phones=(Phone("anna:mobile_app_annas_phone", "mobile_app_annas_phone", PhoneKind.ANDROID),),
    )
    rooms = (
        HouseholdRoom(LIVING_ROOM, "Living room", ac_entity="climate.living_room"),
        HouseholdRoom(BEDROOM, "Bedroom", is_bedroom=True, fan_entity="fan.bedroom"),
    )
    return Household(
        person=anna,
        rooms=rooms,
        flat=two_room_flat(),
        outdoor_at=hot_day(day).outdoor_at,
        start=datetime.combine(day, time(6), zone),
        end=datetime.combine(day, time(6), zone) + timedelta(hours=17, minutes=50),
        zone=zone,
        insulation=insulation,
        start_c=24.0,
    )


@dataclass(frozen=True, slots=True)
class Addresses:
    """Say where the home's servers listen."""

    mqtt_host: str
    mqtt_port: int
    home_assistant_url: str
    weather_url: str


def write_settings(household: Household, addresses: Addresses, folder: Path) -> Path:
    """Write the settings file, with its token and its state below `folder`; return its path."""
    token_file = folder / "home_assistant_token"
    token_file.touch(mode=0o600)
    token_file.write_text(TOKEN)
    tables = [
        _table(
            "[home]",
            name=household.name,
            id=HOME_ID,
            latitude_deg=household.latitude_deg,
            longitude_deg=household.longitude_deg,
            time_zone=household.zone.key,
            country=household.country,
        ),
        # 3.1.1, because the demo's own broker speaks nothing newer.
        _table(
            "[mqtt]",
            host=addresses.mqtt_host,
            port=addresses.mqtt_port,
            version="3.1.1",
            pictures=False,
        ),
        _table("[home_assistant]", url=addresses.home_assistant_url, token_file=str(token_file)),
        _table("[weather]", base_url=addresses.weather_url),
        _table("[storage]", state_directory=str(folder / "state")),
        _table("[thresholds]", **household.thresholds),
        *_person_tables(household.person),
        *(table for room in household.rooms for table in _room_tables(room)),
    ]
    path = folder / "keepcool.toml"
    path.write_text("\n".join(tables), encoding="utf-8")
    return path


def _person_tables(person: Person) -> list[str]:
    limits = ("level_1_c", "level_2_c", "level_3_c", "night_level_1_c", "night_level_2_c")
    return [
        _table(
            "[[person]]",
            id=person.person_id,
            name=person.name,
            rooms=list(person.rooms),
            wake_at=f"{person.wake_at:%H:%M}",
            bed_at=f"{person.bed_at:%H:%M}",
            offset_c=person.offset_c,
            portion_ml=person.portion_ml,
            evening_cut_off_s=person.evening_cut_off.total_seconds(),
            **({"brief_at": f"{person.brief_at:%H:%M}"} if person.brief_at else {}),
            **{limit: getattr(person, limit) for limit in limits},
            **{flag.value: True for flag in sorted(person.flags)},
        ),
        *(
            _table(
                "[[person.stay]]",
                room=stay.room_id,
                **{"from": f"{stay.from_at:%H:%M}", "until": f"{stay.until_at:%H:%M}"},
            )
            for stay in person.stays
        ),
        *(
            _table("[[person.phone]]", service=f"notify.{phone.service}", kind=phone.kind.value)
            for phone in person.phones
        ),
    ]


def _room_tables(room: HouseholdRoom) -> list[str]:
    tables = [
        _table("[[room]]", id=room.room_id, name=room.name, bedroom=room.is_bedroom),
        _table("[[room.sensor]]", topic=room.topic),
    ]
    tables += [
        _table(
            "[[room.cooling]]",
            id=room.device_id(entity_id),
            entity=entity_id,
            name=room.device_name(entity_id),
            **_device_keys(room, entity_id),
        )
        for entity_id in room.entity_ids
    ]
    return tables


def _device_keys(room: HouseholdRoom, entity_id: str) -> dict[str, object]:
    if entity_id == room.fan_entity:
        return {"fan_percentage": room.fan_percentage}
    if entity_id == room.plug_entity:
        return {"role": "air_conditioner", "power_entity": room.power_entity}
    if entity_id == room.blind_entity:
        return {"facing_deg": room.facing_deg}
    return {}


def _table(header: str, **values: object) -> str:
    """Return a TOML table; what JSON writes for text, numbers and lists is TOML too."""
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    return "\n".join([header, *lines, ""])
