"""Every client that speaks TLS refuses a bad certificate, says why, and hands over nothing."""

from __future__ import annotations

import ast
import queue
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.apprise_push import ApprisePush
from integrations.errors import IntegrationError, PermanentError, TransientError
from integrations.ha_events import HomeAssistantEvents
from integrations.heartbeat import Heartbeat
from integrations.home_assistant import HomeAssistant
from integrations.home_assistant_states import parse_state
from integrations.messages import LinkChanged, RoadMessage
from integrations.met_norway import MetNorway
from integrations.meteoalarm import Meteoalarm
from integrations.nws import NationalWeatherService
from integrations.nws_alerts import NwsAlerts
from integrations.open_meteo import OpenMeteo
from policies.alert import Severity
from tests.canary import CANARY
from tests.certificates import (
    AUTHORITY,
    ELSEWHERE,
    EXPIRED,
    HERE,
    SELF_SIGNED,
    make_certificates,
)
from tests.conftest import REPOSITORY
from tests.road_server import RoadServer
from tests.tls_server import TlsServer

NOW = datetime(2026, 6, 27, 9, 20, tzinfo=UTC)
WHO = "keepcool test@example.org"
CHANNEL = "anna:second_road:1"
WHY = {
    EXPIRED: "has expired",
    ELSEWHERE: "is for another address",
    SELF_SIGNED: "is signed by itself",
    "unknown authority": "is signed by an authority that this machine does not trust",
}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an authority and certificates of each kind."""
    folder = tmp_path_factory.mktemp("tls")
    make_certificates(folder)
    return folder


def greet_home_assistant(port: int) -> None:
    """Ask by REST, with the token."""
    HomeAssistant(f"https://127.0.0.1:{port}", CANARY).fetch_services()


def hear_home_assistant(port: int) -> None:
    """Open the WebSocket and return how that ended as the other clients do."""
    posted: queue.SimpleQueue[object] = queue.SimpleQueue()
    stream = HomeAssistantEvents(f"https://127.0.0.1:{port}", CANARY, (), posted.put, parse_state)
    stream.start()
    try:
        link = posted.get(timeout=10.0)
    finally:
        stream.stop()
    assert isinstance(link, LinkChanged)
    assert not link.is_up
    raise TransientError(link.detail)


def send_by_second_road(port: int) -> None:
    """Send a critical message to a server with a password in the address."""
    push = ApprisePush({CHANNEL: f"jsons://anna:{CANARY}@127.0.0.1:{port}/road"})
    push.send(RoadMessage(CHANNEL, "tag", "title", "body", Severity.CRITICAL))


def weather(port: int) -> str:
    """Return the address of a weather service."""
    return f"https://127.0.0.1:{port}"


CLIENTS: dict[str, Callable[[int], object]] = {
    "Home Assistant": greet_home_assistant,
    "Home Assistant's WebSocket": hear_home_assistant,
    "Open-Meteo": lambda port: OpenMeteo(45.0, 8.0, base_url=weather(port)).fetch(NOW),
    "MET Norway": lambda port: MetNorway(45.0, 8.0, user_agent=WHO, base_url=weather(port)).fetch(
        NOW
    ),
    "NWS": lambda port: NationalWeatherService(
        45.0, 8.0, user_agent=WHO, base_url=weather(port)
    ).fetch(NOW),
    "NWS alerts": lambda port: NwsAlerts(45.0, 8.0, user_agent=WHO, base_url=weather(port)).fetch(
        NOW
    ),
    "MeteoAlarm": lambda port: Meteoalarm(
        "italy", "IT001", user_agent=WHO, base_url=weather(port)
    ).fetch(NOW),
    "second road": send_by_second_road,
    "heartbeat": lambda port: Heartbeat(f"https://127.0.0.1:{port}/ping/{CANARY}").beat(NOW),
}
SAYS_NO_REASON = {"second road"}  # apprise tells nobody


@pytest.fixture
def trusted(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this machine trust the tests' authority, as it trusts those of the internet."""
    authority = str(certificates / AUTHORITY)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", authority)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, authority)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("client", CLIENTS)
