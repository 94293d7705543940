"""Propose settings to a home that nobody was asked about: what the add-on starts with.

Nobody answers here, so every choice is the careful one: nothing is switched, no amount to drink is
named, and what was guessed is said in Home Assistant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from daemon.init.connect import Connected
from daemon.init.household import Entity, Household
from daemon.init.names import id_of
from daemon.init.plan import HomePlan, PersonPlan, PhonePlan, Plan, RoomPlan
from daemon.init.propose import Proposal, phone_of, presence_of, propose
from daemon.init.sensors import list_sensors

NOBODY = "Somebody"
_TRACKED_BY_PHONE = "device_tracker."
_UNASKED_FLAG = "fluid_restricted"  # no amount to drink is named before somebody says it may be


class NothingToProposeError(Exception):
    """Report what Home Assistant does not tell yet; the text says what to do there."""


_DRINKS = (
    "no amount is named while `fluid_restricted = true` stands in the file. Take it out only if "
    "the care team has given no fluid plan."
)
_CHANGE = (
    "Change the file with the add-on File editor, Studio Code Server or Samba share, and save it. "
    "keepcool takes it at once, or says here what is wrong. More: the add-on's Documentation tab."
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Hold the add-on's options; an empty text is none."""

    person: str = ""
    emergency_number: str = ""


@dataclass(frozen=True, slots=True)
class AddonProposal:
    """Hold the settings that are proposed, and what a person must know of them."""

    plan: Plan
    others: tuple[str, ...] = ()  # people whom Home Assistant knows, too
    left_out: tuple[str, ...] = ()  # temperature sensors without a room


def propose_settings(
    found: Connected, wishes: Wishes, knows_number: Callable[[str], bool]
) -> AddonProposal:
    """Return settings for this home. Raises: NothingToProposeError."""
    household = found.household or Household()
    sensors = list_sensors(found.broker, household)
    proposal = propose(sensors, household)
    home = _home(household, wishes, knows_number)
    rooms = _rooms(proposal)
    if not rooms:
        raise NothingToProposeError(
            "It found no thermometer that says in which room it is. Give a temperature sensor an "
            "area: Settings > Devices & services > Devices, choose it, then the pencil at the top."
        )
    people = household.in_domain("person")
    person = _person(people, wishes, proposal.phones, household)
    placed = {sensor.key for room in rooms for sensor in room.sensors}
    return AddonProposal(
        plan=Plan(
            home=home,
            broker=None,
            home_assistant=None,
            weather=proposal.weather,
            people=(replace(person, rooms=tuple(room.room_id for room in rooms)),),
            rooms=rooms,
            is_addon=True,
        ),
        others=tuple(each.name for each in people if each.name != person.name),
        left_out=tuple(
            sensor.name
            for sensor in (*(s for r in proposal.rooms for s in r.sensors), *proposal.unplaced)
            if sensor.key not in placed
        ),
    )


def _home(household: Household, wishes: Wishes, knows_number: Callable[[str], bool]) -> HomePlan:
    """Return where the home is. Raises: NothingToProposeError."""
    place = household.place
    if place.latitude_deg is None or place.longitude_deg is None or not place.time_zone:
        raise NothingToProposeError(
            "Home Assistant does not know where your home is, which the forecast needs: Settings > "
            "System > General, Edit location."
        )
    if not place.country:
        raise NothingToProposeError(
            "Home Assistant does not know your country, which decides the emergency number that "
            "messages name: Settings > System > General, Country."
        )
    if not wishes.emergency_number and not knows_number(place.country):
        raise NothingToProposeError(
            f"keepcool does not know the emergency number in {place.country}: enter it in the "
            "add-on's Configuration tab, and restart the add-on."
        )
    return HomePlan(
        name=place.name or "Home",
        latitude_deg=place.latitude_deg,
        longitude_deg=place.longitude_deg,
        time_zone=place.time_zone,
        country=place.country,
        emergency_number=wishes.emergency_number or None,
    )


