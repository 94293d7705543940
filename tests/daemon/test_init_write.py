"""What `keepcool init` writes is what the real loader takes, whole or not at all, over nothing."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from config.advice import find_warnings
from config.home import build_people, build_sensors
from config.settings import Settings, load_settings
from daemon.bootstrap.initialising import parse
from daemon.init import files
from daemon.init.files import FileThereError, Places, find_places, free_name
from daemon.init.household import read_household
from daemon.init.names import is_other, is_outdoors
from daemon.init.plan import (
    FLAGS,
    BrokerPlan,
    CarerPlan,
    CoolingPlan,
    HomeAssistantPlan,
    HomePlan,
    PersonPlan,
    PhonePlan,
    Plan,
    RoomPlan,
    WeatherPlan,
)
from daemon.init.propose import as_cooling, propose
from daemon.init.sensors import Broker, SensorFound, list_sensors
from daemon.init.setup import name_secrets, summary
from daemon.init.targets import with_targets
from daemon.init.write import SecretFiles, render

TOKEN = "a-token-of-no-house"  # noqa: S105 - opens nothing
PHONE = PhonePlan("notify.mobile_app_annas_phone", "iphone")
RADIO = SensorFound(
    "rtl_433/pi/events Acurite 42",
    "radio",
    "Living room",
    topic="rtl_433/pi/events",
    match={"model": "Acurite", "id": "42"},
)
LIVING = RoomPlan(
    "living-room",
    'Anna\'s "living" room',
    sensors=(
        SensorFound(
            "zigbee2mqtt/Living room",
            "Living room",
            "Living room",
            topic="zigbee2mqtt/Living room",
            availability_topic="zigbee2mqtt/Living room/availability",
        ),
        replace(RADIO, match={"model": "Acurite", "id": "43"}, key="rtl_433/pi/events Acurite 43"),
        RADIO,
        SensorFound("attic/t", "t", None, topic="attic/t", humidity_key="attic/h", unit="F"),
    ),
    cooling=(
        CoolingPlan("climate.living_room", "AC"),
        CoolingPlan("switch.plug", "Plug", role="fan"),
        CoolingPlan("cover.blind", "Blind", facing_deg=180),
    ),
)
BEDROOM = RoomPlan(
    "bedroom",
    "Bedroom",
    is_bedroom=True,
    sensors=(SensorFound("sensor.t", "T", "Bedroom", humidity_key="sensor.h"),),
    cooling=(CoolingPlan("climate.bedroom"), CoolingPlan("humidifier.dry", "Dryer")),
    motion=("binary_sensor.pir",),
)
ANNA = PersonPlan("anna", "Anna", ("living-room", "bedroom"), phones=(PHONE,))
PLAN = Plan(
    HomePlan("Home", 52.37, 4.89, "Europe/Amsterdam", "NL"),
    BrokerPlan("127.0.0.1", 1884, "keepcool", "hunter22"),
    HomeAssistantPlan("http://127.0.0.1:8123", TOKEN),
    WeatherPlan(("open_meteo", "home_assistant"), "weather.home"),
    (ANNA,),
    (CarerPlan("ben", "Ben", (replace(PHONE, service="notify.mobile_app_bens"),)),),
    (LIVING, BEDROOM),
)


def put(plan: Plan, folder: Path) -> Path:
    """Write a plan as `keepcool init` does; return the settings file."""
    places = Places(folder / "keepcool.toml")
    named, secrets = name_secrets(plan, places)
    files.write(places, render(plan, named), secrets)
    return places.config


def loaded(plan: Plan, folder: Path) -> Settings:
    """Write a plan and load it as the daemon does."""
    path = put(plan, folder)
    return load_settings(path, environ={}, credentials_directory=None, require_secrets=True)


def mode_of(path: Path) -> int:
    """Return a file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_everything_written_is_read_back(tmp_path: Path) -> None:
    """Rooms, sensors, cooling, people, carers and secrets come back from the real loader."""
    settings = loaded(PLAN, tmp_path)
    assert (settings.mqtt.host, settings.mqtt_port) == ("127.0.0.1", 1884)
    assert (settings.mqtt_password, settings.home_assistant_token) == ("hunter22", TOKEN)
    assert [room.name for room in settings.rooms] == ['Anna\'s "living" room', "Bedroom"]
    assert [sensor.topic or sensor.entity_id for sensor in build_sensors(settings)] == [
        "zigbee2mqtt/Living room",
        "rtl_433/pi/events",
        "rtl_433/pi/events",
        "attic/t",
        "sensor.t",
    ]
    assert [device.entity for device in settings.rooms[0].cooling] == [
        "climate.living_room",
        "switch.plug",
        "cover.blind",
    ]
    (anna,) = build_people(settings)
    assert [phone.service for phone in anna.phones] == ["mobile_app_annas_phone"]
    assert settings.carers[0].phones[0].service == "notify.mobile_app_bens"
    assert settings.weather.entity == "weather.home"


