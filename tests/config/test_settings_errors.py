"""What is wrong with the settings is said at once, with place, value, range and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsError
from config.settings import load_settings
from tests.canary import CANARY
from tests.settings_texts import (
    HOME,
    HOME_ASSISTANT,
    MINIMAL,
    PERSON,
    ROOM,
    load,
    refusal,
    warnings_of,
)


def test_minimal_settings_load(tmp_path: Path) -> None:
    """A home, a person and a room with a sensor are enough."""
    settings = load(tmp_path, MINIMAL)
    assert settings.people[0].level_1_c == 26.0
    assert settings.mqtt.host == "localhost"
    assert settings.mqtt_port == 1883


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "level_1_c = 80",
            (
                "keepcool.toml:11  person.level_1_c = 80: allowed 23 to 28 °C; "
                "that looks like Fahrenheit: 80 °F is 26.7 °C"
            ),
        ),
        ("level_1_c = 22.9", "keepcool.toml:11  person.level_1_c = 22.9: allowed 23 to 28 °C"),
        ("level_3_c = 34", "keepcool.toml:11  person.level_3_c = 34: allowed 29 to 33 °C"),
        (
            "level_1_c = nan",
            "keepcool.toml:11  person.level_1_c = nan: is not a number; allowed 23 to 28 °C",
        ),
        (
            'level_1_c = "26,5"',
            (
                'keepcool.toml:11  person.level_1_c = "26,5": is not a number; '
                "allowed 23 to 28 °C; write 26.5"
            ),
        ),
        (
            "level_1_c = true",
            "keepcool.toml:11  person.level_1_c = true: is not a number; allowed 23 to 28 °C",
        ),
        (
            "portion_ml = 150.5",
            (
                "keepcool.toml:11  person.portion_ml = 150.5: is not a whole number; "
                "allowed 100 to 300 ml"
            ),
        ),
        (
            "drink_interval_s = 60",
            (
                "keepcool.toml:11  person.drink_interval_s = 60: allowed 2700 to 10800 s; "
                "that looks like minutes: 60 minutes is 3600 s"
            ),
        ),
        (
            "drink_interval_s = 2",
            (
                "keepcool.toml:11  person.drink_interval_s = 2: allowed 2700 to 10800 s; "
                "that looks like hours: 2 hours is 7200 s"
            ),
        ),
        ("offset_c = 80", "keepcool.toml:11  person.offset_c = 80: allowed -3 to 2 °C"),
        (
            "level_1_c = 28\nlevel_2_c = 27",
            (
                "keepcool.toml:12  person.level_2_c = 27: level_1_c is 28 and level_2_c is 27; "
                "they must rise: level_1_c < level_2_c < level_3_c"
            ),
        ),
        (
            "level_2_c = 31\nlevel_3_c = 31",
            (
                "keepcool.toml:12  person.level_3_c = 31: level_2_c is 31 and level_3_c is 31; "
                "they must rise: level_1_c < level_2_c < level_3_c"
            ),
        ),
        (
            "night_level_1_c = 26",
            (
                "keepcool.toml:11  person.night_level_1_c = 26: night_level_1_c is 26 and "
                "night_level_2_c is 26; they must rise: night_level_1_c < night_level_2_c"
            ),
        ),
        ("levl_1_c = 25", "keepcool.toml:11  person.levl_1_c: unknown key; nearest key level_1_c"),
        (
            "latitude_deg = 50",
            "keepcool.toml:11  person.latitude_deg: unknown key; it belongs in [home]",
        ),
        (
            "zzz = 50",
            (
                "keepcool.toml:11  person.zzz: unknown key; "
                "take it out; config/example.toml shows every key"
            ),
        ),
        (
            "wake_at = 700",
            (
                "keepcool.toml:11  person.wake_at = 700: is not a time of day; "
                'allowed "00:00" to "23:59"; write "07:30"'
            ),
        ),
        (
            'bed_at = "07:00"',
            'keepcool.toml:11  person.bed_at = "07:00": wake_at and bed_at are the same',
        ),
        (
            'quiet_until = "22:30"',
            (
                'keepcool.toml:11  person.quiet_until = "22:30": quiet hours begin and end at the '
                "same time; take quiet_from and quiet_until out: then they are from bed_at to "
                "wake_at"
            ),
        ),
        (
            "heat_sensitive = 1",
            (
                "keepcool.toml:11  person.heat_sensitive = 1: is neither true nor false; "
                "allowed true or false, without quotes"
            ),
        ),
        (
            'phone = "notify.mobile_app_x"',
            (
                'keepcool.toml:11  person.phone = "notify.mobile_app_x": is a list of tables; '
                "write [[person.phone]] with double brackets"
            ),
        ),
        (
            '[[person.stay]]\nroom = "bedrom"\nfrom = "22:00"\nuntil = "07:00"',
            (
                'keepcool.toml:12  person.stay.room = "bedrom": there is no [[room]] with this id; '
                'nearest "bedroom"'
            ),
        ),
        (
            '[[person.stay]]\nroom = "bedroom"\nfrom = "22:00"\nuntil = "22:00"',
            (
                'keepcool.toml:14  person.stay.until = "22:00": from and until are the same; '
                'for the whole day, add the room to rooms = ["..."] instead'
            ),
        ),
    ],
)
def test_error_about_a_person_says(tmp_path: Path, line: str, expected: str) -> None:
    """A wrong line of a person is told with its place, its range and what to do."""
    assert refusal(tmp_path, HOME + PERSON + line + "\n" + ROOM) == [expected]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "latitude_deg = 52.5\n",
            "",
            "keepcool.toml:1  home.latitude_deg: is missing; for example latitude_deg = 52.5",
        ),
        (
            "longitude_deg = 13.4",
            "longitude_deg = 213.4",
            "keepcool.toml:4  home.longitude_deg = 213.4: allowed -180 to 180 °",
        ),
        (
            "Europe/Berlin",
            "Europe/Berln",
            (
                'keepcool.toml:5  home.time_zone = "Europe/Berln": is not a time zone; '
                'nearest "Europe/Berlin"'
            ),
        ),
        (
            '"DE"',
            '"Germany"',
            (
                'keepcool.toml:6  home.country = "Germany": is not a country code; '
                'allowed two letters, for example "DE" or "US"'
            ),
        ),
        (
            '"DE"',
            '"XK"',
            (
                'keepcool.toml:6  home.country = "XK": keepcool does not know this country\'s '
                'emergency number; add emergency_number = "..." to [home]'
            ),
        ),
        (
            '"DE"',
            '"DE"\nemergency_number = 112',
            (
                "keepcool.toml:7  home.emergency_number = 112: is not text; "
                'write it in quotes, "like this"'
            ),
        ),
        (
            '"Flat"',
            f'"{"x" * 61}"',
            (
                f'keepcool.toml:2  home.name = "{"x" * 57}...": is 61 characters long; '
                "allowed 1 to 60 characters"
            ),
        ),
        (
            '"Flat"',
            '" "',
            'keepcool.toml:2  home.name = " ": is empty; write something or take the key out',
        ),
        (
            '"DE"',
            '"DE"\nemergency_number = "call us"',
            (
                'keepcool.toml:7  home.emergency_number = "call us": is not a telephone number; '
                'write it in quotes, "112"'
            ),
        ),
        (
            '"Europe/Berlin"',
            '"../../etc/passwd"',
            (
                'keepcool.toml:5  home.time_zone = "../../etc/passwd": is not a time zone; '
                'for example "Europe/Berlin"'
            ),
        ),
        (
            "zigbee2mqtt/bedroom",
            "t" * 513,
            (
                f'keepcool.toml:15  room.sensor.topic = "{"t" * 57}...": is too long; '
                "allowed at most 512 bytes"
            ),
        ),
        (
            '"Flat"',
            '"Flat\\u001b[31m"',
            (
                'keepcool.toml:2  home.name = "Flat\\x1b[31m": holds a newline or another control '
                "character; write it in one line of plain UTF-8 text"
            ),
        ),
    ],
)
def test_error_about_the_home_says(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """A wrong line of the home is told with its place, its range and what to do."""
    assert refusal(tmp_path, MINIMAL.replace(old, new)) == [expected]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            '[mqtt]\nhost = "mqtt://broker.local"',
            (
                'keepcool.toml:17  mqtt.host = "mqtt://broker.local": is more than a host name; '
                'write the name alone, "mqtt.local"'
            ),
        ),
        (
            '[mqtt]\nhost = "broker.local:1884"',
            (
                'keepcool.toml:17  mqtt.host = "broker.local:1884": holds a port; '
                'write host = "broker.local" and port = 1884'
            ),
        ),
        ("[mqtt]\nport = 70000", "keepcool.toml:17  mqtt.port = 70000: allowed 1 to 65535"),
        (
            '[mqtt]\nversion = "3.1"',
            (
                'keepcool.toml:17  mqtt.version = "3.1": is not one of the choices; '
                'allowed "5" or "3.1.1"; nearest "3.1.1"'
            ),
        ),
        (
            '[mqtt]\nbase_topic = "keepcool/"',
            (
                'keepcool.toml:17  mqtt.base_topic = "keepcool/": starts or ends with /; '
                'write "keepcool"'
            ),
        ),
        (
            '[mqtt]\nca_file = "ca.crt"',
            (
                "keepcool.toml:17  mqtt.ca_file: there is no file ca.crt; "
                "name the certificate of the authority that signed the broker's"
            ),
        ),
        (
            '[[mqtt]]\nhost = "localhost"',
            "keepcool.toml:16  mqtt = a list: is not a table; write [mqtt], its keys below",
        ),
        (
            '[home_assistant]\nurl = "homeassistant.local"\n',
            (
                'keepcool.toml:17  home_assistant.url = "homeassistant.local": is not an address; '
                'write "http://" or "https://", the host and its port'
            ),
        ),
        (
            '[home_assistant]\nurl = "http://ha:99999"\n',
            (
                'keepcool.toml:17  home_assistant.url = "http://ha:99999": is not an address; '
                'write "http://" or "https://", the host and its port'
            ),
        ),
        (
            '[mqtt]\nhost = "my broker"',
            (
                'keepcool.toml:17  mqtt.host = "my broker": is not a host name; '
                'for example "mqtt.local" or "192.168.1.5"'
            ),
        ),
        (
            "[home_assistant]\n",
            (
                "keepcool.toml:16  home_assistant.url: is missing; "
                'for example url = "http://homeassistant.local:8123"'
            ),
        ),
        (
            "[wether]\npoll_interval_s = 60",
            "keepcool.toml:16  wether: unknown key; nearest key weather",
        ),
        (
            '[weather]\nsources = ["openmeteo"]',
            (
                'keepcool.toml:17  weather.sources = "openmeteo": is not one of the choices; '
                'allowed "open_meteo" or "met_norway" or "nws" or "home_assistant"; '
                'nearest "open_meteo"'
            ),
        ),
        (
            "[thresholds]\nhysteresis_c = -1",
            "keepcool.toml:17  thresholds.hysteresis_c = -1: allowed 0 to 2 °C",
        ),
        (
            "[thresholds]\nresolve_hold_s = -60",
            "keepcool.toml:17  thresholds.resolve_hold_s = -60: allowed 0 to 3600 s",
        ),
        (
            "[thresholds]\nrolling_window_s = 30",
            (
                "keepcool.toml:17  thresholds.rolling_window_s = 30: allowed 60 to 3600 s, "
                "or 0 to switch it off; that looks like minutes: 30 minutes is 1800 s"
            ),
        ),
        (
            '[[room]]\nid = "bedroom"\nname = "Other"',
            (
                'keepcool.toml:17  room.id = "bedroom": another room has the id "bedroom" '
                "(keepcool.toml:12); give each one an id of its own"
            ),
        ),
        (
            '[[room.sensor]]\ntopic = "zigbee2mqtt/bedroom"',
            (
                'keepcool.toml:17  room.sensor.topic = "zigbee2mqtt/bedroom": another sensor has '
                "this topic (keepcool.toml:15); take one out, or tell them apart by match, "
                "temperature_path or quantity"
            ),
        ),
        (
            '[[room.sensor]]\ntopic = "attic"\nunit = "K"',
            (
                'keepcool.toml:18  room.sensor.unit = "K": is not one of the choices; '
                'allowed "C" or "F"'
            ),
        ),
        (
            '[[room.cooling]]\nentity = "fan.bedroom"',
            (
                'keepcool.toml:17  room.cooling.entity = "fan.bedroom": needs [home_assistant]: '
                "phones and cooling are reached through it; "
                'add [home_assistant] with url = "http://homeassistant.local:8123"'
            ),
        ),
    ],
)
def test_error_about_a_table_says(tmp_path: Path, table: str, expected: str) -> None:
    """A wrong line anywhere else is told with its place, its range and what to do."""
    assert refusal(tmp_path, MINIMAL + table + "\n") == [expected]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            'entity = "climate.a"\nrole = "fan"',
            (
                'room.cooling.role = "fan": a climate entity is always "air_conditioner"; take '
                "role out"
            ),
        ),
        (
            'entity = "climate.a"\nfan_percentage = 50',
            "room.cooling.fan_percentage = 50: a climate entity has no percentage; take it out",
        ),
        (
            'entity = "fan.a"\npower_path = "meter.w"',
            (
                'room.cooling.power_path = "meter.w": stands without power_topic; name the topic '
                "whose message it is a path in, or take power_path out"
            ),
        ),
        (
            'entity = "fan.a"\ntarget_day_c = 19',
            "room.cooling.target_day_c = 19: allowed 20 to 26 °C",
        ),
        (
            'entity = "fan.a"\nminimum_on_s = 60',
            "room.cooling.minimum_on_s = 60: allowed 120 to 1800 s, or 0 to switch it off",
        ),
        (
            'entity = "fan.a"\npower_entity = "switch.a"',
            (
                'room.cooling.power_entity = "switch.a": is not a sensor\'s entity id; allowed '
                "sensor.*"
            ),
        ),
    ],
)
def test_error_about_cooling_says(tmp_path: Path, lines: str, expected: str) -> None:
    """A contradiction within a cooling device is told."""
    text = MINIMAL + "[[room.cooling]]\n" + lines + "\n" + HOME_ASSISTANT
    assert [line.partition("  ")[2] for line in refusal(tmp_path, text)] == [expected]


def test_one_device_cannot_cool_two_rooms(tmp_path: Path) -> None:
    """A device listed twice is told once, not as two equal ids as well."""
    device = '[[room.cooling]]\nentity = "fan.a"\n'
    text = MINIMAL + device + '[[room]]\nid = "hall"\nname = "Hall"\n' + device + HOME_ASSISTANT
    assert refusal(tmp_path, text) == [
        (
            'keepcool.toml:22  room.cooling.entity = "fan.a": already cools a room '
            "(keepcool.toml:17); keep it in the room that it cools most"
        )
    ]


def test_phone_twice_for_one_person(tmp_path: Path) -> None:
    """A phone listed twice would ring twice; two people may share one."""
    phone = '[[person.phone]]\nservice = "notify.mobile_app_x"\nkind = "android"\n'
    other = PERSON.replace("anna", "ben") + phone
    load(tmp_path, HOME + PERSON + phone + other + ROOM + HOME_ASSISTANT)
    assert refusal(tmp_path, HOME + PERSON + phone + phone + ROOM + HOME_ASSISTANT) == [
        (
            'keepcool.toml:15  person.phone.service = "notify.mobile_app_x": is there twice for '
            "this person; take one out"
        )
    ]


def test_several_probes_on_one_topic_are_allowed(tmp_path: Path) -> None:
    """One gateway topic may serve several sensors when something tells them apart."""
    more = "".join(
        f'[[room.sensor]]\nid = "probe-{number}"\ntopic = "rtl_433/out"\nmatch = {{ id '
        f"= {number} }}\n"
        for number in (1, 2)
    )
    settings = load(tmp_path, MINIMAL + more)
    assert [sensor.match for sensor in settings.rooms[0].sensors[1:]] == [{"id": "1"}, {"id": "2"}]


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    """Wrong values, unknown keys and contradictions appear together, in the file's order."""
    text = MINIMAL.replace("52.5", "152.5").replace('rooms = ["bedroom"]', 'rooms = ["kitchen"]')
    found = refusal(tmp_path, text + '[mqtt]\nhots = "x"\n', environ={"KEEPCOOL_MQTT__HOTS": "x"})
    assert found == [
        "$KEEPCOOL_MQTT__HOTS  unknown environment variable; nearest variable KEEPCOOL_MQTT__HOST",
        "keepcool.toml:3  home.latitude_deg = 152.5: allowed -90 to 90 °",
        (
            'keepcool.toml:10  person.rooms = "kitchen": there is no [[room]] with this id; '
            'allowed "bedroom"'
        ),
        "keepcool.toml:17  mqtt.hots: unknown key; nearest key host",
    ]


