"""Join what was announced, heard, and shown by Home Assistant into one list of sensors."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from daemon.init.announced import Announced, is_announcement, merge_tasmota, read_announcements
from daemon.init.household import Entity, Household
from daemon.init.names import is_other, is_outdoors, room_name, says_temperature
from policies.model import SensorMessage

# topic, payload and the unit of a bare number: "C", "F" or None for what the message says
Parse = Callable[[str, bytes, str | None], SensorMessage]

COLDEST_ROOM_C, WARMEST_ROOM_C = 5.0, 45.0  # outside of this it is a freezer, a boiler, outdoors
_HEARD_AS_FAHRENHEIT_C = range(10, 41)
_ANNOUNCED_AS_FAHRENHEIT_C = range(5, 41)  # 41 to 50 °F: a cold room is likelier than one of 41 °C
_LONGEST_TOPIC_BYTES = 512  # that the settings take
_RADIO_KEYS = ("model", "id", "channel")
_RADIO = re.compile(r"rtl_433/[^/]+/events")
_RADIO_SINGLE = re.compile(r"(rtl_433/[^/]+)/devices/")
_TASMOTA_ANSWER = re.compile(r"(^|/)STATUS\d*$")
_PAIRS = (
    ("temperature", "humidity"),
    ("Temperature", "Humidity"),
    ("temperature_C", "humidity"),
    ("temperature_F", "humidity"),
    ("temp", "hum"),
    ("temp", "humidity"),
)


class Fitness(enum.StrEnum):
    """Say what a sensor measures, as far as name and value tell."""

    ROOM = "room"
    OUTDOORS = "outdoors"
    OTHER = "other"  # a freezer, a boiler, a processor


@dataclass(frozen=True, slots=True)
class SensorFound:
    """Hold one temperature sensor. `key` is its topic or entity, by which answers name it."""

    key: str
    name: str
    room: str | None  # a room's name, as far as area, name or topic tell
    topic: str = ""  # empty for an entity
    temperature_c: float | None = None  # None: not heard yet
    relative_humidity_pct: float | None = None
    humidity_key: str | None = None
    availability_topic: str | None = None
    unit: str | None = None  # "F" where the message does not tell it itself
    match: Mapping[str, str] = field(default_factory=dict)
    fitness: Fitness = Fitness.ROOM
    why: str = ""  # it is not a room's
    has_area: bool = False

    @property
    def is_heard(self) -> bool:
        """Return whether it has a value now."""
        return self.temperature_c is not None

    @property
    def is_entity(self) -> bool:
        """Return whether only Home Assistant knows it."""
        return not self.topic


def is_entity(key: str) -> bool:
    """Return whether a sensor's key is an entity of Home Assistant, not a topic.

    >>> is_entity("sensor.attic"), is_entity("sensor.attic/temperature")
    (True, False)
    """
    return key.startswith("sensor.") and "/" not in key


def typed_sensor(key: str) -> SensorFound:
    """Return a sensor that somebody names and nobody found, taken at their word."""
    return SensorFound(key, key, None, topic="" if is_entity(key) else key)


@dataclass(slots=True)
class Broker:
    """Collect what comes from the broker; the last message of each topic counts."""

    parse: Parse
    retained: dict[str, bytes] = field(default_factory=dict)
    heard: dict[str, bytes] = field(default_factory=dict)  # by topic, or topic and transmitter
    count: int = 0
    refusal: str = ""  # what it does not let us hear

    def announce(self, topic: str, payload: bytes) -> None:
        """Take a retained announcement."""
        self.retained[topic] = payload

    def hear(self, topic: str, payload: bytes) -> None:
        """Take any message."""
        self.count += 1
        is_fit = topic.isprintable() and len(topic.encode()) <= _LONGEST_TOPIC_BYTES
        is_fit &= not topic.startswith("$")  # the broker's own
        if not is_fit or is_announcement(topic) or _TASMOTA_ANSWER.search(topic):
            return
        match = radio_match(topic, payload)
        key = " ".join([topic, *match.values()]) if match else topic
        self.heard[key] = payload

    def sensors(self) -> dict[str, Announced]:
        """Return what is announced, by topic."""
        return read_announcements(merge_tasmota(self.retained))


def radio_match(topic: str, payload: bytes) -> dict[str, str]:
    """Return what tells one radio sensor from the others on rtl_433's common topic."""
    if not _RADIO.fullmatch(topic):
        return {}
    found: dict[str, str] = {}
    for key in _RADIO_KEYS:
        told = re.search(rb'"%s"\s*:\s*("([^"]*)"|-?\d+)' % key.encode(), payload)
        if told:
            found[key] = (told[2] if told[2] is not None else told[1]).decode(errors="replace")
    return found


