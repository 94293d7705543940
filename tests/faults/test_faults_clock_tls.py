"""TLS while the clock is not set: every road says so, by real handshakes."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from integrations.apprise_push import ApprisePush
from integrations.errors import TransientError
from integrations.ha_events import HomeAssistantEvents
from integrations.home_assistant import HomeAssistant
from integrations.home_assistant_states import parse_state
from integrations.messages import LinkChanged, RoadMessage
from integrations.open_meteo import OpenMeteo
from tests.broker import Mosquitto
from tests.ear import Ear, options
from tests.waiting import wait_until

NOW = datetime(2026, 7, 14, tzinfo=UTC)
NOT_SET = r"clock not set\?"
AUTHORITY = """
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
[any]
commonName = supplied
"""

# paho and requests leave a socket whose handshake failed to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an authority and a certificate for this machine, valid from 2099 on."""
    if shutil.which("openssl") is None:
        pytest.skip("making certificates needs the openssl command")
    folder = tmp_path_factory.mktemp("later")

    def openssl(*arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30
        )

    for name, text in (
        ("ca.cnf", AUTHORITY),
        ("index.txt", ""),
        ("serial", "01\n"),
        ("here.ext", "subjectAltName=IP:127.0.0.1,DNS:localhost\n"),
    ):
        (folder / name).write_text(text)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        *("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem"),
        *("-days", "2", "-subj", "/CN=test authority"),
    )
    openssl("req", *key, "-keyout", "here.key", "-out", "here.csr", "-subj", "/CN=here")
    openssl(
        *("ca", "-batch", "-notext", "-config", "ca.cnf", "-in", "here.csr", "-out", "here.pem"),
        *("-startdate", "20990101000000Z", "-enddate", "20991231000000Z", "-extfile", "here.ext"),
    )
    return folder


class TlsServer:
    """Offer the certificate to whoever connects; nobody gets further."""

    def __init__(self, folder: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "here.pem", folder / "here.key")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            connection.settimeout(5.0)
            with connection, suppress(OSError):
                self._context.wrap_socket(connection, server_side=True).close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10.0)


@pytest.fixture
def server(authority: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TlsServer]:
    """Return a server whose authority everybody here trusts."""
    trusted = str(authority / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", trusted)
    with TlsServer(authority) as running:
        yield running


def test_fault_65_weather_says_that_the_clock_is_not_set(server: TlsServer) -> None:
    """A forecast's server whose certificate is not valid yet is no login page."""
    source = OpenMeteo(45.1, 7.7, base_url=f"https://127.0.0.1:{server.port}")
    with pytest.raises(TransientError, match=NOT_SET):
        source.fetch(NOW)


def test_fault_65_home_assistant_says_that_the_clock_is_not_set(server: TlsServer) -> None:
    """So does Home Assistant's REST interface, and it may be tried again."""
    house = HomeAssistant(f"https://127.0.0.1:{server.port}", "token")
    with pytest.raises(TransientError, match=NOT_SET):
        house.fetch_services()
    house.close()


def test_fault_65_event_stream_says_that_the_clock_is_not_set(server: TlsServer) -> None:
    """And its event stream, as the link's detail."""
    heard: list[object] = []
    stream = HomeAssistantEvents(
        f"https://127.0.0.1:{server.port}", "token", (), heard.append, parse_state
    )
    stream.start()
    wait_until(lambda: heard, what="the link")
    stream.stop()
    (first, *_) = heard
    assert isinstance(first, LinkChanged)
    assert "clock not set?" in first.detail


def test_fault_65_broker_says_that_the_clock_is_not_set(
    start_mosquitto: Callable[..., Mosquitto], authority: Path
) -> None:
    """And a real broker's link."""
    broker = start_mosquitto(f"certfile {authority}/here.pem\nkeyfile {authority}/here.key")
    wanted = options(broker.port, uses_tls=True, ca_file=str(authority / "ca.pem"))
    with Ear(wanted) as ear:
        assert "clock not set?" in ear.wait_for_link(is_up=False).detail


def test_fault_65_second_road_says_that_the_clock_is_not_set(server: TlsServer) -> None:
    """And the second road, whose library tells no reasons: a handshake of our own does."""
    road = ApprisePush({"anna:second_road:1": f"jsons://127.0.0.1:{server.port}/"})
    with pytest.raises(TransientError, match=NOT_SET):
        road.send(RoadMessage("anna:second_road:1", "keepcool-test-anna", "Test", "Hello", 4))