def test_person_in_no_room_is_refused(tmp_path: Path) -> None:
    """Somebody who is nowhere cannot be looked after."""
    assert refusal(tmp_path, MINIMAL.replace('rooms = ["bedroom"]\n', "")) == [
        (
            'keepcool.toml:7  person.rooms: is missing; add rooms = ["..."] with the ids '
            "of the rooms "
            "they are usually in"
        )
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b'[home]\nname = "Flat\n',
            (
                "keepcool.toml:2:13  not TOML: Illegal character '\\n'; "
                "texts stand in quotes, tables in [brackets]"
            ),
        ),
        (
            b"[home]\nname = Flat\n",
            (
                "keepcool.toml:2:8  not TOML: Invalid value; "
                "texts stand in quotes, tables in [brackets]"
            ),
        ),
        (
            b"[home]\nname",
            (
                "keepcool.toml:2:5  not TOML: Expected '=' after a key in a key/value pair; "
                "texts stand in quotes, tables in [brackets]"
            ),
        ),
        (
            b'[home]\nname = "\xe9"\n',
            "keepcool.toml:2:9  not UTF-8 text; save the file as UTF-8 in your editor",
        ),
        (b"a = " + b"[" * 5000, "keepcool.toml  nested too deeply; use the tables of the example"),
        (b"a = " + b"9" * 5000, "keepcool.toml  not TOML: a number is too long; shorten it"),
        (
            b"#" * (4 * 1024 * 1024 + 1),
            "keepcool.toml  larger than 4 MiB; this is hardly a settings file",
        ),
        (b"", "keepcool.toml  [home]: is missing; config/example.toml shows it"),
    ],
)
def test_unreadable_file_says_where(tmp_path: Path, content: bytes, expected: str) -> None:
    """A file that is not TOML is refused with line and column."""
    path = tmp_path / "keepcool.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load_settings(path, environ={}, credentials_directory=None, require_secrets=False)
    assert str(refused.value).replace(f"{tmp_path}/", "") == expected


