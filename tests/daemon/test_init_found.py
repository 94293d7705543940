"""What is announced, heard and known to Home Assistant becomes one list of sensors, then rooms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from daemon.bootstrap.initialising import parse
from daemon.init.announced import read_announcements
from daemon.init.household import Household, read_household
from daemon.init.names import id_of, is_bedroom, room_name
from daemon.init.plan import PhonePlan
from daemon.init.propose import phone_of, presence_of, propose
from daemon.init.sensors import Broker, Fitness, SensorFound, list_sensors

ZIGBEE = [
    {
        "friendly_name": "living_room",
        "ieee_address": "0x00158d00036c1821",
        "definition": {"exposes": [{"property": "temperature"}, {"property": "humidity"}]},
    },
    {
        "friendly_name": "Anna's bedroom sensor",
        "definition": {"exposes": [{"property": "temperature"}]},
    },
    {
        "friendly_name": "hall_plug",
        "definition": {"exposes": [{"features": [{"property": "state"}]}]},
    },
    {
        "friendly_name": "old",
        "disabled": True,
        "definition": {"exposes": [{"property": "temperature"}]},
    },
    {"friendly_name": "Coordinator", "definition": None},
]
DISCOVERED = {
    "~": "esp/kitchen",
    "stat_t": "~/sensor/temperature/state",
    "dev_cla": "temperature",
    "unit_of_meas": "°C",
    "uniq_id": "kitchen_t",
    "avty_t": "~/status",
    "dev": {"name": "Kitchen node", "sa": "Kitchen"},
}
BY_DEVICE = {
    "dev": {"name": "Study"},
    "o": {"name": "x"},
    "state_topic": "study/state",
    "cmps": {
        "t": {"p": "sensor", "dev_cla": "temperature", "val_tpl": "{{ value_json.temperature }}"},
        "c": {"p": "sensor", "dev_cla": "temperature", "val_tpl": "{{ value_json.cpu }}"},
        "b": {"p": "button", "cmd_t": "study/press"},
    },
}
TASMOTA = {
    "dn": "Nursery",
    "t": "nursery",
    "ft": "%prefix%/%topic%/",
    "tp": ["cmnd", "stat", "tele"],
}
TASMOTA_SENSORS = {"sn": {"Time": "x", "AM2301": {"Temperature": 21.0}, "TempUnit": "C"}}


def encoded(content: Mapping[str, object]) -> dict[str, bytes]:
    """Return payloads by topic."""
    return {topic: json.dumps(payload).encode() for topic, payload in content.items()}


def broker_with(announced: Mapping[str, object], heard: Mapping[str, str]) -> Broker:
    """Return a broker on which this is retained and was said."""
    broker = Broker(parse)
    for topic, payload in encoded(announced).items():
        broker.announce(topic, payload)
    for topic, text in heard.items():
        broker.hear(topic, text.encode())
    return broker


def household(*states: Mapping[str, object], **answers: object) -> Household:
    """Return a Home Assistant that shows these states."""
    return read_household({"states": list(states), **answers})


def state(entity_id: str, value: str, **attributes: object) -> dict[str, object]:
    """Return one state object."""
    return {"entity_id": entity_id, "state": value, "attributes": attributes}


@pytest.mark.parametrize(
    ("topic", "content", "expected"),
    [
        (
            "zigbee2mqtt/bridge/devices",
            ZIGBEE,
            ["zigbee2mqtt/Anna's bedroom sensor", "zigbee2mqtt/living_room"],
        ),
        ("z2m/bridge/devices", ZIGBEE[:1], ["z2m/living_room"]),
        (
            "homeassistant/sensor/kitchen/t/config",
            DISCOVERED,
            ["esp/kitchen/sensor/temperature/state"],
        ),
        ("homeassistant/device/study/config", BY_DEVICE, ["study/state"]),
        (
            "homeassistant/device/keepcool/config",
            {**BY_DEVICE, "state_topic": "keepcool/home/x"},
            [],
        ),
        ("homeassistant/switch/kitchen/config", DISCOVERED, []),
        ("homeassistant/sensor/x/config", {**DISCOVERED, "dev_cla": "power"}, []),
        ("homeassistant/sensor/x/config", {**DISCOVERED, "uniq_id": "x_device_temperature"}, []),
        ("homeassistant/sensor/x/config", [], []),
        ("homeassistant/sensor/x/config", {"stat_t": 5}, []),
        ("zigbee2mqtt/bridge/devices", {"no": "list"}, []),
    ],
)
def test_announcements_are_read(topic: str, content: object, expected: list[str]) -> None:
    """Zigbee2MQTT's list and discovery by entity and by device tell topics."""
    assert sorted(read_announcements(encoded({topic: content}))) == expected


