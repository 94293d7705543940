"""Warn about settings that are allowed and still not what the household may want."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.addresses import is_private, read_address
from config.errors import Problem, SettingsError
from config.home import build_carers, build_people, build_rooms
from config.lines import KeyPath
from config.settings import Settings, load_settings
from policies.cooling_view import LOWEST_TARGET_C, TARGET_UNDER_LIMIT_C
from policies.heat_limits import personal_limits
from policies.model import CoolingRole, Person

ONE_ROAD = "there is none: if Home Assistant is down nothing reaches them"


@dataclass(frozen=True, slots=True)
class Examination:
    """Hold what a look at the settings found; `settings` is `None` when there are problems."""

    settings: Settings | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def examine_settings(
    path: Path | None, *, environ: Mapping[str, str], credentials_directory: Path | None
) -> Examination:
    """Load settings for `keepcool check`: problems and warnings as data instead of an exception."""
    try:
        settings = load_settings(
            path,
            environ=environ,
            credentials_directory=credentials_directory,
            require_secrets=False,
        )
    except SettingsError as err:
        return Examination(None, problems=err.problems)
    return Examination(settings, warnings=find_warnings(settings))


def find_warnings(settings: Settings) -> tuple[Problem, ...]:
    """Return what is allowed but should be known, in the order of the file's tables."""
    return (
        *settings.absent_secrets,
        *_roads(settings),
        *_plaintext(settings),
        *_test_bench(settings),
        *_people(settings),
        *_carers(settings),
        *_rooms(settings),
        *_targets(settings),
    )


def _warn(settings: Settings, path: KeyPath, key: str, what: str, fix: str = "") -> Problem:
    """Build a warning at a place of the file."""
    return Problem(settings.source.where(path), key, what, fix=fix or None)


def _roads(settings: Settings) -> Iterator[Problem]:
    """Say truthfully how many roads lead to a person."""
    if settings.home_assistant is None:
        what = "without [home_assistant] no phone is told and only plugs on MQTT are switched"
        fix = 'add it with url = "http://homeassistant.local:8123"'
        yield Problem(settings.source.file_name, "home_assistant", what, fix=fix)
    for number, person in enumerate(settings.people):
        if not person.second_roads:
            fix = f"add a [[person.second_road]] for {person.name}; until then agree a daily call"
            name = f"second road of {person.name}"
            yield _warn(settings, ("person", number), name, ONE_ROAD, fix)
    cared_for = {name for carer in build_carers(settings) for name in carer.people}
    for number, person in enumerate(settings.people):
        if person.id not in cared_for:
            what = "there is none: nobody else is told when they do not answer"
            fix = "add a [[carer]] with a phone or a second road"
            yield _warn(settings, ("person", number), f"carer of {person.name}", what, fix)


def _plaintext(settings: Settings) -> Iterator[Problem]:
    """Name what others in the network can read along."""
    if settings.is_mqtt_readable_by_others:
        where = "on the internet" if not settings.is_mqtt_private else "in your network"
        what = f"readings and the password travel unencrypted: everyone {where} can read along"
        yield _warn(
            settings, ("mqtt", "host"), "mqtt.tls", what, "set tls = true if the broker can"
        )
    if settings.home_assistant and settings.is_home_assistant_readable_by_others:
        address = read_address(settings.home_assistant.url)
        where = "in your network" if address and is_private(address.host) else "on the internet"
        what = f"the token travels unencrypted: everyone {where} can read along"
        path = ("home_assistant", "url")
        yield _warn(
            settings, path, "home_assistant.url", what, "use https:// if you have set it up"
        )


def _test_bench(settings: Settings) -> Iterator[Problem]:
    """Name protections that are switched off."""
    path: KeyPath = ("thresholds",)
    thresholds = settings.thresholds
    if not thresholds.budgets:
        what = "false: the phone may get any number of messages a day"
        yield _warn(settings, (*path, "budgets"), "thresholds.budgets", what, "set it to true")
    if thresholds.max_step_c_per_min == 0:
        what = "0: a sensor's sudden jump is believed at once"
        key = "max_step_c_per_min"
        yield _warn(settings, (*path, key), f"thresholds.{key}", what, "take it out")
    for room in build_rooms(settings):
        for device in room.devices:
            is_bare = not (device.minimum_on and device.minimum_off)
            if device.role.has_compressor and is_bare:
                what = f"{device.entity_id} may be switched as fast as it goes, which harms it"
                yield Problem(settings.source.file_name, "room.cooling", what, fix="take 0 out")


