"""Build the home, its rooms, people and sensors from the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from config.emergency import emergency_number
from config.fields import slug_of
from config.model import CarerTable, CoolingTable, PersonTable, RoomTable, WindowTable
from config.plugs import PlugSettings, build_plug
from config.second_roads import channel_id
from config.settings import Settings
from policies.model import (
    Announcer,
    Carer,
    CoolingDevice,
    CoolingRole,
    DearTime,
    DeviceKind,
    Electricity,
    Flag,
    Home,
    Person,
    Phone,
    PhoneKind,
    Room,
    Stay,
    Tuning,
    Window,
)

UNLIMITED = 1_000_000  # messages a day, on a test bench
COMPRESSOR_REST_S = 600.0  # Source: EVIDENCE 8, "Minimum on / off"
FAN_REST_S = 120.0
NATURAL_ROLES = {
    DeviceKind.FAN: CoolingRole.FAN,
    DeviceKind.COVER: CoolingRole.BLIND,
    DeviceKind.HUMIDIFIER: CoolingRole.DEHUMIDIFIER,
}
ROLE_NAMES = {
    CoolingRole.AIR_CONDITIONER: "AC",
    CoolingRole.FAN: "fan",
    CoolingRole.BLIND: "blind",
    CoolingRole.DEHUMIDIFIER: "dehumidifier",
    CoolingRole.VENT: "ventilation",
}
WIDELY_KNOWN_NUMBER = "112"  # reaches emergency services from mobile phones in most countries


@dataclass(frozen=True, slots=True)
class MappingSettings:
    """Say where a message holds its values; `None` leaves it to recognition."""

    temperature_path: str | None = None
    humidity_path: str | None = None
    unit: str | None = None  # "C" or "F"
    match: Mapping[str, str] = field(default_factory=dict)
    quantity: str | None = None  # "temperature" or "humidity": what a bare number means


@dataclass(frozen=True, slots=True)
class SensorSettings:
    """Describe one sensor: its topics or its entities, its room and how to read it."""

    sensor_id: str
    room_id: str
    room_name: str
    topic: str | None
    entity_id: str | None
    humidity_entity_id: str | None
    humidity_topic: str | None  # messages of their own for humidity
    availability_topic: str | None
    mapping: MappingSettings
    stale_after: timedelta | None  # None: learned from the sensor's own habit


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """Describe what tells that somebody moves in a room: an entity or a topic."""

    room_id: str
    room_name: str
    entity_id: str | None
    topic: str | None


@dataclass(frozen=True, slots=True)
class PresenceSettings:
    """Describe the entity that tells whether a person is at home."""

    person_id: str
    entity_id: str


@dataclass(frozen=True, slots=True)
class PowerMeterSettings:
    """Describe how a cooling device's power is measured: by an entity, a topic or both."""

    device_id: str
    entity_id: str | None
    topic: str | None
    path: str | None  # within the topic's message; `None` leaves it to recognition


def build_home(settings: Settings) -> Home:
    """Build the home with its emergency number and policy constants."""
    home = settings.home
    number = home.emergency_number or emergency_number(home.country) or WIDELY_KNOWN_NUMBER
    return Home(
        home_id=home.id or slug_of(home.name) or "home",
        name=home.name,
        latitude_deg=home.latitude_deg,
        longitude_deg=home.longitude_deg,
        emergency_number=number,
        tuning=build_tuning(settings),
        electricity=Electricity(
            settings.electricity.max_cooling_power_w,
            tuple(DearTime(each.from_at, each.until) for each in settings.electricity.dear),
        ),
    )


def build_tuning(settings: Settings) -> Tuning:
    """Build the policy constants."""
    given, usual = settings.thresholds, Tuning()
    return Tuning(
        rolling_window=timedelta(seconds=given.rolling_window_s),
        fast_window=timedelta(seconds=given.fast_window_s),
        resolve_hold=timedelta(seconds=given.resolve_hold_s),
        hysteresis_c=given.hysteresis_c,
        unanswered_critical=timedelta(seconds=given.unanswered_critical_s),
        planning_horizon=timedelta(hours=given.planning_horizon_h),
        nudges_per_day=given.nudges_per_day if given.budgets else UNLIMITED,
        pushes_per_day=given.pushes_per_day if given.budgets else UNLIMITED,
        warnings_per_day=usual.warnings_per_day if given.budgets else UNLIMITED,
        trouble_per_day=usual.trouble_per_day if given.budgets else UNLIMITED,
        all_pushes_per_day=usual.all_pushes_per_day if given.budgets else UNLIMITED,
        maximum_step_c_per_min=given.max_step_c_per_min or None,
        repeat_interval=timedelta(seconds=given.repeat_interval_s),
        mqtt_trouble_after=timedelta(seconds=given.mqtt_trouble_after_s),
        forecast_usable=timedelta(hours=given.forecast_usable_h),
    )


