"""The event stream heals by itself, tells each change of its link once, and loses nothing."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.demo.fake_entities import air_conditioner, fan
from daemon.demo.fake_home_assistant import FakeHomeAssistant
from integrations.errors import PermanentError, TransientError
from integrations.ha_events import HomeAssistantEvents, StreamPace
from integrations.ha_events_conversation import Conversation
from integrations.ha_events_opening import websocket_url
from integrations.home_assistant_states import parse_state
from integrations.messages import ButtonPressed, DeviceObserved, LinkChanged
from policies.model import DeviceState
from tests.waiting import wait_until

AC = "climate.bedroom"
FAN = "fan.bedroom"
QUICK = StreamPace(
    connect_within_s=2.0,
    ping_every_s=0.05,
    pong_within_s=0.2,
    first_retry_s=0.02,
    longest_retry_s=0.1,
    refused_retry_s=0.05,
)
UNHURRIED = StreamPace(first_retry_s=0.02, longest_retry_s=0.1)

Start = Callable[..., tuple[HomeAssistantEvents, list[object]]]


@pytest.fixture
def house() -> Iterator[FakeHomeAssistant]:
    """Return a Home Assistant with an air conditioner and a fan."""
    with FakeHomeAssistant() as server:
        server.set_state(AC, "off", air_conditioner())
        server.set_state(FAN, "off", fan())
        yield server


@pytest.fixture
def start(house: FakeHomeAssistant) -> Iterator[Start]:
    """Return a function that starts a stream and gives what it posts; stopped at the end."""
    with ExitStack() as stack:

        def start_stream(
            pace: StreamPace = UNHURRIED,
            post: Callable[[object], None] | None = None,
            token: str = house.token,
        ) -> tuple[HomeAssistantEvents, list[object]]:
            posted: list[object] = []
            stream = HomeAssistantEvents(
                house.url, token, [AC, FAN], post or posted.append, parse_state, pace=pace
            )
            stream.start()
            stack.callback(stream.stop)
            return stream, posted

        yield start_stream


def links(posted: list[object]) -> list[bool]:
    """Return the changes of the link."""
    return [each.is_up for each in posted if isinstance(each, LinkChanged)]


def observed(posted: list[object]) -> list[tuple[str, str]]:
    """Return entity and state of each observation."""
    return [(each.entity_id, each.raw_state) for each in posted if isinstance(each, DeviceObserved)]


def connect(stream: HomeAssistantEvents) -> None:
    """Wait until the stream is connected."""
    wait_until(lambda: stream.flush(2.0), what="the stream connects")


def test_present_states_come_first(start: Start) -> None:
    """A new connection tells that it is up, then the state of every wanted entity."""
    stream, posted = start()
    connect(stream)
    assert posted[0] == LinkChanged("events", is_up=True)
    assert observed(posted) == [(AC, "off"), (FAN, "off")]


def test_each_kind_of_change_is_followed(house: FakeHomeAssistant, start: Start) -> None:
    """A change of attributes, of state, a removal and a return are posted as whole states."""
    stream, posted = start()
    connect(stream)
    posted.clear()
    house.set_state(AC, attributes={"temperature": 21.0})
    house.set_state(AC, "cool", {"temperature": None})
    house.set_state(AC, "unavailable", {"restored": True})
    house.remove(AC)
    house.set_state(AC, "off", {"temperature": 20.0})
    assert stream.flush(2.0)
    states = [each for each in posted if isinstance(each, DeviceObserved)]
    assert [each.state for each in states] == [
        DeviceState(is_on=False, hvac_mode="off", target_temperature_c=21.0),
        DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=None),
        None,
        None,
        DeviceState(is_on=False, hvac_mode="off", target_temperature_c=20.0),
    ]
    assert [each.is_restored for each in states] == [False, False, True, False, False]
    assert [each.is_missing for each in states] == [False, False, False, True, False]
    moments = [each.last_updated for each in states if each.last_updated]
    assert moments == sorted(set(moments))


def test_flush_means_that_everything_before_it_was_posted(
    house: FakeHomeAssistant, start: Start
) -> None:
    """After a flush nothing is missing that happened before it, however often it is tried."""
    stream, posted = start()
    connect(stream)
    for number in range(100):
        posted.clear()
        house.fire("mobile_app_notification_action", {"action": f"A{number}"})
        assert stream.flush(5.0)
        assert posted == [ButtonPressed(f"A{number}")]


def test_other_events_are_not_heard(house: FakeHomeAssistant, start: Start) -> None:
    """Events of other kinds and entities of others are not posted."""
    stream, posted = start()
    connect(stream)
    posted.clear()
    house.fire("mobile_app_notification_cleared", {"action": "A"})
    house.set_state("light.hall", "on")
    assert stream.flush(2.0)
    assert posted == []


def test_restart_is_survived(house: FakeHomeAssistant, start: Start) -> None:
    """A restarted Home Assistant is found again; the link goes down and up once each."""
    stream, posted = start()
    connect(stream)
    house.is_down = True
    wait_until(lambda: links(posted) == [True, False], what="the loss is told")
    assert not stream.flush(0.5)
    house.set_state(FAN, "on")
    house.is_down = False
    connect(stream)
    assert links(posted) == [True, False, True]
    assert observed(posted)[-1] == (FAN, "on")
    assert stream.is_thread_alive()


def test_absent_home_assistant_is_normal(house: FakeHomeAssistant, start: Start) -> None:
    """Where nobody listens at the start it is told once, and tried again until somebody does."""
    house.is_down = True
    stream, posted = start()
    wait_until(lambda: posted, what="the absence is told")
    (link,) = posted
    assert isinstance(link, LinkChanged)
    assert "connection refused" in link.detail
    wait_until(lambda: stream._retry_s > UNHURRIED.first_retry_s, what="the wait grows")
    house.is_down = False
    connect(stream)
    assert links(posted) == [False, True]
    assert stream._retry_s == UNHURRIED.first_retry_s


def test_fault_38_half_open_connection_is_noticed(house: FakeHomeAssistant, start: Start) -> None:
    """A connection that stays open without a word is given up after its ping, and rebuilt."""
    stream, posted = start(QUICK)
    connect(stream)
    house.is_frozen = True
    wait_until(lambda: links(posted) == [True, False], what="the silence is noticed")
    house.is_frozen = False
    connect(stream)
    assert links(posted) == [True, False, True]


def test_answered_pings_keep_the_connection(house: FakeHomeAssistant, start: Start) -> None:
    """A quiet house is no broken connection: many pings later it is still the same one."""
    stream, posted = start(QUICK)
    connect(stream)
    wait_until(lambda: house.pings_answered >= 8, what="several pings are answered")
    assert stream.flush(2.0)
    assert links(posted) == [True]
    assert house.connected == 1


def test_fault_33_refused_token_is_named(house: FakeHomeAssistant, start: Start) -> None:
    """A refused token takes the link down with a detail that says so."""
    stream, posted = start(token="revoked")  # noqa: S106
    wait_until(lambda: posted, what="the refusal is told")
    (link,) = posted
    assert isinstance(link, LinkChanged)
    assert not link.is_up
    assert link.detail.startswith("token refused")
    assert house.connected == 0
    assert not stream.flush(0.1)


def test_token_accepted_again_brings_the_link_up(house: FakeHomeAssistant, start: Start) -> None:
    """Once Home Assistant takes the token the stream comes up without a restart."""
    token, house.token = house.token, "another"
    stream, posted = start(QUICK, token=token)
    wait_until(lambda: posted, what="the refusal is told")
    house.token = token
    connect(stream)
    assert links(posted) == [False, True]


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "7",
        "{}",
        '{"type": "event"}',
        '{"id": 2, "type": "event"}',
        '{"id": 2, "type": "event", "event": {"event_type": 3}}',
        '{"id": 2, "type": "event", "event": {"data": {"action": "A"}}}',
        '{"id": 4, "type": "event", "event": []}',
        '{"id": 4, "type": "event", "event": {"a": {"climate.bedroom": 7}, "r": 3}}',
        '{"id": 4, "type": "event", "event": {"a": {"climate.bedroom": {}}}}',
        '{"id": 99, "type": "pong"}',
        '{"id": 99, "type": "result", "success": true}',
        "[" * 50_000,
    ],
)
def test_garbage_is_passed_over(house: FakeHomeAssistant, start: Start, garbage: str) -> None:
    """A message that cannot be read changes nothing; the next button is heard on the same link."""
    stream, posted = start()
    connect(stream)
    house.send_raw(garbage)
    house.fire("mobile_app_notification_action", {"action": "A", "tag": "t"})
    assert stream.flush(2.0)
    assert posted[-1] == ButtonPressed("A", "t")
    assert links(posted) == [True]


def test_change_of_an_unknown_entity_rebuilds(house: FakeHomeAssistant, start: Start) -> None:
    """A change whose beginning was missed means that we are out of step: all is read anew."""
    stream, posted = start()
    connect(stream)
    change = {"c": {"climate.other": {"+": {"s": "cool"}}}}
    house.send_raw(json.dumps({"id": 4, "type": "event", "event": change}))
    wait_until(lambda: links(posted) == [True, False, True], what="the connection is rebuilt")
    connect(stream)
    assert observed(posted) == 2 * [(AC, "off"), (FAN, "off")]


def test_own_mistake_does_not_end_the_thread(house: FakeHomeAssistant, start: Start) -> None:
    """An error of our own is counted, the link is told down, and the thread goes on."""
    posted: list[object] = []

    def post(event: object) -> None:
        if event == ButtonPressed("BAD"):
            raise ZeroDivisionError
        posted.append(event)

    stream, _ = start(post=post)
    connect(stream)
    house.fire("mobile_app_notification_action", {"action": "BAD"})
    wait_until(lambda: links(posted) == [True, False, True], what="the stream comes back")
    assert stream.crash_count == 1
    assert stream.is_thread_alive()


@pytest.mark.parametrize("situation", ["connected", "absent", "frozen"])
def test_stop_ends_the_thread(house: FakeHomeAssistant, start: Start, situation: str) -> None:
    """Stopping ends the thread in each situation, and tells nothing more."""
    house.is_down = situation == "absent"
    stream, posted = start(StreamPace())
    wait_until(lambda: posted, what="the stream settles")
    house.is_frozen = situation == "frozen"
    stream.stop()
    assert not stream.is_thread_alive()
    assert links(posted) == [situation != "absent"]


def test_stop_before_start_is_harmless() -> None:
    """A stream that was never started can be stopped and flushed."""
    stream = HomeAssistantEvents("http://h", "t", [], print, parse_state)
    stream.stop()
    assert not stream.flush(0.1)
    assert not stream.is_thread_alive()


def test_flush_ends_when_its_connection_does(house: FakeHomeAssistant, start: Start) -> None:
    """Who waits for a ping's answer is let go, with False, as soon as none can come any more."""
    stream, posted = start()
    connect(stream)
    house.is_frozen = True
    results: list[bool] = []
    waiting = threading.Thread(target=lambda: results.append(stream.flush(60.0)))
    waiting.start()
    house.is_down = True
    wait_until(lambda: results, what="the flush ends")
    waiting.join()
    assert results == [False]
    wait_until(lambda: links(posted) == [True, False], what="the link is told to be down")


