"""Speak just enough MQTT to measure others by: QoS 0, one socket, no thread, next to no cost."""

from __future__ import annotations

import select
import socket
import struct
import time
from types import TracebackType
from typing import Self

_CONNECT, _PUBLISH, _SUBSCRIBE = 0x10, 0x30, 0x82
_RETAIN = 0x01
_LEVELS = {"3.1.1": 4, "5": 5}
_CLEAN_START = 0x02
_CHUNK_BYTES = 1 << 18


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("!H", len(encoded)) + encoded


def _packet(kind: int, body: bytes) -> bytes:
    length, rest = bytearray(), len(body)
    while True:
        rest, digit = divmod(rest, 128)
        length.append(digit | (0x80 if rest else 0))
        if not rest:
            return bytes([kind]) + bytes(length) + body


class Wire:
    """Hold one connection to the broker, of MQTT "3.1.1" or "5"."""

    def __init__(self, port: int, version: str, client_id: str) -> None:
        """Connect and wait for the broker's welcome. Raises: OSError."""
        self._properties = b"\0" if version == "5" else b""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""
        head = _text("MQTT") + struct.pack("!BBH", _LEVELS[version], _CLEAN_START, 0)
        self.send(_packet(_CONNECT, head + self._properties + _text(client_id)))
        self._socket.recv(64)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def subscribe(self, topic: str) -> None:
        """Ask for a topic filter; its answer is passed over by `receive`."""
        self.send(_packet(_SUBSCRIBE, b"\0\1" + self._properties + _text(topic) + b"\0"))

    def message(self, topic: str, payload: bytes, *, is_retained: bool = False) -> bytes:
        """Return the packet that publishes a message, ready for `send`."""
        kind = _PUBLISH | (_RETAIN if is_retained else 0)
        return _packet(kind, _text(topic) + self._properties + payload)

    def send(self, packets: bytes) -> None:
        """Hand packets to the network."""
        self._socket.sendall(packets)

    def receive(self, timeout_s: float = 10.0) -> list[tuple[str, bytes]]:
        """Return the messages that are here, waiting for the first; none after the time-out."""
        messages: list[tuple[str, bytes]] = []
        deadline = time.perf_counter() + timeout_s
        while not messages:
            left_s = deadline - time.perf_counter()
            if left_s <= 0 or not select.select([self._socket], [], [], left_s)[0]:
                break
            chunk = self._socket.recv(_CHUNK_BYTES)
            if not chunk:
                raise ConnectionError("the broker closed the connection")
            self._unread += chunk
            messages = self._take_messages()
        return messages

    def _take_messages(self) -> list[tuple[str, bytes]]:
        data, at, messages = self._unread, 0, []
        while len(data) - at >= 2:
            length, shift, body = 0, 0, at + 1
            while body < len(data):
                length |= (data[body] & 0x7F) << shift
                shift += 7
                body += 1
                if not data[body - 1] & 0x80:
                    break
            else:
                break
            if body + length > len(data):
                break
            if data[at] & 0xF0 == _PUBLISH:
                topic_end = body + 2 + int.from_bytes(data[body : body + 2], "big")
                payload = topic_end + len(self._properties) * (1 + data[topic_end])
                messages.append(
                    (data[body + 2 : topic_end].decode(), data[payload : body + length])
                )
            at = body + length
        self._unread = data[at:]
        return messages