@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag_is_a_key_of_the_settings(tmp_path: Path, flag: str) -> None:
    """Each flag that is asked for is written, switched on, and known to the settings."""
    plan = replace(PLAN, people=(replace(ANNA, flags=frozenset({flag})),))
    (anna,) = build_people(loaded(plan, tmp_path))
    assert {each.value for each in anna.flags} == {flag}


def test_least_plan_is_complete(tmp_path: Path) -> None:
    """Without broker, Home Assistant, phone and cooling the settings still load."""
    room = RoomPlan("a", "A", sensors=LIVING.sensors[:1])
    people = (PersonPlan("anna", "Anna", ("a",)),)
    settings = loaded(Plan(PLAN.home, None, None, people=people, rooms=(room,)), tmp_path)
    assert settings.mqtt.host == "localhost"
    assert not (tmp_path / "secrets").exists()


def test_air_conditioner_aims_under_the_limit(tmp_path: Path) -> None:
    """Where flags lower a limit, the target is written under it, and nothing is warned of."""
    flags = frozenset({"heat_sensitive", "circulation"})
    plan = with_targets(replace(PLAN, people=(replace(ANNA, flags=flags),)))
    settings = loaded(plan, tmp_path)
    assert settings.rooms[1].cooling[0].target_day_c == 22.5
    assert settings.rooms[1].cooling[0].target_night_c == 20.5
    assert not [each for each in find_warnings(settings) if "target" in each.key]


def test_usual_target_stays_switched_off(tmp_path: Path) -> None:
    """Where the usual target keeps the limit, it stands as a comment."""
    text = put(with_targets(PLAN), tmp_path).read_text()
    assert "\n# target_day_c = 24.0" in text


def test_no_secret_is_in_the_settings_or_the_summary(tmp_path: Path) -> None:
    """Passwords, tokens and addresses of second roads stand in their own files only."""
    road = "ntfys://ntfy.sh/nobody-knows"
    plan = replace(PLAN, people=(replace(ANNA, second_road=road),))
    text = put(plan, tmp_path).read_text()
    shown = "\n".join(summary(plan, Places(tmp_path / "x"), {"a": "b"})) + repr(plan)
    for secret in (TOKEN, "hunter22", road):
        assert secret not in text
        assert secret not in shown
    assert (tmp_path / "secrets" / "second_road_anna").read_text().strip() == road
    assert [path.name for path in (tmp_path / "secrets").iterdir() if mode_of(path) != 0o600] == []


def test_permissions_are_closed(tmp_path: Path) -> None:
    """Beside the settings stand secrets that nobody else may read, under any umask."""
    before = os.umask(0)
    try:
        path = put(PLAN, tmp_path)
    finally:
        os.umask(before)
    assert mode_of(path) == 0o600
    assert mode_of(path.parent / "secrets") == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_permissions_of_a_service(tmp_path: Path) -> None:
    """A service's settings and password are for its group; the token for root alone."""
    places = Places(tmp_path / "etc" / "keepcool.toml", group_id=1234)
    named, secrets = name_secrets(PLAN, places)
    assert named.directory == str(tmp_path / "etc" / "secrets")
    files.write(places, render(PLAN, named), secrets)
    found = {
        path.name: (mode_of(path), path.stat().st_gid)
        for path in (places.config, places.secrets, *places.secrets.iterdir())
    }
    assert found["keepcool.toml"] == (0o640, 1234)
    assert found["secrets"] == (0o750, 1234)
    assert found["mqtt_password"] == (0o640, 1234)
    assert found["home_assistant_token"][0] == 0o600


def test_present_settings_are_not_overwritten(tmp_path: Path) -> None:
    """Settings that are there stay as they are, and so does the folder."""
    path = tmp_path / "keepcool.toml"
    path.write_text("mine")
    with pytest.raises(FileThereError, match="is there already"):
        put(PLAN, tmp_path)
    assert path.read_text() == "mine"
    assert not (tmp_path / "secrets").exists()


def test_present_secret_stays(tmp_path: Path) -> None:
    """Another secret that is there stays; ours gets a name of its own, which the settings tell."""
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / "mqtt_password").write_text("another\n")
    (folder / "mqtt_password").chmod(0o600)
    settings = loaded(PLAN, tmp_path)
    assert (folder / "mqtt_password").read_text() == "another\n"
    assert settings.mqtt_password == "hunter22"  # noqa: S105 - as above
    places = Places(tmp_path / "keepcool.toml")
    assert free_name(places, "mqtt_password", "another") == "mqtt_password"
    assert free_name(places, "mqtt_password", "hunter22") == "mqtt_password_2"
    assert free_name(places, "mqtt_password", "third") == "mqtt_password_3"


