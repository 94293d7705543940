"""TLS with a real mosquitto: a household's own authority, and certificates that are not trusted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from integrations.errors import PermanentError
from tests.broker import Mosquitto
from tests.certificates import (
    AUTHORITY,
    ELSEWHERE,
    EXPIRED,
    HERE,
    SELF_SIGNED,
)
from tests.ear import Ear, options

# paho leaves a socket whose handshake failed to the garbage collector.
LEAVES_SOCKETS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def tls_broker(start: Callable[..., Mosquitto], folder: Path, name: str) -> Mosquitto:
    """Start a broker with one of the certificates."""
    return start(f"certfile {folder}/{name}.pem\nkeyfile {folder}/{name}.key")


def test_own_authority_is_trusted_when_it_is_given(
    start_mosquitto: Callable[..., Mosquitto], authority: Path
) -> None:
    """A broker with a certificate of the household's own authority is connected over TLS."""
    broker = tls_broker(start_mosquitto, authority, HERE)
    wanted = options(broker.port, uses_tls=True, ca_file=str(authority / AUTHORITY))
    with Ear(wanted) as ear:
        ear.wait_for_link(is_up=True)
        assert ear.client.flush(5.0)


@LEAVES_SOCKETS
@pytest.mark.parametrize(
    ("certificate", "is_authority_given", "reason"),
    [
        (HERE, False, "is signed by an authority that this machine does not trust"),
        (SELF_SIGNED, True, "is signed by itself"),
        (ELSEWHERE, True, "is for another address"),
        (EXPIRED, True, "has expired"),
    ],
)
def test_fault_74_bad_certificate_of_the_broker_is_refused_and_named(
    start_mosquitto: Callable[..., Mosquitto],
    authority: Path,
    certificate: str,
    is_authority_given: bool,  # noqa: FBT001
    reason: str,
) -> None:
    """A bad certificate of a real broker gets no connection, and the link says what is wrong."""
    broker = tls_broker(start_mosquitto, authority, certificate)
    ca_file = str(authority / AUTHORITY) if is_authority_given else None
    with Ear(options(broker.port, uses_tls=True, ca_file=ca_file)) as ear:
        detail = ear.wait_for_link(is_up=False).detail
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