def _people(settings: Settings) -> Iterator[Problem]:
    """Name people who cannot be reached, and settings of theirs that do nothing."""
    if not settings.people:
        what = "nobody is looked after, so nobody is told anything"
        yield Problem(settings.source.file_name, "person", what, fix="add a [[person]]")
    for number, person in enumerate(settings.people):
        path: KeyPath = ("person", number)
        name = f"person {person.id}"
        if not person.phones:
            fix = "add a [[person.phone]] with their notify service"
            what = "has no phone: keepcool cannot tell them"
            if person.second_roads:
                what = "has no phone: only warnings and alarms reach them, and they cannot answer"
            yield _warn(settings, path, name, what, fix)
        if person.fluid_restricted and person.drinks_goal_ml is not None:
            what = "drinks_goal_ml does nothing while fluid_restricted = true"
            where = (*path, "drinks_goal_ml")
            yield _warn(settings, where, name, what, "follow the plan from your care team")
        if person.night_level_1_c > person.level_1_c:
            what = f"the night's level 1 ({person.night_level_1_c:g} °C) is above the day's"
            fix = "most people want the bedroom cooler"
            yield _warn(settings, (*path, "night_level_1_c"), name, what, fix)


def _carers(settings: Settings) -> Iterator[Problem]:
    """Name carers who cannot be reached."""
    for number, carer in enumerate(settings.carers):
        if not carer.phones and not carer.second_roads:
            what = "has neither phone nor second road: keepcool cannot tell them"
            fix = "add a [[carer.phone]] or a [[carer.second_road]]"
            yield _warn(settings, ("carer", number), f"carer {carer.id}", what, fix)


def _rooms(settings: Settings) -> Iterator[Problem]:
    """Name rooms that keepcool cannot see, or that belong to nobody."""
    if not settings.rooms:
        what = "keepcool sees no room"
        yield Problem(settings.source.file_name, "room", what, fix="add a [[room]] with a sensor")
    lived_in = {room for person in build_people(settings) for room in person.rooms}
    for number, room in enumerate(settings.rooms):
        path: KeyPath = ("room", number)
        name = f"room {room.id}"
        if not room.sensors:
            fix = "add a [[room.sensor]] with its topic or its entity"
            yield _warn(settings, path, name, "has no sensor: keepcool cannot see it", fix)
        if room.id not in lived_in and settings.people:
            fix = f'add "{room.id}" to somebody\'s rooms'
            yield _warn(settings, path, name, "nobody is in it, so nobody is warned", fix)


def _targets(settings: Settings) -> Iterator[Problem]:
    """Name air conditioners that would aim at or above the limit that they are to keep."""
    rooms = {room.room_id: (number, room) for number, room in enumerate(build_rooms(settings))}
    for person in build_people(settings):
        day_c = personal_limits(person, is_night_bedroom=False).level_1_c
        night_c = personal_limits(person, is_night_bedroom=True).level_1_c
        for number, room in (rooms[room_id] for room_id in person.rooms):
            for order, device in enumerate(room.devices):
                if device.role is not CoolingRole.AIR_CONDITIONER:
                    continue
                path: KeyPath = ("room", number, "cooling", order)
                if day_c <= device.target_day_c:
                    where = (*path, "target_day_c")
                    yield _target(settings, where, person, device.target_day_c, day_c)
                if room.is_bedroom and night_c <= device.target_night_c:
                    where = (*path, "target_night_c")
                    yield _target(settings, where, person, device.target_night_c, night_c)


def _target(
    settings: Settings, path: KeyPath, person: Person, target_c: float, limit_c: float
) -> Problem:
    """Say that a target is not under the limit."""
    key = str(path[-1])
    better = max(LOWEST_TARGET_C, limit_c - TARGET_UNDER_LIMIT_C)
    what = (
        f"{person.name}'s limit there is {limit_c:g} °C after their offset, "
        f"and the AC aims at {target_c:g} °C"
    )
    return _warn(settings, path, f"room.cooling.{key}", what, f"set {key} = {better:g} or lower")
