"""Turn a file of answers and what was found into a plan, without asking anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from config import credentials
from config.answers import (
    CarerAnswers,
    CoolingAnswers,
    LoadedAnswers,
    PersonAnswers,
    PhoneAnswers,
    RoomAnswers,
    usual_text,
)
from config.emergency import emergency_number
from config.errors import Problem, SettingsError
from config.lines import KeyPath
from daemon.init.connect import Connected, Roads
from daemon.init.household import Place
from daemon.init.names import id_of, is_bedroom
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
from daemon.init.propose import Proposal, presence_of, propose, room_of
from daemon.init.sensors import SensorFound, list_sensors, typed_sensor


def broker_plan(loaded: LoadedAnswers) -> BrokerPlan | None:
    """Return how to reach the broker. Raises: SettingsError."""
    table = loaded.answers.mqtt
    if table is None:
        return None
    password = loaded.secret(("mqtt", "password_file"), table.password, table.password_file)
    ca_file = credentials.resolve(table.ca_file, loaded.base) if table.ca_file else None
    return BrokerPlan(
        host=table.host,
        port=table.port,
        username=table.username,
        password=password,
        tls=table.tls,
        ca_file=str(ca_file) if ca_file else None,
        version=table.version,
        allow_plaintext=table.allow_plaintext,
    )


def home_assistant_plan(loaded: LoadedAnswers) -> HomeAssistantPlan | None:
    """Return how to reach Home Assistant. Raises: SettingsError."""
    table = loaded.answers.home_assistant
    if table is None:
        return None
    token = loaded.secret(("home_assistant", "token_file"), table.token, table.token_file)
    return HomeAssistantPlan(table.url, token or "", allow_plaintext=table.allow_plaintext)


def connect(loaded: LoadedAnswers, roads: Roads, say: Callable[[str], None]) -> Connected:
    """Come to both roads that are named. Raises: IntegrationError, SettingsError."""
    wanted, server = broker_plan(loaded), home_assistant_plan(loaded)
    broker = household = None
    if wanted is not None:
        broker = roads.new_broker()
        say(f"Reading what is announced at {wanted.address} ...")
        roads.read_retained(wanted, broker)
    if server is not None:
        say(f"Asking Home Assistant at {server.url} ...")
        household = roads.fetch_household(server)
    if wanted is not None and broker is not None:
        seconds = loaded.answers.listen_s
        say(f"Listening to the sensors for {seconds:.0f} s ...")
        roads.listen(wanted, broker, seconds, lambda *_: None)
    return Connected(wanted, broker, server, household)


class Planner:
    """Make a plan of answers; what they name and nobody found is refused with its line."""

    def __init__(self, loaded: LoadedAnswers, found: Connected) -> None:
        self._loaded = loaded
        self._found = found
        self._problems: list[Problem] = []
        self.sensors = list_sensors(found.broker, found.household)
        self.proposal: Proposal = propose(self.sensors, found.household)

    def plan(self) -> Plan:
        """Return the plan. Raises: SettingsError with everything that is wrong."""
        answers, found = self._loaded.answers, self._found
        home = self._home()
        rooms = self._rooms()
        people = self._people(rooms)
        nights = self._nights(rooms)
        weather = answers.weather
        plan = Plan(
            home=home,
            broker=found.broker_plan,
            home_assistant=found.home_assistant_plan,
            weather=(
                self.proposal.weather
                if weather is None
                else WeatherPlan(weather.sources, weather.entity, weather.contact, weather.base_url)
            ),
            people=tuple(people),
            carers=tuple(self._carers(people)),
            rooms=tuple(replace(room, is_bedroom=room.room_id in nights) for room in rooms),
        )
        if self._problems:
            raise SettingsError(dict.fromkeys(self._problems))
        return plan

    def _complain(self, path: KeyPath, what: str, **more: str) -> None:
        self._problems.append(self._loaded.problem(path, what, **more))

    def _home(self) -> HomePlan:
        table = self._loaded.answers.home
        household = self._found.household
        place = household.place if household else Place()
        told = {
            "latitude_deg": _first(table.latitude_deg, place.latitude_deg),
            "longitude_deg": _first(table.longitude_deg, place.longitude_deg),
        }
        words = {
            "time_zone": table.time_zone or place.time_zone,
            "country": table.country or place.country,
        }
        for key, value in {**told, **words}.items():
            if value is None:
                fix = f"add {key} to [home]: Home Assistant does not tell it"
                self._complain(("home", key), "is missing", fix=fix)
        country, number = words["country"] or "", table.emergency_number
        if country and number is None and emergency_number(country) is None:
            fix = 'add emergency_number = "..." to [home]'
            what = f"keepcool does not know the emergency number in {country}"
            self._complain(("home", "emergency_number"), what, fix=fix)
        return HomePlan(
            name=table.name or place.name or "Home",
            latitude_deg=told["latitude_deg"] or 0.0,
            longitude_deg=told["longitude_deg"] or 0.0,
            time_zone=words["time_zone"] or "",
            country=country,
            emergency_number=number,
        )

    # ---------------------------------------------------------------- rooms

    def _rooms(self) -> list[RoomPlan]:
        tables = self._loaded.answers.rooms
        if tables is None:
            if not self.proposal.rooms:
                fix = 'add [[room]] with name and sensors = ["topic or entity"]'
                self._complain(("room",), "no sensor tells which room it is in", fix=fix)
            return list(self.proposal.rooms)
        rooms: list[RoomPlan] = []
        for number, table in enumerate(tables):
            taken = [room.room_id for room in rooms]
            rooms.append(self._room(("room", number), table, taken))
        return rooms

    def _room(self, path: KeyPath, table: RoomAnswers, taken: Sequence[str]) -> RoomPlan:
        proposed = room_of(table.name, self.proposal.rooms)
        sensors = proposed.sensors if proposed else ()
        if table.sensors is not None:
            sensors = tuple(self._sensor(key) for key in table.sensors)
        elif proposed is None:
            known = ", ".join(f'"{room.name}"' for room in self.proposal.rooms) or "none"
            fix = 'add sensors = ["topic or entity"]'
            self._complain((*path, "name"), "no sensor was found there", allowed=known, fix=fix)
        cooling = tuple(
            self._cooling((*path, "cooling", number), device)
            for number, device in enumerate(table.cooling)
        )
        return RoomPlan(
            room_id=id_of(table.name, "room", taken),
            name=table.name,
            is_bedroom=is_bedroom(table.name),
            sensors=sensors,
            cooling=cooling,
            motion=proposed.motion if proposed else (),
        )

    def _sensor(self, key: str) -> SensorFound:
        """Return a sensor by its topic or entity; one that was not heard is taken at its word."""
        for sensor in self.sensors:
            if key in (sensor.key, sensor.topic):
                return sensor
        return typed_sensor(key)

    def _cooling(self, path: KeyPath, table: CoolingAnswers) -> CoolingPlan:
        known = {each.entity_id: each for each in self.proposal.cooling}
        if self._found.household is None:
            fix = "add [home_assistant]"
            self._complain((*path, "entity"), "is reached through Home Assistant", fix=fix)
        elif table.entity not in known:
            listed = ", ".join(sorted(known)) or "none"
            self._complain((*path, "entity"), "Home Assistant does not show it", allowed=listed)
        name = known[table.entity].entity.name if table.entity in known else ""
        return CoolingPlan(table.entity, table.name or name, table.role, table.facing_deg)

    # ---------------------------------------------------------------- people

    def _people(self, rooms: Sequence[RoomPlan]) -> list[PersonPlan]:
        people: list[PersonPlan] = []
        for number, table in enumerate(self._loaded.answers.people):
            path: KeyPath = ("person", number)
            here = {
                *self._named(path, "rooms_by_day", table.rooms_by_day, rooms),
                *self._named(path, "rooms_by_night", table.rooms_by_night, rooms),
            }
            taken = [each.person_id for each in people]
            people.append(
                PersonPlan(
                    person_id=id_of(table.name, "person", taken),
                    name=table.name,
                    rooms=tuple(room.room_id for room in rooms if room.room_id in here),
                    wake_at=usual_text(table.wake_at),
                    bed_at=usual_text(table.bed_at),
                    flags=frozenset(flag for flag in FLAGS if getattr(table, flag)),
                    phones=tuple(self._phones(path, table.phones)),
                    presence_entity=presence_of(table.name, self._found.household),
                    second_road=self._road(path, table),
                )
            )
        return people

    def _named(
        self, path: KeyPath, key: str, names: Sequence[str] | None, rooms: Sequence[RoomPlan]
    ) -> Iterator[str]:
        """Yield the ids of rooms by their names."""
        if names is None:
            yield from (room.room_id for room in rooms if key == "rooms_by_day" or room.is_bedroom)
        for number, name in enumerate(names or ()):
            room = room_of(name, rooms)
            if room is not None:
                yield room.room_id
            elif rooms:
                listed = ", ".join(f'"{each.name}"' for each in rooms)
                self._complain((*path, key, number), f"there is no room {name}", allowed=listed)

    def _nights(self, rooms: Sequence[RoomPlan]) -> set[str]:
        """Return the rooms in which somebody sleeps."""
        return {
            room_id
            for number, table in enumerate(self._loaded.answers.people)
            for room_id in self._named(
                ("person", number), "rooms_by_night", table.rooms_by_night, rooms
            )
        }

    def _carers(self, people: Sequence[PersonPlan]) -> Iterator[CarerPlan]:
        taken = [person.person_id for person in people]
        for number, table in enumerate(self._loaded.answers.carers):
            path: KeyPath = ("carer", number)
            carer_id = id_of(table.name, "carer", taken)
            taken.append(carer_id)
            phones = tuple(self._phones(path, table.phones))
            yield CarerPlan(carer_id, table.name, phones, self._road(path, table))

    def _phones(self, path: KeyPath, tables: Sequence[PhoneAnswers]) -> Iterator[PhonePlan]:
        known = {phone.service: phone for phone in self.proposal.phones}
        for number, table in enumerate(tables):
            place = (*path, "phone", number, "service")
            if table.service not in known:
                listed = ", ".join(sorted(known)) or "none: open the app on the phone once"
                self._complain(place, "Home Assistant has no such phone", allowed=listed)
            guessed = known[table.service].kind if table.service in known else "android"
            yield PhonePlan(table.service, table.kind or guessed)

    def _road(self, path: KeyPath, table: PersonAnswers | CarerAnswers) -> str | None:
        place = (*path, "second_road_file")
        return self._loaded.secret(place, table.second_road, table.second_road_file)


def _first(given: float | None, found: float | None) -> float | None:
    return found if given is None else given