def test_announcement_tells_name_area_and_availability() -> None:
    """A discovered sensor's device names it, suggests its area, and says where it is available."""
    (found,) = read_announcements(
        encoded({"homeassistant/sensor/kitchen/t/config": DISCOVERED})
    ).values()
    assert (found.name, found.area, found.unit) == ("Kitchen node", "Kitchen", "°C")
    assert found.availability_topic == "esp/kitchen/status"
    assert found.unique_ids == {"kitchen_t"}


@pytest.mark.parametrize(
    ("has_sensors", "expected"), [(True, ["tele/nursery/SENSOR"]), (False, [])]
)
def test_tasmota_is_announced_when_it_measures(expected: list[str], *, has_sensors: bool) -> None:
    """Tasmota's discovery names a device's topic, and only one with a temperature counts."""
    announced: dict[str, object] = {"tasmota/discovery/AABBCC/config": TASMOTA}
    if has_sensors:
        announced["tasmota/discovery/AABBCC/sensors"] = TASMOTA_SENSORS
    assert sorted(broker_with(announced, {}).sensors()) == expected


def test_broken_announcements_are_passed_over() -> None:
    """What is no JSON on a discovery topic hinders nobody."""
    payloads = {
        "zigbee2mqtt/bridge/devices": b"{",
        "tasmota/discovery/a/config": b"",
        "a/config": b"[",
    }
    assert read_announcements(payloads) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zigbee2mqtt/living_room", "Living room"),
        ("tele/LivingRoom/SENSOR", "Living room"),
        ("home/bedroom/temperature", "Bedroom"),
        ("Wohnzimmer Temperatur", "Wohnzimmer"),
        ("Kitchen sensor 2", "Kitchen"),
        pytest.param("zigbee2mqtt/0x00158d00036c1821", None, id="address alone"),
        ("shellies/shellyht-3CBD1F/sensor/temperature", None),
        ("home/TheengsGateway/BTtoMQTT/A4C13825F4AE", None),
        ("tele/tasmota/SENSOR", None),
        ("sensor.room_temperature", None),
        ("", None),
    ],
)
def test_room_is_read_out_of_names(text: str, expected: str | None) -> None:
    """A topic or name without its technical words is the room; addresses and makers are none."""
    assert room_name(text) == expected


def test_ids_fit_and_differ() -> None:
    """Whatever a room is called, its id fits the settings and is its own."""
    assert id_of("Anna's Küche", "room") == "annas-kuche"
    assert id_of("Спальня", "room") == "room"
    assert id_of("Спальня", "room", ["room"]) == "room-2"
    assert id_of("x" * 90, "room", ["x" * 36]) == "x" * 36 + "-2"
    assert [is_bedroom(name) for name in ("Bedroom", "Schlafzimmer", "Kitchen")] == [
        True,
        True,
        False,
    ]


def test_waiting_and_heard_sensors_are_listed() -> None:
    """A heard sensor shows its values; an announced one that did not speak yet is waiting."""
    broker = broker_with(
        {"zigbee2mqtt/bridge/devices": ZIGBEE},
        {
            "zigbee2mqtt/living_room": '{"temperature": 24.5, "humidity": 48, "linkquality": 80}',
            "zigbee2mqtt/living_room/availability": '{"state": "online"}',
            "attic/temperature": "27.25",
            "attic/humidity": "40",
            "zigbee2mqtt/hall_plug": '{"state": "ON"}',
            "keepcool/home/room/x/state": '{"temperature": 20}',
        },
    )
    found = {sensor.key: sensor for sensor in list_sensors(broker, None)}
    assert sorted(found) == [
        "attic/temperature",
        "zigbee2mqtt/Anna's bedroom sensor",
        "zigbee2mqtt/living_room",
    ]
    living = found["zigbee2mqtt/living_room"]
    assert (living.temperature_c, living.relative_humidity_pct) == (24.5, 48.0)
    assert living.availability_topic == "zigbee2mqtt/living_room/availability"
    assert not found["zigbee2mqtt/Anna's bedroom sensor"].is_heard
    attic = found["attic/temperature"]
    assert (attic.humidity_key, attic.relative_humidity_pct) == ("attic/humidity", 40.0)


