"""Speak MQTT in tests: publish surely, and remember what was heard."""

from __future__ import annotations

import threading
from collections import Counter
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion


class TestClient:
    """Hold one connection; every publish waits for the broker's word."""

    __test__ = False

    def __init__(self, port: int, *, username: str | None = None, password: str = "") -> None:
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(1_000)  # a burst need not wait for each answer
        if username is not None:
            self._client.username_pw_set(username, password)
        self._client.on_message = self._on_message
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self.messages: list[tuple[str, str]] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._port = port

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        heard = (message.topic, message.payload.decode(errors="replace"))
        self.messages.append(heard)
        self._counts[heard] += 1

    def subscribe(self, topic: str) -> None:
        """Subscribe and wait until it counts."""
        self._subscribed.clear()
        self._client.subscribe(topic, qos=1)
        assert self._subscribed.wait(5.0)

    def publish(self, topic: str, payload: str | bytes, *, is_retained: bool = False) -> None:
        """Publish and wait until the broker has it."""
        self._client.publish(topic, payload, qos=1, retain=is_retained).wait_for_publish(5.0)

    def publish_many(self, topic: str, count: int) -> None:
        """Publish as fast as possible, and wait until the broker has everything."""
        sent = [self._client.publish(topic, str(number), qos=1) for number in range(count)]
        for message in sent:
            message.wait_for_publish(30.0)

    def publish_unheard(self, topic: str, payload: bytes) -> None:
        """Publish once, waiting for nothing: the broker may refuse it."""
        self._client.publish(topic, payload)

    def last(self, topic: str) -> str | None:
        """Return the newest message of a topic."""
        return next((text for where, text in reversed(self.messages) if where == topic), None)

    def count(self, topic: str, payload: str) -> int:
        """Return how often a message came."""
        return self._counts[topic, payload]
