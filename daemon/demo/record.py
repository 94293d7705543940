"""Keep what happened on a simulated day: samples for the picture, happenings for the timeline."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from daemon.demo.driver import SteppedDaemon
from daemon.demo.fake_home_assistant import Push
from daemon.demo.flat import DeviceAction, Flat
from daemon.demo.household import Household
from daemon.demo.world import World
from policies.alert import HeatLevel, Message
from policies.heat_limits import is_night, personal_limits, rooms_of
from policies.psychrometrics import effective_temperature_c
from policies.wording import render

_TAG_PARTS: Final = 2  # "keepcool", the policy, the subject ...
_LOUDNESS: Final[Mapping[str, str]] = {
    "keepcool nudges": "silent",
    "keepcool warnings": "warning",
    "keepcool loud warnings": "warning with sound",
    "alarm_stream": "critical",
    "passive": "silent",
    "active": "warning",
    "time-sensitive": "warning with sound",
    "critical": "critical",
}
"""What a push asks of the phone, by Android's channel or the iPhone's interruption level."""


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """Hold a message as the phone shows it."""

    at: datetime
    kind: str  # "heat", "hydration", "trouble", "advice"
    loudness: str
    title: str
    body: str
    safety_text: str
    buttons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoolingChange:
    """Hold that a device began or ended, or was set otherwise, and keepcool's reason."""

    at: datetime
    room_id: str
    room: str
    device: str
    deed: str  # "on, set to 23.5 °C"
    reason: str


@dataclass(frozen=True, slots=True)
class WorldEvent:
    """Hold what somebody or something outside keepcool did."""

    at: datetime
    text: str


Happening = PhoneMessage | CoolingChange | WorldEvent


@dataclass(frozen=True, slots=True)
class RoomSample:
    """Hold a room at one moment: how it really is, and how keepcool judges it."""

    air_c: float
    level: int
    is_seen: bool
    is_cooling: bool  # an AC on, or a fan


@dataclass(frozen=True, slots=True)
class Sample:
    """Hold one moment of the day. `person_level` is the true level where the person is."""

    at: datetime
    outdoor_c: float
    rooms: Mapping[str, RoomSample]
    person_level: int
    drunk_ml: int = 0
    goal_ml: int | None = None


@dataclass(slots=True)
class DayRecord:
    """Hold a whole day, in order."""

    household: Household
    step: timedelta
    samples: list[Sample] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)

    @property
    def messages(self) -> list[PhoneMessage]:
        """Return what reached the phone."""
        return [found for found in self.happenings if isinstance(found, PhoneMessage)]

    def messages_by_kind(self) -> dict[str, int]:
        """Return how many messages there were of each kind."""
        return dict(sorted(Counter(message.kind for message in self.messages).items()))

    def time_at_level(self, level: int) -> timedelta:
        """Return how long the person was at a level or above."""
        return self.step * sum(sample.person_level >= level for sample in self.samples)

    def highest_c(self, room_id: str) -> float:
        """Return a room's highest air temperature in °C."""
        return max(sample.rooms[room_id].air_c for sample in self.samples)

    def cooling_time(self, room_id: str) -> timedelta:
        """Return how long the room's device was on."""
        return self.step * sum(sample.rooms[room_id].is_cooling for sample in self.samples)

    def cooling_starts(self, room_id: str) -> int:
        """Return how often the room's device was switched on."""
        states = [False, *(sample.rooms[room_id].is_cooling for sample in self.samples)]
        return sum(now and not before for before, now in itertools.pairwise(states))


