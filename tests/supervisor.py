"""Pretend to be Home Assistant's Supervisor: its broker service, and its way to Home Assistant.

What it answers is that of supervisor/api/services.py, proxy.py and middleware/security.py of
github.com/home-assistant/supervisor: an add-on's token opens `/services/mqtt`, `/core/api/...` and
`/core/websocket`, and Home Assistant behind them knows another one.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.canary import CANARY

WITHIN_S = 10.0
NOTIFICATIONS = "services/persistent_notification/"


class FakeSupervisor:
    """Serve from a thread of its own.

    Attributes:
        token: the only one that an add-on gets in.
        broker: what `/services/mqtt` tells; `None` when there is no broker add-on.
        notices: the notifications that Home Assistant shows, title and message by id.
        is_core_up: whether Home Assistant is there behind it.
        does_forward: whether notifications go on to Home Assistant, too.
    """

    def __init__(
        self,
        home_assistant_url: str,
        home_assistant_token: str,
        broker: Mapping[str, object] | None,
        *,
        port: int = 0,
        does_forward: bool = False,
    ) -> None:
        self.token = f"supervisor-{CANARY}"
        self.broker = broker
        self.notices: dict[str, tuple[str, str]] = {}
        self.is_core_up = True
        self.does_forward = does_forward
        self.port = port
        self._core = (home_assistant_url, home_assistant_token)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        """Return its address, which is http://supervisor in an add-on."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait(self._open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WITHIN_S)
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN_S)

    async def _open(self) -> None:
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.add_routes(
            [
                web.get("/services/mqtt", self._mqtt),
                web.get("/core/websocket", self._websocket),
                web.route("*", "/core/api/{path:.*}", self._api),
            ]
        )
        self._client = aiohttp.ClientSession()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        await self._client.close()
        await self._runner.cleanup()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _is_ours(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.token}"

    async def _mqtt(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return web.Response(status=403)
        if self.broker is None:
            refused = {"result": "error", "message": "Service not enabled"}
            return web.json_response(refused, status=400)
        data = {"addon": "core_mosquitto", "protocol": "3.1.1", "ssl": False, **self.broker}
        return web.json_response({"result": "ok", "data": data})

    async def _api(self, request: web.Request) -> web.Response:
        if not self._is_ours(request):
            return web.Response(status=401)
        if not self.is_core_up:
            return web.Response(status=502)
        path, body = request.match_info["path"], await request.read()
        if path.startswith(NOTIFICATIONS):
            self._note(path.removeprefix(NOTIFICATIONS), json.loads(body))
            if not self.does_forward:
                return web.json_response([])
        url, token = self._core
        headers = {"Authorization": f"Bearer {token}", "Content-Type": request.content_type}
        asked = self._client.request(
            request.method, f"{url}/api/{path}", params=request.query, data=body, headers=headers
        )
        async with asked as answer:
            content = await answer.read()
            return web.Response(
                body=content, status=answer.status, content_type=answer.content_type
            )

    def _note(self, service: str, data: Mapping[str, str]) -> None:
        if service == "create":
            self.notices[data["notification_id"]] = (data["title"], data["message"])
        else:
            self.notices.pop(data["notification_id"], None)

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        if not self.is_core_up:
            raise web.HTTPBadGateway
        server = web.WebSocketResponse()
        await server.prepare(request)
        await server.send_json({"type": "auth_required", "ha_version": "2025.4.4"})
        if (await server.receive_json()).get("access_token") != self.token:
            await server.send_json({"type": "auth_invalid", "message": "Invalid access"})
            return server
        await server.send_json({"type": "auth_ok", "ha_version": "2025.4.4"})
        url, token = self._core
        async with self._client.ws_connect(f"{url}/api/websocket", max_msg_size=0) as core:
            await core.receive_json()
            await core.send_json({"type": "auth", "access_token": token})
            await core.receive_json()
            ways = [
                asyncio.create_task(_hand_on(core, server)),
                asyncio.create_task(_hand_on(server, core)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        return server


async def _hand_on(
    source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    target: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