def test_fault_74_good_certificate_is_trusted(certificates: Path, client: str) -> None:
    """With a good certificate every client speaks, so that a refusal is the certificate's."""
    with TlsServer(certificates, HERE) as server:
        with pytest.raises(IntegrationError):  # it answers 503
            CLIENTS[client](server.port)
        assert server.said


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("kind", [EXPIRED, ELSEWHERE, SELF_SIGNED])
@pytest.mark.parametrize("client", CLIENTS)
def test_fault_74_bad_certificate_is_refused_and_named(
    certificates: Path, client: str, kind: str
) -> None:
    """Expired, another host's or self-signed: nothing is said to it, and the error says why."""
    with TlsServer(certificates, kind) as server:
        with pytest.raises(TransientError) as refused:
            CLIENTS[client](server.port)
        assert server.connections
        assert server.said == b""
    assert client in SAYS_NO_REASON or WHY[kind] in str(refused.value)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("client", CLIENTS)
def test_fault_74_unknown_authority_is_refused_and_named(certificates: Path, client: str) -> None:
    """An authority that nobody asked this machine to trust counts for nothing."""
    with TlsServer(certificates, HERE) as server:
        with pytest.raises(TransientError) as refused:
            CLIENTS[client](server.port)
        assert server.connections
        assert server.said == b""
    assert client in SAYS_NO_REASON or WHY["unknown authority"] in str(refused.value)


def test_fault_74_second_road_cannot_ask_for_less() -> None:
    """An address with verify=no is refused without being shown, not followed."""
    with pytest.raises(PermanentError, match="verify=no") as refused:
        ApprisePush({CHANNEL: f"jsons://anna:{CANARY}@127.0.0.1/road?verify=no"})
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("address", ["json_address", "ntfy_address"])
@pytest.mark.parametrize("wish", ["", "?redirect=yes"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_fault_75_second_road_follows_no_redirect(status: int, wish: str, address: str) -> None:
    """A message goes to the server that the household chose and to nobody whom that one names."""
    with RoadServer() as wanted, RoadServer() as thief:
        wanted.status = status
        wanted.location = f"http://127.0.0.1:{thief.port}/road"
        push = ApprisePush({CHANNEL: getattr(wanted, address) + wish})
        with pytest.raises(TransientError):
            push.send(RoadMessage(CHANNEL, "tag", "title", "body", Severity.CRITICAL))
        assert thief.asked == 0
        assert wanted.asked == 1


# ------------------------------------------------------ no code that switches verification off

UNVERIFIED_NAMES = frozenset({"CERT_NONE", "_create_unverified_context", "InsecureRequestWarning"})
UNVERIFIED_NAMES |= {"disable_warnings", "tls_insecure_set", "assert_hostname"}
SWITCHES = frozenset({"verify", "check_hostname", "verify_certificate", "verify_mode"})


def unverified(source: str) -> list[int]:
    """Return the lines of a source that would connect without checking the certificate (B501)."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                is_bad = name in UNVERIFIED_NAMES
            case ast.Constant(value=str(text)):
                is_bad = text in UNVERIFIED_NAMES
            case ast.keyword(arg=str(name), value=ast.Constant(value=value)):
                is_bad = name in SWITCHES and not value
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=ast.Constant(value=value)):
                is_bad = name in SWITCHES and not value
            case _:
                is_bad = False
        if is_bad:
            found.append(getattr(node, "lineno", 0))
    return found


def suspected(source: str) -> list[int]:
    """Return the same, at once where none of the words occurs."""
    return unverified(source) if any(word in source for word in UNVERIFIED_NAMES | SWITCHES) else []


@pytest.mark.parametrize(
    "source",
    [
        "requests.get(url, verify=False)",
        "session.verify = False",
        "context.check_hostname = False",
        "context.verify_mode = ssl.CERT_NONE",
        "from ssl import CERT_NONE",
        "context = ssl._create_unverified_context()",
        "client.tls_insecure_set(True)",
        "setattr(context, 'verify_mode', getattr(ssl, 'CERT_NONE'))",
        "urllib3.disable_warnings()",
    ],
)
def test_fault_74_gate_sees_what_switches_verification_off(source: str) -> None:
    """The gate below is no decoration: each known way to look away is found."""
    assert suspected(source) == [1]


def test_fault_74_no_code_switches_verification_off() -> None:
    """Nothing of the product can connect without checking the certificate."""
    found = [
        f"{path.relative_to(REPOSITORY)}:{line}"
        for package in ("config", "daemon", "integrations", "policies")
        for path in sorted((REPOSITORY / package).rglob("*.py"))
        for line in suspected(path.read_text(encoding="utf-8"))
    ]
    assert found == []