class Recorder:
    """Watch a world and its daemon: `observe` after each step, `tell` what others do."""

    def __init__(self, world: World, flat: Flat, step: timedelta) -> None:
        """Begin an empty record. `flat` is what the rooms really are."""
        self.record = DayRecord(world.household, step)
        self._world = world
        self._flat = flat
        self._pushes_seen = 0
        self._actions = world.device_actions()
        self._reasons: dict[str, str] = {}  # device -> why it does what it does
        self._fresh: list[Happening] = []

    def tell(self, text: str) -> None:
        """Note what somebody or something outside keepcool did."""
        self._fresh.append(WorldEvent(self._world.now, text))

    def observe(self, daemon: SteppedDaemon, at: datetime) -> list[Happening]:
        """Note the step that began at `at` and return what happened in it."""
        self._read_reasons(daemon)
        self._note_devices(at)
        for push in self._world.home_assistant.pushes[self._pushes_seen :]:
            if not push.is_clear:
                self._fresh.append(_phone_message(push))
        self._pushes_seen = len(self._world.home_assistant.pushes)
        self.record.samples.append(self._sample())
        fresh, self._fresh = self._fresh, []
        self.record.happenings += fresh
        return fresh

    def _read_reasons(self, daemon: SteppedDaemon) -> None:
        for event in daemon.take_log():
            if event.get("event") == "cooling.decided":
                self._reasons[str(event["device_id"])] = self._reason(event)

    def _reason(self, event: Mapping[str, Any]) -> str:
        """Say a logged reason in words; the log leaves the names out."""
        names = {
            room.device_id(entity_id): {"room": room.name, "device": room.device_name(entity_id)}
            for room in self._world.household.rooms
            for entity_id in room.entity_ids
        }
        known = names.get(str(event["device_id"]), {})
        message = Message(str(event["reason"]), {**event["parameters"], **known})
        household = self._world.household
        return render(message, household.person, household.home).body

    def _note_devices(self, at: datetime) -> None:
        actions = self._world.device_actions()
        for room in self._world.household.rooms:
            before, after = self._actions[room.room_id], actions[room.room_id]
            deed = _deed(before, after)
            if deed is not None:
                is_fan = before.fan_percentage != after.fan_percentage
                entity_id = (room.fan_entity if is_fan else room.ac_entity) or ""
                reason = self._reasons.get(room.device_id(entity_id), "")
                name = room.device_name(entity_id)
                self._fresh.append(CoolingChange(at, room.room_id, room.name, name, deed, reason))
        self._actions = actions

    def _sample(self) -> Sample:
        person = self._world.person_state()
        rooms = {}
        for room in self._world.household.rooms:
            found = self._world.room_state(room.room_id)
            rooms[room.room_id] = RoomSample(
                air_c=self._flat.temperature_c(room.room_id),
                level=int(found.get("level", 0)),
                is_seen=found.get("freshness") == "fresh",
                is_cooling=is_cooling(self._actions[room.room_id]),
            )
        now = self._world.now
        return Sample(
            at=now,
            outdoor_c=self._world.household.outdoor_at(now).temperature_c,
            rooms=rooms,
            person_level=true_level(self._world.household, self._flat, now),
            drunk_ml=int(person.get("drinks_today_ml") or 0),
            goal_ml=person.get("drinks_goal_ml"),
        )


def is_cooling(action: DeviceAction) -> bool:
    """Tell whether an AC or a fan is on."""
    return action.hvac_mode != "off" or action.fan_percentage > 0


def true_level(household: Household, flat: Flat, at: datetime) -> int:
    """Return the heat level where the person is, by how the rooms really are at that moment."""
    person, local = household.person, household.local(at)
    bedrooms = {room.room_id for room in household.rooms if room.is_bedroom}
    levels = [HeatLevel.NORMAL]
    for room_id in rooms_of(person, local, bedrooms):
        air_c = flat.temperature_c(room_id)
        felt_c = effective_temperature_c(air_c, flat.relative_humidity_pct(room_id)) or air_c
        limits = personal_limits(person, is_night(person, local) and room_id in bedrooms)
        levels.append(limits.level(felt_c, felt_c, air_c))
    return int(max(levels))


def _phone_message(push: Push) -> PhoneMessage:
    body, _, safety_text = push.message.partition("\n")
    asked = push.data.get("channel") or push.data.get("push", {}).get("interruption-level")
    parts: Sequence[str] = push.tag.split("-", _TAG_PARTS)
    return PhoneMessage(
        at=push.at,
        kind=parts[1] if len(parts) > _TAG_PARTS else "other",
        loudness=_LOUDNESS.get(str(asked), "message"),
        title=push.title,
        body=body,
        safety_text=safety_text,
        buttons=push.buttons,
    )


def _deed(before: DeviceAction, after: DeviceAction) -> str | None:
    """Say how a room's device was set, or `None` when it does as before."""
    if is_cooling(before) and not is_cooling(after):
        return "off"
    if before.fan_percentage != after.fan_percentage:
        return f"on at {after.fan_percentage} %"
    is_on = after.hvac_mode != "off"
    if not is_on or (before.hvac_mode, before.setpoint_c) == (after.hvac_mode, after.setpoint_c):
        return None
    target = "" if after.setpoint_c is None else f", aim {after.setpoint_c:g} °C"
    return f"on{target}" if not is_cooling(before) else f"set anew{target}"