def build_rooms(settings: Settings) -> tuple[Room, ...]:
    """Build the rooms with their cooling devices."""
    return tuple(
        Room(
            room_id=room.id,
            name=room.name,
            is_bedroom=room.bedroom,
            devices=tuple(_build_device(room, device) for device in room.cooling),
            windows=tuple(_build_window(window) for window in room.windows),
        )
        for room in settings.rooms
    )


def build_people(settings: Settings) -> tuple[Person, ...]:
    """Build the people; the rooms of their stays count among their rooms."""
    return tuple(_build_person(person) for person in settings.people)


def build_carers(settings: Settings) -> tuple[Carer, ...]:
    """Build the carers; one who names nobody cares for everybody."""
    everybody = tuple(person.id for person in settings.people)
    return tuple(
        Carer(
            carer_id=carer.id,
            name=carer.name,
            people=tuple(dict.fromkeys(carer.people)) or everybody,
            phones=tuple(_build_phones(carer)),
            second_roads=_second_roads(carer),
        )
        for carer in settings.carers
    )


def build_sensors(settings: Settings) -> tuple[SensorSettings, ...]:
    """Build the sensors of all rooms."""
    return tuple(
        SensorSettings(
            sensor_id=sensor.id or slug_of(sensor.topic or sensor.entity or ""),
            room_id=room.id,
            room_name=room.name,
            topic=sensor.topic,
            entity_id=sensor.entity,
            humidity_entity_id=sensor.humidity_entity,
            humidity_topic=sensor.humidity_topic,
            availability_topic=sensor.availability_topic,
            mapping=MappingSettings(
                temperature_path=sensor.temperature_path,
                humidity_path=sensor.humidity_path,
                unit=sensor.unit,
                match=dict(sensor.match),
                quantity=sensor.quantity,
            ),
            stale_after=_seconds(sensor.stale_after_s),
        )
        for room in settings.rooms
        for sensor in room.sensors
    )


def build_motion(settings: Settings) -> tuple[MotionSettings, ...]:
    """Build the motion sensors of all rooms."""
    return tuple(
        MotionSettings(room.id, room.name, motion.entity, motion.topic)
        for room in settings.rooms
        for motion in room.motion
    )


def build_presence(settings: Settings) -> tuple[PresenceSettings, ...]:
    """Build the presence entities of the people who have one."""
    return tuple(
        PresenceSettings(person.id, person.presence_entity)
        for person in settings.people
        if person.presence_entity
    )


def build_power_meters(settings: Settings) -> tuple[PowerMeterSettings, ...]:
    """Build the power meters of cooling devices that have one."""
    return tuple(
        PowerMeterSettings(
            _device_id(device), device.power_entity, device.power_topic, device.power_path
        )
        for room in settings.rooms
        for device in room.cooling
        if device.power_entity or device.power_topic
    )


def _seconds(value: float | None) -> timedelta | None:
    """Return a duration, or `None` for none."""
    return None if value is None else timedelta(seconds=value)


def build_plugs(settings: Settings) -> tuple[PlugSettings, ...]:
    """Build the plugs that are switched over MQTT."""
    return tuple(
        build_plug(_device_id(device), device)
        for room in settings.rooms
        for device in room.cooling
        if device.command_topic
    )


def _device_id(device: CoolingTable) -> str:
    """Return a device's id, made from its entity or command topic when none is given."""
    return device.id or slug_of(device.entity or device.command_topic or "")


