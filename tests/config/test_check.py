"""`keepcool check` prints a table in which every red row has a cure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from config.advice import examine_settings
from config.home import build_carers, build_people, build_rooms, build_sensors
from config.source import EXAMPLE
from daemon.check import (
    CheckReport,
    check_offline,
    check_online,
    merge_reports,
    render_report,
)
from daemon.check_rows import CheckRow, Status
from daemon.check_subjects import CheckSubjects, Probes, Running
from integrations.errors import PermanentError, TransientError
from integrations.home_assistant_states import parse_state
from integrations.messages import DeviceObserved
from policies.freshness import UNLEARNED_LIMIT
from policies.model import Carer
from tests.settings_texts import MINIMAL, write

MINUTE = timedelta(minutes=1)
Answer = TypeVar("Answer")


@dataclass
class World:
    """Stand in for everything outside: each road can be there, be silent or refuse."""

    broker: str | Exception = "MQTT 5"
    ages: Mapping[str, timedelta | None] | Exception = field(
        default_factory=lambda: {
            "zigbee2mqtt-living_room": 2 * MINUTE,
            "zigbee2mqtt-bedroom": timedelta(seconds=20),
        }
    )
    forecast: str | Exception = "48 hours, up to 33 °C"
    warnings: Mapping[str, str | Exception] = field(default_factory=dict)
    home_assistant: str | Exception = "2026.7"
    states: Mapping[str, str | None] | Exception = field(
        default_factory=lambda: {"climate.living_room": "cool", "fan.bedroom": "off"}
    )
    services: Mapping[str, frozenset[str]] | Exception = field(
        default_factory=lambda: {"notify": frozenset({"mobile_app_annas_phone", "notify"})}
    )
    second_road: str | Exception = "ntfy answers"
    running: Running | None = None  # what the daemon tells of itself

    @property
    def probes(self) -> Probes:
        """Return the calls that look at this world."""

        def asked(_names: Sequence[str]) -> Mapping[str, DeviceObserved]:
            return {
                name: parse_state({"entity_id": name, "state": state, "attributes": {}})
                for name, state in _answer(self.states).items()
                if state is not None
            }

        return Probes(
            connect_broker=_call(self.broker),
            read_sensor_ages=_call(self.ages),
            read_running=lambda: self.running,
            fetch_forecasts={"open_meteo": _call(self.forecast)},
            fetch_warnings={name: _call(said) for name, said in self.warnings.items()},
            greet_home_assistant=_call(self.home_assistant),
            fetch_entity_states=asked,
            fetch_services=_call(self.services),
            hear_plugs=tuple,
            try_second_road=lambda _channel_id: _answer(self.second_road),
            try_heartbeat=lambda: "the heartbeat's server answers",
        )


def _answer(value: Answer | Exception) -> Answer:
    """Return a value, or raise it."""
    if isinstance(value, Exception):
        raise value
    return value


def _call(value: Answer | Exception) -> Callable[[], Answer]:
    """Return a call with this outcome."""
    return lambda: _answer(value)


def subjects() -> CheckSubjects:
    """Return what the example's home asks to be looked at."""
    settings = examine_settings(EXAMPLE, environ={}, credentials_directory=None).settings
    assert settings is not None
    return CheckSubjects(
        broker="localhost:1883",
        sensors=build_sensors(settings),
        rooms=build_rooms(settings),
        people=build_people(settings),
        carers=build_carers(settings),
        home_assistant="http://homeassistant.local:8123",
    )


def rows(world: World, status: Status) -> list[tuple[str, str, str]]:
    """Return the rows of one status."""
    report = check_online(subjects(), world.probes)
    return [(row.name, row.what, row.fix) for row in report.rows if row.status is status]


NO_SECOND_ROAD = (
    "second road of Anna",
    "there is none: if Home Assistant is down nothing reaches them",
    "add a [[person.second_road]] for Anna; until then agree a daily call",
)


NO_CARER = (
    "carer of Anna",
    "there is none: nobody else is told when they do not answer",
    "add a [[carer]] with a phone or a second road",
)


