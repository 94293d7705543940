"""Ask about the home, its rooms and its people: only what changes what keepcool does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from daemon.init.ask import Check, Terminal, ask_checked, ask_yes, choose, choose_many
from daemon.init.connect import Connected
from daemon.init.household import Place
from daemon.init.listing import describe_cooling, describe_sensor, describe_value, list_findings
from daemon.init.names import id_of, is_bedroom, is_vent
from daemon.init.plan import (
    FLAGS,
    CarerPlan,
    CoolingPlan,
    HomePlan,
    PersonPlan,
    PhonePlan,
    Plan,
    RoomPlan,
)
from daemon.init.propose import (
    CoolingFound,
    Proposal,
    as_cooling,
    phone_of,
    presence_of,
    propose,
    room_of,
)
from daemon.init.sensors import SensorFound, list_sensors, typed_sensor

_ROLES = ("air_conditioner", "fan", "dehumidifier", "vent")
_DIRECTIONS = (
    "north",
    "north-east",
    "east",
    "south-east",
    "south",
    "south-west",
    "west",
    "north-west",
)
_DEGREES_APART = 45


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Hold what the interview must know of the settings' rules."""

    checks: Mapping[str, Check]
    emergency_number: Callable[[str], str | None]  # of a country; None where it is not known
    time_zone: str  # of this machine; may be empty