def _build_device(room: RoomTable, device: CoolingTable) -> CoolingDevice:
    """Build one cooling device; its kind is its entity's domain, or that it is an MQTT plug."""
    kind = DeviceKind(device.entity.partition(".")[0]) if device.entity else DeviceKind.PLUG
    natural = NATURAL_ROLES.get(kind, CoolingRole.AIR_CONDITIONER)
    role = CoolingRole(device.role) if device.role else natural
    rest = COMPRESSOR_REST_S if role.has_compressor else FAN_REST_S
    minimum_on = rest if device.minimum_on_s is None else device.minimum_on_s
    minimum_off = rest if device.minimum_off_s is None else device.minimum_off_s
    plug = build_plug("", device) if device.command_topic else None
    can_end = plug is not None and plug.family.has_timer and device.own_timer
    return CoolingDevice(
        device_id=_device_id(device),
        room_id=room.id,
        entity_id=device.entity or device.command_topic or "",
        kind=kind,
        role=role,
        name=device.name or ROLE_NAMES[role],
        target_day_c=device.target_day_c,
        target_night_c=device.target_night_c,
        minimum_on=timedelta(seconds=minimum_on),
        minimum_off=timedelta(seconds=minimum_off),
        longest_run=timedelta(seconds=device.max_run_s),
        blind_cooling_max=timedelta(seconds=device.blind_cooling_max_s),
        override=timedelta(seconds=device.override_s),
        fan_percentage=device.fan_percentage,
        has_power_sensor=bool(device.power_entity or device.power_topic),
        running_power_w=device.running_power_w,
        window=_build_blind_window(room, device) if role is CoolingRole.BLIND else None,
        shaded_position_pct=device.shaded_position_pct,
        drying_humidity_pct=device.drying_humidity_pct,
        drying_mode=device.drying_mode,
        power_w=device.power_w,
        has_own_timer=can_end and role.has_compressor,  # a fan that is released stays on
    )


def _build_blind_window(room: RoomTable, device: CoolingTable) -> Window | None:
    """Return the window behind a blind: its own direction, else the room's only window."""
    if device.facing_deg is not None:
        return Window(device.facing_deg, device.sun_within_deg, device.lowest_sun_deg)
    return _build_window(room.windows[0]) if len(room.windows) == 1 else None


def _build_window(window: WindowTable) -> Window:
    """Build one window."""
    return Window(window.facing_deg, window.sun_within_deg, window.lowest_sun_deg)


def _build_person(person: PersonTable) -> Person:
    """Build one person."""
    stays = tuple(Stay(stay.room, stay.from_at, stay.until) for stay in person.stays)
    rooms = dict.fromkeys([*person.rooms, *(stay.room_id for stay in stays)])
    return Person(
        person_id=person.id,
        name=person.name,
        rooms=tuple(rooms),
        stays=stays,
        level_1_c=person.level_1_c,
        level_2_c=person.level_2_c,
        level_3_c=person.level_3_c,
        night_level_1_c=person.night_level_1_c,
        night_level_2_c=person.night_level_2_c,
        offset_c=person.offset_c,
        flags=frozenset(flag for flag in Flag if getattr(person, flag.value)),
        wake_at=person.wake_at,
        bed_at=person.bed_at,
        quiet_from=person.quiet_from,
        quiet_until=person.quiet_until,
        brief_at=person.brief_at,
        drinks_goal_ml=person.drinks_goal_ml,
        portion_ml=person.portion_ml,
        drink_interval=timedelta(seconds=person.drink_interval_s),
        evening_cut_off=timedelta(seconds=person.evening_cut_off_s),
        phones=tuple(_build_phones(person)),
        second_roads=_second_roads(person),
        announcers=tuple(
            Announcer(f"{person.id}:announcer:{each.entity}", each.entity, each.tts)
            for each in person.announcers
        ),
    )


def _build_phones(owner: PersonTable | CarerTable) -> Iterator[Phone]:
    """Build somebody's phones; two people may share one, so the channel names both."""
    for phone in owner.phones:
        service = phone.service.removeprefix("notify.")
        yield Phone(f"{owner.id}:{service}", service, PhoneKind(phone.kind))


def _second_roads(owner: PersonTable | CarerTable) -> tuple[str, ...]:
    """Name somebody's second roads."""
    return tuple(channel_id(owner.id, number + 1) for number in range(len(owner.second_roads)))