def test_nothing_is_left_when_writing_breaks_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C or a full disk in the middle takes back what was put down, drafts and folders too."""

    def interrupt(_source: Path, target: Path) -> None:
        if target.name == "keepcool.toml":
            raise KeyboardInterrupt
        target.write_bytes(_source.read_bytes())

    monkeypatch.setattr(os, "link", interrupt)
    with pytest.raises(KeyboardInterrupt):
        put(PLAN, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_settings_that_appear_meanwhile_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that somebody puts there while the secrets are written is not replaced."""
    monkeypatch.setattr(os.path, "lexists", lambda _path: False)
    (tmp_path / "keepcool.toml").write_text("theirs")
    with pytest.raises(FileThereError):
        put(PLAN, tmp_path)
    assert (tmp_path / "keepcool.toml").read_text() == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["keepcool.toml"]


def test_usual_place_follows_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root with the group gets the service's folder; all others the present one."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert find_places(None) == Places(Path("keepcool.toml"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(files, "_group_id", lambda: None)
    assert find_places(None) == Places(Path("keepcool.toml"))
    monkeypatch.setattr(files, "_group_id", lambda: 77)
    assert find_places(None) == Places(files.SERVICE_CONFIG, 77)
    assert find_places(Path("here.toml")) == Places(Path("here.toml"))


def test_secrets_folder_as_the_settings_name_it(tmp_path: Path) -> None:
    """The rendered text names the folder it was given."""
    assert 'secrets_directory = "secrets"' in render(PLAN, SecretFiles("secrets"))
    assert str(tmp_path) in render(PLAN, SecretFiles(str(tmp_path)))


def test_settings_name_the_example_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's example is named where it is, and make install's otherwise."""
    package, made = tmp_path / "usr", tmp_path / "local"
    monkeypatch.setattr(files, "SHARES", (package, made))
    assert files.find_share() == str(made)
    made.mkdir()
    assert files.find_share() == str(made)
    package.mkdir()
    assert files.find_share() == str(package)
    text = render(PLAN, SecretFiles("secrets", share="/usr/share/keepcool"))
    assert text.startswith("#:schema /usr/share/keepcool/keepcool.schema.json\n")
    assert "# Every setting there is: /usr/share/keepcool/example.toml\n" in text


def test_present_second_road_stays(tmp_path: Path) -> None:
    """An address that somebody put there already stays; another one is named in the settings."""
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / "second_road_anna").write_text("ntfys://ntfy.sh/theirs\n")
    (folder / "second_road_anna").chmod(0o600)
    plan = replace(PLAN, people=(replace(ANNA, second_road="ntfys://ntfy.sh/ours"),))
    (road,) = loaded(plan, tmp_path).second_roads
    assert road.url is not None
    assert road.url.get_secret_value() == "ntfys://ntfy.sh/ours"
    assert (folder / "second_road_anna").read_text() == "ntfys://ntfy.sh/theirs\n"


def test_secret_that_is_there_is_not_said_to_be_written(tmp_path: Path) -> None:
    """The password that the installation made is used as it is."""
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / "mqtt_password").write_text("hunter22\n")
    named, contents = name_secrets(PLAN, Places(tmp_path / "keepcool.toml"))
    assert "mqtt_password" not in contents
    assert named.password is None


WORDS = st.text(min_size=1, max_size=70)
TEMPERATURE = {"device_class": "temperature", "unit_of_measurement": "°C"}


@given(area=WORDS, name=WORDS, topics=st.lists(WORDS, min_size=1, max_size=3))
def test_whatever_things_are_called_the_settings_load(
    tmp_path_factory: pytest.TempPathFactory, area: str, name: str, topics: list[str]
) -> None:
    """Areas, friendly names and topics of any letters become settings that the loader takes."""
    assume(is_outdoors(area) is None)  # "out" is no room
    assume(is_other(area) is None)
    broker = Broker(parse)
    for topic in topics:
        broker.hear(topic.replace("+", "-").replace("#", "-"), b'{"temperature": 22.5}')
    rows = [
        {"entity_id": f"sensor.t{number}", "state": "21", "attributes": TEMPERATURE}
        for number in range(2)
    ]
    humid = {"device_class": "humidity", "unit_of_measurement": "%"}
    rows.append({"entity_id": "sensor.h", "state": "40", "attributes": humid})
    cools = {"friendly_name": name, "hvac_modes": ["cool"]}
    rows.append({"entity_id": "climate.ac", "state": "off", "attributes": cools})
    entries = [{"entity_id": row["entity_id"], "area_id": "a", "device_id": "d"} for row in rows]
    home = read_household(
        {"states": rows, "entities": entries, "areas": [{"area_id": "a", "name": area}]}
    )
    proposal = propose(list_sensors(broker, home), home)
    assert proposal.rooms
    cooling = tuple(as_cooling(each) for each in proposal.cooling)
    rooms = (replace(proposal.rooms[0], cooling=cooling), *proposal.rooms[1:])
    people = (replace(ANNA, rooms=tuple(room.room_id for room in rooms)),)
    plan = replace(PLAN, rooms=rooms, people=people)
    settings = loaded(plan, tmp_path_factory.mktemp("any"))
    assert len(settings.rooms) == len(rooms)
