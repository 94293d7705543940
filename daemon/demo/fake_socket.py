"""Speak the server's side of Home Assistant's WebSocket protocol with one client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

from aiohttp import WSMsgType, web

from daemon.demo.fake_entities import Change, EntityBook, compressed_difference

_CLOSE_WITHIN_S = 0.1


class EventClient:
    """Serve one WebSocket; everything runs on the server's loop. Answers keep their order."""

    def __init__(
        self,
        *,
        book: EntityBook,
        configuration: Callable[[], Mapping[str, object]],
        is_token: Callable[[object], bool],
        is_frozen: Callable[[], bool],
        version: str,
        lists: Mapping[str, Callable[[], object]],
    ) -> None:
        """Take what it answers from; `lists` are commands that are answered as a whole."""
        self.is_authenticated = False
        self.pings_answered = 0
        self._book = book
        self._configuration = configuration
        self._is_token = is_token
        self._is_frozen = is_frozen
        self._version = version
        self._lists = lists
        self._socket = web.WebSocketResponse(timeout=_CLOSE_WITHIN_S)
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._last_id = 0
        self._events: dict[int, str] = {}  # subscription: event type
        self._entities: dict[int, frozenset[str]] = {}  # subscription: entity ids

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Talk until the connection ends."""
        await self._socket.prepare(request)
        writer = asyncio.create_task(self._write())
        self._send({"type": "auth_required", "ha_version": self._version})
        try:
            async for message in self._socket:
                if message.type is not WSMsgType.TEXT or self._is_frozen():
                    continue
                if not self._take(json.loads(message.data)):
                    await self._outgoing.join()
                    break
        finally:
            self.is_authenticated = False
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return self._socket

    async def close(self) -> None:
        """End the connection."""
        await self._socket.close(code=1001)

    def send_raw(self, text: str) -> None:
        """Send any text."""
        self._outgoing.put_nowait(text)

    def tell_event(self, event: Mapping[str, object]) -> None:
        """Send an event of the bus to the subscriptions of its type."""
        for subscription, event_type in self._events.items():
            if event_type == event["event_type"]:
                self._send({"id": subscription, "type": "event", "event": event})

    def tell_change(self, change: Change) -> None:
        """Send a change to the subscriptions of its entity."""
        old, new = change
        entity = new or old
        if entity is None:
            return
        event: dict[str, object]
        if new is None:
            event = {"r": [entity.entity_id]}
        elif old is None:
            event = {"a": {new.entity_id: new.compressed()}}
        else:
            event = {"c": {new.entity_id: compressed_difference(old, new)}}
        for subscription, entity_ids in self._entities.items():
            if entity.entity_id in entity_ids:
                self._send({"id": subscription, "type": "event", "event": event})

    def _take(self, message: Mapping[str, object]) -> bool:
        """Answer one message; return False when the connection ends with it."""
        kind = message.get("type")
        if not self.is_authenticated:
            self.is_authenticated = kind == "auth" and self._is_token(message.get("access_token"))
            answer = "auth_ok" if self.is_authenticated else "auth_invalid"
            self._send({"type": answer, "ha_version": self._version})
            return self.is_authenticated
        message_id = message.get("id")
        if not isinstance(message_id, int) or message_id <= self._last_id:
            self._refuse(message_id, "id_reuse")
            return True
        self._last_id = message_id
        match kind:
            case "ping":
                self._send({"id": message_id, "type": "pong"})
                self.pings_answered += 1
            case "get_config":
                self._accept(message_id, self._configuration())
            case "subscribe_events":
                self._events[message_id] = str(message.get("event_type"))
                self._accept(message_id)
            case "subscribe_entities":
                self._subscribe_entities(message_id, message.get("entity_ids"))
            case str() if kind in self._lists:
                self._accept(message_id, self._lists[kind]())
            case _:
                self._refuse(message_id, "unknown_command")
        return True

    def _subscribe_entities(self, message_id: int, entity_ids: object) -> None:
        wanted = frozenset(entity_ids if isinstance(entity_ids, list) else ())
        self._entities[message_id] = wanted
        self._accept(message_id)
        present = {
            entity.entity_id: entity.compressed()
            for entity in self._book.every()
            if entity.entity_id in wanted
        }
        self._send({"id": message_id, "type": "event", "event": {"a": present}})

    def _accept(self, message_id: int, result: object = None) -> None:
        self._send({"id": message_id, "type": "result", "success": True, "result": result})

    def _refuse(self, message_id: object, code: str) -> None:
        error = {"code": code, "message": code}
        self._send({"id": message_id, "type": "result", "success": False, "error": error})

    def _send(self, message: Mapping[str, object]) -> None:
        if not self._is_frozen():
            self._outgoing.put_nowait(json.dumps(message))

    async def _write(self) -> None:
        while True:
            text = await self._outgoing.get()
            try:
                await self._socket.send_str(text)
            except ConnectionError:
                return
            finally:
                self._outgoing.task_done()
