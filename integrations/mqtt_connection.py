"""Run paho's client on a thread of our own: connect for ever, read in large pieces, write at once.

paho's own thread reads a message in four system calls and lets go of the interpreter at each, and
what others publish waits until that thread wakes up. A burst then takes twice as long, and so does
the answer to a single message (docs/bench.md). This uses paho's interface for other event loops.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
_CHUNK_BYTES = 64 * 1024
_KEEPALIVE_CHECK_S = 1.0
_OK = MQTTErrorCode.MQTT_ERR_SUCCESS


class BufferedClient(Client):
    """Be paho's client, which asks the socket for single bytes, with a buffer in between."""

    def __init__(self, client_id: str, protocol: MQTTProtocolVersion) -> None:
        """Prepare the client; the callbacks are of paho's second version."""
        super().__init__(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol)
        self._received = b""
        self._read_to = 0

    def _sock_recv(self, bufsize: int) -> bytes:
        if self._read_to >= len(self._received):
            self._received, self._read_to = super()._sock_recv(_CHUNK_BYTES), 0
        start, self._read_to = self._read_to, self._read_to + bufsize
        return self._received[start : self._read_to]

    @property
    def has_unread(self) -> bool:
        """Return whether something was received that waiting for the socket would not show."""
        connection = self.socket()
        return self._read_to < len(self._received) or (
            isinstance(connection, ssl.SSLSocket) and connection.pending() > 0
        )

    def forget_unread(self) -> None:
        """Drop what an earlier connection left behind."""
        self._received = b""


class Connection:
    """Keep a client connected on a thread of its own; paho's callbacks run on that thread.

    Args:
        client: set up for `connect_async`, callbacks included.
        on_fail: called with the error when no connection comes about.
        on_beat: called about once a second while there is a connection.
    """

    def __init__(
        self,
        client: BufferedClient,
        on_fail: Callable[[Exception], None],
        on_beat: Callable[[], None],
    ) -> None:
        """Prepare; `start` begins."""
        self._client = client
        self._on_fail = on_fail
        self._on_beat = on_beat
        self._hold_off_s = 0.0
        self._io = threading.Lock()  # one thread at a time reads, writes or connects
        self._is_busy = True  # the thread is at work and writes before it waits again
        self._is_stopping = threading.Event()
        self._woken, self._waking = socket.socketpair()
        self._woken.settimeout(0.0)
        self._waking.settimeout(0.0)
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        # With this set, paho leaves the writing to us.
        client.on_socket_register_write = lambda *_: None

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether the thread lives."""
        return self._thread.is_alive()

    def publish(
        self, topic: str, payload: str | bytes, *, qos: int, is_retained: bool
    ) -> MQTTMessageInfo:
        """Publish at once; without a connection only QoS 1 is kept. It never waits."""
        info = self._client.publish(topic, payload, qos=qos, retain=is_retained)
        self._write_now()
        return info

    def hold_off(self, seconds: float) -> None:
        """Wait at least so long before the next attempt; for paho's callbacks alone."""
        self._hold_off_s = seconds

    def stop(self, timeout_s: float) -> None:
        """Disconnect and end the thread; one that is held up is left behind after the time-out."""
        self._client.disconnect()
        self._is_stopping.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        if not self._thread.is_alive():
            self._woken.close()
            self._waking.close()

    def _write_now(self) -> None:
        if self._is_busy:
            return
        if self._io.acquire(blocking=False):
            try:
                self._client.loop_write()
            finally:
                self._io.release()
        if self._client.want_write() or self._client.socket() is None:
            self._wake()

    def _wake(self) -> None:
        with suppress(OSError):  # full: the thread has every reason to wake up already
            self._waking.send(b"\0")

    # ----------------------------------------------------------------- the thread from here on

    def _run(self) -> None:
        pause_s = SHORTEST_PAUSE_S
        while not self._is_stopping.is_set():
            # An exception ends this thread, and the watchdog starves: only a new process helps.
            if self._connect() and self._serve():
                pause_s = SHORTEST_PAUSE_S
            hold_off_s, self._hold_off_s = self._hold_off_s, 0.0
            self._is_stopping.wait(max(pause_s, hold_off_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _connect(self) -> bool:
        try:
            with self._io:
                self._client.forget_unread()
                self._client.reconnect()
        except (OSError, UnicodeError) as error:  # the latter: no name that a host can have
            self._on_fail(error)
            return False
        return True

    def _serve(self) -> bool:
        """Carry bytes until the connection ends; return whether the broker had accepted it."""
        client, result, was_connected = self._client, _OK, False
        try:
            while result == _OK and (connection := client.socket()) is not None:
                self._is_busy = False  # before the question: whoever publishes now writes or wakes
                writers = [connection] if client.want_write() else []
                if self._is_stopping.is_set() and not writers:
                    break
                try:
                    readers, _, _ = select.select(
                        [connection, self._woken], writers, [], _KEEPALIVE_CHECK_S
                    )
                except (OSError, ValueError):
                    break  # closed by a write that failed meanwhile
                self._is_busy = True
                if self._woken in readers:
                    self._woken.recv(_CHUNK_BYTES)
                with self._io:
                    result = self._exchange(is_readable=connection in readers)
                was_connected = was_connected or client.is_connected()
                self._on_beat()
        finally:
            self._is_busy = True
        return was_connected

    def _exchange(self, *, is_readable: bool) -> MQTTErrorCode:
        client, result = self._client, _OK
        while result == _OK and (is_readable or client.has_unread):
            is_readable = False
            result = client.loop_read()
        if result == _OK and client.want_write():
            result = client.loop_write()
        return client.loop_misc() if result == _OK else result
