"""Every way in which Home Assistant can fail has one meaning of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import responses
from urllib3.exceptions import MaxRetryError, NewConnectionError

from daemon.demo.fake_home_assistant import FakeHomeAssistant
from integrations.errors import IntegrationError, PermanentError, TransientError
from integrations.home_assistant import HomeAssistant
from integrations.home_assistant_http import MAX_ANSWER_BYTES, AnswerTooLargeError, api_url
from policies.model import DeviceState
from tests.canary import CANARY

BASE = "http://home.test:8123"
CALL = f"{BASE}/api/services/notify/mobile_app_x"
STATE = f"{BASE}/api/states/fan.a"


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Return a server that answers only what a test registers."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def adapter() -> Iterator[HomeAssistant]:
    """Return the adapter of that server."""
    adapter = HomeAssistant(BASE, CANARY)
    yield adapter
    adapter.close()


@pytest.fixture
def stubborn(server: responses.RequestsMock) -> responses.BaseResponse:
    """Let the server refuse every setpoint of an air conditioner; return its mode service."""
    attributes = {"temperature": 20, "hvac_modes": ["off", "cool"]}
    state = {"entity_id": "climate.a", "state": "cool", "attributes": attributes}
    server.get(
        f"{BASE}/api/config", json={"version": "2025.4.4", "unit_system": {"temperature": "°C"}}
    )
    server.get(f"{BASE}/api/states/climate.a", json=state)
    server.post(f"{BASE}/api/services/climate/set_temperature", status=500)
    changed = {**state, "state": "off", "context": {"id": "01J"}}
    mode = f"{BASE}/api/services/climate/set_hvac_mode"
    reply: responses.BaseResponse = server.post(mode, json=[changed])
    return reply


def push(adapter: HomeAssistant) -> object:
    """Call a service."""
    return adapter.call_service("notify", "mobile_app_x", {"message": "hello"})


def read(adapter: HomeAssistant) -> object:
    """Read a state."""
    return adapter.fetch_states(["fan.a"])


def refused() -> requests.ConnectionError:
    """Return what requests raises when nobody listens."""
    cause = NewConnectionError(None, "refused")  # type: ignore[arg-type]
    return requests.ConnectionError(MaxRetryError(None, "/", cause))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "expected", "text"),
    [
        (400, PermanentError, r"notify\.mobile_app_x \(400\)"),
        (401, PermanentError, "token refused"),
        (403, PermanentError, "token refused"),
        (404, PermanentError, "404"),
        (405, PermanentError, r"notify\.mobile_app_x"),
        (409, PermanentError, "409"),
        (429, TransientError, "too often"),
        (500, TransientError, "5xx"),
        (502, TransientError, "5xx"),
        (503, TransientError, "5xx"),
    ],
)
def test_status_has_one_meaning(
    server: responses.RequestsMock,
    adapter: HomeAssistant,
    status: int,
    expected: type[IntegrationError],
    text: str,
) -> None:
    """Each refusing status is lasting or passing, and its text tells a person which."""
    server.post(CALL, status=status, body="<html>", content_type="text/html")
    with pytest.raises(expected, match=text):
        push(adapter)


@pytest.mark.parametrize(
    ("failure", "is_unknown", "text"),
    [
        (requests.ConnectTimeout(), False, "not reachable"),
        (requests.ReadTimeout(), True, "in time"),
        (refused(), False, "not reachable"),
        (requests.ConnectionError("reset by peer"), True, "not reachable"),
        (requests.exceptions.ChunkedEncodingError(), True, "broke off"),
        (requests.exceptions.SSLError("expired"), False, "TLS"),
    ],
)
def test_outcome_is_unknown_once_a_command_may_have_arrived(
    server: responses.RequestsMock,
    adapter: HomeAssistant,
    failure: Exception,
    text: str,
    *,
    is_unknown: bool,
) -> None:
    """A broken connection is passing; unknown is the outcome of what may have arrived."""
    server.post(CALL, body=failure)
    with pytest.raises(TransientError, match=text) as raised:
        push(adapter)
    assert raised.value.is_outcome_unknown is is_unknown
    assert raised.value.__cause__ is failure


def test_reading_has_no_outcome(server: responses.RequestsMock, adapter: HomeAssistant) -> None:
    """A read that timed out has changed nothing."""
    server.get(STATE, body=requests.ReadTimeout())
    with pytest.raises(TransientError) as raised:
        read(adapter)
    assert not raised.value.is_outcome_unknown


@pytest.mark.parametrize(
    ("header", "expected"), [("30", 30.0), ("999999", 3600.0), ("soon", None), ("-1", None)]
)
def test_retry_after_is_taken(
    server: responses.RequestsMock, adapter: HomeAssistant, header: str, expected: float | None
) -> None:
    """Retry-After in seconds is passed on, an hour at most."""
    server.post(CALL, status=429, headers={"Retry-After": header})
    with pytest.raises(TransientError) as raised:
        push(adapter)
    assert raised.value.retry_after_s == expected


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<html>sign in</html>", "text/html"),
        ("{", "application/json"),
        ("", "application/json"),
        ("[" * 100_000, "application/json"),
        ('"text"', "application/json"),
        ("7", "application/json"),
        ("\xff\xfe", "application/json"),
    ],
)
@pytest.mark.parametrize("ask", [push, read])
def test_answer_of_another_kind_is_passing(
    server: responses.RequestsMock,
    adapter: HomeAssistant,
    body: str,
    content_type: str,
    ask: Callable[[HomeAssistant], object],
) -> None:
    """A sign-in page or broken JSON is a passing failure, whatever was asked."""
    server.post(CALL, body=body.encode("latin-1"), content_type=content_type)
    server.get(STATE, body=body.encode("latin-1"), content_type=content_type)
    with pytest.raises(TransientError):
        ask(adapter)


def test_fault_75_redirect_is_not_followed(
    server: responses.RequestsMock, adapter: HomeAssistant
) -> None:
    """A redirect is refused, and the token never goes where it points."""
    server.get(STATE, status=302, headers={"Location": "http://elsewhere.test/"})
    elsewhere = server.get("http://elsewhere.test/", json={})
    with pytest.raises(PermanentError, match="redirects"):
        read(adapter)
    assert elsewhere.call_count == 0


@pytest.mark.parametrize(("extra", "is_too_large"), [(0, False), (1, True)])
def test_answer_is_read_up_to_a_limit(
    server: responses.RequestsMock, adapter: HomeAssistant, extra: int, *, is_too_large: bool
) -> None:
    """An answer of exactly the limit is read, one byte more is refused."""
    bare = len(json.dumps([""]))
    body = json.dumps(["x" * (MAX_ANSWER_BYTES - bare + extra)])
    server.post(CALL, body=body, content_type="application/json")
    if is_too_large:
        with pytest.raises(AnswerTooLargeError):
            push(adapter)
    else:
        assert push(adapter) == ()


def test_large_house_is_read_singly(server: responses.RequestsMock, adapter: HomeAssistant) -> None:
    """Where the list of all states is too large, the wanted ones are asked for one by one."""
    wanted = [f"fan.f{number}" for number in range(9)]
    every = server.get(
        f"{BASE}/api/states", body=b" " * (MAX_ANSWER_BYTES + 1), content_type="application/json"
    )
    for entity_id in wanted:
        state = {"entity_id": entity_id, "state": "on", "attributes": {}}
        server.get(f"{BASE}/api/states/{entity_id}", json=state)
    for _ in range(2):
        observed = adapter.fetch_states(wanted)
        assert [each.entity_id for each in observed] == wanted
    assert every.call_count == 1


def test_one_unreadable_entity_spares_the_others(
    server: responses.RequestsMock, adapter: HomeAssistant
) -> None:
    """An entity whose state cannot be read is unavailable, and the others are read."""
    server.get(STATE, json={"entity_id": "fan.a", "state": 3})
    server.get(f"{BASE}/api/states/fan.b", json={"entity_id": "fan.b", "state": "on"})
    bad, good = adapter.fetch_states(["fan.a", "fan.b"])
    assert (bad.is_available, bad.state, bad.is_missing) == (False, None, False)
    assert good.is_available


@pytest.mark.parametrize(
    "answer", [{}, {"version": "2025.4.4"}, {"version": 1, "unit_system": {"temperature": "K"}}]
)
def test_configuration_without_a_unit_is_no_home_assistant(
    server: responses.RequestsMock, adapter: HomeAssistant, answer: dict[str, Any]
) -> None:
    """Without a known temperature unit no setpoint is ever read or sent."""
    server.get(f"{BASE}/api/config", json=answer)
    with pytest.raises(TransientError):
        adapter.check_connection()
    with pytest.raises(TransientError):
        adapter.fetch_states(["climate.a"])


@pytest.mark.parametrize("entity_id", ["", "fan", "fan.A", "fan.a/../x", "fan.a?x", "../config"])
def test_malformed_entity_id_is_never_asked_for(
    server: responses.RequestsMock, adapter: HomeAssistant, entity_id: str
) -> None:
    """What cannot be an entity id never becomes part of an address."""
    with pytest.raises(PermanentError):
        adapter.fetch_states([entity_id])
    assert len(server.calls) == 0


@pytest.mark.parametrize("entity_id", ["lock.front_door", "alarm_control_panel.home", "light.a"])
def test_fault_70_other_domains_are_never_commanded(
    server: responses.RequestsMock, adapter: HomeAssistant, entity_id: str
) -> None:
    """A lock or an alarm is refused by name before anything is asked."""
    with pytest.raises(PermanentError, match=f"{entity_id}.*never commanded"):
        adapter.apply(entity_id, DeviceState(is_on=True))
    assert len(server.calls) == 0


def test_missing_mode_is_refused_by_name(
    adapter: HomeAssistant, stubborn: responses.BaseResponse
) -> None:
    """A mode that the device lacks fails with the device's name, and nothing is called."""
    with pytest.raises(PermanentError, match=r"climate\.a: it has no mode dry"):
        adapter.apply("climate.a", DeviceState(is_on=True, hvac_mode="dry"))
    assert stubborn.call_count == 0


