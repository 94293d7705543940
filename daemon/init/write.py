"""Render a plan as a settings file with comments, as the example has them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from daemon.init.names import id_of
from daemon.init.plan import (
    FLAGS,
    CarerPlan,
    CoolingPlan,
    PersonPlan,
    PhonePlan,
    Plan,
    RoomPlan,
)
from daemon.init.sensors import SensorFound
from daemon.init.targets import USUAL_DAY_C, USUAL_NIGHT_C, is_air_conditioner

_COLUMN = 34


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """Say where the secrets lie, as the settings name them; `None` is the usual file.

    And where the example and its schema are, which the settings name, too.
    """

    directory: str
    password: str | None = None
    token: str | None = None
    roads: Mapping[str, str] = field(default_factory=dict)  # by the id of whose they are
    share: str = "/usr/local/share/keepcool"


def render(plan: Plan, files: SecretFiles) -> str:
    """Return the text of the settings file; no secret is in it."""
    blocks = [
        _addon_header(files) if plan.is_addon else _header(files),
        _home(plan),
        *([] if plan.is_addon else (_broker(plan, files), _home_assistant(plan, files))),
        _weather(plan),
        _rest(),
        *(_person(person, files) for person in plan.people),
        _carers(plan, files),
        *(_room(room) for room in plan.rooms),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def quoted(text: str) -> str:
    """Return a text as TOML writes it.

    >>> quoted("Anna")
    '"Anna"'
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(key: str, value: object, comment: str = "") -> str:
    shown = quoted(value) if isinstance(value, str) else _plain(value)
    text = f"{key} = {shown}"
    return f"{text:<{_COLUMN - 1}} # {comment}" if comment else text


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(quoted(str(each)) for each in value) + "]"
    return str(value)


def _header(files: SecretFiles) -> list[str]:
    return [
        f"#:schema {files.share}/keepcool.schema.json",
        "# keepcool: the settings of one home, written by `keepcool init`. Change anything, then",
        "#     keepcool check --online",
        "# tells you what is wrong, with the line. A line that begins with # is switched off.",
        f"# Every setting there is: {files.share}/example.toml",
        "",
        "# Passwords and tokens lie in files of this folder, closed to others.",
        _line("secrets_directory", files.directory),
    ]


def _addon_header(files: SecretFiles) -> list[str]:
    return [
        "# keepcool: the settings of one home, proposed from what Home Assistant knows.",
        "# Change anything and save: the add-on looks at it at once, takes it if it is right, and",
        "# says in Home Assistant when it is not. A line that begins with # is switched off.",
        "# Every setting there is: example.toml in this folder. Delete this for a new proposal.",
        "",
        "# The broker and the way to Home Assistant are those of this Home Assistant; for another",
        "# broker add [mqtt] with host. Passwords lie in files of this folder, one in each.",
        _line("secrets_directory", files.directory),
    ]


def _home(plan: Plan) -> list[str]:
    home = plan.home
    lines = [
        "[home]",
        _line("name", home.name),
        _line("latitude_deg", home.latitude_deg, "for the forecast; two decimals are plenty"),
        _line("longitude_deg", home.longitude_deg),
        _line("time_zone", home.time_zone),
        _line("country", home.country, "decides which emergency number messages name"),
    ]
    if home.emergency_number:
        lines.append(_line("emergency_number", home.emergency_number))
    return lines


def _broker(plan: Plan, files: SecretFiles) -> list[str]:
    broker = plan.broker
    if broker is None:
        return [
            "# No broker answered, or none was wanted: sensors are read from Home Assistant only.",
            "# keepcool log, test-alert and Home Assistant's own view of keepcool need one.",
            "[mqtt]",
            _line("host", "localhost"),
        ]
    lines = ["[mqtt]", _line("host", broker.host)]
    if broker.port is not None:
        lines.append(_line("port", broker.port))
    if broker.username is not None:
        lines.append(_line("username", broker.username, "its password is in the file"))
    if files.password is not None:
        lines.append(_line("password_file", files.password))
    if broker.tls:
        lines.append(_line("tls", value=True))
    if broker.ca_file is not None:
        lines.append(_line("ca_file", broker.ca_file))
    if broker.version != "5":
        lines.append(_line("version", broker.version))
    if broker.allow_plaintext:
        lines.append(_line("allow_plaintext", value=True))
    return lines


def _home_assistant(plan: Plan, files: SecretFiles) -> list[str]:
    if plan.home_assistant is None:
        return [
            "# Home Assistant brings messages to phones and switches the cooling.",
            "# [home_assistant]",
            '# url = "http://homeassistant.local:8123"    # its token: file home_assistant_token',
        ]
    lines = ["[home_assistant]", _line("url", plan.home_assistant.url)]
    if files.token is not None:
        lines.append(_line("token_file", files.token))
    if plan.home_assistant.allow_plaintext:
        lines.append(_line("allow_plaintext", value=True))
    return lines


def _weather(plan: Plan) -> list[str]:
    weather = plan.weather
    lines = [
        "[weather]",
        _line("sources", weather.sources, "the next one is asked when one fails"),
    ]
    for key, value in (
        ("entity", weather.entity),
        ("contact", weather.contact),
        ("base_url", weather.base_url),
    ):
        if value is not None:
            lines.append(_line(key, value))
    return lines


def _rest() -> list[str]:
    return [
        "# Limits on messages, windows and repeats: see [thresholds] in the example. Official heat",
        "# warnings of the NWS or MeteoAlarm: [[official_warning]]. Somebody told when keepcool",
        "# itself falls silent: [heartbeat].",
    ]