@pytest.mark.parametrize(
    ("topic", "payload", "expected_c", "unit"),
    [
        ("study/temperature", "75.2", 24.0, "F"),  # a bare number that no room has in °C
        ("study/temperature", "24.0", 24.0, None),
        ("study/temperature", "45", 45.0, None),
        ("tele/study/SENSOR", '{"BME280":{"Temperature":75.2},"TempUnit":"F"}', 24.0, None),
        ("study/temperature", "300", None, None),
    ],
)
def test_fahrenheit_is_noticed(
    topic: str, payload: str, expected_c: float | None, unit: str | None
) -> None:
    """A number that only makes sense in Fahrenheit is read so, and the settings will say it."""
    found = list_sensors(broker_with({}, {topic: payload}), None)
    if expected_c is None:
        assert found == ()
        return
    (sensor,) = found
    assert sensor.temperature_c is not None
    assert round(sensor.temperature_c, 1) == expected_c
    assert sensor.unit == unit


@pytest.mark.parametrize(
    ("announced", "payload", "unit"),
    [
        ("°F", None, "F"),
        ("°C", None, None),
        ("°F", "74.3", "F"),
        ("°F", "50", "F"),
        ("°F", "45", "F"),  # 7 °C: likelier than 45 °C
        ("°F", "41", "F"),
        ("°F", "40.9", None),
        ("°F", "23.5", None),  # it was converted on the way to Home Assistant
    ],
)
def test_announced_fahrenheit_is_written(
    announced: str, payload: str | None, unit: str | None
) -> None:
    """A sensor that is announced in Fahrenheit and was not heard yet is read so later."""
    told = {"homeassistant/sensor/kitchen/t/config": {**DISCOVERED, "unit_of_meas": announced}}
    topic = "esp/kitchen/sensor/temperature/state"
    (sensor,) = list_sensors(broker_with(told, {topic: payload} if payload else {}), None)
    assert sensor.unit == unit


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("zigbee2mqtt/kitchen", '{"temperature": 23}', Fitness.ROOM),
        ("zigbee2mqtt/kitchen_fridge", '{"temperature": 6}', Fitness.OTHER),
        ("tele/boiler/SENSOR", '{"DS18B20": {"Temperature": 41.0}}', Fitness.OTHER),
        ("zigbee2mqtt/Garten", '{"temperature": 31}', Fitness.OUTDOORS),
        ("zigbee2mqtt/cellar", '{"temperature": 4.9}', Fitness.OTHER),
        ("zigbee2mqtt/cellar", '{"temperature": 5.0}', Fitness.ROOM),
        ("zigbee2mqtt/cellar", '{"temperature": 45.0}', Fitness.ROOM),
        ("zigbee2mqtt/cellar", '{"temperature": 45.1}', Fitness.OTHER),
    ],
)
def test_what_is_no_room_is_told_apart(topic: str, payload: str, expected: Fitness) -> None:
    """Freezers, boilers and gardens are named as such and never proposed as a room."""
    (sensor,) = list_sensors(broker_with({}, {topic: payload}), None)
    assert sensor.fitness is expected
    assert bool(sensor.why) is (expected is not Fitness.ROOM)
    assert bool(propose([sensor], None).rooms) is (expected is Fitness.ROOM)


