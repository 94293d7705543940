"""Switch MQTT plugs and hear what they do, in the actuation's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from daemon.events import CommandFinished, DeviceObserved, Event
from policies.model import DeviceState

if TYPE_CHECKING:
    from daemon.actuation import AskPlugs, EndTimer, SendCommand
    from daemon.events import MessageReceived
    from daemon.ports import PlugPort

NO_BROKER = "the MQTT broker cannot be reached"


class PlugRoad:
    """Carry commands to plugs and their states back; publishing never waits."""

    def __init__(self, plugs: PlugPort | None, post: Callable[[Event], None]) -> None:
        """Know the plugs, if there are any."""
        self._plugs = plugs
        self._post = post

    def command(self, action: SendCommand, *, is_broker_up: bool) -> None:
        """Send a command; without the broker nothing was sent, and nothing is sent late."""
        if self._plugs is None:
            return
        error = None if is_broker_up else NO_BROKER
        if is_broker_up:
            is_on = action.desired.is_on
            self._plugs.switch(action.device_id, is_on=is_on, timer=action.timer)
        self._post(CommandFinished(action.device_id, action.command_id, error=error))

    def ask(self, action: AskPlugs) -> None:
        """Have plugs tell their state."""
        if self._plugs is not None:
            for device_id in action.device_ids:
                self._plugs.ask(device_id)

    def end_timer(self, action: EndTimer) -> None:
        """Take a timer of ours off a plug."""
        if self._plugs is not None:
            self._plugs.end_timer(action.device_id)

    def hear(self, event: MessageReceived) -> tuple[DeviceObserved, ...] | None:
        """Return what a message says of plugs; `None`: it is none of theirs.

        A retained state counts as current. One that comes back is asked what it does.
        """
        if self._plugs is None or event.topic not in self._plugs.topics:
            return None
        observed = []
        for heard in self._plugs.read(event.topic, event.payload):
            if heard.is_on is not None:
                state = DeviceState(is_on=heard.is_on)
                observed.append(_observed(heard.command_topic, state))
            elif heard.is_available is False:
                observed.append(_observed(heard.command_topic, None))
            elif heard.is_available:
                self._plugs.ask(heard.device_id)
        return tuple(observed)


def _observed(command_topic: str, state: DeviceState | None) -> DeviceObserved:
    is_available = state is not None
    return DeviceObserved(command_topic, state, is_available=is_available, last_updated=None)
