"""Pretend to be Home Assistant 2025.4, on the loopback, for the demo and the tests.

It answers as the real one was seen to answer: 200 and an empty list for a service on a missing or
unavailable entity, a bare 400 for an unknown service, a bare 500 for a value out of range, and 200
for a push whatever becomes of it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from daemon.demo.fake_entities import (
    SERVICES,
    Change,
    Entity,
    EntityBook,
    RefusedCallError,
    carry_out,
)
from daemon.demo.fake_socket import EventClient

T = TypeVar("T")

BUTTON_EVENT = "mobile_app_notification_action"
RECEIPT_EVENT = "mobile_app_notification_received"
CLEAR = "clear_notification"
OWN_USER = "f4ke05er000000000000000000000001"  # whom the token belongs to
_ANSWER_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Push:
    """Hold one push as the phone's notify service got it."""

    service: str  # "mobile_app_annas_phone"
    title: str
    message: str
    data: Mapping[str, Any]
    at: datetime

    @property
    def tag(self) -> str:
        """Return the tag; empty when it has none."""
        return str(self.data.get("tag", ""))

    @property
    def buttons(self) -> tuple[str, ...]:
        """Return the words on the buttons."""
        return tuple(str(action["title"]) for action in self.data.get("actions", ()))

    @property
    def is_clear(self) -> bool:
        """Return whether it takes its tag off the phone."""
        return self.message == CLEAR


@dataclass(frozen=True, slots=True)
class CalledService:
    """Hold one service call that was accepted."""

    domain: str
    service: str
    data: Mapping[str, Any]
    at: datetime


