"""Settings that cannot be right stop the start, in words that mend them: 23, 66-70, 73."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from config.advice import examine_settings
from config.settings import Settings
from daemon.check import check_offline
from tests.canary import CANARY, without_secret
from tests.settings_texts import (
    HOME_ASSISTANT,
    MINIMAL,
    load,
    refusal,
    warnings_of,
    write,
)

TOKEN_FILE = MINIMAL + HOME_ASSISTANT + 'token_file = "tok"\n'


@pytest.mark.parametrize("topic", ["zigbee2mqtt/+", "zigbee2mqtt/#", "#", "+/bed/state", "a+b"])
def test_fault_23_wildcard_in_a_topic_is_refused(tmp_path: Path, topic: str) -> None:
    """A wildcard would let any device speak for the bedroom's sensor."""
    assert refusal(tmp_path, MINIMAL.replace("zigbee2mqtt/bedroom", topic)) == [
        (
            f'keepcool.toml:15  room.sensor.topic = "{topic}": holds a wildcard; '
            "allowed one exact topic without + and #; write one [[room.sensor]] for each sensor"
        )
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"zigbee2mqtt/bedroom"',
            '"$SYS/broker/load"',
            'topic = "$SYS/broker/load": is the broker\'s own',
        ),
        ('"zigbee2mqtt/bedroom"', '"a\\u0000b"', 'topic = "a\\x00b": holds a newline or another'),
        ('id = "bedroom"', 'id = "bed/room"', 'room.id = "bed/room": is not an id'),
        ('id = "bedroom"', 'id = "+"', 'room.id = "+": is not an id'),
        ('id = "anna"', 'id = "$SYS"', 'person.id = "$SYS": is not an id'),
        ('name = "Bedroom"', 'name = "Bed #2"', 'room.name = "Bed #2": holds a sign that means'),
        ('name = "Bedroom"', 'name = "a/b"', 'room.name = "a/b": holds a sign that means'),
        ('name = "Anna"', 'name = "$SYS"', 'person.name = "$SYS": holds a sign that means'),
        ('name = "Flat"', 'name = "Flat"\nid = "a/#"', 'home.id = "a/#": is not an id'),
        ("[[person]]", '[mqtt]\nbase_topic = "k/+"\n[[person]]', 'base_topic = "k/+": holds a wil'),
        ("[[person]]", '[mqtt]\nclient_id = "k/+"\n[[person]]', 'client_id = "k/+": is not an id'),
    ],
)
def test_fault_23_sign_of_a_topic_in_a_name_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    """No configured name can reach into the topics of others."""
    assert said in "\n".join(refusal(tmp_path, MINIMAL.replace(old, new)))


def test_fault_66_unknown_key_names_line_and_nearest_key(tmp_path: Path) -> None:
    """A mistyped key stops the start, and `check` ends with 2."""
    text = MINIMAL.replace("latitude_deg", "lattitude_deg")
    assert refusal(tmp_path, text) == [
        "keepcool.toml:1  home.latitude_deg: is missing; for example latitude_deg = 52.5",
        "keepcool.toml:3  home.lattitude_deg: unknown key; nearest key latitude_deg",
    ]
    path = write(tmp_path, text)
    found = examine_settings(path, environ={}, credentials_directory=None)
    assert check_offline(path, found.problems, found.warnings).exit_code == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "level_1_c = 80",
            "level_1_c = 80: allowed 23 to 28 °C; that looks like Fahrenheit: 80 °F is 26.7 °C",
        ),
        (
            "level_2_c = 84.2",
            "level_2_c = 84.2: allowed 26 to 31 °C; that looks like Fahrenheit: 84.2 °F is 29.0 °C",
        ),
        (
            "night_level_1_c = 72",
            (
                "night_level_1_c = 72: allowed 20 to 26 °C; that looks like Fahrenheit: "
                "72 °F is 22.2 °C"
            ),
        ),
        ("level_3_c = 33.5", "level_3_c = 33.5: allowed 29 to 33 °C"),
        (
            "level_2_c = 30.5\nlevel_3_c = 30",
            (
                "level_3_c = 30: level_2_c is 30.5 and level_3_c is 30; "
                "they must rise: level_1_c < level_2_c < level_3_c"
            ),
        ),
        (
            "level_1_c = 27\nlevel_2_c = 27",
            (
                "level_2_c = 27: level_1_c is 27 and level_2_c is 27; "
                "they must rise: level_1_c < level_2_c < level_3_c"
            ),
        ),
    ],
)
def test_fault_67_wrong_unit_or_order_of_levels(tmp_path: Path, line: str, said: str) -> None:
    """Fahrenheit and a warning above the critical level are refused with the range."""
    text = MINIMAL.replace('rooms = ["bedroom"]\n', f'rooms = ["bedroom"]\n{line}\n')
    (problem,) = refusal(tmp_path, text)
    assert problem.partition("  person.")[2] == said


