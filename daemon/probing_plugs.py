"""Ask every MQTT plug what it does, for `keepcool check --online`."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from daemon.ports import MqttLink, PlugPort, Post
from integrations.messages import LinkChanged, MessageReceived

HEAR_TIMEOUT_S = 6.0

BuildLink = Callable[[Post], MqttLink]
BuildPlugs = Callable[[Callable[[str, str], None]], PlugPort]


@dataclass(frozen=True, slots=True)
class PlugFound:
    """Say in words what was heard of a plug; `fix` is empty when it is fine."""

    device_id: str
    what: str
    fix: str = ""


def hear_plugs(
    build_link: BuildLink, build_plugs: BuildPlugs, device_ids: Iterable[str]
) -> tuple[PlugFound, ...]:
    """Ask every plug over a connection of its own, and return what each says within 6 s."""
    heard: dict[str, str] = {}
    wanted = tuple(device_ids)
    if not wanted:
        return ()
    events: queue.SimpleQueue[object] = queue.SimpleQueue()
    link = build_link(events.put)
    plugs = build_plugs(link.publish)
    deadline = time.monotonic() + HEAR_TIMEOUT_S
    link.start()
    try:
        while len(heard) < len(wanted) and (left_s := deadline - time.monotonic()) > 0:
            try:
                event = events.get(timeout=left_s)
            except queue.Empty:
                break
            if isinstance(event, LinkChanged) and event.is_up:
                for device_id in wanted:
                    plugs.ask(device_id)
            elif isinstance(event, MessageReceived):
                for told in plugs.read(event.topic, event.payload):
                    if told.is_on is not None:
                        heard[told.device_id] = "on" if told.is_on else "off"
    finally:
        link.stop()
    return tuple(_found(device_id, heard.get(device_id)) for device_id in wanted)


def _found(device_id: str, state: str | None) -> PlugFound:
    if state is not None:
        return PlugFound(device_id, f"says that it is {state}")
    fix = "see that it has power and is in the network, and that its topics are the right ones"
    return PlugFound(device_id, f"not heard within {HEAR_TIMEOUT_S:.0f} s", fix)