class FakeHomeAssistant:
    """Serve REST and WebSocket from a thread of its own; every public member is for other threads.

    Attributes:
        pushes: every push in order, clears among them.
        lost_pushes: those accepted while `loses_pushes` was set.
        calls: every accepted service call in order.
        refused: how many REST requests came without the right token.
        answer_status: answer every REST request with this status instead.
        delay_s: wait so long before every REST answer; the call is carried out all the same.
        ignore_commands: accept service calls without changing anything.
        loses_pushes: accept pushes that never reach the phone.
        sends_receipts: have phones fire an event for each push that asks for it, as Android's do.
        is_frozen: keep WebSockets open without a word, as a half-open connection does.
        token: the only token accepted.
        registries: rows of the registries "area", "device" and "entity".
        place: what else the configuration tells, such as "latitude" and "country".
    """

    def __init__(
        self,
        *,
        token: str = "fake-long-lived-token",  # noqa: S107 - opens nothing
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        phones: Sequence[str] = ("mobile_app_annas_phone",),
        version: str = "2025.4.4",
        temperature_unit: str = "°C",
    ) -> None:
        """Prepare an empty house; it serves after `start` or inside `with`."""
        self.token = token
        self.pushes: list[Push] = []
        self.lost_pushes: list[Push] = []
        self.calls: list[CalledService] = []
        self.refused = 0
        self.answer_status: int | None = None
        self.delay_s = 0.0
        self.ignore_commands = False
        self.loses_pushes = False
        self.sends_receipts = False
        self.is_frozen = False
        self.registries: dict[str, list[Mapping[str, object]]] = {}
        self.place: dict[str, object] = {}
        self._clock = clock
        self._phones = set(phones)
        self._version = version
        self._temperature_unit = temperature_unit
        self._book = EntityBook(clock)
        self._listeners: list[Callable[[CalledService], None]] = []
        self._clients: set[EventClient] = set()
        self._order = threading.RLock()  # events leave in the order of their changes
        self._loop = asyncio.new_event_loop()
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="fake-home-assistant", daemon=True
        )

    @property
    def url(self) -> str:
        """Return its address, without `/api`; the port stays the same over a restart."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def is_down(self) -> bool:
        """Tell whether it refuses connections; settable."""
        return self._runner is None

    @is_down.setter
    def is_down(self, is_down: bool) -> None:
        if is_down != self.is_down:
            self._wait(self._close() if is_down else self._open())

    @property
    def connected(self) -> int:
        """Return how many authenticated WebSockets are open."""
        return sum(client.is_authenticated for client in tuple(self._clients))

    @property
    def pings_answered(self) -> int:
        """Return how many pings the WebSockets that are open now have answered."""
        return sum(client.pings_answered for client in tuple(self._clients))

    def start(self) -> None:
        """Start to serve, on a port that was free."""
        self._thread.start()
        self._wait(self._open())

    def stop(self) -> None:
        """Stop to serve and end the thread."""
        self.is_down = True
        self._wait(self._end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_ANSWER_WITHIN_S)
        self._loop.close()

    def restart(self) -> None:
        """Drop every connection and serve again; the entities stay as they were."""
        self.is_down = True
        self.is_down = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def on_service_call(self, callback: Callable[[CalledService], None]) -> None:
        """Call back after each accepted call, on the server's thread; it may call `set_state`."""
        self._listeners.append(callback)

    def state_of(self, entity_id: str) -> Entity:
        """Return an entity. Raises: KeyError."""
        entity = self._book.get(entity_id)
        if entity is None:
            raise KeyError(entity_id)
        return entity

    def set_state(
        self,
        entity_id: str,
        state: str | None = None,
        attributes: Mapping[str, object] | None = None,
        user: str | None = None,
    ) -> None:
        """Add an entity, or change it as if by hand, by its own device or by another user.

        The same once more is a report that changes nothing: nobody is told, its age begins anew.

        Args:
            entity_id: "climate.bedroom".
            state: the new state; `None` leaves it.
            attributes: merged into the present ones; a `None` value takes one away.
            user: who did it; `None` for the device itself.
        """
        with self._order:
            self._tell(self._book.put(entity_id, state, attributes, self._book.new_context(user)))

    def remove(self, entity_id: str) -> None:
        """Take an entity away."""
        with self._order:
            self._tell(self._book.remove(entity_id))

    def press(self, push: Push, button: int | str) -> None:
        """Press a button of a push by its position or its words. Raises: LookupError."""
        actions = push.data.get("actions", ())
        if isinstance(button, str) and button not in push.buttons:
            raise LookupError(f"no button {button!r}, only {', '.join(push.buttons)}")
        position = push.buttons.index(button) if isinstance(button, str) else button
        data = {"action": actions[position]["action"], "tag": push.tag}
        self.fire(BUTTON_EVENT, data)

    def fire(self, event_type: str, data: Mapping[str, object]) -> None:
        """Put an event on the bus."""
        event = {
            "event_type": event_type,
            "data": dict(data),
            "origin": "REMOTE",
            "time_fired": self._clock().isoformat(),
            "context": self._book.new_context(OWN_USER),
        }
        with self._order:
            self._to_clients(lambda client: client.tell_event(event))

    def send_raw(self, text: str) -> None:
        """Send any text to every WebSocket."""
        self._to_clients(lambda client: client.send_raw(text))

    def on_screen(self, service: str) -> tuple[Push, ...]:
        """Return what a phone shows: the last push of each tag, unless it was cleared."""
        shown: dict[str, Push] = {}
        for position, push in enumerate(self.pushes):
            if push.service == service:
                key = push.tag or f"untagged {position}"
                shown.pop(key, None)
                if not push.is_clear:
                    shown[key] = push
        return tuple(shown.values())

    def _tell(self, change: Change | None) -> None:
        if change is not None:
            self._to_clients(lambda client: client.tell_change(change))

    def _to_clients(self, tell: Callable[[EventClient], None]) -> None:
        def tell_all() -> None:
            for client in self._clients:
                tell(client)

        # Also from the server's own thread: nothing may overtake what another thread did before.
        self._loop.call_soon_threadsafe(tell_all)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(_ANSWER_WITHIN_S)

    async def _open(self) -> None:
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/api/", self._root),
                web.get("/api/config", self._config),
                web.get("/api/states", self._states),
                web.get("/api/states/{entity_id}", self._state),
                web.get("/api/services", self._services),
                web.post("/api/services/{domain}/{service}", self._call),
                web.post("/api/template", self._template),
                web.get("/api/websocket", self._websocket),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = runner.addresses[0][1]
        self._runner = runner

    async def _close(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await asyncio.gather(*(client.close() for client in tuple(self._clients)))
            await runner.cleanup()

    async def _end_tasks(self) -> None:
        """End what still serves a connection that its client dropped."""
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    @web.middleware
    async def _guard(
        self,
        request: web.Request,
        handler: Handler,
    ) -> web.StreamResponse:
        if request.path == "/api/websocket":
            return await handler(request)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.answer_status is not None:
            return web.Response(status=self.answer_status, text=str(self.answer_status))
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            self.refused += 1
            return web.Response(status=401, text="401: Unauthorized")
        return await handler(request)

    async def _root(self, _request: web.Request) -> web.Response:
        return web.json_response({"message": "API running."})

    async def _config(self, _request: web.Request) -> web.Response:
        return web.json_response(self._configuration())

    def _configuration(self) -> dict[str, object]:
        return {
            "version": self._version,
            "unit_system": {"temperature": self._temperature_unit},
            "state": "RUNNING",
            **self.place,
        }

    async def _states(self, _request: web.Request) -> web.Response:
        return web.json_response([entity.as_json() for entity in self._book.every()])

    async def _state(self, request: web.Request) -> web.Response:
        entity = self._book.get(request.match_info["entity_id"])
        if entity is None:
            return web.json_response({"message": "Entity not found."}, status=404)
        return web.json_response(entity.as_json())

    async def _services(self, _request: web.Request) -> web.Response:
        every = {**SERVICES, "notify": tuple(sorted(self._phones))}
        return web.json_response(
            [
                {"domain": domain, "services": {name: {"fields": {}} for name in names}}
                for domain, names in every.items()
            ]
        )

    async def _template(self, request: web.Request) -> web.Response:
        """Render the one template that keepcool asks for: how long ago entities reported."""
        asked = await request.json()
        if "last_reported" not in asked["template"]:
            return web.json_response({"message": "Error rendering template"}, status=400)
        ages = {name: self._book.since_reported(name) for name in asked["variables"]["names"]}
        lines = [f"{name} {age.total_seconds()}" for name, age in ages.items() if age is not None]
        return web.Response(body="\n".join(lines).encode())

    async def _call(self, request: web.Request) -> web.Response:
        domain, service = request.match_info["domain"], request.match_info["service"]
        try:
            data = await request.json() if request.can_read_body else {}
            changes = self._carry_out(domain, service, data)
        except (RefusedCallError, ValueError) as err:
            status = err.status if isinstance(err, RefusedCallError) else 400
            return web.Response(status=status, text=f"{status}: refused")
        called = CalledService(domain, service, data, self._clock())
        self.calls.append(called)
        for listener in self._listeners:
            listener(called)
        return web.json_response([new.as_json() for _, new in changes if new is not None])

    def _carry_out(self, domain: str, service: str, data: Mapping[str, Any]) -> list[Change]:
        if domain == "notify":
            self._push(service, data)
            return []
        # An unknown service is refused all the same.
        book = EntityBook(self._clock) if self.ignore_commands else self._book
        with self._order:
            changes = carry_out(book, domain, service, data, OWN_USER)
            for change in changes:
                self._tell(change)
        return changes

    def _push(self, service: str, data: Mapping[str, Any]) -> None:
        message = data.get("message")
        if service not in self._phones or not isinstance(message, str):
            raise RefusedCallError(400)
        push = Push(
            service=service,
            title=str(data.get("title", "")),
            message=message,
            data=data.get("data") or {},
            at=self._clock(),
        )
        (self.lost_pushes if self.loses_pushes else self.pushes).append(push)
        if self.sends_receipts and not self.loses_pushes and push.data.get("confirmation"):
            self.fire(RECEIPT_EVENT, _made_flat(push))

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        client = EventClient(
            book=self._book,
            configuration=self._configuration,
            is_token=lambda token: token == self.token,
            is_frozen=lambda: self.is_frozen,
            version=self._version,
            lists={
                "auth/current_user": lambda: {"is_admin": True},
                "get_states": lambda: [entity.as_json() for entity in self._book.every()],
                "get_services": lambda: {"notify": {name: {} for name in sorted(self._phones)}},
                **{
                    f"config/{name}_registry/list": partial(self.registries.get, name, [])
                    for name in ("area", "device", "entity")
                },
            },
        )
        self._clients.add(client)
        try:
            return await client.serve(request)
        finally:
            self._clients.discard(client)


def _made_flat(push: Push) -> dict[str, object]:
    """Return a push as Android's app puts it into its receipt: every value a text, no lists."""
    flat: dict[str, object] = {"title": push.title, "message": push.message}
    for key, value in push.data.items():
        if key != "actions":
            flat[key] = str(value).lower() if isinstance(value, bool) else str(value)
    for number, action in enumerate(push.data.get("actions", ()), start=1):
        flat[f"action_{number}_key"] = action["action"]
        flat[f"action_{number}_title"] = action["title"]
    return flat
