"""Ask one service over HTTPS, trusting neither the network nor the answer.

The network may be a hotel's login page, the answer endless, the clock unset, and the address in the
settings somebody's idea of reaching a cloud's metadata service (FAULTS: captive portal, body cap,
redirects, link-local targets). Each of these ends in one of our own errors with words for a person.
"""

from __future__ import annotations

import ipaddress
import socket
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as UrllibTimeoutError

from integrations.certificates import certificate_fault
from integrations.deadlines import limit_answers
from integrations.documents import LOGIN_PAGE, load_json, reason_text
from integrations.errors import IntegrationError, PayloadError, PermanentError, TransientError

TIMEOUT_S: Final = (3.05, 10.0)  # connect, and between two pieces of the answer
LARGEST_BODY_BYTES: Final = 2 * 1024 * 1024
SHORTEST_RETRY_S: Final = 60.0
LONGEST_RETRY_S: Final = 6 * 3600.0
_PIECE_BYTES: Final = 16 * 1024
_CLOCK_NOT_SET_BEFORE: Final = datetime(2026, 1, 1, tzinfo=UTC)  # older than this program
_CLOUD_METADATA: Final = frozenset(  # not link-local by address, but never a weather service
    ipaddress.ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
_HOME_SUFFIXES: Final = (
    *(".local", ".lan", ".home", ".home.arpa", ".internal", ".localdomain", ".localhost"),
    ".fritz.box",
)
_LATER: Final = frozenset({408, 425, 429})
NOT_MODIFIED: Final = 304
_OK: Final = frozenset({200})

limit_answers()

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Answer:
    """Carry an answer of an accepted status, with its body unpacked."""

    status: int
    headers: Mapping[str, str]  # whatever the case of the names
    body: bytes


def usual_pause_s(_status: int, _reason: str) -> float:
    """Return the pause in seconds after a refusal that names none."""
    return SHORTEST_RETRY_S


class Web:
    """Ask one service; every failure is an `IntegrationError`, and nothing is repeated."""

    def __init__(
        self,
        base_url: str,
        *,
        user_agent: str = "keepcool",
        session: requests.Session | None = None,
        timeout_s: tuple[float, float] = TIMEOUT_S,
        pause_s: Callable[[int, str], float] = usual_pause_s,
        purpose: str = "weather",
        name: str | None = None,
    ) -> None:
        """Prepare the requests; nothing is asked before `get`.

        Args:
            base_url: the address asked; a request may name another of the same server.
            user_agent: who asks, as some services demand.
            session: a session of the caller's, without proxies and `.netrc` from now on.
            timeout_s: for connecting, and between two pieces of an answer.
            pause_s: the pause after a status and reason without `Retry-After`.
            purpose: what it is asked for, for texts.
            name: how texts call the server; its host name otherwise.

        Raises: PermanentError when `base_url` may not be asked.
        """
        self._url = _checked_url(base_url, purpose)
        self.host = name or self._url.hostname or ""  # as texts name the server
        self._base_url = base_url
        self._user_agent = user_agent
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._session = session or requests.Session()
        self._session.trust_env = False  # no proxy and no .netrc of whoever started the daemon
        self._session.mount(
            f"{self._url.scheme}://{self._url.netloc}",
            _GuardedTransport(self._url.scheme, self.host, purpose),
        )

    def get(
        self,
        now_utc: datetime,
        *,
        url: str | None = None,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accepted: frozenset[int] = _OK,
        limit_bytes: int = LARGEST_BODY_BYTES,
    ) -> Answer:
        """Get one answer whose status is `accepted`; `url` must be of the same server.

        Raises: TransientError (with `retry_after_s` where the provider asks for a pause),
            PermanentError when the request is refused, PayloadError when the answer is unusable
            or `url` leads to another server.
        """
        target = self._base_url if url is None else self._same_server(url)
        try:
            with self._session.get(
                target,
                params=dict(parameters or {}),
                headers={
                    "Accept-Encoding": "gzip",
                    "User-Agent": self._user_agent,
                    "Accept": "application/json",
                    **(headers or {}),
                },
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code not in accepted:
                    raise self._refusal(response, now_utc)
                # "As before" has no body, whatever its headers say of how one would be packed.
                is_empty = response.status_code == NOT_MODIFIED
                body = b"" if is_empty else _read_body(response, limit_bytes)
        except (requests.RequestException, HTTPError, OSError, ValueError, zlib.error) as error:
            raise _translated(error, self.host, now_utc) from error
        return Answer(response.status_code, response.headers, body)

    def _same_server(self, url: str) -> str:
        """Return an address that an answer named, if it stays where the settings point."""
        try:
            named = urlsplit(url)
        except ValueError as error:
            raise PayloadError(f"{self.host} names an address that cannot be read") from error
        if (named.scheme, named.netloc) != (self._url.scheme, self._url.netloc):
            raise PayloadError(f"{self.host} names another server, which is not followed")
        return url

    def _refusal(self, response: requests.Response, now_utc: datetime) -> IntegrationError:
        """Return our error for a status that was not accepted."""
        status = response.status_code
        if 300 <= status < 400:  # noqa: PLR2004 - the redirects
            return PayloadError(
                f"{self.host} sends us elsewhere (HTTP {status}), which is not followed: "
                "is there a login page on this network?"
            )
        reason = _reason(response)
        text = f"{self.host} answers HTTP {status}: {reason}"
        if status in _LATER or status >= 500:  # noqa: PLR2004 - the server's own troubles
            asked_s = retry_after_s(response.headers.get("Retry-After"), now_utc)
            return TransientError(text, retry_after_s=asked_s or self._pause_s(status, reason))
        if status < 300:  # noqa: PLR2004 - success, but without data
            return PayloadError(f"{self.host} answers HTTP {status} without weather data")
        return PermanentError(text)


class _GuardedTransport(HTTPAdapter):
    """Connect only to addresses that may be asked, whatever the name resolves to."""

    def __init__(self, scheme: str, name: str, purpose: str) -> None:
        super().__init__(max_retries=0)
        self._scheme, self._name, self._purpose = scheme, name, purpose

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,  # noqa: FBT001 - requests' signature
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> ConnectionPool:
        """Check the target's addresses, then connect as requests does.

        Raises: PermanentError when one of them may not be asked.
        """
        host = urlsplit(request.url or "").hostname or ""
        for address in _resolve(host, self._name):
            if reason := _objection(address, self._scheme, self._purpose):
                raise PermanentError(f"{self._name} leads to {address}: {reason}")
        return super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)


def retry_after_s(header: str | None, now_utc: datetime) -> float | None:
    """Return the pause in seconds that a `Retry-After` header asks for, within 60 s to 6 h.

    The header holds seconds or an HTTP date; None when it is absent or senseless.
    Source: RFC 9110, 10.2.3.
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        pause_s = float(text[:12])
    else:
        until = http_date(text)
        if until is None:
            return None
        pause_s = (until - now_utc).total_seconds()
    return min(max(pause_s, SHORTEST_RETRY_S), LONGEST_RETRY_S)


def http_date(header: str | None) -> datetime | None:
    """Return the moment (aware UTC) that a header holds; None when it holds none.

    >>> http_date("Sat, 27 Jun 2026 09:25:00 GMT")
    datetime.datetime(2026, 6, 27, 9, 25, tzinfo=datetime.timezone.utc)
    """
    try:
        moment = parsedate_to_datetime(header or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _checked_url(base_url: str, purpose: str) -> SplitResult:
    try:
        url = urlsplit(base_url)
        host, _port = url.hostname, url.port
    except ValueError as error:
        raise PermanentError(f"the {purpose} address cannot be read: {error}") from error
    if url.scheme not in {"https", "http"} or not host:
        raise PermanentError(f"the {purpose} address must start with https:// and name a host")
    if url.username is not None or url.password is not None:
        raise PermanentError(f"the {purpose} address must not hold a user name or password")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # What such a name leads to is looked at before each request.
        is_home = "." not in host or host.endswith(_HOME_SUFFIXES)
        if url.scheme == "http" and not is_home:
            raise PermanentError(
                f"http://{host} is not in this home: use https:// for the {purpose}"
            ) from None
    else:
        if reason := _objection(address, url.scheme, purpose):
            raise PermanentError(f"the {purpose} address {host} may not be asked: {reason}")
    return url


def _objection(address: Address, scheme: str, purpose: str) -> str | None:
    """Return why an address may not be asked; None when it may."""
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_link_local or address in _CLOUD_METADATA:
        return f"a link-local or metadata address is no {purpose} service"
    if address.is_multicast or address.is_unspecified:
        return "this is no address of one server"
    if scheme == "http" and not address.is_private:
        return f"not in this home: use https:// for the {purpose}"
    return None


def _resolve(host: str, name: str) -> Iterator[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TransientError(
            f"the name {name} cannot be resolved: is the internet connection up?"
        ) from error
    for _family, _kind, _protocol, _name, address in found:
        yield ipaddress.ip_address(str(address[0]).partition("%")[0])


def _read_body(response: requests.Response, limit_bytes: int) -> bytes:
    """Return the body, never longer than the cap, packed or unpacked."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise PayloadError(f"answer is packed as {encoding[:40]!r}, only gzip was asked for")
    pieces = _pieces(response, limit_bytes)
    if encoding in {"gzip", "x-gzip"}:
        pieces = _unpacked(pieces)
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
    return bytes(body)


def _too_large(limit_bytes: int) -> PayloadError:
    size = f"{limit_bytes / (1024 * 1024):.0f} MB"
    return PayloadError(f"answer is larger than {size}: not the weather of a few days")


def _pieces(response: requests.Response, limit_bytes: int) -> Iterator[bytes]:
    """Yield the raw body as it arrives."""
    total_bytes = 0
    while piece := response.raw.read1(_PIECE_BYTES, decode_content=False):
        yield piece
        total_bytes += len(piece)
        if total_bytes > limit_bytes:
            raise _too_large(limit_bytes)


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip in bounded steps, so that a bomb is never unfolded in memory."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    for piece in pieces:
        packed = piece
        while packed:
            yield unpacker.decompress(packed, _PIECE_BYTES)
            packed = unpacker.unconsumed_tail
    yield unpacker.flush(_PIECE_BYTES)
    if not unpacker.eof:
        raise PayloadError("answer is cut off in the middle")


def _translated(error: Exception, host: str, now_utc: datetime) -> IntegrationError:
    """Return our error for one of requests, urllib3 or zlib; texts never hold the full URL."""
    if isinstance(error, requests.exceptions.SSLError):
        return TransientError(_tls_text(error, host, now_utc))
    if isinstance(error, requests.Timeout | TimeoutError | UrllibTimeoutError):
        return TransientError(f"{host} did not answer in time")
    if isinstance(error, zlib.error):
        return PayloadError("answer cannot be unpacked: it is not gzip as its header says")
    if isinstance(error, requests.RequestException) and isinstance(error, ValueError):
        return PermanentError(f"{host} cannot be asked: {type(error).__name__}")  # InvalidURL ...
    if isinstance(error, requests.RequestException | HTTPError | OSError):
        return TransientError(f"no connection to {host}: is the internet connection up?")
    return PayloadError("answer does not follow HTTP")


def _tls_text(error: Exception, host: str, now_utc: datetime) -> str:
    words = str(error).lower()
    today = f"{now_utc:%Y-%m-%d}"
    if now_utc < _CLOCK_NOT_SET_BEFORE or "not yet valid" in words:
        return f"clock not set? This machine says {today}, so the certificate of {host} looks wrong"
    if "expired" in words:
        return f"the certificate of {host} has expired, or the clock is not set ({today} here)"
    if (fault := certificate_fault(error)) is not None:
        return f"the certificate of {host} {fault}; is there a login page on this network?"
    return f"no TLS connection to {host}: is there a login page on this network?"


def _reason(response: requests.Response) -> str:
    """Return why we were refused; the status counts even when the body cannot be read."""
    try:
        return reason_text(load_json(_read_body(response, LARGEST_BODY_BYTES)))
    except (IntegrationError, requests.RequestException, HTTPError, OSError, zlib.error) as error:
        return LOGIN_PAGE if str(error) == LOGIN_PAGE else "no reason given"
