"""Speak Home Assistant's WebSocket protocol over one connection, from greeting to end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from websockets.exceptions import ConnectionClosed

from integrations.errors import PayloadError, PermanentError, TransientError
from integrations.ha_events_opening import Wire, log_in, read_message
from integrations.messages import ButtonPressed, DeviceObserved, Heard, PushReceived

log = structlog.get_logger()

ParseState = Callable[[object, str], DeviceObserved]

BUTTON_EVENT = "mobile_app_notification_action"
# Fired by an Android phone for a push that asked for it; its data is the push, made flat.
# Source: companion.home-assistant.io, "Notification Received Event", and the app's source.
RECEIPT_EVENT = "mobile_app_notification_received"


class Conversation:
    """Hold what belongs to one connection: ids, subscriptions, states, pings under way.

    One thread calls `open` and then `listen`; `is_answered` and `close` may be called from others.
    """

    def __init__(
        self,
        wire: Wire,
        entity_ids: Collection[str],
        post: Callable[[Heard], None],
        parse_state: ParseState,
    ) -> None:
        """Take a connection on which nothing was said yet."""
        self._wire = wire
        self._entity_ids = entity_ids
        self._post = post
        self._parse_state = parse_state
        self._lock = threading.Lock()  # ids must arrive in rising order
        self._last_id = 0
        self._pings: dict[int, threading.Event] = {}
        self._is_abandoned = False
        self._results: dict[int, Mapping[str, object]] = {}
        self._buttons_id = 0
        self._receipts_id = 0
        self._entities_id = 0
        self._temperature_unit = "°C"
        self._states: dict[str, _CompressedState] = {}
        self.rejected_count = 0

    def open(self, token: str, within_s: float) -> None:
        """Authenticate and subscribe.

        Raises:
            PermanentError: the token is refused, or its user may not hear buttons.
            TransientError: the other side does not speak this protocol, or not in time.
            TimeoutError: no answer.
        """
        deadline = time.monotonic() + within_s
        log_in(self._wire, token, deadline)
        configuration = self._ask("get_config", deadline)
        match configuration:
            case {"unit_system": {"temperature": str(unit)}}:
                self._temperature_unit = unit
        self._buttons_id = self._command("subscribe_events", event_type=BUTTON_EVENT)
        self._result(self._buttons_id, deadline)
        self._receipts_id = self._command("subscribe_events", event_type=RECEIPT_EVENT)
        self._result(self._receipts_id, deadline)
        if self._entity_ids:
            self._entities_id = self._command(
                "subscribe_entities", entity_ids=list(self._entity_ids)
            )
            self._result(self._entities_id, deadline)

    def listen(self, stopping: threading.Event, ping_every_s: float, pong_within_s: float) -> None:
        """Post what comes until stopping.

        Raises:
            TransientError: a ping was not answered in time: the connection is half-open.
        """
        ping: threading.Event | None = None
        due = time.monotonic() + ping_every_s
        while not stopping.is_set():
            try:
                with suppress(TimeoutError):  # nothing came until a ping or its answer was due
                    self._handle(self._wire.recv(timeout=max(0.0, due - time.monotonic())))
            except ConnectionClosed:
                if stopping.is_set():
                    return
                raise
            now = time.monotonic()
            if ping is not None and ping.is_set():
                ping, due = None, now + ping_every_s
            elif now >= due:
                if ping is not None:
                    raise TransientError("Home Assistant no longer answers")
                ping, due = self._ping(), now + pong_within_s

    def is_answered(self, timeout_s: float) -> bool:
        """Return whether a ping sent now is answered in time, and so all before it posted."""
        try:
            ping = self._ping()
        except (ConnectionClosed, OSError):
            return False
        return ping.wait(timeout_s) and not self._is_abandoned

    def close(self) -> None:
        """Close the connection, so that `listen` ends."""
        self._wire.close()

    def abandon(self) -> None:
        """Let everybody go who waits for an answer: none will come."""
        with self._lock:
            self._is_abandoned = True
            waiting = list(self._pings.values())
            self._pings.clear()
        for ping in waiting:
            ping.set()

    def _ping(self) -> threading.Event:
        answered = threading.Event()
        with self._lock:
            if self._is_abandoned:
                answered.set()
                return answered
            self._last_id += 1
            self._pings[self._last_id] = answered
            self._wire.send(json.dumps({"id": self._last_id, "type": "ping"}))
        return answered

    def _command(self, kind: str, **data: object) -> int:
        with self._lock:
            self._last_id += 1
            self._wire.send(json.dumps({"id": self._last_id, "type": kind, **data}))
            return self._last_id

    def _ask(self, kind: str, deadline: float) -> object:
        return self._result(self._command(kind), deadline)

    def _result(self, command_id: int, deadline: float) -> object:
        while command_id not in self._results:
            self._handle(self._wire.recv(timeout=max(0.0, deadline - time.monotonic())))
        answer = self._results.pop(command_id)
        if answer.get("success") is True:
            return answer.get("result")
        match answer.get("error"):
            case {"code": "unauthorized"}:
                raise PermanentError("token refused: it must belong to an administrator")
            case error:
                raise TransientError(f"Home Assistant refused a subscription ({error!r:.200})")

    def _handle(self, text: str | bytes) -> None:
        """Take one message; one that cannot be read is counted and passed over."""
        try:
            message = read_message(text)
            kind, message_id = message.get("type"), _message_id(message)
            if kind == "pong":
                self._answered(message_id)
            elif kind == "result":
                # Only answers that `_result` waits for are kept; none comes after `open`.
                self._results = {message_id: message}
            elif kind == "event" and message_id == self._buttons_id:
                self._button(message.get("event"))
            elif kind == "event" and message_id == self._receipts_id:
                self._receipt(message.get("event"))
            elif kind == "event" and message_id == self._entities_id:
                self._entities(message.get("event"))
        except PayloadError as err:
            self.rejected_count += 1
            if self.rejected_count == 1:
                log.warning("event_stream.message_rejected", reason=str(err))

    def _answered(self, ping_id: int) -> None:
        with self._lock:
            ping = self._pings.pop(ping_id, None)
        if ping is not None:
            ping.set()

    def _button(self, event: object) -> None:
        match event:
            case {"event_type": str(kind), "data": {"action": str(action), **rest}} if (
                kind == BUTTON_EVENT
            ):
                tag = rest.get("tag")
                self._post(ButtonPressed(action, tag if isinstance(tag, str) else None))
            case _:
                raise PayloadError("a button event without an action")

    def _receipt(self, event: object) -> None:
        match event:
            case {"event_type": str(kind), "data": {**data}} if kind == RECEIPT_EVENT:
                actions = (data.get(f"action_{number}_key") for number in range(1, 4))
                self._post(PushReceived(tuple(text for text in actions if isinstance(text, str))))
            case _:
                raise PayloadError("a receipt without data")

    def _entities(self, event: object) -> None:
        """Take added, changed and removed entities. Source: Home Assistant, subscribe_entities."""
        if not isinstance(event, Mapping):
            raise PayloadError("an entity event without content")
        for entity_id, added in _items(event.get("a")):
            self._states[entity_id] = state = _CompressedState()
            state.take(added)
            self._observe(entity_id, state)
        for entity_id, changed in _items(event.get("c")):
            known = self._states.get(entity_id)
            if known is None:
                raise TransientError(f"Home Assistant changed {entity_id}, which it never told")
            additions, removals = changed.get("+"), changed.get("-")
            known.take(additions if isinstance(additions, Mapping) else {})
            known.drop(removals if isinstance(removals, Mapping) else {})
            self._observe(entity_id, known, is_live=True)
        removed = event.get("r")
        for entity_id in removed if isinstance(removed, list) else ():
            if self._states.pop(entity_id, None) is not None:
                self._post(DeviceObserved(entity_id, None, is_available=False, last_updated=None))

    def _observe(self, entity_id: str, state: _CompressedState, *, is_live: bool = False) -> None:
        """Post a state; only a change is known to have happened just now."""
        observed = self._parse_state(state.expanded(entity_id), self._temperature_unit)
        self._post(replace(observed, is_live=is_live))


class _CompressedState:
    """Follow one entity through additions and removals, as Home Assistant shortens them."""

    def __init__(self) -> None:
        self._state: object = None
        self._attributes: dict[str, object] = {}
        self._context_id: object = None
        self._last_updated: object = None

    def take(self, additions: Mapping[str, object]) -> None:
        """Overlay what was added or changed: s(tate), a(ttributes), c(ontext), lc, lu (seconds)."""
        self._state = additions.get("s", self._state)
        attributes = additions.get("a")
        if isinstance(attributes, Mapping):
            self._attributes.update(attributes)
        context = additions.get("c")
        if isinstance(context, Mapping):
            self._context_id = context.get("id", self._context_id)
        elif context is not None:
            self._context_id = context
        # A change of the state itself tells only `lc`: both moments are the same then.
        self._last_updated = additions.get("lu", additions.get("lc", self._last_updated))

    def drop(self, removals: Mapping[str, object]) -> None:
        """Take attributes away."""
        names = removals.get("a")
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str):
                self._attributes.pop(name, None)

    def expanded(self, entity_id: str) -> dict[str, object]:
        """Return the state object as REST tells it."""
        return {
            "entity_id": entity_id,
            "state": self._state,
            "attributes": dict(self._attributes),
            "last_updated": _iso(self._last_updated),
            "context": {"id": self._context_id},
        }


def _message_id(message: Mapping[str, object]) -> int:
    message_id = message.get("id")
    if not isinstance(message_id, int):
        raise PayloadError("a message without an id")
    return message_id


def _iso(epoch_s: object) -> str | None:
    if isinstance(epoch_s, bool) or not isinstance(epoch_s, int | float):
        return None
    try:
        return datetime.fromtimestamp(epoch_s, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _items(value: object) -> list[tuple[str, Mapping[str, object]]]:
    if not isinstance(value, Mapping):
        return []
    return [(key, item) for key, item in value.items() if isinstance(item, Mapping)]