def test_unreadable_state_is_not_commanded(
    server: responses.RequestsMock, adapter: HomeAssistant
) -> None:
    """A device whose state cannot be read gets no command."""
    server.get(STATE, json={"entity_id": "fan.a"})
    with pytest.raises(TransientError, match=r"fan\.a is unreadable"):
        adapter.apply("fan.a", DeviceState(is_on=True))


@pytest.mark.parametrize("status", [404, 500])
def test_address_of_something_else_is_named(
    server: responses.RequestsMock, adapter: HomeAssistant, status: int
) -> None:
    """Where the configuration is not found there is no Home Assistant; trouble there passes."""
    server.get(f"{BASE}/api/config", status=status)
    expected = PermanentError if status == 404 else TransientError
    with pytest.raises(expected, match=r"no Home Assistant at this address|5xx"):
        adapter.check_connection()


@pytest.mark.parametrize("service", ["", "a/b", "a?return_response", "Mobile"])
def test_malformed_service_is_never_called(
    server: responses.RequestsMock, adapter: HomeAssistant, service: str
) -> None:
    """What cannot be a service's name never becomes part of an address."""
    with pytest.raises(PermanentError):
        adapter.call_service("notify", service, {})
    assert len(server.calls) == 0


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("http://h:8123", "http://h:8123/api"),
        (" https://h/ha/ ", "https://h/ha/api"),
        ("https://h/ha/api/", "https://h/ha/api"),
        ("http://[::1]:8123/api", "http://[::1]:8123/api"),
    ],
)
def test_address_is_normalised(base: str, expected: str) -> None:
    """An address with or without /api leads to the REST interface."""
    assert api_url(base) == expected


