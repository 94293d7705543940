"""Stand between a client and its server, and let the connection be good or bad."""

from __future__ import annotations

import asyncio
import enum
import socket
import struct
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Self

SHORT_S = 5.0
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


class Mode(enum.Enum):
    """Name what the proxy does, to connections that are open as to new ones."""

    PASS = enum.auto()
    REFUSE = enum.auto()  # nobody listens, and what was open is closed
    RESET = enum.auto()  # accepted, then thrown off
    SILENT = enum.auto()  # half-open: accepted, swallowed, and never a word


class Proxy:
    """Carry bytes between a port of its own on the loopback and another one."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self._target_port = target_port
        self._mode = Mode.PASS
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def url(self) -> str:
        """Return its address for HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def mode(self) -> Mode:
        """Return what it does; settable."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(self._change(mode), self._loop)
        future.result(SHORT_S)

    async def _change(self, mode: Mode) -> None:
        self._mode = mode
        if mode is not Mode.SILENT:  # a good connection does not begin in the middle of a bad one
            self._throw_off()
        if mode is Mode.REFUSE and self._server is not None:
            self._server.close()
            self._server = None
        elif mode is not Mode.REFUSE and self._server is None:
            self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", self.port, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

    def _throw_off(self) -> None:
        for writer in tuple(self._writers):
            connection = writer.get_extra_info("socket")
            if self._mode is Mode.RESET and connection is not None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        others: list[asyncio.StreamWriter] = []
        try:
            if self._mode is Mode.RESET:
                self._throw_off()
            elif self._mode is Mode.SILENT:
                await self._carry(reader, None)
            else:
                answers, other = await asyncio.open_connection("127.0.0.1", self._target_port)
                others.append(other)
                self._writers.add(other)
                await asyncio.gather(self._carry(reader, other), self._carry(answers, writer))
        except OSError:
            pass  # one side is gone: so is the other
        finally:
            for each in (writer, *others):
                self._writers.discard(each)
                each.transport.abort()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter | None
    ) -> None:
        while data := await reader.read(65536):
            if writer is not None and self._mode is Mode.PASS:
                writer.write(data)
                await writer.drain()
        if writer is not None:
            writer.transport.abort()

    def __enter__(self) -> Self:
        self._thread.start()
        self.mode = Mode.PASS
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.mode = Mode.REFUSE
        future = asyncio.run_coroutine_threadsafe(self._settle(), self._loop)
        future.result(SHORT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SHORT_S)
        self._loop.close()

    async def _settle(self) -> None:
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
