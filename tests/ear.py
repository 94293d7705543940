"""Hold an MQTT client and what it posted, for tests."""

from __future__ import annotations

import gc
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from integrations.messages import Heard, LinkChanged, MessageReceived
from integrations.mqtt import MqttClient, MqttOptions, Subscription
from tests.waiting import wait_until

STATUS = "keepcool/home/status"


class Ear:
    """Hold a client and what it posted; `fails_on` makes the inbox raise for one payload."""

    def __init__(self, options: MqttOptions, *subscriptions: Subscription) -> None:
        self.heard: list[Heard] = []
        self.fails_on: bytes | None = None
        self.client = MqttClient(options, subscriptions, self._post, lambda: 42.0)

    def _post(self, event: Heard) -> None:
        if isinstance(event, MessageReceived) and event.payload == self.fails_on:
            raise RuntimeError("the inbox is broken")
        self.heard.append(event)

    @property
    def messages(self) -> list[MessageReceived]:
        """Return the messages in order."""
        return [event for event in self.heard if isinstance(event, MessageReceived)]

    @property
    def links(self) -> list[LinkChanged]:
        """Return the changes of the link in order."""
        return [event for event in self.heard if isinstance(event, LinkChanged)]

    def wait_for_link(self, *, is_up: bool) -> LinkChanged:
        """Return the newest change once it is as wanted."""
        wait_until(lambda: self.links and self.links[-1].is_up is is_up, what=f"up = {is_up}")
        return self.links[-1]

    def __enter__(self) -> Self:
        self.client.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.stop()
        wait_until(lambda: not self.client.is_thread_alive(), what="the end of the thread")
        gc.collect()  # what a failed handshake left behind goes in the test that it belongs to


def options(port: int, **overrides: Any) -> MqttOptions:  # noqa: ANN401 - fields of the options
    """Return options for a broker on loopback."""
    found = MqttOptions("127.0.0.1", port, f"keepcool-test-{port}", STATUS)
    return replace(found, **overrides)