@pytest.mark.parametrize(
    ("topic", "payload", "is_listed"),
    [
        ("attic/temperature", "22.5", True),
        ("Sonoff_TH/temp/0", "22.5", True),
        ("attic/fan/percentage", "22.5", False),
        ("counter", "22", False),
        ("attic/climate", '{"temperature": 22.5}', True),
    ],
)
def test_bare_number_needs_a_topic_that_says_what_it_is(
    topic: str, payload: str, *, is_listed: bool
) -> None:
    """Of all the numbers on a broker only those are listed that are called a temperature."""
    assert bool(list_sensors(broker_with({}, {topic: payload}), None)) is is_listed


def test_humidity_beside_two_temperatures_counts_once() -> None:
    """A device with two temperatures and one humidity does not lend it to both."""
    celsius = {"device_class": "temperature", "unit_of_measurement": "°C"}
    states = [state("sensor.a", "21", **celsius), state("sensor.b", "22", **celsius)]
    states.append(state("sensor.h", "50", device_class="humidity", unit_of_measurement="%"))
    rows = [{"entity_id": each["entity_id"], "device_id": "d"} for each in states]
    found = list_sensors(None, household(*states, entities=rows))
    assert [sensor.humidity_key for sensor in found] == ["sensor.h", None]


@pytest.mark.parametrize(
    ("temperatures", "humidities", "expected"),
    [
        (  # a station: the name tells, whichever comes first
            ("s_ch1_temperature", "s_ch2_temperature"),
            ("s_ch2_humidity", "s_ch1_humidity"),
            {"s_ch1_temperature": "s_ch1_humidity", "s_ch2_temperature": "s_ch2_humidity"},
        ),
        (
            ("gw_temperature_1", "gw_temperature_2", "gw_outdoor_temperature"),
            ("gw_humidity_2",),
            {"gw_temperature_2": "gw_humidity_2"},
        ),
        (("s_ch1_temp",), ("s_ch1_humidity", "s_ch2_humidity"), {"s_ch1_temp": "s_ch1_humidity"}),
        (("ch1",), ("ch1_moist", "ch2_moist"), {}),  # two, and no name tells which
        (("a", "z_temperature"), ("z_humidity",), {"z_temperature": "z_humidity"}),
        (("kitchen",), ("moist",), {"kitchen": "moist"}),  # the device's only one
    ],
)
def test_humidity_belongs_to_the_temperature_of_its_name(
    temperatures: tuple[str, ...], humidities: tuple[str, ...], expected: Mapping[str, str]
) -> None:
    """Of one device's channels each gets its own humidity by name, or none at all."""
    celsius = {"device_class": "temperature", "unit_of_measurement": "°C"}
    states = [state(f"sensor.{name}", "50", device_class="humidity") for name in humidities]
    states += [state(f"sensor.{name}", "21", **celsius) for name in temperatures]
    rows = [{"entity_id": each["entity_id"], "device_id": "d"} for each in states]
    found = list_sensors(None, household(*states, entities=rows))
    assert {
        sensor.key.removeprefix("sensor."): sensor.humidity_key.removeprefix("sensor.")
        for sensor in found
        if sensor.humidity_key
    } == expected


def test_humidity_of_no_device_is_nobodys() -> None:
    """Entities without a device belong together by their names alone."""
    celsius = {"device_class": "temperature", "unit_of_measurement": "°C"}
    states = [
        state("sensor.room", "21", **celsius),
        state("sensor.h", "5", device_class="humidity"),
    ]
    (sensor,) = list_sensors(None, household(*states))
    assert sensor.humidity_key is None


def test_radio_sensors_on_one_topic_are_told_apart() -> None:
    """Two radio sensors of rtl_433's common topic are two sensors, each with its match."""
    broker = Broker(parse)
    for number in (42, 43):
        payload = {"model": "Acurite", "id": number, "temperature_C": 21.5, "humidity": 40}
        broker.hear("rtl_433/pi/events", json.dumps(payload).encode())
    broker.hear("rtl_433/pi/devices/Acurite/42/temperature_C", b"21.5")
    found = list_sensors(broker, None)
    assert [sensor.match for sensor in found] == [
        {"model": "Acurite", "id": "42"},
        {"model": "Acurite", "id": "43"},
    ]
    assert {sensor.topic for sensor in found} == {"rtl_433/pi/events"}