def test_fault_67_negative_hold(tmp_path: Path) -> None:
    """A hold cannot be negative."""
    assert refusal(tmp_path, MINIMAL + "[thresholds]\nresolve_hold_s = -1\n") == [
        "keepcool.toml:17  thresholds.resolve_hold_s = -1: allowed 0 to 3600 s"
    ]


def with_token(folder: Path, content: str, mode: int = 0o640) -> None:
    """Write the token's file."""
    (folder / "tok").write_text(content)
    (folder / "tok").chmod(mode)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("changeme\n", "is a placeholder"),
        ("<token>", "is a placeholder"),
        (f"{CANARY}\n{CANARY}\n", "holds a newline or another control character"),
    ],
    ids=without_secret,
)
@pytest.mark.parametrize("require_secrets", [True, False])
def test_fault_68_secret_that_is_none(
    tmp_path: Path, content: str, reason: str, *, require_secrets: bool
) -> None:
    """An empty, placeholder or broken secret is refused by `run` and by `check`."""
    with_token(tmp_path, content)
    assert refusal(tmp_path, TOKEN_FILE, require_secrets=require_secrets) == [
        (
            f"tok  home_assistant.token: {reason}; create one in Home Assistant: "
            "your profile > Security > Long-lived access tokens"
        )
    ]


def test_fault_68_absent_secret(tmp_path: Path) -> None:
    """An absent secret stops `run` and is a warning in `check`."""
    words = (
        "keepcool.toml:18  home_assistant.token: there is no file tok; "
        "write it to tok, then: chmod 600 tok (as a service: chmod 640, and chgrp keepcool)"
    )
    assert refusal(tmp_path, TOKEN_FILE, require_secrets=True) == [words]
    assert words in warnings_of(tmp_path, TOKEN_FILE)


def test_fault_68_newline_at_the_end_is_stripped(tmp_path: Path) -> None:
    """The newline that an editor adds is no part of a secret."""
    with_token(tmp_path, f"{CANARY}\n")
    assert load(tmp_path, TOKEN_FILE, require_secrets=True).home_assistant_token == CANARY


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (0o644, "can be read by everyone on this machine (mode 0644, allowed 0640 or 0600)"),
        (0o604, "can be read by everyone on this machine (mode 0604, allowed 0640 or 0600)"),
        (0o666, "can be read by everyone on this machine (mode 0666, allowed 0640 or 0600)"),
        (0o660, "can be changed by others (mode 0660, allowed 0640 or 0600)"),
        (0o642, "can be changed by others (mode 0642, allowed 0640 or 0600)"),
    ],
)
def test_fault_69_secret_that_others_can_read(tmp_path: Path, mode: int, reason: str) -> None:
    """A secret's file that is open to others is refused with the commands that close it."""
    with_token(tmp_path, CANARY, mode)
    assert refusal(tmp_path, TOKEN_FILE) == [
        (
            f"keepcool.toml:18  home_assistant.token: tok {reason}; "
            "chmod 600 tok (as a service: chmod 640, and chgrp keepcool)"
        )
    ]


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o440, 0o400])
def test_fault_69_closed_secret_is_accepted(tmp_path: Path, mode: int) -> None:
    """A secret that only its owner and group can read is accepted."""
    with_token(tmp_path, CANARY, mode)
    assert load(tmp_path, TOKEN_FILE, require_secrets=True).home_assistant_token == CANARY


