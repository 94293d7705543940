"""Know where people are: motion in rooms, and who is at home.

What is not known changes nothing: no motion sensor, one that is away, and a presence that Home
Assistant did not confirm for half an hour all count as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from daemon.clock import Instant
from integrations.messages import DeviceObserved
from policies.freshness import CLOCK_SKEW
from policies.heat_limits import MOTION_COUNTS

HOME = "home"
PRESENCE_KNOWN = timedelta(minutes=30)  # the states are read once a minute
ON_BELIEVED = timedelta(hours=2)  # a sensor that says "on" and then nothing more may be dead
GONE_BEFORE_MOTION = timedelta(minutes=10)  # whoever leaves is seen on the way to the door


@dataclass(frozen=True, slots=True)
class MotionSource:
    """Describe one motion sensor: its room, and its topic or its entity."""

    room_id: str
    topic: str | None = None
    entity_id: str | None = None


@dataclass(slots=True)
class _Motion:
    """Remember what one motion sensor said last; moments are seconds of the boot clock."""

    room_id: str
    is_on: bool = False
    said_s: float | None = None
    moved_s: float | None = None

    def say(self, is_on: bool, said_s: float) -> None:  # noqa: FBT001 - what the sensor says
        if self.said_s is not None and said_s < self.said_s:
            return
        if is_on or self.is_on:
            self.moved_s = said_s  # up to its "off" it was on
        self.is_on, self.said_s = is_on, said_s

    def lose(self) -> None:
        """Note that the sensor is away: nobody knows whether it is still on."""
        self.is_on = False

    def since(self, now_s: float) -> float | None:
        if self.moved_s is None or self.said_s is None:
            return None
        if self.is_on:
            return max(0.0, now_s - self.said_s - ON_BELIEVED.total_seconds())
        return max(0.0, now_s - self.moved_s)


@dataclass(slots=True)
class _Presence:
    """Remember what one presence entity said last."""

    is_at_home: bool
    since: Instant  # it has been saying so
    confirmed: Instant


class Whereabouts:
    """Follow every motion sensor and every presence entity of the home."""

    def __init__(
        self,
        motion: Iterable[MotionSource] = (),
        presence: Mapping[str, str] | None = None,
        parse: Callable[[bytes], bool | None] = lambda _payload: None,
    ) -> None:
        """Start knowing nothing.

        Args:
            motion: the motion sensors.
            presence: whose presence an entity tells: entity id to person id.
            parse: reads from a message whether somebody moves.
        """
        self._by_topic: dict[str, _Motion] = {}
        self._by_entity: dict[str, _Motion] = {}
        self._rooms: dict[str, list[_Motion]] = {}
        self._people = dict(presence or {})
        self._presence: dict[str, _Presence] = {}
        self._parse = parse
        for source in motion:
            track = _Motion(source.room_id)
            self._rooms.setdefault(source.room_id, []).append(track)
            if source.topic is not None:
                self._by_topic[source.topic] = track
            if source.entity_id is not None:
                self._by_entity[source.entity_id] = track

    @property
    def topics(self) -> frozenset[str]:
        """Return every topic to subscribe."""
        return frozenset(self._by_topic)

    @property
    def entity_ids(self) -> tuple[str, ...]:
        """Return every entity to read from Home Assistant."""
        return (*self._by_entity, *self._people)

    def receive(self, topic: str, payload: bytes, now: Instant, *, is_retained: bool) -> bool:
        """Take one message; return whether the topic belongs to a motion sensor.

        A retained message says nothing: nobody knows when somebody moved.
        """
        track = self._by_topic.get(topic)
        if track is None:
            return False
        is_on = None if is_retained else self._parse(payload)
        if is_on is not None:
            track.say(is_on, now.boot_s)
        return True

    def observe(self, seen: DeviceObserved, now: Instant) -> None:
        """Take what Home Assistant tells of an entity."""
        track = self._by_entity.get(seen.entity_id)
        if track is not None:
            _observe_motion(track, seen, now)
        person_id = self._people.get(seen.entity_id)
        if person_id is not None and seen.is_available and not seen.is_restored:
            is_at_home = seen.raw_state == HOME
            known = self._presence.get(person_id)
            is_same = known is not None and known.is_at_home is is_at_home
            since = known.since if known is not None and is_same else now
            self._presence[person_id] = _Presence(is_at_home, since, now)

    def since_motion(self, room_id: str, now: Instant) -> timedelta | None:
        """Return how long ago somebody last moved in a room, `None` when nobody knows."""
        ages = [track.since(now.boot_s) for track in self._rooms.get(room_id, ())]
        known = [age for age in ages if age is not None]
        return timedelta(seconds=min(known)) if known else None

    def presence(self, person_id: str, now: Instant) -> tuple[bool | None, timedelta | None]:
        """Return whether a person is at home, as their presence tells, and how old that is."""
        found = self._presence.get(person_id)
        if found is None:
            return None, None
        age = found.confirmed.plausible_elapsed_until(now)
        return (found.is_at_home if age <= PRESENCE_KNOWN else None), age

    def presence_by_motion(
        self, person_id: str, rooms: Iterable[str], now: Instant
    ) -> tuple[bool | None, timedelta | None]:
        """Return what `presence` does for the only person of a home: whoever moves is them.

        Motion in their rooms counts against a presence that says otherwise once they had time to
        leave: a phone that is away, or empty, must not silence keepcool.
        """
        is_at_home, age = self.presence(person_id, now)
        ages = [since for room in rooms if (since := self.since_motion(room, now)) is not None]
        if is_at_home or not ages or min(ages) > MOTION_COUNTS:
            return is_at_home, age
        found = self._presence.get(person_id)
        gone_for = None if found is None else found.since.plausible_elapsed_until(now)
        if is_at_home is False and gone_for is not None:
            return (True, min(ages)) if gone_for - min(ages) > GONE_BEFORE_MOTION else (False, age)
        return True, min(ages)


def _observe_motion(track: _Motion, seen: DeviceObserved, now: Instant) -> None:
    age = timedelta(0) if seen.is_live else seen.reported_age
    if not seen.is_available or seen.is_restored:
        track.lose()
    elif age is not None and age >= -CLOCK_SKEW:
        is_on = seen.raw_state == "on"
        track.say(is_on, now.boot_s - max(age, timedelta(0)).total_seconds())