def test_shelly_is_listed_once() -> None:
    """A Shelly of the second generation says the same on two topics, and is one sensor."""
    report = {
        "src": "s",
        "method": "NotifyStatus",
        "params": {"temperature:0": {"id": 0, "tC": 19.0}},
    }
    heard = {
        "shellyplusht-c049/events/rpc": json.dumps(report),
        "shellyplusht-c049/status/temperature:0": '{"id": 0, "tC": 19.0}',
        "shellyplusht-c049/status/humidity:0": '{"id": 0, "rh": 50.0}',
    }
    (sensor,) = list_sensors(broker_with({}, heard), None)
    assert sensor.topic == "shellyplusht-c049/status/temperature:0"
    assert sensor.humidity_key == "shellyplusht-c049/status/humidity:0"


def test_field_recordings_never_trip_it(shared_data: Path) -> None:
    """Every recorded message of the field is heard without an error, and good rooms are listed."""
    broker = Broker(parse)
    rows = [
        json.loads(line) for line in (shared_data / "mqtt_samples.jsonl").read_text().splitlines()
    ]
    for row in rows:
        broker.hear(row["topic"], row["payload"].encode())
    keys = {sensor.key for sensor in list_sensors(broker, None)}
    assert {
        "zigbee2mqtt/0x00158d00036c1821",
        "shellies/shellyht-3CBD1F/sensor/temperature",
        "ecowitt2mqtt/6B84",
        "ble2mqtt/0C58",
    } <= keys
    assert not {key for key in keys if "STATUS10" in key or key.startswith("domoticz")}


REGISTRIES: Mapping[str, object] = {
    "config": {
        "version": "2025.4.4",
        "location_name": "Lab",
        "latitude": 52.3712,
        "longitude": 4.8901,
        "time_zone": "Europe/Amsterdam",
        "country": "NL",
    },
    "user": {"is_admin": False},
    "areas": [
        {"area_id": "living_room", "name": "Living Room"},
        {"area_id": "bed", "name": "Bedroom"},
    ],
    "devices": [
        {"id": "d1", "area_id": "bed", "name": "Sensor"},
        {
            "id": "p1",
            "name": "Annas phone",
            "manufacturer": "Apple",
            "identifiers": [["mobile_app", "x"]],
        },
    ],
    "entities": [
        {"entity_id": "sensor.t", "device_id": "d1", "platform": "zha", "unique_id": "u1"},
        {"entity_id": "sensor.h", "device_id": "d1", "platform": "zha"},
        {
            "entity_id": "sensor.kt",
            "area_id": "living_room",
            "platform": "mqtt",
            "unique_id": "kitchen_t",
        },
        {"entity_id": "sensor.cpu", "entity_category": "diagnostic"},
        {"entity_id": "sensor.kc", "platform": "mqtt", "unique_id": "keepcool_home_t"},
        {"entity_id": "climate.ac", "area_id": "bed"},
        {"entity_id": "binary_sensor.pir", "area_id": "bed"},
    ],
    "services": {"notify": {"mobile_app_annas_phone": {}, "mobile_app_bens": {}, "notify": {}}},
}
STATES = (
    state(
        "sensor.t", "77.0", device_class="temperature", unit_of_measurement="°F", friendly_name="T"
    ),
    state("sensor.h", "51", device_class="humidity", unit_of_measurement="%"),
    state("sensor.kt", "23", device_class="temperature", unit_of_measurement="°C"),
    state("sensor.cpu", "60", device_class="temperature", unit_of_measurement="°C"),
    state("sensor.kc", "23", device_class="temperature", unit_of_measurement="°C"),
    state("climate.ac", "off", hvac_modes=["off", "cool"], friendly_name="AC"),
    state("climate.radiator", "heat", hvac_modes=["off", "heat"], friendly_name="Radiator"),
    state("switch.plug", "off", friendly_name="Plug"),
    state("humidifier.wet", "off", device_class="humidifier"),
    state("binary_sensor.pir", "off", device_class="motion"),
    state("person.anna", "home", friendly_name="Anna"),
    state("person.ben", "unknown", friendly_name="Ben"),
    state("weather.daily", "sunny", supported_features=1),
    state("weather.home", "sunny", supported_features=3),
)