def _rooms(proposal: Proposal) -> tuple[RoomPlan, ...]:
    """Return the rooms that are areas; those that only a name speaks of where there is no area."""
    areas = [room for room in proposal.rooms if any(sensor.has_area for sensor in room.sensors)]
    return tuple(
        replace(
            room,
            offered=tuple(
                each.entity_id
                for each in proposal.cooling
                if each.is_proposed and each.room and id_of(each.room, "room") == room.room_id
            ),
        )
        for room in areas or proposal.rooms
    )


def _person(
    people: Sequence[Entity], wishes: Wishes, phones: Sequence[PhonePlan], household: Household
) -> PersonPlan:
    """Return whom to look after: who was named, else the first whose phone is known."""
    if wishes.person:
        named = [each for each in people if each.name.casefold() == wishes.person.casefold()]
        name, phone = wishes.person, _phone(wishes.person, named, phones)
    else:
        known = [(each, _phone(each.name, [each], phones)) for each in people]
        known.sort(key=lambda each: each[1] is None)  # stays in order otherwise
        name = known[0][0].name if known else NOBODY
        phone = known[0][1] if known else _phone(NOBODY, [], phones)
    return PersonPlan(
        person_id=id_of(name, "person"),
        name=name,
        rooms=(),
        flags=frozenset({_UNASKED_FLAG}),
        phones=(phone,) if phone else (),
        presence_entity=presence_of(name, household),
    )


def _phone(name: str, people: Sequence[Entity], phones: Sequence[PhonePlan]) -> PhonePlan | None:
    """Return the phone that tracks somebody in Home Assistant, or that bears their name."""
    for person in people:
        trackers = person.attributes.get("device_trackers")
        for tracker in trackers if isinstance(trackers, list) else ():
            slug = str(tracker).removeprefix(_TRACKED_BY_PHONE)
            for phone in phones:
                if phone.service == f"notify.mobile_app_{slug}":
                    return phone
    number = phone_of(name, phones)
    return None if number is None else phones[number]


# ---------------------------------------------------------------- what Home Assistant shows


def describe(proposal: AddonProposal, file: str) -> str:
    """Return what was proposed, in Markdown for a notification; `file` is where it stands."""
    plan, person = proposal.plan, proposal.plan.people[0]
    lines = [
        f"keepcool runs with settings that it proposed itself, in `{file}`. Are they right?",
        "",
        f"- **Who**: {person.name}." + _others(proposal.others),
        f"- **Phone**: {_phone_words(person)}",
        "- **Rooms**: " + "; ".join(_room_words(room) for room in plan.rooms) + ".",
    ]
    if proposal.left_out:
        lines.append(
            f"- **Not watched**: {', '.join(proposal.left_out)}. Give them an area in Home "
            "Assistant and delete the file, or add them to a room."
        )
    offered = [entity for room in plan.rooms for entity in room.offered]
    lines.append(
        "- **Cooling**: nothing is switched."
        + (f" To let it, take the # away before {', '.join(offered)}." if offered else "")
    )
    lines += [
        f"- **Drinks**: {_DRINKS}",
        "",
        _CHANGE,
        "",
        "keepcool is not a medical device and not for emergencies.",
    ]
    return "\n".join(lines)


def _others(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f" If it should be {' or '.join(names)}, change `name`, `id` and the phone."


def _phone_words(person: PersonPlan) -> str:
    if person.phones:
        services = ", ".join(phone.service for phone in person.phones)
        return f"{services}. Press *Test alert* on keepcool's device page to see that it rings."
    return (
        "**none, so nobody is told anything yet.** Install Home Assistant's app on their phone, "
        "allow notifications, and add it to the file."
    )


def _room_words(room: RoomPlan) -> str:
    kind = " (bedroom)" if room.is_bedroom else ""
    return f"{room.name}{kind} by {', '.join(sensor.key for sensor in room.sensors)}"
