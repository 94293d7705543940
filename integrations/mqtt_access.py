"""Judge whether the broker lets us in, lets us hear what we asked for, and keeps us as ourselves.

None of this is a broken connection: it would be made again at once, and break again at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

HOLD_OFF_S = 60.0  # after a refusal, or while somebody else uses our name; FAULTS 15 and 17
TAKEOVERS = 3
WINDOW_S = 60.0


class Access:
    """Hold what is wrong with our access; `trouble` is empty while nothing is.

    All moments are of one clock that never steps, in seconds.
    """

    def __init__(self, client_id: str) -> None:
        """Begin without any complaint."""
        self._client_id = client_id
        self._losses: deque[float] = deque(maxlen=TAKEOVERS)
        self._connected_s: float | None = None
        self._is_shared = False
        self._unheard: tuple[str, ...] = ()
        self._unsaid = ""

    @property
    def trouble(self) -> str:
        """Return what is wrong and what to do, in words for a person."""
        found = []
        if self._is_shared:
            found.append(
                "the broker throws keepcool out again and again: does another program use the name "
                f"{self._client_id}? End it or set mqtt.client_id"
            )
        if self._unheard:
            count = len(self._unheard)
            more = f" and {count - 1} more" if count > 1 else ""
            found.append(f"no right to read {self._unheard[0]}{more}: see the broker's ACL")
        if self._unsaid:
            found.append(f"no right to write {self._unsaid}: see the broker's ACL")
        return "; ".join(found)

    def note_connected(self, now_s: float) -> None:
        """Take that the broker accepted us; rights are asked for anew."""
        self._connected_s = now_s

    def note_subscribed(self, topics: Sequence[str], are_refused: Sequence[bool]) -> None:
        """Take the broker's answer to our subscriptions, topic by topic."""
        refused = (
            topic for topic, is_refused in zip(topics, are_refused, strict=False) if is_refused
        )
        self._unheard = tuple(refused)

    def note_said(self, topic: str, *, is_refused: bool) -> None:
        """Take the broker's answer to a message of ours; only MQTT 5 tells."""
        self._unsaid = topic if is_refused else ""

    def note_no_connection(self) -> None:
        """Take that no broker answered: then it was away, and nobody took our place."""
        self._losses.clear()
        self._is_shared = False

    def note_lost(self, now_s: float, *, is_taken_over: bool) -> float:
        """Take that a connection ended; return for how long to stay away, in seconds.

        Two programs with one name throw each other out as fast as they connect. Whoever waits a
        minute ends that, and the other one has the sensors meanwhile. What we may not read or write
        is asked for anew: it must not hide that the broker is away.
        """
        self._connected_s = None
        self._unheard, self._unsaid = (), ""
        if not is_taken_over:
            return 0.0
        self._losses.append(now_s)
        if len(self._losses) == TAKEOVERS and now_s - self._losses[0] <= WINDOW_S:
            self._is_shared = True
        return HOLD_OFF_S if self._is_shared else 0.0

    def note_time(self, now_s: float) -> None:
        """Let time pass: a connection that lasts is ours alone again."""
        if self._connected_s is not None and now_s - self._connected_s > WINDOW_S:
            self._is_shared = False
            self._losses.clear()
