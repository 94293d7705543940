"""The second road, through apprise itself to a server on this machine."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from integrations import apprise_push
from integrations.apprise_push import ApprisePush, find_destination
from integrations.errors import PermanentError, TransientError
from integrations.messages import RoadMessage
from policies.alert import Severity
from tests.canary import CANARY
from tests.road_server import RoadServer

CHANNEL = "anna:second_road:1"
SAFETY = "If you feel confused, call 112."


def a_message(severity: Severity = Severity.CRITICAL) -> RoadMessage:
    """Return a message with the safety text on its own line."""
    title, body = "Get out of the heat: living room 36°", f"AC is off.\n{SAFETY}"
    return RoadMessage(CHANNEL, "keepcool-heat-anna-1", title, body, severity)


@pytest.fixture
def server() -> Iterator[RoadServer]:
    """Return a server that takes what apprise sends."""
    with RoadServer() as running:
        yield running


def test_message_arrives_as_plain_text(server: RoadServer) -> None:
    """Title, body and safety text arrive word for word, the loudest kind as a failure."""
    ApprisePush({CHANNEL: server.json_address}).send(a_message())
    (taken,) = server.taken
    assert taken.fields["title"] == "Get out of the heat: living room 36°"
    assert taken.fields["message"] == f"AC is off.\n{SAFETY}"
    assert taken.fields["type"] == "failure"


@pytest.mark.parametrize(
    ("severity", "priority", "kind"),
    [
        (Severity.DISPLAY, "low", "info"),
        (Severity.WARNING, None, "warning"),
        (Severity.LOUD_WARNING, "high", "warning"),
        (Severity.CRITICAL, "max", "failure"),
    ],
)
def test_loudness_is_told_to_ntfy(
    server: RoadServer, severity: Severity, priority: str | None, kind: str
) -> None:
    """What must wake somebody has ntfy's highest priority; what is only an answer the lowest."""
    push = ApprisePush({CHANNEL: server.ntfy_address})
    push.send(a_message(severity))
    (taken,) = server.taken
    assert taken.headers.get("x-priority") == priority
    assert taken.fields["topic"] == "alarms"
    ApprisePush({CHANNEL: server.json_address}).send(a_message(severity))
    assert server.taken[-1].fields["type"] == kind


def test_priority_of_the_address_counts(server: RoadServer) -> None:
    """A household that chose a priority keeps it."""
    ApprisePush({CHANNEL: server.ntfy_address + "?priority=low"}).send(a_message())
    assert server.taken[0].headers["x-priority"] == "low"


@pytest.mark.parametrize("status", [401, 429, 500])
def test_refusal_is_passing_and_shows_no_address(
    server: RoadServer,
    status: int,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Apprise tells no reasons: every failure may pass, and the address stays unseen."""
    server.status = status
    caplog.set_level(logging.DEBUG)
    address = server.json_address.replace("://", f"://user:{CANARY}@")
    with pytest.raises(TransientError) as raised:
        ApprisePush({CHANNEL: address}).send(a_message())
    assert str(raised.value) == "JSON did not take the message"
    assert CANARY not in caplog.text + "".join(capfd.readouterr())


def test_crash_of_a_service_is_passing(server: RoadServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a service raises, its text may hold the address and is left out."""
    push = ApprisePush({CHANNEL: server.json_address})
    monkeypatch.setattr("apprise.plugins.custom_json.NotifyJSON.send", _raise)
    with pytest.raises(TransientError, match=r"^JSON failed \(ZeroDivisionError\)$") as raised:
        push.send(a_message())
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def _raise(*_: object, **__: object) -> bool:
    raise ZeroDivisionError(CANARY)


def test_silent_server_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the message and never answers costs the read time-out, not more."""
    monkeypatch.setattr(apprise_push, "READ_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        push = ApprisePush({CHANNEL: f"json://127.0.0.1:{silent.getsockname()[1]}/x"})
        with pytest.raises(TransientError, match="did not take the message"):
            push.send(a_message())


def test_several_messages_are_not_slowed_down(server: RoadServer) -> None:
    """Ntfy's pause between two messages of one object does not hold up the next alarm."""
    push = ApprisePush({CHANNEL: server.ntfy_address})

    def send_three() -> None:
        for _ in range(3):
            push.send(a_message())

    sender = threading.Thread(target=send_three, daemon=True)
    sender.start()
    sender.join(4.0)  # one pause of apprise alone is 5.5 s
    assert len(server.taken) == 3


def test_unreadable_address_is_refused_unseen() -> None:
    """An address that apprise does not know is refused when the road is built."""
    with pytest.raises(PermanentError) as raised:
        ApprisePush({CHANNEL: f"nonsense://{CANARY}"})
    assert str(raised.value) == "is no address that apprise knows"


def test_reaching_sends_nothing(server: RoadServer) -> None:
    """A try connects and alarms nobody; a server that is away is said without its address."""
    push = ApprisePush({CHANNEL: server.json_address})
    assert push.reach(CHANNEL) == "the server of JSON answers"
    assert server.taken == []
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(TransientError, match="the server of JSON does not answer: Connection"):
        ApprisePush({CHANNEL: f"json://127.0.0.1:{port}/{CANARY}"}).reach(CHANNEL)


@pytest.mark.parametrize(
    ("address", "host", "port", "is_encrypted"),
    [
        ("ntfy://topic", "ntfy.sh", 443, True),
        ("ntfys://ntfy.example.com/topic", "ntfy.example.com", 443, True),
        ("ntfy://192.168.1.2:8080/topic", "192.168.1.2", 8080, False),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "api.telegram.org", 443, True),
        (
            "pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "api.pushover.net",
            443,
            True,
        ),
        ("mailto://user:pass@gmail.com", "smtp.gmail.com", 587, True),
        ("mailto://user:pass@mail.example.com", "mail.example.com", 25, False),
        ("json://example.com", "example.com", 80, False),
    ],
)
def test_destinations(address: str, host: str, port: int, is_encrypted: bool) -> None:  # noqa: FBT001
    """Where an address leads is known without asking anybody, encrypted or not."""
    found = find_destination(address)
    assert (found.host, found.port, found.is_encrypted) == (host, port, is_encrypted)


def test_daemon_without_a_second_road_does_not_load_the_library() -> None:
    """Fourteen megabytes are spent only where a second road is configured."""
    code = "import sys; from daemon import bootstrap; print('apprise' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