def test_back_off_doubles_up_to_a_minute() -> None:
    """Attempts in vain are 1, 2, 4 ... 60 s apart."""
    stream = HomeAssistantEvents("http://h", "t", [], print, parse_state)
    assert [stream._next_retry_s() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_flush_from_many_threads(start: Start) -> None:
    """Several threads may flush at once; ids stay in rising order, so all are answered."""
    stream, _ = start()
    connect(stream)
    results: list[bool] = []
    threads = [
        threading.Thread(target=lambda: results.append(stream.flush(5.0))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 16


def test_fault_77_token_is_in_no_log(
    house: FakeHomeAssistant, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative log level the token is still not written."""
    caplog.set_level("DEBUG")
    stream, _ = start()
    connect(stream)
    assert house.token not in caplog.text


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("http://h:8123", "ws://h:8123/api/websocket"),
        ("http://h:8123/api", "ws://h:8123/api/websocket"),
        ("https://h/ha/api/", "wss://h/ha/api/websocket"),
    ],
)
def test_address_of_the_socket(base: str, expected: str) -> None:
    """The WebSocket is beside the REST interface, encrypted when that is."""
    assert websocket_url(base) == expected


def test_address_of_another_kind_is_refused() -> None:
    """An address that is not http or https is refused."""
    with pytest.raises(PermanentError):
        websocket_url("ftp://h")


class RawServer(socketserver.ThreadingTCPServer):
    """Answer every connection with the same bytes, whatever it asks."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answer: bytes) -> None:
        """Serve on a free port."""
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.answer = answer
        self.requests = 0
        self.ended = threading.Event()

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - given
        """Answer, or keep silent until the test ends."""
        request.recv(4096)
        self.requests += 1
        if self.answer:
            request.sendall(self.answer)
        else:
            self.ended.wait(10.0)


UNAUTHORIZED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def stream_to(answer: bytes, pace: StreamPace) -> Iterator[tuple[RawServer, list[object]]]:
    """Run a stream against a server that always answers so; give the server and what is posted."""
    posted: list[object] = []
    with RawServer(answer) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        stream = HomeAssistantEvents(url, "t", [AC], posted.append, parse_state, pace=pace)
        stream.start()
        try:
            yield server, posted
        finally:
            stream.stop()
            server.ended.set()
            server.shutdown()
            serving.join()


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (UNAUTHORIZED, "token refused"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "token refused"),
        (NOT_FOUND, "opens no WebSocket (404)"),
        (
            b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
            "opens no WebSocket (301)",
        ),
        (b"SSH-2.0-OpenSSH\r\n", "no connection to Home Assistant"),
        (b"", "did not answer in time"),
    ],
)
def test_what_is_no_websocket_is_named(answer: bytes, detail: str) -> None:
    """Whatever else answers at the address, the text says what it did."""
    with stream_to(answer, StreamPace(connect_within_s=0.2)) as (_, posted):
        wait_until(lambda: posted, what="the failure is told")
    (link,) = posted
    assert isinstance(link, LinkChanged)
    assert not link.is_up
    assert detail in link.detail


def test_lasting_failure_is_told_once() -> None:
    """However often it is tried in vain, the loss of the link is told once."""
    with stream_to(NOT_FOUND, UNHURRIED) as (server, posted):
        wait_until(lambda: server.requests >= 4, what="several attempts")
        assert links(posted) == [False]


def test_fault_33_refused_token_has_a_wait_of_its_own() -> None:
    """After a refusal the refusal's wait counts, not the back-off of a broken connection."""
    pace = StreamPace(refused_retry_s=0.01, first_retry_s=60.0)
    with stream_to(UNAUTHORIZED, pace) as (server, posted):
        wait_until(lambda: server.requests >= 3, what="several attempts")
        assert links(posted) == [False]
    assert StreamPace().refused_retry_s == 300.0


class ScriptedWire:
    """Answer with prepared texts, as a server that says what it likes."""

    def __init__(self, *texts: str) -> None:
        self.incoming = list(texts)
        self.sent: list[str] = []

    def send(self, message: str) -> None:
        """Keep what was sent."""
        self.sent.append(message)

    def recv(self, timeout: float | None = None) -> str | bytes:
        """Return the next text."""
        if not self.incoming:
            raise TimeoutError("silence")
        return self.incoming.pop(0)

    def close(self) -> None:
        """End."""


GREETING = '{"type": "auth_required"}'
WELCOME = '{"type": "auth_ok"}'
CONFIG = (
    '{"id": 1, "type": "result", "success": true, "result": {"unit_system": {"temperature": "°F"}}}'
)
REFUSAL = '{"id": 2, "type": "result", "success": false, "error": {"code": "%s"}}'


def converse(*texts: str) -> list[object]:
    """Open a conversation with a scripted server and return what was posted."""
    posted: list[object] = []
    wire = ScriptedWire(*texts)
    Conversation(wire, [AC], posted.append, parse_state).open("t", 1.0)
    return posted


@pytest.mark.parametrize(
    ("texts", "expected", "text"),
    [
        (["<html>"], TransientError, "does not speak"),
        ([WELCOME], TransientError, "does not speak"),
        ([GREETING, GREETING], TransientError, "does not speak"),
        ([GREETING, '{"type": "auth_invalid"}'], PermanentError, "token refused"),
        ([GREETING, WELCOME, CONFIG, REFUSAL % "unauthorized"], PermanentError, "administrator"),
        ([GREETING, WELCOME, CONFIG, REFUSAL % "unknown_command"], TransientError, "subscription"),
        ([GREETING, WELCOME], TimeoutError, "silence"),
        ([], TimeoutError, "silence"),
    ],
)
def test_refused_opening(texts: list[str], expected: type[Exception], text: str) -> None:
    """Each way in which a conversation cannot begin is lasting or passing, as it should be."""
    with pytest.raises(expected, match=text):
        converse(*texts)


def test_fahrenheit_house_is_heard_in_celsius() -> None:
    """Where Home Assistant is set to °F its setpoints are heard in °C."""
    state = {"s": "cool", "a": {"temperature": 68}, "c": "01J", "lc": 1.0}
    posted = converse(
        GREETING,
        WELCOME,
        CONFIG,
        '{"id": 2, "type": "result", "success": true}',
        '{"id": 3, "type": "result", "success": true}',
        json.dumps({"id": 4, "type": "event", "event": {"a": {AC: state}}}),
        '{"id": 4, "type": "result", "success": true}',
    )
    (heard,) = posted
    assert isinstance(heard, DeviceObserved)
    assert heard.state == DeviceState(is_on=True, hvac_mode="cool", target_temperature_c=20.0)
    assert heard.context_id == "01J"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "c", "r", "s", "+", "-", "lu", AC]), inner)
    ),
    max_leaves=15,
)


@given(event=json_values, message_id=st.sampled_from([2, 3, 4]))
def test_any_event_is_taken_or_refused(event: object, message_id: int) -> None:
    """Whatever an event holds, it is posted, passed over, or ends the connection as transient."""
    posted: list[object] = []
    wire = ScriptedWire(
        GREETING,
        WELCOME,
        CONFIG,
        '{"id": 2, "type": "result", "success": true}',
        '{"id": 3, "type": "result", "success": true}',
        json.dumps({"id": message_id, "type": "event", "event": event}),
        '{"id": 4, "type": "result", "success": true}',
    )
    conversation = Conversation(wire, [AC], posted.append, parse_state)
    with suppress(TransientError):  # a change of an entity never told; anything else fails
        conversation.open("t", 1.0)
    assert all(isinstance(each, DeviceObserved | ButtonPressed) for each in posted)
