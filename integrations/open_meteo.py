"""Fetch the hourly forecast from Open-Meteo, trusting neither the network nor the answer.

The network may be a hotel's login page, the answer endless, the clock unset, and the address in the
settings somebody's idea of reaching a cloud's metadata service (FAULTS: captive portal, body cap,
redirects, link-local targets). Each of these ends in one of our own errors with words for a person.
"""

from __future__ import annotations

import ipaddress
import socket
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as UrllibTimeoutError

from integrations.errors import IntegrationError, PayloadError, PermanentError, TransientError
from integrations.open_meteo_answer import (
    HOURLY_VARIABLES,
    LOGIN_PAGE,
    SOURCE,
    load_json,
    parse_forecast,
    reason_text,
)
from policies.model import Forecast

DEFAULT_URL: Final = "https://api.open-meteo.com/v1/forecast"
TIMEOUT_S: Final = (3.05, 10.0)  # connect, and between two pieces of the answer
_LONGEST_ANSWER: Final = 3.0  # in read time-outs: a drip of bytes never trips the time-out itself
LARGEST_BODY_BYTES: Final = 2 * 1024 * 1024
SHORTEST_RETRY_S: Final = 60.0
LONGEST_RETRY_S: Final = 6 * 3600.0
_PIECE_BYTES: Final = 16 * 1024
_CLOCK_NOT_SET_BEFORE: Final = datetime(2026, 1, 1, tzinfo=UTC)  # older than this program
_CLOUD_METADATA: Final = frozenset(  # not link-local by address, but never a weather service
    ipaddress.ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
_HOME_SUFFIXES: Final = (".local", ".lan", ".home.arpa", ".internal", ".localhost")
_LATER: Final = frozenset({408, 425, 429})

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OpenMeteo:
    """Fetch Open-Meteo's forecast for one place (`daemon.ports.WeatherSource`)."""

    name: Final = SOURCE

    def __init__(
        self,
        latitude_deg: float,
        longitude_deg: float,
        *,
        base_url: str = DEFAULT_URL,
        session: requests.Session | None = None,
        past_days: int = 1,
        forecast_days: int = 3,
        timeout_s: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        """Prepare the request; nothing is fetched before `fetch`.

        Latitude and longitude leave the house rounded to two decimals, about a kilometre.

        Raises: PermanentError when `base_url` may not be asked.
        """
        url = _checked_url(base_url)
        self._base_url = base_url
        self._host = url.hostname or ""
        self._timeout_s = timeout_s
        self._parameters: dict[str, str] = {
            "latitude": f"{latitude_deg:.2f}",
            "longitude": f"{longitude_deg:.2f}",
            "hourly": ",".join(HOURLY_VARIABLES),
            "past_days": str(past_days),
            "forecast_days": str(forecast_days),
            "timeformat": "unixtime",
            "timezone": "UTC",
            "temperature_unit": "celsius",
            "wind_speed_unit": "ms",
        }
        self._session = session or requests.Session()
        self._session.trust_env = False  # no proxy and no .netrc of whoever started the daemon
        self._session.mount(f"{url.scheme}://{url.netloc}", _GuardedTransport(url.scheme))

    def fetch(self, now_utc: datetime) -> Forecast:
        """Fetch and parse the forecast; one request, no repetition.

        Raises: TransientError (with `retry_after_s` where the provider asks for a pause),
            PermanentError when the request is refused, PayloadError when the answer is no forecast.
        """
        try:
            with self._session.get(
                self._base_url,
                params=self._parameters,
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "gzip",
                    "User-Agent": "keepcool",
                },
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != requests.codes.ok:
                    raise self._refusal(response, now_utc)
                body = _read_body(response, self._timeout_s[1])
        except (requests.RequestException, HTTPError, OSError, ValueError, zlib.error) as error:
            raise _translated(error, self._host, now_utc) from error
        return parse_forecast(body, now_utc)

    def _refusal(self, response: requests.Response, now_utc: datetime) -> IntegrationError:
        """Return our error for a status other than 200."""
        status = response.status_code
        if 300 <= status < 400:  # noqa: PLR2004 - the redirects
            return PayloadError(
                f"{self._host} sends us elsewhere (HTTP {status}), which is not followed: "
                "is there a login page on this network?"
            )
        reason = _reason(response, self._timeout_s[1])
        text = f"{self._host} answers HTTP {status}: {reason}"
        if status in _LATER or status >= 500:  # noqa: PLR2004 - the server's own troubles
            asked_s = retry_after_s(response.headers.get("Retry-After"), now_utc)
            return TransientError(text, retry_after_s=asked_s or _usual_pause_s(status, reason))
        if status < 300:  # noqa: PLR2004 - success, but without a forecast
            return PayloadError(f"{self._host} answers HTTP {status} without a forecast")
        return PermanentError(text)


class _GuardedTransport(HTTPAdapter):
    """Connect only to addresses that a forecast may come from, whatever the name resolves to."""

    def __init__(self, scheme: str) -> None:
        super().__init__(max_retries=0)
        self._scheme = scheme

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
        for address in _resolve(host):
            if reason := _objection(address, self._scheme):
                raise PermanentError(f"{host} leads to {address}: {reason}")
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
        try:
            until = parsedate_to_datetime(text)
            until = until if until.tzinfo else until.replace(tzinfo=UTC)
            pause_s = (until - now_utc).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(pause_s, SHORTEST_RETRY_S), LONGEST_RETRY_S)


def _checked_url(base_url: str) -> SplitResult:
    try:
        url = urlsplit(base_url)
        host, _port = url.hostname, url.port
    except ValueError as error:
        raise PermanentError(f"the weather address cannot be read: {error}") from error
    if url.scheme not in {"https", "http"} or not host:
        raise PermanentError("the weather address must start with https:// and name a host")
    if url.username is not None or url.password is not None:
        raise PermanentError("the weather address must not hold a user name or password")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        is_home = host == "localhost" or host.endswith(_HOME_SUFFIXES)
        if url.scheme == "http" and not is_home:
            raise PermanentError(
                f"http://{host} is not in this home: use https:// for the forecast"
            ) from None
    else:
        if reason := _objection(address, url.scheme):
            raise PermanentError(f"the weather address {host} may not be asked: {reason}")
    return url


def _objection(address: Address, scheme: str) -> str | None:
    """Return why an address may not be asked for the weather; None when it may."""
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_link_local or address in _CLOUD_METADATA:
        return "a link-local or metadata address is no weather service"
    if address.is_multicast or address.is_unspecified:
        return "this is no address of one server"
    if scheme == "http" and not address.is_private:
        return "not in this home: use https:// for the forecast"
    return None


def _resolve(host: str) -> Iterator[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TransientError(
            f"the name {host} cannot be resolved: is the internet connection up?"
        ) from error
    for _family, _kind, _protocol, _name, address in found:
        yield ipaddress.ip_address(str(address[0]).partition("%")[0])


def _read_body(response: requests.Response, read_s: float) -> bytes:
    """Return the body, never longer than the cap, packed or unpacked, and never for ever."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise PayloadError(f"answer is packed as {encoding[:40]!r}, only gzip was asked for")
    pieces = _pieces(response, read_s * _LONGEST_ANSWER)
    if encoding in {"gzip", "x-gzip"}:
        pieces = _unpacked(pieces)
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > LARGEST_BODY_BYTES:
            raise PayloadError("answer is larger than 2 MB: not a forecast of a few days")
    return bytes(body)


def _pieces(response: requests.Response, longest_s: float) -> Iterator[bytes]:
    """Yield the raw body as it arrives; `read1` returns what is there, so a drip is noticed."""
    deadline = time.monotonic() + longest_s
    total_bytes = 0
    while piece := response.raw.read1(_PIECE_BYTES, decode_content=False):
        yield piece
        total_bytes += len(piece)
        if total_bytes > LARGEST_BODY_BYTES:
            raise PayloadError("answer is larger than 2 MB: not a forecast of a few days")
        if time.monotonic() > deadline:
            raise TransientError(f"the answer did not end within {longest_s:g} s")


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
    return f"no trusted TLS connection to {host}: is there a login page on this network?"


def _reason(response: requests.Response, read_s: float) -> str:
    """Return why we were refused; the status counts even when the body cannot be read."""
    try:
        return reason_text(load_json(_read_body(response, read_s)))
    except (IntegrationError, requests.RequestException, HTTPError, OSError, zlib.error) as error:
        return LOGIN_PAGE if str(error) == LOGIN_PAGE else "no reason given"


def _usual_pause_s(status: int, reason: str) -> float:
    """Return the pause without a `Retry-After`; Open-Meteo's 429 names the limit reached."""
    if status == requests.codes.too_many_requests:
        if reason.startswith("Daily"):
            return LONGEST_RETRY_S
        if reason.startswith("Hourly"):
            return 3600.0
    return SHORTEST_RETRY_S


__all__ = ["DEFAULT_URL", "OpenMeteo", "parse_forecast", "retry_after_s"]