def test_offline_check_of_the_example() -> None:
    """The example as it stands is fine; what is absent is a warning with a cure."""
    examination = examine_settings(EXAMPLE, environ={}, credentials_directory=None)
    report = check_offline(EXAMPLE, examination.problems, examination.warnings)
    assert report.exit_code == 0
    assert [(row.status, row.name) for row in report.rows] == [
        (Status.OK, "settings"),
        (Status.WARNING, "mqtt.password"),
        (Status.WARNING, "home_assistant.token"),
        (Status.WARNING, "second road of Anna"),
        (Status.WARNING, "carer of Anna"),
        (Status.WARNING, "home_assistant.url"),
    ]
    assert all(row.fix for row in report.rows if row.status is not Status.OK)


def test_offline_check_of_refused_settings(tmp_path: Path) -> None:
    """Refused settings give every problem as a line of its own and exit code 2."""
    path = write(tmp_path, MINIMAL.replace("52.5", "152.5") + "[mqtt]\nport = 0\n")
    examination = examine_settings(path, environ={}, credentials_directory=None)
    report = check_offline(Path("keepcool.toml"), examination.problems, examination.warnings)
    assert report.exit_code == 2
    assert render_report(report, width=200).replace(f"{tmp_path}/", "") == (
        "RED      settings: keepcool.toml: 2 problems; nothing is started\n"
        "RED      keepcool.toml:3  home.latitude_deg = 152.5: allowed -90 to 90 °\n"
        "RED      keepcool.toml:17  mqtt.port = 0: allowed 1 to 65535\n"
        "\n"
        "0 ok, 0 warning, 3 red"
    )


def test_everything_answers() -> None:
    """With every road open nothing is red but the missing second road, which makes exit code 1."""
    assert rows(World(), Status.RED) == [NO_SECOND_ROAD]
    assert rows(World(), Status.OK) == [
        ("broker localhost:1883", "MQTT 5", ""),
        ("sensor zigbee2mqtt-living_room (Living room)", "last heard 2 min ago", ""),
        ("sensor zigbee2mqtt-bedroom (Bedroom)", "last heard just now", ""),
        ("forecast open_meteo", "48 hours, up to 33 °C", ""),
        ("Home Assistant http://homeassistant.local:8123", "2026.7", ""),
        ("climate.living_room", "cool", ""),
        ("fan.bedroom", "off", ""),
        (
            "phone of Anna",
            "notify.mobile_app_annas_phone is there; try it: keepcool test-alert anna",
            "",
        ),
        ("heartbeat", "the heartbeat's server answers", ""),
    ]
    assert check_online(subjects(), World().probes).exit_code == 1


def test_each_source_and_each_warning_service_has_a_row() -> None:
    """A chain's members are tried one by one; a failing warning service says that it may fail."""
    probes = replace(
        World().probes,
        fetch_forecasts={
            "open_meteo": _call(TransientError("timed out")),
            "met_norway": _call("60 hours"),
        },
        fetch_warnings={"nws AZZ540": _call(TransientError("timed out")), "nws": _call("none")},
    )
    found = [
        (row.name, row.status, row.what, row.fix)
        for row in check_online(subjects(), probes).rows
        if row.name.startswith(("forecast", "heat warnings"))
    ]
    offline = "see that this machine reaches the internet; without a forecast nothing is seen ahead"
    optional = "see [[official_warning]]; keepcool warns by your rooms without it all the same"
    assert found == [
        ("forecast open_meteo", Status.RED, "timed out", offline),
        ("forecast met_norway", Status.OK, "60 hours", ""),
        ("heat warnings nws AZZ540", Status.RED, "timed out", optional),
        ("heat warnings nws", Status.OK, "none", ""),
    ]


def with_roads() -> CheckSubjects:
    """Return the example's home with a second road for Anna, and a carer with both roads."""
    plain = subjects()
    (anna,) = plain.people
    ben = Carer("ben", "Ben", ("anna",), anna.phones, ("ben:second_road:1",))
    anna = replace(anna, second_roads=("anna:second_road:1",))
    return replace(plain, people=(anna,), carers=(ben,))