def test_home_assistant_is_read() -> None:
    """Registries give areas, phones, the place, and which entities are for people."""
    home = household(*STATES, **REGISTRIES)
    assert home.areas == ("Bedroom", "Living Room")
    assert (home.place.latitude_deg, home.place.longitude_deg) == (52.37, 4.89)
    assert (home.place.time_zone, home.place.country) == ("Europe/Amsterdam", "NL")
    assert not home.is_administrator
    assert [(phone.service, phone.kind) for phone in home.phones] == [
        ("notify.mobile_app_annas_phone", "iphone"),
        ("notify.mobile_app_bens", "android"),
    ]
    assert [each.entity_id for each in home.in_domain("sensor")] == [
        "sensor.h",
        "sensor.t",
        "sensor.kt",
    ]


def test_entities_and_topics_are_joined() -> None:
    """An entity that came over MQTT counts once, by its topic, in the area it has there."""
    broker = broker_with(
        {"homeassistant/sensor/kitchen/t/config": DISCOVERED},
        {"esp/kitchen/sensor/temperature/state": "23.5"},
    )
    found = list_sensors(broker, household(*STATES, **REGISTRIES))
    assert [(sensor.key, sensor.room) for sensor in found] == [
        ("esp/kitchen/sensor/temperature/state", "Living Room"),
        ("sensor.t", "Bedroom"),
    ]
    assert (found[1].temperature_c, found[1].humidity_key) == (25.0, "sensor.h")


def test_proposal_makes_rooms_and_commands_nothing() -> None:
    """Rooms come from areas, with motion; what plainly cools is marked, and none is taken."""
    home = household(*STATES, **REGISTRIES)
    proposal = propose(list_sensors(None, home), home)
    rooms = {room.name: room for room in proposal.rooms}
    assert sorted(rooms) == ["Bedroom", "Living Room"]
    assert rooms["Bedroom"].is_bedroom
    assert rooms["Bedroom"].motion == ("binary_sensor.pir",)
    assert all(room.cooling == () for room in proposal.rooms)
    marked = {each.entity_id: (each.is_proposed, each.room) for each in proposal.cooling}
    assert marked == {
        "climate.ac": (True, "Bedroom"),
        "climate.radiator": (False, "Radiator"),
        "switch.plug": (False, None),
    }
    assert proposal.weather.sources == ("open_meteo", "home_assistant")
    assert proposal.weather.entity == "weather.home"


def test_malformed_answers_give_an_empty_household() -> None:
    """What Home Assistant answers in another shape is left out, and nothing raises."""
    odd = {
        "states": [1, {"entity_id": 2}],
        "areas": {"x": 1},
        "config": [],
        "services": [],
        "user": 3,
    }
    home = read_household(odd)
    assert (home.entities, home.areas, home.phones) == ((), (), ())
    assert home.place.country is None


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"), [(0, 0, None), (0, 9.4, 0.0), ("x", 1, None)]
)
def test_place_that_nobody_set_is_unknown(
    latitude: object, longitude: object, expected: float | None
) -> None:
    """Zero, zero is no home; what is no number neither."""
    config = {"latitude": latitude, "longitude": longitude}
    assert read_household({"config": config}).place.latitude_deg == expected


def test_phone_and_presence_follow_the_name() -> None:
    """A phone with the person's name is theirs, and so is the only one."""
    phones = [
        PhonePlan(f"notify.mobile_app_{name}", "android") for name in ("bens_phone", "annas_phone")
    ]
    assert phone_of("Anna", phones) == 1
    assert phone_of("Carla", phones) is None
    assert phone_of("Carla", phones[:1]) == 0
    assert phone_of("Carla", []) is None
    home = household(*STATES)
    assert presence_of("anna", home) == "person.anna"
    assert presence_of("Ben", home) is None
    assert presence_of("Anna", None) is None


def test_sensor_without_a_room_is_not_placed() -> None:
    """A sensor that does not say where it is waits for somebody to tell."""
    sensor = SensorFound(
        "zigbee2mqtt/0x1", "0x1", None, topic="zigbee2mqtt/0x1", temperature_c=22.0
    )
    proposal = propose([sensor], None)
    assert (proposal.rooms, proposal.unplaced) == ((), (sensor,))
