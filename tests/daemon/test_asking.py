"""Asking the running daemon: an answer, or a plain reason why there is none."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from daemon.asking import NoAnswerError, ask
from daemon.ports import Post
from daemon.probing import connect_broker
from integrations.errors import TransientError
from integrations.messages import LinkChanged, MessageReceived
from tests.loop_home import TOPICS

UP = LinkChanged("mqtt", is_up=True)


@dataclass
class Link:
    """Be a link to a broker with or without a daemon behind it."""

    post: Post
    heard: Sequence[str] = ()
    change: LinkChanged | None = UP
    status: bytes | None = b"online"
    answer: tuple[bool, str] | None = (True, "250 ml recorded for Anna")
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    is_stopped: bool = False
    dropped_messages: int = 0

    def start(self) -> None:
        """Connect, and hear the retained status."""
        if self.change is not None:
            self.post(self.change)
        if self.status is not None:
            self.post(MessageReceived(TOPICS.status, self.status, True, 0.0))  # noqa: FBT003

    def publish(
        self, topic: str, payload: str | bytes, *, is_retained: bool = False, qos: int = 0
    ) -> None:
        """Answer what is asked, on its own topic, after somebody else's answer."""
        assert not is_retained
        fields = json.loads(payload)
        self.asked.append((topic, fields))
        reply_topic = TOPICS.reply(fields["id"])
        assert reply_topic in self.heard
        if self.answer is not None:
            done, text = self.answer
            data = json.dumps({"done": done, "text": text}).encode()
            self.post(MessageReceived(TOPICS.reply("other"), b"{}", False, 0.0))  # noqa: FBT003
            self.post(MessageReceived(reply_topic, data, False, 0.0))  # noqa: FBT003

    def flush(self, timeout_s: float) -> bool:
        """Nothing waits."""
        return True

    def is_thread_alive(self) -> bool:
        """There is none."""
        return True

    def stop(self) -> None:
        """Note that it was stopped."""
        self.is_stopped = True


class Scene:
    """Ask over one link and keep it."""

    def __init__(self, **link: object) -> None:
        self._overrides = link
        self.link: Link | None = None

    def build(self, post: Post, heard: Sequence[str] = ()) -> Link:
        """Build the link."""
        self.link = Link(post, heard, **self._overrides)  # type: ignore[arg-type]
        return self.link

    def ask(self, timeout_s: float = 5.0) -> tuple[bool, str]:
        """Ask for a drink to be logged."""
        return ask(self.build, TOPICS, TOPICS.log_command, {"amount_ml": 250}, timeout_s)


@pytest.mark.parametrize("answer", [(True, "250 ml recorded for Anna"), (False, "too much")])
def test_answer_comes_back(answer: tuple[bool, str]) -> None:
    """The daemon's own words are returned, and the link is stopped."""
    scene = Scene(answer=answer)
    assert scene.ask() == answer
    assert scene.link is not None
    assert scene.link.is_stopped
    ((topic, fields),) = scene.link.asked
    assert topic == TOPICS.log_command
    assert set(fields) == {"id", "at", "amount_ml"}


def test_stopped_daemon_is_said_at_once_and_is_asked_nothing() -> None:
    """The retained status says offline: nobody waits for the time-out."""
    scene = Scene(status=b"offline")
    started = time.monotonic()
    with pytest.raises(NoAnswerError, match="keepcool is not running"):
        scene.ask(timeout_s=30.0)
    assert time.monotonic() - started < 1.0
    assert scene.link is not None
    assert scene.link.is_stopped
    assert scene.link.asked == []


def test_daemon_whose_status_is_not_seen_is_asked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A broker that shows this user no status topic still passes the request on."""
    monkeypatch.setattr("daemon.asking.STATUS_TIMEOUT_S", 0.01)
    assert Scene(status=None).ask()[0]


def test_no_answer_says_what_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is never taken for done."""
    with pytest.raises(NoAnswerError, match="is the daemon running"):
        Scene(answer=None).ask(timeout_s=0.01)
    monkeypatch.setattr("daemon.asking.STATUS_TIMEOUT_S", 0.01)
    monkeypatch.setattr("daemon.asking.UNSEEN_TIMEOUT_S", 0.01)
    started = time.monotonic()
    with pytest.raises(NoAnswerError, match="is the daemon running"):
        Scene(answer=None, status=None).ask(timeout_s=30.0)
    assert time.monotonic() - started < 1.0


def test_broker_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker's own reason reaches the person at the keyboard."""
    monkeypatch.setattr("daemon.asking.CONNECT_TIMEOUT_S", 0.05)
    scene = Scene(change=LinkChanged("mqtt", is_up=False, detail="not authorised as anna"))
    with pytest.raises(NoAnswerError, match="not authorised as anna"):
        scene.ask()
    with pytest.raises(NoAnswerError, match="no answer from the broker"):
        Scene(change=None).ask()


def test_probe_of_the_broker() -> None:
    """`check --online` connects once and says how that went."""
    scene = Scene()
    assert connect_broker(scene.build) == "connected"
    no = LinkChanged("mqtt", is_up=False, detail="not authorised as anna", is_refused=True)
    refused = Scene(change=no)
    with pytest.raises(TransientError, match="not authorised as anna"):
        connect_broker(refused.build)
    assert scene.link is not None
    assert refused.link is not None
    assert scene.link.is_stopped
    assert refused.link.is_stopped
