"""Send a message by a service that apprise knows, beside Home Assistant: the second road.

An address holds passwords, so that nothing here ever shows one: apprise's own log is closed, and
errors name the service. The library is loaded with this module, and this module only where a
second road is configured.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType, PersistentStoreMode

from integrations.certificates import certificate_fault
from integrations.deadlines import limit_answers
from integrations.errors import PermanentError, TransientError
from integrations.messages import RoadMessage
from policies.alert import Severity

limit_answers()
# Its messages show addresses, some with the whole secret in them.
logging.getLogger("apprise").disabled = True

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0
_TYPES = {
    Severity.CRITICAL: NotifyType.FAILURE,
    Severity.LOUD_WARNING: NotifyType.WARNING,
    Severity.WARNING: NotifyType.WARNING,
}
# What makes a phone ring, by service and severity. Pushover's own "emergency" would ask for an
# answer that keepcool never hears. An address that names a priority keeps it.
_PRIORITIES: Mapping[str, Mapping[Severity, str | int]] = {
    "ntfy": {Severity.CRITICAL: "max", Severity.LOUD_WARNING: "high", Severity.DISPLAY: "low"},
    "gotify": {Severity.CRITICAL: 10, Severity.LOUD_WARNING: 8, Severity.DISPLAY: 0},
    "pushover": {Severity.CRITICAL: 1, Severity.DISPLAY: -1},
}


@dataclass(frozen=True, slots=True)
class Destination:
    """Describe where an address leads, without its secrets; `host` is `None` where unknown."""

    service: str  # "ntfy"
    host: str | None
    port: int
    is_encrypted: bool


class ApprisePush:
    """Send to second roads; each channel has one address."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        """Take the addresses by channel id. Raises: PermanentError, without the address."""
        self._addresses = dict(addresses)
        for address in self._addresses.values():
            find_destination(address)

    def send(self, message: RoadMessage) -> None:
        """Hand a message over; its tag means nothing to these services, so a repeat shows twice.

        Raises: TransientError: apprise does not tell what passes from what does not.
        """
        severity = Severity(message.severity)
        # A new object each time: an old one pauses between two messages.
        service = _instantiate(self._addresses[message.channel_id], severity)
        name = str(service.service_name)
        try:
            is_sent = service.notify(
                title=message.title,
                body=message.body,
                notify_type=_TYPES.get(severity, NotifyType.INFO),
                body_format=NotifyFormat.TEXT,
            )
        except Exception as err:  # noqa: BLE001 - 130 services raise what they like, addresses in it
            raise TransientError(f"{name} failed ({type(err).__name__})") from None
        if not is_sent:
            fault = self._certificate_fault(message.channel_id)
            why = "" if fault is None else f": the certificate of its server {fault}"
            raise TransientError(f"{name} did not take the message{why}")

    def _certificate_fault(self, channel_id: str) -> str | None:
        """Return what is wrong with a server's certificate: apprise tells no reasons."""
        found = find_destination(self._addresses[channel_id])
        if found.host is None or not found.is_encrypted:
            return None
        place = found.host, found.port
        context = ssl.create_default_context()
        try:
            with socket.create_connection(place, CONNECT_TIMEOUT_S) as connection:
                context.wrap_socket(connection, server_hostname=found.host).close()
        except (OSError, ValueError) as err:
            return certificate_fault(err)
        return None

    def reach(self, channel_id: str) -> str:
        """Connect to a channel's server without sending anything; say what answered.

        Raises: TransientError.
        """
        found = find_destination(self._addresses[channel_id])
        if found.host is None:
            return f"{found.service} cannot be tried without a message"
        try:
            socket.create_connection((found.host, found.port), CONNECT_TIMEOUT_S).close()
        except (OSError, ValueError) as err:
            what = getattr(err, "strerror", None) or type(err).__name__
            raise TransientError(f"the server of {found.service} does not answer: {what}") from None
        return f"the server of {found.service} answers"


def find_destination(address: str) -> Destination:
    """Say where an address leads. Raises: PermanentError when apprise cannot read it."""
    service = _instantiate(address, Severity.WARNING)
    name = str(service.service_name)
    fixed = service.cloud_notify_url if _is_cloud(service) else _known(service, "notify_url")
    if fixed is not None:
        parts = urlsplit(fixed)
        is_encrypted = parts.scheme == "https"
        return Destination(name, parts.hostname, parts.port or _port(is_encrypted), is_encrypted)
    is_plain = _schema_of(address) in _words(service.protocol) and not service.secure
    host = _known(service, "smtp_host") or service.host
    return Destination(name, host or None, service.port or _port(not is_plain), not is_plain)


def _known(service: Any, attribute: str) -> str | None:  # noqa: ANN401 - any of apprise's classes
    value = getattr(service, attribute, None)
    return value if isinstance(value, str) and value else None


def _is_cloud(service: Any) -> bool:  # noqa: ANN401 - as above
    return getattr(service, "mode", None) == "cloud" and hasattr(service, "cloud_notify_url")


def _port(is_encrypted: bool) -> int:  # noqa: FBT001 - private
    return 443 if is_encrypted else 80


def _schema_of(address: str) -> str:
    return address.partition("://")[0].lower()


def _words(names: object) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names) if isinstance(names, tuple) else ()


def _instantiate(address: str, severity: Severity) -> Any:  # noqa: ANN401 - as above
    """Return apprise's object for an address. Raises: PermanentError, without the address."""
    # In memory: what a service remembers between messages must not be written to a home folder.
    asset = AppriseAsset(
        storage_mode=PersistentStoreMode.MEMORY, async_mode=False, app_id="keepcool"
    )
    try:
        service = Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    except Exception:  # noqa: BLE001 - see `send`
        service = None
    if service is None:
        raise PermanentError("is no address that apprise knows")
    if not service.verify_certificate:
        raise PermanentError("says verify=no: its server could be anybody's; leave that out")
    service.redirects = False  # whatever the address says: a message goes where it was meant to go
    _set_urgency(service, address, severity)
    service.socket_connect_timeout = CONNECT_TIMEOUT_S
    service.socket_read_timeout = READ_TIMEOUT_S
    return service


def _set_urgency(service: Any, address: str, severity: Severity) -> None:  # noqa: ANN401 - as above
    wanted = _PRIORITIES.get(str(service.service_name).lower(), {}).get(severity)
    if wanted is not None and "priority=" not in address.partition("?")[2].lower():
        service.priority = wanted
