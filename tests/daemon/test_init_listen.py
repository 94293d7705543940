"""Listening to the broker ends in time, heals after a blip, and says what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from daemon.bootstrap.initialising import parse
from daemon.init import listen
from daemon.init.connect import Connected
from daemon.init.listing import list_findings
from daemon.init.propose import Proposal
from daemon.init.sensors import Broker
from daemon.ports import Post
from integrations.errors import TransientError
from integrations.messages import LinkChanged, MessageReceived

UP = LinkChanged("mqtt", is_up=True)
LOST = LinkChanged("mqtt", is_up=False, detail="connection lost (Unspecified error)")
ABSENT = LinkChanged("mqtt", is_up=False, detail="no broker answers at localhost:1883")
REFUSED = LinkChanged("mqtt", is_up=False, detail="not authorised as anna", is_refused=True)
DEAF = LinkChanged("mqtt", is_up=True, detail="no right to read #", is_refused=True)
READING = MessageReceived("attic/temperature", b"21.5", False, 1.0)  # noqa: FBT003
LATER = MessageReceived("attic/temperature", b"22.5", False, 2.0)  # noqa: FBT003
TOLD = MessageReceived("zigbee2mqtt/bridge/devices", b"[]", True, 1.0)  # noqa: FBT003


class ScriptedLink:
    """Post prepared events as soon as it is started."""

    def __init__(self, events: Sequence[LinkChanged | MessageReceived], post: Post) -> None:
        self._events = events
        self._post = post
        self.is_stopped = False
        self.dropped_messages = 0

    def start(self) -> None:
        """Post everything."""
        for event in self._events:
            self._post(event)

    def stop(self) -> None:
        """Take note."""
        self.is_stopped = True

    def publish(
        self, topic: str, payload: str | bytes, *, is_retained: bool = False, qos: int = 0
    ) -> None:
        """Refuse: who only listens says nothing."""
        raise AssertionError(topic)

    def is_thread_alive(self) -> bool:
        """Return whether it runs."""
        return not self.is_stopped

    def flush(self, timeout_s: float) -> bool:
        """Return that there is no echo."""
        return False


class Scene:
    """Hold a broker's collection and the links that were built to it."""

    def __init__(self, *events: LinkChanged | MessageReceived) -> None:
        self.events = events
        self.broker = Broker(parse)
        self.links: list[ScriptedLink] = []

    def build(self, _topics: Sequence[str], post: Post) -> ScriptedLink:
        """Build a link that posts the scene's events."""
        self.links.append(ScriptedLink(self.events, post))
        return self.links[-1]

    def listen(self) -> None:
        """Listen for a moment."""
        listen.listen(self.build, self.broker, 0.05, lambda *_: None)

    def read_retained(self) -> None:
        """Read what is announced."""
        listen.read_retained(self.build, self.broker)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for hundredths of a second instead of seconds."""
    monkeypatch.setattr("daemon.probing.CONNECT_TIMEOUT_S", 0.05)
    monkeypatch.setattr(listen, "QUIET_S", 0.02)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((REFUSED,), "not authorised as anna"),
        ((ABSENT,), "no broker answers"),
        ((), "no answer within"),
        ((UP, READING, TOLD, LOST), "connection lost"),
        ((UP, READING, TOLD, LOST, ABSENT), "no broker answers"),
        ((UP, READING, TOLD, LOST, REFUSED), "not authorised as anna"),
    ],
)
@pytest.mark.parametrize("is_listening", [True, False])
def test_broker_that_is_lost_is_said(
    events: Sequence[LinkChanged | MessageReceived], expected: str, *, is_listening: bool
) -> None:
    """A broker that never comes, or goes and stays away, is said; what was heard is kept."""
    scene = Scene(*events)
    with pytest.raises(TransientError, match=expected):
        scene.listen() if is_listening else scene.read_retained()
    assert scene.links[0].is_stopped
    kept = scene.broker.heard if is_listening else scene.broker.retained
    assert bool(kept) is (UP in events)


def test_blip_is_waited_out() -> None:
    """A connection that is back at once costs nothing: the rest is heard."""
    scene = Scene(UP, READING, LOST, UP, LATER, TOLD)
    scene.listen()
    assert scene.broker.heard == {"attic/temperature": b"22.5"}
    scene.read_retained()
    assert TOLD.topic in scene.broker.retained
    assert all(link.is_stopped for link in scene.links)


def test_what_may_not_be_heard_is_listed() -> None:
    """Where the broker forbids a subscription, the list of sensors begins with it."""
    scene = Scene(UP, DEAF)
    scene.listen()
    first = next(iter(list_findings((), Proposal(), Connected(broker=scene.broker))))
    assert first.startswith("Careful")
    assert "no right to read #" in first
    heard = Scene(UP, READING)
    heard.listen()
    told = list_findings((), Proposal(), Connected(broker=heard.broker))
    assert not any("Careful" in line for line in told)