def test_second_roads_and_carers() -> None:
    """Each second road is tried and says how to send a test; with one for all nothing is red."""
    report = check_online(with_roads(), World().probes)
    assert report.exit_code == 0
    assert [(row.name, row.what) for row in report.rows][-4:] == [
        (
            "second road of Anna",
            "ntfy answers; try it: keepcool test-alert anna --second-road",
        ),
        ("second road of Ben", "ntfy answers; try it: keepcool test-alert ben --second-road"),
        ("carer Ben", "is told when Anna does not answer"),
        ("heartbeat", "the heartbeat's server answers"),
    ]
    assert [row.name for row in report.rows if row.name.startswith("phone")] == [
        "phone of Anna",
        "phone of Ben",
    ]


def test_second_road_that_does_not_answer() -> None:
    """A road whose server does not answer is red, and so is a carer without any road."""
    found = with_roads()
    lonely = replace(found, carers=(replace(found.carers[0], phones=(), second_roads=()),))
    report = check_online(lonely, World(second_road=TransientError("no answer")).probes)
    assert [(row.name, row.what) for row in report.rows if row.status is Status.RED] == [
        ("second road of Anna", "no answer"),
        ("carer Ben", "keepcool cannot reach them"),
    ]


def test_broker_and_forecast_that_refuse() -> None:
    """A road that is closed is red with the reason and a cure."""
    world = World(broker=PermanentError("not authorised"), forecast=TransientError("timed out"))
    assert rows(world, Status.RED)[:2] == [
        (
            "broker localhost:1883",
            "not authorised",
            "see that mosquitto runs and that [mqtt] has the right host, port, user and password",
        ),
        (
            "forecast open_meteo",
            "timed out",
            "see that this machine reaches the internet; without a forecast nothing is seen ahead",
        ),
    ]


def test_sensors_that_are_silent() -> None:
    """A sensor never heard and one not heard for long are red; at its limit one is still fine."""
    world = World(ages={"zigbee2mqtt-living_room": timedelta(hours=5)})
    assert rows(world, Status.RED)[:2] == [
        (
            "sensor zigbee2mqtt-living_room (Living room)",
            "last heard 5 h ago",
            "see to its battery and its distance from the hub",
        ),
        (
            "sensor zigbee2mqtt-bedroom (Bedroom)",
            "never heard",
            "watch it: mosquitto_sub -v -t 'zigbee2mqtt/bedroom'; is the topic the right one?",
        ),
    ]
    at_limit = World(
        ages={"zigbee2mqtt-living_room": 130 * MINUTE, "zigbee2mqtt-bedroom": 130 * MINUTE}
    )
    assert rows(at_limit, Status.RED) == [NO_SECOND_ROAD]


@pytest.mark.parametrize(
    ("running_for", "status"),
    [(UNLEARNED_LIMIT - MINUTE, Status.WARNING), (UNLEARNED_LIMIT, Status.RED)],
)
def test_sensor_may_be_silent_while_keepcool_is_young(
    running_for: timedelta, status: Status
) -> None:
    """Many sensors speak once an hour: only after its limit is one that never spoke red."""
    ages = {"zigbee2mqtt-living_room": MINUTE}
    found = rows(World(ages=ages, running=Running(running_for)), status)
    assert [row for row in found if row[0].startswith("sensor zigbee2mqtt-bedroom")]


@pytest.mark.parametrize(
    ("running", "expected"),
    [
        (Running(MINUTE), ["if keepcool dies these stay on: climate.living_room"]),
        (Running(MINUTE, frozenset({"climate-living_room"})), []),
        (None, []),  # who does not run tells nothing of its watchdogs
    ],
)
def test_cooling_that_nobody_ends_is_named_once(
    running: Running | None, expected: list[str]
) -> None:
    """A compressor that would run on if keepcool died is one warning; a fan may stay on."""
    found = rows(World(running=running), Status.WARNING)
    assert [what for name, what, _ in found if name == "watchdog"] == expected
    assert all("blueprint" in fix for name, _, fix in found if name == "watchdog")