def _person(person: PersonPlan, files: SecretFiles) -> list[str]:
    lines = [
        "[[person]]",
        _line("id", person.person_id, "stays the same for ever"),
        _line("name", person.name),
        _line("rooms", person.rooms),
        _line("wake_at", person.wake_at),
        _line("bed_at", person.bed_at, "the night's limits and quiet hours begin"),
        '# brief_at = "07:30"              # a short message with the day ahead',
        "",
        "# The limits, in °C of what it feels like (air or heat index, the higher one).",
        "# level_1_c = 26.0                # keep the room under this; shown, not sent",
        "# level_2_c = 29.0                # one warning",
        "# level_3_c = 32.0                # warning with sound",
        "# night_level_1_c = 24.0",
        "# night_level_2_c = 26.0",
        "# offset_c = 0.0                  # -1 warns one degree earlier",
        "",
        "# Nothing here is medical advice: never change a medicine or a fluid limit because of it.",
    ]
    for flag, meaning in FLAGS.items():
        sign = "" if flag in person.flags else "# "
        lines += [f"# {meaning[0].upper()}{meaning[1:]}.", f"{sign}{flag} = true"]
    lines.append("# drinks_goal_ml = 1600           # 1000 to 3000; more is added on hot days")
    if person.presence_entity is not None:
        lines.append(_line("presence_entity", person.presence_entity, "at home or not"))
    for phone in person.phones:
        lines += ["", *_phone("person", phone)]
    if not person.phones:
        lines += [
            "",
            "# No phone yet: install Home Assistant's app, allow notifications, then",
            "# [[person.phone]]",
            '# service = "notify.mobile_app_..."   # Developer tools > Actions lists it',
            '# kind = "android"                    # or "iphone"',
        ]
    return [*lines, "", *_second_road("person", person, files)]


def _second_road(owner: str, told: PersonPlan | CarerPlan, files: SecretFiles) -> list[str]:
    """Render the road beside Home Assistant; its address is in its file."""
    told_id = told.person_id if isinstance(told, PersonPlan) else told.carer_id
    sign = "" if told.second_road else "# "
    return [
        "# A second road for when Home Assistant is down; its address (such as ntfys://ntfy.sh/a-long-",
        f"# secret-name) lies in the file second_road_{told_id} in the folder of secrets.",
        f"{sign}[[{owner}.second_road]]",
        *([_line("url_file", files.roads[told_id])] if told_id in files.roads else []),
    ]


def _phone(owner: str, phone: PhonePlan) -> list[str]:
    return [
        f"[[{owner}.phone]]",
        _line("service", phone.service),
        _line("kind", phone.kind, 'or "android"' if phone.kind == "iphone" else 'or "iphone"'),
    ]


def _carers(plan: Plan, files: SecretFiles) -> list[str]:
    lines = ["# Who is told when a message of the loudest kind is not answered."]
    if not plan.carers:
        return [*lines, "# [[carer]]", '# id = "ben"', '# name = "Ben"']
    for carer in plan.carers:
        lines += ["[[carer]]", _line("id", carer.carer_id), _line("name", carer.name)]
        for phone in carer.phones:
            lines += ["", *_phone("carer", phone)]
        lines += ["", *_second_road("carer", carer, files), ""]
    return lines[:-1]


def _room(room: RoomPlan) -> list[str]:
    lines = ["[[room]]", _line("id", room.room_id), _line("name", room.name)]
    if room.is_bedroom:
        lines.append(_line("bedroom", True, "the night limits count here"))  # noqa: FBT003
    for sensor in room.sensors:
        lines += ["", *_sensor(sensor)]
    for entity in room.motion:
        lines += ["", "[[room.motion]]", _line("entity", entity)]
    for device in room.cooling:
        lines += ["", *_cooling(device)]
    if not room.cooling:
        for entity in room.offered or ("climate.living_room",):
            lines += ["", "# [[room.cooling]]", f"# entity = {quoted(entity)}"]
    return lines


def _sensor(sensor: SensorFound) -> Iterator[str]:
    yield "[[room.sensor]]"
    if sensor.is_entity:
        yield _line("entity", sensor.key)
        if sensor.humidity_key:
            yield _line("humidity_entity", sensor.humidity_key)
        return
    yield _line("topic", sensor.topic)
    if sensor.humidity_key:
        yield _line("humidity_topic", sensor.humidity_key)
    if sensor.availability_topic:
        yield _line("availability_topic", sensor.availability_topic)
    if sensor.unit:
        yield _line("unit", sensor.unit)
    if sensor.match:
        pairs = ", ".join(f"{key} = {quoted(value)}" for key, value in sensor.match.items())
        yield _line("id", id_of(sensor.key, "radio"))
        yield f"match = {{ {pairs} }}"


def _cooling(device: CoolingPlan) -> Iterator[str]:
    yield "[[room.cooling]]"
    yield _line("entity", device.entity)
    if device.name:
        yield _line("name", device.name)
    if device.role:
        yield _line("role", device.role)
    if device.facing_deg is not None:
        yield _line("facing_deg", device.facing_deg, "where the window looks; 0 is north")
    if is_air_conditioner(device):
        for key, usual_c, target_c in (
            ("target_day_c", USUAL_DAY_C, device.target_day_c),
            ("target_night_c", USUAL_NIGHT_C, device.target_night_c),
        ):
            note = "20 to 26, and under the limit of everybody in the room"
            yield ("# " if target_c is None else "") + _line(key, target_c or usual_c, note)