def test_windows_text_is_read(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends change nothing, the line numbers included."""
    path = tmp_path / "keepcool.toml"
    path.write_bytes(
        b"\xef\xbb\xbf" + MINIMAL.replace("52.5", "152.5").replace("\n", "\r\n").encode()
    )
    with pytest.raises(
        SettingsError, match=r"keepcool\.toml:3  home\.latitude_deg = 152\.5: allowed"
    ):
        load_settings(path, environ={}, credentials_directory=None, require_secrets=False)


def test_absent_file_says_how_to_begin(tmp_path: Path) -> None:
    """A file that is not there is refused with the command that makes one."""
    path = tmp_path / "none.toml"
    with pytest.raises(SettingsError, match="there is no such file; keepcool init makes one"):
        load_settings(path, environ={}, credentials_directory=None, require_secrets=False)


def test_folder_instead_of_a_file(tmp_path: Path) -> None:
    """A folder is told apart from a file."""
    with pytest.raises(SettingsError, match="this is a folder; name the file in it: "):
        load_settings(tmp_path, environ={}, credentials_directory=None, require_secrets=False)


def test_name_that_no_file_can_have() -> None:
    """A NUL in the file's name is a plain refusal."""
    with pytest.raises(SettingsError, match="cannot read this file: no usable name"):
        load_settings(Path("a\0b"), environ={}, credentials_directory=None, require_secrets=False)


def test_address_with_a_password_is_refused_unseen(tmp_path: Path) -> None:
    """A user, password or key in an address is refused and not printed."""
    for url in (f"https://anna:{CANARY}@ha.example.com", f"https://ha.example.com/?token={CANARY}"):
        text = MINIMAL + f'[home_assistant]\nurl = "{url}"\n'
        assert refusal(tmp_path, text) == [
            (
                "keepcool.toml:17  home_assistant.url: holds a user name, a question mark or a #; "
                "write scheme, host and port only"
            )
        ]


def test_warning_names_the_line(tmp_path: Path) -> None:
    """Warnings have a place as well."""
    assert "keepcool.toml:7  person anna: has no phone: keepcool cannot tell them; " in "\n".join(
        warnings_of(tmp_path, MINIMAL)
    )


def test_humidity_on_the_same_topic_is_told(tmp_path: Path) -> None:
    """A second topic that is the first one is a forgotten copy."""
    text = MINIMAL + 'humidity_topic = "zigbee2mqtt/bedroom"\n'
    assert refusal(tmp_path, text) == [
        (
            'keepcool.toml:16  room.sensor.humidity_topic = "zigbee2mqtt/bedroom": '
            "is the same as topic; take it out: one topic may bring both"
        )
    ]


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ('discovery_prefix = "keepcool"', "mqtt.discovery_prefix"),
        ('base_topic = "homeassistant"', "mqtt.base_topic"),
        ('base_topic = "x/y"\ndiscovery_prefix = "x/y"', "mqtt.discovery_prefix"),
    ],
)
def test_own_topics_stay_out_of_discovery(tmp_path: Path, lines: str, key: str) -> None:
    """Home Assistant would take keepcool's own topics for devices."""
    (said,) = refusal(tmp_path, f"{MINIMAL}[mqtt]\n{lines}\n")
    assert f"{key}" in said
    assert "base_topic and discovery_prefix are the same" in said


def test_discovery_is_on_unless_it_is_switched_off(tmp_path: Path) -> None:
    """Home Assistant shows keepcool's devices by itself."""
    assert load(tmp_path, MINIMAL).mqtt.discovery is True
    found = load(tmp_path, f'{MINIMAL}[mqtt]\ndiscovery = false\ndiscovery_prefix = "ha/1"\n').mqtt
    assert (found.discovery, found.discovery_prefix) == (False, "ha/1")


@pytest.mark.parametrize("prefix", ["homeassistant/#", "+", "/homeassistant", ""])
def test_discovery_prefix_is_one_topic(tmp_path: Path, prefix: str) -> None:
    """Wildcards and empty levels are refused."""
    (said,) = refusal(tmp_path, f'{MINIMAL}[mqtt]\ndiscovery_prefix = "{prefix}"\n')
    assert "mqtt.discovery_prefix" in said