def test_fault_69_systemd_credentials_are_trusted(tmp_path: Path) -> None:
    """In `$CREDENTIALS_DIRECTORY` systemd has closed the way already, whatever the mode says."""
    folder = tmp_path / "creds"
    folder.mkdir()
    (folder / "home_assistant_token").write_text(CANARY)
    (folder / "home_assistant_token").chmod(0o644)
    settings = load(tmp_path, MINIMAL + HOME_ASSISTANT, credentials=folder, require_secrets=True)
    assert settings.home_assistant_token == CANARY


def test_fault_69_secret_in_an_open_settings_file(tmp_path: Path) -> None:
    """A settings file that holds a secret must be closed itself."""
    path = write(tmp_path, MINIMAL + HOME_ASSISTANT + f'token = "{CANARY}"\n')
    assert load(tmp_path, path.read_text(), require_secrets=True).home_assistant_token == CANARY
    path.chmod(0o644)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    found = examine_settings(path, environ={}, credentials_directory=None)
    assert [str(problem).replace(f"{tmp_path}/", "") for problem in found.problems] == [
        (
            "keepcool.toml:18  home_assistant.token: stands in a file that can be read by "
            "everyone on "
            "this machine (mode 0644, allowed 0640 or 0600); chmod 600 keepcool.toml "
            "(as a service: chmod 640, and chgrp keepcool), or use token_file"
        )
    ]


@pytest.mark.parametrize(
    ("entity", "what"),
    [
        ("lock.front_door", "lock.* is never commanded as cooling"),
        ("alarm_control_panel.home", "alarm_control_panel.* is never commanded as cooling"),
        ("valve.radiator", "valve.* is never commanded as cooling"),
        ("light.hall", "light.* is never commanded as cooling"),
        ("script.cool_down", "script.* is never commanded as cooling"),
    ],
)
def test_fault_70_entity_of_a_foreign_domain(tmp_path: Path, entity: str, what: str) -> None:
    """Only devices that cool are commanded."""
    text = MINIMAL + f'[[room.cooling]]\nentity = "{entity}"\n' + HOME_ASSISTANT
    assert refusal(tmp_path, text) == [
        (
            f'keepcool.toml:17  room.cooling.entity = "{entity}": {what}; '
            "allowed climate.*, fan.*, switch.*, cover.*, humidifier.*"
        )
    ]


@pytest.mark.parametrize("entity", ["climate", "climate.", "climate.Bed room", "climate.a.b"])
def test_fault_70_entity_that_is_none(tmp_path: Path, entity: str) -> None:
    """What is no entity id is refused with an example."""
    text = MINIMAL + f'[[room.cooling]]\nentity = "{entity}"\n' + HOME_ASSISTANT
    assert refusal(tmp_path, text) == [
        (
            f'keepcool.toml:17  room.cooling.entity = "{entity}": is not an entity id; '
            "allowed climate.*, fan.*, switch.*, cover.*, humidifier.*; "
            'for example "climate.bedroom"'
        )
    ]


def test_fault_70_switch_must_say_what_it_is(tmp_path: Path) -> None:
    """A switch is a cooling device only when the settings say so."""
    text = MINIMAL + '[[room.cooling]]\nentity = "switch.plug"\n' + HOME_ASSISTANT
    assert refusal(tmp_path, text) == [
        (
            "keepcool.toml:16  room.cooling.role: a switch must say what it switches; "
            'add role = "air_conditioner", "fan", "vent" or "dehumidifier"'
        )
    ]