def list_sensors(broker: Broker | None, household: Household | None) -> tuple[SensorFound, ...]:
    """Return every temperature sensor once, those that speak MQTT first, then by name."""
    spoken = list(_mqtt_sensors(broker, household)) if broker else []
    entities = list(_entity_sensors(household, broker, spoken)) if household else []
    found = [_judged(sensor) for sensor in _each_humidity_once((*spoken, *entities))]
    return tuple(sorted(found, key=lambda each: (each.is_entity, each.name.lower(), each.key)))


def _each_humidity_once(sensors: Iterable[SensorFound]) -> Iterator[SensorFound]:
    """Yield the sensors so that a humidity beside two temperatures counts for the first."""
    used: set[str] = set()
    for sensor in sensors:
        if sensor.humidity_key in used:
            yield replace(sensor, humidity_key=None, relative_humidity_pct=None)
            continue
        used |= {sensor.humidity_key} if sensor.humidity_key else set()
        yield sensor


def _mqtt_sensors(broker: Broker, household: Household | None) -> Iterator[SensorFound]:
    announced = broker.sensors()
    by_unique_id = {
        entity.unique_id: entity
        for entity in (household.entities if household else ())
        if entity.unique_id
    }
    is_mirrored = household is not None
    for key in sorted({*broker.heard, *announced}):
        if is_mirrored and key.startswith("homeassistant/"):
            continue  # Home Assistant's own states, which it tells better itself
        topic = key.partition(" ")[0] if _RADIO.match(key) else key
        told = announced.get(topic)
        payload = broker.heard.get(key)
        message, unit = _read(broker.parse, topic, payload, told)
        if told is None and (message is None or message.temperature_c is None):
            continue
        if told is None and (_is_twin(topic, broker.heard) or _is_any_number(topic, payload)):
            continue
        humidity = _humidity_topic(topic, broker)
        area = _area_of(told, by_unique_id)
        has_word = f"{topic}/availability" in broker.heard
        available = (told.availability_topic if told else None) or f"{topic}/availability"
        yield SensorFound(
            key=key,
            topic=topic,
            name=told.name if told else key,
            room=area or room_name(told.name if told else topic) or room_name(topic),
            temperature_c=message.temperature_c if message else None,
            relative_humidity_pct=_humidity(broker, message, humidity),
            humidity_key=humidity,
            availability_topic=available if has_word or available in broker.heard else None,
            unit=unit,
            match=radio_match(topic, payload or b""),
            has_area=area is not None,
        )


def _read(
    parse: Parse, topic: str, payload: bytes | None, told: Announced | None
) -> tuple[SensorMessage | None, str | None]:
    """Read a message, also one in Fahrenheit that does not say so; return the unit to set."""
    is_announced = told is not None and told.unit == "°F"
    if payload is None:
        return None, "F" if is_announced else None
    message = parse(topic, payload, None)
    likely_c = _ANNOUNCED_AS_FAHRENHEIT_C if is_announced else _HEARD_AS_FAHRENHEIT_C
    is_odd = message.temperature_c is None or message.temperature_c >= likely_c.stop
    may_be_fahrenheit = is_announced or "Fahrenheit" in (message.rejected or "")
    if is_odd and may_be_fahrenheit:
        converted = parse(topic, payload, "F")
        if converted.temperature_c is not None and int(converted.temperature_c) in likely_c:
            return converted, "F"
    return message, None


def _is_any_number(topic: str, payload: bytes | None) -> bool:
    """Return whether a bare number may be anything: its topic speaks of no temperature."""
    is_bare = payload is not None and not payload.lstrip().startswith((b"{", b"["))
    return is_bare and not says_temperature(topic)


def _is_twin(topic: str, heard: Mapping[str, bytes]) -> bool:
    """Return whether another topic of the same device tells the same, and tells it better."""
    device, _, rest = topic.partition("/")
    if rest == "events/rpc":  # Shelly, second generation
        return any(other.startswith(f"{device}/status/temperature:") for other in heard)
    if device == "shellies" and rest.count("/") == 1:  # first generation: .../status
        return f"{topic.rpartition('/')[0]}/sensor/temperature" in heard
    if (single := _RADIO_SINGLE.match(topic)) is not None:
        return any(other.startswith(f"{single[1]}/events") for other in heard)
    return False