@pytest.mark.parametrize(
    "base",
    [
        "",
        "h:8123",
        "ftp://h",
        "http://",
        "http://u:p@h",
        "http://h?x=1",
        "http://h:port",
        "file:///x",
    ],
)
def test_wrong_address_is_refused(base: str) -> None:
    """An address that cannot be Home Assistant's is refused before anything is sent."""
    with pytest.raises(PermanentError):
        HomeAssistant(base, "token")


@pytest.mark.parametrize("token", ["", " ", "two words", "new\nline", "näh"])
def test_fault_77_wrong_token_is_refused_unsaid(token: str) -> None:
    """A token that cannot be one is refused without being repeated."""
    with pytest.raises(PermanentError) as raised:
        HomeAssistant(BASE, token)
    assert not token.strip() or token not in str(raised.value)


def test_fault_77_token_is_in_no_text(
    server: responses.RequestsMock, adapter: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """The token goes out in its header, and into no log and no error text."""
    caplog.set_level("DEBUG")
    server.post(CALL, status=400)
    with pytest.raises(PermanentError) as raised:
        push(adapter)
    assert server.calls[0].request.headers["Authorization"] == f"Bearer {CANARY}"
    assert CANARY not in caplog.text + str(raised.value) + repr(raised.value.__cause__)


def test_refused_setpoint_does_not_keep_a_device_on(
    adapter: HomeAssistant, stubborn: responses.BaseResponse
) -> None:
    """When giving the setpoint back fails, the device is switched off nevertheless."""
    before = DeviceState(is_on=False, hvac_mode="off", target_temperature_c=25.0)
    assert adapter.apply("climate.a", before) == ("01J",)
    assert stubborn.call_count == 1


def test_refused_setpoint_of_a_running_device_is_told(
    adapter: HomeAssistant, stubborn: responses.BaseResponse
) -> None:
    """When a wanted setpoint fails, that is the failure of the command."""
    with pytest.raises(TransientError, match=r"climate\.set_temperature"):
        adapter.apply("climate.a", DeviceState(is_on=True, target_temperature_c=25.0))
    assert stubborn.call_count == 0


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Home Assistant is asked directly, whatever proxy the environment names."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with FakeHomeAssistant() as house:
        assert HomeAssistant(house.url, house.token).check_connection() == "2025.4.4"
