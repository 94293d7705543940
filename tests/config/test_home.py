"""Settings become the home, its rooms, people and sensors."""

from __future__ import annotations

import re
from datetime import time, timedelta
from pathlib import Path

import pytest

from config.addresses import is_private, is_this_machine
from config.emergency import EMERGENCY_NUMBERS
from config.fields import slug_of
from config.home import (
    PowerMeterSettings,
    build_home,
    build_people,
    build_power_meters,
    build_rooms,
    build_sensors,
)
from config.model import CoolingTable, ElectricityTable, PersonTable, ThresholdsTable
from config.settings import load_settings
from config.source import EXAMPLE
from policies.model import (
    CoolingDevice,
    CoolingRole,
    DeviceKind,
    Flag,
    Person,
    Phone,
    PhoneKind,
    Stay,
    Tuning,
)
from tests.settings_texts import HOME, HOME_ASSISTANT, MINIMAL, PERSON, ROOM, load, refusal


def test_defaults_are_those_of_the_policies(tmp_path: Path) -> None:
    """A key that is not given has the policies' own default, so that there is one truth."""
    cooling = '[[room.cooling]]\nentity = "climate.a"\n'
    settings = load(tmp_path, MINIMAL + cooling + HOME_ASSISTANT)
    assert build_home(settings).tuning == Tuning()
    assert build_people(settings) == (Person("anna", "Anna", ("bedroom",)),)
    expected = CoolingDevice(
        "climate-a", "bedroom", "climate.a", DeviceKind.CLIMATE, CoolingRole.AIR_CONDITIONER
    )
    assert build_rooms(settings)[0].devices == (expected,)


def test_home_has_an_id_and_a_number_to_call(tmp_path: Path) -> None:
    """The id comes from the name, the emergency number from the country, unless they are given."""
    home = build_home(load(tmp_path, MINIMAL.replace("Flat", "Anna's Flat").replace("DE", "au")))
    assert (home.home_id, home.emergency_number) == ("annas-flat", "000")
    text = MINIMAL.replace('"DE"', '"US"\nid = "upstairs"\nemergency_number = "+1 555 0100"')
    home = build_home(load(tmp_path, text))
    assert (home.home_id, home.emergency_number) == ("upstairs", "+1 555 0100")


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("DE", "112"),
        ("UK", "999"),
        ("GB", "999"),
        ("US", "911"),
        ("CA", "911"),
        ("AU", "000"),
        ("NZ", "111"),
        ("IE", "112"),
        ("CH", "112"),
        ("NO", "112"),
        ("IS", "112"),
    ],
)
def test_emergency_number_of_a_country(tmp_path: Path, country: str, number: str) -> None:
    """The safety texts name the number of the country."""
    home = build_home(load(tmp_path, MINIMAL.replace("DE", country)))
    assert home.emergency_number == number


def test_emergency_numbers_have_the_shape_of_numbers() -> None:
    """Every listed country has two letters and a short number, and the EU is complete."""
    assert len(EMERGENCY_NUMBERS.keys() - {"CH", "GB", "US"}) == 44
    assert list(EMERGENCY_NUMBERS.values()).count("112") == 27 + 10
    for country, number in EMERGENCY_NUMBERS.items():
        assert len(country) == 2
        assert country.isupper()
        assert number.isdecimal()
        assert 3 <= len(number) <= 4


def test_test_bench_can_switch_rules_off(tmp_path: Path) -> None:
    """Holds, windows, step check, pauses and budgets can all be off."""
    text = (
        MINIMAL
        + (
            '[[room.cooling]]\nentity = "climate.a"\nminimum_on_s = 0\nminimum_off_s = 0\n'
            "[thresholds]\nrolling_window_s = 0\nfast_window_s = 0\nresolve_hold_s = 0\n"
            "hysteresis_c = 0\nmax_step_c_per_min = 0\nbudgets = false\nrepeat_interval_s = 0\n"
            "planning_horizon_h = 0\ndecision_interval_s = 0.05\n"
        )
        + HOME_ASSISTANT
    )
    settings = load(tmp_path, text)
    nothing = timedelta(0)
    tuning = build_home(settings).tuning
    assert (tuning.rolling_window, tuning.fast_window, tuning.resolve_hold) == (nothing,) * 3
    assert (tuning.repeat_interval, tuning.planning_horizon) == (nothing, nothing)
    assert (tuning.hysteresis_c, tuning.maximum_step_c_per_min) == (0.0, None)
    assert min(tuning.nudges_per_day, tuning.pushes_per_day) >= 1_000_000
    device = build_rooms(settings)[0].devices[0]
    assert (device.minimum_on, device.minimum_off) == (nothing, nothing)
    assert settings.thresholds.decision_interval_s == 0.05


