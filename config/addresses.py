"""Tell a home's own addresses from public ones, because words sent in the clear are readable."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

_OWN_SUFFIXES = (
    ".local",
    ".lan",
    ".home",
    ".home.arpa",
    ".internal",
    ".localdomain",
    ".fritz.box",
    ".ts.net",  # Tailscale, which encrypts by itself
)
_SHARED_SPACE = ipaddress.ip_network("100.64.0.0/10")  # Tailscale and carrier-grade NAT; RFC 6598


@dataclass(frozen=True, slots=True)
class Address:
    """Hold the parts of an http(s) address that matter here."""

    text: str  # without a slash at the end
    host: str
    is_encrypted: bool
    has_secrets: bool  # a user, password, query or fragment: never to be printed


def read_address(text: str) -> Address | None:
    """Return the parts of an address, or `None` when it is not an http(s) address with a host."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or port == 0 or " " in text:
        return None
    return Address(
        text=text.rstrip("/"),
        host=host,
        is_encrypted=parts.scheme == "https",
        has_secrets="@" in parts.netloc or "?" in text or "#" in text,
    )


def is_this_machine(host: str) -> bool:
    """Return whether a host is this machine itself, so that nothing travels at all."""
    name = host.strip("[]").lower()
    address = _as_ip(name)
    if address is not None:
        return address.is_loopback
    return name == "localhost" or name.endswith(".localhost")


def is_private(host: str) -> bool:
    """Return whether a host is inside the home, judged by its name or number without looking it up.

    A name without a dot is one of the home's own network.
    """
    name = host.strip("[]").rstrip(".").lower()
    address = _as_ip(name)
    if address is not None:
        return address.is_private or address.is_link_local or address in _SHARED_SPACE
    return is_this_machine(name) or "." not in name or name.endswith(_OWN_SUFFIXES)


def _as_ip(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return a numeric address, or `None` for a name."""
    try:
        return ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None