@pytest.mark.parametrize("service", ["notify.notify", "script.x", "tts.speak", "mobile_app_x"])
def test_fault_70_phone_that_is_no_phone(tmp_path: Path, service: str) -> None:
    """Only the companion app's services reach a phone with buttons and a critical sound."""
    phone = f'[[person.phone]]\nservice = "{service}"\nkind = "android"\n'
    text = MINIMAL.replace("[[room]]", phone + "[[room]]") + HOME_ASSISTANT
    assert refusal(tmp_path, text) == [
        (
            f'keepcool.toml:12  person.phone.service = "{service}": is not a phone\'s '
            "notify service; "
            "allowed notify.mobile_app_<phone>; Home Assistant lists it under Developer "
            "tools > Actions"
        )
    ]


def broker(folder: Path, lines: str) -> Settings:
    """Load settings with a broker."""
    return load(folder, MINIMAL + f"[mqtt]\n{lines}\n")


def test_fault_73_plain_mqtt_to_a_public_address(tmp_path: Path) -> None:
    """Plain MQTT over the internet is refused, unless it is wanted or encrypted."""
    assert refusal(tmp_path, MINIMAL + '[mqtt]\nhost = "mqtt.example.com"\n') == [
        (
            'keepcool.toml:17  mqtt.host = "mqtt.example.com": is a public address, and '
            "without TLS "
            "everyone on the way can read along; set tls = true in [mqtt], or "
            "allow_plaintext = true "
            "if you accept that"
        )
    ]
    assert broker(tmp_path, 'host = "mqtt.example.com"\ntls = true').mqtt_port == 8883
    assert broker(tmp_path, 'host = "mqtt.example.com"\nallow_plaintext = true').mqtt_port == 1883


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ('host = "192.168.1.5"', "in your network"),
        ('host = "broker.local"', "in your network"),
        ('host = "mqtt.example.com"\nallow_plaintext = true', "on the internet"),
    ],
)
def test_fault_73_plain_mqtt_is_warned_of(tmp_path: Path, lines: str, where: str) -> None:
    """Plain MQTT that is allowed is still named in `check`."""
    assert (
        "keepcool.toml:17  mqtt.tls: readings and the password travel unencrypted: everyone "
        f"{where} can read along; set tls = true if the broker can"
    ) in warnings_of(tmp_path, MINIMAL + f"[mqtt]\n{lines}\n")


@pytest.mark.parametrize("lines", ['host = "localhost"', 'host = "192.168.1.5"\ntls = true'])
def test_fault_73_no_warning_without_reason(tmp_path: Path, lines: str) -> None:
    """On this machine, or with TLS, nobody can read along."""
    warnings = warnings_of(tmp_path, MINIMAL + f"[mqtt]\n{lines}\n")
    assert not [warning for warning in warnings if "unencrypted" in warning]


def test_fault_73_plain_http_to_home_assistant(tmp_path: Path) -> None:
    """A token over plain HTTP is refused to the internet and named at home."""
    public = MINIMAL + '[home_assistant]\nurl = "http://ha.example.com"\n'
    assert refusal(tmp_path, public) == [
        (
            'keepcool.toml:17  home_assistant.url = "http://ha.example.com": is a public '
            "address, and "
            "over http:// everyone on the way can read along; write https://, or set "
            "allow_plaintext = true if you accept that"
        )
    ]
    for text, where in (
        (public + "allow_plaintext = true\n", "on the internet"),
        (public.replace("ha.example.com", "192.168.1.5:8123"), "in your network"),
    ):
        assert (
            "keepcool.toml:17  home_assistant.url: the token travels unencrypted: everyone "
            f"{where} can read along; use https:// if you have set it up"
        ) in warnings_of(tmp_path, text)


def test_fault_73_plain_http_to_a_forecast(tmp_path: Path) -> None:
    """The home's place is not sent over the internet in the clear."""
    text = MINIMAL + '[weather]\nbase_url = "http://weather.example.com"\n'
    assert refusal(tmp_path, text) == [
        (
            'keepcool.toml:17  weather.base_url = "http://weather.example.com": is a '
            "public address, "
            "and over http:// everyone on the way can read along; write https://"
        )
    ]
    load(tmp_path, text.replace("weather.example.com", "127.0.0.1:8080"))
