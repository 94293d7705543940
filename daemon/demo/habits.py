"""Let Anna live through the demo's day: she answers her phone, drinks, rests, opens windows.

This is the outside world. She knows what her phone shows and what time it is, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from daemon.demo.fake_home_assistant import Push
from daemon.demo.household import Household
from daemon.demo.world import World

SENSOR_DIES_AT: Final = time(17, 10)
MEALS: Final = (time(7, 30), time(12, 30), time(19, 0))  # with a glass, told by a button's message
WINDOWS_OPEN_FROM: Final = time(22, 0)
WINDOWS_OPEN_UNTIL: Final = time(7, 30)
ON_IT_AFTER: Final = timedelta(minutes=8)
DRINK_AFTER: Final = timedelta(minutes=6)
NEW_BATTERY_AFTER: Final = timedelta(minutes=50)
IGNORED_REMINDER: Final = 3  # of three reminders she misses the last
_BLIND: Final = ("keepcool-trouble-room", "keepcool-trouble-person")

Tell = Callable[[str], None]


def are_windows_open(household: Household, at: datetime) -> bool:
    """Tell whether the household's windows are open at a moment: in the cool of the night."""
    now = household.local(at).time()
    return now >= WINDOWS_OPEN_FROM or now < WINDOWS_OPEN_UNTIL


@dataclass(frozen=True, slots=True)
class _Intention:
    """Hold what she is going to do."""

    at: datetime
    do: Callable[[], None]


class AnnasDay:
    """Act once a step; give `act` to `World.habits`. `tell` hears what she did, in words."""

    def __init__(self, world: World, tell: Tell, broken_room_id: str) -> None:
        """Begin the day; the sensor of `broken_room_id` is the one whose battery dies."""
        self._world = world
        self._tell = tell
        self._broken_room_id = broken_room_id
        self._intentions: list[_Intention] = []
        self._pushes_seen = 0
        self._reminders = 0
        self._meals_had: set[time] = set()
        self._is_battery_flat = self._is_battery_new = False

    def act(self, now: datetime) -> None:
        """Do what is due now."""
        local = self._world.household.local(now)
        self._let_the_battery_die(local)
        self._eat(local)
        pushes = self._world.home_assistant.pushes
        for push in pushes[self._pushes_seen :]:
            self._read(push, now)
        self._pushes_seen = len(pushes)
        due = [intention for intention in self._intentions if intention.at <= now]
        self._intentions = [intention for intention in self._intentions if intention.at > now]
        for intention in due:
            intention.do()

    def _let_the_battery_die(self, local: datetime) -> None:
        if not self._is_battery_flat and local.time() >= SENSOR_DIES_AT:
            self._is_battery_flat = True
            self._world.dead_sensors.add(self._broken_room_id)
            name = self._world.household.room(self._broken_room_id).name.lower()
            self._tell(f"The battery of the {name}'s sensor dies.")

    def _eat(self, local: datetime) -> None:
        for meal in MEALS:
            if meal <= local.time() and meal not in self._meals_had:
                self._meals_had.add(meal)
                person = self._world.household.person
                topic = self._world.topics.person_drink(person.person_id)
                self._world.publish(topic, "PRESS")
                self._tell(f"{person.name} drinks a glass with her meal (kitchen button).")

    def _read(self, push: Push, now: datetime) -> None:
        """Form an intention from what the phone shows; nobody reads a phone in bed."""
        if push.is_clear:
            return
        if push.tag.startswith(_BLIND):
            self._intend(now + NEW_BATTERY_AFTER, self._change_battery)
        elif push.tag.startswith("keepcool-hydration"):
            self._reminders += 1
            if self._reminders % IGNORED_REMINDER:
                self._intend(now + DRINK_AFTER, lambda: self._press(push, "Drank"))
        else:
            self._intend(now + ON_IT_AFTER, lambda: self._press(push, "I'm on it"))

    def _intend(self, at: datetime, do: Callable[[], None]) -> None:
        person = self._world.household.person
        if person.wake_at <= self._world.household.local(at).time() < person.bed_at:
            self._intentions.append(_Intention(at, do))

    def _press(self, push: Push, words: str) -> None:
        """Press the button that begins with `words`, if the phone still shows the message."""
        button = next((title for title in push.buttons if title.startswith(words)), None)
        if button is not None and push in self._world.home_assistant.on_screen(push.service):
            self._world.home_assistant.press(push, button)
            self._tell(f'{self._world.household.person.name} presses "{button}".')

    def _change_battery(self) -> None:
        if self._is_battery_new:
            return
        self._is_battery_new = True
        self._world.dead_sensors.discard(self._broken_room_id)
        self._tell(f"{self._world.household.person.name} puts a new battery into the sensor.")
