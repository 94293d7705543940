"""Hear Home Assistant's events over one WebSocket, on a thread that rebuilds it after any error."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog
from websockets.sync.client import ClientConnection

from integrations.errors import IntegrationError, PermanentError
from integrations.ha_events_conversation import Conversation, ParseState
from integrations.ha_events_opening import open_websocket, translated, websocket_url
from integrations.messages import Heard, LinkChanged

log = structlog.get_logger()

LINK = "events"
STOP_WITHIN_S = 3.0
MAX_MESSAGE_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StreamPace:
    """Hold the times of the stream, in seconds."""

    connect_within_s: float = 10.0
    ping_every_s: float = 15.0
    pong_within_s: float = 10.0
    first_retry_s: float = 1.0
    longest_retry_s: float = 60.0
    refused_retry_s: float = 300.0  # Home Assistant may ban an address that keeps trying


class HomeAssistantEvents:
    """Post buttons pressed on phones and changes of entities into the daemon's inbox.

    Uses `subscribe_entities`: Home Assistant then sends only the wanted entities, as the frontend
    gets them, context ids included, where `state_changed` would send every change of the house.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        entity_ids: Collection[str],
        post: Callable[[Heard], None],
        parse_state: ParseState,
        *,
        pace: StreamPace | None = None,
    ) -> None:
        """Prepare the stream; nothing happens before `start`.

        Args:
            base_url: as for `HomeAssistant`, with or without `/api`.
            token: a long-lived access token of an administrator; others may not hear buttons.
            entity_ids: the entities whose changes are posted; may be empty.
            post: takes `ButtonPressed`, `DeviceObserved` and `LinkChanged`; called on the
                stream's thread.
            parse_state: makes a `DeviceObserved` of a state object and a temperature unit.
            pace: other times than the usual ones.
        """
        self._url = websocket_url(base_url)
        self._token = token.strip()
        self._entity_ids = tuple(sorted(set(entity_ids)))
        self._post = post
        self._parse_state = parse_state
        self._pace = pace or StreamPace()
        self._stopping = threading.Event()
        self._conversation: Conversation | None = None
        self._told: tuple[bool, bool] | None = None  # link is up, was refused
        self._retry_s = self._pace.first_retry_s
        self.crash_count = 0
        self._thread = threading.Thread(target=self._run, name="ha-events", daemon=True)

    def start(self) -> None:
        """Start the thread; an absent Home Assistant is normal."""
        self._thread.start()

    def flush(self, timeout_s: float) -> bool:
        """Return whether everything that the server sent before this call was posted in time.

        Callable from any thread but the stream's own. False at once when there is no connection.
        """
        conversation = self._conversation
        return conversation is not None and conversation.is_answered(timeout_s)

    def is_thread_alive(self) -> bool:
        """Return whether the thread lives."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the thread within 3 s; a connection being opened is left to end by itself."""
        deadline = time.monotonic() + STOP_WITHIN_S
        self._stopping.set()
        if (conversation := self._conversation) is not None:
            conversation.close()
        if self._thread.is_alive():
            self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._hear()
            except PermanentError as err:
                self._went_down(str(err), self._pace.refused_retry_s, is_refused=True)
            except IntegrationError as err:
                self._went_down(str(err), self._next_retry_s())
            except Exception:  # the main guard of the thread: it must outlive its own mistakes
                self.crash_count += 1
                log.exception("event_stream.crashed", crash_count=self.crash_count)
                self._went_down("internal error", self._next_retry_s())

    def _hear(self) -> None:
        """Connect and listen; return when stopping, raise for every other end."""
        with translated(), self._connect() as connection:
            conversation = Conversation(connection, self._entity_ids, self._post, self._parse_state)
            conversation.open(self._token, self._pace.connect_within_s)
            self._conversation = conversation
            self._came_up()
            try:
                conversation.listen(
                    self._stopping, self._pace.ping_every_s, self._pace.pong_within_s
                )
            finally:
                self._conversation = None
                conversation.abandon()

    def _connect(self) -> ClientConnection:
        return open_websocket(self._url, self._pace.connect_within_s, MAX_MESSAGE_BYTES)

    def _came_up(self) -> None:
        self._retry_s = self._pace.first_retry_s
        if self._told != (True, False):
            self._told = (True, False)
            log.info("event_stream.connected", entities=len(self._entity_ids))
            self._post(LinkChanged(LINK, is_up=True))

    def _went_down(self, detail: str, wait_s: float, *, is_refused: bool = False) -> None:
        if self._stopping.is_set():
            return
        if self._told != (False, is_refused):
            self._told = (False, is_refused)
            log.warning("event_stream.disconnected", detail=detail)
            self._post(LinkChanged(LINK, is_up=False, detail=detail, is_refused=is_refused))
        self._stopping.wait(wait_s)

    def _next_retry_s(self) -> float:
        wait_s = self._retry_s
        self._retry_s = min(2 * wait_s, self._pace.longest_retry_s)
        return wait_s
