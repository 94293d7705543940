"""Check what two keys say together: order, references, duplicates, roads that are missing.

These checks read the plain document and skip what has the wrong shape, because they run beside
pydantic's: a person who mends a file wants to hear everything at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from config.addresses import is_private, read_address
from config.device_relations import device_problems
from config.electricity_relations import electricity_problems
from config.emergency import country_code, emergency_number
from config.errors import Problem, nearest_name, show_value
from config.fields import Between, is_host, slug_of
from config.lines import KeyPath
from config.model import MqttTable, PersonTable
from config.sensing_relations import (
    are_same_sensor,
    sensing_problems,
    sensor_id,
)
from config.source import Source
from config.table import Located, tables_at, text_at
from config.translation import key_name
from config.weather_relations import weather_problems

_DAY_LEVELS = ("level_1_c", "level_2_c", "level_3_c")
_NIGHT_LEVELS = ("night_level_1_c", "night_level_2_c")
_NEEDS_ROAD = "needs [home_assistant]: phones and cooling are reached through it"


class Relations:
    """Check one document; every method yields the problems of one kind."""

    def __init__(self, document: Mapping[str, Any], source: Source) -> None:
        self._document = document
        self._source = source
        self._people = list(tables_at(document, (), "person"))
        self._carers = list(tables_at(document, (), "carer"))
        self._rooms = list(tables_at(document, (), "room"))

    def problems(self) -> Iterator[Problem]:
        """Yield every problem, in the order in which a reader meets the tables."""
        checks: tuple[Callable[[], Iterator[Problem]], ...] = (
            self.roads,
            self._shared_prefix,
            self._levels,
            self._times,
            self._places,
            self._cared_for,
            self._duplicate_ids,
            self._sensing,
            self._duplicate_devices,
            self._devices,
            self._electricity,
            self._without_home_assistant,
            self._announcers,
            self._weather,
        )
        for check in checks:
            yield from check()

    def roads(self) -> Iterator[Problem]:
        """Yield what is wrong with the home's country and with the roads themselves.

        Nothing may be sent to anybody while there is something: a secret would go in the clear.
        """
        yield from self._country()
        yield from self._plaintext()
        yield from self._lonely_password()

    def _problem(self, path: KeyPath, what: str, *, allowed: str = "", **more: str) -> Problem:
        """Build a problem at a key, with the value that stands there."""
        value: object = self._document
        for part in path:
            if isinstance(value, Mapping):
                value = value.get(str(part))
            elif isinstance(value, list) and isinstance(part, int):
                value = value[part]
        return Problem(
            where=self._source.where(path),
            key=key_name(path),
            what=what,
            value=None if isinstance(value, Mapping | list | None) else show_value(value),
            allowed=allowed or None,
            nearest=more.get("nearest") or None,
            fix=more.get("fix") or None,
        )

    def _table(self, key: str) -> Mapping[str, Any]:
        """Return a table, empty when there is none."""
        table = self._document.get(key)
        return table if isinstance(table, Mapping) else {}

    def _country(self) -> Iterator[Problem]:
        """Ask for a number that the safety texts can name."""
        home = self._table("home")
        code = country_code(text_at(home, "country"))
        if code and "emergency_number" not in home and emergency_number(code) is None:
            what = "keepcool does not know this country's emergency number"
            fix = 'add emergency_number = "..." to [home]'
            yield self._problem(("home", "country"), what, fix=fix)

    def _plaintext(self) -> Iterator[Problem]:
        """Keep passwords and readings from crossing the internet in the clear, unless wanted."""
        mqtt = self._table("mqtt")
        host = text_at(mqtt, "host")
        if is_host(host) and not is_private(host) and not (_flag(mqtt, "tls") or _is_open(mqtt)):
            what = "is a public address, and without TLS everyone on the way can read along"
            fix = "set tls = true in [mqtt], or allow_plaintext = true if you accept that"
            yield self._problem(("mqtt", "host"), what, fix=fix)
        for table, key in (("home_assistant", "url"), ("weather", "base_url")):
            address = read_address(text_at(self._table(table), key))
            if address is None or address.is_encrypted or is_private(address.host):
                continue
            if not _is_open(self._table(table)):
                what = "is a public address, and over http:// everyone on the way can read along"
                fix = "write https://"
                if table == "home_assistant":
                    fix += ", or set allow_plaintext = true if you accept that"
                yield self._problem((table, key), what, fix=fix)

    def _lonely_password(self) -> Iterator[Problem]:
        """Find a password without a user, which is a forgotten line."""
        mqtt = self._table("mqtt")
        key = "password_file" if "password_file" in mqtt else "password"
        if key in mqtt and "username" not in mqtt:
            path = ("mqtt", key)
            where, fix = self._source.where(path), 'add username = "..." to [mqtt]'
            yield Problem(where, key_name(path), "stands without a username", fix=fix)

    def _shared_prefix(self) -> Iterator[Problem]:
        """Keep keepcool's own topics out of those that Home Assistant reads as discovery."""
        mqtt = self._table("mqtt")
        base, prefix = (
            text_at(mqtt, key) or str(MqttTable.model_fields[key].default)
            for key in ("base_topic", "discovery_prefix")
        )
        if base == prefix:
            key = "discovery_prefix" if "discovery_prefix" in mqtt else "base_topic"
            what = "base_topic and discovery_prefix are the same"
            fix = 'take it out: the defaults are "keepcool" and "homeassistant"'
            yield self._problem(("mqtt", key), what, fix=fix)

    def _levels(self) -> Iterator[Problem]:
        """Find levels that are not above the one before them."""
        for path, person in self._people:
            for ladder in (_DAY_LEVELS, _NIGHT_LEVELS):
                for lower, upper in pairwise(ladder):
                    low, high = _level(person, lower), _level(person, upper)
                    if low is None or high is None or low < high:
                        continue
                    key = upper if upper in person else lower
                    order = " < ".join(ladder)
                    what = f"{lower} is {low:g} and {upper} is {high:g}"
                    yield self._problem((*path, key), what, fix=f"they must rise: {order}")

    def _times(self) -> Iterator[Problem]:
        """Find days and stays without a length."""
        for path, person in self._people:
            wake, bed = person.get("wake_at", "07:00"), person.get("bed_at", "22:30")
            if str(wake)[:5] == str(bed)[:5]:
                key = "bed_at" if "bed_at" in person else "wake_at"
                yield self._problem((*path, key), "wake_at and bed_at are the same")
            quiet = [key for key in ("quiet_until", "quiet_from") if key in person]
            start, end = person.get("quiet_from", bed), person.get("quiet_until", wake)
            if quiet and str(start)[:5] == str(end)[:5]:
                what = "quiet hours begin and end at the same time"
                fix = "take quiet_from and quiet_until out: then they are from bed_at to wake_at"
                yield self._problem((*path, quiet[0]), what, fix=fix)
            for stay_path, stay in tables_at(person, path, "stay"):
                start, end = stay.get("from"), stay.get("until")
                if start is not None and str(start)[:5] == str(end)[:5]:
                    what = "from and until are the same"
                    fix = 'for the whole day, add the room to rooms = ["..."] instead'
                    yield self._problem((*stay_path, "until"), what, fix=fix)

    def _places(self) -> Iterator[Problem]:
        """Find people in rooms that there are not, or in none."""
        known = [text_at(room, "id") for _, room in self._rooms if text_at(room, "id")]
        for path, person in self._people:
            if not person.get("rooms") and not person.get("stay"):
                fix = 'add rooms = ["..."] with the ids of the rooms they are usually in'
                yield self._problem((*path, "rooms"), "is missing", fix=fix)
            rooms = person.get("rooms")
            places: list[tuple[KeyPath, object]] = [
                ((*path, "rooms", number), room)
                for number, room in enumerate(rooms if isinstance(rooms, list) else [])
            ]
            places += [
                ((*stay_path, "room"), stay.get("room"))
                for stay_path, stay in tables_at(person, path, "stay")
            ]
            for place, room in places:
                if isinstance(room, str) and room.strip() not in known:
                    nearest = nearest_name(room, known)
                    listed = ", ".join(f'"{name}"' for name in known[:10]) or "none so far"
                    yield self._problem(
                        place,
                        "there is no [[room]] with this id",
                        allowed="" if nearest else listed,
                        nearest=f'"{nearest}"' if nearest else "",
                    )

    def _cared_for(self) -> Iterator[Problem]:
        """Find carers of people that there are not."""
        known = [text_at(person, "id") for _, person in self._people if text_at(person, "id")]
        for path, carer in self._carers:
            people = carer.get("people")
            for number, person in enumerate(people if isinstance(people, list) else []):
                if isinstance(person, str) and person.strip() not in known:
                    nearest = nearest_name(person, known)
                    listed = ", ".join(f'"{name}"' for name in known[:10]) or "none so far"
                    yield self._problem(
                        (*path, "people", number),
                        "there is no [[person]] with this id",
                        allowed="" if nearest else listed,
                        nearest=f'"{nearest}"' if nearest else "",
                    )

    def _duplicate_ids(self) -> Iterator[Problem]:
        """Find ids that name two things."""
        told = (*self._people, *self._carers)
        kinds: dict[str, list[tuple[KeyPath, str]]] = {
            "person or carer": [((*path, "id"), text_at(table, "id")) for path, table in told],
            "room": [((*path, "id"), text_at(table, "id")) for path, table in self._rooms],
            "sensor": [(p, sensor_id(t)) for p, t in self._inside_rooms("sensor")],
            "cooling device": [(p, device_id(t)) for p, t in self._inside_rooms("cooling")],
        }
        inside = dict(self._inside_rooms("cooling")) | dict(self._inside_rooms("sensor"))
        for kind, entries in kinds.items():
            seen: dict[str, KeyPath] = {}
            for path, name in entries:
                if name in seen and not _are_twins(kind, inside.get(path), inside.get(seen[name])):
                    where = self._source.where(seen[name])
                    at = path if path[-1] == "id" else (*path, "id")
                    what = f'another {kind} has the id "{name}" ({where})'
                    yield self._problem(at, what, fix="give each one an id of its own")
                elif name:
                    seen[name] = path

    def _sensing(self) -> Iterator[Problem]:
        """Find sensors that speak on no road or on two, and those that would count twice."""
        for path, what, fix in sensing_problems(self._document, self._source.where):
            yield self._problem(path, what, fix=fix)

    def _duplicate_devices(self) -> Iterator[Problem]:
        """Find devices that would obey two plans, and phones that would ring twice."""
        seen: dict[str, KeyPath] = {}
        for path, device in self._inside_rooms("cooling"):
            key = "entity" if "entity" in device else "command_topic"
            address = text_at(device, key)
            if address and address in seen:
                what = f"already cools a room ({self._source.where((*seen[address], key))})"
                fix = "keep it in the room that it cools most"
                yield self._problem((*path, key), what, fix=fix)
            seen.setdefault(address, path)
        for path, owner in (*self._people, *self._carers):
            for kind, key in (
                ("phone", "service"),
                ("second_road", "url_file"),
                ("announcer", "entity"),
            ):
                named: set[str] = set()
                for inner_path, inner in tables_at(owner, path, kind):
                    name = text_at(inner, key)
                    if name and name in named:
                        what = f"is there twice for this {path[0]}"
                        yield self._problem((*inner_path, key), what, fix="take one out")
                    named.add(name)

    def _devices(self) -> Iterator[Problem]:
        """Find devices that do not say what they are, and keys that they cannot have."""
        windows = {path: len(list(tables_at(room, path, "window"))) for path, room in self._rooms}
        yield from device_problems(self._inside_rooms("cooling"), windows, self._problem)

    def _electricity(self) -> Iterator[Problem]:
        """Find devices that the home's limit of power cannot count, and dear times without end."""
        devices = self._inside_rooms("cooling")
        yield from electricity_problems(self._document, devices, self._problem)

    def _without_home_assistant(self) -> Iterator[Problem]:
        """Find phones and devices without the Home Assistant that reaches them."""
        if "home_assistant" in self._document:
            return
        fix = 'add [home_assistant] with url = "http://homeassistant.local:8123"'
        for path, owner in (*self._people, *self._carers):
            for phone_path, _ in tables_at(owner, path, "phone"):
                yield self._problem((*phone_path, "service"), _NEEDS_ROAD, fix=fix)
            for announcer_path, _ in tables_at(owner, path, "announcer"):
                yield self._problem((*announcer_path, "entity"), _NEEDS_ROAD, fix=fix)
        for path, device in self._inside_rooms("cooling"):
            if "entity" in device:  # a plug is switched without it
                yield self._problem((*path, "entity"), _NEEDS_ROAD, fix=fix)

    def _announcers(self) -> Iterator[Problem]:
        """Find speakers without a voice, and lights with one."""
        for path, person in self._people:
            for at, announcer in tables_at(person, path, "announcer"):
                domain = text_at(announcer, "entity").partition(".")[0]
                if domain == "media_player" and "tts" not in announcer:
                    what = "a speaker needs a voice that makes speech of a text"
                    fix = 'add tts = "tts.piper", or another that works without the internet'
                    yield self._problem((*at, "tts"), what, fix=fix)
                elif domain == "light" and "tts" in announcer:
                    yield self._problem((*at, "tts"), "a light has no voice", fix="take it out")

    def _weather(self) -> Iterator[Problem]:
        """Find sources and warning services that cannot be asked as it stands."""
        yield from weather_problems(self._document, self._problem)

    def _inside_rooms(self, key: str) -> Iterator[Located]:
        """Yield every sensor or cooling device of every room."""
        for path, room in self._rooms:
            yield from tables_at(room, path, key)