def _humidity_names(name: str) -> Iterator[str]:
    """Yield what the humidity beside a temperature of this name would be called."""
    for temperature, humidity in _PAIRS:
        head, found, tail = name.rpartition(temperature)
        if found:
            yield f"{head}{humidity}{tail}"


def _humidity_topic(topic: str, broker: Broker) -> str | None:
    """Return where the same sensor's humidity comes in messages of its own."""
    for other in _humidity_names(topic):
        if other in broker.heard:
            message = broker.parse(other, broker.heard[other], None)
            if message.relative_humidity_pct is not None:
                return other
    return None


def _humidity(broker: Broker, message: SensorMessage | None, topic: str | None) -> float | None:
    if message is not None and message.relative_humidity_pct is not None:
        return message.relative_humidity_pct
    if topic is None or topic not in broker.heard:
        return None
    return broker.parse(topic, broker.heard[topic], None).relative_humidity_pct


def _area_of(told: Announced | None, by_unique_id: Mapping[str, Entity]) -> str | None:
    """Return the area that Home Assistant gives to the same sensor."""
    if told is None:
        return None
    areas = [
        entity.area
        for unique_id in sorted(told.unique_ids)
        if (entity := by_unique_id.get(unique_id)) and entity.area
    ]
    return areas[0] if areas else told.area


def _entity_sensors(
    household: Household, broker: Broker | None, spoken: Iterable[SensorFound]
) -> Iterator[SensorFound]:
    """Yield the sensors that only Home Assistant knows."""
    known_ids = {
        unique_id
        for sensor in (broker.sensors() if broker else {}).values()
        for unique_id in sensor.unique_ids
    }
    # An entity that came over MQTT says what the broker says already.
    spoken_rooms = {sensor.room.casefold() for sensor in spoken if sensor.room}
    for entity in household.in_domain("sensor"):
        unit = entity.text("unit_of_measurement")
        if entity.kind not in ("temperature", "") or unit not in ("°C", "°F"):
            continue
        room = entity.area or room_name(entity.name) or room_name(entity.entity_id)
        is_over_mqtt = entity.platform == "mqtt" and (room or "").casefold() in spoken_rooms
        if entity.unique_id in known_ids or is_over_mqtt:
            continue
        humidity = _humidity_entity(entity, household)
        yield SensorFound(
            key=entity.entity_id,
            name=entity.name,
            room=room,
            temperature_c=celsius(entity.state, unit),
            relative_humidity_pct=_number(humidity.state) if humidity else None,
            humidity_key=humidity.entity_id if humidity else None,
            has_area=entity.area is not None,
        )


def _humidity_entity(entity: Entity, household: Household) -> Entity | None:
    """Return the humidity of the same name, else the only one of the same device.

    A station's several channels are one device: there only the name tells what belongs together.
    """
    sensors = household.in_domain("sensor")
    humidities = {each.entity_id: each for each in sensors if each.kind == "humidity"}
    for name in _humidity_names(entity.entity_id):
        if name in humidities:
            return humidities[name]
    own = [each for each in humidities.values() if each.device_id == entity.device_id]
    if entity.device_id is None or len(own) != 1:
        return None
    is_anothers = any(own[0].entity_id in _humidity_names(each.entity_id) for each in sensors)
    return None if is_anothers else own[0]


def celsius(state: str, unit: str) -> float | None:
    """Return a state in °C; `None` when it is no number.

    >>> celsius("68", "°F")
    20.0
    """
    value = _number(state)
    if value is None or unit != "°F":
        return value
    return round((value - 32) * 5 / 9, 2)


def _number(state: str) -> float | None:
    return float(state) if re.fullmatch(r"-?\d{1,6}(\.\d{1,9})?", state) else None


def _judged(sensor: SensorFound) -> SensorFound:
    """Return the sensor with what it is taken for, and why."""
    words = f"{sensor.name} {sensor.room or ''} {sensor.key}"
    value_c = sensor.temperature_c
    if (word := is_other(words)) is not None:
        return replace(sensor, fitness=Fitness.OTHER, why=f"by its name: {word}")
    if (word := is_outdoors(words)) is not None:
        return replace(sensor, fitness=Fitness.OUTDOORS, why=f"by its name: {word}")
    if value_c is not None and not COLDEST_ROOM_C <= value_c <= WARMEST_ROOM_C:
        return replace(sensor, fitness=Fitness.OTHER, why="no room has such a temperature")
    return sensor
