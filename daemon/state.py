"""Hold what the daemon knows of the home, restore it, and build the policies' snapshot from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from daemon.actuation import Actuation
from daemon.clock import Instant
from daemon.cooling_pace import CoolingPaces
from daemon.deliveries import Deliveries
from daemon.foresight import Foresight
from daemon.modes import HOLIDAY_KEY, HolidayMemory, restore_holiday
from daemon.official import OfficialWarnings
from daemon.people import COUNTED, PersonRecord
from daemon.pictures import Pictures
from daemon.poller import Poller
from daemon.proofs import Proofs
from daemon.records import Changes, Drink, read_json, to_json
from daemon.sensing import HOURS_KEPT, Sensing
from daemon.sensor_track import Sensor
from daemon.store import TOLD_KEPT, Store
from daemon.sun import SunPath
from daemon.wall_clock import Step, restamped
from daemon.whereabouts import Whereabouts
from policies.alert import Alert, AlertKey, AlertPhase, HeatLevel
from policies.carer_card import as_reader
from policies.heat_limits import every_room_of
from policies.ladder import card_tag
from policies.model import (
    Carer,
    Decision,
    DeviceConditions,
    Freshness,
    Home,
    LevelMemory,
    LinkConditions,
    Person,
    PersonConditions,
    Room,
    Snapshot,
)

LEVEL_KEY = "level:"
PERSON_KEY = "person:"
COOLING_KEY = "cooling:"


@dataclass(slots=True)
class _Link:
    is_up: bool
    since: Instant
    detail: str = ""
    is_refused: bool = False


class HomeState:
    """Own everything in memory; only the loop touches it."""

    def __init__(  # noqa: PLR0913, PLR0917 - each is a part of the household
        self,
        home: Home,
        rooms: Sequence[Room],
        people: Sequence[Person],
        sensors: Iterable[Sensor],
        zone: ZoneInfo,
        poller: Poller,
        now: Instant,
        carers: Sequence[Carer] = (),
    ) -> None:
        """Start knowing nothing."""
        self.home = home
        self.zone = zone
        self.started = now
        self.sensing = Sensing(rooms, sensors, home.tuning)
        self.people = {person.person_id: PersonRecord(person, zone) for person in people}
        self.carers = tuple(carers)
        self.readers = {person.person_id: person for person in (*people, *map(as_reader, carers))}
        self.deliveries = Deliveries()
        self.actuation = Actuation([device for room in rooms for device in room.devices])
        self.paces = CoolingPaces()
        self.poller = poller
        sunlit = (room.windows or any(each.window for each in room.devices) for room in rooms)
        self._sun = SunPath(home.latitude_deg, home.longitude_deg) if any(sunlit) else None
        self.official = OfficialWarnings()  # the bootstrap puts those of the settings here
        self.pictures = Pictures()  # the bootstrap hands in one that knows where they are served
        self.whereabouts = Whereabouts()  # the bootstrap hands in one that knows the sensors
        self.foresight = Foresight()  # the bootstrap hands in one that learns
        self.proofs = Proofs([*self.people, *(carer.carer_id for carer in self.carers)])
        self.alerts: dict[AlertKey, Alert] = {}
        self.level_memory: dict[tuple[str, str], LevelMemory] = {}
        self.last_episode: dict[tuple[str, str], int] = {}
        self._rooms_by_hand: set[str] = set()  # where automatic cooling is switched off
        self.holiday = HolidayMemory()
        self.decided = now
        self._is_clock_synchronised = False
        self._aged = now  # the moment to which the ages in `alerts` belong
        self._links: dict[str, _Link] = {}

    def restore(self, store: Store, now: Instant, *, is_clock_synchronised: bool) -> None:
        """Take over what earlier runs kept.

        A clock that was not set yet may be years behind what is stored: then the last days are
        those before the latest row, and what of them is of today shows once it is set.
        """
        for alert in [*store.load_last_told(now), *store.load_alerts(now)]:
            self.alerts[alert.key] = alert
        self._aged = now
        self.last_episode = store.load_last_episodes()
        self.deliveries.restore(store.load_deliveries(), now)
        memory = store.load_memory()
        self.holiday = restore_holiday(memory)
        self.official.restore(memory)
        self.proofs.restore(memory)
        self.paces.restore(memory)
        for key, body in memory.items():
            if key.startswith(LEVEL_KEY):
                person_id, _, room_id = key.removeprefix(LEVEL_KEY).partition("/")
                level = read_json(HeatLevel, body)
                if level is not None:
                    self.level_memory[person_id, room_id] = LevelMemory(level)
            elif key.startswith(COOLING_KEY) and read_json(bool, body) is False:
                self._rooms_by_hand.add(key.removeprefix(COOLING_KEY))
        latest = now.utc
        if not is_clock_synchronised:
            latest = max(latest, store.latest_utc() or latest)
        since = latest - COUNTED
        booted = now.utc - min(timedelta(seconds=now.boot_s), COUNTED)

        def is_recent(at: datetime) -> bool:
            return at >= since or booted <= at <= now.utc

        drinks = [drink for drink in store.load_drinks(min(since, booted)) if is_recent(drink.at)]
        pushes = [push for push in store.load_pushes(min(since, booted)) if is_recent(push.at)]
        for person_id, record in self.people.items():
            record.restore(
                memory.get(PERSON_KEY + person_id),
                [drink for drink in drinks if drink.person_id == person_id],
                [push for push in pushes if push.person_id == person_id],
                now,
            )
        history = store.load_history(latest - timedelta(hours=HOURS_KEPT))
        self.sensing.restore(store.load_sensors(), history, now)
        self.actuation.restore(store.load_leases(), now)
        forecasts = store.load_forecasts()
        if forecasts:
            newest = max(forecasts, key=lambda forecast: forecast.fetched_at)
            self.poller.restore(newest, now)

    def restamp(self, step: Step, now: Instant, changes: Changes) -> None:
        """Correct wall times from before the clock was set; ages and ends stay what they are."""
        for key, alert in self.alerts.items():
            raised_at = step.moved(alert.raised_at)
            if raised_at != alert.raised_at:
                self.alerts[key] = replace(alert, raised_at=raised_at)
                changes.alerts.append(self.alerts[key])
        for person_id, record in self.people.items():
            memory = restamped(record.memory, now)
            if memory != record.memory:
                record.memory = memory
                self.remember(person_id, changes)
        holiday = restamped(self.holiday, now)
        if holiday != self.holiday:
            self.holiday = holiday
            changes.memory[HOLIDAY_KEY] = to_json(holiday)
        self.deliveries.restamp(now, changes)
        self.proofs.restamp(now, changes)
        self.actuation.restamp(now)
        changes.leases.update(self.actuation.leases_to_store())
        self.sensing.restamp(step)
        self.paces.forget_runs()
        self.foresight.restamp(step)
        self.poller.hurry(now)
        self.official.hurry(now)

    def bedrooms(self) -> tuple[str, ...]:
        """Return the ids of the home's bedrooms."""
        rooms = self.sensing.rooms.items()
        return tuple(room_id for room_id, track in rooms if track.room.is_bedroom)

    def users_by_room(self) -> dict[str, list[Person]]:
        """Return who is ever in each room."""
        users: dict[str, list[Person]] = {}
        for record in self.people.values():
            for room_id in every_room_of(record.person):
                users.setdefault(room_id, []).append(record.person)
        return users

    def level_of(self, person_id: str) -> HeatLevel:
        """Return the highest level at which any room is for a person."""
        levels = (
            memory.level for (who, _), memory in self.level_memory.items() if who == person_id
        )
        return max(levels, default=HeatLevel.NORMAL)

    def topics(self) -> frozenset[str]:
        """Return every topic of sensors, of the air and of motion."""
        return self.sensing.topics | self.whereabouts.topics

    def entity_ids(self) -> tuple[str, ...]:
        """Return every entity of Home Assistant that is read, but for power meters."""
        return (
            *self.actuation.entity_ids(),
            *self.sensing.entity_ids,
            *self.whereabouts.entity_ids,
        )

    def room_of_device(self, device_id: str) -> str | None:
        """Return the room that a cooling device stands in."""
        for room_id, track in self.sensing.rooms.items():
            if any(device.device_id == device_id for device in track.room.devices):
                return room_id
        return None

    def is_automatic(self, room_id: str) -> bool | None:
        """Return whether keepcool cools a room by itself; `None` for a room without devices."""
        has_devices = bool(self.sensing.rooms[room_id].room.devices)
        return room_id not in self._rooms_by_hand if has_devices else None

    def set_automatic(self, room_id: str, changes: Changes, *, is_on: bool) -> None:
        """Have keepcool cool a room by itself, or leave its devices alone; kept over restarts."""
        if self.is_automatic(room_id) is not is_on:
            self._rooms_by_hand ^= {room_id}
            changes.memory[COOLING_KEY + room_id] = json.dumps(is_on)

    def unseen_people(self, decision: Decision) -> frozenset[str]:
        """Return who is in no room that is seen: their level is not known to be normal."""
        seen = {room.room_id for room in decision.rooms if room.freshness is Freshness.FRESH}
        return frozenset(
            person_id
            for person_id, record in self.people.items()
            if seen.isdisjoint(every_room_of(record.person))
        )

    # ----------------------------------------------------------------- links

    def set_link(
        self,
        link: str,
        now: Instant,
        *,
        is_up: bool,
        detail: str = "",
        is_refused: bool = False,
    ) -> bool:
        """Note whether a road works; return whether that is news.

        Whoever refused us and is then away has not changed their mind: that counts until it is up.
        """
        known = self._links.get(link)
        if known is None or known.is_up != is_up:
            self._links[link] = _Link(is_up, now, detail, is_refused)
            return True
        is_refused = is_refused or (known.is_refused and not is_up)
        is_news = known.is_refused != is_refused
        known.detail, known.is_refused = detail, is_refused
        return is_news

    def links(self, now: Instant) -> tuple[LinkConditions, ...]:
        """Return the roads with how long each has been down."""
        return tuple(
            LinkConditions(
                name,
                link.is_up,
                None if link.is_up else link.since.plausible_elapsed_until(now),
                link.detail,
                link.is_refused,
            )
            for name, link in self._links.items()
        )

    # ----------------------------------------------------------------- snapshot and decision

    def since_start(self, now: Instant) -> timedelta:
        """Return how long the daemon has been running."""
        return self.started.plausible_elapsed_until(now)

    def age_alerts(self, now: Instant) -> None:
        """Bring the ages in the alerts to now, before something is noted in them or stored."""
        elapsed = self._aged.plausible_elapsed_until(now)
        if elapsed:
            self.alerts = {key: alert.aged(elapsed) for key, alert in self.alerts.items()}
            self._aged = now

    def snapshot(self, now: Instant, *, is_clock_synchronised: bool) -> Snapshot:
        """Build what the policies may know at this moment."""
        self._is_clock_synchronised = is_clock_synchronised
        self.age_alerts(now)
        since_start = self.since_start(now)
        elapsed = self.decided.plausible_elapsed_until(now)
        devices: dict[str, list[DeviceConditions]] = {}
        effective_c = {room_id: track.effective_c for room_id, track in self.sensing.rooms.items()}
        for found in self.actuation.conditions(now, effective_c):
            room_id = found.device.room_id
            conditions = replace(found, is_automatic=room_id not in self._rooms_by_hand)
            devices.setdefault(room_id, []).append(conditions)
        rooms = tuple(
            track.conditions(
                now,
                since_start,
                tuple(devices.get(room_id, ())),
                self.sensing.others_range_c(room_id, now),
                since_motion=self.whereabouts.since_motion(room_id, now),
                ahead=self.foresight.ahead(
                    room_id, now.utc, is_clock_synchronised=is_clock_synchronised
                ),
            )
            for room_id, track in self.sensing.rooms.items()
        )
        return Snapshot(
            home=self.home,
            now_utc=now.utc,
            now_local=now.utc.astimezone(self.zone),
            is_clock_synchronised=is_clock_synchronised,
            since_last_decision=elapsed,
            since_start=since_start,
            rooms=tuple(self.paces.seen(room, now) for room in rooms),
            people=tuple(
                self._person(record, now, is_clock_synchronised=is_clock_synchronised)
                for record in self.people.values()
            ),
            forecast=self.poller.forecast,
            forecast_age=self.poller.age(now),
            sun=() if self._sun is None else self._sun.positions(now.utc),
            warnings=self.official.current(now.utc),
            links=self.links(now),
            alerts=tuple(self.alerts.values()),
            carers=self.carers,
            deliveries=self.deliveries.conditions(now),
            proofs=self.proofs.conditions(now),
            level_memory=self.level_memory,
            last_episode=self.last_episode,
            holiday=self.holiday.conditions(now),
        )

    def presence_of(self, person: Person, now: Instant) -> tuple[bool | None, timedelta | None]:
        """Return whether a person is at home, and how old the word on it is."""
        if len(self.people) == 1:
            rooms = every_room_of(person)
            return self.whereabouts.presence_by_motion(person.person_id, rooms, now)
        return self.whereabouts.presence(person.person_id, now)

    def _person(
        self, record: PersonRecord, now: Instant, *, is_clock_synchronised: bool
    ) -> PersonConditions:
        """Return a person's counters, and whether they are at home."""
        is_at_home, age = self.presence_of(record.person, now)
        conditions = record.conditions(now, is_clock_synchronised=is_clock_synchronised)
        return replace(conditions, is_at_home=is_at_home, presence_age=age)

    def adopt(self, decision: Decision, now: Instant, changes: Changes) -> None:
        """Make a decision the new state, and add to `changes` what of it must be durable."""
        self.age_alerts(now)
        self.decided = now
        kept = {
            key: alert
            for key, alert in self.alerts.items()
            if alert.phase is AlertPhase.RESOLVED
            and (alert.clearing_for or timedelta(0)) < TOLD_KEPT
        }
        for alert in decision.alerts:
            kept[alert.key] = alert
            name = (alert.key.policy, alert.key.subject)
            self.last_episode[name] = max(self.last_episode.get(name, 0), alert.key.episode)
            is_told_now = alert.since_told == timedelta(0)
            if is_told_now or _durable_face(self.alerts.get(alert.key)) != _durable_face(alert):
                changes.alerts.append(alert)
        self.alerts = kept
        live = [alert for alert in kept.values() if alert.phase is not AlertPhase.RESOLVED]
        cards = {card_tag(carer_id) for alert in live for carer_id in alert.told_carers}
        self.deliveries.keep({alert.key.tag for alert in live} | cards, changes)
        for (person_id, room_id), memory in decision.level_memory.items():
            known = self.level_memory.get((person_id, room_id))
            if known is None or known.level is not memory.level:
                changes.memory[f"{LEVEL_KEY}{person_id}/{room_id}"] = json.dumps(int(memory.level))
        self.level_memory = dict(decision.level_memory)
        for assessed in decision.people:
            record = self.people[assessed.person_id]
            before = record.memory
            record.record_level(
                assessed.level, now, is_clock_synchronised=self._is_clock_synchronised
            )
            if record.memory != before:
                self.remember(assessed.person_id, changes)

    def last_changes(self) -> Changes:
        """Return what waited for another write: at the end there is none."""
        changes = Changes(leases=self.actuation.leases_to_store())
        self.paces.store(changes)
        return changes

    def note_sign(self, person_id: str, now: Instant, changes: Changes) -> None:
        """Note a sign of the person: it answers every message that they were sent."""
        self.age_alerts(now)
        self.people[person_id].record_sign(now)
        self.remember(person_id, changes)
        for key, alert in self.alerts.items():
            is_theirs = person_id in alert.person_ids and alert.since_told is not None
            if (
                is_theirs
                and alert.phase is not AlertPhase.RESOLVED
                and alert.since_answered is None
            ):
                # Trouble is not mended by a drink: its carers wait for a button.
                who = None if key.policy == "trouble" else person_id
                self.alerts[key] = replace(
                    alert, since_answered=timedelta(0), answered_by=alert.answered_by or who
                )
                changes.alerts.append(self.alerts[key])

    def note_drink(self, drink: Drink, now: Instant, changes: Changes) -> None:
        """Count a drink, once however often it is reported."""
        if not self.people[drink.person_id].has_drink(drink.drink_id):
            changes.drinks.append(drink)
            self.people[drink.person_id].record_drink(drink, now)
            self.note_sign(drink.person_id, now, changes)

    def remember(self, person_id: str, changes: Changes) -> None:
        """Have a person's counters stored."""
        changes.memory[PERSON_KEY + person_id] = self.people[person_id].memory_json()

    def local(self, at: datetime) -> datetime:
        """Return a moment in the home's zone."""
        return at.astimezone(self.zone)


def _durable_face(alert: Alert | None) -> tuple[object, ...]:
    """Return what of an alert is worth a write: its numbers and ages change with every reading."""
    if alert is None:
        return ()
    return (
        alert.phase,
        alert.severity,
        alert.level,
        alert.person_ids,
        alert.told_severity,
        alert.told_level,
        alert.is_expected,
        alert.climb and replace(alert.climb, since_first=timedelta(0)),
        alert.told_carers,
        alert.is_answer_told,
        alert.since_answered is None,
        alert.waiting_for,
        alert.digested_for,
        alert.clearing_for is None,  # else a fall that began long ago would count after a restart
    )