def device_id(device: Mapping[str, Any]) -> str:
    """Return a cooling device's id, made from its entity or topic when none is given."""
    address = text_at(device, "entity") or text_at(device, "command_topic")
    return text_at(device, "id") or slug_of(address)


def _are_twins(kind: str, one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Return whether two ids are equal only because the things are, which is told as such."""
    if one is None or other is None or "id" in one or "id" in other:
        return False
    if kind == "sensor":
        return are_same_sensor(one, other)
    keys = ("entity", "command_topic")
    return [one.get(key) for key in keys] == [other.get(key) for key in keys]


def _flag(table: Mapping[str, Any], key: str) -> bool:
    """Return whether a flag is set, in the file or in the environment."""
    return str(table.get(key, "")).strip().lower() in ("true", "yes", "on")


def _is_open(table: Mapping[str, Any]) -> bool:
    """Return whether plain text was allowed."""
    return _flag(table, "allow_plaintext")


def _level(person: Mapping[str, Any], key: str) -> float | None:
    """Return a level (its default when not given), or `None` when it is out of range anyway."""
    info = PersonTable.model_fields[key]
    value = person.get(key, info.default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    ranges = [rule for rule in info.metadata if isinstance(rule, Between)]
    return value if all(rule.low <= value <= rule.high for rule in ranges) else None