class Interview:
    """Turn what was found into a plan, question by question."""

    def __init__(self, terminal: Terminal, knowledge: Knowledge, found: Connected) -> None:
        self._terminal = terminal
        self._knowledge = knowledge
        self._checks = knowledge.checks
        self._found = found

    def run(self) -> Plan:
        """Return the plan that the answers make."""
        say = self._terminal.say
        sensors = list_sensors(self._found.broker, self._found.household)
        proposal = propose(sensors, self._found.household)
        say()
        for line in list_findings(sensors, proposal, self._found):
            say(line)
        say()
        say("Step 4 of 4: your home. Enter takes what stands in [brackets].")
        home = self._home()
        rooms = self._rooms(proposal)
        rooms = self._cooling(rooms, proposal.cooling)
        people, rooms = self._people(rooms, proposal.phones)
        carers = self._carers(people, proposal.phones)
        return Plan(
            home=home,
            broker=self._found.broker_plan,
            home_assistant=self._found.home_assistant_plan,
            weather=proposal.weather,
            people=tuple(people),
            carers=tuple(carers),
            rooms=tuple(rooms),
        )

    def _ask(self, question: str, check: str, default: str = "") -> str:
        return ask_checked(self._terminal, question, self._checks[check], default)

    def _told(self, check: str, value: str | None) -> str | None:
        """Return what Home Assistant tells if the settings take it."""
        try:
            return self._checks[check](value) if value is not None else None
        except ValueError:
            return None

    # ---------------------------------------------------------------- the place

    def _home(self) -> HomePlan:
        household = self._found.household
        place = household.place if household else Place()
        name = self._ask("What do you call this home?", "name", place.name or "Home")
        if place.latitude_deg is None or place.longitude_deg is None:
            self._terminal.say(
                "  The forecast needs to know where the home is, to some kilometres."
            )
            latitude = float(self._ask("Latitude, such as 52.52", "latitude"))
            longitude = float(self._ask("Longitude, such as 13.40", "longitude"))
        else:
            latitude, longitude = place.latitude_deg, place.longitude_deg
            self._terminal.say(f"  Its place, from Home Assistant: {latitude}, {longitude}")
        zone = self._told("time_zone", place.time_zone) or self._ask(
            "Time zone, such as Europe/Berlin", "time_zone", self._knowledge.time_zone
        )
        country = self._told("country", place.country) or self._ask(
            "Country, two letters such as DE", "country"
        )
        known, number = self._knowledge.emergency_number(country), None
        if known:
            self._terminal.say(f"  Messages name the emergency number of {country}: {known}")
        else:
            number = self._ask(f"Emergency number in {country} (messages name it)", "emergency")
        return HomePlan(name, latitude, longitude, zone, country, number)

    # ---------------------------------------------------------------- rooms

    def _rooms(self, proposal: Proposal) -> list[RoomPlan]:
        say = self._terminal.say
        rooms: list[RoomPlan] = []
        if proposal.rooms:
            say()
            say("Rooms, from areas, names and topics:")
            options = [_describe_room(room) for room in proposal.rooms]
            chosen = choose_many(
                self._terminal,
                "Which ones shall keepcool watch?",
                options,
                range(len(options)),
            )
            rooms = [proposal.rooms[number] for number in chosen]
        rooms = self._place(rooms, proposal.unplaced)
        while not rooms:
            say("  keepcool needs a room with a sensor. Its topic is enough, or a sensor.* entity.")
            key = self._ask("Topic or entity", "sensor")
            rooms = self._put(rooms, typed_sensor(key))
        return rooms

    def _place(self, rooms: list[RoomPlan], unplaced: Sequence[SensorFound]) -> list[RoomPlan]:
        """Ask for the room of sensors whose names do not tell it."""
        if not unplaced:
            return rooms
        self._terminal.say()
        self._terminal.say("These sensors do not say where they are:")
        options = [describe_sensor(sensor) for sensor in unplaced]
        everyone = range(len(options)) if not rooms else ()
        for number in choose_many(
            self._terminal, "Which ones are in a room of yours?", options, everyone
        ):
            self._terminal.say(f"  {options[number]}")
            rooms = self._put(rooms, unplaced[number])
        return rooms

    def _put(self, rooms: list[RoomPlan], sensor: SensorFound) -> list[RoomPlan]:
        """Return the rooms with one sensor more, in a room that may be new."""
        name = self._ask("Which room is it in?", "name")
        room = room_of(name, rooms)
        if room is None:
            room = RoomPlan(id_of(name, "room", [each.room_id for each in rooms]), name)
            room = replace(room, is_bedroom=is_bedroom(name))
            rooms = [*rooms, room]
        filled = replace(room, sensors=(*room.sensors, sensor))
        return [filled if each.room_id == room.room_id else each for each in rooms]

    # ---------------------------------------------------------------- cooling

    def _cooling(self, rooms: list[RoomPlan], found: Sequence[CoolingFound]) -> list[RoomPlan]:
        if not found:
            return rooms
        say = self._terminal.say
        say()
        say("keepcool can switch these. It commands nothing that you do not choose here.")
        default = [
            number
            for number, each in enumerate(found)
            if each.is_proposed and each.room and room_of(each.room, rooms)
        ]
        options = [describe_cooling(each) for each in found]
        for number in choose_many(self._terminal, "Which ones cool a room?", options, default):
            device = found[number]
            room = room_of(device.room, rooms) if device.room else None
            if room is None:
                say(f"  {options[number]}")
                names = [each.name for each in rooms]
                room = rooms[choose(self._terminal, "Which room does it cool?", names)]
            filled = replace(room, cooling=(*room.cooling, self._device(device)))
            rooms = [filled if each.room_id == room.room_id else each for each in rooms]
        return rooms

    def _device(self, found: CoolingFound) -> CoolingPlan:
        plan, domain = as_cooling(found), found.entity.domain
        if domain == "switch":
            options = (
                "an air conditioner",
                "a fan",
                "a dehumidifier",
                "a window fan or ventilation",
            )
            role = choose(self._terminal, f"What hangs on {found.entity.name}?", options)
            return replace(plan, role=_ROLES[role])
        if domain == "fan" and is_vent(f"{found.entity.name} {found.entity_id}"):
            question = f"Does {found.entity.name} bring outdoor air in?"
            is_wanted = ask_yes(self._terminal, question, default=True)
            return replace(plan, role="vent") if is_wanted else plan
        if domain == "cover":
            question = f"Which way does the window of {found.entity.name} look?"
            way = choose(self._terminal, question, _DIRECTIONS, _DIRECTIONS.index("south"))
            return replace(plan, facing_deg=way * _DEGREES_APART)
        return plan

    # ---------------------------------------------------------------- people

    def _people(
        self, rooms: list[RoomPlan], phones: Sequence[PhonePlan]
    ) -> tuple[list[PersonPlan], list[RoomPlan]]:
        people: list[PersonPlan] = []
        nights: set[str] = set()
        while True:
            self._terminal.say()
            person, by_night = self._person(rooms, phones, [each.person_id for each in people])
            if person.presence_entity in {each.presence_entity for each in people}:
                person = replace(person, presence_entity=None)
            people.append(person)
            nights |= by_night
            if not ask_yes(self._terminal, "Is there somebody else to look after?", default=False):
                break
        return people, [replace(room, is_bedroom=room.room_id in nights) for room in rooms]

    def _person(
        self, rooms: Sequence[RoomPlan], phones: Sequence[PhonePlan], taken: Sequence[str]
    ) -> tuple[PersonPlan, set[str]]:
        terminal = self._terminal
        name = self._ask("Whom does keepcool look after? First name", "name")
        by_day, by_night = self._whereabouts(name, rooms)
        wake = self._ask(f"{name} gets up at (drinks and limits follow the day)", "clock", "07:00")
        bed = self._ask(
            f"{name} goes to bed at (quiet from then on, but for what is urgent)", "clock", "22:30"
        )
        terminal.say(f"What is true for {name}? Each only makes keepcool earlier or more careful.")
        flags = list(FLAGS)
        chosen = choose_many(terminal, "Which ones", [FLAGS[flag] for flag in flags])
        phone = self._phone(name, phones)
        person = PersonPlan(
            person_id=id_of(name, "person", taken),
            name=name,
            rooms=tuple(room.room_id for room in rooms if room.room_id in {*by_day, *by_night}),
            wake_at=wake,
            bed_at=bed,
            flags=frozenset(flags[number] for number in chosen),
            phones=(phone,) if phone else (),
            presence_entity=presence_of(name, self._found.household),
            second_road=self._second_road(name),
        )
        return person, by_night

    def _whereabouts(self, name: str, rooms: Sequence[RoomPlan]) -> tuple[set[str], set[str]]:
        if len(rooms) == 1:
            only = {rooms[0].room_id}
            is_night = ask_yes(
                self._terminal,
                f"Does {name} sleep in {rooms[0].name}?",
                default=rooms[0].is_bedroom,
            )
            return only, only if is_night else set()
        names = [room.name for room in rooms]
        nights = [number for number, room in enumerate(rooms) if room.is_bedroom]
        days = [number for number in range(len(rooms)) if number not in nights] or nights
        while True:
            by_day = choose_many(
                self._terminal, f"Where is {name} by day (their limits count there)?", names, days
            )
            by_night = choose_many(
                self._terminal, f"Where does {name} sleep (the lower night limits)?", names, nights
            )
            if by_day or by_night:
                break
            self._terminal.say("  At least one room, or keepcool would never warn.")
        return {rooms[number].room_id for number in by_day}, {
            rooms[number].room_id for number in by_night
        }

    def _phone(self, name: str, phones: Sequence[PhonePlan]) -> PhonePlan | None:
        if not phones:
            if self._found.household is not None:
                self._terminal.say(
                    "No phone yet: install Home Assistant's app on it and allow notifications."
                )
            return None
        options = [phone.service for phone in phones] + ["none"]
        guess = phone_of(name, phones)
        default = len(phones) if guess is None else guess
        chosen = choose(self._terminal, f"Which phone is {name}'s?", options, default)
        if chosen == len(phones):
            return None
        phone = phones[chosen]
        kinds = ("iphone", "android")
        kind = choose(
            self._terminal,
            "Its kind (alarms are told in its own way)",
            kinds,
            kinds.index(phone.kind),
        )
        return replace(phone, kind=kinds[kind])

    def _second_road(self, name: str) -> str | None:
        """Ask for the address of a road beside Home Assistant, which is a secret."""
        self._terminal.say(
            f"A second road reaches {name} when Home Assistant is down: an address of apprise, "
            "such as ntfys://ntfy.sh/a-long-secret-name with the free app ntfy. Enter: later."
        )
        answer = ask_checked(
            self._terminal, "Address (not shown)", self._checks["second_road"], is_hidden=True
        )
        return answer or None

    def _carers(self, people: Sequence[PersonPlan], phones: Sequence[PhonePlan]) -> list[CarerPlan]:
        names = " or ".join(person.name for person in people)
        self._terminal.say()
        answer = ask_checked(
            self._terminal,
            f"Who is told when {names} does not answer an alarm? First name, or none",
            self._checks["name"],
            "none",
        )
        if answer.lower() == "none":
            return []
        taken = [person.person_id for person in people]
        used = {phone.service for person in people for phone in person.phones}
        phone = self._phone(answer, [each for each in phones if each.service not in used])
        road = None if phone else self._second_road(answer)
        return [CarerPlan(id_of(answer, "carer", taken), answer, (phone,) if phone else (), road)]


def _describe_room(room: RoomPlan) -> str:
    sensors = "; ".join(f"{each.key}: {describe_value(each)}" for each in room.sensors)
    return f"{room.name} ({sensors})"