def test_person_is_built_whole(tmp_path: Path) -> None:
    """Every key of a person arrives, and the rooms of their stays count among their rooms."""
    person = PERSON + (
        "level_1_c = 25\nlevel_2_c = 28\nlevel_3_c = 31\nnight_level_1_c = 23\n"
        'night_level_2_c = 25\noffset_c = -0.5\nwake_at = 06:30:00\nbed_at = "23:15"\n'
        'quiet_from = "22:00"\nquiet_until = "08:00"\nbrief_at = "07:15"\n'
        "drinks_goal_ml = 1800\nportion_ml = 150\ndrink_interval_s = 3600\nevening_cut_off_s = 0\n"
        "reduced_sweating = true\nfluid_restricted = true\n"
        '[[person.stay]]\nroom = "hall"\nfrom = "22:00"\nuntil = "07:00"\n'
        '[[person.phone]]\nservice = "notify.mobile_app_x"\nkind = "iphone"\n'
    )
    hall = '[[room]]\nid = "hall"\nname = "Hall"\nbedroom = true\n'
    (built,) = build_people(load(tmp_path, HOME + person + ROOM + hall + HOME_ASSISTANT))
    assert built == Person(
        person_id="anna",
        name="Anna",
        rooms=("bedroom", "hall"),
        stays=(Stay("hall", time(22, 0), time(7, 0)),),
        level_1_c=25.0,
        level_2_c=28.0,
        level_3_c=31.0,
        night_level_1_c=23.0,
        night_level_2_c=25.0,
        offset_c=-0.5,
        flags=frozenset({Flag.REDUCED_SWEATING, Flag.FLUID_RESTRICTED}),
        wake_at=time(6, 30),
        bed_at=time(23, 15),
        quiet_from=time(22, 0),
        quiet_until=time(8, 0),
        brief_at=time(7, 15),
        drinks_goal_ml=1800,
        portion_ml=150,
        drink_interval=timedelta(hours=1),
        evening_cut_off=timedelta(0),
        phones=(Phone("anna:mobile_app_x", "mobile_app_x", PhoneKind.IPHONE),),
    )


@pytest.mark.parametrize(
    ("lines", "kind", "role", "rest_s", "name"),
    [
        ('entity = "climate.a"', DeviceKind.CLIMATE, CoolingRole.AIR_CONDITIONER, 600, "AC"),
        ('entity = "fan.a"', DeviceKind.FAN, CoolingRole.FAN, 120, "fan"),
        ('entity = "switch.a"\nrole = "fan"', DeviceKind.SWITCH, CoolingRole.FAN, 120, "fan"),
        (
            'entity = "switch.a"\nrole = "air_conditioner"\nname = "Box"',
            DeviceKind.SWITCH,
            CoolingRole.AIR_CONDITIONER,
            600,
            "Box",
        ),
    ],
)
def test_device_follows_its_entity(
    tmp_path: Path, lines: str, kind: DeviceKind, role: CoolingRole, rest_s: int, name: str
) -> None:
    """Kind, role and the pauses of a device follow from its entity's domain."""
    text = MINIMAL + f"[[room.cooling]]\n{lines}\n" + HOME_ASSISTANT
    (device,) = build_rooms(load(tmp_path, text))[0].devices
    assert (device.kind, device.role, device.name) == (kind, role, name)
    assert device.minimum_on == device.minimum_off == timedelta(seconds=rest_s)
    assert not device.has_power_sensor


def test_power_path_is_carried(tmp_path: Path) -> None:
    """A plug's own topic may say where its message holds the watts."""
    lines = '[[room.cooling]]\nentity = "switch.a"\nrole = "fan"\npower_topic = "plug/a"\n'
    settings = load(tmp_path, MINIMAL + lines + 'power_path = "meter.w"\n' + HOME_ASSISTANT)
    assert build_power_meters(settings) == (
        PowerMeterSettings("switch-a", None, "plug/a", "meter.w"),
    )