def test_forecast_of_home_assistant_points_to_home_assistant() -> None:
    """Where Home Assistant forecasts and refuses, nobody is sent to look after the internet."""
    world = World(forecast=PermanentError("token refused"))
    probes = replace(world.probes, fetch_forecasts={"home_assistant": _call(world.forecast)})
    (row,) = [row for row in check_online(subjects(), probes).rows if "forecast" in row.name]
    assert row.fix == "see the rows of Home Assistant; without a forecast nothing is seen ahead"


def test_no_database() -> None:
    """Without a running daemon there is one red row for all sensors."""
    world = World(ages=FileNotFoundError("no database"))
    assert rows(world, Status.RED)[0] == (
        "sensors",
        "keepcool has not run here yet, so none was heard",
        "start it (keepcool run, or sudo systemctl start keepcool), wait a minute, check again",
    )


def test_home_assistant_that_does_not_answer() -> None:
    """Entities and phones are not tried, and not called missing, when Home Assistant is away."""
    world = World(
        home_assistant=PermanentError("401: the token is refused"), states={}, services={}
    )
    assert rows(world, Status.WARNING) == [
        (
            "entities and phones",
            "not tried, because Home Assistant did not answer",
            "mend the row above first",
        ),
        NO_CARER,
    ]
    assert [name for name, _, _ in rows(world, Status.RED)] == [
        "Home Assistant http://homeassistant.local:8123",
        "second road of Anna",
    ]


def test_entities_and_phones_that_are_missing() -> None:
    """A mistyped entity or phone is red, with the nearest phone that there is."""
    world = World(
        states={"climate.living_room": None, "fan.bedroom": "unavailable"},
        services={"notify": frozenset({"mobile_app_anna_s_phone", "notify"})},
    )
    assert rows(world, Status.RED)[:3] == [
        (
            "climate.living_room",
            "Home Assistant does not know this entity",
            "compare with Home Assistant: Settings > Devices & services > Entities",
        ),
        (
            "fan.bedroom",
            "Home Assistant says unavailable",
            "see that the device has power and is in the network",
        ),
        (
            "phone of Anna",
            "Home Assistant has no notify.mobile_app_annas_phone",
            "did you mean notify.mobile_app_anna_s_phone?",
        ),
    ]


def test_lists_that_cannot_be_fetched() -> None:
    """A list that Home Assistant does not give is one red row, and the rest goes on."""
    world = World(states=TransientError("timed out"), services=TransientError("timed out"))
    assert [(name, what) for name, what, _ in rows(world, Status.RED)][:2] == [
        ("entities", "timed out"),
        ("phones", "timed out"),
    ]


def test_home_without_sensors_phones_and_home_assistant() -> None:
    """What is not there at all is red as well."""
    bare = replace(subjects(), sensors=(), home_assistant=None)
    names = [
        row.name for row in check_online(bare, World().probes).rows if row.status is Status.RED
    ]
    assert names == ["sensors", "Home Assistant", "second road of Anna"]
    people = tuple(replace(person, phones=()) for person in subjects().people)
    phoneless = check_online(replace(subjects(), people=people), World().probes)
    assert (
        CheckRow("phone of Anna", Status.RED, "there is none", "add a [[person.phone]] for Anna")
        in phoneless.rows
    )


def test_online_replaces_the_warning_about_the_same_thing() -> None:
    """The second road is told once: red when it was tried."""
    examination = examine_settings(EXAMPLE, environ={}, credentials_directory=None)
    offline = check_offline(EXAMPLE, examination.problems, examination.warnings)
    merged = merge_reports(offline, check_online(subjects(), World().probes))
    found = [row.status for row in merged.rows if row.name == "second road of Anna"]
    assert found == [Status.RED]
    assert merged.exit_code == 1


def test_table_fits_eighty_columns() -> None:
    """The table is plain text within 80 columns; only what cannot be broken may stand out."""
    world = World(broker=PermanentError("refused " * 30), states={}, services={})
    text = render_report(check_online(subjects(), world.probes))
    assert max(len(line) for line in text.split("\n")) <= 80
    assert "\x1b" not in text
    path = "/a" * 60
    wide = render_report(CheckReport((CheckRow("file", Status.RED, path, f"chmod 640 {path}"),)))
    assert wide.count(path) == 2
