"""Pretend to be a plug behind Zigbee2MQTT: it obeys, tells, and goes off by its own timer.

No connection and no clock: `take` is given what is published, `advance` lets its time pass, and
both return what the plug publishes then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

Published = tuple[tuple[str, str], ...]  # topics with payloads


@dataclass(slots=True)
class FakePlug:
    """Hold one plug's relay and timer.

    Attributes:
        name: its friendly name; its topics are `zigbee2mqtt/<name>` and below.
        is_on: the relay.
        is_deaf: it is out of radio reach, though Zigbee2MQTT takes every message.
        has_timer: its firmware knows "on with timed off"; else such a command does nothing.
        timer_s: what is left until it goes off by itself.
    """

    name: str = "ac"
    is_on: bool = False
    is_deaf: bool = False
    has_timer: bool = True
    timer_s: float | None = None
    commands: list[dict[str, object]] = field(default_factory=list)

    @property
    def state_topic(self) -> str:
        """Name where it tells its state."""
        return f"zigbee2mqtt/{self.name}"

    @property
    def command_topic(self) -> str:
        """Name where it is told what to do."""
        return f"{self.state_topic}/set"

    def state(self) -> tuple[str, str]:
        """Return what it tells of itself."""
        power_w = 900.0 if self.is_on else 0.0
        told = {"state": "ON" if self.is_on else "OFF", "power": power_w, "linkquality": 120}
        return self.state_topic, json.dumps(told)

    def take(self, topic: str, payload: str) -> Published:
        """Take a message of its topics."""
        if topic not in {self.command_topic, f"{self.state_topic}/get"} or self.is_deaf:
            return ()
        if topic == self.command_topic:
            command = json.loads(payload)
            self.commands.append(command)
            if "on_time" in command and not self.has_timer:
                return ()
            self.is_on = command["state"] == "ON"
            self.timer_s = command.get("on_time") if self.is_on else None
        return (self.state(),)

    def press(self) -> Published:
        """Be switched by the button on its front."""
        self.is_on, self.timer_s = not self.is_on, None
        return (self.state(),)

    def advance(self, seconds: float) -> Published:
        """Let time pass; it needs neither broker nor keepcool to go off."""
        if self.timer_s is None:
            return ()
        self.timer_s -= seconds
        if self.timer_s > 0:
            return ()
        self.is_on, self.timer_s = False, None
        return () if self.is_deaf else (self.state(),)