def test_power_meter_is_listed(tmp_path: Path) -> None:
    """A plug's power meter is named beside the device."""
    lines = '[[room.cooling]]\nentity = "switch.a"\nrole = "fan"\npower_entity = "sensor.a_power"\n'
    settings = load(tmp_path, MINIMAL + lines + HOME_ASSISTANT)
    assert build_power_meters(settings) == (
        PowerMeterSettings("switch-a", "sensor.a_power", None, None),
    )
    assert build_rooms(settings)[0].devices[0].has_power_sensor


def test_sensor_carries_its_mapping(tmp_path: Path) -> None:
    """Paths, unit and match of a sensor arrive; its id comes from its topic."""
    text = MINIMAL + (
        '[[room.sensor]]\ntopic = "Attic/Weather"\ntemperature_path = '
        '"r.t"\nhumidity_path = "r.h"\n'
        'unit = "°F"\nmatch = { id = 42, model = "X" }\nquantity = "temperature"\n'
        "stale_after_s = 600\n"
    )
    plain, mapped = build_sensors(load(tmp_path, text))
    assert (plain.sensor_id, plain.stale_after, plain.mapping.unit) == (
        "zigbee2mqtt-bedroom",
        None,
        None,
    )
    assert (mapped.sensor_id, mapped.room_id, mapped.room_name) == (
        "attic-weather",
        "bedroom",
        "Bedroom",
    )
    assert mapped.topic == "Attic/Weather"
    assert (mapped.mapping.temperature_path, mapped.mapping.humidity_path) == ("r.t", "r.h")
    assert (mapped.mapping.unit, mapped.mapping.quantity) == ("F", "temperature")
    assert mapped.mapping.match == {"id": "42", "model": "X"}
    assert mapped.stale_after == timedelta(minutes=10)


def test_example_is_a_tour_of_every_key() -> None:
    """The example names every key that there is, in force or as a comment."""
    text = EXAMPLE.read_text()
    names = [
        info.alias or name
        for table in (PersonTable, ThresholdsTable, CoolingTable, ElectricityTable)
        for name, info in table.model_fields.items()
    ]
    missing = [name for name in names if name not in text]
    assert missing == []


def test_example_holds_with_every_comment_switched_on(tmp_path: Path) -> None:
    """All keys that the example shows as comments are right as well, but for an absent file."""
    tour = re.sub(r"^# (?=[a-z_0-9]+ = |\[)", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    assert tour.count("\n# ") < EXAMPLE.read_text().count("\n# ") - 30
    (problem,) = refusal(tmp_path, tour)
    assert "mqtt.ca_file: there is no file /etc/keepcool/ca.crt; " in problem


def test_example_loads() -> None:
    """The example is accepted as it stands, with two rooms and somebody in them."""
    settings = load_settings(EXAMPLE, environ={}, credentials_directory=None, require_secrets=False)
    (person,) = build_people(settings)
    assert person.rooms == ("living-room", "bedroom")
    assert [room.is_bedroom for room in build_rooms(settings)] == [False, True]


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("localhost", True), ("127.0.0.1", True), ("::1", True), ("[::1]", True),
        ("192.168.1.5", True),
        ("10.1.2.3", True), ("172.16.0.1", True), ("172.32.0.1", False), ("100.100.1.1", True),
        ("fe80::1%eth0", True), ("fd00::1", True), ("2001:4860:4860::8888", False),
        ("8.8.8.8", False),
        ("homeassistant", True), ("broker.local", True), ("broker.LAN", True),
        ("pi.fritz.box", True),
        ("broker.home.arpa", True), ("mqtt.example.com", False), ("local.example.com", False),
        ("broker.local.", True), ("broker.nolocal", False),
    ],
)  # fmt: skip
def test_private_address(host: str, private: bool) -> None:  # noqa: FBT001 - a table's column
    """The home's own addresses are told from public ones by name or number."""
    assert is_private(host) is private


def test_this_machine() -> None:
    """Only loopback is this machine."""
    assert is_this_machine("localhost")
    assert is_this_machine("127.8.8.8")
    assert not is_this_machine("192.168.1.5")


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Anna's Flat", "annas-flat"), ("zigbee2mqtt/Living Room", "zigbee2mqtt-living-room"),
     ("climate.living_room", "climate-living_room"), ("+#/$", ""), ("x" * 50, "x" * 40)],
)  # fmt: skip
def test_slug(text: str, slug: str) -> None:
    """An id made from a name is safe in topics."""
    assert slug_of(text) == slug
