"""TLS with a real mosquitto: a household's own authority, and certificates that are not trusted."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integrations.errors import PermanentError
from tests.broker import Mosquitto
from tests.ear import Ear, options

# paho leaves a socket whose handshake failed to the garbage collector.
LEAVES_SOCKETS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with an authority and certificates for 127.0.0.1 and for another host."""
    if shutil.which("openssl") is None:
        pytest.skip("making certificates needs the openssl command")
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30
        )

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl(
        *("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"),
        *("-subj", "/CN=test authority"),
    )
    for name, subject in (("here", "IP:127.0.0.1"), ("elsewhere", "DNS:broker.example")):
        (folder / f"{name}.ext").write_text(f"subjectAltName={subject}\n")
        openssl(
            *("req", *new_key, "-keyout", f"{name}.key", "-out", f"{name}.csr"),
            *("-subj", f"/CN={name}"),
        )
        openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", f"{name}.ext"),
        )
    yield folder
    shutil.rmtree(folder)


def tls_broker(start: Callable[..., Mosquitto], folder: Path, name: str) -> Mosquitto:
    """Start a broker with one of the certificates."""
    return start(f"certfile {folder}/{name}.pem\nkeyfile {folder}/{name}.key")


def test_own_authority_is_trusted_when_it_is_given(
    start_mosquitto: Callable[..., Mosquitto], authority: Path
) -> None:
    """A broker with a certificate of the household's own authority is connected over TLS."""
    broker = tls_broker(start_mosquitto, authority, "here")
    wanted = options(broker.port, uses_tls=True, ca_file=str(authority / "ca.pem"))
    with Ear(wanted) as ear:
        ear.wait_for_link(is_up=True)
        assert ear.client.flush(5.0)


@LEAVES_SOCKETS
@pytest.mark.parametrize(
    ("certificate", "is_authority_given", "reason"),
    [("here", False, "certificate"), ("elsewhere", True, "mismatch")],
    ids=["unknown authority", "another host"],
)
def test_certificate_that_is_not_trusted_is_refused_and_named(
    start_mosquitto: Callable[..., Mosquitto],
    authority: Path,
    certificate: str,
    is_authority_given: bool,  # noqa: FBT001
    reason: str,
) -> None:
    """An unknown authority or another host's certificate gets no connection and a plain reason."""
    broker = tls_broker(start_mosquitto, authority, certificate)
    ca_file = str(authority / "ca.pem") if is_authority_given else None
    with Ear(options(broker.port, uses_tls=True, ca_file=ca_file)) as ear:
        detail = ear.wait_for_link(is_up=False).detail
        assert "is not trusted" in detail
        assert reason in detail
        assert "mqtt.ca_file" in detail
        assert not any(link.is_up for link in ear.links)


@LEAVES_SOCKETS
def test_tls_to_a_plain_broker_names_the_setting(mosquitto: Mosquitto) -> None:
    """TLS where none is spoken says which two settings to look at."""
    with Ear(options(mosquitto.port, uses_tls=True)) as ear:
        detail = ear.wait_for_link(is_up=False).detail
    assert detail == f"no TLS with 127.0.0.1:{mosquitto.port}: check mqtt.port and mqtt.tls"


def test_unusable_authority_file_is_refused_at_once(tmp_path: Path) -> None:
    """A CA file that cannot be read names the setting before anything starts."""
    with pytest.raises(PermanentError, match=r"mqtt\.ca_file"):
        Ear(options(8883, uses_tls=True, ca_file=str(tmp_path / "missing.pem")))
