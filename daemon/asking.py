"""Ask the running daemon to do something, over MQTT, and wait for its answer."""

from __future__ import annotations

import json
import queue
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from daemon.faces import Topics
from daemon.ports import MqttLink, Post
from integrations.errors import one_line
from integrations.messages import LinkChanged, MessageReceived

CONNECT_TIMEOUT_S = 5.0
STATUS_TIMEOUT_S = 1.0  # the broker sends its retained messages at once
UNSEEN_TIMEOUT_S = 3.0  # for the answer of a daemon of which nothing is seen
OFFLINE = b"offline"


class NoAnswerError(Exception):
    """Report that nobody confirmed the request; the text says what to look at."""


def ask(
    build_link: Callable[[Post, Sequence[str]], MqttLink],
    topics: Topics,
    command_topic: str,
    fields: Mapping[str, object],
    timeout_s: float,
) -> tuple[bool, str]:
    """Publish a command and return the daemon's answer: whether it was done, and its words.

    Args:
        build_link: makes a link that posts to the given function and hears the given topics.
        topics: of the home.
        command_topic: where the daemon hears this kind of command.
        fields: what to ask.
        timeout_s: how long to wait for the answer once the broker took the request.

    Raises:
        NoAnswerError: no broker, no daemon there, or no answer in time.
    """
    request_id = uuid.uuid4().hex
    reply_topic = topics.reply(request_id)
    events: queue.SimpleQueue[object] = queue.SimpleQueue()
    link = build_link(events.put, (reply_topic, topics.status))
    link.start()
    try:
        _wait_for_broker(events)
        if not _is_online(events, topics.status):
            timeout_s = min(timeout_s, UNSEEN_TIMEOUT_S)
        request = {"id": request_id, "at": datetime.now(UTC).isoformat(), **fields}
        link.publish(command_topic, json.dumps(request), qos=1)
        deadline = time.monotonic() + timeout_s
        while (left_s := deadline - time.monotonic()) > 0:
            event = _next(events, left_s)
            if isinstance(event, MessageReceived) and event.topic == reply_topic:
                return _read_answer(event.payload)
    finally:
        link.stop()
    raise NoAnswerError(
        "keepcool did not answer: is the daemon running, and on this broker? See `keepcool status`"
    )


def _read_answer(payload: bytes) -> tuple[bool, str]:
    """Return whether it was done, and the words. Raises: NoAnswerError: anyone may have said it."""
    try:
        answer = json.loads(payload)
        return answer["done"] is True, one_line(str(answer["text"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NoAnswerError(
            "what answered is not keepcool: see who may write to its topics"
        ) from None


def _wait_for_broker(events: queue.SimpleQueue[object]) -> None:
    deadline = time.monotonic() + CONNECT_TIMEOUT_S
    detail = "no answer from the broker"
    while (left_s := deadline - time.monotonic()) > 0:
        event = _next(events, left_s)
        if isinstance(event, LinkChanged):
            if event.is_up:
                return
            detail = event.detail
    raise NoAnswerError(detail)


def _is_online(events: queue.SimpleQueue[object], status_topic: str) -> bool:
    """Return whether the daemon says that it runs; raise when it, or its last will, says not.

    Without a word (it never ran here, or this user may not read the topic) it is asked anyway.
    """
    deadline = time.monotonic() + STATUS_TIMEOUT_S
    while (left_s := deadline - time.monotonic()) > 0:
        event = _next(events, left_s)
        if isinstance(event, MessageReceived) and event.topic == status_topic:
            if event.payload == OFFLINE:
                raise NoAnswerError(
                    "keepcool is not running: start it, or see `journalctl -u keepcool`"
                )
            return True
    return False


def _next(events: queue.SimpleQueue[object], timeout_s: float) -> object:
    try:
        return events.get(timeout=timeout_s)
    except queue.Empty:
        return None
